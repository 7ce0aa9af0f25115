//! `pii.mask@2`, `pii.filter@1`, `pii.names@1`: personal data and secrets, with their checksums.

use std::sync::LazyLock;

use recipes::recipe::{PiiFind, PiiFinding, PiiNames};
use regex::Regex;

use crate::decision::Decision;
use crate::pii_mask::{EMAIL, IP, is_v4, is_v6};
use crate::pii_national;

fn pattern(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a pattern of ours")
}

static CARD: LazyLock<Regex> = LazyLock::new(|| pattern(r"\d(?:[ -]?\d){11,18}"));
static RESIDENT: LazyLock<Regex> = LazyLock::new(|| pattern(r"[1-9]\d{16}[\dXx]"));
static IBAN: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{4}){2,7}(?:[ ]?[A-Z0-9]{1,3})?"));
static SSN: LazyLock<Regex> = LazyLock::new(|| pattern(r"\d{3}[-. ]\d{2}[-. ]\d{4}"));
static PHONE: LazyLock<Regex> = LazyLock::new(|| {
    let abroad = r"\+\d{1,3}(?:[ .-]?\(?\d{1,4}\)?){2,5}";
    let american = r"(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}";
    pattern(&format!(r"{abroad}|1[3-9]\d{{9}}|{american}"))
});
static SECRET: LazyLock<Regex> = LazyLock::new(|| {
    let keys = [
        "AKIA[0-9A-Z]{16}",
        "gh[pousr]_[A-Za-z0-9]{36,}",
        "sk-[A-Za-z0-9_-]{20,}",
        "xox[abprs]-[A-Za-z0-9-]{10,}",
        "AIza[0-9A-Za-z_-]{35}",
        "-----BEGIN [A-Z ]*PRIVATE KEY-----.*?-----END [A-Z ]*PRIVATE KEY-----",
    ];
    pattern(&format!("(?s){}", keys.join("|")))
});

static ANY_EMAIL: LazyLock<Regex> = LazyLock::new(|| {
    let name = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+";
    let label = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?";
    let host = format!(r"(?:(?:{label}\.)+{label}|\[(?:\d{{1,3}}\.){{3}}\d{{1,3}}\])");
    pattern(&format!(r"\b{name}(?:\.{name})*@{host}"))
});
static URL_PASSWORD: LazyLock<Regex> =
    LazyLock::new(|| pattern(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/:@]*:([^\s/@]+)@[^\s/@]"));
static ASSIGNED: LazyLock<Regex> = LazyLock::new(|| {
    let kinds = "access|account|api|auth|client|database|db|priv|private|secret|service";
    let name = format!("(?:{kinds})[_-]?key|(?:auth|access)[_-]?token|passw(?:or)?d|pwd|secret");
    let value = r#"(?:"([^"\n]+)"|'([^'\n]+)'|([^\s"',;`]+))"#;
    pattern(&format!(r#"(?i)(?:{name})["']?[ \t]*(?::=|=>|[:=])[ \t]*{value}"#))
});

/// What a pattern finds, without what stands around its group.
fn inside(pattern: &Regex, text: &str) -> Vec<(usize, usize)> {
    let group = |found: regex::Captures| {
        let group = found.iter().skip(1).flatten().next()?;
        Some((group.start(), group.end()))
    };
    pattern.captures_iter(text).filter_map(group).collect()
}

/// The findings of one kind, by their bytes.
fn find(kind: PiiFinding, text: &str) -> Vec<(usize, usize)> {
    let found = |pattern: &Regex, test: &dyn Fn(&str) -> bool| {
        let all = pattern.find_iter(text).map(|found| (found.start(), found.end()));
        all.filter(|(start, end)| test(&text[*start..*end])).collect()
    };
    // Letters or digits beside would make it part of something longer.
    let alone = |pattern: &Regex, test: &dyn Fn(&str) -> bool| -> Vec<(usize, usize)> {
        let joins = |letter: char| letter.is_ascii_alphanumeric();
        let mut all: Vec<(usize, usize)> = found(pattern, test);
        all.retain(|(start, end)| {
            !text[..*start].ends_with(joins) && !text[*end..].starts_with(joins)
        });
        all
    };
    match kind {
        PiiFinding::Email => found(&EMAIL, &|_| true),
        PiiFinding::Ip => {
            let core = |found: regex::Match| {
                let inside = found.as_str().trim_matches(['.', ':']);
                let start = found.start() + found.as_str().find(inside)?;
                (is_v4(inside) || is_v6(inside)).then_some((start, start + inside.len()))
            };
            IP.find_iter(text).filter_map(core).collect()
        }
        PiiFinding::Card => alone(&CARD, &is_card),
        PiiFinding::ResidentId => alone(&RESIDENT, &is_resident),
        PiiFinding::Iban => alone(&IBAN, &is_iban),
        PiiFinding::Phone => alone(&PHONE, &|_| true),
        PiiFinding::Ssn => alone(&SSN, &is_ssn),
        PiiFinding::Secret => found(&SECRET, &|_| true),
        PiiFinding::AnyEmail => found(&ANY_EMAIL, &|_| true),
        PiiFinding::UrlPassword => inside(&URL_PASSWORD, text),
        PiiFinding::AssignedSecret => inside(&ASSIGNED, text),
        other => pii_national::find(other, text).unwrap_or_default(),
    }
}

/// All findings in order, none inside another; of those at one place the first kind of the list.
fn findings(settings: &PiiFind, text: &str) -> Vec<(usize, usize, PiiFinding)> {
    let mut all: Vec<(usize, usize, usize)> = Vec::new();
    for (order, kind) in settings.kinds.iter().enumerate() {
        all.extend(find(*kind, text).into_iter().map(|(start, end)| (start, order, end)));
    }
    all.sort_unstable();
    let mut free = 0;
    all.retain(|(start, _, end)| {
        let keep = *start >= free;
        free = if keep { *end } else { free };
        keep
    });
    all.into_iter().map(|(start, order, end)| (start, end, settings.kinds[order])).collect()
}

/// The text with masks.
pub fn masked(settings: &PiiFind, text: &str) -> String {
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for (start, end, kind) in findings(settings, text) {
        out += &text[at..start];
        match &settings.with {
            Some(with) => out += with,
            None => out += &format!("<{}>", kind.word()),
        }
        at = end;
    }
    out + &text[at..]
}

/// Drops a text with too many findings.
pub fn decide(settings: &PiiFind, text: &str) -> Decision {
    let found = findings(settings, text).len() as f64;
    Decision::within("findings", found, None, settings.max as f64)
}

/// The text with `<name>` for listed names; letters of alphabets beside make another word.
pub fn without_names(settings: &PiiNames, text: &str) -> String {
    let mut names: Vec<&str> = settings.names.iter().map(String::as_str).collect();
    names.retain(|name| !name.is_empty());
    names.sort_by_key(|name| std::cmp::Reverse(name.len()));
    let joins = |letter: char| letter.is_alphanumeric() && letter < '\u{2E80}';
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some(first) = rest.chars().next() {
        let name = names.iter().find(|name| {
            let after = rest.strip_prefix(**name);
            let ends = name.chars().next_back().is_some_and(joins);
            after.is_some_and(|after| !(ends && after.starts_with(joins)))
                && !(joins(first) && text[..text.len() - rest.len()].ends_with(joins))
        });
        let used = name.map_or(first.len_utf8(), |name| name.len());
        out += if name.is_some() { "<name>" } else { &rest[..used] };
        rest = &rest[used..];
    }
    out
}

fn digits(text: &str) -> Vec<u32> {
    text.chars().filter_map(|letter| letter.to_digit(10)).collect()
}

/// Luhn's sum over a multiple of ten, and not one digit all along (ISO/IEC 7812).
fn is_card(text: &str) -> bool {
    let digits = digits(text);
    let sum = digits.iter().rev().enumerate().map(|(place, digit)| match place % 2 {
        0 => *digit,
        _ => digit * 2 - if *digit > 4 { 9 } else { 0 },
    });
    // Thirteen digits that start with 1 are a time in milliseconds.
    let is_time = digits.len() == 13 && digits[0] == 1;
    !is_time && sum.sum::<u32>() % 10 == 0 && digits.iter().any(|digit| *digit != digits[0])
}

/// The check digit of GB 11643: ISO 7064, MOD 11-2; and a date that can be.
fn is_resident(text: &str) -> bool {
    let number = |from: usize, to: usize| text[from..to].parse::<u32>().unwrap_or(0);
    let date = (1850..2150).contains(&number(6, 10))
        && (1..=12).contains(&number(10, 12))
        && (1..=31).contains(&number(12, 14));
    let check = text[..17].bytes().fold(0, |rest, digit| (rest + u32::from(digit - b'0')) * 2 % 11);
    let last = match text.as_bytes()[17] {
        b'X' | b'x' => 10,
        digit => u32::from(digit - b'0'),
    };
    date && (check + last) % 11 == 1
}

/// The remainder by 97 is 1 (ISO 13616).
fn is_iban(text: &str) -> bool {
    let bare: String = text.chars().filter(|letter| *letter != ' ').collect();
    let moved = bare[4..].chars().chain(bare[..4].chars());
    let rest = moved.fold(0u32, |rest, letter| {
        let value = letter.to_digit(36).unwrap_or(0);
        if value < 10 { (rest * 10 + value) % 97 } else { (rest * 100 + value) % 97 }
    });
    rest == 1
}

/// Area, group and serial that have been given: never zero, never 666 nor 9xx.
fn is_ssn(text: &str) -> bool {
    let (area, group, serial) = (&text[..3], &text[4..6], &text[7..]);
    let one_mark = text.as_bytes()[3] == text.as_bytes()[6];
    one_mark
        && area != "000"
        && area != "666"
        && !area.starts_with('9')
        && group != "00"
        && serial != "0000"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: PiiFinding, text: &str, wanted: &str) {
        assert_eq!(masked(&PiiFind { kinds: vec![kind], max: 0, with: None }, text), wanted);
    }

    #[test]
    fn checksums_tell_numbers_from_identifiers() {
        check(
            PiiFinding::Card,
            "4012 8888 8888 1881, 4012888888881882",
            "<card>, 4012888888881882",
        );
        check(PiiFinding::ResidentId, "号11010519491231002X。", "号<resident-id>。");
        check(PiiFinding::ResidentId, "110105194912310021", "110105194912310021");
        check(PiiFinding::Iban, "GB82 WEST 1234 5698 7654 32", "<iban>");
        check(PiiFinding::Iban, "GB82 WEST 1234 5698 7654 33", "GB82 WEST 1234 5698 7654 33");
        check(PiiFinding::Ssn, "078-05-1120 and 000-12-3456", "<ssn> and 000-12-3456");
        check(PiiFinding::Phone, "电话13812345678，(212) 555-0187", "电话<phone>，<phone>");
        check(
            PiiFinding::UrlPassword,
            "ftp://me:s3:cret@a.example/x",
            "ftp://me:<url-password>@a.example/x",
        );
        check(PiiFinding::UrlPassword, "http://a.example:80/b@c", "http://a.example:80/b@c");
        check(
            PiiFinding::AssignedSecret,
            "api_key = \"ab c\";",
            "api_key = \"<assigned-secret>\";",
        );
        check(PiiFinding::AssignedSecret, "'password': x1, y", "'password': <assigned-secret>, y");
        check(PiiFinding::AssignedSecret, "a secret is kept", "a secret is kept");
        check(PiiFinding::AnyEmail, "a..b@[10.0.0.1], x@é", "a..<any-email>, x@é");
        check(PiiFinding::Secret, "key AKIAIOSFODNN7EXAMPLE", "key <secret>");
        check(PiiFinding::Email, "a@b.example", "<email>");
        check(PiiFinding::Ip, "at 10.0.0.1:80.", "at <ip>.");
    }

    #[test]
    fn masks_are_named_after_what_they_hide() {
        check(PiiFinding::UkNhs, "no. 401-023-2137", "no. <uk-nhs>");
        check(PiiFinding::AnyIp, "from ::1", "from <any-ip>");
        assert_eq!(PiiFinding::ResidentId.word(), "resident-id");
    }

    #[test]
    fn names_are_whole_words_where_letters_stand_beside() {
        let settings = PiiNames { names: vec!["Ann".into(), "王小明".into()] };
        assert_eq!(without_names(&settings, "Ann, Anna；王小明说"), "<name>, Anna；<name>说");
    }
}
