//! LLM inference: every request, exactly, at request cost.

pub mod ticks;

pub mod replica;
pub mod request;
pub mod step;

#[cfg(test)]
mod naive;
#[cfg(test)]
mod tests_support;
