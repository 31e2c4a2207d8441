//! The exact rank of constant effects, by counting instead of by pivots.
//!
//! Take the levels of the two largest effects as nodes of a graph and the observations as its edges. A null vector
//! of D gives every level a number so that the numbers of each observation sum to zero. Along a spanning forest the
//! numbers h of the small effects determine those of the large ones up to one constant for each component; each edge
//! outside the forest closes a cycle and so asks one linear equation of h. Hence
//!
//! ```text
//! rank D = nodes - components + rank of the cycle equations.
//! ```
//!
//! The equations have small whole coefficients. They are reduced modulo the prime 2⁶¹ - 1, a few at a time: whether
//! any is left is asked by a random h that solves those found so far, which every dependent equation then solves
//! too, and an independent one fails to notice with probability 2⁻⁶¹.

use super::cells::offsets;
use super::effect::Effect;
use crate::math::rng::Stream;

/// Unknowns of the small effects at most: the equations are dense.
const SMALL: usize = 1024;

/// Equations taken up between two questions.
const TAKEN: usize = 64;

const PRIME: u64 = (1 << 61) - 1;

/// Connected components of the graph that joins the levels of two effects where an observation has both.
pub(crate) fn connected(a: &[u32], a_levels: usize, b: &[u32], b_levels: usize) -> usize {
    let mut forest = Forest::new(a_levels + b_levels);
    for (&x, &y) in a.iter().zip(b) {
        if forest.components > 1 {
            forest.join(x as usize, a_levels + y as usize);
        }
    }
    forest.components
}

/// Union-find over nodes; the smaller node is the root.
pub(super) struct Forest {
    parent: Vec<u32>,
    pub components: usize,
}

impl Forest {
    pub(super) fn new(nodes: usize) -> Self {
        Forest { parent: (0..nodes as u32).collect(), components: nodes }
    }

    pub(super) fn root(&mut self, mut x: usize) -> usize {
        while self.parent[x] as usize != x {
            let above = self.parent[self.parent[x] as usize];
            self.parent[x] = above;
            x = above as usize;
        }
        x
    }

    /// Whether the edge joins two components.
    pub(super) fn join(&mut self, x: usize, y: usize) -> bool {
        let (x, y) = (self.root(x), self.root(y));
        if x != y {
            self.parent[x.max(y)] = x.min(y) as u32;
            self.components -= 1;
        }
        x != y
    }
}

/// Rank that `effects[1..]` add to `effects[0]`; `None` with slopes, or when more than two effects are large.
pub(super) fn of_others(effects: &[Effect]) -> Option<usize> {
    let [first, second, small @ ..] = effects else { return None };
    let unknowns = offsets(small)[small.len()];
    if !effects.iter().all(Effect::plain) || unknowns > SMALL {
        return None;
    }
    let n = first.codes.len();
    let nodes = first.levels + second.levels;
    let ends = |i: usize| (first.codes.at(i), first.levels + second.codes.at(i));
    let mut forest = Forest::new(nodes);
    let mut edges = Vec::with_capacity(nodes);
    for i in 0..n {
        let (a, b) = ends(i);
        if forest.join(a, b) {
            edges.push(i as u32);
        }
        if forest.components == 1 {
            break;
        }
    }
    let of_two = second.levels - forest.components;
    // The constant of every small effect is spanned always.
    let most = unknowns - small.len();
    if most == 0 {
        return Some(of_two);
    }
    let tree = Tree::new(nodes, &edges, ends);
    let small = Small { effects: small, offsets: offsets(small) };
    let mut equations = Equations { rows: Vec::new(), unknowns };
    let mut stream = Stream::new(61, 0);
    let mut number = vec![0u64; nodes];
    loop {
        let h = equations.solution(&mut stream);
        tree.numbers(&mut number, |i| small.sum(&h, i));
        // An edge a - b asks number(a) - number(b) + h = 0, the numbers of the second effect with their sign turned.
        let mut open = (0..n).filter(|&i| {
            let (a, b) = ends(i);
            add(add(number[a], negative(number[b])), small.sum(&h, i)) != 0
        });
        let found: Vec<usize> = open.by_ref().take(TAKEN).collect();
        if found.is_empty() {
            return Some(of_two + equations.rows.len());
        }
        for i in found {
            let (a, b) = ends(i);
            let mut equation = vec![0; unknowns];
            small.put(&mut equation, i, 1);
            tree.path(a, |i, sign| small.put(&mut equation, i, sign));
            tree.path(b, |i, sign| small.put(&mut equation, i, negative(sign)));
            equations.take(equation);
            if equations.rows.len() == most {
                return Some(of_two + most);
            }
        }
    }
}

/// The small effects.
struct Small<'a> {
    effects: &'a [Effect],
    offsets: Vec<usize>,
}

impl Small<'_> {
    fn unknowns(&self, i: usize) -> impl Iterator<Item = usize> {
        self.effects.iter().zip(&self.offsets).map(move |(e, offset)| offset + e.codes.at(i))
    }

    /// Sum of h over the levels of an observation.
    fn sum(&self, h: &[u64], i: usize) -> u64 {
        self.unknowns(i).fold(0, |sum, j| add(sum, h[j]))
    }

    /// Adds the levels of an observation to an equation, times one or minus one.
    fn put(&self, equation: &mut [u64], i: usize, sign: u64) {
        self.unknowns(i).for_each(|j| equation[j] = add(equation[j], sign));
    }
}

/// The spanning forest, nodes in an order in which parents come first.
struct Tree {
    order: Vec<u32>,
    /// Parent and the observation that joins a node to it; a root is its own parent.
    parent: Vec<(u32, u32)>,
    /// Whether a node belongs to the first effect.
    first: usize,
}

impl Tree {
    fn new(nodes: usize, edges: &[u32], ends: impl Fn(usize) -> (usize, usize)) -> Self {
        let mut start = vec![0u32; nodes + 1];
        for &i in edges {
            let (a, b) = ends(i as usize);
            start[a + 1] += 1;
            start[b + 1] += 1;
        }
        (0..nodes).for_each(|x| start[x + 1] += start[x]);
        let mut next = start.clone();
        let mut incident = vec![0u32; 2 * edges.len()];
        let mut first = nodes;
        for &i in edges {
            let (a, b) = ends(i as usize);
            first = first.min(b);
            for x in [a, b] {
                incident[next[x] as usize] = i;
                next[x] += 1;
            }
        }
        const UNSEEN: u32 = u32::MAX;
        let mut parent = vec![(UNSEEN, 0); nodes];
        let mut order = Vec::with_capacity(nodes);
        for root in 0..nodes {
            if parent[root].0 != UNSEEN {
                continue;
            }
            parent[root].0 = root as u32;
            let mut at = order.len();
            order.push(root as u32);
            while at < order.len() {
                let x = order[at] as usize;
                at += 1;
                for &i in &incident[start[x] as usize..start[x + 1] as usize] {
                    let (a, b) = ends(i as usize);
                    let y = if a == x { b } else { a };
                    if parent[y].0 == UNSEEN {
                        parent[y] = (x as u32, i);
                        order.push(y as u32);
                    }
                }
            }
        }
        Tree { order, parent, first }
    }

    /// Numbers of the nodes that solve the equations of the forest's edges.
    fn numbers(&self, number: &mut [u64], h: impl Fn(usize) -> u64) {
        for &x in &self.order {
            let (above, i) = self.parent[x as usize];
            number[x as usize] = match above == x {
                true => 0,
                false => {
                    let h = h(i as usize);
                    add(number[above as usize], if (x as usize) < self.first { negative(h) } else { h })
                }
            };
        }
    }

    /// The observations on the way to the root, with the sign that their h has in the number of `x`.
    fn path(&self, mut x: usize, mut each: impl FnMut(usize, u64)) {
        while self.parent[x].0 as usize != x {
            each(self.parent[x].1 as usize, if x < self.first { PRIME - 1 } else { 1 });
            x = self.parent[x].0 as usize;
        }
    }
}

/// Independent equations in reduced echelon form, modulo the prime.
struct Equations {
    /// Pivot and row.
    rows: Vec<(usize, Vec<u64>)>,
    unknowns: usize,
}

impl Equations {
    /// Adds an equation unless the others imply it.
    fn take(&mut self, mut equation: Vec<u64>) {
        for (pivot, row) in &self.rows {
            eliminate(&mut equation, row, *pivot);
        }
        let Some(pivot) = equation.iter().position(|&v| v != 0) else { return };
        let inverse = power(equation[pivot], PRIME - 2);
        equation.iter_mut().for_each(|v| *v = times(*v, inverse));
        self.rows.iter_mut().for_each(|(_, row)| eliminate(row, &equation, pivot));
        self.rows.push((pivot, equation));
    }

    /// A random solution of the equations.
    fn solution(&self, stream: &mut Stream) -> Vec<u64> {
        let mut h: Vec<u64> = (0..self.unknowns).map(|_| stream.next_u64() % PRIME).collect();
        self.rows.iter().for_each(|(pivot, _)| h[*pivot] = 0);
        // Only free unknowns are in the sum: the rows are reduced.
        let value = |row: &[u64]| negative(row.iter().zip(&h).fold(0, |sum, (&c, &h)| add(sum, times(c, h))));
        let solved: Vec<(usize, u64)> = self.rows.iter().map(|(pivot, row)| (*pivot, value(row))).collect();
        solved.into_iter().for_each(|(pivot, value)| h[pivot] = value);
        h
    }
}

/// `equation` -= its entry at `pivot` times `row`.
fn eliminate(equation: &mut [u64], row: &[u64], pivot: usize) {
    let by = negative(equation[pivot]);
    if by != 0 {
        equation.iter_mut().zip(row).for_each(|(e, &r)| *e = add(*e, times(by, r)));
    }
}

fn add(a: u64, b: u64) -> u64 {
    let sum = a + b;
    if sum >= PRIME { sum - PRIME } else { sum }
}

fn negative(a: u64) -> u64 {
    if a == 0 { 0 } else { PRIME - a }
}

fn times(a: u64, b: u64) -> u64 {
    let product = u128::from(a) * u128::from(b);
    // 2⁶¹ = 1 modulo the prime.
    add((product as u64) & PRIME, (product >> 61) as u64)
}

fn power(mut base: u64, mut exponent: u64) -> u64 {
    let mut result = 1;
    while exponent > 0 {
        if exponent & 1 == 1 {
            result = times(result, base);
        }
        base = times(base, base);
        exponent >>= 1;
    }
    result
}
