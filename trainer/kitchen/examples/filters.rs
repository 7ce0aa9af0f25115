//! The four measured filters over a folder of JSONL files, from reading to the written result.
//!
//! usage: filters IN_FOLDER OUT_FILE [THREADS]

use std::io::Write;

use kernels::{Kernels, Tier};
use kitchen::chain::{chain, text_after};
use kitchen::{Decision, Document, Prepared};
use serde::Deserialize;

#[derive(Deserialize)]
struct Record<'r> {
    #[serde(borrow)]
    text: std::borrow::Cow<'r, str>,
    #[serde(borrow)]
    id: std::borrow::Cow<'r, str>,
}

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let steps = [
        "filter.gopher-repetition@2: {}",
        "filter.gopher-quality@1: {}",
        "filter.c4@1: {}",
        "filter.fineweb@1: {}",
    ];
    let steps = steps.map(|step| recipes::read_cleaning_step(step).expect("a step"));
    let steps: Vec<Prepared> = steps.iter().map(Prepared::of).collect();
    let mut paths: Vec<_> = std::fs::read_dir(&arguments[1])
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    let threads = arguments.get(3).map_or(2, |threads| threads.parse().expect("a number"));
    let kernels = Kernels::new(Tier::Scalar, threads).expect("kernels");
    let mut out = std::fs::File::create(&arguments[2]).expect("a file");
    let (mut all, mut kept) = (0, 0);
    let files: Vec<String> =
        kernels.map(paths.len(), &|index| std::fs::read_to_string(&paths[index]).expect("text"));
    const PART: usize = 1 << 18;
    for text in &files {
        let mut parts = Vec::new();
        let mut at = 0;
        while at < text.len() {
            let end = (at + PART).min(text.len());
            let end = text.as_bytes()[end..]
                .iter()
                .position(|b| *b == b'\n')
                .map_or(text.len(), |n| end + n + 1);
            parts.push(&text[at..end]);
            at = end;
        }
        let done = kernels.map(parts.len(), &|index| {
            let (mut bytes, mut all, mut kept) = (Vec::new(), 0, 0);
            for line in parts[index].lines() {
                let record: Record = serde_json::from_str(line).expect("a record");
                let document = Document::new(0, String::new(), 0, record.text.into_owned());
                let said = chain(&steps, &document);
                all += 1;
                if !matches!(said.last(), Some(Decision::Drop(_))) {
                    kept += 1;
                    let text = text_after(&said).unwrap_or(&document.text);
                    let line = serde_json::json!({"text": text, "id": record.id});
                    serde_json::to_writer(&mut bytes, &line).expect("JSON");
                    bytes.push(b'\n');
                }
            }
            (bytes, all, kept)
        });
        for (bytes, all_here, kept_here) in done {
            out.write_all(&bytes).expect("written");
            all += all_here;
            kept += kept_here;
        }
    }
    println!("{all} documents, {kept} kept");
}
