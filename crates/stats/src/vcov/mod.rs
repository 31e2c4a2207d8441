//! Covariances, applied after a fit: V = B M B with the bread B = (X'WX)⁻¹ and a meat M of the scores.
//!
//! | `vcov` | meat |
//! |---|---|
//! | `iid` | σ² X'WX |
//! | `hc0`, `hc1` | Σᵢ sᵢsᵢ' |
//! | `hc2`, `hc3` | Σᵢ sᵢsᵢ'/(1 - hᵢ), Σᵢ sᵢsᵢ'/(1 - hᵢ)², with hᵢ the exact leverage, effects included (MacKinnon and White 1985) |
//! | `cluster:a` | Σ_g (Σ_{i∈g} sᵢ)(Σ_{i∈g} sᵢ)' (Liang and Zeger 1986) |
//! | `cluster:a+b` | over all non-empty sets of ways, the sum with sign (-1)^{|set|+1} of the meat of their intersection (Cameron, Gelbach and Miller 2011) |
//!
//! The factor in front is a convention, chosen by name ([`Ssc`]) and printed in words with its K, G and degrees
//! of freedom. A multiway V may be indefinite; its negative eigenvalues are then set to zero, as Cameron, Gelbach
//! and Miller propose, in units of the iid covariance so that the units of the regressors do not matter, and a
//! warning says so.

mod ssc;

pub use ssc::Ssc;

use crate::absorb::Absorber;
use crate::math::{Mat, linalg};
use crate::{Design, Error, Factor, Kind, Result, Sandwich, Slope};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use ssc::Count;
use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

/// Below this many clusters the normal theory of clustered covariances is poor.
pub const FEW_CLUSTERS: usize = 30;

/// Most ways of clustering: 2^ways - 1 meats are summed.
const WAYS: usize = 8;

/// A covariance by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Vcov {
    /// Independent errors of equal variance.
    Iid,
    /// Heteroskedastic, no factor.
    Hc0,
    /// Heteroskedastic, with the small-sample factor.
    Hc1,
    /// Heteroskedastic, each squared residual over 1 - leverage; no factor.
    Hc2,
    /// Heteroskedastic, each residual over 1 - leverage: nearly the jackknife; no factor.
    Hc3,
    /// Clustered in one or more ways; a way may be an interaction `a^b`.
    Cluster(Vec<String>),
}

impl Vcov {
    /// The variables it clusters by; an interaction is written `a^b`.
    pub fn clusters(&self) -> &[String] {
        match self {
            Vcov::Cluster(ways) => ways,
            _ => &[],
        }
    }

    /// The default: clustered by the first fixed effect, `hc1` without one.
    pub fn default_for(design: &Design) -> Self {
        design.fe.first().map_or(Vcov::Hc1, |f| Vcov::Cluster(vec![f.name.clone()]))
    }
}

impl fmt::Display for Vcov {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Vcov::Iid => write!(f, "iid"),
            Vcov::Hc0 => write!(f, "hc0"),
            Vcov::Hc1 => write!(f, "hc1"),
            Vcov::Hc2 => write!(f, "hc2"),
            Vcov::Hc3 => write!(f, "hc3"),
            Vcov::Cluster(ways) => write!(f, "cluster:{}", ways.join("+")),
        }
    }
}

impl FromStr for Vcov {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let wrong =
            |message: String| Error::invalid(message, "wanted iid, hc0, hc1, hc2, hc3, cluster:a or cluster:a+b");
        match text.trim().to_ascii_lowercase().as_str() {
            "iid" => Ok(Vcov::Iid),
            "hc0" => Ok(Vcov::Hc0),
            "hc1" => Ok(Vcov::Hc1),
            "hc2" => Ok(Vcov::Hc2),
            "hc3" => Ok(Vcov::Hc3),
            _ => {
                let other = text.trim();
                let Some(names) = other.strip_prefix("cluster:") else {
                    return Err(wrong(format!("`vcov = \"{other}\"` is not offered")));
                };
                let mut ways: Vec<String> = Vec::new();
                for name in names.split('+').map(str::trim) {
                    if name.is_empty() {
                        return Err(wrong(format!("`vcov = \"{other}\"` names no variable to cluster by")));
                    }
                    if !ways.iter().any(|w| w == name) {
                        ways.push(name.into());
                    }
                }
                match ways.len() {
                    ..=WAYS => Ok(Vcov::Cluster(ways)),
                    many => Err(wrong(format!("{many} ways of clustering are too many, at most {WAYS}"))),
                }
            }
        }
    }
}

impl Serialize for Vcov {
    fn serialize<S: serde::Serializer>(&self, s: S) -> std::result::Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Vcov {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> std::result::Result<Self, D::Error> {
        String::deserialize(d)?.parse().map_err(serde::de::Error::custom)
    }
}

impl JsonSchema for Vcov {
    fn schema_name() -> Cow<'static, str> {
        "Vcov".into()
    }
    fn inline_schema() -> bool {
        true
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^(iid|hc[0-3]|cluster:.+)$" })
    }
}

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
    /// Clusters of each way.
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
    let at = |f: &Factor| match fit.sample() {
        Some(rows) => f.at(rows),
        None => f.at(&(0..f.codes.len()).collect::<Vec<_>>()),
    };
    let fe: Vec<Factor> = design.fe.iter().map(at).collect();
    let clusters: Vec<Factor> = match how {
        Vcov::Cluster(ways) => ways.iter().map(|w| cluster(design, w).map(|f| at(&f))).collect::<Result<_>>()?,
        _ => Vec::new(),
    };
    if let Some(one) = clusters.iter().find(|c| c.levels < 2) {
        return Err(Error::new(Kind::OneCluster { name: one.name.clone() }));
    }
    let n = fit.nobs();
    if let Some(bad) = clusters.iter().chain(&fe).find(|f| f.codes.len() != n) {
        return Err(Error::length(format!("`{}` at the sample", bad.name), bad.codes.len(), n));
    }
    let k = fit.coef().len();
    let slopes: Vec<Factor> = design.slopes.iter().map(|s| at(&s.factor)).collect();
    let count = Count { n, k, fe: &fe, slopes: &slopes, rank: fit.rank(), clusters: &clusters };
    let rule = rule(how, ssc, &count)?;
    let mut warnings = Vec::new();
    let mut V = match how {
        Vcov::Iid => {
            // SSR/n, so that one factor serves: n/(n - K).
            let variance = fit.sigma2() * fit.dof_residual() as f64 / n as f64;
            scaled(fit.bread(), variance)
        }
        Vcov::Hc0 | Vcov::Hc1 => sandwich(fit, &(fit.scores().transpose() * fit.scores())),
        Vcov::Hc2 | Vcov::Hc3 => {
            let h = leverages(fit, design, &fe)?;
            let power = if *how == Vcov::Hc2 { 0.5 } else { 1.0 };
            let S = fit.scores();
            let scaled = Mat::from_fn(n, k, |i, j| S[(i, j)] / (1.0 - h[i]).powf(power));
            sandwich(fit, &(scaled.transpose() * &scaled))
        }
        Vcov::Cluster(_) => sandwich(fit, &multiway_meat(fit.scores(), &clusters, &|_| 1.0)),
    };
    V = scaled(&V, rule.factor);
    if clusters.len() > 1 && semidefinite(&mut V, fit.bread())? {
        warnings.push("the multiway covariance was indefinite; its negative eigenvalues are set to zero".into());
    }
    for c in clusters.iter().filter(|c| (c.levels as usize) < FEW_CLUSTERS) {
        warnings.push(format!(
            "{} clusters of `{}` are few (below {FEW_CLUSTERS}): clustered standard errors tend to be too small",
            c.levels, c.name
        ));
    }
    let G: Vec<usize> = clusters.iter().map(|c| c.levels as usize).collect();
    Ok(Covariance { V, df: rule.df, label: label(how, ssc, &rule, &G), K: rule.K, G, factor: rule.factor, warnings })
}

/// The factor and degrees of freedom of a rule, and what they are made of.
struct Rule {
    factor: f64,
    df: f64,
    K: Option<usize>,
    words: String,
}

fn rule(how: &Vcov, ssc: Ssc, count: &Count) -> Result<Rule> {
    let n = count.n as f64;
    let groups = count.clusters.iter().map(|c| c.levels).min().map(f64::from);
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
        (_, Some(G), Ssc::None) => Ok(plain(G - 1.0)),
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
                Some(G) => ((n - 1.0) / left * G / (G - 1.0), G - 1.0, "(n - 1)/(n - K) × G/(G - 1)"),
            };
            Ok(Rule { factor, df, K: Some(p.K), words: format!("K = {} ({}), factor {shape}", p.K, p.words) })
        }
    }
}

/// `cluster:city (ssc fixest: K = 8 (2 regressors + 6 of t; i nested in the clusters, not counted), …)`.
fn label(how: &Vcov, ssc: Ssc, rule: &Rule, G: &[usize]) -> String {
    let mut words = format!("{how} (ssc {}: {} = {:.7}", ssc.name(), rule.words, rule.factor);
    if rule.K.is_none() {
        words = format!("{how} (ssc {}: {}", ssc.name(), rule.words);
    }
    if !G.is_empty() {
        let G: Vec<String> = G.iter().map(ToString::to_string).collect();
        words += &format!(", G = {}", G.join(" and "));
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
pub fn multiway_meat(scores: &Mat<f64>, ways: &[Factor], term: &dyn Fn(u32) -> f64) -> Mat<f64> {
    let k = scores.ncols();
    let mut meat = Mat::<f64>::zeros(k, k);
    for set in 1u32..1 << ways.len() {
        let mut chosen = (0..ways.len()).filter(|w| set >> w & 1 == 1).map(|w| &ways[w]);
        let Some(first) = chosen.next() else { continue };
        let crossed = chosen.fold(Cow::Borrowed(first), |a, b| Cow::Owned(a.interact(b)));
        let sign = if set.count_ones() % 2 == 1 { 1.0 } else { -1.0 };
        let sums = cluster_sums(scores, &crossed);
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

/// An observation whose leverage is nearer to one than this fits itself.
const OWN_FIT: f64 = 1e-10;

/// Leverage of each observation: that of the effects and that of the regressors off them.
fn leverages(fit: &dyn Sandwich, design: &Design, fe: &[Factor]) -> Result<Vec<f64>> {
    let Some(X) = fit.regressors() else {
        return Err(Error::invalid("hc2 and hc3 are not defined for this estimator", "set `vcov = \"hc1\"`"));
    };
    let source: Vec<usize> = fit.sample().map_or_else(|| (0..fit.nobs()).collect(), <[usize]>::to_vec);
    let w: Option<Vec<f64>> = design.w.as_ref().map(|w| source.iter().map(|&i| w[i]).collect());
    let slopes: Vec<Slope> = design.slopes.iter().map(|s| s.at(&source)).collect();
    let mut h = match fe.is_empty() && slopes.is_empty() {
        true => vec![0.0; fit.nobs()],
        false => Absorber::new(fe, &slopes, w.as_deref())?.leverages().ok_or_else(|| {
            Error::invalid("the effects have too many levels for exact leverages", "set `vcov = \"hc1\"`")
        })?,
    };
    let XB = X * fit.bread();
    for (i, h) in h.iter_mut().enumerate() {
        let own: f64 = (0..X.ncols()).map(|j| XB[(i, j)] * X[(i, j)]).sum();
        *h += own * w.as_ref().map_or(1.0, |w| w[i]);
    }
    let fits_itself: Vec<usize> =
        (0..h.len()).filter(|&i| 1.0 - h[i] < OWN_FIT).map(|i| design.rows[source[i]]).collect();
    match fits_itself.is_empty() {
        true => Ok(h),
        false => Err(Error::new(Kind::Untrusted {
            message: format!(
                "{} observations have leverage one, so that hc2 and hc3 divide by zero",
                fits_itself.len()
            ),
            remedy: "set `singletons = \"drop\"`, or `vcov = \"hc1\"`".into(),
        })
        .at_rows(fits_itself)),
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_there_and_back() {
        for name in ["iid", "hc0", "hc1", "hc2", "hc3", "cluster:city", "cluster:prov^year+city"] {
            assert_eq!(name.parse::<Vcov>().unwrap().to_string(), name);
        }
        for wrong in ["robust", "cluster:", "cluster:a+", "hc4"] {
            assert!(wrong.parse::<Vcov>().unwrap_err().to_string().contains("wanted"), "{wrong}");
        }
    }
}
