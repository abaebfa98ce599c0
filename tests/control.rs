//! What a site may import and keeps up: ramps, a limit with a margin, awards against the price, the ladder.

use loadbank::facility::SubjectKind;

use super::support::{Bench, Told, column, data, load_errors, simulate, simulate_file};

/// Machines that sleep at nothing and start at once, without cooling: what they draw is what the site
/// imports. 28,571 of 3.5 kW are 100 MW.
pub(super) const YARD: &str = "\
name: yard
start: 2026-07-01T00:00:00Z
duration: 4 h
weather: {climate: west-texas}
price: {csv: prices.csv, column: price, unit: $/MWh}
output: {interval: 1 min}
power:
  utility: {kind: feed, capacity: 130 MW, outages: none}
racks:
  hall: {kind: asic, machines: 28571, power: 3500 W, sleep_power: 0 W, hash_rate: 200 TH/s, fed_by: utility}
workloads:
  mine:
    kind: mining
    racks: hall
    income: {hash_price: 28.7 $/PH/day}
    failures: {rate: 0 /year}
    restart: {failure: 0 %, wake_time: 0 s, sleep_time: 0 s, ramp: 1000 /s}
";

/// What a machine of the yard may pay for a megawatt-hour, $.
const BREAKEVEN: f64 = 28.7 * 0.99 * 0.2 / 3.5e-3 / 24.0;

/// Runs `text` at these prices, one for each hour.
pub(super) fn at_prices(text: &str, prices: &[f64]) -> Told {
    let bench = Bench::new();
    let rows = prices.iter().enumerate();
    let rows = rows.map(|(hour, price)| format!("2026-07-01T{hour:02}:00:00Z,{price}\n"));
    bench.file("prices.csv", format!("time,price\n{}", rows.collect::<String>()));
    simulate_file(&bench.file("yard.yaml", text), &[])
}

/// The mean import of minutes `from` to `to`, times their time, MWh.
fn mwh(told: &Told, from: usize, to: usize) -> f64 {
    column(told, "import_mw")[from..to].iter().sum::<f64>() / 60.0
}

/// 100 MW stop for an hour and come back. By 20 % a minute they take 300 s and miss 4.166667 MWh, by 2 %
/// a second 50 s and 0.694444 MWh; as fast as they may stop, they draw the same after the price has risen.
#[test]
fn a_connection_limits_how_fast_miners_come_and_go() {
    for (rate, seconds, triangle_mwh) in
        [("20 MW/min", 300, 4.166_667), ("120 MW/min", 50, 0.694_444)]
    {
        let ramp = format!("{YARD}control: {{ramp: {{up: {rate}, down: {rate}}}}}\n");
        let told = at_prices(&ramp, &[30.0, 500.0, 30.0, 30.0]);
        let full_mw = 28_571.0 * 3.5e-3;
        let scale = full_mw * full_mw / 1e4;
        // From 01:00 on they go, from 02:00 on they come.
        let gone_mwh = mwh(&told, 60, 120);
        assert!((gone_mwh / (triangle_mwh * scale) - 1.0).abs() < 0.01, "{gone_mwh} MWh at {rate}");
        let missing_mwh = full_mw - mwh(&told, 120, 180);
        // A rack starts machines every 5 s, so that they come up to so much after the line.
        let late_mwh = missing_mwh - triangle_mwh * scale;
        let most_mwh = full_mw * 5.0 / 3600.0;
        assert!((-1e-3..most_mwh).contains(&late_mwh), "{missing_mwh} MWh at {rate}");
        let import_mw = column(&told, "import_mw");
        assert!((import_mw[120 + seconds / 60 + 2] - full_mw).abs() < 1e-9);
        assert!(import_mw[60 + seconds / 60 + 1] < 0.01 * full_mw, "all are asleep");
        assert!(told.outcome.balanced());
    }
    // Without a ramp they come back in the instant.
    let told = at_prices(YARD, &[30.0, 500.0, 30.0, 30.0]);
    assert!((mwh(&told, 120, 180) - 28_571.0 * 3.5e-3).abs() < 1e-9);
}

/// A board carries two thirds of the machines. Those that it stops wait to be told to come back; the board
/// stops them at once, and they try every five minutes, not every second.
#[test]
fn miners_do_not_run_into_a_limit_each_second() {
    let board =
        "  board: {kind: switchgear, fed_by: utility, rating: 60 MVA, failures: {rate: 0 /year}}\n";
    let racks = "hall: {kind: asic, count: 3, machines: 8571,";
    let text = YARD
        .replace("racks:\n", &format!("{board}racks:\n"))
        .replace("hall: {kind: asic, machines: 28571,", racks)
        .replace("fed_by: utility}\nworkloads", "fed_by: board}\nworkloads");
    let order = "{start: 2026-07-01T00:30:00Z, duration: 10 min, import: 10 MW}";
    let control = format!("control: {{ramp: {{up: 20 MW/min}}, curtailments: [{order}]}}\n");
    let told = at_prices(&(text + &control), &[30.0; 4]);
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
    let import_mw = column(&told, "import_mw");
    assert!(import_mw[60..].iter().all(|mw| (50.0..60.0).contains(mw)), "{import_mw:?}");
    // Three racks try at most 48 times in four hours, with some events each.
    assert!(told.outcome.site_events < 3000, "{}", told.outcome.site_events);
}

/// An award of 20 MW is held through two hours in which power costs more than a hash earns: it is paid, it
/// answers its call, and the machines that stay on cost what the price exceeds their breakeven by.
#[test]
fn an_award_is_held_against_the_price_where_the_order_says_so() {
    let award = "programmes:
  ecrs:
    kind: dispatch
    award: 20 MW
    price: {fixed: 10 $/MW-h}
    calls: {at: [{start: 2026-07-01T02:30:00Z, duration: 30 min}]}
";
    let run =
        |order: &str| at_prices(&format!("{YARD}{order}{award}"), &[30.0, 200.0, 100.0, 30.0]);
    let figures = |told: &Told| {
        let ecrs = told.outcome.of(SubjectKind::Programme).next().expect("there is one");
        (ecrs.real("shortfall_mw_h"), ecrs.real("score"))
    };
    let told = run("");
    let (shortfall, score) = figures(&told);
    // From 01:00 to 02:30 nothing is there, and nothing goes when the call comes.
    assert!((shortfall - 30.0).abs() < 0.1 && score < 0.01, "{shortfall}, {score}");
    assert_eq!(told.outcome.real("workloads.mine.held_cost_usd"), 0.0, "nothing is held");
    let told = run("control: {order: [emergency, reserve, peaks, price]}\n");
    let (shortfall, score) = figures(&told);
    assert!(shortfall < 1e-6 && (score - 1.0).abs() < 1e-9, "{shortfall}, {score}");
    let held_mwh = told.outcome.real("workloads.mine.held_mwh");
    assert!((30.0..30.0 * 1.011).contains(&held_mwh), "{held_mwh} MWh");
    // 20 MWh of it at 200 $, 10 at 100 $.
    let cost = told.outcome.real("workloads.mine.held_cost_usd");
    let expected = held_mwh / 3.0 * (2.0 * (200.0 - BREAKEVEN) + (100.0 - BREAKEVEN));
    assert!((cost / expected - 1.0).abs() < 1e-3, "{cost} $, expected {expected}");
    assert!(told.outcome.balanced());
}

/// An alert leaves what awards need where reserve comes before peaks, and its own limit else.
#[test]
fn an_alert_spares_awards_where_the_order_says_so() {
    let programmes = "programmes:
  ecrs: {kind: dispatch, award: 20 MW, calls: {at: []}}
  peaks:
    kind: peak-forecast
    leave: 5 MW
    window: {hours: ['01:00-02:00']}
    forecast: {csv: prices.csv, column: price, unit: MW}
    interval: 1 h
";
    let least = |order: &str| {
        let told = at_prices(&format!("{YARD}{order}{programmes}"), &[30.0, 40.0, 30.0, 30.0]);
        column(&told, "import_mw")[90]
    };
    let (price_first, award_first) = (least(""), least("control: {order: [emergency, reserve]}\n"));
    assert!((4.99..=5.0).contains(&price_first), "{price_first} MW");
    assert!((19.99..=20.0).contains(&award_first), "{award_first} MW");
}

/// Target 4 of the study of coincident peaks: 100 MW that keep 5 MW in alerts at 98 % of the running
/// maximum give up 95 MW in 111 hours of the summer of 2024, and in 117 of 2025.
#[test]
fn alerts_of_a_summer_cost_what_their_hours_say() {
    let Some(data) = data() else { return };
    let table = data.join("grid/ercot_hubavg_da60_loadfc_2024_2025.csv.gz").canonicalize().unwrap();
    for (year, alerted_h) in [(2024, 111), (2025, 117)] {
        let yard = YARD
            .replace("machines: 28571, power: 3500 W", "machines: 25000, power: 4000 W")
            .replace("start: 2026-07-01T00:00:00Z", &format!("start: {year}-06-01T05:00:00Z"))
            .replace("duration: 4 h", "duration: 122 days\nsite: {time_zone: America/Chicago}")
            .replace("{csv: prices.csv, column: price, unit: $/MWh}", "{fixed: 30 $/MWh}")
            .replace("interval: 1 min", "interval: 1 h");
        let programme = format!(
            "programmes:
  peaks:
    kind: peak-forecast
    leave: 5 MW
    alert_at: 98 %
    window: {{months: [6, 7, 8, 9], hours: ['15:00-18:00']}}
    interval: 1 h
    forecast: {{csv: {}, column: da_demand_forecast_mw, unit: MW}}
",
            table.display()
        );
        let told = simulate(&(yard + &programme), &[]);
        assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
        let peaks = told.outcome.of(SubjectKind::Programme).next().expect("a programme");
        let (curtailed_mwh, given_up) = (peaks.real("curtailed_mwh"), 95.0 * f64::from(alerted_h));
        assert!((curtailed_mwh - given_up).abs() < 1e-3 * given_up, "{curtailed_mwh} MWh");
        let import_mw = column(&told, "import_mw");
        let low = import_mw.iter().filter(|mw| **mw < 50.0).count();
        assert_eq!(low, alerted_h as usize);
    }
}

/// Miners beside a load that steps by 10 MW each hour, behind 60 MW: with a margin of 12 MW, or of what the
/// steps come to, they make room by their firmware before it is wanted, and nothing is refused.
const BESIDE: &str = "\
name: beside
start: 2026-07-01T00:00:00Z
duration: 12 h
weather: {climate: west-texas}
price: {fixed: 30 $/MWh}
output: {interval: 1 min}
power:
  utility: {kind: feed, capacity: 60 MW, outages: none}
cooling:
  air: {kind: asic-hall, design_heat: 25 MW, fed_by: utility}
racks:
  hall: {kind: asic, machines: 13700, power: 3500 W, sleep_power: 0 W, hash_rate: 200 TH/s, fed_by: utility}
workloads:
  mine:
    kind: mining
    racks: hall
    income: {hash_price: 28.7 $/PH/day}
    failures: {rate: 0 /year}
    restart: {failure: 0 %}
";

#[test]
fn miners_leave_a_margin_for_what_comes_next() {
    let profile: Vec<String> =
        (0..24).map(|hour| if hour % 2 == 0 { "0.5" } else { "1" }.to_owned()).collect();
    let others = format!(
        "  others: {{kind: heat-load, power: 20 MW, fed_by: utility, cooled_by: air, daily_profile: [{}]}}",
        profile.join(", ")
    );
    let beside = BESIDE.replace("workloads:", &format!("{others}\nworkloads:"));
    let run = |control: &str| simulate(&format!("{beside}{control}"), &[]);
    let refused = |told: &Told| told.outcome.real("energy.shed_mwh");
    let none = run("");
    assert!(refused(&none) > 1.0, "{} MWh", refused(&none));
    let fixed = run("control: {import_limit: {power: 60 MW, margin: 12 MW}}\n");
    assert!(refused(&fixed) < 1e-9, "{} MWh", refused(&fixed));
    let import_mw = column(&fixed, "import_mw");
    // An hour after each step miners are within the margin again, to a machine.
    assert!((47.9..=48.001).contains(&import_mw[59]), "{} MW", import_mw[59]);
    // Steps of 10 MW, one in twelve intervals of 5 min: their root mean square is 10 MW over the root
    // of 12, and four of it cover a step.
    let sigmas = run("control: {import_limit: {power: 60 MW, sigmas: 4}}\n");
    let margin_mw = 4.0 * 10.0 / 12f64.sqrt();
    let last_mw = column(&sigmas, "import_mw")[11 * 60 + 54];
    assert!((last_mw - (60.0 - margin_mw)).abs() < 1.0, "{last_mw} MW, margin {margin_mw}");
    assert!(refused(&sigmas) < refused(&none), "{} MWh", refused(&sigmas));
}

#[test]
fn control_that_cannot_be_meant_is_refused_at_its_field() {
    for (control, says) in [
        ("{order: [price, emergency]}", "comes before all others"),
        ("{ladder: [mining]}", "names each of"),
        ("{import_limit: {power: 10 MW, margin: 10 MW}}", "leaves miners nothing"),
        ("{import_limit: {power: 10 MW, sigmas: 2, margin: 1 MW}}", "excludes `margin`"),
        ("{ramp: {up: 0 MW/min}}", "above zero"),
    ] {
        let text = YARD.replace(
            "price: {csv: prices.csv, column: price, unit: $/MWh}",
            "price: {fixed: 30 $/MWh}",
        );
        let found = load_errors(&format!("{text}control: {control}\n"));
        assert!(found.iter().any(|it| it.contains(says)), "{control}: {found:?}");
    }
}
