//! The two steps, their covariances, and what is reported of them.

use super::inverse::inverse;
use super::moments::{Equation, Moments, Origin};
use super::specification::{difference_in_hansen, serial_correlation, wald};
use super::{GmmPanel, Source, Transform};
use crate::absorb::centered_squares;
use crate::linear::least_squares::{Orthogonal, Reason};
use crate::linear::panel::Units;
use crate::linear::{Collinear, Dropped, INTERCEPT};
use crate::math::{Mat, dist, linalg};
use crate::{Coefficient, Design, Error, Kind, Result, Test};

/// Which covariance of the estimates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Covariance {
    /// Robust to heteroskedasticity and to any correlation within units; Windmeijer's in the second step.
    #[default]
    Robust,
    /// One step: errors independent with equal variance; two steps: without Windmeijer's correction, far too small.
    Classical,
}

/// A fitted dynamic panel model.
#[derive(Debug, Clone)]
pub struct GmmPanelFit {
    /// Coefficient table, normal distribution.
    pub coefficients: Vec<Coefficient>,
    /// Covariance of the estimates, k × k.
    pub V: Mat<f64>,
    /// The covariance in words.
    pub label: String,
    /// Observations: of the levels for the system, else of the transformed equation.
    pub nobs: usize,
    /// Units with at least one equation.
    pub units: usize,
    /// Instruments.
    pub instruments: usize,
    /// Serial correlation of first differences of order 1 and 2: z and p; `None` where no unit is long enough.
    pub serial: [Option<(f64, f64)>; 2],
    /// For the system, the same with a variance that leaves the equations in levels out, as R's plm.
    pub serial_without_levels: Option<[Option<(f64, f64)>; 2]>,
    /// Sargan's test: first-step weights, valid under independent errors of equal variance.
    pub sargan: Test,
    /// Hansen's J: second-step weights at the reported estimates.
    pub hansen: Test,
    /// Hansen's J at the second step, also when one step is reported.
    pub hansen_two_step: Test,
    /// σ² of u from the first step.
    pub sigma2: f64,
    /// Wald tests, differences in Hansen's J.
    pub tests: Vec<Test>,
    /// Regressors dropped as collinear.
    pub dropped: Vec<Dropped>,
    /// What a reader must know.
    pub notes: Vec<String>,
}

/// A step: estimates b with weights W.
pub(super) struct Step {
    /// k.
    pub b: Vec<f64>,
    /// l × l.
    pub W: Mat<f64>,
    /// (X'ZWZ'X)⁻¹, k × k.
    pub B: Mat<f64>,
    /// Z_i'û_i, N × l.
    pub S: Mat<f64>,
    /// Σ Z_i'û_i, l.
    pub g: Vec<f64>,
}

/// The moments with their cross products.
pub(super) struct Problem {
    pub moments: Moments,
    /// Z'X, l × k.
    pub ZX: Mat<f64>,
    /// Z'y, l × 1.
    pub Zy: Mat<f64>,
}

/// Estimates the model of `design`; `endogenous` names the regressors that are `gmm` variables or lags of them,
/// `time_dummies` names the column of the dummies to add, one for each time.
pub fn gmm_panel(
    design: &Design,
    source: &Source,
    endogenous: &[String],
    time_dummies: Option<&str>,
    options: &GmmPanel,
    covariance: Covariance,
    collinear: Collinear,
) -> Result<GmmPanelFit> {
    if !matches!(options.steps, 1 | 2) {
        return Err(Error::invalid(format!("`steps = {}`", options.steps), "use 1 or 2 steps"));
    }
    if source.variables.is_empty() {
        return Err(Error::invalid("`gmm` names no variable", "name the outcome at least"));
    }
    let mut notes = Vec::new();
    let (design, dropped) = regressors(design, time_dummies, options.transform, collinear)?;
    let ranges = options.ranges(source.variables.len())?;
    let prefix = time_dummies.map(|t| format!("{t}::"));
    let is_dummy = |n: &String| n == INTERCEPT || prefix.as_ref().is_some_and(|p| n.starts_with(p.as_str()));
    let dummies: Vec<bool> = design.names.iter().map(is_dummy).collect();
    let standard: Vec<bool> = design.names.iter().map(|n| !endogenous.contains(n)).collect();
    let moments = Moments::new(&design, source, &ranges, &standard, &dummies, options)?;
    let (equations, k, l) = moments.shape();
    let units = moments.units.iter().filter(|u| !u.is_empty()).count();
    if l < k {
        return Err(Error::invalid(
            format!("{l} instruments cannot identify {k} coefficients"),
            "name more variables in `gmm`, more `lags`, or leave `collapse` out",
        ));
    }
    let problem = Problem::new(moments);
    let (W1, rank) = inverse(&problem.moments.homoskedastic())?;
    if rank < k {
        return Err(Error::invalid(
            format!("{l} instruments, of which {rank} are independent, cannot identify {k} coefficients"),
            "name more variables in `gmm`, or more `lags`",
        ));
    }
    if rank < l {
        notes.push(format!(
            "{} of the {l} instruments repeat others: a generalized inverse is used for the first-step weights",
            l - rank
        ));
    }
    if l > units {
        notes.push(format!(
            "{l} instruments for {units} units: Hansen's test is weak and the estimates are drawn towards least \
             squares; collapse, or use fewer lags"
        ));
    }
    let first = problem.step(W1)?;
    let omega = first.S.transpose() * &first.S;
    let (W2, rank2) = inverse(&omega)?;
    if rank2 < rank {
        notes.push(format!(
            "the second-step weights have rank {rank2} for {rank} independent instruments: a generalized inverse is \
             used, and the result depends on it"
        ));
    }
    if rank2 < k {
        return Err(Error::new(Kind::Singular { what: "the second-step weighting matrix".into() }));
    }
    let second = problem.step(W2)?;
    let sigma2 = first_step_variance(&problem.moments, &first.b, k)?;
    let sandwich = {
        let P = &first.B * (problem.ZX.transpose() * &first.W);
        &P * &omega * P.transpose()
    };
    let (reported, V, label) = match (options.steps, covariance) {
        (1, Covariance::Robust) => (&first, sandwich.clone(), "robust, clustered by unit"),
        (1, Covariance::Classical) => (&first, scaled(&first.B, sigma2), "iid, one step"),
        (_, Covariance::Robust) => (&second, windmeijer(&problem, &first, &second, &sandwich), "Windmeijer"),
        (_, Covariance::Classical) => {
            notes.push("two-step standard errors without Windmeijer's correction are far too small".into());
            (&second, second.B.clone(), "two-step, uncorrected")
        }
    };
    let V = Mat::from_fn(k, k, |i, j| 0.5 * (V[(i, j)] + V[(j, i)]));
    let sound = |j: usize| V[(j, j)].is_finite() && V[(j, j)] >= 0.0 && reported.b[j].is_finite();
    if !(0..k).all(sound) {
        return Err(Error::new(Kind::Untrusted {
            message: "a variance of the estimates is negative or not finite".into(),
            remedy: "use fewer instruments, or `steps = 1`".into(),
        }));
    }
    let df = rank - k;
    let chi2 = |name: &str, statistic: f64| Test {
        name: name.into(),
        statistic,
        df: df as f64,
        df_residual: None,
        p_value: if df == 0 { f64::NAN } else { dist::chi2_p(statistic, df as f64) },
    };
    // At one step: the same weights, made from its residuals.
    let hansen = chi2("hansen_j", form(&reported.g, &second.W));
    let hansen_two_step = chi2("hansen_j_two_step", form(&second.g, &second.W));
    let mut tests = wald(&design.names, &dummies, &reported.b, &V);
    tests.extend(difference_in_hansen(&problem, &omega, rank2, &hansen_two_step, source)?);
    let level = problem.moments.units.iter().flatten().filter(|e| e.level).count();
    let serial = |S: &Mat<f64>| [1, 2].map(|m| serial_correlation(&problem, reported, S, &V, m));
    let transformed = |e: &Equation| if e.level { 0.0 } else { e.residual(&reported.b) };
    let (serial, serial_without_levels) =
        (serial(&reported.S), (level > 0).then(|| serial(&problem.moments.sums(transformed))));
    Ok(GmmPanelFit {
        coefficients: (0..k)
            .map(|j| Coefficient::new(design.names[j].clone(), reported.b[j], V[(j, j)].sqrt(), None))
            .collect(),
        serial,
        serial_without_levels,
        V,
        label: label.into(),
        nobs: if level > 0 { level } else { equations },
        units,
        instruments: l,
        sargan: chi2("sargan", form(&first.g, &first.W) / sigma2),
        hansen,
        hansen_two_step,
        sigma2,
        tests,
        dropped,
        notes,
    })
}

/// The design with time dummies, without a constant where the transformation removes it and without collinear columns.
fn regressors(
    design: &Design,
    time_dummies: Option<&str>,
    transform: Transform,
    collinear: Collinear,
) -> Result<(Design, Vec<Dropped>)> {
    let mut design = crate::linear::panel::unweighted(design, "gmm_panel")?;
    let units = Units::of(&design)?;
    let system = transform == Transform::System;
    let time = &design.panel.as_ref().expect("checked by `of`").time;
    let mut columns: Vec<(String, Vec<f64>)> = (0..design.X.ncols())
        .filter(|&j| system || design.names[j] != INTERCEPT)
        .map(|j| (design.names[j].clone(), design.X.col_as_slice(j).to_vec()))
        .collect();
    if let Some(name) = time_dummies {
        let mut times: Vec<i64> = time.clone();
        times.sort_unstable();
        times.dedup();
        // The first time is the reference: of the constant in the system, of the differences otherwise.
        for &t in times.iter().skip(1) {
            columns.push((format!("{name}::{t}"), time.iter().map(|&s| f64::from(u8::from(s == t))).collect()));
        }
    }
    design = design.with_regressors(&columns);
    // The verdict is on what is estimated: differences, and levels where they are there.
    let time = &design.panel.as_ref().expect("checked by `of`").time;
    let pairs: Vec<(usize, usize)> = (units.rows.iter())
        .flat_map(|r| r.windows(2).filter(|w| transform == Transform::Orthogonal || time[w[1]] - time[w[0]] == 1))
        .map(|w| (w[0], w[1]))
        .collect();
    if pairs.is_empty() {
        return Err(Error::invalid(
            "no unit has the neighboring times that the transformation needs",
            "with one lag of the outcome a unit needs three times in a row; `transform = \"orthogonal\"` bridges gaps",
        ));
    }
    let stacked: Vec<Vec<f64>> = (columns.iter())
        .map(|(_, x)| {
            let mut v: Vec<f64> = pairs.iter().map(|&(e, l)| x[l] - x[e]).collect();
            v.extend_from_slice(if system { x } else { &[] });
            v
        })
        .collect();
    let before: Vec<f64> = columns.iter().map(|(_, x)| centered_squares(x, None)).collect();
    let basis = Orthogonal::new(&stacked, &before);
    if let (Collinear::Error, Some(&(j, reason))) = (collinear, basis.dropped.first()) {
        let absorbed = reason == Reason::Absorbed;
        return Err(Error::new(Kind::Collinear { absorbed }).at_column(columns[j].0.clone()));
    }
    if basis.kept.is_empty() {
        return Err(Error::new(Kind::NothingLeft));
    }
    let dropped = basis
        .dropped
        .iter()
        .map(|&(j, reason)| Dropped { name: columns[j].0.clone(), reason, by: Vec::new() })
        .collect::<Vec<_>>();
    let kept: Vec<(String, Vec<f64>)> = basis.kept.iter().map(|&j| columns[j].clone()).collect();
    Ok((design.with_regressors(&kept), dropped))
}

impl Problem {
    fn new(moments: Moments) -> Self {
        let (_, k, l) = moments.shape();
        let (mut ZX, mut Zy) = (Mat::<f64>::zeros(l, k), Mat::<f64>::zeros(l, 1));
        for e in moments.units.iter().flatten() {
            for &(c, z) in &e.z {
                Zy[(c, 0)] += z * e.y;
                e.x.iter().enumerate().for_each(|(j, x)| ZX[(c, j)] += z * x);
            }
        }
        Problem { moments, ZX, Zy }
    }

    /// Estimates with weights W.
    fn step(&self, W: Mat<f64>) -> Result<Step> {
        let XZW = self.ZX.transpose() * &W;
        let B = linalg::spd_inverse(&(&XZW * &self.ZX), "X'Z W Z'X of the moments")?;
        let b = &B * (&XZW * &self.Zy);
        let mut b: Vec<f64> = b.col_as_slice(0).to_vec();
        // One refinement takes out the rounding of the inverse.
        let left = &self.Zy - &self.ZX * Mat::from_fn(b.len(), 1, |j, _| b[j]);
        let step = &B * (&XZW * left);
        b.iter_mut().enumerate().for_each(|(j, b)| *b += step[(j, 0)]);
        let S = self.moments.sums(|e| e.residual(&b));
        let g = (0..S.ncols()).map(|c| S.col_as_slice(c).iter().sum()).collect();
        Ok(Step { b, W, B, S, g })
    }
}

/// V₂ + D V₂ + V₂ D' + D V₁ D', with D the derivative of the second step by the first-step estimates that its weights
/// are made of.
fn windmeijer(problem: &Problem, first: &Step, second: &Step, V1: &Mat<f64>) -> Mat<f64> {
    let k = second.b.len();
    let P = &second.B * (problem.ZX.transpose() * &second.W);
    let a = &second.W * column(&second.g);
    let Sa = &first.S * &a;
    let mut D = Mat::<f64>::zeros(k, k);
    for j in 0..k {
        let Zx = problem.moments.sums(|e| e.x[j]);
        let Zxa = &Zx * &a;
        // Σ (Z'x u'Z + Z'u x'Z) W₂ Z'û₂.
        let d = &P * (Zx.transpose() * &Sa + first.S.transpose() * Zxa);
        (0..k).for_each(|i| D[(i, j)] = d[(i, 0)]);
    }
    let DV = &D * &second.B;
    &second.B + &DV + DV.transpose() + &D * V1 * D.transpose()
}

/// Σ û² of the transformed equations over what their unit variance makes of it, with n/(n - k).
fn first_step_variance(moments: &Moments, b: &[f64], k: usize) -> Result<f64> {
    let (mut squares, mut scale, mut n) = (0.0, 0.0, 0usize);
    for e in moments.units.iter().flatten().filter(|e| !e.level) {
        squares += e.residual(b).powi(2);
        scale += e.of.iter().map(|(_, w)| w * w).sum::<f64>();
        n += 1;
    }
    if n <= k || squares <= 0.0 {
        return Err(Error::invalid(
            format!("{n} transformed observations leave no degree of freedom for {k} coefficients"),
            "use fewer regressors, or a longer panel",
        ));
    }
    Ok(squares / scale * n as f64 / (n - k) as f64)
}

pub(super) fn column(v: &[f64]) -> Mat<f64> {
    Mat::from_fn(v.len(), 1, |i, _| v[i])
}

/// g'Wg.
pub(super) fn form(g: &[f64], W: &Mat<f64>) -> f64 {
    (0..g.len()).map(|i| g[i] * (0..g.len()).map(|j| W[(i, j)] * g[j]).sum::<f64>()).sum()
}

fn scaled(A: &Mat<f64>, by: f64) -> Mat<f64> {
    Mat::from_fn(A.nrows(), A.ncols(), |i, j| A[(i, j)] * by)
}

impl Problem {
    /// The second-step J of the instruments `keep` with their part of Ω, and the rank of that part; `None` when they do
    /// not identify the coefficients.
    pub(super) fn restricted(&self, omega: &Mat<f64>, keep: &[usize]) -> Result<Option<(f64, usize)>> {
        let (l, k) = (keep.len(), self.ZX.ncols());
        if l < k {
            return Ok(None);
        }
        let (W, rank) = inverse(&Mat::from_fn(l, l, |i, j| omega[(keep[i], keep[j])]))?;
        let ZX = Mat::from_fn(l, k, |i, j| self.ZX[(keep[i], j)]);
        let Zy = Mat::from_fn(l, 1, |i, _| self.Zy[(keep[i], 0)]);
        let XZW = ZX.transpose() * &W;
        if rank < k {
            return Ok(None);
        }
        let Ok(B) = linalg::spd_inverse(&(&XZW * &ZX), "X'Z W Z'X of some moments") else { return Ok(None) };
        let b = &B * (&XZW * &Zy);
        let g = &Zy - &ZX * b;
        Ok(Some((form(g.col_as_slice(0), &W), rank)))
    }

    /// The instruments that are not of the chosen origins.
    pub(super) fn without(&self, leave: impl Fn(Origin) -> bool) -> Vec<usize> {
        (0..self.moments.origins.len()).filter(|&c| !leave(self.moments.origins[c])).collect()
    }
}
