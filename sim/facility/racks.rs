//! Racks while the site runs: what they are offered and draw, and what the log of events says
//! of the racks of each hall.

use super::Facility;
use super::design::RackSite;
use super::observer::{Observer, Record, What};
use super::slowed::Slowed;
use crate::kernel::{Span, Time};
use crate::plant::power::PowerLoad;
use crate::workload::RackOffer;

/// A rack while the site runs.
#[derive(Debug)]
pub(super) struct Rack {
    pub(super) hall: u32,
    /// None where its heat comes from outside the site.
    pub(super) load: Option<PowerLoad>,
    /// What takes its heat: liquid, or all of it, and the air beside that.
    pub(super) sides: [Option<HeatSide>; 2],
    /// The workload that runs on it, and its number there.
    pub(super) work: Option<(u32, u32)>,
    /// Off since heat has tripped it.
    pub(super) tripped: bool,
    /// When it was let back after that, the last time.
    pub(super) back_at: Option<Time>,
    /// Speed factor and inlet temperature that its cooling allows.
    pub(super) speed: f64,
    pub(super) inlet_c: f64,
    pub(super) offer: RackOffer,
    /// Its offer is held below what the plant could give, until the site raises offers again.
    pub(super) held: bool,
    /// How it stood when that was last told.
    told: Standing,
    pub(super) draw_w: f64,
}

/// How a rack stands with the plant, as far as logs of events, states and lapses tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Standing {
    is_tripped: bool,
    is_live: bool,
    is_powered: bool,
    is_capped: bool,
    is_slowed: bool,
}

impl Standing {
    /// With all that it could have.
    const FULL: Standing = Standing {
        is_tripped: false,
        is_live: true,
        is_powered: true,
        is_capped: false,
        is_slowed: false,
    };
}

/// One of the streams that take the heat of a rack.
#[derive(Debug, Clone, Copy)]
pub(super) struct HeatSide {
    /// Index into [`Design::exchangers`](super::Design::exchangers).
    pub(super) exchanger: u32,
    /// Share of the rack's heat.
    pub(super) share: f64,
    /// Temperature at which it enters the rack.
    pub(super) inlet_c: f64,
    /// Speed factor that it allows.
    pub(super) speed: f64,
}

/// Changes of the racks of a hall within an instant.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct HallEvents {
    lost: u32,
    restored: u32,
    tripped: u32,
    /// Trips of racks that had come back not long before, since the start.
    pub(super) trips_again: u64,
    pub(super) restarted: u32,
    /// Racks held below what they want, now and when the last record was made.
    capped: u32,
    capped_told: bool,
    /// How heat slows its racks.
    pub(super) slowed: Slowed,
}

/// A trip so soon after a return is the same trouble again: an assumption.
const AGAIN_WITHIN: Span = Span::from_secs(3600);

impl Rack {
    pub(super) fn new(site: &RackSite) -> Self {
        let air = site.air_cooled_by.map_or(0.0, |(_, share)| share);
        Self {
            hall: site.hall as u32,
            load: site.load,
            sides: [site.cooled_by.map(|index| (index, 1.0 - air)), site.air_cooled_by].map(
                |side| {
                    side.map(|(exchanger, share)| HeatSide {
                        exchanger: exchanger as u32,
                        share,
                        inlet_c: RackOffer::FULL.inlet_c,
                        speed: 1.0,
                    })
                },
            ),
            work: site.work.map(|(work, index)| (work as u32, index as u32)),
            tripped: false,
            back_at: None,
            speed: 1.0,
            inlet_c: RackOffer::FULL.inlet_c,
            offer: RackOffer::FULL,
            held: false,
            told: Standing::FULL,
            draw_w: 0.0,
        }
    }

    /// Whether it stands otherwise than was last told. Another cap or another inlet is nothing to tell.
    pub(super) fn has_turned(&self) -> bool {
        self.standing() != self.told
    }

    fn standing(&self) -> Standing {
        let RackOffer { live, cap_w, speed, .. } = self.offer;
        Standing {
            is_tripped: self.tripped,
            is_live: live,
            is_powered: cap_w > 0.0,
            is_capped: cap_w.is_finite(),
            is_slowed: speed < 1.0,
        }
    }

    /// Heat that it gives to one of its sides, in watts.
    pub(super) fn heat_w(&self, side: u8) -> f64 {
        self.sides[usize::from(side)].map_or(0.0, |side| side.share * self.draw_w)
    }
}

impl HallEvents {
    /// Whether any of its racks is held below what it wants.
    pub(super) fn is_capped(&self) -> bool {
        self.capped > 0
    }

    /// One of its racks trips, which was let back at `back_at` if it had tripped before.
    pub(super) fn trips(&mut self, now: Time, back_at: Option<Time>) {
        self.tripped += 1;
        self.trips_again += u64::from(back_at.is_some_and(|back| now - back < AGAIN_WITHIN));
    }

    /// One of its racks is offered `new` where it had `old`.
    pub(super) fn offered(&mut self, old: &RackOffer, new: &RackOffer) {
        let capped = |offer: &RackOffer| offer.live && offer.cap_w.is_finite();
        self.capped += u32::from(capped(new));
        self.capped -= u32::from(capped(old));
        self.slowed.offered(old, new);
    }
}

impl Facility<'_> {
    /// Offers every rack again all that the plant has for it, and every machine all that the
    /// power chain has.
    pub(super) fn raise(&mut self) {
        self.raise_machines();
        let racks = self.changed.held.take();
        for &index in &racks {
            self.racks[index as usize].held = false;
            self.changed.offers.mark(index);
        }
        self.changed.held.reuse(racks);
    }

    /// Writes what happened to the racks of each hall into the log of events.
    pub(super) fn record_halls(&mut self, at: Time, observer: &mut dyn Observer) {
        // Changes that were undone before the instant settled are not logged.
        let racks = self.changed.turned.take();
        for &index in &racks {
            self.states.mark(self.states.units.rack(index as usize));
            let rack = &mut self.racks[index as usize];
            self.lapses.look(index, rack);
            let hall = &mut self.changed.halls[rack.hall as usize];
            let is = rack.standing();
            match (std::mem::replace(&mut rack.told, is).is_powered, is.is_powered) {
                (true, false) => hall.lost += 1,
                (false, true) => hall.restored += 1,
                _ => {}
            }
        }
        self.changed.turned.reuse(racks);
        let mut lost = false;
        for (index, design) in self.design.halls.iter().enumerate() {
            let hall = &mut self.changed.halls[index];
            self.meters.count_hall(index, u64::from(hall.lost), u64::from(hall.tripped));
            let tripped = hall.tripped > 0;
            lost |= hall.lost > 0;
            let mut record = |count: &mut u32, what: What| {
                if *count > 0 {
                    let count = std::mem::take(count);
                    observer.record(&Record { at, what, subject: &design.name, count });
                }
            };
            record(&mut hall.lost, What::PowerLost);
            record(&mut hall.restored, What::PowerRestored);
            record(&mut hall.tripped, What::HeatTrip);
            record(&mut hall.restarted, What::HeatRestart);
            let turned = hall.slowed.settled(at, tripped);
            if let Some((what, mut racks)) = turned {
                record(&mut racks, what);
            }
            if (hall.capped > 0) != hall.capped_told {
                hall.capped_told = hall.capped > 0;
                let what = if hall.capped_told { What::Capped } else { What::Uncapped };
                let mut racks = hall.capped.max(1);
                record(&mut racks, what);
            }
            if let Some((What::HeatHunt, _)) = turned {
                self.watch_hunt(index);
            }
        }
        self.watch.settled(at, lost);
    }
}
