//! `ingot fsck`: reads everything back and names all damage.

use clap::Args;
use registry::Registry;
use serde_json::json;

use crate::context::Context;
use crate::words::count;
use crate::{EXIT_DAMAGE, EXIT_YES, Failure};

/// Read everything back, hash it again and name all damage
#[derive(Args)]
#[command(after_help = "Example: ingot fsck")]
pub struct Options {
    /// Make the index anew from the journal first
    #[arg(long)]
    rebuild_index: bool,
}

impl Options {
    pub fn run(self, context: &mut Context) -> Result<u8, Failure> {
        let (folder, _) = context.registry_folder();
        if self.rebuild_index {
            Registry::open_rebuilding_index(&folder)?.rebuild_index()?;
            context.note("the index was made anew from the journal");
        }
        // Read as plain files, so that a registry too damaged to open is examined as well.
        let report = registry::examine(&folder)?;
        for note in &report.notes {
            context.note(format!("note: {note}"));
        }
        for damage in &report.damage {
            if context.common.json {
                context.json(&json!({"kind": "damage", "message": damage.to_string()}))?;
            } else {
                context.line(format!("damaged    {damage}"))?;
            }
        }
        let found = report.damage.len();
        if context.common.json {
            context.json(&json!({
                "kind": "fsck", "events": report.events, "objects": report.objects,
                "blobs": report.blobs, "bytes": report.bytes, "damage": found,
            }))?;
        } else {
            context.line(format!(
                "read       {} events, {} objects, {} blobs, {} bytes: {}",
                count(report.events),
                count(report.objects),
                count(report.blobs),
                count(report.bytes),
                if found == 0 { "no damage".to_owned() } else { format!("{found} damaged") }
            ))?;
        }
        Ok(if found == 0 { EXIT_YES } else { EXIT_DAMAGE })
    }
}
