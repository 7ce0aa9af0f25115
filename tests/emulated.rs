//! Other processors: the real program, emulated, makes the frozen model.
//!
//! Nehalem has neither AVX nor a fused multiply-add and takes the SSE2 tier; Haswell has AVX2.

use std::process::{Command, Stdio};

use stories::Place;

const INGOT: &str = env!("CARGO_BIN_EXE_ingot-under-test");

/// Runs the tiny recipe on an emulated processor.
fn on(processor: &str, tier: &str) {
    let place = Place::with_tiny_recipe();
    let output = Command::new("qemu-x86_64")
        .args(["-cpu", processor, INGOT, "run", "tiny.yaml", "--json"])
        .current_dir(place.path())
        .env_remove("INGOT_REGISTRY")
        .env_remove("INGOT_TIER")
        .stdin(Stdio::null())
        .output()
        .expect("qemu-x86_64 is installed; `tests/run` does that");
    let run = stories::said(output).exits(0).last();
    assert_eq!(run["model"], stories::TINY_MODEL);
    let id = run["id"].as_str().expect("an id");
    let start = place.ingot(&format!("show {id} --raw")).exits(0).out;
    assert!(start.contains(&format!("\"tier\":\"{tier}\"")), "{start}");
}

#[test]
fn a_nehalem_makes_the_frozen_model() {
    on("Nehalem", "sse2");
}

#[test]
fn a_haswell_makes_the_frozen_model() {
    on("Haswell", "avx2");
}
