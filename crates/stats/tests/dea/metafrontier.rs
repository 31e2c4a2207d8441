//! Efficiency against all and within groups.

use super::data::{columns, efficiencies, options, random, same};
use plim_golden::close;
use plim_stats::frontier::dea::{Dea, DeaModel, Direction, Orientation, Rts, Units, dea};
use plim_stats::math::Mat;

/// By hand, constant returns: productivities 1, 2 | 4, 3; the best of all makes 4.
#[test]
fn gap_by_hand() {
    let (X, Y) = (columns(&[vec![1.0; 4]]), columns(&[vec![1.0, 2.0, 4.0, 3.0]]));
    let units = Units::new(&X, &Y).unwrap().with_groups(&[7, 7, 2, 2]).unwrap();
    let o = Dea { group: Some("region".into()), ..options(&X, &Y, Rts::Crs, Orientation::Input) };
    let result = dea(&units, &o).unwrap();
    let gaps: Vec<f64> = result.units.iter().map(|u| u.technology_gap_ratio.unwrap()).collect();
    let within: Vec<f64> = result.units.iter().map(|u| u.group_efficiency.unwrap()).collect();
    same(&efficiencies(&result), &[0.25, 0.5, 1.0, 0.75], 1e-12, "all");
    same(&within, &[0.5, 1.0, 1.0, 0.75], 1e-12, "own group");
    same(&gaps, &[0.5, 0.5, 1.0, 1.0], 1e-12, "gap");
    assert!(result.notes.iter().any(|n| n.starts_with("2 groups have few units")), "{:?}", result.notes);
}

#[test]
fn a_group_is_never_ahead_of_all_and_one_group_is_all() {
    let (X, Y) = random(71, 60, 2, 2);
    let prices = Mat::from_fn(60, 2, |i, j| 1.0 + ((i + j) % 3) as f64);
    let plain = Units::new(&X, &Y).unwrap();
    let groups: Vec<u32> = (0..60).map(|i| i % 3).collect();
    for rts in [Rts::Vrs, Rts::Crs, Rts::Fdh] {
        for (model, names) in [(DeaModel::Radial, 0), (DeaModel::Cost, 2)] {
            let prices_named = (0..names).map(|j| format!("p{j}")).collect();
            let o = Dea {
                model,
                prices: prices_named,
                group: Some("g".into()),
                ..options(&X, &Y, rts, Orientation::Input)
            };
            let units = if names > 0 { plain.clone().with_prices(&prices).unwrap() } else { plain.clone() };
            let result = dea(&units.clone().with_groups(&groups).unwrap(), &o).unwrap();
            assert!(result.units.iter().all(|u| u.technology_gap_ratio.unwrap() <= 1.0));
            assert!(result.units.iter().any(|u| u.technology_gap_ratio.unwrap() < 0.95));
            // The group's own run.
            let first: Vec<usize> = (0..60).step_by(3).collect();
            let alone = dea(&units.select(&first), &Dea { group: None, ..o.clone() }).unwrap();
            for (unit, &i) in alone.units.iter().zip(&first) {
                close(result.units[i].group_efficiency.unwrap(), unit.efficiency.unwrap(), 1e-12, "group");
            }
            let one = dea(&units.with_groups(&[0; 60]).unwrap(), &o).unwrap();
            assert!(one.units.iter().all(|u| u.technology_gap_ratio == Some(1.0)));
        }
    }
}

#[test]
fn a_ratio_needs_groups_and_a_ratio_scale() {
    let (X, Y) = random(72, 12, 1, 1);
    let units = Units::new(&X, &Y).unwrap();
    let o = Dea { group: Some("g".into()), ..options(&X, &Y, Rts::Vrs, Orientation::Input) };
    assert!(dea(&units, &o).is_err(), "no groups given");
    assert!(units.clone().with_groups(&[0; 3]).is_err());
    let units = units.with_groups(&[0; 12]).unwrap().with_prices(&Mat::from_fn(12, 2, |_, _| 1.0)).unwrap();
    let ram = Dea { model: DeaModel::Ram, ..o.clone() };
    assert!(dea(&units, &ram).unwrap_err().to_string().contains("its own ranges"));
    let range = Dea { model: DeaModel::Directional, direction: Direction::Range, ..o.clone() };
    assert!(dea(&units, &range).unwrap_err().to_string().contains("its own ranges"));
    let profit = Dea { model: DeaModel::Profit, prices: vec!["w".into(), "p".into()], ..o };
    assert!(dea(&units, &profit).unwrap_err().to_string().contains("may be negative"));
}
