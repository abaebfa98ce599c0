//! Published results reproduced by loadbank.

fn main() {}
