//! The options of the measures as a study file and the help see them.

use plim_stats::index::{Critic, Entropy, Index, NormalizeScope, Pca, Sensitivity, Topsis, WeightedIndex};
use plim_stats::trade::resilience::{Form, Nation};
use plim_stats::trade::{
    Complexity, Concentration, Exposure, Expy, Inertia, Margins, MarketNetwork, Resilience, Variety,
};
use schemars::{JsonSchema, schema_for};
use serde::de::DeserializeOwned;
use serde::de::value::{Error, MapDeserializer};

fn read<T: DeserializeOwned>(options: &[(&str, &str)]) -> Result<T, Error> {
    T::deserialize(MapDeserializer::new(options.iter().copied()))
}

#[test]
fn words_of_the_contract_are_read() {
    let o: Entropy = read(&[
        ("normalize_scope", "base:2013"),
        ("share_scope", "year"),
        ("zeros", "affine_low:0.01"),
        ("score", "share"),
        ("constant", "drop"),
    ])
    .unwrap();
    assert_eq!(o.normalize_scope, NormalizeScope::Base(2013));
    let o: Resilience = read(&[("form", "window"), ("nation", "leave_one_out")]).unwrap();
    assert_eq!((o.form, o.nation), (Form::Window, Nation::LeaveOneOut));
    let o: Complexity =
        read(&[("rca_threshold", ">1"), ("pci_scale", "mean_eci"), ("density_diagonal", "zero")]).unwrap();
    assert!(o.rca_threshold.strict);
    assert_eq!(read::<Complexity>(&[]).unwrap(), Complexity::default());
}

#[test]
fn unknown_options_and_words_are_refused() {
    assert!(read::<Entropy>(&[("normalise_scope", "year")]).unwrap_err().to_string().contains("normalize_scope"));
    assert!(read::<Entropy>(&[("zeros", "shift")]).unwrap_err().to_string().contains("affine:A"));
    assert!(read::<Resilience>(&[("form", "kalman")]).unwrap_err().to_string().contains("asinh"));
    assert!(read::<Complexity>(&[("rca_threshold", "<1")]).unwrap_err().to_string().contains(">=1"));
}

#[test]
fn every_option_has_a_description() {
    fn described<T: JsonSchema>(options: &[&str]) {
        let schema = schema_for!(T);
        let properties = schema.get("properties").and_then(|p| p.as_object()).expect("properties");
        let mut names: Vec<&str> = properties.keys().map(String::as_str).collect();
        let mut wanted = options.to_vec();
        // Options shared by several methods stand before or after their own.
        names.sort_unstable();
        wanted.sort_unstable();
        assert_eq!(names, wanted, "{}", T::schema_name());
        let definitions = schema.get("$defs");
        for (name, property) in properties {
            assert!(property["description"].as_str().is_some_and(|d| d.len() > 10), "{name}: {property}");
            // What is written as one word is text to the command line, not an object.
            if let Some(target) = property["$ref"].as_str() {
                let word = target.rsplit('/').next().expect("a name");
                let definition = &definitions.expect("definitions")[word];
                assert!(definition["properties"].is_null(), "{name}: {definition}");
            }
        }
    }
    described::<Entropy>(&[
        "indicators",
        "negative",
        "direction",
        "normalize_scope",
        "share_scope",
        "zeros",
        "score",
        "replicate",
        "constant",
    ]);
    let basis = ["indicators", "negative", "direction", "normalize", "normalize_scope", "goalposts", "constant"];
    let weighting = [
        "method",
        "weights",
        "correlation",
        "components",
        "pairwise",
        "nonnegative",
        "assurance",
        "combine",
        "combination",
    ];
    let with = |own: &[&'static str], weighed: bool| {
        let parts = if weighed { weighting.as_slice() } else { &[] };
        [&basis[..], parts, own].concat()
    };
    described::<Critic>(&with(&["correlation", "weight_scope"], false));
    described::<Pca>(&with(&["form", "components"], false));
    described::<Topsis>(&with(&["weight_normalize", "weight_scope"], true));
    described::<WeightedIndex>(&with(&["weight_scope", "replications", "level"], true));
    let own = [
        "indicator_sheet",
        "preset",
        "weight_scope",
        "weight_level",
        "impute",
        "impute_group",
        "treat",
        "skewness",
        "kurtosis",
        "winsorize_max",
        "scale",
        "dimensions",
        "aggregate",
        "power",
        "frozen",
    ];
    described::<Index>(&with(&own, true));
    let alternatives = [
        "normalizations",
        "conventions",
        "aggregations",
        "treatments",
        "exclude",
        "resample",
        "noise",
        "runs",
        "replications",
        "level",
        "top",
        "certain",
        "matrices",
    ];
    described::<Sensitivity>(&with(&[&own[..], &alternatives].concat(), true));
    described::<Resilience>(&[
        "value",
        "form",
        "nation",
        "leave_one_out",
        "group",
        "product",
        "market",
        "columns",
        "resistance",
        "recovery",
        "lambda",
        "span",
        "horizon",
        "lags",
    ]);
    described::<Concentration>(&["product", "market", "value", "columns", "universe"]);
    described::<Inertia>(&["product", "market", "value", "columns"]);
    described::<Expy>(&[
        "product",
        "value",
        "income",
        "income_column",
        "leave_one_out",
        "base_year",
        "quantity",
        "theta",
    ]);
    described::<Complexity>(&[
        "product",
        "value",
        "rca_threshold",
        "min_exports",
        "presence",
        "population",
        "components",
        "method",
        "iterations",
        "stable",
        "sign",
        "pci",
        "pci_column",
        "pci_scale",
        "standardize",
        "density_diagonal",
        "cells",
        "proximity",
        "replications",
        "resample",
    ]);
    described::<Variety>(&["product", "market", "value", "columns", "sector", "prefix"]);
    described::<Margins>(&["product", "market", "value", "columns", "variety", "reference", "world", "world_column"]);
    described::<Exposure>(&[
        "product",
        "market",
        "value",
        "markets",
        "members",
        "member_from",
        "member_to",
        "risk_column",
        "risk",
        "risk_top",
        "tariff_column",
        "tariff",
        "shock_column",
        "shock",
        "shock_by",
        "covariance",
        "base_years",
    ]);
    described::<MarketNetwork>(&["product", "market", "value", "graph", "links", "betweenness"]);
}
