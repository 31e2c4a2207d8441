//! Damaged and hostile files: an error with its cause, never a panic, a hang or a wrong table.

use plim_table::{Column, ReadOptions, Table, read, write};
use std::path::Path;

/// A reproducible stream of bytes (a 64-bit linear congruential generator, its high bits).
fn noise(seed: u64, n: usize) -> Vec<u8> {
    let mut state = seed;
    let next = || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(n).collect()
}

fn sample() -> Table {
    let n = 300;
    Table::new(vec![
        Column::text("城市", (0..n).map(|i| Some(format!("城{}", i % 17)))),
        Column::number("year", (0..n).map(|i| f64::from(2010 + i / 17)).collect()),
        Column::number("x", (0..n).map(|i| f64::from(i) * 0.37).collect()),
        Column::text("note", (0..n).map(|i| (i % 3 == 0).then(|| "长".repeat(i as usize % 900 * 2)))),
    ])
    .unwrap()
}

fn outcome(path: &Path, bytes: &[u8]) -> plim_table::Result<plim_table::Read> {
    std::fs::write(path, bytes).unwrap();
    read(path, &ReadOptions::default())
}

#[test]
fn random_bytes_are_no_file_of_any_format() {
    let dir = tempfile::tempdir().unwrap();
    for extension in ["csv", "tsv", "parquet", "dta", "xlsx"] {
        for (seed, n) in [(1, 1), (2, 100), (3, 5000), (4, 100_000)] {
            let path = dir.path().join(format!("t.{extension}"));
            let error = outcome(&path, &noise(seed, n)).map(|r| r.table.rows()).unwrap_err();
            // Short noise may happen to be text; then it has no rows.
            assert!(error.io() || n == 1, "{extension}, {n} bytes: {error}");
        }
    }
}

#[test]
fn a_file_cut_short_is_an_error_that_names_it() {
    let dir = tempfile::tempdir().unwrap();
    for extension in ["parquet", "dta", "xlsx"] {
        let path = dir.path().join(format!("t.{extension}"));
        write(&path, &sample()).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for share in [1, 10, 50, 90, 99] {
            let cut = &whole[..whole.len() * share / 100];
            let error = outcome(&path, cut).map(|_| share).unwrap_err();
            assert!(error.io() && error.to_string().contains(extension), "{extension} at {share} %: {error}");
        }
        let error = outcome(&path, &whole[..whole.len() - 1]);
        assert!(error.is_err() || extension == "xlsx", "{extension} without its last byte");
    }
}

/// Flipped bytes either go unnoticed by the format (a value changes) or are an error that names the file: no panic, no
/// huge allocation.
#[test]
fn flipped_bytes_do_not_bring_the_reader_down() {
    let dir = tempfile::tempdir().unwrap();
    for extension in ["csv", "parquet", "dta", "xlsx"] {
        let path = dir.path().join(format!("t.{extension}"));
        write(&path, &sample()).unwrap();
        let whole = std::fs::read(&path).unwrap();
        for trial in 0..300u64 {
            let mut bytes = whole.clone();
            for r in noise(trial, 12).chunks(4) {
                let at = u32::from_le_bytes([r[0], r[1], r[2], 0]) as usize;
                // Half of the flips hit the head and the tail, where the structure is.
                let at = match trial % 4 {
                    0 => at % 400.min(bytes.len()),
                    1 => bytes.len() - 1 - at % 400.min(bytes.len()),
                    _ => at % bytes.len(),
                };
                bytes[at] ^= r[3].max(1);
            }
            match outcome(&path, &bytes) {
                Ok(read) => assert!(read.table.columns().iter().all(|c| c.len() == read.table.rows())),
                Err(e) => assert!(e.to_string().contains(&format!("t.{extension}")), "{extension}, {trial}: {e}"),
            }
        }
    }
}

#[test]
fn one_format_under_the_name_of_another() {
    let dir = tempfile::tempdir().unwrap();
    let mut files = Vec::new();
    for extension in ["csv", "parquet", "dta", "xlsx"] {
        let path = dir.path().join(format!("t.{extension}"));
        write(&path, &sample()).unwrap();
        files.push((extension, std::fs::read(path).unwrap()));
    }
    for (from, bytes) in &files {
        for (to, _) in files.iter().filter(|(to, _)| to != from) {
            let error = outcome(&dir.path().join(format!("x.{to}")), bytes).map(|_| ()).unwrap_err();
            assert!(error.io(), "{from} as {to}: {error}");
        }
    }
}

#[test]
fn a_huge_header_and_a_header_that_promises_too_much() {
    let dir = tempfile::tempdir().unwrap();
    let wide: String = (0..200_000).map(|i| format!("c{i},")).collect();
    let error = outcome(&dir.path().join("w.csv"), format!("{wide}z\n").as_bytes()).unwrap_err();
    assert!(error.to_string().contains("200001 columns"), "{error}");
    // Ten thousand columns are fine.
    let (names, cells): (Vec<String>, Vec<String>) = (0..10_000).map(|i| (format!("c{i}"), i.to_string())).unzip();
    let content = format!("{}\n{}\n", names.join(","), cells.join(","));
    let table = outcome(&dir.path().join("w.csv"), content.as_bytes()).unwrap().table;
    assert_eq!(table.numbers("c9999").unwrap(), [9999.0]);
    // A Stata header with 2^40 observations, and one with 30,000 variables in a small file.
    let path = dir.path().join("t.dta");
    write(&path, &sample()).unwrap();
    let whole = std::fs::read(&path).unwrap();
    let after = |tag: &[u8]| whole.windows(tag.len()).position(|w| w == tag).unwrap() + tag.len();
    let mut many = whole.clone();
    many[after(b"<N>") + 5] = 1;
    assert!(outcome(&path, &many).unwrap_err().to_string().contains("cut short"));
    let mut wide = whole.clone();
    wide[after(b"<K>") + 1] = 0x75;
    assert!(outcome(&path, &wide).unwrap_err().io());
}

#[test]
fn quotes_that_swallow_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("q.csv");
    let rows: String = (0..10_000).map(|i| format!("{i},text {i}\n")).collect();
    let error = outcome(&path, format!("a,b\n0,\"open\n{rows}").as_bytes()).unwrap_err();
    assert!(error.to_string().contains("line 2"), "{error}");
    // A quote inside an unquoted cell is only a character.
    let table = outcome(&path, b"a,b\n1,5\" disc\n2,x\n3,6\" disc\n").unwrap().table;
    assert_eq!((table.rows(), table.column("b").unwrap().show(2)), (3, "6\" disc".to_string()));
}

#[test]
fn values_that_are_not_numbers_do_not_pass_as_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let table = Table::new(vec![Column::number("x", vec![1.0, f64::NEG_INFINITY, f64::NAN])]).unwrap();
    for extension in ["csv", "parquet"] {
        let path = dir.path().join(format!("t.{extension}"));
        write(&path, &table).unwrap();
        let read = read(&path, &ReadOptions::default()).unwrap().table;
        let message = read.numbers("x").unwrap_err().to_string();
        assert!(message.contains("-inf") && message.contains("line"), "{extension}: {message}");
    }
}
