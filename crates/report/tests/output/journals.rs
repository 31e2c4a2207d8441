//! Tables as journals print them: dynamic panels, several splits, mediation in three columns, event studies beside
//! plain estimates.

use plim_report::regression::{Below, RegressionTable, regression};
use plim_report::table::{Section, Table};
use plim_report::variants::panels;
use plim_report::{Fit, Lang, effects, plots, svg};
use plim_stats::Coefficient;
use serde_json::{Value, json};

fn fit(method: &str, formula: &str, b: &[(&str, f64, f64)], stats: Value, more: Value) -> Fit {
    Fit {
        method: method.into(),
        formula: formula.into(),
        nobs: 100,
        vcov: "cluster:city (ssc fixest: K = 2, G = 50, t with 49 degrees of freedom)".into(),
        coefficients: b.iter().map(|(n, e, s)| Coefficient::new(*n, *e, *s, Some(49.0))).collect(),
        stats: stats.as_object().cloned().unwrap_or_default(),
        more: more.as_object().cloned().unwrap_or_default(),
        ..Fit::default()
    }
}

fn labels(table: &Table) -> Vec<&str> {
    table.rows().map(|r| r.label.as_str()).collect()
}

fn body(table: &Table, label: &str) -> Vec<String> {
    let rows: Vec<_> = table.rows().filter(|r| r.label == label).collect();
    let row = rows.last().unwrap_or_else(|| panic!("no row {label}: {:?}", labels(table)));
    let cell = |c: &plim_report::table::Cell| {
        c.0.iter().map(|e| format!("{}{}", e.parts().0, e.parts().1)).collect::<Vec<_>>().join(" ")
    };
    row.cells.iter().map(cell).collect()
}

fn titled<'t>(table: &'t Table, title: &str) -> &'t Section {
    table.sections.iter().find(|s| s.title.as_deref() == Some(title)).unwrap_or_else(|| panic!("no section {title}"))
}

fn dynamic() -> Fit {
    let stats = json!({ "ar1": -5.356, "ar1_p": 0.00000009, "ar2": 0.42, "ar2_p": 0.6745, "sargan": 30.0, "sargan_df": 20,
        "sargan_p": 0.07, "hansen_j": 21.5, "hansen_j_df": 20, "hansen_j_p": 0.368, "instruments": 24, "units": 50 });
    let tests = json!({ "tests": [{ "name": "difference_in_hansen:level", "statistic": 2.0, "p_value": 0.3 },
        { "name": "difference_in_hansen:standard", "statistic": 1.0, "p_value": 0.8 }, { "name": "wald", "statistic": 9.0, "p_value": 0.01 }] });
    fit("gmm_panel", "y ~ l(y, 1) + x", &[("l(y, 1)", 0.6, 0.1), ("x", 0.3, 0.1)], stats, tests)
}

#[test]
fn a_dynamic_panel_ends_in_serial_correlation_and_overidentification() {
    let f = dynamic();
    let o = RegressionTable::default();
    let table = regression(&[("g", &f)], &o, Lang::En).unwrap();
    let foot = &labels(&table)[2..];
    assert_eq!(foot[..5], ["Observations", "AR(1), p-value", "AR(2), p-value", "Hansen, p-value", "Instruments"]);
    assert_eq!(
        foot[5..],
        ["Difference-in-Hansen: equation in levels", "Difference-in-Hansen: standard instruments", "Wald"]
    );
    assert_eq!(
        (body(&table, "AR(1), p-value"), body(&table, "AR(2), p-value")),
        (vec!["<0.001".into()], vec!["0.674".into()])
    );
    let stats = ["ar1", "ar1_p", "ar2", "ar2_p", "sargan_p", "sargan_df"].map(str::to_owned).to_vec();
    let asked = RegressionTable { stats, ..o };
    let zh = regression(&[("g", &f)], &asked, Lang::Zh).unwrap();
    let want = ["AR(1) z值", "AR(1) p值", "AR(2) z值", "AR(2) p值", "Sargan的p值", "Sargan的自由度"];
    assert_eq!(labels(&zh)[2..8], want);
    let en = regression(&[("g", &f)], &asked, Lang::En).unwrap();
    assert_eq!(body(&en, "AR(1), z"), ["-5.356"]);
    assert_eq!(body(&en, "Sargan, p-value"), ["0.070"]);
    // Beside another method each has its own usual statistics.
    let ols = fit("feols", "y ~ x", &[("x", 0.3, 0.1)], json!({ "r2": 0.5, "clusters": [50] }), json!({}));
    let both = regression(&[("g", &f), ("o", &ols)], &RegressionTable::default(), Lang::En).unwrap();
    assert_eq!(body(&both, "R²"), ["", "0.500"]);
    assert_eq!(body(&both, "Instruments"), ["24", ""]);
}

#[test]
fn statistics_are_offered_only_where_they_are_defined() {
    let one = fit(
        "feols",
        "y ~ x",
        &[("x", 0.3, 0.1)],
        json!({ "r2_adjusted": 0.4, "sargan": null, "clusters": [50] }),
        json!({}),
    );
    let two = fit("feols", "y ~ x", &[("x", 0.3, 0.1)], json!({ "clusters": [50, 11] }), json!({}));
    let ask = |name: &str| {
        let o = RegressionTable { stats: vec![name.into()], ..RegressionTable::default() };
        regression(&[("a", &one), ("b", &two)], &o, Lang::En)
    };
    assert_eq!(body(&ask("clusters").unwrap(), "Clusters"), ["50", "50 / 11"]);
    assert_eq!(body(&ask("r2_adjusted").unwrap(), "Adjusted R²"), ["0.400", ""]);
    let e = ask("sargan").unwrap_err().to_string();
    assert!(
        e.contains("`sargan` is undefined in every estimate")
            && e.ends_with("choose among: nobs, clusters, r2_adjusted"),
        "{e}"
    );
    let e = ask("kp_f").unwrap_err().to_string();
    assert!(e.contains("none of the estimates has the statistic `kp_f`") && !e.contains("sargan"), "{e}");
}

/// A split by `by`: two groups, their difference 0.2 with a permutation p-value.
fn split(by: &str) -> Fit {
    let group = |value: &str, b: f64| {
        let c = |n: &str, b: f64| json!({ "name": n, "estimate": b, "std_error": 0.1, "statistic": b / 0.1, "p_value": 0.01 });
        json!({ "value": value, "nobs": 50, "vcov": "cluster:city", "coefficients": [c("x", b), c("w", 1.0)], "stats": { "r2": 0.3 } })
    };
    let between = |n: &str| json!({ "name": n, "difference": 0.2, "std_error": 0.14, "statistic": 1.43, "p_value": 0.153, "p_permutation": 0.2 });
    let more =
        json!({ "by": by, "groups": [group("low", 0.5), group("high", 0.3)], "between": [between("x"), between("w")] });
    Fit {
        sample: json!({ "missing": 3 }).as_object().cloned().unwrap(),
        ..fit("split", "y ~ x + w | city", &[], json!({}), more)
    }
}

#[test]
fn splits_stand_side_by_side_with_their_differences_at_the_foot() {
    let (a, b) = (split("fdi"), split("open"));
    let labels = [("fdi", "Foreign capital"), ("open=low", "Closed")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    let o = RegressionTable { controls: vec!["w".into()], labels: labels.into(), ..RegressionTable::default() };
    let table = effects::side_by_side(&[("a", &a), ("b", &b)], &o, Lang::En).unwrap();
    let heads = |k: usize| table.spanners[k].iter().map(|s| (s.label.as_str(), s.len)).collect::<Vec<_>>();
    assert_eq!(heads(0), [("Foreign capital", 2), ("open", 2)]);
    assert_eq!(heads(2), [("low", 1), ("high", 1), ("Closed", 1), ("high", 1)]);
    assert_eq!(table.rows().find(|r| r.label == "x").unwrap().cells.len(), 4);
    // The control has no row above, so no difference below.
    let foot = titled(&table, "Differences between groups");
    assert_eq!(foot.rows.len(), 1);
    assert_eq!(body(&table, "x"), ["0.200 (0.140) [0.200]", "", "0.200 (0.140) [0.200]", ""]);
    assert_eq!(table.source(foot, &foot.rows[0], 2).unwrap(), "estimates/b/between/x");
    assert_eq!(
        table.source(&table.sections[0], &table.sections[0].rows[0], 1).unwrap(),
        "estimates/a/groups/#1/coefficients/x"
    );
    assert!(table.notes.iter().any(|n| n.contains("permutation p-values in brackets")));
    assert!(table.notes.iter().any(|n| n == "Rows lost: 3 missing values."), "{:?}", table.notes);

    let plain = fit("feols", "y ~ x | city", &[("x", 0.4, 0.1)], json!({ "r2": 0.2 }), json!({}));
    let table = effects::side_by_side(&[("m", &plain), ("a", &a)], &o, Lang::En).unwrap();
    assert_eq!(table.spanners[2].iter().map(|s| s.label.as_str()).collect::<Vec<_>>(), ["OLS", "low", "high"]);
    assert_eq!(body(&table, "x"), ["", "0.200 (0.140) [0.200]", ""]);

    let both = panels(&[("One", vec![("a", &a)]), ("Two", vec![("b", &b)])], &o, Lang::En).unwrap();
    let foot = both.sections.last().unwrap();
    assert_eq!(both.source(foot, &foot.rows[0], 0).unwrap(), "estimates/b/between/x");
    let wrong = RegressionTable { headings: vec!["one".into()], ..o };
    assert!(
        effects::side_by_side(&[("a", &a), ("b", &b)], &wrong, Lang::En).unwrap_err().to_string().contains("wanted 4")
    );
}

/// The steps of a mediation with a = 0.6, b = 0.2, c = 0.5: ab = 0.12, Sobel's error √(0.2² 0.1² + 0.6² 0.02²) = 0.0233.
fn mediated() -> Fit {
    let c = |n: &str, b: f64, s: f64| {
        json!({ "name": n, "estimate": b, "std_error": s, "statistic": b / s, "p_value": 0.001,
        "conf_low": b - 2.0 * s, "conf_high": b + 2.0 * s })
    };
    let more = json!({ "treatment": "x", "mediator": "m",
        "effects": { "a": c("", 0.6, 0.1), "b": c("", 0.2, 0.02), "total": c("", 0.5, 0.1), "direct": c("", 0.38, 0.1),
            "indirect": { "estimate": 0.12, "std_error": 0.023_323_8, "p_value": 0.000_000_3, "conf_low": 0.08, "conf_high": 0.17 },
            "share": 0.24, "sobel_z": 5.145, "aroian_z": 5.1, "goodman_z": null,
            "bootstrap": { "std_error": 0.025, "conf_low": 0.08, "conf_high": 0.17, "replications": 500, "failed": 0 } },
        "steps": { "total": { "nobs": 90, "coefficients": [c("w", 1.0, 0.1), c("x", 0.5, 0.1)], "stats": { "r2": 0.2 } },
            "mediator": { "nobs": 90, "coefficients": [c("w", 1.0, 0.1), c("x", 0.6, 0.1)], "stats": { "r2": 0.4 } },
            "outcome": { "nobs": 90, "coefficients": [c("w", 1.0, 0.1), c("x", 0.38, 0.1), c("m", 0.2, 0.02)], "stats": { "r2": 0.3 } } } });
    fit("mediation", "y ~ x + w | city", &[("x", 0.38, 0.1)], json!({ "df_t": 49 }), more)
}

#[test]
fn a_mediation_is_three_columns_and_its_indirect_effect() {
    let f = mediated();
    let tables = effects::tables(&f, &RegressionTable::default(), Lang::En).unwrap();
    assert_eq!(tables.len(), 1, "the paths stand in the regressions");
    let table = &tables[0];
    assert_eq!(table.spanners[0].iter().map(|s| s.label.as_str()).collect::<Vec<_>>(), ["y", "m", "y"]);
    assert_eq!(body(table, "x"), ["0.500*** (0.100)", "0.600*** (0.100)", "0.380*** (0.100)"]);
    assert_eq!(body(table, "m"), ["", "", "0.200*** (0.020)"]);
    assert_eq!(labels(table)[..3], ["x", "m", "w"]);
    assert_eq!(body(table, "ab: indirect effect"), ["", "", "0.120*** (0.023)"]);
    assert_eq!(body(table, "Sobel z"), ["", "", "5.14 [<0.001]"]);
    assert_eq!(body(table, "95% interval, bootstrap"), ["", "", "[0.080, 0.170]"]);
    assert_eq!(body(table, "R²"), ["0.200", "0.400", "0.300"]);
    let (first, indirect) = (&table.sections[0], titled(table, "Indirect effect"));
    let whole = Table { of: "estimates/med".into(), ..table.clone() };
    assert_eq!(whole.source(first, &first.rows[0], 1).unwrap(), "estimates/med/steps/mediator/coefficients/x");
    assert_eq!(whole.source(indirect, &indirect.rows[0], 2).unwrap(), "estimates/med/effects/indirect");
    // With intervals below, ab has that of its own standard error: 0.12 ± 1.96 × 0.0233.
    let o = RegressionTable { below: Below::Ci, ..RegressionTable::default() };
    let table = plim_report::mediation::steps(&f, &o, Lang::En).unwrap();
    assert_eq!(body(&table, "ab: indirect effect")[2], "0.120*** [0.074, 0.166]");
}

#[test]
fn the_list_of_paths_tells_t_from_z_and_keeps_the_intervals_apart() {
    let table = plim_report::mediation::mediation(&mediated(), &RegressionTable::default(), Lang::En).unwrap();
    assert_eq!(table.columns[2].label, "t");
    assert_eq!(body(&table, "a: treatment → mediator")[2], "6.00");
    assert_eq!(body(&table, "ab: indirect effect"), ["0.120***", "0.023", "", "<0.001", "[0.074, 0.166]"]);
    assert_eq!(body(&table, "ab: bootstrap"), ["", "0.025", "", "", "[0.080, 0.170]"]);
    let bare = Fit { more: json!({ "effects": {} }).as_object().cloned().unwrap(), ..mediated() };
    let e = plim_report::mediation::steps(&bare, &RegressionTable::default(), Lang::En).unwrap_err().to_string();
    assert!(e.contains("no `steps`"), "{e}");
}

fn event(binned: Value) -> Fit {
    let b = [("event_time::-2", 0.1, 0.1), ("event_time::0", 0.5, 0.1), ("event_time::1", 0.7, 0.1), ("w", 1.0, 0.1)];
    fit("did", "y ~ w | city", &b, json!({}), json!({ "reference": -1, "binned": binned }))
}

#[test]
fn an_event_study_keeps_its_reference_beside_a_plain_estimate() {
    let did = fit("did", "y ~ w | city", &[("treat_post", 0.4, 0.1), ("w", 1.0, 0.1)], json!({}), json!({}));
    let ends = event(json!({ "low": -2, "high": 1 }));
    let o = RegressionTable::default();
    let table = effects::side_by_side(&[("did", &did), ("event", &ends)], &o, Lang::En).unwrap();
    let want = ["treat_post", "Event time ≤−2", "Event time −1", "Event time 0", "Event time ≥1", "w"];
    assert_eq!(labels(&table)[..6], want);
    assert_eq!(body(&table, "Event time −1"), ["", "0.000"]);
    assert_eq!((table.notes[0].as_str(), table.title.as_str()), ("Reference period −1.", "Regression results"));
    let all = panels(&[("", vec![("did", &did)]), ("", vec![("event", &ends)])], &o, Lang::Zh).unwrap();
    assert!(
        labels(&all).contains(&"相对时间≤−2") && all.notes.iter().any(|n| n.ends_with("基期：−1。")),
        "{:?}",
        all.notes
    );

    // A period is a bin only where it is one in all fits that have it.
    let open = event(json!({ "low": null, "high": 1 }));
    let table = effects::side_by_side(&[("a", &ends), ("b", &open)], &o, Lang::En).unwrap();
    assert_eq!(labels(&table)[..4], ["Event time −2", "Event time −1", "Event time 0", "Event time ≥1"]);
    let drawn = |fits: &[(&str, &Fit)]| svg::render(&plots::event_study(fits, Lang::En).unwrap(), "e");
    assert!(drawn(&[("a", &ends)]).contains(">≤−2<") && drawn(&[("a", &ends)]).contains(">≥1<"));
    assert!(drawn(&[("a", &ends), ("b", &open)]).contains(">−2<"));
    assert!(effects::event_study(&[("a", &did)], &o, Lang::En).is_err());
}

#[test]
fn the_note_on_standard_errors_is_a_sentence() {
    let a = fit("feols", "y ~ x", &[("x", 0.3, 0.1)], json!({}), json!({}));
    let b = Fit { vcov: "cluster:city (ssc fixest: K = 9, G = 50)".into(), ..a.clone() };
    let c = Fit { vcov: "hc1 (ssc fixest: K = 2)".into(), ..a.clone() };
    let notes = |fits: &[&Fit], o: &RegressionTable, lang| {
        let named: Vec<(&str, &Fit)> = fits.iter().map(|f| ("m", *f)).collect();
        regression(&named, o, lang).unwrap().notes
    };
    let o = RegressionTable::default();
    // Other counts of parameters are no other sentence.
    let stars = "* p < 0.1, ** p < 0.05, *** p < 0.01.".replace(' ', "\u{a0}").replace(",\u{a0}", ", ");
    assert_eq!(
        notes(&[&a, &b], &o, Lang::En),
        ["Standard errors in parentheses, clustered by city.".to_owned(), stars]
    );
    assert_eq!(notes(&[&a, &b], &o, Lang::Zh)[0], "括号内为聚类到city层面的稳健标准误。");
    let two = notes(&[&a, &c], &o, Lang::En);
    assert_eq!(
        two[..3],
        [
            "Standard errors in parentheses.",
            "(1): standard errors clustered by city.",
            "(2): standard errors robust to heteroskedasticity (HC1)."
        ]
    );
    let below = |below| RegressionTable { below, ..RegressionTable::default() };
    assert_eq!(
        notes(&[&a], &below(Below::T), Lang::En)[0],
        "t statistics in parentheses; standard errors clustered by city."
    );
    assert_eq!(notes(&[&a], &below(Below::T), Lang::Zh)[0], "括号内为t值，依聚类到city层面的稳健标准误计算。");
    assert_eq!(notes(&[&a], &below(Below::None), Lang::En)[0], "Standard errors clustered by city.");
    let full = RegressionTable { conventions: true, ..o };
    let said = notes(&[&a, &b], &full, Lang::En);
    assert_eq!(said[0], "Standard errors in parentheses.");
    assert_eq!(said[2], "(2): covariance cluster:city (ssc fixest: K = 9, G = 50).");
}

/// The notes of a study's usual fits, in the language of the study.
#[test]
fn notes_of_fits_and_regimes_are_in_chinese() {
    let notes = [
        "2 cohorts: the two-way estimate also compares with units already treated, with weights that may be negative (Goodman-Bacon 2021)",
        "b and the direct effect hold only if `m` is exogenous given `x` and the controls; a common cause of `m` and `y` biases both",
        "10 clusters of `year` are few (below 30): clustered standard errors tend to be too small",
        "`w` dropped: a linear combination of `x` and `z`",
        "the confidence set of the threshold 0.5 has gaps; the bounds given are its ends",
    ];
    let plain =
        fit("threshold", "y ~ x", &[("x:low", 0.3, 0.1), ("x:high", 0.1, 0.1)], json!({ "threshold": 0.5 }), json!({}));
    let f = Fit { notes: notes.map(str::to_owned).to_vec(), ..plain };
    let table = regression(&[("t", &f)], &RegressionTable::default(), Lang::Zh).unwrap();
    assert_eq!(labels(&table)[..2], ["x × 低门槛区间", "x × 高门槛区间"]);
    for (note, n) in notes.iter().zip(&table.notes[2..]) {
        assert!(n.ends_with('。') && !n.contains(note), "{n}");
    }
    assert_eq!(table.notes[5], "`w`未估计：可由`x`和`z`线性表示。");
    let own = [("low".to_owned(), "小城市".to_owned())].into();
    let table = regression(&[("t", &f)], &RegressionTable { labels: own, ..Default::default() }, Lang::Zh).unwrap();
    assert_eq!(labels(&table)[..2], ["x × 小城市", "x × 高门槛区间"]);
    let english = regression(&[("t", &f)], &RegressionTable::default(), Lang::En).unwrap();
    assert_eq!(labels(&english)[..2], ["x × low", "x × high"]);
    assert!(english.notes.iter().any(|n| n == "b and the direct effect hold only if `m` is exogenous given `x` and the controls; a common cause of `m` and `y` biases both."));
}
