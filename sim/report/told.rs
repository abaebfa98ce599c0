//! The tables that the page of a run is drawn from, beside its time series: what each declared part
//! of the site carried, and who serves whom.

use std::io;

use jiff::Timestamp;

use super::table::{Cell, Column, Kind, NANOSECONDS, Tables, count, real, text};
use crate::facility::{DisturbanceRow, Graph, IncidentRow, LoadRow, StateRow};
use crate::kernel::Time;
use crate::measure::JOULES_PER_MWH;
use crate::scenario::Origin;

/// Columns of `loads`: a row an interval and declared part of the site.
pub(super) fn load_columns(decimals: u8) -> Vec<Column> {
    vec![
        Column::new("start_utc", Kind::Time(decimals)),
        text("group"),
        real("power_mw"),
        real("max_mw"),
        real("utilisation_max"),
        real("loss_mw"),
        real("feeder_share"),
    ]
}

/// Its row of the interval that began at `start`.
pub(super) fn load_row(start: Timestamp, row: &LoadRow<'_>, cells: &mut Vec<Cell>) {
    let maybe = |value: Option<f64>| value.map_or(Cell::Missing, Cell::Real);
    cells.extend([
        Cell::Time(start),
        Cell::Text(row.group.to_owned()),
        Cell::Real(row.power_w / 1e6),
        Cell::Real(row.max_w / 1e6),
        maybe(row.utilisation_max),
        Cell::Real(row.loss_w / 1e6),
        maybe(row.feeder_share),
    ]);
}

/// Columns of `origins`: a row for each value of the scenario, and for each default that stands for
/// one that is not written.
pub(super) fn origin_columns() -> Vec<Column> {
    vec![text("path"), text("value"), text("origin"), text("file"), real("line"), text("source")]
}

/// Its row.
pub(super) fn origin_row(origin: &Origin) -> [Cell; 6] {
    let text = |text: &str| Cell::Text(text.to_owned());
    [
        text(&origin.path),
        text(&origin.value),
        text(origin.by.name()),
        text(&origin.file),
        origin.line.map_or(Cell::Missing, |line| Cell::Real(line as f64)),
        text(&origin.source),
    ]
}

/// Writes `graph`: a row for each declared part of the site, then one for each connection, from a
/// unit to a run of units.
pub(super) fn write_graph(tables: &Tables<'_>, graph: &Graph) -> io::Result<()> {
    let columns = vec![
        text("record"),
        text("key"),
        text("kind"),
        real("units"),
        real("rating_mw"),
        real("stage"),
        text("domain"),
        real("from_unit"),
        text("to"),
        real("unit_lo"),
        real("unit_hi"),
        text("role"),
    ];
    let none = || Cell::Text(String::new());
    let text = |text: &str| Cell::Text(text.to_owned());
    let mut table = tables.create("graph", columns)?;
    for node in &graph.nodes {
        table.push(&[
            text("node"),
            text(&node.key),
            text(node.kind),
            Cell::Real(node.units as f64),
            node.rating_w.map_or(Cell::Missing, |w| Cell::Real(w / 1e6)),
            Cell::Real(f64::from(node.stage)),
            text(node.domain),
            Cell::Missing,
            none(),
            Cell::Missing,
            Cell::Missing,
            none(),
        ])?;
    }
    for edge in &graph.edges {
        table.push(&[
            text("edge"),
            text(&edge.from),
            text(edge.kind),
            Cell::Missing,
            Cell::Missing,
            Cell::Missing,
            none(),
            Cell::Real(f64::from(edge.from_unit)),
            text(&edge.to),
            Cell::Real(f64::from(edge.to_units.0)),
            Cell::Real(f64::from(edge.to_units.1)),
            text(&edge.role),
        ])?;
    }
    table.finish()
}

/// Columns of `states`: a row for each change of units that follow each other.
pub(super) fn state_columns() -> Vec<Column> {
    vec![
        count("at_us"),
        text("component"),
        count("unit_lo"),
        count("unit_hi"),
        text("state"),
        Column::new("feeder", Kind::MaybeCount),
    ]
}

/// Its row.
pub(super) fn state_row(row: &StateRow<'_>, cells: &mut Vec<Cell>) {
    cells.extend([
        Cell::Count(row.at.since(Time::ZERO).as_nanos() / 1000),
        Cell::Text(row.component.to_owned()),
        Cell::Count(row.units.0.into()),
        Cell::Count(row.units.1.into()),
        Cell::Text(row.state.to_owned()),
        row.feeder.map_or(Cell::Missing, |feeder| Cell::Count(feeder.into())),
    ]);
}

/// Columns of `incidents`: a row for each thing that went wrong or followed from it.
pub(super) fn incident_columns() -> Vec<Column> {
    let maybe = |name: &str| Column::new(name, Kind::MaybeCount);
    vec![
        count("incident"),
        count("seq"),
        maybe("parent_seq"),
        Column::new("at_utc", Kind::Time(NANOSECONDS)),
        Column::new("until_utc", Kind::MaybeTime(NANOSECONDS)),
        text("subject"),
        maybe("unit"),
        text("what"),
        text("cause"),
        count("count"),
        real("energy_mwh"),
        real("gpu_h"),
        count("requests"),
        count("jobs"),
    ]
}

/// Its row.
pub(super) fn incident_row(
    row: &IncidentRow<'_>,
    time: impl Fn(Time) -> Timestamp,
    cells: &mut Vec<Cell>,
) {
    let maybe = |value: Option<u32>| value.map_or(Cell::Missing, |value| Cell::Count(value.into()));
    cells.extend([
        Cell::Count(row.incident),
        Cell::Count(row.seq.into()),
        maybe(row.parent_seq),
        Cell::Time(time(row.at)),
        row.until.map_or(Cell::Missing, |until| Cell::Time(time(until))),
        Cell::Text(row.subject.to_owned()),
        maybe(row.unit),
        Cell::Text(row.what.to_owned()),
        Cell::Text(row.cause.to_owned()),
        Cell::Count(row.count.into()),
        Cell::Real(row.energy_j / JOULES_PER_MWH),
        Cell::Real(row.gpu_s / 3600.0),
        Cell::Count(row.requests),
        Cell::Count(row.jobs),
    ]);
}

/// Columns of `disturbances`: a row for each sag and outage of a feed, and one for each component that
/// noticed.
pub(super) fn disturbance_columns() -> Vec<Column> {
    vec![
        count("disturbance"),
        text("component"),
        Column::new("at_utc", Kind::Time(NANOSECONDS)),
        Column::new("until_utc", Kind::MaybeTime(NANOSECONDS)),
        count("units"),
        count("lost"),
        text("cause"),
        Column::new("incident", Kind::MaybeCount),
        real("residual"),
        real("duration_s"),
        text("iti"),
        text("duty"),
        text("must_stay"),
        text("duty_met"),
        text("followed_until"),
        real("import_before_mw"),
        real("import_lost_mw"),
        real("back_s"),
        real("swing_5s_mw"),
        real("rise_15s_mw"),
        real("rise_1min_mw"),
        real("rise_10min_mw"),
    ]
}

/// Its row.
pub(super) fn disturbance_row(
    row: &DisturbanceRow<'_>,
    time: impl Fn(Time) -> Timestamp,
    cells: &mut Vec<Cell>,
) {
    let text = |text: &str| Cell::Text(text.to_owned());
    let answer = |answer: Option<bool>| match answer {
        None => text(""),
        Some(true) => text("yes"),
        Some(false) => text("no"),
    };
    let mw = |w: f64| Cell::Real(w / 1e6);
    cells.extend([
        Cell::Count(row.disturbance),
        text(row.component),
        Cell::Time(time(row.at)),
        row.until.map_or(Cell::Missing, |until| Cell::Time(time(until))),
        Cell::Count(row.units.into()),
        Cell::Count(row.lost.into()),
    ]);
    let Some(ride) = &row.ride else {
        cells.extend([text(""), Cell::Missing, Cell::Missing, Cell::Missing]);
        cells.extend((0..5).map(|_| text("")));
        return cells.extend((0..7).map(|_| Cell::Missing));
    };
    cells.extend([
        text(ride.cause),
        ride.incident.map_or(Cell::Missing, Cell::Count),
        Cell::Real(ride.residual),
        Cell::Real(ride.lasted.as_secs_f64()),
        text(if ride.iti { "within" } else { "beyond" }),
        text(ride.duty.unwrap_or_default()),
        answer(ride.must_stay),
        answer(ride.met),
        text(ride.ended.name()),
        mw(ride.before_w),
        mw(ride.lost_w),
        ride.back.map_or(Cell::Missing, |back| Cell::Real(back.as_secs_f64())),
    ]);
    cells.extend(ride.swings_w.map(mw));
}
