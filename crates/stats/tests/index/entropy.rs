//! Entropy weights: methods.md 1.2 A-E, R and Python references, identities, refusals.

use plim_golden::{Csv, close, close_printed, json, shared};
use plim_stats::index::entropy::{Constant, Replicate, Score, ShareScope, Zeros};
use plim_stats::index::{Entropy, EntropyIndex, NormalizeScope, entropy};

const X1: [f64; 6] = [10.0, 14.0, 30.0, 35.0, 22.0, 25.0];
const X2: [f64; 6] = [200.0, 260.0, 220.0, 300.0, 500.0, 640.0];
const X3: [f64; 6] = [5.0, 4.0, 9.0, 7.0, 6.0, 3.0];
const YEAR: [i64; 6] = [1, 2, 1, 2, 1, 2];

fn options() -> Entropy {
    Entropy { indicators: names(&["x1", "x2", "x3"]), negative: names(&["x3"]), ..Entropy::default() }
}

fn names(n: &[&str]) -> Vec<String> {
    n.iter().map(|s| s.to_string()).collect()
}

fn run(options: &Entropy) -> EntropyIndex {
    entropy(options, &[&X1, &X2, &X3], Some(&YEAR)).unwrap()
}

fn weights(index: &EntropyIndex, year: Option<i64>) -> Vec<f64> {
    index.weights.iter().filter(|w| w.year == year).map(|w| w.weight).collect()
}

fn check(what: &str, options: &Entropy, w: &[f64], s: Option<&[f64]>) {
    let index = run(options);
    close_printed(&weights(&index, None), w, 8, what);
    if let Some(s) = s {
        close_printed(&index.score, s, 8, what);
    }
}

#[test]
fn methods_1_2_a_pooled() {
    let s = [0.14635574, 0.29583542, 0.24181082, 0.46186360, 0.58671456, 0.89061755];
    check("A", &options(), &[0.27345612, 0.50701027, 0.21953361], Some(&s));
    let index = run(&options());
    let e: Vec<f64> = index.weights.iter().map(|w| w.entropy).collect();
    close_printed(&e, &[0.82809211, 0.68126854, 0.86199043], 8, "e");
    assert_eq!((index.goalposts[1].low, index.goalposts[1].high), (200.0, 640.0));
}

#[test]
fn methods_1_2_b_shifts() {
    let w = [0.27345916, 0.50702127, 0.21951957];
    let s = [0.14634638, 0.29582571, 0.24181375, 0.46186445, 0.58671650, 0.89061634];
    check("B", &Entropy { zeros: Zeros::Shift(1e-4), ..options() }, &w, Some(&s));
    check("B'", &Entropy { zeros: Zeros::Affine(1e-4), ..options() }, &w, None);
    // The vector of B'' is .99 z + .01.
    let w = [0.27473757, 0.50494935, 0.22031308];
    check("B''", &Entropy { zeros: Zeros::AffineLow(0.01), ..options() }, &w, None);
}

#[test]
fn methods_1_2_c_everything_by_year() {
    let by_year = Entropy { normalize_scope: NormalizeScope::Year, share_scope: ShareScope::Year, ..options() };
    let index = run(&by_year);
    close_printed(&weights(&index, Some(1)), &[0.25445721, 0.50351292, 0.24202987], 8, "C y1");
    close_printed(&weights(&index, Some(2)), &[0.27500656, 0.47380432, 0.25118912], 8, "C y2");
    let s = [0.24202987, 0.18839184, 0.28802474, 0.32488070, 0.83770965, 0.86904449];
    close_printed(&index.score, &s, 8, "C");
}

#[test]
fn methods_1_2_d_goalposts_pooled_shares_by_year() {
    let index = run(&Entropy { share_scope: ShareScope::Year, ..options() });
    close_printed(&weights(&index, Some(1)), &[0.25445721, 0.50351292, 0.24202987], 8, "D y1");
    close_printed(&weights(&index, Some(2)), &[0.31001428, 0.55107231, 0.13891341], 8, "D y2");
    let s = [0.16135325, 0.24050969, 0.22645272, 0.48156245, 0.58645866, 0.87599429];
    close_printed(&index.score, &s, 8, "D");
}

#[test]
fn methods_1_2_e_the_faulty_template() {
    let faulty = Entropy { replicate: Some(Replicate::LnT), ..options() };
    let s = [0.26161244, 0.41848115, 0.30259018, 0.55049159, 0.53692238, 0.85423126];
    check("E", &faulty, &[0.36442185, 0.24315950, 0.39241865], Some(&s));
    let index = run(&faulty);
    let d: Vec<f64> = index.weights.iter().map(|w| w.divergence).collect();
    close_printed(&d, &[-1.14058705, -0.76105364, -1.22821295], 8, "d");
    assert!(index.notes.iter().any(|n| n.contains("ln_t")), "{:?}", index.notes);
}

#[test]
fn r_reference_of_thirty_units() {
    let (Some(data), Some(reference)) =
        (shared("golden/r/data/syn_indicators.csv"), shared("golden/r/complexity_indices.json"))
    else {
        return;
    };
    let (data, cases) = (Csv::read(&data), json(&reference));
    let indicators = names(&["i1", "i2", "i3", "i4", "i5", "i6"]);
    let columns: Vec<Vec<f64>> = indicators.iter().map(|n| data.num(n)).collect();
    let x: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    for (case, a) in [("entropy_minmax_shift1e-04", 1e-4), ("entropy_minmax_shift0.01", 0.01)] {
        let options = Entropy {
            indicators: indicators.clone(),
            negative: names(&["i6"]),
            zeros: Zeros::Shift(a),
            ..Entropy::default()
        };
        let index = entropy(&options, &x, None).unwrap();
        let want = &cases["cases"][case]["result"];
        for w in &index.weights {
            close(w.weight, want["weight"][&w.name].as_f64().unwrap(), 1e-11, &w.name);
            close(w.entropy, want["entropy"][&w.name].as_f64().unwrap(), 1e-12, &w.name);
            close(w.divergence, want["redundancy"][&w.name].as_f64().unwrap(), 1e-11, &w.name);
        }
        for (unit, s) in data.text("unit").iter().zip(&index.score) {
            close(*s, want["score"][unit].as_f64().unwrap(), 1e-11, unit);
        }
    }
}

#[test]
fn python_reference_of_shifts() {
    let (Some(x), Some(want)) =
        (shared("golden/indices/own_entropy_x.csv"), shared("golden/indices/own_entropy_expected.csv"))
    else {
        return;
    };
    let (x, want) = (Csv::read(&x), Csv::read(&want));
    let columns: Vec<Vec<f64>> = ["x1", "x2", "x3"].iter().map(|n| x.num(n)).collect();
    let mut cases = 0;
    for (row, kind) in want.text("normalisation").iter().enumerate().filter(|(_, k)| *k == "minmax") {
        let a = want.num("shift")[row];
        let options = Entropy { indicators: names(&["x1", "x2", "x3"]), zeros: Zeros::Shift(a), ..Entropy::default() };
        let index = entropy(&options, &[&columns[0], &columns[1], &columns[2]], None).unwrap();
        for (w, name) in index.weights.iter().zip(["w1", "w2", "w3"]) {
            close(w.weight, want.num(name)[row], 1e-11, &format!("{kind} {a} {name}"));
        }
        cases += 1;
    }
    assert!(cases >= 4);
}

#[test]
fn units_and_order_of_rows_do_not_matter() {
    let base = run(&options());
    let x2: Vec<f64> = X2.iter().map(|v| 1e6 * v - 3e8).collect();
    let scaled = entropy(&options(), &[&X1, &x2, &X3], None).unwrap();
    let back = |x: &[f64]| x.iter().rev().copied().collect::<Vec<f64>>();
    let turned = entropy(&options(), &[&back(&X1), &back(&X2), &back(&X3)], None).unwrap();
    for i in 0..6 {
        close(scaled.score[i], base.score[i], 1e-12, "units");
        close(turned.score[5 - i], base.score[i], 1e-12, "order");
    }
    // A negative indicator is its mirror image as a positive one.
    let mirror: Vec<f64> = X3.iter().map(|v| -v).collect();
    let positive = Entropy { negative: vec![], ..options() };
    let mirrored = entropy(&positive, &[&X1, &X2, &mirror], None).unwrap();
    assert_eq!(mirrored.score, base.score);
    // A target at the top is a positive indicator when the bottom is the farthest value.
    let target = Entropy { direction: vec!["x1:target=35".parse().unwrap()], ..options() };
    for (got, want) in run(&target).score.iter().zip(&base.score) {
        close(*got, *want, 1e-12, "target at the top");
    }
}

#[test]
fn the_three_scores_differ_as_defined() {
    let zeros = Zeros::Shift(0.25);
    let plain = run(&Entropy { zeros, ..options() });
    let shifted = run(&Entropy { zeros, score: Score::Shifted, ..options() });
    let share = run(&Entropy { zeros, score: Score::Share, ..options() });
    for i in 0..6 {
        // Weights sum to one, so that a shift of every z shifts the score.
        close(shifted.score[i], plain.score[i] + 0.25, 1e-12, "shifted");
    }
    close(share.score.iter().sum(), 1.0, 1e-12, "shares sum to one");
}

#[test]
fn a_base_year_freezes_the_goalposts_and_refuses_values_below_them() {
    let base = |year| Entropy { normalize_scope: NormalizeScope::Base(year), ..options() };
    // x1 of year 1 starts at 10, below the 14 of year 2.
    let error = entropy(&base(2), &[&X1, &X2, &X3], Some(&YEAR)).unwrap_err();
    assert_eq!((error.column.as_deref(), error.rows.as_slice()), (Some("x1"), [0].as_slice()));
    assert!(error.to_string().contains("goalposts of the base year"), "{error}");
    let two = names(&["x1", "x2"]);
    let shifted = Entropy { indicators: two, negative: vec![], zeros: Zeros::Shift(1.0), ..base(2) };
    let index = entropy(&shifted, &[&X1, &X2], Some(&YEAR)).unwrap();
    assert!(index.score[0] < 0.0, "the plain score may fall below the base year's worst");
    let index = run(&base(1));
    assert_eq!((index.goalposts[0].low, index.goalposts[0].high), (10.0, 30.0));
    assert!(index.score[5] > 1.0, "a later value may exceed the base year's best");
    assert!(entropy(&base(9), &[&X1, &X2, &X3], Some(&YEAR)).unwrap_err().to_string().contains("base year 9"));
}

#[test]
fn missing_rows_have_no_score_and_change_nothing_else() {
    let base = run(&options());
    let with = |x: &[f64; 6], extra: f64| [x.as_slice(), &[extra]].concat();
    let (x1, x2, x3) = (with(&X1, 99.0), with(&X2, f64::NAN), with(&X3, 1.0));
    let index = entropy(&options(), &[&x1, &x2, &x3], None).unwrap();
    assert_eq!(index.score[..6], base.score);
    assert!(index.score[6].is_nan());
    assert_eq!(index.incomplete, 1);
    assert!(index.notes[0].contains("1 of 7 rows"), "{:?}", index.notes);
}

#[test]
fn an_unbalanced_panel_takes_the_rows_of_each_year() {
    // Year 2 has two units only; its weights are those of these two rows alone.
    let year = [1, 1, 1, 2, 1, 2];
    let by_year = Entropy { normalize_scope: NormalizeScope::Year, share_scope: ShareScope::Year, ..options() };
    let all = entropy(&by_year, &[&X1, &X2, &X3], Some(&year)).unwrap();
    let at = |x: &[f64; 6]| [x[3], x[5]];
    let alone = entropy(&by_year, &[&at(&X1), &at(&X2), &at(&X3)], Some(&[2, 2])).unwrap();
    assert_eq!(weights(&all, Some(2)), weights(&alone, Some(2)));
    let lonely = [1, 1, 1, 1, 1, 2];
    assert!(entropy(&by_year, &[&X1, &X2, &X3], Some(&lonely)).unwrap_err().to_string().contains("in 2"));
}

#[test]
fn a_year_without_an_indicator_is_refused() {
    let x2 = [5.0, f64::NAN, 9.0, f64::NAN, 6.0, f64::NAN];
    let error = entropy(&options(), &[&X1, &x2, &X3], Some(&[1, 2, 1, 2, 1, 2])).unwrap_err();
    assert_eq!(error.column.as_deref(), Some("x2"));
    assert!(error.to_string().contains("every row of 2"), "{error}");
    // Years that have it somewhere lose rows only.
    assert_eq!(entropy(&options(), &[&X1, &x2, &X3], Some(&[1, 1, 2, 2, 2, 2])).unwrap().incomplete, 3);
}

#[test]
fn a_constant_indicator_is_refused_or_dropped_by_name() {
    let flat = [4.0; 6];
    let error = entropy(&options(), &[&X1, &flat, &X3], None).unwrap_err();
    assert_eq!(error.column.as_deref(), Some("x2"));
    assert_eq!(error.kind, plim_stats::Kind::Constant);
    let drop = Entropy { constant: Constant::Drop, ..options() };
    let index = entropy(&drop, &[&X1, &flat, &X3], None).unwrap();
    assert_eq!(index.weights[1].weight, 0.0);
    close(weights(&index, None).iter().sum(), 1.0, 1e-14, "the rest sums to one");
    assert!(index.notes[0].contains("`x2`"), "{:?}", index.notes);
    let nothing = entropy(&drop, &[&flat, &flat, &flat], None).unwrap_err().to_string();
    assert!(nothing.contains("no indicator differs"), "{nothing}");
}

#[test]
fn refusals_name_the_option() {
    let refused = |o: Entropy, time| entropy(&o, &[&X1, &X2, &X3], time).unwrap_err().to_string();
    let year = Some(YEAR.as_slice());
    assert!(refused(Entropy { negative: names(&["tax"]), ..options() }, year).contains("`tax`"));
    let both = Entropy { direction: vec!["x3:1".parse().unwrap()], ..options() };
    assert!(refused(both, year).contains("two directions"));
    assert!(refused(Entropy { indicators: names(&["x1", "x1", "x3"]), ..options() }, year).contains("twice"));
    assert!(refused(Entropy { share_scope: ShareScope::Year, ..options() }, None).contains("`time`"));
    assert!(refused(Entropy { replicate: Some(Replicate::LnT), ..options() }, None).contains("ln_t"));
    assert!(entropy(&Entropy::default(), &[], None).is_err());
    let missing = [f64::NAN; 6];
    let by_year = Entropy { share_scope: ShareScope::Year, ..options() };
    assert!(entropy(&by_year, &[&X1, &missing, &X3], year).unwrap_err().to_string().contains("every row of 1"));
    let infinite = [f64::INFINITY, 1.0, 2.0, 3.0, 4.0, 5.0];
    let error = entropy(&options(), &[&infinite, &X2, &X3], None).unwrap_err();
    assert_eq!((error.column.as_deref(), error.rows.as_slice()), (Some("x1"), [0].as_slice()));
}
