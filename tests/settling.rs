//! Sites of which no state is at rest: they come to rest all the same, run, and shed.

use super::support::{column, simulate};

/// A hall behind an air-side economiser whose fans hang on the same small board as the chillers,
/// pumps and all.
const ECONOMISER: &str = "\
name: economiser
start: 2026-07-01T00:00:00Z
duration: 6 h
weather: {climate: west-texas}
price: {fixed: 40 $/MWh}
output: {interval: 15 min}
power:
  utility: {kind: feed, capacity: 240 kW, outages: none}
  board: {kind: switchgear, fed_by: utility, rating: 6.7 kVA, failures: {rate: 0 /year}}
cooling:
  chiller: {kind: air-cooled-chiller, design_heat: 300 kW, fed_by: board}
  handler: {kind: air-handler, design_heat: 285 kW, cooled_by: chiller, fed_by: board, outside_air: {}}
racks:
  hall: {kind: dgx-h100, cooled_by: handler, fed_by: utility}
workloads:
  train: {kind: training, racks: hall, jobs: {kind: resident}}
";

/// Fans that have power bring outdoor air, which spares the pumps, which leaves power for the
/// fans: the mode of the economiser must not decide for ever on what its fans get.
#[test]
fn an_economiser_on_a_small_board_comes_to_rest() {
    for rating in ["5.3 kVA", "6 kVA", "6.722 kVA", "8 kVA", "9.5 kVA", "11 kVA", "14 kVA"] {
        let told = simulate(ECONOMISER, &[&format!("power.board.rating={rating}")]);
        assert!(told.outcome.balanced(), "{rating}: {:?}", told.outcome.books);
        // At a power factor of 0.98 the board gives no more than this.
        let most_mw: f64 = rating[..rating.len() - 4].parse::<f64>().unwrap() * 0.98e-3;
        let [fans, pumps, chillers] =
            ["fans_mw", "pumps_mw", "chillers_mw"].map(|name| column(&told, name));
        for ((fans, pumps), chillers) in fans.iter().zip(&pumps).zip(&chillers) {
            assert!(fans + pumps + chillers <= most_mw * (1.0 + 1e-9), "{rating}");
        }
    }
}

/// No racks at all: the pumps of a distribution unit heat a loop that has too little power to
/// carry them off.
#[test]
fn pumps_that_heat_a_starved_loop_come_to_rest() {
    let told = simulate(
        "name: pumps\nstart: 2026-07-01T00:00:00Z\nduration: 4 days\n\
         weather: {climate: northern-virginia}\noutput: {interval: 1 h}\n\
         power:\n  utility: {kind: feed, capacity: 9 MW, outages: none}\n\
         \x20 board: {kind: pdu, fed_by: utility, rating: 18.5226 kVA, failures: {rate: 0 /year}}\n\
         cooling:\n  loop: {kind: hybrid-cooler, design_heat: 3 MW, fed_by: board, \
         pumps: {control: variable-speed}}\n\
         \x20 unit: {kind: cdu, design_heat: 3 MW, cooled_by: loop, fed_by: board}\n",
        &[],
    );
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
    // What the board can give is worth having: the pumps take most of it.
    let board_mw = 18.5226e-3 * 0.98;
    let pumps_mw = column(&told, "pumps_mw");
    assert!(pumps_mw.iter().all(|&mw| mw <= board_mw * (1.0 + 1e-9)), "{pumps_mw:?}");
    let mean_mw = pumps_mw.iter().sum::<f64>() / pumps_mw.len() as f64;
    assert!(mean_mw > 0.85 * board_mw, "{mean_mw} MW of {board_mw}");
}

/// A week of summer over a hall whose mechanical board has less than half of what it needs.
#[test]
fn a_hall_in_outdoor_air_sheds_and_runs() {
    let told = simulate(
        "name: hall\nstart: 2026-07-01T00:00:00Z\nduration: 7 days\n\
         weather: {climate: northern-virginia}\noutput: {interval: 1 h}\n\
         power:\n  utility: {kind: feed, capacity: 1 MW, outages: none}\n\
         \x20 board: {kind: switchgear, fed_by: utility, rating: 20 kVA, failures: {rate: 0 /year}}\n\
         cooling:\n  plant: {kind: chiller-plant, design_heat: 200 kW, fed_by: board}\n\
         \x20 handler: {kind: air-handler, design_heat: 200 kW, cooled_by: plant, fed_by: board, \
         outside_air: {}}\n\
         racks:\n  hall: {kind: heat-load, power: 180 kW, cooled_by: handler, fed_by: utility, \
         trip_inlet: 45 degC}\n",
        &[],
    );
    assert!(told.outcome.balanced(), "{:?}", told.outcome.books);
    assert!(told.outcome.real("shed") > 0.0, "the board is too small");
    assert!(told.outcome.real("availability(hall)") > 0.05, "and worth something");
}
