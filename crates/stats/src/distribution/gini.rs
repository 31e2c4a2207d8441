//! Gini coefficient decomposed by groups: within, net between, transvariation.
//!
//! For groups j, h with shares of population p and of the value s, means μ and mean absolute differences Δ_jh,
//!
//! ```text
//! G_jh = Δ_jh / (μ_j + μ_h)                      Gini between two groups, G_jj within one
//! D_jh = |μ_j - μ_h| / Δ_jh                      relative economic affluence, between 0 and 1
//! G_w  = Σ_j G_jj p_j s_j
//! G_nb = Σ_{j>h} G_jh (p_j s_h + p_h s_j) D_jh
//! G_t  = Σ_{j>h} G_jh (p_j s_h + p_h s_j) (1 - D_jh)
//! G    = G_w + G_nb + G_t                        exactly
//! ```
//!
//! G_t is what groups that overlap add: units of the poorer group above units of the richer. D of Dagum, the gross
//! affluence d less its first moment of transvariation over their sum, is |μ_j - μ_h| / Δ_jh, because d less the
//! moment is the difference of the means and their sum is Δ_jh. Dagum (1997), "A new approach to the decomposition of
//! the Gini income inequality ratio", Empirical Economics 22(4).

use super::{Weighted, by_time, nonnegative, positive_weights, sound};
use crate::{Error, Factor, Kind, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Gini coefficient by time, decomposed by groups after Dagum (1997).
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DagumGini {
    /// Column whose inequality is measured, zero or more.
    pub value: String,
    /// Column of the groups, such as the region.
    pub group: String,
    /// Column of weights, such as the population; every row counts alike by default.
    pub weights: Option<String>,
}

/// The parts at one time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Parts {
    /// Time.
    pub time: i64,
    /// Units.
    pub units: usize,
    /// Gini coefficient of all.
    pub gini: f64,
    /// Part within groups.
    pub within: f64,
    /// Net part between groups.
    pub between: f64,
    /// Transvariation.
    pub transvariation: f64,
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
    /// Gini coefficient within it; none where all are zero.
    pub gini: Option<f64>,
}

/// Two groups at one time.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pair {
    /// Time.
    pub time: i64,
    /// Code of the first group.
    pub a: u32,
    /// Code of the second group.
    pub b: u32,
    /// Gini coefficient between them; none where all are zero.
    pub gini: Option<f64>,
    /// Relative economic affluence D; none where no unit differs from another.
    pub affluence: Option<f64>,
}

/// All of it.
#[derive(Debug, Clone, PartialEq)]
pub struct DagumParts {
    /// By time.
    pub times: Vec<Parts>,
    /// By time and group.
    pub groups: Vec<Group>,
    /// By time and pair of groups.
    pub pairs: Vec<Pair>,
}

/// Decomposes the Gini coefficient of `value` at each time.
///
/// ```
/// use plim_stats::{Factor, distribution::{DagumGini, dagum_gini}};
/// let region = Factor::from_keys("region", [0, 0, 1, 1]);
/// let found = dagum_gini(&DagumGini::default(), &[1.0, 2.0, 4.0, 5.0], None, &region, &[0; 4])?;
/// let t = &found.times[0];
/// // The regions do not overlap.
/// assert_eq!(t.transvariation, 0.0);
/// assert!((t.gini - (t.within + t.between)).abs() < 1e-15);
/// # Ok::<(), plim_stats::Error>(())
/// ```
pub fn dagum_gini(
    options: &DagumGini,
    value: &[f64],
    weights: Option<&[f64]>,
    group: &Factor,
    time: &[i64],
) -> Result<DagumParts> {
    let n = time.len();
    sound(&options.value, value, n)?;
    nonnegative(&options.value, value)?;
    positive_weights(options.weights.as_deref().unwrap_or("weights"), weights, n)?;
    if group.codes.len() != n {
        return Err(Error::length(format!("`{}`", group.name), group.codes.len(), n));
    }
    let mut out = DagumParts { times: Vec::new(), groups: Vec::new(), pairs: Vec::new() };
    for (time, rows) in by_time(time) {
        let all = Weighted::of(value, weights, &rows);
        if all.mean <= 0.0 {
            let e = Error::invalid(
                format!("every value is zero at time {time}, so that shares are 0/0"),
                "leave that time out with `where`",
            );
            return Err(e.at_column(&options.value).at_rows(rows));
        }
        let of = |g: u32| rows.iter().copied().filter(|&i| group.codes[i] == g).collect::<Vec<usize>>();
        let groups: Vec<(u32, usize, Weighted)> = (0..group.levels)
            .map(|g| (g, of(g)))
            .filter(|(_, rows)| !rows.is_empty())
            .map(|(g, rows)| (g, rows.len(), Weighted::of(value, weights, &rows)))
            .collect();
        let population = |w: &Weighted| w.total / all.total;
        let share = |w: &Weighted| population(w) * w.mean / all.mean;
        let mut parts =
            Parts { time, units: rows.len(), gini: all.gini(), within: 0.0, between: 0.0, transvariation: 0.0 };
        for (j, (a, units, own)) in groups.iter().enumerate() {
            // Without weights G_jh (p_j s_h + p_h s_j) = Δ_jh p_j p_h / μ, which is also defined where a mean is zero.
            let (p, s) = (population(own), share(own));
            parts.within += own.distance(own) * p * p / (2.0 * all.mean);
            let gini = (own.mean > 0.0).then(|| own.gini());
            out.groups.push(Group { time, group: *a, units: *units, mean: own.mean, population: p, share: s, gini });
            for (b, _, other) in &groups[..j] {
                let (apart, means) = (own.distance(other), (own.mean - other.mean).abs());
                let scale = p * population(other) / all.mean;
                // Rounding must not make the means differ by more than the units do.
                let net = means.min(apart);
                parts.between += net * scale;
                parts.transvariation += (apart - net) * scale;
                let gini = (own.mean + other.mean > 0.0).then(|| apart / (own.mean + other.mean));
                let affluence = (apart > 0.0).then(|| net / apart);
                out.pairs.push(Pair { time, a: *b, b: *a, gini, affluence });
            }
        }
        let sum = parts.within + parts.between + parts.transvariation;
        if (sum - parts.gini).abs() > 1e-10 {
            return Err(Error::new(Kind::Untrusted {
                message: format!("the parts add to {sum} and the Gini coefficient is {} at time {time}", parts.gini),
                remedy: "values differ by too many orders of magnitude; rescale or trim them".into(),
            }));
        }
        out.times.push(parts);
    }
    Ok(out)
}
