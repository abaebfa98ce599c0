//! Parts that several nodes of a rack share: nodes go out of service with them.

use std::ops::Range;

use super::{Event, Training};
use crate::kernel::{Alarm, Class, Renewals, Streams, Time};
use crate::workload::training::spec::TrainingDesign;

/// The domains of all racks, and the one clock of their failures and repairs.
#[derive(Debug)]
pub(super) struct Domains {
    clock: Renewals,
    alarm: Alarm,
    all: Vec<Domain>,
}

/// One part and the places of the nodes that share it.
#[derive(Debug, Clone)]
struct Domain {
    rack: usize,
    places: Range<usize>,
    /// Which of the kinds of domains it is.
    kind: u16,
}

impl Domains {
    /// Those of `racks`, each of `nodes_per_rack` nodes. Each draws its luck from a stream of its own.
    pub(super) fn new(
        design: &TrainingDesign,
        racks: &[String],
        nodes_per_rack: usize,
        streams: &Streams,
    ) -> Self {
        let per_node = design.grain.per_node;
        let mut all = Vec::new();
        let mut things = Vec::new();
        for (rack, name) in racks.iter().enumerate() {
            for (kind, domain) in (0..).zip(&design.failures.domains) {
                for first in (0..nodes_per_rack).step_by(domain.nodes) {
                    let node = rack * nodes_per_rack + first;
                    let places = node * per_node..(node + domain.nodes) * per_node;
                    all.push(Domain { rack, places, kind });
                    things.push((format!("{name}/{}/{first}", domain.name), domain.law));
                }
            }
        }
        let named = things.iter().map(|(name, law)| (name.as_str(), *law));
        let clock = Renewals::new("training-domain-failure", named, streams);
        Self { clock, alarm: Alarm::default(), all }
    }
}

impl Training {
    pub(super) fn expect_domains(&mut self) {
        let at = self.domains.clock.next_at();
        self.domains.alarm.set(&mut self.agenda, at, Class::Plant, Event::Domains);
    }

    /// Parts of domains fail or are repaired.
    pub(super) fn domains_change(&mut self, now: Time) {
        self.domains.alarm.ring();
        let changes: Vec<(usize, bool)> = self.domains.clock.advance(now).collect();
        for (number, is_whole) in changes {
            match is_whole {
                true => self.domain_returns(now, number),
                false => self.domain_fails(now, number),
            }
        }
        self.expect_domains();
    }

    pub(super) fn domain_fails(&mut self, now: Time, number: usize) {
        let Domain { rack, places, kind } = self.domains.all[number].clone();
        let held = self.fleet.drain(now, places, kind);
        self.reclock(now, rack);
        self.mark_stale(rack);
        let cause = self.design.failures.causes.len() as u16 + kind;
        self.lose(now, held, cause, self.design.failures.detect_explicit);
    }

    pub(super) fn domain_returns(&mut self, now: Time, number: usize) {
        let Domain { rack, places, kind } = self.domains.all[number].clone();
        self.fleet.undrain(now, places, kind);
        self.mark_stale(rack);
        self.pass_due = true;
    }
}
