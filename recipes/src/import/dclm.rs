//! DCLM: a list of sources, each with `steps`, each step a `func` with its parameters.

use serde_json::{Map, Value, json};

use super::table::{META, MODEL, Row, Take, To, Translated, languages, or, parsed, row};
use super::{Import, Tool, items, members, settings};
use crate::problem::Problems;
use crate::tree::{self, Node};

use Take::{As, Free, Only, Read, Rest};
use To::{By, None as No, Step, Steps};

const OWN: &str = r#"{"profile": "dclm"}"#;
const CODE: &str = "a document is one text here, no repository and no thread";
const COUNT: &str = "no step counts for another one";

/// An empty text is dropped.
const NOT_EMPTY: (&str, &str) = ("filter.length@1", r#"{"chars_min": 1}"#);

const PHRASES: &[(&str, Take)] = &[
    ("banlist", Read),
    ("banlist_from_fname", Read),
    ("location", Read),
    ("case_sensitive", Read),
    ("exact_word", Read),
    ("max_length", Read),
    ("remove_substring_only", Read),
];
const WORDS: &[(&str, Take)] = &[
    ("key", Free),
    ("length_type", Read),
    ("min_length", Read),
    ("max_length", Read),
    ("model", Read),
    ("ignore_punctuation", Read),
    ("ignore_whitespace", Read),
    ("remove_empty", Read),
    ("tokenizer", Read),
    ("tokenizer_lang", Free),
];

const ADDRESS: &[(&str, Take)] = &[
    ("banlist", Read),
    ("banlist_from_fname", Read),
    ("ignore_chars", Read),
    ("num_banned_substrs", Read),
    ("exact_domain_match", Read),
    ("match_substrings", Read),
    ("case_sensitive", Read),
];

const TOLD: &[(&str, Take)] = &[
    ("model", Free),
    ("key", Free),
    ("key_prefix", Free),
    ("overwrite", Free),
    ("keep_languages", Read),
    ("threshold", Read),
];

/// The filters, modifiers and enrichers.
pub static ROWS: &[Row] = &[
    row("alphabetic_characters_to_tokens_filter", No(MODEL), &[], ""),
    row(
        "alphabetic_word_ratio_filter",
        Step("filter.alphabetic-words@1", OWN),
        &[("max_ratio", Rest("share_min", "0.2"))],
        "",
    ),
    row(
        "alphanumeric_char_ratio_filter",
        Step("filter.alphanumeric@1", OWN),
        &[("max_alnum_ratio", As("share_min", "0.25"))],
        "",
    ),
    row(
        "arxiv_appendix_modifier",
        Steps(&[("text.latex-bibliography@1", "{}"), NOT_EMPTY]),
        &[],
        "",
    ),
    row(
        "arxiv_comment_modifier",
        Steps(&[("text.latex-comments@1", r#"{"profile": "redpajama"}"#), NOT_EMPTY]),
        &[("remove_multiline", As("blocks", "false"))],
        "",
    ),
    row("arxiv_macro_modifier", Steps(&[("text.latex-macros@1", "{}"), NOT_EMPTY]), &[], ""),
    row(
        "arxiv_section_strip_modifier",
        Steps(&[("text.latex-header@1", r#"{"drop_without": true}"#), NOT_EMPTY]),
        &[],
        "",
    ),
    row(
        "bullet_count_filter",
        Step("filter.bullet-lines@1", OWN),
        &[("max_bullet_start_ratio", As("share_max", "0.9"))],
        "",
    ),
    row("citation_removal_modifier", Steps(&[("text.citations@1", "{}"), NOT_EMPTY]), &[], ""),
    row(
        "counter_line_modifier",
        Steps(&[("text.lines@1", r#"{"counters": true, "trim": true}"#), NOT_EMPTY]),
        &[],
        "",
    ),
    row("detect_lang_paragraph_enricher", No(MODEL), &[], ""),
    row("detect_lang_whole_page_enricher", By(told), TOLD, ""),
    row(
        "ellipsis_count_filter",
        Step("filter.ellipsis-lines@1", OWN),
        &[("max_ellipsis_end_ratio", As("share_max", "0.3"))],
        "",
    ),
    row("github_extension_filter", By(extension), &[("allowed_extensions", Read)], ""),
    row(
        "html_content_extraction_modifier",
        No("not translated; `text.main-content@1` has rules like jusText's"),
        &[],
        "",
    ),
    row("join_lines_modifier", No(CODE), &[], ""),
    row("ken_lm_perplexity_enricher", No(MODEL), &[], ""),
    row("key_name_modifier", No(META), &[], ""),
    row("language_filter", By(language), TOLD, ""),
    row("line_counter_enricher", No(COUNT), &[], ""),
    row("line_length_filter", By(line_length), &[("length_type", Read), ("max_length", Read)], ""),
    row(
        "line_length_modifier",
        Steps(&[("text.lines@1", "{}"), NOT_EMPTY]),
        &[("min_length", As("words_min", "0")), ("max_length", As("words_max", "null"))],
        "",
    ),
    row("massive_web_repetition_filters", By(web), &[("skip_paragraph", Read)], ""),
    row("move_url_modifier", No(META), &[], ""),
    row(
        "newline_removal_modifier",
        Step("text.newlines@1", "{}"),
        &[("max_consecutive", As("lines_max", "2"))],
        "",
    ),
    row(
        "numeric_ratio_line_modifier",
        Steps(&[("text.lines@1", r#"{"trim": true}"#), NOT_EMPTY]),
        &[("max_ratio", As("digits_share_max", "1.0"))],
        "",
    ),
    row("page_length_filter", By(page_length), WORDS, ""),
    row("punctuation_line_modifier", By(ends), &[("remove_ellipses", Read)], ""),
    row("quality_filter", No(META), &[], ""),
    row("random_sampling_filter", No("it chooses by chance; `select.sample@1` by digest"), &[], ""),
    row(
        "repetition_filter",
        By(repetition),
        &[
            ("granularity", Read),
            ("max_fraction", Read),
            ("count_characters", Read),
            ("ngram_char_ratio", Read),
            ("ignore_case", Only("[false]")),
        ],
        "",
    ),
    row("split_lines_modifier", No(CODE), &[], ""),
    row("stackexchange_answer_sort_modifier", No(CODE), &[], ""),
    row("stackexchange_html_extraction_modifier", No(CODE), &[], ""),
    row("stackexchange_list_modifier", No(CODE), &[], ""),
    row("stackexchange_qa_formatter", No(CODE), &[], ""),
    row("starcoder_v2_format_modifier", No(CODE), &[], ""),
    row("starcoder_v2_repo_splitter", No(CODE), &[], ""),
    row(
        "stop_word_filter",
        Step("filter.stop-words@1", r#"{"any_case": true}"#),
        &[("count_unique", As("different", "false")), ("min_stop_word", As("min", "2"))],
        "",
    ),
    row("substring_filter", By(phrases), PHRASES, "phrases are texts here, no patterns"),
    row(
        "substring_line_modifier",
        By(phrase_lines),
        PHRASES,
        "phrases are texts here, no patterns",
    ),
    row(
        "symbol_ratio_filter",
        Step("filter.symbols-per-word@1", OWN),
        &[("max_symbol_to_word_ratio", As("max", "0.1"))],
        "",
    ),
    row(
        "uppercase_ratio_line_modifier",
        Steps(&[("text.lines@1", r#"{"trim": true}"#), NOT_EMPTY]),
        &[("max_ratio", As("uppercase_share_max", "0.5"))],
        "",
    ),
    row(
        "url_removal_modifier",
        Steps(&[("text.links@1", OWN), NOT_EMPTY]),
        &[("tlds_filepath", Free)],
        "",
    ),
    row("url_substring_filter", By(address), ADDRESS, ""),
    row("within_page_dedup", By(within), &[("granularity", Read), ("normalize", Read)], ""),
    row("word_counter_enricher", No(COUNT), &[], ""),
    row(
        "word_length_filter",
        Step("filter.mean-word-length@1", OWN),
        &[("min_length", As("min", "0.0")), ("max_length", As("max", "null"))],
        "",
    ),
    row(
        "word_length_modifier",
        Steps(&[("text.lines@1", "{}"), NOT_EMPTY]),
        &[
            ("key", Free),
            ("max_length", As("word_chars_max", "1000")),
            ("ignore_punctuation", As("bare", "false")),
            ("model", Free),
            ("tokenizer", Free),
            ("tokenizer_lang", Free),
        ],
        "",
    ),
    row("word_removal_ratio_filter", No(COUNT), &[], ""),
];

type Settings = Map<String, Value>;

fn not_empty(made: &mut Translated) {
    made.step(NOT_EMPTY.0, parsed(NOT_EMPTY.1));
}

fn told(_: &Settings, made: &mut Translated) {
    made.notes.push("`filter.language@1` finds the language itself".into());
}

fn language(settings: &Settings, made: &mut Translated) {
    let keep = or(settings, "keep_languages", json!([]));
    languages(made, &keep, &or(settings, "threshold", json!(0.0)));
}

fn ends(settings: &Settings, made: &mut Translated) {
    let mut own = json!({"ends": [".", "!", "?", "\"", "…"]});
    if or(settings, "remove_ellipses", json!(false)) == true {
        own["ends_not"] = json!(["...", "…"]);
    }
    made.step("text.lines@1", own);
    not_empty(made);
}

fn line_length(settings: &Settings, made: &mut Translated) {
    let most = or(settings, "max_length", json!(1000));
    let name = match or(settings, "length_type", json!("max")).as_str() {
        Some("avg") => "filter.mean-line-length@1",
        _ => "filter.longest-line@1",
    };
    made.step(name, json!({"profile": "dclm", "max": most}));
}

fn page_length(settings: &Settings, made: &mut Translated) {
    let length = or(settings, "length_type", json!("word"));
    let name = match length.as_str() {
        Some("char") => "filter.length@1",
        Some("word") => "filter.words@1",
        Some("sentence") => "filter.sentences@1",
        Some("line") => "filter.lines@1",
        Some("paragraph") => "filter.paragraphs@1",
        _ => return made.lose(format!("`length_type: {length}`")),
    };
    let (min, max) = match name {
        "filter.length@1" => ("chars_min", "chars_max"),
        _ => ("min", "max"),
    };
    let mut own = if min == "min" { json!({"profile": "dclm"}) } else { json!({}) };
    own[min] = or(settings, "min_length", json!(1));
    own[max] = or(settings, "max_length", Value::Null);
    let blank = or(settings, "remove_empty", json!(true)) != true;
    if blank && name == "filter.lines@1" {
        own["profile"] = json!("nemo");
    }
    if blank && name != "filter.lines@1" || or(settings, "ignore_whitespace", json!(true)) != true {
        made.lose("empty pieces are not counted here");
    }
    if name == "filter.words@1" {
        match or(settings, "model", json!("fasttext")).as_str() {
            Some("uniseg") => own["cut"] = json!("segments"),
            Some("split") => own["cut"] = json!("spaces"),
            _ => {}
        }
        if or(settings, "ignore_punctuation", json!(false)) == true {
            own["bare"] = json!(true);
        }
    }
    if name == "filter.sentences@1" {
        made.notes.push("sentences end by the rule of `filter.sentences@1`".into());
    }
    made.step(name, own);
}

fn repetition(settings: &Settings, made: &mut Translated) {
    let most = or(settings, "max_fraction", json!(1.0));
    let granularity = or(settings, "granularity", json!("line"));
    let letters = or(settings, "count_characters", json!(true)) == true;
    let name = match (granularity.as_str(), letters) {
        (Some("line"), true) => "filter.repeated-line-characters@1",
        (Some("line"), false) => "filter.repeated-lines@1",
        (Some("paragraph"), true) => "filter.repeated-paragraph-characters@1",
        (Some("paragraph"), false) => "filter.repeated-paragraphs@1",
        _ => {
            let n = granularity.as_u64().unwrap_or(2);
            let common = match or(settings, "ngram_char_ratio", Value::Null).as_str() {
                Some(kind) => kind == "most_common",
                None => n < 5,
            };
            let name = if common { "filter.top-ngram@1" } else { "filter.repeated-ngrams@1" };
            return made.step(name, json!({"profile": "dclm", "n": n, "share_max": most}));
        }
    };
    made.step(name, json!({"profile": "dclm", "share_max": most}));
}

fn web(settings: &Settings, made: &mut Translated) {
    let paragraphs = or(settings, "skip_paragraph", json!(false)) != true;
    for (granularity, most, letters) in [
        (json!("line"), 0.3, false),
        (json!("paragraph"), 0.3, false),
        (json!("line"), 0.2, true),
        (json!("paragraph"), 0.2, true),
        (json!(2), 0.2, true),
        (json!(3), 0.18, true),
        (json!(4), 0.16, true),
        (json!(5), 0.15, true),
        (json!(6), 0.14, true),
        (json!(7), 0.13, true),
        (json!(8), 0.12, true),
        (json!(9), 0.11, true),
        (json!(10), 0.1, true),
    ] {
        if paragraphs || granularity != "paragraph" {
            let one = json!({"granularity": granularity, "max_fraction": most,
                "count_characters": letters});
            repetition(one.as_object().unwrap_or(&Map::new()), made);
        }
    }
}

/// The phrases of a step, and where they stand.
fn banned(settings: &Settings, made: &mut Translated) -> Option<Value> {
    if settings.contains_key("banlist_from_fname") {
        made.lose("`banlist_from_fname`: the list does not come with the recipe");
        return None;
    }
    let listed = match settings.get("banlist")? {
        Value::String(one) => json!([one]),
        all => all.clone(),
    };
    let place = match or(settings, "location", json!("any")).as_str() {
        Some("prefix") => "front",
        Some("suffix") => "end",
        _ => "anywhere",
    };
    Some(json!({"phrases": listed, "place": place}))
}

fn extension(settings: &Settings, made: &mut Translated) {
    let listed = settings.get("allowed_extensions").filter(|listed| listed.is_array());
    made.ends(
        listed.cloned().unwrap_or_default(),
        "its own list of endings does not come with the recipe",
    );
}

fn address(settings: &Settings, made: &mut Translated) {
    let Some(listed) = banned(settings, made).map(|found| found["phrases"].clone()) else { return };
    let is = |key: &str, default: bool| or(settings, key, json!(default)) == true;
    let mut own = json!({});
    if is("exact_domain_match", false) {
        own["hosts"] = listed;
        own["reach"] = json!("alone");
    } else {
        let least = or(settings, "num_banned_substrs", json!(1)).as_u64().unwrap_or(1);
        own[if is("match_substrings", true) { "parts" } else { "words" }] = listed;
        own["max"] = json!(least.saturating_sub(1));
        own["exact"] = json!(is("case_sensitive", false));
    }
    if let Some(taken) = settings.get("ignore_chars").filter(|taken| taken.is_array()) {
        own["without"] = taken.clone();
    }
    made.step("filter.address@1", own);
}

fn phrases(settings: &Settings, made: &mut Translated) {
    let Some(mut own) = banned(settings, made) else { return };
    if or(settings, "case_sensitive", json!(false)) == true {
        own["exact"] = json!(true);
    }
    if or(settings, "exact_word", json!(false)) == true {
        own["whole"] = json!(true);
    }
    made.step("filter.phrases@1", own);
}

fn phrase_lines(settings: &Settings, made: &mut Translated) {
    let Some(mut own) = banned(settings, made) else { return };
    own["trim"] = json!(true);
    if let Some(most) = settings.get("max_length").filter(|most| most.is_u64()) {
        own["line_words_max"] = most.clone();
    } else {
        own["line_words_max"] = json!(crate::canonical::INTEGER_MAX);
    }
    for (key, ours) in [("case_sensitive", "exact"), ("remove_substring_only", "phrase_only")] {
        if or(settings, key, json!(false)) == true {
            own[ours] = json!(true);
        }
    }
    made.step("text.boilerplate@1", own);
    not_empty(made);
}

fn within(settings: &Settings, made: &mut Translated) {
    let part = match or(settings, "granularity", json!("line")).as_str() {
        Some("paragraph") => "paragraphs",
        _ => "lines",
    };
    let bare = or(settings, "normalize", json!(true));
    made.step("text.repeated-parts@1", json!({"part": part, "bare": bare}));
}

/// Reads a configuration.
pub fn read(import: &mut Import, problems: &mut Problems, root: &Node) {
    let sources = match &root.value {
        tree::Value::List(sources) => sources.iter().collect(),
        _ => vec![root],
    };
    for source in sources {
        let all = members(problems, source, "a source");
        let Some((_, _, steps)) = all.iter().find(|(key, ..)| *key == "steps") else {
            problems.add(source.place, "a source has no `steps`");
            continue;
        };
        if let Some((_, _, name)) = all.iter().find(|(key, ..)| *key == "source") {
            import.name = name.text().unwrap_or("imported").into();
        }
        for step in items(problems, steps, "`steps`") {
            let own = settings(problems, step, "a step");
            let name = own.get("func").and_then(Value::as_str).unwrap_or_default().to_owned();
            match own.contains_key("func") {
                true => import.operator(Tool::Dclm, &name, step.place, &own),
                false => import.lose("a step without `func`", step.place, "no operator of text"),
            }
        }
    }
}
