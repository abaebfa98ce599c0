//! A replica whose attention is shared out by sequences: ranks of GPUs, each with a batch of its own,
//! that go through every iteration together.
//!
//! Experts lie on the GPUs of all ranks, so that every layer waits for all of them: an iteration
//! begins and ends everywhere at once, and lasts as long as the slowest rank needs
//! ([`StepTable::run_of_ranks`]). Each rank composes its part of it alone, as the engine of a replica of
//! one batch does. Series of iterations last as long as the composition of no rank changes, the same
//! rank stays the slowest, and nobody arrives: which rank a request goes to depends on all of them.

use std::collections::VecDeque;
use std::sync::Arc;

use super::engine::{Draw, Gauge, Work};
use super::kv_pool::Found;
use super::leap::{Leap, Step};
use super::plain::Plain;
use super::prefix::Piece;
use super::request::{Request, Sink};
use super::step::{Load, Progression, RankRouting, RanksDesign, StepTable};
use super::ticks::{NEVER, Ticks};

/// The engine of one rank: that of a replica of one batch, which composes iterations, but is told how
/// long they last and is handed its requests.
#[derive(Debug, Clone)]
pub(super) enum Rank {
    Leap(Leap),
    Plain(Plain),
}

/// Calls the method of the same name of whichever engine a rank has.
macro_rules! each {
    ($rank:expr, $engine:ident => $call:expr) => {
        match $rank {
            Rank::Leap($engine) => $call,
            Rank::Plain($engine) => $call,
        }
    };
}

/// Counts for as many that run as one that waits, where ranks are compared (vLLM 0.10.2,
/// `vllm/v1/engine/core_client.py`).
const OF_WAITING: u64 = 4;

/// Requests that are cheap to look at one by one.
const FEW: usize = 4;

/// A replica of several ranks.
#[derive(Debug, Clone)]
pub(super) struct Ranks {
    ranks: Vec<Rank>,
    routing: RankRouting,
    /// The rank whose turn it is.
    turn: usize,
    table: Arc<StepTable>,
    next_table: Option<Arc<StepTable>>,
    /// The boundary between iterations that was reached last.
    now: Ticks,
    /// The iterations under way in all ranks that have any.
    step: Step,
    /// What each rank computes in them.
    loads: Vec<Option<Load>>,
    /// Requests sent to this replica that it has not seen yet: it looks at boundaries only.
    inbox: VecDeque<(Ticks, Request)>,
    draw: Draw,
    work: Work,
}

// Nearly all replicas have one batch: what theirs is matched with stays out of their way.
impl Ranks {
    /// A replica of ranks like `rank`, which is ready and empty.
    pub(super) fn new(
        design: &RanksDesign,
        mut rank: Rank,
        table: Arc<StepTable>,
        now: Ticks,
    ) -> Self {
        let count = design.count as usize;
        Self {
            draw: each!(&mut rank, engine => engine.draw().clone()),
            ranks: vec![rank; count],
            routing: design.routing,
            turn: 0,
            table,
            next_table: None,
            now,
            step: Step::default(),
            loads: vec![None; count],
            inbox: VecDeque::new(),
            work: Work::default(),
        }
    }

    #[cold]
    pub(super) fn send(&mut self, ready: Ticks, request: &Request) {
        self.inbox.push_back((ready, *request));
    }

    #[cold]
    pub(super) fn advance(&mut self, limit: Ticks, sink: &mut impl Sink) {
        loop {
            if self.step.k == 0 && !self.begin(limit, sink) {
                return;
            }
            if let Some(&(ready, _)) = self.inbox.front()
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

    /// Starts iterations at the boundary `now`, or finds nothing to do before `limit`.
    fn begin(&mut self, limit: Ticks, sink: &impl Sink) -> bool {
        loop {
            self.deliver();
            let mut most = u64::MAX;
            for (rank, load) in self.ranks.iter_mut().zip(&mut self.loads) {
                let composed = each!(rank, engine => engine.compose_at(self.now, sink));
                *load = composed.map(|(load, _)| load);
                most = most.min(composed.map_or(u64::MAX, |(_, most)| most));
            }
            if self.loads.iter().any(Option::is_some) {
                self.start(most);
                return true;
            }
            self.draw.set(self.now, self.table.resident_w);
            match self.inbox.front() {
                Some(&(ready, _)) if ready < limit => self.now = ready,
                _ => return false,
            }
        }
    }

    /// Starts what ranks have composed: at most so many iterations.
    fn start(&mut self, most: u64) {
        let loads = self.loads.iter().flatten();
        let (mut batch, mut tokens) = (0, 0);
        for load in loads.clone() {
            batch += load.batch;
            tokens += load.tokens;
        }
        let run = self.table.run_of_ranks(loads);
        let k = most.min(run.most);
        let Progression { first, growth, .. } = run;
        self.step = Step { k, first, growth, ..Step::default() };
        self.step.end = self.now + self.step.lasts(k);
        for (rank, _) in self.ranks.iter_mut().zip(&self.loads).filter(|(_, load)| load.is_some()) {
            each!(rank, engine => {
                engine.start(run, k);
                engine.draw().pass_counts_to(&mut self.draw);
            });
        }
        self.draw.set(self.now, self.table.watts(batch, tokens));
    }

    /// Moves what has arrived by `now` into the queues of ranks.
    fn deliver(&mut self) {
        while let Some(&(ready, request)) = self.inbox.front()
            && ready <= self.now
        {
            self.inbox.pop_front();
            let chosen = match self.routing {
                RankRouting::RoundRobin => {
                    let turn = self.turn;
                    self.turn = (turn + 1) % self.ranks.len();
                    turn
                }
                RankRouting::LeastBusy => {
                    let busy = |rank: &Rank| {
                        let (inside, waiting) =
                            each!(rank, engine => (engine.requests(), engine.waiting() as u64));
                        OF_WAITING * waiting + (inside - waiting)
                    };
                    let least = (0..self.ranks.len()).min_by_key(|&i| busy(&self.ranks[i]));
                    least.expect("a replica has ranks")
                }
            };
            each!(&mut self.ranks[chosen], engine => engine.take_in(request));
        }
    }

    /// The ranks that are in an iteration.
    fn at_work(&mut self) -> impl Iterator<Item = &mut Rank> {
        let all = self.ranks.iter_mut().zip(&self.loads);
        all.filter(|(_, load)| load.is_some()).map(|(rank, _)| rank)
    }

    /// Ends the iterations under way at the first boundary at or after `at`: in all ranks, since a
    /// request that arrives may join any of them.
    fn cut(&mut self, at: Ticks) {
        if self.step.cut(self.now, at) {
            self.at_work().for_each(|rank| each!(rank, engine => engine.cut(at)));
        }
    }

    fn complete(&mut self, sink: &mut impl Sink) {
        let Step { k, end, .. } = std::mem::take(&mut self.step);
        self.at_work().for_each(|rank| each!(rank, engine => engine.end_together(end, sink)));
        self.work.iterations += k;
        self.work.steps += 1;
        self.now = end;
        self.loads.fill(None);
        if let Some(table) = self.next_table.take() {
            self.table = table;
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

    #[cold]
    pub(super) fn walk_to(&mut self, at: Ticks, sink: &mut impl Sink) {
        if self.step.k > 0
            && let done = self.step.fewest(at + 1 - self.now) - 1
            && done > 0
        {
            self.at_work().for_each(|rank| each!(rank, engine => engine.walk_to(at, sink)));
            self.work.iterations += done;
            self.now += self.step.pass(done);
        }
    }

    pub(super) fn evict(&mut self, at: Ticks, sink: &mut impl Sink) -> Vec<Request> {
        self.walk_to(at, sink);
        self.draw.set(at, 0.0);
        let mut out = Vec::new();
        for rank in &mut self.ranks {
            out.extend(each!(rank, engine => engine.evict(at, sink)));
        }
        let inside = out.len();
        out.extend(self.inbox.drain(..).map(|(_, request)| request));
        out[inside..].sort_by_key(|request| request.priority);
        out.iter_mut().for_each(Request::lose_memory);
        self.step = Step::default();
        self.loads.fill(None);
        self.now = at;
        out
    }

    pub(super) fn give_up(&mut self, at: Ticks, patience: Ticks) -> Vec<Request> {
        let mut gone = Vec::new();
        for rank in &mut self.ranks {
            gone.extend(each!(rank, engine => engine.give_up(at, patience)));
        }
        self.inbox.retain(|(_, request)| {
            let stays = !request.gives_up(at, patience);
            if !stays {
                gone.push(*request);
            }
            stays
        });
        gone.sort_by_key(|request| (request.sent, request.priority));
        if self.step.k > 0 && !gone.is_empty() {
            // Whoever was behind them may join a batch now.
            self.cut(at);
        }
        gone
    }

    pub(super) fn revive(&mut self, at: Ticks, table: &Arc<StepTable>) {
        for rank in &mut self.ranks {
            each!(rank, engine => engine.revive(at, table));
        }
        self.table = Arc::clone(table);
        self.next_table = None;
        self.draw.set(at, table.resident_w);
        self.now = at;
    }

    pub(super) fn split(&mut self, share: impl Fn(u32) -> u32) -> Self {
        let ranks = self.ranks.iter_mut().map(|rank| match rank {
            Rank::Leap(engine) => Rank::Leap(engine.split(&share)),
            Rank::Plain(engine) => Rank::Plain(engine.split(&share)),
        });
        let ranks = ranks.collect();
        let inbox = self.inbox.iter_mut();
        let inbox = inbox.map(|(ready, request)| (*ready, request.split(&share)));
        Self {
            inbox: inbox.collect(),
            ranks,
            loads: self.loads.clone(),
            table: Arc::clone(&self.table),
            next_table: self.next_table.clone(),
            draw: self.draw.renewed(),
            work: Work::default(),
            ..*self
        }
    }

    #[cold]
    pub(super) fn draw(&mut self) -> &mut Draw {
        &mut self.draw
    }

    pub(super) fn work(&self) -> Work {
        let works = self.ranks.iter().map(|rank| each!(rank, engine => engine.work()));
        let Work { preemptions, evictions, .. } = works.fold(Work::default(), Work::plus);
        Work { preemptions, evictions, ..self.work }
    }

    pub(super) fn catch_up(&mut self, at: Ticks, sink: &mut impl Sink) {
        if at > self.now {
            self.walk_to(at - 1, sink);
        }
    }

    /// Most that is in memory of one rank: which of them serves the request is not known yet.
    pub(super) fn found(&self, request: &Request, chain: &[Piece]) -> Found {
        let found =
            self.ranks.iter().map(|rank| each!(rank, engine => engine.found(request, chain)));
        found.max_by_key(|found| found.tokens).unwrap_or_default()
    }

    #[cold]
    pub(super) fn waiting(&self) -> usize {
        let ranks = self.ranks.iter().map(|rank| each!(rank, engine => engine.waiting()));
        ranks.sum::<usize>() + self.inbox.len()
    }

    #[cold]
    pub(super) fn requests(&self) -> u64 {
        let inside = self.ranks.iter().map(|rank| each!(rank, engine => engine.requests()));
        inside.sum::<u64>() + self.inbox.len() as u64
    }

    pub(super) fn in_flight(&self) -> u64 {
        let coming = self.inbox.iter().map(|(_, request)| u64::from(request.weight));
        let inside = self.ranks.iter().map(|rank| each!(rank, engine => engine.in_flight()));
        inside.sum::<u64>() + coming.sum::<u64>()
    }

    #[cold]
    pub(super) fn is_empty(&self) -> bool {
        self.step.k == 0 && self.inbox.is_empty()
    }

    #[cold]
    pub(super) fn outstanding(&self, at: Ticks) -> u64 {
        let inside = self.ranks.iter().map(|rank| each!(rank, engine => engine.outstanding(at)));
        inside.sum::<u64>() + self.coming()
    }

    /// Tokens that those need who have not been seen yet.
    fn coming(&self) -> u64 {
        let needs = |request| each!(&self.ranks[0], engine => engine.needs(request));
        self.inbox.iter().map(|(_, request)| needs(request)).sum()
    }

    #[cold]
    pub(super) fn gauge(&self) -> Gauge {
        let end = match self.step.k {
            // What was sent at this very instant has not been looked at.
            0 if self.inbox.is_empty() => NEVER,
            0 => 0,
            _ => self.step.end,
        };
        let none = Gauge { end, since: self.now, owed: self.coming(), each: 0, per_tick: 0.0 };
        let ranks = self.ranks.iter().map(|rank| each!(rank, engine => engine.gauge()));
        ranks.fold(none, |all, of| Gauge {
            owed: all.owed + of.owed,
            each: all.each + of.each,
            per_tick: all.per_tick.max(of.per_tick),
            ..all
        })
    }

    #[cold]
    pub(super) fn next_leave(&self) -> Ticks {
        let shortest = self.next_table.as_ref().unwrap_or(&self.table).shortest();
        if self.step.k == 0 {
            return self.inbox.front().map_or(NEVER, |&(ready, _)| ready + shortest);
        }
        let working = self.ranks.iter().zip(&self.loads).filter(|(_, load)| load.is_some());
        let each = |(rank, _): (&Rank, _)| each!(rank, engine => engine.iterations_to_leave());
        let mut iterations = working.map(each).min().unwrap_or(0);
        if self.inbox.len() > FEW {
            iterations = iterations.min(1);
        }
        for (_, request) in self.inbox.iter().take(FEW) {
            iterations = iterations.min(each!(&self.ranks[0], engine => engine.stays(request)));
        }
        self.step.end.saturating_add(iterations.saturating_mul(shortest))
    }
}
