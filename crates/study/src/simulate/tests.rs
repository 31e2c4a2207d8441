//! Structure of the simulated world, its refusals, and that its index measures what it should.

use super::*;
use plim_table::Data;
use std::collections::{HashMap, HashSet};

fn key(table: &Table, i: usize) -> (String, i32) {
    (table.column("city").unwrap().show(i), table.numbers("year").unwrap()[i] as i32)
}

/// A column as city × year, for tables in the order of the cities.
fn paths(table: &Table, name: &str, years: usize) -> Vec<Vec<f64>> {
    table.numbers(name).unwrap().chunks(years).map(<[f64]>::to_vec).collect()
}

#[test]
fn the_whole_country_has_the_promised_shape() {
    let world = cities(&Cities::default()).unwrap();
    assert_eq!(world.cities.rows(), 289 * 11);
    assert_eq!(world.latent.rows(), 289 * 11);
    assert_eq!(world.markets.rows(), 20);
    let records = world.exports.rows() as f64 / (289.0 * 11.0);
    assert!((95.0..105.0).contains(&records), "{records} records per city and year");

    let treated = paths(&world.cities, "treated", 11);
    assert_eq!(treated.iter().filter(|x| x[0] == 1.0).count(), 57);
    let start = paths(&world.cities, "pilot_year", 11);
    assert_eq!(start.iter().filter(|x| x[0] == 2015.0).count(), 6);
    assert_eq!(start.iter().filter(|x| x[0] == 2016.0).count(), 51);

    // National growth is the published one: 1898.4 to 2048.7 and 2486.7 to 2499.5 billion.
    let exports = paths(&world.cities, "exports", 11);
    let nation = |t: usize| exports.iter().map(|x| x[t]).sum::<f64>();
    // Whole dollars in 289 cities against 2e12 dollars leave 1e-10.
    plim_golden::close(nation(1) / nation(0), 2048.7 / 1898.4, 1e-9, "2012");
    plim_golden::close(nation(8) / nation(7), 2499.5 / 2486.7, 1e-9, "2019");

    // Median splits halve 289 cities as evenly as they can be.
    for flag in ["high_fdi", "high_risk", "high_belt_road", "high_openness"] {
        assert_eq!(paths(&world.cities, flag, 11).iter().filter(|x| x[0] == 1.0).count(), 144, "{flag}");
    }
}

#[test]
fn nothing_is_missing_and_quantities_are_positive() {
    let world = cities(&Cities::starter()).unwrap();
    for table in [&world.cities, &world.exports, &world.markets, &world.latent] {
        for column in table.columns() {
            assert!((0..table.rows()).all(|i| !column.is_missing(i)), "{} has a gap", column.name);
            if let Data::Number(x) = &column.data {
                assert!(x.iter().all(|v| v.is_finite()), "{} is not finite", column.name);
            }
        }
    }
    let quantities = parameters::INDICATORS.iter().map(|k| k.name).chain([
        "rd_personnel",
        "rd_expenditure",
        "patents",
        "new_product_sales",
        "exports",
        "population",
        "gdp",
        "fdi",
        "openness",
        "posts_1984",
    ]);
    for name in quantities {
        assert!(world.cities.numbers(name).unwrap().iter().all(|&x| x > 0.0), "{name}");
    }
    assert!(world.exports.numbers("value").unwrap().iter().all(|&v| v >= 1.0 && v.fract() == 0.0));
    assert!(world.latent.numbers("efficiency").unwrap().iter().all(|e| (0.0..=1.0).contains(e)));
}

#[test]
fn records_add_up_to_the_city_exactly_and_are_unique() {
    let world = cities(&Cities::starter()).unwrap();
    let mut sums: HashMap<(String, i32), f64> = HashMap::new();
    let mut cells = HashSet::new();
    let show = |name: &str, i: usize| world.exports.column(name).unwrap().show(i);
    for (i, v) in world.exports.numbers("value").unwrap().iter().enumerate() {
        let key = key(&world.exports, i);
        assert!(cells.insert((key.clone(), show("product", i), show("market", i))), "row {i} repeats a cell");
        *sums.entry(key).or_default() += v;
    }
    let totals = world.cities.numbers("exports").unwrap();
    assert_eq!(sums.len(), totals.len());
    for (i, &total) in totals.iter().enumerate() {
        assert_eq!(sums[&key(&world.cities, i)], total);
    }
}

#[test]
fn the_same_seed_is_the_same_world_on_any_number_of_threads() {
    let options = Cities { cities: 30, records: 20, ..Cities::default() };
    let world = cities(&options).unwrap();
    let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build().unwrap();
    assert_eq!(pool.install(|| cities(&options)).unwrap(), world);
    let other = cities(&Cities { seed: 2, ..options }).unwrap();
    assert_ne!(other.cities, world.cities);
}

#[test]
fn the_indicators_measure_digital_development() {
    let truth = cities(&Cities::default()).unwrap().truth;
    let r = truth["digital"]["index_within_correlation"].as_f64().unwrap();
    assert!((0.9..0.99).contains(&r), "within cities and years the index follows D with r = {r}");
    // Errors of measurement attenuate: the index finds less than there is, but most of it.
    let ratio =
        truth["baseline"]["index_per_sd"].as_f64().unwrap() / truth["baseline"]["total_per_sd"].as_f64().unwrap();
    assert!((0.75..1.0).contains(&ratio), "{ratio}");
}

#[test]
fn without_effect_the_truth_is_zero() {
    let options = Cities { cities: 30, records: 10, effect: 0.0, ..Cities::default() };
    let truth = cities(&options).unwrap().truth;
    assert_eq!(truth["baseline"]["total"], 0.0);
    assert_eq!(truth["did"]["att_resilience"], 0.0);
    assert_eq!(truth["mediation"]["share"], serde_json::Value::Null);
    // The zones still raise digital development itself.
    assert!(truth["did"]["att_digital"].as_f64().unwrap() > 0.2);
}

#[test]
fn a_shorter_and_later_world_stands() {
    let options = Cities { first: 2014, last: 2018, pilot_start: PilotStart::NextYear, ..Cities::starter() };
    let world = cities(&options).unwrap();
    assert_eq!(world.cities.rows(), 40 * 5);
    let (year, pilot, start) = (
        world.cities.numbers("year").unwrap(),
        world.cities.numbers("pilot").unwrap(),
        world.cities.numbers("pilot_year").unwrap(),
    );
    for i in 0..world.cities.rows() {
        assert!([0.0, 2016.0, 2017.0].contains(&start[i]));
        assert_eq!(pilot[i] == 1.0, start[i] > 0.0 && year[i] >= start[i]);
    }
}

#[test]
fn impossible_worlds_are_refused() {
    let refuse = |options: Cities, word: &str| {
        let message = cities(&options).unwrap_err().to_string();
        assert!(message.contains(word), "{message}");
    };
    refuse(Cities { cities: 290, ..Cities::default() }, "`cities` is 290");
    refuse(Cities { cities: 3, ..Cities::default() }, "20 to 289");
    refuse(Cities { first: 2010, ..Cities::default() }, "2011 to 2021");
    refuse(Cities { first: 2020, ..Cities::default() }, "three years");
    refuse(Cities { records: 0, ..Cities::default() }, "`records` is 0");
    refuse(Cities { effect: f64::NAN, ..Cities::default() }, "`effect` is NaN");
    refuse(Cities { effect: -1.0, ..Cities::default() }, "0 to 3");
}

#[test]
fn scenarios_complicate_the_world_as_they_say() {
    let of = |scenario: Scenario| cities(&Cities { scenario, records: 10, ..Cities::default() }).unwrap();
    let (plain, noisy, outliers) = (of(Scenario::Documented), of(Scenario::Noisy), of(Scenario::Outliers));
    let correlation = |w: &Simulated| w.truth["digital"]["index_within_correlation"].as_f64().unwrap();
    assert!(correlation(&noisy) < correlation(&plain) - 0.1, "{} {}", correlation(&noisy), correlation(&plain));
    assert_eq!(plain.cities.numbers("patents").unwrap(), noisy.cities.numbers("patents").unwrap());
    // Outliers are those city-years alone, by their factor.
    let (a, b) = (plain.cities.numbers("patents").unwrap(), outliers.cities.numbers("patents").unwrap());
    let moved = a.iter().zip(b).filter(|(a, b)| a != b).count();
    assert!(a.iter().zip(b).all(|(a, b)| a == b || 4.0 * a == *b) && (30..100).contains(&moved), "{moved}");
    let staggered = of(Scenario::Staggered);
    let by = &staggered.truth["did"]["att_digital_by_cohort"];
    assert!(by["2013"].as_f64().unwrap() > 2.0 * by["2019"].as_f64().unwrap(), "{by}");
    let mut starts: Vec<f64> = staggered.cities.numbers("pilot_year").unwrap().to_vec();
    starts.sort_by(f64::total_cmp);
    starts.dedup();
    assert_eq!(starts, [0.0, 2013.0, 2014.0, 2015.0, 2016.0, 2017.0, 2018.0, 2019.0]);
    let spillovers = of(Scenario::Spillovers);
    assert!(plain.truth["did"]["spilled_over"].is_null());
    assert!(spillovers.truth["did"]["spilled_over"].as_f64().unwrap() > 0.05);
    assert_eq!(spillovers.truth["did"]["att_digital"], plain.truth["did"]["att_digital"]);
}
