//! Machines that are under way.

use crate::kernel::Time;

/// Machines on their way to a state, with the instants at which they arrive, in that order.
#[derive(Debug, Clone, Default)]
pub(super) struct Cohorts {
    groups: Vec<(Time, u32)>,
    pub(super) total: u32,
}

impl Cohorts {
    pub(super) fn join(&mut self, at: Time, count: u32) {
        if count > 0 {
            let place = self.groups.partition_point(|group| group.0 <= at);
            self.groups.insert(place, (at, count));
            self.total += count;
        }
    }

    /// Removes those who have arrived by `now` and returns how many they are.
    pub(super) fn arrive(&mut self, now: Time) -> u32 {
        let arrived = self.groups.partition_point(|group| group.0 <= now);
        let count = self.groups.drain(..arrived).map(|group| group.1).sum();
        self.total -= count;
        count
    }

    /// Removes up to `count`, those who would arrive last first; returns how many.
    pub(super) fn drop_last(&mut self, count: u32) -> u32 {
        let mut left = count;
        while left > 0
            && let Some((_, last)) = self.groups.last_mut()
        {
            let taken = left.min(*last);
            *last -= taken;
            left -= taken;
            if *last == 0 {
                self.groups.pop();
            }
        }
        self.total -= count - left;
        count - left
    }

    pub(super) fn clear(&mut self) -> u32 {
        self.groups.clear();
        std::mem::take(&mut self.total)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cohorts_arrive_in_order_and_leave_from_the_end() {
        let at = Time::from_nanos;
        let mut cohorts = Cohorts::default();
        for (time, count) in [(30, 3), (10, 1), (20, 2), (20, 4), (40, 0)] {
            cohorts.join(at(time), count);
        }
        assert_eq!((cohorts.total, cohorts.arrive(at(9))), (10, 0));
        assert_eq!((cohorts.arrive(at(10)), cohorts.drop_last(4)), (1, 4));
        assert_eq!((cohorts.arrive(at(20)), cohorts.total), (5, 0));
        assert_eq!(cohorts.drop_last(1), 0);
    }
}
