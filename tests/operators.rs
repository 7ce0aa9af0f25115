//! The pages of the operators, and a step tried on a file of one's own.

use stories::Place;

#[test]
fn every_operator_is_listed_and_has_its_page() {
    let place = Place::new();
    let said = place.ingot("operators").exits(0);
    for name in recipes::operators::catalogue::names() {
        let line = said.out.lines().find(|line| line.starts_with(name));
        assert!(line.is_some_and(|line| line.ends_with('.')), "{name}: {line:?}");
        let page = place.ingot(&format!("operators {name}")).exits(0).out;
        assert!(page.starts_with(name), "{page}");
    }
    let page = place.ingot("operators dedup.minhash").exits(0).out;
    for wanted in ["bands", "a whole number from 1 to 1024", "default 14", "must be given"] {
        assert!(page.contains(wanted), "`{wanted}` in:\n{page}");
    }
    let record = place.ingot("operators filter.length --json").exits(0).last();
    assert_eq!((&record["kind"], &record["name"]), (&"operator".into(), &"filter.length@1".into()));
    place.ingot("operators filter.lenght").exits(2).complains("did you mean `filter.length@1`?");
}

#[test]
fn a_tried_step_shows_values_limits_and_changes() {
    let place = Place::new();
    let lines = "{\"text\": \"short\"}\n{\"text\": \"long enough to stay\"}\n";
    place.write("notes.jsonl", lines);
    let said = place.ingot("try filter.length@1 notes.jsonl --set chars_min=10").exits(0);
    let wanted = "notes.jsonl:0  dropped  chars 5, limit 10\n\
                  notes.jsonl:1  kept     chars 19 (at least 10)\n\
                  2 documents  1 kept  0 changed  1 dropped\n";
    assert_eq!(said.out, wanted);
    place.write("a.txt", "one\nmail me at a@b.example\nthree\n");
    let said = place.ingot("try pii.mask@1 a.txt --set kinds=[email]").exits(0);
    let wanted = "a.txt:0  changed\n  -mail me at a@b.example\n  +mail me at <email>\n\
                  1 documents  0 kept  1 changed  0 dropped\n";
    assert_eq!(said.out, wanted);
    let json = place.ingot("try filter.length@1 notes.jsonl --set chars_min=10 --json").exits(0);
    let first = json.json().remove(0);
    assert_eq!((&first["decision"], &first["measure"]), (&"dropped".into(), &"chars".into()));
    assert_eq!((&first["value"], &first["limit"]), (&5.0.into(), &10.0.into()));
}

#[test]
fn a_step_that_cannot_be_read_is_drawn() {
    let place = Place::new();
    place.write("a.txt", "a");
    place.ingot("try filter.lenght@1 a.txt").exits(2).complains("did you mean `filter.length@1`?");
    let said = place.ingot("try filter.length@1 a.txt --set chars_mni=3").exits(2);
    said.complains("STEP:1:");
    place.ingot("try filter.length@1 a.txt --set chars_min").exits(2).complains("KEY=VALUE");
    place.ingot("try filter.length@1 b.txt").exits(2).complains("b.txt");
}
