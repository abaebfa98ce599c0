//! What a log, or a file beside it, tells of the power of its jobs.

use std::collections::BTreeMap;

use crate::kernel::Span;
use crate::tables::rows::TextLayout;
use crate::tables::{Column, LineError, RowReader, Wanted};

/// What the numbers of a column are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DrawKind {
    /// Mean utilisation of the nodes of a job, as a share.
    Utilisation,
    /// Mean power of each node of a job, W; of a job that shares a node, of its part of it.
    Power,
    /// Energy of all nodes of a job, J.
    Energy,
    /// Time of processors that a job used, as Slurm writes it: `1-02:03:04`.
    CpuTime,
}

/// A column that tells what jobs drew.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawColumn {
    /// What its numbers are.
    pub kind: DrawKind,
    /// Where they stand.
    pub column: Column,
}

/// What was told of a job.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Told {
    /// A share of the way from an idle node to a full one.
    Share(f64),
    /// Power of each node or, where it shares one, of its part, W.
    NodeW(f64),
    /// Energy of all its nodes, J.
    EnergyJ(f64),
}

impl DrawKind {
    /// What `value` in base units tells; nothing where it is missing. A node that runs draws power, so
    /// that a zero of it is what a log has where nothing measures, as Slurm without a plugin for energy.
    pub(super) fn told(self, value: f64) -> Option<Told> {
        let told = match self {
            Self::Utilisation | Self::CpuTime => Told::Share(value),
            Self::Power | Self::Energy if value == 0.0 => return None,
            Self::Power => Told::NodeW(value),
            Self::Energy => Told::EnergyJ(value),
        };
        value.is_finite().then_some(told)
    }
}

/// What a node draws.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NodePower {
    /// Without a job, W.
    pub idle_w: f64,
    /// At most, W.
    pub full_w: f64,
}

impl NodePower {
    /// What the `nodes` nodes of a job that ran for `run` drew, as a share of the way from idle to
    /// full; outside of 0 to 1 where the log says so.
    pub(super) fn load(self, told: Told, run: Span, nodes: f64) -> f64 {
        let of_node = |w: f64| (w - self.idle_w) / (self.full_w - self.idle_w);
        match told {
            Told::Share(share) => share,
            Told::NodeW(w) => of_node(w / nodes.min(1.0)),
            Told::EnergyJ(joules) => of_node(joules / run.as_secs_f64() / nodes),
        }
    }
}

/// What the jobs of a log drew, by their numbers, from a file beside it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Draws(BTreeMap<u64, Told>);

impl Draws {
    pub(super) fn of(&self, job: u64) -> Option<Told> {
        self.0.get(&job).copied()
    }

    /// How many jobs it tells of.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it tells of none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Reads a table of draws by job.
#[derive(Debug, Clone)]
pub struct DrawsReader {
    rows: RowReader,
    kind: DrawKind,
    draws: Draws,
}

impl DrawsReader {
    /// A reader of a table laid out as `layout`, whose column `job` has the numbers of jobs.
    pub fn new(layout: TextLayout, job: &str, draw: &DrawColumn) -> Self {
        // A draw belongs to a job, not to a time.
        let layout = TextLayout { time: Vec::new(), ..layout };
        let wanted = vec![Wanted::from(draw.column.clone())];
        let rows = RowReader::new(layout, wanted, vec![job.to_owned()]);
        Self { rows, kind: draw.kind, draws: Draws::default() }
    }

    /// Reads line `number`.
    ///
    /// # Errors
    ///
    /// A line that is no row, a job that is no number, or one that has a row already.
    pub fn read(&mut self, number: u64, line: &[u8]) -> Result<(), LineError> {
        if !self.rows.read(number, line)? {
            return Ok(());
        }
        let job = self.rows.text(0);
        let job: u64 = job.parse().map_err(|_| {
            LineError::new(number, format!("needs the number of a job, got `{job}`"))
        })?;
        let Some(told) = self.kind.told(self.rows.values()[0]) else { return Ok(()) };
        if self.draws.0.contains_key(&job) {
            let help = "a job has one row: its mean while it ran";
            let error = LineError::new(number, format!("a second row of job {job}"));
            return Err(error.help_from(Some(help.to_owned())));
        }
        self.draws.0.insert(job, told);
        Ok(())
    }

    /// What was read.
    ///
    /// # Errors
    ///
    /// A table without a header.
    pub fn finish(self) -> Result<Draws, LineError> {
        self.rows.finish()?;
        Ok(self.draws)
    }
}
