"""Fixed effects by fereg.   feols_fereg.py DATA FORMULA CLUSTER [CALLS]"""
import sys

import pandas as pd
from answer import answer
from fereg import feols

data, formula, cluster = sys.argv[1:4]
calls = int(sys.argv[4]) if len(sys.argv) > 4 else 1
columns = [c for c in formula.replace("~", " ").replace("|", " ").replace("+", " ").split()]
table = pd.read_parquet(data, columns=columns) if data.endswith(".parquet") else pd.read_csv(data)


def fit():
    m = feols(formula, table, vcov={"CRV1": cluster}, copy_data=False, store_data=False)
    return {"estimate": m.coef(), "std_error": m.se()}


answer("fereg", fit, calls)
