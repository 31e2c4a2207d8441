//! Latent classes: several frontiers, and whose is whose not observed (Greene 2005; Orea and Kumbhakar 2004).
//!
//! ```text
//! ln L = Σ_g ln Σ_j π_gj Π_{i in g} f(e_i(β_j); σ_vj, σ_uj, ...),   π_gj = exp(w_g'ζ_j)/Σ_k exp(w_g'ζ_k),  ζ_J = 0
//! P(j | g) = π_gj Π f_j / Σ_k π_gk Π f_k
//! ```
//!
//! A group g is a row, or all rows of a unit, which then keeps its technology (Greene 2005). Each class is a frontier of
//! its own in all of its parameters. Efficiency is E[exp(-u) | data] over the classes; beside it stands that of the most
//! likely class. With G_j the gradient of ln(π_j Π f_j) and H_j its Hessian, those of ln L are E G and
//! E H + E GG' - E G (E G)' under P(j | g).
//!
//! Classes are listed by their mean posterior probability, the largest first. The likelihood has many maxima, and is
//! unbounded where a class shrinks onto as many observations as it can fit exactly: it is climbed from several partitions
//! of the data by the EM algorithm (`em`), then by Newton's method, and such points are no estimates (Kiefer and
//! Wolfowitz 1956; Hathaway 1985); nor are those where a class has no noise and its frontier hangs on single
//! observations. The highest maximum inside is reported, and what lies above it is told. How many classes: AIC or BIC; a likelihood ratio has no known distribution.

mod em;
mod sums;

use super::conditional::Conditional;
use super::density::Truncated;
use super::effects::Mixture;
use super::pooled::{Pooled, Sums};
use super::{ClassOf, Columns, Data, Index, LeastSquares, Likelihood, Parameter, Score, Section, Sfa};
use crate::math::Mat;
use crate::math::optimize::Point;
use crate::{Error, Kind, Result};
use rayon::prelude::*;
use sums::Work;

/// Groups whose sums are formed together, in order; part of the definition of the result, not of the machine.
const CHUNK: usize = 256;
/// A variance with less than this share of the total is at its border of zero.
const BORDER: f64 = 1e-8;
/// A class whose σ² is this small beside that of least squares has shrunk onto single observations.
const SHRUNK: f64 = 1e-6;
/// A class with a σ² this much smaller than another's, or with this many observations per parameter, may be a few
/// observations that lie on a plane by chance.
const SUSPECT: (f64, f64) = (0.01, 3.0);
/// Names of the columns of the posterior probabilities, and of the statistics of their means.
pub(super) const PROBABILITIES: [&str; 5] =
    ["probability_1", "probability_2", "probability_3", "probability_4", "probability_5"];
const SHARES: [&str; 5] = ["share_1", "share_2", "share_3", "share_4", "share_5"];

/// The model; θ is class after class, each as in the pooled model, then ζ_1, ..., ζ_{J-1}.
pub(super) struct LatentClass<'a, const Q: usize, D> {
    rows: Pooled<'a, Q, D>,
    classes: usize,
    /// Index w'ζ of the prior, by row; a group has that of its first row.
    prior: Index,
    groups: Vec<Vec<usize>>,
}

impl<'a, const Q: usize, D: Truncated<Q>> LatentClass<'a, Q, D> {
    pub(super) fn new(
        data: &'a Data,
        frontier: &Index,
        ols: &'a LeastSquares,
        options: &Sfa,
        density: D,
    ) -> Result<Self> {
        let groups = match options.class_of {
            ClassOf::Row => (0..data.nobs()).map(|i| vec![i]).collect(),
            ClassOf::Unit => data.need_panel()?.spells()?,
        };
        let prior = match &data.separating {
            Some(columns) => {
                still(columns, &groups)?;
                Index::new(columns)?
            }
            None => Index::scalar("(Intercept)"),
        };
        let rows = Pooled::new(data, frontier, ols, options.frontier.sign(), density)?;
        Ok(LatentClass { rows, classes: options.class_count(), prior, groups })
    }

    fn size(&self) -> usize {
        self.classes * self.rows.p + (self.classes - 1) * self.prior.k
    }

    /// Parameters of a class.
    fn class<'b>(&self, c: usize, theta: &'b [f64]) -> &'b [f64] {
        &theta[c * self.rows.p..(c + 1) * self.rows.p]
    }

    /// Where ζ_c begins; ζ of the last class is zero.
    fn zeta(&self, c: usize) -> usize {
        self.classes * self.rows.p + c * self.prior.k
    }

    /// ln π of the classes for a group.
    fn ln_prior(&self, group: &[usize], theta: &[f64]) -> Vec<f64> {
        let index = |c: usize| match c + 1 < self.classes {
            true => self.prior.at(group[0], &theta[self.zeta(c)..self.zeta(c) + self.prior.k]),
            false => 0.0,
        };
        let mut ln: Vec<f64> = (0..self.classes).map(index).collect();
        let total = ln_sum(&ln);
        ln.iter_mut().for_each(|l| *l -= total);
        ln
    }

    /// ln π_j Π f_j of the classes for a group.
    fn joint(&self, group: &[usize], theta: &[f64]) -> Vec<f64> {
        let mut ln = self.ln_prior(group, theta);
        for (c, ln) in ln.iter_mut().enumerate() {
            let own = self.class(c, theta);
            *ln += group.iter().map(|&i| self.rows.density.ln(self.rows.scalars(i, own)).value).sum::<f64>();
        }
        ln
    }

    /// P(j | g) of all groups.
    fn posterior(&self, theta: &[f64]) -> Vec<Vec<f64>> {
        let of = |group: &Vec<usize>| {
            let ln = self.joint(group, theta);
            let total = ln_sum(&ln);
            ln.iter().map(|l| (l - total).exp()).collect()
        };
        self.groups.par_iter().map(of).collect()
    }

    /// Mean over the rows of what groups have by class.
    fn shares(&self, of: impl Fn(usize) -> Vec<f64>) -> Vec<f64> {
        let mut sums = vec![0.0; self.classes];
        for (g, group) in self.groups.iter().enumerate() {
            sums.iter_mut().zip(of(g)).for_each(|(s, p)| *s += p * group.len() as f64);
        }
        let n = self.rows.nobs() as f64;
        sums.iter().map(|s| s / n).collect()
    }

    fn prior_shares(&self, theta: &[f64]) -> Vec<f64> {
        let of = |g: usize| self.ln_prior(&self.groups[g], theta).iter().map(|l| l.exp()).collect::<Vec<f64>>();
        if self.prior.is_scalar() { of(0) } else { self.shares(of) }
    }

    /// σ_v² and σ_u² of a class, at the mean of what moves them.
    fn variances(&self, c: usize, theta: &[f64]) -> (f64, f64) {
        let center = self.rows.center(self.class(c, theta));
        (center[1].exp(), center[2].exp())
    }

    /// The class that has shrunk onto fewer observations than it has parameters, or onto a plane.
    fn shrunk(&self, theta: &[f64]) -> Option<usize> {
        let (shares, n) = (self.prior_shares(theta), self.rows.nobs() as f64);
        (0..self.classes).find(|&c| {
            let (v, u) = self.variances(c, theta);
            shares[c] * n <= self.rows.p as f64 || v + u < SHRUNK * self.rows.ols.variance
        })
    }

    /// Whether a class has lost its noise.
    fn noiseless(&self, theta: &[f64]) -> bool {
        (0..self.classes).map(|c| self.variances(c, theta)).any(|(v, u)| v < BORDER * (v + u))
    }
}

/// ln Σ exp, however far apart the terms are.
fn ln_sum(ln: &[f64]) -> f64 {
    let high = ln.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if high.is_finite() { high + ln.iter().map(|l| (l - high).exp()).sum::<f64>().ln() } else { high }
}

/// Refuses columns that change within a group, which has one prior.
fn still(columns: &Columns, groups: &[Vec<usize>]) -> Result<()> {
    for (j, name) in columns.names.iter().enumerate() {
        let value = |i: usize| columns.X[(i, j)];
        let changed = groups.iter().find_map(|g| g.iter().find(|&&i| value(i) != value(g[0])));
        if let Some(&i) = changed {
            let way_out = "take its mean by unit, or its first value, or set class_of = \"row\"";
            let message = "it changes within a unit, whose rows have one class together";
            return Err(Error::invalid(message, way_out).at_column(name).at_rows([i]));
        }
    }
    Ok(())
}

impl<const Q: usize, D: Truncated<Q>> Likelihood for LatentClass<'_, Q, D> {
    fn parameters(&self) -> Vec<Parameter> {
        let named =
            |c: usize, section: Section, name: &str| Parameter { section, name: format!("class {}: {name}", c + 1) };
        let one = self.rows.parameters();
        let mut all: Vec<Parameter> =
            (0..self.classes).flat_map(|c| one.iter().map(move |p| named(c, p.section, &p.name))).collect();
        for c in 0..self.classes - 1 {
            all.extend(self.prior.names.iter().map(|name| named(c, Section::Separating, name)));
        }
        all
    }

    fn frontier(&self) -> usize {
        self.rows.frontier()
    }

    fn natural(&self, theta: &[f64]) -> (Vec<f64>, Mat<f64>) {
        let (p, m) = (self.rows.p, self.prior.k);
        let mut values = Vec::with_capacity(self.size());
        let mut J = Mat::zeros(self.size(), self.size());
        for c in 0..self.classes {
            let (own, inner) = self.rows.natural(self.class(c, theta));
            values.extend(own);
            (0..p).for_each(|i| (0..p).for_each(|j| J[(c * p + i, c * p + j)] = inner[(i, j)]));
        }
        for from in (0..self.classes - 1).map(|c| self.zeta(c)) {
            values.extend(self.prior.natural(&theta[from..from + m]));
            (0..m).for_each(|i| (0..m).for_each(|j| J[(from + i, from + j)] = self.prior.jacobian(i, j)));
        }
        (values, J)
    }

    fn internal(&self, natural: &[f64]) -> Result<Vec<f64>> {
        let mut theta = Vec::with_capacity(self.size());
        for c in 0..self.classes {
            theta.extend(self.rows.internal(self.class(c, natural))?);
        }
        for from in (0..self.classes - 1).map(|c| self.zeta(c)) {
            theta.extend(self.prior.internal(&natural[from..from + self.prior.k]));
        }
        Ok(theta)
    }

    fn starts(&self) -> Result<Vec<Vec<f64>>> {
        em::starts(self)
    }

    fn value(&self, theta: &[f64]) -> f64 {
        let of = |groups: &[Vec<usize>]| groups.iter().map(|g| ln_sum(&self.joint(g, theta))).sum::<f64>();
        self.groups.par_chunks(CHUNK).map(of).collect::<Vec<_>>().iter().sum()
    }

    fn point(&self, theta: &[f64]) -> Option<Point> {
        let chunk = |groups: &[Vec<usize>]| {
            let (mut work, mut sums) = (Work::new(self), Sums::new(self.size()));
            groups.iter().for_each(|g| self.add(g, theta, &mut work, &mut sums));
            sums
        };
        Some(Sums::total(self.size(), self.groups.par_chunks(CHUNK).map(chunk).collect()))
    }

    fn contributions(&self, theta: &[f64]) -> (Mat<f64>, Vec<usize>) {
        let (mut work, mut sums) = (Work::new(self), Sums::new(self.size()));
        let mut scores = Mat::zeros(self.groups.len(), self.size());
        for (g, group) in self.groups.iter().enumerate() {
            self.add(group, theta, &mut work, &mut sums);
            work.gradient.iter().enumerate().for_each(|(j, s)| scores[(g, j)] = *s);
        }
        (scores, self.groups.iter().map(|g| g[0]).collect())
    }

    /// The largest class first.
    fn ordered(&self, theta: &[f64]) -> Option<Vec<f64>> {
        let posterior = self.posterior(theta);
        let shares = self.shares(|g| posterior[g].clone());
        let mut order: Vec<usize> = (0..self.classes).collect();
        order.sort_by(|&a, &b| shares[b].total_cmp(&shares[a]));
        let last = self.classes - 1;
        if order.iter().enumerate().all(|(new, &old)| new == old) {
            return None;
        }
        let zeta = |c: usize, a: usize| if c < last { theta[self.zeta(c) + a] } else { 0.0 };
        let mut out: Vec<f64> = order.iter().flat_map(|&c| self.class(c, theta).iter().copied()).collect();
        for &c in &order[..last] {
            out.extend((0..self.prior.k).map(|a| zeta(c, a) - zeta(order[last], a)));
        }
        Some(out)
    }

    fn border(&self, theta: &[f64]) -> Option<Error> {
        let told = |message: &str, remedy: &str| {
            let remedy = format!("use fewer `classes`, {remedy}");
            Some(Error::new(Kind::Untrusted { message: message.into(), remedy }))
        };
        if self.shrunk(theta).is_some() {
            return told(
                "a class shrinks onto a few observations that it fits exactly, where the likelihood has no bound",
                "or look for duplicates",
            );
        }
        if self.noiseless(theta) {
            return told(
                "a class loses all noise, its frontier pinned to single observations: its gamma goes to one",
                "or another `distribution`",
            );
        }
        let center = |c: usize| self.rows.center(self.class(c, theta));
        if let Some(model) = (0..self.classes).find_map(|c| self.rows.density.limit(center(c))) {
            return told(&format!("the likelihood of a class rises towards {model}"), "or another `distribution`");
        }
        let no_inefficiency = |c: usize| {
            let (v, u) = self.variances(c, theta);
            u < BORDER * (v + u)
        };
        if (0..self.classes).any(no_inefficiency) {
            return told(
                "where the likelihood is highest a class has no inefficiency: its gamma is at the border of zero",
                "or another `distribution`",
            );
        }
        None
    }

    fn degenerate(&self, theta: &[f64]) -> bool {
        self.shrunk(theta).is_some() || self.noiseless(theta)
    }

    fn scores(&self, theta: &[f64], level: f64) -> Vec<Score> {
        let posterior = self.posterior(theta);
        let mut out = vec![Score::sound([f64::NAN; 5]); self.rows.nobs()];
        for (group, posterior) in self.groups.iter().zip(&posterior) {
            for &i in group {
                let part = |c: usize| (posterior[c], self.given(i, c, theta));
                out[i] = Mixture::new((0..self.classes).map(part)).score_without_mode(level);
            }
        }
        out
    }

    /// The most likely class, efficiency in it, probabilities of all.
    fn columns(&self, theta: &[f64]) -> Vec<Vec<f64>> {
        let mut out = vec![vec![f64::NAN; self.rows.nobs()]; 2 + self.classes];
        for (group, posterior) in self.groups.iter().zip(self.posterior(theta)) {
            // The first of equals.
            let most = (1..self.classes).fold(0, |most, c| if posterior[c] > posterior[most] { c } else { most });
            for &i in group {
                out[0][i] = (most + 1) as f64;
                out[1][i] = self.given(i, most, theta).means()[0];
                posterior.iter().enumerate().for_each(|(c, p)| out[2 + c][i] = *p);
            }
        }
        out
    }

    fn stats(&self, theta: &[f64]) -> Vec<(&'static str, f64)> {
        let (loglik, p, n) = (self.value(theta), self.size() as f64, self.rows.nobs() as f64);
        let posterior = self.posterior(theta);
        let shares = self.shares(|g| posterior[g].clone());
        let mut stats =
            vec![("classes", self.classes as f64), ("aic", 2.0 * p - 2.0 * loglik), ("bic", p * n.ln() - 2.0 * loglik)];
        stats.extend(SHARES.into_iter().zip(shares));
        stats
    }

    /// The mixture with fewer classes lies on the border and in many places: no known distribution.
    fn lr_p_value(&self, _lr: f64) -> f64 {
        f64::NAN
    }

    fn caveats(&self, theta: &[f64]) -> Vec<String> {
        let sigma2: Vec<f64> = (0..self.classes).map(|c| self.variances(c, theta)).map(|(v, u)| v + u).collect();
        let largest = sigma2.iter().copied().fold(0.0, f64::max);
        let (shares, n) = (self.prior_shares(theta), self.rows.nobs() as f64);
        let suspect = |&c: &usize| sigma2[c] < SUSPECT.0 * largest || shares[c] * n < SUSPECT.1 * self.rows.p as f64;
        let tell = |c: usize| {
            format!(
                "class {} may be chance: {:.0} observations for {} parameters, sigma2 {:.2e} of {largest:.2e}; compare the \
                 bic of fewer classes",
                c + 1,
                shares[c] * n,
                self.rows.p,
                sigma2[c]
            )
        };
        (0..self.classes).filter(suspect).map(tell).collect()
    }

    fn notes(&self) -> Vec<String> {
        vec![
            "classes are listed by their mean posterior probability; the number of classes is chosen by aic or bic, lr \
             has no p-value"
                .into(),
        ]
    }
}

impl<const Q: usize, D: Truncated<Q>> LatentClass<'_, Q, D> {
    /// Inefficiency of a row, were it of this class.
    fn given(&self, i: usize, c: usize, theta: &[f64]) -> Conditional {
        self.rows.density.given(self.rows.scalars(i, self.class(c, theta)))
    }
}
