//! Regression tables beyond one row of columns: groups, panels, first stages, other conventions, and what each
//! number is of; the specification curve.

use plim_report::regression::{ColumnGroup, RegressionTable, regression};
use plim_report::specification::{of_fits, specification_curve};
use plim_report::variants::panels;
use plim_report::{Fit, Lang, html, text};
use plim_stats::Coefficient;
use serde_json::{Value, json};

fn fit(formula: &str, b: &[(&str, f64, f64)], more: Value) -> Fit {
    Fit {
        method: "feols".into(),
        formula: formula.into(),
        nobs: 100,
        vcov: "cluster:city (K=2)".into(),
        coefficients: b.iter().map(|(n, e, s)| Coefficient::new(*n, *e, *s, Some(50.0))).collect(),
        more: more.as_object().cloned().unwrap_or_default(),
        ..Fit::default()
    }
}

fn also() -> Value {
    let under = |se: f64| {
        json!([{ "name": "x", "estimate": 0.5, "std_error": se, "statistic": 0.5 / se, "p_value": 0.2,
        "conf_low": null, "conf_high": null }])
    };
    json!({ "vcov_also": [{ "vcov": "hc1", "label": "hc1 (K=2)", "coefficients": under(0.4) }],
        "ssc": [{ "rule": "none", "label": "cluster (none)", "coefficients": under(0.3) }, { "rule": "plm", "refused": "no" }] })
}

#[test]
fn a_table_has_the_conventions_that_all_its_fits_carry() {
    let (a, b) = (fit("y ~ x | city", &[("x", 0.5, 0.1)], also()), fit("y ~ x", &[("x", 0.5, 0.2)], also()));
    let o = RegressionTable::default();
    let table = regression(&[("a", &a), ("b", &b)], &o, Lang::En).unwrap();
    let labels: Vec<&str> = table.variants.iter().map(|v| v.label.as_str()).collect();
    assert_eq!(labels, ["ssc none", "hc1"]);
    let shape = |s: &[plim_report::table::Section]| s.iter().map(|s| s.rows.len()).collect::<Vec<_>>();
    assert_eq!(shape(&table.variants[0].sections), shape(&table.sections));
    let page = html::interactive(&table);
    assert!(page.contains("data-label=\"hc1\"") && page.contains("(0.400") && page.contains("data-as=\"LaTeX\""));
    assert!(!html::render(&table).contains("<template"));
    let bare = fit("y ~ x", &[("x", 0.5, 0.2)], json!({}));
    assert!(regression(&[("a", &a), ("bare", &bare)], &o, Lang::En).unwrap().variants.is_empty());
}

#[test]
fn groups_and_panels() {
    let (a, b) = (fit("y ~ x | city", &[("x", 0.5, 0.1)], json!({})), fit("z ~ x", &[("x", 0.7, 0.2)], json!({})));
    let group = |label: &str, columns| ColumnGroup { label: label.into(), columns };
    let o = RegressionTable { groups: vec![group("All", 1), group("Part", 1)], ..Default::default() };
    let printed = text::render(&regression(&[("a", &a), ("b", &b)], &o, Lang::En).unwrap());
    assert!(printed.contains("All") && printed.contains("Part"), "{printed}");
    let o = RegressionTable { groups: vec![group("All", 3)], ..Default::default() };
    let e = regression(&[("a", &a), ("b", &b)], &o, Lang::En).unwrap_err().to_string();
    assert!(e.contains("groups"), "{e}");

    let o = RegressionTable::default();
    let table = panels(&[("", vec![("a", &a)]), ("Second", vec![("b", &b)])], &o, Lang::En).unwrap();
    let titles: Vec<&str> = table.sections.iter().filter_map(|s| s.title.as_deref()).collect();
    assert_eq!(titles, ["Panel A: y", "Panel B: Second"]);
    let second = table.sections.iter().find(|s| s.title.as_deref() == Some("Panel B: Second")).unwrap();
    assert_eq!(table.source(second, &second.rows[0], 0).unwrap(), "estimates/b/coefficients/x");
    let uneven = [("", vec![("a", &a)]), ("", vec![("a", &a), ("b", &b)])];
    assert!(panels(&uneven, &o, Lang::Zh).unwrap_err().to_string().contains("panel B"));
    assert!(panels(&[], &o, Lang::Zh).is_err());
}

#[test]
fn first_stages_stand_below_the_estimates() {
    let stage = json!({ "first_stage": [{ "name": "x", "f": 20.0, "coefficients": [
        { "name": "w", "estimate": 1.0, "std_error": 1.0 }, { "name": "z", "estimate": 0.25, "std_error": 0.05, "p_value": 0.0 }] }] });
    let iv = fit("y ~ w | x ~ z", &[("x", 0.5, 0.1), ("w", 1.0, 0.3)], stage);
    let ols = fit("y ~ x + w", &[("x", 0.4, 0.1)], json!({}));
    let o = RegressionTable { first_stage: true, ..Default::default() };
    let table = regression(&[("ols", &ols), ("iv", &iv)], &o, Lang::En).unwrap();
    let section = table.sections.iter().find(|s| s.title.as_deref() == Some("First stage")).unwrap();
    assert_eq!(section.rows.len(), 1);
    assert_eq!(section.rows[0].cells[1].value(), Some(0.25));
    assert_eq!(table.source(section, &section.rows[0], 1).unwrap(), "estimates/iv/first_stage/#0/coefficients/z");
    assert!(regression(&[("ols", &ols)], &o, Lang::En).unwrap_err().to_string().contains("first stage"));
}

#[test]
fn a_turned_table_tells_what_its_cells_are_of() {
    let effect = |v: f64| json!({ "estimate": v, "std_error": 0.1 });
    let m = fit("y ~ x", &[("x", 0.5, 0.1)], json!({ "effects": { "a": effect(0.2), "indirect": effect(0.1) } }));
    let table = plim_report::mediation::mediation(&m, &RegressionTable::default(), Lang::En).unwrap();
    let table = plim_report::table::Table { of: "estimates/m".into(), ..table };
    let section = &table.sections[0];
    assert_eq!(table.source(section, &section.rows[0], 1).unwrap(), "estimates/m/effects/a");
}

#[test]
fn the_specification_curve_sorts_and_tells_choices_apart() {
    let fits = [
        fit("y ~ x + w | city", &[("x", 0.5, 0.1), ("w", 1.0, 0.3)], json!({})),
        fit("y ~ x | city + year", &[("x", -0.1, 0.2)], json!({})),
        fit("y ~ x", &[("x", 0.9, 0.2)], json!({})),
    ];
    let named: Vec<(&str, &Fit)> = ["main", "b", "<c>"].into_iter().zip(&fits).collect();
    let all = of_fits(&named, "x", |n| n.to_uppercase(), Lang::En).unwrap();
    // Outcome, method, covariance and size are shared: no choice.
    assert_eq!(all[0].choices, [("Fixed effects".into(), "CITY".into()), ("Controls".into(), "W".into())]);
    assert!(all[0].main && !all[1].main);
    let scene = specification_curve(&all, Lang::En).unwrap();
    assert_eq!(scene.description, "3 specifications, median estimate 0.500; 2 above zero, 2 with p < 0.05 (filled).");
    let svg = plim_report::svg::render(&scene, "curve");
    assert!(svg.contains("&lt;c&gt;: 0.900") && !svg.contains("<c>"));
    assert!(
        of_fits(&named, "q", |n| n.into(), Lang::En).unwrap_err().to_string().contains("`main` has no coefficient `q`")
    );
    assert!(specification_curve(&[], Lang::Zh).is_err());
}
