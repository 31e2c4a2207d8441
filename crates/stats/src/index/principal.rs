//! An index by principal components: the first, several by their variance, or positive weights.
//!
//! [`super::weights::pca`] has the formulas. The three products in use are
//!
//! ```text
//! components  S = Σ_m (λ_m / Σ λ_m) PC_m     over the components kept; mean zero, so that ln S does not exist
//! first       S = PC_1
//! weights     S = Σ_j w_j z_j                w_j ∝ Σ_m |v_jm| λ_m; positive, on the scale of the normalized indicators
//! ```

use super::basis::Basis;
use super::scale::Scale;
use super::weighted::IndexWeight;
use super::weights::pca::{Components, pca};
use super::weights::{Indicators, PrincipalComponents};
use crate::{Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An index by principal components.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Pca {
    /// Indicators and their normalization.
    #[serde(flatten)]
    pub basis: Basis,
    /// What the score is: `components` by their variance, the `first` alone, or the indicators under positive `weights`.
    pub form: Form,
    /// Components kept: `kaiser` (eigenvalue of one or more), `cumulative:SHARE`, or their number.
    pub components: Components,
}

/// What the score of principal components is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// The components kept, by their variance: what the papers call the composite score F.
    #[default]
    Components,
    /// The first component.
    First,
    /// The normalized indicators under positive weights.
    Weights,
}

/// The index and the components.
#[derive(Debug, Clone, PartialEq)]
pub struct PcaIndex {
    /// Score of each row; NaN where an indicator is missing.
    pub score: Vec<f64>,
    /// Positive weights, of the first component alone under `first`.
    pub weights: Vec<IndexWeight>,
    /// What the indicators were scaled with.
    pub scales: Vec<Scale>,
    /// Names of the indicators that vary, in the order of the loadings.
    pub names: Vec<String>,
    /// The components.
    pub components: PrincipalComponents,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// The index by principal components of the indicators `x`.
pub fn pca_index(options: &Pca, x: &[&[f64]], time: Option<&[i64]>) -> Result<PcaIndex> {
    if options.form == Form::First && options.components != Components::default() {
        return Err(Error::invalid(
            "`components` says how many enter the score, and `form = \"first\"` takes one",
            "leave `components` out, or set `form = \"components\"`",
        ));
    }
    let prepared = options.basis.prepare(x, time)?;
    let (Z, scales) = prepared.normalized(options.basis.normalize.unwrap_or_default())?;
    let rows = &prepared.rows;
    let varies = |j: &usize| prepared.varies[*j];
    let kept: Vec<usize> = (0..Z.len()).filter(varies).collect();
    let columns: Vec<Vec<f64>> = kept.iter().map(|&j| rows.iter().map(|&i| Z[j][i]).collect()).collect();
    let names: Vec<String> = kept.iter().map(|&j| options.basis.indicators[j].clone()).collect();
    let z: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    let rule = if options.form == Form::First { Components::Number(1) } else { options.components };
    let components = pca(&Indicators::new(&names, &z)?, rule)?;
    let mut score = vec![f64::NAN; x[0].len()];
    for (at, &i) in rows.iter().enumerate() {
        score[i] = match options.form {
            Form::Components => components.composite[at],
            Form::First => components.components[0][at],
            Form::Weights => components.weights.iter().zip(&columns).map(|(w, z)| w * z[at]).sum(),
        };
    }
    let weight = |j: usize| kept.iter().position(|&k| k == j).map_or(0.0, |at| components.weights[at]);
    let weights = (options.basis.indicators.iter().enumerate())
        .map(|(j, name)| IndexWeight { name: name.clone(), year: None, weight: weight(j), low: None, high: None })
        .collect();
    let mut notes = prepared.notes;
    notes.extend(components.notes.iter().cloned());
    Ok(PcaIndex { score, weights, scales, names, components, notes })
}
