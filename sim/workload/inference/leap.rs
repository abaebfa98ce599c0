//! The engine that advances a replica by leaps.
//!
//! The engine batches continuously. Unless prompts have iterations of their own ([`Scheduling`]),
//! each iteration gives every decoding sequence one token,
//! then spends what is left of its token budget (`chunk`) on prompts, the partly prefilled one
//! first, then the queue by priority and order of arrival. KV memory is paged; when a decode
//! finds no free block, the sequence admitted last gives up its memory and is prefilled anew
//! later.
//!
//! Between two changes of the batch the duration of iterations grows by the same amount each
//! time, so that `k` of them last `D(k) = k a + b k (k - 1) / 2` ticks: one event stands for
//! all of them. The batch can change only when a sequence finishes, when a request is admitted,
//! or when memory runs out; a leap ends at the first of these, and an arrival that could be
//! admitted cuts a leap that is under way at the next iteration boundary. The engine therefore
//! takes the same decisions at the same boundaries as a loop over every iteration, and integer
//! ticks make its times equal bit for bit (`docs/models/inference.md`).

mod batch;
mod leave;
mod line;
mod memory;
mod outside;
mod step;

use std::sync::Arc;

use super::engine::{Draw, Limits, Scheduling, Work};
use super::kv_pool::{Found, HostTier, KvPool};
use super::prefix::{Piece, PrefixStore, reusable};
use super::request::{Request, Sink};
use super::step::{Load, Progression, StepTable};
use super::ticks::{NEVER, Ticks};
use line::Line;
pub(super) use step::Step;

/// A replica that leaps. Advancing costs about 50 ns a step and 4 to 5 steps a request.
#[derive(Debug, Clone)]
pub(super) struct Leap {
    sequences: u64,
    chunk: u64,
    scheduling: Scheduling,
    /// When the last iteration with decodes ended; kept only where prompts run apart.
    decoded: Ticks,
    total_blocks: u64,
    block_shift: u32,
    block_mask: u64,
    table: Arc<StepTable>,
    next_table: Option<Arc<StepTable>>,
    /// The boundary between iterations that was reached last.
    now: Ticks,
    /// Iterations completed at `now`.
    iteration: u64,
    step: Step,
    /// Sequences in the batch by slot; those in `vacant` are not in use.
    slots: Vec<Sequence>,
    vacant: Vec<u16>,
    /// Last iteration and slot of every decoding sequence, packed: latest first. To move those that
    /// finish sooner costs less than the branches of a heap, which no processor foresees.
    finish: Vec<u64>,
    /// Decoding sequences.
    batch: u64,
    /// Tokens of context that the next iteration reads: each one's memory and its new token.
    context: u64,
    /// Tokens that the decoding sequences get in an iteration.
    gain: u64,
    /// The decoding sequences by class; as long as the highest class that has decoded.
    classes: Vec<Decoding>,
    /// Decoding sequences by tokens they get in an iteration, less one, and by (tokens in
    /// memory - those tokens x iteration) modulo the block. Of those that get one, the ones at
    /// `-iteration` open a new block in the next iteration.
    residues: Vec<u32>,
    /// Blocks that nobody but the decoding sequences holds; how many those hold follows from their tokens.
    spare: u64,
    /// The one sequence whose prompt is partly in memory; always the one admitted last.
    part: Option<Part>,
    /// Slots of those whose prompt the step under way completes.
    fresh: Vec<u16>,
    /// Slots of those that have got their last token, in shared memory.
    ending: Vec<usize>,
    admissions: u64,
    prefixes: PrefixStore,
    /// Where the KV memory keeps what sequences leave in it: what free blocks hold.
    pool: Option<Box<KvPool>>,
    /// How long a block takes from host memory.
    per_host_block: Ticks,
    /// Requests leave once their prompt is in memory.
    hands_over: bool,
    line: Line,
    /// Tokens that the requests inside still need as of `now`.
    owed: u64,
    draw: Draw,
    work: Work,
}

/// A sequence in the batch.
#[derive(Debug, Clone, Copy)]
struct Sequence {
    request: Request,
    admission: u64,
    /// While it decodes, the iteration that gives it its last token.
    last: u64,
    /// When it got the token with which it began to decode.
    joined: Ticks,
    /// Tokens that each iteration gives it, and what the last one gives beyond.
    gain: u32,
    rest: u32,
}

/// The decoding sequences of a class.
#[derive(Debug, Clone, Copy, Default)]
struct Decoding {
    /// Requests that they stand for.
    weight: u64,
    /// Tokens that they get in an iteration.
    gain: u64,
}

/// A sequence whose prompt is partly in memory.
#[derive(Debug, Clone, Copy)]
struct Part {
    slot: u16,
    /// Tokens that are in memory, and that are to be.
    kv: u64,
    target: u64,
}

/// What becomes of iterations that were composed. It is no closure, so that each way to it is compiled
/// with a copy of its own, without what that way does not need.
trait Then {
    type Done;

    /// Takes the iterations that `leap` has composed, each of which computes `load`.
    fn take(self, leap: &mut Leap, load: Load) -> Self::Done;
}

/// Starts them, timed as if the replica ran alone.
struct StartAlone;

impl Then for StartAlone {
    type Done = ();

    #[inline(always)]
    fn take(self, leap: &mut Leap, load: Load) {
        let run = leap.table.run(&load);
        leap.start(run, leap.step.k.min(run.most));
        leap.draw.set(leap.now, leap.table.watts(load.batch, load.tokens));
    }
}

/// Returns their load and how many there are at most.
struct Tell;

impl Then for Tell {
    type Done = (Load, u64);

    fn take(self, leap: &mut Leap, load: Load) -> (Load, u64) {
        (load, leap.step.k)
    }
}

impl Leap {
    pub(super) fn new(limits: &Limits, table: Arc<StepTable>, now: Ticks) -> Self {
        let total_blocks = limits.total_blocks();
        Self {
            sequences: u64::from(limits.sequences),
            chunk: u64::from(limits.chunk),
            scheduling: Scheduling::default(),
            decoded: now,
            total_blocks,
            block_shift: limits.block_tokens.trailing_zeros(),
            block_mask: u64::from(limits.block_tokens) - 1,
            draw: Draw::new(now, table.resident_w),
            table,
            next_table: None,
            now,
            iteration: 0,
            step: Step::default(),
            slots: Vec::new(),
            vacant: Vec::new(),
            finish: Vec::new(),
            batch: 0,
            context: 0,
            gain: 0,
            classes: Vec::new(),
            residues: vec![0; limits.block_tokens as usize],
            spare: total_blocks,
            part: None,
            fresh: Vec::new(),
            ending: Vec::new(),
            admissions: 0,
            prefixes: PrefixStore::default(),
            pool: None,
            per_host_block: 0,
            hands_over: false,
            line: Line::default(),
            owed: 0,
            work: Work::default(),
        }
    }

    pub(super) fn set_prefixes(&mut self, tokens: u64) {
        self.prefixes = PrefixStore::new(tokens);
    }

    pub(super) fn share_memory(&mut self, host: HostTier) {
        self.pool = Some(Box::new(KvPool::new(self.total_blocks, self.block_shift, host)));
        self.per_host_block = host.per_block;
    }

    pub(super) fn schedule(&mut self, scheduling: Scheduling) {
        self.scheduling = scheduling;
    }

    pub(super) fn hand_over(&mut self) {
        self.hands_over = true;
    }

    pub(super) fn send(&mut self, ready: Ticks, request: &Request) {
        self.owed += self.needs(request);
        self.line.push(ready, *request);
    }

    pub(super) fn advance(&mut self, limit: Ticks, sink: &mut impl Sink) {
        loop {
            if self.step.k == 0 && !self.begin(limit, sink) {
                return;
            }
            if self.step.open
                && let Some(ready) = self.line.next_ready()
                && ready < self.step.end
            {
                self.cut(ready);
            }
            if self.step.end >= limit {
                return;
            }
            self.complete(sink);
        }
    }

    pub(super) fn change(&mut self, at: Ticks, table: &Arc<StepTable>) {
        if self.step.k == 0 {
            self.draw.set(at, table.resident_w);
            self.table = Arc::clone(table);
        } else {
            self.cut(at + 1);
            self.next_table = Some(Arc::clone(table));
        }
    }

    pub(super) fn walk_to(&mut self, at: Ticks, sink: &mut impl Sink) {
        if self.step.k > 0
            && let done = self.step.fewest(at + 1 - self.now) - 1
            && done > 0
        {
            self.give(done, sink);
            self.now += self.step.pass(done);
        }
    }

    pub(super) fn draw(&mut self) -> &mut Draw {
        &mut self.draw
    }

    pub(super) fn work(&self) -> Work {
        self.work
    }

    /// Starts a step at the boundary `now`, or finds nothing to do before `limit`.
    fn begin(&mut self, limit: Ticks, sink: &impl Sink) -> bool {
        self.line.see(self.now);
        while !self.has_work() {
            self.draw.set(self.now, self.table.resident_w);
            match self.line.next_ready() {
                Some(ready) if ready < limit => self.now = ready,
                _ => return false,
            }
            self.line.see(self.now);
        }
        self.compose(sink, StartAlone);
        true
    }

    /// What the next iterations of a rank among others compute at `now`, and how many there are at
    /// most; nothing where nobody is inside.
    pub(super) fn compose_at(&mut self, now: Ticks, sink: &impl Sink) -> Option<(Load, u64)> {
        self.now = now;
        self.has_work().then(|| self.compose(sink, Tell))
    }

    /// Ends the iterations under way of a rank.
    pub(super) fn end_together(&mut self, end: Ticks, sink: &mut impl Sink) {
        assert_eq!(self.step.end, end, "ranks go through iterations together");
        self.complete(sink);
    }

    /// A rank takes a request into its queue.
    pub(super) fn take_in(&mut self, request: Request) {
        self.owed += self.needs(&request);
        self.line.push(self.now, request);
        self.line.see_all();
    }

    /// Somebody is in the batch or the queue.
    #[inline]
    fn has_work(&self) -> bool {
        self.batch > 0 || self.part.is_some() || self.line.head().is_some()
    }

    /// Decides what to do at the boundary `now`, where somebody is inside, and passes on to `then` what
    /// the next iterations compute; the step has how many there are at most.
    #[inline(always)]
    fn compose<T: Then>(&mut self, sink: &impl Sink, then: T) -> T::Done {
        match self.part {
            None if self.batch > 0 => {
                let full = self.batch >= self.sequences;
                if (full || self.head_waits_for_memory(sink))
                    && let most = self.iterations_to_completion()
                    && let most = if self.pool.is_some() && !full {
                        most.min(self.looks_again_after(sink))
                    } else {
                        most
                    }
                    && let k = self.horizon(most, 0)
                    && k > 0
                {
                    // Nobody who comes passes a head of the first priority.
                    let open = !full && self.line.head().is_none_or(|head| head.priority > 0);
                    self.step = Step { k, open, ..Step::DECODING };
                    let load = self.decodes();
                    return then.take(self, load);
                }
            }
            None => {}
            Some(part) => {
                // Full chunks use up the budget: nobody can join until they are through.
                let decodes = !self.scheduling.apart;
                let load = if decodes { self.decodes() } else { Load::default() };
                let tokens = self.chunk - load.batch;
                // In a shared memory a prompt is complete before others look for what it brought.
                let last = u64::from(self.pool.is_some());
                let chunks = (part.target - part.kv - last) / tokens;
                if chunks > 0
                    && let k = match decodes {
                        true => self.horizon(chunks.min(self.iterations_to_completion()), tokens),
                        false => self.horizon_apart(chunks, part.kv, tokens),
                    }
                    && k > 0
                {
                    let part_tokens = tokens;
                    self.step = Step { k, tokens, part_tokens, decodes, ..Step::DECODING };
                    self.draw.count(self.request_in(part.slot).class, tokens);
                    let attention = tokens * (2 * part.kv + tokens);
                    let attention_growth = 2 * tokens * tokens;
                    let load = Load { tokens, prompts: 1, attention, attention_growth, ..load };
                    return then.take(self, load);
                }
            }
        }
        self.mixed(sink, then)
    }

    /// What the decodes of an iteration compute.
    #[inline]
    fn decodes(&self) -> Load {
        Load { batch: self.batch, context: self.context, gain: self.gain, ..Load::default() }
    }

    /// One iteration whose composition is worked out in full.
    fn mixed<T: Then>(&mut self, sink: &impl Sink, then: T) -> T::Done {
        let mut preempted = false;
        while !self.have_room(1, 0) {
            self.preempt(sink);
            preempted = true;
        }
        // Blocks that others than the decodes will hold.
        let mut reserved = 0;
        let mut budget = self.budget();
        let (mut tokens, mut prompts, mut attention, mut part_tokens) = (0, 0, 0, 0);
        // Blocks that come from host memory.
        let mut fetched = 0;
        // Those whose memory was brought here decode at once.
        let (mut joined, mut joined_context) = (0, 0);
        if let Some(part) = self.part {
            let n = budget.min(part.target - part.kv);
            let blocks = self.blocks(part.kv + n) - self.blocks(part.kv);
            if !self.have_room(1, reserved + blocks) {
                self.preempt(sink);
                preempted = true;
            } else {
                budget -= n;
                self.draw.count(self.request_in(part.slot).class, n);
                attention += n * (2 * part.kv + n);
                (tokens, prompts) = (n, 1);
                if part.kv + n == part.target {
                    // It makes room for the next prompt that is taken in parts.
                    self.open(blocks);
                    self.grow(&part, part.kv + n, sink);
                    self.part = None;
                    self.fresh.push(part.slot);
                } else {
                    reserved += blocks;
                    part_tokens = n;
                }
            }
        }
        let mut running = self.batch + u64::from(self.part.is_some()) + self.fresh.len() as u64;
        while !preempted
            && budget > 0
            && running < self.sequences
            && let Some(head) = self.line.head()
        {
            let found = self.found(head, sink.chain(head.prefix));
            let mut n = head.to_prefill() - found.tokens;
            if self.scheduling.whole && n > budget && tokens > 0 {
                break;
            }
            if !self.scheduling.whole {
                n = n.min(budget);
            }
            let kv = found.tokens + n;
            let blocks = self.blocks(kv) - found.pinned;
            if !self.have_room(1, reserved + blocks) {
                break;
            }
            let request = self.line.pop().expect("the queue has a head");
            self.admissions += 1;
            // It is changed where it sits: to write to a copy and to move that at once is slow.
            let slot = self.seat(request);
            let request = &mut self.slots[usize::from(slot)].request;
            let is_first = request.admitted == NEVER;
            request.admitted = request.admitted.min(self.now);
            match &mut self.pool {
                None => self.spare -= blocks,
                Some(pool) => {
                    let chain = sink.chain(request.prefix);
                    let (blocks, lost) = pool.admit(request, &found, chain, kv);
                    self.spare -= blocks;
                    self.work.evictions += lost;
                    fetched += found.host;
                }
            }
            budget = budget.saturating_sub(n);
            self.draw.count(request.class, n);
            running += 1;
            if std::mem::take(&mut request.loaded) {
                joined += 1;
                joined_context += request.to_prefill();
            } else {
                tokens += n;
                prompts += 1;
                attention += n * (2 * found.tokens + n);
                // In shared memory it finds later what it left there itself.
                if is_first || self.pool.is_none() {
                    request.cached = (found.shared_tokens as u32).min(request.prompt - 1);
                    request.fetched = (found.host_tokens as u32).min(request.cached);
                }
                self.prefixes.touch(sink.chain(request.prefix));
                self.owed -= found.tokens;
            }
            let target = request.to_prefill();
            if kv == target {
                self.fresh.push(slot);
            } else {
                self.part = Some(Part { slot, kv, target });
            }
        }
        // Where prompts run apart the decodes wait for them.
        let decodes = !self.scheduling.apart || tokens == 0 || joined > 0;
        let load = match decodes {
            true => Load {
                batch: self.batch + joined,
                context: self.context + joined_context,
                gain: self.gain + joined,
                ..Load::default()
            },
            false => Load::default(),
        };
        self.step = Step { k: 1, tokens, part_tokens, decodes, ..Step::DECODING };
        let at_least = fetched * self.per_host_block;
        then.take(self, Load { tokens, prompts, attention, at_least, ..load })
    }

    /// Starts `k` iterations as they were composed, which last so long.
    #[inline]
    pub(super) fn start(&mut self, run: Progression, k: u64) {
        let Step { decodes, .. } = self.step;
        (self.step.k, self.step.first, self.step.growth) = (k, run.first, run.growth);
        self.step.end = self.now + self.step.lasts(k);
        if self.draw.is_shared() && decodes {
            for (class, of) in self.classes.iter().enumerate() {
                self.draw.count(class as u16, of.gain);
            }
        }
    }

    /// Ends the step under way at the first boundary at or after `at`.
    pub(super) fn cut(&mut self, at: Ticks) {
        self.step.cut(self.now, at);
        self.step.open = false;
    }

    /// Hands out the tokens of the first `k` iterations under way.
    #[inline(always)]
    fn give(&mut self, k: u64, sink: &mut impl Sink) {
        let Step { first, growth, part_tokens, decodes, .. } = self.step;
        self.work.iterations += k;
        self.owed -= k * self.each();
        if self.batch > 0 && decodes {
            let mut rest = (first, k);
            if self.scheduling.apart && self.decoded < self.now {
                self.end_wait(self.now + first, sink);
                rest = (first + growth, k - 1);
            }
            if rest.1 > 0 {
                for (class, of) in self.classes.iter().enumerate() {
                    sink.gaps(rest.0, growth, rest.1, class as u16, of.weight);
                }
            }
            if self.pool.is_some() {
                self.open_in_pool(k);
            }
            self.context += self.gain * k;
        }
        if decodes {
            self.iteration += k;
        }
        if self.scheduling.apart && decodes {
            self.decoded = self.now + self.step.lasts(k);
        }
        if part_tokens > 0
            && let Some(mut part) = self.part
        {
            let kv = part.kv + k * part_tokens;
            self.open(self.blocks(kv) - self.blocks(part.kv));
            self.grow(&part, kv, sink);
            part.kv = kv;
            self.part = Some(part);
        }
    }

    /// Every decoding sequence gets a token at `end`, for which it has waited since its last one:
    /// through iterations of prompts alone.
    #[cold]
    fn end_wait(&self, end: Ticks, sink: &mut impl Sink) {
        for &key in &self.finish {
            let sequence = &self.slots[slot_of(key)];
            let Request { class, weight, .. } = sequence.request;
            sink.gaps(end - self.last_token(sequence), 0, 1, class, u64::from(weight));
        }
    }

    /// When `sequence`, which decodes, got its last token.
    fn last_token(&self, sequence: &Sequence) -> Ticks {
        if self.scheduling.apart { sequence.joined.max(self.decoded) } else { self.now }
    }

    /// Tokens that each iteration under way gives.
    #[inline]
    fn each(&self) -> u64 {
        if self.step.decodes { self.gain + self.step.tokens } else { self.step.tokens }
    }

    /// Prompt tokens that an iteration may have.
    #[inline]
    fn budget(&self) -> u64 {
        if self.scheduling.apart { self.chunk } else { self.chunk - self.batch }
    }

    #[inline(always)]
    fn complete(&mut self, sink: &mut impl Sink) {
        self.give(self.step.k, sink);
        self.work.steps += 1;
        self.now = self.step.end;
        self.step.k = 0;
        self.step.open = false;
        if let Some(table) = self.next_table.take() {
            self.table = table;
        }
        if self.pool.is_some() {
            self.finish_in_order(sink);
        }
        while let Some(slot) = self.take_finished() {
            self.finish_decode(slot, sink);
        }
        if let Some(part) = self.part
            && part.kv == part.target
        {
            self.part = None;
            self.first_token(part.slot, sink);
        }
        for index in 0..self.fresh.len() {
            self.first_token(self.fresh[index], sink);
        }
        self.fresh.clear();
    }

    /// Whether the first chunk of the queue's head, if there is one, finds too little memory.
    #[inline]
    fn head_waits_for_memory(&self, sink: &impl Sink) -> bool {
        self.line.head().is_none_or(|head| {
            let found = self.found(head, sink.chain(head.prefix));
            let n = self.first_chunk(head, &found);
            !self.have_room(1, self.blocks(found.tokens + n) - found.pinned)
        })
    }

    /// Tokens of `head`, of which so much was `found`, that it would prefill first.
    #[inline]
    fn first_chunk(&self, head: &Request, found: &Found) -> u64 {
        let whole = head.to_prefill() - found.tokens;
        if self.scheduling.whole { whole } else { whole.min(self.budget()) }
    }

    /// What of a waiting request is in memory already.
    #[inline]
    pub(super) fn found(&self, request: &Request, chain: &[Piece]) -> Found {
        if let Some(pool) = &self.pool {
            return pool.found(request, chain);
        }
        let tokens = match request.loaded {
            true => request.to_prefill() - 1,
            false => reusable(self.prefixes.look(chain), request.prompt, self.block_mask),
        };
        Found { tokens, shared_tokens: tokens, ..Found::default() }
    }
}

fn slot_of(key: u64) -> usize {
    (key & 0xffff) as usize
}
