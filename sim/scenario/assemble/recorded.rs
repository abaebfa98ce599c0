//! What a scenario names of recorded requests: traces, and folders of clients.

use super::inputs::{InFolder, Inputs, by_line, no_room_for, unpacked};
use crate::spec::{Fault, FilePath, Mark};
use crate::tables::LineError;
use crate::workload::inference::load::{
    Chunk, LengthWindow, MOST_CLIENTS, RateWindow, RateWindows, Record, TraceDesign, TraceFormat,
    gather, read_lengths,
};
use crate::workload::inference::replica::Limits;
use crate::workload::inference::request::Request;
use crate::workload::inference::spec::Recordings;

impl Recordings for Inputs<'_> {
    fn trace(
        &self,
        format: TraceFormat,
        file: &FilePath,
        limits: &Limits,
        faults: &mut Vec<Fault>,
    ) -> Option<TraceDesign> {
        self.open_trace(format, file, limits, faults)
    }

    fn clients(
        &self,
        folder: &FilePath,
        numbers: Option<&[u32]>,
        limits: &Limits,
        faults: &mut Vec<Fault>,
    ) -> Option<Record> {
        let record = match self.read_folder(folder, |files| read(folder, numbers, files)) {
            Ok(record) => record,
            Err(fault) => {
                faults.push(fault);
                return None;
            }
        };
        self.has_found(format!("`{folder}`: {}", record.found()));
        let fits = |prompt, output| limits.fits(&Request::new(0, prompt, output, 1));
        let too_long = record.share_beyond(fits);
        if too_long > 0.0 {
            let percent = 100.0 * too_long;
            let which = format!("{percent:.2} % of its requests");
            faults.push(no_room_for("folder", folder, &which));
        }
        Some(record)
    }
}

/// The clients of a folder: those of `numbers`, or all.
fn read(folder: &FilePath, numbers: Option<&[u32]>, files: &mut InFolder) -> Result<Record, Fault> {
    let refused = |message: String| Fault::error("folder", message).at(folder.mark);
    let named = |name: &String| number_of(name).map(|number| (number, name.clone()));
    let mut traces: Vec<(u32, String)> = files.names.iter().filter_map(named).collect();
    traces.sort_unstable();
    if traces.is_empty() {
        let message = format!("`{folder}` has no file such as `chunk-0-trace.csv`");
        let help = "the folders of ServeGen are `data/language/m-large` and its like";
        return Err(refused(message).help(help));
    }
    if let Some(twice) = traces.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        let [(_, first), (_, second)] = twice else { unreachable!("pairs") };
        return Err(refused(format!("`{folder}`: `{first}` and `{second}` are of one client")));
    }
    if let Some(numbers) = numbers {
        let missing =
            numbers.iter().find(|number| !traces.iter().any(|(other, _)| other == *number));
        if let Some(missing) = missing {
            let message = format!("`{folder}` has no `chunk-{missing}-trace.csv`");
            let known: Vec<String> = traces.iter().take(12).map(|(n, _)| n.to_string()).collect();
            let help = format!("its first clients are {}", known.join(", "));
            return Err(Fault::error("clients", message).help(help));
        }
        traces.retain(|(number, _)| numbers.binary_search(number).is_ok());
    }
    if traces.len() > MOST_CLIENTS {
        let message = format!("`{folder}` has {} clients, {MOST_CLIENTS} are most", traces.len());
        return Err(refused(message).help("name some of them with `clients`"));
    }
    let mut chunks = Vec::with_capacity(traces.len());
    let mut names = Vec::with_capacity(traces.len());
    for (number, trace) in traces {
        let at = (folder, folder.mark);
        let windows = read_windows(at, &trace, files)?;
        let dataset = dataset_of(&trace, &files.names).map_err(|message| {
            refused(format!("`{folder}`: {message}"))
                .help("each client has one file of either kind")
        })?;
        let lengths = read_dataset(at, &dataset, files)?;
        chunks.push(Chunk { number, windows, lengths });
        names.push(trace);
    }
    let order: Vec<u32> = chunks.iter().map(|chunk| chunk.number).collect();
    gather(chunks).map_err(|(number, error)| {
        let at = order.iter().position(|other| *other == number).unwrap_or(0);
        bad(folder, folder.mark, &names[at], &error)
    })
}

/// The number of the client whose trace is called `name`, if it is one.
fn number_of(name: &str) -> Option<u32> {
    unpacked(name).strip_prefix("chunk-")?.strip_suffix("-trace.csv")?.parse().ok()
}

/// The one of `names`, which are in order, that tells the lengths of the client of `trace`. Either of the
/// two files may be compressed.
fn dataset_of(trace: &str, names: &[String]) -> Result<String, String> {
    let plain = unpacked(trace).replace("-trace.csv", "-dataset.json");
    let packed = format!("{plain}.gz");
    match [&plain, &packed].map(|name| names.binary_search(name).is_ok()) {
        [true, false] => Ok(plain),
        [false, true] => Ok(packed),
        [true, true] => Err(format!("`{plain}` and `{packed}` are of one client")),
        [false, false] => Err(format!("`{trace}` has no `{plain}` beside it")),
    }
}

fn read_windows(
    (folder, mark): (&FilePath, Mark),
    name: &str,
    files: &mut InFolder,
) -> Result<Vec<RateWindow>, Fault> {
    let mut rows = RateWindows::default();
    let read = by_line(|out| files.read(name, out), |number, line| rows.read(number, line))?;
    read.and_then(|()| rows.finish()).map_err(|error| bad(folder, mark, name, &error))
}

fn read_dataset(
    (folder, mark): (&FilePath, Mark),
    name: &str,
    files: &mut InFolder,
) -> Result<Vec<LengthWindow>, Fault> {
    let mut text = Vec::new();
    files.read(name, &mut |piece| text.extend_from_slice(piece))?;
    read_lengths(&text).map_err(|error| bad(folder, mark, name, &error))
}

fn bad(folder: &FilePath, mark: Mark, name: &str, error: &LineError) -> Fault {
    let fault = Fault::error("folder", format!("`{folder}`: `{name}`: {error}")).at(mark);
    match &error.help {
        Some(help) => fault.help(help.clone()),
        None => fault,
    }
}
