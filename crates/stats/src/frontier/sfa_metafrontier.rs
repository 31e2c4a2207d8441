//! The metafrontier of stochastic frontiers: groups with technologies of their own, and the envelope of them all.
//!
//! ```text
//! group j        y_i = x_i'β_j + v_i - S u_i,      g_i = x_i'β_j at the observations of the group
//! metafrontier   S x_i'β* ≥ S g_i                  technology gap ratio  TGR_i = exp(-S(x_i'β* - g_i)) ≤ 1
//! efficiency against the metafrontier              MTE_i = TE_i TGR_i,   TE_i of the group's frontier
//! ```
//!
//! The group frontiers are those of [`super::sfa`]. Three envelopes:
//!
//! * `linear`, `quadratic`: deterministic, the smallest sum of distances or of their squares that lies nowhere on the
//!   wrong side of a group frontier at its observations (Battese, Rao and O'Donnell 2004; O'Donnell, Rao and Battese
//!   2008). Standard errors from redrawing the β_j from their normal distribution and enveloping again.
//! * `stochastic`: a frontier again, g_i = x_i'β* + v_i* - S u_i*, whose noise is the estimation error of g; TGR_i =
//!   E[exp(-u_i*) | e_i*] (Huang, Huang and Liu 2014). The covariance is the sandwich of quasi-maximum likelihood, for g
//!   is estimated; it does not know the covariance between observations that the β_j make.
//!
//! Whether groups differ at all: the likelihood ratio of all group frontiers against one frontier of all observations.
//!
//! ```
//! use plim_stats::frontier::sfa::Data;
//! use plim_stats::frontier::sfa_metafrontier::{SfaMetafrontier, sfa_metafrontier};
//! use plim_stats::math::{Mat, rng::Stream};
//! let mut draw = Stream::new(1, 0);
//! let x: Vec<f64> = (0..300).map(|_| draw.normal()).collect();
//! let noise: Vec<f64> = (0..300).map(|_| 0.2 * draw.normal() - 0.5 * draw.normal().abs()).collect();
//! let groups: Vec<usize> = (0..300).map(|i| i % 2).collect();
//! let y = (0..300).map(|i| 1.0 + 0.5 * groups[i] as f64 + 0.6 * x[i] + noise[i]).collect();
//! let X = Mat::from_fn(300, 2, |i, j| if j == 0 { 1.0 } else { x[i] });
//! let data = Data::new(y, X, vec!["(Intercept)".into(), "x".into()]);
//! let labels = ["south".to_string(), "north".to_string()];
//! let fit = sfa_metafrontier(&data, &groups, &labels, &SfaMetafrontier::default(), None, 1).unwrap();
//! assert!(fit.rows.iter().all(|r| r.technology_gap_ratio.unwrap() <= 1.0));
//! ```

mod envelope;
mod options;
mod over;

pub use options::{Enveloped, SfaMetafrontier};

use super::Status;
use super::sfa::{Columns, Data, Sfa, SfaFit, sfa};
use crate::fit::{Coefficient, Spread};
use crate::math::{Mat, dist};
use crate::vcov::{Ssc, Vcov};
use crate::{Design, Error, Kind, Result};
use over::{deterministic, stochastic};

/// Efficiencies of one observation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// Against the metafrontier: the product of the other two.
    pub efficiency: Option<f64>,
    /// Against the frontier of its group.
    pub group_efficiency: Option<f64>,
    /// The group's frontier against the metafrontier.
    pub technology_gap_ratio: Option<f64>,
    /// Whether they are there.
    pub status: Status,
}

/// A group.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its name.
    pub label: String,
    /// Its rows.
    pub members: Vec<usize>,
    /// Its frontier.
    pub fit: SfaFit,
    /// Means over its rows of efficiency, of efficiency within the group, of the technology gap ratio.
    pub means: [f64; 3],
}

/// Likelihood ratio of the group frontiers against one frontier.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Common {
    /// Log-likelihood of one frontier of all observations.
    pub loglik: f64,
    /// 2 (Σ of the groups' - `loglik`).
    pub lr: f64,
    /// Restrictions.
    pub df: usize,
    /// Chi-square p-value.
    pub p_value: f64,
}

/// A fitted metafrontier.
#[derive(Debug, Clone)]
pub struct SfaMetafrontierFit {
    /// Coefficients of the metafrontier; of a stochastic one with sigma2, gamma and so on after them.
    pub coef: Vec<f64>,
    /// Their names.
    pub names: Vec<String>,
    /// Covariance from the replications of a deterministic metafrontier.
    pub covariance: Option<Mat<f64>>,
    /// The groups.
    pub groups: Vec<Group>,
    /// Efficiencies, n.
    pub rows: Vec<Row>,
    /// Sum of the log-likelihoods of the groups.
    pub loglik: f64,
    /// Test of one frontier for all; none where that has no maximum.
    pub common: Option<Common>,
    /// Value of the objective of a deterministic metafrontier and its certificate.
    pub objective: Option<[f64; 2]>,
    /// The second frontier of a stochastic metafrontier, with what it was fitted to and how.
    pub second: Option<Box<(SfaFit, Data, Sfa)>>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

impl SfaMetafrontierFit {
    /// The covariance: from the replications, or of a stochastic metafrontier the one asked for.
    pub fn spread(&self, how: &Vcov, ssc: Ssc, design: &Design) -> Result<Option<Spread>> {
        match &self.second {
            // Without a bootstrap, which has its own here, the seed is not looked at.
            Some(second) => second.0.spread(&second.1, &second.2, how, ssc, design, 0),
            None => Ok(self.covariance.clone().map(|V| Spread {
                V,
                df: None,
                label: "from redrawn group frontiers".into(),
                warnings: Vec::new(),
            })),
        }
    }

    /// Coefficient table under a covariance.
    pub fn table_with(&self, V: Option<&Mat<f64>>) -> Vec<Coefficient> {
        let se = |j: usize| V.map_or(f64::NAN, |V| V[(j, j)].max(0.0).sqrt());
        (0..self.coef.len()).map(|j| Coefficient::new(&*self.names[j], self.coef[j], se(j), None)).collect()
    }
}

/// Fits the frontier of each group and the metafrontier. `groups` (n) says which of `labels` an observation belongs to;
/// `gap` are the columns of `gap_determinants`, after their constant.
pub fn sfa_metafrontier(
    data: &Data,
    groups: &[usize],
    labels: &[String],
    options: &SfaMetafrontier,
    gap: Option<Columns>,
    seed: u64,
) -> Result<SfaMetafrontierFit> {
    options.check(data, groups, labels, gap.is_some())?;
    let within = options.within();
    let mut fits = Vec::new();
    for (j, label) in labels.iter().enumerate() {
        let members: Vec<usize> = (0..groups.len()).filter(|&i| groups[i] == j).collect();
        let fit = sfa(&data.select(&members), &within).map_err(|e| of_group(e, label, &members))?;
        fits.push((members, fit));
    }
    let X = &data.frontier.X;
    let at = |i: usize, beta: &[f64]| (0..X.ncols()).map(|j| X[(i, j)] * beta[j]).sum::<f64>();
    let g: Vec<f64> = (0..groups.len()).map(|i| at(i, &fits[groups[i]].1.coef)).collect();
    let over = match options.envelope {
        Enveloped::Stochastic => stochastic(data, g, options, gap)?,
        _ => deterministic(data, groups, &g, &fits, options, seed)?,
    };
    let mut rows =
        vec![
            Row { efficiency: None, group_efficiency: None, technology_gap_ratio: None, status: Status::Refused };
            groups.len()
        ];
    for (members, fit) in &fits {
        for (&i, score) in members.iter().zip(&fit.rows) {
            let (own, ratio) = (score.efficiency, over.ratios[i]);
            let efficiency = own.zip(ratio).map(|(own, ratio)| own * ratio);
            let status = if efficiency.is_some() { Status::Optimal } else { Status::Refused };
            rows[i] = Row { efficiency, group_efficiency: own, technology_gap_ratio: ratio, status };
        }
    }
    let loglik = fits.iter().map(|f| f.1.stats.loglik).sum();
    let mut notes = over.notes;
    let parameters = fits.iter().map(|f| f.1.coef.len()).sum();
    let common = match sfa(data, &within) {
        // Two maxima each good to 1e-7.
        Ok(one) if one.stats.loglik > loglik + 1e-6 => {
            notes
                .push("one frontier has a higher likelihood than all groups together: a group's is a local one".into());
            None
        }
        Ok(one) => Some(common(loglik, parameters, &one)),
        Err(error) => {
            notes.push(format!("one frontier for all groups cannot be estimated, hence not tested: {error}"));
            None
        }
    };
    let means = |members: &[usize]| -> [f64; 3] {
        let mean = |value: fn(&Row) -> Option<f64>| {
            let values: Vec<f64> = members.iter().filter_map(|&i| value(&rows[i])).collect();
            values.iter().sum::<f64>() / values.len() as f64
        };
        [mean(|r| r.efficiency), mean(|r| r.group_efficiency), mean(|r| r.technology_gap_ratio)]
    };
    let groups = (fits.into_iter().zip(labels))
        .map(|((members, fit), label)| Group { label: label.clone(), means: means(&members), members, fit })
        .collect();
    Ok(SfaMetafrontierFit {
        coef: over.coef,
        names: over.names,
        covariance: over.covariance,
        groups,
        rows,
        loglik,
        common,
        objective: over.objective,
        second: over.second,
        notes,
    })
}

/// The likelihood ratio test of one frontier.
fn common(loglik: f64, parameters: usize, one: &SfaFit) -> Common {
    let df = parameters - one.coef.len();
    let lr = 2.0 * (loglik - one.stats.loglik);
    Common { loglik: one.stats.loglik, lr, df, p_value: dist::chi2_p(lr.max(0.0), df as f64) }
}

/// Says in which group it happened, at its rows.
fn of_group(mut error: Error, label: &str, members: &[usize]) -> Error {
    error.rows.iter_mut().for_each(|r| *r = members.get(*r).copied().unwrap_or(*r));
    match &mut error.kind {
        Kind::Invalid { message, .. } | Kind::Untrusted { message, .. } => {
            *message = format!("in group `{label}` {message}");
        }
        Kind::NotConverged { what, .. } | Kind::Singular { what } => *what = format!("{what} of group `{label}`"),
        Kind::Collinear { .. } => {
            error.kind = Error::invalid(
                format!("in group `{label}` this regressor is a linear combination of the others, or constant"),
                "leave it out, or put groups together",
            )
            .kind;
        }
        _ => (),
    }
    error
}
