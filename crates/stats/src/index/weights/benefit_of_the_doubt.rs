//! Benefit of the doubt: each unit is judged by the weights that flatter it most.
//!
//! ```text
//! score_i = max_u Σ_j u_j z_ij    s.t.   Σ_j u_j z_lj ≤ 1 for every unit l,   u ≥ 0
//! ```
//!
//! This is data envelopment under constant returns with the indicators as outputs and an input of one for every unit; it
//! is solved there, with its certificate. A score of one means that no unit does better under the weights that suit this
//! one. The weights of a unit are shares Σ u_j z_ij = score, that is u_j z_ij / score; those reported are the means of these
//! shares. They need not be unique for units on the frontier. `assurance` bounds ratios of u.
//! Melyn and Moesen (1991); Cherchye, Moesen, Rogge and Van Puyenbroeck (2007), "An introduction to 'benefit of the doubt'
//! composite indicators", Social Indicators Research 82.

use super::{Indicators, Weights, to_sum_one};
use crate::frontier::dea::{Dea, Orientation, Rts, Units, dea};
use crate::math::Mat;
use crate::{Error, Result};

/// Scores and mean shares of the indicators in them.
pub fn benefit_of_the_doubt(of: &Indicators, assurance: &[String]) -> Result<Weights> {
    of.positive(false, "benefit-of-the-doubt")?;
    let (n, k) = (of.rows(), of.count());
    let options = Dea {
        inputs: vec!["one".into()],
        outputs: of.names.to_vec(),
        rts: Rts::Crs,
        orientation: Orientation::Output,
        multipliers: true,
        assurance: assurance.to_vec(),
        ..Dea::default()
    };
    let units = Units::new(&Mat::from_fn(n, 1, |_, _| 1.0), &Mat::from_fn(n, k, |i, j| of.z[j][i]))?;
    let found = dea(&units, &options)?;
    let mut scores = vec![f64::NAN; n];
    let mut shares = vec![0.0; k];
    let mut refused = Vec::new();
    for (i, unit) in found.units.iter().enumerate() {
        let (Some(score), Some(multipliers)) = (unit.efficiency, &unit.multipliers) else {
            // Zero in every indicator: no weights lift it.
            if of.z.iter().all(|z| z[i] == 0.0) {
                scores[i] = 0.0;
            } else {
                refused.push(i);
            }
            continue;
        };
        scores[i] = score;
        let parts: Vec<f64> = (0..k).map(|j| multipliers.weights[1 + j] * of.z[j][i]).collect();
        let total: f64 = parts.iter().sum();
        parts.iter().zip(&mut shares).for_each(|(p, share)| *share += p / total);
    }
    if refused.len() == n {
        return Err(Error::invalid("no unit has a benefit-of-the-doubt score", "check the indicators").at_rows(refused));
    }
    let mut notes = vec![
        "benefit of the doubt: the weights are mean shares over the units; a unit on the frontier has many that suit it".into(),
    ];
    if !refused.is_empty() {
        notes.push(format!("benefit of the doubt: {} rows have no score", refused.len()));
    }
    Ok(Weights { weights: to_sum_one(shares)?, scores: Some(scores), notes, ..Weights::default() })
}
