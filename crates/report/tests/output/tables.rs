//! Tables made from fits, columns and measures: what they say, and what they refuse.

use plim_report::describe::{Correlation, CorrelationTable, DescribeTable, Missing, correlation, describe, weights};
use plim_report::effects;
use plim_report::regression::{Below, RegressionTable, Stars, regression};
use plim_report::table::Table;
use plim_report::{Fit, Lang, Measure, Results, text};
use plim_stats::Coefficient;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

fn map(v: Value) -> Map<String, Value> {
    v.as_object().cloned().unwrap()
}

/// methods.md, TEST 6.1: the reference panel, cluster by unit with K = k + T, t with 7 degrees of freedom.
fn baseline() -> Fit {
    Fit {
        method: "feols".into(),
        formula: "y ~ x + w | i + t".into(),
        nobs: 48,
        vcov: "cluster:i (ssc fixest: K=8, G=8, df=7)".into(),
        coefficients: vec![
            Coefficient::new("x", 0.98184013, 0.14689928, Some(7.0)),
            Coefficient::new("w", -0.27337518, 0.17445201, Some(7.0)),
        ],
        stats: map(json!({ "r2": 0.8443538198, "r2_within": 0.5939619733, "ssr": 3.2999878465 })),
        sample: map(json!({ "rows": 50, "missing": 2, "singletons": 0 })),
        notes: vec!["`v` dropped: the fixed effects absorb it".into()],
        ..Fit::default()
    }
}

/// TEST 6.2: the same outcome, x instrumented by z.
fn instrumented() -> Fit {
    Fit {
        method: "iv".into(),
        formula: "y ~ w | i + t | x ~ z".into(),
        coefficients: vec![
            Coefficient::new("x", 0.42267996, 0.21671667, Some(7.0)),
            Coefficient::new("w", -0.21639292, 0.20991074, Some(7.0)),
        ],
        stats: map(json!({ "kp_lm": 5.18203341, "kp_f": 25.53065457 })),
        sample: map(json!({ "rows": 48 })),
        notes: vec![],
        ..baseline()
    }
}

#[test]
fn a_regression_table_as_a_journal_prints_it() {
    let (a, b) = (baseline(), instrumented());
    let options = RegressionTable {
        title: "Baseline".into(),
        labels: BTreeMap::from([("i".into(), "Unit".into()), ("t".into(), "Year".into()), ("x".into(), "数字".into())]),
        controls: vec!["w".into()],
        ..RegressionTable::default()
    };
    let table = regression(&[("a", &a), ("b", &b)], &options, Lang::En).unwrap();
    // p = 0.00028 and 0.092 (t with 7 degrees of freedom).
    let want = "\
Baseline
=============================================
                               y
                    -------------------------
                        OLS          2SLS
                        (1)          (2)
---------------------------------------------
数字                  0.982***     0.423*
                     (0.147)      (0.217)
---------------------------------------------
Controls                Yes          Yes
Unit fixed effects      Yes          Yes
Year fixed effects      Yes          Yes
---------------------------------------------
Observations             48           48
R²                    0.844
Within R²             0.594
Kleibergen-Paap LM                 5.182
Kleibergen-Paap F                 25.531
=============================================
Standard errors in parentheses, clustered by Unit.
* p < 0.1, ** p < 0.05, *** p < 0.01.
(1): Rows lost: 2 missing values.
(1): `v` dropped: the fixed effects absorb it.
";
    // Only the horizontal spacing may differ: it is pinned in renderings.rs.
    let squeezed = |s: &str| -> Vec<String> {
        s.lines()
            .filter(|l| !l.trim_matches(['-', '=', ' ']).is_empty())
            .map(|l| l.split_whitespace().collect::<Vec<_>>().join(" "))
            .collect()
    };
    assert_eq!(squeezed(&text::render(&table)), squeezed(want));
}

fn body(table: &Table, label: &str) -> Vec<String> {
    let row = table.rows().find(|r| r.label == label).unwrap_or_else(|| panic!("no row {label}"));
    let cell = |c: &plim_report::table::Cell| {
        let lines: Vec<String> = c.0.iter().map(|e| format!("{}{}", e.parts().0, e.parts().1)).collect();
        lines.join(" ")
    };
    row.cells.iter().map(cell).collect()
}

#[test]
fn options_govern_rows_and_what_stands_below() {
    let fit = baseline();
    let show = |options: RegressionTable| regression(&[("a", &fit)], &options, Lang::En).unwrap();
    let names = |t: &Table| t.sections[0].rows.iter().map(|r| r.label.clone()).collect::<Vec<_>>();
    let o = RegressionTable::default;
    assert_eq!(names(&show(RegressionTable { keep: vec!["w*".into()], ..o() })), ["w"]);
    assert_eq!(names(&show(RegressionTable { drop: vec!["w".into()], ..o() })), ["x"]);
    assert_eq!(names(&show(RegressionTable { order: vec!["w".into()], ..o() })), ["w", "x"]);
    let below = |below: Below| body(&show(RegressionTable { below, ..o() }), "x").remove(0);
    assert_eq!(below(Below::T), "0.982*** (6.68)");
    assert_eq!(below(Below::P), "0.982*** (<0.001)");
    assert_eq!(below(Below::None), "0.982***");
    // 0.98184013 ± 2.364624 × 0.14689928
    assert_eq!(below(Below::Ci), "0.982*** [0.634, 1.329]");
    let strict = show(RegressionTable { stars: Stars::None, digits: 4, ..o() });
    assert_eq!(body(&strict, "x"), ["0.9818 (0.1469)"]);
    assert!(strict.notes.iter().all(|n| !n.contains('*')));
    let asked = show(RegressionTable { stats: vec!["ssr".into(), "nobs".into()], ..o() });
    assert_eq!(
        (body(&asked, "Sum of squared residuals"), body(&asked, "Observations")),
        (vec!["3.300".into()], vec!["48".into()])
    );
}

#[test]
fn names_become_words() {
    let mut fit = baseline();
    fit.formula = "y ~ x | prov^year".into();
    for (c, name) in fit.coefficients.iter_mut().zip(["x:w", "(Intercept)"]) {
        c.name = name.into();
    }
    let labels = BTreeMap::from([("w".to_owned(), "Skill".to_owned()), ("year".into(), "Year".into())]);
    let table = regression(&[("a", &fit)], &RegressionTable { labels, ..Default::default() }, Lang::Zh).unwrap();
    let rows: Vec<&str> = table.rows().map(|r| r.label.as_str()).collect();
    assert_eq!(rows[..3], ["x × Skill", "常数项", "Prov × Year固定效应"]);
    assert_eq!(body(&table, "Prov × Year固定效应"), ["是"]);
}

#[test]
fn what_cannot_be_shown_is_refused() {
    let fit = baseline();
    let o = RegressionTable::default();
    let says = |e: plim_report::Error, part: &str| assert!(e.to_string().contains(part), "{e}");
    says(regression(&[], &o, Lang::En).unwrap_err(), "list of estimates for the table is empty");
    let bare = Fit { coefficients: vec![], ..fit.clone() };
    says(regression(&[("bare", &bare)], &o, Lang::En).unwrap_err(), "`bare` has no coefficients");
    let with = |o: &RegressionTable| regression(&[("a", &fit)], o, Lang::En).unwrap_err();
    says(with(&RegressionTable { stats: vec!["kp_f".into()], ..o.clone() }), "choose among: nobs, r2, r2_within, ssr");
    says(
        with(&RegressionTable { headings: vec!["a".into(), "b".into()], ..o.clone() }),
        "`headings` has length 2, wanted 1",
    );
    says(with(&RegressionTable { drop: vec!["*".into()], ..o.clone() }), "leave no regressor");
    says(plim_report::mediation::mediation(&fit, &o, Lang::En).unwrap_err(), "has no `effects`");
    says(effects::moderation(&fit, &o, Lang::En).unwrap_err(), "has no `slopes`");
    says(plim_report::split::split(&fit, &o, Lang::En).unwrap_err(), "has no `groups`");
    says(plim_report::split::between(&fit, &o, Lang::En).unwrap_err(), "has no `between`");
    says(effects::event_study(&[("a", &fit)], &o, Lang::En).unwrap_err(), "no coefficient `event_time::K`");
    says(describe(&[], &DescribeTable::default(), Lang::En).unwrap_err(), "is empty");
    says(correlation(&[], &CorrelationTable::default(), Lang::En).unwrap_err(), "is empty");
    let ragged = correlation(&[("a", &[1.0]), ("b", &[])], &CorrelationTable::default(), Lang::En);
    says(ragged.unwrap_err(), "column `b` has length 0, wanted 1");
    says(weights(&Measure::default(), &BTreeMap::new(), 3, Lang::En).unwrap_err(), "has no `weights`");
    let results = Results { estimates: [("base".to_owned(), fit)].into_iter().collect(), ..Results::default() };
    assert_eq!(results.fits(&["base".into()]).unwrap().len(), 1);
    says(results.fits(&["basse".into()]).unwrap_err(), "no estimate `basse`; name one of: base");
}

#[test]
fn options_that_are_misspelled_are_refused() {
    let read = |v: Value| serde_json::from_value::<RegressionTable>(v);
    assert_eq!(read(json!({ "below": "ci", "stars": "strict" })).unwrap().below, Below::Ci);
    assert!(read(json!({ "digit": 3 })).is_err());
}

/// TEST 6.4.
#[test]
fn mediation_shows_paths_and_tests() {
    let e = |b: f64, s: f64| json!({ "estimate": b, "std_error": s });
    let effects = json!({ "effects": {
        "a": e(0.42679332, 0.0373623), "b": e(1.55446331, 0.43698794), "total": 0.98184013,
        "direct": e(0.31840557, 0.25190326), "indirect": e(0.66343456, 0.1953373), "share": 0.67570528,
        "sobel_z": 3.39635375, "aroian_z": 3.38455189, "goodman_z": null } });
    let fit = Fit { more: map(effects), ..baseline() };
    let table = plim_report::mediation::mediation(&fit, &RegressionTable::default(), Lang::En).unwrap();
    assert_eq!(body(&table, "a: treatment → mediator"), ["0.427***", "0.037", "11.42", "<0.001", "[0.354, 0.500]"]);
    // An effect without an error has no test and no interval.
    assert_eq!(body(&table, "c: total effect"), ["0.982", "", "", "", ""]);
    assert_eq!(body(&table, "Share mediated (ab / c)")[0], "0.676");
    assert_eq!(body(&table, "Sobel z"), ["3.40", "", "", "0.001", ""]);
    assert!(table.rows().all(|r| r.label != "Goodman z"), "an undefined statistic is left out");
    assert!(table.rows().all(|r| r.label != "ab: bootstrap"));
}

/// A two-step mediation has no second path, and p-values that the method states are shown as they are.
#[test]
fn mediation_in_two_steps_and_its_bootstrap() {
    let path = json!({ "estimate": 0.4, "std_error": 0.2, "p_value": 0.08, "conf_low": -0.07, "conf_high": 0.87 });
    let two = json!({ "effects": { "a": path, "b": null, "total": path, "direct": null, "indirect": null, "bootstrap": null } });
    let fit = Fit { more: map(two), ..baseline() };
    let tables = effects::tables(&fit, &RegressionTable::default(), Lang::En).unwrap();
    let labels: Vec<&str> = tables[1].rows().map(|r| r.label.as_str()).collect();
    assert_eq!(labels, ["a: treatment → mediator", "c: total effect"]);
    assert_eq!(body(&tables[1], "c: total effect"), ["0.400*", "0.200", "2.00", "0.080", "[-0.070, 0.870]"]);
    assert!(tables[1].notes.iter().all(|n| !n.contains("normal") && !n.contains("Bootstrap")));

    let boot = json!({ "std_error": 0.25, "conf_low": -0.1, "conf_high": 0.9, "replications": 998, "failed": 2 });
    let three = json!({ "effects": { "a": path, "total": path, "indirect": path, "bootstrap": boot } });
    let fit = Fit { more: map(three), ..baseline() };
    let table = plim_report::mediation::mediation(&fit, &RegressionTable::default(), Lang::En).unwrap();
    assert_eq!(body(&table, "ab: bootstrap"), ["", "0.250", "", "", "[-0.100, 0.900]"]);
    assert!(table.notes.contains(&"Bootstrap of clusters, replications: 998.".to_owned()));
    assert!(table.notes.contains(&"Replications without a number: 2.".to_owned()));
}

#[test]
fn every_table_of_a_fit_is_found() {
    let titles = |fit: &Fit| -> Vec<String> {
        let options = RegressionTable { title: "Mine".into(), ..Default::default() };
        effects::tables(fit, &options, Lang::En).unwrap().into_iter().map(|t| t.title).collect()
    };
    assert_eq!(titles(&baseline()), ["Mine"]);
    // A split has its coefficients in the groups only.
    let c = json!([{ "name": "x", "estimate": 1.0, "std_error": 0.2 }]);
    let groups = json!({ "groups": [{ "value": "a", "coefficients": c }, { "value": "b", "coefficients": c }],
        "between": [{ "name": "x", "difference": 0.0, "std_error": 0.3 }] });
    let split = Fit { coefficients: vec![], more: map(groups), ..baseline() };
    assert_eq!(titles(&split), ["Mine", "Differences between groups"]);
    let event = Fit { coefficients: vec![Coefficient::new("event_time::0", 1.0, 0.2, None)], ..baseline() };
    let table = effects::tables(&event, &RegressionTable::default(), Lang::En).unwrap().remove(0);
    assert_eq!(table.notes[0], "Reference period −1.");
}

/// TEST 6.5 and 6.6.
#[test]
fn moderation_and_split() {
    let slopes = json!({ "slopes": [
        { "at": "mean-sd", "value": 0.26376065, "estimate": 1.04166526, "std_error": 0.3213219 },
        { "at": "p90", "value": 1.0, "estimate": 0.9, "std_error": 0.2, "p_value": 0.002 } ] });
    let fit = Fit { more: map(slopes), ..baseline() };
    let table = effects::moderation(&fit, &RegressionTable::default(), Lang::En).unwrap();
    assert_eq!(body(&table, "Mean − 1 s.d.")[..3], ["0.264", "1.042***", "0.321"]);
    assert_eq!(body(&table, "p90")[4], "0.002");

    let c = |b: f64| json!([{ "name": "x", "estimate": b, "std_error": 0.2, "statistic": b / 0.2, "p_value": 0.001 }]);
    let more = json!({ "by": "late", "groups": [
            { "value": 0, "coefficients": c(0.85103246), "nobs": 24 }, { "value": 1, "coefficients": c(1.16043345), "nobs": 24 } ],
        "between": [ { "name": "x", "difference": -0.30940098, "std_error": 0.17, "statistic": -1.81969821, "p_value": 0.0688, "chow_p_value": 0.081, "p_permutation": 0.45714286 } ] });
    let fit = Fit { more: map(more), ..baseline() };
    let table = plim_report::split::split(&fit, &RegressionTable::default(), Lang::En).unwrap();
    assert_eq!(body(&table, "x"), ["0.851*** (0.200)", "1.160*** (0.200)", "-0.309* (0.170)", "0.457"]);
    assert_eq!(table.spanners[1][0].label, "late = 0");
    let table = plim_report::split::between(&fit, &RegressionTable::default(), Lang::En).unwrap();
    assert_eq!(body(&table, "x"), ["-0.309*", "0.170", "-1.82", "0.069", "0.081", "0.457"]);
}

#[test]
fn an_event_study_has_its_reference_and_its_test() {
    let list = [(-3, 0.1), (-2, 0.02), (0, 0.5), (1, 0.7)]
        .map(|(t, b)| Coefficient::new(format!("event_time::{t}"), b, 0.1, Some(7.0)));
    let tests = json!({ "tests": [{ "name": "pre_trend", "statistic": 0.834, "df": 2, "p_value": 0.4729 }] });
    // Out of order, and another regressor between.
    let mut list = list.to_vec();
    list.swap(0, 3);
    list.insert(1, Coefficient::new("w", 1.0, 0.1, Some(7.0)));
    let fit = Fit { coefficients: list, more: map(tests), ..baseline() };
    let table = effects::event_study(&[("did", &fit)], &RegressionTable::default(), Lang::En).unwrap();
    let rows: Vec<&str> = table.sections[0].rows.iter().map(|r| r.label.as_str()).collect();
    assert_eq!(rows, ["Event time −3", "Event time −2", "Event time −1", "Event time 0", "Event time 1", "w"]);
    assert_eq!(body(&table, "Event time −1"), ["0.000"]);
    assert_eq!(body(&table, "Joint test of pre-trends"), ["0.83 [0.473]"]);
    assert_eq!(table.notes[0], "Reference period −1.");
}

/// The likelihood of a logit is printed beside its R², that of least squares is not.
#[test]
fn a_likelihood_is_of_models_that_maximize_it() {
    let fit = |stats: serde_json::Value| Fit { stats: map(stats), ..baseline() };
    let logit = fit(json!({ "r2": 0.3, "loglik": -12.5 }));
    let squares = fit(json!({ "r2": 0.3, "r2_adjusted": 0.2, "loglik": -99.5 }));
    let rows = |fits: &[(&str, &Fit)]| {
        let table = regression(fits, &RegressionTable::default(), Lang::En).unwrap();
        table.rows().filter(|r| r.label == "Log likelihood").count()
    };
    assert_eq!((rows(&[("logit", &logit)]), rows(&[("ols", &squares)])), (1, 0));
}

#[test]
fn a_frontier_has_its_panels() {
    let fit = Fit {
        method: "sfa".into(),
        formula: "ln_y ~ ln_k".into(),
        more: map(json!({ "determinants": [{ "name": "z", "estimate": 0.3, "std_error": 0.1, "p_value": 0.0027 }] })),
        stats: map(json!({ "loglik": -1234.5, "gamma": null })),
        ..baseline()
    };
    let table = regression(&[("sfa", &fit)], &RegressionTable::default(), Lang::En).unwrap();
    let titles: Vec<Option<&str>> = table.sections.iter().map(|s| s.title.as_deref()).collect();
    assert_eq!(titles, [Some("Frontier"), Some("Determinants of inefficiency"), None]);
    assert_eq!(body(&table, "Log likelihood"), ["-1234.50"]);
    assert!(table.rows().all(|r| r.label != "γ"), "null is no statistic");
}

#[test]
fn descriptive_statistics() {
    let nan = f64::NAN;
    let x = [1.0, 4.0, 9.0, 16.0, nan, 25.0, 36.0, 49.0, 64.0, 81.0, 100.0];
    let table = describe(&[("squares", &x), ("empty", &[nan])], &DescribeTable::default(), Lang::En).unwrap();
    // By hand: mean 38.5, sd 34.174 (1/9 Σ(x-m)²), quartiles of type 2.
    let want = ["10", "38.500", "34.174", "1.000", "9.000", "30.500", "64.000", "100.000"];
    assert_eq!(body(&table, "squares"), want);
    assert_eq!(body(&table, "empty"), ["0", "", "", "", "", "", "", ""]);
    let seven = DescribeTable { quantile_type: 7.try_into().unwrap(), ..Default::default() };
    assert_eq!(body(&describe(&[("s", &x)], &seven, Lang::En).unwrap(), "s")[4], "10.750");
}

#[test]
fn correlations() {
    let nan = f64::NAN;
    // By hand: Σxy = 8, Σx² = Σy² = 10, so that r(x, y) = 0.8.
    let x = [-2.0, -1.0, 0.0, 1.0, 2.0, nan];
    let y = [-1.0, -2.0, 0.0, 2.0, 1.0, 5.0];
    let z = [1.0, 1.0, 1.0, 1.0, 1.0, 1.0];
    let columns: [(&str, &[f64]); 3] = [("x", &x), ("y", &y), ("z", &z)];
    let table = correlation(&columns, &CorrelationTable::default(), Lang::En).unwrap();
    assert_eq!(body(&table, "(1) x"), ["1.000", "", ""]);
    // t = 0.8 √(3 / 0.36) = 2.309, p = 0.104 with 3 degrees of freedom: no star.
    assert_eq!(body(&table, "(2) y")[0], "0.800");
    assert_eq!(body(&table, "(3) z"), ["", "", ""], "a constant has no correlation");
    assert_eq!(table.notes[1], "Pairs of complete observations, N from 5 to 6.");
    let options = CorrelationTable { missing: Missing::Listwise, method: Correlation::Spearman, ..Default::default() };
    let table = correlation(&columns, &options, Lang::En).unwrap();
    assert_eq!(body(&table, "(2) y")[0], "0.800", "ranks of these are the values shifted");
    assert_eq!(table.notes[1], "Rows complete in all variables, N = 5.");
    // Exact dependence, and units that differ by 10^200.
    let big: Vec<f64> = x.iter().map(|v| v * 1e200).collect();
    let table = correlation(&[("x", &x), ("big", &big)], &CorrelationTable::default(), Lang::En).unwrap();
    assert_eq!(body(&table, "(2) big")[0], "1.000***");
}

#[test]
fn weights_of_an_index() {
    let more = json!({ "weights": [
        { "name": "broadband", "year": 2011, "weight": 0.6, "entropy": 0.94, "divergence": 0.06 },
        { "name": "mobile", "year": 2011, "weight": 0.4, "entropy": 0.96, "divergence": null } ] });
    let measure = Measure { method: "entropy".into(), more: map(more), ..Default::default() };
    let table = weights(&measure, &BTreeMap::new(), 3, Lang::En).unwrap();
    assert_eq!(body(&table, "broadband"), ["2011", "0.600", "0.940", "0.060"]);
    assert_eq!(body(&table, "mobile")[3], "");
}
