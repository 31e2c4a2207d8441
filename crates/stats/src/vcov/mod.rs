//! Covariances, applied after a fit: V = B M B with the bread B = (X'WX)⁻¹ and a meat M of the scores.
//!
//! | `vcov` | meat |
//! |---|---|
//! | `iid` | σ² X'WX |
//! | `hc0`, `hc1` | Σᵢ sᵢsᵢ' |
//! | `hc2`, `hc3` | Σᵢ sᵢsᵢ'/(1 - hᵢ), Σᵢ sᵢsᵢ'/(1 - hᵢ)², with hᵢ the exact leverage, effects included (MacKinnon and White 1985) |
//! | `cluster:a` | Σ_g (Σ_{i∈g} sᵢ)(Σ_{i∈g} sᵢ)' (Liang and Zeger 1986) |
//! | `cluster:a+b` | over all non-empty sets of ways, the sum with sign (-1)^{|set|+1} of the meat of their intersection (Cameron, Gelbach and Miller 2011) |
//! | `cr2:a`, `crv3:a` | scores with (I - H_gg)^{-1/2} u_g, (I - H_gg)^{-1} u_g for u_g: [`jackknife`] |
//! | `nw:L` | Bartlett weights over lags within units: [`hac`] |
//! | `dk:L` | the same of the sums of scores of each period: [`hac`] |
//! | `conley:KM` | all pairs nearer than the cut-off: [`conley`] |
//!
//! The factor in front is a convention, chosen by name ([`Ssc`]) and printed in words with its K, G and degrees
//! of freedom. The V of several ways or of space may be indefinite; its negative eigenvalues are then set to zero, as
//! Cameron, Gelbach and Miller propose, in units of the iid covariance so that the units of the regressors do not
//! matter, and a warning says so.

pub mod bands;
pub mod blocks;
pub mod conley;
pub mod hac;
mod hc;
mod how;
pub mod jackknife;
mod ssc;
mod wald;

pub use conley::{Distance, Kernel};
pub use how::Vcov;
pub use ssc::{Ssc, differences};

use crate::math::{Mat, linalg};
use crate::{Design, Error, Factor, Kind, PanelKeys, Result, Sandwich};
use hac::Periods;
use ssc::Count;
use std::borrow::Cow;

/// Below this many clusters the normal theory of clustered covariances is poor.
pub const FEW_CLUSTERS: usize = 30;

/// Below this many periods that of Driscoll and Kraay is.
const FEW_PERIODS: usize = 20;

/// A covariance with everything that a table note must say of it.
#[derive(Debug, Clone)]
pub struct Covariance {
    /// k × k.
    pub V: Mat<f64>,
    /// Degrees of freedom of t.
    pub df: f64,
    /// Covariance, rule, K, G, factor and df in words.
    pub label: String,
    /// Parameters that the factor counts; `None` where it counts none.
    pub K: Option<usize>,
    /// Clusters of each way; periods of `nw` and `dk`.
    pub G: Vec<usize>,
    /// What multiplies the raw sandwich (for `iid`: SSR/n × factor is the variance).
    pub factor: f64,
    /// What a reader must know.
    pub warnings: Vec<String>,
}

/// The covariance of `fit` under `how` and `ssc`; `design` is the one that was fitted.
pub fn vcov(fit: &dyn Sandwich, how: &Vcov, ssc: Ssc, design: &Design) -> Result<Covariance> {
    if ssc == Ssc::All {
        return Err(Error::invalid("`ssc = \"all\"` names a table, not one rule", "ask for each of its rules in turn"));
    }
    let whole = fit.sample().is_none_or(|s| s.len() == design.nobs()) && design.fe.iter().all(Factor::compact);
    let fe: Cow<[Factor]> = match whole {
        true => Cow::Borrowed(&design.fe),
        false => design.fe.iter().map(|f| sample_at(fit, f)).collect(),
    };
    let clusters: Vec<Factor> =
        how.clusters().iter().map(|w| cluster(design, w).map(|f| sample_at(fit, &f))).collect::<Result<_>>()?;
    if let Some(one) = clusters.iter().find(|c| c.levels < 2) {
        return Err(Error::new(Kind::OneCluster { name: one.name.clone() }));
    }
    let (n, k) = (fit.nobs(), fit.coef().len());
    if let Some(bad) = clusters.iter().chain(fe.iter()).find(|f| f.codes.len() != n) {
        return Err(Error::length(format!("`{}` at the sample", bad.name), bad.codes.len(), n));
    }
    let panel = match how {
        Vcov::NeweyWest(lag) | Vcov::DriscollKraay(lag) => Some(panel(fit, how, *lag, design)?),
        _ => None,
    };
    let mut G: Vec<usize> = clusters.iter().map(|c| c.levels as usize).collect();
    G.extend(panel.iter().map(|(_, periods)| periods.count));
    let slopes: Vec<Factor> = design.slopes.iter().map(|s| sample_at(fit, &s.factor)).collect();
    let count = Count { n, k, fe: &fe, slopes: &slopes, rank: fit.rank(), clusters: &clusters };
    let rule = rule(how, ssc, &count, G.iter().min().copied())?;
    let rows = || -> Vec<usize> {
        fit.sample().map_or_else(|| design.rows.to_vec(), |s| s.iter().map(|&i| design.rows[i]).collect())
    };
    let mut V = match (how, &panel) {
        (Vcov::Iid, _) => {
            // SSR/n, so that one factor serves: n/(n - K).
            let variance = fit.sigma2() * fit.dof_residual() as f64 / n as f64;
            scaled(fit.bread(), variance)
        }
        (Vcov::Hc2 | Vcov::Hc3, _) => {
            let h = hc::leverages(fit, design, &fe)?;
            let (S, power) = (fit.scores(), if *how == Vcov::Hc2 { 0.5 } else { 1.0 });
            let scaled = Mat::from_fn(n, k, |i, j| S[(i, j)] / (1.0 - h[i]).powf(power));
            sandwich(fit, &(scaled.transpose() * &scaled))
        }
        (Vcov::Cr2(name) | Vcov::Crv3(name), _) => {
            let blocks = blocks::Blocks::new(fit, design, &clusters[0], &how.to_string())?;
            jackknife::covariance(&blocks, matches!(how, Vcov::Cr2(_)), name, &rows())?
        }
        (Vcov::NeweyWest(_), Some((keys, periods))) => {
            sandwich(fit, &hac::newey_west(fit.scores(), keys, periods.lag, &rows())?)
        }
        (Vcov::DriscollKraay(_), Some((keys, periods))) => {
            sandwich(fit, &hac::driscoll_kraay(fit.scores(), &keys.time, periods.lag))
        }
        (Vcov::Conley { km, kernel, distance }, _) => {
            let Some(place) = &design.place else {
                return Err(Error::invalid(
                    format!("`vcov = \"{how}\"` needs the place of each observation"),
                    "name its columns: lat = \"…\", lon = \"…\"",
                ));
            };
            let at = |i: usize| fit.sample().map_or(i, |s| s[i]);
            let place: Vec<[f64; 2]> = (0..n).map(|i| place[at(i)]).collect();
            sandwich(fit, &conley::meat(fit.scores(), &place, *km, *kernel, *distance, &rows())?)
        }
        (Vcov::Cluster(_), _) => sandwich(fit, &multiway_meat(fit, &clusters, &|_| 1.0)),
        (Vcov::Hc0 | Vcov::Hc1 | Vcov::NeweyWest(_) | Vcov::DriscollKraay(_), _) => {
            sandwich(fit, &(fit.scores().transpose() * fit.scores()))
        }
    };
    V = scaled(&V, rule.factor);
    let mut warnings = Vec::new();
    let spatial = matches!(how, Vcov::Conley { .. });
    if (clusters.len() > 1 || spatial) && semidefinite(&mut V, fit.bread())? {
        let which = if spatial { "spatial" } else { "multiway" };
        warnings.push(format!("the {which} covariance was indefinite; its negative eigenvalues are set to zero"));
    }
    if let Vcov::Cluster(_) = how {
        for c in clusters.iter().filter(|c| (c.levels as usize) < FEW_CLUSTERS) {
            warnings.push(format!(
                "{} clusters of `{}` are few (below {FEW_CLUSTERS}): clustered standard errors tend to be too small",
                c.levels, c.name
            ));
        }
    }
    if let Some((_, periods)) = panel {
        if matches!(how, Vcov::DriscollKraay(_)) && periods.count < FEW_PERIODS {
            warnings.push(format!(
                "{} periods are few (below {FEW_PERIODS}): Driscoll-Kraay standard errors tend to be too small",
                periods.count
            ));
        }
        warnings.extend(periods.warnings);
    }
    Ok(Covariance { V, df: rule.df, label: label(how, ssc, &rule, &G), K: rule.K, G, factor: rule.factor, warnings })
}

/// A factor of the design at the sample of the fit.
fn sample_at(fit: &dyn Sandwich, f: &Factor) -> Factor {
    match fit.sample() {
        Some(rows) => f.at(rows),
        None => f.at(&(0..f.codes.len()).collect::<Vec<_>>()),
    }
}

/// The cluster variable of this name (`a^b` is made where needed) at the sample of the fit, at least two clusters.
pub fn cluster_at(fit: &dyn Sandwich, design: &Design, name: &str) -> Result<Factor> {
    let factor = sample_at(fit, &*cluster(design, name)?);
    match factor.levels {
        ..2 => Err(Error::new(Kind::OneCluster { name: name.into() })),
        _ => Ok(factor),
    }
}

/// Unit and time at the sample of the fit.
fn panel(fit: &dyn Sandwich, how: &Vcov, lag: Option<usize>, design: &Design) -> Result<(PanelKeys, Periods)> {
    let Some(keys) = &design.panel else {
        return Err(Error::invalid(
            format!("`vcov = \"{how}\"` needs to know which unit at which time each observation is"),
            "declare the panel: unit = \"…\", time = \"…\"",
        ));
    };
    let keys = match fit.sample() {
        Some(rows) => PanelKeys { unit: keys.unit.at(rows), time: rows.iter().map(|&i| keys.time[i]).collect() },
        None => keys.clone(),
    };
    let periods = Periods::new(&keys, lag)?;
    Ok((keys, periods))
}

/// The factor of most programs.
const BOTH: &str = "(n - 1)/(n - K) × G/(G - 1)";

/// The factor and degrees of freedom of a rule, and what they are made of.
struct Rule {
    factor: f64,
    df: f64,
    K: Option<usize>,
    words: String,
}

/// `groups` is the smallest number of clusters, or of periods.
fn rule(how: &Vcov, ssc: Ssc, count: &Count, groups: Option<usize>) -> Result<Rule> {
    let n = count.n as f64;
    let groups = groups.map(|G| G as f64);
    let free = |K: usize| match count.n > K {
        true => Ok(n - K as f64),
        false => Err(Error::invalid(
            format!("{} observations do not exceed the {K} parameters that `ssc = \"{}\"` counts", count.n, ssc.name()),
            "use fewer effects, or another `ssc`",
        )),
    };
    let residual = count.residual() as f64;
    let plain = |df: f64| Rule { factor: 1.0, df, K: None, words: "no factor".into() };
    match (how, groups, ssc) {
        (Vcov::Cr2(_), Some(G), _) | (Vcov::Crv3(_), Some(G), Ssc::Plm) | (_, Some(G), Ssc::None) => Ok(plain(G - 1.0)),
        (_, Some(_), Ssc::Plm) | (_, None, Ssc::None) | (Vcov::Hc0 | Vcov::Hc2 | Vcov::Hc3, ..) => Ok(plain(residual)),
        (Vcov::Hc1, None, Ssc::Plm) => {
            Ok(Rule { factor: n / free(count.k)?, df: residual, K: Some(count.k), words: "factor n/(n - k)".into() })
        }
        (_, groups, ssc) => {
            let p = count.parameters(ssc)?;
            let left = free(p.K)?;
            let (factor, df, shape) = match groups {
                None => (n / left, left, "n/(n - K)"),
                Some(_) if ssc == Ssc::Linearmodels => (n / left, residual, "n/(n - K)"),
                Some(G) => ((n - 1.0) / left * G / (G - 1.0), G - 1.0, BOTH),
            };
            Ok(Rule { factor, df, K: Some(p.K), words: format!("K = {} ({}), factor {shape}", p.K, p.words) })
        }
    }
}

/// `cluster:city (ssc fixest: K = 8 (2 regressors + 6 of t; i nested in the clusters, not counted), …)`.
fn label(how: &Vcov, ssc: Ssc, rule: &Rule, G: &[usize]) -> String {
    let mut words = how.to_string();
    if let Vcov::Conley { kernel, distance, .. } = how {
        words += match kernel {
            Kernel::Uniform => " km, uniform kernel",
            Kernel::Triangular => " km, triangular kernel",
        };
        words += match distance {
            Distance::Spherical => "",
            Distance::Triangular => ", distance by triangles",
        };
    }
    words += &format!(" (ssc {}: {}", ssc.name(), rule.words);
    if rule.words.contains("factor ") && rule.words != "no factor" {
        words += &format!(" = {:.7}", rule.factor);
    }
    if !G.is_empty() {
        let G: Vec<String> = G.iter().map(ToString::to_string).collect();
        let what = if matches!(how, Vcov::NeweyWest(_) | Vcov::DriscollKraay(_)) { "G = T" } else { "G" };
        words += &format!(", {what} = {}", G.join(" and "));
    }
    words + &format!(", t with {} degrees of freedom)", rule.df)
}

/// A cluster variable by name; `a^b` is made from a and b when the design does not hold it.
fn cluster<'a>(design: &'a Design, name: &str) -> Result<Cow<'a, Factor>> {
    match design.cluster(name) {
        Ok(found) => Ok(Cow::Borrowed(found)),
        Err(unknown) => {
            let mut parts = name.split('^').map(|part| design.cluster(part.trim()));
            let (Some(first), Some(second)) = (parts.next(), parts.next()) else { return Err(unknown) };
            let mut crossed = first?.interact(second?);
            for next in parts {
                crossed = crossed.interact(next?);
            }
            crossed.name = name.into();
            Ok(Cow::Owned(crossed))
        }
    }
}

/// Meat of any number of ways by inclusion and exclusion, k × k.
///
/// `term` multiplies the meat of each intersection by a function of its number of clusters: a constant 1 leaves
/// the factor to the caller, G/(G - 1) gives the rule of `cgmreg`, which corrects each term by its own G.
pub fn multiway_meat(fit: &dyn Sandwich, ways: &[Factor], term: &dyn Fn(u32) -> f64) -> Mat<f64> {
    let k = fit.coef().len();
    let mut meat = Mat::<f64>::zeros(k, k);
    for set in 1u32..1 << ways.len() {
        let mut chosen = (0..ways.len()).filter(|w| set >> w & 1 == 1).map(|w| &ways[w]);
        let Some(first) = chosen.next() else { continue };
        let crossed = chosen.fold(Cow::Borrowed(first), |a, b| Cow::Owned(a.interact(b)));
        let sign = if set.count_ones() % 2 == 1 { 1.0 } else { -1.0 };
        let sums = fit.score_sums(&crossed);
        meat += scaled(&(sums.transpose() * &sums), sign * term(crossed.levels));
    }
    meat
}

/// Scores summed within each cluster, G × k.
pub fn cluster_sums(scores: &Mat<f64>, cluster: &Factor) -> Mat<f64> {
    let mut sums = Mat::<f64>::zeros(cluster.levels as usize, scores.ncols());
    for j in 0..scores.ncols() {
        let to = sums.col_as_slice_mut(j);
        scores.col_as_slice(j).iter().zip(&cluster.codes).for_each(|(s, &g)| to[g as usize] += s);
    }
    sums
}

/// B M B, symmetric to the bit.
fn sandwich(fit: &dyn Sandwich, meat: &Mat<f64>) -> Mat<f64> {
    let V = fit.bread() * meat * fit.bread();
    Mat::from_fn(V.nrows(), V.ncols(), |i, j| 0.5 * (V[(i, j)] + V[(j, i)]))
}

fn scaled(A: &Mat<f64>, by: f64) -> Mat<f64> {
    Mat::from_fn(A.nrows(), A.ncols(), |i, j| A[(i, j)] * by)
}

/// Sets negative eigenvalues of V, in units of the bread, to zero; says whether there were any.
fn semidefinite(V: &mut Mat<f64>, bread: &Mat<f64>) -> Result<bool> {
    let k = V.nrows();
    let unit: Vec<f64> = (0..k).map(|j| bread[(j, j)].sqrt()).collect();
    let (values, U) = linalg::symmetric_eigen(&Mat::from_fn(k, k, |i, j| V[(i, j)] / (unit[i] * unit[j])))?;
    let largest = values.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    if values.iter().all(|&v| v >= -1e-12 * largest) {
        return Ok(false);
    }
    *V = Mat::from_fn(k, k, |i, j| {
        let sum: f64 = (0..k).map(|l| U[(i, l)] * values[l].max(0.0) * U[(j, l)]).sum();
        sum * unit[i] * unit[j]
    });
    Ok(true)
}
