//! Sample selection: an independent maximization, recovery, the models it contains, refusals.

use plim_golden::{Csv, close, shared};
use plim_stats::frontier::sfa::{Columns, Data, Distribution, Frontier, Model, Section, Selection, Sfa, SfaFit, sfa};
use plim_stats::math::Mat;
use plim_stats::math::normal::ln_cdf;
use plim_stats::math::rng::Stream;
use std::f64::consts::TAU;

fn of() -> Sfa {
    Sfa { model: Model::Selection, ..Sfa::default() }
}

/// y = 1 + 0.5 x + v - S u seen where 0.4 + z + w > 0; v and w have the correlation `rho`.
fn simulated(n: usize, rho: f64, sign: f64) -> Data {
    let mut draw = Stream::new(17, 0);
    let (mut x, mut z, mut y, mut selected) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..n {
        let (xi, zi, w) = (draw.normal(), draw.normal(), draw.normal());
        let v = 0.3 * (rho * w + (1.0 - rho * rho).sqrt() * draw.normal());
        y.push(1.0 + 0.5 * xi + v - sign * (0.6 * draw.normal()).abs());
        selected.push(f64::from(u8::from(0.4 + zi + w > 0.0)));
        x.push(xi);
        z.push(zi);
    }
    let X = Mat::from_fn(n, 2, |i, j| if j == 0 { 1.0 } else { x[i] });
    let columns = Columns::new(n, true, &[("z".into(), z)]);
    let data = Data::new(y, X, vec!["(Intercept)".into(), "x".into()]);
    Data { selection: Some(Selection { selected, columns }), ..data }
}

fn seen(data: &Data) -> Vec<bool> {
    data.selection.as_ref().unwrap().selected.iter().map(|s| *s == 1.0).collect()
}

/// Greene's integral over |U| of each row by the trapezoidal rule.
#[test]
fn likelihood_at_given_parameters_is_greenes_integral() {
    for (sign, frontier) in [(1.0, Frontier::Production), (-1.0, Frontier::Cost)] {
        let data = simulated(30, 0.6, sign);
        let (v, u, rho) = (0.1, 0.3, 0.55f64);
        let natural = vec![0.9, 0.6, v + u, u / (v + u), 0.2, 1.1, rho];
        let fit = sfa(&data, &Sfa { frontier, at: Some(natural), ..of() }).unwrap();
        assert_eq!(fit.names[4..], ["(Intercept)", "z", "rho"]);
        assert_eq!(fit.parameters[4].section, Section::Selection);
        let z = &data.selection.as_ref().unwrap().columns.X;
        let mut want = 0.0;
        for (i, seen) in seen(&data).into_iter().enumerate() {
            let zeta = 0.2 + 1.1 * z[(i, 1)];
            if !seen {
                want += ln_cdf(-zeta);
                assert!(fit.rows[i].efficiency.is_none());
                continue;
            }
            // Twice the normal density of U: half of it from minus to plus infinity over |U|.
            let h = 1e-3;
            let residual = data.y[i] - 0.9 - 0.6 * data.frontier.X[(i, 1)];
            let part = |k: i32| {
                let U = f64::from(k) * h;
                let v_i = residual + sign * u.sqrt() * U.abs();
                let seen = ln_cdf((rho * v_i / v.sqrt() + zeta) / (1.0 - rho * rho).sqrt());
                (-0.5 * v_i * v_i / v - 0.5 * U * U + seen).exp() * h / (TAU * v.sqrt())
            };
            want += (-9000..=9000).map(part).sum::<f64>().ln();
        }
        // The kink of |U| at zero costs h² times the slope there.
        close(fit.stats.loglik, want, 1e-6, "ll");
    }
}

/// The rice farms seen where `rule` of a column holds, and what moves that.
fn rice(column: &str, rule: fn(f64) -> bool, moves: &[&str]) -> Option<Data> {
    let csv = Csv::read(&shared("golden/frontier/riceProdPhil.csv")?);
    let ln = |name: &str| csv.num(name).iter().map(|v| v.ln()).collect::<Vec<f64>>();
    let [y, area, labor, npk] = ["PROD", "AREA", "LABOR", "NPK"].map(ln);
    let n = y.len();
    let X = Mat::from_fn(n, 4, |i, j| if j == 0 { 1.0 } else { [&area, &labor, &npk][j - 1][i] });
    let z: Vec<_> = moves.iter().map(|name| (name.to_string(), csv.num(name))).collect();
    let selected = csv.num(column).iter().map(|v| f64::from(u8::from(rule(*v)))).collect();
    let data = Data::new(y, X, ["(Intercept)", "lA", "lL", "lN"].map(String::from).to_vec());
    Some(Data { selection: Some(Selection { selected, columns: Columns::new(n, true, &z) }), ..data })
}

/// Maxima found by scipy 1.x (BFGS and Nelder-Mead in turn from three starts) of Greene's likelihood, the integral over
/// |U| by Gauss and Legendre with 200 nodes on [0, 9.5]: ln L, frontier, σ², γ, probit, ρ.
#[test]
fn agrees_with_an_independent_maximization() {
    let cases = [
        (
            rice("EDYRS", |v| v > 6.0, &["AGE", "HHSIZE"]),
            -207.57629363690748,
            [
                -0.6695309958,
                0.3810271607,
                0.2203628524,
                0.3215881605,
                0.2344776292,
                0.8364528962,
                1.2254338560,
                -0.0489190722,
                0.1131823808,
                -0.6475273869,
            ],
        ),
        (
            rice("AGE", |v| v > 45.0, &["HHSIZE", "EDYRS"]),
            -250.57515083179135,
            [
                -1.4247084890,
                0.2593393696,
                0.4687085174,
                0.2422460119,
                0.2322146563,
                0.9334010784,
                1.1261984146,
                0.0446941578,
                -0.1327468715,
                -0.6001023665,
            ],
        ),
    ];
    for (data, loglik, coef) in cases {
        let Some(data) = data else { return };
        let fit = sfa(&data, &of()).unwrap();
        close(fit.stats.loglik, loglik, 1e-12, "ll");
        // scipy stops within 1e-7 of the parameters.
        fit.coef.iter().zip(coef).zip(&fit.names).for_each(|((got, want), name)| close(*got, want, 1e-6, name));
        assert!(fit.stats.own["lr_selection"] >= 0.0 && fit.gradient <= 1e-9);
    }
}

/// Rows with more than half of their land banked: with ln AREA in the probit as well scipy runs to rho = 1 too.
#[test]
fn a_correlation_at_its_border_is_told() {
    let Some(data) = rice("BANRAT", |v| v > 0.5, &["AGE", "EDYRS"]) else { return };
    let error = sfa(&data, &of()).map(|f| f.coef).unwrap_err();
    assert!(error.kind.untrusted() && error.to_string().contains("rho is at its border"), "{error}");
}

#[test]
fn parameters_are_found_and_the_frontier_alone_is_off() {
    let data = simulated(2000, 0.8, 1.0);
    let fit = sfa(&data, &Sfa { climbs: Some(1), ..of() }).unwrap();
    let table = fit.table();
    let sigma2 = 0.09 + 0.36;
    for (j, want) in [1.0, 0.5, sigma2, 0.36 / sigma2, 0.4, 1.0, 0.8].into_iter().enumerate() {
        let (got, se) = (table[j].estimate, table[j].std_error);
        assert!((got - want).abs() < 4.0 * se && se < 0.25, "{}: {got} {want} {se}", table[j].name);
    }
    assert!(fit.stats.own["lr_selection_p_value"] < 0.01 && fit.gradient <= 1e-9);
    let scored = fit.rows.iter().filter(|r| r.efficiency.is_some()).count();
    assert_eq!(scored as f64, fit.stats.own["selected"]);
    // At its own estimates.
    let again = sfa(&data, &Sfa { at: Some(fit.coef.clone()), ..of() }).unwrap();
    close(again.stats.loglik, fit.stats.loglik, 1e-12, "ll at the estimates");
    // What stands in rows that are not seen does not matter.
    let mut other = data.clone();
    for (i, seen) in seen(&data).into_iter().enumerate() {
        if !seen {
            other.y[i] = 1e6;
            other.frontier.X[(i, 1)] = -1e3;
        }
    }
    let same = sfa(&other, &Sfa { climbs: Some(1), ..of() }).unwrap();
    same.coef.iter().zip(&fit.coef).for_each(|(a, b)| close(*a, *b, 1e-9, "coefficient"));
}

#[test]
fn without_correlation_it_is_a_frontier_beside_a_probit() {
    let data = simulated(300, 0.0, 1.0);
    let rows: Vec<usize> = (0..300).filter(|&i| seen(&data)[i]).collect();
    let part = Data::new(
        rows.iter().map(|&i| data.y[i]).collect(),
        Mat::from_fn(rows.len(), 2, |i, j| data.frontier.X[(rows[i], j)]),
        data.frontier.names.clone(),
    );
    let natural = vec![1.0, 0.4, 0.5, 0.7];
    let alone = sfa(&part, &Sfa { at: Some(natural.clone()), ..Sfa::default() }).unwrap();
    let fit = sfa(&data, &Sfa { at: Some([&natural[..], &[0.3, 0.8, 0.0]].concat()), ..of() }).unwrap();
    let z = &data.selection.as_ref().unwrap().columns.X;
    let probit: f64 = (0..300).map(|i| ln_cdf((0.3 + 0.8 * z[(i, 1)]) * if seen(&data)[i] { 1.0 } else { -1.0 })).sum();
    close(fit.stats.loglik, alone.stats.loglik + probit, 1e-12, "ll");
    for (&i, row) in rows.iter().zip(&alone.rows) {
        close(fit.rows[i].efficiency.unwrap(), row.efficiency.unwrap(), 1e-11, "efficiency");
    }
    close(fit.stats.skewness, alone.stats.skewness, 1e-11, "skewness of the rows that are seen");
    close(fit.stats.m3t, alone.stats.m3t, 1e-11, "its test");
}

#[test]
fn what_has_no_meaning_is_refused() {
    let data = simulated(60, 0.5, 1.0);
    let error = |data: &Data, options: Sfa| -> String {
        let fit: plim_stats::Result<SfaFit> = sfa(data, &options);
        fit.map(|f| f.coef).unwrap_err().to_string()
    };
    let with = |selected: Vec<f64>| -> Data {
        let columns = data.selection.as_ref().unwrap().columns.clone();
        Data { selection: Some(Selection { selected, columns }), ..data.clone() }
    };
    assert!(error(&with(vec![1.0; 60]), of()).contains("every row is selected"));
    assert!(error(&with(vec![0.0; 60]), of()).contains("no row is selected"));
    assert!(error(&with(vec![0.5; 60]), of()).contains("neither 0 nor 1"));
    assert!(error(&Data { selection: None, ..data.clone() }, of()).contains("set `selected` and `selection`"));
    assert!(error(&data, Sfa::default()).contains("model = \"selection\""));
    assert!(error(&data, Sfa { distribution: Distribution::Exponential, ..of() }).contains("half-normal"));
    // Selection by z alone: a probit without a maximum.
    let z = &data.selection.as_ref().unwrap().columns.X;
    let sharp = (0..60).map(|i| f64::from(u8::from(z[(i, 1)] > 0.0))).collect();
    let message = error(&with(sharp), of());
    assert!(message.contains("predict selection without error"), "{message}");
    let at = Sfa { at: Some(vec![1.0, 0.5, 0.5, 0.5, 0.0, 1.0, 1.0]), ..of() };
    assert!(error(&data, at).contains("rho = 1"));
}
