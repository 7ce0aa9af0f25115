//! How often `filter.language` finds the language of sentences that are known to be in it.
//!
//! usage: languages FILE [CONFIDENCE_MIN]
//! FILE is JSONL with `lang` (a code of ISO 639-1) and `text`.

use std::collections::BTreeMap;

use kitchen::language::identified;
use recipes::recipe::Language;
use serde::Deserialize;

#[derive(Deserialize)]
struct Sentence {
    lang: String,
    text: String,
}

#[derive(Default)]
struct Count {
    all: u32,
    right: u32,
    /// Found with enough confidence, and right.
    sure: u32,
    /// Sentences of other languages that were found to be in this one, with enough confidence.
    wrongly: u32,
}

fn code(language: Language) -> String {
    let code = serde_json::to_value(language).expect("a word");
    code.as_str().expect("a word").to_owned()
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let confidence_min = arguments.get(2).map_or(0.65, |value| value.parse().expect("a number"));
    let file = std::fs::read_to_string(&arguments[1]).expect("a file");
    let mut counts: BTreeMap<String, Count> = BTreeMap::new();
    let mut bytes = 0;
    for line in file.lines() {
        let sentence: Sentence = serde_json::from_str(line).expect("a sentence");
        bytes += sentence.text.len();
        let found = identified(&sentence.text).map(|(language, sure)| (code(language), sure));
        let count = counts.entry(sentence.lang.clone()).or_default();
        count.all += 1;
        let Some((language, confidence)) = found else { continue };
        let (is_right, is_sure) = (language == sentence.lang, confidence >= confidence_min);
        count.right += u32::from(is_right);
        count.sure += u32::from(is_right && is_sure);
        if !is_right && is_sure {
            counts.entry(language).or_default().wrongly += 1;
        }
    }
    let known = |code: &str| serde_json::from_value::<Language>(code.into()).is_ok();
    let (mut all, mut right, mut sure) = (0, 0, 0);
    for (code, count) in &counts {
        let Count { all: a, right: r, sure: s, wrongly } = count;
        let note = if known(code) { "" } else { "  not among the languages" };
        println!("{code}  {a} sentences  {r} right  {s} sure  {wrongly} of others{note}");
        if known(code) {
            (all, right, sure) = (all + a, right + r, sure + s);
        }
    }
    println!("known languages: {all} sentences  {right} right  {sure} right and sure");
    println!("{bytes} bytes");
}
