//! Many processes on one registry: one owns the index, all work.

mod place;

use std::collections::BTreeSet;
use std::time::Duration;

use place::{Place, add, all, first_told, process, role, start, tell, told};
use registry::Registry;

const EACH: u64 = 40;

#[test]
#[ignore = "the other tests start it as a process of its own"]
fn another_process() {
    let Some((role, folder, seed)) = role() else { return };
    let registry = Registry::open(&folder).expect("a registry");
    match role.as_str() {
        "hold" => {
            tell("ready");
            std::thread::sleep(Duration::from_secs(600));
        }
        "append" => {
            for number in 0..EACH {
                let text = format!("{seed}-{number}");
                let event = registry.record_one(start(&text)).expect("recorded");
                tell(&format!("{} {text}", event.number));
                assert!(!registry.runs().expect("runs").is_empty());
                let id = event.subjects[0];
                assert!(registry.run(&id).expect("a look").is_some(), "its own event is seen");
            }
        }
        "add" => {
            for number in 0..10 {
                let shared = add(&registry, "prose", &number.to_string());
                let own = add(&registry, "prose", &format!("{seed}{number}"));
                tell(&format!("{} {}", shared.version, shared.digest));
                tell(&format!("{} {}", own.version, own.digest));
            }
        }
        other => panic!("no role `{other}`"),
    }
}

/// Claims that every told event is there exactly once.
fn each_once(registry: &Registry, lines: &[String]) {
    let events = all(registry);
    for (number, event) in events.iter().enumerate() {
        assert_eq!(event.number, number as u64);
    }
    for line in lines {
        let (number, text) = line.split_once(' ').expect("two words");
        let found: Vec<_> = events.iter().filter(|e| e.reason.as_deref() == Some(text)).collect();
        assert_eq!(found.len(), 1, "`{text}` is there {} times", found.len());
        assert_eq!(found[0].number.to_string(), number);
    }
}

#[test]
fn a_registry_that_is_deleted_while_it_is_open_can_still_be_closed() {
    let place = Place::with_registry();
    let registry = place.open();
    std::fs::remove_dir_all(place.folder()).expect("deleted");
    let (closed, waits) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        drop(registry);
        closed.send(())
    });
    waits.recv_timeout(Duration::from_secs(60)).expect("it is closed");
}

#[test]
fn eight_processes_append_and_read_while_another_owns_the_index() {
    let place = Place::with_registry();
    let owner = place.open();
    let mut children: Vec<_> = (0..8).map(|seed| process(&place, "append", seed)).collect();
    let mut lines = Vec::new();
    for child in &mut children {
        lines.extend(told(child));
        assert!(child.wait().expect("it ends").success());
    }
    assert_eq!(lines.len() as u64, 8 * EACH);
    each_once(&owner, &lines);
    assert_eq!(owner.runs().expect("runs").len() as u64, 8 * EACH);
}

#[test]
fn eight_processes_without_an_owner_take_turns() {
    let place = Place::with_registry();
    let mut children: Vec<_> = (0..8).map(|seed| process(&place, "append", seed)).collect();
    let mut lines = Vec::new();
    for child in &mut children {
        lines.extend(told(child));
        assert!(child.wait().expect("it ends").success());
    }
    each_once(&place.open(), &lines);
    assert_eq!(lines.len() as u64, 8 * EACH);
}

#[test]
fn clients_go_on_when_the_owner_is_killed() {
    for round in 0..10 {
        let place = Place::with_registry();
        let mut owner = process(&place, "hold", 0);
        assert_eq!(first_told(&mut owner), "ready");
        let mut children: Vec<_> = (1..5).map(|seed| process(&place, "append", seed)).collect();
        std::thread::sleep(Duration::from_millis(10 + 7 * round));
        owner.kill().expect("it is killed");
        owner.wait().expect("it ends");
        let mut lines = Vec::new();
        for child in &mut children {
            lines.extend(told(child));
            assert!(child.wait().expect("it ends").success());
        }
        assert_eq!(lines.len() as u64, 4 * EACH, "round {round}");
        each_once(&place.open(), &lines);
    }
}

#[test]
fn versions_added_by_many_at_once_are_numbered_without_gap_or_doubt() {
    let place = Place::with_registry();
    let owner = place.open();
    let mut children: Vec<_> = (100..106).map(|seed| process(&place, "add", seed)).collect();
    let mut told_versions = BTreeSet::new();
    for child in &mut children {
        told_versions.extend(told(child));
        assert!(child.wait().expect("it ends").success());
    }
    let versions = owner.versions("prose").expect("versions");
    let found: BTreeSet<String> =
        versions.iter().map(|version| format!("{} {}", version.number, version.digest)).collect();
    assert_eq!(found, told_versions);
    let numbers: Vec<u64> = versions.iter().map(|version| version.number).collect();
    assert_eq!(numbers, (1..=70).collect::<Vec<_>>());
}

#[test]
fn the_socket_is_found_in_a_folder_with_a_long_name() {
    let place = Place::new();
    let folder = place.root().join("x".repeat(120)).join(".ingot");
    let owner = Registry::create(&folder, place::TIME, "smith").expect("a registry");
    let client = Registry::open(&folder).expect("a second way in");
    client.record_one(start("through the socket")).expect("recorded");
    assert_eq!(owner.event_count().expect("a number"), 2);
    let socket = std::fs::metadata(folder.join("socket")).expect("a socket");
    let mode = std::os::unix::fs::PermissionsExt::mode(&socket.permissions());
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_client_takes_over_when_the_owner_closes() {
    let place = Place::with_registry();
    let (owner, client) = (place.open(), place.open());
    owner.record_one(start("one")).expect("recorded");
    drop(owner);
    client.record_one(start("two")).expect("recorded");
    let third = place.open();
    assert_eq!(third.event_count().expect("a number"), 3);
    assert_eq!(all(&third), all(&client));
}
