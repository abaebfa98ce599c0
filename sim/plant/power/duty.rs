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

    /// Voltages, pu, from the lowest; how long a load must stay at a voltage below each, ms. None where
    /// the rule states how soon it must be back and nothing else.
    const fn bands(self) -> &'static [(f64, u64)] {
        match self {
            Self::ErcotNogrr282 => &[(0.2, 150), (0.5, 250), (0.8, 500), (0.9, 2000)],
            Self::CaisoStraw2026 => &[(0.25, 150), (0.5, 1200), (0.7, 3000), (0.9, 6000)],
            Self::IesoDraft2026 | Self::EirgridMpid345 | Self::AemcDraft => &[],
        }
    }

    /// Whether the rule states how soon a load must be back, whatever the voltage was, and nothing else.
    pub const fn asks_for_return_alone(self) -> bool {
        self.bands().is_empty()
    }

    /// How long a load must stay at `voltage`, pu, by a rule that names voltages; none where it must for
    /// good.
    pub fn stays(self, voltage: f64) -> Option<Span> {
        const MS: u64 = 1_000_000;
        if CONTINUOUS.contains(&voltage) {
            return None;
        }
        let band = self.bands().iter().find(|(below, _)| voltage < *below);
        let ms = match (self, band) {
            (_, Some(&(_, ms))) => ms,
            (Self::ErcotNogrr282, None) if voltage <= 1.2 => 2000,
            _ => 0,
        };
        Some(Span::from_nanos(ms * MS))
    }

    /// Whether a load must stay while the voltage is at `voltage`, pu, for `lasts`.
    pub fn must_stay(self, voltage: f64, lasts: Span) -> bool {
        self.stays(voltage).is_none_or(|stays| lasts <= stays)
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
