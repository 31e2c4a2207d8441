//! Zero inefficiency: maxima found by scipy, recovery, the models at its ends, scores by hand, refusals.

use plim_golden::{Csv, close, shared};
use plim_stats::frontier::sfa::{Columns, Data, Distribution, Frontier, Model, Section, Sfa, SfaFit, sfa};
use plim_stats::math::Mat;
use plim_stats::math::normal::ln_cdf;
use plim_stats::math::rng::Stream;
use std::f64::consts::{PI, TAU};

fn of(distribution: Distribution) -> Sfa {
    Sfa { model: Model::ZeroInefficiency, distribution, ..Sfa::default() }
}

/// Logs of the outcome on logs of these columns.
fn logs(file: &str, outcome: &str, regressors: &[&str]) -> Option<Data> {
    let csv = Csv::read(&shared(&format!("golden/frontier/{file}"))?);
    let ln = |name: &str| csv.num(name).iter().map(|v| v.ln()).collect::<Vec<_>>();
    let columns: Vec<Vec<f64>> = regressors.iter().map(|name| ln(name)).collect();
    let y = ln(outcome);
    let X = Mat::from_fn(y.len(), columns.len() + 1, |i, j| if j == 0 { 1.0 } else { columns[j - 1][i] });
    let names = std::iter::once("(Intercept)").chain(regressors.iter().copied()).map(String::from).collect();
    Some(Data::new(y, X, names))
}

fn rice() -> Option<Data> {
    logs("riceProdPhil.csv", "PROD", &["AREA", "LABOR", "NPK"])
}

/// y = 1 + 0.5 x + v - u, u zero with the log odds a + b w.
fn simulated(n: usize, a: f64, b: f64, seed: u64) -> (Data, Columns) {
    let mut draw = Stream::new(seed, 0);
    let (mut x, mut w, mut y) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..n {
        let (xi, wi) = (draw.normal(), draw.normal());
        let p = 1.0 / (1.0 + (-a - b * wi).exp());
        let u = if draw.uniform() < p { 0.0 } else { (0.8 * draw.normal()).abs() };
        y.push(1.0 + 0.5 * xi + 0.2 * draw.normal() - u);
        x.push(xi);
        w.push(wi);
    }
    let X = Mat::from_fn(n, 2, |i, j| if j == 0 { 1.0 } else { x[i] });
    let odds = Columns::new(n, true, &[("w".into(), w)]);
    (Data::new(y, X, vec!["(Intercept)".into(), "x".into()]), odds)
}

fn half_normal(e: f64, v: f64, u: f64) -> f64 {
    let s2 = v + u;
    (2.0 / (TAU * s2).sqrt()).ln() - 0.5 * e * e / s2 + ln_cdf(-e * (u / (v * s2)).sqrt())
}

/// Maxima found by scipy 1.x (BFGS and Nelder-Mead in turn from several starts, a likelihood by log_ndtr and
/// logaddexp): ln L, frontier, σ², γ, p. It stops at 1e-8 of the parameters.
#[test]
fn agrees_with_an_independent_maximization() {
    let cases = [
        (
            rice(),
            Distribution::HalfNormal,
            -81.66138710448504,
            vec![-1.3305013918, 0.3481376027, 0.3403329934, 0.2789053285, 0.2728497973, 0.8366783460, 0.6378448980],
        ),
        (
            rice(),
            Distribution::Exponential,
            -81.41715978944823,
            vec![-1.2470254503, 0.3522123271, 0.3364325301, 0.2741980878, 0.1198455676, 0.6589242888, 0.3491497554],
        ),
        (
            logs("front41Data.csv", "output", &["capital", "labour"]),
            Distribution::HalfNormal,
            -16.60174237780986,
            vec![0.3155523466, 0.2824531266, 0.5429479341, 0.2455324842, 0.7497570659, 0.6791401503],
        ),
        (
            logs("front41Data.csv", "output", &["capital", "labour"]),
            Distribution::Exponential,
            -16.783968489279985,
            vec![0.3421502515, 0.2849037116, 0.5435599403, 0.1219596629, 0.5081471628, 0.4280574349],
        ),
    ];
    for (data, distribution, loglik, coef) in cases {
        let Some(data) = data else { return };
        let fit = sfa(&data, &of(distribution)).unwrap();
        close(fit.stats.loglik, loglik, 1e-12, "ll");
        assert_eq!(fit.coef.len(), coef.len());
        for ((got, want), name) in fit.coef.iter().zip(coef).zip(&fit.names) {
            close(*got, want, 3e-7, name);
        }
        assert_eq!(fit.names.last().unwrap(), "zero_probability");
        let pooled = sfa(&data, &Sfa { distribution, ..Sfa::default() }).unwrap();
        close(fit.stats.own["loglik_without_zeros"], pooled.stats.loglik, 1e-13, "ll without zeros");
        let lr = fit.stats.own["lr_zero"];
        close(lr, 2.0 * (loglik - pooled.stats.loglik), 1e-9, "lr");
        // Half a chi-square(1): P(|N| > √lr)/2.
        close(fit.stats.own["lr_zero_p_value"], ln_cdf(-lr.sqrt()).exp(), 1e-9, "p");
        assert!(fit.stats.lr_p_value.is_nan() && fit.notes.iter().any(|n| n.contains("half chi-square(0)")));
    }
}

#[test]
fn a_cost_frontier_is_the_mirror() {
    let Some(data) = rice() else { return };
    let production = sfa(&data, &of(Distribution::HalfNormal)).unwrap();
    let mirrored = Data { y: data.y.iter().map(|y| -y).collect(), ..data };
    let cost = sfa(&mirrored, &Sfa { frontier: Frontier::Cost, ..of(Distribution::HalfNormal) }).unwrap();
    close(cost.stats.loglik, production.stats.loglik, 1e-12, "ll");
    close(cost.coef[6], production.coef[6], 1e-8, "p");
    for (a, b) in cost.columns[0].1.iter().zip(&production.columns[0].1) {
        close(*a, *b, 1e-7, "probability_zero");
    }
}

#[test]
fn at_its_ends_it_is_the_pooled_model_and_a_regression() {
    let (data, _) = simulated(150, -0.5, 0.0, 5);
    let at = |model, at: Vec<f64>| sfa(&data, &Sfa { model, at: Some(at), ..Sfa::default() }).unwrap();
    let pooled = at(Model::Pooled, vec![1.0, 0.4, 0.5, 0.7]);
    // Each row is off by less than p times the ratio of the two densities.
    let close_by = at(Model::ZeroInefficiency, vec![1.0, 0.4, 0.5, 0.7, 1e-13]);
    close(close_by.stats.loglik, pooled.stats.loglik, 1e-11, "ll at p = 0");
    for (a, b) in close_by.rows.iter().zip(&pooled.rows) {
        close(a.efficiency.unwrap(), b.efficiency.unwrap(), 1e-10, "efficiency");
        close(a.conf_low.unwrap(), b.conf_low.unwrap(), 1e-7, "lower end");
        close(a.conf_high.unwrap(), b.conf_high.unwrap(), 1e-7, "upper end");
    }
    let sure = at(Model::ZeroInefficiency, vec![1.0, 0.4, 0.5, 0.7, 1.0 - 1e-15]);
    let normal = |i: usize| {
        let e = data.y[i] - 1.0 - 0.4 * data.frontier.X[(i, 1)];
        -0.5 * (TAU * 0.15).ln() - 0.5 * e * e / 0.15
    };
    // The furthest row is 1e-15 times the ratio of the densities away, a few units.
    close(sure.stats.loglik, (0..150).map(normal).sum(), 1e-8, "ll at p = 1");
}

/// Likelihood and scores of rows as the papers have them.
#[test]
fn likelihood_and_scores_by_hand() {
    let (data, odds) = simulated(40, 0.2, 0.7, 6);
    let data = Data { zero_probability: Some(odds), ..data };
    let (v, u) = (0.15, 0.35);
    let options = Sfa { at: Some(vec![1.0, 0.4, 0.5, 0.7, 0.3, 0.8]), ..of(Distribution::HalfNormal) };
    let fit = sfa(&data, &options).unwrap();
    assert_eq!(fit.parameters[4].section, Section::ZeroProbability);
    assert_eq!(fit.names[4..], ["(Intercept)", "w"]);
    let w = &data.zero_probability.as_ref().unwrap().X;
    let mut loglik = 0.0;
    for i in 0..40 {
        let p = 1.0 / (1.0 + (-0.3 - 0.8 * w[(i, 1)]).exp());
        let e = data.y[i] - 1.0 - 0.4 * data.frontier.X[(i, 1)];
        let zero = p * (-0.5 * e * e / v).exp() / (TAU * v).sqrt();
        let f = zero + (1.0 - p) * half_normal(e, v, u).exp();
        loglik += f.ln();
        close(fit.columns[0].1[i], zero / f, 1e-12, "probability_zero");
        // E[exp(-u) | e] by the trapezoidal rule on u, corrected at zero where the integrand does not vanish.
        let h = 1e-4;
        let joint = |k: usize| {
            let x = k as f64 * h;
            let half = if k == 0 { 0.5 } else { 1.0 };
            let f = (-0.5 * (e + x).powi(2) / v - 0.5 * x * x / u).exp() / (PI * (v * u).sqrt());
            [half * f * h, half * f * (-x).exp() * h, half * f * x * h]
        };
        let [mass, bc, mean] = (0..60_000).map(joint).fold([0.0; 3], |s, j| std::array::from_fn(|k| s[k] + j[k]));
        // The rule is good to h² times the slope at zero.
        let some = 1.0 - zero / f;
        close(fit.rows[i].efficiency.unwrap(), zero / f + some * bc / mass, 1e-7, "efficiency");
        close(fit.rows[i].efficiency_jlms.unwrap(), (-some * mean / mass).exp(), 1e-7, "jlms");
        assert!(fit.rows[i].efficiency_mode.is_none());
    }
    close(fit.stats.loglik, loglik, 1e-12, "ll");
}

#[test]
fn columns_that_move_the_odds_are_found() {
    let (data, odds) = simulated(3000, 0.0, 1.0, 7);
    let data = Data { zero_probability: Some(odds), ..data };
    let fit = sfa(&data, &Sfa { climbs: Some(1), ..of(Distribution::HalfNormal) }).unwrap();
    let table = fit.table();
    // 1, 0.5, σ² = 0.68, γ = 0.64/0.68, odds 0 and 1.
    let truth = [1.0, 0.5, (0.64f64).ln(), (0.04f64).ln(), 0.0, 1.0];
    let natural = [fit.coef[0], fit.coef[1], 2.0 * fit.stats.own["sigma_u"].ln(), 2.0 * fit.stats.own["sigma_v"].ln()];
    for (j, want) in truth.iter().enumerate() {
        let (got, se) = if (2..4).contains(&j) { (natural[j], 0.1) } else { (fit.coef[j], table[j].std_error) };
        assert!((got - want).abs() < 4.0 * se, "{}: {got} {want} {se}", fit.names[j]);
    }
    assert!(!fit.stats.own.contains_key("lr_zero_p_value"));
    // Posterior probabilities average to the prior ones: the score of the constant.
    let mean = fit.columns[0].1.iter().sum::<f64>() / 3000.0;
    close(mean, fit.stats.own["zero_probability"], 1e-9, "mean of probability_zero");
}

fn error(fit: plim_stats::Result<SfaFit>) -> plim_stats::Error {
    fit.map(|f| f.coef).unwrap_err()
}

/// scipy finds no p above zero for exponential inefficiency on the utility data.
#[test]
fn no_zeros_are_told() {
    let Some(path) = shared("golden/frontier/sfaR_utility.csv") else { return };
    let csv = Csv::read(&path);
    let columns: Vec<Vec<f64>> = ["tc", "y", "wl", "wk", "wf"].map(|name| csv.num(name)).to_vec();
    let n = columns[0].len();
    let X = Mat::from_fn(n, 4, |i, j| match j {
        0 => 1.0,
        1 => columns[1][i].ln(),
        j => (columns[j][i] / columns[4][i]).ln(),
    });
    let y = (0..n).map(|i| (columns[0][i] / columns[4][i]).ln()).collect();
    let data = Data::new(y, X, ["(Intercept)", "y", "wl", "wk"].map(String::from).to_vec());
    let cost = |distribution| Sfa { frontier: Frontier::Cost, ..of(distribution) };
    let e = error(sfa(&data, &cost(Distribution::Exponential)));
    assert!(e.kind.untrusted() && e.to_string().contains("no observation is fully efficient"), "{e}");
    // The half-normal has some: ln L, p by scipy.
    let fit = sfa(&data, &cost(Distribution::HalfNormal)).unwrap();
    close(fit.stats.loglik, 29.996387622318593, 1e-12, "ll");
    close(fit.stats.own["zero_probability"], 0.538832804, 1e-6, "p");
}

#[test]
fn what_has_no_meaning_is_refused() {
    let (data, odds) = simulated(60, 0.0, 0.0, 8);
    let e = error(sfa(&data, &Sfa { frontier: Frontier::Cost, ..of(Distribution::HalfNormal) }));
    assert!(e.kind.untrusted() && e.to_string().contains("skewed to the left"), "{e}");
    let e = error(sfa(&Data { zero_probability: Some(odds), ..data.clone() }, &Sfa::default()));
    assert!(e.to_string().contains("model = \"zero_inefficiency\""), "{e}");
    let at = Sfa { at: Some(vec![1.0, 0.5, 0.5, 0.5, 1.0]), ..of(Distribution::HalfNormal) };
    assert!(error(sfa(&data, &at)).to_string().contains("zero_probability = 1"));
}
