//! Halls of a random site: racks, and what is done on them.

use super::cooling::Plant;
use super::fields::{Fields, number};
use super::power::Chain;
use super::{Draw, Period};

/// A hall.
#[derive(Debug)]
pub(crate) struct Hall {
    pub(crate) name: String,
    pub(crate) kind: HallKind,
    /// What it draws at most, kW.
    pub(crate) need_kw: f64,
    /// Racks of it, with all but their cords and their cooling.
    racks: Fields,
    /// None for plain heat.
    workload: Option<Fields>,
}

/// What stands in a hall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HallKind {
    Heat,
    /// Heat that is no electricity of the site.
    Foreign,
    Miners,
    Gpus,
}

/// One to three halls.
pub(crate) fn halls(draw: &mut Draw, period: &Period) -> Vec<Hall> {
    let count = draw.pick(&[1, 1, 2, 2, 3]);
    (0..count)
        .map(|n| {
            let name = format!("hall-{n}");
            match draw.whole(0, 9) {
                0..=2 => heat(draw, name),
                3..=5 => miners(draw, name),
                6..=8 => training(draw, name, period),
                _ => inference(draw, name),
            }
        })
        .collect()
}

fn heat(draw: &mut Draw, name: String) -> Hall {
    let need_kw = draw.log(20.0, 5000.0);
    let mut racks = Fields::default();
    racks.set("kind", "heat-load");
    let count = draw.whole(1, 4);
    racks.set("count", count);
    racks.set("power", format!("{} kW", number(need_kw)));
    let kind = if draw.chance(0.15) { HallKind::Foreign } else { HallKind::Heat };
    if kind == HallKind::Foreign {
        racks.set("electric", "false");
    }
    if draw.chance(0.4) {
        let shares = (0..24).map(|_| match draw.chance(0.15) {
            true => "0".to_owned(),
            false => number(draw.between(0.05, 1.0)),
        });
        racks.set("daily_profile", format!("[{}]", shares.collect::<Vec<_>>().join(", ")));
    }
    if draw.chance(0.7) {
        let trip_c = draw.between(36.0, 70.0);
        racks.set("trip_inlet", format!("{} degC", number(trip_c)));
        if draw.chance(0.5) {
            let throttle_c = trip_c - draw.between(1.0, 12.0);
            racks.set("throttle_inlet", format!("{} degC", number(throttle_c)));
        }
    }
    Hall { name, kind, need_kw: need_kw * count as f64, racks, workload: None }
}

fn miners(draw: &mut Draw, name: String) -> Hall {
    let (count, machines) = (draw.whole(1, 4), draw.whole(5, 400));
    let watts = draw.between(2500.0, 5700.0);
    let mut racks = Fields::default();
    racks.set("kind", "asic");
    racks.set("count", count);
    racks.set("machines", machines);
    racks.set("hash_rate", format!("{} TH/s", number(draw.between(90.0, 400.0))));
    racks.set("power", format!("{} W", number(watts)));
    let mut work = Fields::default();
    work.set("kind", "mining");
    work.set("income.hash_price", format!("{} $/PH/day", number(draw.log(5.0, 200.0))));
    match draw.whole(0, 3) {
        0 => work.set("policy.kind", "always"),
        1 => {
            work.set("policy.kind", "breakeven");
            let sleep = draw.between(10.0, 150.0);
            work.set("policy.sleep_above", format!("{} $/MWh", number(sleep)));
            work.set("policy.min_off", format!("{} s", draw.log(1.0, 7200.0).ceil()));
        }
        _ => {}
    }
    if draw.chance(0.3) {
        work.set("restart.boot_time", format!("{} s", number(draw.log(1.0, 2000.0))));
        work.set("restart.ramp", format!("{} /s", number(draw.log(1e-3, 1.0))));
        work.set("restart.failure", format!("{} %", number(draw.log(0.01, 50.0))));
    }
    if draw.chance(0.3) {
        work.set("failures.rate", format!("{} /year", number(draw.log(0.01, 100.0))));
    }
    let need_kw = count as f64 * machines as f64 * watts / 1000.0;
    Hall { name, kind: HallKind::Miners, need_kw, racks, workload: Some(work) }
}

/// GPU racks of the catalogue, with what one draws and its nodes.
fn gpu_racks(draw: &mut Draw) -> (Fields, f64, u64) {
    let (kind, rack_kw, nodes) = draw.pick(&[("dgx-h100", 41.0, 4), ("gb200-nvl72", 120.0, 18)]);
    let count = draw.whole(1, 8);
    let mut racks = Fields::default();
    racks.set("kind", kind);
    racks.set("count", count);
    if draw.chance(0.3) {
        racks.set("power_on", format!("{} s", draw.log(1.0, 3600.0).ceil()));
    }
    (racks, rack_kw * count as f64, nodes * count)
}

fn training(draw: &mut Draw, name: String, period: &Period) -> Hall {
    let (racks, need_kw, nodes) = gpu_racks(draw);
    let mut work = Fields::default();
    work.set("kind", "training");
    work.set("price", "2 $/h");
    if draw.chance(0.5) {
        work.set("jobs.kind", "resident");
    } else {
        work.set("jobs.kind", "stream");
        work.set("jobs.arrivals", format!("{} /day", number(draw.log(1.0, 500.0))));
        let classes = (0..draw.whole(1, 3)).map(|_| {
            let mut class = Fields::default();
            class.set("nodes", draw.whole(1, nodes.max(2) / 2));
            class.set("weight", draw.whole(1, 10));
            class.set("duration.kind", "lognormal");
            class.set("duration.median", format!("{} s", number(draw.log(30.0, 40_000.0))));
            class.set("duration.sigma", number(draw.between(0.1, 1.5)));
            class.flow()
        });
        let classes: Vec<_> = classes.collect();
        work.set("jobs.classes", format!("[{}]", classes.join(", ")));
        let schedulers = ["fcfs", "easy", "conservative", "shortest_first"];
        work.set("scheduler", draw.pick(&schedulers));
    }
    if draw.chance(0.5) {
        work.set("failures.rate", format!("{} /day", number(draw.log(1e-3, 1.0))));
    }
    if draw.chance(0.5) {
        work.set("checkpoint.write", format!("{} s", number(draw.log(1.0, 300.0))));
    }
    if draw.chance(0.3) {
        work.set("recovery", "requeue");
    }
    if draw.chance(0.3) {
        work.set("restart_ramp", format!("{} kW/min", number(draw.log(1.0, 1000.0))));
    }
    if draw.chance(0.3) {
        let hours = period.hours;
        work.set("curtailment.when.kind", "scheduled");
        let first = (1800.0 + 3600.0 * hours * draw.between(0.0, 0.8)).ceil();
        work.set("curtailment.when.first", format!("{first} s"));
        let lasts = (3600.0 * hours * draw.log(0.01, 0.2)).ceil();
        work.set("curtailment.when.duration", format!("{lasts} s"));
        work.set("curtailment.reduce", format!("{} %", number(draw.between(5.0, 100.0))));
        if draw.chance(0.5) {
            work.set("curtailment.notice", format!("{} s", draw.log(1.0, 1800.0).ceil()));
        }
    }
    Hall { name, kind: HallKind::Gpus, need_kw, racks, workload: Some(work) }
}

fn inference(draw: &mut Draw, name: String) -> Hall {
    let count = draw.whole(1, 2);
    let mut racks = Fields::default();
    racks.set("kind", "dgx-h100");
    racks.set("count", count);
    // A rack holds eight replicas of four GPUs.
    let cells = draw.pick(&[1, 2, 4]);
    let mut work = Fields::default();
    work.set("kind", "llama-3.1-70b-h100");
    work.set("cells", cells);
    work.set("replicas", (8 * count / cells).max(1));
    work.set("represent", 1);
    work.set("arrivals.rate_per_replica", format!("{} /s", number(draw.log(1e-3, 0.5))));
    let routings = ["round_robin", "least_requests", "least_tokens", "power_of_two"];
    work.set("routing", draw.pick(&routings));
    work.set("lost_requests", draw.pick(&["retry", "resume", "fail"]));
    if draw.chance(0.5) {
        work.set("slo.ttft", "500 ms");
        work.set("slo.tpot", "50 ms");
    }
    if draw.chance(0.3) {
        work.set("max_waiting", draw.whole(0, 20));
    }
    if draw.chance(0.4) {
        let share = number(draw.log(1.0, 50.0));
        work.set(draw.pick(&["requests.sample", "requests.precision"]), format!("{share} %"));
    }
    let need_kw = 41.0 * count as f64;
    Hall { name, kind: HallKind::Gpus, need_kw, racks, workload: Some(work) }
}

/// Smooths the draw of some of the racks that train.
pub(crate) fn smoothing(draw: &mut Draw, halls: &mut [Hall]) {
    for hall in halls {
        let trains = hall.workload.as_ref().is_some_and(|work| work.has("jobs"));
        if !trains || draw.chance(0.6) {
            continue;
        }
        let racks = &mut hall.racks;
        if draw.chance(0.7) {
            racks.set("smoothing.floor", format!("{} %", number(draw.between(1.0, 100.0))));
            racks.set("smoothing.ramp_down", format!("{} W/s", number(draw.log(10.0, 1e6))));
            if draw.chance(0.5) {
                racks.set("smoothing.hold", format!("{} s", number(draw.log(0.1, 600.0))));
            }
        }
        if draw.chance(0.5) {
            racks.set("smoothing.ramp_up", format!("{} W/s", number(draw.log(10.0, 1e6))));
        }
        if draw.chance(0.3) {
            racks.set("smoothing.buffer", format!("{} J", number(draw.log(1.0, 1000.0))));
        }
    }
}

/// The racks of `halls`, cooled by `plant` and fed by `chain`.
pub(crate) fn racks(halls: &[Hall], plant: &Plant, chain: &Chain) -> Vec<(String, Fields)> {
    let racks = halls.iter().enumerate().map(|(n, hall)| {
        let mut racks = hall.racks.clone();
        if hall.kind != HallKind::Foreign {
            racks.set("fed_by", &chain.cords[n]);
        }
        racks.set("cooled_by", &plant.coolers[n]);
        (hall.name.clone(), racks)
    });
    racks.collect()
}

/// The workloads of `halls`.
pub(crate) fn workloads(halls: &[Hall]) -> Vec<(String, Fields)> {
    let works = halls.iter().enumerate().filter_map(|(n, hall)| {
        let mut work = hall.workload.clone()?;
        work.set("racks", &hall.name);
        Some((format!("work-{n}"), work))
    });
    works.collect()
}
