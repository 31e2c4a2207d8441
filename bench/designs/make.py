"""Writes the synthetic designs of the benches.   make.py DIR [large]

`large` adds the tables of ten million rows.

Every file comes from a fixed seed and a known process; nothing is real. Written as CSV where a person would have
CSV (a city panel, a table of units) and as Parquet where not (a million rows, trade records).
"""
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq


def cities(seed=1, units=289, years=11):
    """City panel: an outcome, a regressor of interest and four controls, correlated with both effects."""
    rng = np.random.default_rng(seed)
    city, year = np.divmod(np.arange(units * years), years)
    effect = rng.normal(size=units)[city] + rng.normal(size=years)[year]
    columns = {f"x{j}": rng.normal(size=city.size) + 0.4 * effect for j in range(1, 11)}
    noise = rng.normal(size=units)[city] * 0.3 * (year - 5) + rng.normal(size=city.size)
    y = columns["x1"] - 0.5 * columns["x2"] + effect + noise
    return pd.DataFrame({"city": city + 1, "year": year + 2011, "y": y, **columns})


def graph(kind, rows, seed=2):
    """Workers in firms over years: the graph that joins workers and firms decides how hard the effects are to absorb.

    simple     a new firm drawn for each year: well mixed
    difficult  firms run through 1, 2, 3, … down the rows: in step with workers and years
    chain      firms lie in a window around the worker's number, 20 years of a worker scattered: a long thin graph
    mobility   few moves: a worker stays with probability 0.98 or goes to one of the next three firms
    """
    rng = np.random.default_rng(seed)
    years = round(rows**0.3) if kind == "chain" else 10
    workers = rows // (20 if kind == "chain" else years)
    firms = max(2, rows // 160 if kind == "chain" else workers // 23)
    if kind == "chain":
        worker, year = rng.integers(workers, size=rows), rng.integers(years, size=rows)
    else:
        worker, year = np.divmod(np.arange(workers * years), years)
    n = worker.size
    if kind == "simple":
        firm = rng.integers(firms, size=n)
    elif kind == "difficult":
        firm = np.arange(n) % firms
    elif kind == "chain":
        firm = np.minimum(np.maximum(worker // 8 - 11, 0) + rng.integers(21, size=n), firms - 1)
    else:
        moves = np.where(rng.random((workers, years)) < 0.02, rng.integers(1, 4, (workers, years)), 0)
        moves[:, 0] = rng.integers(firms, size=workers)
        firm = (moves.cumsum(axis=1) % firms).ravel()
    effect = rng.normal(size=workers)[worker] + rng.normal(size=firms)[firm] + rng.normal(size=years)[year]
    x1 = rng.normal(size=n) + 0.3 * effect
    x2 = rng.normal(size=n) - 0.2 * effect
    y = x1 + 0.5 * x2 + effect + rng.normal(size=n)
    ids = {"worker": worker, "firm": firm, "year": year + 2011}
    return pd.DataFrame({**{k: v.astype(np.int32) for k, v in ids.items()}, "y": y, "x1": x1, "x2": x2})


def producers(units, seed=3):
    """Two inputs, two outputs; a Cobb-Douglas frontier with half-normal inefficiency."""
    rng = np.random.default_rng(seed)
    x = np.exp(rng.normal(3, 0.7, (units, 2)))
    scale = x[:, 0] ** 0.45 * x[:, 1] ** 0.4 * np.exp(-np.abs(rng.normal(0, 0.35, units)))
    share = rng.uniform(0.2, 0.8, units)
    table = {"unit": np.arange(1, units + 1), "x1": x[:, 0], "x2": x[:, 1]}
    return pd.DataFrame({**table, "y1": scale * np.sqrt(share), "y2": scale * np.sqrt(1 - share)})


def firms(units, seed=5, years=1):
    """Three inputs, two outputs; the frontier moves by 3% a year, firms are drawn anew each year."""
    rng = np.random.default_rng(seed)
    unit, year = np.divmod(np.arange(units * years), years)
    x = np.exp(rng.normal(3, 0.6, (unit.size, 3)))
    size = np.exp(0.03 * year - np.abs(rng.normal(0, 0.35, unit.size))) * np.prod(x ** [0.3, 0.3, 0.25], axis=1)
    share = rng.uniform(0.25, 0.75, unit.size)
    table = {"unit": unit + 1, "year": year + 2011, **{f"x{j + 1}": x[:, j] for j in range(3)}}
    return pd.DataFrame({**table, "y1": size * np.sqrt(share), "y2": size * np.sqrt(1 - share)})


def exports(seed=4, records=300_000, units=200, products=1_000, years=3):
    """Export records by unit, product and year: units of high capability also make products of high requirement."""
    rng = np.random.default_rng(seed)
    capability, requirement = rng.beta(1.5, 2, units), rng.beta(2, 2.5, products)
    taste = rng.normal(0, 1.2, (units, products))
    size = rng.lognormal(12, 1.5, units)[:, None] * rng.lognormal(0, 1.5, products)[None, :]
    fit = 7 * (capability[:, None] - requirement[None, :]) + taste
    frames = []
    for year in range(years):
        drawn = fit + rng.gumbel(size=fit.shape)
        floor = np.sort(drawn, axis=None)[-(records // years)]
        unit, product = np.nonzero(drawn >= floor)
        value = size * np.exp(0.8 * taste + rng.normal(0, 0.8, fit.shape))
        frames.append(pd.DataFrame({"unit": unit + 1, "product": product + 100_000, "year": 2011 + year,
                                    "value": value[unit, product].round(3) + 0.001}))
    return pd.concat(frames).sample(frac=1, random_state=seed)


def customs(file, records, seed=6, cities=289, products=5_000, markets=200, years=11):
    """Customs records, a row group a year: few large cities, products and markets, each city at products of its own."""
    rng = np.random.default_rng(seed)

    def drawn(many, kinds, steep):
        share = np.cumsum(1 / np.arange(1, kinds + 1) ** steep)
        return np.searchsorted(share / share[-1], rng.random(many))

    writer = None
    for year in range(years):
        many = records // years
        city = drawn(many, cities, 0.7)
        product = (drawn(many, products, 0.6) + 37 * city) % products
        columns = {"city": city + 1, "year": np.full(many, 2011 + year), "product": product + 100_000,
                   "market": drawn(many, markets, 0.8) + 1}
        table = pa.table({**{k: v.astype(np.int32) for k, v in columns.items()},
                          "value": rng.lognormal(9, 2, many).round(2) + 0.01})
        writer = writer or pq.ParquetWriter(file, table.schema, compression="zstd")
        writer.write_table(table)
    writer.close()


def trade(folder, name, records):
    """The records, the study of them, and the part of it that SQL can say."""
    customs(folder / f"{name}.parquet", records)
    study = (Path(__file__).parent / "trade.toml").read_text().replace("FILE", f"{name}.parquet")
    (folder / f"{name}.toml").write_text(study)
    # Complexity comes last, and SQL knows no eigenvectors.
    (folder / f"{name}_part.toml").write_text(study[:study.rindex("[[step]]")])


def main(folder, large):
    folder.mkdir(parents=True, exist_ok=True)
    cities().to_csv(folder / "cities.csv", index=False)
    for kind in ("simple", "difficult", "chain", "mobility"):
        for rows in (100_000, 1_000_000, 10_000_000)[:3 if large else 2]:
            graph(kind, rows).to_parquet(folder / f"{kind}_{rows:.0e}.parquet".replace("+0", ""), index=False)
    for units in (289, 3_000):
        producers(units).to_csv(folder / f"producers_{units}.csv", index=False)
    for units in (289, 1_000, 5_000):
        firms(units).to_csv(folder / f"firms_{units}.csv", index=False)
    firms(289, years=11).to_csv(folder / "firms_panel.csv", index=False)
    exports().to_parquet(folder / "exports.parquet", index=False)
    trade(folder, "customs_1e6", 1_000_000)
    if large:
        trade(folder, "customs_1e7", 10_000_000)
    exports(products=5_000, years=1).to_parquet(folder / "exports_wide.parquet", index=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), "large" in sys.argv[2:])
