//! The page of a run while it goes on, served to browsers on this machine.
//!
//! The run hands over what has grown and never waits: a thread of its own puts it together, and
//! holds the last state alone. Browsers ask that thread; one that is slow finds later what it has
//! missed, one that is not there costs the run next to nothing.

mod guard;
mod server;

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value as Json;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::html::REPORT;
use super::json;
use super::run::{Manifest, Rows, Watcher};
use crate::facility::Outcome;

/// The shortest time between two tellings.
const LEAST: Duration = Duration::from_secs(1);
/// A telling may take one part in so many of the run's time.
const SPARING: u32 = 100;

type Heard = UnboundedReceiver<News>;

/// What the run tells the thread that serves it.
#[derive(Debug)]
enum News {
    /// It begins: its manifest and its effective scenario.
    Begun(Json, String),
    /// Its summary so far, and the rows since the last time.
    Grown(Json, Box<Rows>),
    /// It is over: the page that is left, and the folder where it lies.
    Ended { page: String, folder: String },
}

/// The page of a run that goes on.
#[derive(Debug)]
pub struct Live {
    url: String,
    news: UnboundedSender<News>,
    thread: JoinHandle<io::Result<()>>,
}

impl Live {
    /// Listens on `address`, any port that is free where its port is 0, and serves there the page of a
    /// run that begins. `yaml` is its effective scenario.
    ///
    /// # Errors
    ///
    /// Where another program listens there, the machine has no such address, or no random numbers.
    pub fn start(address: SocketAddr, manifest: &Manifest, yaml: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let secret = guard::secret()?;
        let url = format!("http://{address}/{secret}/");
        let (news, heard) = unbounded_channel();
        let begun = News::Begun(serde_json::to_value(manifest)?, yaml.to_owned());
        news.send(begun).expect("the other end is held here");
        let thread = std::thread::Builder::new()
            .name("live".to_owned())
            .spawn(move || server::serve(listener, address, &secret, heard))?;
        Ok(Self { url, news, thread })
    }

    /// Where the page is. Who has this address sees the run.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Who is to be told how the run grows.
    pub fn watcher(&self) -> Box<dyn Watcher> {
        Box::new(Teller { news: self.news.clone(), due: Instant::now() })
    }

    /// The run is over and lies in `folder`: open pages are given the report that is left. Waits
    /// until they have it, but no longer than five seconds.
    ///
    /// # Errors
    ///
    /// Where the report cannot be read, or the server had failed.
    pub fn end(self, folder: &Path) -> io::Result<()> {
        let page = std::fs::read_to_string(folder.join(REPORT))?;
        let folder = std::path::absolute(folder)?.display().to_string();
        let _ = self.news.send(News::Ended { page, folder });
        drop(self.news);
        self.thread.join().unwrap_or_else(|_| Err(io::Error::other("the server has panicked")))
    }
}

/// Tells the server how a run grows.
struct Teller {
    news: UnboundedSender<News>,
    due: Instant,
}

impl Watcher for Teller {
    fn is_due(&mut self) -> bool {
        Instant::now() >= self.due
    }

    fn grew(&mut self, outcome: &mut dyn FnMut() -> Outcome, rows: Rows) {
        let begun = Instant::now();
        // Where the server is gone there is nobody to tell.
        let _ = self.news.send(News::Grown(json::tree(&outcome()), Box::new(rows)));
        self.due = begun + LEAST.max(SPARING * begun.elapsed());
    }
}
