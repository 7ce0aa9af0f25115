//! `text.main-content@1`: the paragraphs of a page that somebody wrote for readers.
//!
//! Profile `justext` follows Pomikálek (2011), "Removing boilerplate and duplicate content from web
//! corpora": a paragraph is judged by its length, its links and its common words, and where that
//! leaves a doubt by its neighbours. Profile `resiliparse` leaves out elements that hold no content
//! and then paragraphs with few common words.

use std::collections::BTreeSet;

use recipes::recipe::{MainContentReading, TextMainContent};

use crate::html;
use crate::html_pieces::{Piece, attributes, pieces};

/// Elements that part paragraphs.
const PARTS: &str = "body blockquote caption center col colgroup dd div dl dt fieldset legend \
    optgroup option p pre table td textarea tfoot th thead tr ul li h1 h2 h3 h4 h5 h6";
const MORE_PARTS: &str = "address article aside details figcaption figure footer header hr main \
    nav ol section summary tbody title";
/// Elements whose tags go, and what they hold stays.
const BARE: &str = "embed form iframe layer object param";
/// Elements that go with all that they hold.
const GONE: &str = "applet button frame frameset head input noframes script select style \
    textarea";
const MORE_GONE: &str = "aside audio canvas dialog embed footer iframe menu nav noscript object \
    svg template video";
/// What an element with it is for.
const ROLES_GONE: &str = "banner complementary contentinfo menu navigation search";
/// Elements that hold nothing.
const EMPTY: &str = "area base br col embed frame hr img input link meta param source track wbr";

/// Characters: below the first a paragraph is short, above the second long.
const CHARS: (usize, usize) = (70, 200);
/// Characters that may lie between a heading and its text.
const HEADING_CHARS: usize = 200;
/// The largest part of a paragraph in links.
const LINKS_MAX: f64 = 0.2;
/// The part of common words at which a paragraph may be text, and at which it is.
const COMMON: (f64, f64) = (0.30, 0.32);

/// Common English words.
const ENGLISH: &str = "a about above across after again against ago all almost alone along already \
    also although always am among an and another any anyone anything are around as asked at away \
    back be became because become been before began behind being below best better between both \
    but by called came can cannot come could day days did do does done down during each early \
    either else enough even ever every few find first for found four from full further gave get \
    give given go going good got great had half has have having he held help her here herself \
    high him himself his how however if in into is it its itself just keep kept kind knew know \
    known large last later least left less let like little long look made make makes making man \
    many may me mean men might more most much must my myself near need never new next no nor not \
    nothing now of off often old on once one only or other others our out over own part people \
    per perhaps place put rather really right said same saw say second see seem seemed seems seen \
    set several shall she should show since small so some something soon still such take taken \
    tell than that the their them themselves then there therefore these they thing things think \
    this those though thought three through thus time times to today together told too took \
    toward turned two under until up upon us use used very want was way we well went were what \
    when where whether which while who whole whom whose why will with within without work would \
    year years yes yet you young your";

/// What the neighbours of a paragraph are asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Class {
    Good,
    NearGood,
    Short,
    Bad,
}

/// A paragraph as it stands on the page.
#[derive(Debug, Default)]
struct Paragraph {
    text: String,
    link_chars: usize,
    is_heading: bool,
}

/// The common words that a step names, or the English ones.
pub fn common_words(settings: &TextMainContent) -> BTreeSet<&str> {
    match &settings.common_words {
        Some(words) => words.iter().map(String::as_str).collect(),
        None => ENGLISH.split_whitespace().collect(),
    }
}

/// The main content of a page, its paragraphs two newlines apart; a text without tags stays.
pub fn of(settings: &TextMainContent, common: &BTreeSet<&str>, page: &str) -> String {
    let pieces = pieces(page);
    if !pieces.iter().any(|piece| matches!(piece, Piece::Open(..) | Piece::Close(_))) {
        return page.to_owned();
    }
    let is_whole = common.is_empty();
    let kept: Vec<String> = match settings.profile {
        MainContentReading::Justext => {
            let all = paragraphs(&pieces);
            let good = if is_whole { vec![true; all.len()] } else { judged(&all, common) };
            all.into_iter().zip(good).filter(|(_, good)| *good).map(|(one, _)| one.text).collect()
        }
        MainContentReading::Resiliparse => {
            let is_text = |line: &String| is_whole || share(line, common, false) >= COMMON.1;
            lines(&pieces).into_iter().filter(is_text).collect()
        }
    };
    kept.join("\n\n")
}

/// Passes over elements that are gone, and all in them.
#[derive(Default)]
struct Gone {
    name: String,
    depth: usize,
}

impl Gone {
    /// Whether a piece lies in an element that is gone, or is its tag.
    fn takes(&mut self, piece: &Piece, starts: impl Fn(&str, &str) -> bool) -> bool {
        match piece {
            Piece::Open(name, about) => {
                let empty = is_of(EMPTY, name) || about.ends_with('/');
                if self.depth == 0 && starts(name, about) {
                    self.name.clone_from(name);
                    self.depth = usize::from(!empty);
                    return true;
                }
                // A page may begin its body without an end of its head.
                if self.depth > 0 && self.name == "head" && name == "body" {
                    self.depth = 0;
                } else if self.depth > 0 && *name == self.name && !empty {
                    self.depth += 1;
                }
                self.depth > 0
            }
            Piece::Close(name) if self.depth > 0 && *name == self.name => {
                self.depth -= 1;
                true
            }
            _ => self.depth > 0,
        }
    }
}

fn is_of(list: &str, name: &str) -> bool {
    list.split_ascii_whitespace().any(|listed| listed == name)
}

/// All paragraphs with text; two line breaks in a row part them too.
fn paragraphs(pieces: &[Piece]) -> Vec<Paragraph> {
    let (mut all, mut now) = (Vec::new(), Paragraph::default());
    let (mut gone, mut link, mut after_break, mut headings) =
        (Gone::default(), false, false, 0usize);
    let mut part = |now: &mut Paragraph, headings: usize| {
        let text = plain(now.text.trim());
        if !text.is_empty() {
            all.push(Paragraph { text, ..std::mem::take(now) });
        }
        *now = Paragraph { is_heading: headings > 0, ..Paragraph::default() };
    };
    // What stands between two tags that count is one piece of text.
    let mut node = String::new();
    for piece in pieces {
        let name = match piece {
            Piece::Open(name, _) | Piece::Close(name) => name.as_str(),
            Piece::Text(_) => "",
        };
        if gone.takes(piece, |name, _| is_of(GONE, name)) || is_of(BARE, name) {
            continue;
        }
        if let Piece::Text(text) = piece {
            node += &html::entities(text);
            continue;
        }
        after_break &= !now.take(&mut node, link);
        headings = match (piece, matches!(name, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")) {
            (Piece::Open(..), true) => headings + 1,
            (_, true) => headings.saturating_sub(1),
            _ => headings,
        };
        let opens = matches!(piece, Piece::Open(..));
        if is_of(PARTS, name) || opens && name == "br" && after_break {
            part(&mut now, headings);
        } else if opens {
            after_break = name == "br";
            now.text += if after_break { " " } else { "" };
        }
        link = if name == "a" { opens } else { link };
    }
    now.take(&mut node, link);
    part(&mut now, 0);
    all
}

impl Paragraph {
    /// Takes a piece of text with something to see; whether it was one.
    fn take(&mut self, node: &mut String, link: bool) -> bool {
        let text = plain(&std::mem::take(node));
        let visible = !text.trim().is_empty();
        if visible {
            self.link_chars += if link { text.chars().count() } else { 0 };
            self.text += &text;
        }
        visible
    }
}

/// White space made short: a newline where it has one, else a space.
fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut space: Option<char> = None;
    for letter in text.chars() {
        if letter.is_whitespace() {
            let line = matches!(letter, '\n' | '\r') || space == Some('\n');
            space = Some(if line { '\n' } else { ' ' });
        } else {
            out.extend(space.take());
            out.push(letter);
        }
    }
    out.extend(space);
    out
}

/// The part of the words between white space that are common.
fn share(text: &str, common: &BTreeSet<&str>, any_case: bool) -> f64 {
    let (mut all, mut found) = (0usize, 0usize);
    for word in text.split_whitespace() {
        all += 1;
        let known = if any_case {
            common.contains(word.to_lowercase().as_str())
        } else {
            common.contains(word)
        };
        found += usize::from(known);
    }
    if all == 0 { 0.0 } else { found as f64 / all as f64 }
}

/// What a paragraph is by itself.
fn class(paragraph: &Paragraph, common: &BTreeSet<&str>) -> Class {
    let chars = paragraph.text.chars().count();
    if paragraph.link_chars as f64 / chars as f64 > LINKS_MAX || paragraph.text.contains('©') {
        return Class::Bad;
    }
    if chars < CHARS.0 {
        return if paragraph.link_chars > 0 { Class::Bad } else { Class::Short };
    }
    let share = share(&paragraph.text, common, true);
    if share >= COMMON.1 && chars > CHARS.1 {
        Class::Good
    } else if share >= COMMON.0 {
        Class::NearGood
    } else {
        Class::Bad
    }
}

/// The classes of the nearest paragraphs on one side that are good or bad, for every paragraph.
fn nearest(classes: impl Iterator<Item = Class>, near: bool) -> Vec<Class> {
    let mut last = Class::Bad;
    let before = |class| {
        let seen = last;
        if matches!(class, Class::Good | Class::Bad) || near && class == Class::NearGood {
            last = class;
        }
        seen
    };
    classes.map(before).collect()
}

/// What stands before and behind each paragraph.
fn neighbours(classes: &[Class], near: bool) -> Vec<(Class, Class)> {
    let before = nearest(classes.iter().copied(), near);
    let mut behind = nearest(classes.iter().rev().copied(), near);
    behind.reverse();
    before.into_iter().zip(behind).collect()
}

/// Headings of one class become another where good text follows soon.
fn raise(all: &[Paragraph], now: &mut [Class], to: Class, may: impl Fn(usize, Class) -> bool) {
    for at in 0..all.len() {
        if !all[at].is_heading || !may(at, now[at]) {
            continue;
        }
        let mut chars = 0;
        for behind in at + 1..all.len() {
            if chars > HEADING_CHARS {
                break;
            }
            if now[behind] == Class::Good {
                now[at] = to;
                break;
            }
            chars += all[behind].text.chars().count();
        }
    }
}

/// Which paragraphs are content.
fn judged(all: &[Paragraph], common: &BTreeSet<&str>) -> Vec<bool> {
    let first: Vec<Class> = all.iter().map(|paragraph| class(paragraph, common)).collect();
    let mut now = first.clone();
    raise(all, &mut now, Class::NearGood, |_, class| class == Class::Short);
    let (sure, near) = (neighbours(&now, false), neighbours(&now, true));
    let settled = |at: usize| match sure[at] {
        (Class::Good, Class::Good) => Class::Good,
        (Class::Bad, Class::Bad) => Class::Bad,
        (Class::Bad, _) if near[at].0 == Class::NearGood => Class::Good,
        (_, Class::Bad) if near[at].1 == Class::NearGood => Class::Good,
        _ => Class::Bad,
    };
    let class = |(at, class): (usize, &Class)| match class {
        Class::Short => settled(at),
        class => *class,
    };
    now = now.iter().enumerate().map(class).collect();
    // Each near one is seen by the next as what it became.
    let ahead = neighbours(&now, false);
    let mut before = Class::Bad;
    for (class, (_, behind)) in now.iter_mut().zip(ahead) {
        if *class == Class::NearGood {
            let alone = (before, behind) == (Class::Bad, Class::Bad);
            *class = if alone { Class::Bad } else { Class::Good };
        }
        before = *class;
    }
    let may = |at: usize, class| class == Class::Bad && first[at] != Class::Bad;
    raise(all, &mut now, Class::Good, may);
    now.into_iter().map(|class| class == Class::Good).collect()
}

/// Whether an element is not shown, or says itself that it is no content.
fn is_hidden(name: &str, about: &str) -> bool {
    if is_of(GONE, name) || is_of(MORE_GONE, name) {
        return true;
    }
    attributes(about).into_iter().any(|(key, value)| {
        let value = value.to_ascii_lowercase();
        match key.as_str() {
            "hidden" => true,
            "aria-hidden" => value == "true",
            "class" => value.split_whitespace().any(|class| class == "hidden"),
            "role" => is_of(ROLES_GONE, &value),
            "style" => {
                let style = value.replace(' ', "");
                style.contains("display:none") || style.contains("visibility:hidden")
            }
            _ => false,
        }
    })
}

/// The lines of all elements that are shown.
fn lines(pieces: &[Piece]) -> Vec<String> {
    let mut gone = Gone::default();
    let mut text = String::new();
    for piece in pieces {
        if gone.takes(piece, is_hidden) {
            continue;
        }
        match piece {
            Piece::Open(name, _) | Piece::Close(name) => {
                if is_of(PARTS, name) || is_of(MORE_PARTS, name) || name == "br" {
                    text.push('\n');
                }
            }
            Piece::Text(own) => {
                let own = html::entities(own);
                text.extend(own.chars().map(|c| if c.is_whitespace() { ' ' } else { c }));
            }
        }
    }
    let line = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    text.lines().map(line).filter(|line| !line.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(settings: &str, page: &str) -> String {
        let settings = serde_json::from_str(settings).expect("settings");
        of(&settings, &common_words(&settings), page)
    }

    const LONG: &str = "This is what somebody wrote for those who read it, and it has many of the \
        words that all of us use when we say something. There is more of it than of anything else \
        on the page, so it must be what the page was made for.";

    #[test]
    fn paragraphs_are_judged_by_themselves_and_their_neighbours() {
        let page = format!(
            "<html><head><title>T</title></head><body><ul><li><a href=/>Home</a><li>About us</ul>\
             <h1>A heading</h1><p>{LONG}<p>Short, but between.</p><p>{LONG}</p>\
             <div>© 2021 by the people who have made all of this</div></body></html>"
        );
        let wanted = format!("A heading\n\n{LONG}\n\nShort, but between.\n\n{LONG}");
        assert_eq!(made("{}", &page), wanted);
        let all = made(r#"{"common_words": []}"#, &page);
        assert!(all.starts_with("Home\n\nAbout us\n\nA heading\n\n"), "{all}");
        assert_eq!(made("{}", "1 < 2, no page"), "1 < 2, no page");
    }

    #[test]
    fn elements_that_say_that_they_are_no_content_go() {
        let page = format!(
            "<body><nav><p>{LONG}</p></nav><div class='x hidden'>{LONG}</div>\
             <p style='overflow:hidden'>{LONG}<br>{LONG}</p><footer>{LONG}</footer><p>Coins</p>"
        );
        let resiliparse = r#"{"profile": "resiliparse"}"#;
        assert_eq!(made(resiliparse, &page), format!("{LONG}\n\n{LONG}"));
        let all = r#"{"profile": "resiliparse", "common_words": []}"#;
        assert_eq!(made(all, &page), format!("{LONG}\n\n{LONG}\n\nCoins"));
    }
}
