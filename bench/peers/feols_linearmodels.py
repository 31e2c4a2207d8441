"""City and year effects by linearmodels' PanelOLS.   feols_linearmodels.py DATA [CALLS]"""
import sys

import pandas as pd
from answer import answer
from linearmodels.panel import PanelOLS

table = pd.read_csv(sys.argv[1]).set_index(["city", "year"])


def fit():
    model = PanelOLS(table["y"], table[[f"x{j}" for j in range(1, 6)]], entity_effects=True, time_effects=True)
    m = model.fit(cov_type="clustered", cluster_entity=True)
    return {"estimate": m.params, "std_error": m.std_errors}


answer("linearmodels", fit, int(sys.argv[2]) if len(sys.argv) > 2 else 1)
