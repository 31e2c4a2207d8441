"""DEA by HiGHS without the modelling layer: one program, changed from unit to unit, each starting from the last basis.

    dea_highspy.py DATA dea|sbm|malmquist

dea        input-oriented, variable returns
sbm        slacks-based, variable returns, linearized by Charnes and Cooper
malmquist  indices of successive periods; DATA has columns unit, year
"""
import os
import sys

import highspy
import numpy as np
import pandas as pd
from answer import answer
from scipy.sparse import csc_matrix

INFINITY = highspy.kHighsInf
INPUTS, OUTPUTS = ["x1", "x2", "x3"], ["y1", "y2"]


def quiet():
    """A solver that has said its greeting, which no option suppresses, to the errors."""
    out = os.dup(1)
    os.dup2(2, 1)
    highs = highspy.Highs()
    os.dup2(out, 1)
    os.close(out)
    highs.setOptionValue("output_flag", False)
    return highs


def model(cost, A, lower, upper):
    """min cost'v, lower ≤ A v ≤ upper, v ≥ 0. Zeros of A may become coefficients later."""
    A = csc_matrix(A)
    lp = highspy.HighsLp()
    lp.num_row_, lp.num_col_ = A.shape
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, np.zeros(A.shape[1]), np.full(A.shape[1], INFINITY)
    lp.row_lower_, lp.row_upper_ = lower, upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = A.indptr, A.indices, A.data
    highs = quiet()
    highs.setOptionValue("presolve", "off")
    highs.passModel(lp)
    return highs


def solved(highs):
    highs.run()
    if highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise SystemExit(f"HiGHS: {highs.modelStatusToString(highs.getModelStatus())}")
    return highs.getObjectiveValue()


def radial(X, Y, variable, points):
    """θ of `points` (inputs, outputs) against the firms X, Y."""
    (n, m), s = X.shape, Y.shape[1]
    A = np.vstack([np.c_[X.T, np.zeros(m)], np.c_[Y.T, np.zeros(s)], np.r_[np.ones(n), 0.0]])
    total = [1.0, 1.0] if variable else [-INFINITY, INFINITY]
    lower, upper = np.r_[np.full(m, -INFINITY), np.zeros(s), total[0]], np.r_[np.zeros(m), np.full(s, INFINITY), total[1]]
    highs = model(np.r_[np.zeros(n), 1.0], A, lower, upper)
    scores = []
    for x, y in zip(*points):
        for i in range(m):
            highs.changeCoeff(i, n, -x[i])
        for r in range(s):
            highs.changeRowBounds(m + r, y[r], INFINITY)
        scores.append(solved(highs))
    return np.array(scores)


def slacks_based(X, Y):
    """ρ of every firm. Variables: Λ, slacks of inputs, slacks of outputs, t."""
    (n, m), s = X.shape, Y.shape[1]
    wide = n + m + s + 1
    A = np.zeros((m + s + 2, wide))
    A[:m, :n], A[m:m + s, :n], A[m + s, :n] = X.T, Y.T, 1.0
    A[:m, n:n + m], A[m:m + s, n + m:n + m + s] = np.eye(m), -np.eye(s)
    A[m + s, wide - 1] = -1.0
    A[m + s + 1, wide - 1] = 1.0
    rhs = np.r_[np.zeros(m + s + 1), 1.0]
    highs = model(np.r_[np.zeros(wide - 1), 1.0], A, rhs, rhs)
    scores = []
    for x, y in zip(X, Y):
        for i in range(m):
            highs.changeCoeff(i, wide - 1, -x[i])
            highs.changeColCost(n + i, -1.0 / (m * x[i]))
        for r in range(s):
            highs.changeCoeff(m + r, wide - 1, -y[r])
            highs.changeCoeff(m + s + 1, n + m + r, 1.0 / (s * y[r]))
        scores.append(solved(highs))
    return scores


def malmquist(table):
    """Indices by unit and year, the first year left out; efficiency under variable returns for their pure part."""
    periods = [(g[INPUTS].to_numpy(), g[OUTPUTS].to_numpy()) for _, g in table.groupby("year")]
    names = ["index", "efficiency_change", "technical_change", "pure_efficiency_change"]
    found = {name: [] for name in names}
    own = [radial(*p, False, p) for p in periods]
    pure = [radial(*p, True, p) for p in periods]
    for t in range(1, len(periods)):
        before, now = periods[t - 1], periods[t]
        efficiency = own[t] / own[t - 1]
        technical = np.sqrt(radial(*before, False, now) / own[t] * own[t - 1] / radial(*now, False, before))
        for name, part in zip(names, (efficiency * technical, efficiency, technical, pure[t] / pure[t - 1])):
            found[name].append(part)
    return {name: np.array(parts).T.ravel() for name, parts in found.items()}


def main(data, method):
    table = pd.read_csv(data)
    X, Y = table[INPUTS].to_numpy(), table[OUTPUTS].to_numpy()
    compute = {
        "dea": lambda: {"efficiency": radial(X, Y, True, (X, Y))},
        "sbm": lambda: {"efficiency": slacks_based(X, Y)},
        "malmquist": lambda: malmquist(table),
    }
    answer("highspy", compute[method])


main(*sys.argv[1:])
