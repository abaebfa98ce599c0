//! What the meters come to once a run has ended: the outcome and the books.

use super::{GaugeId, JOULES_PER_MWH, MW, ModeGauges};
use crate::facility::Facility;
use crate::facility::design::WorkDesign;
use crate::facility::outcome::{
    Amount, BookOutcome, ComponentOutcome, CoolingOutcome, Effectiveness, EnergyOutcome,
    HallOutcome, InferenceOutcome, ModeHours, MoneyOutcome, Outcome, Summary, SwingOutcome,
    WaterOutcome, WorkloadOutcome,
};
use crate::facility::work::Work;
use crate::kernel::Time;
use crate::measure::Ledger;
use crate::plant::power::ComponentKind;

/// Energy balances to one part in a billion: what months of compensated sums leave.
const ENERGY_TOLERANCE: f64 = 1e-9;
/// Heat is summed the same way, in closed form where masses take part.
const HEAT_TOLERANCE: f64 = 1e-9;
/// Water is summed the same way.
const WATER_TOLERANCE: f64 = 1e-9;
/// What hashes earn is summed the same way, on two ways.
const INCOME_TOLERANCE: f64 = 1e-9;
/// Joules, kilograms or dollars that are no amount: the rounding of flows that have gone back to zero.
const NOTHING: f64 = 1e-3;
/// Jobs and requests are counted.
const COUNT_TOLERANCE: f64 = 0.0;

impl Facility<'_> {
    /// What the run has found, after it has ended.
    pub fn outcome(&mut self) -> Outcome {
        let now = self.agenda.now();
        let elapsed_s = self.elapsed().as_secs_f64();
        let meters = &self.meters;
        let integral = |gauge| meters.gauges.meter(gauge).integral();
        let mwh = |gauge| integral(gauge) / JOULES_PER_MWH;
        let workloads: Vec<WorkloadOutcome> = self
            .works
            .iter_mut()
            .enumerate()
            .map(|(index, work)| {
                let (summary, revenue_usd) = match work {
                    Work::Mining(mining) => {
                        let summary = mining.summary(now);
                        let revenue_usd = summary.income_usd;
                        (Summary::Mining(summary), revenue_usd)
                    }
                    Work::Training(training) => {
                        let summary = training.summary(now);
                        let revenue_usd = summary.revenue_usd;
                        (Summary::Training(Box::new(summary)), revenue_usd)
                    }
                    Work::Inference(service) => {
                        let fit = match &self.design.works[index].design {
                            WorkDesign::Inference { fit, .. } => fit.clone(),
                            _ => None,
                        };
                        let outcome = InferenceOutcome::new(&service.summary(now), fit, elapsed_s);
                        let revenue_usd = outcome.revenue_usd;
                        (Summary::Inference(Box::new(outcome)), revenue_usd)
                    }
                    Work::HeatLoad(load) => (Summary::HeatLoad(load.summary(now)), 0.0),
                };
                WorkloadOutcome {
                    name: self.design.works[index].name.clone(),
                    energy_mwh: mwh(meters.works[index].power),
                    revenue_usd,
                    swing: {
                        let [second, minute] = &meters.works[index].swings;
                        SwingOutcome {
                            second_rise_mw: second.rise() * MW,
                            second_fall_mw: second.fall() * MW,
                            minute_rise_mw: minute.rise() * MW,
                            minute_fall_mw: minute.fall() * MW,
                        }
                    },
                    summary,
                }
            })
            .collect();

        let import_mwh = mwh(meters.import);
        let electric = || workloads.iter().filter(|work| work.summary.is_electric());
        let it_mwh: f64 = electric().map(|work| work.energy_mwh).sum();
        let mut water = WaterOutcome::default();
        let gained_m3 = |loops: &[usize]| -> f64 {
            let own = loops.iter().map(|&index| self.water.of(index).gained_kg() / 1000.0);
            own.sum()
        };
        let mut cooling: Vec<CoolingOutcome> = meters
            .cooling
            .iter()
            .zip(&meters.cooling_loops)
            .map(|(group, loops)| {
                let m3 = |gauge| integral(gauge) / 1000.0;
                let own = WaterOutcome {
                    withdrawal_m3: m3(group.makeup),
                    evaporation_m3: m3(group.evaporation),
                    drift_m3: m3(group.drift),
                    blowdown_m3: m3(group.blowdown),
                    basins_m3: gained_m3(loops),
                };
                water.withdrawal_m3 += own.withdrawal_m3;
                water.evaporation_m3 += own.evaporation_m3;
                water.drift_m3 += own.drift_m3;
                water.blowdown_m3 += own.blowdown_m3;
                water.basins_m3 += own.basins_m3;
                let inlet = meters.gauges.meter(group.inlet);
                CoolingOutcome {
                    name: group.name.clone(),
                    heat_mwh: mwh(group.heat),
                    fans_mwh: mwh(group.fans),
                    pumps_mwh: mwh(group.pumps),
                    chillers_mwh: mwh(group.chillers),
                    economiser_mwh: mwh(group.economiser),
                    mean_inlet_c: inlet.mean(now),
                    max_inlet_c: inlet.max(),
                    water: own,
                    without_water_h: group.waterless.map_or(0.0, |gauge| integral(gauge) / 3600.0),
                    modes: group.modes.map(|modes| mode_hours(modes, &integral)),
                }
            })
            .collect();

        cooling.extend(meters.exchangers.iter().map(|group| {
            let inlet = meters.gauges.meter(group.inlet);
            let (fans, pumps) = if group.blows { (1.0, 0.0) } else { (0.0, 1.0) };
            let outside = group.outside.as_ref();
            let own = outside.map_or_else(WaterOutcome::default, |outside| WaterOutcome {
                withdrawal_m3: integral(outside.makeup) / 1000.0,
                evaporation_m3: integral(outside.evaporation) / 1000.0,
                drift_m3: 0.0,
                blowdown_m3: integral(outside.blowdown) / 1000.0,
                basins_m3: 0.0,
            });
            water.withdrawal_m3 += own.withdrawal_m3;
            water.evaporation_m3 += own.evaporation_m3;
            water.blowdown_m3 += own.blowdown_m3;
            CoolingOutcome {
                name: group.name.clone(),
                heat_mwh: mwh(group.heat),
                fans_mwh: fans * mwh(group.movers),
                pumps_mwh: pumps * mwh(group.movers),
                chillers_mwh: 0.0,
                economiser_mwh: outside.map_or(0.0, |outside| mwh(outside.heat)),
                mean_inlet_c: inlet.mean(now),
                max_inlet_c: inlet.max(),
                water: own,
                without_water_h: 0.0,
                modes: outside.map(|outside| mode_hours(outside.modes, &integral)),
            }
        }));

        let ratio = |top: f64, bottom: f64| (bottom > 0.0).then_some(top / bottom);
        let carbon_t = integral(meters.carbon) / 1e6;
        let energy_cost_usd = integral(meters.cost);
        let revenue_usd: f64 = workloads.iter().map(|work| work.revenue_usd).sum();
        let import = meters.gauges.meter(meters.import);
        let mut uses: Vec<Amount> = electric()
            .map(|work| Amount { name: work.name.clone(), mwh: work.energy_mwh })
            .collect();
        for (name, gauge) in [
            ("fans", meters.fans),
            ("pumps", meters.pumps),
            ("chillers", meters.chillers),
            ("house", meters.house),
        ] {
            uses.push(Amount { name: name.to_owned(), mwh: mwh(gauge) });
        }
        Outcome {
            scenario: self.design.name.clone(),
            start: self.design.clock.timestamp(Time::ZERO),
            planned_days: self.design.duration.as_secs_f64() / 86_400.0,
            simulated_days: elapsed_s / 86_400.0,
            partial: self.elapsed() < self.design.duration,
            seed: self.design.seed,
            replication: self.replication,
            energy: EnergyOutcome {
                import_mwh,
                mean_import_mw: import.mean(now) * MW,
                peak_import_mw: import.max() * MW,
                peak_demand_mw: meters.peak_demand_w * MW,
                shed_mwh: mwh(meters.shed),
                uses,
                losses: ComponentKind::ALL
                    .into_iter()
                    .zip(meters.losses)
                    .map(|(kind, gauge)| Amount { name: kind.name().to_owned(), mwh: mwh(gauge) })
                    .filter(|loss| loss.mwh > 0.0)
                    .collect(),
            },
            effectiveness: Effectiveness {
                it_mwh,
                pue: ratio(import_mwh, it_mwh),
                wue_l_per_kwh: ratio(water.withdrawal_m3, it_mwh),
                cue_kg_per_kwh: ratio(carbon_t, it_mwh),
            },
            water,
            cooling,
            halls: self
                .design
                .halls
                .iter()
                .zip(&meters.halls)
                .map(|(hall, gauges)| HallOutcome {
                    name: hall.name.clone(),
                    racks: hall.racks,
                    availability: meters.gauges.meter(gauges.live).mean(now) / hall.racks as f64,
                    power_losses: gauges.power_losses,
                    heat_trips: gauges.heat_trips,
                })
                .collect(),
            money: MoneyOutcome {
                revenue_usd,
                energy_cost_usd,
                mean_price_usd_per_mwh: ratio(energy_cost_usd, import_mwh),
                margin_usd: revenue_usd - energy_cost_usd,
                carbon_t,
            },
            components: self.component_outcomes(),
            books: self.books(&workloads),
            workloads,
            site_events: self.trace.events(),
            trace: self.trace.to_string(),
        }
    }

    fn component_outcomes(&self) -> Vec<ComponentOutcome> {
        let mut outcomes: Vec<ComponentOutcome> = Vec::new();
        let power = self.design.power_groups.iter().zip(&self.meters.components);
        let units = self.units.iter().map(|unit| &unit.group_name).zip(&self.meters.units);
        for (group, meter) in power.chain(units) {
            let index = match outcomes.iter().position(|outcome| outcome.name == *group) {
                Some(index) => index,
                None => {
                    let name = group.clone();
                    outcomes.push(ComponentOutcome { name, units: 0, failures: 0, down_h: 0.0 });
                    outcomes.len() - 1
                }
            };
            outcomes[index].units += 1;
            outcomes[index].failures += meter.failures;
            outcomes[index].down_h += meter.down_s / 3600.0;
        }
        outcomes
    }

    /// The books of the run: energy, heat, water, income, jobs, requests.
    fn books(&self, workloads: &[WorkloadOutcome]) -> Vec<BookOutcome> {
        let meters = &self.meters;
        let integral = |gauge| meters.gauges.meter(gauge).integral();
        let mut energy = Ledger::new("energy", "J");
        energy.inflow("import", integral(meters.import));
        for (site, gauges) in self.design.works.iter().zip(&meters.works) {
            if site.design.is_electric() {
                energy.outflow(&site.name, integral(gauges.power));
            }
        }
        energy.outflow("fans", integral(meters.fans));
        energy.outflow("pumps", integral(meters.pumps));
        energy.outflow("chillers", integral(meters.chillers));
        energy.outflow("house", integral(meters.house));
        for (kind, gauge) in ComponentKind::ALL.into_iter().zip(meters.losses) {
            energy.outflow(&format!("loss {}", kind.name()), integral(gauge));
        }
        let mut water = Ledger::new("water", "kg");
        for (group, loops) in meters.cooling.iter().zip(&meters.cooling_loops) {
            water.inflow(&format!("make-up {}", group.name), integral(group.makeup));
            water.outflow(&format!("evaporation {}", group.name), integral(group.evaporation));
            water.outflow(&format!("drift {}", group.name), integral(group.drift));
            water.outflow(&format!("blowdown {}", group.name), integral(group.blowdown));
            for &index in loops {
                if self.design.loops[index].operation.make_up.basin.volume_kg > 0.0 {
                    let name = format!("basin {}", group.name);
                    water.stored(&name, self.water.of(index).gained_kg());
                }
            }
        }
        let mut heat = Ledger::new("heat", "J");
        for group in &meters.exchangers {
            let Some(outside) = &group.outside else { continue };
            let name = &group.name;
            water.inflow(&format!("make-up {name}"), integral(outside.makeup));
            water.outflow(&format!("evaporation {name}"), integral(outside.evaporation));
            water.outflow(&format!("blowdown {name}"), integral(outside.blowdown));
            heat.inflow(&format!("outside air {name}"), integral(outside.heat));
        }
        for (group, loops) in meters.cooling.iter().zip(&meters.cooling_loops) {
            let name = &group.name;
            heat.inflow(&format!("racks and exchangers {name}"), integral(group.heat));
            heat.inflow(&format!("pumps {name}"), integral(group.pumps));
            heat.inflow(&format!("chillers {name}"), integral(group.chillers));
            for &index in loops {
                let plant = &self.loops[index];
                heat.outflow(&format!("weather {name}"), plant.rejected_j());
                heat.stored(&format!("masses {name}"), plant.stored_j());
            }
        }
        let mut books = vec![
            book(energy, ENERGY_TOLERANCE),
            book(heat, HEAT_TOLERANCE),
            book(water, WATER_TOLERANCE),
        ];
        let mut income = Ledger::new("income", "$");
        let mut jobs = Ledger::new("jobs", "");
        let mut requests = Ledger::new("requests", "");
        for work in workloads {
            let name = &work.name;
            match &work.summary {
                Summary::HeatLoad(_) => {}
                Summary::Mining(mining) => {
                    income.inflow(&format!("hashes {name}"), mining.hashes_usd);
                    income.outflow(&format!("income {name}"), mining.income_usd);
                    income.outflow(&format!("pool {name}"), mining.pool_usd);
                }
                Summary::Training(training) => {
                    jobs.inflow(&format!("submitted {name}"), training.jobs.submitted as f64);
                    jobs.outflow(&format!("completed {name}"), training.jobs.completed as f64);
                    jobs.stored(&format!("running {name}"), training.jobs.running as f64);
                    jobs.stored(&format!("queued {name}"), training.jobs.queued as f64);
                }
                Summary::Inference(service) => {
                    let own = &service.requests;
                    requests.inflow(&format!("arrived {name}"), own.arrived as f64);
                    requests.outflow(&format!("served {name}"), own.served as f64);
                    requests.outflow(&format!("failed {name}"), own.failed as f64);
                    requests.outflow(&format!("rejected {name}"), own.rejected as f64);
                    requests.stored(&format!("in flight {name}"), service.in_flight as f64);
                }
            }
        }
        if !income.entries().is_empty() {
            books.push(book(income, INCOME_TOLERANCE));
        }
        books.extend([jobs, requests].map(|counted| book(counted, COUNT_TOLERANCE)));
        books
    }
}

fn mode_hours(modes: ModeGauges, integral: &impl Fn(GaugeId) -> f64) -> ModeHours {
    let [free_h, partial_h, mechanical_h] = modes.map(|gauge| integral(gauge) / 3600.0);
    ModeHours { free_h, partial_h, mechanical_h }
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
