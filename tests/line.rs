//! The whole line: a recipe goes in, a model comes out, a stranger gets the same bytes.

use std::fs;
use std::process::Command;

use recipes::Digest;
use stories::Place;

const INGOT: &str = env!("CARGO_BIN_EXE_ingot-under-test");

/// A place where the tiny recipe was run once.
fn after_a_run() -> (Place, String) {
    let place = Place::with_tiny_recipe();
    let run = place.ingot("run tiny.yaml --json --threads 1").exits(0).last();
    let id = run["id"].as_str().expect("an id").to_owned();
    (place, id)
}

#[test]
fn a_run_is_rebuilt_to_the_same_bytes() {
    let place = Place::with_tiny_recipe();
    let said = place.ingot("run tiny.yaml --rebuild").exits(0);
    let line = said.out.lines().last().expect("a verdict");
    assert!(line.starts_with("rebuilt    "), "{line}");
    assert!(line.ends_with("same bytes"), "{line}");
    for word in ["run        ", "data       24 documents in", "model      "] {
        assert!(said.out.contains(word), "`{word}` in:\n{}", said.out);
    }
}

#[test]
fn json_lines_have_the_promised_keys() {
    let place = Place::with_tiny_recipe();
    let added = place.ingot("add tiny.yaml --json").exits(0).last();
    assert_eq!(added["kind"], "recipe");
    assert_eq!((&added["name"], &added["version"]), (&"tiny".into(), &1.into()));
    let run = place.ingot("run tiny@1 --json").exits(0).last();
    assert_eq!((&run["kind"], &run["recipe"]), (&"run".into(), &added["digest"]));
    assert_eq!(run["quality"][0]["gate"], "held-out-loss@1");
    let id = run["id"].as_str().expect("an id");
    let verdict = place.ingot(&format!("rebuild {id} --json")).exits(0).last();
    assert_eq!((&verdict["kind"], &verdict["verdict"]), (&"verdict".into(), &"reproduced".into()));
    assert_eq!(verdict["steps"]["equal"], verdict["steps"]["all"]);
    assert!(verdict["first_difference"].is_null());
    let event = place.ingot("log --json --limit 1").exits(0).last();
    assert_eq!((&event["kind"], &event["action"]), (&"event".into(), &"run.rebuilt".into()));
    assert_eq!(event["actor"], "tester");
    let error = place.ingot("show nothing-like-this --json").exits(2).err;
    let error: serde_json::Value =
        serde_json::from_str(error.lines().last().expect("a line")).expect("JSON");
    assert_eq!(error["kind"], "error");
}

#[test]
fn a_stranger_rebuilds_from_a_copy_of_the_folder_alone() {
    let (place, id) = after_a_run();
    let stranger = Place::new();
    let copied = Command::new("cp")
        .arg("-r")
        .arg(place.file(".ingot"))
        .arg(stranger.file("given"))
        .status()
        .expect("cp runs");
    assert!(copied.success());
    drop(place);
    let verdict =
        stranger.process(INGOT, &format!("--registry given rebuild {id} --json")).exits(0);
    assert_eq!(verdict.last()["verdict"], "reproduced");
}

#[test]
fn the_same_content_twice_is_the_same_version() {
    let place = Place::with_tiny_recipe();
    let first = place.ingot("add tiny.yaml --json").exits(0).last();
    let again = place.ingot("add tiny.yaml --json").exits(0).last();
    assert_eq!(first["digest"], again["digest"]);
    assert_eq!((&first["new"], &again["new"]), (&true.into(), &false.into()));
    let changed = place.read("tiny.yaml").replace("peak: 3.0e-3", "peak: 1.0e-3");
    place.write("tiny.yaml", changed);
    let second = place.ingot("add tiny.yaml --json").exits(0).last();
    assert_eq!(second["version"], 2);
    assert_ne!(first["digest"], second["digest"]);
    assert_eq!(place.ingot("history tiny").exits(0).out.lines().count(), 2);
}

#[test]
fn a_diff_says_what_changed_and_exits_with_one() {
    let place = Place::with_tiny_recipe();
    place.ingot("add tiny.yaml").exits(0);
    let changed = place.read("tiny.yaml").replace("peak: 3.0e-3", "peak: 6.0e-3");
    place.write("other.yaml", changed);
    place.ingot("diff tiny@1 tiny.yaml").exits(0);
    let said = place.ingot("diff tiny@1 other.yaml").exits(1);
    assert!(said.out.contains("learning rate peak"), "{}", said.out);
    assert!(said.out.contains("×2"), "{}", said.out);
    let change = place.ingot("diff tiny@1 other.yaml --json").exits(1).last();
    assert_eq!(change["kind"], "change");
    for key in ["part", "path", "before", "after", "words"] {
        assert!(change.get(key).is_some(), "{key} in {change}");
    }
    let text = place.ingot("diff tiny@1 other.yaml --text").exits(1).out;
    assert!(text.contains("peak: 6.0e-3"), "{text}");
}

#[test]
fn an_exported_model_speaks_and_is_the_recorded_one() {
    let (place, id) = after_a_run();
    place.ingot(&format!("export {id} out")).exits(0);
    let run = place.ingot(&format!("show {id} --json")).exits(0).last();
    let model = fs::read(place.file("out/model.safetensors")).expect("a model");
    assert_eq!(Digest::of(&model).to_string(), run["model"].as_str().expect("a digest"));
    for file in ["config.json", "tokenizer.json", "generation_config.json", "README.md"] {
        assert!(place.file("out").join(file).exists(), "{file}");
    }
    let config: serde_json::Value =
        serde_json::from_str(&place.read("out/config.json")).expect("JSON");
    assert_eq!(config["architectures"][0], "LlamaForCausalLM");
    place.ingot(&format!("export {id} out")).exits(2).complains("out");
    let first = place.ingot(&format!("sample {id} --prompt Then --tokens 12")).exits(0).out;
    let again = place.ingot(&format!("sample {id} --prompt Then --tokens 12")).exits(0).out;
    assert!(first.starts_with("Then") && first.len() > 8, "{first}");
    assert_eq!(first, again);
}

#[test]
fn fsck_finds_nothing_wrong_with_a_fresh_registry() {
    let (place, _) = after_a_run();
    let said = place.ingot("fsck").exits(0);
    assert!(said.out.contains("no damage"), "{}", said.out);
    place.ingot("fsck --rebuild-index").exits(0);
    let plan = place.ingot("gc --dry-run").exits(0).out;
    assert_eq!(plan, "0 B could be freed; nothing was deleted\n", "all that a run made is named");
    assert_eq!(place.ingot("runs").exits(0).out.lines().count(), 1);
}
