//! Complexity beyond RCA and one year: RPOP, external PCI, signs over years, parts, stable fitness, ranks by bootstrap,
//! quality-adjusted EXPY.

use crate::of_records::{complexity, expy};
use plim_golden::{close, close_printed};
use plim_stats::math::quantile::{QuantileType, quantile};
use plim_stats::math::rng::Stream;
use plim_stats::trade::complexity::{
    Beside, ByYear, ComplexityMeasure, Components, Method, Resample, Sign, populations, product_complexities,
};
use plim_stats::trade::rca::Presence;
use plim_stats::trade::{Complexity, Expy, Records};
use plim_stats::{Error, Factor};

/// The table of methods 4: cities × products.
const X: [[f64; 4]; 4] =
    [[100.0, 80.0, 60.0, 40.0], [90.0, 10.0, 70.0, 1.0], [80.0, 60.0, 5.0, 0.0], [120.0, 2.0, 5.0, 0.0]];

/// Tables of unit × product, one a year from 1 on.
fn years(tables: &[Vec<Vec<f64>>]) -> Records {
    let (n, k) = (tables[0].len(), tables[0][0].len());
    let each = || (0..tables.len()).flat_map(move |t| (0..n).flat_map(move |c| (0..k).map(move |p| (t, c, p))));
    let factor =
        |name: &str, codes: Vec<u32>, levels: usize| Factor { name: name.into(), codes, levels: levels as u32 };
    Records {
        unit: factor("city", each().map(|(_, c, _)| c as u32).collect(), n),
        time: each().map(|(t, ..)| t as i64 + 1).collect(),
        product: factor("hs", each().map(|(.., p)| p as u32).collect(), k),
        market: None,
        value: each().map(|(t, c, p)| tables[t][c][p]).collect(),
    }
}

fn table() -> Vec<Vec<f64>> {
    X.iter().map(|row| row.to_vec()).collect()
}

fn four() -> Records {
    years(&[table()])
}

fn by_unit(records: &Records, values: &[f64]) -> Vec<f64> {
    records.unit.codes.iter().map(|&c| values[c as usize]).collect()
}

fn by_product(records: &Records, values: &[f64]) -> Vec<f64> {
    records.product.codes.iter().map(|&p| values[p as usize]).collect()
}

fn people(records: &Records, values: &[f64]) -> Option<ByYear> {
    Some(populations(records, &by_unit(records, values)).unwrap())
}

fn pcis(records: &Records, values: &[f64]) -> Option<ByYear> {
    Some(product_complexities(records, &by_product(records, values)).unwrap())
}

fn eci(m: &ComplexityMeasure) -> Vec<f64> {
    m.rows.iter().map(|r| r.eci.unwrap()).collect()
}

fn run(options: &Complexity, data: &Records) -> ComplexityMeasure {
    complexity(options, data, &Beside::default()).unwrap()
}

/// Expected numbers by a script of its own: X_cp N / (N_c X_p) with populations 5, 2, 4, 9.
#[test]
fn exports_per_head_decide_under_rpop() {
    let data = four();
    let beside = Beside { population: people(&data, &[5.0, 2.0, 4.0, 9.0]), ..Beside::default() };
    let options = Complexity { presence: Presence::Rpop, cells: true, ..Complexity::default() };
    let m = complexity(&options, &data, &beside).unwrap();
    let rpop: Vec<f64> = m.cells.iter().map(|c| c.rpop.unwrap()).collect();
    // The last unit has an advantage in nothing.
    close_printed(&rpop, &RPOP[..12], 8, "RPOP");
    let diversity: Vec<usize> = m.rows.iter().map(|r| r.diversity).collect();
    let want: Vec<usize> =
        RPOP.chunks(4).map(|row| row.iter().filter(|v| **v >= 1.0).count()).filter(|n| *n > 0).collect();
    assert_eq!(diversity, want);
    // The unit of population does not matter; populations in proportion to exports make RPOP RCA.
    let thousand = Beside { population: people(&data, &[5e3, 2e3, 4e3, 9e3]), ..Beside::default() };
    for (a, b) in eci(&complexity(&options, &data, &thousand).unwrap()).iter().zip(eci(&m)) {
        close(*a, b, 1e-13, "unit of population");
    }
    let exports: Vec<f64> = X.iter().map(|row| row.iter().sum()).collect();
    let alike = Beside { population: people(&data, &exports), ..Beside::default() };
    let m = complexity(&options, &data, &alike).unwrap();
    for c in &m.cells {
        close(c.rpop.unwrap(), c.rca, 1e-14, "RCA");
        close(c.rsca, (c.rca - 1.0) / (c.rca + 1.0), 1e-15, "symmetric RCA");
    }
    // `either` has every link that one of the two has.
    let either =
        Complexity { presence: Presence::Either, method: Method::Fitness, cells: true, ..Complexity::default() };
    let m = complexity(&either, &data, &beside).unwrap();
    let links: usize = m.cells.iter().filter(|c| c.rca >= 1.0 || c.rpop.unwrap() >= 1.0).count();
    assert_eq!(m.rows.iter().map(|r| r.diversity).sum::<usize>(), links);
    // A unit without a population is left out and counted.
    let three = Beside { population: people(&data, &[5.0, 2.0, 4.0, f64::NAN]), ..Beside::default() };
    let m = complexity(&Complexity { method: Method::Fitness, ..options }, &data, &three).unwrap();
    assert!(m.rows.iter().all(|r| r.unit != 3));
    assert!(m.notes.iter().any(|n| n.contains("without an index")), "{:?}", m.notes);
}

const RPOP: [f64; 16] = [
    1.0256410256,
    2.1052631579,
    1.7142857143,
    3.9024390244,
    2.3076923077,
    0.6578947368,
    5.0,
    0.2439024390,
    1.0256410256,
    1.9736842105,
    0.1785714286,
    0.0,
    0.6837606838,
    0.0292397661,
    0.0793650794,
    0.0,
];

/// Products that nobody near exports are in the cells too.
#[test]
fn cells_hold_every_unit_and_product() {
    let m = run(&Complexity { cells: true, ..Complexity::default() }, &four());
    assert_eq!(m.cells.len(), m.rows.len() * m.products.len());
    let open = m.cells.iter().find(|c| (c.unit, c.product) == (2, 3)).unwrap();
    assert!(open.rca == 0.0 && open.rsca == -1.0 && open.density == 0.25 && open.cog.unwrap() != 0.0, "{open:?}");
    assert!(m.notes.iter().any(|n| n.contains("min_exports = 0")), "{:?}", m.notes);
}

#[test]
fn the_mean_of_a_given_pci() {
    let data = four();
    let own = run(&Complexity::default(), &data);
    let pci: Vec<f64> = own.products.iter().map(|p| p.pci.unwrap()).collect();
    let external = Complexity { method: Method::External, ..Complexity::default() };
    let with = |pci: &[f64]| {
        let beside = Beside { pci: pcis(&data, pci), ..Beside::default() };
        complexity(&external, &data, &beside).unwrap()
    };
    // The PCI of the data gives their own ECI back.
    let m = with(&pci);
    for (a, b) in eci(&m).iter().zip(eci(&own)) {
        close(*a, b, 1e-13, "own PCI");
    }
    assert!(m.rows.iter().all(|r| r.covered == Some(1.0)) && m.years[0].lambda2.is_none());
    // M is 0111, 0010, 1100, 1000.
    let m = with(&[5.0, f64::NAN, 3.0, 10.0]);
    assert_eq!(eci(&m), [6.5, 3.0, 5.0, 5.0]);
    assert_eq!(m.rows.iter().map(|r| r.covered.unwrap()).collect::<Vec<_>>(), [2.0 / 3.0, 1.0, 0.5, 1.0]);
    let m = with(&[f64::NAN, f64::NAN, 3.0, 10.0]);
    assert!(
        m.rows[2].eci.unwrap().is_nan() && m.notes.iter().any(|n| n.contains("2 units have no ECI")),
        "{:?}",
        m.notes
    );
}

/// A unit with a product of its own, as large as all others: RCA doubles, and the graph has two parts.
#[test]
fn the_largest_part_is_what_it_would_be_alone() {
    let mut with_island: Vec<Vec<f64>> = table()
        .into_iter()
        .map(|mut row| {
            row.push(0.0);
            row
        })
        .collect();
    let total: f64 = X.iter().flatten().sum();
    with_island.push(vec![0.0, 0.0, 0.0, 0.0, total]);
    let data = years(&[with_island]);
    let refused = Complexity { rca_threshold: ">=2".parse().unwrap(), ..Complexity::default() };
    let error = complexity(&refused, &data, &Beside::default()).unwrap_err();
    assert!(error.to_string().contains("2 parts (of 4, 1 units)") && error.to_string().contains("largest"), "{error}");
    let m = run(&Complexity { components: Components::Largest, ..refused.clone() }, &data);
    let alone = run(&Complexity::default(), &four());
    for (a, b) in eci(&m).iter().zip(eci(&alone)) {
        close(*a, b, 1e-13, "largest part");
    }
    assert_eq!((m.rows.len(), m.products.len(), m.years[0].parts, m.years[0].dropped_units), (4, 4, Some(2), 1));
    assert!(m.notes[0].contains("1 units outside the largest"), "{:?}", m.notes);
    // Two parts alike: none is the largest.
    let twins = years(&[vec![vec![1.0, 0.0], vec![0.0, 1.0]]]);
    let error = complexity(
        &Complexity { components: Components::Largest, ..Complexity::default() },
        &twins,
        &Beside::default(),
    );
    assert!(error.unwrap_err().to_string().contains("2 largest parts"));
    // A whole graph is left as it is.
    let whole = run(&Complexity { components: Components::Largest, ..Complexity::default() }, &four());
    assert_eq!((eci(&whole), whole.years[0].parts), (eci(&alone), None));
}

/// A random table in which some products are rare.
fn random(stream: &mut Stream, n: usize, k: usize) -> Vec<Vec<f64>> {
    (0..n)
        .map(|_| (0..k).map(|_| if stream.uniform() < 0.4 { 0.0 } else { (2.0 * stream.normal()).exp() }).collect())
        .collect()
}

#[test]
fn signs_follow_the_year_before() {
    let (mut turned, mut kept) = (0, 0);
    for replication in 0..200 {
        let mut stream = Stream::new(3, replication);
        let first = random(&mut stream, 7, 9);
        // The next year is near the first.
        let next: Vec<Vec<f64>> =
            first.iter().map(|row| row.iter().map(|v| v * (0.4 * stream.normal()).exp()).collect()).collect();
        let data = years(&[first, next]);
        let both = |sign| complexity(&Complexity { sign, ..Complexity::default() }, &data, &Beside::default());
        // Small graphs often fall into parts: those say nothing here.
        let (Ok(aligned), Ok(free)) = (both(Sign::Previous), both(Sign::Diversity)) else { continue };
        let second = |m: &ComplexityMeasure| -> Vec<f64> {
            m.rows.iter().filter(|r| r.time == 2).map(|r| r.eci.unwrap()).collect()
        };
        let Some(r) = aligned.years[1].rank_correlation else { continue };
        assert!(r > 0.0 && aligned.years[0].rank_correlation.is_none() && free.years[1].rank_correlation.is_none());
        let (a, b) = (second(&aligned), second(&free));
        let sign = if a[0] * b[0] < 0.0 { -1.0 } else { 1.0 };
        assert!(a.iter().zip(&b).all(|(x, y)| (x - sign * y).abs() < 1e-12), "the same vector, turned or not");
        let said = aligned.notes.iter().any(|n| n.starts_with("2: ECI is turned round"));
        assert_eq!(said, sign < 0.0, "a turn is said: {:?}", aligned.notes);
        *if said { &mut turned } else { &mut kept } += 1;
        // ECI stays the mean PCI of the products.
        if said {
            let pci: Vec<f64> = aligned.products.iter().filter(|p| p.time == 2).map(|p| p.pci.unwrap()).collect();
            let other: Vec<f64> = free.products.iter().filter(|p| p.time == 2).map(|p| p.pci.unwrap()).collect();
            assert!(pci.iter().zip(&other).all(|(x, y)| (x + y).abs() < 1e-11), "PCI turns with it");
        }
    }
    assert!(turned > 0 && kept > 20, "{turned} {kept}");
}

#[test]
fn fitness_stops_when_the_order_is_stable() {
    let data = four();
    let of = |iterations, stable| {
        let options = Complexity { method: Method::Fitness, iterations, stable, ..Complexity::default() };
        complexity(&options, &data, &Beside::default())
    };
    let m = of(200, Some(5)).unwrap();
    let steps = m.years[0].steps.unwrap();
    assert!((5..200).contains(&steps), "{steps}");
    let fixed = of(steps, None).unwrap();
    assert_eq!(m.rows, fixed.rows, "the same map, ended by its order");
    for r in &m.rows {
        close(r.log_fitness.unwrap(), r.fitness.unwrap().ln(), 1e-15, "log");
    }
    let error = of(4, Some(5)).unwrap_err();
    assert!(error.to_string().contains("5 steps within 4") && error.kind.untrusted(), "{error}");
    assert!(of(20, Some(0)).is_err());
    let wrong = Complexity { stable: Some(5), ..Complexity::default() };
    assert!(complexity(&wrong, &data, &Beside::default()).unwrap_err().to_string().contains("fitness map only"));
}

/// The same replications by hand: draw products, average their PCI, rank, take quantiles.
#[test]
fn ranks_by_bootstrap_are_what_they_say() {
    let mut stream = Stream::new(11, 0);
    let data = years(&[random(&mut stream, 6, 12)]);
    let pci: Vec<f64> = (0..12).map(|_| stream.normal()).collect();
    let options = Complexity { method: Method::External, replications: 99, cells: true, ..Complexity::default() };
    let beside = Beside { pci: pcis(&data, &pci), seed: 5, ..Beside::default() };
    let m = complexity(&options, &data, &beside).unwrap();
    let (n, k) = (m.rows.len(), m.products.len());
    let has = |c: usize, p: usize| m.cells[c * k + p].rca >= 1.0;
    let mut drawn: Vec<Vec<f64>> = vec![Vec::new(); n];
    for replication in 0..99 {
        let mut stream = Stream::new(5 ^ 0x9E37_79B9_7F4A_7C15, replication);
        let draw: Vec<usize> = (0..k).map(|_| stream.below(k)).collect();
        let mean = |c: usize| {
            let own: Vec<f64> = draw.iter().filter(|p| has(c, **p)).map(|&p| m.products[p].pci.unwrap()).collect();
            own.iter().sum::<f64>() / own.len() as f64
        };
        let means: Vec<f64> = (0..n).map(mean).collect();
        for c in (0..n).filter(|&c| !means[c].is_nan()) {
            let (above, tied) = (
                means.iter().filter(|v| **v > means[c]).count() as f64,
                means.iter().filter(|v| **v == means[c]).count() as f64,
            );
            drawn[c].push(above + (tied + 1.0) / 2.0);
        }
    }
    for (c, row) in m.rows.iter().enumerate() {
        drawn[c].sort_by(f64::total_cmp);
        if drawn[c].len() < 95 {
            assert!(row.rank_low.unwrap().is_nan(), "too many draws without a product of the unit");
            continue;
        }
        assert_eq!(row.rank_low.unwrap(), quantile(&drawn[c], 0.025, QuantileType::Stata));
        assert_eq!(row.rank_high.unwrap(), quantile(&drawn[c], 0.975, QuantileType::Stata));
        let above = m.rows.iter().filter(|r| r.eci > row.eci).count();
        assert_eq!(row.rank, Some(1.0 + above as f64));
    }
}

#[test]
fn ranks_by_bootstrap_are_the_same_on_any_number_of_threads() {
    let mut stream = Stream::new(2, 1);
    let data = years(&[random(&mut stream, 8, 60), random(&mut stream, 8, 60)]);
    for (method, resample) in
        [(Method::Eigen, Resample::Products), (Method::Eigen, Resample::Records), (Method::Fitness, Resample::Products)]
    {
        let options = Complexity { method, resample, replications: 60, ..Complexity::default() };
        let on = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| complexity(&options, &data, &Beside { seed: 9, ..Beside::default() }).unwrap())
        };
        let (one, two) = (on(1), on(2));
        let bits = |m: &ComplexityMeasure| -> Vec<u64> {
            m.rows.iter().flat_map(|r| [r.rank, r.rank_low, r.rank_high]).map(|v| v.unwrap().to_bits()).collect()
        };
        assert_eq!(bits(&one), bits(&two));
        for r in one.rows.iter().filter(|r| !r.rank_low.unwrap().is_nan()) {
            assert!(1.0 <= r.rank_low.unwrap() && r.rank_low <= r.rank_high && r.rank_high.unwrap() <= 8.0, "{r:?}");
        }
        assert!(one.rows.iter().filter(|r| !r.rank_low.unwrap().is_nan()).count() >= 8, "most units have an interval");
    }
}

#[test]
fn options_that_do_not_go_together_are_refused() {
    let data = four();
    let message = |options: Complexity, beside: &Beside| -> Error { complexity(&options, &data, beside).unwrap_err() };
    let none = Beside::default();
    let rpop = Complexity { presence: Presence::Rpop, population: Some("people".into()), ..Complexity::default() };
    assert!(message(rpop.clone(), &none).to_string().contains("RPOP without populations"));
    let external = Complexity { method: Method::External, ..Complexity::default() };
    assert!(message(external, &none).to_string().contains("without a PCI"));
    let pci = Beside { pci: pcis(&data, &[1.0; 4]), ..Beside::default() };
    assert!(message(Complexity::default(), &pci).to_string().contains("no use here"));
    let two = Beside { population: people(&data, &[5.0, 2.0, 4.0, 9.0]), ..Beside::default() };
    assert!(message(Complexity::default(), &two).to_string().contains("no use under RCA"));
    let none = Beside { population: Some([(1, [(0, 0.0)].into())].into()), ..Beside::default() };
    assert_eq!(message(rpop, &none).column.as_deref(), Some("people"));
    let error = populations(&data, &by_unit(&data, &[5.0, 0.0, 4.0, 9.0])).unwrap_err();
    assert_eq!(error.rows, [4, 5, 6, 7]);
    let mut two = by_unit(&data, &[5.0, 2.0, 4.0, 9.0]);
    two[1] = 6.0;
    let error = populations(&data, &two).unwrap_err();
    assert!(error.to_string().contains("two values, 5 and 6"), "{error}");
}

const GDP: [f64; 4] = [50.0, 40.0, 20.0, 10.0];
const UNIT_VALUES: [[f64; 4]; 4] =
    [[1.2, 2.0, 3.0, 4.0], [1.0, 1.5, 3.3, 4.0], [0.9, 2.2, 2.5, 4.0], [0.8, 1.8, 2.8, 4.0]];

fn quantities() -> Vec<f64> {
    (0..16).map(|i| X[i / 4][i % 4] / UNIT_VALUES[i / 4][i % 4]).collect()
}

#[test]
fn methods_4_quality() {
    let data = four();
    let of = |theta: f64, quantity: &[f64]| {
        expy(&Expy { theta, ..Expy::default() }, &data, &by_unit(&data, &GDP), Some(quantity)).unwrap()
    };
    let quality =
        |m: &plim_stats::trade::expy::ExpyMeasure| m.rows.iter().map(|r| r.expy_quality.unwrap()).collect::<Vec<f64>>();
    let m = of(0.2, &quantities());
    close_printed(&quality(&m), &[34.18604498, 32.00183487, 28.49784535, 24.74404283], 8, "quality-adjusted EXPY");
    // The unit of quantity drops out of relative unit values, and θ = 0 out of EXPY.
    let tons: Vec<f64> = quantities().iter().enumerate().map(|(i, q)| q * [1.0, 1e3, 7.0, 0.01][i % 4]).collect();
    for (a, b) in quality(&of(0.2, &tons)).iter().zip(quality(&m)) {
        close(*a, b, 1e-13, "unit of quantity");
    }
    for r in &of(0.0, &quantities()).rows {
        close(r.expy_quality.unwrap(), r.expy, 1e-14, "no quality");
    }
    // Without a quantity the product is not covered, and it is said.
    let mut short = quantities();
    short[1] = f64::NAN;
    let m = of(0.2, &short);
    close(m.rows[0].covered_quality.unwrap(), 1.0 - 80.0 / 280.0, 1e-14, "covered");
    assert_eq!(m.rows[0].covered, 1.0);
    assert!(m.notes.iter().any(|n| n.contains("1 rows export products without a unit value")), "{:?}", m.notes);
}

#[test]
fn quality_refuses_what_it_cannot_measure() {
    let data = four();
    let options = Expy { quantity: Some("kg".into()), ..Expy::default() };
    let with = |options: &Expy, q: &[f64]| expy(options, &data, &by_unit(&data, &GDP), Some(q)).unwrap_err();
    let mut bad = quantities();
    bad[3] = -1.0;
    let error = with(&options, &bad);
    assert_eq!(error.rows, [3]);
    bad[3] = f64::INFINITY;
    assert_eq!(with(&options, &bad).rows, [3]);
    assert!(with(&options, &[1.0]).to_string().contains("quantity"));
    assert!(with(&Expy { theta: f64::NAN, ..options }, &quantities()).to_string().contains("theta"));
}
