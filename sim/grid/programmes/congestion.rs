//! Congestion: a site behind a constraint of the network makes room for what flows over it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use super::Asked;
use super::system::SystemPowerSpec;
use crate::kernel::Time;
use crate::spec::{Alternatives, Fault, one_source, within};
use crate::tables::{Run, Series, from_table};
use crate::units::{Duration, EnergyPrice, Fraction, Power};

/// A connection that gives way while the network is congested: exactly one of `flow` and `spread` says
/// when that is.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CongestionSpec {
    /// The most that the site would import.
    pub maximum: Power,
    /// What it may import whatever the congestion.
    pub leave: Power,
    /// What flows over the constraint without the site, in the direction in which the site loads it.
    pub flow: Option<SystemPowerSpec>,
    /// With `flow`: the most that may flow over the constraint. The site is left what there is room for.
    pub limit: Option<Power>,
    /// With `flow`: which part of what the site draws flows over the constraint, its shift factor.
    /// Default: 100 %.
    pub shift_factor: Option<Fraction>,
    /// In place of `flow`: the price of congestion at the site, what energy costs there beyond the hub.
    pub spread: Option<SpreadSpec>,
    /// With `spread`: from which price of congestion on the site is left no more than `leave`.
    pub above: Option<EnergyPrice>,
    /// From when on the connection is firm, so that nothing is asked: `2030-06-01T00:00:00-05:00`. Default:
    /// never.
    #[schemars(with = "Option<String>")]
    pub firm_from: Option<Timestamp>,
    /// Time from a call, or a rise of what it asks, until the load must be off. Default: 5 min (that of
    /// ERCOT's dispatch).
    pub response: Option<Duration>,
    /// Where the figures of a catalogue entry come from.
    pub source: Option<String>,
}

from_table! {
/// What energy costs at the site beyond the hub.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpreadSpec {
    ..table {
        /// The column of prices in `csv`.
        column,
        /// The unit of the column, such as `$/MWh`.
        unit,
    }
}
}

impl CongestionSpec {
    /// What shows that the network is congested.
    pub(super) const ALTERNATIVES: Alternatives = Alternatives {
        of: &["flow", "spread"],
        with: &[(&["flow"], &["limit", "shift_factor"]), (&["spread"], &["above"])],
    };

    /// The calls of `run`: as long as the site is left less than `maximum`.
    pub(super) fn resolve(&self, run: &mut Run<'_>, faults: &mut Vec<Fault>) -> Option<Vec<Asked>> {
        let before = faults.len();
        if self.leave.0 < 0.0 || self.leave.0 >= self.maximum.0 {
            faults.push(Fault::error("leave", "must be from 0 W up to less than `maximum`"));
        }
        let written = [
            ("flow", self.flow.is_some()),
            ("spread", self.spread.is_some()),
            ("limit", self.limit.is_some()),
            ("shift_factor", self.shift_factor.is_some()),
            ("above", self.above.is_some()),
        ];
        Self::ALTERNATIVES.one(&written, faults)?;
        let horizon = self.firm_from.map_or(run.horizon, |at| run.clock.time(at).min(run.horizon));
        let shift = self.shift_factor.map_or(1.0, |share| share.0);
        if shift <= 0.0 {
            let message = "must be above zero: what does not load the constraint cannot relieve it";
            faults.push(Fault::error("shift_factor", message));
        }
        let calls = match (&self.flow, &self.spread) {
            (Some(flow), _) => {
                let flow = within("flow", faults, |faults| flow.resolve(run, faults));
                let limit = needed("flow", "limit", "400 MW", self.limit, faults);
                let (flow, limit) = (flow?, limit?);
                let going_w = self.maximum.0 - self.leave.0;
                let share = |flow_w: f64| {
                    let room_w = (limit.0 - flow_w) / shift;
                    ((self.maximum.0 - room_w) / going_w).clamp(0.0, 1.0)
                };
                Asked::following(&flow, horizon, share)
            }
            (None, Some(spread)) => {
                let spread = within("spread", faults, |faults| spread.resolve(run, faults));
                let above = needed("spread", "above", "10 $/MWh", self.above, faults);
                let (spread, above) = (spread?, above?);
                Asked::following(&spread, horizon, |usd_mwh| f64::from(usd_mwh >= above.0))
            }
            (None, None) => unreachable!("exactly one of them is written"),
        };
        if faults.len() > before {
            return None;
        }
        if calls.is_empty() && horizon > Time::ZERO {
            let field = if self.flow.is_some() { "flow" } else { "spread" };
            let message = "the network is never congested in the run, so that nothing is called";
            faults.push(Fault::warning(field, message));
        }
        Some(calls)
    }
}

/// What `source` needs `field` for; none after a report.
fn needed<T>(
    source: &'static str,
    field: &str,
    example: &str,
    value: Option<T>,
    faults: &mut Vec<Fault>,
) -> Option<T> {
    if value.is_none() {
        let fault = Fault::error(source, format!("`{source}` needs `{field}`"));
        faults.push(fault.help(format!("write for example `{field}: {example}`")));
    }
    value
}

impl SpreadSpec {
    fn resolve(&self, run: &mut Run<'_>, faults: &mut Vec<Fault>) -> Option<Series<f64>> {
        one_source(&[("csv", self.csv.is_some())], faults)?;
        self.table().series(EnergyPrice::UNITS, run, faults)
    }
}
