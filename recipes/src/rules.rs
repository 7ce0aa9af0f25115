//! The determinism linter: names that would let a result depend on how it was made, one a line.

/// A name that is refused, and why.
pub struct Rule {
    /// A key of a mapping or an operator's name without its version; a `*` at the end matches more.
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

/// Keys that are refused wherever they stand.
pub const KEYS: &[Rule] = &[
    Rule { name: "workers", reason: WORKERS },
    Rule { name: "threads", reason: WORKERS },
    Rule { name: "num_proc", reason: WORKERS },
    Rule { name: "np", reason: WORKERS },
    Rule { name: "timeout*", reason: TIME },
    Rule { name: "time_limit*", reason: TIME },
    Rule { name: "deadline*", reason: TIME },
    Rule { name: "date", reason: CLOCK },
    Rule { name: "now", reason: CLOCK },
    Rule { name: "shuffle_buffer*", reason: ARRIVAL },
    Rule { name: "buffer_size", reason: ARRIVAL },
    Rule { name: "random_state", reason: UNSEEDED },
    Rule { name: "url", reason: UNPINNED },
    Rule { name: "op_fusion", reason: SPEED },
    Rule { name: "adaptive*", reason: SPEED },
];

/// Operators that are refused.
pub const OPERATORS: &[Rule] = &[
    Rule { name: "shuffle*", reason: ARRIVAL },
    Rule { name: "sample.reservoir", reason: ARRIVAL },
    Rule { name: "dedup.bloom", reason: ARRIVAL },
    Rule { name: "sample.random", reason: UNSEEDED },
    Rule { name: "filter.random", reason: UNSEEDED },
    Rule { name: "select.random", reason: UNSEEDED },
    Rule { name: "limit.seconds", reason: TIME },
    Rule { name: "filter.recent", reason: CLOCK },
];

/// Why a name is refused by a table.
pub fn refused(rules: &[Rule], name: &str) -> Option<&'static str> {
    let matches = |rule: &&Rule| match rule.name.strip_suffix('*') {
        Some(start) => name.starts_with(start),
        None => rule.name == name,
    };
    rules.iter().find(matches).map(|rule| rule.reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_refuses_its_own_name_in_a_recipe() {
        let base = include_str!("../vectors/crate-prose.yaml");
        assert!(crate::read(base).is_ok());
        for rule in KEYS {
            let name = rule.name.trim_end_matches('*');
            let text = base.replace("{form: nfc}", &format!("{{form: nfc, {name}: 4}}"));
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
}
