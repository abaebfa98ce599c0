//! Named random streams, and the few laws that the models draw from.
//!
//! Every draw comes from a stream that is named by its purpose and the entity it is for.
//! Adding a rack therefore moves no other rack's draws, and two designs that share an entity
//! share its luck: the common random numbers of a paired comparison. Laws are inverse
//! transforms, one uniform a variate, computed with `libm` so that the bits do not depend on
//! the machine.

use rand_core::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

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

/// One stream of random numbers: xoshiro256++, 32 bytes of state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stream {
    generator: Xoshiro256PlusPlus,
}

impl Stream {
    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.generator.next_u64()
    }

    /// Uniform on the open interval (0, 1): never 0, never 1.
    pub fn uniform(&mut self) -> f64 {
        ((self.bits() >> 11) as f64 + 0.5) * (1.0 / (1u64 << 53) as f64)
    }

    /// Uniform on `0..n`.
    ///
    /// # Panics
    ///
    /// When `n` is zero.
    pub fn below(&mut self, n: u64) -> u64 {
        assert!(n > 0, "a choice needs at least one alternative");
        // The multiply-shift map; its bias of at most n / 2^64 is far below what a run can see.
        ((u128::from(self.bits()) * u128::from(n)) >> 64) as u64
    }

    /// Whether an event of probability `p` happens.
    pub fn chance(&mut self, p: f64) -> bool {
        self.uniform() < p
    }

    /// Exponential with the given mean.
    pub fn exponential(&mut self, mean: f64) -> f64 {
        -mean * libm::log(self.uniform())
    }

    /// Weibull with the given scale and shape.
    pub fn weibull(&mut self, scale: f64, shape: f64) -> f64 {
        scale * libm::pow(-libm::log(self.uniform()), 1.0 / shape)
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

/// Quantile of the standard normal law: Wichura 1988, algorithm AS 241 (PPND16), relative
/// error about 1e-16.
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
    let r = libm::sqrt(-libm::log(tail));
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
