//! Numbers that states and networks give out: their shape, and their check digits where they have
//! some.
//!
//! Each is defined by the authority that gives it out; a comment beside a check says by which rule.

use std::sync::LazyLock;

use recipes::Digest;
use recipes::recipe::PiiFinding::{self, *};
use regex::Regex;

use crate::links;

/// A kind: its pattern, and the test that a match must pass.
struct Kind {
    kind: PiiFinding,
    pattern: Regex,
    test: Test,
}

type Test = fn(&str) -> bool;

static KINDS: LazyLock<Vec<Kind>> = LazyLock::new(|| {
    let rows: [(PiiFinding, &str, Test); 24] = [
        (AuAbn, r"\d{2}(?: \d{3}){3}|\d{11}", abn),
        (AuAcn, r"\d{3}(?: \d{3}){2}|\d{9}", acn),
        (AuMedicare, r"[2-6]\d{3} \d{5} \d|[2-6]\d{9}", medicare),
        (AuTfn, r"\d{3}(?: \d{3}){2}|\d{9}", tfn),
        (Crypto, r"[13][1-9A-HJ-NP-Za-km-z]{25,34}", base58),
        (Date, DATE, |_| true),
        (DeTaxId, r"[1-9]\d{10}", german),
        (DeVatId, r"DE[ -]?\d{3}[ -]?\d{3}[ -]?\d{3}", |text| mixed_11_10(&digits(text))),
        (EsNif, r"(?i)\d{7,8}-?[a-z]", nif),
        (InAadhaar, r"[2-9]\d{3}(?:[ :-]\d{4}){2}|[2-9]\d{11}", |text| verhoeff(&digits(text))),
        (InPan, r"[A-Z]{5}\d{4}[A-Z]", |_| true),
        (ItFiscalCode, FISCAL, |_| true),
        (KrRrn, r"\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])-?[1-4]\d{6}", |_| true),
        (Mac, MAC, mac),
        (PhMobileNumber, r"(?:\+63|0)[ -]?9\d{2}[ -]?\d{3}[ -]?\d{4}", |_| true),
        (SgFin, r"[STFGM]\d{7}[A-Z]", |_| true),
        (ThTnin, r"[1-8][1-9]\d{11}", thai),
        (TrPhoneNumber, TURKISH, |_| true),
        (UkNhs, r"\d{3}[ -]?\d{3}[ -]?\d{4}", nhs),
        (UkNino, NINO, nino),
        (UkPostcode, POSTCODE, |_| true),
        (UsItin, r"9\d{2}[- ]?(?:5\d|6[0-5]|7\d|8[0-8]|9[0-24-9])[- ]?\d{4}", |_| true),
        (UsNpi, r"[12]\d{3}[ -]?\d{3}[ -]?\d{3}", npi),
        (UsSsn, r"\d{3}[-. ]?\d{2}[-. ]?\d{4}", ssn),
    ];
    let kind = |(kind, pattern, test): (PiiFinding, &str, Test)| Kind {
        kind,
        pattern: Regex::new(pattern).expect("a pattern of ours"),
        test,
    };
    let url = (Url, links::NAMED.as_str(), (|_| true) as Test);
    rows.into_iter().chain([url]).map(kind).collect()
});

/// A calendar day: year, month and day in any common order, a month's name, a time after it.
const DATE: &str = r"(?x)
    \d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:\d{2})
    | \d{4}-(?:1[0-2]|0?[1-9])-(?:3[01]|[12]\d|0?[1-9])
    | (?:3[01]|[12]\d|0?[1-9])[-/](?:3[01]|[12]\d|0?[1-9])[-/](?:\d{4}|\d{2})
    | (?:3[01]|[12]\d|0?[1-9])-(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)(?:-\d{4}|-\d{2})?
    | (?:1[0-2]|0?[1-9])/\d{4}
    | (?:1[0-2]|0?[1-9])/(?:3[01]|[12]\d|0?[1-9])";
const FISCAL: &str =
    r"(?i)[a-z]{6}[0-9l-npq-v]{2}[abcdehlmprst][0-9l-npq-v]{2}[a-z][0-9l-npq-v]{3}[a-z]";
const MAC: &str = r"(?ix)[0-9a-f]{2}(?::[0-9a-f]{2}){5} | [0-9a-f]{2}(?:-[0-9a-f]{2}){5}
    | [0-9a-f]{4}(?:\.[0-9a-f]{4}){2}";
const TURKISH: &str = r"(?:\+90[ .-]?|0[ .-]?)?\(?[2-5]\d{2}\)?[ .-]?\d{3}[ .-]?\d{2}[ .-]?\d{2}";
const NINO: &str = r"(?i)[a-ceghj-pr-tw-z][a-ceghj-npr-tw-z] ?\d{2} ?\d{2} ?\d{2} ?[a-d]";
const POSTCODE: &str = r"(?x)GIR\ ?0AA
    | (?:[A-PR-UWYZ](?:\d{1,2}|[A-HK-Y]\d{1,2}|\d[A-HJKPSTUW]|[A-HK-Y]\d[ABEHMNPRVWXY]))
    \ ?\d[ABD-HJLNP-UW-Z]{2}";

/// The findings of a kind, by their bytes; nothing where it is none of these.
pub fn find(kind: PiiFinding, text: &str) -> Option<Vec<(usize, usize)>> {
    if kind == AnyIp {
        return Some(addresses(text));
    }
    let kind = KINDS.iter().find(|row| row.kind == kind)?;
    let joins = |letter: char| letter.is_ascii_alphanumeric();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(one) = kind.pattern.find_at(text, at) {
        let touched = text[one.end()..].starts_with(joins)
            || text[..one.start()].ends_with(joins) && one.as_str().starts_with(joins);
        let fits = !touched && (kind.test)(one.as_str());
        if fits {
            found.push((one.start(), one.end()));
        }
        let step = text[one.start()..].chars().next().map_or(1, char::len_utf8);
        // What does not fit may hide what does: go on behind its first run of letters and digits.
        let run = text[one.start()..].find(|c: char| !joins(c)).unwrap_or(step).max(step);
        at = if fits { one.end() } else { one.start() + run };
    }
    Some(found)
}

/// IP addresses of any length, with their zone and the length of their prefix.
fn addresses(text: &str) -> Vec<(usize, usize)> {
    static TOKEN: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"[0-9A-Za-z_:.]+").expect("a pattern of ours"));
    static TAIL: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^(%[0-9A-Za-z]+)?(/\d{1,3}\b)?").expect("a pattern of ours"));
    let mut found = Vec::new();
    for token in TOKEN.find_iter(text) {
        let bare = token.as_str().trim_end_matches('.');
        let six = bare.contains(':') && bare.parse::<std::net::Ipv6Addr>().is_ok();
        let length = if six { Some(bare.len()) } else { four(bare) };
        let Some(length) = length else { continue };
        let (start, mut end) = (token.start(), token.start() + length);
        if length == token.len() {
            let tail = TAIL.captures(&text[end..]).expect("an empty tail at least");
            let prefix = tail.get(2).and_then(|prefix| prefix.as_str()[1..].parse::<u32>().ok());
            let most = if six { 128 } else { 32 };
            let zone = tail.get(1).filter(|_| six).map_or(0, |zone| zone.len());
            let takes = prefix.is_some_and(|bits| bits <= most) && (six || tail.get(1).is_none());
            end += zone + if takes { tail.get(2).map_or(0, |prefix| prefix.len()) } else { 0 };
        }
        found.push((start, end));
    }
    found
}

/// The bytes of four numbers up to 255 at the front of dotted numbers.
fn four(text: &str) -> Option<usize> {
    let numbers: Vec<&str> = text.split('.').collect();
    let number = |text: &&str| text.bytes().all(|b| b.is_ascii_digit()) && text.len() <= 3;
    let small = |text: &&str| text.parse::<u8>().is_ok();
    let fits = numbers.len() >= 4 && numbers.iter().all(number) && numbers[..4].iter().all(small);
    fits.then(|| numbers[..4].iter().map(|number| number.len()).sum::<usize>() + 3)
}

fn digits(text: &str) -> Vec<u32> {
    text.chars().filter_map(|letter| letter.to_digit(10)).collect()
}

fn weighted(digits: &[u32], weights: &[u32]) -> u32 {
    digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum()
}

/// Australian business number: the first digit less one, modulo 89.
fn abn(text: &str) -> bool {
    let mut digits = digits(text);
    let starts = digits[0] > 0;
    digits[0] = (digits[0] + 9) % 10;
    starts && weighted(&digits, &[10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19]).is_multiple_of(89)
}

/// Australian company number: modulo 10.
fn acn(text: &str) -> bool {
    let digits = digits(text);
    (10 - weighted(&digits, &[8, 7, 6, 5, 4, 3, 2, 1]) % 10) % 10 == digits[8]
}

/// Medicare card: modulo 10 over eight digits.
fn medicare(text: &str) -> bool {
    let digits = digits(text);
    weighted(&digits, &[1, 3, 7, 9, 1, 3, 7, 9]) % 10 == digits[8]
}

/// Tax file number: modulo 11.
fn tfn(text: &str) -> bool {
    weighted(&digits(text), &[1, 4, 3, 7, 5, 8, 6, 9, 10]).is_multiple_of(11)
}

/// A Bitcoin address: base 58 with four bytes of a double SHA-256 at the end.
fn base58(text: &str) -> bool {
    const LETTERS: &str = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut bytes = [0u8; 25];
    for letter in text.chars() {
        let Some(mut carry) = LETTERS.find(letter) else { return false };
        for byte in bytes.iter_mut().rev() {
            carry += usize::from(*byte) * 58;
            *byte = carry as u8;
            carry >>= 8;
        }
        if carry != 0 {
            return false;
        }
    }
    let twice = Digest::of(Digest::of(&bytes[..21]).as_bytes());
    twice.as_bytes()[..4] == bytes[21..]
}

/// ISO 7064, MOD 11,10: the German tax id and VAT id.
fn mixed_11_10(digits: &[u32]) -> bool {
    let (last, body) = digits.split_last().expect("digits");
    let product = body.iter().fold(10, |product, digit| {
        let sum = (digit + product) % 10;
        (if sum == 0 { 10 } else { sum }) * 2 % 11
    });
    (11 - product) % 10 == *last
}

/// The German tax id: none of its first ten digits stands more than three times.
fn german(text: &str) -> bool {
    let digits = digits(text);
    let times = |digit| digits[..10].iter().filter(|other| **other == digit).count();
    mixed_11_10(&digits) && (0..10).all(|digit| times(digit) < 4)
}

/// The Spanish tax number: the letter by the number modulo 23.
fn nif(text: &str) -> bool {
    let number = digits(text).iter().fold(0u32, |number, digit| number * 10 + digit);
    let letter = text.chars().next_back().map(|letter| letter.to_ascii_uppercase());
    "TRWAGMYFPDXBNJZSQVHLCKE".chars().nth(number as usize % 23) == letter
}

/// Verhoeff's check over the dihedral group of order ten.
fn verhoeff(digits: &[u32]) -> bool {
    const TURN: [u32; 10] = [1, 5, 7, 6, 2, 8, 3, 0, 9, 4];
    let product = |a: u32, b: u32| match (a < 5, b < 5) {
        (true, true) => (a + b) % 5,
        (true, false) => 5 + (a + b) % 5,
        (false, true) => 5 + (a + 5 - b) % 5,
        (false, false) => (a + 5 - b) % 5,
    };
    let turned = |digit: u32, times: usize| (0..times).fold(digit, |digit, _| TURN[digit as usize]);
    let all = digits.iter().rev().enumerate();
    all.fold(0, |check, (place, digit)| product(check, turned(*digit, place % 8))) == 0
}

/// Neither the address of all nor of none.
fn mac(text: &str) -> bool {
    let nibbles = || text.chars().filter(char::is_ascii_hexdigit);
    !nibbles().all(|nibble| matches!(nibble, 'f' | 'F')) && !nibbles().all(|nibble| nibble == '0')
}

/// The Thai identity number: modulo 11, and a province that there is.
fn thai(text: &str) -> bool {
    let digits = digits(text);
    let sum = weighted(&digits[..12], &[13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
    let province = digits[1] * 10 + digits[2];
    let none = matches!(province, 28 | 29 | 59 | 68 | 69 | 78 | 79 | 87 | 88 | 97..=99);
    (11 - sum % 11) % 10 == digits[12] && !none
}

/// The number of the National Health Service: modulo 11.
fn nhs(text: &str) -> bool {
    weighted(&digits(text), &[10, 9, 8, 7, 6, 5, 4, 3, 2, 1]).is_multiple_of(11)
}

/// National insurance: prefixes that are never given.
fn nino(text: &str) -> bool {
    let prefix = text[..2].to_ascii_uppercase();
    !["BG", "GB", "KN", "NK", "NT", "TN", "ZZ"].contains(&prefix.as_str())
}

/// National provider identifier: Luhn's sum behind 80840, which adds 24.
fn npi(text: &str) -> bool {
    let digits = digits(text);
    let sum = digits.iter().rev().enumerate().map(|(place, digit)| match place % 2 {
        0 => *digit,
        _ => digit * 2 - if *digit > 4 { 9 } else { 0 },
    });
    (sum.sum::<u32>() + 24) % 10 == 0
}

/// Social security: area, group and serial that have been given; one kind of mark.
fn ssn(text: &str) -> bool {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let marks: Vec<char> = text.chars().filter(|letter| !letter.is_ascii_digit()).collect();
    let (area, group, serial) = (&digits[..3], &digits[3..5], &digits[5..]);
    marks.windows(2).all(|pair| pair[0] == pair[1])
        && !["000", "666"].contains(&area)
        && !area.starts_with('9')
        && group != "00"
        && serial != "0000"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: PiiFinding, text: &str, wanted: &[&str]) {
        let found = find(kind, text).expect("a kind of this file");
        let found: Vec<&str> = found.into_iter().map(|(start, end)| &text[start..end]).collect();
        assert_eq!(found, wanted, "{kind:?}");
    }

    #[test]
    fn check_digits_tell_numbers_that_were_given() {
        check(AuAbn, "51 824 753 556, 52 824 753 556", &["51 824 753 556"]);
        check(AuAcn, "004 085 616 and 004085617", &["004 085 616"]);
        check(DeTaxId, "12345678903 12345678904", &["12345678903"]);
        check(EsNif, "12345678z 12345678A", &["12345678z"]);
        check(InAadhaar, "3123 4567 8909, 3123 4567 8908", &["3123 4567 8909"]);
        check(UkNhs, "401-023-2137 401-023-2138", &["401-023-2137"]);
        check(UsNpi, "1234567893 1234567890", &["1234567893"]);
        check(
            Crypto,
            "16Yeky6GMjeNkAiNcBY7ZhrLoMSgg1BoyZ",
            &["16Yeky6GMjeNkAiNcBY7ZhrLoMSgg1BoyZ"],
        );
        check(Crypto, "16Yeky6GMjeNkAiNcBY7ZhrLoMSgg1BoyY", &[]);
        check(ThTnin, "1234567890121 1234567890122", &["1234567890121"]);
    }

    #[test]
    fn shapes_stand_alone() {
        check(Mac, "00:1A:2B:3C:4D:5E ff:ff:ff:ff:ff:ff", &["00:1A:2B:3C:4D:5E"]);
        check(UkPostcode, "in SW1A 1AA, XA1 1AA", &["SW1A 1AA"]);
        check(UkNino, "AA123456B, BG123456B", &["AA123456B"]);
        check(Date, "2024-03-15T14:30Z, 5-May-2021, 5/21x", &["2024-03-15T14:30Z", "5-May-2021"]);
        check(TrPhoneNumber, "+90 (532) 123 45 67, 53212345678", &["+90 (532) 123 45 67"]);
        check(UsSsn, "078-051121 078-05.1121 666001234", &["078-051121"]);
        check(Url, "at www.x.org/a?b http://x", &["www.x.org/a?b"]);
        check(
            AnyIp,
            "::1 and fe80::1%eth0/64, 10.0.0.0/8. std::fmt 1.2.3.4.5",
            &["::1", "fe80::1%eth0/64", "10.0.0.0/8", "1.2.3.4"],
        );
    }
}
