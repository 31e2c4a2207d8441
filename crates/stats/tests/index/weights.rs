//! Weights by every convention: methods.md 1.3, eleven published examples, identities, refusals.

use plim_golden::{Csv, close, close_printed, shared};
use plim_stats::index::weights::ahp::ahp;
use plim_stats::index::weights::combined::{Combination, combine, game};
use plim_stats::index::weights::critic::{Correlation, critic};
use plim_stats::index::weights::factor::factor;
use plim_stats::index::weights::merec::merec;
use plim_stats::index::weights::pca::{Components, pca};
use plim_stats::index::weights::scatter_degree::scatter_degree;
use plim_stats::index::weights::{cilos, dispersion, given, weigh};
use plim_stats::index::{Convention, Indicators, Weighting};
use std::collections::BTreeMap;

/// Min-max values of methods.md 1.2, the third turned round.
pub fn z() -> Vec<Vec<f64>> {
    let x1 = [10.0, 14.0, 30.0, 35.0, 22.0, 25.0];
    let x2 = [200.0, 260.0, 220.0, 300.0, 500.0, 640.0];
    let x3 = [5.0, 4.0, 9.0, 7.0, 6.0, 3.0];
    vec![
        x1.iter().map(|v| (v - 10.0) / 25.0).collect(),
        x2.iter().map(|v| (v - 200.0) / 440.0).collect(),
        x3.iter().map(|v| (9.0 - v) / 6.0).collect(),
    ]
}

fn names(k: usize) -> Vec<String> {
    (1..=k).map(|j| format!("x{j}")).collect()
}

fn with<T>(columns: &[Vec<f64>], run: impl Fn(&Indicators) -> T) -> T {
    let z: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    run(&Indicators::new(&names(z.len()), &z).unwrap())
}

fn standard(columns: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let one = |c: &Vec<f64>| {
        let n = c.len() as f64;
        let m = c.iter().sum::<f64>() / n;
        let s = (c.iter().map(|v| (v - m).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
        c.iter().map(|v| (v - m) / s).collect()
    };
    columns.iter().map(one).collect()
}

#[test]
fn methods_1_3_critic() {
    let signed = with(&z(), |of| critic(of, Correlation::Signed).unwrap());
    close_printed(&signed.deviation, &[0.37834728, 0.40212932, 0.36004115], 8, "s");
    close_printed(&signed.information, &[0.89275527, 0.51840173, 0.73876333], 8, "C");
    close_printed(&signed.weights, &[0.41525040, 0.24112602, 0.34362359], 8, "w");
    let absolute = with(&z(), |of| critic(of, Correlation::Absolute).unwrap());
    close_printed(&absolute.weights, &[0.35431369, 0.39237758, 0.25330873], 8, "w of |r|");
}

#[test]
fn methods_1_3_cv_on_raw_and_on_normalized_values() {
    let raw = vec![
        vec![10.0, 14.0, 30.0, 35.0, 22.0, 25.0],
        vec![200.0, 260.0, 220.0, 300.0, 500.0, 640.0],
        vec![5.0, 4.0, 9.0, 7.0, 6.0, 3.0],
    ];
    let w = with(&raw, |of| dispersion::cv(of).unwrap());
    close_printed(&w, &[0.32117397, 0.38541727, 0.29340877], 8, "raw");
    let w = with(&z(), |of| dispersion::cv(of).unwrap());
    close_printed(&w, &[0.29298225, 0.45274625, 0.25427149], 8, "normalized");
}

#[test]
fn methods_1_3_principal_components() {
    let found = with(&z(), |of| pca(of, Components::Kaiser).unwrap());
    close_printed(&found.eigenvalues, &[1.66448679, 1.20046364, 0.13504958], 8, "eigenvalues");
    let v1: Vec<f64> = (0..3).map(|j| found.vectors[(j, 0)]).collect();
    close_printed(&v1, &[-0.50663112, 0.42238894, 0.75160661], 8, "first vector");
    assert_eq!(found.kept, 2);
    let f = [-0.32419918, 0.06639477, -1.12532792, -0.46537025, 0.39411194, 1.45439063];
    close_printed(&found.composite, &f, 8, "F");
    close_printed(&found.weights, &[0.36280925, 0.35294562, 0.28424513], 8, "q");
    assert!(found.notes[0].contains("both signs"), "{:?}", found.notes);
    // numpy: inverse and determinant of the correlations, scipy chi2.sf.
    close(found.kmo.unwrap(), 0.268_211_914_049_523_2, 1e-10, "KMO");
    let [statistic, df, p] = found.bartlett.unwrap();
    close(statistic, 4.147_980_690_158_676, 1e-10, "Bartlett");
    close(p, 0.245_921_882_954_104_2, 1e-9, "p");
    assert_eq!(df, 3.0);
    // Eighty-five per cent need two components, ninety-nine all three.
    let kept = |rule| with(&z(), |of| pca(of, rule).unwrap().kept);
    assert_eq!((kept(Components::Cumulative(0.85)), kept(Components::Cumulative(0.99))), (2, 3));
    let too_many = with(&z(), |of| pca(of, Components::Number(4)).unwrap_err().to_string());
    assert!(too_many.contains("4 components of 3"), "{too_many}");
}

#[test]
fn methods_1_3_scatter_degree() {
    let plain = with(&z(), |of| scatter_degree(of, false).unwrap());
    close_printed(&plain.weights, &[0.32866775, 0.29499205, 0.37634020], 8, "min-max");
    close_printed(&[plain.lambda], &[4.84066521], 8, "lambda");
    assert!(plain.negative.is_empty());
    let turned = with(&standard(&z()), |of| scatter_degree(of, false).unwrap());
    close_printed(&turned.weights, &[-0.75915213, 0.63292097, 1.12623116], 8, "z-scores");
    assert_eq!(turned.negative, [0]);
    assert!(turned.notes[0].contains("`x1`"), "{:?}", turned.notes);
}

#[test]
fn scatter_degree_of_nonnegative_weights_is_the_best_of_all_subsets() {
    // Against brute force over the faces: the best first eigenvector of a principal submatrix without negative entries.
    let mut seed = 7u64;
    let mut next = || {
        seed = seed.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (seed >> 33) as f64 / 2f64.powi(31) - 0.5
    };
    for _ in 0..20 {
        let columns: Vec<Vec<f64>> = (0..6).map(|_| (0..9).map(|_| next()).collect()).collect();
        let found = with(&columns, |of| scatter_degree(of, true).unwrap());
        assert!(found.weights.iter().all(|w| *w >= 0.0));
        let mut best = 0f64;
        for subset in 1u32..64 {
            let some: Vec<Vec<f64>> =
                columns.iter().enumerate().filter(|(j, _)| subset >> j & 1 == 1).map(|(_, c)| c.clone()).collect();
            let face = with(&some, |of| scatter_degree(of, false));
            if let Ok(face) = face
                && face.negative.is_empty()
            {
                best = best.max(face.lambda);
            }
        }
        close(found.lambda, best, 1e-12, "largest scatter");
    }
}

#[test]
fn methods_1_3_analytic_hierarchy() {
    let found = ahp(&[3.0, 5.0, 2.0], 3).unwrap();
    close_printed(&found.weights, &[0.64832901, 0.22965079, 0.12202019], 8, "w");
    close_printed(&[found.lambda, found.consistency_index], &[3.00369460, 0.00184730], 8, "lambda, CI");
    close_printed(&[found.consistency_ratio.unwrap()], &[0.00318500], 8, "CR");
    let torn = ahp(&[9.0, 1.0 / 9.0, 9.0], 3).unwrap();
    assert!(torn.notes[0].contains("contradict"), "{:?}", torn.notes);
    // Comparisons that are ratios of weights give these weights back.
    let exact = ahp(&[2.0, 4.0, 2.0], 3).unwrap();
    close(exact.weights[0], 4.0 / 7.0, 1e-14, "consistent");
    assert_eq!(exact.consistency_index, 0.0);
    assert!(ahp(&[2.0], 3).unwrap_err().to_string().contains("wanted 3"));
    assert!(ahp(&[2.0, -1.0, 1.0], 3).is_err());
}

#[test]
fn methods_1_3_combined() {
    let entropy = with(&z(), |of| dispersion::entropy_weights(of).unwrap());
    close_printed(&entropy, &[0.27345612, 0.50701027, 0.21953361], 8, "entropy");
    let parts = [entropy, with(&z(), |of| critic(of, Correlation::Signed).unwrap().weights)];
    let of = |how| combine(&parts, how).unwrap();
    close_printed(&of(Combination::Product), &[0.36483629, 0.39279067, 0.24237304], 8, "product");
    close_printed(&of(Combination::MinimumRelativeEntropy), &[0.35054872, 0.36373069, 0.28572058], 8, "entropy");
    close_printed(&game(&parts).unwrap(), &[0.62784068, 0.37215932], 8, "alpha");
    close_printed(&of(Combination::GameTheory), &[0.32622618, 0.40805897, 0.26571485], 8, "game");
    let twins = [parts[0].clone(), parts[0].clone()];
    assert!(combine(&twins, Combination::GameTheory).unwrap_err().to_string().contains("dependent"));
    let how = Weighting { combine: vec![Convention::Entropy], ..Weighting::by(Convention::Combined) };
    assert!(with(&z(), |of| weigh(of, &how).unwrap_err().to_string()).contains("two or more"));
}

#[test]
fn published_examples() {
    let (Some(data), Some(want)) =
        (shared("golden/indices/snap_weights_matrices.csv"), shared("golden/indices/snap_weights_expected.csv"))
    else {
        return;
    };
    let (data, want) = (Csv::read(&data), Csv::read(&want));
    let mut raw: BTreeMap<String, Vec<Vec<f64>>> = BTreeMap::new();
    for ((case, j), v) in data.text("case").iter().zip(data.num("criterion")).zip(data.num("value")) {
        let columns = raw.entry(case.clone()).or_default();
        columns.resize(columns.len().max(j as usize), Vec::new());
        columns[j as usize - 1].push(v);
    }
    let (kinds, full) = (want.num("type"), want.num("pymcdm_1_4_0_full"));
    let mut seen = 0;
    for (case, columns) in raw {
        let rows: Vec<usize> = (0..want.text("case").len()).filter(|&r| want.text("case")[r] == case).collect();
        let method = want.text("method")[rows[0]].clone();
        // The papers' own normalization; CRITIC and the variance are of min-max values.
        let columns: Vec<Vec<f64>> = (columns.iter().zip(&rows))
            .map(|(c, &r)| {
                let low = c.iter().copied().fold(f64::INFINITY, f64::min);
                let high = c.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                c.iter()
                    .map(|v| match (method.as_str(), kinds[r] < 0.0) {
                        ("critic" | "variance", _) => (v - low) / (high - low),
                        (_, true) => low / v,
                        (_, false) => *v,
                    })
                    .collect()
            })
            .collect();
        let inverted: Vec<bool> = rows.iter().map(|&r| kinds[r] < 0.0).collect();
        let got = with(&columns, |of| match method.as_str() {
            "entropy" => dispersion::entropy_weights(of),
            "std" => dispersion::standard_deviation(of),
            "merec" => merec(of),
            "critic" => critic(of, Correlation::Signed).map(|c| c.weights),
            "cilos" => cilos::cilos(of),
            "idocriw" => cilos::idocriw(&Indicators { inverted: &inverted, ..*of }),
            "angle" => dispersion::angle(of),
            "gini" => dispersion::gini(of),
            "variance" => dispersion::variance(of),
            other => panic!("{other}"),
        })
        .unwrap();
        for (w, &r) in got.iter().zip(&rows) {
            // pymcdm's arc cosine near one loses half the digits of the smallest angle.
            let rel = if method == "angle" { 1e-8 } else { 1e-10 };
            close(*w, full[r], rel, &format!("{case} {method}"));
        }
        seen += 1;
    }
    assert_eq!(seen, 11);
}

#[test]
fn factor_weights_against_numpy() {
    // numpy: eigh of the correlations, varimax by singular values (Kaiser rows), squared loadings of the factor each
    // indicator belongs to over their sum. Six indicators of two factors.
    let rows = [
        [2.5, 2.1, 9.0, 8.2, 3.3, 1.0],
        [3.1, 2.9, 7.5, 7.9, 2.8, 2.2],
        [4.0, 4.4, 6.1, 5.5, 4.1, 3.9],
        [5.2, 4.8, 5.9, 6.8, 1.9, 2.5],
        [6.1, 6.6, 8.8, 8.4, 5.0, 0.7],
        [7.3, 6.9, 3.2, 2.9, 3.6, 5.1],
        [8.0, 8.5, 4.7, 5.3, 2.2, 4.4],
        [9.4, 9.0, 6.6, 6.1, 4.7, 2.0],
    ];
    let columns: Vec<Vec<f64>> = (0..6).map(|j| rows.iter().map(|r| r[j]).collect()).collect();
    let found = with(&columns, |of| factor(of, Components::Kaiser).unwrap());
    let together = |a: usize, b: usize| found.belongs[a] == found.belongs[b];
    assert!(together(0, 1) && together(0, 4) && together(2, 3) && together(2, 5) && !together(0, 2));
    let want = [
        0.1688745284383525,
        0.17252201319740285,
        0.20121467487007516,
        0.170696474231573,
        0.08813586704308563,
        0.19855644221951077,
    ];
    for (w, want) in found.weights.iter().zip(want) {
        close(*w, want, 1e-9, "factor weights");
    }
    // Rotation leaves what the factors explain of each indicator.
    let plain = with(&columns, |of| pca(of, Components::Kaiser).unwrap());
    let kept: f64 = plain.eigenvalues[..plain.kept].iter().sum();
    close(found.explained.iter().sum(), kept, 1e-12, "explained");
}

#[test]
fn weights_sum_to_one_and_do_not_depend_on_the_order() {
    let turned: Vec<Vec<f64>> = z().iter().map(|c| c.iter().map(|v| v + 0.1).rev().collect()).collect();
    let lifted: Vec<Vec<f64>> = z().iter().map(|c| c.iter().map(|v| v + 0.1).collect()).collect();
    let swapped: Vec<Vec<f64>> = [2, 0, 1].iter().map(|&j| lifted[j].clone()).collect();
    use Convention::*;
    for method in
        [Equal, Entropy, Critic, Cv, Sd, Variance, Merec, Cilos, Idocriw, Gini, Angle, Pca, Factor, ScatterDegree]
    {
        let how = Weighting::by(method);
        let w = |columns: &[Vec<f64>]| with(columns, |of| weigh(of, &how).unwrap().weights);
        let (base, back, other) = (w(&lifted), w(&turned), w(&swapped));
        close(base.iter().sum(), 1.0, 1e-12, method.word());
        for j in 0..3 {
            close(back[j], base[j], 1e-9, &format!("{} rows", method.word()));
            close(other[j], base[[2, 0, 1][j]], 1e-9, &format!("{} columns", method.word()));
        }
    }
}

#[test]
fn benefit_of_the_doubt_flatters_every_unit() {
    let how = Weighting::by(Convention::BenefitOfTheDoubt);
    let found = with(&z(), |of| weigh(of, &how).unwrap());
    let scores = found.scores.unwrap();
    // Whoever is best in an indicator is on the frontier; nobody is above it.
    for best in [3, 5] {
        close(scores[best], 1.0, 1e-9, "best in one indicator");
    }
    let z = z();
    for i in 0..6 {
        let top = (0..3).map(|j| z[j][i]).fold(0.0, f64::max);
        assert!(scores[i] >= top - 1e-9 && scores[i] <= 1.0 + 1e-9, "{i}: {}", scores[i]);
    }
    let bounded = Weighting { assurance: vec!["x1/x2 in [1, 1]".into(), "x2/x3 in [1, 1]".into()], ..how };
    let scores = with(&z, |of| weigh(of, &bounded).unwrap().scores.unwrap());
    // Equal weights for all: the score is the sum over the largest sum.
    let sum = |i: usize| z[0][i] + z[1][i] + z[2][i];
    for (i, s) in scores.iter().enumerate() {
        close(*s, sum(i) / sum(5), 1e-8, "equal weights");
    }
}

#[test]
fn refusals() {
    let flat = vec![vec![0.5; 4], vec![0.1, 0.4, 0.2, 0.9]];
    for method in [Convention::Critic, Convention::Pca, Convention::Factor, Convention::Cv] {
        let how = Weighting::by(method);
        let error = with(&flat, |of| weigh(of, &how).unwrap_err());
        assert_eq!(error.column.as_deref(), Some("x1"), "{}", method.word());
    }
    let zero = with(&z(), |of| merec(of).unwrap_err());
    assert!(zero.to_string().contains("positive") && zero.column.as_deref() == Some("x1"), "{zero}");
    let negative = with(&standard(&z()), |of| dispersion::entropy_weights(of).unwrap_err());
    assert!(negative.to_string().contains("nonnegative"), "{negative}");
    assert!(with(&standard(&z()), |of| dispersion::cv(of).unwrap_err()).to_string().contains("mean"));
    assert!(given(&[0.5, 0.2], 2).unwrap_err().to_string().contains("sum to 0.7"));
    assert!(given(&[0.5, 0.5], 3).is_err() && given(&[1.5, -0.5], 2).is_err() && given(&[f64::NAN, 1.0], 2).is_err());
    close(given(&[0.333, 0.333, 0.333], 3).unwrap()[0], 1.0 / 3.0, 1e-14, "rounded to three digits");
    let names = names(2);
    assert!(Indicators::new(&names, &[&[1.0, f64::NAN], &[1.0, 2.0]]).is_err());
    assert!(Indicators::new(&names, &[&[1.0], &[1.0]]).unwrap_err().to_string().contains("two or more"));
    assert!(Indicators::new(&[], &[]).is_err());
}
