//! Cases about what stands again in other documents: which of them stay.

use serde_json::{Value, json};

use super::{Verdict, carried_out, same, step};

/// The verdict on a case about duplicates; nothing where it is another.
pub fn judged(case: &Value, tool: &str, name: &str) -> Option<Result<Verdict, Verdict>> {
    Some(match (tool, name) {
        ("datatrove", "bloom_dedup") => seen_before(case),
        ("datatrove", "minhash_dedup") => near(case),
        ("dolma", "dedupe-paragraphs") => paragraphs(case),
        ("simhash", "Simhash.distance") => apart(case),
        _ => return None,
    })
}

/// Which texts stay under a step.
fn stayed(line: &str, texts: &[&str]) -> Result<Vec<bool>, Verdict> {
    let left = carried_out(&[step(line)?], texts);
    Ok(left.into_iter().map(|left| left.text.is_some()).collect())
}

/// A Bloom filter that makes no mistake is a set of n-grams.
fn seen_before(case: &Value) -> Result<Verdict, Verdict> {
    let docs = case["input"]["docs"].as_array().into_iter().flatten();
    let texts: Vec<&str> = docs.filter_map(|doc| doc["text"].as_str()).collect();
    let kept = stayed("dedup.ngrams@1: {}", &texts)?;
    Ok(same(json!(kept), case["expected"]["is_unique"].clone()))
}

/// Lines that stood before go; a tagger says where they are, each with its newline.
fn paragraphs(case: &Value) -> Result<Verdict, Verdict> {
    let docs = case["input"]["documents"].as_array().into_iter().flatten();
    let texts: Vec<&str> = docs.filter_map(|doc| doc["text"].as_str()).collect();
    let left = carried_out(&[step("dedup.lines@1: {}")?], &texts);
    for ((text, left), wanted) in texts.iter().zip(left).zip(0..) {
        let said = &case["expected"][wanted]["attributes"]["bff_duplicate_paragraph_spans"];
        let letters: Vec<char> = text.chars().collect();
        let (mut rest, mut at) = (String::new(), 0);
        for span in said.as_array().into_iter().flatten() {
            let place = |end: usize| span[end].as_u64().unwrap_or(0) as usize;
            rest.extend(&letters[at..place(0)]);
            at = place(1).min(letters.len());
        }
        rest.extend(&letters[at..]);
        let left = left.text.unwrap_or_default();
        let verdict = same(left.trim_end_matches('\n'), rest.trim_end_matches('\n'));
        if verdict != Verdict::Same {
            return Ok(verdict);
        }
    }
    Ok(Verdict::Same)
}

/// Windows of one text, some of which begin at nearly the same place.
fn near(case: &Value) -> Result<Verdict, Verdict> {
    let letters: Vec<char> = case["input"]["text"].as_str().unwrap_or_default().chars().collect();
    let chars = case["params"]["window_chars"].as_u64().unwrap_or(0) as usize;
    let clusters = case["input"]["window_starts_by_cluster"].as_array().cloned();
    let clusters = clusters.unwrap_or_default();
    let mut texts = Vec::new();
    for (number, cluster) in clusters.iter().enumerate() {
        for start in cluster.as_array().into_iter().flatten().filter_map(Value::as_u64) {
            let window = letters.iter().skip(start as usize).take(chars);
            texts.push((number, window.collect::<String>()));
        }
    }
    let all: Vec<&str> = texts.iter().map(|(_, text)| text.as_str()).collect();
    let kept = stayed("dedup.minhash@2: {profile: datatrove, seed: 1}", &all)?;
    let mut removed = vec![0; clusters.len()];
    for ((cluster, _), kept) in texts.iter().zip(kept) {
        removed[*cluster] += usize::from(!kept);
    }
    Ok(same(json!(removed), case["expected"]["removed_per_cluster"].clone()))
}

/// The text of a fingerprint, which may be one of a fingerprint.
fn text_of(value: &Value) -> Option<&str> {
    value.as_str().or_else(|| text_of(value["args"].get(0)?))
}

/// How many bits of two texts differ; what does not go differs in more than the most that a step
/// takes.
fn apart(case: &Value) -> Result<Verdict, Verdict> {
    let sides = [&case["params"]["args"][0], &case["input"]["args"][0]].map(text_of);
    let [Some(one), Some(other)] = sides else {
        return Err(Verdict::Unclaimed("bits of a tool's own".into()));
    };
    let line = "dedup.simhash@1: {ngram_words: 1, bits_max: 3}";
    let left = carried_out(&[step(line)?], &[one, other]);
    let found = if left[1].text.is_some() { None } else { left[1].value };
    Ok(same(found, case["expected"].as_f64()))
}
