//! What grid operators demand of large loads when the voltage is bad: for how long they must stay,
//! and how soon they must draw again what they drew before.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::kernel::Span;

/// A duty to ride through, as a rule states it. The rules were read in secondary reports of 2026:
/// check the text of the rule before a filing rests on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum RideThrough {
    /// ERCOT NOGRR 282 (2026, loads from 75 MW): 80 to 90 % and 110 to 120 % of the voltage for 2 s,
    /// 50 to 80 % for 0.5 s, 20 to 50 % for 0.25 s, less for 0.15 s; back at 90 % of the load within
    /// 2 s.
    #[serde(rename = "ercot-nogrr-282")]
    ErcotNogrr282,
    /// CAISO, straw proposal of 2026-06-15: below 90 % of the voltage for 6 s, below 70 % for 3 s,
    /// below 50 % for 1.2 s, below 25 % for 0.15 s; back at 90 % of the load within 3 s.
    #[serde(rename = "caiso-straw-2026")]
    CaisoStraw2026,
    /// IESO, draft 3.0 of 2026-09-03 (loads above 10 MW): back at 90 % of the load within 1 s of any
    /// disturbance. No voltages for which a load must stay were read.
    #[serde(rename = "ieso-draft-2026")]
    IesoDraft2026,
    /// EirGrid, modification MPID 345: back at 90 % of the load within 0.5 s. No voltages were read.
    #[serde(rename = "eirgrid-mpid-345")]
    EirgridMpid345,
    /// AEMC, draft (loads from 30 MW): back at 90 % of the load within 1 s. Assumption: the longer of its
    /// two times (0.5 s and 1 s). No voltages were read, nor its date.
    #[serde(rename = "aemc-draft")]
    AemcDraft,
}

/// Voltages at which every load stays, pu: the continuous range of the rules that name voltages.
pub const CONTINUOUS: std::ops::RangeInclusive<f64> = 0.9..=1.1;

/// A voltage, pu, and the side of it on which a rule counts the time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Level {
    /// Less than this.
    Below(f64),
    /// More than this.
    Above(f64),
}

impl Level {
    /// The voltage itself, pu.
    pub const fn voltage(self) -> f64 {
        match self {
            Self::Below(voltage) | Self::Above(voltage) => voltage,
        }
    }

    /// Whether `voltage`, pu, is on the side that counts.
    pub const fn is_passed_by(self, voltage: f64) -> bool {
        match self {
            Self::Below(level) => voltage < level,
            Self::Above(level) => voltage > level,
        }
    }
}

impl RideThrough {
    /// Its name, as users write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ErcotNogrr282 => "ercot-nogrr-282",
            Self::CaisoStraw2026 => "caiso-straw-2026",
            Self::IesoDraft2026 => "ieso-draft-2026",
            Self::EirgridMpid345 => "eirgrid-mpid-345",
            Self::AemcDraft => "aemc-draft",
        }
    }

    /// How long a load must stay beyond each level, ms. None where the rule states how soon it must be
    /// back and nothing else.
    const fn bands(self) -> &'static [(Level, u64)] {
        use Level::{Above, Below};
        match self {
            Self::ErcotNogrr282 => &[
                (Below(0.2), 150),
                (Below(0.5), 250),
                (Below(0.8), 500),
                (Below(0.9), 2000),
                (Above(1.1), 2000),
                (Above(1.2), 0),
            ],
            Self::CaisoStraw2026 => &[
                (Below(0.25), 150),
                (Below(0.5), 1200),
                (Below(0.7), 3000),
                (Below(0.9), 6000),
                (Above(1.1), 0),
            ],
            Self::IesoDraft2026 | Self::EirgridMpid345 | Self::AemcDraft => &[],
        }
    }

    /// Whether the rule states how soon a load must be back, whatever the voltage was, and nothing else.
    pub const fn asks_for_return_alone(self) -> bool {
        self.bands().is_empty()
    }

    /// Whether a load must stay through a disturbance in which the voltage is beyond each level for as
    /// long as `lasts` says: no band of the rule is left for longer than it names.
    pub fn must_stay(self, lasts: impl Fn(Level) -> Span) -> bool {
        const MS: u64 = 1_000_000;
        self.bands().iter().all(|&(level, ms)| lasts(level) <= Span::from_nanos(ms * MS))
    }

    /// How soon after that it must draw 90 % of what it drew before.
    pub const fn back_within(self) -> Span {
        match self {
            Self::ErcotNogrr282 => Span::from_secs(2),
            Self::CaisoStraw2026 => Span::from_secs(3),
            Self::IesoDraft2026 | Self::AemcDraft => Span::from_secs(1),
            Self::EirgridMpid345 => Span::from_nanos(500_000_000),
        }
    }
}
