//! Bad input gets a clear error with place, found and wanted value; nothing is half-written.

use std::ffi::OsStr;
use std::fs;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use stories::Place;

const INGOT: &str = env!("CARGO_BIN_EXE_ingot-under-test");

/// The tiny recipe with one text replaced.
fn with(from: &str, to: &str) -> Place {
    let place = Place::with_tiny_recipe();
    let text = stories::TINY.replace(from, to);
    assert_ne!(text, stories::TINY, "`{from}` stands in the recipe");
    place.write("tiny.yaml", text);
    place
}

#[test]
fn every_problem_of_a_recipe_is_drawn_with_its_line() {
    let place = with("layers: 2, width: 32", "leyers: 2, width: 33");
    let said = place.ingot("check tiny.yaml").exits(1);
    for wanted in ["tiny.yaml:16:", "has no key `leyers`", "did you mean `layers`?", "^^^^^^"] {
        assert!(said.out.contains(wanted), "`{wanted}` in:\n{}", said.out);
    }
    let problem = place.ingot("check tiny.yaml --json").exits(1).json().remove(0);
    assert_eq!((&problem["kind"], &problem["line"]), (&"problem".into(), &16.into()));
    place.ingot("add tiny.yaml").exits(2).complains("leyers");
    place.ingot("run tiny.yaml").exits(2).complains("leyers");
    assert!(!place.file(".ingot").exists(), "nothing was made for a recipe that cannot be read");
}

#[test]
fn a_recipe_of_brackets_is_an_ordinary_error() {
    let place = Place::new();
    place.write("deep.yaml", "[".repeat(1 << 20));
    let said = place.ingot("check deep.yaml").exits(1);
    assert!(said.out.contains("too deep"), "{}", &said.out[..said.out.len().min(500)]);
    place.write("large.yaml", "#".repeat((1 << 20) + 1));
    place.ingot("check large.yaml").exits(2).complains("wanted at most 1048576");
}

#[test]
fn missing_empty_and_unreadable_sources_are_named() {
    with("texts/*.txt", "texts/*.md")
        .ingot("add tiny.yaml")
        .exits(2)
        .complains("`texts/*.md` matches no file");
    let missing = with("texts/*.txt", "nowhere/*.txt");
    missing.ingot("add tiny.yaml").exits(2).complains("nowhere");
    let place = with(
        "kind: files\n    include: [\"texts/*.txt\"]",
        "kind: jsonl\n    path: a.jsonl\n    text: t",
    );
    place.write("a.jsonl", "");
    place.ingot("add tiny.yaml").exits(2).complains("is empty");
    place.write("a.jsonl", "{\"t\":\"one\"}\n{\"t\":");
    place.ingot("run tiny.yaml").exits(2).complains("`a.jsonl` line 2");
    place.ingot("check nothing.yaml").exits(2).complains("nothing.yaml");
}

/// A place whose recipe reads `records.jsonl.gz`, and the same with bad records kept aside.
fn with_records(bytes: &[u8], on_error: &str) -> Place {
    let place = with(
        "kind: files\n    include: [\"texts/*.txt\"]",
        &format!("kind: jsonl\n    path: bad.jsonl\n    text: t\n    on_error: {on_error}"),
    );
    place.write("bad.jsonl", bytes);
    place
}

/// The stories as JSON lines, one of which is no record, and one not UTF-8.
fn records() -> Vec<u8> {
    let mut lines = Vec::new();
    for (number, (_, text)) in stories::stories(24).into_iter().enumerate() {
        match number {
            5 => lines.extend_from_slice(b"{\"t\": \"cut"),
            9 => lines.extend_from_slice(b"{\"t\": \"caf\xE9\"}"),
            _ => lines.extend(serde_json::json!({"t": text}).to_string().into_bytes()),
        }
        lines.push(b'\n');
    }
    lines
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).expect("packed");
    gzip.finish().expect("packed")
}

#[test]
fn a_malformed_source_ends_its_run_as_failed_and_names_the_file() {
    let whole = packed(&records());
    let not_utf8 = with("texts/*.txt", "texts/*");
    not_utf8.write("texts/bad.txt", b"caf\xE9");
    for (place, wanted) in [
        (with_records(&records(), "fail"), "`bad.jsonl` line 6: not JSON"),
        (with_records(&whole[..whole.len() / 8], "fail"), "the file ends too early"),
        (not_utf8, "`bad.txt` is not UTF-8 at byte 3"),
    ] {
        let said = place.ingot("run tiny.yaml").exits(2).complains(wanted);
        assert!(!said.err.contains("records.jsonl"), "{}", said.err);
        let run = place.ingot("runs --json").exits(0).last();
        assert_eq!(run["status"], "failed");
        let shown = place.ingot("show tiny").exits(0);
        let id = run["id"].as_str().expect("an id").to_owned();
        let shown = [shown.out, place.ingot(&format!("show {id}")).exits(0).out].concat();
        assert!(shown.contains(wanted), "{shown}");
        place.ingot("fsck").exits(0);
    }
}

#[test]
fn bad_records_are_kept_aside_and_counted_where_the_recipe_says_so() {
    let place = with_records(&records(), "quarantine");
    let said = place.ingot("run tiny.yaml --rebuild").exits(0);
    assert!(said.out.contains("  2 bad records of stories\n"), "{}", said.out);
    assert!(said.out.contains("reproduced"), "{}", said.out);
    let shown = place.ingot("show tiny").exits(0).out;
    assert!(shown.contains("on_error: quarantine"), "{shown}");
    let run = place.ingot("runs --json").exits(0).last();
    let id = run["id"].as_str().expect("an id").to_owned();
    let shown = place.ingot(&format!("show {id}")).exits(0).out;
    assert!(shown.contains("22 documents") && shown.contains("2 quarantined"), "{shown}");
    let run = place.ingot(&format!("show {id} --json")).exits(0).last();
    let kept = run["steps"][0]["quarantine"].as_str().expect("a digest").to_owned();
    let records = place.ingot(&format!("show {kept} --raw")).exits(0);
    let records: serde_json::Value = serde_json::from_str(&records.out).expect("JSON");
    let line = |at: usize| records[at]["place"]["line"].as_u64();
    assert_eq!((line(0), line(1)), (Some(6), Some(10)));
    assert_eq!(
        (&records[0]["file"], &records[0]["text"]),
        (&"records.jsonl".into(), &"{\"t\": \"cut".into())
    );
    assert!(records[1]["hex"].as_str().expect("bytes").contains("636166e9"));
    assert_eq!(records.as_array().map(Vec::len), Some(2));
}

#[test]
fn the_rest_of_a_cut_file_is_one_bad_record() {
    let whole = packed(&records());
    let place = with_records(&whole[..whole.len() - 20], "quarantine");
    let said = place.ingot("run tiny.yaml").exits(0);
    assert!(said.out.contains("bad records of stories"), "{}", said.out);
}

#[test]
fn a_name_that_is_not_utf8_is_refused_with_the_name() {
    let place = Place::with_tiny_recipe();
    let name = place.file("texts").join(OsStr::from_bytes(b"bad\xFF.txt"));
    fs::write(name, "text").expect("written");
    place.ingot("add tiny.yaml").exits(2).complains("not UTF-8");
}

#[test]
fn a_source_held_by_reference_that_changed_is_found_before_it_is_used() {
    let place = with("kind: files", "kind: files\n    hold: reference");
    place.ingot("run tiny.yaml").exits(0);
    place.ingot("rebuild tiny").exits(0);
    let story = place.read("texts/story-003.txt").replacen('T', "t", 1);
    place.write("texts/story-003.txt", story);
    place.ingot("rebuild tiny").exits(3).complains("story-003.txt");
    fs::remove_file(place.file("texts/story-003.txt")).expect("gone");
    let verdict = place.ingot("rebuild tiny --json").exits(2).last();
    assert_eq!(verdict["verdict"], "undecided");
}

#[test]
fn a_registry_of_a_newer_format_is_refused() {
    let place = Place::with_tiny_recipe();
    place.ingot("init").exits(0);
    let settings = place.read(".ingot/ingot.toml");
    let newer = settings.replace("format = 1", "format = 2");
    assert_ne!(newer, settings);
    place.write(".ingot/ingot.toml", newer);
    place.ingot("history").exits(2).complains("format");
}

#[test]
fn a_registry_inside_a_registry_is_refused() {
    let place = Place::new();
    place.ingot("init").exits(0);
    place.ingot("init").exits(2).complains("already");
    place.ingot("--registry .ingot/blobs/inner init").exits(2);
    assert!(!place.file(".ingot/blobs/inner").exists());
}

#[test]
fn a_full_disk_is_an_error_and_the_registry_still_opens() {
    let place = Place::with_tiny_recipe();
    fs::create_dir(place.file("small")).expect("a folder");
    let script = format!(
        "set -e; mount -t tmpfs -o size=8m tmpfs small; export INGOT_ACTOR=tester; \
         {INGOT} --registry small/r init; \
         {INGOT} --registry small/r add tiny.yaml; \
         set +e; cat /dev/zero > small/filler 2>/dev/null; truncate -s -150K small/filler; \
         {INGOT} --registry small/r run tiny.yaml; echo \"exit $?\"; \
         {INGOT} --registry small/r fsck; echo \"fsck $?\"; \
         {INGOT} --registry small/r history; echo \"history $?\""
    );
    let output = Command::new("unshare")
        .args(["--mount", "--map-root-user", "sh", "-c", &script])
        .current_dir(place.path())
        .output()
        .expect("unshare runs");
    let said = stories::said(output);
    assert!(said.out.contains("exit 2"), "{said:?}");
    assert!(said.err.to_lowercase().contains("no space left"), "{said:?}");
    assert!(said.out.contains("fsck 0") && said.out.contains("history 0"), "{said:?}");
}

#[test]
fn a_folder_that_may_only_be_read_still_answers_questions() {
    let place = Place::with_tiny_recipe();
    place.ingot("add tiny.yaml").exits(0);
    let script = format!(
        "set -e; mount --bind .ingot .ingot; mount -o remount,bind,ro .ingot; set +e; \
         {INGOT} history; echo \"history $?\"; {INGOT} add other.yaml; echo \"add $?\""
    );
    place.write("other.yaml", stories::TINY.replace("A toy", "Another toy"));
    let output = Command::new("unshare")
        .args(["--mount", "--map-root-user", "sh", "-c", &script])
        .current_dir(place.path())
        .output()
        .expect("unshare runs");
    let said = stories::said(output);
    assert!(said.out.contains("history 0"), "{said:?}");
    assert!(said.out.contains("add 2"), "{said:?}");
    assert!(said.err.to_lowercase().contains("read"), "{said:?}");
}

#[test]
fn a_torn_journal_tail_is_cut_and_a_damaged_middle_is_evidence() {
    let place = Place::with_tiny_recipe();
    place.ingot("add tiny.yaml").exits(0);
    let text = stories::TINY.replace("A toy", "Another toy");
    place.write("other.yaml", text);
    place.ingot("add other.yaml").exits(0);
    let journal = place.file(".ingot/journal/000000.jsonl");
    let whole = fs::read(&journal).expect("a journal");
    fs::set_permissions(&journal, fs::Permissions::from_mode(0o644)).expect("permissions");
    fs::write(&journal, &whole[..whole.len() - 7]).expect("torn");
    let said = place.ingot("history tiny").exits(0).complains("note:");
    assert_eq!(said.out.lines().count(), 1, "the torn event never happened");
    let mut damaged = whole.clone();
    damaged[whole.len() / 3] ^= 1;
    fs::write(&journal, damaged).expect("damaged");
    place.ingot("fsck").exits(3);
    place.ingot("fsck --rebuild-index").exits(3);
}

#[test]
fn a_lost_or_broken_index_is_made_anew() {
    let place = Place::with_tiny_recipe();
    place.ingot("add tiny.yaml").exits(0);
    let wanted = place.ingot("history tiny --json").exits(0).out;
    let index = place.file(".ingot/index");
    fs::remove_dir_all(&index).expect("deleted");
    assert_eq!(place.ingot("history tiny --json").exits(0).out, wanted);
    for file in ["db", "conf"] {
        let path = index.join(file);
        let bytes = fs::read(&path).expect("an index file");
        fs::write(&path, &bytes[..bytes.len() / 2]).expect("truncated");
        assert_eq!(place.ingot("history tiny --json").exits(0).out, wanted, "{file} truncated");
        let mut bytes = fs::read(&path).expect("an index file");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 0x40;
        fs::write(&path, bytes).expect("flipped");
        assert_eq!(place.ingot("history tiny --json").exits(0).out, wanted, "{file} flipped");
    }
}

#[test]
fn training_too_large_for_memory_is_refused_with_its_arithmetic() {
    let place = Place::with_tiny_recipe();
    let said = place.ingot_with_memory("run tiny.yaml", || Some(1_450_000)).exits(2);
    let said = said.complains("are free: 39072 parameters give weights 0.2 MB, moments 0.3 MB");
    said.complains("`micro_batches: 8` with `recompute: true` needs about 1.3 MB: fits");
    let runs = place.ingot("runs --json").exits(0);
    assert_eq!(runs.out, "", "no run was begun");
    place.ingot_with_memory("run tiny.yaml", || Some(1_000_000_000)).exits(0);
}
