use std::process::ExitCode;

/// It gives memory back, and is quicker with what many threads share.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    baleen::cli::main()
}
