//! Mining and heat loads of the summary.

use super::Text;
use crate::facility::{Fact, Subject};
use crate::report::sheet::{amount, percent, whole};

/// Energy below this part of what the fleet could draw is left out of a list of causes.
const HARDLY_ANY: f64 = 1e-6;

impl Text {
    pub(super) fn mining(&mut self, work: &Subject) {
        let (energy, power) = (self.energy, self.power);
        self.heading(&format!(
            "Mining: {} ({} ASICs, {} {})",
            work.name,
            whole(work.count("machines")),
            power.amount(work.real("rated_mw")),
            power.symbol
        ));
        let hash_rate = work.real("mean_hash_rate_eh_per_s");
        let hash_rate = match hash_rate {
            rate if rate >= 0.1 => format!("{rate:.3} EH/s"),
            rate => format!("{} PH/s", amount(1000.0 * rate)),
        };
        let uptime = work.get("uptime").map_or("-".to_owned(), percent);
        self.line("uptime", &format!("{uptime} of machine-hours, {hash_rate} in the mean"));
        self.line("energy", &energy.with_unit(work.real("energy_mwh")));
        let total_mwh = work.real("curtailed_energy_mwh");
        let rated_mwh = total_mwh + work.real("energy_mwh");
        let causes = ["price", "cap", "heat", "outage", "restart", "failure"].map(|cause| {
            let mwh = work.real(&format!("curtailed.{cause}_mwh"));
            (mwh > HARDLY_ANY * rated_mwh).then(|| format!("{cause} {}", energy.amount(mwh)))
        });
        let causes: Vec<String> = causes.into_iter().flatten().collect();
        let colon = if causes.is_empty() { "" } else { ": " };
        self.line(
            "curtailed",
            &format!("{}{colon}{}", energy.with_unit(total_mwh), causes.join(", ")),
        );
        self.line("price stops per machine", &format!("{:.1}", work.real("price_stops")));
        if let Some(mwh) = work.get("held_mwh").filter(|mwh| *mwh > 0.0) {
            let cost = amount(work.real("held_cost_usd"));
            let text = format!("{}, {cost} $ beyond what it earned", energy.with_unit(mwh));
            self.line("kept on against price", &text);
        }
        let bitcoin = work.get("mined_btc").map(|btc| format!(", {} BTC", amount(btc)));
        let income = amount(work.real("revenue_usd")) + " $" + &bitcoin.unwrap_or_default();
        self.line("income", &format!("{income} after the pool's fee"));
    }

    pub(super) fn heat_load(&mut self, work: &Subject) {
        self.heading(&format!("Heat load: {}", work.name));
        let outside = work.facts.contains(&("electric", Fact::Flag(false)));
        let source = if outside { "not electric, no IT load" } else { "as IT load" };
        let energy = self.energy;
        self.line(
            "heat",
            &format!(
                "{} of {} wanted, {source}",
                energy.with_unit(work.real("energy_mwh")),
                energy.with_unit(work.real("wanted_mwh"))
            ),
        );
    }
}
