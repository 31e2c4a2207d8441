//! TOPSIS: closeness to the ideal and distance from the worst.
//!
//! ```text
//! v_ij = w_j z_ij,   v⁺_j = max_i v_ij,  v⁻_j = min_i v_ij
//! D⁺_i = |v_i - v⁺|,  D⁻_i = |v_i - v⁻|,   C_i = D⁻_i / (D⁺_i + D⁻_i)
//! ```
//!
//! The ideal and the worst are taken over the rows of the normalization: all of them, or those of the year (or of the base
//! year). One row that is all of both, 0/0, cannot occur where an indicator with weight varies. Hwang and Yoon (1981),
//! Multiple Attribute Decision Making; with entropy weights it is 熵权 TOPSIS.

use super::basis::Basis;
use super::normalize::{NormalizeScope, blocks};
use super::scale::Normalize;
use super::weighted::{BlockWeights, IndexWeight, Scored, block_weights, form};
use super::weights::Weighting;
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Closeness to the ideal under weights of a chosen convention.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Topsis {
    /// Indicators and their normalization.
    #[serde(flatten)]
    pub basis: Basis,
    /// Convention of the weights.
    #[serde(flatten)]
    pub weighting: Weighting,
    /// Normalization from which the weights come, where it is another than that of the scores (entropy weights of min-max
    /// values with `normalize = "vector"`, say).
    pub weight_normalize: Option<Normalize>,
    /// Over which rows the weights are taken: `pooled`, one weight an indicator, `year`, weights by year, or `base:YEAR`,
    /// those of one year for all rows.
    pub weight_scope: NormalizeScope,
}

/// TOPSIS scores of the indicators `x`.
pub fn topsis(options: &Topsis, x: &[&[f64]], time: Option<&[i64]>) -> Result<Scored> {
    let convention = options.weighting.convention();
    options.weighting.check(&[])?;
    if options.weight_normalize.is_some() && !convention.from_data() {
        return Err(Error::invalid(
            format!("`weight_normalize` is for weights from the data, and `{}` weights are not", convention.word()),
            "leave `weight_normalize` out, or set `method` (in a study file `using`) to `entropy`, say",
        ));
    }
    let prepared = options.basis.prepare(x, time)?;
    let (Z, scales) = prepared.normalized(options.basis.normalize.unwrap_or_default())?;
    let mut notes = prepared.notes.clone();
    // Conventions that are combined normalize for themselves: they see the normalization of the weights as their own.
    let basis = Basis { normalize: options.weight_normalize.or(options.basis.normalize), ..options.basis.clone() };
    let weighed = basis.prepare(x, time)?;
    let weigh_on = weighed.normalized(form(&basis, convention))?.0;
    let found = block_weights(&weighed, &weigh_on, &options.weighting, options.weight_scope, &mut notes)?;
    let n = x[0].len();
    // Weighted values of every row, by the weights of its block.
    let mut V = vec![vec![0.0; n]; Z.len()];
    let mut weights = Vec::new();
    for block in &found {
        for ((v, z), &w) in V.iter_mut().zip(&Z).zip(&block.weights).filter(|(_, w)| **w != 0.0) {
            block.rows.iter().for_each(|&i| v[i] = w * z[i]);
        }
        weights.extend(options.basis.indicators.iter().zip(&block.weights).map(|(name, &weight)| IndexWeight {
            name: name.clone(),
            year: block.year,
            weight,
            low: None,
            high: None,
        }));
    }
    let mut score = vec![f64::NAN; n];
    let scope = options.basis.normalize_scope;
    for block in blocks(&prepared.rows, time, scope != NormalizeScope::Pooled)? {
        let scored = match scope {
            NormalizeScope::Base(base) if block.year != Some(base) => continue,
            NormalizeScope::Base(_) => &prepared.rows,
            _ => &block.rows,
        };
        let columns: Vec<&[f64]> = V.iter().map(Vec::as_slice).collect();
        closeness(&columns, &block.rows, scored, &mut score)?;
    }
    let stats = found.iter().flat_map(BlockWeights::stats).collect();
    Ok(Scored { score, weights, scales, stats, notes })
}

/// Closeness of the rows `scored` to the ideal among the rows `reference`, into `score`; `V` are weighted values.
pub(crate) fn closeness(V: &[&[f64]], reference: &[usize], scored: &[usize], score: &mut [f64]) -> Result<()> {
    let extreme = |v: &[f64], best: fn(f64, f64) -> f64| reference.iter().map(|&i| v[i]).reduce(best).unwrap_or(0.0);
    let ideal: Vec<f64> = V.iter().map(|v| extreme(v, f64::max)).collect();
    let worst: Vec<f64> = V.iter().map(|v| extreme(v, f64::min)).collect();
    for &i in scored {
        let distance = |to: &[f64]| V.iter().zip(to).map(|(v, t)| (v[i] - t).powi(2)).sum::<f64>().sqrt();
        let (plus, minus) = (distance(&ideal), distance(&worst));
        if plus + minus == 0.0 {
            return Err(Error::invalid(
                "every weighted indicator is equal in all rows, so that closeness to the ideal is 0/0",
                "choose indicators with spread and with weight",
            )
            .at_rows(vec![i]));
        }
        score[i] = minus / (plus + minus);
    }
    Ok(())
}
