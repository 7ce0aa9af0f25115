//! Other processors: the real program, emulated, makes the frozen model.
//!
//! Nehalem has neither AVX nor a fused multiply-add and takes the SSE2 tier; Haswell has AVX2. The
//! program for AArch64 is cross-built by `tests/run --long`.

use std::process::{Command, Stdio};

use stories::Place;

const INGOT: &str = env!("CARGO_BIN_EXE_ingot-under-test");

const FOR_AARCH64: &str =
    concat!(env!("CARGO_MANIFEST_DIR"), "/../target/cross/aarch64-unknown-linux-gnu/release/ingot");

/// Runs the tiny recipe on an emulated processor.
fn on(emulator: &str, words: &[&str], tier: &str) {
    let place = Place::with_tiny_recipe();
    let output = Command::new(emulator)
        .args(words)
        .args(["run", "tiny.yaml", "--json"])
        .current_dir(place.path())
        .env_remove("INGOT_REGISTRY")
        .env_remove("INGOT_TIER")
        .stdin(Stdio::null())
        .output()
        .expect("the emulator is installed; `tests/run` does that");
    let run = stories::said(output).exits(0).last();
    assert_eq!(run["model"], stories::TINY_MODEL);
    let id = run["id"].as_str().expect("an id");
    let start = place.ingot(&format!("show {id} --raw")).exits(0).out;
    assert!(start.contains(&format!("\"tier\":\"{tier}\"")), "{start}");
}

#[test]
fn a_nehalem_makes_the_frozen_model() {
    on("qemu-x86_64", &["-cpu", "Nehalem", INGOT], "sse2");
}

#[test]
fn a_haswell_makes_the_frozen_model() {
    on("qemu-x86_64", &["-cpu", "Haswell", INGOT], "avx2");
}

#[test]
#[ignore = "long: `tests/run --long` cross-builds the program first"]
fn an_aarch64_makes_the_frozen_model() {
    on("qemu-aarch64", &[FOR_AARCH64], "neon");
}
