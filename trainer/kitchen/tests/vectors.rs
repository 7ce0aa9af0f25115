//! Every operator does what its vectors say, and every operator has some.

use std::collections::BTreeSet;
use std::sync::Arc;

use kernels::{Kernels, Tier};
use kitchen::clean::outcomes;
use kitchen::{Decision, Document};
use recipes::operators::catalogue;
use recipes::recipe::CleaningStep;
use serde_json::Value;

const VECTORS: &str = include_str!("../vectors/operators.jsonl");

/// Equal to nine digits: vectors are written by people.
#[track_caller]
fn same(found: f64, wanted: &Value, line: &str) {
    let wanted = wanted.as_f64().expect("a number");
    assert!((found - wanted).abs() <= 1e-9 * wanted.abs() + 1e-12, "{found} for {line}");
}

#[track_caller]
fn check(decision: &Decision, vector: &Value, line: &str) {
    match decision {
        Decision::Change(text) => {
            assert_eq!(Some(text.as_str()), vector["text"].as_str(), "{line}")
        }
        Decision::Drop(drop) => {
            assert_eq!(Some(drop.measure.as_ref()), vector["drop"].as_str(), "{line}\n{drop:?}");
            if !vector["value"].is_null() {
                same(drop.value, &vector["value"], line);
            }
            match drop.limit {
                Some(limit) => same(limit, &vector["limit"], line),
                None => assert!(vector["limit"].is_null(), "{line}"),
            }
        }
        Decision::Keep(measures) => {
            let wanted = vector["keep"].as_str().unwrap_or_else(|| panic!("kept: {line}"));
            if wanted.is_empty() {
                return;
            }
            let found = measures.iter().find(|measure| measure.name == wanted);
            let found = found.unwrap_or_else(|| panic!("{measures:?} for {line}"));
            same(found.value, &vector["value"], line);
        }
    }
}

#[test]
fn every_operator_does_what_its_vectors_say() {
    let mut tried = BTreeSet::new();
    for line in VECTORS.lines() {
        let vector: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        let step = vector["step"].as_object().expect("a step");
        tried.insert(step.keys().next().expect("a name").clone());
        let step: CleaningStep = serde_json::from_value(vector["step"].clone())
            .unwrap_or_else(|e| panic!("{e}: {line}"));
        let texts = match &vector["inputs"] {
            Value::Array(texts) => texts.clone(),
            _ => vec![vector["input"].clone()],
        };
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let documents = texts.iter().enumerate();
        let documents: Vec<Document> = documents
            .map(|(n, value)| {
                let mut document = Document::new(0, "v".into(), n as u64, text(value));
                let said = |key: &str| vector[key][n].as_str();
                document.about.url = said("urls").map(str::to_owned);
                document.about.licence = said("licences").map(Arc::from);
                document
            })
            .collect();
        for threads in [1, 3] {
            let kernels = Kernels::new(Tier::Scalar, threads).expect("kernels");
            let outcomes = outcomes(&step, &documents, &kernels);
            if vector["kept"].is_null() {
                check(&outcomes[0].decision, &vector, line);
                continue;
            }
            let kept = outcomes.iter().enumerate();
            let kept = kept.filter(|(_, outcome)| !matches!(outcome.decision, Decision::Drop(_)));
            let kept: Vec<usize> = kept.map(|(index, _)| index).collect();
            assert_eq!(serde_json::json!(kept), vector["kept"], "{line}");
        }
    }
    let silent: Vec<&str> =
        catalogue::names().into_iter().filter(|name| !tried.contains(*name)).collect();
    assert!(silent.is_empty(), "without a vector: {silent:?}");
}
