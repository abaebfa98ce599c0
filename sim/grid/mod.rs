//! The world outside the fence: weather, prices, carbon.
