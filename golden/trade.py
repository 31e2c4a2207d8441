"""Reference numbers of entries into products and of complexity on real trade.

    python3 golden/trade.py PATH/TO/world_trade_avg_1998_to_2000.parquet      (numpy 2.4.6, ecomplexity 0.5.3)

Independent of the Rust code. Entries: numpy on the definitions, effects as dummies. Complexity: ecomplexity itself
(cid-harvard), on all countries of the file.
"""

import sys

import numpy as np
import pandas as pd
from ecomplexity import ecomplexity

U, P, T = 6, 8, 3
x = np.array([[[(c * 5 + p * 3 + t * t + c * c * p + p * p * (t + 1) + c * p * t) % 17 for p in range(P)]
               for c in range(U)] for t in range(T)], float)
x[x < 4] = 0


def advantage(x):
    rca = x * x.sum() / np.outer(x.sum(1), x.sum(0))
    return (rca >= 1).astype(float)


density, entry, unit_year, product_year = [], [], [], []
for t in range(1, T):
    before, now = advantage(x[t - 1]), advantage(x[t])
    assert before.any(0).all() and before.any(1).all()
    k = before.sum(0)
    phi = before.T @ before / np.maximum.outer(k, k)
    np.fill_diagonal(phi, 1)
    d = before @ phi / phi.sum(0)
    for c in range(U):
        candidates = np.flatnonzero(before[c] == 0)
        entered = now[c, candidates] == 1
        near, far = d[c, candidates][entered], d[c, candidates][~entered]
        print("entries", t, c, len(near), len(candidates), near.mean() if len(near) else None,
              far.mean() if len(far) else None)
        density += list(d[c, candidates])
        entry += list(now[c, candidates])
        unit_year += [(c, t)] * len(candidates)
        product_year += [(p, t) for p in candidates]
dummies = np.column_stack([[float(key == level) for key in keys] for keys in (unit_year, product_year)
                           for level in sorted(set(keys))])
rest = lambda v: v - dummies @ np.linalg.lstsq(dummies, v, rcond=None)[0]
d, y = rest(np.array(density)), rest(np.array(entry))
slope = d @ y / (d @ d)
score = pd.Series(d * (y - slope * d)).groupby([c for c, _ in unit_year]).sum()
print("slope", slope, np.sqrt(len(score) / (len(score) - 1) * (score**2).sum()) / (d @ d), len(d), len(score))

trade = pd.read_parquet(sys.argv[1])
unit, product, value = trade.columns
trade["year"] = 2000
found = ecomplexity(trade, {"time": "year", "loc": unit, "prod": product, "val": value})
eci = found.groupby(unit).eci.first().dropna()
pci = found.groupby(product).pci.first().dropna()
print(len(eci), len(pci))
for name, index in (("eci", eci), ("pci", pci)):
    for key in index.index[:: len(index) // 9]:
        print(name, key, repr(float(index[key])))
