//! Words as a step cuts them: of Unicode, of a dictionary, between white space.

use icu_segmenter::{WordSegmenter, WordSegmenterBorrowed};
use recipes::recipe::Cut;
use unicode_segmentation::UnicodeSegmentation;

/// The words of a text.
pub fn words(text: &str, cut: Cut) -> Box<dyn Iterator<Item = &str> + '_> {
    match cut {
        Cut::Words => Box::new(text.unicode_words()),
        Cut::Dictionary => Box::new(by_dictionary(text)),
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

/// Words of Unicode's text segmentation, those of scripts without spaces by dictionary.
fn by_dictionary(text: &str) -> impl Iterator<Item = &str> {
    const SEGMENTER: fn() -> WordSegmenterBorrowed<'static> =
        || WordSegmenter::new_dictionary(Default::default());
    let mut breaks = SEGMENTER().segment_str(text);
    let mut start = breaks.next().unwrap_or(0);
    std::iter::from_fn(move || {
        loop {
            let end = breaks.next()?;
            let word = &text[start..end];
            start = end;
            if breaks.is_word_like() {
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
        check(Cut::Spaces, text, &["我来到北京清华大学,", "don't", "ask"]);
        check(Cut::Dictionary, "", &[]);
        check(Cut::Dictionary, "กินข้าวหรือยัง", &["กิน", "ข้าว", "หรือ", "ยัง"]);
    }
}
