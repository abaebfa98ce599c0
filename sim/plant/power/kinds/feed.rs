//! Where the utility delivers.

use schemars::JsonSchema;
use serde::Deserialize;

use super::common::{Kind, PowerPart, failures, law, positive};
use crate::kernel::{FailureLaw, FailureSpec, Span};
use crate::plant::power::component::{ComponentDesign, ComponentKind, LossCurve};
use crate::plant::power::duty::RideThrough;
use crate::plant::power::sequence::{FeedDesign, MachineDesign, SagLaw};
use crate::spec::{Check, Fault, Names};
use crate::units::{Duration, Fraction, Power, Rate};

/// A utility delivery point.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FeedSpec {
    /// Most that may be imported here.
    pub capacity: Power,
    /// Most that may be exported here, by batteries and arrays behind it; default 0.
    pub export: Option<Power>,
    /// Published outage figures to use; default `gold-book`.
    pub outages: Option<Outages>,
    /// Sags of its voltage; default: none.
    pub sags: Option<SagsSpec>,
    /// How its operator demands that the site rides through a bad voltage; default: not at all. Each
    /// sag and outage is judged by it in the table `disturbances`.
    pub ride_through: Option<RideThrough>,
    /// Time constant of the filter of first order behind which `ride_through` measures the root mean
    /// square of the voltage: 20 ms in the model PERC1 of large loads (second hand). What is measured is
    /// less deep and lasts longer than the sag. Default: the voltage itself.
    pub voltage_filter: Option<Duration>,
    /// Outage figures of your own, in place of published ones.
    pub failures: Option<FailureSpec>,
    /// Where the values come from.
    pub source: Option<String>,
}

/// Sags of the voltage of a feed, all alike.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SagsSpec {
    /// How often; 20 /year below 90 % and 5 /year below 70 % are usual at transmission voltage
    /// (assumption).
    pub rate: Rate,
    /// The voltage that remains, as a share of nominal.
    pub depth: Fraction,
    /// How long each lasts; faults are cleared in 50 to 500 ms.
    pub duration: Duration,
}

/// Published outage figures of a utility feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outages {
    /// A single circuit: 1.956 outages a year of 1.32 h in the mean (gold book).
    GoldBook,
    /// The feed never fails.
    None,
}

impl Kind for FeedSpec {
    fn fed_by(&self) -> Option<&Names> {
        None
    }

    fn resolve(&self, faults: &mut Vec<Fault>) -> PowerPart {
        let published = match self.outages.unwrap_or(Outages::GoldBook) {
            Outages::GoldBook => law(1.956, 1.32),
            Outages::None => FailureLaw::NEVER,
        };
        if self.outages == Some(Outages::None) && self.failures.is_some() {
            faults.push(
                Fault::error("outages", "`none` contradicts `failures`")
                    .help("leave out one of the two"),
            );
        }
        let export = self.export.map(|power| power.0);
        let reverse_w = Check { faults }.between("export", export, 0.0, (0.0, 1e12), "W");
        let sags = self.sags.as_ref().map(|sags| {
            Check { faults }.within("sags", |check| SagLaw {
                rate_per_s: check.failure_rate("rate", sags.rate.0),
                residual: check.between("depth", Some(sags.depth.0), 0.5, (0.0, 0.9), ""),
                lasts: check
                    .lasting("duration", Some(sags.duration))
                    .map_or(Span::ZERO, Span::from),
            })
        });
        let filter = self.voltage_filter.map_or(Span::ZERO, Span::from);
        if self.voltage_filter.is_some() && self.ride_through.is_none() {
            let fault = Fault::error("voltage_filter", "acts only with `ride_through`");
            faults.push(fault.help("add `ride_through: ercot-nogrr-282`, or leave this out"));
        }
        if filter > Span::from_secs(1) {
            let fault = Fault::error("voltage_filter", "is more than a second");
            faults.push(fault.help("relays measure in tens of milliseconds, such as `20 ms`"));
        }
        let machine = match (sags, self.ride_through) {
            (None, None) => MachineDesign::None,
            (sags, duty) => MachineDesign::Feed(FeedDesign { sags, duty, filter }),
        };
        PowerPart::Supply(ComponentDesign {
            kind: ComponentKind::Feed,
            reverse_w,
            rating_w: positive(self.capacity.0, "capacity", faults),
            loss: LossCurve::NONE,
            failures: failures(&self.failures, published, faults),
            machine,
        })
    }
}
