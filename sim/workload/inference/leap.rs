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

mod leave;
mod memory;
mod outside;
mod step;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;

use super::engine::{Draw, Limits, Scheduling, Work};
use super::kv_pool::{Found, HostTier, KvPool};
use super::prefix::{Piece, PrefixStore, reusable};
use super::request::{Request, Sink, TokenPace};
use super::step::{Load, Progression, StepTable};
use super::ticks::{NEVER, Ticks};
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
    /// Decoding sequences by slot; the slots in `finish` are in use, those in `vacant` not.
    slots: Vec<Sequence>,
    vacant: Vec<u16>,
    /// Last iteration and slot of every decoding sequence, packed: earliest first.
    finish: BinaryHeap<Reverse<u64>>,
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
    free: u64,
    /// The one sequence whose prompt is partly in memory; always the one admitted last.
    part: Option<Part>,
    /// Sequences whose prompt the step under way completes, with their order of admission.
    fresh: Vec<(Request, u64)>,
    /// Slots of those that have got their last token, in shared memory.
    ending: Vec<usize>,
    admissions: u64,
    prefixes: PrefixStore,
    /// Where the KV memory keeps what sequences leave in it: what `free` blocks hold.
    pool: Option<Box<KvPool>>,
    /// How long a block takes from host memory.
    per_host_block: Ticks,
    /// Requests leave once their prompt is in memory.
    hands_over: bool,
    queue: VecDeque<Request>,
    /// Requests sent to this replica that it has not seen yet: it looks at boundaries only.
    inbox: VecDeque<(Ticks, Request)>,
    /// Tokens that the requests inside still need as of `now`.
    owed: u64,
    draw: Draw,
    work: Work,
}

/// A decoding sequence.
#[derive(Debug, Clone, Copy)]
struct Sequence {
    request: Request,
    /// The iteration that gives it its last token.
    last: u64,
    admission: u64,
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

#[derive(Debug, Clone, Copy)]
struct Part {
    request: Request,
    /// Tokens in memory.
    kv: u64,
    admission: u64,
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
            finish: BinaryHeap::new(),
            batch: 0,
            context: 0,
            gain: 0,
            classes: Vec::new(),
            residues: vec![0; limits.block_tokens as usize],
            free: total_blocks,
            part: None,
            fresh: Vec::new(),
            ending: Vec::new(),
            admissions: 0,
            prefixes: PrefixStore::default(),
            pool: None,
            per_host_block: 0,
            hands_over: false,
            queue: VecDeque::new(),
            inbox: VecDeque::new(),
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

    pub(super) fn send(&mut self, ready: Ticks, request: Request) {
        self.owed += self.needs(&request);
        self.inbox.push_back((ready, request));
    }

    pub(super) fn advance(&mut self, limit: Ticks, sink: &mut impl Sink) {
        loop {
            if self.step.k == 0 && !self.begin(limit, sink) {
                return;
            }
            if self.step.open
                && let Some(&(ready, _)) = self.inbox.front()
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
        self.deliver();
        while self.batch == 0 && self.part.is_none() && self.queue.is_empty() {
            self.draw.set(self.now, self.table.resident_w);
            match self.inbox.front() {
                Some(&(ready, _)) if ready < limit => self.now = ready,
                _ => return false,
            }
            self.deliver();
        }
        self.compose(sink, |alone, load| alone.start_alone(load));
        true
    }

    /// Starts what it has composed, as long as that takes it alone.
    #[inline(always)]
    fn start_alone(&mut self, load: Load) {
        let run = self.table.run(&load);
        self.start(run, self.step.k.min(run.most));
        self.draw.set(self.now, self.table.watts(load.batch, load.tokens));
    }

    /// What the next iterations of a rank among others compute at `now`, and how many there are at
    /// most; nothing where nobody is inside.
    pub(super) fn compose_at(&mut self, now: Ticks, sink: &impl Sink) -> Option<(Load, u64)> {
        self.now = now;
        let inside = self.batch > 0 || self.part.is_some() || !self.queue.is_empty();
        inside.then(|| self.compose(sink, |rank, load| (load, rank.step.k)))
    }

    /// Ends the iterations under way of a rank.
    pub(super) fn end_together(&mut self, end: Ticks, sink: &mut impl Sink) {
        assert_eq!(self.step.end, end, "ranks go through iterations together");
        self.complete(sink);
    }

    /// A rank takes a request into its queue.
    pub(super) fn take_in(&mut self, request: Request) {
        self.owed += self.needs(&request);
        self.wait_last(request);
    }

    /// Decides what to do at the boundary `now`, where somebody is inside, and passes on to `then` what
    /// the next iterations compute; the step has how many there are at most.
    // Each way to `then` has a copy of it, which leaves out what that way has none of.
    #[inline(always)]
    fn compose<T>(&mut self, sink: &impl Sink, then: impl FnOnce(&mut Self, Load) -> T) -> T {
        match self.part {
            None if self.batch > 0 => {
                let full = self.batch >= self.sequences;
                if (full || self.queue.is_empty() || self.head_waits_for_memory(sink))
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
                    let open = !full && self.queue.front().is_none_or(|head| head.priority > 0);
                    self.step = Step { k, open, ..Step::DECODING };
                    let load = self.decodes();
                    return then(self, load);
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
                let chunks = (part.request.to_prefill() - part.kv - last) / tokens;
                if chunks > 0
                    && let k = match decodes {
                        true => self.horizon(chunks.min(self.iterations_to_completion()), tokens),
                        false => self.horizon_apart(chunks, part.kv, tokens),
                    }
                    && k > 0
                {
                    let part_tokens = tokens;
                    self.step = Step { k, tokens, part_tokens, decodes, ..Step::DECODING };
                    self.draw.count(part.request.class, tokens);
                    let attention = tokens * (2 * part.kv + tokens);
                    let attention_growth = 2 * tokens * tokens;
                    let load = Load { tokens, prompts: 1, attention, attention_growth, ..load };
                    return then(self, load);
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
    fn mixed<T>(&mut self, sink: &impl Sink, then: impl FnOnce(&mut Self, Load) -> T) -> T {
        let mut preempted = false;
        let mut reserved = self.blocks_next();
        while reserved > self.free {
            self.preempt(sink);
            preempted = true;
            reserved = self.blocks_next();
        }
        let mut budget = self.budget();
        let (mut tokens, mut prompts, mut attention, mut part_tokens) = (0, 0, 0, 0);
        // Blocks that come from host memory.
        let mut fetched = 0;
        // Those whose memory was brought here decode at once.
        let (mut joined, mut joined_context) = (0, 0);
        if let Some(part) = self.part {
            let n = budget.min(part.request.to_prefill() - part.kv);
            let blocks = self.blocks(part.kv + n) - self.blocks(part.kv);
            if reserved + blocks > self.free {
                self.preempt(sink);
                preempted = true;
            } else {
                budget -= n;
                self.draw.count(part.request.class, n);
                attention += n * (2 * part.kv + n);
                (tokens, prompts) = (n, 1);
                if part.kv + n == part.request.to_prefill() {
                    // It makes room for the next prompt that is taken in parts.
                    self.open(blocks);
                    self.grow(&part, part.kv + n, sink);
                    self.part = None;
                    self.fresh.push((part.request, part.admission));
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
            && let Some(head) = self.queue.front()
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
            if reserved + blocks > self.free {
                break;
            }
            let mut request = self.queue.pop_front().expect("the queue has a head");
            let is_first = request.admitted == NEVER;
            request.admitted = request.admitted.min(self.now);
            match &mut self.pool {
                None => self.free -= blocks,
                Some(pool) => {
                    let chain = sink.chain(request.prefix);
                    let (blocks, lost) = pool.admit(&mut request, &found, chain, kv);
                    self.free -= blocks;
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
            self.admissions += 1;
            if kv == request.to_prefill() {
                self.fresh.push((request, self.admissions));
            } else {
                self.part = Some(Part { request, kv, admission: self.admissions });
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
        then(self, Load { tokens, prompts, attention, at_least, ..load })
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
            self.open(self.blocks_in(k));
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
        for &Reverse(key) in &self.finish {
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
    fn each(&self) -> u64 {
        if self.step.decodes { self.gain + self.step.tokens } else { self.step.tokens }
    }

    /// Prompt tokens that an iteration may have.
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
        while let Some(&Reverse(key)) = self.finish.peek()
            && key >> 16 < self.iteration
        {
            self.finish.pop();
            self.finish_decode(slot_of(key), sink);
        }
        if let Some(part) = self.part
            && part.kv == part.request.to_prefill()
        {
            self.part = None;
            self.first_token(part.request, part.admission, sink);
        }
        if !self.fresh.is_empty() {
            let mut fresh = std::mem::take(&mut self.fresh);
            for (request, admission) in fresh.drain(..) {
                self.first_token(request, admission, sink);
            }
            self.fresh = fresh;
        }
    }

    /// The prompt of `request` is in memory at `now`, and with that its next token is out.
    fn first_token(&mut self, mut request: Request, admission: u64, sink: &mut impl Sink) {
        let kv = request.to_prefill();
        request.first = request.first.min(self.now);
        if request.stalled != NEVER {
            let weight = u64::from(request.weight);
            sink.gaps(self.now - request.stalled, 0, 1, request.class, weight);
            request.stalled = NEVER;
        }
        request.generated += 1;
        self.owed -= 1;
        if request.generated == request.output {
            self.give_back(request.prefix, (kv, kv), false, sink);
            sink.finished(&request, self.now);
            return;
        }
        if self.hands_over {
            self.give_back(request.prefix, (kv, kv), false, sink);
            (request.stalled, request.loaded) = (self.now, true);
            sink.handed_over(&request, self.now);
            return;
        }
        let TokenPace { gain, rounds } = request.pace();
        self.batch += 1;
        self.context += kv + 1;
        self.gain += u64::from(gain);
        let class = usize::from(request.class);
        if class >= self.classes.len() {
            self.classes.resize(class + 1, Decoding::default());
        }
        self.classes[class].weight += u64::from(request.weight);
        self.classes[class].gain += u64::from(gain);
        let residue = self.residue(kv, gain);
        if residue >= self.residues.len() {
            self.residues.resize(gain as usize * (self.block_mask as usize + 1), 0);
        }
        self.residues[residue] += 1;
        let last = self.iteration + u64::from(rounds) - 1;
        let rest = request.output - request.generated - gain * rounds;
        let joined = self.now;
        let sequence = Sequence { request, last, admission, joined, gain, rest };
        let slot = match self.vacant.pop() {
            Some(slot) => {
                self.slots[usize::from(slot)] = sequence;
                usize::from(slot)
            }
            None => {
                self.slots.push(sequence);
                self.slots.len() - 1
            }
        };
        self.finish.push(Reverse(last << 16 | slot as u64));
    }

    /// Takes those out of the batch that got their last tokens in the same iteration: what they leave
    /// in a shared memory goes in the order in which they were admitted.
    #[cold]
    fn finish_in_order(&mut self, sink: &mut impl Sink) {
        let mut ending = std::mem::take(&mut self.ending);
        while let Some(&Reverse(key)) = self.finish.peek()
            && key >> 16 < self.iteration
        {
            self.finish.pop();
            ending.push(slot_of(key));
        }
        ending.sort_unstable_by_key(|&slot| self.slots[slot].admission);
        for slot in ending.drain(..) {
            self.finish_decode(slot, sink);
        }
        self.ending = ending;
    }

    fn finish_decode(&mut self, slot: usize, sink: &mut impl Sink) {
        let Sequence { request, rest, .. } = self.slots[slot];
        self.owed -= u64::from(rest);
        let kv = request.peak_tokens() - u64::from(rest);
        self.leave(slot, kv, false, sink);
        sink.finished(&request, self.now);
    }

    /// Takes the decoding sequence in `slot`, which holds `kv` tokens, out of the batch. Returns the
    /// number under which they are kept, if it is to come back.
    fn leave(&mut self, slot: usize, kv: u64, comes_back: bool, sink: &impl Sink) -> u32 {
        let Sequence { request, gain, .. } = self.slots[slot];
        self.batch -= 1;
        self.context -= kv + 1;
        self.gain -= u64::from(gain);
        let class = &mut self.classes[usize::from(request.class)];
        class.weight -= u64::from(request.weight);
        class.gain -= u64::from(gain);
        let residue = self.residue(kv, gain);
        self.residues[residue] -= 1;
        self.vacant.push(slot as u16);
        // The token with which it began to decode came after its admission.
        let target = request.to_prefill() - 1;
        self.give_back(request.prefix, (target, kv), comes_back, sink)
    }

    /// Moves what has arrived by `now` into the queue.
    fn deliver(&mut self) {
        while let Some(&(ready, request)) = self.inbox.front()
            && ready <= self.now
        {
            self.inbox.pop_front();
            self.wait_last(request);
        }
    }

    /// Puts `request` behind all that are as urgent.
    #[inline]
    fn wait_last(&mut self, request: Request) {
        match self.queue.back() {
            Some(last) if last.priority > request.priority => {
                let before = |other: &Request| other.priority <= request.priority;
                self.queue.insert(self.queue.partition_point(before), request);
            }
            _ => self.queue.push_back(request),
        }
    }

    /// Whether the first chunk of the queue's head finds too little memory.
    fn head_waits_for_memory(&self, sink: &impl Sink) -> bool {
        self.queue.front().is_some_and(|head| {
            let found = self.found(head, sink.chain(head.prefix));
            let n = self.first_chunk(head, &found);
            self.blocks_next() + self.blocks(found.tokens + n) - found.pinned > self.free
        })
    }

    /// Tokens of `head`, of which so much was `found`, that it would prefill first.
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
