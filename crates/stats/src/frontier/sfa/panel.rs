//! Inefficiency that a unit keeps, scaled by time: u_it = h_it u_i, u_i ~ N(μ, σ_u²) truncated to be positive.
//!
//! ```text
//! Pitt and Lee 1981; Battese and Coelli 1988   h = 1
//! Battese and Coelli 1992                      h = exp(-η (t - T)),  T the last period of the panel
//! Kumbhakar 1990                               h = 1/(1 + exp(b t + c t²)),  t = 1 in the first period
//! Wang and Ho 2010                             h = exp(z'δ), everything demeaned by unit: fixed effects drop out
//! ```
//!
//! The likelihood of a unit with n rows depends on them through three sums. With A = Σ e², B = Σ h e, H = Σ h²,
//! D = σ_v² + σ_u² H, μ* = (μ σ_v² - σ_u² B)/D, s*² = σ_u² σ_v²/D and m = φ/Φ,
//!
//! ```text
//! ln L = -n/2 ln 2π - (n-1)/2 ln σ_v² - ½ ln D - A/2σ_v² + ln m(μ/σ_u) - ln m(μ*/s*)
//! ```
//!
//! in which nothing cancels. Demeaned rows (of rank n - 1) have n - 1 in the place of n, and demeaned e and h in the
//! sums. Given its rows, u_i is N(μ*, s*²) truncated to be positive.

use super::conditional::Conditional;
use super::density::{GRID, split};
use super::effects::Within;
use super::pooled::{no_inefficiency, no_noise};
use super::{Columns, Data, Distribution, Index, LeastSquares, Likelihood, Model, Parameter, Score, Section, Sfa};
use crate::math::Mat;
use crate::math::jet::Jet;
use crate::math::normal::LN_SQRT_TAU;
use crate::math::optimize::Point;
use crate::{Error, Kind, Result};
use rayon::prelude::*;
use std::f64::consts::PI;

/// Units whose sums are formed together, in order; part of the definition of the result, not of the machine.
const CHUNK: usize = 256;
/// σ_v² or the part of σ_u² below this share of the total is at its border of zero.
const BORDER: f64 = 1e-8;
/// Beyond this -μ/σ_u, u_i is exponential to a part in a thousand.
const FAR: f64 = 25.0;
/// |κ| of the starts where everything is demeaned.
const WITHIN: f64 = 0.3;
/// Scalars of a unit: A, B, H, ln σ_v², ln σ_u², μ.
const Q: usize = 6;

/// h as a function of its index r'κ.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Link {
    /// exp(r'κ).
    Exponential,
    /// 1/(1 + exp(r'κ)).
    Logistic,
}

impl Link {
    /// h, dh, d²h at s = r'κ.
    fn at(self, s: f64) -> [f64; 3] {
        match self {
            Link::Exponential => [s.exp(); 3],
            Link::Logistic => {
                let h = 1.0 / (1.0 + s.exp());
                let slope = -h * (1.0 - h);
                [h, slope, slope * (2.0 * h - 1.0)]
            }
        }
    }
}

/// The model of these units.
pub(super) struct Persistent<'a> {
    /// Outcome, demeaned by unit where that is asked.
    y: Vec<f64>,
    sign: f64,
    frontier: Index,
    /// Rows of each unit in the order of time.
    spells: Vec<Vec<usize>>,
    /// What h depends on, and how; `None`: h = 1.
    scale: Option<(Index, Link)>,
    section: Section,
    /// Whether μ is a parameter (else 0).
    truncated: bool,
    /// Whether everything is demeaned by unit.
    within: bool,
    ols: &'a LeastSquares,
}

impl<'a> Persistent<'a> {
    pub(super) fn new(data: &'a Data, frontier: &Index, ols: &'a LeastSquares, options: &Sfa) -> Result<Self> {
        let panel = data.need_panel()?;
        let spells = panel.spells()?;
        let first = panel.time.iter().copied().fold(f64::INFINITY, f64::min);
        let last = panel.time.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let named = |columns: Vec<(String, Vec<f64>)>| Index::new(&Columns::new(data.nobs(), false, &columns));
        let over_time = |f: &dyn Fn(f64) -> f64| -> Vec<f64> { panel.time.iter().map(|&t| f(t)).collect() };
        let moves = matches!(options.model, Model::Bc92 | Model::Kumbhakar90);
        if moves && first == last {
            return Err(Error::invalid(
                "all rows are of one time, so that nothing says how inefficiency moves over time",
                "use model = \"pooled\"",
            ));
        }
        let mut section = Section::Coefficients;
        let scale = match options.model {
            Model::Bc92 => {
                let r = over_time(&|t| last - t);
                Some((named(vec![("eta".into(), r)])?, Link::Exponential))
            }
            Model::Kumbhakar90 => {
                let t = |t: f64| t - first + 1.0;
                let columns = vec![("b".into(), over_time(&t)), ("c".into(), over_time(&|s| t(s).powi(2)))];
                Some((named(columns)?, Link::Logistic))
            }
            Model::WangHo => {
                section = Section::Determinants;
                let z = data.determinants.as_ref().ok_or_else(|| {
                    Error::invalid(
                        "`wang_ho` needs what moves inefficiency over time",
                        "name columns in `determinants`",
                    )
                })?;
                Some((Index::new(z)?, Link::Exponential))
            }
            _ => None,
        };
        let mut model = Persistent {
            y: data.y.clone(),
            sign: options.frontier.sign(),
            frontier: frontier.clone(),
            spells,
            scale,
            section,
            truncated: options.model == Model::Bc88 || options.distribution == Distribution::TruncatedNormal,
            within: options.model == Model::WangHo,
            ols,
        };
        if model.within {
            model.demean(data)?;
        }
        Ok(model)
    }

    /// Takes the unit means from outcome and regressors; the constant drops out.
    fn demean(&mut self, data: &Data) -> Result<()> {
        let (index, _) = self.scale.as_ref().expect("a scale");
        let constant = |j: usize| {
            let value = |i: usize| index.row(i)[j];
            self.spells.iter().all(|s| s.iter().all(|&i| value(i) == value(s[0])))
        };
        if let Some(j) = (0..index.k).find(|&j| constant(j)) {
            return Err(Error::invalid(
                "it does not vary within units, so that its effect is not identified",
                "leave it out",
            )
            .at_column(index.names[j].clone()));
        }
        let rows = Within::new(data)?;
        (self.y, self.frontier) = (rows.y, rows.frontier);
        Ok(())
    }

    /// Where the parameters of v, u, μ and h begin, and how many there are.
    fn layout(&self) -> (usize, usize, usize, usize) {
        let v = self.frontier.k;
        let h = v + 2 + usize::from(self.truncated);
        (v, v + 2, h, h + self.scale.as_ref().map_or(0, |(r, _)| r.k))
    }

    fn mean(&self, theta: &[f64]) -> f64 {
        if self.truncated { theta[self.layout().1] } else { 0.0 }
    }

    /// h of a row with its slope and curvature in the index.
    fn h(&self, i: usize, theta: &[f64]) -> [f64; 3] {
        let from = self.layout().2;
        self.scale.as_ref().map_or([1.0, 0.0, 0.0], |(r, link)| link.at(r.at(i, &theta[from..])))
    }

    /// ln L of a unit in its scalars; `n` rows, one less when they are demeaned.
    fn ln(&self, n: usize, at: [f64; Q]) -> Jet<Q> {
        let [A, B, H, v, u, mu] = Jet::variables(at);
        let rank = (n - usize::from(self.within)) as f64;
        let (sv, su) = ((v * 0.5).exp(), (u * 0.5).exp());
        let D = v.exp() + u.exp() * H;
        let z = (mu * sv / su - B * su / sv) / D.sqrt();
        let prior = mu / su;
        A * (-v).exp() * -0.5 - v * (0.5 * (rank - 1.0)) - D.ln() * 0.5 + prior.ln_mills()
            - z.ln_mills()
            - rank * LN_SQRT_TAU
    }

    /// The scalars of a unit.
    fn scalars(&self, spell: &[usize], theta: &[f64]) -> [f64; Q] {
        let (v, ..) = self.layout();
        let mut at = [0.0, 0.0, 0.0, theta[v], theta[v + 1], self.mean(theta)];
        let shift = self.shift(spell, theta);
        for &i in spell {
            let e = self.sign * (self.y[i] - self.frontier.at(i, theta));
            let h = self.h(i, theta)[0] - shift;
            at[0] += e * e;
            at[1] += h * e;
            at[2] += h * h;
        }
        at
    }

    /// What is taken from h: its mean over the unit, when everything is demeaned.
    fn shift(&self, spell: &[usize], theta: &[f64]) -> f64 {
        match self.within {
            true => spell.iter().map(|&i| self.h(i, theta)[0]).sum::<f64>() / spell.len() as f64,
            false => 0.0,
        }
    }

    /// Adds ln L of a unit with its gradient and the upper triangle of its Hessian to the sums.
    fn add(&self, spell: &[usize], theta: &[f64], work: &mut Work, sums: &mut Sums) {
        let (v, mu, from, p) = self.layout();
        let k = self.frontier.k;
        let at = self.scalars(spell, theta);
        let jet = self.ln(spell.len(), at);
        let [fA, fB, fH] = [jet.gradient[0], jet.gradient[1], jet.gradient[2]];
        // Gradients of the scalars in θ, Q × p.
        work.J.fill(0.0);
        work.J[3 * p + v] = 1.0;
        work.J[4 * p + v + 1] = 1.0;
        if self.truncated {
            work.J[5 * p + mu] = 1.0;
        }
        let shift = self.shift(spell, theta);
        let q = p - from;
        work.mean.fill(0.0);
        if let (true, Some((r, _))) = (self.within, &self.scale) {
            for &i in spell {
                let [_, slope, _] = self.h(i, theta);
                r.row(i).iter().zip(&mut work.mean).for_each(|(r, m)| *m += slope * r / spell.len() as f64);
            }
        }
        for &i in spell {
            let x = self.frontier.row(i);
            let e = self.sign * (self.y[i] - self.frontier.at(i, theta));
            let [level, slope, curvature] = self.h(i, theta);
            let h = level - shift;
            for a in 0..k {
                work.J[a] -= 2.0 * self.sign * e * x[a];
                work.J[p + a] -= self.sign * h * x[a];
                for b in a..k {
                    sums.hessian[a * p + b] += 2.0 * fA * x[a] * x[b];
                }
            }
            if let Some((r, _)) = &self.scale {
                let r = r.row(i);
                // Demeaned h has demeaned slopes; against demeaned e and h the mean of curvatures drops out.
                for c in 0..q {
                    let hc = slope * r[c] - work.mean[c];
                    work.J[p + from + c] += hc * e;
                    work.J[2 * p + from + c] += 2.0 * h * hc;
                    for a in 0..k {
                        sums.hessian[a * p + from + c] -= fB * self.sign * hc * x[a];
                    }
                    for d in c..q {
                        let hd = slope * r[d] - work.mean[d];
                        let second = curvature * r[c] * r[d];
                        sums.hessian[(from + c) * p + from + d] += fB * e * second + 2.0 * fH * (hc * hd + h * second);
                    }
                }
            }
        }
        sums.value += jet.value;
        for s in 0..Q {
            let row = &work.J[s * p..(s + 1) * p];
            for (a, j) in row.iter().enumerate() {
                work.gradient[a] = if s == 0 { 0.0 } else { work.gradient[a] } + jet.gradient[s] * j;
            }
            // One row of F J, against which the rows of J are multiplied.
            work.FJ.fill(0.0);
            for t in 0..Q {
                let f = jet.hessian[s][t];
                work.J[t * p..(t + 1) * p].iter().zip(&mut work.FJ).for_each(|(j, o)| *o += f * j);
            }
            for a in (0..p).filter(|&a| row[a] != 0.0) {
                (a..p).for_each(|b| sums.hessian[a * p + b] += row[a] * work.FJ[b]);
            }
        }
        sums.gradient.iter_mut().zip(&work.gradient).for_each(|(t, g)| *t += g);
    }
}

/// Room for one unit.
struct Work {
    J: Vec<f64>,
    FJ: Vec<f64>,
    gradient: Vec<f64>,
    mean: Vec<f64>,
}

impl Work {
    fn new(p: usize) -> Self {
        Work { J: vec![0.0; Q * p], FJ: vec![0.0; p], gradient: vec![0.0; p], mean: vec![0.0; p] }
    }
}

/// Value, gradient and upper triangle of the Hessian of some units.
struct Sums {
    value: f64,
    gradient: Vec<f64>,
    hessian: Vec<f64>,
}

impl Sums {
    fn new(p: usize) -> Self {
        Sums { value: 0.0, gradient: vec![0.0; p], hessian: vec![0.0; p * p] }
    }
}

/// Values less their mean over the unit, n.
pub(super) fn within(spells: &[Vec<usize>], value: impl Fn(usize) -> f64) -> Vec<f64> {
    let mut out = vec![0.0; spells.iter().map(Vec::len).sum()];
    for spell in spells {
        let mean = spell.iter().map(|&i| value(i)).sum::<f64>() / spell.len() as f64;
        spell.iter().for_each(|&i| out[i] = value(i) - mean);
    }
    out
}

impl Likelihood for Persistent<'_> {
    fn parameters(&self) -> Vec<Parameter> {
        let parameter = |section: Section, name: &str| Parameter { section, name: name.into() };
        let mut all: Vec<Parameter> =
            self.frontier.names.iter().map(|name| parameter(Section::Coefficients, name)).collect();
        all.extend(["sigma2", "gamma"].map(|name| parameter(Section::Coefficients, name)));
        all.extend(self.truncated.then(|| parameter(Section::Coefficients, "mu")));
        let names = self.scale.iter().flat_map(|(r, _)| &r.names);
        all.extend(names.map(|name| parameter(self.section, name)));
        all
    }

    fn frontier(&self) -> usize {
        self.frontier.k
    }

    fn natural(&self, theta: &[f64]) -> (Vec<f64>, Mat<f64>) {
        let (v, _, from, p) = self.layout();
        let mut J = Mat::from_fn(p, p, |i, j| f64::from(u8::from(i == j)));
        let mut values = theta.to_vec();
        values[..v].copy_from_slice(&self.frontier.natural(&theta[..v]));
        for a in 0..v {
            (0..v).for_each(|b| J[(a, b)] = self.frontier.jacobian(a, b));
        }
        if let Some((r, _)) = &self.scale {
            values[from..].copy_from_slice(&r.natural(&theta[from..]));
            (0..r.k).for_each(|a| J[(from + a, from + a)] = r.jacobian(a, a));
        }
        let (sv2, su2) = (theta[v].exp(), theta[v + 1].exp());
        let gamma = su2 / (sv2 + su2);
        (values[v], values[v + 1]) = (sv2 + su2, gamma);
        (J[(v, v)], J[(v, v + 1)]) = (sv2, su2);
        (J[(v + 1, v)], J[(v + 1, v + 1)]) = (-gamma * (1.0 - gamma), gamma * (1.0 - gamma));
        (values, J)
    }

    fn internal(&self, natural: &[f64]) -> Result<Vec<f64>> {
        let (v, _, from, _) = self.layout();
        let mut theta = natural.to_vec();
        theta[..v].copy_from_slice(&self.frontier.internal(&natural[..v]));
        if let Some((r, _)) = &self.scale {
            theta[from..].copy_from_slice(&r.internal(&natural[from..]));
        }
        (theta[v], theta[v + 1]) = super::pooled::ln_variances(natural[v], natural[v + 1])?;
        Ok(theta)
    }

    fn starts(&self) -> Result<Vec<Vec<f64>>> {
        let (_, _, from, p) = self.layout();
        let means: &[f64] = if self.truncated { &[0.0, -1.0, 1.0] } else { &[0.0] };
        // h is one half at κ = 0 under the logistic.
        let level = if matches!(&self.scale, Some((_, Link::Logistic))) { 2.0f64.ln() * 2.0 } else { 0.0 };
        // Demeaned h vanishes at κ = 0, and the likelihood is flat there: signs of κ in turn.
        let q = p - from;
        let patterns = if self.within { 1 << q.min(3) } else { 1 };
        let kappa = |pattern: usize, c: usize| if pattern >> c.min(2) & 1 == 0 { WITHIN } else { -WITHIN };
        let mut starts = Vec::new();
        for (&mean, pattern) in means.iter().flat_map(|m| (0..patterns).map(move |pattern| (m, pattern))) {
            for gamma in GRID {
                let (v, u) = split(self.ols.variance, gamma, 1.0 - 2.0 / PI);
                let mut theta = self.ols.coef.clone();
                if !self.within {
                    theta[0] += self.sign * (2.0 / PI).sqrt() * (0.5 * u).exp();
                }
                theta.extend([v, u + level]);
                theta.extend(self.truncated.then_some(mean * (0.5 * u).exp()));
                theta.extend((0..q).map(|c| if self.within { kappa(pattern, c) } else { 0.0 }));
                starts.push(theta);
            }
        }
        Ok(starts)
    }

    fn value(&self, theta: &[f64]) -> f64 {
        let of = |spell: &Vec<usize>| self.ln(spell.len(), self.scalars(spell, theta)).value;
        self.spells.par_chunks(CHUNK).map(|c| c.iter().map(of).sum::<f64>()).collect::<Vec<_>>().iter().sum()
    }

    fn promise(&self, theta: &[f64]) -> f64 {
        let of = |spell: &Vec<usize>| self.ln(spell.len(), self.scalars(spell, theta)).value;
        self.spells.iter().step_by(self.spells.len().div_ceil(2 * CHUNK)).map(of).sum()
    }

    fn point(&self, theta: &[f64]) -> Option<Point> {
        let p = theta.len();
        let chunk = |spells: &[Vec<usize>]| {
            let (mut work, mut sums) = (Work::new(p), Sums::new(p));
            spells.iter().for_each(|spell| self.add(spell, theta, &mut work, &mut sums));
            sums
        };
        let chunks: Vec<Sums> = self.spells.par_chunks(CHUNK).map(chunk).collect();
        let mut total = Sums::new(p);
        for sums in chunks {
            total.value += sums.value;
            total.gradient.iter_mut().zip(&sums.gradient).for_each(|(t, s)| *t += s);
            total.hessian.iter_mut().zip(&sums.hessian).for_each(|(t, s)| *t += s);
        }
        let hessian = Mat::from_fn(p, p, |i, j| total.hessian[i.min(j) * p + i.max(j)]);
        Some(Point { value: total.value, gradient: total.gradient, hessian })
    }

    fn contributions(&self, theta: &[f64]) -> (Mat<f64>, Vec<usize>) {
        let p = theta.len();
        let mut scores = Mat::zeros(self.spells.len(), p);
        let mut work = Work::new(p);
        let mut sums = Sums::new(p);
        for (g, spell) in self.spells.iter().enumerate() {
            self.add(spell, theta, &mut work, &mut sums);
            (0..p).for_each(|j| scores[(g, j)] = work.gradient[j]);
        }
        (scores, self.spells.iter().map(|s| s[0]).collect())
    }

    fn border(&self, theta: &[f64]) -> Option<Error> {
        let v = self.layout().0;
        let (sv2, su2, mu) = (theta[v].exp(), theta[v + 1].exp(), self.mean(theta));
        let z = mu / su2.sqrt();
        if z < -FAR {
            return Some(Error::new(Kind::Untrusted {
                message: "the likelihood has no maximum: it rises as mu falls without end, towards exponential \
                          inefficiency"
                    .into(),
                remedy: "use distribution = \"half_normal\"".into(),
            }));
        }
        if sv2 < BORDER * (sv2 + su2) {
            return Some(no_noise());
        }
        (su2 < BORDER * (sv2 + su2)).then(|| no_inefficiency(self.sign, self.ols.skewness))
    }

    fn scores(&self, theta: &[f64], level: f64) -> Vec<Score> {
        let mut rows = vec![Score::sound([f64::NAN; 5]); self.y.len()];
        for spell in &self.spells {
            let [_, B, H, v, u, mu] = self.scalars(spell, theta);
            let (sv2, su2) = (v.exp(), u.exp());
            let D = sv2 + su2 * H;
            let given = Conditional { mu: (mu * sv2 - su2 * B) / D, s: (su2 * sv2 / D).sqrt() };
            spell.iter().for_each(|&i| rows[i] = given.score(self.h(i, theta)[0], level));
        }
        rows
    }

    fn stats(&self, theta: &[f64]) -> Vec<(&'static str, f64)> {
        let (v, _, from, _) = self.layout();
        let (sv2, su2) = (theta[v].exp(), theta[v + 1].exp());
        let mut stats =
            vec![("sigma2", sv2 + su2), ("gamma", su2 / (sv2 + su2)), ("sigma_u", su2.sqrt()), ("sigma_v", sv2.sqrt())];
        stats.extend(self.truncated.then_some(("mu", self.mean(theta))));
        if let (Some((r, Link::Exponential)), Section::Coefficients) = (&self.scale, self.section) {
            stats.push(("eta", r.natural(&theta[from..])[0]));
        }
        stats
    }
}
