//! What a run leaves beside the intervals of its meters, as money needs it: read by the same keys
//! from the subjects of a run that ends and from the `summary.json` of one that has ended.

/// What is made by a workload that has a cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Product {
    /// Useful GPU-hours of training.
    GpuHours,
    /// Millions of generated tokens.
    Megatokens,
    /// Petahashes a second for a day.
    PhDays,
}

/// What a run leaves.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Account {
    /// How long it is, h.
    pub hours: f64,
    /// Import at the price of each moment, $.
    pub energy_usd: f64,
    /// Income of grid programmes less what they took back, $.
    pub programmes_usd: f64,
    /// Income of energy given to the grid at the price of the moment, $.
    pub export_usd: f64,
    /// By workload.
    pub works: Vec<WorkAccount>,
    /// By hall.
    pub halls: Vec<HallAccount>,
}

/// What a workload leaves.
#[derive(Debug, Clone, PartialEq)]
pub struct WorkAccount {
    /// Its name.
    pub name: String,
    /// What it earned, $.
    pub revenue_usd: f64,
    /// What its racks drew, MWh.
    pub energy_mwh: f64,
    /// What it made, and how much.
    pub made: Option<(Product, f64)>,
}

/// What is known of a hall of racks.
#[derive(Debug, Clone, PartialEq)]
pub struct HallAccount {
    /// Its name.
    pub name: String,
    /// Racks.
    pub racks: f64,
    /// Rated power of all of them, MW.
    pub rated_mw: f64,
    /// GPUs in them.
    pub gpus: f64,
}

impl Account {
    /// Reads the account of `works` and `halls`, in a run of `hours`, where `figure` gives a figure by
    /// the section, the name and the key that `summary.json` has it under.
    pub fn read(
        hours: f64,
        works: &[String],
        halls: &[String],
        figure: &dyn Fn(&str, &str, &str) -> Option<f64>,
    ) -> Self {
        let work = |name: &String| {
            let of = |key: &str| figure("workloads", name, key);
            let ph_days = |eh_s: f64| (Product::PhDays, eh_s * 1000.0 * hours / 24.0);
            let made = of("gpu_hours.useful").map(|hours| (Product::GpuHours, hours));
            let made = made.or_else(|| Some((Product::Megatokens, of("output_tokens")? * 1e-6)));
            WorkAccount {
                name: name.clone(),
                revenue_usd: of("revenue_usd").unwrap_or(0.0),
                energy_mwh: of("energy_mwh").unwrap_or(0.0),
                made: made.or_else(|| of("mean_hash_rate_eh_per_s").map(ph_days)),
            }
        };
        let hall = |name: &String| {
            let of = |key: &str| figure("halls", name, key).unwrap_or(0.0);
            HallAccount {
                name: name.clone(),
                racks: of("racks"),
                rated_mw: of("rated_mw"),
                gpus: of("gpus"),
            }
        };
        Self {
            hours,
            energy_usd: figure("money", "", "energy_cost_usd").unwrap_or(0.0),
            programmes_usd: figure("money", "", "programmes_usd").unwrap_or(0.0),
            export_usd: figure("money", "", "export_income_usd").unwrap_or(0.0),
            works: works.iter().map(work).collect(),
            halls: halls.iter().map(hall).collect(),
        }
    }

    /// The share of the energy of all workloads that `name` drew; an equal one where none drew any.
    pub fn energy_share(&self, name: &str) -> f64 {
        let all: f64 = self.works.iter().map(|work| work.energy_mwh).sum();
        let own = self.works.iter().find(|work| work.name == name);
        match own {
            Some(own) if all > 0.0 => own.energy_mwh / all,
            Some(_) => 1.0 / self.works.len() as f64,
            None => 0.0,
        }
    }

    pub(super) fn hall(&self, name: &str) -> Option<&HallAccount> {
        self.halls.iter().find(|hall| hall.name == name)
    }
}
