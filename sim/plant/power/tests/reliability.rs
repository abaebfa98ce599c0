//! Published and closed-form reliability figures, by simulation of [`Failures`] and, where the
//! structure matters, of the whole [`Network`].
//!
//! Each estimate states its standard error and must lie within 3.5 of them (seeds are fixed, so
//! a test passes always or never). A run is at most a century, for a [`Time`] ends after 146
//! years; longer histories are many replications.

use crate::kernel::{FailureLaw, RepairLaw, Span, Streams, Time};
use crate::plant::power::sequence::{MachineDesign, Ride};
use crate::plant::power::*;

const HOUR_S: f64 = 3600.0;
const YEAR_H: f64 = 8760.0;
const CENTURY: Span = Span::from_hours(876_000);

/// A component given by failures a year and mean hours to repair, both exponential.
fn unit(name: &str, per_year: f64, repair_h: f64, fed_by: &[u32]) -> NodeDesign {
    NodeDesign {
        name: name.to_owned(),
        component: ComponentDesign {
            kind: if fed_by.is_empty() { ComponentKind::Feed } else { ComponentKind::Switchgear },
            rating_w: f64::INFINITY,
            loss: LossCurve::NONE,
            reverse_w: f64::INFINITY,
            failures: FailureLaw::exponential(per_year / (YEAR_H * HOUR_S), repair_h * HOUR_S),
            machine: MachineDesign::None,
        },
        fed_by: fed_by.iter().map(|&n| PowerNode(n)).collect(),
        blocks: Vec::new(),
    }
}

/// What a load saw in all replications.
#[derive(Default)]
struct Seen {
    down_h: f64,
    outages: u32,
    hours: f64,
}

impl Seen {
    fn unavailability(&self) -> f64 {
        self.down_h / self.hours
    }

    fn outages_per_year(&self) -> f64 {
        f64::from(self.outages) / self.hours * YEAR_H
    }

    fn mean_outage_h(&self) -> f64 {
        self.down_h / f64::from(self.outages)
    }

    /// Relative standard error of the count (Poisson), and of the down time: a sum of that
    /// many outages whose length has a deviation about equal to its mean.
    fn count_error(&self) -> f64 {
        1.0 / f64::from(self.outages).sqrt()
    }

    fn down_error(&self) -> f64 {
        std::f64::consts::SQRT_2 * self.count_error()
    }

    fn check(&self, what: &str, unavailability: f64, per_year: f64) {
        let close = |ours: f64, target: f64, error: f64| {
            let off = (ours / target - 1.0) / error;
            assert!(off.abs() < 3.5, "{what}: {ours:e} against {target:e} is {off:.1} errors off");
        };
        close(self.unavailability(), unavailability, self.down_error());
        close(self.outages_per_year(), per_year, self.count_error());
    }
}

/// Runs `design` for `replications` centuries and watches its only load.
fn watch(design: &PowerDesign, replications: u64) -> Seen {
    let mut seen = Seen::default();
    for replication in 0..replications {
        let mut failures =
            Failures::new(design, &Upkeep::default(), &Streams::new(29, replication));
        let mut network = Network::new(design);
        network.allocate();
        let end = Time::ZERO + CENTURY;
        let mut down_since = None;
        loop {
            let now = failures.next_at().min(end);
            for Turn { node, begins, .. } in failures.advance(now) {
                let up = !begins;
                network.set_up(node, up);
            }
            network.allocate();
            let live = network.energised(PowerLoad(0)) || now == end;
            match (live, down_since) {
                (false, None) => {
                    seen.outages += 1;
                    down_since = Some(now);
                }
                (true, Some(since)) => {
                    seen.down_h += (now - since).as_hours_f64();
                    down_since = None;
                }
                _ => {}
            }
            if now == end {
                break;
            }
        }
        seen.hours += CENTURY.as_hours_f64();
    }
    seen
}

fn on(nodes: Vec<NodeDesign>, cords: &[u32]) -> PowerDesign {
    let cords = cords.iter().map(|&n| PowerNode(n)).collect();
    let load = LoadDesign { name: "load".into(), cords, sharing: Sharing::Even, ride: Ride::RACK };
    PowerDesign { nodes, loads: vec![load] }
}

/// The rows of the "Gold Book standard network" as reference section 4 gives them (IEEE
/// 493-2007 chapter 10, defaults consistent with it): failures a year, hours to repair, printed
/// inherent availability.
const GOLD_BOOK: [(&str, f64, f64, f64); 13] = [
    ("utility, single circuit", 1.956, 1.32, 0.999705),
    ("diesel genset, packaged, standby", 0.1235, 18.28, 0.999_742_31),
    ("transformer, liquid, up to 3 MVA", 0.00111, 5.0, 0.999_999_37),
    ("breaker 600 V drawout NC above 600 A", 0.00185, 0.5, 0.999_999_89),
    ("breaker 600 V drawout NO above 600 A", 0.00553, 2.0, 0.999_998_74),
    ("breaker NC below 600 A", 0.00021, 6.0, 0.999_999_86),
    ("switchgear bare bus 600 V", 0.00949, 7.29, 0.999_992_1),
    ("switchgear insulated bus", 0.00170, 2.4, 0.999_999_53),
    ("cable aerial up to 15 kV, a mile", 0.04717, 1.82, 0.999_990_22),
    ("cable in conduit up to 600 V, 1000 ft", 0.00201, 11.22, 0.999_997_43),
    ("manual disconnect", 0.00174, 1.0, 0.999_999_8),
    ("fuse 15 kV", 0.10154, 4.0, 0.999_953_63),
    ("bus duct, a foot", 0.000125, 12.9, 0.999_999_82),
];

/// T7: the alternating renewal of every row has the availability that is printed beside it.
/// 20,000 failures a row: 1.0 % standard error on the unavailability.
#[test]
fn inherent_availabilities_of_thirteen_components() {
    for (name, per_year, repair_h, printed) in GOLD_BOOK {
        // Many alike units for a century each, as many as bring 20,000 failures.
        let units = (200.0 / per_year).ceil() as usize;
        let nodes = (0..units).map(|i| unit(&format!("{name} {i}"), per_year, repair_h, &[]));
        let design = PowerDesign { nodes: nodes.collect(), loads: vec![] };
        let mut failures = Failures::new(&design, &Upkeep::default(), &Streams::new(7, 0));
        let end = Time::ZERO + CENTURY;
        let mut since = vec![None; units];
        let (mut down_h, mut count) = (0.0, 0.0);
        while failures.next_at() <= end {
            let now = failures.next_at();
            for Turn { node, begins, .. } in failures.advance(now) {
                let up = !begins;
                match since[node.0 as usize].take() {
                    Some(then) if up => down_h += (now - then as Time).as_hours_f64(),
                    _ => {
                        count += 1.0;
                        since[node.0 as usize] = Some(now);
                    }
                }
            }
        }
        down_h += since.iter().flatten().map(|&then| (end - then).as_hours_f64()).sum::<f64>();
        let unavailability = down_h / (units as f64 * CENTURY.as_hours_f64());
        let error = (2.0f64 / count).sqrt() * unavailability;
        // The printed figure ends at its last digit.
        let digits = if printed == 0.999705 { 6 } else { 8 };
        let last_digit = 0.5 * 10f64.powi(-digits);
        let off = (unavailability - (1.0 - printed)).abs();
        assert!(off < 3.5 * error + last_digit, "{name}: {unavailability:e}, printed {printed}");
        assert!((count - 20_000.0).abs() < 600.0, "{name}: {count} failures");
    }
}

/// T8: one of two identical utilities suffices.
#[test]
fn one_of_two_utilities() {
    let nodes = vec![unit("west", 1.956, 1.32, &[]), unit("east", 1.956, 1.32, &[])];
    let seen = watch(&on(nodes, &[0, 1]), 3_000);
    seen.check("1 of 2 utilities", 1.0 - 0.999_999_913, 0.001_152_3);
    let off = (seen.mean_outage_h() / 0.66 - 1.0) / seen.count_error();
    assert!(off.abs() < 3.5, "mean outage {} h is {off:.1} errors off", seen.mean_outage_h());
}

/// The chain of T29 behind node `utility`, its names ending in `side`: a mile of aerial line, a
/// fuse, a transformer, a breaker, a bus, 1000 ft of cable, a breaker.
fn chain(nodes: &mut Vec<NodeDesign>, utility: u32, side: &str) -> u32 {
    let mut feeder = utility;
    for row in [8, 11, 2, 3, 6, 9, 5] {
        let (name, per_year, repair_h, _) = GOLD_BOOK[row];
        nodes.push(unit(&format!("{name} {side}"), per_year, repair_h, &[feeder]));
        feeder = nodes.len() as u32 - 1;
    }
    feeder
}

/// T29: a radial chain, two chains behind one utility, two chains behind two.
#[test]
fn radial_and_redundant_chains() {
    let utility = |side| unit(side, 1.956, 1.32, &[]);
    let mut nodes = vec![utility("utility")];
    let end = chain(&mut nodes, 0, "a");
    watch(&on(nodes.clone(), &[end]), 500).check("chain", 1.0 - 0.999_637_850, 2.119_38);

    let other = chain(&mut nodes, 0, "b");
    // Two chains fail together so rarely that the utility is nearly all of it.
    watch(&on(nodes, &[end, other]), 500).check("two chains", 1.0 - 0.999_705_343, 1.956);

    let mut nodes = vec![utility("utility a"), utility("utility b")];
    let (a, b) = (chain(&mut nodes, 0, "a"), chain(&mut nodes, 1, "b"));
    watch(&on(nodes, &[a, b]), 2_000).check("2N", 1.0 - 0.999_999_868_847, 0.001_534_51);
}

/// T9 for the case that can be seen within seconds: two of two gensets, in series.
#[test]
fn two_of_two_gensets() {
    let nodes = vec![unit("first", 0.1235, 18.28, &[]), unit("second", 0.1235, 18.28, &[0])];
    let seen = watch(&on(nodes, &[1]), 1_000);
    seen.check("2 of 2", 1.0 - 0.999_484_77, 2.0 * 0.1235 * 0.999_484_77);
}

/// T30: the deviation, not only the mean, of a year's downtime behind one utility.
#[test]
fn deviation_of_the_annual_downtime() {
    const YEARS: u64 = 60_000;
    let design = PowerDesign { nodes: vec![unit("utility", 1.956, 1.32, &[])], loads: vec![] };
    let end = Time::ZERO + Span::from_hours(8760);
    let downtime_h: Vec<f64> = (0..YEARS)
        .map(|year| {
            let mut failures = Failures::new(&design, &Upkeep::default(), &Streams::new(30, year));
            let mut last = Time::ZERO;
            let mut down_h = 0.0;
            while failures.next_at() < end {
                let now = failures.next_at();
                let Turn { begins, .. } = failures.advance(now).next().expect("something is due");
                let up = !begins;
                if up {
                    down_h += (now - last).as_hours_f64();
                }
                last = now;
            }
            let still_down = failures.advance(Time::MAX).next().is_some_and(|turn| !turn.begins);
            if still_down { down_h + (end - last).as_hours_f64() } else { down_h }
        })
        .collect();
    let n = YEARS as f64;
    let mean = downtime_h.iter().sum::<f64>() / n;
    let moment = |k| downtime_h.iter().map(|x| (x - mean).powi(k)).sum::<f64>() / n;
    let deviation = moment(2).sqrt();
    let mean_error = deviation / n.sqrt();
    let deviation_error = deviation * ((moment(4) / moment(2).powi(2) - 1.0) / (4.0 * n)).sqrt();
    assert!((mean - 2.5812).abs() < 3.5 * mean_error, "{mean} h, error {mean_error} h");
    assert!(
        (deviation - 2.6096).abs() < 3.5 * deviation_error,
        "{deviation} h, error {deviation_error} h"
    );
}

/// A component's history is its own: others may come, go or change places.
#[test]
fn other_components_move_no_draws() {
    let history = |design: &PowerDesign, name: &str| -> Vec<(Time, bool)> {
        let mut failures = Failures::new(design, &Upkeep::default(), &Streams::new(1, 2));
        let mut seen = Vec::new();
        while failures.next_at() <= Time::ZERO + CENTURY {
            let now = failures.next_at();
            for Turn { node, begins, .. } in failures.advance(now) {
                let up = !begins;
                if design.nodes[node.0 as usize].name == name {
                    seen.push((now, up));
                }
            }
        }
        seen
    };
    let small = PowerDesign { nodes: vec![unit("u", 2.0, 10.0, &[])], loads: vec![] };
    let mut nodes: Vec<_> = (0..50).map(|i| unit(&format!("other-{i}"), 3.0, 5.0, &[])).collect();
    nodes.push(unit("u", 2.0, 10.0, &[]));
    let large = PowerDesign { nodes, loads: vec![] };
    let alone = history(&small, "u");
    assert!(alone.len() > 300, "{} changes", alone.len());
    assert_eq!(alone, history(&large, "u"));
}

/// Lognormal repairs have the mean that was asked for.
#[test]
fn lognormal_repairs_keep_their_mean() {
    let mut spare = unit("transformer", 1.0, 0.0, &[]);
    spare.component.failures.repair = RepairLaw::Lognormal { mean_s: 200.0 * HOUR_S, sigma: 0.5 };
    let seen = watch(&on(vec![spare], &[0]), 200);
    // Deviation over mean of a lognormal law: sqrt(exp(sigma²) - 1).
    let error = (0.25f64.exp() - 1.0).sqrt() * seen.count_error();
    let off = (seen.mean_outage_h() / 200.0 - 1.0) / error;
    assert!(off.abs() < 3.5, "mean repair {} h", seen.mean_outage_h());
}
