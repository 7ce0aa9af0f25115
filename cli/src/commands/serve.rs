//! `ingot serve`: the trail as web pages.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use clap::Args;
use serde_json::json;

use crate::context::Context;
use crate::{EXIT_YES, Failure, texts};

/// Serve the trail as web pages, read-only
#[derive(Args)]
#[command(after_help = "Example: ingot serve --address 127.0.0.1:8080")]
pub struct Options {
    /// Where to listen; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:7878", value_name = "IP:PORT")]
    address: SocketAddr,
}

impl Options {
    pub fn run(self, context: &mut Context) -> Result<u8, Failure> {
        let registry = context.registry()?;
        context.world.listen_for_stop();
        let runtime = tokio::runtime::Runtime::new()?;
        let listening = runtime.block_on(tokio::net::TcpListener::bind(self.address));
        let listener = listening.map_err(|error| {
            Failure::new(format!("cannot listen on {}: {error}", self.address))
                .hint("`--address 127.0.0.1:0` takes a free port")
        })?;
        let address = listener.local_addr()?;
        if context.common.json {
            context.json(&json!({"kind": "serving", "url": format!("http://{address}/")}))?;
        } else {
            context.line(format!("serving    http://{address}/  (ctrl-c stops)"))?;
        }
        if !address.ip().is_loopback() {
            context.note("note: other machines can read this registry");
        }
        let stop = Arc::clone(&context.world.stop);
        let texts: Option<Arc<audits::web::Texts>> = Some(Arc::new(texts::made_again));
        runtime.block_on(audits::web::serve(listener, registry, texts, stopped(stop)))?;
        runtime.shutdown_timeout(Duration::from_secs(1));
        Ok(EXIT_YES)
    }
}

/// Waits until somebody asks to stop.
async fn stopped(stop: Arc<AtomicBool>) {
    while !stop.load(Ordering::SeqCst) {
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
