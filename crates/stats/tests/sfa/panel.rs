//! Frontiers whose units keep one draw of inefficiency: hand-made vectors, polished maxima, R frontier, an independent
//! quadrature, identities, refusals.

use plim_golden::{Csv, close, close_printed, json, shared};
use plim_stats::frontier::sfa::{Columns, Data, Distribution, Frontier, Information, Model, Panel, Sfa, SfaFit, sfa};
use plim_stats::math::Mat;
use plim_stats::math::rng::Stream;
use plim_stats::vcov::{Ssc, Vcov};
use plim_stats::{Design, Factor, Kind};
use serde_json::Value;

fn with(y: Vec<f64>, columns: &[(&str, Vec<f64>)], unit: &[f64], time: &[f64]) -> Data {
    let n = y.len();
    let X = Mat::from_fn(n, columns.len() + 1, |i, j| if j == 0 { 1.0 } else { columns[j - 1].1[i] });
    let names = std::iter::once("(Intercept)").chain(columns.iter().map(|c| c.0)).map(String::from).collect();
    let codes = Factor::from_keys("unit", unit.iter().map(|u| u.to_bits())).codes;
    let panel = Some(Panel { unit: codes.iter().map(|&c| c as usize).collect(), time: time.to_vec() });
    Data { panel, ..Data::new(y, X, names) }
}

fn of(model: Model, distribution: Distribution) -> Sfa {
    Sfa { model, distribution, ..Sfa::default() }
}

fn efficiencies(fit: &SfaFit) -> Vec<f64> {
    fit.rows.iter().map(|r| r.efficiency.unwrap()).collect()
}

// --- golden ---------------------------------------------------------------------------------------------------

/// methods.md, TEST 2.1b: Battese and Coelli 1992 at given parameters, the third observation of firm 2 missing.
#[test]
fn bc92_at_given_parameters() {
    let y = vec![1.0, 1.2, 1.1, 0.8, 0.7, 1.9, 1.8, 2.2];
    let x = vec![0.2, 0.4, 0.5, 0.3, 0.1, 1.1, 1.0, 1.4];
    let unit = [1.0, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0, 3.0];
    let data = with(y, &[("x", x)], &unit, &[1.0, 2.0, 3.0, 1.0, 2.0, 1.0, 2.0, 3.0]);
    let at = Some(vec![1.3, 0.6, 0.2, 0.7, 0.1, 0.05]);
    let fit = sfa(&data, &Sfa { at, ..of(Model::Bc92, Distribution::TruncatedNormal) }).unwrap();
    close_printed(&[fit.stats.loglik], &[0.4716470557], 10, "ll");
    let te = [0.67508628, 0.68784328, 0.70023116, 0.55778819, 0.57354419, 0.88207113, 0.88731807, 0.89235374];
    close_printed(&efficiencies(&fit), &te, 8, "TE");
}

fn syn(outcome: &str, unbalanced: bool) -> Option<Data> {
    let csv = Csv::read(&shared("golden/r/data/syn_sfa.csv")?);
    let rows: Vec<usize> = match unbalanced {
        false => (0..csv.num("id").len()).collect(),
        true => {
            let rows = Csv::read(&shared("golden/r/data/syn_sfa_unbal_rows.csv")?);
            rows.num("row").iter().map(|r| *r as usize - 1).collect()
        }
    };
    let column = |name: &str| -> Vec<f64> { rows.iter().map(|&i| csv.num(name)[i]).collect() };
    let columns = [("lk", column("lk")), ("ll", column("ll")), ("tt", column("t"))];
    Some(with(column(outcome), &columns, &column("id"), &column("t")))
}

fn rice() -> Option<Data> {
    let csv = Csv::read(&shared("golden/frontier/riceProdPhil.csv")?);
    let ln = |name: &str| csv.num(name).iter().map(|v| v.ln()).collect::<Vec<_>>();
    let columns = [("log(AREA)", ln("AREA")), ("log(LABOR)", ln("LABOR")), ("log(NPK)", ln("NPK"))];
    Some(with(ln("PROD"), &columns, &csv.num("FMERCODE"), &csv.num("YEARDUM")))
}

fn their_name(name: &str) -> &str {
    match name {
        "sigma2" => "sigmaSq",
        "eta" => "time",
        name => name,
    }
}

/// golden/r/sfa_polished.json: the exact maxima. Its standard errors come from a numerical Hessian and are good to 1e-3.
#[test]
fn bc92_reaches_the_polished_maxima() {
    let Some(path) = shared("golden/r/sfa_polished.json") else { return };
    let Some(data) = syn("y_bc92", false) else { return };
    for (id, distribution) in [("syn_bc92", Distribution::TruncatedNormal), ("syn_bc92_hn", Distribution::HalfNormal)] {
        let want = &json(&path)["cases"][id]["result"];
        let fit = sfa(&data, &of(Model::Bc92, distribution)).unwrap();
        let gap = fit.stats.loglik - want["loglik"].as_f64().unwrap();
        assert!((-1e-8..1e-7).contains(&gap), "{id}: {gap:e}");
        for row in fit.table() {
            let name = their_name(&row.name);
            close(row.estimate, want["coef"][name].as_f64().unwrap(), 1e-6, &format!("{id} {name}"));
            close(row.std_error, want["se_hessian"][name].as_f64().unwrap(), 1e-3, &format!("{id} se {name}"));
        }
        assert_eq!(fit.climbs[1..], [0, 0], "{id}: all climbs end on the maximum");
    }
}

/// golden/r/frontier.json. R frontier stops short of the maximum (golden/r/README.md): coefficients to 2e-4, efficiencies
/// to 1e-4, and ours at least as likely but for its offset of 2.4e-8 per observation.
#[test]
fn r_frontier_comes_close_to_the_same_maximum() {
    let Some(path) = shared("golden/r/frontier.json") else { return };
    let cases = &json(&path)["cases"];
    let (half, truncated) = (Distribution::HalfNormal, Distribution::TruncatedNormal);
    let list = [
        ("rice_ti_hn", rice(), of(Model::PittLee, half)),
        ("rice_ti_tn", rice(), of(Model::Bc88, half)),
        ("rice_bc92_hn", rice(), of(Model::Bc92, half)),
        ("syn_bc92_hn", syn("y_bc92", false), of(Model::Bc92, half)),
        ("syn_unbal_bc92", syn("y_bc92", true), of(Model::Bc92, half)),
    ];
    for (id, data, options) in list {
        let data = data.unwrap();
        let want = &cases[id]["result"];
        let fit = sfa(&data, &options).unwrap();
        let gap = fit.stats.loglik - want["loglik"].as_f64().unwrap();
        assert!(gap > -3e-8 * data.nobs() as f64 && gap < 1e-2, "{id}: {gap:e}");
        for row in fit.table() {
            let name = their_name(&row.name);
            // mu is the flattest direction: it stops where the likelihood is 1e-7 below the maximum.
            let rel = if name == "mu" || id == "rice_ti_tn" { 5e-3 } else { 2e-4 };
            close(row.estimate, want["coef"][name].as_f64().unwrap(), rel, &format!("{id} {name}"));
        }
        let panel = data.panel.as_ref().unwrap();
        let (years, wide) = (want["eff"]["ncol"].as_u64().unwrap() as usize, &want["eff"]["data_by_row"]);
        let first = panel.time.iter().copied().fold(f64::INFINITY, f64::min);
        for (i, ours) in efficiencies(&fit).iter().enumerate() {
            let year = if years == 1 { 0 } else { (panel.time[i] - first) as usize };
            let theirs = wide[panel.unit[i] * years + year].as_f64().unwrap();
            let tolerance = if id == "rice_ti_tn" { 1e-3 } else { 1e-4 };
            assert!((ours - theirs).abs() < tolerance, "{id} efficiency {i}: {ours} {theirs}");
        }
        if truncated == options.distribution {
            assert_eq!(want["lr_test"]["df"], Value::from(fit.stats.lr_df));
        }
    }
}

/// ln ∫ Π φ((e_t + h_t u)/σ_v)/σ_v f(u) du by the trapezoidal rule on ln u: nothing shared with the closed form.
fn by_quadrature(e: &[f64], h: &[f64], sv: f64, su: f64, mu: f64) -> f64 {
    let step = 1.0 / 256.0;
    let prior = |u: f64| (-0.5 * ((u - mu) / su).powi(2)).exp() / su;
    let mass: f64 = (-8000..2000).map(|k| (f64::from(k) * step).exp()).map(|u| prior(u) * u * step).sum();
    let total: f64 = (-8000..2000)
        .map(|k| (f64::from(k) * step).exp())
        .map(|u| {
            let ln: f64 = e.iter().zip(h).map(|(e, h)| -0.5 * ((e + h * u) / sv).powi(2)).sum();
            ln.exp() * prior(u) * u * step
        })
        .sum();
    (total / mass).ln() - e.len() as f64 * (sv * std::f64::consts::TAU.sqrt()).ln()
}

#[test]
fn kumbhakar_likelihood_is_that_of_a_quadrature() {
    let (y, x) = (vec![0.8, 0.7, 1.9, 1.8, 2.2, 1.0], vec![0.3, 0.1, 1.1, 1.0, 1.4, 0.2]);
    let (unit, time) = ([1.0, 1.0, 2.0, 2.0, 2.0, 3.0], [2001.0, 2002.0, 2001.0, 2002.0, 2004.0, 2003.0]);
    let data = with(y.clone(), &[("x", x.clone())], &unit, &time);
    let (sigma2, gamma, mu, b, c) = (0.2f64, 0.7f64, 0.3, -0.4, 0.1);
    for (distribution, mu) in [(Distribution::HalfNormal, None), (Distribution::TruncatedNormal, Some(mu))] {
        let at = [1.3, 0.6, sigma2, gamma].into_iter().chain(mu).chain([b, c]).collect();
        let fit = sfa(&data, &Sfa { at: Some(at), ..of(Model::Kumbhakar90, distribution) }).unwrap();
        let (sv, su) = ((sigma2 * (1.0 - gamma)).sqrt(), (sigma2 * gamma).sqrt());
        let h = |t: f64| 1.0 / (1.0 + (b * (t - 2000.0) + c * (t - 2000.0).powi(2)).exp());
        let ln = |rows: std::ops::Range<usize>| {
            let e: Vec<f64> = rows.clone().map(|i| y[i] - 1.3 - 0.6 * x[i]).collect();
            by_quadrature(&e, &rows.map(|i| h(time[i])).collect::<Vec<_>>(), sv, su, mu.unwrap_or(0.0))
        };
        close(fit.stats.loglik, ln(0..2) + ln(2..5) + ln(5..6), 1e-10, "ll");
    }
}

/// Demeaned rows have the density of the first differences, times √T for each unit: integrate the fixed effect out of
/// the joint density with a flat prior, which is ∫ Π f(e_t - a) da.
#[test]
fn wang_ho_likelihood_is_that_of_a_quadrature() {
    let y = vec![0.8, 0.7, 1.1, 1.9, 1.8, 2.2];
    let (x, z) = (vec![0.3, 0.1, 0.4, 1.1, 1.0, 1.4], vec![0.5, -0.3, 0.2, 0.1, 0.9, -0.6]);
    let mut data = with(y.clone(), &[("x", x.clone())], &[1.0, 1.0, 1.0, 2.0, 2.0, 2.0], &[1., 2., 3., 1., 2., 3.]);
    data.determinants = Some(Columns::new(6, false, &[("z".into(), z.clone())]));
    let (sigma2, gamma, delta) = (0.2f64, 0.7f64, 0.4);
    let at = Some(vec![0.6, sigma2, gamma, delta]);
    let fit = sfa(&data, &Sfa { at, ..of(Model::WangHo, Distribution::HalfNormal) }).unwrap();
    let (sv, su) = ((sigma2 * (1.0 - gamma)).sqrt(), (sigma2 * gamma).sqrt());
    let ln = |rows: std::ops::Range<usize>| {
        let h: Vec<f64> = rows.clone().map(|i| (delta * z[i]).exp()).collect();
        let step = 0.02;
        let density = |a: f64| {
            let e: Vec<f64> = rows.clone().map(|i| y[i] - 0.6 * x[i] - a).collect();
            by_quadrature(&e, &h, sv, su, 0.0).exp()
        };
        // Unit Jacobian of (e, mean): the demeaned density is that of an orthonormal basis, hence √T.
        ((-150..300).map(|k| density(f64::from(k) * step) * step).sum::<f64>() * 3.0f64.sqrt()).ln()
    };
    close(fit.stats.loglik, ln(0..3) + ln(3..6), 1e-9, "ll");
}

// --- identities -----------------------------------------------------------------------------------------------

/// A panel of `units` × `years` with persistent inefficiency that decays at the rate `eta`.
fn simulated(units: usize, years: usize, eta: f64, sign: f64) -> Data {
    let mut draw = Stream::new(5, 1);
    let n = units * years;
    let unit: Vec<f64> = (0..n).map(|i| (i / years) as f64).collect();
    let time: Vec<f64> = (0..n).map(|i| (i % years) as f64).collect();
    let u: Vec<f64> = (0..units).map(|_| (0.5 * draw.normal()).abs()).collect();
    let (a, b): (Vec<f64>, Vec<f64>) = (0..n).map(|_| (draw.normal(), 3.0 + draw.normal())).unzip();
    let y = (0..n)
        .map(|i| {
            let h = (-eta * (time[i] - (years - 1) as f64)).exp();
            1.0 + 0.4 * a[i] + 0.5 * b[i] + 0.2 * draw.normal() - sign * h * u[i / years]
        })
        .collect();
    with(y, &[("a", a), ("b", b)], &unit, &time)
}

#[test]
fn one_row_a_unit_is_the_pooled_model() {
    let mut data = simulated(150, 1, 0.0, 1.0);
    let panel = sfa(&data, &of(Model::PittLee, Distribution::HalfNormal)).unwrap();
    data.panel = None;
    let pooled = sfa(&data, &Sfa::default()).unwrap();
    close(panel.stats.loglik, pooled.stats.loglik, 1e-12, "ll");
    for (a, b) in panel.coef.iter().zip(&pooled.coef) {
        close(*a, *b, 1e-8, "coefficient");
    }
}

#[test]
fn gradients_of_the_units_add_up_to_zero_and_models_nest() {
    let data = simulated(60, 5, 0.1, 1.0);
    let half = Distribution::HalfNormal;
    let fits = [Model::PittLee, Model::Bc92, Model::Kumbhakar90].map(|model| sfa(&data, &of(model, half)).unwrap());
    assert!(fits.iter().all(|f| f.gradient <= 1e-9));
    assert!(fits[1].stats.loglik >= fits[0].stats.loglik, "eta = 0 is pitt_lee");
    let [_, bc92, _] = &fits;
    assert!((bc92.stats.own["eta"] - 0.1).abs() < 0.05);
    // No decay: bc92 at eta = 0 is pitt_lee.
    let mut at = fits[0].coef.clone();
    at.push(0.0);
    let nested = sfa(&data, &Sfa { at: Some(at), ..of(Model::Bc92, half) }).unwrap();
    close(nested.stats.loglik, fits[0].stats.loglik, 1e-12, "ll");
}

#[test]
fn wang_ho_does_not_see_fixed_effects() {
    let mut data = simulated(60, 6, 0.0, 1.0);
    let mut draw = Stream::new(9, 2);
    let z: Vec<f64> = (0..data.nobs()).map(|_| draw.normal()).collect();
    for (i, z) in z.iter().enumerate() {
        // Inefficiency scaled by exp(0.5 z), the first sixty draws again.
        data.y[i] -= (0.5 * z).exp() * 0.4 * (1.0 + (i / 6 % 7) as f64 / 3.0);
    }
    data.determinants = Some(Columns::new(data.nobs(), false, &[("z".into(), z)]));
    let options = of(Model::WangHo, Distribution::HalfNormal);
    let plain = sfa(&data, &options).unwrap();
    assert_eq!(plain.names, ["a", "b", "sigma2", "gamma", "z"]);
    assert!(plain.gradient <= 1e-9);
    let units = data.panel.as_ref().unwrap().unit.clone();
    units.iter().enumerate().for_each(|(i, &u)| data.y[i] += (u * u) as f64 / 10.0);
    let shifted = sfa(&data, &options).unwrap();
    for (a, b) in shifted.coef.iter().zip(&plain.coef) {
        close(*a, *b, 1e-6, "coefficient");
    }
}

#[test]
fn cost_is_production_in_the_mirror_and_order_does_not_matter() {
    let data = simulated(60, 5, 0.1, -1.0);
    let options = Sfa { frontier: Frontier::Cost, ..of(Model::Bc92, Distribution::HalfNormal) };
    let cost = sfa(&data, &options).unwrap();
    let mut mirror = data.clone();
    mirror.y.iter_mut().for_each(|y| *y = -*y);
    let X = &data.frontier.X;
    mirror.frontier.X = Mat::from_fn(X.nrows(), X.ncols(), |i, j| if j == 0 { 1.0 } else { -X[(i, j)] });
    let production = sfa(&mirror, &of(Model::Bc92, Distribution::HalfNormal)).unwrap();
    close(cost.stats.loglik, production.stats.loglik, 1e-11, "ll");
    close(cost.coef[1], production.coef[1], 1e-8, "slope");
    // Rows in another order.
    let mut order: Vec<usize> = (0..data.nobs()).collect();
    Stream::new(1, 1).shuffle(&mut order);
    let panel = data.panel.as_ref().unwrap();
    let mut shuffled = data.clone();
    shuffled.y = order.iter().map(|&i| data.y[i]).collect();
    shuffled.frontier.X = Mat::from_fn(X.nrows(), X.ncols(), |i, j| X[(order[i], j)]);
    shuffled.panel = Some(Panel {
        unit: order.iter().map(|&i| panel.unit[i]).collect(),
        time: order.iter().map(|&i| panel.time[i]).collect(),
    });
    let again = sfa(&shuffled, &options).unwrap();
    close(again.stats.loglik, cost.stats.loglik, 1e-11, "ll");
    for (at, &i) in order.iter().enumerate() {
        close(again.rows[at].efficiency.unwrap(), cost.rows[i].efficiency.unwrap(), 1e-7, "efficiency");
    }
}

/// With g the gradients of the units, B the inverse Hessian: clustered by unit B Σgg' B, and (Σgg')⁻¹ from gradients.
#[test]
fn a_sandwich_takes_units_whole() {
    let data = simulated(60, 5, 0.1, 1.0);
    let options = of(Model::Bc92, Distribution::HalfNormal);
    let fit = sfa(&data, &options).unwrap();
    let opg = sfa(&data, &Sfa { information: Information::Opg, ..options.clone() }).unwrap();
    let panel = data.panel.as_ref().unwrap();
    let factor = |name: &str, keys: Vec<usize>| Factor::from_keys(name, keys);
    let year = panel.time.iter().map(|t| *t as usize).collect();
    let design = Design {
        y: data.y.clone(),
        X: data.frontier.X.clone(),
        names: data.frontier.names.clone(),
        rows: (0..data.nobs()).collect(),
        cluster: vec![factor("unit", panel.unit.clone()), factor("year", year)],
        ..Design::default()
    };
    let spread = |options: &Sfa, how: Vcov| fit.spread(&data, options, &how, Ssc::None, &design, 1);
    let clustered = |name: &str| Vcov::Cluster(vec![name.to_string()]);
    let V = spread(&options, clustered("unit")).unwrap().unwrap().V;
    // V = B M B and W = M⁻¹ give V B⁻¹ W = B, without inverting anything.
    let (B, W) = (fit.covariance.as_ref().unwrap(), opg.covariance.as_ref().unwrap());
    let inverse = plim_stats::math::linalg::spd_inverse(B, "B").unwrap();
    let back = &V * &inverse * W;
    for i in 0..B.nrows() {
        for j in 0..B.ncols() {
            let size = (B[(i, i)] * B[(j, j)]).sqrt();
            assert!((back[(i, j)] - B[(i, j)]).abs() < 1e-8 * size, "{i} {j}: {} {}", back[(i, j)], B[(i, j)]);
        }
    }
    let refused = |options: &Sfa, how: Vcov| spread(options, how).map(|_| ()).unwrap_err().to_string();
    assert!(refused(&options, Vcov::Hc1).contains("takes rows apart"));
    assert!(refused(&options, clustered("year")).contains("changes within a unit"));
    assert!(
        refused(&Sfa { information: Information::Opg, ..options.clone() }, clustered("unit")).contains("information")
    );
}

// --- refusals -------------------------------------------------------------------------------------------------

#[test]
fn requests_without_meaning_are_refused() {
    let half = Distribution::HalfNormal;
    let data = simulated(40, 3, 0.0, 1.0);
    let refused = |data: &Data, options: &Sfa| sfa(data, options).unwrap_err().to_string();
    let without = Data { panel: None, ..data.clone() };
    assert!(refused(&without, &of(Model::Bc92, half)).contains("unit"));
    let mut twice = data.clone();
    twice.panel.as_mut().unwrap().time[1] = 0.0;
    assert!(refused(&twice, &of(Model::PittLee, half)).contains("twice"));
    let one_year = simulated(40, 1, 0.0, 1.0);
    assert!(refused(&one_year, &of(Model::Bc92, half)).contains("one time"));
    assert!(refused(&data, &of(Model::WangHo, half)).contains("determinants"));
    let mut scaled = one_year.clone();
    scaled.determinants = Some(Columns::new(40, false, &[("z".into(), one_year.y.clone())]));
    assert!(refused(&scaled, &of(Model::WangHo, half)).contains("one row"));
    let mut bare = data.clone();
    bare.frontier = Columns::new(120, true, &[]);
    bare.determinants = Some(Columns::new(120, false, &[("z".into(), data.y.clone())]));
    assert!(refused(&bare, &of(Model::WangHo, half)).contains("without regressors"));
    let mut constant = data.clone();
    constant.determinants = Some(Columns::new(120, false, &[("z".into(), (0..120).map(|i| (i / 3) as f64).collect())]));
    assert!(refused(&constant, &of(Model::WangHo, half)).contains("vary"));
    assert!(refused(&constant, &of(Model::Bc92, half)).contains("determinants"));
    assert!(refused(&data, &of(Model::Bc92, Distribution::Exponential)).contains("half"));
    let alone = Sfa { determinants_constant: false, ..Sfa::default() };
    assert!(refused(&data, &alone).contains("determinants_constant"));
}

/// Noise that cancels within each unit: no unit is better than another.
#[test]
fn no_inefficiency_is_refused() {
    let mut data = simulated(80, 4, 0.0, 1.0);
    for (i, y) in data.y.iter_mut().enumerate() {
        let size = 0.1 + (i / 4 % 5) as f64 / 20.0;
        *y = 1.0 + data.frontier.X[(i, 1)] + size * [1.0, -1.0, -1.0, 1.0][i % 4];
    }
    let error = sfa(&data, &of(Model::PittLee, Distribution::HalfNormal)).map(|f| f.coef).unwrap_err();
    assert!(matches!(error.kind, Kind::Untrusted { .. }), "{error}");
}
