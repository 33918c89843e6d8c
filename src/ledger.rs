//! What one request has spent, and the headers that tell of it.
use poem::http::{HeaderMap, HeaderName, HeaderValue};

use crate::{
    throttle::{Quota, Verdict},
    time::Timestamp,
};

/// The budgets that a request asked, in order, and the verdicts that wait for their operations.
#[derive(Default)]
pub struct Ledger {
    entries: Vec<Entry>,
    reserved: Vec<(&'static str, Verdict)>,
}

/// A budget that this request spent from, or was refused by.
#[derive(Clone, Debug)]
pub struct Entry {
    pub operation: &'static str,
    pub quota: Quota,
}

impl Ledger {
    /// A budget that was asked.
    pub fn enter(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Verdicts that were asked for before their operations.
    pub fn reserve(&mut self, verdicts: impl IntoIterator<Item = (&'static str, Verdict)>) {
        self.reserved.extend(verdicts);
    }

    /// The verdict that waits for an operation.
    pub fn take(&mut self, operation: &str) -> Option<Verdict> {
        let place = self
            .reserved
            .iter()
            .position(|(name, _)| *name == operation)?;
        Some(self.reserved.remove(place).1)
    }

    /// Whether no verdict that waits is a refusal.
    pub fn all_pass(&self) -> bool {
        self.reserved.iter().all(|(_, verdict)| verdict.passes)
    }

    /// Enters the verdicts that no operation took. Returns after how many seconds there is enough for
    /// them, unless there was.
    pub fn settle(&mut self) -> Option<u64> {
        let mut wait = None;
        for (operation, Verdict { passes, quota }) in self.reserved.drain(..) {
            if !passes {
                wait = wait.max(Some(quota.retry_after.unwrap_or(1)));
            }
            self.entries.push(Entry { operation, quota });
        }
        wait
    }

    /// Writes the `X-RateLimit-*` headers of the tightest budget that was asked.
    pub fn stamp(&self, headers: &mut HeaderMap, now: Timestamp) {
        let Some(entry) = self
            .entries
            .iter()
            .min_by_key(|entry| entry.quota.remaining)
        else {
            return;
        };
        let quota = &entry.quota;
        headers.insert("x-ratelimit-limit", quota.limit.into());
        headers.insert("x-ratelimit-scope", HeaderValue::from_static(quota.scope));
        headers.insert("x-ratelimit-remaining", quota.remaining.into());
        headers.insert("x-ratelimit-duration", quota.duration.into());
        let (policies, left) = standard(&self.entries);
        for (name, value) in [("ratelimit-policy", policies), ("ratelimit", left)] {
            let value = HeaderValue::from_str(&value).expect("scopes and numbers are ASCII");
            headers.insert(name, value);
        }
        let mut seconds = |name: &'static str, value: Option<u64>| {
            if let Some(value) = value {
                headers.insert(HeaderName::from_static(name), value.into());
            }
        };
        seconds("retry-after", quota.retry_after);
        seconds("x-ratelimit-resetseconds", quota.reset_after);
        seconds(
            "x-ratelimit-reset",
            quota
                .reset_after
                .map(|after| now.unix().unsigned_abs() + after),
        );
    }
}

/// The headers `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers): one item
/// for each budget that was asked.
fn standard(ledger: &[Entry]) -> (String, String) {
    let mut budgets: Vec<&Quota> = Vec::new();
    for Entry { quota, .. } in ledger.iter().rev() {
        if !budgets.iter().any(|known| known.scope == quota.scope) {
            budgets.push(quota);
        }
    }
    let policies = budgets
        .iter()
        .map(|quota| format!("\"{}\";q={};w={}", quota.scope, quota.limit, quota.duration));
    let left = budgets.iter().map(|quota| {
        let wait = match quota.remaining {
            0 => quota.retry_after,
            _ => quota.reset_after,
        };
        format!(
            "\"{}\";r={};t={}",
            quota.scope,
            quota.remaining,
            wait.unwrap_or_default()
        )
    });
    let joined = |items: Vec<String>| items.join(", ");
    (joined(policies.collect()), joined(left.collect()))
}
