//! Weights of indicators, by every convention that the literature has a name for.
//!
//! Each convention is a function from the oriented, normalized indicators z (n rows, k columns, more is better) to k
//! weights that sum to one. What it needs of z is in its own module; [`weigh`] calls it by name.
//!
//! | kind | conventions |
//! |---|---|
//! | spread of each indicator ([`dispersion`]) | `entropy`, `cv`, `sd`, `variance`, `gini`, `angle` |
//! | spread and conflict | [`critic`](mod@critic), [`scatter_degree`](mod@scatter_degree), [`pca`](mod@pca), [`factor`](mod@factor) |
//! | loss when an indicator is left out, or is not the best | [`merec`](mod@merec), [`cilos`](mod@cilos), `idocriw` |
//! | judgement | `equal`, `given`, [`ahp`](mod@ahp) |
//! | the weights that flatter each unit most | [`benefit_of_the_doubt`](mod@benefit_of_the_doubt) |
//! | several of these at once | [`combined`](mod@combined) |

pub mod ahp;
pub mod benefit_of_the_doubt;
pub mod cilos;
pub mod combined;
pub mod critic;
pub mod dispersion;
pub mod factor;
pub mod merec;
pub mod pca;
pub mod scatter_degree;

pub use combined::{Combination, combine};
pub use critic::Correlation;
pub use pca::{Components, PrincipalComponents};

use crate::{Error, Kind, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Oriented, normalized indicators: k columns of n finite values, more being better.
#[derive(Debug, Clone, Copy)]
pub struct Indicators<'a> {
    /// Names, k; errors use them.
    pub names: &'a [String],
    /// Columns, k of n.
    pub z: &'a [&'a [f64]],
    /// Columns that are best / x of an indicator x of which less is better; none when empty. `idocriw` alone asks, because
    /// its entropy is that of x.
    pub inverted: &'a [bool],
}

impl<'a> Indicators<'a> {
    /// Checks lengths and values: one column or more, two rows or more, all finite.
    pub fn new(names: &'a [String], z: &'a [&'a [f64]]) -> Result<Self> {
        if names.len() != z.len() {
            return Err(Error::length("the list of names", names.len(), z.len()));
        }
        let n = z.first().ok_or_else(|| Error::new(Kind::Empty { what: "the list of indicators".into() }))?.len();
        for (name, column) in names.iter().zip(z) {
            if column.len() != n {
                return Err(Error::length("the indicator", column.len(), n).at_column(name));
            }
            let bad: Vec<usize> = (0..n).filter(|&i| !column[i].is_finite()).collect();
            if !bad.is_empty() {
                return Err(Error::new(Kind::NotFinite).at_column(name).at_rows(bad));
            }
        }
        if n < 2 {
            return Err(Error::invalid(
                format!("{n} complete row: weights from the data need two or more"),
                "check the missing values and the scope of the weights",
            ));
        }
        Ok(Indicators { names, z, inverted: &[] })
    }

    /// Number of rows n.
    pub fn rows(&self) -> usize {
        self.z.first().map_or(0, |c| c.len())
    }

    /// Number of indicators k.
    pub fn count(&self) -> usize {
        self.z.len()
    }

    /// Refuses values below zero, or below and at zero where `strict`.
    pub(crate) fn positive(&self, strict: bool, convention: &str) -> Result<()> {
        for (name, column) in self.names.iter().zip(self.z) {
            let bad = |v: f64| v < 0.0 || strict && v == 0.0;
            let rows: Vec<usize> = (0..column.len()).filter(|&i| bad(column[i])).collect();
            if !rows.is_empty() {
                let wanted = if strict { "positive" } else { "nonnegative" };
                return Err(Error::invalid(
                    format!("{convention} weights need {wanted} normalized values"),
                    "set `normalize = \"reference\"` (positive data) or `normalize = \"min_max\"` (from zero to one)",
                )
                .at_column(name)
                .at_rows(rows));
            }
        }
        Ok(())
    }

    /// Refuses an indicator without spread.
    pub(crate) fn spread(&self) -> Result<()> {
        match self.names.iter().zip(self.z).find(|(_, z)| sd(z) <= 1e-14 * z.iter().fold(0.0, |m, v| v.abs().max(m))) {
            Some((name, _)) => Err(Error::new(Kind::Constant).at_column(name)),
            None => Ok(()),
        }
    }
}

/// A convention of weighting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Convention {
    /// 1/k each.
    #[default]
    Equal,
    /// The list `weights`.
    Given,
    /// One less the entropy of the shares.
    Entropy,
    /// Standard deviation times conflict with the others.
    Critic,
    /// Coefficient of variation.
    Cv,
    /// Standard deviation.
    Sd,
    /// Variance.
    Variance,
    /// Effect of leaving the indicator out.
    Merec,
    /// Loss of the other indicators where this one is best.
    Cilos,
    /// Entropy times `cilos`.
    Idocriw,
    /// Gini coefficient.
    Gini,
    /// Angle to the column of equal values.
    Angle,
    /// Loadings of the principal components, by their variance.
    Pca,
    /// Squared rotated loadings, by the variance of their factor.
    Factor,
    /// First eigenvector of Z'Z: the units are told apart most.
    ScatterDegree,
    /// Pairwise comparisons.
    Ahp,
    /// Each unit its best weights, by data envelopment; the mean over the units.
    BenefitOfTheDoubt,
    /// Several conventions, listed under `combine`.
    Combined,
}

impl Convention {
    /// The word of the study file.
    pub fn word(self) -> &'static str {
        match self {
            Convention::Equal => "equal",
            Convention::Given => "given",
            Convention::Entropy => "entropy",
            Convention::Critic => "critic",
            Convention::Cv => "cv",
            Convention::Sd => "sd",
            Convention::Variance => "variance",
            Convention::Merec => "merec",
            Convention::Cilos => "cilos",
            Convention::Idocriw => "idocriw",
            Convention::Gini => "gini",
            Convention::Angle => "angle",
            Convention::Pca => "pca",
            Convention::Factor => "factor",
            Convention::ScatterDegree => "scatter_degree",
            Convention::Ahp => "ahp",
            Convention::BenefitOfTheDoubt => "benefit_of_the_doubt",
            Convention::Combined => "combined",
        }
    }

    /// Whether the weights come from the data.
    pub fn from_data(self) -> bool {
        !matches!(self, Convention::Equal | Convention::Given | Convention::Ahp)
    }
}

/// A convention and what it needs beside the data.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Weighting {
    /// Convention of the weights; in a study file written `using`. By default `given` where `weights` are listed, else `equal`.
    pub method: Option<Convention>,
    /// Weights of the indicators in their order, which sum to one: the convention `given`.
    pub weights: Vec<f64>,
    /// Correlation in `critic`: `signed` (conflict 1 - r) or `absolute` (1 - |r|).
    pub correlation: Correlation,
    /// Principal components or factors kept: `kaiser` (eigenvalue of one or more), `cumulative:SHARE`, or their number.
    pub components: Components,
    /// How often the first indicator of a pair counts as much as the second, for `ahp`: the upper triangle of the
    /// comparisons, row by row (for three indicators 1:2, 1:3, 2:3).
    pub pairwise: Vec<f64>,
    /// Scatter degree under weights of zero or more: the largest scatter that such weights reach.
    ///
    /// Off by default: the eigenvector is the published form, and a note says where it has negative entries.
    pub nonnegative: bool,
    /// Bounds on ratios of two weights in `benefit_of_the_doubt`: `["x2/x1 in [0.5, 2]"]`.
    pub assurance: Vec<String>,
    /// Two or more conventions, for `method = "combined"`.
    pub combine: Vec<Convention>,
    /// How they are put together: `product`, `minimum_relative_entropy` or `game_theory`.
    pub combination: Combination,
}

impl Weighting {
    /// Weights by this convention, all else as by default.
    pub fn by(method: Convention) -> Self {
        Weighting { method: Some(method), ..Weighting::default() }
    }

    /// Refuses options that no convention in force asks for; `alternatives` are those that a sensitivity analysis draws.
    pub fn check(&self, alternatives: &[Convention]) -> Result<()> {
        use Convention::*;
        let own = self.convention();
        let mut used: Vec<Convention> = alternatives.iter().copied().chain([own]).collect();
        if used.contains(&Combined) {
            used.extend(&self.combine);
        }
        let plain = Weighting::default();
        let options: [(&str, bool, &[Convention]); 8] = [
            ("weights", !self.weights.is_empty(), &[Given]),
            ("pairwise", !self.pairwise.is_empty(), &[Ahp]),
            ("combine", !self.combine.is_empty(), &[Combined]),
            ("combination", self.combination != plain.combination, &[Combined]),
            ("correlation", self.correlation != plain.correlation, &[Critic]),
            ("components", self.components != plain.components, &[Pca, Factor]),
            ("nonnegative", self.nonnegative, &[ScatterDegree]),
            ("assurance", !self.assurance.is_empty(), &[BenefitOfTheDoubt]),
        ];
        match options.iter().find(|(_, set, needs)| *set && !needs.iter().any(|c| used.contains(c))) {
            None => Ok(()),
            Some((name, _, needs)) => {
                let word = needs[0].word();
                Err(Error::invalid(
                    format!("`{name}` belongs to the convention `{word}`, and here it is `{}`", own.word()),
                    format!("set `method = \"{word}\"` (in a study file `using = \"{word}\"`), or leave `{name}` out"),
                ))
            }
        }
    }

    /// The convention in force.
    pub fn convention(&self) -> Convention {
        self.method.unwrap_or(if self.weights.is_empty() { Convention::Equal } else { Convention::Given })
    }
}

/// Weights that sum to one, and what a reader must know about them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Weights {
    /// One an indicator.
    pub weights: Vec<f64>,
    /// Score of each row, where the convention has its own (benefit of the doubt).
    pub scores: Option<Vec<f64>>,
    /// Numbers that the weights are judged by: `lambda_max`, `ci`, `cr` of `ahp`, `lambda` of `scatter_degree`,
    /// `alpha_CONVENTION` of a game.
    pub stats: Vec<(String, f64)>,
    /// Consistency, signs, and the like.
    pub notes: Vec<String>,
}

impl Weights {
    fn plain(weights: Vec<f64>) -> Self {
        Weights { weights, ..Weights::default() }
    }
}

/// Weights of the indicators by the convention of `how`.
pub fn weigh(of: &Indicators, how: &Weighting) -> Result<Weights> {
    let k = of.count();
    Ok(match how.convention() {
        Convention::Equal => Weights::plain(vec![1.0 / k as f64; k]),
        Convention::Given => Weights::plain(given(&how.weights, k)?),
        Convention::Entropy => Weights::plain(dispersion::entropy_weights(of)?),
        Convention::Critic => Weights::plain(critic::critic(of, how.correlation)?.weights),
        Convention::Cv => Weights::plain(dispersion::cv(of)?),
        Convention::Sd => Weights::plain(dispersion::standard_deviation(of)?),
        Convention::Variance => Weights::plain(dispersion::variance(of)?),
        Convention::Merec => Weights::plain(merec::merec(of)?),
        Convention::Cilos => Weights::plain(cilos::cilos(of)?),
        Convention::Idocriw => Weights::plain(cilos::idocriw(of)?),
        Convention::Gini => Weights::plain(dispersion::gini(of)?),
        Convention::Angle => Weights::plain(dispersion::angle(of)?),
        Convention::Pca => {
            let found = pca::pca(of, how.components)?;
            Weights { notes: found.notes, ..Weights::plain(found.weights) }
        }
        Convention::Factor => Weights::plain(factor::factor(of, how.components)?.weights),
        Convention::ScatterDegree => {
            let found = scatter_degree::scatter_degree(of, how.nonnegative)?;
            Weights {
                stats: vec![("lambda".into(), found.lambda)],
                notes: found.notes,
                ..Weights::plain(found.weights)
            }
        }
        Convention::Ahp => {
            let found = ahp::ahp(&how.pairwise, k)?;
            let mut stats = vec![("lambda_max".into(), found.lambda), ("ci".into(), found.consistency_index)];
            stats.extend(found.consistency_ratio.map(|cr| ("cr".into(), cr)));
            Weights { stats, notes: found.notes, ..Weights::plain(found.weights) }
        }
        Convention::BenefitOfTheDoubt => benefit_of_the_doubt::benefit_of_the_doubt(of, &how.assurance)?,
        Convention::Combined => {
            combined::check(&how.combine)?;
            let (mut notes, mut stats, mut parts) = (Vec::new(), Vec::new(), Vec::new());
            for &method in &how.combine {
                let part = weigh(of, &Weighting { method: Some(method), ..how.clone() })?;
                notes.extend(part.notes);
                stats.extend(part.stats);
                parts.push(part.weights);
            }
            let weights = combine(&parts, how.combination)?;
            stats.extend(combined::alphas(&how.combine, &parts, how.combination)?);
            Weights { stats, notes, ..Weights::plain(weights) }
        }
    })
}

/// Weights as given, after checks: one for each indicator, none negative, summing to one.
pub fn given(weights: &[f64], count: usize) -> Result<Vec<f64>> {
    if weights.len() != count {
        return Err(Error::length("the list `weights`", weights.len(), count));
    }
    if let Some(bad) = weights.iter().find(|w| !(w.is_finite() && **w >= 0.0)) {
        return Err(Error::invalid(format!("a weight is {bad}"), "weights are zero or more"));
    }
    let total: f64 = weights.iter().sum();
    // Published weights are rounded to three or four digits; a sum farther off is a mistake.
    if (total - 1.0).abs() > 5e-4 * count as f64 {
        return Err(Error::invalid(
            format!("the weights sum to {total}, not to one"),
            "divide them by their sum, or look for the one that is missing",
        ));
    }
    Ok(weights.iter().map(|w| w / total).collect())
}

/// Values over their sum; refused where the sum is nothing but rounding.
pub(crate) fn to_sum_one(values: Vec<f64>) -> Result<Vec<f64>> {
    let total: f64 = values.iter().sum();
    let size: f64 = values.iter().map(|v| v.abs()).sum();
    if !(total.is_finite() && total.abs() > 1e-13 * size.max(1e-300)) || size < 1e-13 {
        return Err(Error::invalid(
            "no indicator differs between rows as this convention sees it, so that weights are 0/0",
            "choose indicators with spread, or another convention",
        ));
    }
    Ok(values.iter().map(|v| v / total).collect())
}

pub(crate) fn mean(x: &[f64]) -> f64 {
    x.iter().sum::<f64>() / x.len() as f64
}

/// Standard deviation, divisor n - 1.
pub(crate) fn sd(x: &[f64]) -> f64 {
    let m = mean(x);
    (x.iter().map(|v| (v - m) * (v - m)).sum::<f64>() / (x.len() as f64 - 1.0)).sqrt()
}
