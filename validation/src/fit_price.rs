//! `fit-price`: fits the built-in price law to a real-time series and measures the fit.
//!
//! Prints the constants of `sim/grid/price/ercot.rs` and the tables of `docs/models/price.md`.

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use loadbank::grid::price::ercot;
use loadbank::grid::price::hub::{Hub, HubDesign, HubLaw};
use loadbank::kernel::random::inverse_normal;
use loadbank::kernel::{Clock, Span, Streams, Time};
use loadbank::tables::{Column, read_csv};

use crate::data::{self, mean};

const FILE: &str = "grid/ercot_hubavg_rt15_2024_2025.csv.gz";
const ZONE: &str = "America/Chicago";
/// Scarcity: revenue of an efficient miner (`power-and-mining.md`, section 7).
const SCARCITY: f64 = 86.0;
/// System-wide offer cap of ERCOT since 2022, $/MWh.
const CAP: f64 = 5000.0;
/// Shares of time below the quantiles of the law.
const SHARES: [f64; 27] = [
    0.0001, 0.001, 0.003, 0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7,
    0.75, 0.8, 0.85, 0.9, 0.93, 0.95, 0.965, 0.975, 0.985, 0.9925, 0.9975,
];
/// Lags that the memory is fitted at, quarter-hours: up to two weeks.
const LAGS: [u32; 14] = [1, 2, 3, 4, 6, 8, 12, 24, 48, 96, 192, 384, 672, 1344];

/// A row of the real series, on the market's clock.
#[derive(Debug, Clone, Copy)]
struct Row {
    price: f64,
    month: usize,
    hour: usize,
    weekend: bool,
}

/// Runs the command on the files under `folder`.
pub(crate) fn run(folder: &Path) -> Result<(), String> {
    let bytes = data::read(&folder.join(FILE))?;
    let column = Column::plain("price_usd_per_mwh");
    let table = read_csv(&bytes, None, &[column], &TimeZone::UTC)
        .map_err(|error| format!("{FILE}: {error}"))?;
    let zone = TimeZone::get(ZONE).map_err(|error| error.to_string())?;
    let rows: Vec<Row> = table
        .starts
        .iter()
        .zip(&table.columns[0])
        .map(|(start, price)| {
            let local = zone.to_datetime(*start);
            Row {
                price: *price,
                month: local.month() as usize - 1,
                hour: local.hour() as usize,
                weekend: local.weekday().to_monday_zero_offset() >= 5,
            }
        })
        .collect();
    data::print(&as_code(&fit(&rows)));
    // Judged as it stands in the library.
    data::print(&compare(&rows, ercot::ALL[0], table.starts[0]));
    Ok(())
}

fn fit(rows: &[Row]) -> HubLaw {
    let scores = normal_scores(rows);
    let mut law = HubLaw {
        name: "ercot-hub",
        source: "ERCOT HB_HUBAVG real-time settlement point prices, 15 min, 2024-01 to 2025-11",
        zone: ZONE,
        level: [[0.0; 24]; 4],
        deviation: [[1.0; 24]; 4],
        month: [0.0; 12],
        weekend: 0.0,
        memories: [(1.0, 1.0), (12.0, 0.0), (200.0, 0.0)],
        quantiles: &[],
        latent: &[],
        tail: 0.0,
        cap: CAP,
        scarcity: SCARCITY,
    };
    // Season and hour, month, weekend in turn, until the rest no longer changes in print.
    for _ in 0..6 {
        let rest: Vec<f64> = residuals(rows, &scores, &law);
        for season in 0..4 {
            for hour in 0..24 {
                let cell = pick(rows, &rest, |r| season_of(r.month) == season && r.hour == hour);
                law.level[season][hour] += mean(cell);
            }
        }
        let rest: Vec<f64> = residuals(rows, &scores, &law);
        for month in 0..12 {
            law.month[month] += mean(pick(rows, &rest, |r| r.month == month));
        }
        let rest: Vec<f64> = residuals(rows, &scores, &law);
        let (on, off) = (pick(rows, &rest, |r| r.weekend), pick(rows, &rest, |r| !r.weekend));
        law.weekend += mean(on) - mean(off);
    }
    let rest = residuals(rows, &scores, &law);
    for season in 0..4 {
        for hour in 0..24 {
            let cell = pick(rows, &rest, |r| season_of(r.month) == season && r.hour == hour);
            law.deviation[season][hour] = data::deviation(&cell);
        }
    }
    let scaled: Vec<f64> = rows
        .iter()
        .zip(&rest)
        .map(|(row, rest)| rest / law.deviation[season_of(row.month)][row.hour])
        .collect();
    law.memories = fit_memory(&scaled);

    let mut sorted: Vec<f64> = rows.iter().map(|row| row.price).collect();
    sorted.sort_by(f64::total_cmp);
    let quantiles: Vec<(f64, f64)> =
        SHARES.iter().map(|share| (*share, data::quantile(&sorted, *share))).collect();
    let (below, start) = quantiles[quantiles.len() - 1];
    // Hill's estimate of the tail index over the prices above the last quantile.
    law.tail = mean(sorted.iter().filter(|p| **p > start).map(|p| (p / start).ln()));
    debug_assert!(below < 1.0);
    law.quantiles = Box::leak(quantiles.into_boxed_slice());
    law
}

fn season_of(month: usize) -> usize {
    (month + 1) / 3 % 4
}

/// Ranks turned into standard normal scores.
fn normal_scores(rows: &[Row]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_by(|a, b| rows[*a].price.total_cmp(&rows[*b].price));
    let mut scores = vec![0.0; rows.len()];
    for (rank, index) in order.into_iter().enumerate() {
        scores[index] = inverse_normal((rank as f64 + 0.5) / rows.len() as f64);
    }
    scores
}

fn residuals(rows: &[Row], scores: &[f64], law: &HubLaw) -> Vec<f64> {
    rows.iter()
        .zip(scores)
        .map(|(row, score)| score - law.expected(row.month, row.hour, row.weekend).0)
        .collect()
}

fn pick(rows: &[Row], values: &[f64], keep: impl Fn(&Row) -> bool) -> Vec<f64> {
    rows.iter().zip(values).filter(|(row, _)| keep(row)).map(|(_, value)| *value).collect()
}

/// Three memories and their shares, by search over the memories and, for each, the best shares
/// on a grid of 1/50.
fn fit_memory(values: &[f64]) -> [(f64, f64); 3] {
    let real = LAGS.map(|lag| data::correlation(values, values, lag as usize));
    let decay = |hours: f64| LAGS.map(|lag| (-0.25 * f64::from(lag) / hours).exp());
    let mut best = (f64::INFINITY, [(1.0, 1.0); 3]);
    for fast in [0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0] {
        for middle in [6.0, 8.0, 12.0, 16.0, 24.0, 36.0] {
            for slow in [72.0, 120.0, 168.0, 240.0, 336.0, 504.0] {
                let curves = [decay(fast), decay(middle), decay(slow)];
                for i in 0..=50 {
                    for j in 0..=(50 - i) {
                        let shares = [f64::from(i), f64::from(j), f64::from(50 - i - j)]
                            .map(|share| share / 50.0);
                        let error: f64 = (0..LAGS.len())
                            .map(|k| {
                                let ours: f64 = (0..3).map(|m| shares[m] * curves[m][k]).sum();
                                (ours - real[k]).powi(2)
                            })
                            .sum();
                        if error < best.0 {
                            let hours = [fast, middle, slow];
                            best = (error, [0, 1, 2].map(|m| (hours[m], shares[m])));
                        }
                    }
                }
            }
        }
    }
    best.1
}

fn as_code(law: &HubLaw) -> String {
    let row = |values: &[f64]| {
        let list: Vec<String> = values.iter().map(|v| format!("{:.2}", v + 0.0)).collect();
        format!("[{}]", list.join(", "))
    };
    let rows = |rows: &[[f64; 24]]| {
        format!("[{}]", rows.iter().map(|r| row(r)).collect::<Vec<_>>().join(", "))
    };
    let pairs = |pairs: &[(f64, f64)]| {
        pairs.iter().map(|(a, b)| format!("({a:?}, {:.2})", b)).collect::<Vec<_>>().join(", ")
    };
    let fields = [
        ("name", format!("{:?}", law.name)),
        ("source", format!("{:?}", law.source)),
        ("zone", format!("{:?}", law.zone)),
        ("level", rows(&law.level)),
        ("deviation", rows(&law.deviation)),
        ("month", row(&law.month)),
        ("weekend", format!("{:.2}", law.weekend)),
        ("memories", format!("[{}]", pairs(&law.memories))),
        ("quantiles", format!("&[{}]", pairs(law.quantiles))),
        ("latent", format!("&{:?}", law.latent_values(1.0))),
        ("tail", format!("{:.2}", law.tail)),
        ("cap", format!("{:?}", law.cap)),
        ("scarcity", format!("{:?}", law.scarcity)),
    ];
    let body: String = fields.iter().map(|(k, v)| format!("    {k}: {v},\n")).collect();
    format!("static ERCOT_HUB: HubLaw = HubLaw {{\n{body}}};\n")
}

const REPLICATIONS: u64 = 20;

fn compare(rows: &[Row], law: &'static HubLaw, start: Timestamp) -> String {
    let clock = Clock::new(start, TimeZone::UTC);
    let design = HubDesign::new(law, None, 1.0, &clock);
    let drawn: Vec<Vec<Row>> = (0..REPLICATIONS)
        .map(|replication| {
            let mut hub = Hub::new(&design, &Streams::new(1, replication));
            rows.iter()
                .enumerate()
                .map(|(i, row)| {
                    hub.advance(Time::ZERO + Span::from_secs(900 * i as u64));
                    Row { price: hub.current(), ..*row }
                })
                .collect()
        })
        .collect();
    let real = figures(rows);
    let ours: Vec<Vec<(String, f64)>> = drawn.iter().map(|rows| figures(rows)).collect();
    let mut out = format!(
        "\n{REPLICATIONS} draws of the law over the same {} intervals\n\n\
         | figure | data | model mean | 5 % to 95 % of draws |\n|---|---|---|---|\n",
        rows.len()
    );
    for (i, (name, value)) in real.iter().enumerate() {
        let mut all: Vec<f64> = ours.iter().map(|f| f[i].1).collect();
        all.sort_by(f64::total_cmp);
        let (low, high) = (data::quantile(&all, 0.05), data::quantile(&all, 0.95));
        let middle = mean(all.iter().copied());
        out.push_str(&format!("| {name} | {value:.4} | {middle:.4} | {low:.4} to {high:.4} |\n"));
    }
    let all = drawn.concat();
    let capped = |rows: &[Row], keep: &dyn Fn(&Row) -> bool| {
        mean(rows.iter().filter(|r| keep(r)).map(|r| r.price.min(200.0)))
    };
    out.push_str("\nprofiles of min(price, 200 $/MWh): data, model\n\n| hour | data | model | month | data | model |\n|---|---|---|---|---|---|\n");
    for i in 0..24 {
        let hour = |r: &Row| r.hour == i;
        out.push_str(&format!("| {i} | {:.1} | {:.1} |", capped(rows, &hour), capped(&all, &hour)));
        if i < 12 {
            let month = |r: &Row| r.month == i;
            let line =
                format!(" {} | {:.1} | {:.1} |", i + 1, capped(rows, &month), capped(&all, &month));
            out.push_str(&line);
        } else {
            out.push_str(" | | |");
        }
        out.push('\n');
    }
    out
}

fn figures(rows: &[Row]) -> Vec<(String, f64)> {
    let prices: Vec<f64> = rows.iter().map(|row| row.price).collect();
    let mut sorted = prices.clone();
    sorted.sort_by(f64::total_cmp);
    let mut list = vec![
        ("mean, $/MWh".to_owned(), mean(prices.iter().copied())),
        ("standard deviation, $/MWh".to_owned(), data::deviation(&prices)),
        ("share negative".to_owned(), mean(prices.iter().map(|p| f64::from(u8::from(*p < 0.0))))),
    ];
    for p in [0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999] {
        list.push((format!("p{}", p * 100.0), data::quantile(&sorted, p)));
    }
    list.push(("max".to_owned(), sorted[sorted.len() - 1]));
    for threshold in [60.0, 80.0, 86.0, 100.0, 150.0, 300.0, 1000.0] {
        let (uptime, stops) = policy(&prices, threshold, threshold, 0);
        list.push((format!("uptime, off above {threshold}"), uptime));
        list.push((format!("stops, off above {threshold}"), stops));
    }
    let (uptime, stops) = policy(&prices, 86.0, 70.0, 3);
    list.push(("uptime, off above 86, on at 70, 3 intervals".to_owned(), uptime));
    list.push(("stops, the same".to_owned(), stops));
    let on: Vec<f64> = prices.iter().copied().filter(|p| *p <= 86.0).collect();
    list.push(("mean price while at or below 86".to_owned(), mean(on)));
    let clipped: Vec<f64> = prices.iter().map(|p| p.clamp(-20.0, 150.0)).collect();
    for (name, lag) in [("15 min", 1), ("1 h", 4), ("4 h", 16), ("1 d", 96), ("7 d", 672)] {
        let value = data::correlation(&clipped, &clipped, lag);
        list.push((format!("correlation after {name} (clipped to -20..150)"), value));
    }
    let days: Vec<f64> = prices.chunks(96).map(|day| mean(day.iter().copied())).collect();
    list.push(("deviation of daily mean".to_owned(), data::deviation(&days)));
    let scarce: Vec<bool> = prices.chunks(96).map(|day| day.iter().any(|p| *p > 86.0)).collect();
    list.push((
        "share of days with scarcity".to_owned(),
        mean(scarce.iter().map(|s| f64::from(u8::from(*s)))),
    ));
    list
}

/// Share of intervals on and number of stops of a load that stops above `off`, comes back at or
/// below `on`, and stays off at least `least` intervals.
fn policy(prices: &[f64], off: f64, on: f64, least: usize) -> (f64, f64) {
    let (mut running, mut since, mut up, mut stops) = (true, 0, 0, 0);
    for price in prices {
        if running {
            if *price > off {
                (running, since) = (false, 0);
                stops += 1;
            }
        } else {
            since += 1;
            running = *price <= on && since >= least;
        }
        up += usize::from(running);
    }
    (up as f64 / prices.len() as f64, f64::from(stops))
}
