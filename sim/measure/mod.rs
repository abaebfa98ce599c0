//! Time-weighted meters, latency histograms, ledgers that must balance.
