//! Energy, water, cooling and halls of the summary.

use super::Text;
use crate::facility::{Fact, Outcome, Subject, SubjectKind};
use crate::report::sheet::{Sheet, amount, percent, whole};

/// Water below this is none, m3: the rounding of basins that are full again.
const NOTHING_M3: f64 = 0.05;

impl Text {
    pub(super) fn energy(&mut self, outcome: &Outcome) {
        let site = outcome.site();
        let import_mwh = site.real("energy.import_mwh");
        let energy = self.energy;
        let sources = [
            ("generators", site.get("energy.generated_mwh")),
            ("arrays", site.get("energy.solar_mwh")),
            ("batteries", site.get("energy.discharged_mwh")),
        ];
        let supply_mwh = import_mwh + sources.iter().filter_map(|(_, mwh)| *mwh).sum::<f64>();
        let of = if supply_mwh > import_mwh { "of supply" } else { "of import" };
        let mut sheet = Sheet::new("Energy", &[energy.symbol, of]);
        let mut row = |name: &str, mwh: f64| {
            let share = if supply_mwh > 0.0 { mwh / supply_mwh } else { 0.0 };
            sheet.row(name, [energy.amount(mwh), percent(share)]);
        };
        for work in outcome.workloads().filter(|work| is_electric(work)) {
            row(&work.name, work.real("energy_mwh"));
        }
        for machines in ["fans", "pumps", "chillers", "house"] {
            row(machines, site.real(&format!("energy.{machines}_mwh")));
        }
        for losses in outcome.of(SubjectKind::Losses) {
            let lost_mwh = losses.real("energy_mwh");
            if lost_mwh > 0.0 {
                row(&format!("loss: {}", losses.name), lost_mwh);
            }
        }
        row("import", import_mwh);
        for (name, mwh) in sources {
            if let Some(mwh) = mwh {
                row(&format!("from {name}"), mwh);
            }
        }
        for (name, key) in
            [("stored in batteries", "energy.charged_mwh"), ("export", "energy.export_mwh")]
        {
            if let Some(mwh) = site.get(key).filter(|mwh| *mwh > 0.0) {
                row(name, mwh);
            }
        }
        self.sheet(&sheet);
        let power = self.power;
        let mw = |key: &str| power.fixed(site.real(key));
        self.line(
            "import power",
            &format!(
                "mean {}, peak {}, peak interval mean {} {}",
                mw("energy.mean_import_mw"),
                mw("energy.peak_import_mw"),
                mw("energy.peak_demand_mw"),
                power.symbol
            ),
        );
        let shed_mwh = site.real("energy.shed_mwh");
        if shed_mwh > 1e-6 * import_mwh {
            self.line("wanted, not granted", &energy.with_unit(shed_mwh));
        }
        let ratio = |key: &str, unit: &str| match site.get(key) {
            Some(value) => format!("{value:.3}{unit}"),
            None => "none: no IT load".to_owned(),
        };
        self.line("PUE", &ratio("effectiveness.pue", ""));
        self.line("WUE (withdrawal)", &ratio("effectiveness.wue_l_per_kwh", " L/kWh"));
        self.water(outcome);
        let carbon_t = site.real("money.carbon_t");
        if carbon_t > 0.0 {
            let cue = ratio("effectiveness.cue_kg_per_kwh", " kg/kWh of IT");
            self.line("carbon", &format!("{} t, {cue}", amount(carbon_t)));
        }
    }

    fn water(&mut self, outcome: &Outcome) {
        let site = outcome.site();
        let m3 = |key: &str| amount(site.real(key));
        self.line(
            "water",
            &format!(
                "{} m3 withdrawn: {} evaporated, {} drift, {} blowdown",
                m3("water.withdrawal_m3"),
                m3("water.evaporation_m3"),
                m3("water.drift_m3"),
                m3("water.blowdown_m3")
            ),
        );
        let months = outcome.months.iter().filter(|month| month.days >= 1.0).count();
        if let Some(most_m3) = site.get("water.worst_month_m3").filter(|_| months > 1) {
            let worst = site.facts.iter().find(|(key, _)| *key == "water.worst_month");
            if let Some((_, Fact::Text(month))) = worst {
                self.line("worst month of water", &format!("{month}: {} m3", amount(most_m3)));
            }
        }
        let gained_m3 = site.real("water.basins_m3");
        if gained_m3.abs() > NOTHING_M3 {
            let how = if gained_m3 < 0.0 { "lower" } else { "higher" };
            let amount = amount(gained_m3.abs());
            self.line("basins", &format!("end {amount} m3 {how} than they began"));
        }
        let dry: Vec<String> = outcome
            .of(SubjectKind::Loop)
            .filter_map(|cooling| Some((&cooling.name, cooling.get("without_water_h")?)))
            .filter(|(_, hours)| *hours > 0.0)
            .map(|(name, hours)| format!("{name} {hours:.1} h"))
            .collect();
        if !dry.is_empty() {
            self.line("without water", &dry.join(", "));
        }
    }

    pub(super) fn cooling(&mut self, outcome: &Outcome) {
        let unit = self.energy.symbol;
        let [heat, fans, pumps, chillers] =
            ["heat", "fans", "pumps", "chillers"].map(|machines| format!("{machines}\n{unit}"));
        let columns =
            [&heat, &fans, &pumps, &chillers, "inlet\ndegC", "at most\ndegC", "water\nm3"];
        let mut sheet = Sheet::new("Cooling", &columns);
        let mut modes =
            Sheet::new("Economisers", &[&heat, "free\nh", "partial\nh", "mechanical\nh"]);
        let energy = self.energy;
        for cooling in outcome.subjects.iter().filter(|subject| subject.kind.is_cooling()) {
            let mwh = |key: &str| energy.amount(cooling.get(key).unwrap_or(0.0));
            sheet.row(
                &cooling.name,
                [
                    mwh("heat_mwh"),
                    mwh("fans_mwh"),
                    mwh("pumps_mwh"),
                    mwh("chillers_mwh"),
                    format!("{:.1}", cooling.real("mean_inlet_c")),
                    format!("{:.1}", cooling.real("max_inlet_c")),
                    amount(cooling.get("water.withdrawal_m3").unwrap_or(0.0)),
                ],
            );
            if cooling.get("modes.free_h").is_some() {
                let hours = ["modes.free_h", "modes.partial_h", "modes.mechanical_h"];
                let [free, partial, mechanical] =
                    hours.map(|key| format!("{:.1}", cooling.real(key)));
                modes.row(&cooling.name, [mwh("economiser_mwh"), free, partial, mechanical]);
            }
        }
        self.sheet(&sheet);
        self.sheet(&modes);
    }

    pub(super) fn halls(&mut self, outcome: &Outcome) {
        let columns = ["racks", "available", "outages", "power lost", "heat trips"];
        let mut sheet = Sheet::new("Halls", &columns);
        let mut any = false;
        for hall in outcome.of(SubjectKind::Hall) {
            any = true;
            let available = hall.get("availability");
            sheet.row(
                &hall.name,
                [
                    hall.count("racks").to_string(),
                    available.map_or("-".to_owned(), |share| format!("{:.4} %", 100.0 * share)),
                    hall.count("outages").to_string(),
                    hall.count("power_losses").to_string(),
                    hall.count("heat_trips").to_string(),
                ],
            );
        }
        self.sheet(&sheet);
        if any {
            self.remark("  ", "power lost and heat trips count racks");
        }
        for hall in outcome.of(SubjectKind::Hall) {
            let (again, waiting_h) =
                (hall.count("heat_trips_again"), hall.real("heat_waiting_rack_h"));
            let mut told = Vec::new();
            if again > 0 {
                told.push(format!(
                    "{} heat trips within an hour of the rack's return",
                    whole(again)
                ));
            }
            if waiting_h > 0.0 {
                let waiting = amount(waiting_h);
                told.push(format!("{waiting} rack-hours tripped while the cooling was too weak"));
            }
            if !told.is_empty() {
                self.line(&hall.name, &told.join("; "));
            }
        }
    }
}

/// Whether what its racks draw is electricity of the site.
fn is_electric(work: &Subject) -> bool {
    !work.facts.contains(&("electric", Fact::Flag(false)))
}
