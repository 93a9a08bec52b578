//! The log: LocalAI keeps what a backend writes to stderr.

use std::fmt::Display;
use std::io::Write;

/// Writes one line. Unlike `eprintln!` it does not panic when nobody reads stderr any more, which is
/// the case when LocalAI is gone.
pub fn line(text: impl Display) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
