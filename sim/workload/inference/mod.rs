//! LLM inference.
