//! Figures and columns as they are declared: each has one place, and they agree with each other.

use std::collections::BTreeSet;

use loadbank::facility::{NoFigure, SubjectKind, described};
use loadbank::report::json;

use super::support::{SMALL, column, simulate};

/// Failures of the feed and of both PDUs, often enough to be seen in a week.
const RESTLESS: [&str; 3] = [
    "power.utility.failures={rate: 1 /day, repair_mean: 20 min}",
    "power.pdu-{1..2}.failures={rate: 2 /day, repair_mean: 1 h, repair_sigma: 1}",
    "racks.train-hall.fed_by=pdu-{1..2}",
];

#[test]
fn every_declared_figure_says_what_it_is() {
    for table in described() {
        let mut keys = BTreeSet::new();
        for figure in &table.figures {
            let key = figure.key();
            assert!(keys.insert(key.clone()), "{:?} has two figures `{key}`", table.kind);
            let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "_.".contains(c);
            assert!(key.chars().all(plain), "{key}");
            assert!(figure.doc.ends_with('.') && figure.doc.len() > 10, "{key}: {}", figure.doc);
        }
        let mut names = BTreeSet::new();
        for (name, _, _, doc) in &table.columns {
            assert!(names.insert(name), "{:?} has two columns `{name}`", table.kind);
            assert!(doc.ends_with('.'), "{name}: {doc}");
        }
    }
}

#[test]
fn every_figure_has_one_address_and_stands_there_in_the_summary() {
    let told = simulate(SMALL, &RESTLESS);
    let outcome = &told.outcome;
    let summary: serde_json::Value = serde_json::from_str(&json::summary(outcome)).unwrap();
    let mut addresses = BTreeSet::new();
    for entry in outcome.figures() {
        let address = entry.address();
        assert!(addresses.insert(address.clone()), "two figures at {address}");
        let mut found = &summary;
        for part in entry.subject.path.iter().map(String::as_str) {
            found = &found[part];
        }
        for part in entry.figure.key().split('.') {
            found = &found[part];
        }
        let (found, value) = (found.as_f64(), entry.value);
        assert_eq!(found.is_some(), value.is_some(), "{address}");
        // The reader of JSON may be off by a unit in the last place.
        let same = found.zip(value).is_none_or(|(a, b)| (a - b).abs() <= 1e-15 * b.abs());
        assert!(same, "{address}: {found:?}, {value:?}");
        // The address and the label both lead to the figure.
        assert_eq!(outcome.figure(&address).unwrap().address(), address);
        if entry.figure.name.contains('.') {
            continue;
        }
        assert_eq!(outcome.figure(&entry.label()).unwrap().address(), address);
    }
    assert!(addresses.len() > 200);
    // Every run of a design has the same figures in the same order.
    let again = simulate(SMALL, &[]).outcome;
    let order: Vec<String> = again.figures().map(|entry| entry.address()).collect();
    assert!(outcome.figures().map(|entry| entry.address()).eq(order));
}

#[test]
fn figures_are_found_as_people_write_them() {
    let outcome = simulate(SMALL, &["duration=1 day"]).outcome;
    for (asked, address) in [
        ("import", "energy.import_mwh"),
        ("pue", "effectiveness.pue"),
        ("cost-of-energy", "money.cost_of_energy_usd_per_mwh"),
        ("margin", "money.margin_usd"),
        ("availability(train-hall)", "halls.train-hall.availability"),
        ("halls.train-hall.availability", "halls.train-hall.availability"),
        ("goodput(train)", "workloads.train.goodput"),
        ("gpu-hours.idle(train)", "workloads.train.gpu_hours.idle"),
        ("ttft-p99(chat)", "workloads.chat.ttft_p99_s"),
        ("withdrawal", "water.withdrawal_m3"),
        ("withdrawal(tower)", "cooling.tower.water.withdrawal_m3"),
        ("uptime", "workloads.mine.uptime"),
    ] {
        assert_eq!(outcome.figure(asked).map(|entry| entry.address()), Ok(address.to_owned()));
    }
    for asked in ["availibility(train-hall)", "availability(hall)", "pue(train)", "", "()"] {
        assert_eq!(outcome.figure(asked).map(|it| it.value), Err(NoFigure::Unknown), "{asked}");
    }
    let Err(NoFigure::Several(halls)) = outcome.figure("availability") else {
        panic!("there are three halls");
    };
    assert_eq!(halls.len(), 3);
}

/// Outages of a hall are events of the hall: their sizes sum to the rack-hours that it lacks, and
/// an outage of the feed is one outage of each hall however many racks it strikes.
#[test]
fn outages_are_events_of_a_hall() {
    let feed = &RESTLESS[..1];
    let told = simulate(SMALL, feed);
    let failures = told.outcome.count("failures(utility)");
    assert!(failures > 2, "{failures}");
    for hall in told.outcome.of(SubjectKind::Hall) {
        assert_eq!(hall.count("outages"), failures, "{}", hall.name);
        assert_eq!(hall.count("power_losses"), failures * hall.count("racks"), "{}", hall.name);
        let longest = hall.real("outage_longest_h");
        assert!((longest - hall.real("outage_largest_h")).abs() < 1e-9, "all of its racks");
    }
    let told = simulate(SMALL, &RESTLESS);
    let mut partial = false;
    for hall in told.outcome.of(SubjectKind::Hall) {
        let racks = hall.real("racks");
        let lacking = (hall.real("installed_rack_h") - hall.real("live_rack_h")) / racks;
        let [sum, squares, largest, longest] =
            ["outage_sum_h", "outage_sum_of_squares_h2", "outage_largest_h", "outage_longest_h"]
                .map(|key| hall.real(key));
        assert!((sum - lacking).abs() < 1e-9, "{}: {sum} h, {lacking} h", hall.name);
        let availability = hall.real("availability");
        assert!((1.0 - availability - sum / 168.0).abs() < 1e-12, "{}", hall.name);
        let count = hall.real("outages");
        // Cauchy and Schwarz: no more than the largest times the sum, no less than alike ones.
        assert!(squares <= largest * sum * (1.0 + 1e-12) && squares >= sum * sum / count);
        assert!(largest <= longest && count > 3.0, "{count} outages");
        partial |= largest < 0.9 * longest;
        let series = column(&told, &format!("{}_live_racks", hall.name));
        let dark: f64 = series.iter().map(|live| racks - live).sum();
        assert!((dark / racks - sum).abs() < 1e-9, "{dark} rack-hours in the series");
    }
    assert!(partial, "a PDU takes half of the racks of the train hall");
}

/// Calendar months of the site sum to the run, and what is a ratio is one of the month.
#[test]
fn months_sum_to_the_run() {
    let sets = ["start=2026-06-25T05:00:00Z", "duration=40 days", "site.time_zone=America/Chicago"];
    let sets = [&sets[..], &["workloads.chat.arrivals.rate_per_replica=0.002 /s"]].concat();
    let told = simulate(SMALL, &sets);
    let months = &told.outcome.months;
    let names: Vec<&str> = months.iter().map(|month| month.name.as_str()).collect();
    assert_eq!(names, ["2026-06", "2026-07", "2026-08"]);
    assert_eq!(months.iter().map(|month| month.days).collect::<Vec<f64>>(), [6.0, 31.0, 3.0]);
    for entry in told.outcome.figures().filter(|entry| entry.figure.adds) {
        let Some(whole) = entry.value else { continue };
        let of_month = |month: &loadbank::facility::Month| {
            let subject = month.subjects.iter().find(|it| it.path == entry.subject.path).unwrap();
            subject.get(&entry.figure.key()).unwrap_or(0.0)
        };
        let sum: f64 = months.iter().map(of_month).sum();
        assert!((sum - whole).abs() <= 1e-9 * whole.abs() + 1e-9, "{}: {sum}", entry.address());
    }
    // The rows of July are those of 31 local days, and its peak is the largest of them.
    let imports = &column(&told, "import_mw")[6 * 24..37 * 24];
    let site = &months[1].subjects[0];
    let (sum, most) = (imports.iter().sum::<f64>(), imports.iter().copied().fold(0.0, f64::max));
    assert!((site.real("energy.import_mwh") - sum).abs() < 1e-9 * sum);
    assert_eq!(site.real("energy.peak_demand_mw"), most);
    let pue = site.real("energy.import_mwh") / site.real("effectiveness.it_mwh");
    assert_eq!(site.real("effectiveness.pue"), pue);
    let peaks = months.iter().map(|month| month.subjects[0].real("energy.peak_demand_mw"));
    assert_eq!(peaks.fold(0.0, f64::max), told.outcome.real("peak-demand"));
    // July took most water: it is the only whole month.
    let worst_m3 = told.outcome.real("water.worst_month_m3");
    assert_eq!(site.real("water.withdrawal_m3"), worst_m3);
}

/// Work that is lost in another month than it was done in was lost there: no month has less than
/// none. A resident job on all nodes writes no checkpoint, and an outage on the second of February
/// throws all of its work away.
#[test]
fn a_month_has_no_less_than_no_useful_work() {
    let sets = [
        "start=2026-01-31T00:00:00Z",
        "duration=3 days",
        "workloads={train: {kind: training, racks: train-hall, jobs: {kind: resident}, price: 2 $/h, \
         spares: 0, checkpoint: {interval: never}, failures: {rate: 0 /year}}}",
        "power.utility.outages=none",
        "control={curtailments: [{start: '2026-02-02T00:00:00Z', duration: 1 h, import: 0 MW}]}",
    ];
    let told = simulate(SMALL, &sets);
    let months = &told.outcome.months;
    assert_eq!(months.len(), 2);
    let train = |month: &loadbank::facility::Month, key: &str| {
        let mut subjects = month.subjects.iter();
        let train = subjects.find(|subject| subject.name == "train").unwrap();
        train.get(key).unwrap_or_else(|| panic!("no {key}"))
    };
    let of = |key: &str| [train(&months[0], key), train(&months[1], key)];
    let (useful, lost, total) =
        (of("gpu_hours.useful"), of("gpu_hours.lost"), of("gpu_hours.total"));
    // The day of January and the first of February, less one start of minutes.
    assert!(useful[0] < 1e-6 && lost[0] > 0.95 * total[0], "{useful:?} {lost:?} {total:?}");
    assert!(useful[1] > 0.4 * total[1] && lost[1] > 0.45 * total[1], "{useful:?} {lost:?}");
    let revenue = of("revenue_usd");
    for month in 0..2 {
        assert!((revenue[month] - 2.0 * useful[month]).abs() < 1e-6, "{revenue:?}");
        let site = months[month].subjects[0].real("money.revenue_usd");
        assert!((site - revenue[month]).abs() < 1e-6);
    }
    for key in ["gpu_hours.useful", "gpu_hours.lost", "revenue_usd"] {
        let whole = told.outcome.named("train").unwrap().real(key);
        assert!((of(key).iter().sum::<f64>() - whole).abs() < 1e-6, "{key}");
    }
}

/// Where requests wait for minutes, what takes milliseconds is still told: 5 requests of 700 and 200
/// tokens come a second, of which the memory holds two at a time.
#[test]
fn short_latencies_beside_long_ones_keep_their_digits() {
    let told = simulate(
        "name: thrash\nstart: 2026-06-01T00:00:00Z\nduration: 5 min\nweather: {climate: nordic}\n\
         price: {fixed: 30 $/MWh}\ncooling: {dry: {kind: dry-cooler, design_heat: 200 kW}}\n\
         racks: {r: {kind: dgx-h100, count: 1, cooled_by: dry}}\n\
         workloads: {chat: {kind: llama-3.1-70b-h100, racks: r, cells: 1, replicas: 1, represent: 1, \
         kv_blocks: 100, arrivals: {rate_per_replica: 5 /s}, lengths: {prompt: {kind: fixed, \
         tokens: 700}, output: {kind: fixed, tokens: 200}}}}\n",
        &[],
    );
    let chat = told.outcome.named("chat").unwrap();
    let (tpot_s, longest_s) = (chat.real("tpot_p50_s"), chat.real("e2e_max_s"));
    assert!(tpot_s < 0.05 && longest_s > 100.0, "{tpot_s} s, {longest_s} s");
    let text = loadbank::report::text::summary(
        &told.outcome,
        std::path::Path::new("runs/thrash"),
        std::time::Duration::ZERO,
    );
    let row = text.lines().find(|line| line.trim_start().starts_with("TPOT")).unwrap();
    let printed: f64 = row.split_whitespace().nth(2).unwrap().parse().unwrap();
    assert!((printed / tpot_s - 1.0).abs() < 0.05, "{row}");
}

/// A sum of nothing is zero, not minus zero, which prints as `-0.000`.
#[test]
fn nothing_is_no_less_than_zero() {
    let told = simulate(
        "name: bare\nstart: 2026-06-01T00:00:00Z\nduration: 2 h\nweather: {climate: nordic}\n\
         price: {fixed: 40 $/MWh}\nracks: {yard: {kind: dgx-h100, count: 2}}\n\
         workloads: {train: {kind: training, racks: yard, jobs: {kind: stream, arrivals: 1e-9 /day, \
         classes: [{nodes: 1, weight: 1, duration: {kind: exponential, mean: 2 h}}]}}}\n",
        &[],
    );
    for entry in told.outcome.figures() {
        let value = entry.value.unwrap_or(0.0);
        assert!(value != 0.0 || value.is_sign_positive(), "{} is -0", entry.address());
    }
    assert_eq!(told.outcome.real("effectiveness.wue_l_per_kwh"), 0.0);
    // No job has run: nothing is known of how well jobs run.
    assert_eq!(told.outcome.named("train").unwrap().get("ettr"), None);
}

/// A billed peak is the mean of a whole interval, on the clock of the site.
#[test]
fn torn_intervals_make_no_peak() {
    const LOAD: &str = "\
name: billed
start: 2026-01-01T00:00:00Z
duration: 61 min
weather: {climate: phoenix}
output: {interval: 15 min}
cooling:
  dry: {kind: dry-cooler, design_heat: 1 MW}
racks:
  hall: {kind: heat-load, csv: load.csv, column: kw, unit: kW, cooled_by: dry, hold: 1 h}
";
    let run = |rows: &str, sets: &[&str]| {
        let bench = super::support::Bench::new();
        bench.file("load.csv", format!("t,kw\n{rows}"));
        super::support::simulate_file(&bench.file("billed.yaml", LOAD), sets)
    };
    let peak = |told: &super::support::Told| {
        let it = column(told, "it_mw").into_iter().fold(0.0, f64::max);
        (told.outcome.real("peak-demand"), it)
    };
    // The last minute draws ten times as much, and is no quarter of an hour.
    let hours = "2026-01-01T00:00Z,100\n2026-01-01T01:00Z,1000\n2026-01-01T02:00Z,1000\n";
    let (demand, it) = peak(&run(hours, &[]));
    assert!(demand < 0.12 && it > 0.9, "{demand} MW, {it} MW");
    // Begun at seven and a half past, intervals end at the quarters all the same: one of them
    // holds all of a quarter of an hour of a megawatt.
    let quarters: String = (0..8)
        .map(|q| {
            let kw = if q == 1 { 1000 } else { 0 };
            format!("2026-01-01T0{}:{:02}Z,{kw}\n", q / 4, q % 4 * 15)
        })
        .collect();
    let late = run(&quarters, &["start=2026-01-01T00:07:30Z", "duration=1 h"]);
    assert_eq!(late.rows.len(), 5, "two of them torn");
    let (demand, it) = peak(&late);
    assert!(demand > 1.0 && (it - 1.0).abs() < 1e-9, "{demand} MW, {it} MW");
}

/// The interval of checkpoints that `auto` chooses is told: the optimum of the size of the job.
#[test]
fn chosen_checkpoint_intervals_are_told() {
    let often = ["workloads.train.failures={rate: 1 /day}", "workloads.train.spares=0"];
    let told = simulate(SMALL, &[&["workloads.train.jobs={kind: resident}"], &often[..]].concat());
    let train = told.outcome.named("train").unwrap();
    let [least, mean, most] = ["interval_least_s", "interval_mean_s", "interval_most_s"]
        .map(|key| train.real(&format!("checkpoint.{key}")));
    assert!(least == mean && mean == most, "one job of one size: {least} s to {most} s");
    // Sixteen nodes that each fail once a day, writes of 20 s: Daly's formula (2006) of higher
    // order is within a hundredth of the optimum.
    let (write_s, mtbf_s) = (20.0, 86_400.0 / 16.0_f64);
    let half = write_s / (2.0 * mtbf_s);
    let young_s = (2.0 * write_s * mtbf_s).sqrt();
    let daly_s = young_s * (1.0 + half.sqrt() / 3.0 + half / 9.0) - write_s;
    assert!((mean / daly_s - 1.0).abs() < 0.01, "{mean} s against {daly_s} s");
    let never = simulate(SMALL, &["workloads.train.checkpoint={interval: never}"]);
    assert_eq!(never.outcome.named("train").unwrap().get("checkpoint.interval_mean_s"), None);
    let every = simulate(SMALL, &["workloads.train.checkpoint={interval: 30 min, write: 40 s}"]);
    let every = every.outcome.named("train").unwrap();
    assert_eq!(every.real("checkpoint.interval_mean_s"), 1800.0);
    assert_eq!(every.real("checkpoint.write_s"), 40.0);
}
