//! Buffers to encode into before any lock is taken, one a thread.

use std::cell::Cell;

/// The largest buffer that a thread keeps.
const KEPT: usize = 256 << 10;

thread_local! {
    static BUFFER: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Calls `f` with an empty buffer. It may take the buffer, and may come back here.
pub(crate) fn with<R>(f: impl FnOnce(&mut Vec<u8>) -> R) -> R {
    let mut buffer = BUFFER.take();
    let result = f(&mut buffer);
    if buffer.capacity() <= KEPT {
        buffer.clear();
        BUFFER.set(buffer);
    }
    result
}
