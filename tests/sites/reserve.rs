//! What stands by in the power chain of a random site, and what is done to it: batteries, generators and
//! the switches between sources, sags, arrays, and events that strike whatever there is.

use super::cooling::Plant;
use super::fields::{Fields, number};
use super::power::{Chain, tight};
use super::{Draw, Period, breakdowns};

/// Puts batteries, generators and switches into `chain`; what hangs on a part goes on hanging on it.
pub(crate) fn reserve(draw: &mut Draw, chain: &mut Chain) {
    if draw.chance(0.4) {
        return;
    }
    for (_, part) in &mut chain.parts {
        match part.text("kind") {
            Some("feed") => feed(draw, part),
            Some("ups") if draw.chance(0.7) => ups(draw, part),
            Some("transformer") if draw.chance(0.4) => windings(draw, part),
            _ => {}
        }
    }
    let two_feeds = chain.part("v").is_some();
    if draw.chance(0.6) {
        generators(draw, chain);
    } else if two_feeds && draw.chance(0.7) {
        let mut switch = transfer(draw, chain.need_kw);
        switch.set("fed_by", "[u, v]");
        chain.replace("main", switch);
    }
    if chain.part("backup").is_some() {
        let behind: Vec<String> = chain.parts.iter().map(|(name, _)| name.clone()).collect();
        for name in behind.iter().filter(|name| name.starts_with("pdu-")) {
            if draw.chance(0.4) {
                chain.replace(name, static_switch(draw, chain.need_kw));
            }
        }
    }
    if draw.chance(0.2) {
        let mut array = Fields::default();
        array.set("kind", "pv");
        array.set("dc", format!("{} kW", number(chain.need_kw * draw.log(0.05, 2.0))));
        array.set("latitude", "35 deg");
        array.set("longitude", "-100 deg");
        array.set("clearness", "60 %");
        array.set("fed_into", "u");
        if draw.chance(0.3) {
            array.set("failures", breakdowns(draw));
        }
        chain.parts.push(("array".to_owned(), array));
    }
}

fn feed(draw: &mut Draw, feed: &mut Fields) {
    if draw.chance(0.3) {
        feed.set("sags.rate", format!("{} /day", number(draw.log(0.1, 50.0))));
        feed.set("sags.depth", format!("{} %", number(draw.between(0.0, 90.0))));
        feed.set("sags.duration", format!("{} ms", number(draw.log(5.0, 5000.0))));
    }
    if draw.chance(0.3) {
        let duties = ["ercot-nogrr-282", "caiso-straw-2026", "ieso-draft-2026"];
        feed.set("ride_through", draw.pick(&duties));
        if draw.chance(0.5) {
            feed.set("voltage_filter", "20 ms");
        }
    }
    if draw.chance(0.2) {
        feed.set("export", format!("{} kW", number(draw.log(1.0, 2000.0))));
    }
}

fn ups(draw: &mut Draw, ups: &mut Fields) {
    ups.set("battery.runtime", seconds(draw, 1.0, 3600.0));
    ups.set("battery.chemistry", draw.pick(&["lithium", "vrla"]));
    ups.set("battery.recharge", format!("{} %", number(draw.between(0.5, 30.0))));
    if draw.chance(0.3) {
        ups.set("battery.recharge_on_generator", format!("{} %", number(draw.between(0.0, 20.0))));
    }
    if draw.chance(0.6) {
        ups.set("input.requalify", seconds(draw, 0.01, 60.0));
        ups.set("input.walk_in", seconds(draw, 0.1, 60.0));
    }
    if draw.chance(0.2) {
        ups.set("input.strikes.count", draw.whole(1, 4));
        ups.set("input.strikes.window", seconds(draw, 1.0, 600.0));
        ups.set("input.strikes.reset", seconds(draw, 1.0, 7200.0));
    }
    if draw.chance(0.5) {
        ups.set("bypass.present", draw.chance(0.8));
    }
    if draw.chance(0.4) {
        ups.set("overload.reset", seconds(draw, 1.0, 7200.0));
    }
    if draw.chance(0.3) {
        let mode = draw.pick(&["eco", "line-interactive"]);
        ups.set("mode", mode);
        ups.set("passing.transfer", seconds(draw, 0.001, 0.05));
        if mode == "eco" {
            ups.set("passing.back_after", seconds(draw, 1.0, 3600.0));
        }
    }
}

fn windings(draw: &mut Draw, transformer: &mut Fields) {
    transformer.set("thermal.cooling", draw.pick(&["onan", "onaf"]));
    if draw.chance(0.7) {
        transformer
            .set("thermal.overload.most", format!("{} %", number(draw.between(101.0, 180.0))));
        transformer.set("thermal.overload.shed_at", format!("{} degC", draw.whole(80, 140)));
    }
}

/// A transfer switch between the first feed and one to three generators, in the place of the main board.
fn generators(draw: &mut Draw, chain: &mut Chain) {
    let count = draw.whole(1, 3);
    for n in 1..=count {
        let set = generator(draw, chain.need_kw / count as f64);
        chain.parts.push((format!("set-{n}"), set));
    }
    let mut switch = transfer(draw, chain.need_kw);
    switch.set("fed_by", "u");
    if draw.chance(0.5) {
        switch.set("loss_confirm", seconds(draw, 0.05, 30.0));
        switch.set("emergency_stable", seconds(draw, 0.0001, 30.0));
        switch.set("return_delay", seconds(draw, 1.0, 3600.0));
    }
    if count == 1 && draw.chance(0.5) {
        switch.set("emergency", "set-1");
    } else {
        let mut bus = Fields::default();
        bus.set("kind", "generator-bus");
        let sets: Vec<String> = (1..=count).map(|n| format!("set-{n}")).collect();
        bus.set("sets", format!("[{}]", sets.join(", ")));
        if draw.chance(0.5) {
            bus.set("sync", seconds(draw, 0.01, 20.0));
            bus.set("step", seconds(draw, 0.01, 20.0));
            bus.set("shed_after", seconds(draw, 0.01, 10.0));
            bus.set("step_load", format!("{} %", number(draw.between(5.0, 100.0))));
        }
        chain.parts.push(("gen-bus".to_owned(), bus));
        switch.set("emergency", "gen-bus");
        let mut behind = chain.behind("main");
        behind.retain(|name| name != "house");
        if !behind.is_empty() && draw.chance(0.6) {
            // In an order that nobody wrote them in.
            let first = draw.whole(0, behind.len() as u64 - 1) as usize;
            behind.rotate_left(first);
            switch.set("blocks", format!("[{}]", behind.join(", ")));
        }
    }
    chain.replace("main", switch);
}

fn generator(draw: &mut Draw, need_kw: f64) -> Fields {
    let mut set = Fields::default();
    set.set("kind", "genset");
    set.set("rating", format!("{} kW", number(need_kw * tight(draw))));
    if draw.chance(0.6) {
        set.set("start.time", seconds(draw, 0.5, 120.0));
        set.set("start.cranks", draw.whole(1, 4));
        set.set("start.fails", format!("{} %", number(draw.log(0.1, 50.0))));
        set.set("start.crank_fires", format!("{} %", number(draw.between(20.0, 100.0))));
    }
    if draw.chance(0.4) {
        set.set("fuel.tank", format!("{} L", number(draw.log(1.0, 1e4))));
        set.set(
            "fuel.at_idle",
            format!("{} m3/h", number(1e-3 * need_kw * draw.between(0.01, 0.05))),
        );
        set.set(
            "fuel.at_rating",
            format!("{} m3/h", number(1e-3 * need_kw * draw.between(0.2, 0.4))),
        );
    }
    if draw.chance(0.3) {
        set.set("runs", breakdowns(draw));
    }
    if draw.chance(0.3) {
        set.set("standby.rate", format!("{} /day", number(draw.log(0.01, 10.0))));
        set.set("standby.test_every", seconds(draw, 3600.0, 1e6));
    }
    if draw.chance(0.3) {
        set.set("cooldown", seconds(draw, 1.0, 1800.0));
    }
    set
}

fn transfer(draw: &mut Draw, need_kw: f64) -> Fields {
    let mut switch = Fields::default();
    switch.set("kind", "transfer");
    if draw.chance(0.4) {
        switch.set("rating", format!("{} kVA", number(need_kw * tight(draw))));
    }
    if draw.chance(0.5) {
        switch.set("transition.time", seconds(draw, 0.01, 10.0));
    }
    fails(draw, &mut switch);
    switch
}

fn static_switch(draw: &mut Draw, need_kw: f64) -> Fields {
    let mut switch = Fields::default();
    switch.set("kind", "static-switch");
    switch.set("fed_by", draw.pick(&["[main, backup]", "[backup, main]"]));
    if draw.chance(0.4) {
        switch.set("rating", format!("{} kVA", number(need_kw * tight(draw))));
    }
    switch.set("reserve_policy", draw.pick(&["first-come", "shared"]));
    if draw.chance(0.5) {
        switch.set("retransfer", seconds(draw, 0.01, 600.0));
    }
    fails(draw, &mut switch);
    switch
}

/// How a switch fails when it should move, and at other times, where it wears out.
fn fails(draw: &mut Draw, switch: &mut Fields) {
    if draw.chance(0.4) {
        switch.set("fails.transfer", format!("{} %", number(draw.log(0.1, 60.0))));
        switch.set("fails.by_hand", seconds(draw, 1.0, 7200.0));
    }
    if draw.chance(0.3) {
        switch.set("failures.rate", format!("{} /day", number(draw.log(0.05, 30.0))));
        switch.set("failures.repair_mean", seconds(draw, 30.0, 40_000.0));
        if draw.chance(0.5) {
            switch.set("failures.wear.shape", number(draw.between(0.3, 5.0)));
            switch.set("failures.wear.new", draw.chance(0.5));
        }
    }
}

fn seconds(draw: &mut Draw, low: f64, high: f64) -> String {
    format!("{} s", number(draw.log(low, high)))
}

/// Up to eight events that strike parts of `chain` and `plant`, none of them two at one instant.
pub(crate) fn events(
    draw: &mut Draw,
    period: &Period,
    chain: &Chain,
    plant: &Plant,
) -> Vec<Fields> {
    if draw.chance(0.5) {
        return Vec::new();
    }
    let count = draw.whole(1, 8);
    let slot_s = period.hours * 3600.0 / count as f64;
    let events = (0..count).map(|n| {
        let mut event = Fields::default();
        let at_s = slot_s * (n as f64 + draw.between(0.0, 0.99));
        event.set("at", format!("{} s", number(at_s.max(1.0))));
        let lasts = seconds(draw, 0.01, 0.5 * period.hours * 3600.0);
        if !plant.parts.is_empty() && draw.chance(0.2) {
            let part = draw.whole(0, plant.parts.len() as u64 - 1) as usize;
            let (name, _) = &plant.parts[part];
            event.set(&format!("{name}.{}", draw.pick(&["fail", "maintain"])), lasts);
            return event;
        }
        let part = draw.whole(0, chain.parts.len() as u64 - 1) as usize;
        let (name, fields) = &chain.parts[part];
        match fields.text("kind") {
            Some("feed") => match draw.whole(0, 2) {
                0 => event.set(&format!("{name}.outage"), lasts),
                1 => event.set(&format!("{name}.sags"), "nerc-2024-07-10"),
                _ => {
                    let depth = format!("{} %", number(draw.between(0.0, 90.0)));
                    event.set(&format!("{name}.sag.depth"), depth);
                    event.set(&format!("{name}.sag.duration"), seconds(draw, 0.005, 5.0));
                }
            },
            Some("genset") if draw.chance(0.5) => {
                event.set(&format!("{name}.fires_at"), draw.pick(&["1", "never"]));
            }
            Some("house-load") => event.set("u.outage", lasts),
            _ => event.set(&format!("{name}.{}", draw.pick(&["fail", "maintain"])), lasts),
        }
        event
    });
    events.collect()
}
