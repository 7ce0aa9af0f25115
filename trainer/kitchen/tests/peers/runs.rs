//! Cases about runs in which a piece stands again and again: where they are, and how long.

use serde_json::Value;

use super::{Verdict, carried_out, same, same_number, step};

/// The rule of a case, as parameters.
struct Rule(String);

impl Rule {
    fn measured(&self, measure: &str, text: &str) -> Result<f64, Verdict> {
        let line = format!("filter.periods@1: {{{}, measure: {measure}, max: 1000000}}", self.0);
        let left = carried_out(&[step(&line)?], &[text]);
        Ok(left[0].value.unwrap_or(-1.0))
    }

    /// Where runs begin and end, in characters: what a mask took the place of.
    fn spans(&self, text: &str) -> Result<Vec<(usize, usize)>, Verdict> {
        let line = format!("text.periods@1: {{{}, with: \"\\u0001\"}}", self.0);
        let left = carried_out(&[step(&line)?], &[text]);
        let masked = left[0].text.clone().unwrap_or_default();
        let letters: Vec<char> = text.chars().collect();
        let parts: Vec<Vec<char>> =
            masked.split('\u{1}').map(|part| part.chars().collect()).collect();
        let (mut spans, mut start) = (Vec::new(), parts[0].len());
        for (number, part) in parts.iter().enumerate().skip(1) {
            let is_last = number + 1 == parts.len();
            let fits = |end: &usize| match is_last {
                true => letters.len() - end == part.len(),
                false => letters[*end..].starts_with(part),
            };
            let Some(end) = (start + 1..=letters.len()).find(fits) else {
                return Err(Verdict::Differs(format!("masked as {masked:?}")));
            };
            spans.push((start, end));
            start = end + part.len();
        }
        Ok(spans)
    }
}

/// The verdict on a case about runs; nothing where it is another.
pub fn judged(case: &Value, tool: &str, name: &str) -> Option<Result<Verdict, Verdict>> {
    Some(match (tool, name) {
        ("dolma", "RepetitionsTagger.predict.spans") => tagged(case),
        ("dolma", "find_periodic_sequences") => periods(case),
        _ => return None,
    })
}

/// A tagger writes its runs, then the largest score, the largest length and the part in runs.
fn tagged(case: &Value) -> Result<Verdict, Verdict> {
    let rule = Rule("profile: dolma".into());
    let text = case["input"]["text"].as_str().unwrap_or_default();
    let spans = rule.spans(text)?;
    let accessor = case["accessor"].as_str().unwrap_or_default();
    let wanted = &case["expected"];
    if accessor == "|len" {
        let count = rule.measured("runs", text)? + 3.0;
        return Ok(same_number(Some(count), wanted.as_f64().unwrap_or(-1.0)));
    }
    let number = accessor.trim_start_matches('[').split(']').next().unwrap_or_default();
    let number: usize = number.parse().unwrap_or(0);
    let about = number.checked_sub(spans.len());
    let kinds = [
        ("times", "doc_max_score_repetition"),
        ("chars", "doc_max_length_repetition"),
        ("share", "doc_frac_repetition"),
    ];
    let piece = |(start, end): (usize, usize)| -> String {
        text.chars().skip(start).take(end - start).collect()
    };
    let field = accessor.rsplit(']').next().unwrap_or_default();
    let found = match (field, about) {
        (".type", None) => return Ok(same(Some("repetition"), wanted.as_str())),
        (".type", Some(about)) => return Ok(same(Some(kinds[about].1), wanted.as_str())),
        (".score", None) => rule.measured("times", &piece(spans[number]))?,
        (".score", Some(about)) => rule.measured(kinds[about].0, text)?,
        (".start", None) => spans[number].0 as f64,
        (".end", None) => spans[number].1 as f64,
        (".select()", None) => {
            return Ok(same(Some(piece(spans[number]).as_str()), wanted.as_str()));
        }
        _ => return Err(Verdict::Unclaimed(format!("RepetitionsTagger: `{accessor}`"))),
    };
    Ok(same_number(Some(found), wanted.as_f64().unwrap_or(-1.0)))
}

/// Numbers stand for letters.
fn periods(case: &Value) -> Result<Verdict, Verdict> {
    let numbers = case["input"]["args"][0].as_array().into_iter().flatten();
    let letters = numbers.filter_map(|number| char::from_u32(0x4E00 + number.as_u64()? as u32));
    let text: String = letters.collect();
    let kwargs = &case["input"]["kwargs"];
    let (least, most) = (&kwargs["min_period"], &kwargs["max_period"]);
    let least = least.as_u64().unwrap_or(1);
    let rule = Rule(format!("times_min: 3, chars_min: {least}, chars_max: {most}"));
    let spans = rule.spans(&text)?;
    let accessor = case["accessor"].as_str().unwrap_or_default().trim_start_matches("|list");
    let wanted = case["expected"].as_f64().unwrap_or(-1.0);
    if accessor == "|len" {
        return Ok(same_number(Some(spans.len() as f64), wanted));
    }
    let number = accessor.trim_start_matches('[').split(']').next().unwrap_or_default();
    let Some((start, end)) = spans.get(number.parse().unwrap_or(usize::MAX)).copied() else {
        return Ok(Verdict::Differs(format!("{} runs, wanted more", spans.len())));
    };
    let piece: String = text.chars().skip(start).take(end - start).collect();
    let once = step(&format!("text.periods@1: {{{}}}", rule.0))?;
    let found = match accessor.rsplit('.').next().unwrap_or_default() {
        "start" => start as f64,
        "end" => end as f64,
        "times" => rule.measured("times", &piece)?,
        "period" => {
            let left = carried_out(&[once], &[piece.as_str()]);
            let short = left[0].text.as_deref().unwrap_or_default().chars().count();
            // All pieces but one are gone.
            (end - start - short) as f64 / (rule.measured("times", &piece)? - 1.0)
        }
        _ => return Err(Verdict::Unclaimed(format!("find_periodic_sequences: `{accessor}`"))),
    };
    Ok(same_number(Some(found), wanted))
}
