use super::*;
use crate::math::rng::Stream;

fn factor(name: &str, stream: &mut Stream, n: usize, levels: usize) -> Factor {
    Factor::from_keys(name, (0..n).map(|_| stream.below(levels)))
}

#[test]
fn nested_and_disconnected_effects_have_their_exact_rank() {
    // prov^year contains year: 31 x 11 cells and 11 years, rank of the pair is the number of cells.
    let n = 400;
    let mut s = Stream::new(1, 0);
    let prov = factor("prov", &mut s, n, 5);
    let year = factor("year", &mut s, n, 4);
    let cells = prov.interact(&year);
    let a = Absorber::new(&[year.clone(), cells.clone()], &[], None).unwrap();
    assert_eq!(a.rank(), Some(cells.levels as usize));
    // Two blocks that never meet: one redundancy for each component.
    let i = Factor::from_keys("i", (0..40).map(|k| (k / 20, k % 4)));
    let t = Factor::from_keys("t", (0..40).map(|k| (k / 20, (k / 4) % 5)));
    let a = Absorber::new(&[i, t], &[], None).unwrap();
    assert_eq!(a.rank(), Some(8 + 10 - 2));
}

#[test]
fn gradients_agree_with_the_factorization() {
    let n = 3000;
    let mut s = Stream::new(2, 0);
    let fe = [factor("a", &mut s, n, 300), factor("b", &mut s, n, 90), factor("c", &mut s, n, 20)];
    let w: Vec<f64> = (0..n).map(|_| 0.1 + s.uniform()).collect();
    let direct = Absorber::new(&fe, &[], Some(&w)).unwrap();
    assert!(matches!(direct.schur, Schur::Direct(_)));
    let mut iterative = direct.clone();
    let diagonal = iterative.effects[1..].iter().flat_map(|e| e.mass.iter().copied()).collect();
    iterative.schur = Schur::Iterative { diagonal, rank: None };
    let v: Vec<f64> = (0..n).map(|_| 1e4 + s.normal()).collect();
    let (mut x, mut y) = (v.clone(), v);
    let certificate = direct.demean_column(&mut x).unwrap();
    assert!(certificate.orthogonality < 1e-14, "{certificate:?}");
    assert!(iterative.demean_column(&mut y).unwrap().orthogonality < 1e-13);
    for (x, y) in x.iter().zip(&y) {
        assert!((x - y).abs() < 1e-10, "{x} {y}");
    }
}

#[test]
fn the_thread_count_does_not_touch_the_bits() {
    let n = 500;
    let mut s = Stream::new(3, 0);
    let fe = [factor("a", &mut s, n, 50), factor("b", &mut s, n, 20)];
    let columns: Vec<Vec<f64>> = (0..7).map(|_| (0..n).map(|_| s.normal()).collect()).collect();
    let absorber = Absorber::new(&fe, &[], None).unwrap();
    let on = |threads| {
        let mut c = columns.clone();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| absorber.demean(&mut c)).unwrap();
        c
    };
    assert_eq!(on(1), on(2));
}

#[test]
fn singletons_go_until_none_is_left() {
    // Removing a's singleton (row 0) makes row 1 alone in b, and so on down the chain.
    let a = Factor::from_keys("a", [0, 1, 1, 2, 2, 3, 3]);
    let b = Factor::from_keys("b", [0, 0, 1, 1, 2, 2, 2]);
    assert_eq!(without_singletons(&[a, b]), vec![5, 6]);
}

#[test]
fn an_empty_list_is_refused() {
    assert!(matches!(Absorber::new(&[], &[], None).unwrap_err().kind, Kind::Empty { .. }));
}
