//! A supply component as the network sees it: rating, loss, law of failure, and what it is there.

use super::sequence::MachineDesign;
use crate::kernel::FailureLaw;

/// A supply component, resolved.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ComponentDesign {
    /// What it counts as in the loss report.
    pub kind: ComponentKind,
    /// Most that it may put out, in watts of real power; infinite where nothing limits it.
    pub rating_w: f64,
    /// Most that may flow back through it, from what it feeds to what feeds it, in watts: what a
    /// feed may export, nothing of a UPS; infinite where nothing limits it.
    pub reverse_w: f64,
    /// What it loses on the way.
    pub loss: LossCurve,
    /// How often it fails and for how long.
    pub failures: FailureLaw,
    /// The states and timers that it has beside being up or down.
    pub machine: MachineDesign,
}

impl ComponentDesign {
    /// Most that it may put out while nothing else limits it, W: more than its rating where a transformer
    /// is held by its hot spot.
    pub fn most_w(&self) -> f64 {
        match self.machine {
            MachineDesign::Transformer(thermal) => {
                self.rating_w * thermal.overload.map_or(1.0, |overload| overload.most)
            }
            _ => self.rating_w,
        }
    }
}

/// Declares the kinds, in the order of the loss report.
macro_rules! component_kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal is $part:ident),+ $(,)?) => {
        /// The kinds of supply components, in the order of the loss report.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum ComponentKind {
            $($(#[$doc])* $kind),+
        }

        impl ComponentKind {
            /// Every kind, in the order of the loss report.
            pub const ALL: [Self; Self::COUNT] = [$(Self::$kind),+];

            /// How many kinds there are.
            pub const COUNT: usize = [$($name),+].len();

            /// As users write it.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name),+
                }
            }

            /// The kind that users call `name`.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|kind| kind.name() == name)
            }

            /// What it is to the network.
            pub const fn part(self) -> NetworkPart {
                match self {
                    $(Self::$kind => NetworkPart::$part),+
                }
            }
        }
    };
}

component_kinds! {
    /// Where the utility delivers.
    Feed = "feed" is Import,
    /// Transformer.
    Transformer = "transformer" is Path,
    /// Switchgear, bus, breaker or fuse: passes power on without noticeable loss.
    Switchgear = "switchgear" is Path,
    /// Cable or overhead line.
    Cable = "cable" is Path,
    /// Uninterruptible power supply, double conversion.
    Ups = "ups" is Path,
    /// Power distribution unit.
    Pdu = "pdu" is Path,
    /// Transfer switch: an ATS, or interlocked breakers.
    Transfer = "transfer" is Path,
    /// Static switch.
    StaticSwitch = "static-switch" is Path,
    /// Generator.
    Genset = "genset" is Generator,
    /// The bus of several generators.
    GeneratorBus = "generator-bus" is Bus,
    /// Battery system on a bus.
    Battery = "battery" is Attached,
    /// Photovoltaic array on a bus.
    Pv = "pv" is Attached,
}

/// What a component is to the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetworkPart {
    /// A root whose output, with what it loses, is import.
    Import,
    /// A root whose output, with what it loses, is generated here.
    Generator,
    /// Gives what the generators on it generate.
    Bus,
    /// Passes on what feeds it.
    Path,
    /// Hangs on a bus, takes from it or gives to it as it is told, and feeds nobody.
    Attached,
}

impl NetworkPart {
    /// Whether power enters here: it needs no feeder.
    pub const fn is_root(self) -> bool {
        matches!(self, Self::Import | Self::Generator)
    }
}

/// Loss as a function of output: `fixed_w + linear * P + quadratic_per_w * P²` watts at an
/// output of `P` watts, whenever the component is energised. Power that flows back loses what the
/// same power forward does.
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
    #[inline]
    pub fn loss_w(&self, output_w: f64) -> f64 {
        let w = if output_w < -ROUNDING_W { -output_w } else { output_w };
        self.fixed_w + (self.linear + self.quadratic_per_w * w) * w
    }

    /// What the loss grows by when the output grows from `from_w` to `to_w`.
    #[inline]
    pub(super) fn growth_w(&self, from_w: f64, to_w: f64) -> f64 {
        if from_w.min(to_w) < -ROUNDING_W {
            return self.loss_w(to_w) - self.loss_w(from_w);
        }
        (self.linear + self.quadratic_per_w * (from_w + to_w)) * (to_w - from_w)
    }

    /// Watts more lost for a watt more put out, at an output of `output_w`.
    #[inline]
    pub(super) fn slope(&self, output_w: f64) -> f64 {
        if output_w < -ROUNDING_W {
            return 2.0 * self.quadratic_per_w * output_w - self.linear;
        }
        self.linear + 2.0 * self.quadratic_per_w * output_w
    }

    /// The output at which output and loss together are `input_w`: losses grow slower than output up
    /// to any rating.
    pub(super) fn output_w(&self, input_w: f64) -> f64 {
        let Self { fixed_w, linear, quadratic_per_w } = *self;
        let rest_w = input_w - fixed_w;
        if rest_w >= 0.0 {
            let b = 1.0 + linear;
            return 2.0 * rest_w / (b + libm::sqrt(b * b + 4.0 * quadratic_per_w * rest_w));
        }
        let b = 1.0 - linear;
        let root = (b * b + 4.0 * quadratic_per_w * rest_w).max(0.0);
        2.0 * rest_w / (b + libm::sqrt(root))
    }
}

/// Output below zero that is the rounding of flows that have gone back to zero.
const ROUNDING_W: f64 = 1e-3;
