//! Each format out and in again, typing rules, and the real files of the shared material.

use plim_table::{Column, Data, ReadOptions, Table, WriteOptions, read, write, write_with};
use std::path::Path;

fn path(dir: &tempfile::TempDir, name: &str) -> std::path::PathBuf {
    dir.path().join(name)
}

fn text<'a>(table: &'a Table, column: &str, row: usize) -> Option<&'a str> {
    match &table.column(column).unwrap().data {
        Data::Text(t) => t.get(row),
        Data::Number(_) => panic!("{column} is numeric"),
    }
}

/// What a round trip must keep: Chinese names and text, codes, missing of both kinds, hard numbers, hard text.
fn hard() -> Table {
    let long = "长".repeat(1500);
    Table::new(vec![
        Column::text("城市", [Some("北京"), Some("上海, \"沪\""), None, Some("line\nbreak")]),
        Column::number("年份", vec![2010.0, 2011.0, f64::NAN, -0.0]),
        Column::number("gdp", vec![0.1, 1e300, 5e-324, -123456789.12345679]),
        Column::text("code", [Some("010121"), Some("NA"), Some("9007199254740993"), None]),
        Column::text("remark", [Some(long.as_str()), None, None, Some("=1+1")]),
    ])
    .unwrap()
}

#[test]
fn every_format_gives_back_what_it_was_given() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["t.csv", "t.tsv", "t.txt", "t.parquet", "t.dta", "t.xlsx"] {
        let file = path(&dir, name);
        let notes = write(&file, &hard()).unwrap();
        assert!(notes.is_empty(), "{name}: {notes:?}");
        let back = read(&file, &ReadOptions::default()).unwrap();
        assert!(back.notes.is_empty(), "{name}: {:?}", back.notes);
        assert_eq!(back.table.rows(), 4, "{name}");
        for (got, want) in back.table.columns().iter().zip(hard().columns()) {
            assert_eq!(got.name, want.name, "{name}");
            match (&got.data, &want.data) {
                (Data::Number(g), Data::Number(w)) => {
                    for (g, w) in g.iter().zip(w) {
                        // NaN is NaN; otherwise the value is the same, zero without its sign in a text file.
                        assert!(g == w || g.is_nan() && w.is_nan(), "{name}, {}: {g} {w}", got.name);
                    }
                }
                (Data::Text(g), Data::Text(w)) => {
                    assert!((0..4).all(|i| g.get(i) == w.get(i)), "{name}, {}", got.name);
                }
                _ => panic!("{name}: column {} changed its type", got.name),
            }
        }
    }
}

#[test]
fn writing_twice_gives_the_same_bytes() {
    let dir = tempfile::tempdir().unwrap();
    for extension in ["csv", "parquet", "dta", "xlsx"] {
        let (a, b) = (path(&dir, &format!("a.{extension}")), path(&dir, &format!("b.{extension}")));
        write(&a, &hard()).unwrap();
        write(&b, &hard()).unwrap();
        assert!(std::fs::read(a).unwrap() == std::fs::read(b).unwrap(), "{extension}");
    }
}

#[test]
fn lines_are_those_of_the_file() {
    let dir = tempfile::tempdir().unwrap();
    for (name, want) in [("t.csv", [2, 3, 4, 5]), ("t.xlsx", [2, 3, 4, 5]), ("t.dta", [1, 2, 3, 4])] {
        write(path(&dir, name), &hard()).unwrap();
        let table = read(path(&dir, name), &ReadOptions::default()).unwrap().table;
        assert_eq!([0, 1, 2, 3].map(|row| table.line(row).unwrap()), want, "{name}");
        assert_eq!(table.origin.file, Some(path(&dir, name).display().to_string()));
    }
}

#[test]
fn names_that_stata_refuses_are_changed_with_a_note() {
    let dir = tempfile::tempdir().unwrap();
    let long = "a_very_long_name_that_goes_beyond_what_stata_takes";
    let columns = ["gdp per head", "gdp_per_head", "2010", "if", long].map(|n| Column::number(n, vec![1.0]));
    let notes = write(path(&dir, "t.dta"), &Table::new(columns.to_vec()).unwrap()).unwrap();
    assert_eq!(notes.len(), 4, "{notes:?}");
    let back = read(path(&dir, "t.dta"), &ReadOptions::default()).unwrap().table;
    let names: Vec<&str> = back.names().collect();
    assert_eq!(names, ["gdp_per_head_1", "gdp_per_head", "_2010", "_if", &long[..32]]);
}

#[test]
fn text_beyond_2045_bytes_is_a_long_string_in_stata() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = ("长".repeat(1000), "b".repeat(70_000));
    let table = Table::new(vec![Column::text("note", [Some(&a), None, Some(&b), Some(&a)])]).unwrap();
    write(path(&dir, "t.dta"), &table).unwrap();
    let back = read(path(&dir, "t.dta"), &ReadOptions::default()).unwrap().table;
    let got: Vec<Option<&str>> = (0..4).map(|i| text(&back, "note", i)).collect();
    assert_eq!(got, [Some(a.as_str()), None, Some(&b), Some(&a)]);
}

fn csv(content: impl AsRef<[u8]>, options: &ReadOptions) -> plim_table::Result<plim_table::Read> {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(path(&dir, "t.csv"), content).unwrap();
    read(path(&dir, "t.csv"), options)
}

#[test]
fn gbk_is_read_with_a_note_and_a_forced_encoding_without() {
    let bytes = encoding_rs::GBK.encode("城市,年\n北京市,2010\n").0.into_owned();
    let got = csv(&bytes, &ReadOptions::default()).unwrap();
    assert_eq!(text(&got.table, "城市", 0), Some("北京市"));
    assert!(got.notes[0].contains("gb18030"), "{:?}", got.notes);
    let forced = ReadOptions { encoding: Some("gbk".into()), ..ReadOptions::default() };
    assert!(csv(&bytes, &forced).unwrap().notes.is_empty());
}

/// Traditional Chinese by name; UTF-16, as Excel saves "Unicode text", by its byte order mark.
#[test]
fn big5_and_utf16() {
    let content = "城市,年\n臺北市,2010\n";
    let options = ReadOptions { encoding: Some("big5".into()), ..ReadOptions::default() };
    let big5 = csv(encoding_rs::BIG5.encode(content).0, &options).unwrap().table;
    assert_eq!(text(&big5, "城市", 0), Some("臺北市"));
    for bytes in [u16::to_le_bytes, u16::to_be_bytes] {
        let content: Vec<u8> = format!("\u{feff}{content}").encode_utf16().flat_map(bytes).collect();
        let read = csv(content, &ReadOptions::default()).unwrap();
        assert_eq!((text(&read.table, "城市", 0), read.table.numbers("年").unwrap()), (Some("臺北市"), &[2010.0][..]));
        assert!(read.notes[0].contains("UTF-16"), "{:?}", read.notes);
    }
}

#[test]
fn a_byte_order_mark_can_be_written_and_is_not_part_of_the_first_name() {
    let dir = tempfile::tempdir().unwrap();
    write_with(path(&dir, "t.csv"), &hard(), &WriteOptions { bom: true }).unwrap();
    assert!(std::fs::read(path(&dir, "t.csv")).unwrap().starts_with(b"\xef\xbb\xbf"));
    assert!(read(path(&dir, "t.csv"), &ReadOptions::default()).unwrap().table.has("城市"));
}

#[test]
fn typing_of_columns() {
    let content = "plain,code,id,inf,token,all_missing,empty,thousands,spaces\n\
                   1,007,123456789012345,1,NA,NA,,\"1,234\", 1 \n\
                   -2.5e3,008,1234567890123456,inf,3,.,,5,2\n";
    let table = csv(content, &ReadOptions::default()).unwrap().table;
    let numeric: Vec<&str> =
        (table.columns().iter()).filter(|c| matches!(c.data, Data::Number(_))).map(|c| c.name.as_str()).collect();
    assert_eq!(numeric, ["plain", "token", "all_missing", "empty", "spaces"]);
    assert_eq!(text(&table, "code", 0), Some("007"));
    let message = table.numbers("inf").unwrap_err().to_string();
    assert!(message.contains("line 3, column `inf`: `inf` is not a number"), "{message}");
    let message = table.numbers("thousands").unwrap_err().to_string();
    assert!(message.contains("line 2") && message.contains("`1,234`"), "{message}");
}

/// Each missing token is missing among numbers and a text among texts, wherever in the file it stands.
#[test]
fn missing_tokens() {
    for token in plim_table::table::MISSING_TOKENS {
        let table = csv(format!("x,iso2\n{token},{token}\n1,DE\n {token} ,\n"), &ReadOptions::default()).unwrap().table;
        let x = table.numbers("x").unwrap();
        assert!(x[0].is_nan() && x[1] == 1.0 && x[2].is_nan(), "{token}");
        assert_eq!((text(&table, "iso2", 0), text(&table, "iso2", 2)), (Some(token), None));
    }
}

/// A row of one missing cell is no blank line.
#[test]
fn a_missing_cell_alone_in_its_row() {
    let dir = tempfile::tempdir().unwrap();
    let table = Table::new(vec![Column::number("x", vec![1.0, f64::NAN, 3.0])]).unwrap();
    for name in ["t.csv", "t.parquet", "t.dta"] {
        write(path(&dir, name), &table).unwrap();
        let back = read(path(&dir, name), &ReadOptions::default()).unwrap().table;
        assert!(back.rows() == 3 && back.numbers("x").unwrap()[1].is_nan(), "{name}");
    }
    // Except in a sheet, which has nothing but cells: the writer says so.
    let notes = write(path(&dir, "t.xlsx"), &table).unwrap();
    assert!(notes.len() == 1 && notes[0].contains("t.xlsx: rows without a filled cell: 1"), "{notes:?}");
    let back = read(path(&dir, "t.xlsx"), &ReadOptions::default()).unwrap().table;
    assert_eq!((back.numbers("x").unwrap(), back.line(0), back.line(1)), (&[1.0, 3.0][..], Some(2), Some(4)));
}

#[test]
fn further_missing_texts_hold_in_every_column() {
    let options = ReadOptions { missing: vec!["-99".into(), "…".into()], ..ReadOptions::default() };
    let table = csv("x,s\n-99,…\n1,NA\n…,b\n", &options).unwrap().table;
    let x = table.numbers("x").unwrap();
    assert!(x[0].is_nan() && x[1] == 1.0 && x[2].is_nan());
    assert_eq!([text(&table, "s", 0), text(&table, "s", 1)], [None, Some("NA")]);
}

/// The World Bank's API: lines before the header, a comma at the end of each line.
const API: &str = "\"Data Source\",\"World Development Indicators\",\n\n\"Last Updated Date\",\"2024-01-01\",\n\n\
    \"Country Name\",\"Country Code\",\"1990\",\"1991\",\n\"Namibia\",\"NA\",\"1\",\"..\",\n\"China\",\"CN\",\"10\",\"\",\n";
/// Its DataBank: lines after the rows.
const DATA_BANK: &str = "Country Name,Country Code,1990 [YR1990],1991 [YR1991]\nNamibia,NA,1,..\nChina,CN,10,\n\n,,,\n\
    Data from database: World Development Indicators\nLast Updated: 10/24/2024\n";

#[test]
fn downloads_of_the_world_bank_are_read_as_they_come() {
    for (content, year, lines) in [(API, "1991", [6, 7]), (DATA_BANK, "1991 [YR1991]", [2, 3])] {
        let read = csv(content, &ReadOptions::default()).unwrap();
        let table = &read.table;
        assert_eq!((table.rows(), table.names().count(), text(table, "Country Code", 0)), (2, 4, Some("NA")));
        assert!(table.numbers(year).unwrap().iter().all(|x| x.is_nan()));
        assert_eq!([table.line(0), table.line(1)], lines.map(Some));
        assert!(read.notes.len() == 1 && read.notes[0].contains("World Bank"), "{:?}", read.notes);
    }
    // In a sheet that lacks the blank rows, and with a cell at fault.
    let dir = tempfile::tempdir().unwrap();
    let column = |name: &str, cells: [&str; 4]| Column::text(name, cells.map(|c| Some(c).filter(|c| !c.is_empty())));
    let sheet = Table::new(vec![
        column("Data Source", ["Country Name", "Namibia", "China", "Data from database: WDI"]),
        column("World Development Indicators", ["1990", "..", "x", ""]),
    ]);
    write(path(&dir, "t.xlsx"), &sheet.unwrap()).unwrap();
    let table = read(path(&dir, "t.xlsx"), &ReadOptions::default()).unwrap().table;
    assert_eq!((table.rows(), text(&table, "1990", 0), table.line(0)), (2, None, Some(3)));
    assert!(table.numbers("1990").unwrap_err().to_string().contains("line 4"));
}

#[test]
fn lines_before_the_header_are_skipped_on_request() {
    let options = ReadOptions { skip: 2, ..ReadOptions::default() };
    let table = csv("Table 3. Output\n\nx,y\n1,2\n3,oops\n", &options).unwrap().table;
    assert_eq!(table.numbers("x").unwrap(), [1.0, 3.0]);
    assert!(table.numbers("y").unwrap_err().to_string().contains("line 5"));
    let message = csv("x,x\n1,2\nx,x\n1,2\n", &options).unwrap_err().to_string();
    assert!(message.contains("line 3"), "{message}");
    let dir = tempfile::tempdir().unwrap();
    let sheet = Table::new(vec![Column::text("Table 3", ["by city", "x", "7"].map(Some))]).unwrap();
    write(path(&dir, "t.xlsx"), &sheet).unwrap();
    assert_eq!(read(path(&dir, "t.xlsx"), &options).unwrap().table.numbers("x").unwrap(), [7.0]);
    for skip in [9, usize::MAX] {
        let options = ReadOptions { skip, ..ReadOptions::default() };
        assert!(read(path(&dir, "t.xlsx"), &options).unwrap_err().to_string().contains("`skip`"));
        assert!(csv("x\n1\n", &options).unwrap_err().to_string().contains("`skip`"));
    }
}

/// A file of Namibia alone: `NA` everywhere is missing among numbers, and a code where the column is said to be text.
#[test]
fn a_column_of_codes_can_be_said_to_be_text() {
    let options = ReadOptions { as_text: vec!["iso2".into()], ..ReadOptions::default() };
    let content = "iso2,x\nNA,1\nNA,NA\n";
    let table = csv(content, &options).unwrap().table;
    assert_eq!(text(&table, "iso2", 1), Some("NA"));
    assert!(table.numbers("x").unwrap()[1].is_nan());
    assert!(csv(content, &ReadOptions::default()).unwrap().table.column("iso2").unwrap().is_missing(0));
    let message = csv("iso,x\nNA,1\n", &options).unwrap_err().to_string();
    assert!(message.contains("`iso2`") && message.contains("did you mean `iso`"), "{message}");
    let dir = tempfile::tempdir().unwrap();
    let sheet = Table::new(vec![Column::text("iso2", ["NA", "NA"].map(Some)), Column::number("x", vec![1.0, 2.0])]);
    write(path(&dir, "t.xlsx"), &sheet.unwrap()).unwrap();
    assert_eq!(text(&read(path(&dir, "t.xlsx"), &options).unwrap().table, "iso2", 0), Some("NA"));
}

#[test]
fn a_column_without_a_name_gets_one_and_a_note() {
    let read = csv(",x\n1,2\n", &ReadOptions::default()).unwrap();
    assert_eq!(read.table.names().collect::<Vec<_>>(), ["column_1", "x"]);
    assert_eq!(read.notes.len(), 1);
}

#[test]
fn the_delimiter_can_be_set() {
    let options = ReadOptions { delimiter: Some(';'), ..ReadOptions::default() };
    assert_eq!(csv("a;b\n1;2\n", &options).unwrap().table.numbers("b").unwrap(), [2.0]);
}

#[test]
fn a_sheet_is_chosen_by_name_and_typed_like_text() {
    let dir = tempfile::tempdir().unwrap();
    let mut book = rust_xlsxwriter::Workbook::new();
    book.add_worksheet().write_string(0, 0, "x").unwrap().write_number(1, 0, 1.0).unwrap();
    let sheet = book.add_worksheet().set_name("数据").unwrap();
    let date = rust_xlsxwriter::Format::new().set_num_format("yyyy-mm-dd");
    for (j, name) in ["day", "flag", "as_text", "error"].iter().enumerate() {
        sheet.write_string(0, j as u16, *name).unwrap();
    }
    for row in [1, 3] {
        let day = rust_xlsxwriter::ExcelDateTime::from_ymd(2016, 2, 29).unwrap();
        sheet.write_datetime_with_format(row, 0, &day, &date).unwrap();
        sheet.write_boolean(row, 1, true).unwrap();
        sheet.write_string(row, 2, "12.5").unwrap();
        sheet.write_string(row, 3, "#N/A").unwrap();
    }
    book.save(path(&dir, "t.xlsx")).unwrap();
    let first = read(path(&dir, "t.xlsx"), &ReadOptions::default()).unwrap();
    assert_eq!((first.table.numbers("x").unwrap(), first.notes.len()), (&[1.0][..], 1));
    let options = ReadOptions { sheet: Some("数据".into()), ..ReadOptions::default() };
    let second = read(path(&dir, "t.xlsx"), &options).unwrap().table;
    assert_eq!(text(&second, "day", 1), Some("2016-02-29"));
    assert_eq!(second.numbers("flag").unwrap(), [1.0, 1.0]);
    assert_eq!(second.numbers("as_text").unwrap(), [12.5, 12.5]);
    assert!(second.numbers("error").unwrap().iter().all(|x| x.is_nan()));
    assert_eq!((second.line(0), second.line(1)), (Some(2), Some(4)), "a blank row is skipped and counted");
    let wrong = ReadOptions { sheet: Some("数 据".into()), ..ReadOptions::default() };
    let message = read(path(&dir, "t.xlsx"), &wrong).unwrap_err().to_string();
    assert!(message.contains("no sheet `数 据`") && message.contains("`数据`"), "{message}");
}

/// Cells that XML itself would change: line ends, blanks at the ends, and what looks like an escape.
#[test]
fn text_that_xml_would_change() {
    let dir = tempfile::tempdir().unwrap();
    let hard = [" a ", "a\r\nb", "_x0041_", "<a href=\"b\">&amp;</a>", "\u{1F600}", "tab\there"];
    let table = Table::new(vec![Column::text("s", hard.map(Some))]).unwrap();
    write(path(&dir, "t.xlsx"), &table).unwrap();
    let back = read(path(&dir, "t.xlsx"), &ReadOptions::default()).unwrap().table;
    assert_eq!((0..hard.len()).map(|i| text(&back, "s", i).unwrap()).collect::<Vec<_>>(), hard);
}

/// A file of release 114 (Stata 10 to 12), byte by byte as Stata's `help dta_114` lays it out: GB18030 text, a code
/// with value labels, a date and a missing value of each kind.
fn old_stata() -> Vec<u8> {
    let gb = |s: &str| encoding_rs::GB18030.encode(s).0.into_owned();
    let fixed = |bytes: &[u8], n: usize| [bytes, &vec![0; n - bytes.len()]].concat();
    let names: [&[u8]; 4] = [b"city", b"zone", b"day", b"gdp"];
    let formats: [&[u8]; 4] = [b"%9s", b"%8.0g", b"%td", b"%10.0g"];
    let mut file = vec![114, 2, 1, 0];
    file.extend(4i16.to_le_bytes());
    file.extend(2i32.to_le_bytes());
    file.extend(fixed(b"", 81 + 18));
    file.extend([10, 251, 252, 255]); // str10, byte, int, double
    names.iter().for_each(|name| file.extend(fixed(name, 33)));
    file.extend([0; 2 * 5]); // sorted by nothing
    formats.iter().for_each(|format| file.extend(fixed(format, 49)));
    [&b""[..], b"regions", b"", b""].iter().for_each(|label| file.extend(fixed(label, 33)));
    file.extend([0; 4 * 81]);
    file.extend([0; 5]); // no characteristics
    let missing = 0x7fe0_0000_0000_0000u64 + (1 << 40); // .a
    for (city, zone, day, gdp) in [("北京", 1u8, 20454i16, 2.5f64.to_bits()), ("昆明", 101, 32741, missing)] {
        file.extend(fixed(&gb(city), 10));
        file.push(zone);
        file.extend(day.to_le_bytes());
        file.extend(gdp.to_le_bytes());
    }
    let (east, west) = (gb("东部"), gb("西部"));
    let words = [&fixed(&east, east.len() + 1)[..], &fixed(&west, west.len() + 1)].concat();
    let head = [2, words.len() as i32, 0, east.len() as i32 + 1, 1, 2].map(i32::to_le_bytes).concat();
    file.extend(((head.len() + words.len()) as i32).to_le_bytes());
    file.extend(fixed(b"regions", 33 + 3));
    [file, head, words].concat()
}

#[test]
fn an_old_stata_file() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(path(&dir, "t.dta"), old_stata()).unwrap();
    let codes = read(path(&dir, "t.dta"), &ReadOptions::default()).unwrap();
    assert_eq!([0, 1].map(|i| text(&codes.table, "city", i)), [Some("北京"), Some("昆明")]);
    for (name, want) in [("zone", 1.0), ("day", 20454.0), ("gdp", 2.5)] {
        let got = codes.table.numbers(name).unwrap();
        assert!(got[0] == want && got[1].is_nan(), "{name}: {got:?}");
    }
    let notes = codes.notes.join("\n");
    for part in ["read as gb18030", "`zone` has value labels (1 = 东部, 2 = 西部)", "`day`", "days since 1960"] {
        assert!(notes.contains(part), "{notes:?} does not say {part:?}");
    }
    let options = ReadOptions { value_labels: true, ..ReadOptions::default() };
    let labels = read(path(&dir, "t.dta"), &options).unwrap().table;
    assert_eq!([0, 1].map(|i| text(&labels, "zone", i)), [Some("东部"), None]);
}

/// Rows and columns as the README of the shared data lists them.
#[test]
fn real_files_are_read_whole() {
    let Some(folder) = plim_golden::shared("data") else { return };
    for (name, rows, columns) in [
        ("country_panel_1990_2024", 8284, 61),
        ("country_trade_indicators_hs92_1995_2023", 6665, 13),
        ("product_pci_hs92_1995_2023", 35897, 7),
        ("wdi40_panel_2000_2023", 960, 64),
        ("wiod_bilateral_industry_1995_2011", 490423, 7),
        ("fixest_trade_eu15_2007_2016", 38325, 6),
        ("agtpa_applications", 99981, 17),
        ("world_trade_avg_1998_to_2000", 124336, 3),
        ("world_gdp_avg_1998_to_2000", 240, 2),
        ("hansen1999_invest", 8475, 4),
    ] {
        let got = read(folder.join(format!("{name}.parquet")), &ReadOptions::default()).unwrap();
        assert_eq!((got.table.rows(), got.table.columns().len()), (rows, columns), "{name}: {:?}", got.notes);
    }
    codes(&folder);
}

/// Namibia's code is `NA`, and some ISO codes have a leading zero.
fn codes(folder: &Path) {
    let table = read(folder.join("facts/iso_country_codes.csv"), &ReadOptions::default()).unwrap().table;
    assert_eq!((table.rows(), table.columns().len()), (249, 10));
    let named = |value: &str| {
        let column = table.columns().iter().find(|c| (0..249).any(|i| c.show(i) == value));
        column.unwrap_or_else(|| panic!("no cell {value}")).name.clone()
    };
    assert!(matches!(table.column(&named("NAM")).unwrap().data, Data::Text(_)));
    let iso2 = table.column(&named("NA")).unwrap();
    assert!((0..249).all(|i| !iso2.is_missing(i)));
}
