//! Cases about the address of a document, not its text: which of them stay.

use kitchen::clean::outcomes;
use kitchen::{Decision, Document};
use recipes::import::Tool;
use recipes::recipe::CleaningStep;
use serde_json::{Value, json};

use super::{Kernels, Tier, Verdict, named, object, same, step, steps};

/// Whether a document stays; of one that goes, the measure.
fn decided(decision: Decision) -> Result<(), String> {
    match decision {
        Decision::Drop(drop) => Err(drop.measure.into_owned()),
        _ => Ok(()),
    }
}

/// Which documents stay, by their addresses; of one that goes, the measure.
fn stayed(step: &CleaningStep, urls: &[&str]) -> Vec<Result<(), String>> {
    let kernels = Kernels::new(Tier::Scalar, 1).expect("kernels");
    let found = |(place, url): (usize, &&str)| {
        let mut document = Document::new(0, "p".into(), place as u64, String::new());
        document.about.url = Some((*url).to_owned());
        document
    };
    let documents: Vec<Document> = urls.iter().enumerate().map(found).collect();
    outcomes(step, &documents, &kernels).into_iter().map(|one| decided(one.decision)).collect()
}

/// The verdict on a case about addresses; nothing where it is another.
pub fn judged(case: &Value, tool: &str, name: &str) -> Option<Result<Verdict, Verdict>> {
    Some(match (tool, name) {
        ("dclm", "url_substring_filter") => substrings(case),
        ("dclm", "github_extension_filter") => endings(case),
        ("datatrove", "URLFilter.filter") => domains(case),
        ("datatrove", "exact_dedup") => once(case),
        ("dolma", "UrlBlocker.check_network_urls") => rules(case),
        _ => return None,
    })
}

fn substrings(case: &Value) -> Result<Verdict, Verdict> {
    let settings = named(&["banlist"], &case["params"], 0);
    let url = case["input"]["args"][0]["url"].as_str().unwrap_or_default();
    let all = steps(Tool::Dclm, "url_substring_filter", &settings)?;
    let left = stayed(&all[0], &[url]);
    Ok(same(left[0].is_ok(), case["expected"] != json!([])))
}

fn endings(case: &Value) -> Result<Verdict, Verdict> {
    let settings = named(&["allowed_extensions"], &case["input"], 1);
    let all = steps(Tool::Dclm, "github_extension_filter", &settings)?;
    let name = case["input"]["args"][0]["filename"].as_str().unwrap_or_default();
    let kernels = Kernels::new(Tier::Scalar, 1).expect("kernels");
    let documents = [Document::new(0, name.to_owned(), 0, String::new())];
    let left = outcomes(&all[0], &documents, &kernels).remove(0);
    Ok(same(decided(left.decision).is_ok(), case["expected"] != json!([])))
}

fn domains(case: &Value) -> Result<Verdict, Verdict> {
    let settings = object(&case["params"]);
    if settings.keys().any(|key| key != "extra_domains") {
        return Err(Verdict::Unclaimed("URLFilter: lists that come with the tool".into()));
    }
    let hosts = &settings["extra_domains"];
    let step = step(&format!("filter.address@1: {{hosts: {hosts}, reach: registered}}"))?;
    let url = case["input"]["metadata"]["url"].as_str().unwrap_or_default();
    let left = stayed(&step, &[url]).remove(0);
    Ok(match case["expected"].as_str() {
        Some("domain" | "subdomain") => same(left, Err("listed_host".to_owned())),
        _ => same(left.is_ok(), case["rel"] == "truthy"),
    })
}

/// Rules without marks of their own are parts of an address.
fn rules(case: &Value) -> Result<Verdict, Verdict> {
    let args = &case["input"]["args"];
    if args[2] == "document" {
        return Err(Verdict::Unclaimed("what a browser asks for is no part of an address".into()));
    }
    let parts = &case["params"]["args"][0];
    let step = step(&format!("filter.address@1: {{parts: {parts}}}"))?;
    let url = args[0].as_str().unwrap_or_default();
    Ok(same(stayed(&step, &[url])[0].is_err(), case["rel"] == "truthy"))
}

fn once(case: &Value) -> Result<Verdict, Verdict> {
    let without = match case["params"]["key"].as_str().unwrap_or_default() {
        "metadata.url" => json!([]),
        key => match key.strip_prefix("metadata.url with every ").map(|k| k.split('"')) {
            Some(mut quoted) => json!([quoted.nth(1)]),
            None => return Err(Verdict::Unclaimed("a key that a program makes".into())),
        },
    };
    let docs = |key: &str| case["input"][key].as_array().cloned().unwrap_or_default();
    let url = |doc: &Value| doc["metadata"]["url"].as_str().unwrap_or_default().to_owned();
    // An index of another run is a list of addresses.
    let listed: Vec<String> = docs("index").iter().map(url).collect();
    let known = step(&format!("filter.address@1: {{urls: {}}}", json!(listed)))?;
    let mut left = docs("docs");
    let keep = match case["params"]["keep"].as_str() {
        None | Some("lowest id") => "first",
        Some("highest id") => "last",
        Some(_) => return Err(Verdict::Unclaimed("an order that a program makes".into())),
    };
    let once = step(&format!("dedup.address@1: {{without: {without}, keep: {keep}}}"))?;
    for step in [known, once] {
        let urls: Vec<String> = left.iter().map(url).collect();
        let stays = stayed(&step, &urls.iter().map(String::as_str).collect::<Vec<_>>());
        let mut stays = stays.iter().map(Result::is_ok);
        left.retain(|_| stays.next().unwrap_or(false));
    }
    let wanted = &case["expected"];
    if wanted["kept_ids"].is_array() {
        let ids: Vec<&Value> = left.iter().map(|doc| &doc["id"]).collect();
        return Ok(same(json!(ids), wanted["kept_ids"].clone()));
    }
    let urls: Vec<String> = left.iter().map(url).collect();
    Ok(same(json!(urls), wanted["kept_urls"].clone()))
}
