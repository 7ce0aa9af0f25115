//! A step about single documents made ready: what it needs beside a text, such as an index or a
//! model, is made once and shared by all documents and threads.

use std::collections::BTreeSet;

use bpe::Encoder;
use recipes::recipe::CleaningStep::{self, *};
use recipes::recipe::EvaluationSet;
use regex::{NoExpand, Regex};

use crate::address::{self, Addresses};
use crate::chinese_script::Converter;
use crate::classifier::Classifier;
use crate::clean;
use crate::decision::{Decision, Measure};
use crate::desk::Page;
use crate::document::Document;
use crate::filter_licence;
use crate::language_model::LanguageModel;
use crate::lexicon::Lexicons;
use crate::listed::KnownGrams;
use crate::main_content;
use crate::select;
use crate::token_count;

/// A step with what it needs.
pub struct Prepared<'s> {
    step: &'s CleaningStep,
    aid: Aid<'s>,
}

/// What a step needs beside a text and its settings.
enum Aid<'s> {
    Nothing,
    Addresses(Addresses<'s>),
    Evaluation(KnownGrams),
    /// By set, with the name of its measure.
    Evaluations(Vec<(String, KnownGrams)>),
    Lexicons(Lexicons<'s>),
    Model(LanguageModel),
    Classifier(Classifier),
    /// A pattern; none where it cannot be one, which the reader refuses.
    Pattern(Option<Regex>),
    Tokens(Box<Encoder>),
    Script(Converter),
    CommonWords(BTreeSet<&'s str>),
}

impl<'s> Prepared<'s> {
    /// Makes a step ready; it must be one that decides about each document alone.
    pub fn of(step: &'s CleaningStep) -> Prepared<'s> {
        let aid = match step {
            DecontaminateNgrams1(settings) => {
                Aid::Evaluation(KnownGrams::of(&settings.texts, settings.ngram_words as usize))
            }
            DecontaminateNgrams2(settings) => {
                let n = settings.ngram_words as usize;
                let known = |set: &EvaluationSet| {
                    (format!("shared_ngrams.{}", set.name), KnownGrams::of(&set.texts, n))
                };
                Aid::Evaluations(settings.sets.iter().map(known).collect())
            }
            FilterAddress1(settings) => Aid::Addresses(Addresses::of(settings)),
            FilterListedWords2(settings) => Aid::Lexicons(Lexicons::of(settings)),
            FilterUnigramScore1(settings) => {
                Aid::Model(LanguageModel::of(&settings.texts, 1, settings.cut))
            }
            FilterNgramScore1(settings) => {
                Aid::Model(LanguageModel::of(&settings.texts, settings.n as usize, settings.cut))
            }
            FilterClassifier1(settings) => Aid::Classifier(Classifier::of(settings)),
            TextReplacePattern1(settings) => Aid::Pattern(Regex::new(&settings.pattern).ok()),
            FilterTokens1(settings) => Aid::Tokens(Box::new(token_count::encoder(settings))),
            TextChineseScript1(settings) => Aid::Script(Converter::of(settings.conversion)),
            TextMainContent1(settings) => Aid::CommonWords(main_content::common_words(settings)),
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
            (Aid::Addresses(listed), _) => listed.decide(&document.about),
            (_, FilterName1(settings)) => address::named(settings, document),
            (_, FilterLicence1(settings)) => filter_licence::decide(settings, document),
            (_, SelectSample1(settings)) => select::sample(settings, document),
            (Aid::Evaluations(sets), DecontaminateNgrams2(settings)) => {
                let share = |(name, known): &(String, KnownGrams)| {
                    Measure::at_most(name.clone(), known.share(page.text), settings.share_max)
                };
                Decision::by(sets.iter().map(share).collect())
            }
            (Aid::Tokens(encoder), FilterTokens1(settings)) => {
                let value = token_count::tokens(encoder, page.text) as f64;
                let max = settings.max.map(|max| max as f64);
                Decision::within("tokens", value, settings.min as f64, max)
            }
            (Aid::Lexicons(lists), _) => lists.decide(page.text),
            (Aid::Model(model), FilterUnigramScore1(settings)) => {
                let (value, min) = (model.mean_ln(page.text), settings.mean_ln_min);
                Decision::within("mean_ln_probability", value, min, settings.mean_ln_max)
            }
            (Aid::Model(model), FilterNgramScore1(settings)) => {
                let (value, min) = (model.perplexity(page.text), settings.perplexity_min);
                Decision::within("perplexity", value, min, settings.perplexity_max)
            }
            (Aid::Classifier(classifier), FilterClassifier1(settings)) => {
                Decision::within("score", classifier.score(page.text), settings.score_min, None)
            }
            (Aid::Pattern(Some(pattern)), TextReplacePattern1(settings)) => {
                let after = pattern.replace_all(page.text, NoExpand(&settings.with));
                Decision::text(page.text, after.into_owned())
            }
            (Aid::Script(converter), _) => {
                Decision::text(page.text, converter.converted(page.text))
            }
            (Aid::CommonWords(common), TextMainContent1(settings)) => {
                Decision::text(page.text, main_content::of(settings, common, page.text))
            }
            (Aid::Pattern(None), _) => Decision::Keep(Vec::new()),
            _ => clean::decide(self.step, page).expect("a step about one document"),
        }
    }
}
