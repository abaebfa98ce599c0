//! Orders to a fleet against counts that were made outside of this program.

use super::fleet::{Group, Strategy};

/// 6,000 S19j Pro, 8,000 S21 and 4,000 S21 XP that sleep at 25 W.
fn fleet() -> [Group; 3] {
    [(6000, 3068.0, 104.0), (8000, 3500.0, 200.0), (4000, 3645.0, 270.0)].map(
        |(machines, hashing_w, th)| Group {
            machines,
            hashing_w,
            saves_w: hashing_w - 25.0,
            joules_per_hash: hashing_w / (th * 1e12),
        },
    )
}

fn kilowatts(counts: &[u32]) -> f64 {
    let watts = counts.iter().zip(fleet()).map(|(&count, group)| f64::from(count) * group.saves_w);
    watts.sum::<f64>() / 1e3
}

#[test]
fn a_fixed_power_is_cut_with_the_fewest_of_the_worst() {
    let counts = Strategy::LeastEfficientFirst.cut(&fleet(), 25e6, 0.0, u32::MAX);
    assert_eq!(counts, [6000, 1941, 0]);
    assert!((kilowatts(&counts) - 25_002.975).abs() < 1e-9);
    let counts = Strategy::LeastEfficientFirst.cut(&fleet(), 15e6, 0.5e6, u32::MAX);
    assert_eq!(counts, [4766, 0, 0]);
    assert!((kilowatts(&counts) - 14_502.938).abs() < 1e-9);
    // 4,000 machines save 14.48 MW, and 0.52 MW are 149.6 machines of 3,475 W.
    let counts = Strategy::MostPowerFirst.cut(&fleet(), 15e6, 0.0, u32::MAX);
    assert_eq!(counts, [0, 150, 4000]);
    // What is not there cannot be cut.
    assert_eq!(Strategy::MostPowerFirst.cut(&fleet(), 1e9, 0.0, u32::MAX), [6000, 8000, 4000]);
}

/// In batches of 500 every 10 s the last of 7,941 machines is told at 150 s, of 4,766 at 90 s.
#[test]
fn batches_add_up_to_the_whole() {
    for (power_w, tolerance_w, last_s, whole) in
        [(25e6, 0.0, 150, [6000, 1941, 0]), (15e6, 0.5e6, 90, [4766, 0, 0])]
    {
        let mut left = fleet();
        let (mut told, mut cut_w, mut batches) = ([0; 3], 0.0, 0);
        loop {
            let batch = Strategy::LeastEfficientFirst.cut(&left, power_w - cut_w, tolerance_w, 500);
            if batch.iter().sum::<u32>() == 0 {
                break;
            }
            batches += 1;
            for (place, count) in batch.into_iter().enumerate() {
                told[place] += count;
                left[place].machines -= count;
                cut_w += f64::from(count) * left[place].saves_w;
            }
        }
        assert_eq!((10 * (batches - 1), told), (last_s, whole));
    }
}

#[test]
fn the_best_come_back_first() {
    let asleep = fleet().map(|group| Group { machines: group.machines / 2, ..group });
    // 2,000 machines of 3,620 W leave 0.76 MW, which 218.7 machines of 3,475 W draw.
    let counts = Strategy::LeastEfficientFirst.restore(&asleep, 8e6, u32::MAX);
    assert_eq!(counts, [0, 218, 2000]);
    assert!(kilowatts(&counts) <= 8e3);
    assert_eq!(Strategy::LeastEfficientFirst.restore(&asleep, f64::INFINITY, 300), [0, 0, 300]);
}
