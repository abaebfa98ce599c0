//! Whether a loop is at rest, and what becomes of one that is out of balance.

use super::exchangers::ExchangerPlant;
use super::loops::{Instant, LoopPlant};
use super::{HELD_K, SAME_K, STRIDE_K};
use crate::plant::cooling::{BranchConditions, Conditions, Crossing, Rejection};

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
/// what heat comes, shut while it is too cold.
fn valve(plant: &LoopPlant, exchanger: &ExchangerPlant, place: usize) -> Valve {
    let (stream, first) = plant.masses.nodes_of(place);
    // Beside outdoor air the coil holds what it must: its valve is part of the conductance.
    let holds = stream != 0 && exchanger.outside.is_none() && exchanger.valve_fault.at.is_none();
    let Some(design) = exchanger.design.filter(|_| holds) else { return Valve::Open };
    let (now_c, least_c) = (&plant.now.now_c, design.least_supply_c);
    if now_c[stream] > least_c + HELD_K {
        return Valve::Open;
    }
    if now_c[stream] < least_c - HELD_K {
        return Valve::Shut;
    }
    let parts = plant.masses.branches()[place].parts.iter();
    let from_parts_w: f64 = parts
        .zip(&exchanger.groups)
        .zip(first..)
        .map(|((part, group), node)| {
            let own_w = if part.chips { 0.0 } else { group.heat_w };
            own_w + part.conductance_at(exchanger.flow) * (now_c[node] - least_c)
        })
        .sum();
    let comes_w = exchanger.movers.draw_w + from_parts_w;
    if comes_w > exchanger.conductance_w_k * (least_c - now_c[0]) {
        Valve::Open
    } else if comes_w < 0.0 {
        Valve::Shut
    } else {
        Valve::Holds(least_c)
    }
}

/// Whether the exchanger at `place` lets in all the outdoor air that its fans move: its hall is
/// warmer than where it will settle.
fn dampers_open(plant: &LoopPlant, exchanger: &ExchangerPlant, place: usize) -> bool {
    let (stream, _) = plant.masses.nodes_of(place);
    let warmer_k = plant.now.now_c[stream] - plant.now.rest_c[stream];
    exchanger.outside.is_some_and(|air| air.wide_open.0 > air.conductance_w_k) && warmer_k > HELD_K
}

/// What moves heat on the loop from now on; `own_w` is the draw of its pumps and chillers.
pub(super) fn conditions(
    plant: &LoopPlant,
    exchangers: &[ExchangerPlant],
    rejection: Rejection,
    own_w: f64,
) -> Conditions {
    let branches = plant.exchangers.iter().enumerate().map(|(place, &index)| {
        let exchanger = &exchangers[index as usize];
        let mover_w = exchanger.movers.draw_w;
        let wide_open = dampers_open(plant, exchanger, place);
        let (conductance_w_k, held_c) = match valve(plant, exchanger, place) {
            Valve::Open => (exchanger.conductance_w_k, None),
            Valve::Shut => (0.0, None),
            Valve::Holds(stream_c) => (0.0, Some(stream_c)),
        };
        BranchConditions {
            conductance_w_k,
            held_c,
            outdoors: exchanger.outside.map(|air| match wide_open {
                true => air.wide_open,
                false => (air.conductance_w_k, air.sink_c),
            }),
            flow: exchanger.flow,
            mover_w,
            parts_w: exchanger.groups.iter().map(|group| group.heat_w).collect(),
        }
    });
    let loop_w = if plant.now.rejecting { 0.0 } else { own_w };
    Conditions { rejection, loop_w, branches: branches.collect() }
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
    // The setpoint regained, from above or from below.
    let (rest_c, set_c) = (plant.now.rest_c[0], plant.model.setpoint_c());
    let to_rest_k = if held_c[0] > set_c { rest_c.max(set_c) } else { rest_c } - held_c[0];
    let regains = plant.now.rejecting && !plant.now.saturated && to_rest_k.abs() > HELD_K;
    let (down_k, up_k) = match regains {
        true if to_rest_k > 0.0 => (STRIDE_K, to_rest_k.min(STRIDE_K)),
        true => ((-to_rest_k).min(STRIDE_K), STRIDE_K),
        false => (STRIDE_K, STRIDE_K),
    };
    stride(0, down_k, up_k);
    for (place, &index) in plant.exchangers.iter().enumerate() {
        let (stream, first) = plant.masses.nodes_of(place);
        if stream != 0 {
            stride(stream, STRIDE_K, STRIDE_K);
        }
        let exchanger = &exchangers[index as usize];
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
                let total_w = exchanger.heat_w + exchanger.movers.draw_w;
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
    soonest.or_else(|| transient.near_rest_s(NEAR_K))
}
