//! Racks of ASIC miners: a container or a row of alike machines.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::plant::cooling::ChipSpec;
use crate::spec::{Check, Fault, Names};
use crate::units::{Duration, Fraction, HashRate, Power, Temperature};

/// A group of alike blocks of ASIC miners, as written under `racks:`.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AsicRackSpec {
    /// How many such blocks the group has. Default: 1.
    pub count: Option<u32>,
    /// What feeds the blocks. Several are the cords of each block, which share its load while they
    /// are live.
    pub fed_by: Option<Names>,
    /// How long the power supplies hold without voltage at full load, at most a second: 60 J hold 3 kW for
    /// 20 ms. Acts where the power chain has states, and is
    /// no longer at part load (assumption). Default: 20 ms (ITI curve, 2000).
    pub hold_up: Option<Duration>,
    /// The cooling that takes their heat; without it the blocks see a constant cool inlet.
    pub cooled_by: Option<Names>,
    /// Chips behind cold plates as what limits the machines, in place of `throttle_inlet` and
    /// `trip_inlet`. Default: the inlet limits them.
    pub chip: Option<ChipSpec>,
    /// Machines in a block: a container or a row. 1 to 100,000.
    pub machines: u32,
    /// Hash rate of one machine.
    pub hash_rate: HashRate,
    /// Draw of one hashing machine, at the wall.
    pub power: Power,
    /// Draw of one machine whose firmware sleeps. Default: 25 W (controller and standby
    /// supply of S21-class machines).
    pub sleep_power: Option<Power>,
    /// Inlet temperature (air or coolant) above which machines lower their clock. Default:
    /// 40 degC (a review of the S21 measured the step there).
    pub throttle_inlet: Option<Temperature>,
    /// Inlet temperature at which machines shut down. Default: 47 degC (same review).
    pub trip_inlet: Option<Temperature>,
    /// Clock just below the shutdown temperature, as a share of the full one. Default: 0.9
    /// (same review: 440 of 490 MHz).
    pub throttled_speed: Option<Fraction>,
    /// Slower modes of the firmware, in any order. Under the `breakeven` policy a block runs in the
    /// mode whose last step still pays; modes that lie below a line between two others are never
    /// chosen. Default: none.
    pub modes: Option<Vec<ModeSpec>>,
    /// Where the figures of a catalogue entry come from.
    pub source: Option<String>,
}

/// A slower mode of the firmware of a machine.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModeSpec {
    /// Draw of one hashing machine, at the wall.
    pub power: Power,
    /// Its hash rate.
    pub hash_rate: HashRate,
}

/// What a hashing machine draws and does in a mode of its firmware.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Mode {
    /// Draw, W.
    pub power_w: f64,
    /// Hashes a second.
    pub hash_rate: f64,
}

/// A block of ASIC miners, resolved.
#[derive(Debug, Clone, PartialEq)]
pub struct AsicRackDesign {
    /// Machines in the block.
    pub machines: u32,
    /// Hash rate of one machine, hashes a second.
    pub hash_rate: f64,
    /// Draw of one hashing machine, W.
    pub power_w: f64,
    /// Draw of one sleeping machine, W.
    pub sleep_w: f64,
    /// Inlet temperature above which machines lower their clock, degrees Celsius.
    pub throttle_c: f64,
    /// Inlet temperature at which they shut down, degrees Celsius.
    pub trip_c: f64,
    /// Clock just below the shutdown temperature over the full one.
    pub throttled_speed: f64,
    /// Slower modes of the firmware that pay at some price, by rising power; each step from sleep to
    /// the first and on to the full one takes more energy for a hash than the one before.
    pub modes: Vec<Mode>,
}

impl AsicRackSpec {
    /// Fills defaults and checks ranges.
    pub fn resolve(&self, faults: &mut Vec<Fault>) -> AsicRackDesign {
        let mut check = Check { faults };
        check.count("count", self.count);
        // After a report, the figures of an S19 stand in.
        let hash_rate =
            check.between("hash_rate", Some(self.hash_rate.0), 1e14, (1e6, 1e18), "H/s");
        let power_w = check.between("power", Some(self.power.0), 3250.0, (1.0, 1e6), "W");
        let throttled = self.throttled_speed.map(|f| f.0);
        let throttled_speed = check.between("throttled_speed", throttled, 0.9, (0.01, 1.0), "");
        if !(1..=100_000).contains(&self.machines) {
            let message = format!("needs 1 to 100000 machines, got {}", self.machines);
            faults.push(
                Fault::error("machines", message)
                    .help("split a larger fleet into several blocks with `count`"),
            );
        }
        let mut sleep_w = self.sleep_power.map_or(25.0, |p| p.0);
        if !(0.0..power_w).contains(&sleep_w) {
            let field = if self.sleep_power.is_some() { "sleep_power" } else { "power" };
            faults.push(
                Fault::error(
                    field,
                    format!("a machine asleep draws {sleep_w} W, not below `power`"),
                )
                .help(format!("a hashing machine draws {}", self.power)),
            );
            sleep_w = 0.0;
        }
        let efficiency = power_w / hash_rate * 1e12;
        if !(5.0..=200.0).contains(&efficiency) {
            faults.push(
                Fault::warning(
                    "hash_rate",
                    format!("{efficiency:.1} J/TH lies outside what miners have reached"),
                )
                .help("machines of 2016 to 2026 need 9 to 98 J/TH"),
            );
        }
        if self.chip.is_some() && (self.throttle_inlet.is_some() || self.trip_inlet.is_some()) {
            let message = "`chip` and limits of the inlet contradict each other";
            faults.push(Fault::error("chip", message).help("leave out one of the two"));
        }
        let (throttle_c, trip_c) =
            Check { faults }.inlet_limits_c((self.throttle_inlet, 40.0), (self.trip_inlet, 47.0));
        let full = Mode { power_w, hash_rate };
        let modes = self.slower_modes(full, sleep_w, faults);
        AsicRackDesign {
            machines: self.machines.clamp(1, 100_000),
            hash_rate,
            power_w,
            sleep_w,
            throttle_c,
            trip_c,
            throttled_speed,
            modes,
        }
    }

    /// The slower modes on the upper concave envelope from sleep to `full`.
    fn slower_modes(&self, full: Mode, sleep_w: f64, faults: &mut Vec<Fault>) -> Vec<Mode> {
        let mut modes = Vec::new();
        for (index, spec) in self.modes.iter().flatten().enumerate() {
            let mode = Mode { power_w: spec.power.0, hash_rate: spec.hash_rate.0 };
            if mode.power_w <= sleep_w || mode.power_w >= full.power_w {
                let field = format!("modes[{index}].power");
                let message = format!("{} lies not between sleep and the full mode", spec.power);
                faults.push(Fault::error(field, message));
            } else if !(mode.hash_rate > 0.0 && mode.hash_rate < full.hash_rate) {
                let field = format!("modes[{index}].hash_rate");
                let message = "a slower mode hashes less than the full one, and more than nothing";
                faults.push(Fault::error(field, message));
            } else {
                modes.push(mode);
            }
        }
        modes.push(full);
        modes.sort_by(|a, b| a.power_w.total_cmp(&b.power_w));
        let asleep = Mode { power_w: sleep_w, hash_rate: 0.0 };
        let mut chosen: Vec<Mode> = vec![asleep];
        for mode in modes {
            while let [.., before, last] = chosen[..]
                && joules_per_hash(before, last) >= joules_per_hash(before, mode)
            {
                chosen.pop();
            }
            if mode.hash_rate > chosen[chosen.len() - 1].hash_rate {
                chosen.push(mode);
            }
        }
        chosen.pop();
        chosen.split_off(1.min(chosen.len()))
    }
}

/// Energy for each hash that the step from one mode to a faster one adds, J.
pub(super) fn joules_per_hash(from: Mode, to: Mode) -> f64 {
    (to.power_w - from.power_w) / (to.hash_rate - from.hash_rate)
}

impl AsicRackDesign {
    /// Draw of the whole block when every machine hashes, W: its rating.
    pub fn full_w(&self) -> f64 {
        f64::from(self.machines) * self.power_w
    }

    /// Hashes a second of the whole block when every machine hashes.
    pub fn full_hash_rate(&self) -> f64 {
        f64::from(self.machines) * self.hash_rate
    }

    /// The modes that pay at some price, by rising power; the last is the full one.
    pub(super) fn ladder(&self) -> Vec<Mode> {
        let full = Mode { power_w: self.power_w, hash_rate: self.hash_rate };
        self.modes.iter().copied().chain([full]).collect()
    }

    /// Energy of one hash, J. Times 1e12 this is the customary J/TH.
    pub fn joules_per_hash(&self) -> f64 {
        self.power_w / self.hash_rate
    }

    /// Clock of the machines at an inlet temperature: 1 up to the throttle temperature, then
    /// falling linearly to the throttled speed at the shutdown temperature, where it ends.
    pub fn thermal_speed(&self, inlet_c: f64) -> f64 {
        let over = (inlet_c - self.throttle_c) / (self.trip_c - self.throttle_c);
        1.0 - (1.0 - self.throttled_speed) * over.clamp(0.0, 1.0)
    }

    /// Draw of one machine hashing in `mode` at a thermal speed, W. Power follows the clock and
    /// does not fall below that of sleep.
    pub(super) fn hashing_w(&self, mode: Mode, speed: f64) -> f64 {
        (mode.power_w * speed).max(self.sleep_w)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec(yaml: &str) -> AsicRackSpec {
        serde_yaml::from_str(yaml).expect("the test's spec reads")
    }

    const S21: &str = "{fed_by: [pdu], machines: 200, hash_rate: 200 TH/s, power: 3500 W}";

    #[test]
    fn defaults_fill_a_block() {
        let mut faults = Vec::new();
        let block = spec(S21).resolve(&mut faults);
        assert_eq!(faults, []);
        assert_eq!((block.full_w(), block.sleep_w), (700e3, 25.0));
        assert!((block.joules_per_hash() * 1e12 - 17.5).abs() < 1e-12);
        for (inlet, speed) in [(20.0, 1.0), (40.0, 1.0), (43.5, 0.95), (47.0, 0.9), (60.0, 0.9)] {
            assert!((block.thermal_speed(inlet) - speed).abs() < 1e-12, "{inlet}");
        }
        let [full] = block.ladder()[..] else { panic!("one mode") };
        assert_eq!(block.hashing_w(full, 0.5), 1750.0);
        assert_eq!(block.hashing_w(full, 0.0), 25.0);
    }

    /// Target 20 of the reference: the ladder of an S19j Pro under VNish 1.2.6, of which 1,740,
    /// 1,800, 2,150 and 2,300 W are never worth it, and the prices at which each step pays at
    /// 45 $/PH/day.
    #[test]
    fn modes_are_the_steps_that_pay() {
        let rungs = [
            (1740, 65),
            (1800, 70),
            (1850, 76),
            (2000, 80),
            (2150, 83),
            (2300, 87),
            (2500, 92),
            (2700, 96),
        ];
        let modes: Vec<_> =
            rungs.iter().map(|(w, th)| format!("{{power: {w} W, hash_rate: {th} TH/s}}")).collect();
        let yaml = format!(
            "{{fed_by: [pdu], machines: 1, hash_rate: 100 TH/s, power: 2970 W, modes: [{}]}}",
            modes.join(", ")
        );
        let mut faults = Vec::new();
        let block = spec(&yaml).resolve(&mut faults);
        assert_eq!(faults, []);
        let ladder = block.ladder();
        let watts: Vec<f64> = ladder.iter().map(|mode| mode.power_w).collect();
        assert_eq!(watts, [1850.0, 2000.0, 2500.0, 2700.0, 2970.0]);
        let mut before = Mode { power_w: 25.0, hash_rate: 0.0 };
        for (mode, price) in ladder.into_iter().zip([78.0822, 50.0, 45.0, 37.5, 27.7778]) {
            let ours = super::super::income::breakeven_usd_mwh(45.0, joules_per_hash(before, mode));
            // The reference rounds 1,825 W for 76 TH/s.
            assert!((ours - price).abs() < 1e-4, "{ours} for {price}");
            before = mode;
        }
        let yaml = "{machines: 1, hash_rate: 100 TH/s, power: 3 kW, modes: [{power: 3 kW, hash_rate: \
                    90 TH/s}, {power: 2 kW, hash_rate: 100 TH/s}]}";
        let mut faults = Vec::new();
        spec(yaml).resolve(&mut faults);
        let fields: Vec<_> = faults.iter().map(|fault| fault.field.clone()).collect();
        assert_eq!(fields, ["modes[0].power", "modes[1].hash_rate"]);
    }

    #[test]
    fn what_cannot_be_a_miner_is_refused_by_field() {
        let yaml = "{fed_by: [pdu], count: 0, machines: 0, hash_rate: 200 GH/s, power: 3500 W, \
                    sleep_power: 4 kW, throttle_inlet: 50 degC}";
        let mut faults = Vec::new();
        spec(yaml).resolve(&mut faults);
        let fields: Vec<_> = faults.iter().map(|fault| fault.field.clone()).collect();
        assert_eq!(fields, ["count", "machines", "sleep_power", "hash_rate", "throttle_inlet"]);
    }

    /// Every ASIC of the catalogue resolves, and its efficiency is the published one.
    #[test]
    fn the_catalogue_resolves() {
        let text = include_str!("../../../scenarios/presets/racks.yaml");
        let catalogue: serde_yaml::Value = serde_yaml::from_str(text).expect("the catalogue reads");
        let published = [
            ("s19j-pro-container", 29.5),
            ("s19-xp-container", 21.5),
            ("s19k-pro-container", 23.0),
            ("t21-container", 19.0),
            ("s21-container", 17.5),
            ("s21-plus-container", 16.5),
            ("s21-pro-container", 15.0),
            ("s21-xp-container", 13.5),
            ("s21-hyd-container", 16.0),
            ("s21-xp-hyd-container", 12.0),
            ("m50s-plus-plus-container", 22.3),
            ("m60s-container", 18.5),
            ("m63s-hyd-container", 18.5),
            ("sealminer-a2-pro-container", 14.9),
            ("s23-container", 11.0),
            ("s23-hyd-container", 9.5),
            ("s23-hyd-3u-container", 9.5),
            ("s23e-hyd-2u-container", 10.0),
            ("sealminer-a4-pro-container", 10.9),
            ("sealminer-a4-pro-hydro-container", 10.9),
            ("sealminer-a4-ultra-hydro-container", 9.45),
            ("sealminer-a3-pro-container", 12.5),
            ("sealminer-a3-pro-hydro-container", 12.5),
            ("s21-xp-plus-hyd-container", 11.0),
            ("s21e-xp-hyd-3u-container", 13.0),
            ("m70s-container", 13.9),
            ("m72s-container", 15.2),
            ("m73s-hyd-container", 14.4),
            ("m76s-plus-immersion", 13.3),
            ("m78s-immersion", 13.9),
            ("m79s-hyd-container", 13.5),
            ("m60s-plus-container", 17.0),
            ("m60s-plus-plus-container", 15.9),
            ("m63s-plus-plus-hyd-container", 15.5),
            ("m66s-immersion", 18.5),
            ("avalon-a15-pro-container", 16.6),
            ("avalon-a16-container", 13.8),
            ("avalon-a16xp-container", 12.8),
        ];
        let mut found = 0;
        for (name, entry) in catalogue.as_mapping().expect("entries by name") {
            let mut entry = entry.as_mapping().expect("an entry is a map").clone();
            if entry.remove("kind") != Some("asic".into()) {
                continue;
            }
            found += 1;
            entry.insert("fed_by".into(), serde_yaml::Value::Sequence(Vec::new()));
            let spec: AsicRackSpec = serde_yaml::from_value(entry.into()).expect("a spec");
            assert!(spec.source.is_some(), "{name:?} has no source");
            let mut faults = Vec::new();
            let block = spec.resolve(&mut faults);
            assert_eq!(faults, [], "{name:?}");
            let name = name.as_str().expect("a name");
            let (_, j_per_th) = published.iter().find(|p| p.0 == name).expect("a listed machine");
            let ours = block.joules_per_hash() * 1e12;
            assert!((ours / j_per_th - 1.0).abs() < 0.005, "{name}: {ours} J/TH");
        }
        assert_eq!(found, published.len());
    }
}
