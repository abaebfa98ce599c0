//! Exit codes, the same for every command.

use std::process::ExitCode;

/// Why the process ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The command did what was asked.
    Success = 0,
    /// An unexpected error: a bug.
    Unexpected = 1,
    /// The command line is wrong, or names an address that is taken.
    Usage = 2,
    /// The scenario, or a file it names, cannot be read or is invalid.
    Scenario = 3,
    /// The simulation failed: a balance did not close.
    Simulation = 4,
    /// A requirement of a study fails, or is not decided.
    Requirement = 5,
    /// Replications of a study are missing.
    Missing = 6,
    /// The results could not be written (`EX_IOERR`).
    Output = 74,
    /// A study has used up its time; the same command goes on (`EX_TEMPFAIL`).
    OutOfTime = 75,
    /// Interrupted; partial results are written (128 + SIGINT).
    Interrupted = 130,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        ExitCode::from(exit as u8)
    }
}
