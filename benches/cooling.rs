//! What a year of weather costs: 8,760 solves of one cooling loop on one core.
//!
//! Allocations are counted: a row without a line of them below has made none.

use divan::{AllocProfiler, Bencher, black_box};
use loadbank::fluids::MoistAir;
use loadbank::plant::cooling::{CoolingLoop, CoolingPart, CoolingSpec, Drive};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// A year of hours with the swing of the seasons and of the day in a hot dry place.
fn weather() -> Vec<MoistAir> {
    let turn = std::f64::consts::TAU;
    (0..8760)
        .map(|hour| {
            let (season, day) = (f64::from(hour) / 8760.0, f64::from(hour % 24) / 24.0);
            let swing = 12.0 * (turn * (season - 0.55)).cos() + 7.0 * (turn * (day - 0.65)).cos();
            let humidity = (0.45 - 0.012 * swing).clamp(0.05, 1.0);
            MoistAir::from_relative_humidity(20.0 + swing, humidity, 97_600.0)
        })
        .collect()
}

fn year(bencher: Bencher<'_, '_>, spec: &str) {
    let spec: CoolingSpec = serde_json::from_str(spec).expect("a spec");
    let mut faults = Vec::new();
    let CoolingPart::Loop(design) = spec.resolve(&mut faults) else { panic!("a loop") };
    let plant = CoolingLoop::new(&design);
    let weather = weather();
    bencher.bench(|| {
        let solve = |air| plant.solve(black_box(8e6), air, Drive::FULL).supply_c;
        weather.iter().map(solve).sum::<f64>()
    });
}

#[divan::bench]
fn tower_to_setpoint(bencher: Bencher<'_, '_>) {
    year(bencher, r#"{"tower": {"design_heat": "10 MW", "supply": "24 degC", "fed_by": ["a"]}}"#);
}

#[divan::bench]
fn tower_always_on(bencher: Bencher<'_, '_>) {
    year(
        bencher,
        r#"{"tower": {"design_heat": "10 MW", "fans": {"control": "always-on"}, "fed_by": ["a"]}}"#,
    );
}

#[divan::bench]
fn dry_cooler_to_setpoint(bencher: Bencher<'_, '_>) {
    year(
        bencher,
        r#"{"dry-cooler": {"design_heat": "10 MW", "supply": "38 degC", "fed_by": ["a"]}}"#,
    );
}

#[divan::bench]
fn fluid_cooler_to_setpoint(bencher: Bencher<'_, '_>) {
    year(
        bencher,
        r#"{"fluid-cooler": {"design_heat": "10 MW", "supply": "28 degC",
            "spray": {"control": "when-needed"}, "fed_by": ["a"]}}"#,
    );
}

#[divan::bench]
fn dry_cooler_ahead_of_a_tower(bencher: Bencher<'_, '_>) {
    year(
        bencher,
        r#"{"hybrid-cooler": {"design_heat": "10 MW", "supply": "24 degC", "range": "8 K",
            "fed_by": ["a"]}}"#,
    );
}

#[divan::bench]
fn chiller_tower_and_economiser(bencher: Bencher<'_, '_>) {
    year(
        bencher,
        r#"{"chiller-plant": {"design_heat": "10 MW", "chillers": {"count": 4},
            "supply": "15 degC", "range": "8 K", "economiser": {"approach": "2 K"},
            "fed_by": ["a"]}}"#,
    );
}

#[divan::bench]
fn air_cooled_chiller(bencher: Bencher<'_, '_>) {
    year(bencher, r#"{"air-cooled-chiller": {"design_heat": "10 MW", "fed_by": ["a"]}}"#);
}

#[divan::bench]
fn ventilated_hall(bencher: Bencher<'_, '_>) {
    year(bencher, r#"{"ventilation": {"design_heat": "10 MW", "fed_by": ["a"]}}"#);
}

#[divan::bench]
fn wet_bulb(bencher: Bencher<'_, '_>) {
    let weather = weather();
    bencher.bench(|| weather.iter().map(|air| black_box(air).wet_bulb_c()).sum::<f64>());
}
