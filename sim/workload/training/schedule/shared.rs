//! Nodes that jobs share: who may start depends on which nodes are free, not on how many.

use super::queue::Waiting;
use super::{Decisions, Policy, Scheduler};
use crate::kernel::{Span, Time};
use crate::workload::training::placement::{Places, Sharing, share};

/// The nodes as a pass finds them. A job of fewer places than a node has needs as many of one node,
/// any other whole nodes.
#[derive(Debug, Clone)]
pub(in crate::workload::training) struct SharedNodes {
    /// Which nodes a job gets.
    pub(in crate::workload::training) rule: Sharing,
    /// Places of a node.
    pub(in crate::workload::training) per_node: usize,
    /// How many of them are free, by node.
    pub(in crate::workload::training) free: Vec<usize>,
    /// How many places jobs may yet take in all.
    pub(in crate::workload::training) left: usize,
}

impl SharedNodes {
    /// Where a job of `want` places goes, or none where it does not fit.
    fn choose(&self, want: usize) -> Option<Places> {
        self.has_room(want).then(|| share(self.rule, &self.free, self.per_node, want)).flatten()
    }

    /// Whether `want` places may be taken, of nodes that each have enough: a look that costs less
    /// than to choose.
    fn has_room(&self, want: usize) -> bool {
        let each = want.min(self.per_node);
        want <= self.left && self.free.iter().any(|&free| free >= each)
    }

    fn take(&mut self, places: &Places) {
        for &(node, count) in places {
            self.free[node] -= count;
            self.left -= count;
        }
    }

    fn give(&mut self, places: &Places) {
        for &(node, count) in places {
            self.free[node] += count;
            self.left += count;
        }
    }

    /// What is free in both.
    fn common(&self, other: &Self) -> Self {
        let free = self.free.iter().zip(&other.free).map(|(&a, &b)| a.min(b)).collect();
        Self { free, left: self.left.min(other.left), ..*self }
    }
}

impl Scheduler {
    /// Writes into `out` which jobs start now, and on which `nodes`. `held` tells what a running job
    /// holds, by its token. To be called once an instant, after its ends and arrivals.
    ///
    /// # Panics
    ///
    /// When the policy knows no shared nodes.
    pub(in crate::workload::training) fn pass_shared(
        &mut self,
        now: Time,
        mut nodes: SharedNodes,
        held: impl Fn(u32) -> Places,
        out: &mut Decisions,
    ) {
        let knows = !matches!(self.policy, Policy::Conservative | Policy::Priority);
        assert!(knows, "no nodes are shared under {:?}", self.policy);
        out.clear();
        let mut chosen = std::mem::take(&mut self.chosen);
        while let Some(&job) = self.queue.first()
            && let Some(places) = nodes.choose(job.nodes as usize)
        {
            nodes.take(&places);
            out.places.push(places);
            chosen.push(job);
            self.queue.pop_first();
        }
        if self.policy == Policy::Easy && self.queue.len() > 1 && nodes.has_room(1) {
            self.backfill_shared(now, &mut nodes, held, &mut chosen, out);
        }
        self.grant(now, chosen, out);
    }

    /// Lets jobs behind the first, which does not fit, start where that does not delay it: either
    /// they ask to be done by the time that it will start, or it leaves them room even then.
    fn backfill_shared(
        &mut self,
        now: Time,
        nodes: &mut SharedNodes,
        held: impl Fn(u32) -> Places,
        chosen: &mut Vec<Waiting>,
        out: &mut Decisions,
    ) {
        let head = *self.queue.first().expect("two jobs wait");
        if head.nodes as usize >= self.drain_at {
            return;
        }
        let running = self.running.iter().map(|r| (r.expected_end(now), held(r.token)));
        let starting = chosen.iter().zip(&out.places);
        let starting = starting.map(|(job, places)| (now + job.requested, places.clone()));
        let mut ends: Vec<(Time, Places)> = running.chain(starting).collect();
        ends.sort_by_key(|(end, _)| *end);
        // What is free when the first starts, without what it takes. Where even all that run do
        // not make room for it, because nodes are down, nothing is held back.
        let (mut then, mut shadow) = (nodes.clone(), Time::MAX);
        for instant in ends.chunk_by(|a, b| a.0 == b.0) {
            instant.iter().for_each(|(_, places)| then.give(places));
            if let Some(places) = then.choose(head.nodes as usize) {
                then.take(&places);
                shadow = instant[0].0;
                break;
            }
        }
        let window: Span = shadow - now;
        let behind: Vec<Waiting> = self.queue.behind_first().copied().collect();
        for job in behind {
            let (is_short, want) = (job.requested <= window, job.nodes as usize);
            let room = if is_short { nodes.choose(want) } else { nodes.common(&then).choose(want) };
            let Some(places) = room else { continue };
            nodes.take(&places);
            if !is_short {
                then.take(&places);
            }
            self.queue.remove(0, &job);
            out.places.push(places);
            chosen.push(job);
            if !nodes.has_room(1) {
                break;
            }
        }
    }
}
