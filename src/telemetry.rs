//! What the server tells of itself: logs and metrics.
use std::io::IsTerminal;

use poem::http::{Method, StatusCode};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, histogram::Histogram},
    registry::{Registry, Unit},
};
use tracing_subscriber::EnvFilter;

use crate::{config::Config, error::Startup};

/// Libraries whose own lines are left out: what the reader of tags finds odd in a file is no matter
/// of the server's, and that Redis is away is told once by us.
const QUIET: [(&str, &str); 2] = [("lofty", "error"), ("redis", "off")];

/// Starts the log, as the settings ask: text for people, JSON for collectors.
pub fn start_log(config: &Config) -> Result<(), Startup> {
    let filter = QUIET
        .iter()
        .filter(|(library, _)| !config.log.contains(library))
        .fold(config.log.clone(), |filter, (library, level)| {
            format!("{filter},{library}={level}")
        });
    let filter = EnvFilter::try_new(filter).map_err(|error| {
        Startup::caused(format!("BALEEN_LOG is not valid: {:?}", config.log), error)
    })?;
    let terminal = std::io::stderr().is_terminal();
    let json = config
        .log_format
        .as_deref()
        .map_or(!terminal, |format| format == "json");
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        // It would write them where writing just failed, and panic.
        .log_internal_errors(false);
    let started = if json {
        log.json()
            .with_current_span(true)
            .with_span_list(false)
            .try_init()
    } else {
        log.with_ansi(terminal).with_target(false).try_init()
    };
    started.map_err(|error| Startup::new(format!("cannot start the log: {error}")))
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct RequestLabels {
    method: String,
    status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ThrottleLabels {
    scope: &'static str,
    outcome: &'static str,
}

/// The counters behind `/metrics`.
pub struct Metrics {
    registry: Registry,
    requests: Family<RequestLabels, Counter>,
    durations: Histogram,
    throttled: Family<ThrottleLabels, Counter>,
}

impl Default for Metrics {
    fn default() -> Self {
        let requests = Family::default();
        let throttled = Family::default();
        let durations = Histogram::new([
            0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0,
        ]);
        let mut registry = Registry::with_prefix("baleen");
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "Time from a request's head to its answer's",
            Unit::Seconds,
            durations.clone(),
        );
        registry.register(
            "throttle",
            "Requests counted against a rate",
            throttled.clone(),
        );
        Self {
            registry,
            requests,
            durations,
            throttled,
        }
    }
}

impl Metrics {
    /// Metrics that also show what others count: statements, and answers that were kept.
    pub fn of(statements: Counter, kept: Counter) -> Self {
        let mut metrics = Self::default();
        metrics.registry.register(
            "kept_answers",
            "Answers sent again because nothing had changed",
            kept,
        );
        metrics.registry.register(
            "database_statements",
            "Statements sent to the database",
            statements,
        );
        metrics
    }

    pub fn count_request(&self, method: &Method, status: StatusCode, seconds: f64) {
        let method = match *method {
            Method::GET
            | Method::HEAD
            | Method::POST
            | Method::PUT
            | Method::PATCH
            | Method::DELETE
            | Method::OPTIONS => method.to_string(),
            // Methods are the client's to invent; labels are not.
            _ => "other".to_owned(),
        };
        self.requests
            .get_or_create(&RequestLabels {
                method,
                status: status.as_u16(),
            })
            .inc();
        self.durations.observe(seconds);
    }

    pub fn count_throttled(&self, scope: &'static str, passed: bool) {
        let outcome = if passed { "passed" } else { "refused" };
        self.throttled
            .get_or_create(&ThrottleLabels { scope, outcome })
            .inc();
    }

    /// The figures in Prometheus' text format.
    pub fn text(&self) -> String {
        let mut text = String::new();
        encode(&mut text, &self.registry).expect("a string takes all that is written");
        text
    }
}
