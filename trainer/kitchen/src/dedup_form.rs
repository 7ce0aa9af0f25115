//! `text.dedup-form@1`: the form in which a tool compares texts or lines.

use recipes::recipe::{DedupForm, TextDedupForm};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use crate::{datatrove_words, plain_marks};

/// Marks that cc_net leaves out; the wide one is among them.
const MARKS: &str = "，。、„”“«»１」「《》´∶：？！（）；–—．～’…━〈〉【】％►";
/// Marks that news pages lose; the hyphen stays.
const NEWS: &str = "!\"#$%&'()*+,./:;<=>?@[\\]^_`{|}~";

/// The form of a text.
pub fn of(settings: &TextDedupForm, text: &str) -> String {
    let digit = |letter| if settings.digits { letter } else { zero(letter) };
    match settings.profile {
        DedupForm::CcNet => bare(text, digit),
        DedupForm::CcNetText => {
            let lower = text.trim().to_lowercase();
            let plain: String = lower.nfd().filter(|c| !is_combining_mark(*c)).map(digit).collect();
            let plain = plain_marks::punctuation(&plain);
            plain.chars().filter(|letter| !letter.is_control()).collect()
        }
        DedupForm::Datatrove => datatrove_words::joined(text),
        DedupForm::Dclm => {
            bare(text, digit).nfkd().filter(|c| !is_combining_mark(*c) && c.is_ascii()).collect()
        }
        DedupForm::TextDedup => {
            let plain = text.to_lowercase();
            let keeps = |c: &char| c.is_alphanumeric() || *c == ' ' || is_combining_mark(*c);
            plain.chars().filter(keeps).map(digit).collect::<String>().trim().to_owned()
        }
        DedupForm::NewsCopy => {
            let joined = text.replace("-\n", "").replace('\n', " ");
            joined.chars().filter(|c| c.is_ascii() && !NEWS.contains(*c)).collect()
        }
    }
}

/// Lower case, digits as 0, neither marks nor controls.
fn bare(text: &str, digit: impl Fn(char) -> char) -> String {
    let lower = text.trim().to_lowercase();
    let keeps = |c: &char| !MARKS.contains(*c) && !c.is_control();
    lower.chars().filter(keeps).map(digit).collect()
}

fn zero(letter: char) -> char {
    if letter.is_ascii_digit() || ('０'..='９').contains(&letter) { '0' } else { letter }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_has_the_form_of_each_tool() {
        let check = |profile: DedupForm, text: &str, wanted: &str| {
            assert_eq!(of(&TextDedupForm { profile, digits: false }, text), wanted, "{profile:?}");
        };
        check(DedupForm::CcNet, "  ０２３´\u{10} | ;012 Hèllo", "000 | ;000 hèllo");
        check(DedupForm::CcNetText, " ０３ Hèllo，“x”", "00 hello,\"x\"");
        check(DedupForm::Datatrove, "|$17.56||1|\nHéllo  you", "0 0 hello you");
        check(DedupForm::Dclm, "😃 kožušček", " kozuscek");
        check(DedupForm::TextDedup, "  HELLO, 123 WORLD!\t", "hello 000 world");
        check(DedupForm::NewsCopy, "Test-\nword, café\nx-y", "Testword caf x-y");
    }
}
