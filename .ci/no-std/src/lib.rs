//! A program without the standard library around aemp-proto.
//!
//! It brings its own panic handler. Should any crate below it link `std`, which brings another, the
//! compiler refuses with "found duplicate lang item `panic_impl`", whatever the target is.
#![no_std]

use aemp_proto as _;

#[global_allocator]
static ALLOCATOR: embedded_alloc::LlffHeap = embedded_alloc::LlffHeap::empty();

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {}
}
