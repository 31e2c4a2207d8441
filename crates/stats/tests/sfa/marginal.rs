//! Marginal effects of determinants of inefficiency: against moments by simulation-free arithmetic and differences.

use plim_golden::close;
use plim_stats::frontier::sfa::{Columns, Data, Distribution, Model, Sfa, SfaFit, sfa};
use plim_stats::math::normal::{inverse_mills, mills_excess};
use plim_stats::math::rng::Stream;

fn simulated(n: usize) -> Data {
    let mut draw = Stream::new(2, 0);
    let (x, z): (Vec<f64>, Vec<f64>) = (0..n).map(|_| (draw.normal(), draw.normal())).unzip();
    let y = (0..n).map(|i| 1.0 + 0.5 * x[i] + 0.2 * draw.normal() - ((-0.5 + 0.4 * z[i]).exp() * draw.normal()).abs());
    let y: Vec<f64> = y.collect();
    let frontier = Columns::new(n, true, &[("x".into(), x)]);
    let mut data = Data::new(y, frontier.X, frontier.names);
    data.u_variance = Some(Columns::new(n, true, &[("z".into(), z)]));
    data
}

fn of(distribution: Distribution) -> Sfa {
    Sfa { distribution, ..Sfa::default() }
}

/// E u moves by κ/2 E u and Var u by κ Var u where inefficiency is a scale times a known distribution.
#[test]
fn of_a_scale_they_are_shares_of_the_moments() {
    let data = simulated(600);
    for (distribution, mean, variance) in [
        (Distribution::HalfNormal, (2.0 / std::f64::consts::PI).sqrt(), 1.0 - 2.0 / std::f64::consts::PI),
        (Distribution::Exponential, 1.0, 1.0),
        (Distribution::Rayleigh, (std::f64::consts::PI / 2.0).sqrt(), 2.0 - std::f64::consts::PI / 2.0),
    ] {
        let fit = sfa(&data, &of(distribution)).unwrap();
        let got = fit.marginal(&data, &of(distribution), fit.covariance.as_ref()).unwrap();
        let kappa = fit.coef[3];
        let z = &data.u_variance.as_ref().unwrap().X;
        let su: Vec<f64> = (0..600).map(|i| (0.5 * (fit.coef[2] + kappa * z[(i, 1)])).exp()).collect();
        let average = |f: &dyn Fn(f64) -> f64| su.iter().map(|&s| f(s)).sum::<f64>() / 600.0;
        close(got.mean[0].estimate, 0.5 * kappa * mean * average(&|s| s), 1e-12, "E u");
        close(got.variance[0].estimate, kappa * variance * average(&|s| s * s), 1e-12, "Var u");
        assert_eq!(got.mean[0].name, "z");
    }
}

/// The effect as a function of the parameters, by Wang's formulas for the truncated normal in plain arithmetic.
fn wang(data: &Data, coef: &[f64]) -> f64 {
    let (u, d) = (&data.u_variance.as_ref().unwrap().X, &data.determinants.as_ref().unwrap().X);
    let n = data.nobs();
    let sum: f64 = (0..n)
        .map(|i| {
            let su = (0.5 * (coef[2] + coef[3] * u[(i, 1)])).exp();
            let mu = coef[5] + coef[6] * d[(i, 1)];
            let (p, m, x) = (mu / su, inverse_mills(mu / su), mills_excess(mu / su));
            // ∂(σ x(μ/σ)) = (1 - m x) dμ + (x - p (1 - m x)) dσ, dσ = σ κ/2.
            coef[6] * (1.0 - m * x) + (x - p * (1.0 - m * x)) * 0.5 * su * coef[3]
        })
        .sum();
    sum / n as f64
}

#[test]
fn of_the_truncated_normal_they_follow_wang_with_delta_method_errors() {
    let mut data = simulated(1500);
    data.determinants = data.u_variance.clone();
    let options = of(Distribution::TruncatedNormal);
    let at = vec![1.0, 0.5, -1.0, 0.5, -3.0, 0.2, 0.3];
    let fit: SfaFit = sfa(&data, &Sfa { at: Some(at.clone()), ..options.clone() }).unwrap();
    // A covariance of our own: the effects need one of any kind.
    let V = plim_stats::math::Mat::from_fn(7, 7, |i, j| 0.01 / (1.0 + (i as f64 - j as f64).abs()));
    let got = fit.marginal(&data, &options, Some(&V)).unwrap();
    close(got.mean[0].estimate, wang(&data, &at), 1e-12, "effect");
    let slope: Vec<f64> = (0..7)
        .map(|j| {
            let moved = |h: f64| {
                let mut at = at.clone();
                at[j] += h;
                wang(&data, &at)
            };
            (moved(1e-5) - moved(-1e-5)) / 2e-5
        })
        .collect();
    let variance: f64 = (0..7).map(|i| (0..7).map(|j| slope[i] * V[(i, j)] * slope[j]).sum::<f64>()).sum();
    close(got.mean[0].std_error, variance.sqrt(), 1e-8, "standard error");
}

#[test]
fn there_are_none_without_determinants() {
    let mut data = simulated(300);
    data.u_variance = None;
    let fit = sfa(&data, &of(Distribution::HalfNormal)).unwrap();
    assert!(fit.marginal(&data, &of(Distribution::HalfNormal), fit.covariance.as_ref()).is_none());
    let persistent = Sfa { model: Model::PittLee, ..Sfa::default() };
    data.u_variance = simulated(300).u_variance;
    assert!(fit.marginal(&data, &persistent, fit.covariance.as_ref()).is_none());
}

/// A regressor may have the name of a parameter of inefficiency.
#[test]
fn a_regressor_named_as_a_parameter_is_not_taken_for_it() {
    let data = simulated(600);
    let mut named = data.clone();
    named.frontier.names[1] = "mu".into();
    let options = of(Distribution::TruncatedNormal);
    let at = Some(vec![1.0, 0.5, -1.0, 0.5, -3.0, 0.2]);
    let V = plim_stats::math::Mat::from_fn(6, 6, |i, j| f64::from(u8::from(i == j)));
    let [a, b] = [data, named].map(|data| {
        let fit = sfa(&data, &Sfa { at: at.clone(), ..options.clone() }).unwrap();
        fit.marginal(&data, &options, Some(&V)).unwrap().mean[0].clone()
    });
    assert_eq!((a.estimate, a.std_error), (b.estimate, b.std_error));
}
