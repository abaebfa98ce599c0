//! Sequences against an independent reference, and by rule.

mod timelines;
