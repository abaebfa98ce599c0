//! Battery systems on a chain: how far they may go, and the import that they hold.

use super::*;
use crate::kernel::{Span, Streams, Time};
use crate::plant::power::sequence::{Sequences, StorageDesign};

/// A feed, a transformer that loses, and a board with a load and a battery of 10 MW and 30 MWh.
fn chain(loss: LossCurve, one_way: f64) -> PowerDesign {
    let battery = StorageDesign {
        power_w: 10e6,
        energy_j: 30.0 * 3.6e9,
        least_j: 0.0,
        most_j: 30.0 * 3.6e9,
        start_j: 30.0 * 3.6e9,
        one_way,
        standby_w: 0.0,
        forms_grid: false,
        reconnect: Span::from_secs(300),
    };
    let mut transformer = component(ComponentKind::Transformer, 200e6);
    transformer.loss = loss;
    let mut hung = component(ComponentKind::Battery, 10e6);
    hung.machine = MachineDesign::Battery(battery);
    let mut feed = component(FEED, 200e6);
    feed.reverse_w = 4e6;
    PowerDesign {
        nodes: vec![
            node(feed, &[]),
            node(transformer, &[0]),
            node(component(BUS, f64::INFINITY), &[1]),
            node(hung, &[2]),
        ],
        loads: vec![load(&[2])],
    }
}

const BATTERY: PowerNode = PowerNode(3);

fn draw(network: &mut Network, w: f64) {
    network.set_demand(A, Demand::of(crate::plant::Rank::Mining, w));
    network.allocate();
    network.set_draw(A, w.min(network.cap_w(A)));
}

/// The load of a day with one hump, 80 + 20 sin MW from 6 to 18 h, in 96 intervals: a lossless battery
/// of 10 MW and 30 MWh holds 93.056056 MW (water filling; a linear programme agrees), and not less.
#[test]
fn a_battery_holds_the_level_that_its_energy_allows() {
    let missed_mw = |level_mw: f64| {
        let design = chain(LossCurve::NONE, 1.0);
        let mut network = Network::new(&design);
        let mut cells = Sequences::new(&design, &Streams::new(1, 0));
        let mut peak_w: f64 = 0.0;
        for quarter in 0..96u64 {
            let (now, hour) = (Time::ZERO + Span::from_secs(900 * quarter), quarter as f64 / 4.0);
            let hump = (std::f64::consts::PI * (hour - 6.0) / 12.0).sin();
            let is_day = (6.0..18.0).contains(&hour);
            draw(&mut network, 80e6 + if is_day { 20e6 * hump } else { 0.0 });
            cells.advance(now);
            let net_w = network.net_import_w(Flowing::Drawn);
            let change_w = network.at_import(BATTERY, Flowing::Drawn, level_mw * 1e6 - net_w);
            let wanted_w = (network.terminal_w(BATTERY) + change_w).clamp(-10e6, 0.0);
            let left_j = cells.battery(BATTERY, now).unwrap().energy_j;
            network.set_terminal(BATTERY, wanted_w.max(-left_j / 900.0));
            cells.set_cells(now, BATTERY, network.cells_w(BATTERY), (0.0, 108e9));
            peak_w = peak_w.max(network.total_import_w());
        }
        let end = Time::ZERO + Span::from_hours(24);
        (peak_w / 1e6, cells.battery(BATTERY, end).unwrap().energy_j / 3.6e9)
    };
    let (peak_mw, left_mwh) = missed_mw(93.056_057);
    assert!((peak_mw - 93.056_056).abs() < 1e-5 && left_mwh.abs() < 1e-4, "{peak_mw} {left_mwh}");
    assert!(missed_mw(93.05).0 > 93.06, "less is not to be had");
}

/// Through a transformer that loses, forward and back, the import is what was aimed at.
#[test]
fn the_import_aimed_at_is_met_through_losses() {
    let curve = LossCurve::per_unit(200e6, [0.001, 0.004, 0.01]);
    let design = chain(curve, 0.92);
    let mut network = Network::new(&design);
    draw(&mut network, 3e6);
    for aim_w in [9e6, 3e6, 1e6, 0.0, -2e6, -3.9e6] {
        let net_w = network.net_import_w(Flowing::Drawn);
        let takes_w =
            network.terminal_w(BATTERY) + network.at_import(BATTERY, Flowing::Drawn, aim_w - net_w);
        network.set_terminal(BATTERY, takes_w);
        let net_w = network.net_import_w(Flowing::Drawn);
        assert!((net_w - aim_w).abs() < 1e-3, "{net_w}, not {aim_w}");
        let (given_w, charged_w) = network.cells_w(BATTERY);
        let lost_w: f64 = ComponentKind::ALL.iter().map(|&kind| network.total_loss_w(kind)).sum();
        let (came_w, went_w) = (
            network.total_import_w() + network.total_discharged_w(),
            network.total_export_w() + network.total_charged_w() + lost_w + 3e6,
        );
        assert!((came_w - went_w).abs() < 1e-3, "{came_w} in, {went_w} out");
        assert_eq!((given_w, charged_w), (network.total_discharged_w(), network.total_charged_w()));
        assert!(given_w == 0.0 || charged_w == 0.0);
        network.recompute();
        assert!((network.net_import_w(Flowing::Drawn) - aim_w).abs() < 1e-3, "summed anew");
    }
    // Four megawatts may flow back.
    let (less_w, _) = network.room(BATTERY, Flowing::Drawn);
    network.set_terminal(BATTERY, network.terminal_w(BATTERY) + less_w);
    assert!((network.total_export_w() - 4e6).abs() < 1e-3, "{}", network.total_export_w());
}
