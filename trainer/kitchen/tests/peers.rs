//! What other tools' own tests expect, tried with the operators and profiles that follow them.
//!
//! `../vectors/peers.jsonl` holds cases of cc_net, DCLM, Presidio and simhash (MIT), and of
//! Data-Juicer, datatrove, Dolma, ftfy, NeMo Curator, OpenCC and text-dedup (Apache 2.0); `source`
//! of each names where it is from. A case is translated as `ingot import` translates a recipe,
//! carried out and compared. All of them must pass, but for those with the reason why they differ
//! (`differs`), which must differ, and those with the reason why no operator claims them (`apart`),
//! which must be claimed by none; `../OPERATORS.md` counts them, and says which are not here, and
//! why.
//!
//! With `INGOT_PEERS=FILE` and `--nocapture` `the_cases_are_counted` prints what became of the
//! cases of any file in this form, by operator and by reason.

#[path = "peers/addresses.rs"]
mod addresses;
#[path = "peers/code.rs"]
mod code;
#[path = "peers/data_juicer.rs"]
mod data_juicer;
#[path = "peers/duplicates.rs"]
mod duplicates;
#[path = "peers/elsewhere.rs"]
mod elsewhere;
#[path = "peers/languages.rs"]
mod languages;
#[path = "peers/nemo.rs"]
mod nemo;
#[path = "peers/pieces.rs"]
mod pieces;
#[path = "peers/runs.rs"]
mod runs;

use std::collections::BTreeMap;

use kernels::{Kernels, Tier};
use kitchen::clean::outcomes;
use kitchen::{Decision, Document};
use recipes::import::{Tool, translate};
use recipes::recipe::CleaningStep;
use serde_json::{Map, Value, json};

const CASES: &str = include_str!("../vectors/peers.jsonl");
const PAGE: &str = include_str!("../OPERATORS.md");

type Settings = Map<String, Value>;

/// What became of a case.
#[derive(Debug, PartialEq)]
enum Verdict {
    Same,
    Differs(String),
    /// No operator of ours claims it.
    Unclaimed(String),
}

/// What a text became.
#[derive(Clone, Debug, PartialEq)]
struct Left {
    /// Nothing where it was dropped.
    text: Option<String>,
    /// The last value that was measured.
    value: Option<f64>,
    /// The measure that dropped it.
    reason: Option<String>,
}

/// The steps of a foreign operator; none where something has no equivalent.
fn steps(tool: Tool, name: &str, settings: &Settings) -> Result<Vec<CleaningStep>, Verdict> {
    let translated = translate(tool, name, settings);
    if let Some(lost) = translated.lost.first() {
        return Err(Verdict::Unclaimed(format!("{name}: {lost}")));
    }
    translated.lines().iter().map(|line| step(line)).collect()
}

fn step(line: &str) -> Result<CleaningStep, Verdict> {
    recipes::read_cleaning_step(line)
        .map_err(|problems| Verdict::Differs(format!("not read: {}", problems.render("", line))))
}

/// Carries steps out over some texts.
fn carried_out(steps: &[CleaningStep], texts: &[&str]) -> Vec<Left> {
    carried_out_of(steps, texts, &[])
}

/// The same over texts of named files.
fn carried_out_of(steps: &[CleaningStep], texts: &[&str], files: &[String]) -> Vec<Left> {
    let file = |place: usize| files.get(place).map_or("p", String::as_str).to_owned();
    let kernels = Kernels::new(Tier::Scalar, 1).expect("kernels");
    let left = |text: &&str| Left { text: Some((*text).to_owned()), value: None, reason: None };
    let mut all: Vec<Left> = texts.iter().map(left).collect();
    for step in steps {
        let (places, documents): (Vec<usize>, Vec<Document>) = all
            .iter()
            .enumerate()
            .filter_map(|(place, left)| Some((place, left.text.clone()?)))
            .map(|(place, text)| (place, Document::new(0, file(place), place as u64, text)))
            .unzip();
        for (place, outcome) in places.into_iter().zip(outcomes(step, &documents, &kernels)) {
            match outcome.decision {
                Decision::Keep(measures) => {
                    all[place].value = measures.first().map(|measure| measure.value);
                }
                Decision::Change(text) => all[place].text = Some(text),
                Decision::Drop(drop) => {
                    all[place] = Left {
                        text: None,
                        value: Some(drop.value),
                        reason: Some(drop.measure.into_owned()),
                    };
                }
            }
        }
    }
    all
}

fn same<T: PartialEq + std::fmt::Debug>(found: T, wanted: T) -> Verdict {
    if found == wanted {
        Verdict::Same
    } else {
        Verdict::Differs(format!("{found:?}, wanted {wanted:?}"))
    }
}

/// Equal to nine digits.
fn same_number(found: Option<f64>, wanted: f64) -> Verdict {
    match found {
        Some(found) if (found - wanted).abs() <= 1e-9 * wanted.abs() + 1e-12 => Verdict::Same,
        found => Verdict::Differs(format!("{found:?}, wanted {wanted}")),
    }
}

fn object(value: &Value) -> Settings {
    value.as_object().cloned().unwrap_or_default()
}

/// The texts of samples: `{"text": …}` or the text itself.
fn texts(value: &Value) -> Vec<&str> {
    let all = match value {
        Value::Array(samples) => samples.iter().collect(),
        one => vec![one],
    };
    all.into_iter().filter_map(|one| one.as_str().or_else(|| one["text"].as_str())).collect()
}

/// Cases of one kind, whatever the tool: each says nothing where a case is of another.
type Group = fn(&Value, &str, &str) -> Option<Result<Verdict, Verdict>>;

const GROUPS: [Group; 7] = [
    addresses::judged,
    code::judged,
    duplicates::judged,
    languages::judged,
    pieces::judged,
    runs::judged,
    elsewhere::judged,
];

fn judged(case: &Value) -> Result<Verdict, Verdict> {
    let (tool, name) = case["op"].as_str().and_then(|op| op.split_once('/')).unwrap_or_default();
    for group in GROUPS {
        if let Some(verdict) = group(case, tool, name) {
            return verdict;
        }
    }
    match tool {
        "data_juicer" => data_juicer::judged(case, name),
        "dclm" if name == "ccnet_dedup_normalizer" => text(case, tool, name),
        "dclm" => dclm(case, name),
        "nemo_curator" => nemo::judged(case, name),
        "dolma" => dolma(case, name),
        "datatrove" if name.ends_with(".filter") => datatrove(case, name),
        "ftfy" | "datatrove" | "cc_net" | "text_dedup" => text(case, tool, name),
        "opencc" => text(case, tool, name),
        "presidio" => presidio(case, name),
        _ => Err(Verdict::Unclaimed(format!("{tool} has no profile"))),
    }
}

/// Names of DCLM's parameters: those of the function made, and those of its call after the page.
fn dclm_names(name: &str) -> (&'static [&'static str], &'static [&'static str]) {
    match name {
        "substring_filter" | "substring_line_modifier" => (&["banlist"], &[]),
        "page_length_filter" => (&[], &["length_type", "min_length", "max_length"]),
        "repetition_filter" => (&[], &["granularity", "max_fraction"]),
        "line_length_filter" => (&[], &["length_type", "max_length"]),
        "word_length_filter" | "line_length_modifier" => (&[], &["min_length", "max_length"]),
        "word_length_modifier" => (&[], &["max_length"]),
        "stop_word_filter" => (&[], &["count_unique", "min_stop_word"]),
        "within_page_dedup" => (&[], &["granularity", "normalize"]),
        "bullet_count_filter" => (&[], &["max_bullet_start_ratio"]),
        "ellipsis_count_filter" => (&[], &["max_ellipsis_end_ratio"]),
        "symbol_ratio_filter" => (&[], &["max_symbol_to_word_ratio"]),
        "alphanumeric_char_ratio_filter" => (&[], &["max_alnum_ratio"]),
        _ => (&[], &["max_ratio"]),
    }
}

fn named(names: &[&str], given: &Value, skip: usize) -> Settings {
    let positional = given["args"].as_array().into_iter().flatten().skip(skip);
    let mut settings: Settings =
        names.iter().map(|name| (*name).to_owned()).zip(positional.cloned()).collect();
    settings.extend(object(&given["kwargs"]));
    settings
}

fn dclm(case: &Value, name: &str) -> Result<Verdict, Verdict> {
    let (made, called) = dclm_names(name);
    let mut settings = named(made, &case["params"], 0);
    settings.extend(named(called, &case["input"], 1));
    let input = &case["input"]["args"][0];
    let text = input.as_str().or_else(|| input["text"].as_str());
    let Some(text) = text else {
        return Err(Verdict::Unclaimed(format!("{name}: a document is one text here")));
    };
    let counted = match name {
        "word_counter_enricher" | "split_words" => {
            if name == "word_counter_enricher" {
                settings.entry("ignore_punctuation").or_insert(json!(true));
            }
            settings.insert("length_type".into(), json!("word"));
            true
        }
        "line_counter" | "line_counter_enricher" => {
            settings.insert("length_type".into(), json!("line"));
            true
        }
        _ => false,
    };
    if counted {
        let Some(wanted) = case["expected"].as_f64() else {
            return Err(Verdict::Unclaimed("a list of words is no document".into()));
        };
        settings.insert("min_length".into(), json!(0));
        let steps = steps(Tool::Dclm, "page_length_filter", &settings)?;
        return Ok(same_number(carried_out(&steps, &[text])[0].value, wanted));
    }
    let left = carried_out(&steps(Tool::Dclm, name, &settings)?, &[text]);
    Ok(same(left[0].text.as_deref(), case["expected"][0]["text"].as_str()))
}

fn dolma(case: &Value, name: &str) -> Result<Verdict, Verdict> {
    let text = case["input"]["text"].as_str().unwrap_or_default();
    let accessor = case["accessor"].as_str().unwrap_or_default();
    let tagger = name.split('.').next().unwrap_or_default();
    match tagger {
        "GopherTagger" => {
            let wanted = &case["expected"];
            let Some(what) = wanted["type"].as_str() else {
                return Err(Verdict::Unclaimed("how many values a tagger writes".into()));
            };
            let steps = steps(Tool::Dolma, &format!("gopher/{what}"), &Settings::new())?;
            let score = wanted["score"].as_f64().unwrap_or(-1.0);
            Ok(same_number(carried_out(&steps, &[text])[0].value, score))
        }
        "CharLengthV1" => {
            let steps = steps(Tool::Dolma, "char_length/length", &Settings::new())?;
            let wanted = case["expected"].as_f64().unwrap_or(-1.0);
            Ok(same_number(carried_out(&steps, &[text])[0].value, wanted))
        }
        "C4Tagger" | "FasterC4Tagger" if accessor.contains("r.type == 'has_") => {
            let what = accessor.split('\'').nth(1).unwrap_or_default();
            let steps = steps(Tool::Dolma, &format!("c4/{what}"), &Settings::new())?;
            let wanted = case["expected"] == json!([]);
            Ok(same(carried_out(&steps, &[text])[0].text.is_some(), wanted))
        }
        _ => Err(Verdict::Unclaimed(format!("{tagger}: it is about spans or a tool's own lists"))),
    }
}

fn text(case: &Value, tool: &str, name: &str) -> Result<Verdict, Verdict> {
    let conversion = &case["params"]["config"];
    let converted = format!("text.chinese-script@1: {{conversion: {conversion}}}");
    let line = match (tool, name) {
        ("opencc", "convert") => converted.as_str(),
        ("ftfy", "fix_text") | ("datatrove", "FTFYFormatter.format") => {
            "text.mojibake@1: {profile: ftfy}"
        }
        ("cc_net", "slow_normalize_for_dedup") => "text.dedup-form@1: {profile: cc-net}",
        ("dclm", "ccnet_dedup_normalizer") => "text.dedup-form@1: {profile: dclm}",
        ("text_dedup", "normalize") => "text.dedup-form@1: {profile: text-dedup}",
        ("text_dedup", "news_copy_preprocessing") => "text.dedup-form@1: {profile: news-copy}",
        _ => return Err(Verdict::Unclaimed(format!("{tool}/{name}: no profile"))),
    };
    let input = case["input"].as_str().or_else(|| case["input"]["args"][0].as_str());
    let left = carried_out(&[step(line)?], &[input.unwrap_or_default()]);
    let (left, wanted) = (left[0].text.clone().unwrap_or_default(), &case["expected"]);
    let wanted = wanted.as_str().unwrap_or_default();
    Ok(match case["rel"].as_str() {
        Some("not in") => same(left.contains(wanted), false),
        Some("contains") => same(left.contains(wanted), true),
        _ => same(left.as_str(), wanted),
    })
}

/// datatrove's filters are ours by name; parameters and reasons have other names.
fn datatrove(case: &Value, name: &str) -> Result<Verdict, Verdict> {
    const PARAMETERS: [(&str, &str); 6] = [
        ("min_doc_words", "words_min"),
        ("max_doc_words", "words_max"),
        ("line_punct_thr", "terminal_lines_share_min"),
        ("short_line_thr", "short_lines_share_max"),
        ("short_line_length", "short_line_chars"),
        ("new_line_ratio", "newlines_per_word_max"),
    ];
    const REASONS: [(&str, &str); 9] = [
        ("gopher_short_doc", "words"),
        ("gopher_above_avg_threshold", "mean_word_chars"),
        ("gopher_too_many_hashes", "hashes_per_word"),
        ("gopher_too_many_ellipsis", "ellipses_per_word"),
        ("gopher_below_alpha_threshold", "alphabetic_words"),
        ("too_few_sentences", "sentences"),
        ("line_punct_ratio", "terminal_lines"),
        ("short_line_ratio", "short_lines"),
        ("list_ratio", "newlines_per_word"),
    ];
    let ours = match name {
        "GopherQualityFilter.filter" => "filter.gopher-quality@1",
        "GopherRepetitionFilter.filter" => "filter.gopher-repetition@2",
        "C4QualityFilter.filter" => "filter.c4@1",
        "FineWebQualityFilter.filter" => "filter.fineweb@1",
        _ => return Err(Verdict::Unclaimed(format!("{name}: it looks at other fields"))),
    };
    let other = |table: &[(&'static str, &'static str)], name: &str| {
        table.iter().find(|(theirs, _)| *theirs == name).map(|(_, ours)| *ours)
    };
    let mut settings = Vec::new();
    for (key, value) in object(&case["params"]) {
        let Some(key) = other(&PARAMETERS, &key) else {
            return Err(Verdict::Unclaimed(format!("{name}: `{key}`")));
        };
        settings.push(format!("{key}: {value}"));
    }
    let step = step(&format!("{ours}: {{{}}}", settings.join(", ")))?;
    let left = carried_out(&[step], &texts(&case["input"]));
    Ok(match &case["expected"] {
        Value::String(reason) => {
            same(left[0].reason.as_deref(), Some(other(&REASONS, reason).unwrap_or(reason)))
        }
        kept => same(json!(left[0].text.is_some()), kept.clone()),
    })
}

/// The kind of finding that a recognizer is about.
fn presidio(case: &Value, name: &str) -> Result<Verdict, Verdict> {
    let kind = match name.strip_suffix("_recognizer").unwrap_or(name) {
        "credit_card" => "card".to_owned(),
        "ip" => "any-ip".to_owned(),
        other => other.replace('_', "-"),
    };
    let line = format!("pii.filter@1: {{kinds: [{kind}], max: 9}}");
    let Ok(filter) = step(&line) else {
        return Err(Verdict::Unclaimed(format!("no finding of kind `{kind}`")));
    };
    let text = case["input"].as_str().unwrap_or_default();
    if let Some(wanted) = case["expected"]["expected_len"].as_f64() {
        let found = same_number(carried_out(&[filter], &[text])[0].value, wanted);
        if found != Verdict::Same || wanted == 0.0 {
            return Ok(found);
        }
    }
    let mask = step(&format!("pii.mask@2: {{kinds: [{kind}], with: \"\\u0001\"}}"))?;
    let masked = carried_out(&[mask], &[text])[0].text.clone().unwrap_or_default();
    let letters: Vec<char> = text.chars().collect();
    let mut rest = String::new();
    let spans = ["expected_positions", "expected_res"]
        .iter()
        .find_map(|key| case["expected"][*key].as_array().filter(|spans| !spans.is_empty()));
    let Some(spans) = spans else { return Ok(Verdict::Same) };
    let mut at = 0;
    for span in spans {
        let place = |end: usize| span[end].as_u64().unwrap_or(0) as usize;
        let (start, end) = (place(0), place(1));
        rest.extend(&letters[at..start.max(at)]);
        rest.push('\u{1}');
        at = end;
    }
    rest.extend(&letters[at.min(letters.len())..]);
    Ok(same(masked, rest))
}

#[test]
fn every_case_of_another_tool_passes() {
    let mut wrong = Vec::new();
    for line in CASES.lines() {
        let case: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert!(case["source"].is_string(), "a case without its source: {line}");
        let wanted = (case["differs"].is_string(), case["apart"].as_str());
        match (judged(&case).unwrap_or_else(|verdict| verdict), wanted) {
            (Verdict::Same, (false, None)) | (Verdict::Differs(_), (true, None)) => {}
            (Verdict::Unclaimed(reason), (false, Some(known))) if reason == known => {}
            (verdict, _) => wrong.push(format!("{}: {verdict:?}", case["id"])),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Cases by tool: the numbers in a column of a table of the page.
fn said(table: &str, column: usize) -> BTreeMap<String, usize> {
    let (_, table) = PAGE.split_once(table).expect("a table");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let mut said = BTreeMap::new();
    for row in rows.map(|line| line.split('|').map(str::trim).collect::<Vec<_>>()) {
        let number: usize = row[column].parse().expect("a number");
        *said.entry(plain(row[1])).or_default() += number;
    }
    said
}

#[test]
fn the_page_counts_the_cases() {
    let (mut same, mut apart) = (BTreeMap::new(), BTreeMap::new());
    let mut all: BTreeMap<String, usize> = BTreeMap::new();
    for line in CASES.lines() {
        let case: Value = serde_json::from_str(line).expect("a case");
        let (tool, _) = case["op"].as_str().and_then(|op| op.split_once('/')).expect("a tool");
        *all.entry(plain(tool)).or_default() += 1;
        match (case["differs"].is_null(), case["apart"].is_null()) {
            (true, true) => *same.entry(plain(tool)).or_default() += 1,
            (_, false) => *apart.entry(plain(tool)).or_default() += 1,
            _ => {}
        }
    }
    assert_eq!(said("| tool | same |", 2), same);
    assert_eq!(said("| tool | cases |", 2), apart);
    // Where the page says why cases are claimed by none, it has all of them.
    let of_all = said("| tool | same |", 3);
    apart.keys().for_each(|tool| assert_eq!(of_all[tool], all[tool], "{tool}"));
}

/// A tool's name without case and marks.
fn plain(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase()
}

#[test]
fn the_cases_are_counted() {
    let Ok(file) = std::env::var("INGOT_PEERS") else { return };
    let cases = std::fs::read_to_string(&file).expect("a file of cases");
    let mut counts: BTreeMap<String, [usize; 3]> = BTreeMap::new();
    let mut reasons: BTreeMap<(String, String), usize> = BTreeMap::new();
    for line in cases.lines() {
        let case: Value = serde_json::from_str(line).expect("a case");
        let verdict = judged(&case).unwrap_or_else(|verdict| verdict);
        let op = case["op"].as_str().unwrap_or_default().to_owned();
        let count = counts.entry(op.clone()).or_default();
        match &verdict {
            Verdict::Same => count[0] += 1,
            Verdict::Differs(_) => count[1] += 1,
            Verdict::Unclaimed(reason) => {
                count[2] += 1;
                *reasons.entry((op, reason.clone())).or_default() += 1;
            }
        }
        println!("{} {} {verdict:?}", case["id"], case["op"]);
    }
    for (op, [same, differ, apart]) in counts {
        println!("= {op}: {same} same, {differ} differ, {apart} out of scope");
    }
    for ((op, reason), count) in reasons {
        println!("- {op}: {count} out of scope: {reason}");
    }
}
