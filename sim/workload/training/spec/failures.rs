//! Failures of nodes, their detection and their repair, as a user writes them, and the same
//! resolved.

use schemars::JsonSchema;
use serde::Deserialize;

use super::domains::{self, DomainDesign, DomainSpec};
use crate::kernel::Span;
use crate::spec::{Check, Fault, kinds};
use crate::units::{Duration, Fraction, Rate, Temperature};

/// Failures of nodes, whether or not a job runs, and their repair.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NodeFailureSpec {
    /// Failures of one node that is on, in the mean of all nodes and of their lives. Default:
    /// 3.8e-3 /day (Llama 3: 419 unexpected interruptions of 2,048 nodes in 54 days,
    /// arXiv:2407.21783). Others: 6.5e-3 and 2.34e-3 /day (Meta RSC-1 and RSC-2,
    /// arXiv:2410.21680).
    pub rate: Option<Rate>,
    /// The law of the time that a node is on between its failures. Default: `exponential`.
    pub law: Option<LawSpec>,
    /// How many times as often a node fails while no job starts, runs or writes on it; `rate` is
    /// then that of nodes on which one does. Default: 100 %: the published rates are per node and
    /// day, whatever the node does.
    pub at_rest: Option<Fraction>,
    /// How heat makes nodes fail more often. Default: it does not.
    pub heat: Option<HeatFailureSpec>,
    /// Nodes that fail more often than the others. Default: none.
    pub lemons: Option<LemonSpec>,
    /// Repairs that do not mend, after which a node fails again. Default: all mend.
    pub relapse: Option<RelapseSpec>,
    /// What fails, and what is special about it. Default: the 18 causes of Llama 3 by their
    /// counts (arXiv:2407.21783, table 5).
    pub causes: Option<Vec<CauseSpec>>,
    /// Share of failures that a reboot mends, for causes that do not say. Default: 70 %
    /// (assumption).
    pub soft_share: Option<Fraction>,
    /// Time to reboot and check a node. Default: 20 min (assumption).
    pub soft_repair: Option<Duration>,
    /// Mean time to repair a node that a reboot does not mend, for causes that do not say.
    /// Default: 24 h (assumption, consistent with the 99.3 % availability of Delta,
    /// arXiv:2503.11901).
    pub repair: Option<Duration>,
    /// Standard deviation of the logarithm of that time, which is lognormal (Schroeder and
    /// Gibson, DSN 2006). Default: 1.2 (assumption).
    pub repair_sigma: Option<f64>,
    /// Parts that several nodes of a rack share, such as its switch trays, with which all of them go
    /// out of service. Default: none.
    pub domains: Option<Vec<DomainSpec>>,
    /// How many nodes can be under such a repair at once: the others wait for a crew, in the
    /// order of their failures. A reboot needs none. Default: no limit.
    pub crews: Option<u32>,
    /// Time to look at the nodes of a rack after it has lost its power or was tripped, beyond
    /// the time to start. Default: none.
    pub inspection: Option<Duration>,
}

kinds! {
    /// The law of times between failures.
    pub enum LawSpec {
        /// Exponential: a node does not age.
        Exponential(ExponentialLawSpec) = "exponential",
        /// Weibull: after each repair a node is as new.
        Weibull(WeibullSpec) = "weibull",
    }
}

/// A node does not age.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExponentialLawSpec {}

/// A node is as new after each repair, and its hazard goes with a power of the time since.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WeibullSpec {
    /// Below 1 new nodes fail more often than old ones (0.7 to 0.8: LANL, Schroeder and Gibson,
    /// DSN 2006); 1 is the exponential law.
    pub shape: f64,
    /// Whether all nodes are new as the run starts: burn-in. Default: `false`, they have run for
    /// long.
    pub new_fleet: Option<bool>,
}

/// Nodes that fail more often than the others. Each node is one with the probability `share`.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LemonSpec {
    /// Their share of all nodes (Meta: 1.2 %, arXiv:2410.21680).
    pub share: Fraction,
    /// How many times as often they fail. Removing Meta's lowered the failures of large jobs
    /// from 14 % to 4 %: about 200 times.
    pub factor: f64,
}

/// Repairs and reboots that do not mend. The node comes back and fails again, of the same cause, after a
/// lognormal time in which it is on. Counts of failures by node scatter then although the nodes are alike.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RelapseSpec {
    /// Share of repairs and reboots that do not mend, at most 95 %. The failures that follow count in
    /// `rate`, and some are pending as the run starts (of nodes on: none is under repair then, so that the
    /// first weeks have fewer failures where repairs are long). InfiniteHBD's record of 400 servers: 40 % (SIGCOMM 2025; fitted by this project).
    pub share: Fraction,
    /// Median of the time to the next failure. The same record: 12 h.
    pub median: Duration,
    /// Standard deviation of the logarithm of that time, 0 to 5. 3 in the catalogue is an assumption: share
    /// and median were fitted to the returns that a failure follows within a day and within thirty,
    /// which tell no third value.
    pub sigma: f64,
}

/// How heat makes nodes fail more often: their rate is multiplied by
/// `exp(per_kelvin (T - above))` while what enters their rack, air or coolant, has a temperature
/// `T` higher than `above`. In a July in which the room was 5 K warmer Acme saw more failures
/// (arXiv:2403.07648) and gave no number: there is no default.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HeatFailureSpec {
    /// Growth of the rate with each kelvin, from 0 to 1: at 0.07 it doubles in ten.
    pub per_kelvin: f64,
    /// Temperature up to which the rate is that of `rate`.
    pub above: Temperature,
}

/// A cause of failures.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CauseSpec {
    /// As reports name it.
    pub name: String,
    /// How often it is the cause, relative to the others.
    pub weight: f64,
    /// Time until it is noticed. Default: as under `detection`.
    pub detection: Option<Duration>,
    /// Share that a reboot mends. Default: that of all failures.
    pub soft_share: Option<Fraction>,
    /// Mean time to repair what a reboot does not mend. Default: that of all failures.
    pub repair: Option<Duration>,
}

/// How long a failed job stands before its failure is noticed.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DetectionSpec {
    /// After a failure that reports itself. Default: 30 s (MegaScale, arXiv:2402.15627, and
    /// ByteRobust, arXiv:2509.16293, range from 2 s to minutes).
    pub explicit: Option<Duration>,
    /// After a silent hang, until a collective times out. Default: 10 min.
    pub hang: Option<Duration>,
    /// Share of failures that are silent hangs. Default: 12 % (ByteRobust: 5,948 implicit
    /// against 43,264 explicit failures).
    pub hang_share: Option<Fraction>,
}

/// Llama 3's unexpected interruptions by cause (arXiv:2407.21783, table 5): counts, which sum to
/// 419, and whether nothing of the node is broken, so that a reboot mends it (assumption).
const LLAMA_3: [(&str, f64, bool); 18] = [
    ("faulty GPU", 148.0, false),
    ("GPU HBM3 memory", 72.0, false),
    ("software bug", 54.0, true),
    ("network switch or cable", 35.0, false),
    ("host maintenance", 32.0, true),
    ("GPU SRAM memory", 19.0, false),
    ("GPU system processor", 17.0, false),
    ("NIC", 7.0, false),
    ("NCCL watchdog timeout", 7.0, true),
    ("silent data corruption", 6.0, false),
    ("GPU thermal interface and sensor", 6.0, false),
    ("SSD", 3.0, false),
    ("power supply", 3.0, false),
    ("server chassis", 2.0, false),
    ("IO expansion board", 2.0, false),
    ("dependency", 2.0, true),
    ("CPU", 2.0, false),
    ("system memory", 2.0, false),
];

/// Failures, resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct FailureDesign {
    /// Failures a second of a node that is on, in the mean of all.
    pub rate_per_s: f64,
    /// The law of times between failures.
    pub law: Law,
    /// How many times as often a node fails on which no job works.
    pub at_rest: f64,
    /// How heat makes nodes fail more often, if it does.
    pub heat: Option<HeatFailure>,
    /// Share of nodes that are lemons.
    pub lemon_share: f64,
    /// How many times as often they fail.
    pub lemon_factor: f64,
    /// Repairs that do not mend, if there are any.
    pub relapse: Option<Relapse>,
    /// What fails. At least one.
    pub causes: Vec<CauseDesign>,
    /// Parts that several nodes of a rack share.
    pub domains: Vec<DomainDesign>,
    /// Time to reboot.
    pub soft_repair: Span,
    /// Standard deviation of the logarithm of repair times.
    pub repair_sigma: f64,
    /// Nodes that can be under repair at once.
    pub crews: usize,
    /// Time to look at the nodes of a rack that comes back.
    pub inspection: Span,
    /// Time to notice a failure that reports itself.
    pub detect_explicit: Span,
    /// Time to notice a silent hang.
    pub detect_hang: Span,
}

/// Repairs that do not mend.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Relapse {
    /// Their share of all.
    pub share: f64,
    /// Mean of the logarithm of the seconds until the node fails again.
    pub mu: f64,
    /// Standard deviation of that logarithm.
    pub sigma: f64,
}

/// How heat makes nodes fail more often.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HeatFailure {
    /// Growth of the logarithm of the rate, 1/K.
    pub per_kelvin: f64,
    /// Temperature from which on it grows, degC.
    pub above_c: f64,
}

impl HeatFailure {
    /// How many times as often nodes fail at an inlet temperature.
    pub fn factor(&self, inlet_c: f64) -> f64 {
        libm::exp(self.per_kelvin * (inlet_c - self.above_c).max(0.0))
    }
}

/// The law of times between failures of a node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Law {
    /// No memory.
    Exponential,
    /// As new after each repair.
    Weibull {
        /// Exponent of the cumulative hazard.
        shape: f64,
        /// All nodes are new as the run starts.
        new_fleet: bool,
    },
}

/// A cause of failures, resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct CauseDesign {
    /// As reports name it.
    pub name: String,
    /// Probability of this cause or one before it.
    pub cumulative: f64,
    /// Time until it is noticed; none where it reports itself or hangs.
    pub detection: Option<Span>,
    /// Share that goes unnoticed for as long as a silent hang does.
    pub hang_share: f64,
    /// Share that a reboot mends.
    pub soft_share: f64,
    /// Mean time to repair the rest, s.
    pub repair_mean_s: f64,
}

impl FailureDesign {
    /// The number of the cause that the uniform `draw` chooses.
    pub(in crate::workload::training) fn cause_of(&self, draw: f64) -> u16 {
        let index = self.causes.partition_point(|cause| cause.cumulative <= draw);
        index.min(self.causes.len() - 1) as u16
    }

    /// What failures are counted by: the causes of those of nodes, then the domains.
    pub(in crate::workload::training) fn names(&self) -> impl Iterator<Item = &str> {
        let causes = self.causes.iter().map(|cause| cause.name.as_str());
        causes.chain(self.domains.iter().map(|domain| domain.name.as_str()))
    }
}

impl NodeFailureSpec {
    /// Fills defaults and checks ranges, for racks of `rack_nodes` nodes.
    pub(in crate::workload::training) fn resolve(
        &self,
        detection: &DetectionSpec,
        rack_nodes: usize,
        faults: &mut Vec<Fault>,
    ) -> FailureDesign {
        let mut check = Check { faults };
        let repair_sigma = check.repair_sigma("repair_sigma", self.repair_sigma).unwrap_or(1.2);
        if self.crews == Some(0) {
            check.error("crews", "must be above zero".to_owned());
        }
        let rate_per_s = check.failure_rate("rate", self.rate.map_or(3.8e-3 / 86_400.0, |r| r.0));
        let law = match &self.law {
            None | Some(LawSpec::Exponential(_)) => Law::Exponential,
            Some(LawSpec::Weibull(weibull)) => {
                let shape = check.within("law", |check| {
                    check.between("shape", Some(weibull.shape), 1.0, (0.2, 10.0), "")
                });
                Law::Weibull { shape, new_fleet: weibull.new_fleet == Some(true) }
            }
        };
        let heat = self.heat.map(|heat| {
            let per_kelvin = check.within("heat", |check| {
                check.between("per_kelvin", Some(heat.per_kelvin), 0.0, (0.0, 1.0), "")
            });
            HeatFailure { per_kelvin, above_c: heat.above.0 }
        });
        let mut lemons = self.lemons.unwrap_or(LemonSpec { share: Fraction(0.0), factor: 1.0 });
        lemons.factor = check.within("lemons", |check| {
            check.between("factor", Some(lemons.factor), 1.0, (1.0, 1e4), "")
        });
        let relapse = self.relapse.as_ref().and_then(|relapse| relapse.resolve(law, &mut check));
        let hang_share = detection.hang_share.map_or(0.12, |f| f.0);
        let soft_share = self.soft_share.map_or(0.7, |f| f.0);
        let repair_mean_s = self.repair.map_or(24.0 * 3600.0, Duration::as_secs_f64);
        let specs = self.causes.clone().unwrap_or_else(llama_3);
        let weights: Vec<f64> = specs.iter().map(|cause| cause.weight).collect();
        check.weights(("causes", "weight"), &weights);
        let total: f64 = weights.iter().sum();
        let names: Vec<&str> = specs.iter().map(|cause| cause.name.as_str()).collect();
        // Figures are told by them.
        for (index, name) in names.iter().enumerate().filter(|(at, it)| names[..*at].contains(it)) {
            let help = "give each a name of its own, or add their weights up";
            let fault = domains::taken(name).help(help);
            check.faults.push(fault.within(&format!("[{index}]")).within("causes"));
        }
        let domains = self.domains.as_deref().unwrap_or_default();
        let domains = domains::resolve(domains, (rack_nodes, repair_sigma), &names, check.faults);
        // What causes say of themselves leaves the others to make up the share of all.
        let is_default = self.causes.is_none();
        let software: f64 =
            specs.iter().filter(|c| c.soft_share.is_some()).map(|c| c.weight / total).sum();
        let rest_share = if is_default && self.soft_share.is_none() {
            (soft_share - software) / (1.0 - software)
        } else {
            soft_share
        };
        let mut sum = 0.0;
        let causes = specs.into_iter().map(|cause| {
            sum += cause.weight;
            let own = if is_default && self.soft_share.is_some() { None } else { cause.soft_share };
            CauseDesign {
                name: cause.name,
                cumulative: sum / total,
                detection: cause.detection.map(Span::from),
                hang_share,
                soft_share: own.map_or(rest_share, |f| f.0),
                repair_mean_s: cause.repair.map_or(repair_mean_s, Duration::as_secs_f64),
            }
        });
        FailureDesign {
            rate_per_s,
            law,
            at_rest: self.at_rest.map_or(1.0, |f| f.0),
            heat,
            lemon_share: lemons.share.0,
            lemon_factor: lemons.factor,
            relapse,
            causes: causes.collect(),
            domains,
            soft_repair: self.soft_repair.map_or(Span::from_secs(20 * 60), Span::from),
            repair_sigma,
            crews: self.crews.map_or(usize::MAX, |crews| crews as usize),
            inspection: self.inspection.map_or(Span::ZERO, Span::from),
            detect_explicit: detection.explicit.map_or(Span::from_secs(30), Span::from),
            detect_hang: detection.hang.map_or(Span::from_secs(600), Span::from),
        }
    }
}

impl RelapseSpec {
    /// Checks ranges, and that the law of times between failures has no memory.
    fn resolve(&self, law: Law, check: &mut Check<'_>) -> Option<Relapse> {
        if law != Law::Exponential {
            let fault = Fault::error("relapse", "stands with the law `exponential` only");
            let help = "leave out one of the two: a Weibull law of a shape below 1 has nodes fail again soon";
            check.faults.push(fault.help(help));
            return None;
        }
        check.within("relapse", |check| {
            let share = check.between("share", Some(self.share.0), 0.0, (0.0, 0.95), "");
            let median = check.lasting("median", Some(self.median));
            let sigma = check.between("sigma", Some(self.sigma), 0.0, (0.0, 5.0), "");
            let mu = libm::log(median?.as_secs_f64());
            (share > 0.0).then_some(Relapse { share, mu, sigma })
        })
    }
}

fn llama_3() -> Vec<CauseSpec> {
    let cause = |&(name, weight, is_software): &(&str, f64, bool)| CauseSpec {
        name: name.to_owned(),
        weight,
        soft_share: is_software.then_some(Fraction(1.0)),
        ..CauseSpec::default()
    };
    LLAMA_3.iter().map(cause).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The counts of the paper's table, and 70 % of all failures mended by a reboot.
    #[test]
    fn the_default_causes_are_those_of_llama_3() {
        assert_eq!(LLAMA_3.iter().map(|cause| cause.1).sum::<f64>(), 419.0);
        let resolve = |spec: &NodeFailureSpec| {
            let mut faults = Vec::new();
            let design = spec.resolve(&DetectionSpec::default(), 18, &mut faults);
            assert_eq!(faults, []);
            let mut before = 0.0;
            let part = design.causes.iter().map(|cause| {
                let part = cause.soft_share * (cause.cumulative - before);
                before = cause.cumulative;
                part
            });
            part.sum::<f64>()
        };
        assert!((resolve(&NodeFailureSpec::default()) - 0.7).abs() < 1e-12);
        let half =
            NodeFailureSpec { soft_share: Some(Fraction(0.5)), ..NodeFailureSpec::default() };
        assert!((resolve(&half) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn impossible_failures_are_refused() {
        let refused = |yaml: &str| {
            let spec: NodeFailureSpec = serde_yaml::from_str(yaml).expect("the test's spec reads");
            let mut faults = Vec::new();
            spec.resolve(&DetectionSpec::default(), 18, &mut faults);
            faults.iter().map(|fault| fault.field.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(
            refused("{law: !weibull {shape: 0.7}, lemons: {share: 1.2 %, factor: 200}}"),
            [""; 0]
        );
        assert_eq!(refused("{law: !weibull {shape: 0}}"), ["law.shape"]);
        assert_eq!(refused("{lemons: {share: 1 %, factor: 0.5}}"), ["lemons.factor"]);
        assert_eq!(refused("{heat: {per_kelvin: 0.07, above: 27 degC}, at_rest: 50 %}"), [""; 0]);
        assert_eq!(refused("{heat: {per_kelvin: -0.07, above: 27 degC}}"), ["heat.per_kelvin"]);
        assert_eq!(refused("{heat: {per_kelvin: .nan, above: 27 degC}}"), ["heat.per_kelvin"]);
        let relapse = "relapse: {share: 40 %, median: 11 h, sigma: 3}";
        assert_eq!(refused(&format!("{{{relapse}}}")), [""; 0]);
        assert_eq!(refused(&format!("{{law: !weibull {{shape: 0.7}}, {relapse}}}")), ["relapse"]);
        assert_eq!(
            refused("{relapse: {share: 100 %, median: 0 s, sigma: 6}}"),
            ["relapse.share", "relapse.median", "relapse.sigma"]
        );
        assert_eq!(refused("{causes: []}"), ["causes"]);
        assert_eq!(
            refused("{causes: [{name: a, weight: -1}, {name: b, weight: 2}]}"),
            ["causes[0].weight"]
        );
        assert_eq!(
            refused("{causes: [{name: a, weight: 1}, {name: b, weight: 2}, {name: a, weight: 3}]}"),
            ["causes[2].name"]
        );
        assert_eq!(
            refused("{crews: 0, rate: 1 /s, repair_sigma: -1}"),
            ["repair_sigma", "crews", "rate"]
        );
    }
}
