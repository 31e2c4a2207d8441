"""Two- and three-way fixed effects by pyfixest.   feols_pyfixest.py DATA FORMULA CLUSTER [default|lsmr|tight] [CALLS]

`default` is what a user gets who says nothing (alternating projections); `lsmr` is its solver for hard graphs;
`tight` is that with the tolerance set near rounding, as a reference for the numbers, not for the clock.
"""
import sys

import pandas as pd
import pyfixest as pf
from answer import answer

data, formula, cluster = sys.argv[1:4]
how = sys.argv[4] if len(sys.argv) > 4 else "default"
calls = int(sys.argv[5]) if len(sys.argv) > 5 else 1
table = pd.read_parquet(data) if data.endswith(".parquet") else pd.read_csv(data)
demeaner = {
    "default": lambda: None,
    "lsmr": pf.LsmrDemeaner,
    "tight": lambda: pf.LsmrDemeaner(fixef_atol=1e-14, fixef_btol=1e-14, fixef_maxiter=100_000),
}[how]()


def fit():
    m = pf.feols(formula, table, vcov={"CRV1": cluster}, demeaner=demeaner)
    return {"estimate": m.coef(), "std_error": m.se()}


answer("pyfixest", fit, calls)
