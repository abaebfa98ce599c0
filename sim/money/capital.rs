//! What a site spends on its parts: when, how often, and how it is written off.

use schemars::JsonSchema;
use serde::Deserialize;

/// A part of what a site is built of.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// Its name in the scenario.
    pub name: String,
    /// Where its cost comes from.
    pub source: String,
    /// What it costs at the prices of its year.
    pub amount: Amount,
    /// When that is spent.
    pub spend: Spend,
    /// How many months it lasts.
    pub life: usize,
    /// What its successor costs, as a share of what it would cost itself at that time.
    pub replacement: f64,
    /// What is added to it at the end of each year of its life, as a share of its cost at the prices of that
    /// time.
    pub augmentation: f64,
    /// What it is sold for at the end of its life and of the project, as a share of its cost.
    pub residual: f64,
    /// How its price changes a year, and how many years its prices are old at the start.
    pub inflation: (f64, f64),
    /// How it is written off, and which share of it in its first year.
    pub depreciation: (Depreciation, f64),
    /// The workload that alone uses it.
    pub serves: Option<String>,
}

/// What something costs, by its size.
#[derive(Debug, Clone, PartialEq)]
pub enum Amount {
    /// $.
    Whole(f64),
    /// $/MW, MW.
    OfPower(f64, f64),
    /// $/MW of the rated power of the racks of a hall.
    OfHall(f64, String),
    /// $ a rack of a hall.
    OfRacks(f64, String),
}

/// When money is spent.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Spend {
    /// Months from the start.
    pub from: usize,
    /// Over how many months; at once where it is none.
    pub over: usize,
    /// How it is spread over them.
    pub curve: Curve,
}

/// How money is spread over the months in which it is spent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Curve {
    /// The same each month.
    #[default]
    Even,
    /// Slowly at first and at the end: after a share x of the time, 3x² - 2x³ of it is spent.
    SCurve,
}

/// How a part is written off for tax.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Depreciation {
    /// United States, five years with half a year at first: computers (IRS Publication 946,
    /// table A-1).
    #[serde(rename = "macrs-5")]
    Macrs5,
    /// The same over seven years.
    #[serde(rename = "macrs-7")]
    Macrs7,
    /// The same over fifteen years: works on the site.
    #[serde(rename = "macrs-15")]
    Macrs15,
    /// The same each year of its life.
    #[default]
    #[serde(rename = "straight-line")]
    StraightLine,
}

impl Depreciation {
    /// The shares that are written off year by year, `bonus` of all in the first on top, where it
    /// lasts `years`.
    pub fn shares(self, bonus: f64, years: usize) -> Vec<f64> {
        let mut shares = match self {
            Self::Macrs5 => vec![0.2, 0.32, 0.192, 0.1152, 0.1152, 0.0576],
            Self::Macrs7 => vec![0.1429, 0.2449, 0.1749, 0.1249, 0.0893, 0.0892, 0.0893, 0.0446],
            Self::Macrs15 => vec![
                0.05, 0.095, 0.0855, 0.077, 0.0693, 0.0623, 0.059, 0.059, 0.0591, 0.059, 0.0591,
                0.059, 0.0591, 0.059, 0.0591, 0.0295,
            ],
            Self::StraightLine => vec![1.0 / years.max(1) as f64; years.max(1)],
        };
        shares.iter_mut().for_each(|share| *share *= 1.0 - bonus);
        shares[0] += bonus;
        shares
    }
}

impl Spend {
    /// The month in which the last of it is spent.
    pub fn end(&self) -> usize {
        self.from + self.over
    }

    /// The share of it that is spent at the end of each month.
    pub fn shares(&self) -> impl Iterator<Item = (usize, f64)> {
        let Self { from, over, curve } = *self;
        let spent = move |months: usize| {
            let x = months as f64 / over.max(1) as f64;
            match curve {
                Curve::Even => x,
                Curve::SCurve => x * x * (3.0 - 2.0 * x),
            }
        };
        let at_once = (over == 0).then_some((from, 1.0));
        let spread = (1..=over).map(move |k| (from + k, spent(k) - spent(k - 1)));
        at_once.into_iter().chain(spread)
    }
}

impl Part {
    /// What is paid for it, $, at the end of which months, where it costs `usd` at its prices.
    pub(super) fn payments(&self, usd: f64) -> impl Iterator<Item = (usize, f64)> {
        self.spend
            .shares()
            .map(move |(month, share)| (month, share * usd * self.price_after(month)))
    }

    /// When it is added to, months after it was bought.
    pub(super) fn augmented(&self) -> impl Iterator<Item = usize> + use<> {
        let life = if self.augmentation > 0.0 { self.life } else { 0 };
        (1..).map(|year| year * 12).take_while(move |month| *month < life)
    }

    /// What its price has become `months` after the start.
    pub(super) fn price_after(&self, months: usize) -> f64 {
        let (inflation, age) = self.inflation;
        libm::pow(1.0 + inflation, age + months as f64 / 12.0)
    }
}
