"""Runs the queries of a study on a Spark server and compares them with the embedded engine.

    pip install pysail pyspark-client pyarrow pandas
    SAIL_MODE=local-cluster sail spark server --port 50151 &
    python bench/cluster/sail.py target/release/plim examples/digital-economy/study.toml sc://127.0.0.1:50151

The study's tables are written as Parquet and registered as views under their names; the queries are those that
`plim sql STUDY` prints. Counts and text must agree, numbers to 1e-12 relative.
"""

import io
import re
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path

import pandas as pd
from pyspark.sql import SparkSession

plim, study, url = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
spark = SparkSession.builder.remote(url).getOrCreate()
scratch = Path(tempfile.mkdtemp())


def out(*arguments):
    return subprocess.run([plim, *arguments], check=True, capture_output=True, text=True).stdout


def register(name, frame):
    """A table for both engines: a view there, a file here."""
    path = scratch / f"{name}.parquet"
    frame.to_parquet(path)
    spark.read.parquet(str(path)).createOrReplaceTempView(name)
    return path


def gap(here, there):
    """The largest relative difference; rows are put in the order of their columns first."""
    assert list(here) == list(there) and len(here) == len(there), (list(here), list(there), len(here), len(there))
    number = [pd.api.types.is_numeric_dtype(here[c]) for c in here]
    order = [c for c, n in zip(here, number) if not n] + [c for c, n in zip(here, number) if n]
    here, there = (t.sort_values(order).reset_index(drop=True) for t in (here, there))
    most = 0.0
    for column, is_number in zip(here, number):
        a, b = here[column], there[column]
        if not is_number:
            assert a.fillna("").astype(str).equals(b.fillna("").astype(str)), column
            continue
        a, b = a.astype(float), b.astype(float)
        assert (a.isna() == b.isna()).all(), column
        most = max(most, float(((a - b).abs() / a.abs().clip(lower=1e-300)).max(skipna=True) or 0.0))
    return most


sources = tomllib.loads(study.read_text())["data"]
files = {name: register(name, pd.read_csv(study.parent / s["file"])) for name, s in sources.items()}
for name, query in re.findall(r"-- (.*)\n((?:.|\n)*?);\n\n", out("sql", str(study))):
    began = time.time()
    there = spark.sql(query).toPandas()
    middle = time.time()
    tables = [part for n, f in files.items() for part in ("--table", f"{n}={f}")]
    here = pd.read_csv(io.StringIO(out("sql", query, *tables)))
    ended = time.time()
    most = gap(here, there)
    print(f"{name}: {len(here)} rows, gap {most:.1e}, there {middle - began:.2f} s, here {ended - middle:.2f} s")
    assert most <= 1e-12, name
    files[name] = register(name, here)
