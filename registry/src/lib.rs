//! The registry: journal, blobs and the index over them; nothing is ever overwritten.
//!
//! `FORMAT.md` beside this folder defines every byte, and the order in which they are written.

mod aligned;
mod blobs;
mod block;
mod disk;
mod error;
mod event;
mod fsck;
mod gc;
mod index;
mod journal;
mod layout;
mod line;
mod link;
mod names;
mod owner;
mod registry;
mod rows;
mod runs;
mod store;
mod straight_file;
mod trail;
mod view;
mod wire;

#[cfg(test)]
mod forgetful;
#[cfg(test)]
mod power_cut;

pub use blobs::Blobs;
pub use error::{Damage, Kind, RegistryError};
pub use event::{Action, EVENT_BYTES_MAX, Entry, Event};
pub use fsck::{Report, examine};
pub use gc::{GcItem, GcPlan, Lowered};
pub use link::Say;
pub use names::{Added, Resolved, Version};
pub use registry::Registry;
pub use runs::{Retention, RunRecord, RunStatus, RunSummary};
pub use straight_file::StraightFile;
pub use trail::EventFilter;
