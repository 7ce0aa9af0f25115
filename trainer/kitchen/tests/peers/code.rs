//! Cases about source code and pages: secrets, notices, templates, visible text, licences.

use recipes::import::Tool;
use serde_json::{Map, Value};

use super::{Verdict, carried_out, same, same_number, step, steps};

/// The verdict on a case about code; nothing where it is another.
pub fn judged(case: &Value, tool: &str, name: &str) -> Option<Result<Verdict, Verdict>> {
    if tool != "dolma" {
        return None;
    }
    let accessor = case["accessor"].as_str().unwrap_or_default();
    let text = case["input"]["text"].as_str().unwrap_or_default();
    let wanted = case["expected"].as_str();
    Some(match (name.split('.').next().unwrap_or_default(), accessor) {
        ("CodeSecretsTagger", "[0].select()") => hidden("assigned-secret", text, wanted),
        ("CodeSecretsTagger", "[1].select()") => hidden("url-password", text, wanted),
        ("CodeSecretsTagger", "[0].type" | "[1].type") => counted(text, wanted),
        ("CodeCopyrightTagger", "[0].select()") => without_notice(text, wanted),
        ("CodeRedPajamaTaggers", _) => lines(text, accessor, case),
        ("CodeStarCoderTaggers2", _) => measured(case, accessor),
        ("CreativeCommonsRegexLicenseExtractor", _) => licences(case, accessor),
        _ => return None,
    })
}

/// What a mask took the place of.
fn hidden(kind: &str, text: &str, wanted: Option<&str>) -> Result<Verdict, Verdict> {
    let line = format!("pii.mask@2: {{kinds: [{kind}], with: \"\\u0001\"}}");
    let left = carried_out(&[step(&line)?], &[text]);
    let masked = left[0].text.clone().unwrap_or_default();
    let found = masked.split_once('\u{1}').and_then(|(before, after)| {
        text.strip_prefix(before).and_then(|rest| rest.strip_suffix(after))
    });
    Ok(same(found, wanted))
}

/// A finding of a kind, by the name that the tool has for it.
fn counted(text: &str, wanted: Option<&str>) -> Result<Verdict, Verdict> {
    let kind = match wanted {
        Some("SECRET_Secret_Keyword") => "assigned-secret",
        Some("SECRET_Basic_Auth_Credentials") => "url-password",
        _ => return Err(Verdict::Unclaimed("a kind of secret that is not looked for".into())),
    };
    let line = format!("pii.filter@1: {{kinds: [{kind}], max: 9}}");
    Ok(same_number(carried_out(&[step(&line)?], &[text])[0].value, 1.0))
}

fn without_notice(text: &str, wanted: Option<&str>) -> Result<Verdict, Verdict> {
    let left = carried_out(&[step("text.copyright@1: {}")?], &[text]);
    Ok(same(left[0].text.as_deref().and_then(|left| text.strip_suffix(left)), wanted))
}

fn lines(text: &str, accessor: &str, case: &Value) -> Result<Verdict, Verdict> {
    let what = match accessor {
        "[0].score" => "max_line_length_doc",
        "[1].score" => "avg_line_length_doc",
        "[2].score" => "alnum_prop_doc",
        _ => return Err(Verdict::Unclaimed("names and numbers of what a tagger writes".into())),
    };
    let steps = steps(Tool::Dolma, &format!("code/{what}"), &Map::new())?;
    let found = carried_out(&steps, &[text])[0].value;
    Ok(same_number(found, case["expected"].as_f64().unwrap_or(-1.0)))
}

fn measured(case: &Value, accessor: &str) -> Result<Verdict, Verdict> {
    let document = &case["input"]["args"][0]["kwargs"];
    let text = document["text"].as_str().unwrap_or_default();
    let is_page = document["metadata"]["ext"] == "html";
    let line = match accessor {
        "[0].score" => {
            "filter.phrases@1: {phrases: [\"<?xml version=\"], within: 100, exact: true, max: 9}"
        }
        "[2].score" => match document["metadata"]["ext"].as_str() {
            Some("py") => "filter.comments@1: {syntax: python, share_min: 0, share_max: 1}",
            Some("java" | "js") => {
                "filter.comments@1: {syntax: slashes, share_min: 0, share_max: 1}"
            }
            _ => return Err(Verdict::Unclaimed("what a tagger writes for other code".into())),
        },
        "[3].score" if is_page => "filter.html-text@1: {share_min: 0}",
        "[3].score" => return Err(Verdict::Unclaimed("what a tagger writes for no page".into())),
        _ => return Err(Verdict::Unclaimed("names and numbers of what a tagger writes".into())),
    };
    let found = carried_out(&[step(line)?], &[text])[0].value;
    Ok(same_number(found, case["expected"].as_f64().unwrap_or(-1.0)))
}

/// Links to licences in a page.
fn licences(case: &Value, accessor: &str) -> Result<Verdict, Verdict> {
    let page = |value: &Value| {
        let page = &value["args"][0]["kwargs"]["metadata"]["html"];
        page.as_str().map(str::to_owned)
    };
    let Some(page) = page(&case["input"]).or_else(|| page(&case["middle_calls"][0])) else {
        return Err(Verdict::Unclaimed("its page is not in the case".into()));
    };
    let (kind, wanted) = match accessor {
        "|len" => ("", case["expected"].as_f64().unwrap_or(-1.0)),
        "|list[0].split()[1]" => (case["expected"].as_str().unwrap_or_default(), 1.0),
        _ => return Err(Verdict::Unclaimed("names of what a tagger writes".into())),
    };
    let line = format!("filter.urls@1: {{urls: [creativecommons.org/licenses/{kind}], max: 99}}");
    Ok(same_number(carried_out(&[step(&line)?], &[page.as_str()])[0].value, wanted))
}
