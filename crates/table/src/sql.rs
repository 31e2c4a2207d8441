//! Queries over tables and Parquet files, run by DataFusion.
//!
//! The query sees each table under its name, and nothing else: no file can be reached through the text of a query,
//! and nothing but a query is run. Names are taken as they are spelled, so that `GDP` and `gdp` are two columns.
//! Numbers are `f64`, as everywhere; division never rounds to an integer. Sums agree between runs to 1e-12
//! relative; rows come in the order of the query's ORDER BY, and without one either in the engine's order (tables)
//! or ordered by their columns from left to right (Parquet files, which are read in parallel).
//!
//! Where a query runs is an [`Engine`]: in this process, or on a cluster (feature `cluster`).

#[cfg(feature = "cluster")]
mod cluster;
mod engine;
#[cfg(feature = "cluster")]
mod node;
#[cfg(feature = "cluster")]
mod roots;

pub use engine::{Engine, Node, Work};

use crate::arrow::{from_batches, to_batch};
use crate::parquet::broken;
use crate::parts::{Key, parts};
use crate::remote::Versions;
use crate::{Data, Error, Result, Table, near};
use ::arrow::array::RecordBatch;
use ::arrow::datatypes::{DataType, Schema};
use ::parquet::file::metadata::ParquetMetaData;
use ::parquet::file::statistics::Statistics;
use datafusion::common::tree_node::TreeNode;
use datafusion::common::{DFSchema, DataFusionError, SchemaError, TableReference};
use datafusion::dataframe::DataFrame;
use datafusion::execution::context::{SQLOptions, SessionContext};
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::execution::{FunctionRegistry, SessionState};
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Expr, ExprSchemable, LogicalPlan, cast, ident, lit};
use datafusion::prelude::{ParquetReadOptions, SessionConfig};
use datafusion::sql::sqlparser::ast::BinaryOperator;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

/// Makes a table with a query over the tables of the study.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Sql {
    /// One SELECT; tables go by the names of their steps, columns by their names as spelled.
    pub query: String,
}

/// Where the rows of a table in a query come from.
#[derive(Debug, Clone, Copy)]
pub enum Source<'a> {
    /// A table in memory.
    Table(&'a Table),
    /// A Parquet file or a folder of them, streamed from disk and never loaded as a whole.
    Parquet(&'a Path),
}

/// Runs a query over tables in memory; `memory_limit` in bytes, beyond which sorts and groups spill to disk.
pub fn sql(query: &str, tables: &[(&str, &Table)], memory_limit: Option<usize>) -> Result<Table> {
    let sources: Vec<(&str, Source)> = tables.iter().map(|(name, t)| (*name, Source::Table(t))).collect();
    sql_over(query, &sources, memory_limit)
}

/// [`sql`] over tables and Parquet files.
pub fn sql_over(query: &str, sources: &[(&str, Source)], memory_limit: Option<usize>) -> Result<Table> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let versions = versions(query, sources)?;
    let table = drive(sources, threads, async {
        let session = session(config(), query, sources, memory_limit).await?;
        let plan = plan(&session, query, sources).await?;
        let ordered = ordered(&plan);
        let arbitrary = arbitrary(&plan).map_err(|e| refused(e, sources))?;
        let parallel = !files(sources).is_empty() && !arbitrary;
        let mut state = session.state();
        state.config_mut().options_mut().execution.target_partitions = if parallel { threads } else { 1 };
        let schema = types(&state, &plan).map_err(|e| refused(e, sources))?;
        let frame = DataFrame::new(state, plan);
        let batches: Vec<RecordBatch> = frame.collect().await.map_err(|e| refused(e, sources))?;
        let (table, _) = from_batches(&schema, &batches, "sql")?;
        Ok(if parallel && !ordered { by_columns(&table) } else { table })
    })?;
    versions.unchanged().map(|()| table)
}

/// The sources that the query names; the others need not be opened or copied.
fn named<'s>(query: &str, sources: &'s [(&str, Source<'s>)]) -> impl Iterator<Item = &'s (&'s str, Source<'s>)> {
    // A name with a quote is spelled with two of them in the query.
    sources.iter().filter(move |(name, _)| query.contains(name) || name.contains('"'))
}

/// The versions of the objects that a query reads.
fn versions(query: &str, sources: &[(&str, Source)]) -> Result<Versions> {
    Versions::of(named(query, sources).filter_map(|(_, source)| match source {
        Source::Parquet(path) => Some(*path),
        Source::Table(_) => None,
    }))
}

/// Names of the columns that a query makes, without running it.
pub fn sql_names(query: &str, sources: &[(&str, Source)]) -> Result<Vec<String>> {
    drive(sources, 1, async {
        let session = session(config(), query, sources, None).await?;
        let plan = plan(&session, query, sources).await?;
        Ok(plan.schema().fields().iter().map(|f| f.name().clone()).collect())
    })
}

/// Runs a query's future to its end; a panic of the engine is an error, and over a damaged file names the files.
fn drive<T>(sources: &[(&str, Source)], threads: usize, future: impl Future<Output = Result<T>>) -> Result<T> {
    let files = files(sources);
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.on_thread_start(crate::read::guard_thread);
    #[cfg(feature = "s3")]
    runtime.enable_all();
    let runtime = runtime.worker_threads(threads).build().map_err(|e| Error::file("sql", e))?;
    match files.is_empty() {
        true => crate::read::caught(|| runtime.block_on(future)).unwrap_or_else(|| {
            Err(Error::invalid("the engine broke over this query", "write it in another way, and report this"))
        }),
        false => crate::read::guarded(&files, || runtime.block_on(future)),
    }
}

/// The files among the sources, as a message names them.
fn files(sources: &[(&str, Source)]) -> String {
    let file = |source: &Source| match source {
        Source::Parquet(path) => Some(path.display().to_string()),
        Source::Table(_) => None,
    };
    sources.iter().filter_map(|(_, s)| file(s)).collect::<Vec<_>>().join(", ")
}

/// The settings of a session.
fn config() -> SessionConfig {
    SessionConfig::new()
        .with_target_partitions(1)
        // Names as spelled: folded to lower case, a column `GDP` could not be reached without quotes.
        .set_bool("datafusion.sql_parser.enable_ident_normalization", false)
}

/// A session that knows the sources which the query names.
async fn session(
    config: SessionConfig,
    query: &str,
    sources: &[(&str, Source<'_>)],
    memory_limit: Option<usize>,
) -> Result<SessionContext> {
    let mut runtime = RuntimeEnvBuilder::new();
    if let Some(bytes) = memory_limit {
        runtime = runtime.with_memory_limit(bytes, 1.0);
    }
    let runtime = runtime.build_arc().map_err(|e| refused(e, sources))?;
    let mut session = SessionContext::new_with_config_rt(config, runtime);
    session.register_expr_planner(Arc::new(RealDivision)).map_err(|e| refused(e, sources))?;
    for (name, source) in named(query, sources) {
        let name_of = TableReference::bare(*name);
        match source {
            Source::Table(table) => session.register_batch(name_of, to_batch(table)?).map(|_| ()),
            Source::Parquet(path) => {
                let view = parquet(&session, path).await?;
                session.register_table(name_of, view.into_view()).map(|_| ())
            }
        }
        .map_err(|e| refused(e, sources))?;
    }
    Ok(session)
}

/// Divides integers like numbers: `count(*) / sum(count(*)) OVER ()` is a share, which SQL would round to zero.
#[derive(Debug)]
struct RealDivision;

impl ExprPlanner for RealDivision {
    fn plan_binary_op(
        &self,
        expr: RawBinaryExpr,
        schema: &DFSchema,
    ) -> std::result::Result<PlannerResult<RawBinaryExpr>, DataFusionError> {
        let RawBinaryExpr { op, left, right } = expr;
        let whole = |e: &Expr| e.get_type(schema).is_ok_and(|t| t.is_integer());
        Ok(match op == BinaryOperator::Divide && whole(&left) && whole(&right) {
            true => PlannerResult::Planned(cast(left, DataType::Float64) / right),
            false => PlannerResult::Original(RawBinaryExpr { op, left, right }),
        })
    }
}

/// The plan of one query; any other statement is refused.
async fn plan(session: &SessionContext, query: &str, sources: &[(&str, Source<'_>)]) -> Result<LogicalPlan> {
    let only_queries = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    let plan = session.state().create_logical_plan(query).await.map_err(|e| refused(e, sources))?;
    only_queries.verify_plan(&plan).map_err(|e| refused(e, sources))?;
    Ok(plan)
}

/// Names and types of the columns that a plan makes: those of a `CASE` or a `UNION` are settled by the analysis only.
fn types(state: &SessionState, plan: &LogicalPlan) -> std::result::Result<Schema, DataFusionError> {
    let analyzed = state.analyzer().execute_and_check(plan.clone(), state.config_options(), |_, _| {})?;
    Ok(analyzed.schema().as_arrow().clone())
}

/// Whether rows come in an order that the query asked for.
fn ordered(plan: &LogicalPlan) -> bool {
    match plan {
        LogicalPlan::Sort(_) => true,
        LogicalPlan::Projection(p) => ordered(&p.input),
        LogicalPlan::Limit(l) => ordered(&l.input),
        LogicalPlan::SubqueryAlias(a) => ordered(&a.input),
        _ => false,
    }
}

/// Whether rows depend on which come first, as those that a LIMIT without ORDER BY keeps do: one thread has to read
/// them, or they would differ by run.
fn arbitrary(plan: &LogicalPlan) -> std::result::Result<bool, DataFusionError> {
    plan.exists(|node| Ok(matches!(node, LogicalPlan::Limit(limit) if !ordered(&limit.input))))
}

/// A Parquet file, or all files of a folder one after another.
async fn parquet(session: &SessionContext, path: &Path) -> Result<DataFrame> {
    let mut all: Option<DataFrame> = None;
    for part in parts(path)? {
        let mut frame = one_file(session, &part.path).await?;
        for (name, key) in part.keys {
            let value = match key {
                Key::Number(x) => lit(x),
                Key::Text(text) => lit(text),
            };
            frame = frame.with_column(&name, value).map_err(|e| broken(path.display(), e))?;
        }
        all = Some(match all {
            None => frame,
            Some(before) => before.union(frame).map_err(|e| broken(path.display(), e))?,
        });
    }
    all.ok_or_else(|| Error::file(path.display(), "no Parquet file in this folder"))
}

/// A Parquet file with the types that reading it would give: numbers as `f64`, dates as text.
async fn one_file(session: &SessionContext, path: &Path) -> Result<DataFrame> {
    let file = path.display();
    let metadata = crate::parquet::open(path)?.metadata;
    let options = ParquetReadOptions::default().file_extension("");
    let frame = session.read_parquet(location(session, path)?, options).await.map_err(|e| broken(&file, e))?;
    let columns = metadata.schema().fields().iter().filter_map(|field| {
        let column = ident(field.name());
        match target(field.data_type(), || exact(metadata.metadata(), field.name()))? {
            Some(to) => Some(cast(column, to).alias(field.name())),
            None => Some(column),
        }
    });
    frame.select(columns.collect::<Vec<_>>()).map_err(|e| broken(&file, e))
}

/// The type to cast a column to: `None` for one that a table cannot hold, `Some(None)` for one that stays.
fn target(of: &DataType, exact: impl Fn() -> Option<bool>) -> Option<Option<DataType>> {
    match of {
        DataType::Int64 | DataType::UInt64 => match exact() {
            Some(true) => Some(Some(DataType::Float64)),
            Some(false) => Some(Some(DataType::Utf8)),
            // Without statistics the integers stay what they are, which loses nothing.
            None => Some(None),
        },
        DataType::Boolean => Some(Some(DataType::Float64)),
        of if of.is_numeric() => Some(Some(DataType::Float64)),
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => Some(None),
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView => Some(Some(DataType::Utf8)),
        DataType::Dictionary(_, value) => Some(Some(target(value, exact)?.unwrap_or(DataType::Utf8))),
        of if of.is_temporal() => Some(Some(DataType::Utf8)),
        _ => None,
    }
}

/// Whether all integers of a column are `f64` numbers (at most 2^53), by the statistics of the file.
fn exact(metadata: &ParquetMetaData, name: &str) -> Option<bool> {
    let mut exact = true;
    for group in metadata.row_groups() {
        let column = group.columns().iter().find(|c| c.column_path().parts() == [name])?;
        match column.statistics()? {
            Statistics::Int64(s) => {
                exact &= [s.min_opt()?, s.max_opt()?].into_iter().all(|v| v.unsigned_abs() <= 1 << 53);
            }
            _ => return None,
        }
    }
    Some(exact)
}

/// The URL of a file, or of an object, whose store the session gets to know.
fn location(session: &SessionContext, path: &Path) -> Result<String> {
    #[cfg(feature = "s3")]
    if crate::remote::is_remote(path) {
        let crate::remote::Place { bucket, key, store } = crate::remote::Place::of(path)?;
        session.register_object_store(&bucket, store);
        return Ok(format!("{bucket}/{}", escaped(key.as_ref())));
    }
    #[cfg(not(feature = "s3"))]
    let _ = session;
    let path = std::path::absolute(path).map_err(|e| Error::file(path.display(), e))?;
    let path = escaped(&path.to_string_lossy().replace('\\', "/"));
    Ok(format!("file://{}{path}", if path.starts_with('/') { "" } else { "/" }))
}

/// A path as URLs have it, in which no character is a wildcard.
fn escaped(path: &str) -> String {
    path.bytes()
        .map(|b| match b {
            b if b.is_ascii_alphanumeric() || b"/-_.~:".contains(&b) => char::from(b).to_string(),
            b => format!("%{b:02X}"),
        })
        .collect()
}

/// The rows in the order of their columns from left to right; missing last.
fn by_columns(table: &Table) -> Table {
    let mut rows: Vec<usize> = (0..table.rows()).collect();
    rows.sort_by(|&a, &b| {
        let orders = table.columns().iter().map(|column| match &column.data {
            // The sign bit would put one kind of NaN first.
            Data::Number(v) => {
                v[a].is_nan().cmp(&v[b].is_nan()).then(v[a].partial_cmp(&v[b]).unwrap_or(std::cmp::Ordering::Equal))
            }
            Data::Text(t) => t.get(a).is_none().cmp(&t.get(b).is_none()).then_with(|| t.get(a).cmp(&t.get(b))),
        });
        orders.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
    });
    table.take(&rows)
}

/// Whether the disk had no room, anywhere in the chain of causes.
fn disk_full(error: &DataFusionError) -> bool {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(e) = cause {
        let full = |e: &std::io::Error| matches!(e.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded);
        if e.downcast_ref::<std::io::Error>().is_some_and(full) {
            return true;
        }
        cause = e.source();
    }
    false
}

/// What a store's failure means, where it is one.
fn of_store(said: &str) -> Option<String> {
    #[cfg(feature = "s3")]
    if ["Object Store error", "Generic S3 error", "Object at location"].iter().any(|mark| said.contains(mark)) {
        return Some(crate::remote::fault(said));
    }
    let _ = said;
    None
}

/// What DataFusion says, as an error of ours with near names.
fn refused(error: DataFusionError, sources: &[(&str, Source)]) -> Error {
    if disk_full(&error) {
        let place = std::env::temp_dir();
        return Error::file(
            place.display(),
            "the disk is full, and the query needs it for what memory may not hold; free space, set TMPDIR to a larger disk, or raise the memory limit",
        );
    }
    let message = |e: &DataFusionError| {
        let text = e.strip_backtrace();
        let text = text.strip_prefix("Error during planning: ").unwrap_or(&text).to_string();
        format!("the query was refused: {}", text.lines().next().unwrap_or_default().trim_end_matches('.'))
    };
    match error.find_root() {
        DataFusionError::SchemaError(schema, _) => {
            if let SchemaError::FieldNotFound { field, valid_fields } = &**schema {
                let mut near = near(field.name(), valid_fields.iter().map(|c| c.name()));
                near.dedup();
                return Error::NoColumn { name: field.name().to_string(), near, file: None };
            }
            Error::invalid(message(&error), "qualify or rename the columns")
        }
        DataFusionError::ResourcesExhausted(text) => Error::invalid(
            format!("the query needs more memory than it may use: {}", text.lines().next().unwrap_or_default()),
            "raise the memory limit, or select fewer columns and rows",
        ),
        DataFusionError::IoError(_)
        | DataFusionError::ObjectStore(_)
        | DataFusionError::ParquetError(_)
        | DataFusionError::ExecutionJoin(_)
            if !files(sources).is_empty() =>
        {
            let said = error.strip_backtrace();
            match of_store(&said) {
                Some(fault) => Error::file(files(sources), fault),
                None => broken(files(sources), said),
            }
        }
        DataFusionError::SQL(..) => Error::invalid(message(&error), "write one SELECT"),
        _ => {
            let names: Vec<String> = sources.iter().map(|(name, _)| format!("`{name}`")).collect();
            Error::invalid(message(&error), format!("write one SELECT over the tables {}", names.join(", ")))
        }
    }
}
