//! `loadbank reliability`

use super::args::{Format, LeftOut, Reliability as Arguments};
use super::exit::Exit;
use super::{complain, load, print};
use crate::reliability::{
    PowerStructure, Replayed, Without, bias, enumerate, simulate, simulate_chain,
};
use crate::report::text::{Reliability, reliability_json, reliability_text};

pub(super) fn reliability(args: &Arguments) -> Exit {
    let loaded = match load(&args.source) {
        Ok(loaded) => loaded,
        Err(exit) => return exit,
    };
    let design = &loaded.design;
    let without: Vec<Without> = args.without.iter().map(|what| (*what).into()).collect();
    let structure = PowerStructure::new(design, &without);
    if let Some(odd) = structure.sequenced()
        && (args.exact || args.bias)
    {
        let option = if args.exact { "--exact" } else { "--bias" };
        let message = format!(
            "`{}` is a {} with states beside up and down, which only plain simulation follows",
            odd.component, odd.kind
        );
        complain(&message, Some(&format!("leave out `{option}`")));
        return Exit::Scenario;
    }
    if let Some(name) = structure.shared()
        && (args.exact || args.bias)
    {
        let message = format!(
            "`{name}` makes components depend on each other, which only plain simulation follows"
        );
        let help = "leave out `--exact` and `--bias`, or add `--without` with what it is, where it does not \
                    renew what wears";
        complain(&message, Some(help));
        return Exit::Scenario;
    }
    if !structure.ever_fails() || structure.names().next().is_none() {
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
            let (what, field) = match unit.law.wear {
                Some(_) => ("life", "wear"),
                None => ("repair", "repair_sigma"),
            };
            let message =
                format!("the {what} of `{}` is not exponential, which `--bias` needs", unit.name);
            complain(&message, Some(&format!("leave out its `{field}`, or `--bias`")));
            return Exit::Scenario;
        }
    };
    let result = Reliability {
        scenario: &design.name,
        seed,
        structure: &structure,
        simulated: pool.install(|| match (structure.sequenced(), structure.shared()) {
            (None, None) => simulate(&structure, args.years, seed),
            _ => simulate_chain(&Replayed::new(structure.clone()), args.years, seed),
        }),
        exact: args.exact.then(|| enumerate(&structure, args.states as usize)),
        biased,
    };
    match args.format {
        Format::Text => print(&reliability_text(&result)),
        Format::Json => print(&reliability_json(&result)),
    }
}

impl From<LeftOut> for Without {
    fn from(what: LeftOut) -> Self {
        match what {
            LeftOut::CommonCauses => Self::CommonCauses,
            LeftOut::Crews => Self::Crews,
            LeftOut::Spares => Self::Spares,
            LeftOut::Maintenance => Self::Maintenance,
            LeftOut::HumanError => Self::HumanError,
            LeftOut::OnDemand => Self::OnDemand,
        }
    }
}
