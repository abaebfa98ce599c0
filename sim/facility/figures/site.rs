//! Figures of the site as a whole.

use super::reserve::Reserve;
use super::rides::RideEnd;
use super::{Derived, SubjectKind, ratio};
use crate::measure::{Figure, Row, Scale};

/// What the site leaves at the end.
#[derive(Debug)]
pub(in crate::facility) struct SiteEnd {
    /// Largest mean import of an interval of the time series, W.
    pub(in crate::facility) peak_demand_w: f64,
    pub(in crate::facility) reserve: Reserve,
    /// None where nothing tells what voltages do.
    pub(in crate::facility) rides: Option<RideEnd>,
}

pub(super) static SITE: &[Row<SiteEnd>] = &[Row::new(
    Figure::new(
        "energy.peak_demand",
        Scale::MW,
        "Largest mean import of an interval of the time series, as utilities bill demand.",
    )
    .lower(),
    |site| Some(site.peak_demand_w * Scale::MW.per_base),
)];

/// A figure of the site that is a sum over other subjects.
#[derive(Debug)]
pub(super) struct SumOf {
    pub(super) figure: Figure,
    pub(super) of: fn(SubjectKind) -> bool,
    pub(super) key: &'static str,
}

const fn water(name: &'static str, key: &'static str, doc: &'static str) -> SumOf {
    SumOf { figure: Figure::new(name, Scale::M3, doc).adding(), of: SubjectKind::is_cooling, key }
}

pub(super) static SITE_SUMS: &[SumOf] = &[
    SumOf {
        figure: Figure::new(
            "water.withdrawal",
            Scale::M3,
            "Make-up water taken: evaporation, drift, blowdown and what basins gain.",
        )
        .lower()
        .adding(),
        of: SubjectKind::is_cooling,
        key: "water.withdrawal_m3",
    },
    water("water.evaporation", "water.evaporation_m3", "Lost as vapour."),
    water("water.drift", "water.drift_m3", "Lost as droplets."),
    water("water.blowdown", "water.blowdown_m3", "Returned to the sewer."),
    water(
        "water.basins",
        "water.basins_m3",
        "What basins hold at the end beyond what they held at the start.",
    ),
    SumOf {
        figure: Figure::new("money.revenue", Scale::USD, "Revenue of all workloads.")
            .higher()
            .adding(),
        of: SubjectKind::is_workload,
        key: "revenue_usd",
    },
];

pub(super) static SITE_DERIVED: &[Derived] = &[
    Derived::new(
        Figure::new(
            "effectiveness.pue",
            Scale::RATIO,
            "Power usage effectiveness (ISO/IEC 30134-2): energy of the site over IT energy. The site's is its import and what it generates, less what it exports and what batteries gain.",
        )
        .lower(),
        |of| ratio(used(of, &ENERGIES), it_energy(of)),
    ),
    Derived::new(
        Figure::new(
            "effectiveness.wue",
            Scale::L_PER_KWH,
            "Water usage effectiveness (ISO/IEC 30134-9): withdrawal over IT energy.",
        )
        .lower(),
        |of| ratio(of("water.withdrawal_m3"), it_energy(of)),
    ),
    Derived::new(
        Figure::new(
            "effectiveness.cue",
            Scale::KG_PER_KWH,
            "Carbon usage effectiveness (ISO/IEC 30134-8): emissions of the import over IT energy.",
        )
        .lower(),
        |of| ratio(of("money.carbon_t"), it_energy(of)),
    ),
    Derived::new(
        Figure::new("money.cost_of_energy", Scale::USD_PER_MWH, "Cost of energy over import.")
            .lower(),
        |of| ratio(of("money.energy_cost_usd"), of("energy.import_mwh")),
    ),
    Derived::new(
        Figure::new(
            "money.margin",
            Scale::USD,
            "Revenue, with the income of grid programmes and exports, less cost of energy.",
        )
        .higher(),
        |of| {
            let [programmes, exported] = ["money.programmes_usd", "money.export_income_usd"]
                .map(|key| of(key).unwrap_or(0.0));
            Some(of("money.revenue_usd")? - of("money.energy_cost_usd")? + exported + programmes)
        },
    ),
];

pub(in crate::facility) static WORST_MONTH: Figure = Figure::new(
    "water.worst_month",
    Scale::M3,
    "Make-up water of the calendar month of the site that took most of it.",
)
.lower();

/// Columns of the time series that are made of other columns of their row.
pub(in crate::facility) static ROW_DERIVED: &[Derived] = &[Derived::new(
    Figure::new("pue", Scale::RATIO, "Power of the site over that of IT; empty without IT load."),
    |of| {
        let used_mw = used(of, &POWERS);
        ratio(used_mw, more_than_rounding(of("it_mw"), used_mw))
    },
)];

/// IT energy, where there is any.
fn it_energy(of: &dyn Fn(&str) -> Option<f64>) -> Option<f64> {
    more_than_rounding(of("effectiveness.it_mwh"), used(of, &ENERGIES))
}

/// `part`, where it is more of the `whole` than sums round by.
fn more_than_rounding(part: Option<f64>, whole: Option<f64>) -> Option<f64> {
    let (part, whole) = (part?, whole?);
    (part > 1e-9 * whole.abs()).then_some(part)
}

/// What the site imports, generates, is given by the sun and holds; what it exports, charges and
/// discharges.
const ENERGIES: [&str; 7] = [
    "energy.import_mwh",
    "energy.generated_mwh",
    "energy.solar_mwh",
    "energy.held_mwh",
    "energy.export_mwh",
    "energy.charged_mwh",
    "energy.discharged_mwh",
];
/// The same of the time series.
const POWERS: [&str; 7] = [
    "import_mw",
    "generated_mw",
    "solar_mw",
    "held_mw",
    "export_mw",
    "charged_mw",
    "discharged_mw",
];

/// What the site used of what it imported, generated and stored, by its figures of these `names`.
fn used(of: &dyn Fn(&str) -> Option<f64>, names: &[&str; 7]) -> Option<f64> {
    let import = of(names[0])?;
    let [generated, solar, held, export, charged, discharged] =
        std::array::from_fn(|place| of(names[place + 1]).unwrap_or(0.0));
    Some(import + (generated + solar + held - export - (charged - discharged)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Racks that got nothing for a month drew what sums round by: no usage effectiveness follows.
    #[test]
    fn rounding_is_no_it_energy() {
        let pue = |it: f64| {
            let of = |name: &str| match name {
                "energy.import_mwh" => Some(20.0),
                "effectiveness.it_mwh" => Some(it),
                _ => None,
            };
            (SITE_DERIVED[0].of)(&of)
        };
        assert_eq!(pue(3.6e-16), None);
        assert_eq!(pue(16.0), Some(1.25));
    }
}
