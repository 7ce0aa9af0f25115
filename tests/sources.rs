//! Sources of every kind, from the files to the documents that a run leaves.

use std::io::Write;

use recipes::Digest;
use serde_json::json;
use stories::Place;
use stories::serving::Serving;

const INGOT: &str = env!("CARGO_BIN_EXE_ingot-under-test");

/// A folder whose recipe reads its stories from a source of another kind.
fn with_source(source: &str) -> Place {
    let place = Place::new();
    let from = "kind: files\n    include: [\"texts/*.txt\"]";
    place.write("tiny.yaml", stories::TINY.replace(from, &source.replace('\n', "\n    ")));
    place
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(bytes).expect("packed");
    gzip.finish().expect("packed")
}

/// The digest of what a step of the newest run gave, and its record.
fn step(place: &Place, name: &str) -> serde_json::Value {
    let run = place.ingot("runs --json").exits(0).json().remove(0);
    let id = run["id"].as_str().expect("an id").to_owned();
    let run = place.ingot(&format!("show {id} --json")).exits(0).last();
    let steps = run["steps"].as_array().expect("steps");
    steps.iter().find(|step| step["name"] == name).expect("the step").clone()
}

/// A record of a web archive: what a host of this number answered.
fn response(number: usize, answer: &[u8]) -> Vec<u8> {
    let record = format!(
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://h{number}.example/\r\n\
         Content-Type: application/http\r\nContent-Length: {}\r\n\r\n",
        answer.len()
    );
    packed(&[record.as_bytes(), answer, b"\r\n\r\n"].concat())
}

fn lines(texts: &[String]) -> String {
    texts.iter().map(|text| json!({"t": text}).to_string() + "\n").collect()
}

#[test]
fn web_archives_and_pages_give_what_a_reader_sees() {
    let warc = with_source("kind: warc\npath: crawl.warc.gz");
    let html = with_source("kind: html\ninclude: [\"pages/*.html\"]");
    let mut archive = Vec::new();
    for (number, (name, text)) in stories::stories(24).into_iter().enumerate() {
        let page = format!("<html><body><p>caf\u{e9} {text}</p><script>x()</script></body></html>");
        let page: Vec<u8> = page.chars().map(|letter| letter as u8).collect();
        html.write(&format!("pages/{name}.html"), &page);
        let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=iso-8859-1\r\n\r\n";
        let block = [head.as_bytes(), &page].concat();
        archive.extend(response(number, &block));
        let request = "WARC/1.0\r\nWARC-Type: request\r\nContent-Length: 2\r\n\r\nGE\r\n\r\n";
        archive.extend(packed(request.as_bytes()));
    }
    warc.write("crawl.warc.gz", &archive);
    for place in [&warc, &html] {
        place.ingot("run tiny.yaml --rebuild").exits(0);
    }
    let (from_warc, from_html) = (step(&warc, "gather stories"), step(&html, "gather stories"));
    assert_eq!(from_warc["result"], from_html["result"], "the same texts in the same order");
    assert_eq!(from_warc["counts"]["passed_over"], 24);
    warc.write("crawl.warc.gz", &archive[..archive.len() / 2]);
    let said = warc.ingot("run tiny.yaml").exits(2);
    assert!(said.err.contains("`crawl.warc.gz` record"), "{}", said.err);
}

#[test]
fn documents_go_out_as_parquet_and_come_in_again_the_same() {
    let place = Place::with_tiny_recipe();
    place.ingot("run tiny.yaml").exits(0);
    let said = place.ingot("export tiny out --documents --json").exits(0).last();
    assert_eq!((&said["name"], &said["documents"]), (&"documents.parquet".into(), &24.into()));
    place.ingot("export tiny out --documents").exits(2).complains("exists already");
    let again = with_source("kind: parquet\npath: documents.parquet\ntext: text\nurl_field: url");
    let bytes = std::fs::read(place.file("out/documents.parquet")).expect("a file");
    again.write("documents.parquet", &bytes);
    again.ingot("run tiny.yaml").exits(0);
    assert_eq!(
        step(&place, "gather stories")["result"],
        step(&again, "gather stories")["result"],
        "the same documents in the same order"
    );
    again.write("documents.parquet", &bytes[..bytes.len() - 9]);
    let said = again.ingot("run tiny.yaml").exits(2);
    said.complains("`documents.parquet` cannot be read as Parquet");
}

/// The texts of a document as `ingot fate` shows them, which its page must show too.
fn shown(place: &Place, document: &str) -> Vec<String> {
    let fate = place.ingot(&format!("fate {document} --show --json")).exits(0).last();
    let texts = fate["texts"].as_array().unwrap_or_else(|| panic!("no text: {fate}"));
    let texts: Vec<String> =
        texts.iter().map(|text| text.as_str().expect("a text").to_owned()).collect();
    let run = fate["run"].as_str().expect("a run").trim_start_matches("sha256:");
    let page = Serving::of(place, INGOT).page(&format!("/runs/{run}/documents?q={document}"));
    assert!(page.contains("Text as gathered"), "{page}");
    for line in texts.iter().flat_map(|text| text.lines()) {
        assert!(page.contains(line), "`{line}` on the page:\n{page}");
    }
    texts
}

#[test]
fn texts_of_packed_records_are_shown_as_they_were_gathered_and_changed() {
    let text = |text: &str| text.replace("the smith", "the Cafe\u{301} smith");
    let mut texts: Vec<String> =
        stories::stories(24).into_iter().map(|(_, story)| text(&story)).collect();
    texts.push(texts[3].clone());
    let warc = with_source("kind: warc\npath: crawl.warc.gz");
    let parquet = with_source("kind: parquet\npath: documents.parquet\ntext: text");
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n";
    let answers = texts.iter().map(|text| [head, text].concat());
    let records = answers.enumerate().flat_map(|(n, answer)| response(n, answer.as_bytes()));
    warc.write("crawl.warc.gz", records.collect::<Vec<u8>>());
    // The same documents as Parquet: a run that cleans nothing writes them as they are.
    let lines = with_source("kind: jsonl\npath: in.jsonl\ntext: t");
    let yaml = lines.read("tiny.yaml");
    let (before, rest) = yaml.split_once("cleaning:").expect("steps");
    let (_, after) = rest.split_once("tokenizer:").expect("a tokenizer");
    lines.write("tiny.yaml", format!("{before}tokenizer:{after}"));
    lines.write("in.jsonl", crate::lines(&texts));
    lines.ingot("run tiny.yaml").exits(0);
    lines.ingot("export tiny out --documents").exits(0);
    let bytes = std::fs::read(lines.file("out/documents.parquet")).expect("a file");
    parquet.write("documents.parquet", bytes);
    for place in [&warc, &parquet] {
        place.ingot("run tiny.yaml").exits(0);
        let twin = Digest::of(texts[3].as_bytes()).to_string();
        let dropped = place.ingot("dropped tiny --step dedup.exact --json").exits(0).json();
        assert_eq!(dropped[0]["document"], twin.as_str());
        let changed = texts[3].replace("e\u{301}", "\u{e9}");
        assert_ne!(changed, texts[3]);
        assert_eq!(shown(place, &twin), [texts[3].clone(), changed]);
    }
}

#[test]
fn the_order_of_patterns_and_the_sizes_of_files_change_no_document() {
    let texts: Vec<String> = stories::stories(24).into_iter().map(|(_, text)| text).collect();
    let results = [&[24][..], &[7, 17], &[1, 2, 3, 18], &[24]].map(|sizes| {
        let place =
            with_source("kind: jsonl\ninclude: [\"in/*.jsonl\", \"in/*.jsonl.gz\"]\ntext: t");
        let mut rest = texts.as_slice();
        let mut files = Vec::new();
        for (number, size) in sizes.iter().enumerate() {
            let (part, after) = rest.split_at(*size);
            files.push((format!("in/part-{number}.jsonl"), lines(part)));
            rest = after;
        }
        // An empty packed file for the second pattern; the last is written first.
        place.write("in/z.jsonl.gz", packed(b"\n"));
        for (name, text) in files.iter().rev() {
            place.write(name, text);
        }
        if sizes.len() > 2 {
            let yaml = place.read("tiny.yaml");
            let other = yaml.replace(
                "[\"in/*.jsonl\", \"in/*.jsonl.gz\"]",
                "[\"in/*.jsonl.gz\", \"in/*.jsonl\"]",
            );
            assert_ne!(yaml, other);
            place.write("tiny.yaml", other);
        }
        place.ingot("run tiny.yaml").exits(0);
        (
            step(&place, "gather stories")["result"].clone(),
            step(&place, "hold out")["result"].clone(),
        )
    });
    assert!(results.windows(2).all(|pair| pair[0] == pair[1]), "{results:#?}");
}

#[test]
fn documents_are_chosen_and_counted_by_their_licence_and_host() {
    let source = "kind: jsonl\npath: in.jsonl\ntext: t\nurl_field: u\nlicence_field: l\n\
                  licence: ISC";
    let place = with_source(source);
    let mut records = String::new();
    for (number, (_, text)) in stories::stories(24).into_iter().enumerate() {
        let licence = ["MIT", "GPL-3.0-only", "MIT OR GPL-3.0-only"].get(number % 4);
        let url = format!("http://h{}.example/{number}", number % 6);
        records += &format!("{}\n", json!({"t": text, "l": licence, "u": url}));
    }
    place.write("in.jsonl", records);
    let cleaning = "cleaning:\n  - filter.licence@1: {allow: [MIT, ISC]}\n  \
                    - select.cap@1: {per: host, documents_max: 2}";
    place.write("tiny.yaml", place.read("tiny.yaml").replacen("cleaning:", cleaning, 1));
    place.ingot("run tiny.yaml").exits(0);
    let dropped = step(&place, "clean 1 filter.licence@1");
    assert_eq!(dropped["counts"]["dropped"], 6, "GPL alone");
    let gathered = &step(&place, "gather stories")["licences"];
    let wanted = json!({"GPL-3.0-only": 6, "ISC": 6, "MIT": 6, "MIT OR GPL-3.0-only": 6});
    assert_eq!(*gathered, wanted);
    let left = step(&place, "hold out");
    let sum: u64 = ["ISC", "MIT", "MIT OR GPL-3.0-only"]
        .iter()
        .map(|name| left["licences"][*name].as_u64().expect("a count"))
        .sum();
    let counts = &left["counts"];
    let all = counts["documents"].as_u64().zip(counts["held_out"].as_u64());
    assert_eq!((Some(sum), sum), (all.map(|(train, held)| train + held), 12), "two a host");
    let id = place.ingot("runs --json").exits(0).last()["id"].as_str().expect("an id").to_owned();
    let shown = place.ingot(&format!("show {id}")).exits(0).out;
    assert!(shown.contains("licence              documents in  kept"), "{shown}");
    assert!(shown.contains("GPL-3.0-only         6             0"), "{shown}");
}

#[test]
fn a_source_says_what_its_keys_must_be() {
    for (source, wanted) in [
        ("kind: parquet\ntext: t", "has neither `path` nor `include`"),
        ("kind: warc\npath: a\ninclude: [b]", "has both `path` and `include`"),
        ("kind: jsonl\npath: a\ntext: t\nurl_field: t", "takes one field for two things"),
        ("kind: html\npath: a", "has no key `path`"),
        ("kind: jsonl\npath: a\ntext: t\non_error: skip", "`on_error` is the text `skip`"),
        ("kind: warc\npath: a\nhtml: texts", "did you mean `text`?"),
    ] {
        let said = with_source(source).ingot("check tiny.yaml").exits(1);
        assert!(said.out.contains(wanted), "`{wanted}` in:\n{}", said.out);
    }
    let schema = Place::new().ingot("schema").exits(0).out;
    for word in ["quarantine", "licence_field", "warc", "parquet", "filter.licence@1"] {
        assert!(schema.contains(word), "{word}");
    }
}
