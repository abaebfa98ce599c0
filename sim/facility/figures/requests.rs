//! The table of what is counted of requests: of a service and of each of its named classes, over
//! the run and, for most of it, in each interval of the time series.

use super::{Derived, ratio};
use crate::facility::design::{Design, WorkDesign};
use crate::measure::{Figure, Latency, Row, Scale};
use crate::workload::inference::{InferenceInterval, LatencyErrors, RequestErrors, Tally};

/// Requests of a service or of a class over some time.
#[derive(Debug)]
pub(in crate::facility) struct Requests {
    pub(in crate::facility) tally: Tally,
    /// Energy of the racks that goes to them; none where that cannot be told.
    pub(in crate::facility) energy_j: Option<f64>,
    /// How long the time is, s.
    pub(in crate::facility) seconds: f64,
}

/// Whether a row is a column of the time series too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum InSeries {
    /// It is none.
    No,
    /// Its value over the interval.
    Value,
    /// Its value over the interval a second, in a column `<name>_per_s`.
    PerSecond,
    /// Its value over the interval; of the run it is derived from other figures.
    Only,
}

#[derive(Debug)]
struct RequestRow {
    row: Row<Requests>,
    series: InSeries,
}

/// A count that adds over time and is a rate in the time series.
macro_rules! counted {
    ($name:literal, $read:expr, $doc:literal) => {
        counted!(Figure::new($name, Scale::COUNT, $doc), $read)
    };
    ($figure:expr, $read:expr) => {
        RequestRow {
            row: Row::new($figure.adding(), |requests| {
                let count: fn(&Tally) -> u64 = $read;
                Some(count(&requests.tally) as f64)
            }),
            series: InSeries::PerSecond,
        }
    };
}

/// The mean, the percentiles and the maximum of a latency.
macro_rules! latency {
    ($name:literal, $of:ident, $doc:literal) => {
        [
            latency!($name, $of, "_mean", No, |l| l.mean_s(), "Mean of the ", $doc),
            latency!($name, $of, "_p50", Value, |l| l.quantile_s(0.5), "Median of the ", $doc),
            latency!(
                $name,
                $of,
                "_p90",
                No,
                |l| l.quantile_s(0.9),
                "90th percentile of the ",
                $doc
            ),
            latency!(
                $name,
                $of,
                "_p95",
                Value,
                |l| l.quantile_s(0.95),
                "95th percentile of the ",
                $doc
            ),
            latency!(
                $name,
                $of,
                "_p99",
                Value,
                |l| l.quantile_s(0.99),
                "99th percentile of the ",
                $doc
            ),
            latency!(
                $name,
                $of,
                "_p999",
                Value,
                |l| l.quantile_s(0.999),
                "99.9th percentile of the ",
                $doc
            ),
            latency!($name, $of, "_max", No, |l| l.max_s(), "Longest ", $doc),
        ]
    };
    ($name:literal, $of:ident, $end:literal, $series:ident, $read:expr, $what:literal, $doc:literal) => {
        RequestRow {
            row: Row::new(
                Figure::new(concat!($name, $end), Scale::SECONDS, concat!($what, $doc)).lower(),
                |requests| {
                    let read: fn(&Latency) -> Option<f64> = $read;
                    read(&requests.tally.$of)
                },
            ),
            series: InSeries::$series,
        }
    };
}

static COUNTS: &[RequestRow] = &[
    counted!("arrived", |t| t.arrived, "Requests that arrived."),
    counted!("served", |t| t.served, "Requests that got their last token."),
    counted!(
        Figure::new(
            "failed",
            Scale::COUNT,
            "Requests that found no live replica, were lost with theirs, or were given up.",
        )
        .lower(),
        |t| t.failed
    ),
    RequestRow {
        row: Row::new(
            Figure::new(
                "timed_out",
                Scale::COUNT,
                "Those of them whose clients had given up waiting for the last time.",
            )
            .adding()
            .lower(),
            |r| Some(r.tally.timed_out as f64),
        ),
        series: InSeries::No,
    },
    counted!(
        Figure::new(
            "rejected",
            Scale::COUNT,
            "Requests that no replica has memory for, or that met a full queue.",
        )
        .lower(),
        |t| t.rejected
    ),
    RequestRow {
        row: Row::new(
            Figure::new("simulated", Scale::COUNT, "Requests that were simulated one by one.")
                .adding(),
            |r| Some(r.tally.simulated as f64),
        ),
        series: InSeries::No,
    },
    RequestRow {
        row: Row::new(
            Figure::new(
                "retried",
                Scale::COUNT,
                "Losses after which a request was sent to another replica, and times that a client tried again.",
            )
            .adding()
            .lower(),
            |r| Some(r.tally.retried as f64),
        ),
        series: InSeries::No,
    },
    counted!("prompt_tokens", |t| t.prompt_tokens, "Prompt tokens of served requests."),
    RequestRow {
        row: Row::new(
            Figure::new(
                "cached_tokens",
                Scale::COUNT,
                "Those of them that were found in memory: with `prefix_caching` at the first admission of their request, with `prefix_memory` at the last.",
            )
            .adding(),
            |r| Some(r.tally.cached_tokens as f64),
        ),
        series: InSeries::No,
    },
    RequestRow {
        row: Row::new(
            Figure::new(
                "host_tokens",
                Scale::COUNT,
                "Those of these that were brought back from host memory.",
            )
            .adding(),
            |r| Some(r.tally.host_tokens as f64),
        ),
        series: InSeries::No,
    },
    counted!("output_tokens", |t| t.output_tokens, "Generated tokens of served requests."),
    RequestRow {
        row: Row::new(
            Figure::new(
                "slo_attainment",
                Scale::SHARE,
                "Share of the requests that have left that met their targets, failed and rejected ones as misses; none without targets.",
            )
            .higher(),
            |r| r.tally.slo_attainment(),
        ),
        series: InSeries::Only,
    },
    RequestRow {
        row: Row::new(
            Figure::new(
                "within_targets",
                Scale::COUNT,
                "Requests that were served within their targets; none without targets.",
            )
            .adding()
            .higher(),
            |r| (r.tally.slo.decided() > 0).then_some(r.tally.slo.kept as f64),
        ),
        series: InSeries::No,
    },
    RequestRow {
        row: Row::new(
            Figure::new(
                "missed_targets",
                Scale::COUNT,
                "Requests with targets that have left and have not met them; none without targets.",
            )
            .adding()
            .lower(),
            |r| (r.tally.slo.decided() > 0).then_some(r.tally.slo.missed as f64),
        ),
        series: InSeries::No,
    },
    RequestRow {
        row: Row::new(
            Figure::new(
                "left_out",
                Scale::SHARE,
                "Share of the requests that have left that are in none of the latencies, because they were not served.",
            )
            .lower(),
            |r| Some(r.tally.left_out()),
        ),
        series: InSeries::Value,
    },
    RequestRow {
        row: Row::new(
            Figure::new(
                "goodput",
                Scale::PER_SECOND,
                "Requests served within their targets a second; none without targets.",
            )
            .higher(),
            |r| {
                let has_targets = r.tally.slo.decided() > 0 && r.seconds > 0.0;
                has_targets.then(|| r.tally.slo.kept as f64 / r.seconds)
            },
        ),
        series: InSeries::Value,
    },
    RequestRow {
        row: Row::new(
            Figure::new(
                "j_per_output_token",
                Scale::J_PER_TOKEN,
                "Energy of the racks over generated tokens; of a class, its part in that energy.",
            )
            .lower(),
            |r| {
                let joules = r.energy_j.filter(|_| r.tally.output_tokens > 0)?;
                Some(joules / r.tally.output_tokens as f64)
            },
        ),
        series: InSeries::Value,
    },
];

static LATENCIES: [[RequestRow; 7]; 5] = [
    latency!("ttft", ttft, "time to first token."),
    latency!("tpot", tpot, "mean time between the tokens of a request."),
    latency!("tbt", tbt, "time between two tokens."),
    latency!("e2e", e2e, "time from arrival to last token."),
    latency!("queue", queue, "time from arrival to the first iteration."),
];

fn rows() -> impl Iterator<Item = &'static RequestRow> {
    COUNTS.iter().chain(LATENCIES.iter().flatten())
}

/// The rows of the outcome.
pub(super) fn request_rows() -> impl Iterator<Item = &'static Row<Requests>> {
    rows().filter(|row| row.series != InSeries::Only).map(|row| &row.row)
}

/// The standard errors of a latency.
macro_rules! latency_errors {
    ($name:literal, $place:literal) => {
        [
            latency_errors!($name, $place, "_mean_se", |l| l.mean_s),
            latency_errors!($name, $place, "_p50_se", |l| l.percentiles_s[0]),
            latency_errors!($name, $place, "_p90_se", |l| l.percentiles_s[1]),
            latency_errors!($name, $place, "_p95_se", |l| l.percentiles_s[2]),
            latency_errors!($name, $place, "_p99_se", |l| l.percentiles_s[3]),
            latency_errors!($name, $place, "_p999_se", |l| l.percentiles_s[4]),
        ]
    };
    ($name:literal, $place:literal, $end:literal, $read:expr) => {
        Row::new(
            Figure::new(
                concat!($name, $end),
                Scale::SECONDS,
                "Standard error of that figure, where time was sampled: half a 95 % interval is 1.96 times as wide.",
            ),
            |errors| {
                let read: fn(&LatencyErrors) -> Option<f64> = $read;
                read(&errors.latencies[$place])
            },
        )
    };
}

static LATENCY_ERRORS: [[Row<RequestErrors>; 6]; 5] = [
    latency_errors!("ttft", 0),
    latency_errors!("tpot", 1),
    latency_errors!("tbt", 2),
    latency_errors!("e2e", 3),
    latency_errors!("queue", 4),
];

static COUNT_ERRORS: &[Row<RequestErrors>] = &[
    Row::new(
        Figure::new(
            "served_se",
            Scale::COUNT,
            "Standard error of `served`, where time was sampled.",
        ),
        |errors| errors.served,
    ),
    Row::new(
        Figure::new(
            "output_tokens_se",
            Scale::COUNT,
            "Standard error of `output_tokens`, where time was sampled.",
        ),
        |errors| errors.output_tokens,
    ),
    Row::new(
        Figure::new(
            "slo_attainment_se",
            Scale::SHARE,
            "Standard error of `slo_attainment`, where time was sampled.",
        ),
        |errors| errors.slo_attainment,
    ),
];

/// The standard errors of requests that were sampled in time.
pub(super) fn error_rows() -> impl Iterator<Item = &'static Row<RequestErrors>> {
    COUNT_ERRORS.iter().chain(LATENCY_ERRORS.iter().flatten())
}

/// Figures of requests that are made of others.
pub(super) static DERIVED: &[Derived] = &[
    Derived::new(
    Figure::new(
        "slo_attainment",
        Scale::SHARE,
        "Share of the requests that have left that met their targets, failed and rejected ones as misses; none without targets.",
    )
    .higher(),
        |of| ratio(of("within_targets"), Some(of("within_targets")? + of("missed_targets")?)),
    ),
    Derived::new(
        Figure::new(
            "stands_for",
            Scale::RATIO,
            "How many requests a simulated one stands for, in the mean.",
        ),
        |of| ratio(of("arrived"), of("simulated")),
    ),
];

/// The columns of the time series behind the name of the service or class, each with its figure.
pub(super) fn request_columns() -> impl Iterator<Item = (String, &'static Figure)> {
    rows().filter_map(|row| {
        let key = row.row.figure.key();
        let name = match row.series {
            InSeries::No => return None,
            InSeries::Value | InSeries::Only => key,
            InSeries::PerSecond => format!("{key}_per_s"),
        };
        Some((name, &row.row.figure))
    })
}

/// The column that says what a row of a service that is sampled in time is taken from.
pub(super) static SIMULATED: Figure = Figure::new(
    "simulated",
    Scale::SHARE,
    "Share of the interval that was simulated, of a service that is sampled in time (`requests`): what it tells of requests is estimated from that.",
);

/// The columns of all services of `design`, in the order of [`series_row`].
pub(in crate::facility) fn series_columns(design: &Design) -> Vec<String> {
    let mut columns = Vec::new();
    for site in &design.works {
        let WorkDesign::Inference { design, .. } = &site.design else { continue };
        if design.sampling.is_some() {
            columns.push(format!("{}_{}", site.name, SIMULATED.key()));
        }
        let classes = design.load.classes.iter().filter(|class| !class.name.is_empty());
        let classes = classes.map(|class| format!("{}_{}", site.name, class.name));
        for subject in std::iter::once(site.name.clone()).chain(classes) {
            columns.extend(request_columns().map(|(name, _)| format!("{subject}_{name}")));
        }
    }
    columns
}

/// Appends the values of a service for an interval of `seconds`. What has no value, such as a
/// latency where nothing was served, is not a number.
pub(in crate::facility) fn series_row(
    interval: &mut InferenceInterval,
    seconds: f64,
    row: &mut Vec<f64>,
) {
    row.extend(interval.simulated);
    let mut add = |tally: &mut Tally, energy_j: Option<f64>| {
        let requests = Requests { tally: std::mem::take(tally), energy_j, seconds };
        row.extend(rows().filter(|row| row.series != InSeries::No).map(|row| {
            let value = (row.row.read)(&requests).unwrap_or(f64::NAN);
            if row.series == InSeries::PerSecond { value / seconds } else { value }
        }));
        *tally = requests.tally;
    };
    add(&mut interval.records, Some(interval.energy_j));
    for class in &mut interval.classes {
        add(&mut class.records, class.energy_j);
    }
}

pub(super) static CLASS_ENERGY: Figure = Figure::new(
    "energy",
    Scale::MWH,
    "Its part in the energy of all racks; none where no class had any.",
)
.adding();
