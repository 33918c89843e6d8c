//! What counting takes: a request in memory, its room for a million callers, and a request on Redis
//! where `CACHE_URL` names one. Run with `cargo bench --bench limits`.
#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a benchmark measures time, and may fail"
)]

use std::{
    net::Ipv4Addr,
    time::{Duration, Instant},
};

use baleen::{
    config::Config,
    telemetry::Metrics,
    throttle::{Ident, Limits, Memory, Rate},
    time::Clock,
};
use futures_util::future::join_all;

fn stranger(number: u32) -> Ident {
    Ident::of_address(Ipv4Addr::from(number).into(), 64)
}

/// Kilobytes that the process holds.
fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse().ok())
        .unwrap_or_default()
}

/// The processor's time that this process has had.
fn processor() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<u64> = after
        .split_whitespace()
        .skip(11)
        .take(2)
        .filter_map(|field| field.parse().ok())
        .collect();
    Duration::from_millis(fields.iter().sum::<u64>() * 10)
}

fn in_memory() {
    let rate: Rate = "10000/h".parse().unwrap();
    let memory = Memory::default();
    for (what, idents) in [("one caller", 1), ("100,000 callers", 100_000_u32)] {
        let requests = 4_000_000_u32;
        let started = Instant::now();
        for number in 0..requests {
            memory.spend(
                "authenticated-list",
                &rate,
                stranger(number % idents),
                u64::from(number) / 10,
            );
        }
        let each = started.elapsed().as_secs_f64() * 1e6 / f64::from(requests);
        println!("in memory, {what}: {each:.3} us a request");
    }
    drop(memory);
    let (memory, before) = (Memory::default(), resident());
    for number in 0..1_000_000 {
        memory.spend("anonymous-list", &rate, stranger(number), 1_000);
    }
    println!(
        "in memory, 1,000,000 callers: {} MB",
        (resident() - before) / 1000
    );
    drop(memory);
}

fn through_the_limits(settings: &[&str], what: &str, each_time: usize) {
    let config = Config::of(settings).unwrap();
    let limits = Limits::new(&config, &Clock::system()).unwrap();
    let metrics = Metrics::default();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .unwrap();
    let rounds = 2_000_u32;
    runtime.block_on(async {
        let (started, before) = (Instant::now(), processor());
        for round in 0..rounds {
            let asks = (0..each_time).map(|place| {
                let ident = stranger(round % 500 * 64 + u32::try_from(place).unwrap());
                limits.spend(ident, &["anonymous-list"], &metrics)
            });
            for verdict in join_all(asks).await {
                assert!(verdict.unwrap()[0].quota.limit > 0);
            }
        }
        let requests = f64::from(rounds) * f64::from(u32::try_from(each_time).unwrap());
        let each = (processor() - before).as_secs_f64() * 1e6 / requests;
        let rate = requests / started.elapsed().as_secs_f64();
        println!("{what}: {each:.2} us of this process's time a request, {rate:.0} requests/s");
    });
}

fn main() {
    in_memory();
    through_the_limits(&[], "through the limits, in memory", 64);
    if let Ok(url) = std::env::var("CACHE_URL") {
        let settings = ["--cache-url", &url, "--cache-prefix", "baleen-bench"];
        through_the_limits(&settings, "on Redis, 64 at once", 64);
        through_the_limits(&settings, "on Redis, one by one", 1);
    }
}
