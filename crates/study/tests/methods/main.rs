//! The methods as steps of a study, end to end. One binary: each further one would link the query engine again.

mod dea;
mod dynamic_dea;
mod exports;
mod figures;
mod frontier_figures;
mod frontier_inference;
mod glm;
mod index;
mod iv;
mod language;
mod malmquist;
mod misallocation;
mod moves;
mod network;
mod nist;
mod panel;
mod quantile;
mod records;
mod sbm;
mod sets;
mod sfa_classics;
mod sfa_technology;
mod streams;
mod tfp_growth;
mod trade_resilience;
mod vcov;
