"""The same regression in extended precision, to count the digits of the others.   reference.py DATA FORMULA CLUSTER

Dummies of the largest effect are eliminated exactly. The Schur system of the others is factorized in double (dense, or
sparse where it is large) and then refined: residuals and sums are long double (80 bits here), so that the double
factorization only has to be roughly right. Prints coefficients, clustered standard errors under the rule of fixest
(effects nested in the clusters are not counted), and how far from orthogonal to every dummy the columns are.
"""
import json
import sys

import numpy as np
import pandas as pd
import scipy.sparse as sp
from scipy.sparse.linalg import splu

LONG = np.longdouble


class Sums:
    """Sums within levels, in long double."""

    def __init__(self, codes, levels):
        self.codes, self.order = codes, np.argsort(codes, kind="stable")
        self.starts = np.searchsorted(codes[self.order], np.arange(levels))
        self.size = np.bincount(codes, minlength=levels).astype(LONG)

    def __call__(self, v):
        return np.add.reduceat(v[self.order], self.starts)

    def center(self, v):
        return v - (self(v) / self.size)[self.codes]


def absorb(v, effects, solve):
    """v off all effects, and the largest cosine with a dummy that is left."""
    first, others = effects[0], effects[1:]
    before, size = np.inf, np.sqrt(np.sum((v - v.mean()) ** 2))
    while True:
        v = first.center(v)
        left = np.concatenate([e(v) for e in others])
        worst = max(float(np.max(np.abs(e(v)) / np.sqrt(e.size)) / size) for e in effects)
        if worst < 1e-17 or worst > 0.5 * before:
            return v, worst
        before, at = worst, 0
        a = solve(left.astype(float)).astype(LONG)
        for e in others:
            v = v - a[at:at + e.size.size][e.codes]
            at += e.size.size


def schur(effects):
    """A solver of the system that is left for all effects but the first; levels that hang in the air are pinned."""
    n = effects[0].codes.size
    dummies = [sp.csr_matrix((np.ones(n), (np.arange(n), e.codes)), shape=(n, e.size.size)) for e in effects]
    D, R = dummies[0], sp.hstack(dummies[1:], format="csr")
    cross = (D.T @ R).tocsr()
    S = (R.T @ R - cross.T @ sp.diags(1 / effects[0].size.astype(float)) @ cross).tocsc()
    # A little more than nothing on the diagonal makes it regular; the refinement takes the error out again.
    scale = R.multiply(R).sum(axis=0).A1
    return splu(S + sp.diags(1e-9 * scale), permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}).solve


def main(data, formula, cluster):
    outcome, right = formula.split("~")
    regressors, absorbed = (part.split("+") for part in right.split("|"))
    y, xs = outcome.strip(), [x.strip() for x in regressors]
    table = pd.read_parquet(data)
    effects = []
    for name in (e.strip() for e in absorbed):
        codes, levels = pd.factorize(table[name])
        effects.append((name, Sums(codes, len(levels))))
    effects.sort(key=lambda e: -e[1].size.size)
    solve = schur([e for _, e in effects])
    columns, orthogonality = [], 0.0
    for name in [*xs, y]:
        v, worst = absorb(table[name].to_numpy().astype(LONG), [e for _, e in effects], solve)
        columns.append(v)
        orthogonality = max(orthogonality, worst)
    X, y = np.column_stack(columns[:-1]), columns[-1]

    def solved(A, b):
        """A few unknowns by elimination in long double."""
        A, b = A.copy(), b.copy()
        for j in range(len(A)):
            for i in range(j + 1, len(A)):
                f = A[i, j] / A[j, j]
                A[i], b[i] = A[i] - f * A[j], b[i] - f * b[j]
        x = np.zeros_like(b)
        for i in reversed(range(len(A))):
            x[i] = (b[i] - A[i, i + 1:] @ x[i + 1:]) / A[i, i]
        return x

    gram = X.T @ X
    b = solved(gram, X.T @ y)
    u = y - X @ b
    bread = np.column_stack([solved(gram, e) for e in np.eye(len(xs), dtype=LONG)])
    codes, groups = pd.factorize(table[cluster])
    by = Sums(codes, len(groups))
    scores = np.column_stack([by(X[:, j] * u) for j in range(len(xs))])
    V = bread @ (scores.T @ scores) @ bread
    counted = [e.size.size for name, e in effects if name != cluster]
    n, G, K = len(u), len(groups), len(xs) + sum(counted) - max(len(counted) - 1, 0)
    se = np.sqrt(np.diag(V) * (n - 1) / (n - K) * G / (G - 1))
    values = {"estimate": [float(v) for v in b], "std_error": [float(v) for v in se]}
    print(json.dumps({"version": "long double", "orthogonality": orthogonality, "values": values}))


main(*sys.argv[1:4])
