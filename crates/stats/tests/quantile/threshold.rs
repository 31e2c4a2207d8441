//! Hansen's threshold: the vectors of methods 6.8, brute force, refusals.

use crate::data::{Data, panel48};
use plim_golden::{close, close_printed};
use plim_stats::effect::{Threshold, ThresholdOptions, threshold};
use plim_stats::linear::{Ols, Regression};
use plim_stats::{Design, Error, Factor, PanelKeys};

fn options(replications: usize) -> ThresholdOptions {
    ThresholdOptions {
        regime: "x".into(),
        threshold: "w".into(),
        trim: 0.1,
        replications,
        ..ThresholdOptions::default()
    }
}

fn estimate(data: &Data, fe: &[&str], options: &ThresholdOptions) -> Result<Threshold, Error> {
    let design = data.design("y", &["x", "w"], fe, &["i"], None);
    let unit = data.factor("i", &design.rows);
    let take = |name: &str| design.rows.iter().map(|&r| data.get(name)[r]).collect::<Vec<f64>>();
    threshold(&design, &take("x"), &take("w"), &unit, options, &Regression::default(), 1)
}

#[test]
fn the_vectors_of_the_notes() {
    let two = estimate(&panel48(), &["i", "t"], &options(0)).unwrap();
    assert_eq!(two.found[0].threshold, 0.9);
    let names: Vec<&str> = two.estimated.coefficients.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["w", "x:low", "x:high"]);
    let b: Vec<f64> = two.estimated.coefficients.iter().map(|c| c.estimate).collect();
    close_printed(&b, &[-0.42654657, 0.90080309, 1.15591732], 8, "slopes");
    close_printed(&[two.ssr], &[3.1360043143], 10, "ssr");
    close_printed(&[two.found[0].f], &[2.09162381], 8, "F1");
    close(two.sigma2, two.ssr / 40.0, 1e-15, "sigma2");
    let lr = two.found[0].candidates.iter().find(|c| c.threshold == 0.3).unwrap().lr;
    close_printed(&[lr], &[0.250174], 6, "LR at .3");
    let city = estimate(&panel48(), &["i"], &options(0)).unwrap();
    assert_eq!(city.found[0].threshold, 1.0);
    close_printed(&[city.ssr, city.found[0].f], &[7.29826, 6.28881], 5, "city effects alone");
}

/// Every candidate against the regression at it, one, two and no effects, unbalanced too.
#[test]
fn the_search_is_least_squares_at_every_candidate() {
    let full = panel48();
    for (data, fe) in [
        (full.clone(), vec!["i"]),
        (full.clone(), vec!["i", "t"]),
        (full.clone(), vec![]),
        (full.filter(|r| r % 7 != 3), vec!["t", "i"]),
    ] {
        let found = estimate(&data, &fe, &options(0)).unwrap();
        let design = data.design("y", &["w"], &fe, &[], None);
        let (x, w) = (data.get("x"), data.get("w"));
        assert!(found.found[0].candidates.len() >= 8);
        for c in &found.found[0].candidates {
            let side = |low: bool| -> Vec<f64> {
                design.rows.iter().map(|&r| if (w[r] <= c.threshold) == low { x[r] } else { 0.0 }).collect()
            };
            let regressors =
                [design.regressors(), vec![("low".into(), side(true)), ("high".into(), side(false))]].concat();
            let ssr = Ols::default().fit(&design.with_regressors(&regressors)).unwrap().ssr;
            close(found.ssr + c.lr * found.sigma2, ssr, 1e-11, &format!("{fe:?} at {}", c.threshold));
        }
    }
}

/// A break of size 2 at q = .5 is found, and the bootstrap rejects; without a break it does not.
#[test]
fn the_bootstrap_tells_a_break_from_none() {
    let mut data = panel48();
    let (x, w) = (data.get("x"), data.get("w"));
    let noise: Vec<f64> = (0..48).map(|i| ((i * 29 % 31) as f64 - 15.0) / 60.0).collect();
    data.set("y", (0..48).map(|i| x[i] * if w[i] <= 0.5 { 1.0 } else { 3.0 } + noise[i]).collect());
    let found = estimate(&data, &["i"], &options(199)).unwrap();
    assert_eq!((found.found[0].threshold, found.found[0].p_value), (0.5, Some(0.0)));
    assert!(found.found[0].ci_low <= 0.5 && found.found[0].ci_high >= 0.5);
    assert_eq!(found.regimes.iter().sum::<usize>(), 48);
    data.set("y", (0..48).map(|i| x[i] + noise[i]).collect());
    let none = estimate(&data, &["i"], &options(199)).unwrap();
    assert!(none.found[0].p_value.unwrap() > 0.1, "{:?}", none.found[0].p_value);
    // The same seed gives the same draws; the order of the rows within units is that of time.
    let design = data.design("y", &["x", "w"], &["i"], &["i"], None);
    let order: Vec<usize> = (0..48).rev().collect();
    let with_time = |rows: &[usize]| {
        let mut d = design.at(rows);
        let t = data.get("t");
        let i = data.get("i");
        // Levels by unit, not by appearance, so that the draws are of the same units.
        let unit = Factor { name: "i".into(), codes: rows.iter().map(|&r| i[r] as u32 - 1).collect(), levels: 8 };
        d.panel = Some(PanelKeys { unit: unit.clone(), time: rows.iter().map(|&r| t[r] as i64).collect() });
        let take = |v: &[f64]| rows.iter().map(|&r| v[r]).collect::<Vec<f64>>();
        threshold(&d, &take(&x), &take(&w), &unit, &options(99), &Regression::default(), 7).unwrap()
    };
    let (a, b) = (with_time(&(0..48).collect::<Vec<_>>()), with_time(&order));
    close(a.found[0].f, b.found[0].f, 1e-12, "F1");
}

/// Two thresholds: each is the best given the other, among all regressions with three regimes.
#[test]
fn two_thresholds_are_the_best_given_each_other() {
    let mut data = panel48();
    let (x, w) = (data.get("x"), data.get("w"));
    let slope = |w: f64| if w <= 0.3 { 1.0 } else { f64::from(u8::from(w > 0.8)) * 2.0 + 2.0 };
    let noise: Vec<f64> = (0..48).map(|i| ((i * 29 % 31) as f64 - 15.0) / 60.0).collect();
    data.set("y", (0..48).map(|i| x[i] * slope(w[i]) + noise[i]).collect());
    let two = estimate(&data, &["i", "t"], &ThresholdOptions { thresholds: 2, ..options(99) }).unwrap();
    let mut gammas: Vec<f64> = two.found.iter().map(|f| f.threshold).collect();
    gammas.sort_by(f64::total_cmp);
    assert_eq!(gammas, [0.3, 0.8]);
    assert!(two.found.iter().all(|f| f.p_value.unwrap() < 0.05));
    assert_eq!((two.regimes.len(), two.regimes.iter().sum::<usize>()), (3, 48));
    let names: Vec<&str> = two.estimated.coefficients.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["w", "x:low", "x:middle", "x:high"]);
    let design = data.design("y", &["w"], &["i", "t"], &[], None);
    let ssr = |low: f64, high: f64| {
        let inside = |f: &dyn Fn(f64) -> bool| (0..48).map(|i| if f(w[i]) { x[i] } else { 0.0 }).collect::<Vec<f64>>();
        let regressors = [
            design.regressors(),
            vec![
                ("low".into(), inside(&|w| w <= low)),
                ("middle".into(), inside(&|w| w > low && w <= high)),
                ("high".into(), inside(&|w| w > high)),
            ],
        ]
        .concat();
        Ols::default().fit(&design.with_regressors(&regressors)).unwrap().ssr
    };
    close(two.ssr, ssr(0.3, 0.8), 1e-11, "ssr");
    for found in &two.found {
        let other = two.found.iter().find(|f| f.threshold != found.threshold).unwrap().threshold;
        for c in found.candidates.iter().filter(|c| c.threshold != other) {
            let direct = ssr(c.threshold.min(other), c.threshold.max(other));
            close(two.ssr + c.lr * two.sigma2, direct, 1e-10, &format!("{} beside {other}", c.threshold));
        }
    }
    // With F₂ of the model with one threshold as its own hypothesis, a single break leaves no second.
    data.set("y", (0..48).map(|i| x[i] * if w[i] <= 0.5 { 1.0 } else { 3.0 } + noise[i]).collect());
    let one = estimate(&data, &["i"], &ThresholdOptions { thresholds: 2, ..options(199) }).unwrap();
    assert!(one.found[0].p_value.unwrap() < 0.01 && one.found[1].p_value.unwrap() > 0.1, "{:?}", one.found[1].p_value);
}

#[test]
fn what_cannot_be_estimated_is_refused() {
    let refused =
        |data: &Data, options: &ThresholdOptions| estimate(data, &["i"], options).map(|_| ()).unwrap_err().to_string();
    let mut data = panel48();
    let unbalanced = refused(&data.filter(|r| r != 5), &options(99));
    assert!(unbalanced.contains("balanced"), "{unbalanced}");
    assert!(
        estimate(&data.filter(|r| r != 5), &["i"], &options(0)).unwrap().notes.iter().any(|n| n.contains("balanced"))
    );
    let trim = refused(&data, &ThresholdOptions { trim: 0.5, ..options(0) });
    assert!(trim.contains("`trim` is 0.5"), "{trim}");
    let w = data.get("w");
    data.set("w", w.iter().map(|w| f64::from(u8::from(*w > 1.1))).collect());
    let empty = refused(&data, &ThresholdOptions { trim: 0.45, ..options(0) });
    assert!(empty.contains("on either side"), "{empty}");
    data.set("w", vec![2.0; 48]);
    let constant = refused(&data, &options(0));
    assert!(constant.contains("column `w`") && constant.contains("equal"), "{constant}");
    let design: Design = panel48().design("y", &["x", "w"], &["i"], &[], None);
    let absorbed: Vec<f64> = design.fe[0].codes.iter().map(|&c| f64::from(c)).collect();
    let e = threshold(&design, &absorbed, &design.y, &design.fe[0], &options(0), &Regression::default(), 1);
    assert!(e.unwrap_err().to_string().contains("absorb"));
}

/// Hansen's own application: investment of 565 firms in 15 years on cash flow, whose slope depends on debt.
#[test]
fn investment_and_financing_constraints() {
    let Some(file) = plim_golden::shared("data/hansen1999_invest.parquet") else { return };
    let raw = crate::data::parquet(&file);
    let (units, years) = (565, 15);
    let at = |name: &str, lag: usize| -> Vec<f64> {
        let v = raw.get(name);
        (0..units).flat_map(|u| (1..years).map(move |t| u * years + t - lag)).map(|r| v[r]).collect()
    };
    let (q, cash, debt) = (at("V2", 1), at("V3", 1), at("V4", 1));
    let map = |f: &dyn Fn(usize) -> f64| (0..q.len()).map(f).collect::<Vec<f64>>();
    let mut data = Data::default();
    data.set("investment", at("V1", 0));
    data.set("q", q.clone());
    data.set("q2", map(&|i| q[i].powi(2) / 1e3));
    data.set("q3", map(&|i| q[i].powi(3) / 1e6));
    data.set("debt", debt.clone());
    data.set("q_debt", map(&|i| q[i] * debt[i]));
    data.set("firm", map(&|i| (i / (years - 1)) as f64));
    let design = data.design("investment", &["q", "q2", "q3", "debt", "q_debt"], &["firm"], &[], None);
    let unit = design.fe[0].clone();
    let options = ThresholdOptions {
        regime: "cash".into(),
        threshold: "debt".into(),
        thresholds: 2,
        trim: 0.01,
        replications: 0,
    };
    let found = threshold(&design, &cash, &debt, &unit, &options, &Regression::default(), 1).unwrap();
    // Hansen (1999, section 6) prints 0.0157 for the first threshold, from a search over 400 quantiles of debt; all
    // values are searched here, and the second, 0.540, lies within a quantile of his.
    assert_eq!(found.found[0].threshold, 0.0157);
    assert!((found.found[1].threshold - 0.5362).abs() < 0.01);
    let b = |name: &str| found.estimated.coefficient(name).unwrap().estimate;
    assert!(b("cash:high") < b("cash:low") && b("cash:low") < b("cash:middle"));
    assert_eq!(found.regimes.iter().sum::<usize>(), units * (years - 1));
}
