//! Every document's fate, asked for: dropped with a reason, changed, trained on, and recounted.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;

use recipes::Digest;
use serde_json::Value;
use stories::Place;

/// The steps of the recipe below, each of which has something to do.
const STEPS: &str = "
  - text.normalize@1: {form: nfc}
  - pii.mask@1: {kinds: [email]}
  - filter.length@1: {chars_min: 100}
  - filter.digits@1: {share_max: 0.3}
  - filter.uppercase@1: {share_max: 0.5}
  - filter.bullet-lines@1: {share_max: 0.5}
  - filter.repeated-lines@1: {share_max: 0.5}
  - filter.link-characters@1: {share_max: 0.3}
  - filter.brackets@1: {share_max: 0.1}
  - filter.mean-word-length@1: {max: 12}
  - dedup.exact@1: {}
  - dedup.minhash@2: {ngram_words: 3, seed: 1}
";

/// A recipe with twelve steps, and documents for each of them.
fn kitchen() -> Place {
    let place = Place::with_tiny_recipe();
    let stories: BTreeMap<String, String> = stories::stories(40).into_iter().collect();
    let story = |number: usize| stories[&format!("story-{number:03}.txt")].as_str();
    let link = |n: u32| format!("See https://example.org/a/long/path/to/some/page/{n} there.\n");
    let odd = [
        ("short", "Too short.".to_owned()),
        ("twin", story(0).to_owned()),
        ("near", story(1).replace("Story 1.", "Story 1, told again.")),
        ("digits", "1234 5678 9012 and so on, 3456 7890. ".repeat(6)),
        ("shout", story(2).to_uppercase()),
        ("bullets", story(34).lines().map(|line| format!("- {line}\n")).collect()),
        ("again", "The same line stands here again.\n".repeat(12)),
        ("links", (0..9).map(link).collect()),
        ("brackets", "[(a)] {(b)} [[c]] ((d)) and more of them. ".repeat(9)),
        ("long-words", "Donaudampfschifffahrtsgesellschaft Kapitaenskajuetenschluessel ".repeat(9)),
        ("mail", format!("{}Write to the clerk: clerk@mill.example.\n", story(30))),
        ("lines", story(31).replace('\n', "\r\n")),
    ];
    for (name, text) in odd {
        place.write(&format!("texts/z-{name}.txt"), text);
    }
    let old = stories::TINY.split_once("cleaning:").expect("steps");
    let rest = old.1.split_once("tokenizer:").expect("a tokenizer").1;
    place.write("tiny.yaml", format!("{}cleaning:{STEPS}tokenizer:{rest}", old.0));
    place
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// The digest of each text file by its name.
fn files(place: &Place) -> BTreeMap<String, String> {
    let entries = fs::read_dir(place.file("texts")).expect("a folder");
    let digest = |entry: fs::DirEntry| {
        let bytes = fs::read(entry.path()).expect("a file");
        (entry.file_name().into_string().expect("text"), Digest::of(&bytes).to_string())
    };
    entries.map(|entry| digest(entry.expect("an entry"))).collect()
}

#[test]
fn every_dropped_document_has_its_reason_and_the_recount_gives_what_was_kept() {
    let place = kitchen();
    place.ingot("run tiny.yaml --json").exits(0);
    let run = place.ingot("runs --json").exits(0).last();
    let record = place.ingot(&format!("show {} --json", text(&run["id"]))).exits(0).last();
    let count = |step: &Value, name: &str| step["counts"][name].as_u64().unwrap_or(0);
    let steps = record["steps"].as_array().expect("steps").clone();
    let cleaning: Vec<&Value> =
        steps.iter().filter(|step| text(&step["name"]).starts_with("clean ")).collect();
    assert_eq!(cleaning.len(), 12);
    let idle = cleaning.iter().filter(|step| count(step, "dropped") + count(step, "changed") == 0);
    assert_eq!(idle.count(), 0, "every step had something to do: {cleaning:#?}");

    let said = place.ingot("dropped tiny --json").exits(0).json();
    let (lines, counts): (Vec<_>, Vec<_>) = said.iter().partition(|l| l["kind"] == "dropped");
    let files = files(&place);
    for line in &lines {
        assert_eq!(files[text(&line["name"])], text(&line["document"]), "its own digest");
        assert!(!text(&line["measure"]).is_empty() && line["value"].is_number(), "{line}");
        assert!(line["limit"].is_number() || line["repeats"].is_string(), "{line}");
    }
    for (counted, step) in counts.iter().zip(&cleaning) {
        assert_eq!(counted["dropped"].as_u64(), Some(count(step, "dropped")));
        let of_step = lines.iter().filter(|line| line["step"] == counted["step"]).count() as u64;
        assert_eq!(of_step, count(step, "dropped"), "{counted}");
    }

    let fates = place.ingot("fate .txt --limit 1000 --json").exits(0).json();
    let names: BTreeSet<&str> = fates.iter().map(|fate| text(&fate["name"])).collect();
    assert_eq!(names.len(), files.len(), "all documents are told of");
    let ended = |end: &str| fates.iter().filter(|fate| fate["end"] == end).count() as u64;
    assert_eq!(ended("dropped"), lines.len() as u64);
    let last = cleaning[cleaning.len() - 1];
    assert_eq!(ended("trained on") + ended("held out"), count(last, "documents"));
    let tokens: u64 = fates
        .iter()
        .filter(|fate| fate["end"] == "trained on")
        .filter_map(|fate| fate["tokens"].as_u64())
        .sum();
    let tokenize = steps.iter().find(|step| step["name"] == "tokenize").expect("a step");
    assert_eq!(tokens, count(tokenize, "tokens"));

    let recount = place.ingot("dropped tiny --check --json").exits(0).last();
    assert_eq!(recount["agrees"], true, "{recount}");
    assert_eq!(recount["steps"], 14, "the source, twelve steps, the holding out");
    assert_eq!(recount["gathered"].as_u64(), Some(files.len() as u64));
    assert_eq!(recount["dropped"].as_u64(), Some(lines.len() as u64));
}

#[test]
fn a_documents_fate_is_found_by_digest_name_and_text() {
    let place = kitchen();
    place.ingot("run tiny.yaml --json").exits(0);
    let short = place.ingot("fate --text texts/z-short.txt --json").exits(0).last();
    let step = &short["steps"][0];
    assert_eq!((text(&step["step"]), text(&step["measure"])), ("clean 3 filter.length@1", "chars"));
    assert_eq!((&step["value"], &step["limit"]), (&10.0.into(), &100.0.into()));
    let twin = place.ingot("fate z-twin.txt --json").exits(0).last();
    let first = &files(&place)["story-000.txt"];
    assert_eq!(text(&twin["steps"][0]["repeats"]), first, "{twin}");
    let mail = place.ingot("fate z-mail.txt --json").exits(0).last();
    let changed = &mail["steps"][0];
    assert_eq!((text(&changed["fate"]), text(&mail["end"])), ("changed", "trained on"));
    let after = place.read("texts/z-mail.txt").replace("clerk@mill.example", "<email>");
    assert_eq!(text(&changed["after"]), Digest::of(after.as_bytes()).to_string());
    place.write("after.txt", after);
    let again = place.ingot("fate --text after.txt --json").exits(0).last();
    assert_eq!(again["document"], mail["document"], "found by the text that a step made of it");
    let said = place.ingot(&format!("fate {}", &text(&short["document"])[7..19])).exits(0).out;
    assert!(said.contains("dropped    clean 3 filter.length@1  chars 10, limit 100"), "{said}");
    let shown = place.ingot("fate z-mail.txt --show").exits(0).out;
    assert!(shown.contains("  -Write to the clerk: clerk@mill.example."), "{shown}");
    assert!(shown.contains("  +Write to the clerk: <email>."), "{shown}");
    place.ingot("fate --text tiny.yaml").exits(1).complains("no run saw it");
    place.ingot("fate").exits(2);
}

#[test]
fn a_document_is_found_in_data_sets_runs_and_models_and_a_token_in_its_document() {
    let place = kitchen();
    let run = place.ingot("run tiny.yaml --json").exits(0).last();
    let said = place.ingot("where z-mail.txt --json").exits(0).json();
    let kinds: Vec<&str> = said.iter().map(|line| text(&line["kind"])).collect();
    assert_eq!(kinds, ["where", "dataset", "model"]);
    assert_eq!(said[2]["digest"], run["model"]);
    let dropped = place.ingot("where z-short.txt --json").exits(0).json();
    assert_eq!(text(&dropped[0]["step"]), "clean 3 filter.length@1");
    assert!(dropped.iter().all(|line| line["kind"] != "model"), "no model was trained on it");
    place.ingot("where nowhere.txt").exits(1).complains("no run contains it");

    let fates = place.ingot("fate .txt --limit 1000 --json").exits(0).json();
    for number in [0, 1, 31, 32, 5_000, 10_239] {
        let token = place.ingot(&format!("where --token {number} tiny --json")).exits(0).last();
        let fate = fates.iter().find(|fate| fate["document"] == token["document"]).expect("one");
        assert_eq!(fate["end"], "trained on");
        let first = fate["first_token"].as_u64().expect("a place");
        let within = token["token_of_document"].as_u64().expect("a place");
        assert_eq!(token["token_of_source"].as_u64(), Some(first + within));
        assert!(within < fate["tokens"].as_u64().expect("a number"));
        assert_eq!(token["sequence"].as_u64(), Some(number / 32), "{token}");
    }
    place.ingot("where --token 10240 tiny").exits(1).complains("reads no token 10,240");
}

#[test]
fn shares_that_change_within_a_sequence_are_asked_and_found_by_whole_sequences() {
    let place = Place::with_tiny_recipe();
    for (name, text) in stories::stories(48).into_iter().skip(24) {
        place.write(&format!("reports/{name}"), text);
    }
    let formula = "formula:\n  - {source: stories, share: 1.0, repeats_max: 50}";
    let mixed = "  reports:\n    kind: files\n    include: [\"reports/*.txt\"]\nformula:\n  \
        - {source: stories, share: 0.75, repeats_max: 50, \
        later: [{after_tokens: 5000, share: 0.25}]}\n  \
        - {source: reports, share: 0.25, repeats_max: 50, \
        later: [{after_tokens: 5000, share: 0.75}]}";
    place.write("tiny.yaml", stories::TINY.replace(formula, mixed));
    let run = place.ingot("run tiny.yaml --json").exits(0).last();
    let run = text(&run["id"]).to_owned();

    // The source of each sequence is the one furthest behind: slow, and clear.
    let (mut asked, mut used) = ([0.0; 2], [0.0; 2]);
    let order: Vec<usize> = (0..320)
        .map(|sequence| {
            let shares = if sequence * 32 < 5000 { [0.75, 0.25] } else { [0.25, 0.75] };
            (0..2).for_each(|source| asked[source] += shares[source]);
            let source = usize::from(asked[1] - used[1] > asked[0] - used[0]);
            used[source] += 1.0;
            source
        })
        .collect();
    let part = |name: &str, source: usize| {
        let [asked, used] = [asked, used].map(|of| of[source] / 3.2);
        format!("{name} {used:.1} % (asked {asked:.1} %)")
    };
    let shown = place.ingot(&format!("show {run}")).exits(0).out;
    let wanted = [part("stories", 0), part("reports", 1)].join(", ");
    assert!(shown.contains(&format!("mixture    {wanted} of 10,240 tokens\n")), "{shown}");
    assert!(wanted.contains("stories 49.") && wanted.contains("(asked 49.5 %)"), "{wanted}");

    let near = [0, 31, 32, 4_991, 4_992, 5_000, 5_023, 5_024, 5_055, 5_056, 10_239];
    for number in near.into_iter().chain((0..10_240).step_by(499)) {
        let token = place.ingot(&format!("where --token {number} {run} --json")).exits(0).last();
        let source = ["stories", "reports"][order[number / 32]];
        assert_eq!(token["source"], source, "token {number}");
        let document = text(&token["document"]);
        let fate = place.ingot(&format!("fate {document} --json")).exits(0).last();
        assert_eq!(fate["source"], source, "token {number}");
        let [first, tokens] = ["first_token", "tokens"].map(|key| fate[key].as_u64());
        let within = token["token_of_document"].as_u64().expect("a place");
        assert!(Some(within) < tokens, "{token} of {fate}");
        assert_eq!(token["token_of_source"].as_u64(), first.map(|first| first + within));
    }
    place.ingot(&format!("where --token 10240 {run}")).exits(1);
}

/// The blob of a step of the newest run, made writable.
fn blob(place: &Place, step: &str, list: &str) -> std::path::PathBuf {
    let run = place.ingot("runs --json").exits(0).last();
    let record = place.ingot(&format!("show {} --json", text(&run["id"]))).exits(0).last();
    let steps = record["steps"].as_array().expect("steps");
    let is = |found: &&Value| text(&found["name"]).contains(step) && found[list].is_string();
    let step = steps.iter().find(is).expect("a step");
    let hex = text(&step[list]).trim_start_matches("sha256:").to_owned();
    let path = place.file(&format!(".ingot/blobs/sha256/{}/{hex}", &hex[..2]));
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).expect("writable");
    path
}

#[test]
fn a_list_that_leaves_a_document_out_or_adds_one_is_found() {
    let place = kitchen();
    place.ingot("run tiny.yaml --json").exits(0);
    for (step, list) in [
        ("gather", "documents"),
        ("filter.length", "fates"),
        ("pii.mask", "changed"),
        ("tokenize", "tokens"),
    ] {
        let path = blob(&place, step, list);
        let whole = fs::read_to_string(&path).expect("text");
        let cut = match list {
            "fates" => "[]".to_owned(),
            _ => whole
                .lines()
                .filter(|line| !line.starts_with('['))
                .fold(String::new(), |all, line| all + line + "\n"),
        };
        let value = whole.replacen("\"value\":", "\"value\":1", 1);
        for changed in
            [cut, format!("{whole}["), whole.replacen(":0", ":1", 1), value, String::new()]
        {
            if changed == whole {
                continue;
            }
            fs::write(&path, changed).expect("written");
            let exit = place.ingot("dropped tiny --check").exit;
            assert!(exit == 3 || exit == 1, "{step} {list}: {exit}");
        }
        fs::write(&path, whole).expect("written");
        place.ingot("dropped tiny --check").exits(0);
    }
}

#[test]
fn a_sample_is_the_same_always_and_a_step_can_be_chosen() {
    let place = kitchen();
    place.ingot("run tiny.yaml --json").exits(0);
    let sample = place.ingot("dropped tiny --step dedup --sample 1 --json").exits(0);
    let lines = sample.json().into_iter().filter(|line| line["kind"] == "dropped");
    assert_eq!(lines.count(), 2, "one of each step");
    assert_eq!(place.ingot("dropped tiny --step dedup --sample 1 --json").out, sample.out);
    place.ingot("dropped tiny --step nothing").exits(2).complains("`clean 3 filter.length@1`");
    let said = place.ingot("dropped tiny --step filter.length").exits(0).out;
    assert!(said.ends_with("clean 3 filter.length@1  1 dropped  chars 1\n"), "{said}");
}

/// The documents that a run trained on, with their tokens.
fn trained(place: &Place, run: &Value) -> BTreeMap<String, u64> {
    let said = place.ingot(&format!("fate .txt --limit 1000 --json --run {}", text(run)));
    let fates = said.exits(0).json().into_iter().filter(|fate| fate["end"] == "trained on");
    let one = |fate: Value| {
        (text(&fate["document"]).to_owned(), fate["tokens"].as_u64().expect("a number"))
    };
    fates.map(one).collect()
}

#[test]
fn a_difference_of_runs_accounts_for_every_document_and_token() {
    let place = kitchen();
    let before = place.ingot("run tiny.yaml --json").exits(0).last()["id"].clone();
    let story = |number: usize| stories::stories(40).remove(number).1;
    fs::remove_file(place.file("texts/story-007.txt")).expect("taken away");
    place.write("texts/story-008.txt", story(8) + "One more line.\n");
    place.write("texts/new.txt", story(32));
    place.write("texts/short-story.txt", "A story. ".repeat(8));
    let lengths = place.read("tiny.yaml").replace("chars_min: 100", "chars_min: 60");
    place.write(
        "tiny.yaml",
        lengths.replace("bullet-lines@1: {share_max: 0.5}", "lines@1: {max: 21}"),
    );
    let after = place.ingot("run tiny.yaml --json").exits(0).last()["id"].clone();
    let (ours, theirs) = (trained(&place, &before), trained(&place, &after));

    let command = format!("diff {} {}", text(&before), text(&after));
    let said = place.ingot(&format!("{command} --all --json")).exits(1).json();
    let totals = said.iter().find(|line| line["kind"] == "data").expect("totals");
    let sum = |of: &BTreeMap<String, u64>| of.values().sum::<u64>();
    for (side, documents) in [("before", &ours), ("after", &theirs)] {
        assert_eq!(totals[side]["documents"].as_u64(), Some(documents.len() as u64));
        assert_eq!(totals[side]["tokens"].as_u64(), Some(sum(documents)));
    }
    let parts: Vec<&Value> = said.iter().filter(|line| line["kind"] == "data-change").collect();
    let listed = |way: &str| -> BTreeSet<String> {
        let parts = parts.iter().filter(|part| part["way"] == way);
        let listed = parts.flat_map(|part| part["listed"].as_array().expect("a list"));
        listed.map(|document| text(&document["document"]).to_owned()).collect()
    };
    let keys = |of: &BTreeMap<String, u64>| of.keys().cloned().collect::<BTreeSet<String>>();
    let lost: BTreeSet<String> = keys(&ours).difference(&keys(&theirs)).cloned().collect();
    let gained: BTreeSet<String> = keys(&theirs).difference(&keys(&ours)).cloned().collect();
    assert_eq!((listed("lost"), listed("gained")), (lost, gained));
    let tokens = |side: &str| -> i64 {
        parts.iter().map(|part| part[side].as_i64().expect("a number")).sum()
    };
    let change = tokens("tokens_after") - tokens("tokens_before");
    assert_eq!(sum(&ours) as i64 + change, sum(&theirs) as i64, "every token is accounted for");
    let cause = |way: &str, cause: &str| {
        let part = parts.iter().find(|part| part["way"] == way && part["cause"] == cause);
        part.unwrap_or_else(|| panic!("{way} {cause}: {parts:#?}"))
    };
    assert_eq!(cause("lost", "not-gathered")["documents"], 2, "one taken away, one changed");
    assert_eq!(text(&cause("lost", "dropped")["step"]), "clean 6 filter.lines@1");
    assert_eq!(text(&cause("gained", "dropped")["step"]), "clean 6 filter.bullet-lines@1");
}

#[test]
fn a_difference_of_data_is_written_in_four_forms() {
    let place = kitchen();
    let recipe =
        place.read("tiny.yaml").replace("held_out: {share: 0.1}", "held_out: {share: 0.3}");
    place.write("tiny.yaml", &recipe);
    place.ingot("run tiny.yaml --json").exits(0);
    place.write("tiny.yaml", recipe.replace("chars_min: 100", "chars_min: 1070"));
    place.ingot("run tiny.yaml --json").exits(0);
    let text = place.ingot("diff tiny@1 tiny@2").exits(1).out;
    let by = "of `stories`, ";
    assert!(text.contains(by) && text.contains("dropped by clean 3 filter.length@1"), "{text}");
    assert!(text.contains(", limit 1070") && text.contains(" more\n"), "{text}");
    let all = place.ingot("diff tiny@1 tiny@2 --all").exits(1).out;
    assert!(!all.contains(" more\n") && all.lines().count() > text.lines().count(), "{all}");
    let markdown = place.ingot("diff tiny@1 tiny@2 --format markdown").exits(1).out;
    assert!(markdown.contains("| - | ") && markdown.contains("## Data of "), "{markdown}");
    let html = place.ingot("diff tiny@1 tiny@2 --format html").exits(1).out;
    assert!(html.contains("<section class=\"data\">") && html.contains("limit 1070"), "{html}");
    let same = place.ingot("diff tiny@2 tiny@2").exits(0).out;
    assert!(same.contains("documents trained on") && same.contains("no difference"), "{same}");
}
