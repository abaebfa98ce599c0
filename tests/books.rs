//! Sites in trouble: whatever happens to a plant, its books balance and it never gets stuck.

use loadbank::facility::SubjectKind;

use super::support::{Bench, SMALL, Told, simulate_file};

/// Runs SMALL with `sets` and checks what holds for every site.
#[track_caller]
fn check(sets: &[&str]) -> Told {
    check_site(SMALL, sets)
}

/// The same in a heat wave of 38 to 50 degC, dry and humid by turns.
#[track_caller]
fn check_in_heat(sets: &[&str]) -> Told {
    const WEATHER: &str = "csv: hot.csv, columns: {dry_bulb: {column: t, unit: degC}, \
                           relative_humidity: {column: rh, unit: '%'}}";
    check_site(&SMALL.replace("climate: west-texas", WEATHER), sets)
}

#[track_caller]
/// The figure `key` of each hall.
fn halls<'a>(told: &'a Told, key: &'a str) -> impl Iterator<Item = f64> + 'a {
    told.outcome.of(SubjectKind::Hall).map(move |hall| hall.real(key))
}

fn check_site(text: &str, sets: &[&str]) -> Told {
    let bench = Bench::new();
    let hours = (0..8 * 24).map(|hour| {
        let (day, hour) = (hour / 24 + 1, hour % 24);
        let (dry_bulb_c, humidity) = (38 + hour / 2, 20 + 30 * (day % 3));
        format!("2026-07-{day:02}T{hour:02}:00Z,{dry_bulb_c},{humidity}\n")
    });
    bench.file("hot.csv", "at,t,rh\n".to_owned() + &hours.collect::<String>());
    let told = simulate_file(&bench.file("site.yaml", text), sets);
    let outcome = &told.outcome;
    for book in &outcome.books {
        assert!(book.balanced, "{sets:?}: {}", loadbank::report::text::book(book));
    }
    for hall in outcome.of(SubjectKind::Hall) {
        let availability = hall.real("availability");
        assert!((0.0..=1.0 + 1e-12).contains(&availability), "{sets:?}: {availability}");
    }
    let energy = |key: &str| outcome.site().real(&format!("energy.{key}"));
    let parts = ["import_mwh", "shed_mwh", "mean_import_mw"].map(energy);
    let [mean_mw, demand_mw, peak_mw] =
        ["mean_import_mw", "peak_demand_mw", "peak_import_mw"].map(energy);
    assert!(parts.iter().all(|w| w.is_finite() && *w >= 0.0), "{sets:?}: {parts:?}");
    assert!(mean_mw <= demand_mw * (1.0 + 1e-9), "{sets:?}");
    assert!(demand_mw <= peak_mw * (1.0 + 1e-9), "{sets:?}");
    for (column, index) in told.columns.iter().zip(0..) {
        let power = column.ends_with("_mw") || column.ends_with("_m3_per_h");
        let least = told.rows.iter().map(|row| row[index]).fold(f64::INFINITY, f64::min);
        // Flows follow changes of draw by addition, which rounds: a microwatt is nothing.
        assert!(!power || least > -1e-12, "{sets:?}: {column} falls to {least}");
    }
    told
}

const FEED_FAILS: &str = "power.utility.failures={rate: 50 /day, repair_mean: 5 min}";

#[test]
fn a_quiet_week() {
    let told = check(&["power.utility.outages=none"]);
    assert!(halls(&told, "availability").all(|share| share > 0.99));
}

#[test]
fn a_feed_that_fails_every_half_hour() {
    let told = check(&[FEED_FAILS]);
    let failed = told.events.iter().filter(|event| event.contains("failed utility")).count();
    // 350 are expected of a Poisson process: six deviations to either side.
    assert!((240..460).contains(&failed), "{failed} failures");
    assert!(halls(&told, "power_losses").all(|racks| racks > 200.0));
}

#[test]
fn a_feed_far_too_small() {
    for capacity in ["900 kW", "400 kW", "90 kW", "20 kW", "5 kW", "500 W"] {
        let told = check(&[&format!("power.utility.capacity={capacity}")]);
        assert!(told.outcome.real("shed") > 0.0 || capacity == "900 kW", "{capacity}");
    }
}

#[test]
fn no_work_at_all() {
    let told = check(&["workloads={}"]);
    assert_eq!(told.outcome.real("effectiveness.it_mwh"), 0.0);
    assert!(told.outcome.real("energy.import_mwh") > 0.0, "losses, fans and the house remain");
}

#[test]
fn cooling_hangs_on_the_feed_that_fails() {
    for behind in ["ups", "pdu-1", "[pdu-2, ups]"] {
        let fed = |loops: &str| format!("cooling.{loops}.fed_by={behind}");
        let sets = [FEED_FAILS, "power.ups.failures={rate: 20 /day, repair_mean: 10 min}"];
        let [air, tower, dry] = ["air", "tower", "dry"].map(fed);
        let told = check_in_heat(&[&sets[..], &[&*air, &*tower, &*dry]].concat());
        let tripped: f64 = halls(&told, "heat_trips").sum();
        assert!(tripped > 0.0, "{behind}: pumps stand while racks run");
    }
}

#[test]
fn cooling_far_too_small() {
    for size in ["300 kW", "60 kW", "15 kW", "1 kW"] {
        let sized = |loops: &str| format!("cooling.{loops}.design_heat={size}");
        let [air, tower, dry] = ["air", "tower", "dry"].map(sized);
        let told = check_in_heat(&["duration=3 days", &air, &tower, &dry]);
        let tripped: f64 = halls(&told, "heat_trips").sum();
        assert!(tripped > 0.0 || size == "300 kW", "{size}");
    }
}

/// Where a rack throttles exactly at the temperature that its own heat makes, speed, heat and
/// supply settle to one point, however steep the slope.
#[test]
fn a_working_point_on_the_throttle_slope() {
    for (throttle, trip) in
        [("29 degC", "33 degC"), ("30 degC", "30.5 degC"), ("31 degC", "31.01 degC")]
    {
        let [throttle, trip] = [("throttle", throttle), ("trip", trip)]
            .map(|(what, at)| format!("racks.train-hall.{what}_inlet={at}"));
        let small = "cooling.tower.design_heat=120 kW";
        check(&[&throttle, &trip, small, "workloads.train.jobs={kind: resident}"]);
        check_in_heat(&[&throttle, &trip, small, "cooling.tower.fans.control=always-on"]);
    }
}

/// Machines cut back for power leave power to the fans, which lets them run, which takes it
/// from the fans: sites without a state of rest. Each of these once ran forever in an instant.
#[test]
fn sites_that_hunt() {
    check(&["power.utility.capacity=90 kW", "duration=2 h"]);
    check(&[
        "duration=2 days",
        "power.utility.failures={rate: 500 /day, repair_mean: 5 min}",
        "power.ups.rating=201.505 kW",
        "power.pdu-{1..2}.rating=179.938 kVA",
        "power.pdu-{1..2}.failures={rate: 5 /day, repair_mean: 60 min}",
        "cooling.air.design_heat=35.1609 kW",
        "cooling.air.fed_by=[pdu-1, main-tx]",
        "racks.mine-hall.throttle_inlet=41.643 degC",
        "racks.mine-hall.trip_inlet=42.143 degC",
        "racks.mine-hall.fed_by=[pdu-1, pdu-2]",
        "racks.train-hall.throttle_inlet=27.431 degC",
        "racks.train-hall.trip_inlet=27.931 degC",
        "racks.train-hall.fed_by=main-tx",
        "racks.train-hall.cooled_by=dry",
    ]);
}

#[test]
fn everything_breaks_all_the_time() {
    let told = check(&[
        "duration=2 days",
        "power.utility.failures={rate: 500 /day, repair_mean: 1 min}",
        "power.main-tx.failures={rate: 50 /day, repair_mean: 1 min}",
        "power.ups.failures={rate: 500 /day, repair_mean: 1 min}",
        "power.pdu-{1..2}.failures={rate: 500 /day, repair_mean: 1 min, repair_sigma: 2}",
        "workloads.train.failures={rate: 100 /day, soft_repair: 1 min, repair: 10 min}",
        "workloads.mine.failures={rate: 24 /day, repair_time: 1 h}",
        "workloads.chat.lost_requests=fail",
        "workloads.chat.startup=1 s",
        "racks.train-hall.power_on=1 s",
        "racks.chat-hall.power_on=1 s",
    ]);
    assert!(halls(&told, "availability").all(|share| share < 0.9));
}
