//! Racks that smooth what they draw.

use super::support::{Bench, SMALL, Told, column, simulate};

const BURNS: &str = "racks.train-hall.smoothing={floor: 100 %, hold: 20 s, ramp_down: 500 W/s}";

/// A node that fails takes its draw with it at once.
const WHOLE: &str = "workloads.train.failures={rate: 0 /day}";

/// Long enough for jobs of two and of eight nodes.
const DAYS: &str = "duration=2 days";

fn of(told: &Told, figure: &str) -> f64 {
    told.outcome.real(&format!("{figure}(train)"))
}

/// Jobs come and go as before; what their racks draw more is burnt, is IT energy and heat, and what
/// falls in a second is no more than a step of each rack.
#[test]
fn what_is_burnt_is_in_the_books_and_no_goodput() {
    let plain = simulate(SMALL, &[DAYS, WHOLE]);
    let told = simulate(SMALL, &[DAYS, WHOLE, BURNS]);
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
    for same in ["goodput", "revenue"] {
        assert_eq!(of(&told, same), of(&plain, same), "{same}");
    }
    let burned = of(&told, "burned");
    let more = of(&told, "energy") - of(&plain, "energy");
    assert!(burned > 0.01, "{burned} MWh");
    assert!((burned - more).abs() < 1e-9 * of(&told, "energy"), "{burned} of {more} MWh");
    let it = |told: &Told| told.outcome.real("it");
    assert!((burned - (it(&told) - it(&plain))).abs() < 1e-9 * it(&told));
    let heat = |told: &Told| column(told, "tower_heat_mw").iter().sum::<f64>();
    assert!((heat(&told) - heat(&plain) - burned).abs() < 1e-3, "an hour a row, as heat arrives");
    let rows: f64 = column(&told, "train_burned_mw").iter().sum();
    assert!((rows - burned).abs() < 1e-9);
    // Of four racks of 30.4 kW, a job of eight nodes lets two go.
    let rated_mw = told.outcome.real("rated(train-hall)");
    assert!(of(&plain, "second_fall") > 0.1 * rated_mw);
    assert!(of(&told, "second_fall") <= rated_mw / 20.0 + 1e-9, "{}", of(&told, "second_fall"));
}

/// A floor below what is drawn before cuts the drop there; with none, and with a buffer alone, nothing is
/// burnt.
#[test]
fn a_lower_floor_burns_less() {
    let with = |smoothing: &str| {
        let set = format!("racks.train-hall.smoothing={{{smoothing}}}");
        let told = simulate(SMALL, &["duration=1 day", &set]);
        assert!(told.outcome.balanced());
        told
    };
    let burned = |floor: u32| {
        of(&with(&format!("floor: {floor} %, hold: 20 s, ramp_down: 500 W/s")), "burned")
    };
    let [high, low] = [70, 40].map(burned);
    assert!(high > low && low > 0.0, "{high} {low}");
    // One job that computes without a pause burns the dips of its GPUs in each useful hour: up to what is
    // left to a GPU of four fifths of a node of 7.6 kW, of which 2 kW lie beside its eight.
    let told = simulate(
        SMALL,
        &[
            "duration=1 day",
            WHOLE,
            "workloads.train.jobs={kind: resident, nodes: 8}",
            "workloads.train.checkpoint={interval: never}",
            "racks.train-hall.smoothing={floor: 80 %, hold: 20 s, ramp_down: 500 W/s}",
        ],
    );
    let dips_w = 0.2 * ((0.8 * 7600.0 - 2000.0) / 8.0 - 350.0);
    let expected_mwh = of(&told, "gpu_hours.useful") * dips_w / 1e6;
    assert!(of(&told, "gpu_hours.useful") > 64.0 * 23.0);
    assert!((of(&told, "burned") / expected_mwh - 1.0).abs() < 1e-6, "{}", of(&told, "burned"));
    let told = with("buffer: 65 J");
    assert_eq!(of(&told, "energy"), of(&simulate(SMALL, &["duration=1 day"]), "energy"));
    // 90 and 50 % of 700 W, four fifths of the time.
    let flat_s = 65.0 / (0.4 * 700.0 * 0.8 * 0.2);
    assert!((of(&told, "flattened_iteration") - flat_s).abs() < 1e-9);
}

/// A ramp holds rises down, and takes the work that would have been done meanwhile.
#[test]
fn a_ramp_costs_work() {
    let plain = simulate(SMALL, &[DAYS, WHOLE]);
    let told = simulate(SMALL, &[DAYS, WHOLE, "racks.train-hall.smoothing={ramp_up: 200 W/s}"]);
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
    let rated_mw = told.outcome.real("rated(train-hall)");
    // What comes at once is that of GPUs that hold a job and do not compute: 17 in place of 10 %.
    let at_once_mw = 0.07 * 0.7e-3 * told.outcome.real("gpus(train-hall)");
    assert!(of(&plain, "second_rise") > 0.1 * rated_mw);
    let rise = of(&told, "second_rise");
    assert!(rise <= rated_mw / 20.0 + at_once_mw + 1e-9, "{rise}");
    assert_eq!(of(&told, "second_fall"), of(&plain, "second_fall"));
    let (less, all) = (of(&told, "goodput"), of(&plain, "goodput"));
    assert!(less < all && less > 0.97 * all, "{less} {all}");
    assert!(of(&told, "energy") < of(&plain, "energy"));
}

/// Ramps of racks on a site whose import is capped, every other hour lower: the caps hold, books close,
/// rises are as slow as the ramp says when a cap lifts, and turns of the caps begin no ramps without
/// end: each of the four racks rises in some twenty steps. Under the deeper caps racks go off, and
/// what their nodes draw without work comes back at once.
#[test]
fn ramps_keep_to_caps_of_the_import() {
    let of_idle_mw = 16.0 * (2e-3 + 8.0 * 70e-6);
    for (caps_kw, goes_off) in
        [([250, 200, 180, 160, 150, 140, 130], false), ([250, 120, 200, 90, 150, 60, 0], true)]
    {
        let cap = |(turn, kw): (usize, &i32)| {
            let start = format!("2026-07-01T{:02}:00:00Z", 4 + 2 * turn);
            format!("{{start: '{start}', duration: 1 h, import: {kw} kW}}")
        };
        let caps: Vec<String> = caps_kw.iter().enumerate().map(cap).collect();
        let caps = format!("control={{curtailments: [{}]}}", caps.join(", "));
        let resident = "workloads.train.jobs={kind: resident, nodes: 16}";
        let sets = ["duration=1 day", WHOLE, &caps, resident, "workloads.train.spares=0"];
        let ramp = "racks.train-hall.smoothing={ramp_up: 200 W/s}";
        let plain = simulate(SMALL, &sets);
        let told = simulate(SMALL, &[&sets[..], &[ramp]].concat());
        assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
        let imports = column(&told, "import_max_mw");
        for (turn, &kw) in caps_kw.iter().enumerate() {
            let most = imports[4 + 2 * turn];
            assert!(most <= f64::from(kw) / 1000.0 + 1e-9, "{most} MW in turn {turn}");
            assert!(imports[5 + 2 * turn] > 0.3, "what was cut is back after turn {turn}");
        }
        let cut = |told: &Told| of(told, "gpu_hours.throttled") + of(told, "gpu_hours.paused");
        assert!(cut(&told) > cut(&plain) && cut(&plain) > 40.0, "caps reach training");
        assert_eq!(of(&told, "interruptions.rack_losses") > 0.0, goes_off);
        let rated_mw = told.outcome.real("rated(train-hall)");
        let at_once_mw = 0.07 * 0.7e-3 * told.outcome.real("gpus(train-hall)");
        let most_mw = if goes_off { of_idle_mw } else { rated_mw / 20.0 + at_once_mw };
        let rise = of(&told, "second_rise");
        assert!(rise <= most_mw + 1e-9, "{rise} of {rated_mw}");
        assert!(of(&plain, "second_rise") > most_mw + 0.01);
        let rises = caps_kw.len() as u64 * 4 * 25;
        let (events, before) = (told.outcome.site_events, plain.outcome.site_events);
        assert!(events < before + rises, "{events} events for {before}");
    }
}

#[test]
fn what_cannot_be_smoothed_is_refused() {
    let bench = Bench::new();
    bench.file("small.yaml", SMALL);
    for (set, message) in [
        ("racks.train-hall.smoothing={floor: 50 %}", "needs `ramp_down`"),
        ("racks.train-hall.smoothing={hold: 2 s}", "acts only with a `floor`"),
        ("racks.train-hall.smoothing={floor: 0 %, ramp_down: 1000 W/s}", "floor"),
        ("racks.chat-hall.smoothing={floor: 50 %, ramp_down: 1000 W/s}", "burn nothing"),
    ] {
        let output = bench.loadbank("check small.yaml").args(["--set", set]).output().unwrap();
        let err = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert_eq!(output.status.code(), Some(3), "{set}: {err}");
        assert!(err.contains(message), "{set}: {err}");
    }
}
