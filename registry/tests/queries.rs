//! What a person asks: names, digests by their first digits, runs, the trail, what could go.

mod place;

use std::collections::BTreeMap;
use std::fs;

use place::{Place, TIME, add, all, pinned, recipe, start, step};
use recipes::{Digest, Object, StateMark, Trace};
use registry::{
    Action, Entry, EventFilter, Lowered, Registry, RegistryError, Resolved, Retention, RunStatus,
};
use serde_json::{Map, Value, json};

/// A run of a recipe from its beginning to its end, with one kept training state.
fn finished_run(registry: &Registry, of: Digest) -> Digest {
    let record = json!({"recipe": of, "text": "a run"});
    let object = Object::new("ingot/run-start@1", &record).expect("an object");
    let run = object.digest();
    let begun = Entry { subjects: vec![run, of], objects: vec![object], ..start("begun") };
    registry.record(vec![begun, step(run, "gather stories"), step(run, "hold out")]).expect("ok");
    let kept = |text: &str| registry.blobs().put_bytes(text.as_bytes()).expect("a blob");
    let state = StateMark { stage: 0, step: 10, digest: kept("a training state") };
    let facts = [("state".to_owned(), json!(state)), ("kept".to_owned(), Value::Bool(true))];
    let marked = Entry {
        action: Action::RunState,
        subjects: vec![run, state.digest],
        facts: Map::from_iter(facts),
        ..step(run, "state")
    };
    let trace = Trace {
        steps: Vec::new(),
        states: vec![state],
        model: kept("a model"),
        tokenizer: kept("a tokenizer"),
        losses: kept("losses"),
        quality: Vec::new(),
    };
    let record = json!({"start": run, "recipe": of, "trace": trace, "seconds": 1.5});
    let object = Object::new("ingot/run@1", &record).expect("an object");
    let ended = Entry {
        action: Action::RunFinished,
        subjects: vec![run, object.digest(), trace.model],
        objects: vec![object],
        facts: Map::new(),
        ..step(run, "finished")
    };
    registry.record(vec![marked, ended]).expect("recorded");
    run
}

#[test]
fn the_same_recipe_is_the_same_version() {
    let place = Place::with_registry();
    let registry = place.open();
    let first = add(&registry, "prose", "1");
    assert_eq!((first.version, first.new), (1, true));
    let again = add(&registry, "prose", "1");
    assert_eq!((again.version, again.new, again.digest), (1, false, first.digest));
    let second = add(&registry, "prose", "2");
    assert_eq!((second.version, second.new), (2, true));
    assert_eq!(add(&registry, "verse", "1").version, 1);
    assert_eq!(registry.event_count().expect("a number"), 4);
    assert_eq!(registry.pinned(&second.digest).expect("a recipe").seed, "2");
    let names = registry.names().expect("names");
    let names: Vec<_> = names.iter().map(|v| (v.name.as_str(), v.number)).collect();
    assert_eq!(names, [("prose", 2), ("verse", 1)]);
    assert_eq!(registry.versions("pros").expect("none"), []);
}

#[test]
fn a_recipe_whose_bytes_are_not_here_is_refused() {
    let place = Place::with_registry();
    let registry = place.open();
    let elsewhere = place.root().join("large.txt");
    fs::write(&elsewhere, "large").expect("a file");
    let pinned = pinned("prose", "1", Digest::of(b"large"), 5);
    let add = |locations| {
        let (time, actor) = (TIME.to_owned(), "smith".to_owned());
        registry.add_recipe(&pinned, b"yaml", locations, time, actor, None)
    };
    let error = add(BTreeMap::new()).expect_err("no bytes");
    assert!(matches!(&error, RegistryError::Bytes { name, .. } if name == "stories: a.txt"));
    assert_eq!(registry.event_count().expect("a number"), 1);
    let locations = BTreeMap::from_iter([(Digest::of(b"large"), elsewhere.clone())]);
    let added = add(locations).expect("held by reference");
    let known = registry.locations(&Digest::of(b"large")).expect("places");
    assert_eq!(known, std::slice::from_ref(&elsewhere));
    assert_eq!(registry.fsck().expect("a report").damage, []);
    let run = finished_run(&registry, added.digest);
    let retention = || registry.run(&run).expect("a look").expect("a run").retention;
    assert_eq!(retention(), Retention::Rebuildable);
    fs::remove_file(&elsewhere).expect("gone");
    assert_eq!(retention(), Retention::SpotCheckable);
    let lowered = Lowered { run, now: Retention::SpotCheckable, after: Retention::RecordOnly };
    assert_eq!(registry.gc_plan().expect("a plan").lowered, [lowered]);
    let state = Digest::of(b"a training state");
    registry.blobs().remove(&state).expect("deleted");
    assert_eq!(retention(), Retention::RecordOnly);
}

#[test]
fn a_text_names_one_thing_or_all_its_candidates() {
    let place = Place::with_registry();
    let registry = place.open();
    let one = add(&registry, "prose", "1");
    let two = add(&registry, "prose", "2");
    let run = finished_run(&registry, one.digest);
    let named = |text: &str| match registry.resolve(text) {
        Ok(Resolved::Recipe(version)) => format!("prose@{}", version.number),
        Ok(other) => format!("{other:?}"),
        Err(error) => error.to_string(),
    };
    for (text, wanted) in [
        ("prose", "prose@2"),
        ("prose@latest", "prose@2"),
        ("prose@1", "prose@1"),
        ("prose@3", "`prose@3` names nothing in this registry"),
        ("prose@x", "`prose@x` names nothing in this registry"),
        ("", "`` names nothing in this registry"),
        ("1234567", "`1234567` names nothing in this registry"),
    ] {
        assert_eq!(named(text), wanted, "{text}");
    }
    for digits in [8, 9, 31, 64] {
        assert_eq!(named(&two.digest.hex()[..digits]), "prose@2");
        assert_eq!(named(&format!("sha256:{}", &run.hex()[..digits])), format!("Run({run:?})"));
    }
    let model = Digest::of(b"a model");
    assert_eq!(named(&model.short()), format!("Blob({model:?})"));
    let part = registry.object(&one.digest).expect("a look").expect("an object");
    let part: Digest = part.value()["model"].as_str().expect("a digest").parse().expect("one");
    assert_eq!(named(&part.short()), format!("Object({part:?})"));
    // The same digits name an object and a blob.
    let close = part.hex().replace(&part.hex()[60..], "0000");
    let path = registry.blobs().path(&part);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path.with_file_name(close), "").expect("a planted blob");
    let error = registry.resolve(&part.short()).expect_err("two candidates");
    assert!(matches!(error, RegistryError::Ambiguous { candidates, .. } if candidates.len() == 2));
}

#[test]
fn a_run_is_what_its_events_add_up_to() {
    let place = Place::with_registry();
    let registry = place.open();
    let of = add(&registry, "prose", "1").digest;
    let run = finished_run(&registry, of);
    let rebuilt = Entry {
        action: Action::RunRebuilt,
        facts: Map::from_iter([("verdict".to_owned(), json!("reproduced"))]),
        objects: Vec::new(),
        ..start("rebuilt")
    };
    let rebuilt = Entry { subjects: vec![run, Digest::of(b"verdict")], ..rebuilt };
    registry.record_one(rebuilt).expect("recorded");
    let failing = registry.record_one(start("fails")).expect("recorded").subjects[0];
    let failed = Entry {
        action: Action::RunFailed,
        subjects: vec![failing],
        reason: Some("no room".into()),
        ..step(failing, "failed")
    };
    registry.record_one(failed).expect("recorded");
    for registry in [registry, place.open()] {
        let record = registry.run(&run).expect("a look").expect("a run");
        assert_eq!(record.summary.status, RunStatus::Finished);
        assert_eq!((record.summary.name.as_str(), record.summary.version), ("prose", 1));
        assert_eq!(record.summary.verdicts, ["reproduced"]);
        assert_eq!(record.summary.model, Some(Digest::of(b"a model")));
        assert_eq!(record.steps.len(), 2);
        assert_eq!(record.steps[0].name, "gather stories");
        assert_eq!(record.states.len(), 1);
        assert_eq!(record.seconds, Some(1.5));
        assert_eq!(record.trace.map(|trace| trace.losses), Some(Digest::of(b"losses")));
        assert_eq!(record.rebuilds.len(), 1);
        assert_eq!(record.retention, Retention::Rebuildable);
        let second = registry.run(&failing).expect("a look").expect("a run");
        assert_eq!(second.summary.status, RunStatus::Failed);
        assert_eq!(second.failure.as_deref(), Some("no room"));
        let ids: Vec<_> = registry.runs().expect("runs").iter().map(|run| run.id).collect();
        assert_eq!(ids, [failing, run], "newest first");
        assert!(registry.run(&Digest::of(b"none")).expect("a look").is_none());
    }
}

#[test]
fn the_trail_is_filtered_by_each_of_its_fields() {
    let place = Place::with_registry();
    let registry = place.open();
    let of = add(&registry, "prose", "1").digest;
    add(&registry, "verse", "1");
    let run = finished_run(&registry, of);
    let other =
        Entry { actor: "clerk".into(), time: "2027-01-01T00:00:00.000000Z".into(), ..start("x") };
    registry.record_one(other).expect("recorded");
    let any = EventFilter::default;
    let text = |text: &str| Some(text.to_owned());
    for (filter, wanted) in [
        (EventFilter { action: text("run.st"), ..any() }, vec![8, 6, 5, 4, 3]),
        (EventFilter { action: text("recipe"), ..any() }, vec![2, 1]),
        (EventFilter { actor: text("clerk"), ..any() }, vec![8]),
        (EventFilter { subject: Some(run), ..any() }, vec![7, 6, 5, 4, 3]),
        (EventFilter { name: text("prose"), ..any() }, vec![7, 6, 5, 4, 3, 1]),
        (EventFilter { name: text("verse"), subject: Some(run), ..any() }, vec![]),
        (EventFilter { since: text("2027"), ..any() }, vec![8]),
        (EventFilter { until: text("2027"), limit: 2, ..any() }, vec![7, 6]),
        (EventFilter { before: Some(2), ..any() }, vec![1, 0]),
        (EventFilter { before: Some(0), ..any() }, vec![]),
        (EventFilter { limit: 0, ..any() }, vec![]),
    ] {
        let found = registry.events(&filter).expect("events");
        let numbers: Vec<u64> = found.iter().map(|event| event.number).collect();
        assert_eq!(numbers, wanted, "{filter:?}");
    }
    assert_eq!(all(&registry)[0].action, Action::RegistryCreated);
}

#[test]
fn what_refers_to_a_digest_is_known() {
    let place = Place::with_registry();
    let registry = place.open();
    let of = add(&registry, "prose", "1").digest;
    let recipe = registry.object(&of).expect("a look").expect("an object");
    let model: Digest = recipe.value()["model"].as_str().expect("a digest").parse().expect("one");
    assert_eq!(registry.referrers(&model).expect("a look"), [of]);
    assert_eq!(registry.referrers(&Digest::of(b"none")).expect("a look"), []);
}

#[test]
fn only_what_nothing_names_could_be_deleted() {
    let place = Place::with_registry();
    let registry = place.open();
    let of = add(&registry, "prose", "1").digest;
    let run = finished_run(&registry, of);
    let stray = registry.blobs().put_bytes(b"a stray").expect("a blob");
    fs::create_dir_all(registry.work_folder(&run)).expect("a folder");
    fs::write(registry.work_folder(&run).join("state"), [0; 10]).expect("a file");
    let plan = registry.gc_plan().expect("a plan");
    let mut found: Vec<_> = plan.items.iter().map(|item| (item.what.clone(), item.size)).collect();
    found.sort();
    let mut wanted = vec![
        (Digest::of(b"a training state").to_string(), 16),
        (stray.to_string(), 7),
        (format!("work/{}", run.hex()), 10),
    ];
    wanted.sort();
    assert_eq!(found, wanted);
    assert_eq!(plan.lowered, []);
}

#[test]
fn an_event_that_is_too_large_is_refused_whole() {
    let place = Place::with_registry();
    let registry = place.open();
    let long = Entry { reason: Some("x".repeat(70_000)), ..start("long") };
    let error = registry.record(vec![start("short"), long]).expect_err("too large");
    assert!(matches!(error, RegistryError::TooLarge { wanted: 65_534, .. }), "{error}");
    assert_eq!(registry.event_count().expect("a number"), 1);
    let client = place.open();
    let long = Entry { reason: Some("x".repeat(70_000)), ..start("long") };
    let error = client.record_one(long).expect_err("too large through the socket, too");
    assert!(error.to_string().contains("wanted at most 65534"), "{error}");
    client.record_one(start("short")).expect("the connection still works");
}

#[test]
fn a_large_file_is_kept_once_and_can_be_checked_from_outside() {
    let place = Place::with_registry();
    let registry = place.open();
    let bytes: Vec<u8> = (0..5_000_001_u32).map(|n| ((n * 2_654_435_761) >> 24) as u8).collect();
    let file = place.root().join("large");
    fs::write(&file, &bytes).expect("a file");
    let (digest, size) = registry.blobs().put_file(&file).expect("kept");
    assert_eq!((digest, size), (Digest::of(&bytes), 5_000_001));
    assert_eq!(registry.blobs().put(&mut bytes.as_slice()).expect("kept"), (digest, size));
    assert_eq!(registry.blobs().put_bytes(&bytes).expect("kept"), digest);
    assert_eq!(registry.blobs().list().expect("blobs"), [digest]);
    assert_eq!(fs::read(registry.blobs().path(&digest)).expect("a file"), bytes);
    let mode = fs::metadata(registry.blobs().path(&digest)).expect("a file").permissions();
    assert!(mode.readonly());
    let left: Vec<_> = fs::read_dir(registry.blobs().incoming()).expect("a folder").collect();
    assert_eq!(left.len(), 1, "only the lock of this session is left");
    assert!(registry.blobs().put_file(&place.root().join("none")).is_err());
    let pinned = recipe(&registry, "prose", "1");
    assert!(pinned.sources.contains_key("stories"));
}
