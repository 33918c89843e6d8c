//! The permit: who is let in where, alike at both doors.
mod keepers;
mod meet;

use std::collections::BTreeSet;

use baleen::{
    caller::Anonymous,
    guard::Info,
    ledger::Ledger,
    resources::operations,
    rest::routes::Routes,
    scope::{Access, Area, Scope, ScopeSet},
    store::sql,
    throttle::Ident,
};
use poem::{Request, http::Method};
use serde_json::{Value, json};

use self::meet::meet;
use crate::support::{Answer, Ask, Pod, on_both};

async fn uuids(pod: &Pod) -> [(&'static str, String); 4] {
    let query = "{ track(databaseId: 1) { uuid uploads { uuid } } library(databaseId: 1) { uuid } \
        attachment(databaseId: 1) { uuid } }";
    let data = pod.graphql(query).by("alice").send().await.json()["data"].clone();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    [
        ("UPLOAD", text(&data["track"]["uploads"][0]["uuid"])),
        ("TRACK", text(&data["track"]["uuid"])),
        ("LIBRARY", text(&data["library"]["uuid"])),
        ("ATTACHMENT", text(&data["attachment"]["uuid"])),
    ]
}

fn filled(template: &str, uuids: &[(&'static str, String)]) -> String {
    uuids
        .iter()
        .fold(template.to_owned(), |text, (name, uuid)| {
            text.replace(name, uuid)
        })
}

fn rest<'a>(pod: &'a Pod, info: &Info, (method, address): &(Method, String)) -> Ask<'a> {
    let body = match info.name {
        "edits.propose_artist" | "edits.propose_album" | "edits.propose_track" => {
            json!({"type": "update", "payload": {}})
        }
        "text.preview" => json!({"text": "a"}),
        _ => json!({}),
    };
    match *method {
        Method::GET => pod.get(address),
        _ => {
            let mut ask = pod.post(address, &body);
            ask.method = method.clone();
            // What signs in must show that a page of this pod sent it.
            let token = "x".repeat(40);
            match info.name {
                "users.login" => ask
                    .header("x-csrftoken", &token)
                    .header("cookie", &format!("csrftoken={token}")),
                _ => ask,
            }
        }
    }
}

/// Where an operation is met over REST: by each of its routes, from the table that the documents are
/// made of.
fn routes(info: &Info, address: &str) -> Vec<(Method, String)> {
    let address = match address.starts_with('/') {
        true => address.to_owned(),
        false => format!("/api/v1/{address}"),
    };
    let routes = Routes::of_api().addresses(info.name);
    let route = |route: &String| {
        let (method, path) = route.trim_matches('`').split_once(' ').unwrap();
        // One without parameters is complete.
        let path = match path.contains([':', '{']) || address.contains('?') {
            true if path.starts_with("/api/v2") => {
                path.replace("{id}", "99999").replace(":id", "99999")
            }
            true => address.clone(),
            false => path.to_owned(),
        };
        (method.parse().unwrap(), path)
    };
    routes.iter().map(route).collect()
}

fn maybe<'a>(ask: Ask<'a>, token: &str) -> Ask<'a> {
    if token.is_empty() { ask } else { ask.by(token) }
}

/// What a caller is told over REST: nothing, or the code of the refusal.
fn code(info: &Info, answer: &Answer) -> &'static str {
    match answer.status.as_u16() {
        200 | 201 | 204 | 302 => "",
        // What applications are told by the OAuth endpoints comes after the permit.
        _ if answer.text.starts_with("{\"error\"") => "",
        // What is said after the permit is not the question here; nobody has a session of a radio yet, nor a content
        // filter that has no UUID, nor a follow, a subscription, a notification, an invitation, a report, a request, a note, a policy or a job; nobody but its owner sees who follows a library, and the file of an upload
        // is not there.
        404 if matches!(
            info.name,
            "radio_sessions.retrieve"
                | "content_filters.retrieve"
                | "uploads.file_metadata"
                | "library_follows.retrieve"
                | "notifications.retrieve"
                | "reviews.retrieve"
                | "library_follows.followers"
                | "subscriptions.retrieve"
                | "invitations.retrieve"
                | "reports.retrieve"
                | "user_requests.retrieve"
                | "notes.retrieve"
                | "instance_policies.retrieve"
                | "jobs.retrieve"
        ) =>
        {
            ""
        }
        400 if info.name.starts_with("musicbrainz.") => "",
        400 | 404 if info.graphql.starts_with("Mutation.") || info.graphql.starts_with('(') => "",
        401 => "UNAUTHENTICATED",
        403 => "FORBIDDEN",
        status => panic!("{} answers {status}: {}", info.name, answer.text),
    }
}

/// Gives alice every permission.
async fn appoint(pod: &Pod) {
    let keeper = sql(
        "update users set permission_library = true, permission_moderation = true, permission_settings = true
         where username = 'alice'",
    );
    assert_eq!(keeper.run(pod.app.db()).await.unwrap(), 1);
}

/// What a caller is told at each door: nothing, or the code of the refusal.
async fn verdicts(
    pod: &Pod,
    info: &Info,
    uuids: &[(&'static str, String)],
    token: &str,
) -> (String, Option<String>) {
    let (address, query) = meet(info);
    let mut codes = BTreeSet::new();
    for route in routes(info, &filled(address, uuids)) {
        let answer = maybe(rest(pod, info, &route), token).send().await;
        codes.insert(code(info, &answer));
    }
    assert_eq!(
        codes.len(),
        1,
        "{}: its routes differ: {codes:?}",
        info.name
    );
    let code = codes.pop_first().unwrap();
    if query.is_empty() {
        assert!(
            info.graphql.starts_with('('),
            "{} has a GraphQL twin",
            info.name
        );
        return (code.to_owned(), None);
    }
    let body = maybe(pod.graphql(&filled(query, uuids)), token)
        .send()
        .await
        .json();
    let told = body["errors"][0]["extensions"]["code"]
        .as_str()
        .unwrap_or_default();
    let twin = if matches!(told, "INVALID" | "NOT_FOUND") {
        ""
    } else {
        told
    };
    (code.to_owned(), Some(twin.to_owned()))
}

on_both! {
    async fn the_same_rule_stands_at_both_doors(pod: Pod) with ["--throttling-enabled", "false"] => {
        appoint(&pod).await;
        let uuids = uuids(&pod).await;
        pod.prefer("users", "registration_enabled", "True").await;
        for closed in [false, true] {
            pod.prefer("common", "api_authentication_required", if closed { "True" } else { "False" }).await;
            for info in operations() {
                let stranger = match info.anonymous {
                    Anonymous::Always => "",
                    Anonymous::Setting if !closed => "",
                    Anonymous::Setting | Anonymous::Never => "UNAUTHENTICATED",
                };
                // What these tokens may do.
                let narrow = Scope(Access::Read, Area::Playlists);
                let scoped = if info.scope.is_some_and(|scope| scope != narrow) { "FORBIDDEN" } else { "" };
                let beyond = info.scope.is_some_and(|scope| !ScopeSet::common().contains(scope));
                let access = if beyond { "FORBIDDEN" } else { "" };
                for (token, expected) in [
                    ("", stranger),
                    ("unknown", stranger),
                    ("expired", stranger),
                    ("inactive", stranger),
                    ("alice", access),
                    ("app-alice", ""),
                    ("narrow", scoped),
                    ("narrow-app", scoped),
                ] {
                    let (rest, graphql) = verdicts(&pod, info, &uuids, token).await;
                    assert_eq!(rest, expected, "{} over REST by {token:?}, closed {closed}", info.name);
                    if let Some(graphql) = graphql {
                        // GraphQL takes nobody for a stranger who sends a token.
                        let expected = match token {
                            "unknown" | "inactive" => "TOKEN_INVALID",
                            "expired" => "TOKEN_EXPIRED",
                            _ => expected,
                        };
                        assert_eq!(graphql, expected, "{} over GraphQL by {token:?}, closed {closed}", info.name);
                    }
                }
            }
        }
    }

    async fn every_operation_is_met_at_both_doors_or_says_why_not(pod: Pod) {
        let document = pod.get("/api/v1/openapi.json").send().await.json();
        let paths = document["paths"].as_object().unwrap().values();
        let served: BTreeSet<String> = paths.flat_map(|path| path.as_object().unwrap().values())
            .map(|operation| {
                // The further routes of an operation have its name and a suffix.
                let id: Vec<_> = operation["operationId"].as_str().unwrap().split('.').take(2).collect();
                id.join(".")
            }).collect();
        let declared: BTreeSet<String> = operations().map(|info| info.name.to_owned()).collect();
        assert_eq!(served, declared);

        let query = "{ __schema { types { name fields { name } } } }";
        let schema = pod.graphql(query).send().await.json();
        let types = schema["data"]["__schema"]["types"].as_array().unwrap().clone();
        let has = |kind: &str, field: &str| {
            types.iter().any(|found| found["name"] == kind
                && found["fields"].as_array().is_some_and(|fields| fields.iter().any(|known| known["name"] == field)))
        };
        let mut named = BTreeSet::from(["node".to_owned(), "nodes".to_owned()]);
        for info in operations().filter(|info| !info.graphql.starts_with('(')) {
            let (kind, field) = info.graphql.split_once('.').unwrap_or(("Query", info.graphql));
            assert!(has(kind, field), "{} has no field {}", info.name, info.graphql);
            if kind == "Query" || kind == "Mutation" {
                named.insert(field.to_owned());
            }
        }
        named.extend(operations().filter_map(|info| Some(info.live?.field.to_owned())));
        let is_root = |found: &&Value| ["Query", "Mutation", "Subscription"].contains(&found["name"].as_str().unwrap());
        let roots = types.iter().filter(is_root);
        let roots = roots.flat_map(|found| found["fields"].as_array().unwrap());
        let roots: BTreeSet<String> = roots.map(|field| field["name"].as_str().unwrap().to_owned()).collect();
        assert_eq!(roots, named, "every root field is an operation of the table");
    }

    async fn a_root_field_spends_the_budget_of_the_operation_it_is(pod: Pod) {
        appoint(&pod).await;
        let uuids = uuids(&pod).await;
        for info in operations() {
            let (_, query) = meet(info);
            if query.is_empty() || (info.graphql.contains('.') && !info.graphql.starts_with("Mutation.")) {
                continue;
            }
            let body = pod.graphql(&filled(query, &uuids)).by("app-alice").send().await.json();
            let spent = body["extensions"]["rateLimits"][0].clone();
            match info.throttle.scopes().1 {
                "none" => assert!(spent.is_null(), "{body}"),
                scope => assert_eq!((&spent["operation"], &spent["scope"]), (&json!(info.name), &json!(scope))),
            }
        }
    }

    async fn a_token_that_is_not_taken_says_why(pod: Pod) {
        for (token, problem) in [
            ("unknown", ",error=\"invalid_token\",error_description=\"The access token is invalid.\""),
            ("expired", ",error=\"invalid_token\",error_description=\"The access token has expired.\""),
            ("", ""),
        ] {
            let answer = maybe(pod.get("/api/v1/uploads"), token).send().await;
            assert_eq!(answer.status, 401);
            assert_eq!(answer.header("www-authenticate"), Some(format!("Bearer realm=\"api\"{problem}").as_str()));
        }
    }

    async fn an_application_token_never_exceeds_its_owner(pod: Pod) {
        let request = Request::builder().header("authorization", "Bearer app-bob").finish();
        let ident = Ident::of_address([127, 0, 0, 1].into(), 64);
        let caller = baleen::auth::caller(&pod.app, &request, ident, &mut Ledger::default()).await.unwrap();
        let scopes = caller.identity().unwrap().scopes.to_string();
        assert_eq!(scopes, "read:libraries");
    }

    async fn activity_is_noted_once_in_a_while(pod: Pod) {
        let seen = || async {
            let row = baleen::store::sql("select last_activity from users where id = 1");
            row.one::<(Option<baleen::time::Timestamp>,)>(pod.app.db()).await.unwrap().0
        };
        assert_eq!(seen().await, None);
        pod.get("/api/v1/tags").by("alice").send().await;
        let first = seen().await;
        pod.wait(60);
        pod.get("/api/v1/tags").by("alice").send().await;
        assert_eq!(seen().await, first);
        pod.wait(900);
        pod.get("/api/v1/tags").by("alice").send().await;
        assert_ne!(seen().await, first);
    }
}
