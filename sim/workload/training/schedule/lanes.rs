//! Lanes: jobs of the queue that differ only in what they ask for, each lane in order of service.
//!
//! A search for what fits into a gap looks along lanes in place of jobs, so a pass over a long
//! queue in which little fits costs little, however the jobs are mixed.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use super::queue::{Gap, Waiting};
use super::room::Room;
use crate::kernel::Span;

/// Jobs in a block before it is split.
const BLOCK: usize = 128;

/// The place of a job in its lane: a key of the policy, then its number.
pub(super) type Place = (u64, u64);

/// Jobs of one width in the order of service.
#[derive(Debug, Clone, Default)]
pub(super) struct Lane {
    /// Jobs with their keys, in blocks of which none is empty.
    blocks: Vec<Vec<(u64, Waiting)>>,
    /// The shortest request of each block.
    shortest: Vec<Span>,
}

fn place((key, job): &(u64, Waiting)) -> Place {
    (*key, job.id)
}

fn shortest(block: &[(u64, Waiting)]) -> Span {
    block.iter().map(|(_, job)| job.requested).min().unwrap_or(Span::MAX)
}

impl Lane {
    pub(super) fn is_empty(&self) -> bool {
        self.blocks.is_empty()
    }

    /// Costs time in proportion to the logarithm of the lane, and to a block.
    pub(super) fn insert(&mut self, key: u64, job: Waiting) {
        let at = (key, job.id);
        if self.blocks.is_empty() {
            self.blocks.push(vec![(key, job)]);
            self.shortest.push(job.requested);
            return;
        }
        let index = self.block_of(at);
        let block = &mut self.blocks[index];
        let within = block.partition_point(|other| place(other) < at);
        block.insert(within, (key, job));
        self.shortest[index] = self.shortest[index].min(job.requested);
        if block.len() > BLOCK {
            let rest = block.split_off(BLOCK / 2);
            self.shortest[index] = shortest(block);
            self.shortest.insert(index + 1, shortest(&rest));
            self.blocks.insert(index + 1, rest);
        }
    }

    /// Takes the job at `at` away.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub(super) fn remove(&mut self, at: Place) -> Waiting {
        let index = self.block_of(at);
        let block = &mut self.blocks[index];
        let within = block.binary_search_by_key(&at, place).expect("a job is in its lane");
        let (_, job) = block.remove(within);
        if block.is_empty() {
            self.blocks.remove(index);
            self.shortest.remove(index);
        } else if job.requested == self.shortest[index] {
            self.shortest[index] = shortest(block);
        }
        job
    }

    /// The job at `at`.
    ///
    /// # Panics
    ///
    /// When there is none.
    pub(super) fn at(&self, at: Place) -> &Waiting {
        let block = &self.blocks[self.block_of(at)];
        let within = block.binary_search_by_key(&at, place).expect("a job is in its lane");
        &block[within].1
    }

    /// The first job behind `after`, or of all, that asks for at most `longest`. One look at each
    /// block at most, and at the jobs of two.
    pub(super) fn next(&self, after: Option<Place>, longest: Span) -> Option<&(u64, Waiting)> {
        let fits = |job: &&(u64, Waiting)| job.1.requested <= longest;
        let mut from = 0;
        if let Some(after) = after {
            let index = self.block_of(after);
            let block = self.blocks.get(index)?;
            let rest = block.partition_point(|other| place(other) <= after);
            if let Some(found) = block[rest..].iter().find(fits) {
                return Some(found);
            }
            from = index + 1;
        }
        let index = self.shortest[from..].iter().position(|&shortest| shortest <= longest)?;
        self.blocks[from + index].iter().find(fits)
    }

    /// The block that holds `at`, or would.
    fn block_of(&self, at: Place) -> usize {
        self.blocks.partition_point(|block| place(&block[0]) <= at).saturating_sub(1)
    }
}

/// Lets the jobs of `lanes` use `gap` in the order of `rank`, each with what the ones before it
/// have left, and hands those that do to `take` with what they get; jobs up to `reached` in their lane had their
/// turn.
///
/// Lanes are in the order of their widths, and within a lane `rank` rises with the place. As a gap only shrinks, a job that does not fit
/// when it is found will not do so later, and each lane need offer only its next one.
pub(super) fn backfill<K: Ord + Copy, O: Ord, R: Room>(
    lanes: &BTreeMap<K, Lane>,
    width: impl Fn(&K) -> u32,
    reached: impl Fn(&K) -> Option<Place>,
    rank: impl Fn(&K, &Waiting) -> O,
    mut gap: Gap<R>,
    mut take: impl FnMut(K, Place, R::Taken),
) {
    let find = |longest: Option<Span>, lane: &K, after: Option<Place>| {
        let found = lanes[lane].next(after, longest?)?;
        Some(Reverse((rank(lane, &found.1), place(found), *lane)))
    };
    let mut next: BinaryHeap<_> = lanes
        .keys()
        .map(|lane| (lane, gap.longest(width(lane))))
        .take_while(|(_, longest)| longest.is_some())
        .filter_map(|(lane, longest)| find(longest, lane, reached(lane)))
        .collect();
    while let Some(Reverse((_, at, lane))) = next.pop() {
        if let Some(taken) = gap.take(lanes[&lane].at(at)) {
            take(lane, at, taken);
        }
        next.extend(find(gap.longest(width(&lane)), &lane, Some(at)));
    }
}
