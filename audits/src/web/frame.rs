//! What every page has around it: head, navigation, look-up, title, foot.

use std::sync::LazyLock;

use axum::response::Html;
use maud::{DOCTYPE, Markup, PreEscaped, html};
use recipes::Digest;

use super::tongue::Tongue;

/// The one style sheet.
pub const STYLE: &str = include_str!("style.css");

/// Its address, which changes with its bytes so that it can be kept for ever.
static STYLE_ADDRESS: LazyLock<String> =
    LazyLock::new(|| format!("/style.css?{}", Digest::of(STYLE.as_bytes()).short()));

/// A bar of metal, seen from its end.
const ICON: &str = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 \
    16'%3E%3Cpath d='M4 4h8l3 9H1z' fill='%238a4b2a'/%3E%3C/svg%3E";

/// Which part of the pages a page belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Section {
    Overview,
    Recipes,
    Runs,
    Diff,
    Trail,
    None,
}

const SECTIONS: [(Section, &str, &str); 5] = [
    (Section::Overview, "/", "Overview"),
    (Section::Recipes, "/recipes", "Recipes"),
    (Section::Runs, "/runs", "Runs"),
    (Section::Diff, "/diff", "Compare"),
    (Section::Trail, "/trail", "Trail"),
];

/// One page, before the frame is put around it.
pub struct Page {
    section: Section,
    title: String,
    /// What kind of thing the page is about, over the title.
    over: String,
    body: Markup,
}

impl Page {
    /// A page of a section.
    pub fn new(section: Section, title: impl Into<String>, body: Markup) -> Page {
        Page { section, title: title.into(), over: String::new(), body }
    }

    /// Names the kind of thing that the page is about.
    pub fn over(self, over: impl Into<String>) -> Page {
        Page { over: over.into(), ..self }
    }
}

/// Puts the frame around a page.
pub fn frame(t: Tongue, page: &Page) -> Html<String> {
    let markup = html! {
        (DOCTYPE)
        html lang=(t.tag()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (page.title) " · Ingot" }
                link rel="icon" href=(PreEscaped(ICON));
                link rel="stylesheet" href=(*STYLE_ADDRESS);
            }
            body {
                a.skip href="#main" { (t.say("Skip to the content")) }
                (header(t, page.section))
                main #main {
                    @if !page.over.is_empty() { p.over { bdi { (page.over) } } }
                    h1 { bdi { (page.title) } }
                    (page.body)
                }
                footer {
                    p { (t.say("Read-only. Every digest is the SHA-256 of the bytes it names; \
                        `sha256sum` of an exported object or blob prints the same digits.")) }
                }
            }
        }
    };
    Html(markup.into_string())
}

fn header(t: Tongue, here: Section) -> Markup {
    html! {
        header.top {
            a.brand href="/" { "Ingot" }
            nav aria-label=(t.say("Pages")) {
                ul {
                    @for (section, address, name) in SECTIONS {
                        li {
                            a href=(address) aria-current=[(section == here).then_some("page")] {
                                (t.say(name))
                            }
                        }
                    }
                }
            }
            form.find action="/find" method="get" role="search" {
                label for="find" { (t.say("Name or digest")) }
                input #find name="q" type="search" maxlength="200" autocomplete="off"
                    spellcheck="false" placeholder="prose@2, 7c1f09ab…";
                button { (t.say("Look up")) }
            }
        }
    }
}
