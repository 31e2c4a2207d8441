//! Concentration, inertia and resilience: methods.md 3 and 5, outside references, identities, refusals.

use crate::of_records::{concentration, inertia};
use plim_golden::{Csv, close, close_printed, shared};
use plim_stats::trade::cells::RecordCount;
use plim_stats::trade::resilience::{Form, Nation, ResilienceMeasure};
use plim_stats::trade::{Concentration, Records, Resilience, resilience};
use plim_stats::{Error, Factor};

/// One unit a row of `baskets`, all in year 1.
fn wide(baskets: &[&[f64]]) -> Records {
    let unit = Factor::from_keys("city", 0..baskets.len());
    let columns: Vec<Vec<f64>> = (0..baskets[0].len()).map(|j| baskets.iter().map(|b| b[j]).collect()).collect();
    let named: Vec<(&str, &[f64])> = columns.iter().map(|c| ("p", c.as_slice())).collect();
    Records::from_columns(&unit, &vec![1; baskets.len()], &named).unwrap()
}

#[test]
fn methods_5_concentration() {
    let measure =
        concentration(&Concentration::default(), &wide(&[&[50.0, 30.0, 15.0, 5.0, 0.0, 0.0, 0.0, 0.0]])).unwrap();
    let r = &measure.rows[0];
    let got = [
        r.hhi,
        r.hhi_normalized,
        r.hhi_normalized_active,
        r.unctad,
        1.0 / r.hhi,
        r.shannon,
        r.shannon.exp(),
        r.theil,
        r.theil_intensive,
        r.theil_extensive,
    ];
    let printed = [
        0.365,
        0.27428571,
        0.15333333,
        0.38765600,
        2.73972603,
        1.14212004,
        3.13340428,
        0.93732150,
        0.24417432,
        std::f64::consts::LN_2, // printed 0.69314718
    ];
    close_printed(&got, &printed, 8, "vector of methods 5");
    assert_eq!((r.products, r.cells, r.markets, measure.universe), (4, 4, None, 8));
    close_printed(&[r.top1_share, r.top5_share], &[0.5, 1.0], 12, "top shares");
    assert!(measure.notes[0].contains("universe of 8 products: all that occur"), "{:?}", measure.notes);
}

#[test]
fn methods_5_markets() {
    // Rows are markets, columns products.
    let table = [[10.0, 0.0, 5.0], [0.0, 20.0, 0.0], [30.0, 5.0, 0.0], [0.0, 0.0, 2.0]];
    let at = |i: usize| (i / 3, i % 3);
    let records = Records {
        unit: Factor::from_keys("city", (0..12).map(|_| 0)),
        time: vec![1; 12],
        product: Factor::from_keys("product", (0..12).map(|i| at(i).1)),
        market: Some(Factor::from_keys("market", (0..12).map(|i| at(i).0))),
        value: (0..12).map(|i| table[at(i).0][at(i).1]).collect(),
    };
    let measure = concentration(&Concentration::default(), &records).unwrap();
    let r = &measure.rows[0];
    assert_eq!((r.markets, r.products, r.cells, r.value_per_market), (Some(4), 3, 6, Some(18.0)));
    close_printed(&[r.hhi_markets.unwrap()], &[0.35763889], 8, "market HHI");
    assert_eq!(measure.sample, RecordCount { records: 12, duplicates: 0, zeros: 6 });
}

#[test]
fn five_reference_vectors_of_concentration() {
    let Some(path) = shared("golden/indices/own_concentration.csv") else { return };
    let reference = Csv::read(&path);
    let num = |name: &str, i: usize| reference.num(name)[i];
    for (i, text) in reference.text("values").iter().enumerate() {
        let values: Vec<f64> = text.split(' ').map(|v| v.parse().unwrap()).collect();
        let r = concentration(&Concentration::default(), &wide(&[&values])).unwrap().rows.remove(0);
        let case = &reference.text("case")[i];
        // Differences of numbers near one: absolute, at their rounding.
        let near = |got: f64, want: f64, what: &str| {
            assert!((got - want).abs() < 1e-14 || got.is_nan() && want.is_nan(), "{case} {what}: {got} {want}");
        };
        near(r.hhi, num("hhi", i), "hhi");
        near(r.hhi_normalized, num("hhi_norm", i), "hhi_norm");
        near(r.unctad, num("hhi_norm_unctad_sqrt", i), "unctad");
        near(r.shannon, num("shannon_ln", i), "shannon");
        near(r.theil, num("theil_all", i), "theil");
        near(r.theil_intensive, num("theil_active", i), "theil within");
    }
}

#[test]
fn theil_is_the_sum_of_its_parts_and_ignores_the_unit_of_value() {
    let basket = [3.0, 0.0, 11.0, 0.25, 8.0, 0.0, 1.0];
    let cents: Vec<f64> = basket.iter().map(|v| v * 100.0).collect();
    let measure = concentration(&Concentration::default(), &wide(&[&basket, &cents])).unwrap();
    let (a, b) = (&measure.rows[0], &measure.rows[1]);
    close(a.theil_extensive + a.theil_intensive, a.theil, 1e-13, "parts");
    close(b.theil, a.theil, 1e-13, "unit of value");
    close(b.unctad, a.unctad, 1e-13, "unit of value");
    // A larger universe adds to the extensive part only.
    let options = Concentration { universe: Some(70), ..Concentration::default() };
    let wider = concentration(&options, &wide(&[&basket])).unwrap();
    close(wider.rows[0].theil_extensive - a.theil_extensive, 10f64.ln(), 1e-13, "universe");
    close(wider.rows[0].theil_intensive, a.theil_intensive, 1e-15, "universe");
    assert!(wider.notes[0].contains("70"), "{:?}", wider.notes);
}

#[test]
fn nothing_exported_is_missing_and_duplicates_add_up() {
    let records = Records {
        unit: Factor::from_keys("city", ["a", "a", "b", "a"]),
        time: vec![1; 4],
        product: Factor::from_keys("hs", ["x", "y", "x", "x"]),
        market: Some(Factor::from_keys("to", ["u", "u", "u", "u"])),
        value: vec![1.0, 4.0, 0.0, 3.0],
    };
    let measure = concentration(&Concentration::default(), &records).unwrap();
    let (a, b) = (&measure.rows[0], &measure.rows[1]);
    close(a.hhi, 0.5, 1e-15, "4 and 4");
    for missing in [b.hhi, b.shannon, b.theil, b.theil_extensive, b.theil_intensive, b.unctad, b.top1_share] {
        assert!(missing.is_nan());
    }
    assert!(
        b.hhi_markets.unwrap().is_nan() && b.value_per_market.unwrap().is_nan() && b.hhi_normalized_active.is_nan()
    );
    assert_eq!((b.products, b.markets, b.cells), (0, Some(0), 0));
    assert_eq!(measure.sample, RecordCount { records: 4, duplicates: 1, zeros: 1 });
    assert!(measure.notes.iter().any(|n| n.contains("1 rows export nothing")), "{:?}", measure.notes);
}

#[test]
fn concentration_refuses_what_it_cannot_measure() {
    let options = Concentration { value: "usd".into(), ..Concentration::default() };
    let mut records = wide(&[&[1.0, 2.0]]);
    records.value[1] = -2.0;
    let error = concentration(&options, &records).unwrap_err();
    assert_eq!(error.rows, [1]);
    assert!(error.to_string().contains("negative"), "{error}");
    records.value[1] = f64::NAN;
    assert_eq!(concentration(&options, &records).unwrap_err().kind, plim_stats::Kind::NotFinite);
    let small = Concentration { universe: Some(1), ..options.clone() };
    assert!(concentration(&small, &wide(&[&[1.0, 2.0]])).unwrap_err().to_string().contains("universe = 1"));
    let empty = Records {
        unit: Factor::from_keys("u", Vec::<u8>::new()),
        time: vec![],
        product: Factor::from_keys("p", Vec::<u8>::new()),
        market: None,
        value: vec![],
    };
    assert!(concentration(&options, &empty).is_err());
}

/// A single unit's baskets in the given years.
fn over_time(years: &[i64], baskets: &[&[f64]]) -> Records {
    let mut records = wide(baskets);
    let k = baskets[0].len();
    records.unit = Factor::from_keys("city", records.value.iter().map(|_| 0));
    records.time = (0..records.value.len()).map(|i| years[i / k]).collect();
    records
}

#[test]
fn methods_5_inertia() {
    let (x0, x1) = ([40.0, 30.0, 20.0, 10.0, 0.0, 0.0], [50.0, 0.0, 24.0, 12.0, 8.0, 6.0]);
    let measure = inertia(&over_time(&[1, 2], &[&x0, &x1])).unwrap();
    let r = &measure.rows[1];
    close_printed(&[r.similarity, r.old_product_share, r.retention], &[0.7, 0.86, 0.75], 8, "vector of methods 5");
    assert!(measure.rows[0].similarity.is_nan());
}

#[test]
fn inertia_does_not_reach_across_a_gap_or_over_nothing() {
    let (x, zero) = ([1.0, 2.0], [0.0, 0.0]);
    let measure = inertia(&over_time(&[1, 3, 4, 5, 6], &[&x, &x, &x, &zero, &x])).unwrap();
    let s: Vec<f64> = measure.rows.iter().map(|r| r.similarity).collect();
    assert!(s[0].is_nan() && s[1].is_nan() && s[3].is_nan() && s[4].is_nan());
    assert_eq!(s[2], 1.0);
    assert!(measure.notes.iter().any(|n| n.contains("1 rows follow a gap")), "{:?}", measure.notes);
}

const A: [f64; 6] = [100.0, 110.0, 104.0, 98.0, 108.0, 125.0];
const B: [f64; 6] = [50.0, 53.0, 52.0, 51.0, 51.5, 56.0];
const C: [f64; 6] = [20.0, 19.0, 21.0, 20.5, 21.0, 30.0];

fn cities() -> (Factor, Vec<i64>, Vec<f64>) {
    let unit = Factor::from_keys("city", (0..18).map(|i| i / 6));
    (unit, (0..18).map(|i| i % 6).collect(), [A, B, C].concat())
}

fn run(options: &Resilience) -> ResilienceMeasure {
    let (unit, time, value) = cities();
    resilience(options, &unit, &time, &value).unwrap()
}

/// The yearly measure of each city, years 1 to 5.
fn yearly(measure: &ResilienceMeasure) -> Vec<f64> {
    let r = measure.resilience.as_ref().unwrap();
    (0..18).filter(|i| i % 6 > 0).map(|i| r[i]).collect()
}

#[test]
fn methods_3_annual_ratio() {
    let measure = run(&Resilience::default());
    let g: Vec<f64> = measure.nation.iter().map(|n| n.growth).collect();
    close_printed(&g, &[0.07058824, -0.02747253, -0.04237288, 0.06489676, 0.16897507], 8, "g_N");
    let r = [
        0.41666667,
        -0.98545455,
        -0.36153846,
        0.57235622,
        -0.06845780,
        -0.15,
        0.31320755,
        0.54615385,
        -0.84893048,
        -0.48289034,
        -1.70833333,
        4.83157895,
        0.43809524,
        -0.62416851,
        1.53629977,
    ];
    close_printed(&yearly(&measure), &r, 8, "R");
    assert!(measure.resilience.unwrap()[0].is_nan(), "the first year has no growth");
    close(measure.variance_share.iter().map(|s| s.share).sum(), 1.0, 1e-14, "shares");
    let [note] = measure.notes.as_slice() else { panic!("no national growth below 2 %: {:?}", measure.notes) };
    assert!(note.contains("% of the variance of the measure come from 2"), "{note}");
}

#[test]
fn methods_3_leave_one_out() {
    let measure = run(&Resilience { nation: Nation::LeaveOneOut, ..Resilience::default() });
    close_printed(&yearly(&measure)[..5], &[2.5, -4.92727273, -1.80769231, 6.29591837, -0.15466392], 8, "LOO of A");
}

#[test]
fn methods_3_windows() {
    let windows = Resilience {
        resistance: Some("1:3".parse().unwrap()),
        recovery: Some("3:5".parse().unwrap()),
        ..Resilience::default()
    };
    for options in [windows.clone(), Resilience { form: Form::Window, ..windows }] {
        let measure = run(&options);
        let units = |column: &Option<Vec<f64>>| [0, 6, 12].map(|i| column.as_ref().unwrap()[i]);
        close_printed(&units(&measure.resistance), &[-0.58836364, 0.45056604, 2.14947368], 8, "resistance");
        close_printed(&units(&measure.recovery), &[0.12527662, -0.59957477, 0.89274170], 8, "recovery");
        let g: Vec<f64> = measure.nation.iter().rev().take(2).map(|n| n.growth).collect();
        close_printed(&g, &[0.24483776, -0.06868132], 8, "G");
        assert_eq!(measure.resilience.is_none(), options.form == Form::Window);
        let column = measure.resistance.unwrap();
        assert!(column[..6].iter().all(|&r| r == column[0]), "every row of a unit carries its window");
    }
}

#[test]
fn the_forms_are_one_another() {
    let (ratio, difference, asinh) = (
        run(&Resilience::default()),
        run(&Resilience { form: Form::Difference, ..Resilience::default() }),
        run(&Resilience { form: Form::Asinh, ..Resilience::default() }),
    );
    for (i, (r, d)) in yearly(&ratio).iter().zip(yearly(&difference)).enumerate() {
        close(d, r * ratio.nation[i % 5].growth.abs(), 1e-12, "difference");
        close(yearly(&asinh)[i], r.asinh(), 1e-14, "asinh");
    }
    // Deviations of the nation itself, weighted by its base, vanish.
    let weighted: f64 = [(100.0, 0), (50.0, 5), (20.0, 10)].map(|(x, i)| x * yearly(&difference)[i]).iter().sum();
    assert!(weighted.abs() < 1e-12, "{weighted}");
    let cents: Vec<f64> = cities().2.iter().map(|v| v * 100.0).collect();
    let scaled = resilience(&Resilience::default(), &cities().0, &cities().1, &cents).unwrap();
    for (a, b) in yearly(&scaled).iter().zip(yearly(&ratio)) {
        close(*a, b, 1e-12, "unit of value");
    }
}

#[test]
fn a_year_of_no_growth_is_noted_and_rules_the_variance() {
    let unit = Factor::from_keys("city", [0, 0, 0, 1, 1, 1]);
    let value = [100.0, 110.0, 105.0, 100.0, 112.0, 117.5];
    let measure = resilience(&Resilience::default(), &unit, &[2017, 2018, 2019, 2017, 2018, 2019], &value).unwrap();
    assert!(measure.notes[0].contains("2018-2019 is 0.23 %"), "{:?}", measure.notes);
    let last = measure.variance_share.last().unwrap();
    assert!(last.year == 2019 && last.share > 0.99, "{last:?}");
    let options = Resilience { form: Form::Difference, ..Resilience::default() };
    let calm = resilience(&options, &unit, &[2017, 2018, 2019, 2017, 2018, 2019], &value).unwrap();
    assert!(!calm.notes.iter().any(|n| n.contains("below 2 %")), "{:?}", calm.notes);
}

#[test]
fn gaps_entrants_and_zeros_are_left_out_and_counted() {
    // City 0 lacks year 3; city 1 enters in 2; city 2 starts from zero.
    let keys = [
        (0, 1, 10.0),
        (0, 2, 11.0),
        (0, 4, 20.0),
        (1, 2, 50.0),
        (1, 3, 55.0),
        (1, 4, f64::NAN),
        (2, 1, 0.0),
        (2, 2, 4.0),
        (2, 3, 5.0),
        (2, 4, 6.0),
    ];
    let unit = Factor::from_keys("city", keys.map(|k| k.0));
    let (time, value) = (keys.map(|k| k.1), keys.map(|k| k.2));
    let measure =
        resilience(&Resilience { form: Form::Difference, ..Resilience::default() }, &unit, &time, &value).unwrap();
    let g: Vec<f64> = measure.nation.iter().map(|n| n.growth).collect();
    close(g[0], 15.0 / 10.0 - 1.0, 1e-12, "1-2: cities 0 and 2, the zero included");
    close(g[1], 60.0 / 54.0 - 1.0, 1e-12, "2-3: cities 1 and 2");
    close(g[2], 6.0 / 5.0 - 1.0, 1e-12, "3-4: city 2 alone");
    let r = measure.resilience.unwrap();
    assert!(r[2].is_nan(), "no growth across a gap");
    assert!(r[7].is_nan(), "no growth from zero");
    close(r[1], 0.1 - 0.5, 1e-12, "city 0");
    assert_eq!((measure.sample.missing, measure.sample.zero_base), (1, 1));
    // 1-2: city 1; 2-3: city 0; 3-4: cities 0 and 1.
    assert_eq!(measure.sample.unmatched, 4);
}

#[test]
fn resilience_refuses_what_it_cannot_measure() {
    let (unit, time, value) = cities();
    let message = |o: &Resilience, time: &[i64], value: &[f64]| -> Error {
        resilience(&Resilience { value: "usd".into(), ..o.clone() }, &unit, time, value).unwrap_err()
    };
    let plain = Resilience::default();
    let mut negative = value.clone();
    negative[4] = -1.0;
    let error = message(&plain, &time, &negative);
    assert_eq!((error.column.as_deref(), error.rows.as_slice()), (Some("usd"), [4].as_slice()));
    let mut twice = time.clone();
    twice[1] = 0;
    assert_eq!(message(&plain, &twice, &value).rows, [0, 1]);
    let window = Resilience { form: Form::Window, ..plain.clone() };
    assert!(message(&window, &time, &value).to_string().contains("without a window"));
    let absent = Resilience { resistance: Some("3:9".parse().unwrap()), ..plain.clone() };
    assert!(message(&absent, &time, &value).to_string().contains("no value in 9"));
    let decades: Vec<i64> = time.iter().map(|t| 10 * t).collect();
    assert!(message(&plain, &decades, &value).to_string().contains("consecutive"));
    let alone = Factor::from_keys("city", [0, 0]);
    let others = Resilience { nation: Nation::LeaveOneOut, ..plain };
    assert!(resilience(&others, &alone, &[1, 2], &[1.0, 2.0]).unwrap_err().to_string().contains("no others"));
}
