//! Catalogue entries whose device a trim helps.

use super::exchangers::simulate_in;
use super::support::column;

const PLANT: &str = "\
name: free-cooling
start: 2026-07-01T00:00:00Z
duration: 2 days
site: {altitude: 0 m}
weather: {csv: air.csv, columns: {dry_bulb: {column: t, unit: degC}, relative_humidity: {column: rh, unit: '%'}}}
output: {interval: 1 h}
cooling:
  plant: {kind: free-cooling-chiller, design_heat: 1 MW}
racks:
  load: {kind: heat-load, power: 1 MW, cooled_by: plant}
";

/// The coil of a free-cooling chiller takes heat in proportion to how far the air is below what comes back,
/// 28 degC, and is made for all of it at 10 degC: where it is warmer the chillers take the rest, above
/// 28 degC all. The supply is held throughout.
#[test]
fn a_free_cooling_chiller_does_what_its_coil_leaves() {
    for (dry_bulb_c, of_chillers) in
        [(-5.0, 0.0), (8.0, 0.0), (19.0, 1.0 - 9.0 / 18.0), (25.0, 1.0 - 3.0 / 18.0), (35.0, 1.0)]
    {
        let told = simulate_in(dry_bulb_c, PLANT, &[]);
        assert!(told.outcome.balanced());
        let last = |name: &str| *column(&told, name).last().expect("there are rows");
        let (trim, coil) = (last("plant_trim_mw"), last("plant_economiser_mw"));
        // The load, and what the pumps add to it.
        assert!((1.0..1.02).contains(&(trim + coil)), "{trim} and {coil} MW");
        let share = trim / (trim + coil);
        // The volume of air is that of the design, its mass less by a few percent where it is warmer.
        assert!((share - of_chillers).abs() < 0.02, "{share} at {dry_bulb_c} degC");
        assert!((last("plant_supply_c") - 20.0).abs() < 0.05, "{}", last("plant_supply_c"));
        assert_eq!(last("plant_chillers_mw") > 0.0, of_chillers > 0.0);
        assert_eq!(last("plant_fans_mw") > 0.0, of_chillers < 1.0);
    }
}
