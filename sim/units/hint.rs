//! How a hint travels with an error.

/// Separates message and hint inside the text of a serde error, the only channel that serde
/// offers. Readers split at it; it never reaches the user.
pub(crate) const HINT_MARK: &str = "\u{1f}";
