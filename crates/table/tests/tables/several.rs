//! Tables of several files: folders and patterns.

use plim_table::read::files;
use plim_table::{Column, ReadOptions, Table, read, write};
use std::fs;
use std::path::Path;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn shown(table: &Table, column: &str) -> Vec<String> {
    let column = table.column(column).unwrap();
    (0..table.rows()).map(|i| column.show(i)).collect()
}

fn refused(dir: &Path, name: &str) -> String {
    read(dir.join(name), &ReadOptions::default()).unwrap_err().to_string()
}

#[test]
fn a_file_a_year_is_one_table() {
    let dir = folder(&[
        ("海关_2012.csv", "value,year\n7,2012\n"),
        ("海关_2011.csv", "year,value\n2011,5\n\n2011,x\n"),
        ("notes.md", "not data"),
        ("other.csv", "a\n1\n"),
    ]);
    let all = dir.path().join("海关_*.csv");
    let got = read(&all, &ReadOptions::default()).unwrap();
    // In the order of their names; the columns in the order of the first file.
    assert_eq!(got.table.names().collect::<Vec<_>>(), ["year", "value"]);
    assert_eq!(shown(&got.table, "year"), ["2011", "2011", "2012"]);
    assert!(got.notes.iter().any(|n| n.contains("2 files") && n.contains("海关_2012.csv")), "{:?}", got.notes);
    // The text in one file makes text of the column in all, and the error has its file and line.
    assert_eq!(shown(&got.table, "value"), ["5", "x", "7"]);
    assert!(got.notes.iter().any(|n| n.contains("`value` is numbers in one file and text in another")));
    let message = got.table.numbers("value").unwrap_err().to_string();
    assert!(message.contains("海关_2011.csv: line 4, column `value`: `x`"), "{message}");
    // Rows keep their place however they are taken.
    let taken = got.table.take(&[2, 1]);
    assert_eq!((taken.line(0), taken.line(1)), (Some(2), Some(4)));
    assert!(taken.file(0).unwrap().ends_with("海关_2012.csv") && taken.file(1).unwrap().ends_with("海关_2011.csv"));
    let message = taken.content(Some("value"), vec![0, 1], "odd", "look").to_string();
    let (first, second) = (taken.file(0).unwrap(), taken.file(1).unwrap());
    assert_eq!(message, format!("line 2 of {first}, line 4 of {second}, column `value`: odd; look"));
    assert_eq!(taken.place(&[0, 1]).unwrap(), format!("{first}, line 2; {second}, line 4"));
    assert_eq!(files(&all).unwrap().len(), 2);
    assert_eq!(read(dir.path().join("海关_201?.csv"), &ReadOptions::default()).unwrap().table, {
        let mut same = got.table.clone();
        same.origin.file = Some(dir.path().join("海关_201?.csv").display().to_string());
        same
    });
}

#[test]
fn codes_stay_as_they_stand_when_one_file_has_zeros_before_them() {
    let dir = folder(&[("a.csv", "hs,v\n101,1\n2.50,2\n"), ("b.csv", "hs,v\n0101,3\n")]);
    let got = read(dir.path(), &ReadOptions::default()).unwrap().table;
    assert_eq!(shown(&got, "hs"), ["101", "2.50", "0101"]);
    assert_eq!(got.numbers("v").unwrap(), [1.0, 2.0, 3.0]);
}

#[test]
fn what_folders_say_becomes_a_column_of_text_files_too() {
    let dir = folder(&[("year=2011/a.csv", "v\n1\n2\n"), ("year=2012/a.csv", "v\n3\n"), (".hidden.csv", "x\n1\n")]);
    let got = read(dir.path(), &ReadOptions::default()).unwrap().table;
    assert_eq!(got.numbers("year").unwrap(), [2011.0, 2011.0, 2012.0]);
    let twice = folder(&[("year=2011/a.csv", "v,year\n1,2011\n")]);
    assert!(refused(twice.path(), "").contains("its folder says it too"));
}

#[test]
fn an_encoding_is_said_once() {
    let dir = tempfile::tempdir().unwrap();
    for (name, year) in [("a.csv", "2011"), ("b.csv", "2012")] {
        let mut bytes = b"city,year\n\xb1\xb1\xbe\xa9,".to_vec();
        bytes.extend_from_slice(year.as_bytes());
        fs::write(dir.path().join(name), bytes).unwrap();
    }
    let notes = read(dir.path().join("*.csv"), &ReadOptions::default()).unwrap().notes;
    assert_eq!(notes.iter().filter(|n| n.contains("gb18030")).count(), 1, "{notes:?}");
    assert!(notes[1].contains("each of the 2 files"), "{notes:?}");
}

#[test]
fn workbooks_stata_and_parquet_too() {
    for extension in ["xlsx", "dta", "parquet"] {
        let dir = tempfile::tempdir().unwrap();
        for year in [2011.0, 2012.0] {
            let table = Table::new(vec![Column::text("city", [Some("北京")]), Column::number("year", vec![year])]);
            write(dir.path().join(format!("t_{year}.{extension}")), &table.unwrap()).unwrap();
        }
        for name in ["", &format!("t_*.{extension}")] {
            let got = read(dir.path().join(name), &ReadOptions::default()).unwrap().table;
            assert_eq!(got.numbers("year").unwrap(), [2011.0, 2012.0], "{extension}");
            assert_eq!(shown(&got, "city"), ["北京", "北京"]);
            assert!(got.file(1).unwrap().ends_with(&format!("t_2012.{extension}")), "{extension}");
            assert!(got.line(1).is_some(), "{extension}");
        }
    }
    // Where the format tells the type, two types are a contradiction.
    let dir = tempfile::tempdir().unwrap();
    write(dir.path().join("a.dta"), &Table::new(vec![Column::number("x", vec![1.0])]).unwrap()).unwrap();
    write(dir.path().join("b.dta"), &Table::new(vec![Column::text("x", [Some("1")])]).unwrap()).unwrap();
    let message = refused(dir.path(), "*.dta");
    assert!(message.contains("b.dta: the column `x` is numbers in one part"), "{message}");
}

#[test]
fn refusals() {
    let dir = folder(&[
        ("a_1.csv", "x,y\n1,2\n"),
        ("a_2.csv", "x,z\n1,2\n"),
        ("b_1.csv", "x\n1\n"),
        ("b_2.tsv", "x\n1\n"),
        ("c_1.csv", "x\n1\n"),
        ("c_2.csv", "x\n"),
    ]);
    let message = refused(dir.path(), "a_*.csv");
    assert!(message.contains("a_2.csv: its columns are not those of "), "{message}");
    assert!(message.contains("it lacks `y`, it alone has `z`"), "{message}");
    let message = refused(dir.path(), "b_*");
    assert!(message.contains("files of two formats") && message.contains("/*.csv`"), "{message}");
    assert!(refused(dir.path(), "c_*.csv").contains("c_2.csv: there are columns but no rows"));
    let message = refused(dir.path(), "海关_*.csv");
    assert!(message.contains("no file has such a name; the folder holds a_1.csv"), "{message}");
    assert!(refused(dir.path(), "*/a_1.csv").contains("No such file"));
    assert!(refused(dir.path(), "*/a_?.csv").contains("not of a folder"));
    assert!(refused(dir.path(), "nowhere/a_?.csv").contains("nowhere"));
    fs::create_dir(dir.path().join("empty")).unwrap();
    assert!(refused(dir.path(), "empty").contains("no data file"));
    assert!(refused(dir.path(), "empty/*").contains("the folder is empty"));
}

#[cfg(unix)]
#[test]
fn a_pattern_does_not_leave_its_folder() {
    let outside = folder(&[("secret.csv", "x\n1\n")]);
    let dir = folder(&[("a_1.csv", "x\n1\n")]);
    std::os::unix::fs::symlink(outside.path().join("secret.csv"), dir.path().join("a_2.csv")).unwrap();
    assert!(refused(dir.path(), "a_*.csv").contains("leads out of its folder"));
    // A file of the very name is that file.
    fs::write(dir.path().join("a_*.csv"), "x\n9\n").unwrap();
    assert_eq!(read(dir.path().join("a_*.csv"), &ReadOptions::default()).unwrap().table.rows(), 1);
}
