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
/// The falls are found from the highest year down. In a stretch of years p is the highest and q the lowest after it
/// (the last of equals). If q lies `phase` years off at least, and `depth` of x_p below it, then p is a peak and q its
/// trough: one contraction, or two where a rise inside of it is as long and as large, and leaves a fall on both sides
/// that is. What lies before p, and what lies after q, are stretches of their own. After a trough the next peak comes
/// `phase` years later at least, `depth` above it, unless it regains the peak before.
///
/// So no year from a peak to its trough is higher or lower than the two; no year is lower than the trough until the
/// old peak is regained or the next peak is there; and none is higher than the peak since x was last below the trough.
///
/// A fall from the first year is of unknown length, and has no peak; a fall at the end counts once it is long enough.
///
/// ```
/// use plim_stats::trade::episodes::turns;
/// let (found, _) = turns(&[100.0, 110.0, 104.0, 98.0, 108.0, 125.0], 0.0, 1);
/// assert_eq!(found.iter().map(|t| (t.at, t.peak)).collect::<Vec<_>>(), [(1, true), (3, false)]);
/// ```
pub fn turns(x: &[f64], depth: f64, phase: usize) -> (Vec<Turn>, bool) {
    let rule = Rule { x, depth, phase };
    let mut falls: Vec<Fall> = Vec::new();
    // Stretches from a year to before another, and the last fall that counts before them, if they rise from its trough.
    let mut stretches: Vec<(usize, usize, Option<Fall>)> = vec![(0, x.len(), None)];
    while let Some((start, mut end, after)) = stretches.pop() {
        let highest = running(start..end, |t, best| x[t] >= x[best]);
        while end > start {
            let peak = highest[end - 1 - start];
            let trough = (peak..end).fold(peak, |best, t| if x[t] <= x[best] { t } else { best });
            let fall = Fall { peak, trough, seen: start > 0 || rule.seen(peak) };
            let counts = rule.counts(fall) && after.is_none_or(|last| rule.follows(peak, last));
            let parts = if counts { rule.split(fall) } else { Vec::new() };
            stretches.extend(parts.windows(2).map(|two| (two[0].trough, two[1].peak, Some(two[0]))));
            if trough > peak {
                stretches.push((trough, end, parts.last().copied().or(after)));
            }
            falls.extend(parts);
            end = peak;
        }
    }
    falls.sort_by_key(|fall| fall.peak);
    let mut out = Vec::with_capacity(2 * falls.len());
    for &fall in &falls {
        let confirmed = rule.confirmed(fall);
        if fall.seen {
            out.push(Turn { at: fall.peak, peak: true, confirmed: true });
        }
        if fall.seen || confirmed {
            out.push(Turn { at: fall.trough, peak: false, confirmed });
        }
    }
    (out, falls.first().is_some_and(|fall| !fall.seen))
}

/// A fall from the highest to the lowest of its years.
#[derive(Debug, Clone, Copy)]
struct Fall {
    peak: usize,
    trough: usize,
    /// Whether the path was seen to rise to the peak.
    seen: bool,
}

/// The path, and which moves of it count.
struct Rule<'a> {
    x: &'a [f64],
    depth: f64,
    phase: usize,
}

impl Rule<'_> {
    fn deep(&self, p: usize, q: usize) -> bool {
        self.x[q] < self.x[p] && self.x[q] <= self.x[p] * (1.0 - self.depth)
    }

    fn rises(&self, q: usize, p: usize) -> bool {
        let [low, high] = [self.x[q], self.x[p]];
        p - q >= self.phase && high > low && high >= low * (1.0 + self.depth)
    }

    fn counts(&self, fall: Fall) -> bool {
        // How long a fall from the first year has lasted is not known: it is not short.
        (!fall.seen || fall.trough - fall.peak >= self.phase) && self.deep(fall.peak, fall.trough)
    }

    /// Whether the peak comes late enough after a fall, or regains the peak of it.
    fn follows(&self, peak: usize, last: Fall) -> bool {
        self.x[peak] >= self.x[last.peak] || self.rises(last.trough, peak)
    }

    /// Whether the highest year so far is above the first, or comes after a fall.
    fn seen(&self, peak: usize) -> bool {
        self.x[peak] > self.x[0] || (0..peak).any(|t| self.deep(peak, t))
    }

    /// Whether the old peak is regained, or a rise that counts follows.
    fn confirmed(&self, fall: Fall) -> bool {
        (fall.trough + 1..self.x.len()).any(|t| self.x[t] >= self.x[fall.peak] || self.rises(fall.trough, t))
    }

    /// The falls that a fall consists of, in order: it is taken apart at its largest rise that counts, and so are they.
    fn split(&self, fall: Fall) -> Vec<Fall> {
        let (mut whole, mut parts) = (vec![fall], Vec::new());
        while let Some(fall) = whole.pop() {
            let Some((low, high)) = self.largest_rise(fall) else {
                parts.push(fall);
                continue;
            };
            whole.push(Fall { peak: high, seen: true, ..fall });
            whole.push(Fall { trough: low, ..fall });
        }
        parts
    }

    /// The largest rise that counts between two falls that do: its first and its last year.
    fn largest_rise(&self, fall: Fall) -> Option<(usize, usize)> {
        let Fall { peak, trough, seen } = fall;
        let x = self.x;
        let later = running((peak..trough).rev(), |t, best| x[t] > x[best]);
        // The lowest year so far, and the highest since.
        let (mut low, mut high) = (peak, peak);
        let mut largest: Option<(usize, usize)> = None;
        for t in peak..trough {
            if x[t] <= x[low] {
                (low, high) = (t, t);
            } else if x[t] >= x[high] {
                high = t;
            }
            let counts = high == t
                && later[trough - 1 - t] == t
                && self.rises(low, t)
                && self.counts(Fall { peak, trough: low, seen })
                && self.counts(Fall { peak: t, trough, seen: true });
            if counts && largest.is_none_or(|(q, p)| x[t] - x[low] > x[p] - x[q]) {
                largest = Some((low, t));
            }
        }
        largest
    }
}

/// The best of the places so far, at each of them: `t` becomes it where `beats(t, best)`.
fn running(places: impl Iterator<Item = usize>, beats: impl Fn(usize, usize) -> bool) -> Vec<usize> {
    let mut best = None;
    let mut next = |t| *best.insert(best.filter(|&held| !beats(t, held)).unwrap_or(t));
    places.map(&mut next).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::rng::Stream;

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
    fn a_short_rebound_is_part_of_the_fall() {
        let x = [5.0, 10.0, 7.0, 8.0, 4.0, 3.0, 6.0, 12.0, 13.0];
        assert_eq!(at(&x, 0.0, 1), [(1, true), (2, false), (3, true), (5, false)]);
        assert_eq!(at(&x, 0.0, 2), [(1, true), (5, false)]);
        // One that lasts parts it in two, also after a fall whose peak is not seen.
        let x = [12.0, 9.0, 10.0, 11.0, 8.0, 7.0];
        assert_eq!(at(&x, 0.0, 2), [(1, false), (3, true), (5, false)]);
        // A short one is no peak, though it is above a later one that is far enough.
        let x = [5.0, 10.0, 8.0, 5.0, 8.0, 6.0, 7.0, 6.0, 4.0];
        assert_eq!(at(&x, 0.0, 2), [(1, true), (8, false)]);
    }

    #[test]
    fn long_falls_survive_short_phases_beside_them() {
        for last in [15.0, 11.0] {
            let x = [13.0, 11.0, 28.0, 23.0, 12.0, 1.0, 4.0, 13.0, 14.0, last];
            assert_eq!(at(&x, 0.0, 2), [(1, false), (2, true), (5, false)]);
        }
        let x = [50.0, 60.0, 100.0, 90.0, 80.0, 70.0, 120.0, 60.0, 130.0, 140.0];
        assert_eq!(at(&x, 0.0, 2), [(2, true), (5, false)]);
        // 80 regains 69, the peak before it, in one year, though not the 89 at the top.
        let x = [66.0, 89.0, 68.0, 21.0, 45.0, 69.0, 31.0, 68.0, 16.0, 80.0, 76.0, 52.0];
        assert_eq!(at(&x, 0.0, 2).iter().map(|t| t.0).collect::<Vec<_>>(), [1, 3, 5, 8, 9, 11]);
        // From 29 to its lowest, 5, it is one year.
        assert_eq!(at(&[7.0, 13.0, 26.0, 29.0, 5.0, 17.0, 23.0, 8.0], 0.0, 2), []);
        // A fall that is one year old at the end may yet become long.
        assert_eq!(at(&[1.0, 2.0, 3.0, 2.0], 0.0, 2), []);
    }

    #[test]
    fn the_first_year_is_no_peak_however_deep_falls_must_be() {
        for x in [[100.0, 90.0, 50.0, 60.0, 60.0], [100.0, 90.0, 95.0, 50.0, 110.0], [100.0, 90.0, 100.0, 50.0, 70.0]] {
            let (found, left) = turns(&x, 0.2, 1);
            assert!(left && found.iter().all(|t| !t.peak), "{x:?} {found:?}");
        }
        let (found, left) = turns(&[100.0, 90.0, 101.0, 50.0], 0.2, 1);
        assert!(!left && found[0].at == 2, "{found:?}");
    }

    /// Paths of a few whole numbers, so that there are ties too.
    fn paths() -> impl Iterator<Item = (Vec<f64>, f64, usize)> {
        (0..4000).map(|i| {
            let mut draw = Stream::new(11, i);
            let length = 1 + draw.below(24);
            let most = [4, 12, 1000][draw.below(3)];
            let x = (0..length).map(|_| draw.below(most) as f64).collect();
            (x, [0.0, 0.2][draw.below(2)], 1 + draw.below(4))
        })
    }

    #[test]
    fn turns_keep_what_is_said_of_them() {
        for (x, depth, phase) in paths() {
            let (found, left) = turns(&x, depth, phase);
            let context = format!("{x:?} {depth} {phase}: {found:?} {left}");
            assert!(found.windows(2).all(|w| w[0].at < w[1].at && w[0].peak != w[1].peak), "{context}");
            let last = found.len().saturating_sub(1);
            assert!(found.iter().enumerate().all(|(i, t)| t.confirmed || (i == last && !t.peak)), "{context}");
            for (i, p) in found.iter().enumerate().filter(|(_, t)| t.peak) {
                let q = found[i + 1].at;
                let (high, low) = (x[p.at], x[q]);
                assert!(q - p.at >= phase && low < high && low <= high * (1.0 - depth), "{context}");
                assert!(x[p.at..=q].iter().all(|&v| low <= v && v <= high), "{context}");
                // The trough is the lowest until the old peak is regained or the next peak is there.
                let next = found.get(i + 2).map_or(x.len(), |t| t.at);
                let regained = (q..x.len()).find(|&t| x[t] >= high);
                assert!(x[q..next.min(regained.unwrap_or(next))].iter().all(|&v| v >= low), "{context}");
                // A rise to the next peak is long, or regains the old one.
                let risen = next - q >= phase && next < x.len() && x[next] >= low * (1.0 + depth);
                assert!(next == x.len() || risen || regained.is_some_and(|r| r <= next), "{context}");
                // The peak is the highest since x was last below the trough.
                let since = (0..p.at).rev().find(|&t| x[t] < low).map_or(0, |t| t + 1);
                let before = i.checked_sub(1).map_or(0, |i| found[i].at);
                assert!(x[since.max(before)..p.at].iter().all(|&v| v <= high), "{context}");
            }
            // No long fall from the highest year of all is lost.
            let top = x.iter().copied().fold(f64::MIN, f64::max);
            let at: Vec<usize> = (0..x.len()).filter(|&t| x[t] == top).collect();
            if let &[p] = at.as_slice() {
                let q = (p..x.len()).min_by(|&a, &b| x[a].total_cmp(&x[b])).unwrap();
                if p > 0 && q - p >= phase && x[q] < top && x[q] <= top * (1.0 - depth) {
                    assert!(found.iter().any(|t| t.peak && t.at == p), "{context}");
                }
            }
        }
    }

    #[test]
    fn without_limits_every_turn_is_found_and_scale_does_not_matter() {
        for (i, (x, depth, phase)) in paths().enumerate() {
            // Whole numbers, made distinct.
            let x: Vec<f64> = x.iter().enumerate().map(|(t, v)| v + 1.0 + ((t * 7 + i) % 24) as f64 / 64.0).collect();
            let local = (1..x.len().max(1) - 1).filter(|&t| (x[t] > x[t - 1]) == (x[t] > x[t + 1]));
            let mut want: Vec<(usize, bool)> = local.map(|t| (t, x[t] > x[t - 1])).collect();
            if want.last().is_some_and(|t| t.1) {
                want.push((x.len() - 1, false));
            }
            assert_eq!(at(&x, 0.0, 1), want, "{x:?}");
            let scaled: Vec<f64> = x.iter().map(|v| v * 1024.0).collect();
            assert_eq!(turns(&scaled, depth, phase), turns(&x, depth, phase));
        }
    }
}
