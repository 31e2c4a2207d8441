//! Centrality in undirected graphs: leading eigenvector and betweenness.

use crate::Result;
use crate::math::Mat;
use crate::math::linalg::symmetric_eigen;
use std::collections::VecDeque;

/// The eigenvector of the largest eigenvalue of a symmetric matrix without negative entries, all of one sign and of
/// length one, and that eigenvalue; `None` where it is not unique or zero.
///
/// In a graph in parts the vector is zero outside the part that has the largest eigenvalue (Bonacich 1972, "Factoring
/// and weighting approaches to status scores and clique identification", Journal of Mathematical Sociology 2).
pub fn leading_eigenvector(W: &Mat<f64>) -> Result<Option<(f64, Vec<f64>)>> {
    let n = W.nrows();
    let largest = (0..n).flat_map(|j| W.col_as_slice(j)).fold(0.0, |m: f64, v| m.max(*v));
    if largest <= 0.0 {
        return Ok(None);
    }
    // Scaled, so that the unit of the weights cannot matter.
    let (values, U) = symmetric_eigen(&Mat::from_fn(n, n, |i, j| W[(i, j)] / largest))?;
    if n > 1 && values[0] - values[1] < 1e-10 * values[0] {
        return Ok(None);
    }
    let most = (0..n).fold(0.0, |m: f64, i| m.max(U[(i, 0)].abs()));
    // By Perron and Frobenius the entries have one sign; outside the leading part they are rounding.
    let vector = (0..n).map(|i| U[(i, 0)].abs()).map(|v| if v < 1e-12 * most { 0.0 } else { v });
    Ok(Some((values[0] * largest, vector.collect())))
}

/// Betweenness of each node: the share of the shortest paths between two others that lead through it, summed over the
/// pairs and divided by their number (N - 1)(N - 2) / 2.
///
/// By the algorithm of Brandes (2001), "A faster algorithm for betweenness centrality", Journal of Mathematical
/// Sociology 25: one breadth-first search from each node, O(nodes × links).
pub fn betweenness(links: &[Vec<usize>]) -> Vec<f64> {
    let n = links.len();
    let mut sum = vec![0.0; n];
    for source in 0..n {
        let (mut paths, mut distance) = (vec![0.0; n], vec![usize::MAX; n]);
        let mut order = Vec::with_capacity(n);
        let mut queue = VecDeque::from([source]);
        (paths[source], distance[source]) = (1.0, 0);
        while let Some(v) = queue.pop_front() {
            order.push(v);
            for &w in &links[v] {
                if distance[w] == usize::MAX {
                    distance[w] = distance[v] + 1;
                    queue.push_back(w);
                }
                if distance[w] == distance[v] + 1 {
                    paths[w] += paths[v];
                }
            }
        }
        // Back from the farthest: what each node passes on to those before it.
        let mut passed = vec![0.0; n];
        for &w in order.iter().rev() {
            for &v in links[w].iter().filter(|&&v| distance[v] + 1 == distance[w]) {
                passed[v] += paths[v] / paths[w] * (1.0 + passed[w]);
            }
            if w != source {
                sum[w] += passed[w];
            }
        }
    }
    // Every pair was met from both its ends.
    let pairs = (n.saturating_sub(1) * n.saturating_sub(2)) as f64;
    sum.iter().map(|s| if pairs > 0.0 { s / pairs } else { 0.0 }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Star of four, a path, a square with a tail: by hand.
    #[test]
    fn betweenness_of_small_graphs() {
        let of = |n: usize, edges: &[(usize, usize)]| {
            let mut links = vec![Vec::new(); n];
            edges.iter().for_each(|&(a, b)| {
                links[a].push(b);
                links[b].push(a);
            });
            betweenness(&links)
        };
        assert_eq!(of(4, &[(0, 1), (0, 2), (0, 3)]), [1.0, 0.0, 0.0, 0.0]);
        assert_eq!(of(3, &[(0, 1), (1, 2)]), [0.0, 1.0, 0.0]);
        // 0-1-2-3-0 and 3-4: of six pairs, 3 lies on 4-0, 4-2, 4-1 and half of 0-2.
        let square = of(5, &[(0, 1), (1, 2), (2, 3), (3, 0), (3, 4)]);
        let want = [1.0 / 6.0, 0.5 / 6.0, 1.0 / 6.0, 3.5 / 6.0, 0.0];
        assert!(square.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-15), "{square:?}");
        assert_eq!(of(2, &[(0, 1)]), [0.0, 0.0]);
    }

    #[test]
    fn the_leading_vector_of_a_star_and_of_two_equal_parts() {
        let star = Mat::from_fn(4, 4, |i, j| f64::from((i == 0) != (j == 0)));
        let (value, v) = leading_eigenvector(&star).unwrap().unwrap();
        assert!((value - 3f64.sqrt()).abs() < 1e-14);
        assert!((v[0] - 0.5f64.sqrt()).abs() < 1e-14 && (v[1] - 1.0 / 6f64.sqrt()).abs() < 1e-14, "{v:?}");
        let parts = Mat::from_fn(4, 4, |i, j| f64::from(i / 2 == j / 2 && i != j));
        assert_eq!(leading_eigenvector(&parts).unwrap(), None);
        assert_eq!(leading_eigenvector(&Mat::zeros(2, 2)).unwrap(), None);
    }
}
