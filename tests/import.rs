//! Other tools' recipes become ours, and what has no equivalent is named.

use stories::Place;

const JUICER: &str = r#"# What a person may have written for Data-Juicer.
project_name: 'My Web Refine'
dataset_path: '0.75 ./web.jsonl 0.25 ./books.jsonl.gz'
export_path: ./out.jsonl
np: 8
text_keys: content
process:
  - fix_unicode_mapper:
  - clean_email_mapper:
      repl: "<EMAIL>"
  - whitespace_normalization_mapper
  - alphanumeric_filter:
      tokenization: False
      min_ratio: 0.3
  - text_length_filter:
      min_len: 50
      max_len: 9223372036854775807
  - special_characters_filter:
      max_ratio: 0.4
  - word_repetition_filter:
      lang: en
      tokenization: true
      max_ratio: 0.2
  - perplexity_filter:
      max_ppl: 1500
  - document_deduplicator:
  - image_shape_filter:
      min_width: 100
"#;

#[test]
fn a_recipe_of_data_juicer_becomes_one_of_ours() {
    let place = Place::new();
    place.write("config.yaml", JUICER);
    let said = place.ingot("import data-juicer config.yaml --out recipe.yaml").exits(1);
    assert_eq!(said.out, "");
    for wanted in [
        "config.yaml:20: word_repetition_filter: note: a dictionary cuts words here, not a model",
        "config.yaml:24: perplexity_filter: no equivalent: no model",
        "config.yaml:27: image_shape_filter: no equivalent",
        "9 steps, 2 without equivalent",
    ] {
        assert!(said.err.contains(wanted), "`{wanted}` in:\n{}", said.err);
    }
    place.ingot("check recipe.yaml").exits(0);
    let recipe = place.read("recipe.yaml");
    for wanted in [
        "name: my-web-refine\n",
        "    path: \"./books.jsonl.gz\"\n    text: \"content\"\n",
        "{source: web, share: 0.75}",
        "  - pii.mask@2: {kinds: [\"email\"], with: \"<EMAIL>\"}\n",
        "  - filter.length@1: {chars_min: 50}\n",
        "  - filter.special-characters@1: {profile: \"data-juicer\", share_max: 0.4, \
         share_min: 0.0}\n",
        "  # perplexity_filter: no model is part of a recipe here\n",
    ] {
        assert!(recipe.contains(wanted), "`{wanted}` in:\n{recipe}");
    }
    // What is there already is never written over.
    place.ingot("import data-juicer config.yaml --out recipe.yaml").exits(2).complains("exists");
}

#[test]
fn a_cleaning_without_inputs_fits_into_a_recipe() {
    let place = Place::with_tiny_recipe();
    let config = "process:\n  - text_length_filter: {min_len: 100}\n  - document_deduplicator:\n";
    place.write("config.yaml", config);
    let said = place.ingot("import data-juicer config.yaml").exits(0);
    let wanted = "cleaning:\n  - filter.length@1: {chars_min: 100}\n  - dedup.exact@1: \
        {any_case: false, bare: false, trim: true}\n";
    assert_eq!(said.out, wanted);
    let tiny = place.read("tiny.yaml");
    let (before, after) = tiny.split_once("cleaning:\n").expect("a cleaning");
    let after = &after[after.find("tokenizer:").expect("a tokenizer")..];
    place.write("imported.yaml", format!("{before}{}{after}", said.out));
    place.ingot("check imported.yaml").exits(0);
}

#[test]
fn inputs_keep_their_kinds_patterns_and_weights() {
    let place = Place::new();
    let check = |paths: &str, wanted: &str| {
        let config = format!("dataset_path: '{paths}'\nprocess:\n  - document_deduplicator\n");
        place.write("config.yaml", config);
        let recipe = place.ingot("import data-juicer config.yaml").exits(0).out;
        assert!(recipe.contains(wanted), "`{wanted}` in:\n{recipe}");
        place.write("recipe.yaml", recipe);
        place.ingot("check recipe.yaml").exits(0);
    };
    check("a/web.parquet", "    kind: parquet\n    path: \"a/web.parquet\"\n    text: \"text\"\n");
    check("a/*.parquet", "    kind: parquet\n    include: [\"a/*.parquet\"]\n    text: \"text\"\n");
    check(
        "a/w-*.json.gz",
        "    kind: jsonl\n    include: [\"a/w-*.json.gz\"]\n    text: \"text\"\n",
    );
    check("books", "    kind: files\n    include: [\"books/**/*.txt\"]\n");
    // Weights that sum to one are the shares; others are parts of their sum.
    check("0.1234567 a.jsonl 0.8765433 b.jsonl", "{source: a, share: 0.1234567}");
    check("0.1234567 a.jsonl 0.8765433 b.jsonl", "{source: b, share: 0.8765433}");
    check("1 a.jsonl 2 b.jsonl", "{source: a, share: 0.3333333333333333}");
    check("1e-7 a.jsonl 0.9999999 b.jsonl", "{source: a, share: 1.0e-7}");
}

#[test]
fn numbers_that_a_repetition_gives_are_ones_that_we_read() {
    let place = Place::new();
    let dclm = "- source: cc\n  steps:\n    - {func: repetition_filter, granularity: 100, \
                max_fraction: 7}\n    - {func: line_length_filter, max_length: 10.5}\n";
    place.write("dclm.yaml", dclm);
    let said = place.ingot("import dclm dclm.yaml").exits(1);
    let said = said.complains("no equivalent: `n: 100` is not taken here; here it is 64");
    let wanted = "cleaning:\n  # repetition_filter: `n: 100` is not taken here; here it is 64\n  \
                  - filter.repeated-ngrams@1: \
                  {n: 64, profile: \"dclm\", share_max: 1.0}\n  \
                  - filter.longest-line@1: {max: 10, profile: \"dclm\"}\n";
    assert_eq!(said.out, wanted);
}

const MIXER: &str = r#"{
  "streams": [
    {
      "name": "web",
      "documents": ["data/web-0000.json.gz"],
      "attributes": ["gopher_v1", "pii_regex_v1", "dedupe"],
      "output": {"path": "out/web", "max_size_in_bytes": 1000000},
      "filter": {
        "include": ["$.attributes[?(@.exp__gopher_v1__word_count[0][2] <= 100000)]"],
        "exclude": [
          "$.attributes[?(@.e__gopher_v1__word_count && @.e__gopher_v1__word_count[0][2] < 50)]",
          "$@.attributes[?(@.gopher__fraction_of_characters_in_most_common_2grams[0][2] > 0.2)]",
          "$.attributes[?(@.exp__c4_v1__has_curly_brace)]",
          "$.attributes[?(@.exp__ft_lang_id_en_doc_v2__en[0][2] <= 0.5)]",
          "$.attributes[?(@.e__cld2_en_paragraph_with_doc_score_v2__doc_en[0][2] < 0.5)]",
          "$.attributes[?(@.e__repetitions_v1__doc_max_length_repetition[0][2] >= 100)]",
          "$.attributes[?(@.toxicity > 0.8)]",
          "$.attributes[?(@.a[0][2] > 1 || @.b[0][2] > 2)]"
        ]
      },
      "span_replacement": [
        {"span": "$.attributes.exp__pii_regex_v1__EMAIL_ADDRESS", "min_score": 0.5,
          "replacement": "|||EMAIL|||"},
        {"span": "$.attributes.bff_duplicate_paragraph_spans", "min_score": 0.5, "replacement": ""}
      ]
    }
  ],
  "processes": 4
}"#;

#[test]
fn a_mixer_of_dolma_becomes_the_steps_that_keep_the_same() {
    let place = Place::new();
    place.write("mixer.json", MIXER);
    let said = place.ingot("import dolma mixer.json --json").exits(1);
    let records = said.json();
    let steps: Vec<String> = records
        .iter()
        .flat_map(|record| record["steps"].as_array().cloned().unwrap_or_default())
        .map(|step| step.to_string())
        .collect();
    let wanted = [
        r#"{"filter.words@1":{"max":100000,"profile":"dolma"}}"#,
        r#"{"filter.words@1":{"min":50,"profile":"dolma"}}"#,
        r#"{"filter.top-ngram@1":{"n":2,"profile":"dolma","share_max":0.2}}"#,
        r#"{"filter.phrases@1":{"max":0,"phrases":["{"]}}"#,
        r#"{"filter.language@1":{"confidence_min":0.5,"languages":["en"]}}"#,
        r#"{"filter.language-parts@1":{"languages":["en"],"share_min":0.5}}"#,
        r#"{"filter.periods@1":{"max":99.0,"measure":"chars","profile":"dolma"}}"#,
        r#"{"pii.mask@2":{"kinds":["email"],"with":"|||EMAIL|||"}}"#,
        r#"{"dedup.lines@1":{}}"#,
    ];
    assert_eq!(steps, wanted);
    assert_eq!(said.last()["lost"], 2);
    let text = said.last()["text"].as_str().expect("a text").to_owned();
    assert!(text.contains("path: \"data/web-0000.json.gz\""), "{text}");
    place.write("recipe.yaml", text);
    place.ingot("check recipe.yaml").exits(0);
}

#[test]
fn pipelines_of_dclm_and_nemo_curator_are_read() {
    let place = Place::new();
    let dclm = "- source: cc\n  steps:\n    - func: page_length_filter\n      \
                length_type: word\n      min_length: 50\n      ignore_punctuation: True\n    \
                - func: url_removal_modifier\n    \
                - func: language_filter\n      keep_languages: [en, xx]\n      \
                threshold: 0.65\n";
    place.write("dclm.yaml", dclm);
    let said = place.ingot("import dclm dclm.yaml").exits(1).complains("`xx` is not told");
    let wanted = "cleaning:\n  - filter.words@1: {bare: true, min: 50, profile: \"dclm\"}\n  \
                  - text.links@1: {profile: \"dclm\"}\n  - filter.length@1: {chars_min: 1}\n  \
                  # language_filter: the language `xx` is not told from others here\n  \
                  - filter.language@1: {confidence_min: 0.65, languages: [\"en\"]}\n";
    assert_eq!(said.out, wanted);
    let nemo = "input_field: text\nfilters:\n  - name: nemo_curator.filters.WordCountFilter\n    \
                params: {min_words: 80}\n  - name: nemo_curator.filters.RepeatedLinesFilter\n";
    place.write("nemo.yaml", nemo);
    let said = place.ingot("import nemo nemo.yaml").exits(0);
    let wanted = "cleaning:\n  - filter.words@1: {max: 100000, min: 80, profile: \"nemo\"}\n  \
                  - filter.repeated-lines@1: {profile: \"nemo\", share_max: 0.3}\n";
    assert_eq!(said.out, wanted);
}

#[test]
fn what_is_no_recipe_of_a_tool_is_drawn_or_named() {
    let place = Place::new();
    let check = |name: &str, text: &str, wanted: &str| {
        place.write(name, text);
        place.ingot(&format!("import data-juicer {name}")).exits(2).complains(wanted);
    };
    check("a.yaml", "process: [&x a, *x]", "an anchor or alias");
    check("b.yaml", "process: 3", "wanted a list");
    check("c.yaml", "np: 3", "no `process`");
    check("d.yaml", "[1, 2]", "wanted a mapping");
    check("e.yaml", &"[".repeat(10_000), "too deep");
    check("f.yaml", "process:\n  - a: 1\n    a: 2\n", "stands twice");
    check("g.yaml", "process: !!python/object:os.system [x]", "a tag");
    place.ingot("import data-juicer none.yaml").exits(2).complains("none.yaml");
    place.write("h.yaml", "process:\n  - \"x\\n- dedup.exact@1\": {}\n");
    let said = place.ingot("import data-juicer h.yaml").exits(1);
    assert_eq!(said.out.lines().count(), 2, "no name starts a line of its own:\n{}", said.out);
    place.write("i.json", "{\"streams\": [{\"filter\": {\"exclude\": [3, null, [\"$\"]]}}]}");
    place.ingot("import dolma i.json").exits(1);
}
