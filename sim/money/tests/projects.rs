//! Years around a run, by hand.

use super::super::{
    Account, Amount, Begun, Change, Curve, Depreciation, HallAccount, Part, Product, Project,
    Spend, Terms, Upkeep, WorkAccount,
};
use super::near;

fn part(name: &str, amount: Amount, life: usize) -> Part {
    Part {
        name: name.to_owned(),
        source: "test".to_owned(),
        amount,
        spend: Spend { from: 0, over: 0, curve: Curve::Even },
        life,
        augmentation: 0.0,
        replacement: 1.0,
        residual: 0.0,
        inflation: (0.0, 0.0),
        depreciation: (Depreciation::StraightLine, 0.0),
        serves: None,
    }
}

fn project(months: usize, discount: f64, parts: Vec<Part>) -> Project {
    Project {
        months,
        discount,
        tax: 0.0,
        parts,
        upkeep: Vec::new(),
        changes: Vec::new(),
        factors: Vec::new(),
    }
}

/// A run of a week in which a workload earns `revenue_usd` and pays `energy_usd`.
fn account(revenue_usd: f64, energy_usd: f64) -> Account {
    let work = WorkAccount {
        name: "mine".to_owned(),
        revenue_usd,
        energy_mwh: 10.0,
        made: Some((Product::PhDays, 7.0)),
    };
    let hall = HallAccount { name: "hall".to_owned(), racks: 3.0, rated_mw: 2.0, gpus: 0.0 };
    Account {
        hours: 168.0,
        energy_usd,
        programmes_usd: 0.0,
        export_usd: 0.0,
        works: vec![work],
        halls: vec![hall],
    }
}

/// A battery of 100 $ that lasts three years and is added to by 2 % a year, over five of them: nothing is added in
/// the month in which it is replaced, or in the last.
#[test]
fn what_is_added_to_a_part_is_paid_each_year() {
    let bess = Part { augmentation: 0.02, ..part("bess", Amount::Whole(100.0), 36) };
    let (mut flows, mut written_off) = (vec![0.0; 61], vec![0.0; 5]);
    bess.add_to(100.0, &mut flows, &mut written_off);
    let paid = |(month, usd): (usize, &f64)| (*usd != 0.0).then_some((month, *usd));
    let paid: Vec<(usize, f64)> = flows.iter().enumerate().filter_map(paid).collect();
    assert_eq!(paid, [(0, -100.0), (12, -2.0), (24, -2.0), (36, -100.0), (48, -2.0)]);
    near(written_off.iter().sum(), 206.0, 1e-9);
    // 100 + 2/1.1 + 2/1.21 $ at 10 % are paid back by three payments of 41.608...
    let spent: f64 = 100.0 + 2.0 / 1.1 + 2.0 / 1.21;
    near(bess.yearly(100.0, 0.1), spent * 0.1 / (1.0 - 1.1_f64.powi(-3)), 1e-9);
}

#[test]
fn a_gpu_hour_costs_what_its_parts_cost() {
    // A GB300 of 1.9 kW: 29,000 $/kW over 5 years, 11 M$/MW over 15, 45 $/MWh at a PUE of 1.25, in
    // use for 80 % of the time: 2.0741 + 0.3921 + 0.1336 $ at 10 % (numpy-financial).
    let site = |parts: Vec<Part>, energy_usd: f64| {
        let work = WorkAccount {
            name: "train".to_owned(),
            revenue_usd: 0.0,
            energy_mwh: 1.9e-3 * 8760.0,
            made: Some((Product::GpuHours, 0.8 * 8760.0)),
        };
        let hall = HallAccount { name: "hall".to_owned(), racks: 1.0, rated_mw: 1.9e-3, gpus: 0.0 };
        let account = Account {
            hours: 8760.0,
            energy_usd,
            programmes_usd: 0.0,
            export_usd: 0.0,
            works: vec![work],
            halls: vec![hall],
        };
        let forecast = project(180, 0.1, parts).forecast(&Terms::none(), &account, None);
        let (name, product, cost) = forecast.unit_costs[0].clone();
        assert_eq!((name.as_str(), product), ("train", Product::GpuHours));
        cost.unwrap()
    };
    let by_power = |usd: f64| Amount::OfHall(usd, "hall".to_owned());
    let gpus = part("gpus", by_power(29e6), 60);
    let hall = part("hall", by_power(11e6), 180);
    let energy_usd = 1.9e-3 * 1.25 * 8760.0 * 45.0;
    near(site(vec![gpus.clone()], 0.0), 2.0741, 5e-5);
    near(site(vec![hall.clone()], 0.0), 0.3921, 5e-5);
    near(site(Vec::new(), energy_usd), 0.1336, 5e-5);
    near(site(vec![gpus, hall], energy_usd), 2.5998, 5e-5);
}

#[test]
fn a_miner_breaks_even_where_its_reference_says() {
    // An S21 of 200 TH/s and 3.5 kW, 16 $/TH over 4 years at 10 %, up for 96 % of the time, at
    // 45 $/PH/day less a fee of 1 %: 71.7737 $/MWh.
    let hours = 8760.0 * 0.96;
    let work = WorkAccount {
        name: "mine".to_owned(),
        revenue_usd: 45.0 * 0.99 * 0.2 / 24.0 * hours,
        energy_mwh: 3.5e-3 * hours,
        made: Some((Product::PhDays, 0.2 * hours / 24.0)),
    };
    let energy_usd = 71.7737 * 3.5e-3 * hours;
    let account = Account {
        hours: 8760.0,
        energy_usd,
        programmes_usd: 0.0,
        export_usd: 0.0,
        works: vec![work],
        halls: Vec::new(),
    };
    let machine = part("asic", Amount::Whole(3200.0), 48);
    let forecast = project(48, 0.1, vec![machine]).forecast(&Terms::none(), &account, None);
    near(forecast.unit_costs[0].2.unwrap(), 45.0 * 0.99, 1e-4);
}

#[test]
fn months_are_of_730_hours_like_the_run() {
    let forecast =
        project(24, 0.0, Vec::new()).forecast(&Terms::none(), &account(168.0, 84.0), None);
    assert_eq!(forecast.flows[0], 0.0);
    for flow in &forecast.flows[1..] {
        near(*flow, 365.0, 1e-9);
    }
    near(forecast.merit.npv_usd, 24.0 * 365.0, 1e-6);
    assert!(forecast.merit.rates.is_empty());
}

#[test]
fn the_operation_begins_when_the_last_part_is_paid() {
    let mut built = part("hall", Amount::OfRacks(100.0, "hall".to_owned()), 240);
    built.spend = Spend { from: 2, over: 3, curve: Curve::Even };
    let mut project = project(8, 0.0, vec![built]);
    project.upkeep.push(Upkeep {
        name: "staff".to_owned(),
        amount: Amount::OfPower(6.0, 2.0),
        change: Change::Steps(0.0),
        serves: None,
    });
    let forecast = project.forecast(&Terms::none(), &account(168.0, 0.0), None);
    let wanted = [0.0, 0.0, 0.0, -100.0, -100.0, -100.0, 729.0, 729.0, 729.0];
    for (got, wanted) in forecast.flows.iter().zip(wanted) {
        near(*got, wanted, 1e-9);
    }
    near(forecast.capital_usd, 300.0, 1e-9);
    near(forecast.first_month_usd, 729.0, 1e-9);
}

#[test]
fn parts_are_replaced_and_sold() {
    let mut machine = part("asic", Amount::Whole(100.0), 12);
    (machine.replacement, machine.residual) = (0.8, 0.1);
    // Prices of two years before the start, 10 % more each year.
    machine.inflation = (0.1, 2.0);
    let forecast =
        project(30, 0.0, vec![machine]).forecast(&Terms::none(), &account(0.0, 0.0), None);
    let first = 100.0 * 1.21;
    let second = 0.8 * 100.0 * 1.331;
    let third = 0.8 * 100.0 * 1.4641;
    near(forecast.flows[0], -first, 1e-9);
    near(forecast.flows[12], 0.1 * first - second, 1e-9);
    near(forecast.flows[24], 0.1 * second - third, 1e-9);
    near(forecast.flows[30], 0.1 * third, 1e-9);
    near(
        forecast.flows.iter().map(|flow| flow.abs()).sum(),
        first + second + third - 0.1 * (first + second) + 0.1 * third,
        1e-9,
    );
}

#[test]
fn tax_is_on_what_is_left_after_depreciation() {
    let mut machine = part("asic", Amount::Whole(1000.0), 120);
    machine.depreciation = (Depreciation::Macrs5, 0.0);
    machine.residual = 0.05;
    let mut taxed = project(36, 0.0, vec![machine]);
    taxed.tax = 0.2;
    let account = account(168.0 / 730.0 * 50.0, 0.0);
    let flows = taxed.forecast(&Terms::none(), &account, None).flows;
    // 600 $ a year, of which 20 % and 32 % of 1,000 $ are written off, and in the last year all that
    // is left; what it is sold for there is income.
    near(flows[12], 50.0 - 0.2 * (600.0 - 200.0), 1e-9);
    near(flows[24], 50.0 - 0.2 * (600.0 - 320.0), 1e-9);
    near(flows[36], 50.0 + 50.0 - 0.2 * (600.0 + 50.0 - 480.0), 1e-9);
    near(flows[1], 50.0, 1e-9);
}

#[test]
fn changes_and_factors_are_of_their_line_alone() {
    let mut project = project(36, 0.0, Vec::new());
    project.changes = vec![
        ("mine".to_owned(), Change::Drift { growth: -0.25, floor: 0.0 }),
        ("energy".to_owned(), Change::Steps(0.1)),
    ];
    project.factors = vec![("mine".to_owned(), 2.0)];
    let account = account(168.0 / 730.0, 168.0 / 730.0);
    let lines = project.lines((&Terms::none(), &account, None), (0, 36), Begun::at(&|_| 0));
    assert_eq!(lines.iter().map(|line| line.name.as_str()).collect::<Vec<_>>(), ["mine", "energy"]);
    let flows = project.forecast(&Terms::none(), &account, None).flows;
    let month = |k: usize| {
        let price = super::super::drifted(-0.25, k as f64 / 12.0, (k + 1) as f64 / 12.0) * 12.0;
        2.0 * price - 1.1_f64.powi(k as i32 / 12)
    };
    for k in 0..36 {
        near(flows[k + 1], month(k), 1e-9);
    }
}

#[test]
fn what_serves_one_workload_is_its_own() {
    let mut account = account(0.0, 168.0);
    account.works.push(WorkAccount {
        name: "train".to_owned(),
        revenue_usd: 0.0,
        energy_mwh: 30.0,
        made: Some((Product::GpuHours, 1680.0)),
    });
    let mut gpus = part("gpus", Amount::Whole(8760.0), 12);
    gpus.serves = Some("train".to_owned());
    let shell = part("shell", Amount::Whole(87_600.0), 12);
    let forecast = project(12, 0.0, vec![gpus, shell]).forecast(&Terms::none(), &account, None);
    // A week is 168 of 8,760 h: energy of 8,760 $ a year, shared by a quarter and three.
    let weeks = 8760.0 / 168.0;
    let mine = 0.25 * (8760.0 + 87_600.0) / (7.0 * weeks);
    let train = (8760.0 + 0.75 * (8760.0 + 87_600.0)) / (1680.0 * weeks);
    near(forecast.unit_costs[0].2.unwrap(), mine, 1e-9);
    near(forecast.unit_costs[1].2.unwrap(), train, 1e-9);
    // Nothing is lost on the way: costs times what is made are all costs.
    near(7.0 * weeks * mine + 1680.0 * weeks * train, 2.0 * 8760.0 + 87_600.0, 1e-6);
}
