//! A row of a trace of requests.

/// A request of a trace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TraceRow {
    /// When it was sent, in nanoseconds on the clock of the trace.
    pub at_ns: u64,
    /// Prompt tokens; at least one.
    pub prompt: u32,
    /// Generated tokens; at least one.
    pub output: u32,
    /// Identities of the blocks that the prompt begins with, each of which stands for all before
    /// it too; the last may be shorter. Empty where the trace has none.
    pub blocks: Vec<u64>,
    /// Tokens of each of these blocks.
    pub block_tokens: u32,
}
