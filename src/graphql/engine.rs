//! Runs documents: what each of them passes, whichever protocol it came by.
use std::{borrow::Cow, sync::Arc};

use async_graphql::{
    Request as Query, Response as Answer, ServerError, Variables,
    parser::types::{ExecutableDocument, OperationDefinition, OperationType},
};
use bytes::Bytes;
use poem::http::HeaderMap;
use serde_json::Value;

use super::{
    Graph, budgets, coercion, costs,
    documents::{Document, Documents, chosen},
    escapes, introspection, limits,
    live::Begun,
    nulls::Nulls,
    order,
    outcome::{self, NOT_PERSISTED, Outcome, is_refused, is_too_complex},
    persisted::Persisted,
    schema,
    sent::Parameters,
    types::Types,
    variables,
};
use crate::{
    caller::Anonymous,
    config::Config,
    context::{Cx, Plan},
    error::{Error, Fault, Result},
    kept::{self, Known},
    ledger::Entry,
};

/// The schema, and what is kept of the documents that came.
pub struct Engine {
    pub graph: Graph,
    types: Types,
    persisted: Persisted,
    documents: Documents,
    /// Maximum complexity of a query.
    complexity: usize,
    introspection: bool,
}

/// A checked document, and which of its operations is meant.
pub struct Prepared {
    text: Arc<str>,
    /// The document as it came.
    document: Arc<Document>,
    /// The document without arguments that have no value.
    completed: ExecutableDocument,
    variables: Variables,
    /// `operationName`.
    name: Option<String>,
    is_get: bool,
    /// Whether the answer tells the complexity.
    tells_cost: bool,
}

impl Prepared {
    /// The document as it came.
    pub fn document(&self) -> &ExecutableDocument {
        &self.document.parsed
    }

    pub fn variables(&self) -> &Variables {
        &self.variables
    }

    /// The operation that is meant; `None` if there is no such.
    pub fn operation(&self) -> Option<&OperationDefinition> {
        chosen(self.document(), self.name.as_deref())
    }

    pub fn is_subscription(&self) -> bool {
        let kind = self.operation().map(|operation| operation.ty);
        kind == Some(OperationType::Subscription)
    }

    /// What is known of its answer: whether it was given before, and nothing has changed since.
    async fn known(&self, cx: &Cx, plan: &Plan) -> Result<Known> {
        let is_query = self
            .operation()
            .is_some_and(|operation| operation.ty == OperationType::Query);
        if !is_query || !plan.reads() {
            return Ok(Known::Unkept);
        }
        // Fields below open root fields are checked while they are made.
        let closed = cx.is_closed(Anonymous::Setting).await?;
        let what = || {
            let variables = serde_json::to_string(&self.variables).unwrap_or_default();
            format!("graphql {closed} {:?} {variables} {}", self.name, self.text)
        };
        cx.kept().look(cx.caller(), cx.reader().db(), what).await
    }

    /// What the document spent. An answer to GET does not tell it: budgets differ from answer to answer, so that no
    /// cache would find two alike. Headers tell them too.
    fn spent(&self, cx: &Cx, before: usize) -> Vec<Entry> {
        match self.is_get {
            true => Vec::new(),
            false => cx.spent().split_off(before),
        }
    }

    /// Bytes of the text and the variables.
    pub fn bytes(&self) -> usize {
        let variables = serde_json::to_string(&self.variables);
        self.text.len() + variables.map_or(0, |variables| variables.len())
    }

    /// The query for the executor.
    pub fn query(&self) -> Query {
        let mut query = Query::new(self.text.as_ref()).variables(self.variables.clone());
        if let Some(name) = &self.name {
            query = query.operation_name(name);
        }
        query.set_parsed_query(self.completed.clone());
        query
    }
}

impl Engine {
    pub fn new(config: &Config) -> Self {
        let graph = schema(config);
        Self {
            types: Types::read(&graph.sdl()),
            graph,
            persisted: Persisted::default(),
            documents: Documents::default(),
            complexity: config.graphql_complexity,
            introspection: config.graphql_introspection,
        }
    }

    /// Runs a query or a mutation.
    ///
    /// # Errors
    /// Faults of the request, not of its document.
    pub async fn run(self: &Arc<Self>, cx: &Cx, parameters: Parameters) -> Result<Outcome> {
        match self.begin(cx, None, parameters, false).await? {
            Begun::Answered(outcome) => Ok(outcome),
            Begun::Subscribed(_) => Err(Error::internal("a subscription that cannot last")),
        }
    }

    pub async fn execute(&self, cx: &Cx, prepared: Prepared, before: usize) -> Result<Outcome> {
        let parsed = prepared.document();
        let operation = prepared.operation();
        let plan = operation.map(|operation| budgets::plan(parsed, operation, &prepared.variables));
        let plan = Arc::new(plan.unwrap_or_default());
        plan.check(cx)?;
        self.within(&plan)?;
        plan.introspect(cx).await?;
        let known = prepared.known(cx, &plan).await?;
        if let Some(outcome) = self.again(cx, &prepared, &plan, &known, before).await? {
            return Ok(outcome);
        }
        let query = prepared.query().data(cx.clone()).data(plan.clone());
        let mut answer = self.graph.execute(query).await;
        let is_refused = is_refused(&answer);
        if !is_refused && !answer.errors.is_empty() {
            plan.settle(cx).await?;
        }
        let settled = cx.settle();
        if is_refused {
            settled?;
            paid_for(cx, before).await?;
            if let Some(operation) = operation.filter(|_| is_too_complex(&answer)) {
                return Err(self.too_complex(cx, &prepared, operation).await?);
            }
        } else {
            if plan.is_empty() {
                paid_for(cx, before).await?;
            }
            if let Some(operation) = operation {
                self.complete(&mut answer, parsed, operation);
            }
        }
        if answer.errors.is_empty() {
            let data = kept(cx, known, &answer)?;
            return Ok(self.whole(cx, &prepared, &data, before).await);
        }
        let cost = match is_refused {
            true => None,
            false => self.cost(&prepared).await,
        };
        Ok(Outcome::of(answer, &prepared.spent(cx, before), cost))
    }

    /// The answer that was given before, if nothing has changed since and all of it is paid.
    async fn again(
        &self,
        cx: &Cx,
        prepared: &Prepared,
        plan: &Plan,
        known: &Known,
        before: usize,
    ) -> Result<Option<Outcome>> {
        let Known::Answer(kept) = known else {
            return Ok(None);
        };
        if !plan.pay(cx).await? {
            return Ok(None);
        }
        cx.kept().count();
        if plan.is_empty() {
            paid_for(cx, before).await?;
        }
        let outcome = self.whole(cx, prepared, &kept.body, before).await;
        Ok(Some(outcome))
    }

    /// The outcome of a query without errors.
    async fn whole(&self, cx: &Cx, prepared: &Prepared, data: &[u8], before: usize) -> Outcome {
        let data = std::str::from_utf8(data).expect("JSON is text");
        let cost = self.cost(prepared).await;
        Outcome::whole(data, &prepared.spent(cx, before), cost)
    }

    /// The complexity of a query and its limit, if they are told.
    async fn cost(&self, prepared: &Prepared) -> Option<(usize, usize)> {
        let operation = prepared.operation().filter(|_| prepared.tells_cost)?;
        let cost = costs::measured(prepared.document(), operation, &prepared.variables).await;
        Some((cost, self.complexity))
    }

    /// Explains what makes a query too complex.
    pub async fn too_complex(
        &self,
        cx: &Cx,
        prepared: &Prepared,
        operation: &OperationDefinition,
    ) -> Result<Error> {
        cx.take_turn().await?;
        let (parsed, variables) = (prepared.document(), prepared.variables());
        let why = costs::explain(parsed, operation, variables, self.complexity).await;
        Ok(why.into())
    }

    /// Inserts nulls for failed fields, and restores the order of the query in data and errors.
    pub fn complete(
        &self,
        answer: &mut Answer,
        document: &ExecutableDocument,
        operation: &OperationDefinition,
    ) {
        let mut data = std::mem::take(&mut answer.data);
        if !answer.errors.is_empty() {
            let nulls = Nulls {
                types: &self.types,
                document,
                operation,
            };
            nulls.insert(&mut data, &answer.errors);
            for error in &mut answer.errors {
                let field = nulls.field(error);
                outcome::name_argument(error, field);
            }
        }
        answer.data = order::ordered(data, document, operation);
        // Fields fail in the order in which they are completed, which differs from run to run.
        let place = |error: &ServerError| error.locations.first().map(|at| (at.line, at.column));
        answer.errors.sort_by_key(place);
    }

    /// Rejects introspection if it is disabled, and more than 10 introspection fields.
    fn within(&self, plan: &Plan) -> Result<()> {
        let most = introspection::MOST;
        if plan.introspections() > 0 && !self.introspection {
            let complaint = "Introspection is disabled on this pod.";
            return Err(Fault::invalid(complaint).into());
        }
        match plan.introspections() <= most {
            true => Ok(()),
            false => Err(Error::Refused(format!(
                "A query may ask for the schema at most {most} times."
            ))),
        }
    }

    /// The query, checked before anything of it runs.
    pub async fn prepared(&self, cx: &Cx, parameters: Parameters, get: bool) -> Result<Prepared> {
        let sent = parameters.query.unwrap_or_default();
        let extensions = parameters.extensions.unwrap_or_default();
        let text = match extensions.persisted_query {
            Some(named) => {
                let found = self.persisted.resolve(&named.sha256_hash, &sent)?;
                found.ok_or_else(|| Error::Refused(NOT_PERSISTED.to_owned()))?
            }
            None if sent.is_empty() => {
                return Err(Error::field("query", "This field is required."));
            }
            None => sent.into(),
        };
        let text = match escapes::joined(&text) {
            Cow::Borrowed(_) => text,
            Cow::Owned(joined) => joined.into(),
        };
        if self.documents.takes_long(&text) {
            cx.may_send_document().await?;
            cx.take_turn().await?;
        }
        let document = self.documents.parsed(&text).await?;
        let variables = parameters.variables.unwrap_or_default();
        let mut prepared = Prepared {
            completed: document.parsed.clone(),
            variables: Variables::from_json(Value::Object(variables)),
            name: parameters.operation_name,
            is_get: get,
            tells_cost: extensions.cost,
            text,
            document,
        };
        self.check(&mut prepared)?;
        Ok(prepared)
    }

    /// Fills in what the request left out, and checks the values that it sent.
    fn check(&self, prepared: &mut Prepared) -> Result<()> {
        let Prepared {
            completed,
            variables,
            name,
            ..
        } = prepared;
        let name = name.as_deref();
        variables::complete(completed, name, variables);
        limits::check_values(&prepared.document.uses, variables)?;
        if let Some(operation) = chosen(completed, name) {
            if prepared.is_get && operation.ty == OperationType::Mutation {
                return Err(Error::MethodNotAllowed("GET".to_owned()));
            }
            coercion::check(&self.types, completed, operation, variables)?;
        }
        Ok(())
    }
}

/// The data of an answer without errors, which is kept if it may be.
fn kept(cx: &Cx, known: Known, answer: &Answer) -> Result<Bytes> {
    let data = serde_json::to_vec(&answer.data).map_err(Error::internal)?;
    let data = Bytes::from(data);
    if let Known::Making(making) = known
        && let Some(made) = making.made(cx.reader().db())
    {
        let kept = kept::Answer::new(HeaderMap::new(), data.clone());
        cx.kept().keep(made, kept);
    }
    Ok(data)
}

/// Counts a document as one request, unless its fields already count.
pub async fn paid_for(cx: &Cx, before: usize) -> Result<()> {
    match cx.spent().len() == before {
        true => cx.spend_document().await,
        false => Ok(()),
    }
}

/// The reason of a refusal, which counts as a request: else documents without end could be sent to be
/// refused.
pub async fn paid(cx: &Cx, before: usize, error: Error) -> Error {
    paid_for(cx, before).await.err().unwrap_or(error)
}
