//! From files of trade records as sources publish them to a measure: layouts, crosswalks, wide years; and the
//! likelihood-ratio test of two frontiers, as a study runs them.

use plim_report::page::Block;
use plim_study::plan::Plan;
use plim_study::run::{Run, run};

fn study(files: &[(&str, &str)], text: &str) -> Result<Run, String> {
    let dir = tempfile::tempdir().unwrap();
    files.iter().for_each(|(name, text)| std::fs::write(dir.path().join(name), text).unwrap());
    let plan = Plan::parse(text, "study.toml", dir.path().to_path_buf(), &[]).map_err(|e| e.to_string())?;
    run(&plan, &[], &|_, _, _| {}).map_err(|e| e.to_string())
}

/// Two exporters, three products; 01 is written without its zero, 8517 divides into two new codes.
const BACI: &str = "t,i,j,k,v,q\n2019,156,842,10121,30,1\n2019,156,276,851712,50,1\n2019,156,276,851712,20,1\n\
    2019,276,842,10121,10,1\n";
const MAP: &str = "hs17,hs22,share\n010121,010121,1\n851712,851713,0.4\n851712,851714,0.6\n";

const STEPS: &str = "[data.baci]\nfile = \"baci.csv\"\n[data.map]\nfile = \"map.csv\"\n\
    [[step]]\nmethod = \"trade_records\"\nname = \"records\"\nlayout = \"baci\"\ndata = \"baci\"\n\
    [[step]]\nmethod = \"crosswalk\"\nname = \"hs22\"\ndata = \"records\"\ncolumn = \"product\"\ntable = \"map\"\n\
    from = \"hs17\"\nto = \"hs22\"\nshare = \"share\"\nvalues = [\"value\"]\n\
    [[step]]\nmethod = \"concentration\"\nname = \"c\"\ndata = \"hs22\"\nunit = \"exporter\"\ntime = \"year\"\n\
    product = \"product\"\nvalue = \"value\"\n";

#[test]
fn baci_is_read_translated_and_measured() {
    let run = study(&[("baci.csv", BACI), ("map.csv", MAP)], STEPS).unwrap();
    let notes = run.results.notes.join("\n");
    assert!(notes.contains("leading zeros back"), "{notes}");
    // Shares of China: 30, 28 and 42 of 100.
    let table = &run.tables["hs22"];
    let total: f64 = table.numbers("value").unwrap().iter().sum();
    assert_eq!((table.rows(), total), (6, 110_000.0));
    let hhi = run.measured["c"].numbers("c").unwrap().to_vec();
    plim_golden::close(hhi[0], 0.09 + 0.0784 + 0.1764, 1e-12, "HHI of China");
    plim_golden::close(hhi[1], 1.0, 1e-12, "HHI of Germany");
}

#[test]
fn shares_that_lose_trade_are_refused_where_they_stand() {
    let map = MAP.replace("0.6", "0.5");
    let message = study(&[("baci.csv", BACI), ("map.csv", &map)], STEPS).err().unwrap();
    assert!(message.contains("sum to 0.9") && message.contains("map.csv"), "{message}");
}

#[test]
fn an_atlas_file_of_any_classification_keeps_its_products() {
    let atlas = "country_iso3_code,product_hs12_code,year,export_value\nNAM,0101,2019,10\nNAM,8517,2019,30\n";
    let text = "[data.atlas]\nfile = \"atlas.csv\"\n\
        [[step]]\nmethod = \"trade_records\"\nname = \"records\"\nlayout = \"atlas\"\ndata = \"atlas\"\n\
        [[step]]\nmethod = \"concentration\"\nname = \"c\"\ndata = \"records\"\nunit = \"exporter\"\ntime = \"year\"\n\
        product = \"product\"\nvalue = \"value\"\n";
    let run = study(&[("atlas.csv", atlas)], text).unwrap();
    plim_golden::close(run.measured["c"].numbers("c").unwrap()[0], 0.0625 + 0.5625, 1e-12, "HHI of Namibia");
    assert_eq!(run.tables["records"].column("revision").unwrap().show(0), "HS12");
}

#[test]
fn a_download_of_the_world_bank_becomes_long() {
    let api = "\"Data Source\",\"World Development Indicators\",\n\n\"Last Updated Date\",\"2024-01-01\",\n\n\
        \"Country Name\",\"Country Code\",\"1990\",\"1991\",\n\"Namibia\",\"NAM\",\"1\",\"..\",\n\"China\",\"CHN\",\"10\",\"12\",\n";
    let text = "[data.wb]\nfile = \"wb.csv\"\n[[step]]\nmethod = \"longer\"\nname = \"gdp\"\ndata = \"wb\"\n";
    let run = study(&[("wb.csv", api)], text).unwrap();
    assert_eq!(run.tables["gdp"].numbers("value").unwrap(), [1.0, 10.0, 12.0]);
    let run = study(&[("wb.csv", api)], &format!("{text}keep_missing = true\n")).unwrap();
    assert_eq!(run.tables["gdp"].rows(), 4);
}

/// `NA` in every row is Namibia only where the column is said to be text.
#[test]
fn a_file_of_namibia_alone() {
    let file = "iso2,year,p,v\nNA,2019,x,5\nNA,2019,y,5\n";
    let step = "[[step]]\nmethod = \"concentration\"\nname = \"c\"\ndata = \"n\"\nunit = \"iso2\"\ntime = \"year\"\n\
        product = \"p\"\nvalue = \"v\"\n";
    let message = study(&[("n.csv", file)], &format!("[data.n]\nfile = \"n.csv\"\n{step}")).err().unwrap();
    assert!(message.contains("as_text = [\"iso2\"]"), "{message}");
    let said = format!("[data.n]\nfile = \"n.csv\"\nas_text = [\"iso2\"]\n{step}");
    plim_golden::close(
        study(&[("n.csv", file)], &said).unwrap().measured["c"].numbers("c").unwrap()[0],
        0.5,
        1e-12,
        "HHI",
    );
}

#[test]
fn likelihood_ratios_of_nested_frontiers_are_shown() {
    let mut csv = String::from("y,x\n");
    let mut draw = plim_stats::math::rng::Stream::new(4, 0);
    for _ in 0..400 {
        let (x, v, u) = (draw.normal(), 0.2 * draw.normal(), -0.5 * draw.uniform().ln());
        csv += &format!("{},{x}\n", 1.0 + 0.5 * x + v - u);
    }
    let step = |name: &str, distribution: &str| {
        format!(
            "[[step]]\nmethod = \"sfa\"\nname = \"{name}\"\nformula = \"y ~ x\"\ndistribution = \"{distribution}\"\n"
        )
    };
    let text = format!(
        "[data.d]\nfile = \"d.csv\"\n{}{}[[step]]\nmethod = \"lr_test\"\nfits = [\"small\", \"large\"]\n",
        step("small", "exponential"),
        step("large", "gamma")
    );
    let mut shown = study(&[("d.csv", &csv)], &text).unwrap().shown;
    let Some(Block::Table(table)) = shown.pop().unwrap().blocks.pop() else { panic!("a table") };
    assert_eq!(table.columns.len(), 5);
    let turned = text.replace("[\"small\", \"large\"]", "[\"large\", \"small\"]");
    assert!(study(&[("d.csv", &csv)], &turned).err().unwrap().contains("nothing is restricted"));
}
