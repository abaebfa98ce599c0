//! How much of a service's time is simulated.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::kernel::{LocalWeek, Span};
use crate::spec::{Check, Fault, one_source};
use crate::units::Fraction;
use crate::workload::inference::design::{Ask, SamplingDesign, ServiceDesign};

/// How much of a service's time is simulated request by request: short windows, each of which stands
/// for many times its length. One of the two.
///
/// Events that strike the service, times in which its cells receive more than 80 % of what they can
/// serve, and backlogs are simulated whole. Figures carry standard errors.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SamplingSpec {
    /// The share of time in windows. Taken as one over a whole number, and not less than written.
    pub sample: Option<Fraction>,
    /// As little as keeps half the 95 % interval of the median and of the 90th, 95th and 99th percentiles
    /// of TTFT, TPOT and E2E within this share of them; chosen anew each day of the run.
    pub precision: Option<Fraction>,
}

/// Bounds of the share of time in windows, %: with less, few of them see an answer from its beginning
/// to its end.
const SAMPLES: (f64, f64) = (1.0, 100.0);
/// Bounds of a precision, %. Percentiles themselves are within 0.1 %.
const PRECISIONS: (f64, f64) = (0.2, 50.0);

impl SamplingSpec {
    /// The sampling of `service` over the run of `week`; none where all is simulated.
    pub(super) fn resolve(
        &self,
        service: &ServiceDesign,
        week: &LocalWeek,
        faults: &mut Vec<Fault>,
    ) -> Option<SamplingDesign> {
        let mut own = Vec::new();
        let ask = self.ask(&mut own);
        if let Some(obstacle) = service.unsampled() {
            let message = format!("is simulated whole: {obstacle}");
            own.push(Fault::warning("", message).help("leave `requests` out"));
        }
        faults.extend(own.into_iter().map(|fault| fault.within("requests")));
        let ask = ask.filter(|ask| *ask != Ask::Ratio(1) && service.unsampled().is_none())?;
        let stratum = SamplingDesign::stratum(Span::from_hours(1), service.control_interval);
        Some(SamplingDesign { ask, stratum, end: week.horizon() })
    }

    fn ask(&self, faults: &mut Vec<Fault>) -> Option<Ask> {
        let asked = [("sample", self.sample.is_some()), ("precision", self.precision.is_some())];
        one_source(&asked, faults)?;
        let mut check = Check { faults };
        let percent = |share: Option<Fraction>| share.map(|share| 100.0 * share.0);
        Some(match self.sample {
            Some(_) => {
                let share = check.between("sample", percent(self.sample), 100.0, SAMPLES, "%");
                // A share of 5 % is one of twenty, whatever its last bit.
                Ask::Ratio((100.0 / share + 1e-9) as u32)
            }
            None => {
                let precision = percent(self.precision);
                let precision = check.between("precision", precision, 2.0, PRECISIONS, "%");
                Ask::Precision(precision / 100.0)
            }
        })
    }
}
