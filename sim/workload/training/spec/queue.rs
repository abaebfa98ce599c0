//! How the queue is served: as a user writes it, and the same resolved.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::kernel::Span;
use crate::spec::{Check, Fault, Name};
use crate::units::{Duration, Fraction, Power};
use crate::workload::gpu::GpuRackDesign;
use crate::workload::training::job::Vacate;
use crate::workload::training::placement::{Placement, Sharing};
use crate::workload::training::power::PowerDesign;
use crate::workload::training::schedule::{FavouredSize, Policy, Preemption, Priority, Rules};

/// What a scheduler may be told besides its name.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct QueueSpec {
    /// What makes a job the first, for `scheduler: priority`.
    pub priority: Option<PrioritySpec>,
    /// Whether jobs of higher tiers take the nodes of lower ones, for `scheduler: priority`. Tiers
    /// then come before priority. Default: they do not.
    pub preemption: Option<PreemptionSpec>,
    /// While the first job that does not fit needs this many nodes or more, nothing overtakes
    /// it, so that the racks drain for it; for `easy` and `priority`. Default: never.
    pub drain_at: Option<u32>,
    /// How many jobs of the queue, by arrival, have a reservation, for `conservative`; the others
    /// wait until they are among them. Default: 500 (assumption; Slurm's `bf_max_job_test` is 100
    /// or 500, by its version).
    pub depth: Option<u32>,
    /// How the nodes of a job lie on the racks. Default: `contiguous`.
    pub placement: Option<Placement>,
    /// Whether jobs that are smaller than a node share it, and which node they get, under any
    /// scheduler. Jobs of a node and more, and exclusive ones, get whole nodes by the same rule. Default: every job has whole nodes (Slurm's `--exclusive`, or
    /// `OverSubscribe=EXCLUSIVE`).
    pub sharing: Option<Sharing>,
    /// Whether a job gets only nodes of racks that are offered the power for all of their nodes
    /// at full draw, and are not slowed by heat. Default: `false`.
    pub power_aware: Option<bool>,
    /// The most that all nodes may draw at full draw of those with a job: no job starts that
    /// would need more. Default: no limit.
    pub power_limit: Option<Power>,
    /// Whose jobs they are, for the fair share. An account that only a log names has one share.
    pub accounts: Option<Vec<AccountSpec>>,
}

/// The priority of a job: the sum of four factors from 0 to 1 times their weights, rounded to a
/// whole number, as in Slurm's multifactor plugin. The highest is the first, then the first to
/// arrive.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PrioritySpec {
    /// Weight of the age: time since submission over `max_age`. Default: 0, as in Slurm.
    pub age: Option<f64>,
    /// Weight of the size: nodes of the job over all nodes. Default: 0.
    pub size: Option<f64>,
    /// Weight of the class: the factor of the job's tier. Default: 0.
    pub class: Option<f64>,
    /// Weight of the fair share: `2^(-U/S)`, with the account's part `U` of all usage and `S` of
    /// all shares. Default: 0.
    pub fair_share: Option<f64>,
    /// Age from which a job gets no older. Default: 7 days, as in Slurm.
    pub max_age: Option<Duration>,
    /// Time in which half of all usage is forgotten. Default: 7 days, as in Slurm.
    pub half_life: Option<Duration>,
    /// Whether the size factor favours small jobs: 1 less the above. Default: `false`.
    pub favour_small: Option<bool>,
    /// Whether jobs may overtake the first that does not fit, as in `easy`. Default: `true`.
    pub backfill: Option<bool>,
}

/// How jobs of higher tiers take the nodes of lower ones.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PreemptionSpec {
    /// What becomes of a job that has to make room. Default: `requeue`.
    pub mode: Option<Vacate>,
    /// A job that has held its nodes for less is left alone. Default: 2 h (Meta,
    /// arXiv:2410.21680).
    pub min_runtime: Option<Duration>,
    /// Time that it has to leave, in which it writes a checkpoint if that suffices. Default: 0 s,
    /// as in Slurm.
    pub grace: Option<Duration>,
}

/// Who has a share of the racks.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountSpec {
    /// As job classes name it.
    pub name: Name,
    /// Its shares, relative to those of the others. Default: 1.
    pub shares: Option<f64>,
}

/// A tier of jobs.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TierSpec {
    /// As job classes name it.
    pub name: Name,
    /// Its class factor in the priority. Default: evenly from 0 for the lowest tier to 100 %
    /// for the highest.
    pub factor: Option<Fraction>,
}

/// The tiers and accounts that jobs may name.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::workload::training) struct Groups {
    /// Tiers, the lowest first.
    pub(in crate::workload::training) tiers: Vec<Name>,
    /// Accounts.
    pub(in crate::workload::training) accounts: Vec<Name>,
}

impl Groups {
    pub(super) fn new(queue: &QueueSpec, tiers: &[TierSpec], faults: &mut Vec<Fault>) -> Self {
        let tiers: Vec<Name> = tiers.iter().map(|tier| tier.name.clone()).collect();
        let accounts = queue.accounts.iter().flatten().map(|account| account.name.clone());
        let accounts: Vec<Name> = accounts.collect();
        for (what, list, names) in
            [("tier", "tiers", &tiers), ("account", "queue.accounts", &accounts)]
        {
            for (index, name) in names.iter().enumerate() {
                if names[..index].iter().any(|other| other.text == name.text) {
                    let message = format!("there are two {what}s `{name}`");
                    let field = format!("{list}[{index}].name");
                    faults.push(Fault::error(field, message).at(name.mark));
                }
            }
        }
        if tiers.len() > usize::from(u16::MAX) {
            faults.push(Fault::error("tiers", "more than 65,535 tiers"));
        }
        Self { tiers, accounts }
    }

    /// The number of the tier `name`; the lowest where none is named.
    pub(super) fn tier(&self, name: Option<&Name>, faults: &mut Vec<Fault>) -> u16 {
        find(&self.tiers, name, ("tier", "tiers"), faults) as u16
    }

    /// The number of the account `name`; the first where none is named.
    pub(super) fn account(&self, name: Option<&Name>, faults: &mut Vec<Fault>) -> u32 {
        find(&self.accounts, name, ("account", "queue.accounts"), faults) as u32
    }
}

fn find(
    known: &[Name],
    name: Option<&Name>,
    (what, list): (&'static str, &str),
    faults: &mut Vec<Fault>,
) -> usize {
    let Some(name) = name else { return 0 };
    known.iter().position(|other| other.text == name.text).unwrap_or_else(|| {
        let message = format!("`{name}` is no {what} of this workload");
        let listed: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
        let help = match listed.as_slice() {
            [] => format!("list it in `{list}`"),
            _ => format!("`{list}` has {}", listed.join(", ")),
        };
        faults.push(Fault::error(what, message).at(name.mark).help(help));
        0
    })
}

impl QueueSpec {
    /// The rules of `policy` on `nodes` nodes of `per_node` places.
    pub(super) fn resolve(
        &self,
        policy: Policy,
        tiers: &[TierSpec],
        (nodes, per_node): (usize, usize),
        faults: &mut Vec<Fault>,
    ) -> Rules {
        let mut check = Check { faults };
        if self.priority.is_some() && policy != Policy::Priority {
            check.error("priority", "needs `scheduler: priority`".to_owned());
        }
        if self.preemption.is_some() && policy != Policy::Priority {
            check.error("preemption", "needs `scheduler: priority`".to_owned());
        }
        if self.preemption.is_some() && tiers.len() < 2 {
            check.error("preemption", "needs two `tiers` or more".to_owned());
        }
        if self.drain_at.is_some() && !matches!(policy, Policy::Easy | Policy::Priority) {
            let message = "needs `scheduler: easy` or `scheduler: priority`";
            check.error("drain_at", message.to_owned());
        }
        if self.depth.is_some() && policy != Policy::Conservative {
            check.error("depth", "needs `scheduler: conservative`".to_owned());
        }
        if self.sharing.is_some() && self.placement.is_some() {
            check.error("placement", "shared nodes are chosen by `sharing`".to_owned());
        }
        if self.depth == Some(0) {
            check.error("depth", "is one job or more".to_owned());
        }
        let spec = self.priority.clone().unwrap_or_default();
        let (age, size, class, fair_share, max_age, half_life) =
            check.within("priority", |check| {
                let mut weight = |field, value: Option<f64>| {
                    check.between(field, value, 0.0, (0.0, MOST_WEIGHT), "")
                };
                let (age, size) = (weight("age", spec.age), weight("size", spec.size));
                let class = weight("class", spec.class);
                let fair_share = weight("fair_share", spec.fair_share);
                let mut span = |field, value: Option<Duration>| {
                    check.lasting(field, value).map_or(Span::from_hours(7 * 24), Span::from)
                };
                let max_age = span("max_age", spec.max_age);
                (age, size, class, fair_share, max_age, span("half_life", spec.half_life))
            });
        let mut shares = Vec::new();
        for (index, account) in self.accounts.iter().flatten().enumerate() {
            shares.push(check.within(&format!("accounts[{index}]"), |check| {
                check.between("shares", account.shares, 1.0, (1e-6, 1e12), "")
            }));
        }
        let top = tiers.len().saturating_sub(1).max(1) as f64;
        let factor = |(rank, tier): (usize, &TierSpec)| {
            tier.factor.map_or(rank as f64 / top, |factor| factor.0)
        };
        let favours = match spec.favour_small {
            Some(true) => FavouredSize::Small,
            Some(false) | None => FavouredSize::Large,
        };
        Rules {
            policy,
            priority: Priority {
                age,
                size,
                class,
                fair_share,
                max_age,
                half_life,
                favours,
                machine: nodes * per_node,
                tiers: tiers.iter().enumerate().map(factor).collect(),
                shares,
                backfill: spec.backfill.unwrap_or(true),
            },
            preemption: self.preemption.map(|spec| Preemption {
                min_runtime: spec.min_runtime.map_or(Span::from_hours(2), Span::from),
                grace: spec.grace.map_or(Span::ZERO, Span::from),
            }),
            drain_at: self.drain_at.map_or(usize::MAX, |nodes| nodes as usize * per_node),
            depth: self.depth.map_or(DEPTH, |jobs| jobs.max(1) as usize),
        }
    }
}

impl QueueSpec {
    /// What becomes of jobs that have to make room.
    pub(super) fn preempted(&self) -> Vacate {
        self.preemption.and_then(|spec| spec.mode).unwrap_or(Vacate::Requeue)
    }

    /// The most of `nodes` nodes that jobs may hold so that all draw no more than the limit.
    pub(super) fn most_busy(
        &self,
        rack: &GpuRackDesign,
        power: &PowerDesign,
        nodes: usize,
        faults: &mut Vec<Fault>,
    ) -> usize {
        let Some(Power(limit_w)) = self.power_limit else { return nodes };
        let gpus = rack.gpus_per_node as f64;
        let idle_w = rack.node_overhead_w + gpus * rack.gpu_idle_w;
        let busy_w = rack.node_overhead_w + gpus * power.run.full_w();
        let most = (limit_w - nodes as f64 * idle_w) / (busy_w - idle_w);
        if most < 1.0 {
            let message = "does not let a single node work";
            let idle_kw = nodes as f64 * idle_w / 1000.0;
            faults.push(Fault::error("power_limit", message).help(format!(
                "{nodes} nodes without a job draw {idle_kw:.1} kW, one with a job {:.1} kW more",
                (busy_w - idle_w) / 1000.0
            )));
        }
        (most.max(0.0) as usize).min(nodes)
    }
}

/// Reservations of conservative backfilling.
const DEPTH: usize = 500;

/// The largest weight: the sum of all factors is then exact to a ten-thousandth.
const MOST_WEIGHT: f64 = 1e9;
