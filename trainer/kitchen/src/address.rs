//! `filter.address@1`, `filter.name@1` and what `dedup.address@1` compares: where a document was
//! found.

use std::collections::BTreeSet;

use recipes::recipe::{AddressFilter, HostReach, NameFilter};

use crate::decision::{Decision, Drop, Measure};
use crate::document::{About, Document};

/// Second labels under which names are registered, as in `a.co.uk`.
const SECOND: [&str; 13] =
    ["ac", "co", "com", "edu", "go", "gob", "gov", "gv", "mil", "ne", "net", "or", "org"];

/// The longest end of a name that is a reason, in characters.
const END_CHARS_MAX: usize = 20;

/// A list made ready.
pub struct Addresses<'s> {
    settings: &'s AddressFilter,
    hosts: BTreeSet<String>,
    urls: BTreeSet<String>,
    parts: Listed,
    words: Listed,
}

/// Listed texts, and how long they are.
struct Listed {
    texts: BTreeSet<String>,
    /// Different lengths in bytes, the longest first.
    lengths: Vec<usize>,
}

impl Listed {
    fn of(texts: impl Iterator<Item = String>) -> Listed {
        let texts: BTreeSet<String> = texts.filter(|text| !text.is_empty()).collect();
        let lengths: BTreeSet<usize> = texts.iter().map(String::len).collect();
        Listed { texts, lengths: lengths.into_iter().rev().collect() }
    }

    /// The longest listed text that begins at a place and fits there.
    fn at<'t>(&self, text: &'t str, start: usize, fits: impl Fn(usize) -> bool) -> Option<&'t str> {
        let lengths = self.lengths.iter();
        let pieces = lengths.filter_map(|length| text.get(start..start + length));
        pieces.into_iter().find(|piece| self.texts.contains(*piece) && fits(start + piece.len()))
    }
}

impl<'s> Addresses<'s> {
    /// Makes a list ready.
    pub fn of(settings: &'s AddressFilter) -> Addresses<'s> {
        let cased = |text: &String| {
            if settings.exact { text.clone() } else { text.to_lowercase() }
        };
        Addresses {
            settings,
            hosts: settings.hosts.iter().map(|host| host.to_lowercase()).collect(),
            urls: settings.urls.iter().map(|url| bare(url)).collect(),
            parts: Listed::of(settings.parts.iter().map(cased)),
            words: Listed::of(settings.words.iter().map(cased)),
        }
    }

    /// Decides by what a source says about a document.
    pub fn decide(&self, about: &About) -> Decision {
        let settings = self.settings;
        let url = about.url.as_deref().unwrap_or_default();
        let host = about.host().unwrap_or_default();
        let yes = |said: bool| f64::from(u8::from(said));
        let mut measures = Vec::new();
        if !self.hosts.is_empty() {
            let is_listed = self.is_host(&without(&host, &settings.without));
            measures.push(Measure::at_most("listed_host", yes(is_listed), 0.0));
        }
        if !self.urls.is_empty() {
            let is_listed = self.is_url(&bare(&without(url, &settings.without)));
            measures.push(Measure::at_most("listed_address", yes(is_listed), 0.0));
        }
        if !self.parts.texts.is_empty() || !self.words.texts.is_empty() {
            let cased = if settings.exact { url.to_owned() } else { url.to_lowercase() };
            let found = self.found(&without(&cased, &settings.without)) as f64;
            measures.push(Measure::at_most("listed_parts", found, settings.max as f64));
        }
        Decision::by(measures)
    }

    /// Whether a host is listed, or one above it that stands for it.
    fn is_host(&self, host: &str) -> bool {
        let reach = self.settings.reach;
        let stands = |name: &str| match reach {
            HostReach::Below => true,
            HostReach::Registered => is_registered(name),
            HostReach::Alone => false,
        };
        let mut above = host.match_indices('.').map(|(at, _)| &host[at + 1..]);
        let is_listed = |name: &str| self.hosts.contains(name);
        is_listed(host) || above.any(|name| is_listed(name) && stands(name))
    }

    /// Whether an address is listed, or one that it lies below.
    fn is_url(&self, url: &str) -> bool {
        let ends = url.match_indices(['/', '?', '#', '&', ':']).map(|(at, _)| at);
        ends.chain([url.len()]).any(|end| self.urls.contains(&url[..end]))
    }

    /// Different parts and words in an address, none inside another.
    fn found(&self, url: &str) -> usize {
        let touches = |letter: char| letter.is_alphanumeric() || letter == '_';
        let mut found = BTreeSet::new();
        let mut at = 0;
        while let Some(letter) = url[at..].chars().next() {
            let is_open = !url[..at].ends_with(touches) || !touches(letter);
            let closes =
                |end: usize| !url[end..].starts_with(touches) || !url[..end].ends_with(touches);
            let part = self.parts.at(url, at, |_| true);
            let word = self.words.at(url, at, |end| is_open && closes(end));
            match part.into_iter().chain(word).max_by_key(|piece| piece.len()) {
                Some(piece) => {
                    found.insert(piece);
                    at += piece.len();
                }
                None => at += letter.len_utf8(),
            }
        }
        found.len()
    }
}

/// An address without some texts.
pub fn without(address: &str, texts: &[String]) -> String {
    let taken = |left: String, text: &String| match text.is_empty() {
        true => left,
        false => left.replace(text.as_str(), ""),
    };
    texts.iter().fold(address.to_owned(), taken)
}

/// Keeps a document whose name ends as listed; the reason to drop it names the end of its name.
pub fn named(settings: &NameFilter, document: &Document) -> Decision {
    let name = document.name.to_lowercase();
    if settings.ends.iter().any(|end| name.ends_with(&end.to_lowercase())) {
        return Decision::Keep(Vec::new());
    }
    let file = name.rsplit('/').next().unwrap_or_default();
    let end = file.rsplit_once('.').map_or("none", |(_, end)| end);
    let measure = format!("name.{}", end.chars().take(END_CHARS_MAX).collect::<String>()).into();
    Decision::Drop(Drop { measure, value: 0.0, limit: Some(1.0) })
}

/// Whether a name is one that is registered, not one below it.
fn is_registered(name: &str) -> bool {
    let labels: Vec<&str> = name.split('.').collect();
    match labels[..] {
        [second, last] => last.len() != 2 || !SECOND.contains(&second),
        [_, second, last] => last.len() == 2 && SECOND.contains(&second),
        _ => false,
    }
}

/// An address without scheme, `www.`, fragment and last `/`, its host in lower case.
pub fn bare(url: &str) -> String {
    let start = url.find("://").map_or(0, |at| at + 3);
    let whole = url[start..].split('#').next().unwrap_or_default().trim_end_matches('/');
    let end = whole.find(['/', '?']).unwrap_or(whole.len());
    let host = whole[..end].to_lowercase();
    format!("{}{}", host.strip_prefix("www.").unwrap_or(&host), &whole[end..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(settings: &str, url: &str) -> Vec<f64> {
        let settings: AddressFilter = serde_json::from_str(settings).expect("settings");
        let about = About { url: Some(url.into()), ..About::default() };
        match Addresses::of(&settings).decide(&about) {
            Decision::Keep(measures) => measures.iter().map(|measure| measure.value).collect(),
            Decision::Drop(drop) => vec![-drop.value],
            Decision::Change(_) => panic!("a filter changes no text"),
        }
    }

    #[test]
    fn a_host_stands_for_those_below_it_as_far_as_it_reaches() {
        let check = |reach: &str, host: &str, url: &str, wanted: bool| {
            let settings = format!(r#"{{"hosts": ["{host}"], "reach": "{reach}"}}"#);
            assert_eq!(value(&settings, url) == [-1.0], wanted, "{reach} {host} {url}");
        };
        check("below", "A.example", "http://b.a.EXAMPLE:80/x", true);
        check("below", "a.example", "http://ba.example/", false);
        check("registered", "a.example", "http://c.b.a.example/", true);
        check("registered", "b.a.example", "http://b.a.example/", true);
        check("registered", "b.a.example", "http://c.b.a.example/", false);
        check("registered", "a.co.uk", "http://b.a.co.uk/", true);
        check("registered", "co.uk", "http://b.a.co.uk/", false);
        check("alone", "a.example", "http://www.a.example/", false);
    }

    #[test]
    fn parts_are_counted_once_the_longer_first() {
        let check = |settings: &str, url: &str, wanted: f64| {
            assert_eq!(value(settings, url), [wanted], "{settings} {url}");
        };
        let two = r#"{"parts": ["bad", "badword"], "max": 9}"#;
        check(two, "http://badword.example/BADWORD", 1.0);
        check(two, "http://badword.example/bad", 2.0);
        check(r#"{"parts": ["badword"], "without": ["-", "."]}"#, "http://ba-dwo.rd", -1.0);
        check(r#"{"words": ["bad"], "max": 9}"#, "http://badword.example/a-bad-b", 1.0);
        check(r#"{"words": ["bad"], "max": 9, "exact": true}"#, "http://x.example/Bad", 0.0);
        check(r#"{"urls": ["https://a.example/x"]}"#, "http://www.A.example/x?y", -1.0);
        check(r#"{"urls": ["a.example/x"]}"#, "http://a.example/xy", 0.0);
    }

    #[test]
    fn an_address_is_bare_without_what_makes_no_difference() {
        assert_eq!(bare("HTTPS://www.A.example/B/#c"), "a.example/B");
        assert_eq!(bare("a.example"), "a.example");
        assert_eq!(bare(""), "");
    }
}
