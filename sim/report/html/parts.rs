//! What the sections of a page are made with, and what they are.

use std::cell::RefCell;

use super::chart::time::{Band, TimeChart};
use super::figure::{Caption, Layout, figure, legend};
use super::run::Run;

/// What the sections of a page share.
#[derive(Debug)]
pub(super) struct Page<'a> {
    pub(super) run: &'a Run,
    /// Spans in which something was down.
    pub(super) bands: Vec<Band>,
    /// Charts that a script may take over, in the order of the page.
    charts: RefCell<Vec<TimeChart>>,
}

impl<'a> Page<'a> {
    pub(super) fn new(run: &'a Run, bands: Vec<Band>) -> Self {
        Self { run, bands, charts: RefCell::default() }
    }

    /// The charts that were drawn so far.
    pub(super) fn into_charts(self) -> Vec<TimeChart> {
        self.charts.into_inner()
    }

    /// A figure of series over time.
    pub(super) fn time_figure(&self, chart: TimeChart, reading: &str) -> String {
        let id = format!("chart-{}", self.charts.borrow().len());
        let keys: Vec<(String, String)> =
            chart.lines.iter().map(|line| (line.class(), line.label.clone())).collect();
        let below = legend(&keys);
        let caption = Caption { title: &chart.title, reading };
        let drawn = figure(&caption, Layout::Full, Some(&id), &below, |width| {
            chart.draw(self.run, &self.bands, width)
        });
        self.charts.borrow_mut().push(chart);
        drawn
    }
}

/// A section of the page: its anchor, its heading, its question, what it shows.
#[derive(Debug)]
pub(super) struct Section {
    pub(super) id: String,
    pub(super) heading: String,
    pub(super) question: String,
    pub(super) body: String,
}
