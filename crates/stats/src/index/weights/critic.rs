//! CRITIC: criteria importance through intercriteria correlation.
//!
//! ```text
//! C_j = s_j Σ_k (1 - r_jk)        s_j standard deviation of z_j, r_jk Pearson's correlation
//! w_j = C_j / Σ_k C_k
//! ```
//!
//! An indicator weighs the more the more it varies and the less it agrees with the others. With `signed` correlation a
//! negative one counts as conflict (the paper); with `absolute`, 1 - |r|, any strong relation counts as redundancy.
//! Diakoulaki, Mavrotas and Papayannakis (1995), "Determining objective weights in multiple criteria problems: the
//! CRITIC method", Computers & Operations Research 22(7).

use super::{Indicators, mean, sd, to_sum_one};
use crate::Result;
use crate::math::Mat;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What of a correlation counts as conflict.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Correlation {
    /// 1 - r, the paper's.
    #[default]
    Signed,
    /// 1 - |r|.
    Absolute,
}

/// Weights and what they are made of.
#[derive(Debug, Clone, PartialEq)]
pub struct Information {
    /// Weights, k.
    pub weights: Vec<f64>,
    /// Standard deviations, k.
    pub deviation: Vec<f64>,
    /// Information C, k.
    pub information: Vec<f64>,
}

/// CRITIC weights.
pub fn critic(of: &Indicators, correlation: Correlation) -> Result<Information> {
    of.spread()?;
    let R = correlations(of);
    let deviation: Vec<f64> = of.z.iter().map(|z| sd(z)).collect();
    let conflict = |j: usize| -> f64 {
        let others = (0..of.count()).filter(|&k| k != j);
        others.map(|k| 1.0 - if correlation == Correlation::Signed { R[(j, k)] } else { R[(j, k)].abs() }).sum()
    };
    let information: Vec<f64> = deviation.iter().enumerate().map(|(j, s)| s * conflict(j)).collect();
    // A single indicator has nothing to be in conflict with.
    let weights = if of.count() == 1 { vec![1.0] } else { to_sum_one(information.clone())? };
    Ok(Information { weights, deviation, information })
}

/// Pearson's correlations, k × k; every column has spread.
pub fn correlations(of: &Indicators) -> Mat<f64> {
    let standard: Vec<Vec<f64>> = (of.z.iter())
        .map(|z| {
            let m = mean(z);
            let length = z.iter().map(|v| (v - m) * (v - m)).sum::<f64>().sqrt();
            z.iter().map(|v| (v - m) / length).collect()
        })
        .collect();
    let k = of.count();
    let mut R = Mat::identity(k, k);
    for a in 0..k {
        for b in 0..a {
            let r: f64 = standard[a].iter().zip(&standard[b]).map(|(x, y)| x * y).sum();
            R[(a, b)] = r.clamp(-1.0, 1.0);
            R[(b, a)] = R[(a, b)];
        }
    }
    R
}
