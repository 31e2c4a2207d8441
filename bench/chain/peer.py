"""The `specification_curve` package on about 500 regression-only specifications: seconds, as one line.

    python3 bench/chain/peer.py bench/chain/data/cities.csv
"""

import itertools
import sys
import time
import warnings

import pandas as pd
import specification_curve as sc

warnings.filterwarnings("ignore")
data = pd.read_csv(sys.argv[1]).sort_values(["city", "year"])
data["growth"] = data.groupby("city")["exports"].pct_change()
for name in ("east", "west"):
    data[name] = (data["region"] == name).astype(float)
data = data.dropna(subset=["growth"])
controls = ["ln_gdp_pc", "finance", "human_capital", "urbanization", "government", "industry_structure", "fdi", "openness"]
# City and year effects as categories, as the package has them: 2^8 sets of controls for each of two regressors.
started = time.time()
curve = sc.SpecificationCurve(data, "growth", ["broadband", "mobile"], controls, cat_expand=[], always_include=["city", "year"])
curve.fit()
print(f"specifications {len(curve.df_r)} seconds {time.time() - started:.1f}")
