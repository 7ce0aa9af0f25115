//! The look-up: a name or a digest's first digits lead to the page of what they name.

use axum::http::Uri;
use axum::response::{IntoResponse, Redirect, Response};
use recipes::Digest;
use registry::{Registry, RegistryError, Resolved};

use super::asked::{self, Asked};
use super::failure::Failure;
use super::pieces::version_address;

/// Leads to the one thing that is meant, or says what could be.
pub fn answer(registry: &Registry, uri: &Uri) -> Result<Response, Failure> {
    let asked = Asked::read(uri, &["q"])?;
    let Some(text) = asked.one("q")? else {
        return Err(Failure::Bad("nothing was asked, wanted a name or a digest".into()));
    };
    let address = match registry.resolve(text).map_err(unresolved)? {
        Resolved::Recipe(version) => version_address(&version.name, version.number),
        Resolved::Run(run) => format!("/runs/{}", run.hex()),
        Resolved::Object(digest) | Resolved::Blob(digest) => format!("/objects/{}", digest.hex()),
    };
    Ok(Redirect::to(&address).into_response())
}

/// The digest that a text means: all its digits, its first ones, or a name.
pub fn meant(registry: &Registry, text: &str) -> Result<Digest, Failure> {
    if let Ok(digest) = asked::digest("digest", text) {
        return Ok(digest);
    }
    Ok(match registry.resolve(text).map_err(unresolved)? {
        Resolved::Recipe(version) => version.digest,
        Resolved::Run(digest) | Resolved::Object(digest) | Resolved::Blob(digest) => digest,
    })
}

/// A name that means nothing, or several things, is the reader's to change.
pub fn unresolved(error: RegistryError) -> Failure {
    match &error {
        RegistryError::Unknown { .. } => Failure::NotFound(error.to_string()),
        RegistryError::Ambiguous { .. } => Failure::Bad(error.to_string()),
        _ => error.into(),
    }
}
