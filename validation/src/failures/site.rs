//! What befalls a site as a whole, and GPUs by where they are.

use std::path::Path;

use loadbank::workload::training::NodeFailureSpec;

use super::fleet;
use crate::cooling::table::{Band, Table};
use crate::data::Csv;

/// Outages a year of a feed.
fn outages(kind: &str) -> Result<f64, String> {
    let design = fleet::site(kind, "rsc-1-training")?;
    let feed = design.power.nodes.first().ok_or("a site without a feed")?;
    Ok(feed.component.failures.rate_per_s * 8760.0 * 3600.0)
}

/// The sum of a column of a table over the rows that have, in each of the columns `of`, one of these texts.
fn sum(table: &Csv, column: &str, of: &[(&str, &[&str])]) -> Result<f64, String> {
    let mut sum = 0.0;
    for row in table.rows() {
        let mut is_part = true;
        for (key, texts) in of {
            is_part &= texts.contains(&row.text(key)?);
        }
        if is_part {
            sum += row.number(column)?;
        }
    }
    Ok(sum)
}

/// The rows of LANL's causes that are of its power outages.
const POWER_OUTAGES: &[(&str, &[&str])] = &[("detail", &["Power Outage"])];

/// LANL's causes of events, and its power outages a site-year.
fn power_outages(data: &Path) -> Result<(Csv, f64), String> {
    let causes = Csv::read(&data.join("lanl_facility_causes.csv"))?;
    let a_year = sum(&causes, "events_per_site_year", POWER_OUTAGES)?;
    Ok((causes, a_year))
}

/// LANL's power outages against the entry of the catalogue that is made of them.
pub(super) fn own(table: &mut Table, data: &Path) -> Result<(), String> {
    let (_, theirs) = power_outages(data)?;
    let entry = outages("utility-lanl")?;
    table.row("F", "power outages a site-year: utility-lanl", theirs, entry, Band::Relative(0.01));
    Ok(())
}

/// LANL's power outages: those of a site on its own hill against the feed that a scenario gets by default.
pub(super) fn events(table: &mut Table, data: &Path) -> Result<(), String> {
    let (causes, theirs) = power_outages(data)?;
    // So many in the record: the band is of two Poisson deviations (assumption: outages of one storm
    // are not independent).
    let share = 2.0 / sum(&causes, "events_merged_30min", POWER_OUTAGES)?.sqrt();
    let default = outages("feed")?;
    let reason =
        "one site, with 19 of its 53 outages in one summer, against a mean of the industry's";
    let what = "power outages a site-year: defaults (gold book)";
    table.row_or("F", what, (theirs, default), Band::Relative(share), reason);
    Ok(())
}

/// What takes a GPU out, of Summit's errors by number: double-bit errors, halts of its controller, GPUs that have
/// fallen off the bus.
const TAKES_OUT: [&str; 3] = ["48", "62", "79"];
/// The causes of Llama 3's failures that are of a GPU.
const OF_GPU: [&str; 4] =
    ["faulty GPU", "GPU HBM3 memory", "GPU SRAM memory", "GPU system processor"];

/// GPUs that fail: those of Summit, of 2018, beside the defaults, of 2024.
pub(super) fn gpus(table: &mut Table, data: &Path) -> Result<(), String> {
    let errors = Csv::read(&data.join("summit_gpu_xid_2020.csv"))?;
    let summit = sum(&errors, "per_gpu_year", &[("xid", &TAKES_OUT)])?;
    let failures = fleet::written(NodeFailureSpec::default());
    let (mut of_gpu, mut before) = (0.0, 0.0);
    for cause in &failures.causes {
        if OF_GPU.contains(&cause.name.as_str()) {
            of_gpu += cause.cumulative - before;
        }
        before = cause.cumulative;
    }
    let default = of_gpu * failures.rate_per_s * 365.25 * 86_400.0 / 8.0;
    let reason =
        "V100 of 300 W in their second year, of which errors by number are known and no repairs";
    let what = "Summit, GPUs out a GPU-year: defaults (Llama 3)";
    // A half is an assumption: the generations differ by far more than either count scatters.
    table.row_or("S", what, (summit, default), Band::Relative(0.5), reason);
    Ok(())
}

/// What of the records has no counterpart here, and why.
pub(super) fn left_out(data: &Path) -> Result<Vec<String>, String> {
    let titan = Csv::read(&data.join("titan_gpu_failures_by_cage.csv"))?;
    let rate = |cage: &str| {
        let of: [(&str, &[&str]); 2] = [("batch", &["old"]), ("cage", &[cage])];
        let errors = sum(&titan, "double_bit_errors", &of)?;
        Ok::<f64, String>(errors / sum(&titan, "gpu_years", &of)?)
    };
    let ratio = rate("2")? / rate("0")?;
    Ok(vec![
        format!(
            "Titan's double-bit errors, {ratio:.2} times as many at the top of a rack as at its bottom: a rack here \
             has one inlet temperature and no cages, and the record no temperatures"
        ),
        "LANL's chillers, UPSs and rooms, 1.5, 1.4 and 1.9 events a site-year: how many of each there \
         were is not told, so that no rate of one follows"
            .to_owned(),
    ])
}
