//! Instrumental variables against outside references, against each other, and what they refuse.

#[allow(dead_code)] // shared with the tests of least squares
#[path = "../regression/data.rs"]
mod data;
mod fixest;
mod linearmodels;
mod rules;

use data::Data;
use plim_stats::linear::{Estimator, Instrumental, InstrumentalFit, Regression};
use plim_stats::math::Mat;
use plim_stats::{Design, Instruments};

/// `y ~ w | fe | d ~ z` with clusters and weights.
struct Model<'a> {
    y: &'a str,
    w: &'a [&'a str],
    fe: &'a [&'a str],
    d: &'a [&'a str],
    z: &'a [&'a str],
    cluster: &'a [&'a str],
    weights: Option<&'a str>,
}

impl Model<'_> {
    /// The design on the rows where nothing is missing.
    fn design(&self, data: &Data) -> Design {
        let mut w: Vec<&str> = self.w.to_vec();
        if self.fe.is_empty() {
            w.insert(0, "(Intercept)");
        }
        // Instruments join the regressors to find the complete rows, and are taken apart again.
        let all: Vec<&str> = self.d.iter().chain(&w).chain(self.z).copied().collect();
        let joint = data.design(self.y, &all, self.fe, self.cluster, self.weights);
        let k = self.d.len() + w.len();
        let (n, names) = (joint.nobs(), joint.names.clone());
        Design {
            X: joint.X.submatrix(0, 0, n, k).to_owned(),
            names: names[..k].to_vec(),
            iv: Some(Instruments {
                endogenous: self.d.len(),
                Z: joint.X.submatrix(0, k, n, self.z.len()).to_owned(),
                names: names[k..].to_vec(),
            }),
            ..joint
        }
    }
}

/// How to estimate, from names.
fn rules(how: &str, ssc: &str) -> Regression {
    let ssc = serde_json::from_value(ssc.into()).unwrap();
    Regression { vcov: Some(how.parse().unwrap()), ssc, ..Regression::default() }
}

fn run(design: &Design, estimator: Estimator, how: &str, ssc: &str) -> InstrumentalFit {
    Instrumental { estimator, orthogonal: Vec::new(), regression: rules(how, ssc) }.run(design).unwrap()
}

/// Estimate and standard error.
fn line(fit: &InstrumentalFit, name: &str) -> [f64; 2] {
    let c = fit.estimated.coefficients.iter().find(|c| c.name == name).unwrap();
    [c.estimate, c.std_error]
}

/// The panel of 48 rows with the squares and products that serve as instruments.
fn panel48() -> Data {
    let mut d = data::panel48();
    let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).collect::<Vec<f64>>();
    let (z, w) = (d.get("z"), d.get("w"));
    d.set("z2", product(&z, &z));
    d.set("zw", product(&z, &w));
    d
}

/// Replaces one column of X.
fn with_column(design: &Design, j: usize, column: impl Fn(usize) -> f64) -> Design {
    let X = Mat::from_fn(design.nobs(), design.X.ncols(), |i, c| if c == j { column(i) } else { design.X[(i, c)] });
    Design { X, ..design.clone() }
}
