//! A dry cooler ahead of an open tower, in one loop.

use std::cell::Cell;

use super::circuit::Stream;
use super::device::{Asked, Found, Rejected, fan_power_w};
use super::dry_cooler::{DryCoolerDesign, DrySink};
use super::root;
use super::staging::{self, Device, Operation, Settled};
use super::tower::{TowerDesign, TowerSink, tower_water};

/// A dry cooler and an open tower in series: the returning water meets the dry cooler first, and
/// the tower takes what is left.
///
/// While the dry cooler holds the setpoint, it works alone. Where it does not, it runs at full
/// speed and the tower's fans hold the setpoint; where the air is too warm for it to be worth
/// its fans, the tower works alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct HybridDesign {
    /// The dry cooler.
    pub dry: DryCoolerDesign,
    /// The tower. A cell and its part of the dry cooler have power and fail together.
    pub tower: TowerDesign,
    /// The returning water must be this much warmer than the air for the dry cooler to run ahead
    /// of the tower, K.
    pub worthwhile_k: f64,
}

impl HybridDesign {
    /// How the two carry what is asked of them.
    pub(super) fn run(&self, asked: &Asked<'_>) -> Rejected {
        let tower = || self.tower.run(asked);
        self.choose(asked, self.dry.run(asked), tower, |dry_sink| {
            self.run_in_series(asked, dry_sink)
        })
    }

    /// Where their coolant settles with what is asked of them.
    pub(super) fn settle(&self, asked: &Asked<'_>) -> Settled {
        self.settle_with(asked, DryShare::Searched)
    }

    /// The supply that their coolant settles at, degrees Celsius, to ask whether that is warmer than
    /// `c`, no colder than what is wanted. Nothing else of it is true: the dry cooler takes what it
    /// takes where the water leaves at `c`, and how the two share the heat is not searched for.
    pub(super) fn supply_about_c(&self, c: f64, asked: &Asked<'_>) -> f64 {
        self.settle_with(asked, DryShare::About(c)).leaving_c
    }

    fn settle_with(&self, asked: &Asked<'_>, share: DryShare) -> Settled {
        let tower = || self.tower.settle(asked);
        self.choose(asked, self.dry.settle(asked), tower, |dry_sink| {
            staging::settle(&self.series(asked, dry_sink, share).device(asked), &asked.control)
        })
    }

    /// What is found of the dry cooler `alone`, of the tower alone or of both, whichever way they run.
    fn choose<F: Found>(
        &self,
        asked: &Asked<'_>,
        alone: F,
        tower: impl Fn() -> F,
        both: impl Fn(&DrySink) -> F,
    ) -> F {
        if !alone.is_saturated() || !asked.may_evaporate {
            return alone;
        }
        let wanted_c = asked.control.setpoint_c.max(asked.control.minimum_c);
        let dry_sink = DrySink::new(asked.air, self.dry.recirculation_k);
        if wanted_c + asked.range_k() - dry_sink.entering_c < self.worthwhile_k {
            return tower();
        }
        let both = both(&dry_sink);
        // Water squeezed through few cells with power can leave warmer than without them.
        if alone.leaving_c() < both.leaving_c() { alone } else { both }
    }

    /// How the dry cooler runs ahead of the tower.
    fn dry_operation(asked: &Asked<'_>) -> Operation {
        if asked.fans > 0.0 {
            Operation::Forced { share: asked.fans, speed: 1.0 }
        } else {
            Operation::Free
        }
    }

    fn series(&self, asked: &Asked<'_>, dry_sink: &DrySink, share: DryShare) -> Series<'_> {
        Series {
            hybrid: self,
            sink: TowerSink::new(asked.air, self.tower.correction_wet_bulb_c),
            dry_c: dry_sink.entering_c,
            dry_w_k: self.dry.conductance_w_k(dry_sink, asked.coolant, Self::dry_operation(asked)),
            coolant: asked.coolant,
            share,
            last: Cell::new(None),
        }
    }

    fn run_in_series(&self, asked: &Asked<'_>, dry_sink: &DrySink) -> Rejected {
        let dry_operation = Self::dry_operation(asked);
        let series = self.series(asked, dry_sink, DryShare::Searched);
        let sink = series.sink;
        let staged = staging::run(&series.device(asked), &asked.control);
        let tower_w =
            |operation, multiple: f64| series.tower(operation, multiple * asked.heat_w).heat_w;
        let mean_tower_w = staged.mean(tower_w);
        let dry_fan_w =
            if asked.fans > 0.0 { asked.fans * self.dry.fan_w_in(asked.air) } else { 0.0 };
        let tower_air = staged.mean(|operation, _| self.tower.air_share(operation));
        let (water, vapour) = tower_water(&self.tower, &sink, tower_w, asked.air, &staged);
        let dry_air = self.dry.air_share(dry_operation);
        let (tower_m3_s, dry_m3_s) = (self.tower.air_flow_m3_s, self.dry.air_flow_m3_s);
        Rejected {
            fan_w: dry_fan_w
                + fan_power_w(self.tower.fan_w_in(asked.air), self.tower.fan_law, &staged),
            spray_w: 0.0,
            wet: true,
            dry_w: asked.heat_w - mean_tower_w,
            air_ratio: (tower_air * tower_m3_s + dry_air * dry_m3_s) / (tower_m3_s + dry_m3_s),
            water,
            vapour,
            staged,
        }
    }
}

/// How it is found what the dry cooler takes.
#[derive(Debug, Clone, Copy)]
enum DryShare {
    /// From the water as warm as the tower lets it return.
    Searched,
    /// From water that the tower cools to this many degrees Celsius.
    About(f64),
}

/// The two in series at an instant, the dry cooler at its most.
struct Series<'a> {
    hybrid: &'a HybridDesign,
    sink: TowerSink,
    /// Temperature of the dry cooler's air.
    dry_c: f64,
    /// Heat that the dry cooler takes a kelvin between the entering water and that air, W/K.
    dry_w_k: f64,
    coolant: Stream,
    share: DryShare,
    /// What was found last: how the fans end up running is asked for again, for their air and their water.
    last: Cell<Option<((Operation, f64), TowerBehind)>>,
}

/// The tower behind the dry cooler.
#[derive(Debug, Clone, Copy)]
struct TowerBehind {
    /// Heat that is left to it, W.
    heat_w: f64,
    /// Temperature of the water leaving it, degrees Celsius.
    leaving_c: f64,
}

impl Series<'_> {
    /// The tower where the two carry `heat_w`.
    fn tower(&self, operation: Operation, heat_w: f64) -> TowerBehind {
        let asked = (operation, heat_w);
        match self.last.get() {
            Some((last, found)) if last == asked => found,
            _ => {
                let found = self.found(operation, heat_w);
                self.last.set(Some((asked, found)));
                found
            }
        }
    }

    fn found(&self, operation: Operation, heat_w: f64) -> TowerBehind {
        // Without heat the water leaves at the wet bulb.
        let idle = TowerBehind { heat_w: 0.0, leaving_c: self.sink.wet_bulb_c };
        if heat_w <= 0.0 {
            return idle;
        }
        let carrying = |tower_w| TowerBehind {
            heat_w: tower_w,
            leaving_c: self.hybrid.tower.leaving_c(&self.sink, tower_w, self.coolant, operation),
        };
        let dry_w = |leaving_c: f64| {
            let entering_c = leaving_c + heat_w / self.coolant.w_k;
            (self.dry_w_k * (entering_c - self.dry_c)).clamp(0.0, heat_w)
        };
        match self.share {
            DryShare::About(leaving_c) => carrying(heat_w - dry_w(leaving_c)),
            // One bracketed root, since the dry cooler takes more the warmer the water returns, which
            // is as warm as the tower lets it.
            DryShare::Searched => {
                let excess = |tower: TowerBehind| tower.heat_w + dry_w(tower.leaving_c) - heat_w;
                let excess_at = |tower_w| excess(carrying(tower_w));
                let ends = ((0.0, excess(idle)), (heat_w, excess_at(heat_w)));
                carrying(root::bracketed(excess_at, ends.0, ends.1, 1e-12 * heat_w, 1e-9 * heat_w))
            }
        }
    }

    fn device<'a>(&'a self, asked: &'a Asked<'_>) -> Device<impl Fn(Operation, f64) -> f64 + 'a> {
        let leaving =
            |operation, multiple: f64| self.tower(operation, multiple * asked.heat_w).leaving_c;
        let sink_c = self.sink.wet_bulb_c.min(self.dry_c);
        Device { leaving, sink_c, range_k: asked.range_k(), fans: asked.fans }
    }
}
