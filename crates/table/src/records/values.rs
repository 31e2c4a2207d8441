//! Values of the records, the sum of one or more columns.

use super::{Counts, Negative};
use crate::{Result, Table};

/// Values of the rows, of which those without one go.
///
/// Each part of a sum answers for itself: a fall in inventories must not be set off against sales. A part that is
/// missing beside others is zero, for input-output tables leave out the flows that are not there.
pub(super) fn values(
    table: &Table,
    names: &[String],
    negative: Negative,
    scale: f64,
    rows: &mut Vec<usize>,
    counts: &mut Counts,
) -> Result<Vec<f64>> {
    let parts: Vec<(&String, &[f64])> =
        names.iter().map(|name| Ok((name, table.numbers(name)?))).collect::<Result<_>>()?;
    if negative == Negative::Refuse {
        for (name, part) in &parts {
            let below: Vec<usize> = rows.iter().copied().filter(|&i| part[i] < 0.0).collect();
            if !below.is_empty() {
                let remedy = "correct it, or set `negative` to zero or drop";
                return Err(table.content(Some(name), below, "a trade value is negative", remedy));
            }
        }
    }
    rows.retain(|&i| {
        if parts.iter().all(|(_, part)| part[i].is_nan()) {
            counts.add("records without a value left out");
            return false;
        }
        let drop = negative == Negative::Drop && parts.iter().any(|(_, part)| part[i] < 0.0);
        if drop {
            counts.add("records with a negative value left out");
        }
        !drop
    });
    let mut value = |&i: &usize| {
        let part = |(name, part): &(&String, &[f64])| match part[i] {
            v if v.is_nan() => {
                counts.add(format!("missing values of `{name}` beside others taken for zero"));
                0.0
            }
            v if v < 0.0 => {
                counts.add("negative values set to zero");
                0.0
            }
            v => v,
        };
        parts.iter().map(part).sum::<f64>() * scale
    };
    let values: Vec<f64> = rows.iter().map(&mut value).collect();
    match values.iter().position(|v| !v.is_finite()) {
        Some(at) => Err(table.content(Some(&names[0]), vec![rows[at]], "this value is too large", "check its unit")),
        None => Ok(values),
    }
}
