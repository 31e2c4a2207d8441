//! The verdict on collinear regressors: it depends neither on their order nor on their scale nor on the order of the
//! effects, and it leaves honest regressors alone.

use crate::data::Data;
use plim_golden::close;
use plim_stats::linear::{Collinear, INTERCEPT, Ols, OlsFit, Precision};
use plim_stats::math::rng::Stream;
use plim_stats::{Design, Fit, Kind};

/// 60 cities in 6 provinces over 8 years; x1, x2, x3 vary freely.
fn panel(seed: u64) -> Data {
    let mut s = Stream::new(seed, 0);
    let n = 480;
    let mut d = Data::default();
    d.set("city", (0..n).map(|k| (k / 8) as f64).collect());
    d.set("year", (0..n).map(|k| (k % 8) as f64).collect());
    d.set("prov", (0..n).map(|k| (k / 80) as f64).collect());
    for name in ["x1", "x2", "x3"] {
        d.set(name, (0..n).map(|_| 3.0 + s.normal()).collect());
    }
    d.set("w", (0..n).map(|_| 0.2 + s.uniform()).collect());
    let y = (0..n).map(|k| d.get("x1")[k] - 0.5 * d.get("x2")[k] + (k / 8) as f64 * 0.1 + s.normal()).collect();
    d.set("y", y);
    d
}

fn add(d: &mut Data, name: &str, f: impl Fn(usize) -> f64) {
    d.set(name, (0..d.n).map(f).collect());
}

fn design(d: &Data, x: &[&str], fe: &[&str], w: Option<&str>) -> Design {
    d.design("y", x, fe, &[], w)
}

fn fit(design: &Design) -> OlsFit {
    Ols::default().fit(design).unwrap()
}

/// Dependent sets of several kinds among honest columns: names, and how many must leave with effects and without.
fn dependent(d: &mut Data) -> (Vec<&'static str>, usize, usize) {
    let get = |d: &Data, name: &str| d.get(name).to_vec();
    let (x1, x2, x3) = (get(d, "x1"), get(d, "x2"), get(d, "x3"));
    let (city, year) = (get(d, "city"), get(d, "year"));
    add(d, "sum", |k| x1[k] + x2[k]);
    add(d, "share", |k| 100.0 - x1[k] / 7.0 - x3[k] * 1.3);
    add(d, "far", |k| 1e6 + x3[k]);
    add(d, "near", |k| x1[k] + 1e-4 * (k as f64 * 1.7).sin());
    add(d, "of_both", |k| (city[k] * 1.37).sin() + (year[k] * 0.7).cos() * 1e3);
    (vec!["x1", "x2", "x3", "sum", "share", "far", "near", "of_both"], 4, 3)
}

#[test]
fn order_scale_and_effects_do_not_matter() {
    for seed in 0..12 {
        let mut d = panel(seed);
        let (names, with_effects, without) = dependent(&mut d);
        let mut s = Stream::new(77, seed);
        for (fe, leave) in [(vec!["city", "year"], with_effects), (vec![], without)] {
            let weights = [None, Some("w")][seed as usize % 2];
            let mut first: Option<OlsFit> = None;
            for _ in 0..6 {
                // Any order of the regressors, of the effects, and any units.
                let mut x = names.clone();
                s.shuffle(&mut x);
                let mut effects = fe.clone();
                s.shuffle(&mut effects);
                let mut scaled = d.clone();
                for name in &x {
                    let unit = 10f64.powi(s.below(25) as i32 - 12);
                    scaled.set(name, d.get(name).iter().map(|v| v * unit).collect());
                }
                if fe.is_empty() {
                    x.insert(s.below(x.len() + 1), INTERCEPT);
                }
                let got = fit(&design(&scaled, &x, &effects, weights));
                assert_eq!(got.dropped.len(), leave, "{x:?} {effects:?}: {:?}", got.notes());
                // The last of a dependent set leaves.
                for gone in &got.dropped {
                    let at = |name: &str| x.iter().position(|n| *n == name);
                    for by in gone.by.iter().filter_map(|b| at(b)) {
                        assert!(by < at(&gone.name).unwrap(), "{x:?}: {gone}");
                    }
                }
                match &first {
                    None => first = Some(got),
                    Some(first) => {
                        for (a, b) in got.residuals.iter().zip(&first.residuals) {
                            // `far` rounds `x3` at 1e-10, which is 1e-6 of what `near` has beyond `x1`.
                            assert!((a - b).abs() < 1e-5, "{x:?} {effects:?}: {a} {b}");
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn the_culprit_and_what_spans_it_are_named() {
    let mut d = panel(1);
    let of = |d: &Data, name: &str| d.get(name).to_vec();
    let (x1, x2, city, year) = (of(&d, "x1"), of(&d, "x2"), of(&d, "city"), of(&d, "year"));
    add(&mut d, "double", |k| 2.0 * x1[k]);
    add(&mut d, "sum", |k| x1[k] - 3.0 * x2[k]);
    add(&mut d, "minus", |k| 10.0 - x1[k]);
    add(&mut d, "trend", |k| year[k] * 0.1 + 2011.0);
    add(&mut d, "post", |k| f64::from(u8::from(year[k] >= 4.0)));
    add(&mut d, "zone", |k| f64::from(u8::from((city[k] as usize).is_multiple_of(3))));
    add(&mut d, "both", |k| city[k].sqrt() + year[k] * year[k]);
    add(&mut d, "mixed", |k| x2[k] + city[k].sqrt());
    add(&mut d, "null", |_| 0.0);
    let notes = |x: &[&str], fe: &[&str]| fit(&design(&d, x, fe, None)).notes();
    assert_eq!(notes(&["x1", "x2", "double"], &["city"]), ["`double` dropped: a linear combination of `x1`"]);
    assert_eq!(notes(&["x1", "x2", "x3", "sum"], &[]), ["`sum` dropped: a linear combination of `x1` and `x2`"]);
    assert_eq!(
        notes(&[INTERCEPT, "x2", "x1", "minus"], &[]),
        ["`minus` dropped: a linear combination of `(Intercept)` and `x1`"]
    );
    assert_eq!(
        notes(&["x1", "minus", "x2"], &["year"]),
        ["`minus` dropped: a linear combination of `x1` and `(Intercept)`"]
    );
    assert_eq!(
        notes(&["x1", "prov", "trend", "post", "zone", "both"], &["city", "year"]),
        [
            "`prov` dropped: absorbed by `city`",
            "`trend` dropped: absorbed by `year`",
            "`post` dropped: absorbed by `year`",
            "`zone` dropped: absorbed by `city`",
            "`both` dropped: absorbed by `city` and `year`",
        ]
    );
    assert_eq!(
        notes(&["x2", "mixed"], &["city", "year"]),
        ["`mixed` dropped: a linear combination of `x2` and `city`"]
    );
    // Of three effects the two that are needed.
    let mut three = d.clone();
    three.set("block", (0..d.n).map(|k| ((k * 7) % 11) as f64).collect());
    let note = fit(&design(&three, &["x1", "both"], &["city", "block", "year"], None)).notes();
    assert_eq!(note, ["`both` dropped: absorbed by `city` and `year`"]);
    assert_eq!(notes(&["x1", "null"], &["city"]), ["`null` dropped: zero in every observation"]);
    let strict = Ols { collinear: Collinear::Error, ..Ols::default() };
    let error = strict.fit(&design(&d, &["x1", "double"], &["city"], None)).unwrap_err();
    assert_eq!((error.column.as_deref(), error.kind), (Some("double"), Kind::Collinear { absorbed: false }));
}

#[test]
fn honest_regressors_stay() {
    let mut d = panel(2);
    let (x1, x2) = (d.get("x1").to_vec(), d.get("x2").to_vec());
    // Correlation 1 - 1e-8 with x1, and 1 - 1e-12.
    add(&mut d, "eight", |k| x1[k] + 2f64.sqrt() * 1e-4 * x2[k]);
    add(&mut d, "twelve", |k| x1[k] + 2f64.sqrt() * 1e-6 * x2[k]);
    for fe in [&["city", "year"][..], &[]] {
        for (name, step) in [("eight", 1e-4), ("twelve", 1e-6)] {
            let x: Vec<&str> = if fe.is_empty() { vec![INTERCEPT, "x1", name] } else { vec!["x1", name] };
            let got = fit(&design(&d, &x, fe, None));
            assert!(got.dropped.is_empty(), "{:?}", got.notes());
            let x: Vec<&str> = if fe.is_empty() { vec![INTERCEPT, "x1", "x2"] } else { vec!["x1", "x2"] };
            let plain = fit(&design(&d, &x, fe, None));
            // y on (x1, x1 + c x2) has the coefficients (b1 - b2/c, b2/c); x1 + c x2 is rounded at 1e-16.
            let c = 2f64.sqrt() * step;
            let b = plain.coefficient("x2").unwrap();
            close(got.coefficient(name).unwrap() * c, b, 1e-14 / step.powi(2), name);
            let both = got.coefficient("x1").unwrap() + got.coefficient(name).unwrap();
            close(both, plain.coefficient("x1").unwrap(), 1e-14 / step.powi(2), "x1");
            assert!(got.accuracy.condition > 0.5 / step, "{:?}", got.accuracy);
        }
    }
}

#[test]
fn the_certificate_says_how_good_the_fit_is() {
    let d = panel(3);
    let got = fit(&design(&d, &["x1", "x2", "x3"], &["city", "year"], Some("w")));
    let a = got.accuracy;
    assert!(a.residual < 1e-15 && a.orthogonality < 1e-14 && a.error < 1e-12, "{a:?}");
    assert!((1.0..2.0).contains(&a.condition) && !a.extended, "{a:?}");
    assert_eq!(got.certificate, a.residual.max(a.orthogonality));
    assert_eq!(got.names(), ["x1", "x2", "x3"]);
}

#[test]
fn effects_far_larger_than_what_they_leave_cost_no_digits() {
    // x is 1e9 of its city and year plus noise of size one, all whole numbers: its noise is known to the last digit.
    let mut d = panel(4);
    let mut s = Stream::new(8, 8);
    let noise: Vec<f64> = (0..d.n).map(|_| s.below(1000) as f64).collect();
    let (city, year) = (d.get("city"), d.get("year"));
    add(&mut d, "small", |k| noise[k]);
    add(&mut d, "large", |k| noise[k] + 1e12 * city[k] + 1e10 * (year[k] * 7.0 + 3.0));
    for w in [None, Some("w")] {
        let a = fit(&design(&d, &["small", "x2"], &["city", "year"], w));
        let b = fit(&design(&d, &["large", "x2"], &["city", "year"], w));
        assert!(b.accuracy.extended && b.accuracy.error < 1e-12, "{:?}", b.accuracy);
        close(b.coef[0], a.coef[0], 1e-11, "x");
        close(b.bread[(0, 0)], a.bread[(0, 0)], 1e-12, "its variance");
        let forced = Ols { precision: Precision::Extended, ..Ols::default() };
        let c = forced.fit(&design(&d, &["small", "x2"], &["city", "year"], w)).unwrap();
        close(c.coef[0], a.coef[0], 1e-11, "forced");
    }
}

#[test]
fn a_perfect_fit_with_a_coefficient_of_zero_is_no_error() {
    let mut d = panel(5);
    let (x1, city) = (d.get("x1"), d.get("city"));
    add(&mut d, "exact", |k| 2.0 * x1[k] + city[k]);
    for fe in [&["city", "year"][..], &[]] {
        let got = fit(&d.design("exact", &["x1", "x2", "city"][..if fe.is_empty() { 3 } else { 2 }], fe, &[], None));
        close(got.coefficient("x1").unwrap(), 2.0, 1e-13, "x1");
        assert!(got.coefficient("x2").unwrap().abs() < 1e-14 && got.accuracy.error < 1e-10, "{:?}", got.accuracy);
    }
}
