//! Of the site as a whole.

use crate::facility::figures::Shown::{MeanAndMax, Never};
use crate::facility::figures::{Column, Total, View, mwh};
use crate::measure::Join::{Mean, Sum};
use crate::measure::{Figure, JOULES_PER_KWH, JOULES_PER_MWH, Scale};

pub(super) static SITE: &[Column] = &[
    Column::new("import", Scale::MW, Sum, |v, _| v.power.total_import_w(), "Drawn from the grid.")
        .shown(MeanAndMax)
        .totals(&[
            Total::integral(mwh("energy.import", "Drawn from the grid.").lower()),
            Total::mean(Figure::new(
                "energy.mean_import",
                Scale::MW,
                "Time-weighted mean of the import.",
            )),
            Total::max(
                Figure::new(
                    "energy.peak_import",
                    Scale::MW,
                    "Largest import that held for any time.",
                )
                .lower(),
            ),
        ]),
    Column::new("export", Scale::MW, Sum, |v, _| v.power.total_export_w(), "Given to the grid.")
        .only(|design, _| design.may_export())
        .totals(&[Total::integral(mwh("energy.export", "Given to the grid."))]),
    Column::new(
        "it",
        Scale::MW,
        Sum,
        |v, _| it_w(v),
        "Racks of all workloads, and heat loads that are electric.",
    )
    .totals(&[Total::integral(mwh(
        "effectiveness.it",
        "IT energy: racks of all workloads, and heat loads that are electric.",
    ))]),
    Column::new(
        "fans",
        Scale::MW,
        Sum,
        |v, _| v.cooling_w.fans,
        "Fans of all cooling, with spray pumps and basin heaters.",
    )
    .totals(&[Total::integral(mwh(
        "energy.fans",
        "Fans of all cooling, with spray pumps and basin heaters.",
    ))]),
    Column::new("pumps", Scale::MW, Sum, |v, _| v.cooling_w.pumps, "Pumps of all cooling.")
        .totals(&[Total::integral(mwh("energy.pumps", "Pumps of all cooling."))]),
    Column::new(
        "chillers",
        Scale::MW,
        Sum,
        |v, _| v.cooling_w.chillers,
        "Chillers of all cooling.",
    )
    .totals(&[Total::integral(mwh("energy.chillers", "Chillers of all cooling."))]),
    Column::new("house", Scale::MW, Sum, |v, _| house_w(v), "Constant loads of the site itself.")
        .totals(&[Total::integral(mwh("energy.house", "Constant loads of the site itself."))]),
    Column::new(
        "generated",
        Scale::MW,
        Sum,
        |v, _| v.power.total_generated_w(),
        "Output of generators.",
    )
    .only(|design, _| design.has_reserve())
    .totals(&[Total::integral(mwh("energy.generated", "Output of generators."))]),
    Column::new("solar", Scale::MW, Sum, |v, _| v.power.total_solar_w(), "Given by arrays.")
        .only(|design, _| design.has_arrays())
        .totals(&[Total::integral(mwh("energy.solar", "Given by arrays."))]),
    Column::new(
        "discharged",
        Scale::MW,
        Sum,
        |v, _| v.power.total_discharged_w(),
        "Given by batteries.",
    )
    .only(|design, _| design.has_reserve())
    .totals(&[Total::integral(mwh("energy.discharged", "Given by batteries."))]),
    Column::new(
        "charged",
        Scale::MW,
        Sum,
        |v, _| v.power.total_charged_w(),
        "Stored in batteries, without what charging loses.",
    )
    .only(|design, _| design.has_reserve())
    .totals(&[Total::integral(mwh(
        "energy.charged",
        "Stored in batteries, without what charging loses.",
    ))]),
    Column::new(
        "held",
        Scale::MW,
        Sum,
        |v, _| v.power.total_held_w(),
        "Drawn by racks and drives from what they hold, while their cords are dead.",
    )
    .only(|design, _| design.has_reserve())
    .totals(&[Total::integral(mwh(
        "energy.held",
        "Drawn by racks and drives from what they hold, while their cords are dead.",
    ))]),
    Column::new(
        "shed",
        Scale::MW,
        Sum,
        |v, _| v.power.unserved().total_w(),
        "Wanted by live loads and not granted.",
    )
    .totals(&[Total::integral(
        mwh("energy.shed", "Wanted and not granted, because power was short or lost.").lower(),
    )]),
    Column::new("price", Scale::USD_PER_MWH, Mean, |v, _| v.price, "Price of energy."),
    Column::new(
        "energy_cost",
        Scale::USD,
        Sum,
        |v, _| v.power.total_import_w() * v.price / JOULES_PER_MWH,
        "Import at the price of the moment.",
    )
    .shown(Never)
    .totals(&[Total::integral(
        Figure::new("money.energy_cost", Scale::USD, "Import at the price of the moment.").lower(),
    )]),
    Column::new(
        "export_income",
        Scale::USD,
        Sum,
        |v, _| v.power.total_export_w() * v.price / JOULES_PER_MWH,
        "Export at the price of the moment.",
    )
    .only(|design, _| design.may_export())
    .shown(Never)
    .totals(&[Total::integral(
        Figure::new("money.export_income", Scale::USD, "Export at the price of the moment.")
            .higher(),
    )]),
    Column::new(
        "carbon",
        Scale::G_PER_KWH,
        Mean,
        |v, _| v.carbon_g_per_kwh,
        "Carbon intensity of energy.",
    ),
    Column::new(
        "emissions",
        Scale::TONNES,
        Sum,
        |v, _| v.power.total_import_w() * v.carbon_g_per_kwh / JOULES_PER_KWH,
        "Import times the carbon intensity of the moment.",
    )
    .shown(Never)
    .totals(&[Total::integral(
        Figure::new("money.carbon", Scale::TONNES, "Emissions of the import.").lower(),
    )]),
    Column::new("dry_bulb", Scale::DEGC, Mean, |v, _| v.air.dry_bulb_c, "Outdoor dry bulb."),
    Column::new("wet_bulb", Scale::DEGC, Mean, |v, _| v.wet_bulb_c, "Outdoor wet bulb."),
];

fn it_w(view: &View<'_>) -> f64 {
    let works = view.design.works.iter().zip(view.works_w);
    works.filter(|(site, _)| site.design.is_electric()).map(|(_, w)| w).sum()
}

fn house_w(view: &View<'_>) -> f64 {
    view.design.house.iter().map(|house| view.power.draw_w(house.load)).sum()
}
