//! Whether a loop is at rest, and what becomes of one that is out of balance.

use super::exchangers::ExchangerPlant;
use super::loops::{Instant, LoopPlant};
use super::{SAME_K, STRIDE_K, STRIDE_PART};
use crate::plant::cooling::{
    BOILING_C, BranchConditions, CondenserRejection, Conditions, CoolingMode, Crossing, HELD_K,
    OutsideAir, Rejection, Transient,
};

/// A change of a coolant by less than this is taken at once, in kelvin: an assumption, about the
/// dead band of controls.
const AT_ONCE_K: f64 = 2.0;
/// A loop whose coolants are this near to where they settle is at rest again, in kelvin.
const NEAR_K: f64 = 0.1;

/// Whether the loop may take on at once the state that it would settle at.
pub(super) fn near_rest(plant: &LoopPlant, exchangers: &[ExchangerPlant]) -> bool {
    let Instant { now_c, rest_c, out_of_balance, .. } = &plant.now;
    if *out_of_balance || rest_c.iter().any(|c| !c.is_finite()) {
        return false;
    }
    let was_moving = plant.transient.is_some();
    let at_once_k = if was_moving { 2.0 * NEAR_K } else { AT_ONCE_K };
    let near = |node: usize, k: f64| (now_c[node] - rest_c[node]).abs() <= k;
    if !plant.airy && !near(0, at_once_k) {
        return false;
    }
    if plant.masses.condenser().is_some_and(|node| !near(node, at_once_k)) {
        return false;
    }
    plant.exchangers.iter().enumerate().all(|(place, &exchanger)| {
        let (stream, first) = plant.masses.nodes_of(place);
        let liquid = stream != 0 && plant.masses.branches()[place].stream_j_k > Some(0.0);
        let groups = &exchangers[exchanger as usize].groups;
        (!liquid || near(stream, at_once_k))
            && groups.iter().zip(first..).all(|(group, node)| {
                let node = if group.by_chips { node } else { stream };
                let warmest_c = now_c[node].max(rest_c[node]);
                let stride_k = if was_moving { 0.5 } else { 1.0 } * group.stride_k();
                let cool = warmest_c <= group.limits.throttle_c;
                cool || (near(node, stride_k) && rest_c[node] < group.limits.trip_c)
            })
    })
}

/// Where the valve of an exchanger stands.
enum Valve {
    Open,
    Shut,
    /// Where it has to, at every moment, for its stream to stay at this temperature.
    Holds(f64),
}

/// The valve of the exchanger at `place`: open while its stream is too warm or it can not pass
/// what heat comes, with `from_hall_w` of others in its hall, shut while it is too cold.
fn valve(plant: &LoopPlant, exchanger: &ExchangerPlant, place: usize, from_hall_w: f64) -> Valve {
    let (stream, _) = plant.masses.nodes_of(place);
    let now_c = &plant.now.now_c;
    if warms_outdoors(plant, exchanger, place) && now_c[stream] <= now_c[0] + SAME_K {
        return Valve::Shut;
    }
    // Beside outdoor air the coil holds what it must: its valve is part of the conductance.
    let holds = stream != 0 && exchanger.outside.is_none() && exchanger.valve_fault.at.is_none();
    let Some(design) = exchanger.design.filter(|_| holds) else { return Valve::Open };
    let least_c = design.least_supply_c;
    if now_c[stream] > least_c + HELD_K {
        return Valve::Open;
    }
    if now_c[stream] < least_c - HELD_K {
        return Valve::Shut;
    }
    let comes_w =
        exchanger.movers.draw_w + from_parts_w(plant, exchanger, place, least_c) + from_hall_w;
    if comes_w > exchanger.conductance_w_k * (least_c - now_c[0]) {
        Valve::Open
    } else if comes_w < 0.0 {
        Valve::Shut
    } else {
        Valve::Holds(least_c)
    }
}

/// Whether the coil of the exchanger at `place` would warm the air of its hall for the outdoors to
/// take, were the coolant warmer: its valve shuts then.
fn warms_outdoors(plant: &LoopPlant, exchanger: &ExchangerPlant, place: usize) -> bool {
    let (stream, _) = plant.masses.nodes_of(place);
    stream != 0 && exchanger.outside.is_some() && exchanger.valve_fault.at.is_none()
}

/// Whether the exchanger at `place` lets in all the outdoor air that its fans move: its hall is
/// warmer than where it will settle.
fn dampers_open(plant: &LoopPlant, exchanger: &ExchangerPlant, place: usize) -> bool {
    let (stream, _) = plant.masses.nodes_of(place);
    let now_c = plant.now.now_c[stream];
    let opens = |air: OutsideAir| air.wide_open.0 > air.conductance_w_k && now_c > air.wide_open.1;
    exchanger.outside.is_some_and(opens) && now_c - plant.now.rest_c[stream] > HELD_K
}

/// The outdoor air that the dampers of the exchanger at `place` let in: a conductance, W/K, and a
/// temperature. Beside the coil they shut out what is warmer than the exhaust.
fn let_in(plant: &LoopPlant, exchanger: &ExchangerPlant, place: usize) -> Option<(f64, f64)> {
    let (stream, _) = plant.masses.nodes_of(place);
    if dampers_open(plant, exchanger, place) {
        return exchanger.outside.map(|air| air.wide_open);
    }
    let air = exchanger.outside.map(|air| (air.conductance_w_k, air.sink_c))?;
    let shuts = exchanger.mode() == Some(CoolingMode::Partial);
    (!shuts || plant.now.now_c[stream] > air.1 + SAME_K).then_some(air)
}

/// How a loop out of balance goes on.
pub(super) struct Moving {
    /// Temperatures of its masses, once what holds some of them has begun to.
    pub(super) held_c: Vec<f64>,
    pub(super) transient: Transient,
    /// Heat that goes to the weather beside what the transient knows of, W.
    pub(super) beside_w: f64,
}

/// How the loop goes on with what its machines do, and with the heat of its motors in its coolant
/// and in its condenser water, W.
pub(super) fn moving(
    plant: &LoopPlant,
    exchangers: &[ExchangerPlant],
    (coolant_w, condenser_w): (f64, f64),
) -> Moving {
    let mut held_c = plant.now.now_c.clone();
    let rejection = plant.now.work.rejection;
    if let Rejection::Regulated(supply_c) = rejection {
        held_c[0] = supply_c;
    }
    let condenser = plant.condenser(condenser_w);
    if let (Some(node), Some(condenser)) = (plant.masses.condenser(), condenser)
        && let Rejection::Regulated(tower_c) = condenser.rejection
    {
        held_c[node] = tower_c;
    }
    // Heat of motors goes the way of the rest, but where the device alone is told what it carries
    // of the racks'. Compressors give theirs to the weather themselves where no water takes it.
    let (loop_w, beside_w) = match (condenser, rejection) {
        (Some(_), _) => (coolant_w, 0.0),
        (None, Rejection::Off) => (coolant_w, condenser_w),
        (None, _) => (0.0, coolant_w + condenser_w),
    };
    let conditions = conditions(plant, exchangers, (rejection, condenser), loop_w);
    if conditions.boils {
        held_c[0] = BOILING_C;
    }
    for (place, branch) in conditions.branches.iter().enumerate() {
        let stream_c = branch.boils.then_some(BOILING_C).or(branch.held_c);
        if let Some(stream_c) = stream_c {
            held_c[plant.masses.nodes_of(place).0] = stream_c;
        }
    }
    Moving { transient: plant.masses.transient(&conditions, &held_c), held_c, beside_w }
}

/// What moves heat on the loop from now on: what takes it from its coolants, and what motors put
/// into the first of them, W.
fn conditions(
    plant: &LoopPlant,
    exchangers: &[ExchangerPlant],
    (rejection, condenser): (Rejection, Option<CondenserRejection>),
    loop_w: f64,
) -> Conditions {
    let now_c = &plant.now.now_c;
    let mut comes_w = loop_w;
    let branches = (0..plant.exchangers.len()).map(|place| {
        let (branch, branch_w) = branch(plant, exchangers, place);
        if plant.masses.branches()[place].behind.is_none() {
            comes_w += branch_w;
        }
        branch
    });
    let branches = branches.collect();
    let leaves_w = match rejection {
        Rejection::Off | Rejection::Regulated(_) => 0.0,
        Rejection::Limited(w_k, sink_c) => w_k * (now_c[0] - sink_c),
        Rejection::Unloaded { heat_w, .. } => heat_w,
        Rejection::Linked(w_k) => {
            let node = plant.masses.condenser().expect("an economiser has condenser water");
            w_k * (now_c[0] - now_c[node])
        }
    };
    let boils = is_boiling(plant, 0) && comes_w > leaves_w;
    Conditions { rejection, condenser, loop_w, boils, branches }
}

/// What the parts of the branch at `place` give a stream at `stream_c`, W.
fn from_parts_w(plant: &LoopPlant, exchanger: &ExchangerPlant, place: usize, stream_c: f64) -> f64 {
    let (_, first) = plant.masses.nodes_of(place);
    let parts = plant.masses.branches()[place].parts.iter();
    parts
        .zip(&exchanger.groups)
        .zip(first..)
        .map(|((part, group), node)| {
            let own_w = if part.chips { 0.0 } else { group.heat_w };
            own_w + part.conductance_at(exchanger.flow) * (plant.now.now_c[node] - stream_c)
        })
        .sum()
}

fn is_boiling(plant: &LoopPlant, node: usize) -> bool {
    plant.now.now_c[node] >= BOILING_C - SAME_K
}

/// What those in the hall of the exchanger at `place` give its air now, W.
fn from_hall_w(plant: &LoopPlant, exchangers: &[ExchangerPlant], place: usize) -> f64 {
    let here = plant.in_halls.iter().filter(|(_, hall)| *hall == place);
    here.map(|&(other, _)| branch(plant, exchangers, other).1).sum()
}

/// What moves heat in the branch at `place` from now on, and what it brings what takes its heat, W.
fn branch(
    plant: &LoopPlant,
    exchangers: &[ExchangerPlant],
    place: usize,
) -> (BranchConditions, f64) {
    let now_c = &plant.now.now_c;
    let exchanger = &exchangers[plant.exchangers[place] as usize];
    let (stream, _) = plant.masses.nodes_of(place);
    let mover_w = exchanger.movers.draw_w;
    let from_hall_w = from_hall_w(plant, exchangers, place);
    let from_parts_w = from_parts_w(plant, exchanger, place, now_c[stream]) + from_hall_w;
    let valve = match valve(plant, exchanger, place, from_hall_w) {
        // Nothing is held beside a stream that boils or a coolant that does.
        Valve::Holds(_) if is_boiling(plant, 0) => Valve::Shut,
        valve => valve,
    };
    let (conductance_w_k, held_c) = match valve {
        Valve::Open => (exchanger.conductance_w_k, None),
        Valve::Shut => (0.0, None),
        Valve::Holds(stream_c) => (0.0, Some(stream_c)),
    };
    let outdoors = let_in(plant, exchanger, place);
    let (mut boils, mut comes_w) = (false, mover_w + from_parts_w);
    if stream != 0 {
        let taker = plant.masses.taker_of(place);
        let to_loop_w = conductance_w_k * (now_c[stream] - now_c[taker]);
        let outdoors_w = outdoors.map_or(0.0, |(w_k, sink_c)| w_k * (now_c[stream] - sink_c));
        boils = is_boiling(plant, stream) && mover_w + from_parts_w > to_loop_w + outdoors_w;
        if held_c.is_none() {
            comes_w = to_loop_w;
        }
    }
    let branch = BranchConditions {
        conductance_w_k,
        held_c,
        outdoors,
        boils,
        flow: exchanger.flow,
        mover_w,
        parts_w: exchanger.groups.iter().map(|group| group.heat_w).collect(),
    };
    (branch, comes_w)
}

/// What comes into the loop's coolant now from all that hangs on it, W: where its masses move,
/// another heat than its racks give.
pub(super) fn comes_w(plant: &LoopPlant, exchangers: &[ExchangerPlant]) -> f64 {
    let on_it = |&place: &usize| plant.masses.branches()[place].behind.is_none();
    let places = (0..plant.exchangers.len()).filter(on_it);
    places.map(|place| branch(plant, exchangers, place).1).sum()
}

/// How far a coolant at `now_c` may move on its way to `goal_c` before the loop is looked at again,
/// K.
fn stride_k(now_c: f64, goal_c: f64) -> f64 {
    let goal_c = if goal_c.is_finite() { goal_c } else { BOILING_C };
    STRIDE_K.max(STRIDE_PART * (goal_c - now_c).abs())
}

/// When a loop out of balance must be looked at again, in seconds from now.
pub(super) fn look_again_s(plant: &LoopPlant, exchangers: &[ExchangerPlant]) -> Option<f64> {
    let transient = plant.transient.as_ref()?;
    let held_c = &plant.held_c;
    let mut soonest: Option<f64> = None;
    let mut watch = |node: usize, threshold_c: f64, crossing: Crossing| {
        if let Some(t) = transient.crossing_s(node, threshold_c, crossing) {
            soonest = Some(soonest.map_or(t, |soonest| soonest.min(t)));
        }
    };
    let mut stride = |node: usize, down_k: f64, up_k: f64| {
        watch(node, held_c[node] - down_k, Crossing::Falling);
        watch(node, held_c[node] + up_k, Crossing::Rising);
    };
    // No further up than to where it boils.
    let below_boiling_k = |node: usize| match transient.boils(node) {
        true => f64::INFINITY,
        false => (BOILING_C + SAME_K - held_c[node]).max(SAME_K),
    };
    // The setpoint regained, from above or from below.
    let (rest_c, set_c) = (plant.now.rest_c[0], plant.model.setpoint_c());
    let wider = plant.hunt.widening(plant.since);
    let step_k = wider * stride_k(held_c[0], rest_c);
    let colder = held_c[0] < set_c - HELD_K;
    let settles_c = match (held_c[0] > set_c, rest_c < set_c) {
        (true, _) => rest_c.max(set_c),
        (false, true) => rest_c,
        (false, false) => set_c,
    };
    let to_rest_k = settles_c - held_c[0];
    let regains = (colder || !plant.now.saturated) && to_rest_k.abs() > HELD_K;
    // On its way to a warmer rest it may yet fall, where less heat comes than racks give: the setpoint is
    // not passed unseen.
    let above_k = held_c[0] - set_c;
    let fall_k = step_k.min(if above_k > HELD_K { above_k } else { f64::INFINITY });
    let (down_k, up_k) = match regains && to_rest_k.is_finite() {
        true if to_rest_k > 0.0 => (fall_k, to_rest_k.min(step_k)),
        true => ((-to_rest_k).min(step_k), step_k),
        false => (fall_k, step_k),
    };
    stride(0, down_k, up_k.min(below_boiling_k(0)));
    if let (Some(node), Some(condenser)) = (plant.masses.condenser(), plant.now.work.condenser) {
        let to_held_k = condenser.held_c - held_c[node];
        let (mut down_k, mut up_k) = (STRIDE_K, STRIDE_K);
        if to_held_k > HELD_K {
            up_k = up_k.min(to_held_k);
        } else if to_held_k < -HELD_K {
            down_k = down_k.min(-to_held_k);
        }
        if let Some((trips_c, restarts_c)) = plant.model.head_limits_c(&plant.now.drive) {
            if held_c[node] < trips_c {
                up_k = up_k.min(trips_c + SAME_K - held_c[node]);
            }
            if held_c[node] > restarts_c + SAME_K {
                down_k = down_k.min(held_c[node] - restarts_c);
            }
        }
        stride(node, down_k, up_k);
    }
    // No heat goes back from what cools to what is cooled: valves and dampers shut then.
    let earlier = |a: Option<f64>, b: Option<f64>| a.into_iter().chain(b).reduce(f64::min);
    let mut turns_s = earlier(transient.takes_back_s(plant.beside_w), transient.lifts_back_s());
    if let Some(node) = plant.masses.condenser().filter(|_| plant.is_bypassed()) {
        turns_s = earlier(turns_s, transient.apart_s((0, node), HELD_K));
    }
    for (place, &index) in plant.exchangers.iter().enumerate() {
        let (stream, first) = plant.masses.nodes_of(place);
        if stream != 0 {
            let step_k = wider * stride_k(held_c[stream], plant.now.rest_c[stream]);
            stride(stream, step_k, step_k.min(below_boiling_k(stream)));
        }
        let exchanger = &exchangers[index as usize];
        if warms_outdoors(plant, exchanger, place) && exchanger.conductance_w_k > 0.0 {
            let by_k = if held_c[stream] <= held_c[0] + SAME_K { HELD_K } else { 0.0 };
            turns_s = earlier(turns_s, transient.apart_s((stream, 0), by_k));
        }
        let beside_coil = exchanger.mode() == Some(CoolingMode::Partial);
        if let Some(air) = exchanger.outside.filter(|air| beside_coil && air.conductance_w_k > 0.0)
        {
            // Its dampers shut out outdoor air that would warm the hall, or let it in again.
            match held_c[stream] > air.sink_c + SAME_K {
                true => stride(stream, held_c[stream] - air.sink_c, f64::INFINITY),
                false => stride(stream, f64::INFINITY, air.sink_c + HELD_K - held_c[stream]),
            }
        }
        if dampers_open(plant, exchanger, place) {
            stride(stream, held_c[stream] - plant.now.rest_c[stream], f64::INFINITY);
        }
        let holds =
            stream != 0 && exchanger.outside.is_none() && exchanger.valve_fault.at.is_none();
        if let Some(design) = exchanger.design.filter(|_| holds) {
            // Its valve begins to hold, or is open and can no longer.
            let (now_c, least_c) = (held_c[stream], design.least_supply_c);
            if now_c > least_c + HELD_K {
                stride(stream, now_c - least_c, f64::INFINITY);
            } else if now_c < least_c - HELD_K {
                stride(stream, f64::INFINITY, least_c - now_c);
            } else if exchanger.conductance_w_k > 0.0 {
                let total_w = exchanger.taken_w() + exchanger.movers.draw_w;
                let limit_c = least_c - total_w / exchanger.conductance_w_k;
                stride(0, f64::INFINITY, limit_c - held_c[0]);
            }
        }
        for (group, node) in exchangers[index as usize].groups.iter().zip(first..) {
            let node = if group.by_chips { node } else { stream };
            let (limits, now_c) = (&group.limits, held_c[node]);
            if group.heat_w == 0.0 || now_c >= limits.trip_c - SAME_K {
                // Nothing of it runs.
            } else if now_c < limits.throttle_c - SAME_K {
                stride(node, f64::INFINITY, limits.throttle_c - now_c);
            } else {
                let step_k = group.stride_k();
                stride(node, step_k, step_k.min(limits.trip_c - now_c));
            }
        }
    }
    earlier(soonest, turns_s).or_else(|| transient.near_rest_s(NEAR_K))
}
