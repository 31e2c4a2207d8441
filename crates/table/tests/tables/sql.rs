//! Queries over tables and Parquet files.

use plim_table::sql::sql_names;
use plim_table::{Column, Data, Error, Source, Table, sql, sql_over, write};

fn records() -> Table {
    Table::new(vec![
        Column::text("城市", [Some("北京"), Some("上海"), Some("北京"), None, Some("上海")]),
        Column::text("hs", [Some("010121"), Some("010121"), Some("851712"), Some("851712"), Some("851712")]),
        Column::number("Year", vec![2010.0, 2010.0, 2011.0, 2011.0, 2010.0]),
        Column::number("value", vec![1.0, 2.0, f64::NAN, 4.0, 8.0]),
    ])
    .unwrap()
}

fn shown(table: &Table) -> Vec<Vec<String>> {
    (0..table.rows()).map(|i| table.columns().iter().map(|c| c.show(i)).collect()).collect()
}

#[test]
fn names_as_spelled_groups_and_missing() {
    let t = records();
    let query = "SELECT 城市, Year, sum(value) AS total, count(*) AS n, count(value) AS filled \
                 FROM t GROUP BY 城市, Year ORDER BY Year, 城市";
    let got = sql(query, &[("t", &t)], None).unwrap();
    assert_eq!(got.names().collect::<Vec<_>>(), ["城市", "Year", "total", "n", "filled"]);
    let want = [
        ["上海", "2010", "10", "2", "2"],
        ["北京", "2010", "1", "1", "1"],
        ["北京", "2011", "", "1", "0"],
        ["", "2011", "4", "1", "1"],
    ];
    assert_eq!(shown(&got), want);
    assert_eq!(got.numbers("total").unwrap()[0], 10.0);
}

#[test]
fn functions_windows_joins_and_plain_division() {
    let t = records();
    let query = "WITH w AS (SELECT hs, SUBSTR(hs, 1, 2) AS chapter, value, \
                 ROW_NUMBER() OVER (PARTITION BY hs ORDER BY value) AS r FROM t WHERE value IS NOT NULL) \
                 SELECT a.hs, a.chapter, a.value / 3 AS third, b.r FROM w a JOIN w b ON a.hs = b.hs AND a.r = b.r \
                 ORDER BY a.hs, b.r";
    let got = sql(query, &[("t", &t)], None).unwrap();
    assert_eq!(got.column("chapter").unwrap().show(0), "01");
    assert_eq!(got.numbers("third").unwrap(), [1.0 / 3.0, 2.0 / 3.0, 4.0 / 3.0, 8.0 / 3.0]);
    assert_eq!(got.numbers("r").unwrap(), [1.0, 2.0, 1.0, 2.0]);
}

/// A share of counts is no integer, in whatever part of the query it stands; the names of columns do not change.
#[test]
fn integers_of_a_query_divide_like_numbers() {
    let t = records();
    let query = "SELECT hs, count(*) / 4 AS quarter, -7 / 2 AS literal FROM t GROUP BY hs \
                 HAVING count(*) / 2 > 1 ORDER BY hs";
    assert_eq!(shown(&sql(query, &[("t", &t)], None).unwrap()), [["851712", "0.75", "-3.5"]]);
    let query = "WITH n AS (SELECT hs, count(*) AS n FROM t GROUP BY hs) SELECT n / (SELECT sum(n) FROM n) AS share, \
                 n / sum(n) OVER () AS again, n % 2 AS odd FROM n ORDER BY n / 5 DESC";
    let got = sql(query, &[("t", &t)], None).unwrap();
    for (name, want) in [("share", [0.6, 0.4]), ("again", [0.6, 0.4]), ("odd", [1.0, 0.0])] {
        assert_eq!(got.numbers(name).unwrap(), want, "{name}");
    }
    let names = sql_names("SELECT count(*) / 2 FROM t", &[("t", Source::Table(&t))]).unwrap();
    assert_eq!(names, ["count(*) / Int64(2)"]);
}

/// ORDER BY holds, also through a subquery's own order and a limit.
/// An integer first and a number after it: their common type is settled by the engine, not by the first branch.
#[test]
fn branches_of_several_types_are_one_column() {
    let t = records();
    let query = "SELECT sum(CASE WHEN value > 3 THEN 0 ELSE value + .5 END) AS a, \
                 min(CASE hs WHEN '851712' THEN 0 ELSE value END) AS b FROM t";
    assert_eq!(shown(&sql(query, &[("t", &t)], None).unwrap()), [["4", "0"]]);
    let query = "SELECT 1 AS g UNION ALL SELECT 2.5 ORDER BY g";
    assert_eq!(sql(query, &[], None).unwrap().numbers("g").unwrap(), [1.0, 2.5]);
    let query = "SELECT CASE WHEN value > 3 THEN 0 ELSE hs END AS g FROM t WHERE value > 100";
    assert!(matches!(sql(query, &[("t", &t)], None).unwrap().columns()[0].data, Data::Text(_)));
}

#[test]
fn rows_come_in_the_order_asked_for() {
    let n = 5000;
    let table = Table::new(vec![Column::number("v", (0..n).map(|i| f64::from(i * 7919 % 5003)).collect())]).unwrap();
    let got = sql("SELECT v FROM t ORDER BY v DESC", &[("t", &table)], None).unwrap();
    assert!(got.rows() == 5000 && got.numbers("v").unwrap().windows(2).all(|w| w[0] > w[1]));
    let top = sql("SELECT v FROM t ORDER BY v DESC LIMIT 3 OFFSET 1", &[("t", &table)], None).unwrap();
    assert_eq!(top.numbers("v").unwrap(), &got.numbers("v").unwrap()[1..4]);
}

#[test]
fn a_query_that_finds_nothing_is_an_empty_table() {
    let got = sql("SELECT hs, value FROM t WHERE value > 100", &[("t", &records())], None).unwrap();
    assert_eq!((got.rows(), got.columns().len()), (0, 2));
}

#[test]
fn a_parquet_file_from_disk_is_the_table_it_holds() {
    let dir = tempfile::tempdir().unwrap();
    // A name with a blank, a wildcard and Chinese must still be one file.
    let path = dir.path().join("记录 [1]*.parquet");
    write(&path, &records()).unwrap();
    for query in [
        "SELECT 城市, sum(value) AS v FROM t WHERE Year >= 2010 GROUP BY 城市",
        "SELECT * FROM t ORDER BY value, hs",
        "SELECT hs, avg(value) AS m, count(*) AS n FROM t GROUP BY hs ORDER BY hs DESC",
    ] {
        let from_file = sql_over(query, &[("t", Source::Parquet(&path))], None).unwrap();
        let from_table = sql(query, &[("t", &records())], None).unwrap();
        let (mut a, mut b) = (shown(&from_file), shown(&from_table));
        if !query.contains("ORDER BY") {
            // Ordered by its columns, missing last.
            assert!(a.windows(2).all(|w| w[0][0] <= w[1][0] || w[1][0].is_empty()), "{a:?}");
            a.sort();
            b.sort();
        }
        assert_eq!(a, b, "{query}");
    }
}

/// Integers of a file are divided like numbers, and identifiers beyond 2^53 keep their digits.
#[test]
fn integers_of_a_file() {
    use arrow::array::{BooleanArray, Date32Array, Int64Array, RecordBatch};
    use std::sync::Arc;
    let batch = RecordBatch::try_from_iter([
        ("n", Arc::new(Int64Array::from(vec![7, 8])) as arrow::array::ArrayRef),
        ("id", Arc::new(Int64Array::from(vec![i64::MAX, i64::MAX - 1]))),
        ("flag", Arc::new(BooleanArray::from(vec![true, false]))),
        ("day", Arc::new(Date32Array::from(vec![17_000, 17_001]))),
    ])
    .unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.parquet");
    let file = std::fs::File::create(&path).unwrap();
    let mut writer = parquet::arrow::ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let query = "SELECT n / 2 AS half, id, flag, day FROM t ORDER BY n";
    let got = sql_over(query, &[("t", Source::Parquet(&path))], None).unwrap();
    let read = plim_table::read(&path, &Default::default()).unwrap().table;
    assert_eq!(got.numbers("half").unwrap(), [3.5, 4.0]);
    for name in ["id", "flag", "day"] {
        assert_eq!(got.column(name).unwrap(), read.column(name).unwrap(), "{name}");
    }
    assert_eq!(got.column("id").unwrap().show(0), i64::MAX.to_string());
}

#[test]
fn the_same_query_gives_the_same_bits() {
    let n = 20_000;
    let table = Table::new(vec![
        Column::number("g", (0..n).map(|i| f64::from(i * 7919 % 101)).collect()),
        Column::number("v", (0..n).map(|i| 1.0 / f64::from(i + 1)).collect()),
    ])
    .unwrap();
    let query = "SELECT g, sum(v) AS s, avg(v) AS m FROM t GROUP BY g";
    let bits = |t: &Table| -> Vec<u64> {
        t.columns().iter().flat_map(|c| t.numbers(&c.name).unwrap().iter().map(|x| x.to_bits())).collect()
    };
    let first = sql(query, &[("t", &table)], None).unwrap();
    assert_eq!(first.rows(), 101);
    for _ in 0..5 {
        assert_eq!(bits(&sql(query, &[("t", &table)], None).unwrap()), bits(&first));
    }
    let total: f64 = first.numbers("s").unwrap().iter().sum();
    plim_golden::close(total, (1..=n).map(|i| 1.0 / f64::from(i)).sum(), 1e-12, "sum over groups");
}

#[test]
fn names_without_running() {
    let names = sql_names("SELECT hs, sum(value) AS v FROM t GROUP BY hs", &[("t", Source::Table(&records()))]);
    assert_eq!(names.unwrap(), ["hs", "v"]);
}

/// Counts are exact and sums agree with a plain loop on real data.
#[test]
fn a_real_file_is_aggregated_from_disk() {
    let Some(path) = plim_golden::shared("data/wiod_bilateral_industry_1995_2011.parquet") else { return };
    let query = "SELECT year, origin, count(*) AS n, sum(final_musd) AS v FROM t GROUP BY year, origin \
                 ORDER BY year, origin";
    let got = sql_over(query, &[("t", Source::Parquet(&path))], None).unwrap();
    let table = plim_table::read(&path, &Default::default()).unwrap().table;
    let (year, value) = (table.numbers("year").unwrap(), table.numbers("final_musd").unwrap());
    let Data::Text(origin) = &table.column("origin").unwrap().data else { panic!("origin is text") };
    let mut want = std::collections::BTreeMap::new();
    for i in 0..table.rows() {
        let cell = want.entry((year[i] as i64, origin.get(i).unwrap())).or_insert((0.0, 0.0));
        cell.0 += 1.0;
        cell.1 += value[i];
    }
    assert_eq!(got.rows(), want.len());
    for (i, (n, v)) in want.values().enumerate() {
        assert_eq!(got.numbers("n").unwrap()[i], *n);
        plim_golden::close(got.numbers("v").unwrap()[i], *v, 1e-12, "sum");
    }
}

fn refused(query: &str) -> Error {
    sql(query, &[("records", &records())], None).map(|t| shown(&t)).unwrap_err()
}

#[test]
fn only_queries_over_the_named_tables() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("out.parquet");
    write(&path, &records()).unwrap();
    let place = path.display();
    for query in [
        format!("COPY records TO '{place}.csv'"),
        format!("CREATE EXTERNAL TABLE x STORED AS PARQUET LOCATION '{place}'"),
        "CREATE TABLE x AS SELECT * FROM records".into(),
        "DROP TABLE records".into(),
        "INSERT INTO records SELECT * FROM records".into(),
        "SET datafusion.execution.batch_size = 1".into(),
        format!("SELECT * FROM '{place}'"),
        format!("SELECT * FROM read_parquet('{place}')"),
        "SELECT 1; SELECT 2".into(),
        "SELECT * FROM information_schema.tables".into(),
        "".into(),
        "SELEC value FROM records".into(),
    ] {
        let error = refused(&query);
        assert!(!error.io() && error.to_string().contains("refused"), "{query}: {error}");
    }
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1, "nothing was written");
}

#[test]
fn errors_name_the_near_and_the_place() {
    let message = refused("SELECT valu FROM records").to_string();
    assert!(message.contains("no column `valu`") && message.contains("`value`"), "{message}");
    let message = refused("SELECT year FROM records").to_string();
    assert!(message.contains("no column `year`") && message.contains("`Year`"), "{message}");
    let message = refused("SELECT * FROM record").to_string();
    assert!(message.contains("record") && message.contains("`records`"), "{message}");
    let message = refused("SELECT (hs FROM records").to_string();
    assert!(message.contains("Line: 1"), "{message}");
    let missing = std::path::Path::new("nowhere/t.parquet");
    assert!(sql_over("SELECT * FROM t", &[("t", Source::Parquet(missing))], None).unwrap_err().io());
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.parquet");
    std::fs::write(&path, b"PAR1 no PAR1").unwrap();
    let error = sql_over("SELECT * FROM t", &[("t", Source::Parquet(&path))], None).unwrap_err();
    assert!(error.io() && error.to_string().contains("t.parquet"), "{error}");
}

/// Damage in the pages of a file is found by nobody, or is an error that names the file; it is never a panic.
#[test]
fn damaged_files_do_not_bring_the_engine_down() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.parquet");
    write(&path, &records()).unwrap();
    let whole = std::fs::read(&path).unwrap();
    for at in (0..whole.len()).step_by(7) {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x55;
        std::fs::write(&path, bytes).unwrap();
        let query = "SELECT hs, sum(value) AS v FROM t GROUP BY hs";
        if let Err(error) = sql_over(query, &[("t", Source::Parquet(&path))], None) {
            // A flipped name is a column that is not there; a flipped value can be anything.
            let message = error.to_string();
            assert!(!error.io() || message.contains("t.parquet"), "byte {at}: {message}");
        }
    }
}

#[test]
fn a_query_beyond_its_memory_is_an_error() {
    let n = 200_000;
    let table = Table::new(vec![Column::number("x", (0..n).map(f64::from).collect())]).unwrap();
    let query = "SELECT x, count(*) AS n, array_agg(x) AS l FROM t GROUP BY x";
    let error = sql(query, &[("t", &table)], Some(100_000)).map(|t| t.rows()).unwrap_err();
    assert!(error.to_string().contains("memory"), "{error}");
}
