//! The one door to the world: output, clock, environment, working folder.
//!
//! Nothing else in the program reads a clock or the environment; tests hand in their own door.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// A place to write to that several parts of a command share.
#[derive(Clone)]
pub struct Stream(Arc<Mutex<Box<dyn Write + Send>>>);

impl Stream {
    /// Shares a writer.
    pub fn new(writer: impl Write + Send + 'static) -> Stream {
        Stream(Arc::new(Mutex::new(Box::new(writer))))
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).flush()
    }
}

/// What a command may see and touch.
pub struct World {
    /// Where data goes.
    pub out: Stream,
    /// Where everything else goes.
    pub err: Stream,
    /// Whether a person watches `err`.
    pub watched: bool,
    /// The variables whose names start with `INGOT_`, and `USER`.
    pub environment: BTreeMap<String, String>,
    /// The folder that relative paths start from.
    pub folder: PathBuf,
    /// Set when a person asks to stop.
    pub stop: Arc<AtomicBool>,
    /// Whether `ctrl-c` shall set `stop`; tests leave it alone.
    pub listens: bool,
    /// Bytes of memory that are free, where the system says so.
    pub memory: fn() -> Option<u64>,
    /// The time now, RFC 3339 in UTC with microseconds.
    pub clock: fn() -> String,
}

impl World {
    /// The process's own world.
    pub fn real() -> World {
        let environment = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, _)| name.starts_with("INGOT_") || name == "USER")
            .collect();
        World {
            out: Stream::new(io::LineWriter::new(io::stdout())),
            err: Stream::new(io::stderr()),
            watched: io::stderr().is_terminal(),
            environment,
            folder: std::env::current_dir().unwrap_or_else(|_| PathBuf::from(".")),
            stop: Arc::default(),
            listens: true,
            memory: free_memory,
            clock: now,
        }
    }

    /// A world for tests: what is printed comes back through `out` and `err`.
    pub fn quiet(folder: PathBuf, out: Stream, err: Stream) -> World {
        World {
            out,
            err,
            watched: false,
            environment: BTreeMap::new(),
            folder,
            stop: Arc::default(),
            listens: false,
            memory: || None,
            clock: now,
        }
    }

    /// Who acts: `INGOT_ACTOR`, else the user's name, else the user's number.
    pub fn actor(&self) -> String {
        let named = |name: &str| self.environment.get(name).filter(|value| !value.is_empty());
        match named("INGOT_ACTOR").or_else(|| named("USER")) {
            Some(name) => name.chars().filter(|c| !c.is_control()).take(128).collect(),
            None => format!("uid {}", rustix::process::getuid().as_raw()),
        }
    }

    /// Makes `ctrl-c` and SIGTERM ask for a stop; a second one ends the process at once.
    pub fn listen_for_stop(&self) {
        if !self.listens {
            return;
        }
        let stop = Arc::clone(&self.stop);
        let asked = ctrlc::set_handler(move || {
            if stop.swap(true, Ordering::SeqCst) {
                std::process::exit(130);
            }
            eprintln!("stopping at the next safe point; once more to stop at once");
        });
        if let Err(error) = asked {
            eprintln!("note: ctrl-c will not stop cleanly: {error}");
        }
    }
}

/// The least of what the machine, the process's group and its own limit leave.
fn free_memory() -> Option<u64> {
    let number = |path: &str| std::fs::read_to_string(path).ok()?.trim().parse::<u64>().ok();
    let machine = std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
        let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
        Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
    });
    let group = number("/sys/fs/cgroup/memory.max")
        .map(|most| most - number("/sys/fs/cgroup/memory.current").unwrap_or(0).min(most));
    let own = rustix::process::getrlimit(rustix::process::Resource::As).current;
    [machine, group, own].into_iter().flatten().min()
}

fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}
