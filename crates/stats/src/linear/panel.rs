//! The observations of a design by unit and time: what the panel estimators share.

use super::{Estimated, INTERCEPT, Ols, OlsFit, Regression};
use crate::absorb::{Singletons, squares};
use crate::fit::table;
use crate::linear::least_squares::COLLINEAR;
use crate::math::{Mat, dist};
use crate::vcov::vcov;
use crate::{Design, Error, Kind, Result, Test};

/// Each unit's observations in order of time.
#[derive(Debug, Clone)]
pub(crate) struct Units {
    /// Positions of the observations of each unit.
    pub rows: Vec<Vec<usize>>,
    /// Observations.
    pub n: usize,
}

impl Units {
    /// Groups a design whose panel keys are declared and name each observation once.
    pub fn of(design: &Design) -> Result<Self> {
        design.check()?;
        if design.absorbs() {
            return Err(Error::invalid(
                "this estimator absorbs no fixed effects",
                "leave out the part after `|`; write i(year) for time dummies, or use method feols",
            ));
        }
        if design.iv.is_some() {
            return Err(Error::invalid(
                "this estimator takes no instruments",
                "leave out the third part of the formula",
            ));
        }
        let Some(panel) = &design.panel else {
            return Err(Error::invalid(
                "the units and times of the observations are not known",
                "set `unit` and `time`",
            ));
        };
        let n = design.nobs();
        if panel.unit.codes.len() != n || panel.time.len() != n {
            return Err(Error::length("the panel keys", panel.time.len(), n));
        }
        let mut rows = vec![Vec::new(); panel.unit.levels as usize];
        for (i, &u) in panel.unit.codes.iter().enumerate() {
            rows[u as usize].push(i);
        }
        for unit in &mut rows {
            unit.sort_by_key(|&i| panel.time[i]);
            if let Some(twice) = unit.windows(2).find(|w| panel.time[w[0]] == panel.time[w[1]]) {
                return Err(Error::invalid("a unit has two observations at the same time", "keep one of them")
                    .at_rows(twice.iter().map(|&i| design.rows[i]).collect::<Vec<_>>()));
            }
        }
        if rows.len() < 2 {
            return Err(Error::invalid("there is one unit only", "a panel needs at least two units"));
        }
        Ok(Units { rows, n })
    }

    /// Units.
    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// Σ T², which measures how unbalanced the panel is.
    pub fn squared_lengths(&self) -> f64 {
        self.rows.iter().map(|r| (r.len() * r.len()) as f64).sum()
    }

    /// Whether every unit has the same number of observations.
    pub fn balanced(&self) -> bool {
        self.rows.iter().all(|r| r.len() == self.rows[0].len())
    }

    /// Mean of `v` (n) in each unit.
    pub fn means(&self, v: &[f64]) -> Vec<f64> {
        self.rows.iter().map(|r| r.iter().map(|&i| v[i]).sum::<f64>() / r.len() as f64).collect()
    }

    /// Σ over the units of (Σ v)²/T: the squares of `v` between units.
    pub fn squares_between(&self, v: &[f64]) -> f64 {
        self.rows.iter().map(|r| r.iter().map(|&i| v[i]).sum::<f64>().powi(2) / r.len() as f64).sum()
    }

    /// Positions of the regressors that vary within units.
    pub fn varying(&self, design: &Design) -> Vec<usize> {
        let varies = |j: &usize| {
            let x = design.X.col_as_slice(*j);
            let means = self.means(x);
            let within: f64 =
                self.rows.iter().zip(&means).flat_map(|(r, m)| r.iter().map(move |&i| (x[i] - m).powi(2))).sum();
            design.names[*j] != INTERCEPT && within > COLLINEAR * squares(x, None)
        };
        (0..design.X.ncols()).filter(varies).collect()
    }

    /// The within regression on the regressors that vary, with unit effects and, if asked, time effects.
    pub fn within(&self, design: &Design, time_effects: bool) -> Result<OlsFit> {
        let keep = self.varying(design);
        let panel = design.panel.as_ref().expect("checked by `of`");
        let mut within = Design {
            X: Mat::from_fn(self.n, keep.len(), |i, j| design.X[(i, keep[j])]),
            names: keep.iter().map(|&j| design.names[j].clone()).collect(),
            fe: vec![panel.unit.clone()],
            ..design.clone()
        };
        if time_effects {
            within.fe.push(crate::Factor::from_keys("time", panel.time.iter().copied()));
        }
        Ols { singletons: Singletons::Keep, ..Ols::default() }.fit(&within)
    }
}

/// Takes the offset out of the outcome, and refuses weights.
pub(crate) fn unweighted(design: &Design, method: &str) -> Result<Design> {
    if design.w.is_some() {
        return Err(Error::invalid(format!("`{method}` takes no weights"), "leave `weights` out"));
    }
    let mut design = design.clone();
    if let Some(offset) = design.offset.take() {
        design.y.iter_mut().zip(&offset).for_each(|(y, o)| *y -= o);
    }
    Ok(design)
}

/// An error when the collinearity verdict left nothing but the constant of a design that had regressors.
pub(crate) fn something_left(fit: &OlsFit, design: &Design) -> Result<()> {
    match fit.names.iter().any(|n| n != INTERCEPT) || design.names.iter().all(|n| n == INTERCEPT) {
        true => Ok(()),
        false => Err(Error::new(Kind::NothingLeft)
            .at_column(design.names.iter().filter(|n| *n != INTERCEPT).cloned().collect::<Vec<_>>().join("`, `"))),
    }
}

/// F test that `df` restrictions raise the sum of squares from `free` to `restricted`.
pub(crate) fn f_test(name: &str, restricted: f64, free: f64, df: usize, df_residual: usize) -> Option<Test> {
    if df == 0 || df_residual == 0 || free <= 0.0 {
        return None;
    }
    let (df, df_residual) = (df as f64, df_residual as f64);
    let statistic = (restricted - free).max(0.0) / df / (free / df_residual);
    Some(Test {
        name: name.into(),
        statistic,
        df,
        df_residual: Some(df_residual),
        p_value: dist::f_p(statistic, df, df_residual),
    })
}

/// A fit on a transformed design with its covariance and coefficient table.
pub fn estimated(fit: OlsFit, transformed: &Design, rules: &Regression) -> Result<Estimated> {
    let covariance = vcov(&fit, &rules.covariance(transformed), rules.ssc, transformed)?;
    let coefficients = table(&fit, &covariance.V, Some(covariance.df));
    Ok(Estimated { fit, covariance, coefficients })
}

/// Wald test that everything but the constant is zero, under the covariance of the estimates.
pub fn joint(estimated: &Estimated) -> Option<Test> {
    let slopes: Vec<usize> = (0..estimated.fit.names.len()).filter(|&j| estimated.fit.names[j] != INTERCEPT).collect();
    estimated.wald("wald", &slopes)
}
