//! The constitution: what was agreed on about this repository, checked by walking its files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

const LINES_MAX: usize = 500;
const COLUMNS_MAX: usize = 100;
const FUNCTION_LINES_MAX: usize = 60;

/// Files that are longer for a reason, each with the length it must not pass again.
const LONGER: [(&str, usize); 0] = [];

/// Who may know whom; everything not listed is forbidden.
const ARROWS: [(&str, &[&str]); 8] = [
    ("recipes", &[]),
    ("registry", &["recipes"]),
    ("trainer/kernels", &[]),
    ("trainer/bpe", &["kernels"]),
    ("trainer/kitchen", &["recipes", "kernels", "bpe"]),
    ("trainer", &["recipes", "kernels", "bpe", "kitchen"]),
    ("audits", &["recipes", "registry"]),
    ("cli", &["recipes", "registry", "trainer", "kernels", "audits"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a root").to_path_buf()
}

/// All files of the repository with an ending, by their path from the root.
fn files(ending: &str) -> BTreeMap<String, String> {
    let hidden = |name: &str| name == "target" || name == ".git" || name == ".ingot";
    let walk = walkdir::WalkDir::new(root()).into_iter();
    walk.filter_entry(|entry| !hidden(&entry.file_name().to_string_lossy()))
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_file())
        .filter(|entry| entry.path().extension().is_some_and(|found| found == ending))
        .map(|entry| {
            let path = entry.path().strip_prefix(root()).expect("below the root");
            let text = fs::read_to_string(entry.path()).expect("text");
            (path.to_string_lossy().into_owned(), text)
        })
        .collect()
}

/// Claims that nothing was found, naming every place otherwise.
#[track_caller]
fn nothing(found: Vec<String>, claim: &str) {
    assert!(found.is_empty(), "{claim}:\n{}", found.join("\n"));
}

#[test]
fn every_file_says_what_it_is() {
    let silent = |(path, text): (String, String)| (!text.starts_with("//! ")).then_some(path);
    nothing(files("rs").into_iter().filter_map(silent).collect(), "a file opens without `//!`");
}

#[test]
fn files_and_lines_are_short() {
    let mut found = Vec::new();
    for (path, text) in files("rs") {
        let lines = text.lines().count();
        let allowed = LONGER.iter().find(|(longer, _)| *longer == path).map_or(LINES_MAX, |l| l.1);
        if lines > allowed {
            found.push(format!("{path}: {lines} lines, at most {allowed}"));
        }
        for (number, line) in text.lines().enumerate() {
            let columns = line.chars().count();
            if columns > COLUMNS_MAX && !line.contains("sha256") {
                found.push(format!("{path}:{}: {columns} columns", number + 1));
            }
        }
    }
    nothing(found, "too long");
}

#[test]
fn functions_are_short() {
    let mut found = Vec::new();
    for (path, text) in files("rs") {
        let mut open: Option<(usize, usize, String)> = None;
        for (number, line) in text.lines().enumerate() {
            let indent = line.len() - line.trim_start().len();
            let words = line.trim_start();
            let starts = ["fn ", "pub fn ", "pub(crate) fn ", "unsafe fn ", "async fn "];
            if open.is_none() && starts.iter().any(|start| words.starts_with(start)) {
                open = Some((number, indent, words.to_owned()));
            }
            let Some((start, outer, name)) = &open else { continue };
            if words == "}" && indent == *outer || words.ends_with(';') && number == *start {
                let lines = number - start + 1;
                if lines > FUNCTION_LINES_MAX {
                    found.push(format!("{path}:{}: {lines} lines: {name}", start + 1));
                }
                open = None;
            }
        }
    }
    nothing(found, "a function is too long");
}

#[test]
fn no_file_is_a_drawer() {
    let drawers = ["utils", "common", "manager", "helper", "helpers", "types", "misc"];
    let stem = |path: &str| Path::new(path).file_stem().map(|s| s.to_string_lossy().into_owned());
    let found = files("rs")
        .into_keys()
        .filter(|path| stem(path).is_some_and(|stem| drawers.contains(&stem.as_str())));
    nothing(found.collect(), "a file is named after no noun");
}

#[test]
fn crates_know_only_whom_they_may() {
    let ours: BTreeSet<&str> =
        ["recipes", "registry", "kernels", "bpe", "kitchen", "trainer", "audits", "cli"]
            .into_iter()
            .collect();
    let mut found = Vec::new();
    for (folder, allowed) in ARROWS {
        let manifest = fs::read_to_string(root().join(folder).join("Cargo.toml")).expect("text");
        let dependencies = manifest.split("[dependencies]").nth(1).unwrap_or_default();
        let dependencies = dependencies.split("\n[").next().unwrap_or_default();
        for line in dependencies.lines() {
            let name = line.split(['.', ' ', '=']).next().unwrap_or_default();
            if ours.contains(name) && !allowed.contains(&name) {
                found.push(format!("{folder} knows {name}"));
            }
        }
    }
    nothing(found, "an arrow that the picture forbids");
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest = fs::read_to_string(root().join("Cargo.toml")).expect("text");
    let section = manifest.split("[workspace.dependencies]").nth(1).expect("dependencies");
    let section = section.split("\n[").next().unwrap_or_default();
    let bare = section.lines().filter(|line| line.contains(" = ") && !line.starts_with('#'));
    let bare = bare.filter(|line| !line.contains("path = ") && !line.contains(" # "));
    nothing(bare.map(str::to_owned).collect(), "a dependency without its reason");
}

/// Lines of code, not of tests, that contain a text.
fn code_with(folders: &[&str], text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (path, code) in files("rs") {
        let inside = folders.iter().any(|folder| path.starts_with(folder));
        if !inside || path.contains("/tests") || path.starts_with("tests/") {
            continue;
        }
        let code = code.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in code.lines().enumerate() {
            if line.contains(text) && !line.trim_start().starts_with("//") {
                found.push(format!("{path}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    found
}

#[test]
fn the_middle_is_pure() {
    let mut found = Vec::new();
    for impure in ["HashMap", "HashSet", "Instant::now", "SystemTime", "thread_rng"] {
        let below = ["trainer/kernels/src", "trainer/bpe/src", "trainer/kitchen/src"];
        found.extend(code_with(&below, impure));
        found.extend(code_with(&["recipes/src", "trainer/src"], impure));
    }
    for impure in ["SystemTime::now", "std::env::var", "println!("] {
        let below = ["trainer/bpe/src", "trainer/kitchen/src"];
        found.extend(code_with(&below, impure));
        found.extend(code_with(
            &["recipes/src", "registry/src", "trainer/src", "audits/src"],
            impure,
        ));
    }
    nothing(found, "a clock, an environment or an unordered map where none may be");
}

#[test]
fn only_the_kernels_are_unsafe() {
    let below = ["trainer/src", "trainer/bpe", "trainer/kitchen"];
    let folders = [&["recipes/", "registry/", "audits/", "cli/"][..], &below].concat();
    nothing(code_with(&folders, "unsafe "), "unsafe outside the kernels");
}

#[test]
fn sled_and_yaml_are_named_in_one_file_each() {
    let all = ["recipes/", "registry/", "trainer/", "audits/", "cli/"];
    for name in ["sled::", "serde_yaml::"] {
        let places = code_with(&all, name);
        let places: BTreeSet<&str> =
            places.iter().filter_map(|place| place.split(':').next()).collect();
        assert_eq!(places.len(), 1, "`{name}` is named in {places:?}");
    }
}

#[test]
fn nothing_is_left_for_later_in_the_code() {
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X"), "dbg!("];
    let mut found = Vec::new();
    for (path, text) in files("rs") {
        for (number, line) in text.lines().enumerate() {
            if path != "tests/tidy.rs" && marks.iter().any(|mark| line.contains(mark)) {
                found.push(format!("{path}:{}", number + 1));
            }
        }
    }
    nothing(found, "an unfinished mark");
}

#[test]
fn every_page_is_where_the_house_says() {
    let pages = [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "CHANGELOG.md",
        "recipes/LANGUAGE.md",
        "registry/FORMAT.md",
        "trainer/DATA.md",
        "trainer/kernels/ARITHMETIC.md",
        "audits/PAGES.md",
        "rust-toolchain.toml",
        "deny.toml",
        "clippy.toml",
    ];
    let missing = pages.iter().filter(|page| !root().join(page).exists());
    nothing(missing.map(|page| (*page).to_owned()).collect(), "a page is missing");
}

#[test]
fn the_readme_names_every_command() {
    let readme = fs::read_to_string(root().join("README.md")).expect("text");
    let named = |verb: &str| readme.contains(&format!("`ingot {verb}"));
    let verbs: Vec<String> = cli::command_line()
        .get_subcommands()
        .map(|verb| verb.get_name().to_owned())
        .filter(|verb| !named(verb))
        .collect();
    nothing(verbs, "a command that the README does not name");
}

#[test]
fn every_help_page_has_an_example_and_the_exit_codes() {
    let mut found = Vec::new();
    for verb in cli::command_line().get_subcommands() {
        let foot = verb.get_after_help().map(ToString::to_string).unwrap_or_default();
        if !foot.contains("Example") || !foot.contains("Exit codes") {
            found.push(verb.get_name().to_owned());
        }
    }
    nothing(found, "a help page without example or exit codes");
}

#[test]
fn nothing_generated_or_foreign_is_tracked() {
    let repository = git2::Repository::open(root()).expect("a repository");
    let index = repository.index().expect("an index");
    let found = index.iter().map(|entry| String::from_utf8_lossy(&entry.path).into_owned());
    let wrong = found.filter(|path| {
        path.starts_with("target/") || path.contains(".ingot/") || path.ends_with(".safetensors")
    });
    nothing(wrong.collect(), "a generated file is tracked");
}
