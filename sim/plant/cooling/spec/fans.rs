//! Fans as users write them.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, de};

use super::bounds;
use super::check::Check;
use super::upkeep::{ControlUpkeepSpec, UpkeepSpec};
use crate::plant::cooling::fans::FanLaw;
use crate::plant::cooling::staging::FanControl;
use crate::spec::Names;
use crate::units::{Fraction, Power, Pressure, VolumeFlow};

/// Alike fans. A tower has one in each cell, a cooler one in each unit, and with it that cell or
/// unit fails.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FansSpec {
    /// What feeds them, in order of preference, where that differs from `fed_by` of the whole.
    /// Spray pumps and basin heaters draw with the fans.
    pub fed_by: Option<Names>,
    /// Number of fans, each with its cell or unit, which fail one at a time (default 1; 4 in an
    /// air handler).
    pub count: Option<u32>,
    /// Air through all of them at full speed (default, per megawatt rejected: 25 m3/s for a tower,
    /// 34.3 m3/s for a fluid cooler; for a dry cooler from its design point; 52.6 L/s per kilowatt
    /// of heat in a ventilated hall, as an S19 Pro takes 370 cfm for 3,320 W; 75 L/s per kilowatt
    /// in an air handler, which machines warm by 11 K).
    pub air_flow: Option<VolumeFlow>,
    /// Power of all fans at full speed (default, per kilowatt rejected: 10.5 W for a tower, as
    /// EnergyPlus, 25.6 W for a fluid cooler; for a dry cooler the catalogue's for its air; 3.47 %
    /// of the heat of a ventilated hall, 25 kW of auxiliaries in a 720 kW container; for an air
    /// handler from `pressure` and `efficiency`). Zero in a hall where the machines' own fans,
    /// which are part of the machines' power, do all the work.
    pub power: Option<Power>,
    /// Pressure that they raise at full speed, where no `power` is given (default of an air
    /// handler 400 Pa, of 300 to 500 Pa usual).
    pub pressure: Option<Pressure>,
    /// Efficiency of fan and motor, with a `pressure` (default 60 %).
    pub efficiency: Option<Fraction>,
    /// How their power falls with speed: `cube` (of it), `tower` (the ten points of EnergyPlus'
    /// variable-speed tower, with the losses of drive and motor), or four numbers, `c1 + c2 r +
    /// c3 r^2 + c4 r^3` of the speed `r`. Default: `tower` for towers and fluid coolers, else
    /// `cube`.
    pub curve: Option<FanCurve>,
    /// `variable-speed` and `cycling` (fans of one speed, switched on and off) hold the setpoint;
    /// `always-on` lets it float (default `variable-speed`). Fans of halls and air handlers follow
    /// the heat.
    pub control: Option<FanControl>,
    /// Least speed of a running fan (default 20 %).
    pub minimum_speed: Option<Fraction>,
    /// Air with the fans at rest, as a share of full (default 10 %: for towers as EnergyPlus, for
    /// dry coolers an assumption after that figure, for halls an assumption for what the machines'
    /// own fans push through). Not for air handlers.
    pub free_convection: Option<Fraction>,
    /// Those that stand by, and how they fail, are serviced and start (default start 20 s: an
    /// assumption, as pumps).
    #[serde(default)]
    pub upkeep: UpkeepSpec,
    /// How the control of their speed fails, all of them together (default: it does not). Not for
    /// air handlers.
    #[serde(default)]
    pub control_upkeep: ControlUpkeepSpec,
}

/// How fan power falls with speed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FanCurve {
    /// The ideal cube of the speed.
    Cube,
    /// A variable-speed tower fan with the losses of its drive and motor.
    Tower,
    /// Coefficients of a cubic, from the constant up.
    Cubic([f64; 4]),
}

/// The curves that have a name.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum NamedCurve {
    Cube,
    Tower,
}

impl<'de> Deserialize<'de> for FanCurve {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Curve;
        impl<'de> de::Visitor<'de> for Curve {
            type Value = FanCurve;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("`cube`, `tower` or a list of four numbers")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<FanCurve, E> {
                let named = NamedCurve::deserialize(de::value::StrDeserializer::new(text))?;
                Ok(match named {
                    NamedCurve::Cube => FanCurve::Cube,
                    NamedCurve::Tower => FanCurve::Tower,
                })
            }

            fn visit_seq<A: de::SeqAccess<'de>>(self, seq: A) -> Result<FanCurve, A::Error> {
                <[f64; 4]>::deserialize(de::value::SeqAccessDeserializer::new(seq))
                    .map(FanCurve::Cubic)
            }
        }
        deserializer.deserialize_any(Curve)
    }
}

impl JsonSchema for FanCurve {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "FanCurve".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "`cube`, `tower` or four coefficients of a cubic",
            "anyOf": [
                {"enum": ["cube", "tower"]},
                {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4},
            ],
        })
    }
}

/// Power of fans.
#[derive(Debug, Clone, Copy)]
pub(super) struct FanPower {
    /// At full speed, W.
    pub(super) full_w: f64,
    /// Whether that is a rating of sea level rather than what the user says they draw.
    pub(super) at_sea_level: bool,
}

/// What fans draw where nothing is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum UsualPower {
    /// A rating at sea level, W.
    Watts(f64),
    /// What raises this pressure, Pa.
    Pressure(f64),
}

/// Speed of running fans, and what passes resting ones, as shares of full.
#[derive(Debug, Clone, Copy)]
pub(super) struct FanSpeeds {
    pub(super) minimum: f64,
    pub(super) free: f64,
}

/// Fans of more than this share of the heat are doubted.
const DOUBTED_SHARE: f64 = 0.15;
/// Efficiency of fan and motor.
pub(super) const EFFICIENCY: f64 = 0.6;
/// Where a spec holds its fans.
const FIELD: &str = "fans";

impl FansSpec {
    /// Number of fans.
    pub(super) fn count(&self, check: &mut Check<'_>, default: u32) -> u32 {
        let count = Some(self.count.unwrap_or(default));
        check.within(FIELD, |check| check.count("count", count))
    }

    /// Air through all of them at full speed, m3/s.
    pub(super) fn air_m3_s(&self, check: &mut Check<'_>, default_m3_s: f64) -> f64 {
        check.within(FIELD, |check| {
            check.bounded(
                "air_flow",
                self.air_flow,
                default_m3_s,
                &bounds::volume_flow(default_m3_s),
            )
        })
    }

    /// Power of the fans that move `air_m3_s` for `heat_w`.
    pub(super) fn power(
        &self,
        check: &mut Check<'_>,
        air_m3_s: f64,
        default: UsualPower,
        heat_w: f64,
    ) -> FanPower {
        check.within(FIELD, |check| {
            let (derived_w, at_sea_level) = match (self.pressure, default) {
                (None, UsualPower::Watts(usual_w)) => {
                    if self.efficiency.is_some() {
                        let message = "there is no `pressure` that the fans raise with it";
                        check.error("efficiency", message.to_owned());
                    }
                    (usual_w, self.power.is_none())
                }
                (Some(_), UsualPower::Watts(_)) => (self.pressed_w(check, air_m3_s, 0.0), false),
                (_, UsualPower::Pressure(pa)) => (self.pressed_w(check, air_m3_s, pa), false),
            };
            let most = bounds::machine_power(heat_w);
            let full_w = check.bounded("power", self.power, derived_w, &most);
            doubt_power(check, "power", full_w, heat_w);
            FanPower { full_w, at_sea_level }
        })
    }

    fn pressed_w(&self, check: &mut Check<'_>, air_m3_s: f64, usual_pa: f64) -> f64 {
        let pa = check.bounded("pressure", self.pressure, usual_pa, &bounds::FAN_PRESSURE);
        let efficiency =
            check.bounded("efficiency", self.efficiency, EFFICIENCY, &bounds::EFFICIENCY);
        air_m3_s * pa / efficiency
    }

    /// How their power falls with speed.
    pub(super) fn law(&self, check: &mut Check<'_>, default: FanLaw) -> FanLaw {
        match self.curve {
            None => default,
            Some(FanCurve::Cube) => FanLaw::Cube,
            Some(FanCurve::Tower) => FanLaw::Tower,
            Some(FanCurve::Cubic(c)) => {
                let full: f64 = c.iter().sum();
                if c.iter().all(|c| c.is_finite()) && (full - 1.0).abs() <= 0.1 {
                    return FanLaw::Cubic(c);
                }
                let message =
                    format!("comes to {full} of full power at full speed, which must be about 1");
                check.error("fans.curve", message);
                default
            }
        }
    }

    /// How they are run.
    pub(super) fn control(&self) -> FanControl {
        self.control.unwrap_or(FanControl::VariableSpeed)
    }

    /// Least speed of a running fan.
    pub(super) fn minimum_speed(&self, check: &mut Check<'_>) -> f64 {
        check.within(FIELD, |check| {
            check.bounded("minimum_speed", self.minimum_speed, 0.2, &bounds::FAN_SPEED)
        })
    }

    /// Least speed of a running fan, and the share of air at rest, which is below.
    pub(super) fn speeds(&self, check: &mut Check<'_>) -> FanSpeeds {
        let minimum = self.minimum_speed(check);
        let free = self.free_convection.map_or(0.1, |f| f.0);
        let free = at_rest(check, "fans.free_convection", free, minimum);
        FanSpeeds { minimum, free }
    }

    /// Refuses a control of fans that follow the heat of a hall.
    pub(super) fn refuse_control(&self, check: &mut Check<'_>) {
        if self.control.is_some() {
            let message = "the fans of a hall and its air handlers follow the heat";
            check.error("fans.control", message.to_owned());
        }
    }

    /// Refuses what the fans of an air handler have not.
    pub(super) fn refuse_of_handler(&self, check: &mut Check<'_>) {
        self.refuse_control(check);
        if self.free_convection.is_some() {
            let message = "resting fans of an air handler let no air pass";
            check.error("fans.free_convection", message.to_owned());
        }
        if !self.control_upkeep.is_empty() {
            let message = "no failure of the control of an air handler's fans is modelled";
            check.error("fans.control_upkeep", message.to_owned());
        }
    }
}

/// A share of air or conductance with the fans at rest: below what the least speed gives.
pub(super) fn at_rest(
    check: &mut Check<'_>,
    field: &'static str,
    share: f64,
    minimum_speed: f64,
) -> f64 {
    if (0.001..minimum_speed).contains(&share) {
        return share;
    }
    check.error(
        field,
        format!(
            "must be at least 0.1 % and below the `minimum_speed` of {:.0} %, got {:.1} %",
            100.0 * minimum_speed,
            100.0 * share
        ),
    );
    0.5 * minimum_speed
}

/// Doubts fans that take much of the heat that they carry.
pub(super) fn doubt_power(check: &mut Check<'_>, field: &'static str, fan_w: f64, heat_w: f64) {
    if fan_w > DOUBTED_SHARE * heat_w {
        check.warning(
            field,
            format!(
                "fans of {} for {} of heat are {:.0} %; 1 to 5 % is usual",
                Power(fan_w),
                Power(heat_w),
                100.0 * fan_w / heat_w
            ),
        );
    }
}
