//! Misallocation as a user runs it: the vectors of methods.md 2.3, identities, refusals.

use plim_study::plan::Plan;
use plim_study::single::{Single, run};
use plim_table::Table;
use serde_json::{Map, Value, json};

/// Runs a measure on a CSV text.
fn measure(method: &str, csv: &str, options: Value) -> Result<(Map<String, Value>, Table), String> {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("data.csv");
    std::fs::write(&file, csv).unwrap();
    let Value::Object(options) = options else { unreachable!() };
    match run(method, &file, options).map_err(|e| e.to_string())? {
        Single::Measure(measure, table) => Ok((measure.more, table)),
        _ => panic!("a measure"),
    }
}

fn close(table: &Table, column: &str, want: &[f64]) {
    let got = table.numbers(column).unwrap();
    let near = |(g, w): (&f64, &f64)| (g - w).abs() <= 0.5e-8 * (1.0 + w.abs());
    assert!(got.len() == want.len() && got.iter().zip(want).all(near), "{column}: {got:?} {want:?}");
}

const THREE: &str = "u,Y,K,L,bK,bL\nA,100,150,40,.4,.6\nB,60,120,50,.5,.5\nC,40,30,10,.3,.7\n";

/// TEST 2.3a.
#[test]
fn wedges_by_hand() {
    let options = json!({ "output": "Y", "factors": ["K", "L"], "elasticities": ["bK", "bL"] });
    let (more, table) = measure("misallocation", THREE, options).unwrap();
    close(&table, "gamma_K", &[1.025, 1.09333333, 0.68333333]);
    close(&table, "gamma_L", &[0.78666667, 1.96666667, 0.42142857]);
    close(&table, "tau_K", &[-0.02439024, -0.08536585, 0.46341463]);
    close(&table, "tau_L", &[0.27118644, -0.49152542, 1.37288136]);
    let totals = &more["totals"][0];
    assert!((totals["elasticities"][0].as_f64().unwrap() - 0.41).abs() < 1e-15);
    assert!((totals["invariant"][1].as_f64().unwrap() - 1.0).abs() < 1e-14);
    let common = json!({ "output": "Y", "factors": ["K", "L"], "elasticities": [0.4, 0.6] });
    let (_, table) = measure("misallocation", THREE, common).unwrap();
    close(&table, "gamma_K", &[1.0, 1.33333333, 0.5]);
    close(&table, "gamma_L", &[0.8, 1.66666667, 0.5]);
}

/// TEST 2.3c: the innovation version.
#[test]
fn innovation_by_hand() {
    let csv = "u,personnel,capital,data,Q\nA,1000,50,8,300\nB,500,40,1,100\nC,2000,30,6,200\n";
    let options = json!({
        "output": "Q", "factors": ["personnel", "capital", "data"], "elasticities": [0.45, 0.35, 0.2]
    });
    let (_, table) = measure("misallocation", csv, options.clone()).unwrap();
    let mut written = options;
    written["elasticities"] = "0.45,0.35,0.2".into(); // as on the command line
    assert_eq!(measure("misallocation", csv, written).unwrap().1, table);
    close(&table, "tau_personnel", &[0.75, 0.16666667, -0.41666667]);
    close(&table, "tau_capital", &[0.2, -0.5, 0.33333333]);
    close(&table, "tau_data", &[-0.0625, 1.5, -0.16666667]);
    close(&table, "composite", &[1.35355159, 1.01007485, 0.83667129]);
    close(&table, "misallocation", &[0.42, 0.55, 0.3375]);
    close(&table, "abs_tau_capital", &[0.2, 0.5, 0.33333333]);
}

/// TEST 2.3b.
#[test]
fn hsieh_klenow_by_hand() {
    let csv = "u,Y,K,W\nA,100,150,40\nB,60,120,50\nC,40,30,10\n";
    let options = json!({ "value_added": "Y", "capital": "K", "labor": "W", "alpha": 0.4, "sigma": 3, "rental": 0.1 });
    let (more, table) = measure("hsieh_klenow", csv, options.clone()).unwrap();
    close(&table, "tfpr", &[1.47342319, 0.84546717, 2.57757606]);
    let bar: Vec<f64> = (table.numbers("tfpr").unwrap().iter().zip(table.numbers("ln_tfpr").unwrap()))
        .map(|(tfpr, ln)| tfpr / ln.exp())
        .collect();
    assert!(bar.iter().all(|b| (b - 1.28878803).abs() < 1e-8), "{bar:?}");
    close(&table, "tau_y", &[0.0, -1.08333333, 0.375]);
    close(&table, "tau_k", &[0.77777778, 1.77777778, 1.22222222]);
    let whole = &more["aggregate"][0];
    assert!((whole["tfp_ratio"].as_f64().unwrap() - 0.7948954049).abs() < 1e-10);
    assert!((whole["gain"].as_f64().unwrap() - 0.25802715).abs() < 1e-8);
    // Equal wedges: nothing to gain.
    let even = "u,Y,K,W\nA,100,150,40\nB,50,75,20\nC,10,15,4\n";
    let (more, _) = measure("hsieh_klenow", even, options).unwrap();
    assert!(more["aggregate"][0]["gain"].as_f64().unwrap().abs() < 1e-14);
}

/// A factor in other units has the same shares; elasticities from slopes by unit are found when there is no noise.
#[test]
fn units_of_a_factor_do_not_matter_and_slopes_are_found() {
    let mut csv = "u,t,Y,K,L,K9\n".to_string();
    for u in 0..4u32 {
        for t in 0..8u32 {
            let k = f64::from(3 + (7 * u + 5 * t * t + 3 * u * t) % 11);
            let l = f64::from(2 + (3 * u + 4 * t + 2 * u * t * t) % 7);
            let b = 0.2 + 0.1 * f64::from(u);
            let y = f64::from(1 + u) * (0.05 * f64::from(t)).exp() * k.powf(b) * l.powf(1.0 - b);
            csv += &format!("{u},{t},{y},{k},{l},{}\n", k * 1e9);
        }
    }
    let base = json!({ "output": "Y", "factors": ["K", "L"], "estimate": "unit", "unit": "u", "time": "t" });
    let (_, table) = measure("misallocation", &csv, base.clone()).unwrap();
    let own = table.numbers("elasticity_K").unwrap();
    assert!((0..32).all(|i| (own[i] - 0.2 - 0.1 * (i / 8) as f64).abs() < 1e-8), "{own:?}");
    let mut scaled = base;
    scaled["factors"][0] = "K9".into();
    let (_, other) = measure("misallocation", &csv, scaled).unwrap();
    close(&other, "gamma_K9", table.numbers("gamma_K").unwrap());
}

#[test]
fn zero_factor_is_a_status_and_negative_values_are_refused() {
    let options = json!({ "output": "Y", "factors": ["K", "L"], "elasticities": [0.4, 0.6] });
    let csv = "u,Y,K,L\nA,100,0,40\nB,60,120,50\n";
    let (_, table) = measure("misallocation", csv, options.clone()).unwrap();
    assert_eq!(table.column("status").unwrap().show(0), "zero_factor");
    assert!(table.numbers("tau_K").unwrap()[0].is_nan() && table.numbers("gamma_K").unwrap()[0] == 0.0);
    assert!(table.numbers("misallocation").unwrap()[0].is_nan());
    let refused = |csv: &str, options: Value| measure("misallocation", csv, options).unwrap_err();
    assert!(refused("u,Y,K,L\nA,100,-1,40\nB,60,120,50\n", options).contains("negative"));
    assert!(refused(THREE, json!({ "output": "Y", "factors": ["K", "L"] })).contains("elasticities"));
    let one = json!({ "output": "Y", "factors": ["K", "L"], "elasticities": [0.4] });
    assert!(refused(THREE, one).contains("elasticities"));
    let above = json!({ "output": "Y", "factors": ["K", "L"], "elasticities": [1.4, 0.6] });
    assert!(refused(THREE, above).contains("at most 1"));
}

#[test]
fn flows_and_coupling() {
    // Two places one degree apart on the equator: 2πR/360.
    let csv = "u,t,m,w,lat,lon\nA,1,10,3,0,0\nB,1,20,5,0,1\n";
    let options = json!({
        "mass": "m", "attraction": "w", "lat": "lat", "lon": "lon", "unit": "u", "time": "t", "form": "level"
    });
    let (_, table) = measure("factor_flows", csv, options.clone()).unwrap();
    let km = 6376.0 * std::f64::consts::TAU / 360.0;
    close(&table, "inflow", &[60.0 / (km * km), 50.0 / (km * km)]);
    close(&table, "net_inflow", &[10.0 / (km * km), -10.0 / (km * km)]);
    let alone = measure("factor_flows", "u,t,m,w,lat,lon\nA,1,10,3,0,0\n", options).unwrap_err();
    assert!(alone.contains("alone"), "{alone}");

    let csv = "u,a,b\nA,.8,.2\nB,.5,.5\nC,0,0\n";
    let (more, table) = measure("coupling", csv, json!({ "subsystems": ["a", "b"] })).unwrap();
    let got = table.numbers("coordination").unwrap();
    assert!((got[0] - 0.4f64.sqrt()).abs() < 1e-14 && (got[1] - 0.5f64.sqrt()).abs() < 1e-14 && got[2].is_nan());
    assert_eq!(more["means"].as_array().unwrap().len(), 3);
    let outside = measure("coupling", "u,a,b\nA,1.8,.2\n", json!({ "subsystems": ["a", "b"] })).unwrap_err();
    assert!(outside.contains("between 0 and 1"), "{outside}");
}

/// The table of a study of four cities over five years after its steps.
fn study(steps: &str) -> Result<Table, String> {
    let dir = tempfile::tempdir().unwrap();
    let mut cities = "city,year,Y,K,L,lat,lon\n".to_string();
    let mut distances = "origin,destination,km\n".to_string();
    for u in 0..4u32 {
        for t in 0..5u32 {
            let k = f64::from(3 + (7 * u + 5 * t * t + 3 * u * t) % 11);
            let l = f64::from(2 + (3 * u + 4 * t + 2 * u * t * t) % 7);
            let y = f64::from(1 + u) * (0.1 * f64::from(t)).exp() * k.powf(0.4) * l.powf(0.6);
            cities += &format!("c{u},{},{y},{k},{l},{},{}\n", 2010 + t, u, 10 * u);
        }
        (0..u).for_each(|v| distances += &format!("c{u},c{v},{}\n", 100 * (u - v)));
    }
    std::fs::write(dir.path().join("cities.csv"), cities).unwrap();
    std::fs::write(dir.path().join("distances.csv"), distances).unwrap();
    let text = format!(
        "[data.cities]\nfile = \"cities.csv\"\nunit = \"city\"\ntime = \"year\"\n\
         [data.apart]\nfile = \"distances.csv\"\n\n{steps}"
    );
    let plan = Plan::parse(&text, "study.toml", dir.path().to_path_buf(), &[]).map_err(|e| e.to_string())?;
    plim_study::check::check(&plan, &[]).map_err(|e| e.to_string())?;
    let run = plim_study::run::run(&plan, &[], &|_, _, _| {}).map_err(|e| e.to_string())?;
    Ok((*run.tables[0]).clone())
}

/// Elasticities come from an earlier fit by the names of the factors; those of a translog come by row.
#[test]
fn elasticities_of_an_earlier_fit() {
    let fit = |formula: &str| format!("[[step]]\nmethod = \"feols\"\nname = \"cd\"\nformula = \"{formula}\"\n");
    let wedges = "[[step]]\nmethod = \"misallocation\"\nname = \"wedge\"\noutput = \"Y\"\nfactors = [\"K\", \"L\"]\n";
    let table = study(&format!("{}{wedges}fit = \"cd\"\n", fit("log(Y) ~ log(K) + log(L) | city + year"))).unwrap();
    close(&table, "wedge_elasticity_K", &[0.4; 20]);
    close(&table, "wedge_elasticity_L", &[0.6; 20]);
    let by_row = "[[step]]\nmethod = \"generate\"\nname = \"eK\"\nvalue = \"0.4 + 0 * K\"\n\
                  [[step]]\nmethod = \"generate\"\nname = \"eL\"\nvalue = \"1 - eK\"\n";
    let same = study(&format!("{by_row}{wedges}elasticities = [\"eK\", \"eL\"]\n")).unwrap();
    close(&same, "wedge", table.numbers("wedge").unwrap());
    let translog = fit("log(Y) ~ log(K) + log(L) + log(K):log(L) | city + year");
    let refused = study(&format!("{translog}{wedges}fit = \"cd\"\n")).unwrap_err();
    assert!(refused.contains("differs by row"), "{refused}");
    let nobody = study(&format!("{wedges}fit = \"cd\"\n")).unwrap_err();
    assert!(nobody.contains("no earlier step `cd`"), "{nobody}");
    let unnamed = study(&format!("{}{wedges}fit = \"cd\"\n", fit("log(Y) ~ log(K) | city + year"))).unwrap_err();
    assert!(unnamed.contains("elasticity of `L`"), "{unnamed}");
}

/// Distances from a table, given one way.
#[test]
fn flows_over_a_table_of_distances() {
    let flows = "[[step]]\nmethod = \"factor_flows\"\nname = \"flow\"\nmass = \"L\"\nattraction = \"K\"\nform = \"level\"\n\
                 where = \"year = 2010\"\n";
    let table = study(&format!("{flows}distances = \"apart\"\ndistance = \"km\"\n")).unwrap();
    let (k, l) = (table.numbers("K").unwrap(), table.numbers("L").unwrap());
    let from = |v: usize| l[5 * v] * k[0] / (1e4 * (v * v) as f64);
    let inflow = table.numbers("flow").unwrap()[0];
    assert!((inflow - from(1) - from(2) - from(3)).abs() < 1e-15, "{inflow}");
    let missing = study(&format!("{flows}distances = \"apar\"\ndistance = \"km\"\n")).unwrap_err();
    assert!(missing.contains("did you mean `apart`"), "{missing}");
    assert!(study(flows).unwrap_err().contains("`lat`"));
}
