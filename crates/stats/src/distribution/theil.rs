//! Theil indices decomposed by groups.
//!
//! With population shares p, means μ and shares of the value s = p μ_g / μ,
//!
//! ```text
//! T = Σ p_i (y_i/μ) ln(y_i/μ) = Σ_g s_g T_g + Σ_g s_g ln(μ_g/μ)
//! L = Σ p_i ln(μ/y_i)         = Σ_g p_g L_g + Σ_g p_g ln(μ/μ_g)
//! ```
//!
//! The first sum is inequality within groups, the second between them. T weighs groups by their share of the value and
//! takes zeros (0 ln 0 = 0); L, the mean logarithmic deviation, weighs them by population and needs positive values, but
//! its part between is what would be left if every group were made equal. Theil (1967), *Economics and Information
//! Theory*; Shorrocks (1980), "The class of additively decomposable inequality measures", Econometrica 48(3).

use super::{Weighted, by_time, nonnegative, positive_weights, sound};
use crate::{Error, Factor, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Theil index by time, decomposed within and between groups.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Theil {
    /// Column whose inequality is measured.
    pub value: String,
    /// Column of the groups, such as the region.
    pub group: String,
    /// Column of weights, such as the population; every row counts alike by default.
    pub weights: Option<String>,
    /// Which index: `t` weighs groups by their share of the value, `l` (mean logarithmic deviation) by population.
    pub index: Index,
}

/// Which of Theil's indices.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Index {
    /// Theil's T.
    #[default]
    T,
    /// Theil's L, the mean logarithmic deviation.
    L,
}

/// The parts at one time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Parts {
    /// Time.
    pub time: i64,
    /// Units.
    pub units: usize,
    /// Index of all.
    pub theil: f64,
    /// Part within groups.
    pub within: f64,
    /// Part between groups.
    pub between: f64,
    /// Share of the part between; none where all are equal.
    pub between_share: Option<f64>,
}

/// A group at one time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// Time.
    pub time: i64,
    /// Code of the group.
    pub group: u32,
    /// Units.
    pub units: usize,
    /// Mean.
    pub mean: f64,
    /// Share of the population (weights).
    pub population: f64,
    /// Share of the value.
    pub share: f64,
    /// Index within it; none where all are zero.
    pub theil: Option<f64>,
    /// What inequality within it adds to the index of all.
    pub within: f64,
    /// What its mean adds to the part between; negative for a group below (T) or above (L) the mean.
    pub between: f64,
}

/// All of it.
#[derive(Debug, Clone, PartialEq)]
pub struct TheilParts {
    /// By time.
    pub times: Vec<Parts>,
    /// By time and group.
    pub groups: Vec<Group>,
}

/// Decomposes the Theil index of `value` at each time.
pub fn theil(
    options: &Theil,
    value: &[f64],
    weights: Option<&[f64]>,
    group: &Factor,
    time: &[i64],
) -> Result<TheilParts> {
    let n = time.len();
    sound(&options.value, value, n)?;
    nonnegative(&options.value, value)?;
    positive_weights(options.weights.as_deref().unwrap_or("weights"), weights, n)?;
    if group.codes.len() != n {
        return Err(Error::length(format!("`{}`", group.name), group.codes.len(), n));
    }
    let zero: Vec<usize> = (0..n).filter(|&i| value[i] == 0.0).collect();
    if options.index == Index::L && !zero.is_empty() {
        let e =
            Error::invalid("a value is zero, whose logarithm has no end", "set `index = \"t\"`, or drop these rows");
        return Err(e.at_column(&options.value).at_rows(zero));
    }
    let index = |w: &Weighted| match options.index {
        Index::T => w.theil_t(),
        Index::L => w.theil_l(),
    };
    let mut out = TheilParts { times: Vec::new(), groups: Vec::new() };
    for (time, rows) in by_time(time) {
        let all = Weighted::of(value, weights, &rows);
        if all.mean <= 0.0 {
            let e = Error::invalid(
                format!("every value is zero at time {time}, so that shares are 0/0"),
                "leave that time out with `where`",
            );
            return Err(e.at_column(&options.value).at_rows(rows));
        }
        let (mut within, mut between) = (0.0, 0.0);
        for g in 0..group.levels {
            let own: Vec<usize> = rows.iter().copied().filter(|&i| group.codes[i] == g).collect();
            if own.is_empty() {
                continue;
            }
            let units = own.len();
            let own = Weighted::of(value, weights, &own);
            let population = own.total / all.total;
            let share = population * own.mean / all.mean;
            let inside = (own.mean > 0.0).then(|| index(&own));
            let apart = (own.mean / all.mean).ln();
            // A group of zeros has no share of the value.
            let (inner, outer) = match (options.index, inside) {
                (_, None) => (0.0, 0.0),
                (Index::T, Some(i)) => (share * i, share * apart),
                (Index::L, Some(i)) => (population * i, -population * apart),
            };
            within += inner;
            between += outer;
            let mean = own.mean;
            let line =
                Group { time, group: g, units, mean, population, share, theil: inside, within: inner, between: outer };
            out.groups.push(line);
        }
        // Equal means leave rounding only.
        let (theil, between) = (index(&all).max(0.0), between.max(0.0));
        let between_share = (theil > 1e-14).then(|| between / theil);
        out.times.push(Parts { time, units: rows.len(), theil, within, between, between_share });
    }
    Ok(out)
}
