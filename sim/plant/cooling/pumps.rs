//! Pumps in parallel.

/// Static share of the shut-off head at duty: with `head = shutoff - a q^2`, a pump at its
/// duty point works at 75 % of its shut-off head.
const HEAD_AT_DUTY: f64 = 0.75;

/// Flow through a circuit whose head rises with the square of flow, as a share of full flow,
/// when a share `running` of its parallel pumps runs.
///
/// Each pump left running moves further out on its curve: 2 of 3 pumps still give 87 %, 1
/// of 2 gives 76 %.
pub fn parallel_flow(running: f64) -> f64 {
    let n = running.clamp(0.0, 1.0);
    if n == 0.0 {
        return 0.0;
    }
    1.0 / ((1.0 - HEAD_AT_DUTY) / (n * n) + HEAD_AT_DUTY).sqrt()
}

/// Electric power of a pump, W: `V dp / eta`.
pub(super) fn power_w(flow_m3_s: f64, head_pa: f64, efficiency: f64) -> f64 {
    flow_m3_s * head_pa / efficiency
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pumps_left_running_move_out_on_their_curve() {
        assert_eq!(parallel_flow(1.0), 1.0);
        assert_eq!(parallel_flow(0.0), 0.0);
        assert!((parallel_flow(2.0 / 3.0) - 0.87).abs() < 0.005);
        assert!((parallel_flow(0.5) - 0.76).abs() < 0.005);
        assert!(
            (0..100)
                .all(|i| parallel_flow(f64::from(i) / 100.0)
                    < parallel_flow(f64::from(i + 1) / 100.0))
        );
    }

    #[test]
    fn pump_power_per_kilowatt_of_heat_is_that_of_the_reference() {
        // 10 K and 200 kPa at 70 %: 6.8 W/kW; 5.5 K and 180 kPa: 11 W/kW.
        let per_kw = |rise: f64, head: f64| power_w(1e3 / (4186.0 * rise * 998.2), head, 0.7);
        assert!((per_kw(10.0, 200e3) - 6.8).abs() < 0.05);
        assert!((per_kw(5.5, 180e3) - 11.2).abs() < 0.1);
    }
}
