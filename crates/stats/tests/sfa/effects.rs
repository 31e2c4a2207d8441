//! Frontiers with unit effects: likelihoods and scores against integrals by brute force that share nothing with them,
//! recovery of parameters, models inside other models, identities, refusals.

use plim_golden::close;
use plim_stats::frontier::sfa::{Data, Distribution, FirstStep, Frontier, Model, Panel, Sfa, SfaFit, sfa};
use plim_stats::math::Mat;
use plim_stats::math::normal::ln_cdf;
use plim_stats::math::rng::Stream;
use std::f64::consts::PI;

/// Standard deviations of a simulated panel.
#[derive(Clone, Copy)]
struct Truth {
    w: f64,
    h: f64,
    v: f64,
    u: f64,
    sign: f64,
}

const TRUTH: Truth = Truth { w: 0.3, h: 0.0, v: 0.15, u: 0.4, sign: 1.0 };

/// Units with `years` rows each, one less for every third unit; y = 1 + 0.6 x1 + 0.3 x2 + w + v - S (u + h), the
/// regressor x1 moving with w by `endogenous`.
fn panel(units: usize, years: usize, truth: Truth, endogenous: f64, seed: u64) -> Data {
    let mut draw = Stream::new(seed, 0);
    let (mut unit, mut time, mut x, mut y) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for i in 0..units {
        let (w, h) = (truth.w * draw.normal(), (truth.h * draw.normal()).abs());
        for t in 0..years - usize::from(i % 3 == 2) {
            let row = [draw.normal() + endogenous * w, draw.normal()];
            let u = (truth.u * draw.normal()).abs();
            unit.push(i);
            time.push(t as f64);
            x.push(row);
            y.push(1.0 + 0.6 * row[0] + 0.3 * row[1] + w + truth.v * draw.normal() - truth.sign * (u + h));
        }
    }
    let X = Mat::from_fn(y.len(), 3, |i, j| if j == 0 { 1.0 } else { x[i][j - 1] });
    let names = ["(Intercept)", "x1", "x2"].map(String::from).to_vec();
    Data { panel: Some(Panel { unit, time }), ..Data::new(y, X, names) }
}

fn of(model: Model) -> Sfa {
    Sfa { model, ..Sfa::default() }
}

/// From one start: these are slow without optimization.
fn once(model: Model) -> Sfa {
    Sfa { climbs: Some(1), ..of(model) }
}

fn at(model: Model, at: &[f64]) -> Sfa {
    Sfa { at: Some(at.to_vec()), ..of(model) }
}

fn efficiencies(fit: &SfaFit) -> Vec<f64> {
    fit.rows.iter().map(|r| r.efficiency.unwrap()).collect()
}

/// Rows of each unit.
fn spells(data: &Data) -> Vec<Vec<usize>> {
    let unit = &data.panel.as_ref().unwrap().unit;
    let units = unit.iter().max().unwrap() + 1;
    (0..units).map(|u| (0..unit.len()).filter(|&i| unit[i] == u).collect()).collect()
}

// --- densities by brute force -----------------------------------------------------------------------------------

/// ln f of v - u, u half-normal, as the textbook has it.
fn half_normal(e: f64, v: f64, u: f64) -> f64 {
    let sigma2 = v * v + u * u;
    (2.0 / (2.0 * PI * sigma2).sqrt()).ln() - 0.5 * e * e / sigma2 + ln_cdf(-e * u / (v * sigma2.sqrt()))
}

/// ln f of v - u, u exponential with mean u.
fn exponential(e: f64, v: f64, u: f64) -> f64 {
    -u.ln() + e / u + 0.5 * (v / u).powi(2) + ln_cdf(-e / v - v / u)
}

/// ∫ g over [-12, 12], 12,000 steps.
fn integral(g: impl Fn(f64) -> f64) -> f64 {
    let h = 2e-3;
    (-6000..=6000).map(|k| g(f64::from(k) * h) * h).sum()
}

/// e of the rows with the unit's intercept out.
fn errors(data: &Data, spell: &[usize], beta: &[f64], sign: f64) -> Vec<f64> {
    let X = &data.frontier.X;
    spell.iter().map(|&i| sign * (data.y[i] - (0..3).map(|j| X[(i, j)] * beta[j]).sum::<f64>())).collect()
}

fn normal(z: f64, s: f64) -> f64 {
    (-0.5 * (z / s).powi(2)).exp() / (s * (2.0 * PI).sqrt())
}

#[test]
fn true_random_effects_at_given_parameters() {
    for (sign, frontier) in [(1.0, Frontier::Production), (-1.0, Frontier::Cost)] {
        let data = panel(9, 4, Truth { sign, ..TRUTH }, 0.0, 1);
        let (v, u, w) = (0.15, 0.4, 0.3);
        let sigma2: f64 = v * v + u * u;
        let beta = [0.9, 0.55, 0.35];
        let natural = [beta[0], beta[1], beta[2], sigma2, u * u / sigma2, w];
        let fit = sfa(&data, &Sfa { frontier, ..at(Model::Tre, &natural) }).unwrap();
        let likelihood = |spell: &[usize]| {
            let e = errors(&data, spell, &beta, sign);
            integral(|a| normal(a, w) * e.iter().map(|e| half_normal(e - a, v, u)).sum::<f64>().exp())
        };
        let want: f64 = spells(&data).iter().map(|s| likelihood(s).ln()).sum();
        close(fit.stats.loglik, want, 1e-11, "half-normal");
        let options = Sfa { frontier, distribution: Distribution::Exponential, ..at(Model::Tre, &natural) };
        let likelihood = |spell: &[usize]| {
            let e = errors(&data, spell, &beta, sign);
            integral(|a| normal(a, w) * e.iter().map(|e| exponential(e - a, v, u)).sum::<f64>().exp())
        };
        let want: f64 = spells(&data).iter().map(|s| likelihood(s).ln()).sum();
        close(sfa(&data, &options).unwrap().stats.loglik, want, 1e-11, "exponential");
    }
}

/// Scores of a row by integrals over a and u together.
#[test]
fn scores_of_true_random_effects_integrate_the_effect() {
    let data = panel(3, 3, TRUTH, 0.0, 2);
    let (v, u, w) = (0.15, 0.4, 0.3);
    let sigma2: f64 = v * v + u * u;
    let beta = [1.0, 0.6, 0.3];
    let fit = sfa(&data, &at(Model::Tre, &[1.0, 0.6, 0.3, sigma2, u * u / sigma2, w])).unwrap();
    let spell = &spells(&data)[0];
    let e = errors(&data, spell, &beta, 1.0);
    // Posterior of u of the first row on a grid: the others have their composed densities.
    let (step, h) = (2e-3, 5e-3);
    let posterior: Vec<(f64, f64)> = (0..1000)
        .map(|k| {
            let value = (f64::from(k) + 0.5) * step;
            let mass: f64 = (-400..=400)
                .map(|j| {
                    let a = f64::from(j) * h;
                    let rest: f64 = e[1..].iter().map(|e| half_normal(e - a, v, u)).sum();
                    normal(a, w) * rest.exp() * normal(e[0] - a + value, v) * normal(value, u)
                })
                .sum();
            (value, mass)
        })
        .collect();
    let total: f64 = posterior.iter().map(|p| p.1).sum();
    let mean = |f: &dyn Fn(f64) -> f64| posterior.iter().map(|(u, m)| f(*u) * m).sum::<f64>() / total;
    let row = &fit.rows[spell[0]];
    // The midpoint rule with 1,000 cells is good to their square.
    close(row.efficiency.unwrap(), mean(&|u| (-u).exp()), 1e-5, "E exp(-u)");
    close(row.efficiency_jlms.unwrap(), (-mean(&|u| u)).exp(), 1e-5, "exp(-E u)");
    let below = |limit: f64| posterior.iter().filter(|p| p.0 <= limit).map(|p| p.1).sum::<f64>() / total;
    assert!((below(-row.conf_low.unwrap().ln()) - 0.975).abs() < 2e-3);
    assert!((below(-row.conf_high.unwrap().ln()) - 0.025).abs() < 4e-3);
    let mode = posterior.iter().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap().0;
    assert!((-row.efficiency_mode.unwrap().ln() - mode).abs() <= step);
}

/// Chen, Schmidt and Wang (2014): the closed skew normal density of the demeaned errors, its T-variate normal
/// probability with equal correlations by an integral over their common factor.
#[test]
fn within_mle_is_the_closed_skew_normal_density() {
    let data = panel(7, 4, TRUTH, 1.0, 3);
    let (v, u) = (0.2, 0.35);
    let sigma2: f64 = v * v + u * u;
    let (sigma, lambda) = (sigma2.sqrt(), u / v);
    let beta = [0.0, 0.5, 0.2];
    let fit = sfa(&data, &at(Model::WithinMle, &[0.5, 0.2, sigma2, u * u / sigma2])).unwrap();
    let density = |spell: &[usize]| {
        let e = errors(&data, spell, &beta, 1.0);
        let years = e.len() as f64;
        let mean = e.iter().sum::<f64>() / years;
        let d: Vec<f64> = e.iter().map(|e| e - mean).collect();
        let normal_part = (2.0 * PI * sigma2).powf(-0.5 * (years - 1.0))
            * (-0.5 * d.iter().map(|d| d * d).sum::<f64>() / sigma2).exp();
        // Φ_T(-λ d/σ; 0, I + λ² 11'/T).
        let skew = integral(|z| {
            let common = lambda * z / years.sqrt();
            normal(z, 1.0) * d.iter().map(|d| ln_cdf(-lambda * d / sigma - common)).sum::<f64>().exp()
        });
        2f64.powf(years) * normal_part * skew
    };
    let want: f64 = spells(&data).iter().map(|s| density(s).ln()).sum();
    close(fit.stats.loglik, want, 1e-11, "loglik");
}

#[test]
fn four_components_at_given_parameters() {
    let data = panel(4, 3, Truth { h: 0.3, ..TRUTH }, 0.0, 4);
    let (v, u, w, h): (f64, f64, f64, f64) = (0.15, 0.4, 0.3, 0.25);
    let sigma2 = v * v + u * u;
    let beta = [1.0, 0.6, 0.3];
    let fit = sfa(&data, &at(Model::FourComponent, &[1.0, 0.6, 0.3, sigma2, u * u / sigma2, w, h])).unwrap();
    // Over w by the trapezoidal rule, over h = exp(x) by the trapezoidal rule in x.
    let moments = |spell: &[usize]| {
        let e = errors(&data, spell, &beta, 1.0);
        let mut sums = [0.0; 2];
        for j in -100..=100 {
            let effect = f64::from(j) * 0.02;
            for k in -400..=30 {
                let (x, step) = (f64::from(k) * 0.05, 0.05);
                let persistent = x.exp();
                let rows: f64 = e.iter().map(|e| half_normal(e - effect + persistent, v, u)).sum();
                let mass = normal(effect, w) * 2.0 * normal(persistent, h) * persistent * rows.exp() * 0.02 * step;
                sums[0] += mass;
                sums[1] += mass * (-persistent).exp();
            }
        }
        sums
    };
    let sums: Vec<[f64; 2]> = spells(&data).iter().map(|s| moments(s)).collect();
    // h below exp(-20) is left out: 1e-9 of it.
    close(fit.stats.loglik, sums.iter().map(|s| s[0].ln()).sum(), 1e-8, "loglik");
    let persistent = &fit.columns[0];
    assert_eq!(persistent.0, "efficiency_persistent");
    for (spell, s) in spells(&data).iter().zip(&sums) {
        close(persistent.1[spell[0]], s[1] / s[0], 1e-8, "persistent");
    }
    for (i, row) in fit.rows.iter().enumerate() {
        let (overall, jlms) = (row.efficiency.unwrap(), row.efficiency_jlms.unwrap());
        // Given the data h and u are negatively related, hence exp(-h), exp(-u) too.
        assert!(jlms < overall && overall < fit.columns[0].1[i] * fit.columns[1].1[i] && row.conf_low.is_none());
    }
}

#[test]
fn true_fixed_effects_are_the_best_of_each_unit() {
    let data = panel(6, 4, TRUTH, 1.0, 5);
    let (v, u) = (0.15, 0.4);
    let sigma2: f64 = v * v + u * u;
    let fit = sfa(&data, &at(Model::Tfe, &[0.55, 0.35, sigma2, u * u / sigma2])).unwrap();
    let mut want = 0.0;
    for spell in &spells(&data) {
        let e = errors(&data, spell, &[0.0, 0.55, 0.35], 1.0);
        let f = |a: f64| -> f64 { e.iter().map(|e| half_normal(e - a, v, u)).sum() };
        // By thirds; ln f is concave.
        let (mut low, mut high) = (-5.0, 5.0);
        for _ in 0..200 {
            let (a, b) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
            if f(a) < f(b) { low = a } else { high = b }
        }
        want += f(low);
        let effect = fit.columns[0].1[spell[0]];
        // A maximum is found by values to the root of rounding only.
        close(effect, low, 1e-6, "effect");
    }
    close(fit.stats.loglik, want, 1e-12, "loglik");
}

// --- estimation ---------------------------------------------------------------------------------------------------

/// Within four standard errors of the truth.
fn recovers(fit: &SfaFit, truth: &[f64]) {
    let V = fit.covariance.as_ref().unwrap();
    for (j, want) in truth.iter().enumerate() {
        let se = V[(j, j)].sqrt();
        assert!(se < 0.2 * (1.0 + want.abs()), "standard error of {}: {se}", fit.names[j]);
        assert!((fit.coef[j] - want).abs() < 4.0 * se, "{}: {} not {want} (se {se})", fit.names[j], fit.coef[j]);
    }
    assert!(fit.gradient <= 1e-9);
}

#[test]
fn parameters_come_back() {
    let sigma2 = 0.15f64.powi(2) + 0.4f64.powi(2);
    let gamma = 0.16 / sigma2;
    let data = panel(120, 6, TRUTH, 0.0, 7);
    let fit = sfa(&data, &once(Model::Tre)).unwrap();
    recovers(&fit, &[1.0, 0.6, 0.3, sigma2, gamma, 0.3]);
    assert!(fit.stats.lr > 0.0 && fit.stats.lr_df == 1 && fit.stats.lr_p_value < 0.01);
    // Regressors that move with the effects: within MLE is right, true random effects are too steep.
    let data = panel(120, 6, TRUTH, 2.0, 8);
    let within = sfa(&data, &once(Model::WithinMle)).unwrap();
    recovers(&within, &[0.6, 0.3, sigma2, gamma]);
    let random = sfa(&data, &once(Model::Tre)).unwrap();
    assert!(random.coef[1] > within.coef[0] + 0.005);
    // Greene: with six years true fixed effects leave no noise at all, which is said; with twenty they are right but for
    // a sigma_v that is still too small.
    let error = sfa(&data, &once(Model::Tfe)).unwrap_err();
    assert!(error.kind.untrusted() && error.to_string().contains("within_mle"), "{error}");
    let data = panel(40, 20, TRUTH, 2.0, 8);
    let (fixed, within) = (sfa(&data, &once(Model::Tfe)).unwrap(), sfa(&data, &once(Model::WithinMle)).unwrap());
    recovers(&within, &[0.6, 0.3, sigma2, gamma]);
    recovers(&fixed, &[0.6, 0.3]);
    assert!(fixed.stats.own["sigma_v"] < within.stats.own["sigma_v"] && fixed.notes.is_empty());
}

#[test]
fn four_components_come_back() {
    let truth = Truth { w: 0.2, h: 0.5, v: 0.15, u: 0.4, sign: 1.0 };
    let sigma2 = 0.15f64.powi(2) + 0.4f64.powi(2);
    let data = panel(250, 6, truth, 0.0, 10);
    let full = sfa(&data, &once(Model::FourComponent)).unwrap();
    recovers(&full, &[1.0, 0.6, 0.3, sigma2, 0.16 / sigma2, 0.2, 0.5]);
    let steps = sfa(&data, &once(Model::FourComponentSteps)).unwrap();
    assert!(steps.stats.loglik < full.stats.loglik && steps.covariance.is_none() && steps.names == full.names);
    // The third moment of demeaned u is (1 - 1/T)(1 - 2/T) of that of u, so that steps find E u a fifth too small with
    // six years: 0.06 here, beside a sampling error of as much.
    close(steps.coef[0], 1.0, 0.15, "intercept in steps");
    close(steps.coef[1], 0.6, 0.03, "slope in steps");
    for (a, b) in steps.columns.iter().zip(&full.columns) {
        let mean = |c: &Vec<f64>| c.iter().sum::<f64>() / c.len() as f64;
        assert!((mean(&a.1) - mean(&b.1)).abs() < 0.06, "{}: {} {}", a.0, mean(&a.1), mean(&b.1));
    }
    let fixed = sfa(&data, &Sfa { first_step: Some(FirstStep::Fixed), ..once(Model::FourComponentSteps) }).unwrap();
    close(fixed.coef[1], steps.coef[1], 0.02, "slope");
}

#[test]
fn simulation_comes_close_to_the_integral() {
    let data = panel(40, 5, TRUTH, 0.0, 10);
    let natural = [1.0, 0.6, 0.3, 0.1825, 0.16 / 0.1825, 0.3];
    let exact = sfa(&data, &at(Model::Tre, &natural)).unwrap();
    let error = |draws| {
        let simulated = sfa(&data, &Sfa { draws: Some(draws), ..at(Model::Tre, &natural) }).unwrap();
        (simulated.stats.loglik - exact.stats.loglik).abs()
    };
    assert!(error(20_000) < 0.01 && error(200) < 1.0);
    let estimated = sfa(&data, &once(Model::Tre)).unwrap();
    let simulated = sfa(&data, &Sfa { draws: Some(200), ..once(Model::Tre) }).unwrap();
    assert!(simulated.notes.iter().any(|n| n.contains("200 scrambled Halton draws")));
    let V = estimated.covariance.as_ref().unwrap();
    for j in 0..6 {
        // Well inside sampling error.
        assert!((estimated.coef[j] - simulated.coef[j]).abs() < 0.5 * V[(j, j)].sqrt(), "{}", estimated.names[j]);
    }
}

// --- identities ---------------------------------------------------------------------------------------------------

#[test]
fn models_lie_inside_each_other() {
    let data = panel(12, 4, TRUTH, 0.0, 11);
    let pooled = [1.0, 0.6, 0.3, 0.2, 0.8];
    let ll = |model, natural: &[f64]| sfa(&data, &at(model, natural)).unwrap();
    let with = |more: &[f64]| [&pooled[..], more].concat();
    // Effects of variance 1e-16 move the likelihood by that times its curvature.
    let (small, none) = (ll(Model::Tre, &with(&[1e-8])), ll(Model::Pooled, &pooled));
    close(small.stats.loglik, none.stats.loglik, 1e-11, "tre without effects is pooled");
    for (a, b) in efficiencies(&small).iter().zip(efficiencies(&none)) {
        close(*a, b, 1e-9, "efficiency");
    }
    // Persistent inefficiency of 1e-9 moves it by as much.
    let (four, tre) = (ll(Model::FourComponent, &with(&[0.3, 1e-9])), ll(Model::Tre, &with(&[0.3])));
    close(four.stats.loglik, tre.stats.loglik, 1e-7, "four components without the persistent one are tre");
    // Wide effects are flat: the density of the unit mean's coordinate is left, which is that of w.
    let wide: f64 = 1e5;
    let tre = ll(Model::Tre, &with(&[wide]));
    let within = ll(Model::WithinMle, &[0.6, 0.3, 0.2, 0.8]);
    let constant: f64 =
        spells(&data).iter().map(|s| -(wide * (2.0 * PI).sqrt()).ln() - 0.5 * (s.len() as f64).ln()).sum();
    close(tre.stats.loglik - constant, within.stats.loglik, 1e-8, "tre with wide effects is within MLE");
    // Without inefficiency: least squares of demeaned rows.
    let none = ll(Model::WithinMle, &[0.6, 0.3, 0.2, 1e-12]);
    let normal: f64 = spells(&data)
        .iter()
        .map(|s| {
            let e = errors(&data, s, &[0.0, 0.6, 0.3], 1.0);
            let mean = e.iter().sum::<f64>() / e.len() as f64;
            let ssr: f64 = e.iter().map(|e| (e - mean).powi(2)).sum();
            -0.5 * (e.len() as f64 - 1.0) * (2.0 * PI * 0.2).ln() - 0.5 * ssr / 0.2
        })
        .sum();
    close(none.stats.loglik, normal, 1e-5, "within MLE without inefficiency");
}

const MODELS: [Model; 4] = [Model::Tfe, Model::WithinMle, Model::Tre, Model::FourComponent];

#[test]
fn order_units_and_the_mirror_do_not_matter() {
    let data = panel(60, 9, Truth { h: 0.5, v: 0.25, ..TRUTH }, 0.0, 12);
    let n = data.nobs();
    let mut order: Vec<usize> = (0..n).collect();
    Stream::new(1, 1).shuffle(&mut order);
    let keys = data.panel.clone().unwrap();
    // Units by order of appearance.
    let mut seen: Vec<usize> = Vec::new();
    let code = |u: usize, seen: &mut Vec<usize>| {
        seen.iter().position(|&s| s == u).unwrap_or_else(|| {
            seen.push(u);
            seen.len() - 1
        })
    };
    let unit = order.iter().map(|&i| code(keys.unit[i], &mut seen)).collect();
    let scale = [1.0, 1e6, 1e-5];
    let shuffled = Data {
        panel: Some(Panel { unit, time: order.iter().map(|&i| keys.time[i]).collect() }),
        ..Data::new(
            order.iter().map(|&i| data.y[i]).collect(),
            Mat::from_fn(n, 3, |i, j| data.frontier.X[(order[i], j)] * scale[j]),
            data.frontier.names.clone(),
        )
    };
    let mirrored = Data { y: data.y.iter().map(|y| -y).collect(), ..data.clone() };
    for model in MODELS {
        let plain = sfa(&data, &once(model)).unwrap();
        let again = sfa(&shuffled, &once(model)).unwrap();
        close(again.stats.loglik, plain.stats.loglik, 1e-10, "loglik");
        let first = usize::from(plain.names[0] == "(Intercept)");
        close(again.coef[first] * 1e6, plain.coef[first], 1e-7, "coefficient");
        for (k, &i) in order.iter().enumerate() {
            close(again.rows[k].efficiency.unwrap(), plain.rows[i].efficiency.unwrap(), 1e-7, "efficiency");
            close(again.columns[0].1[k], plain.columns[0].1[i], 1e-6, plain.columns[0].0);
        }
        let cost = sfa(&mirrored, &Sfa { frontier: Frontier::Cost, ..once(model) }).unwrap();
        close(cost.stats.loglik, plain.stats.loglik, 1e-10, "cost");
        close(cost.coef[first], -plain.coef[first], 1e-7, "cost");
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    let data = panel(100, 5, TRUTH, 0.0, 13);
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| sfa(&data, &once(Model::Tre)).unwrap())
    };
    let (one, three) = (run(1), run(3));
    assert!(one.coef == three.coef && one.stats == three.stats && one.rows == three.rows);
}

// --- refusals -------------------------------------------------------------------------------------------------------

#[test]
fn what_a_model_cannot_tell_is_refused() {
    let data = panel(30, 4, TRUTH, 0.0, 14);
    let error = |data: &Data, options: &Sfa| sfa(data, options).unwrap_err();
    // A unit with one year.
    let keys = data.panel.clone().unwrap();
    let mut single = data.clone();
    let unit = (0..data.nobs()).map(|i| if i == 0 { 30 } else { keys.unit[i] }).collect();
    single.panel = Some(Panel { unit, time: keys.time.clone() });
    for model in [Model::Tfe, Model::WithinMle] {
        let e = error(&single, &of(model));
        assert!(e.rows == [0] && e.to_string().contains("one row"), "{e}");
        // A regressor that a unit keeps.
        let mut still = data.clone();
        still.frontier.X =
            Mat::from_fn(data.nobs(), 3, |i, j| if j == 2 { keys.unit[i] as f64 } else { data.frontier.X[(i, j)] });
        let e = error(&still, &of(model));
        assert!(e.column.as_deref() == Some("x2") && e.to_string().contains("vary within units"), "{e}");
    }
    assert!(sfa(&single, &of(Model::Tre)).is_ok());
    let alone =
        Data { panel: Some(Panel { unit: (0..data.nobs()).collect(), time: keys.time.clone() }), ..data.clone() };
    assert!(error(&alone, &of(Model::Tre)).to_string().contains("no unit has two rows"));
    let missing = Data { panel: None, ..data.clone() };
    MODELS.iter().for_each(|&m| assert!(error(&missing, &of(m)).to_string().contains("units and times")));
    // Options that a model would have to ignore.
    for (options, wanted) in [
        (Sfa { draws: Some(200), ..of(Model::Tfe) }, "`draws`"),
        (Sfa { draws: Some(0), ..of(Model::Tre) }, "`draws` is 0"),
        (Sfa { first_step: Some(FirstStep::Fixed), ..of(Model::Tre) }, "`first_step`"),
        (Sfa { distribution: Distribution::Exponential, ..of(Model::FourComponentSteps) }, "half-normal"),
        (at(Model::FourComponentSteps, &[1.0]), "no likelihood of its own"),
        (at(Model::Tre, &[1.0, 0.6, 0.3, 0.2, 0.8, -0.3]), "sigma_w"),
    ] {
        let message = error(&data, &options).to_string();
        assert!(message.contains(wanted), "{message}");
    }
    // Inefficiency on the other side.
    let e = error(&data, &Sfa { frontier: Frontier::Cost, ..of(Model::Tfe) });
    assert!(e.kind.untrusted() && e.to_string().contains("skewed"), "{e}");
    for model in [Model::WithinMle, Model::Tre] {
        let e = error(&data, &Sfa { frontier: Frontier::Cost, ..of(model) });
        assert!(e.kind.untrusted() && e.to_string().contains("no inefficiency"), "{model:?} {e}");
    }
    // No effects: unit means of noise and inefficiency that are all the same.
    let mut even = panel(60, 5, Truth { w: 0.0, ..TRUTH }, 0.0, 16);
    for spell in spells(&even) {
        let e = errors(&even, &spell, &[1.0, 0.6, 0.3], 1.0);
        let mean = e.iter().sum::<f64>() / e.len() as f64;
        spell.iter().for_each(|&i| even.y[i] -= mean);
    }
    let e = error(&even, &of(Model::Tre));
    assert!(e.kind.untrusted() && e.to_string().contains("sigma_w is zero"), "{e}");
    // Persistent inefficiency in the population, but effects of this sample that are skewed to the other side.
    let truth = Truth { w: 0.2, h: 0.5, ..TRUTH };
    let e = error(&panel(250, 6, truth, 0.0, 9), &once(Model::FourComponent));
    assert!(e.kind.untrusted() && e.to_string().contains("sigma_h is zero"), "{e}");
    let e = error(&panel(250, 6, truth, 0.0, 9), &of(Model::FourComponentSteps));
    assert!(e.kind.untrusted() && e.to_string().contains("in the step for persistent inefficiency"), "{e}");
}
