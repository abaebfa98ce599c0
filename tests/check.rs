//! Scenarios that are wrong: each told what, where, and what to do.

use snapbox::str;

use super::support::{Bench, SMALL};

/// The places and first lines of what `check` finds wrong or doubtful in `text`: `line:column
/// message`.
pub(crate) fn findings(text: &str) -> Vec<String> {
    let bench = Bench::new();
    bench.file("site.yaml", text);
    let output = bench.loadbank("check site.yaml --format json").output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let mut findings: Vec<serde_json::Value> =
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    findings.retain(|finding| finding["severity"] != "info");
    let wrong = findings.iter().any(|finding| finding["severity"] == "error");
    assert_eq!(output.status.code(), Some(if wrong { 3 } else { 0 }), "{out}");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "", "findings are the result");
    let place = |finding: &serde_json::Value| {
        let (line, column) = (&finding["line"], &finding["col"]);
        format!("{line}:{column} {}", finding["message"].as_str().unwrap())
    };
    findings.iter().map(place).collect()
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    assert_eq!(findings(text), expected, "in\n{text}");
}

/// A sound head, four lines long.
const HEAD: &str = "\
name: t
{start: 2026-06-01T00:00:00Z, duration: 1 day}
weather: {climate: nordic}
price: {fixed: 40 $/MWh}
";

fn with_head(rest: &str) -> String {
    let head = HEAD.replace("{start: ", "start: ").replace(", duration", "\nduration");
    head.replace("1 day}", "1 day") + rest
}

/// A frequency that is refused hides nothing that is wrong with programmes; those that follow it are not
/// wrong for want of it.
#[test]
fn a_bad_frequency_hides_no_error_of_a_programme() {
    let text = with_head(
        "\
frequency: {fixed: 5 Hz}
programmes:
  fcr: {kind: nordic-fcr-d-up-dynamic, award: 0 MW}
  shed: {kind: emergency, calls: {rate: 9000 /year, length: {kind: constant, value: 1 h}}}
",
    );
    check(
        &text,
        &[
            "1:1 `ideal-bus` feeds nothing",
            "6:20 frequency.fixed: must be between 40 and 70 Hz, got 5 Hz",
            "8:47 programmes.fcr.award: must be above zero",
            "9:41 programmes.shed.calls.rate: must be between 0 and 8760 /year",
        ],
    );
}

#[test]
fn what_the_grid_shows_and_nothing_follows_is_doubted() {
    let plain = "1:1 `ideal-bus` feeds nothing";
    let doubt = "6:1 frequency: nothing on the site follows the frequency of the grid";
    let without = with_head("frequency: {fixed: 50 Hz}\n");
    let shed = |calls: &str| {
        format!("{without}programmes: {{shed: {{kind: emergency, calls: {calls}}}}}\n")
    };
    for text in [&without, &shed("{at: []}")] {
        check(text, &[plain, doubt]);
    }
    let emergency = "emergency_level: {at: []}\n";
    let of_level = "6:1 emergency_level: nothing on the site follows emergencies of the grid";
    check(&with_head(emergency), &[plain, of_level]);
    // A relay that never trips is doubted at its own place.
    let never = "7:46 programmes.shed.calls.relay: the frequency is never as low as 49 Hz, so that nothing is called";
    let relay = "{relay: {at: 49 Hz}, length: {kind: constant, value: 1 h}}";
    check(&shed(relay), &[plain, never]);
}

/// What cannot be read is of the kind that it says: nothing else is wrong for want of it.
#[test]
fn what_hangs_on_a_part_that_cannot_be_read_is_not_wrong() {
    let text = with_head(
        "\
power:
  utility: {kind: feed, capacity: 5 MW}
  set: {kind: genset, rating: 1 MVA}
  bus: {kind: generator-bus, sets: set}
  board: {kind: transfer, fed_by: utility, emergency: bus, blocks: [pumps, lamp]}
  pumps: {kind: switchgear, fed_by: board}
  lamp: {kind: house-load, power: 1 kW, fed_by: board}
events:
  - {at: 1 h, set: {fires_at: 2}}
",
    );
    check(
        &text,
        &[
            "8:31 power.set.rating: needs a power, got `1 MVA`: `MVA` is not a unit of it",
            "10:76 power.board.blocks: `lamp` is not the name of a part of `power` that feeds others",
        ],
    );
}

#[test]
fn five_faults_are_found_in_one_run() {
    let text = with_head(
        "\
power:
  utility: {kind: feed, capacity: 10 MW}
  bus-1: {kind: switchgear, fed_by: [utility, bus-2]}
  bus-2: {kind: switchgear, fed_by: bus-1}
  tx: {kind: transformer, rating: 2 MW, fed_by: bus-2}
  ups: {kind: ups, rating: 1 MW, fed_by: tx, batery: 5 min}
  pdu: {kind: pdu, rating: 1 MVA, fed_by: upss}
  lamp: {kind: house-load, power: 1 kW, fed_by: pdu}
  lamp: {kind: house-load, power: 2 kW, fed_by: pdu}
",
    );
    check(
        &text,
        &[
            "8:3 `bus-1` feeds `bus-2` feeds `bus-1`",
            "10:35 power.tx.rating: needs an apparent power, got `2 MW`: `MW` is not a unit of it",
            "11:46 power.ups: unknown field `batery`",
            "12:43 power.pdu.fed_by: `upss` is not the name of a part of `power` that feeds others",
            "14:3 duplicate key `lamp`",
        ],
    );
}

#[test]
fn what_refers_to_a_broken_component_is_not_reported_as_well() {
    let text = with_head(
        "\
power:
  utility: {kind: feed, capacity: 10}
  tx: {kind: transformer, rating: 2 MVA, fed_by: utility}
cooling:
  air: {kind: asic-hall, design_heat: 1, fed_by: tx}
racks:
  hall: {kind: s21-container, count: -1, fed_by: tx, cooled_by: air}
workloads:
  mine: {kind: mining, racks: hall, income: {hash_price: 53 $/PH/day}}
",
    );
    let found = findings(&text);
    let places: Vec<&str> = found.iter().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(places, ["7:35", "10:39", "12:38"], "{found:#?}");
}

#[test]
fn a_milliwatt_is_taken_for_a_misspelt_megawatt() {
    let bench = Bench::new();
    bench.file("t.yaml", with_head("power:\n  utility: {kind: feed, capacity: 120 mW}\n"));
    bench.loadbank("check t.yaml").assert().code(3).stderr_eq(str![""]).stdout_eq(str![[r#"
error: power.utility.capacity: needs a power, got `120 mW`: `mW` is not a unit of it
 --> t.yaml:7:35
  |
7 |   utility: {kind: feed, capacity: 120 mW}
  |                                   ^^^^^^
  |
  = help: `mW` is a milliwatt; did you mean `MW`?

"#]]);
}

#[test]
fn hostile_files_are_refused_at_their_place() {
    let hostile = |power: &str| with_head(&format!("power:\n  utility: {power}\n"));
    let laughs: String = (1..30)
        .map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(", ")))
        .collect();
    let deep: String =
        (0..20_000).map(|n| format!("{}k:\n", " ".repeat(n % 1000 + n / 1000))).collect();
    let nested = format!("{}1{}", "{k: ".repeat(20_000), "}".repeat(20_000));
    for (text, place) in [
        ("[".repeat(200_000), "1:"),
        (format!("a: {}", "[".repeat(200_000)), "1:"),
        (format!("a0: &a0 [x]\n{laughs}"), "6:"),
        (nested, "1:"),
        (deep, ""),
        (hostile("{kind: feed, capacity: NaN}"), "7:35"),
        (hostile("{kind: feed, capacity: .nan}"), "7:35"),
        (hostile("{kind: feed, capacity: NaN MW}"), "7:35"),
        (hostile("{kind: feed, capacity: 1e400 MW}"), "7:35"),
        (hostile("{kind: feed, capacity: inf MW}"), "7:35"),
        (hostile("{kind: feed, capacity: 120}"), "7:35"),
    ] {
        let found = findings(&text);
        let beginning: String = text.chars().take(60).collect();
        assert!(!found.is_empty(), "nothing is wrong with {beginning}");
        assert!(found[0].starts_with(place), "{:?} for {beginning}", &found[0]);
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let bench = Bench::new();
    for command in ["check", "show", "run"] {
        let output = bench.loadbank(&format!("{command} nowhere.yaml")).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{command}");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8(said).unwrap();
        assert!(said.contains("cannot read `nowhere.yaml`"), "{said}");
    }
    assert_eq!(bench.names("."), [""; 0], "a refused run leaves nothing");

    let priced = "price={csv: prices.csv, column: usd, unit: $/MWh}";
    bench.file("small.yaml", SMALL);
    let output =
        bench.loadbank("check small.yaml --format json").args(["--set", priced]).output().unwrap();
    assert_eq!(output.status.code(), Some(3));
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("cannot read `prices.csv`"), "{said}");
}

#[test]
fn a_row_that_cannot_be_read_is_named_by_its_line() {
    let bench = Bench::new();
    let base = "\
base: small.yaml
price: {model: null, csv: prices.csv, column: usd, unit: $/MWh, repeat: true}
";
    bench.file("small.yaml", SMALL);
    bench.file("site.yaml", base);
    for (rows, line) in [
        ("2026-07-01T00:00Z,12\n2026-07-01T01:00Z,dear\n2026-07-01T02:00Z,7\n", "line 3"),
        ("2026-07-01T00:00Z,12\nyesterday,3\n2026-07-01T02:00Z,7\n", "line 3"),
        ("2026-07-01T00:00Z,12\n2026-07-01T01:00Z\n2026-07-01T02:00Z,7\n", "line 3"),
        ("2026-07-01T00:00Z,12\n2026-07-01T01:00Z,4\n2026-07-01T00:30Z,7\n", "line 4"),
        ("2026-07-01T00:00Z,12\n2026-07-01T01:00Z,NaN\n2026-07-01T02:00Z,7\n", "line 3"),
    ] {
        bench.file("prices.csv", format!("at,usd\n{rows}"));
        let output = bench.loadbank("run site.yaml").output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{rows}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains("prices.csv") && said.contains(line), "{rows} gives\n{said}");
        assert!(said.contains("site.yaml:2:"), "{said}");
    }
    assert_eq!(bench.names("."), ["prices.csv", "site.yaml", "small.yaml"]);
}

#[test]
fn changes_on_the_command_line_have_places_too() {
    let bench = Bench::new();
    bench.file("small.yaml", SMALL);
    for (set, wanted) in [
        ("seed", "`seed`"),
        ("power.utility.capacity=120", "command line"),
        ("power.nothing.capacity=120 MW", "nothing"),
        ("power.utility.capacity=[", "command line"),
        ("=3", "command line"),
    ] {
        let output = bench.loadbank("run small.yaml").args(["--set", set]).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{set}");
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(said.contains(wanted), "{set} gives\n{said}");
    }
}

#[test]
fn what_a_sound_site_hangs_on_is_told() {
    let bench = Bench::new();
    bench.file("small.yaml", SMALL);
    let output = bench.loadbank("check small.yaml").output().unwrap();
    assert_eq!(output.status.code(), Some(0));
    let text = String::from_utf8(output.stdout).unwrap();
    for single in ["utility", "main-tx", "ups"] {
        assert!(text.contains(single), "`{single}` takes the site down alone:\n{text}");
    }
}

/// `loadbank show site.yaml | head -1` is not an error.
#[cfg(unix)]
#[test]
fn a_reader_may_go_away() {
    use std::io::{BufRead as _, BufReader};
    use std::process::{Command, Stdio};

    let bench = Bench::new();
    // More than a pipe holds.
    let racks: String = (0..3000)
        .map(|n| format!("  hall-{n}: {{kind: s21-container, fed_by: main-tx}}\n"))
        .collect();
    bench.file("site.yaml", SMALL.replace("workloads:", &format!("{racks}workloads:")));
    let mut child = Command::new(super::support::BINARY)
        .args(["show", "site.yaml"])
        .current_dir(bench.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::with_capacity(16, child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, "name: small\n");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// A plant alone, but for its last line.
const PLANT: &str = "\
name: t
start: 2026-06-01T00:00:00Z
duration: 1 day
weather: {climate: nordic}
cooling:
  tower: {kind: tower, design_heat: 1 MW}
racks:
  hall: {kind: heat-load, cooled_by: tower, ";

#[test]
fn a_heat_load_is_one_power_or_one_table() {
    let hall = |rest: &str| format!("{PLANT}{rest}, trip_inlet: 45 degC}}\n");
    check(&hall("power: 1 MW"), &[]);
    check(
        &format!("{PLANT}power: 1 MW}}\n"),
        &[
            "8:3 racks.hall: nothing stops this load, however warm its coolant gets: it goes on until \
           that boils",
        ],
    );
    check(&hall("electric: true"), &["8:3 racks.hall: needs one of `power`, `csv`"]);
    let found = findings(&hall("power: 1 MW, csv: a.csv, column: u, daily_profile: [1]"));
    let twice = "8:96 racks.hall.daily_profile: `csv` says what is drawn when: there is no `daily_profile` \
                 beside it";
    assert!(found.contains(&twice.to_owned()), "{found:#?}");
    check(
        &hall("power: 1 MW, idle_power: 2 kW"),
        &["8:70 racks.hall.idle_power: `idle_power` goes with `power` and `csv`"],
    );
    check(
        &hall("power: 1 MW, daily_profile: [50 %, 60 %]"),
        &["8:73 racks.hall.daily_profile: needs a share for each of 24 hours, got 2"],
    );
    check(
        &hall("power: 1 MW, fed_by: bus"),
        &["8:66 racks.hall.fed_by: `bus` is not the name of a part of `power` that feeds others"],
    );
    check(
        &hall("power: 1 MW, throttle_inlet: 50 degC"),
        &["8:95 racks.hall.trip_inlet: stops at 45.0 degC, before it gives off less at 50.0 degC"],
    );
}

#[test]
fn what_is_left_out_of_a_plant_alone_is_asked_for_where_it_is_needed() {
    // With a power chain, everything says what feeds it.
    let text = format!("{PLANT}power: 1 MW}}\npower:\n  grid: {{kind: feed, capacity: 2 MW}}\n");
    let found = findings(&text);
    assert!(found.contains(&"8:3 racks.hall: nothing feeds these racks".to_owned()), "{found:#?}");
    assert!(found.iter().any(|f| f.contains("nothing feeds its fans")), "{found:#?}");
    // What earns is set against the price of energy.
    let plant = PLANT.replace("design_heat: 1 MW", "design_heat: 2 MW");
    let text = format!(
        "{plant}power: 1 MW, trip_inlet: 45 degC}}\n  mine: {{kind: s21-container, cooled_by: tower}}\nworkloads:\n  \
         mine-1: {{kind: mining, racks: mine, income: {{hash_price: 53 $/PH/day}}}}\n"
    );
    check(&text, &["10:1 workloads: what a site earns needs a `price` of energy to set against"]);
    // A heat load works for nobody.
    let text = text
        .replace("racks: mine", "racks: hall")
        .replace("workloads", "price: {fixed: 40 $/MWh}\nworkloads");
    let found = findings(&text);
    assert!(
        found.iter().any(|f| f.contains("needs ASIC racks, `hall` has a heat load")),
        "{found:#?}"
    );
}

#[test]
fn water_that_no_limit_reaches_is_told() {
    let hall = |water: &str, outside_air: &str| {
        format!(
            "name: t\nstart: 2026-06-01T00:00:00Z\nduration: 1 day\n\
             weather: {{climate: nordic}}\n{water}cooling:\n  \
             plant: {{kind: air-cooled-chiller, design_heat: 1.2 MW}}\n  \
             air: {{kind: air-handler, design_heat: 1.1 MW, cooled_by: plant, \
             outside_air: {outside_air}}}\n\
             racks:\n  hall: {{kind: heat-load, power: 1 MW, cooled_by: air, trip_inlet: 45 degC}}\n"
        )
    };
    let limit = "water: {daily_limit: 5 m3}\n";
    check(&hall(limit, "{}"), &[]);
    check(&hall("", "{humidifier: true}"), &[]);
    let told = "8:3 `air` wets outdoor air with water that counts, but is never short: neither \
                the limits nor the failures of `water` reach it";
    check(&hall(limit, "{humidifier: true}"), &[told]);
    check(&hall(limit, "{pads: {}}"), &[told]);
}

#[test]
fn fields_of_cooling_that_moved_are_shown_their_place() {
    let bench = Bench::new();
    bench.file(
        "site.yaml",
        plant_in(
            "phoenix",
            "{kind: chiller-plant, design_heat: 1 MW, pump_head: 180 kPa, cells: 2, ua: 60 kW/K, \
             pumps: 2, chillers: 3, fans: many}",
        ),
    );
    let output = bench.loadbank("check site.yaml --format json").output().unwrap();
    let out = String::from_utf8(output.stdout).unwrap();
    let helps: Vec<String> = out
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap())
        .map(|finding| format!("{} / {}", finding["message"], finding["help"]).replace('"', ""))
        .collect();
    for expected in [
        "cooling.plant: unknown field `pump_head` / it is `pumps.head` now",
        "cooling.plant: unknown field `cells` / it is `fans.count` now",
        "cooling.plant: unknown field `ua` / it is `tower.ua` now",
        "cooling.plant.pumps: needs a mapping, got `2` / it is `pumps.count` now: \
         `pumps: {count: 2}`",
        "cooling.plant.chillers: needs a mapping, got `3` / it is `chillers.count` now: \
         `chillers: {count: 3}`",
        "cooling.plant.fans: needs a mapping, got `many` / known: `fed_by`, `count`",
    ] {
        assert!(helps.iter().any(|help| help.starts_with(expected)), "{expected}\n{helps:#?}");
    }
}

/// A cooling component alone under a megawatt in the weather of Phoenix or of Lulea.
fn plant_in(climate: &str, plant: &str) -> String {
    format!(
        "name: t\nstart: 2026-01-01T00:00:00Z\nduration: 365 days\n\
         site: {{altitude: 300 m}}\nweather: {{climate: {climate}}}\ncooling:\n  plant: {plant}\n\
         racks:\n  hall: {{kind: heat-load, power: 1 MW, cooled_by: plant}}\n"
    )
}

#[test]
fn contradictory_plants_are_told_with_figures() {
    for (climate, plant, expected) in [
        // No tower cools below the wet bulb, no cooler below the air.
        (
            "phoenix",
            "{kind: tower, design_heat: 1 MW, tower: {design_supply: 25 degC}}",
            "no tower with 25.2",
        ),
        (
            "phoenix",
            "{kind: dry-cooler, design_heat: 1 MW, cooler: {design_supply: 34 degC}}",
            "no dry cooler of a sensible size",
        ),
        (
            "phoenix",
            "{kind: tower, design_heat: 1 MW, fans: {count: 0}}",
            "cooling.plant.fans.count: must be between 1 and",
        ),
        // A quantity out of its bounds, at its field and with its unit.
        (
            "phoenix",
            "{kind: tower, design_heat: 1 MW, pumps: {head: 200 MPa}}",
            "`MPa` is not a unit of it",
        ),
        (
            "phoenix",
            "{kind: tower, design_heat: 1 MW, pumps: {head: 2000 bar}}",
            "cooling.plant.pumps.head: must be between 0 Pa and 100 bar, got 2000 bar",
        ),
        (
            "phoenix",
            "{kind: tower, design_heat: 1 MW, tower: {drift: -1 L/s}}",
            "cooling.plant.tower.drift: ",
        ),
        (
            "phoenix",
            "{kind: cdu, design_heat: 1 MW, cooled_by: plant, pumps: {heat: 50 %}}",
            "cooling.plant.pumps.heat: all that the pumps of an exchanger draw",
        ),
        (
            "phoenix",
            "{kind: tower, design_heat: 1 MW, tower: {ua: 60 kW/K, design_supply: 30 degC}}",
            "`ua` and `design_supply` both size the tower",
        ),
        (
            "phoenix",
            "{kind: chiller-plant, design_heat: 1 MW, chillers: {capacity: 600 kW}}",
            "6.7 degC is not held at design heat",
        ),
        // What the design point allows and the weather does not.
        (
            "phoenix",
            "{kind: dry-cooler, design_heat: 1 MW, supply: 32 degC, fans: {control: cycling}}",
            "`plant` is to hold 32.0 degC and reaches ",
        ),
        (
            "phoenix",
            "{kind: tower, design_heat: 700 kW}",
            "`plant` is built for 700 kW of heat, the racks on it give up to 1 MW",
        ),
        (
            "nordic",
            "{kind: dry-cooler, design_heat: 1 MW, minimum_supply: -5 degC}",
            "`plant` lets its water go down to -5.0 degC in weather of -",
        ),
    ] {
        let found = findings(&plant_in(climate, plant));
        assert!(found.iter().any(|line| line.contains(expected)), "{expected}: {found:#?}");
    }
    for (climate, plant) in [
        (
            "phoenix",
            "{kind: dry-cooler, design_heat: 1 MW, fans: {control: always-on}, supply: 32 degC}",
        ),
        ("nordic", "{kind: dry-cooler, design_heat: 1 MW, coolant: pg25, minimum_supply: -5 degC}"),
        ("nordic", "{kind: tower, design_heat: 1 MW}"),
    ] {
        let text =
            plant_in(climate, plant).replace("power: 1 MW", "power: 1 MW, trip_inlet: 45 degC");
        check(&text, &[]);
    }
    // Heat without a way out.
    let found = findings(
        &plant_in("nordic", "{kind: tower, design_heat: 1 MW}")
            .replace("cooled_by: plant", "cooled_by: plants"),
    );
    assert!(found.iter().any(|line| line.contains("`plants` is not the name")), "{found:#?}");
}

/// What is wrong in a part of a part is shown there, not at the first line of the whole.
#[test]
fn nested_fields_are_named_and_shown() {
    let power = "\
power:
  utility: {kind: feed, capacity: 1 MW}
  pdu:
    kind: pdu
    rating: 300 kVA
    fed_by: utility
    failures:
      rate: 1 /year
      repair_mean: 2 h
      repair_sigma: 9
racks:
  hall: {kind: dgx-h100, count: 4, fed_by: pdu}
workloads:
  train:
    kind: training
    racks: hall
    checkpoint:
      write: 20 s
      interval: 0 s
    jobs:
      kind: stream
      arrivals: 10 /day
      classes:
        - {nodes: 2, weight: 1, duration: {kind: lognormal, median: 2 h, sigma: 1}}
        - nodes: 1
          weight: -3
          duration: {kind: exponential, mean: 2 h}
    curtailment:
      when: {kind: scheduled, first: 1 h, duration: 2 h}
      reduce: 0 %
";
    check(
        &with_head(power),
        &[
            "15:21 power.pdu.failures.repair_sigma: must be between 0 and 3, got 9",
            "17:3 racks.hall: nothing cools these racks: they never get hot",
            "24:17 workloads.train.checkpoint.interval: must be longer than zero",
            "31:19 workloads.train.jobs.classes[1].weight: must be between 0 and 1e12, got -3",
            "35:15 workloads.train.curtailment.reduce: must be above zero",
        ],
    );
}

/// Values that no site has are refused where they stand, and bring nothing down.
#[test]
fn absurd_values_are_refused_in_place() {
    let plant = |power: &str, racks: &str| {
        with_head(&format!(
            "power:\n  u: {{kind: feed, capacity: 2 MW}}\n  x: {power}\n\
             racks:\n  h: {racks}\nworkloads:\n  w: {{kind: training, racks: h, jobs: {{kind: resident}}}}\n"
        ))
    };
    let gpus = |power: &str| {
        format!(
            "{{kind: gpu, nodes: 4, gpus_per_node: 8, gpu_power: {power}, node_overhead: 2 kW, fed_by: u}}"
        )
    };
    let refused = |text: &str, expected: &str| {
        let found = findings(text);
        assert!(found.iter().any(|line| line == expected), "{expected}: {found:#?}");
    };
    let switch = "{kind: switchgear, fed_by: u}";
    refused(
        &plant(switch, &gpus("0 W")),
        "10:57 racks.h.gpu_power: must be between 1 W and 1000000 W, got 0 W",
    );
    refused(
        &plant(switch, &gpus("-1 W")),
        "10:57 racks.h.gpu_power: must not be negative, got `-1 W`",
    );
    refused(
        &plant("{kind: transformer, rating: 1e-300 MVA, fed_by: u}", &gpus("700 W")),
        "8:34 power.x.rating: must be zero or between 0.000000001 VA and 1000000000 MVA, got \
         `1e-300 MVA`",
    );
    // A call for less import in two hundred years never comes, and harms nothing.
    let late =
        "control: {curtailments: [{start: 2200-01-01T00:00:00Z, duration: 1 h, import: 1 MW}]}\n";
    let found = findings(&(plant(switch, &gpus("700 W")) + late));
    assert_eq!(
        found.len(),
        2,
        "warnings of a part that feeds nothing and of no cooling: {found:?}"
    );
}

/// Both forms of `check` name the same single points of failure.
#[test]
fn programs_are_told_the_single_points_of_failure() {
    let bench = Bench::new();
    bench.file("small.yaml", SMALL);
    let said = |args: &str| {
        let output = bench.loadbank(&format!("check small.yaml {args}")).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        String::from_utf8(output.stdout).unwrap()
    };
    let text = said("");
    let list = text.lines().skip_while(|l| *l != "single points of failure:");
    let told: Vec<&str> = list
        .enumerate()
        .take_while(|(i, l)| *i == 0 || l.starts_with("  "))
        .map(|it| it.1)
        .collect();
    let json = said("--format json");
    let points: Vec<serde_json::Value> = json
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .filter(|it: &serde_json::Value| it["code"] == "single-point-of-failure")
        .collect();
    let messages: Vec<&str> = points.iter().map(|it| it["message"].as_str().unwrap()).collect();
    assert_eq!(told[1..].iter().map(|line| line.trim()).collect::<Vec<_>>(), messages);
    let ups = points.iter().find(|it| it["components"][0] == "ups").unwrap();
    let (medium, group, severity) = (&ups["medium"], &ups["group"], &ups["severity"]);
    assert!(medium == "power" && severity == "info", "{ups}");
    assert!(group == "chat-hall" || group == "train-hall", "{ups}");
    assert!(ups["racks"] == ups["of"] && ups["of"].as_u64() > Some(1), "{ups}");
}
