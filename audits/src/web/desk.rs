//! Where a question meets the registry: its calls block, so each has a seat on a thread for that.
//!
//! Always holds: no more questions are worked on at once than there are seats; the others wait.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use registry::Registry;
use tokio::sync::Semaphore;

use super::failure::Failure;
use super::frame::{Page, frame};
use super::tongue::Tongue;

/// How many questions the registry answers at once.
const SEATS: usize = 8;

/// What every page needs.
#[derive(Clone)]
pub struct Desk {
    registry: Arc<Registry>,
    seats: Arc<Semaphore>,
}

impl Desk {
    /// Asks this registry.
    pub fn new(registry: Arc<Registry>) -> Desk {
        Desk { registry, seats: Arc::new(Semaphore::new(SEATS)) }
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
