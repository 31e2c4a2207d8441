//! The same models with a dummy for each level, estimated by statsmodels 0.15.0 (Python, NumPy 2.4.6) on
//! shared/golden/r/data/syn_city.csv with dummies of prov and year, from its maximum by Newton's method until the
//! score fell below 1e-9:
//!
//! ```python
//! m = sm.GLM(y, A, family=sm.families.Binomial(link)); p = m.fit().params
//! for _ in range(50): p = p + solve(-m.hessian(p, observed=False), m.score(p))
//! ```
//!
//! and likewise `NegativeBinomial(y, A, loglike_method="nb2")` with its observed Hessian of all parameters.

use crate::data::Data;
use plim_golden::{Csv, close, shared};
use plim_stats::Design;
use plim_stats::glm::{Family, Glm, GlmFit, THETA, covariance};
use plim_stats::vcov::{Ssc, Vcov};

fn city(y: &str) -> Option<Design> {
    let data = Data::from_csv(&Csv::read(&shared("golden/r/data/syn_city.csv")?));
    Some(data.design(y, &["de", "open"], &["prov", "year"], &["city"], None))
}

fn errors(fit: &GlmFit, design: &Design, how: &str, ssc: Ssc) -> Vec<f64> {
    let V = covariance(fit, &how.parse::<Vcov>().unwrap(), ssc, design).unwrap().V;
    (0..V.nrows()).map(|j| V[(j, j)].sqrt()).collect()
}

#[track_caller]
fn all(got: &[f64], want: &[f64], what: &str) {
    for (g, w) in got.iter().zip(want) {
        close(*g, *w, 1e-9, what);
    }
}

#[test]
fn probit_and_logit() {
    let Some(design) = city("bin") else { return };
    let fit = Glm::new(Family::Probit).fit(&design).unwrap();
    all(&fit.coef, &[0.3961988889102866, 0.684014805321144], "probit");
    all(&errors(&fit, &design, "iid", Ssc::None), &[0.019911960483886878, 0.2124346061839289], "iid, no factor");
    let clustered = [0.02271800644667485, 0.24938131357964236];
    all(&errors(&fit, &design, "cluster:city", Ssc::Fixest), &clustered, "clustered");
    close(fit.loglik, -1883.6627211914117, 1e-12, "loglik");

    let fit = Glm::new(Family::Logit).fit(&design).unwrap();
    all(&fit.coef, &[0.6656488988934373, 1.178732046168896], "logit");
    all(&errors(&fit, &design, "iid", Ssc::None), &[0.034685731611591095, 0.3561230610420883], "iid, no factor");
    let clustered = [0.038548843449110116, 0.3938691880899277];
    all(&errors(&fit, &design, "cluster:city", Ssc::Fixest), &clustered, "clustered");
    close(fit.loglik, -1881.0709700651878, 1e-12, "loglik");
}

#[test]
fn negative_binomial() {
    let Some(design) = city("expo") else { return };
    let fit = Glm::new(Family::NegativeBinomial(1.0)).fit(&design).unwrap();
    let theta = 15.670132320974684;
    all(&fit.coef, &[0.2524585909840602, 0.8931074300001808, theta], "coefficients");
    assert_eq!(fit.names[2], THETA);
    let errors = errors(&fit, &design, "iid", Ssc::None);
    all(&errors, &[0.006702326001915815, 0.06881694285626516, 1.44835687261257], "errors from the joint Hessian");
    close(fit.loglik, -7587.631659403511, 1e-12, "loglik");
    close(fit.loglik_null, -8362.687580462683, 1e-12, "loglik of the constant");
}
