//! Operators that give a text another form, by their steps.

use recipes::recipe::CleaningStep::{self, *};
use recipes::recipe::{HtmlReading, MarkdownReading, TextLongWords, WordReading};

use crate::decision::Decision;
use crate::{
    data_juicer, dedup_form, html, language_parts, latex, lines, links, mojibake, periods,
    pii_find, plain_marks, shape, spaces, web_lines, words_by,
};

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
        TextMojibake1(settings) => mojibake::read(settings, text),
        TextHtml1(settings) => match settings.profile {
            HtmlReading::Ingot => html::text(text),
            HtmlReading::DataJuicer => html::bare(text),
        },
        TextMarkdown1(settings) => match settings.profile {
            MarkdownReading::Ingot => plain_marks::markdown(text),
            MarkdownReading::Nemo => plain_marks::nemo_markdown(text),
        },
        TextLinks1(settings) => links::replaced(settings, text),
        TextCitations1(_) => plain_marks::citations(text),
        TextLongWords1(settings) => long_words(settings, text),
        TextBoilerplate1(settings) => web_lines::without_phrases(settings, text),
        TextReplace1(settings) => text.replace(&settings.find, &settings.with),
        TextRemoveCharacters1(settings) => {
            text.chars().filter(|letter| !settings.characters.contains(*letter)).collect()
        }
        TextQuotes1(_) => plain_marks::unquoted(text).to_owned(),
        TextRepeatedSentences1(settings) => web_lines::without_repeats(settings, text),
        TextCopyright1(_) => plain_marks::without_copyright(text).to_owned(),
        TextLatexComments1(settings) => latex::without_comments(settings, text),
        TextLatexBibliography1(_) => latex::without_bibliography(text).to_owned(),
        TextLatexHeader1(settings) => latex::without_header(settings, text).to_owned(),
        TextHanOnly1(settings) => plain_marks::han(settings, text),
        TextWebLines1(settings) => web_lines::lines(settings, text),
        PiiMask2(settings) => pii_find::masked(settings, text),
        PiiNames1(settings) => pii_find::without_names(settings, text),
        step => return by_parts(step, text),
    };
    Some(Decision::text(text, after))
}

fn by_parts(step: &CleaningStep, text: &str) -> Option<Decision> {
    let after = match step {
        TextTables1(settings) => lines::without_tables(settings, text),
        TextWordsWith1(settings) => {
            let has = |word: &str| settings.parts.iter().any(|part| word.contains(part.as_str()));
            match settings.cut {
                Some(cut) => words_by::without(text, cut, &settings.parts),
                None => spaces::merged(text, |word| !has(word)),
            }
        }
        TextSentenceLines1(_) => {
            let sentences = shape::prose(text).into_iter().map(str::trim);
            sentences.collect::<Vec<_>>().join("\n")
        }
        TextLatexMacros1(_) => latex::without_macros(text),
        TextRepeatedParts1(settings) => lines::once(settings, text),
        TextLines1(settings) => lines::kept(settings, text),
        TextDedupForm1(settings) => dedup_form::of(settings, text),
        TextLanguageParts1(settings) => language_parts::kept(settings, text),
        TextPeriods1(settings) => periods::shortened(settings, text),
        TextSlice1(settings) => lines::slice(settings, text),
        _ => return None,
    };
    Some(Decision::text(text, after))
}

fn long_words(settings: &TextLongWords, text: &str) -> String {
    let fits = |word: &str| {
        (settings.chars_min..=settings.chars_max).contains(&(word.chars().count() as u64))
    };
    match settings.profile {
        WordReading::Ingot => spaces::words(text, fits),
        WordReading::DataJuicer => spaces::merged(text, |word| {
            fits(word) || fits(word.trim_matches(data_juicer::is_special))
        }),
    }
}
