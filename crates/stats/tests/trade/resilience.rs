//! Resilience against groups, mixes and a unit's own path; shift-share; episodes: methods.md 3, identities, refusals.

use crate::of_records::shift_share;
use plim_golden::{close, close_printed};
use plim_stats::trade::resilience::{Against, Form, Nation, hamilton_cycle, hp_cycle, resilience_against};
use plim_stats::trade::shift_share::{ShiftShareForm, ShiftShareMeasure, ShiftShareRow};
use plim_stats::trade::{Mix, Records, Resilience, ShiftShare, resilience};
use plim_stats::{Error, Factor};

const A: [f64; 6] = [100.0, 110.0, 104.0, 98.0, 108.0, 125.0];
const B: [f64; 6] = [50.0, 53.0, 52.0, 51.0, 51.5, 56.0];
const C: [f64; 6] = [20.0, 19.0, 21.0, 20.5, 21.0, 30.0];

fn cities() -> (Factor, Vec<i64>, Vec<f64>) {
    let unit = Factor::from_keys("city", (0..18).map(|i| i / 6));
    (unit, (0..18).map(|i| i % 6).collect(), [A, B, C].concat())
}

/// Records (unit, year, product, value).
fn records(rows: &[(u32, i64, u32, f64)]) -> Records {
    Records {
        unit: Factor::from_keys("city", rows.iter().map(|r| r.0)),
        time: rows.iter().map(|r| r.1).collect(),
        product: Factor::from_keys("product", rows.iter().map(|r| r.2)),
        market: None,
        value: rows.iter().map(|r| r.3).collect(),
    }
}

/// The city of the canon (70, 30) → (60, 34) in a nation of (300, 200) → (270, 210).
fn canon() -> Records {
    records(&[
        (0, 1, 0, 70.0),
        (0, 1, 1, 30.0),
        (0, 2, 0, 60.0),
        (0, 2, 1, 34.0),
        (1, 1, 0, 230.0),
        (1, 1, 1, 170.0),
        (1, 2, 0, 210.0),
        (1, 2, 1, 176.0),
    ])
}

fn by_mix(options: &Resilience, records: &Records) -> Vec<f64> {
    let cells = records.cells().unwrap();
    let mix = Mix::new(&cells);
    let against = Against::Mix { mix: &mix };
    resilience_against(options, &mix.unit, &mix.time, &mix.value, &against).unwrap().resilience.unwrap()
}

fn mixed(leave_one_out: bool) -> Resilience {
    Resilience { nation: Nation::Mix, leave_one_out, ..Resilience::default() }
}

/// A world of `units` cities, `products` and years 1 to 4 with zeros, entries and exits, always the same.
fn world(units: u32, products: u32) -> Vec<(u32, i64, u32, f64)> {
    let mut rows = Vec::new();
    for u in 0..units {
        for t in 1..=4 {
            for k in 0..products {
                let draw = (u * 31 + k * 17 + t as u32 * 7 + u * k * 5 + k * t as u32 * 3) % 23;
                if !draw.is_multiple_of(6) {
                    rows.push((u, t, k, f64::from(draw) * (1.0 + 0.1 * t as f64)));
                }
            }
        }
    }
    rows
}

#[test]
fn methods_3_mix() {
    let cells = canon().cells().unwrap();
    let mix = Mix::new(&cells);
    let measure =
        resilience_against(&mixed(false), &mix.unit, &mix.time, &mix.value, &Against::Mix { mix: &mix }).unwrap();
    let expected = measure.expected.unwrap();
    close_printed(&[100.0 * expected[1]], &[-5.5], 8, "expected change");
    close_printed(&[measure.resilience.unwrap()[1]], &[-0.09090909], 8, "R_mix");
    let plain = resilience(&Resilience::default(), &mix.unit, &mix.time, &mix.value).unwrap();
    close_printed(&[plain.resilience.unwrap()[1]], &[-0.5], 8, "R of the total");
    assert!(plain.expected.is_none(), "the nation is one number a year");
}

#[test]
fn a_mix_of_one_product_is_the_nation_and_of_equal_growth_too() {
    let (unit, time, value) = cities();
    let rows: Vec<_> = (0..18).map(|i| (unit.codes[i], time[i], 0, value[i])).collect();
    for (leave, nation) in [(false, Nation::All), (true, Nation::LeaveOneOut)] {
        let want = resilience(&Resilience { nation, ..Resilience::default() }, &unit, &time, &value).unwrap();
        for (g, w) in by_mix(&mixed(leave), &records(&rows)).iter().zip(want.resilience.unwrap()) {
            assert!(g.is_nan() && w.is_nan() || (g - w).abs() < 1e-12 * (1.0 + w.abs()), "{g} {w}");
        }
    }
}

#[test]
fn deviations_from_the_mix_cancel_over_the_nation_and_ignore_units_and_order() {
    let rows = world(7, 9);
    let options = Resilience { form: Form::Difference, ..mixed(false) };
    let deviations = by_mix(&options, &records(&rows));
    let cells = records(&rows).cells().unwrap();
    let mix = Mix::new(&cells);
    // Σ_i X_i0 (g_i - e_i) is what is new to the nation: nothing here.
    for t in 2..=4 {
        let at = |unit: u32, time: i64| mix.keys().iter().position(|k| *k == (unit, time)).unwrap();
        let sum: f64 = (0..7).map(|u| mix.value[at(u, t - 1)] * deviations[at(u, t)]).sum();
        let total: f64 = (0..7).map(|u| mix.value[at(u, t - 1)]).sum();
        assert!((sum / total).abs() < 1e-13, "{t}: {sum}");
    }
    let mut turned: Vec<_> = rows.iter().map(|r| (r.0, r.1, r.2, r.3 * 1000.0)).collect();
    turned.reverse();
    let others = records(&turned).cells().unwrap();
    let other = Mix::new(&others);
    let again = by_mix(&options, &records(&turned));
    // Codes are given in order of appearance: city u is 6 - u here, and rows go by code.
    for (i, &(unit, time)) in other.keys().iter().enumerate() {
        let j = mix.keys().iter().position(|k| *k == (6 - unit, time)).unwrap();
        let (g, w) = (again[i], deviations[j]);
        assert!(g.is_nan() && w.is_nan() || (g - w).abs() < 1e-12, "{unit} {time}: {g} {w}");
    }
}

#[test]
fn without_itself_a_unit_is_measured_against_the_others_alone() {
    let rows = world(4, 3);
    let leave = by_mix(&Resilience { form: Form::Difference, ..mixed(true) }, &records(&rows));
    let cells = records(&rows).cells().unwrap();
    let mix = Mix::new(&cells);
    for (i, &(unit, t)) in mix.keys().iter().enumerate().filter(|(_, k)| k.1 > 1) {
        let sum = |year: i64, k: u32, own: bool| -> f64 {
            rows.iter().filter(|r| r.1 == year && r.2 == k && (r.0 == unit) == own).map(|r| r.3).sum()
        };
        let total = |year: i64| (0..3).map(|k| sum(year, k, true)).sum::<f64>();
        let expected: f64 = (0..3).map(|k| sum(t - 1, k, true) * (sum(t, k, false) / sum(t - 1, k, false) - 1.0)).sum();
        let want = total(t) / total(t - 1) - 1.0 - expected / total(t - 1);
        assert!((leave[i] - want).abs() < 1e-12, "{unit} {t}: {} {want}", leave[i]);
    }
    // A product that only one unit exports has no growth elsewhere.
    let alone =
        records(&[(0, 1, 0, 1.0), (0, 2, 0, 2.0), (1, 1, 1, 1.0), (1, 2, 1, 3.0), (0, 1, 1, 5.0), (0, 2, 1, 5.0)]);
    let cells = alone.cells().unwrap();
    let mix = Mix::new(&cells);
    let measure =
        resilience_against(&mixed(true), &mix.unit, &mix.time, &mix.value, &Against::Mix { mix: &mix }).unwrap();
    assert_eq!((measure.resilience.unwrap()[1].is_nan(), measure.sample.undefined), (true, 2));
    assert!(measure.notes.iter().any(|n| n.contains("no other unit")), "{:?}", measure.notes);
}

#[test]
fn expected_growth_of_zero_but_for_rounding_has_no_ratio() {
    // Products p and q grow by 5 % and fall by 10 %; A holds 1 : 1/2 of them, less what rounding makes of both.
    let of_mix = records(&[
        (0, 1, 0, 10.0),
        (0, 1, 1, 10.0),
        (0, 2, 0, 15.0),
        (0, 2, 1, 10.0),
        (1, 1, 0, 90.0),
        (1, 1, 1, 90.0),
        (1, 2, 0, 95.0),
        (1, 2, 1, 80.0),
    ]);
    let found = by_mix(&mixed(false), &of_mix);
    assert!(found.iter().all(|r| r.is_nan()), "{found:?}");
    // .1 + .2 + .3 is .3 + .2 + .1, for all units and for a group of them.
    let unit = Factor::from_keys("city", [0, 0, 1, 1, 2, 2]);
    let (time, value) = ([1, 2, 1, 2, 1, 2], [0.1, 0.3, 0.2, 0.2, 0.3, 0.1]);
    let group = Factor::from_keys("province", [0; 6]);
    for form in [Form::Ratio, Form::Asinh] {
        let options = Resilience { form, ..Resilience::default() };
        let grouped = resilience_against(&options, &unit, &time, &value, &Against::Group { group: &group });
        for measure in [resilience(&options, &unit, &time, &value), grouped] {
            let measure = measure.unwrap();
            assert!(measure.resilience.unwrap().iter().all(|r| r.is_nan()));
            assert_eq!((measure.sample.undefined, measure.nation[0].growth), (3, 0.0));
        }
    }
    // Growth that is the same each year has no variance.
    let unit = Factor::from_keys("city", [0; 7]);
    let value: Vec<f64> = (0..7).map(|t| 3.7 * 1.1f64.powi(t)).collect();
    let options = Resilience { form: Form::Volatility, ..Resilience::default() };
    let measure = resilience(&options, &unit, &[0, 1, 2, 3, 4, 5, 6], &value).unwrap();
    assert_eq!((measure.volatility.unwrap()[6], measure.sample.undefined), (0.0, 2));
    assert!(measure.resilience.unwrap()[6].is_nan());
}

#[test]
fn growth_that_no_number_holds_is_undefined() {
    let unit = Factor::from_keys("city", [0, 0, 1, 1]);
    let measure = resilience(&Resilience::default(), &unit, &[1, 2, 1, 2], &[1e-300, 1e10, 10.0, 20.0]).unwrap();
    assert!(measure.resilience.unwrap()[1].is_nan());
    assert_eq!(measure.sample.undefined, 1);
    assert!(measure.notes.iter().any(|n| n.contains("more than a number can be")), "{:?}", measure.notes);
}

#[test]
fn a_group_of_all_is_the_nation() {
    let (unit, time, value) = cities();
    let one = Factor { name: "prov".into(), codes: vec![0; 18], levels: 1 };
    let run = |leave_one_out: bool, group: &Factor| {
        let options = Resilience { nation: Nation::Group, leave_one_out, ..Resilience::default() };
        resilience_against(&options, &unit, &time, &value, &Against::Group { group }).unwrap()
    };
    for (leave, nation) in [(false, Nation::All), (true, Nation::LeaveOneOut)] {
        let want = resilience(&Resilience { nation, ..Resilience::default() }, &unit, &time, &value).unwrap();
        let (got, want) = (run(leave, &one).resilience.unwrap(), want.resilience.unwrap());
        for (g, w) in got.iter().zip(&want) {
            assert!(g.is_nan() && w.is_nan() || g == w, "{g} {w}");
        }
    }
    // A and B together, C without a group.
    let codes = (0..18).map(|i| if i < 12 { 0 } else { u32::MAX }).collect();
    let pair = Factor { name: "prov".into(), codes, levels: 1 };
    let measure = run(false, &pair);
    let r = measure.resilience.unwrap();
    let (g, e) = (0.1, 163.0 / 150.0 - 1.0);
    close(r[1], (g - e) / e, 1e-12, "A against A and B");
    assert!(r[12..].iter().all(|r| r.is_nan()));
    assert_eq!((measure.sample.ungrouped, measure.sample.undefined), (5, 0));
    close(measure.expected.unwrap()[1], e, 1e-12, "expected");
    // Alone in its group without itself: nobody to compare with.
    let own = Factor { name: "prov".into(), codes: unit.codes.clone(), levels: 3 };
    let measure = run(true, &own);
    assert!(measure.resilience.unwrap().iter().all(|r| r.is_nan()) && measure.sample.undefined == 15);
    assert!(measure.notes.iter().any(|n| n.contains("a group of one")), "{:?}", measure.notes);
}

#[test]
fn methods_3_cycles_and_volatility() {
    let sd = |c: &[f64]| {
        let mean = c.iter().sum::<f64>() / c.len() as f64;
        (c.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (c.len() - 1) as f64).sqrt()
    };
    let (unit, time, value) = cities();
    let run = |form: Form, lambda: f64| {
        resilience(&Resilience { form, lambda, ..Resilience::default() }, &unit, &time, &value).unwrap()
    };
    // The canon prints .05934825 for the first spread; 40 digits give .059348244287.
    let cycles = [
        (6.25, [-0.01001524, 0.06755623, -0.00466951, -0.08783333, -0.03047353, 0.06543538], 0.05934824),
        (100.0, [0.00132796, 0.06908315, -0.01457459, -0.10228367, -0.03468134, 0.08112847], 0.06816632),
    ];
    for (lambda, want, spread) in cycles {
        let measure = run(Form::Hp, lambda);
        let cycle = measure.cycle.unwrap();
        close_printed(&cycle[..6], &want, 8, "cycle of A");
        close_printed(&[sd(&cycle[..6])], &[spread], 8, "its sd");
        let main = measure.resilience.unwrap();
        assert!(main.iter().zip(&cycle).all(|(r, c)| *r == -c.abs()));
    }
    let measure = run(Form::Volatility, 6.25);
    let volatility = measure.volatility.unwrap();
    close_printed(&[volatility[5]], &[0.09567224], 8, "sd of log growth");
    close(measure.resilience.unwrap()[5], 1.0 / volatility[5], 1e-15, "steady is resilient");
    assert!(volatility[..5].iter().all(|v| v.is_nan()), "the window is full in the last year only");
    assert!(measure.downside.unwrap()[5] < volatility[5]);
    assert!(measure.nation.is_empty() && measure.variance_share.is_empty());
}

#[test]
fn a_path_ends_at_gaps_and_zeros() {
    let unit = Factor::from_keys("city", [0; 9]);
    let time = [1, 2, 3, 4, 6, 7, 8, 9, 10];
    let value = [1.0, 2.0, 3.0, 4.0, 5.0, 0.0, 7.0, 9.0, 8.0];
    let options = Resilience { form: Form::Hp, ..Resilience::default() };
    let measure = resilience(&options, &unit, &time, &value).unwrap();
    let cycle = measure.cycle.unwrap();
    let there: Vec<usize> = (0..9).filter(|&i| !cycle[i].is_nan()).collect();
    assert_eq!(there, [0, 1, 2, 3, 6, 7, 8], "year 6 stands alone, year 7 has no logarithm");
    let ln: Vec<f64> = value[..4].iter().map(|v: &f64| v.ln()).collect();
    assert_eq!(cycle[..4], hp_cycle(&ln, 6.25).unwrap());
    assert_eq!(measure.sample.zeros, 1);
    assert!(measure.notes.iter().any(|n| n.contains("too short")), "{:?}", measure.notes);
    // A unit of value only moves the logarithm.
    let scaled: Vec<f64> = value.iter().map(|v| v * 1e6).collect();
    for (a, b) in resilience(&options, &unit, &time, &scaled).unwrap().cycle.unwrap().iter().zip(&cycle) {
        assert!(a.is_nan() && b.is_nan() || (a - b).abs() < 1e-14, "{a} {b}");
    }
}

#[test]
fn paths_refuse_what_has_no_meaning() {
    let (unit, time, value) = cities();
    let refused =
        |options: Resilience| -> String { resilience(&options, &unit, &time, &value).unwrap_err().to_string() };
    let hp = Resilience { form: Form::Hp, ..Resilience::default() };
    assert!(refused(Resilience { nation: Nation::LeaveOneOut, ..hp.clone() }).contains("its own past"));
    assert!(refused(Resilience { resistance: Some("1:3".parse().unwrap()), ..hp.clone() }).contains("no windows"));
    for lambda in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(refused(Resilience { lambda, ..hp.clone() }).contains("`lambda`"));
    }
    let volatility = Resilience { form: Form::Volatility, ..Resilience::default() };
    assert!(refused(Resilience { span: 1, ..volatility.clone() }).contains("`span` is 1"));
    assert!(refused(Resilience { span: 6, ..volatility }).contains("no unit has 7 consecutive years"));
    let hamilton = Resilience { form: Form::Hamilton, ..Resilience::default() };
    assert!(refused(Resilience { lags: 0, ..hamilton.clone() }).contains("`lags` is 0"));
    assert!(refused(Resilience { span: 4, ..hp.clone() }).contains("`span` serves `form = \"volatility\"`"));
    let ratio = Resilience { lambda: 5.0, ..Resilience::default() };
    assert!(refused(ratio).contains("`lambda` serves `form = \"hp\"`, and the form is `ratio`"));
    assert!(refused(hamilton).contains("no unit has 9 consecutive years"));
    assert!(refused(Resilience { nation: Nation::Group, ..Resilience::default() }).contains("without groups"));
    assert!(refused(Resilience { nation: Nation::Mix, ..Resilience::default() }).contains("without products"));
}

fn parts(r: &ShiftShareRow) -> [f64; 4] {
    [r.national, r.mix, r.residual, r.change]
}

fn add_up(measure: &ShiftShareMeasure) {
    for r in measure.rows.iter().chain(&measure.totals).filter(|r| !r.residual.is_nan()) {
        let size = r.national.abs() + r.mix.abs() + r.residual.abs();
        assert!((r.national + r.mix + r.residual - r.change).abs() <= 1e-13 * size, "{r:?}");
        if let (Some(c), Some(a), Some(n)) = (r.competitive, r.allocation, r.new_products) {
            assert!((c + a + n - r.residual).abs() <= 1e-12 * (size + c.abs() + a.abs()), "{r:?}");
        }
    }
}

#[test]
fn methods_3_shift_share() {
    let measure = shift_share(&ShiftShare::default(), &canon()).unwrap();
    close_printed(&parts(&measure.rows[0]), &[-4.0, -1.5, -0.5, -6.0], 8, "NG, IM, RS, sum");
    close(measure.rows[0].residual_rate, -0.005, 1e-12, "RS/X0");
    add_up(&measure);
    // Esteban-Marquillas by hand: homothetic 60 and 40; g_i - g = -1/7 + 1/10 and 2/15 - 1/20.
    let measure = shift_share(&ShiftShare { allocation: true, ..ShiftShare::default() }, &canon()).unwrap();
    let r = &measure.rows[0];
    let gap = [-1.0 / 7.0 + 0.1, 2.0 / 15.0 - 0.05];
    close(r.competitive.unwrap(), 60.0 * gap[0] + 40.0 * gap[1], 1e-12, "competitive");
    close(r.allocation.unwrap(), 10.0 * gap[0] - 10.0 * gap[1], 1e-12, "allocation");
    assert_eq!(r.new_products, Some(0.0));
}

#[test]
fn shift_share_adds_up_with_entries_exits_and_gaps() {
    let rows = world(6, 8);
    for form in [ShiftShareForm::Static, ShiftShareForm::Dynamic] {
        let options = ShiftShare { form, allocation: true, ..ShiftShare::default() };
        let measure = shift_share(&options, &records(&rows)).unwrap();
        add_up(&measure);
        // What the units are ahead of the nation and its products cancels over all of them.
        for t in measure.rows.iter().map(|r| r.time) {
            let year: Vec<_> = measure.rows.iter().filter(|r| r.time == t).collect();
            let sum: f64 = year.iter().map(|r| r.mix + r.residual).sum();
            let size: f64 = year.iter().map(|r| r.mix.abs() + r.residual.abs()).sum();
            assert!(sum.abs() < 1e-13 * size, "{t}: {sum}");
        }
        let permuted: Vec<_> = rows.iter().map(|r| (r.0, r.1, 7 - r.2, r.3 * 8.0)).collect();
        let again = shift_share(&options, &records(&permuted)).unwrap();
        for (a, b) in again.rows.iter().zip(&measure.rows) {
            close(a.residual, 8.0 * b.residual, 1e-11, "order of products, unit of value");
            close(a.residual_rate, b.residual_rate, 1e-11, "rate");
        }
    }
    let dynamic = ShiftShare { form: ShiftShareForm::Dynamic, ..ShiftShare::default() };
    let measure = shift_share(&dynamic, &records(&rows)).unwrap();
    let first =
        shift_share(&ShiftShare { from: Some(1), to: Some(2), ..ShiftShare::default() }, &records(&rows)).unwrap();
    assert_eq!(parts(&measure.rows[0]), parts(&first.rows[0]), "the first year is the static form between the two");
    for total in &measure.totals {
        let sum: f64 = measure.rows.iter().filter(|r| r.unit == total.unit).map(|r| r.mix).sum();
        close(sum, total.mix, 1e-13, "sum of the years");
    }
    // Unit 0 is not seen in year 2: it has no total, and no part in the nation of the two comparisons.
    let holed: Vec<_> = rows.iter().copied().filter(|r| (r.0, r.1) != (0, 2)).collect();
    let measure = shift_share(&dynamic, &records(&holed)).unwrap();
    assert!(measure.totals[0].mix.is_nan() && !measure.totals[1].mix.is_nan());
    assert_eq!(measure.sample.unmatched, 2);
    add_up(&measure);
}

#[test]
fn a_new_product_is_all_the_units_own() {
    let rows = [(0, 1, 0, 10.0), (0, 2, 0, 12.0), (0, 2, 1, 5.0), (1, 1, 0, 10.0), (1, 2, 0, 10.0)];
    let measure = shift_share(&ShiftShare { allocation: true, ..ShiftShare::default() }, &records(&rows)).unwrap();
    let r = &measure.rows[0];
    // The nation: 20 → 27, product 0: 20 → 22, so that it lags by a quarter.
    close_printed(&parts(r), &[3.5, -2.5, 6.0, 7.0], 8, "parts");
    assert_eq!((r.new_products, measure.sample.new_to_nation), (Some(5.0), 1));
    add_up(&measure);
}

#[test]
fn shift_share_refuses_what_it_cannot_compare() {
    let refused = |options: ShiftShare, rows: &[(u32, i64, u32, f64)]| -> Error {
        shift_share(&ShiftShare { value: "usd".into(), ..options }, &records(rows)).unwrap_err()
    };
    let rows = world(3, 3);
    let plain = ShiftShare::default;
    assert!(refused(ShiftShare { from: Some(3), to: Some(2), ..plain() }, &rows).to_string().contains("no change"));
    assert!(refused(ShiftShare { to: Some(9), ..plain() }, &rows).to_string().contains("no record in 9"));
    let one: Vec<_> = rows.iter().copied().filter(|r| r.1 == 1).collect();
    assert!(refused(plain(), &one).to_string().contains("no change"));
    let gap: Vec<_> = rows.iter().copied().filter(|r| r.1 != 2).collect();
    let dynamic = ShiftShare { form: ShiftShareForm::Dynamic, ..plain() };
    assert!(refused(dynamic, &gap).to_string().contains("between 1 and 3"));
    assert!(refused(plain(), &[(0, 1, 0, 0.0), (0, 2, 0, 1.0)]).to_string().contains("growth needs a base"));
    let error = refused(plain(), &[(0, 1, 0, 1.0), (0, 2, 0, -1.0)]);
    assert_eq!(error.rows, [1]);
}

/// statsmodels 0.15.0, golden/resilience.py.
#[test]
fn cycles_of_statsmodels() {
    let y: Vec<f64> = (0..20).map(|i| f64::from(100 + 7 * i + (37 * i * i) % 41).ln()).collect();
    let hp = [
        (6.25, [-0.123259782924, 0.154636612679, -0.028775698933, 0.020047120290]),
        (1600.0, [-0.192229891017, 0.129705838349, -0.022263233359, 0.008255650551]),
    ];
    for (lambda, want) in hp {
        let c = hp_cycle(&y, lambda).unwrap();
        // Its sparse solver leaves an error of the level's rounding times λ.
        for (g, w) in [c[0], c[1], c[10], c[19]].iter().zip(want) {
            assert!((g - w).abs() < 2e-11, "{lambda}: {g} {w}");
        }
    }
    let hamilton = [
        (2, 1, [0.132882520559, -0.101635903705, 0.045399887253]),
        (2, 3, [0.016938002976, -0.080280068969, 0.069081311915]),
    ];
    for (h, p, want) in hamilton {
        let c = hamilton_cycle(&y, h, p).unwrap();
        let first = h + p - 1;
        close_printed(&[c[first], c[first + 5], c[19]], &want, 12, "residuals of least squares");
    }
}

#[test]
fn hamilton_is_least_squares_on_the_lags() {
    // Residuals sum to zero and are orthogonal to the lags.
    let y: Vec<f64> = (0..25).map(|i| 20.0 + 0.05 * f64::from(i) + (f64::from(i) * 1.3).sin()).collect();
    let (h, p) = (2, 2);
    let c = hamilton_cycle(&y, h, p).unwrap();
    let first = h + p - 1;
    for lag in 0..=p {
        let with = |t: usize| if lag == 0 { 1.0 } else { y[t - h - (lag - 1)] };
        let sum: f64 = (first..25).map(|t| c[t] * with(t)).sum();
        assert!(sum.abs() < 1e-11, "{lag}: {sum}");
    }
}
