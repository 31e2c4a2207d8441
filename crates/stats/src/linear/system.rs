//! An equation with endogenous regressors, off the fixed effects, in coordinates in which its instruments are
//! orthonormal.
//!
//! ```text
//! y = D β + W γ + u,   E[(W, Z)'u] = 0,     Q = (Q_W, Q_Z) orthonormal,  span Q_W = span W,  span Q = span (W, Z)
//! ```
//!
//! Every statistic of this family is made of Q'v for a few variables v and of the covariance of Q'v that a residual
//! implies. The latter comes from [`crate::vcov`] like that of any regression: least squares on Q has the bread I and
//! the scores qᵢuᵢ, so that its covariance is the meat itself, under every kind of covariance there is.

use super::least_squares::{Orthogonal, Reason, dot};
use super::ols::{Accuracy, Collinear, Dropped, OlsFit};
use super::prepared::Prepared;
use crate::absorb::{Absorber, CONSTANT, ORTHOGONALITY_TOLERANCE, centered_squares, squares};
use crate::math::{Mat, linalg};
use crate::vcov::{Covariance, Ssc, Vcov, vcov};
use crate::{Design, Error, Kind, Result};
use std::sync::OnceLock;

/// Named columns, off the effects and times √w.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    /// Names, k.
    pub names: Vec<String>,
    /// Values, k of n.
    pub values: Vec<Vec<f64>>,
}

impl Columns {
    pub fn len(&self) -> usize {
        self.names.len()
    }

    fn push(&mut self, name: String, values: Vec<f64>) {
        self.names.push(name);
        self.values.push(values);
    }

    /// Both, one after the other.
    pub fn and(&self, other: &Columns) -> Columns {
        Columns {
            names: self.names.iter().chain(&other.names).cloned().collect(),
            values: self.values.iter().chain(&other.values).cloned().collect(),
        }
    }
}

/// The equation of one sample.
#[derive(Debug, Clone)]
pub(super) struct System<'a> {
    /// The design as it was given.
    pub design: &'a Design,
    /// Its sample.
    pub prepared: &'a Prepared,
    /// Outcome, n.
    pub y: Vec<f64>,
    /// Its weighted sum of squares about the mean, before the effects.
    pub sst: f64,
    /// Endogenous regressors D.
    pub endogenous: Columns,
    /// Exogenous regressors W.
    pub exogenous: Columns,
    /// Excluded instruments Z.
    pub excluded: Columns,
    /// Regressors that left.
    pub dropped: Vec<Dropped>,
    /// Instruments that left.
    pub dropped_instruments: Vec<Dropped>,
    /// W alone.
    pub within: Orthogonal,
    /// W, then Z.
    pub instruments: Orthogonal,
    /// Largest cosine of a column with a dummy.
    pub certificate: f64,
}

/// An outcome of which the effects leave less than this fraction of its squares is all rounding.
const EXPLAINED: f64 = 1e-26;

impl<'a> System<'a> {
    /// Absorbs the columns of a prepared design and judges which of them are collinear: first among the exogenous
    /// regressors, then the instruments given these, then the endogenous variables given the exogenous.
    pub fn new(design: &'a Design, prepared: &'a Prepared, collinear: Collinear) -> Result<Self> {
        let d = &prepared.design;
        let Some(iv) = &d.iv else {
            return Err(Error::invalid(
                "the model has no instruments",
                "write them in the third part of the formula: y ~ w | city | x ~ z, or use feols",
            ));
        };
        let (p, k) = (iv.endogenous, d.X.ncols());
        let names: Vec<&String> = d.names[..p].iter().chain(&d.names[p..]).chain(&iv.names).collect();
        let mut columns: Vec<Vec<f64>> = (0..k).map(|j| d.X.col_as_slice(j).to_vec()).collect();
        columns.extend((0..iv.Z.ncols()).map(|j| iv.Z.col_as_slice(j).to_vec()));
        columns.push(d.y.clone());
        let (before, certificate) = prepared.absorb(&mut columns)?;
        let y = columns.pop().unwrap_or_default();
        let (raw, sst) = (squares(&d.y, d.w.as_deref()), centered_squares(&d.y, d.w.as_deref()));
        if squares(&y, None) <= EXPLAINED * raw || sst <= 2.0 * CONSTANT * raw {
            return Err(Error::invalid(
                "the outcome is constant, or the fixed effects explain it entirely",
                "choose an outcome that varies within the effects",
            )
            .at_column(d.outcome.clone()));
        }
        // Which of `order` are independent, in that order.
        let judged = |order: &[usize]| -> Result<(Orthogonal, Vec<usize>, Vec<Dropped>)> {
            let chosen: Vec<Vec<f64>> = order.iter().map(|&j| columns[j].clone()).collect();
            let size: Vec<f64> = order.iter().map(|&j| before[j]).collect();
            let basis = Orthogonal::new(&chosen, &size);
            if let (Collinear::Error, Some(&(at, reason))) = (collinear, basis.dropped.first()) {
                let absorbed = reason == Reason::Absorbed;
                return Err(Error::new(Kind::Collinear { absorbed }).at_column(names[order[at]].clone()));
            }
            let kept = basis.kept.iter().map(|&at| order[at]).collect();
            let left = basis.dropped.iter();
            let dropped =
                left.map(|&(at, reason)| Dropped { name: names[order[at]].clone(), reason, by: Vec::new() }).collect();
            Ok((basis, kept, dropped))
        };
        let pick = |positions: &[usize]| {
            let mut out = Columns::default();
            positions.iter().for_each(|&j| out.push(names[j].clone(), columns[j].clone()));
            out
        };
        let (within, exogenous, mut dropped) = judged(&(p..k).collect::<Vec<_>>())?;
        let m = exogenous.len();
        let order: Vec<usize> = exogenous.iter().copied().chain(k..k + iv.Z.ncols()).collect();
        let (instruments, all, dropped_instruments) = judged(&order)?;
        let excluded: Vec<usize> = all[m..].to_vec();
        let order: Vec<usize> = exogenous.iter().copied().chain(0..p).collect();
        let (_, all, dropped_endogenous) = judged(&order)?;
        let endogenous: Vec<usize> = all[m..].to_vec();
        if endogenous.is_empty() {
            return Err(Error::new(Kind::NothingLeft).at_column(d.names[..p].join("`, `")));
        }
        dropped.splice(0..0, dropped_endogenous);
        // A column that fell out is still the basis of nothing: the kept ones alone are carried on.
        let within = if within.dropped.is_empty() { within } else { rebuilt(&columns, &before, &exogenous) };
        let kept: Vec<usize> = exogenous.iter().chain(&excluded).copied().collect();
        let instruments = if instruments.dropped.is_empty() { instruments } else { rebuilt(&columns, &before, &kept) };
        let system = System {
            design,
            prepared,
            y,
            sst,
            endogenous: pick(&endogenous),
            exogenous: pick(&exogenous),
            excluded: pick(&excluded),
            dropped,
            dropped_instruments,
            within,
            instruments,
            certificate,
        };
        system.identified()?;
        Ok(system)
    }

    /// Order and rank condition, and degrees of freedom.
    fn identified(&self) -> Result<()> {
        let (n, m, l) = (self.y.len(), self.exogenous.len(), self.excluded.len());
        if l < self.endogenous.len() {
            return Err(Error::new(Kind::Underidentified {
                endogenous: self.endogenous.names.clone(),
                instruments: self.excluded.names.clone(),
            }));
        }
        if self.free() == 0 {
            return Err(Error::invalid(
                format!(
                    "{n} observations leave no degree of freedom for {m} exogenous regressors, {l} instruments and the fixed effects"
                ),
                "use fewer effects, regressors or instruments, or more data",
            ));
        }
        let off: Vec<Vec<f64>> = self.endogenous.values.iter().map(|d| self.off_exogenous(d)).collect();
        let size: Vec<f64> = off.iter().map(|d| squares(d, None)).collect();
        let fitted: Vec<Vec<f64>> = off.iter().map(|d| self.fitted(d)).collect();
        match Orthogonal::new(&fitted, &size).dropped.first() {
            None => Ok(()),
            Some(&(j, _)) => Err(Error::new(Kind::Untrusted {
                message: "the instruments do not move this endogenous variable apart from the others: \
                          the rank condition fails"
                    .into(),
                remedy: "use instruments that are correlated with it given the exogenous regressors".into(),
            })
            .at_column(self.endogenous.names[j].clone())),
        }
    }

    /// Parameters of the effects: their exact rank, or every level less one for each effect after the first.
    pub fn effects(&self) -> usize {
        let fe = &self.prepared.design.fe;
        let counted = fe.iter().map(|f| f.levels as usize).sum::<usize>() - fe.len().saturating_sub(1);
        self.rank().unwrap_or(counted)
    }

    /// Observations less instruments, exogenous regressors and effects.
    pub fn free(&self) -> usize {
        self.y.len().saturating_sub(self.instruments.kept.len() + self.effects())
    }

    fn rank(&self) -> Option<usize> {
        self.prepared.absorber.as_ref().map_or(Some(0), Absorber::rank)
    }

    /// Regressors: endogenous, then exogenous.
    pub fn regressors(&self) -> Columns {
        self.endogenous.and(&self.exogenous)
    }

    /// Q_Z'v.
    pub fn excluded_coordinates(&self, v: &[f64]) -> Vec<f64> {
        self.instruments.basis()[self.exogenous.len()..].iter().map(|q| dot(q, v)).collect()
    }

    /// v - Q_W Q_W'v.
    pub fn off_exogenous(&self, v: &[f64]) -> Vec<f64> {
        let mut out = v.to_vec();
        self.within.residual(&mut out);
        out
    }

    /// v - QQ'v.
    pub fn off_instruments(&self, v: &[f64]) -> Vec<f64> {
        let mut out = v.to_vec();
        self.instruments.residual(&mut out);
        out
    }

    /// QQ'v.
    pub fn fitted(&self, v: &[f64]) -> Vec<f64> {
        v.iter().zip(self.off_instruments(v)).map(|(v, e)| v - e).collect()
    }

    /// A fit of this sample as least squares has it: `columns` (k of n) with coefficients, bread and residual `u` (n),
    /// all off the effects and times √w. Its sums of squares are those of the outcome.
    pub fn fit(&self, names: &[String], columns: &[Vec<f64>], coef: Vec<f64>, bread: Mat<f64>, u: &[f64]) -> OlsFit {
        let (n, k) = (u.len(), columns.len());
        let d = &self.prepared.design;
        let root = |i: usize| d.w.as_ref().map_or(1.0, |w| w[i].sqrt());
        let ssr = squares(u, None);
        OlsFit {
            slopes: d.slopes.iter().map(|s| (s.label(), s.factor.levels as usize)).collect(),
            coef,
            names: names.to_vec(),
            dropped: self.dropped.clone(),
            sample: self.prepared.sample.clone(),
            singletons: self.design.nobs() - self.prepared.sample.len(),
            residuals: (0..n).map(|i| u[i] / root(i)).collect(),
            X: Mat::from_fn(n, k, |i, j| columns[j][i] / root(i)),
            bread,
            w: d.w.clone(),
            scores: OnceLock::new(),
            ssr,
            sst: self.sst,
            sst_within: if d.absorbs() { squares(&self.y, None) } else { self.sst },
            sigma2: ssr / n.saturating_sub(k + self.effects()) as f64,
            effects: d.fe.iter().map(|f| (f.name.clone(), f.levels as usize)).collect(),
            rank: self.rank(),
            certificate: self.certificate,
            accuracy: Accuracy { orthogonality: self.certificate, ..Accuracy::default() },
        }
    }

    /// The fit, once its residual `u` (n) is orthogonal to `columns` (each n), as its estimating equations say.
    pub fn certified(&self, fit: OlsFit, columns: &[Vec<f64>], u: &[f64]) -> Result<OlsFit> {
        let y = squares(&self.y, None);
        let worst = columns.iter().fold(0.0f64, |worst, x| {
            let size = (squares(x, None) * y).sqrt();
            worst.max(if size > 0.0 { dot(x, u).abs() / size } else { 0.0 })
        });
        // A comparison with NaN is false: what is not a number is refused too.
        match worst <= ORTHOGONALITY_TOLERANCE {
            true => {
                let accuracy = Accuracy { residual: worst, ..fit.accuracy };
                Ok(OlsFit { certificate: fit.certificate.max(worst), accuracy, ..fit })
            }
            false => Err(Error::new(Kind::Untrusted {
                message: format!("the estimating equations are met to {worst:.1e} only"),
                remedy: "the instruments barely identify the equation: use fewer endogenous variables, or stronger instruments".into(),
            })),
        }
    }

    /// Covariance of Q'v when its residual is `u` (n), for the columns `Q` (m of n, orthonormal).
    pub fn covariance_on(&self, Q: &[Vec<f64>], u: &[f64], how: &Vcov, ssc: Ssc) -> Result<Covariance> {
        let names: Vec<String> = (0..Q.len()).map(|j| format!("q{j}")).collect();
        let fit = self.fit(&names, Q, vec![0.0; Q.len()], Mat::identity(Q.len(), Q.len()), u);
        vcov(&fit, how, ssc, self.design)
    }

    /// [`System::covariance_on`] all instruments.
    pub fn covariance(&self, u: &[f64], how: &Vcov, ssc: Ssc) -> Result<Covariance> {
        self.covariance_on(self.instruments.basis(), u, how, ssc)
    }

    /// The block of the excluded instruments in a matrix over all of them, l × l.
    pub fn excluded_block(&self, V: &Mat<f64>) -> Mat<f64> {
        let (m, l) = (self.exogenous.len(), self.excluded.len());
        V.submatrix(m, m, l, l).to_owned()
    }
}

/// The basis of the columns at `kept`, none of which is collinear.
fn rebuilt(columns: &[Vec<f64>], before: &[f64], kept: &[usize]) -> Orthogonal {
    let chosen: Vec<Vec<f64>> = kept.iter().map(|&j| columns[j].clone()).collect();
    Orthogonal::new(&chosen, &kept.iter().map(|&j| before[j]).collect::<Vec<_>>())
}

/// The covariance of moments whose residuals are not those of least squares: corrections for leverage have no meaning
/// there, so that every heteroskedastic kind is `hc0` and every kind of one cluster `cluster:`.
pub(super) fn imposed(how: &Vcov) -> Vcov {
    match how {
        Vcov::Hc1 | Vcov::Hc2 | Vcov::Hc3 => Vcov::Hc0,
        Vcov::Cr2(one) | Vcov::Crv3(one) => Vcov::Cluster(vec![one.clone()]),
        other => other.clone(),
    }
}

/// Refuses covariances that need leverages for estimators that are no projection: all but κ = 1.
pub(super) fn defined(how: &Vcov, kappa: Option<f64>) -> Result<()> {
    let remedy = match how {
        _ if kappa == Some(1.0) => return Ok(()),
        Vcov::Hc2 | Vcov::Hc3 => "set `vcov = \"hc1\"`, or use method iv".to_string(),
        Vcov::Cr2(one) | Vcov::Crv3(one) => format!("set `vcov = \"cluster:{one}\"`, or use method iv"),
        _ => return Ok(()),
    };
    let estimator = if kappa.is_some() { "a k-class other than two-stage least squares" } else { "GMM" };
    Err(Error::invalid(format!("`vcov = \"{how}\"` needs leverages, which {estimator} does not have"), remedy))
}

/// g'V⁻¹g; `None` when V (m × m) is singular, as it is with as many dimensions as clusters `G`.
pub(super) fn quadratic_form(g: &[f64], V: &Mat<f64>, G: &[usize]) -> Option<f64> {
    let m = g.len();
    if m == 0 || G.iter().any(|&G| G <= m) {
        return None;
    }
    let unit: Vec<f64> = (0..m).map(|j| V[(j, j)].sqrt()).collect();
    if unit.iter().any(|&s| !(s > 0.0 && s.is_finite())) {
        return None;
    }
    let R = Mat::from_fn(m, m, |i, j| 0.5 * (V[(i, j)] + V[(j, i)]) / (unit[i] * unit[j]));
    let (values, U) = linalg::symmetric_eigen(&R).ok()?;
    if values.last().is_none_or(|&least| least.is_nan() || least < 1e-12 * values[0]) {
        return None;
    }
    let rotated = |a: usize| (0..m).map(|i| U[(i, a)] * g[i] / unit[i]).sum::<f64>();
    Some((0..m).map(|a| rotated(a).powi(2) / values[a]).sum())
}
