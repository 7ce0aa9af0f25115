//! Words as a step cuts them: of Unicode, of a dictionary, between white space.

use icu_segmenter::{WordSegmenter, WordSegmenterBorrowed};
use recipes::recipe::Cut;
use unicode_segmentation::UnicodeSegmentation;

/// The words of a text.
pub fn words(text: &str, cut: Cut) -> Box<dyn Iterator<Item = &str> + '_> {
    match cut {
        Cut::Words => Box::new(text.unicode_words()),
        Cut::Dictionary => Box::new(by_dictionary(text, |_, is_word| is_word)),
        Cut::Pieces => Box::new(by_dictionary(text, |piece, _| !piece.trim().is_empty())),
        Cut::Segments => {
            Box::new(text.split_word_bounds().filter(|piece| !piece.trim().is_empty()))
        }
        Cut::Spaces => Box::new(text.split_whitespace()),
        Cut::Newlines => Box::new(text.split_inclusive('\n').flat_map(|line| {
            let end = line.strip_suffix('\n').map(|before| &line[before.len()..]);
            line.split_whitespace().chain(end)
        })),
    }
}

/// The text without the words that have a part in them, and without those that together are one.
pub fn without(text: &str, cut: Cut, parts: &[String]) -> String {
    let place = |word: &str| {
        let start = word.as_ptr() as usize - text.as_ptr() as usize;
        (start, start + word.len())
    };
    let words: Vec<(usize, usize)> = words(text, cut).map(place).collect();
    let mut gone = vec![false; words.len()];
    for part in parts.iter().filter(|part| !part.is_empty()) {
        for (start, _) in text.match_indices(part.as_str()) {
            let end = start + part.len();
            let first = words.partition_point(|word| word.1 <= start);
            let last = words.partition_point(|word| word.0 < end);
            let whole = words.get(first..last).filter(|touched| match touched {
                [] => false,
                [one] => one.0 <= start && end <= one.1,
                [one, .., other] => one.0 == start && other.1 == end,
            });
            if whole.is_some() {
                gone[first..last].fill(true);
            }
        }
    }
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for ((start, end), _) in words.into_iter().zip(gone).filter(|(_, gone)| *gone) {
        out += &text[at..start];
        at = end;
    }
    out + &text[at..]
}

/// Pieces of Unicode's text segmentation, those of scripts without spaces by dictionary, that pass
/// a test with whether they are words.
fn by_dictionary(text: &str, keep: fn(&str, bool) -> bool) -> impl Iterator<Item = &str> {
    const SEGMENTER: fn() -> WordSegmenterBorrowed<'static> =
        || WordSegmenter::new_dictionary(Default::default());
    let mut breaks = SEGMENTER().segment_str(text);
    let mut start = breaks.next().unwrap_or(0);
    std::iter::from_fn(move || {
        loop {
            let end = breaks.next()?;
            let word = &text[start..end];
            start = end;
            if keep(word, breaks.is_word_like()) {
                return Some(word);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_cuts_as_it_says() {
        let check = |cut, text: &str, wanted: &[&str]| {
            assert_eq!(words(text, cut).collect::<Vec<_>>(), wanted);
        };
        let text = "我来到北京清华大学, don't ask";
        check(
            Cut::Words,
            text,
            &["我", "来", "到", "北", "京", "清", "华", "大", "学", "don't", "ask"],
        );
        check(Cut::Dictionary, text, &["我来", "到", "北京", "清华大学", "don't", "ask"]);
        check(Cut::Pieces, "他来了。 ok!", &["他", "来", "了", "。", "ok", "!"]);
        let parts = ["京".to_owned(), "学, d".into(), "他的".into()];
        assert_eq!(without(text, Cut::Dictionary, &parts), "我来到清华大学, don't ask");
        assert_eq!(without("他的书", Cut::Words, &parts), "书");
        check(Cut::Spaces, text, &["我来到北京清华大学,", "don't", "ask"]);
        check(Cut::Dictionary, "", &[]);
        check(Cut::Dictionary, "กินข้าวหรือยัง", &["กิน", "ข้าว", "หรือ", "ยัง"]);
    }
}
