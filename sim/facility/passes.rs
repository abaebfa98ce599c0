//! How the passes of one instant come to an end.
//!
//! What a pass computes is a function of a few values that it takes from the pass before: the
//! *offers* to racks, and the *shares* that fans, pumps, chillers and the movers of exchangers
//! get of what they ask. With these fixed, everything else follows in one direction: demands
//! from offers, heat from draws, temperatures and wanted powers from heat. An instant is settled
//! when a pass gives back the offers and shares that it was given.
//!
//! A pass may be any of these, by its number:
//!
//! - *free*, up to [`FREE`]: the next pass takes what this one found. Where each coupling is weaker
//!   than one this converges at once, and nearly every instant ends here.
//! - *damped*, up to [`FALLING`]: temperatures that racks are told are searched for between what is
//!   too cold and what is too warm, and shares go a part of their way that is halved at each turn. A
//!   value that depends steadily on itself settles for whatever slope; one that jumps closes in on its
//!   jump.
//! - *falling*: offers and shares only fall. From [`MARGIN`] on they fall by more than they must,
//!   from [`LAST`] on whatever has to fall falls to nothing.
//!
//! So the passes end, for any site: from [`LAST`] on each either takes a rack or a machine off
//! for the rest of the instant, of which there are finitely many, or changes no offer and no
//! share, and then what is left to carry is a chain without a circle, [`QUIET`] passes long at
//! most.
//!
//! A plant of which no state is at rest hunts in reality, as fast as its relays let it: fans
//! starve when racks run, so racks are cut, so fans have power, so racks run. Here it stands
//! still at the lower end of its hunt, and is let up again
//! [`RAISE_AFTER`](crate::control::RAISE_AFTER) later.

use crate::workload::RackOffer;

/// Passes that nothing is damped in.
const FREE: usize = 3;
/// Passes after which offers and shares only fall.
const FALLING: usize = 16;
/// Passes after which they fall by more than they need to.
const MARGIN: usize = 32;
/// Passes after which they fall to nothing.
const LAST: usize = 48;
/// Passes without a fall that what remains takes: a few hops.
const QUIET: usize = 32;
/// Smaller steps of a damped share are taken whole.
const SHARE_STEP: f64 = 1e-4;

/// One of the passes of an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pass {
    number: usize,
    /// The last pass in which something fell that may only fall.
    fell: usize,
}

impl Pass {
    /// The first.
    pub(super) const FIRST: Pass = Pass { number: 0, fell: LAST };

    /// The next, where this one has held `fell` offers and shares below what they would be.
    ///
    /// # Panics
    ///
    /// When nothing has fallen for so long that the rest must have settled: a bug of a model.
    pub(super) fn next(self, fell: bool) -> Pass {
        let fell = if fell { self.fell.max(self.number) } else { self.fell };
        assert!(self.number < fell + QUIET, "a site settles: {self:?}");
        Pass { number: self.number + 1, fell }
    }

    /// Whether offers and shares only fall.
    pub(super) fn falls(self) -> bool {
        self.number >= FALLING
    }

    /// Whether what repeats itself too wildly is searched for.
    pub(super) fn searches(self) -> bool {
        (FREE..FALLING).contains(&self.number)
    }

    /// The lower of two offers in every respect, where `new` follows `old`.
    pub(super) fn lower(self, old: RackOffer, new: RackOffer) -> RackOffer {
        let cap_w = if new.cap_w < old.cap_w { self.fallen(new.cap_w) } else { old.cap_w };
        let lower = RackOffer {
            live: old.live && new.live,
            cap_w,
            speed: old.speed.min(new.speed),
            inlet_c: old.inlet_c.max(new.inlet_c),
        };
        if self.number < LAST {
            lower
        } else if lower.speed < old.speed || lower.cap_w < old.cap_w || lower.live != old.live {
            RackOffer { live: false, cap_w: 0.0, ..old }
        } else {
            old
        }
    }

    /// What a falling value of `needed` falls to. The steps double from pass to pass, so that a
    /// sequence of falling values ends.
    fn fallen(self, needed: f64) -> f64 {
        if self.number >= LAST {
            return 0.0;
        }
        let doublings = self.number.saturating_sub(MARGIN) as i32;
        let margin = if doublings > 0 { 1e-6 * libm::ldexp(1.0, doublings) } else { 0.0 };
        needed * (1.0 - margin.min(0.5))
    }
}

/// The share that machines take of what they ask of the power chain.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    taken: f64,
    /// What it last took that the chain gave then.
    fitted: f64,
    /// Part of its way that it goes, and which way it went last.
    step: f64,
    rose: Option<bool>,
    /// It is not what the chain gives.
    apart: bool,
    /// It stays below that until the site raises what it holds.
    held: bool,
}

/// What a [`Share`] did in a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Move {
    /// It is where it is to be.
    Rests,
    /// It has gone a part of its way.
    Nears,
    /// It may only fall, and did.
    Falls,
}

impl Share {
    /// All that they ask.
    pub(super) const ALL: Share =
        Share { taken: 1.0, fitted: 0.0, step: 0.5, rose: None, apart: false, held: false };

    /// Whether it is held until the site raises what it holds.
    pub(super) fn is_held(self) -> bool {
        self.held
    }

    /// Of machines that want `wanted_w` where the chain gives `cap_w`, the most that they take. It
    /// is more than the chain gives only in passes that are not the last.
    pub(super) fn cap_w(self, cap_w: f64, wanted_w: f64) -> f64 {
        if self.apart { self.taken * wanted_w } else { cap_w }
    }

    /// Begins an instant: only a share that is held stays.
    pub(super) fn begin(&mut self) {
        if !self.held {
            *self = Self::ALL;
        }
    }

    /// Follows in `pass` the share `given` of what they ask that the power chain gives.
    pub(super) fn follow(&mut self, given: f64, pass: Pass) -> Move {
        let moved =
            if self.held || pass.falls() { self.fall(given, pass) } else { self.near(given, pass) };
        self.apart = self.taken != given;
        self.held |= self.apart && pass.falls();
        moved
    }

    fn near(&mut self, given: f64, pass: Pass) -> Move {
        let way = given - self.taken;
        if pass.number < FREE || way.abs() <= SHARE_STEP {
            self.taken = given;
            return Move::Rests;
        }
        let rises = way > 0.0;
        if rises {
            self.fitted = self.taken;
        }
        if self.rose.replace(rises).is_some_and(|rose| rose != rises) {
            self.step *= 0.5;
        }
        self.taken += self.step * way;
        Move::Nears
    }

    /// Falls, where it must, to what it last took that fitted, and else to what there is.
    fn fall(&mut self, given: f64, pass: Pass) -> Move {
        if given >= self.taken {
            return Move::Rests;
        }
        let fits = self.fitted > given && self.fitted < self.taken;
        self.taken = pass.fallen(if fits { self.fitted } else { given });
        Move::Falls
    }
}

/// What became of the machines of a loop in a pass.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Progress {
    /// Some ask for another power: what they get is known in the next pass.
    pub(super) asks: bool,
    /// Some are on their way to what they are given.
    pub(super) nears: bool,
    /// Some take less, and will not take more in this instant.
    pub(super) falls: bool,
    /// Some are held below what the power chain gives.
    pub(super) held: bool,
}

impl Progress {
    /// Adds what one share did.
    pub(super) fn note(&mut self, share: Share, moved: Move) {
        self.nears |= moved == Move::Nears;
        self.falls |= moved == Move::Falls;
        self.held |= share.is_held();
    }

    /// Whether the machines have what they will have at the end of the pass.
    pub(super) fn settled(self) -> bool {
        !self.asks && !self.nears
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Runs passes over shares of which each is given what `given` says of all, until none moves.
    fn settle(count: usize, given: impl Fn(&[f64]) -> Vec<f64>) -> Vec<f64> {
        let mut shares = vec![Share::ALL; count];
        let mut pass = Pass::FIRST;
        loop {
            let before: Vec<f64> = shares.iter().map(|share| share.taken).collect();
            let mut progress = Progress::default();
            for (share, given) in shares.iter_mut().zip(given(&before)) {
                let moved = share.follow(given, pass);
                progress.note(*share, moved);
            }
            if progress.settled()
                && shares.iter().zip(&before).all(|(share, was)| share.taken == *was)
            {
                return before;
            }
            pass = pass.next(progress.falls);
        }
    }

    /// What one machine takes leaves the less for itself, twenty times as steep as what plain
    /// repetition could follow: the share settles where it is given what it takes.
    #[test]
    fn a_steep_share_settles_near_its_fixpoint() {
        let taken = settle(1, |taken| vec![(8.0 - 20.0 * taken[0]).clamp(0.0, 1.0)])[0];
        let fixpoint = 8.0 / 21.0;
        assert!((0.97 * fixpoint..=fixpoint + SHARE_STEP).contains(&taken), "{taken}");
    }

    /// Enough for itself only while it takes less than 0.3: no share is given what it takes.
    #[test]
    fn a_share_without_a_fixpoint_rests_below_its_jump() {
        let taken = settle(1, |taken| vec![if taken[0] < 0.3 { 0.9 } else { 0.1 }])[0];
        assert!((0.25..0.3).contains(&taken), "{taken}");
    }

    #[test]
    fn an_offer_falls_to_nothing_in_the_end() {
        let last = Pass { number: LAST, fell: LAST };
        let offer = RackOffer { cap_w: 100.0, ..RackOffer::FULL };
        assert_eq!(last.lower(offer, offer), offer);
        let less = last.lower(offer, RackOffer { cap_w: 99.0, ..offer });
        assert_eq!((less.live, less.cap_w), (false, 0.0));
        let warmer = RackOffer { inlet_c: 30.0, ..offer };
        assert_eq!(last.lower(offer, warmer), offer, "which takes nothing away");
    }

    proptest! {
        /// Whatever shares are given for shares, smooth or not, the passes end, and no share is
        /// more than it is given.
        #[test]
        fn any_site_comes_to_rest(
            couplings in prop::collection::vec(-30.0f64..30.0, 36),
            jumps in prop::collection::vec(0.0f64..1.0, 6),
            offsets in prop::collection::vec(-5.0f64..5.0, 6),
        ) {
            let given = |taken: &[f64]| -> Vec<f64> {
                (0..6)
                    .map(|n| {
                        let own: f64 = couplings[6 * n..6 * n + 6]
                            .iter()
                            .zip(taken)
                            .zip(&jumps)
                            .map(|((coupling, taken), jump)| {
                                coupling * (taken - jump) + coupling.signum() * f64::from(taken > jump)
                            })
                            .sum();
                        (offsets[n] + own).clamp(0.0, 1.0)
                    })
                    .collect()
            };
            let taken = settle(6, given);
            let given = given(&taken);
            let fits = taken.iter().zip(&given).all(|(taken, given)| *taken <= given + SHARE_STEP);
            prop_assert!(fits, "{taken:?} of {given:?}");
        }
    }
}
