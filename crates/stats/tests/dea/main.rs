//! Data envelopment analysis: references, identities, refusals, one file a family of models.

mod assurance;
mod cost;
mod cross;
#[allow(dead_code)] // each family uses what it needs
mod data;
mod elasticity;
mod metafrontier;
mod multipliers;
mod radial;
