//! The documents of a run: found by digest or name, each with what happened to it.

use axum::http::Uri;
use maud::{Markup, html};
use recipes::Digest;
use registry::{Registry, RunRecord};

use super::asked::{self, Asked, encode};
use super::desk::Texts;
use super::failure::{Failure, untold};
use super::frame::{Page, Section};
use super::funnel::{search, step_address};
use super::pieces::Head::{Figures, Words};
use super::pieces::{brief, cell, nothing, run as run_link, table, version};
use super::tongue::Tongue;
use crate::figures::count;
use crate::story::{Event, Stories, Story, Wanted, reason, stories};
use crate::walk::{Lists, WalkError};

/// Lists that a page reads, in bytes together at most; commands read longer ones.
pub const LISTS_BYTES_MAX: u64 = 64 << 20;
/// Documents on one page.
const ROWS: usize = 100;
/// Documents whose whole story is told on one page.
const TOLD: usize = 3;
/// Characters of a text that are shown.
const TEXT_MAX: usize = 6_000;
/// Bytes of a text that is compared line by line, at most.
const COMPARED_MAX: usize = 64 << 10;
/// Its lines, at most: comparing takes the square of them where all are other ones.
const COMPARED_LINES: usize = 4_000;

/// Looks for documents of a run.
pub fn page(
    registry: &Registry,
    t: Tongue,
    run: &str,
    uri: &Uri,
    texts: Option<&Texts>,
) -> Result<Page, Failure> {
    let asked = Asked::read(uri, &["q"])?;
    let id = asked::digest("run", run)?;
    let record = registry.run(&id)?.ok_or_else(|| Failure::nothing("run", run))?;
    let wanted = asked.one("q")?;
    let body = html! {
        dl.cells {
            (cell(t.say("Recipe"), version(&record.summary.name, record.summary.version)))
            (cell(t.say("Run"), run_link(&id)))
        }
        (search(t, &format!("/runs/{}/documents", id.hex()), wanted.unwrap_or_default()))
        @if let Some(wanted) = wanted { (found(registry, t, &record, wanted, texts)?) }
    };
    let title = match wanted.map(|wanted| (wanted, Wanted::read(wanted))) {
        None => t.say("Documents").to_owned(),
        Some((_, Wanted::Digits(digits))) => digits[..8].to_owned(),
        Some((wanted, _)) => cut(wanted, 80),
    };
    Ok(Page::new(Section::Runs, title, body).over(t.say("Documents of a run")))
}

/// The first characters of a text.
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn found(
    registry: &Registry,
    t: Tongue,
    run: &RunRecord,
    wanted: &str,
    texts: Option<&Texts>,
) -> Result<Markup, Failure> {
    let looked = Lists::of(run)
        .and_then(|lists| stories(registry, &lists, &Wanted::read(wanted), ROWS, LISTS_BYTES_MAX));
    let Stories { told, more } = match looked {
        Err(error @ WalkError::Large { .. }) => {
            return Ok(html! {
                (untold(error)?)
                p.quiet { (t.say("In a terminal: ")) code { "ingot fate DOCUMENT" } }
            });
        }
        Err(error) => return untold(error),
        Ok(found) => found,
    };
    Ok(html! {
        @if told.is_empty() { (nothing(t.say("This run saw no such document."))) }
        @if told.len() > TOLD || more > 0 { (list(t, run, &told)) }
        @else { @for story in &told { (whole(registry, t, run, story, texts)) } }
        @if more > 0 { (nothing(&t.fill("{} more; ask for a longer part.", &[&count(more)]))) }
    })
}

/// The documents, one a row.
fn list(t: Tongue, run: &RunRecord, told: &[Story]) -> Markup {
    let heads =
        [Words("Document"), Words("Source"), Words("Name"), Figures("Characters"), Words("Fate")];
    let rows = html! {
        @for story in told {
            tr {
                td { (link(run, &story.id)) }
                td { (brief(&story.source)) }
                td { (place(&story.name, story.position)) }
                td.number { (count(story.chars)) }
                td { (fate(t, story)) }
            }
        }
    };
    table(t, t.say("Documents"), &heads, rows)
}

/// Where a document came to, in a few words.
fn fate(t: Tongue, story: &Story) -> Markup {
    let changes = story.events.iter().filter(|(.., event)| matches!(event, Event::Changed(_)));
    let changes = changes.count() as u64;
    html! {
        (story.ending())
        @if let Some((_, step, Event::Dropped(fate))) = story.events.last() {
            " " (t.say("by")) " " (brief(step)) ": " (brief(&reason(fate)))
        }
        @if changes > 0 {
            span.quiet { ", " (t.fill("changed by {} steps", &[&count(changes)])) }
        }
    }
}

/// A document with all that happened to it.
fn whole(
    registry: &Registry,
    t: Tongue,
    run: &RunRecord,
    story: &Story,
    texts: Option<&Texts>,
) -> Markup {
    let heads = ["Step", "Fate"].map(Words);
    let rows = html! {
        @for (number, step, event) in &story.events {
            tr {
                th scope="row" {
                    a href=(step_address(&run.summary.id, *number)) { (brief(step)) }
                }
                td.wide { (happened(t, run, event)) }
            }
        }
        tr {
            th scope="row" { (t.say("In the end")) }
            td.wide {
                (story.ending())
                @if let Some((first, tokens)) = story.tokens() {
                    ": " (t.fill("{} tokens, from token {} of its source",
                        &[&count(tokens), &count(first)]))
                }
            }
        }
    };
    html! {
        section.document {
            h2 { (place(&story.name, story.position)) }
            dl.cells.small {
                (cell(t.say("Source"), brief(&story.source)))
                (cell(t.say("Characters"), html! { (count(story.chars)) }))
                (cell(t.say("Bytes"), html! { (count(story.bytes)) }))
                (cell(t.say("As gathered (SHA-256)"), html! {
                    span.digest.whole { (story.id.hex()) }
                }))
            }
            (table(t, t.say("What happened to it"), &heads, rows))
            @if let Some(texts) = texts { (written(registry, t, run, story, texts)) }
        }
    }
}

fn happened(t: Tongue, run: &RunRecord, event: &Event) -> Markup {
    let repeats = match event {
        Event::Changed(change) => change.repeats,
        Event::Dropped(fate) => fate.repeats,
    };
    html! {
        @match event {
            Event::Changed(change) => {
                (t.say("changed")) ", "
                span.digest title=(change.before) { (change.before.short()) } " → "
                span.digest title=(change.after) { (change.after.short()) }
            }
            Event::Dropped(fate) => { (t.say("dropped")) ": " bdi { (reason(fate)) } }
        }
        @if let Some(earlier) = repeats { " (" (t.say("see")) " " (link(run, &earlier)) ")" }
    }
}

/// The text as it was gathered, and what each change made of it.
fn written(
    registry: &Registry,
    t: Tongue,
    run: &RunRecord,
    story: &Story,
    texts: &Texts,
) -> Markup {
    let versions = match texts(registry, run, story) {
        Ok(versions) => versions,
        Err(why) => return nothing(&t.fill("Its text is not shown: {}.", &[&why])),
    };
    let changes = story.events.iter().filter(|(.., event)| matches!(event, Event::Changed(_)));
    html! {
        @if let Some(text) = versions.first() {
            h3 { (t.say("Text as gathered")) }
            pre.text { bdi { (cut(text, TEXT_MAX)) } }
        }
        @for ((_, step, _), pair) in changes.clone().zip(versions.windows(2)) {
            h3 { (t.say("Changed by")) " " (brief(step)) }
            (difference(t, &pair[0], &pair[1]))
        }
        @for (_, step, _) in changes.skip(versions.len().saturating_sub(1)) {
            (nothing(&t.fill("{}: its text is not made again from this document alone.",
                &[step])))
        }
    }
}

/// The lines that a change took away and put in.
fn difference(t: Tongue, before: &str, after: &str) -> Markup {
    let is_long = |text: &str| text.len() > COMPARED_MAX || text.lines().count() > COMPARED_LINES;
    if is_long(before) || is_long(after) {
        return nothing(t.say("The text is too long to be compared here."));
    }
    html! {
        pre.text.diff {
            @for line in recipes::changed_lines(before, after).iter().take(200) {
                @if line.starts_with('+') { ins { bdi { (cut(line, 500)) } } "\n" }
                @else { del { bdi { (cut(line, 500)) } } "\n" }
            }
        }
    }
}

/// A document's first eight digits, leading to its fate in the run.
pub fn link(run: &RunRecord, document: &Digest) -> Markup {
    let (run, hex) = (run.summary.id.hex(), document.hex());
    html! {
        a.digest href={ "/runs/" (run) "/documents?q=" (encode(&hex)) } title=(document) {
            (document.short())
        }
    }
}

/// A document's name and position.
pub fn place(name: &str, position: u64) -> Markup {
    html! { (brief(name)) @if position > 0 { span.quiet { ":" (position) } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_of_too_many_lines_is_not_compared() {
        let text = |lines: usize, word: &str| -> String {
            (0..lines).map(|line| format!("{word}{line}\n")).collect()
        };
        let shown =
            |lines| difference(Tongue::English, &text(lines, "a"), &text(lines, "b")).into_string();
        assert!(shown(COMPARED_LINES).contains("<del>"));
        assert!(shown(COMPARED_LINES + 1).contains("too long to be compared"));
    }
}
