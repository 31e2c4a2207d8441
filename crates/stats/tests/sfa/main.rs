//! Stochastic frontiers.

mod bootstrap;
mod classics;
mod dependence;
mod distributions;
mod effects;
mod endogenous;
mod latent_class;
mod likelihoods;
mod marginal;
mod metafrontier;
mod monte_carlo;
mod panel;
mod scaling;
mod selection;
mod technology;
mod zero_inefficiency;
