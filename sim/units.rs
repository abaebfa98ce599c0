//! Physical quantities as users write them: a number and its unit.
//!
//! A scenario never holds a bare number where a unit is possible: `40 kW`, `32.4 deg`,
//! `15 min`. Each quantity here is an `f64` newtype in one base unit (named in its
//! documentation), which parses from and prints to text with units. Specs (what the user
//! wrote) hold these newtypes; designs (what the engine runs on) hold plain `f64` in the
//! same base units.
//!
//! Numbers without a unit are refused, as are `NaN`, infinities and magnitudes that nothing in
//! this field has; [`Bounds`] of a single field are narrower. `mW` for a power is refused with a
//! hint, because in this field it is always a misspelt `MW`.

#[macro_use]
mod declare;

mod bounds;
mod currency;
mod duration;
mod fraction;
mod hint;
mod quantities;
mod text;

#[cfg(test)]
mod tests;

pub use bounds::{Bounds, Quantity};
pub use currency::Currency;
pub use duration::Duration;
pub use fraction::{Fraction, Multiple};
pub use quantities::{
    Angle, ApparentPower, Bandwidth, Bitcoin, CalendarSpan, CapacityPrice, CarbonIntensity,
    CarbonPrice, Conductance, DataSize, DemandPrice, Energy, EnergyPrice, Frequency, Growth,
    HashPrice, HashRate, HourlyPrice, Length, Mass, MassFlow, Money, Power, PowerCost, PowerRamp,
    Pressure, Rate, ReservePrice, Speed, StepTime, Temperature, TemperatureDelta, TokenPrice,
    Volume, VolumeFlow, WaterPrice, YearlyCost,
};
pub use text::{ParseQuantityError, Unit};

pub(crate) use hint::HINT_MARK;
pub(crate) use text::{currency_of, find_unit, split_number};
