//! What is cut when the wish of all loads does not fit.
//!
//! Components are visited leaves first. Where one would put out more than it may, the loads
//! behind it are cut by rank, in the order of the [`Ladder`]; within a rank all of them by the same factor.
//! A later visit only ever cuts further, so that in the end every component fits.
//!
//! Limits on a forest are nested, and for nested limits this greedy is optimal in the order of
//! ranks: no other choice serves more of the highest rank, nor, that being so, more of the
//! next, and so on. Losses differ between branches, so the last watt within a rank could
//! sometimes be served over a better branch.
//!
//! A load on two cords is behind two components that are not nested. Where one is cut, all loads
//! are shared out anew by `fair`.

use std::ops::Range;

use super::fair::Filling;
use super::flow::Flows;
use super::forest::{Forest, NONE, ROUNDING_W, TOLERANCE, is_over};
use super::wiring::Wiring;
use crate::plant::{Demand, Ladder, Rank};

/// The grants of one allocation, with its working memory.
#[derive(Debug, Clone)]
pub(super) struct Shed {
    /// What of its demand each load is granted. Meaningless for dead loads.
    granted: Vec<Demand>,
    total_w: Vec<f64>,
    /// Loads that were cut in the last run, each once, and loads of which `granted` is not what they
    /// want for another reason.
    cut: Vec<u32>,
    stale: Stale,
    /// Output of each node. Too high where a load was cut for the sake of its other cord: that is
    /// put right if and when the node is fitted, which sums anew before it cuts.
    out_w: Vec<f64>,
    /// By place in preorder.
    places: Vec<Place>,
    /// How flows are summed.
    steps: Vec<Step>,
    /// The last cut that touched each load, so that both cords of a load cut it once.
    touched: Vec<u64>,
    cuts: u64,
    /// The last cut before this run.
    before: u64,
    plugged: Plugged,
    /// A load with a second live cord was cut.
    split: bool,
    filling: Filling,
    pub(super) ladder: Ladder,
}

impl Shed {
    pub(super) fn new(wiring: &Wiring) -> Self {
        Self {
            granted: vec![Demand::default(); wiring.loads()],
            total_w: vec![0.0; wiring.loads()],
            cut: Vec::new(),
            stale: Stale { all: true, loads: Vec::new() },
            out_w: vec![0.0; wiring.nodes()],
            places: vec![Place::default(); wiring.nodes()],
            steps: Vec::new(),
            touched: vec![0; wiring.loads()],
            cuts: 0,
            before: 0,
            plugged: Plugged::new(wiring),
            split: false,
            filling: Filling::new(wiring),
            ladder: Ladder::default(),
        }
    }

    /// Computes `granted` for `demand`, whose flows are `want`. Costs a pass over all nodes, one over what
    /// lies behind each overloaded one, and a few over those of the latter whose flow moves with what is cut.
    pub(super) fn run(
        &mut self,
        wiring: &Wiring,
        forest: &Forest,
        limit_w: &[f64],
        demand: &[Demand],
        want: &Flows,
    ) {
        self.grant_all(wiring, demand, want.loads_w());
        self.out_w.copy_from_slice(&want.out_w);
        self.split = false;
        self.before = self.cuts;
        for place in (0..forest.order.len()).rev() {
            let n = forest.order[place] as usize;
            if is_over(self.out_w[n], limit_w[n]) {
                self.fit(wiring, forest, n, limit_w[n]);
            }
        }
        if self.split {
            self.filling.run(wiring, forest, limit_w, (demand, &self.ladder), &mut self.granted);
            self.forget_grants();
        }
    }

    /// Grants every load its `demand`, `want_w` in all: at the cost of those whose demand has changed, or
    /// was cut.
    pub(super) fn grant_all(&mut self, wiring: &Wiring, demand: &[Demand], want_w: &[f64]) {
        if std::mem::take(&mut self.stale.all) {
            self.granted.copy_from_slice(demand);
            self.total_w.copy_from_slice(want_w);
        } else {
            // Machines of the power chain say what chargers want.
            let chargers = wiring.own_loads as u32..wiring.loads() as u32;
            for &load in self.cut.iter().chain(&self.stale.loads) {
                self.granted[load as usize] = demand[load as usize];
                self.total_w[load as usize] = want_w[load as usize];
            }
            for load in chargers.map(|load| load as usize) {
                (self.granted[load], self.total_w[load]) = (demand[load], want_w[load]);
            }
        }
        self.cut.clear();
        self.stale.loads.clear();
        debug_assert!(self.granted == demand && self.total_w == want_w, "every load tells");
    }

    /// What of its demand a load is granted. A crumb that rounding leaves is nothing: it runs nothing.
    pub(super) fn granted(&self, load: usize) -> Demand {
        let granted = self.granted[load];
        if granted.total_w() > ROUNDING_W { granted } else { Demand::default() }
    }

    /// Whether a load is granted something else than its `demand`.
    pub(super) fn is_cut(&self, load: usize, demand: &Demand) -> bool {
        self.granted[load] != *demand
    }

    /// What loads want is not what their demand was when they were last granted that.
    pub(super) fn forget_grants(&mut self) {
        self.stale.all = true;
    }

    /// The loads to which the last run may have granted less than they want; none where each may be one
    /// of them, as where loads were shared out anew.
    pub(super) fn cut(&self) -> Option<&[u32]> {
        (!self.split).then_some(self.cut.as_slice())
    }

    /// A load wants something else.
    pub(super) fn forget(&mut self, wiring: &Wiring, load: usize) {
        self.plugged.forget(wiring, load);
        self.stale.add(load, self.granted.len());
    }

    /// It was found anew who feeds whom.
    pub(super) fn forget_all(&mut self) {
        self.plugged.known.fill(0);
        self.forget_grants();
    }

    /// Cuts the loads behind node `n` until it puts out at most `limit_w`.
    fn fit(&mut self, wiring: &Wiring, forest: &Forest, n: usize, limit_w: f64) {
        let behind = forest.position[n] as usize..forest.end[n] as usize;
        let before = self.out_w[n];
        let mut found = false;
        for rank in self.ladder.0.map(|rank| rank as usize) {
            if !self.gather(wiring, forest, behind.clone(), rank) {
                continue;
            }
            found = true;
            self.lay_steps(forest, behind.clone());
            let factor = self.solve(forest, behind.start, limit_w);
            self.scale(wiring, forest, behind.start, rank, factor);
            let out = self.places[behind.start].flow_w;
            if !is_over(out, limit_w) {
                break;
            }
        }
        if !found {
            // Idle losses fit, or the component would have opened: all of it was rounding.
            return;
        }
        // What lies behind has been looked at before.
        let after = self.places[behind.start].flow_w;
        self.out_w[n] = after;
        let change = forest.input_growth_w(n, before, after);
        self.follow(forest, forest.parent[n], change);
    }

    /// Splits what is plugged in at each place of `behind` into `rank` and the rest; whether
    /// there is anything of `rank`.
    fn gather(
        &mut self,
        wiring: &Wiring,
        forest: &Forest,
        behind: Range<usize>,
        rank: usize,
    ) -> bool {
        let mut any = false;
        for place in behind {
            let node = forest.order[place] as usize;
            let is_whole = self.plugged.cut[node] <= self.before;
            let split = self.plugged.split(node, rank, is_whole, || {
                let mut split = Split::default();
                for &cord in wiring.sockets(node) {
                    let share = forest.share[cord as usize];
                    let load = wiring.cord_load[cord as usize] as usize;
                    let w = self.granted[load].0[rank];
                    split.cut_w += share * w;
                    split.keep_w += share * (self.total_w[load] - w);
                }
                split
            });
            any |= split.cut_w > 0.0;
            self.places[place].split = split;
        }
        any
    }

    /// Finds which flows of `behind` move with what was gathered, and sums the others.
    fn lay_steps(&mut self, forest: &Forest, behind: Range<usize>) {
        let first = behind.start;
        for place in &mut self.places[behind.clone()] {
            place.moves = place.split.cut_w != 0.0;
            place.flow_w = place.split.keep_w + place.split.cut_w;
        }
        let (places, feeders) = (&mut self.places[..behind.end], &forest.feeder[..behind.end]);
        for place in (first + 1..behind.end).rev() {
            let moves = places[place].moves;
            places[feeders[place] as usize].moves |= moves;
        }
        self.steps.clear();
        for place in (first + 1..behind.end).rev() {
            let (n, feeder) = (forest.order[place] as usize, feeders[place] as usize);
            let Place { flow_w, moves, .. } = places[place];
            if moves {
                self.steps.push(Step::Moves { place, n, feeder });
                continue;
            }
            let input_w = forest.input_w(n, flow_w);
            let feeding = &mut places[feeder];
            match feeding.moves {
                true => self.steps.push(Step::Stays { feeder, input_w }),
                false => feeding.flow_w += input_w,
            }
        }
    }

    /// The factor on the gathered rank at which the first place, `first`, puts out `limit_w`; zero when
    /// even that is too much. Leaves the flows at that factor.
    fn solve(&mut self, forest: &Forest, first: usize, limit_w: f64) -> f64 {
        let (least, _) = self.flow_at(forest, first, 0.0);
        if least >= limit_w {
            return 0.0;
        }
        // Output grows with the factor and is convex in it, so Newton's method from above
        // closes in on the root from above, without overshoot.
        let mut factor = 1.0;
        for _ in 0..50 {
            let (out, slope) = self.flow_at(forest, first, factor);
            if out - limit_w <= 1e-3 * (limit_w * TOLERANCE + ROUNDING_W) {
                // Rounding may take the last step beyond nothing at all.
                return factor.max(0.0);
            }
            factor -= (out - limit_w) / slope;
        }
        panic!("the shed factor of a convex flow was not found within 50 Newton steps");
    }

    /// Output of the place `first` at `factor`, and its derivative.
    fn flow_at(&mut self, forest: &Forest, first: usize, factor: f64) -> (f64, f64) {
        for at in self.steps.iter().filter_map(Step::moving).chain([first]) {
            let place = &mut self.places[at];
            place.flow_w = place.split.keep_w + factor * place.split.cut_w;
            place.slope = place.split.cut_w;
        }
        for step in &self.steps {
            match *step {
                Step::Moves { place, n, feeder } => {
                    let Place { flow_w, slope, .. } = self.places[place];
                    let feeding = &mut self.places[feeder];
                    feeding.flow_w += forest.input_w(n, flow_w);
                    feeding.slope += slope * forest.input_slope(n, flow_w);
                }
                Step::Stays { feeder, input_w } => self.places[feeder].flow_w += input_w,
            }
        }
        (self.places[first].flow_w, self.places[first].slope)
    }

    /// Scales the grants of `rank` behind by `factor`.
    fn scale(&mut self, wiring: &Wiring, forest: &Forest, first: usize, rank: usize, factor: f64) {
        if factor == 1.0 {
            return;
        }
        self.cuts += 1;
        let steps = std::mem::take(&mut self.steps);
        for place in steps.iter().filter_map(Step::moving).chain([first]) {
            // Nobody who is plugged in here has anything of that rank.
            if self.places[place].split.cut_w == 0.0 {
                continue;
            }
            for &cord in wiring.sockets(forest.order[place] as usize) {
                let load = wiring.cord_load[cord as usize] as usize;
                let share = forest.share[cord as usize];
                if share == 0.0 || self.granted[load].0[rank] == 0.0 {
                    continue;
                }
                self.split |= share < 1.0;
                if self.touched[load] != self.cuts {
                    if self.touched[load] <= self.before {
                        self.cut.push(load as u32);
                    }
                    self.touched[load] = self.cuts;
                    self.plugged.cut(wiring, load, self.cuts);
                    self.granted[load].0[rank] *= factor;
                    self.total_w[load] = self.granted[load].total_w();
                }
            }
        }
        self.steps = steps;
    }

    /// Adds `change` to the output of `node` and, with its loss, of all that feed it.
    fn follow(&mut self, forest: &Forest, node: u32, mut change: f64) {
        let mut node = node;
        while node != NONE {
            let n = node as usize;
            let before = self.out_w[n];
            self.out_w[n] = before + change;
            change = forest.input_growth_w(n, before, before + change);
            node = forest.parent[n];
        }
    }
}

/// A component where it stands in preorder, as a cut of one rank sees it.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// What is plugged in: what stays, and what is being scaled.
    split: Split,
    /// Its flow, W, and how that grows with the factor.
    flow_w: f64,
    slope: f64,
    /// Whether the flow moves with what is being scaled.
    moves: bool,
}

/// A part of the sum of flows, from the leaves up.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// The flow of component `n` at `place` moves with what is scaled, and is added to that of `feeder`.
    Moves { place: usize, n: usize, feeder: usize },
    /// What does not move of the flow of `feeder`, W.
    Stays { feeder: usize, input_w: f64 },
}

impl Step {
    fn moving(&self) -> Option<usize> {
        match *self {
            Step::Moves { place, .. } => Some(place),
            Step::Stays { .. } => None,
        }
    }
}

/// Loads to be looked at again, of which some may be told twice, or all.
#[derive(Debug, Clone)]
struct Stale {
    all: bool,
    loads: Vec<u32>,
}

impl Stale {
    /// One more, of `count` that there are.
    fn add(&mut self, load: usize, count: usize) {
        // Who asks for years where nothing is short fills no memory.
        self.all |= self.loads.len() >= count;
        if !self.all {
            self.loads.push(load as u32);
        }
    }
}

/// What is plugged in at a node, as a cut of one rank sees it, W.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
struct Split {
    keep_w: f64,
    cut_w: f64,
}

/// What is plugged in at each node, by rank, as long as nobody behind it wants something else:
/// most sites are short for hours in which few loads change.
#[derive(Debug, Clone)]
struct Plugged {
    /// Before anything is cut.
    whole: Vec<[Split; Rank::COUNT]>,
    /// A bit for each rank of which `whole` is true.
    known: Vec<u8>,
    /// The last cut of a load that is plugged in here.
    cut: Vec<u64>,
}

impl Plugged {
    fn new(wiring: &Wiring) -> Self {
        Self {
            whole: vec![[Split::default(); Rank::COUNT]; wiring.nodes()],
            known: vec![0; wiring.nodes()],
            cut: vec![0; wiring.nodes()],
        }
    }

    /// What is plugged in at `node`, `is_whole` where none of it has been cut; `sum` adds it up from what
    /// is granted now.
    fn split(
        &mut self,
        node: usize,
        rank: usize,
        is_whole: bool,
        sum: impl FnOnce() -> Split,
    ) -> Split {
        if !is_whole {
            return sum();
        }
        if self.known[node] & 1 << rank == 0 {
            self.whole[node][rank] = sum();
            self.known[node] |= 1 << rank;
        } else {
            debug_assert_eq!(self.whole[node][rank], sum(), "node {node} is told what is wanted");
        }
        self.whole[node][rank]
    }

    fn cut(&mut self, wiring: &Wiring, load: usize, cut: u64) {
        for cord in wiring.cords(load) {
            self.cut[wiring.cord_node[cord] as usize] = cut;
        }
    }

    fn forget(&mut self, wiring: &Wiring, load: usize) {
        for cord in wiring.cords(load) {
            self.known[wiring.cord_node[cord] as usize] = 0;
        }
    }
}
