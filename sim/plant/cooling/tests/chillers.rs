//! Chilled-water plants held against reference points, conservation and common sense.

use super::super::chiller::{ChillerDesign, Entering};
use super::super::curves::{ChillerCurves, Condenser, CurveSet};
use super::super::head::{Head, HeadLimit};
use super::super::state::BOILING_C;
use super::*;
use crate::kernel::Span;

const SETS: [(&str, CurveSet); 8] = [
    ("York YT 1055kW", CurveSet::YorkYt1055),
    ("Carrier 19XR 1407kW", CurveSet::Carrier19xr),
    ("York YT 1495kW", CurveSet::YorkYt1495),
    ("Trane CVHE 1442kW", CurveSet::TraneCvhe),
    ("DOE-2 Centrifugal", CurveSet::Doe2Centrifugal),
    ("York YS 1758kW", CurveSet::YorkYs),
    ("York YCAL0033EE", CurveSet::YorkYcal0033),
    ("Carrier 30RB390", CurveSet::Carrier30rb390),
];

const STAGING: StagingDesign = StagingDesign {
    up_at: 0.9,
    up_after: Span::from_secs(300),
    down_at: 0.85,
    least_time: Span::from_secs(1200),
    start_delay: Span::from_secs(600),
    standby: 0,
};

fn bank(curves: ChillerCurves, capacity_w: f64, units: u32) -> ChillerDesign {
    let free = ChillerDesign {
        curves,
        capacity_w,
        units,
        stage_at: 0.85,
        staging: STAGING,
        beyond: Beyond::Carnot,
        compressor_heat: 1.0,
        setpoint_c: curves.reference_supply_c,
        head: HeadLimit::usual(curves.condenser, curves.condenser_c.1),
        max_power_w: f64::INFINITY,
    };
    // The curves are asked at any temperature of the chilled water.
    ChillerDesign { max_power_w: free.hottest_power_w(), setpoint_c: f64::INFINITY, ..free }
}

#[test]
fn points_of_the_chiller_reference_are_met() {
    let columns =
        ["cap_ref_W", "cop_ref", "t_evap_out", "t_cond_in", "plr", "cap_avail_W", "q_W", "power_W"];
    let path = "cooling/points_chiller_eir.csv";
    let (Some(names), Some(rows)) = (text_column(path, "set"), table(path, &columns)) else {
        return;
    };
    assert_eq!(rows.len(), 444);
    let mut seen = 0;
    for (name, row) in names.iter().zip(&rows) {
        let [reference, cop, x, y, load, capacity, heat, power] = row[..] else { panic!() };
        let (_, set) = SETS.iter().find(|(part, _)| name.contains(part)).unwrap();
        let curves = *set.curves();
        assert_eq!(curves.cop, cop, "{name}");
        let chiller = bank(curves, reference, 1);
        let ours = reference * chiller.capacity_factor(x, y);
        // The points are printed to six digits.
        assert!((ours / capacity - 1.0).abs() < 5e-6, "{name}: {ours} W against {capacity}");
        let exact = load * ours;
        assert!((exact / heat - 1.0).abs() < 5e-6);
        let ours = chiller.power_w(1.0, exact, x, y);
        assert!((ours / power - 1.0).abs() < 5e-6, "{name}: {ours} W against {power} at {row:?}");
        seen += 1;
    }
    assert_eq!(seen, 444);
}

#[test]
fn beyond_the_curves_power_goes_with_the_lift() {
    let chiller = bank(*CurveSet::Carrier19xr.curves(), 1e6, 1);
    // Inside, the curve; at its edge, no step.
    let (x, warm) = (6.67, 32.22);
    let edge = chiller.eir_factor(x, warm);
    assert!((chiller.eir_factor(x, warm + 1e-9) - edge).abs() < 1e-6);
    // Chilled water of 6.67 evaporates at 4.67, water of 32.22 condenses at 39.22: a lift of
    // 34.55 K becomes 40.33 K with water 5.78 K warmer.
    let hotter = chiller.eir_factor(x, 38.0);
    assert!((hotter / edge - 40.33 / 34.55).abs() < 1e-9, "{}", hotter / edge);
    // Warm chilled water: 2.5 % of capacity a kelvin, up to 30 %.
    let at = |x| chiller.capacity_factor(x, 25.0);
    assert!((at(14.0) / at(10.0) - 1.10).abs() < 1e-9);
    assert!((at(22.0) / at(10.0) - 1.30).abs() < 1e-9);
    assert!(chiller.eir_factor(18.0, 25.0) < chiller.eir_factor(10.0, 25.0));
    let held = ChillerDesign { beyond: Beyond::Hold, ..chiller };
    assert_eq!(held.eir_factor(x, 45.0), edge);
    assert_eq!(held.capacity_factor(18.0, 25.0), held.capacity_factor(10.0, 25.0));
    // Cycling below the least load: power in proportion to heat.
    let (q, p) = (1e5, chiller.power_w(1.0, 1e5, x, 25.0));
    assert!((chiller.power_w(1.0, 0.5 * q, x, 25.0) / p - 0.5).abs() < 1e-12);
}

fn chiller_plant() -> CoolingLoop {
    loop_of(
        r#"{"chiller-plant": {"design_heat": "10 MW", "chillers": {"count": 4},
        "fed_by": ["a"]}}"#,
    )
}

fn with_economiser() -> CoolingLoop {
    loop_of(
        r#"{"chiller-plant": {"design_heat": "10 MW", "chillers": {"count": 4},
            "supply": "15 degC", "range": "9 K", "economiser": {"approach": "2 K"},
            "fed_by": ["a"]}}"#,
    )
}

fn air_cooled() -> CoolingLoop {
    loop_of(
        r#"{"air-cooled-chiller": {"design_heat": "10 MW", "chillers": {"count": 8},
        "fed_by": ["a"]}}"#,
    )
}

#[test]
fn a_plant_draws_what_its_curves_say() {
    let plant = chiller_plant();
    let LoopDesign::ChillerPlant(design) = plant.design() else { panic!() };
    let mild = plant.solve(8e6, &weather(20.0, 0.5), Drive::FULL);
    assert!(!mild.saturated && (mild.supply_c - 6.67).abs() < 1e-9);
    // The tower holds 21.1 degC; three of four chillers run: 8.06 MW of about 2.5 MW each.
    let evaporator_w = 8e6 + design.circuit.pump_w;
    let n = (evaporator_w / (0.85 * design.chillers.capacity_w)).ceil();
    let c = CurveSet::Carrier19xr.curves();
    let biquadratic = |k: &[f64; 6], x: f64, y: f64| {
        k[0] + k[1] * x + k[2] * x * x + k[3] * y + k[4] * y * y + k[5] * x * y
    };
    let capacity = n * design.chillers.capacity_w * biquadratic(&c.capacity, 6.67, 21.1);
    let load = evaporator_w / capacity;
    let part = c.part_load[0] + c.part_load[1] * load + c.part_load[2] * load * load;
    let expected = capacity / 6.04 * biquadratic(&c.eir, 6.67, 21.1) * part;
    assert!((mild.chiller_w / expected - 1.0).abs() < 1e-6, "{} {expected}", mild.chiller_w);
    let cop = evaporator_w / mild.chiller_w;
    assert!((5.7..9.3).contains(&cop), "COP {cop} outside what the maker's table spans");

    let hot = plant.solve(10e6, &weather(40.0, 0.3), Drive::FULL);
    assert!(hot.chiller_w > mild.chiller_w && hot.fan_w == plant.max_fan_w());
    assert!(hot.water.makeup_kg_s > mild.water.makeup_kg_s);
    assert_eq!(mild.economiser_w, 0.0);
    // Air-cooled at its rating: COP of the rating, no water.
    let dry = air_cooled().solve(10e6, &weather(35.0, 0.3), Drive::FULL);
    let cop = (dry.heat_rejected_w - dry.chiller_w) / dry.chiller_w;
    assert!((cop / 2.8 - 1.0).abs() < 0.01, "{cop}");
    assert_eq!((dry.water, dry.fan_w), (WaterFlows::default(), 0.0));
}

#[test]
fn the_economiser_goes_from_alone_to_beside_to_idle() {
    let plant = with_economiser();
    let at = |t| plant.solve(8e6, &weather(t, 0.6), Drive::FULL);
    let winter = at(2.0);
    assert_eq!(winter.chiller_w, 0.0);
    assert!((winter.supply_c - 15.0).abs() < 1e-4 && winter.fan_speed < 1.0, "{winter:?}");
    let spring = at(14.0);
    assert!(spring.chiller_w > 0.0 && spring.economiser_w > 0.1 * 8e6, "{spring:?}");
    assert_eq!(spring.fan_speed, 1.0, "beside chillers the fans do all they can");
    let summer = at(34.0);
    assert_eq!(summer.economiser_w, 0.0);
    assert!(summer.chiller_w > spring.chiller_w);
    // Without power for the chillers the economiser goes on as far as it can.
    let drive = Drive { chillers: 0.0, ..Drive::FULL };
    let passive = plant.solve(8e6, &weather(14.0, 0.6), drive);
    assert!(passive.flowing && passive.saturated && passive.supply_c > 15.0, "{passive:?}");
    assert!(!chiller_plant().solve(8e6, &weather(14.0, 0.6), drive).flowing);
}

#[test]
fn lost_chillers_are_felt() {
    for plant in [chiller_plant(), with_economiser(), air_cooled()] {
        let air = weather(30.0, 0.4);
        let supply = |chillers| plant.solve(7e6, &air, Drive { chillers, ..Drive::FULL }).supply_c;
        let (all, half, quarter) = (supply(1.0), supply(0.5), supply(0.25));
        assert!(all + 1.0 < half && half + 1.0 < quarter, "{all} {half} {quarter}");
        let light = plant.solve(2e6, &air, Drive { chillers: 0.5, ..Drive::FULL });
        assert!(!light.saturated, "half of the chillers carry a fifth of the heat");
    }
}

/// A plant whose condenser pumps follow the pressure in the condensers.
fn following() -> CoolingLoop {
    loop_of(
        r#"{"chiller-plant": {"design_heat": "10 MW", "chillers": {"count": 3}, "fed_by": ["a"],
            "condenser": {"supply": "18 degC", "pump_control": {"slowest_at": "20 degC",
            "fastest_at": "27 degC", "minimum_speed": "40 %"}}}}"#,
    )
}

/// The water that leaves the condensers, from the heat that it was given and the flow that goes with
/// the cube root of the pumps' power, asks for the very speed that the pumps have.
#[test]
fn condenser_pumps_have_the_speed_that_leaving_water_asks_for() {
    let plant = following();
    let LoopDesign::ChillerPlant(design) = *plant.design() else { panic!() };
    let mut speeds = Vec::new();
    for (load, t) in [(0.1, 2.0), (0.3, 8.0), (0.5, 12.0), (0.6, 16.0), (0.7, 22.0), (1.0, 34.0)] {
        let state = plant.solve(load * 10e6, &weather(t, 0.6), Drive::FULL);
        let speed = (state.condenser_pump_w / design.condenser_pump_w).cbrt();
        let given_w = state.heat_rejected_w - state.condenser_pump_w;
        let entering_c = state.device_c.max(design.minimum_condenser_c);
        let leaving_c =
            entering_c + given_w / (speed * design.condenser_kg_s * crate::fluids::water::CP_WATER);
        let asked = (0.4 + 0.6 * (leaving_c - 20.0) / 7.0).clamp(0.4, 1.0);
        assert!((speed - asked).abs() < 1e-3, "{speed} for {asked} at {t} degC");
        speeds.push(speed);
    }
    assert!(
        speeds[0] < 0.5 && speeds[5] == 1.0 && speeds.windows(2).all(|w| w[0] <= w[1]),
        "{speeds:?}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn every_chilled_state_is_finite_and_balanced(
        which in 0usize..12, t in -45.0f64..55.0, rh in 0.0f64..=1.0, z in -300.0f64..4500.0,
        load in prop_oneof![Just(0.0), 0.0f64..1e-6, 0.0f64..1.0, 1.0f64..3.0],
        fans in prop_oneof![Just(0.0), Just(1.0), 0.0f64..=1.0, 0.0f64..1e-3],
        pumps in prop_oneof![Just(0.0), Just(1.0), 0.0f64..=1.0, 0.01f64..0.1],
        chillers in prop_oneof![Just(0.0), Just(1.0), 0.0f64..=1.0, 0.0f64..1e-3],
        regime in proptest::option::of((0u32..5, prop_oneof![
            Just(CoolingMode::Free), Just(CoolingMode::Partial), Just(CoolingMode::Mechanical),
        ])),
    ) {
        let regime = regime.map(|(running, mode)| Regime { running, mode });
        let of_set = |name: &str| loop_of(&format!(
            r#"{{"chiller-plant": {{"design_heat": "10 MW", "chillers": {{"count": 3,
                "curves": "{name}"}}, "economiser": {{}}, "fed_by": ["a"]}}}}"#
        ));
        let plant = match which {
            0 => chiller_plant(),
            1 => with_economiser(),
            2 => air_cooled(),
            3 => loop_of(r#"{"chiller-plant": {"design_heat": "10 MW",
                "fans": {"control": "always-on"}, "chillers": {"beyond_curves": "hold"},
                "fed_by": ["a"]}}"#),
            4 => loop_of(r#"{"air-cooled-chiller": {"design_heat": "10 MW",
                "chillers": {"count": 5, "curves": "york-ycal0033ee"}, "recirculation": "2 K",
                "fed_by": ["a"]}}"#),
            5 => loop_of(r#"{"chiller-plant": {"design_heat": "10 MW", "supply": "20 degC",
                "fans": {"control": "always-on"}, "economiser": {"ua": "900 kW/K"},
                "fed_by": ["a"]}}"#),
            6 => of_set("york-yt-1055kw"),
            7 => of_set("york-yt-1495kw"),
            8 => of_set("trane-cvhe-1442kw"),
            9 => of_set("york-ys-1758kw"),
            10 => following(),
            _ => of_set("doe2-centrifugal"),
        };
        let air = MoistAir::from_relative_humidity(t, rh, crate::fluids::standard_pressure_pa(z));
        let drive = Drive { fans, pumps, chillers, regime, ..Drive::FULL };
        let heat = load * 10e6;
        let state = plant.solve(heat, &air, drive);
        prop_assert_eq!(state, plant.solve(heat, &air, drive));
        let (circuit, set_c) = match plant.design() {
            LoopDesign::ChillerPlant(c) => (c.circuit, c.setpoint_c),
            LoopDesign::AirCooledChiller(c) => (c.circuit, c.setpoint_c),
            _ => panic!(),
        };
        for value in [state.supply_c, state.return_c, state.rack_inlet_c] {
            prop_assert!(value.is_finite(), "{:?}", state);
        }
        prop_assert!((0.0..=fans * plant.max_fan_w() * (1.0 + 1e-12)).contains(&state.fan_w));
        prop_assert!((0.0..=pumps * plant.max_pump_w() * (1.0 + 1e-12)).contains(&state.pump_w));
        let most = chillers * plant.max_chiller_w() * (1.0 + 1e-12);
        prop_assert!((0.0..=most).contains(&state.chiller_w), "{:?} of {}", state, most);
        if !state.flowing {
            let off = chillers == 0.0 || regime.is_some_and(|regime| regime.running == 0);
            prop_assert!(pumps == 0.0 || off || state.head == Head::Trips, "{:?}", state);
            // The tower has the heat of the pumps of its water.
            prop_assert!((state.heat_rejected_w - state.condenser_pump_w).abs() <= 1e-6);
            return Ok(());
        }
        // Racks, pumps and compressors: all of it, and nothing else, reaches the weather, but for
        // what boils away.
        let given = heat + state.pump_w + state.chiller_w;
        prop_assert!((state.heat_rejected_w + state.left_w - given).abs() <= 1e-9 * given);
        prop_assert!(state.left_w >= -1e-9 * given && state.supply_c <= BOILING_C, "{state:?} of {given}");
        prop_assert!(state.left_w <= 1e-9 * given || state.supply_c == BOILING_C);
        let evaporator_w = heat + pumps * circuit.pump_w - state.left_w;
        let capacity = PumpLaw::CONSTANT.full_flow(pumps) * circuit.flow_kg_s * circuit.specific_heat_j_kgk;
        let returns_c = (state.supply_c + evaporator_w / capacity).min(BOILING_C);
        let apart_w = capacity * (state.return_c - returns_c);
        prop_assert!(apart_w.abs() <= 1e-6 * evaporator_w.max(1.0));
        prop_assert!((0.0..=evaporator_w * (1.0 + 1e-9)).contains(&state.economiser_w));
        prop_assert!(state.rack_inlet_c >= state.supply_c && state.supply_c >= set_c);
        if !state.saturated {
            prop_assert!((state.supply_c - set_c).abs() <= 1.1e-5, "{:?}", state);
        }
        let water = state.water;
        let out = water.evaporation_kg_s + water.drift_kg_s + water.blowdown_kg_s;
        prop_assert!(out.is_finite() && out >= 0.0);
        prop_assert!((water.makeup_kg_s - out).abs() <= 1e-12 * out);
    }
}

/// Full load at the setpoint by the maker's curves, written out: what an overloaded machine draws
/// while its water warms, as EnergyPlus' machines do, and 2.5 % more heat for each kelvin.
#[test]
fn an_overloaded_plant_draws_its_limit() {
    for json in [
        r#"{"chiller-plant": {"design_heat": "2 MW", "chillers": {"count": 2}, "supply": "10 degC", "fed_by": ["a"]}}"#,
        r#"{"air-cooled-chiller": {"design_heat": "2 MW", "chillers": {"count": 2}, "supply": "10 degC", "fed_by": ["a"]}}"#,
    ] {
        let plant = loop_of(json);
        let air = weather(30.0, 0.4);
        let (chillers, pump_w) = match plant.design() {
            LoopDesign::ChillerPlant(c) => (c.chillers, c.circuit.pump_w),
            LoopDesign::AirCooledChiller(c) => (c.chillers, c.circuit.pump_w),
            _ => panic!(),
        };
        let c = chillers.curves;
        let biquadratic = |k: &[f64; 6], x: f64, y: f64| {
            k[0] + k[1] * x + k[2] * x * x + k[3] * y + k[4] * y * y + k[5] * x * y
        };
        let mut before_w = 0.0;
        for load in [0.5, 0.8, 1.0, 1.1, 1.2, 1.4, 1.6, 2.0, 4.0] {
            let state = plant.solve(load * 2e6, &air, Drive::FULL);
            assert!(state.chiller_w >= before_w - 1e-6, "{load}: {} {before_w}", state.chiller_w);
            before_w = state.chiller_w;
            if !state.saturated {
                continue;
            }
            let y = match c.condenser {
                Condenser::Water => state.device_c.max(12.78),
                Condenser::Air => 30.0,
            };
            let p = c.most_part_load;
            let full_w = 2.0 * chillers.capacity_w * biquadratic(&c.capacity, 10.0, y) / c.cop
                * biquadratic(&c.eir, 10.0, y)
                * (c.part_load[0] + c.part_load[1] * p + c.part_load[2] * p * p);
            assert!(
                (state.chiller_w / full_w - 1.0).abs() < 1e-6,
                "{load}: {} {full_w}",
                state.chiller_w
            );
            let (x, gain) = match c.condenser {
                Condenser::Water => (10.0, 1.0 + 0.025 * (state.supply_c - 10.0)),
                Condenser::Air => {
                    let x = state.supply_c.min(15.56);
                    (x, 1.0 + 0.025 * (state.supply_c - x))
                }
            };
            let most_w =
                2.0 * chillers.capacity_w * biquadratic(&c.capacity, x, y) * p * gain.min(1.3);
            let carried_w = load * 2e6 + pump_w - state.left_w;
            assert!((carried_w / most_w - 1.0).abs() < 1e-6, "{load}: {carried_w} {most_w}");
        }
        // Twice the design heat finds no temperature: the water boils, and says what it cannot carry.
        let boils = plant.solve(4e6, &air, Drive::FULL);
        assert_eq!(boils.supply_c, BOILING_C);
        assert!(boils.left_w > 2e5, "{boils:?}");
        let given = 4e6 + boils.pump_w + boils.chiller_w;
        assert!((boils.heat_rejected_w + boils.left_w - given).abs() < 1.0, "{boils:?}");
    }
}

/// With the tower's fans at rest its water warms until the pressure in the condensers unloads the
/// chillers to what the tower takes: 54.7 degC condensing, 5.5 K of range and 1.5 K of approach at
/// reference capacity below that.
#[test]
fn chillers_without_fans_on_their_tower_unload_to_what_it_takes() {
    let plant = loop_of(
        r#"{"chiller-plant": {"design_heat": "2 MW", "supply": "10 degC", "fed_by": ["a"]}}"#,
    );
    let LoopDesign::ChillerPlant(design) = plant.design() else { panic!() };
    let still = Drive { fans: 0.0, ..Drive::FULL };
    let state = plant.solve(2e6, &weather(42.0, 0.15), still);
    assert_eq!(state.head, Head::Unloads, "{state:?}");
    let carried_w = 2e6 + design.circuit.pump_w - state.left_w;
    let condensing_c = state.device_c + 7.0 * carried_w / design.chillers.capacity_w;
    assert!((condensing_c - 54.7).abs() < 1e-4, "{condensing_c}");
    assert!(carried_w < 1.9e6 && carried_w > 0.2 * design.chillers.capacity_w);
    // Half of the condenser water warms by twice as much.
    let LoopDesign::ChillerPlant(design) = plant.design() else { panic!() };
    let entering = Entering { c: 45.0, flow: 0.5 };
    let most = design.chillers.most(1.0, 10.0, entering);
    assert!((most.heat_w / design.chillers.capacity_w - 9.7 / 12.5).abs() < 1e-9);
    // Next to no condenser water: the machine trips, and nothing carries the heat.
    let starved = plant.solve(2e6, &weather(42.0, 0.15), Drive { pumps: 0.008, ..Drive::FULL });
    assert!(!starved.flowing && starved.head == Head::Trips, "{starved:?}");
    assert!(starved.flow > 0.0 && starved.pump_w > 0.0 && starved.chiller_w == 0.0);
}

#[test]
fn contradictory_chiller_plants_are_reported_with_figures() {
    let check = |json: &str, severity, field: &str, words: &str| {
        let faults = faults_of(json);
        assert!(has(&faults, severity, field, words), "{faults:?}");
    };
    use Severity::{Error, Warning};
    check(
        r#"{"chiller-plant": {"design_heat": "10 MW", "chillers": {"capacity": "1.4 MW",
            "count": 6}, "fed_by": ["a"]}}"#,
        Warning,
        "design_heat",
        "6.7 degC is not held at design heat and a wet bulb of 25.6 degC: the chillers reach",
    );
    check(
        r#"{"chiller-plant": {"design_heat": "1 MW", "chillers": {"curves": "carrier-30rb390"},
            "fed_by": ["a"]}}"#,
        Error,
        "chillers.curves",
        "cooled by air, in a plant cooled by water",
    );
    check(
        r#"{"chiller-plant": {"design_heat": "1 MW", "supply": "18 degC", "fed_by": ["a"]}}"#,
        Warning,
        "supply",
        "fitted between 4.4 and 10.0 degC; at 18.0 degC they are extended",
    );
    check(
        r#"{"air-cooled-chiller": {"design_heat": "1 MW"}}"#,
        Error,
        "",
        "nothing feeds its chillers",
    );
    check(
        r#"{"chiller-plant": {"design_heat": "1 MW", "economiser": {"approach": "0 K"},
            "fed_by": ["a"]}}"#,
        Error,
        "economiser.approach",
        "must be between 0.1 K and 30 K, got 0 K",
    );
    check(
        r#"{"chiller-plant": {"design_heat": "1 MW", "condenser": {"supply": "20 degC",
            "reset": {"above_wet_bulb": "4 K"}}, "fed_by": ["a"]}}"#,
        Error,
        "condenser.reset",
        "gives one temperature",
    );
    check(
        r#"{"chiller-plant": {"design_heat": "1 MW", "fed_by": ["a"],
            "condenser": {"reset": {"above_wet_bulb": "4 K", "coldest": "25 degC",
            "warmest": "20 degC"}}}}"#,
        Error,
        "condenser.reset.coldest",
        "`coldest` of 25.0 degC is above `warmest` of 20.0 degC",
    );
    assert_eq!(faults_of(r#"{"chiller-plant": {"design_heat": "10 MW", "fed_by": ["a"]}}"#), []);
    assert_eq!(
        faults_of(r#"{"air-cooled-chiller": {"design_heat": "10 MW", "fed_by": ["a"]}}"#),
        []
    );
}

/// Each hour a plant whose setpoint follows the wet bulb is one of that setpoint.
#[test]
fn a_reset_plant_is_the_plant_of_the_hours_setpoint() {
    let plant = |condenser: &str| {
        loop_of(&format!(
            r#"{{"chiller-plant": {{"design_heat": "1 MW", "fed_by": ["a"],
                "condenser": {{{condenser}}}}}}}"#
        ))
    };
    let reset =
        plant(r#""reset": {"above_wet_bulb": "5 K", "coldest": "15 degC", "warmest": "28 degC"}"#);
    for (t, rh) in [(-5.0, 0.6), (14.0, 0.7), (25.0, 0.4), (36.0, 0.5)] {
        let air = weather(t, rh);
        let wanted_c = (air.wet_bulb_c() + 5.0).clamp(15.0, 28.0);
        let constant = plant(&format!(r#""supply": "{wanted_c} degC""#));
        let (ours, theirs) =
            (reset.solve(9e5, &air, Drive::FULL), constant.solve(9e5, &air, Drive::FULL));
        assert!((ours.device_c - theirs.device_c).abs() < 1e-5, "{ours:?} {theirs:?}");
        assert!((ours.chiller_w / theirs.chiller_w - 1.0).abs() < 1e-6);
    }
}

#[test]
fn own_curves_are_as_good_as_named_ones() {
    let named = loop_of(
        r#"{"chiller-plant": {"design_heat": "1 MW", "chillers": {"curves": "york-ys-1758kw"},
            "fed_by": ["a"]}}"#,
    );
    let own = loop_of(
        r#"{"chiller-plant": {"design_heat": "1 MW", "fed_by": ["a"],
            "chillers": {"own_curves": { "cop": 5.84, "supply_min": "4.44 degC",
            "supply_max": "8.89 degC", "condenser_min": "12.78 degC", "condenser_max": "35 degC",
            "capacity": [0.8130185, -0.01425368, -0.001618007, 0.02638417, -0.0009154379,
            0.001696015], "power": [0.6381264, 0.006304193, 0.0009233511, -0.004552881,
            0.0008256904, -0.001561533], "part_load": [0.3149879, 0.3171267, 0.3709077],
            "least_part_load": "20 %", "most_part_load": 1.04}}}}"#,
    );
    let air = weather(28.0, 0.5);
    let (a, b) = (named.solve(8e5, &air, Drive::FULL), own.solve(8e5, &air, Drive::FULL));
    assert!((a.chiller_w / b.chiller_w - 1.0).abs() < 1e-9);
    assert_eq!(CurveSet::YorkYs.curves().condenser, Condenser::Water);
}
