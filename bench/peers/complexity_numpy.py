"""Economic complexity in NumPy and pandas, as a careful user would write it.   complexity_numpy.py DATA

The symmetric problem on the side of the units, proximity by one matrix product, outlook from densities.
"""
import sys

import numpy as np
import pandas as pd
from answer import answer

table = pd.read_parquet(sys.argv[1])


def year(records):
    X = records.pivot_table(index="unit", columns="product", values="value", aggfunc="sum", fill_value=0.0)
    units, products, X = X.index, X.columns, X.to_numpy()
    rca = (X / X.sum(1, keepdims=True)) / (X.sum(0) / X.sum())
    M = (rca >= 1).astype(float)
    if not (M.any(0).all() and M.any(1).all()):
        raise SystemExit("a unit or product without an advantage; the design has none")
    diversity, ubiquity = M.sum(1), M.sum(0)
    root = np.sqrt(diversity)
    values, vectors = np.linalg.eigh((M / ubiquity) @ M.T / np.outer(root, root))
    score = vectors[:, -2] / root
    score *= np.sign(np.corrcoef(score, diversity)[0, 1])
    pci = M.T @ score / ubiquity / values[-2]
    near = M.T @ M / np.maximum.outer(ubiquity, ubiquity)
    outlook = ((M @ near / near.sum(0)) * (1 - M)) @ pci
    return units, products, {
        "eci": (score - score.mean()) / score.std(),
        "diversity": diversity,
        "coi": (outlook - outlook.mean()) / outlook.std(),
    }, {"pci": (pci - score.mean()) / score.std(), "ubiquity": ubiquity}


def complexity():
    out = {}
    for _, records in table.groupby("year"):
        _, _, by_unit, by_product = year(records)
        for name, column in {**by_unit, **by_product}.items():
            out.setdefault(name, []).extend(column)
    return out


answer("numpy", complexity)
