//! What happens to a mining workload in its own time.

/// An event of the workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// Something happens to machines of a block.
    Block(u32, Step),
    /// The price policy may change its mind about some block again.
    HoldEnds,
    /// A hash earns something else.
    Income,
    /// A block may be found that is paid to the fleet.
    Found,
}

/// What happens to machines of one block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Those that were told to sleep are asleep.
    Asleep,
    /// Those that were started hash.
    Awake,
    /// The next ones may start.
    Start,
    /// One fails, comes back from repair or is reset.
    Trouble,
}
