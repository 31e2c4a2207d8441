//! Frontiers with endogenous regressors: an independent script, the density by brute force, exogeneity, the bias and its
//! removal, invariances, refusals.

use plim_golden::{Csv, close, shared};
use plim_stats::Design;
use plim_stats::frontier::sfa::{
    Columns, Data, Distribution, Endogenous, Frontier, Model, Panel, Section, Sfa, SfaFit, sfa,
};
use plim_stats::math::Mat;
use plim_stats::math::rng::Stream;
use plim_stats::vcov::{Ssc, Vcov};
use std::f64::consts::PI;

fn strings(names: &[&str]) -> Vec<String> {
    names.iter().map(|s| s.to_string()).collect()
}

fn columns(all: &[(&str, Vec<f64>)]) -> Columns {
    let X = Mat::from_fn(all[0].1.len(), all.len(), |i, j| all[j].1[i]);
    Columns { X, names: all.iter().map(|c| c.0.to_string()).collect() }
}

fn exponential() -> Sfa {
    Sfa { distribution: Distribution::Exponential, ..Sfa::default() }
}

fn efficiencies(fit: &SfaFit) -> Vec<f64> {
    fit.rows.iter().map(|r| r.efficiency.unwrap()).collect()
}

// --- golden -------------------------------------------------------------------------------------------------------

/// 344 rows of rice farms; prices as instruments of quantities, for the sake of numbers and not of economics.
fn rice(endogenous: &[&str], instruments: &[&str]) -> Option<Data> {
    let csv = Csv::read(&shared("golden/frontier/riceProdPhil.csv")?);
    let ln = |name: &str| csv.num(name).iter().map(|v| v.ln()).collect::<Vec<f64>>();
    let names = ["AREA", "LABOR", "NPK"];
    let X = columns(&names.map(|name| (name, ln(name)))).X;
    let X = Mat::from_fn(X.nrows(), 4, |i, j| if j == 0 { 1.0 } else { X[(i, j - 1)] });
    let instruments = columns(&instruments.iter().map(|z| (*z, ln(z))).collect::<Vec<_>>());
    let endogenous = Some(Endogenous { names: strings(endogenous), instruments });
    Some(Data { endogenous, ..Data::new(ln("PROD"), X, strings(&["(Intercept)", "AREA", "LABOR", "NPK"])) })
}

struct Want {
    ll: f64,
    coef: &'static [f64],
    se: [f64; 3],
    sigma_v: f64,
    efficiency: [f64; 3],
    mean: f64,
    liml: f64,
}

fn agrees(fit: &SfaFit, want: Want) {
    // The script's maximum is polished to gradients of 2e-9 by differences, and printed to 10 digits.
    close(fit.stats.loglik, want.ll, 1e-10, "ll");
    assert_eq!(fit.coef.len(), want.coef.len());
    for (j, w) in want.coef.iter().enumerate() {
        close(fit.coef[j], *w, 2e-7, &fit.names[j]);
    }
    let V = fit.covariance.as_ref().unwrap();
    // From a Hessian by differences, extrapolated from steps of 4e-3, 2e-3 and 1e-3.
    (0..3).for_each(|j| close(V[(j + 1, j + 1)].sqrt(), want.se[j], 2e-6, "standard error"));
    close(fit.stats.own["sigma_v"], want.sigma_v, 1e-7, "sigma_v");
    efficiencies(fit).iter().zip(want.efficiency).for_each(|(e, w)| close(*e, w, 1e-7, "efficiency"));
    close(fit.stats.mean_efficiency, want.mean, 1e-7, "mean efficiency");
    close(fit.stats.loglik_ols, want.liml, 1e-9, "ll of limited information");
    assert!(fit.gradient <= 1e-9 && fit.stats.lr_df == 1);
}

/// `python3 golden/sfa_endogenous.py` (SciPy 1.17.1): BFGS on the Cholesky factor of the whole covariance of (ε, v), other
/// coordinates than here.
#[test]
fn one_endogenous_regressor_on_rice() {
    let Some(data) = rice(&["NPK"], &["NPKP", "AREAP"]) else { return };
    let fit = sfa(&data, &Sfa::default()).unwrap();
    let want = Want {
        ll: 31.3734840761,
        coef: &[
            -3.880771334,
            -0.2900570126,
            -0.5788439023,
            1.716133067,
            0.04791577863,
            0.9322998557,
            -0.6953403805,
            0.4228263777,
            0.705637459,
            0.3911000505,
            -0.0687857405,
            0.3018955277,
            0.1631419737,
        ],
        se: [0.1568364647, 0.1881453774, 0.206494256],
        sigma_v: 0.6976690833,
        efficiency: [0.9339517064, 0.9372514886, 0.9368283414],
        mean: 0.8487249395,
        liml: 24.165559189,
    };
    agrees(&fit, want);
    close(fit.stats.own["first_stage_f"], 79.83553503256205, 1e-10, "F");
    let names = ["eta(NPK)", "NPK ~ (Intercept)", "NPK ~ AREA", "NPK ~ LABOR", "NPK ~ NPKP", "NPK ~ AREAP"];
    assert_eq!(fit.names[6..12], strings(&names));
    assert_eq!(fit.names[12], "NPK ~ variance");
    assert!(fit.parameters[7..].iter().all(|p| p.section == Section::FirstStage));
    // One restriction: the square of the z statistic.
    let z = fit.coef[6] / fit.covariance.as_ref().unwrap()[(6, 6)].sqrt();
    close(fit.stats.own["exogeneity"], z * z, 1e-12, "Wald");
    assert!(fit.stats.own["exogeneity_df"] == 1.0 && fit.stats.own["exogeneity_p"] < 1e-6);

    let fit = sfa(&data, &exponential()).unwrap();
    let want = Want {
        ll: 27.5336092006,
        coef: &[
            -4.028778894,
            -0.3001064437,
            -0.5757101957,
            1.724526812,
            0.01804389043,
            0.2944059471,
            -0.7050683905,
            0.3790137507,
            0.698591113,
            0.3981244937,
            -0.04027779165,
            0.2947229721,
            0.1650695105,
        ],
        se: [0.1612862426, 0.1943761246, 0.2170798354],
        sigma_v: 0.7140399828,
        efficiency: [0.9579020774, 0.958479168, 0.9589364095],
        mean: 0.9320959334,
        liml: 24.165559189,
    };
    agrees(&fit, want);
}

#[test]
fn two_endogenous_regressors_on_rice() {
    let Some(data) = rice(&["LABOR", "NPK"], &["NPKP", "AREAP", "LABORP"]) else { return };
    let fit = sfa(&data, &Sfa::default()).unwrap();
    let want = Want {
        ll: 50.0050373464,
        coef: &[
            -5.334704563,
            -0.6147628425,
            0.1545025131,
            1.377897723,
            0.04133343106,
            0.8999178538,
            -0.1842635904,
            -0.5555817423,
            3.148605951,
            0.9348385332,
            0.190383693,
            0.2032707379,
            -0.3361077682,
            1.282269597,
            1.069428679,
            -0.09614347015,
            0.355494077,
            0.07409243986,
            0.05835169955,
            0.03285405377,
            0.1760613731,
        ],
        se: [0.2341545017, 0.3731370339, 0.2024530791],
        sigma_v: 0.5888640604,
        efficiency: [0.9268850568, 0.9281450708, 0.9337314323],
        mean: 0.8614574192,
        liml: 44.0459006062,
    };
    agrees(&fit, want);
    assert!(fit.names[18..] == strings(&["LABOR ~ variance", "NPK ~ covariance(LABOR)", "NPK ~ variance"]));
    assert!(fit.stats.own["exogeneity_df"] == 2.0 && !fit.stats.own.contains_key("first_stage_f"));
}

// --- identities ---------------------------------------------------------------------------------------------------

/// y = 1 + 0.5 x + 0.3 m + v - S u, x = 0.8 z1 + 0.5 z2 + 0.3 m + ε, v = `eta` ε/sd(ε) + w.
fn simulated(n: usize, eta: f64, sign: f64, seed: u64) -> Data {
    let mut draw = Stream::new(seed, 0);
    let (mut y, mut x, mut m, mut z) = (Vec::new(), Vec::new(), Vec::new(), [Vec::new(), Vec::new()]);
    for _ in 0..n {
        let (a, b, c, shock) = (draw.normal(), draw.normal(), draw.normal(), draw.normal());
        let own = 0.8 * a + 0.5 * b + 0.3 * c + 0.7 * shock;
        y.push(1.0 + 0.5 * own + 0.3 * c + eta * shock + 0.2 * draw.normal() - sign * (0.5 * draw.normal()).abs());
        x.push(own);
        m.push(c);
        z[0].push(a);
        z[1].push(b);
    }
    let X = Mat::from_fn(n, 3, |i, j| [1.0, x[i], m[i]][j]);
    let [a, b] = z;
    let endogenous = Some(Endogenous { names: strings(&["x"]), instruments: columns(&[("z1", a), ("z2", b)]) });
    Data { endogenous, ..Data::new(y, X, strings(&["(Intercept)", "x", "m"])) }
}

fn normal(z: f64, s: f64) -> f64 {
    (-0.5 * (z / s).powi(2)).exp() / (s * (2.0 * PI).sqrt())
}

/// ∫ φ₂(v, ε) f(u) du with v = y - x'β + S u, the bivariate normal density written out.
#[test]
fn the_likelihood_is_the_joint_density_of_outcome_and_regressor() {
    for sign in [1.0, -1.0] {
        let data = simulated(12, 0.3, sign, 1);
        let (beta, delta) = ([0.9, 0.45, 0.35], [0.1, 0.35, 0.75, 0.55]);
        let (eta, w, u, variance): (f64, f64, f64, f64) = (0.25, 0.3, 0.45, 0.6);
        let sigma2 = w * w + u * u;
        let mut at = beta.to_vec();
        at.extend([sigma2, u * u / sigma2, eta]);
        at.extend(delta);
        at.push(variance);
        let frontier = if sign > 0.0 { Frontier::Production } else { Frontier::Cost };
        // Covariance of (v, ε): v = η ε/σ_ε + w.
        let (vv, ve) = (w * w + eta * eta, eta * variance.sqrt());
        let determinant = vv * variance - ve * ve;
        let joint = |v: f64, e: f64| {
            let form = (variance * v * v - 2.0 * ve * v * e + vv * e * e) / determinant;
            (-0.5 * form).exp() / (2.0 * PI * determinant.sqrt())
        };
        let Z = &data.endogenous.as_ref().unwrap().instruments.X;
        for (distribution, density) in [
            (Distribution::HalfNormal, &(|t: f64| 2.0 * normal(t, u)) as &dyn Fn(f64) -> f64),
            (Distribution::Exponential, &|t: f64| (-t / u).exp() / u),
        ] {
            let options = Sfa { distribution, frontier, at: Some(at.clone()), ..Sfa::default() };
            let fit = sfa(&data, &options).unwrap();
            let (mut total, X) = (0.0, &data.frontier.X);
            for i in 0..12 {
                let r = data.y[i] - (0..3).map(|j| X[(i, j)] * beta[j]).sum::<f64>();
                let z = [1.0, X[(i, 2)], Z[(i, 0)], Z[(i, 1)]];
                let e = X[(i, 1)] - (0..4).map(|a| z[a] * delta[a]).sum::<f64>();
                // u = exp(t), trapezoidal: exact to rounding for a density that falls to zero at both ends.
                let h = 1e-3;
                let mut sums = [0.0; 2];
                for k in -40_000..=4_000 {
                    let t = (f64::from(k) * h).exp();
                    let mass = joint(r + sign * t, e) * density(t) * t * h;
                    sums[0] += mass;
                    sums[1] += mass * (-t).exp();
                }
                total += sums[0].ln();
                close(fit.rows[i].efficiency.unwrap(), sums[1] / sums[0], 1e-10, "efficiency");
            }
            close(fit.stats.loglik, total, 1e-11, "ll");
        }
    }
}

/// Without η the likelihood is that of the frontier and that of the first stage.
#[test]
fn exogeneity_separates_the_likelihood() {
    let data = simulated(200, 0.3, 1.0, 2);
    let plain = Data { endogenous: None, ..data.clone() };
    let frontier = vec![1.1, 0.5, 0.25, 0.3, 0.7];
    let (delta, variance): ([f64; 4], f64) = ([0.0, 0.3, 0.8, 0.5], 0.5);
    let mut at = frontier.clone();
    at.push(0.0);
    at.extend(delta);
    at.push(variance);
    let joint = sfa(&data, &Sfa { at: Some(at), ..Sfa::default() }).unwrap();
    let alone = sfa(&plain, &Sfa { at: Some(frontier), ..Sfa::default() }).unwrap();
    let (X, Z) = (&data.frontier.X, &data.endogenous.as_ref().unwrap().instruments.X);
    let stage: f64 = (0..200)
        .map(|i| {
            let z = [1.0, X[(i, 2)], Z[(i, 0)], Z[(i, 1)]];
            let e = X[(i, 1)] - (0..4).map(|a| z[a] * delta[a]).sum::<f64>();
            normal(e, variance.sqrt()).ln()
        })
        .sum();
    close(joint.stats.loglik, alone.stats.loglik + stage, 1e-12, "ll");
    efficiencies(&joint).iter().zip(efficiencies(&alone)).for_each(|(a, b)| close(*a, b, 1e-13, "efficiency"));
}

#[test]
fn the_bias_is_there_and_goes() {
    for (sign, frontier) in [(1.0, Frontier::Production), (-1.0, Frontier::Cost)] {
        let data = simulated(2000, 0.3, sign, 3);
        let options = Sfa { frontier, ..Sfa::default() };
        let naive = sfa(&Data { endogenous: None, ..data.clone() }, &options).unwrap();
        let fit = sfa(&data, &options).unwrap();
        let se = |fit: &SfaFit, j: usize| fit.covariance.as_ref().unwrap()[(j, j)].sqrt();
        assert!(naive.coef[1] > 0.5 + 10.0 * se(&naive, 1), "{}", naive.coef[1]);
        let sigma2 = 0.04 + 0.25;
        let truth = [1.0, 0.5, 0.3, sigma2, 0.25 / sigma2, 0.3, 0.0, 0.3, 0.8, 0.5, 0.49];
        for (j, want) in truth.iter().enumerate() {
            let gap = (fit.coef[j] - want).abs();
            assert!(gap < 4.0 * se(&fit, j) && se(&fit, j) < 0.05, "{}: {} {}", fit.names[j], fit.coef[j], se(&fit, j));
        }
        assert!(fit.stats.own["exogeneity_p"] < 1e-10 && fit.notes.is_empty(), "{:?}", fit.notes);
        close(fit.stats.own["sigma_v"], (0.04f64 + 0.09).sqrt(), 0.1, "sigma_v");
        // What is exogenous is not found to be endogenous, and the slopes agree.
        let data = simulated(2000, 0.0, sign, 4);
        let fit = sfa(&data, &options).unwrap();
        let naive = sfa(&Data { endogenous: None, ..data.clone() }, &options).unwrap();
        assert!(fit.stats.own["exogeneity_p"] > 0.01);
        assert!((fit.coef[1] - naive.coef[1]).abs() < 3.0 * se(&fit, 1) && se(&fit, 1) > se(&naive, 1));
    }
}

/// Standard errors know of the first stage: 100 samples.
#[test]
fn standard_errors_are_the_spread_of_the_estimates() {
    let (mut sums, mut squares, mut variances, mut rejected) = ([0.0; 2], [0.0; 2], [0.0; 2], 0.0);
    let replications = 100;
    let mut done = 0.0;
    for seed in 0..replications {
        let data = simulated(300, 0.3, 1.0, 100 + seed);
        let fit = sfa(&data, &Sfa { climbs: Some(1), ..Sfa::default() }).unwrap();
        let V = fit.covariance.as_ref().unwrap();
        for (a, (j, truth)) in [(1, 0.5), (6, 0.3)].into_iter().enumerate() {
            let j = if a == 1 { 5 } else { j };
            let gap = fit.coef[j] - truth;
            sums[a] += gap;
            squares[a] += gap * gap;
            variances[a] += V[(j, j)];
        }
        let none = simulated(300, 0.0, 1.0, 5000 + seed);
        let fit = sfa(&none, &Sfa { climbs: Some(1), ..Sfa::default() }).unwrap();
        rejected += f64::from(u8::from(fit.stats.own["exogeneity_p"] < 0.05));
        done += 1.0;
    }
    for a in 0..2 {
        let (mean, spread) = (sums[a] / done, (squares[a] / done).sqrt());
        assert!(f64::abs(mean) < 4.0 * spread / done.sqrt(), "{a}: {mean} {spread}");
        // The standard deviation of 100 draws is good to 7 %.
        close((variances[a] / done).sqrt(), spread, 0.25, "standard error");
    }
    // 5 % of 100 with a standard deviation of 2.
    assert!(rejected <= 13.0, "{rejected}");
}

#[test]
fn units_of_measurement_do_not_matter() {
    let data = simulated(300, 0.3, 1.0, 5);
    let fit = sfa(&data, &Sfa::default()).unwrap();
    let mut other = data.clone();
    (0..300).for_each(|i| other.frontier.X[(i, 1)] = 1e3 * data.frontier.X[(i, 1)]);
    let Z = &mut other.endogenous.as_mut().unwrap().instruments.X;
    (0..300).for_each(|i| Z[(i, 0)] = 1e-3 * Z[(i, 0)] + 7.0);
    let again = sfa(&other, &Sfa::default()).unwrap();
    close(again.stats.loglik, fit.stats.loglik - 300.0 * 1e3f64.ln(), 1e-9, "ll with its Jacobian");
    close(1e3 * again.coef[1], fit.coef[1], 1e-7, "slope");
    close(again.coef[5], fit.coef[5], 1e-7, "eta");
    close(again.stats.lr, fit.stats.lr, 1e-6, "lr");
    efficiencies(&again).iter().zip(efficiencies(&fit)).for_each(|(a, b)| close(*a, b, 1e-7, "efficiency"));
}

#[test]
fn sandwiches_and_a_variance_that_moves() {
    let data = simulated(400, 0.3, 1.0, 6);
    let fit = sfa(&data, &Sfa::default()).unwrap();
    let design = Design { y: data.y.clone(), rows: (0..400).collect(), ..Design::default() };
    let spread = fit.spread(&data, &Sfa::default(), &Vcov::Hc0, Ssc::default(), &design, 1).unwrap().unwrap();
    let V = fit.covariance.as_ref().unwrap();
    // The model is right, so that the two agree but for sampling.
    for j in 0..fit.coef.len() {
        close(spread.V[(j, j)].sqrt(), V[(j, j)].sqrt(), 0.4, &fit.names[j]);
    }
    let m: Vec<f64> = (0..400).map(|i| data.frontier.X[(i, 2)]).collect();
    let moved = Data { u_variance: Some(Columns::new(400, true, &[("m".into(), m)])), ..data };
    let fit = sfa(&moved, &Sfa::default()).unwrap();
    assert!(fit.stats.lr_df == 2 && fit.gradient <= 1e-9);
    assert!(fit.parameters.iter().filter(|p| p.section == Section::UVariance).count() == 2);
}

// --- refusals -----------------------------------------------------------------------------------------------------

#[test]
fn refusals() {
    let data = simulated(200, 0.3, 1.0, 7);
    let refused = |data: &Data, options: &Sfa| sfa(data, options).unwrap_err().to_string();
    let declared = data.endogenous.clone().unwrap();
    let with = |names: &[&str], instruments: Columns| Data {
        endogenous: Some(Endogenous { names: strings(names), instruments }),
        ..data.clone()
    };
    let all = || declared.instruments.clone();
    let message = refused(&with(&["price"], all()), &Sfa::default());
    assert!(message.contains("`price`") && message.contains("`x`, `m`"), "{message}");
    assert!(refused(&with(&["x", "x"], all()), &Sfa::default()).contains("named twice"));
    let one = Columns { X: Mat::from_fn(200, 1, |i, _| all().X[(i, 0)]), names: strings(&["z1"]) };
    assert!(refused(&with(&["x", "m"], one), &Sfa::default()).contains("not identified"));
    // Instruments that are regressors already, and products of the endogenous one.
    let twice = Columns { names: strings(&["m", "z2"]), ..all() };
    assert!(refused(&with(&["x"], twice), &Sfa::default()).contains("`m` is a regressor"));
    let mut square = data.clone();
    square.frontier.X =
        Mat::from_fn(200, 4, |i, j| if j == 3 { data.frontier.X[(i, 1)].powi(2) } else { data.frontier.X[(i, j)] });
    square.frontier.names.push("I(x^2)".into());
    assert!(refused(&square, &Sfa::default()).contains("`I(x^2)` is made of the endogenous `x`"));
    // A name within a longer name is another variable.
    square.frontier.names[3] = "x_square".into();
    assert!(sfa(&square, &Sfa::default()).is_ok());
    // Missing values in an instrument.
    let mut hole = all();
    hole.X[(17, 1)] = f64::NAN;
    let error = sfa(&with(&["x"], hole), &Sfa::default()).unwrap_err();
    assert!(error.column.as_deref() == Some("z2") && error.rows == [17]);
    // Models and options.
    let truncated = Sfa { distribution: Distribution::TruncatedNormal, ..Sfa::default() };
    assert!(refused(&data, &truncated).contains("half-normal or exponential"));
    let panel =
        Some(Panel { unit: (0..200).map(|i| i / 4).collect(), time: (0..200).map(|i| f64::from(i % 4)).collect() });
    let panel = Data { panel, ..data.clone() };
    for model in [Model::Bc92, Model::Tre, Model::WithinMle, Model::SchmidtSickles] {
        assert!(refused(&panel, &Sfa { model, ..Sfa::default() }).contains("pooled model"), "{model:?}");
    }
    let v_variance = Some(Columns::new(200, true, &[("m".into(), (0..200).map(f64::from).collect())]));
    assert!(refused(&Data { v_variance, ..data.clone() }, &Sfa::default()).contains("`v_variance`"));
    let half = Sfa { endogenous: strings(&["x"]), ..Sfa::default() };
    assert!(refused(&data, &half).contains("go together"));
    // Inefficiency on the wrong side.
    let error = sfa(&data, &Sfa { frontier: Frontier::Cost, ..Sfa::default() }).unwrap_err();
    assert!(error.kind.untrusted() && error.to_string().contains("skewed"), "{error}");
}

#[test]
fn weak_instruments_are_noted() {
    let mut data = simulated(300, 0.3, 1.0, 8);
    let mut draw = Stream::new(9, 0);
    let Z = &mut data.endogenous.as_mut().unwrap().instruments.X;
    (0..300).for_each(|i| (0..2).for_each(|j| Z[(i, j)] = 0.1 * Z[(i, j)] + draw.normal()));
    match sfa(&data, &Sfa::default()) {
        Ok(fit) => assert!(fit.notes.iter().any(|n| n.contains("instruments are weak")), "{:?}", fit.notes),
        Err(error) => assert!(error.kind.untrusted(), "{error}"),
    }
}
