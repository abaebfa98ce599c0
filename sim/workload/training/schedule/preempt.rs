//! Which running jobs make room for one of a higher tier.

use super::Running;
use super::room::Room;
use crate::kernel::{Span, Time};

/// When a job may take the nodes of others: never from its own tier or a higher one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Preemption {
    /// A job that has run for less since it got its nodes is left alone.
    pub min_runtime: Span,
    /// Time from the decision until its nodes are free.
    pub grace: Span,
}

impl Preemption {
    /// Whether a job of tier `tier` may take the nodes of `running` at `now`.
    fn may_take<R: Room>(&self, now: Time, tier: u16, running: &Running<R>) -> bool {
        running.tier < tier
            && running.vacates == Time::MAX
            && now - running.started >= self.min_runtime
    }

    /// The places in `running` of those that make room for `nodes` nodes, beside what is free in
    /// `room`, for a job of tier `tier`, in the order in which they are chosen; none where even all do
    /// not suffice.
    ///
    /// The lowest tier is chosen first, in it the job that started last, of those the one that
    /// arrived last, until they suffice. Then, the last chosen first, whoever is not needed
    /// after all is spared.
    pub(super) fn victims<R: Room>(
        &self,
        now: Time,
        (tier, nodes): (u16, usize),
        mut room: R,
        running: &[Running<R>],
    ) -> Option<Vec<usize>> {
        let mut order: Vec<usize> =
            (0..running.len()).filter(|&i| self.may_take(now, tier, &running[i])).collect();
        order.sort_unstable_by_key(|&i| {
            let Running { tier, started, id, .. } = running[i];
            (tier, std::cmp::Reverse((started, id)))
        });
        let enough = order.iter().position(|&i| {
            room.give(&running[i].taken);
            room.fits(nodes)
        })?;
        order.truncate(enough + 1);
        for place in (0..order.len()).rev() {
            let spared = &running[order[place]].taken;
            room.take(spared);
            if room.fits(nodes) {
                order.remove(place);
            } else {
                room.give(spared);
            }
        }
        Some(order)
    }

    /// When the next job that a job of tier `tier` may not take yet will have run for long
    /// enough; [`Time::MAX`] where there is none.
    pub(super) fn next_at<R>(&self, now: Time, tier: u16, running: &[Running<R>]) -> Time
    where
        R: Room,
    {
        let old_enough = running
            .iter()
            .filter(|r| r.tier < tier && r.vacates == Time::MAX)
            .map(|r| r.started + self.min_runtime);
        old_enough.filter(|&at| at > now).min().unwrap_or(Time::MAX)
    }
}
