//! The run that recordings are laid over.

use crate::kernel::{Clock, Time};
use crate::spec::{Fault, Name};
use crate::units::Currency;

/// Hands over the file that a name stands for, decompressed, piece by piece.
pub type ReadFile<'a> = dyn FnMut(&Name, &mut dyn FnMut(&[u8])) -> Result<(), Fault> + 'a;

/// The run that recordings are laid over, and how files are read.
pub struct Run<'a> {
    /// When it starts.
    pub clock: &'a Clock,
    /// When it ends.
    pub horizon: Time,
    /// What its money is in.
    pub currency: Currency,
    /// How a file is read; the scenario room does it.
    pub read: &'a mut ReadFile<'a>,
    /// What was found in each file: a line for each.
    pub found: Vec<String>,
}

impl<'a> Run<'a> {
    /// A run from the start of `clock` to `horizon`, in dollars, whose files come from `read`.
    pub fn new(clock: &'a Clock, horizon: Time, read: &'a mut ReadFile<'a>) -> Self {
        Self { clock, horizon, currency: Currency::USD, read, found: Vec::new() }
    }

    /// The bytes of the file that `name` stands for, decompressed.
    ///
    /// # Errors
    ///
    /// When it cannot be read.
    pub fn read(&mut self, name: &Name) -> Result<Vec<u8>, Fault> {
        let mut bytes = Vec::new();
        (self.read)(name, &mut |piece| bytes.extend_from_slice(piece))?;
        Ok(bytes)
    }
}

impl std::fmt::Debug for Run<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Run").field("horizon", &self.horizon).finish_non_exhaustive()
    }
}
