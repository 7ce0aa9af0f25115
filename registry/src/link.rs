//! How this process reaches the index: as its owner, through its owner, or alone and read-only.
//!
//! What always holds: at most one process owns the index; whoever waits, waits with back-off and
//! says for whom; when an owner goes away, someone who still needs the index takes over.

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};

use crate::disk::{Disk, RealDisk};
use crate::error::{RegistryError, read_only};
use crate::layout::Layout;
use crate::owner::{Owner, connect};
use crate::store::{Access, Store};
use crate::wire::{self, Answer, PROTOCOL, Request};

/// How long to wait for an owner that neither answers nor goes away.
const WAIT_MAX: Duration = Duration::from_secs(120);

/// After this time a waiting process says for whom it waits.
const SAY_AFTER: Duration = Duration::from_secs(1);

/// Tells a person, while it goes on, what is waited for.
pub type Say = Arc<dyn Fn(&str) + Send + Sync>;

/// The way to the index.
pub enum Link {
    Owner(Owner),
    Client(Client),
    /// The folder cannot be written; nobody else is served.
    Alone(Box<Store>),
}

impl Link {
    /// Finds a way: owns the index, or asks its owner, or reads alone.
    pub fn find(
        layout: &Layout,
        id: &str,
        say: &Say,
    ) -> Result<(Link, Vec<String>), RegistryError> {
        let (begun, mut pause, mut said) = (Instant::now(), Duration::from_millis(1), false);
        loop {
            match take_lock(layout)? {
                Lock::Taken(lock) => return own(layout, id, lock),
                Lock::ReadOnly => return alone(layout, id),
                Lock::Held => {}
            }
            match Client::connect(layout, id) {
                Ok(client) => return Ok((Link::Client(client), Vec::new())),
                Err(Lost::Refused(error)) => return Err(error),
                Err(Lost::Gone) => {}
            }
            let (waited, pid) = (begun.elapsed(), owner_of(layout));
            if waited > WAIT_MAX {
                return Err(RegistryError::Busy { pid, seconds: WAIT_MAX.as_secs() });
            }
            if waited > SAY_AFTER && !said {
                say(&format!("waiting for process {pid}, which owns the registry"));
                said = true;
            }
            std::thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(50));
        }
    }
}

enum Lock {
    Taken(File),
    Held,
    ReadOnly,
}

fn take_lock(layout: &Layout) -> Result<Lock, RegistryError> {
    let path = layout.lock();
    let opened = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&path);
    let mut file = match opened {
        Ok(file) => file,
        Err(error) if read_only(&error) => return Ok(Lock::ReadOnly),
        Err(error) => return Err(RegistryError::file(&path, error)),
    };
    match flock(&file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => {}
        Err(rustix::io::Errno::WOULDBLOCK) => return Ok(Lock::Held),
        Err(error) => return Err(RegistryError::file(&path, error.into())),
    }
    // The number is for people; on a full disk it may be missing.
    let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
    Ok(Lock::Taken(file))
}

/// The number of the process that owns the index, as far as known.
fn owner_of(layout: &Layout) -> String {
    let text = fs::read_to_string(layout.lock()).unwrap_or_default();
    let text: String = text.trim().chars().take(20).collect();
    if text.is_empty() { "(unknown)".into() } else { text }
}

fn own(layout: &Layout, id: &str, lock: File) -> Result<(Link, Vec<String>), RegistryError> {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let store = Store::open(disk, layout, id, Access::Own)?;
    let mut notices = store.notices();
    let (owner, notice) = Owner::start(store, layout, id, lock);
    notices.extend(notice);
    Ok((Link::Owner(owner), notices))
}

fn alone(layout: &Layout, id: &str) -> Result<(Link, Vec<String>), RegistryError> {
    if let Ok(client) = Client::connect(layout, id) {
        return Ok((Link::Client(client), Vec::new()));
    }
    let store = Store::open(Arc::new(RealDisk), layout, id, Access::ReadOnly)?;
    let notices = store.notices();
    Ok((Link::Alone(Box::new(store)), notices))
}

/// Why a client got no answer.
pub enum Lost {
    /// The owner went away; whether it did what was asked is not known.
    Gone,
    /// Asking again would not help.
    Refused(RegistryError),
}

/// A connection to the owner.
pub struct Client {
    stream: Mutex<UnixStream>,
}

impl Client {
    fn connect(layout: &Layout, id: &str) -> Result<Client, Lost> {
        let mut stream = connect(layout).map_err(|_| Lost::Gone)?;
        let timed = stream
            .set_read_timeout(Some(WAIT_MAX))
            .and_then(|()| stream.set_write_timeout(Some(WAIT_MAX)));
        timed.map_err(|_| Lost::Gone)?;
        let bytes = wire::receive(&mut stream).map_err(|_| Lost::Gone)?;
        let refused = |error| Err(Lost::Refused(error));
        match Answer::from_bytes(&bytes).map_err(Lost::Refused)? {
            Answer::Hello { protocol, .. } if protocol != PROTOCOL => {
                refused(RegistryError::Protocol { found: protocol, wanted: PROTOCOL })
            }
            Answer::Hello { registry, .. } if registry == id => {
                Ok(Client { stream: Mutex::new(stream) })
            }
            _ => refused(RegistryError::Message("the owner serves another registry".into())),
        }
    }

    /// Asks and waits for the answer.
    pub fn ask(&self, request: &Request) -> Result<Answer, Lost> {
        let bytes = request.to_bytes().map_err(Lost::Refused)?;
        if bytes.len() > wire::MESSAGE_BYTES_MAX {
            return Err(Lost::Refused(RegistryError::TooLarge {
                what: "what is recorded at once".into(),
                found: bytes.len() as u64,
                wanted: wire::MESSAGE_BYTES_MAX as u64,
            }));
        }
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        let answered = wire::send(&mut *stream, &bytes).and_then(|()| wire::receive(&mut *stream));
        let bytes = answered.map_err(|_| {
            // A late answer must not be taken for that of the next question.
            let _ = stream.shutdown(std::net::Shutdown::Both);
            Lost::Gone
        })?;
        match Answer::from_bytes(&bytes).map_err(Lost::Refused)? {
            Answer::Failed(kind, text) => Err(Lost::Refused(RegistryError::Told { kind, text })),
            answer => Ok(answer),
        }
    }
}
