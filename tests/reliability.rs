//! `loadbank reliability`.

use serde_json::Value;

use super::support::Bench;

/// Two halls: one on one cord, one on two.
const SITE: &str = "\
name: pair
start: 2026-06-01T00:00:00Z
duration: 1 day
weather: {climate: nordic}
price: {fixed: 40 $/MWh}
power:
  utility-{1..2}: {kind: feed, capacity: 2 MW}
  tx-{1..2}: {kind: transformer, rating: 2 MVA, fed_by: utility-{1..2}}
racks:
  single: {count: 2, kind: gb200-nvl72, fed_by: tx-1}
  double: {count: 2, kind: gb200-nvl72, fed_by: [tx-1, tx-2]}
";

fn reliability(bench: &Bench, options: &str) -> (Option<i32>, String, String) {
    let output = bench.loadbank(&format!("reliability site.yaml {options}")).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Series and parallel of gold-book feeds (1.956 per year, 1.32 h) and transformers (0.00111 per
/// year, 5 h), by hand.
#[test]
fn halls_are_lost_as_often_as_their_chains() {
    let bench = Bench::new();
    bench.file("site.yaml", SITE);
    let options = "--years 20000 --exact --bias --cycles 20000 --format json";
    let (code, out, err) = reliability(&bench, options);
    assert_eq!(code, Some(0), "{err}");
    let json: Value = serde_json::from_str(&out).unwrap();
    let up = |rate: f64, repair: f64| 1.0 / (1.0 + rate / 8760.0 * repair);
    let chain = up(1.956, 1.32) * up(0.00111, 5.0);
    let single = chain * (1.956 + 0.00111);
    for (hall, rate, unavailability) in [
        ("single", single, 1.0 - chain),
        ("double", 2.0 * single * (1.0 - chain), (1.0 - chain).powi(2)),
    ] {
        let of = &json["subjects"][hall];
        let close = |value: &Value, target: f64, tolerance: f64| {
            let value = value.as_f64().unwrap();
            assert!((value / target - 1.0).abs() < tolerance, "{hall}: {value} not {target}");
        };
        close(&of["exact"]["losses_per_year"], rate, 1e-9);
        close(&of["exact"]["unavailability"], unavailability, 1e-9);
        close(&of["biased"]["losses_per_year"]["value"], rate, 0.05);
        let seen = &of["simulated"]["losses_per_year"];
        let (lower, upper) = (seen["lower"].as_f64().unwrap(), seen["upper"].as_f64().unwrap());
        assert!(lower < rate && rate < upper, "{hall}: {rate} not in {lower} to {upper}");
    }
    assert_eq!(json["subjects"]["double"]["exact"]["cut_sets"].as_array().unwrap().len(), 4);
    let alone = reliability(&bench, &format!("{options} --threads 1")).1;
    assert_eq!(alone, out, "threads change nothing");
    let text = reliability(&bench, "--years 2000 --exact").1;
    assert!(text.contains("minimal cut sets: 2 of order 1"), "{text}");
    assert!(text.contains("last step `utility-1`"), "{text}");
}

#[test]
fn what_cannot_be_followed_is_refused_by_name() {
    let bench = Bench::new();
    let battery =
        "  ups: {kind: ups, rating: 1 MW, fed_by: tx-1, battery: {runtime: 5 min}}\nracks";
    bench.file("site.yaml", SITE.replace("racks", battery).replace("by: tx-1}", "by: ups}"));
    for option in ["--exact", "--bias"] {
        let (code, _, err) = reliability(&bench, option);
        assert_eq!(code, Some(3), "{err}");
        assert!(err.contains("`ups` is a ups with states beside up and down"), "{err}");
    }
    bench.file("site.yaml", format!("{SITE}crews: {{all: {{count: 1}}}}\n"));
    let (code, _, err) = reliability(&bench, "--exact");
    assert_eq!(code, Some(3), "{err}");
    assert!(err.contains("`all` makes components depend on each other"), "{err}");
    assert_eq!(reliability(&bench, "--years 100 --exact --without crews").0, Some(0));

    let skewed = SITE.replace("2 MW}", "2 MW, failures: {repair_sigma: 1}}");
    bench.file("site.yaml", &skewed);
    assert_eq!(reliability(&bench, "--years 100").0, Some(0));
    let (code, _, err) = reliability(&bench, "--years 100 --bias");
    assert_eq!(code, Some(3), "{err}");
    assert!(err.contains("the repair of `utility-1` is not exponential"), "{err}");
    assert_eq!(reliability(&bench, "--years 0").0, Some(2));
}

/// Three sets, of which two carry, behind a battery of five minutes; one crew. The utility fails
/// every other day and sets often, so that a few years show it.
const STANDBY: &str = "\
name: standby
start: 2026-06-01T00:00:00Z
duration: 1 day
weather: {climate: nordic}
power:
  utility: {kind: feed, capacity: 4 MW, failures: {rate: 182 /year, repair_mean: 1.32 h}}
  set-{1..3}:
    kind: genset
    rating: 600 kW
    start: {time: 10 s, fails: 10 %}
    runs: {rate: 80 /year, repair_mean: 18 h}
  gen-bus: {kind: generator-bus, sets: 'set-{1..3}', failures: {rate: 0 /year}}
  board: {kind: transfer, fed_by: utility, emergency: gen-bus, return_delay: 0 s, blocks: [ups], failures: {rate: 0 /year}}
  ups:
    kind: ups
    rating: 1 MW
    fed_by: board
    battery: {runtime: 5 min, recharge: 100 %, recharge_on_generator: 10 %}
    input: {requalify: 0 s, walk_in: 0 s}
    failures: {rate: 0 /year}
cooling:
  tower: {kind: open-tower, design_heat: 1 MW, fed_by: ups}
racks:
  hall: {kind: heat-load, power: 1 MW, fed_by: ups, cooled_by: tower}
crews: {sets: {of: 'set-{1..3}'}}
";

/// The machines of a run against the semi-Markov process. That lets a repaired set carry without
/// another start, of which one in ten fails here: a part of the losses, which is small as long as
/// repairs are longer than outages.
#[test]
fn sets_behind_a_battery_fail_as_the_exact_process_says() {
    let bench = Bench::new();
    bench.file("site.yaml", STANDBY);
    let (code, out, err) = reliability(&bench, "--years 30 --format json");
    assert_eq!(code, Some(0), "{err}");
    let json: Value = serde_json::from_str(&out).unwrap();
    let exact = loadbank::reliability::Standby {
        source: (182.0 / 8760.0, 1.32),
        sets: 3,
        needed: 2,
        fails_to_start: 0.1,
        run_rate_per_h: 80.0 / 8760.0,
        repair_h: 18.0,
        crews: 1,
        battery_h: 300.0 / 3600.0,
    };
    let exact = exact.figures();
    let seen = &json["subjects"]["hall"]["simulated"];
    let close = |value: &Value, target: f64| {
        let value = value["value"].as_f64().unwrap();
        assert!((value / target - 1.0).abs() < 0.1, "{value} in place of {target}");
    };
    close(&seen["losses_per_year"], exact.losses_per_year);
    close(&seen["hours_per_year"], exact.hours_per_year);
    let steps: Vec<&str> =
        seen["causes"].as_array().unwrap().iter().map(|it| it["step"].as_str().unwrap()).collect();
    assert!(steps.iter().any(|step| step.ends_with("does not start")), "{steps:?}");
    let (_, all_start, _) = reliability(&bench, "--years 30 --without on-demand --format json");
    let all_start: Value = serde_json::from_str(&all_start).unwrap();
    let left = all_start["subjects"]["hall"]["simulated"]["losses_per_year"]["value"].as_f64();
    assert!(left.unwrap() < 0.6 * exact.losses_per_year, "{left:?}");
}

/// What wears is replaced as planned: an outage that is no failure, in `reliability` and in a run.
#[test]
fn what_wears_is_replaced_as_planned() {
    let bench = Bench::new();
    let worn = SITE.replace(
        "fed_by: utility-{1..2}}\n",
        "fed_by: utility-{1..2}, failures: {rate: 1 /year, repair_mean: 24 h, \
         wear: {shape: 3, replace_at: 1 month, replacing: 2 h}}}\n",
    );
    bench.file("site.yaml", worn.replace("duration: 1 day", "duration: 120 days"));
    let (code, out, err) = reliability(&bench, "--years 200");
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("`tx-1 is replaced`"), "{out}");
    let (code, _, err) = reliability(&bench, "--bias");
    assert_eq!(code, Some(3));
    assert!(err.contains("the life of `tx-1` is not exponential"), "{err}");
    // What a run begins with new is of the long run here, which the result says.
    bench.file("site.yaml", worn.replace("replacing: 2 h", "replacing: 2 h, new: true"));
    let (_, new, _) = reliability(&bench, "--years 200");
    let note = "note: `tx-1` is not `new` here";
    let (before, after) = new.split_once(note).expect("a note");
    let after = after.split_once('\n').unwrap().1;
    assert_eq!(format!("{before}{after}"), out);
    bench.file("site.yaml", worn.replace("duration: 1 day", "duration: 120 days"));
    let output = bench.loadbank("run site.yaml --format json").output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    // Of lives of a year that are cut at a month, three runs of 120 days in a thousand see a failure;
    // each sees three replacements of either transformer at least.
    assert_eq!(json["components"]["tx-{1..2}"]["failures"], 0, "{}", json["components"]);
    let halls = json["halls"]["single"]["power_losses"].as_u64().unwrap();
    assert!(halls >= 6, "two racks, three replacements or more: {halls}");
    for (wear, message) in [
        ("{shape: 0.1}", "shape"),
        ("{shape: 3, replace_at: 0.1 months}", "less than 1 % of its mean life"),
        ("{shape: 3, replacing: 1 h}", "acts only with `replace_at`"),
        ("{shape: 3, replace_at: 1 month}, rate: 0 /year", "does nothing to what never fails"),
    ] {
        let site = worn.replace("{shape: 3, replace_at: 1 month, replacing: 2 h}", wear);
        let site =
            if wear.contains("0 /year") { site.replace("rate: 1 /year, ", "") } else { site };
        bench.file("site.yaml", site);
        let (code, _, err) = reliability(&bench, "--years 1");
        assert_eq!(code, Some(3), "{wear}: {err}");
        assert!(err.contains(message), "{wear}: {err}");
    }
    // Two of one age are out together, which is doubtful; of ages met in long service they are not.
    let doubt = "`tx-1` and `tx-2` are new together";
    for (wear, doubted) in [
        ("{shape: 3, replace_at: 1 month, new: true}", true),
        ("{shape: 3, replace_at: 1 month}", false),
        ("{shape: 3, new: true}", false),
    ] {
        let site = worn.replace("{shape: 3, replace_at: 1 month, replacing: 2 h}", wear);
        bench.file("site.yaml", site);
        let output = bench.loadbank("check site.yaml").output().unwrap();
        let told = [output.stdout, output.stderr].concat();
        let told = String::from_utf8_lossy(&told).into_owned();
        assert_eq!(told.contains(doubt), doubted, "{wear}: {told}");
    }
    // Renewed by turns of a month they hardly ever fail, in place of once a year each, whether their turns take
    // time or not.
    let by_turns = worn.replace("replace_at: 1 month, replacing: 2 h", "new: true");
    let turns = "maintenance: {turns: {of: 'tx-{1..2}', every: 730 h, lasts: 2 h, renews: true}}\n";
    let losses_per_year = |turns: &str, options: &str| {
        bench.file("site.yaml", format!("{by_turns}{turns}"));
        let (code, out, err) = reliability(&bench, &format!("--years 1000 --format json{options}"));
        assert_eq!(code, Some(0), "{err}");
        let json: Value = serde_json::from_str(&out).unwrap();
        json["subjects"]["single"]["simulated"]["losses_per_year"]["value"].as_f64().unwrap()
    };
    for options in ["", " --without maintenance"] {
        let renewed = losses_per_year(turns, options);
        let ages = losses_per_year(&turns.replace(", renews: true", ""), options);
        // Beside two outages of the utility and, where they take time, twelve turns: a standard error of 0.07.
        assert!((ages - renewed - 1.0).abs() < 0.25, "{options}: {ages} for {renewed}");
    }
    bench.file("site.yaml", format!("{by_turns}{turns}"));
    let (_, out, _) = reliability(&bench, "--years 200");
    assert!(out.contains("`turns`"), "{out}");
    for (wear, more, message) in [
        (", wear: {shape: 3, new: true}", "", "`tx-1` does not wear"),
        ("new: true", "replace_at: 1 month", "`tx-1` is replaced at an age already"),
        ("rate: 1 /year", "rate: 2000 /year", "is more than 100 mean lives of `tx-1`"),
    ] {
        bench.file("site.yaml", format!("{}{turns}", by_turns.replace(wear, more)));
        let (code, _, err) = reliability(&bench, "--years 1");
        assert!(code == Some(3) && err.contains(message), "{wear}: {err}");
    }
    // One mistake is told once.
    for (field, message) in [
        ("every: 0 h", "must be longer than zero"),
        ("every: 3 h", "2 turns of it, one after the other, last longer than `every`"),
    ] {
        bench.file("site.yaml", format!("{by_turns}{}", turns.replace("every: 730 h", field)));
        let (code, _, err) = reliability(&bench, "--years 1");
        assert!(code == Some(3) && err.contains(message), "{field}: {err}");
        assert!(!err.contains("mean lives"), "{field}: {err}");
    }
    let twice =
        turns.replace("}}\n", "}, again: {of: tx-1, every: 730 h, lasts: 2 h, renews: true}}\n");
    bench.file("site.yaml", format!("{by_turns}{twice}"));
    let (code, _, err) = reliability(&bench, "--years 1");
    assert!(code == Some(3) && err.contains("`tx-1` is renewed by `turns` already"), "{err}");
    let common = "common_causes: {both: {of: [tx-1, tx-2], beta: 2 %}}\n";
    bench.file("site.yaml", format!("{worn}{common}"));
    let (code, _, err) = reliability(&bench, "--years 1");
    assert!(code == Some(3) && err.contains("`tx-1` wears"), "{err}");
}

/// A transformer fails by its law whether it is worked on or not: planned work hides none of its failures,
/// no hour of them, and none from what tenants are promised.
#[test]
fn planned_work_hides_no_failure() {
    let site = "\
name: worked-on
start: 2026-06-01T00:00:00Z
duration: 60 days
seed: 3
weather: {climate: nordic}
price: {fixed: 40 $/MWh}
power:
  utility: {kind: feed, capacity: 2 MW, outages: none}
  tx: {kind: transformer, rating: 2 MVA, fed_by: utility, failures: {rate: 60 /year, repair_mean: 24 h}}
racks:
  hall: {count: 2, kind: gb200-nvl72, fed_by: tx}
";
    // Failures, hours of them, and hours in which racks lack power by a fault.
    let told = |more: &str| {
        let bench = Bench::new();
        bench.file("site.yaml", format!("{site}{more}"));
        let output = bench.loadbank("run site.yaml --format json").output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let json: Value = serde_json::from_slice(&output.stdout).unwrap();
        let of = &json["components"]["tx"];
        let lapses = std::fs::read_to_string(bench.the_run().join("lapses.csv")).unwrap();
        let faults = lapses.lines().filter(|line| line.contains("power,fault"));
        let hours = |line: &str| {
            let at = |place: usize| {
                line.split(',').nth(place).unwrap().parse::<jiff::Timestamp>().unwrap()
            };
            at(1).duration_since(at(0)).as_secs_f64() / 3600.0
        };
        let lapsed_h: f64 = faults.map(hours).sum();
        (of["failures"].as_u64().unwrap(), of["down_h"].as_f64().unwrap(), lapsed_h, lapses)
    };
    let (failures, down_h, lapsed_h, _) = told("");
    let (worked_on, worked_on_h, worked_on_lapsed_h, lapses) =
        told("maintenance: {check: {of: tx, every: 10 days, lasts: 5 days}}\n");
    assert!(failures > 5 && lapses.contains("maintenance"), "{failures}\n{lapses}");
    assert_eq!((worked_on, worked_on_h), (failures, down_h));
    // Racks that stay without power have not to start again.
    assert!(lapsed_h >= down_h && worked_on_lapsed_h >= down_h - 1e-6, "{lapses}");
    assert!(worked_on_lapsed_h <= lapsed_h, "{lapses}");
}

/// Each fault of the four sections at its place, with a way out.
#[test]
fn what_components_share_is_checked() {
    let bench = Bench::new();
    for (section, message) in [
        (
            "common_causes: {storm: {of: 'set-{1..9}', beta: 2 %}}",
            "is not the name of a part of `power`",
        ),
        ("common_causes: {storm: {of: utility, beta: 2 %}}", "strikes two components or more"),
        (
            "common_causes: {storm: {of: [utility, board]}}",
            "needs one of `beta`, `alpha` and `rate`",
        ),
        ("common_causes: {storm: {of: [utility, utility], beta: 2 %}}", "names a component twice"),
        ("common_causes: {sets: {of: 'set-{1..3}', beta: 2 %}}", "fails by what it does"),
        (
            "common_causes: {sets: {of: [utility, board], on: start, beta: 2 %}}",
            "it is no generator",
        ),
        (
            "common_causes: {sets: {of: 'set-{1..3}', on: start, rate: 1 /year}}",
            "`start` needs `beta`",
        ),
        ("common_causes: {two: {of: [utility, board], alpha: [90 %, 20 %]}}", "needs 2 shares"),
        (
            "common_causes: {a: {of: [utility, board], beta: 60 %}, b: {of: [utility, ups], beta: 50 %}}",
            "110 % of the failures of `utility` are common",
        ),
        ("crews: {one: {of: ups}, two: {of: ups}}", "`ups` is of another crew already"),
        ("crews: {one: {}, two: {}}", "another crew takes all"),
        ("crews: {one: {count: 0}}", "count"),
        ("crews: {one: {shift: {from: 8 h, to: 8 h}}}", "from one hour of the day to another"),
        ("spares: {one: {of: ups, parts: 1, lead: 0 s}}", "lead"),
        ("maintenance: {one: {of: ups, every: 1 h, lasts: 2 h}}", "must be shorter than `every`"),
        ("maintenance: {one: {of: oops, every: 2 h, lasts: 1 h}}", "is not the name of a part"),
    ] {
        let site = STANDBY.replace("crews: {sets: {of: 'set-{1..3}'}}", section);
        bench.file("site.yaml", &site);
        let (code, _, err) = reliability(&bench, "--years 1");
        assert_eq!(code, Some(3), "{section}: {err}");
        assert!(err.contains(message), "{section}: {err}");
        let line = 1 + site.lines().position(|line| line == section).unwrap();
        assert!(err.contains(&format!("site.yaml:{line}:")), "{section}: {err}");
    }
}

/// Generators are on one bus, once, and called by a switch; blocks are named, each once.
#[test]
fn what_calls_generators_is_checked() {
    let bench = Bench::new();
    let check = |from: &str, to: &str| {
        assert!(STANDBY.contains(from), "{from}");
        bench.file("site.yaml", STANDBY.replace(from, to));
        let output = bench.loadbank("check site.yaml").output().unwrap();
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    for (from, to, message) in [
        ("sets: 'set-{1..3}', f", "sets: [set-1, set-1], f", "`set-1` is on `gen-bus` already"),
        (
            "  board:",
            "  other: {kind: generator-bus, sets: set-3}\n  board:",
            "`set-3` is on `gen-bus` already",
        ),
        ("blocks: [ups]", "blocks: []", "names no block"),
        ("blocks: [ups]", "blocks: [ups, ups]", "`ups` is in a block before"),
    ] {
        let (code, text) = check(from, to);
        assert!(code == Some(3) && text.contains(message), "{to}: {text}");
    }
    let switch =
        "kind: transfer, fed_by: utility, emergency: gen-bus, return_delay: 0 s, blocks: [ups]";
    let (code, text) = check(switch, "kind: switchgear, fed_by: [utility, gen-bus]");
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("nothing calls `set-1`: it never starts"), "{text}");
    assert!(!check("1 day", "1 day").1.contains("nothing calls"));
}

/// Hot spots are not followed over thousands of years, which the result says.
#[test]
fn an_overload_of_transformers_is_left_out_and_told() {
    let bench = Bench::new();
    bench.file("site.yaml", SITE);
    let note = "note: `tx-1` puts out no more than its rating here";
    assert!(!reliability(&bench, "--years 10").1.contains("note:"));
    let hot = "fed_by: utility-{1..2}, thermal: {overload: {most: 130 %}}}";
    bench.file("site.yaml", SITE.replace("fed_by: utility-{1..2}}", hot));
    let (code, out, err) = reliability(&bench, "--years 10");
    assert!(code == Some(0) && out.contains(note), "{out}{err}");
    let json: Value =
        serde_json::from_str(&reliability(&bench, "--years 10 --format json").1).unwrap();
    assert!(json["notes"][0].as_str().unwrap().starts_with("`tx-1` puts out"), "{}", json["notes"]);
}

/// `check` says what the chain stands before anything is run.
#[test]
fn check_tells_what_a_chain_stands() {
    let bench = Bench::new();
    bench.file("site.yaml", STANDBY);
    let check = |bench: &Bench| {
        let output = bench.loadbank("check site.yaml").output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let text = check(&bench);
    // The utility is carried, the UPS and the board are not; one of three sets is spare.
    for told in ["  board: 100.0 % of hall\n", "  ups: 100.0 % of hall\n", "hangs on: hall 1\n"] {
        assert!(text.contains(told), "{told}: {text}");
    }
    assert!(!text.contains("  utility:") && !text.contains("  set-"), "{text}");
    assert!(text.contains("utility and gen-bus 100.0 %"), "{text}");

    bench.file("site.yaml", STANDBY.replace("rating: 600 kW", "rating: 300 kW"));
    let text = check(&bench);
    assert!(text.contains("block 1 of `board` is never taken"), "{text}");
    assert!(text.contains("the battery of `ups` is empty"), "{text}");
    assert!(text.contains("  utility: 100.0 % of hall\n"), "{text}");

    let bare = STANDBY.replace(
        "    battery: {runtime: 5 min, recharge: 100 %, recharge_on_generator: 10 %}\n",
        "",
    );
    bench.file("site.yaml", bare.replace("    input: {requalify: 0 s, walk_in: 0 s}\n", ""));
    let text = check(&bench);
    assert!(text.contains("`ups` has no battery"), "{text}");
    assert!(
        text.contains("  utility: 100.0 % of hall, until another source carries it\n"),
        "{text}"
    );
}
