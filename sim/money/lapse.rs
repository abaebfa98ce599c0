//! What the racks of a site lacked, when and why.

use jiff::Timestamp;

/// A spell in which racks of a hall lacked power or cooling. Racks of one cause that lacked it from
/// the same instant to the same instant are one lapse.
#[derive(Debug, Clone, PartialEq)]
pub struct Lapse {
    /// The hall of racks.
    pub hall: String,
    /// What they lacked.
    pub lacks: Lacks,
    /// Why.
    pub cause: Cause,
    /// First instant.
    pub begin: Timestamp,
    /// First instant after it.
    pub end: Timestamp,
    /// How many racks.
    pub racks: u32,
}

/// What a rack lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lacks {
    /// It has no power, or is held below what it wants.
    Power,
    /// Heat slows it down or has tripped it.
    Cooling,
}

/// Why a rack lacks something, as contracts distinguish it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Something failed, or is too small.
    Fault,
    /// Planned maintenance, without any failure.
    Maintenance,
    /// The grid had the site take less, as planned or by a programme, and nothing failed.
    Curtailment,
}

impl Lacks {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Power, Self::Cooling];

    /// As tables name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Power => "power",
            Self::Cooling => "cooling",
        }
    }
}

impl Cause {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Fault, Self::Maintenance, Self::Curtailment];

    /// As tables name it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fault => "fault",
            Self::Maintenance => "maintenance",
            Self::Curtailment => "curtailment",
        }
    }
}
