//! Small files of each layout.

use super::*;

fn table(columns: &[(&str, &[&str])]) -> Table {
    let number = |c: &str| if c.is_empty() { Some(f64::NAN) } else { crate::table::parse_number(c) };
    let column = |(name, cells): &(&str, &[&str])| match cells.iter().map(|c| number(c)).collect() {
        Some(numbers) => Column::number(*name, numbers),
        None => Column::text(*name, cells.iter().map(|c| (!c.is_empty()).then_some(*c))),
    };
    Table::new(columns.iter().map(column).collect()).unwrap()
}

fn shown(table: &Table, name: &str) -> Vec<String> {
    let column = table.column(name).unwrap();
    (0..column.len()).map(|i| column.show(i)).collect()
}

#[test]
fn baci_has_thousands_of_dollars_and_leading_zeros() {
    let baci = table(&[
        ("t", &["2019", "2019"]),
        ("i", &["156", "156"]),
        ("j", &["842", "276"]),
        ("k", &["10121", "851712"]),
        ("v", &["1.5", "20"]),
        ("q", &["3", "0.25"]),
    ]);
    let (long, notes) = TradeRecords { layout: Layout::Baci, ..Default::default() }.apply(&baci).unwrap();
    assert_eq!(shown(&long, "product"), ["010121", "851712"]);
    assert_eq!(long.numbers("value").unwrap(), [1500.0, 20_000.0]);
    assert_eq!(long.names().collect::<Vec<_>>(), ["year", "exporter", "market", "product", "value", "quantity"]);
    assert_eq!(notes, ["2 of 2 records", "1 product codes given their leading zeros back"]);
}

#[test]
fn comtrade_leaves_out_imports_and_totals_and_tells_revisions_apart() {
    let file = table(&[
        ("refYear", &["2020", "2020", "2020", "2020"]),
        ("reporterCode", &["156"; 4]),
        ("partnerCode", &["0", "842", "842", "842"]),
        ("cmdCode", &["010121", "TOTAL", "010121", "020110"]),
        ("flowCode", &["X", "X", "M", "X"]),
        ("classificationCode", &["H5"; 4]),
        ("primaryValue", &["9", "9", "5", "4"]),
    ]);
    let comtrade = TradeRecords { layout: Layout::Comtrade, ..Default::default() };
    let (long, notes) = comtrade.apply(&file).unwrap();
    assert_eq!((shown(&long, "product"), shown(&long, "revision")), (vec!["020110".into()], vec!["H5".to_string()]));
    assert_eq!(notes.len(), 5, "{notes:?}");
    assert!(notes[1].contains("`qty`: no quantities"), "{notes:?}");
    let mut mixed = file.clone();
    mixed.set(Column::text("classificationCode", ["H4", "H4", "H4", "H5"].map(Some))).unwrap();
    mixed.set(Column::text("flowCode", ["X"; 4].map(Some))).unwrap();
    assert!(comtrade.apply(&mixed).unwrap_err().to_string().contains("H4, H5"));
    let kept = TradeRecords { revisions: Revisions::Keep, ..comtrade };
    assert_eq!(shown(&kept.apply(&mixed).unwrap().0, "revision"), ["H4", "H5"]);
}

#[test]
fn customs_records_are_named_by_the_options() {
    let file = table(&[
        ("年份", &["2015", "2015", "2015"]),
        ("城市", &["苏州市", "苏州市", "东莞市"]),
        ("目的国", &["ROM", "NA", ""]),
        ("税号", &["01012100", "85171200", "85171200"]),
        ("金额", &["1", "-2", "3"]),
        ("贸易方式", &["一般贸易", "加工贸易", "一般贸易"]),
    ]);
    let of = |s: &str| Some(s.to_string());
    let customs = TradeRecords {
        year: of("年份"),
        exporter: of("城市"),
        market: of("目的国"),
        product: of("税号"),
        value: vec!["金额".into()],
        keep: vec!["贸易方式".into()],
        ..Default::default()
    };
    assert!(customs.apply(&file).unwrap_err().to_string().contains("negative"));
    let (long, notes) = TradeRecords { negative: Negative::Zero, ..customs.clone() }.apply(&file).unwrap();
    assert_eq!(shown(&long, "market"), ["ROU", "NA", ""]);
    assert_eq!(long.numbers("value").unwrap(), [1.0, 0.0, 3.0]);
    assert_eq!(shown(&long, "贸易方式")[1], "加工贸易");
    assert!(notes.iter().any(|n| n.contains("ROM") && n.contains("ROU")), "{notes:?}");
    let (long, _) = TradeRecords { negative: Negative::Drop, ..customs }.apply(&file).unwrap();
    assert_eq!(long.rows(), 2);
}

#[test]
fn lost_zeros_are_given_back_or_told() {
    let file = table(&[("y", &["2015", "2015"]), ("c", &["A", "B"]), ("p", &["10121", "851712"]), ("v", &["1", "2"])]);
    let of = |s: &str| Some(s.to_string());
    let records = TradeRecords {
        year: of("y"),
        exporter: of("c"),
        product: of("p"),
        value: vec!["v".into()],
        ..Default::default()
    };
    assert!(records.apply(&file).unwrap_err().to_string().contains("leading zeros are lost"));
    let (long, _) = TradeRecords { digits: Some(6), ..records.clone() }.apply(&file).unwrap();
    assert_eq!(shown(&long, "product"), ["010121", "851712"]);
    let short = TradeRecords { digits: Some(4), ..records };
    assert!(short.apply(&file).unwrap_err().to_string().contains("more than 4 digits"));
}

#[test]
fn what_is_missing_is_named() {
    let file = table(&[("y", &["2015"]), ("v", &["1"])]);
    let refused = |records: TradeRecords| records.apply(&file).unwrap_err().to_string();
    assert!(refused(TradeRecords::default()).contains("year"));
    assert!(refused(TradeRecords { layout: Layout::Baci, ..Default::default() }).contains("`t`"));
    let scale = TradeRecords { scale: Some(-1.0), layout: Layout::Baci, ..Default::default() };
    assert!(refused(scale).contains("scale"));
}

#[test]
fn atlas_files_name_their_classification() {
    for (layout, code, name) in
        [(Layout::Atlas, "product_hs12_code", "HS12"), (Layout::AtlasOld, "sitc_product_code", "SITC")]
    {
        let place = if layout == Layout::Atlas { "country_iso3_code" } else { "location_code" };
        let file = table(&[
            ("country_id", &["516", "156"]),
            (place, &["NAM", "CHN"]),
            (code, &["0101", "8517"]),
            ("year", &["2019", "2019"]),
            ("export_value", &["10", "20"]),
        ]);
        let atlas = TradeRecords { layout, ..Default::default() };
        let (long, notes) = atlas.apply(&file).unwrap();
        assert_eq!(long.names().collect::<Vec<_>>(), ["year", "exporter", "product", "value", "revision"]);
        assert_eq!(
            (shown(&long, "product"), shown(&long, "revision")[0].as_str()),
            (vec!["0101".into(), "8517".into()], name)
        );
        assert!(notes[1].contains("no markets"), "{notes:?}");
        let mut two = file.clone();
        two.set(Column::text(code.replace("hs12", "sitc").replace("sitc_p", "hs_p"), ["1", "2"].map(Some))).unwrap();
        assert!(atlas.apply(&two).unwrap_err().to_string().contains("several"));
        let none = file.take(&[0, 1]).into_columns().into_iter().filter(|c| c.name != code).collect();
        assert!(atlas.apply(&Table::new(none).unwrap()).unwrap_err().to_string().contains("of the product"));
    }
}

/// Codes of text or numbers under a length that is given or not: the products, or the refusal.
fn coded(codes: &[&str], digits: Option<usize>) -> std::result::Result<(Vec<String>, String), String> {
    let ones = vec!["1"; codes.len()];
    let file = table(&[("y", &vec!["2015"; codes.len()]), ("c", &vec!["A"; codes.len()]), ("p", codes), ("v", &ones)]);
    let of = |s: &str| Some(s.to_string());
    let records = TradeRecords {
        year: of("y"),
        exporter: of("c"),
        product: of("p"),
        value: vec!["v".into()],
        digits,
        ..Default::default()
    };
    let (long, notes) = records.apply(&file).map_err(|e| e.to_string())?;
    Ok((shown(&long, "product"), notes.join("; ")))
}

#[test]
fn lost_zeros_are_seen_in_text_and_where_every_code_lost_one() {
    let lost = |codes: &[&str]| coded(codes, None).unwrap_err().contains("leading zeros are lost");
    assert!(lost(&["01012100", "1012100"]));
    assert!(lost(&["10121", "20130"]));
    assert!(lost(&["10121", "851712", "9999AA"]));
    // SITC has codes of five digits, and its zeros show that none are lost; codes with letters have no length.
    assert!(coded(&["00111", "76411"], None).is_ok());
    assert!(coded(&["c1", "c10"], None).is_ok());
    assert_eq!(coded(&["7", "8"], None).unwrap().0, ["7", "8"]);
    assert_eq!(coded(&["9", "5000", "10"], Some(0)).unwrap().0, ["9", "5000", "10"]);
}

#[test]
fn one_zero_can_be_lost_and_no_more() {
    assert!(coded(&["0101"], Some(6)).unwrap_err().contains("too short"));
    assert!(coded(&["8517", "10121"], Some(6)).unwrap_err().contains("too short"));
    assert!(coded(&["764"], Some(5)).unwrap_err().contains("too short"));
    assert_eq!(
        coded(&["85171200.0", "1012100.0", "01012900"], Some(8)).unwrap().0,
        ["85171200", "01012100", "01012900"]
    );
    assert!(coded(&["8517.12", "101.21"], Some(6)).unwrap_err().contains("whole digits"));
    let baci = table(&[("t", &["2019"]), ("i", &["156"]), ("j", &["842"]), ("k", &["8517"]), ("v", &["1"])]);
    let baci = TradeRecords { layout: Layout::Baci, ..Default::default() }.apply(&baci);
    assert!(baci.unwrap_err().to_string().contains("8517"));
}

#[test]
fn levels_of_one_classification_are_told_apart() {
    let levels = ["01", "0101", "010121", "851712"];
    assert!(coded(&levels, None).unwrap_err().contains("2 and 4 and 6 digits: levels"));
    let (six, notes) = coded(&levels, Some(6)).unwrap();
    assert_eq!(six, ["010121", "851712"]);
    assert!(notes.contains("2 records of coarser product codes left out"), "{notes}");
    // A code of six digits alone is not held by one of four.
    assert!(coded(&levels, Some(4)).unwrap_err().contains("851712"));
    let (four, notes) = coded(&levels[..3], Some(4)).unwrap();
    assert_eq!(four, ["0101"]);
    assert!(notes.contains("1 records of coarser") && notes.contains("1 records of finer"), "{notes}");
    // The same codes as numbers.
    assert_eq!(coded(&["1", "101", "10121", "851712"], Some(6)).unwrap().0, ["010121", "851712"]);
}

/// B reports chapters only: at six digits it has nothing, which is said.
#[test]
fn an_exporter_without_the_level_wanted_is_said() {
    let file = table(&[
        ("y", &["2015"; 4]),
        ("c", &["A", "A", "B", "A"]),
        ("p", &["01", "010121", "01", "851712"]),
        ("v", &["1"; 4]),
    ]);
    let of = |s: &str| Some(s.to_string());
    let records = TradeRecords {
        year: of("y"),
        exporter: of("c"),
        product: of("p"),
        value: vec!["v".into()],
        digits: Some(6),
        ..Default::default()
    };
    let (long, notes) = records.apply(&file).unwrap();
    assert_eq!(shown(&long, "exporter"), ["A", "A"]);
    let left = "1 records of coarser product codes left out";
    assert!(notes.contains(&left.to_string()), "{notes:?}");
    assert!(notes.contains(&format!("{left} whose exporter has no others that year")), "{notes:?}");
}

#[test]
fn parts_of_a_flow_stand_back_where_its_total_is_there() {
    let file = table(&[
        ("refYear", &["2020"; 6]),
        ("reporterCode", &["156"; 6]),
        ("partnerCode", &["842", "842", "842", "842", "276", "276"]),
        ("partner2Code", &["0", "0", "36", "0", "0", "0"]),
        ("cmdCode", &["010121"; 6]),
        ("motCode", &["0", "2100", "0", "0", "2100", "3200"]),
        ("customsCode", &["C00", "C00", "C00", "C01", "C00", "C00"]),
        ("primaryValue", &["40", "25", "7", "3", "5", "6"]),
    ]);
    let (long, notes) = TradeRecords { layout: Layout::Comtrade, ..Default::default() }.apply(&file).unwrap();
    // Germany has no total by transport, so that its parts are what there is.
    assert_eq!(long.numbers("value").unwrap(), [40.0, 5.0, 6.0]);
    let notes = notes.join("; ");
    for name in ["partner2Code", "motCode", "customsCode"] {
        assert!(notes.contains(&format!("1 parts of flows by `{name}` left out")), "{notes}");
    }
}

#[test]
fn groups_of_countries_are_no_markets() {
    let file = table(&[
        ("Year", &["2019"; 5]),
        ("ReporterISO3", &["CHN", "CHN", "CHN", "CHN", "EUN"]),
        ("PartnerISO3", &["EUN", "DEU", "WLD", "OAS", "CHN"]),
        ("ProductCode", &["010121"; 5]),
        ("TradeFlowName", &["Export"; 5]),
        ("TradeValue in 1000 USD", &["1"; 5]),
    ]);
    let (long, notes) = TradeRecords { layout: Layout::Wits, ..Default::default() }.apply(&file).unwrap();
    assert_eq!(shown(&long, "market"), ["DEU", "OAS", "CHN"]);
    let notes = notes.join("; ");
    assert!(notes.contains("1 records of EUN as a market") && notes.contains("EUN as an exporter kept"), "{notes}");
}

/// Parts that are negative or missing are judged one by one: 10 and -4 are 10, not 6.
#[test]
fn industry_flows_add_parts_that_are_sound_and_cross_a_border() {
    let file = table(&[
        ("year", &["2000"; 5]),
        ("origin", &["CHN"; 5]),
        ("dest", &["USA", "CHN", "DEU", "FRA", "JPN"]),
        ("industry", &["1", "10", "1", "10", "2"]),
        ("intermediate_musd", &["10", "100", "10", "1", ""]),
        ("final_musd", &["-4", "50", "", "-4", ""]),
    ]);
    let of = |negative| TradeRecords { layout: Layout::IndustryFlows, negative, ..Default::default() }.apply(&file);
    let message = of(Negative::Refuse).unwrap_err().to_string();
    assert!(message.contains("`final_musd`") && message.contains("rows 1, 4"), "{message}");
    let (zero, notes) = of(Negative::Zero).unwrap();
    assert_eq!(zero.numbers("value").unwrap(), [1e7, 1e7, 1e6]);
    assert_eq!(shown(&zero, "product"), ["1", "1", "10"]);
    let notes = notes.join("; ");
    for note in [
        "2 negative values set to zero",
        "1 flows within a country",
        "1 missing values of `final_musd` beside",
        "1 records without a value",
    ] {
        assert!(notes.contains(note), "{notes}");
    }
    assert_eq!(of(Negative::Drop).unwrap().0.numbers("value").unwrap(), [1e7]);
}

/// A file of Namibia alone: `NA` in every row is missing among numbers.
#[test]
fn a_column_without_a_code_is_refused_with_the_way_out() {
    let nan = vec![f64::NAN; 2];
    let mut file = table(&[("y", &["2019"; 2]), ("p", &["010121", "851712"]), ("v", &["5", "5"])]);
    file.set(Column::number("iso2", nan)).unwrap();
    let of = |s: &str| Some(s.to_string());
    let records = TradeRecords {
        year: of("y"),
        exporter: of("iso2"),
        product: of("p"),
        value: vec!["v".into()],
        ..Default::default()
    };
    let message = records.apply(&file).unwrap_err().to_string();
    assert!(message.contains("as_text = [\"iso2\"]"), "{message}");
    file.set(Column::text("iso2", [Some("NA"); 2])).unwrap();
    assert_eq!(shown(&records.apply(&file).unwrap().0, "exporter"), ["NA", "NA"]);
}
