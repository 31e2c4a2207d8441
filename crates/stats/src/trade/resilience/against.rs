//! The growth expected of a unit: that of the nation, of its group, or of its own products and markets.

use super::growth::{Span, growth};
use crate::Factor;
use crate::trade::mix::Mix;
use crate::trade::rounding::settled;
use crate::trade::sums_without_each;

/// Against whom a unit is measured, with the data that it takes.
#[derive(Debug, Clone)]
pub enum Against<'a> {
    /// All units, itself included.
    All,
    /// All units, each counted by a weight.
    Weighted {
        /// Weight of each row.
        w: &'a [f64],
    },
    /// All other units.
    Others,
    /// The units of its group.
    Group {
        /// Group of each row; a code that is no level means that the row has none.
        group: &'a Factor,
    },
    /// Its products or markets.
    Mix {
        /// The cells behind each row.
        mix: &'a Mix<'a>,
    },
}

impl Mix<'_> {
    /// Σ_k g_k x_ik0 / x_i0 of each pair, g_k over the units of the span; NaN where a cell has no growth.
    fn expected(&self, span: &Span, x0: &[f64], leave_one_out: bool) -> Vec<f64> {
        let held = self.changes(&span.pairs);
        // The sum, the sizes of its terms and of what they are differences of, and their number.
        let mut change = vec![(0.0, 0.0, span.pairs.len()); x0.len()];
        for cells in held.chunk_by(|a, b| a.key == b.key) {
            let (a, b): (Vec<f64>, Vec<f64>) = cells.iter().map(|c| (c.x0, c.x1)).unzip();
            let all = growth(b.iter().sum(), a.iter().sum(), cells.len());
            let g: Vec<f64> = match leave_one_out {
                false => vec![all; cells.len()],
                true => others(&a, &b),
            };
            // A cell that is new to the unit is not expected of it, whatever its growth elsewhere.
            for (cell, g) in cells.iter().zip(g).filter(|(cell, _)| cell.x0 > 0.0) {
                let (sum, size, terms) = &mut change[cell.pair];
                *sum += cell.x0 * g;
                *size += cell.x0 * (g + 2.0);
                *terms += 1;
            }
        }
        let share = |((sum, size, terms), &x): ((f64, f64, usize), &f64)| settled(sum, size, terms) / x;
        change.into_iter().zip(x0).map(|of| if *of.1 > 0.0 { share(of) } else { f64::NAN }).collect()
    }
}

/// Growth of the sum of all others, for each.
fn others(x0: &[f64], x1: &[f64]) -> Vec<f64> {
    let n = x0.len();
    sums_without_each(x1).into_iter().zip(sums_without_each(x0)).map(|(b, a)| growth(b, a, n)).collect()
}

impl Against<'_> {
    /// Growth expected of each pair of the span, with their values; NaN where there is none.
    pub(super) fn expected(&self, span: &Span, x0: &[f64], x1: &[f64], leave_one_out: bool) -> Vec<f64> {
        match self {
            Against::All => vec![growth(x1.iter().sum(), x0.iter().sum(), x0.len()); x0.len()],
            Against::Weighted { w } => {
                let sum = |x: &[f64]| span.pairs.iter().zip(x).map(|(&(first, _), x)| w[first] * x).sum();
                vec![growth(sum(x1), sum(x0), x0.len()); x0.len()]
            }
            Against::Others => others(x0, x1),
            Against::Mix { mix } => mix.expected(span, x0, leave_one_out),
            Against::Group { group } => {
                let mut members: Vec<Vec<usize>> = vec![Vec::new(); group.levels as usize];
                for (i, &(first, _)) in span.pairs.iter().enumerate() {
                    if let Some(members) = members.get_mut(group.codes[first] as usize) {
                        members.push(i);
                    }
                }
                let mut expected = vec![f64::NAN; x0.len()];
                for members in members {
                    let pick = |x: &[f64]| members.iter().map(|&i| x[i]).collect::<Vec<f64>>();
                    let (a, b) = (pick(x0), pick(x1));
                    let g = match leave_one_out {
                        true => others(&a, &b),
                        false => vec![growth(b.iter().sum(), a.iter().sum(), a.len()); a.len()],
                    };
                    members.iter().zip(g).for_each(|(&i, g)| expected[i] = g);
                }
                expected
            }
        }
    }

    /// Whether the row has no group, though one is asked for.
    pub(super) fn ungrouped(&self, row: usize) -> bool {
        matches!(self, Against::Group { group } if group.codes[row] >= group.levels)
    }
}
