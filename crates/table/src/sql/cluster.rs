//! Queries on a cluster: Ballista's scheduler takes the plan, its workers run it, the rows come back.
//!
//! The plan is made here, with the names, casts and rules of the embedded engine; only its work is done elsewhere.
//! Workers open the Parquet files by the same path as this machine. A small table in memory travels inside the plan;
//! what cannot travel, or would depend on the order of arrival, runs embedded, and the note of the step says so.

use super::roots::OUTSIDE;
use super::{
    Source, arbitrary, by_columns, config, drive, of_store, ordered, plan, refused, session, sql_over, types, versions,
};
use crate::arrow::{from_batches, to_batch};
use crate::{Error, Result, Table};
use ballista_core::config::BALLISTA_CLIENT_GRPC_HTTP2_KEEPALIVE_INTERVAL_SECONDS as SIGN_OF_LIFE;
use ballista_core::config::BALLISTA_CLIENT_PULL;
use ballista_core::extension::{SessionConfigExt, SessionStateExt};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, ScalarValue, TableReference};
use datafusion::dataframe::DataFrame;
use datafusion::execution::context::SessionContext;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder, ident, lit};
use std::collections::BTreeSet;
use std::fmt;
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::str::FromStr;
use std::time::{Duration, Instant};
use url::Url;

/// Cells up to which a table in memory travels inside the plan; more would weigh on every task's message.
const CELLS: usize = 5000;

/// Parts that a query is split into: enough for the workers of a small cluster, few enough to cost nothing on one.
const PARTS: usize = 16;

/// Times that a query is asked when workers are lost under it.
const TIMES: usize = 4;

/// Time to wait for an answer or for the first worker.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// The port of a scheduler when none is named.
const PORT: u16 = 50050;

/// The address of a scheduler.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// Name or number of the machine; IPv6 in brackets.
    pub(super) host: String,
    /// The port.
    pub(super) port: u16,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "df://{}:{}", self.host, self.port)
    }
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(text: &str) -> Result<Address> {
        let wrong = || Error::invalid(format!("`{text}` is no address of a scheduler"), "write df://HOST:PORT");
        let url = Url::parse(text).map_err(|_| wrong())?;
        let more = !url.username().is_empty()
            || url.password().is_some()
            || !matches!(url.path(), "" | "/")
            || url.query().is_some()
            || url.fragment().is_some();
        match url.host_str() {
            Some(host) if url.scheme() == "df" && !more => {
                Ok(Address { host: host.into(), port: url.port().unwrap_or(PORT) })
            }
            _ => Err(wrong()),
        }
    }
}

impl Address {
    /// The result of a query, and a note on where it was made.
    pub(super) fn sql(
        &self,
        query: &str,
        sources: &[(&str, Source)],
        memory_limit: Option<usize>,
    ) -> Result<(Table, String)> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let versions = versions(query, sources)?;
        let made = drive(sources, threads, async {
            let settings = config()
                .upgrade_for_ballista()
                // Replanning between stages (of 55.0) waits for ever where one side of an outer join turns out empty.
                .with_ballista_adaptive_query_planner(false)
                .set_usize(SIGN_OF_LIFE, 10)
                // Asks how the query stands again and again, rather than wait for a word that may never come.
                .set_bool(BALLISTA_CLIENT_PULL, true)
                .with_target_partitions(PARTS);
            let session = session(settings, query, sources, memory_limit).await?;
            let first = plan(&session, query, sources).await?;
            let tables = match travels(&first, sources).map_err(|e| refused(e, sources))? {
                Ok(tables) => tables,
                Err(why) => return Ok(Err(why)),
            };
            self.wait_for_a_worker()?;
            for (name, table) in tables {
                inline(&session, name, table).map_err(|e| refused(e, sources))?;
            }
            let plan = plan(&session, query, sources).await?;
            let ordered = ordered(&plan);
            let state = session.state().upgrade_for_ballista(format!("http://{}:{}", self.host, self.port));
            let schema = types(&session.state(), &plan).map_err(|e| refused(e, sources))?;
            let frame = DataFrame::new(state.map_err(|e| refused(e, sources))?, plan);
            let mut asked = 1;
            let batches = loop {
                match frame.clone().collect().await {
                    Ok(batches) => break batches,
                    Err(e) if asked < TIMES && worker_lost(&e) => self.wait_for_a_worker()?,
                    Err(e) => return Err(self.failed(&e)),
                }
                asked += 1;
            };
            let (table, _) = from_batches(&schema, &batches, "sql")?;
            Ok(Ok(if ordered { table } else { by_columns(&table) }))
        })?;
        match made {
            Ok(table) => versions.unchanged().map(|()| (table, format!("queried on {self}"))),
            Err(why) => Ok((sql_over(query, sources, memory_limit)?, format!("queried here and not on {self}: {why}"))),
        }
    }

    /// Waits a little for the scheduler's first worker: without one a query would wait for ever.
    fn wait_for_a_worker(&self) -> Result<()> {
        let since = Instant::now();
        while !self.has_workers()? {
            if since.elapsed() > PATIENCE {
                let way = format!("start one with `plim cluster worker --scheduler {self} --root DIR`");
                return Err(Error::file(self, format!("the scheduler has no worker; {way}")));
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        Ok(())
    }

    /// Asks the scheduler whether it has a worker; an error when no scheduler answers.
    pub(super) fn has_workers(&self) -> Result<bool> {
        let way = "start one with `plim cluster scheduler --root DIR`";
        let silent = |e: std::io::Error| Error::file(self, format!("no scheduler answers: {e}; {way}"));
        // An IPv6 address stands in brackets in a URL only.
        let host = self.host.trim_matches(['[', ']']);
        let mut last = std::io::Error::other("the name has no address");
        let found = (host, self.port)
            .to_socket_addrs()
            .map_err(silent)?
            .find_map(|place| TcpStream::connect_timeout(&place, PATIENCE).map_err(|e| last = e).ok());
        let Some(mut stream) = found else { return Err(silent(last)) };
        let asked = stream
            .set_read_timeout(Some(PATIENCE))
            .and_then(|()| stream.set_write_timeout(Some(PATIENCE)))
            .and_then(|()| write!(stream, "GET /readyz HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
        asked.map_err(silent)?;
        let mut answer = Vec::new();
        stream.take(1 << 12).read_to_end(&mut answer).map_err(silent)?;
        let answer = String::from_utf8_lossy(&answer).to_ascii_lowercase();
        match answer.split(' ').nth(1) {
            Some("200") if answer.contains("server: ballista/") => Ok(true),
            Some("503") if answer.contains("server: ballista/") => Ok(false),
            _ => Err(Error::file(self, format!("what answers there is no scheduler; {way}"))),
        }
    }

    /// What went wrong on the cluster, in a line, and the way out.
    fn failed(&self, error: &DataFusionError) -> Error {
        let text = error.strip_backtrace();
        // The scheduler's messages nest; the innermost says what happened.
        let line = text.lines().next().unwrap_or_default().trim_end_matches(['"', ')', '}', ' ']);
        if text.contains(OUTSIDE) {
            let way = "start the scheduler and its workers with --root and the folder of the data";
            return Error::file(self, format!("a file of the query is {OUTSIDE}; {way}"));
        }
        if let Some(fault) = of_store(&text) {
            return Error::file(self, fault);
        }
        match line.contains("failed: ") && !worker_lost(error) {
            true => Error::invalid(
                format!("{self}: the query failed: {line}"),
                "run it with --engine local, which tells whether the query or the cluster is at fault",
            ),
            false => Error::file(self, format!("the cluster was lost: {line}; see that its scheduler and workers run")),
        }
    }
}

/// Whether a query ended because a worker did, and may be asked again: its scheduler cancelled it, a part of it could
/// not be fetched from another worker, or its answer not by this process.
fn worker_lost(error: &DataFusionError) -> bool {
    let text = error.strip_backtrace();
    let lost = ["failed: Cancelled", "most recent failure reason"].iter().any(|mark| text.contains(mark));
    !text.contains(OUTSIDE) && (lost || !text.contains("failed: "))
}

/// Tables in memory that go with a query, by name.
type Travelling<'a> = Vec<(&'a str, &'a Table)>;

/// The tables in memory that a query reads, if it can run elsewhere; or why it runs here.
fn travels<'a>(
    plan: &LogicalPlan,
    sources: &[(&'a str, Source<'a>)],
) -> std::result::Result<std::result::Result<Travelling<'a>, String>, DataFusionError> {
    let mut scanned = BTreeSet::new();
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            scanned.insert(scan.table_name.table().to_string());
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    // A Parquet file is a view, which the plan holds by its content and not by its name.
    let tables: Vec<(&str, &Table)> = sources
        .iter()
        .filter_map(|(name, source)| match source {
            Source::Table(table) if scanned.contains(*name) => Some((*name, *table)),
            _ => None,
        })
        .collect();
    let large = tables.iter().find(|(_, t)| t.rows() * t.columns().len() > CELLS);
    // An empty relation loses its columns on the way.
    let empty = tables.iter().find(|(_, t)| t.rows() == 0 || t.columns().is_empty());
    Ok(if scanned.len() == tables.len() {
        Err("it reads no Parquet file".into())
    } else if let Some((name, table)) = large {
        let cells = table.rows() * table.columns().len();
        Err(format!(
            "`{name}` has {cells} cells in memory, and {CELLS} can travel; a Parquet file that only queries read stays on disk"
        ))
    } else if let Some((name, _)) = empty {
        Err(format!("`{name}` is empty"))
    } else if arbitrary(plan)? {
        Err("LIMIT without ORDER BY keeps whichever rows come first".into())
    } else {
        Ok(tables)
    })
}

/// Puts the rows of a table into the plan itself.
fn inline(session: &SessionContext, name: &str, table: &Table) -> std::result::Result<(), DataFusionError> {
    let batch = to_batch(table).map_err(|e| DataFusionError::Plan(e.to_string()))?;
    let row = |i: usize| batch.columns().iter().map(|c| Ok(lit(ScalarValue::try_from_array(c, i)?))).collect();
    let rows = (0..batch.num_rows()).map(row).collect::<std::result::Result<Vec<_>, DataFusionError>>()?;
    // VALUES names its columns by number.
    let named = table.names().enumerate().map(|(i, name)| ident(format!("column{}", i + 1)).alias(name));
    let plan = LogicalPlanBuilder::values(rows)?.project(named.collect::<Vec<_>>())?.build()?;
    let name = TableReference::bare(name);
    session.deregister_table(name.clone())?;
    session.register_table(name, DataFrame::new(session.state(), plan).into_view())?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_host_and_port() {
        let of = |text: &str| text.parse::<Address>().map(|a| a.to_string());
        assert_eq!(of("df://node1").unwrap(), "df://node1:50050");
        assert_eq!(of("df://10.0.0.1:7").unwrap(), "df://10.0.0.1:7");
        assert_eq!(of("df://[::1]:7").unwrap(), "df://[::1]:7");
        for wrong in ["df://", "df://:7", "df://a:x", "df://a:70000", "df://a/b", "df://u@a", "df://a?x", "http://a"] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_answers_and_is_no_scheduler_is_told_apart() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let _ = stream.read(&mut [0; 512]);
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nServer: other\r\n\r\n");
        });
        let address = Address { host: "127.0.0.1".into(), port };
        assert!(address.has_workers().unwrap_err().to_string().contains("no scheduler"));
        server.join().unwrap();
        let error = address.has_workers().unwrap_err();
        assert!(error.io() && error.to_string().contains("plim cluster scheduler"), "{error}");
    }
}
