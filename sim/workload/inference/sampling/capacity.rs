//! What a cell can serve, learned from the engine itself.

use super::super::cell::Cell;
use super::super::design::{PoolDesign, ServiceDesign};
use super::super::load::{GapLaw, RateDesign, SourceDesign};
use super::super::records::Records;
use super::super::serving::CellDesign;
use super::super::step::Pace;
use super::super::ticks::{PER_SECOND, Ticks, to_secs};
use crate::kernel::Streams;

/// Batches of a replica that are served to learn from: the middle of them finds full batches.
const BATCHES: u64 = 8;
/// Bounds of the requests for that.
const REQUESTS: (u64, u64) = (256, 200_000);
/// What is looked at: from this share of them to that.
const MIDDLE: (f64, f64) = (0.25, 0.75);
/// How much longer than the time before each step is.
const STEP: f64 = 0.02;

/// Requests a second that a cell of `design` serves when there is always another: its replicas at
/// full power, its mean mix of classes.
pub(in crate::workload::inference) fn capacity_per_s(
    design: &ServiceDesign,
    streams: &Streams,
) -> f64 {
    let mut flooded = ServiceDesign { name: format!("{}/flood", design.name), ..design.clone() };
    flooded.serving.max_waiting = None;
    let alike = match flooded.pools.as_mut_slice() {
        // Alike replicas serve as much each.
        [pool] if flooded.serving.disaggregation.is_none() => {
            std::mem::replace(&mut pool.layout.replicas, 1)
        }
        _ => 1,
    };
    let batch = |pool: &PoolDesign| {
        u64::from(pool.limits.sequences * pool.steps.batches()) * pool.layout.replicas as u64
    };
    let batches: u64 = flooded.pools.iter().map(batch).sum();
    let requests = (BATCHES * batches).clamp(REQUESTS.0, REQUESTS.1);
    // All of them within a second.
    let times = requests as f64 / design.load.rate_per_s();
    for class in &mut flooded.load.classes {
        let SourceDesign::Drawn { rate, clients } = &mut class.source else { continue };
        *rate = RateDesign { week: rate.week.clone(), ..RateDesign::constant() };
        for client in clients {
            client.rate_per_s *= times;
            client.gaps = GapLaw::Exponential;
        }
    }
    let tables: Vec<_> = flooded.pools.iter().map(|pool| pool.table(Pace::FULL)).collect();
    let names = (flooded.name.as_str(), streams);
    let mut cell = Cell::new(names, 1, &CellDesign::new(&flooded), &tables, 0);
    let mut records = Records::new(flooded.load.classes.iter().map(|class| class.targets));
    let mut at = PER_SECOND as Ticks;
    cell.advance(at + 1, &mut records);
    cell.drain();
    let all = cell.received() as f64;
    // When each share of them had left.
    let mut reached = [None; 2];
    loop {
        let left = all - cell.inside() as f64;
        for (reached, share) in reached.iter_mut().zip([MIDDLE.0, MIDDLE.1]) {
            if left >= share * all && reached.is_none() {
                *reached = Some((to_secs(at), left));
            }
        }
        if let [Some(first), Some(last)] = reached {
            return match last.0 > first.0 {
                true => alike as f64 * (last.1 - first.1) / (last.0 - first.0),
                // Within a second: nothing that arrives in one is too much.
                false => alike as f64 * all,
            };
        }
        at += (at as f64 * STEP) as Ticks;
        cell.advance(at + 1, &mut records);
    }
}
