//! Noise that inefficiency moves with (copulas): what is known comes back, the plain model inside, borders, refusals.

use plim_golden::close;
use plim_stats::frontier::sfa::{Copula, Data, Distribution, Frontier, Model, Sfa, sfa};
use plim_stats::math::Mat;
use plim_stats::math::dist::normal_quantile;
use plim_stats::math::normal::cdf;
use plim_stats::math::rng::Stream;

/// y = 1 + x/2 + v - u, σ_v = 0.3, u half-normal with σ_u = 0.6, tied by a Gaussian copula.
fn tied(n: usize, rho: f64, seed: u64) -> Data {
    let mut draw = Stream::new(seed, 0);
    let x: Vec<f64> = (0..n).map(|_| draw.normal()).collect();
    let outcome = |x: &f64| {
        let rank = draw.normal();
        let noise = rho * rank + (1.0 - rho * rho).sqrt() * draw.normal();
        1.0 + 0.5 * x + 0.3 * noise - 0.6 * normal_quantile(0.5 + 0.5 * cdf(rank))
    };
    let y = x.iter().map(outcome).collect();
    let X = Mat::from_fn(n, 2, |i, j| if j == 0 { 1.0 } else { x[i] });
    Data::new(y, X, vec!["(Intercept)".into(), "x".into()])
}

fn with(copula: Copula) -> Sfa {
    Sfa { copula: Some(copula), climbs: Some(1), ..Sfa::default() }
}

#[test]
fn at_no_dependence_it_is_the_plain_model() {
    let data = tied(60, 0.0, 1);
    for distribution in [Distribution::HalfNormal, Distribution::Exponential] {
        let at = |copula, more: &[f64]| {
            let at = [&[1.1, 0.5, 0.4, 0.7], more].concat();
            sfa(&data, &Sfa { copula, distribution, at: Some(at), ..Sfa::default() }).unwrap()
        };
        let plain = at(None, &[]);
        for copula in [Copula::Gaussian, Copula::Fgm, Copula::Frank] {
            let got = at(Some(copula), &[0.0]);
            close(got.stats.loglik, plain.stats.loglik, 1e-12, "ln L");
            close(got.stats.mean_efficiency, plain.stats.mean_efficiency, 1e-11, "mean efficiency");
            assert_eq!(got.stats.own["kendall_tau"], 0.0);
        }
    }
}

#[test]
fn dependence_comes_back_and_is_tested() {
    let data = tied(1500, -0.7, 3);
    let fit = sfa(&data, &with(Copula::Gaussian)).unwrap();
    let table = fit.table();
    for (row, truth) in table.iter().zip([1.0, 0.5, 0.45, 0.8, -0.7]) {
        let gap = (row.estimate - truth).abs();
        assert!(gap < 4.0 * row.std_error, "{}: {} ({})", row.name, row.estimate, row.std_error);
    }
    assert_eq!(table[4].name, "rho");
    // It nests the plain model, whose maximum is inside.
    let plain = sfa(&data, &Sfa::default()).unwrap();
    close(fit.stats.own["loglik_independent"], plain.stats.loglik, 1e-10, "the plain maximum");
    close(fit.stats.own["lr_independent"], 2.0 * (fit.stats.loglik - plain.stats.loglik), 1e-7, "lr");
    assert!(fit.stats.own["lr_independent"] >= 0.0 && fit.stats.lr_p_value.is_nan());
    let p = fit.stats.own["lr_independent_p_value"];
    assert!((0.0..=1.0).contains(&p), "{p}");
    let tau = std::f64::consts::FRAC_2_PI * table[4].estimate.asin();
    close(fit.stats.own["kendall_tau"], tau, 1e-12, "tau");
}

#[test]
fn a_cost_frontier_turns_the_sign() {
    let data = tied(80, 0.4, 5);
    let mirror = Data { y: data.y.iter().map(|y| -y).collect(), ..data.clone() };
    let at = |beta: f64, rho: f64| Some(vec![beta, 0.5 * beta.signum(), 0.4, 0.7, rho]);
    for copula in [Copula::Gaussian, Copula::Fgm, Copula::Frank] {
        let production = sfa(&data, &Sfa { at: at(1.1, 0.4), ..with(copula) }).unwrap();
        let cost = Sfa { frontier: Frontier::Cost, at: at(-1.1, -0.4), ..with(copula) };
        let cost = sfa(&mirror, &cost).unwrap();
        close(cost.stats.loglik, production.stats.loglik, 1e-13, "ln L");
        close(cost.stats.mean_efficiency, production.stats.mean_efficiency, 1e-12, "mean efficiency");
    }
}

#[test]
fn requests_without_meaning_are_refused() {
    let data = tied(50, 0.2, 7);
    let refused = |options: Sfa| sfa(&data, &options).unwrap_err().to_string();
    assert!(
        refused(Sfa { distribution: Distribution::Gamma, ..with(Copula::Frank) })
            .contains("half-normal or exponential")
    );
    assert!(refused(Sfa { model: Model::ZeroInefficiency, ..with(Copula::Frank) }).contains("pooled"));
    let at = Some(vec![1.0, 0.5, 0.4, 0.7, 1.5]);
    assert!(refused(Sfa { at: at.clone(), ..with(Copula::Gaussian) }).contains("rho = 1.5"));
    assert!(refused(Sfa { at: at.clone(), ..with(Copula::Fgm) }).contains("theta = 1.5"));
    sfa(&data, &Sfa { at, ..with(Copula::Frank) }).unwrap();
}
