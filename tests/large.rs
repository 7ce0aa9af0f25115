//! Sources larger than memory: what a run holds is bounded, whatever its sources hold.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::process::Command;
use std::time::Instant;

use stories::Place;

const INGOT: &str = env!("CARGO_BIN_EXE_ingot-under-test");

const RECIPE: &str = "\
ingot: 1
name: large
summary: Much text and a very small model.
sources:
  texts: {kind: jsonl, path: texts.jsonl, text: text, hold: reference}
formula:
  - {source: texts, share: 1.0}
held_out: {share: 0.001}
cleaning:
  - text.normalize@1: {form: nfc}
  - filter.length@1: {chars_min: 200}
  - filter.gopher-repetition@2: {}
  - filter.gopher-quality@1: {}
  - dedup.exact@1: {}
  - dedup.minhash@2: {ngram_words: 5, bands: 14, rows: 8, seed: 1}
  - pii.mask@1: {kinds: [email, ip]}
tokenizer: {kind: bpe, vocabulary: 512}
model: {kind: llama, layers: 1, width: 16, heads: 2, kv_heads: 1, hidden: 32, context: 256}
stages:
  - pretrain:
      tokens: 16384
      batch_tokens: 1024
      micro_batches: 2
      optimizer: {kind: adamw}
      schedule: {kind: constant, peak: 0.001, warmup_tokens: 0}
      state_every: 16
quality:
  - held-out-loss@1: {max: 9.0}
  - leakage@1: {ngram_words: 13, fraction_max: 1.0}
seed: \"1\"
";

/// Numbers that look drawn.
struct Drawn(u64);

impl Drawn {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// Writes about so many bytes of sentences, one document in twenty nearly the one before.
fn write_texts(place: &Place, bytes: u64) -> u64 {
    let mut drawn = Drawn(7);
    let syllables = ["ba", "den", "li", "mor", "ta", "se", "ku", "ral", "vi", "no", "pe", "gan"];
    let mut word = |_| -> String {
        (0..1 + drawn.below(3)).map(|_| syllables[drawn.below(12) as usize]).collect()
    };
    let words: Vec<String> = ["the", "of", "and", "to", "that", "with"]
        .map(str::to_owned)
        .into_iter()
        .chain((0..20_000).map(&mut word))
        .collect();
    let mut file = BufWriter::new(File::create(place.file("texts.jsonl")).expect("a file"));
    let (mut written, mut documents, mut text) = (0, 0, String::new());
    while written < bytes {
        if drawn.below(20) > 0 {
            text.clear();
            for sentence in 0..8 + drawn.below(24) {
                let end = if sentence % 5 == 4 { ".\\n" } else { ". " };
                for place in 0..6 + drawn.below(12) {
                    let common = drawn.below(3) == 0;
                    let number = drawn.below(if common { 6 } else { words.len() as u64 });
                    let space = if place == 0 { "" } else { " " };
                    let _ = write!(text, "{space}{}", words[number as usize]);
                }
                text.push_str(end);
            }
        } else {
            text.push_str("Again.");
        }
        let line = format!("{{\"text\":\"{text}\"}}\n");
        file.write_all(line.as_bytes()).expect("written");
        written += line.len() as u64;
        documents += 1;
    }
    file.flush().expect("written");
    documents
}

/// Runs the recipe over so many bytes with so many kilobytes of address space.
fn flows(bytes: u64, kilobytes: u64) {
    let place = Place::new();
    place.write("large.yaml", RECIPE);
    let documents = write_texts(&place, bytes);
    let begun = Instant::now();
    let limited = format!("ulimit -v {kilobytes}; exec {INGOT} run large.yaml --threads 2 --json");
    let ran = Command::new("bash").args(["-c", &limited]).current_dir(place.path()).output();
    let ran = ran.expect("bash");
    let said = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{}", &said[said.len().saturating_sub(2000)..]);
    assert!(
        String::from_utf8_lossy(&ran.stdout).contains(&format!("\"documents\":{documents}")),
        "{documents} were written"
    );
    println!("{bytes} bytes, {documents} documents: {:.1} s", begun.elapsed().as_secs_f64());
}

#[test]
fn a_run_holds_less_than_its_sources() {
    flows(100 << 20, 512 << 10);
}

#[test]
#[ignore = "writes ten gigabytes and takes minutes; run with --long"]
fn ten_gigabytes_flow_through_one() {
    flows(10 << 30, 1 << 20);
}
