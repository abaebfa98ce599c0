//! What a figure is: its name, its unit, its meaning, which of two values is the better one, and
//! how the values of alike things join.
//!
//! Figures are declared in tables, a row each. Meters, the time series, `summary.json`, the text
//! summary and `docs/columns.md` loop over these tables, so that a figure that is added is one
//! row more and none of them can disagree about it.

use std::borrow::Cow;

use crate::units::Currency;

/// J in a MWh.
pub const JOULES_PER_MWH: f64 = 3.6e9;

/// J in a kWh.
pub const JOULES_PER_KWH: f64 = 3.6e6;

/// A unit, and how many of it a base unit is. Base units are those of the models: W, J, kg, s,
/// degrees Celsius, $.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale {
    /// As people write it: `MWh`. Empty for a pure ratio.
    pub symbol: &'static str,
    /// What ends the names of figures in this unit: `mwh`; empty for shares, ratios and counts.
    pub suffix: &'static str,
    /// How many of it one base unit is.
    pub per_base: f64,
    /// Whether its values are whole numbers.
    pub whole: bool,
}

impl Scale {
    /// A pure ratio.
    pub const RATIO: Self = Self::new("", "", 1.0);
    /// A share of something, from 0 to 1.
    pub const SHARE: Self = Self::new("share", "", 1.0);
    /// A whole number of things.
    pub const COUNT: Self = Self { whole: true, ..Self::new("count", "", 1.0) };
    /// A mean number of things.
    pub const NUMBER: Self = Self::new("number", "", 1.0);
    /// Power.
    pub const MW: Self = Self::new("MW", "mw", 1e-6);
    /// Energy.
    pub const MWH: Self = Self::new("MWh", "mwh", 1.0 / JOULES_PER_MWH);
    /// Power that is kept ready over time.
    pub const MW_H: Self = Self::new("MW-h", "mw_h", 1.0 / JOULES_PER_MWH);
    /// Energy of something small.
    pub const KWH: Self = Self::new("kWh", "kwh", 1.0 / JOULES_PER_KWH);
    /// Energy for a piece of work.
    pub const KWH_PER_GPU_HOUR: Self = Self::new("kWh/GPU-h", "", 1.0);
    /// Energy for a piece of work.
    pub const KWH_PER_CORE_HOUR: Self = Self::new("kWh/core-h", "", 1.0);
    /// Energy for a piece of work.
    pub const J_PER_TOKEN: Self = Self::new("J/token", "", 1.0);
    /// Temperature.
    pub const DEGC: Self = Self::new("degC", "c", 1.0);
    /// Temperature difference.
    pub const KELVIN: Self = Self::new("K", "k", 1.0);
    /// Flow of water.
    pub const M3_PER_H: Self = Self::new("m3/h", "m3_per_h", 3.6);
    /// Amount of water.
    pub const M3: Self = Self::new("m3", "m3", 1e-3);
    /// Water for energy.
    pub const L_PER_KWH: Self = Self::new("L/kWh", "l_per_kwh", 1.0);
    /// Emissions for energy.
    pub const KG_PER_KWH: Self = Self::new("kg/kWh", "kg_per_kwh", 1.0);
    /// Emissions for energy.
    pub const G_PER_KWH: Self = Self::new("g/kWh", "g_per_kwh", 1.0);
    /// Emissions; the base unit is a gram.
    pub const TONNES: Self = Self::new("t", "t", 1e-6);
    /// Time.
    pub const SECONDS: Self = Self::new("s", "s", 1.0);
    /// Time.
    pub const HOURS: Self = Self::new("h", "h", 1.0 / 3600.0);
    /// Time squared: what sums of squared times are in.
    pub const HOURS_SQUARED: Self = Self::new("h2", "h2", 1.0 / (3600.0 * 3600.0));
    /// Time of many machines.
    pub const MACHINE_HOURS: Self = Self::new("machine-h", "machine_h", 1.0 / 3600.0);
    /// Time of many racks.
    pub const RACK_HOURS: Self = Self::new("rack-h", "rack_h", 1.0 / 3600.0);
    /// Time of many GPUs.
    pub const GPU_HOURS: Self = Self::new("GPU-h", "", 1.0 / 3600.0);
    /// Time of many cores.
    pub const CORE_HOURS: Self = Self::new("core-h", "", 1.0 / 3600.0);
    /// Rate of things.
    pub const PER_SECOND: Self = Self::new("1/s", "per_s", 1.0);
    /// Rate of hashes.
    pub const PH_PER_S: Self = Self::new("PH/s", "ph_per_s", 1e-15);
    /// Rate of hashes.
    pub const EH_PER_S: Self = Self::new("EH/s", "eh_per_s", 1e-18);
    /// Money.
    pub const USD: Self = Self::new("$", "usd", 1.0);
    /// Bitcoin.
    pub const BTC: Self = Self::new("BTC", "btc", 1.0);
    /// Money for energy.
    pub const USD_PER_MWH: Self = Self::new("$/MWh", "usd_per_mwh", 1.0);
    /// Dollars a GPU-hour.
    pub const USD_PER_GPU_HOUR: Self = Self::new("$/GPU-h", "usd_per_gpu_h", 1.0);
    /// Dollars a million tokens.
    pub const USD_PER_MTOKEN: Self = Self::new("$/Mtoken", "usd_per_mtoken", 1.0);
    /// Dollars a petahash a second for a day.
    pub const USD_PER_PH_DAY: Self = Self::new("$/PH/day", "usd_per_ph_day", 1.0);
    /// Years.
    pub const YEARS: Self = Self::new("years", "years", 1.0);

    /// The units that end the names of what is in them.
    const NAMED: [Self; 27] = [
        Self::MW,
        Self::MWH,
        Self::MW_H,
        Self::KWH,
        Self::DEGC,
        Self::KELVIN,
        Self::M3_PER_H,
        Self::M3,
        Self::L_PER_KWH,
        Self::KG_PER_KWH,
        Self::G_PER_KWH,
        Self::TONNES,
        Self::SECONDS,
        Self::HOURS,
        Self::HOURS_SQUARED,
        Self::MACHINE_HOURS,
        Self::RACK_HOURS,
        Self::PER_SECOND,
        Self::PH_PER_S,
        Self::EH_PER_S,
        Self::USD,
        Self::BTC,
        Self::USD_PER_MWH,
        Self::USD_PER_GPU_HOUR,
        Self::USD_PER_MTOKEN,
        Self::USD_PER_PH_DAY,
        Self::YEARS,
    ];

    /// A unit of which a base unit is `per_base`.
    pub const fn new(symbol: &'static str, suffix: &'static str, per_base: f64) -> Self {
        Self { symbol, suffix, per_base, whole: false }
    }

    /// `name` with the unit at its end: `import_mwh`. Where `name` is empty, the unit alone.
    pub fn key(&self, name: &str) -> String {
        match (name.is_empty(), self.suffix.is_empty()) {
            (_, true) => name.to_owned(),
            (true, false) => self.suffix.to_owned(),
            (false, false) => format!("{name}_{}", self.suffix),
        }
    }
}

/// The unit that ends the name of a column: `MWh` for `import_mwh`; none where the name has none, as
/// that of a share or a count.
pub fn unit_of(name: &str) -> Option<Cow<'static, str>> {
    let currency = Currency::in_key(name).unwrap_or_default();
    let name = &*currency.plain(name);
    let ends = |suffix: &str| {
        let rest = name.strip_suffix(suffix);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('_'))
    };
    let units = Scale::NAMED.iter().map(|scale| (scale.suffix, scale.symbol));
    let units = units.chain(ELSEWHERE);
    let unit = units.filter(|it| ends(it.0)).max_by_key(|it| it.0.len())?.1;
    Some(currency.tell(unit))
}

/// Units of columns that no figure is in.
const ELSEWHERE: [(&str, &str); 2] = [("gpu_h", "GPU-h"), ("kw", "kW")];

/// Which of two values of a figure is the better one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Better {
    /// The higher one.
    Higher,
    /// The lower one.
    Lower,
    /// Neither: that depends on the question.
    Neither,
}

impl Better {
    /// As tables name it.
    pub fn name(self) -> &'static str {
        match self {
            Better::Higher => "higher",
            Better::Lower => "lower",
            Better::Neither => "",
        }
    }
}

/// How the values of the instances of one declared component become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Join {
    /// Their sum.
    Sum,
    /// Their mean.
    Mean,
    /// The warmest, or highest, of them.
    Warmest,
}

impl Join {
    /// Joins `values`, of which there is at least one.
    pub fn of(self, mut values: impl ExactSizeIterator<Item = f64>) -> f64 {
        let count = values.len();
        match self {
            // Most things are one.
            Join::Sum | Join::Mean if count == 1 => values.next().expect("there is one"),
            Join::Sum => values.sum(),
            Join::Mean => values.sum::<f64>() / count as f64,
            Join::Warmest => values.fold(f64::NEG_INFINITY, f64::max),
        }
    }

    /// As tables name it.
    pub fn name(self) -> &'static str {
        match self {
            Join::Sum => "sum",
            Join::Mean => "mean",
            Join::Warmest => "warmest",
        }
    }
}

/// A figure of a run, as declared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Figure {
    /// Its name without its unit; parts of a group are behind a dot: `energy.import`.
    pub name: &'static str,
    /// Its unit.
    pub scale: Scale,
    /// Which of two values is the better one.
    pub better: Better,
    /// Whether its values in two halves of a run sum to that of the run.
    pub adds: bool,
    /// What it is, in a sentence.
    pub doc: &'static str,
}

impl Figure {
    /// A figure of which neither direction is better and which does not add over time.
    pub const fn new(name: &'static str, scale: Scale, doc: &'static str) -> Self {
        Self { name, scale, better: Better::Neither, adds: false, doc }
    }

    /// The same, the higher the better.
    pub const fn higher(self) -> Self {
        Self { better: Better::Higher, ..self }
    }

    /// The same, the lower the better.
    pub const fn lower(self) -> Self {
        Self { better: Better::Lower, ..self }
    }

    /// The same, adding over time.
    pub const fn adding(self) -> Self {
        Self { adds: true, ..self }
    }

    /// Its place under its subject in `summary.json`: `energy.import_mwh`.
    pub fn key(&self) -> String {
        self.scale.key(self.name)
    }

    /// Whether `key` is its [`key`](Self::key), without making that text.
    pub fn has_key(&self, key: &str) -> bool {
        let suffix = self.scale.suffix;
        if suffix.is_empty() {
            return key == self.name;
        }
        match key.strip_suffix(suffix) {
            Some(rest) if self.name.is_empty() => rest.is_empty(),
            Some(rest) => rest.strip_suffix('_') == Some(self.name),
            None => false,
        }
    }

    /// Its name as people write it: `import` for `energy.import_mwh`, `heat-trips` for
    /// `heat_trips`.
    pub fn short(&self) -> String {
        let last = self.name.rsplit('.').next().unwrap_or(self.name);
        last.replace('_', "-")
    }

    /// Whether `asked` is its key or its whole name, with `-` or `_` between words.
    pub fn is(&self, asked: &str) -> bool {
        let asked = asked.replace('-', "_");
        self.name == asked || self.key() == asked
    }

    /// The same for the last parts of its name: `import` and `import_mwh` for
    /// `energy.import_mwh`.
    pub fn ends_with(&self, asked: &str) -> bool {
        let asked = asked.replace('-', "_");
        let ends = |name: &str| {
            let rest = name.strip_suffix(asked.as_str());
            !asked.is_empty() && rest.is_some_and(|rest| rest.ends_with('.'))
        };
        ends(self.name) || ends(&self.key())
    }
}

/// A declared figure and how it is read from what a run leaves of a subject `S`, in the unit of
/// the figure; none where it is not defined, as a mean over nothing is not.
#[derive(Debug)]
pub struct Row<S> {
    /// The figure.
    pub figure: Figure,
    /// Its value.
    pub read: fn(&S) -> Option<f64>,
}

impl<S> Row<S> {
    /// A row of a table of figures.
    pub const fn new(figure: Figure, read: fn(&S) -> Option<f64>) -> Self {
        Self { figure, read }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const IMPORT: Figure = Figure::new("energy.import", Scale::MWH, "Drawn from the grid.");

    #[test]
    fn a_figure_is_named_in_several_ways() {
        assert_eq!(
            (IMPORT.key().as_str(), IMPORT.short().as_str()),
            ("energy.import_mwh", "import")
        );
        for name in ["import", "import_mwh", "import-mwh"] {
            assert!(IMPORT.ends_with(name) && !IMPORT.is(name), "{name}");
        }
        for name in ["energy.import", "energy.import_mwh"] {
            assert!(IMPORT.is(name), "{name}");
        }
        for name in ["", "port", "mwh", "energy", ".import", "import_mw"] {
            assert!(!IMPORT.ends_with(name) && !IMPORT.is(name), "{name}");
        }
        assert_eq!(Scale::MW.key(""), "mw");
        for (figure, others) in [
            (IMPORT, ["energy.import", "import_mwh", "energy.importmwh", "x.energy.import_mwh"]),
            (Figure::new("", Scale::MW, ""), ["", "_mw", "mwh", "x_mw"]),
            (Figure::new("heat_trips", Scale::COUNT, ""), ["", "heat_trips_", "trips", "heat"]),
        ] {
            assert!(figure.has_key(&figure.key()), "{}", figure.key());
            assert!(others.iter().all(|other| !figure.has_key(other)), "{}", figure.key());
        }
        assert_eq!(Scale::COUNT.key("heat_trips"), "heat_trips");
    }

    #[test]
    fn the_unit_at_the_end_of_a_name_is_told() {
        for (name, unit) in [
            ("import_mw", Some("MW")),
            ("price_usd_per_mwh", Some("$/MWh")),
            ("tower_water_m3_per_h", Some("m3/h")),
            ("chat_served_per_s", Some("1/s")),
            ("held_gpu_h", Some("GPU-h")),
            ("mine_ph_per_s", Some("PH/s")),
            ("price_eur_per_mwh", Some("EUR/MWh")),
            ("usd", Some("$")),
            ("hall_live_racks", None),
            ("watch", None),
            ("pue", None),
        ] {
            assert_eq!(unit_of(name).as_deref(), unit, "{name}");
        }
        for scale in Scale::NAMED {
            assert_eq!(unit_of(&scale.key("any")).as_deref(), Some(scale.symbol));
        }
    }

    #[test]
    fn instances_join_as_declared() {
        let values = [3.0, -1.0, 4.0];
        let join = |how: Join| how.of(values.into_iter());
        assert_eq!([Join::Sum, Join::Mean, Join::Warmest].map(join), [6.0, 2.0, 4.0]);
    }
}
