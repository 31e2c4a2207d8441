//! Weights of the multiplier model.

use super::data::{options, random};
use plim_golden::close;
use plim_stats::frontier::dea::{Dea, Orientation, Rts, Units, dea};

/// Strong duality, and no unit above the line that the weights draw.
#[test]
fn weights_prove_the_score() {
    let (X, Y) = random(61, 50, 3, 2);
    let units = Units::new(&X, &Y).unwrap();
    for orientation in [Orientation::Input, Orientation::Output] {
        for rts in [Rts::Vrs, Rts::Crs, Rts::Nirs, Rts::Ndrs] {
            let o = Dea { multipliers: true, ..options(&X, &Y, rts, orientation) };
            let result = dea(&units, &o).unwrap();
            assert!(result.notes.iter().any(|n| n.contains("one optimal choice")));
            for (i, unit) in result.units.iter().enumerate() {
                let w = unit.multipliers.as_ref().unwrap();
                assert!(w.weights.iter().all(|&w| w >= -1e-12));
                let used = |j: usize| (0..3).map(|k| w.weights[k] * X[(j, k)]).sum::<f64>();
                let made = |j: usize| (0..2).map(|r| w.weights[3 + r] * Y[(j, r)]).sum::<f64>();
                let (norm, score) = match orientation {
                    Orientation::Input => (used(i), made(i) + w.scale),
                    _ => (made(i), used(i) + w.scale),
                };
                close(norm, 1.0, 1e-9, "normalization");
                close(score, unit.score.unwrap(), 1e-9, "score");
                let input = orientation == Orientation::Input;
                let gain = |j: usize| if input { made(j) + w.scale - used(j) } else { made(j) - used(j) - w.scale };
                assert!((0..50).all(|j| gain(j) <= 1e-9), "{orientation:?} {rts:?} {i}");
                let sign = if input { w.scale } else { -w.scale };
                match rts {
                    Rts::Crs => assert_eq!(w.scale, 0.0),
                    Rts::Nirs => assert!(sign <= 1e-12),
                    Rts::Ndrs => assert!(sign >= -1e-12),
                    _ => {}
                }
            }
        }
    }
}

#[test]
fn the_free_disposal_hull_has_no_weights() {
    let (X, Y) = random(62, 10, 1, 1);
    let o = Dea { multipliers: true, ..options(&X, &Y, Rts::Fdh, Orientation::Input) };
    assert!(dea(&Units::new(&X, &Y).unwrap(), &o).unwrap_err().to_string().contains("`multipliers`"));
}
