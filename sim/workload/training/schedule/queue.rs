//! The queue: jobs in the order of service, in blocks that know what their smallest job needs.
//!
//! A search for jobs that fit looks at one block's summary in place of its jobs, so a pass over
//! a long queue in which nothing fits costs little.

use crate::kernel::{Span, Time};

/// Jobs in a block before it is split.
const BLOCK: usize = 128;

/// A job in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Its number: jobs that arrive later have higher ones.
    pub id: u64,
    /// Handed back with the job when it starts.
    pub token: u32,
    /// Nodes that it needs.
    pub nodes: u32,
    /// The time that it asks for.
    pub requested: Span,
    /// When it first arrived.
    pub submitted: Time,
    /// Its tier: higher ones have higher numbers.
    pub tier: u16,
    /// Whose it is.
    pub account: u32,
}

/// Jobs by a key, then by number.
#[derive(Debug, Clone, Default)]
pub(super) struct Queue {
    /// None of them empty.
    blocks: Vec<Block>,
    len: usize,
}

#[derive(Debug, Clone)]
struct Block {
    jobs: Vec<(u64, Waiting)>,
    /// Fewest nodes of a job.
    nodes: u32,
    /// Shortest request of a job.
    requested: Span,
}

/// What backfilling may use.
#[derive(Debug, Clone, Copy)]
pub(super) struct Gap {
    /// Free nodes.
    pub(super) free: usize,
    /// How long they are free before the first job in the queue needs them.
    pub(super) window: Span,
    /// Nodes that it will not need even then.
    pub(super) extra: usize,
}

impl Gap {
    fn fits(&self, nodes: u32, requested: Span) -> bool {
        let nodes = nodes as usize;
        nodes <= self.free && (requested <= self.window || nodes <= self.extra)
    }

    /// Lets `job` use it, if that fits.
    pub(super) fn take(&mut self, job: &Waiting) -> bool {
        let fits = self.fits(job.nodes, job.requested);
        if fits {
            self.free -= job.nodes as usize;
            if job.requested > self.window {
                self.extra -= job.nodes as usize;
            }
        }
        fits
    }
}

impl Queue {
    pub(super) fn len(&self) -> usize {
        self.len
    }

    pub(super) fn first(&self) -> Option<&Waiting> {
        self.blocks.first().map(|block| &block.jobs[0].1)
    }

    /// Whether a job needs no more than `nodes` nodes. One look at each block at most.
    pub(super) fn has_narrow(&self, nodes: usize) -> bool {
        self.blocks.iter().any(|block| block.nodes as usize <= nodes)
    }

    /// Costs time in proportion to the logarithm of the queue, and to a block.
    pub(super) fn insert(&mut self, key: u64, job: Waiting) {
        self.len += 1;
        let place = (key, job.id);
        let at = self.blocks.partition_point(|block| {
            block.jobs.first().is_some_and(|(key, first)| (*key, first.id) < place)
        });
        let index = at.saturating_sub(1);
        if self.blocks.is_empty() {
            self.blocks.push(Block::of(vec![(key, job)]));
            return;
        }
        let block = &mut self.blocks[index];
        let at = block.jobs.partition_point(|(key, other)| (*key, other.id) < place);
        block.jobs.insert(at, (key, job));
        block.nodes = block.nodes.min(job.nodes);
        block.requested = block.requested.min(job.requested);
        if block.jobs.len() > BLOCK {
            let rest = block.jobs.split_off(BLOCK / 2);
            block.summarise();
            self.blocks.insert(index + 1, Block::of(rest));
        }
    }

    pub(super) fn pop_first(&mut self) -> Option<Waiting> {
        let block = self.blocks.first_mut()?;
        let (_, job) = block.jobs.remove(0);
        self.len -= 1;
        if block.jobs.is_empty() {
            self.blocks.remove(0);
        } else {
            block.summarise_without(&job);
        }
        Some(job)
    }

    /// Removes the jobs behind the first that fit into `gap`, in order, each with what the
    /// ones before it have left, and appends them to `out`.
    pub(super) fn backfill(&mut self, mut gap: Gap, out: &mut Vec<Waiting>) {
        let before = out.len();
        let mut emptied = false;
        for (index, block) in self.blocks.iter_mut().enumerate() {
            if gap.free == 0 {
                break;
            }
            // No job of the block needs less than this.
            if !gap.fits(block.nodes, block.requested) {
                continue;
            }
            let in_block = out.len();
            let mut is_head = index == 0;
            block.jobs.retain(|(_, job)| {
                if std::mem::take(&mut is_head) || !gap.take(job) {
                    return true;
                }
                out.push(*job);
                false
            });
            if out.len() > in_block {
                emptied |= block.jobs.is_empty();
                block.summarise();
            }
        }
        if emptied {
            self.blocks.retain(|block| !block.jobs.is_empty());
        }
        self.len -= out.len() - before;
    }
}

impl Block {
    fn of(jobs: Vec<(u64, Waiting)>) -> Self {
        let mut block = Self { jobs, nodes: 0, requested: Span::ZERO };
        block.summarise();
        block
    }

    fn summarise(&mut self) {
        let jobs = || self.jobs.iter().map(|(_, job)| job);
        self.nodes = jobs().map(|job| job.nodes).min().unwrap_or(u32::MAX);
        self.requested = jobs().map(|job| job.requested).min().unwrap_or(Span::MAX);
    }

    /// Only the loss of a smallest job changes the summary.
    fn summarise_without(&mut self, job: &Waiting) {
        if job.nodes == self.nodes || job.requested == self.requested {
            self.summarise();
        }
    }
}
