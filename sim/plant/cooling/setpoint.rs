//! Temperatures that are wanted.

/// A wanted temperature: always the same, or reset by the weather.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Setpoint {
    /// In degrees Celsius.
    Constant(f64),
    /// So many kelvins above the wet bulb outside, no colder and no warmer than two limits in
    /// degrees Celsius: what a tower of that approach can just do is asked of it.
    AboveWetBulb {
        /// Kelvins above the wet bulb.
        approach_k: f64,
        /// Never colder than this.
        coldest_c: f64,
        /// Never warmer than this, and not below `coldest_c`.
        warmest_c: f64,
    },
}

impl Setpoint {
    /// What is wanted at a wet bulb, degrees Celsius.
    pub(super) fn at(self, wet_bulb_c: f64) -> f64 {
        match self {
            Self::Constant(c) => c,
            Self::AboveWetBulb { approach_k, coldest_c, warmest_c } => {
                (wet_bulb_c + approach_k).clamp(coldest_c, warmest_c)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reset_follows_the_wet_bulb_between_its_limits() {
        let reset = Setpoint::AboveWetBulb { approach_k: 4.0, coldest_c: 15.0, warmest_c: 30.0 };
        let wanted = [-20.0, 11.0, 18.5, 26.0, 40.0].map(|wet_bulb_c| reset.at(wet_bulb_c));
        assert_eq!(wanted, [15.0, 15.0, 22.5, 30.0, 30.0]);
        assert_eq!(Setpoint::Constant(21.1).at(35.0), 21.1);
    }
}
