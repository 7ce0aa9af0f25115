//! Dolma's mixer: `streams`, each with documents, filters over attributes and replaced spans.
//!
//! An attribute is what a tagger measured: `<experiment>__<tagger>__<what>`. A filter that compares
//! one becomes the step that measures the same, with the bound that keeps the same documents.

use std::sync::LazyLock;

use regex::Regex;
use serde_json::{Map, Value, json};

use super::table::{MODEL, Row, Take, To, Translated, languages, translate};
use super::{Import, Tool, items, members, paths};
use crate::problem::Problems;
use crate::tree::Node;

use Take::As;
use To::{None as No, Step};

const OWN: &str = r#"{"profile": "dolma"}"#;
const COUNT: &[(&str, Take)] = &[("min", As("min", "null")), ("max", As("max", "null"))];
const SHARE: &[(&str, Take)] = &[("min", As("share_min", "null")), ("max", As("share_max", "1.0"))];
const CHARS: &[(&str, Take)] =
    &[("min", As("chars_min", "null")), ("max", As("chars_max", "null"))];
const ONLY_MAX: &[(&str, Take)] = &[("max", As("max", "0"))];
const ONLY_MIN: &[(&str, Take)] = &[("min", As("min", "null"))];
const RUNS: &[(&str, Take)] =
    &[("min", Take::Lost("runs are bounded from above here", "null")), ("max", As("max", "0"))];
const NOTHING: &[(&str, Take)] = &[("replacement", Take::Only("[\"\"]"))];
const WITH: &[(&str, Take)] = &[("replacement", As("with", "\"\""))];

const fn row(
    name: &'static str,
    ours: &'static str,
    fixed: &'static str,
    parameters: &'static [(&'static str, Take)],
) -> Row {
    Row { name, to: Step(ours, fixed), parameters, note: "" }
}

const fn none(name: &'static str, reason: &'static str) -> Row {
    Row { name, to: No(reason), parameters: &[], note: "" }
}

/// What taggers measure and find, by tagger and name.
pub static ROWS: &[Row] = &[
    row("gopher/character_count", "filter.length@1", "{}", CHARS),
    row("gopher/word_count", "filter.words@1", OWN, COUNT),
    row("gopher/median_word_length", "filter.mean-word-length@1", OWN, COUNT),
    row("gopher/symbol_to_word_ratio", "filter.symbols-per-word@1", OWN, COUNT),
    row("gopher/fraction_of_words_with_alpha_character", "filter.alphabetic-words@1", OWN, SHARE),
    row("gopher/required_word_count", "filter.stop-words@1", "{}", ONLY_MIN),
    row("gopher/fraction_of_lines_starting_with_bullet_point", "filter.bullet-lines@1", OWN, SHARE),
    row("gopher/fraction_of_lines_ending_with_ellipsis", "filter.ellipsis-lines@1", OWN, SHARE),
    row("gopher/fraction_of_duplicate_lines", "filter.repeated-lines@1", OWN, SHARE),
    row(
        "gopher/fraction_of_characters_in_duplicate_lines",
        "filter.repeated-line-characters@1",
        OWN,
        SHARE,
    ),
    top("gopher/fraction_of_characters_in_most_common_2grams", r#"{"profile": "dolma", "n": 2}"#),
    top("gopher/fraction_of_characters_in_most_common_3grams", r#"{"profile": "dolma", "n": 3}"#),
    top("gopher/fraction_of_characters_in_most_common_4grams", r#"{"profile": "dolma", "n": 4}"#),
    again("gopher/fraction_of_characters_in_duplicate_5grams", r#"{"profile": "dolma", "n": 5}"#),
    again("gopher/fraction_of_characters_in_duplicate_6grams", r#"{"profile": "dolma", "n": 6}"#),
    again("gopher/fraction_of_characters_in_duplicate_7grams", r#"{"profile": "dolma", "n": 7}"#),
    again("gopher/fraction_of_characters_in_duplicate_8grams", r#"{"profile": "dolma", "n": 8}"#),
    again("gopher/fraction_of_characters_in_duplicate_9grams", r#"{"profile": "dolma", "n": 9}"#),
    again("gopher/fraction_of_characters_in_duplicate_10grams", r#"{"profile": "dolma", "n": 10}"#),
    row("c4/has_curly_brace", "filter.phrases@1", r#"{"phrases": ["{"]}"#, ONLY_MAX),
    row("c4/has_lorem_ipsum", "filter.phrases@1", r#"{"phrases": ["lorem ipsum"]}"#, ONLY_MAX),
    row(
        "c4/has_javascript",
        "filter.phrases@1",
        r#"{"phrases": ["javascript"], "whole": true}"#,
        ONLY_MAX,
    ),
    none("c4/has_naughty_word", "its list of words does not come with the recipe"),
    row("c4/line_count", "filter.lines@1", r#"{"profile": "nemo"}"#, COUNT),
    row(
        "c4/lines_with_no_ending_punctuation",
        "text.lines@1",
        r#"{"ends": [".", "?", "!", "\""], "blank": false}"#,
        NOTHING,
    ),
    row(
        "c4/lines_with_too_few_words",
        "text.lines@1",
        r#"{"words_min": 3, "blank": false}"#,
        NOTHING,
    ),
    row("char_length/length", "filter.length@1", "{}", CHARS),
    row("char_length_strip_ws/length", "filter.length@1", r#"{"trim": true}"#, CHARS),
    row("whitespace_tokenizer/length", "filter.words@1", OWN, COUNT),
    row("pii/EMAIL_ADDRESS", "pii.mask@2", r#"{"kinds": ["email"]}"#, WITH),
    row("pii/PHONE_NUMBER", "pii.mask@2", r#"{"kinds": ["phone"]}"#, WITH),
    row("pii/IP_ADDRESS", "pii.mask@2", r#"{"kinds": ["ip"]}"#, WITH),
    row("dedupe/paragraphs", "dedup.lines@1", "{}", NOTHING),
    row("dedupe/documents", "dedup.exact@1", "{}", &[("max", Take::Free)]),
    row(
        "repetitions/doc_max_score_repetition",
        "filter.periods@1",
        r#"{"profile": "dolma", "measure": "times"}"#,
        RUNS,
    ),
    row(
        "repetitions/doc_max_length_repetition",
        "filter.periods@1",
        r#"{"profile": "dolma", "measure": "chars"}"#,
        RUNS,
    ),
    row("repetitions/doc_frac_repetition", "filter.periods@1", r#"{"profile": "dolma"}"#, RUNS),
    row("repetitions/repetition", "text.periods@1", r#"{"profile": "dolma"}"#, WITH),
    row(
        "code/has_xml_template_doc",
        "filter.phrases@1",
        r#"{"phrases": ["<?xml version="], "within": 100, "exact": true}"#,
        ONLY_MAX,
    ),
    Row {
        name: "code/code_to_text_ratio_html_doc",
        to: Step("filter.html-text@1", "{}"),
        parameters: &[("min", As("share_min", "0.2"))],
        note: "every document is taken for a page",
    },
    row("code/max_line_length_doc", "filter.longest-line@1", "{}", COUNT),
    row("code/avg_line_length_doc", "filter.mean-line-length@1", r#"{"profile": "dclm"}"#, COUNT),
    row("code/alnum_prop_doc", "filter.alphanumeric@1", "{}", SHARE),
    row("code/copyright_notice", "text.copyright@1", "{}", NOTHING),
    row("code/comment_block", "text.copyright@1", "{}", NOTHING),
    row("code/SECRET_Secret_Keyword", "pii.mask@2", r#"{"kinds": ["assigned-secret"]}"#, WITH),
    row("code/SECRET_Basic_Auth_Credentials", "pii.mask@2", r#"{"kinds": ["url-password"]}"#, WITH),
    none("language", "a language is kept here, with a least certainty"),
    none("quality", MODEL),
];

const fn top(name: &'static str, fixed: &'static str) -> Row {
    row(name, "filter.top-ngram@1", fixed, SHARE)
}

const fn again(name: &'static str, fixed: &'static str) -> Row {
    row(name, "filter.repeated-ngrams@1", fixed, SHARE)
}

/// The row of an attribute.
fn known(attribute: &str) -> Option<&'static str> {
    let parts: Vec<&str> = attribute.rsplit("__").collect();
    let (what, tagger) = (parts[0], parts.get(1).copied().unwrap_or_default());
    let tagger = tagger.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    let tagger = tagger.trim_end_matches("_v").trim_end_matches("_with");
    let lower = attribute.to_lowercase();
    let wanted = match tagger {
        _ if lower.contains("duplicate_paragraph") => "dedupe/paragraphs".to_owned(),
        _ if lower.contains("duplicate_doc") || lower.contains("dedupe_doc") => {
            "dedupe/documents".to_owned()
        }
        _ if lower.contains("lang_id") || tagger.starts_with("cld") => "language".to_owned(),
        _ if tagger.starts_with("pii") => format!("pii/{what}"),
        _ if tagger.starts_with("gopher") => format!("gopher/{what}"),
        _ if tagger.starts_with("c4") => format!("c4/{what}"),
        _ if tagger.starts_with("code_") => format!("code/{what}"),
        _ if tagger.starts_with("repetitions") => format!("repetitions/{what}"),
        _ if tagger.starts_with("char_length_strip") => "char_length_strip_ws/length".to_owned(),
        _ if tagger.starts_with("char_length") => "char_length/length".to_owned(),
        _ if tagger.starts_with("whitespace_tokenizer") => "whitespace_tokenizer/length".to_owned(),
        _ => return None,
    };
    ROWS.iter().map(|row| row.name).find(|name| *name == wanted)
}

/// A comparison of one attribute with a number.
struct Bound {
    attribute: String,
    is_below: bool,
    is_equal: bool,
    number: f64,
}

/// What a filter compares, where it compares one attribute with one number.
fn bound(filter: &str) -> Option<Bound> {
    static COMPARISON: LazyLock<Regex> = LazyLock::new(|| {
        let name = r"([A-Za-z][\w-]*)(?:\[0\])?(?:\[(?:2|-1)\])?";
        let pattern = format!(r"{name}\s*(<=|>=|==|<|>)\s*(-?[\d.]+(?:[eE]-?\d+)?)");
        Regex::new(&pattern).expect("a pattern of ours")
    });
    static ATTRIBUTE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"(?:@|attributes)\.([A-Za-z][\w-]*)").expect("a pattern"));
    let names: Vec<&str> = ATTRIBUTE
        .captures_iter(filter)
        .filter_map(|found| found.get(1).map(|name| name.as_str()))
        .filter(|name| *name != "attributes")
        .collect();
    let one = *names.first()?;
    let others = names.iter().any(|name| *name != one);
    let either = filter.contains("||") || filter.contains(" or ") || filter.contains("not");
    if others || either {
        return None;
    }
    let mut found = COMPARISON.captures_iter(filter);
    let (first, second) = (found.next(), found.next());
    let Some(first) = first else {
        // That it is there is all that is asked.
        return Some(Bound {
            attribute: one.into(),
            is_below: false,
            is_equal: false,
            number: 0.0,
        });
    };
    if second.is_some() || &first[1] != one || &first[2] == "==" {
        return None;
    }
    Some(Bound {
        attribute: one.into(),
        is_below: first[2].starts_with('<'),
        is_equal: first[2].ends_with('='),
        number: first[3].parse().ok()?,
    })
}

/// A filter: an excluded document goes where it is true, an included one stays.
fn filter(import: &mut Import, node: &Node, is_excluding: bool) {
    let text = node.text().unwrap_or_default();
    let short: String = text.chars().take(80).collect();
    let name = format!("{} `{short}`", if is_excluding { "exclude" } else { "include" });
    let Some(bound) = bound(text) else {
        return import.lose(&name, node.place, "it is not one attribute against one number");
    };
    let Some(row) = known(&bound.attribute) else {
        let reason = format!("no step measures `{}`", bound.attribute);
        return import.lose(&name, node.place, reason);
    };
    // Kept are those above a bound where the ones below go, and the other way around.
    let is_least = bound.is_below == is_excluding;
    let is_kept = bound.is_equal != is_excluding;
    let is_whole = bound.number.fract() == 0.0 && bound.number >= 1.0;
    let mut settings = Map::new();
    let mut note = None;
    let number = match (is_kept, is_whole, is_least) {
        (true, ..) => bound.number,
        (false, true, true) => bound.number + 1.0,
        (false, true, false) => bound.number - 1.0,
        (false, false, _) => {
            if bound.number != 0.0 {
                note = Some(format!("a document with exactly {} is kept here", bound.number));
            }
            bound.number
        }
    };
    settings.insert(if is_least { "min" } else { "max" }.into(), json!(number));
    let mut translated = translate(Tool::Dolma, row, &settings);
    if row == "language" && is_least {
        translated = Translated::default();
        let code = bound.attribute.rsplit("__").next().unwrap_or_default();
        let by_part = code.strip_prefix("doc_");
        languages(&mut translated, &json!(by_part.unwrap_or(code)), &json!(bound.number));
        for (ours, settings) in translated.steps.iter_mut().filter(|_| by_part.is_some()) {
            // The certainties of paragraphs, by their characters.
            let least = settings.remove("confidence_min").unwrap_or_default();
            settings.insert("share_min".into(), least);
            *ours = "filter.language-parts@1".into();
        }
    }
    translated.notes.extend(note);
    import.items.push(super::Item { name, place: node.place, translated });
}

/// Spans that another text takes the place of.
fn replaced(import: &mut Import, problems: &mut Problems, node: &Node) {
    let own: Map<String, Value> = super::settings(problems, node, "span_replacement");
    let span = own.get("span").and_then(Value::as_str).unwrap_or_default();
    let attribute = span.rsplit('.').next().unwrap_or(span).trim_matches(['[', ']', '\'', '"']);
    let name = format!("span_replacement `{attribute}`");
    let Some(row) = known(attribute) else {
        return import.lose(&name, node.place, format!("no step finds `{attribute}`"));
    };
    let with = own.get("replacement").cloned().unwrap_or(json!(""));
    let mut settings = Map::new();
    settings.insert("replacement".into(), with.clone());
    let mut translated = translate(Tool::Dolma, row, &settings);
    if with.as_str().is_some_and(|with| with.contains("{}")) {
        translated.steps.clear();
        translated.lose("`{}`: a mask does not keep what it hides");
    }
    if row.starts_with("dedupe") {
        translated.notes.push("lines are compared themselves, by no Bloom filter".into());
    }
    import.items.push(super::Item { name, place: node.place, translated });
}

/// Reads a mixer's configuration.
pub fn read(import: &mut Import, problems: &mut Problems, root: &Node) {
    let all = members(problems, root, "the configuration");
    let Some((_, _, streams)) = all.iter().find(|(key, ..)| *key == "streams") else {
        return problems.add(root.place, "the configuration has no `streams`");
    };
    let streams = items(problems, streams, "`streams`");
    for (place, node) in streams.iter().enumerate() {
        let start = import.items.len();
        stream(import, problems, node);
        if place == 0 {
            continue;
        }
        // All sources go through the same steps here: a stream that says the same adds nothing.
        let (before, own) = import.items.split_at(start);
        let steps = |items: &[super::Item]| -> Vec<_> {
            items.iter().flat_map(|item| item.translated.steps.clone()).collect()
        };
        let (before, own) = (steps(before), steps(own));
        for item in &mut import.items[start..] {
            item.translated.steps.clear();
        }
        if own.iter().any(|step| !before.contains(step)) || own.len() != before.len() {
            let reason = "its filters are not those of the first: all sources take the same steps";
            import.lose(&format!("stream {}", place + 1), node.place, reason);
        }
    }
}

fn stream(import: &mut Import, problems: &mut Problems, node: &Node) {
    for (key, place, value) in members(problems, node, "a stream") {
        match key {
            "name" if import.name == "imported" => {
                import.name = value.text().unwrap_or("imported").into();
            }
            "documents" => {
                for document in items(problems, value, "`documents`") {
                    let path = document.text().unwrap_or_default();
                    paths::add(import, document.place, path, "text", 1.0);
                }
            }
            "filter" => filters(import, problems, value),
            "span_replacement" => {
                for span in items(problems, value, "`span_replacement`") {
                    replaced(import, problems, span);
                }
            }
            "name" | "attributes" | "output" | "compression" => {}
            other => import.lose(other, place.place, "unknown in a stream"),
        }
    }
}

fn filters(import: &mut Import, problems: &mut Problems, node: &Node) {
    for (key, _, value) in members(problems, node, "`filter`") {
        let all = items(problems, value, "a filter");
        match key {
            "exclude" => all.iter().for_each(|one| filter(import, one, true)),
            "include" if all.len() > 1 => {
                let reason = "any of several is enough there; steps here must all keep a document";
                import.lose("include", value.place, reason);
            }
            "include" => all.iter().for_each(|one| filter(import, one, false)),
            _ => {}
        }
    }
}
