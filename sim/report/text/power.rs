//! The power chain in the summary: what was highly loaded, what carried outages.

use super::Text;
use crate::facility::{Outcome, SubjectKind};
use crate::report::sheet::{Sheet, amount};

/// Components that never carried more of their rating are not listed: the usual limit of continuous
/// load.
const HIGH: f64 = 0.8;

impl Text {
    pub(super) fn loading(&mut self, outcome: &Outcome) {
        self.reserve(outcome);
        self.storage(outcome);
        self.transformers(outcome);
        let power = self.power;
        let [mean, peak] = ["mean", "peak"].map(|what| format!("{what}\n{}", power.symbol));
        let columns = [&mean, &peak, "fullest\n% of rating", "above 80 %\nh", "at rating\nh"];
        let mut sheet = Sheet::new("Loading above 80 %", &columns);
        for component in outcome.of(SubjectKind::Component) {
            let Some(share) = component.get("load.peak_share").filter(|share| *share > HIGH) else {
                continue;
            };
            let hours = |key: &str| format!("{:.1}", component.real(key));
            sheet.row(
                &component.name,
                [
                    power.fixed(component.real("load.mean_mw")),
                    power.fixed(component.real("load.peak_mw")),
                    format!("{:.1}", 100.0 * share),
                    hours("load.above_80_h"),
                    hours("load.at_rating_h"),
                ],
            );
        }
        let one_cord: Vec<String> = outcome
            .of(SubjectKind::Hall)
            .map(|hall| (&hall.name, hall.real("one_cord_rack_h")))
            .filter(|(_, hours)| *hours > 0.0)
            .map(|(name, hours)| format!("{name} {hours:.1} rack-h"))
            .collect();
        if !one_cord.is_empty() {
            self.line("on one cord of several", &one_cord.join(", "));
        }
        self.sheet(&sheet);
    }

    /// What battery systems did, and what it came to at the price of the moment.
    fn storage(&mut self, outcome: &Outcome) {
        let unit = self.energy.symbol;
        let [taken, given, mean] =
            ["taken", "given", "mean stored"].map(|it| format!("{it}\n{unit}"));
        let columns = [&taken, &given, &mean, "full cycles", "value\n$"];
        let mut sheet = Sheet::new("Battery systems", &columns);
        for battery in outcome.of(SubjectKind::Storage) {
            let mwh = |key: &str| self.energy.amount(battery.real(key));
            sheet.row(
                &battery.name,
                [
                    mwh("charge_mwh"),
                    mwh("discharge_mwh"),
                    mwh("stored.mean_mwh"),
                    format!("{:.2}", battery.real("cycles")),
                    amount(battery.real("value_usd")),
                ],
            );
        }
        self.sheet(&sheet);
    }

    /// How warm transformers were, and what that cost of their insulation.
    fn transformers(&mut self, outcome: &Outcome) {
        let columns = [
            "mean hot spot\ndegC",
            "warmest\ndegC",
            "above alarm\nh",
            "held to rating\nh",
            "life used\nh",
        ];
        let mut sheet = Sheet::new("Transformers", &columns);
        for it in outcome.of(SubjectKind::Transformer) {
            let real = |key: &str| format!("{:.1}", it.real(key));
            sheet.row(
                &it.name,
                [
                    real("hot_spot.mean_c"),
                    real("hot_spot.max_c"),
                    real("hot_spot.above_alarm_h"),
                    real("overload.held_h"),
                    real("life_used_h"),
                ],
            );
        }
        self.sheet(&sheet);
    }

    fn reserve(&mut self, outcome: &Outcome) {
        let site = outcome.site();
        if let Some(hours) = site.get("reserve.battery_h") {
            let given = self.energy.with_unit(site.real("reserve.discharged_mwh"));
            self.line("batteries", &format!("{hours:.2} h in use, {given} given"));
        }
        if let Some(hours) = site.get("reserve.run_h") {
            let count = |key: &str| site.count(&format!("reserve.{key}"));
            self.line(
                "generators",
                &format!(
                    "{hours:.1} h of running, {} given, {} starts, {} failed to start, {} broke down, {:.1} m3 of fuel",
                    self.energy.with_unit(site.real("reserve.generated_mwh")),
                    count("starts"),
                    count("failed_starts"),
                    count("breakdowns"),
                    site.real("reserve.fuel_m3"),
                ),
            );
        }
        if let Some(count) = site.get("ride_through.disturbances").filter(|count| *count > 0.0) {
            let lost = self.power.with_unit(site.real("ride_through.import_lost_mw"));
            let mut text = format!("{count:.0}, import down by {lost} at most");
            if let Some(back) = site.get("ride_through.back_s") {
                text += &format!(", less than 90 % of it for up to {back:.2} s afterwards");
            }
            let dropped = site.count("ride_through.dropped");
            text += &format!("; loads lost in {dropped}");
            if let Some(broken) = site.get("ride_through.duty_broken") {
                text += &format!(", duty broken in {broken:.0}");
            }
            self.line("disturbances of feeds", &text);
        }
        if let Some(moves) = site.get("reserve.transfers") {
            let failed = site.count("reserve.failed_transfers");
            self.line("transfers", &format!("{moves:.0}, and {failed} that failed"));
        }
    }
}
