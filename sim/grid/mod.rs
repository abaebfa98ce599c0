//! The world outside the fence: weather, the price of energy and its carbon, the frequency of the grid and
//! its emergencies, grid programmes.
//!
//! Each of the first three is a value that holds from one instant to the next: an hour of weather,
//! a quarter-hour of price. Whatever it comes from (a model that draws it, a file that
//! recorded it, a constant), the site sees the same three methods:
//!
//! * `current()`: the value that holds now,
//! * `next_at()`: when the next one begins ([`Time::MAX`](crate::kernel::Time::MAX) for never),
//! * `advance(now)`: go to the value that holds at `now`.
//!
//! Invariants: nothing here opens a file (the scenario room hands over the bytes), nothing
//! here knows the plant, and humidity stays as it was measured: [`fluids`](crate::fluids)
//! knows moist air.

mod place;

mod carbon;
mod emergency;
mod frequency;
pub mod price;
pub mod programmes;
pub mod weather;

#[cfg(test)]
mod tests;

pub use carbon::{Carbon, CarbonSpec};
pub use emergency::EmergencyLevelSpec;
pub use frequency::FrequencySpec;
pub use place::{Place, SiteSpec};
pub use price::{Price, PriceDesign, PriceSpec};
pub use weather::{Humidity, Weather, WeatherDesign, WeatherRow, WeatherSpec};
