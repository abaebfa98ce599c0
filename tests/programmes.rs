//! Grid programmes on a whole site.

use loadbank::facility::{Note, Outcome, Subject, SubjectKind};

use super::control::YARD;
use super::support::{Bench, Told, column, load_errors, lost, simulate};

/// A container of miners of which none fails, so that only the weather moves what it draws.
const FLAT: &str = "\
name: flat
start: 2026-07-01T00:00:00Z
duration: 2 days
weather: {climate: west-texas}
price: {fixed: 30 $/MWh}
output: {interval: 15 min}
power:
  utility: {kind: feed, capacity: 2 MW, outages: none}
cooling:
  air: {kind: asic-hall, design_heat: 720 kW, fed_by: utility}
racks:
  mine-hall: {kind: s21-container, fed_by: utility, cooled_by: air}
workloads:
  mine:
    kind: mining
    racks: mine-hall
    income: {hash_price: 53 $/PH/day}
    failures: {rate: 0 /year}
    restart: {failure: 0 %}
programmes:
  ecrs:
    kind: dispatch
    award: 400 kW
    response: 10 min
    price: {fixed: 9.62 $/MW-h}
    energy_price: 100 $/MWh
    calls: {at: [{start: 2026-07-01T06:00:00Z, duration: 2 h}]}
";

/// A reserve that follows the frequency.
const FCR: &str = "fcr: {kind: nordic-fcr-d-up-dynamic, award: 400 kW, price: {fixed: 20 $/MW-h}}";

/// The flat site without its programme.
fn bare() -> &'static str {
    FLAT.split("programmes:").next().unwrap()
}

/// The bare site with one programme, under a frequency that steps at these times of its first day.
fn following(steps: &[(&str, &str)], programme: &str) -> String {
    let step =
        |(at, value): &(&str, &str)| format!("    - {{at: 2026-07-01T{at}Z, value: {value}}}\n");
    let steps: String = steps.iter().map(step).collect();
    format!("{}frequency:\n  steps:\n{steps}programmes:\n  {programme}\n", bare())
}

fn programme<'o>(outcome: &'o Outcome, name: &str) -> &'o Subject {
    let found = outcome.of(SubjectKind::Programme).find(|subject| subject.name == name);
    found.unwrap_or_else(|| panic!("no programme {name}"))
}

/// What the head of the summary says of the programmes by this rule.
fn note<'t>(told: &'t Told, code: &str) -> Option<&'t Note> {
    told.outcome.notes.iter().find(|note| note.code == code)
}

fn close(value: f64, expected: f64, tolerance: f64) {
    assert!((value - expected).abs() <= tolerance, "{value}, expected {expected}");
}

/// Capacity of PJM is paid by the day: what 400 kW are paid in two of them comes, for a megawatt and the
/// days of a delivery year, to the price of the auction times these days.
#[test]
fn capacity_is_booked_to_the_cent() {
    for (price, days, year_usd) in [
        ("269.92 $/MW-day", 365.0, 98_520.80),
        ("329.17 $/MW-day", 365.0, 120_147.05),
        ("333.44 $/MW-day", 366.0, 122_039.04),
    ] {
        let sold =
            FLAT.replace("price: {fixed: 9.62 $/MW-h}", &format!("price: {{fixed: {price}}}"));
        let sold = sold.replace("    energy_price: 100 $/MWh\n", "");
        let told = simulate(&sold, &[]);
        let booked_usd = programme(&told.outcome, "ecrs").real("capacity_usd");
        close(booked_usd / (0.4 * 2.0) * days, year_usd, 0.005);
        close(told.outcome.real("money.programmes"), booked_usd, 1e-9);
    }
}

/// A call of two hours for 400 kW of a load that never changes by itself: everything is known in
/// closed form.
#[test]
fn a_call_is_answered_metered_and_settled() {
    let told = simulate(FLAT, &[]);
    let ecrs = programme(&told.outcome, "ecrs");
    assert_eq!((ecrs.count("calls"), ecrs.count("missed")), (1, 0));
    close(ecrs.real("called_h"), 2.0, 1e-9);
    close(ecrs.real("asked_mwh"), 0.8, 1e-9);
    close(ecrs.real("award_mw_h"), 0.4 * 48.0, 1e-9);
    close(ecrs.real("shortfall_mw_h"), 0.0, 0.0);
    close(ecrs.real("score"), 1.0, 1e-9);
    close(ecrs.real("capacity_usd"), 0.4 * 48.0 * 9.62, 1e-6);
    close(ecrs.real("clawback_usd"), 0.0, 1e-9);
    let delivered = ecrs.real("delivered_mwh");
    // The limit binds; whole machines sleep, and their fans with them.
    assert!((0.8 - 1e-6..0.83).contains(&delivered), "{delivered} MWh");
    close(ecrs.real("energy_usd"), 100.0 * delivered, 1e-6);
    close(told.outcome.real("programmes"), ecrs.real("income_usd"), 1e-9);
    assert!(ecrs.real("restoring_mwh") > 0.0);
    let asked_mw = column(&told, "ecrs_asked_mw");
    for (hour, mw) in [(5, 0.0), (6, 0.4), (7, 0.4), (8, 0.0)] {
        close(asked_mw[4 * hour], mw, 1e-12);
    }
    let sum: f64 = column(&told, "ecrs_delivered_mw").iter().map(|mw| mw * 0.25).sum();
    close(sum, delivered, 1e-9);
    let events: Vec<&String> = told.events.iter().filter(|it| it.contains(" ecrs ")).collect();
    assert_eq!(events.len(), 2, "{events:?}");
    assert!(told.outcome.balanced());
}

/// The frequency falls to 49.8 Hz for two minutes, within them to 49.4 Hz for half of one: a droop from 49.9 to
/// 49.5 Hz asks for a quarter, then for all of the award, and is due 7.5 s later.
#[test]
fn a_droop_is_followed_metered_and_settled() {
    let steps = [
        ("00:00:00", "50 Hz"),
        ("06:00:00", "49.8 Hz"),
        ("06:00:30", "49.4 Hz"),
        ("06:01:00", "49.8 Hz"),
        ("06:02:00", "49.95 Hz"),
    ];
    let text = following(&steps, FCR);
    let told = simulate(&text, &["output.interval=30 s"]);
    let fcr = programme(&told.outcome, "fcr");
    assert_eq!((fcr.count("calls"), fcr.count("missed")), (1, 0));
    close(fcr.real("called_h"), 2.0 / 60.0, 1e-9);
    // 90 s of 100 kW and 30 s of 400 kW.
    close(fcr.real("asked_mwh"), (90.0 * 0.1 + 30.0 * 0.4) / 3600.0, 1e-9);
    // A quarter is due from 7.5 s to 120 s, all of it from 37.5 s to 60 s: by the whole award.
    close(fcr.real("scored_h"), (0.25 * (112.5 - 22.5) + 22.5) / 3600.0, 1e-9);
    close(fcr.real("score"), 1.0, 1e-9);
    close(fcr.real("shortfall_mw_h"), 0.0, 0.0);
    let [asked_mw, delivered_mw] = ["fcr_asked_mw", "fcr_delivered_mw"].map(|it| column(&told, it));
    let six = 6 * 120;
    for (step, mw) in [(-1, 0.0), (0, 0.1), (1, 0.4), (2, 0.1), (3, 0.1), (4, 0.0)] {
        let at = (six + step) as usize;
        close(asked_mw[at], mw, 1e-9);
        // Whole machines sleep, and stay so while they start again.
        assert!(delivered_mw[at] >= mw - 1e-9, "{} MW of {mw}", delivered_mw[at]);
    }
    assert!(told.outcome.balanced());
    // Asleep for the price, the miners have nothing to give: what nobody asks for yet is missing too.
    let asleep = ["price={fixed: 500 $/MWh}", "duration=7 h"];
    let told = simulate(&text, &asleep);
    let fcr = programme(&told.outcome, "fcr");
    assert_eq!((fcr.count("calls"), fcr.count("missed")), (1, 1));
    assert!(fcr.real("score") < 0.1, "{}", fcr.real("score"));
    let at_rest = simulate(&text.replace("49.4 Hz", "50 Hz").replace("49.8 Hz", "50 Hz"), &asleep);
    let at_rest = programme(&at_rest.outcome, "fcr").real("shortfall_mw_h");
    let more = fcr.real("shortfall_mw_h") - at_rest;
    // Of two minutes in which all of it would be missing, 90 s in which three quarters are; asleep they draw
    // a few kW still, which count as load that can go.
    close(more, (90.0 * 0.3 - 120.0 * 0.4) / 3600.0, 1e-3);
}

/// Half of the miners of this site sleep for good, so that an award of 900 kW has too little load.
fn weak(frequency: &str) -> Told {
    const HALL: &str = "  mine-hall: {kind: s21-container, fed_by: utility, cooled_by: air}\n";
    let text = FLAT.replace(HALL, &format!("{HALL}{}", HALL.replace("mine-hall", "old-hall")));
    let text = text.replace("design_heat: 720 kW", "design_heat: 1.44 MW");
    let site = text.split("programmes:").next().unwrap();
    let awake = site.split("workloads:\n").nth(1).unwrap();
    let asleep =
        awake.replace("mine:", "old:").replace("mine-hall", "old-hall").replace("53 $", "5 $");
    let text = format!(
        "{site}{asleep}frequency: {frequency}
programmes:
  fcr:
    kind: nordic-fcr-d-up-dynamic
    award: 900 kW
    price: {{fixed: 20 $/MW-h}}
    clawback: 0
"
    );
    simulate(&text, &[])
}

/// What is missing of an award is not paid, whether something is asked, the load comes back, or all is
/// at rest: a site that has too little of it earns no more by dips.
#[test]
fn dips_pay_nothing_for_load_that_is_not_there() {
    let steps = |dips: &[(u64, u64, f64)]| {
        let dip = |&(from, until, hz): &(u64, u64, f64)| {
            format!(
                "{{at: 2026-07-01T{from:02}:00:00Z, value: {hz} Hz}},
                 {{at: 2026-07-01T{until:02}:00:00Z, value: 50 Hz}},"
            )
        };
        let dips: String = dips.iter().map(dip).collect();
        format!("{{steps: [{{at: 2026-07-01T00:00:00Z, value: 50 Hz}}, {dips}]}}")
    };
    let told = weak("{fixed: 50 Hz}");
    let import_mw = column(&told, "import_mw");
    let rest = programme(&told.outcome, "fcr");
    // What lacks by the meter of this run, but for hours in which all is asked and the score says so.
    let lacks_mw_h = |asked: &[usize]| -> f64 {
        let quarters = import_mw.iter().enumerate().filter(|(at, _)| !asked.contains(&(at / 4)));
        quarters.map(|(_, mw)| 0.25 * (0.9 - mw)).sum()
    };
    assert!((5.0..20.0).contains(&lacks_mw_h(&[])), "{} MW-h", lacks_mw_h(&[]));
    close(rest.real("shortfall_mw_h"), lacks_mw_h(&[]), 0.01);
    // A fortieth of the award for two hours: what is not asked lacks as much as before.
    let told = weak(&steps(&[(6, 8, 49.89)]));
    let small = programme(&told.outcome, "fcr");
    close(small.real("score"), 1.0, 1e-9);
    close(small.real("shortfall_mw_h"), lacks_mw_h(&[]), 0.01);
    // All of it for an hour, twice; then miners take minutes to start again, in which it lacks no less.
    let told = weak(&steps(&[(6, 7, 49.4), (9, 10, 49.4)]));
    let whole = programme(&told.outcome, "fcr");
    assert_eq!((whole.count("calls"), whole.count("missed")), (2, 2));
    close(whole.real("shortfall_mw_h"), lacks_mw_h(&[6, 9]), 0.01);
    // A first step that it can give does not stand for what it is asked for then.
    let told = weak(
        "{steps: [{at: 2026-07-01T00:00:00Z, value: 50 Hz}, {at: 2026-07-01T06:00:00Z, value: 49.89 Hz},
        {at: 2026-07-01T06:00:01Z, value: 49.5 Hz}, {at: 2026-07-01T06:10:00Z, value: 50 Hz}]}",
    );
    let deeper = programme(&told.outcome, "fcr");
    assert_eq!((deeper.count("calls"), deeper.count("missed")), (1, 1));
    assert!(deeper.get("slowest_response_s").is_none(), "it has not responded");
    for fcr in [rest, small, whole, deeper] {
        let kept_mw_h = fcr.real("award_mw_h") - fcr.real("shortfall_mw_h");
        close(fcr.real("capacity_usd"), 20.0 * kept_mw_h, 1e-6);
    }
}

/// The frequency stays at 49.7 Hz, at which half of an award of twelve hours a day is asked: for these hours,
/// whenever the run begins, and at no other time.
#[test]
fn a_droop_is_called_in_the_hours_of_its_award() {
    let site = bare();
    let text = format!(
        "{site}frequency: {{fixed: 49.7 Hz}}
programmes:
  fcr:
    kind: nordic-fcr-d-up-dynamic
    award: 400 kW
    window: {{hours: ['08:00-20:00']}}
    reference: 700 kW
    price: {{fixed: 20 $/MW-h}}
"
    );
    for start in ["2026-07-01T05:00:00Z", "2026-07-01T14:00:00Z"] {
        let told = simulate(&text, &[&format!("start={start}")]);
        let fcr = programme(&told.outcome, "fcr");
        close(fcr.real("called_h"), 24.0, 1e-9);
        close(fcr.real("award_mw_h"), 24.0 * 0.4, 1e-9);
        close(fcr.real("asked_mwh"), 24.0 * 0.2, 1e-9);
        close(fcr.real("scored_h"), 0.5 * (24.0 - fcr.count("calls") as f64 * 7.5 / 3600.0), 1e-9);
        close(fcr.real("score"), 1.0, 1e-9);
        let asked_h: f64 = column(&told, "fcr_asked_mw").iter().map(|mw| 0.25 * mw / 0.2).sum();
        close(asked_h, 24.0, 1e-9);
    }
}

/// A dip that is over before anything is due is not missed, though nothing was given.
#[test]
fn a_dip_shorter_than_the_response_is_not_missed() {
    let steps = [("00:00:00", "50 Hz"), ("06:00:00", "49.4 Hz"), ("06:00:05", "50 Hz")];
    let text = following(&steps, FCR);
    let told = simulate(&text, &["price={fixed: 500 $/MWh}", "duration=7 h"]);
    let fcr = programme(&told.outcome, "fcr");
    assert_eq!((fcr.count("calls"), fcr.count("missed")), (1, 0));
    assert!(fcr.get("score").is_none(), "nothing was due");
    assert!(fcr.get("slowest_response_s").is_none(), "it has not responded");
}

/// A relay takes the whole award at the instant in which the frequency is as low as it is set to, and the
/// award stays off for as long as its law says.
#[test]
fn a_relay_is_a_call() {
    let steps = [("00:00:00", "60 Hz"), ("06:00:00", "59.68 Hz"), ("06:00:10", "59.9 Hz")];
    let calls = "{relay: {at: 59.7 Hz}, length: {kind: constant, value: 30 min}}";
    let rrs = format!("rrs: {{kind: ercot-rrs-ufr, award: 400 kW, calls: {calls}}}");
    let text = following(&steps, &rrs);
    let told = simulate(&text, &[]);
    let rrs = programme(&told.outcome, "rrs");
    assert_eq!((rrs.count("calls"), rrs.count("missed")), (1, 0));
    close(rrs.real("called_h"), 0.5, 1e-9);
    close(rrs.real("scored_h"), 0.5 - 0.5 / 3600.0, 1e-9);
    close(rrs.real("score"), 1.0, 1e-9);
    close(rrs.real("slowest_response_s"), 0.0, 0.0);
}

/// A relay that is armed from 06:00 to 06:15 ignores the dip before, and is not spent by it; what it trips
/// in its last minute stays off for its half hour, which is scored, while the award is paid to its end.
#[test]
fn a_relay_holds_what_it_trips_as_its_award_ends() {
    let steps = [
        ("00:00:00", "60 Hz"),
        ("05:50:00", "59.68 Hz"),
        ("05:50:10", "60 Hz"),
        ("06:14:00", "59.68 Hz"),
        ("06:14:10", "60 Hz"),
    ];
    let calls = "{relay: {at: 59.7 Hz}, length: {kind: constant, value: 30 min}}";
    let held = "window: {hours: ['06:00-06:15']}, price: {fixed: 10 $/MW-h}";
    let rrs = format!("rrs: {{kind: ercot-rrs-ufr, award: 400 kW, {held}, calls: {calls}}}");
    let told = simulate(&following(&steps, &rrs), &[]);
    let rrs = programme(&told.outcome, "rrs");
    assert_eq!((rrs.count("calls"), rrs.count("missed")), (1, 0));
    close(rrs.real("called_h"), 0.5, 1e-9);
    close(rrs.real("asked_mwh"), 0.2, 1e-9);
    close(rrs.real("score"), 1.0, 1e-9);
    close(rrs.real("award_mw_h"), 0.4 * 0.25 * 2.0, 1e-9);
    close(rrs.real("capacity_usd"), 10.0 * 0.4 * 0.25 * 2.0, 1e-9);
    close(rrs.real("shortfall_mw_h"), 0.0, 1e-9);
    // It is off until 06:44, beyond the award.
    let most_mw = column(&told, "import_max_mw");
    assert!(most_mw[25] < most_mw[23] - 0.39, "{:?}", &most_mw[23..28]);
}

/// Whoever calls in place of whom an entry of the catalogue has, with no word on what goes with that; a site
/// that writes two is told so.
#[test]
fn a_caller_takes_the_place_of_that_of_an_entry() {
    let at = "at: [{start: 2026-07-01T06:00:00Z, duration: 2 h}]";
    let rate = "rate: 3 /year, length: {kind: constant, value: 1 h}";
    let relay = "relay: {at: 59.7 Hz}, length: {kind: constant, value: 1 h}";
    let callers = [at, rate, relay, "droop: {from: 49.9 Hz, full: 49.5 Hz}", "level: 2"];
    let site = format!(
        "{}frequency: {{fixed: 49 Hz}}\nemergency_level: {{at: []}}\nprogrammes:\n",
        bare()
    );
    // With and without a rate, hours in which it is busy, a law of lengths, and a droop.
    let entries = [
        ("ercot-ecrs", "award: 400 kW"),
        ("california-elrp", "award: 400 kW"),
        ("pjm-connect-and-manage", "leave: 100 kW"),
        ("nordic-fcr-d-up-dynamic", "award: 400 kW"),
        ("ercot-ers-10", "award: 400 kW"),
    ];
    for (kind, fields) in entries {
        for calls in callers {
            let text = format!("{site}  it: {{kind: {kind}, {fields}, calls: {{{calls}}}}}\n");
            assert_eq!(load_errors(&text), [""; 0], "{kind} with {calls}");
        }
        let both = format!("{site}  it: {{kind: {kind}, {fields}, calls: {{{rate}, {at}}}}}\n");
        let said = load_errors(&both);
        assert!(said[0].contains("calls.at: `rate` and `at` exclude each other"), "{said:?}");
    }
    // A demand agreed in advance takes the place of a measured one, and a price that of a table.
    let text = format!("{site}  it: {{kind: ercot-ers-10, award: 400 kW, reference: 500 kW}}\n");
    assert_eq!(load_errors(&text), [""; 0]);
    let table = "price: {csv: nowhere.csv, column: price, unit: $/MWh}";
    let text = format!(
        "{site}  it: {{kind: mine, award: 400 kW, price: {{fixed: 5 $/MW-h}}}}\n\
         catalogue:\n  programmes:\n    mine: {{kind: ercot-ers-10, {table}}}\n"
    );
    assert_eq!(load_errors(&text), [""; 0]);
}

/// An emergency of four hours that comes to load shed in its third: the service that is called from the first
/// level on delivers throughout, load goes in the hour of the third, and comes back to the award.
#[test]
fn programmes_are_called_by_the_level_of_an_emergency() {
    let text = format!(
        "{}emergency_level:
  at:
    - {{start: 2026-07-01T06:00:00Z, duration: 4 h, level: 1}}
    - {{start: 2026-07-01T08:00:00Z, duration: 1 h, level: 3}}
programmes:
  ers: {{kind: ercot-ers-10, award: 200 kW, calls: {{level: 1}}}}
  shed: {{kind: texas-sb6-shed, leave: 100 kW, calls: {{level: 3}}}}
",
        bare()
    );
    let told = simulate(&text, &[]);
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
    for (name, hours) in [("ers", 4.0), ("shed", 1.0)] {
        let called = programme(&told.outcome, name);
        assert_eq!((called.count("calls"), called.count("missed")), (1, 0), "{name}");
        close(called.real("called_h"), hours, 1e-9);
        close(called.real("score"), 1.0, 1e-9);
    }
    let import_mw = column(&told, "import_mw");
    let of_hour = |hour: usize| import_mw[4 * hour + 1];
    assert!(of_hour(6) < of_hour(5) - 0.199 && of_hour(6) > 0.4, "{import_mw:?}");
    assert!(of_hour(8) < 0.1 + 1e-9, "{import_mw:?}");
    assert!((of_hour(9) - of_hour(7)).abs() < 0.01, "{import_mw:?}");
}

/// Target 11 of the reference: 20 MW kept ready for a day at 9.62 $/MW-h are 4,617.60 $; a call of two hours
/// that a fleet answers linearly within 10 min delivers 38.333 MWh, and misses 5.0 MWh more as it comes back
/// linearly in 30 min, of which the last 5 % of the load, 0.25 % of the triangle, count as back.
#[test]
fn a_reserve_of_a_fleet_is_a_trapezium() {
    let yard = YARD
        .replace("{csv: prices.csv, column: price, unit: $/MWh}", "{fixed: 30 $/MWh}")
        .replace("duration: 4 h", "duration: 1 day");
    let text = yard
        + "control:
  curtailment: {batch: 19, batch_interval: 2 s, restore_batch: 19, restore_interval: 6 s, min_curtailed: 0 s}
programmes:
  ecrs:
    kind: dispatch
    award: 20 MW
    response: 10 min
    price: {fixed: 9.62 $/MW-h}
    calls: {at: [{start: 2026-07-01T06:00:00Z, duration: 2 h}]}
";
    let told = simulate(&text, &[]);
    let ecrs = programme(&told.outcome, "ecrs");
    close(ecrs.real("capacity_usd"), 4_617.60, 0.01);
    close(ecrs.real("score"), 1.0, 1e-9);
    close(ecrs.real("delivered_mwh"), 115.0 / 3.0, 0.02);
    close(ecrs.real("restoring_mwh"), 5.0 * (1.0 - 0.0025), 0.03);
}

/// Miners lose what the call keeps asleep, and beside that only the time in which they start again.
#[test]
fn a_call_costs_what_its_miners_would_have_earned() {
    let told = simulate(FLAT, &[]);
    let site = bare();
    let without = simulate(site, &[]);
    let income = |told: &Told| told.outcome.real("workloads.mine.revenue_usd");
    let ecrs = programme(&told.outcome, "ecrs");
    let (lost, missing) = (ecrs.real("lost_income_usd"), income(&without) - income(&told));
    assert!(0.9 * missing < lost && lost <= missing, "{lost} $ of {missing} $");
    let cap = told.outcome.real("workloads.mine.curtailed.cap_mwh");
    close(ecrs.real("curtailed_mwh"), cap, 1e-9);
    assert!(cap > 0.7, "{cap} MWh");
}

/// A call that holds when the run ends is scored and paid for the time that it lasted.
#[test]
fn a_call_that_the_run_ends_in_is_settled() {
    let told = simulate(FLAT, &["duration=7 h"]);
    let ecrs = programme(&told.outcome, "ecrs");
    assert_eq!((ecrs.count("calls"), ecrs.count("missed")), (1, 0));
    assert!(note(&told, "calls-missed").is_none() && note(&told, "award-short").is_none());
    close(ecrs.real("called_h"), 1.0, 1e-9);
    close(ecrs.real("scored_h"), 1.0 - 1.0 / 6.0, 1e-9);
    close(ecrs.real("score"), 1.0, 1e-9);
    close(ecrs.real("energy_usd"), 100.0 * ecrs.real("delivered_mwh"), 1e-6);
    // Everything sleeps when the call comes: nothing can be delivered, and the hour is not paid.
    let told = simulate(FLAT, &["duration=7 h", "price={fixed: 500 $/MWh}"]);
    let ecrs = programme(&told.outcome, "ecrs");
    assert_eq!((ecrs.count("calls"), ecrs.count("missed")), (1, 1));
    assert!(ecrs.real("score") < 0.1, "{}", ecrs.real("score"));
    close(ecrs.real("clawback_usd"), 0.4 * 9.62 * (1.0 - ecrs.real("score")), 1e-9);
}

/// What cannot be given is a shortfall, a low score, a pay that is taken back; the site is not
/// darkened for it.
#[test]
fn an_award_without_the_load_for_it_is_booked() {
    let dear = "price: {csv: prices.csv, column: price, unit: $/MWh, repeat: true}";
    let text = FLAT.replace("price: {fixed: 30 $/MWh}", dear);
    let bench = Bench::new();
    let hours = (0..48).map(|hour| {
        // Dear from 02:00 to 08:00, so that the miners sleep when the call comes.
        let price = if (2..8).contains(&(hour % 24)) { 500 } else { 30 };
        format!("2026-07-{:02}T{:02}:00Z,{price}\n", 1 + hour / 24, hour % 24)
    });
    bench.file("prices.csv", format!("time,price\n{}", hours.collect::<String>()));
    let told = super::support::simulate_file(&bench.file("test.yaml", text), &[]);
    let ecrs = programme(&told.outcome, "ecrs");
    assert_eq!((ecrs.count("calls"), ecrs.count("missed")), (1, 1));
    assert!(ecrs.get("slowest_response_s").is_none(), "nothing has responded");
    assert!(ecrs.real("score") < 0.1, "{}", ecrs.real("score"));
    assert_eq!(note(&told, "calls-missed").expect("a note").value, 1.0);
    let short = note(&told, "award-short").expect("a note").value;
    close(short, ecrs.real("shortfall_mw_h") / ecrs.real("award_mw_h"), 1e-12);
    // Without the two hours of the call, miners sleep for ten hours of dear prices.
    let shortfall = ecrs.real("shortfall_mw_h");
    assert!((3.5..4.1).contains(&shortfall), "{shortfall} MW-h");
    let paid = ecrs.real("capacity_usd") - ecrs.real("clawback_usd");
    let kept = (0.4 * 46.0 - shortfall) * 9.62 + 0.8 * 9.62 * ecrs.real("score");
    close(paid, kept, 1e-6);
    assert_eq!(lost(&told), 0);
}

/// Machines that are kept on for an award on a board that has no power for them are tried each five minutes, not
/// each second.
#[test]
fn machines_kept_on_in_vain_are_let_go() {
    let board = "  board: {kind: switchgear, rating: 52 kVA, fed_by: utility}\n  \
                 house: {kind: house-load, power: 50 kW, fed_by: board}\ncooling:";
    let text = FLAT
        .replace("cooling:", board)
        .replace("{kind: s21-container, fed_by: utility", "{kind: s21-container, fed_by: board");
    let sets = ["price={fixed: 500 $/MWh}", "control={order: [peaks, reserve, price]}"];
    let told = simulate(&text, &sets);
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
    assert_eq!(told.outcome.real("workloads.mine.revenue_usd"), 0.0);
    assert!(told.outcome.site_events < 5_000, "{}", told.outcome.site_events);
    assert_eq!(note(&told, "calls-missed").expect("a note").value, 1.0);
    // The board has a second feed from 01:00:10 on: the award stands within the five minutes of the next try.
    let second = "  spare: {kind: feed, capacity: 2 MW, outages: none}\n  board: {kind: switchgear, rating: 900 kVA, \
                  fed_by: [spare, weak]}\n  weak: {kind: cable, rating: 52 kVA, length: 10 m, fed_by: utility}\n";
    let text =
        text.replace("  board: {kind: switchgear, rating: 52 kVA, fed_by: utility}\n", second);
    let fail = "events=[{at: 0 s, spare: {outage: 3610 s}}]";
    let told = simulate(&text, &[sets[0], sets[1], fail, "output={interval: 1 h}"]);
    let second_mw = column(&told, "import_mw")[1];
    assert!(second_mw > 0.3, "{second_mw} MW in the second hour");
}

/// The calls of a programme, and the luck of everything else, are the same whatever other programmes
/// there are.
#[test]
fn another_programme_moves_no_calls() {
    let with = |programmes: &str| {
        let calls = |told: Told| -> Vec<String> {
            told.events.into_iter().filter(|it| it.contains("called ecrs")).collect()
        };
        let site = bare();
        calls(simulate(&format!("{site}programmes:\n{programmes}"), &["duration=10 days"]))
    };
    let ecrs = "  ecrs: {kind: ercot-ecrs, award: 100 kW, calls: {rate: 1000 /year}}\n";
    let other = "  other: {kind: ercot-non-spin, award: 50 kW, calls: {rate: 1000 /year}}\n";
    let shed = "  shed: {kind: texas-sb6-shed, calls: {rate: 1000 /year}}\n";
    let alone = with(ecrs);
    assert!(alone.len() > 10, "{} calls", alone.len());
    assert_eq!(with(&format!("{ecrs}{other}{shed}")), alone);
    assert_eq!(with(&format!("{shed}{other}{ecrs}")), alone);
}

/// 28,356 machines in 139 containers, 100 MW, and a call for a quarter of it after 90 min.
fn yard(response: &str, control: &str) -> String {
    FLAT.replace("duration: 2 days", "duration: 5 h")
        .replace("capacity: 2 MW", "capacity: 130 MW")
        .replace("design_heat: 720 kW", "design_heat: 105 MW")
        .replace("kind: s21-container,", "kind: s21-container, count: 139,")
        .replace("award: 400 kW", "award: 25 MW")
        .replace("response: 10 min", &format!("response: {response}"))
        .replace("2026-07-01T06:00:00Z", "2026-07-01T01:30:00Z")
        .replace("programmes:", &format!("{control}programmes:"))
}

/// A quarter of a fleet goes by batches within the ten minutes of a reserve, and within half a second
/// where protection cuts it, by the import meter.
#[test]
fn a_quarter_of_a_fleet_responds_in_time() {
    const CONTROL: &str = "control: {curtailment: {batch: 500, batch_interval: 10 s}}\n";
    let told = simulate(&yard("10 min", CONTROL), &[]);
    let ecrs = programme(&told.outcome, "ecrs");
    let seconds = ecrs.real("slowest_response_s");
    // 25 MW are 7,000 machines with fans and losses, in 14 or 15 batches, and 5 s to stop.
    assert!((125.0..=150.0).contains(&seconds), "{seconds} s");
    assert!((ecrs.real("score") - 1.0).abs() < 1e-3, "{}", ecrs.real("score"));
    assert_eq!(ecrs.count("missed"), 0);
    assert!(ecrs.real("restoring_mwh") > 0.0);
    let import_mw = column(&told, "import_mw");
    let last = import_mw.last().unwrap();
    assert!((last / import_mw[4] - 1.0).abs() < 0.02, "it comes back: {last} MW");
    let told = simulate(&yard("0.5 s", CONTROL), &[]);
    close(programme(&told.outcome, "ecrs").real("slowest_response_s"), 0.5, 1e-9);
    let told = simulate(&yard("10 min", ""), &[]);
    close(programme(&told.outcome, "ecrs").real("slowest_response_s"), 0.0, 1e-9);
}

#[test]
fn the_site_keeps_to_the_lowest_of_its_limits() {
    let emergency = "  shed:
    kind: emergency
    leave: 100 kW
    calls: {at: [{start: 2026-07-01T07:00:00Z, duration: 3 h}]}
";
    let told = simulate(&format!("{FLAT}{emergency}"), &[]);
    for most_mw in &column(&told, "import_max_mw")[4 * 7..4 * 10] {
        assert!(*most_mw <= 0.1 + 1e-9, "{most_mw}");
    }
    let shed = programme(&told.outcome, "shed");
    close(shed.real("score"), 1.0, 1e-9);
    assert!(shed.get("income_usd").is_none(), "it pays nothing");
}

#[test]
fn two_awards_of_one_megawatt_are_refused() {
    let second = "  non-spin: {kind: ercot-non-spin, award: 500 kW}\n";
    let says = load_errors(&format!("{FLAT}{second}"));
    assert!(says.iter().any(|it| it.contains("programmes.non-spin: awards of")), "{says:?}");
    let at_night = second.replace("500 kW", "500 kW, window: {hours: ['00:00-06:00']}");
    let by_day =
        FLAT.replace("award: 400 kW", "award: 400 kW\n    window: {hours: ['06:00-24:00']}");
    assert_eq!(load_errors(&format!("{by_day}{at_night}")), Vec::<String>::new());
    let says = load_errors(&FLAT.replace("award: 400 kW", "award: 4 MW"));
    assert!(says.iter().any(|it| it.contains("an award of 4 MW")), "{says:?}");
    let low = FLAT.replace("programmes:", "control: {low_power_consumption: 400 kW}\nprogrammes:");
    let says = load_errors(&low);
    assert!(says.iter().any(|it| it.contains("an award of")), "{says:?}");
}

/// Demand reduction of Texas SB 6 is not for sites that answer prices or peaks.
#[test]
fn what_the_terms_of_an_award_exclude_is_refused() {
    let sb6 =
        "programmes:\n  sb6: {kind: texas-sb6-demand-reduction, award: 400 kW, calls: {at: []}}\n";
    let said = load_errors(&format!("{}{sb6}", bare()));
    let of_price = "programmes.sb6: excluded by its terms: `mine` answers the price of energy";
    assert!(said.len() == 1 && said[0].contains(of_price), "{said:?}");
    let always = bare().replace("restart:", "policy: {kind: always}\n    restart:");
    assert_eq!(load_errors(&format!("{always}{sb6}")), Vec::<String>::new());
    for (programme, what) in [
        (
            "peaks: {kind: ercot-4cp, leave: 0 kW, forecast: {csv: load.csv, column: mw, unit: MW}}",
            "`peaks` keeps away from peaks",
        ),
        ("dear: {kind: ethiopia-time-of-use, leave: 0 kW}", "`dear` answers the price of energy"),
    ] {
        let bench = Bench::new();
        bench.file(
            "load.csv",
            "time,mw\n2026-07-01T00:00:00Z,5\n2026-07-02T00:00:00Z,5\n2026-07-03T00:00:00Z,5\n",
        );
        let text = format!("{always}{sb6}  {programme}\n");
        let reading = loadbank::scenario::read_scenario(&bench.file("site.yaml", text), &[]);
        let said = reading.diagnostics.short(&reading.files);
        assert!(reading.loaded.is_none() && said.contains(what), "{said}");
    }
}

/// A call at the hours of the 16th day, a Thursday, of a site that hours of a tariff have stopped on each weekday
/// before, or have not.
fn ten_in_ten(days: u32, tariff: &str) -> Told {
    let text = format!(
        "{}programmes:\n  elrp:\n    kind: dispatch\n    award: 400 kW\n    baseline: ten-in-ten\n    \
         response: 1 h\n    energy_price: 2000 $/MWh\n    \
         calls: {{at: [{{start: '2026-07-{days:02}T15:00:00Z', duration: 2 h}}]}}\n{tariff}",
        bare()
    );
    simulate(&text, &[&format!("duration={days} days")])
}

/// The baseline of ten days pays for what the site gives up beyond what it imports at that hour anyway: of a
/// load that runs through, the whole award; of one that a tariff has stopped at that hour on all these days, nothing.
#[test]
fn stops_for_the_price_take_the_baseline_of_ten_days() {
    let runs = ten_in_ten(16, "");
    let elrp = programme(&runs.outcome, "elrp");
    let delivered = elrp.real("delivered_mwh");
    // A flat load but for the weather, by which the baseline is moved; a response of an hour is not waited for.
    assert!((0.78..0.86).contains(&delivered), "{delivered} MWh");
    close(elrp.real("energy_usd"), 2000.0 * delivered, 1e-6);
    assert_eq!(elrp.count("missed"), 0);
    let stops = "  evening:\n    kind: tariff-window\n    window: {weekdays: [1, 2, 3, 4, 5], hours: ['15:00-17:00']}\n    leave: 100 kW\n";
    let stopped = ten_in_ten(16, stops);
    let elrp = programme(&stopped.outcome, "elrp");
    assert_eq!((elrp.count("calls"), elrp.count("missed")), (1, 1));
    let delivered = elrp.real("delivered_mwh");
    assert!(delivered < 0.25, "{delivered} MWh of the 100 kW that are left");
    for told in [&runs, &stopped] {
        assert!(told.outcome.balanced());
        assert!(note(told, "short-baseline").is_none(), "{:?}", told.outcome.notes);
    }
}

/// A call as the run ends is none of it.
#[test]
fn a_call_as_the_run_ends_is_not_of_it() {
    let late = FLAT.replace("start: 2026-07-01T06", "start: 2026-07-03T00");
    let late = late.replace("response: 10 min", "response: 10 min\n    baseline: ten-in-ten");
    let told = simulate(&late, &[]);
    assert_eq!(programme(&told.outcome, "ecrs").count("calls"), 0);
}

/// A call on the third day has a baseline of two days, and that is said before the figures.
#[test]
fn a_baseline_of_too_few_days_is_said() {
    let told = ten_in_ten(3, "");
    let note = note(&told, "short-baseline").expect("a note");
    assert_eq!((&*note.subject, note.value), ("elrp", 1.0));
    assert!(programme(&told.outcome, "elrp").real("delivered_mwh") > 0.7);
}
