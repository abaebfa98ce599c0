//! The law of an iteration: `T = base + per_sequence B + per_context_token K + per_prompt_token n`,
//! and `prompt_iteration` where there are prompt tokens.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::rows::{FitError, Iteration};
use super::squares::{dependent, relative_fit};
use crate::units::StepTime;

/// Parts that rows are held out in.
const PARTS: usize = 10;
/// Fewest batches of different make: two for each parameter.
const FEWEST: usize = 10;

/// Below this part of a column that the others leave over, it is no column of its own: figures that
/// are read to five digits have no more to say.
const OWN_PART: f64 = 1e-4;

/// A share of the time below which a parameter is rounding.
const NOTHING: f64 = 1e-6;

/// A parameter of the law.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Parameter {
    /// An empty iteration.
    Base,
    /// More for each decoding sequence.
    PerSequence,
    /// More for each token of context.
    PerContextToken,
    /// More for each prompt token.
    PerPromptToken,
    /// More for each iteration with prompt tokens.
    PromptIteration,
}

impl Parameter {
    /// All of them, in the order of the law.
    pub const ALL: [Parameter; 5] = [
        Parameter::Base,
        Parameter::PerSequence,
        Parameter::PerContextToken,
        Parameter::PerPromptToken,
        Parameter::PromptIteration,
    ];

    /// Its name in a scenario.
    pub fn name(self) -> &'static str {
        match self {
            Parameter::Base => "base",
            Parameter::PerSequence => "per_sequence",
            Parameter::PerContextToken => "per_context_token",
            Parameter::PerPromptToken => "per_prompt_token",
            Parameter::PromptIteration => "prompt_iteration",
        }
    }

    /// What it is multiplied with in `row`.
    pub fn of(self, row: &Iteration) -> f64 {
        match self {
            Parameter::Base => 1.0,
            Parameter::PerSequence => row.sequences,
            Parameter::PerContextToken => row.context,
            Parameter::PerPromptToken => row.prompt,
            Parameter::PromptIteration => f64::from(u8::from(row.prompt > 0.0)),
        }
    }
}

/// Parameters that are given rather than fitted, s.
pub type Fixed = BTreeMap<Parameter, f64>;

/// What became of a parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fitted {
    /// Its value, s.
    pub seconds: f64,
    /// The half-width of its 95 % interval, s; none of one that is given or was left out.
    pub half_s: Option<f64>,
    /// Whether it was given.
    pub fixed: bool,
}

/// A law and how far it lies from what it was fitted to.
#[derive(Debug, Clone, PartialEq)]
pub struct StepLaw {
    /// By parameter, in the order of the law.
    pub parameters: BTreeMap<Parameter, Fitted>,
    /// Rows, and batches of different make among them.
    pub rows: usize,
    /// See [`rows`](Self::rows).
    pub batches: usize,
    /// Relative errors on rows that were held out: median, 95th percentile, largest.
    pub errors: [f64; 3],
}

/// Fits the law to `rows`, relative errors counting alike, with those parameters that are `fixed`.
/// A parameter that comes out below zero and may be zero is left out.
///
/// # Errors
///
/// Where there are too few rows, a parameter cannot be told from others, or one is below zero
/// whatever chance did.
pub fn fit_steps(rows: &[Iteration], fixed: &Fixed) -> Result<StepLaw, FitError> {
    let batches = batches(rows);
    let distinct = batches.iter().max().map_or(0, |most| most + 1);
    if distinct < FEWEST {
        let message = format!("{distinct} batches of different make: a law needs {FEWEST}");
        return Err(FitError::new(message, "measure more sizes of batches".to_owned()));
    }
    let mut free: Vec<Parameter> =
        Parameter::ALL.into_iter().filter(|parameter| !fixed.contains_key(parameter)).collect();
    tell_apart(rows, &free)?;
    leave_time(rows, fixed)?;
    loop {
        let fit = fitted(rows, &free, fixed).ok_or_else(too_few)?;
        let least = (0..free.len()).min_by(|&a, &b| {
            let t = |i: usize| fit.0[i] / fit.1[i].max(f64::MIN_POSITIVE);
            t(a).total_cmp(&t(b))
        });
        match least.filter(|&index| fit.0[index] < 0.0) {
            Some(index)
                if fit.0[index] + fit.1[index] < 0.0
                    && share_of_time(rows, free[index], fit.0[index]) > NOTHING =>
            {
                let name = free[index].name();
                let message = format!(
                    "`{name}` comes out as {} to {} s: below zero, so these rows do not follow the law",
                    short(fit.0[index] - fit.1[index]),
                    short(fit.0[index] + fit.1[index]),
                );
                let help =
                    "leave out rows of warm-up and of other work, or check which column is which";
                return Err(FitError::new(message, help.to_owned()));
            }
            Some(index) => {
                free.remove(index);
            }
            None => {
                let errors = held_out(rows, &batches, &free, fixed).ok_or_else(too_few)?;
                return Ok(law(rows, distinct, (&free, &fit), fixed, errors));
            }
        }
    }
}

/// What a parameter of `seconds` contributes to the time of all rows, as a share of it.
fn share_of_time(rows: &[Iteration], parameter: Parameter, seconds: f64) -> f64 {
    let sum = |of: &dyn Fn(&Iteration) -> f64| -> f64 { rows.iter().map(of).sum() };
    (seconds * sum(&|row| parameter.of(row))).abs() / sum(&|row| row.seconds)
}

fn too_few() -> FitError {
    FitError::new("too few rows for so many parameters", "measure more".to_owned())
}

/// The number of the batch of each row: rows of the same make share it, so that none of them is
/// held out beside another that is not.
fn batches(rows: &[Iteration]) -> Vec<usize> {
    let mut known: BTreeMap<[u64; 3], usize> = BTreeMap::new();
    rows.iter()
        .map(|row| {
            let next = known.len();
            let make = [row.sequences, row.context, row.prompt].map(f64::to_bits);
            *known.entry(make).or_insert(next)
        })
        .collect()
}

fn columns(rows: &[Iteration], free: &[Parameter]) -> Vec<Vec<f64>> {
    free.iter().map(|parameter| rows.iter().map(|row| parameter.of(row)).collect()).collect()
}

/// # Errors
///
/// Where the rows cannot tell one of `free` from the others.
fn tell_apart(rows: &[Iteration], free: &[Parameter]) -> Result<(), FitError> {
    let Some((index, like)) = dependent(&columns(rows, free), OWN_PART) else { return Ok(()) };
    let name = free[index].name();
    let message = match like.map(|like| free[like].name()) {
        Some(like) => format!("the rows cannot tell `{name}` from `{like}`: the two rise together"),
        None => format!("the rows say nothing of `{name}`: what it counts is zero in all of them"),
    };
    let help = format!(
        "measure batches in which they differ, or give the value: `--fix {name}=VALUE`, such as \
         `--fix \"{name}=0 us\"`"
    );
    Err(FitError::new(message, help))
}

/// What `fixed` parameters give to the time of a row, s.
fn given_s(row: &Iteration, fixed: &Fixed) -> f64 {
    fixed.iter().map(|(parameter, seconds)| parameter.of(row) * seconds).sum()
}

/// # Errors
///
/// Where what is `fixed` leaves nothing of the measured time of a row.
fn leave_time(rows: &[Iteration], fixed: &Fixed) -> Result<(), FitError> {
    let share = |row: &Iteration| given_s(row, fixed) / row.seconds;
    let beyond = rows.iter().filter(|row| share(row) >= 1.0).count();
    let Some(most) = rows.iter().max_by(|a, b| share(a).total_cmp(&share(b))) else {
        return Ok(());
    };
    if beyond == 0 {
        return Ok(());
    }
    let (given, measured) = (told(given_s(most, fixed)), told(most.seconds));
    let message = format!(
        "what `--fix` gives takes as long as was measured, or longer, in {beyond} of {} rows: {given} of \
         {measured} in the worst",
        rows.len()
    );
    Err(FitError::new(message, "give less, or leave such rows out".to_owned()))
}

/// Values and half-widths of `free`.
fn fitted(rows: &[Iteration], free: &[Parameter], fixed: &Fixed) -> Option<(Vec<f64>, Vec<f64>)> {
    let given: Vec<f64> = rows.iter().map(|row| given_s(row, fixed)).collect();
    let times: Vec<f64> = rows.iter().map(|row| row.seconds).collect();
    if free.is_empty() {
        return Some((Vec::new(), Vec::new()));
    }
    let fit = relative_fit(&columns(rows, free), &given, &times)?;
    Some((fit.values, fit.halves))
}

/// Relative errors on each tenth of the batches under a law that was fitted to the others.
fn held_out(
    rows: &[Iteration],
    batches: &[usize],
    free: &[Parameter],
    fixed: &Fixed,
) -> Option<[f64; 3]> {
    let mut errors = Vec::with_capacity(rows.len());
    for part in 0..PARTS {
        let is_out = |batch: usize| batch % PARTS == part;
        let of = |out: bool| -> Vec<Iteration> {
            let those = rows.iter().zip(batches).filter(|(_, batch)| is_out(**batch) == out);
            those.map(|(row, _)| *row).collect()
        };
        let (values, _) = fitted(&of(false), free, fixed)?;
        for row in of(true) {
            let given = given_s(&row, fixed);
            let free: f64 = free.iter().zip(&values).map(|(p, s)| p.of(&row) * s).sum();
            errors.push(((given + free) / row.seconds - 1.0).abs());
        }
    }
    errors.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let rank = (share * errors.len() as f64).ceil() as usize;
        errors[rank.clamp(1, errors.len()) - 1]
    };
    Some([at(0.5), at(0.95), at(1.0)])
}

fn law(
    rows: &[Iteration],
    batches: usize,
    (free, fit): (&[Parameter], &(Vec<f64>, Vec<f64>)),
    fixed: &Fixed,
    errors: [f64; 3],
) -> StepLaw {
    let of = |parameter: Parameter| match free.iter().position(|known| *known == parameter) {
        Some(index) => Fitted { seconds: fit.0[index], half_s: Some(fit.1[index]), fixed: false },
        None => Fitted {
            seconds: fixed.get(&parameter).copied().unwrap_or(0.0),
            half_s: None,
            fixed: fixed.contains_key(&parameter),
        },
    };
    StepLaw {
        parameters: Parameter::ALL.into_iter().map(|p| (p, of(p))).collect(),
        rows: rows.len(),
        batches,
        errors,
    }
}

impl StepLaw {
    /// How far the law lies from what it was fitted to, as a scenario carries it.
    pub fn says(&self) -> String {
        let [median, tail, most] = self.errors.map(|error| format!("{:.1} %", 100.0 * error));
        format!(
            "{median} median, {tail} at the 95th percentile, {most} at most, on tenths of {} batches \
             held out",
            self.batches
        )
    }

    /// The model of a service on `gpus` GPUs, fitted to `file`, as YAML to paste.
    pub fn yaml(&self, file: &str, gpus: u32) -> String {
        let mut text = format!(
            "# Fitted by loadbank {} to {} iterations of {file}, {} batches of different make.\n\
             # What a GPU draws is not in these rows: give `power`, such as that of the nearest model\n\
             # of the catalogue.\nmodel:\n  kind: affine\n  gpus: {gpus}\n",
            env!("CARGO_PKG_VERSION"),
            self.rows,
            self.batches,
        );
        for (parameter, fitted) in &self.parameters {
            let value = told(fitted.seconds);
            let says = match fitted {
                Fitted { half_s: Some(half), .. } => format!("+- {}, 95 % interval", told(*half)),
                Fitted { fixed: true, .. } => "given".to_owned(),
                _ => "left out: below zero, within what chance does".to_owned(),
            };
            let field = match parameter {
                Parameter::PromptIteration if fitted.seconds == 0.0 => {
                    let _ = writeln!(text, "  # prompt_iteration: {says}");
                    continue;
                }
                Parameter::PromptIteration => format!("overheads: {{prompt_iteration: {value}}}"),
                _ => format!("{}: {value}", parameter.name()),
            };
            let _ = writeln!(text, "  {field:<34} # {says}");
        }
        let _ = writeln!(text, "  fit: \"{}\"", self.says());
        text
    }
}

/// A step time with four digits.
fn told(seconds: f64) -> String {
    let rounded: f64 = format!("{seconds:.3e}").parse().unwrap_or(seconds);
    StepTime(rounded).to_string()
}

fn short(seconds: f64) -> String {
    format!("{seconds:.2e}")
}
