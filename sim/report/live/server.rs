//! The thread that serves: it hears what the run tells, holds the last state, and answers.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{Query, Request, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::{self, Next};
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use futures_util::stream::{self, Stream};
use serde::Deserialize;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::sync::{oneshot, watch};

use super::guard::Guard;
use super::{Heard, News};
use crate::report::html::live::{Event, Growing};

/// How long open pages have to take the report that a run leaves: an assumption, enough for a page
/// of megabytes, and short beside any run that one would watch.
pub(super) const FAREWELL: Duration = Duration::from_secs(5);

/// Which pages may read an answer.
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");

/// The last state of the run.
#[derive(Debug, Default)]
struct Stage {
    run: Option<Growing>,
    /// Whether anything is known of it.
    is_shown: bool,
    /// What open pages are told at the end.
    ended: Option<Arc<str>>,
}

type Watched = watch::Receiver<Stage>;

/// Serves what is `heard` at `listener`, which has `address`, below the path `/secret/`, until nothing can
/// come any more.
pub(super) fn serve(
    listener: std::net::TcpListener,
    address: SocketAddr,
    secret: &str,
    heard: Heard,
) -> io::Result<()> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build()?;
    runtime.block_on(async {
        let listener = TcpListener::from_std(listener)?;
        let (stage, watched) = watch::channel(Stage::default());
        let (close, closed) = oneshot::channel::<()>();
        let server = axum::serve(listener, router(address, secret, watched))
            .with_graceful_shutdown(async { closed.await.unwrap_or_default() });
        let server = tokio::spawn(server.into_future());
        listen(heard, stage).await;
        let _ = close.send(());
        // What a page has not taken by then it is not given.
        match tokio::time::timeout(FAREWELL, server).await {
            Ok(ended) => ended.map_err(io::Error::other)?,
            Err(_) => Ok(()),
        }
    })
}

/// Puts together what is `heard`, and shows it.
async fn listen(mut heard: Heard, stage: watch::Sender<Stage>) {
    while let Some(news) = heard.recv().await {
        stage.send_modify(|stage| match news {
            News::Begun(manifest, yaml) => stage.run = Some(Growing::new(manifest, &yaml)),
            News::Grown(summary, rows) => {
                if let Some(run) = &mut stage.run {
                    run.grow(summary, *rows);
                    stage.is_shown = true;
                }
            }
            News::Ended { page, folder } => {
                let told = json!({ "page": page, "folder": folder });
                stage.ended = Some(told.to_string().into());
            }
        });
    }
}

fn router(address: SocketAddr, secret: &str, watched: Watched) -> Router {
    let guard = Arc::new(Guard::new(address));
    Router::new()
        .route(&format!("/{secret}/"), get(page))
        .route(&format!("/{secret}/events"), get(events))
        .fallback(nothing)
        .with_state(watched)
        .layer(middleware::from_fn_with_state(guard, admit))
}

/// Answers none but requests that are let in, and has no answer kept, framed or read elsewhere.
async fn admit(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    let mut response = match guard.lets_in(request.headers()) {
        true => next.run(request).await,
        false => {
            let words = "The page of a run is shown under a name of its own machine, and to no page \
                         of another site: type or paste its address.\n";
            (StatusCode::FORBIDDEN, words).into_response()
        }
    };
    for (name, value) in [
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (CROSS_ORIGIN_RESOURCE_POLICY, "same-origin"),
        // What else a page may do it says itself; this cannot be said there.
        (CONTENT_SECURITY_POLICY, "frame-ancestors 'none'"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Nothing is told to those who do not know the address.
async fn nothing() -> Response {
    let words = "Nothing is here: the whole address of the page is what the run has printed.\n";
    (StatusCode::NOT_FOUND, words).into_response()
}

/// The page as the run stands; before its first interval has ended, as soon as it has.
async fn page(State(mut watched): State<Watched>) -> Response {
    let shown = watched.wait_for(|stage| stage.is_shown).await;
    match shown.ok().as_ref().and_then(|stage| stage.run.as_ref()) {
        Some(run) => Html(run.page()).into_response(),
        None => (StatusCode::GONE, "The run has ended.\n").into_response(),
    }
}

/// Where the page of a browser goes on.
#[derive(Debug, Deserialize)]
struct After {
    after: String,
}

/// What comes behind the page of a browser, and at last the report.
async fn events(
    State(watched): State<Watched>,
    Query(After { after }): Query<After>,
    headers: HeaderMap,
) -> Sse<impl Stream<Item = Result<Sent, Infallible>>> {
    // A browser that comes back says itself what it was told last.
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()).map(str::to_owned);
    let reader = Reader { watched, place: last.unwrap_or(after), is_over: false };
    Sse::new(stream::unfold(reader, Reader::next)).keep_alive(KeepAlive::default())
}

/// A browser that reads events.
struct Reader {
    watched: Watched,
    place: String,
    is_over: bool,
}

impl Reader {
    /// The next event, with the reader behind it. One that has been slow is told of all that it has
    /// missed at once.
    async fn next(mut self) -> Option<(Result<Sent, Infallible>, Self)> {
        loop {
            if self.is_over {
                return None;
            }
            if let Some(event) = self.look() {
                return Some((Ok(event), self));
            }
            self.watched.changed().await.ok()?;
        }
    }

    /// What is to be told now.
    fn look(&mut self) -> Option<Sent> {
        let stage = self.watched.borrow_and_update();
        if let Some(ended) = &stage.ended {
            self.is_over = true;
            return Some(Sent::default().event("ended").data(ended));
        }
        let run = stage.run.as_ref().filter(|_| stage.is_shown)?;
        match run.since(&self.place) {
            Event::Renew => {
                self.is_over = true;
                // Browsers drop events without data.
                Some(Sent::default().event("renew").data("shape"))
            }
            Event::Grown { place, .. } if place == self.place => None,
            Event::Grown { place, tail } => {
                self.place.clone_from(&place);
                Some(Sent::default().event("grown").id(place).data(tail))
            }
        }
    }
}
