//! Clients whose windows were recorded: which folder, which of them, how often.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;

use super::trace::Recordings;
use crate::kernel::Time;
use crate::spec::{Check, Fault, FilePath};
use crate::units::Rate;
use crate::workload::inference::load::{MOST_CLIENTS, RecordedDesign};
use crate::workload::inference::replica::Limits;

/// Clients as ServeGen (arXiv:2505.09999) publishes them: each has a rate, a law of the gaps between
/// its requests and their lengths anew for every window. The first window comes at the start of the
/// run.
///
/// Requests are drawn: each cell has the clients with luck of its own, and a client's luck depends on
/// no other client. In each window a client is a renewal process that has the measured rate and
/// variation of gaps.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ServeGenSpec {
    /// The folder with `chunk-N-trace.csv` and `chunk-N-dataset.json` of each client N.
    pub folder: FilePath,
    /// The numbers of the clients that send. Default: all of the folder.
    pub clients: Option<Vec<u32>>,
    /// Whether the record starts again where it ends. Default: no.
    pub repeat: Option<bool>,
}

impl ServeGenSpec {
    /// The clients for a cell of so many `replicas` under `limits`, each of which receives `rate` in the mean
    /// of the record where that is written, in a run until `end`.
    pub(super) fn resolve(
        &self,
        (replicas, rate): (f64, Option<Rate>),
        (limits, end): (&Limits, Time),
        open: &dyn Recordings,
        faults: &mut Vec<Fault>,
    ) -> Option<RecordedDesign> {
        let numbers = self.numbers(faults)?;
        let record = open.clients(&self.folder, numbers.as_deref(), limits, faults)?;
        let own = record.rate_per_s();
        let rate_scale = match rate {
            Some(_) if own <= 0.0 => {
                let message = format!("`{}`: its clients send nothing", self.folder);
                faults.push(Fault::error("folder", message).at(self.folder.mark));
                return None;
            }
            Some(rate) => rate.0 * replicas / own,
            None => 1.0,
        };
        let repeat = self.repeat.unwrap_or(false);
        Some(RecordedDesign { record: Arc::new(record), rate_scale, repeat, end })
    }

    /// The clients that are asked for, each once and by rising number; none where that is all.
    fn numbers(&self, faults: &mut Vec<Fault>) -> Option<Option<Vec<u32>>> {
        let Some(written) = &self.clients else { return Some(None) };
        let mut check = Check { faults };
        if written.is_empty() || written.len() > MOST_CLIENTS {
            check.error("clients", format!("needs 1 to {MOST_CLIENTS} numbers of clients"));
            return None;
        }
        let mut numbers = written.clone();
        numbers.sort_unstable();
        if let Some(twice) = numbers.windows(2).find(|pair| pair[0] == pair[1]) {
            check.error("clients", format!("client {} stands there twice", twice[0]));
            return None;
        }
        Some(Some(numbers))
    }
}
