//! Lower triangular matrices A with a positive diagonal, p × p, as p(p + 1)/2 numbers: row by row, the diagonal as its
//! logarithm; and Ω = (A'A)⁻¹, listed in the same order without logarithms.

/// Where entry (j, k), k ≤ j, is.
pub(super) fn place(j: usize, k: usize) -> usize {
    j * (j + 1) / 2 + k
}

/// A, its rows up to the diagonal.
pub(super) fn rows(parameters: &[f64], p: usize) -> Vec<Vec<f64>> {
    let entry = |j: usize, k: usize| {
        let value = parameters[place(j, k)];
        if j == k { value.exp() } else { value }
    };
    (0..p).map(|j| (0..=j).map(|k| entry(j, k)).collect()).collect()
}

/// Inverse of a lower triangular matrix, its rows up to the diagonal.
fn inverse(A: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let mut B: Vec<Vec<f64>> = Vec::with_capacity(A.len());
    for (j, row) in A.iter().enumerate() {
        let mut out = vec![0.0; j + 1];
        out[j] = 1.0 / row[j];
        for k in 0..j {
            out[k] = -(k..j).map(|i| row[i] * B[i][k]).sum::<f64>() / row[j];
        }
        B.push(out);
    }
    B
}

/// Ω, and its derivatives in the parameters: a row for each entry.
pub(super) fn covariance(parameters: &[f64], p: usize) -> (Vec<f64>, Vec<Vec<f64>>) {
    let A = rows(parameters, p);
    let B = inverse(&A);
    let b = |r: usize, j: usize| if j <= r { B[r][j] } else { 0.0 };
    let omega = |r: usize, s: usize| -> f64 { (0..=r.min(s)).map(|k| B[r][k] * B[s][k]).sum() };
    let (mut values, mut slopes) = (Vec::new(), Vec::new());
    for r in 0..p {
        for s in 0..=r {
            values.push(omega(r, s));
            let mut row = vec![0.0; p * (p + 1) / 2];
            for j in 0..p {
                for k in 0..=j {
                    // dΩ = -(B dA Ω + Ω dA' B'), dA_jj = A_jj d ln A_jj.
                    let scale = if j == k { A[j][j] } else { 1.0 };
                    row[place(j, k)] = -scale * (b(r, j) * omega(k, s) + omega(r, k) * b(s, j));
                }
            }
            slopes.push(row);
        }
    }
    (values, slopes)
}

/// The parameters of this Ω; none when it is not positive definite.
pub(super) fn of_covariance(omega: &[f64], p: usize) -> Option<Vec<f64>> {
    // Ω = LL', A = L⁻¹.
    let mut L: Vec<Vec<f64>> = Vec::with_capacity(p);
    for j in 0..p {
        let mut row: Vec<f64> = Vec::with_capacity(j + 1);
        for k in 0..=j {
            let above = (0..k).map(|i| row[i] * if k == j { row[i] } else { L[k][i] }).sum::<f64>();
            let left = omega[place(j, k)] - above;
            row.push(match k == j {
                true if left > 0.0 => left.sqrt(),
                true => return None,
                false => left / L[k][k],
            });
        }
        L.push(row);
    }
    let A = inverse(&L);
    Some(
        (0..p)
            .flat_map(|j| (0..=j).map(move |k| (j, k)))
            .map(|(j, k)| if j == k { A[j][j].ln() } else { A[j][k] })
            .collect(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn covariances_there_and_back() {
        let omega = [2.0, 0.5, 1.5, -0.3, 0.2, 0.8];
        let parameters = of_covariance(&omega, 3).unwrap();
        let (back, slopes) = covariance(&parameters, 3);
        back.iter().zip(omega).for_each(|(a, b)| assert!((a - b).abs() < 1e-14));
        for t in 0..6 {
            let h = 1e-6;
            let moved = |h: f64| {
                let mut at = parameters.clone();
                at[t] += h;
                covariance(&at, 3).0
            };
            let (low, high) = (moved(-h), moved(h));
            (0..6).for_each(|r| assert!((slopes[r][t] - (high[r] - low[r]) / (2.0 * h)).abs() < 1e-8, "{r} {t}"));
        }
        assert!(of_covariance(&[1.0, 2.0, 1.0], 2).is_none());
    }
}
