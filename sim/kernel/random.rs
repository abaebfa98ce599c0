//! Named random streams, and the few laws that the models draw from.
//!
//! Every draw comes from a stream that is named by its purpose and the entity it is for.
//! Adding a rack therefore moves no other rack's draws, and two designs that share an entity
//! share its luck: the common random numbers of a paired comparison. Laws are inverse
//! transforms, one uniform per variate, computed with `libm` so that the bits do not depend on
//! the machine.
//!
//! A [`Stream`] is a generator of `rand`: every adaptor and distribution of that family draws from
//! it. The models use the laws below, because a distribution of `rand` may change its values between
//! versions and a run must not.

use std::convert::Infallible;

use rand::{Rng, SeedableRng, TryRng};
use rand_xoshiro::Xoshiro256PlusPlus;

use super::log::ln;

/// The source of all streams of one replication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streams {
    seed: u64,
    replication: u64,
}

impl Streams {
    /// The streams of replication `replication` under `seed`.
    pub const fn new(seed: u64, replication: u64) -> Self {
        Self { seed, replication }
    }

    /// The stream for `purpose` of `entity`. Costs a few nanoseconds.
    pub fn stream(&self, purpose: &str, entity: &str) -> Stream {
        let mut state = mix(self.seed) ^ self.replication;
        for text in [purpose, entity] {
            for &byte in text.as_bytes() {
                state = (state ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
            }
            state = mix(state ^ 0xff);
        }
        Stream { generator: Xoshiro256PlusPlus::seed_from_u64(state) }
    }
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection that spreads every bit.
const fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The middle of one of 2^52 equal parts of the unit interval. With 2^53 parts the middle of the
/// last would round to 1, where quantiles are infinite.
#[inline]
fn open_unit(bits: u64) -> f64 {
    ((bits >> 12) as f64 + 0.5) * (1.0 / (1_u64 << 52) as f64)
}

/// One stream of random numbers: xoshiro256++, 32 bytes of state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    generator: Xoshiro256PlusPlus,
}

impl TryRng for Stream {
    type Error = Infallible;

    #[inline]
    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.generator.try_next_u32()
    }

    #[inline]
    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.generator.try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.generator.try_fill_bytes(bytes)
    }
}

impl Stream {
    /// The next 64 random bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.generator.next_u64()
    }

    /// Uniform on the open interval (0, 1): never 0, never 1.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        open_unit(self.bits())
    }

    /// Uniform on `0..n`.
    ///
    /// # Panics
    ///
    /// When `n` is zero.
    #[inline]
    pub fn below(&mut self, n: u64) -> u64 {
        assert!(n > 0, "a choice needs at least one alternative");
        // The multiply-shift map; its bias of at most n / 2^64 is far below what a run can see.
        ((u128::from(self.bits()) * u128::from(n)) >> 64) as u64
    }

    /// Whether an event of probability `p` happens.
    #[inline]
    pub fn chance(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    /// Uniform between `low` and `high`.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.uniform()
    }

    /// The index of one of `weights`, with a probability in proportion to its weight. Costs a
    /// look at each weight.
    ///
    /// # Panics
    ///
    /// When the weights do not sum to a positive number.
    pub fn pick(&mut self, weights: &[f64]) -> usize {
        let sum: f64 = weights.iter().sum();
        assert!(sum > 0.0, "a choice needs at least one alternative of positive weight");
        let mut rest = sum * self.uniform();
        let last = weights.iter().rposition(|&weight| weight > 0.0).unwrap_or(0);
        let passed = |&weight: &f64| {
            rest -= weight;
            rest < 0.0
        };
        // Rounding may leave a rest at the end of the list.
        weights.iter().position(passed).unwrap_or(last)
    }

    /// Exponential with the given mean.
    #[inline]
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * ln(self.uniform())
    }

    /// Weibull with the given scale and shape.
    pub fn weibull(&mut self, scale: f64, shape: f64) -> f64 {
        scale * libm::pow(-ln(self.uniform()), 1.0 / shape)
    }

    /// What is left of a life of that law which is met at a random moment: long lives are met more
    /// often, in proportion to their length, and each at an even place. It is also the law of how long
    /// such a life has lasted.
    pub fn weibull_left(&mut self, scale: f64, shape: f64) -> f64 {
        let met = libm::pow(self.gamma(1.0, 1.0 + 1.0 / shape), 1.0 / shape);
        scale * met * self.uniform()
    }

    /// Gamma with the given scale and shape; its mean is their product.
    ///
    /// The one law here that is no inverse transform, whose price would be a root of the
    /// incomplete gamma function for each draw: it rejects (Marsaglia and Tsang 2000), and
    /// takes two uniforms or, about once in twenty times, more.
    pub fn gamma(&mut self, scale: f64, shape: f64) -> f64 {
        if shape < 1.0 {
            // A variate of shape + 1 times a power of a uniform.
            let boost = libm::pow(self.uniform(), 1.0 / shape);
            return boost * self.gamma(scale, shape + 1.0);
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / libm::sqrt(9.0 * d);
        loop {
            let x = self.normal();
            let v = 1.0 + c * x;
            if v <= 0.0 {
                continue;
            }
            let v = v * v * v;
            if ln(self.uniform()) < 0.5 * x * x + d * (1.0 - v + ln(v)) {
                return scale * d * v;
            }
        }
    }

    /// Standard normal, by the inverse of its distribution function.
    pub fn normal(&mut self) -> f64 {
        inverse_normal(self.uniform())
    }

    /// Lognormal: the exponential of a normal with mean `mu` and deviation `sigma`.
    pub fn lognormal(&mut self, mu: f64, sigma: f64) -> f64 {
        libm::exp(mu + sigma * self.normal())
    }

    /// Lognormal with the given arithmetic mean and the deviation `sigma` of its logarithm.
    pub fn lognormal_mean(&mut self, mean: f64, sigma: f64) -> f64 {
        self.lognormal(libm::log(mean) - 0.5 * sigma * sigma, sigma)
    }
}

/// Scale of the Weibull law of `shape` whose mean is one over `rate`; infinite at rate zero.
pub(crate) fn weibull_scale(rate: f64, shape: f64) -> f64 {
    1.0 / (rate * libm::tgamma(1.0 + 1.0 / shape))
}

/// Quantile of the standard normal law for a probability strictly between 0 and 1: Wichura 1988,
/// algorithm AS 241 (PPND16), relative error about 1e-16.
pub fn inverse_normal(p: f64) -> f64 {
    fn ratio(r: f64, a: &[f64; 8], b: &[f64; 7]) -> f64 {
        let top = a.iter().rev().fold(0.0, |sum, c| sum * r + c);
        let bottom = b.iter().rev().fold(0.0, |sum, c| sum * r + c) * r + 1.0;
        top / bottom
    }
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * ratio(
            r,
            &[
                3.387_132_872_796_366_6,
                133.141_667_891_784_38,
                1_971.590_950_306_551_3,
                13_731.693_765_509_46,
                45_921.953_931_549_87,
                67_265.770_927_008_7,
                33_430.575_583_588_13,
                2_509.080_928_730_122_7,
            ],
            &[
                42.313_330_701_600_91,
                687.187_007_492_057_9,
                5_394.196_021_424_751,
                21_213.794_301_586_597,
                39_307.895_800_092_71,
                28_729.085_735_721_943,
                5_226.495_278_852_545,
            ],
        );
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let r = libm::sqrt(-ln(tail));
    let value = if r <= 5.0 {
        ratio(
            r - 1.6,
            &[
                1.423_437_110_749_683_5,
                4.630_337_846_156_546,
                5.769_497_221_460_691,
                3.647_848_324_763_204_5,
                1.270_458_252_452_368_4,
                0.241_780_725_177_450_6,
                0.022_723_844_989_269_184,
                7.745_450_142_783_414e-4,
            ],
            &[
                2.053_191_626_637_759,
                1.676_384_830_183_803_8,
                0.689_767_334_985_1,
                0.148_103_976_427_480_08,
                0.015_198_666_563_616_457,
                5.475_938_084_995_345e-4,
                1.050_750_071_644_416_9e-9,
            ],
        )
    } else {
        ratio(
            r - 5.0,
            &[
                6.657_904_643_501_103,
                5.463_784_911_164_114,
                1.784_826_539_917_291_3,
                0.296_560_571_828_504_87,
                0.026_532_189_526_576_124,
                0.001_242_660_947_388_078_4,
                2.711_555_568_743_487_6e-5,
                2.010_334_399_292_288_1e-7,
            ],
            &[
                0.599_832_206_555_888,
                0.136_929_880_922_735_8,
                0.014_875_361_290_850_615,
                7.868_691_311_456_133e-4,
                1.846_318_317_510_054_7e-5,
                1.421_511_758_316_446e-7,
                2.044_263_103_389_939_8e-15,
            ],
        )
    };
    if q < 0.0 { -value } else { value }
}

#[cfg(test)]
mod tests {
    use statrs::distribution::{ContinuousCDF, Exp, Gamma, LogNormal, Normal, Uniform, Weibull};

    use super::*;
    use crate::kernel::TraceHash;

    const DRAWS: usize = 20_000;

    fn stream(purpose: &str) -> Stream {
        Streams::new(7, 0).stream(purpose, "test")
    }

    /// Kolmogorov-Smirnov: sqrt(n) times the largest distance exceeds 1.95 once in a thousand.
    fn assert_law(
        name: &str,
        law: &impl ContinuousCDF<f64, f64>,
        draw: impl Fn(&mut Stream) -> f64,
    ) {
        let mut stream = stream(name);
        let mut draws: Vec<f64> = (0..DRAWS).map(|_| draw(&mut stream)).collect();
        draws.sort_by(f64::total_cmp);
        let n = DRAWS as f64;
        let distance = (0..)
            .zip(&draws)
            .map(|(i, &x)| {
                let p = law.cdf(x);
                (p - f64::from(i) / n).max(f64::from(i + 1) / n - p)
            })
            .fold(0.0, f64::max);
        assert!(n.sqrt() * distance < 1.95, "{name}: distance {distance}");
    }

    #[test]
    fn draws_follow_their_laws() {
        assert_law("uniform", &Uniform::new(0.0, 1.0).unwrap(), Stream::uniform);
        assert_law("between", &Uniform::new(-3.0, 5.0).unwrap(), |s| s.between(-3.0, 5.0));
        assert_law("exponential", &Exp::new(0.25).unwrap(), |s| s.exponential(4.0));
        assert_law("weibull", &Weibull::new(1.7, 300.0).unwrap(), |s| s.weibull(300.0, 1.7));
        for shape in [0.1, 0.8, 1.0, 4.0] {
            let law = Gamma::new(shape, 0.5).unwrap();
            assert_law(&format!("gamma {shape}"), &law, |s| s.gamma(2.0, shape));
        }
        assert_law("normal", &Normal::new(0.0, 1.0).unwrap(), Stream::normal);
        assert_law("lognormal", &LogNormal::new(0.5, 0.8).unwrap(), |s| s.lognormal(0.5, 0.8));
    }

    #[test]
    fn a_lognormal_has_the_mean_it_was_given() {
        let (mean, sigma) = (40.0, 0.6_f64);
        let mut stream = stream("lognormal-mean");
        let sum: f64 = (0..DRAWS).map(|_| stream.lognormal_mean(mean, sigma)).sum();
        // Variance mean^2 (exp(sigma^2) - 1); four standard errors.
        let error = mean * ((sigma * sigma).exp_m1() / DRAWS as f64).sqrt();
        assert!((sum / DRAWS as f64 - mean).abs() < 4.0 * error);
    }

    #[test]
    fn choices_are_in_proportion() {
        let mut stream = stream("choice");
        let weights = [1.0, 0.0, 3.0, 6.0];
        let (mut picked, mut below, mut chances) = ([0_u32; 4], [0_u32; 10], 0_u32);
        for _ in 0..DRAWS {
            picked[stream.pick(&weights)] += 1;
            below[stream.below(10) as usize] += 1;
            chances += u32::from(stream.chance(0.3));
        }
        assert_eq!(picked[1], 0);
        let shares = [(picked[0], 0.1), (picked[2], 0.3), (picked[3], 0.6), (chances, 0.3)];
        for (count, p) in shares.into_iter().chain(below.map(|count| (count, 0.1))) {
            let (n, count) = (DRAWS as f64, f64::from(count));
            let error = (n * p * (1.0 - p)).sqrt();
            assert!((count - n * p).abs() < 4.0 * error, "{count} of {n} at probability {p}");
        }
    }

    #[test]
    fn normal_quantiles_are_those_of_the_paper() {
        // The check values of Wichura 1988.
        for (p, quantile) in [
            (0.25, -0.674_489_750_196_081_7),
            (0.001, -3.090_232_306_167_814),
            (1e-20, -9.262_340_089_798_408),
        ] {
            assert!((inverse_normal(p) / quantile - 1.0_f64).abs() < 1e-15, "p = {p}");
        }
        assert_eq!(inverse_normal(0.5), 0.0);
    }

    #[test]
    fn normal_quantiles_invert_the_distribution() {
        let normal = Normal::new(0.0, 1.0).unwrap();
        let mut last = f64::NEG_INFINITY;
        for i in 1..10_000 {
            let p = f64::from(i) / 10_000.0;
            let quantile = inverse_normal(p);
            assert!((normal.cdf(quantile) - p).abs() < 1e-10, "p = {p}");
            assert!((quantile + inverse_normal(1.0 - p)).abs() < 1e-9, "p = {p}");
            assert!(quantile > last, "p = {p}");
            last = quantile;
        }
    }

    #[test]
    fn a_uniform_stays_inside_the_interval() {
        let [first, last] = [0, u64::MAX].map(open_unit);
        assert_eq!((first, 1.0 - last), (0.5_f64.powi(53), 0.5_f64.powi(53)));
        assert!(inverse_normal(first).is_finite() && inverse_normal(last).is_finite());
        let mut stream = stream("interval");
        assert!((0..DRAWS).all(|_| (f64::MIN_POSITIVE..1.0).contains(&stream.uniform())));
    }

    #[test]
    fn every_part_of_a_name_makes_another_stream() {
        let first = |seed, replication, purpose, entity| {
            Streams::new(seed, replication).stream(purpose, entity).bits()
        };
        let mut draws = vec![
            first(1, 0, "failure", "rack-1"),
            first(2, 0, "failure", "rack-1"),
            first(1, 1, "failure", "rack-1"),
            first(0, 1, "failure", "rack-1"),
            first(1, 0, "repair", "rack-1"),
            first(1, 0, "failure", "rack-2"),
            first(1, 0, "failurer", "ack-1"),
            first(1, 0, "", "failurerack-1"),
            first(1, 0, "failure", ""),
        ];
        let count = draws.len();
        draws.sort_unstable();
        draws.dedup();
        assert_eq!(draws.len(), count);
    }

    #[test]
    fn streams_of_neighbours_are_not_correlated() {
        let streams = Streams::new(1, 0);
        let of = |entity: u32| streams.stream("failure", &format!("rack-{entity}"));
        let correlation = |mut a: Stream, mut b: Stream| {
            // Of standard uniforms; its deviation is 1 / sqrt(n).
            let pairs = (0..DRAWS).map(|_| (a.uniform() - 0.5) * (b.uniform() - 0.5));
            12.0 * pairs.sum::<f64>() / DRAWS as f64
        };
        for entity in 0..20 {
            let r = correlation(of(entity), of(entity + 1));
            assert!(r.abs() < 4.5 / (DRAWS as f64).sqrt(), "racks {entity} and the next: {r}");
        }
        // The first draws of many entities are as good as draws of one stream.
        let firsts: f64 = (0..DRAWS as u32).map(|entity| of(entity).uniform() - 0.5).sum();
        assert!(firsts.abs() < 4.0 * (DRAWS as f64 / 12.0).sqrt(), "sum of first draws {firsts}");
    }

    #[test]
    fn an_added_entity_moves_no_other_draw() {
        let draws = |entities: &[&str]| {
            let streams = Streams::new(3, 1);
            let mut all: Vec<_> =
                entities.iter().map(|name| streams.stream("life", name)).collect();
            // Interleaved, as a simulation draws.
            let rounds: Vec<Vec<u64>> =
                (0..10).map(|_| all.iter_mut().map(Stream::bits).collect()).collect();
            rounds.iter().map(|round| round[entities.len() - 1]).collect::<Vec<_>>()
        };
        assert_eq!(draws(&["a", "z"]), draws(&["a", "b", "c", "z"]));
    }

    #[test]
    fn the_finaliser_is_that_of_splitmix() {
        // The first output of SplitMix64 from state 1234567, as its implementations publish it.
        assert_eq!(mix(1_234_567), 6_457_827_717_110_365_317);
    }

    /// The bits are those of the plain generator, and distributions of another crate draw from a
    /// stream: the mean of 100,000 draws of a beta law is a/(a + b) within five standard errors.
    #[test]
    fn a_stream_is_a_generator_of_rand() {
        use rand_distr::Distribution;
        let (mut ours, mut plain) = (stream("face"), stream("face").generator);
        assert!((0..100).all(|_| Rng::next_u64(&mut ours) == plain.next_u64()));
        let (a, b, n) = (2.0_f64, 3.0_f64, 100_000);
        let law = rand_distr::Beta::new(a, b).unwrap();
        let mean = law.sample_iter(&mut ours).take(n).sum::<f64>() / n as f64;
        let variance = a * b / ((a + b) * (a + b) * (a + b + 1.0));
        assert!((mean - a / (a + b)).abs() < 5.0 * (variance / n as f64).sqrt(), "{mean}");
    }

    /// Frozen: where this fails, every result of every scenario has changed.
    #[test]
    fn the_bits_of_every_law_are_frozen() {
        let mut trace = TraceHash::new();
        for entity in ["a", "b"] {
            let mut stream = Streams::new(20_260_601, 2).stream("golden", entity);
            for _ in 0..1000 {
                trace.record_f64(stream.uniform());
                trace.record_f64(stream.exponential(3.0));
                trace.record_f64(stream.weibull(2.0, 0.7));
                trace.record_f64(stream.normal());
                trace.record_f64(stream.lognormal(1.0, 2.0));
                trace.record_f64(stream.lognormal_mean(5.0, 0.5));
                trace.record_f64(stream.between(2.0, 3.0));
                trace.record_f64(stream.below(1000) as f64);
                trace.record_f64(stream.pick(&[0.2, 0.5, 0.3]) as f64);
            }
        }
        assert_eq!(trace.to_string(), "3613c1581d4c252289dc4f3e5340e9ac");
    }
}
