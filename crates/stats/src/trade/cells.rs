//! Cells: what trade records of one unit, time, product and market add up to.
//!
//! Every measure of this module starts from the cells, so that they are made for 10⁸ records as for ten: a record is
//! 16 bytes while it waits, one year is sorted at a time, and what repeats a cell is added to it in the order of the
//! data. Memory is that of the distinct cells, not that of the records.

use crate::{Error, Kind, Result};
use rayon::prelude::*;
use serde::Serialize;
use std::collections::BTreeMap;
use std::ops::{Deref, Range};

/// Bits of the key for product and market; the unit has what is left of 64.
const PRODUCT_BITS: u32 = 24;
const MARKET_BITS: u32 = 16;

/// Records of a year that may wait before what repeats a cell is added up the first time.
const WAIT: usize = 1 << 20;

/// Value of one product and market in a basket, the records of the same cell added up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Cell {
    /// Code of the product.
    pub product: u32,
    /// Code of the market; 0 where markets are not known.
    pub market: u32,
    /// Value.
    pub value: f64,
}

/// The cells of one unit and time, by product and market ascending; there is at least one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Basket<'a> {
    /// Code of the unit.
    pub unit: u32,
    /// Year.
    pub time: i64,
    /// Its cells.
    pub cells: &'a [Cell],
}

impl Deref for Basket<'_> {
    type Target = [Cell];

    fn deref(&self) -> &[Cell] {
        self.cells
    }
}

impl Basket<'_> {
    /// Positive totals by product: code and value, codes ascending.
    pub fn by_product(&self) -> Vec<(u32, f64)> {
        self.chunk_by(|a, b| a.product == b.product)
            .map(|cells| (cells[0].product, cells.iter().map(|c| c.value).sum()))
            .filter(|&(_, value)| value > 0.0)
            .collect()
    }
}

/// What the records were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct RecordCount {
    /// Records read.
    pub records: usize,
    /// Records added to an earlier one of the same unit, time, product and market.
    pub duplicates: usize,
    /// Records whose value is zero.
    pub zeros: usize,
}

/// Where the basket of the year before is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum YearBefore {
    /// The basket is the first of its unit.
    First,
    /// The year before is not in the data, an earlier one is.
    Gap,
    /// At this position among the baskets.
    At(usize),
}

/// All cells of the data, basket by basket.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Cells {
    /// What the records were.
    pub count: RecordCount,
    /// Units of the data; codes are below.
    pub units: usize,
    /// Products of the data.
    pub products: usize,
    /// Markets of the data, where they are known.
    pub markets: Option<usize>,
    /// The cells of one year after another.
    cells: Vec<Cell>,
    /// Unit, time and cells of each basket, in order of unit and time.
    baskets: Vec<(u32, i64, Range<usize>)>,
}

impl Cells {
    /// The baskets, in order of unit and time.
    pub fn baskets(&self) -> impl ExactSizeIterator<Item = Basket<'_>> + Clone {
        (0..self.baskets.len()).map(|i| self.basket(i))
    }

    /// The basket at this position.
    pub fn basket(&self, i: usize) -> Basket<'_> {
        let (unit, time, range) = &self.baskets[i];
        Basket { unit: *unit, time: *time, cells: &self.cells[range.clone()] }
    }

    /// For each basket that of the year before: there is no comparison across a gap.
    pub fn years_before(&self) -> impl Iterator<Item = YearBefore> + '_ {
        (0..self.baskets.len()).map(|i| {
            let (unit, time, _) = self.baskets[i];
            match i.checked_sub(1).map(|j| (j, &self.baskets[j])).filter(|(_, b)| b.0 == unit) {
                None => YearBefore::First,
                Some((j, b)) if b.1.checked_add(1) == Some(time) => YearBefore::At(j),
                Some(_) => YearBefore::Gap,
            }
        })
    }

    /// The baskets of each year, units ascending.
    pub fn by_year(&self) -> BTreeMap<i64, Vec<Basket<'_>>> {
        let mut years: BTreeMap<i64, Vec<Basket>> = BTreeMap::new();
        self.baskets().for_each(|basket| years.entry(basket.time).or_default().push(basket));
        years
    }

    /// Number of cells.
    pub fn len(&self) -> usize {
        self.cells.len()
    }

    /// Whether there is no cell.
    pub fn is_empty(&self) -> bool {
        self.cells.is_empty()
    }
}

/// A record on its way into a cell.
#[derive(Debug, Clone, Copy)]
struct Record {
    /// Unit, product and market, from the highest bits to the lowest.
    key: u64,
    value: f64,
}

impl Record {
    fn field(&self, shift: u32, bits: u32) -> u32 {
        ((self.key >> shift) & ((1 << bits) - 1)) as u32
    }

    fn unit(&self) -> u32 {
        (self.key >> (PRODUCT_BITS + MARKET_BITS)) as u32
    }
}

/// Records of one year.
#[derive(Debug, Default)]
struct Year {
    records: Vec<Record>,
    /// Records at the start that are sorted and added up.
    done: usize,
}

/// Adds up records that come one after another, in any order.
#[derive(Debug, Default)]
pub struct CellsBuilder {
    years: BTreeMap<i64, Year>,
    /// Largest codes seen.
    largest: [u32; 3],
    count: RecordCount,
    total: f64,
    /// Bytes that the records may take, if they are bounded.
    memory: Option<usize>,
}

impl CellsBuilder {
    /// A builder that refuses to hold more than `memory` bytes.
    pub fn bounded(memory: Option<usize>) -> CellsBuilder {
        CellsBuilder { memory, ..CellsBuilder::default() }
    }

    /// Adds a record; its value is zero or more.
    pub fn push(&mut self, unit: u32, time: i64, product: u32, market: u32, value: f64) -> Result<()> {
        let row = self.count.records;
        self.count.records += 1;
        if let Some(e) = refused(value) {
            return Err(e.at_rows([row]));
        }
        let codes = [unit, product, market];
        self.largest = std::array::from_fn(|i| self.largest[i].max(codes[i]));
        if product >> PRODUCT_BITS != 0 || market >> MARKET_BITS != 0 || unit >> (64 - PRODUCT_BITS - MARKET_BITS) != 0
        {
            return Err(Error::invalid(
                "more than 16,777,216 units or products, or 65,536 markets",
                "group them more coarsely: a column of values may have been named as one of codes",
            ));
        }
        self.count.zeros += usize::from(value == 0.0);
        self.total += value;
        let key =
            (u64::from(unit) << (PRODUCT_BITS + MARKET_BITS)) | (u64::from(product) << MARKET_BITS) | u64::from(market);
        let year = self.years.entry(time).or_default();
        year.records.push(Record { key, value });
        if year.records.len() >= WAIT.max(2 * year.done) && year.records.len() == year.records.capacity() {
            year.add_up(self.largest);
            self.check_memory()?;
        }
        Ok(())
    }

    fn check_memory(&self) -> Result<()> {
        let bytes = self.years.values().map(|y| y.records.len() * size_of::<Record>()).sum::<usize>();
        match self.memory.filter(|&most| bytes > most) {
            None => Ok(()),
            Some(most) => Err(Error::invalid(
                format!(
                    "after {} records the distinct cells take {} MB, more than the {} MB allowed",
                    self.count.records,
                    bytes >> 20,
                    most >> 20
                ),
                "raise `--memory`, take fewer years, or add up over markets first with a `sql` step",
            )),
        }
    }

    /// The cells; `markets` says whether the codes of markets mean anything.
    pub fn finish(mut self, markets: bool) -> Result<Cells> {
        if self.count.records == 0 {
            return Err(Error::new(Kind::Empty { what: "the list of records".into() }));
        }
        // Shares of an infinite sum would be zero or missing without a word.
        if !self.total.is_finite() {
            return Err(Error::new(Kind::Untrusted {
                message: "the trade values add up to more than a number can hold".into(),
                remedy: "give them in a larger unit".into(),
            }));
        }
        let largest = self.largest;
        self.years.par_iter_mut().for_each(|(_, year)| year.add_up(largest));
        let mut all = Cells {
            units: largest[0] as usize + 1,
            products: largest[1] as usize + 1,
            markets: markets.then_some(largest[2] as usize + 1),
            ..Cells::default()
        };
        all.cells.reserve_exact(self.years.values().map(|y| y.records.len()).sum());
        for (time, year) in self.years {
            for basket in year.records.chunk_by(|a, b| a.unit() == b.unit()) {
                let start = all.cells.len();
                all.cells.extend(basket.iter().map(|r| Cell {
                    product: r.field(MARKET_BITS, PRODUCT_BITS),
                    market: r.field(0, MARKET_BITS),
                    value: r.value,
                }));
                all.baskets.push((basket[0].unit(), time, start..all.cells.len()));
            }
        }
        all.baskets.sort_unstable_by_key(|b| (b.0, b.1));
        all.count = RecordCount { duplicates: self.count.records - all.cells.len(), ..self.count };
        Ok(all)
    }
}

impl Year {
    /// Sorts the records by key and adds up those of the same key, in the order in which they came.
    fn add_up(&mut self, largest: [u32; 3]) {
        if !self.records.is_sorted_by_key(|r| r.key) {
            sort(&mut self.records, largest);
        }
        self.records.dedup_by(|next, first| {
            let same = next.key == first.key;
            if same {
                first.value += next.value;
            }
            same
        });
        self.done = self.records.len();
    }
}

/// Stable sort by key: a pass of counting for each 11 bits that the codes use, lowest first.
fn sort(records: &mut Vec<Record>, [unit, product, market]: [u32; 3]) {
    const DIGIT: u32 = 11;
    let mut from = std::mem::take(records);
    let mut to = vec![Record { key: 0, value: 0.0 }; from.len()];
    for (lowest, code) in [(0, market), (MARKET_BITS, product), (MARKET_BITS + PRODUCT_BITS, unit)] {
        let bits = u32::BITS - code.leading_zeros();
        for shift in (0..bits).step_by(DIGIT as usize) {
            let digit = |r: &Record| ((r.key >> (lowest + shift)) & ((1 << DIGIT.min(bits - shift)) - 1)) as usize;
            let mut starts = vec![0usize; 1 << DIGIT];
            from.iter().for_each(|r| starts[digit(r)] += 1);
            let mut before = 0;
            for start in &mut starts {
                before += std::mem::replace(start, before);
            }
            for record in &from {
                let place = &mut starts[digit(record)];
                to[*place] = *record;
                *place += 1;
            }
            std::mem::swap(&mut from, &mut to);
        }
    }
    *records = from;
}

/// Why a value cannot be one of trade.
pub(super) fn refused(value: f64) -> Option<Error> {
    match value {
        v if !v.is_finite() => Some(Error::new(Kind::NotFinite)),
        v if v < 0.0 => {
            let remedy = "correct or drop these records";
            Some(Error::invalid("a trade value is negative; wanted zero or more", remedy))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record: unit, time, product, market, value.
    type Record = (u32, i64, u32, u32, f64);

    fn cells(records: &[Record], memory: Option<usize>) -> Result<Cells> {
        let mut builder = CellsBuilder::bounded(memory);
        records.iter().try_for_each(|&(u, t, p, m, v)| builder.push(u, t, p, m, v))?;
        builder.finish(true)
    }

    #[test]
    fn records_in_any_order_make_the_same_cells() {
        let mut draw = crate::math::rng::Stream::new(3, 0);
        // Codes of several digits of the sort; whole values, so that sums do not depend on their order.
        let mut records: Vec<Record> = (0..20_000)
            .map(|_| {
                let code = |draw: &mut crate::math::rng::Stream, n: usize| draw.below(n) as u32 * 701;
                let (u, t, p, m) =
                    (code(&mut draw, 9), draw.below(3) as i64, code(&mut draw, 50), draw.below(40) as u32);
                (u, t, p, m, draw.below(100) as f64)
            })
            .collect();
        let found = cells(&records, None).unwrap();
        let mut sums: BTreeMap<(u32, i64, u32, u32), f64> = BTreeMap::new();
        records.iter().for_each(|r| *sums.entry((r.0, r.1, r.2, r.3)).or_default() += r.4);
        let listed =
            found.baskets().flat_map(|b| b.cells.iter().map(move |c| ((b.unit, b.time, c.product, c.market), c.value)));
        assert_eq!(listed.collect::<Vec<_>>(), sums.into_iter().collect::<Vec<_>>());
        assert_eq!(found.count.duplicates, 20_000 - found.len());
        records.reverse();
        assert_eq!(cells(&records, None).unwrap(), found);
    }

    #[test]
    fn a_gap_is_not_the_year_before() {
        let found = cells(&[(0, 1, 0, 0, 1.0), (0, 2, 0, 0, 1.0), (0, 4, 0, 0, 1.0), (1, 5, 0, 0, 1.0)], None).unwrap();
        let years: Vec<YearBefore> = found.years_before().collect();
        assert_eq!(years, [YearBefore::First, YearBefore::At(0), YearBefore::Gap, YearBefore::First]);
    }

    #[test]
    fn what_cannot_be_held_or_coded_is_refused() {
        assert!(cells(&[(0, 1, 1 << 24, 0, 1.0)], None).unwrap_err().to_string().contains("16,777,216"));
        assert!(cells(&[], None).is_err());
        let error = cells(&[(0, 1, 0, 0, 1.0), (0, 1, 0, 0, f64::NAN)], None).unwrap_err();
        assert_eq!((error.kind, error.rows), (Kind::NotFinite, vec![1]));
        // Distinct cells beyond the bound, noticed when they are first added up.
        let many: Vec<Record> = (0..3_000_000).map(|i| (0, 1, i, 0, 1.0)).collect();
        let error = cells(&many, Some(20_000_000)).unwrap_err().to_string();
        assert!(error.contains("raise `--memory`"), "{error}");
        // Duplicates do not count against it.
        let few: Vec<Record> = (0..3_000_000).map(|i| (0, 1, i % 7, 0, 1.0)).collect();
        assert_eq!(cells(&few, Some(20_000_000)).unwrap().len(), 7);
    }
}
