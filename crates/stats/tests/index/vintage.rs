//! Frozen vintages: they score their own index, of the same and of later rows, and nothing else.

use super::composite::{X, by, rows, run, run_on};
use plim_stats::index::composite::{Vintage, WeightLevel};
use plim_stats::index::impute::Keys;
use plim_stats::index::treat::Treat;
use plim_stats::index::{
    Aggregate, Basis, Convention, Index, Inputs, Normalize, NormalizeScope, Sheet, SheetRow, Weighting, index,
};

#[test]
fn a_vintage_scores_its_own_rows_and_new_ones_alike() {
    let options = Index {
        weighting: by(Convention::Critic),
        treat: Treat::Winsorize,
        basis: Basis { normalize: Some(Normalize::Z), ..Basis::default() },
        ..Index::default()
    };
    let first = run(&options);
    let vintage = first.vintage.clone().unwrap();
    let sheet = Sheet::new(&rows()).unwrap();
    let again = run_on(&options, &sheet, &[&X[0], &X[1], &X[2]], Some(&vintage)).unwrap();
    assert_eq!(again.scores, first.scores);
    assert_eq!(again.weights, first.weights);
    // One row of a later vintage, by itself: no spread is needed.
    let one = run_on(&options, &sheet, &[&X[0][2..3], &X[1][2..3], &X[2][2..3]], Some(&vintage)).unwrap();
    assert_eq!(one.scores.last().unwrap().1[0], first.scores.last().unwrap().1[2]);
    // Through text, as results.json keeps it.
    let text = serde_json::to_string(&vintage).unwrap();
    assert_eq!(serde_json::from_str::<Vintage>(&text).unwrap(), vintage);
    let other = Index { scale: [0.0, 10.0], ..options.clone() };
    let error = run_on(&other, &sheet, &[&X[0], &X[1], &X[2]], Some(&vintage)).unwrap_err();
    assert!(error.to_string().contains("another way"), "{error}");
    let year = Index { basis: Basis { normalize_scope: NormalizeScope::Year, ..Basis::default() }, ..Index::default() };
    assert!(run(&year).vintage.is_none());
}

#[test]
fn a_vintage_scores_nothing_but_its_own_index() {
    let options = Index { weighting: by(Convention::Entropy), ..Index::default() };
    let first = run(&options);
    let vintage = first.vintage.clone().unwrap();
    let x: [&[f64]; 3] = [&X[0], &X[1], &X[2]];
    let on = |options: &Index, rows: &[SheetRow], vintage: &Vintage| {
        let sheet = Sheet::new(rows).unwrap();
        run_on(options, &sheet, &x[..sheet.leaves().len()], Some(vintage)).map_err(|e| e.to_string())
    };
    let refused = |options: &Index, rows: &[SheetRow], vintage: &Vintage| on(options, rows, vintage).unwrap_err();
    // What was asked for before may be asked for again or left out.
    for again in [&options, &Index::default()] {
        assert_eq!(on(again, &rows(), &vintage).unwrap().scores, first.scores);
    }
    let some: Vec<SheetRow> = rows().into_iter().filter(|r| r.code != "x2").collect();
    let text = refused(&options, &some, &vintage);
    assert!(text.contains("`x2`") && text.contains("name all indicators"), "{text}");
    let mut more = rows();
    more.push(SheetRow { code: "x4".into(), parent: "net".into(), ..SheetRow::default() });
    let none = vec![None; 4];
    let inputs = Inputs { x: &[&X[0], &X[1], &X[2], &X[0]], denominators: &none, keys: Keys::default() };
    let text = index(&options, &Sheet::new(&more).unwrap(), &inputs, Some(&vintage)).unwrap_err().to_string();
    assert!(text.contains("`x4`") && text.contains("no indicator of the frozen index"), "{text}");
    let mut turned = rows();
    turned[2].direction = "1".into();
    let text = refused(&options, &turned, &vintage);
    assert!(text.contains("`x3`") && text.contains("-1 in the frozen index, here 1"), "{text}");
    let mut logged = rows();
    logged[0].transform = "log".into();
    assert!(refused(&options, &logged, &vintage).contains("transform"));
    let mut moved = rows();
    moved[1].parent = "cost".into();
    assert!(refused(&options, &moved, &vintage).contains("weighs `x2` in `net`"));
    // Means by other powers, weights by another convention, rows of another scope.
    let mean = Index { aggregate: vec![Aggregate::GeneralizedMean], power: 2.0, scale: [1.0, 2.0], ..Index::default() };
    let squares = run(&mean).vintage.unwrap();
    assert!(refused(&Index { power: 3.0, ..mean.clone() }, &rows(), &squares).contains("another `power`"));
    assert!(refused(&mean, &rows(), &vintage).contains("another `scale`"));
    for (name, other) in [
        ("method", Index { weighting: by(Convention::Critic), ..Index::default() }),
        (
            "weights",
            Index { weighting: Weighting { weights: vec![0.2, 0.3, 0.5], ..Default::default() }, ..Index::default() },
        ),
        ("weight_level", Index { weight_level: Some(WeightLevel::Group), ..Index::default() }),
        ("treat", Index { treat: Treat::Log, ..Index::default() }),
        ("goalposts", {
            let goalposts = vec!["x1:0:1".parse().unwrap()];
            Index { basis: Basis { goalposts, ..Basis::default() }, ..Index::default() }
        }),
    ] {
        let text = refused(&other, &rows(), &vintage);
        assert!(text.contains(&format!("`{name}`")) && text.contains("earlier run"), "{name}: {text}");
    }
    // Damaged files.
    let mut bent = vintage.clone();
    bent.weights[0].weight += 0.1;
    assert!(refused(&options, &rows(), &bent).contains("not to one"));
    let mut flat = vintage.clone();
    flat.scales[0].spread = 0.0;
    assert!(refused(&options, &rows(), &flat).contains("save the earlier run anew"));
    let text = serde_json::to_string(&vintage).unwrap().replace("\"indicators\"", "\"readings\"");
    assert!(serde_json::from_str::<Vintage>(&text).unwrap_err().to_string().contains("indicators"));
}

#[test]
fn an_indicator_that_was_dropped_stays_out_of_later_scores() {
    let basis = Basis { constant: plim_stats::index::entropy::Constant::Drop, ..Basis::default() };
    let options = Index { weighting: by(Convention::Entropy), basis, ..Index::default() };
    let sheet = Sheet::new(&rows()).unwrap();
    let flat = [4.0; 6];
    let first = run_on(&options, &sheet, &[&X[0], &flat, &X[2]], None).unwrap();
    let vintage = first.vintage.clone().unwrap();
    assert_eq!(run_on(&options, &sheet, &[&X[0], &flat, &X[2]], Some(&vintage)).unwrap().scores, first.scores);
    // What it does later is not in the scale.
    assert_eq!(run_on(&options, &sheet, &[&X[0], &X[1], &X[2]], Some(&vintage)).unwrap().scores, first.scores);
}
