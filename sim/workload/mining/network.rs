//! The Bitcoin network over calendar time: what a block pays, and how difficulty follows hash rate.
//!
//! The rules are those of the protocol. Heights come from dated blocks; where a run lies beyond the
//! last of them, blocks come every 600 s, to which the retarget steers.

use jiff::Timestamp;

use crate::kernel::{Clock, Span, Stream, Time};

/// How the difficulty grows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GrowthDesign {
    /// Growth of the logarithm of the hash rate, /s.
    pub rate_per_s: f64,
    /// Standard deviation of the logarithm of the jump of an epoch.
    pub epoch_sd: f64,
}

/// Blocks between two halvings of the subsidy.
pub const HALVING_BLOCKS: u64 = 210_000;
/// Blocks between two retargets of the difficulty.
pub const EPOCH_BLOCKS: u64 = 2016;
/// The time between two blocks that the retarget steers to, s.
pub const BLOCK_S: f64 = 600.0;
/// Hashes that a block takes in the mean at a difficulty of 1.
pub const HASHES_PER_DIFFICULTY: f64 = 4_294_967_296.0;

/// Blocks with the second of their timestamp, 1970-01-01T00:00Z on: the first one, those of the
/// halvings (block headers 210,000 to 840,000), and the first of epoch 473, whose time is
/// rebuilt from the record of difficulties.
const DATED: [(u64, i64); 6] = [
    (0, 1_231_006_505),
    (210_000, 1_354_116_278),
    (420_000, 1_468_082_773),
    (630_000, 1_589_225_023),
    (840_000, 1_713_571_767),
    (953_568, 1_781_392_274),
];

/// New bitcoin of the block at `height`, BTC.
pub fn subsidy_btc(height: u64) -> f64 {
    const FIRST_SAT: u64 = 5_000_000_000;
    let halvings = height / HALVING_BLOCKS;
    let sat = if halvings < 64 { FIRST_SAT >> halvings } else { 0 };
    sat as f64 * 1e-8
}

/// The height of the chain at `at`, with the part of the block that is being sought; below zero
/// before the first.
pub fn height(at: Timestamp) -> f64 {
    let second = at.as_nanosecond() as f64 * 1e-9;
    let known = DATED.windows(2).find(|pair| second < pair[1].1 as f64);
    match known {
        Some(&[(low, from), (high, until)]) => {
            let share = (second - from as f64) / (until - from) as f64;
            low as f64 + share * (high - low) as f64
        }
        _ => {
            let (last, at) = DATED[DATED.len() - 1];
            last as f64 + (second - at as f64) / BLOCK_S
        }
    }
}

/// When the chain is `blocks` high, in the sense of [`height`].
fn timestamp_at(blocks: u64) -> Option<Timestamp> {
    let second = match DATED.windows(2).find(|pair| blocks <= pair[1].0) {
        Some(&[(low, from), (high, until)]) => {
            from as f64 + (blocks - low) as f64 / (high - low) as f64 * (until - from) as f64
        }
        _ => {
            let (last, at) = DATED[DATED.len() - 1];
            at as f64 + (blocks - last) as f64 * BLOCK_S
        }
    };
    Timestamp::from_nanosecond((second * 1e9) as i128).ok()
}

/// The subsidy over a run, as (instant from which it holds, BTC): one step, and one more for each
/// halving before `horizon`.
pub fn subsidies(clock: &Clock, horizon: Time) -> Vec<(Time, f64)> {
    let now = height(clock.timestamp(Time::ZERO)).max(0.0) as u64;
    let mut steps = vec![(Time::ZERO, subsidy_btc(now))];
    for halving in now / HALVING_BLOCKS + 1.. {
        let block = halving * HALVING_BLOCKS;
        let Some(at) = timestamp_at(block).map(|at| clock.time(at)) else { break };
        if at >= horizon || subsidy_btc(block - 1) == 0.0 {
            break;
        }
        if at > Time::ZERO {
            steps.push((at, subsidy_btc(block)));
        }
    }
    steps
}

/// The difficulty after an epoch whose 2,015 intervals took `seconds`, before rounding: the
/// consensus rule, which measures one interval less than it has blocks.
pub fn retarget(difficulty: f64, seconds: f64) -> f64 {
    let wanted_s = EPOCH_BLOCKS as f64 * BLOCK_S;
    difficulty * (wanted_s / seconds).clamp(0.25, 4.0)
}

/// `difficulty` as a block header can state it: a target with a mantissa of 24 bits, cut off.
pub fn compact(difficulty: f64) -> (u32, f64) {
    // The target of difficulty 1 is 0xffff * 256^(0x1d - 3).
    let target = f64::from(0xffff_u32) / difficulty;
    // The mantissa has its top bit clear, so it lies from 2^15 to 2^23.
    let mut size = 0x1d;
    let mut mantissa = target;
    while mantissa < 32_768.0 && size > 3 {
        mantissa *= 256.0;
        size -= 1;
    }
    // What was rounded to an integer difficulty is put back by the slack of its last digit.
    let mantissa = (mantissa * (1.0 + 1e-13)).floor();
    let exact = libm::ldexp(mantissa, 8 * (size - 0x1d));
    ((size as u32) << 24 | mantissa as u32, f64::from(0xffff_u32) / exact)
}

/// How difficulty goes on from `difficulty` at the start of a run, as (instant, difficulty).
///
/// Blocks come every 600 s at the start. Hash rate grows at the constant rate of `growth` and
/// jumps by a lognormal factor at each retarget, drawn from `luck`; an epoch ends when its work is
/// done. The first retarget is that of the calendar.
pub fn grow(
    difficulty: f64,
    growth: &GrowthDesign,
    clock: &Clock,
    horizon: Time,
    luck: &mut Stream,
) -> Vec<(Time, f64)> {
    grow_as(difficulty, growth, clock, horizon, luck, |difficulty| compact(difficulty).1)
}

/// [`grow`], where a block header states a difficulty as `stated`.
fn grow_as(
    difficulty: f64,
    growth: &GrowthDesign,
    clock: &Clock,
    horizon: Time,
    luck: &mut Stream,
    stated: impl Fn(f64) -> f64,
) -> Vec<(Time, f64)> {
    let height = height(clock.timestamp(Time::ZERO)).max(0.0);
    let mut left = EPOCH_BLOCKS as f64 - height % EPOCH_BLOCKS as f64;
    // Work done a second, in blocks of the difficulty of the epoch.
    let mut blocks_per_s = 1.0 / BLOCK_S;
    let mut now_s = 0.0;
    let mut difficulty = difficulty;
    let mut steps = vec![(Time::ZERO, difficulty)];
    loop {
        let took_s = time_of_work(left / blocks_per_s, growth.rate_per_s);
        now_s += took_s;
        if !now_s.is_finite() || now_s >= horizon.as_secs_f64() || steps.len() > MOST_EPOCHS {
            return steps;
        }
        // Of an epoch that began before the run, the part inside it stands for the whole.
        let whole_s = took_s * EPOCH_BLOCKS as f64 / left;
        let measured_s = whole_s * (EPOCH_BLOCKS - 1) as f64 / EPOCH_BLOCKS as f64;
        let next = stated(retarget(difficulty, measured_s).max(1.0));
        let jump = libm::exp(growth.epoch_sd * luck.normal());
        blocks_per_s *= libm::exp(growth.rate_per_s * took_s) * jump * difficulty / next;
        difficulty = next;
        left = EPOCH_BLOCKS as f64;
        steps.push((Time::ZERO + Span::from_secs_f64(now_s), difficulty));
    }
}

/// More epochs than the 146 years of a run's clock have at four times the pace of the rule.
const MOST_EPOCHS: usize = 16_000;

/// The time in which `work` seconds of work at the present rate are done by a rate that grows at
/// `growth` a second: infinite where it shrinks too fast.
fn time_of_work(work: f64, growth: f64) -> f64 {
    if growth == 0.0 { work } else { libm::log1p(growth * work) / growth }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::kernel::Streams;

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a timestamp")
    }

    fn clock(start: &str) -> Clock {
        Clock::new(at(start), TimeZone::UTC)
    }

    const DAY_S: f64 = 86_400.0;
    const YEAR_S: f64 = 365.25 * DAY_S;

    /// The protocol: 6.25 BTC to block 839,999, 3.125 from 840,000, 1.5625 from 1,050,000, and 21
    /// million less what integer division loses.
    #[test]
    fn the_subsidy_halves_by_height() {
        assert_eq!(
            [839_999, 840_000, 1_049_999, 1_050_000].map(subsidy_btc),
            [6.25, 3.125, 3.125, 1.5625]
        );
        let era = |halvings: u64| subsidy_btc(halvings * HALVING_BLOCKS) * HALVING_BLOCKS as f64;
        assert_eq!((0..4).map(era).sum::<f64>(), 19_687_500.0);
        let all: f64 = (0..70).map(era).sum();
        assert!((all - 20_999_999.976_9).abs() < 1e-6, "{all}");
    }

    /// Days around the halvings that headers date, and the next, whose day follows from 600 s a block.
    #[test]
    fn halvings_come_on_their_day() {
        for (day, before, after) in
            [("2016-07-09", 25.0, 12.5), ("2020-05-11", 12.5, 6.25), ("2024-04-20", 6.25, 3.125)]
        {
            let run = clock(&format!("{day}T00:00:00Z"));
            let steps = subsidies(&run, Time::from_secs_f64(DAY_S));
            assert_eq!(
                steps.iter().map(|step| step.1).collect::<Vec<_>>(),
                [before, after],
                "{day}"
            );
        }
        let next = subsidies(&clock("2027-01-01T00:00:00Z"), Time::from_secs_f64(5.0 * YEAR_S));
        let days = (1_050_000.0 - 953_568.0) / 144.0;
        let days = days - (at("2027-01-01T00:00:00Z").as_second() - 1_781_392_274) as f64 / DAY_S;
        assert_eq!(next[1].1, 1.5625);
        assert!((next[1].0.as_secs_f64() / DAY_S - days).abs() < 1e-3);
    }

    /// Headers of the first and the last epochs of the record, and of the first block.
    #[test]
    fn difficulties_are_those_of_headers() {
        for (bits, difficulty) in [
            (0x1d00_ffff, 1.0),
            (0x1715_b23e, 12_973_235_968_800.0),
            (0x1702_40c3, 124_932_866_006_548.0),
        ] {
            let (ours, exact) = compact(difficulty);
            assert_eq!(ours, bits, "{ours:#x}");
            assert!((exact / difficulty - 1.0).abs() < 1e-12);
        }
    }

    /// At constant hash rate the rule measures 2,015 intervals for 2,016 blocks, so blocks come every
    /// 600 * 2016 / 2015 = 600.298 s. At a growth of 0.3454 a year the epoch T with
    /// (e^{gT} - 1) / (g T) growth inside it solves T = 14 d * 2016/2015 * e^{-gT}: 13.824973 d, and
    /// each difficulty is 1.013159 times the last (the reference's M3).
    #[test]
    fn steady_growth_settles_at_the_epoch_of_the_rule() {
        for (rate, days, ratio) in [
            (0.0, 14.0 * 2016.0 / 2015.0, 1.0),
            (0.3454, 13.824_973, 1.013_159),
            (std::f64::consts::LN_2, 13.648_717, 1.026_240),
        ] {
            let growth = GrowthDesign { rate_per_s: rate / YEAR_S, epoch_sd: 0.0 };
            let mut luck = Streams::new(1, 0).stream("difficulty", "test");
            let run = clock("2026-06-13T23:11:14Z");
            let horizon = Time::from_secs_f64(3.0 * YEAR_S);
            let mut settled = |stated: fn(f64) -> f64| {
                let steps = grow_as(1e14, &growth, &run, horizon, &mut luck, stated);
                let [(before, low), (after, high)] =
                    [steps[steps.len() - 41], steps[steps.len() - 1]];
                (after.since(before).as_secs_f64() / DAY_S / 40.0, (high / low).powf(1.0 / 40.0))
            };
            let (epoch, each) = settled(|difficulty| difficulty);
            // The reference measures the first 2,015 of 2,016 intervals, which is 3e-6 shorter than their mean.
            assert!((epoch / days - 1.0).abs() < 1e-5, "{rate}: {epoch}");
            assert!((each - ratio).abs() < 1e-6, "{rate}: {each}");
            // What the header cuts off makes epochs longer by some 1e-5 of themselves.
            let (epoch, each) = settled(|difficulty| compact(difficulty).1);
            assert!((epoch - days).abs() < 5e-4, "{rate}: {epoch}");
            assert!((each - ratio).abs() < 2e-6, "{rate}: {each}");
        }
    }

    /// Drawn jumps have the deviation that is asked for: within four standard errors over some
    /// 2,600 epochs, after the memory that the rule adds (a jump changes two ratios) is taken out by
    /// the sum over pairs.
    #[test]
    fn drawn_growth_has_its_drift() {
        let growth = GrowthDesign { rate_per_s: 0.3454 / YEAR_S, epoch_sd: 0.061 };
        let mut luck = Streams::new(7, 0).stream("difficulty", "test");
        let run = clock("2026-01-01T00:00:00Z");
        let steps = grow(1e14, &growth, &run, Time::from_secs_f64(100.0 * YEAR_S), &mut luck);
        let (last, difficulty) = steps[steps.len() - 1];
        let drift = (difficulty / 1e14).ln() / last.as_secs_f64() * YEAR_S;
        let error = 0.061 * (steps.len() as f64).sqrt() / 100.0;
        assert!((drift - 0.3454).abs() < 4.0 * error, "{drift} within {error}");
    }
}
