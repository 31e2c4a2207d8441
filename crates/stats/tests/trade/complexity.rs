//! Complexity and EXPY: methods.md 4, R and Python references, identities, refusals.

use crate::of_records::{complexity, expy};
use plim_golden::{Csv, close, close_printed, json, shared};
use plim_stats::Factor;
use plim_stats::trade::complexity::{Beside, ComplexityMeasure, Diagonal, Method, PciScale, Standardize};
use plim_stats::trade::{Complexity, Expy, Records};

/// The table of methods 4: cities × products.
const X: [[f64; 4]; 4] =
    [[100.0, 80.0, 60.0, 40.0], [90.0, 10.0, 70.0, 1.0], [80.0, 60.0, 5.0, 0.0], [120.0, 2.0, 5.0, 0.0]];

fn records(table: &[&[f64]]) -> Records {
    let unit = Factor::from_keys("city", 0..table.len());
    let columns: Vec<Vec<f64>> = (0..table[0].len()).map(|j| table.iter().map(|r| r[j]).collect()).collect();
    let named: Vec<(&str, &[f64])> = columns.iter().map(|c| ("p", c.as_slice())).collect();
    Records::from_columns(&unit, &vec![1; table.len()], &named).unwrap()
}

fn four() -> Records {
    records(&[&X[0], &X[1], &X[2], &X[3]])
}

fn run(options: Complexity) -> ComplexityMeasure {
    complexity(&options, &four(), &Beside::default()).unwrap()
}

fn eci(m: &ComplexityMeasure) -> Vec<f64> {
    m.rows.iter().map(|r| r.eci.unwrap()).collect()
}

fn pci(m: &ComplexityMeasure) -> Vec<f64> {
    m.products.iter().map(|p| p.pci.unwrap()).collect()
}

#[test]
fn methods_4_eci_pci() {
    let m = run(Complexity::default());
    close_printed(&eci(&m), &[0.70069607, 1.21273755, -0.63447578, -1.27895783], 8, "ECI");
    close_printed(&pci(&m), &[-1.27895783, 0.01000627, 1.21273755, 0.87934438], 8, "PCI");
    assert_eq!(m.rows.iter().map(|r| r.diversity).collect::<Vec<_>>(), [3, 1, 2, 1]);
    assert_eq!(m.products.iter().map(|p| p.ubiquity).collect::<Vec<_>>(), [2, 2, 2, 1]);
    let (lambda2, gap) = (m.years[0].lambda2.unwrap(), m.years[0].gap.unwrap());
    close_printed(&[lambda2, lambda2 - gap], &[0.76792437, 0.31170746], 8, "eigenvalues");
    let stata = run(Complexity { standardize: Standardize::Stata, ..Complexity::default() });
    close_printed(&eci(&stata), &[0.67844605, 1.17422808, -0.61432854, -1.23834560], 8, "ECI as Stata");
}

#[test]
fn methods_4_rca_proximity_density() {
    let m = run(Complexity { cells: true, proximity: true, ..Complexity::default() });
    let rca: Vec<f64> = m.cells.iter().map(|c| c.rca).collect();
    let printed = [
        0.66208791, 1.35902256, 1.10663265, 2.51916376, 0.97570850, 0.27816251, 2.11403509, 0.10312366, 1.02281167,
        1.96823956, 0.17807882, 0.0, 1.75166566, 0.07490676, 0.20331834, 0.0,
    ];
    close_printed(&rca, &printed, 8, "RCA");
    let d: Vec<f64> = m.cells.iter().map(|c| c.density).collect();
    let third = 1.0 / 3.0;
    let want = [third, 0.8, 1.0, 1.0, 0.0, 0.2, 0.5, 0.25, 1.0, 0.6, 0.25, 0.25, 2.0 * third, 0.2, 0.0, 0.0];
    close_printed(&d, &want, 12, "density");
    let phi: Vec<f64> = m.proximity.iter().map(|p| p.value).collect();
    assert_eq!(phi, [0.5, 0.0, 0.0, 0.5, 0.5, 0.5], "pairs 12 13 14 23 24 34");
    let zero = run(Complexity { cells: true, density_diagonal: Diagonal::Zero, ..Complexity::default() });
    let d: Vec<f64> = zero.cells[..4].iter().map(|c| c.density).collect();
    close_printed(&d, &[1.0, 2.0 * third, 1.0, 1.0], 12, "density without the product itself");
}

#[test]
fn methods_4_outlook_as_ecomplexity() {
    let coi: Vec<f64> = run(Complexity::default()).rows.iter().map(|r| r.coi.unwrap()).collect();
    close_printed(&coi, &[-1.48555516, 0.39339802, 1.26786810, -0.17571097], 8, "COI");
}

#[test]
fn methods_4_fitness() {
    let at = |iterations| {
        let m = run(Complexity { method: Method::Fitness, iterations, ..Complexity::default() });
        let f: Vec<f64> = m.rows.iter().map(|r| r.fitness.unwrap()).collect();
        (f, m.products.iter().map(|p| p.complexity.unwrap()).collect::<Vec<f64>>())
    };
    close_printed(&at(1).0, &[1.71428571, 0.57142857, 1.14285714, 0.57142857], 8, "F1");
    close_printed(&at(1).1, &[0.8, 0.8, 0.8, 1.6], 8, "Q1");
    close_printed(&at(2).0, &[2.0, 0.5, 1.0, 0.5], 8, "F2");
    close_printed(&at(2).1, &[0.47477745, 0.85459941, 0.53412463, 2.13649852], 8, "Q2");
    close_printed(&at(20).0, &[3.59671745, 0.07535523, 0.30126803, 0.02665929], 8, "F20");
}

const GDP: [f64; 4] = [50.0, 40.0, 20.0, 10.0];

fn income(records: &Records) -> Vec<f64> {
    records.unit.codes.iter().map(|&c| GDP[c as usize]).collect()
}

#[test]
fn methods_4_prody_expy() {
    let data = four();
    let m = expy(&Expy::default(), &data, &income(&data), None).unwrap();
    let column = |m: &plim_stats::trade::expy::ExpyMeasure| m.rows.iter().map(|r| r.expy).collect::<Vec<f64>>();
    let prody: Vec<f64> = m.products.iter().map(|p| p.prody).collect();
    close_printed(&prody, &[24.95439588, 32.38607467, 40.39010961, 49.60674157], 8, "PRODY");
    close_printed(&column(&m), &[33.90714929, 31.85187596, 28.56183930, 25.67913545], 8, "EXPY");
    let others = Expy { leave_one_out: true, ..Expy::default() };
    let m = expy(&others, &data, &income(&data), None).unwrap();
    close_printed(&column(&m), &[27.09602011, 29.79636166, 35.31533161, 35.06089872], 8, "EXPY without the own income");
    assert!(m.notes.is_empty(), "{:?}", m.notes);
}

/// The synthetic table of the R references: records, names of countries, names of products.
fn synthetic() -> Option<(Records, Vec<String>, Vec<String>)> {
    let data = Csv::read(&shared("golden/r/data/syn_trade.csv")?);
    Some(long(&data))
}

fn long(data: &Csv) -> (Records, Vec<String>, Vec<String>) {
    let names = |column: &str| {
        let mut seen: Vec<String> = Vec::new();
        data.text(column).iter().for_each(|s| {
            if !seen.contains(s) {
                seen.push(s.clone());
            }
        });
        seen
    };
    let records = Records {
        unit: Factor::from_keys("country", data.text("country")),
        time: vec![1; data.text("country").len()],
        product: Factor::from_keys("product", data.text("product")),
        market: None,
        value: data.num("value"),
    };
    (records, names("country"), names("product"))
}

#[test]
fn r_reference_of_forty_countries() {
    let (Some((data, countries, products)), Some(path)) = (synthetic(), shared("golden/r/complexity_indices.json"))
    else {
        return;
    };
    let cases = json(&path);
    let case = |name: &str| &cases["cases"][name]["result"];
    let absolute = |got: f64, want: f64, rel: f64, what: &str| {
        assert!((got - want).abs() <= rel, "{what}: {got} {want}");
    };
    // R standardizes by n - 1 and the PCI by itself.
    let as_r = Complexity {
        pci_scale: PciScale::Own,
        standardize: Standardize::Sample,
        cells: true,
        proximity: true,
        ..Complexity::default()
    };
    let m = complexity(&as_r, &data, &Beside::default()).unwrap();
    for r in &m.rows {
        let name = &countries[r.unit as usize];
        assert_eq!(r.diversity as u64, case("syn_dims")["diversity"][name].as_u64().unwrap());
        // ECI passes through zero: absolute tolerance in units of its sd.
        absolute(r.eci.unwrap(), case("syn_eigenvalues_20")["country"][name].as_f64().unwrap(), 1e-12, name);
    }
    for p in &m.products {
        let name = &products[p.product as usize];
        assert_eq!(p.ubiquity as u64, case("syn_dims")["ubiquity"][name].as_u64().unwrap());
        absolute(p.pci.unwrap(), case("syn_eigenvalues_20")["product"][name].as_f64().unwrap(), 1e-12, name);
    }
    let density = case("syn_density");
    let (rows, cols) = (density["rows"].as_array().unwrap(), density["cols"].as_array().unwrap());
    for cell in &m.cells {
        let i = rows.iter().position(|r| r == countries[cell.unit as usize].as_str()).unwrap();
        let j = cols.iter().position(|c| c == products[cell.product as usize].as_str()).unwrap();
        let want = density["data_by_row"][i * cols.len() + j].as_f64().unwrap();
        absolute(cell.density, want, 1e-13, "density");
    }
    // R's 20 steps are k_c,18 and k_p,19: our 18 steps for units, our 20 for products.
    let steps = |iterations| {
        complexity(&Complexity { method: Method::Reflections, iterations, ..as_r.clone() }, &data, &Beside::default())
            .unwrap()
    };
    for r in &steps(18).rows {
        let name = &countries[r.unit as usize];
        // R lets the mean drown the spread (λ2^9 of it is left): its own digits are good to about 1e-9.
        absolute(r.eci.unwrap(), case("syn_reflections_20")["country"][name].as_f64().unwrap(), 1e-8, name);
    }
    for p in &steps(20).products {
        let name = &products[p.product as usize];
        absolute(p.pci.unwrap(), case("syn_reflections_20")["product"][name].as_f64().unwrap(), 1e-8, name);
    }
    for counted in [20, 200] {
        // R counts the start as its first step.
        let iterations = counted - 1;
        let m = complexity(
            &Complexity { method: Method::Fitness, iterations, ..Complexity::default() },
            &data,
            &Beside::default(),
        )
        .unwrap();
        let want = case(&format!("syn_fitness_{counted}"));
        for r in &m.rows {
            let name = &countries[r.unit as usize];
            close(r.fitness.unwrap(), want["country"][name].as_f64().unwrap(), 1e-10, name);
        }
        for p in &m.products {
            let name = &products[p.product as usize];
            close(p.complexity.unwrap(), want["product"][name].as_f64().unwrap(), 1e-10, name);
        }
    }
}

#[test]
fn python_reference_of_the_forty_largest_exporters() {
    let file = |name: &str| shared(&format!("golden/indices/snap_ec_subset_{name}.csv")).map(|p| Csv::read(&p));
    let (Some(trade), Some(by_country), Some(by_product), Some(by_cell)) =
        (file("trade"), file("country"), file("product"), file("cells"))
    else {
        return;
    };
    let (data, countries, products) = long(&trade);
    let m = complexity(&Complexity { cells: true, ..Complexity::default() }, &data, &Beside::default()).unwrap();
    let near = |got: f64, want: f64, what: &str| assert!((got - want).abs() < 1e-12, "{what}: {got} {want}");
    let (eci, coi) = (by_country.num("eci"), by_country.num("coi"));
    for r in &m.rows {
        let i = by_country.text("country").iter().position(|c| *c == countries[r.unit as usize]).unwrap();
        near(r.eci.unwrap(), eci[i], "ECI");
        near(r.coi.unwrap(), coi[i], "COI");
    }
    let pci = by_product.num("pci_eci_normalised");
    for p in &m.products {
        let i = by_product.text("product").iter().position(|c| *c == products[p.product as usize]).unwrap();
        near(p.pci.unwrap(), pci[i], "PCI");
    }
    assert_eq!(m.cells.len(), by_cell.text("country").len());
    let at: std::collections::HashMap<(&str, &str), usize> = (by_cell.text("country").iter())
        .zip(by_cell.text("product"))
        .enumerate()
        .map(|(i, (c, p))| ((c.as_str(), p.as_str()), i))
        .collect();
    let (rca, density, cog) = (by_cell.num("rca"), by_cell.num("density"), by_cell.num("cog"));
    for cell in &m.cells {
        let i = at[&(countries[cell.unit as usize].as_str(), products[cell.product as usize].as_str())];
        // RCA reaches thousands: relative.
        assert!((cell.rca - rca[i]).abs() <= 1e-12 * rca[i], "RCA {} {}", cell.rca, rca[i]);
        near(cell.density, density[i], "density");
        near(cell.cog.unwrap(), cog[i], "COG");
    }
}

#[test]
fn eci_is_the_mean_pci_of_a_units_products() {
    let Some((data, ..)) = synthetic() else { return };
    for method in [Method::Eigen, Method::Reflections] {
        let m = complexity(&Complexity { method, cells: true, ..Complexity::default() }, &data, &Beside::default())
            .unwrap();
        let (e, p) = (eci(&m), pci(&m));
        let k = p.len();
        for (c, row) in m.rows.iter().enumerate() {
            let mine: Vec<f64> = (0..k).filter(|j| m.cells[c * k + j].rca >= 1.0).map(|j| p[j]).collect();
            let mean = mine.iter().sum::<f64>() / row.diversity as f64;
            assert!((mean - e[c]).abs() < 1e-10, "{mean} {}", e[c]);
        }
        assert!((e.iter().sum::<f64>() / 40.0).abs() < 1e-13);
        close(e.iter().map(|v| v * v).sum::<f64>() / 40.0, 1.0, 1e-12, "variance");
    }
    // The three scales rank products alike.
    let of = |pci_scale| {
        pci(&complexity(&Complexity { pci_scale, ..Complexity::default() }, &data, &Beside::default()).unwrap())
    };
    let order = |v: &[f64]| {
        let mut at: Vec<usize> = (0..v.len()).collect();
        at.sort_by(|&a, &b| v[a].total_cmp(&v[b]));
        at
    };
    assert_eq!(order(&of(PciScale::Eci)), order(&of(PciScale::Own)));
    assert_eq!(order(&of(PciScale::Eci)), order(&of(PciScale::MeanEci)));
    // Many reflections are the eigenvector.
    let reflected = complexity(
        &Complexity { method: Method::Reflections, iterations: 60, ..Complexity::default() },
        &data,
        &Beside::default(),
    );
    let eigen = complexity(&Complexity::default(), &data, &Beside::default()).unwrap();
    for (a, b) in eci(&reflected.unwrap()).iter().zip(eci(&eigen)) {
        assert!((a - b).abs() < 1e-4, "{a} {b}");
    }
}

#[test]
fn units_of_value_and_order_of_records_do_not_matter() {
    let Some((data, ..)) = synthetic() else { return };
    let n = data.value.len();
    let back = |f: &Factor| Factor { codes: (0..n).rev().map(|i| f.codes[i]).collect(), ..f.clone() };
    let turned = Records {
        unit: back(&data.unit),
        time: data.time.clone(),
        product: back(&data.product),
        market: None,
        value: data.value.iter().rev().map(|v| v * 1024.0).collect(),
    };
    let (a, b) = (
        complexity(&Complexity::default(), &data, &Beside::default()).unwrap(),
        complexity(&Complexity::default(), &turned, &Beside::default()).unwrap(),
    );
    assert_eq!(a, b);
}

#[test]
fn years_stand_for_themselves_and_empty_rows_are_dropped() {
    // Year 2 has city 4, which exports nothing, and product 4, which nobody exports.
    let mut rows: Vec<Vec<f64>> = X.iter().map(|r| [r.as_slice(), &[0.0]].concat()).collect();
    rows.extend(rows.clone());
    rows.push(vec![0.0; 5]);
    let table: Vec<&[f64]> = rows.iter().map(Vec::as_slice).collect();
    let mut data = records(&table);
    data.time = (0..data.value.len()).map(|i| if i < 20 { 1 } else { 2 }).collect();
    data.unit = Factor::from_keys("city", (0..data.value.len()).map(|i| (i / 5) % 4 + 4 * (i / 40)));
    let m = complexity(&Complexity::default(), &data, &Beside::default()).unwrap();
    assert_eq!(m.years.len(), 2);
    assert_eq!((m.years[1].dropped_units, m.years[1].dropped_products), (1, 1));
    assert_eq!(eci(&m)[..4], eci(&m)[4..]);
    assert!(m.notes[0].contains("second eigenvalue 0.7679"), "{:?}", m.notes);
    assert!(m.notes[1].contains("1 units") && m.notes[1].contains("2 products"), "{:?}", m.notes);
    let large = complexity(&Complexity { min_exports: 130.0, ..Complexity::default() }, &data, &Beside::default());
    assert_eq!(large.unwrap().years[0].dropped_units, 1, "127 is below");
}

#[test]
fn complexity_refuses_what_means_nothing() {
    let message = |o: Complexity, table: &[&[f64]]| complexity(&o, &records(table), &Beside::default()).unwrap_err();
    // Two blocks that share no product.
    let error = message(Complexity::default(), &[&[5.0, 1.0, 0.0, 0.0], &[1.0, 5.0, 0.0, 0.0], &[0.0, 0.0, 3.0, 1.0]]);
    assert!(error.kind.untrusted() && error.to_string().contains("falls into 3 parts"), "{error}");
    // Everybody exports everything alike: no second eigenvector.
    let error = message(Complexity::default(), &[&[1.0, 1.0], &[2.0, 2.0], &[3.0, 3.0]]);
    assert!(error.kind.untrusted() && error.to_string().contains("arbitrary"), "{error}");
    let odd = Complexity { method: Method::Reflections, iterations: 7, ..Complexity::default() };
    assert!(message(odd, &[&[1.0, 2.0]]).to_string().contains("even"));
    assert!(message(Complexity::default(), &[&[0.0, 0.0]]).to_string().contains("no unit"));
    assert!(
        message(Complexity { min_exports: f64::NAN, ..Complexity::default() }, &[&[1.0]])
            .to_string()
            .contains("min_exports")
    );
    let mut negative = four();
    negative.value[2] = -1.0;
    assert!(
        complexity(&Complexity::default(), &negative, &Beside::default()).unwrap_err().to_string().contains("negative")
    );
    // In several years the message names the one.
    let mut two = records(&[&X[0], &X[1], &X[2], &X[3], &[1.0, 1.0, 1.0, 1.0], &[2.0, 2.0, 2.0, 2.0]]);
    two.time = (0..24).map(|i| 2000 + i / 16).collect();
    assert!(
        complexity(&Complexity::default(), &two, &Beside::default()).unwrap_err().to_string().contains("year 2001")
    );
}

#[test]
fn expy_of_sole_exporters_base_years_and_unknown_incomes() {
    // Product 1 is exported by city 0 only; city 2 has no income.
    let data = records(&[&[50.0, 50.0], &[100.0, 0.0], &[30.0, 0.0]]);
    let gdp: Vec<f64> = data.unit.codes.iter().map(|&c| [40.0, 10.0, f64::NAN][c as usize]).collect();
    let m = expy(&Expy::default(), &data, &gdp, None).unwrap();
    let prody = (0.5 * 40.0 + 10.0) / 1.5;
    close(m.rows[2].expy, prody, 1e-14, "a unit without income has an EXPY");
    assert_eq!(m.rows[0].covered, 1.0);
    assert!(m.notes[0].contains("1 rows have no income"), "{:?}", m.notes);
    let m = expy(&Expy { leave_one_out: true, ..Expy::default() }, &data, &gdp, None).unwrap();
    assert_eq!((m.rows[0].expy, m.rows[0].covered), (10.0, 0.5));
    assert!(m.notes.iter().any(|n| n.contains("covered")), "{:?}", m.notes);

    let mut two = records(&[&[50.0, 50.0], &[100.0, 0.0], &[1.0, 3.0], &[1.0, 1.0]]);
    two.unit = Factor::from_keys("city", [0, 0, 1, 1, 0, 0, 1, 1]);
    two.time = vec![1, 1, 1, 1, 2, 2, 2, 2];
    let gdp = [40.0, 40.0, 10.0, 10.0, 99.0, 99.0, 99.0, 99.0];
    let m = expy(&Expy { base_year: Some(1), ..Expy::default() }, &two, &gdp, None).unwrap();
    assert_eq!(m.products.len(), 2);
    close(m.rows[1].expy, 0.25 * 20.0 + 0.75 * 40.0, 1e-14, "shares of year 2, levels of year 1");
    assert!(
        expy(&Expy { base_year: Some(7), ..Expy::default() }, &two, &gdp, None)
            .unwrap_err()
            .to_string()
            .contains("year 7")
    );
}

#[test]
fn expy_refuses_impossible_incomes() {
    let data = four();
    let options = Expy { income_column: "gdp".into(), ..Expy::default() };
    let mut gdp = income(&data);
    gdp[3] = 51.0;
    let error = expy(&options, &data, &gdp, None).unwrap_err();
    assert_eq!(error.rows.as_slice(), [0, 3].as_slice());
    gdp[3] = -1.0;
    assert!(expy(&options, &data, &gdp, None).unwrap_err().to_string().contains("positive"));
    assert!(expy(&options, &data, &[f64::NAN; 16], None).unwrap_err().to_string().contains("no unit has income"));
    assert!(expy(&options, &data, &[1.0], None).is_err());
}
