//! What a load asks of the power chain, split by the order in which it is shed.

/// What loads are to those who decide in which order they are shed when power is short; by default, lower
/// ranks go first ([`Ladder`]).
///
/// Miners sleep first. Then the batteries of UPSs wait with recharging. Training is capped before it is
/// paused, inference goes late, cooling last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Rank {
    /// Hashing above sleep power.
    Mining = 0,
    /// Recharging the batteries of UPSs.
    Recharge = 1,
    /// Training between its power-cap floor and full power.
    TrainingCap = 2,
    /// Training from idle up to its power-cap floor.
    TrainingPause = 3,
    /// Inference above idle whose answers nobody waits for.
    BatchInference = 4,
    /// Inference above idle.
    Inference = 5,
    /// Idle servers, sleeping ASICs, house load.
    Idle = 6,
    /// Pumps and fans.
    Cooling = 7,
}

impl Rank {
    /// How many ranks there are.
    pub const COUNT: usize = 8;

    /// All of them, in the order in which they are shed by default.
    pub const ALL: [Rank; Rank::COUNT] = [
        Rank::Mining,
        Rank::Recharge,
        Rank::TrainingCap,
        Rank::TrainingPause,
        Rank::BatchInference,
        Rank::Inference,
        Rank::Idle,
        Rank::Cooling,
    ];
}

/// In which order ranks are shed where power is short: the first go first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ladder(pub [Rank; Rank::COUNT]);

impl Default for Ladder {
    fn default() -> Self {
        Self(Rank::ALL)
    }
}

/// What a load would draw if nothing were short, in watts, split by [`Rank`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Demand(pub [f64; Rank::COUNT]);

impl PartialEq for Demand {
    /// Without a branch a rank: whoever may have changed is asked.
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        (0..Rank::COUNT).fold(true, |same, rank| same & (self.0[rank] == other.0[rank]))
    }
}

impl Demand {
    /// `power_w` of one rank.
    pub fn of(rank: Rank, power_w: f64) -> Self {
        let mut demand = Self::default();
        demand.0[rank as usize] = power_w;
        demand
    }

    /// Whether no part of it is negative, and each is finite.
    #[inline]
    pub fn is_sound(&self) -> bool {
        self.0.iter().fold(true, |sound, w| sound & (0.0..=f64::MAX).contains(w))
    }

    /// The whole of it, in watts.
    #[inline]
    pub fn total_w(&self) -> f64 {
        self.0.iter().sum()
    }
}
