//! Entries into products: numbers of golden/trade.py, identities, refusals.

use crate::of_records::{complexity, entries};
use plim_golden::close;
use plim_stats::Factor;
use plim_stats::trade::complexity::Beside;
use plim_stats::trade::entries::{Entries, EntriesMeasure};
use plim_stats::trade::{Complexity, Records};

const PRODUCTS: usize = 8;

/// The made-up exports of golden/trade.py, times `scale`, in the order of units that is given.
fn records(years: &[i64], order: &[usize], scale: f64) -> Records {
    let mut rows: Vec<(usize, i64, usize, f64)> = Vec::new();
    for &t in years {
        for &c in order {
            for p in 0..PRODUCTS {
                let (c_, p_, t_) = (c as i64, p as i64, t);
                let x = (c_ * 5 + p_ * 3 + t_ * t_ + c_ * c_ * p_ + p_ * p_ * (t_ + 1) + c_ * p_ * t_) % 17;
                rows.push((c, t, p, if x < 4 { 0.0 } else { x as f64 * scale }));
            }
        }
    }
    Records {
        unit: Factor::from_keys("city", rows.iter().map(|r| r.0)),
        time: rows.iter().map(|r| r.1).collect(),
        product: Factor::from_keys("product", rows.iter().map(|r| r.2)),
        market: None,
        value: rows.iter().map(|r| r.3).collect(),
    }
}

fn whole() -> EntriesMeasure {
    entries(&Entries::default(), &records(&[0, 1, 2], &[0, 1, 2, 3, 4, 5], 1.0)).unwrap()
}

#[test]
fn agrees_with_numpy_on_the_definitions() {
    let found = whole();
    // Year, unit, entries, candidates, densities of both: golden/trade.py.
    let wanted = [
        (1, 0, 1, 4, 0.23404255319148934, 0.2961081295965016),
        (1, 1, 2, 3, 0.4476190476190476, 0.5348837209302324),
        (1, 2, 1, 5, 0.26666666666666666, 0.27697109613076),
        (1, 3, 3, 4, 0.32040007274049825, 0.5238095238095238),
        (1, 4, 2, 4, 0.39612768184196767, 0.3339930727362691),
        (1, 5, 1, 4, 0.2857142857142857, 0.2661420123604998),
        (2, 0, 2, 4, 0.37737127371273715, 0.3229166666666667),
        (2, 1, 2, 3, 0.4388888888888889, 0.4666666666666666),
        (2, 2, 2, 5, 0.2799796747967479, 0.28895784081954295),
        (2, 3, 2, 3, 0.4206560283687943, 0.4375),
        (2, 4, 1, 4, 0.3777777777777777, 0.4308039747064137),
        (2, 5, 1, 4, 0.375, 0.41474177862345996),
    ];
    assert_eq!(found.rows.len(), wanted.len());
    for (row, (time, unit, entries, candidates, near, far)) in found.rows.iter().zip(wanted) {
        assert_eq!((row.time, row.unit, row.entries, row.candidates), (time, unit, entries, candidates));
        close(row.entry_density, near, 1e-12, "entries");
        close(row.rest_density, far, 1e-12, "the rest");
        close(row.density_gap, near - far, 1e-10, "gap");
        close(row.entry_rate, entries as f64 / candidates as f64, 1e-15, "rate");
    }
    let slope = found.slope.unwrap();
    close(slope.slope, -2.638233679342116, 1e-10, "slope");
    close(slope.std_error, 1.7488398538625214, 1e-10, "standard error");
    assert_eq!((slope.nobs, slope.units), (47, 6));
}

#[test]
fn densities_are_those_of_complexity_and_scale_and_order_do_not_matter() {
    let data = records(&[0, 1, 2], &[0, 1, 2, 3, 4, 5], 1.0);
    let options = Complexity {
        cells: true,
        components: plim_stats::trade::complexity::Components::Largest,
        ..Complexity::default()
    };
    let cells = complexity(&options, &data, &Beside::default()).unwrap().cells;
    let found = whole();
    for row in &found.rows {
        let absent = cells.iter().filter(|c| c.unit == row.unit && c.time == row.time - 1 && c.rca < 1.0);
        let (sum, n) = absent.fold((0.0, 0), |(sum, n), c| (sum + c.density, n + 1));
        let rest = row.candidates - row.entries;
        assert_eq!(n, row.candidates);
        close(row.entry_density * row.entries as f64 + row.rest_density * rest as f64, sum, 1e-12, "all candidates");
    }
    let turned = entries(&Entries::default(), &records(&[0, 1, 2], &[5, 3, 1, 0, 2, 4], 8.0)).unwrap();
    close(turned.slope.as_ref().unwrap().slope, found.slope.as_ref().unwrap().slope, 1e-11, "slope");
    // Codes follow the order in which units appear.
    let of =
        |m: &EntriesMeasure, unit: u32| m.rows.iter().find(|r| (r.time, r.unit) == (2, unit)).unwrap().entry_density;
    close(of(&turned, 0), of(&found, 5), 1e-13, "the same unit under another code");
}

#[test]
fn a_longer_lag_and_a_lower_bound_of_absence() {
    let data = records(&[0, 1, 2], &[0, 1, 2, 3, 4, 5], 1.0);
    let two = entries(&Entries { lag: 2, ..Entries::default() }, &data).unwrap();
    assert!(two.rows.iter().all(|r| r.time == 2) && two.rows.len() == 6);
    assert!(two.notes[0].contains("2 years before"), "{:?}", two.notes);
    let strict = entries(&Entries { absent_below: Some(0.5), ..Entries::default() }, &data).unwrap();
    let total = |m: &EntriesMeasure| m.rows.iter().map(|r| r.candidates).sum::<usize>();
    assert!(total(&strict) < 47);
}

#[test]
fn what_cannot_be_told_is_refused() {
    let data = records(&[0, 2], &[0, 1, 2, 3, 4, 5], 1.0);
    let refuse = |options: Entries| entries(&options, &data).unwrap_err().to_string();
    assert!(
        refuse(Entries::default()).contains("no year has another a year before it"),
        "{}",
        refuse(Entries::default())
    );
    assert!(refuse(Entries { lag: 0, ..Entries::default() }).contains("`lag = 0`"));
    assert!(
        refuse(Entries { absent_below: Some(1.5), ..Entries::default() }).contains("not between 0 and the threshold")
    );
    assert!(refuse(Entries { absent_below: Some(f64::NAN), ..Entries::default() }).contains("not between"));
    // The same basket twice: nothing is entered, and the slope of nothing is not zero with certainty.
    let mut still = records(&[0], &[0, 1, 2, 3, 4, 5], 1.0);
    let n = still.value.len();
    still = Records {
        unit: Factor::from_keys("city", (0..2 * n).map(|i| still.unit.codes[i % n])),
        time: (0..2 * n).map(|i| (i / n) as i64).collect(),
        product: Factor::from_keys("product", (0..2 * n).map(|i| still.product.codes[i % n])),
        market: None,
        value: (0..2 * n).map(|i| still.value[i % n]).collect(),
    };
    let found = entries(&Entries::default(), &still).unwrap();
    assert!(found.rows.iter().all(|r| r.entries == 0 && r.entry_density.is_nan() && r.density_gap.is_nan()));
    assert!(found.slope.is_none(), "{:?}", found.slope);
    assert!(found.notes.iter().any(|n| n.starts_with("no slope")), "{:?}", found.notes);
}

#[test]
fn a_unit_that_is_too_small_later_has_stayed_out_of_nothing() {
    let mut data = records(&[0, 1, 2], &[0, 1, 2, 3, 4, 5], 1.0);
    for i in 0..data.value.len() {
        if data.unit.codes[i] == 2 && data.time[i] == 2 {
            data.value[i] *= 1e-6;
        }
    }
    let at = |min_exports: f64| {
        let found = entries(&Entries { min_exports, ..Entries::default() }, &data).unwrap();
        found.rows.iter().map(|r| (r.time, r.unit)).collect::<Vec<_>>()
    };
    let all = at(0.0);
    assert!(all.contains(&(2, 2)) && all.contains(&(1, 2)));
    assert_eq!(at(1.0), all.into_iter().filter(|&row| row != (2, 2)).collect::<Vec<_>>());
}
