//! Documents that flow through a recipe's steps in blocks become what the steps make of them one
//! after another over all documents in memory: for any block, thread count and budget.

use kernels::random::below;
use kernels::{Kernels, Tier};
use kitchen::clean::outcomes;
use kitchen::dedup::Bench;
use kitchen::pass::{Decided, Decisions, Flowing, Pass, Watch};
use kitchen::spill::InMemory;
use kitchen::spool::SpoolWriter;
use kitchen::{Decision, Document};
use recipes::Digest;
use recipes::recipe::CleaningStep;

const STEPS: [&str; 12] = [
    "text.normalize@1: {form: nfc}",
    "filter.words@1: {min: 3}",
    "dedup.exact@1: {}",
    "pii.mask@1: {kinds: [email]}",
    "dedup.lines@1: {chars_min: 4}",
    "select.sample@1: {share: 0.9, seed: 3}",
    "select.cap@1: {per: name, documents_max: 40}",
    "select.range@1: {from: 2, documents: 200}",
    "dedup.minhash@2: {ngram_words: 2, bands: 20, rows: 2, seed: 1}",
    "text.links@1: {}",
    "select.top@1: {by: chars, documents: 100}",
    "filter.length@1: {chars_min: 30}",
];

/// Others, which learn, name what they met and find what stood before.
const OTHERS: [&str; 5] = [
    "decontaminate.ngrams@2: {sets: [{name: one, texts: [word5 word6 word7]}], ngram_words: 2}",
    "dedup.simhash@1: {ngram_words: 1, bits_max: 2}",
    "filter.classifier@1: {wanted: [word5 word6 word7], unwanted: [word8 word9], table_bits: 10}",
    "dedup.substring@1: {bytes_min: 24}",
    "select.top-score@1: {by: ngram-score, texts: [word5 word6 word7], documents: 50}",
];

fn documents() -> Vec<Document> {
    let word = |i: u64| match below(5, 90, i, 40) {
        0 => "me@mail.example".to_owned(),
        1 => "https://host.example/page".to_owned(),
        2 => "e\u{301}té".to_owned(),
        3 => "中文".to_owned(),
        kind => format!("word{kind}"),
    };
    let line = |i: u64| {
        let words = below(5, 91, i, 9);
        (0..words).map(|k| word(i * 16 + k)).collect::<Vec<_>>().join(" ")
    };
    let text = |i: u64| {
        let base = below(5, 92, i, 300) * 8;
        let lines = 1 + below(5, 93, i, 5);
        (0..lines).map(|k| line(base + k)).collect::<Vec<_>>().join("\n")
    };
    let made = |i: u64| Document::new((i / 350) as u32, format!("f{}", i / 100), i, text(i));
    (0..700).map(made).collect()
}

/// What a step said about a document.
type Said = (usize, u64, Decision, Option<Digest>, Digest);

#[derive(Default)]
struct Heard(Vec<Said>);

impl Watch for Heard {
    fn decided(&mut self, decisions: &Decisions) -> std::io::Result<()> {
        for decided in decisions.steps().flat_map(|step| decisions.of(step)) {
            let Decided { step, document, outcome, after, .. } = decided;
            let decision = outcome.decision.clone();
            self.0.push((step, document.position, decision, outcome.repeats, after));
        }
        Ok(())
    }
}

/// Every step over all documents in memory, one step after another.
fn plainly(steps: &[CleaningStep], kernels: &Kernels) -> (Vec<Document>, Vec<Said>) {
    let (mut documents, mut said) = (documents(), Vec::new());
    for (number, step) in steps.iter().enumerate() {
        let outcomes = outcomes(step, &documents, kernels);
        let mut left = Vec::new();
        for (mut document, outcome) in documents.into_iter().zip(outcomes) {
            let before = Digest::of(document.text.as_bytes());
            let dropped = matches!(outcome.decision, Decision::Drop(_));
            if let Decision::Change(text) = &outcome.decision {
                document.text.clone_from(text);
            }
            let after = if dropped { before } else { Digest::of(document.text.as_bytes()) };
            said.push((number, document.position, outcome.decision, outcome.repeats, after));
            if !dropped {
                left.push(document);
            }
        }
        documents = left;
    }
    (documents, said)
}

/// The same in blocks.
fn flowing(
    steps: &[CleaningStep],
    kernels: &Kernels,
    block: usize,
    budget: usize,
) -> (Vec<Document>, Vec<Said>) {
    let bench = Bench { kernels, scratch: &InMemory, budget };
    let mut pass = Pass::first(steps, bench);
    let mut all: Vec<Flowing> = documents().into_iter().map(Flowing::gathered).collect();
    let mut heard = Heard::default();
    loop {
        let mut writer = SpoolWriter::new(&InMemory).expect("memory");
        while !all.is_empty() {
            let rest = all.split_off(block.min(all.len()));
            let left = pass.push(std::mem::replace(&mut all, rest), &mut heard).expect("memory");
            left.iter().for_each(|flowing| writer.push(flowing).expect("memory"));
        }
        let mut spool = writer.finish().expect("memory");
        all = spool.blocks().expect("memory").flat_map(|block| block.expect("whole")).collect();
        match pass.finish().expect("memory") {
            Some(next) => pass = next,
            None => break,
        }
    }
    // Of one step in document order; the steps of one pass are heard side by side.
    heard.0.sort_by_key(|said| said.0);
    (all.into_iter().map(|flowing| flowing.document).collect(), heard.0)
}

#[test]
fn blocks_threads_and_budgets_change_nothing() {
    agree(&STEPS);
    agree(&OTHERS);
}

fn agree(lines: &[&str]) {
    let read = |line: &&str| recipes::read_cleaning_step(line).expect("a step");
    let steps: Vec<CleaningStep> = lines.iter().map(read).collect();
    let kernels = Kernels::new(Tier::best(), 2).expect("kernels");
    let (left, said) = plainly(&steps, &kernels);
    for (number, step) in lines.iter().enumerate() {
        let acted = |said: &&Said| said.0 == number && !matches!(said.2, Decision::Keep(_));
        assert!(
            said.iter().any(|said| acted(&said)),
            "`{step}` did nothing of {}",
            said.iter().filter(|said| said.0 == number).count()
        );
    }
    assert!(left.len() > 10, "{}", left.len());
    for (threads, block, budget) in
        [(1, 1, 0), (2, 7, 4096), (3, 100, usize::MAX), (7, 1 << 16, 1 << 20)]
    {
        let kernels = Kernels::new(Tier::best(), threads).expect("kernels");
        let flown = flowing(&steps, &kernels, block, budget);
        assert_eq!(flown.1.len(), said.len());
        let first = said.iter().zip(&flown.1).find(|(one, other)| one != other);
        assert_eq!(first, None, "{threads} threads, blocks of {block}");
        assert!(flown.0 == left, "{threads} threads, blocks of {block}");
    }
}
