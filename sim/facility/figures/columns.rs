//! The tables of columns: what is read after each instant of the site, its halls, its cooling and
//! its workloads.

mod cooling;
mod halls;
mod power;
mod site;
mod works;

use super::{Column, SubjectKind, programmes, thermal};

/// The columns of the instances of a declared thing of `kind`.
pub(super) fn group_columns(kind: SubjectKind) -> Vec<&'static Column> {
    let tables: &[&'static [Column]] = match kind {
        SubjectKind::Site => &[site::SITE],
        SubjectKind::Losses => &[power::LOSSES],
        SubjectKind::Loop => &[cooling::LOOP],
        SubjectKind::Exchanger => &[cooling::EXCHANGER],
        SubjectKind::Hall => &[halls::HALL],
        SubjectKind::Storage => &[power::STORAGE],
        SubjectKind::Array => &[power::ARRAY],
        SubjectKind::Transformer => &[thermal::TRANSFORMER],
        SubjectKind::Mining => &[works::WORK, works::MINING],
        SubjectKind::Training => &[works::WORK, works::TRAINING],
        SubjectKind::Cores => &[works::WORK, works::CORES],
        SubjectKind::Inference => &[works::WORK, works::INFERENCE],
        SubjectKind::HeatLoad => &[works::WORK, works::HEAT_LOAD],
        SubjectKind::Programme => &[programmes::COLUMNS],
        SubjectKind::Class
        | SubjectKind::Cause
        | SubjectKind::Component
        | SubjectKind::Contract => &[],
    };
    tables.iter().flat_map(|table| table.iter()).collect()
}
