//! Fan power at part speed and in thin air.

use crate::fluids::MoistAir;

/// How the power of a fan falls with its speed, as shares of full speed and full power.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FanLaw {
    /// The ideal affinity law, `r^3`.
    Cube,
    /// A variable-speed tower fan with the losses of its drive and motor: the ten points of
    /// the EnergyPlus variable-speed tower example, straight between them. Nothing is drawn
    /// at standstill; below a tenth of full speed the power falls linearly to zero.
    Tower,
    /// `c1 + c2 r + c3 r^2 + c4 r^3` of the speed `r`, as EnergyPlus' towers have it.
    Cubic([f64; 4]),
}

/// Share of full power at 0.0, 0.1 ... 1.0 of full speed.
const TOWER: [f64; 11] =
    [0.0, 0.021, 0.0278, 0.0465, 0.0827, 0.1425, 0.2317, 0.3562, 0.5218, 0.7345, 1.0];

impl FanLaw {
    /// Share of full power at a share of full speed, both held to 0..=1.
    pub fn power(self, speed: f64) -> f64 {
        let r = speed.clamp(0.0, 1.0);
        match self {
            Self::Cube => r * r * r,
            // A curve fitted to running fans says nothing of standing ones.
            Self::Cubic(_) if r == 0.0 => 0.0,
            Self::Cubic(c) => (c[0] + r * (c[1] + r * (c[2] + r * c[3]))).max(0.0),
            Self::Tower => {
                let x = r * 10.0;
                let i = (x as usize).min(9);
                TOWER[i] + (x - i as f64) * (TOWER[i + 1] - TOWER[i])
            }
        }
    }
}

/// Share of its power that a fan of constant volume draws in `air`, where its rating is of sea
/// level: power goes with density, and density at a temperature with pressure. Never above one.
pub(super) fn thinness(rated_at_sea_level: bool, air: &MoistAir) -> f64 {
    if rated_at_sea_level { (air.pressure_pa / 101_325.0).min(1.0) } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fan_laws_start_at_nothing_and_end_at_everything() {
        for law in [FanLaw::Cube, FanLaw::Tower] {
            assert_eq!(law.power(0.0), 0.0);
            assert_eq!(law.power(1.0), 1.0);
            assert_eq!(law.power(7.0), 1.0);
            let rising = (0..1000)
                .all(|i| law.power(f64::from(i) / 1000.0) < law.power(f64::from(i + 1) / 1000.0));
            assert!(rising, "{law:?}");
        }
        assert!((FanLaw::Cube.power(0.75) * 117_680.0 - 49_646.2).abs() < 0.1);
        assert!((FanLaw::Tower.power(0.5) - 0.1425).abs() < 1e-12);
        assert!((FanLaw::Tower.power(0.55) - 0.1871).abs() < 1e-12);
    }
}
