//! The network on random sites: balance, feasibility, optimality, and a network built anew.

use proptest::prelude::*;
use proptest::sample::Index;

use super::{BUS, FEED, component, load, node, served_w};
use crate::plant::power::*;
use crate::plant::{Demand, Rank};

/// What the strategies below generate: components as (rating, loss, picks of feeders), loads as
/// picks of cords.
type RawNode = (f64, [f64; 3], Vec<Index>);

fn raw_node(lossy: bool) -> impl Strategy<Value = RawNode> {
    let rating = prop_oneof![1 => Just(f64::INFINITY), 3 => 50.0..1500.0];
    let loss = [0.0..3.0, 0.0..0.05, 0.0..1e-4];
    let feeders = prop::collection::vec(any::<Index>(), 1..4);
    (rating, loss, feeders).prop_map(move |(rating, loss, feeders)| {
        (rating, if lossy { loss } else { [0.0; 3] }, feeders)
    })
}

fn build(feeds: usize, raw: &[RawNode], loads: &[Vec<Index>], sharing: &[bool]) -> PowerDesign {
    let mut nodes: Vec<NodeDesign> = Vec::new();
    for (i, (rating_w, [fixed_w, linear, quadratic_per_w], feeders)) in raw.iter().enumerate() {
        let is_feed = i < feeds;
        let mut component = component(if is_feed { FEED } else { BUS }, *rating_w);
        if !is_feed {
            component.kind = ComponentKind::ALL[1 + i % 5];
            component.loss =
                LossCurve { fixed_w: *fixed_w, linear: *linear, quadratic_per_w: *quadratic_per_w };
        }
        let feeders: Vec<u32> = feeders.iter().map(|f| f.index(i.max(1)) as u32).collect();
        nodes.push(node(component, if is_feed { &[] } else { &feeders }));
    }
    let loads = loads
        .iter()
        .zip(sharing)
        .map(|(cords, even)| LoadDesign {
            sharing: if *even { Sharing::Even } else { Sharing::Preferred },
            ..load(&cords.iter().map(|c| c.index(raw.len()) as u32).collect::<Vec<_>>())
        })
        .collect();
    PowerDesign { nodes, loads }
}

/// A design of 1 to 3 feeds and up to 14 components; with `cords` cords a load.
pub(super) fn design(
    lossy: bool,
    cords: std::ops::Range<usize>,
) -> impl Strategy<Value = PowerDesign> {
    (
        1usize..4,
        prop::collection::vec(raw_node(lossy), 3..15),
        prop::collection::vec(prop::collection::vec(any::<Index>(), cords), 1..12),
        prop::collection::vec(any::<bool>(), 12),
    )
        .prop_map(|(feeds, raw, loads, sharing)| build(feeds, &raw, &loads, &sharing))
}

#[derive(Debug, Clone)]
enum Step {
    Up(Index, bool),
    Limit(Index, Option<f64>),
    Ask(Index, [f64; Rank::COUNT]),
    Draw(Index, f64),
    Allocate,
}

fn step() -> impl Strategy<Value = Step> {
    let part = prop_oneof![Just(0.0), 0.0..120.0];
    prop_oneof![
        2 => (any::<Index>(), any::<bool>()).prop_map(|(n, up)| Step::Up(n, up)),
        2 => (any::<Index>(), prop::option::of(0.0..600.0)).prop_map(|(n, w)| Step::Limit(n, w)),
        5 => (any::<Index>(), prop::array::uniform8(part)).prop_map(|(l, d)| Step::Ask(l, d)),
        5 => (any::<Index>(), 0.0..1.0).prop_map(|(l, part)| Step::Draw(l, part)),
        3 => Just(Step::Allocate),
    ]
}

/// What a network was told, to tell it to another.
struct Told {
    up: Vec<bool>,
    limit: Vec<Option<f64>>,
    demand: Vec<Demand>,
}

impl Told {
    fn nothing(design: &PowerDesign) -> Self {
        Self {
            up: vec![true; design.nodes.len()],
            limit: vec![None; design.nodes.len()],
            demand: vec![Demand::default(); design.loads.len()],
        }
    }

    fn tell(&self, network: &mut Network) {
        for (n, (&up, &limit)) in self.up.iter().zip(&self.limit).enumerate() {
            network.set_up(PowerNode(n as u32), up);
            network.set_limit(PowerNode(n as u32), limit);
        }
        for (l, &demand) in self.demand.iter().enumerate() {
            network.set_demand(PowerLoad(l as u32), demand);
        }
        network.allocate();
    }
}

fn check_balance(design: &PowerDesign, network: &Network) {
    let draws: f64 = (0..design.loads.len()).map(|l| network.draw_w(PowerLoad(l as u32))).sum();
    let nodes = || (0..design.nodes.len() as u32).map(PowerNode);
    let losses: f64 = nodes().map(|n| network.loss_w(n)).sum();
    let by_kind: f64 = ComponentKind::ALL.iter().map(|&k| network.total_loss_w(k)).sum();
    let imports: f64 = nodes()
        .filter(|n| design.nodes[n.0 as usize].fed_by.is_empty())
        .map(|n| network.input_w(n))
        .sum();
    let scale = imports.max(1.0);
    assert!((imports - draws - losses).abs() <= 1e-9 * scale, "{imports} {draws} {losses}");
    assert!((losses - by_kind).abs() <= 1e-9 * scale, "{losses} {by_kind}");
    assert!((imports - network.total_import_w()).abs() <= 1e-9 * scale);
}

fn check_fits(design: &PowerDesign, network: &Network) {
    for n in (0..design.nodes.len() as u32).map(PowerNode) {
        let (flow, limit) = (network.flow_w(n), network.limit_w(n));
        assert!(flow <= limit * (1.0 + 2e-9) + 1e-9, "{n:?} puts out {flow} W of {limit} W");
    }
}

/// What is not served, load by load.
fn check_unserved(network: &Network, demand: &[Demand]) {
    let mut unserved = Demand::default();
    for (l, demand) in (0..).zip(demand) {
        let granted = network.granted(PowerLoad(l));
        for (rank, sum) in unserved.0.iter_mut().enumerate() {
            *sum += demand.0[rank] - granted.0[rank];
        }
    }
    assert_eq!(network.unserved(), unserved);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever happens to a network: every watt is accounted for, served or not, every component
    /// stays within its limit even if all draw what they may, and the state is that of a network
    /// which is told the outcome at once.
    #[test]
    fn balances_fits_and_remembers_nothing(
        design in design(true, 1..4),
        steps in prop::collection::vec(step(), 1..60),
    ) {
        let mut network = Network::new(&design);
        let mut told = Told::nothing(&design);
        network.allocate();
        let mut settled = true;
        for step in steps.into_iter().chain([Step::Allocate]) {
            match step {
                Step::Up(n, up) => {
                    let n = n.index(design.nodes.len());
                    told.up[n] = up;
                    network.set_up(PowerNode(n as u32), up);
                    settled = false;
                }
                Step::Limit(n, limit) => {
                    let n = n.index(design.nodes.len());
                    told.limit[n] = limit;
                    network.set_limit(PowerNode(n as u32), limit);
                    settled = false;
                }
                Step::Ask(l, parts) => {
                    let l = l.index(design.loads.len());
                    told.demand[l] = Demand(parts);
                    network.set_demand(PowerLoad(l as u32), Demand(parts));
                    settled = false;
                }
                Step::Draw(l, part) => {
                    let l = l.index(design.loads.len());
                    if settled {
                        let most = served_w(&network, &told.demand, l);
                        network.set_draw(PowerLoad(l as u32), part * most);
                    }
                }
                Step::Allocate => {
                    network.allocate();
                    for l in 0..design.loads.len() {
                        // A load takes less at once when it asks for less.
                        let most = served_w(&network, &told.demand, l);
                        let draw = network.draw_w(PowerLoad(l as u32));
                        network.set_draw(PowerLoad(l as u32), draw.min(most));
                    }
                    settled = true;
                }
            }
            if settled {
                check_balance(&design, &network);
                check_fits(&design, &network);
                check_unserved(&network, &told.demand);
                for load in 0..design.loads.len() {
                    let cap_w = network.cap_w(PowerLoad(load as u32));
                    prop_assert!(cap_w == 0.0 || cap_w > 1e-6, "a crumb of {} W", cap_w);
                }
            }
        }
        let mut anew = Network::new(&design);
        told.tell(&mut anew);
        for l in 0..design.loads.len() {
            let id = PowerLoad(l as u32);
            prop_assert_eq!(network.energised(id), anew.energised(id));
            let (a, b) = (served_w(&network, &told.demand, l), served_w(&anew, &told.demand, l));
            prop_assert!((a - b).abs() <= 1e-6 * b.max(1.0), "load {}: {} and {}", l, a, b);
            network.set_draw(id, a);
            anew.set_draw(id, b);
        }
        check_fits(&design, &network);
        for n in (0..design.nodes.len() as u32).map(PowerNode) {
            prop_assert_eq!(network.fed_by(n), anew.fed_by(n));
            let (a, b) = (network.flow_w(n), anew.flow_w(n));
            prop_assert!((a - b).abs() <= 1e-6 * b.max(1.0), "{:?}: {} and {}", n, a, b);
        }
        let before = network.total_import_w();
        network.recompute();
        prop_assert!((before - network.total_import_w()).abs() <= 1e-9 * before.max(1.0));
    }

    /// No load on a single cord is cut without need: on its path stands a component that is
    /// full and behind which nothing of a lower rank is left. With losses too.
    #[test]
    fn nothing_is_cut_without_need(
        design in design(true, 1..2),
        asks in prop::collection::vec(prop::array::uniform8(prop_oneof![Just(0.0), 0.0..90.0]), 12),
    ) {
        let mut network = Network::new(&design);
        let mut told = Told::nothing(&design);
        for (demand, ask) in told.demand.iter_mut().zip(asks) {
            *demand = Demand(ask);
        }
        told.tell(&mut network);
        let loads = || (0..design.loads.len() as u32).map(PowerLoad);
        for l in loads() {
            let most = served_w(&network, &told.demand, l.0 as usize);
            network.set_draw(l, most);
        }
        let path = |l: PowerLoad| {
            let first = design.loads[l.0 as usize].cords[0];
            std::iter::successors(Some(first), |&n| network.fed_by(n))
        };
        for l in loads().filter(|&l| network.energised(l)) {
            let granted = network.granted(l);
            for rank in 0..Rank::COUNT {
                if granted.0[rank] >= told.demand[l.0 as usize].0[rank] {
                    continue;
                }
                let justified = path(l).any(|n| {
                    network.flow_w(n) >= network.limit_w(n) * (1.0 - 1e-6)
                        && loads().filter(|&m| network.energised(m) && path(m).any(|p| p == n)).all(
                            |m| network.granted(m).0[..rank].iter().all(|&w| w <= 1e-6),
                        )
                });
                prop_assert!(justified, "rank {} of {:?}: {:?}", rank, l, granted);
            }
        }
    }

    /// On a lossless forest with whole watts: exactly what trying every grant finds best, rank
    /// by rank from the top.
    #[test]
    fn greedy_is_optimal_on_a_forest(
        feeders in prop::collection::vec(any::<Index>(), 4),
        ratings in prop::collection::vec(0u32..9, 5),
        loads in prop::collection::vec((any::<Index>(), 0usize..3, 0u32..4), 1..7),
    ) {
        let mut nodes = vec![node(component(FEED, f64::from(ratings[0])), &[])];
        for (i, feeder) in feeders.iter().enumerate() {
            let feeder = feeder.index(i + 1) as u32;
            nodes.push(node(component(BUS, f64::from(ratings[i + 1])), &[feeder]));
        }
        let plugs: Vec<u32> = loads.iter().map(|(n, ..)| n.index(5) as u32).collect();
        let design =
            PowerDesign { nodes, loads: plugs.iter().map(|&n| load(&[n])).collect() };
        let mut network = Network::new(&design);
        for (l, &(_, rank, w)) in loads.iter().enumerate() {
            let mut demand = Demand::default();
            demand.0[rank] = f64::from(w);
            network.set_demand(PowerLoad(l as u32), demand);
        }
        network.allocate();
        let mut served = [0.0; 3];
        for l in 0..loads.len() {
            for (sum, w) in served.iter_mut().zip(network.granted(PowerLoad(l as u32)).0) {
                *sum += w;
            }
        }
        // Highest rank first.
        let mut best = [0u32; 3];
        let mut grants = vec![0u32; loads.len()];
        'all: loop {
            let mut flow = [0u32; 5];
            for (&plug, &w) in plugs.iter().zip(&grants) {
                let mut n = plug as usize;
                loop {
                    flow[n] += w;
                    match design.nodes[n].fed_by.first() {
                        Some(feeder) => n = feeder.0 as usize,
                        None => break,
                    }
                }
            }
            if flow.iter().zip(&ratings).all(|(f, r)| f <= r) {
                let mut sums = [0u32; 3];
                for ((_, rank, _), w) in loads.iter().zip(&grants) {
                    sums[2 - rank] += w;
                }
                best = best.max(sums);
            }
            for (grant, &(_, _, most)) in grants.iter_mut().zip(&loads) {
                *grant += 1;
                if *grant <= most {
                    continue 'all;
                }
                *grant = 0;
            }
            break;
        }
        for rank in 0..3 {
            prop_assert!((served[rank] - f64::from(best[2 - rank])).abs() < 1e-6,
                "served {:?}, best {:?} from the top", served, best);
        }
    }

    /// More room never makes the service worse, rank by rank from the top.
    #[test]
    fn more_room_serves_no_less(
        design in design(false, 1..2),
        asks in prop::collection::vec(prop::array::uniform8(0.0..90.0), 12),
        raised in any::<Index>(),
        by in 0.0..300.0,
    ) {
        let serve = |design: &PowerDesign| {
            let mut network = Network::new(design);
            for (l, ask) in asks.iter().take(design.loads.len()).enumerate() {
                network.set_demand(PowerLoad(l as u32), Demand(*ask));
            }
            network.allocate();
            network.unserved()
        };
        let before = serve(&design);
        let mut roomier = design.clone();
        let n = raised.index(design.nodes.len());
        roomier.nodes[n].component.rating_w += by;
        let after = serve(&roomier);
        for rank in (0..Rank::COUNT).rev() {
            prop_assert!(after.0[rank] <= before.0[rank] + 1e-5, "{:?} {:?}", before, after);
            if after.0[rank] < before.0[rank] - 1e-5 {
                break;
            }
        }
    }
}
