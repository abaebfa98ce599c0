//! `loadbank reliability`

use super::args::{Format, Reliability as Arguments};
use super::exit::Exit;
use super::{complain, load, print};
use crate::reliability::{PowerStructure, Structure as _, bias, enumerate, simulate};
use crate::report::text::{Reliability, reliability_json, reliability_text};

pub(super) fn reliability(args: &Arguments) -> Exit {
    let loaded = match load(&args.source) {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    let design = &loaded.design;
    let structure = match PowerStructure::new(design) {
        Ok(structure) => structure,
        Err(odd) => {
            let message = format!(
                "`{}` is a {} with states that `reliability` does not follow yet: \
                 sags, batteries, starts and transfers",
                odd.component, odd.kind
            );
            complain(&message, Some("`run` and `compare` follow them"));
            return Exit::Scenario;
        }
    };
    if structure.units().is_empty() || structure.subjects() == 0 {
        let message = format!("`{}` has no power component that ever fails", design.name);
        complain(&message, Some("write `power:` with feeds, transformers, UPSs ..."));
        return Exit::Scenario;
    }
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
    let seed = args.seed.unwrap_or(design.seed);
    let biased = args.bias.then(|| {
        let each = structure.names().enumerate();
        let biased =
            |(subject, name)| pool.install(|| bias(&structure, subject, name, args.cycles, seed));
        each.map(biased).collect::<Result<Vec<_>, _>>()
    });
    let biased = match biased.transpose() {
        Ok(biased) => biased,
        Err(unit) => {
            let message =
                format!("the repair of `{}` is not exponential, which `--bias` needs", unit.name);
            complain(&message, Some("leave out its `repair_sigma`, or `--bias`"));
            return Exit::Scenario;
        }
    };
    let result = Reliability {
        scenario: &design.name,
        seed,
        structure: &structure,
        simulated: pool.install(|| simulate(&structure, args.years, seed)),
        exact: args.exact.then(|| enumerate(&structure, args.states as usize)),
        biased,
    };
    match args.format {
        Format::Text => print(&reliability_text(&result)),
        Format::Json => print(&reliability_json(&result)),
    }
}
