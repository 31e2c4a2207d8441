//! The nodes of a cluster: Ballista's scheduler and executor as library calls, with data below the roots only.
//!
//! A query whose worker is lost is failed here, and asked anew as a whole by who asked it. Ballista (55.0) would redo
//! the lost part by itself, but then counts some rows twice: of 220 groups, 232 came back.

use super::cluster::PATIENCE;
use super::roots::Roots;
use super::{Engine, Node, Work};
use crate::{Error, Result};
use ballista_core::config::TaskSchedulingPolicy;
use ballista_core::serde::protobuf::job_status::Status;
use ballista_core::utils::{default_config_producer, default_session_builder};
use ballista_executor::executor_process::{ExecutorProcessConfig, start_executor_process};
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::{SchedulerConfig, TaskDistributionPolicy};
use ballista_scheduler::scheduler_process::{create_scheduler, start_grpc_service};
use ballista_scheduler::scheduler_server::SchedulerServer;
use datafusion::common::DataFusionError;
use datafusion::execution::SessionStateBuilder;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion_proto::protobuf::{LogicalPlanNode, PhysicalPlanNode};
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Seconds without a sign of life after which a worker counts as lost. A busy worker gives one every five seconds.
const LOST: u64 = 15;

/// Seconds after which Ballista itself would count a worker as lost: never before it is noticed here.
const NEVER: u64 = 24 * 3600;

type Server = SchedulerServer<LogicalPlanNode, PhysicalPlanNode>;

impl Node {
    /// Works until the process is stopped.
    pub fn serve(&self) -> Result<()> {
        if self.roots.is_empty() {
            return Err(Error::invalid("a node without --root may read nothing", "name the folders of the data"));
        }
        let roots = Roots::new(&self.roots)?;
        let place = SocketAddr::new(self.host, self.port);
        // Ballista ends without a word when its port is taken.
        TcpListener::bind(place)
            .map_err(|e| Error::file(place, format!("cannot listen there: {e}; choose another --host or --port")))?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        let runtime = runtime.map_err(|e| Error::file(place, e))?;
        match &self.work {
            Work::Scheduler => runtime.block_on(self.schedule(roots)),
            Work::Worker { scheduler, memory, threads } => {
                // Removed when the process ends, by a signal too.
                let scratch = tempfile::Builder::new().prefix("plim-worker-").tempdir();
                let scratch = scratch.map_err(|e| Error::file(std::env::temp_dir().display(), e))?;
                let config = self.worker(roots, scratch.path(), scheduler, *memory, *threads)?;
                let ended = runtime.block_on(start_executor_process(Arc::new(config)));
                ended.map_err(|e| Error::file(scheduler, e))
            }
        }
    }

    /// Takes queries and deals them out.
    async fn schedule(&self, roots: Roots) -> Result<()> {
        let failed = |e| Error::file(SocketAddr::new(self.host, self.port), e);
        // Each session lists its files anew: a shared cache would not see a file that was added.
        let session = move |config| {
            let state = default_session_builder(config)?;
            Ok(SessionStateBuilder::new_from_existing(state).with_runtime_env(environment(&roots, None)?).build())
        };
        let config = SchedulerConfig {
            bind_host: self.host.to_string(),
            bind_port: self.port,
            external_host: bracketed(self.host),
            // Workers ask for tasks: the scheduler need not reach them, and they open one port less.
            scheduling_policy: TaskSchedulingPolicy::PullStaged,
            task_distribution: TaskDistributionPolicy::RoundRobin,
            // Nothing is redone in part: see above.
            executor_timeout_seconds: NEVER,
            executor_termination_grace_period: NEVER,
            task_max_failures: 1,
            stage_max_failures: 1,
            override_session_builder: Some(Arc::new(session)),
            override_config_producer: Some(Arc::new(default_config_producer)),
            ..SchedulerConfig::default()
        };
        let cluster = BallistaCluster::new_from_config(&config).await.map_err(failed)?;
        let server: Server = create_scheduler(cluster.clone(), Arc::new(config)).await.map_err(failed)?;
        tokio::spawn(watch(cluster, server.clone()));
        start_grpc_service(SocketAddr::new(self.host, self.port), server).await.map_err(failed)
    }

    /// The settings of a worker.
    fn worker(
        &self,
        roots: Roots,
        scratch: &Path,
        scheduler: &Engine,
        memory: Option<usize>,
        threads: Option<usize>,
    ) -> Result<ExecutorProcessConfig> {
        let Engine::Cluster(scheduler) = scheduler else {
            return Err(Error::invalid("a worker needs a scheduler", "write --scheduler df://HOST:PORT"));
        };
        // Both may have been started at once.
        let since = Instant::now();
        while let Err(e) = scheduler.has_workers() {
            if since.elapsed() > PATIENCE {
                return Err(e);
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        let work = scratch.to_path_buf();
        Ok(ExecutorProcessConfig {
            bind_host: bracketed(self.host),
            // An address that stands for all of them is no address to be reached by: the scheduler sees the right one.
            external_host: (!self.host.is_unspecified()).then(|| bracketed(self.host)),
            port: self.port,
            scheduler_host: scheduler.host.clone(),
            scheduler_port: scheduler.port,
            task_scheduling_policy: TaskSchedulingPolicy::PullStaged,
            work_dir: Some(scratch.display().to_string()),
            vcores: threads.unwrap_or(0),
            memory_pool_size: memory.map(|bytes| bytes as u64),
            override_runtime_producer: Some(Arc::new(move |_| environment(&roots, Some(&work)))),
            ..ExecutorProcessConfig::default()
        })
    }
}

/// Fails the queries of workers that are lost, and forgets these.
async fn watch(cluster: BallistaCluster, server: Server) {
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        for (worker, sign) in cluster.cluster_state().executor_heartbeats() {
            if now.saturating_sub(sign.timestamp) <= LOST {
                continue;
            }
            for (job, info) in server.state.task_manager.get_running_job_cache().iter() {
                // A worker gets work when it asks, which is its sign of life: it had no part in what began later.
                let part =
                    matches!(&info.status, Some(Status::Running(r)) if r.started_at / 1000 <= sign.timestamp + 1);
                // Neither can fail but when this process ends.
                if part && server.cancel_job(job.clone()).await.is_err() {
                    return;
                }
            }
            let _ = cluster.cluster_state().remove_executor(&worker).await;
        }
    }
}

/// What tasks and plans see of the machine: files below the roots, and a folder for what memory may not hold.
fn environment(roots: &Roots, scratch: Option<&Path>) -> std::result::Result<Arc<RuntimeEnv>, DataFusionError> {
    let builder = RuntimeEnvBuilder::new().with_object_store_registry(Arc::new(roots.clone()));
    match scratch {
        Some(folder) => builder.with_temp_file_path(folder).build_arc(),
        None => builder.build_arc(),
    }
}

/// An address as URLs spell it.
fn bracketed(host: IpAddr) -> String {
    match host {
        IpAddr::V4(host) => host.to_string(),
        IpAddr::V6(host) => format!("[{host}]"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::cluster::Address;
    use super::super::roots::OUTSIDE;
    use super::super::{Source, config};
    use super::*;
    use crate::{Column, Table};
    use ::arrow::datatypes::{DataType, Field, Schema};
    use ballista_core::extension::{SessionConfigExt, SessionStateExt};
    use datafusion::execution::context::SessionContext;
    use datafusion::prelude::{CsvReadOptions, ParquetReadOptions};

    fn free_port() -> u16 {
        TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
    }

    /// A scheduler and a worker in threads of this process, which end with it.
    fn cluster(roots: &[std::path::PathBuf]) -> Address {
        let node = |port, work| Node { host: IpAddr::from([127, 0, 0, 1]), port, roots: roots.to_vec(), work };
        let scheduler = node(free_port(), Work::Scheduler);
        let address = Address { host: "127.0.0.1".into(), port: scheduler.port };
        let of = Engine::Cluster(address.clone());
        let worker = node(free_port(), Work::Worker { scheduler: of, memory: Some(1 << 28), threads: Some(2) });
        std::thread::spawn(move || scheduler.serve());
        std::thread::spawn(move || worker.serve());
        let since = Instant::now();
        while !address.has_workers().is_ok_and(|ready| ready) {
            assert!(since.elapsed() < Duration::from_secs(60), "no cluster");
            std::thread::sleep(Duration::from_millis(50));
        }
        address
    }

    /// Plans that this program would never send: whoever reaches the port can.
    #[test]
    fn a_plan_that_names_a_file_elsewhere_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let (root, outside) = (place.path().join("root"), place.path().join("outside.parquet"));
        std::fs::create_dir(&root).unwrap();
        let table = Table::new(vec![Column::number("x", vec![1.0, 2.0, 4.0])]).unwrap();
        let inside = root.join("inside.parquet");
        crate::write(&inside, &table).unwrap();
        crate::write(&outside, &table).unwrap();
        let address = cluster(std::slice::from_ref(&root));
        let (sum, note) = address.sql("SELECT sum(x) AS s FROM t", &[("t", Source::Parquet(&inside))], None).unwrap();
        assert_eq!(sum.numbers("s").unwrap(), [7.0]);
        assert_eq!(note, format!("queried on {address}"));

        let lines = Schema::new(vec![Field::new("line", DataType::Utf8, true)]);
        let numbers = Schema::new(vec![Field::new("x", DataType::Float64, true)]);
        let ask = |path: &Path, schema: &Schema, csv: bool| {
            let url = format!("file://{}", path.display());
            let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let local = SessionContext::new_with_config(config().upgrade_for_ballista());
                let state = local.state().upgrade_for_ballista(format!("http://127.0.0.1:{}", address.port)).unwrap();
                let session = SessionContext::new_with_state(state);
                let frame = match csv {
                    true => session.read_csv(url, CsvReadOptions::new().schema(schema).file_extension("")).await,
                    false => {
                        session.read_parquet(url, ParquetReadOptions::default().file_extension("").schema(schema)).await
                    }
                };
                frame?.collect().await
            })
        };
        assert_eq!(ask(&inside, &numbers, false).unwrap().iter().map(|b| b.num_rows()).sum::<usize>(), 3);
        let passwd = Path::new("/etc/passwd");
        for (path, schema, csv) in
            [(outside.as_path(), &numbers, false), (passwd, &lines, false), (passwd, &lines, true)]
        {
            let error = ask(path, schema, csv).unwrap_err().to_string();
            assert!(error.contains(OUTSIDE), "{}: {error}", path.display());
        }
    }
}
