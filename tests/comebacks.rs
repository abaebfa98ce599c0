//! Any plant comes back: whatever failed, was taken out, ran dry or was cut, once the last cause
//! has gone and the longest restart has passed every rack is live again.
//!
//! Sites are drawn at random, and each is run twice: with its troubles, and as a twin without
//! them. A twin whose racks trip on its own is beyond what it was built for and proves nothing. How
//! many sites are drawn is `LOADBANK_COMEBACKS` (default 300), from the seed
//! `LOADBANK_COMEBACKS_SEED` on (default 1).

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::support::{Bench, Told, column, simulate_file};

/// Draws from a seed, the same on every machine.
struct Luck(u64);

impl Luck {
    fn word(&mut self) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: u64) -> u64 {
        self.word() % most
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.word() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn chance(&mut self, share: f64) -> bool {
        self.between(0.0, 1.0) < share
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len() as u64) as usize]
    }
}

/// A site and what can go wrong at it, as text.
#[derive(Debug, Default)]
struct Site {
    power: String,
    cooling: String,
    rest: String,
    /// The troubles: what replaces a mark in the text above, which is nothing in the twin.
    troubles: Vec<(String, String)>,
    halls: Vec<(String, f64)>,
    /// From the end of the last trouble, how long it takes until every rack is live, s.
    bound_s: f64,
}

/// The names of what a site is built of.
const PUMPS: f64 = 30.0;

impl Site {
    /// A trouble at this place of the text, with a chance.
    fn trouble(
        &mut self,
        luck: &mut Luck,
        share: f64,
        text: impl FnOnce(&mut Luck) -> String,
    ) -> String {
        if !luck.chance(share) {
            return String::new();
        }
        let mark = format!("@{}@", self.troubles.len());
        let text = text(luck);
        self.troubles.push((mark.clone(), text));
        mark
    }

    fn text(&self, troubles: bool) -> String {
        let mut text = format!("{}{}{}", self.power, self.cooling, self.rest);
        for (mark, trouble) in &self.troubles {
            text = text.replace(mark, if troubles { trouble } else { "" });
        }
        text
    }
}

/// When something is away: within the first ten hours, for minutes or hours.
fn away(luck: &mut Luck, more: &str) -> String {
    let minute = 30 + luck.below(540);
    let lasts = if luck.chance(0.3) { luck.between(0.2, 12.0) } else { luck.between(12.0, 200.0) };
    let (hour, minute) = (minute / 60, minute % 60);
    format!("{{start: '2026-07-01T{hour:02}:{minute:02}:00Z', duration: {lasts:.1} min{more}}}")
}

fn units(luck: &mut Luck, all: u64) -> String {
    let out = if luck.chance(0.6) { all } else { 1 + luck.below(all) };
    format!(", units: {out}")
}

/// Machines of a kind: what they are, their upkeep and that of their control.
#[derive(Default)]
struct Machines {
    own: String,
    upkeep: String,
    control: String,
}

impl Machines {
    /// As the part `what` of a plant.
    fn text(&self, what: &str) -> String {
        let Self { own, upkeep, control } = self;
        let control = match control.as_str() {
            "" => String::new(),
            control => format!(", control_upkeep: {{{control}}}"),
        };
        format!(", {what}: {{{own}upkeep: {{standby: 0{upkeep}}}{control}}}")
    }
}

/// A cooling loop of any kind named `name` for `heat_kw`.
fn plant(luck: &mut Luck, site: &mut Site, name: &str, heat_kw: f64, airy: bool) {
    let kinds = [
        "chiller-plant",
        "chiller-plant",
        "chiller-plant",
        "air-cooled-chiller",
        "air-cooled-chiller",
        "tower",
        "dry-cooler",
        "fluid-cooler",
        "hybrid-cooler",
    ];
    let kind = if airy { "ventilation" } else { luck.pick(&kinds) };
    let fans = luck.pick(&["variable-speed", "cycling", "always-on"]);
    let chills = kind.contains("chiller");
    // The device may be trimmed, by chillers on outdoor air or on a tower of their own.
    let trimmed = matches!(kind, "tower" | "dry-cooler") && luck.chance(0.5);
    let fans = if trimmed { "variable-speed" } else { fans };
    let by_tower = trimmed && luck.chance(0.5);
    let bank = if trimmed { "trim.chillers" } else { "chillers" };
    let evaporates =
        by_tower || !matches!(kind, "air-cooled-chiller" | "ventilation" | "dry-cooler");
    let (pumps, cells, chillers) = (1 + luck.below(3), 1 + luck.below(3), 1 + luck.below(3));
    let mut text = format!("  {name}: {{kind: {kind}, design_heat: {heat_kw:.0} kW");
    let mut machines: BTreeMap<&str, Machines> = BTreeMap::new();
    let mut own = |what: &'static str, text: String| {
        machines.entry(what).or_default().own.push_str(&text);
    };
    if chills {
        write!(text, ", supply: {:.1} degC", luck.between(7.0, 18.0)).unwrap();
        own("chillers", format!("count: {chillers}, "));
    } else if trimmed {
        write!(text, ", supply: {:.1} degC", luck.between(12.0, 24.0)).unwrap();
        own(bank, format!("count: {chillers}, "));
    } else if !airy {
        write!(text, ", supply: {:.1} degC", luck.between(22.0, 32.0)).unwrap();
    }
    match kind {
        "chiller-plant" | "tower" => own("fans", format!("count: {cells}, control: {fans}, ")),
        "dry-cooler" | "fluid-cooler" => own("fans", format!("count: {cells}, ")),
        "air-cooled-chiller" => {}
        _ => own("fans", String::new()),
    }
    if kind == "chiller-plant" && luck.chance(0.4) {
        text += ", economiser: {approach: 2 K}";
    }
    if !airy {
        own("pumps", format!("count: {pumps}, "));
        let restart = format!(", restart: {:.0} s", luck.between(1.0, PUMPS));
        if luck.chance(0.15) {
            own("pumps", "power: 0 W, ".to_owned());
        }
        machines.get_mut("pumps").unwrap().upkeep += &restart;
        if luck.chance(0.3) {
            text += ", approach: 4 K";
        }
    }
    let feeder = luck.pick(&["utility", "mech", "mech", "ups"]);
    write!(text, ", fed_by: {feeder}").unwrap();
    let mut out = Vec::new();
    if !airy {
        out.push(("pumps", pumps));
    }
    if matches!(kind, "tower" | "chiller-plant" | "dry-cooler" | "fluid-cooler") {
        out.push(("fans", cells));
    }
    if chills || trimmed {
        out.extend([(bank, chillers), (bank, chillers)]);
    }
    if airy {
        out.push(("fans", 1));
    }
    let mut at = "";
    let away_text = site.trouble(luck, 0.6, |luck| {
        let (what, all) = out[luck.below(out.len() as u64) as usize];
        at = what;
        let units = units(luck, all);
        format!(", maintenance: [{}]", away(luck, &units))
    });
    if !away_text.is_empty() {
        machines.get_mut(at).unwrap().upkeep += &away_text;
    }
    let failing = site.trouble(luck, 0.25, |luck| {
        let (what, _) = out[luck.below(out.len() as u64) as usize];
        at = what;
        let rate = luck.between(0.2, 2.0);
        format!(", failures: {{rate: {rate:.2} /day, repair_mean: 20 min}}")
    });
    if !failing.is_empty() {
        machines.get_mut(at).unwrap().upkeep += &failing;
    }
    let control = site.trouble(luck, 0.25, |luck| {
        let stages = (chills || trimmed) && luck.chance(0.6) || kind == "air-cooled-chiller";
        at = if stages { bank } else { "fans" };
        let mode = if stages { "stuck" } else { luck.pick(&["stuck", "full", "shut"]) };
        format!("faults: [{}]", away(luck, &format!(", mode: {mode}")))
    });
    if !control.is_empty() {
        machines.get_mut(at).unwrap().control += &control;
    }
    for (what, machines) in &machines {
        match what.strip_prefix("trim.") {
            Some(what) => {
                let tower = if by_tower { ", tower: {}" } else { "" };
                let chillers = machines.text(what);
                write!(text, ", trim: {{supply: 8 degC{tower}{chillers}}}").unwrap();
            }
            None => text += &machines.text(what),
        }
    }
    if evaporates {
        text += &site.trouble(luck, 0.3, |luck| {
            let basin = if luck.chance(0.5) { ", basin: 2 m3" } else { "" };
            format!(", water: {{main: {{outages: [{}]}}{basin}}}", away(luck, ""))
        });
    }
    site.cooling += &(text + "}\n");
}

/// An exchanger of `kind` named `name` on `plant`.
fn exchanger(
    luck: &mut Luck,
    site: &mut Site,
    (name, kind): (&str, &str),
    plant: &str,
    heat_kw: f64,
) {
    let mut text =
        format!("  {name}: {{kind: {kind}, design_heat: {heat_kw:.0} kW, cooled_by: {plant}");
    let feeder = luck.pick(&["utility", "mech", "mech", "ups"]);
    write!(text, ", fed_by: {feeder}").unwrap();
    let mut movers = Machines {
        upkeep: format!(", restart: {:.0} s", luck.between(1.0, PUMPS)),
        ..Machines::default()
    };
    if kind == "air-handler" && luck.chance(0.4) {
        text += ", outside_air: {class: a2}";
    }
    let (what, all) = if kind == "air-handler" { ("fans", 4) } else { ("pumps", 2) };
    movers.upkeep += &site.trouble(luck, 0.4, |luck| {
        let units = units(luck, all);
        format!(", maintenance: [{}]", away(luck, &units))
    });
    text += &movers.text(what);
    if kind == "cdu" {
        text += &site.trouble(luck, 0.2, |luck| {
            let mode = luck.pick(&["stuck", "full", "shut"]);
            format!(", valve: {{faults: [{}]}}", away(luck, &format!(", mode: {mode}")))
        });
    }
    site.cooling += &(text + "}\n");
}

/// A site drawn from `seed`.
fn site(seed: u64) -> Site {
    let mut luck = Luck(seed);
    let luck = &mut luck;
    let mut site = Site::default();
    let wait_min = if luck.chance(0.3) { luck.between(0.02, 3.0) } else { luck.between(3.0, 60.0) };
    let (dry_bulb_c, humidity) = (luck.between(-8.0, 27.0), luck.between(20.0, 60.0));
    write!(
        site.power,
        "name: site-{seed}\nstart: 2026-07-01T00:00:00Z\nduration: 24 h\nseed: {seed}\n\
         site: {{altitude: {:.0} m}}\nweather: {{csv: air.csv, columns: {{dry_bulb: {{column: t, \
         unit: degC}}, relative_humidity: {{column: rh, unit: '%'}}}}}}\n# {dry_bulb_c:.2} {humidity:.1}\n\
         output: {{interval: 5 min}}\nprice: {{fixed: 40 $/MWh}}\npower:\n  utility: {{kind: feed, capacity: 20 MW, outages: none}}\n",
        luck.between(0.0, 1500.0)
    )
    .unwrap();
    for (name, kind) in [("mech", "switchgear"), ("ups", "ups"), ("it", "switchgear")] {
        let rating = if kind == "ups" { ", rating: 15 MW" } else { "" };
        let fails = site.trouble(luck, 0.2, |luck| {
            let (rate, hours) = (luck.between(0.5, 3.0), luck.between(0.01, 1.0));
            format!(", failures: {{rate: {rate:.2} /day, repair_mean: {:.1} min}}", 60.0 * hours)
        });
        writeln!(site.power, "  {name}: {{kind: {kind}{rating}, fed_by: utility{fails}}}").unwrap();
    }
    site.cooling = "cooling:\n".to_owned();
    let cut = site
        .trouble(luck, 0.25, |luck| format!("curtailments: [{}]", away(luck, ", import: 0 MW")));
    let control = format!(
        "control: {{restart_after_heat: {:.0} s{}}}\n",
        60.0 * wait_min,
        if cut.is_empty() { String::new() } else { format!(", {cut}") }
    );
    let (mut racks, mut works) = ("racks:\n".to_owned(), String::new());
    for hall in 0..1 + luck.below(2) {
        let (name, plant_name) = (format!("hall{hall}"), format!("plant{hall}"));
        let feeder = luck.pick(&["utility", "it", "it", "ups"]);
        let count = 1 + luck.below(6);
        let load = luck.between(0.4, 0.95);
        let airy = luck.chance(0.1);
        let kind =
            luck.pick(&["heat-load", "heat-load", "heat-load", "dgx-h100", "gb200-nvl72", "asic"]);
        let kind = if airy { "heat-load" } else { kind };
        let rated_kw = match kind {
            "heat-load" => 200.0,
            "dgx-h100" => 41.0,
            "gb200-nvl72" => 132.0,
            _ => 350.0,
        } * count as f64;
        let heat_kw = rated_kw / load;
        plant(luck, &mut site, &plant_name, heat_kw * 1.1, airy);
        let between = match kind {
            "gb200-nvl72" => "cdu",
            "dgx-h100" => luck.pick(&["air-handler", ""]),
            _ => luck.pick(&["", "cdu", "air-handler", "immersion-tank"]),
        };
        let between = if airy { "" } else { between };
        let mut cooled_by = plant_name.clone();
        if !between.is_empty() {
            cooled_by = format!("mid{hall}");
            exchanger(luck, &mut site, (&cooled_by, between), &plant_name, heat_kw);
        }
        let mut more = String::new();
        if kind == "gb200-nvl72" {
            let wall = format!("wall{hall}");
            let on = if luck.chance(0.5) {
                let other = format!("air{hall}");
                plant(luck, &mut site, &other, 0.3 * heat_kw, false);
                other
            } else {
                plant_name.clone()
            };
            exchanger(luck, &mut site, (&wall, "air-handler"), &on, 0.25 * heat_kw);
            more = format!(", air_cooled_by: {wall}");
        }
        if kind == "heat-load" {
            let trip_c = luck.between(48.0, 65.0);
            let slope = if luck.chance(0.5) {
                format!(", throttle_inlet: {:.1} degC", trip_c - luck.between(0.5, 10.0))
            } else {
                String::new()
            };
            more = format!(", power: 200 kW, trip_inlet: {trip_c:.1} degC{slope}");
        } else if kind == "asic" {
            more = ", machines: 70, hash_rate: 200 TH/s, power: 5 kW, throttle_inlet: 50 degC, \
                    trip_inlet: 58 degC"
                .to_owned();
            writeln!(
                works,
                "  mine{hall}: {{kind: mining, racks: {name}, income: {{hash_price: 53 $/PH/day}}}}"
            )
            .unwrap();
        } else {
            more += ", throttle_inlet: 45 degC, trip_inlet: 55 degC";
            writeln!(works, "  train{hall}: {{kind: training, racks: {name}, price: 2 $/h, jobs: {{kind: resident}}, spares: 0, failures: {{rate: 0 /day}}}}").unwrap();
        }
        writeln!(racks, "  {name}: {{kind: {kind}, count: {count}, fed_by: {feeder}, cooled_by: {cooled_by}{more}}}").unwrap();
        site.halls.push((name, count as f64));
    }
    if !works.is_empty() {
        works.insert_str(0, "workloads:\n");
    }
    site.rest = control + &racks + &works;
    site.bound_s = bound_s(60.0 * wait_min);
    site
}

/// The longest restart, from the design: what each part of it takes at most, one after the other.
fn bound_s(wait_s: f64) -> f64 {
    const MINUTE: f64 = 60.0;
    // A basin at a quarter of what it takes an hour to fill, or the look after a dry spell.
    let water = 15.0 * MINUTE;
    // The longest `restart` of pumps that is drawn, and that of fans, which is the default.
    let movers = PUMPS;
    // Chillers rest for their least time, start, and one more is called for five minutes of want
    // and starts, for each of up to three.
    let chillers = 20.0 * MINUTE + 3.0 * (5.0 + 10.0) * MINUTE;
    // An economiser changes its mode twice, from free to partial to mechanical.
    let modes = 2.0 * 20.0 * MINUTE;
    // What is hot cools: coolant, bath, chips and metal hold at most 30 kJ/K a kilowatt, 60 K too
    // warm, and are cooled by a quarter of the design heat.
    let cooling = 30.0 * 60.0 / 0.25;
    // All that fit return after the wait; what fits only then returns after one more.
    water + movers + chillers + modes + cooling + 2.0 * wait_s + MINUTE
}

/// The times within the run that nothing is wrong and has not been for the longest restart, s.
fn clear(told: &Told, bound_s: f64, end_s: f64) -> Vec<(f64, f64)> {
    let mut active = 0;
    let mut since = Some(0.0);
    let mut found = Vec::new();
    for line in &told.events {
        let mut words = line.split(' ');
        let at = words.next().unwrap().parse::<f64>().unwrap() * 1e-9;
        let step = match words.next().unwrap() {
            "failed" | "taken-out" | "curtailed" | "ran-dry" => 1,
            "repaired" | "put-back" | "uncurtailed" | "water-back" => -1,
            _ => continue,
        };
        if active == 0
            && let Some(since) = since.take()
        {
            found.push((since + bound_s, at));
        }
        active += step;
        if active == 0 {
            since = Some(at);
        }
    }
    found.extend(since.map(|since| (since + bound_s, end_s)));
    found.retain(|(from, until)| from < until);
    found
}

fn trips(told: &Told) -> bool {
    told.events.iter().any(|line| line.contains(" heat-trip "))
}

#[test]
fn every_rack_is_live_again_after_the_last_cause() {
    let number = |name: &str, default: u64| {
        std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
    };
    let (count, first) = (number("LOADBANK_COMEBACKS", 300), number("LOADBANK_COMEBACKS_SEED", 1));
    let (mut proved, mut tripped, mut wrong) = (0, 0, Vec::new());
    for seed in first..first + count {
        let site = site(seed);
        let bench = Bench::new();
        let weather = site.power.lines().find_map(|line| line.strip_prefix("# ")).unwrap();
        let (dry_bulb_c, humidity) = weather.split_once(' ').unwrap();
        let row = |day: u32| format!("2026-07-{day:02}T00:00Z,{dry_bulb_c},{humidity}\n");
        bench.file("air.csv", "at,t,rh\n".to_owned() + &(1..=3).map(row).collect::<String>());
        let run = |name: &str, text: &str| {
            let path = bench.file(name, text);
            std::panic::catch_unwind(|| simulate_file(&path, &[]))
                .unwrap_or_else(|_| panic!("this site panics:\n{text}"))
        };
        let twin = run("twin.yaml", &site.text(false));
        if trips(&twin) {
            continue;
        }
        let text = site.text(true);
        let told = run("site.yaml", &text);
        assert!(told.outcome.balanced(), "{text}\n{:?}", told.outcome.books);
        tripped += u32::from(trips(&told));
        let clear = clear(&told, site.bound_s, 86_400.0);
        proved += u32::from(!clear.is_empty());
        for (name, racks) in &site.halls {
            let live = column(&told, &format!("{name}_live_racks"));
            let dark = live.iter().enumerate().find(|&(row, live)| {
                let (from, until) = (300.0 * row as f64, 300.0 * (row + 1) as f64);
                clear.iter().any(|clear| clear.0 <= from && until <= clear.1) && *live != *racks
            });
            if let Some((row, live)) = dark {
                wrong.push(format!(
                    "{name} has {live} of {racks} at {} min:\n{text}{:#?}",
                    5 * row,
                    told.events
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {count} sites: {}", wrong.len(), wrong[0]);
    // The sites are such that the question is asked.
    assert!(
        u64::from(proved) * 2 > count && u64::from(tripped) * 5 > count,
        "{proved} {tripped} of {count}"
    );
}
