//! A second account of a run, kept by another path than its meters.
//!
//! Meters sum over all racks and machines at each instant, and integrate the sum. Here each rack,
//! each loop and each exchanger is integrated by itself, from one change to the next, and the rows
//! of the time series are summed as they are told. At the end the sum of every column must be what
//! the account of the same quantity says.

use super::Facility;
use super::cooling::{ExchangerPlant, LoopPlant};
use super::design::Design;
use super::outcome::BookOutcome;
use crate::kernel::Time;
use crate::measure::{Ledger, Sum};
use crate::plant::cooling::WaterFlows;
use crate::plant::power::{ComponentKind, Moved, Network, PowerNode};

/// What rounding leaves of sums of the same amounts in another order.
const TOLERANCE: f64 = 1e-9;
/// Joules or kilograms that are no amount.
const NOTHING: f64 = 1e-3;

/// A value that holds between changes, integrated.
#[derive(Debug, Clone, Copy)]
struct Held {
    value: f64,
    since: Time,
    sum: Sum,
}

impl Held {
    const NOTHING: Held = Held { value: 0.0, since: Time::ZERO, sum: Sum::ZERO };

    fn set(&mut self, now: Time, value: f64) {
        self.advance(now);
        self.value = value;
    }

    fn advance(&mut self, now: Time) {
        if now > self.since {
            // Nothing, which is most water of a dry site, adds nothing.
            if self.value != 0.0 {
                self.sum.add(self.value * (now - self.since).as_secs_f64());
            }
            self.since = now;
        }
    }
}

/// Power of a loop or of an exchanger, W, and its water, kg/s.
#[derive(Debug, Clone, Copy)]
struct Cooled {
    heat: Held,
    fans: Held,
    pumps: Held,
    chillers: Held,
    evaporation: Held,
    drift: Held,
    blowdown: Held,
    makeup: Held,
}

impl Cooled {
    const NOTHING: Cooled = Cooled {
        heat: Held::NOTHING,
        fans: Held::NOTHING,
        pumps: Held::NOTHING,
        chillers: Held::NOTHING,
        evaporation: Held::NOTHING,
        drift: Held::NOTHING,
        blowdown: Held::NOTHING,
        makeup: Held::NOTHING,
    };

    fn advance(&mut self, now: Time) {
        let Self { heat, fans, pumps, chillers, evaporation, drift, blowdown, makeup } = self;
        for held in [heat, fans, pumps, chillers, evaporation, drift, blowdown, makeup] {
            held.advance(now);
        }
    }

    fn set_water(&mut self, now: Time, flows: WaterFlows) {
        self.evaporation.set(now, flows.evaporation_kg_s);
        self.drift.set(now, flows.drift_kg_s);
        self.blowdown.set(now, flows.blowdown_kg_s);
        self.makeup.set(now, flows.makeup_kg_s);
    }

    /// The columns of its machines behind the name of its group, and what they come to, J.
    fn machines(&self) -> [(&'static str, Held); 3] {
        [("fans_mw", self.fans), ("pumps_mw", self.pumps), ("chillers_mw", self.chillers)]
    }

    /// The same of what an exchanger has beside these, J and kg.
    fn exchanged(&self) -> [(&'static str, Held, Unit); 5] {
        [
            ("heat_mw", self.heat, Unit::Energy),
            ("evaporation_m3_per_h", self.evaporation, Unit::Water),
            ("drift_m3_per_h", self.drift, Unit::Water),
            ("blowdown_m3_per_h", self.blowdown, Unit::Water),
            ("makeup_m3_per_h", self.makeup, Unit::Water),
        ]
    }
}

/// What a column is summed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Unit {
    /// Megawatts in the rows, joules in the account.
    Energy,
    /// Cubic metres per hour in the rows, kilograms in the account.
    Water,
}

impl Unit {
    /// The sum of rows times seconds, in the unit of the account.
    fn account(self, rows: f64) -> f64 {
        match self {
            Unit::Energy => rows * 1e6,
            Unit::Water => rows / 3.6,
        }
    }
}

/// The second account.
#[derive(Debug)]
pub(super) struct Audit {
    /// What each rack draws, W.
    racks: Vec<Held>,
    loops: Vec<Cooled>,
    exchangers: Vec<Cooled>,
    /// Through all feeds, and of the site's own loads, W.
    import: Held,
    export: Held,
    may_export: bool,
    solar: Held,
    house: Held,
    /// Lost in the power chain, by kind of component, W.
    losses: [Held; ComponentKind::COUNT],
    /// What each load of the power chain wants and may not draw, W.
    refused: Vec<Held>,
    /// Each column of the time series times seconds.
    rows: Vec<Sum>,
}

impl Audit {
    pub(super) fn new(design: &Design) -> Self {
        Self {
            racks: vec![Held::NOTHING; design.racks.len()],
            loops: vec![Cooled::NOTHING; design.loops.len()],
            exchangers: vec![Cooled::NOTHING; design.exchangers.len()],
            import: Held::NOTHING,
            export: Held::NOTHING,
            may_export: design.may_export(),
            solar: Held::NOTHING,
            house: Held::NOTHING,
            losses: [Held::NOTHING; ComponentKind::COUNT],
            refused: vec![Held::NOTHING; design.power.loads.len()],
            rows: Vec::new(),
        }
    }

    /// The rack `index` draws `draw_w` from `now` on.
    pub(super) fn rack(&mut self, now: Time, index: u32, draw_w: f64) {
        self.racks[index as usize].set(now, draw_w);
    }

    /// The loop `index` works as `plant` does from `now` on.
    pub(super) fn cooling(
        &mut self,
        now: Time,
        index: u32,
        plant: &LoopPlant,
        exchangers: &[ExchangerPlant],
    ) {
        let own = &mut self.loops[index as usize];
        own.fans.set(now, plant.machines.fans.draw_w);
        own.pumps.set(now, plant.machines.pumps.draw_w);
        own.chillers.set(now, plant.machines.chillers.draw_w);
        for &index in &plant.exchangers {
            let (own, exchanger) =
                (&mut self.exchangers[index as usize], &exchangers[index as usize]);
            own.heat.set(now, exchanger.taken_w());
            let movers = if exchanger.blows() { &mut own.fans } else { &mut own.pumps };
            movers.set(now, exchanger.movers.draw_w);
            own.set_water(now, exchanger.outside.map(|air| air.water).unwrap_or_default());
        }
    }

    /// The power chain works as `power` does from `now` on: feed by feed and component by
    /// component, where meters read sums that the chain keeps. Where nothing has `moved`, all of it
    /// works on as before.
    pub(super) fn power(&mut self, now: Time, power: &Network, (moved, design): (&Moved, &Design)) {
        if moved.is_empty() {
            return;
        }
        let net_w = |feed| power.input_w(feed);
        let import_w = |w: f64| if self.may_export { w.max(0.0) } else { w };
        self.import.set(now, power.feeds().map(|feed| import_w(net_w(feed))).sum());
        self.export.set(now, power.feeds().map(|feed| (-net_w(feed)).max(0.0)).sum());
        self.house.set(now, design.house.iter().map(|house| power.draw_w(house.load)).sum());
        let mut solar_w = 0.0;
        let mut losses_w = [0.0; ComponentKind::COUNT];
        for (node, site) in (0..).map(PowerNode).zip(&design.power.nodes) {
            losses_w[site.component.kind as usize] += power.loss_w(node);
            if site.component.kind == ComponentKind::Pv && power.live(node) {
                solar_w -= power.terminal_w(node);
            }
        }
        self.solar.set(now, solar_w);
        self.losses.iter_mut().zip(losses_w).for_each(|(held, w)| held.set(now, w));
    }

    /// What loads want and may not draw from `now` on, load by load from what each asks and its cap,
    /// where the meter reads what the chain sums by rank.
    pub(super) fn refusals(&mut self, now: Time, power: &mut Network) {
        power.drain_refusals(|load, w| self.refused[load.0 as usize].set(now, w));
    }

    /// A row of the time series that stands for `seconds` has been told.
    pub(super) fn row(&mut self, seconds: f64, row: &[f64]) {
        self.rows.resize(row.len(), Sum::ZERO);
        for (sum, value) in self.rows.iter_mut().zip(row) {
            sum.add(value * seconds);
        }
    }

    /// Brings every account to `now`.
    pub(super) fn advance(&mut self, now: Time) {
        self.racks.iter_mut().for_each(|rack| rack.advance(now));
        self.loops.iter_mut().chain(&mut self.exchangers).for_each(|plant| plant.advance(now));
        let power = self.losses.iter_mut().chain(&mut self.refused);
        power.for_each(|held| held.advance(now));
        self.import.advance(now);
        self.export.advance(now);
        self.solar.advance(now);
        self.house.advance(now);
    }
}

/// A column with what its rows sum to, and what the account of the same says.
#[derive(Debug, Clone, PartialEq)]
struct Pair {
    column: String,
    unit: Unit,
    rows: f64,
    account: f64,
    /// What the two may be apart for rounding, beside [`NOTHING`].
    rounding: f64,
}

impl Pair {
    fn new(column: String, unit: Unit, rows: f64, account: f64) -> Self {
        let rounding = TOLERANCE * rows.abs().max(account.abs());
        Self { column, unit, rows, account, rounding }
    }
}

impl Facility<'_> {
    /// The books of the time series: what its columns sum to against the second account.
    pub(super) fn series_books(&self) -> Vec<BookOutcome> {
        let pairs = self.pairs();
        [("power series", "J", Unit::Energy), ("water series", "kg", Unit::Water)]
            .map(|(amount, unit, of)| {
                book(amount, unit, pairs.iter().filter(|pair| pair.unit == of))
            })
            .into()
    }

    /// Multiplies what was told of the time series, to see that the books notice.
    #[cfg(test)]
    pub(crate) fn falsify_rows(&mut self, factor: f64) {
        for sum in &mut self.audit.rows {
            let value = sum.value();
            *sum = [value, value * (factor - 1.0)].into_iter().collect();
        }
    }

    fn pairs(&self) -> Vec<Pair> {
        let mut accounts: Vec<(String, Unit, Sum)> = Vec::new();
        let mut add = |column: String, unit: Unit, of: Sum| match accounts
            .iter_mut()
            .find(|(known, ..)| *known == column)
        {
            Some((.., sum)) => sum.merge(of),
            None => accounts.push((column, unit, of)),
        };
        for (site, racks) in self.design.works.iter().zip(&self.work_racks) {
            let mut drawn = Sum::ZERO;
            racks.iter().for_each(|&rack| drawn.merge(self.audit.racks[rack as usize].sum));
            add(format!("{}_mw", site.name), Unit::Energy, drawn);
            if site.design.is_electric() {
                add("it_mw".to_owned(), Unit::Energy, drawn);
            }
        }
        add("import_mw".to_owned(), Unit::Energy, self.audit.import.sum);
        add("export_mw".to_owned(), Unit::Energy, self.audit.export.sum);
        add("solar_mw".to_owned(), Unit::Energy, self.audit.solar.sum);
        add("house_mw".to_owned(), Unit::Energy, self.audit.house.sum);
        let mut refused = Sum::ZERO;
        self.audit.refused.iter().for_each(|load| refused.merge(load.sum));
        add("shed_mw".to_owned(), Unit::Energy, refused);
        for (kind, lost) in ComponentKind::ALL.iter().zip(&self.audit.losses) {
            add(format!("loss_{}_mw", kind.name()), Unit::Energy, lost.sum);
        }
        // Racks that hang on the loop itself are behind an exchanger that is none.
        let exchangers = self.design.exchangers.iter().zip(&self.audit.exchangers);
        let exchangers = exchangers.filter(|(site, _)| site.design.is_some());
        let exchangers = exchangers.map(|(site, cooled)| (&site.group_name, cooled));
        let loops = self.design.loops.iter().map(|site| &site.group_name);
        for (group, cooled) in loops.clone().zip(&self.audit.loops).chain(exchangers.clone()) {
            for (end, held) in cooled.machines() {
                add(format!("{group}_{end}"), Unit::Energy, held.sum);
                add(end.to_owned(), Unit::Energy, held.sum);
            }
        }
        for (group, cooled) in exchangers {
            for (end, held, unit) in cooled.exchanged() {
                add(format!("{group}_{end}"), unit, held.sum);
            }
        }
        // Heat and water of a loop move between its instants: their rows are held against what
        // its own books, and those of its basin and main, say at the end.
        for ((index, group), plant) in loops.enumerate().zip(&self.loops) {
            let (heat, water) = (plant.books.amounts(), self.water.of(index).booked());
            for (end, unit, amount) in [
                ("heat_mw", Unit::Energy, heat.heat_j),
                ("rejected_mw", Unit::Energy, heat.rejected_j),
                ("dry_mw", Unit::Energy, heat.dry_j),
                ("economiser_mw", Unit::Energy, heat.economiser_j),
                ("trim_mw", Unit::Energy, heat.lifted_j),
                ("bought_mw", Unit::Energy, heat.bought_j),
                ("evaporation_m3_per_h", Unit::Water, water.evaporation_kg),
                ("drift_m3_per_h", Unit::Water, water.drift_kg),
                ("blowdown_m3_per_h", Unit::Water, water.blowdown_kg),
                ("makeup_m3_per_h", Unit::Water, water.makeup_kg),
                ("basin_m3_per_h", Unit::Water, water.filled_kg),
            ] {
                add(format!("{group}_{end}"), unit, [amount].into_iter().collect());
            }
        }
        // A device without water, or an exchanger of one kind of machine, has fewer columns.
        let columns = self.columns();
        let pairs = accounts.into_iter().filter_map(|(column, unit, sum)| {
            let mut places = (0..).zip(&columns).filter(|(_, known)| **known == column);
            // Two columns of one name are nobody's.
            let (Some((place, _)), None) = (places.next(), places.next()) else { return None };
            let rows = unit.account(self.audit.rows.get::<usize>(place)?.value());
            Some(Pair::new(column, unit, rows, sum.value()))
        });
        let mut pairs: Vec<Pair> = pairs.collect();
        // The chain keeps its sums by adding changes, and grants by factors, whose rounding goes with
        // its import.
        let rounding = TOLERANCE * self.audit.import.sum.value().abs();
        for pair in &mut pairs {
            if matches!(pair.column.as_str(), "import_mw" | "export_mw" | "shed_mw")
                || pair.column.starts_with("loss_")
            {
                pair.rounding = pair.rounding.max(rounding);
            }
        }
        pairs
    }
}

/// Books of `pairs`, which balance where each of them does: errors of opposite sign are errors.
fn book<'a>(
    amount: &'static str,
    unit: &'static str,
    pairs: impl Iterator<Item = &'a Pair>,
) -> BookOutcome {
    let mut ledger = Ledger::new(amount, unit);
    let (mut residual, mut balanced) = (0.0, true);
    for Pair { column, rows, account, rounding, .. } in pairs {
        ledger.inflow(column, *account);
        ledger.outflow(column, *rows);
        let apart = (rows - account).abs();
        residual += apart;
        // Written so that what is no number does not balance.
        let same = apart <= NOTHING || apart <= *rounding;
        balanced &= same;
    }
    BookOutcome { ledger, residual, tolerance: TOLERANCE, balanced }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(rows: f64, account: f64) -> Pair {
        Pair::new("fans_mw".to_owned(), Unit::Energy, rows, account)
    }

    #[test]
    fn a_column_that_says_something_else_does_not_balance() {
        let balanced = |pairs: &[Pair]| book("series", "J", pairs.iter()).balanced;
        assert!(balanced(&[pair(1e12, 1e12 + 900.0), pair(0.0, 1e-4)]));
        assert!(!balanced(&[pair(1e12, 1e12 + 1100.0)]));
        assert!(!balanced(&[pair(f64::NAN, 1.0)]));
        // Two errors of opposite sign are two errors.
        assert!(!balanced(&[pair(2e9, 1e9), pair(1e9, 2e9)]));
    }

    #[test]
    fn what_held_is_integrated_from_change_to_change() {
        let at = |seconds: u64| Time::from_nanos(seconds * 1_000_000_000);
        let mut held = Held::NOTHING;
        held.set(at(10), 5.0);
        held.set(at(10), 7.0);
        held.set(at(13), 1.0);
        held.advance(at(20));
        assert_eq!(held.sum.value(), 28.0);
    }
}
