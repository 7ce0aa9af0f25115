//! The determinism linter: names that would let a result depend on how it was made, one a line.

/// A name that is refused, and why.
pub struct Rule {
    /// A key of a mapping, a kind of source or an operator's name without its version; a `*` at an
    /// end matches more.
    pub name: &'static str,
    pub reason: &'static str,
}

const WORKERS: &str =
    "a result must not depend on the number of workers; say `--threads` when running";
const TIME: &str = "a result must not depend on how long something took";
const CLOCK: &str = "a result must not depend on when it was made";
const ARRIVAL: &str =
    "a result must not depend on the order of arrival; documents have a fixed order";
const UNSEEDED: &str =
    "a result must not depend on an unseeded generator; select by document digest";
const UNPINNED: &str = "what lies behind an address can change; fetch it and name the file";
const SPEED: &str = "steps run in the order they are written, never by measured speed";
const UNSEEN: &str =
    "what lies in a file beside the recipe can change; write it into the recipe itself";
const MODEL: &str =
    "a model beside the recipe can change; `filter.classifier` learns from texts in the recipe";
const ANSWERS: &str =
    "what a service or a large model answers can change; score by texts in the recipe";

/// Keys that are refused wherever they stand.
pub const KEYS: &[Rule] = &[
    Rule { name: "workers", reason: WORKERS },
    Rule { name: "threads", reason: WORKERS },
    Rule { name: "num_proc", reason: WORKERS },
    Rule { name: "np", reason: WORKERS },
    Rule { name: "num_workers", reason: WORKERS },
    Rule { name: "processes", reason: WORKERS },
    Rule { name: "n_jobs", reason: WORKERS },
    Rule { name: "concurrency", reason: WORKERS },
    Rule { name: "timeout*", reason: TIME },
    Rule { name: "time_limit*", reason: TIME },
    Rule { name: "deadline*", reason: TIME },
    Rule { name: "seconds*", reason: TIME },
    Rule { name: "*_seconds", reason: TIME },
    Rule { name: "date*", reason: CLOCK },
    Rule { name: "now", reason: CLOCK },
    Rule { name: "since", reason: CLOCK },
    Rule { name: "newer_than", reason: CLOCK },
    Rule { name: "older_than", reason: CLOCK },
    Rule { name: "max_age*", reason: CLOCK },
    Rule { name: "shuffle_buffer*", reason: ARRIVAL },
    Rule { name: "buffer_size", reason: ARRIVAL },
    Rule { name: "streaming", reason: ARRIVAL },
    Rule { name: "shuffle", reason: ARRIVAL },
    Rule { name: "random*", reason: UNSEEDED },
    Rule { name: "url", reason: UNPINNED },
    Rule { name: "endpoint*", reason: UNPINNED },
    Rule { name: "api_*", reason: UNPINNED },
    Rule { name: "bucket", reason: UNPINNED },
    Rule { name: "op_fusion", reason: SPEED },
    Rule { name: "adaptive*", reason: SPEED },
];

/// Parameters of operators that are refused besides.
pub const PARAMETERS: &[Rule] = &[
    Rule { name: "path*", reason: UNSEEN },
    Rule { name: "*_path", reason: UNSEEN },
    Rule { name: "file*", reason: UNSEEN },
    Rule { name: "*_file", reason: UNSEEN },
    Rule { name: "*_filepath", reason: UNSEEN },
    Rule { name: "*_fname", reason: UNSEEN },
    Rule { name: "*_dir", reason: UNSEEN },
    Rule { name: "*_url", reason: UNPINNED },
    Rule { name: "model*", reason: MODEL },
    Rule { name: "*_model", reason: MODEL },
    Rule { name: "tokenizer*", reason: MODEL },
];

/// Kinds of source that are refused.
pub const SOURCES: &[Rule] = &[
    Rule { name: "http*", reason: UNPINNED },
    Rule { name: "url*", reason: UNPINNED },
    Rule { name: "s3", reason: UNPINNED },
    Rule { name: "gs", reason: UNPINNED },
    Rule { name: "hdfs", reason: UNPINNED },
    Rule { name: "hf", reason: UNPINNED },
    Rule { name: "huggingface", reason: UNPINNED },
    Rule { name: "sql*", reason: UNPINNED },
    Rule { name: "kafka", reason: ARRIVAL },
    Rule { name: "stream*", reason: ARRIVAL },
];

/// Why a place cannot be one of a source: an address is none on this machine.
pub fn refused_place(place: &str) -> Option<&'static str> {
    let (scheme, _) = place.split_once("://")?;
    scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)).then_some(UNPINNED)
}

/// Operators that are refused.
pub const OPERATORS: &[Rule] = &[
    Rule { name: "shuffle*", reason: ARRIVAL },
    Rule { name: "sample.reservoir", reason: ARRIVAL },
    Rule { name: "dedup.bloom", reason: ARRIVAL },
    Rule { name: "sample.random", reason: UNSEEDED },
    Rule { name: "filter.random", reason: UNSEEDED },
    Rule { name: "select.random", reason: UNSEEDED },
    Rule { name: "text.augment*", reason: UNSEEDED },
    Rule { name: "select.recent", reason: CLOCK },
    Rule { name: "select.newest", reason: CLOCK },
    Rule { name: "filter.llm*", reason: ANSWERS },
    Rule { name: "text.llm*", reason: ANSWERS },
    Rule { name: "filter.api*", reason: ANSWERS },
    Rule { name: "filter.perplexity", reason: MODEL },
    Rule { name: "filter.fasttext*", reason: MODEL },
    Rule { name: "limit.seconds", reason: TIME },
    Rule { name: "filter.recent", reason: CLOCK },
];

/// Why a name is refused by a table.
pub fn refused(rules: &[Rule], name: &str) -> Option<&'static str> {
    let matches = |rule: &&Rule| match (rule.name.strip_suffix('*'), rule.name.strip_prefix('*')) {
        (Some(start), _) => name.starts_with(start),
        (_, Some(end)) => name.ends_with(end),
        _ => rule.name == name,
    };
    rules.iter().find(matches).map(|rule| rule.reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operators::catalogue;

    #[test]
    fn every_rule_refuses_its_own_name_in_a_recipe() {
        let base = include_str!("../vectors/crate-prose.yaml");
        assert!(crate::read(base).is_ok());
        for rule in KEYS.iter().chain(PARAMETERS) {
            let name = rule.name.trim_matches('*');
            let text = base.replace("{form: nfc}", &format!("{{form: nfc, {name}: 4}}"));
            assert_ne!(text, base);
            let problems = crate::read(&text).expect_err(name);
            assert!(problems.iter().any(|p| p.message.contains(rule.reason)), "{name}");
        }
        for rule in SOURCES {
            let name = rule.name.trim_end_matches('*');
            let text = base.replace("kind: crates", &format!("kind: {name}"));
            assert_ne!(text, base);
            let problems = crate::read(&text).expect_err(name);
            assert!(problems.iter().any(|p| p.message.contains(rule.reason)), "{name}");
        }
        for rule in OPERATORS {
            let name = rule.name.trim_end_matches('*');
            let text = base.replace("dedup.exact@1: {}", &format!("{name}@1: {{}}"));
            assert_ne!(text, base);
            let problems = crate::read(&text).expect_err(name);
            assert!(problems.iter().any(|p| p.message.contains(rule.reason)), "{name}");
        }
    }

    #[test]
    fn no_operator_has_a_parameter_that_would_be_refused() {
        fn check(operator: &str, schema: &serde_json::Value) {
            for (name, schema) in schema["properties"].as_object().into_iter().flatten() {
                for rules in [KEYS, PARAMETERS] {
                    assert_eq!(refused(rules, name), None, "{operator}: {name}");
                }
                check(operator, schema);
                check(operator, &schema["items"]);
            }
        }
        let names = catalogue::names();
        assert!(names.len() > 100);
        for name in names {
            check(name, &catalogue::find(name).expect("an operator").schema);
        }
    }

    #[test]
    fn an_address_is_no_place_of_a_source() {
        for (place, is_refused) in [
            ("https://example.org/a.jsonl", true),
            ("s3://bucket/a.parquet", true),
            ("../data/a.jsonl", false),
            ("a/odd:/name.txt", false),
        ] {
            let text = include_str!("../vectors/crate-prose.yaml")
                .replace("lock: Cargo.lock", &format!("lock: \"{place}\""));
            let said = crate::read(&text).err();
            let said = said.is_some_and(|p| p.iter().any(|p| p.message.contains(UNPINNED)));
            assert_eq!(said, is_refused, "{place}");
        }
    }
}
