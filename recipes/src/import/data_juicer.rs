//! Data-Juicer: `process` is the list of operators, `dataset_path` or `dataset` the inputs.

use serde_json::{Map, Value, json};

use super::table::{META, MODEL, Row, Take, To, Translated, languages, or, row};
use super::{Import, Tool, items, members, paths, settings};
use crate::problem::Problems;
use crate::tree::{self, Node};

use Take::{As, Free, Lost, Model, Only, Read};
use To::{By, None as No, Step};

/// Parameters of any operator that change no result.
pub const FREE: [&str; 12] = [
    "accelerator",
    "num_proc",
    "cpu_required",
    "gpu_required",
    "mem_required",
    "memory",
    "batch_size",
    "batch_mode",
    "turbo",
    "skip_op_error",
    "work_dir",
    "stats_export_path",
];

const OWN: &str = r#"{"profile": "data-juicer"}"#;
const LIST: &str =
    "its list of words does not come with the recipe; `filter.listed-words@1` takes one";
const RANDOM: &str = "it makes other texts by chance";

/// The mappers, filters, deduplicators and selectors for text.
pub static ROWS: &[Row] = &[
    row(
        "chinese_convert_mapper",
        Step("text.chinese-script@1", "{}"),
        &[("mode", As("conversion", "\"s2t\""))],
        "",
    ),
    row("clean_copyright_mapper", Step("text.copyright@1", "{}"), &[], ""),
    row("clean_email_mapper", By(email), &[("pattern", Read), ("repl", Read)], ""),
    row("clean_html_mapper", Step("text.html@1", OWN), &[], ""),
    row("clean_ip_mapper", By(ip), &[("pattern", Read), ("repl", Read)], ""),
    row("clean_links_mapper", By(links), &[("pattern", Read), ("repl", Read)], ""),
    row("expand_macro_mapper", Step("text.latex-macros@1", "{}"), &[], ""),
    row("extract_tables_from_html_mapper", No(META), &[], ""),
    row("fix_unicode_mapper", By(fix_unicode), &[("normalization", Read)], ""),
    row("nlpaug_en_mapper", No(RANDOM), &[], ""),
    row("nlpcda_zh_mapper", No(RANDOM), &[], ""),
    row("punctuation_normalization_mapper", Step("text.punctuation@1", "{}"), &[], ""),
    row("remove_bibliography_mapper", Step("text.latex-bibliography@1", "{}"), &[], ""),
    row(
        "remove_comments_mapper",
        Step("text.latex-comments@1", r#"{"profile": "redpajama"}"#),
        &[
            ("doc_type", Only(r#"["tex"]"#)),
            ("inline", As("inline", "true")),
            ("multiline", As("lines", "true")),
        ],
        "",
    ),
    row(
        "remove_header_mapper",
        Step("text.latex-header@1", "{}"),
        &[("drop_no_head", As("drop_without", "true"))],
        "",
    ),
    row(
        "remove_long_words_mapper",
        Step("text.long-words@1", OWN),
        &[("min_len", As("chars_min", "1")), ("max_len", As("chars_max", "9007199254740991"))],
        "",
    ),
    row("remove_non_chinese_character_mapper", By(han_only), HAN, ""),
    // This is how Data-Juicer registers it.
    row("remove_non_chinese_characterl_mapper", By(han_only), HAN, ""),
    row(
        "remove_repeat_sentences_mapper",
        Step("text.repeated-sentences@1", OWN),
        &[
            ("lowercase", As("any_case", "false")),
            ("ignore_special_character", As("bare", "true")),
            ("min_repeat_sentence_length", As("chars_min", "2")),
        ],
        "",
    ),
    row(
        "remove_specific_chars_mapper",
        Step("text.remove-characters@1", "{}"),
        &[("chars_to_remove", As("characters", "\"◆●■►▼▲▴∆▻▷❖♡□\""))],
        "",
    ),
    row(
        "remove_table_text_mapper",
        Step("text.tables@1", "{}"),
        &[("min_col", As("columns_min", "2")), ("max_col", As("columns_max", "20"))],
        "",
    ),
    row(
        "remove_words_with_incorrect_substrings_mapper",
        Step("text.words-with@1", "{}"),
        &[
            ("lang", Free),
            ("tokenization", Model),
            ("substrings", As("parts", r#"["http", "www", ".com", "href", "//"]"#)),
        ],
        "",
    ),
    row(
        "replace_content_mapper",
        By(replace),
        &[("pattern", Read), ("repl", Read)],
        "patterns are those of the crate `regex`: no look-around, no back-references",
    ),
    row(
        "sentence_split_mapper",
        Step("text.sentence-lines@1", "{}"),
        &[("lang", Free)],
        "sentences end by the rule of `filter.sentences@1`, not by NLTK's model",
    ),
    row("text_chunk_mapper", No("no step makes two documents of one"), &[], ""),
    row("whitespace_normalization_mapper", Step("text.whitespace@1", "{}"), &[], ""),
    row(
        "alphanumeric_filter",
        Step("filter.alphanumeric@1", OWN),
        &[
            ("tokenization", Only("[false]")),
            ("min_ratio", As("share_min", "0.25")),
            ("max_ratio", As("share_max", "1.0")),
        ],
        "",
    ),
    row(
        "average_line_length_filter",
        Step("filter.mean-line-length@1", OWN),
        &[("min_len", As("min", "10")), ("max_len", As("max", "null"))],
        "",
    ),
    row(
        "character_repetition_filter",
        Step("filter.character-repetition@1", OWN),
        &[
            ("rep_len", As("n", "10")),
            ("min_ratio", As("share_min", "0.0")),
            ("max_ratio", As("share_max", "0.5")),
        ],
        "",
    ),
    row("flagged_words_filter", No(LIST), &[], ""),
    row("flagged_word_filter", No(LIST), &[], ""),
    row("general_field_filter", No(META), &[], ""),
    row("language_id_score_filter", By(language), &[("lang", Read), ("min_score", Read)], ""),
    row(
        "maximum_line_length_filter",
        Step("filter.longest-line@1", OWN),
        &[("min_len", As("min", "10")), ("max_len", As("max", "null"))],
        "",
    ),
    row("perplexity_filter", No(MODEL), &[], ""),
    row(
        "special_characters_filter",
        Step("filter.special-characters@1", OWN),
        &[("min_ratio", As("share_min", "0.0")), ("max_ratio", As("share_max", "0.25"))],
        "",
    ),
    row("specified_field_filter", No(META), &[], ""),
    row("specified_numeric_field_filter", No(META), &[], ""),
    row("stopwords_filter", No(LIST), &[], ""),
    row("stop_words_filter", No(LIST), &[], ""),
    row("suffix_filter", By(suffix), &[("suffixes", Read)], ""),
    row(
        "text_length_filter",
        Step("filter.length@1", "{}"),
        &[("min_len", As("chars_min", "10")), ("max_len", As("chars_max", "null"))],
        "",
    ),
    row("token_num_filter", No(MODEL), &[], ""),
    row(
        "words_num_filter",
        Step("filter.words@1", OWN),
        &[
            ("lang", Free),
            ("tokenization", Model),
            ("min_num", As("min", "10")),
            ("max_num", As("max", "null")),
        ],
        "",
    ),
    row(
        "word_repetition_filter",
        Step("filter.word-repetition@1", OWN),
        &[
            ("lang", Free),
            ("tokenization", Model),
            ("rep_len", As("n", "10")),
            ("min_ratio", As("share_min", "0.0")),
            ("max_ratio", As("share_max", "0.5")),
        ],
        "",
    ),
    row(
        "document_deduplicator",
        Step("dedup.exact@1", r#"{"trim": true}"#),
        &[("lowercase", As("any_case", "false")), ("ignore_non_character", As("bare", "false"))],
        "",
    ),
    row(
        "document_minhash_deduplicator",
        By(minhash),
        &[
            ("tokenization", Read),
            ("window_size", Read),
            ("num_permutations", Read),
            ("jaccard_threshold", Read),
            ("num_bands", Read),
            ("num_rows_per_band", Read),
            ("lowercase", Read),
            ("ignore_pattern", Read),
            ("tokenizer_model", Free),
        ],
        "its hash functions are other ones: documents near the threshold can differ",
    ),
    row(
        "document_simhash_deduplicator",
        Step("dedup.simhash@1", "{}"),
        &[
            ("tokenization", Only(r#"["space"]"#)),
            ("window_size", As("ngram_words", "6")),
            ("num_blocks", Free),
            ("hamming_distance", As("bits_max", "4")),
            ("lowercase", Only("[true]")),
            ("ignore_pattern", Lost("no part of a text is left out", "null")),
        ],
        "its hash function is another one: documents near the distance can differ",
    ),
    row("frequency_specified_field_selector", No(META), &[], ""),
    row(
        "random_selector",
        By(random),
        &[("select_ratio", Read), ("select_num", Read)],
        "other documents are chosen: by their digests",
    ),
    row("range_specified_field_selector", No(META), &[], ""),
    row("tags_specified_field_selector", No(META), &[], ""),
    row("topk_specified_field_selector", No(META), &[], ""),
];

const HAN: &[(&str, Take)] = &[("keep_alphabet", Read), ("keep_number", Read), ("keep_punc", Read)];

fn han_only(settings: &Map<String, Value>, made: &mut Translated) {
    let keep = |key| or(settings, key, json!(true));
    made.step(
        "text.han-only@1",
        json!({"letters": keep("keep_alphabet"), "digits": keep("keep_number"),
            "marks": keep("keep_punc")}),
    );
}

fn fix_unicode(settings: &Map<String, Value>, made: &mut Translated) {
    made.step("text.mojibake@1", json!({"profile": "ftfy"}));
    let form = or(settings, "normalization", json!("NFC"));
    match form.as_str().map(str::to_lowercase).as_deref() {
        Some(form @ ("nfc" | "nfkc")) => made.step("text.normalize@1", json!({"form": form})),
        _ => made.lose(format!("`normalization: {form}`")),
    }
}

fn suffix(settings: &Map<String, Value>, made: &mut Translated) {
    let listed = or(settings, "suffixes", json!([]));
    made.ends(listed, "it has no `suffixes`, so every document stays");
}

fn email(settings: &Map<String, Value>, made: &mut Translated) {
    let own = json!({"kinds": ["email"], "with": or(settings, "repl", json!(""))});
    cleaned(settings, made, "pii.mask@2", own);
}

fn links(settings: &Map<String, Value>, made: &mut Translated) {
    let own = json!({"profile": "data-juicer", "with": or(settings, "repl", json!(""))});
    cleaned(settings, made, "text.links@1", own);
}

/// Its addresses need nothing around them: 1.2.3.4x holds one.
fn ip(settings: &Map<String, Value>, made: &mut Translated) {
    let (number, group) = ("(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])", "[0-9a-fA-F]{1,4}");
    let pattern = format!(r"(?:{number}\.){{3}}{number}|(?:{group}:){{7}}{group}");
    let own = json!({"pattern": pattern, "with": or(settings, "repl", json!(""))});
    cleaned(settings, made, "text.replace-pattern@1", own);
}

/// A step, or where a pattern is given what replaces that.
fn cleaned(settings: &Map<String, Value>, made: &mut Translated, step: &str, own: Value) {
    match settings.get("pattern").is_some_and(|pattern| !pattern.is_null()) {
        true => replace(settings, made),
        false => made.step(step, own),
    }
}

fn replace(settings: &Map<String, Value>, made: &mut Translated) {
    let listed = |key: &str, default: Value| match or(settings, key, default) {
        Value::Array(all) => all,
        one => vec![one],
    };
    let (patterns, texts) = (listed("pattern", json!([])), listed("repl", json!("")));
    for (place, pattern) in patterns.iter().enumerate() {
        let with = texts.get(place).or(texts.last()).cloned().unwrap_or(json!(""));
        // A raw string of Python's may stand there: r'…'.
        let text = pattern.as_str().unwrap_or_default();
        let bare = text.strip_prefix("r'").and_then(|text| text.strip_suffix('\''));
        let bare = bare.unwrap_or(text);
        match regex::Regex::new(bare) {
            Ok(_) if !bare.is_empty() => {
                made.step("text.replace-pattern@1", json!({"pattern": bare, "with": with}));
            }
            _ => made.lose(format!("`pattern: {pattern}` cannot be a pattern here")),
        }
    }
}

fn minhash(settings: &Map<String, Value>, made: &mut Translated) {
    match or(settings, "tokenization", json!("space")) {
        cut if cut == "space" => {}
        // Characters of scripts without spaces are words here.
        cut if cut == "character" => {
            made.notes.push("words of scripts with spaces are not cut into characters".into());
        }
        cut => made.lose(format!("`tokenization: {cut}`; here it is as with `\"space\"`")),
    }
    let lowercase = or(settings, "lowercase", json!(true));
    if lowercase != true {
        made.lose(format!("`lowercase: {lowercase}`; here it is as with `true`"));
    }
    if !or(settings, "ignore_pattern", Value::Null).is_null() {
        made.lose("`ignore_pattern`: no part of a text is left out");
    }
    let number = |key: &str| settings.get(key).and_then(Value::as_u64);
    let threshold = or(settings, "jaccard_threshold", json!(0.7)).as_f64().unwrap_or(0.7);
    let hashes = number("num_permutations").unwrap_or(256);
    let (bands, rows) = match (number("num_bands"), number("num_rows_per_band")) {
        (Some(bands), Some(rows)) => (bands, rows),
        _ if hashes > HASHES_MAX => {
            made.lose(format!("`num_permutations: {hashes}`; here it is {HASHES_MAX}"));
            bands_and_rows(threshold, HASHES_MAX)
        }
        _ => bands_and_rows(threshold, hashes),
    };
    let words = number("window_size").unwrap_or(5);
    let own = json!({"ngram_words": words, "bands": bands, "rows": rows, "seed": 42});
    made.step("dedup.minhash@2", own);
}

/// The most hashes that are shared out to bands.
const HASHES_MAX: u64 = 1024;

/// The bands and rows with the least false decisions about a threshold, both kinds alike; of equals
/// the fewest bands, then rows.
pub(super) fn bands_and_rows(threshold: f64, hashes: u64) -> (u64, u64) {
    const STEPS: usize = 500;
    let alike: Vec<f64> = (0..STEPS).map(|step| (step as f64 + 0.5) / STEPS as f64).collect();
    // That a band agrees, and that none of the bands does.
    let mut agree = vec![1.0; STEPS];
    let mut best = (f64::INFINITY, 1, 1);
    for rows in 1..=hashes {
        agree.iter_mut().zip(&alike).for_each(|(agree, alike)| *agree *= alike);
        let mut missed = vec![1.0; STEPS];
        for bands in 1..=hashes / rows {
            let mut wrong = 0.0;
            for ((missed, agree), alike) in missed.iter_mut().zip(&agree).zip(&alike) {
                *missed *= 1.0 - agree;
                wrong += if *alike < threshold { 1.0 - *missed } else { *missed };
            }
            if (wrong, bands, rows) < best {
                best = (wrong, bands, rows);
            }
        }
    }
    (best.1, best.2)
}

fn language(settings: &Map<String, Value>, made: &mut Translated) {
    let lang = or(settings, "lang", json!(""));
    languages(made, &lang, &or(settings, "min_score", json!(0.8)));
}

fn random(settings: &Map<String, Value>, made: &mut Translated) {
    match or(settings, "select_ratio", Value::Null).as_f64() {
        Some(share) if (0.0..=1.0).contains(&share) => {
            made.step("select.sample@1", json!({"share": share}));
        }
        _ => made.lose("`select_num`: a sample is a part of the documents here"),
    }
}

/// Reads a configuration.
pub fn read(import: &mut Import, problems: &mut Problems, root: &Node) {
    let all = members(problems, root, "the configuration");
    let find = |name: &str| all.iter().find(|(key, ..)| *key == name).map(|(_, _, node)| *node);
    let text = find("text_keys").or(find("text_key")).and_then(|node| match &node.value {
        tree::Value::List(keys) => keys.first()?.text(),
        _ => node.text(),
    });
    let text = text.unwrap_or("text");
    for (key, place, node) in &all {
        match *key {
            "project_name" => import.name = node.text().unwrap_or("imported").into(),
            "dataset_path" => weighted(import, node, text),
            "dataset" => configured(import, problems, node, text),
            "process" => {
                for operator in items(problems, node, "`process`") {
                    process(import, problems, operator);
                }
            }
            "op_fusion" if node.value == tree::Value::Bool(true) => {
                import.lose("op_fusion", place.place, "steps keep their order here");
            }
            _ => {}
        }
    }
    if find("process").is_none() {
        problems.add(root.place, "the configuration has no `process`, so no operators");
    }
}

fn process(import: &mut Import, problems: &mut Problems, node: &Node) {
    if let Some(name) = node.text() {
        return import.operator(Tool::DataJuicer, name, node.place, &Map::new());
    }
    for (name, key, value) in members(problems, node, "an operator") {
        let settings = settings(problems, value, name);
        import.operator(Tool::DataJuicer, name, key.place, &settings);
    }
}

/// Paths, each with a weight before it or none.
fn weighted(import: &mut Import, node: &Node, text: &str) {
    let mut weight = 1.0;
    for word in node.text().unwrap_or_default().split_whitespace() {
        match word.parse::<f64>() {
            Ok(number) if number > 0.0 && number.is_finite() => weight = number,
            _ => paths::add(import, node.place, word, text, std::mem::replace(&mut weight, 1.0)),
        }
    }
}

/// `dataset: {configs: [{type: local, path, weight}]}`.
fn configured(import: &mut Import, problems: &mut Problems, node: &Node, text: &str) {
    let all = members(problems, node, "`dataset`");
    let Some((_, _, configs)) = all.iter().find(|(key, ..)| *key == "configs") else { return };
    for config in items(problems, configs, "`configs`") {
        let config = config.json();
        let weight = config["weight"].as_f64().filter(|weight| *weight > 0.0).unwrap_or(1.0);
        match (config["type"].as_str(), config["path"].as_str()) {
            (Some("local" | "ondisk") | None, Some(path)) => {
                paths::add(import, node.place, path, text, weight);
            }
            (kind, path) => {
                let name = format!("input `{}`", path.unwrap_or_default());
                let kind = kind.unwrap_or("an unknown kind");
                import.lose(&name, node.place, format!("`{kind}` lies elsewhere"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_lie_where_the_threshold_is() {
        let (bands, rows) = bands_and_rows(0.7, 128);
        assert!(bands * rows <= 128);
        let middle = (1.0 / bands as f64).powf(1.0 / rows as f64);
        assert!((middle - 0.7).abs() < 0.1, "{bands} × {rows}: {middle}");
    }
}
