//! What of a text stands in a list: words, phrases, hosts, scripts, evaluation texts.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use recipes::recipe::{Boilerplate, LinksWith, PhrasePlace, Phrases, Script, StopWords};
use regex::Regex;
use unicode_segmentation::UnicodeSegmentation;

use crate::nemo;

/// A link up to white space, a quotation mark or a Chinese mark.
pub static LINK: LazyLock<Regex> = LazyLock::new(|| {
    let pattern = "(?i)(?:(?:https?|ftp)://|\\bwww\\d{0,3}\\.)\
        [^\\s<>\"”’，。；！？、（）《》「」【】]+";
    Regex::new(pattern).expect("a pattern of ours")
});

/// The part of the words (UAX #29, lower case) that are listed.
pub fn words(text: &str, listed: &[String]) -> f64 {
    let listed: BTreeSet<&str> = listed.iter().map(String::as_str).collect();
    let lower = text.to_lowercase();
    let (mut all, mut found) = (0u64, 0u64);
    for word in lower.unicode_words() {
        all += 1;
        found += u64::from(listed.contains(word));
    }
    if all == 0 { 0.0 } else { found as f64 / all as f64 }
}

/// How often phrases stand at their place.
pub fn phrases(text: &str, settings: &Phrases) -> u64 {
    let front = settings.within.map_or(text, |within| {
        let within = usize::try_from(within).unwrap_or(usize::MAX);
        text.char_indices().nth(within).map_or(text, |(end, _)| &text[..end])
    });
    let lower = if settings.exact { front.to_owned() } else { front.to_lowercase() };
    let lower = if settings.exact { lower.as_str() } else { lower.trim() };
    let touches = |letter: char| letter.is_alphanumeric() || letter == '_';
    let stands = |at: usize, phrase: &str| {
        let (before, after) = (&lower[..at], &lower[at + phrase.len()..]);
        let joined = phrase.starts_with(touches) && before.ends_with(touches)
            || phrase.ends_with(touches) && after.starts_with(touches);
        !(settings.whole && joined)
    };
    let count = |phrase: &String| {
        let phrase = if settings.exact { phrase.clone() } else { phrase.to_lowercase() };
        let at_end = lower.len().saturating_sub(phrase.len());
        match settings.place {
            _ if phrase.is_empty() => 0,
            PhrasePlace::Anywhere => {
                lower.match_indices(&phrase).filter(|(at, _)| stands(*at, &phrase)).count() as u64
            }
            PhrasePlace::Front => u64::from(lower.starts_with(&phrase) && stands(0, &phrase)),
            PhrasePlace::End => u64::from(lower.ends_with(&phrase) && stands(at_end, &phrase)),
        }
    };
    settings.phrases.iter().map(count).sum()
}

/// The part of the paragraphs that hold a phrase; all where one has "lorem ipsum".
pub fn boilerplate(text: &str, settings: &Boilerplate) -> f64 {
    let phrases: Vec<String> = settings.phrases.iter().map(|p| p.to_lowercase()).collect();
    let (mut all, mut found) = (0u64, 0u64);
    for paragraph in text.split("\n\n") {
        let lower = paragraph.to_lowercase();
        if lower.contains("lorem ipsum") {
            return 1.0;
        }
        all += 1;
        found += u64::from(phrases.iter().any(|phrase| lower.contains(phrase.as_str())));
    }
    found as f64 / all as f64
}

/// Links with one of some texts in them.
pub fn links_with(text: &str, settings: &LinksWith) -> u64 {
    let has = |link: &str| settings.parts.iter().any(|part| link.contains(part.as_str()));
    nemo::LINK.find_iter(text).filter(|link| has(link.as_str())).count() as u64
}

/// How many common words stand in a text.
pub fn common_words(text: &str, settings: &StopWords) -> u64 {
    let listed: BTreeSet<&str> = settings.words.iter().map(String::as_str).collect();
    let lower = if settings.any_case { text.to_lowercase() } else { text.to_owned() };
    let found = lower.split_whitespace().filter(|word| listed.contains(word));
    match settings.different {
        true => found.collect::<BTreeSet<&str>>().len() as u64,
        false => found.count() as u64,
    }
}

/// Links to listed hosts, or to hosts below them.
pub fn links_to(text: &str, hosts: &[String]) -> u64 {
    let is_listed = |host: &str| {
        let below = |listed: &String| {
            let rest = host.strip_suffix(listed.to_lowercase().as_str());
            rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        hosts.iter().any(below)
    };
    let host = |link: &str| {
        let start = link.find("://").map_or(0, |at| at + 3);
        let host = link[start..].split(['/', '?', '#']).next().unwrap_or_default();
        let host = host.rsplit('@').next().unwrap_or_default();
        host.split(':').next().unwrap_or_default().trim_end_matches('.').to_lowercase()
    };
    LINK.find_iter(text).filter(|link| is_listed(&host(link.as_str()))).count() as u64
}

/// Links to listed addresses, or to what lies below them.
pub fn links_below(text: &str, urls: &[String]) -> u64 {
    let bare = |url: &str| {
        let lower = url.to_lowercase();
        let start = lower.find("://").map_or(0, |at| at + 3);
        let url = lower[start..].trim_end_matches(['.', ',', ';', ')', '!', '\'']);
        url.strip_prefix("www.").unwrap_or(url).trim_end_matches('/').to_owned()
    };
    let listed: Vec<String> = urls.iter().map(|url| bare(url)).collect();
    let is_below = |link: &str| {
        let ends = |rest: &str| rest.is_empty() || rest.starts_with(['/', '?', '#', '&', ':']);
        listed.iter().any(|url| link.strip_prefix(url.as_str()).is_some_and(ends))
    };
    LINK.find_iter(text).filter(|link| is_below(&bare(link.as_str()))).count() as u64
}

/// The part of the characters that stand in links.
pub fn link_chars(text: &str) -> f64 {
    let chars: usize = LINK.find_iter(text).map(|link| link.as_str().chars().count()).sum();
    if text.is_empty() { 0.0 } else { chars as f64 / text.chars().count() as f64 }
}

static SCRIPTS: LazyLock<[Regex; 10]> = LazyLock::new(|| {
    let names = [
        "Latin",
        "Han",
        "Cyrillic",
        "Greek",
        "Arabic",
        "Hebrew",
        "Devanagari",
        "Hangul",
        "Hiragana}\\p{Katakana",
        "Thai",
    ];
    names.map(|name| Regex::new(&format!("[\\p{{{name}}}]")).expect("a pattern of ours"))
});

/// The part of the letters that are of a script.
pub fn script(text: &str, script: Script) -> f64 {
    let letters: String = text.chars().filter(|letter| letter.is_alphabetic()).collect();
    let found = SCRIPTS[script as usize].find_iter(&letters).count();
    if letters.is_empty() { 0.0 } else { found as f64 / letters.chars().count() as f64 }
}

/// Words in lower case, every Chinese character one.
fn content(text: &str) -> Vec<String> {
    let lower = text.to_lowercase();
    lower.unicode_words().map(str::to_owned).collect()
}

/// The n-grams of some words, of all of them where they are fewer.
fn grams(words: &[String], n: usize) -> impl Iterator<Item = String> {
    let n = n.min(words.len()).max(1);
    words.windows(n).map(|gram| gram.join(" "))
}

/// The n-grams of evaluation texts.
pub struct KnownGrams {
    n: usize,
    grams: BTreeSet<String>,
}

impl KnownGrams {
    /// Reads the n-grams of some texts; a text shorter than one is one.
    pub fn of(texts: &[String], n: usize) -> KnownGrams {
        let all = texts.iter().flat_map(|text| grams(&content(text), n).collect::<Vec<_>>());
        KnownGrams { n, grams: all.collect() }
    }

    /// The part of a text's n-grams that are known.
    pub fn share(&self, text: &str) -> f64 {
        let words = content(text);
        let (mut all, mut shared) = (0u64, 0u64);
        for gram in grams(&words, self.n) {
            all += 1;
            shared += u64::from(self.grams.contains(&gram));
        }
        if all == 0 { 0.0 } else { shared as f64 / all as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_met_as_written() {
        let list = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert_eq!(words("The cat, the dog", &list(&["the"])), 0.5);
        let found = |text: &str, settings: &str| {
            phrases(text, &serde_json::from_str(settings).expect("settings"))
        };
        assert_eq!(found("Lorem IPSUM, lorem", r#"{"phrases": ["lorem"]}"#), 2);
        assert_eq!(found("All rights. ", r#"{"phrases": ["rights."], "place": "end"}"#), 1);
        let exact = r#"{"phrases": ["rights."], "place": "end", "exact": true}"#;
        assert_eq!(found("All rights. ", exact), 0);
        assert_eq!(found("a cat concat", r#"{"phrases": ["cat"], "whole": true}"#), 1);
        let eight: StopWords = serde_json::from_str("{}").expect("settings");
        assert_eq!(common_words("The end of the day of days", &eight), 3);
        let once = StopWords { different: true, any_case: true, ..eight };
        assert_eq!(common_words("The end of the day of days", &once), 2);
        let text = "see https://A.bad.example/x and http://notbad.example, www.bad.example";
        assert_eq!(links_to(text, &list(&["bad.example"])), 2);
        let text = "https://www.Bad.example/ads/, http://bad.example/adsense, bad.example/ads?x";
        assert_eq!(links_below(text, &list(&["bad.example/ads"])), 1);
        assert_eq!(links_below(text, &list(&["http://bad.example"])), 2);
        assert_eq!(links_below("www.bad.example.org", &list(&["bad.example"])), 0);
        assert_eq!(script("ab汉字", Script::Han), 0.5);
        assert_eq!(script("カか汉", Script::Kana), 2.0 / 3.0);
        assert_eq!(KnownGrams::of(&list(&["x B c y"]), 2).share("a b c d"), 1.0 / 3.0);
        assert_eq!(KnownGrams::of(&list(&["汉字"]), 3).share("汉字"), 1.0);
        assert_eq!(KnownGrams::of(&list(&[""]), 3).share(""), 0.0);
    }
}
