//! ln L of a group with gradient and Hessian.
//!
//! With A_j = ln(π_j Π f_j), G_j and H_j its gradient and Hessian, and P_j = P(j | g):
//!
//! ```text
//! ∇ ln L  = Σ P_j G_j
//! ∇² ln L = Σ P_j (H_j + G_j G_j') - (Σ P_j G_j)(Σ P_j G_j)'
//! ```
//!
//! G_j has two parts, that of class j and that of ζ, (δ_jk - π_k) w in ζ_k; written out by blocks most of it vanishes:
//!
//! ```text
//! class j, class j    P_j (H_j + (1 - P_j) g_j g_j')
//! class j, class k    -P_j P_k g_j g_k'
//! class j, ζ_k        P_j (δ_jk - P_k) g_j w'
//! ζ_k, ζ_l            [(δ_kl P_k - P_k P_l) - (δ_kl π_k - π_k π_l)] w w'
//! ```

use super::super::density::Truncated;
use super::super::pooled::Sums;
use super::{LatentClass, ln_sum};

/// Room for one group.
pub(super) struct Work {
    classes: Vec<Sums>,
    /// Gradient of the group added last.
    pub(super) gradient: Vec<f64>,
}

impl Work {
    pub(super) fn new<const Q: usize, D: Truncated<Q>>(model: &LatentClass<Q, D>) -> Self {
        let classes = (0..model.classes).map(|_| Sums::new(model.rows.p)).collect();
        Work { classes, gradient: vec![0.0; model.size()] }
    }
}

impl<const Q: usize, D: Truncated<Q>> LatentClass<'_, Q, D> {
    /// Adds a group, whose classes have these sums; gives its gradient.
    pub(super) fn add(&self, group: &[usize], theta: &[f64], work: &mut Work, sums: &mut Sums) {
        let (classes, p, size) = (self.classes, self.rows.p, self.size());
        let ln_prior = self.ln_prior(group, theta);
        for c in 0..classes {
            let own = &mut work.classes[c];
            own.value = ln_prior[c];
            own.gradient.fill(0.0);
            own.hessian.fill(0.0);
            let theta = self.class(c, theta);
            for &i in group {
                self.rows.add(i, self.rows.density.ln(self.rows.scalars(i, theta)), own);
            }
        }
        let joint: Vec<f64> = work.classes.iter().map(|c| c.value).collect();
        let ln = ln_sum(&joint);
        let posterior: Vec<f64> = joint.iter().map(|j| (j - ln).exp()).collect();
        sums.value += ln;
        let w = self.prior.row(group[0]);
        for (c, own) in work.classes.iter().enumerate() {
            let g = &own.gradient;
            for a in 0..p {
                let row = (c * p + a) * size;
                work.gradient[c * p + a] = posterior[c] * g[a];
                for b in a..p {
                    let spread = (1.0 - posterior[c]) * g[a] * g[b];
                    sums.hessian[row + c * p + b] += posterior[c] * (own.hessian[a * p + b] + spread);
                }
                for d in c + 1..classes {
                    let weight = posterior[c] * posterior[d] * g[a];
                    let other = work.classes[d].gradient.iter().enumerate();
                    other.for_each(|(b, h)| sums.hessian[row + d * p + b] -= weight * h);
                }
                for k in 0..classes - 1 {
                    let weight = posterior[c] * (f64::from(u8::from(c == k)) - posterior[k]) * g[a];
                    let from = row + self.zeta(k);
                    w.iter().enumerate().for_each(|(b, w)| sums.hessian[from + b] += weight * w);
                }
            }
        }
        let covariance = |q: &dyn Fn(usize) -> f64, k: usize, l: usize| -> f64 {
            if k == l { q(k) * (1.0 - q(k)) } else { -q(k) * q(l) }
        };
        let prior = |k: usize| ln_prior[k].exp();
        for k in 0..classes - 1 {
            let from = self.zeta(k);
            w.iter().enumerate().for_each(|(a, w)| work.gradient[from + a] = (posterior[k] - prior(k)) * w);
            for l in k..classes - 1 {
                let weight = covariance(&|c| posterior[c], k, l) - covariance(&prior, k, l);
                for a in 0..w.len() {
                    for b in if k == l { a } else { 0 }..w.len() {
                        sums.hessian[(from + a) * size + self.zeta(l) + b] += weight * w[a] * w[b];
                    }
                }
            }
        }
        sums.gradient.iter_mut().zip(&work.gradient).for_each(|(t, g)| *t += g);
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::density::{Density, HalfNormal, TruncatedNormal};
    use super::super::super::{ClassOf, Columns, Data, Index, LeastSquares, Likelihood, Model, Panel, Sfa};
    use super::*;
    use crate::math::Mat;
    use crate::math::rng::Stream;

    fn panel() -> Data {
        let mut draw = Stream::new(4, 0);
        let n = 40;
        let x: Vec<f64> = (0..n).map(|_| draw.normal()).collect();
        let y = x.iter().map(|x| 1.0 + 0.5 * x + 0.3 * draw.normal() - (0.5 * draw.normal()).abs()).collect();
        let X = Mat::from_fn(n, 2, |i, j| if j == 0 { 1.0 } else { x[i] });
        let mut data = Data::new(y, X, vec!["(Intercept)".into(), "x".into()]);
        data.separating =
            Some(Columns::new(n, true, &[("w".into(), (0..n).map(|i| ((i / 3) as f64).sin()).collect())]));
        data.u_variance = Some(Columns::new(n, true, &[("z".into(), x.iter().map(|x| (3.0 * x).cos()).collect())]));
        data.panel = Some(Panel { unit: (0..n).map(|i| i / 3).collect(), time: (0..n).map(|i| i as f64).collect() });
        data
    }

    fn derivatives<const Q: usize>(density: impl Density<Q> + Truncated<Q>, class_of: ClassOf) {
        let data = panel();
        let options = Sfa { model: Model::LatentClass, classes: Some(3), class_of, ..Sfa::default() };
        let frontier = Index::new(&data.frontier).unwrap();
        let ols = LeastSquares::fit(&data.y, &frontier).unwrap();
        let model = LatentClass::new(&data, &frontier, &ols, &options, density).unwrap();
        let p = model.size();
        let theta: Vec<f64> = (0..p).map(|j| 0.4 * (1.7 * j as f64).sin()).collect();
        let point = model.point(&theta).unwrap();
        plim_golden::close(point.value, model.value(&theta), 1e-13, "value");
        let (contributions, owners) = model.contributions(&theta);
        assert_eq!(owners.len(), if class_of == ClassOf::Row { 40 } else { 14 });
        for j in 0..p {
            let sum: f64 = (0..owners.len()).map(|g| contributions[(g, j)]).sum();
            assert!((sum - point.gradient[j]).abs() < 1e-10, "contributions {j}");
            // The error of a central difference: h² times the third derivative, and rounding over h.
            let h = 1e-4;
            let [low, high] = [-h, h].map(|h| {
                let mut moved = theta.clone();
                moved[j] += h;
                model.point(&moved).unwrap()
            });
            let slope = (high.value - low.value) / (2.0 * h);
            assert!(
                (point.gradient[j] - slope).abs() < 1e-6 * (1.0 + slope.abs()),
                "{j}: {} {slope}",
                point.gradient[j]
            );
            for k in 0..p {
                let second = (high.gradient[k] - low.gradient[k]) / (2.0 * h);
                let got = point.hessian[(j, k)];
                assert!((got - second).abs() < 1e-6 * (1.0 + second.abs()), "{j} {k}: {got} {second}");
            }
        }
        // Natural parameters and back, and their Jacobian.
        let (natural, J) = model.natural(&theta);
        let back = model.internal(&natural).unwrap();
        theta.iter().zip(&back).for_each(|(a, b)| assert!((a - b).abs() < 1e-12));
        for j in 0..p {
            let h = 1e-6;
            let [low, high] = [-h, h].map(|h| {
                let mut moved = theta.clone();
                moved[j] += h;
                model.natural(&moved).0
            });
            for i in 0..p {
                let slope = (high[i] - low[i]) / (2.0 * h);
                assert!((J[(i, j)] - slope).abs() < 1e-7 * (1.0 + slope.abs()), "{i} {j}: {} {slope}", J[(i, j)]);
            }
        }
        // The classes in another order are the same model.
        if let Some(ordered) = model.ordered(&theta) {
            plim_golden::close(model.value(&ordered), point.value, 1e-12, "value of exchanged classes");
            assert!(model.ordered(&ordered).is_none());
        }
    }

    #[test]
    fn derivatives_are_those_of_the_value() {
        for class_of in [ClassOf::Row, ClassOf::Unit] {
            derivatives(HalfNormal, class_of);
            derivatives(TruncatedNormal, class_of);
        }
    }
}
