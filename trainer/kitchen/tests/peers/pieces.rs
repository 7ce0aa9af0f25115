//! Cases about forms and pieces of a text: sentences, paragraphs, lines that go, marks.

use kitchen::desk::with_page;
use recipes::import::{Tool, translate};
use serde_json::{Map, Value, json};

use super::{Verdict, carried_out, object, same, same_number, step};

/// The verdict on a case about pieces; nothing where it is another.
pub fn judged(case: &Value, tool: &str, name: &str) -> Option<Result<Verdict, Verdict>> {
    let accessor = case["accessor"].as_str().unwrap_or_default();
    let args = &case["input"]["args"];
    let text = args[0].as_str().unwrap_or_default();
    Some(match (tool, name) {
        ("dclm", "split_sentences") => sentences(case, text),
        ("dclm", "split_paragraphs") => paragraphs(case, text, &args[1]),
        ("dolma", "split_sentences" | "split_paragraphs") => {
            dolma_pieces(case, name, case["input"]["kwargs"]["text"].as_str().unwrap_or_default())
        }
        ("dolma", "CharLengthStripWsV1.predict.spans") if accessor == "[0].score" => stripped(case),
        ("dolma", name) if accessor.contains("== 'lines_with_") && name.contains("C4Tagger") => {
            without_lines(case, accessor)
        }
        ("datatrove", "SymbolLinesFormatter.format") => {
            changed(case, "text.lines@1: {symbols: \"|-\"}", text)
        }
        ("dolma", "TextSlice.text") => slice(case),
        ("datatrove", "load_word_tokenizer.word_tokenize") => words(case, text),
        ("datatrove", "Document.text") => after_c4(case),
        ("datatrove", "PIIFormatter.format") => masked(case, text),
        ("datatrove", "simplify_text") if args[0].is_string() => {
            changed(case, "text.dedup-form@1: {profile: datatrove}", text)
        }
        ("cc_net", "replace_unicode_punct") => changed(case, "text.punctuation@1: {}", text),
        ("cc_net", "normalize_for_dedup") => {
            changed(case, "text.dedup-form@1: {profile: cc-net}", text)
        }
        ("cc_net", "normalize") => {
            let digits = case["input"]["kwargs"]["numbers"] == false;
            let line = format!("text.dedup-form@1: {{profile: cc-net-text, digits: {digits}}}");
            changed(case, &line, text)
        }
        _ => return None,
    })
}

fn changed(case: &Value, line: &str, text: &str) -> Result<Verdict, Verdict> {
    let left = carried_out(&[step(line)?], &[text]);
    Ok(same(left[0].text.as_deref(), case["expected"].as_str()))
}

fn counted(line: &str, text: &str, wanted: usize) -> Result<Verdict, Verdict> {
    Ok(same_number(carried_out(&[step(line)?], &[text])[0].value, wanted as f64))
}

/// Sentences, each on a line of its own.
fn cut(text: &str) -> Result<Vec<String>, Verdict> {
    let left = carried_out(&[step("text.sentence-lines@1: {}")?], &[text]);
    let left = left[0].text.clone().unwrap_or_default();
    Ok(left.lines().map(str::to_owned).collect())
}

fn sentences(case: &Value, text: &str) -> Result<Verdict, Verdict> {
    Ok(same(json!(cut(text)?), case["expected"].clone()))
}

/// How many paragraphs there are.
fn paragraphs(case: &Value, text: &str, between: &Value) -> Result<Verdict, Verdict> {
    let wanted = case["expected"].as_array().map_or(0, Vec::len);
    let blank = case["input"]["kwargs"]["remove_empty"] == false;
    match between.as_str() {
        Some("\n\n") if blank => Err(Verdict::Unclaimed("empty paragraphs".into())),
        _ if blank => counted("filter.lines@1: {profile: nemo, min: 0}", text, wanted),
        Some("\n\n") => counted("filter.paragraphs@1: {profile: dclm, min: 0}", text, wanted),
        _ => counted("filter.lines@1: {profile: dclm, min: 0}", text, wanted),
    }
}

fn dolma_pieces(case: &Value, name: &str, text: &str) -> Result<Verdict, Verdict> {
    let wanted = case["expected"].as_u64().unwrap_or(0) as usize;
    match (name, case["accessor"].as_str()) {
        ("split_paragraphs", Some("|len")) => {
            counted("filter.lines@1: {profile: dclm, min: 0}", text, wanted)
        }
        ("split_sentences", Some("|len")) => Ok(same(cut(text)?.len(), wanted)),
        ("split_sentences", Some("[0].text")) => {
            Ok(same(cut(text)?.first().map(String::as_str), case["expected"].as_str()))
        }
        _ => Err(Verdict::Unclaimed("a piece with the newline that ends it".into())),
    }
}

fn stripped(case: &Value) -> Result<Verdict, Verdict> {
    let made = translate(Tool::Dolma, "char_length_strip_ws/length", &Map::new());
    let text = case["input"]["text"].as_str().unwrap_or_default();
    counted(&made.lines()[0], text, case["expected"].as_u64().unwrap_or(0) as usize)
}

/// The lines that a tagger marks go; what is left is the text without them.
fn without_lines(case: &Value, accessor: &str) -> Result<Verdict, Verdict> {
    let what = accessor.split('\'').nth(1).unwrap_or_default();
    let made = translate(Tool::Dolma, &format!("c4/{what}"), &Map::new());
    if let Some(lost) = made.lost.first() {
        return Err(Verdict::Unclaimed(lost.clone()));
    }
    let text = case["input"]["text"].as_str().unwrap_or_default();
    let left = carried_out(&[step(&made.lines()[0])?], &[text]);
    let letters: Vec<char> = text.chars().collect();
    let (mut rest, mut at) = (String::new(), 0);
    for span in case["expected"].as_array().into_iter().flatten() {
        let place = |key: &str| span[key].as_u64().unwrap_or(0) as usize;
        rest.extend(&letters[at..place("start")]);
        at = place("end");
    }
    rest.extend(&letters[at..]);
    let left = left[0].text.as_deref().unwrap_or_default();
    Ok(same(left, rest.trim_end_matches('\n')))
}

fn slice(case: &Value) -> Result<Verdict, Verdict> {
    let given = &case["input"]["kwargs"];
    let line = format!("text.slice@1: {{from: {}, to: {}}}", given["start"], given["end"]);
    changed(case, &line, given["doc"].as_str().unwrap_or_default())
}

/// The words of English that the filters of Gopher, C4 and FineWeb count.
fn words(case: &Value, text: &str) -> Result<Verdict, Verdict> {
    if case["params"]["args"] != json!(["en"]) {
        return Err(Verdict::Unclaimed("words of another language".into()));
    }
    let words = with_page(text, |page| page.word_texts());
    Ok(same(json!(words), case["expected"].clone()))
}

/// What is left of a text that a filter of C4 read before.
fn after_c4(case: &Value) -> Result<Verdict, Verdict> {
    let filter = &case["prior_calls"][0]["$call"]["of"];
    if filter["$call"] != "C4QualityFilter" {
        return Err(Verdict::Unclaimed("which step changed the text is not in the case".into()));
    }
    let settings = object(&filter["kwargs"]);
    let number = |key: &str, default: i64| settings.get(key).map_or(Some(default), Value::as_i64);
    let sentences = number("min_num_sentences", 5).unwrap_or(5).max(0);
    let words = number("min_words_per_line", 3).unwrap_or(3).max(1);
    let c4 = format!("filter.c4@1: {{sentences_min: {sentences}, line_words_min: {words}}}");
    let text = case["input"]["kwargs"]["text"].as_str().unwrap_or_default();
    let left = carried_out(&[step(&c4)?], &[text]);
    let wanted = case["expected"].as_str().unwrap_or_default();
    let left = left[0].text.as_deref().unwrap_or_default();
    Ok(same(left.contains(wanted), case["rel"] == "contains"))
}

fn masked(case: &Value, text: &str) -> Result<Verdict, Verdict> {
    let settings = object(&case["params"]);
    let email = step(&format!(
        "pii.mask@2: {{kinds: [any-email], with: {}}}",
        settings.get("email_replacement").unwrap_or(&json!("email@example.com"))
    ))?;
    let address = step(&format!(
        "pii.mask@2: {{kinds: [ip], with: {}}}",
        settings.get("ip_replacement").unwrap_or(&json!("22.214.171.124"))
    ))?;
    let left = carried_out(&[email, address], &[text]);
    Ok(same(left[0].text.as_deref(), case["expected"].as_str()))
}
