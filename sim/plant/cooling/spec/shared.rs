//! What the kinds of cooling have in common, each field declared once.
//!
//! A kind is declared by [`cooling_spec!`]: the groups of fields that it shares with others, and
//! its own. [`Parts`] reads what they share, whatever the kind.

use super::check::Coolant;
use super::chillers::ChillersSpec;
use super::fans::FansSpec;
use super::pumps::PumpsSpec;
use super::trim::TrimSpec;
use super::upkeep::ControlUpkeepSpec;
use super::water::MakeUpSpec;
use crate::spec::Names;
use crate::units::Volume;

/// What kinds of cooling share; `None` where a kind has nothing of it.
pub(super) trait Parts {
    fn fed_by(&self) -> Option<&Names>;

    fn fed_by_mut(&mut self) -> &mut Option<Names>;

    fn cooled_by(&self) -> Option<&Names> {
        None
    }

    fn pumps(&self) -> Option<&PumpsSpec> {
        None
    }

    fn fans(&self) -> Option<&FansSpec> {
        None
    }

    fn chillers(&self) -> Option<&ChillersSpec> {
        None
    }

    fn trim(&self) -> Option<&TrimSpec> {
        None
    }

    /// Its chillers, or those of its trim.
    fn all_chillers(&self) -> Option<&ChillersSpec> {
        let of_trim = || self.trim().filter(|trim| trim.main.is_none()).map(|trim| &trim.chillers);
        self.chillers().or_else(of_trim)
    }

    fn water(&self) -> Option<&MakeUpSpec> {
        None
    }

    fn coolant(&self) -> Option<Coolant> {
        None
    }

    fn volume(&self) -> Option<Volume> {
        None
    }

    fn buffer(&self) -> Option<Volume> {
        None
    }

    fn valve(&self) -> Option<&ControlUpkeepSpec> {
        None
    }
}

/// Declares the spec of a kind of cooling: `has` names the groups of fields that it shares with
/// other kinds, the braces hold its own. Fields that are in no group every kind has.
macro_rules! cooling_spec {
    (
        $(#[$meta:meta])*
        pub struct $name:ident has [$($group:ident),*] { $($own:tt)* }
    ) => {
        cooling_spec!(@ [$($group)*] { $(#[$meta])* $name { $($own)* } } [] []);
    };

    (@ [exchanger $($rest:ident)*] $kind:tt [$($fields:tt)*] [$($parts:tt)*]) => {
        cooling_spec!(@ [$($rest)*] $kind [
            $($fields)*
            /// The loop that takes its heat.
            pub cooled_by: $crate::spec::Names,
            /// Least temperature of its supply, or of the bath of a tank, held by the valve on
            /// the loop's side (default: 18 degC for air, the least that ASHRAE recommends;
            /// 20 degC for a bath, below which dielectrics get thick: an assumption; coolant of
            /// racks is only held above the dew point).
            pub supply: Option<$crate::units::Temperature>,
            /// How far above the loop's supply its own supply is at design heat and flows
            /// (default 4 K, of 3 to 5 K usual; 5 K for air: an assumption).
            pub approach: Option<$crate::units::TemperatureDelta>,
            /// Conductance of its surface at design flows, in place of an `approach`.
            pub ua: Option<$crate::units::Conductance>,
        ] [
            $($parts)*
            fn cooled_by(&self) -> Option<&$crate::spec::Names> {
                Some(&self.cooled_by)
            }
        ]);
    };
    (@ [in_hall $($rest:ident)*] $kind:tt [$($fields:tt)*] [$($parts:tt)*]) => {
        cooling_spec!(@ [$($rest)*] $kind [
            $($fields)*
            /// The air handler of the hall whose air takes its heat.
            pub cooled_by: $crate::spec::Names,
            /// How far above the air of the hall its coolant is at design heat and flows (default
            /// 13 K: 40 degC, as the Open Compute Project has it for liquid-to-air cooling, in air
            /// of 27 degC).
            pub approach: Option<$crate::units::TemperatureDelta>,
            /// Conductance of its coil at design flows, in place of an `approach`.
            pub ua: Option<$crate::units::Conductance>,
        ] [
            $($parts)*
            fn cooled_by(&self) -> Option<&$crate::spec::Names> {
                Some(&self.cooled_by)
            }
        ]);
    };
    (
        @ [circuit $($rest:ident)*] { $(#[$meta:meta])* $name:ident { $($own:tt)* } }
        [$($fields:tt)*] [$($parts:tt)*]
    ) => {
        impl $name {
            /// What it says of its circuit, which holds `coolant`.
            fn circuit(
                &self,
                coolant: $crate::plant::cooling::spec::check::Coolant,
            ) -> $crate::plant::cooling::spec::check::Circuit {
                $crate::plant::cooling::spec::check::Circuit {
                    range: self.range,
                    water_flow: self.water_flow,
                    approach: self.approach,
                    coolant,
                }
            }
        }

        cooling_spec!(@ [range volume pumps $($rest)*] { $(#[$meta])* $name { $($own)* } } [
            $($fields)*
            /// Wanted supply temperature (default: that of the design point; of chilled water
            /// that of the curves' reference point, 6.67 degC).
            pub supply: Option<$crate::units::Temperature>,
            /// How far above the supply the coolant or air enters the racks at design heat: the
            /// approach of coolant distribution units or air handlers (default 4 K, of 3 to 5 K
            /// usual; 0 K for machines on the loop itself).
            pub approach: Option<$crate::units::TemperatureDelta>,
            /// Flow of coolant with all pumps running, in place of a `range`.
            pub water_flow: Option<$crate::units::MassFlow>,
            /// A buffer tank in the loop, well mixed (default: none).
            pub buffer: Option<$crate::units::Volume>,
        ] [
            $($parts)*
            fn buffer(&self) -> Option<$crate::units::Volume> {
                self.buffer
            }
        ]);
    };
    (@ [minimum_supply $($rest:ident)*] $kind:tt [$($fields:tt)*] [$($parts:tt)*]) => {
        cooling_spec!(@ [$($rest)*] $kind [
            $($fields)*
            /// Least supply temperature, held by a bypass against frost (default 7 degC for
            /// water, 2 degC for glycol and for dry coolers). Between it and `supply` the loop
            /// floats on days when the device cools it with its fans at rest.
            pub minimum_supply: Option<$crate::units::Temperature>,
        ] [$($parts)*]);
    };
    (@ [coolant $($rest:ident)*] $kind:tt [$($fields:tt)*] [$($parts:tt)*]) => {
        cooling_spec!(@ [$($rest)*] $kind [
            $($fields)*
            /// What it is filled with: `water` or `pg25` (default `water`; `pg25` on the racks'
            /// side of a distribution unit).
            pub coolant: Option<$crate::plant::cooling::spec::check::Coolant>,
        ] [
            $($parts)*
            fn coolant(&self) -> Option<$crate::plant::cooling::spec::check::Coolant> {
                self.coolant
            }
        ]);
    };
    (@ [range $($rest:ident)*] $kind:tt [$($fields:tt)*] [$($parts:tt)*]) => {
        cooling_spec!(@ [$($rest)*] $kind [
            $($fields)*
            /// How much the racks warm the coolant at design heat (default 5.5 K; 5.56 K for dry
            /// coolers, and for chilled water the rating conditions of AHRI 550/590; 6 K for a
            /// bath: an assumption).
            pub range: Option<$crate::units::TemperatureDelta>,
        ] [$($parts)*]);
    };
    (@ [volume $($rest:ident)*] $kind:tt [$($fields:tt)*] [$($parts:tt)*]) => {
        cooling_spec!(@ [$($rest)*] $kind [
            $($fields)*
            /// Coolant in pipes and machines (default, per kilowatt of design heat: 2.9 L in a
            /// loop, 0.5 L on the racks' side of a distribution unit, 5 L in a bath).
            pub volume: Option<$crate::units::Volume>,
        ] [
            $($parts)*
            fn volume(&self) -> Option<$crate::units::Volume> {
                self.volume
            }
        ]);
    };
    (@ [pumps $($rest:ident)*] $kind:tt [$($fields:tt)*] [$($parts:tt)*]) => {
        cooling_spec!(@ [$($rest)*] $kind [
            $($fields)*
            /// Its pumps.
            #[serde(default)]
            pub pumps: $crate::plant::cooling::spec::pumps::PumpsSpec,
        ] [
            $($parts)*
            fn pumps(&self) -> Option<&$crate::plant::cooling::spec::pumps::PumpsSpec> {
                Some(&self.pumps)
            }
        ]);
    };
    (@ [fans $($rest:ident)*] $kind:tt [$($fields:tt)*] [$($parts:tt)*]) => {
        cooling_spec!(@ [$($rest)*] $kind [
            $($fields)*
            /// Its fans; with a tower, those of the tower.
            #[serde(default)]
            pub fans: $crate::plant::cooling::spec::fans::FansSpec,
        ] [
            $($parts)*
            fn fans(&self) -> Option<&$crate::plant::cooling::spec::fans::FansSpec> {
                Some(&self.fans)
            }
        ]);
    };
    (@ [tower $($rest:ident)*] $kind:tt [$($fields:tt)*] [$($parts:tt)*]) => {
        cooling_spec!(@ [$($rest)*] $kind [
            $($fields)*
            /// Its open tower.
            #[serde(default)]
            pub tower: $crate::plant::cooling::spec::tower::TowerSpec,
        ] [$($parts)*]);
    };
    (@ [chillers $($rest:ident)*] $kind:tt [$($fields:tt)*] [$($parts:tt)*]) => {
        cooling_spec!(@ [$($rest)*] $kind [
            $($fields)*
            /// Its chillers.
            #[serde(default)]
            pub chillers: $crate::plant::cooling::spec::chillers::ChillersSpec,
        ] [
            $($parts)*
            fn chillers(&self) -> Option<&$crate::plant::cooling::spec::chillers::ChillersSpec> {
                Some(&self.chillers)
            }
        ]);
    };
    (@ [trim $($rest:ident)*] $kind:tt [$($fields:tt)*] [$($parts:tt)*]) => {
        cooling_spec!(@ [$($rest)*] $kind [
            $($fields)*
            /// What cools the coolant on behind the device, in series (default: nothing, and `supply`
            /// is what the weather lets it be).
            pub trim: Option<$crate::plant::cooling::spec::trim::TrimSpec>,
        ] [
            $($parts)*
            fn trim(&self) -> Option<&$crate::plant::cooling::spec::trim::TrimSpec> {
                self.trim.as_ref()
            }
        ]);
    };
    (@ [recirculation $($rest:ident)*] $kind:tt [$($fields:tt)*] [$($parts:tt)*]) => {
        cooling_spec!(@ [$($rest)*] $kind [
            $($fields)*
            /// How much warmer than the weather the air enters, having mixed with what was blown
            /// out (default 0 K; 0 to 3 K is usual).
            pub recirculation: Option<$crate::units::TemperatureDelta>,
        ] [$($parts)*]);
    };
    (@ [pads $($rest:ident)*] $kind:tt [$($fields:tt)*] [$($parts:tt)*]) => {
        cooling_spec!(@ [$($rest)*] $kind [
            $($fields)*
            /// Adiabatic pads ahead of the air's way in (default: none). A cooler is sized
            /// without them. What they cost the fans is part of the fans' power.
            pub pads: Option<$crate::plant::cooling::spec::pads::PadSpec>,
        ] [$($parts)*]);
    };
    (@ [basin_heater $($rest:ident)*] $kind:tt [$($fields:tt)*] [$($parts:tt)*]) => {
        cooling_spec!(@ [$($rest)*] $kind [
            $($fields)*
            /// A heater in the basins against frost while no water runs over them (default:
            /// none).
            pub basin_heater: Option<$crate::plant::cooling::spec::basin::BasinHeaterSpec>,
        ] [$($parts)*]);
    };
    (@ [water $($rest:ident)*] $kind:tt [$($fields:tt)*] [$($parts:tt)*]) => {
        cooling_spec!(@ [$($rest)*] $kind [
            $($fields)*
            /// What it evaporates: how far it concentrates, its basin, and what limits its
            /// make-up (default: the main brings whatever is lost).
            pub water: Option<$crate::plant::cooling::spec::water::MakeUpSpec>,
        ] [
            $($parts)*
            fn water(&self) -> Option<&$crate::plant::cooling::spec::water::MakeUpSpec> {
                self.water.as_ref()
            }
        ]);
    };
    (@ [valve $($rest:ident)*] $kind:tt [$($fields:tt)*] [$($parts:tt)*]) => {
        cooling_spec!(@ [$($rest)*] $kind [
            $($fields)*
            /// How the valve on the loop's side fails (default: it does not). `full` is wide
            /// open: the dew point is no longer kept.
            #[serde(default)]
            pub valve: $crate::plant::cooling::spec::upkeep::ControlUpkeepSpec,
        ] [
            $($parts)*
            fn valve(&self) -> Option<&$crate::plant::cooling::spec::upkeep::ControlUpkeepSpec> {
                Some(&self.valve)
            }
        ]);
    };

    (@ [] { $(#[$meta:meta])* $name:ident { $($own:tt)* } } [$($fields:tt)*] [$($parts:tt)*]) => {
        $(#[$meta])*
        #[derive(Debug, Clone, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            /// Heat of the racks that it is built for.
            pub design_heat: $crate::units::Power,
            /// What feeds its machines, in order of preference.
            pub fed_by: Option<$crate::spec::Names>,
            $($fields)*
            $($own)*
            /// Where the figures of this entry come from.
            pub source: Option<String>,
        }

        impl $crate::plant::cooling::spec::shared::Parts for $name {
            fn fed_by(&self) -> Option<&$crate::spec::Names> {
                self.fed_by.as_ref()
            }

            fn fed_by_mut(&mut self) -> &mut Option<$crate::spec::Names> {
                &mut self.fed_by
            }

            $($parts)*
        }
    };
}
pub(super) use cooling_spec;
