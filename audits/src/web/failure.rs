//! Why a page could not be shown, and the page that says so.
//!
//! A failure never shows less than a status, a sentence and a way back.

use axum::extract::rejection::PathRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use maud::{Markup, html};
use recipes::ObjectError;
use registry::RegistryError;

use super::frame::{Page, Section, frame};
use super::pieces::nothing;
use super::tongue::Tongue;
use crate::walk::WalkError;

/// Why a page could not be shown.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{0}")]
    NotFound(String),
    #[error("{0}")]
    Bad(String),
    #[error("the address has {found} bytes, wanted at most {wanted}")]
    Long { found: usize, wanted: usize },
    #[error("these pages are read-only: wanted GET or HEAD")]
    Method,
    #[error("the request asks for host `{0}`, wanted a name of this machine's loopback")]
    Host(String),
    #[error("evidence of damage: {0}")]
    Damage(String),
    #[error("{0}")]
    Broken(String),
}

impl Failure {
    /// Nothing of this name is here.
    pub fn nothing(kind: &str, name: &str) -> Failure {
        let name: String = name.chars().take(80).collect();
        Failure::NotFound(format!("there is no {kind} `{name}`"))
    }

    /// The status that says the same to machines.
    pub fn status(&self) -> StatusCode {
        match self {
            Failure::NotFound(_) => StatusCode::NOT_FOUND,
            Failure::Bad(_) => StatusCode::BAD_REQUEST,
            Failure::Long { .. } => StatusCode::URI_TOO_LONG,
            Failure::Method => StatusCode::METHOD_NOT_ALLOWED,
            Failure::Host(_) => StatusCode::MISDIRECTED_REQUEST,
            Failure::Damage(_) | Failure::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn title(&self) -> &'static str {
        match self {
            Failure::NotFound(_) => "Not found",
            Failure::Bad(_) => "Not understood",
            Failure::Long { .. } => "Too long",
            Failure::Method => "Read-only",
            Failure::Host(_) => "Another host",
            Failure::Damage(_) => "Evidence of damage",
            Failure::Broken(_) => "Could not be answered",
        }
    }

    fn advice(&self) -> &'static str {
        match self {
            Failure::Damage(_) => {
                "Run `ingot fsck`: it reads everything back and names all damage."
            }
            Failure::Broken(_) => "The question was understood; the registry could not answer it.",
            Failure::Method => "Recipes and runs are added with the `ingot` command.",
            Failure::Host(_) => "Open the address that `ingot serve` prints.",
            _ => "Start from the overview, or look up a name or a digest above.",
        }
    }
}

impl From<RegistryError> for Failure {
    fn from(error: RegistryError) -> Failure {
        match error.is_damage() {
            true => Failure::Damage(error.to_string()),
            false => Failure::Broken(error.to_string()),
        }
    }
}

impl From<WalkError> for Failure {
    fn from(error: WalkError) -> Failure {
        match error {
            WalkError::Registry(error) => error.into(),
            error if error.is_damage() => Failure::Damage(error.to_string()),
            WalkError::NoLists { .. } | WalkError::Missing { .. } => {
                Failure::NotFound(error.to_string())
            }
            error => Failure::Broken(error.to_string()),
        }
    }
}

/// Why a part of a page has no documents, in its place; damage is a failure of the whole page.
pub fn untold(error: WalkError) -> Result<Markup, Failure> {
    match error {
        WalkError::Registry(error) => Err(error.into()),
        error if error.is_damage() => Err(error.into()),
        error => Ok(nothing(&error.to_string())),
    }
}

impl From<PathRejection> for Failure {
    fn from(_: PathRejection) -> Failure {
        Failure::Bad("the address is not UTF-8 text".into())
    }
}

impl From<ObjectError> for Failure {
    fn from(error: ObjectError) -> Failure {
        Failure::Broken(error.to_string())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let t = Tongue::English;
        let status = self.status();
        let page = Page::new(
            Section::None,
            t.say(self.title()),
            html! {
                p.lead { (self) "." }
                p { (t.say(self.advice())) }
                p { a href="/" { (t.say("Overview")) } }
            },
        );
        (status, frame(t, &page)).into_response()
    }
}
