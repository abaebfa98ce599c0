//! Bus 2 of the Roy Billinton test system: four feeders of overhead line with sections that are
//! switched, laterals behind fuses, and transformers.
//!
//! A fault on a main section opens the feeder. With disconnects every load point is back after
//! switching but that at the section, which waits for the repair; without an alternative supply those
//! beyond it wait too. A fault on a lateral takes its load point, and without fuses the feeder.

use std::path::Path;
use std::time::Instant;

use loadbank::kernel::{FailureLaw, Span, Streams, Time};
use loadbank::reliability::{Chain, Told, Unit, YEAR_H, simulate_chain};

use super::Rows;
use crate::data::print;

/// Failures of a km of line per year, hours to repair it, hours to switch.
const LINE: (f64, f64, f64) = (0.065, 5.0, 1.0);
/// Failures of a transformer per year.
const TRANSFORMER: f64 = 0.015;

/// What a design of the bus has.
#[derive(Debug, Clone, Copy)]
struct Case {
    disconnects: bool,
    fuses: bool,
    alternative: bool,
    transformer_h: f64,
}

const CASE_A: Case =
    Case { disconnects: true, fuses: true, alternative: true, transformer_h: 200.0 };

#[derive(Debug, Clone, Default)]
struct LoadPoint {
    feeder: String,
    customers: f64,
    load_mw: f64,
    transformer: bool,
    /// Position of the main section that it is tapped from.
    position: usize,
}

/// What fails: how often, for how long, and how long each load point is without.
#[derive(Debug, Clone)]
struct Failure {
    name: String,
    per_year: f64,
    repair_h: f64,
    /// By load point: not struck, back after switching, back after the repair.
    strikes: Vec<Strike>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Strike {
    Not,
    Switched,
    Repaired,
}

/// The bus as read from its tables.
#[derive(Debug, Clone, Default)]
struct Bus {
    points: Vec<LoadPoint>,
    /// Feeder, length in km, position of a main section or load point of a lateral.
    mains: Vec<(String, f64, usize)>,
    laterals: Vec<(usize, f64)>,
}

impl Bus {
    fn read(folder: &Path) -> Result<Self, String> {
        let rows = |name: &str| -> Result<Vec<Vec<String>>, String> {
            let path = folder.join("power").join(name);
            let text = std::fs::read_to_string(&path)
                .map_err(|error| format!("{}: {error}", path.display()))?;
            let lines = text.lines().filter(|line| !line.starts_with('#')).skip(1);
            Ok(lines.map(|line| line.split(',').map(str::to_owned).collect()).collect())
        };
        let number = |text: &String| text.parse::<f64>().map_err(|_| format!("`{text}`?"));
        let mut bus = Self::default();
        for row in rows("rbts_bus2_load_points.csv")? {
            bus.points.push(LoadPoint {
                feeder: row[1].clone(),
                customers: number(&row[2])?,
                load_mw: number(&row[3])?,
                transformer: row[4] == "1",
                position: 0,
            });
        }
        for row in rows("rbts_bus2_sections.csv")? {
            let length = number(&row[6])?;
            if row[2] == "main" {
                bus.mains.push((row[1].clone(), length, number(&row[3])? as usize));
            } else {
                let point = number(&row[4])? as usize - 1;
                bus.points[point].position = number(&row[5])? as usize;
                bus.laterals.push((point, length));
            }
        }
        Ok(bus)
    }

    /// All that fails in a design.
    fn failures(&self, case: Case) -> Vec<Failure> {
        let (per_km, repair_h, _) = LINE;
        let line = |name: String, km: f64, strikes: Vec<Strike>| Failure {
            name,
            per_year: per_km * km,
            repair_h,
            strikes,
        };
        let mut all = Vec::new();
        for (feeder, km, position) in &self.mains {
            let strike = |point: &LoadPoint| {
                if point.feeder != *feeder {
                    return Strike::Not;
                }
                let waits = !case.disconnects
                    || point.position == *position
                    || !case.alternative && point.position > *position;
                if waits { Strike::Repaired } else { Strike::Switched }
            };
            let strikes = self.points.iter().map(strike).collect();
            all.push(line(format!("{feeder} main {position}"), *km, strikes));
        }
        for &(own, km) in &self.laterals {
            let strike = |(index, point): (usize, &LoadPoint)| {
                if index == own {
                    Strike::Repaired
                } else if case.fuses || point.feeder != self.points[own].feeder {
                    Strike::Not
                } else if case.disconnects && point.position != self.points[own].position {
                    Strike::Switched
                } else {
                    // Without its fuse a lateral is a part of its section.
                    Strike::Repaired
                }
            };
            let strikes = self.points.iter().enumerate().map(strike).collect();
            all.push(line(format!("lateral {own}"), km, strikes));
        }
        for (own, _) in self.points.iter().enumerate().filter(|(_, point)| point.transformer) {
            let mut strikes = vec![Strike::Not; self.points.len()];
            strikes[own] = Strike::Repaired;
            let (per_year, repair_h) = (TRANSFORMER, case.transformer_h);
            all.push(Failure { name: format!("transformer {own}"), per_year, repair_h, strikes });
        }
        all
    }

    /// Interruptions and hours per year of each load point: each failure alone.
    fn points(&self, case: Case) -> Vec<(f64, f64)> {
        let mut found = vec![(0.0, 0.0); self.points.len()];
        for failure in self.failures(case) {
            for (point, strike) in found.iter_mut().zip(&failure.strikes) {
                let hours = match strike {
                    Strike::Not => continue,
                    Strike::Switched => LINE.2,
                    Strike::Repaired => failure.repair_h,
                };
                point.0 += failure.per_year;
                point.1 += failure.per_year * hours;
            }
        }
        found
    }

    /// SAIFI, SAIDI and energy not served, MWh per year.
    fn indices(&self, points: &[(f64, f64)]) -> (f64, f64, f64) {
        let customers: f64 = self.points.iter().map(|point| point.customers).sum();
        let mean = |of: fn(&(f64, f64)) -> f64| -> f64 {
            let of = self.points.iter().zip(points).map(|(own, found)| own.customers * of(found));
            of.sum::<f64>() / customers
        };
        let unserved = self.points.iter().zip(points).map(|(own, found)| own.load_mw * found.1);
        (mean(|found| found.0), mean(|found| found.1), unserved.sum())
    }
}

/// The bus over time: failures with switching behind them. A fault is switched off before its repair
/// begins, so that switching takes its hour however short the repair is.
///
/// Behind the load points stand two *controls*: shares of all customers and of all load that failures
/// strike, summed as if no two ever overlapped. Their means are known exactly.
#[derive(Debug, Clone)]
struct Switched {
    units: Vec<Unit>,
    failures: Vec<Failure>,
    /// By failure: what it strikes of each control until it is switched, and until it is repaired.
    struck: Vec<[(f64, f64); 2]>,
    down: Vec<Down>,
    now: Vec<f64>,
}

/// A failure that load points still feel.
#[derive(Debug, Clone, Copy)]
struct Down {
    unit: u32,
    switched_at: Option<Time>,
    is_repaired: bool,
}

impl Switched {
    fn new(bus: &Bus, case: Case) -> Self {
        let failures = bus.failures(case);
        let unit = |failure: &Failure| {
            let rate_per_s = failure.per_year / YEAR_H / 3600.0;
            Unit::of(&failure.name, FailureLaw::exponential(rate_per_s, failure.repair_h * 3600.0))
        };
        let units = failures.iter().map(unit).collect();
        let part = |failure: &Failure, of: fn(&LoadPoint) -> f64| {
            let all: f64 = bus.points.iter().map(of).sum();
            let points = || bus.points.iter().zip(&failure.strikes);
            let those = |strike| points().filter(move |it| *it.1 == strike).map(|it| of(it.0));
            (those(Strike::Switched).sum::<f64>() / all, those(Strike::Repaired).sum::<f64>() / all)
        };
        let struck = |failure: &Failure| {
            [part(failure, |point| point.customers), part(failure, |point| point.load_mw)]
        };
        let struck = failures.iter().map(struck).collect();
        let now = vec![0.0; bus.points.len() + 2];
        Self { units, failures, struck, down: Vec::new(), now }
    }

    /// The mean of a control, h per year: each failure comes by itself, while it is up.
    fn control_h(&self, control: usize) -> f64 {
        let of = |(failure, struck): (&Failure, &[(f64, f64); 2])| {
            let rate_per_h = failure.per_year / YEAR_H;
            let per_year = failure.per_year / (1.0 + rate_per_h * failure.repair_h);
            let (switched, repaired) = struck[control];
            per_year * (switched * LINE.2 + repaired * failure.repair_h)
        };
        self.failures.iter().zip(&self.struck).map(of).sum()
    }
}

impl Chain for Switched {
    fn units(&self) -> &[Unit] {
        &self.units
    }

    fn subjects(&self) -> usize {
        self.now.len()
    }

    fn begin(&mut self, _: &Streams) {
        self.down.clear();
        self.now.fill(0.0);
    }

    fn next_at(&self) -> Time {
        self.down.iter().filter_map(|down| down.switched_at).min().unwrap_or(Time::MAX)
    }

    fn advance(&mut self, now: Time, changed: &[(u32, bool)], _: &mut Told) {
        for &(unit, up) in changed {
            if up {
                let own = self.down.iter_mut().filter(|down| down.unit == unit);
                own.for_each(|down| down.is_repaired = true);
            } else {
                self.down.retain(|down| down.unit != unit);
                let switched_at = Some(now + Span::from_secs_f64(LINE.2 * 3600.0));
                self.down.push(Down { unit, switched_at, is_repaired: false });
            }
        }
        self.now.fill(0.0);
        let points = self.now.len() - 2;
        for down in &mut self.down {
            down.switched_at = down.switched_at.filter(|at| *at > now);
            let switching = f64::from(u8::from(down.switched_at.is_some()));
            let repairing = f64::from(u8::from(!down.is_repaired));
            let unit = down.unit as usize;
            for (lost, strike) in self.now.iter_mut().zip(&self.failures[unit].strikes) {
                let is_out = match strike {
                    Strike::Not => 0.0,
                    Strike::Switched => switching,
                    Strike::Repaired => repairing,
                };
                *lost = f64::max(*lost, is_out);
            }
            for (sum, (switched, repaired)) in self.now[points..].iter_mut().zip(self.struck[unit])
            {
                *sum += switched * switching + repaired * repairing;
            }
        }
        self.down.retain(|down| down.switched_at.is_some() || !down.is_repaired);
    }

    fn unserved(&self) -> &[f64] {
        &self.now
    }
}

/// T1 to T6, and the same by simulation.
pub(super) fn bus_two(folder: &Path, rows: &mut Rows) -> Result<(), String> {
    let bus = Bus::read(folder)?;
    let points = bus.points(CASE_A);
    let (saifi, saidi, ens) = bus.indices(&points);
    let customers: f64 = bus.points.iter().map(|point| point.customers).sum();
    rows.exact("T1", "RBTS bus 2, SAIFI", 0.24821, saifi, 3e-5);
    rows.exact("T1", "RBTS bus 2, SAIDI, h", 3.61116, saidi, 3e-6);
    rows.exact("T1", "RBTS bus 2, CAIDI, h", 14.5487, saidi / saifi, 1e-5);
    rows.exact("T2", "RBTS bus 2, energy not served, MWh per year", 37.7387, ens, 3e-6);
    rows.exact(
        "T2",
        "RBTS bus 2, kWh not served per customer",
        19.779,
        ens / customers * 1e3,
        3e-5,
    );
    rows.exact("T2", "RBTS bus 2, ASAI", 0.999588, 1.0 - saidi / YEAR_H, 1e-6);
    for (feeder, expected) in [("F1", 13.172), ("F2", 1.122), ("F3", 11.196), ("F4", 12.248)] {
        let own = bus.points.iter().zip(&points).filter(|(point, _)| point.feeder == feeder);
        let ens: f64 = own.map(|(point, found)| point.load_mw * found.1).sum();
        rows.exact("T3", &format!("RBTS bus 2, {feeder}: MWh not served"), expected, ens, 1e-3);
    }
    for (point, expected) in
        [(1, (0.2393, 3.5753)), (2, (0.2523, 3.6402)), (8, (0.1398, 0.5428)), (9, (0.1398, 0.5038))]
    {
        let (found, what) = (points[point - 1], format!("RBTS bus 2, load point {point}"));
        rows.exact("T4", &format!("{what}: failures per year"), expected.0, found.0, 4e-4);
        rows.exact("T4", &format!("{what}: hours per year"), expected.1, found.1, 1e-4);
    }
    let no_alternative = Case { alternative: false, ..CASE_A };
    let fuses_only = Case { disconnects: false, ..no_alternative };
    let none = Case { fuses: false, ..fuses_only };
    let replaced = Case { transformer_h: 10.0, ..CASE_A };
    for (name, case, expected) in [
        ("no alternative supply", no_alternative, 3.70919),
        ("nor disconnects", fuses_only, 4.16299),
        ("nor fuses", none, 5.50901),
        ("transformers replaced in 10 h", replaced, 0.76414),
    ] {
        let (_, saidi, _) = bus.indices(&bus.points(case));
        rows.exact("T5", &format!("RBTS bus 2, {name}: SAIDI, h"), expected, saidi, 1e-5);
    }
    let no_fuses = Case { fuses: false, ..CASE_A };
    let (saifi, saidi, ens) = bus.indices(&bus.points(no_fuses));
    rows.exact("T6", "RBTS bus 2 without fuses: SAIFI", 0.51742, saifi, 3e-5);
    rows.exact("T6", "RBTS bus 2 without fuses: SAIDI, h", 4.03828, saidi, 3e-6);
    rows.exact("T6", "RBTS bus 2 without fuses: energy not served", 42.1278, ens, 3e-6);
    let began = Instant::now();
    let chain = Switched::new(&bus, CASE_A);
    let mut seen = simulate_chain(&chain, 200_000, 1);
    let seconds = began.elapsed().as_secs_f64();
    print(&format!("      RBTS bus 2: 200,000 years in {seconds:.1} s"));
    let controls = seen.split_off(bus.points.len());
    let found: Vec<(f64, f64)> = seen
        .iter()
        .map(|of| (of.losses_per_year.0, of.hours_per_year.map_or(0.0, |(hours, _)| hours)))
        .collect();
    let (saifi, saidi, ens) = bus.indices(&found);
    let load_mw: f64 = bus.points.iter().map(|point| point.load_mw).sum();
    rows.exact("T1", "RBTS bus 2, simulated: SAIFI", 0.24821, saifi, 0.005);
    // Repairs of 200 h on average, exponential: 200,000 years alone leave a standard error of 0.7 %.
    for (id, what, expected, ours, (control, scale)) in [
        ("T1", "SAIDI, h", 3.61116, saidi, (0, 1.0)),
        ("T2", "energy not served", 37.7387, ens, (1, load_mw)),
    ] {
        let (share, interval) = controls[control].unserved.ok_or("no failure")?;
        let error = interval.half_width() / 1.96 / share;
        let name = format!("RBTS bus 2, simulated: {what}");
        rows.simulated(id, &name, expected, (ours, error), 0.01);
        // What the failures of these years were above or below their mean is known, and taken off: a
        // control variate, whose coefficient of one leaves the estimate unbiased.
        let excess = share * YEAR_H - chain.control_h(control);
        let name = format!("RBTS bus 2, simulated with a control: {what}");
        rows.exact(id, &name, expected, ours - scale * excess, 0.005);
    }
    Ok(())
}
