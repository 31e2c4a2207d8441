//! Marginal effects of what moves inefficiency (Wang 2002).
//!
//! ```text
//! E u and Var u are functions of ln σ_u² = w'κ and of c, the mean before truncation z'δ, or a shape
//! ∂E u/∂z_j = ∂E u/∂ln σ_u² κ_j + ∂E u/∂c δ_j,   likewise for Var u
//! ```
//!
//! A determinant may raise inefficiency of some rows and lower that of others, so that its coefficient alone does not
//! say. What is reported is the mean over the rows, with the standard error by the delta method: the second derivatives
//! of the moments carry the covariance of all parameters of inefficiency.

use super::density::moments;
use super::{Columns, Data, Distribution, Model, Section, Sfa, SfaFit};
use crate::fit::Coefficient;
use crate::math::Mat;

/// Mean marginal effects of each determinant, by its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Marginal {
    /// On E u.
    pub mean: Vec<Coefficient>,
    /// On Var u.
    pub variance: Vec<Coefficient>,
}

/// A scalar of inefficiency as a function of natural parameters: which of them it has, and how much each row moves it.
struct Scalar {
    /// Positions of the parameters.
    at: Vec<usize>,
    /// Their slopes, one row each, or one row for all.
    slopes: Vec<Vec<f64>>,
    /// Its value, by row or for all.
    values: Vec<f64>,
    /// Names of what moves it, with the place in `at`.
    movers: Vec<(String, usize)>,
}

impl Scalar {
    fn value(&self, i: usize) -> f64 {
        self.values[i.min(self.values.len() - 1)]
    }

    fn slope(&self, i: usize) -> &[f64] {
        &self.slopes[i.min(self.slopes.len() - 1)]
    }
}

impl SfaFit {
    /// Marginal effects on inefficiency under a covariance of `coef`; `None` where nothing moves it, under `at`, and in
    /// models in which a unit keeps its inefficiency or has another effect beside it.
    pub fn marginal(&self, data: &Data, options: &Sfa, V: Option<&Mat<f64>>) -> Option<Marginal> {
        let pooled = matches!(options.model, Model::Pooled | Model::Bc95);
        let V = V.filter(|_| pooled && (data.u_variance.is_some() || data.determinants.is_some()))?;
        let distribution =
            if options.model == Model::Bc95 { Distribution::TruncatedNormal } else { options.distribution };
        let scalars = [self.ln_variance(data)?, self.own(data, distribution)];
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in scalars.iter().flat_map(|s| &s.movers) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        let of = |moment: usize| -> Vec<Coefficient> {
            names.iter().map(|name| self.effect(name, &scalars, distribution, moment, data.nobs(), V)).collect()
        };
        Some(Marginal { mean: of(0), variance: of(1) })
    }

    /// The mean effect of one determinant on one moment.
    fn effect(
        &self,
        name: &str,
        scalars: &[Scalar; 2],
        distribution: Distribution,
        moment: usize,
        n: usize,
        V: &Mat<f64>,
    ) -> Coefficient {
        let mover = scalars.each_ref().map(|s| s.movers.iter().find(|m| m.0 == name).map(|m| s.at[m.1]));
        let (mut effect, mut gradient) = (0.0, vec![0.0; self.coef.len()]);
        let share = 1.0 / n as f64;
        for i in 0..n {
            let jet = moments(distribution, [scalars[0].value(i), scalars[1].value(i)])[moment];
            for (s, at) in mover.iter().enumerate() {
                let Some(at) = *at else { continue };
                effect += share * jet.gradient[s] * self.coef[at];
                gradient[at] += share * jet.gradient[s];
                for (t, scalar) in scalars.iter().enumerate() {
                    let weight = share * jet.hessian[s][t] * self.coef[at];
                    scalar.at.iter().zip(scalar.slope(i)).for_each(|(&a, slope)| gradient[a] += weight * slope);
                }
            }
        }
        let p = gradient.len();
        let variance: f64 = (0..p).map(|i| (0..p).map(|j| gradient[i] * V[(i, j)] * gradient[j]).sum::<f64>()).sum();
        Coefficient::new(name, effect, variance.max(0.0).sqrt(), None)
    }

    /// ln σ_u², of its columns or of σ² and γ.
    fn ln_variance(&self, data: &Data) -> Option<Scalar> {
        if let Some(columns) = &data.u_variance {
            return Some(self.index(Section::UVariance, columns));
        }
        match self.section(Section::UVariance).as_slice() {
            [] => {
                let at = vec![self.named("sigma2")?, self.named("gamma")?];
                let (sigma2, gamma) = (self.coef[at[0]], self.coef[at[1]]);
                let (slopes, values) = (vec![vec![1.0 / sigma2, 1.0 / gamma]], vec![(sigma2 * gamma).ln()]);
                Some(Scalar { at, slopes, values, movers: Vec::new() })
            }
            &[at, ..] => {
                Some(Scalar { at: vec![at], slopes: vec![vec![1.0]], values: vec![self.coef[at]], movers: Vec::new() })
            }
        }
    }

    /// The scalar after the variances, if the distribution has one.
    fn own(&self, data: &Data, distribution: Distribution) -> Scalar {
        if let Some(columns) = &data.determinants {
            return self.index(Section::Determinants, columns);
        }
        let one = |at: usize, slope: f64, value: f64| (vec![at], vec![vec![slope]], vec![value]);
        let (at, slopes, values) = match ["mu", "shape", "lambda"].into_iter().find_map(|name| self.named(name)) {
            Some(at) if distribution.logs() => one(at, 1.0 / self.coef[at], self.coef[at].ln()),
            Some(at) => one(at, 1.0, self.coef[at]),
            None => (Vec::new(), vec![Vec::new()], vec![0.0]),
        };
        Scalar { at, slopes, values, movers: Vec::new() }
    }

    /// A linear index of these columns.
    fn index(&self, section: Section, columns: &Columns) -> Scalar {
        let at = self.section(section);
        let slopes: Vec<Vec<f64>> =
            (0..columns.X.nrows()).map(|i| (0..at.len()).map(|j| columns.X[(i, j)]).collect()).collect();
        let values = slopes.iter().map(|x| at.iter().zip(x).map(|(&a, x)| self.coef[a] * x).sum()).collect();
        let movers = columns.names.iter().cloned().zip(0..).filter(|(name, _)| name != "(Intercept)").collect();
        Scalar { at, slopes, values, movers }
    }

    fn section(&self, section: Section) -> Vec<usize> {
        (0..self.parameters.len()).filter(|&j| self.parameters[j].section == section).collect()
    }

    fn named(&self, name: &str) -> Option<usize> {
        // From the end: a regressor of the frontier, which comes first, may have the same name.
        self.parameters.iter().rposition(|p| p.section == Section::Coefficients && p.name == name)
    }
}
