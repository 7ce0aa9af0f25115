//! Identity: what changes a digest and what does not, and that `sha256sum` alone can check it.

use std::fs;
use std::path::Path;
use std::process::Command;

use stories::Place;

const INGOT: &str = env!("CARGO_BIN_EXE_ingot-under-test");

/// Frozen: the tiny recipe and its tokenizer; `stories::TINY_MODEL` is its model.
const RECIPE: &str = "sha256:928a29dfbb8fd5e9823a305a2e71230082cd086dd6cd7a827bbb1cec7d094d53";
const TOKENIZER: &str = "sha256:ac4a804559831809565a5831dd1295246957ba92a4b7b84032bfe5877544ccca";

/// What `sha256sum` says of a file, as a digest.
fn sha256sum(path: &Path) -> String {
    let output = Command::new("sha256sum").arg(path).output().expect("sha256sum runs");
    let text = String::from_utf8(output.stdout).expect("text");
    format!("sha256:{}", text.split_whitespace().next().expect("a digest"))
}

/// The digest that a recipe file gets in a registry.
fn digest(place: &Place, file: &str) -> String {
    let added = place.ingot(&format!("add {file} --json")).exits(0).last();
    added["digest"].as_str().expect("a digest").to_owned()
}

/// The tiny recipe with one text replaced, and its digest.
fn digest_with(from: &str, to: &str) -> String {
    let place = Place::with_tiny_recipe();
    let changed = stories::TINY.replace(from, to);
    assert_ne!(changed, stories::TINY, "`{from}` is in the recipe");
    place.write("tiny.yaml", changed);
    digest(&place, "tiny.yaml")
}

#[test]
fn the_tiny_recipe_gives_its_frozen_digests() {
    let place = Place::with_tiny_recipe();
    let run = place.ingot("run tiny.yaml --json").exits(0).last();
    assert_eq!(run["recipe"], RECIPE);
    assert_eq!(run["model"], stories::TINY_MODEL);
    let id = run["id"].as_str().expect("an id");
    place.ingot(&format!("export {id} out")).exits(0);
    assert_eq!(sha256sum(&place.file("out/model.safetensors")), stories::TINY_MODEL);
    assert_eq!(sha256sum(&place.file("out/tokenizer.json")), TOKENIZER);
}

#[test]
fn sha256sum_of_shown_objects_and_stored_blobs_gives_their_names() {
    let place = Place::with_tiny_recipe();
    let run = place.ingot("run tiny.yaml --json").exits(0).last();
    for key in ["id", "recipe", "model"] {
        let name = run[key].as_str().expect("a digest");
        let raw = place.program(INGOT, &format!("show {name} --raw")).output().expect("runs");
        place.write("raw", raw.stdout);
        assert_eq!(sha256sum(&place.file("raw")), name, "{key}");
    }
    let mut blobs = 0;
    for entry in walkdir::WalkDir::new(place.file(".ingot/blobs")) {
        let entry = entry.expect("readable");
        if entry.file_type().is_file() {
            let name = entry.file_name().to_string_lossy().into_owned();
            assert_eq!(sha256sum(entry.path()), format!("sha256:{name}"));
            blobs += 1;
        }
    }
    assert!(blobs > 24, "every story and what came of them: {blobs}");
}

#[test]
fn a_moved_or_renamed_folder_changes_no_digest() {
    let place = Place::with_tiny_recipe();
    fs::create_dir(place.file("deep")).expect("a folder");
    fs::rename(place.file("texts"), place.file("deep/renamed")).expect("moved");
    place.write("deep/other.yaml", stories::TINY.replace("texts/", "renamed/"));
    assert_eq!(digest(&place, "deep/other.yaml"), RECIPE);
}

#[test]
fn a_changed_byte_of_data_changes_the_digest() {
    let place = Place::with_tiny_recipe();
    let story = place.read("texts/story-000.txt").replacen('S', "s", 1);
    place.write("texts/story-000.txt", story);
    assert_ne!(digest(&place, "tiny.yaml"), RECIPE);
}

#[test]
fn every_changed_setting_changes_the_digest_and_comments_do_not() {
    let mut seen = vec![RECIPE.to_owned()];
    for (from, to) in [
        ("peak: 3.0e-3", "peak: 2.0e-3"),
        ("layers: 2", "layers: 3"),
        ("vocabulary: 320", "vocabulary: 321"),
        ("chars_min: 100", "chars_min: 101"),
        ("share: 0.1", "share: 0.2"),
        ("max: 6.0", "max: 6.5"),
        ("seed: \"7\"", "seed: \"8\""),
        ("  - dedup.exact@1: {}\n", ""),
    ] {
        let found = digest_with(from, to);
        assert!(!seen.contains(&found), "`{from}` to `{to}` gave a digest that was there before");
        seen.push(found);
    }
    assert_eq!(digest_with("ingot: 1\n", "# words\n\ningot:   1 # more words\n"), RECIPE);
    assert_eq!(digest_with("peak: 3.0e-3", "peak: 0.003"), RECIPE);
}

#[test]
fn any_number_of_ranks_makes_the_frozen_model() {
    let place = Place::with_tiny_recipe();
    let run = place.ingot("run tiny.yaml --ranks 2 --threads 3 --json").exits(0).last();
    assert_eq!(run["model"], stories::TINY_MODEL);
    place.ingot("rebuild tiny --ranks 1").exits(0);
    let said = place.ingot("rebuild tiny --ranks 4").exits(2);
    said.complains("2 micro-batches over 4 ranks, wanted a power of two for each rank");
}

#[test]
fn the_last_states_are_kept_and_all_digests_recorded() {
    let place = Place::with_tiny_recipe();
    let run = place.ingot("run tiny.yaml --keep-states=2 --json").exits(0).last();
    let id = run["id"].as_str().expect("an id");
    let shown = place.ingot(&format!("show {id} --json")).exits(0).last();
    let states = shown["states"].as_array().expect("states");
    let kept = |state: &serde_json::Value| {
        let digest = state["digest"].as_str().expect("a digest");
        place.ingot(&format!("show {digest} --raw")).exit == 0
    };
    assert_eq!(states.iter().map(kept).collect::<Vec<bool>>(), [false, false, false, true, true]);
}
