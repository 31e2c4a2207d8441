//! Two-step efficient GMM (Hansen 1982) and the tests of instruments that are made of it.
//!
//! ```text
//! g(b) = Q'(y - Xb),   b = argmin g(b)'S⁻¹g(b),   J = g(b)'S⁻¹g(b) ~ χ²(L - k)
//! ```
//!
//! S is the covariance of the moments Q'u at first-step residuals u under the step's `vcov`, without small-sample
//! factor: heteroskedastic, clustered or serially correlated as the standard errors are. Under `iid` S is σ²I, GMM is
//! two-stage least squares and J is Sargan's statistic. The C statistic of some instruments is the J of all less the
//! J of the others, both under the S of all, so that it is not negative (Hayashi 2000, 3.6); applied to D itself,
//! added to the instruments, it tests endogeneity.

use super::OlsFit;
use super::iv::{defined_for_gmm, less};
use super::least_squares::{Orthogonal, dot};
use super::system::{Columns, System, imposed, quadratic_form};
use crate::absorb::squares;
use crate::math::{Mat, dist, linalg};
use crate::vcov::{Ssc, Vcov};
use crate::{Error, Kind, Result, Test};

/// Tests of the overidentifying restrictions and of endogeneity.
#[derive(Debug, Clone, Default)]
pub struct Overidentification {
    /// Sargan's n R² of the residual on the instruments; `None` when just identified.
    pub sargan: Option<Test>,
    /// Hansen's J of two-step GMM; `None` when just identified or undefined.
    pub hansen_j: Option<Test>,
    /// C test that D is exogenous, under the covariance of the step.
    pub endogeneity: Option<Test>,
    /// Durbin's χ² that D is exogenous, iid errors.
    pub durbin: Option<Test>,
    /// Wu and Hausman's F that D is exogenous, iid errors.
    pub wu_hausman: Option<Test>,
    /// C test of the instruments that the options name.
    pub c: Option<Test>,
    /// Why a test is not there.
    pub notes: Vec<String>,
}

fn chi2(name: &str, statistic: f64, df: usize) -> Test {
    let p_value = dist::chi2_p(statistic, df as f64);
    Test { name: name.into(), statistic, df: df as f64, df_residual: None, p_value }
}

/// Moments Q'(y - Xb) on some orthonormal columns.
struct Moments {
    /// Q'X, m × k.
    G: Mat<f64>,
    /// Q'y, m.
    g: Vec<f64>,
}

impl Moments {
    fn new(Q: &[Vec<f64>], system: &System) -> Self {
        let X = system.regressors().values;
        Moments {
            G: Mat::from_fn(Q.len(), X.len(), |i, j| dot(&Q[i], &X[j])),
            g: Q.iter().map(|q| dot(q, &system.y)).collect(),
        }
    }

    /// The first m moments.
    fn first(&self, m: usize) -> Moments {
        Moments { G: self.G.submatrix(0, 0, m, self.G.ncols()).to_owned(), g: self.g[..m].to_vec() }
    }

    /// g - Gb.
    fn at(&self, b: &[f64]) -> Vec<f64> {
        (0..self.g.len()).map(|i| self.g[i] - (0..b.len()).map(|j| self.G[(i, j)] * b[j]).sum::<f64>()).collect()
    }

    /// The minimum under S⁻¹: b (k), (G'S⁻¹G)⁻¹ (k × k), S⁻¹G (m × k).
    fn minimize(&self, S: &Mat<f64>) -> Result<(Vec<f64>, Mat<f64>, Mat<f64>)> {
        let inverse = linalg::spd_inverse(S, "the covariance of the moments")?;
        let weighted = &inverse * &self.G;
        let bread = linalg::spd_inverse(&(self.G.transpose() * &weighted), "G'S⁻¹G of GMM")?;
        let mut b = vec![0.0; self.G.ncols()];
        // The second round refines, as in `k_class`.
        for _ in 0..2 {
            let g = self.at(&b);
            let gradient: Vec<f64> =
                (0..b.len()).map(|j| (0..g.len()).map(|i| weighted[(i, j)] * g[i]).sum()).collect();
            for i in 0..b.len() {
                b[i] += (0..b.len()).map(|j| bread[(i, j)] * gradient[j]).sum::<f64>();
            }
        }
        Ok((b, bread, weighted))
    }

    /// min g(b)'S⁻¹g(b); `None` when S is singular.
    fn j(&self, S: &Mat<f64>, G: &[usize]) -> Option<f64> {
        quadratic_form(&self.g, S, G)?;
        let (b, ..) = self.minimize(S).ok()?;
        quadratic_form(&self.at(&b), S, G)
    }
}

/// Two-step GMM from first-step residuals `u` (n).
pub(super) fn two_step_fit(system: &System, u: &[f64], how: &Vcov) -> Result<OlsFit> {
    defined_for_gmm(how)?;
    let Q = system.instruments.basis();
    let S = system.covariance(u, &imposed(how), Ssc::None)?;
    let moments = Moments::new(Q, system);
    // The test value does not matter here: only whether S can be inverted.
    if quadratic_form(&vec![1.0; Q.len()], &S.V, &S.G).is_none() {
        return Err(Error::new(Kind::Singular {
            what: format!(
                "the covariance of the {} moments (instruments and exogenous regressors) under `{how}`{}; use fewer of them, iv or another vcov: it",
                Q.len(),
                S.G.iter().min().map_or(String::new(), |G| format!(", made of {G} clusters,")),
            ),
        }));
    }
    let (b, bread, weighted) = moments.minimize(&S.V)?;
    let X = system.regressors();
    let u = less(&system.y, &b, &X.values);
    // The regressors that GMM uses: x̂ = G'S⁻¹q.
    let n = u.len();
    let fitted: Vec<Vec<f64>> = (0..b.len())
        .map(|j| {
            let mut column = vec![0.0; n];
            for (i, q) in Q.iter().enumerate() {
                column.iter_mut().zip(q).for_each(|(c, q)| *c += weighted[(i, j)] * q);
            }
            column
        })
        .collect();
    // Under `iid` the variance is σ²(X̂'X̂)⁻¹, so that the scale of S must not be in the bread.
    let scale = match how {
        Vcov::Iid => S.V[(0, 0)],
        _ => 1.0,
    };
    let bread = Mat::from_fn(b.len(), b.len(), |i, j| bread[(i, j)] / scale);
    let fitted = fitted.into_iter().map(|c| c.into_iter().map(|v| v * scale).collect()).collect::<Vec<_>>();
    let fit = system.fit(&X.names, &fitted, b, bread, &u);
    system.certified(fit, &fitted, &u)
}

impl Overidentification {
    /// All tests from the residuals `u` (n) of the estimator.
    pub(super) fn new(system: &System, u: &[f64], how: &Vcov, orthogonal: &[String]) -> Result<Self> {
        let mut out = Overidentification::default();
        let (p, l) = (system.endogenous.len(), system.excluded.len());
        let how = imposed(how);
        if l > p {
            let explained = squares(&system.fitted(u), None);
            out.sargan = Some(chi2("sargan", u.len() as f64 * explained / squares(u, None), l - p));
            let S = system.covariance(u, &how, Ssc::None)?;
            let moments = Moments::new(system.instruments.basis(), system);
            out.hansen_j = moments.j(&S.V, &S.G).map(|j| chi2("hansen_j", j, l - p));
            if out.hansen_j.is_none() {
                out.notes.push(format!(
                    "Hansen's J is not defined: the covariance of the {} moments under `{how}` is singular{}",
                    moments.g.len(),
                    if S.G.is_empty() { "" } else { ", as it is with no more clusters than moments" }
                ));
            }
        }
        out.endogenous(system, &how)?;
        if !orthogonal.is_empty() {
            out.c = Some(c_test(system, u, &how, orthogonal)?);
        }
        Ok(out)
    }

    /// The three tests that D is exogenous, from the residuals of least squares.
    fn endogenous(&mut self, system: &System, how: &Vcov) -> Result<()> {
        let (n, p) = (system.y.len(), system.endogenous.len());
        let D: Vec<Vec<f64>> = system.endogenous.values.iter().map(|d| system.off_exogenous(d)).collect();
        let E: Vec<Vec<f64>> = system.endogenous.values.iter().map(|d| system.off_instruments(d)).collect();
        let size = |columns: &[Vec<f64>]| columns.iter().map(|c| squares(c, None)).collect::<Vec<f64>>();
        let left = Orthogonal::new(&E, &size(&D));
        let both: Vec<Vec<f64>> = D.iter().chain(&E).cloned().collect();
        let joint = Orthogonal::new(&both, &size(&both));
        if !left.dropped.is_empty() || !joint.dropped.is_empty() {
            self.notes.push("endogeneity is not tested: the instruments span an endogenous variable".into());
            return Ok(());
        }
        // Least squares, and what the first-stage residuals add to it.
        let y = system.off_exogenous(&system.y);
        let (_, u) = Orthogonal::new(&D, &size(&D)).solve(&D, &y);
        let (_, v) = joint.solve(&both, &y);
        let (restricted, free) = (squares(&u, None), squares(&v, None));
        let gain = restricted - free;
        let residual = n.saturating_sub(system.exogenous.len() + 2 * p + system.effects());
        self.durbin = Some(chi2("durbin", n as f64 * gain / restricted, p));
        if residual > 0 {
            let statistic = gain / p as f64 / (free / residual as f64);
            let (df, df_residual) = (p as f64, residual as f64);
            let p_value = dist::f_p(statistic, df, df_residual);
            let name = "wu_hausman".into();
            self.wu_hausman = Some(Test { name, statistic, df, df_residual: Some(df_residual), p_value });
        }
        // The instruments first, then what D adds to them.
        let mut Q = system.instruments.basis().to_vec();
        let m = Q.len();
        Q.extend(left.basis().iter().cloned());
        let S = system.covariance_on(&Q, &u, how, Ssc::None)?;
        self.endogeneity = difference(&Moments::new(&Q, system), m, &S.V, &S.G).map(|c| chi2("endogeneity", c, p));
        if self.endogeneity.is_none() {
            self.notes.push(format!(
                "the endogeneity test under `{how}` is not defined: the covariance of its {} moments is singular",
                Q.len()
            ));
        }
        Ok(())
    }
}

/// J of all moments less J of the first m, both under S.
fn difference(moments: &Moments, m: usize, S: &Mat<f64>, G: &[usize]) -> Option<f64> {
    let all = moments.j(S, G)?;
    let first = moments.first(m);
    Some((all - first.j(&S.submatrix(0, 0, m, m).to_owned(), G)?).max(0.0))
}

/// C test of the instruments and exogenous regressors `tested`, which come last in a basis of their own.
fn c_test(system: &System, u: &[f64], how: &Vcov, tested: &[String]) -> Result<Test> {
    let all: Columns = system.exogenous.and(&system.excluded);
    let position = |name: &String| {
        all.names.iter().position(|n| n == name).ok_or_else(|| {
            Error::invalid(
                format!("`orthogonal` names `{name}`, which is no instrument or exogenous regressor of the fit"),
                format!("name some of: {}", all.names.join(", ")),
            )
        })
    };
    let mut last: Vec<usize> = tested.iter().map(position).collect::<Result<_>>()?;
    last.sort_unstable();
    last.dedup();
    let order: Vec<usize> = (0..all.len()).filter(|j| !last.contains(j)).chain(last.iter().copied()).collect();
    let m = all.len() - last.len();
    let k = system.endogenous.len() + system.exogenous.len();
    if m < k {
        return Err(Error::invalid(
            format!("without the {} tested, {m} moments do not identify {k} coefficients", last.len()),
            "test fewer in `orthogonal`, or add instruments",
        ));
    }
    let columns: Vec<Vec<f64>> = order.iter().map(|&j| all.values[j].clone()).collect();
    let size: Vec<f64> = columns.iter().map(|c| squares(c, None)).collect();
    let basis = Orthogonal::new(&columns, &size);
    let S = system.covariance_on(basis.basis(), u, how, Ssc::None)?;
    let moments = Moments::new(basis.basis(), system);
    // Moments of the others must move every regressor, or the smaller model has no estimate.
    let C = difference(&moments, m, &S.V, &S.G).ok_or_else(|| {
        Error::new(Kind::Singular {
            what: "the covariance of the moments of the C test, or the model without those tested,".into(),
        })
    })?;
    Ok(chi2("c", C, last.len()))
}
