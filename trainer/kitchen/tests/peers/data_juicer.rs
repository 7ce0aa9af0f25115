//! Data-Juicer's cases: samples in, the samples that stay or their texts out.

use recipes::import::Tool;
use serde_json::{Value, json};

use super::{Verdict, carried_out_of, object, same, steps, texts};

/// What is about the tool itself, by operator.
const APART: [(&str, &str); 4] = [
    ("naive_reverse_grouper", "no step makes two documents of one"),
    ("text_chunk_mapper", "no step makes two documents of one"),
    ("token_num_filter", "its tokens are those of a model that is not part of a recipe"),
    ("extract_tables_from_html_mapper", "it writes a field of the tool's own"),
];

pub fn judged(case: &Value, name: &str) -> Result<Verdict, Verdict> {
    if let Some((_, reason)) = APART.iter().find(|(operator, _)| *operator == name) {
        return Err(Verdict::Unclaimed((*reason).into()));
    }
    let mut settings = object(&case["defaults"]);
    settings.extend(object(&case["params"]));
    let steps = steps(Tool::DataJuicer, name, &settings)?;
    let samples = case["input"].as_array().cloned().unwrap_or_default();
    let file = |sample: &Value| format!("p{}", sample["__dj__suffix__"].as_str().unwrap_or(""));
    let files: Vec<String> = samples.iter().map(file).collect();
    let left = carried_out_of(&steps, &texts(&case["input"]), &files);
    if let Some(wanted) = case["expected"].as_str() {
        return Ok(same(left[0].text.as_deref(), Some(wanted)));
    }
    if case["expected"][0]["text"].is_null() && case["expected"] != json!([]) {
        return Err(Verdict::Unclaimed("it looks into the tool's own fields".into()));
    }
    if case["methods"] == json!(["compute_stats"]) {
        return Err(Verdict::Unclaimed("it keeps what it was given".into()));
    }
    let kept: Vec<&str> = left.iter().filter_map(|left| left.text.as_deref()).collect();
    Ok(same(kept, texts(&case["expected"])))
}
