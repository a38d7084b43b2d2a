//! The AEMP conformance kit as a program.

fn main() -> std::process::ExitCode {
    aemp_conformance::app::main()
}
