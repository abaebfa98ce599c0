//! Moist air, devices at single points, and heat that has lost its way out.

use std::path::Path;

use loadbank::fluids::{
    MoistAir, saturated_enthalpy_j_kg, saturation_humidity_ratio, saturation_pressure_pa,
    standard_pressure_pa,
};
use loadbank::plant::cooling::{Crossing, Drive, ThermalNetwork, ThermalNode, Trajectory};

use super::plants::one_loop;
use super::table::{Band, Table};
use crate::data::{Csv, table_of};

/// Targets 1 to 5.
pub(super) fn air(table: &mut Table, data: &Path) -> Result<(), String> {
    for (t, published) in [(-20.0, 103.24), (5.0, 872.6), (25.0, 3169.7), (50.0, 12_351.3)] {
        let what = format!("saturation pressure at {t} degC, Pa (ASHRAE)");
        table.row("1", &what, published, saturation_pressure_pa(t), Band::Relative(3e-4));
    }
    for (t, published, band) in
        [(5.0, 0.005425, 0.005), (25.0, 0.020173, 0.005), (50.0, 0.086863, 0.01)]
    {
        let what = format!("saturation humidity ratio at {t} degC, sea level (ASHRAE)");
        let ours = saturation_humidity_ratio(t, 101_325.0);
        table.row("2", &what, published, ours, Band::Relative(band));
    }
    let saturated = saturated_enthalpy_j_kg(25.0, 101_325.0);
    table.row(
        "3",
        "enthalpy of saturated air at 25 degC, J/kg",
        76_504.0,
        saturated,
        Band::Relative(0.01),
    );
    let air = MoistAir { dry_bulb_c: 30.0, humidity_ratio: 0.02, pressure_pa: 95_461.0 };
    let (h, v) = (air.enthalpy_j_kg(), air.specific_volume_m3_kg());
    table.row("3", "enthalpy at 30 degC, 0.02 kg/kg, J/kg", 81_316.0, h, Band::Relative(3e-4));
    table.row("3", "volume of the same at 95,461 Pa, m3/kg", 0.940855, v, Band::Relative(3e-4));
    for (z, published) in [(1000.0, 89_875.0), (4000.0, 61_640.0)] {
        let what = format!("standard pressure at {z} m, Pa");
        table.row("3", &what, published, standard_pressure_pa(z), Band::Absolute(1.0));
    }

    let columns = ["p_Pa", "t_db_C", "rh", "t_wb_psychrolib_C", "t_wb_coolprop_C"];
    let mut most = [0.0f64; 2];
    for row in table_of(&data.join("cooling/points_psychrometrics.csv"), &columns)? {
        let [p, t, rh, psychrolib, coolprop] = row[..] else { return Err("a short row".into()) };
        let ours = MoistAir::from_relative_humidity(t, rh, p).wet_bulb_c();
        for (most, theirs) in most.iter_mut().zip([psychrolib, coolprop]) {
            *most = most.max((ours - theirs).abs());
        }
    }
    for (name, most) in ["PsychroLib", "CoolProp"].iter().zip(most) {
        let what = format!("wet bulb at 105 states against {name}, most off, K");
        table.row("4", &what, 0.0, most, Band::Most(0.03));
    }

    let columns = ["t_db_C", "w_kgkg", "p_Pa", "t_wb_C"];
    let year = data.join("cooling/F_merkel_full_const__phoenix.csv.gz");
    let mut most = 0.0f64;
    for row in table_of(&year, &columns)? {
        let [dry_bulb_c, humidity_ratio, pressure_pa, theirs] = row[..] else {
            return Err("a short row".into());
        };
        // About freezing the wick may be wet or iced.
        if theirs.abs() >= 0.5 {
            let air = MoistAir { dry_bulb_c, humidity_ratio, pressure_pa };
            most = most.max((air.wet_bulb_c() - theirs).abs());
        }
    }
    table.row(
        "5",
        "wet bulb of 8,760 h of Phoenix against EnergyPlus, most off, K",
        0.0,
        most,
        Band::Most(0.002),
    );
    Ok(())
}

/// Targets 7, 16 and 31.
pub(super) fn devices(table: &mut Table) {
    let point = MoistAir::from_wet_bulb(35.0, 25.6, 101_325.0);
    let tower = one_loop(
        "{kind: tower, design_heat: 1 MW, pumps: {power: 0 W}, \
         fans: {control: always-on}}",
    );
    let state = tower.solve(1e6, &point, Drive::FULL);
    let what = "tower at its design point, 35 / 25.6 degC: outlet, degC";
    table.row("7", what, 29.5, state.supply_c, Band::Absolute(0.01));
    let litres = state.water.evaporation_kg_s * 3.6;
    table.row("7", "evaporation there, L/kWh rejected", 1.50, litres, Band::Relative(0.02));

    let cooler = one_loop(
        "{kind: dry-cooler, design_heat: 2.931 MW, pumps: {power: 0 W}, \
         fans: {control: always-on}}",
    );
    let rating = MoistAir { dry_bulb_c: 35.0, humidity_ratio: 0.0, pressure_pa: 101_325.0 };
    let state = cooler.solve(2.931e6, &rating, Drive::FULL);
    let what = "BAC TDFS1238N, 2,931 kW at 35 degC: coolant leaving, degC";
    table.row("16", what, 40.55, state.supply_c, Band::Absolute(0.06));
    table.row(
        "16",
        "its fans, share of the heat",
        0.040,
        state.fan_w / 2.931e6,
        Band::Relative(0.01),
    );

    let asic = one_loop(
        "{kind: ventilation, design_heat: 3320 W, fans: {air_flow: 0.1746 m3/s, \
         power: 0 W}}",
    );
    let intake = MoistAir::from_relative_humidity(23.1, 0.5, 101_325.0);
    let state = asic.solve(3320.0, &intake, Drive::FULL);
    let rise = state.return_c - state.supply_c;
    table.row(
        "31",
        "Antminer S19 Pro, 3,320 W in 370 cfm: rise of the air, K",
        15.7,
        rise,
        Band::Relative(0.02),
    );
}

/// A megawatt at rest through chips (0.5 kJ/K a kilowatt), a technology loop (0.5 L of 25 %
/// glycol) and a facility loop (2.9 L of water), with conductances that one event has changed.
fn ride_through([chip, cdu, rejection]: [f64; 3]) -> (Trajectory, [ThermalNode; 3]) {
    let capacities = [0.5e6, 500.0 * 1.03 * 3900.0, 2900.0 * 4180.0];
    let mut network = ThermalNetwork::new();
    let nodes = capacities.map(|capacity| network.node(capacity));
    network.heat(nodes[0], 1e6);
    network.connect(nodes[0], nodes[1], chip);
    network.connect(nodes[1], nodes[2], cdu);
    network.sink(nodes[2], rejection, 25.0);
    (network.trajectory(&[63.0, 38.0, 32.0]), nodes)
}

/// Targets 27, 28 and 30.
pub(super) fn transients(table: &mut Table, data: &Path) -> Result<(), String> {
    let (chip, cdu, rejection) = (1e6 / 25.0, 1e6 / 6.0, 1e6 / 7.0);
    let cases = [
        ("A_rejection_lost", [chip, cdu, 0.0]),
        ("B_facility_pump_lost", [chip, 0.0, rejection]),
        ("C_TCS_pump_lost_5pct_natural", [0.05 * chip, 0.0, rejection]),
        ("D_half_rejection_N-1_of_2", [chip, cdu, 0.5 * rejection]),
    ];
    let path = data.join("cooling/ridethrough_events.csv");
    let (mut most, mut events) = (0.0f64, 0);
    for row in Csv::read(&path)?.rows() {
        let (case, event, time) = (row.text("scenario")?, row.text("event")?, row.text("t_s")?);
        let conductances = cases.iter().find(|(name, _)| *name == case).ok_or("unknown case")?.1;
        let (trajectory, [chip, tcs, fws]) = ride_through(conductances);
        let (node, threshold) = match event {
            _ if event.starts_with("chip>=87") => (chip, 87.0),
            _ if event.starts_with("chip>=95") => (chip, 95.0),
            _ if event.starts_with("tcs>=45") => (tcs, 45.0),
            _ => (fws, 40.0),
        };
        let ours = trajectory.first_crossing(node, threshold, Crossing::Rising, 900.0);
        events += 1;
        match (ours, time.parse::<f64>()) {
            (Some(ours), Ok(theirs)) => most = most.max((ours - theirs).abs()),
            (None, Err(_)) => {}
            _ => most = f64::INFINITY,
        }
    }
    let what = format!("{events} events of four ride-throughs, most off, s");
    table.row("30", &what, 0.0, most, Band::Most(0.01));

    let (stopped, [chip_node, ..]) = ride_through(cases[2].1);
    let trip = stopped.first_crossing(chip_node, 95.0, Crossing::Rising, 900.0);
    let what = "cold plates without flow shut down within a minute (InterPACK 2017), s";
    table.row("28", what, 60.0, trip.unwrap_or(f64::INFINITY), Band::Most(60.0));

    // A cabinet: air and machines of 12 and 60 kJ/K with 0.15 kW/K between them.
    let cabinet = |power_w: f64| {
        let mut network = ThermalNetwork::new();
        let (air, mass) = (network.node(12e3), network.node(60e3));
        network.heat(air, power_w);
        network.connect(air, mass, 150.0);
        let trajectory = network.trajectory(&[20.0, 20.0]);
        trajectory.first_crossing(air, 55.0, Crossing::Rising, 3600.0).unwrap_or(f64::INFINITY)
    };
    let what = "cabinet of 5 kW without cooling shuts down (Opengate 2007), s";
    table.row("27", what, 189.0, cabinet(5e3), Band::Relative(0.2));
    table.row("27", "the same at 10 kW, s", 60.0, cabinet(10e3), Band::Most(60.0));
    Ok(())
}
