//! Fixed effects as dummies, for estimators that cannot absorb them.

use crate::math::orthonormal::Orthonormal;
use crate::{Error, Factor, Result};

/// Most levels that effects may have together to enter as dummies. Beyond, nonlinear estimators of the slopes suffer
/// from the incidental parameters, and the dense problem from its size.
pub const MOST_LEVELS: usize = 120;

/// Independent dummies (each n) that span the effects, the constant included; none without effects.
///
/// `way_out` says what to do when there are too many levels.
pub fn dummies(fe: &[Factor], way_out: &str) -> Result<Vec<Vec<f64>>> {
    let levels: usize = fe.iter().map(|f| f.levels as usize).sum();
    if levels > MOST_LEVELS {
        let names: Vec<&str> = fe.iter().map(|f| f.name.as_str()).collect();
        return Err(Error::invalid(
            format!("the effects have {levels} levels, and this estimator takes at most {MOST_LEVELS}, as dummies"),
            way_out,
        )
        .at_column(names.join("`, `")));
    }
    let one = |f: &Factor, level: u32| f.codes.iter().map(|&c| f64::from(u8::from(c == level))).collect::<Vec<f64>>();
    let all: Vec<Vec<f64>> = fe.iter().flat_map(|f| (0..f.levels).map(move |l| one(f, l))).collect();
    let kept = Orthonormal::new(&all).kept;
    Ok(all.into_iter().enumerate().filter(|(j, _)| kept.binary_search(j).is_ok()).map(|(_, d)| d).collect())
}
