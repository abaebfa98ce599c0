//! The world outside the fence: weather, the price of energy and its carbon.
//!
//! Each of the three is a value that holds from one instant to the next: an hour of weather,
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

pub mod carbon;
pub mod price;
mod resolve;
pub mod series;
pub mod spec;
pub mod table;
pub mod weather;

#[cfg(test)]
mod tests;

pub use carbon::Carbon;
pub use price::{Price, PriceDesign};
pub(crate) use resolve::{TableFields, one_column, one_source, only_with};
pub use series::{Playback, Series};
pub use spec::{CarbonSpec, Place, PriceSpec, Run, SiteSpec, WeatherSpec};
pub use weather::{Humidity, Weather, WeatherDesign, WeatherRow};
