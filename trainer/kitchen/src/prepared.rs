//! A step about single documents made ready: what it needs beside a text, such as an index or a
//! model, is made once and shared by all documents and threads.

use recipes::recipe::CleaningStep::{self, *};

use crate::clean;
use crate::decision::Decision;
use crate::desk::Page;
use crate::listed::KnownGrams;

/// A step with what it needs.
pub struct Prepared<'s> {
    step: &'s CleaningStep,
    aid: Aid,
}

/// What a step needs beside a text and its settings.
enum Aid {
    Nothing,
    Evaluation(KnownGrams),
}

impl<'s> Prepared<'s> {
    /// Makes a step ready; nothing where it compares documents.
    pub fn of(step: &'s CleaningStep) -> Option<Prepared<'s>> {
        let aid = match step {
            DedupExact1(_) | DedupMinhash1(_) | DedupMinhash2(_) => return None,
            DedupLines1(_) | DedupParagraphs1(_) | DedupSentences1(_) => return None,
            DedupSimhash1(_) | DedupSubstring1(_) => return None,
            SelectSample1(_) | SelectRange1(_) | SelectTop1(_) | SelectCap1(_) => return None,
            DecontaminateNgrams1(settings) => {
                Aid::Evaluation(KnownGrams::of(&settings.texts, settings.ngram_words as usize))
            }
            _ => Aid::Nothing,
        };
        Some(Prepared { step, aid })
    }

    /// Decides about one text.
    pub fn decide(&self, page: &mut Page) -> Decision {
        match (&self.aid, self.step) {
            (Aid::Evaluation(known), DecontaminateNgrams1(settings)) => {
                let share = known.share(page.text);
                Decision::within("shared_ngrams", share, None, settings.share_max)
            }
            _ => clean::decide(self.step, page).expect("a step about one document"),
        }
    }
}
