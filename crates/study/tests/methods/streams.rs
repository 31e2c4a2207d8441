//! Trade records that are streamed from Parquet, a file or a folder, give what held ones give, and damaged ones are
//! refused.

use plim_study::plan::Plan;
use plim_study::run::{Run, run};
use plim_table::{Column, Table};
use std::path::Path;

/// Records of 7 cities, 3 years, 23 products and 5 markets, with duplicates, zeros, and keys and values that miss.
fn records() -> Table {
    let mut draw = plim_stats::math::rng::Stream::new(11, 0);
    let (mut city, mut year, mut product, mut market, mut value) = (vec![], vec![], vec![], vec![], vec![]);
    for i in 0..4000 {
        city.push((i % 97 != 0).then(|| format!("城{}", draw.below(7))));
        year.push(2011.0 + draw.below(3) as f64);
        product.push(Some(format!("{:06}", 10121 + draw.below(23))));
        market.push(if i % 89 == 0 { f64::NAN } else { draw.below(5) as f64 });
        value.push(if i % 83 == 0 { f64::NAN } else { (draw.below(4) as f64) * draw.uniform() });
    }
    Table::new(vec![
        Column::text("city", city),
        Column::number("year", year),
        Column::text("hs", product),
        Column::number("to", market),
        Column::number("usd", value),
    ])
    .unwrap()
}

const STEPS: &str = r#"
[[step]]
method = "concentration"
name = "c"
product = "hs"
market = "to"
value = "usd"
[[step]]
method = "inertia"
name = "i"
product = "hs"
market = "to"
value = "usd"
where = "to != 3"
[[step]]
method = "margins"
name = "m"
product = "hs"
market = "to"
value = "usd"
[[step]]
method = "complexity"
name = "x"
product = "hs"
value = "usd"
[[step]]
method = "expy"
name = "e"
product = "hs"
value = "usd"
income = "gdp"
income_column = "gdp"
[[step]]
method = "sql"
name = "totals"
query = "SELECT city, year, sum(usd) AS usd, count(*) AS n FROM r GROUP BY city, year ORDER BY city, year"
"#;

fn incomes() -> String {
    let rows = (0..7).flat_map(|c| (2011..2014).map(move |y| format!("城{c},{y},{}\n", 100 + 17 * c + y)));
    format!("city,year,gdp\n{}", rows.collect::<String>())
}

fn study(folder: &Path, file: &str, steps: &str) -> Result<Run, plim_study::error::Error> {
    std::fs::write(folder.join("gdp.csv"), incomes()).unwrap();
    let text = format!(
        "[data.r]\nfile = \"{file}\"\nunit = \"city\"\ntime = \"year\"\n[data.gdp]\nfile = \"gdp.csv\"\n{steps}"
    );
    run(&Plan::parse(&text, "study.toml", folder.into(), &[])?, &[], &|_, _, _| {})
}

#[test]
fn streamed_records_give_what_held_ones_give() {
    let (dir, table) = (tempfile::tempdir().unwrap(), records());
    plim_table::write(dir.path().join("r.csv"), &table).unwrap();
    plim_table::write(dir.path().join("r.parquet"), &table).unwrap();
    let held = study(dir.path(), "r.csv", STEPS).unwrap();
    let streamed = study(dir.path(), "r.parquet", STEPS).unwrap();
    assert_eq!((held.tables["r"].rows(), streamed.tables["r"].rows()), (4000, 0), "one is held, the other is not");
    assert_eq!(held.results.measures, streamed.results.measures);
    for (name, table) in &held.measured {
        assert_eq!(format!("{:?}", table.columns()), format!("{:?}", streamed.measured[name].columns()), "{name}");
    }
    assert_eq!(streamed.inputs[0]["rows"], 4000);
    // A step that reads the rows themselves needs them all.
    let described = format!("{STEPS}[[step]]\nmethod = \"describe\"\ncolumns = [\"usd\"]\ndata = \"r\"\n");
    assert_eq!(study(dir.path(), "r.parquet", &described).unwrap().tables["r"].rows(), 4000);
}

#[test]
fn a_folder_of_files_by_year_is_one_table() {
    let (dir, table) = (tempfile::tempdir().unwrap(), records());
    let years = table.numbers("year").unwrap().to_vec();
    // Sorted by year, as the folder will be: cells are then added up in the same order.
    let mut order: Vec<usize> = (0..table.rows()).collect();
    order.sort_by(|&a, &b| years[a].total_cmp(&years[b]));
    plim_table::write(dir.path().join("whole.parquet"), &table.take(&order)).unwrap();
    for year in 2011..2014 {
        let folder = dir.path().join(format!("parts/year={year}"));
        std::fs::create_dir_all(&folder).unwrap();
        let rows: Vec<usize> = (0..table.rows()).filter(|&i| years[i] == f64::from(year)).collect();
        let own = table.take(&rows).into_columns().into_iter().filter(|c| c.name != "year").collect();
        plim_table::write(folder.join("part-0.parquet"), &Table::new(own).unwrap()).unwrap();
    }
    std::fs::write(dir.path().join("parts/_SUCCESS"), "").unwrap();
    let whole = study(dir.path(), "whole.parquet", STEPS).unwrap();
    let parts = study(dir.path(), "parts", STEPS).unwrap();
    for (name, table) in &whole.measured {
        assert_eq!(format!("{:?}", table.columns()), format!("{:?}", parts.measured[name].columns()), "{name}");
    }
    let sums = |run: &Run| run.tables["totals"].numbers("usd").unwrap().to_vec();
    for (a, b) in sums(&whole).iter().zip(sums(&parts)) {
        plim_golden::close(*a, b, 1e-12, "sum by the query");
    }
    // Held, for a step that needs the rows.
    let described = format!("{STEPS}[[step]]\nmethod = \"describe\"\ncolumns = [\"usd\"]\ndata = \"r\"\n");
    assert_eq!(study(dir.path(), "parts", &described).unwrap().tables["r"].rows(), 4000);
    // A file that says another year in its folder than the others say anything.
    std::fs::write(dir.path().join("parts/stray.parquet"), "").unwrap();
    assert!(study(dir.path(), "parts", STEPS).err().unwrap().to_string().contains("its folders do not say the same"));
}

#[test]
fn damaged_records_are_refused_where_they_are() {
    let (dir, table) = (tempfile::tempdir().unwrap(), records());
    let path = dir.path().join("r.parquet");
    plim_table::write(&path, &table).unwrap();
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    let error = study(dir.path(), "r.parquet", STEPS).err().unwrap();
    assert_eq!(error.exit(), 3);
    assert!(error.to_string().contains("r.parquet: not a whole Parquet file"), "{error}");

    // Complexity would refuse a year that one value is all of.
    let steps = STEPS.split_inclusive("[[step]]").take(3).collect::<String>();
    let steps = steps.trim_end_matches("[[step]]");
    let with = |value: f64| {
        let mut columns = records().into_columns();
        if let plim_table::Data::Number(values) = &mut columns[4].data {
            values[1234] = value;
        }
        plim_table::write(&path, &Table::new(columns).unwrap()).unwrap();
        study(dir.path(), "r.parquet", steps)
    };
    let error = with(-3.0).err().unwrap().to_string();
    assert!(error.contains("negative") && error.contains("line 1235") && error.contains("`usd`"), "{error}");
    // A single absurd value is a value; a sum that a number cannot hold is no total.
    with(1e300).unwrap();
    let mut columns = records().into_columns();
    if let plim_table::Data::Number(values) = &mut columns[4].data {
        values.fill(1e308);
    }
    plim_table::write(&path, &Table::new(columns).unwrap()).unwrap();
    let error = study(dir.path(), "r.parquet", STEPS).err().unwrap();
    assert!(error.to_string().contains("more than a number can hold") && error.exit() == 2, "{error}");
}
