"""Fixed effects by polars-reg.   feols_polars_reg.py DATA FORMULA CLUSTER"""
import sys

import polars as pl
import polars_reg
from answer import answer

data, formula, cluster = sys.argv[1:4]
columns = [c for c in formula.replace("~", " ").replace("|", " ").replace("+", " ").split()]
table = pl.read_parquet(data, columns=columns)


def fit():
    m = polars_reg.ols(formula, table, cluster=cluster)
    return {"estimate": m.coefficients, "std_error": m.se}


answer("polars-reg", fit)
