//! Tables as they are read and laid over runs.

mod laying;
mod layouts;
