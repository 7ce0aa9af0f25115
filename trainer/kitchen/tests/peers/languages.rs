//! Cases about languages: which a text or its parts are in, as our own model tells them.

use recipes::operators::catalogue;
use serde_json::{Value, json};

use super::{Verdict, carried_out, object, same, step};

/// The verdict on a case about languages; nothing where it is another.
pub fn judged(case: &Value, tool: &str, name: &str) -> Option<Result<Verdict, Verdict>> {
    let accessor = case["accessor"].as_str().unwrap_or_default();
    Some(match (tool, name) {
        ("datatrove", "LanguageFilter.filter") => kept(case),
        ("datatrove", "Document.metadata") if accessor == "['language']" => {
            let text = case["input"]["kwargs"]["text"].as_str().unwrap_or_default();
            told(text).map(|found| same(found.first().map(String::as_str), wanted(case)))
        }
        ("dclm", "detect_lang_paragraph_helper.keys") => by_part(&case["params"]["args"][0], case),
        ("dclm", "detect_lang_paragraph_enricher") if accessor.contains(".keys()") => {
            by_part(&case["input"]["args"][0]["text"], case)
        }
        ("dclm", "detect_lang_whole_page_enricher") => {
            let text = case["input"]["args"][0]["text"].as_str().unwrap_or_default();
            told(text).map(|found| same(json!(found), case["expected"].clone()))
        }
        ("dclm", "detect_lang_whole_page_langdetect.keys") => {
            let text = case["params"]["args"][0].as_str().unwrap_or_default();
            told(text).map(|found| same(found.first().map(String::as_str), wanted(case)))
        }
        ("dclm", name) if name.starts_with("detect_lang") => {
            Err(Verdict::Unclaimed("how sure another model is".into()))
        }
        _ => return None,
    })
}

fn wanted(case: &Value) -> Option<&str> {
    case["expected"].as_str()
}

fn kept(case: &Value) -> Result<Verdict, Verdict> {
    let settings = object(&case["params"]);
    let least = settings.get("language_threshold").cloned().unwrap_or(json!(0.65));
    let languages = &settings["languages"];
    let line = format!("filter.language@1: {{languages: {languages}, confidence_min: {least}}}");
    let text = case["input"]["text"].as_str().unwrap_or_default();
    let left = carried_out(&[step(&line)?], &[text]);
    Ok(same(left[0].text.is_some(), case["rel"] == "truthy"))
}

/// All languages that can be told.
fn all() -> Vec<String> {
    let schema = &catalogue::find("filter.language@1").expect("an operator").schema;
    let item = &schema["properties"]["languages"]["items"]["oneOf"];
    let words = item.as_array().into_iter().flatten().filter_map(|one| one["const"].as_str());
    words.map(str::to_owned).collect()
}

/// The language of a text: the one whose filter keeps it.
fn told(text: &str) -> Result<Vec<String>, Verdict> {
    let mut found = Vec::new();
    for language in all() {
        let line = format!("filter.language@1: {{languages: [{language}], confidence_min: 0}}");
        let left = carried_out(&[step(&line)?], &[text]);
        if left[0].value.is_some_and(|value| value > 0.0) {
            found.push(language);
        }
    }
    Ok(found)
}

/// The languages of the sentences, in the order in which they come.
fn by_part(text: &Value, case: &Value) -> Result<Verdict, Verdict> {
    let text = text.as_str().unwrap_or_default();
    let mut found = Vec::new();
    for language in all() {
        let line = format!("text.language-parts@1: {{languages: [{language}], part: sentences}}");
        let left = carried_out(&[step(&line)?], &[text]);
        let left = left[0].text.clone().unwrap_or_default();
        let first = left.split_whitespace().next().and_then(|word| text.find(word));
        found.extend(first.map(|place| (place, language)));
    }
    found.sort();
    let found: Vec<String> = found.into_iter().map(|(_, language)| language).collect();
    // langdetect tells one Chinese from another.
    let wanted = case["expected"].to_string().replace("zh-cn", "zh");
    Ok(same(json!(found).to_string(), wanted))
}
