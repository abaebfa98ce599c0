//! The engine that walks every iteration: what `leap: off` runs, and what leaps are held to.
//!
//! Written apart from the leaping engine and for clarity alone: it keeps every sequence as an
//! object, counts blocks and tokens from scratch, and takes one iteration at a time.

use std::collections::VecDeque;
use std::sync::Arc;

use super::engine::{Draw, Gauge, Limits, Scheduling, Work};
use super::kv_blocks::KvBlocks;
use super::kv_pool::{Found, HostTier};
use super::prefix::Piece;
use super::request::{Request, Sink};
use super::step::{Load, Progression, StepTable};
use super::ticks::{NEVER, Ticks};

/// A replica that walks. An iteration costs a look at every sequence in the batch.
#[derive(Debug, Clone)]
pub(super) struct Plain {
    limits: Limits,
    scheduling: Scheduling,
    table: Arc<StepTable>,
    /// For iterations to come, where a change waits for the one under way to end.
    next_table: Option<Arc<StepTable>>,
    /// The boundary between iterations that was reached last.
    now: Ticks,
    /// When the iteration under way ends; none while idle.
    end: Option<Ticks>,
    /// Sequences in order of admission; only the last can be partly prefilled.
    batch: Vec<Running>,
    queue: VecDeque<Request>,
    hands_over: bool,
    /// Tokens of prefixes that are kept at most.
    capacity: u64,
    /// Pieces of prefixes in memory, the one used last first.
    prefixes: Vec<Piece>,
    /// The blocks, where what sequences leave in them is kept.
    blocks: Option<KvBlocks>,
    per_host_block: Ticks,
    /// Requests sent that the engine, which looks at boundaries only, has not seen.
    inbox: VecDeque<(Ticks, Request)>,
    draw: Draw,
    work: Work,
}

/// A sequence in the batch.
#[derive(Debug, Clone, Copy)]
struct Running {
    request: Request,
    /// Tokens in memory.
    kv: u64,
    /// Tokens to prefill before the next token; zero while decoding.
    target: u64,
    /// Tokens of the iteration under way.
    now: u64,
    /// While decoding: when it got its last token.
    last: Ticks,
    /// While decoding: tokens of each iteration, and iterations still to come.
    gain: u32,
    rounds: u32,
    /// Its memory was brought here, and it decodes in its first iteration.
    joins: bool,
    /// Blocks that it has, and how many of them have a name that it pins; only in shared memory.
    held: u64,
    named: usize,
}

impl Running {
    fn decodes(&self) -> bool {
        self.target == 0
    }
}

impl Plain {
    pub(super) fn new(limits: &Limits, table: Arc<StepTable>, now: Ticks) -> Self {
        Self {
            limits: *limits,
            scheduling: Scheduling::default(),
            draw: Draw::new(now, table.resident_w),
            table,
            next_table: None,
            now,
            end: None,
            batch: Vec::new(),
            queue: VecDeque::new(),
            hands_over: false,
            capacity: 0,
            prefixes: Vec::new(),
            blocks: None,
            per_host_block: 0,
            inbox: VecDeque::new(),
            work: Work::default(),
        }
    }

    pub(super) fn set_prefixes(&mut self, tokens: u64) {
        self.capacity = tokens;
    }

    pub(super) fn share_memory(&mut self, host: HostTier) {
        let size = u64::from(self.limits.block_tokens);
        self.blocks = Some(KvBlocks::new(self.limits.total_blocks(), size, host));
        self.per_host_block = host.per_block;
    }

    pub(super) fn catch_up(&mut self, _: Ticks, _: &mut impl Sink) {}

    pub(super) fn schedule(&mut self, scheduling: Scheduling) {
        self.scheduling = scheduling;
    }

    pub(super) fn hand_over(&mut self) {
        self.hands_over = true;
    }

    pub(super) fn send(&mut self, ready: Ticks, request: &Request) {
        self.inbox.push_back((ready, *request));
    }

    pub(super) fn advance(&mut self, limit: Ticks, sink: &mut impl Sink) {
        while self.end.is_some() || self.wake(limit, sink) {
            let end = self.end.expect("an iteration is under way");
            if end >= limit {
                return;
            }
            self.complete(end, sink);
        }
    }

    pub(super) fn change(&mut self, at: Ticks, table: &Arc<StepTable>) {
        if self.end.is_some() {
            self.next_table = Some(Arc::clone(table));
        } else {
            self.table = Arc::clone(table);
            self.draw.set(at, table.resident_w);
        }
    }

    pub(super) fn walk_to(&mut self, _: Ticks, _: &mut impl Sink) {}

    /// Composes an iteration of a rank among others at `now`; nothing where nobody is inside.
    pub(super) fn compose_at(&mut self, now: Ticks, sink: &impl Sink) -> Option<(Load, u64)> {
        self.now = now;
        let inside = !self.batch.is_empty() || !self.queue.is_empty();
        inside.then(|| (self.compose(sink), 1))
    }

    /// Starts the iteration that a rank has composed.
    pub(super) fn start(&mut self, run: Progression, k: u64) {
        assert_eq!(k, 1, "every iteration is walked");
        self.end = Some(self.now + run.first);
    }

    /// The iteration under way is not cut.
    pub(super) fn cut(&mut self, _: Ticks) {}

    /// Ends the iteration under way of a rank.
    pub(super) fn end_together(&mut self, end: Ticks, sink: &mut impl Sink) {
        assert_eq!(self.end, Some(end), "ranks go through iterations together");
        self.complete(end, sink);
    }

    /// A rank takes a request into its queue.
    pub(super) fn take_in(&mut self, request: Request) {
        self.wait(request);
    }

    pub(super) fn evict(&mut self, at: Ticks, _: &mut impl Sink) -> Vec<Request> {
        self.draw.set(at, 0.0);
        let mut lost = Vec::new();
        for running in self.batch.drain(..) {
            let mut request = running.request;
            if running.decodes() {
                request.stalled = running.last;
            }
            lost.push(request);
        }
        for (_, request) in std::mem::take(&mut self.inbox) {
            self.wait(request);
        }
        lost.extend(self.queue.drain(..));
        lost.iter_mut().for_each(Request::lose_memory);
        self.end = None;
        self.prefixes.clear();
        if let Some(blocks) = &mut self.blocks {
            blocks.clear();
        }
        self.now = at;
        lost
    }

    pub(super) fn give_up(&mut self, at: Ticks, patience: Ticks) -> Vec<Request> {
        let goes = |request: &Request| request.gives_up(at, patience);
        let waiting = self.queue.iter().chain(self.inbox.iter().map(|(_, request)| request));
        let mut gone: Vec<Request> = waiting.copied().filter(goes).collect();
        gone.sort_by_key(|request| (request.sent, request.priority));
        self.queue.retain(|request| !goes(request));
        self.inbox.retain(|(_, request)| !goes(request));
        gone
    }

    pub(super) fn waiting(&self) -> usize {
        self.queue.len() + self.inbox.len()
    }

    pub(super) fn revive(&mut self, at: Ticks, table: &Arc<StepTable>) {
        self.table = Arc::clone(table);
        self.next_table = None;
        self.draw.set(at, table.resident_w);
        self.now = at;
    }

    pub(super) fn split(&mut self, share: impl Fn(u32) -> u32) -> Self {
        let mut copy = self.clone();
        (copy.draw, copy.work) = (self.draw.renewed(), Work::default());
        if let Some(blocks) = &mut copy.blocks {
            blocks.evictions = 0;
        }
        for (mine, theirs) in self.iter_mut().zip(copy.iter_mut()) {
            *theirs = mine.split(&share);
        }
        copy
    }

    pub(super) fn draw(&mut self) -> &mut Draw {
        &mut self.draw
    }

    pub(super) fn requests(&self) -> u64 {
        self.iter().count() as u64
    }

    /// Tokens that a request needs which is sent here.
    pub(super) fn needs(&self, request: &Request) -> u64 {
        let answer = match self.hands_over {
            true => u64::from(request.generated) + 1,
            false => u64::from(request.output),
        };
        match request.loaded {
            true => u64::from(request.output - request.generated),
            false => u64::from(request.prompt) + answer,
        }
    }

    pub(super) fn outstanding(&self, _: Ticks) -> u64 {
        let left = |running: &Running| {
            let request = &running.request;
            if running.decodes() || running.joins {
                u64::from(request.output - request.generated)
            } else {
                self.needs(request) - running.kv
            }
        };
        let waiting = self.queue.iter().chain(self.inbox.iter().map(|(_, request)| request));
        self.batch.iter().map(left).sum::<u64>()
            + waiting.map(|request| self.needs(request)).sum::<u64>()
    }

    pub(super) fn gauge(&self) -> Gauge {
        let idle = if self.inbox.is_empty() { NEVER } else { 0 };
        let (end, owed) = (self.end.unwrap_or(idle), self.outstanding(self.now));
        Gauge { end, since: self.now, owed, each: 0, per_tick: 0.0 }
    }

    pub(super) fn next_leave(&self) -> Ticks {
        let ready = self.inbox.front().map_or(NEVER, |&(ready, _)| ready);
        self.end.unwrap_or(ready)
    }

    /// What is under way may end anything.
    pub(super) fn iterations_to_leave(&self) -> u64 {
        0
    }

    pub(super) fn stays(&self, _: &Request) -> u64 {
        0
    }

    pub(super) fn in_flight(&self) -> u64 {
        self.iter().map(|request| u64::from(request.weight)).sum()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.iter().next().is_none()
    }

    pub(super) fn work(&self) -> Work {
        let evictions = self.blocks.as_ref().map_or(0, |blocks| blocks.evictions);
        Work { evictions, ..self.work }
    }

    fn iter(&self) -> impl Iterator<Item = &Request> {
        let running = self.batch.iter().map(|running| &running.request);
        running.chain(&self.queue).chain(self.inbox.iter().map(|(_, request)| request))
    }

    fn iter_mut(&mut self) -> impl Iterator<Item = &mut Request> {
        let running = self.batch.iter_mut().map(|running| &mut running.request);
        running.chain(&mut self.queue).chain(self.inbox.iter_mut().map(|(_, request)| request))
    }

    /// Begins an iteration at this boundary, or at the next arrival before `limit`.
    fn wake(&mut self, limit: Ticks, sink: &impl Sink) -> bool {
        self.deliver();
        if self.batch.is_empty() && self.queue.is_empty() {
            self.draw.set(self.now, self.table.resident_w);
            match self.inbox.front() {
                Some(&(ready, _)) if ready < limit => self.now = ready,
                _ => return false,
            }
            self.deliver();
        }
        let load = self.compose(sink);
        let lasts = self.table.run(&load).first;
        self.draw.set(self.now, self.table.watts(load.batch, load.tokens));
        self.end = Some(self.now + lasts);
        true
    }

    /// Moves what has arrived by now into the queue.
    fn deliver(&mut self) {
        while let Some(&(ready, request)) = self.inbox.front()
            && ready <= self.now
        {
            self.inbox.pop_front();
            self.wait(request);
        }
    }

    /// Puts `request` behind all that are as urgent.
    fn wait(&mut self, request: Request) {
        let urgent = self.queue.iter().filter(|other| other.priority <= request.priority);
        self.queue.insert(urgent.count(), request);
    }

    /// What is in memory of `request`: all but its last token if it was brought here, otherwise
    /// whole blocks of the pieces that it begins with, but never all of its prompt.
    pub(super) fn found(&self, request: &Request, chain: &[Piece]) -> Found {
        if let Some(blocks) = &self.blocks {
            return blocks.found(request, chain);
        }
        let tokens = if request.loaded {
            request.to_prefill() - 1
        } else {
            let missing = chain.iter().position(|piece| !self.prefixes.contains(piece));
            let there = &chain[..missing.unwrap_or(chain.len())];
            let tokens = there.iter().map(|piece| u64::from(piece.tokens)).sum::<u64>();
            let tokens = tokens.min(u64::from(request.prompt) - 1);
            tokens - tokens % u64::from(self.limits.block_tokens)
        };
        Found { tokens, shared_tokens: tokens, ..Found::default() }
    }

    /// Brings the pieces of a chain to the front, the last one first; those at the back make room.
    fn use_prefix(&mut self, chain: &[Piece]) {
        for piece in chain.iter().rev().filter(|piece| u64::from(piece.tokens) <= self.capacity) {
            self.prefixes.retain(|other| other != piece);
            self.prefixes.insert(0, *piece);
            while self.prefixes.iter().map(|p| u64::from(p.tokens)).sum::<u64>() > self.capacity {
                self.prefixes.pop();
            }
        }
    }

    /// Composes an iteration: what it has to compute.
    fn compose(&mut self, sink: &impl Sink) -> Load {
        let mut preempted = false;
        // Decodes first: one token and perhaps one block each; the last to come makes room.
        for running in &mut self.batch {
            running.now = if running.decodes() { u64::from(running.gain) } else { 0 };
        }
        while !self.fits() {
            self.preempt(sink);
            preempted = true;
        }
        let mut budget = u64::from(self.limits.chunk);
        if !self.scheduling.apart {
            budget -= self.decoding().count() as u64;
        }
        let (mut prompts, mut fetched) = (0, 0);
        // Then the prompt that is partly in memory.
        if let Some(part) = self.batch.last_mut()
            && !part.decodes()
        {
            let n = budget.min(part.target - part.kv);
            part.now = n;
            if self.fits() {
                budget -= n;
                prompts += 1;
                let last = self.batch.len() - 1;
                if self.batch[last].kv + n == self.batch[last].target {
                    self.take(last, n, sink);
                }
            } else {
                self.preempt(sink);
                preempted = true;
            }
        }
        // Then the queue in its order, unless somebody has just had to go.
        while !preempted && budget > 0 && self.batch.len() < self.limits.sequences as usize {
            let Some(&request) = self.queue.front() else { break };
            let found = self.found(&request, sink.chain(request.prefix));
            let (target, kv) = (request.to_prefill(), found.tokens);
            let whole = target - kv;
            if self.scheduling.whole && whole > budget && prompts > 0 {
                break;
            }
            let n = if self.scheduling.whole { whole } else { budget.min(whole) };
            let joins = request.loaded;
            let (gain, rounds, last) = (1, 0, NEVER);
            let (held, named) = (found.pinned, 0);
            let news =
                Running { request, kv, target, now: n, last, gain, rounds, joins, held, named };
            self.batch.push(news);
            if !self.fits() {
                self.batch.pop();
                break;
            }
            self.queue.pop_front();
            budget = budget.saturating_sub(n);
            prompts += u64::from(!joins);
            let newest = self.batch.last_mut().expect("just pushed");
            newest.request.admitted = newest.request.admitted.min(self.now);
            if let Some(blocks) = &mut self.blocks {
                newest.named =
                    blocks.admit(&mut newest.request, sink.chain(request.prefix), kv + n);
                newest.held = (kv + n).div_ceil(u64::from(self.limits.block_tokens));
                fetched += found.host;
            }
            newest.request.loaded = false;
            if !joins {
                // In shared memory it finds later what it left there itself.
                if request.admitted == NEVER || self.blocks.is_none() {
                    let cached = (found.shared_tokens as u32).min(request.prompt - 1);
                    newest.request.cached = cached;
                    newest.request.fetched = (found.host_tokens as u32).min(cached);
                }
                self.use_prefix(sink.chain(request.prefix));
            }
        }

        // Where prompts run apart, the decodes wait for them.
        let waits =
            self.scheduling.apart && prompts > 0 && !self.batch.iter().any(|running| running.joins);
        for running in self.batch.iter_mut().filter(|running| waits && running.decodes()) {
            running.now = 0;
        }
        let decoding = || self.batch.iter().filter(|r| !waits && (r.decodes() || r.joins));
        let prefills = || self.batch.iter().filter(|r| !r.decodes() && !r.joins);
        let load = Load {
            batch: decoding().count() as u64,
            context: decoding().map(|running| running.kv + 1).sum(),
            gain: decoding().map(|running| running.now).sum(),
            tokens: prefills().map(|running| running.now).sum(),
            prompts,
            attention: prefills().map(|r| r.now * (2 * r.kv + r.now)).sum(),
            attention_growth: 0,
            at_least: fetched * self.per_host_block,
        };
        for running in &self.batch {
            self.draw.count(running.request.class, running.now);
        }
        load
    }

    /// Hands out the tokens of the iteration that ends at `end`.
    fn complete(&mut self, end: Ticks, sink: &mut impl Sink) {
        self.now = end;
        self.end = None;
        self.work.iterations += 1;
        self.work.steps += 1;
        if let Some(table) = self.next_table.take() {
            self.table = table;
        }
        for running in &mut self.batch {
            running.kv += running.now;
        }
        for index in 0..self.batch.len() {
            self.take(index, 0, sink);
        }
        for running in &mut self.batch {
            let request = &mut running.request;
            let weight = u64::from(request.weight);
            if running.target == 0 && running.now == 0 {
                // Waits for prompts.
            } else if running.target == 0 {
                running.rounds -= 1;
                request.generated += running.gain;
                if running.rounds == 0 {
                    request.generated = request.output;
                }
                sink.gaps(end - running.last, 0, 1, request.class, weight);
                running.last = end;
            } else if running.kv == running.target {
                running.target = 0;
                running.joins = false;
                running.last = end;
                request.generated += 1;
                let pace = request.pace();
                (running.gain, running.rounds) = (pace.gain, pace.rounds);
                request.first = request.first.min(end);
                if request.stalled != NEVER {
                    sink.gaps(end - request.stalled, 0, 1, request.class, weight);
                    request.stalled = NEVER;
                }
            }
        }
        let part = self.batch.last().copied().filter(|running| !running.decodes());
        self.batch.retain(|running| {
            let request = running.request;
            let is_done = request.generated == request.output;
            let goes_on = self.hands_over && running.decodes();
            if is_done || goes_on {
                release(&mut self.blocks, running, part.as_ref(), false, sink);
            }
            if is_done {
                sink.finished(&request, end);
            } else if goes_on {
                sink.handed_over(&Request { stalled: end, loaded: true, ..request }, end);
            }
            !is_done && !goes_on
        });
    }

    /// The sequence at `index` gets the blocks for what it has in memory and `more` tokens.
    fn take(&mut self, index: usize, more: u64, sink: &impl Sink) {
        let Some(blocks) = &mut self.blocks else { return };
        let running = &mut self.batch[index];
        let kv = running.kv + more;
        let needed = kv.div_ceil(u64::from(self.limits.block_tokens));
        blocks.take(needed - running.held);
        running.held = needed;
        if !running.decodes() {
            let chain = sink.chain(running.request.prefix);
            running.named = blocks.grow(&running.request, chain, (running.named, kv));
        }
    }

    /// The sequence admitted last gives up its memory and goes to the head of the queue.
    fn preempt(&mut self, sink: &impl Sink) {
        let mut tail = self.batch.pop().expect("memory that is short is held by somebody");
        tail.request.kept = release(&mut self.blocks, &tail, None, true, sink);
        if tail.decodes() {
            tail.request.stalled = tail.last;
        }
        // Before all that are as urgent.
        let urgent = self.queue.iter().filter(|other| other.priority < tail.request.priority);
        self.queue.insert(urgent.count(), tail.request);
        self.work.preemptions += 1;
    }

    /// Whether the iteration as composed so far finds its memory.
    fn fits(&self) -> bool {
        let block = u64::from(self.limits.block_tokens);
        if let Some(blocks) = &self.blocks {
            let more = self.batch.iter().map(|r| (r.kv + r.now).div_ceil(block) - r.held);
            return more.sum::<u64>() <= blocks.free();
        }
        let blocks = self.batch.iter().map(|running| (running.kv + running.now).div_ceil(block));
        blocks.sum::<u64>() <= self.limits.total_blocks()
    }

    fn decoding(&self) -> impl Iterator<Item = &Running> {
        self.batch.iter().filter(|running| running.decodes())
    }
}

/// A sequence gives its blocks back beside the prompt `part` that is under way; the number under which
/// they are kept for it, if it is to come back.
fn release(
    blocks: &mut Option<KvBlocks>,
    running: &Running,
    part: Option<&Running>,
    comes_back: bool,
    sink: &impl Sink,
) -> u32 {
    let Some(blocks) = blocks else { return 0 };
    let part = part.map(|part| (&part.request, sink.chain(part.request.prefix), part.named));
    let chain = sink.chain(running.request.prefix);
    blocks.release(chain, (running.named, running.kv), part, comes_back)
}
