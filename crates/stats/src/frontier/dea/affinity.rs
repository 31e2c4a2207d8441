//! How alike the inputs (or the outputs) of the frontier move, after Tone and Tsutsui (2010).
//!
//! Two columns a and b with c_j = ln(b_j/a_j) differ by
//!
//! ```text
//! D(a, b) = Σ |c_j - c̄| / (n (max c - min c))    from 0 (proportional) to 1/2,        S = 1 - 2 D
//! ```
//!
//! ρ, the largest eigenvalue of the matrix S, is k when all k columns are proportional and one when none are alike:
//! ε = (k - ρ)/(k - 1), zero for a single column. The weights of the columns are the eigenvector, which is positive, over
//! its sum. Units of the columns cancel.

use crate::Result;
use crate::math::Mat;
use crate::math::linalg::symmetric_eigen;

/// Logarithms that spread less than this are equal.
const PROPORTIONAL: f64 = 1e-10;
/// Eigenvalues this close leave their eigenvectors open.
const SAME: f64 = 1e-12;

/// ε and the weights of k columns.
#[derive(Debug, Clone, PartialEq)]
pub struct Affinity {
    /// From 0 (radial) to 1 (slacks alone).
    pub epsilon: f64,
    /// Positive, sum one, k.
    pub weights: Vec<f64>,
}

impl Affinity {
    /// Of columns of positive values, each n.
    pub fn new(columns: &[Vec<f64>]) -> Result<Self> {
        let k = columns.len();
        if k < 2 {
            return Ok(Affinity { epsilon: 0.0, weights: vec![1.0; k] });
        }
        let logs: Vec<Vec<f64>> = columns.iter().map(|c| c.iter().map(|v| v.ln()).collect()).collect();
        let S = Mat::from_fn(k, k, |i, j| 1.0 - 2.0 * diversity(&logs[i], &logs[j]));
        let (values, vectors) = symmetric_eigen(&S)?;
        // Columns that are all unlike: any vector is an eigenvector, and none weighs more.
        let open = values[0] - values[1] <= SAME;
        let raw: Vec<f64> = (0..k).map(|i| if open { 1.0 } else { vectors[(i, 0)].abs() }).collect();
        let sum: f64 = raw.iter().sum();
        let epsilon = ((k as f64 - values[0]) / (k as f64 - 1.0)).clamp(0.0, 1.0);
        Ok(Affinity { epsilon, weights: raw.iter().map(|v| v / sum).collect() })
    }
}

/// D of two columns of logarithms.
fn diversity(a: &[f64], b: &[f64]) -> f64 {
    let c: Vec<f64> = a.iter().zip(b).map(|(a, b)| b - a).collect();
    let n = c.len() as f64;
    let mean = c.iter().sum::<f64>() / n;
    let (least, most) = c.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(l, m), &v| (l.min(v), m.max(v)));
    if most - least <= PROPORTIONAL {
        0.0
    } else {
        c.iter().map(|v| (v - mean).abs()).sum::<f64>() / (n * (most - least))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        // c = ln 4 (1, 0, -1): D = 2/(3·2), S = 1/3, ρ = 4/3.
        let two = Affinity::new(&[vec![1.0, 2.0, 4.0], vec![4.0, 2.0, 1.0]]).unwrap();
        assert!((two.epsilon - 2.0 / 3.0).abs() < 1e-14);
        assert!(two.weights.iter().all(|w| (w - 0.5).abs() < 1e-14));
        let alike = Affinity::new(&[vec![1.0, 2.0, 5.0], vec![3.0, 6.0, 15.0], vec![1e9, 2e9, 5e9]]).unwrap();
        assert!(alike.epsilon < 1e-14 && alike.weights.iter().all(|w| (w - 1.0 / 3.0).abs() < 1e-14));
        let unlike = Affinity::new(&[vec![1.0, 2.0], vec![2.0, 1.0]]).unwrap();
        assert_eq!((unlike.epsilon, unlike.weights), (1.0, vec![0.5; 2]));
        assert_eq!(Affinity::new(&[vec![1.0, 2.0]]).unwrap().epsilon, 0.0);
    }
}
