//! The books of a run: energy, heat, water, income, jobs and requests, each of which must
//! balance, beside those of the time series in [`audit`](super::audit).

use super::Facility;
use super::cooling::Amounts;
use super::figures::{Group, Subject, SubjectKind};
use super::outcome::BookOutcome;
use crate::fluids::HEAT_OF_VAPORISATION;
use crate::measure::Ledger;
use crate::plant::cooling::LoopDesign;
use crate::plant::power::PowerNode;

/// Energy balances to one part in a billion: what months of compensated sums leave.
const ENERGY_TOLERANCE: f64 = 1e-9;
/// Heat is summed the same way, in closed form where masses take part.
const HEAT_TOLERANCE: f64 = 1e-9;
/// Water is summed the same way.
const WATER_TOLERANCE: f64 = 1e-9;
/// What hashes earn is summed the same way, on two ways.
const INCOME_TOLERANCE: f64 = 1e-9;
/// Joules, kilograms or dollars that are no amount: the rounding of flows that have gone back to
/// zero.
const NOTHING: f64 = 1e-3;
/// Jobs and requests are counted.
const COUNT_TOLERANCE: f64 = 0.0;

impl Facility<'_> {
    pub(super) fn books(&self, subjects: &[Subject]) -> Vec<BookOutcome> {
        let income = income_book(subjects);
        let mut books = vec![
            book(self.energy_book(), ENERGY_TOLERANCE),
            book(self.heat_book(), HEAT_TOLERANCE),
            book(self.water_book(), WATER_TOLERANCE),
        ];
        books.extend(self.evaporation_book());
        books.extend(self.free_cooling_book());
        if !income.entries().is_empty() {
            books.push(book(income, INCOME_TOLERANCE));
        }
        if self.design.has_reserve() {
            books.push(book(self.battery_book(), ENERGY_TOLERANCE));
        }
        let counts = [jobs_book(subjects), requests_book(subjects)];
        books.extend(counts.map(|counted| book(counted, COUNT_TOLERANCE)));
        books.extend(self.series_books());
        books
    }

    fn groups(&self, kind: SubjectKind) -> impl Iterator<Item = &Group> {
        self.meters.groups.iter().filter(move |group| group.kind() == kind)
    }

    fn energy_book(&self) -> Ledger {
        let mut energy = Ledger::new("energy", "J");
        for site in self.groups(SubjectKind::Site) {
            energy.inflow("import", site.integral("import"));
            if self.design.has_reserve() {
                for source in ["generated", "discharged", "held"] {
                    energy.inflow(source, site.integral(source));
                }
                energy.outflow("charged", site.integral("charged"));
            }
            if self.design.has_arrays() {
                energy.inflow("solar", site.integral("solar"));
            }
            if self.design.may_export() {
                energy.outflow("export", site.integral("export"));
            }
            for machines in ["fans", "pumps", "chillers", "house"] {
                energy.outflow(machines, site.integral(machines));
            }
        }
        for work in self.meters.groups.iter().filter(|group| group.kind().is_workload()) {
            if work.instances().iter().all(|&index| self.design.works[index].design.is_electric()) {
                energy.outflow(work.name(), work.integral(""));
            }
        }
        for losses in self.groups(SubjectKind::Losses) {
            energy.outflow(&format!("loss {}", losses.name()), losses.integral(""));
        }
        energy
    }

    /// What batteries were given and gave, against what they hold: counted by the machines
    /// themselves.
    fn battery_book(&self) -> Ledger {
        let mut book = Ledger::new("batteries", "J");
        for site in self.groups(SubjectKind::Site) {
            book.inflow("charged", site.integral("charged"));
            book.outflow("discharged", site.integral("discharged"));
        }
        let now = self.agenda.now();
        let nodes = (0..self.design.power.nodes.len() as u32).map(PowerNode);
        let tallies = || nodes.clone().filter_map(|node| self.sequences.battery(node, now));
        let beyond = tallies().map(|battery| battery.beyond_j).sum();
        if beyond != 0.0 {
            book.inflow("beyond the rated energy", beyond);
        }
        let gained = tallies();
        book.stored("batteries", gained.map(|battery| battery.energy_j - battery.full_j).sum());
        book
    }

    fn heat_book(&self) -> Ledger {
        let mut heat = Ledger::new("heat", "J");
        for group in self.groups(SubjectKind::Exchanger) {
            heat.inflow(&format!("outside air {}", group.name()), group.integral("outside"));
        }
        for group in self.groups(SubjectKind::Loop) {
            let name = group.name();
            heat.inflow(&format!("racks and exchangers {name}"), group.integral("heat"));
            heat.inflow(&format!("pumps {name}"), group.integral("pumps"));
            heat.inflow(&format!("chillers {name}"), group.integral("chillers"));
            for &index in group.instances() {
                let plant = &self.loops[index];
                let books = &plant.books;
                heat.outflow(&format!("weather {name}"), books.rejected_j.value());
                if plant.model.design().buys_cold() {
                    heat.outflow(&format!("chilled-water main {name}"), books.bought_j.value());
                }
                heat.outflow(&format!("outdoor air {name}"), books.outdoors_j());
                heat.outflow(&format!("boiled away {name}"), books.boiled_j.value());
                heat.outflow(&format!("room {name}"), books.room_j.value());
                heat.outflow(&format!("at once {name}"), books.at_once_j.value());
                heat.stored(&format!("masses {name}"), plant.stored_j());
            }
        }
        heat
    }

    /// The heat that towers and sprayed coolers rejected against what their water took to evaporate:
    /// that water is metered, the heat is that of the heat book, and between them stands what air
    /// and vapour were warmed by. Pads take their heat from the outdoor air that they cool. None
    /// where nothing evaporates for heat.
    fn evaporation_book(&self) -> Option<BookOutcome> {
        let mut book_of = Ledger::new("evaporation", "J");
        for group in self.groups(SubjectKind::Loop) {
            let mut evaporating = group.instances().iter().map(|&index| &self.loops[index]);
            if !evaporating.clone().any(|plant| plant.model.design().evaporates_by_heat()) {
                continue;
            }
            let name = group.name();
            let latent_j = HEAT_OF_VAPORISATION * group.integral("evaporation");
            book_of.outflow(&format!("vapour {name}"), latent_j);
            evaporating.by_ref().for_each(|plant| {
                let Amounts { rejected_j, dry_j, air_j, .. } = plant.books.amounts();
                book_of.inflow(&format!("heat {name}"), rejected_j - dry_j);
                book_of.outflow(&format!("air {name}"), air_j);
            });
        }
        (!book_of.entries().is_empty()).then(|| book(book_of, HEAT_TOLERANCE))
    }

    /// Heat that leaves the coolant of loops with an economiser or a trim, to the weather past chillers
    /// or main and by these, against what racks and pumps put into it. The first is metered at the
    /// condenser water, the second at the racks. None without such a loop.
    fn free_cooling_book(&self) -> Option<BookOutcome> {
        let mut book_of = Ledger::new("free cooling", "J");
        for group in self.groups(SubjectKind::Loop) {
            let plants = || group.instances().iter().map(|&index| &self.loops[index]);
            let is_in = |design: &LoopDesign| design.has_modes() || design.buys_cold();
            if !plants().any(|plant| is_in(plant.model.design())) {
                continue;
            }
            let name = group.name();
            book_of.outflow(&format!("past chillers or main {name}"), group.integral("economiser"));
            for plant in plants() {
                let books = &plant.books;
                let Amounts { heat_j, lifted_j, .. } = books.amounts();
                book_of.inflow(&format!("racks and exchangers {name}"), heat_j);
                book_of.inflow(&format!("pumps {name}"), books.pumped_j.value());
                book_of.outflow(&format!("chillers or main {name}"), lifted_j);
                book_of.outflow(&format!("boiled away {name}"), books.boiled_j.value());
                book_of.outflow(&format!("at once {name}"), books.coolant_at_once_j());
                book_of.stored(&format!("coolant {name}"), plant.coolant_stored_j());
            }
        }
        (!book_of.entries().is_empty()).then(|| book(book_of, HEAT_TOLERANCE))
    }

    /// Puts `j` more into the chilled water of each loop, to see that the books notice.
    #[cfg(test)]
    pub(crate) fn falsify_pumps(&mut self, j: f64) {
        self.loops.iter_mut().for_each(|plant| plant.books.pumped_j.add(j));
    }

    /// Warms the air of each loop by `j` more, to see that the books notice.
    #[cfg(test)]
    pub(crate) fn falsify_vapour(&mut self, j: f64) {
        self.loops.iter_mut().for_each(|plant| plant.books.air_j.add(j));
    }

    fn water_book(&self) -> Ledger {
        let mut water = Ledger::new("water", "kg");
        for group in self.meters.groups.iter().filter(|group| group.kind().is_cooling()) {
            let name = group.name();
            water.inflow(&format!("make-up {name}"), group.integral("makeup"));
            for lost in ["evaporation", "drift", "blowdown"] {
                water.outflow(&format!("{lost} {name}"), group.integral(lost));
            }
            if group.kind() != SubjectKind::Loop {
                continue;
            }
            for &index in group.instances() {
                if self.design.loops[index].operation.make_up.basin.volume_kg > 0.0 {
                    water.stored(&format!("basin {name}"), self.water.of(index).gained_kg());
                }
            }
        }
        water
    }
}

fn income_book(subjects: &[Subject]) -> Ledger {
    let mut income = Ledger::new("income", "$");
    for work in subjects.iter().filter(|subject| subject.kind == SubjectKind::Mining) {
        let name = &work.name;
        income.inflow(&format!("hashes {name}"), work.real("hashes_usd"));
        income.inflow(&format!("luck {name}"), work.real("luck_usd"));
        income.outflow(&format!("income {name}"), work.real("revenue_usd"));
        income.outflow(&format!("pool {name}"), work.real("pool_usd"));
    }
    income
}

fn jobs_book(subjects: &[Subject]) -> Ledger {
    let mut jobs = Ledger::new("jobs", "");
    for work in subjects.iter().filter(|subject| subject.kind.has_jobs()) {
        let name = &work.name;
        jobs.inflow(&format!("submitted {name}"), work.real("jobs.submitted"));
        jobs.outflow(&format!("completed {name}"), work.real("jobs.completed"));
        jobs.stored(&format!("running {name}"), work.real("jobs.running"));
        jobs.stored(&format!("queued {name}"), work.real("jobs.queued"));
    }
    jobs
}

fn requests_book(subjects: &[Subject]) -> Ledger {
    let mut requests = Ledger::new("requests", "");
    for service in subjects.iter().filter(|subject| subject.kind == SubjectKind::Inference) {
        let name = &service.name;
        requests.inflow(&format!("arrived {name}"), service.real("arrived"));
        if service.get("sampled.share").is_some() {
            requests.inflow(&format!("stood for {name}"), service.real("sampled.surplus"));
            requests.stored(&format!("carried {name}"), service.real("sampled.carried"));
        }
        for end in ["served", "failed", "rejected"] {
            requests.outflow(&format!("{end} {name}"), service.real(end));
        }
        requests.stored(&format!("in flight {name}"), service.real("in_flight"));
    }
    requests
}

fn book(ledger: Ledger, tolerance: f64) -> BookOutcome {
    let residual = ledger.residual();
    BookOutcome {
        residual,
        balanced: residual.abs() <= NOTHING || ledger.check(tolerance).is_ok(),
        ledger,
        tolerance,
    }
}
