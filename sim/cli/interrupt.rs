//! Ctrl-C: the first asks the run to stop and keep what it has, the second ends at once.

use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::exit::Exit;

/// How often, and for what, the user has asked to stop. Clones share it.
#[derive(Debug, Clone, Default)]
pub(super) struct Interrupt {
    asked: Arc<AtomicU32>,
    /// The folder that a run ended at once must not leave behind.
    unfinished: Arc<Mutex<Option<PathBuf>>>,
}

impl Interrupt {
    /// Listens for SIGINT and SIGTERM from now on.
    pub(super) fn listen() -> Self {
        let interrupt = Self::default();
        let handler = interrupt.clone();
        let listening = ctrlc::set_handler(move || {
            if handler.asked.fetch_add(1, Ordering::Relaxed) > 0 {
                handler.discard();
                std::process::exit(Exit::Interrupted as i32);
            }
        });
        if let Err(error) = listening {
            tracing::warn!(%error, "cannot listen for Ctrl-C; it will end the run without results");
        }
        interrupt
    }

    /// Has `folder` removed where the run is ended at once.
    pub(super) fn unfinished(&self, folder: PathBuf) {
        *self.unfinished.lock().expect("no holder of the lock panics") = Some(folder);
    }

    /// Whether to stop.
    pub(super) fn asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed) > 0
    }

    /// Whether the process ends at once, and what fails in it is no news.
    pub(super) fn ended(&self) -> bool {
        self.asked.load(Ordering::Relaxed) > 1
    }

    fn discard(&self) {
        let Ok(folder) = self.unfinished.lock() else { return };
        let Some(folder) = folder.as_ref() else { return };
        // A file that the run creates meanwhile makes the removal fail: try again.
        for _ in 0..100 {
            match std::fs::remove_dir_all(folder) {
                Ok(()) => return,
                Err(error) if error.kind() == ErrorKind::NotFound => return,
                Err(_) => std::thread::sleep(Duration::from_millis(1)),
            }
        }
    }
}
