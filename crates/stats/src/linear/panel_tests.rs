//! Which panel estimator: tests of unit effects, of their correlation with the regressors, and of common slopes.
//!
//! | name | null | statistic |
//! |---|---|---|
//! | `hausman` | α uncorrelated with x | d'(V_W - V_R)⁻¹d, d = β̂_W - β̂_R, iid covariances (Hausman 1978), chi-square |
//! | `hausman_robust` | the same | the unit means of the regressors are zero in Mundlak's form, Wald test under the step's covariance, F |
//! | `breusch_pagan` | σ_α² = 0 | Lagrange multiplier (Breusch and Pagan 1980; unbalanced: Baltagi and Li 1990), chi-square |
//! | `honda` | the same | its signed root, one-sided (Honda 1985), normal |
//! | `poolability` | all α equal | F of the pooled against the within regression |
//! | `poolability_two_way` | all unit and time effects equal | F against the regression with both effects |
//! | `poolability_slopes` | equal slopes in all units, α free | F of the within regression against one regression per unit (Chow 1960) |

use super::panel::{Units, estimated, f_test};
use super::random_effects::{RandomEffectsFit, is_mean, with_means};
use super::{Ols, RandomEffects, Regression};
use crate::math::{Mat, dist, linalg};
use crate::{Design, Error, Result, Test};

/// The tests of a random-effects fit, and what a reader must know of those that are missing.
pub fn panel_tests(
    fitted: &RandomEffectsFit,
    how: &RandomEffects,
    rules: &Regression,
) -> Result<(Vec<Test>, Vec<String>)> {
    let design = &fitted.levels;
    let units = Units::of(design)?;
    let within = units.within(design, false)?;
    let (mut tests, mut notes) = (Vec::new(), Vec::new());
    if !how.mundlak {
        match hausman(fitted, &within) {
            Some((test, definite)) => {
                tests.push(test);
                if !definite {
                    notes.push(
                        "the covariance of the Hausman contrast is not positive definite, so that `hausman` need not \
                         be chi-square; read `hausman_robust`"
                            .into(),
                    );
                }
            }
            None => notes.push(
                "the covariance of the Hausman contrast is singular or makes the statistic negative, so that `hausman` \
                 is not given; read `hausman_robust`"
                    .into(),
            ),
        }
    }
    match hausman_robust(fitted, how, rules)? {
        Some(test) => tests.push(test),
        None => notes.push(
            "`hausman_robust` is not given: its restrictions do not have a regular covariance, as with fewer clusters \
             than restrictions"
                .into(),
        ),
    }
    let pooled = Ols::default().fit(design)?;
    tests.extend(lagrange_multiplier(&pooled.residuals, &units).into_iter().flatten());
    let restrictions = free(&pooled).saturating_sub(free(&within));
    tests.extend(f_test("poolability", pooled.ssr, within.ssr, restrictions, free(&within)));
    if let Ok(both) = units.within(design, true) {
        let restrictions = free(&pooled).saturating_sub(free(&both));
        tests.extend(f_test("poolability_two_way", pooled.ssr, both.ssr, restrictions, free(&both)));
    }
    match common_slopes(design, &units, within.ssr, free(&within))? {
        Some(test) => tests.push(test),
        None => notes.push(
            "`poolability_slopes` is not given: in some unit the regressors vary too little for a regression of its own"
                .into(),
        ),
    }
    Ok((tests, notes))
}

fn free(fit: &super::OlsFit) -> usize {
    crate::Fit::dof_residual(fit)
}

/// Hausman's contrast of the within and the random-effects slopes under iid covariances, and whether the difference of
/// the covariances is positive definite.
///
/// `None` when the difference is singular, or makes the form negative: there is no statistic then.
fn hausman(fitted: &RandomEffectsFit, within: &super::OlsFit) -> Option<(Test, bool)> {
    let common: Vec<(usize, usize)> = (within.names.iter().enumerate())
        .filter_map(|(w, name)| Some((w, fitted.fit.names.iter().position(|n| n == name)?)))
        .collect();
    let q = common.len();
    if q == 0 {
        return None;
    }
    // In units of the within standard errors, so that the scale of the regressors does not matter.
    let unit: Vec<f64> = common.iter().map(|&(w, _)| (within.sigma2 * within.bread[(w, w)]).sqrt()).collect();
    let d: Vec<f64> = (0..q).map(|i| (within.coef[common[i].0] - fitted.fit.coef[common[i].1]) / unit[i]).collect();
    let V = Mat::from_fn(q, q, |i, j| {
        let ((wi, ri), (wj, rj)) = (common[i], common[j]);
        let difference = within.sigma2 * within.bread[(wi, wj)] - fitted.fit.sigma2 * fitted.fit.bread[(ri, rj)];
        difference / (unit[i] * unit[j])
    });
    let (values, U) = linalg::symmetric_eigen(&V).ok()?;
    if values.iter().any(|v| v.is_nan() || v.abs() < 1e-12) {
        return None;
    }
    let statistic: f64 = (0..q).map(|l| (0..q).map(|i| U[(i, l)] * d[i]).sum::<f64>().powi(2) / values[l]).sum();
    let df = q as f64;
    let test = Test { name: "hausman".into(), statistic, df, df_residual: None, p_value: dist::chi2_p(statistic, df) };
    (statistic > 0.0).then_some((test, values.iter().all(|&v| v > 0.0)))
}

/// Wald test of the unit means in Mundlak's form at the θ of the fit, under the step's covariance.
fn hausman_robust(fitted: &RandomEffectsFit, how: &RandomEffects, rules: &Regression) -> Result<Option<Test>> {
    let (design, fit) = match how.mundlak {
        true => (fitted.design.clone(), fitted.fit.clone()),
        false => {
            // θ is that of the model without means: the test is then the auxiliary regression of Wooldridge (2010).
            let units = Units::of(&fitted.levels)?;
            let varying = units.varying(&fitted.levels);
            let means = with_means(&fitted.levels, &units);
            let k = fitted.levels.X.ncols();
            let mut columns: Vec<(String, Vec<f64>)> =
                (0..k).map(|j| (fitted.design.names[j].clone(), fitted.design.X.col_as_slice(j).to_vec())).collect();
            for (m, &j) in varying.iter().enumerate() {
                // x - x̄ spans with x - θx̄ what x̄ - θx̄ does.
                let (x, mean) = (means.X.col_as_slice(j), means.X.col_as_slice(k + m));
                columns.push((means.names[k + m].clone(), x.iter().zip(mean).map(|(x, m)| x - m).collect()));
            }
            let design = fitted.design.with_regressors(&columns);
            // A regressor without variation between units has no mean to test, whatever the step says of collinear ones.
            let fit = Ols::default().fit(&design)?;
            (design, fit)
        }
    };
    let positions: Vec<usize> = (0..fit.names.len()).filter(|&j| is_mean(&fit.names[j], &fitted.levels)).collect();
    Ok(estimated(fit, &design, rules)?.wald("hausman_robust", &positions))
}

/// Breusch and Pagan's test and Honda's, from pooled residuals.
fn lagrange_multiplier(e: &[f64], units: &Units) -> Option<[Test; 2]> {
    let n = units.n as f64;
    let total: f64 = e.iter().map(|e| e * e).sum();
    let sums: f64 = units.rows.iter().map(|r| r.iter().map(|&i| e[i]).sum::<f64>().powi(2)).sum();
    let repeated = units.squared_lengths() - n;
    if repeated <= 0.0 || total <= 0.0 {
        return None;
    }
    let z = n / (2.0 * repeated).sqrt() * (sums / total - 1.0);
    let one_sided = if z > 0.0 { 0.5 * dist::normal_p(z) } else { 1.0 - 0.5 * dist::normal_p(z) };
    let test =
        |name: &str, statistic, p_value| Test { name: name.into(), statistic, df: 1.0, df_residual: None, p_value };
    Some([test("breusch_pagan", z * z, dist::chi2_p(z * z, 1.0)), test("honda", z, one_sided)])
}

/// F test of equal slopes in all units; `None` when a unit is too short for a regression of its own.
fn common_slopes(design: &Design, units: &Units, restricted: f64, df_restricted: usize) -> Result<Option<Test>> {
    let varying = units.varying(design);
    let k = varying.len() + 1;
    if varying.is_empty() || units.rows.iter().any(|r| r.len() < k) {
        return Ok(None);
    }
    let mut ssr = 0.0;
    for rows in &units.rows {
        let mut columns: Vec<Vec<f64>> = vec![vec![1.0; rows.len()]];
        columns.extend(varying.iter().map(|&j| rows.iter().map(|&i| design.X[(i, j)]).collect::<Vec<f64>>()));
        let before: Vec<f64> = columns.iter().map(|c| crate::absorb::centered_squares(c, None)).collect();
        let basis = super::least_squares::Orthogonal::new(&columns, &before);
        if basis.kept.len() < k {
            return Ok(None);
        }
        let y: Vec<f64> = rows.iter().map(|&i| design.y[i]).collect();
        ssr += basis.solve(&columns, &y).1.iter().map(|u| u * u).sum::<f64>();
    }
    let df_free = (units.n).checked_sub(units.count() * k).ok_or_else(|| Error::length("a unit", 0, k))?;
    Ok(f_test("poolability_slopes", restricted, ssr, df_restricted.saturating_sub(df_free), df_free))
}
