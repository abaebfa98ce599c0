//! Reading the site: gauges after each settled instant; `closing` says what they come to.

mod closing;

use super::Facility;
use super::cooling::ExchangerPlant;
use super::design::{Design, WorkDesign};
use super::gauges::{GaugeId, Gauges, Shown};
use super::observer::Observer;
use super::work::Work;
use crate::grid::Carbon;
use crate::kernel::{Span, Time};
use crate::measure::Swing;
use crate::plant::cooling::{CoolingMode, ExchangerKind, WaterFlows};
use crate::plant::power::{ComponentKind, PowerNode};

const MW: f64 = 1e-6;
pub(super) const JOULES_PER_MWH: f64 = 3.6e9;

/// All that is measured.
#[derive(Debug)]
pub(super) struct Meters {
    gauges: Gauges,
    import: GaugeId,
    it: GaugeId,
    /// Where import and IT load stand in a row.
    import_column: usize,
    it_column: usize,
    shed: GaugeId,
    losses: [GaugeId; ComponentKind::COUNT],
    works: Vec<WorkGauges>,
    fans: GaugeId,
    pumps: GaugeId,
    chillers: GaugeId,
    house: GaugeId,
    price: GaugeId,
    cost: GaugeId,
    carbon_intensity: GaugeId,
    carbon: GaugeId,
    dry_bulb: GaugeId,
    wet_bulb: GaugeId,
    cooling: Vec<CoolingGauges>,
    exchangers: Vec<ExchangerGauges>,
    halls: Vec<HallGauges>,
    components: Vec<ComponentMeter>,
    /// Of the units of the cooling that can fail.
    units: Vec<ComponentMeter>,
    /// Instances of each declared cooling component.
    cooling_loops: Vec<Vec<usize>>,
    peak_demand_w: f64,
    import_closed_j: f64,
}

#[derive(Debug)]
struct WorkGauges {
    power: GaugeId,
    /// Hash rate, GPUs at work, requests in flight, or heat that is wanted.
    activity: GaugeId,
    /// Its draw within a second and within a minute.
    swings: [Swing; 2],
}

#[derive(Debug)]
struct CoolingGauges {
    name: String,
    heat: GaugeId,
    fans: GaugeId,
    pumps: GaugeId,
    chillers: GaugeId,
    spray: GaugeId,
    economiser: GaugeId,
    rejected: GaugeId,
    dry: GaugeId,
    inlet: GaugeId,
    supply: GaugeId,
    returning: GaugeId,
    device: GaugeId,
    fan_speed: GaugeId,
    air_ratio: GaugeId,
    evaporation: GaugeId,
    drift: GaugeId,
    blowdown: GaugeId,
    makeup: GaugeId,
    /// Flow into basins, where there are any.
    filling: Option<GaugeId>,
    /// Instances that have run dry, where water may ever be short.
    waterless: Option<GaugeId>,
    /// Shares of time in the modes of a waterside economiser, where there is one.
    modes: Option<ModeGauges>,
}

/// Shares of time in the modes of an economiser: free, partial, mechanical.
type ModeGauges = [GaugeId; 3];

/// The columns of [`ModeGauges`].
const MODES: [(CoolingMode, &str); 3] = [
    (CoolingMode::Free, "free"),
    (CoolingMode::Partial, "partial"),
    (CoolingMode::Mechanical, "mechanical"),
];

/// The instances of a declared exchanger together.
#[derive(Debug)]
struct ExchangerGauges {
    name: String,
    instances: Vec<usize>,
    /// Blows air, rather than pumping a liquid.
    blows: bool,
    heat: GaugeId,
    movers: GaugeId,
    inlet: GaugeId,
    /// Of an air-side economiser, where there is one.
    outside: Option<OutsideGauges>,
}

/// What is measured of an air-side economiser.
#[derive(Debug)]
struct OutsideGauges {
    /// Heat that outdoor air takes.
    heat: GaugeId,
    modes: ModeGauges,
    evaporation: GaugeId,
    blowdown: GaugeId,
    makeup: GaugeId,
}

#[derive(Debug)]
struct HallGauges {
    live: GaugeId,
    live_racks: u32,
    power_losses: u64,
    heat_trips: u64,
}

/// Failures of one instance of a component.
#[derive(Debug, Clone, Copy, Default)]
struct ComponentMeter {
    failures: u64,
    down_since: Option<Time>,
    down_s: f64,
}

impl ComponentMeter {
    fn count(&mut self, now: Time, up: bool) {
        if up {
            if let Some(since) = self.down_since.take() {
                self.down_s += (now - since).as_secs_f64();
            }
        } else {
            self.failures += 1;
            self.down_since = Some(now);
        }
    }
}

impl Meters {
    /// Meters for everything in `design`, with the columns of the time series in order.
    pub(super) fn new(design: &Design) -> Self {
        let mut gauges = Gauges::default();
        // The two that the PUE of a row is made from come first.
        let import = gauges.add("import_mw".into(), MW, Shown::MeanAndMax);
        let it = gauges.add("it_mw".into(), MW, Shown::Mean);
        let (import_column, it_column) = (0, 2);
        let mut mean = |column: String, scale: f64| gauges.add(column, scale, Shown::Mean);
        let works = design
            .works
            .iter()
            .map(|site| {
                let (unit, scale) = match site.design {
                    WorkDesign::Mining(_) => ("hash_rate_ph_per_s", 1e-15),
                    WorkDesign::Training { .. } => ("busy_gpus", 1.0),
                    WorkDesign::Inference { .. } => ("requests_in_flight", 1.0),
                    WorkDesign::HeatLoad(_) => ("wanted_mw", MW),
                };
                WorkGauges {
                    power: mean(format!("{}_mw", site.name), MW),
                    activity: mean(format!("{}_{unit}", site.name), scale),
                    swings: [1, 60].map(|seconds| Swing::new(Span::from_secs(seconds))),
                }
            })
            .collect();
        let losses = ComponentKind::ALL.map(|kind| mean(format!("loss_{}_mw", kind.name()), MW));
        let mut names: Vec<&str> = Vec::new();
        let mut cooling_loops: Vec<Vec<usize>> = Vec::new();
        for (index, site) in design.loops.iter().enumerate() {
            match names.iter().position(|name| *name == site.group_name) {
                Some(group) => cooling_loops[group].push(index),
                None => {
                    names.push(&site.group_name);
                    cooling_loops.push(vec![index]);
                }
            }
        }
        const M3_PER_H: f64 = 3.6;
        let mut cooling = Vec::new();
        for (name, loops) in names.iter().zip(&cooling_loops) {
            let has_economiser = design.loops[loops[0]].design.has_economiser();
            cooling.push(CoolingGauges {
                name: (*name).to_owned(),
                heat: mean(format!("{name}_heat_mw"), MW),
                fans: mean(format!("{name}_fans_mw"), MW),
                pumps: mean(format!("{name}_pumps_mw"), MW),
                chillers: mean(format!("{name}_chillers_mw"), MW),
                spray: mean(format!("{name}_spray_mw"), MW),
                economiser: mean(format!("{name}_economiser_mw"), MW),
                rejected: mean(format!("{name}_rejected_mw"), MW),
                dry: mean(format!("{name}_dry_mw"), MW),
                supply: mean(format!("{name}_supply_c"), 1.0),
                returning: mean(format!("{name}_return_c"), 1.0),
                device: mean(format!("{name}_device_c"), 1.0),
                inlet: mean(format!("{name}_inlet_c"), 1.0),
                fan_speed: mean(format!("{name}_fan_speed"), 1.0),
                air_ratio: mean(format!("{name}_air_ratio"), 1.0),
                evaporation: mean(format!("{name}_evaporation_m3_per_h"), M3_PER_H),
                drift: mean(format!("{name}_drift_m3_per_h"), M3_PER_H),
                blowdown: mean(format!("{name}_blowdown_m3_per_h"), M3_PER_H),
                makeup: mean(format!("{name}_makeup_m3_per_h"), M3_PER_H),
                filling: loops
                    .iter()
                    .any(|&index| design.loops[index].operation.make_up.basin.volume_kg > 0.0)
                    .then(|| mean(format!("{name}_basin_m3_per_h"), M3_PER_H)),
                waterless: loops
                    .iter()
                    .any(|&index| design.may_run_dry(index))
                    .then(|| mean(format!("{name}_without_water"), 1.0)),
                modes: has_economiser
                    .then(|| MODES.map(|(_, mode)| mean(format!("{name}_{mode}"), 1.0))),
            });
        }
        let mut exchangers: Vec<ExchangerGauges> = Vec::new();
        for (index, site) in design.exchangers.iter().enumerate() {
            let Some(exchanger) = &site.design else { continue };
            let name = &site.group_name;
            if let Some(group) = exchangers.iter_mut().find(|group| group.name == *name) {
                group.instances.push(index);
                continue;
            }
            let blows = exchanger.kind == ExchangerKind::AirHandler;
            let movers = if blows { "fans" } else { "pumps" };
            exchangers.push(ExchangerGauges {
                name: name.clone(),
                instances: vec![index],
                blows,
                heat: mean(format!("{name}_heat_mw"), MW),
                movers: mean(format!("{name}_{movers}_mw"), MW),
                inlet: mean(format!("{name}_inlet_c"), 1.0),
                outside: exchanger.outside_air.map(|_| OutsideGauges {
                    heat: mean(format!("{name}_outside_mw"), MW),
                    modes: MODES.map(|(_, mode)| mean(format!("{name}_{mode}"), 1.0)),
                    evaporation: mean(format!("{name}_evaporation_m3_per_h"), M3_PER_H),
                    blowdown: mean(format!("{name}_blowdown_m3_per_h"), M3_PER_H),
                    makeup: mean(format!("{name}_makeup_m3_per_h"), M3_PER_H),
                }),
            });
        }
        let halls = design
            .halls
            .iter()
            .map(|hall| HallGauges {
                live: mean(format!("{}_live_racks", hall.name), 1.0),
                live_racks: hall.racks as u32,
                power_losses: 0,
                heat_trips: 0,
            })
            .collect();
        let (fans, pumps) = (mean("fans_mw".into(), MW), mean("pumps_mw".into(), MW));
        let chillers = mean("chillers_mw".into(), MW);
        let house = mean("house_mw".into(), MW);
        let shed = mean("shed_mw".into(), MW);
        let price = mean("price_usd_per_mwh".into(), 1.0);
        let carbon_intensity = mean("carbon_g_per_kwh".into(), 1.0);
        let (dry_bulb, wet_bulb) = (mean("dry_bulb_c".into(), 1.0), mean("wet_bulb_c".into(), 1.0));
        Self {
            import,
            it,
            import_column,
            it_column,
            cost: gauges.add("cost".into(), 1.0, Shown::Never),
            carbon: gauges.add("carbon".into(), 1.0, Shown::Never),
            shed,
            losses,
            works,
            fans,
            pumps,
            chillers,
            house,
            price,
            carbon_intensity,
            dry_bulb,
            wet_bulb,
            cooling,
            exchangers,
            halls,
            components: vec![ComponentMeter::default(); design.power.nodes.len()],
            units: vec![ComponentMeter::default(); super::cooling::units(design).len()],
            cooling_loops,
            peak_demand_w: 0.0,
            import_closed_j: 0.0,
            gauges,
        }
    }

    /// The columns of the time series.
    pub(super) fn columns(&self) -> Vec<String> {
        let mut columns = self.gauges.columns();
        columns.push("pue".to_owned());
        columns
    }

    /// Closes the interval from `start` to `now`.
    pub(super) fn row(&mut self, start: Time, now: Time, row: &mut Vec<f64>) {
        self.gauges.row(now, row);
        let ratio = row[self.import_column] / row[self.it_column];
        // A site without IT load has no PUE: an empty cell.
        row.push(if ratio.is_finite() { ratio } else { f64::NAN });
        let import_j = self.gauges.meter(self.import).integral();
        let mean_w = (import_j - self.import_closed_j) / (now - start).as_secs_f64();
        self.peak_demand_w = self.peak_demand_w.max(mean_w);
        self.import_closed_j = import_j;
    }

    /// Brings every meter to `now`.
    pub(super) fn advance(&mut self, now: Time) {
        self.gauges.advance(now);
        for component in self.components.iter_mut().chain(&mut self.units) {
            if let Some(since) = component.down_since.replace(now) {
                component.down_s += (now - since).as_secs_f64();
            } else {
                component.down_since = None;
            }
        }
    }

    /// A component of the power chain has failed or is back.
    pub(super) fn count_component(&mut self, now: Time, node: PowerNode, up: bool) {
        self.components[node.0 as usize].count(now, up);
    }

    /// A unit of the cooling has failed or is back.
    pub(super) fn count_unit(&mut self, now: Time, number: usize, up: bool) {
        self.units[number].count(now, up);
    }

    /// A rack of a hall was live or not, and is so now.
    pub(super) fn count_live(&mut self, hall: usize, was: bool, is: bool) {
        let live_racks = &mut self.halls[hall].live_racks;
        *live_racks = *live_racks + u32::from(is) - u32::from(was);
    }

    /// Racks of a hall have lost their power, or were tripped by heat.
    pub(super) fn count_hall(&mut self, hall: usize, power_losses: u64, heat_trips: u64) {
        self.halls[hall].power_losses += power_losses;
        self.halls[hall].heat_trips += heat_trips;
    }
}

impl Facility<'_> {
    /// Reads every gauge after the instant `now` has settled, and passes finished jobs on.
    pub(super) fn read_meters(&mut self, now: Time, observer: &mut dyn Observer) {
        let meters = &mut self.meters;
        let gauges = &mut meters.gauges;
        let import_w = self.power.total_import_w();
        gauges.set(now, meters.import, import_w);
        gauges.set(now, meters.shed, self.power.unserved().total_w());
        for (kind, gauge) in ComponentKind::ALL.into_iter().zip(meters.losses) {
            gauges.set(now, gauge, self.power.total_loss_w(kind));
        }

        let price = self.price.current();
        let carbon_g_per_kwh = self.carbon.as_ref().map_or(0.0, Carbon::current);
        gauges.set(now, meters.price, price);
        gauges.set(now, meters.cost, import_w * price / JOULES_PER_MWH);
        gauges.set(now, meters.carbon_intensity, carbon_g_per_kwh);
        // g/kWh x W = g x 1e-3/h
        gauges.set(now, meters.carbon, import_w * carbon_g_per_kwh / 3.6e6);
        gauges.set(now, meters.dry_bulb, self.air.dry_bulb_c);
        gauges.set(now, meters.wet_bulb, self.wet_bulb_c);

        let mut it_w = 0.0;
        for (index, work) in self.works.iter_mut().enumerate() {
            let racks = &self.work_racks[index];
            let power_w: f64 = racks.iter().map(|&rack| self.racks[rack as usize].draw_w).sum();
            gauges.set(now, meters.works[index].power, power_w);
            for swing in &mut meters.works[index].swings {
                swing.set(now, power_w);
            }
            if self.design.works[index].design.is_electric() {
                it_w += power_w;
            }
            gauges.set(now, meters.works[index].activity, work.activity());
            if let Work::Training(training) = work {
                let name = &self.design.works[index].name;
                training.drain_finished(|job| observer.job(name, job));
            }
        }

        gauges.set(now, meters.it, it_w);

        let (mut fans_w, mut pumps_w, mut chillers_w) = (0.0, 0.0, 0.0);
        for (group, loops) in meters.cooling.iter().zip(&meters.cooling_loops) {
            let (mut heat, mut fans, mut pumps, mut chillers) = (0.0, 0.0, 0.0, 0.0);
            let (mut spray, mut economiser, mut rejected, mut dry) = (0.0, 0.0, 0.0, 0.0);
            let (mut fan_speed, mut air_ratio) = (0.0, 0.0);
            let mut inlet_c = f64::NEG_INFINITY;
            let mut warmest_c = [f64::NEG_INFINITY; 3];
            let mut water = [0.0; 4];
            let (mut filling_kg_s, mut waterless) = (0.0, 0.0);
            for &index in loops {
                let plant = &self.loops[index];
                heat += plant.heat_w;
                fans += plant.machines.fans.draw_w;
                pumps += plant.machines.pumps.draw_w;
                chillers += plant.machines.chillers.draw_w;
                spray += plant.state.spray_w;
                economiser += plant.state.economiser_w;
                rejected += plant.state.heat_rejected_w;
                dry += plant.state.dry_w;
                fan_speed += plant.state.fan_speed / loops.len() as f64;
                air_ratio += plant.state.air_ratio / loops.len() as f64;
                inlet_c = inlet_c.max(plant.inlet_c(&self.exchangers));
                let state = &plant.state;
                for (warmest_c, own_c) in
                    warmest_c.iter_mut().zip([state.supply_c, state.return_c, state.device_c])
                {
                    *warmest_c = warmest_c.max(own_c);
                }
                let own = self.water.of(index);
                filling_kg_s += own.balance().filling_kg_s;
                waterless += f64::from(u8::from(own.is_dry()));
                let flows = own.balance().flows;
                for (sum, flow) in water.iter_mut().zip([
                    flows.evaporation_kg_s,
                    flows.drift_kg_s,
                    flows.blowdown_kg_s,
                    flows.makeup_kg_s,
                ]) {
                    *sum += flow;
                }
            }
            gauges.set(now, group.heat, heat);
            gauges.set(now, group.fans, fans);
            gauges.set(now, group.pumps, pumps);
            gauges.set(now, group.chillers, chillers);
            gauges.set(now, group.spray, spray);
            gauges.set(now, group.economiser, economiser);
            gauges.set(now, group.inlet, inlet_c);
            gauges.set(now, group.rejected, rejected);
            gauges.set(now, group.dry, dry);
            let [supply_c, return_c, device_c] = warmest_c;
            gauges.set(now, group.supply, supply_c);
            gauges.set(now, group.returning, return_c);
            gauges.set(now, group.device, device_c);
            gauges.set(now, group.fan_speed, fan_speed);
            gauges.set(now, group.air_ratio, air_ratio);
            gauges.set(now, group.evaporation, water[0]);
            gauges.set(now, group.drift, water[1]);
            gauges.set(now, group.blowdown, water[2]);
            gauges.set(now, group.makeup, water[3]);
            for (gauge, value) in [(group.filling, filling_kg_s), (group.waterless, waterless)] {
                if let Some(gauge) = gauge {
                    gauges.set(now, gauge, value);
                }
            }
            if let Some(modes) = &group.modes {
                let mode = |&index: &usize| self.loops[index].operator.regime().map(|r| r.mode);
                set_modes(gauges, now, modes, loops.iter().map(mode));
            }
            fans_w += fans;
            pumps_w += pumps;
            chillers_w += chillers;
        }
        for group in &meters.exchangers {
            let instances = || group.instances.iter().map(|&index| &self.exchangers[index]);
            let movers = instances().map(|plant| plant.movers.draw_w).sum();
            let inlets = instances().map(|plant| plant.inlet_c);
            gauges.set(now, group.heat, instances().map(|plant| plant.heat_w).sum());
            gauges.set(now, group.movers, movers);
            gauges.set(now, group.inlet, inlets.fold(f64::NEG_INFINITY, f64::max));
            if let Some(outside) = &group.outside {
                let taken_w = instances().map(|plant| plant.outside_w).sum();
                let water = instances().filter_map(|plant| plant.outside.map(|air| air.water));
                let mut sum = WaterFlows::default();
                water.for_each(|flows| sum += flows);
                gauges.set(now, outside.heat, taken_w);
                gauges.set(now, outside.evaporation, sum.evaporation_kg_s);
                gauges.set(now, outside.blowdown, sum.blowdown_kg_s);
                gauges.set(now, outside.makeup, sum.makeup_kg_s);
                set_modes(gauges, now, &outside.modes, instances().map(ExchangerPlant::mode));
            }
            *(if group.blows { &mut fans_w } else { &mut pumps_w }) += movers;
        }
        gauges.set(now, meters.fans, fans_w);
        gauges.set(now, meters.pumps, pumps_w);
        gauges.set(now, meters.chillers, chillers_w);
        let house_w = self.design.house.iter().map(|house| self.power.draw_w(house.load)).sum();
        gauges.set(now, meters.house, house_w);
        for hall in &meters.halls {
            gauges.set(now, hall.live, f64::from(hall.live_racks));
        }
    }
}

/// Sets the share of `modes` that each mode has.
fn set_modes(
    gauges: &mut Gauges,
    now: Time,
    shares: &ModeGauges,
    modes: impl Iterator<Item = Option<CoolingMode>> + Clone,
) {
    let count = modes.clone().count() as f64;
    for ((mode, _), &gauge) in MODES.iter().zip(shares) {
        let own = modes.clone().filter(|now| *now == Some(*mode)).count() as f64;
        gauges.set(now, gauge, own / count);
    }
}
