//! Damage of every kind: what is derived is made anew, what is torn is cut, the rest is named.

mod place;

use std::fs;
use std::path::PathBuf;

use place::{Place, TIME, add, all, next, start, step};
use recipes::Digest;
use registry::{Registry, RegistryError, examine};

/// A registry with a few hundred events, closed.
fn filled() -> (Place, Vec<registry::Event>) {
    let place = Place::with_registry();
    let registry = place.open();
    for number in 0..20 {
        let entry = start(&format!("run {number}"));
        let run = entry.subjects[0];
        registry.record_one(entry).expect("recorded");
        let steps = (0..40).map(|at| step(run, &format!("step {at} of {number}"))).collect();
        registry.record(steps).expect("recorded");
        add(&registry, "prose", &number.to_string());
    }
    // More rows than memory keeps, so that sled has some.
    let events = all(&registry);
    drop(registry);
    (place, events)
}

fn index_files(place: &Place) -> Vec<PathBuf> {
    let walk = |folder: PathBuf| fs::read_dir(folder).expect("a folder").flatten();
    let inside = walk(place.folder().join("index")).map(|entry| entry.path());
    inside
        .flat_map(|p| if p.is_dir() { walk(p).map(|e| e.path()).collect() } else { vec![p] })
        .collect()
}

#[track_caller]
fn same(place: &Place, events: &[registry::Event]) -> Registry {
    let registry = place.open();
    assert_eq!(all(&registry), events);
    assert_eq!(registry.runs().expect("runs").len(), 20);
    assert_eq!(registry.versions("prose").expect("versions").len(), 20);
    registry
}

#[test]
fn a_deleted_index_is_made_anew() {
    let (place, events) = filled();
    fs::remove_dir_all(place.folder().join("index")).expect("deleted");
    let registry = same(&place, &events);
    let notices = registry.notices();
    assert!(notices.iter().any(|notice| notice.contains("made from 841 events")), "{notices:?}");
}

#[test]
fn an_index_cut_anywhere_is_made_anew() {
    let (place, events) = filled();
    for share in 0..8 {
        for file in index_files(&place) {
            let size = fs::metadata(&file).expect("a file").len();
            let opened = fs::OpenOptions::new().write(true).open(&file).expect("a file");
            opened.set_len(size * share / 8).expect("cut");
            same(&place, &events);
        }
    }
}

#[test]
fn an_index_with_any_flipped_byte_answers_the_same() {
    let (place, events) = filled();
    let mut random = 0x2545_f491_4f6c_dd1d;
    let mut set_aside = 0;
    for _ in 0..60 {
        for file in index_files(&place) {
            let Ok(mut bytes) = fs::read(&file) else { continue };
            if bytes.is_empty() {
                continue;
            }
            // Most of a sled file is zeros; aim at what is not.
            let used: Vec<usize> = (0..bytes.len()).filter(|at| bytes[*at] != 0).collect();
            let at = used.get(next(&mut random) as usize % used.len().max(1)).copied().unwrap_or(0);
            bytes[at] ^= 1 << (next(&mut random) % 8);
            fs::write(&file, bytes).expect("flipped");
            let registry = same(&place, &events);
            set_aside += registry.notices().len();
        }
    }
    assert!(set_aside > 0, "no flip did any harm");
}

#[test]
fn a_line_torn_at_any_byte_is_cut_and_reported() {
    let place = Place::with_registry();
    let whole = {
        let registry = place.open();
        registry.record_one(start("kept")).expect("recorded");
        let before = fs::read(place.journal()).expect("a journal").len();
        registry.record_one(start("torn")).expect("recorded");
        drop(registry);
        (before, fs::read(place.journal()).expect("a journal"))
    };
    let (before, bytes) = whole;
    for end in before..bytes.len() {
        fs::write(place.journal(), &bytes[..end]).expect("torn");
        let registry = place.open();
        assert_eq!(all(&registry).len(), 2, "cut at {end}");
        let cut = registry.notices().iter().any(|notice| notice.contains("torn line"));
        assert_eq!(cut, end > before, "cut at {end}: {:?}", registry.notices());
        registry.record_one(start("after")).expect("recorded");
        drop(registry);
        let registry = place.open();
        assert_eq!(registry.notices(), Vec::<String>::new());
        assert_eq!(all(&registry).len(), 3);
    }
}

#[test]
fn a_flipped_byte_in_the_last_line_is_cut_and_kept_aside() {
    let place = Place::with_registry();
    place.open().record_one(start("last")).expect("recorded");
    let mut bytes = fs::read(place.journal()).expect("a journal");
    let at = bytes.len() - 100;
    bytes[at] ^= 4;
    fs::write(place.journal(), &bytes).expect("flipped");
    assert_eq!(all(&place.open()).len(), 1);
    let names = fs::read_dir(place.folder().join("journal")).expect("a folder").flatten();
    let aside = names.map(|e| e.path()).find(|p| p.to_string_lossy().contains(".cut-"));
    let kept = fs::read(aside.expect("a file aside")).expect("a file");
    assert!(bytes.ends_with(&kept));
}

#[test]
fn a_flipped_byte_in_the_middle_is_damage_and_never_repaired() {
    let (place, _) = filled();
    let bytes = fs::read(place.journal()).expect("a journal");
    let last = bytes[..bytes.len() - 1].iter().rposition(|byte| *byte == b'\n').expect("lines");
    let mut random = 0x1234_5678_9abc_def1;
    for _ in 0..150 {
        let mut damaged = bytes.clone();
        let at = next(&mut random) as usize % last;
        damaged[at] ^= 1 << (next(&mut random) % 8);
        fs::write(place.journal(), &damaged).expect("flipped");
        let _ = fs::remove_dir_all(place.folder().join("index"));
        let error = Registry::open(&place.folder()).map(|_| ()).expect_err("damage");
        assert!(error.is_damage(), "byte {at}: {error}");
        assert_eq!(fs::read(place.journal()).expect("a journal"), damaged, "nothing is repaired");
        let report = examine(&place.folder()).expect("a report");
        assert!(!report.damage.is_empty(), "byte {at}");
    }
}

#[test]
fn a_cut_or_reordered_middle_is_damage() {
    let (place, _) = filled();
    let text = fs::read_to_string(place.journal()).expect("a journal");
    let lines: Vec<&str> = text.lines().collect();
    let mut without = lines.clone();
    without.remove(400);
    let mut swapped = lines.clone();
    swapped.swap(300, 301);
    for damaged in [without, swapped] {
        fs::write(place.journal(), damaged.join("\n") + "\n").expect("written");
        let _ = fs::remove_dir_all(place.folder().join("index"));
        let error = Registry::open(&place.folder()).map(|_| ()).expect_err("damage");
        assert!(error.is_damage(), "{error}");
    }
}

#[test]
fn a_journal_that_lost_whole_events_is_damage_while_the_index_knows_them() {
    let (place, _) = filled();
    let text = fs::read_to_string(place.journal()).expect("a journal");
    let lines: Vec<&str> = text.lines().collect();
    fs::write(place.journal(), lines[..100].join("\n") + "\n").expect("written");
    for _ in 0..2 {
        let error = Registry::open(&place.folder()).map(|_| ()).expect_err("damage");
        assert!(error.is_damage(), "{error}");
    }
    let registry = Registry::open_rebuilding_index(&place.folder()).expect("as it is");
    assert_eq!(registry.event_count().expect("a number"), 100);
}

#[test]
fn a_damaged_line_is_named_by_those_who_read_it() {
    let (place, events) = filled();
    let mut bytes = fs::read(place.journal()).expect("a journal");
    bytes[5000] ^= 1;
    fs::write(place.journal(), bytes).expect("flipped");
    let registry = place.open();
    let error = registry.events(&Default::default()).expect_err("damage");
    assert!(error.is_damage(), "{error}");
    assert!(error.to_string().contains("journal/000000.jsonl byte"), "{error}");
    let limit = registry::EventFilter { limit: 10, ..Default::default() };
    let newest = registry.events(&limit).expect("the rest can be read");
    assert_eq!(newest[0], *events.last().expect("events"));
}

#[test]
fn fsck_names_all_damage_at_once() {
    let (place, _) = filled();
    let registry = place.open();
    let report = registry.fsck().expect("a report");
    let place_of = |digest: Digest| registry.blobs().path(&digest);
    let named: Vec<String> = report.damage.iter().map(ToString::to_string).collect();
    // The runs of this test name a recipe that was never added, and nothing else is wrong.
    let missing = format!("object `{}`: event 1 names it, it is not here", Digest::of(b"recipe"));
    assert_eq!(named, [missing]);
    let story = place_of(Digest::of(b"once upon a time"));
    let text = place_of(Digest::of(b"prose 3"));
    fs::remove_file(&text).expect("deleted");
    fs::remove_file(&story).expect("made writable by deletion");
    fs::write(&story, b"once upon a tide").expect("changed");
    let mut bytes = fs::read(place.journal()).expect("a journal");
    bytes[700] ^= 1;
    bytes[90_000] ^= 1;
    fs::write(place.journal(), bytes).expect("flipped");
    let named: Vec<String> =
        registry.fsck().expect("a report").damage.iter().map(ToString::to_string).collect();
    let mentions = |what: &str| named.iter().filter(|line| line.contains(what)).count();
    assert_eq!(mentions("journal/000000.jsonl"), 2, "{named:#?}");
    assert_eq!(mentions(&Digest::of(b"once upon a time").hex()), 1, "{named:#?}");
    assert_eq!(mentions(&Digest::of(b"prose 3").hex()), 1, "{named:#?}");
}

#[test]
fn a_registry_of_a_newer_format_is_refused() {
    let place = Place::with_registry();
    let settings = place.folder().join("ingot.toml");
    fs::write(&settings, "format = 2\nid = [\"something\", \"new\"]\n").expect("written");
    let error = Registry::open(&place.folder()).map(|_| ()).expect_err("newer");
    assert!(matches!(error, RegistryError::Newer { found: 2, wanted: 1, .. }), "{error}");
}

#[test]
fn a_registry_is_made_once_and_never_inside_another() {
    let place = Place::with_registry();
    let create = |folder: &std::path::Path| {
        Registry::create(folder, TIME, "smith").map(|_| ()).expect_err("refused")
    };
    assert!(matches!(create(&place.folder()), RegistryError::Exists(_)));
    let inside = place.folder().join("work/.ingot");
    assert!(matches!(create(&inside), RegistryError::Nested { .. }));
    let full = place.root().join("full");
    fs::create_dir_all(&full).expect("a folder");
    fs::write(full.join("thesis.txt"), "mine").expect("a file");
    assert!(matches!(create(&full), RegistryError::NotEmpty { .. }));
    assert!(full.join("thesis.txt").exists());
}

#[test]
fn a_lost_settings_file_does_not_let_a_journal_be_overwritten() {
    let (place, _) = filled();
    let journal = fs::read(place.journal()).expect("a journal");
    fs::remove_dir_all(place.folder().join("index")).expect("deleted");
    fs::remove_file(place.folder().join("ingot.toml")).expect("lost");
    assert!(Registry::create(&place.folder(), TIME, "smith").is_err());
    assert_eq!(fs::read(place.journal()).expect("a journal"), journal);
}

#[test]
fn the_nearest_registry_upwards_is_found() {
    let place = Place::with_registry();
    let deep = place.root().join("a/b");
    fs::create_dir_all(&deep).expect("folders");
    let found = |folder: &std::path::Path| Registry::locate(folder);
    assert_eq!(found(&deep), Some(place.folder()));
    drop(Registry::create(&place.root().join("a/.ingot"), TIME, "smith").expect("a second one"));
    assert_eq!(found(&deep), Some(place.root().join("a/.ingot")));
    assert_eq!(found(place.root()), Some(place.folder()));
    assert_eq!(found(&place.folder().join("blobs")), Some(place.folder()));
}
