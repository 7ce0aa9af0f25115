//! Where a question meets the registry: its calls block, so each has a seat on a thread for that.
//!
//! Always holds: no more questions are worked on at once than there are seats; the others wait.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use registry::{Registry, RunRecord};
use tokio::sync::Semaphore;

use super::failure::Failure;
use super::frame::{Page, frame};
use super::tongue::Tongue;
use crate::story::Story;

/// How many questions the registry answers at once.
const SEATS: usize = 8;

/// Makes a document's text again: as it was gathered, then as each step that changed it left it, as
/// far as that can be told from the document alone; else why not.
pub type Texts = dyn Fn(&Registry, &RunRecord, &Story) -> Result<Vec<String>, String> + Send + Sync;

/// What every page needs.
#[derive(Clone)]
pub struct Desk {
    registry: Arc<Registry>,
    texts: Option<Arc<Texts>>,
    seats: Arc<Semaphore>,
}

impl Desk {
    /// Asks this registry, and shows texts where somebody can make them.
    pub fn new(registry: Arc<Registry>, texts: Option<Arc<Texts>>) -> Desk {
        Desk { registry, texts, seats: Arc::new(Semaphore::new(SEATS)) }
    }

    /// Who makes texts again, if anybody does.
    pub fn texts(&self) -> Option<Arc<Texts>> {
        self.texts.clone()
    }

    /// Answers with a page.
    pub async fn page<W>(self, work: W) -> Response
    where
        W: FnOnce(&Registry, Tongue) -> Result<Page, Failure> + Send + 'static,
    {
        self.answer(move |registry, t| {
            work(registry, t).map(|page| frame(t, &page).into_response())
        })
        .await
    }

    /// Answers with anything.
    pub async fn answer<W>(self, work: W) -> Response
    where
        W: FnOnce(&Registry, Tongue) -> Result<Response, Failure> + Send + 'static,
    {
        let broken = |what: &str| Failure::Broken(what.to_owned()).into_response();
        let Ok(seat) = self.seats.acquire_owned().await else {
            return broken("the pages are closing");
        };
        let registry = self.registry;
        let work = tokio::task::spawn_blocking(move || {
            let _seat = seat;
            work(&registry, Tongue::English).unwrap_or_else(Failure::into_response)
        });
        work.await.unwrap_or_else(|_| broken("a page broke while it was made; this is our mistake"))
    }
}
