//! Convergence, inequality by groups, contributions, Markov chains, Moran's I: numbers of `golden/moves.py` (PySAL and
//! brute force), identities, refusals.

use plim_golden::{close, close_printed};
use plim_stats::distribution::contributions::{Against, Aggregate};
use plim_stats::distribution::markov::Scope;
use plim_stats::distribution::sigma::Dispersion;
use plim_stats::distribution::theil::Index;
use plim_stats::distribution::{
    Contributions, DagumGini, Markov, SigmaConvergence, Theil, contributions, dagum_gini, markov, sigma_convergence,
    speed, theil,
};
use plim_stats::spatial::moran::Quadrant;
use plim_stats::spatial::{Moran, Neighbors, Scheme, moran};
use plim_stats::{Error, Factor};

const N: i64 = 20;
const T: i64 = 6;

/// The panel of `golden/moves.py`, unit by unit.
struct Panel {
    y: Vec<f64>,
    unit: Factor,
    time: Vec<i64>,
    group: Factor,
    weight: Vec<f64>,
}

fn panel() -> Panel {
    let rows: Vec<(i64, i64)> = (1..=N).flat_map(|i| (1..=T).map(move |t| (i, t))).collect();
    let y = |&(i, t): &(i64, i64)| 1.0 + ((7 * i + 3 * t + i * t * t) % 23) as f64 / 10.0 + i as f64 / 20.0;
    Panel {
        y: rows.iter().map(y).collect(),
        unit: Factor::from_keys("unit", rows.iter().map(|r| r.0)),
        time: rows.iter().map(|r| r.1).collect(),
        group: Factor::from_keys("group", rows.iter().map(|r| r.0 % 3)),
        weight: rows.iter().map(|r| (1 + r.0 % 4) as f64).collect(),
    }
}

fn places() -> Vec<[f64; 2]> {
    (1..=N).map(|i| [(20 + (13 * i) % 29) as f64, (100 + (17 * i) % 31) as f64]).collect()
}

fn said(e: Error) -> String {
    e.to_string()
}

#[test]
fn dispersion_trend_and_the_test_of_pitman_and_morgan() {
    let p = panel();
    let options = SigmaConvergence { value: "y".into(), ..Default::default() };
    let found = sigma_convergence(&options, &p.y, &p.unit, &p.time).unwrap();
    for (at, want) in [
        (0, [0.265117328616, 2.635, 0.674361296261, 0.255924590611, 0.143643263757, 0.031481929801]),
        (5, [0.290387194480, 2.59, 0.704982269281, 0.272193926363, 0.151737451737, 0.036051812442]),
    ] {
        let t = &found.times[at];
        let got = [t.sd_log.unwrap(), t.mean, t.sd, t.cv.unwrap(), t.gini.unwrap(), t.theil.unwrap()];
        close_printed(&got, &want, 12, "dispersion");
    }
    let [trend, first] = &found.tests[..] else { panic!("two tests") };
    close_printed(
        &[trend.estimate, trend.statistic, trend.p_value],
        &[-0.001675077642, -0.074443807421, 0.944231513091],
        11,
        "trend",
    );
    let got = [first.estimate, first.statistic, first.p_value];
    close_printed(&got, &[0.833530139998, -0.387479645270, 0.702944757441], 11, "first against last");
    // A common factor moves every level and no dispersion of logarithms.
    let doubled: Vec<f64> = p.y.iter().map(|v| 2.0 * v).collect();
    let other = sigma_convergence(&options, &doubled, &p.unit, &p.time).unwrap();
    close(other.tests[1].statistic, first.statistic, 1e-12, "scaled");
}

#[test]
fn dispersions_that_values_do_not_allow_are_none_or_refused() {
    let p = panel();
    let below: Vec<f64> = p.y.iter().map(|v| v - 2.5).collect();
    let run = |dispersion| {
        let options = SigmaConvergence { value: "y".into(), dispersion };
        sigma_convergence(&options, &below, &p.unit, &p.time)
    };
    let found = run(Dispersion::Sd).unwrap();
    assert!(found.times.iter().all(|t| t.gini.is_none() && t.sd_log.is_none()));
    assert!(said(run(Dispersion::SdLog).unwrap_err()).contains("no logarithm"));
    assert!(said(run(Dispersion::Gini).unwrap_err()).contains("dispersion = \"sd\""));
    let options = SigmaConvergence::default();
    let one = Factor::from_keys("unit", [0, 0]);
    assert!(said(sigma_convergence(&options, &[1.0, 2.0], &one, &[1, 2]).unwrap_err()).contains("one unit alone"));
    assert!(said(sigma_convergence(&options, &[1.0, 2.0], &one, &[1, 1]).unwrap_err()).contains("two rows"));
    assert!(sigma_convergence(&options, &[], &Factor::from_keys("u", [0; 0]), &[]).is_err());
    assert!(sigma_convergence(&options, &[1.0, f64::NAN], &one, &[1, 2]).is_err());
}

#[test]
fn speed_and_half_life_by_the_delta_method() {
    let found = speed(-0.186986396681, 0.051542492039, 5.0);
    close(found.speed, 0.546464429403, 1e-9, "speed");
    close(found.speed_std_error, 0.792132521251, 1e-8, "its error");
    close(found.half_life, 1.268421407259, 1e-9, "half-life");
    close(found.half_life_std_error, 1.838651874265, 1e-8, "its error");
    assert!(speed(-0.3, 0.1, 5.0).speed.is_nan());
    let apart = speed(0.1, 0.1, 1.0);
    assert!(apart.speed < 0.0 && apart.half_life.is_nan());
}

#[test]
fn dagums_parts_of_the_gini_coefficient() {
    let p = panel();
    let options = DagumGini { value: "y".into(), ..Default::default() };
    for (weights, want) in [
        (None, [0.156378986867, 0.046575984991, 0.067213883677, 0.042589118199]),
        (Some(&p.weight[..]), [0.160606520091, 0.047354056103, 0.060545868082, 0.052706595906]),
    ] {
        let found = dagum_gini(&options, &p.y, weights, &p.group, &p.time).unwrap();
        let t = &found.times[2];
        close_printed(&[t.gini, t.within, t.between, t.transvariation], &want, 12, "dagum");
        for t in &found.times {
            close(t.within + t.between + t.transvariation, t.gini, 1e-13, "adds up");
        }
        assert_eq!((found.groups.len(), found.pairs.len()), (18, 18));
    }
    // Weights are head counts: a unit of weight 2 is two units.
    let (y, g) = ([1.0, 4.0, 2.0], Factor::from_keys("g", [0, 1, 1]));
    let weighted = dagum_gini(&options, &y, Some(&[2.0, 1.0, 3.0]), &g, &[0; 3]).unwrap();
    let (y, g) = ([1.0, 1.0, 4.0, 2.0, 2.0, 2.0], Factor::from_keys("g", [0, 0, 1, 1, 1, 1]));
    let repeated = dagum_gini(&options, &y, None, &g, &[0; 6]).unwrap();
    close(weighted.times[0].between, repeated.times[0].between, 1e-14, "head counts");
    close(weighted.times[0].gini, repeated.times[0].gini, 1e-14, "head counts");
}

#[test]
fn groups_that_are_alike_or_zero() {
    let options = DagumGini { value: "y".into(), ..Default::default() };
    let g = Factor::from_keys("g", [0, 0, 1, 1]);
    let run = |y: &[f64]| dagum_gini(&options, y, None, &g, &[0; 4]);
    let t = &run(&[1.0, 2.0, 1.0, 2.0]).unwrap().times[0];
    assert!(t.between.abs() < 1e-16 && t.transvariation > 0.0);
    let all = run(&[3.0; 4]).unwrap();
    assert_eq!((all.times[0].gini, all.pairs[0].affluence), (0.0, None));
    let zeros = run(&[0.0, 0.0, 1.0, 2.0]).unwrap();
    assert_eq!((zeros.groups[0].gini, zeros.pairs[0].gini), (None, Some(1.0)));
    assert!(said(run(&[0.0; 4]).unwrap_err()).contains("0/0"));
    assert!(said(run(&[-1.0, 1.0, 1.0, 1.0]).unwrap_err()).contains("negative"));
    let bad = dagum_gini(&options, &[1.0; 4], Some(&[1.0, 0.0, 1.0, 1.0]), &g, &[0; 4]).unwrap_err();
    assert!(said(bad).contains("not positive"));
}

#[test]
fn theils_indices_by_group() {
    let p = panel();
    for (index, want) in [
        (Index::T, [0.038939196370, 0.031242220696, 0.007696975674]),
        (Index::L, [0.041949161228, 0.034297559095, 0.007651602133]),
    ] {
        let options = Theil { value: "y".into(), index, ..Default::default() };
        let found = theil(&options, &p.y, None, &p.group, &p.time).unwrap();
        let t = &found.times[2];
        close_printed(&[t.theil, t.within, t.between], &want, 12, "theil");
        let parts: f64 = found.groups.iter().filter(|g| g.time == 3).map(|g| g.within + g.between).sum();
        close(parts, t.theil, 1e-12, "groups add up");
    }
    let zero = |index| {
        let options = Theil { value: "y".into(), index, ..Default::default() };
        theil(&options, &[0.0, 1.0], None, &Factor::from_keys("g", [0, 1]), &[0, 0])
    };
    close(zero(Index::T).unwrap().times[0].theil, 2f64.ln(), 1e-15, "one has all");
    assert!(said(zero(Index::L).unwrap_err()).contains("index = \"t\""));
}

/// Weights that move from the first time to the second.
fn moving(time: &[i64]) -> Vec<Vec<f64>> {
    vec![time.iter().map(|t| 0.5 + 0.02 * *t as f64).collect(), time.iter().map(|t| 0.5 - 0.02 * *t as f64).collect()]
}

#[test]
fn contributions_add_up_to_the_change() {
    let p = panel();
    let z = vec![p.y.clone(), p.y.iter().map(|v| 1.0 / v).collect::<Vec<f64>>()];
    let w = moving(&p.time);
    for aggregate in [Aggregate::Arithmetic, Aggregate::Geometric] {
        let index: Vec<f64> = (0..p.y.len())
            .map(|i| match aggregate {
                Aggregate::Arithmetic => (0..2).map(|j| w[j][i] * z[j][i]).sum(),
                Aggregate::Geometric => (0..2).map(|j| z[j][i].powf(w[j][i])).product(),
            })
            .collect();
        for against in [Against::Previous, Against::Base(1), Against::Mean] {
            let components = vec!["a".to_string(), "b".to_string()];
            let options =
                Contributions { components, aggregate, against, index: Some("s".into()), ..Default::default() };
            let found = contributions(&options, &z, &w, Some(&index), &p.unit, &p.time).unwrap();
            let mut seen = 0;
            for i in (0..p.y.len()).filter(|&i| !found.change[i].is_nan()) {
                let parts: f64 = found.contributions.iter().map(|c| c[i]).sum();
                let all = parts + found.weights.as_ref().map_or(0.0, |w| w[i]);
                assert!((all - found.change[i]).abs() < 1e-14, "{against}: {all} {}", found.change[i]);
                if against == Against::Previous {
                    assert!((found.change[i] - (index[i] - index[i - 1])).abs() < 1e-14);
                }
                seen += 1;
            }
            assert_eq!(seen, if against == Against::Previous { 100 } else { 120 });
            // The mean of the units is nobody's gain: contributions against it cancel.
            if against == Against::Mean && aggregate == Aggregate::Arithmetic {
                let sum: f64 = (0..p.y.len()).filter(|&i| p.time[i] == 2).map(|i| found.contributions[0][i]).sum();
                assert!(sum.abs() < 1e-12 && found.weights.is_none() && found.totals.is_empty());
            }
        }
    }
}

#[test]
fn components_that_do_not_make_the_index_are_refused() {
    let p = panel();
    let (z, w) = (vec![p.y.clone()], vec![vec![1.0; p.y.len()]]);
    let options = |against| Contributions {
        components: vec!["a".into()],
        index: Some("s".into()),
        against,
        ..Default::default()
    };
    let run = |o: &Contributions, z: &[Vec<f64>], s: &[f64]| contributions(o, z, &w, Some(s), &p.unit, &p.time);
    let wrong: Vec<f64> = p.y.iter().map(|v| 2.0 * v).collect();
    let e = run(&options(Against::Previous), &z, &wrong).unwrap_err();
    assert!(said(e).contains("not its components"));
    assert!(said(run(&options(Against::Base(1999)), &z, &p.y).unwrap_err()).contains("1999"));
    let geometric = Contributions { aggregate: Aggregate::Geometric, ..options(Against::Previous) };
    let zero = vec![vec![0.0; p.y.len()]];
    assert!(said(run(&geometric, &zero, &p.y).unwrap_err()).contains("not positive"));
    for bad in ["base:", "base:x", "next"] {
        assert!(bad.parse::<Against>().is_err(), "{bad}");
    }
}

fn near(scheme: &str) -> Neighbors {
    Neighbors::of_places(&places(), scheme.parse().unwrap()).unwrap()
}

#[test]
fn chains_of_giddy() {
    let p = panel();
    let options = Markov { value: "y".into(), bounds: vec![1.9, 2.4, 3.0], ..Default::default() };
    let found = markov(&options, &p.y, &p.unit, &p.time, Some(&near("knn:4"))).unwrap();
    let chain = &found.chain;
    assert_eq!(chain.counts, [[4, 2, 7, 3], [2, 4, 7, 5], [9, 7, 12, 11], [2, 5, 12, 8]]);
    let steady = [0.170428622446, 0.179400467906, 0.381168599270, 0.269002310378];
    close_printed(chain.ergodic.as_ref().unwrap(), &steady, 12, "steady state");
    close_printed(
        &[chain.mobility.unwrap(), chain.half_life.unwrap()],
        &[0.974596391263, 0.389149829578],
        11,
        "mobility",
    );
    assert_eq!(found.spatial[1].counts, [[1, 1, 2, 1], [1, 1, 0, 0], [2, 2, 3, 4], [0, 2, 4, 2]]);
    assert_eq!(found.spatial[2].counts, [[3, 1, 4, 2], [1, 3, 5, 4], [7, 4, 7, 6], [2, 3, 6, 5]]);
    let test = &found.tests[0];
    assert_eq!((test.name.as_str(), test.df), ("neighbors", 27));
    let got = [test.lr, test.q, test.lr_p_value, test.q_p_value];
    close_printed(&got, &[17.743848698519, 14.494128488305, 0.911153868642, 0.975945692752], 11, "homogeneity");
    // Moves of the parts are the moves of the whole.
    let sum: usize = found.spatial.iter().flat_map(|c| c.counts.iter().flatten()).sum();
    assert_eq!(sum, 100);
}

#[test]
fn classes_by_quantiles_horizons_and_breaks() {
    let p = panel();
    let options =
        Markov { value: "y".into(), scope: Scope::Year, relative: true, breaks: vec![3], ..Default::default() };
    // Without ties.
    let y: Vec<f64> = p.y.iter().enumerate().map(|(i, v)| v + 1e-3 * (i % 37) as f64).collect();
    let found = markov(&options, &y, &p.unit, &p.time, None).unwrap();
    assert_eq!(found.bounds.len(), 6);
    assert_eq!(found.tests[0].name, "periods");
    for t in 1..=T {
        let of = |s: f64| (0..p.y.len()).filter(|&i| p.time[i] == t && found.state[i] == s).count();
        assert_eq!([of(1.0), of(2.0), of(3.0), of(4.0)], [5; 4]);
    }
    let far = markov(&Markov { horizon: 5, ..options.clone() }, &y, &p.unit, &p.time, None);
    assert_eq!(far.unwrap().chain.counts.iter().flatten().sum::<usize>(), 20);
    let none = markov(&Markov { horizon: 9, ..options.clone() }, &y, &p.unit, &p.time, None).unwrap_err();
    assert!(said(none).contains("horizon"));
    let equal = markov(&Markov { relative: false, ..options }, &[1.0; 120], &p.unit, &p.time, None).unwrap_err();
    assert!(said(equal).contains("too many values are equal"));
    let bad = Markov { bounds: vec![2.0, 1.0], ..Default::default() };
    assert!(said(markov(&bad, &p.y, &p.unit, &p.time, None).unwrap_err()).contains("not ascending"));
}

#[test]
fn a_chain_that_falls_apart_has_no_ergodic_distribution() {
    let unit = Factor::from_keys("u", (0..4).flat_map(|u| [u; 3]));
    let time: Vec<i64> = (0..4).flat_map(|_| 0..3).collect();
    let options = Markov { value: "y".into(), bounds: vec![1.0, 2.0, 3.0], ..Default::default() };
    // Two closed pairs of classes.
    let two = [0.5, 1.5, 0.5, 1.5, 0.5, 1.5, 2.5, 3.5, 2.5, 3.5, 2.5, 3.5];
    let found = markov(&options, &two, &unit, &time, None).unwrap();
    assert!(found.chain.ergodic.is_none() && found.notes.iter().any(|n| n.contains("no ergodic")));
    // Everybody ends in the last class, which is never left: all of the distribution is there.
    let up = [0.5, 1.5, 2.5, 1.5, 2.5, 3.5, 2.5, 3.5, 3.5, 3.5, 3.5, 3.5];
    let found = markov(&options, &up, &unit, &time, None).unwrap();
    assert_eq!(found.chain.ergodic, Some(vec![0.0, 0.0, 0.0, 1.0]));
}

#[test]
fn morans_i_of_pysal() {
    let p = panel();
    let options = Moran { value: "y".into(), ..Default::default() };
    let knn = moran(&options, &p.y, &p.unit, &p.time, &near("knn:4"), 7).unwrap();
    let raw = Moran { row_standardize: false, ..options.clone() };
    let inverse = moran(&raw, &p.y, &p.unit, &p.time, &near("inverse_distance:1"), 7).unwrap();
    for (found, want, islands) in [
        (&knn, [-0.221982251306, -0.052631578947, 0.133757035203, 0.205474900495, 0.136034806378, 0.213165965467], 0),
        (
            &inverse,
            [-0.125335068304, -0.052631578947, 0.069287855388, 0.294041774631, 0.070390345076, 0.301668638629],
            0,
        ),
    ] {
        let g = &found.global[2];
        let got = [g.moran, g.expected, g.sd_normal, g.p_normal, g.sd_random.unwrap(), g.p_random.unwrap()];
        close_printed(&got, &want, 11, "moran");
        assert_eq!(g.islands, islands);
        // The permutation test and its normal approximation agree as far as 999 draws and 20 units let them.
        assert!((g.p_permutation - g.p_random.unwrap()).abs() < 0.08, "{g:?}");
    }
    let island = moran(&raw, &p.y, &p.unit, &p.time, &near("inverse_distance:1:1500"), 7).unwrap();
    close_printed(&[island.global[2].moran], &[-0.144724166191], 12, "a unit alone");
    assert_eq!(island.global[2].islands, 1);
    assert_eq!(island.local.iter().filter(|l| l.moran.is_nan() && l.quadrant == Quadrant::Island).count(), 6);
    let local: Vec<_> = (0..p.y.len()).filter(|&i| p.time[i] == 3).map(|i| &knn.local[i]).collect();
    let want = [
        -0.359728826326,
        -0.122804952686,
        0.168024104327,
        -0.571583258792,
        -0.402099712820,
        -0.016524645732,
        -0.854997410668,
        -0.026411185914,
        0.206628689798,
        -0.144343486653,
        -0.066898921896,
        -0.854997410668,
        0.006073160397,
        -0.356904100560,
        -0.677039687397,
        0.085165481851,
        -0.376677180924,
        0.307965726661,
        -0.374087848971,
        -0.008403559154,
    ];
    close_printed(&local.iter().map(|l| l.moran).collect::<Vec<_>>(), &want, 12, "local");
    let quadrant = |q: usize| [Quadrant::HighHigh, Quadrant::LowHigh, Quadrant::LowLow, Quadrant::HighLow][q - 1];
    let quadrants = [2, 4, 3, 2, 4, 2, 2, 4, 1, 2, 2, 4, 3, 2, 4, 1, 2, 1, 4, 4].map(quadrant);
    assert_eq!(local.iter().map(|l| l.quadrant).collect::<Vec<_>>(), quadrants);
    // S0 = n for standardized weights.
    let sum: f64 = local.iter().map(|l| l.moran).sum();
    close(sum / 20.0, knn.global[2].moran, 1e-12, "local adds up to global");
}

#[test]
fn permutations_are_keyed_and_see_what_is_there() {
    // Twelve places on a line, values rising along it: as alike as neighbors can be.
    let n = 12;
    let places: Vec<[f64; 2]> = (0..n).map(|i| [30.0, 100.0 + f64::from(i)]).collect();
    let neighbors = Neighbors::of_places(&places, Scheme::Knn(2)).unwrap();
    let unit = Factor::from_keys("u", 0..n);
    let y: Vec<f64> = (0..n).map(f64::from).collect();
    let options = Moran { value: "y".into(), replications: 499, ..Default::default() };
    let run = |y: &[f64], seed| moran(&options, y, &unit, &[0; 12], &neighbors, seed).unwrap();
    let found = run(&y, 1);
    assert_eq!(found.global[0].p_permutation, 1.0 / 500.0);
    assert_eq!(found, run(&y, 1));
    assert_ne!(found.local, run(&y, 2).local);
    // Only the order of the values matters to I, not their unit or origin.
    let other = run(&y.iter().map(|v| 7.0 - 1e-3 * v).collect::<Vec<_>>(), 1);
    close(other.global[0].moran, found.global[0].moran, 1e-12, "invariant");
    // One pool of threads or another: the same bits.
    let alone = rayon_pool(1, || run(&y, 1));
    assert_eq!(alone, rayon_pool(3, || run(&y, 1)));
    assert!(found.local.iter().all(|l| l.p_adjusted >= l.p_value && l.p_adjusted <= 1.0));
}

/// Runs on a pool of so many threads of the library's own kind.
fn rayon_pool<T: Send>(threads: usize, f: impl FnOnce() -> T + Send) -> T {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap().install(f)
}

#[test]
fn neighbors_that_cannot_be_are_refused() {
    for bad in ["knn:0", "knn", "distance_band:-1", "inverse_distance:1:2:3", "queen"] {
        assert!(bad.parse::<Scheme>().is_err(), "{bad}");
    }
    for good in ["knn:4", "distance_band:500", "inverse_distance:2", "inverse_distance:1:300"] {
        assert_eq!(good.parse::<Scheme>().unwrap().to_string(), good);
    }
    assert!(said(Neighbors::of_places(&places(), Scheme::Knn(20)).unwrap_err()).contains("20 nearest"));
    assert!(said(Neighbors::of_places(&[[95.0, 0.0]; 2], Scheme::Knn(1)).unwrap_err()).contains("no place"));
    let list = |pairs: &[(usize, usize, f64)]| Neighbors::of_list(3, pairs.to_vec());
    assert!(said(list(&[(0, 0, 1.0)]).unwrap_err()).contains("own neighbor"));
    assert!(said(list(&[(0, 1, 1.0), (0, 1, 1.0)]).unwrap_err()).contains("twice"));
    assert!(said(list(&[(0, 1, -1.0)]).unwrap_err()).contains("not positive"));
    let unit = Factor::from_keys("u", 0..3);
    let options = Moran { value: "y".into(), ..Default::default() };
    let run = |y: &[f64], near: &Neighbors| moran(&options, y, &unit, &[0; 3], near, 1);
    let ring = list(&[(0, 1, 1.0), (1, 2, 1.0), (2, 0, 1.0)]).unwrap();
    assert!(run(&[1.0; 3], &ring).is_err());
    assert!(said(run(&[1.0, 2.0, 4.0], &list(&[]).unwrap()).unwrap_err()).contains("no unit has a neighbor"));
    // Of three units that are all neighbors of each other I is -1/2 whatever the values.
    let all: Vec<_> = (0..3).flat_map(|i| (0..3).filter(move |j| *j != i).map(move |j| (i, j, 1.0))).collect();
    assert!(said(run(&[1.0, 2.0, 4.0], &list(&all).unwrap()).unwrap_err()).contains("cannot vary"));
    let same = Neighbors::of_places(&[[1.0, 1.0]; 3], "inverse_distance".parse().unwrap()).unwrap();
    assert!(said(run(&[1.0, 2.0, 4.0], &same).unwrap_err()).contains("one place"));
    for replications in [0, 2_000_000] {
        let options = Moran { replications, ..options.clone() };
        assert!(moran(&options, &[1.0, 2.0, 4.0], &unit, &[0; 3], &ring, 1).is_err());
    }
}
