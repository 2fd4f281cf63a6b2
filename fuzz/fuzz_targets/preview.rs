#![no_main]

#[path = "../oracles.rs"]
#[allow(dead_code, reason = "the other targets use the rest")]
mod oracles;

use std::sync::Once;

/// The hook of the fuzzer ends the process at every panic, and those of the parser are caught.
static WITHOUT_HOOK: Once = Once::new();

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    WITHOUT_HOOK.call_once(|| drop(std::panic::take_hook()));
    oracles::preview(input);
});
