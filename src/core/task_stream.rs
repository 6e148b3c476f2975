//! What both ends of a stream that tells of tasks keep to.

/// The most tasks that one stream tells of.
pub const MAX_STREAM_TASKS: usize = 100;

/// How often a stream shows that it is alive.
pub const HEARTBEAT_MS: u32 = 15_000;

/// Whoever hears nothing for so long has lost the stream.
pub const SILENCE_MS: u32 = 3 * HEARTBEAT_MS;
