//! Peaks and troughs of a path of years.

/// A turn of a path.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Turn {
    /// Position in the path.
    pub at: usize,
    /// A peak; else a trough.
    pub peak: bool,
    /// Whether the path moved away from it as far as is asked; false only for a last trough.
    pub confirmed: bool,
}

/// Turns of a path `x` of values of zero or more, peaks and troughs alternating, and whether it begins with a fall
/// from a peak that is not seen.
///
/// A peak is left behind when x falls to (1 - `depth`) of it at least, a trough when x rises by `depth` of it. After a
/// last peak that is left behind, the lowest value is a trough that is not confirmed. Phases of fewer than `phase`
/// steps are taken out afterwards, the shortest first, so that every peak is above its troughs.
///
/// ```
/// use plim_stats::trade::episodes::turns;
/// let (found, _) = turns(&[100.0, 110.0, 104.0, 98.0, 108.0, 125.0], 0.0, 1);
/// assert_eq!(found.iter().map(|t| (t.at, t.peak)).collect::<Vec<_>>(), [(1, true), (3, false)]);
/// ```
pub fn turns(x: &[f64], depth: f64, phase: usize) -> (Vec<Turn>, bool) {
    let mut out: Vec<Turn> = Vec::new();
    let Some(&first) = x.first() else { return (out, false) };
    let (mut rising, mut left) = (true, false);
    // The highest or lowest place since the last turn, and the lowest value so far.
    let (mut best, mut least) = (0, first);
    for t in 1..x.len() {
        let (v, b) = (x[t], x[best]);
        let away = match rising {
            true => v < b && v <= b * (1.0 - depth),
            false => v > b && v >= b * (1.0 + depth),
        };
        if away {
            // A fall from the very start has no peak: nothing was below it.
            match rising && least >= b {
                true => left = true,
                false => out.push(Turn { at: best, peak: rising, confirmed: true }),
            }
            (rising, best) = (!rising, t);
        } else if (rising && v >= b) || (!rising && v <= b) {
            best = t;
        }
        least = least.min(v);
    }
    if !rising && out.last().is_some_and(|t| t.peak) {
        out.push(Turn { at: best, peak: false, confirmed: false });
    }
    merge_short(&mut out, x, phase);
    (out, left)
}

/// Takes out phases shorter than `phase`, the shortest and earliest first.
fn merge_short(turns: &mut Vec<Turn>, x: &[f64], phase: usize) {
    loop {
        let length = |i: &usize| turns[i + 1].at - turns[*i].at;
        let Some(i) = (0..turns.len().saturating_sub(1)).filter(|i| length(i) < phase).min_by_key(length) else {
            return;
        };
        // The turn that goes with one of the two: the neighbour of its kind that is less extreme.
        let beats = |a: usize, b: usize| match turns[a].peak {
            true => x[turns[a].at] > x[turns[b].at],
            false => x[turns[a].at] < x[turns[b].at],
        };
        let from = if i + 2 < turns.len() && beats(i, i + 2) {
            i + 1
        } else if i >= 1 && beats(i + 1, i - 1) {
            i - 1
        } else {
            i
        };
        turns.drain(from..from + 2);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: &[f64], depth: f64, phase: usize) -> Vec<(usize, bool)> {
        turns(x, depth, phase).0.iter().map(|t| (t.at, t.peak)).collect()
    }

    #[test]
    fn small_dips_are_part_of_the_expansion() {
        let x = [10.0, 12.0, 11.9, 14.0, 7.0, 9.0];
        assert_eq!(at(&x, 0.0, 1), [(1, true), (2, false), (3, true), (4, false)]);
        assert_eq!(at(&x, 0.05, 1), [(3, true), (4, false)]);
    }

    #[test]
    fn plateaus_turn_at_their_last_year_and_ends_are_told() {
        assert_eq!(at(&[1.0, 3.0, 3.0, 2.0, 2.0, 4.0], 0.0, 1), [(2, true), (4, false)]);
        let (none, left) = turns(&[5.0, 5.0, 4.0, 6.0], 0.0, 1);
        assert!(left && none == [Turn { at: 2, peak: false, confirmed: true }], "{none:?}");
        let (falling, _) = turns(&[1.0, 5.0, 4.0, 3.0], 0.0, 1);
        assert_eq!(falling[1], Turn { at: 3, peak: false, confirmed: false });
        assert_eq!(at(&[1.0, 2.0, 3.0], 0.0, 1), []);
        assert_eq!(at(&[2.0; 4], 0.0, 1), []);
        assert_eq!(turns(&[], 0.0, 1), (Vec::new(), false));
    }

    #[test]
    fn short_phases_are_merged_and_peaks_stay_on_top() {
        // A one-year rebound inside a long fall.
        let x = [5.0, 10.0, 7.0, 8.0, 4.0, 3.0, 6.0, 12.0, 13.0];
        assert_eq!(at(&x, 0.0, 1), [(1, true), (2, false), (3, true), (5, false)]);
        assert_eq!(at(&x, 0.0, 2), [(1, true), (5, false)]);
    }
}
