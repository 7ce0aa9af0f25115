//! Frozen vectors: canonical JSON, hostile YAML, and the identity of a whole recipe.

use std::collections::BTreeMap;

use recipes::recipe::{CleaningStep, Stage};
use recipes::{Digest, Manifest, ManifestFile, Object, ObjectError, Pinned, Reading};
use recipes::{canonical, strict, tree};
use serde_json::Value;

fn vectors(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value[key].as_str().unwrap_or_default()
}

/// The canonical text of a JSON text; nothing where it is refused.
fn canonical_text(input: &str) -> Option<String> {
    let value = strict::parse(input.as_bytes()).ok()?;
    String::from_utf8(canonical::to_bytes(&value).ok()?).ok()
}

#[test]
fn canonical_json_is_that_of_the_standard() {
    let jcs = vectors(include_str!("../vectors/jcs.json"));
    let rules = jcs["stricter_project_rules"].as_array().expect("rules");
    let stricter: Vec<&str> = rules
        .iter()
        .flat_map(|rule| rule["inputs"].as_array().expect("inputs"))
        .filter_map(Value::as_str)
        .collect();
    for input in &stricter {
        assert_eq!(canonical_text(input), None, "{input}");
    }
    let mut compared = 0;
    for case in jcs["cases"].as_array().expect("cases") {
        let found = canonical_text(text(case, "input"));
        if found.is_none() && case["canonical"].is_string() {
            // Refused although the standard allows it: only for integers that it would round.
            let digits = text(case, "input").bytes().filter(u8::is_ascii_digit).count();
            assert!(digits >= 16, "{case}");
            continue;
        }
        assert_eq!(found.as_deref(), case["canonical"].as_str(), "{case}");
        if let Some(found) = found {
            assert_eq!(Digest::of(found.as_bytes()).hex(), text(case, "sha256"), "{case}");
            compared += 1;
        }
    }
    assert!(compared > 40, "{compared}");
    for case in jcs["ieee754"].as_array().expect("cases") {
        let bits = u64::from_str_radix(text(case, "bits"), 16).expect("hex");
        let float = f64::from_bits(bits);
        let found = serde_json::to_value(float).ok().filter(|value| !value.is_null());
        let found = found.and_then(|value| canonical::to_bytes(&value).ok());
        let found = found.map(|bytes| String::from_utf8(bytes).expect("UTF-8"));
        assert_eq!(found.as_deref(), case["canonical"].as_str(), "{case}");
    }
}

#[test]
fn a_hundred_thousand_numbers_have_the_known_digest() {
    let jcs = vectors(include_str!("../vectors/jcs.json"));
    let mut hasher = recipes::Hasher::new();
    let mut finite = 0u64;
    for i in 0..100_000 {
        let digest = Digest::of(format!("jcs-number-{i}").as_bytes());
        let first: [u8; 8] = *digest.as_bytes().first_chunk().expect("32 bytes");
        let float = f64::from_bits(u64::from_be_bytes(first));
        if !float.is_finite() {
            continue;
        }
        finite += 1;
        let canonical = canonical::to_bytes(&float).expect("a number");
        hasher.update(format!("{},", &digest.hex()[..16]).as_bytes());
        hasher.update(&canonical);
        hasher.update(b"\n");
    }
    assert_eq!(finite, jcs["bulk_numbers"]["count_finite"].as_u64().expect("a count"));
    assert_eq!(hasher.finish().hex(), text(&jcs["bulk_numbers"], "sha256"));
}

/// The text of a hostile case, some of which are described instead of written.
fn hostile_text(case: &Value) -> String {
    match text(case, "name") {
        "billion laughs" => {
            let mut text = format!("a0: &a0 [{}]\n", ["x"; 9].join(", "));
            for i in 1..10 {
                text += &format!("a{i}: &a{i} [{}]\n", vec![format!("*a{}", i - 1); 9].join(", "));
            }
            text
        }
        "deep flow nesting 100000" => "[".repeat(100_000) + &"]".repeat(100_000),
        "deep block nesting 2000" => {
            (0..2000).map(|depth| format!("{}a:\n", " ".repeat(depth))).collect()
        }
        _ => text(case, "yaml").to_owned(),
    }
}

#[test]
fn hostile_yaml_is_read_as_wanted() {
    let hostile = vectors(include_str!("../vectors/yaml_hostile.json"));
    for case in hostile["cases"].as_array().expect("cases") {
        let found = tree::read(&hostile_text(case)).map(|node| node.json());
        let only = || {
            let members = found.as_ref().expect("read").as_object().expect("a mapping").clone();
            members.into_iter().next().expect("a member")
        };
        match text(case, "want") {
            wanted if wanted.starts_with("strings") => {
                let (_, items) = only();
                assert!(items.as_array().expect("a list").iter().all(Value::is_string), "{case}");
            }
            "string" | "error or string" => assert!(only().1.is_string(), "{case}"),
            "key a" => assert_eq!(only().0, "a"),
            wanted if wanted.starts_with("0.1") => assert_eq!(only().1, 0.1, "{case}"),
            wanted if wanted.starts_with("schema says string") => assert_eq!(only().1, 1.1),
            wanted => {
                assert!(wanted.starts_with("error"), "{wanted}");
                assert!(found.is_err(), "{case}");
            }
        }
    }
    let text = include_str!("../vectors/crate-prose.yaml");
    let numbered = text.replace("summary: A small", "summary: 1.10 #");
    assert!(recipes::read(&numbered).is_err(), "a number where a text is wanted");
}

/// The frozen recipe, pinned to made-up files.
fn pinned() -> Pinned {
    let recipe = recipes::read(include_str!("../vectors/crate-prose.yaml")).expect("a recipe");
    let file = |name: &str| {
        let (name, size) = (name.to_owned(), name.len() as u64);
        ManifestFile { digest: Digest::of(name.as_bytes()), name, size }
    };
    let crates = Manifest {
        reading: Reading::Crates1 {},
        licence: None,
        commit: None,
        on_error: Default::default(),
        files: vec![file("a-1.0.0.crate"), file("b-2.1.0.crate")],
    };
    let project = Manifest {
        reading: Reading::Text1 {},
        licence: Some("CC0-1.0".into()),
        commit: Some("4f1c9a1f3ce9dd0a3a0bbf4a17b2c79c6ed0a1aa".into()),
        on_error: Default::default(),
        files: vec![file("README.md")],
    };
    Pinned {
        name: recipe.name,
        summary: recipe.summary,
        arithmetic: 1,
        sources: BTreeMap::from([("crates".into(), crates), ("project".into(), project)]),
        formula: recipe.formula,
        held_out: recipe.held_out,
        cleaning: recipe.cleaning,
        tokenizer: recipe.tokenizer,
        model: recipe.model,
        stages: recipe.stages,
        quality: recipe.quality,
        seed: recipe.seed,
    }
}

#[test]
fn a_recipe_has_its_frozen_bytes_and_digests() {
    let objects = pinned().objects().expect("objects");
    let mut found = String::new();
    for object in objects.parts.iter().chain([&objects.recipe]) {
        let bytes = std::str::from_utf8(object.bytes()).expect("UTF-8");
        found += &format!("{}\n{bytes}\n", object.digest());
    }
    assert_eq!(found, include_str!("../vectors/crate-prose.objects"));
}

#[test]
fn a_recipe_comes_back_from_its_objects() {
    let wanted = pinned();
    let objects = wanted.objects().expect("objects");
    let mut store: BTreeMap<Digest, Object> = BTreeMap::new();
    store.insert(objects.recipe.digest(), objects.recipe.clone());
    store.extend(objects.parts.into_iter().map(|part| (part.digest(), part)));
    let mut fetch = |digest: &Digest| -> Result<Object, ObjectError> { Ok(store[digest].clone()) };
    assert_eq!(Pinned::read(&objects.recipe.digest(), &mut fetch).expect("read"), wanted);
}

#[test]
fn every_part_of_a_recipe_changes_its_digest() {
    let base = pinned();
    let changed = |change: &dyn Fn(&mut Pinned)| {
        let mut other = base.clone();
        change(&mut other);
        other.digest().expect("a digest")
    };
    let mut digests = vec![
        base.digest().expect("a digest"),
        changed(&|p| {
            p.sources.get_mut("crates").expect("there").files[0].digest = Digest::of(b"x")
        }),
        changed(&|p| p.sources.get_mut("project").expect("there").commit = None),
        changed(&|p| p.formula[0].share = 0.7),
        changed(&|p| p.held_out.share = 0.03),
        changed(&|p| p.cleaning.swap(0, 1)),
        changed(&|p| {
            let CleaningStep::FilterLength1(step) = &mut p.cleaning[1] else { panic!("a filter") };
            step.chars_min = 201;
        }),
        changed(&|p| {
            let Stage::Pretrain(stage) = &mut p.stages[0];
            stage.state_every = 21;
        }),
        changed(&|p| p.quality.truncate(1)),
        changed(&|p| p.arithmetic = 2),
        changed(&|p| p.seed = "1".into()),
    ];
    digests.sort();
    digests.dedup();
    assert_eq!(digests.len(), 11);
}
