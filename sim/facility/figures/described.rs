//! The tables, for the documentation.

use super::columns::group_columns;
use super::subjects::derived;
use super::{
    SubjectKind, components, contracts, halls, programmes, project, requests, reserve, rides, site,
    thermal, works,
};
use crate::measure::{Figure, Row, Scale};

/// The tables of one kind of subject, for the documentation.
#[derive(Debug)]
pub struct Described {
    /// Whose they are.
    pub kind: SubjectKind,
    /// Columns of the time series: the name behind that of the subject, the unit, how instances
    /// join, what it is.
    pub columns: Vec<(String, &'static str, &'static str, &'static str)>,
    /// Figures of the outcome.
    pub figures: Vec<&'static Figure>,
}

/// All tables, kind by kind.
pub fn described() -> Vec<Described> {
    SubjectKind::ALL.into_iter().map(describe).collect()
}

fn describe(kind: SubjectKind) -> Described {
    fn of<S>(table: &'static [Row<S>]) -> Vec<&'static Figure> {
        table.iter().map(|row| &row.figure).collect()
    }
    let mut columns = Vec::new();
    let mut figures = Vec::new();
    for column in group_columns(kind) {
        let (unit, join) = (column.scale.symbol, column.join.name());
        columns.extend(column.names("").into_iter().map(|name| (name, unit, join, column.doc)));
        figures.extend(column.totals.iter().map(|total| &total.figure));
    }
    if kind.is_workload() {
        figures.extend(of(works::WORK));
    }
    match kind {
        SubjectKind::Site => {
            figures.extend(of(site::SITE));
            figures.extend(reserve::reserve_figures());
            figures.extend(rides::ride_figures());
            figures.extend(site::SITE_SUMS.iter().map(|sum| &sum.figure));
            figures.push(&site::WORST_MONTH);
            figures.push(&programmes::SITE_INCOME);
            figures.extend(contracts::SITE);
            figures.extend(project::SITE);
            columns.extend(site::ROW_DERIVED.iter().map(|derived| {
                let Figure { scale, doc, .. } = derived.figure;
                (derived.figure.key(), scale.symbol, "", doc)
            }));
        }
        SubjectKind::Transformer => figures.extend(of(thermal::THERMAL)),
        SubjectKind::Hall => figures.extend(of(halls::HALL)),
        SubjectKind::Component => {
            figures.extend(of(components::COMPONENT));
            figures.extend(of(reserve::LOADING));
            figures.extend(reserve::reserve_figures());
        }
        SubjectKind::Mining => {
            figures.extend(of(works::MINING));
            figures.push(&project::PH_DAY);
        }
        SubjectKind::Training => {
            figures.extend(of(works::TRAINING));
            figures.extend(of(works::SEGMENTS));
            figures.push(&project::GPU_HOUR);
        }
        SubjectKind::Cores => {
            figures.extend(of(works::CORES));
            figures.extend(of(works::SEGMENTS));
        }
        SubjectKind::Cause => {
            figures.extend(of(works::CAUSE));
            figures.extend(of(works::GPU_COST));
            figures.extend(of(works::CORE_COST));
        }
        SubjectKind::HeatLoad => figures.extend(of(works::HEAT_LOAD)),
        SubjectKind::Inference => {
            figures.extend(of(works::INFERENCE));
            figures.extend(of(works::SAMPLED));
            figures.push(&project::MEGATOKEN);
        }
        SubjectKind::Class => figures.push(&requests::CLASS_ENERGY),
        SubjectKind::Contract => figures.extend(of(contracts::CONTRACT)),
        SubjectKind::Programme => figures.extend(of(programmes::PROGRAMME)),
        SubjectKind::Losses
        | SubjectKind::Loop
        | SubjectKind::Exchanger
        | SubjectKind::Storage
        | SubjectKind::Array => {}
    }
    if kind == SubjectKind::Inference {
        let simulated = &requests::SIMULATED;
        columns.push((simulated.key(), simulated.scale.symbol, "", simulated.doc));
    }
    if matches!(kind, SubjectKind::Inference | SubjectKind::Class) {
        figures.extend(requests::request_rows().map(|row| &row.figure));
        figures.extend(requests::error_rows().map(|row| &row.figure));
        columns.extend(requests::request_columns().map(|(name, figure)| {
            let rate = name.ends_with("_per_s") && figure.scale == Scale::COUNT;
            let unit = if rate { Scale::PER_SECOND.symbol } else { figure.scale.symbol };
            (name, unit, "", figure.doc)
        }));
    }
    figures.extend(derived(kind).iter().map(|derived| &derived.figure));
    Described { kind, columns, figures }
}
