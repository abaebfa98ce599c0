//! Every preset for an hour, and the page of the docs that lists them with figures of merit.

use std::fmt::Write as _;

use super::{Preset, SECTIONS, head, laws, root};
use crate::cooling::year::{self, Year};
use crate::data::print;

/// The page.
const PAGE: &str = "docs/catalogue.md";

/// Runs all, and writes the page or holds it against what comes out; how many failed.
pub(super) fn run(presets: &[Preset], update: bool) -> Result<u32, String> {
    head("Every preset for an hour");
    let mut page = INTRODUCTION.to_owned();
    let mut failed = 0;
    for section in SECTIONS {
        let _ = write!(page, "\n## `{section}`\n");
        let mut models: Vec<&str> = Vec::new();
        let of_section = || presets.iter().filter(|preset| preset.section == section);
        for preset in of_section() {
            let model = preset.model(presets);
            if !models.contains(&model) {
                models.push(model);
            }
        }
        for model in models {
            let merits = merits(section, model);
            let _ = write!(page, "\n### `kind: {model}`\n\n{}\n", merits.head);
            for preset in of_section().filter(|preset| preset.model(presets) == model) {
                let figures = (merits.scenario)(preset, presets)
                    .and_then(|text| year::simulate(&text))
                    .map(|year| (merits.figures)(&year));
                let figures = figures.unwrap_or_else(|error| {
                    failed += 1;
                    print(&format!("{}: FAILED: {error}", preset.name));
                    "failed".to_owned()
                });
                print(&format!("{:<34}{figures}", preset.name));
                let source = preset.source().trim_end().replace('|', "/");
                let _ = writeln!(page, "| `{}` | {figures} | {source} |", preset.name);
            }
        }
    }
    let path = root().join(PAGE);
    if update {
        std::fs::write(&path, &page).map_err(|error| format!("{}: {error}", path.display()))?;
        return Ok(failed);
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    if committed != page {
        print(&format!("{PAGE} differs: `validation catalogue --update` refreshes it"));
        failed += 1;
    }
    Ok(failed)
}

const INTRODUCTION: &str = "\
# The catalogue

Every entry of the catalogue but the grid programmes, run for an hour of July at a stated load, with figures of merit in which
an absurd entry would be seen, and where its figures come from. This page is made by
`validation catalogue --update`; `validation catalogue` runs these entries and fails where the page
differs. The programmes are in `scenarios/presets/programmes.yaml` ([how they work](models/programmes.md)).
";

/// How the entries of a model are run and what is said of them.
struct Merits {
    head: &'static str,
    scenario: fn(&Preset, &[Preset]) -> Result<String, String>,
    figures: fn(&Year) -> String,
}

fn merits(section: &str, model: &str) -> Merits {
    match (section, model) {
        ("racks", "gpu") => Merits {
            head: "Four racks of a training job in its first hour, its start included, behind a dry cooler in Phoenix.\n\n| entry | kW a rack | PUE | source |\n|---|---|---|---|",
            scenario: |preset, _| {
                Ok(site(
                    &format!("{{kind: {}, count: 4, {BEHIND}}}", preset.name),
                    "{kind: llama-3-pretraining, racks: hall}",
                ))
            },
            figures: |year| format!("{:.1} | {:.3}", it_kw(year) / 4.0, year.pue()),
        },
        ("racks", "asic") => Merits {
            head: "One container behind a dry cooler in Phoenix, at 50 $/PH/day; $/MWh is what it earns with the energy of the racks.\n\n| entry | kW a rack | J/TH | $/MWh | source |\n|---|---|---|---|---|",
            scenario: |preset, _| {
                Ok(site(
                    &format!("{{kind: {}, {BEHIND}}}", preset.name),
                    "{kind: mining, racks: hall, income: {hash_price: 50 $/PH/day}}",
                ))
            },
            figures: |year| {
                let of = |figure: &str| year.outcome.real(&format!("workloads.w.{figure}"));
                let per_mwh = of("revenue_usd") / of("energy_mwh");
                let j_per_th = of("energy_mwh") / of("mean_hash_rate_eh_per_s");
                format!("{:.0} | {j_per_th:.1} | {per_mwh:.0}", it_kw(year))
            },
        },
        ("cooling", "cdu" | "air-handler" | "immersion-tank") => Merits {
            head: "900 kW of heat behind it, rated for a megawatt, and a dry cooler that gives it to Phoenix.\n\n| entry | PUE | source |\n|---|---|---|",
            scenario: |preset, _| {
                Ok(heat(&format!(
                    "  out: {{kind: dry-cooler, design_heat: 1.1 MW}}\n  it: {{kind: {}, design_heat: 1 MW, cooled_by: out}}\n",
                    preset.name
                )))
            },
            figures: |year| format!("{:.3}", year.pue()),
        },
        ("cooling", "air-cdu") => Merits {
            head: "135 kW of heat behind it, the air handler of its hall, and a dry cooler that gives it to Phoenix.\n\n| entry | PUE | source |\n|---|---|---|",
            scenario: |preset, _| {
                Ok(heat(&format!(
                    "  out: {{kind: dry-cooler, design_heat: 200 kW}}\n  air: {{kind: air-handler, design_heat: 180 kW, cooled_by: out}}\n  it: {{kind: {}, cooled_by: air}}\n",
                    preset.name
                ))
                .replace("900 kW", "135 kW"))
            },
            figures: |year| format!("{:.3}", year.pue()),
        },
        ("cooling", _) => Merits {
            head: "900 kW of heat in Phoenix on a plant of a megawatt.\n\n| entry | PUE | L/kWh | source |\n|---|---|---|---|",
            scenario: |preset, _| {
                Ok(heat(&format!("  it: {{kind: {}, design_heat: 1 MW}}\n", preset.name)))
            },
            figures: |year| format!("{:.3} | {:.2}", year.pue(), year.wue()),
        },
        ("power", "feed") => Merits {
            head: "Half a megawatt.\n\n| entry | input over output | source |\n|---|---|---|",
            scenario: |preset, _| {
                Ok(chain("it", &format!("  it: {{kind: {}, capacity: 10 MW}}\n", preset.name), ""))
            },
            figures: losses,
        },
        ("power", "genset") => Merits {
            head: "Alone on a bus, for a load of half of its rating and 0.6 MW of the pumps that cool it.\n\n| entry | MWh given in the hour | source |\n|---|---|---|",
            scenario: |preset, _| {
                Ok(chain(
                    "it",
                    &format!(
                        "  set: {{kind: {}, duty: prime, runs: {{rate: 0 /year}}}}\n  island: {{kind: generator-bus, sets: set, failures: {{rate: 0 /year}}}}\n  it: {{kind: switchgear, fed_by: island, failures: {{rate: 0 /year}}}}\n",
                        preset.name
                    ),
                    preset.text("rating"),
                ))
            },
            figures: |year| format!("{:.2}", year.outcome.real("energy.generated_mwh")),
        },
        ("power", "battery") => Merits {
            head: "Half full at the start, sold from at full power behind a feed with a load of twice as much.\n\n| entry | MWh of its cells in the hour | source |\n|---|---|---|",
            scenario: |preset, _| {
                let bus = "  u: {kind: feed, capacity: 1 GW, outages: none}\n  it: {kind: switchgear, fed_by: u, failures: {rate: 0 /year}}\n";
                let power = format!("{bus}  bess: {{kind: {}, fed_by: it}}\n", preset.name);
                let power_w =
                    preset.text("power").replace(" MW", "e6").parse::<f64>().unwrap_or(1e6);
                let rating = format!("{} MW", 4.0 * power_w / 1e6);
                let arbitrage = "{charge_below: 1 $/MWh, discharge_above: 10 $/MWh}";
                Ok(format!(
                    "{}control: {{battery: {{uses: [arbitrage], arbitrage: {arbitrage}}}}}\n",
                    chain("it", &power, &rating)
                ))
            },
            figures: |year| format!("{:.1}", year.outcome.real("energy.discharged_mwh")),
        },
        ("power", _) => Merits {
            head: "Loaded to half of its rating, or to half a megawatt where it has none; cables are a kilometre long.\n\n| entry | input over output | source |\n|---|---|---|",
            scenario: |preset, all| {
                let length = if preset.model(all) == "cable" { ", length: 1 km" } else { "" };
                Ok(chain(
                    "u",
                    &format!(
                        "  u: {{kind: feed, capacity: 100 MW, outages: none}}\n  it: {{kind: {}, fed_by: u{length}}}\n",
                        preset.name
                    ),
                    preset.text("rating"),
                ))
            },
            figures: losses,
        },
        ("workloads", "inference") => Merits {
            head: "One replica with 32 clients that wait for their answers, with the lengths of `chat`.\n\n| entry | tokens/s | TPOT, ms | TTFT, ms | J/token of the rack | source |\n|---|---|---|---|---|---|",
            scenario: |preset, all| {
                laws::scenario(all, &preset.name, "arrivals: {clients: 32}", 3600)
            },
            figures: |year| {
                let of = |figure: &str| year.outcome.real(&format!("workloads.s.{figure}"));
                format!(
                    "{:.0} | {:.1} | {:.0} | {:.1}",
                    of("output_tokens") / 3600.0,
                    1e3 * of("tpot_mean_s"),
                    1e3 * of("ttft_mean_s"),
                    of("j_per_output_token")
                )
            },
        },
        _ => Merits {
            head: "40 racks of DGX H100.\n\n| entry | useful GPU-hours | source |\n|---|---|---|",
            scenario: |preset, _| {
                Ok(site(
                    "{kind: dgx-h100, count: 40, cooled_by: out, fed_by: u}",
                    &format!("{{kind: {}, racks: hall}}", preset.name),
                )
                .replace("design_heat: 1 MW", "design_heat: 2 MW"))
            },
            figures: |year| format!("{:.0}", year.outcome.real("workloads.w.gpu_hours.useful")),
        },
    }
}

const BEHIND: &str = "cooled_by: out, fed_by: u";

const HEAD: &str = "\
name: hour
start: 2026-07-01T12:00:00Z
duration: 1 h
site: {time_zone: UTC}
weather: {climate: phoenix}
price: {fixed: 50 $/MWh}
";

fn site(racks: &str, workload: &str) -> String {
    format!(
        "{HEAD}power:\n  u: {{kind: feed, capacity: 20 MW, outages: none}}\ncooling:\n  out: {{kind: dry-cooler, design_heat: 1 MW, fed_by: u, supply: 30 degC, cooler: {{design_dry_bulb: 45 degC, design_supply: 48 degC}}}}\nracks:\n  hall: {racks}\nworkloads:\n  w: {workload}\n"
    )
}

fn heat(cooling: &str) -> String {
    format!(
        "{HEAD}cooling:\n{cooling}racks:\n  hall: {{kind: heat-load, power: 900 kW, cooled_by: it}}\n"
    )
}

/// A load of half of `rating`, `2 MW` or `300 kVA`, behind `power`, whose feed is `feed`.
fn chain(feed: &str, power: &str, rating: &str) -> String {
    let (value, unit) = rating.split_once(' ').unwrap_or(("1", "MW"));
    let unit = unit.replace("VA", "W");
    let half = value.parse::<f64>().map_or(0.5, |value| value / 2.0);
    format!(
        "{HEAD}power:\n{power}cooling:\n  out: {{kind: dry-cooler, design_heat: 50 MW, fed_by: {feed}}}\nracks:\n  hall: {{kind: heat-load, power: {half} {unit}, fed_by: it, cooled_by: out}}\n"
    )
}

/// Power of IT over the hour, kW.
fn it_kw(year: &Year) -> f64 {
    1e3 * year.outcome.real("effectiveness.it_mwh")
}

/// What the chain takes in for each unit of the load; the cooler of the load is not of the chain.
fn losses(year: &Year) -> String {
    let [import, fans, pumps] =
        ["import", "fans", "pumps"].map(|name| year.outcome.real(&format!("energy.{name}_mwh")));
    format!("{:.4}", (import - fans - pumps) / year.outcome.real("effectiveness.it_mwh"))
}
