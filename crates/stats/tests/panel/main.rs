//! Panel classics and dynamic GMM: published vectors, identities, refusals.

mod classics;
#[path = "../regression/data.rs"]
#[allow(dead_code)]
mod data;
mod dynamic;

use data::Data;
use plim_stats::{Design, PanelKeys};

/// `y ~ x` with the panel keys `i` and `t`, on the rows where nothing is missing.
fn design(data: &Data, y: &str, x: &[&str]) -> Design {
    let mut design = data.design(y, x, &[], &["i"], None);
    let time = data.get("t");
    design.panel = Some(PanelKeys {
        unit: data.factor("i", &design.rows),
        time: design.rows.iter().map(|&r| time[r] as i64).collect(),
    });
    design
}

/// The panel of 48 rows with holes: units of 6, 5, 4 … observations, some of them with gaps.
fn unbalanced() -> Data {
    data::panel48().filter(|r| !matches!(r, 7 | 13 | 16 | 20 | 21 | 29 | 33 | 34 | 35))
}
