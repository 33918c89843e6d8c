use std::process::ExitCode;

fn main() -> ExitCode {
    baleen::cli::main()
}
