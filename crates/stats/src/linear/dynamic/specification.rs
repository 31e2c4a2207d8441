//! Specification tests: serial correlation, subsets of instruments, joint significance.

use super::Source;
use super::estimate::{Problem, Step, column, form};
use super::inverse::inverse;
use super::moments::Origin;
use crate::linear::INTERCEPT;
use crate::math::{Mat, dist};
use crate::{Result, Test};

/// Arellano and Bond's m statistic: serial correlation of order `m` in the first differences of u, z and p.
///
/// Its variance is that of Σ w_i'Δû_i (w the residuals m times before) as a function of data and estimates:
/// Σ_i (w_i'Δû_i - w'ΔX B X'ZW Z_i'û_i)², with the covariance `V` in the place of the last square, so that a corrected
/// covariance is used where there is one. `S` has the sums Z_i'û_i, N × l. `None` where no residual has one m times
/// before it.
pub(super) fn serial_correlation(
    problem: &Problem,
    step: &Step,
    S: &Mat<f64>,
    V: &Mat<f64>,
    m: i64,
) -> Option<(f64, f64)> {
    let k = step.b.len();
    let mut wX = vec![0.0; k];
    let mut q = Vec::with_capacity(problem.moments.differences.len());
    let mut pairs = 0usize;
    for unit in &problem.moments.differences {
        let e: Vec<f64> = unit.iter().map(|d| d.y - d.x.iter().zip(&step.b).map(|(x, b)| x * b).sum::<f64>()).collect();
        let mut inner = 0.0;
        for (t, d) in unit.iter().enumerate() {
            let Ok(before) = unit.binary_search_by_key(&(d.time - m), |d| d.time) else { continue };
            pairs += 1;
            inner += e[before] * e[t];
            wX.iter_mut().zip(&d.x).for_each(|(s, x)| *s += e[before] * x);
        }
        q.push(inner);
    }
    if pairs == 0 {
        return None;
    }
    let Sq = S.transpose() * column(&q);
    let influence = &step.B * (problem.ZX.transpose() * (&step.W * Sq));
    let variance = q.iter().map(|q| q * q).sum::<f64>() - 2.0 * (0..k).map(|j| wX[j] * influence[(j, 0)]).sum::<f64>()
        + form(&wX, V);
    let z = q.iter().sum::<f64>() / variance.sqrt();
    // A variance that is not positive is no variance: the statistic does not exist then.
    (variance > 0.0).then(|| (z, dist::normal_p(z)))
}

/// Differences of Hansen's J: the whole set of instruments against all but a group, each with the group's own part of
/// the same weights, so that no difference is negative (Hayashi 2000, section 3.6). `rank` is that of Ω.
pub(super) fn difference_in_hansen(
    problem: &Problem,
    omega: &Mat<f64>,
    rank: usize,
    full: &Test,
    source: &Source,
) -> Result<Vec<Test>> {
    let mut groups: Vec<(String, Vec<usize>)> = Vec::new();
    let mut group = |name: String, leave: &dyn Fn(Origin) -> bool| groups.push((name, problem.without(leave)));
    group("level".into(), &|o| matches!(o, Origin::Change(_)));
    for (v, (name, _)) in source.variables.iter().enumerate() {
        group(name.clone(), &|o| o == Origin::Lag(v) || o == Origin::Change(v));
    }
    group("standard".into(), &|o| matches!(o, Origin::Standard(_)));
    let all = problem.moments.origins.len();
    let mut tests = Vec::new();
    for (name, keep) in groups {
        if keep.len() == all {
            continue;
        }
        let Some((j, kept)) = problem.restricted(omega, &keep)? else { continue };
        let Some(df) = rank.checked_sub(kept).filter(|df| *df > 0) else { continue };
        let statistic = (full.statistic - j).max(0.0);
        let df = df as f64;
        tests.push(Test {
            name: format!("difference_in_hansen:{name}"),
            statistic,
            df,
            df_residual: None,
            p_value: dist::chi2_p(statistic, df),
        });
    }
    Ok(tests)
}

/// Wald tests that all regressors, and that all time dummies, are zero: chi-square.
pub(super) fn wald(names: &[String], dummies: &[bool], b: &[f64], V: &Mat<f64>) -> Vec<Test> {
    let test = |name: &str, dummy: bool| -> Option<Test> {
        let at: Vec<usize> = (0..b.len()).filter(|&j| dummies[j] == dummy && names[j] != INTERCEPT).collect();
        if at.is_empty() {
            return None;
        }
        let part = Mat::from_fn(at.len(), at.len(), |i, j| V[(at[i], at[j])]);
        let (W, rank) = inverse(&part).ok()?;
        let statistic = form(&at.iter().map(|&j| b[j]).collect::<Vec<_>>(), &W);
        let df = at.len() as f64;
        (rank == at.len()).then(|| Test {
            name: name.into(),
            statistic,
            df,
            df_residual: None,
            p_value: dist::chi2_p(statistic, df),
        })
    };
    [test("wald", false), test("wald_time", true)].into_iter().flatten().collect()
}
