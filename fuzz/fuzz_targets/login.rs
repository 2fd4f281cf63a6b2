#![no_main]

#[path = "../oracles.rs"]
#[allow(dead_code, reason = "the other targets use the rest")]
mod oracles;

libfuzzer_sys::fuzz_target!(|input: &[u8]| oracles::login(input));
