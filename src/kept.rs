//! Whole answers, kept until something changes that they were made of (`store/made.rs`). Only what was made of the
//! cache alone is kept: the same question of the same caller then has the same answer.
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use poem::http::{HeaderMap, HeaderValue};
use prometheus_client::metrics::counter::Counter;
use quick_cache::Weighter;

use crate::{
    caller::{Caller, Identity},
    error::Result,
    store::{ANSWERS, Made, Reads, Version},
};

/// Bytes that an answer takes in addition to its body and its question.
const ENTRY: usize = 1_024;
/// Longer answers are not kept.
const LONGEST: usize = 1 << 20;
/// Initial capacity in answers; the cache grows beyond it.
const COUNT: usize = 1_000;

/// Who asks for what.
#[derive(PartialEq, Eq, Hash)]
struct Question {
    /// `None`: anybody.
    who: Option<Arc<Identity>>,
    what: Box<str>,
}

/// A body, and what goes with it.
pub struct Answer {
    pub headers: HeaderMap,
    pub body: Bytes,
    pub tag: OnceLock<HeaderValue>,
    /// The body in each coding.
    pub packed: [OnceLock<Bytes>; 2],
}

type Answers = quick_cache::sync::Cache<Question, (Made, Arc<Answer>), ByBytes>;

#[derive(Clone)]
struct ByBytes;

impl Weighter<Question, (Made, Arc<Answer>)> for ByBytes {
    fn weight(&self, question: &Question, (_, answer): &(Made, Arc<Answer>)) -> u64 {
        // The packed bodies are smaller, and made later.
        let body = answer.body.len() + answer.body.len() / 2;
        (body + question.what.len() + ENTRY) as u64
    }
}

/// The answers that are kept.
pub struct Kept {
    /// `None` without memory.
    answers: Option<Answers>,
    used: Counter,
}

/// An answer that is about to be made.
pub struct Making {
    question: Question,
    since: Version,
}

/// An answer that was made of the cache alone.
pub struct MadeAnswer {
    question: Question,
    of: Made,
}

/// What is known of a question.
pub enum Known {
    Answer(Arc<Answer>),
    /// Nothing: the answer may be kept.
    Making(Making),
    /// Nothing, and the answer will not be kept.
    Unkept,
}

impl Kept {
    /// Keeps answers in a part of the cache's memory.
    pub fn new(megabytes: u64) -> Self {
        let bytes = megabytes * 1024 * 1024 / ANSWERS;
        let answers = || Answers::with_weighter(COUNT, bytes, ByBytes);
        Self {
            answers: (megabytes > 0).then(answers),
            used: Counter::default(),
        }
    }

    /// How many answers were sent again.
    pub fn used(&self) -> &Counter {
        &self.used
    }

    /// The answer to a question, if it is kept and nothing has changed. Callers whose credentials were not taken are
    /// answered anew.
    pub async fn look(
        &self,
        caller: &Caller,
        db: &Reads,
        what: impl FnOnce() -> String,
    ) -> Result<Known> {
        let who = match caller {
            Caller::Anonymous => None,
            Caller::User(identity) => Some(identity.clone()),
            Caller::Rejected(_) | Caller::Refused(_) => return Ok(Known::Unkept),
        };
        let Some(answers) = &self.answers else {
            return Ok(Known::Unkept);
        };
        let what = what().into_boxed_str();
        let question = Question { who, what };
        let cache = db.cache();
        cache.freshen(db).await?;
        let found = answers.get(&question);
        Ok(match found.filter(|(made, _)| cache.holds(made)) {
            Some((_, answer)) => Known::Answer(answer),
            None => Known::Making(Making {
                question,
                since: cache.version(),
            }),
        })
    }

    /// Counts an answer that is sent again.
    pub fn count(&self) {
        self.used.inc();
    }

    /// Keeps an answer, unless it is too long.
    pub fn keep(&self, made: MadeAnswer, answer: Answer) -> Option<Arc<Answer>> {
        let answers = self.answers.as_ref()?;
        if answer.body.len() > LONGEST {
            return None;
        }
        let answer = Arc::new(answer);
        answers.insert(made.question, (made.of, answer.clone()));
        Some(answer)
    }
}

impl Making {
    /// What the answer was made of, if that was the cache alone.
    pub fn made(self, db: &Reads) -> Option<MadeAnswer> {
        Some(MadeAnswer {
            of: db.made(self.since)?,
            question: self.question,
        })
    }
}

impl Answer {
    pub fn new(headers: HeaderMap, body: Bytes) -> Self {
        Self {
            headers,
            body,
            tag: OnceLock::new(),
            packed: [OnceLock::new(), OnceLock::new()],
        }
    }
}
