//! Every documented refusal, with its place.

use plim_table::clean::{Deflate, Function, Growth, Interpolate, Lag, Transform, Trim, Undefined, Winsorize};
use plim_table::{Column, Error, Panel, ReadOptions, Table, filter, left_join, read, write};

/// The error that a text file gives.
fn refused(content: impl AsRef<[u8]>, options: &ReadOptions) -> Error {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.csv");
    std::fs::write(&path, content).unwrap();
    read(&path, options).unwrap_err()
}

#[track_caller]
fn says(error: Error, io: bool, parts: &[&str]) {
    let message = error.to_string();
    assert_eq!(error.io(), io, "{message}");
    for part in parts {
        assert!(message.contains(part), "{message:?} does not say {part:?}");
    }
}

#[test]
fn files_that_are_not_there_or_not_files() {
    let dir = tempfile::tempdir().unwrap();
    let options = ReadOptions::default();
    says(read(dir.path().join("no.csv"), &options).unwrap_err(), true, &["no.csv", "No such file"]);
    std::fs::create_dir(dir.path().join("d.csv")).unwrap();
    says(read(dir.path().join("d.csv"), &options).unwrap_err(), true, &["folder"]);
    says(read(dir.path().join("a.docx"), &options).unwrap_err(), false, &[".docx", ".parquet"]);
    says(read(dir.path().join("a.xls"), &options).unwrap_err(), false, &["save it as `.xlsx`"]);
    let table = Table::new(vec![Column::number("x", vec![1.0])]).unwrap();
    says(write(dir.path().join("no/a.csv"), &table).unwrap_err(), true, &["a.csv"]);
    says(write(dir.path().join("a.doc"), &table).unwrap_err(), false, &[".doc"]);
}

/// Nothing at all is no damage of a format: the file that was asked for is the wrong one.
#[test]
fn empty_files_of_every_format() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["t.csv", "t.txt", "t.parquet", "t.dta", "t.xlsx"] {
        std::fs::write(dir.path().join(name), "").unwrap();
        says(read(dir.path().join(name), &ReadOptions::default()).unwrap_err(), false, &[name, "empty"]);
    }
}

/// The line of a cell is that of the file, also after cells that span lines, blank lines and a second reading.
#[test]
fn lines_after_line_breaks_in_cells() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.csv");
    std::fs::write(&path, "city,year,x\n\"a\nb\",2010,1\n\n\"a\nb\",2011,1\nc,2010,some\n\"a\nb\",2010,4\n").unwrap();
    let table = read(&path, &ReadOptions::default()).unwrap().table;
    says(table.numbers("x").unwrap_err(), false, &["line 7, column `x`", "`some`"]);
    says(Panel::new(&table, "city", "year").unwrap_err(), false, &["lines 2, 8", "year = 2010"]);
}

#[test]
fn text_files() {
    let plain = ReadOptions::default();
    says(refused("\n\n", &plain), false, &["blank lines"]);
    says(refused("a,b\n", &plain), false, &["no rows"]);
    says(refused("a,b,a\n1,2,3\n", &plain), false, &["line 1", "columns 1 and 3", "`a`"]);
    says(refused("a,b\n1,2\n\n3\n", &plain), false, &["line 4", "1 cells, the header has 2"]);
    says(refused("a,b\n1,2\n1,2,3\n", &plain), false, &["line 3", "3 cells"]);
    says(refused("a,b\n1,x\0y\n", &plain), true, &["line 2", "NUL"]);
    says(refused("a;b\n1;2\n", &plain), false, &["single column `a;b`", "delimiter"]);
    says(refused("a,b\n1,2\n3,\"x\n4,5\n", &plain), false, &["line 3", "never closed"]);
    says(refused(b"a,b\n1,\xff\xff\n", &plain), true, &["line 2", "neither UTF-8 nor GB18030"]);
    let utf8 = ReadOptions { encoding: Some("utf-8".into()), ..ReadOptions::default() };
    says(refused(b"a,b\n1,\xb1\xb1\n", &utf8), true, &["line 2", "not UTF-8"]);
    let unknown = ReadOptions { encoding: Some("klingon".into()), ..ReadOptions::default() };
    says(refused("a\n1\n", &unknown), false, &["`klingon`", "gb18030"]);
    let quote = ReadOptions { delimiter: Some('，'), ..ReadOptions::default() };
    says(refused("a\n1\n", &quote), false, &["delimiter"]);
}

/// Where a title or a sheet of notes stands first, the message says how to get past it.
#[test]
fn titles_and_sheets_of_notes() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t.xlsx");
    let book = |cells: &[(u32, u16, &str)]| {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet().set_name("说明").unwrap();
        for (row, column, text) in cells {
            sheet.write_string(*row, *column, *text).unwrap();
        }
        book.add_worksheet().set_name("数据").unwrap().write_string(0, 0, "x").unwrap();
        book.save(&path).unwrap();
        read(&path, &ReadOptions::default()).unwrap_err()
    };
    let titled = book(&[(0, 0, "统计表"), (1, 0, "city"), (1, 1, "gdp"), (2, 0, "北京"), (2, 1, "1")]);
    says(titled, false, &["line 2", "column 2, the names in row 1 are 1", "`skip`", "(skip = 1 if they are in row 2)"]);
    says(book(&[(0, 0, "数据来源")]), false, &["`说明` has columns but no rows", "name another in `sheet`: `数据`"]);
    says(book(&[]), false, &["`说明` is blank", "`数据`"]);
    says(refused("统计表\ncity,gdp\n北京,1\n", &ReadOptions::default()), false, &["line 2", "`skip`"]);
}

#[test]
fn what_a_format_cannot_hold() {
    let dir = tempfile::tempdir().unwrap();
    let infinite = Table::new(vec![Column::number("x", vec![1.0, f64::INFINITY])]).unwrap();
    says(write(dir.path().join("a.dta"), &infinite).unwrap_err(), false, &["row 2", "`x`", "Stata"]);
    says(write(dir.path().join("a.xlsx"), &infinite).unwrap_err(), false, &["row 2", "`x`", "Excel"]);
    says(infinite.numbers("x").unwrap_err(), false, &["`x`", "`inf`"]);
    let long = "x".repeat(40_000);
    let long = Table::new(vec![Column::text("s", [Some(&long)])]).unwrap();
    says(write(dir.path().join("a.xlsx"), &long).unwrap_err(), false, &["row 1", "32,767"]);
    let many = Table::new(vec![Column::number("x", vec![0.0; 1_048_576])]).unwrap();
    says(write(dir.path().join("a.xlsx"), &many).unwrap_err(), false, &["1048576 rows", "CSV or Parquet"]);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "a refused write leaves nothing behind");
}

fn panel_table() -> Table {
    let mut table = Table::new(vec![
        Column::text("city", [Some("a"), Some("a"), Some("b"), Some("b")]),
        Column::number("year", vec![2010.0, 2011.0, 2010.0, 2011.0]),
        Column::number("x", vec![1.0, 0.0, -1.0, f64::NAN]),
    ])
    .unwrap();
    table.origin.file = Some("cities.csv".into());
    table.origin.lines = plim_table::Lines::Listed(vec![2, 3, 4, 5]);
    table
}

fn with(name: &str, column: Column) -> Table {
    let mut table = panel_table();
    table.set(Column { name: name.into(), ..column }).unwrap();
    table
}

#[test]
fn panels() {
    let twice = with("year", Column::number("", vec![2010.0, 2010.0, 2010.0, 2011.0]));
    let error = Panel::new(&twice, "city", "year").unwrap_err();
    says(error, false, &["cities.csv: lines 2, 3", "city = a, year = 2010"]);
    let halves = with("year", Column::number("", vec![2010.0, 2010.5, 2010.0, 2011.0]));
    says(Panel::new(&halves, "city", "year").unwrap_err(), false, &["line 3, column `year`", "`2010.5` is no integer"]);
    let gone = with("year", Column::number("", vec![2010.0, 2011.0, f64::NAN, 2011.0]));
    says(Panel::new(&gone, "city", "year").unwrap_err(), false, &["line 4, column `year`", "missing"]);
    let nobody = with("city", Column::text("", [Some("a"), None, Some("b"), None]));
    says(Panel::new(&nobody, "city", "year").unwrap_err(), false, &["lines 3, 5, column `city`"]);
    says(Panel::new(&panel_table(), "city", "city").unwrap_err(), false, &["`a` is not a number"]);
    let dates = |text: &str| {
        let table = with("year", Column::text("", [text, "2011", "2010", "2011"].map(Some)));
        Panel::new(&table, "city", "year").unwrap_err()
    };
    for date in ["2015-05-08", "2011年", "2016/10", "2015-05-08T10:30:00"] {
        says(dates(date), false, &["line 2, column `year`", "is a date", "CAST(substr(\"year\", 1, 4) AS DOUBLE)"]);
    }
    says(dates("2015x"), false, &["`2015x` is not a number"]);
    says(dates("2010"), false, &["`2010` is stored as text", "CAST(\"year\" AS DOUBLE)", "`as_text`"]);
    says(dates("1000000000000000"), false, &["has 16 digits and is read as a code"]);
    says(dates("02010"), false, &["begins with a zero"]);
    says(Panel::new(&panel_table(), "town", "year").unwrap_err(), false, &["no column `town`"]);
    let panel = Panel::new(&panel_table(), "city", "year").unwrap();
    says(panel.lag(&[1.0], 1).unwrap_err(), false, &["1 rows"]);
}

#[test]
fn cleaning() {
    let low = |sorted: &[f64], _: &[f64], _: f64| sorted[0];
    let columns = vec!["x".to_string()];
    let mut table = panel_table();
    let percent = Winsorize { columns: columns.clone(), lower: 1.0, upper: 99.0, ..Winsorize::default() };
    says(percent.apply(&mut table, None, low).unwrap_err(), false, &["lower is 1", "0.01"]);
    let odd = Trim { columns: columns.clone(), quantile_type: 6, ..Trim::default() };
    says(odd.apply(&mut table, None, low).unwrap_err(), false, &["quantile type 6", "2 (Stata)"]);
    says(Winsorize::default().apply(&mut table, None, low).unwrap_err(), false, &["no column is named"]);
    let by = Winsorize { columns: columns.clone(), by: Some("x".into()), ..Winsorize::default() };
    says(by.apply(&mut table, None, low).unwrap_err(), false, &["line 5, column `x`", "group is missing"]);
    let log = Transform { columns: columns.clone(), ..Transform::default() };
    says(log.apply(&mut table).unwrap_err(), false, &["lines 3, 4, column `x`", "log is undefined"]);
    let log1p = Transform { columns: columns.clone(), function: Function::Log1p, undefined: Undefined::Error };
    says(log1p.apply(&mut table).unwrap_err(), false, &["line 4, column `x`"]);
    let index = Deflate { columns: columns.clone(), index: "x".into(), base: 100.0 };
    says(index.apply(&mut table).unwrap_err(), false, &["lines 3, 4, column `x`", "positive"]);
    let base = Deflate { columns: columns.clone(), index: "year".into(), base: 0.0 };
    says(base.apply(&mut table).unwrap_err(), false, &["base is 0"]);
    let panel = Panel::new(&table, "city", "year").unwrap();
    Lag { columns: columns.clone(), periods: 1 }.apply(&mut table, &panel).unwrap();
    let again = Lag { columns: columns.clone(), periods: 1 }.apply(&mut table, &panel).unwrap_err();
    says(again, false, &["two columns are named `x_lag1`"]);
    let text = Growth { columns: vec!["city".into()], periods: 1 }.apply(&mut table, &panel).unwrap_err();
    says(text, false, &["line 2, column `city`", "`a` is not a number"]);
    let unknown = Interpolate { columns: vec!["z".into()], max_gap: 1 }.apply(&mut table, &panel).unwrap_err();
    says(unknown, false, &["no column `z`"]);
    assert!(serde_json_like("max_gapp").is_err());
}

/// An unknown option is an error of the struct itself; any serde format would do.
fn serde_json_like(name: &str) -> Result<Interpolate, serde::de::value::Error> {
    use serde::Deserialize;
    use serde::de::value::MapDeserializer;
    Interpolate::deserialize(MapDeserializer::new([(name, 1u32)].into_iter()))
}

#[test]
fn joins() {
    let left = panel_table();
    let right = |keys: [&str; 2]| {
        Table::new(vec![Column::text("name", keys.map(Some)), Column::number("pop", vec![1.0, 2.0])]).unwrap()
    };
    let error = left_join(&left, &right(["a", "a"]), &[("city", "name")]).unwrap_err();
    says(error, false, &["rows 1, 2", "name = a"]);
    let error = left_join(&left, &right(["a", "b"]), &[("year", "name")]).unwrap_err();
    says(error, false, &["`year` holds numbers, `name` text", "CAST"]);
    let mut clash = right(["a", "b"]);
    clash.set(Column::number("x", vec![0.0, 0.0])).unwrap();
    says(left_join(&left, &clash, &[("city", "name")]).unwrap_err(), false, &["`x`", "rename"]);
    says(left_join(&left, &clash, &[]).unwrap_err(), false, &["without keys"]);
    says(left_join(&left, &clash, &[("city", "nam")]).unwrap_err(), false, &["did you mean `name`"]);
    says(filter(&left, &[true]).unwrap_err(), false, &["`keep` has 1 rows"]);
}
