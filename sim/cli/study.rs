//! `loadbank compare`, `study` and `merge`

use std::io::{self, IsTerminal as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use super::args::{
    Check, Compare, Format, Making, Merge, Plan, Progress, Results, StudyArgs, SummaryFormat,
};
use super::exit::Exit;
use super::interrupt::Interrupt;
use super::progress::Count;
use super::{colour, complain, note, print, print_styled, refuse_study};
use crate::report::html::write_report;
use crate::report::study as text;
use crate::study::{
    Case, Contrast, Ended, Found, Judged, Limits, RequirementResult, Runner, Sampling, Selected,
    Shard, Store, StoreError, Study, StudyReading, compare_files, contrast, estimate, find,
    judge_requirements, reached, read_study, replicate, select, waits_for, write_aside,
    write_aside_with,
};

/// Studies that take longer than this are begun on request only.
const LONG: Duration = Duration::from_secs(86_400);

/// `loadbank compare`
pub(super) fn compare(args: &Compare) -> Exit {
    if let Err(exit) = args.files.iter().try_for_each(|file| refuse_study(file)) {
        return exit;
    }
    let replications = args.replications as usize;
    let reading = compare_files(&args.files, &args.sets, replications, args.warm_up, &args.require);
    let made = (&args.results, Some(&args.making));
    begin(made, reading, Shard::WHOLE).map_or_else(|exit| exit, |work| work.go(args.yes, None))
}

/// `loadbank study`
pub(super) fn study(args: &StudyArgs) -> Exit {
    let shard = args.shard.unwrap_or(Shard::WHOLE);
    let made = (&args.results, Some(&args.making));
    let work = match begin(made, read_study(&args.file, &args.sets), shard) {
        Ok(work) => work,
        Err(exit) => return exit,
    };
    if work.asks() && shard != Shard::WHOLE {
        let help = "each look decides what is run next; shard the replications of a sweep";
        complain("a search or a selection runs in one process", Some(help));
        return Exit::Usage;
    }
    if args.dry_run { work.dry_run() } else { work.go(args.yes, args.time_limit) }
}

/// `loadbank merge`
pub(super) fn merge(args: &Merge) -> Exit {
    let made = (&args.results, None);
    let mut work = match begin(made, read_study(&args.file, &args.sets), Shard::WHOLE) {
        Ok(work) => work,
        Err(exit) => return exit,
    };
    if work.asks() {
        complain("a search or a selection has no shards to merge", Some("run `loadbank study`"));
        return Exit::Usage;
    }
    for folder in &args.folders {
        if let Err(error) = work.store.merge(folder) {
            return refuse(&error);
        }
    }
    let there = reached(&work.study, &work.cases, &work.store);
    if !there.complete && !args.partial {
        return work.missing(there.n);
    }
    work.conclude(there.n, Ended::Complete)
}

/// Whether `file` is a study by its name, `*.study.yaml`.
pub(super) fn is_study(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name.to_string_lossy().ends_with(".study.yaml"))
}

/// `loadbank check` of a study: findings on standard output, for they are its result.
pub(super) fn check(args: &Check) -> Exit {
    let reading = read_study(&args.source.file, &args.source.sets);
    let mut text = match args.format {
        Format::Text => reading.render(colour(io::stdout().is_terminal())),
        Format::Json => reading.json_lines(),
    };
    if let (Some(study), Format::Text) = (&reading.study, args.format) {
        text += &format!(
            "{}: {} designs at {} points, {} to {} replications of each\n",
            study.name,
            study.arms.len(),
            study.points.len(),
            study.rule.at_least,
            study.rule.at_most,
        );
    }
    match print_styled(&text) {
        Exit::Success if reading.study.is_none() => Exit::Scenario,
        exit => exit,
    }
}

/// `loadbank plan`
pub(super) fn plan(args: &Plan) -> Exit {
    if let Err(exit) = accept(read_study(&args.file, &[])) {
        return exit;
    }
    let (file, output) = (args.file.to_string_lossy(), args.output.to_string_lossy());
    print(&text::script(args.scheduler, &file, &output, args.shards, args.time))
}

/// Shows what was found about a study, and hands it over if nothing is wrong with it.
fn accept(reading: StudyReading) -> Result<Study, Exit> {
    let shown = reading.render(colour(io::stderr().is_terminal()));
    // Where standard error is closed there is nobody to tell.
    let _ = io::stderr().lock().write_all(shown.as_bytes());
    reading.study.ok_or(Exit::Scenario)
}

/// What a study that asks a question found.
enum Answered {
    Found(Found),
    Selected(Selected),
}

/// A study on its way.
struct Work<'a> {
    results: &'a Results,
    making: Option<&'a Making>,
    study: Study,
    cases: Vec<Case>,
    store: Store,
    shard: Shard,
    threads: usize,
    started: Instant,
    before: usize,
}

/// Opens the folder of a study if nothing is wrong with it.
fn begin<'a>(
    (results, making): (&'a Results, Option<&'a Making>),
    reading: StudyReading,
    shard: Shard,
) -> Result<Work<'a>, Exit> {
    let study = accept(reading)?;
    let cases = study.candidates();
    let reshard = making.is_some_and(|making| making.reshard);
    let store =
        Store::open(&results.output, &study, shard, reshard).map_err(|error| refuse(&error))?;
    let before = store.count(cases.iter().map(|case| case.key.as_str()));
    if before == 0
        && let Some(why) = store.why_new(&results.output, &study)
    {
        note(&format!("nothing of the last `{}` is reused: {why}", study.name));
    }
    if store.torn() > 0 {
        note(&format!("{} torn lines of the logs are left out", store.torn()));
    }
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = making.and_then(|making| making.threads).map_or(cores, usize::from);
    Ok(Work {
        results,
        making,
        study,
        cases,
        store,
        shard,
        threads,
        started: Instant::now(),
        before,
    })
}

fn refuse(error: &StoreError) -> Exit {
    let (help, exit) = match error {
        StoreError::Io { .. } => (
            "what is there is kept; free space, or choose another folder with `--output`",
            Exit::Output,
        ),
        StoreError::Shards { .. } => {
            ("use the same number, or `--reshard`: what is there is kept", Exit::Usage)
        }
        StoreError::OtherStudy { .. } => ("merge folders of one study", Exit::Usage),
    };
    complain(&error.to_string(), Some(help));
    exit
}

impl Work<'_> {
    /// What the study would take: one replication of each design is made and kept.
    fn dry_run(mut self) -> Exit {
        let estimate = match self.estimate() {
            Ok(estimate) => estimate,
            Err(exit) => return exit,
        };
        let (study, runs) = (&self.study, self.study.most_runs());
        let what = match (&study.search, &study.selection) {
            (Some(search), _) => {
                format!("a search of {} values: at most {runs} runs", search.parameter.values.len())
            }
            (None, Some(_)) => {
                format!("a selection among {} cases: at most {runs} runs", self.cases.len())
            }
            (None, None) => format!(
                "{} designs x {} points x {} replications = {runs} runs",
                study.arms.len(),
                study.points.len(),
                study.rule.at_most,
            ),
        };
        let (there, threads) = (self.before, self.threads);
        print(&format!("{what}, {there} there\nabout {} on {threads} threads\n", words(estimate)))
    }

    /// How long what is missing takes, by the first replication of each design, which is made.
    fn estimate(&mut self) -> Result<Duration, Exit> {
        let firsts: Vec<(usize, usize)> =
            (0..self.study.arms.len().min(self.cases.len())).map(|case| (case, 1)).collect();
        let stop = || false;
        let limits =
            Limits { threads: self.threads, shard: Shard::WHOLE, deadline: None, stop: &stop };
        let runner = Runner::new(&self.study.arms, limits);
        runner
            .ensure(&mut self.store, &self.cases, &firsts, |_, _| {})
            .map_err(|error| refuse(&error))?;
        let seconds: Vec<f64> = self
            .cases
            .iter()
            .filter_map(|case| {
                let first = &self.cases.iter().find(|first| first.arm == case.arm)?.key;
                Some(self.store.sample(first, 0)?.seconds)
            })
            .collect();
        let mean = seconds.iter().sum::<f64>() / seconds.len().max(1) as f64;
        Ok(estimate(mean, self.study.most_runs(), self.threads))
    }

    /// Makes what is missing and tells what came of it.
    fn go(mut self, long_is_fine: bool, time_limit: Option<Duration>) -> Exit {
        // A hundred runs take no day unless one takes a quarter of an hour.
        if !long_is_fine && self.study.most_runs() > 100 && self.study.search.is_none() {
            match self.estimate() {
                Ok(estimate) if estimate > LONG => {
                    let runs = self.study.most_runs();
                    let message = format!("{runs} runs take about {}", words(estimate));
                    let help = "`--dry-run` tells more; fewer points, no requests, or `--yes`";
                    complain(&message, Some(help));
                    return Exit::Usage;
                }
                Ok(_) => {}
                Err(exit) => return exit,
            }
        }
        let interrupt = Interrupt::listen();
        let stop = || interrupt.asked();
        let limits = Limits {
            threads: self.threads,
            shard: self.shard,
            deadline: time_limit.map(|limit| self.started + limit),
            stop: &stop,
        };
        let runner = Runner::new(&self.study.arms, limits);
        let mut shown = Count::start(
            self.making.map_or(Progress::Off, |making| making.progress),
            &self.study.name,
        );
        let progress = |done, of| shown.update(done, of);
        let (study, cases, store) = (&self.study, &self.cases, &mut self.store);
        let made = match &study.search {
            Some(search) => find(study, search, &runner, store, progress)
                .map(|(ended, found)| (ended, found.map(Answered::Found))),
            None => match &study.selection {
                Some(selection) => select(study, selection, cases, &runner, store, progress)
                    .map(|(ended, best)| (ended, best.map(Answered::Selected))),
                None => {
                    replicate(study, cases, &runner, store, progress).map(|ended| (ended, None))
                }
            },
        };
        shown.finish();
        match made {
            Err(error) => refuse(&error),
            Ok((Ended::Complete, Some(answered))) => self.answer(&answered),
            Ok((ended, _)) if ended != Ended::Complete && self.asks() => self.unanswered(ended),
            Ok((ended, _)) => {
                if ended == Ended::Complete && self.shard != Shard::WHOLE {
                    return self.shard_done();
                }
                let n = reached(&self.study, &self.cases, &self.store).n;
                self.conclude(n, ended)
            }
        }
    }

    /// A shard leaves its replications; `merge` makes the tables.
    fn shard_done(self) -> Exit {
        let there = self.store.count(self.cases.iter().map(|case| case.key.as_str()));
        print(&format!(
            "{}: shard {}/{} done, {there} of {} runs there\n",
            self.store.folder().display(),
            self.shard.index,
            self.shard.of,
            self.study.most_runs(),
        ))
    }

    /// Tells which replications are missing.
    fn missing(&self, prefix: usize) -> Exit {
        let n = self.study.rule.next(prefix).unwrap_or(self.study.rule.at_least);
        let mut lines = Vec::new();
        let mut total = 0;
        for case in &self.cases {
            let missing: Vec<String> = (0..n as u64)
                .filter(|&r| self.store.sample(&case.key, r).is_none())
                .map(|r| r.to_string())
                .collect();
            total += missing.len();
            if !missing.is_empty() && lines.len() < 10 {
                let of = &self.study.arms[case.arm].name;
                lines.push(format!("{of}, point {}: {}", case.point, missing.join(" ")));
            }
        }
        let message = format!(
            "{total} of {} replications are missing\n  {}",
            n * self.cases.len(),
            lines.join("\n  ")
        );
        let help = "submit those shards again, or `--partial` for tables of what is there";
        complain(&message, Some(help));
        Exit::Missing
    }

    fn heading(&self, n: usize) -> text::Heading<'_> {
        let there = self.store.count(self.cases.iter().map(|case| case.key.as_str()));
        text::Heading {
            n,
            reused: self.before,
            made: there.saturating_sub(self.before),
            wall: self.started.elapsed(),
            folder: self.store.folder(),
        }
    }

    /// Whether it asks for a value or a case rather than for means.
    fn asks(&self) -> bool {
        self.study.search.is_some() || self.study.selection.is_some()
    }

    /// A question was not answered in time; what was made for it is kept.
    fn unanswered(&self, ended: Ended) -> Exit {
        note(&format!("no answer yet; what is done is kept in {}", self.store.folder().display()));
        match ended {
            Ended::OutOfTime => Exit::OutOfTime,
            _ => Exit::Interrupted,
        }
    }

    /// Writes and prints what a question came to.
    fn answer(&self, answered: &Answered) -> Exit {
        let Self { study, store, results, .. } = self;
        let heading = self.heading(0);
        let (shown, json, written, n) = match (answered, &study.search) {
            (Answered::Found(found), Some(search)) => (
                text::search(study, search, found, &heading),
                text::search_json(study, search, found, store),
                text::write_trials(study, search, found, store, &results.tables),
                search.at_most as usize,
            ),
            (Answered::Selected(selected), _) => {
                let cases = &self.cases;
                (
                    text::selection(study, cases, selected, &heading),
                    text::selection_json(study, cases, selected, store),
                    text::write_selection(study, cases, selected, store, &results.tables),
                    selected.cases.iter().map(|case| case.0).max().unwrap_or(0),
                )
            }
            (Answered::Found(_), None) => return Exit::Unexpected,
        };
        let json = format!("{json:#}\n");
        if let Err(error) = write_aside(&store.folder().join("summary.json"), json.as_bytes()) {
            return refuse(&error);
        }
        if let Err(error) = written {
            return self.cannot_write(&error);
        }
        let printed = match results.format {
            SummaryFormat::Text => print(&shown),
            SummaryFormat::Markdown => print(&text::markdown_answer(study, &shown)),
            SummaryFormat::Json => print(&json),
        };
        match self.complain_of_failures(n) {
            Ok(true) => Exit::Simulation,
            Ok(false) => printed,
            Err(error) => refuse(&error),
        }
    }

    fn cannot_write(&self, error: &io::Error) -> Exit {
        let folder = self.store.folder().display();
        let message = format!("cannot write the results to `{folder}`: {error}");
        complain(&message, Some("choose another folder with `--output`"));
        Exit::Output
    }

    /// Writes the tables over the first `n` replications and prints the result.
    fn conclude(&self, n: usize, ended: Ended) -> Exit {
        let contrasts = match contrast(&self.study, &self.cases, &self.store, n) {
            Ok(contrasts) => contrasts,
            Err(error) => return refuse(&error),
        };
        let required = judge_requirements(&self.study, &self.cases, &self.store, n);
        if let Err(exit) = self.write(&contrasts, &required, n) {
            return exit;
        }
        let printed = match self.results.format {
            SummaryFormat::Text => print(&self.text(&contrasts, &required, n)),
            SummaryFormat::Markdown => print(&self.markdown(&contrasts, &required, n)),
            SummaryFormat::Json => {
                let summary = self.summary(&contrasts, &required);
                let text = serde_json::to_string_pretty(&summary).expect("a summary is plain JSON");
                print(&(text + "\n"))
            }
        };
        let unbalanced = match self.complain_of_failures(n) {
            Ok(unbalanced) => unbalanced,
            Err(error) => return refuse(&error),
        };
        match ended {
            Ended::Interrupted => Exit::Interrupted,
            Ended::OutOfTime => Exit::OutOfTime,
            Ended::Complete if unbalanced => Exit::Simulation,
            Ended::Complete => {
                match required.iter().all(|of| of.result == RequirementResult::Met) {
                    true => printed,
                    false => Exit::Requirement,
                }
            }
        }
    }

    fn write(&self, contrasts: &[Contrast], required: &[Judged], n: usize) -> Result<(), Exit> {
        let folder = self.store.folder();
        let summary = self.summary(contrasts, required);
        let write = |out: &mut dyn io::Write| {
            serde_json::to_writer_pretty(&mut *out, &summary)?;
            out.write_all(b"\n")
        };
        write_aside_with(&folder.join("summary.json"), write).map_err(|error| refuse(&error))?;
        let written = text::write_tables(
            &self.study,
            &self.cases,
            contrasts,
            &self.store,
            n,
            &self.results.tables,
        );
        // The page is made from what was written.
        let page = || write_report(self.store.folder()).map(drop).map_err(io::Error::other);
        written.and_then(|()| page()).map_err(|error| self.cannot_write(&error))
    }

    fn summary<'a>(
        &'a self,
        contrasts: &'a [Contrast],
        requirements: &'a [Judged],
    ) -> text::Summary<'a> {
        let Self { study, cases, store, .. } = self;
        text::Summary { study, cases, contrasts, requirements, folder: store.folder() }
    }

    fn text(&self, contrasts: &[Contrast], required: &[Judged], n: usize) -> String {
        let Self { study, cases, .. } = self;
        let heading = self.heading(n);
        let mut text = if study.parameters.is_empty() {
            text::compare(study, contrasts, &heading)
        } else {
            text::varied(study, contrasts, &heading)
        };
        text += &self.effects(contrasts, n);
        text += &text::requirements(study, cases, required);
        text + &self.not_reached(n)
    }

    fn markdown(&self, contrasts: &[Contrast], required: &[Judged], n: usize) -> String {
        let more = self.effects(contrasts, n) + &self.not_reached(n);
        let (study, cases) = (&self.study, &self.cases);
        text::markdown_summary(study, cases, contrasts, required, &self.heading(n), &more)
    }

    /// What the parameters do, where the study asks for it.
    fn effects(&self, contrasts: &[Contrast], n: usize) -> String {
        let Self { study, cases, store, .. } = self;
        match study.sampling {
            Sampling::OneAtATime => text::tornado(study, cases, contrasts, store, n),
            Sampling::Sobol { .. } => text::shares(study, cases, contrasts, store, n),
            Sampling::Grid | Sampling::LatinHypercube { .. } => String::new(),
        }
    }

    /// The half-widths that were asked for and are not reached, a line each.
    fn not_reached(&self, n: usize) -> String {
        let Self { study, cases, store, .. } = self;
        let mut text = String::new();
        for (case, until) in waits_for(study, cases, store, n) {
            let (case, until) = (&cases[case], &study.rule.until[until]);
            let sheet = store.sheet(&case.key);
            let at = sheet.and_then(|sheet| sheet.iter().position(|of| of.address == until.figure));
            let Some(at) = at else { continue };
            text += &format!(
                "not reached: {} of {}, point {}, after {n} replications: {}\n",
                until.figure,
                study.arms[case.arm].name,
                case.point,
                until.shortfall(&store.values(&case.key, at, n)),
            );
        }
        text
    }

    /// Names the replications that failed or did not balance; whether there were any.
    fn complain_of_failures(&self, n: usize) -> Result<bool, StoreError> {
        /// More of them are in the folder.
        const SHOWN: usize = 10;
        let failures = self.store.write_failures(&self.study, &self.cases, n)?;
        for failure in failures.iter().take(SHOWN) {
            complain(failure, Some("its figures are left out of all means; see `failed/`"));
        }
        if failures.len() > SHOWN {
            complain(&format!("{} more replications failed", failures.len() - SHOWN), None);
        }
        Ok(!failures.is_empty())
    }
}

/// A duration as people say it.
fn words(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    match seconds {
        s if s >= 2.0 * 86_400.0 => format!("{:.0} days", s / 86_400.0),
        s if s >= 7200.0 => format!("{:.0} h", s / 3600.0),
        s if s >= 120.0 => format!("{:.0} min", s / 60.0),
        s => format!("{s:.1} s"),
    }
}
