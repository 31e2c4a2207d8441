//! The scaling property: sfaR's printed fit, the models it contains, invariance, refusals.

use plim_golden::{Csv, close, close_printed, shared};
use plim_stats::frontier::sfa::{Columns, Data, Distribution, Frontier, Model, Section, Sfa, SfaFit, sfa};
use plim_stats::math::Mat;
use plim_stats::math::normal::ln_cdf;
use plim_stats::math::rng::Stream;
use std::f64::consts::TAU;

fn of(distribution: Distribution) -> Sfa {
    Sfa { model: Model::Scaling, distribution, ..Sfa::default() }
}

/// y = 1 + 0.5 x + v - exp(0.6 z) u*, u* a truncated normal around `mu`; z has this mean.
fn simulated(n: usize, mu: f64, mean: f64) -> Data {
    let mut draw = Stream::new(3, 0);
    let (mut x, mut z, mut y) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..n {
        let (xi, zi) = (draw.normal(), draw.normal());
        let u = std::iter::repeat_with(|| mu + 0.4 * draw.normal()).find(|u| *u > 0.0).unwrap();
        x.push(xi);
        z.push(mean + zi);
        y.push(1.0 + 0.5 * xi + 0.15 * draw.normal() - (0.6 * zi).exp() * u);
    }
    let X = Mat::from_fn(n, 2, |i, j| if j == 0 { 1.0 } else { x[i] });
    let mut data = Data::new(y, X, vec!["(Intercept)".into(), "x".into()]);
    data.determinants = Some(Columns::new(n, false, &[("z".into(), z)]));
    data
}

fn efficiencies(fit: &SfaFit) -> Vec<f64> {
    fit.rows.iter().map(|r| r.efficiency.unwrap()).collect()
}

/// golden/frontier/sfaR_printed.csv, "utility cost CD tnormal scaling": tau is mu, cu is ln σ_u² of u*.
#[test]
fn agrees_with_sfar() {
    let Some(path) = shared("golden/frontier/sfaR_utility.csv") else { return };
    let csv = Csv::read(&path);
    let columns: Vec<Vec<f64>> = ["tc", "y", "wl", "wk", "wf", "regu"].map(|name| csv.num(name)).to_vec();
    let n = columns[0].len();
    let ln = |a: usize, b: Option<usize>| -> Vec<f64> {
        (0..n).map(|i| columns[a][i].ln() - b.map_or(0.0, |b| columns[b][i].ln())).collect()
    };
    let regressors = [ln(1, None), ln(2, Some(4)), ln(3, Some(4))];
    let X = Mat::from_fn(n, 4, |i, j| if j == 0 { 1.0 } else { regressors[j - 1][i] });
    let mut data = Data::new(ln(0, Some(4)), X, ["(Intercept)", "y", "wl", "wk"].map(String::from).to_vec());
    data.determinants = Some(Columns::new(n, false, &[("regu".into(), columns[5].clone())]));
    let options = Sfa { frontier: Frontier::Cost, ..of(Distribution::TruncatedNormal) };
    let fit = sfa(&data, &options).unwrap();
    close_printed(&[fit.stats.loglik], &[62.39656], 5, "ll");
    close_printed(&fit.coef[..4], &[-2.265, 0.992, 0.017, 0.740], 3, "frontier");
    close_printed(&fit.coef[6..], &[-0.970, 0.620], 3, "mu, regu");
    let (sigma_u, sigma_v) = (fit.stats.own["sigma_u"], fit.stats.own["sigma_v"]);
    close_printed(&[2.0 * sigma_u.ln(), 2.0 * sigma_v.ln()], &[-1.512, -4.694], 3, "variances");
    let se: Vec<f64> = fit.table().iter().map(|row| row.std_error).collect();
    close_printed(&se[..4], &[0.187, 0.008, 0.029, 0.042], 3, "se of the frontier");
    close_printed(&se[6..], &[0.896, 0.087], 3, "se of mu, regu");
    assert_eq!(fit.parameters[7].section, Section::Determinants);
    // At its own estimates.
    let again = sfa(&data, &Sfa { at: Some(fit.coef.clone()), ..options }).unwrap();
    close(again.stats.loglik, fit.stats.loglik, 1e-12, "ll at the estimates");
    for (a, b) in efficiencies(&again).iter().zip(efficiencies(&fit)) {
        close(*a, b, 1e-11, "efficiency at the estimates");
    }
}

/// A half-normal or exponential u* scaled by exp(z'δ) has ln σ_u² = c + 2 z'δ.
#[test]
fn without_a_shape_it_is_pooled_with_a_variance_that_moves() {
    let data = simulated(400, 0.0, 1.5);
    let z = data.determinants.as_ref().unwrap();
    let column = (0..400).map(|i| z.X[(i, 0)]).collect();
    let moved = Columns::new(400, true, &[("z".into(), column)]);
    let pooled = Data { determinants: None, u_variance: Some(moved), ..data.clone() };
    for distribution in [Distribution::HalfNormal, Distribution::Exponential] {
        let scaling = sfa(&data, &of(distribution)).unwrap();
        let want = sfa(&pooled, &Sfa { distribution, ..Sfa::default() }).unwrap();
        close(scaling.stats.loglik, want.stats.loglik, 1e-12, "ll");
        close(scaling.coef[0], want.coef[0], 1e-9, "constant");
        close(scaling.coef[1], want.coef[1], 1e-9, "x");
        close(2.0 * scaling.stats.own["sigma_u"].ln(), want.coef[2], 1e-8, "c");
        close(2.0 * scaling.coef[4], want.coef[3], 1e-8, "delta");
        close(2.0 * scaling.table()[4].std_error, want.table()[3].std_error, 1e-8, "se of delta");
        for (a, b) in efficiencies(&scaling).iter().zip(efficiencies(&want)) {
            close(*a, b, 1e-8, "efficiency");
        }
    }
}

/// The truncated normal contains the half-normal, and its likelihood is that of a normal whose mean and spread move.
#[test]
fn the_truncated_normal_is_stretched_as_a_whole() {
    let data = simulated(300, 0.5, 0.0);
    let at = |distribution, at: Vec<f64>| sfa(&data, &Sfa { at: Some(at), ..of(distribution) }).unwrap();
    let half = at(Distribution::HalfNormal, vec![1.1, 0.4, 0.3, 0.7, 0.5]);
    let same = at(Distribution::TruncatedNormal, vec![1.1, 0.4, 0.3, 0.7, 0.0, 0.5]);
    close(same.stats.loglik, half.stats.loglik, 1e-13, "ll with mu = 0");
    // The density of Stevenson (1980), each row with its own mu and sigma_u.
    let fit = at(Distribution::TruncatedNormal, vec![1.1, 0.4, 0.3, 0.7, 0.2, 0.5]);
    let z = &data.determinants.as_ref().unwrap().X;
    let row = |i: usize| {
        let h = (0.5 * z[(i, 0)]).exp();
        let (v, u, mu) = (0.09f64, 0.21 * h * h, 0.2 * h);
        let e = data.y[i] - 1.1 - 0.4 * data.frontier.X[(i, 1)];
        let (s2, star) = (v + u, (mu * v - e * u) / (v * u * (v + u)).sqrt());
        -0.5 * (TAU * s2).ln() - 0.5 * (e + mu).powi(2) / s2 - ln_cdf(mu / u.sqrt()) + ln_cdf(star)
    };
    close(fit.stats.loglik, (0..300).map(row).sum(), 1e-12, "ll row by row");
}

#[test]
fn origin_and_units_of_the_determinants_do_not_matter() {
    let data = simulated(400, 0.5, 0.0);
    let options = of(Distribution::TruncatedNormal);
    let plain = sfa(&data, &options).unwrap();
    let z = data.determinants.as_ref().unwrap();
    let column = (0..400).map(|i| 2010.0 + 10.0 * z.X[(i, 0)]).collect();
    let moved = Data { determinants: Some(Columns::new(400, false, &[("z".into(), column)])), ..data.clone() };
    let fit = sfa(&moved, &options).unwrap();
    close(fit.stats.loglik, plain.stats.loglik, 1e-11, "ll");
    close(10.0 * fit.coef[5], plain.coef[5], 1e-7, "delta");
    close(10.0 * fit.table()[5].std_error, plain.table()[5].std_error, 1e-7, "se of delta");
    // mu and sigma_u are those of z = 0, two hundred standard deviations away: their ratio stays.
    let ratio = |fit: &SfaFit| fit.stats.own["mu"] / fit.stats.own["sigma_u"];
    close(ratio(&fit), ratio(&plain), 1e-6, "mu/sigma_u");
    // The simulated values: 0.6 with a standard error.
    assert!((plain.coef[5] - 0.6).abs() < 4.0 * plain.table()[5].std_error);
}

#[test]
fn what_has_no_meaning_is_refused() {
    let data = simulated(60, 0.0, 0.0);
    let error = |data: &Data, options: Sfa| sfa(data, &options).map(|f| f.coef).unwrap_err().to_string();
    let options = of(Distribution::HalfNormal);
    let none = Data { determinants: None, ..data.clone() };
    assert!(error(&none, options.clone()).contains("needs what scales inefficiency"));
    let flat = Some(Columns::new(60, false, &[("z".into(), vec![2.0; 60])]));
    let message = error(&Data { determinants: flat, ..data.clone() }, options.clone());
    assert!(message.contains("`z`") && message.contains("the same in all rows"), "{message}");
    let both = Data { u_variance: Some(Columns::new(60, true, &[("w".into(), data.y.clone())])), ..data.clone() };
    assert!(error(&both, options.clone()).contains("`u_variance` would move it once more"));
    assert!(error(&data, Sfa { at: Some(vec![1.0; 4]), ..options }).contains("wanted 5"));
}
