//! Koenker and Bassett: quantreg's numbers, the subgradient, equivariance.

use crate::data::{Data, panel48};
use plim_golden::{Csv, close, shared};
use plim_stats::linear::Ols;
use plim_stats::math::{Mat, rng::Stream};
use plim_stats::quantile::simplex::check_function;
use plim_stats::quantile::{Density, Quantile, QuantileFit, quantile};
use plim_stats::vcov::{Ssc, Vcov};
use plim_stats::{Design, Factor, Fit};
use serde_json::Value;

fn fit(design: &Design, tau: f64, se: Option<Density>) -> QuantileFit {
    quantile(design, &Quantile { tau: vec![tau], se }, &Ols::default(), &Vcov::Hc1).unwrap().remove(0)
}

fn errors(fit: &QuantileFit, design: &Design, how: Vcov) -> Vec<f64> {
    let spread = fit.covariance(&how, Ssc::default(), design).unwrap();
    (0..fit.coef().len()).map(|j| spread.V[(j, j)].sqrt()).collect()
}

fn agree(got: &[f64], want: &Value, tolerance: f64, what: &str) {
    let want: Vec<f64> = want.as_object().unwrap().values().map(|v| v.as_f64().unwrap()).collect();
    assert_eq!(got.len(), want.len(), "{what}");
    for (j, (g, w)) in got.iter().zip(&want).enumerate() {
        close(*g, *w, tolerance, &format!("{what} [{j}]"));
    }
}

fn objective(design: &Design, b: &[f64], tau: f64) -> f64 {
    let fitted = |i: usize| (0..b.len()).map(|j| design.X[(i, j)] * b[j]).sum::<f64>();
    (0..design.nobs()).map(|i| check_function(design.y[i] - fitted(i), tau)).sum()
}

/// quantreg's `summary.rq` on Engel's data: coefficients, objective, three standard errors, five quantiles.
#[test]
fn engel_agrees_with_quantreg() {
    let Some(file) = shared("golden/r/misc.json") else { return };
    let golden = plim_golden::json(&file);
    let data = Data::from_csv(&Csv::read(&file.parent().unwrap().join("package_data/quantreg_engel.csv")));
    let design = data.design("foodexp", &["income"], &[], &[], None);
    for tau in [0.05, 0.25, 0.5, 0.75, 0.9] {
        let want = &golden["cases"][format!("engel_rq_{tau}").as_str()]["result"];
        for (se, name) in [(Density::Iid, "iid"), (Density::Nid, "nid"), (Density::Kernel, "ker")] {
            let fit = fit(&design, tau, Some(se));
            agree(fit.coef(), &want["coef"], 1e-8, &format!("engel {tau}"));
            close(fit.objective, want["objective"].as_f64().unwrap(), 1e-12, "objective");
            agree(&errors(&fit, &design, Vcov::Hc1), &want[name]["se"], 1e-8, &format!("engel {tau} {name}"));
        }
    }
}

/// `rq(resil ~ de + fdi + open + factor(year))` on 3,179 rows, with dummies and with the years as an effect.
#[test]
fn cities_agree_with_quantreg() {
    let Some(file) = shared("golden/r/misc.json") else { return };
    let golden = plim_golden::json(&file);
    let mut data = Data::from_csv(&Csv::read(&file.parent().unwrap().join("data/syn_city.csv")));
    let year = data.get("year");
    let names: Vec<String> = (2012..=2021).map(|t| format!("year{t}")).collect();
    for (name, t) in names.iter().zip(2012..) {
        data.set(name, year.iter().map(|y| f64::from(u8::from(*y == f64::from(t)))).collect());
    }
    let x: Vec<&str> = ["de", "fdi", "open"].into_iter().chain(names.iter().map(String::as_str)).collect();
    let dummies = data.design("resil", &x, &[], &[], None);
    let effects = data.design("resil", &["de", "fdi", "open"], &["year"], &[], None);
    for tau in [0.25, 0.5, 0.75] {
        let want = &golden["cases"]["city_rq"]["result"][format!("tau{tau}").as_str()];
        for se in [Density::Iid, Density::Nid] {
            let own = fit(&dummies, tau, Some(se));
            let theirs: Vec<f64> = want["coef"].as_object().unwrap().values().map(|v| v.as_f64().unwrap()).collect();
            close(objective(&dummies, &theirs, tau), own.objective, 1e-13, "objective at quantreg's coefficients");
            // Some year effects are free within an interval at each of these τ (289 cities a year, 11 dummies; R says
            // "Solution may be nonunique"). quantreg ends at some vertex of that set, we at its lowest.
            assert!(!own.unique);
            let spread = errors(&own, &dummies, Vcov::Hc1);
            for j in 0..4 {
                close(own.coef()[j], theirs[j], 1e-8, &format!("city {tau} [{j}]"));
            }
            for j in 4..theirs.len() {
                assert!(own.coef()[j] <= theirs[j] + 1e-9, "[{j}] is the lowest of the solutions");
            }
            // `nid` is made of the fits at τ ± h, which are unique.
            if se == Density::Nid {
                agree(&spread, &want["nid_se"], 1e-8, &format!("city {tau} nid"));
            }
            let absorbed = fit(&effects, tau, Some(se));
            for j in 0..3 {
                close(absorbed.coef()[j], own.coef()[j + 1], 1e-9, "effects are dummies");
                let (a, b) = (errors(&absorbed, &effects, Vcov::Hc1)[j], spread[j + 1]);
                close(a, b, 1e-9, "errors with effects are those with dummies");
            }
        }
    }
}

fn panel() -> Design {
    panel48().design("y", &["x", "w"], &[], &["i"], None)
}

/// The condition that Koenker and Bassett state: Σ ψ(rᵢ) xᵢ over the observations not fitted exactly is -Σ a_h x_h with
/// every a_h in [τ - 1, τ]. It is checked from residuals and regressors alone.
#[test]
fn the_subgradient_contains_zero() {
    let design = panel();
    for tau in [0.1, 0.3, 0.5, 0.77] {
        let fit = fit(&design, tau, Some(Density::Kernel));
        let k = fit.coef().len();
        let zero: Vec<usize> = (0..48).filter(|&i| fit.residuals[i].abs() < 1e-12).collect();
        assert_eq!(zero.len(), k, "no ties in these data");
        let g = Mat::from_fn(k, 1, |j, _| {
            let psi = |r: f64| tau - f64::from(u8::from(r < 0.0));
            -(0..48).filter(|i| !zero.contains(i)).map(|i| psi(fit.residuals[i]) * design.X[(i, j)]).sum::<f64>()
        });
        let Xh = Mat::from_fn(k, k, |a, b| design.X[(zero[b], a)]);
        // Cramer's rule on 3 × 3.
        let det = |M: &Mat<f64>| M.determinant();
        for c in 0..k {
            let replaced = Mat::from_fn(k, k, |a, b| if b == c { g[(a, 0)] } else { Xh[(a, b)] });
            let a = det(&replaced) / det(&Xh);
            assert!(a > tau - 1.0 - 1e-9 && a < tau + 1e-9, "multiplier {a} at tau {tau}");
        }
    }
}

#[test]
fn it_is_equivariant() {
    let design = panel();
    let base = fit(&design, 0.3, Some(Density::Nid));
    let se = errors(&base, &design, Vcov::Hc1);
    // Scale: 7y has 7β and 7 times the errors.
    let scaled = Design { y: design.y.iter().map(|y| 7.0 * y).collect(), ..design.clone() };
    // Regression: y + X(1, 2, -3) has β + (1, 2, -3).
    let by = [1.0, 2.0, -3.0];
    let moved = Design {
        y: (0..48).map(|i| design.y[i] + (0..3).map(|j| by[j] * design.X[(i, j)]).sum::<f64>()).collect(),
        ..design.clone()
    };
    // Sign: the τ-quantile of -y is minus the (1 - τ)-quantile of y.
    let turned = Design { y: design.y.iter().map(|y| -y).collect(), ..design.clone() };
    // A large mean of the outcome costs the digits of its rounding, 1e6 ε, and no more.
    let far = fit(&Design { y: design.y.iter().map(|y| y + 1e6).collect(), ..design.clone() }, 0.3, Some(Density::Nid));
    close(far.coef()[1], base.coef()[1], 1e-8, "a large mean");
    // Units of a regressor.
    let units = Design { X: Mat::from_fn(48, 3, |i, j| design.X[(i, j)] * [1.0, 1e6, 1.0][j]), ..design.clone() };
    let (scaled, moved_fit) = (fit(&scaled, 0.3, Some(Density::Nid)), fit(&moved, 0.3, Some(Density::Nid)));
    let (turned, units_fit) = (fit(&turned, 0.7, Some(Density::Nid)), fit(&units, 0.3, Some(Density::Nid)));
    for j in 0..3 {
        close(scaled.coef()[j], 7.0 * base.coef()[j], 1e-12, "scale");
        close(moved_fit.coef()[j], base.coef()[j] + by[j], 1e-11, "regression");
        close(turned.coef()[j], -base.coef()[j], 1e-12, "sign");
        close(units_fit.coef()[j] * [1.0, 1e6, 1.0][j], base.coef()[j], 1e-11, "units");
        close(errors(&units_fit, &units, Vcov::Hc1)[j] * [1.0, 1e6, 1.0][j], se[j], 1e-9, "errors in units");
        close(errors(&moved_fit, &moved, Vcov::Hc1)[j], se[j], 1e-9, "errors after a shift");
    }
}

/// Observations in another order give the same estimates; the weight 2 counts as the row twice.
#[test]
fn rows_may_be_permuted_and_repeated() {
    let design = panel();
    let base = fit(&design, 0.4, None);
    let order: Vec<usize> = (0..48).map(|i| (i * 31 + 7) % 48).collect();
    let other = fit(&design.at(&order), 0.4, None);
    let w: Vec<f64> = (0..48).map(|i| if i % 3 == 0 { 2.0 } else { 1.0 }).collect();
    let weighted = fit(&Design { w: Some(w), ..design.clone() }, 0.4, None);
    let twice: Vec<usize> = (0..48).chain((0..48).step_by(3)).collect();
    let repeated = fit(&design.at(&twice), 0.4, None);
    for j in 0..3 {
        close(other.coef()[j], base.coef()[j], 1e-12, "permuted");
        close(weighted.coef()[j], repeated.coef()[j], 1e-12, "weights");
    }
    close(weighted.objective, repeated.objective, 1e-12, "objective");
}

/// The intercept alone is the order statistic that the inverse of the empirical distribution gives, ties included.
#[test]
fn a_constant_is_the_sample_quantile() {
    let y: Vec<f64> = (0..101).map(|i| f64::from((i * 37) % 101 / 4)).collect();
    let mut data = Data::default();
    data.set("y", y.clone());
    let design = data.design("y", &[], &[], &[], None);
    let mut sorted = y;
    sorted.sort_by(f64::total_cmp);
    for tau in [0.05, 0.25, 0.5, 0.9] {
        let at = (101.0f64 * tau).ceil() as usize - 1;
        let options = Quantile { tau: vec![tau], se: Some(Density::Kernel) };
        assert_eq!(quantile(&design, &options, &Ols::default(), &Vcov::Hc1).unwrap()[0].coef(), [sorted[at]], "{tau}");
    }
    // Between the two middle values of an even sample every point is a median: the lower is given, as by the inverse.
    let even = design.at(&(0..100).collect::<Vec<_>>());
    let distinct = Design { y: (0..100).map(|i| f64::from((i * 37) % 100)).collect(), ..even };
    let fit = fit(&distinct, 0.5, Some(Density::Kernel));
    assert_eq!((fit.coef()[0], fit.unique), (49.0, false));
    assert!(fit.notes.iter().any(|n| n.contains("not unique")), "{:?}", fit.notes);
}

/// On 20,000 rows the start from a subsample leads to the same vertex as one from far away.
#[test]
fn a_large_sample_keeps_its_certificate() {
    let n = 20_000;
    let mut data = Data::default();
    let u = |k: u64| {
        let mut stream = Stream::new(5, k);
        (0..n).map(|_| stream.normal()).collect::<Vec<f64>>()
    };
    for (k, name) in ["a", "b", "c", "d"].iter().enumerate() {
        data.set(name, u(k as u64));
    }
    let (a, b, e) = (u(0), u(1), u(9));
    data.set("y", (0..n).map(|i| a[i] + (1.0 + 0.2 * b[i].abs()) * e[i]).collect());
    let design = data.design("y", &["a", "b", "c", "d"], &[], &[], None);
    let one = fit(&design, 0.8, Some(Density::Kernel));
    assert!(one.gap < 1e-12, "{}", one.gap);
    let reversed = fit(&design.at(&(0..n).rev().collect::<Vec<_>>()), 0.8, Some(Density::Kernel));
    for j in 0..5 {
        close(reversed.coef()[j], one.coef()[j], 1e-11, "reversed");
    }
}

/// Clusters of one observation: the meat is Σ ψ² xx', which is that of `hc0`.
#[test]
fn singleton_clusters_are_hc0() {
    let mut design = panel();
    design.cluster = vec![Factor::from_keys("row", 0..48)];
    let fit = fit(&design, 0.5, Some(Density::Uniform));
    let get = |how: Vcov| fit.covariance(&how, Ssc::None, &design).unwrap().V;
    let (cluster, hc0) = (get(Vcov::Cluster(vec!["row".into()])), get(Vcov::Hc0));
    for j in 0..3 {
        close(cluster[(j, j)], hc0[(j, j)], 1e-12, "singleton clusters");
    }
}

#[test]
fn what_cannot_be_estimated_is_refused() {
    let design = panel();
    let ask = |design: &Design, tau: Vec<f64>| {
        quantile(design, &Quantile { tau, se: None }, &Ols::default(), &Vcov::Hc1).map(|_| ()).unwrap_err().to_string()
    };
    for tau in [0.0, 1.0, -0.2, f64::NAN] {
        assert!(ask(&design, vec![tau]).contains("strictly between 0 and 1"));
    }
    assert!(ask(&design, vec![]).contains("`tau` is empty"));
    let few = ask(&design.at(&[0, 1, 2]), vec![0.5]);
    assert!(few.contains("3 observations"), "{few}");
    // Effects with many levels have a way out.
    let mut wide = design.clone();
    wide.X = Mat::from_fn(48, 1, |i, _| design.X[(i, 1)]);
    wide.names = vec!["x".into()];
    let doubled = Design { fe: vec![Factor::from_keys("id", (0..48).map(|i| i / 2))], ..wide.clone() };
    let many: Vec<usize> = (0..480).map(|i| i % 48).collect();
    let mut large = doubled.at(&many);
    large.fe = vec![Factor::from_keys("id", (0..480).map(|i| i / 2))];
    large.y.iter_mut().enumerate().for_each(|(i, y)| *y += (i % 7) as f64);
    let refused = ask(&large, vec![0.5]);
    assert!(refused.contains("240 levels") && refused.contains("mmqr"), "{refused}");
    // A collinear regressor is dropped and named.
    let mut twin = design.with_regressors(&[design.regressors(), vec![("x2".into(), vec![2.0; 48])]].concat());
    (0..48).for_each(|i| twin.X[(i, 3)] = 2.0 * design.X[(i, 1)]);
    let dropped = fit(&twin, 0.5, None);
    assert_eq!(dropped.names, design.names);
    assert!(dropped.notes[0].contains("`x2`"), "{:?}", dropped.notes);
}
