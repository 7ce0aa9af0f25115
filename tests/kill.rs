//! A process killed at any moment loses nothing that it acknowledged, and the next one goes on.

use std::io::{BufRead, BufReader};
use std::time::Duration;

use stories::Place;

const INGOT: &str = env!("CARGO_BIN_EXE_ingot-under-test");

/// Different moments, the same ones always.
fn moments(seed: u64, count: usize, longest_ms: u64) -> Vec<Duration> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        Duration::from_micros((state >> 33) % (longest_ms * 1000))
    };
    (0..count).map(|_| next()).collect()
}

/// A recipe that differs from every other number's.
fn numbered(place: &Place, number: usize) {
    let text = stories::TINY.replace("summary: A toy", &format!("summary: Number {number}. A toy"));
    place.write("tiny.yaml", text);
}

#[test]
fn adds_killed_at_random_moments_lose_no_acknowledged_version() {
    let place = Place::with_tiny_recipe();
    place.ingot("init").exits(0);
    let mut acknowledged = Vec::new();
    for (number, moment) in moments(1, 150, 60).into_iter().enumerate() {
        numbered(&place, number);
        let mut child = place.started(INGOT, "add tiny.yaml --json");
        std::thread::sleep(moment);
        let _ = child.kill();
        let said = stories::said(child.wait_with_output().expect("it ended"));
        if said.out.ends_with('\n') {
            acknowledged.push(said.last()["digest"].clone());
        }
    }
    let versions = place.ingot("history tiny --json").exits(0).json();
    let known: Vec<_> = versions.iter().map(|version| version["digest"].clone()).collect();
    for digest in &acknowledged {
        assert!(known.contains(digest), "{digest} was acknowledged");
    }
    assert!(!acknowledged.is_empty() && acknowledged.len() < 150, "{}", acknowledged.len());
    let numbers: Vec<u64> = versions.iter().filter_map(|v| v["version"].as_u64()).collect();
    let wanted: Vec<u64> = (1..=versions.len() as u64).rev().collect();
    assert_eq!(numbers, wanted, "versions are numbered without gaps");
    place.ingot("fsck").exits(0);
}

/// The model of an uninterrupted run of the tiny recipe.
fn undisturbed() -> serde_json::Value {
    let place = Place::with_tiny_recipe();
    place.ingot("run tiny.yaml --json").exits(0).last()["model"].clone()
}

#[test]
fn runs_killed_at_random_moments_go_on_to_the_same_bytes() {
    let wanted = undisturbed();
    for round in 0..10 {
        let place = Place::with_tiny_recipe();
        for moment in moments(100 + round, 6, 700) {
            let mut child = place.started(INGOT, "run tiny.yaml --json --threads 2");
            std::thread::sleep(moment);
            let _ = child.kill();
            child.wait().expect("it ended");
        }
        let run = place.process(INGOT, "run tiny.yaml --json --threads 1").exits(0).last();
        assert_eq!(run["model"], wanted, "round {round}");
        place.ingot("fsck").exits(0);
        let verdict = place.ingot("rebuild tiny --json").exits(0).last();
        assert_eq!(verdict["verdict"], "reproduced");
    }
}

#[test]
fn a_run_stopped_by_a_signal_keeps_a_state_and_says_how_to_go_on() {
    let wanted = undisturbed();
    let place = Place::with_tiny_recipe();
    let mut child = place.started(INGOT, "run tiny.yaml");
    let mut err = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut line = String::new();
    while !line.starts_with("mix") {
        line.clear();
        assert!(err.read_line(&mut line).expect("readable") > 0, "it ended too early");
    }
    std::thread::sleep(Duration::from_millis(30));
    let id = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(id, rustix::process::Signal::INT).expect("a signal");
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut err, &mut rest).expect("readable");
    let status = child.wait().expect("it ended");
    if status.code() == Some(0) {
        return assert_eq!(place.ingot("runs --json").last()["model"], wanted);
    }
    assert_eq!(status.code(), Some(2), "{rest}");
    assert!(rest.contains("the same command goes on"), "{rest}");
    let run = place.ingot("run tiny.yaml --json").exits(0);
    assert!(run.err.contains("it goes on from"), "{}", run.err);
    assert_eq!(run.last()["model"], wanted);
}

#[test]
fn a_run_that_ended_at_its_first_state_goes_on_without_recording_it_twice() {
    let wanted = undisturbed();
    let place = Place::with_tiny_recipe();
    place.ingot_stopped("run tiny.yaml").exits(2).complains("the same command goes on");
    place.ingot_stopped("run tiny.yaml").exits(2).complains("it goes on from step 0 of stage 1");
    let run = place.ingot("run tiny.yaml --json").exits(0).last();
    assert_eq!(run["model"], wanted);
    let record = place.ingot(&format!("show {} --json", run["id"].as_str().expect("an id")));
    let record = record.exits(0).last();
    let steps = record["states"].as_array().expect("states").iter().map(|state| &state["step"]);
    assert_eq!(steps.collect::<Vec<_>>(), [0, 10, 20, 30, 40]);
    let verdict = place.ingot("rebuild tiny --json").exits(0).last();
    assert_eq!(verdict["verdict"], "reproduced", "{verdict}");
}

#[test]
fn runs_killed_around_their_first_state_record_it_once() {
    let wanted = undisturbed();
    for round in 0..6 {
        let place = Place::with_tiny_recipe();
        let mut child = place.started(INGOT, "run tiny.yaml --json --threads 2");
        let work = place.file(".ingot/work");
        let begun = || {
            let entries = walkdir::WalkDir::new(&work).into_iter().filter_map(Result::ok);
            let mut names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
            names.any(|name| name.starts_with("state-"))
        };
        while !begun() && child.try_wait().expect("a child").is_none() {
            std::thread::sleep(Duration::from_micros(200));
        }
        std::thread::sleep(Duration::from_micros(500 * round));
        let _ = child.kill();
        child.wait().expect("it ended");
        let run = place.process(INGOT, "run tiny.yaml --json").exits(0).last();
        assert_eq!(run["model"], wanted, "round {round}");
        let verdict = place.ingot("rebuild tiny --json").exits(0).last();
        assert_eq!(verdict["verdict"], "reproduced", "round {round}: {verdict}");
    }
}
