//! Coupling coordination degree of subsystems.
//!
//! For indices U_1 … U_k in [0, 1] with weights α that add to one
//!
//! ```text
//! D = √(C T),    T = Σ α_j U_j
//! standard   C = [ Π U_j / (Σ U_j / k)^k ]^(1/k)        geometric over arithmetic mean
//! unrooted   C =   Π U_j / (Σ U_j / k)^k                for two: 4 U_1 U_2 / (U_1 + U_2)²
//! wang       C = √( [1 - mean_{i<j} |U_i - U_j|] · (Π U_j / max U)^(1/(k-1)) )   (the product without the largest U)
//! ```
//!
//! D depends on the convention: `unrooted` is the k-th power of `standard`, hence smaller, and the standard C lies near
//! one unless the indices differ by far; `wang` (Wang, Kong, Ren, Zhi and Dai 2021, "Research on misuses and
//! modification of coupling coordination degree model in China", Journal of Natural Resources 36(3)) spreads it over
//! [0, 1]. Versions with Π (U_i + U_j) in the denominator do not reach one for k > 2 and are not offered.

use crate::{Error, Kind, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Coupling, development and coordination of two or more subsystems.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Coupling {
    /// Columns of the indices of the subsystems, each between 0 and 1.
    pub subsystems: Vec<String>,
    /// Their weights in T, divided by their sum; equal by default.
    pub weights: Vec<f64>,
    /// How C is made.
    pub convention: Convention,
}

/// How C is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Convention {
    /// Geometric over arithmetic mean.
    #[default]
    Standard,
    /// Without the k-th root.
    Unrooted,
    /// Modified after Wang et al. (2021).
    Wang,
}

/// Coordination of every row; NaN where all subsystems are zero.
#[derive(Debug, Clone, PartialEq)]
pub struct Coordination {
    /// D.
    pub coordination: Vec<f64>,
    /// C.
    pub coupling: Vec<f64>,
    /// T.
    pub development: Vec<f64>,
    /// Mean of D under each convention, for comparison.
    pub means: Vec<(Convention, f64)>,
    /// The weights used.
    pub weights: Vec<f64>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// Coordination of subsystems, each n.
///
/// ```
/// use plim_stats::misallocation::coupling::*;
/// let options = Coupling { subsystems: vec!["u".into(), "v".into()], ..Coupling::default() };
/// let found = coupling(&options, &[&[0.8], &[0.2]])?;
/// assert!((found.coupling[0] - 0.8).abs() < 1e-15 && (found.coordination[0] - 0.4f64.sqrt()).abs() < 1e-15);
/// # Ok::<(), plim_stats::Error>(())
/// ```
pub fn coupling(options: &Coupling, subsystems: &[&[f64]]) -> Result<Coordination> {
    let k = subsystems.len();
    let weights = check(options, subsystems)?;
    let n = subsystems[0].len();
    let row = |i: usize| subsystems.iter().map(|u| u[i]).collect::<Vec<f64>>();
    let development: Vec<f64> = (0..n).map(|i| weights.iter().zip(subsystems).map(|(a, u)| a * u[i]).sum()).collect();
    let degree = |convention: Convention| -> Vec<f64> { (0..n).map(|i| convention.degree(&row(i))).collect() };
    let coordinate = |c: &[f64]| -> Vec<f64> { c.iter().zip(&development).map(|(c, t)| (c * t).sqrt()).collect() };
    let all = [Convention::Standard, Convention::Unrooted, Convention::Wang];
    let mean = |convention: Convention| {
        let d: Vec<f64> = coordinate(&degree(convention)).into_iter().filter(|d| !d.is_nan()).collect();
        d.iter().sum::<f64>() / d.len() as f64
    };
    let means = all.map(|c| (c, mean(c))).to_vec();
    let coupled = degree(options.convention);
    let mut notes = Vec::new();
    let empty = coupled.iter().filter(|c| c.is_nan()).count();
    if empty > 0 {
        notes.push(format!("{empty} rows have zero in all {k} subsystems: their coupling is not defined"));
    }
    Ok(Coordination { coordination: coordinate(&coupled), coupling: coupled, development, means, weights, notes })
}

impl Convention {
    /// C of the indices of one row; NaN where all are zero.
    fn degree(self, u: &[f64]) -> f64 {
        let k = u.len() as f64;
        let most = u.iter().copied().fold(0.0, f64::max);
        if most == 0.0 {
            return f64::NAN;
        }
        // Relative to the mean, because a product of small indices would run under.
        let mean = u.iter().sum::<f64>() / k;
        match self {
            Convention::Standard => u.iter().map(|u| (u / mean).powf(1.0 / k)).product::<f64>().min(1.0),
            Convention::Unrooted => u.iter().map(|u| u / mean).product::<f64>().min(1.0),
            Convention::Wang => {
                let pairs = (0..u.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
                let apart: f64 = pairs.map(|(i, j)| (u[i] - u[j]).abs()).sum::<f64>() / (k * (k - 1.0) / 2.0);
                let even: f64 = u.iter().map(|u| (u / most).powf(1.0 / (k - 1.0))).product();
                ((1.0 - apart) * even).sqrt()
            }
        }
    }
}

/// The weights, adding to one; refuses indices outside [0, 1].
fn check(options: &Coupling, subsystems: &[&[f64]]) -> Result<Vec<f64>> {
    let k = subsystems.len();
    if k < 2 || options.subsystems.len() != k {
        return Err(Error::invalid(
            format!("{k} subsystems; coupling needs at least two"),
            "name their columns in `subsystems`",
        ));
    }
    let n = subsystems[0].len();
    if n == 0 {
        return Err(Error::new(Kind::Empty { what: "the sample".into() }));
    }
    for (j, (name, u)) in options.subsystems.iter().zip(subsystems).enumerate() {
        if options.subsystems[..j].contains(name) {
            return Err(Error::invalid(format!("`{name}` is named twice"), "name each subsystem once"));
        }
        if u.len() != n {
            return Err(Error::length(format!("`{name}`"), u.len(), n));
        }
        let outside: Vec<usize> = (0..n).filter(|&i| !(0.0..=1.0).contains(&u[i])).collect();
        if !outside.is_empty() {
            return Err(Error::invalid(
                "an index is not between 0 and 1",
                "make the subsystems with `entropy`, or normalize them first",
            )
            .at_column(name)
            .at_rows(outside));
        }
    }
    if options.weights.is_empty() {
        return Ok(vec![1.0 / k as f64; k]);
    }
    let sum: f64 = options.weights.iter().sum();
    let sound = options.weights.iter().all(|w| w.is_finite() && *w > 0.0) && sum.is_finite();
    if options.weights.len() != k || !sound {
        return Err(Error::invalid(
            format!("`weights` has {} weights for {k} subsystems, or one that is not positive", options.weights.len()),
            "give one positive weight for each subsystem",
        ));
    }
    Ok(options.weights.iter().map(|w| w / sum).collect())
}
