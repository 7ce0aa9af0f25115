//! Real `kill -9` at random moments: nothing that was acknowledged is lost.

mod place;

use std::time::Duration;

use place::{Place, TIME, add, next, process, role, start, step, tell, told};
use recipes::Digest;
use registry::Registry;

const ROUNDS: u64 = 200;

/// Makes or opens the registry and works until it is killed, telling what was acknowledged.
#[test]
#[ignore = "the other tests start it as a process of its own"]
fn another_process() {
    let Some((_, folder, seed)) = role() else { return };
    let registry = Registry::open_or_create(&folder, TIME, "smith").expect("a registry");
    for number in 0..1_000_000_u64 {
        let text = format!("{seed}-{number}");
        let entry = start(&text);
        let run = entry.subjects[0];
        let event = registry.record_one(entry).expect("recorded");
        tell(&format!("event {} {text}", event.number));
        let size = 10 + (number * 7919 % 40_000) as usize;
        let blob = registry.blobs().put_bytes(text.repeat(size).as_bytes()).expect("kept");
        tell(&format!("blob {blob}"));
        let steps = (0..5).map(|at| step(run, &format!("{text}-{at}"))).collect();
        for event in registry.record(steps).expect("recorded") {
            tell(&format!("event {} {}", event.number, event.reason.unwrap_or_default()));
        }
        let added = add(&registry, "prose", &text.replace('-', ""));
        tell(&format!("recipe {} {}", added.version, added.digest));
    }
}

/// Claims that what one process told is there.
fn check(registry: &Registry, line: &str, round: u64) {
    let words: Vec<&str> = line.split(' ').collect();
    match words[..] {
        ["event", number, text] => {
            let number: u64 = number.parse().expect("a number");
            let filter =
                registry::EventFilter { before: Some(number + 1), limit: 1, ..Default::default() };
            let found = registry.events(&filter).expect("events").pop().expect("an event");
            assert_eq!((found.number, found.reason.as_deref()), (number, Some(text)), "{round}");
        }
        ["blob", digest] => {
            let digest: Digest = digest.parse().expect("a digest");
            let bytes = std::fs::read(registry.blobs().path(&digest)).expect("a blob");
            assert_eq!(Digest::of(&bytes), digest, "round {round}");
        }
        ["recipe", number, digest] => {
            let digest = digest.parse().expect("a digest");
            let version = registry.version_of(&digest).expect("a look").expect("a version");
            assert_eq!(version.number.to_string(), number, "round {round}");
            registry.pinned(&digest).expect("all its objects");
        }
        _ => panic!("round {round}: told `{line}`"),
    }
}

#[test]
fn two_hundred_kills_lose_nothing_that_was_acknowledged() {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let (mut place, mut acknowledged) = (Place::new(), 0);
    for round in 0..ROUNDS {
        if round % 20 == 0 {
            place = Place::new();
        }
        let mut child = process(&place, "work", round + 1);
        std::thread::sleep(Duration::from_micros(2_000 + next(&mut random) % 60_000));
        child.kill().expect("it is killed");
        child.wait().expect("it ends");
        let lines = told(&mut child);
        acknowledged += lines.len();
        if lines.is_empty() && !place.folder().join("ingot.toml").exists() {
            continue;
        }
        let registry = place.open();
        lines.iter().for_each(|line| check(&registry, line, round));
        if round % 20 == 19 {
            let report = registry.fsck().expect("a report");
            let missing = |what: &str| what.contains("it is not here");
            let damage: Vec<_> = report.damage.iter().filter(|d| !missing(&d.what)).collect();
            assert!(damage.is_empty(), "round {round}: {damage:?}");
        }
    }
    assert!(acknowledged > 200, "{acknowledged} acknowledged");
}
