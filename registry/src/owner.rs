//! The process that owns the index: it holds the lock and answers the others over a socket.
//!
//! What always holds: the lock is given back only after the index is closed; a request that was
//! begun is finished first.

use std::fs::{self, File, Permissions};
use std::io::{self, Read};
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rustix::process::geteuid;

use crate::error::RegistryError;
use crate::layout::Layout;
use crate::store::Store;
use crate::wire::{self, Answer, PROTOCOL, Request};

/// A client that takes longer than this within a message is let go.
const MESSAGE_TIME_MAX: Duration = Duration::from_secs(30);

/// More clients than this are turned away, and try again.
const CLIENTS_MAX: usize = 256;

/// Socket paths longer than this do not fit an address.
const ADDRESS_BYTES_MAX: usize = 100;

/// Owns the index until it is dropped.
pub struct Owner {
    shared: Option<Arc<Shared>>,
    /// The listening socket and the thread that answers on it.
    server: Option<(UnixListener, JoinHandle<()>)>,
    layout: Layout,
    _lock: File,
}

struct Shared {
    store: Store,
    registry: String,
    closing: AtomicBool,
    /// Held by each request; taken whole by the end.
    gate: RwLock<()>,
    clients: Mutex<Vec<(UnixStream, JoinHandle<()>)>>,
}

impl Owner {
    /// Takes an opened store and begins to answer; without a socket only this process is served.
    pub fn start(
        store: Store,
        layout: &Layout,
        registry: &str,
        lock: File,
    ) -> (Owner, Option<String>) {
        let shared = Arc::new(Shared {
            store,
            registry: registry.to_owned(),
            closing: AtomicBool::new(false),
            gate: RwLock::new(()),
            clients: Mutex::default(),
        });
        let listening = listen(layout).and_then(|listener| {
            let (shared, own) = (Arc::clone(&shared), listener.try_clone()?);
            let answering = thread::Builder::new().name("ingot owner".into());
            Ok((own, answering.spawn(move || shared.serve(&listener))?))
        });
        let (server, notice) = match listening {
            Ok(server) => (Some(server), None),
            Err(error) => (None, Some(format!("other processes will have to wait: {error}"))),
        };
        (Owner { shared: Some(shared), server, layout: layout.clone(), _lock: lock }, notice)
    }

    /// The store itself.
    pub fn store(&self) -> &Store {
        &self.shared.as_ref().expect("it is shared until it is dropped").store
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let Some(shared) = self.shared.take() else { return };
        shared.closing.store(true, Ordering::SeqCst);
        if let Some((listener, server)) = self.server.take() {
            // This wakes the server up, also where the socket's name is gone.
            let _ = rustix::net::shutdown(&listener, rustix::net::Shutdown::Both);
            let _ = fs::remove_file(self.layout.socket());
            let _ = server.join();
        }
        let finished = shared.gate.write().unwrap_or_else(PoisonError::into_inner);
        let clients =
            std::mem::take(&mut *shared.clients.lock().unwrap_or_else(PoisonError::into_inner));
        for (stream, _) in &clients {
            let _ = stream.shutdown(Shutdown::Both);
        }
        drop(finished);
        for (_, thread) in clients {
            let _ = thread.join();
        }
        shared.store.close();
    }
}

impl Shared {
    fn serve(self: Arc<Shared>, listener: &UnixListener) {
        for stream in listener.incoming() {
            if self.closing.load(Ordering::SeqCst) {
                return;
            }
            match stream {
                // A client that cannot be taken on tries again.
                Ok(stream) => drop(self.take_on(stream)),
                Err(_) => thread::sleep(Duration::from_millis(10)),
            }
        }
    }

    fn take_on(self: &Arc<Shared>, stream: UnixStream) -> io::Result<()> {
        let peer = rustix::net::sockopt::socket_peercred(&stream)?;
        let ours = peer.uid == geteuid() || peer.uid.is_root();
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        clients.retain(|(_, thread)| !thread.is_finished());
        if !ours || clients.len() >= CLIENTS_MAX {
            return Ok(());
        }
        let (shared, own) = (Arc::clone(self), stream.try_clone()?);
        let thread = thread::Builder::new().name("ingot client".into()).spawn(move || {
            // The client notices that it is gone and asks again elsewhere.
            let _ = shared.attend(own);
        })?;
        clients.push((stream, thread));
        Ok(())
    }

    /// Answers one client until it goes away.
    fn attend(&self, mut stream: UnixStream) -> io::Result<()> {
        stream.set_write_timeout(Some(MESSAGE_TIME_MAX))?;
        let (registry, process) = (self.registry.clone(), std::process::id());
        let hello = Answer::Hello { protocol: PROTOCOL, registry, process };
        wire::send(&mut stream, &hello.to_bytes().map_err(io::Error::other)?)?;
        loop {
            stream.set_read_timeout(None)?;
            let mut first = [0; 1];
            stream.read_exact(&mut first)?;
            stream.set_read_timeout(Some(MESSAGE_TIME_MAX))?;
            let bytes = wire::receive(&mut first.chain(&mut stream))?;
            let gate = self.gate.read().unwrap_or_else(PoisonError::into_inner);
            if self.closing.load(Ordering::SeqCst) {
                return Ok(());
            }
            let answer = Request::from_bytes(&bytes).and_then(|request| self.store.answer(request));
            let answer = answer.unwrap_or_else(|e| Answer::Failed(e.kind(), e.to_string()));
            wire::send(&mut stream, &answer.to_bytes().map_err(io::Error::other)?)?;
            drop(gate);
        }
    }
}

impl Store {
    /// Answers a request.
    pub fn answer(&self, request: Request) -> Result<Answer, RegistryError> {
        Ok(match request {
            Request::Get(key) => Answer::Value(self.get(&key)?),
            Request::Scan(range) => Answer::Rows(self.scan(&range)?),
            Request::Append(drafts) => Answer::Appended(self.append(drafts)?),
            Request::Count => Answer::Count(self.count()),
            Request::Rebuild => {
                self.rebuild()?;
                Answer::Done
            }
        })
    }
}

/// The socket's address; a long path is named through the open folder.
fn address(layout: &Layout) -> io::Result<(PathBuf, Option<File>)> {
    let path = layout.socket();
    if path.as_os_str().len() <= ADDRESS_BYTES_MAX {
        return Ok((path, None));
    }
    let folder = File::open(&layout.folder)?;
    let number = std::os::fd::AsRawFd::as_raw_fd(&folder);
    Ok((PathBuf::from(format!("/proc/self/fd/{number}/socket")), Some(folder)))
}

fn listen(layout: &Layout) -> io::Result<UnixListener> {
    let (path, _folder) = address(layout)?;
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    fs::set_permissions(&path, Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Connects to whoever owns the index.
pub fn connect(layout: &Layout) -> io::Result<UnixStream> {
    let (path, _folder) = address(layout)?;
    UnixStream::connect(path)
}
