//! The bus of several generators: who is on it, and which blocks of load it takes in which order.

use super::design::BusDesign;
use super::key::Key;
use super::state::State;
use super::timers::Cx;
use crate::kernel::Time;

/// The next block is permitted.
const PERMIT: u8 = 0;
/// The block that was permitted closes.
const CLOSE: u8 = 1;
/// Blocks are shed.
const SHED: u8 = 2;

/// A generator bus while it runs. Sets synchronise by a timer of their own, which the chain keeps.
#[derive(Debug, Clone)]
pub(super) struct Bus {
    design: BusDesign,
    /// Sets on the bus, in the order in which they closed: index among its feeders.
    on: Vec<u32>,
    syncing: Vec<u32>,
    /// Ratings of the sets on the bus, W.
    pub(super) rating_w: f64,
    /// Blocks in the order in which they are taken.
    pub(super) blocks: Vec<Block>,
    last: Option<Time>,
}

/// Loads that are switched together.
#[derive(Debug, Clone)]
pub(super) struct Block {
    /// The transfer switch that it belongs to, and its number there.
    pub(super) switch: u32,
    pub(super) number: u8,
    /// What it takes, W.
    pub(super) w: f64,
    /// Its switch is on the generators.
    pub(super) enabled: bool,
    permitted: bool,
    pub(super) closed: bool,
}

/// What a set does on its bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Joins {
    /// It closes at once on the dead bus.
    Now,
    /// It synchronises first.
    AfterSync,
}

impl Bus {
    pub(super) fn new(design: BusDesign) -> Self {
        Self {
            design,
            on: Vec::new(),
            syncing: Vec::new(),
            rating_w: 0.0,
            blocks: Vec::new(),
            last: None,
        }
    }

    pub(super) fn design(&self) -> &BusDesign {
        &self.design
    }

    /// Adds a block behind all others.
    pub(super) fn add_block(&mut self, switch: u32, number: u8) {
        self.blocks.push(Block {
            switch,
            number,
            w: 0.0,
            enabled: false,
            permitted: false,
            closed: false,
        });
    }

    pub(super) fn is_on(&self, set: u32) -> bool {
        self.on.contains(&set)
    }

    pub(super) fn is_live(&self) -> bool {
        !self.on.is_empty()
    }

    /// A set is available or not; how it joins where it newly is.
    pub(super) fn set_available(&mut self, set: u32, available: bool) -> Option<Joins> {
        if !available {
            self.on.retain(|&other| other != set);
            self.syncing.retain(|&other| other != set);
            return None;
        }
        if self.on.contains(&set) || self.syncing.contains(&set) {
            return None;
        }
        if self.on.is_empty() && self.syncing.is_empty() {
            self.on.push(set);
            return Some(Joins::Now);
        }
        self.syncing.push(set);
        Some(Joins::AfterSync)
    }

    /// A set has synchronised; whether it closes.
    pub(super) fn synchronised(&mut self, set: u32) -> bool {
        let Some(at) = self.syncing.iter().position(|&other| other == set) else { return false };
        self.syncing.remove(at);
        self.on.push(set);
        true
    }

    /// The blocks of `switch` may be taken, or are let go all at once.
    pub(super) fn enable(&mut self, cx: &mut Cx<'_>, switch: u32, enabled: bool) {
        for block in self.blocks.iter_mut().filter(|block| block.switch == switch) {
            block.enabled = enabled;
            if !enabled {
                (block.permitted, block.closed) = (false, false);
            }
        }
        self.look(cx);
    }

    fn taken_w(&self) -> f64 {
        // A sum in order: what is decided by it is the same on every machine.
        self.blocks.iter().filter(|block| block.permitted).map(|block| block.w).sum()
    }

    /// The next block, where the bus carries it beside all before.
    fn next(&self) -> Option<usize> {
        let at = self.blocks.iter().position(|block| block.enabled && !block.permitted)?;
        let block = &self.blocks[at];
        let fits = self.taken_w() + block.w <= self.rating_w * (1.0 + 1e-9);
        let step = block.w <= self.design.step_load * self.rating_w * (1.0 + 1e-9);
        (self.rating_w > 0.0 && fits && step).then_some(at)
    }

    /// What is to be done now that sets, blocks or loads have changed.
    pub(super) fn look(&mut self, cx: &mut Cx<'_>) {
        let any = self.blocks.iter().any(|block| block.permitted);
        let most_w = self.rating_w * self.design.allowance * (1.0 + 1e-9);
        if any && self.taken_w() > most_w {
            if !cx.is_armed(SHED) {
                cx.after(SHED, self.design.shed_after);
            }
            return;
        }
        cx.cancel(SHED);
        if self.next().is_some() {
            if !cx.is_armed(PERMIT) && !cx.is_armed(CLOSE) {
                let at = self.last.map_or(cx.now, |last| last + self.design.step);
                cx.at(PERMIT, at);
            }
        } else {
            cx.cancel(PERMIT);
        }
    }

    /// A timer of it has run out.
    pub(super) fn expire(&mut self, cx: &mut Cx<'_>, slot: u8) {
        match slot {
            PERMIT => {
                if let Some(at) = self.next() {
                    self.last = Some(cx.now);
                    self.blocks[at].permitted = true;
                    cx.after(CLOSE, self.design.close);
                }
            }
            CLOSE => {
                let pending = |block: &&mut Block| block.permitted && !block.closed;
                if let Some(block) = self.blocks.iter_mut().find(pending) {
                    block.closed = true;
                    cx.note(State::BlockClosed(block.number + 1));
                }
            }
            SHED => {
                let most_w = self.rating_w * self.design.allowance * (1.0 + 1e-9);
                while self.taken_w() > most_w {
                    let last = self.blocks.iter().rposition(|block| block.permitted);
                    let Some(last) = last else { break };
                    let block = &mut self.blocks[last];
                    (block.permitted, block.closed) = (false, false);
                    cx.note(State::BlockShed(block.number + 1));
                }
            }
            _ => unreachable!("a generator bus has three timers, got {slot}"),
        }
        self.look(cx);
    }

    /// Until when it may act on an instant that is past: that of its last block.
    pub(super) fn past_matters_until(&self) -> Time {
        self.last.map_or(Time::ZERO, |last| last + self.design.step)
    }

    /// Forgets at rest when its last block was permitted.
    pub(super) fn forget_past(&mut self) {
        self.last = None;
    }

    /// What it may still act on at rest.
    pub(super) fn put_state(&self, key: &mut Key) {
        let Self { design: _, on, syncing, rating_w, blocks, last: _ } = self;
        key.put((on, syncing));
        key.put_f64(*rating_w);
        for Block { switch: _, number: _, w, enabled, permitted, closed } in blocks {
            key.put_f64(*w);
            key.put((enabled, permitted, closed));
        }
    }

    /// Whether the block `number` of `switch` is closed.
    pub(super) fn is_closed(&self, switch: u32, number: u8) -> bool {
        self.blocks
            .iter()
            .any(|block| block.switch == switch && block.number == number && block.closed)
    }
}
