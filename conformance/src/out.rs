//! Standard output.

use std::io::{self, ErrorKind, Write as _};

/// Writes what a command has to say. Who reads no further, like `head`, wants no more of it: that is no error.
///
/// # Errors
/// It cannot be written, for another reason.
pub(crate) fn say(text: &str) -> Result<(), String> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(format!("standard output: {error}"))
        }
        _ => Ok(()),
    }
}
