//! `loadbank run`

use std::ops::ControlFlow;
use std::time::Instant;

use super::args::{Run, SummaryFormat};
use super::exit::Exit;
use super::interrupt::Interrupt;
#[cfg(feature = "live")]
use super::live;
use super::progress::Progress;
use super::{complain, load, print};
use crate::facility::{Design, End, Facility};
use crate::kernel::{Span, Time};
#[cfg(feature = "live")]
use crate::report::live::Live;
use crate::report::run::{Manifest, RunWriter, Setup, Status};
use crate::report::{json, text};
use crate::scenario::read_origins;
use crate::study::whole_warm_up;
use crate::units::Duration;

pub(super) fn run(args: &Run) -> Exit {
    let loaded = match load(&args.source) {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    let design = &loaded.design;
    let mut pool = rayon::ThreadPoolBuilder::new();
    if let Some(threads) = args.threads {
        pool = pool.num_threads(usize::from(threads));
    }
    let pool = match pool.build() {
        Ok(pool) => pool,
        Err(error) => {
            complain(&format!("cannot start threads: {error}"), Some("try `--threads 1`"));
            return Exit::Unexpected;
        }
    };

    tracing::info!(
        scenario = %args.source.file.display(),
        sha256 = loaded.hash,
        "read the scenario"
    );
    for input in &loaded.inputs {
        tracing::info!(file = %input.path.display(), sha256 = input.sha256, "reads a file");
    }
    tracing::info!(
        power = design.power.nodes.len(),
        loops = design.loops.len(),
        racks = design.racks.len(),
        workloads = design.works.len(),
        threads = pool.current_num_threads(),
        seed = design.seed,
        replication = args.replication,
        start = %design.clock.timestamp(Time::ZERO),
        days = design.duration.as_secs_f64() / 86_400.0,
        "simulating"
    );
    let started = jiff::Timestamp::now();
    let clock = Instant::now();
    let replication = args.replication;
    let warm_up = match warm_up(args, design) {
        Ok(warm_up) => warm_up,
        Err(exit) => return exit,
    };
    // One thread of the pool follows the plant; the others have little to do meanwhile.
    let spare = pool.current_num_threads() - 1;
    let mut facility = Facility::new(design, replication).after(warm_up).lend(spare);
    let manifest = |status: Status| Manifest {
        version: env!("CARGO_PKG_VERSION"),
        status,
        scenario: args.source.file.clone(),
        scenario_sha256: loaded.hash.clone(),
        sets: args.source.sets.clone(),
        inputs: loaded.inputs.clone(),
        seed: design.seed,
        replication,
        warm_up_days: warm_up.as_secs_f64() / 86_400.0,
        threads: pool.current_num_threads(),
        started,
        wall_s: clock.elapsed().as_secs_f64(),
    };
    #[cfg(feature = "live")]
    let live = match live::start(args.live, &manifest(Status::Partial), &loaded.effective_yaml) {
        Ok(live) => live,
        Err(exit) => return exit,
    };

    let interrupt = Interrupt::listen();
    let asked = interrupt.clone();
    let end = Time::ZERO + design.duration;
    let progress = Progress::start(args.progress, &design.name, end);
    let mut shown = progress.clone();
    let proceed = move |now: Time| {
        shown.update(now);
        if asked.asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    let mut name = format!("{}-{}", design.name, &loaded.hash[..12]);
    if replication > 0 {
        name += &format!("-r{replication}");
    }
    if warm_up > Span::ZERO {
        name += &format!("-w{}s", warm_up.as_secs_f64());
    }
    let target = args.output.join(name);
    let unwritable = |error: std::io::Error| {
        if interrupt.ended() {
            return Exit::Interrupted;
        }
        complain(
            &format!("cannot write the results to `{}`: {error}", target.display()),
            Some("choose another folder with `--output`"),
        );
        Exit::Output
    };
    let columns = facility.columns();
    let origins = read_origins(&args.source.file, &args.source.sets);
    let setup = Setup {
        target: &target,
        columns: &columns,
        formats: &args.tables,
        scenario_sha256: &loaded.hash,
        replication,
        origins: &origins,
        #[cfg(feature = "live")]
        watcher: live.as_ref().map(Live::watcher),
        #[cfg(not(feature = "live"))]
        watcher: None,
    };
    let writer = RunWriter::create(design, setup, Box::new(proceed));
    let mut writer = match writer {
        Ok(writer) => writer,
        Err(error) => return unwritable(error),
    };
    interrupt.unfinished(writer.path().to_owned());
    tracing::info!(folder = %writer.path().display(), "writing");

    let ended = pool.install(|| facility.run(&mut writer));
    tracing::info!(wall_s = clock.elapsed().as_secs_f64(), ?ended, "simulated");
    for file in &loaded.played {
        if let Some(error) = file.take_failure() {
            complain(
                &format!("cannot read `{}` to its end: {error}", file.path().display()),
                Some("the file has changed since the run began; nothing was written"),
            );
            return Exit::Scenario;
        }
    }
    let outcome = facility.outcome();
    let status = match ended {
        _ if !outcome.balanced() => Status::Unbalanced,
        End::Interrupted => Status::Partial,
        End::Complete => Status::Complete,
    };
    let manifest = manifest(status);
    let written = writer.finish(&mut facility, &outcome, &manifest, &loaded.effective_yaml);
    progress.finish();
    let folder = match written {
        Ok(folder) => folder,
        Err(error) => return unwritable(error),
    };
    tracing::info!(folder = %folder.display(), events = outcome.site_events, "published");
    let printed = match args.format {
        SummaryFormat::Text => print(&text::summary(&outcome, &folder, clock.elapsed())),
        SummaryFormat::Markdown => {
            print(&text::summary_markdown(&outcome, &folder, clock.elapsed()))
        }
        SummaryFormat::Json => print(&json::printed(&outcome, &folder)),
    };
    for book in outcome.books.iter().filter(|book| !book.balanced) {
        complain(&format!("the books do not balance: {}", text::book(book)), None);
    }
    #[cfg(feature = "live")]
    if let Some(live) = live {
        live::end(live, &folder);
    }
    match status {
        Status::Unbalanced => Exit::Simulation,
        Status::Partial => Exit::Interrupted,
        Status::Complete => printed,
    }
}

/// The time that no figure counts, which ends with an interval of the time series.
fn warm_up(args: &Run, design: &Design) -> Result<Span, Exit> {
    let Some(asked) = args.warm_up.filter(|asked| asked.0 > 0) else { return Ok(Span::ZERO) };
    whole_warm_up(design, Span::from_nanos(asked.0)).ok_or_else(|| {
        let whole = Duration(design.duration.as_nanos());
        complain(
            &format!("--warm-up: {asked} leave nothing of the {whole} of the run"),
            Some("a longer `duration`, or a shorter warm-up"),
        );
        Exit::Usage
    })
}
