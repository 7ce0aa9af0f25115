//! Operators that give a text another form, by their steps.

use recipes::recipe::CleaningStep::{self, *};

use crate::decision::Decision;
use crate::{html, latex, mojibake, pii_find, plain_marks, spaces, web_lines};

/// Decides about a text; nothing where the step changes none.
pub fn decide(step: &CleaningStep, text: &str) -> Option<Decision> {
    let after = match step {
        TextWhitespace1(_) => spaces::plain(text),
        TextCollapseSpaces1(_) => spaces::collapsed(text),
        TextNewlines1(settings) => spaces::newlines(text, settings.lines_max as usize),
        TextPunctuation1(_) => plain_marks::punctuation(text),
        TextControlCharacters1(_) => {
            text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t')).collect()
        }
        TextMojibake1(_) => mojibake::repaired(text),
        TextHtml1(_) => html::text(text),
        TextMarkdown1(_) => plain_marks::markdown(text),
        TextLinks1(_) => crate::listed::LINK.replace_all(text, "").into_owned(),
        TextCitations1(_) => plain_marks::citations(text),
        TextLongWords1(settings) => {
            let (min, max) = (settings.chars_min as usize, settings.chars_max as usize);
            spaces::words(text, |word| (min..=max).contains(&word.chars().count()))
        }
        TextBoilerplate1(settings) => web_lines::without_phrases(settings, text),
        TextReplace1(settings) => text.replace(&settings.find, &settings.with),
        TextRemoveCharacters1(settings) => {
            text.chars().filter(|letter| !settings.characters.contains(*letter)).collect()
        }
        TextQuotes1(_) => plain_marks::unquoted(text).to_owned(),
        TextRepeatedSentences1(settings) => web_lines::without_repeats(settings, text),
        TextCopyright1(_) => plain_marks::without_copyright(text).to_owned(),
        TextLatexComments1(_) => latex::without_comments(text),
        TextLatexBibliography1(_) => latex::without_bibliography(text).to_owned(),
        TextLatexHeader1(_) => latex::without_header(text).to_owned(),
        TextHanOnly1(_) => plain_marks::han(text),
        TextWebLines1(settings) => web_lines::lines(settings, text),
        PiiMask2(settings) => pii_find::masked(settings, text),
        PiiNames1(settings) => pii_find::without_names(settings, text),
        _ => return None,
    };
    Some(Decision::text(text, after))
}
