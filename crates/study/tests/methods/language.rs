//! The formula language and the `where` filter.

use plim_study::expression::{Expr, Scope};
use plim_study::formula::{Formula, Part};
use plim_table::{Column, Panel, Table};

fn table() -> Table {
    Table::new(vec![
        Column::text("city", ["A", "A", "A", "B", "B"].map(Some)),
        Column::number("year", vec![2011.0, 2012.0, 2014.0, 2011.0, 2012.0]),
        Column::number("x", vec![1.0, 2.0, 4.0, f64::NAN, 16.0]),
        Column::number("发展 水平", vec![1.0, 1.0, 1.0, 1.0, 1.0]),
    ])
    .unwrap()
}

fn value(text: &str) -> Vec<f64> {
    let table = table();
    let panel = Panel::new(&table, "city", "year").unwrap();
    Scope { table: &table, panel: Some(&panel) }.evaluate(&Expr::parse(text).unwrap()).unwrap()
}

fn same(got: &[f64], want: &[f64]) {
    assert_eq!(got.len(), want.len());
    assert!(got.iter().zip(want).all(|(g, w)| g == w || g.is_nan() && w.is_nan()), "{got:?} against {want:?}");
}

const NAN: f64 = f64::NAN;

#[test]
fn arithmetic_has_the_usual_precedence() {
    same(&value("1 + 2 * x ^ 2"), &[3.0, 9.0, 33.0, NAN, 513.0]);
    same(&value("-x^2"), &[-1.0, -4.0, -16.0, NAN, -256.0]);
    same(&value("2^3^2 + 0*x"), &[512.0, 512.0, 512.0, NAN, 512.0]);
    same(&value("(x - 1) / 1e0"), &[0.0, 1.0, 3.0, NAN, 15.0]);
    same(&value("`发展 水平` + 1"), &[2.0; 5]);
}

#[test]
fn comparisons_and_missing_values() {
    same(&value("x > 1 & year = 2012"), &[0.0, 1.0, 0.0, NAN, 1.0]);
    same(&value("city = \"A\""), &[1.0, 1.0, 1.0, 0.0, 0.0]);
    same(&value("city != 'A' | year == 2014"), &[0.0, 0.0, 1.0, 1.0, 1.0]);
    same(&value("log(x - 1)"), &[NAN, 0.0, 3f64.ln(), NAN, 15f64.ln()]);
}

#[test]
fn lags_go_by_the_year_not_by_the_row() {
    same(&value("l(x)"), &[NAN, 1.0, NAN, NAN, NAN]);
    same(&value("l(x, 2)"), &[NAN, NAN, 2.0, NAN, NAN]);
    same(&value("f(x, 1)"), &[2.0, NAN, NAN, 16.0, NAN]);
    same(&value("d(x)"), &[NAN, 1.0, NAN, NAN, NAN]);
}

#[test]
fn products_and_effects() {
    let f = Formula::parse("log(y) ~ a*b + c:d + i(t, treat, c(-1, -1000)) + l(z, 0:1) | city + prov^year").unwrap();
    assert_eq!(f.outcome.name, "log(y)");
    let names: Vec<String> = f
        .terms
        .iter()
        .map(|t| {
            let part = |p: &Part| match p {
                Part::Value(v) => v.name.clone(),
                Part::Dummies { column, references } => format!("i({column} without {})", references.join(" ")),
            };
            t.0.iter().map(part).collect::<Vec<_>>().join(":")
        })
        .collect();
    assert_eq!(names, ["a", "b", "a:b", "c:d", "i(t without -1 -1000):treat", "l(z, 0)", "l(z, 1)"]);
    assert_eq!(f.effects.iter().map(|e| e.name()).collect::<Vec<_>>(), ["city", "prov^year"]);
    assert!(Formula::parse("y ~ x - 1").is_ok_and(|f| !f.intercept));
    assert!(Formula::parse("y ~ 1 | i + t").is_ok_and(|f| f.terms.is_empty()));
}

#[test]
fn slopes_and_instruments() {
    let f = Formula::parse("y ~ x + w | city[year, log(gdp)] + prov[[t]] | d + e ~ z1 + z2:x").unwrap();
    assert_eq!((f.terms.len(), f.endogenous.len(), f.instruments.len()), (2, 2, 2));
    let slopes: Vec<_> = f.effects.iter().map(|e| (e.name(), e.constant, e.slopes.len())).collect();
    assert_eq!(slopes, [("city".into(), true, 2), ("prov".into(), false, 1)]);
    assert_eq!(f.effects[0].slopes[1].name, "log(gdp)");
    // Without effects the second part has the instruments.
    let f = Formula::parse("y ~ 1 | d ~ z").unwrap();
    assert!(f.effects.is_empty() && f.endogenous.len() == 1 && f.instruments.len() == 1 && f.intercept);
    let all = Formula::parse("y ~ x | a[b] | d ~ z").unwrap().columns();
    assert_eq!(all, ["y", "x", "d", "z", "a", "b"]);
}

#[test]
fn one_formula_for_many_models() {
    let texts =
        |source: &str| -> Vec<String> { Formula::parse_set(source).unwrap().into_iter().map(|f| f.source).collect() };
    assert_eq!(
        texts("c(y, log(z)) ~ x + sw0(a, b + c) | csw0(city, year)")[..7],
        ["y ~ x", "y ~ x + a", "y ~ x + b + c", "log(z) ~ x", "log(z) ~ x + a", "log(z) ~ x + b + c", "y ~ x | city",]
    );
    assert_eq!(
        texts("y ~ csw(a, b, c:d) | p^q[t] "),
        ["y ~ a | p^q[t]", "y ~ a + b | p^q[t]", "y ~ a + b + c:d | p^q[t]"]
    );
    assert_eq!(texts("y ~ mvsw(a, b)"), ["y ~ 1", "y ~ a", "y ~ b", "y ~ a + b"]);
    assert_eq!(texts("y ~ sw(`odd name`, i(t, ref = 5)) - 1"), ["y ~ `odd name` - 1", "y ~ i(t, ref = c(5)) - 1"]);
    assert_eq!(texts("y ~ 1 | city | d ~ sw(z1, z1 + z2)").len(), 2);
    // What each model is called parses to that model.
    for f in Formula::parse_set("c(y, w) ~ x * m + sw(l(x, 1:2), I(x^2)) | csw(city[t], year) | d ~ csw(z, v)").unwrap()
    {
        let again = Formula::parse(&f.source).unwrap();
        assert_eq!((&again.terms, &again.effects, &again.instruments), (&f.terms, &f.effects, &f.instruments));
    }
    assert!(Formula::parse("y ~ csw(a, b)").unwrap_err().to_string().contains("2 models"));
    let many: Vec<String> = (0..14).map(|j| format!("x{j}")).collect();
    assert!(Formula::parse_set(&format!("y ~ mvsw({})", many.join(", "))).is_err());
}

#[test]
fn what_has_no_meaning_is_refused_with_its_place() {
    for (text, part) in [
        ("y ~ x + ", "regressor"),
        ("y x", "~"),
        ("y ~ x | ", "fixed effect"),
        ("y ~ x | a | b", "`~`"),
        ("y ~ x | a | b ~ ", "regressor"),
        ("y ~ x | a[z", "`]`"),
        ("y ~ x | a[[z]", "`]`"),
        ("y ~ x | a | 1 ~ z", "number"),
        ("y ~ 2", "number"),
        ("y ~ x ? z", "`?`"),
        ("y ~ `x", "closed"),
        ("y ~ l(x, 0:5000)", "100"),
        ("y ~ x) + z", "ends"),
    ] {
        let e = Formula::parse(text).unwrap_err().to_string();
        assert!(e.contains(part) && e.contains('^'), "{text}: {e}");
    }
    let table = table();
    let scope = Scope { table: &table, panel: None };
    let e = scope.evaluate(&Expr::parse("l(x)").unwrap()).unwrap_err().to_string();
    assert!(e.contains("unit"), "{e}");
    let e = scope.evaluate(&Expr::parse("asihn(x)").unwrap()).unwrap_err().to_string();
    assert!(e.contains("did you mean"), "{e}");
    let e = scope.evaluate(&Expr::parse("city + 1").unwrap()).unwrap_err().to_string();
    assert!(e.contains("city"), "{e}");
}
