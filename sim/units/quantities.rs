//! The quantities of the field, each with its units and the magnitudes that it may have.

use std::fmt;

use super::bounds::Quantity;
use super::declare::quantity_pattern;
use super::text::{ParseQuantityError, Range, Unit, format_quantity, parse_quantity, unit};

const HOUR: f64 = 3600.0;
const DAY: f64 = 86_400.0;
const YEAR: f64 = 8760.0 * HOUR;

quantity!(
    /// Electrical or thermal power in watts.
    Power, "a power", "40 kW",
    [unit("W", 1.0), unit("kW", 1e3), unit("MW", 1e6), unit("GW", 1e9)],
    Range::up_to(1e-9, 1e15)
);
quantity!(
    /// Change of power with time in watts a second.
    PowerRamp, "a power ramp", "5 MW/min",
    [unit("W/s", 1.0), unit("kW/min", 1e3 / 60.0), unit("MW/min", 1e6 / 60.0), unit("MW/s", 1e6)],
    Range::up_to(1e-9, 1e15)
);
quantity!(
    /// Apparent power in volt-amperes.
    ApparentPower, "an apparent power", "75 MVA",
    [unit("VA", 1.0), unit("kVA", 1e3), unit("MVA", 1e6)],
    Range::up_to(1e-9, 1e15)
);
quantity!(
    /// Energy in joules.
    Energy, "an energy", "2 MWh",
    [unit("J", 1.0), unit("kJ", 1e3), unit("MJ", 1e6), unit("GJ", 1e9),
     unit("Wh", 3.6e3), unit("kWh", 3.6e6), unit("MWh", 3.6e9), unit("GWh", 3.6e12)],
    Range::up_to(1e-9, 1e21)
);
quantity!(
    /// Temperature in degrees Celsius.
    Temperature, "a temperature", "32 degC",
    [unit("degC", 1.0), unit("C", 1.0), unit("°C", 1.0),
     Unit { name: "K", factor: 1.0, offset: -273.15 },
     Unit { name: "degF", factor: 5.0 / 9.0, offset: -160.0 / 9.0 },
     Unit { name: "°F", factor: 5.0 / 9.0, offset: -160.0 / 9.0 }],
    Range { tiny: 0.0, least: -273.15, most: 1e4 }
);
quantity!(
    /// Difference of two temperatures in kelvin.
    TemperatureDelta, "a temperature difference", "5 K",
    [unit("K", 1.0)],
    Range::magnitudes(1e-9, 1e4)
);
quantity!(
    /// Mass in kilograms.
    Mass, "a mass", "200 kg", [unit("kg", 1.0), unit("t", 1e3)],
    Range::up_to(1e-9, 1e15)
);
quantity!(
    /// Mass flow in kilograms a second.
    MassFlow, "a mass flow", "45 kg/s", [unit("kg/s", 1.0), unit("kg/h", 1.0 / HOUR), unit("t/h", 1e3 / HOUR)],
    Range::up_to(1e-12, 1e12)
);
quantity!(
    /// Volume in cubic metres.
    Volume, "a volume", "10 m3",
    [unit("m3", 1.0), unit("L", 1e-3), unit("ML", 1e3), unit("gal", 3.785_411_784e-3)],
    Range::up_to(1e-12, 1e12)
);
quantity!(
    /// Volume flow in cubic metres a second.
    VolumeFlow, "a volume flow", "25 m3/s",
    [unit("m3/s", 1.0), unit("m3/h", 1.0 / HOUR), unit("L/s", 1e-3), unit("L/min", 1e-3 / 60.0),
     unit("gpm", 3.785_411_784e-3 / 60.0), unit("cfm", 0.028_316_846_592 / 60.0)],
    Range::up_to(1e-15, 1e12)
);
quantity!(
    /// Pressure in pascals.
    Pressure, "a pressure", "200 kPa",
    [unit("Pa", 1.0), unit("hPa", 100.0), unit("kPa", 1e3), unit("bar", 1e5), unit("mbar", 100.0),
     unit("inHg", 3_386.388_640_341), unit("mmHg", 133.322_387_415), unit("psi", 6_894.757_293_168),
     unit("atm", 101_325.0)],
    Range::up_to(1e-6, 1e12)
);
quantity!(
    /// Length in metres.
    Length, "a length", "545 m", [unit("m", 1.0), unit("km", 1e3), unit("ft", 0.3048), unit("mile", 1609.344)],
    Range::magnitudes(1e-9, 1e9)
);
quantity!(
    /// Speed in metres a second.
    Speed, "a speed", "4 m/s",
    [unit("m/s", 1.0), unit("km/h", 1.0 / 3.6), unit("mph", 1609.344 / HOUR), unit("kn", 1852.0 / HOUR)],
    Range::up_to(1e-9, 3e8)
);
quantity!(
    /// Angle in degrees.
    Angle, "an angle", "32.4 deg", [unit("deg", 1.0), unit("°", 1.0)],
    Range::magnitudes(1e-12, 1e4)
);
quantity!(
    /// Thermal conductance (UA) in watts a kelvin.
    Conductance, "a conductance", "60 kW/K", [unit("W/K", 1.0), unit("kW/K", 1e3), unit("MW/K", 1e6)],
    Range::up_to(1e-9, 1e15)
);
quantity!(
    /// Price of energy in dollars a megawatt-hour.
    EnergyPrice, "an energy price", "35 $/MWh", [unit("$/MWh", 1.0), unit("$/kWh", 1e3), unit("c/kWh", 10.0)],
    Range::magnitudes(1e-12, 1e12)
);
quantity!(
    /// Money in dollars.
    Money, "an amount of money", "60000 $", [unit("$", 1.0), unit("k$", 1e3), unit("M$", 1e6)],
    Range::up_to(1e-9, 1e18)
);
quantity!(
    /// Rent of one thing for an hour, in dollars an hour.
    HourlyPrice, "an hourly price", "2.5 $/h", [unit("$/h", 1.0)],
    Range::up_to(1e-12, 1e12)
);
quantity!(
    /// Price of generated text in dollars a million tokens.
    TokenPrice, "a token price", "0.8 $/Mtoken", [unit("$/Mtoken", 1.0)],
    Range::up_to(1e-12, 1e12)
);
quantity!(
    /// Cost of what has a power, in dollars a watt.
    PowerCost, "a cost of power", "11 M$/MW",
    [unit("$/W", 1.0), unit("$/kW", 1e-3), unit("k$/MW", 1e-3), unit("M$/MW", 1.0)],
    Range::up_to(1e-12, 1e9)
);
quantity!(
    /// Money in dollars a year.
    YearlyCost, "a yearly cost", "2 M$/year",
    [unit("$/year", 1.0), unit("k$/year", 1e3), unit("M$/year", 1e6)],
    Range::up_to(1e-9, 1e18)
);
quantity!(
    /// Change of a price as a share of it a year.
    Growth, "a yearly change", "3 %/year", [unit("%/year", 0.01)],
    Range { tiny: 1e-9, least: -0.999, most: 10.0 }
);
quantity!(
    /// Calendar time in months.
    CalendarSpan, "a calendar span", "12 years",
    [unit("months", 1.0), unit("month", 1.0), unit("years", 12.0), unit("year", 12.0)],
    Range::up_to(1e-3, 12_000.0)
);
quantity!(
    /// Price of water in dollars a cubic metre.
    WaterPrice, "a water price", "1.5 $/m3", [unit("$/m3", 1.0)],
    Range::up_to(1e-12, 1e9)
);
quantity!(
    /// Charge for the highest demand of a month in dollars per kilowatt and month.
    DemandPrice, "a demand charge", "5 $/kW-month",
    [unit("$/kW-month", 1.0), unit("$/MW-month", 1e-3)],
    Range::up_to(1e-9, 1e9)
);
quantity!(
    /// Charge for a capacity in dollars per kilowatt and year.
    CapacityPrice, "a capacity charge", "62 $/kW-year",
    [unit("$/kW-year", 1.0), unit("$/MW-year", 1e-3)],
    Range::up_to(1e-9, 1e9)
);
quantity!(
    /// Price of a megawatt that is kept ready for an hour, in dollars.
    ReservePrice, "a price of reserve", "9.62 $/MW-h",
    [unit("$/MW-h", 1.0), unit("$/MW-day", 1.0 / 24.0), unit("$/MW-year", 1.0 / 8760.0),
     unit("$/kW-year", 1000.0 / 8760.0)],
    Range::up_to(1e-9, 1e9)
);
quantity!(
    /// Price of emissions in dollars per tonne.
    CarbonPrice, "a carbon price", "60 $/t", [unit("$/t", 1.0)],
    Range::up_to(1e-9, 1e9)
);
quantity!(
    /// Rate of SHA-256d hashes a second.
    HashRate, "a hash rate", "200 TH/s",
    [unit("H/s", 1.0), unit("GH/s", 1e9), unit("TH/s", 1e12), unit("PH/s", 1e15), unit("EH/s", 1e18)],
    Range::up_to(1e-6, 1e30)
);
quantity!(
    /// Expected mining income in dollars a petahash a second and day.
    HashPrice, "a hash price", "50 $/PH/day", [unit("$/PH/day", 1.0), unit("$/TH/day", 1e3)],
    Range::up_to(1e-15, 1e12)
);
quantity!(
    /// Bitcoin amount in BTC.
    Bitcoin, "an amount of bitcoin", "3.125 BTC", [unit("BTC", 1.0)],
    Range::up_to(1e-15, 1e9)
);
quantity!(
    /// Events a second: failures, arrivals.
    Rate, "a rate", "3.8e-3 /day",
    [unit("/s", 1.0), unit("/min", 1.0 / 60.0), unit("/h", 1.0 / HOUR), unit("/day", 1.0 / DAY), unit("/year", 1.0 / YEAR)],
    Range::up_to(1e-30, 1e15)
);
quantity!(
    /// Frequency of alternating current in hertz.
    Frequency, "a frequency", "49.9 Hz", [unit("Hz", 1.0), unit("mHz", 1e-3)],
    Range::up_to(1e-9, 1e6)
);
quantity!(
    /// Duration of a step of a computation, or a coefficient of it, in seconds. Unlike a
    /// [`Duration`](super::Duration) it may be a fraction of a nanosecond.
    StepTime, "a step time", "27.9 ns",
    [unit("s", 1.0), unit("ms", 1e-3), unit("us", 1e-6), unit("ns", 1e-9), unit("ps", 1e-12)],
    Range::up_to(1e-21, 1e12)
);
quantity!(
    /// Amount of data in bytes.
    DataSize, "an amount of data", "2.3 TB",
    [unit("B", 1.0), unit("kB", 1e3), unit("MB", 1e6), unit("GB", 1e9), unit("TB", 1e12),
     unit("KiB", 1024.0), unit("MiB", 1_048_576.0), unit("GiB", 1_073_741_824.0)],
    Range::up_to(1e-6, 1e24)
);
quantity!(
    /// Data rate in bytes a second.
    Bandwidth, "a data rate", "100 GB/s", [unit("B/s", 1.0), unit("MB/s", 1e6), unit("GB/s", 1e9), unit("TB/s", 1e12)],
    Range::up_to(1e-6, 1e24)
);
quantity!(
    /// Carbon intensity of electricity in grams of CO2-equivalent a kilowatt-hour.
    CarbonIntensity, "a carbon intensity", "380 g/kWh", [unit("g/kWh", 1.0), unit("kg/MWh", 1.0), unit("t/MWh", 1e3), unit("kg/kWh", 1e3),
     unit("lb/MWh", 0.453_592_37), unit("lb/kWh", 453.592_37)],
    Range::up_to(1e-9, 1e9)
);
