//! Distributions of inefficiency beside the half-normal, exponential and truncated normal: against sfaR, against
//! quadrature in another language, nested in each other, and where they have no maximum.

use plim_golden::{Csv, close, close_printed, json, shared};
use plim_stats::Kind;
use plim_stats::frontier::sfa::{Data, Distribution, Frontier, Model, Sfa, SfaFit, sfa};
use plim_stats::math::Mat;
use plim_stats::math::rng::Stream;

fn data(y: Vec<f64>, columns: &[(&str, Vec<f64>)]) -> Data {
    let X = Mat::from_fn(y.len(), columns.len() + 1, |i, j| if j == 0 { 1.0 } else { columns[j - 1].1[i] });
    let names = std::iter::once("(Intercept)").chain(columns.iter().map(|c| c.0)).map(String::from).collect();
    Data::new(y, X, names)
}

fn fit(data: &Data, distribution: Distribution) -> plim_stats::Result<SfaFit> {
    sfa(data, &Sfa { distribution, ..Sfa::default() })
}

/// The rice farms, Cobb-Douglas.
fn rice(inputs: &[&'static str]) -> Option<Data> {
    let csv = Csv::read(&shared("golden/frontier/riceProdPhil.csv")?);
    let ln = |name: &str| csv.num(name).iter().map(|v| v.ln()).collect::<Vec<_>>();
    let columns: Vec<(&str, Vec<f64>)> = inputs.iter().map(|name| (*name, ln(name))).collect();
    Some(data(ln("PROD"), &columns))
}

const INPUTS: [&str; 3] = ["AREA", "LABOR", "NPK"];

/// A frontier with inefficiency by this inverse distribution function.
fn simulated(n: usize, inefficiency: impl Fn(f64) -> f64) -> Data {
    let mut draw = Stream::new(5, 0);
    let x: Vec<f64> = (0..n).map(|_| draw.normal()).collect();
    let y = x.iter().map(|x| 1.0 + 0.5 * x + 0.2 * draw.normal() - inefficiency(draw.uniform())).collect();
    data(y, &[("x", x)])
}

// --- golden ---------------------------------------------------------------------------------------------------

/// golden/r/sfaR.json (sfaR 1.0.1), which stops where its gradient is small: estimates are good to 1e-5.
#[test]
fn rayleigh_and_generalized_exponential_agree_with_sfar() {
    let Some(path) = shared("golden/r/sfaR.json") else { return };
    let csv = Csv::read(&shared("golden/r/data/syn_sfa.csv").unwrap());
    let syn = data(csv.num("y_hn"), &["lk", "ll", "t"].map(|name| (name, csv.num(name))));
    let cases = [
        ("sfaR_syn_ray", syn, Distribution::Rayleigh),
        ("sfaR_rice_genexponential", rice(&INPUTS).unwrap(), Distribution::GeneralizedExponential),
    ];
    for (id, data, distribution) in cases {
        let want = &json(&path)["cases"][id]["result"];
        let number = |path: &str| want.pointer(path).unwrap().as_f64().unwrap();
        let fit = fit(&data, distribution).unwrap();
        close(fit.stats.loglik, number("/loglik"), 1e-9, id);
        assert!(fit.stats.loglik >= number("/loglik") - 1e-10);
        for row in &fit.table()[..4] {
            let theirs = if INPUTS.contains(&&*row.name) { format!("log({})", row.name) } else { row.name.clone() };
            close(row.estimate, number(&format!("/coef/{theirs}")), 1e-5, &format!("{id} {theirs}"));
            close(row.std_error, number(&format!("/se/{theirs}")), 1e-4, &format!("{id} se of {theirs}"));
        }
        close(2.0 * fit.stats.own["sigma_u"].ln(), number("/coef/Zu_(Intercept)"), 1e-5, "ln sigma_u squared");
        close(2.0 * fit.stats.own["sigma_v"].ln(), number("/coef/Zv_(Intercept)"), 1e-5, "ln sigma_v squared");
        close(fit.stats.mean_efficiency, number("/eff_mean/teBC"), 1e-5, "mean of Battese and Coelli");
        let jlms = fit.rows.iter().map(|r| r.efficiency_jlms.unwrap()).sum::<f64>() / data.nobs() as f64;
        close(jlms, number("/eff_mean/teJLMS"), 1e-5, "mean of Jondrow et al.");
    }
}

/// golden/frontier/sfaR_printed.csv, to the digits that are printed.
#[test]
fn generalized_exponential_agrees_with_what_sfar_prints() {
    let Some(data) = rice(&["AREA", "LABOR", "NPK", "OTHER"]) else { return };
    let fit = fit(&data, Distribution::GeneralizedExponential).unwrap();
    close_printed(&[fit.stats.loglik], &[-80.07733], 5, "ll");
    close_printed(&fit.coef[..5], &[-1.069, 0.328, 0.328, 0.258, 0.035], 3, "coefficients");
    let se: Vec<f64> = fit.table()[..5].iter().map(|row| row.std_error).collect();
    close_printed(&se, &[0.250, 0.060, 0.061, 0.034, 0.017], 3, "standard errors");
}

/// ln L, the mean of E[exp(-u) | e] and of E[u | e] of the rice farms at given parameters, by NumPy: Gauss and Legendre
/// of order 30 on 399 panels of ln u in (-90, 5).
#[test]
fn integrals_agree_with_quadrature_in_another_language() {
    let Some(data) = rice(&INPUTS) else { return };
    let cases = [
        (
            Distribution::Gamma,
            [-1.17, 0.353, 0.336, 0.273],
            0.038,
            0.084,
            0.85,
            [-81.66274804873915, 0.8029196217155469, 0.24968582177097517],
        ),
        (
            Distribution::Weibull,
            [-1.2, 0.352, 0.34, 0.272],
            0.04,
            0.05,
            0.9,
            [-81.7392015634835, 0.8125962012516115, 0.23601220817911664],
        ),
        (
            Distribution::Lognormal,
            [-1.1, 0.353, 0.336, 0.273],
            0.04,
            0.6,
            -1.6,
            [-87.40479835187394, 0.761185881607853, 0.301762847629439],
        ),
    ];
    for (distribution, beta, v, u, own, want) in cases {
        let mut at = beta.to_vec();
        match distribution {
            // σ_u has no unit: the logarithms of the variances.
            Distribution::Lognormal => at.extend([f64::ln(u), f64::ln(v), own]),
            _ => at.extend([u + v, u / (u + v), own]),
        }
        let fit = sfa(&data, &Sfa { distribution, at: Some(at), ..Sfa::default() }).unwrap();
        let mean_u = fit.rows.iter().map(|r| -r.efficiency_jlms.unwrap().ln()).sum::<f64>() / data.nobs() as f64;
        for (got, want) in [fit.stats.loglik, fit.stats.mean_efficiency, mean_u].iter().zip(want) {
            close(*got, want, 1e-11, &format!("{distribution:?}"));
        }
    }
}

/// golden/r/sfaR.json: simulated likelihoods (Halton draws) miss the maximum; the exact one is at least that of the
/// exponential, which both nest, and near what sfaR found for the gamma.
#[test]
fn gamma_and_weibull_reach_a_maximum_above_the_exponential() {
    let Some(data) = rice(&INPUTS) else { return };
    let exponential = fit(&data, Distribution::Exponential).unwrap().stats.loglik;
    for distribution in [Distribution::Gamma, Distribution::Weibull] {
        let fit = fit(&data, distribution).unwrap();
        assert!(fit.stats.loglik > exponential && fit.gradient < 1e-6, "{}", fit.stats.loglik);
        // sfaR's gamma, whose 0.855 has a standard error of 0.5.
        close(fit.stats.own["shape"], 0.855, 0.15, "shape");
    }
}

/// golden/r/sfaR.json: the likelihood of the truncated skewed Laplace is flat towards the exponential (sfaR's λ is 0.033
/// with a standard error above 1), and its maximum a little above.
#[test]
fn truncated_skewed_laplace_reaches_its_maximum() {
    let Some(data) = rice(&INPUTS) else { return };
    let want = &json(&shared("golden/r/sfaR.json").unwrap())["cases"]["sfaR_rice_tslaplace"]["result"];
    let fit = fit(&data, Distribution::TruncatedSkewedLaplace).unwrap();
    let gap = fit.stats.loglik - want["loglik"].as_f64().unwrap();
    assert!((-1e-9..1e-5).contains(&gap), "{gap:e}");
    close(fit.coef[1], want["coef"]["log(AREA)"].as_f64().unwrap(), 1e-4, "log(AREA)");
    close(fit.stats.mean_efficiency, want["eff_mean"]["teBC"].as_f64().unwrap(), 1e-4, "mean of Battese and Coelli");
}

// --- identities -----------------------------------------------------------------------------------------------

/// A distribution, its quantile function, and a parameter with its truth.
type Simulated = (Distribution, fn(f64) -> f64, &'static str, f64);

#[test]
fn parameters_of_simulated_inefficiency_are_found() {
    // Quantile functions; u in units of 0.5.
    let cases: [Simulated; 5] = [
        (Distribution::Rayleigh, |p| 0.5 * (-2.0 * p.ln()).sqrt(), "sigma_u", 0.5),
        (Distribution::Uniform, |p| 1.5 * p, "sigma_u", 1.5 / 12f64.sqrt()),
        (Distribution::GeneralizedExponential, |p| -0.5 * (1.0 - p.sqrt()).ln(), "sigma_u", 0.5),
        (Distribution::Weibull, |p| 0.5 * (-p.ln()).powf(1.0 / 1.5), "shape", 1.5),
        (Distribution::Lognormal, |p| (-1.0 + 0.7 * quantile(p)).exp(), "mu", -1.0),
    ];
    for (distribution, inefficiency, name, want) in cases {
        let data = simulated(20_000, inefficiency);
        let fit = fit(&data, distribution).unwrap();
        let row = fit.table();
        let got = fit.stats.own[name];
        // Within five standard errors, which are of the order of a hundredth; a tenth for the shapes.
        let allowed = if name == "sigma_u" { 0.03 } else { 0.2 };
        assert!((got - want).abs() < allowed, "{distribution:?} {name}: {got}");
        assert!((row[1].estimate - 0.5).abs() < 5.0 * row[1].std_error);
    }
}

fn quantile(p: f64) -> f64 {
    plim_stats::math::dist::normal_quantile(p)
}

#[test]
fn units_of_measurement_move_the_scale_and_nothing_else() {
    let data = simulated(800, |p| -0.5 * p.ln());
    let moved = Data { y: data.y.iter().map(|y| 1000.0 * y).collect(), ..data.clone() };
    for distribution in [Distribution::Gamma, Distribution::GeneralizedExponential, Distribution::Lognormal] {
        let [a, b] = [&data, &moved].map(|data| fit(data, distribution).unwrap());
        let shift = data.nobs() as f64 * 1000f64.ln();
        close(a.stats.loglik - shift, b.stats.loglik, 1e-9, "ll");
        close(1000.0 * a.coef[1], b.coef[1], 1e-6, "slope");
        for name in ["shape", "gamma"] {
            if let Some(value) = a.stats.own.get(name).filter(|_| distribution != Distribution::Lognormal) {
                close(*value, b.stats.own[name], 1e-5, name);
            }
        }
    }
}

#[test]
fn a_cost_frontier_is_a_production_frontier_in_the_mirror() {
    let data = simulated(500, |p| 0.5 * (-2.0 * p.ln()).sqrt());
    let mut mirror = data.clone();
    mirror.y.iter_mut().for_each(|y| *y = -*y);
    for distribution in [Distribution::Rayleigh, Distribution::Weibull] {
        let there = fit(&data, distribution).unwrap();
        let options = Sfa { distribution, frontier: Frontier::Cost, ..Sfa::default() };
        let here = sfa(&mirror, &options).unwrap();
        close(there.stats.loglik, here.stats.loglik, 1e-10, "ll");
        close(there.stats.mean_efficiency, here.stats.mean_efficiency, 1e-7, "mean efficiency");
    }
}

// --- refusals -------------------------------------------------------------------------------------------------

/// The uniform of the rice farms rises towards no inefficiency, where sfaR stops at θ = 0.02: it is said instead.
#[test]
fn a_model_without_a_maximum_says_where_it_rises() {
    let Some(data) = rice(&INPUTS) else { return };
    match fit(&data, Distribution::Uniform).unwrap_err().kind {
        Kind::Untrusted { message, .. } => assert!(message.contains("no inefficiency"), "{message}"),
        other => panic!("{other:?}"),
    }
}

/// Rayleigh inefficiency is all but normal in its middle, which a shape follows further without noise: the climb to that
/// border took minutes where the nodes of the integrals crowded around peaks of width σ_v.
#[test]
fn noise_that_vanishes_is_told() {
    let data = simulated(500, |p| 0.5 * (-2.0 * p.ln()).sqrt());
    let mut told = 0;
    for distribution in [Distribution::Gamma, Distribution::Weibull, Distribution::Lognormal] {
        match fit(&data, distribution).map_err(|e| e.kind) {
            Ok(fit) => assert!(fit.gradient < 1e-6, "{distribution:?}"),
            Err(Kind::Untrusted { message, .. }) => {
                assert!(message.contains("no noise is left"), "{distribution:?}: {message}");
                told += 1;
            }
            Err(other) => panic!("{other:?}"),
        }
    }
    assert!(told > 0, "no case is at the border");
}

#[test]
fn requests_without_meaning_are_refused() {
    let data = simulated(100, |p| p);
    let refused = |options: Sfa| sfa(&data, &options).unwrap_err().to_string();
    let gamma = Sfa { distribution: Distribution::Gamma, ..Sfa::default() };
    assert!(refused(Sfa { model: Model::Bc95, ..gamma.clone() }).contains("pooled"));
    assert!(refused(Sfa { at: Some(vec![1.0, 0.5, 0.2, 0.5, -1.0]), ..gamma }).contains("shape = -1"));
}
