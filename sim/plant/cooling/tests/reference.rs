//! Towers and dry coolers, held against EnergyPlus years and published points.

use super::*;

/// Root mean square and mean of differences.
fn spread(differences: &[f64]) -> (f64, f64) {
    let n = differences.len() as f64;
    let square: f64 = differences.iter().map(|d| d * d).sum();
    ((square / n).sqrt(), differences.iter().sum::<f64>() / n)
}

/// The tower of the EnergyPlus year: 1 MW constant, fan always on, UA given.
fn energyplus_tower() -> HydronicDesign {
    HydronicDesign {
        design_heat_w: 1e6,
        circuit: CircuitDesign {
            flow_kg_s: 43.492_74,
            specific_heat_j_kgk: CP_WATER,
            pump_w: 11_153.12,
            pump_heat: 1.0,
            pumps: 1,
            pump_law: PumpLaw::CONSTANT,
            approach_k: 0.0,
        },
        device: DeviceDesign::Tower(TowerDesign {
            ua_w_k: 57_831.25,
            air_flow_m3_s: 25.0,
            water_kg_s: 43.50,
            fan_w: 10_500.0,
            fan_at_sea_level: false,
            fan_law: FanLaw::Tower,
            free_convection: 0.1,
            free_ua: 0.1,
            flow_corrections: true,
            correction_wet_bulb_c: None,
            evaporation_per_k: None,
            drift: 2e-5,
            cycles: 4.0,
            cells: 1,
        }),
        fan_control: FanControl::AlwaysOn,
        setpoint_c: 24.0,
        minimum_supply_c: -50.0,
        minimum_fan_speed: 0.2,
        basin: None,
        trim: None,
    }
}

#[test]
fn a_year_of_an_energyplus_tower_is_met() {
    let columns =
        ["t_db_C", "w_kgkg", "p_Pa", "rej_q_W", "rej_t_out_C", "rej_fan_W", "evap_m3s", "q_load_W"];
    let Some(rows) = table("cooling/F_merkel_full_const__phoenix.csv.gz", &columns) else {
        return;
    };
    assert_eq!(rows.len(), 8760);
    let design = energyplus_tower();
    let plant = CoolingLoop::new(&LoopDesign::Hydronic(design));
    let unpumped =
        HydronicDesign { circuit: CircuitDesign { pump_w: 0.0, ..design.circuit }, ..design };
    let device = CoolingLoop::new(&LoopDesign::Hydronic(unpumped));

    let (mut at_device, mut at_plant) = (Vec::new(), Vec::new());
    let (mut fan, mut fan_theirs, mut water, mut water_theirs) = (0.0, 0.0, 0.0, 0.0);
    for row in &rows {
        let [t, w, p, rejected, leaving, fan_w, evaporation, load] = row[..] else { panic!() };
        let air = MoistAir { dry_bulb_c: t, humidity_ratio: w, pressure_pa: p };
        // Their loop holds water, so that an hour's heat at the tower differs from its load.
        let state = device.solve(rejected, &air, Drive::FULL);
        at_device.push(state.supply_c - leaving);
        fan += state.fan_w;
        fan_theirs += fan_w;
        water += state.water.evaporation_kg_s;
        water_theirs += evaporation * 998.2;
        at_plant.push(plant.solve(load, &air, Drive::FULL).supply_c - leaving);
    }
    let ((device_k, device_bias), (plant_k, _)) = (spread(&at_device), spread(&at_plant));
    // What is left is their moist mass of air and their water, whose specific heat varies with
    // temperature by 0.2 %.
    assert!(device_k <= 0.012, "outlet off by {device_k} K rms, {device_bias} K mean");
    assert!(plant_k <= 0.05, "outlet of the whole loop off by {plant_k} K rms");
    assert!((fan / fan_theirs - 1.0).abs() <= 0.01, "fan energy off by {}", fan / fan_theirs - 1.0);
    // They balance moist mass and specific humidity, which loses two to three per cent.
    let excess = water / water_theirs - 1.0;
    assert!((0.01..=0.04).contains(&excess), "evaporation off by {excess}");
}

#[test]
fn a_year_of_an_energyplus_dry_cooler_is_met() {
    let columns = ["t_db_C", "w_kgkg", "p_Pa", "rej_q_W", "rej_t_out_C", "rej_fan_W", "q_load_W"];
    let Some(rows) = table("cooling/G_dry_full_const__phoenix.csv.gz", &columns) else { return };
    assert_eq!(rows.len(), 8760);
    let plant = |pump_w| {
        CoolingLoop::new(&LoopDesign::Hydronic(HydronicDesign {
            design_heat_w: 1e6,
            circuit: CircuitDesign {
                flow_kg_s: 23.921,
                specific_heat_j_kgk: CP_WATER,
                pump_w,
                pump_heat: 1.0,
                pumps: 1,
                pump_law: PumpLaw::CONSTANT,
                approach_k: 0.0,
            },
            device: DeviceDesign::DryCooler(DryCoolerDesign {
                ua_w_k: 200e3,
                air_flow_m3_s: 110.0,
                water_kg_s: 23.921,
                fan_w: 44_000.0,
                fan_at_sea_level: false,
                fan_law: FanLaw::Cube,
                free_convection: 0.1,
                recirculation_k: 0.0,
                pads: None,
                units: 1,
            }),
            fan_control: FanControl::AlwaysOn,
            setpoint_c: 24.0,
            minimum_supply_c: -50.0,
            minimum_fan_speed: 0.2,
            basin: None,
            trim: None,
        }))
    };
    let (device, whole) = (plant(0.0), plant(6_815.796));
    let (mut at_device, mut at_plant) = (Vec::new(), Vec::new());
    let (mut fan, mut fan_theirs) = (0.0, 0.0);
    for row in &rows {
        let [t, w, p, rejected, leaving, fan_w, load] = row[..] else { panic!() };
        let air = MoistAir { dry_bulb_c: t, humidity_ratio: w, pressure_pa: p };
        let state = device.solve(rejected, &air, Drive::FULL);
        at_device.push(state.supply_c - leaving);
        fan += state.fan_w;
        fan_theirs += fan_w;
        assert_eq!(state.water, WaterFlows::default());
        at_plant.push(whole.solve(load, &air, Drive::FULL).supply_c - leaving);
    }
    let ((device_k, bias), (plant_k, _)) = (spread(&at_device), spread(&at_plant));
    assert!(device_k <= 0.01, "outlet off by {device_k} K rms, {bias} K mean");
    assert!(plant_k <= 0.05, "outlet of the whole loop off by {plant_k} K rms");
    assert!((fan / fan_theirs - 1.0).abs() <= 0.01);
}

/// The tower of the reference points: sized at 35 / 29.5 / 25.6 degC for 1 MW.
fn reference_point() -> TowerPoint {
    TowerPoint {
        heat_w: 1e6,
        leaving_c: 29.5,
        range_k: 5.5,
        air: MoistAir::from_wet_bulb(35.0, 25.6, 101_325.0),
        air_flow_m3_s: 25.0,
    }
}

fn reference_tower(ua_w_k: f64, air_flow_m3_s: f64) -> TowerDesign {
    let DeviceDesign::Tower(tower) = energyplus_tower().device else { panic!() };
    TowerDesign { ua_w_k, air_flow_m3_s, water_kg_s: 1e6 / (CP_WATER * 5.5), ..tower }
}

#[test]
fn a_sized_tower_meets_its_design_point() {
    let point = reference_point();
    let tower = reference_tower(point.ua_w_k().unwrap(), point.air_flow_m3_s);
    assert!((58e3..=70e3).contains(&tower.ua_w_k), "UA {}", tower.ua_w_k);
    let sink = TowerSink::new(&point.air, Some(25.6));
    let full = Operation::Forced { share: 1.0, speed: 1.0 };
    let water = Stream { kg_s: tower.water_kg_s, w_k: tower.water_kg_s * CP_WATER };
    let leaving = tower.leaving_c(&sink, 1e6, water, full);
    assert!((leaving - 29.5).abs() < 1e-6, "{leaving}");
    // 1.50 L a kilowatt-hour rejected.
    let air_kg_s = 25.0 * point.air.dry_air_density_kg_m3();
    let evaporation = super::water::Vapour::of(1e6, air_kg_s, &point.air, 30.0).kg_s;
    let litres_kwh = evaporation / 1e3 * 3600.0;
    assert!((litres_kwh / 1.50 - 1.0).abs() < 0.02, "{litres_kwh} L/kWh");
    // No tower cools below the wet bulb, or a megawatt with a breath of air.
    assert_eq!(TowerPoint { leaving_c: 25.0, ..point }.ua_w_k(), None);
    assert_eq!(TowerPoint { air_flow_m3_s: 5.0, ..point }.ua_w_k(), None);
}

#[test]
fn points_of_the_merkel_reference_are_met() {
    let columns = [
        "t_db",
        "t_wb",
        "p",
        "q_W",
        "m_w",
        "air_ratio",
        "ua_full",
        "t_out_C",
        "t_in_C",
        "evap_kgs",
    ];
    let Some(rows) = table("cooling/points_merkel.csv", &columns) else { return };
    assert_eq!(rows.len(), 28);
    for row in &rows {
        let [t, wb, p, heat, m, ratio, ua, leaving, entering, evaporation] = row[..] else {
            panic!()
        };
        let air = MoistAir::from_wet_bulb(t, wb, p);
        // The points take the moist mass of the air for the exchange and the dry mass for the
        // vapour.
        let moist = 1.0 + air.humidity_ratio;
        let tower = TowerDesign { water_kg_s: m, ..reference_tower(ua, 25.0 * moist) };
        let sink = TowerSink::new(&air, None);
        let water = Stream { kg_s: m, w_k: m * CP_WATER };
        let operation = Operation::Forced { share: 1.0, speed: ratio };
        let ours = tower.leaving_c(&sink, heat, water, operation);
        assert!((ours - leaving).abs() < 1e-3, "{ours} against {leaving} at {row:?}");
        assert!((ours + heat / water.w_k - entering).abs() < 0.01);
        let air_kg_s = 25.0 * ratio * air.dry_air_density_kg_m3();
        let ours = super::water::Vapour::of(heat, air_kg_s, &air, 30.0).kg_s;
        assert!((ours / evaporation - 1.0).abs() < 1e-4, "{ours} kg/s against {evaporation}");
    }
}

#[test]
fn the_catalogue_dry_cooler_meets_its_rating_and_its_points() {
    let (ua, c) = (CATALOGUE.ua_w_k(), CATALOGUE.capacity_w_k());
    assert!((ua / 607e3 - 1.0).abs() < 0.01, "UA {ua}");
    assert!((crossflow(ua / c, 1.0) / 0.500 - 1.0).abs() < 0.01);
    assert!((CATALOGUE.fan_w / CATALOGUE.heat_w / 0.040 - 1.0).abs() < 0.01);
    // Sized for its own rating, the answer is one unit of it.
    let count = CATALOGUE.count(2.931e6, c, 5.55).unwrap();
    assert!((count - 1.0).abs() < 1e-6, "{count}");

    let columns = ["t_amb", "fan_ratio", "load_ratio", "ua", "t_in", "t_out", "fan_W"];
    let Some(rows) = table("cooling/points_drycooler_BAC.csv", &columns) else { return };
    assert_eq!(rows.len(), 64);
    for row in &rows {
        let [ambient, speed, load, ua_theirs, entering, leaving, fan_w] = row[..] else { panic!() };
        let ua_here = ua * ua_factor(speed, 1.0);
        assert!((ua_here / ua_theirs - 1.0).abs() < 1e-4);
        let conductance = inlet_conductance(crossflow, ua_here, c, speed * c);
        let ours = ambient + load * CATALOGUE.heat_w / conductance;
        assert!((ours - entering).abs() < 0.01, "{ours} against {entering}");
        assert!((ours - load * CATALOGUE.heat_w / c - leaving).abs() < 0.01);
        assert!((FanLaw::Cube.power(speed) * CATALOGUE.fan_w / fan_w - 1.0).abs() < 1e-4);
    }
}
