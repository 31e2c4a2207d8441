"""The loop over specifications that users write.   specs_pyfixest.py DATA

Every subset of nine controls beside x1, city and year effects, city clusters: 512 models. Prints the coefficient of x1
and its standard error in each.
"""
import sys

import pandas as pd
import pyfixest as pf
from answer import answer

table = pd.read_csv(sys.argv[1])
controls = [f"x{j}" for j in range(2, 11)]
subsets = ([x for bit, x in enumerate(controls) if subset >> bit & 1] for subset in range(2 ** len(controls)))
formulas = [" + ".join(["y ~ x1", *subset]) + " | city + year" for subset in subsets]


def fit():
    found = []
    for formula in formulas:
        m = pf.feols(formula, table, vcov={"CRV1": "city"}, copy_data=False, store_data=False)
        found.append((m.coef()["x1"], m.se()["x1"]))
    return {"estimate": [b for b, _ in found], "std_error": [s for _, s in found]}


answer("pyfixest", fit)
