#![no_main]
libfuzzer_sys::fuzz_target!(|data: &[u8]| aemp_proto::fuzz::json(data));
