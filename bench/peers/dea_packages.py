"""Input-oriented DEA under variable returns by the packages that users import.   dea_packages.py DATA PACKAGE"""
import sys

import pandas as pd
from answer import answer

data, package = sys.argv[1:]
table = pd.read_csv(data)
X, Y = table[["x1", "x2", "x3"]].to_numpy(), table[["y1", "y2"]].to_numpy()


def dealib():
    from dealib.dea.core import dea
    return {"efficiency": dea(X, Y, rts="vrs", orientation="input").eff}


def pyfrontier():
    from Pyfrontier.frontier_model import EnvelopDEA
    model = EnvelopDEA("VRS", "in")
    model.fit(X, Y)
    return {"efficiency": [unit.score for unit in model.result]}


answer(package, {"dealib": dealib, "Pyfrontier": pyfrontier}[package])
