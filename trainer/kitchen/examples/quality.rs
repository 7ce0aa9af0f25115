//! How well the quality filters tell two kinds of texts apart that they learned from others.
//!
//! usage: quality WANTED UNWANTED [EXAMPLES]
//! Both are JSONL with `text`. The first EXAMPLES of each are learned from, the rest is judged.

use kitchen::desk::with_page;
use kitchen::{Decision, Document, Prepared};
use recipes::recipe::CleaningStep;
use serde_json::{Value, json};

fn texts(path: &str) -> Vec<String> {
    let file = std::fs::read_to_string(path).expect("a file");
    let text = |line: &str| {
        let record: Value = serde_json::from_str(line).expect("a record");
        record["text"].as_str().expect("a text").to_owned()
    };
    file.lines().map(text).collect()
}

/// The measured value of every text.
fn values(step: &Value, texts: &[String]) -> Vec<f64> {
    let step: CleaningStep = serde_json::from_value(step.clone()).expect("a step");
    let prepared = Prepared::of(&step);
    let value = |text: &String| {
        let document = Document::new(0, "text".into(), 0, text.clone());
        match with_page(text, |page| prepared.decide(&document, page)) {
            Decision::Keep(measures) => measures[0].value,
            Decision::Drop(drop) => drop.value,
            Decision::Change(_) => unreachable!("a filter changes no text"),
        }
    };
    texts.iter().map(value).collect()
}

/// How often a wanted text has the larger value than an unwanted one, equal ones half.
fn order(wanted: &[f64], unwanted: &[f64]) -> f64 {
    let pairs = wanted.iter().flat_map(|a| unwanted.iter().map(move |b| (a, b)));
    let larger =
        |(a, b): (&f64, &f64)| f64::from(u8::from(a > b)) + f64::from(u8::from(a == b)) / 2.0;
    pairs.map(larger).sum::<f64>() / (wanted.len() * unwanted.len()) as f64
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let examples = arguments.get(3).map_or(100, |count| count.parse().expect("a number"));
    let (wanted, unwanted) = (texts(&arguments[1]), texts(&arguments[2]));
    let (learned, wanted) = wanted.split_at(examples);
    let (avoided, unwanted) = unwanted.split_at(examples);
    println!("{} wanted and {} unwanted texts are judged", wanted.len(), unwanted.len());
    let steps = [
        ("unigram-score", json!({"filter.unigram-score@1": {"texts": learned}}), 1.0),
        ("ngram-score", json!({"filter.ngram-score@1": {"texts": learned}}), -1.0),
        (
            "classifier",
            json!({"filter.classifier@1": {"wanted": learned, "unwanted": avoided}}),
            1.0,
        ),
    ];
    for (name, step, sign) in steps {
        let signed = |texts: &[String]| -> Vec<f64> {
            values(&step, texts).into_iter().map(|value| value * sign).collect()
        };
        let (good, bad) = (signed(wanted), signed(unwanted));
        println!("{name}: a wanted text is before an unwanted one in {:.4}", order(&good, &bad));
        if name == "classifier" {
            let right = good.iter().filter(|v| **v >= 0.5).count();
            let right = right + bad.iter().filter(|v| **v < 0.5).count();
            println!("{name}: {right} of {} right at 0.5", good.len() + bad.len());
        }
    }
}
