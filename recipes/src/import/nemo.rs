//! NeMo Curator: `filters` or `stages`, each with the path of a class and its `params`.

use serde_json::{Map, Value, json};

use super::table::{MODEL, Row, Take, To, Translated, or, row};
use super::{Import, Tool, items, settings};
use crate::problem::Problems;
use crate::tree::{self, Node};

use Take::{As, Free, Language, Lost, Only, Read, Rest};
use To::{By, None as No, Step};

const OWN: &str = r#"{"profile": "nemo"}"#;
const ENGLISH: &str = r#"["en"]"#;
const COMMENTS: &str = "not translated; `filter.comments@1` measures comments";
const NO_SPACES: &str =
    "common words are English; for languages without spaces give `common_words: []`";
const PATTERN: &str = "a pattern of one's own";

/// The heuristic and code filters, and the modifiers.
pub static ROWS: &[Row] = &[
    row(
        "NonAlphaNumericFilter",
        Step("filter.alphanumeric@1", OWN),
        &[("max_non_alpha_numeric_to_text_ratio", Rest("share_min", "0.25"))],
        "",
    ),
    row(
        "SymbolsToWordsFilter",
        Step("filter.symbols-per-word@1", OWN),
        &[("max_symbol_to_word_ratio", As("max", "0.1")), ("lang", Only(ENGLISH))],
        "",
    ),
    row(
        "NumbersFilter",
        Step("filter.digits@1", OWN),
        &[("max_number_to_text_ratio", As("share_max", "0.15"))],
        "",
    ),
    row(
        "UrlsFilter",
        Step("filter.link-characters@1", OWN),
        &[("max_url_to_text_ratio", As("share_max", "0.2")), ("url_regex", Lost(PATTERN, "null"))],
        "",
    ),
    row(
        "BulletsFilter",
        Step("filter.bullet-lines@1", OWN),
        &[("max_bullet_lines_ratio", As("share_max", "0.9"))],
        "",
    ),
    row(
        "WhiteSpaceFilter",
        Step("filter.whitespace@1", OWN),
        &[("max_white_space_ratio", As("share_max", "0.25"))],
        "",
    ),
    row(
        "ParenthesesFilter",
        Step("filter.brackets@1", OWN),
        &[("max_parentheses_ratio", As("share_max", "0.1"))],
        "",
    ),
    row(
        "LongWordFilter",
        Step("filter.longest-word@1", OWN),
        &[("max_word_length", As("max", "1000")), ("lang", Only(ENGLISH))],
        "",
    ),
    row(
        "WordCountFilter",
        Step("filter.words@1", OWN),
        &[("min_words", As("min", "50")), ("max_words", As("max", "100000")), ("lang", Language)],
        "",
    ),
    row(
        "BoilerPlateStringFilter",
        Step("filter.boilerplate@1", "{}"),
        &[
            ("remove_if_at_top_or_bottom", Free),
            ("max_boilerplate_string_ratio", As("share_max", "0.4")),
        ],
        "",
    ),
    row(
        "MeanWordLengthFilter",
        Step("filter.mean-word-length@1", OWN),
        &[
            ("min_mean_word_length", As("min", "3")),
            ("max_mean_word_length", As("max", "10")),
            ("lang", Only(ENGLISH)),
        ],
        "",
    ),
    row(
        "PunctuationFilter",
        Step("filter.terminal-lines@1", OWN),
        &[("max_num_sentences_without_endmark_ratio", Rest("share_min", "0.85"))],
        "",
    ),
    row(
        "EllipsisFilter",
        Step("filter.ellipsis-lines@1", OWN),
        &[("max_num_lines_ending_with_ellipsis_ratio", As("share_max", "0.3"))],
        "",
    ),
    row(
        "CommonEnglishWordsFilter",
        Step("filter.stop-words@1", "{}"),
        &[("min_num_common_words", As("min", "2")), ("stop_at_false", Free)],
        "",
    ),
    row(
        "WordsWithoutAlphabetsFilter",
        Step("filter.alphabetic-words@1", OWN),
        &[("min_words_with_alphabets", As("share_min", "0.8")), ("lang", Only(ENGLISH))],
        "",
    ),
    row(
        "PornographicUrlsFilter",
        Step("filter.links-with@1", r#"{"parts": ["porn"]}"#),
        &[("url_regex", Lost(PATTERN, "null"))],
        "",
    ),
    row("SubstringFilter", By(substring), &[("substring", Read), ("position", Read)], ""),
    row(
        "RepeatedLinesFilter",
        Step("filter.repeated-lines@1", OWN),
        &[("max_repeated_line_fraction", Rest("share_max", "0.7"))],
        "",
    ),
    row(
        "RepeatedParagraphsFilter",
        Step("filter.repeated-paragraphs@1", OWN),
        &[("max_repeated_paragraphs_ratio", Rest("share_max", "0.7"))],
        "",
    ),
    row(
        "RepeatedLinesByCharFilter",
        Step("filter.repeated-line-characters@1", OWN),
        &[("max_repeated_lines_char_ratio", Rest("share_max", "0.8"))],
        "",
    ),
    row(
        "RepeatedParagraphsByCharFilter",
        Step("filter.repeated-paragraph-characters@1", OWN),
        &[("max_repeated_paragraphs_char_ratio", Rest("share_max", "0.8"))],
        "",
    ),
    row(
        "RepeatingTopNGramsFilter",
        Step("filter.top-ngram@1", OWN),
        &[
            ("n", As("n", "2")),
            ("max_repeating_ngram_ratio", As("share_max", "0.2")),
            ("lang", Only(ENGLISH)),
        ],
        "",
    ),
    row(
        "RepeatingDuplicateNGramsFilter",
        Step("filter.repeated-ngrams@1", OWN),
        &[
            ("n", As("n", "2")),
            ("max_repeating_duplicate_ngram_ratio", As("share_max", "0.2")),
            ("lang", Only(ENGLISH)),
        ],
        "",
    ),
    row(
        "AlphaFilter",
        Step("filter.alphabetic@1", "{}"),
        &[("min_alpha_ratio", As("share_min", "0.25"))],
        "",
    ),
    row(
        "NumberOfLinesOfCodeFilter",
        Step("filter.lines@1", OWN),
        &[("min_lines", As("min", "10")), ("max_lines", As("max", "20000"))],
        "",
    ),
    row("XMLHeaderFilter", By(xml), &[("char_prefix_search_length", Read)], ""),
    row("GeneralCommentToCodeFilter", No(COMMENTS), &[], ""),
    row("PythonCommentToCodeFilter", No(COMMENTS), &[], ""),
    row(
        "HTMLBoilerplateFilter",
        No("not translated; `filter.html-text@1` measures the visible part"),
        &[],
        "",
    ),
    row("PerExtensionFilter", No("its table of file types does not come with the recipe"), &[], ""),
    row("TokenizerFertilityFilter", No(MODEL), &[], ""),
    row("TokenCountFilter", No(MODEL), &[], ""),
    row("FastTextQualityFilter", No(MODEL), &[], ""),
    row("FastTextLangId", No(MODEL), &[], ""),
    row("HistogramFilter", No("its table of characters does not come with the recipe"), &[], ""),
    row("LengthRatioFilter", No("a document is one text here"), &[], ""),
    row(
        "BoilerPlateStringModifier",
        No("no step takes paragraphs at the top and the end"),
        &[],
        "",
    ),
    row("LineRemover", By(line_remover), &[("patterns", Read)], ""),
    row("MarkdownRemover", Step("text.markdown@1", OWN), &[], ""),
    row("NewlineNormalizer", Step("text.newlines@1", "{}"), &[], ""),
    row("QuotationRemover", Step("text.quotes@1", "{}"), &[], ""),
    row(
        "Slicer",
        By(slicer),
        &[
            ("left", Read),
            ("right", Read),
            ("include_left", Read),
            ("include_right", Read),
            ("strip", Read),
        ],
        "",
    ),
    row(
        "UnicodeReformatter",
        By(unicode),
        &[
            ("normalization", Read),
            ("uncurl_quotes", Read),
            ("fix_latin_ligatures", Read),
            ("fix_character_width", Read),
            ("fix_line_breaks", Read),
            ("max_decode_length", Free),
            ("explain", Free),
        ],
        "",
    ),
    row(
        "JusTextExtractor",
        Step("text.main-content@1", r#"{"profile": "justext"}"#),
        &[
            ("length_low", Only("[70]")),
            ("length_high", Only("[200]")),
            ("stopwords_low", Only("[0.3]")),
            ("stopwords_high", Only("[0.32]")),
            ("max_link_density", Only("[0.2]")),
            ("max_heading_distance", Only("[200]")),
            ("no_headings", Only("[false]")),
            ("is_boilerplate", Only("[null, true]")),
        ],
        NO_SPACES,
    ),
    row(
        "ResiliparseExtractor",
        Step("text.main-content@1", r#"{"profile": "resiliparse"}"#),
        &[
            ("required_stopword_density", Only("[0.32]")),
            ("main_content", Only("[true]")),
            ("alt_texts", Only("[false]")),
        ],
        NO_SPACES,
    ),
    row(
        "TrafilaturaExtractor",
        No("its rules are its own; `text.main-content@1` has others"),
        &[],
        "",
    ),
    row("UrlRemover", Step("text.links@1", OWN), &[], ""),
];

type Settings = Map<String, Value>;

fn substring(settings: &Settings, made: &mut Translated) {
    let place = match or(settings, "position", json!("any")).as_str() {
        Some("prefix") => "front",
        Some("suffix") => "end",
        _ => "anywhere",
    };
    match settings.get("substring") {
        Some(Value::String(one)) if !one.is_empty() => made.step(
            "filter.phrases@1",
            json!({"phrases": [one], "place": place, "exact": true, "min": 1,
                "max": crate::canonical::INTEGER_MAX}),
        ),
        _ => made.lose("it has no `substring`"),
    }
}

fn xml(settings: &Settings, made: &mut Translated) {
    let within = or(settings, "char_prefix_search_length", json!(100));
    made.step(
        "filter.phrases@1",
        json!({"phrases": ["<?xml version="], "exact": true, "within": within}),
    );
}

fn line_remover(settings: &Settings, made: &mut Translated) {
    match settings.get("patterns") {
        Some(patterns @ Value::Array(all)) if !all.is_empty() => made.step(
            "text.boilerplate@1",
            json!({"phrases": patterns, "exact": true, "whole_lines": true,
                "line_words_max": crate::canonical::INTEGER_MAX}),
        ),
        _ => made.lose("it has no `patterns`"),
    }
}

fn slicer(settings: &Settings, made: &mut Translated) {
    let mut own = json!({});
    for (key, at, of) in [("left", "from", "after"), ("right", "to", "before")] {
        match settings.get(key) {
            Some(Value::Number(number)) if number.is_u64() => own[at] = json!(number),
            Some(Value::Number(_)) => {
                made.lose(format!("`{key}`: places are counted from the front"))
            }
            Some(Value::String(text)) if !text.is_empty() => own[of] = json!(text),
            _ => {}
        }
    }
    for (key, ours) in [("include_left", "with_after"), ("include_right", "with_before")] {
        if or(settings, key, json!(true)) == true {
            own[ours] = json!(true);
        }
    }
    own["trim"] = or(settings, "strip", json!(true));
    made.step("text.slice@1", own);
}

fn unicode(settings: &Settings, made: &mut Translated) {
    // What it leaves as it is, but where it is told not to.
    let rules = [
        ("uncurl_quotes", "quotes"),
        ("fix_latin_ligatures", "ligatures"),
        ("fix_character_width", "widths"),
        ("fix_line_breaks", "line-ends"),
    ];
    let kept = rules.iter().filter(|(key, _)| or(settings, key, json!(false)) != true);
    let mut keep: Vec<&str> = kept.map(|(_, ours)| *ours).collect();
    keep.push("marks");
    made.step("text.mojibake@1", json!({"profile": "ftfy", "keep": keep}));
    match or(settings, "normalization", Value::Null).as_str().map(str::to_lowercase).as_deref() {
        None => {}
        Some(form @ ("nfc" | "nfkc")) => made.step("text.normalize@1", json!({"form": form})),
        Some(form) => made.lose(format!("`normalization: {form}`")),
    }
}

/// Reads a configuration.
pub fn read(import: &mut Import, problems: &mut Problems, root: &Node) {
    let list = match &root.value {
        tree::Value::List(_) => Some(root),
        tree::Value::Map(members) => {
            let known = ["filters", "modifiers", "stages", "processors"];
            let is_list = |key: &Node| key.text().is_some_and(|key| known.contains(&key));
            members.iter().find(|(key, _)| is_list(key)).map(|(_, list)| list)
        }
        _ => None,
    };
    let Some(list) = list else {
        return problems.add(root.place, "the configuration has no `filters`");
    };
    for item in items(problems, list, "`filters`") {
        let own = settings(problems, item, "a filter");
        let path =
            ["name", "_target_", "filter_obj"].iter().find_map(|key| own.get(*key)?.as_str());
        let Some(path) = path else {
            import.lose("a filter without `name`", item.place, "no operator of text");
            continue;
        };
        let name = path.rsplit('.').next().unwrap_or(path).to_owned();
        let params = match own.get("params") {
            Some(Value::Object(params)) => params.clone(),
            _ => own.into_iter().filter(|(key, _)| key != "name" && key != "_target_").collect(),
        };
        import.operator(Tool::Nemo, &name, item.place, &params);
    }
}
