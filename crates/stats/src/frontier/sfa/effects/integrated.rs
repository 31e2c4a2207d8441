//! Unit effects integrated out: within MLE, true random effects, four components.
//!
//! The likelihood of a unit is the integral of `integral` under the density of a of `prior`. With the flat one it is
//!
//! ```text
//! √T ∫ Π_t f(e_t - a) da
//! ```
//!
//! the density of the demeaned errors in T - 1 orthonormal coordinates: a closed skew normal for half-normal
//! inefficiency (Chen, Schmidt and Wang 2014, who take the first T - 1 deviations as coordinates, which adds ln √T).
//! No unit effect is estimated in it, hence no incidental parameter.
//!
//! Given a, inefficiency is a truncated normal; scores integrate it over the posterior of a.

use super::super::density::{Truncated, split};
use super::super::pooled::{Pooled, Sums, no_inefficiency, no_noise};
use super::super::{Data, Index, LeastSquares, Likelihood, Parameter, Score, Section, Sfa};
use super::draws::Draws;
use super::integral::{Integral, Rule};
use super::mixture::Mixture;
use super::{CHUNK, Prior, RandomEffects, Within, intercept};
use crate::math::Mat;
use crate::math::optimize::Point;
use crate::{Error, Kind, Result};
use rayon::prelude::*;
use std::borrow::Cow;
use std::f64::consts::PI;

/// A normal variance below this share of it and of that of the inefficiency beside it is at its border: hundreds of
/// nodes on a unit turn into thousands.
const NOISE: f64 = 1e-4;
/// σ_w² below this share of all variances is at its border.
const BORDER: f64 = 1e-8;
/// A variance of inefficiency below this share of it and of the normal variance beside it is at its border: the
/// skewness, by which alone the two are told apart, is then below 1e-4, and 1e8 observations would not show it.
const SKEW: f64 = 1e-3;
/// Shares of persistent inefficiency in σ_w² + σ_h² of the starts.
const SHARES: [f64; 2] = [0.3, 0.7];
/// Least variance of the effects at a start, in units of that of the errors.
const LEAST: f64 = 0.02;

/// The model; where a has a flat density its rows are demeaned, which moves a and nothing else.
pub(in super::super) struct Integrated<'a, const Q: usize, D> {
    data: &'a Data,
    rows: Pooled<'a, Q, D>,
    spells: Vec<Vec<usize>>,
    prior: Prior,
    rule: Rule,
    /// Variance of the unit effects by linear random effects.
    between: f64,
}

impl<'a, const Q: usize, D: Truncated<Q>> Integrated<'a, Q, D> {
    pub(in super::super) fn new(
        data: &'a Data,
        frontier: &Index,
        ols: &'a LeastSquares,
        options: &Sfa,
        density: D,
        prior: Prior,
    ) -> Result<Self> {
        let sign = options.frontier.sign();
        if prior == Prior::Flat {
            let Within { y, frontier, spells } = Within::new(data)?;
            let rows = Pooled::of(Cow::Owned(y), data, &frontier, ols, sign, density)?;
            return Ok(Integrated { data, rows, spells, prior, rule: Rule::Trapezoidal, between: 0.0 });
        }
        let effects = RandomEffects::fit(data, frontier)?;
        let rows = Pooled::new(data, frontier, ols, sign, density)?;
        let spells = effects.spells;
        let rule = match options.draws {
            Some(draws) => Rule::Simulated(Draws::new(spells.len(), draws)),
            None => Rule::Trapezoidal,
        };
        Ok(Integrated { data, rows, spells, prior, rule, between: effects.between })
    }

    /// The integral of a unit, formed in `work`; its logarithm.
    fn integrate(&self, unit: usize, theta: &[f64], work: &mut Integral<Q>) -> Option<f64> {
        let (p, spell) = (self.rows.p, &self.spells[unit]);
        work.scalars.clear();
        work.scalars.extend(spell.iter().map(|&i| self.rows.scalars(i, theta)));
        let density = &self.rows.density;
        let ln = match &self.rule {
            Rule::Trapezoidal => work.ln(density, self.prior, &theta[p..])?,
            Rule::Simulated(draws) => work.simulated(density, draws.of(unit), &theta[p..])?,
        };
        Some(if self.prior == Prior::Flat { ln + 0.5 * (spell.len() as f64).ln() } else { ln })
    }

    fn size(&self) -> usize {
        self.rows.p + self.prior.names().len()
    }

    /// Units in chunks, a work space each.
    fn by_chunk<T: Send>(&self, of: impl Fn(std::ops::Range<usize>, &mut Integral<Q>) -> T + Sync) -> Vec<T> {
        let units = self.spells.len();
        let chunk = |c: usize| of(c * CHUNK..((c + 1) * CHUNK).min(units), &mut Integral::new());
        (0..units.div_ceil(CHUNK)).into_par_iter().map(chunk).collect()
    }

    /// What `of` says of each unit, its integral formed; nothing for one without.
    fn by_unit<T: Send>(&self, theta: &[f64], of: impl Fn(usize, &Integral<Q>) -> T + Sync) -> Vec<Option<T>> {
        let chunk = |units: std::ops::Range<usize>, work: &mut Integral<Q>| -> Vec<Option<T>> {
            units.map(|u| self.integrate(u, theta, work).map(|_| of(u, work))).collect()
        };
        self.by_chunk(chunk).into_iter().flatten().collect()
    }

    /// Inefficiency of row t of a unit given its integral.
    fn transient(&self, work: &Integral<Q>, t: usize) -> Mixture {
        Mixture::new(work.posterior().map(|(a, w)| {
            let mut at = work.scalars[t];
            at[0] -= a;
            (w, self.rows.density.given(at))
        }))
    }

    /// E exp(-u) and E u: persistent, and overall of row t. Given a the two are independent.
    fn overall(&self, work: &Integral<Q>, t: usize, c: &[f64]) -> [[f64; 2]; 2] {
        let mut sums = [[0.0; 2]; 2];
        for (a, w) in work.posterior() {
            let Some(h) = self.prior.persistent(a, c) else { continue };
            let mut at = work.scalars[t];
            at[0] -= a;
            let ([eh, mh], [eu, mu]) = (h.means(), self.rows.density.given(at).means());
            sums[0] = [sums[0][0] + w * eh, sums[0][1] + w * mh];
            sums[1] = [sums[1][0] + w * eh * eu, sums[1][1] + w * (mh + mu)];
        }
        sums
    }

    /// Variances: of v and u at the mean of their columns, then those of the prior.
    fn variances(&self, theta: &[f64]) -> (f64, f64, Vec<f64>) {
        let center = self.rows.center(theta);
        (center[1].exp(), center[2].exp(), theta[self.rows.p..].iter().map(|c| c.exp()).collect())
    }
}

impl<const Q: usize, D: Truncated<Q>> Likelihood for Integrated<'_, Q, D> {
    fn parameters(&self) -> Vec<Parameter> {
        let mut all = self.rows.parameters();
        let own = self.prior.names().iter();
        all.extend(own.map(|name| Parameter { section: Section::Coefficients, name: name.to_string() }));
        all
    }

    fn frontier(&self) -> usize {
        self.rows.frontier()
    }

    /// σ_w stays in the model without inefficiency.
    fn restrictions(&self) -> usize {
        self.size() - self.frontier() - if self.prior == Prior::Flat { 1 } else { 2 }
    }

    fn natural(&self, theta: &[f64]) -> (Vec<f64>, Mat<f64>) {
        let p = self.rows.p;
        let (mut values, inner) = self.rows.natural(&theta[..p]);
        let sigma: Vec<f64> = theta[p..].iter().map(|c| (0.5 * c).exp()).collect();
        let J = Mat::from_fn(self.size(), self.size(), |i, j| match (i < p, j < p) {
            (true, true) => inner[(i, j)],
            (false, false) if i == j => 0.5 * sigma[i - p],
            _ => 0.0,
        });
        values.extend(sigma);
        (values, J)
    }

    fn internal(&self, natural: &[f64]) -> Result<Vec<f64>> {
        let (rows, sigma) = natural.split_at(self.rows.p);
        let mut theta = self.rows.internal(rows)?;
        for (s, name) in sigma.iter().zip(self.prior.names()) {
            if *s <= 0.0 {
                return Err(Error::invalid(format!("`at` has {name} = {s}"), format!("give a positive {name}")));
            }
            theta.push(2.0 * s.ln());
        }
        Ok(theta)
    }

    fn starts(&self) -> Result<Vec<Vec<f64>>> {
        let Pooled { sign, indices, ols, density, .. } = &self.rows;
        let between = self.between.max(LEAST * ols.variance);
        // Shift of the intercept, ln σ_w², ln σ_h².
        let effects: Vec<(f64, Vec<f64>)> = match self.prior {
            Prior::Flat => vec![(0.0, Vec::new())],
            Prior::Normal => vec![(0.0, vec![between.ln()])],
            Prior::Composed => SHARES
                .iter()
                .map(|&share| {
                    let (w, h) = split(between, share, 1.0 - 2.0 / PI);
                    ((2.0 / PI).sqrt() * (0.5 * h).exp(), vec![w, h])
                })
                .collect(),
        };
        let mut starts = Vec::new();
        for at in density.starts(ols.variance) {
            for (shift, c) in &effects {
                let mut theta = ols.coef.clone();
                if self.prior != Prior::Flat {
                    theta[0] += sign * (at[0] + shift);
                }
                (1..Q).for_each(|j| theta.extend(indices[j].level(at[j])));
                theta.extend(c);
                starts.push(theta);
            }
        }
        Ok(starts)
    }

    fn value(&self, theta: &[f64]) -> f64 {
        let values = self.by_chunk(|units, work| -> Option<f64> {
            units.map(|u| self.integrate(u, theta, work)).try_fold(0.0, |sum, ln| Some(sum + ln?))
        });
        values.into_iter().try_fold(0.0, |sum, ln| Some(sum + ln?)).unwrap_or(f64::NAN)
    }

    fn point(&self, theta: &[f64]) -> Option<Point> {
        let p = self.size();
        let chunks: Option<Vec<Sums>> = self
            .by_chunk(|units, work| -> Option<Sums> {
                let mut sums = Sums::new(p);
                for u in units {
                    sums.value += self.integrate(u, theta, work)?;
                    work.add(&self.rows, &self.spells[u], &mut sums);
                }
                Some(sums)
            })
            .into_iter()
            .collect();
        Some(Sums::total(p, chunks?))
    }

    fn contributions(&self, theta: &[f64]) -> (Mat<f64>, Vec<usize>) {
        let p = self.size();
        let gradients = self.by_chunk(|units, work| -> Vec<Vec<f64>> {
            units
                .map(|u| {
                    let formed = self.integrate(u, theta, work);
                    work.add(&self.rows, &self.spells[u], &mut Sums::new(p));
                    if formed.is_some() { work.gradient.clone() } else { vec![f64::NAN; p] }
                })
                .collect()
        });
        let gradients: Vec<Vec<f64>> = gradients.into_iter().flatten().collect();
        let owners = self.spells.iter().map(|s| s[0]).collect();
        (Mat::from_fn(gradients.len(), p, |g, j| gradients[g][j]), owners)
    }

    fn border(&self, theta: &[f64]) -> Option<Error> {
        let (v, u, c) = self.variances(theta);
        if v < NOISE * (v + u) {
            return Some(no_noise());
        }
        if u < SKEW * (v + u) && self.rows.indices[2].is_scalar() {
            return Some(no_inefficiency(self.rows.sign, self.rows.ols.skewness));
        }
        let total = v + u + c.iter().sum::<f64>();
        let (message, remedy) = match c[..] {
            [w] if w < BORDER * total => ("the unit effects have no variance: sigma_w is zero", "pooled"),
            [w, h] if w < NOISE * (w + h) => {
                ("beside persistent inefficiency the unit effects have no variance: sigma_w is zero", "tre")
            }
            [w, h] if h < SKEW * (w + h) => ("there is no persistent inefficiency: sigma_h is zero", "tre"),
            _ => return self.rows.border(&theta[..self.rows.p]),
        };
        Some(Error::new(Kind::Untrusted {
            message: format!("{message} where the likelihood is highest"),
            remedy: format!("use model = \"{remedy}\""),
        }))
    }

    fn scores(&self, theta: &[f64], level: f64) -> Vec<Score> {
        let c = &theta[self.rows.p..];
        let of = |unit: usize, work: &Integral<Q>| -> Vec<Score> {
            let score = |t: usize| match self.prior {
                Prior::Composed => {
                    let [_, [bc, mean]] = self.overall(work, t, c);
                    Score::pair(bc, (-mean).exp())
                }
                _ => self.transient(work, t).score(level),
            };
            (0..self.spells[unit].len()).map(score).collect()
        };
        let mut out = vec![Score::sound([f64::NAN; 5]); self.data.nobs()];
        for (spell, scores) in self.spells.iter().zip(self.by_unit(theta, of)) {
            spell.iter().zip(scores.into_iter().flatten()).for_each(|(&i, score)| out[i] = score);
        }
        out
    }

    fn columns(&self, theta: &[f64]) -> Vec<Vec<f64>> {
        let c = &theta[self.rows.p..];
        let frontier = &self.rows.indices[0];
        let natural = frontier.natural(&theta[..frontier.k]);
        let slopes = &natural[usize::from(self.prior != Prior::Flat)..];
        // One column per number of a row.
        let of = |unit: usize, work: &Integral<Q>| -> Vec<Vec<f64>> {
            let spell = &self.spells[unit];
            match self.prior {
                Prior::Composed => (0..spell.len())
                    .map(|t| vec![self.overall(work, t, c)[0][0], self.transient(work, t).means()[0]])
                    .collect(),
                prior => {
                    let a = self.rows.sign * work.posterior().map(|(a, w)| w * a).sum::<f64>();
                    let effect = match prior {
                        Prior::Flat => intercept(self.data, spell, slopes, a),
                        _ => natural[0] + a,
                    };
                    vec![vec![effect]; spell.len()]
                }
            }
        };
        let width = if self.prior == Prior::Composed { 2 } else { 1 };
        let mut out = vec![vec![f64::NAN; self.data.nobs()]; width];
        for (spell, rows) in self.spells.iter().zip(self.by_unit(theta, of)) {
            for (&i, row) in spell.iter().zip(rows.into_iter().flatten()) {
                (0..width).for_each(|j| out[j][i] = row[j]);
            }
        }
        out
    }

    fn stats(&self, theta: &[f64]) -> Vec<(&'static str, f64)> {
        let mut stats = self.rows.stats(&theta[..self.rows.p]);
        stats.extend(self.prior.names().iter().zip(self.variances(theta).2).map(|(name, c)| (*name, c.sqrt())));
        stats
    }

    fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if let Rule::Simulated(draws) = &self.rule {
            notes.push(format!(
                "simulated likelihood: {} scrambled Halton draws per unit; without `draws` the integral is exact",
                draws.per_unit
            ));
        }
        if self.prior == Prior::Composed {
            notes.push("lr_p_value is an upper bound: two variances are on the border (Kodde and Palm 1986)".into());
        }
        notes
    }
}
