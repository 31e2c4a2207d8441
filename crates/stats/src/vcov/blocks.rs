//! The hat matrix of a fit cut into blocks of clusters: what the jackknife, CR2 and the wild bootstrap share.
//!
//! With weights taken in by their roots, let D be the effects and X the regressors off them. The projection on both is
//!
//! ```text
//! H = P_N + Z Z',      Z = [Z_F, Z_X] with Z'Z = I,
//! ```
//!
//! where N are the effects nested in the clusters, Z_F spans the others off N, and Z_X = X T with T T' = (X'X)⁻¹.
//! P_N never links two clusters, and residuals and X are off it, so that within and between clusters only Z matters:
//! its width r = rank(F) + k is small, even with many nested effects. Nothing is approximated.

use super::sample_at;
use crate::absorb::Absorber;
use crate::math::{Mat, linalg};
use crate::{Design, Error, Factor, Result, Sandwich, Slope};

/// Most numbers in Z.
const LARGEST: usize = 100_000_000;

/// Most levels that effects crossing the clusters may have together.
const CROSSED: usize = 3_000;

/// An eigenvalue of F'F, scaled to unit diagonal, that is zero but for rounding.
const NULL: f64 = 1e-10;

/// Z, the residuals, and which observations each cluster has.
pub struct Blocks {
    /// Orthonormal columns, n × r; those of the regressors last.
    pub Z: Mat<f64>,
    /// T: b - β = T Z_X'u, k × k.
    pub T: Mat<f64>,
    /// Residuals times √w, n.
    pub u: Vec<f64>,
    /// Observations of each cluster, G.
    pub members: Vec<Vec<usize>>,
    /// Width of Z_F.
    pub crossed: usize,
}

impl Blocks {
    /// The blocks of `fit` by `cluster`, which is coded at the sample; `design` is the one that was fitted, `what`
    /// needs them.
    pub fn new(fit: &dyn Sandwich, design: &Design, cluster: &Factor, what: &str) -> Result<Self> {
        let (Some(X), Some(residuals)) = (fit.regressors(), fit.residuals()) else {
            return Err(Error::invalid(
                format!("{what} is not defined for this estimator"),
                "set `vcov = \"cluster:…\"`",
            ));
        };
        let (n, k) = (X.nrows(), X.ncols());
        let w = weights(fit, design);
        let root = |i: usize| w.as_ref().map_or(1.0, |w| w[i].sqrt());
        let fe: Vec<Factor> = design.fe.iter().map(|f| sample_at(fit, f)).collect();
        let (nested, crossed): (Vec<Factor>, Vec<Factor>) = fe.into_iter().partition(|f| f.nested_in(cluster));
        // A slope of its own for each level is so many columns of their own, nested or not.
        let slopes: Vec<Slope> = (design.slopes.iter())
            .map(|s| Slope {
                factor: sample_at(fit, &s.factor),
                name: s.name.clone(),
                x: fit.sample().map_or_else(|| s.x.clone(), |rows| rows.iter().map(|&i| s.x[i]).collect()),
            })
            .collect();
        let levels: usize = crossed.iter().chain(slopes.iter().map(|s| &s.factor)).map(|f| f.levels as usize).sum();
        if levels > CROSSED || n * (levels + k) > LARGEST {
            let names: Vec<String> =
                crossed.iter().map(|f| f.name.clone()).chain(slopes.iter().map(Slope::label)).collect();
            return Err(Error::invalid(
                format!(
                    "{what}: `{}` cross the clusters of `{}` with {levels} levels, and at most {CROSSED} (with {n} \
                     observations {}) are worked with",
                    names.join("`, `"),
                    cluster.name,
                    (LARGEST / n).saturating_sub(k)
                ),
                "cluster by something that the large effects are nested in",
            ));
        }
        let F = across(&nested, &crossed, &slopes, w.as_deref(), n)?;
        let T = square_root(fit.bread())?;
        let own = Mat::from_fn(n, k, |i, j| root(i) * X[(i, j)]) * &T;
        let p = F.ncols();
        let Z = Mat::from_fn(n, p + k, |i, j| if j < p { F[(i, j)] } else { own[(i, j - p)] });
        let mut members = vec![Vec::new(); cluster.levels as usize];
        cluster.codes.iter().enumerate().for_each(|(i, &g)| members[g as usize].push(i));
        Ok(Blocks { Z, T, u: (0..n).map(|i| root(i) * residuals[i]).collect(), members, crossed: p })
    }

    /// Width of Z.
    pub fn width(&self) -> usize {
        self.Z.ncols()
    }

    /// Rows of cluster `g` of Z, n_g × r.
    pub fn rows(&self, g: usize) -> Mat<f64> {
        let rows = &self.members[g];
        Mat::from_fn(rows.len(), self.width(), |i, j| self.Z[(rows[i], j)])
    }

    /// Z_g'v of each cluster for `v` (n), r × G.
    pub fn sums(&self, v: &[f64]) -> Mat<f64> {
        Mat::from_fn(self.width(), self.members.len(), |j, g| {
            let z = self.Z.col_as_slice(j);
            self.members[g].iter().map(|&i| z[i] * v[i]).sum()
        })
    }
}

/// Weights of the (working) regression at the sample.
pub(super) fn weights(fit: &dyn Sandwich, design: &Design) -> Option<Vec<f64>> {
    match (fit.working_weights(), &design.w) {
        (Some(w), _) => Some(w.to_vec()),
        (None, Some(w)) => Some(match fit.sample() {
            Some(rows) => rows.iter().map(|&i| w[i]).collect(),
            None => w.clone(),
        }),
        (None, None) => None,
    }
}

/// Columns that span the effects `crossed` and the `slopes` off the effects `nested`, times √w, orthonormal, n × p.
fn across(nested: &[Factor], crossed: &[Factor], slopes: &[Slope], w: Option<&[f64]>, n: usize) -> Result<Mat<f64>> {
    let mut columns: Vec<Vec<f64>> = Vec::new();
    for factor in crossed {
        for level in 0..factor.levels {
            columns.push(factor.codes.iter().map(|&c| f64::from(u8::from(c == level))).collect());
        }
    }
    for slope in slopes {
        for level in 0..slope.factor.levels {
            let own = |(&c, &x): (&u32, &f64)| if c == level { x } else { 0.0 };
            columns.push(slope.factor.codes.iter().zip(&slope.x).map(own).collect());
        }
    }
    let p = columns.len();
    if p == 0 {
        return Ok(Mat::zeros(n, 0));
    }
    // Weight of each level: the size that what is left of it after the nested effects is compared with.
    let weight = |i: usize| w.map_or(1.0, |w| w[i]);
    let mass = |c: &Vec<f64>| c.iter().enumerate().map(|(i, v)| weight(i) * v * v).sum::<f64>().max(f64::MIN_POSITIVE);
    let masses: Vec<f64> = columns.iter().map(mass).collect();
    if !nested.is_empty() {
        Absorber::new(nested, &[], w)?.demean(&mut columns)?;
    }
    let F = Mat::from_fn(n, p, |i, j| columns[j][i] * (weight(i) / masses[j]).sqrt());
    let (values, U) = linalg::symmetric_eigen(&(F.transpose() * &F))?;
    let kept = values.iter().take_while(|&&v| v > NULL).count();
    Ok(F * Mat::from_fn(p, kept, |i, l| U[(i, l)] / values[l].sqrt()))
}

/// T with T T' = B, B positive definite, in units of its diagonal.
fn square_root(B: &Mat<f64>) -> Result<Mat<f64>> {
    let k = B.nrows();
    let unit: Vec<f64> = (0..k).map(|j| B[(j, j)].sqrt()).collect();
    let (values, U) = linalg::symmetric_eigen(&Mat::from_fn(k, k, |i, j| B[(i, j)] / (unit[i] * unit[j])))?;
    Ok(Mat::from_fn(k, k, |i, j| unit[i] * U[(i, j)] * values[j].max(0.0).sqrt()))
}
