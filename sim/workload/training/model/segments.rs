//! Jobs whose nodes come in segments: how they get them, and what replaces those that they lose.

use super::Training;
use crate::kernel::Time;
use crate::workload::training::fleet::Slot;
use crate::workload::training::spec::Segment;

/// What nodes are given to a job for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Use {
    Works,
    /// It works in place of one that was lost.
    Replaces,
    Spare,
}

impl Training {
    /// Gives `count` segments to a job, with as many of their spares as there are.
    pub(super) fn take_segments(&mut self, now: Time, slot: Slot, segment: Segment, count: usize) {
        for (rack, count) in self.fleet.place_segments(segment, count) {
            let free = self.fleet.free_on(rack);
            let used = count * segment.used;
            let spares = (count * segment.spares).min(free - used);
            self.jobs[slot as usize].add_segments(rack as u32, count as u32);
            self.take_on(now, slot, (rack, used), Use::Works);
            self.take_on(now, slot, (rack, spares), Use::Spare);
        }
    }

    /// A job that stands takes what replaces the nodes that its segments have lost: free ones of
    /// their racks or else whole segments elsewhere, for which it gives up those that are short.
    pub(super) fn mend_segments(&mut self, now: Time, slot: Slot, segment: Segment) {
        // One that waits may have lost nodes of a segment that it took whole.
        self.call_spares(now, slot);
        let segments = self.jobs[slot as usize].segments.clone();
        for &(rack, _) in &segments {
            let short = self.short_by(slot, segment, rack);
            let swapped = short.min(self.fleet.free_on(rack as usize));
            self.take_on(now, slot, (rack as usize, swapped), Use::Replaces);
        }
        // What its own racks need is no room for others of its segments.
        for &(rack, _) in &segments {
            while self.short_by(slot, segment, rack) > 0 && self.fleet.free_segments(segment) > 0 {
                self.give_up_segment(now, slot, segment, rack);
                self.take_segments(now, slot, segment, 1);
                self.totals.segments.moves += 1;
            }
        }
    }

    /// A job that goes on takes free nodes for the spares that its segments lack. Whether it then
    /// has all.
    pub(super) fn fill_segments(&mut self, now: Time, slot: Slot, segment: Segment) -> bool {
        for (rack, count) in self.jobs[slot as usize].segments.clone() {
            let (nodes, spares) = self.held_on(slot, rack);
            let lacks = count as usize * segment.held() - nodes.len() - spares.len();
            let found = lacks.min(self.fleet.free_on(rack as usize));
            self.take_on(now, slot, (rack as usize, found), Use::Spare);
        }
        self.jobs[slot as usize].lacks() == 0
    }

    /// Nodes of `rack` that a job has lost and that its spares there do not replace.
    fn short_by(&self, slot: Slot, segment: Segment, rack: u32) -> usize {
        let segments = self.jobs[slot as usize].segments_on(rack);
        segments * segment.used - self.held_on(slot, rack).0.len()
    }

    /// The nodes of `rack` that a job runs on, and its spares there.
    fn held_on(&self, slot: Slot, rack: u32) -> (&[u32], &[u32]) {
        self.jobs[slot as usize].held_on(rack, |node| self.fleet.rack_of(node) as u32)
    }

    /// A job gives up a segment on `rack` that is short; its others there keep their nodes. What has
    /// only just replaced others goes first.
    fn give_up_segment(&mut self, now: Time, slot: Slot, segment: Segment, rack: u32) {
        let job = &mut self.jobs[slot as usize];
        job.pass_time(now);
        job.remove_segment(rack);
        let kept = job.segments_on(rack) * segment.used;
        let replaces = |node: &u32| self.jobs[slot as usize].replacing.contains(node);
        let nodes = self.held_on(slot, rack).0.iter().copied();
        let (replacing, others): (Vec<u32>, Vec<u32>) = nodes.partition(replaces);
        for node in others.into_iter().chain(replacing).skip(kept) {
            let fleet = &self.fleet;
            self.jobs[slot as usize].remove_node(node, |node| fleet.rack_of(node) as u32);
            self.fleet.release(now, node);
        }
        if self.fleet.rest_matters() {
            self.reclock(now, rack as usize);
        }
        self.mark_stale(rack as usize);
    }

    fn take_on(&mut self, now: Time, slot: Slot, (rack, count): (usize, usize), what: Use) {
        if count == 0 {
            return;
        }
        let mut taken = std::mem::take(&mut self.taken);
        self.fleet.take_on(now, (rack, count), slot, &mut taken);
        if what == Use::Replaces {
            self.jobs[slot as usize].replacing.extend(&taken);
        }
        self.hand_over(now, slot, taken, if what == Use::Spare { 0 } else { count });
    }
}
