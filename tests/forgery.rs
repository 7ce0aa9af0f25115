//! A rebuild that fails names where: planted changes, damaged bytes, inputs that went away.

use std::fs;

use stories::Place;

/// The tiny recipe, run once; the run's id.
fn run() -> (Place, String) {
    let place = Place::with_tiny_recipe();
    let run = place.ingot("run tiny.yaml --json").exits(0).last();
    let id = run["id"].as_str().expect("an id").to_owned();
    (place, id)
}

#[test]
fn a_changed_letter_in_the_data_is_named_by_its_step() {
    let (place, id) = run();
    let verdict = place.ingot(&format!("rebuild {id} --plant data --json")).exits(1).last();
    assert_eq!(verdict["verdict"], "differs");
    assert_eq!(verdict["first_difference"]["place"], "step `gather stories`");
    assert!(
        place.ingot("log --action run.rebuilt").exits(0).out.is_empty(),
        "a rehearsal is no record"
    );
}

#[test]
fn a_changed_training_step_is_named_by_its_state() {
    let (place, id) = run();
    let verdict = place.ingot(&format!("rebuild {id} --plant step --json")).exits(1).last();
    assert_eq!(verdict["verdict"], "differs");
    let place_named = verdict["first_difference"]["place"].as_str().expect("a place");
    assert_eq!(place_named, "training state 10 of stage 1");
}

#[test]
fn another_seed_is_found() {
    let (place, id) = run();
    let verdict = place.ingot(&format!("rebuild {id} --plant seed --json")).exits(1).last();
    assert_eq!(verdict["verdict"], "differs");
    assert!(!verdict["first_difference"]["place"].is_null());
}

/// The path of the blob of the first story.
fn a_source_blob(place: &Place) -> std::path::PathBuf {
    let text = fs::read(place.file("texts/story-000.txt")).expect("a story");
    let hex = recipes::Digest::of(&text).hex();
    place.file(".ingot/blobs/sha256").join(&hex[..2]).join(&hex[2..])
}

/// Finds a blob's file whatever the names of its folders.
fn existing_blob(place: &Place) -> std::path::PathBuf {
    let direct = a_source_blob(place);
    if direct.exists() {
        return direct;
    }
    let text = fs::read(place.file("texts/story-000.txt")).expect("a story");
    let hex = recipes::Digest::of(&text).hex();
    place.file(".ingot/blobs/sha256").join(&hex[..2]).join(&hex)
}

fn make_writable(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).expect("permissions");
}

#[test]
fn a_flipped_byte_in_a_blob_is_damage_with_its_name() {
    let (place, id) = run();
    let blob = existing_blob(&place);
    let mut bytes = fs::read(&blob).expect("a blob");
    bytes[3] ^= 1;
    make_writable(&blob);
    fs::write(&blob, bytes).expect("flipped");
    let name = blob.file_name().expect("a name").to_string_lossy()[2..10].to_owned();
    assert!(place.ingot("fsck").exits(3).out.contains(&name));
    place.ingot(&format!("rebuild {id}")).exits(3);
}

#[test]
fn a_missing_input_leaves_the_verdict_undecided() {
    let (place, id) = run();
    fs::remove_file(existing_blob(&place)).expect("gone");
    let verdict = place.ingot(&format!("rebuild {id} --json")).exits(2).last();
    assert_eq!(verdict["verdict"], "undecided");
}
