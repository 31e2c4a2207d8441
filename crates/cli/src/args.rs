//! Arguments: the commands are listed here, the options of methods come from the methods.

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use plim_study::chain::power::Power;
use plim_study::method::{Entry, Role};
use plim_study::methods::METHODS;
use plim_study::schema::OptionDoc;
use plim_study::simulate::Cities;
use plim_study::{schema, single};
use plim_table::sql::{Engine, Node, Work};
use serde_json::{Map, Value};
use std::ffi::OsString;
use std::path::PathBuf;

/// Which study to run, and how.
pub struct How {
    pub study: PathBuf,
    pub out: Option<PathBuf>,
    pub settings: Vec<String>,
    pub roots: Vec<(String, PathBuf)>,
    pub memory: Option<usize>,
    pub threads: Option<usize>,
    pub engine: Engine,
}

/// What was asked.
pub enum Call {
    /// Run a study.
    Run(How),
    /// Run a study again whenever a file of it changes; or once.
    Watch { how: How, once: bool },
    /// Find errors without estimating.
    Check { study: PathBuf, settings: Vec<String>, roots: Vec<(String, PathBuf)> },
    /// A study to start from.
    New { dir: PathBuf },
    /// A simulated world.
    Simulate { world: String, options: Map<String, Value>, dir: PathBuf },
    /// What an estimate could have found on its own panel.
    Power {
        study: PathBuf,
        options: Map<String, Value>,
        settings: Vec<String>,
        roots: Vec<(String, PathBuf)>,
        json: bool,
    },
    /// Documentation of a method or an option.
    Explain { what: String },
    /// JSON schema of the study file.
    Schema,
    /// One method on one file.
    Single { method: String, file: PathBuf, options: Map<String, Value>, json: bool, into: Option<PathBuf> },
    /// A table or figure of a run, once more.
    Show { dir: PathBuf, name: Option<String>, medium: Option<String>, into: Option<PathBuf>, font: Option<String> },
    /// Where a number of a run comes from.
    Why { dir: PathBuf, what: String },
    /// Two runs compared.
    Diff { first: PathBuf, second: PathBuf, tolerance: f64 },
    /// The report of a run in the browser.
    Open { dir: PathBuf },
    /// A query over files.
    Sql { query: String, files: Vec<(String, PathBuf)> },
    /// A node of a cluster.
    Cluster(Node),
}

/// Reads the arguments; on the command line `-` and `_` are the same.
pub fn parse(arguments: Vec<OsString>) -> Result<Call, clap::Error> {
    let arguments: Vec<OsString> = arguments.into_iter().map(hyphens).collect();
    let wanted = arguments.get(2).and_then(|a| a.to_str()).map(str::to_string);
    let matches = command(wanted.as_deref()).try_get_matches_from(arguments)?;
    let (name, m) = matches.subcommand().expect("a subcommand is required");
    let path = |id: &str| m.get_one::<PathBuf>(id).cloned();
    let settings = || m.get_many::<String>("set").into_iter().flatten().cloned().collect();
    let roots = || m.get_many::<(String, PathBuf)>("root").into_iter().flatten().cloned().collect();
    let how = || How {
        study: path("study").unwrap_or_default(),
        out: path("out"),
        settings: settings(),
        roots: roots(),
        memory: m.get_one("memory").copied(),
        threads: m.get_one("threads").copied(),
        engine: m.get_one::<Engine>("engine").cloned().unwrap_or_default(),
    };
    Ok(match name {
        "run" => Call::Run(how()),
        "watch" => Call::Watch { how: how(), once: m.get_flag("once") },
        "check" => Call::Check { study: path("study").unwrap_or_default(), settings: settings(), roots: roots() },
        "new" => Call::New { dir: path("dir").unwrap_or_default() },
        "explain" => Call::Explain { what: m.get_one::<String>("what").cloned().unwrap_or_default() },
        "schema" => Call::Schema,
        "show" => Call::Show {
            dir: path("dir").unwrap_or_default(),
            name: m.get_one::<String>("name").cloned(),
            medium: m.get_one::<String>("as").cloned(),
            into: path("into"),
            font: m.get_one::<String>("font").cloned(),
        },
        "why" => Call::Why {
            dir: path("dir").unwrap_or_default(),
            what: m.get_one::<String>("what").cloned().unwrap_or_default(),
        },
        "diff" => Call::Diff {
            first: path("first").unwrap_or_default(),
            second: path("second").unwrap_or_default(),
            tolerance: m.get_one::<f64>("tolerance").copied().unwrap_or_default(),
        },
        "open" => Call::Open { dir: path("dir").unwrap_or_default() },
        "simulate" => match m.subcommand().expect("a world is required") {
            ("power", m) => Call::Power {
                study: m.get_one::<PathBuf>("study").cloned().unwrap_or_default(),
                options: options(m, schema::options::<Power>()),
                settings: m.get_many::<String>("set").into_iter().flatten().cloned().collect(),
                roots: m.get_many::<(String, PathBuf)>("root").into_iter().flatten().cloned().collect(),
                json: m.get_flag("json"),
            },
            (world, m) => Call::Simulate {
                world: world.into(),
                options: options(m, schema::options::<Cities>()),
                dir: m.get_one::<PathBuf>("into").cloned().unwrap_or_default(),
            },
        },
        "cluster" => {
            let (work, m) = m.subcommand().expect("a kind of node is required");
            Call::Cluster(node(work, m))
        }
        "sql" => Call::Sql {
            query: m.get_one::<String>("query").cloned().unwrap_or_default(),
            files: m.get_many::<(String, PathBuf)>("table").into_iter().flatten().cloned().collect(),
        },
        _ => {
            let (method, m) = m.subcommand().expect("a method is required");
            let method = if name == "audit" { format!("audit_{method}") } else { method.replace('-', "_") };
            Call::Single {
                file: m.get_one::<PathBuf>("file").cloned().unwrap_or_default(),
                options: options(m, &single::options(&method).unwrap_or_default()),
                method,
                json: m.get_flag("json"),
                into: m.get_one::<PathBuf>("into").cloned(),
            }
        }
    })
}

/// What a node of a cluster is to do.
fn node(work: &str, m: &ArgMatches) -> Node {
    Node {
        host: *m.get_one("host").expect("has a default"),
        port: *m.get_one("port").expect("has a default"),
        roots: m.get_many::<PathBuf>("root").into_iter().flatten().cloned().collect(),
        work: match work {
            "scheduler" => Work::Scheduler,
            _ => Work::Worker {
                scheduler: m.get_one::<Engine>("scheduler").cloned().unwrap_or_default(),
                memory: m.get_one("memory").copied(),
                threads: m.get_one("threads").copied(),
            },
        },
    }
}

/// A size such as `4GB`, `512 MB` or `2GiB`, in bytes.
fn bytes(text: &str) -> Result<usize, String> {
    let wrong = || format!("`{text}` is no size; write 4GB or 512MB");
    let digits = text.trim().trim_end_matches(|c: char| c.is_ascii_alphabetic()).trim_end();
    let unit = match text.trim()[digits.len()..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "kb" => 1e3,
        "mb" => 1e6,
        "gb" => 1e9,
        "tb" => 1e12,
        "kib" => 1024.0,
        "mib" => 1048576.0,
        "gib" => 1073741824.0,
        _ => return Err(wrong()),
    };
    let size = digits.parse::<f64>().map_err(|_| wrong())? * unit;
    match size.is_finite() && (1e6..1e18).contains(&size) {
        true => Ok(size as usize),
        false => Err(format!("`{text}` is not a size that a run can work with; give at least 1MB")),
    }
}

/// A number of threads.
fn threads(text: &str) -> Result<usize, String> {
    let n = text.parse().ok().filter(|n| (1..=1024).contains(n));
    n.ok_or_else(|| format!("`{text}` is no number of threads; write a number from 1 to 1024"))
}

/// Where queries run.
fn engine(text: &str) -> Result<Engine, String> {
    text.parse().map_err(|e: plim_table::Error| e.to_string())
}

/// `--rca_threshold=1` as `--rca-threshold=1`.
fn hyphens(argument: OsString) -> OsString {
    match argument.to_str() {
        Some(text) if text.starts_with("--") => {
            let (flag, rest) = text.split_at(text.find('=').unwrap_or(text.len()));
            format!("{}{rest}", flag.replace('_', "-")).into()
        }
        _ => argument,
    }
}

fn options(m: &ArgMatches, docs: &[OptionDoc]) -> Map<String, Value> {
    docs.iter()
        .filter_map(|doc| {
            let text = m.get_one::<String>(&doc.name)?;
            Some((doc.name.clone(), single::value(doc, text)))
        })
        .collect()
}

fn command(wanted: Option<&str>) -> Command {
    let file = |id: &'static str, help: &'static str| {
        Arg::new(id).required(true).value_parser(value_parser!(PathBuf)).help(help)
    };
    let settings = Arg::new("set")
        .long("set")
        .action(ArgAction::Append)
        .value_name("STEP.OPTION=VALUE")
        .help("Sets an option of the study, for this run only");
    let roots = Arg::new("root")
        .long("root")
        .action(ArgAction::Append)
        .value_name("NAME=DIR")
        .value_parser(named_path)
        .help("A further folder that the study may read, on disk or in an object store (s3://BUCKET/FOLDER)");
    let running =
        |command: Command| {
            command
                .arg(file("study", "The study file"))
                .arg(
                    Arg::new("out")
                        .long("out")
                        .value_parser(value_parser!(PathBuf))
                        .value_name("DIR")
                        .help("Folder of the results; `out` beside the study by default"),
                )
                .arg(settings.clone())
                .arg(roots.clone())
                .arg(Arg::new("memory").long("memory").value_parser(bytes).value_name("SIZE").help(
                    "What queries and trade cells may hold at a time, such as 4GB; beyond it queries use the disk",
                ))
                .arg(
                    Arg::new("threads")
                        .long("threads")
                        .value_parser(threads)
                        .value_name("N")
                        .help("Threads to work with; all of the machine by default"),
                )
                .arg(
                    Arg::new("engine")
                        .long("engine")
                        .value_parser(engine)
                        .default_value("local")
                        .value_name("ENGINE")
                        .help("Where queries run: local, or df://HOST:PORT, the scheduler of a cluster"),
                )
        };
    Command::new("plim")
        .version(env!("CARGO_PKG_VERSION"))
        .about("From raw trade records and city tables to the tables and figures of an empirical study")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(
            running(Command::new("run").about("Run a study and write its tables, figures and report")),
        )
        .subcommand(
            running(Command::new("watch").about("Run a study whenever a file of it changes, and of its steps only those that the change reaches"))
                .arg(Arg::new("once").long("once").action(ArgAction::SetTrue).help("Run once, with what earlier runs kept")),
        )
        .subcommand(
            Command::new("check")
                .about("Find every error of a study that needs no estimation")
                .arg(file("study", "The study file"))
                .arg(settings.clone())
                .arg(roots.clone()),
        )
        .subcommand(Command::new("new").about("Write a small study to start from").arg(file("dir", "Folder to make")))
        .subcommand(one_method("fit", "Estimate one model on one data file", Role::Estimate, wanted))
        .subcommand(one_method("measure", "Compute one measure on one data file", Role::Measure, wanted))
        .subcommand(one_method("prepare", "Prepare the columns of one data file", Role::Prepare, wanted))
        .subcommand(audit(wanted))
        .subcommand(
            Command::new("simulate")
                .about("Write a simulated world with known effects, or simulate on the panel of a study")
                .subcommand_required(true)
                .subcommand(
                    Command::new("power")
                        .about("Power, coverage and minimum detectable effect of an estimate on its own panel")
                        .arg(file("study", "The study file"))
                        .args(schema::options::<Power>().iter().map(flag))
                        .arg(settings)
                        .arg(roots)
                        .arg(
                            Arg::new("json").long("json").action(ArgAction::SetTrue).help("Print JSON and nothing else"),
                        ),
                )
                .subcommand(
                    Command::new("cities")
                        .about("Cities, their indicators and their export records")
                        .args(schema::options::<Cities>().iter().map(flag))
                        .arg(
                            Arg::new("into")
                                .long("into")
                                .required(true)
                                .value_parser(value_parser!(PathBuf))
                                .value_name("DIR")
                                .help("Folder to write"),
                        ),
                ),
        )
        .subcommand(
            Command::new("explain")
                .about("Explain a method or an option")
                .arg(Arg::new("what").default_value("methods").help("A method, an option, `study`, `methods`, or `all` (the whole reference, as Markdown)")),
        )
        .subcommand(
            Command::new("show")
                .about("Print a table or figure of a run again, in any medium, without estimating")
                .arg(file("dir", "Folder of a run, or of its study"))
                .arg(Arg::new("name").value_name("TABLE").help("Table or figure by its name; a list of all without it"))
                .arg(Arg::new("as").long("as").value_name("MEDIUM").help(
                    "Of tables: text, markdown, latex, html, docx, xlsx; of figures: svg, png, pdf [default: text, svg]",
                ))
                .arg(
                    Arg::new("into")
                        .long("into")
                        .value_parser(value_parser!(PathBuf))
                        .value_name("FILE")
                        .help("Write to a file, whose ending says the medium"),
                )
                .arg(Arg::new("font").long("font").value_name("FONT").help("Family or file of the letters of PNG and PDF")),
        )
        .subcommand(
            Command::new("why")
                .about("Tell where a number of a run comes from: step, formula, rows, files")
                .arg(file("dir", "Folder of a run, or of its study"))
                .arg(
                    Arg::new("what")
                        .required(true)
                        .value_name("TABLE:ROW,COLUMN")
                        .help("A cell by labels, names or numbers from 1 (baseline:dig,2), or a path into results.json"),
                ),
        )
        .subcommand(
            Command::new("diff")
                .about("Compare two runs number by number, and say what changed upstream")
                .arg(file("first", "Folder of a run"))
                .arg(file("second", "Folder of another run"))
                .arg(
                    Arg::new("tolerance")
                        .long("tolerance")
                        .value_parser(value_parser!(f64))
                        .default_value("1e-9")
                        .help("Relative difference up to which numbers agree"),
                ),
        )
        .subcommand(
            Command::new("open")
                .about("Open the report of a run in the browser")
                .arg(file("dir", "Folder of a run, or of its study")),
        )
        .subcommand(cluster())
        .subcommand(Command::new("schema").about("JSON schema of the study file, for editors"))
        .subcommand(
            Command::new("sql")
                .about("Query data files; the result is printed as CSV. Of a study, print its queries")
                .arg(Arg::new("query").required(true).help("The query, or a study file"))
                .arg(
                    Arg::new("table")
                        .long("table")
                        .action(ArgAction::Append)
                        .value_name("NAME=FILE")
                        .value_parser(named_path)
                        .help("A data file and the name it has in the query"),
                ),
        )
}

/// `cluster`: a scheduler, and workers for it.
fn cluster() -> Command {
    let node = |name: &'static str, about: &'static str, port: &'static str| {
        let flag = |id: &'static str| Arg::new(id).long(id);
        Command::new(name)
            .about(about)
            .arg(
                flag("host")
                    .value_parser(value_parser!(std::net::IpAddr))
                    .default_value("127.0.0.1")
                    .value_name("ADDRESS")
                    .help("Address to listen on; whoever can reach it can query what lies below the roots"),
            )
            .arg(
                flag("port")
                    .value_parser(value_parser!(u16).range(1..))
                    .default_value(port)
                    .value_name("PORT")
                    .help("Port to listen on"),
            )
            .arg(
                flag("root")
                    .action(ArgAction::Append)
                    .required(true)
                    .value_parser(value_parser!(PathBuf))
                    .value_name("DIR")
                    .help(
                        "A folder of data that may be read, on disk or in an object store; nothing elsewhere is opened",
                    ),
            )
    };
    let flag = |id: &'static str, help: &'static str| Arg::new(id).long(id).help(help);
    Command::new("cluster")
        .about("Run a node of a cluster, for `plim run --engine df://HOST:PORT`")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommand(node("scheduler", "Take queries and deal them out to workers", "50050"))
        .subcommand(
            node("worker", "Run the parts of queries that a scheduler deals out", "50051")
                .arg(
                    flag("scheduler", "The scheduler to work for")
                        .value_parser(engine)
                        .default_value("df://127.0.0.1:50050")
                        .value_name("df://HOST:PORT"),
                )
                .arg(
                    flag(
                        "memory",
                        "What sorts and groups may hold at a time, such as 4GB; beyond it they use the disk",
                    )
                    .value_parser(bytes)
                    .value_name("SIZE"),
                )
                .arg(
                    flag("threads", "Parts to run at a time; one for each thread of the machine by default")
                        .value_parser(threads)
                        .value_name("N"),
                ),
        )
}

/// `fit`, `measure` or `prepare`: a subcommand per method, its flags built only for the one that is wanted.
fn one_method(name: &'static str, about: &'static str, role: Role, wanted: Option<&str>) -> Command {
    let mut command = Command::new(name).about(about).subcommand_required(true).arg_required_else_help(true);
    let listed = |m: &&Entry| m.role == role || (role == Role::Measure && matches!(m.name, "sfa" | "sfa_metafrontier"));
    for entry in METHODS.iter().filter(listed) {
        let mut method = Command::new(entry.name).about(entry.about);
        if entry.name.contains('_') {
            method = method.alias(entry.name.replace('_', "-"));
        }
        if wanted.is_some_and(|w| w.replace('-', "_") == entry.name) {
            method = on_a_file(method, entry.name);
        }
        command = command.subcommand(method);
    }
    command
}

/// `audit`: the methods `audit_data` and `audit_weights` as `audit data` and `audit weights`.
fn audit(wanted: Option<&str>) -> Command {
    let mut command = Command::new("audit")
        .about("What is odd in a data file; which convention made published weights")
        .subcommand_required(true)
        .arg_required_else_help(true);
    for entry in METHODS {
        let Some(what) = entry.name.strip_prefix("audit_") else { continue };
        let method = Command::new(what).about(entry.about);
        command = command.subcommand(if wanted == Some(what) { on_a_file(method, entry.name) } else { method });
    }
    command
}

/// The arguments of a method on one file.
fn on_a_file(command: Command, method: &str) -> Command {
    command
        .arg(
            Arg::new("file")
                .required(true)
                .value_parser(value_parser!(PathBuf))
                .value_name("DATA")
                .help("The data file (csv, parquet, dta, xlsx)"),
        )
        .args(single::options(method).unwrap_or_default().iter().map(flag))
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("JSON on stdout, nothing else"))
        .arg(
            Arg::new("into")
                .long("into")
                .value_parser(value_parser!(PathBuf))
                .value_name("FILE")
                .help("Write the rows to a file"),
        )
}

/// The flag of an option.
fn flag(doc: &OptionDoc) -> Arg {
    let mut help = doc.doc.split("\n\n").next().unwrap_or_default().replace('\n', " ");
    if !doc.default.is_empty() {
        help.push_str(&format!(" [default: {}]", doc.default));
    }
    let arg = Arg::new(doc.name.clone()).long(doc.name.replace('_', "-")).value_name(doc.takes.clone()).help(help);
    // A flag may stand alone, so what follows it with a hyphen is the next option; other values may be negative.
    match doc.flag {
        true => arg.num_args(0..=1).default_missing_value("true"),
        false => arg.allow_hyphen_values(true),
    }
}

fn named_path(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, path)) if !name.is_empty() && !path.is_empty() => Ok((name.into(), path.into())),
        _ => Err("write NAME=PATH".into()),
    }
}
