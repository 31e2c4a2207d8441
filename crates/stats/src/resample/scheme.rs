//! What a replication draws: clusters with replacement, fewer of them, weights, blocks of time, all but one.
//!
//! ```text
//! units        n of n clusters with replacement                           (Efron 1979; clusters: Field and Welsh 2007)
//! m_out_of_n   m < n of them; √m (θ* - θ̂) stands for √n (θ̂ - θ)           (Bickel, Götze and van Zwet 1997)
//! bayesian     weights w_g = n e_g / Σ e, e_g standard exponential        (Rubin 1981)
//! blocks       ⌈T/ℓ⌉ overlapping blocks of ℓ periods, all units alike     (Gonçalves 2011)
//! jackknife    all clusters but one, each left out once                   (Quenouille 1956)
//! ```
//!
//! The draw of a replication depends on the seed and its number alone.

use crate::math::rng::Stream;
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How replications are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scheme {
    /// `units`, or `m_out_of_n` where scores against an estimated border enter an estimate.
    #[default]
    Auto,
    /// Whole units with replacement, as many as there are.
    Units,
    /// Fewer units than there are, with replacement.
    MOutOfN,
    /// Random weights of the units (Dirichlet).
    Bayesian,
    /// Blocks of neighboring periods with replacement, for all units alike.
    Blocks,
    /// Each unit, or value of `by`, left out once.
    Jackknife,
}

/// What one replication takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Draw {
    /// These clusters, in this order.
    Clusters(Vec<u32>),
    /// A weight for each cluster, of mean one.
    Weights(Vec<f64>),
    /// These periods, in this order: positions among the periods, ascending.
    Periods(Vec<u32>),
}

/// What replications are drawn from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sizes {
    /// Clusters.
    pub clusters: usize,
    /// Clusters of a draw that takes fewer than there are.
    pub m: usize,
    /// Periods.
    pub periods: usize,
    /// Periods of a block.
    pub block: usize,
}

impl Scheme {
    /// The draw of replication `r`; of the jackknife, all clusters but `r`.
    pub fn draw(self, sizes: &Sizes, seed: u64, r: usize) -> Draw {
        let mut stream = Stream::new(seed, r as u64);
        let n = sizes.clusters;
        let mut clusters = |count: usize| Draw::Clusters((0..count).map(|_| stream.below(n) as u32).collect());
        match self {
            Scheme::Auto | Scheme::Units => clusters(n),
            Scheme::MOutOfN => clusters(sizes.m),
            Scheme::Bayesian => {
                let e: Vec<f64> = (0..n).map(|_| -stream.uniform().ln()).collect();
                let total: f64 = e.iter().sum();
                Draw::Weights(e.into_iter().map(|e| e * n as f64 / total).collect())
            }
            Scheme::Blocks => {
                let (periods, block) = (sizes.periods, sizes.block.clamp(1, sizes.periods));
                let mut taken = Vec::with_capacity(periods + block);
                while taken.len() < periods {
                    let start = stream.below(periods - block + 1);
                    taken.extend((start..start + block).map(|t| t as u32));
                }
                taken.truncate(periods);
                Draw::Periods(taken)
            }
            Scheme::Jackknife => Draw::Clusters((0..n as u32).filter(|&g| g as usize != r).collect()),
        }
    }

    /// Its name as an option has it.
    pub fn name(self) -> &'static str {
        match self {
            Scheme::Auto => "auto",
            Scheme::Units => "units",
            Scheme::MOutOfN => "m_out_of_n",
            Scheme::Bayesian => "bayesian",
            Scheme::Blocks => "blocks",
            Scheme::Jackknife => "jackknife",
        }
    }

    /// How much wider the draws of this scheme spread than the estimate does: their standard deviation times this
    /// is a standard error.
    pub fn scale(self, sizes: &Sizes) -> f64 {
        match self {
            Scheme::MOutOfN => (sizes.m as f64 / sizes.clusters as f64).sqrt(),
            // (n-1)/n Σ (θ_(g) - mean)² is (n-1)²/n times the variance of the n values.
            Scheme::Jackknife => (sizes.clusters as f64 - 1.0) / (sizes.clusters as f64).sqrt(),
            _ => 1.0,
        }
    }
}

/// Clusters of a draw that takes fewer than there are: n^0.7, which grows and yet vanishes against n.
pub fn fewer(clusters: usize) -> usize {
    ((clusters as f64).powf(0.7).ceil() as usize).clamp(2.min(clusters), clusters)
}

/// Periods of a block when none are given: the cube root of their number, as Künsch (1989) and Hall, Horowitz and
/// Jing (1995) have it for a variance.
pub fn block(periods: usize) -> usize {
    ((periods as f64).cbrt().round() as usize).clamp(1, periods.max(1))
}

/// Refuses sizes from which nothing can be drawn.
pub fn check(scheme: Scheme, sizes: &Sizes, replications: usize) -> Result<()> {
    let refuse = |message: String, remedy: &str| Err(Error::invalid(message, remedy));
    match scheme {
        Scheme::Blocks if sizes.periods < 4 => {
            refuse(format!("blocks are drawn from {} periods", sizes.periods), "use scheme = \"units\"")
        }
        Scheme::Blocks if sizes.block == 0 || 2 * sizes.block > sizes.periods => refuse(
            format!("blocks of {} periods are drawn from {}", sizes.block, sizes.periods),
            "set `block` to at most half of the periods",
        ),
        Scheme::Blocks => Ok(()),
        _ if sizes.clusters < 2 => {
            refuse(format!("draws are of {} clusters", sizes.clusters), "draw units that are more than one")
        }
        Scheme::MOutOfN if sizes.m < 2 || sizes.m > sizes.clusters => refuse(
            format!("`m` is {} of {} clusters", sizes.m, sizes.clusters),
            "set it between 2 and the number of clusters, or leave it out",
        ),
        Scheme::Jackknife => Ok(()),
        _ if replications < 2 => refuse(format!("`replications` is {replications}"), "ask for 999, say"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZES: Sizes = Sizes { clusters: 9, m: 4, periods: 8, block: 3 };

    #[test]
    fn every_scheme_draws_what_it_says() {
        for r in 0..50 {
            let count = |scheme: Scheme| match scheme.draw(&SIZES, 7, r) {
                Draw::Clusters(c) => (c.len(), c.iter().all(|&g| g < 9)),
                Draw::Periods(p) => (p.len(), p.chunks(3).all(|b| b.windows(2).all(|w| w[1] == w[0] + 1))),
                Draw::Weights(w) => {
                    (w.len(), (w.iter().sum::<f64>() - 9.0).abs() < 1e-12 && w.iter().all(|&w| w > 0.0))
                }
            };
            assert_eq!(count(Scheme::Units), (9, true));
            assert_eq!(count(Scheme::MOutOfN), (4, true));
            assert_eq!(count(Scheme::Bayesian), (9, true));
            assert_eq!(count(Scheme::Blocks), (8, true));
        }
        assert_eq!(Scheme::Jackknife.draw(&SIZES, 7, 2), Draw::Clusters(vec![0, 1, 3, 4, 5, 6, 7, 8]));
    }

    #[test]
    fn the_jackknife_of_a_mean_is_its_standard_error() {
        // Leave-one-out means of 1, 2, 4, 9: their standard deviation, scaled, is s/√n.
        let x = [1.0, 2.0, 4.0, 9.0];
        let means: Vec<f64> = (0..4).map(|i| (16.0 - x[i]) / 3.0).collect();
        let sd = |v: &[f64]| {
            let m = v.iter().sum::<f64>() / v.len() as f64;
            (v.iter().map(|x| (x - m).powi(2)).sum::<f64>() / (v.len() as f64 - 1.0)).sqrt()
        };
        let sizes = Sizes { clusters: 4, m: 0, periods: 0, block: 0 };
        assert!((sd(&means) * Scheme::Jackknife.scale(&sizes) - sd(&x) / 2.0).abs() < 1e-14);
    }
}
