//! Racks and workloads.

use std::ops::Range;

use super::super::connect::{Index, connect};
use super::super::diagnostics::{Diagnostic, Diagnostics};
use super::super::names::Component;
use super::super::place::Place;
use super::super::spec::{RackSpec, WorkloadSpec};
use super::inputs::Inputs;
use super::plant::{Plant, report};
use crate::facility::{HallDesign, RackSite, WorkDesign, WorkSite};
use crate::kernel::Span;
use crate::plant::cooling::{ChipSpec, ThermalLimits};
use crate::plant::power::sequence::Ride;
use crate::plant::power::{PowerLoad, Sharing};
use crate::site::Role;
use crate::spec::{Check, Fault, Mark, Names, within};
use crate::tables::Run;
use crate::units::Duration;
use crate::workload::gpu::{CoolantRating, GpuRackDesign, Processor};
use crate::workload::heat_load::HeatLoadSpec;
use crate::workload::mining::{AsicRack, AsicRackDesign};

/// Most racks on a site: beyond it a scenario is a mistake, and memory would end first.
const MOST_RACKS: u64 = 1_000_000;

/// A hall as read: its design, its racks, what they hold.
#[derive(Debug)]
pub(super) struct Hall {
    pub(super) design: HallDesign,
    /// Where it was declared.
    mark: Mark,
    equipment: Equipment,
    racks: Vec<HallRack>,
}

#[derive(Debug)]
struct HallRack {
    name: String,
    /// None where its heat is not electric.
    load: Option<PowerLoad>,
    cooled_by: Option<usize>,
    air_cooled_by: Option<(usize, f64)>,
}

/// The section `racks` as read.
#[derive(Debug, Default)]
pub(super) struct Halls<'t> {
    pub(super) readable: Vec<Hall>,
    heat_loads: Vec<HeatLoadRead<'t>>,
    /// Names of the others: what refers to them is not wrong.
    unreadable: Vec<String>,
    /// Rated power of the racks behind each exchanger.
    pub(super) heat_w: Vec<f64>,
}

/// A heat load as read: it is resolved when the run that it is laid over is known.
#[derive(Debug)]
struct HeatLoadRead<'t> {
    spec: Box<HeatLoadSpec>,
    place: Place<'t>,
    halls: Range<usize>,
}

/// What the racks of a hall hold.
#[derive(Debug, Clone, PartialEq)]
enum Equipment {
    Gpu(GpuRackDesign),
    Asic(AsicRackDesign),
    /// At most this much each, as far as it is known before its table is read.
    HeatLoad {
        rated_w: f64,
    },
}

impl Equipment {
    /// How many air-cooled cabinets its air and metal are worth. A block of miners counts 10 kW as
    /// one: an assumption.
    fn cabinets(&self) -> f64 {
        match self {
            Equipment::Gpu(_) => 1.0,
            Equipment::Asic(rack) => rack.full_w() / 10e3,
            Equipment::HeatLoad { .. } => 0.0,
        }
    }

    /// What heat that slows it does not take from its draw, W.
    fn idle_w(&self) -> f64 {
        match self {
            Equipment::Gpu(rack) => rack.idle_w(),
            Equipment::Asic(_) | Equipment::HeatLoad { .. } => 0.0,
        }
    }

    /// GPUs of a rack.
    fn gpus(&self) -> usize {
        match self {
            Equipment::Gpu(rack) => rack.gpus(),
            Equipment::Asic(_) | Equipment::HeatLoad { .. } => 0,
        }
    }

    /// Rated power of a rack, W.
    fn rated_w(&self) -> f64 {
        match self {
            Equipment::Gpu(rack) => rack.full_w(),
            Equipment::Asic(rack) => rack.full_w(),
            Equipment::HeatLoad { rated_w } => *rated_w,
        }
    }

    /// Coolant that the racks are rated for.
    fn rated(&self) -> CoolantRating {
        match self {
            Equipment::Gpu(rack) => rack.rated,
            Equipment::Asic(_) | Equipment::HeatLoad { .. } => CoolantRating::default(),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Equipment::Gpu(rack) => match rack.processor {
                Processor::Gpu => "GPU racks",
                Processor::Core => "CPU racks",
            },
            Equipment::Asic(_) => "ASIC racks",
            Equipment::HeatLoad { .. } => "a heat load",
        }
    }
}

/// A workload as read: its design and its racks as (hall, rack of the hall).
#[derive(Debug)]
pub(super) struct WorkRead {
    pub(super) site: WorkSite,
    racks: Vec<(usize, usize)>,
}

impl Halls<'_> {
    /// Rated power of the racks of `works`, W.
    pub(super) fn power_w(&self, works: &[WorkRead]) -> f64 {
        let racks = works.iter().flat_map(|work| &work.racks);
        racks.map(|&(hall, _)| self.readable[hall].equipment.rated_w()).sum()
    }

    /// What the racks of each component with a rating, and each of what cools them, are rated for:
    /// the place of the component, the cooler, the rating of a rack, its rated power in W.
    pub(super) fn rated(&self) -> Vec<(Mark, usize, CoolantRating, f64)> {
        let mut rated: Vec<(Mark, usize, CoolantRating, f64)> = Vec::new();
        for hall in &self.readable {
            let rating = hall.equipment.rated();
            let coolers = hall.racks.iter().filter_map(|rack| rack.cooled_by);
            for cooler in coolers.filter(|_| rating != CoolantRating::default()) {
                if !rated.iter().any(|known| (known.0, known.1) == (hall.mark, cooler)) {
                    rated.push((hall.mark, cooler, rating, hall.equipment.rated_w()));
                }
            }
        }
        rated
    }
}

/// Reads the section `racks`.
pub(super) fn read_racks<'t>(
    section: &Place<'t>,
    plant: &mut Plant,
    sink: &mut Diagnostics,
) -> Halls<'t> {
    let mut halls = Halls::default();
    let mut total = 0;
    for component in section.components(sink) {
        let Some(spec) = component.place.read::<RackSpec>(sink) else {
            plant.broken = true;
            halls.unreadable.extend(component.instances);
            continue;
        };
        let mut faults = Vec::new();
        let (equipment, limits) = match &spec {
            RackSpec::Gpu(spec) => {
                let design = spec.resolve(&mut faults);
                let limits = limits(design.throttle_c, design.trip_c, 0.0);
                (Equipment::Gpu(design), limits)
            }
            RackSpec::Cpu(spec) => {
                let design = spec.resolve(&mut faults);
                let limits = limits(design.throttle_c, design.trip_c, 0.0);
                (Equipment::Gpu(design), limits)
            }
            RackSpec::Asic(spec) => {
                let design = spec.resolve(&mut faults);
                let limits = limits(design.throttle_c, design.trip_c, design.throttled_speed);
                (Equipment::Asic(design), limits)
            }
            RackSpec::HeatLoad(spec) => {
                let (throttle_c, trip_c) = spec.limits_c(&mut faults);
                let rated_w = spec.power.map_or(0.0, |power| power.0);
                (Equipment::HeatLoad { rated_w }, limits(throttle_c, trip_c, 0.0))
            }
        };
        let chip = match &spec {
            RackSpec::Gpu(spec) => spec.chip,
            RackSpec::Asic(spec) => spec.chip,
            RackSpec::Cpu(_) | RackSpec::HeatLoad(_) => None,
        };
        let chip = chip
            .map(|chip| within("chip", &mut faults, |faults| chip.resolve(limits.floor, faults)));
        let (count, fed_by, cooled_by) = match &spec {
            RackSpec::Gpu(spec) => (spec.count, &spec.fed_by, spec.cooled_by.as_ref()),
            RackSpec::Cpu(spec) => (spec.count, &spec.fed_by, spec.cooled_by.as_ref()),
            RackSpec::Asic(spec) => (spec.count, &spec.fed_by, spec.cooled_by.as_ref()),
            RackSpec::HeatLoad(spec) => (spec.count, &spec.fed_by, Some(&spec.cooled_by)),
        };
        let air_cooled_by = match &spec {
            RackSpec::Gpu(spec) => {
                let rated = spec.coolant.and_then(|coolant| coolant.share);
                let capture = spec.liquid_capture.or(rated);
                let capture = capture.map_or(LIQUID_CAPTURE, |share| share.0.min(1.0));
                spec.air_cooled_by.as_ref().map(|names| (names, 1.0 - capture))
            }
            RackSpec::Cpu(_) | RackSpec::Asic(_) | RackSpec::HeatLoad(_) => None,
        };
        let hold_up = match &spec {
            RackSpec::Gpu(spec) => spec.hold_up,
            RackSpec::Cpu(spec) => spec.hold_up,
            RackSpec::Asic(spec) => spec.hold_up,
            RackSpec::HeatLoad(_) => None,
        };
        let hold_up_s = hold_up.map(Duration::as_secs_f64);
        let mut check = Check { faults: &mut faults };
        let hold_up_s = check.between("hold_up", hold_up_s, Ride::HOLD_UP_S, (0.0, 1.0), "s");
        let ride = Ride::Rack { hold_up: Span::from_secs_f64(hold_up_s) };
        let is_electric = match &spec {
            RackSpec::HeatLoad(spec) => spec.is_electric(),
            RackSpec::Gpu(_) | RackSpec::Cpu(_) | RackSpec::Asic(_) => true,
        };
        let fed_by = plant.fed_by(fed_by.as_ref()).cloned();
        if is_electric && fed_by.is_none() {
            let fault = Fault::error("", "nothing feeds these racks");
            faults.push(fault.help("add `fed_by:` with the name of a part of `power`"));
            plant.broken = true;
        }
        report(&component.place, faults, sink);
        let count = count.unwrap_or(1) as usize;
        let added = (count * component.instances.len()) as u64;
        if total + added > MOST_RACKS {
            let fault = Fault::error("count", format!("more than {MOST_RACKS} racks on the site"));
            component.place.fault(fault, sink);
            plant.broken = true;
            halls.unreadable.extend(component.instances);
            continue;
        }
        total += added;
        let fed_by = fed_by.as_ref().filter(|_| is_electric);
        let placement = Placement { count, fed_by, ride, cooled_by, air_cooled_by };
        let racks = place_racks(&component, &placement, plant, sink);
        let rated_w = equipment.rated_w();
        for rack in racks.iter().flatten() {
            let (air, share) = rack.air_cooled_by.unwrap_or((0, 0.0));
            if let Some(cooler) = rack.cooled_by {
                halls.heat_w.resize(halls.heat_w.len().max(cooler.max(air) + 1), 0.0);
                halls.heat_w[cooler] += (1.0 - share) * rated_w;
                halls.heat_w[air] += share * rated_w;
            }
        }
        for (name, racks) in component.instances.iter().zip(racks) {
            let design = HallDesign {
                name: name.clone(),
                kind: spec.kind(),
                gpus: equipment.gpus(),
                racks: racks.len(),
                limits,
                rated_supply_c: equipment.rated().supply_c,
                air_limits: limits_of_air(),
                chip_limits: chip.map(|(limits, _)| limits),
                chip_rise_k: chip.map_or(ChipSpec::RISE_K, |(_, rise_k)| rise_k),
                // Heat loads are heat and nothing else: no chips, no metal.
                rack_w: if let Equipment::HeatLoad { .. } = equipment { 0.0 } else { rated_w },
                idle_w: equipment.idle_w(),
                air_share: air_cooled_by.map_or(0.0, |(_, share)| share),
                cabinets: equipment.cabinets(),
            };
            let mark = component.name.mark;
            halls.readable.push(Hall { design, mark, equipment: equipment.clone(), racks });
        }
        if let RackSpec::HeatLoad(spec) = spec {
            let last = halls.readable.len();
            let mine = last - component.instances.len()..last;
            halls.heat_loads.push(HeatLoadRead { spec, place: component.place, halls: mine });
        }
    }
    halls
}

/// Limits of a rack whose speed falls linearly from 1 at the throttle temperature to `floor`
/// at the trip, and which may come back as soon as it would not be throttled.
fn limits(throttle_c: f64, trip_c: f64, floor: f64) -> ThermalLimits {
    ThermalLimits { throttle_c, trip_c, restart_c: throttle_c, floor }
}

/// Share of the heat that cold plates take where air takes the rest: EnergyPlus' proposal.
const LIQUID_CAPTURE: f64 = 0.8;

/// Limits of the air beside a liquid: the upper ends of the ASHRAE A2 and A4 ranges.
fn limits_of_air() -> ThermalLimits {
    limits(35.0, 45.0, 0.0)
}

/// Where the racks of each hall of a component stand.
struct Placement<'s> {
    /// Racks in a hall.
    count: usize,
    /// None where nothing needs to.
    fed_by: Option<&'s Names>,
    /// What they stand of a bad voltage.
    ride: Ride,
    cooled_by: Option<&'s Names>,
    /// With the share of the heat.
    air_cooled_by: Option<(&'s Names, f64)>,
}

/// The racks of each instance of `component`.
fn place_racks(
    component: &Component<'_>,
    placement: &Placement<'_>,
    plant: &mut Plant,
    sink: &mut Diagnostics,
) -> Vec<Vec<HallRack>> {
    let all = placement.count * component.instances.len();
    let mut cords = match placement.fed_by {
        Some(names) => plant.feeders(names, "fed_by", all, &component.place, sink),
        None => vec![Vec::new(); all],
    };
    let mut coolers = |names: Option<&Names>, field: &'static str| {
        let Some(names) = names else { return vec![None; all] };
        let what = (field, "a part of `cooling`");
        let found = connect(names, what, all, &plant.cooler_index, &component.place, sink);
        if found.iter().any(|coolers| coolers.len() > 1) {
            let message = format!("a rack has one thing in `{field}`");
            let fault = Fault::error(field, message).help(
                "name one exchanger or loop, or a group with at most as many of them as racks",
            );
            component.place.fault(fault, sink);
        }
        found.into_iter().map(|coolers| coolers.first().copied()).collect()
    };
    let cooled_by = coolers(placement.cooled_by, "cooled_by");
    let (air_names, air_share) = placement.air_cooled_by.unzip();
    let air_cooled_by = coolers(air_names, "air_cooled_by");
    if placement.cooled_by.is_none() {
        let fault = match air_names {
            None => Fault::warning("", "nothing cools these racks: they never get hot")
                .help("add `cooled_by:` with the name of a part of `cooling`"),
            Some(_) => Fault::error("air_cooled_by", "takes what `cooled_by` does not")
                .help("racks that only air cools name it in `cooled_by`"),
        };
        component.place.fault(fault, sink);
    }
    let digits = placement.count.to_string().len();
    let mut halls = Vec::new();
    for (hall, hall_name) in component.instances.iter().enumerate() {
        let group = plant.site.group(hall_name);
        let racks = (0..placement.count).map(|rack| {
            let index = hall * placement.count + rack;
            let name = format!("{hall_name}/{:0digits$}", rack + 1);
            let (cooled_by, air_cooled_by) = (cooled_by[index], air_cooled_by[index]);
            let role = match placement.fed_by {
                Some(_) => Role::Rack { group, cooled: cooled_by.is_some() },
                None => Role::Heat,
            };
            let site = plant.site_node(&name, role, component);
            for cooler in cooled_by.into_iter().chain(air_cooled_by) {
                plant.cool(cooler, site);
            }
            let air_cooled_by = air_cooled_by.zip(air_share);
            let cords = std::mem::take(&mut cords[index]);
            let load = placement
                .fed_by
                .map(|_| plant.add_load(&name, cords, Sharing::Even, placement.ride, site));
            HallRack { name, load, cooled_by, air_cooled_by }
        });
        halls.push(racks.collect());
    }
    halls
}

impl Halls<'_> {
    /// The heat loads among them, each a workload of its own.
    pub(super) fn read_heat_loads(
        &self,
        run: &mut Run<'_>,
        sink: &mut Diagnostics,
    ) -> Vec<WorkRead> {
        let mut works = Vec::new();
        for read in &self.heat_loads {
            let mut faults = Vec::new();
            let design = read.spec.resolve(run, &mut faults);
            report(&read.place, faults, sink);
            let Some(design) = design else { continue };
            for hall in read.halls.clone() {
                let Hall { design: HallDesign { name, .. }, racks, .. } = &self.readable[hall];
                let design = WorkDesign::HeatLoad(design.clone());
                let racks = (0..racks.len()).map(|rack| (hall, rack)).collect();
                works.push(WorkRead { site: WorkSite { name: name.clone(), design }, racks });
            }
        }
        works
    }
}

/// Reads the section `workloads`.
pub(super) fn read_workloads(
    section: &Place<'_>,
    halls: &Halls<'_>,
    (run, inputs): (&mut Run<'_>, &Inputs<'_>),
    sink: &mut Diagnostics,
) -> Vec<WorkRead> {
    let Halls { readable: halls, unreadable, .. } = halls;
    let names = halls.iter().enumerate().map(|(i, hall)| (hall.design.name.clone(), Some(i)));
    let mut index: Index<Option<usize>> = names.collect();
    index.extend(unreadable.iter().map(|name| (name.clone(), None)));
    let mut owner: Vec<Option<String>> = vec![None; halls.len()];
    let mut works = Vec::new();
    let mut all_read = true;
    for component in section.components(sink) {
        let Some(spec) = component.place.read::<WorkloadSpec>(sink) else {
            all_read = false;
            continue;
        };
        let mut pools = vec![match &spec {
            WorkloadSpec::Mining(spec) => ("racks", &spec.racks),
            WorkloadSpec::Training(spec) => ("racks", &spec.racks),
            WorkloadSpec::Inference(spec) => ("racks", &spec.racks),
        }];
        if let WorkloadSpec::Inference(spec) = &spec {
            pools.extend(spec.pool_racks().map(|racks| ("pools", racks)));
        }
        let count = component.instances.len();
        let mut of_pools = |(field, names): (&str, &Names)| {
            let what = (field, "a group of `racks`");
            connect(names, what, count, &index, &component.place, sink)
        };
        let of_pools: Vec<_> = pools.into_iter().map(&mut of_pools).collect();
        for (instance, name) in component.instances.iter().enumerate() {
            let halls_of = |pool: &Vec<Vec<Option<usize>>>| {
                let mine: Option<Vec<usize>> = pool[instance].iter().copied().collect();
                mine.filter(|mine| !mine.is_empty())
            };
            let Some(pools) = of_pools.iter().map(halls_of).collect::<Option<Vec<_>>>() else {
                continue;
            };
            let mut taken = false;
            for (pool, &hall) in pools
                .iter()
                .enumerate()
                .flat_map(|(pool, mine)| mine.iter().map(move |hall| (pool, hall)))
            {
                if let Some(other) = &owner[hall] {
                    let hall = &halls[hall].design.name;
                    let message = format!("`{hall}` belongs to the workload `{other}` already");
                    let field = if pool == 0 { "racks" } else { "pools" };
                    let fault = Fault::error(field, message).help("a hall has one workload");
                    component.place.fault(fault, sink);
                    taken = true;
                } else {
                    owner[hall] = Some(name.clone());
                }
            }
            if taken {
                continue;
            }
            let racks: Vec<(usize, usize)> = pools
                .iter()
                .flatten()
                .flat_map(|&hall| (0..halls[hall].racks.len()).map(move |rack| (hall, rack)))
                .collect();
            if let Some(design) =
                design(name, &spec, (halls, &pools), &component.place, (run, inputs), sink)
            {
                works.push(WorkRead { site: WorkSite { name: name.clone(), design }, racks });
            }
        }
    }
    for (hall, owner) in halls.iter().zip(&owner) {
        let idle = owner.is_none() && !matches!(hall.equipment, Equipment::HeatLoad { .. });
        if idle && all_read {
            let message = format!("no workload uses the racks of `{}`", hall.design.name);
            sink.push(Diagnostic::warning(section.key, message).code("doubtful"));
        }
    }
    works
}

/// The design of the workload `name` on its halls, of which inference may have several `pools`.
fn design(
    name: &str,
    spec: &WorkloadSpec,
    (halls, pools): (&[Hall], &[Vec<usize>]),
    place: &Place<'_>,
    (run, inputs): (&mut Run<'_>, &Inputs<'_>),
    sink: &mut Diagnostics,
) -> Option<WorkDesign> {
    let mut faults = Vec::new();
    let mine = pools[0].as_slice();
    let design = match spec {
        WorkloadSpec::Mining(spec) => asic_racks((halls, mine), &mut faults)
            .map(|racks| WorkDesign::Mining(spec.resolve(racks, run, &mut faults))),
        WorkloadSpec::Training(spec) => {
            gpu_racks((halls, mine), &mut faults).map(|(rack, racks)| {
                let mut design = spec.resolve(&rack, racks.len(), &mut faults);
                design.follow(&run.clock.week(run.horizon));
                inputs.open_log(&mut design, &mut faults);
                WorkDesign::Training { design, rack, racks }
            })
        }
        WorkloadSpec::Inference(spec) => {
            let kinds = pools.iter().map(|mine| {
                let mut of_cpus = mine.iter().map(|&hall| &halls[hall]).filter(|hall| {
                    matches!(&hall.equipment, Equipment::Gpu(rack) if rack.processor == Processor::Core)
                });
                if let Some(hall) = of_cpus.next() {
                    faults.push(wrong_equipment(hall, "inference", "GPU racks"));
                    return None;
                }
                gpu_racks((halls, mine), &mut faults)
            });
            let kinds = kinds.collect::<Option<Vec<_>>>();
            if kinds.iter().flatten().any(|(rack, _)| rack.smoothing.acts()) {
                let message = "racks of a service burn nothing and do not ramp: its draw is told as \
                               means of `control_interval`";
                let help = "leave all but `buffer` out of their `smoothing`";
                faults.push(Fault::error("racks", message).help(help));
            }
            kinds.map(|kinds| {
                let week = run.clock.week(run.horizon);
                let racks: Vec<(&GpuRackDesign, usize)> =
                    kinds.iter().map(|(rack, racks)| (rack, racks.len())).collect();
                let design = spec.resolve(name, &racks, &week, inputs, &mut faults);
                WorkDesign::Inference { design, fit: spec.fit() }
            })
        }
    };
    report(place, faults, sink);
    design
}

/// The racks of the halls `mine`, which must be ASIC racks.
fn asic_racks(
    (halls, mine): (&[Hall], &[usize]),
    faults: &mut Vec<Fault>,
) -> Option<Vec<AsicRack>> {
    let mut racks = Vec::new();
    for hall in mine.iter().map(|&index| &halls[index]) {
        let Equipment::Asic(asic) = &hall.equipment else {
            faults.push(wrong_equipment(hall, "a mining workload", "ASIC racks"));
            return None;
        };
        let named = |rack: &HallRack| AsicRack { name: rack.name.clone(), asic: asic.clone() };
        racks.extend(hall.racks.iter().map(named));
    }
    Some(racks)
}

/// The one kind of GPU rack of the halls `mine`, and the names of their racks.
fn gpu_racks(
    (halls, mine): (&[Hall], &[usize]),
    faults: &mut Vec<Fault>,
) -> Option<(GpuRackDesign, Vec<String>)> {
    let mut kind: Option<(&Hall, &GpuRackDesign)> = None;
    let mut names = Vec::new();
    for hall in mine.iter().map(|&index| &halls[index]) {
        let Equipment::Gpu(rack) = &hall.equipment else {
            faults.push(wrong_equipment(hall, "a workload of jobs or inference", "GPU racks"));
            return None;
        };
        match kind {
            Some((first, known)) if known != rack => {
                let (first, other) = (&first.design.name, &hall.design.name);
                let message = format!("the racks of `{first}` and `{other}` are of two kinds");
                let help = "give each kind of rack a workload of its own, or in a service of \
                            inference an entry in `pools`";
                faults.push(Fault::error("racks", message).help(help));
                return None;
            }
            _ => kind = Some((hall, rack)),
        }
        names.extend(hall.racks.iter().map(|rack| rack.name.clone()));
    }
    kind.map(|(_, rack)| (rack.clone(), names))
}

fn wrong_equipment(hall: &Hall, workload: &str, needed: &str) -> Fault {
    let (name, has) = (&hall.design.name, hall.equipment.name());
    Fault::error("racks", format!("{workload} needs {needed}, `{name}` has {has}"))
}

/// Every rack of the site in its place, hall by hall.
pub(super) fn rack_sites(halls: &[Hall], works: &[WorkRead]) -> Vec<RackSite> {
    let mut use_of: Vec<Vec<Option<(usize, usize)>>> =
        halls.iter().map(|hall| vec![None; hall.racks.len()]).collect();
    for (work, read) in works.iter().enumerate() {
        for (index, &(hall, rack)) in read.racks.iter().enumerate() {
            use_of[hall][rack] = Some((work, index));
        }
    }
    let mut sites = Vec::new();
    for (index, (hall, uses)) in halls.iter().zip(use_of).enumerate() {
        for (rack, work) in hall.racks.iter().zip(uses) {
            let HallRack { load, cooled_by, air_cooled_by, .. } = *rack;
            sites.push(RackSite { hall: index, load, cooled_by, air_cooled_by, work });
        }
    }
    sites
}
