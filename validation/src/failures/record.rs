//! Faults of the nodes of a cluster, as its operators kept them or as a run made them, and figures of them.

use std::path::Path;

use jiff::Timestamp;

use crate::data::{Csv, Row, deviation, mean, quantile};

/// A day, h.
const DAY_H: f64 = 24.0;

/// A node that went out of service.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fault {
    pub(super) node: usize,
    /// When, days after the beginning of the record.
    pub(super) day: f64,
    /// For how long, h.
    pub(super) hours: f64,
}

impl Fault {
    fn end_day(&self) -> f64 {
        self.day + self.hours / DAY_H
    }
}

/// The faults of so many nodes over so many days, in the order of their beginnings.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) nodes: usize,
    pub(super) days: f64,
    pub(super) faults: Vec<Fault>,
}

impl Record {
    pub(super) fn new(nodes: usize, days: f64, mut faults: Vec<Fault>) -> Self {
        faults.sort_by(|a, b| a.day.total_cmp(&b.day));
        Self { nodes, days, faults }
    }

    /// The faults of InfiniteHBD's 400 servers, which its file numbers by their first fault.
    pub(super) fn infinitehbd(data: &Path) -> Result<Self, String> {
        let table = Csv::read(&data.join("infinitehbd_server_faults.csv"))?;
        let fault = |row: Row<'_>| {
            let node = row.number("node")? as usize - 1;
            Ok(Fault { node, day: row.number("start_day")?, hours: row.number("down_h")? })
        };
        let faults: Result<Vec<Fault>, String> = table.rows().map(fault).collect();
        Ok(Self::new(400, 348.0, faults?))
    }

    /// The outages of the nodes of a system of LANL from its first to its last. Rows without a time of both
    /// ends are left out.
    pub(super) fn lanl(data: &Path, system: &str) -> Result<Self, String> {
        let table = Csv::read(&data.join("lanl_failures_1996_2005.csv.gz"))?;
        let (mut nodes, mut faults) = (0.0, Vec::new());
        for row in table.rows() {
            if row.text("system")? != system {
                continue;
            }
            let day = |column: &str| -> Option<f64> {
                let at: Timestamp = row.text(column).ok()?.parse().ok()?;
                Some(at.as_second() as f64 / 86_400.0)
            };
            let (all, node) = (row.number("nodes_of_system"), row.number("node"));
            let row = (all.ok(), node.ok(), day("start_utc"), day("end_utc"));
            let (Some(all), Some(node), Some(from), Some(to)) = row else { continue };
            nodes = f64::max(nodes, all.max(node + 1.0));
            let hours = (to - from) * DAY_H;
            faults.push(Fault { node: node as usize, day: from, hours });
        }
        let first = faults.iter().map(|fault| fault.day).fold(f64::INFINITY, f64::min);
        faults.iter_mut().for_each(|fault| fault.day -= first);
        let last = faults.iter().map(|fault| fault.day).fold(0.0, f64::max);
        if faults.is_empty() {
            return Err(format!("LANL's failures: nothing of system {system}"));
        }
        Ok(Self::new(nodes as usize, last, faults))
    }

    /// Its part between two days, from the first of which days are counted. What was out of service before
    /// is not told.
    pub(super) fn part(&self, from: f64, to: f64) -> Self {
        let faults = self.faults.iter().filter(|fault| (from..to).contains(&fault.day));
        let faults = faults.map(|fault| Fault { day: fault.day - from, ..*fault });
        Self { nodes: self.nodes, days: to - from, faults: faults.collect() }
    }

    /// The nodes for which `is_part` holds, numbered anew.
    pub(super) fn of_nodes(&self, is_part: impl Fn(usize) -> bool) -> Self {
        let kept: Vec<usize> = (0..self.nodes).filter(|&node| is_part(node)).collect();
        let fault = |fault: &Fault| {
            let node = kept.binary_search(&fault.node).ok()?;
            Some(Fault { node, ..*fault })
        };
        let faults = self.faults.iter().filter_map(fault).collect();
        Self { nodes: kept.len(), days: self.days, faults }
    }

    /// Its two halves in time.
    pub(super) fn halves(&self) -> [Self; 2] {
        let middle = 0.5 * self.days;
        [self.part(0.0, middle), self.part(middle, self.days)]
    }

    /// Faults of each node.
    pub(super) fn counts(&self) -> Vec<f64> {
        let mut counts = vec![0.0; self.nodes];
        self.faults.iter().for_each(|fault| counts[fault.node] += 1.0);
        counts
    }

    /// Hours out of service, in rising order.
    pub(super) fn hours(&self) -> Vec<f64> {
        let mut hours: Vec<f64> = self.faults.iter().map(|fault| fault.hours).collect();
        hours.sort_by(f64::total_cmp);
        hours
    }

    /// Of the returns into service that `follow` days of the record come after, the share that a fault of
    /// the same node follows within `within` days.
    pub(super) fn back_within(&self, within: f64, follow: f64) -> f64 {
        let (mut returns, mut back) = (0.0, 0.0);
        for (index, fault) in self.faults.iter().enumerate() {
            let end = fault.end_day();
            if end + follow > self.days {
                continue;
            }
            let later = &self.faults[index + 1..];
            let next = later.iter().find(|next| next.node == fault.node && next.day >= end);
            returns += 1.0;
            back += f64::from(next.is_some_and(|next| next.day - end < within));
        }
        back / returns
    }

    /// Nodes out of service at noon of each day.
    fn out_of_service(&self) -> Vec<f64> {
        let noons = (0..self.days as usize).map(|day| day as f64 + 0.5);
        let out = noons.map(|noon| {
            let is_out = |fault: &&Fault| fault.day <= noon && noon < fault.end_day();
            self.faults.iter().filter(is_out).count() as f64
        });
        out.collect()
    }

    /// Faults of each whole week.
    fn by_week(&self) -> Vec<f64> {
        let mut weeks = vec![0.0; (self.days / 7.0) as usize];
        for fault in &self.faults {
            if let Some(week) = weeks.get_mut((fault.day / 7.0) as usize) {
                *week += 1.0;
            }
        }
        weeks
    }
}

/// What is told of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Figure {
    PerNodeYear,
    HoursMedian,
    HoursMean,
    HoursP90,
    HoursP99,
    ShareOut,
    OutP90,
    BackInADay,
    SpreadOfNodes,
    WorstPercent,
    WorstTwentieth,
    WorstTenth,
    WorstOfBefore,
    SpreadOfWeeks,
}

impl Figure {
    pub(super) const ALL: [Self; 14] = [
        Self::PerNodeYear,
        Self::HoursMedian,
        Self::HoursMean,
        Self::HoursP90,
        Self::HoursP99,
        Self::ShareOut,
        Self::OutP90,
        Self::BackInADay,
        Self::SpreadOfNodes,
        Self::WorstPercent,
        Self::WorstTwentieth,
        Self::WorstTenth,
        Self::WorstOfBefore,
        Self::SpreadOfWeeks,
    ];

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::PerNodeYear => "faults a node-year",
            Self::HoursMedian => "out of service, median, h",
            Self::HoursMean => "out of service, mean, h",
            Self::HoursP90 => "out of service, p90, h",
            Self::HoursP99 => "out of service, p99, h",
            Self::ShareOut => "nodes out of service, %, mean of days",
            Self::OutP90 => "nodes out of service, %, p90 of days",
            Self::BackInADay => "returns with a fault within a day, %",
            Self::SpreadOfNodes => "counts of nodes, variance / mean",
            Self::WorstPercent => "faults of the worst 1 % of nodes, %",
            Self::WorstTwentieth => "faults of the worst 5 % of nodes, %",
            Self::WorstTenth => "faults of the worst 10 % of nodes, %",
            Self::WorstOfBefore => "later faults of the first half's worst 10 %, %",
            Self::SpreadOfWeeks => "counts of weeks, variance / mean",
        }
    }

    /// The figure of a record.
    pub(super) fn of(self, record: &Record) -> f64 {
        let of_hours = |p: f64| quantile(&record.hours(), p);
        let of_out =
            |f: fn(&[f64]) -> f64| 100.0 * f(&record.out_of_service()) / record.nodes as f64;
        match self {
            Self::PerNodeYear => {
                record.faults.len() as f64 * 365.25 / (record.nodes as f64 * record.days)
            }
            Self::HoursMedian => of_hours(0.5),
            Self::HoursMean => mean(record.hours()),
            Self::HoursP90 => of_hours(0.9),
            Self::HoursP99 => of_hours(0.99),
            Self::ShareOut => of_out(|out| mean(out.iter().copied())),
            Self::OutP90 => of_out(|out| {
                let mut sorted = out.to_vec();
                sorted.sort_by(f64::total_cmp);
                quantile(&sorted, 0.9)
            }),
            Self::BackInADay => 100.0 * record.back_within(1.0, 1.0),
            Self::SpreadOfNodes => dispersion(&record.counts()),
            Self::WorstPercent => worst(record, record, 0.01),
            Self::WorstTwentieth => worst(record, record, 0.05),
            Self::WorstTenth => worst(record, record, 0.1),
            Self::WorstOfBefore => {
                let [before, after] = record.halves();
                worst(&before, &after, 0.1)
            }
            Self::SpreadOfWeeks => dispersion(&record.by_week()),
        }
    }
}

/// Variance over mean.
fn dispersion(counts: &[f64]) -> f64 {
    deviation(counts).powi(2) / mean(counts.iter().copied())
}

/// How many per cent of the faults of `of` struck the nodes that were the worst `share` by `ranked`.
fn worst(ranked: &Record, of: &Record, share: f64) -> f64 {
    let ranks = ranked.counts();
    let mut nodes: Vec<usize> = (0..ranked.nodes).collect();
    nodes.sort_by(|&a, &b| ranks[b].total_cmp(&ranks[a]));
    nodes.truncate((share * ranked.nodes as f64).round() as usize);
    let counts = of.counts();
    100.0 * nodes.iter().map(|&node| counts[node]).sum::<f64>() / of.faults.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ten nodes over twenty days: one fails thrice in the second half, half a day after each return.
    #[test]
    fn figures_count_what_they_name() {
        let fault = |node, day, hours| Fault { node, day, hours };
        let faults = vec![
            fault(3, 1.0, 24.0),
            fault(5, 10.0, 12.0),
            fault(5, 11.0, 12.0),
            fault(5, 12.0, 36.0),
            fault(7, 19.0, 6.0),
        ];
        let record = Record::new(10, 20.0, faults);
        let figure = |figure: Figure| figure.of(&record);
        assert_eq!(figure(Figure::PerNodeYear), 5.0 * 365.25 / 200.0);
        assert_eq!(figure(Figure::HoursMean), 18.0);
        assert_eq!(figure(Figure::HoursMedian), 12.0);
        // Of four returns that a day follows two lead to a fault, half a day later.
        assert_eq!(figure(Figure::BackInADay), 50.0);
        assert_eq!(figure(Figure::WorstTenth), 60.0);
        assert_eq!(figure(Figure::WorstOfBefore), 0.0);
        assert!((figure(Figure::SpreadOfNodes) - (1.1 - 0.25) / 0.5).abs() < 1e-9);
        // At noon of their first days nodes 3 and 5 are out of service; twice node 5 is just back.
        assert!((figure(Figure::ShareOut) - 100.0 * 2.0 / 200.0).abs() < 1e-9);
        let odd = record.of_nodes(|node| node % 2 == 1);
        assert_eq!((odd.nodes, odd.faults.len(), odd.faults[1].node), (5, 5, 2));
    }
}
