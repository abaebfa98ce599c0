//! Racks of GPU servers: what training and inference stand on.
//!
//! A rack holds alike nodes (servers, or trays of an NVL72) of alike GPUs. Its power splits
//! into node overhead (processors, fans, network, switches), idle GPUs, GPUs that hold a
//! model without computing, and computing GPUs, whose draw and speed under a power cap come
//! from a measured [`CapCurve`].

use schemars::JsonSchema;
use serde::Deserialize;

use crate::kernel::Span;
use crate::plant::cooling::ChipSpec;
use crate::spec::{Check, Fault, Names};
use crate::units::{Duration, Fraction, Power, Temperature, VolumeFlow};
use crate::workload::{SmoothingDesign, SmoothingSpec};

/// A group of alike racks of GPU servers, as written under `racks:`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GpuRackSpec {
    /// How many such racks the group has. Default: 1.
    pub count: Option<u32>,
    /// What feeds the racks; not needed in a scenario without `power:`. Several are the cords of
    /// each rack, which share its load while they are live.
    pub fed_by: Option<Names>,
    /// How long the power supplies hold without voltage at full load, at most a second: 60 J hold 3 kW for
    /// 20 ms. Acts where the power chain has states, and is
    /// no longer at part load (assumption). Default: 20 ms (ITI curve, 2000).
    pub hold_up: Option<Duration>,
    /// The cooling that takes their heat; without it the racks see a constant cool inlet.
    pub cooled_by: Option<Names>,
    /// The air handlers that take the heat which the liquid of `cooled_by` does not; the racks
    /// then slow down above 35 degC of air and shut down at 45 degC (ASHRAE A2 and A4), whatever
    /// the limits of the liquid.
    pub air_cooled_by: Option<Names>,
    /// Share of the heat that the liquid takes where there is `air_cooled_by`. Default: that of
    /// `coolant`; without it 80 %, as EnergyPlus proposes for cold plates.
    pub liquid_capture: Option<Fraction>,
    /// What the maker rates the liquid of the racks for: a plant that does not keep to it is named
    /// by `check` and in the summary, and slows nothing down. Default: no rating.
    pub coolant: Option<CoolantRatingSpec>,
    /// Chips behind cold plates as what limits the racks, in place of `throttle_inlet` and
    /// `trip_inlet`. Default: the inlet limits them.
    pub chip: Option<ChipSpec>,
    /// Nodes in a rack: servers, or compute trays of an NVL72. 1 to 64.
    pub nodes: u32,
    /// GPUs in a node. 1 to 64.
    pub gpus_per_node: u32,
    /// Which GPUs they are, after which engines choose their defaults. Default: any.
    pub gpu: Option<GpuModel>,
    /// Thermal design power of one GPU: the draw that its firmware enforces uncapped.
    pub gpu_power: Power,
    /// Draw of a GPU without a job. Default: 10 % of `gpu_power` (H100: 72.5 W of 700 W,
    /// arXiv:2604.07345; for other GPUs an assumption).
    pub gpu_idle_power: Option<Power>,
    /// Draw of a GPU that holds a job in memory and does not compute. Default: 17 % of
    /// `gpu_power` (H100: 121.7 W of 700 W, arXiv:2605.23918; for other GPUs an assumption).
    pub gpu_resident_power: Option<Power>,
    /// Draw of a node besides its GPUs whenever it is on: processors, fans, network, and the
    /// node's part of the rack's switches and supply losses.
    pub node_overhead: Power,
    /// How the racks smooth what they draw; under training only. Default: not at all.
    pub smoothing: Option<SmoothingSpec>,
    /// Draw and speed of a computing GPU under a power cap, by rising cap; the last point is
    /// the uncapped GPU, at full speed; the first is the floor, below which it cannot be
    /// capped. Default: H100 SXM pretraining throughput (Mayr et al., arXiv:2603.16164,
    /// table 4) and draw (arXiv:2604.11391, figure 9b), scaled to `gpu_power`.
    pub cap_curve: Option<Vec<CapPointSpec>>,
    /// Inlet temperature (air or coolant) above which GPUs slow down. Default: 35 degC, the
    /// upper limit of the ASHRAE A2 allowable range. For cold plates: the chip's limit of
    /// 87 degC less its rise above the coolant, about 25 K, so 62 degC.
    pub throttle_inlet: Option<Temperature>,
    /// Inlet temperature at which the rack shuts down. Default: 45 degC, the upper limit of
    /// the ASHRAE A4 range (assumption). For cold plates: 95 degC less the same rise, 70 degC.
    pub trip_inlet: Option<Temperature>,
    /// Time from power to a node that takes work: firmware, operating system, health check.
    /// Default: 10 min (5 to 15 min are usual; assumption).
    pub power_on: Option<Duration>,
    /// Where the figures of a catalogue entry come from.
    pub source: Option<String>,
}

/// Coolant that a rack is rated for.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CoolantRatingSpec {
    /// The warmest supply at the rack. 0 to 150 degC. Default: not rated.
    pub supply: Option<Temperature>,
    /// Share of the rack's heat that the liquid takes; the rest goes to air. Default: not rated.
    pub share: Option<Fraction>,
    /// The least flow through a rack at full draw. Default: not rated.
    pub flow: Option<VolumeFlow>,
}

/// A GPU by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum GpuModel {
    /// NVIDIA A100 with 80 GB.
    A100,
    /// NVIDIA H100.
    H100,
    /// NVIDIA H200.
    H200,
    /// NVIDIA B200, also as GB200.
    B200,
    /// NVIDIA B300, also as GB300.
    B300,
    /// NVIDIA VR200 (Rubin).
    Vr200,
    /// AMD Instinct MI300X.
    Mi300x,
    /// AMD Instinct MI325X.
    Mi325x,
    /// AMD Instinct MI355X.
    Mi355x,
}

/// One point of the curve of a GPU under a power cap.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CapPointSpec {
    /// The configured cap of one GPU.
    pub cap: Power,
    /// What the GPU then draws while it computes; at most `cap`. Default: `cap`.
    pub draw: Option<Power>,
    /// Its throughput as a share of the uncapped one.
    pub speed: Fraction,
}

impl GpuRackSpec {
    /// A rack of `nodes` nodes of `gpus_per_node` GPUs each, everything else by default, with
    /// feeders that are still to be named.
    pub fn of(nodes: u32, gpus_per_node: u32, gpu_power: Power, node_overhead: Power) -> Self {
        Self {
            count: None,
            fed_by: Some(Names::default()),
            hold_up: None,
            cooled_by: None,
            air_cooled_by: None,
            liquid_capture: None,
            coolant: None,
            chip: None,
            nodes,
            gpus_per_node,
            gpu: None,
            gpu_power,
            gpu_idle_power: None,
            gpu_resident_power: None,
            node_overhead,
            smoothing: None,
            cap_curve: None,
            throttle_inlet: None,
            trip_inlet: None,
            power_on: None,
            source: None,
        }
    }

    /// Fills defaults and checks ranges.
    pub fn resolve(&self, faults: &mut Vec<Fault>) -> GpuRackDesign {
        let mut check = Check { faults };
        // After a report, that of an H100 stands in, so that what is wrong elsewhere is found too.
        let tdp = check.between("gpu_power", Some(self.gpu_power.0), 700.0, (1.0, 1e6), "W");
        check.count("count", self.count);
        let node_overhead_w =
            check.between("node_overhead", Some(self.node_overhead.0), 0.0, (0.0, 1e7), "W");
        let idle = self.gpu_idle_power.map_or(0.10 * tdp, |p| p.0);
        let resident = self.gpu_resident_power.map_or((0.17 * tdp).max(idle), |p| p.0);
        for (field, n) in [("nodes", self.nodes), ("gpus_per_node", self.gpus_per_node)] {
            check.whole(field, u64::from(n), (1, 64));
        }
        if self.liquid_capture.is_some() && self.air_cooled_by.is_none() {
            faults
                .push(Fault::error("liquid_capture", "nothing takes the rest of the heat").help(
                    "add `air_cooled_by`, or leave it out: all heat then goes to the liquid",
                ));
        }
        if self.liquid_capture.is_some_and(|share| !(0.01..0.999).contains(&share.0)) {
            faults.push(Fault::error("liquid_capture", "lies between 1 % and 99.9 %"));
        }
        let rated = self.coolant.map_or(CoolantRating::default(), |coolant| {
            Check { faults }.within("coolant", |check| coolant.resolve(check))
        });
        if rated.share.is_some_and(|share| share > 0.999)
            && self.liquid_capture.is_none()
            && self.air_cooled_by.is_some()
        {
            let fault =
                Fault::error("air_cooled_by", "these racks give all their heat to the liquid");
            faults.push(fault.help("leave it out, or say with `liquid_capture` what air takes"));
        }
        if self.chip.is_some() && (self.throttle_inlet.is_some() || self.trip_inlet.is_some()) {
            let message = "`chip` and limits of the inlet contradict each other";
            faults.push(Fault::error("chip", message).help("leave out one of the two"));
        }
        let curve = self.resolve_curve(tdp, faults);
        let (idle, resident) = if idle <= resident && resident <= curve.floor().draw_w {
            (idle, resident)
        } else {
            let written = [
                ("gpu_resident_power", self.gpu_resident_power.is_some()),
                ("gpu_idle_power", self.gpu_idle_power.is_some()),
                ("cap_curve", self.cap_curve.is_some()),
            ];
            let field = written.iter().find(|(_, is)| *is).map_or("gpu_power", |(field, _)| field);
            faults.push(
                Fault::error(
                    field,
                    "needs idle power <= resident power <= draw at the lowest cap",
                )
                .help(format!(
                    "idle is {idle:.0} W, resident {resident:.0} W, the lowest cap draws {:.0} W",
                    curve.floor().draw_w
                )),
            );
            (0.1 * curve.floor().draw_w, 0.5 * curve.floor().draw_w)
        };
        let (throttle_c, trip_c) =
            Check { faults }.inlet_limits_c((self.throttle_inlet, 35.0), (self.trip_inlet, 45.0));
        let smoothing = self.smoothing.map_or_else(SmoothingDesign::default, |smoothing| {
            Check { faults }.within("smoothing", |check| smoothing.resolve(check))
        });
        GpuRackDesign {
            nodes: self.nodes.clamp(1, 64) as usize,
            processor: Processor::Gpu,
            gpus_per_node: self.gpus_per_node.clamp(1, 64) as usize,
            gpu: self.gpu,
            gpu_tdp_w: tdp,
            gpu_idle_w: idle,
            gpu_resident_w: resident,
            node_overhead_w,
            curve,
            throttle_c,
            trip_c,
            rated,
            smoothing,
            power_on: self.power_on.map_or(Span::from_secs(600), Span::from),
        }
    }

    fn resolve_curve(&self, tdp_w: f64, faults: &mut Vec<Fault>) -> CapCurve {
        let Some(points) = &self.cap_curve else { return CapCurve::h100(tdp_w) };
        let points: Vec<CapPoint> = points
            .iter()
            .map(|p| CapPoint {
                cap_w: p.cap.0,
                draw_w: p.draw.unwrap_or(p.cap).0,
                speed: p.speed.0,
            })
            .collect();
        let rises = |w: &[CapPoint]| {
            w[0].cap_w < w[1].cap_w && w[0].draw_w < w[1].draw_w && w[0].speed < w[1].speed
        };
        let odd = |(at, p): (usize, &CapPoint)| {
            let field = match p {
                p if p.cap_w <= 0.0 => "cap",
                p if p.speed <= 0.0 => "speed",
                p if p.draw_w <= 0.0 || p.draw_w > p.cap_w => "draw",
                _ => return None,
            };
            Some(format!("cap_curve[{at}].{field}"))
        };
        let falls = points.windows(2).position(|w| !rises(w)).map(|at| at + 1);
        let is_uncapped =
            points.last().is_some_and(|last| last.speed == 1.0 && last.cap_w == tdp_w);
        let (field, message, help) = if let Some(field) = points.iter().enumerate().find_map(odd) {
            let help = "a point has a cap, a draw and a speed above zero";
            (field, "must be above zero, and a draw not above its cap", help)
        } else if let Some(at) = falls {
            let message = "needs more cap, draw and speed than the point before";
            (format!("cap_curve[{at}]"), message, "points come by rising cap")
        } else if points.len() < 2 {
            let help = "the last of them is the uncapped GPU";
            ("cap_curve".to_owned(), "needs two or more points", help)
        } else if !is_uncapped {
            let message = "the last point must be the uncapped GPU";
            let help = "its cap is `gpu_power` and its speed 1";
            (format!("cap_curve[{}]", points.len() - 1), message, help)
        } else {
            return CapCurve { points };
        };
        faults.push(Fault::error(field, message).help(help));
        CapCurve::h100(tdp_w)
    }
}

impl CoolantRatingSpec {
    fn resolve(self, check: &mut Check<'_>) -> CoolantRating {
        let supply_c =
            self.supply.map(|t| check.between("supply", Some(t.0), 45.0, (0.0, 150.0), "degC"));
        let share =
            self.share.map(|share| check.between("share", Some(share.0), 0.8, (0.01, 1.0), ""));
        let flow_m3_s =
            self.flow.map(|flow| check.between("flow", Some(flow.0), 1e-3, (1e-6, 1.0), "m3/s"));
        CoolantRating { supply_c, share, flow_m3_s }
    }
}

/// Coolant that a rack is rated for, as far as it is rated.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct CoolantRating {
    /// The warmest supply, degC.
    pub supply_c: Option<f64>,
    /// Share of the heat that the liquid takes.
    pub share: Option<f64>,
    /// The least flow at full draw, m3/s.
    pub flow_m3_s: Option<f64>,
}

/// What computes in a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Processor {
    /// GPUs.
    #[default]
    Gpu,
    /// Cores of CPUs.
    Core,
}

/// A rack of servers with everything resolved: watts, degrees Celsius. Where its processors are
/// cores of CPUs, what is said here of a GPU holds for a core.
#[derive(Debug, Clone, PartialEq)]
pub struct GpuRackDesign {
    /// Nodes in a rack.
    pub nodes: usize,
    /// What its processors are.
    pub processor: Processor,
    /// GPUs, or cores, in a node.
    pub gpus_per_node: usize,
    /// Which GPUs they are, where it is said.
    pub gpu: Option<GpuModel>,
    /// Thermal design power of a GPU, W.
    pub gpu_tdp_w: f64,
    /// Draw of a GPU without a job, W.
    pub gpu_idle_w: f64,
    /// Draw of a GPU that holds a job and does not compute, W.
    pub gpu_resident_w: f64,
    /// Draw of a node besides its GPUs, W.
    pub node_overhead_w: f64,
    /// Computing draw and speed of a GPU under a cap.
    pub curve: CapCurve,
    /// Inlet temperature above which GPUs slow down, degC.
    pub throttle_c: f64,
    /// Inlet temperature at which the rack shuts down, degC.
    pub trip_c: f64,
    /// Coolant that the rack is rated for.
    pub rated: CoolantRating,
    /// How it smooths what it draws.
    pub smoothing: SmoothingDesign,
    /// Time from power to a node that takes work.
    pub power_on: Span,
}

impl GpuRackDesign {
    /// GPUs in a rack.
    pub fn gpus(&self) -> usize {
        match self.processor {
            Processor::Gpu => self.nodes * self.gpus_per_node,
            Processor::Core => 0,
        }
    }

    /// Draw of a node with every GPU at its thermal design power, W.
    pub fn node_full_w(&self) -> f64 {
        self.node_overhead_w + self.gpus_per_node as f64 * self.gpu_tdp_w
    }

    /// Draw of a node without a job, W.
    pub fn node_idle_w(&self) -> f64 {
        self.node_overhead_w + self.gpus_per_node as f64 * self.gpu_idle_w
    }

    /// Draw of a whole rack without a job, W.
    pub fn idle_w(&self) -> f64 {
        self.nodes as f64 * self.node_idle_w()
    }

    /// Draw of a whole rack with every GPU at its thermal design power, W: its rating.
    pub fn full_w(&self) -> f64 {
        self.nodes as f64 * self.node_full_w()
    }

    /// Speed of GPUs at an inlet temperature: 1 up to the throttle temperature, then falling
    /// linearly to 0 at the trip temperature.
    pub fn thermal_speed(&self, inlet_c: f64) -> f64 {
        ((self.trip_c - inlet_c) / (self.trip_c - self.throttle_c)).clamp(0.0, 1.0)
    }
}

/// A computing GPU at one power cap.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CapPoint {
    /// Configured cap, W.
    pub cap_w: f64,
    /// Mean draw while computing, W.
    pub draw_w: f64,
    /// Throughput over that of the uncapped GPU.
    pub speed: f64,
}

/// Draw and speed of a computing GPU by power cap: linear between measured points, constant
/// above the last, undefined below the first (a GPU cannot be capped lower).
#[derive(Debug, Clone, PartialEq)]
pub struct CapCurve {
    points: Vec<CapPoint>,
}

/// H100 SXM at 200 to 700 W: cap, measured draw (arXiv:2604.11391 figure 9b) and tokens a
/// second a GPU in Llama-3-8B pretraining (Mayr et al., arXiv:2603.16164 table 4).
const H100: [(f64, f64, f64); 6] = [
    (200.0, 199.0, 9_699.0),
    (300.0, 298.0, 17_982.0),
    (400.0, 395.0, 24_853.0),
    (500.0, 493.0, 27_705.0),
    (600.0, 591.0, 29_250.0),
    (700.0, 647.0, 30_271.0),
];

impl CapCurve {
    /// The measured curve of the H100, its powers scaled to a GPU of `tdp_w` watts.
    pub fn h100(tdp_w: f64) -> Self {
        let (full, _, tokens) = H100[H100.len() - 1];
        let point = |&(cap, draw, t): &(f64, f64, f64)| CapPoint {
            cap_w: cap / full * tdp_w,
            draw_w: draw / full * tdp_w,
            speed: t / tokens,
        };
        Self { points: H100.iter().map(point).collect() }
    }

    /// A processor whose speed is in proportion to what it draws, up to `full_w` and from a tenth
    /// of it on.
    pub fn proportional(full_w: f64) -> Self {
        let point = |share: f64| {
            let w = share * full_w;
            CapPoint { cap_w: w, draw_w: w, speed: share }
        };
        Self { points: vec![point(0.1), point(1.0)] }
    }

    /// The measured points, by rising cap. At least two; the last has speed 1.
    pub fn points(&self) -> &[CapPoint] {
        &self.points
    }

    /// The lowest cap.
    pub fn floor(&self) -> CapPoint {
        self.points[0]
    }

    /// The uncapped GPU.
    pub fn full(&self) -> CapPoint {
        self.points[self.points.len() - 1]
    }

    /// The point under a configured cap; `None` below the floor. Costs one look along the
    /// table.
    pub fn at_cap(&self, cap_w: f64) -> Option<CapPoint> {
        self.at(cap_w, |p| p.cap_w)
    }

    /// The point with the highest speed whose draw is at most `draw_w`; `None` below the
    /// floor.
    pub fn at_draw(&self, draw_w: f64) -> Option<CapPoint> {
        self.at(draw_w, |p| p.draw_w)
    }

    fn at(&self, value: f64, axis: impl Fn(&CapPoint) -> f64) -> Option<CapPoint> {
        if value >= axis(&self.full()) {
            return Some(self.full());
        }
        let upper = self.points.iter().position(|p| axis(p) > value)?;
        let (a, b) = (self.points[upper.checked_sub(1)?], self.points[upper]);
        let x = (value - axis(&a)) / (axis(&b) - axis(&a));
        let between = |from: f64, to: f64| from + x * (to - from);
        Some(CapPoint {
            cap_w: between(a.cap_w, b.cap_w),
            draw_w: between(a.draw_w, b.draw_w),
            speed: between(a.speed, b.speed),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Target T23: throughput after a cut of a quarter and of a half, on the axis of the
    /// configured cap and on that of the measured draw.
    #[test]
    fn a_cut_of_power_costs_the_published_throughput() {
        let curve = CapCurve::h100(700.0);
        let full = curve.full();
        for (cut, by_cap, by_draw) in [(0.25, 0.928, 0.908), (0.5, 0.708, 0.654)] {
            let keep = 1.0 - cut;
            assert!((curve.at_cap(keep * full.cap_w).unwrap().speed - by_cap).abs() < 5e-4);
            assert!((curve.at_draw(keep * full.draw_w).unwrap().speed - by_draw).abs() < 5e-4);
        }
        for (cap, speed) in [(200.0, 0.320), (300.0, 0.594), (400.0, 0.821), (900.0, 1.0)] {
            assert!((curve.at_cap(cap).unwrap().speed - speed).abs() < 5e-4, "at {cap} W");
        }
        assert_eq!(curve.at_cap(199.9), None);
    }

    /// Target T24: most tokens a joule at 400 W, 44 % above the uncapped GPU by cap and 34 %
    /// by draw.
    #[test]
    fn the_best_cap_for_energy_is_400_watts() {
        let curve = CapCurve::h100(700.0);
        let gain = |axis: fn(&CapPoint) -> f64| {
            let efficiency = |p: &CapPoint| p.speed / axis(p);
            let best = curve
                .points()
                .iter()
                .max_by(|a, b| efficiency(a).total_cmp(&efficiency(b)))
                .expect("a curve has points");
            (best.cap_w, efficiency(best) / efficiency(&curve.full()) - 1.0)
        };
        let (cap, by_cap) = gain(|p| p.cap_w);
        assert!(cap == 400.0 && (by_cap - 0.44).abs() < 0.005, "{by_cap}");
        let (cap, by_draw) = gain(|p| p.draw_w);
        assert!(cap == 400.0 && (by_draw - 0.34).abs() < 0.006, "{by_draw}");
    }

    fn spec(yaml: &str) -> GpuRackSpec {
        serde_yaml::from_str(yaml).expect("the test's spec reads")
    }

    const PLAIN: &str =
        "{fed_by: [pdu], nodes: 4, gpus_per_node: 8, gpu_power: 700 W, node_overhead: 2 kW}";

    #[test]
    fn defaults_give_a_rack_of_h100() {
        let mut faults = Vec::new();
        let rack = spec(PLAIN).resolve(&mut faults);
        assert_eq!(faults, []);
        assert_eq!(rack.gpus(), 32);
        assert!((rack.idle_w() - 4.0 * (2000.0 + 8.0 * 70.0)).abs() < 1e-9);
        assert!((rack.full_w() - 4.0 * (2000.0 + 8.0 * 700.0)).abs() < 1e-9);
        assert_eq!(rack.thermal_speed(20.0), 1.0);
        assert_eq!(rack.thermal_speed(40.0), 0.5);
        assert_eq!(rack.thermal_speed(60.0), 0.0);
    }

    #[test]
    fn what_cannot_stand_is_refused_by_field() {
        let refused = |extra: &str| {
            let mut faults = Vec::new();
            let text = PLAIN.replace('}', &format!(", {extra}}}"));
            spec(&text).resolve(&mut faults);
            faults.first().map(|f| f.field.to_string()).unwrap_or_default()
        };
        assert_eq!(refused("gpu_idle_power: 200 W"), "gpu_idle_power");
        assert_eq!(refused("gpu_resident_power: 250 W"), "gpu_resident_power");
        assert_eq!(refused("trip_inlet: 30 degC"), "trip_inlet");
        assert_eq!(refused("count: 0"), "count");
        for (curve, field) in [
            ("[{cap: 700 W, speed: 1}]", "cap_curve"),
            ("[{cap: 300 W, speed: 1}, {cap: 700 W, speed: 1}]", "cap_curve[1]"),
            (
                "[{cap: 300 W, draw: 310 W, speed: 0.5}, {cap: 700 W, speed: 1}]",
                "cap_curve[0].draw",
            ),
            ("[{cap: 300 W, speed: 0.5}, {cap: 600 W, speed: 1}]", "cap_curve[1]"),
        ] {
            assert_eq!(refused(&format!("cap_curve: {curve}")), field, "{curve}");
        }
        assert_eq!(refused("cap_curve: [{cap: 300 W, speed: 0.5}, {cap: 700 W, speed: 1}]"), "");
    }

    /// Every catalogue entry is a sound rack, and draws about what its vendor says.
    #[test]
    fn the_catalogue_resolves() {
        let text = include_str!("../../scenarios/presets/racks.yaml");
        let entries: serde_yaml::Mapping = serde_yaml::from_str(text).expect("the catalogue reads");
        let mut rated = Vec::new();
        for (name, entry) in entries {
            let mut entry: serde_yaml::Mapping =
                serde_yaml::from_value(entry).expect("an entry is a map");
            if entry.remove("kind").as_ref().and_then(|k| k.as_str()) != Some("gpu") {
                continue;
            }
            entry.insert("fed_by".into(), vec!["pdu"].into());
            let spec: GpuRackSpec =
                serde_yaml::from_value(entry.into()).unwrap_or_else(|e| panic!("{name:?}: {e}"));
            let mut faults = Vec::new();
            let rack = spec.resolve(&mut faults);
            assert_eq!(faults, [], "{name:?}");
            rated.push((name.as_str().unwrap_or_default().to_owned(), rack.full_w()));
        }
        let rated = |name: &str| rated.iter().find(|r| r.0 == name).expect("in the catalogue").1;
        assert!((rated("gb200-nvl72") - 120e3).abs() < 100.0);
        assert!(rated("dgx-h100") < 4.0 * 10.2e3 && rated("dgx-a100") < 4.0 * 6.5e3);
    }
}
