//! What a unit of the site is doing.

/// Declares the conditions of units.
macro_rules! conditions {
    ($($(#[$doc:meta])* $condition:ident = $name:literal),+ $(,)?) => {
        /// What a unit is doing; of several of its machines, the last of these counts.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(super) enum Condition {
            $($(#[$doc])* $condition),+
        }

        impl Condition {
            /// As the table of states names it.
            pub(super) const fn name(self) -> &'static str {
                match self {
                    $(Self::$condition => $name),+
                }
            }
        }
    };
}

conditions! {
    /// Does what it is for.
    Ok = "ok",
    /// A generator, or the bus of generators, that is not called.
    Standby = "standby",
    /// Comes up: a generator that was called, machines that have power again.
    Starting = "starting",
    /// A part of its units is out, a component is at its limit, a rack is held below its demand.
    Reduced = "reduced",
    /// Racks slowed by heat.
    Slow = "slow",
    /// Machines that get less power than they ask.
    Starved = "starved",
    /// A feed with a low voltage.
    Sag = "sag",
    /// A UPS that gives from its battery, in whole or in part.
    Battery = "battery",
    /// A UPS whose load is on its bypass.
    Bypass = "bypass",
    /// What evaporates water has none.
    Dry = "dry",
    /// Racks tripped by heat.
    Tripped = "tripped",
    /// Without power.
    NoPower = "no-power",
    /// Out of service as planned.
    Maintenance = "out-for-maintenance",
    /// Failed.
    Failed = "failed",
}
