//! Where queries run: in this process, or on a cluster.

use super::{Source, sql_over};
use crate::{Error, Result, Table};
use std::fmt;
use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;

#[cfg(feature = "cluster")]
use super::cluster::Address;

/// Where queries run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Engine {
    /// In this process.
    #[default]
    Local,
    /// On the workers of a scheduler.
    #[cfg(feature = "cluster")]
    Cluster(Address),
}

impl Engine {
    /// The result of a query and, unless it is made where everything is, a note on where it was made.
    pub fn sql(
        &self,
        query: &str,
        sources: &[(&str, Source)],
        memory_limit: Option<usize>,
    ) -> Result<(Table, Option<String>)> {
        match self {
            Engine::Local => Ok((sql_over(query, sources, memory_limit)?, None)),
            #[cfg(feature = "cluster")]
            Engine::Cluster(address) => {
                let (table, note) = address.sql(query, sources, memory_limit)?;
                Ok((table, Some(note)))
            }
        }
    }
}

impl fmt::Display for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Engine::Local => f.write_str("local"),
            #[cfg(feature = "cluster")]
            Engine::Cluster(address) => address.fmt(f),
        }
    }
}

impl FromStr for Engine {
    type Err = Error;

    fn from_str(text: &str) -> Result<Engine> {
        match text {
            "local" => Ok(Engine::Local),
            #[cfg(feature = "cluster")]
            text if text.starts_with("df://") => Ok(Engine::Cluster(text.parse()?)),
            #[cfg(not(feature = "cluster"))]
            text if text.starts_with("df://") => Err(missing()),
            text => Err(Error::invalid(format!("`{text}` is no engine"), "write `local` or df://HOST:PORT")),
        }
    }
}

/// What a node of a cluster does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Takes queries and deals their stages out to workers.
    Scheduler,
    /// Runs what a scheduler deals out.
    Worker {
        /// The scheduler.
        scheduler: Engine,
        /// Bytes that sorts and groups may hold; most of the machine's memory by default.
        memory: Option<usize>,
        /// Tasks at a time; all threads of the machine by default.
        threads: Option<usize>,
    },
}

/// A node of a cluster.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// The address that it listens on.
    pub host: IpAddr,
    /// The port that it listens on.
    pub port: u16,
    /// The folders that it may read, on disk or in object stores; it opens no data elsewhere.
    pub roots: Vec<PathBuf>,
    /// What it does.
    pub work: Work,
}

#[cfg(not(feature = "cluster"))]
impl Node {
    /// Works until the process is stopped.
    pub fn serve(&self) -> Result<()> {
        Err(missing())
    }
}

/// This build knows no cluster.
#[cfg(not(feature = "cluster"))]
fn missing() -> Error {
    Error::invalid(
        "this plim runs queries on its own machine only",
        "build one that knows clusters: cargo build --release -p plim-cli --features cluster",
    )
}
