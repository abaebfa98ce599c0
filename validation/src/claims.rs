//! What people say of mining and AI for the same power, against the scenarios of the gallery.
//!
//! A claim is a range. It is met where the figure of the scenario lies within it, and refuted with the
//! reason else: these are statements about a market at some time, not results of a model.

use std::path::{Path, PathBuf};

use loadbank::facility::{Outcome, SubjectKind};
use loadbank::workload::mining::income::breakeven_usd_mwh;

use crate::cooling::year;
use crate::data::print;

/// What is claimed of one figure.
struct Claim {
    what: &'static str,
    least: f64,
    most: f64,
    ours: f64,
    /// Why it is refuted, where that is known.
    reason: Option<&'static str>,
}

/// Why mining earns less than was said of it.
const HASH_OF_2026: &str = "a hash earned half as much in June 2026 as in 2025";

/// What the feed of the 100 MW sites may carry, MW.
const CONNECTION_MW: f64 = 92.0;
/// GPUs of a hall, $/MW of critical power: 5.8 G$ for 200 MW (IREN and Dell, November 2025).
const GPUS_USD_MW: f64 = 29e6;

/// Runs the sites and prints the claims; fails where one is refuted.
pub(crate) fn run() -> Result<(), String> {
    let fortnight = |name| outcome(name, 14);
    let [mining, hybrid] = ["mining-100mw", "hybrid-100mw"].map(fortnight);
    let (mining, hybrid, retrofit) = (mining?, hybrid?, outcome("ai-retrofit-100mw", 1)?);
    let capital_mw = |outcome: &Outcome| {
        let rated_mw = outcome.of(SubjectKind::Hall).map(|hall| hall.real("rated_mw")).sum::<f64>();
        outcome.real("money.capital_usd") / rated_mw
    };
    let per_mwh = |outcome: &Outcome, work: &str| {
        let of = |figure: &str| outcome.real(&format!("workloads.{work}.{figure}"));
        of("revenue_usd") / of("energy_mwh")
    };
    let (mine, train, chat) =
        (per_mwh(&mining, "mine"), per_mwh(&hybrid, "train"), per_mwh(&hybrid, "chat"));
    let revenue = mining.real("money.revenue_usd");
    let margin = (revenue - mining.real("money.energy_cost_usd")) / revenue;
    let claims = [
        Claim {
            what: "mining earns, $/MWh",
            least: 80.0,
            most: 150.0,
            ours: mine,
            reason: Some(HASH_OF_2026),
        },
        Claim {
            what: "training earns, $/MWh",
            least: 1600.0,
            most: 4000.0,
            ours: train,
            reason: None,
        },
        Claim {
            what: "inference earns, $/MWh",
            least: 1600.0,
            most: 4000.0,
            ours: chat,
            reason: Some(
                "a service that follows its users stands idle at night and is paid by the token",
            ),
        },
        Claim {
            what: "training earns so many times as much as mining",
            least: 3.0,
            most: 25.0,
            ours: train / mine,
            reason: Some(HASH_OF_2026),
        },
        Claim {
            what: "inference earns so many times as much as mining",
            least: 3.0,
            most: 25.0,
            ours: chat / mine,
            reason: None,
        },
        Claim {
            what: "energy that a machine of 17.5 J/TH can pay at 53 $/PH/day, $/MWh",
            least: 50.0,
            most: 70.0,
            ours: breakeven_usd_mwh(53.0, 17.5e-12),
            reason: Some(
                "energy alone, of a new machine; at 45 $/PH/day and with 16 $/TH over four years 72 $/MWh are left",
            ),
        },
        Claim {
            what: "energy that a machine of 17.5 J/TH can pay at 28.7 $/PH/day, $/MWh",
            least: 50.0,
            most: 70.0,
            ours: breakeven_usd_mwh(28.7, 17.5e-12),
            reason: None,
        },
        Claim {
            what: "energy that a machine of 29.5 J/TH can pay at 45 $/PH/day, $/MWh",
            least: 50.0,
            most: 70.0,
            ours: breakeven_usd_mwh(45.0, 29.5e-12),
            reason: None,
        },
        Claim {
            what: "part of mining's revenue that energy leaves, %",
            least: 13.0,
            most: 83.0,
            ours: 100.0 * margin,
            reason: None,
        },
        Claim {
            what: "a mining site costs, with its machines, M$/MW",
            least: 1.0,
            most: 1.2,
            ours: capital_mw(&mining) * 1e-6,
            reason: Some(
                "new machines at 16 $/TH are 0.91 M$/MW of it, containers 0.65; used machines cost less",
            ),
        },
        Claim {
            what: "a hall for AI costs, with its GPUs, M$/MW",
            least: 0.0,
            most: 40.0,
            ours: (capital_mw(&retrofit) + GPUS_USD_MW) * 1e-6,
            reason: None,
        },
        Claim {
            what: "part of the connection that miners beside AI make use of, %",
            least: 90.0,
            most: 100.0,
            ours: 100.0 * hybrid.real("energy.mean_import_mw") / CONNECTION_MW,
            reason: None,
        },
    ];
    print(&format!("{:<68} {:>7} {:>7} {:>9}  verdict", "claim", "least", "most", "ours"));
    let mut refuted = 0;
    for Claim { what, least, most, ours, reason } in claims {
        let is_met = (least..=most).contains(&ours);
        let verdict = if is_met { "met" } else { "MISSED" };
        print(&format!("{what:<68}  {least:>7} {most:>7} {ours:>9.1}  {verdict}"));
        if !is_met {
            refuted += 1;
            reason.into_iter().for_each(|reason| print(&format!("    {reason}")));
        }
    }
    match refuted {
        0 => Ok(()),
        refuted => Err(format!("{refuted} claims refuted")),
    }
}

/// The first days of a site of the gallery, with its contracts.
fn outcome(name: &str, days: u32) -> Result<Outcome, String> {
    let gallery: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/contracts");
    let file = gallery.join(format!("{name}.yaml"));
    let loaded = year::load_file(&file, &[format!("duration={days} days")])?;
    Ok(year::run(&loaded)?.outcome)
}
