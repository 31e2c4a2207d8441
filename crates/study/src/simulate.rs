//! Simulated worlds with known effects.
