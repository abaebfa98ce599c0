//! Who feeds whom and what flows, found for what has changed alone, against a network that is built anew
//! and finds all of it: equal to the bit.

use proptest::prelude::*;
use proptest::sample::Index;

use super::properties::design;
use super::{component, node};
use crate::plant::power::sequence::{Drive, Supply};
use crate::plant::power::*;
use crate::plant::{Demand, Rank};

/// All that a network is told.
#[derive(Debug, Clone)]
struct Told {
    up: Vec<bool>,
    limit: Vec<Option<f64>>,
    supply: Vec<Supply>,
    terminal_w: f64,
    holds: Option<usize>,
    edge_open: Vec<bool>,
    cord_open: Vec<bool>,
    lost: Vec<bool>,
    demand: Vec<f64>,
}

impl Told {
    fn nothing(network: &Network) -> Self {
        let (nodes, loads) = (network.wiring.nodes(), network.wiring.loads());
        Self {
            up: vec![true; nodes],
            limit: vec![None; nodes],
            supply: vec![Supply::PLAIN; nodes],
            terminal_w: 0.0,
            holds: None,
            edge_open: vec![false; network.wiring.edges()],
            cord_open: vec![false; network.wiring.cord_node.len()],
            lost: vec![false; loads],
            demand: vec![0.0; loads],
        }
    }

    fn note(&mut self, step: Step) {
        fn one<'a, T>(of: &'a mut [T], index: &Index) -> &'a mut T {
            let at = index.index(of.len());
            &mut of[at]
        }
        match step {
            Step::Up(n, up) => *one(&mut self.up, &n) = up,
            Step::Limit(n, limit) => *one(&mut self.limit, &n) = limit,
            Step::Supply(n, supply) => *one(&mut self.supply, &n) = supply,
            Step::Terminal(w) => self.terminal_w = w,
            Step::Holds(n) => self.holds = n.map(|n| n.index(self.up.len() - 1)),
            Step::Edge(at, open) if !self.edge_open.is_empty() => {
                *one(&mut self.edge_open, &at) = open;
            }
            Step::Edge(..) => {}
            Step::Cord(at, open) => *one(&mut self.cord_open, &at) = open,
            Step::Lost(load, lost) => *one(&mut self.lost, &load) = lost,
            Step::Ask(load, w) => *one(&mut self.demand, &load) = w,
        }
    }

    /// Tells all of it, most of which `network` knows; every load draws what it is granted.
    fn tell(&self, network: &mut Network) {
        let battery = self.up.len() - 1;
        for n in 0..battery {
            let (node, Network { wiring, forest, .. }) = (PowerNode(n as u32), &mut *network);
            let edges = wiring.edges_of(n).len() as u32;
            let drive = match self.supply[n].drive {
                Drive::From(_) if edges == 0 => Drive::Follow,
                Drive::From(k) => Drive::From(k % edges),
                other => other,
            };
            forest.set_supply(wiring, n, &Supply { drive, ..self.supply[n] });
            let holds = self.holds == Some(n);
            forest.set_held_by(wiring, n, if holds { battery as u32 } else { u32::MAX });
            network.set_up(node, self.up[n]);
            network.set_limit(node, self.limit[n]);
        }
        network.forest.set_open(&network.wiring, |at| self.edge_open[at], |at| self.cord_open[at]);
        for (load, (&lost, &w)) in self.lost.iter().zip(&self.demand).enumerate() {
            network.forest.set_lost(load, lost);
            network
                .set_demand(PowerLoad(load as u32), Demand::of(Rank::ALL[load % Rank::COUNT], w));
        }
        network.set_terminal(PowerNode(battery as u32), self.terminal_w);
        // As the machines of a chain do whenever any of them has changed.
        network.switched = true;
        network.energise();
        // Walks of single changes round as a sum does not.
        network.recompute();
        network.allocate_and_draw();
    }
}

#[derive(Debug, Clone)]
enum Step {
    Up(Index, bool),
    Limit(Index, Option<f64>),
    Supply(Index, Supply),
    Terminal(f64),
    Holds(Option<Index>),
    Edge(Index, bool),
    Cord(Index, bool),
    Lost(Index, bool),
    Ask(Index, f64),
}

fn step() -> impl Strategy<Value = Step> {
    let drive = prop_oneof![
        3 => Just(Drive::Follow),
        1 => (0u32..4).prop_map(Drive::From),
        1 => Just(Drive::Own),
        1 => Just(Drive::Dead),
    ];
    let share = prop_oneof![Just(1.0), 0.0..1.0];
    let supply = (drive, share, prop::option::of(0.0..0.02)).prop_map(|(drive, share, passes)| {
        Supply { drive, share, battery_efficiency: 0.95, passes, ..Supply::PLAIN }
    });
    prop_oneof![
        4 => (any::<Index>(), any::<bool>()).prop_map(|(n, up)| Step::Up(n, up)),
        3 => (any::<Index>(), prop::option::of(0.0..600.0)).prop_map(|(n, w)| Step::Limit(n, w)),
        2 => (any::<Index>(), supply).prop_map(|(n, supply)| Step::Supply(n, supply)),
        1 => (-200.0..200.0).prop_map(Step::Terminal),
        1 => prop::option::of(any::<Index>()).prop_map(Step::Holds),
        1 => (any::<Index>(), any::<bool>()).prop_map(|(at, open)| Step::Edge(at, open)),
        1 => (any::<Index>(), any::<bool>()).prop_map(|(at, open)| Step::Cord(at, open)),
        1 => (any::<Index>(), any::<bool>()).prop_map(|(load, lost)| Step::Lost(load, lost)),
        4 => (any::<Index>(), 0.0..300.0).prop_map(|(load, w)| Step::Ask(load, w)),
    ]
}

/// All that is found, numbers by their bits.
fn found(network: &Network) -> String {
    let forest = &network.forest;
    let bits = |all: &[f64]| all.iter().map(|w| w.to_bits()).collect::<Vec<_>>();
    let behind: Vec<_> = forest
        .order
        .iter()
        .map(|&n| (forest.position[n as usize], forest.end[n as usize]))
        .collect();
    let flows = [&network.want, &network.draw].map(|flows| {
        let totals = [flows.import_w, flows.generated_w, flows.discharged_w, flows.export_w];
        [bits(&flows.out_w), bits(&flows.loss_w), bits(&totals)]
    });
    let loads = 0..network.wiring.loads() as u32;
    let caps: Vec<f64> = loads.map(|load| network.cap_w(PowerLoad(load))).collect();
    format!(
        "{:?}",
        (
            (&forest.live, &forest.parent, &forest.order, behind, network.overloaded),
            (bits(&forest.share), &forest.load_live, flows, bits(&caps)),
        )
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// Whatever was switched before, and in which order.
    #[test]
    fn what_is_found_in_parts_is_what_is_found_at_once(
        mut design in design(true, 1..4),
        bus in any::<Index>(),
        steps in prop::collection::vec(prop::collection::vec(step(), 1..4), 1..20),
    ) {
        let bus = bus.index(design.nodes.len()) as u32;
        design.nodes.push(node(component(ComponentKind::Battery, 200.0), &[bus]));
        let mut network = Network::new(&design);
        let mut told = Told::nothing(&network);
        for steps in steps {
            steps.into_iter().for_each(|step| told.note(step));
            told.tell(&mut network);
            let mut anew = Network::new(&design);
            told.tell(&mut anew);
            prop_assert_eq!(found(&network), found(&anew), "{:?}", told);
        }
    }
}
