//! Data envelopment analysis: references, identities, refusals, one file a family of models.

mod additive;
mod assurance;
mod cost;
mod cross;
#[allow(dead_code)] // each family uses what it needs
mod data;
mod directional;
mod dynamic;
mod ebm;
mod elasticity;
mod hyperbolic;
mod metafrontier;
mod multipliers;
mod nonradial;
mod radial;
mod russell;
mod sbm;
mod undesirable;
mod window;
