//! What all kinds share.
//!
//! Rates and repair times marked *gold book* are consistent with IEEE 493-2007 chapter 10; each
//! reproduces the inherent availability printed beside it to the last digit. What has no
//! published source says *assumption*.

use crate::kernel::{FailureLaw, FailureSpec, Span};
use crate::plant::power::component::ComponentDesign;
use crate::spec::{Check, Fault, Names};
use crate::units::{Duration, Fraction};

/// What every kind says of itself.
pub(in crate::plant::power) trait Kind {
    /// What feeds it, in order of preference; `None` for what brings power to the site.
    fn fed_by(&self) -> Option<&Names>;

    /// The field that [`fed_by`](Self::fed_by) stands in.
    fn feeders_field(&self) -> &'static str {
        "fed_by"
    }

    /// What feeds it when its feeder is lost, as another field than `fed_by`.
    fn emergency(&self) -> Option<&Names> {
        None
    }

    /// What it feeds block by block.
    fn blocks(&self) -> Option<&Names> {
        None
    }

    /// How many sources it has to have, where that is fixed.
    fn sources(&self) -> Option<usize> {
        None
    }

    /// Fills in defaults and checks ranges. Names stay for the caller to look up.
    fn resolve(&self, faults: &mut Vec<Fault>) -> PowerPart;
}

/// What a [`PowerSpec`](super::super::PowerSpec) becomes.
#[derive(Debug, Clone, Copy, PartialEq)]
#[expect(clippy::large_enum_variant, reason = "as many as a site has components, made once")]
pub enum PowerPart {
    /// A component that passes power on.
    Supply(ComponentDesign),
    /// A constant load, of [`Rank::Idle`](crate::plant::Rank::Idle), that takes everything from its
    /// first live feeder ([`Sharing::Preferred`](super::super::Sharing::Preferred)).
    House {
        /// What it draws.
        power_w: f64,
    },
}

/// A span of time as written, or `default_s` seconds.
pub(super) fn span(value: Option<Duration>, default_s: f64) -> Span {
    value.map_or(Span::from_secs_f64(default_s), Span::from)
}

/// An exponential law from the units of the published tables, a year being 8760 h.
pub(super) fn law(per_year: f64, repair_h: f64) -> FailureLaw {
    FailureLaw::exponential(per_year / (8760.0 * 3600.0), repair_h * 3600.0)
}

/// `default` with what the user wrote laid over it.
pub(super) fn failures(
    spec: &Option<FailureSpec>,
    default: FailureLaw,
    faults: &mut Vec<Fault>,
) -> FailureLaw {
    let Some(spec) = spec else { return default };
    Check { faults }.within("failures", |check| spec.resolve(default, check))
}

/// A loss as a share of the rating. What loses more than half of it is no power equipment.
pub(super) fn loss(
    field: &'static str,
    value: Option<Fraction>,
    default: f64,
    faults: &mut Vec<Fault>,
) -> f64 {
    Check { faults }.between(field, value.map(|share| share.0), default, (0.0, 0.5), "")
}

pub(super) fn power_factor(value: Option<Fraction>, faults: &mut Vec<Fault>) -> f64 {
    let value = value.map(|share| share.0);
    Check { faults }.between("power_factor", value, 0.98, (0.1, 1.0), "")
}

/// `value`, or 1 with a fault, so that what is computed from it stays finite.
pub(super) fn positive(value: f64, field: &'static str, faults: &mut Vec<Fault>) -> f64 {
    if value > 0.0 {
        return value;
    }
    faults.push(Fault::error(field, "must be above zero"));
    1.0
}
