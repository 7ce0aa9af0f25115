//! The crate `tokenizers` judges: the same merges from the same texts, the same ids.

use bpe::{Encoder, FIRST_MERGE, TrainError, Vocabulary, count, letter_of, train};
use kernels::{Kernels, Tier};
use proptest::prelude::*;
use tokenizers::models::TrainerWrapper;
use tokenizers::models::bpe::{BPE, BpeTrainerBuilder};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::{AddedToken, Tokenizer};

fn kernels(threads: usize) -> Kernels {
    Kernels::new(Tier::best(), threads).expect("kernels")
}

/// The judge, trained with the settings that ours has.
fn judge(texts: &[String], size: usize) -> Tokenizer {
    let byte_level = ByteLevel::new(false, true, true);
    let mut judge = Tokenizer::new(BPE::default());
    judge.with_pre_tokenizer(Some(byte_level));
    judge.with_decoder(Some(byte_level));
    let trainer = BpeTrainerBuilder::new()
        .vocab_size(size)
        .min_frequency(2)
        .show_progress(false)
        .special_tokens(vec![AddedToken::from("<|end|>", true)])
        .initial_alphabet(ByteLevel::alphabet().into_iter().collect())
        .build();
    let mut trainer = TrainerWrapper::BpeTrainer(trainer);
    judge.train(&mut trainer, texts.iter().map(String::as_str)).expect("trained");
    judge.set_encode_special_tokens(true);
    judge
}

/// Tokens and merges as the judge's file has them.
fn listed(judge: &Tokenizer) -> (Vec<String>, Vec<(String, String)>) {
    let file: serde_json::Value =
        serde_json::from_str(&judge.to_string(false).expect("written")).expect("JSON");
    let mut tokens: Vec<(String, u64)> = file["model"]["vocab"]
        .as_object()
        .expect("a vocabulary")
        .iter()
        .map(|(token, id)| (token.clone(), id.as_u64().expect("an id")))
        .collect();
    tokens.sort_by_key(|(_, id)| *id);
    let text = |value: &serde_json::Value| value.as_str().expect("a token").to_owned();
    let merges = file["model"]["merges"].as_array().expect("merges");
    let merges = merges.iter().map(|pair| (text(&pair[0]), text(&pair[1]))).collect();
    (tokens.into_iter().map(|(token, _)| token).collect(), merges)
}

/// The same of ours.
fn listed_ours(vocabulary: &Vocabulary) -> (Vec<String>, Vec<(String, String)>) {
    let letters = |token: &[u8]| token.iter().map(|byte| letter_of(*byte)).collect::<String>();
    let mut tokens: Vec<String> = vocabulary.tokens().map(letters).collect();
    tokens[0] = "<|end|>".to_owned();
    let text = |id: u32| tokens[id as usize].clone();
    let merges = vocabulary.merges().map(|(a, b)| (text(a), text(b))).collect();
    (tokens, merges)
}

/// Trains both on `texts` and lets both encode `others`.
#[track_caller]
fn check(texts: &[String], size: usize, others: &[String]) -> Vocabulary {
    let judge = judge(texts, size);
    let ours = train(&count(texts, &kernels(1)), size).expect("trained");
    assert_eq!(listed_ours(&ours), listed(&judge));
    for threads in [2, 3, 7] {
        let again = train(&count(texts, &kernels(threads)), size).expect("trained");
        assert_eq!(again, ours, "{threads} threads");
    }
    let tokens = ours.tokens().map(<[u8]>::to_vec).collect();
    assert_eq!(Vocabulary::new(tokens, ours.merges()).as_ref(), Ok(&ours));
    let encoder = Encoder::new(&ours);
    let all: Vec<&str> = texts.iter().chain(others).map(String::as_str).collect();
    let first = encoder.encode_all(&all, &kernels(1));
    for (text, ids) in all.iter().zip(&first) {
        let wanted = judge.encode_fast(*text, false).expect("encoded");
        assert_eq!(ids, wanted.get_ids(), "{text:?}");
        assert_eq!(encoder.encode(text), *ids);
        assert_eq!(ours.decode(ids), text.as_bytes());
    }
    for threads in [2, 3, 7] {
        assert_eq!(encoder.encode_all(&all, &kernels(threads)), first, "{threads} threads");
    }
    ours
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

/// Words of a small language with runs, so that tokens are made in more than one way.
fn texts(seed: u64) -> Vec<String> {
    let draw = |place: u64, limit: u64| kernels::random::below(seed, 77, place, limit);
    let word = |place: u64| {
        let len = draw(place, 9) + 1;
        let letter = |k: u64| ["a", "b", "=", "é", "世", "界"][draw(place + k + 1, 6) as usize];
        match draw(place + 20, 4) {
            0 => letter(0).repeat(draw(place + 21, 40) as usize),
            1 => " ".repeat(len as usize),
            _ => (0..len).map(letter).collect(),
        }
    };
    let text = |t: u64| (0..40).map(|w| word(t << 20 | w << 6)).collect::<Vec<_>>().join(" ");
    (0..30).map(text).collect()
}

#[test]
fn runs_of_one_letter_give_the_judges_merges() {
    for letter in ["a", "=", " ", "-", "世", "\n"] {
        let runs = (1..=70).map(|len| letter.repeat(len)).collect::<Vec<_>>();
        check(&runs, 300, &[letter.repeat(1000), letter.repeat(129)]);
        let counted: Vec<String> =
            (1..=40usize).flat_map(|len| vec![letter.repeat(len); 1 + len * 7 % 11]).collect();
        check(&counted, 330, &[letter.repeat(777)]);
    }
}

#[test]
fn a_small_language_gives_the_judges_merges() {
    for seed in 0..25 {
        let others = texts(seed + 1000);
        check(&texts(seed), 257 + 40 * (seed as usize + 1), &others);
    }
}

#[test]
fn little_text_gives_a_smaller_vocabulary() {
    assert_eq!(check(&[], 300, &owned(&["abc"])).len(), FIRST_MERGE as usize);
    assert_eq!(check(&owned(&["", "ab"]), 300, &[]).len(), FIRST_MERGE as usize);
    assert_eq!(check(&owned(&["ab", "", "ab"]), 300, &[]).len(), FIRST_MERGE as usize + 1);
    assert_eq!(check(&owned(&["aaa aaa"]), 257, &[]).len(), FIRST_MERGE as usize);
}

#[test]
fn sizes_that_cannot_be_are_errors() {
    let words = count(["ab ab"], &kernels(1));
    for found in [0, 256, usize::MAX] {
        assert_eq!(train(&words, found), Err(TrainError::Size { found }));
    }
}

#[test]
fn the_end_token_cannot_be_spelled() {
    let spelled = owned(&["a<|end|>b <|end|> <|end|>", "<|end|>"]);
    let ours = check(&spelled, 270, &[]);
    assert!(!Encoder::new(&ours).encode("<|end|>").contains(&0));
}

#[test]
fn long_words_and_texts_have_the_judges_ids() {
    let draw = |k: u64| b"abcd"[kernels::random::below(3, 78, k, 4) as usize];
    let long = |len: u64| String::from_utf8((0..len).map(draw).collect()).expect("letters");
    let mut all: Vec<String> = (60..70).chain([250, 256, 257, 300, 5000]).map(long).collect();
    all.push(format!("{} {}", long(100_000), "word and 世界, 12 ".repeat(40_000)));
    check(&all, 600, &[]);
}

/// A merge costs the same in a word of any length: this takes seconds, not days.
#[test]
fn a_word_of_megabytes_is_trained_on_and_encoded() {
    let draw = |k: u64| b"abcdefgh"[kernels::random::below(4, 79, k, 8) as usize];
    let word = String::from_utf8((0..2_000_000).map(draw).collect()).expect("letters");
    let words = count([word.as_str(), &"a".repeat(3_000_000)], &kernels(2));
    let vocabulary = train(&words, 2000).expect("trained");
    assert_eq!(vocabulary.len(), 2000);
    let encoder = Encoder::new(&vocabulary);
    assert_eq!(vocabulary.decode(&encoder.encode(&word)), word.as_bytes());
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 150, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn any_texts_give_the_judges_merges_and_ids(
        texts in proptest::collection::vec(r"(?s)([ab' ]|[\s]|[一-十]|[😀-😎]|re|\PC|.){0,40}", 0..8),
        others in proptest::collection::vec(any::<String>(), 0..4),
        size in 257usize..400,
    ) {
        let repeated: Vec<String> = texts.iter().map(|text| text.repeat(3)).collect();
        check(&repeated, size, &others);
    }
}
