//! One version of a recipe: its five parts, its history, its runs, who refers to it.

use std::io::Read;

use maud::{Markup, html};
use recipes::Digest;
use registry::{Registry, Version};
use serde_json::Value;

use super::asked::encode;
use super::failure::Failure;
use super::frame::{Page, Section};
use super::object::referrers;
use super::parts::{PartDigests, parts};
use super::pieces;
use super::pieces::Head::Words;
use super::pieces::{brief, cell, digest, nothing, table, time, version_address, whole_digest};
use super::runs;
use super::tongue::Tongue;
use crate::figures::count;

/// Versions in the history, at most; older ones are reached from the oldest shown.
const HISTORY: usize = 50;
/// Bytes of the text as written that are drawn.
const TEXT_MAX: u64 = 64 << 10;

/// Shows the latest version of a name.
pub fn latest(registry: &Registry, t: Tongue, name: &str) -> Result<Page, Failure> {
    page(registry, t, name, None)
}

/// Shows a numbered version of a name.
pub fn version(registry: &Registry, t: Tongue, name: &str, number: &str) -> Result<Page, Failure> {
    page(registry, t, name, Some(number))
}

fn page(registry: &Registry, t: Tongue, name: &str, number: Option<&str>) -> Result<Page, Failure> {
    let mut versions = registry.versions(name)?;
    versions.sort_by_key(|version| std::cmp::Reverse(version.number));
    let place = match number {
        None => versions.first().map(|_| 0),
        Some(number) => {
            let wanted: Option<u64> = number.parse().ok();
            versions.iter().position(|version| Some(version.number) == wanted)
        }
    };
    let Some(place) = place else {
        let wanted = number.map_or(name.to_owned(), |number| format!("{name}@{number}"));
        return Err(Failure::nothing("recipe", &wanted));
    };
    let shown = &versions[place];
    let pinned = registry.pinned(&shown.digest)?;
    let digests = part_digests(registry, &shown.digest)?;
    let body = html! {
        @if !pinned.summary.is_empty() { p.lead { bdi { (pinned.summary) } } }
        (facts(t, shown, versions.get(place + 1)))
        (parts(t, &pinned, &digests))
        (runs(registry, t, shown)?)
        (history(t, &versions, place))
        section aria-labelledby="referrers" {
            h2 #referrers { (t.say("Who refers to it")) }
            (referrers(registry, t, &registry.referrers(&shown.digest)?)?)
        }
        (written(registry, t, shown))
    };
    let title = format!("{}@{}", shown.name, shown.number);
    Ok(Page::new(Section::Recipes, title, body).over(t.say("Recipe")))
}

fn facts(t: Tongue, shown: &Version, previous: Option<&Version>) -> Markup {
    html! {
        dl.cells {
            (cell(t.say("Identity (SHA-256)"), whole_digest(&shown.digest)))
            (cell(t.say("Registered"), time(&shown.time)))
            (cell(t.say("By"), brief(&shown.actor)))
            (cell(t.say("Entry"), html! {
                a href={ "/trail/" (shown.event) } { (t.say("event")) " " (count(shown.event)) }
            }))
        }
        @if let Some(previous) = previous {
            p { a href=(difference(previous, shown)) {
                (t.fill("What changed since {}@{}", &[&previous.name, &previous.number]))
            } }
        }
    }
}

fn difference(before: &Version, after: &Version) -> String {
    let side = |version: &Version| encode(&format!("{}@{}", version.name, version.number));
    format!("/diff?recipe={}&recipe={}", side(before), side(after))
}

/// Reads the digests of a recipe's parts from its objects.
fn part_digests(registry: &Registry, recipe: &Digest) -> Result<PartDigests, Failure> {
    let value = |digest: &Digest| -> Result<Value, Failure> {
        Ok(registry.object(digest)?.map(|object| object.value()).unwrap_or_default())
    };
    let recipe = value(recipe)?;
    let formula = match recipe["formula"].as_str().and_then(|text| text.parse().ok()) {
        Some(digest) => value(&digest)?,
        None => Value::Null,
    };
    Ok(PartDigests { recipe, formula })
}

fn runs(registry: &Registry, t: Tongue, shown: &Version) -> Result<Markup, Failure> {
    let rows = runs::of_recipe(registry, &shown.digest)?;
    Ok(html! {
        section aria-labelledby="runs" {
            h2 #runs { (t.say("Runs of this version")) }
            @if rows.is_empty() {
                (nothing(t.say("Not carried out yet: `ingot run` does.")))
            } @else {
                (runs::table_of(t, &rows))
            }
        }
    })
}

fn history(t: Tongue, versions: &[Version], place: usize) -> Markup {
    let heads = ["Version", "Digest", "Registered", "By", "Change"].map(Words);
    let start = place.saturating_sub(HISTORY / 2);
    let rows = html! {
        @for (i, row) in versions.iter().enumerate().skip(start).take(HISTORY) {
            tr.current[i == place] {
                th scope="row" {
                    @if i == place {
                        span aria-current="true" { (brief(&row.name)) "@" (row.number) }
                    }
                    @else { (pieces::version(&row.name, row.number)) }
                }
                td { (digest(&row.digest)) }
                td { (time(&row.time)) }
                td { (brief(&row.actor)) }
                td {
                    @match versions.get(i + 1) {
                        Some(previous) => a href=(difference(previous, row)) {
                            (t.fill("since @{}", &[&previous.number]))
                        },
                        None => span.quiet { (t.say("first")) },
                    }
                }
            }
        }
    };
    let newest = versions.first().filter(|_| start > 0);
    let oldest = versions.get(start + HISTORY);
    html! {
        section aria-labelledby="history" {
            h2 #history { (t.say("History")) }
            (table(t, t.say("History"), &heads, rows))
            @if newest.is_some() || oldest.is_some() {
                nav.paging aria-label=(t.say("Parts of the history")) {
                    @for version in newest.into_iter().chain(oldest) {
                        a href=(version_address(&version.name, version.number)) {
                            "@" (version.number)
                        }
                    }
                }
            }
        }
    }
}

/// The text that was registered; comments and order of keys are not part of the identity.
fn written(registry: &Registry, t: Tongue, shown: &Version) -> Markup {
    let mut bytes = Vec::new();
    let read =
        registry.blobs().open(&shown.yaml).map(|file| file.take(TEXT_MAX).read_to_end(&mut bytes));
    html! {
        section aria-labelledby="written" {
            h2 #written { (t.say("As written")) " " (digest(&shown.yaml)) }
            @if let Ok(Ok(_)) = read {
                details {
                    summary { (t.say("Show the text")) }
                    pre { (String::from_utf8_lossy(&bytes)) }
                }
                @if bytes.len() as u64 == TEXT_MAX {
                    (nothing(t.say("Only the beginning is shown.")))
                }
            } @else {
                (nothing(t.say("The text is not here.")))
            }
        }
    }
}
