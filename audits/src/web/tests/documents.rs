//! The pages about documents: the funnel, a step, a search, with hostile and with broken lists.

use recipes::fate::FateWriter;
use recipes::lists::{Changed, Gathered, ListWriter, Row, Tokenized};
use recipes::spread::Spread;
use recipes::{Digest, Fate, StepResult};

use super::asking::ask;
use super::yard::{HOSTILE, Yard};

/// A measure's name that would be markup and turn the writing round.
const MEASURE: &str = "<script>\" onmouseover=x \u{202e}";

fn of(text: &str) -> Digest {
    Digest::of(text.as_bytes())
}

fn list<T: Row>(rows: &[(&str, T)]) -> Vec<u8> {
    let mut writer = ListWriter::new(Vec::new()).expect("memory");
    rows.iter().for_each(|(name, row)| writer.push(0, name, false, row).expect("memory"));
    writer.finish()
}

/// Lists of three documents with hostile names: one dropped, one changed, one left alone.
struct Lists {
    documents: Vec<u8>,
    fates: Vec<u8>,
    changed: Vec<u8>,
    measured: Vec<u8>,
    tokens: Vec<u8>,
}

impl Lists {
    fn new() -> Lists {
        let names = [HOSTILE.as_str(), "plain.txt"];
        let gathered = |position, text| Gathered { position, id: of(text), chars: 9, bytes: 12 };
        let documents = [
            (names[0], gathered(0, "dropped")),
            (names[0], gathered(1, "changed")),
            (names[1], gathered(0, "left alone")),
        ];
        let mut fates = FateWriter::new(Vec::new()).expect("memory");
        let fate = Fate {
            document: of("dropped"),
            source: 0,
            name: HOSTILE.clone(),
            position: 0,
            measure: MEASURE.into(),
            value: 9.0,
            limit: Some(100.0),
            repeats: Some(of("left alone")),
        };
        fates.push(&fate).expect("memory");
        let (id, before, after) = (of("changed"), of("changed"), of("changed now"));
        let change = Changed { position: 1, id, before, after, repeats: None };
        let mut spread = Spread::default();
        spread.keep(MEASURE, 250.0, [Some(100.0), None]);
        spread.drop(MEASURE, 9.0, Some(100.0));
        let tokens = |position, id, first| Tokenized { position, id, first, tokens: 40 };
        Lists {
            documents: list(&documents),
            fates: fates.finish().expect("memory"),
            changed: list(&[(names[0], change)]),
            measured: spread.bytes().expect("finite"),
            tokens: list(&[
                (names[0], tokens(1, of("changed"), 0)),
                (names[1], tokens(0, of("left alone"), 40)),
            ]),
        }
    }

    /// Records the steps that made these lists.
    fn record(&self, yard: &Yard) {
        let keep = |bytes: &[u8]| Some(yard.registry().blobs().put_bytes(bytes).expect("a blob"));
        let step = |name: &str, counts: [(&str, u64); 3]| {
            let counts = counts.map(|(name, n)| (name.to_owned(), n)).into();
            StepResult::new(name.into(), of(name), of(name), counts)
        };
        let none = [("documents", 3), ("files", 1), ("bytes", 36)];
        let cleaned = [("documents", 2), ("dropped", 1), ("changed", 1)];
        let gather = StepResult { documents: keep(&self.documents), ..step("gather texts", none) };
        let clean = StepResult {
            fates: keep(&self.fates),
            changed: keep(&self.changed),
            measured: keep(&self.measured),
            ..step("clean 1 filter.length@1", cleaned)
        };
        let tokenize = StepResult { tokens: keep(&self.tokens), ..step("tokenize", cleaned) };
        yard.steps(&[gather, clean, tokenize]);
    }
}

fn addresses(yard: &Yard) -> [String; 4] {
    let run = format!("/runs/{}", yard.failed.hex());
    let changed = of("changed now").hex();
    [
        run.clone(),
        format!("{run}/steps/2"),
        format!("{run}/documents?q={}", &changed[..12]),
        format!("{run}/documents?q=plain"),
    ]
}

#[tokio::test]
async fn a_documents_fate_is_shown_and_hostile_names_stay_in_their_place() {
    let yard = Yard::new();
    Lists::new().record(&yard);
    let pages = addresses(&yard);
    let (dropped, changed) = (of("dropped").short(), of("changed").short());
    let facts: [&[&str]; 4] = [
        &["Documents through the steps", "clean 1 filter.length@1", "/steps/2", "3 gathered"],
        &["9, limit 100", &dropped, &changed, "class=\"dropped\"", "limit 100", "Kept"],
        &["changed", &of("changed now").short(), "40 tokens, from token 0 of its source"],
        &["plain.txt", "trained on", "40 tokens, from token 40"],
    ];
    for (address, facts) in pages.iter().zip(facts) {
        let answer = ask(&yard, address).await;
        assert_eq!(answer.status, 200, "{address}: {}", answer.body);
        for fact in facts {
            assert!(answer.body.contains(fact), "{address} lacks `{fact}`:\n{}", answer.body);
        }
        assert!(
            !answer.body.contains("<script") && !answer.body.contains("\"onmouse"),
            "{address}"
        );
        assert!(answer.body.len() < 200_000, "{address}: {}", answer.body.len());
        for (at, _) in answer.body.match_indices('\u{202e}') {
            let before = &answer.body[..at];
            let attribute = before.rfind("aria-label=\"") > before.rfind('>');
            assert!(attribute || before.rfind("<bdi>") > before.rfind("</bdi>"), "{address}");
        }
        answer.is_well_formed(address);
        answer.has_the_headers(address);
    }
    for wrong in ["steps/1", "steps/0", "steps/x", "steps/9", "steps/18446744073709551615"] {
        let answer = ask(&yard, &format!("{}/{wrong}", pages[0])).await;
        assert_eq!(answer.status, 404, "{wrong}");
    }
    let nothing = ask(&yard, &format!("{}/documents?q=nowhere", pages[0])).await;
    assert!(nothing.body.contains("saw no such document"), "{}", nothing.body);
    assert_eq!(ask(&yard, &format!("{}/documents?z=1", pages[0])).await.status, 400);
}

#[tokio::test]
async fn lists_that_do_not_fit_together_are_evidence_of_damage() {
    type Break = fn(&mut Lists);
    let breaks: [Break; 5] = [
        |lists| lists.documents.truncate(60),
        |lists| lists.fates = b"[{}]".to_vec(),
        |lists| lists.fates = b"[]".to_vec(),
        |lists| lists.tokens.truncate(lists.tokens.len() - 30),
        |lists| lists.changed = lists.tokens.clone(),
    ];
    for (number, broken) in breaks.into_iter().enumerate() {
        let yard = Yard::new();
        let mut lists = Lists::new();
        broken(&mut lists);
        lists.record(&yard);
        let [_, _, _, plain] = addresses(&yard);
        let answer = ask(&yard, &plain).await;
        assert_eq!(answer.status, 500, "{number}: {}", answer.body);
        assert!(answer.body.contains("Evidence of damage"), "{number}: {}", answer.body);
    }
}

#[tokio::test]
async fn a_run_without_lists_says_so() {
    let yard = Yard::new();
    let run = format!("/runs/{}", yard.finished.hex());
    let answer = ask(&yard, &format!("{run}/documents?q=README")).await;
    assert_eq!(answer.status, 200);
    assert!(answer.body.contains("kept no lists of its documents"), "{}", answer.body);
    assert_eq!(ask(&yard, &format!("{run}/steps/2")).await.status, 404);
    let yard = Yard::new();
    let lists = Lists::new();
    lists.record(&yard);
    let [_, step, _, plain] = addresses(&yard);
    for list in [&lists.documents, &lists.fates, &lists.measured, &lists.changed] {
        yard.registry().blobs().remove(&Digest::of(list)).expect("taken away");
    }
    for address in [step, plain] {
        let answer = ask(&yard, &address).await;
        assert_eq!(answer.status, 200, "{address}: {}", answer.body);
        assert!(answer.body.contains("not here"), "{address}");
    }
}
