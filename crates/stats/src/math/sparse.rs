//! Sparse LDL' of a positive semidefinite matrix, dropping null pivots: the sparse sister of
//! [`super::semidefinite`].
//!
//! The order of elimination is approximate minimum degree (Amestoy, Davis and Duff 1996), which takes levels with
//! one neighbor first; L is found row by row along the elimination tree (Davis 2005, "Algorithm 849: a concise
//! sparse Cholesky factorization package").

use faer::dyn_stack::{MemBuffer, MemStack};
use faer::sparse::SymbolicSparseColMatRef;
use faer::sparse::linalg::amd;

/// A symmetric matrix by columns, both triangles, rows ascending.
#[derive(Debug, Clone)]
pub struct Symmetric {
    /// Where each column starts, p + 1.
    pub start: Vec<usize>,
    /// Row of each entry.
    pub row: Vec<u32>,
    /// Value of each entry.
    pub value: Vec<f64>,
}

impl Symmetric {
    /// From the columns down to their diagonal, rows ascending.
    pub fn from_upper(start: &[usize], row: &[u32], value: &[f64]) -> Self {
        let p = start.len() - 1;
        let mut count = vec![0usize; p + 1];
        for j in 0..p {
            count[j + 1] += start[j + 1] - start[j];
            row[start[j]..start[j + 1]].iter().filter(|&&i| (i as usize) < j).for_each(|&i| count[i as usize + 1] += 1);
        }
        (0..p).for_each(|j| count[j + 1] += count[j]);
        let mut next = count.clone();
        let mut A = Symmetric { row: vec![0; count[p]], value: vec![0.0; count[p]], start: count };
        let mut put = |i: usize, j: usize, v: f64| {
            A.row[next[j]] = i as u32;
            A.value[next[j]] = v;
            next[j] += 1;
        };
        // A column's own entries come before those below its diagonal, which later columns bring in their order.
        for j in 0..p {
            (start[j]..start[j + 1]).for_each(|e| put(row[e] as usize, j, value[e]));
            for e in start[j]..start[j + 1] {
                if (row[e] as usize) < j {
                    put(j, row[e] as usize, value[e]);
                }
            }
        }
        A
    }

    /// Rows and columns.
    pub fn size(&self) -> usize {
        self.start.len() - 1
    }

    /// `out` += A x, K columns at once.
    pub fn add_product<const K: usize>(&self, x: &[[f64; K]], out: &mut [[f64; K]]) {
        for (j, out) in out.iter_mut().enumerate() {
            for e in self.start[j]..self.start[j + 1] {
                let (a, x) = (self.value[e], &x[self.row[e] as usize]);
                (0..K).for_each(|q| out[q] += a * x[q]);
            }
        }
    }
}

/// No node of the elimination tree.
const NONE: u32 = u32::MAX;

/// Which pivots are null.
#[derive(Debug, Clone, Copy)]
pub enum Null<'a> {
    /// The last one of each connected component, whatever rounding makes of it: A is the Laplacian of a graph.
    Roots,
    /// Those at most `tolerance` times their entry of `scale`, the size that they had before anything was eliminated.
    Below {
        /// The fraction.
        tolerance: f64,
        /// The sizes, p.
        scale: &'a [f64],
    },
}

/// P A P' = L D L' with unit lower-triangular L and null pivots left out.
#[derive(Debug, Clone)]
pub struct SparseLdl {
    /// Position in A of each pivot.
    order: Vec<u32>,
    /// Columns of L below the diagonal.
    start: Vec<usize>,
    row: Vec<u32>,
    value: Vec<f64>,
    /// 1/d, zero for a null pivot.
    inverse: Vec<f64>,
    rank: usize,
}

impl SparseLdl {
    /// Factorizes `A`, unless that takes more than `work` multiplications.
    pub fn new(A: &Symmetric, null: Null, work: f64) -> Option<Self> {
        let p = A.size();
        let (order, flops) = minimum_degree(A)?;
        if flops > work {
            return None;
        }
        let mut position = vec![0u32; p];
        order.iter().enumerate().for_each(|(k, &j)| position[j as usize] = k as u32);
        let (parent, start) = elimination_tree(A, &order, &position);
        let mut ldl = SparseLdl {
            row: vec![0; start[p]],
            value: vec![0.0; start[p]],
            inverse: vec![0.0; p],
            rank: 0,
            order,
            start,
        };
        ldl.factorize(A, &position, &parent, null);
        Some(ldl)
    }

    /// Row k of L solves L₁₁ D₁₁ l = a, sparse along the paths of the elimination tree.
    fn factorize(&mut self, A: &Symmetric, position: &[u32], parent: &[u32], null: Null) {
        let p = self.order.len();
        let mut filled = self.start[..p].to_vec();
        let (mut y, mut flag, mut pattern) = (vec![0.0; p], vec![NONE; p], vec![0u32; p]);
        for k in 0..p {
            let column = self.order[k] as usize;
            let (mut pivot, mut top) = (0.0, p);
            flag[k] = k as u32;
            for e in A.start[column]..A.start[column + 1] {
                let mut i = position[A.row[e] as usize] as usize;
                if i == k {
                    pivot = A.value[e];
                }
                if i >= k {
                    continue;
                }
                y[i] += A.value[e];
                // The path is noted from the front and moved to the back: nearer the root comes later.
                let mut length = 0;
                while flag[i] != k as u32 {
                    pattern[length] = i as u32;
                    length += 1;
                    flag[i] = k as u32;
                    i = parent[i] as usize;
                }
                pattern.copy_within(..length, top - length);
                top -= length;
            }
            for &i in &pattern[top..] {
                let i = i as usize;
                let yi = std::mem::take(&mut y[i]);
                for e in self.start[i]..filled[i] {
                    y[self.row[e] as usize] -= self.value[e] * yi;
                }
                let l = yi * self.inverse[i];
                pivot -= l * yi;
                self.row[filled[i]] = k as u32;
                self.value[filled[i]] = l;
                filled[i] += 1;
            }
            let keep = match null {
                Null::Roots => parent[k] != NONE,
                Null::Below { tolerance, scale } => pivot > tolerance * scale[column],
            };
            if keep && pivot > 0.0 {
                self.inverse[k] = 1.0 / pivot;
                self.rank += 1;
            }
        }
    }

    /// Rows and columns.
    pub fn size(&self) -> usize {
        self.order.len()
    }

    /// Pivots that are not null.
    pub fn rank(&self) -> usize {
        self.rank
    }

    /// Overwrites `b` (p × K, each column in the range of A) with a solution of A x = b; unknowns of null pivots
    /// are zero.
    pub fn solve<const K: usize>(&self, b: &mut [[f64; K]]) {
        let mut x: Vec<[f64; K]> = self.order.iter().map(|&j| b[j as usize]).collect();
        for j in 0..x.len() {
            if self.inverse[j] == 0.0 {
                x[j] = [0.0; K];
            }
            let xj = x[j];
            for e in self.start[j]..self.start[j + 1] {
                let (l, to) = (self.value[e], &mut x[self.row[e] as usize]);
                (0..K).for_each(|q| to[q] -= l * xj[q]);
            }
        }
        for j in (0..x.len()).rev() {
            let mut xj = x[j].map(|v| v * self.inverse[j]);
            if self.inverse[j] != 0.0 {
                for e in self.start[j]..self.start[j + 1] {
                    let (l, from) = (self.value[e], &x[self.row[e] as usize]);
                    (0..K).for_each(|q| xj[q] -= l * from[q]);
                }
            }
            x[j] = xj;
        }
        self.order.iter().zip(x).for_each(|(&j, x)| b[j as usize] = x);
    }
}

/// An order of elimination with little fill, and the multiplications that it takes at most.
fn minimum_degree(A: &Symmetric) -> Option<(Vec<u32>, f64)> {
    let p = A.size();
    if u32::try_from(A.row.len()).is_err() {
        return None;
    }
    let start: Vec<u32> = A.start.iter().map(|&s| s as u32).collect();
    let pattern = SymbolicSparseColMatRef::new_checked(p, p, &start, None, &A.row);
    let (mut order, mut inverse) = (vec![0u32; p], vec![0u32; p]);
    let mut memory = MemBuffer::new(amd::order_scratch::<u32>(p, A.row.len()));
    let stack = MemStack::new(&mut memory);
    let flops = amd::order(&mut order, &mut inverse, pattern, amd::Control::default(), stack).ok()?;
    Some((order, flops.n_mult_subs_ldl))
}

/// Parents in the elimination tree, and where the columns of L start.
fn elimination_tree(A: &Symmetric, order: &[u32], position: &[u32]) -> (Vec<u32>, Vec<usize>) {
    let p = order.len();
    let (mut parent, mut flag, mut count) = (vec![NONE; p], vec![NONE; p], vec![0usize; p]);
    for k in 0..p {
        flag[k] = k as u32;
        let column = order[k] as usize;
        for &row in &A.row[A.start[column]..A.start[column + 1]] {
            let mut i = position[row as usize] as usize;
            while i < k && flag[i] != k as u32 {
                if parent[i] == NONE {
                    parent[i] = k as u32;
                }
                count[i] += 1;
                flag[i] = k as u32;
                i = parent[i] as usize;
            }
        }
    }
    let mut start = vec![0; p + 1];
    (0..p).for_each(|k| start[k + 1] = start[k] + count[k]);
    (parent, start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::math::Mat;
    use crate::math::rng::Stream;
    use crate::math::semidefinite::Semidefinite;

    #[test]
    fn agrees_with_the_dense_factorization() {
        // The Laplacian of a sparse random graph, some of whose nodes are alone: rank is nodes less components.
        let p = 150;
        let mut s = Stream::new(5, 0);
        let mut A = Mat::<f64>::zeros(p, p);
        for _ in 0..140 {
            let (i, j, w) = (s.below(p), s.below(p), 0.1 + s.uniform());
            if i != j {
                A[(i, i)] += w;
                A[(j, j)] += w;
                A[(i, j)] -= w;
                A[(j, i)] -= w;
            }
        }
        let scale: Vec<f64> = (0..p).map(|i| A[(i, i)]).collect();
        let (mut start, mut row, mut value) = (vec![0], Vec::new(), Vec::new());
        for j in 0..p {
            for i in (0..=j).filter(|&i| i == j || A[(i, j)] != 0.0) {
                row.push(i as u32);
                value.push(A[(i, j)]);
            }
            start.push(row.len());
        }
        let sparse = Symmetric::from_upper(&start, &row, &value);
        let numeric = Null::Below { tolerance: 1e-11, scale: &scale };
        let ldl = SparseLdl::new(&sparse, numeric, 1e9).unwrap();
        assert_eq!(ldl.rank(), Semidefinite::new(A.clone(), &scale, 1e-11).rank());
        assert!(ldl.rank() < p - 1);
        let x: Vec<[f64; 2]> = (0..p).map(|_| [s.normal(), s.normal()]).collect();
        let mut b = vec![[0.0; 2]; p];
        sparse.add_product(&x, &mut b);
        let mut got = b.clone();
        ldl.solve(&mut got);
        let mut back = vec![[0.0; 2]; p];
        sparse.add_product(&got, &mut back);
        for (got, want) in back.iter().flatten().zip(b.iter().flatten()) {
            assert!((got - want).abs() < 1e-12, "{got} {want}");
        }
        assert_eq!(SparseLdl::new(&sparse, Null::Roots, 1e9).unwrap().rank(), ldl.rank());
        assert!(SparseLdl::new(&sparse, numeric, 1.0).is_none());
    }
}
