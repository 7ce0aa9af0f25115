//! `text.normalize@1`: one Unicode form, and `\n` for `\r\n` and `\r`.

use recipes::recipe::{TextNormalize, UnicodeForm};
use unicode_normalization::UnicodeNormalization;

use crate::decision::Decision;

/// Decides about a text.
pub fn decide(settings: &TextNormalize, text: &str) -> Decision {
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    let normal: String = match settings.form {
        UnicodeForm::Nfc => lines.nfc().collect(),
        UnicodeForm::Nfkc => lines.nfkc().collect(),
    };
    Decision::text(text, normal)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(form: UnicodeForm, text: &str, wanted: Option<&str>) {
        let found = match decide(&TextNormalize { form }, text) {
            Decision::Change(text) => Some(text),
            _ => None,
        };
        assert_eq!(found.as_deref(), wanted);
    }

    #[test]
    fn forms_and_newlines_are_brought_into_line() {
        check(UnicodeForm::Nfc, "é\n", None);
        check(UnicodeForm::Nfc, "e\u{301}\r\na\rb", Some("é\na\nb"));
        check(UnicodeForm::Nfkc, "ﬁ①", Some("fi1"));
        check(UnicodeForm::Nfc, "ﬁ①", None);
    }
}
