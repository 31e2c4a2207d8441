"""City-year measures of customs records in DuckDB.   trade_duckdb.py FILE [numbers]

The part of `designs/trade.toml` that SQL can say: concentration, similarity with the year before, margins, breadth and
depth of the markets, revealed comparative advantage with diversity and ubiquity. No eigenvectors, proximities or
centralities. `numbers` prints the concentration of each city and year.
"""
import json
import sys

import duckdb

FILE = sys.argv[1]
db = duckdb.connect()
db.execute(f"""
create table cells as
select city, year, product, market, sum(value) as value, count(*) as records
from read_parquet('{FILE}') group by all having sum(value) > 0;
create table baskets as select city, year, product, sum(value) as value from cells group by all;
create table totals as select city, year, sum(value) as total, count(*) as products from baskets group by all;
create table concentration as
with p as (
  select city, year, products, sum((value / total) ** 2) as hhi, -sum(value / total * ln(value / total)) as shannon,
         max(value / total) as top1
  from baskets join totals using (city, year) group by all),
m as (
  select city, year, sum((value / total) ** 2) as hhi_markets, count(*) as markets from
  (select city, year, market, sum(value) as value from cells group by all) join totals using (city, year) group by all)
select * from p join m using (city, year);
create table inertia as
select n.city, n.year, sum(least(n.value / t.total, o.value / s.total)) as similarity,
       sum(n.value / t.total) as old_product_share, count(*) / any_value(s.products) as retention,
       sum(n.value / t.total * o.value / s.total) as product_of_shares
from baskets n join baskets o on n.city = o.city and n.year = o.year + 1 and n.product = o.product
join totals t on n.city = t.city and n.year = t.year join totals s on o.city = s.city and o.year = s.year
group by all;
create table margins as
with w as (select year, product, sum(value) as world from baskets group by all)
select city, year, sum(world - value) / any_value(all_world - total) as extensive,
       total / nullif(sum(world - value), 0) as intensive
from baskets join w using (year, product) join totals using (city, year)
join (select year, sum(value) as all_world from baskets group by all) using (year)
group by city, year, total;
create table breadth as
select city, year, count(*) as cells, count(distinct market) as markets, sum(value) / count(*) as value_per_cell
from cells group by all;
create table links as
with p as (select year, product, sum(value) as world from baskets group by all),
y as (select year, sum(value) as all_world from baskets group by all)
select city, year, product, value * all_world / (total * world) as rca
from baskets join totals using (city, year) join p using (year, product) join y using (year);
create table diversity as select city, year, count(*) as diversity from links where rca >= 1 group by all;
create table ubiquity as select year, product, count(*) as ubiquity from links where rca >= 1 group by all;
""")
answer = {"version": duckdb.__version__}
if "numbers" in sys.argv[2:]:
    names = ["hhi", "shannon", "products", "hhi_markets", "markets", "top1_share"]
    rows = db.execute("select hhi, shannon, products, hhi_markets, markets, top1 from concentration order by year, city")
    answer["values"] = {name: list(column) for name, column in zip(names, zip(*rows.fetchall()))}
print(json.dumps(answer))
