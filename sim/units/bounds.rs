//! Bounds of a field: declared once, said in the units of the field.

use std::fmt;

use super::Fraction;

/// What the fields of specs hold: a number that prints with its unit.
pub trait Quantity: Copy + fmt::Display {
    /// The value in its base unit.
    fn base(self) -> f64;
}

impl Quantity for Fraction {
    fn base(self) -> f64 {
        self.0
    }
}

impl Quantity for f64 {
    fn base(self) -> f64 {
        self
    }
}

impl Quantity for u32 {
    fn base(self) -> f64 {
        f64::from(self)
    }
}

/// The least and the greatest value that a field may have, both included.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bounds<Q> {
    /// The least value.
    pub least: Q,
    /// The greatest value.
    pub most: Q,
}

impl<Q: Quantity> Bounds<Q> {
    /// Values from `least` to `most`.
    pub const fn new(least: Q, most: Q) -> Self {
        Self { least, most }
    }

    /// Whether `value` lies within. NaN lies within no bounds.
    pub fn contain(&self, value: Q) -> bool {
        (self.least.base()..=self.most.base()).contains(&value.base())
    }

    /// The value within that is nearest to `value`, in its base unit.
    pub fn nearest(&self, value: Q) -> f64 {
        value.base().clamp(self.least.base(), self.most.base())
    }

    /// Why `value` is refused, or none where it lies within.
    pub fn refusal(&self, value: Q) -> Option<String> {
        let Self { least, most } = self;
        (!self.contain(value)).then(|| format!("must be between {least} and {most}, got {value}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::{Power, Temperature};

    #[test]
    fn bounds_speak_the_units_of_their_quantity() {
        let bounds = Bounds::new(Power(1e3), Power(1e10));
        assert_eq!(bounds.refusal(Power(1e3)), None);
        assert_eq!(
            bounds.refusal(Power(-2e6)).unwrap(),
            "must be between 1 kW and 10 GW, got -2 MW"
        );
        let bounds = Bounds::new(Temperature(-20.0), Temperature(60.0));
        assert_eq!(
            bounds.refusal(Temperature(1e9)).unwrap(),
            "must be between -20 degC and 60 degC, got 1000000000 degC"
        );
        assert!(!Bounds::new(0.0, 1.0).contain(f64::NAN));
        assert_eq!(
            Bounds::new(1u32, 9).refusal(u32::MAX).unwrap(),
            "must be between 1 and 9, got 4294967295"
        );
    }
}
