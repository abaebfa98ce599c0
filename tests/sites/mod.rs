//! Random sites: any kind of plant under any kind of load, most of it too small.
//!
//! [`scenario`] writes the scenario of a seed, always the same one for a seed and a longest run. A site has one to three halls
//! of miners, GPUs or plain heat; a cooling plant of any kind, some of it shared; and a power
//! chain of which every part is rated at 1 to 150 % of what it would have to carry. Machines
//! fail, buses fail, water and import are limited, controls fail, prices move, grid programmes call,
//! batteries follow their uses, UPSs and generators stand in, events strike. Whatever comes of it, the run must end with its books closed; [`judge`] holds that against a run.
//!
//! The files of this folder serve the tests here and the package `validation`, which includes
//! them by path and runs thousands.

mod control;
mod cooling;
mod fields;
mod judge;
mod power;
mod reserve;
mod work;

use std::fmt::Write as _;

use loadbank::kernel::{Stream, Streams};

use fields::{Fields, number};
#[allow(unused_imports, reason = "the tests judge runs, `validation` summaries too")]
pub(crate) use judge::{Verdict, judge, unlikely_figures};

/// Chance as the writers of a site use it.
#[derive(Debug)]
pub(crate) struct Draw(Stream);

impl Draw {
    /// The draws of one seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(Streams::new(seed, 0).stream("random-site", ""))
    }

    /// Whether something happens that has probability `p`.
    pub(crate) fn chance(&mut self, p: f64) -> bool {
        self.0.chance(p)
    }

    /// A number from `low` to `high`, each order of magnitude as likely as another.
    pub(crate) fn log(&mut self, low: f64, high: f64) -> f64 {
        low * (high / low).powf(self.0.uniform())
    }

    /// A number from `low` to `high`.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        self.0.between(low, high)
    }

    /// A whole number from `low` to `high`, both included.
    pub(crate) fn whole(&mut self, low: u64, high: u64) -> u64 {
        low + self.0.below(high - low + 1)
    }

    /// One of `of`.
    pub(crate) fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.0.below(of.len() as u64) as usize]
    }
}

/// When a site runs.
#[derive(Debug)]
pub(crate) struct Period {
    start: &'static str,
    hours: f64,
}

/// First instants: winter, summer, the hours before clocks change, a leap day, a turn of the year.
const STARTS: [&str; 8] = [
    "2026-07-01T00:00:00Z",
    "2026-07-20T17:30:00Z",
    "2026-01-10T06:00:00Z",
    "2026-03-08T05:00:00Z",
    "2026-10-25T00:00:00Z",
    "2026-12-31T12:00:00Z",
    "2028-02-28T20:00:00Z",
    "2026-04-15T00:00:00+02:00",
];

impl Period {
    /// A list of times, each an entry with a start, a duration and what `more` adds, that do not
    /// overlap.
    pub(crate) fn times(
        &self,
        draw: &mut Draw,
        most: u64,
        mut more: impl FnMut(&mut Draw, &mut Fields),
    ) -> String {
        let start: jiff::Timestamp = self.start.parse().expect("a time stamp");
        let count = draw.whole(1, most);
        let slot = self.hours * 3600.0 / count as f64;
        let entries = (0..count).map(|n| {
            let from = (slot * (n as f64 + draw.between(0.0, 0.5))) as i64;
            let lasts = (slot * draw.log(0.002, 0.45)).max(1.0) as i64;
            let mut entry = Fields::default();
            entry.set("start", start + jiff::SignedDuration::from_secs(from));
            entry.set("duration", format!("{lasts} s"));
            more(draw, &mut entry);
            entry.flow()
        });
        format!("[{}]", entries.collect::<Vec<_>>().join(", "))
    }
}

/// The scenario of `seed`, which runs for half an hour to `most_hours`.
pub(crate) fn scenario(seed: u64, most_hours: f64) -> String {
    let draw = &mut Draw::new(seed);
    let period = Period { start: draw.pick(&STARTS), hours: draw.log(0.5, most_hours) };
    let mut head = Fields::default();
    head.set("name", format!("site-{seed}"));
    head.set("start", period.start);
    head.set("duration", format!("{} s", (period.hours * 3600.0).ceil()));
    head.set("seed", draw.whole(1, 1_000_000));
    head.set("site.altitude", format!("{} m", number(draw.between(0.0, 2500.0))));
    let zones = ["UTC", "America/Chicago", "Europe/Oslo", "Asia/Kolkata"];
    head.set("site.time_zone", draw.pick(&zones));
    let climates = ["west-texas", "phoenix", "northern-virginia", "nordic"];
    head.set("weather.climate", draw.pick(&climates));
    if draw.chance(0.2) {
        let waves = period.times(draw, 2, |draw, wave| {
            wave.set("warmer", format!("{} K", number(draw.between(-15.0, 15.0))));
        });
        head.set("weather.heat_waves", waves);
    }
    if draw.chance(0.5) {
        head.set("price.model", "ercot-hub");
        if draw.chance(0.5) {
            head.set("price.spikes", number(draw.log(0.5, 10.0)));
        }
    } else {
        head.set("price.fixed", format!("{} $/MWh", number(draw.between(-20.0, 250.0))));
    }
    if draw.chance(0.5) {
        head.set("carbon.fixed", format!("{} g/kWh", number(draw.between(0.0, 900.0))));
    }
    head.set("output.interval", draw.pick(&["5 min", "15 min", "1 h", "7 min", "1 day"]));
    if draw.chance(0.5) {
        head.set("control.restart_after_heat", format!("{} s", draw.log(1.0, 7200.0).ceil()));
    }
    if draw.chance(0.2) {
        water_limit(draw, &mut head, "water");
    }

    let mut halls = work::halls(draw, &period);
    let plant = cooling::plant(draw, &period, &halls);
    let mut chain = power::chain(draw, &halls, &plant);
    if draw.chance(0.25) {
        let most_kw = chain.need_kw;
        let calls = period.times(draw, 3, |draw, call| {
            let part = if draw.chance(0.2) { 0.0 } else { draw.between(0.0, 1.1) };
            call.set("import", format!("{} kW", number(part * most_kw)));
        });
        head.set("control.curtailments", calls);
    }

    // Drawn last: what stands above is the same site with and without them.
    let mut programmes = control::programmes(draw, &period, &halls);
    control::decisions(draw, &mut head, &chain);
    control::battery(draw, &head, &mut chain);
    reserve::reserve(draw, &mut chain);
    let events = reserve::events(draw, &period, &chain, &plant);
    work::smoothing(draw, &mut halls);
    control::frequency(draw, &period, &mut head, &mut programmes);

    let mut text = head.block();
    let mut section = |name: &str, parts: &[(String, Fields)]| {
        if !parts.is_empty() {
            writeln!(text, "{name}:").unwrap();
        }
        for (part, fields) in parts {
            writeln!(text, "  {part}: {}", fields.flow()).unwrap();
        }
    };
    section("power", &chain.parts);
    section("cooling", &plant.parts);
    section("racks", &work::racks(&halls, &plant, &chain));
    section("workloads", &work::workloads(&halls));
    section("programmes", &programmes);
    if !events.is_empty() {
        writeln!(text, "events:").unwrap();
    }
    for event in &events {
        writeln!(text, "  - {}", event.flow()).unwrap();
    }
    text
}

/// Limits of a main of water, below `path`.
pub(crate) fn water_limit(draw: &mut Draw, fields: &mut Fields, path: &str) {
    if draw.chance(0.5) {
        let litres = draw.log(1.0, 1e5);
        fields.set(&format!("{path}.daily_limit"), format!("{} L", number(litres)));
    }
    if draw.chance(0.5) {
        let flow = draw.log(1e-4, 10.0);
        fields.set(&format!("{path}.peak_flow"), format!("{} L/s", number(flow)));
    }
    if draw.chance(0.3) {
        fields.set(&format!("{path}.failures"), breakdowns(draw));
    }
}

/// How units fail and come back, far more often than real ones.
pub(crate) fn breakdowns(draw: &mut Draw) -> String {
    let mut law = Fields::default();
    law.set("rate", format!("{} /day", number(draw.log(0.05, 30.0))));
    law.set("repair_mean", format!("{} s", number(draw.log(30.0, 40_000.0))));
    if draw.chance(0.3) {
        law.set("repair_sigma", number(draw.between(0.1, 2.0)));
    }
    law.flow()
}
