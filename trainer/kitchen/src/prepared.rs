//! A step about single documents made ready: what it needs beside a text, such as an index or a
//! model, is made once and shared by all documents and threads.

use recipes::recipe::CleaningStep::{self, *};

use crate::clean;
use crate::decision::Decision;
use crate::desk::Page;
use crate::document::Document;
use crate::listed::KnownGrams;
use crate::select;

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
    /// Makes a step ready; it must be one that decides about each document alone.
    pub fn of(step: &'s CleaningStep) -> Prepared<'s> {
        let aid = match step {
            DecontaminateNgrams1(settings) => {
                Aid::Evaluation(KnownGrams::of(&settings.texts, settings.ngram_words as usize))
            }
            _ => Aid::Nothing,
        };
        Prepared { step, aid }
    }

    /// Decides about one document, whose text as it is now lies on the page.
    pub fn decide(&self, document: &Document, page: &mut Page) -> Decision {
        match (&self.aid, self.step) {
            (Aid::Evaluation(known), DecontaminateNgrams1(settings)) => {
                let share = known.share(page.text);
                Decision::within("shared_ngrams", share, None, settings.share_max)
            }
            (_, SelectSample1(settings)) => select::sample(settings, document),
            _ => clean::decide(self.step, page).expect("a step about one document"),
        }
    }
}
