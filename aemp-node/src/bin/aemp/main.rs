//! `aemp`: runs a node, and talks to nodes from the command line.

mod configure;
mod doctor;
mod options;
mod run;
mod talk;
mod trace;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Exit codes beside success.
const FAILED: u8 = 1;
const USAGE: u8 = 2;

/// What a command ends with.
type Outcome = Result<(), Failed>;

/// Why a command did not succeed.
enum Failed {
    /// It was done, and the answer is a failure.
    Reported(String),
    /// It was asked for in a wrong way.
    Usage(String),
}

#[derive(Parser)]
#[command(
    name = "aemp",
    version,
    about = "Nodes of an AEMP network, and messages to them"
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run a node
    Run(run::Run),
    /// Send a message to a port
    Snd(talk::Snd),
    /// Send a message to a port and print the answer
    Cal(talk::Cal),
    /// Wait for a port's end and print the reason
    Mon(talk::Mon),
    /// Let an original node evaluate Perl code and print the results
    Eval(talk::Eval),
    /// Show and change the configuration file
    Config(configure::Configure),
    /// Find out why a conversation with an address does not come about
    Doctor(doctor::Doctor),
    /// Show which nodes are linked with which
    Trace(trace::Trace),
    /// Talk to a node line by line
    Shell(talk::Shell),
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let default = match &cli.command {
        Command::Run(_) => "info",
        // What goes wrong is the command's own answer.
        _ => "error",
    };
    let filter = tracing_subscriber::EnvFilter::try_from_env("AEMP_LOG");
    tracing_subscriber::fmt()
        .with_env_filter(filter.unwrap_or_else(|_| default.into()))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::IsTerminal::is_terminal(&std::io::stderr()))
        .with_target(false)
        .init();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("aemp: no threads to work with: {error}");
            return FAILED.into();
        }
    };
    let outcome = runtime.block_on(async {
        match cli.command {
            Command::Run(command) => command.run().await,
            Command::Snd(command) => command.run().await,
            Command::Cal(command) => command.run().await,
            Command::Mon(command) => command.run().await,
            Command::Eval(command) => command.run().await,
            Command::Config(command) => command.run(),
            Command::Doctor(command) => command.run().await,
            Command::Trace(command) => command.run().await,
            Command::Shell(command) => command.run().await,
        }
    });
    // What still waits on other threads, such as for a line of input, ends with the process.
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failed::Reported(text)) => {
            eprintln!("aemp: {text}");
            FAILED.into()
        }
        Err(Failed::Usage(text)) => {
            eprintln!("aemp: {text}");
            USAGE.into()
        }
    }
}
