//! Performance curves of real chillers, as published with the DOE-2 model.
//!
//! The coefficients are those of the data sets that EnergyPlus and the Modelica Buildings
//! library distribute for their electric chillers (makers' performance tables regressed by
//! the authors of EnergyPlus); the DOE-2 entry is DOE-2.1E's default centrifugal machine.

use schemars::JsonSchema;
use serde::Deserialize;

/// What takes the heat from the condenser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Condenser {
    /// Water of a cooling tower.
    Water,
    /// Outdoor air; the power of the condenser fans is part of the chiller's.
    Air,
}

/// How capacity and power of a chiller depend on temperatures and load.
///
/// `x` is the temperature of the chilled water leaving, `y` that of the water (or air)
/// entering the condenser, both in degrees Celsius; the two temperature curves are
/// `c1 + c2 x + c3 x^2 + c4 y + c5 y^2 + c6 x y` over their value at the reference point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChillerCurves {
    /// Heat removed over power drawn at the reference point.
    pub cop: f64,
    /// Chilled water leaving at the reference point, degrees Celsius.
    pub reference_supply_c: f64,
    /// Range of `x` over which the curves were fitted, degrees Celsius.
    pub evaporator_c: (f64, f64),
    /// Range of `y` over which the curves were fitted, degrees Celsius.
    pub condenser_c: (f64, f64),
    /// Capacity over that of the reference point (CAPFT).
    pub capacity: [f64; 6],
    /// Power over heat at full load, over that of the reference point (EIRFT).
    pub eir: [f64; 6],
    /// Power over full-load power by part-load ratio: `c1 + c2 p + c3 p^2` (EIRFPLR).
    pub part_load: [f64; 3],
    /// Part-load ratio below which the chiller cycles.
    pub least_part_load: f64,
    /// Part-load ratio below which it unloads no further, by hot gas instead.
    pub least_unloading: f64,
    /// Greatest part-load ratio.
    pub most_part_load: f64,
    /// What takes the heat.
    pub condenser: Condenser,
}

/// A named set of curves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum CurveSet {
    /// Carrier 19XR, 1,407 kW: centrifugal with a variable-speed drive, COP 6.04.
    #[serde(rename = "carrier-19xr-1407kw")]
    Carrier19xr,
    /// DOE-2's default centrifugal chiller, COP 5.50.
    #[serde(rename = "doe2-centrifugal")]
    Doe2Centrifugal,
    /// York YS, 1,758 kW: screw with a slide valve, COP 5.84.
    #[serde(rename = "york-ys-1758kw")]
    YorkYs,
    /// York YT, 1,055 kW: centrifugal with inlet vanes, COP 5.96. Its fitted capacity falls
    /// to half with cold condenser water.
    #[serde(rename = "york-yt-1055kw")]
    YorkYt1055,
    /// York YT, 1,495 kW: centrifugal with a variable-speed drive, COP 7.51.
    #[serde(rename = "york-yt-1495kw")]
    YorkYt1495,
    /// Trane CVHE, 1,442 kW: centrifugal with a variable-speed drive, COP 6.61.
    #[serde(rename = "trane-cvhe-1442kw")]
    TraneCvhe,
    /// Carrier 30RB390, 1,326 kW: air-cooled scroll, COP 2.8, fitted up to chilled water of
    /// 15.56 degC.
    #[serde(rename = "carrier-30rb390")]
    Carrier30rb390,
    /// York YCAL0033EE, 101 kW: air-cooled scroll, COP 3.1, fitted from 24 degC outdoors.
    #[serde(rename = "york-ycal0033ee")]
    YorkYcal0033,
}

impl CurveSet {
    /// The figures of the set.
    pub const fn curves(self) -> &'static ChillerCurves {
        match self {
            Self::Carrier19xr => &CARRIER_19XR,
            Self::Doe2Centrifugal => &DOE2_CENTRIFUGAL,
            Self::YorkYs => &YORK_YS,
            Self::YorkYt1055 => &YORK_YT_1055,
            Self::YorkYt1495 => &YORK_YT_1495,
            Self::TraneCvhe => &TRANE_CVHE,
            Self::Carrier30rb390 => &CARRIER_30RB390,
            Self::YorkYcal0033 => &YORK_YCAL0033,
        }
    }
}

const CARRIER_19XR: ChillerCurves = ChillerCurves {
    cop: 6.04,
    reference_supply_c: 6.67,
    evaporator_c: (4.44, 10.0),
    condenser_c: (12.78, 32.22),
    capacity: [1.042261, 0.002644821, -0.001468026, 0.01366256, -0.0008302334, 0.001573579],
    eir: [1.02634, -0.01612819, -0.001092591, -0.01784393, 0.0007961842, -9.586049e-5],
    part_load: [0.118888, 0.6723542, 0.2068754],
    least_part_load: 0.2,
    least_unloading: 0.2,
    most_part_load: 1.04,
    condenser: Condenser::Water,
};

const DOE2_CENTRIFUGAL: ChillerCurves = ChillerCurves {
    cop: 5.5,
    reference_supply_c: 6.67,
    evaporator_c: (5.0, 10.0),
    condenser_c: (24.0, 35.0),
    capacity: [0.257896, 0.0389016, -0.00021708, 0.0468684, -0.00094284, -0.00034344],
    eir: [0.933884, -0.058212, 0.00450036, 0.00243, 0.000486, -0.001215],
    part_load: [0.222903, 0.313387, 0.46371],
    least_part_load: 0.1,
    least_unloading: 0.2,
    most_part_load: 1.0,
    condenser: Condenser::Water,
};

const YORK_YS: ChillerCurves = ChillerCurves {
    cop: 5.84,
    reference_supply_c: 6.67,
    evaporator_c: (4.44, 8.89),
    condenser_c: (12.78, 35.0),
    capacity: [0.8130185, -0.01425368, -0.001618007, 0.02638417, -0.0009154379, 0.001696015],
    eir: [0.6381264, 0.006304193, 0.0009233511, -0.004552881, 0.0008256904, -0.001561533],
    part_load: [0.3149879, 0.3171267, 0.3709077],
    least_part_load: 0.2,
    least_unloading: 0.2,
    most_part_load: 1.04,
    condenser: Condenser::Water,
};

const YORK_YT_1055: ChillerCurves = ChillerCurves {
    cop: 5.96,
    reference_supply_c: 6.67,
    evaporator_c: (4.44, 8.89),
    condenser_c: (12.78, 35.0),
    capacity: [0.1785912, -0.05900023, -0.0005946963, 0.09297889, -0.002841024, 0.004974221],
    eir: [0.524511, -0.02850126, 0.000803472, 0.01893133, 0.0001151629, -9.340642e-5],
    part_load: [0.2619878, 0.2393605, 0.4988306],
    least_part_load: 0.1,
    least_unloading: 0.1,
    most_part_load: 1.05,
    condenser: Condenser::Water,
};

const YORK_YT_1495: ChillerCurves = ChillerCurves {
    cop: 7.51,
    reference_supply_c: 7.22,
    evaporator_c: (5.56, 8.89),
    condenser_c: (12.78, 35.0),
    capacity: [1.051921, -0.1632255, 0.01149042, 0.05463515, -0.001579985, 0.001628246],
    eir: [0.7106985, -0.2087623, 0.009421379, 0.08491925, -0.00126082, 0.001125512],
    part_load: [0.151747, -0.1577252, 1.005197],
    least_part_load: 0.11,
    least_unloading: 0.11,
    most_part_load: 1.05,
    condenser: Condenser::Water,
};

const TRANE_CVHE: ChillerCurves = ChillerCurves {
    cop: 6.61,
    reference_supply_c: 5.56,
    evaporator_c: (4.44, 8.89),
    condenser_c: (12.78, 35.0),
    capacity: [0.4007341, 0.001148568, 0.0001049504, 0.05574667, -0.001646131, 0.0013232],
    eir: [0.6287646, -0.03024605, 0.0006137016, 0.01805826, 0.0001640653, -0.0001113802],
    part_load: [0.09299787, 0.3244475, 0.5818753],
    least_part_load: 0.1,
    least_unloading: 0.1,
    most_part_load: 1.07,
    condenser: Condenser::Water,
};

const CARRIER_30RB390: ChillerCurves = ChillerCurves {
    cop: 2.8,
    reference_supply_c: 6.67,
    evaporator_c: (4.44, 15.56),
    condenser_c: (29.44, 48.89),
    capacity: [
        0.9061565538,
        0.0623330771,
        -0.0006503808,
        -0.0014416333,
        -0.0001025746,
        -0.0004835891,
    ],
    eir: [0.956167823, -0.0190268512, 0.0012528074, -0.0169835155, 0.0007174712, -0.0007448796],
    part_load: [0.0, 1.0, 0.0],
    least_part_load: 0.1,
    least_unloading: 0.1,
    most_part_load: 1.15,
    condenser: Condenser::Air,
};

const YORK_YCAL0033: ChillerCurves = ChillerCurves {
    cop: 3.1,
    reference_supply_c: 6.67,
    evaporator_c: (4.44, 10.0),
    condenser_c: (23.89, 51.67),
    capacity: [
        -0.2660645697,
        0.0998714035,
        -0.0023814154,
        0.0628316481,
        -0.0009644649,
        -0.0011249224,
    ],
    eir: [0.1807017787, 0.0271530312, -0.0004553574, 0.0188175079, 0.0002623276, -0.0012881189],
    part_load: [0.0, 1.0, 0.0],
    least_part_load: 0.1,
    least_unloading: 0.1,
    most_part_load: 1.15,
    condenser: Condenser::Air,
};
