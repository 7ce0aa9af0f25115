//! The invariants of the write order, on a disk that forgets what was not synced.

use std::path::Path;
use std::sync::Arc;

use recipes::{Digest, Object};
use serde_json::{Map, json};

use crate::blobs::Blobs;
use crate::disk::Disk;
use crate::error::{Kind, RegistryError};
use crate::event::{Action, Entry, Event};
use crate::forgetful::{Cut, ForgetfulDisk};
use crate::journal::{Journal, Mark};
use crate::layout::Layout;
use crate::registry::make;
use crate::store::{Access, Draft, Store};

const TIME: &str = "2026-11-23T00:00:00.000000Z";

/// Something that the caller was told.
#[derive(Clone, Debug)]
enum Told {
    Created,
    Blob(Digest),
    Event(Event),
}

fn layout() -> Layout {
    Layout::new(Path::new("/place/.ingot"))
}

fn entry(action: Action, subjects: Vec<Digest>, number: u64) -> Entry {
    let object = Object::new("test@1", &json!({"number": number})).expect("an object");
    Entry {
        time: TIME.into(),
        actor: "smith".into(),
        action,
        subjects,
        reason: Some(format!("number {number}")),
        facts: Map::new(),
        objects: vec![object],
    }
}

/// Ordinary work: a registry, blobs, recipes that name them, runs, several events at once.
fn work(disk: &Arc<ForgetfulDisk>, told: &mut Vec<Told>) -> Result<(), RegistryError> {
    let tell = |told: &mut Vec<Told>, what: Told| {
        told.push(what);
        disk.acknowledge();
    };
    let shared: Arc<dyn Disk> = Arc::clone(disk) as Arc<dyn Disk>;
    let id = make(&shared, &layout(), TIME, "smith")?;
    tell(told, Told::Created);
    let mut store = Store::open(Arc::clone(&shared), &layout(), &id, Access::OwnScratch)?;
    store.segment_bytes = 3000;
    let blobs = Blobs::new(shared, layout());
    for number in 0..4 {
        let bytes = format!("source {number} ").repeat(40);
        let kept = blobs.put_bytes(bytes.as_bytes()).map_err(failed)?;
        tell(told, Told::Blob(kept));
        let large = vec![number as u8; (1 << 20) + 17];
        let (large, _) = blobs.put(&mut large.as_slice()).map_err(failed)?;
        tell(told, Told::Blob(large));
        let mut added = entry(Action::RecipeAdded, vec![large, kept], number);
        added.facts.insert("name".into(), "prose".into());
        let run = Digest::of(&number.to_be_bytes());
        let batches = [
            vec![added],
            vec![entry(Action::RunStarted, vec![run, large], number + 100)],
            (0..3).map(|n| entry(Action::RunStep, vec![run], number * 10 + n + 200)).collect(),
        ];
        for (batch, entries) in batches.into_iter().enumerate() {
            let call = |at: usize| format!("{number}-{batch}-{at}");
            let draft = |(at, entry): (usize, Entry)| Draft {
                call: call(at),
                numbered: entry.action == Action::RecipeAdded,
                entry,
            };
            let appended = store.append(entries.into_iter().enumerate().map(draft).collect())?;
            for one in appended {
                told.push(Told::Event(one.event));
            }
            (told.len() - batch_len(batch)..told.len()).for_each(|_| disk.acknowledge());
        }
    }
    Ok(())
}

fn batch_len(batch: usize) -> usize {
    if batch == 2 { 3 } else { 1 }
}

fn failed(error: std::io::Error) -> RegistryError {
    RegistryError::File { path: "blobs".into(), error }
}

/// Opens what is left and claims that everything told is there and nothing is half-written.
fn check(disk: ForgetfulDisk, told: &[Told], moment: &str) {
    let disk: Arc<dyn Disk> = Arc::new(disk);
    let id = match layout().read_settings(&*disk) {
        Err(RegistryError::Missing(_)) => {
            assert!(told.is_empty(), "{moment}: no registry, although it was told");
            return;
        }
        id => id.unwrap_or_else(|error| panic!("{moment}: {error}")),
    };
    let opened = Store::open(Arc::clone(&disk), &layout(), &id, Access::OwnScratch);
    drop(opened.unwrap_or_else(|error| panic!("{moment}: {error}")));
    let journal = Journal { disk: Arc::clone(&disk), folder: layout().journal(), id: id.clone() };
    let mut events = Vec::new();
    let end = journal
        .replay(Mark::start(&id), &mut |line, _, _| {
            events.push(line.event);
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{moment}: {error}"));
    assert_eq!(end.torn, None, "{moment}: opening cuts what is torn");
    let whole = |digest: &Digest| {
        let path = Blobs::new(Arc::clone(&disk), layout()).path(digest);
        let mut bytes = vec![0; 2 << 20];
        let read = disk.read_at(&path, 0, &mut bytes).ok()?;
        Some(Digest::of(&bytes[..read]) == *digest)
    };
    for told in told {
        match told {
            Told::Created => assert!(!events.is_empty(), "{moment}"),
            Told::Blob(digest) => assert_eq!(whole(digest), Some(true), "{moment}: {digest}"),
            Told::Event(event) => {
                assert_eq!(events.get(event.number as usize), Some(event), "{moment}");
            }
        }
    }
    for event in events.iter().filter(|event| event.action == Action::RecipeAdded) {
        for blob in &event.subjects {
            assert_eq!(whole(blob), Some(true), "{moment}: {} names it", event.number);
        }
    }
    let blobs = Blobs::new(Arc::clone(&disk), layout()).list().unwrap_or_default();
    for blob in blobs {
        assert_eq!(whole(&blob), Some(true), "{moment}: {blob} is half-written");
    }
}

#[test]
fn a_power_cut_at_any_sync_loses_nothing_that_was_told() {
    let disk = Arc::new(ForgetfulDisk::new(&layout().folder));
    let mut told = Vec::new();
    work(&disk, &mut told).expect("there is room");
    let frozen = disk.frozen();
    assert!(frozen.len() > 40, "{} syncs", frozen.len());
    assert!(disk.size(&layout().journal().join("000002.jsonl")).is_ok(), "three segments");
    let cuts =
        [Cut::Least, Cut::Most, Cut::Torn(1), Cut::Torn(100), Cut::Torn(200), Cut::Torn(255)];
    for (number, moment) in frozen.iter().enumerate() {
        for cut in cuts {
            let name = format!("sync {number} of {}, {cut:?}", frozen.len());
            check(moment.after(cut), &told[..moment.acknowledged], &name);
        }
    }
}

#[test]
fn a_forgotten_sync_would_be_noticed() {
    let disk = Arc::new(ForgetfulDisk::new(&layout().folder));
    let mut told = Vec::new();
    work(&disk, &mut told).expect("there is room");
    let early = disk.frozen()[20].after(Cut::Least);
    let noticed = std::panic::catch_unwind(move || check(early, &told, "too early"));
    assert!(noticed.is_err(), "the check sees events that were told and are not there");
}

#[test]
fn a_disk_that_is_full_at_any_write_gives_a_clear_error_and_loses_nothing() {
    let all = {
        let disk = Arc::new(ForgetfulDisk::new(&layout().folder));
        disk.limit(Some(usize::MAX));
        let mut told = Vec::new();
        work(&disk, &mut told).expect("there is room");
        told.len()
    };
    let (mut room, mut stopped) = (0, 0);
    loop {
        let disk = Arc::new(ForgetfulDisk::new(&layout().folder));
        disk.limit(Some(room));
        let mut told = Vec::new();
        match work(&disk, &mut told) {
            Ok(()) => break assert_eq!(told.len(), all),
            Err(error) => assert_eq!(error.kind(), Kind::Full, "room {room}: {error}"),
        }
        stopped += 1;
        disk.limit(None);
        let shared: Arc<dyn Disk> = Arc::clone(&disk) as Arc<dyn Disk>;
        shared.sync_folder(&layout().folder).expect("a moment to look at");
        let moment = disk.frozen().pop().expect("a moment");
        for cut in [Cut::Least, Cut::Most] {
            check(moment.after(cut), &told, &format!("room {room}, {cut:?}"));
        }
        room += if room < 40_000 { 97 } else { 60_001 };
    }
    assert!(stopped > 100, "{stopped}");
}

#[test]
fn after_a_full_disk_the_same_process_goes_on() {
    let disk = Arc::new(ForgetfulDisk::new(&layout().folder));
    let shared: Arc<dyn Disk> = Arc::clone(&disk) as Arc<dyn Disk>;
    let id = make(&shared, &layout(), TIME, "smith").expect("a registry");
    let store = Store::open(shared, &layout(), &id, Access::OwnScratch).expect("a store");
    let run = Digest::of(b"run");
    let draft = |n: u64| Draft {
        call: format!("x-{n}"),
        entry: entry(Action::RunStarted, vec![run, run], n),
        numbered: false,
    };
    for room in 0..200 {
        disk.limit(Some(room));
        let error = store.append(vec![draft(room as u64)]).expect_err("no room");
        assert_eq!(error.kind(), Kind::Full);
        disk.limit(None);
    }
    let appended = store.append(vec![draft(1000)]).expect("there is room again");
    assert_eq!(appended[0].event.number, 1);
}
