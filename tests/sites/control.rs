//! Grid programmes, batteries and decisions of a random site.

use super::fields::{Fields, number};
use super::power::Chain;
use super::work::{Hall, HallKind};
use super::{Draw, Period};

/// All awards of a site together, as a share of what its halls may draw: servers are sized for more than
/// `check` counts them for (a `dgx-h100` for 41 kW where it is rated for 30.4), and a low power consumption
/// is left out of that.
const MOST_AWARDED: f64 = 0.6;

/// The programmes of a site, if it has any. Their awards are a part of what its racks are rated for.
pub(crate) fn programmes(
    draw: &mut Draw,
    period: &Period,
    halls: &[Hall],
) -> Vec<(String, Fields)> {
    let works = halls.iter().filter(|hall| matches!(hall.kind, HallKind::Miners | HallKind::Gpus));
    let rated_kw: f64 = works.map(|hall| hall.need_kw).sum();
    if rated_kw == 0.0 || draw.chance(0.5) {
        return Vec::new();
    }
    let count = draw.whole(1, 3);
    let mut left_kw = MOST_AWARDED * rated_kw;
    let programmes = (0..count).map(|n| {
        let mut programme = Fields::default();
        if draw.chance(0.3) {
            programme.set("kind", "emergency");
            if draw.chance(0.5) {
                let leave_kw = draw.between(0.0, 1.2) * rated_kw;
                programme.set("leave", format!("{} kW", number(leave_kw)));
            }
        } else {
            programme.set("kind", "dispatch");
            let award_kw = (draw.between(0.01, 0.25) * rated_kw).min(left_kw);
            left_kw -= award_kw;
            programme.set("award", format!("{} kW", number(award_kw)));
            let price = draw.log(0.1, 100.0);
            programme.set("price.fixed", format!("{} $/MW-h", number(price)));
            let energy = draw.between(0.0, 200.0);
            programme.set("energy_price", format!("{} $/MWh", number(energy)));
            if draw.chance(0.3) {
                programme.set("clawback", number(draw.between(0.0, 3.0)));
            }
            if draw.chance(0.3) {
                programme.set("window.hours", "['06:00-12:00', '18:00-22:00']");
            }
            programme.set("baseline", draw.pick(&["telemetered", "meter-before", "ten-in-ten"]));
        }
        programme.set("response", format!("{} s", draw.log(1.0, 3600.0).ceil()));
        if draw.chance(0.5) {
            let calls = period.times(draw, 3, |_, _| {});
            programme.set("calls.at", calls);
        } else {
            programme.set("calls.rate", format!("{} /day", number(draw.log(0.1, 20.0))));
            programme.set("calls.gap", format!("{} s", draw.log(1.0, 7200.0).ceil()));
            let mean = draw.log(60.0, 20_000.0);
            programme.set("calls.length.kind", "exponential");
            programme.set("calls.length.mean", format!("{} s", number(mean)));
        }
        (format!("programme-{n}"), programme)
    });
    programmes.collect()
}

/// What the site decides, into `head`.
pub(crate) fn decisions(draw: &mut Draw, head: &mut Fields, chain: &Chain) {
    if draw.chance(0.3) {
        let orders = [
            "[emergency, reserve, peaks, price]",
            "[emergency, price, reserve]",
            "[reserve]",
            "[peaks, reserve, price]",
        ];
        head.set("control.order", draw.pick(&orders));
    }
    if draw.chance(0.2) {
        let ladders = [
            "[inference, batch-inference, training-cap, training-pause, mining]",
            "[training-cap, mining, training-pause, batch-inference, inference]",
        ];
        head.set("control.ladder", draw.pick(&ladders));
    }
    if draw.chance(0.3) {
        let strategies = ["least-efficient-first", "most-power-first"];
        head.set("control.curtailment.strategy", draw.pick(&strategies));
        head.set("control.curtailment.batch", draw.whole(1, 500));
        let seconds = draw.log(1.0, 300.0);
        head.set("control.curtailment.batch_interval", format!("{} s", number(seconds)));
        if draw.chance(0.3) {
            let seconds = draw.log(1.0, 7200.0).ceil();
            head.set("control.curtailment.min_curtailed", format!("{seconds} s"));
        }
    }
    if draw.chance(0.2) {
        let low_kw = draw.between(0.0, 0.1) * chain.need_kw;
        head.set("control.low_power_consumption", format!("{} kW", number(low_kw)));
    }
    if draw.chance(0.2) {
        let limit_kw = draw.between(0.2, 1.1) * chain.need_kw;
        head.set("control.import_limit.power", format!("{} kW", number(limit_kw)));
        if draw.chance(0.5) {
            let margin_kw = draw.between(0.0, 0.3) * limit_kw;
            head.set("control.import_limit.margin", format!("{} kW", number(margin_kw)));
        } else {
            head.set("control.import_limit.sigmas", number(draw.between(0.0, 4.0)));
        }
    }
    for way in ["up", "down"] {
        if draw.chance(0.2) {
            // The whole site within a minute to within some hours.
            let per_min = draw.log(0.005, 1.0) * chain.need_kw;
            head.set(&format!("control.ramp.{way}"), format!("{} kW/min", number(per_min)));
        }
    }
    if draw.chance(0.25) {
        let uses = ["[relief]", "[arbitrage]", "[self-consume, arbitrage]", "[relief, arbitrage]"];
        head.set("control.battery.uses", draw.pick(&uses[..]));
        if !head.flow().contains("uses: [relief]") {
            head.set("control.battery.arbitrage.charge_below", "25 $/MWh");
            head.set("control.battery.arbitrage.discharge_above", "60 $/MWh");
        }
    }
}

/// The battery system that `decisions` have a use for, if they have any.
pub(crate) fn battery(draw: &mut Draw, head: &Fields, chain: &mut Chain) {
    if !head.flow().contains("battery:") {
        return;
    }
    let power_kw = draw.log(0.01, 0.5) * chain.need_kw;
    let mut battery = Fields::default();
    battery.set("kind", "battery");
    battery.set("power", format!("{} kW", number(power_kw)));
    battery.set("energy", format!("{} kWh", number(power_kw * draw.log(0.2, 6.0))));
    battery.set("round_trip", format!("{} %", number(draw.between(70.0, 100.0))));
    // At the feed: a battery behind a UPS is refused.
    battery.set("fed_by", "u");
    chain.parts.push(("bess".to_owned(), battery));
}

/// The frequency of the grid, which some of `programmes` follow in place of their calls.
pub(crate) fn frequency(
    draw: &mut Draw,
    period: &Period,
    head: &mut Fields,
    programmes: &mut [(String, Fields)],
) {
    if draw.chance(0.6) {
        return;
    }
    let mut follows = false;
    for (_, programme) in programmes {
        if programme.text("kind") != Some("dispatch") || draw.chance(0.5) {
            continue;
        }
        follows = true;
        let mut calls = Fields::default();
        if draw.chance(0.5) {
            calls.set("relay.at", format!("{} Hz", number(draw.between(49.4, 49.95))));
            calls.set("relay.after", format!("{} s", number(draw.log(0.01, 30.0))));
            calls.set("length.kind", "constant");
            calls.set("length.value", format!("{} s", draw.log(1.0, 7200.0).ceil()));
            calls.set("gap", format!("{} s", draw.log(1.0, 7200.0).ceil()));
        } else {
            calls.set("droop.from", "49.9 Hz");
            calls.set("droop.full", format!("{} Hz", number(draw.between(49.2, 49.85))));
        }
        programme.set("calls", calls.flow());
    }
    if follows {
        head.set("frequency.steps", steps(draw, period));
    }
}

/// A frequency that moves up to sixty times, a second or hours apart.
fn steps(draw: &mut Draw, period: &Period) -> String {
    let start: jiff::Timestamp = period.start.parse().expect("a time stamp");
    let (mut at_s, mut entries) = (0.0, Vec::new());
    for _ in 0..draw.whole(1, 60) {
        let mut entry = Fields::default();
        entry.set("at", start + jiff::SignedDuration::from_millis((at_s * 1000.0) as i64));
        entry.set("value", format!("{} Hz", number(draw.between(49.3, 50.2))));
        entries.push(entry.flow());
        at_s += draw.log(0.1, 3600.0 * period.hours);
    }
    format!("[{}]", entries.join(", "))
}
