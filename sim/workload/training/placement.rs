//! Which racks the nodes of a job are taken from.

use schemars::JsonSchema;
use serde::Deserialize;

/// How the nodes of a job lie on the racks. A preference: no job waits for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Placement {
    /// The first neighbours, by number, that are all free; where there are none, the first free
    /// nodes. Nodes are numbered rack by rack.
    #[default]
    Contiguous,
    /// On as few racks as possible.
    Packed,
    /// As few nodes as possible on any one rack.
    Spread,
}

/// Which node a job gets that is smaller than one, and shares it with others of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sharing {
    /// As Slurm's `select/cons_tres` does by default (`_eval_nodes` in `job_test.c`): of the sets of
    /// neighbours that all have room for it the one with the fewest free GPUs or cores, and of that
    /// set the node with the fewest; the first of equals.
    BestFit,
    /// As Slurm's `CR_LLN`: the node with the most free GPUs or cores; the first of equals.
    LeastLoaded,
}

/// Places of nodes: (node, how many of it), by rising node.
pub(super) type Places = Vec<(usize, usize)>;

/// Whether a job of `want` places has room on nodes of `per_node` places, of which `free` are free.
pub(super) fn fits(mut free: impl Iterator<Item = usize>, per_node: usize, want: usize) -> bool {
    match want / per_node {
        0 => free.any(|free| free >= want),
        whole => free.filter(|&free| free == per_node).take(whole).count() == whole,
    }
}

/// Where a job of `want` places goes on nodes of `per_node` places, of which `free` are free: to a
/// part of one node, or to whole nodes; none where it does not fit. Costs a look at each node.
pub(super) fn share(rule: Sharing, free: &[usize], per_node: usize, want: usize) -> Option<Places> {
    let (mut left, each) = if want < per_node { (1, want) } else { (want / per_node, per_node) };
    let has_room = |node: &usize| free[*node] >= each;
    let mut chosen: Vec<usize> = match rule {
        Sharing::LeastLoaded => {
            let mut nodes: Vec<usize> = (0..free.len()).filter(has_room).collect();
            nodes.sort_by_key(|&node| std::cmp::Reverse(free[node]));
            nodes.truncate(left);
            left -= nodes.len();
            nodes
        }
        Sharing::BestFit => {
            let nodes: Vec<usize> = (0..free.len()).filter(has_room).collect();
            let mut sets: Vec<&[usize]> = nodes.chunk_by(|a, b| a + 1 == *b).collect();
            let room = |set: &[usize]| set.iter().map(|&node| free[node]).sum::<usize>();
            let mut chosen = Vec::new();
            while left > 0 && !sets.is_empty() {
                // The tightest set that suffices, or else the roomiest.
                let key = |(at, set): (usize, &&[usize])| match set.len() >= left {
                    true => (false, room(set), at),
                    false => (true, usize::MAX - room(set), at),
                };
                let (_, _, best) = sets.iter().enumerate().map(key).min().expect("there is a set");
                let set = sets.remove(best);
                if left == 1 {
                    chosen.extend(set.iter().copied().min_by_key(|&node| (free[node], node)));
                } else {
                    chosen.extend_from_slice(&set[..left.min(set.len())]);
                }
                left -= left.min(set.len());
            }
            chosen
        }
    };
    chosen.sort_unstable();
    (left == 0).then(|| chosen.into_iter().map(|node| (node, each)).collect())
}

/// How many of `count` nodes to take from each rack, of which `free` are free, so that they lie
/// on as few racks as possible: the racks with the most free nodes whole, by number, for as long
/// as none suffices for the rest; for the rest the fullest rack that suffices.
///
/// # Panics
///
/// When fewer are free.
pub(super) fn packed(free: &[usize], count: usize) -> Vec<(usize, usize)> {
    let mut racks: Vec<usize> = (0..free.len()).filter(|&rack| free[rack] > 0).collect();
    racks.sort_by_key(|&rack| std::cmp::Reverse(free[rack]));
    let mut chosen = Vec::new();
    let mut rest = count;
    let mut left = racks.as_slice();
    while rest > 0 {
        let (&most, others) = left.split_first().expect("enough nodes are free");
        if free[most] < rest {
            chosen.push((most, free[most]));
            rest -= free[most];
            left = others;
            continue;
        }
        let suffices = left.iter().copied().filter(|&rack| free[rack] >= rest);
        let fullest = suffices.min_by_key(|&rack| (free[rack], rack)).expect("the first does");
        chosen.push((fullest, rest));
        rest = 0;
    }
    chosen.sort_unstable();
    chosen
}

/// How many of `count` nodes to take from each rack, of which `free` are free, so that the most
/// that lie on any one rack are as few as possible; the racks of lower number take one more
/// where it does not come out even.
///
/// # Panics
///
/// When fewer are free.
pub(super) fn spread(free: &[usize], count: usize) -> Vec<(usize, usize)> {
    let at_most = |level: usize| free.iter().map(|&free| free.min(level)).sum::<usize>();
    let level = (0..=count).find(|&level| at_most(level) >= count).expect("enough nodes are free");
    let mut surplus = at_most(level) - count;
    let mut chosen: Vec<(usize, usize)> = Vec::new();
    for (rack, &free) in free.iter().enumerate().rev() {
        let mut nodes = free.min(level);
        if nodes == level && surplus > 0 {
            surplus -= 1;
            nodes -= 1;
        }
        if nodes > 0 {
            chosen.push((rack, nodes));
        }
    }
    chosen.reverse();
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Every way to take `count` nodes, as nodes by rack.
    fn all(free: &[usize], count: usize) -> Vec<Vec<usize>> {
        let Some((&first, rest)) = free.split_first() else {
            return if count == 0 { vec![Vec::new()] } else { Vec::new() };
        };
        let with = |taken: usize| {
            all(rest, count - taken).into_iter().map(move |mut others| {
                others.insert(0, taken);
                others
            })
        };
        (0..=first.min(count)).flat_map(with).collect()
    }

    proptest! {
        #[test]
        fn no_other_choice_has_fewer_racks_or_a_lower_pile(
            free in prop::collection::vec(0..5usize, 1..5),
            part in 0.0..1.0f64,
        ) {
            let total: usize = free.iter().sum();
            prop_assume!(total > 0);
            let count = 1 + (part * (total - 1) as f64).round() as usize;
            let all = all(&free, count);
            let sound = |chosen: &[(usize, usize)]| {
                chosen.iter().map(|c| c.1).sum::<usize>() == count
                    && chosen.iter().all(|&(rack, nodes)| 0 < nodes && nodes <= free[rack])
                    && chosen.windows(2).all(|pair| pair[0].0 < pair[1].0)
            };
            let few = packed(&free, count);
            prop_assert!(sound(&few));
            let racks = |choice: &Vec<usize>| choice.iter().filter(|&&nodes| nodes > 0).count();
            prop_assert_eq!(few.len(), all.iter().map(racks).min().unwrap());
            let flat = spread(&free, count);
            prop_assert!(sound(&flat));
            let pile = |choice: &Vec<usize>| *choice.iter().max().unwrap();
            prop_assert_eq!(
                flat.iter().map(|c| c.1).max().unwrap(),
                all.iter().map(pile).min().unwrap()
            );
        }
    }

    #[test]
    fn ties_go_to_the_lower_number_and_the_fuller_rack() {
        assert_eq!(packed(&[4, 2, 4, 3], 2), [(1, 2)]);
        assert_eq!(packed(&[4, 2, 4, 3], 7), [(0, 4), (3, 3)]);
        assert_eq!(spread(&[4, 2, 4, 3], 6), [(0, 2), (1, 2), (2, 1), (3, 1)]);
        assert_eq!(spread(&[4, 0, 4, 3], 2), [(0, 1), (2, 1)]);
    }
}
