//! Small-sample rules by name, each printed in words: the passport of a standard error.
//!
//! ```text
//! V = factor × CR₀,    factor = (n - 1)/(n - K) · G/(G - 1)   in most programs, and they disagree on K.
//! ```
//!
//! With n observations, k regressors and effects of levels L₁ … L_m, K is
//!
//! | rule | K when clustered | factor | df of t |
//! |---|---|---|---|
//! | `fixest` | k + Σ L of the effects not nested in a cluster, less one for each after the first; at least k + 1 with effects | both | min G - 1 |
//! | `reghdfe` | k + Σ (L - redundant) of the effects not nested, pairwise components redundant; one more if any is nested | both | min G - 1 |
//! | `stata_xtreg` | k + rank of the effects beyond the first, and a constant | both | min G - 1 |
//! | `linearmodels` | k + rank of the effects, unless all are nested | n/(n - K) | n - K |
//! | `plm` | – | 1 | n - k - rank |
//! | `exact_rank` | k + rank of the effects | both | min G - 1 |
//! | `full` | k + Σ L, less one for each effect after the first | both | min G - 1 |
//! | `none` | – | 1 | min G - 1 |
//!
//! Without clusters nothing is nested, `hc1` has the factor n/(n - K), `iid` the variance SSR/(n - K), and t has
//! n - K degrees of freedom; `hc0` never has a factor.

use crate::absorb::connected;
use crate::{Error, Factor, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which program's small-sample rule the covariance follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ssc {
    /// R's fixest: effects nested in a cluster do not count.
    #[default]
    Fixest,
    /// Stata's reghdfe: as fixest, with redundant levels found pair by pair.
    Reghdfe,
    /// Stata's xtreg, fe: the first effect is the panel and does not count when it is nested in the clusters.
    StataXtreg,
    /// Python's linearmodels: no factor for the number of clusters.
    Linearmodels,
    /// R's plm: no factor for clustered covariances.
    Plm,
    /// The exact rank of regressors and effects, nested or not.
    ExactRank,
    /// Every level of every effect counts.
    Full,
    /// No factor at all.
    None,
    /// A table of all of them.
    All,
}

impl Ssc {
    /// The rules to compute: all eight for `all`, else this one.
    pub fn rules(self) -> Vec<Ssc> {
        use Ssc::*;
        match self {
            All => vec![Fixest, Reghdfe, StataXtreg, Linearmodels, Plm, ExactRank, Full, None],
            one => vec![one],
        }
    }

    /// The name in the study file.
    pub fn name(self) -> &'static str {
        match self {
            Ssc::Fixest => "fixest",
            Ssc::Reghdfe => "reghdfe",
            Ssc::StataXtreg => "stata_xtreg",
            Ssc::Linearmodels => "linearmodels",
            Ssc::Plm => "plm",
            Ssc::ExactRank => "exact_rank",
            Ssc::Full => "full",
            Ssc::None => "none",
            Ssc::All => "all",
        }
    }
}

/// Which count or factor sets the rules apart, in words: rules that agree stand together.
///
/// `passports` are the covariances of one fit under each rule.
pub fn differences(passports: &[(Ssc, super::Covariance)]) -> Vec<String> {
    let mut groups: Vec<(&super::Covariance, Vec<&str>)> = Vec::new();
    for (rule, covariance) in passports {
        let same = |c: &super::Covariance| {
            (c.factor - covariance.factor).abs() <= 1e-12 * covariance.factor && c.df == covariance.df
        };
        match groups.iter_mut().find(|(c, _)| same(c)) {
            Some((_, names)) => names.push(rule.name()),
            None => groups.push((covariance, vec![rule.name()])),
        }
    }
    let Some((base, first)) = groups.first().map(|(c, names)| (*c, names.join(", "))) else { return Vec::new() };
    if groups.len() == 1 {
        return vec![format!("ssc {first}: all rules agree, factor {:.7}", base.factor)];
    }
    let mut words = vec![format!("ssc {first}: {}", count(base))];
    for (c, names) in &groups[1..] {
        let ratio = (c.factor / base.factor).sqrt();
        let mut why = Vec::new();
        match (c.K, base.K) {
            (None, Some(_)) => why.push("counts no parameter".to_string()),
            (Some(K), Some(other)) if K != other => why.push(format!("counts K = {K}, not {other}")),
            _ => {}
        }
        if base.label.contains(super::BOTH) && !c.label.contains(super::BOTH) {
            why.push("has no G/(G - 1)".into());
        }
        if c.df != base.df {
            why.push(format!("t has {} degrees of freedom, not {}", c.df, base.df));
        }
        words.push(format!("ssc {}: {}; standard errors {ratio:.6} times", names.join(", "), why.join(", ")));
    }
    words
}

fn count(c: &super::Covariance) -> String {
    let K = c.K.map_or("no K".to_string(), |K| format!("K = {K}"));
    format!("{K}, factor {:.7}, t with {} degrees of freedom; against it", c.factor, c.df)
}

/// What is counted about a fit before any rule is applied.
pub(super) struct Count<'a> {
    pub n: usize,
    pub k: usize,
    /// The effects, at the sample.
    pub fe: &'a [Factor],
    /// The levels of each slope by level, at the sample.
    pub slopes: &'a [Factor],
    /// Exact rank of the effects, where known.
    pub rank: Option<usize>,
    /// The clusters of each way, at the sample; empty without clustering.
    pub clusters: &'a [Factor],
}

/// The parameters that a rule counts, with the reason in words.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Parameters {
    pub K: usize,
    pub words: String,
}

impl Count<'_> {
    fn rank(&self) -> Result<usize> {
        self.rank.ok_or_else(|| {
            Error::invalid(
                "the exact rank of three or more large effects, or of two with slopes, is not known here",
                "set `ssc = \"fixest\"` or `\"full\"`, which do not need it",
            )
        })
    }

    fn nested(&self) -> Vec<bool> {
        self.fe.iter().map(|f| self.clusters.iter().any(|c| f.nested_in(c))).collect()
    }

    /// Degrees of freedom that the data leave to residuals, all parameters counted.
    pub(super) fn residual(&self) -> usize {
        let conventional = self.fe.iter().map(|f| f.levels as usize).sum::<usize>() - self.fe.len().saturating_sub(1);
        self.n.saturating_sub(self.k + self.rank.unwrap_or(conventional + self.slopes()))
    }

    /// Slopes by level, one for each level of each: also where fixest does not count the constants of the same
    /// effect, because they are nested in the clusters.
    fn slopes(&self) -> usize {
        self.slopes.iter().map(|f| f.levels as usize).sum()
    }

    /// K under a rule.
    pub(super) fn parameters(&self, ssc: Ssc) -> Result<Parameters> {
        let (k, m) = (self.k, self.fe.len());
        let regressors = format!("{k} regressor{}", if k == 1 { "" } else { "s" });
        let counted = |extra: usize, words: String| Parameters { K: k + extra, words: format!("{regressors}{words}") };
        if m == 0 && self.slopes.is_empty() {
            return Ok(counted(0, String::new()));
        }
        let with_slopes = |extra: usize, words: String| match self.slopes() {
            0 => counted(extra, words),
            slopes => counted(extra + slopes, format!(" + {slopes} slopes by level{words}")),
        };
        let nested = self.nested();
        let names = |which: bool| -> String {
            let names: Vec<&str> =
                self.fe.iter().zip(&nested).filter(|(_, n)| **n == which).map(|(f, _)| f.name.as_str()).collect();
            names.join(", ")
        };
        let not_counted = match nested.contains(&true) {
            true => format!("; {} nested in the clusters, not counted", names(true)),
            false => String::new(),
        };
        let levels = |which: &dyn Fn(usize) -> bool| -> (usize, usize) {
            let of: Vec<usize> = (0..m).filter(|&e| which(e)).map(|e| self.fe[e].levels as usize).collect();
            (of.iter().sum::<usize>() - of.len().saturating_sub(1), of.len())
        };
        Ok(match ssc {
            Ssc::Fixest => match levels(&|e| !nested[e]) {
                (_, 0) if m == 0 => with_slopes(0, String::new()),
                (_, 0) => with_slopes(1, format!(" + 1 constant{not_counted}")),
                (extra, _) => with_slopes(extra, format!(" + {extra} of {}{not_counted}", names(false))),
            },
            Ssc::Full => {
                let (extra, _) = levels(&|_| true);
                with_slopes(extra, format!(" + {extra} levels of all effects"))
            }
            Ssc::Reghdfe => {
                let extra: usize = (0..m).filter(|&e| !nested[e]).map(|e| self.pairwise(e)).sum();
                let constant = usize::from(nested.contains(&true));
                let words = if constant == 1 { " + 1 constant" } else { "" };
                with_slopes(extra + constant, format!(" + {extra} not redundant pairwise{words}{not_counted}"))
            }
            Ssc::StataXtreg if m == 0 => {
                return Err(Error::invalid(
                    "xtreg has no slopes by level without the effect of the panel",
                    "choose another `ssc`",
                ));
            }
            Ssc::StataXtreg => match self.clusters.is_empty() {
                true => counted(self.rank()?, format!(" + {} rank of the effects", self.rank()?)),
                false if nested[0] => {
                    let extra = self.rank()? - self.fe[0].levels as usize;
                    counted(extra + 1, format!(" + {extra} of the effects beyond the panel + 1 constant{not_counted}"))
                }
                false => {
                    return Err(Error::invalid(
                        format!("xtreg refuses clusters in which the panel `{}` is not nested", self.fe[0].name),
                        "cluster by the first effect or by something coarser, or choose another `ssc`",
                    ));
                }
            },
            Ssc::Linearmodels if !self.clusters.is_empty() && !nested.contains(&false) && self.slopes.is_empty() => {
                counted(0, not_counted.clone())
            }
            Ssc::Linearmodels | Ssc::ExactRank | Ssc::Plm | Ssc::None | Ssc::All => {
                counted(self.rank()?, format!(" + {} rank of the effects", self.rank()?))
            }
        })
    }

    /// Levels of effect `e` less the largest number of components it forms with an earlier effect.
    fn pairwise(&self, e: usize) -> usize {
        let own = &self.fe[e];
        let redundant = (self.fe[..e].iter())
            .map(|f| connected(&f.codes, f.levels as usize, &own.codes, own.levels as usize))
            .max()
            .unwrap_or(0);
        own.levels as usize - redundant
    }
}
