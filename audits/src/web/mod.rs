//! The trail as web pages: server-rendered, read-only, readable without a script.
//!
//! Always holds: a page asks the registry for bounded ranges only, no file is served, and all text
//! is escaped. `PAGES.md` says what each page shows and promises.

mod asked;
mod catalogue;
mod chart;
mod data;
mod desk;
mod diff;
mod documents;
mod entry;
mod failure;
mod find;
mod frame;
mod funnel;
mod guard;
mod object;
mod overview;
mod parts;
mod pieces;
mod recipe;
mod run;
mod runs;
mod spread;
mod step;
mod tongue;
mod trail;

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{Uri, header};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get};
use registry::Registry;
use tokio::net::TcpListener;

use desk::Desk;
pub use desk::Texts;
use failure::Failure;
use frame::Page;
use tongue::Tongue;

/// How long open answers may take to go out after a stop.
const STOP_GRACE: Duration = Duration::from_secs(2);

/// What an address names, if it is text at all.
type Named<T> = Result<Path<T>, PathRejection>;

/// All pages of a registry; texts of documents are shown where somebody makes them.
pub fn router(registry: Arc<Registry>, texts: Option<Arc<Texts>>) -> Router {
    Router::new()
        .route("/", get(|State(desk): State<Desk>| desk.page(overview::page)))
        .route("/recipes", asking(catalogue::page))
        .route("/recipes/{name}", naming(recipe::latest))
        .route("/recipes/{name}/{number}", get(version))
        .route("/runs", asking(runs::page))
        .route("/runs/{run}", naming(run::page))
        .route("/runs/{run}/steps/{number}", get(step))
        .route("/runs/{run}/documents", get(documents))
        .route("/diff", asking(diff::page))
        .route("/trail", asking(trail::page))
        .route("/trail/{number}", naming(entry::page))
        .route("/trail/{number}/json", fetching(entry::json))
        .route("/objects/{digest}", naming(object::page))
        .route("/objects/{digest}/json", fetching(object::json))
        .route("/find", get(find))
        .route("/style.css", get(style))
        .fallback(|uri: Uri| async move { Failure::nothing("page", uri.path()) })
        .with_state(Desk::new(registry, texts))
        .layer(middleware::from_fn(guard::guard))
}

/// A page that depends on what stands behind the `?` of its address.
fn asking(page: fn(&Registry, Tongue, &Uri) -> Result<Page, Failure>) -> MethodRouter<Desk> {
    get(move |State(desk): State<Desk>, uri: Uri| desk.page(move |r, t| page(r, t, &uri)))
}

/// A page about the one thing that its address names.
fn naming(page: fn(&Registry, Tongue, &str) -> Result<Page, Failure>) -> MethodRouter<Desk> {
    get(move |State(desk): State<Desk>, name: Named<String>| {
        desk.page(move |r, t| page(r, t, &name?))
    })
}

/// The bytes of the one thing that an address names.
fn fetching(bytes: fn(&Registry, &str) -> Result<Response, Failure>) -> MethodRouter<Desk> {
    get(move |State(desk): State<Desk>, name: Named<String>| {
        desk.answer(move |r, _| bytes(r, &name?))
    })
}

/// Serves the pages until `stop` is done; on the loopback, to names of the loopback only.
pub async fn serve(
    listener: TcpListener,
    registry: Arc<Registry>,
    texts: Option<Arc<Texts>>,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let mut router = router(registry, texts);
    if listener.local_addr()?.ip().is_loopback() {
        router = loopback(router);
    }
    let (tell, told) = tokio::sync::oneshot::channel();
    let stopping = async move {
        stop.await;
        let _ = tell.send(());
    };
    let served = axum::serve(listener, router).with_graceful_shutdown(stopping);
    let late = async move {
        let _ = told.await;
        tokio::time::sleep(STOP_GRACE).await;
    };
    tokio::select! {
        served = served.into_future() => served,
        () = late => Ok(()),
    }
}

/// Refuses other hosts' names, with the headers of every other answer.
fn loopback(router: Router) -> Router {
    router.layer(middleware::from_fn(guard::loopback_only)).layer(middleware::from_fn(guard::guard))
}

async fn version(State(desk): State<Desk>, named: Named<(String, String)>) -> Response {
    desk.page(move |r, t| {
        let Path((name, number)) = named?;
        recipe::version(r, t, &name, &number)
    })
    .await
}

async fn step(State(desk): State<Desk>, named: Named<(String, String)>) -> Response {
    desk.page(move |r, t| {
        let Path((run, number)) = named?;
        step::page(r, t, &run, &number)
    })
    .await
}

async fn documents(State(desk): State<Desk>, run: Named<String>, uri: Uri) -> Response {
    let texts = desk.texts();
    desk.page(move |r, t| documents::page(r, t, &run?, &uri, texts.as_deref())).await
}

async fn find(State(desk): State<Desk>, uri: Uri) -> Response {
    desk.answer(move |r, _| find::answer(r, &uri)).await
}

async fn style() -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
    ];
    (headers, frame::STYLE).into_response()
}

#[cfg(test)]
mod tests;
