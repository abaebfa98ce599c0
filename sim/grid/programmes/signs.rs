//! What the grid shows that calls may follow.

use std::sync::Arc;

use crate::spec::Fault;
use crate::tables::Series;

/// What the grid shows over a run.
#[derive(Debug, Clone, Default)]
pub struct Signs {
    /// Its frequency, Hz.
    pub frequency: Sign,
    /// The level of its emergencies.
    pub level: Sign,
    /// Whether energy has a price.
    pub has_price: bool,
}

/// A quantity of the grid over a run, as far as the scenario gives it.
#[derive(Debug, Clone, Default)]
pub enum Sign {
    /// The scenario does not have it.
    #[default]
    Absent,
    /// It has one that is refused, which is reported elsewhere.
    Refused,
    /// It is this.
    Known(Arc<Series<f64>>),
}

impl Sign {
    /// What a scenario gives: nothing, or what reading it came to.
    pub fn of(read: Option<Option<Arc<Series<f64>>>>) -> Self {
        match read {
            None => Self::Absent,
            Some(None) => Self::Refused,
            Some(Some(series)) => Self::Known(series),
        }
    }

    /// What `field` follows, of `section`; none after an error, here or where it is read.
    pub(super) fn followed(
        &self,
        field: &'static str,
        section: &str,
        faults: &mut Vec<Fault>,
    ) -> Option<Arc<Series<f64>>> {
        match self {
            Self::Absent => {
                let what = section.replace('_', " ");
                let fault = Fault::error(field, format!("there is no {what} to follow"));
                faults.push(fault.help(format!("add `{section}:` to the scenario")));
                None
            }
            Self::Refused => None,
            Self::Known(series) => Some(series.clone()),
        }
    }
}
