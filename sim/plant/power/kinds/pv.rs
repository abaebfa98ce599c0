//! Photovoltaic arrays on a bus.

use schemars::JsonSchema;
use serde::Deserialize;

use super::common::{Kind, PowerPart, failures, positive};
use crate::kernel::{FailureLaw, FailureSpec};
use crate::plant::power::component::{ComponentDesign, ComponentKind, LossCurve};
use crate::plant::power::sequence::MachineDesign;
use crate::plant::power::solar::{ArrayDesign, Mount};
use crate::spec::{Check, Fault, Names};
use crate::units::{Angle, Fraction, Power};

/// A photovoltaic array that gives to a bus what the sun lets it, as far as the power chain takes it.
/// It follows a bus that a feed supplies, and rests on any other.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PvSpec {
    /// Rated direct current, at 1000 W/m2 and 25 degC.
    pub dc: Power,
    /// Most that its inverters give; default `dc` over 1.3 (PVWatts: usual ratio).
    pub ac: Option<Power>,
    /// The bus that it gives to; not behind a UPS, whose rectifier takes power one way.
    pub fed_into: Names,
    /// How it stands; default: at rest, 20 degrees to the south.
    pub mount: Option<MountSpec>,
    /// Share of direct current that is lost to dirt, wiring, mismatch and the like; default 14 %
    /// (PVWatts).
    pub losses: Option<Fraction>,
    /// Degrees north; default `site.latitude`.
    pub latitude: Option<Angle>,
    /// Degrees east; default `site.longitude`.
    pub longitude: Option<Angle>,
    /// Share of the irradiation above the air that comes down on level ground, the same in every hour:
    /// in place of that of the weather, which a `climate` has not. 50 to 70 % are yearly means of
    /// temperate and of desert climates (from memory). Default: the weather's irradiation.
    pub clearness: Option<Fraction>,
    /// How often it fails, and for how long. Default: it never does, for want of a published rate.
    pub failures: Option<FailureSpec>,
    /// Where the values come from.
    pub source: Option<String>,
}

/// How an array stands.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MountSpec {
    /// At rest, or turned about a level axis from south to north; default `fixed`.
    pub kind: Option<MountKind>,
    /// Of `fixed`: against the ground; default 20 deg (PVWatts).
    pub tilt: Option<Angle>,
    /// Of `fixed`: the direction that it faces, clockwise from north; default 180 deg, south.
    pub azimuth: Option<Angle>,
    /// Of `one-axis`: width of a row over the distance of rows, beyond which it turns back for not
    /// shading the next; default 40 % (PVWatts).
    pub ground_cover: Option<Fraction>,
    /// Of `one-axis`: most that it turns either way; default 45 deg (PVWatts).
    pub limit: Option<Angle>,
}

/// A kind of mount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum MountKind {
    /// At rest.
    #[default]
    Fixed,
    /// Turned after the sun.
    OneAxis,
}

impl MountSpec {
    fn resolve(self, check: &mut Check<'_>) -> Mount {
        let kind = self.kind.unwrap_or_default();
        let own = |written: bool, of: MountKind| written && kind != of;
        for (field, wrong, of) in [
            ("tilt", own(self.tilt.is_some(), MountKind::Fixed), "fixed"),
            ("azimuth", own(self.azimuth.is_some(), MountKind::Fixed), "fixed"),
            ("ground_cover", own(self.ground_cover.is_some(), MountKind::OneAxis), "one-axis"),
            ("limit", own(self.limit.is_some(), MountKind::OneAxis), "one-axis"),
        ] {
            if wrong {
                let fault = Fault::error(field, format!("belongs to `kind: {of}`"));
                check.faults.push(fault.help("leave it out, or write the other kind"));
            }
        }
        let mut degrees = |field, value: Option<Angle>, default, bounds| {
            check.between(field, value.map(|angle| angle.0), default, bounds, "deg").to_radians()
        };
        match kind {
            MountKind::Fixed => Mount::Fixed {
                tilt: degrees("tilt", self.tilt, 20.0, (0.0, 90.0)),
                azimuth: degrees("azimuth", self.azimuth, 180.0, (0.0, 360.0)),
            },
            MountKind::OneAxis => {
                let limit = degrees("limit", self.limit, 45.0, (5.0, 85.0));
                let cover = self.ground_cover.map(|share| share.0);
                let ground_cover = check.between("ground_cover", cover, 0.4, (0.05, 0.95), "");
                Mount::OneAxis { ground_cover, limit }
            }
        }
    }
}

impl Kind for PvSpec {
    fn fed_by(&self) -> Option<&Names> {
        Some(&self.fed_into)
    }

    fn feeders_field(&self) -> &'static str {
        "fed_into"
    }

    fn resolve(&self, faults: &mut Vec<Fault>) -> PowerPart {
        let dc_w = positive(self.dc.0, "dc", faults);
        let ac_w = self.ac.map_or(dc_w / 1.3, |ac| positive(ac.0, "ac", faults));
        let mut check = Check { faults };
        let losses = self.losses.map(|share| share.0);
        let losses = check.between("losses", losses, 0.14, (0.0, 0.9), "");
        let mount = self.mount.unwrap_or_default();
        let mount = check.within("mount", |check| mount.resolve(check));
        let clearness = self.clearness.map(|share| share.0);
        let clearness =
            clearness.map(|share| check.between("clearness", Some(share), 0.6, (0.01, 0.85), ""));
        if self.latitude.is_some() != self.longitude.is_some() {
            let field = if self.latitude.is_some() { "latitude" } else { "longitude" };
            let fault = Fault::error(field, "a place has a latitude and a longitude");
            check.faults.push(fault.help("write both, or neither"));
        }
        let mut degrees = |field, value: Option<Angle>, most: f64| {
            value.map(|angle| check.between(field, Some(angle.0), 0.0, (-most, most), "deg"))
        };
        let latitude = degrees("latitude", self.latitude, 90.0);
        let longitude = degrees("longitude", self.longitude, 180.0);
        let place_deg = latitude.zip(longitude);
        let array = ArrayDesign { dc_w, ac_w, mount, losses, place_deg, clearness };
        PowerPart::Supply(ComponentDesign {
            kind: ComponentKind::Pv,
            rating_w: ac_w,
            reverse_w: 0.0,
            loss: LossCurve::NONE,
            failures: failures(&self.failures, FailureLaw::NEVER, faults),
            machine: MachineDesign::Array(array),
        })
    }
}
