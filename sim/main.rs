//! The `loadbank` command.

fn main() {}
