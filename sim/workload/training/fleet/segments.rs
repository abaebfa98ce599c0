//! Nodes that are given out in segments, each of one rack.

use super::{Fleet, Slot};
use crate::kernel::Time;
use crate::workload::training::placement::{self, Placement};
use crate::workload::training::spec::Segment;

impl Fleet {
    /// Segments that `rack` has room for now. Each takes its spares too while there are any.
    fn segments_in(&self, segment: Segment, rack: usize) -> usize {
        if self.closed[rack] {
            return 0;
        }
        let mut free = self.free_in[rack] as usize;
        let mut count = 0;
        while free >= segment.used && count < segment.per_rack {
            free -= segment.held().min(free);
            count += 1;
        }
        count
    }

    /// Segments that all racks have room for now.
    pub(in crate::workload::training) fn free_segments(&self, segment: Segment) -> usize {
        (0..self.racks.len()).map(|rack| self.segments_in(segment, rack)).sum()
    }

    /// Nodes of `rack` on which a job could start.
    pub(in crate::workload::training) fn free_on(&self, rack: usize) -> usize {
        if self.closed[rack] { 0 } else { self.free_in[rack] as usize }
    }

    /// Nodes of `rack` that are in service.
    #[cfg(test)]
    pub(in crate::workload::training) fn whole_on(&self, rack: usize) -> Vec<u32> {
        let first = rack * self.nodes_per_rack;
        let whole = |&node: &usize| self.nodes[node].is_whole();
        (first..first + self.nodes_per_rack).filter(whole).map(|node| node as u32).collect()
    }

    /// The racks that `count` segments go to, and how many to each: the first that have room, or as
    /// the placement has it.
    ///
    /// # Panics
    ///
    /// When there is no room for so many.
    pub(in crate::workload::training) fn place_segments(
        &self,
        segment: Segment,
        count: usize,
    ) -> Vec<(usize, usize)> {
        let free: Vec<usize> =
            (0..self.racks.len()).map(|rack| self.segments_in(segment, rack)).collect();
        match self.placement {
            Placement::Packed => placement::packed(&free, count),
            Placement::Spread => placement::spread(&free, count),
            Placement::Contiguous => {
                let mut left = count;
                let take = |(rack, &free): (usize, &usize)| {
                    let taken = free.min(left);
                    left -= taken;
                    (taken > 0).then_some((rack, taken))
                };
                let chosen = free.iter().enumerate().filter_map(take).collect();
                assert!(left == 0, "{count} segments asked where {left} too few are free");
                chosen
            }
        }
    }

    /// Gives `count` free nodes of `rack` to `job`, and appends them to `out` in rising order.
    ///
    /// # Panics
    ///
    /// When fewer are free there.
    pub(in crate::workload::training) fn take_on(
        &mut self,
        now: Time,
        (rack, count): (usize, usize),
        job: Slot,
        out: &mut Vec<u32>,
    ) {
        self.account(now);
        let first = rack * self.nodes_per_rack;
        self.take_of(first..first + self.nodes_per_rack, count, job, out);
    }
}
