//! The integral over a unit's shift a, and its exact derivatives.
//!
//! ```text
//! I(θ) = ∫ p(a) Π_t f_t(e_t - a) da
//! ```
//!
//! Given all inefficiency the integrand is a normal density of a with variance s² = 1/(1/σ_w² + Σ_t 1/σ_vt²), whatever
//! the inefficiency and its distribution: I is a mixture of normals that share s. The trapezoidal rule with step h has a
//! relative error of at most 2 exp(-2π² s²/h²) on each of them (Poisson's summation formula; Trefethen and Weideman
//! 2014), hence on I. With h = 0.8 s that is 8e-14, with no assumption on the data. f and p are concave in logarithms,
//! so that the sum may stop on either side of the peak where the terms are lost in rounding.
//!
//! With weights w_k of the nodes (posterior probabilities of a) and g_k the gradient of the log integrand,
//!
//! ```text
//! ∇ ln I = E g,    ∇² ln I = E ∇g + E (g - Eg)(g - Eg)'
//! ```
//!
//! Simulation has draws a_k = σ_w w_k - σ_h h_k of equal prior weight for nodes; these move with the parameters, while p
//! does not.

use super::super::density::Density;
use super::super::pooled::{Pooled, Sums};
use super::draws::Draws;
use super::{Prior, peak};
use crate::math::jet::Jet;

/// Step in units of s.
const STEP: f64 = 0.8;
/// Terms below exp(-DROP) = 6e-19 of the largest are left out.
const DROP: f64 = 42.0;
/// Nodes on one unit: at σ_u/σ_v = 100, where the border of no noise is, a tenth of it is needed.
const MOST: usize = 20_000;

/// A value of a.
struct Node {
    a: f64,
    /// ∂a/∂ln σ_w², ∂a/∂ln σ_h²; the second derivatives are half of these. Zero unless simulated.
    slope: [f64; 2],
    /// ln p with its derivatives; what is constant under simulation.
    prior: Jet<3>,
}

/// The integral of one unit, and room for the next.
pub(super) struct Integral<const Q: usize> {
    nodes: Vec<Node>,
    /// Jets of the rows at each node, node by node.
    jets: Vec<Jet<Q>>,
    /// Scalars of the rows at a = 0.
    pub(super) scalars: Vec<[f64; Q]>,
    /// Posterior probabilities of the nodes.
    weights: Vec<f64>,
    /// Gradients g_k, node by node.
    gradients: Vec<f64>,
    /// Their mean.
    pub(super) gradient: Vec<f64>,
}

impl<const Q: usize> Integral<Q> {
    pub(super) fn new() -> Self {
        Integral {
            nodes: Vec::new(),
            jets: Vec::new(),
            scalars: Vec::new(),
            weights: Vec::new(),
            gradients: Vec::new(),
            gradient: Vec::new(),
        }
    }

    /// Values of a with their posterior probabilities.
    pub(super) fn posterior(&self) -> impl Iterator<Item = (f64, f64)> {
        self.nodes.iter().zip(&self.weights).map(|(n, w)| (n.a, *w))
    }

    /// Adds a node and gives its log integrand.
    fn push(&mut self, density: &impl Density<Q>, node: Node) -> f64 {
        let mut value = node.prior.value;
        for at in &self.scalars {
            let mut at = *at;
            at[0] -= node.a;
            let jet = density.ln(at);
            value += jet.value;
            self.jets.push(jet);
        }
        self.nodes.push(node);
        self.weights.push(value);
        value
    }

    /// ln I at these scalars and parameters `c` of the prior; `None` where that takes too many nodes.
    pub(super) fn ln(&mut self, density: &impl Density<Q>, prior: Prior, c: &[f64]) -> Option<f64> {
        self.clear();
        let precision = prior.precision(c) + self.scalars.iter().map(|at| (-at[1]).exp()).sum::<f64>();
        let s = precision.powf(-0.5);
        let h = STEP * s;
        let center = self.center(density, prior, c, s);
        if !(center.is_finite() && h > 0.0) {
            return None;
        }
        let node = |k: i64| {
            let a = center + k as f64 * h;
            Node { a, slope: [0.0; 2], prior: prior.ln(a, c) + h.ln() }
        };
        let mut top = self.push(density, node(0));
        for side in [1, -1] {
            for k in 1.. {
                let value = self.push(density, node(side * k));
                top = top.max(value);
                if value < top - DROP || value.is_nan() {
                    break;
                }
                if self.nodes.len() > MOST {
                    return None;
                }
            }
        }
        self.normalize()
    }

    /// The simulated ln I; `draws` are those of the unit.
    pub(super) fn simulated(&mut self, density: &impl Density<Q>, draws: &[[f64; 2]], c: &[f64]) -> Option<f64> {
        self.clear();
        let sigma = [(0.5 * c[0]).exp(), c.get(1).map_or(0.0, |h| (0.5 * h).exp())];
        let share = Jet::constant(-(draws.len() as f64).ln());
        for [w, h] in draws {
            let parts = [sigma[0] * w, -sigma[1] * h];
            let slope = parts.map(|p| 0.5 * p);
            self.push(density, Node { a: parts[0] + parts[1], slope, prior: share });
        }
        self.normalize()
    }

    fn clear(&mut self) {
        self.nodes.clear();
        self.jets.clear();
        self.weights.clear();
    }

    /// Turns log integrands into probabilities; gives the logarithm of their sum.
    fn normalize(&mut self) -> Option<f64> {
        let top = self.weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        self.weights.iter_mut().for_each(|w| *w = (*w - top).exp());
        let sum: f64 = self.weights.iter().sum();
        self.weights.iter_mut().for_each(|w| *w /= sum);
        let ln = top + sum.ln();
        ln.is_finite().then_some(ln)
    }

    /// Close to the largest integrand; the rule needs no more.
    fn center(&self, density: &impl Density<Q>, prior: Prior, c: &[f64], s: f64) -> f64 {
        let low = self.scalars.iter().map(|at| at[0]).fold(f64::INFINITY, f64::min);
        let high = self.scalars.iter().map(|at| at[0]).fold(f64::NEG_INFINITY, f64::max);
        let slopes = |a: f64| {
            let p = prior.ln(a, c);
            self.scalars.iter().fold([p.gradient[0], p.hessian[0][0]], |[g, h], at| {
                let mut at = *at;
                at[0] -= a;
                let jet = density.ln(at);
                [g - jet.gradient[0], h + jet.hessian[0][0]]
            })
        };
        let mean = self.scalars.iter().map(|at| at[0]).sum::<f64>() / self.scalars.len() as f64;
        peak(slopes, mean, high - low + 10.0 * s, 0.1 * s)
    }

    /// Adds derivatives of ln I, the rows being `spell`, and leaves the gradient here. Parameters of the prior come
    /// after those of the rows.
    pub(super) fn add<D: Density<Q>>(&mut self, rows: &Pooled<'_, Q, D>, spell: &[usize], sums: &mut Sums) {
        let (p, from, years) = (sums.gradient.len(), rows.p, spell.len());
        let extra = p - from;
        self.gradients.clear();
        self.gradients.resize(self.nodes.len() * p, 0.0);
        self.gradient.clear();
        self.gradient.resize(p, 0.0);
        for (k, (node, w)) in self.nodes.iter().zip(&self.weights).enumerate() {
            let g = &mut self.gradients[k * p..(k + 1) * p];
            let (mut slope, mut curvature) = (0.0, 0.0);
            for (jet, &i) in self.jets[k * years..(k + 1) * years].iter().zip(spell) {
                rows.add_slope(i, &jet.gradient, g);
                slope -= jet.gradient[0];
                curvature += jet.hessian[0][0];
            }
            for r in 0..extra {
                g[from + r] = node.prior.gradient[1 + r] + slope * node.slope[r];
                for q in r..extra {
                    let bend = if q == r { slope * 0.5 * node.slope[r] } else { 0.0 };
                    let second = node.prior.hessian[1 + r][1 + q] + curvature * node.slope[r] * node.slope[q] + bend;
                    sums.hessian[(from + r) * p + from + q] += w * second;
                }
            }
            self.gradient.iter_mut().zip(&*g).for_each(|(m, g)| *m += w * g);
        }
        for (t, &i) in spell.iter().enumerate() {
            let mut mean = Jet::constant(0.0);
            let mut cross = [[0.0; Q]; 2];
            for (k, (node, &w)) in self.nodes.iter().zip(&self.weights).enumerate() {
                let jet = &self.jets[k * years + t];
                mean.add_scaled(jet, w);
                for r in 0..extra {
                    let share = w * node.slope[r];
                    (0..Q).for_each(|j| cross[r][j] -= share * jet.hessian[0][j]);
                }
            }
            mean.value = 0.0;
            rows.add(i, mean, sums);
            for (r, cross) in cross.iter().enumerate().take(extra) {
                rows.add_cross(i, cross, from + r, sums);
            }
        }
        (from..p).for_each(|j| sums.gradient[j] += self.gradient[j]);
        for (g, w) in self.gradients.chunks_exact_mut(p).zip(&self.weights) {
            g.iter_mut().zip(&self.gradient).for_each(|(g, m)| *g -= m);
            for a in 0..p {
                let share = w * g[a];
                (a..p).for_each(|b| sums.hessian[a * p + b] += share * g[b]);
            }
        }
    }
}

/// How ln I is formed.
pub(super) enum Rule {
    /// By the trapezoidal rule.
    Trapezoidal,
    /// By simulation.
    Simulated(Draws),
}
