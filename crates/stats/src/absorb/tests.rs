use super::*;
use crate::math::Mat;
use crate::math::rng::Stream;
use crate::math::semidefinite::Semidefinite;

fn factor(name: &str, stream: &mut Stream, n: usize, levels: usize) -> Factor {
    Factor::from_keys(name, (0..n).map(|_| stream.below(levels)))
}

fn normals(stream: &mut Stream, n: usize) -> Vec<f64> {
    (0..n).map(|_| stream.normal()).collect()
}

/// Budgets that lead to each solver.
const DENSE: Budget = Budget { dense: 1e12, sparse: 0.0, border: 0 };
const SPARSE: Budget = Budget { dense: 0.0, sparse: 1e12, border: 30 };
const GRADIENTS: Budget = Budget { dense: 0.0, sparse: 0.0, border: 30 };

fn with(budget: Budget, fe: &[Factor], slopes: &[Slope], w: Option<&[f64]>) -> Absorber {
    Absorber::prepare(Effect::all(fe, slopes, w).unwrap(), w.map(<[f64]>::to_vec), budget)
}

/// The columns of D, written out.
fn dummies(fe: &[Factor], slopes: &[Slope]) -> Vec<Vec<f64>> {
    let one = |f: &Factor, x: Option<&[f64]>| -> Vec<Vec<f64>> {
        let value = |i: usize| x.map_or(1.0, |x| x[i]);
        (0..f.levels)
            .map(|l| f.codes.iter().enumerate().map(|(i, &c)| if c == l { value(i) } else { 0.0 }).collect())
            .collect()
    };
    let slopes = slopes.iter().flat_map(|s| one(&s.factor, Some(&s.x)));
    fe.iter().flat_map(|f| one(f, None)).chain(slopes).collect()
}

/// Residual of `v` and rank by modified Gram-Schmidt on the dummies, twice, and leverages.
fn by_dummies(D: &[Vec<f64>], w: &[f64], v: &[f64]) -> (Vec<f64>, usize, Vec<f64>) {
    let inner = |x: &[f64], y: &[f64]| x.iter().zip(y).zip(w).map(|((x, y), w)| w * x * y).sum::<f64>();
    let mut basis: Vec<Vec<f64>> = Vec::new();
    let project = |v: &mut Vec<f64>, basis: &[Vec<f64>]| {
        for _ in 0..2 {
            for q in basis {
                let t = inner(q, v);
                v.iter_mut().zip(q).for_each(|(v, q)| *v -= t * q);
            }
        }
    };
    for d in D {
        let mut q = d.clone();
        let before = inner(&q, &q).sqrt();
        project(&mut q, &basis);
        let size = inner(&q, &q).sqrt();
        if size > 1e-9 * before {
            q.iter_mut().for_each(|q| *q /= size);
            basis.push(q);
        }
    }
    let mut r = v.to_vec();
    project(&mut r, &basis);
    let h = (0..v.len()).map(|i| basis.iter().map(|q| q[i] * q[i] * w[i]).sum()).collect();
    (r, basis.len(), h)
}

/// Compares every solver with the dummies, on one design.
fn check(name: &str, fe: &[Factor], slopes: &[Slope], w: Option<&[f64]>) {
    let n = fe.first().map_or_else(|| slopes[0].x.len(), |f| f.codes.len());
    let mut s = Stream::new(77, 0);
    let v: Vec<f64> = normals(&mut s, n).iter().map(|x| 100.0 + 3.0 * x).collect();
    let ones = vec![1.0; n];
    let (want, rank, leverage) = by_dummies(&dummies(fe, slopes), w.unwrap_or(&ones), &v);
    for (budget, solver) in [(DENSE, Solver::Dense), (SPARSE, Solver::Sparse), (GRADIENTS, Solver::Gradients)] {
        let absorber = with(budget, fe, slopes, w);
        let solver = if fe.len() + slopes.len() == 1 { Solver::Means } else { solver };
        if absorber.effects.len() > 1 {
            assert_eq!(absorber.solver(), solver, "{name}");
        }
        if let Some(ours) = absorber.rank() {
            assert_eq!(ours, rank, "rank of {name} by {solver:?}");
        } else {
            assert_eq!(solver, Solver::Gradients, "{name}");
        }
        let mut got = v.clone();
        let done = absorber.demean_column(&mut got).unwrap();
        assert!(done.orthogonality < 1e-14, "{name} by {solver:?}: {done:?}");
        for (got, want) in got.iter().zip(&want) {
            assert!((got - want).abs() < 1e-11, "{name} by {solver:?}: {got} {want}");
        }
        for (got, want) in absorber.leverages().unwrap().iter().zip(&leverage) {
            assert!((got - want).abs() < 1e-11, "leverage of {name} by {solver:?}: {got} {want}");
        }
        // v = D a + residual.
        let values = absorber.effects_of(&v, fe, slopes).unwrap();
        for i in 0..n {
            let constants: f64 = fe.iter().zip(&values.constants).map(|(f, a)| a[f.codes[i] as usize]).sum();
            let slopes: f64 =
                slopes.iter().zip(&values.slopes).map(|(s, a)| s.x[i] * a[s.factor.codes[i] as usize]).sum();
            assert!((constants + slopes + want[i] - v[i]).abs() < 1e-9, "values of {name} by {solver:?}");
        }
    }
}

#[test]
fn every_solver_agrees_with_dummies() {
    let n = 160;
    let mut s = Stream::new(11, 0);
    let unit = factor("unit", &mut s, n, 40);
    let firm = factor("firm", &mut s, n, 25);
    let region = factor("region", &mut s, n, 9);
    let year = factor("year", &mut s, n, 5);
    let w: Vec<f64> = (0..n).map(|_| 0.1 + 3.0 * s.uniform()).collect();
    let sorted = Factor::from_keys("sorted", (0..n).map(|i| i / 4));
    for w in [None, Some(w.as_slice())] {
        check("two", &[unit.clone(), firm.clone()], &[], w);
        check("three", &[year.clone(), unit.clone(), firm.clone()], &[], w);
        check("four", &[unit.clone(), region.clone(), firm.clone(), year.clone()], &[], w);
        check("sorted", &[year.clone(), firm.clone(), sorted.clone()], &[], w);
        check("the same twice", &[unit.clone(), unit.clone(), year.clone()], &[], w);
        check("nested", &[region.interact(&year), region.clone(), year.clone()], &[], w);
    }
}

#[test]
fn disconnected_effects_have_their_exact_rank() {
    // Three blocks that never meet, and firms' years that alternate: the redundancy is more than one a component.
    let n = 180;
    let mut s = Stream::new(12, 0);
    let block = |i: usize| i / 60;
    let unit = Factor::from_keys("unit", (0..n).map(|i| (block(i), s.below(15))));
    let firm = Factor::from_keys("firm", (0..n).map(|i| (block(i), s.below(10))));
    let year = Factor::from_keys("year", (0..n).map(|i| i % 6));
    check("blocks", &[unit.clone(), firm.clone()], &[], None);
    check("blocks and years", &[unit, firm, year], &[], None);
    let cycle = Factor::from_keys("cycle", (0..n).map(|i| i % 20));
    let year = Factor::from_keys("year", (0..n).map(|i| i % 10));
    let unit = Factor::from_keys("unit", (0..n).map(|i| i / 10));
    check("cycles", &[unit, year, cycle], &[], None);
}

#[test]
fn slopes_agree_with_their_columns() {
    let n = 200;
    let mut s = Stream::new(13, 0);
    let unit = factor("unit", &mut s, n, 22);
    let firm = factor("firm", &mut s, n, 15);
    let year = factor("year", &mut s, n, 6);
    let w: Vec<f64> = (0..n).map(|_| 0.1 + s.uniform()).collect();
    let slope = |factor: &Factor, name: &str, x: Vec<f64>| Slope { factor: factor.clone(), name: name.into(), x };
    // Far from zero and of another scale: constants and slopes are nearly collinear as given.
    let trend: Vec<f64> = (0..n).map(|i| 2000.0 + (i % 7) as f64).collect();
    let small: Vec<f64> = normals(&mut s, n).iter().map(|x| 1e-7 * x).collect();
    // Constant in some levels, where the slope is spanned.
    let partly: Vec<f64> = (0..n).map(|i| if unit.codes[i] < 9 { 5.0 } else { trend[i] }).collect();
    for w in [None, Some(w.as_slice())] {
        check("trend", &[unit.clone(), year.clone()], &[slope(&unit, "t", trend.clone())], w);
        check("alone", std::slice::from_ref(&year), &[slope(&unit, "t", trend.clone())], w);
        check("only a slope", &[], &[slope(&unit, "t", trend.clone())], w);
        let two = [slope(&unit, "t", trend.clone()), slope(&unit, "s", small.clone())];
        check("two slopes", &[unit.clone(), firm.clone(), year.clone()], &two, w);
        check("partly constant", &[unit.clone(), year.clone()], &[slope(&unit, "p", partly.clone())], w);
        let of_others = [slope(&firm, "s", small.clone()), slope(&year, "t", trend.clone())];
        check("slopes of the others", &[unit.clone(), firm.clone(), year.clone()], &of_others, w);
        let twice = [slope(&firm, "t", trend.clone()), slope(&firm, "2t", trend.iter().map(|x| 2.0 * x).collect())];
        check("a slope twice", &[unit.clone(), firm.clone()], &twice, w);
    }
}

#[test]
fn the_units_of_slopes_do_not_matter() {
    let n = 300;
    let mut s = Stream::new(14, 0);
    let (unit, year) = (factor("unit", &mut s, n, 30), factor("year", &mut s, n, 7));
    let x = normals(&mut s, n);
    let v = normals(&mut s, n);
    let by = |unit_of_x: f64| {
        let slope = Slope { factor: unit.clone(), name: "x".into(), x: x.iter().map(|x| unit_of_x * x).collect() };
        let absorber = Absorber::new(&[unit.clone(), year.clone()], &[slope], None).unwrap();
        let mut v = v.clone();
        absorber.demean_column(&mut v).unwrap();
        (v, absorber.rank())
    };
    let (plain, rank) = by(1.0);
    for unit in [1e-30, 1e30] {
        let (scaled, other) = by(unit);
        assert_eq!(rank, other);
        plain.iter().zip(scaled).for_each(|(a, b)| assert!((a - b).abs() < 1e-12, "{a} {b}"));
    }
}

#[test]
fn the_formed_matrix_multiplies_as_the_cells_do() {
    let n = 400;
    let mut s = Stream::new(18, 0);
    let fe = [factor("a", &mut s, n, 60), factor("b", &mut s, n, 30), factor("c", &mut s, n, 20)];
    let w: Vec<f64> = (0..n).map(|_| 0.1 + s.uniform()).collect();
    let slopes: Vec<Slope> =
        (0..2).map(|e| Slope { factor: fe[e].clone(), name: "x".into(), x: normals(&mut s, n) }).collect();
    for (slopes, w) in [(&slopes[..0], None), (&slopes[..], Some(w.as_slice()))] {
        let effects = Effect::all(&fe, slopes, w).unwrap();
        let groups = Groups::new(&effects[0]);
        let eliminated = cells::Cells::new(&effects[0], &effects[1..], &groups, w);
        let mass: Vec<f64> = effects[1..].iter().flat_map(|e| e.mass.iter().copied()).collect();
        let cross = schur::cross_cells(&effects[1..], w);
        let limit = cells::Limit { multiplications: 1e9, degree: 1e9 };
        let S = cells::form(&eliminated, &effects[0].mass, &cross, &mass, &limit).unwrap();
        let x: Vec<[f64; 2]> = mass.iter().map(|_| [s.normal(), s.normal()]).collect();
        let (mut by_cells, mut formed) = (vec![[0.0; 2]; x.len()], vec![[0.0; 2]; x.len()]);
        gradients::Operator::Formed(S.clone()).product(&x, &mut formed);
        let of_cells =
            gradients::Operator::Cells { eliminated, mass_of_eliminated: effects[0].mass.clone(), cross, mass };
        of_cells.product(&x, &mut by_cells);
        for (a, b) in by_cells.iter().flatten().zip(formed.iter().flatten()) {
            assert!((a - b).abs() < 1e-11, "{a} {b}");
        }
        let sparser = cells::Limit { multiplications: 1e9, degree: 1.0 };
        let gradients::Operator::Cells { eliminated, mass_of_eliminated, cross, mass } = of_cells else { panic!() };
        assert!(cells::form(&eliminated, &mass_of_eliminated, &cross, &mass, &sparser).is_none());
    }
}

#[test]
fn weights_that_count_are_copies() {
    let n = 120;
    let mut s = Stream::new(15, 0);
    let fe = [factor("a", &mut s, n, 14), factor("b", &mut s, n, 11)];
    let v = normals(&mut s, n);
    let copies: Vec<usize> = (0..n).map(|_| 1 + s.below(3)).collect();
    let rows: Vec<usize> = (0..n).flat_map(|i| std::iter::repeat_n(i, copies[i])).collect();
    let w: Vec<f64> = copies.iter().map(|&c| c as f64).collect();
    let mut weighted = v.clone();
    Absorber::new(&fe, &[], Some(&w)).unwrap().demean_column(&mut weighted).unwrap();
    let long: Vec<Factor> =
        fe.iter().map(|f| Factor { codes: rows.iter().map(|&i| f.codes[i]).collect(), ..f.clone() }).collect();
    let mut copied: Vec<f64> = rows.iter().map(|&i| v[i]).collect();
    Absorber::new(&long, &[], None).unwrap().demean_column(&mut copied).unwrap();
    rows.iter().zip(copied).for_each(|(&i, c)| assert!((weighted[i] - c).abs() < 1e-13));
}

/// Large enough for several tasks in every parallel part.
fn large(sorted: bool) -> ([Factor; 3], Vec<Vec<f64>>) {
    let n = 100_000;
    let mut s = Stream::new(3, 0);
    let unit = Factor::from_keys("unit", (0..n).map(|i| if sorted { i / 10 } else { s.below(n / 10) }));
    let fe = [unit, factor("firm", &mut s, n, 2_000), factor("year", &mut s, n, 12)];
    (fe, (0..5).map(|_| normals(&mut s, n)).collect())
}

#[test]
fn the_thread_count_does_not_touch_the_bits() {
    for sorted in [true, false] {
        let (fe, columns) = large(sorted);
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let absorber = Absorber::new(&fe, &[], None).unwrap();
                assert_eq!(absorber.solver(), Solver::Gradients);
                let mut c = columns.clone();
                let done = absorber.demean(&mut c).unwrap();
                (c, done, absorber.rank())
            })
        };
        let one = on(1);
        assert_eq!(one.2, Some(fe.iter().map(|f| f.levels as usize).sum::<usize>() - 2));
        assert!(one == on(2) && one == on(7));
        // Nor does the company.
        let mut alone = columns[3].clone();
        Absorber::new(&fe, &[], None).unwrap().demean_column(&mut alone).unwrap();
        assert_eq!(alone, one.0[3]);
    }
}

#[test]
fn singletons_go_until_none_is_left() {
    // Removing a's singleton (row 0) makes row 1 alone in b, and so on down the chain.
    let a = Factor::from_keys("a", [0, 1, 1, 2, 2, 3, 3]);
    let b = Factor::from_keys("b", [0, 0, 1, 1, 2, 2, 2]);
    assert_eq!(without_singletons(&[a.clone(), b]), vec![5, 6]);
    // All of them may go, one observation alone in both effects too.
    let c = Factor::from_keys("c", [0, 1, 2, 3, 4, 5, 6]);
    assert!(without_singletons(&[a, c]).is_empty());
    assert!(without_singletons(&[]).is_empty());
}

#[test]
fn the_first_level_of_later_effects_is_zero() {
    // Additive values in two components; the second starts with unit 2 and year 1.
    let unit = Factor::from_keys("unit", [0, 0, 1, 1, 2, 2, 3, 3]);
    let year = Factor::from_keys("year", [0, 1, 0, 1, 2, 3, 2, 3]);
    let v = [5.0, 7.0, 6.0, 8.0, 1.0, 0.0, 3.0, 2.0];
    let fe = [unit, year];
    let values = Absorber::new(&fe, &[], None).unwrap().effects_of(&v, &fe, &[]).unwrap();
    let want = [[5.0, 6.0, 1.0, 3.0], [0.0, 2.0, 0.0, -1.0]];
    for (got, want) in values.constants.iter().flatten().zip(want.iter().flatten()) {
        assert!((got - want).abs() < 1e-13, "{got} {want}");
    }
}

#[test]
fn what_cannot_be_solved_is_refused() {
    assert!(matches!(Absorber::new(&[], &[], None).unwrap_err().kind, Kind::Empty { .. }));
    let a = Factor::from_keys("a", [0, 0, 1, 1]);
    let unweighted = Absorber::new(std::slice::from_ref(&a), &[], Some(&[1.0, 1.0, 0.0, 0.0])).unwrap_err();
    assert!(unweighted.to_string().contains("level 1 of `a` has no weight"), "{unweighted}");
    let absorber = Absorber::new(&[a], &[], None).unwrap();
    assert!(matches!(absorber.demean_column(&mut [1.0]).unwrap_err().kind, Kind::Length { .. }));
    // What is not a number never passes for orthogonal.
    let lost = absorber.demean_column(&mut [1.0, f64::NAN, 2.0, 3.0]).unwrap_err();
    assert!(lost.kind.untrusted(), "{lost}");
}

#[test]
fn extended_precision_is_right_to_the_last_digit() {
    // Effects that are a million times what they leave, all exact in binary; what they leave is α_i β_t.
    let (units, years) = (60, 16);
    let n = units * years;
    let fe =
        [Factor::from_keys("unit", (0..n).map(|k| k / years)), Factor::from_keys("year", (0..n).map(|k| k % years))];
    let alternating = |k: usize| if k.is_multiple_of(2) { 1.0 } else { -1.0 };
    let rest: Vec<f64> = (0..n).map(|k| alternating(k / years) * alternating(k % years) / 1024.0).collect();
    let v: Vec<f64> = (0..n).map(|k| 3e5 * (k / years) as f64 - 7e4 * ((k % years) as f64).powi(2) + rest[k]).collect();
    for budget in [DENSE, SPARSE, GRADIENTS] {
        let absorber = with(budget, &fe, &[], None);
        let mut got = v.clone();
        let done = absorber.demean_extended(&mut got).unwrap();
        assert!(done.orthogonality < 1e-19, "{done:?}");
        assert_eq!(got, rest);
    }
    let absorber = Absorber::new(&fe, &[], None).unwrap();
    assert!(absorber.demean_extended(&mut [1.0]).is_err());
    let mut lost = v;
    lost[7] = f64::NAN;
    assert!(absorber.demean_extended(&mut lost).unwrap_err().kind.untrusted());
}

#[test]
fn a_wrong_factor_fails_its_certificate() {
    // The factorization of other weights, refined: where it does not lead to the solution, that is said.
    let n = 200;
    let mut s = Stream::new(16, 0);
    let fe = [factor("a", &mut s, n, 30), factor("b", &mut s, n, 20)];
    let mut absorber = with(DENSE, &fe, &[], None);
    let w: Vec<f64> = (0..n).map(|_| s.uniform().powi(4) * 20.0 + 1e-3).collect();
    absorber.schur = with(DENSE, &fe, &[], Some(&w)).schur;
    let e = absorber.demean_column(&mut normals(&mut s, n)).unwrap_err();
    assert!(matches!(e.kind, Kind::NotConverged { wanted, .. } if wanted == ORTHOGONALITY_TOLERANCE), "{e}");
}

#[test]
fn the_dense_rank_is_that_of_the_dummies() {
    // A second witness of `by_dummies`: pivots of D'D.
    let n = 100;
    let mut s = Stream::new(17, 0);
    let fe = [factor("a", &mut s, n, 12), factor("b", &mut s, n, 9), factor("c", &mut s, n, 7)];
    let D = dummies(&fe, &[]);
    let inner = |x: &[f64], y: &[f64]| x.iter().zip(y).map(|(x, y)| x * y).sum::<f64>();
    let A = Mat::from_fn(D.len(), D.len(), |i, j| inner(&D[i], &D[j]));
    let scale: Vec<f64> = (0..D.len()).map(|i| A[(i, i)]).collect();
    let rank = Semidefinite::new(A, &scale, 1e-11).rank();
    assert_eq!(Absorber::new(&fe, &[], None).unwrap().rank(), Some(rank));
}

#[test]
fn constants_and_nearly_constant_columns_are_not_refused() {
    // A constant is its own rounding about its mean: slopes alone leave it, effects take all but rounding of it.
    let n = 120;
    let mut s = Stream::new(18, 0);
    let g = factor("g", &mut s, n, 6);
    let slope = Slope { factor: g.clone(), name: "x".into(), x: normals(&mut s, n) };
    let nearly: Vec<f64> = normals(&mut s, n).iter().map(|v| 1e9 + v).collect();
    for column in [vec![0.1; n], vec![3.0; n], nearly.clone()] {
        let slopes = Absorber::new(&[], std::slice::from_ref(&slope), None).unwrap();
        let done = slopes.demean_column(&mut column.clone()).unwrap();
        assert!(done.after > 0.5 * column[0] * column[0] * n as f64);
        let both = Absorber::new(&[g.clone(), factor("h", &mut s, n, 5)], &[], None).unwrap();
        let done = both.demean_column(&mut column.clone()).unwrap();
        assert!(done.after < 1e-12 * column[0] * column[0] * n as f64);
    }
    // What a nearly constant column has of its own is right to the digits that its values carry.
    let mean_free: Vec<f64> = nearly.iter().map(|v| v - 1e9).collect();
    let absorber = Absorber::new(&[g], &[], None).unwrap();
    let (mut a, mut b) = (nearly, mean_free);
    absorber.demean_column(&mut a).unwrap();
    absorber.demean_column(&mut b).unwrap();
    assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-6));
}
