"""Input-oriented DEA under variable returns, one linear program a unit, by SciPy's HiGHS.   dea_highs.py DATA"""
import sys

import numpy as np
import pandas as pd
from answer import answer
from scipy.optimize import linprog

table = pd.read_csv(sys.argv[1])
X, Y = table[["x1", "x2"]].to_numpy(), table[["y1", "y2"]].to_numpy()


def efficiency():
    n, m = X.shape
    cost, convex = np.r_[1.0, np.zeros(n)], np.r_[0.0, np.ones(n)][None, :]
    # Variables (theta, lambda): X'lambda <= theta x_o and -Y'lambda <= -y_o.
    above = np.vstack([np.c_[np.zeros(m), X.T], np.c_[np.zeros(Y.shape[1]), -Y.T]])
    scores = []
    for o in range(n):
        above[:m, 0] = -X[o]
        found = linprog(cost, above, np.r_[np.zeros(m), -Y[o]], convex, [1.0], method="highs")
        if found.status != 0:
            raise SystemExit(f"unit {o + 1}: {found.message}")
        scores.append(found.fun)
    return {"efficiency": scores}


answer("scipy", efficiency)
