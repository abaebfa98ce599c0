//! The power chain as the engine runs it: plain watts, dense ids, no names left to look up.

use crate::kernel::Stream;

/// A supply component of a [`PowerDesign`]: index into its `nodes`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PowerNode(pub u32);

/// A consumer of a [`PowerDesign`]: index into its `loads`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PowerLoad(pub u32);

/// Everything between the grid and the loads.
#[derive(Debug, Clone, Default)]
pub struct PowerDesign {
    /// Feeds, transformers, UPSs and so on, in any order.
    pub nodes: Vec<NodeDesign>,
    /// Racks, pumps, fans, house loads.
    pub loads: Vec<LoadDesign>,
}

/// One supply component in its place.
#[derive(Debug, Clone)]
pub struct NodeDesign {
    /// Its name; also the name of its random stream.
    pub name: String,
    /// What it is.
    pub component: ComponentDesign,
    /// What may feed it, preferred first. Empty for a feed, and only for a feed.
    pub fed_by: Vec<PowerNode>,
}

/// One consumer in its place.
#[derive(Debug, Clone)]
pub struct LoadDesign {
    /// Its name.
    pub name: String,
    /// What its cords plug into; at least one.
    pub cords: Vec<PowerNode>,
    /// How it draws from several live cords.
    pub sharing: Sharing,
}

/// How a load with several live cords divides its draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// In equal parts over all live cords, as servers with redundant supplies do: 50/50 on two,
    /// everything on the survivor.
    Even,
    /// Everything on the first live cord, as behind an automatic transfer switch.
    Preferred,
}

/// A supply component, resolved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ComponentDesign {
    /// What it counts as in the loss report.
    pub kind: ComponentKind,
    /// Most that it may put out, in watts of real power; infinite where nothing limits it.
    pub rating_w: f64,
    /// What it loses on the way.
    pub loss: LossCurve,
    /// How often it fails and for how long.
    pub failures: FailureLaw,
}

/// The kinds of supply components, in the order of the loss report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum ComponentKind {
    /// Where the utility delivers.
    Feed = 0,
    /// Transformer.
    Transformer = 1,
    /// Switchgear, bus, breaker or fuse: passes power on without noticeable loss.
    Switchgear = 2,
    /// Cable or overhead line.
    Cable = 3,
    /// Uninterruptible power supply, double conversion.
    Ups = 4,
    /// Power distribution unit.
    Pdu = 5,
}

impl ComponentKind {
    /// How many kinds there are.
    pub const COUNT: usize = 6;

    /// Every kind, in the order of the loss report.
    pub const ALL: [Self; Self::COUNT] =
        [Self::Feed, Self::Transformer, Self::Switchgear, Self::Cable, Self::Ups, Self::Pdu];

    /// As users write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Feed => "feed",
            Self::Transformer => "transformer",
            Self::Switchgear => "switchgear",
            Self::Cable => "cable",
            Self::Ups => "ups",
            Self::Pdu => "pdu",
        }
    }
}

/// Loss as a function of output: `fixed_w + linear * P + quadratic_per_w * P²` watts at an
/// output of `P` watts, whenever the component is energised.
///
/// No coefficient is negative, so that loss grows with load and is convex; shedding relies on
/// both. The structure is that of Schneider Electric's UPS efficiency model (no-load,
/// proportional and square-law loss) and covers transformers and cables as well.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct LossCurve {
    /// Lost at any load, in watts.
    pub fixed_w: f64,
    /// Lost in proportion to the output, watts a watt.
    pub linear: f64,
    /// Lost with the square of the output, in 1/W.
    pub quadratic_per_w: f64,
}

impl LossCurve {
    /// No loss at all.
    pub const NONE: Self = Self { fixed_w: 0.0, linear: 0.0, quadratic_per_w: 0.0 };

    /// A curve `c0 + c1 x + c2 x²` in units of the rating, `x` being output over rating.
    pub fn per_unit(rating_w: f64, [c0, c1, c2]: [f64; 3]) -> Self {
        Self { fixed_w: c0 * rating_w, linear: c1, quadratic_per_w: c2 / rating_w }
    }

    /// Loss in watts at an output of `output_w`.
    pub fn loss_w(&self, output_w: f64) -> f64 {
        self.fixed_w + (self.linear + self.quadratic_per_w * output_w) * output_w
    }

    /// What the loss grows by when the output grows from `from_w` to `to_w`.
    pub(super) fn growth_w(&self, from_w: f64, to_w: f64) -> f64 {
        (self.linear + self.quadratic_per_w * (from_w + to_w)) * (to_w - from_w)
    }

    /// Watts more lost for a watt more put out, at an output of `output_w`.
    pub(super) fn slope(&self, output_w: f64) -> f64 {
        self.linear + 2.0 * self.quadratic_per_w * output_w
    }
}

/// How a component fails and comes back: exponential times to failure, counted while it is up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FailureLaw {
    /// Failures a second of being up; zero for a component that never fails.
    pub rate_per_s: f64,
    /// How long it is down.
    pub repair: RepairLaw,
}

impl FailureLaw {
    /// Never fails.
    pub const NEVER: Self =
        Self { rate_per_s: 0.0, repair: RepairLaw::Exponential { mean_s: 0.0 } };
}

/// The law of a time to repair.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RepairLaw {
    /// Exponential: all that a published mean alone supports.
    Exponential {
        /// Mean in seconds.
        mean_s: f64,
    },
    /// Lognormal, as repair times usually are where they were recorded one by one.
    Lognormal {
        /// Arithmetic mean in seconds.
        mean_s: f64,
        /// Deviation of the logarithm.
        sigma: f64,
    },
}

impl RepairLaw {
    /// Draws a time to repair in seconds: one uniform of `stream`.
    pub(super) fn draw_s(self, stream: &mut Stream) -> f64 {
        match self {
            Self::Exponential { mean_s } => stream.exponential(mean_s),
            Self::Lognormal { mean_s, sigma } => stream.lognormal_mean(mean_s, sigma),
        }
    }
}
