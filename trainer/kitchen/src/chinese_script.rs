//! `text.chinese-script@1`: Chinese from one script into another by OpenCC's dictionaries.
//!
//! The dictionaries are those of OpenCC 1.4.2 (Apache 2.0, `../opencc`), frozen with the operator.
//! A text is brought from compatibility characters to plain ones, cut at known phrases where the
//! conversion has more than one pass, and each piece goes through the passes. A pass goes from the
//! left: the first of its dictionaries that knows what is ahead puts its longest entry there.

use recipes::recipe::ScriptConversion::{self, *};

const PLAIN: &[&str] = &[include_str!("../opencc/CJK_Compatibility_Ideographs.txt")];
const ST_PHRASES: &[&str] = &[
    include_str!("../opencc/STPhrases.txt"),
    include_str!("../opencc/STPhrases_GeneratedFromRegionalPhrases.txt"),
];
const ST: &[&[&str]] = &[ST_PHRASES, &[include_str!("../opencc/STCharacters.txt")]];
const TS: &[&[&str]] = &[
    &[include_str!("../opencc/TSPhrases.txt")],
    &[include_str!("../opencc/TSCharactersExt.txt")],
    &[include_str!("../opencc/TSCharacters.txt")],
];
const TO_HK_PHRASES: &[&str] = &[include_str!("../opencc/HKPhrases.txt")];
const TO_HK: &[&[&str]] = &[
    &[include_str!("../opencc/HKVariantsPhrases.txt")],
    &[include_str!("../opencc/HKVariants.txt")],
];
const FROM_HK_PHRASES: &[&str] = &[include_str!("../opencc/HKPhrasesRev.txt")];
const FROM_HK: &[&[&str]] = &[
    &[include_str!("../opencc/HKVariantsRevPhrases.txt")],
    &[include_str!("../opencc/HKVariantsRev.txt")],
];
const TO_TW_PHRASES: &[&str] = &[include_str!("../opencc/TWPhrases.txt")];
const TO_TW: &[&[&str]] = &[
    &[include_str!("../opencc/TWVariantsPhrases.txt")],
    &[include_str!("../opencc/TWVariants.txt")],
];
const FROM_TW_PHRASES: &[&str] = &[include_str!("../opencc/TWPhrasesRev.txt")];
const FROM_TW: &[&[&str]] = &[
    &[include_str!("../opencc/TWVariantsRevPhrases.txt")],
    &[include_str!("../opencc/TWVariantsRev.txt")],
];
const FROM_JP: &[&[&str]] = &[
    &[include_str!("../opencc/JPShinjitaiPhrases.txt")],
    &[include_str!("../opencc/JPShinjitaiCharacters.txt")],
];
const TO_JP: &[&[&str]] = &[&[include_str!("../opencc/JPShinjitaiCharactersRev.txt")]];

/// Entries, sorted by what they stand for.
struct Dictionary {
    pairs: Vec<(&'static str, &'static str)>,
    /// The first letters in order, each with the place of its first entry.
    firsts: Vec<(char, usize)>,
}

impl Dictionary {
    /// Reads files of `from⇥to…` lines; of equal entries the first stays, of several choices too.
    fn of(files: &[&'static str]) -> Dictionary {
        let lines = files.iter().flat_map(|file| file.lines());
        let pair = |line: &'static str| {
            let (from, to) = line.split_once('\t').filter(|_| !line.starts_with('#'))?;
            Some((from, to.split(' ').next().unwrap_or(to)))
        };
        let mut pairs: Vec<(&str, &str)> = lines.filter_map(pair).collect();
        pairs.sort_by_key(|(from, _)| *from);
        pairs.dedup_by_key(|(from, _)| *from);
        let mut firsts: Vec<(char, usize)> = Vec::new();
        for (place, (from, _)) in pairs.iter().enumerate() {
            let first = from.chars().next().unwrap_or_default();
            if firsts.last().is_none_or(|(last, _)| *last != first) {
                firsts.push((first, place));
            }
        }
        Dictionary { pairs, firsts }
    }

    /// The longest entry that a text starts with: its bytes, and what takes its place.
    fn longest(&self, text: &str) -> Option<(usize, &'static str)> {
        let mut letters = text.char_indices();
        let (_, first) = letters.next()?;
        let place = self.firsts.binary_search_by_key(&first, |(letter, _)| *letter).ok()?;
        let end = self.firsts.get(place + 1).map_or(self.pairs.len(), |(_, end)| *end);
        let mut ahead = &self.pairs[self.firsts[place].1..end];
        let mut best = None;
        let mut known = first.len_utf8();
        loop {
            if let Some((from, to)) = ahead.first().filter(|(from, _)| from.len() == known) {
                best = Some((from.len(), *to));
            }
            let Some((at, letter)) = letters.next() else { return best };
            known = at + letter.len_utf8();
            // Entries with the same bytes so far stand together.
            let so_far = &text.as_bytes()[..known];
            let part = |from: &'static str| &from.as_bytes()[..known.min(from.len())];
            let start = ahead.partition_point(|(from, _)| part(from) < so_far);
            let rest = &ahead[start..];
            ahead = &rest[..rest.partition_point(|(from, _)| part(from) == so_far)];
            if ahead.is_empty() {
                return best;
            }
        }
    }
}

/// A conversion with its dictionaries.
pub struct Converter {
    plain: Dictionary,
    passes: Vec<Vec<Dictionary>>,
    /// The pass whose first dictionary cuts a text into pieces.
    cuts: Option<usize>,
}

impl Converter {
    /// Reads the dictionaries of a conversion.
    pub fn of(conversion: ScriptConversion) -> Converter {
        let with = |phrases, rest: &[&'static [&'static str]]| [&[phrases], rest].concat();
        let (passes, cuts) = match conversion {
            S2t => (vec![ST.to_vec()], None),
            S2tw => (vec![ST.to_vec(), TO_TW.to_vec()], Some(0)),
            S2twp => (vec![ST.to_vec(), with(TO_TW_PHRASES, TO_TW)], Some(0)),
            S2hk => (vec![ST.to_vec(), TO_HK.to_vec()], Some(0)),
            S2hkp => (vec![ST.to_vec(), with(TO_HK_PHRASES, TO_HK)], Some(0)),
            T2s => (vec![TS.to_vec()], None),
            Tw2s => (vec![FROM_TW.to_vec(), TS.to_vec()], Some(1)),
            Tw2sp => (vec![with(FROM_TW_PHRASES, FROM_TW), TS.to_vec()], Some(1)),
            Hk2s => (vec![FROM_HK.to_vec(), TS.to_vec()], Some(1)),
            Hk2sp => (vec![with(FROM_HK_PHRASES, FROM_HK), TS.to_vec()], Some(1)),
            T2tw => (vec![TO_TW.to_vec()], None),
            Tw2t => (vec![FROM_TW.to_vec()], None),
            T2hk => (vec![TO_HK.to_vec()], None),
            Hk2t => (vec![FROM_HK.to_vec()], None),
            Jp2t => (vec![FROM_JP.to_vec()], None),
            T2jp => (vec![TO_JP.to_vec()], None),
        };
        Converter {
            plain: Dictionary::of(PLAIN),
            passes: passes
                .iter()
                .map(|files| files.iter().map(|file| Dictionary::of(file)).collect())
                .collect(),
            cuts,
        }
    }

    /// The text in the other script.
    pub fn converted(&self, text: &str) -> String {
        let plain = passed(std::slice::from_ref(&self.plain), text);
        let Some(cuts) = self.cuts else { return self.through(&plain) };
        let mut out = String::with_capacity(plain.len());
        let phrases = &self.passes[cuts][0];
        // Letters that no phrase begins with stay together.
        let (mut start, mut at) = (0, 0);
        while at < plain.len() {
            if let Some((bytes, _)) = phrases.longest(&plain[at..]) {
                out += &self.through(&plain[start..at]);
                out += &self.through(&plain[at..at + bytes]);
                at += bytes;
                start = at;
            } else {
                at += plain[at..].chars().next().map_or(1, char::len_utf8);
            }
        }
        out + &self.through(&plain[start..])
    }

    fn through(&self, piece: &str) -> String {
        self.passes.iter().fold(piece.to_owned(), |text, pass| passed(pass, &text))
    }
}

/// What one pass makes of a text.
fn passed(dictionaries: &[Dictionary], text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(letter) = rest.chars().next() {
        let found = dictionaries.iter().find_map(|dictionary| dictionary.longest(rest));
        match found {
            Some((bytes, to)) => {
                out += to;
                rest = &rest[bytes..];
            }
            None => {
                out.push(letter);
                rest = &rest[letter.len_utf8()..];
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_entry_ahead_is_found() {
        let dictionary =
            Dictionary::of(&["# a\tb\n干\t幹 乾\n干杯\t乾杯\n干杯了\tx\n年\ty\n干\tz\n"]);
        assert_eq!(dictionary.longest("干杯吧"), Some(("干杯".len(), "乾杯")));
        assert_eq!(dictionary.longest("干杯"), Some(("干杯".len(), "乾杯")));
        assert_eq!(dictionary.longest("干"), Some((3, "幹")));
        assert_eq!(dictionary.longest("杯"), None);
        assert_eq!(dictionary.longest(""), None);
    }

    #[test]
    fn pieces_keep_phrases_apart() {
        let check = |conversion, text: &str, wanted: &str| {
            assert_eq!(Converter::of(conversion).converted(text), wanted);
        };
        check(S2t, "我干什么不干你事。", "我幹什麼不干你事。");
        check(S2twp, "鼠标里面的硅二极管坏了 mouse", "滑鼠裡面的矽二極體壞了 mouse");
        check(Tw2sp, "滑鼠裡面的矽二極體壞了", "鼠标里面的硅二极管坏了");
        check(T2jp, "舊字體", "旧字体");
        check(Jp2t, "", "");
    }

    #[test]
    fn the_dictionaries_are_frozen() {
        let all = [PLAIN, ST_PHRASES, TO_HK_PHRASES, FROM_HK_PHRASES, TO_TW_PHRASES];
        let rest = [ST, TS, TO_HK, FROM_HK, TO_TW, &[FROM_TW_PHRASES], FROM_TW, FROM_JP, TO_JP];
        let files = all.into_iter().chain(rest.into_iter().flatten().copied()).flatten();
        let mut all = recipes::digest::Hasher::new();
        files.for_each(|file| all.update(file.as_bytes()));
        let known = "43fd45fcbdd408e69df89d677a576de21b8691b283f52676a363f5e2c10c1d33";
        assert_eq!(all.finish().hex(), known);
    }
}
