//! The threads that take cells ahead, for all services of a site.

use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;

use super::Track;
use crate::kernel::Time;

/// Threads that take the cells of services ahead, as long as there are any to take and the run goes on.
#[derive(Debug)]
pub struct Runners {
    board: Arc<Board>,
    threads: Vec<JoinHandle<()>>,
    /// When the run ends.
    end: Time,
}

/// What runners look at for something to do.
#[derive(Debug, Default)]
struct Board {
    list: Mutex<List>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct List {
    tracks: Vec<Arc<Track>>,
    /// Counts calls, so that none is missed by who looks for something to do.
    calls: u64,
    is_over: bool,
}

impl Runners {
    /// As many runners as there are `threads` to spare, for a run that ends at `end`; none where there are
    /// none.
    pub fn new(threads: usize, end: Time) -> Option<Arc<Self>> {
        let board = Arc::new(Board::default());
        let run = |number: usize| {
            let board = Arc::clone(&board);
            let thread = std::thread::Builder::new().name(format!("ahead-{number}"));
            // A run is the same with fewer.
            thread.spawn(move || board.run()).ok()
        };
        let threads: Vec<_> = (0..threads).filter_map(run).collect();
        (!threads.is_empty()).then(|| Arc::new(Self { board, threads, end }))
    }

    /// When the run ends.
    pub(in super::super) fn end(&self) -> Time {
        self.end
    }

    /// Runners may take the cells of `track` along.
    pub(super) fn begin(&self, track: &Arc<Track>) {
        self.board.list().tracks.push(Arc::clone(track));
        self.call();
    }

    /// Nobody wants what is done on `track` from here on.
    pub(super) fn forget(&self, track: &Arc<Track>) {
        self.board.list().tracks.retain(|other| !Arc::ptr_eq(other, track));
    }

    /// There may be something to do.
    pub(super) fn call(&self) {
        self.board.list().calls += 1;
        self.board.changed.notify_all();
    }
}

impl Drop for Runners {
    fn drop(&mut self) {
        self.board.list().is_over = true;
        self.call();
        for thread in self.threads.drain(..) {
            // Whoever waited for what a thread failed at has told of it.
            let _ = thread.join();
        }
    }
}

impl Board {
    /// Takes cells along, a stage at a time, until it is over.
    fn run(&self) {
        let mut list = self.list();
        while !list.is_over {
            let (tracks, calls) = (list.tracks.clone(), list.calls);
            drop(list);
            let has_run = tracks.iter().any(|track| track.run_one());
            // What has ended is not kept while there is nothing to do.
            drop(tracks);
            list = self.list();
            if !has_run {
                let idle = |list: &mut List| list.calls == calls && !list.is_over;
                list = self.changed.wait_while(list, idle).expect("nothing fails at a list");
            }
        }
    }

    fn list(&self) -> MutexGuard<'_, List> {
        self.list.lock().expect("nothing fails at a list")
    }
}
