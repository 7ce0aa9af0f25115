//! `text.language-parts@1`, `filter.language-parts@1`: which language each part of a text is in.

use recipes::recipe::{FilterLanguageParts, Language, TextLanguageParts, TextPart};

use crate::decision::Decision;
use crate::language::identified;
use crate::shape;

/// The certainty that a text is in one of some languages; nothing where it has no letters.
fn certainty(languages: &[Language], text: &str) -> Option<f64> {
    let (language, certainty) = identified(text)?;
    Some(if languages.contains(&language) { certainty } else { 0.0 })
}

fn parts(part: TextPart, text: &str) -> Vec<&str> {
    match part {
        TextPart::Lines => text.split('\n').collect(),
        TextPart::Paragraphs => text.split("\n\n").collect(),
        TextPart::Sentences => text.split('\n').flat_map(shape::prose).map(str::trim).collect(),
    }
}

/// The parts that stay, put together again.
fn stayed(pieces: &[&str], between: &str, stays: &dyn Fn(&str) -> bool) -> String {
    let kept: Vec<&str> = pieces.iter().copied().filter(|piece| stays(piece)).collect();
    kept.join(between)
}

/// Text without the parts that are in other languages.
pub fn kept(settings: &TextLanguageParts, text: &str) -> String {
    let stays = |piece: &str| {
        (piece.chars().count() as u64) < settings.chars_min
            || certainty(&settings.languages, piece)
                .is_none_or(|certainty| certainty > 0.0 && certainty >= settings.confidence_min)
    };
    let left = match settings.part {
        TextPart::Lines => stayed(&parts(settings.part, text), "\n", &stays),
        TextPart::Paragraphs => stayed(&parts(settings.part, text), "\n\n", &stays),
        TextPart::Sentences => {
            let line = |line: &str| {
                let kept = stayed(&parts(settings.part, line), " ", &stays);
                (!kept.is_empty() || line.trim().is_empty()).then_some(kept)
            };
            text.split('\n').filter_map(line).collect::<Vec<_>>().join("\n")
        }
    };
    if left.chars().any(char::is_alphabetic) { left } else { String::new() }
}

/// Decides by the part of a text that is in wanted languages.
pub fn decide(settings: &FilterLanguageParts, text: &str) -> Decision {
    let (mut all, mut wanted) = (0.0, 0.0);
    for piece in parts(settings.part, text) {
        let chars = piece.chars().count() as f64;
        all += chars;
        wanted += chars * certainty(&settings.languages, piece).unwrap_or(0.0);
    }
    let value = if all == 0.0 { 0.0 } else { wanted / all };
    Decision::within("wanted_language_share", value, settings.share_min, None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_other_languages_go() {
        let check = |part, text: &str, wanted: &str| {
            let languages = vec![Language::En];
            let settings = TextLanguageParts { languages, part, confidence_min: 0.0, chars_min: 0 };
            assert_eq!(kept(&settings, text), wanted, "{part:?}");
        };
        let (english, german) =
            ("The house is old and the door is open.", "Das Haus ist alt und die Tür steht offen.");
        let mixed = format!("{english}\n{german}\n\n{german}\n12");
        check(TextPart::Lines, &mixed, &format!("{english}\n\n12"));
        check(TextPart::Sentences, &format!("{german} {english}\n{german}"), english);
        check(TextPart::Paragraphs, &format!("{german}\n\n{english}"), english);
        check(TextPart::Lines, &format!("{german}\n12"), "");
        check(TextPart::Sentences, "", "");
    }

    #[test]
    fn the_share_of_a_language_is_that_of_its_parts() {
        let languages = vec![Language::Zh];
        let settings = FilterLanguageParts { languages, part: TextPart::Lines, share_min: 0.4 };
        let Decision::Keep(measures) = decide(&settings, "这是一句话。\nabcdef") else {
            panic!("kept")
        };
        assert_eq!(measures[0].value, 0.5);
    }
}
