//! Battery systems in a whole site: what they earn, what they shave, what they carry.

use loadbank::facility::SubjectKind;

use super::support::{
    Bench, SMALL, Told, column, data, hub_prices, load_errors, lost, price_table, simulate,
    simulate_file,
};

/// A site of a constant load and a battery, under prices of a file.
fn site(days: u64, battery: &str, control: &str) -> String {
    format!(
        "name: battery\nstart: 2024-01-01T00:00:00Z\nduration: {days} days\noutput: {{interval: 1 h}}\n\
         weather: {{climate: nordic}}\nprice: {{csv: prices.csv, column: usd, unit: $/MWh}}\n\
         power:\n  utility: {{kind: feed, capacity: 20 MW, outages: none}}\n  \
         board: {{kind: switchgear, fed_by: utility, failures: {{rate: 0 /year}}}}\n  \
         bess: {{kind: battery, fed_by: board, standby: 0 %, {battery}}}\n  \
         house: {{kind: house-load, power: 5 MW, fed_by: board}}\n{control}"
    )
}

const THRESHOLDS: &str = "control:\n  battery:\n    uses: [arbitrage]\n    \
    arbitrage: {charge_below: 15 $/MWh, discharge_above: 60 $/MWh}\n";

/// What thresholds come to interval by interval: dollars, MWh in, MWh out.
fn thresholds(prices: &[f64], low: f64, high: f64, energy_mwh: f64) -> [f64; 3] {
    let (one_way, hours) = (f64::sqrt(0.85), 0.25);
    let (mut stored, mut sums) = (0.0, [0.0; 3]);
    for price in prices {
        if *price <= low {
            let mw = f64::min(1.0, (energy_mwh - stored) / (one_way * hours));
            stored += one_way * mw * hours;
            sums[0] -= price * mw * hours;
            sums[1] += mw * hours;
        } else if *price >= high {
            let mw = f64::min(1.0, stored * one_way / hours);
            stored -= mw * hours / one_way;
            sums[0] += price * mw * hours;
            sums[2] += mw * hours;
        }
    }
    sums
}

fn earn(prices: &[f64], days: u64) -> Told {
    let bench = Bench::new();
    bench.file("prices.csv", price_table(prices, 15));
    let text = site(days, "power: 1 MW, energy: 2 MWh, charge: {start: 0 %}", THRESHOLDS);
    simulate_file(&bench.file("site.yaml", text), &[])
}

fn is_near(got: f64, wanted: f64, of: &str) {
    assert!((got - wanted).abs() <= 1e-6 * wanted.abs().max(1.0), "{of}: {got}, not {wanted}");
}

/// Prices that swing past both thresholds, in no step with how long a charge takes.
#[test]
fn thresholds_earn_what_their_arithmetic_says() {
    let mut seed = 7u64;
    let prices: Vec<f64> = (0..960)
        .map(|_| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            ((seed >> 33) % 90) as f64 - 10.0
        })
        .collect();
    let told = earn(&prices, 10);
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
    let [usd, taken, given] = thresholds(&prices, 15.0, 60.0, 2.0);
    let storage = told.outcome.of(SubjectKind::Storage).next().expect("a battery");
    is_near(storage.real("value_usd"), usd, "value");
    is_near(storage.real("charge_mwh"), taken, "taken");
    is_near(storage.real("discharge_mwh"), given, "given");
    is_near(storage.real("cycles"), given / f64::sqrt(0.85) / 2.0, "cycles");
    // What was taken and not given back is lost or still there.
    let stored = column(&told, "bess_stored_mwh");
    assert!(stored.iter().all(|mwh| (-1e-9..=2.0 + 1e-9).contains(mwh)));
    let cost = told.outcome.real("energy_cost");
    let plain: f64 = prices.iter().map(|price| 5.0 * price * 0.25).sum();
    is_near(plain - cost, usd, "what the bill falls by");
}

/// The thresholds 15 and 60 $/MWh on ERCOT's real-time prices of 2024: 21,336.7525 $ of 258.328 MWh
/// in and 217.9849 out; 20 and 45: 23,705.3047 $ of 433.2883 and 367.2011. The year is held here by the arithmetic alone, its first four weeks by a
/// simulated battery too.
#[test]
fn thresholds_earn_on_real_prices_what_their_arithmetic_says() {
    let Some(all) = hub_prices() else { return };
    for (low, high, figures) in [
        (15.0, 60.0, [21_336.752_5, 258.328, 217.984_9]),
        (20.0, 45.0, [23_705.304_7, 433.288_3, 367.201_1]),
    ] {
        let year = thresholds(&all[..366 * 96], low, high, 2.0);
        for (got, wanted) in year.into_iter().zip(figures) {
            assert!((got - wanted).abs() < 1e-3, "the twin itself: {got}, not {wanted}");
        }
    }
    let told = earn(&all[..28 * 96], 28);
    let [usd, taken, given] = thresholds(&all[..28 * 96], 15.0, 60.0, 2.0);
    let storage = told.outcome.of(SubjectKind::Storage).next().expect("a battery");
    is_near(storage.real("value_usd"), usd, "value");
    is_near(storage.real("charge_mwh"), taken, "taken");
    is_near(storage.real("discharge_mwh"), given, "given");
}

/// The first use gives whenever the site imports, the second charges whenever the first has nothing
/// left: they take turns of 3 % of the battery, at any price, whatever else happens at the site.
#[test]
fn uses_of_opposite_wishes_take_turns() {
    let bench = Bench::new();
    bench.file("prices.csv", price_table(&[10.0; 96], 15));
    let control = THRESHOLDS.replace("uses: [", "uses: [self-consume, ");
    let text = site(1, "power: 1 MW, energy: 2 MWh, charge: {start: 50 %}", &control);
    let told = simulate_file(&bench.file("site.yaml", text), &[]);
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
    let storage = told.outcome.of(SubjectKind::Storage).next().expect("a battery");
    let (one_way, turn_mwh) = (f64::sqrt(0.85), 0.03 * 2.0);
    let (empty_h, cycle_h) = (one_way, turn_mwh * (1.0 / one_way + one_way));
    let cycles = (24.0 - empty_h) / cycle_h;
    let taken_mwh = storage.real("charge_mwh");
    let (least, most) = (cycles.floor(), cycles.ceil());
    let of = |cycles: f64| cycles * turn_mwh / one_way;
    assert!((of(least) - 1e-6..=of(most) + 1e-6).contains(&taken_mwh), "{taken_mwh}: {cycles}");
}

/// Nothing flows back into a feed that may not export, and no more than it may into one that does.
#[test]
fn exports_keep_to_their_limit() {
    let prices = [vec![5.0; 192], vec![90.0; 288]].concat();
    let run = |export: &str| {
        let bench = Bench::new();
        bench.file("prices.csv", price_table(&prices, 15));
        let text = site(5, "power: 9 MW, energy: 40 MWh", THRESHOLDS);
        let text = text.replace("outages: none", &format!("outages: none{export}"));
        let told = simulate_file(&bench.file("site.yaml", text), &[]);
        assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
        told
    };
    let shut = run("");
    assert!(!shut.columns.contains(&"export_mw".to_owned()));
    let least = column(&shut, "import_mw").into_iter().fold(f64::INFINITY, f64::min);
    assert!(least.abs() < 1e-9, "it gives all that the site takes, and no more: {least}");
    assert!(column(&shut, "bess_discharge_mw").iter().all(|mw| *mw <= 5.0 + 1e-9));
    let open = run(", export: 3 MW");
    let most = column(&open, "export_mw").into_iter().fold(0.0, f64::max);
    assert!((most - 3.0).abs() < 1e-9, "{most}");
    let income = open.outcome.real("money.export_income_usd");
    assert!((income - 90.0 * open.outcome.real("energy.export_mwh")).abs() < 1e-6 * income);
}

/// The site of the other tests with a battery at its board.
fn small(battery: &str, control: &str) -> String {
    let power = format!(
        "{control}power:\n  board: {{kind: switchgear, fed_by: main-tx}}\n  \
         bess: {{kind: battery, fed_by: board, {battery}}}\n"
    );
    SMALL.replacen("power:\n", &power, 1).replace("fed_by: main-tx", "fed_by: board").replacen(
        "{kind: switchgear, fed_by: board}",
        "{kind: switchgear, fed_by: main-tx}",
        1,
    )
}

#[test]
fn peaks_are_shaved_to_the_watt_while_the_battery_lasts() {
    let plain = simulate(SMALL, &[]);
    let peak_mw = plain.outcome.real("energy.peak_import_mw");
    let target = 1000.0 * (peak_mw - 0.04);
    let control = format!(
        "control: {{battery: {{uses: [peak-shave], peak_shave: {{import: {target} kW}}}}}}\n"
    );
    let told = simulate(&small("power: 200 kW, energy: 5 MWh, standby: 0 %", &control), &[]);
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
    let storage = told.outcome.of(SubjectKind::Storage).next().expect("a battery");
    assert!(storage.real("discharge_mwh") > 0.01, "{:?}", storage.values);
    let peak_kw = 1000.0 * told.outcome.real("energy.peak_import_mw");
    assert!(peak_kw <= target * (1.0 + 1e-9), "{peak_kw} above {target}");
}

/// Two days of half the import: without the battery the site gives way, with it less.
#[test]
fn a_limit_of_the_import_is_met_from_the_battery_first() {
    let cut = "control:\n  curtailments:\n    - {start: 2026-07-03T06:00:00Z, duration: 1 h, \
               import: 300 kW}\n";
    let shed = |uses: &str| {
        let control = format!("{cut}{uses}");
        let told =
            simulate(&small("power: 1 MW, energy: 4 MWh, charge: {start: 90 %}", &control), &[]);
        assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
        let hour = column(&told, "import_max_mw")[54];
        assert!(hour <= 0.3 + 1e-9, "{hour}");
        told.outcome.real("energy.shed_mwh")
    };
    let (without, with) = (shed(""), shed("  battery: {uses: [relief]}\n"));
    assert!(without > 0.3 && with < 0.01, "{without} and {with} MWh");
}

const OUTAGE: &str = "events:\n  - {at: 2 days, utility: {outage: 1 h}}\n";

#[test]
fn a_battery_that_forms_the_grid_carries_an_outage() {
    let battery = "power: 1.5 MW, energy: 3 MWh, charge: {start: 100 %}, forms_grid: true";
    let text = small(battery, "").replace("capacity: 1.5 MW", "capacity: 1.5 MW, outages: none");
    let told = simulate(&(text + OUTAGE), &[]);
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
    assert_eq!(lost(&told), 0);
    let import = column(&told, "import_mw");
    // An hour of the outage and the five minutes until it goes back.
    assert_eq!(import[48], 0.0);
    assert!((import[49] / import[50] - 55.0 / 60.0).abs() < 0.1, "{} {}", import[49], import[50]);
    let of = |what: &str| told.events.iter().filter(|line| line.contains(what)).count();
    assert_eq!((of(" islanded bess"), of(" normal bess")), (1, 1), "{:?}", told.events);
    let small_one = battery.replace("3 MWh", "100 kWh");
    let text = small(&small_one, "").replace("capacity: 1.5 MW", "capacity: 1.5 MW, outages: none");
    let short = simulate(&(text + OUTAGE), &[]);
    assert!(short.outcome.balanced(), "{:?}", short.outcome.books);
    assert!(lost(&short) > 0);
}

/// An outage of a minute takes 50 kW for 60 s out of the battery of a UPS, whose recharging would draw 120 kW
/// beside that. Where the site may import less, recharging takes what the load leaves; where it may not even
/// carry the load, recharging waits until the order is over.
#[test]
fn a_ups_recharges_with_what_its_load_leaves() {
    let site = |import: &str| {
        let order = match import {
            "" => String::new(),
            _ => format!(
                "control:\n  curtailments:\n    \
                 - {{start: 2026-07-01T00:30:00Z, duration: 210 min, import: {import}}}\n"
            ),
        };
        format!(
            "name: waits\nstart: 2026-07-01T00:00:00Z\nduration: 6 h\noutput: {{interval: 15 min}}\n\
             weather: {{climate: nordic}}\nprice: {{fixed: 40 $/MWh}}\npower:\n  \
             utility: {{kind: feed, capacity: 300 kW, outages: none}}\n  \
             ups: {{kind: ups, rating: 200 kW, fed_by: utility, failures: {{rate: 0 /year}}, \
             battery: {{recharge: 60 %}}, input: {{requalify: 0 s, walk_in: 0 s}}}}\n  \
             load: {{kind: house-load, power: 50 kW, fed_by: ups}}\n\
             events:\n  - {{at: 1 h, utility: {{outage: 1 min}}}}\n{order}"
        )
    };
    let missing_j = 50e3 / 0.95 * 60.0;
    let (returns_s, ends_s) = (3660.0, 4.0 * 3600.0);
    for import in ["", "300 kW", "200 kW", "130 kW", "100 kW", "70 kW", "40 kW"] {
        let told = simulate(&site(import), &[]);
        assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
        let carries_w = column(&told, "import_mw")[0] * 1e6;
        let limit_w =
            import.strip_suffix(" kW").map_or(300e3, |kw| kw.parse::<f64>().unwrap() * 1e3);
        let left_w = (limit_w - carries_w).min(120e3);
        let waits = left_w < 0.0;
        let (from_s, charger_w) = if waits { (ends_s, 120e3) } else { (returns_s, left_w) };
        let at_s = |what: &str| {
            let of = |line: &&String| line.ends_with(&format!(" {what} ups 1"));
            let ns = |line: &String| line.split(' ').next().unwrap().parse::<f64>().unwrap();
            told.events.iter().filter(of).map(|line| ns(line) / 1e9).collect::<Vec<_>>()
        };
        assert_eq!(
            at_s("recharge-waits"),
            if waits { vec![returns_s] } else { vec![] },
            "{import}"
        );
        assert_eq!(at_s("recharge"), [from_s], "{import}");
        is_near(at_s("full")[0], from_s + missing_j / (0.95 * charger_w), "full");
        if !waits {
            is_near(told.outcome.real("energy.house_mwh"), 0.05 * 6.0, "load");
            assert_eq!(told.outcome.real("energy.shed_mwh"), 0.0, "{import}");
        }
    }
}

/// Of two feeders the first cannot even carry the idle losses of a UPS: it opens, and the second, which has
/// room, recharges the battery at once.
#[test]
fn a_ups_recharges_from_the_feeder_that_takes_it_over() {
    let site = "\
name: takes-over
start: 2026-07-01T00:00:00Z
duration: 6 h
output: {interval: 15 min}
weather: {climate: nordic}
price: {fixed: 40 $/MWh}
power:
  small: {kind: feed, capacity: 1 kW, outages: none}
  large: {kind: feed, capacity: 3 MW, outages: none}
  board: {kind: switchgear, fed_by: [small, large], failures: {rate: 0 /year}}
  ups:
    kind: ups
    rating: 200 kW
    fed_by: board
    failures: {rate: 0 /year}
    battery: {recharge: 60 %}
    input: {requalify: 0 s, walk_in: 0 s}
  load: {kind: house-load, power: 50 kW, fed_by: ups}
events:
  - {at: 1 h, board: {fail: 1 min}}
";
    let told = simulate(site, &[]);
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
    assert!(!told.events.iter().any(|line| line.contains("recharge-waits")), "{:?}", told.events);
    let full = told.events.iter().find(|line| line.ends_with(" full ups 1")).expect("it is full");
    let full_s = full.split(' ').next().unwrap().parse::<f64>().unwrap() * 1e-9;
    is_near(full_s, 3660.0 + 50e3 / 0.95 * 60.0 / (0.95 * 120e3), "full");
}

#[test]
fn batteries_that_cannot_work_are_refused_at_their_place() {
    let said = |text: &str| {
        let bench = Bench::new();
        let path = bench.file("test.yaml", text);
        let reading = loadbank::scenario::read_scenario(&path, &[]);
        let said: Vec<String> =
            reading.diagnostics.iter().map(|one| one.message.to_string()).collect();
        (reading.loaded.is_some(), said.join("\n"))
    };
    let battery = "power: 1 MW, energy: 2 MWh";
    for (text, wanted) in [
        (
            small(battery, "").replace("fed_by: board, power", "fed_by: pdu-1, power"),
            "`ups`, whose rectifier",
        ),
        (
            small(&format!("{battery}, forms_grid: true"), "")
                .replace("fed_by: board, power", "fed_by: main-tx, power"),
            "on a switchgear",
        ),
        (small(battery, "control: {battery: {uses: [peak-shave]}}\n"), "`peak-shave` needs"),
        (
            small(
                battery,
                "control: {battery: {uses: [relief], awards: [{power: 2 MW, sustain: 1 h}]}}\n",
            ),
            "2 MW are awarded",
        ),
        (
            small(
                battery,
                "control: {battery: {uses: [relief], awards: [{power: 1 MW, sustain: 4 h}]}}\n",
            ),
            "calls of these take 4 MWh",
        ),
        (
            SMALL.replacen("power:\n", "control: {battery: {uses: [relief]}}\npower:\n", 1),
            "no battery system",
        ),
        (
            small("power: 1 MW, energy: 2 MWh, charge: {least: 50 %, start: 20 %}", ""),
            "start: must be between 0.5",
        ),
    ] {
        let (loaded, said) = said(&text);
        assert!(!loaded && said.contains(wanted), "{wanted}: {said}");
    }
    let (loaded, said) = said(&small(battery, ""));
    assert!(loaded && said.contains("nothing uses this battery"), "{said}");
}

/// A site of 60 MW under an array of 130 MW, by the sun of a file or of a clearness.
fn solar(weather: &str, array: &str, more: &str) -> String {
    format!(
        "name: solar\nstart: 2012-01-01T06:00:00Z\nduration: 20 days\noutput: {{interval: 1 h}}\n\
         site: {{latitude: 35.21 deg, longitude: -101.94 deg, altitude: 1102 m}}\n\
         weather: {weather}\nprice: {{fixed: 30 $/MWh}}\n\
         power:\n  utility: {{kind: feed, capacity: 200 MW, outages: none, export: 200 MW}}\n  \
         board: {{kind: switchgear, fed_by: utility, failures: {{rate: 0 /year}}}}\n  \
         pv: {{kind: pv, dc: 130 MW, ac: 100 MW, fed_into: board, {array}}}\n  \
         house: {{kind: house-load, power: 60 MW, fed_by: board}}\n{more}"
    )
}

fn energy(told: &Told, name: &str) -> f64 {
    told.outcome.real(&format!("energy.{name}_mwh"))
}

#[test]
fn an_array_serves_the_site_and_exports_the_rest() {
    let text = solar("{climate: west-texas}", "clearness: 65 %", "");
    let open = simulate(&text, &[]);
    assert!(open.outcome.balanced(), "{:?}", open.outcome.books);
    let made = energy(&open, "solar");
    assert!((4_000.0..20_000.0).contains(&made), "{made} MWh in twenty days of January");
    let used = 60.0 * 480.0;
    let net = energy(&open, "import") - energy(&open, "export");
    assert!((made + net - used).abs() < 1e-6 * used, "what is made, less net export, is used");
    assert!(energy(&open, "export") > 10.0);
    // An order to import less holds back no export.
    let order = "control: {curtailments: [{start: 2012-01-05T12:00:00-06:00, duration: 3 h, \
                 import: 10 MW}]}\n";
    let ordered = simulate(&(text.clone() + order), &[]);
    let (exports, without) = (column(&ordered, "export_mw"), column(&open, "export_mw"));
    assert_eq!(exports[4 * 24 + 12..4 * 24 + 15], without[4 * 24 + 12..4 * 24 + 15]);
    assert!(without[4 * 24 + 12] > 10.0, "{without:?}");
    // Nothing may go out: what the site does not take is not made.
    let shut = simulate(&text.replace(", export: 200 MW", ""), &[]);
    assert!(shut.outcome.balanced(), "{:?}", shut.outcome.books);
    let array = shut.outcome.of(SubjectKind::Array).next().unwrap();
    let lost = array.real("curtailed_mwh");
    assert!((lost - energy(&open, "export")).abs() < 1e-6 * lost, "{lost}");
    assert!((made - lost - array.real("output_mwh")).abs() < 1e-6 * made);
    assert!((energy(&shut, "import") - energy(&open, "import")).abs() < 1e-6 * used);
}

/// Self-consumption against its arithmetic, hour by hour: 20 MW and 80 MWh.
#[test]
fn a_battery_keeps_the_sun_for_the_evening() {
    let more = "  bess: {kind: battery, power: 20 MW, energy: 80 MWh, fed_by: board, standby: 0 %, \
                charge: {start: 0 %}}\ncontrol: {battery: {uses: [self-consume]}}\n";
    let plain = solar("{climate: west-texas}", "clearness: 65 %", "");
    let told = simulate(&(plain.clone() + more), &[]);
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
    let (one_way, mut stored) = (f64::sqrt(0.85), 0.0);
    let (mut import, mut export) = (0.0, 0.0);
    for mw in column(&simulate(&plain, &[]), "solar_mw") {
        let over = mw - 60.0;
        if over > 0.0 {
            let taken = f64::min(f64::min(20.0, over), (80.0 - stored) / one_way);
            stored += taken * one_way;
            export += over - taken;
        } else {
            let given = f64::min(f64::min(20.0, -over), stored * one_way);
            stored -= given / one_way;
            import += -over - given;
        }
    }
    assert!((energy(&told, "import") - import).abs() < 1e-5 * import, "{import}");
    assert!((energy(&told, "export") - export).abs() < 1e-5 * export.max(1.0), "{export}");
}

/// The site of 60 MW on the weather of Amarillo in 2012, which leaves out 29 February: its day before holds on.
fn amarillo(data: &std::path::Path, array: &str) -> String {
    let file = data.join("weather/USA_TX_Amarillo_NSRDB_PSM3_2012.csv.gz");
    let weather = format!("{{csv: {}, format: nsrdb-psm, hold: 25 h}}", file.display());
    solar(&weather, array, "").replace("duration: 20 days", "duration: 366 days")
}

/// The months of PVWatts 8 (NREL-PySAM 7.1.1) on the same weather, for 1 MW at rest and turned, MWh, in five climates: in
/// Amarillo 1,743.6 and 2,039.2 MWh per year.
#[test]
fn an_array_gives_what_pvwatts_gives() {
    let Some(data) = data() else { return };
    let typical = |file: &str, place: &str, hour: u8| {
        let weather = format!("{{epw: {}}}", data.join("weather").join(file).display());
        amarillo(&data, "")
            .replace("duration: 366 days", "duration: 365 days")
            .replace("latitude: 35.21 deg, longitude: -101.94 deg, altitude: 1102 m", place)
            .replace("2012-01-01T06", &format!("2026-01-01T{hour:02}"))
            .lines()
            .map(|line| {
                if line.starts_with("weather:") {
                    format!("weather: {weather}\n")
                } else {
                    format!("{line}\n")
                }
            })
            .collect::<String>()
    };
    let sites = [
        (
            amarillo(&data, ""),
            [
                [
                    131.6, 108.3, 155.4, 160.9, 164.9, 161.8, 163.2, 164.8, 143.7, 148.2, 130.5,
                    110.2,
                ],
                [
                    128.0, 113.0, 180.6, 199.6, 217.4, 213.9, 217.1, 208.6, 169.4, 161.6, 128.2,
                    101.8,
                ],
            ],
        ),
        (
            typical(
                "USA_AZ_Phoenix-Sky.Harbor.Intl.AP.722780_TMY3.epw.gz",
                "latitude: 33.45 deg, longitude: -111.98 deg, altitude: 337 m",
                7,
            ),
            [
                [
                    112.9, 114.5, 144.5, 165.9, 174.8, 168.8, 163.2, 162.8, 152.8, 135.9, 119.6,
                    110.7,
                ],
                [
                    110.5, 120.3, 166.1, 206.9, 230.1, 227.7, 209.1, 203.4, 180.5, 146.4, 118.3,
                    105.3,
                ],
            ],
        ),
        (
            typical(
                "USA_CO_Golden-NREL.724666_TMY3.epw.gz",
                "latitude: 39.74 deg, longitude: -105.18 deg, altitude: 1829 m",
                7,
            ),
            [
                [89.2, 94.2, 139.7, 141.1, 143.7, 138.1, 137.3, 141.5, 128.5, 107.9, 104.7, 61.9],
                [84.8, 95.3, 157.3, 170.5, 182.4, 175.7, 177.1, 173.5, 146.7, 113.8, 100.4, 56.2],
            ],
        ),
        (
            typical(
                "USA_FL_Miami.Intl.AP.722020_TMY3.epw.gz",
                "latitude: 25.82 deg, longitude: -80.3 deg, altitude: 11 m",
                5,
            ),
            [
                [106.4, 108.3, 133.7, 137.3, 129.4, 114.5, 129.5, 125.5, 113.9, 115.8, 98.8, 100.4],
                [107.3, 115.8, 155.6, 169.9, 162.6, 144.6, 160.8, 148.5, 128.7, 126.1, 100.0, 97.6],
            ],
        ),
        (
            typical(
                "USA_VA_Sterling-Washington.Dulles.Intl.AP.724030_TMY3.epw.gz",
                "latitude: 38.98 deg, longitude: -77.47 deg, altitude: 82 m",
                5,
            ),
            [
                [70.4, 88.1, 118.2, 126.5, 132.9, 133.7, 135.6, 125.8, 110.8, 103.2, 74.5, 71.7],
                [65.0, 88.1, 129.3, 147.0, 158.8, 167.2, 164.3, 149.7, 121.6, 105.5, 69.9, 64.5],
            ],
        ),
    ];
    let month_ends = [31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365];
    for (site, [fixed, turned]) in sites {
        for (mount, wanted, within) in
            [("{tilt: 20 deg}", fixed, (0.015, 0.04)), ("{kind: one-axis}", turned, (0.02, 0.05))]
        {
            let array = format!("dc: 1 MW, fed_into: board, mount: {mount}}}");
            let text = site.replace("dc: 130 MW, ac: 100 MW, fed_into: board, }", &array);
            let mut hours = column(&simulate(&text, &[]), "solar_mw");
            if hours.len() == 366 * 24 {
                hours.drain(59 * 24..60 * 24);
            }
            let mut first = 0;
            let months = month_ends.map(|end| {
                hours[24 * std::mem::replace(&mut first, end)..24 * end].iter().sum::<f64>()
            });
            for (month, (made, wanted)) in months.iter().zip(wanted).enumerate() {
                assert!(
                    (made / wanted - 1.0).abs() < within.1,
                    "{made} MWh in month {}, PVWatts has {wanted}: {text}",
                    month + 1
                );
            }
            let (made, wanted) = (months.iter().sum::<f64>(), wanted.iter().sum::<f64>());
            assert!(
                (made / wanted - 1.0).abs() < within.0,
                "{made} MWh, PVWatts has {wanted}: {text}"
            );
        }
    }
}

/// Hours of a year of PVWatts 8 to 1 MW at rest: noon and afternoon of 22 June, noon of 22 December.
#[test]
fn hours_of_an_array_are_those_of_pvwatts() {
    let Some(data) = data() else { return };
    let text =
        amarillo(&data, "mount: {tilt: 20 deg}").replace("dc: 130 MW, ac: 100 MW", "dc: 1 MW");
    let made = column(&simulate(&text, &[]), "solar_mw");
    for (row, kw) in [(4140, 748.528), (4143, 593.536), (8532, 527.805)] {
        // A day later than in a year without 29 February.
        let ours = 1e3 * made[row + 24];
        assert!((ours / kw - 1.0).abs() < 0.03, "{ours} kW in row {row}, PVWatts has {kw}");
    }
}

/// 130 MW turned beside 60 MW of load, with and without 20 MW and 80 MWh, against the arithmetic on a year of
/// PVWatts: made, exported, imported, GWh. The day that the weather leaves out is taken off.
#[test]
fn a_year_of_self_consumption_is_that_of_pvwatts() {
    let Some(data) = data() else { return };
    let plain = amarillo(&data, "mount: {kind: one-axis}");
    let battery = "  bess: {kind: battery, power: 20 MW, energy: 80 MWh, fed_by: board, standby: 0 %, \
                   charge: {start: 0 %}}\ncontrol: {battery: {uses: [self-consume]}}\n";
    for (more, exported, imported) in [("", 62.2659, 322.7857), (battery, 36.1517, 300.5887)] {
        let told = simulate(&(plain.clone() + more), &[]);
        assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
        let february = 24 * 59..24 * 60;
        let but_one_day = |name: &str| {
            let held: f64 = column(&told, &format!("{name}_mw"))[february.clone()].iter().sum();
            (energy(&told, name) - held) / 1e3
        };
        for (name, gwh) in [("solar", 265.0801), ("export", exported), ("import", imported)] {
            let ours = but_one_day(name);
            assert!((ours / gwh - 1.0).abs() < 0.03, "{name}: {ours} GWh, not {gwh}");
        }
    }
}

#[test]
fn arrays_without_sun_or_place_are_refused() {
    let said = |text: &str| load_errors(text).join("\n");
    let text = solar("{climate: west-texas}", "losses: 14 %", "");
    assert!(said(&text).contains("tells no irradiation"), "{}", said(&text));
    let nowhere = solar("{climate: west-texas}", "clearness: 60 %", "")
        .replace("latitude: 35.21 deg, longitude: -101.94 deg, ", "");
    assert!(said(&nowhere).contains("where does it stand"), "{}", said(&nowhere));
    let odd = solar("{climate: west-texas}", "clearness: 60 %, mount: {limit: 45 deg}", "");
    assert!(said(&odd).contains("belongs to `kind: one-axis`"), "{}", said(&odd));
}

/// A UPS that its counter of disturbances keeps on its battery, until that is empty: it waits for its input then, and
/// the counter's reset does not put it on an input that is dead, whose charger would be booked by nobody.
#[test]
fn a_reset_puts_no_ups_on_a_dead_input() {
    let told = simulate(
        "\
name: latched
start: 2026-01-01T00:00:00Z
duration: 2 h
weather: {climate: nordic}
price: {fixed: 30 $/MWh}
power:
  utility: {kind: feed, capacity: 1 MW, outages: none}
  ups:
    kind: ups
    fed_by: utility
    rating: 200 kW
    battery: {runtime: 30 s, chemistry: lithium, recharge: 20 %}
    input: {strikes: {count: 1, window: 60 s, reset: 5 min}}
  house: {kind: house-load, power: 100 kW, fed_by: ups}
events:
  - {at: 600 s, utility: {outage: 20 min}}
",
        &[],
    );
    let of_ups: Vec<&str> =
        told.events.iter().filter(|it| it.contains(" ups ")).map(String::as_str).collect();
    let at = |state: &str| of_ups.iter().position(|it| it.contains(state));
    let (latched, off, online) = (at("latched"), at(" off"), at("online"));
    assert!(latched.is_some() && latched < off && off < online, "{of_ups:#?}");
    let back = of_ups[online.expect("it comes back")];
    // The input is back after 1,800 s, and good for 10 s before it is trusted.
    assert!(back.starts_with("1810000000000 "), "{back}");
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
}

/// A charger of megawatts that is done in milliseconds: what a nanosecond of it is stands in the book of a battery that
/// has hardly been used.
#[test]
fn a_short_charge_of_a_large_battery_closes_its_book() {
    for outage_s in 1..8 {
        let told = simulate(
            "\
name: large
start: 2026-01-01T00:00:00Z
duration: 1 h
weather: {climate: nordic}
price: {fixed: 30 $/MWh}
power:
  utility: {kind: feed, capacity: 10 MW, outages: none}
  ups: {kind: ups, fed_by: utility, rating: 6324.3 kW, battery: {runtime: 59 s, chemistry: lithium, recharge: 28.61 %}}
  house: {kind: house-load, power: 1 kW, fed_by: ups}
",
            &[&format!("events=[{{at: 600 s, utility: {{outage: {outage_s} s}}}}]")],
        );
        let book = told.outcome.books.iter().find(|book| book.ledger.amount() == "batteries");
        let book = book.expect("a book of batteries");
        let given_j = 3.6e9 * told.outcome.real("energy.discharged");
        assert!(given_j > 0.0 && book.residual.abs() <= 1e-9 * given_j, "{outage_s} s: {book:?}");
    }
}
