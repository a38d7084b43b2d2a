//! The AEMP conformance kit.

fn main() -> std::process::ExitCode {
    eprintln!("aemp-conformance: no case is selected");
    std::process::ExitCode::from(2)
}
