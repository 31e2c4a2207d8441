//! Episodes, survival of relations, counterfactual of world demand: methods.md 3, identities, refusals.

use crate::of_records::counterfactual;
use plim_golden::{close, close_printed};
use plim_stats::trade::counterfactual::{Subtract, World, world_of};
use plim_stats::trade::episodes::{Dating, Ending, Episode};
use plim_stats::trade::survival::{LeftCensored, kaplan_meier};
use plim_stats::trade::{Counterfactual, Episodes, Records, Survival, episodes, survival};
use plim_stats::{Error, Factor};

const A: [f64; 6] = [100.0, 110.0, 104.0, 98.0, 108.0, 125.0];
const B: [f64; 6] = [50.0, 53.0, 52.0, 51.0, 51.5, 56.0];
const C: [f64; 6] = [20.0, 19.0, 21.0, 20.5, 21.0, 30.0];

fn run(options: &Episodes, paths: &[&[f64]]) -> plim_stats::trade::episodes::EpisodesMeasure {
    let unit = Factor::from_keys("city", paths.iter().enumerate().flat_map(|(u, p)| vec![u; p.len()]));
    let time: Vec<i64> = paths.iter().flat_map(|p| 0..p.len() as i64).collect();
    episodes(options, &unit, &time, &paths.concat()).unwrap()
}

fn of(measure: &[Episode], unit: u32) -> Vec<&Episode> {
    measure.iter().filter(|e| e.unit == unit).collect()
}

#[test]
fn methods_3_episode() {
    let given = Episodes { contraction: Some("1:3".parse().unwrap()), ..Episodes::default() };
    for options in [Episodes::default(), given] {
        let measure = run(&options, &[&A]);
        let e = &measure.episodes[0];
        assert_eq!((e.peak, e.trough, e.ending, measure.episodes.len()), (1, 3, Ending::Recovered, 1));
        let got = [e.depth, e.loss_area, e.recovery_ratio, e.recovered];
        close_printed(&got, &[-0.10909091, 0.18181818, 2.25, 4.11764706], 8, "episode of A");
    }
}

#[test]
fn the_nation_dates_for_all() {
    let options = Episodes { dating: Dating::Nation, ..Episodes::default() };
    let measure = run(&options, &[&A, &B, &C]);
    // 170, 182, 177, 169.5, 180.5, 211: a peak in 1, a trough in 3.
    assert_eq!(measure.nation, [(1, true), (3, false)]);
    let c = of(&measure.episodes, 2)[0];
    assert_eq!((c.ending, c.recovered.is_nan()), (Ending::NoLoss, true), "C grew while the nation fell");
    close(c.depth, 20.5 / 19.0 - 1.0, 1e-12, "depth of C");
    let b = of(&measure.episodes, 1)[0];
    close(b.depth, 51.0 / 53.0 - 1.0, 1e-12, "depth of B");
    close(b.recovered, 4.0 + 1.5 / 4.5, 1e-12, "B recovers");
    let same = run(&Episodes { contraction: Some("1:3".parse().unwrap()), ..Episodes::default() }, &[&A, &B, &C]);
    for (a, b) in same.episodes.iter().zip(&measure.episodes) {
        assert_eq!((a.depth, a.loss_area, a.trough), (b.depth, b.loss_area, b.trough));
    }
}

#[test]
fn by_its_own_path_each_unit_has_its_dates() {
    let measure = run(&Episodes::default(), &[&A, &B, &C]);
    let dates: Vec<(u32, i64, i64)> = measure.episodes.iter().map(|e| (e.unit, e.peak, e.trough)).collect();
    // C begins with a fall: that peak is not seen.
    assert_eq!(dates, [(0, 1, 3), (1, 1, 3), (2, 2, 3)]);
    assert_eq!((measure.sample.left_censored, measure.sample.without, measure.sample.censored), (1, 0, 0));
    let deep = run(&Episodes { min_depth: 0.05, ..Episodes::default() }, &[&A, &B, &C]);
    let dates: Vec<(u32, i64)> = deep.episodes.iter().map(|e| (e.unit, e.peak)).collect();
    assert_eq!(dates, [(0, 1)], "B and C dip by less than 5 %");
    assert_eq!(deep.sample.without, 2);
}

#[test]
fn what_is_not_over_is_censored() {
    // Recovers in part; falls to the end; ends at zero.
    let measure = run(&Episodes::default(), &[&[8.0, 10.0, 5.0, 7.0], &[8.0, 10.0, 9.0, 6.0], &[1.0, 2.0, 0.0, 0.0]]);
    let [a, b, c] = [0, 1, 2].map(|u| *of(&measure.episodes, u)[0]);
    assert_eq!((a.ending, b.ending, c.ending), (Ending::Unrecovered, Ending::Falling, Ending::Falling));
    assert!(a.recovered.is_nan() && a.censored() && b.censored());
    close(a.recovery_ratio, 0.4, 1e-12, "two fifths are made good");
    close(a.loss_area, 0.5 + 0.3, 1e-12, "loss so far");
    assert_eq!((b.trough, b.recovery_ratio, c.depth), (3, 0.0, -1.0));
    assert_eq!(measure.sample.censored, 3);
    // The unit of value does not matter, nor the order of rows.
    let scaled = run(&Episodes::default(), &[&[800.0, 1000.0, 500.0, 700.0]]);
    close(scaled.episodes[0].loss_area, a.loss_area, 1e-13, "unit of value");
    // `end` cuts what may count for recovery.
    let cut = run(&Episodes { end: Some(3), ..Episodes::default() }, &[&A]);
    assert_eq!((cut.episodes[0].ending, cut.episodes[0].trough), (Ending::Falling, 3));
}

#[test]
fn a_second_dip_ends_the_recovery_ratio_not_the_recovery() {
    let x = [5.0, 10.0, 6.0, 8.0, 7.0, 12.0];
    let measure = run(&Episodes::default(), &[&x]);
    let [first, second] = [measure.episodes[0], measure.episodes[1]];
    close(first.recovery_ratio, 0.5, 1e-12, "at the next peak half is made good");
    close(first.recovered, 4.0 + 3.0 / 5.0, 1e-12, "ten again");
    close(first.loss_area, 0.4 + 0.2 + 0.3, 1e-12, "through the second dip");
    close(second.depth, -0.125, 1e-12, "second");
    // When phases last two years, a rebound of one year inside a fall is no recovery, and a fall of one year is none.
    let two = Episodes { min_phase: 2, ..Episodes::default() };
    let merged = run(&two, &[&[5.0, 10.0, 8.0, 9.0, 6.0, 12.0], &x]);
    let found: Vec<(u32, i64, i64)> = merged.episodes.iter().map(|e| (e.unit, e.peak, e.trough)).collect();
    assert_eq!(found, [(0, 1, 4)]);
}

#[test]
fn a_first_year_is_no_peak_for_the_nation_either() {
    for dating in [Dating::Unit, Dating::Nation] {
        let options = Episodes { dating, min_depth: 0.2, ..Episodes::default() };
        for path in [&[100.0, 90.0, 50.0, 60.0], &[100.0, 90.0, 95.0, 50.0]] {
            let measure = run(&options, &[path]);
            assert_eq!((measure.episodes.len(), measure.sample.left_censored), (0, 1), "{path:?}");
        }
    }
}

#[test]
fn rounding_makes_no_peak() {
    // The nation stands at .6, .1 + .2 + .3 or .3 + .2 + .1, and then grows.
    let paths: [&[f64]; 3] = [&[0.1, 0.1, 0.3, 0.3], &[0.1, 0.2, 0.2, 0.2], &[0.2, 0.3, 0.1, 0.4]];
    let measure = run(&Episodes { dating: Dating::Nation, ..Episodes::default() }, &paths);
    assert_eq!((measure.nation.as_slice(), measure.episodes.len()), ([].as_slice(), 0));
    // A unit whose values are sums recovers a peak that it reaches but for rounding.
    let measure = run(&Episodes::default(), &[&[0.2, 0.1 + 0.2, 0.25, 0.3, 0.1 + 0.2]]);
    assert_eq!((measure.episodes.len(), measure.episodes[0].recovered), (1, 3.0));
}

#[test]
fn a_gap_ends_the_path_of_a_unit() {
    let unit = Factor::from_keys("city", [0; 6]);
    let value = [5.0, 10.0, 6.0, 7.0, 12.0, 9.0];
    let measure = episodes(&Episodes::default(), &unit, &[1, 2, 3, 5, 6, 7], &value).unwrap();
    let found: Vec<(i64, Ending)> = measure.episodes.iter().map(|e| (e.peak, e.ending)).collect();
    assert_eq!(found, [(2, Ending::Falling), (6, Ending::Falling)]);
    let given = Episodes { contraction: Some("2:6".parse().unwrap()), ..Episodes::default() };
    let measure = episodes(&given, &unit, &[1, 2, 3, 5, 6, 7], &value).unwrap();
    assert_eq!((measure.episodes.len(), measure.sample.unobserved, measure.sample.without), (0, 1, 1));
}

#[test]
fn episodes_refuse_what_they_cannot_date() {
    let unit = Factor::from_keys("city", [0; 3]);
    let refused = |options: Episodes, time: &[i64], value: &[f64]| -> String {
        episodes(&options, &unit, time, value).unwrap_err().to_string()
    };
    let (t, x) = ([1, 2, 3], [1.0, 2.0, 1.0]);
    assert!(refused(Episodes { min_depth: 1.0, ..Episodes::default() }, &t, &x).contains("`min_depth` is 1"));
    assert!(refused(Episodes { min_depth: f64::NAN, ..Episodes::default() }, &t, &x).contains("`min_depth`"));
    assert!(refused(Episodes { min_phase: 0, ..Episodes::default() }, &t, &x).contains("`min_phase`"));
    assert!(refused(Episodes { end: Some(0), ..Episodes::default() }, &t, &x).contains("up to 0"));
    let given = Episodes { contraction: Some("2:9".parse().unwrap()), ..Episodes::default() };
    assert!(refused(given, &t, &x).contains("no value in 9"));
    let nation = Episodes { dating: Dating::Nation, ..Episodes::default() };
    assert!(refused(nation.clone(), &[1, 2, 5], &x).contains("between 2 and 5"));
    assert!(refused(nation, &t, &[1.0, 0.0, 1.0]).contains("export nothing"));
    assert!(refused(Episodes::default(), &t, &[1.0, -2.0, 1.0]).contains("negative"));
    assert!(refused(Episodes::default(), &t, &[f64::NAN; 3]).contains("empty"));
}

#[test]
fn methods_3_kaplan_meier() {
    let durations = [1, 1, 2, 2, 3, 3, 4, 5, 5, 5];
    let events = [1, 1, 1, 0, 1, 1, 0, 1, 0, 0];
    let spells: Vec<(usize, bool)> = durations.into_iter().zip(events.map(|e| e == 1)).collect();
    let table = kaplan_meier(&spells);
    let s: Vec<f64> = table.iter().map(|r| r.survival).collect();
    close_printed(&s, &[0.8, 0.7, 0.46666667, 0.46666667, 0.31111111], 8, "S");
    assert_eq!(table.iter().map(|r| r.at_risk).collect::<Vec<_>>(), [10, 8, 6, 4, 3]);
    // statsmodels 0.15.0 SurvfuncRight, golden/resilience.py.
    let errors: Vec<f64> = table.iter().map(|r| r.std_error.unwrap()).collect();
    let want = [0.126491106407, 0.144913767462, 0.165775394681, 0.165775394681, 0.168361750443];
    close_printed(&errors, &want, 12, "Greenwood");
    // Without censoring before it, Greenwood's error is the binomial's: √(S(1 - S)/n).
    close(table[0].std_error.unwrap(), (0.8f64 * 0.2 / 10.0).sqrt(), 1e-12, "Greenwood");
    let all: Vec<(usize, bool)> = durations.map(|d| (d, true)).to_vec();
    for row in kaplan_meier(&all) {
        let share = durations.iter().filter(|&&d| d > row.duration).count() as f64 / 10.0;
        assert!((row.survival - share).abs() < 1e-15, "without censoring S is the share that lasts longer");
        if share > 0.0 {
            close(row.std_error.unwrap(), (share * (1.0 - share) / 10.0).sqrt(), 1e-12, "binomial");
        } else {
            assert!(row.std_error.is_none() && row.conf_low.is_none());
        }
    }
}

/// Records of unit, product and the years in which it is exported; product 9 keeps the unit in sight in `seen`.
fn relations(seen: &[i64], alive: &[(u32, &[i64])]) -> Records {
    let mut rows: Vec<(u32, i64, f64)> = seen.iter().map(|&t| (9, t, 0.0)).collect();
    rows.extend(alive.iter().flat_map(|&(p, years)| years.iter().map(move |&t| (p, t, 1.0))));
    Records {
        unit: Factor::from_keys("city", rows.iter().map(|_| 0)),
        time: rows.iter().map(|r| r.1).collect(),
        product: Factor::from_keys("hs", rows.iter().map(|r| r.0)),
        market: None,
        value: rows.iter().map(|r| r.2).collect(),
    }
}

#[test]
fn spells_begin_and_end_where_that_was_seen() {
    let records = relations(&[1, 2, 3, 4, 5, 6], &[(0, &[1, 2]), (1, &[2, 3]), (2, &[2, 4, 5]), (3, &[5, 6])]);
    let measure = survival(&Survival::default(), &records).unwrap();
    let spells: Vec<(i64, i64, bool, bool)> =
        measure.spells.iter().map(|s| (s.from, s.to, s.failed, s.left_censored)).collect();
    let want =
        [(1, 2, true, true), (2, 3, true, false), (2, 2, true, false), (4, 5, true, false), (5, 6, false, false)];
    assert_eq!(spells, want);
    assert_eq!((measure.sample.relations, measure.sample.spells, measure.sample.failures), (4, 5, 4));
    // The life table leaves the spell of unknown age out: durations 2, 1, 2 failed and 2 censored.
    let s: Vec<(usize, f64)> = measure.table.iter().map(|r| (r.at_risk, r.survival)).collect();
    assert_eq!(s[0], (4, 0.75));
    close(s[1].1, 0.75 * (1.0 - 2.0 / 3.0), 1e-15, "S(2)");
    // Year 2 of product 2 is its first spell's only year, and it fails.
    let at = |p: usize| measure.at_risk[6 + p];
    assert_eq!((at(4).duration, at(4).event, at(4).spell), (1.0, 1.0, 1.0));
    assert_eq!((at(6).duration, at(6).event, at(6).spell), (2.0, 1.0, 2.0));
    assert_eq!((at(8).event, at(0).left_censored), (0.0, 1.0));
    assert!(measure.at_risk[0].duration.is_nan(), "a zero is no relation");
    // The hazard model's events are the failures, its rows the years alive.
    let events: f64 = measure.at_risk.iter().map(|r| r.event).filter(|e| !e.is_nan()).sum();
    assert_eq!(events, 4.0);
    let kept = survival(&Survival { left_censored: LeftCensored::Keep, ..Survival::default() }, &records).unwrap();
    assert_eq!(kept.table[0].at_risk, 5);
}

#[test]
fn a_missing_value_is_no_absence() {
    // Alive in 2, 3 and 5; the value of 4 is missing, or its record is.
    let mut records = relations(&[1, 2, 3, 4, 5, 6], &[(0, &[2, 3, 4, 5]), (1, &[2, 3, 5])]);
    records.value[8] = f64::NAN;
    let bridging = Survival { gap: 1, left_censored: LeftCensored::Keep, ..Survival::default() };
    let measure = survival(&bridging, &records).unwrap();
    let spells: Vec<(i64, i64, bool, bool)> =
        measure.spells.iter().map(|s| (s.from, s.to, s.failed, s.left_censored)).collect();
    assert_eq!(spells[..2], [(2, 3, false, true), (5, 5, false, true)], "a gap is not bridged over it");
    let measure = survival(&Survival::default(), &records).unwrap();
    let spells: Vec<(i64, i64, bool, bool)> =
        measure.spells.iter().map(|s| (s.from, s.to, s.failed, s.left_censored)).collect();
    assert_eq!(spells, [(2, 3, false, false), (5, 5, true, true), (2, 3, true, false), (5, 5, true, false)]);
    assert_eq!((measure.sample.unobserved, measure.sample.records), (1, records.value.len() - 1));
    assert!(measure.notes.iter().any(|n| n.starts_with("1 years of relations miss their value")));
    let at = measure.at_risk[6..10].iter().map(|r| r.event).collect::<Vec<_>>();
    assert!(at[..2] == [0.0, 0.0] && at[2].is_nan() && at[3] == 1.0, "{at:?}");
    // Another record of the cell says that it lives; one of zero does not say that it does not.
    let again = Records { value: records.value.iter().map(|v| v.max(0.0)).collect(), ..records.clone() };
    assert_eq!(survival(&Survival::default(), &again).unwrap().sample.unobserved, 0, "a zero is known");
}

#[test]
fn short_absences_are_bridged_and_the_last_years_then_tell_less() {
    let records = relations(&[1, 2, 3, 4, 5, 6, 7], &[(2, &[3, 5]), (1, &[3, 6])]);
    let measure = survival(&Survival { gap: 1, ..Survival::default() }, &records).unwrap();
    let spells: Vec<(i64, i64, bool)> = measure.spells.iter().map(|s| (s.from, s.to, s.failed)).collect();
    // 3 to 5 is one spell that is known to have failed after 6 and 7; 3 and 6 are two years apart, and 7 alone after 6
    // does not tell.
    assert_eq!(spells, [(3, 5, true), (3, 3, true), (6, 6, false)]);
    assert_eq!((measure.sample.bridged, measure.sample.bridged_years), (1, 1));
    assert_eq!(measure.spells[0].duration(), 3);
}

#[test]
fn years_in_which_the_unit_was_not_seen_end_nothing() {
    let records = relations(&[1, 2, 4, 5], &[(0, &[2]), (1, &[2, 4])]);
    let measure = survival(&Survival { gap: 3, ..Survival::default() }, &records);
    assert!(measure.unwrap_err().to_string().contains("no age is known"));
    let measure = survival(&Survival::default(), &records).unwrap();
    let spells: Vec<(i64, bool, bool)> = measure.spells.iter().map(|s| (s.to, s.failed, s.left_censored)).collect();
    assert_eq!(spells, [(2, false, false), (2, false, false), (4, true, true)]);
    let unit = &measure.units[0];
    assert_eq!((unit.spells, unit.failures, unit.survival, unit.median), (2, 0, Some(1.0), None));
    assert_eq!(unit.std_error, Some(0.0), "Greenwood's sum is empty before the first end");
    assert!(survival(&Survival { horizon: 2, ..Survival::default() }, &records).unwrap().units[0].survival.is_none());
    assert!(survival(&Survival { horizon: 0, ..Survival::default() }, &records).is_err());
    let dead = relations(&[1, 2], &[]);
    assert!(survival(&Survival::default(), &dead).unwrap_err().to_string().contains("ever alive"));
}

const X0: [f64; 4] = [40.0, 30.0, 20.0, 10.0];
const W0: [f64; 4] = [1000.0, 500.0, 800.0, 200.0];
const W1: [f64; 4] = [900.0, 520.0, 640.0, 230.0];
const X1: [f64; 4] = [38.0, 33.0, 10.0, 12.0];

/// One city in four cells and two years; world trade as a column beside.
fn canon() -> (Records, Vec<f64>) {
    let records = Records {
        unit: Factor::from_keys("city", [0; 8]),
        time: [1; 4].into_iter().chain([2; 4]).collect(),
        product: Factor::from_keys("hs", [0, 1, 2, 3, 0, 1, 2, 3]),
        market: None,
        value: [X0, X1].concat(),
    };
    (records, [W0, W1].concat())
}

#[test]
fn methods_3_counterfactual() {
    let (records, w) = canon();
    let world = world_of(&records, "w", &w).unwrap();
    let measure =
        counterfactual(&Counterfactual { cells: true, ..Counterfactual::default() }, &records, &world).unwrap();
    let r = &measure.rows[0];
    close_printed(&[r.expected, r.actual], &[94.7, 93.0], 8, "expected and actual");
    close_printed(&[r.resilience, r.martin], &[-0.01811451, -0.32075472], 8, "ln ratio and Martin's form");
    let cells: Vec<f64> = measure.cells.iter().map(|c| c.dhs).collect();
    close_printed(&cells, &[-0.05128205, 0.09523810, -0.66666667, 0.18181818], 8, "DHS");
    // The cells' growth adds up to the unit's.
    let weighted: f64 = measure.cells.iter().map(|c| (c.base + c.actual) * c.dhs).sum();
    close(weighted / 193.0, r.dhs, 1e-12, "DHS adds up");
    let world_part: f64 = measure.cells.iter().map(|c| (c.base + c.actual) * c.dhs_world).sum();
    close(r.dhs - world_part / 193.0, r.dhs_gap, 1e-12, "gap");
    assert_eq!(r.covered, 1.0);
}

#[test]
fn no_expected_change_has_no_martin_form() {
    // Demand turns .1, .2, .3 into .3, .2, .1: the same sum but for rounding.
    let records = Records {
        unit: Factor::from_keys("city", [0; 6]),
        time: vec![1, 1, 1, 2, 2, 2],
        product: Factor::from_keys("hs", [0, 1, 2, 0, 1, 2]),
        market: None,
        value: vec![0.1, 0.2, 0.3, 0.5, 0.2, 0.3],
    };
    let world = world_of(&records, "w", &[1.0, 1.0, 3.0, 3.0, 1.0, 1.0]).unwrap();
    let measure = counterfactual(&Counterfactual::default(), &records, &world).unwrap();
    assert!(measure.rows[0].martin.is_nan(), "{}", measure.rows[0].martin);
    close(measure.rows[0].resilience, (1.0f64 / 0.6).ln(), 1e-12, "the logarithm has no such gap");
    assert_eq!((measure.sample.unchanged, measure.sample.undefined), (1, 0));
    assert!(measure.notes.iter().any(|n| n.contains("`martin`")));
}

#[test]
fn own_exports_are_taken_off_the_world() {
    let (records, w) = canon();
    let with_own: Vec<f64> = w.iter().zip(&records.value).map(|(w, x)| w + x).collect();
    let plain = counterfactual(&Counterfactual::default(), &records, &world_of(&records, "w", &w).unwrap()).unwrap();
    for subtract in [Subtract::Nation, Subtract::Unit] {
        let world = world_of(&records, "w", &with_own).unwrap();
        let options = Counterfactual { subtract, ..Counterfactual::default() };
        let measure = counterfactual(&options, &records, &world).unwrap();
        close(measure.rows[0].resilience, plain.rows[0].resilience, 1e-12, "the same world");
    }
    // A world smaller than the exports in it cannot be.
    let tiny = world_of(&records, "w", &[1.0; 8]).unwrap();
    let options = Counterfactual { subtract: Subtract::Nation, ..Counterfactual::default() };
    let measure = counterfactual(&options, &records, &tiny).unwrap();
    assert_eq!((measure.sample.negative, measure.rows[0].resilience.is_nan()), (4, true));
    // Exports that follow the world are as expected, in any unit of value.
    let follow = Records { value: w.iter().map(|w| w * 0.01).collect(), ..records.clone() };
    let world = world_of(&records, "w", &w).unwrap();
    let measure = counterfactual(&Counterfactual::default(), &follow, &world).unwrap();
    assert!(measure.rows[0].resilience.abs() < 1e-14 && measure.rows[0].dhs_gap.abs() < 1e-14);
}

#[test]
fn cells_that_the_world_does_not_cover_leave_both_sides() {
    let (records, _) = canon();
    let full = |keep: &dyn Fn(u32, i64) -> bool| -> World {
        let all = (0..4u32).flat_map(|k| [(k, 1, W0[k as usize]), (k, 2, W1[k as usize])]);
        all.filter(|&(k, t, _)| keep(k, t)).map(|(k, t, w)| ((k, 0, t), w)).collect()
    };
    let measure = counterfactual(&Counterfactual::default(), &records, &full(&|k, t| (k, t) != (2, 2))).unwrap();
    let r = &measure.rows[0];
    close_printed(&[r.expected, r.actual, r.covered], &[94.7 - 16.0, 83.0, 0.8], 8, "without product 2");
    assert_eq!(measure.sample.uncovered, 1);
    // A cell that opens counts, one that closes too.
    let mut entered = records.clone();
    entered.value[0] = 0.0;
    entered.value[5] = 0.0;
    let options = Counterfactual { cells: true, ..Counterfactual::default() };
    let measure = counterfactual(&options, &entered, &full(&|_, _| true)).unwrap();
    close_printed(&[measure.rows[0].expected, measure.rows[0].actual], &[94.7 - 36.0, 60.0], 8, "entry and exit");
    assert_eq!((measure.cells[0].dhs, measure.cells[1].dhs), (2.0, -2.0));
    let none = counterfactual(&Counterfactual::default(), &records, &World::new()).unwrap();
    assert!(none.rows[0].resilience.is_nan() && none.rows[0].covered == 0.0);
    assert_eq!(none.sample.undefined, 1);
}

#[test]
fn the_base_year_may_stay() {
    let rows = [(1, 10.0, 100.0), (2, 12.0, 110.0), (4, 9.0, 99.0)];
    let records = Records {
        unit: Factor::from_keys("city", rows.iter().map(|_| 0)),
        time: rows.iter().map(|r| r.0).collect(),
        product: Factor::from_keys("hs", rows.iter().map(|_| 0)),
        market: None,
        value: rows.iter().map(|r| r.1).collect(),
    };
    let w: Vec<f64> = rows.iter().map(|r| r.2).collect();
    let world = world_of(&records, "w", &w).unwrap();
    let yearly = counterfactual(&Counterfactual::default(), &records, &world).unwrap();
    assert_eq!(yearly.rows.iter().map(|r| r.time).collect::<Vec<_>>(), [2], "never across a gap");
    let fixed = Counterfactual { base_year: Some(1), ..Counterfactual::default() };
    let fixed = counterfactual(&fixed, &records, &world).unwrap();
    close(fixed.rows[1].resilience, (9.0f64 / 9.9).ln(), 1e-12, "year 4 against year 1");
}

#[test]
fn counterfactuals_refuse_what_they_cannot_compare() {
    let (records, w) = canon();
    let world = world_of(&records, "w", &w).unwrap();
    let late = Counterfactual { base_year: Some(9), ..Counterfactual::default() };
    assert!(counterfactual(&late, &records, &world).unwrap_err().to_string().contains("no record in 9"));
    let one = Records { time: vec![1; 8], ..records.clone() };
    assert!(counterfactual(&Counterfactual::default(), &one, &world).unwrap_err().to_string().contains("no two years"));
    let refused = |w: &[f64], r: &Records| -> Error { world_of(r, "w", w).unwrap_err() };
    let mut bad = w.clone();
    bad[3] = -1.0;
    assert_eq!(refused(&bad, &records).rows, [3]);
    bad[3] = f64::INFINITY;
    assert_eq!(refused(&bad, &records).rows, [3]);
    let two = Records { time: vec![1; 8], ..records.clone() };
    let error = refused(&w, &two);
    assert!(error.to_string().contains("is both 1000 and 900") && error.rows == [0, 4], "{error}");
    assert!(refused(&w[..3], &records).to_string().contains("length"));
}
