//! The recipes: every name with its latest version.

use axum::http::Uri;
use maud::html;
use registry::Registry;

use super::asked::Asked;
use super::failure::Failure;
use super::frame::{Page, Section};
use super::pieces::Head::Words;
use super::pieces::{brief, digest, nothing, paging, table, time, version};
use super::tongue::Tongue;

/// Names on one page.
const ROWS: usize = 100;

/// Lists the names in their own order.
pub fn page(registry: &Registry, t: Tongue, uri: &Uri) -> Result<Page, Failure> {
    let asked = Asked::read(uri, &["after"])?;
    let after = asked.one("after")?.unwrap_or_default();
    let mut names = registry.names()?;
    names.sort_by(|a, b| a.name.cmp(&b.name));
    names.retain(|version| version.name.as_str() > after);
    let more = names.len() > ROWS;
    names.truncate(ROWS);
    let older = names.last().filter(|_| more);
    let older = older.map(|last| format!("/recipes?{}", asked.with("after", Some(&last.name))));
    let heads = ["Recipe", "Digest", "Added", "By"].map(Words);
    let rows = html! {
        @for latest in &names {
            tr {
                th scope="row" { (version(&latest.name, latest.number)) }
                td { (digest(&latest.digest)) }
                td { (time(&latest.time)) }
                td { (brief(&latest.actor)) }
            }
        }
    };
    let body = html! {
        p.lead {
            (t.say("Each name with its latest version. Versions are numbered and never change."))
        }
        @if names.is_empty() {
            (nothing(t.say("No recipe yet: `ingot add` registers one.")))
        } @else {
            (table(t, t.say("Recipes"), &heads, rows))
        }
        (paging(t, (!after.is_empty()).then(|| "/recipes".to_owned()), older))
    };
    Ok(Page::new(Section::Recipes, t.say("Recipes"), body))
}
