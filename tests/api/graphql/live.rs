//! Subscriptions over server-sent events; those over WebSocket are tried by real clients (`clients.rs`).
use std::{pin::Pin, time::Duration};

use baleen::store::sql;
use futures_util::{Stream, StreamExt};
use poem::http::Method;
use serde_json::{Value, json};

use crate::support::{Ask, PASSWORD, Pod, Visitor, on_both};

const EVENTS: &str = "text/event-stream";
const SESSIONS: &str = "subscription { sessionsChanged { sessions { id current userAgent } } }";

/// A stream of events that somebody reads.
struct Events<'a> {
    pieces: Pin<Box<dyn Stream<Item = std::io::Result<Vec<u8>>> + 'a>>,
    read: String,
}

impl<'a> Events<'a> {
    /// Opens a stream, and waits until the subscription has begun.
    async fn of(ask: Ask<'a>) -> Self {
        let pieces = ask.header("accept", EVENTS).open().await;
        let pieces = pieces.map(|piece| piece.map(|piece| piece.as_ref().to_vec()));
        let mut events = Self {
            pieces: Box::pin(pieces),
            read: String::new(),
        };
        events.pull().await;
        assert!(events.read.starts_with(':'), "{}", events.read);
        events
    }

    async fn pull(&mut self) -> bool {
        let piece = tokio::time::timeout(Duration::from_secs(20), self.pieces.next());
        match piece.await.expect("something comes") {
            Some(piece) => {
                self.read += std::str::from_utf8(&piece.unwrap()).unwrap();
                true
            }
            None => false,
        }
    }

    /// The name and the data of the next event; `None` at the end.
    async fn next(&mut self) -> Option<(String, Value)> {
        loop {
            while let Some((event, rest)) = self.read.split_once("\n\n") {
                let (event, rest) = (event.to_owned(), rest.to_owned());
                self.read = rest;
                if let Some((name, data)) = event
                    .strip_prefix("event: ")
                    .and_then(|event| event.split_once('\n'))
                {
                    let data = data.strip_prefix("data:").unwrap().trim();
                    return Some((
                        name.to_owned(),
                        serde_json::from_str(data).unwrap_or_default(),
                    ));
                }
            }
            if !self.pull().await {
                return None;
            }
        }
    }

    /// The data of the next event, which is no end.
    async fn data(&mut self) -> Value {
        let (name, data) = self.next().await.expect("an event");
        assert_eq!(name, "next", "{data}");
        data
    }
}

fn by_dora<'a>(pod: &'a Pod, query: &str) -> Ask<'a> {
    pod.graphql(query).basic("dora", PASSWORD)
}

on_both! {
    async fn sessions_are_told_whoever_begins_or_ends_them(pod: Pod) {
        pod.person("dora").await;
        pod.person("emil").await;
        let (twin, _) = pod.twin().await;
        let mut events = Events::of(by_dora(&pod, SESSIONS)).await;
        // Others' sessions are not told.
        Visitor::of(&pod, "emil").await;
        Visitor::of(&pod, "dora").await;
        let told = events.data().await;
        assert_eq!(told["data"]["sessionsChanged"]["sessions"].as_array().unwrap().len(), 1, "{told}");
        // By another process.
        sql("delete from sessions").run(twin.db()).await.unwrap();
        assert_eq!(events.data().await, json!({"data": {"sessionsChanged": {"sessions": []}}}));
    }

    async fn grants_are_told_with_their_applications(pod: Pod) {
        let user = pod.person("dora").await;
        let grants = "subscription { grantsChanged { grants { application { clientId } scopes } } }";
        let mut events = Events::of(by_dora(&pod, grants)).await;
        sql("insert into oauth_consents (user_id, application_id, scope, updated) select ?, max(id), 'read:profile', ? from oauth_applications")
            .bind(user).bind(pod.app.clock().now()).run(pod.app.db()).await.unwrap();
        let told = events.data().await;
        let grant = told["data"]["grantsChanged"]["grants"][0].clone();
        assert_eq!(grant["scopes"], "read:profile", "{told}");
        let client = grant["application"]["clientId"].as_str().unwrap();
        let revoke = pod.ask(Method::DELETE, &format!("/api/v1/oauth/grants/{client}")).basic("dora", PASSWORD);
        assert_eq!(revoke.send().await.status, 204);
        assert_eq!(events.data().await["data"]["grantsChanged"]["grants"], json!([]));
    }

    async fn moderators_are_told_what_waits_for_them(pod: Pod) {
        sql("update users set permission_moderation = true where username = 'alice'").run(pod.app.db()).await.unwrap();
        pod.prefer("users", "registration_enabled", "True").await;
        pod.prefer("moderation", "signup_approval_enabled", "True").await;
        let reports = "subscription { reportCreated { report { type summary target { ... on Artist { databaseId } } } } }";
        let requests = "subscription { userRequestCreated { request { status submitter { preferredUsername } } } }";
        let mut reported = Events::of(pod.graphql(reports).by("app-alice")).await;
        let mut requested = Events::of(pod.graphql(requests).by("app-alice")).await;
        let report = json!({"type": "other", "summary": "Look", "target": {"type": "artist", "id": 1}});
        assert_eq!(pod.post("/api/v1/moderation/reports", &report).by("alice").send().await.status, 201);
        let new = json!({"username": "ina", "email": "ina@new.test", "password1": "averylongpw-77", "password2": "averylongpw-77"});
        assert!(pod.post("/api/v1/auth/registration/", &new).send().await.status.is_success());
        let told = reported.data().await;
        assert_eq!(told["data"]["reportCreated"]["report"], json!({"type": "OTHER", "summary": "Look", "target": {"databaseId": 1}}), "{told}");
        let told = requested.data().await;
        assert_eq!(told["data"]["userRequestCreated"]["request"], json!({"status": "PENDING", "submitter": {"preferredUsername": "ina"}}), "{told}");
        // Nobody else is.
        for query in [reports, requests] {
            let refused = pod.graphql(query).by("bob").header("accept", EVENTS).send().await;
            assert!(refused.text.contains("FORBIDDEN"), "{}", refused.text);
        }
    }

    async fn new_rows_are_told_to_those_who_may_see_them(pod: Pod) {
        let activity = "subscription { activityAdded { activity { __typename ... on Favorite { track { databaseId } } ... on Listening { user { username } } } } }";
        let imports = "subscription { uploadImported { upload { importStatus importDetails } } }";
        let notifications = "subscription { notificationAdded { notification { type actor { name } } } }";
        let mut hears = Events::of(pod.graphql(activity).by("bob")).await;
        let mut imported = Events::of(pod.graphql(imports).by("alice")).await;
        let mut notified = Events::of(pod.graphql(notifications).by("alice")).await;
        sql("update users set privacy_level = 'me' where username = 'alice'").run(pod.app.db()).await.unwrap();
        let liked = pod.post("/api/v1/favorites/tracks", &json!({"track": 2})).by("alice").send().await;
        assert_eq!(liked.status, 201, "{}", liked.text);
        sql("insert into favorites (user_id, track_id, creation_date) select id, 3, ? from users where username = 'bob'")
            .bind(pod.app.clock().now()).run(pod.app.db()).await.unwrap();
        let told = hears.data().await;
        assert_eq!(told, json!({"data": {"activityAdded": {"activity": {"__typename": "Favorite", "track": {"databaseId": 3}}}}}));

        let library = pod.post("/api/v1/libraries", &json!({"name": "Mine", "privacy_level": "me"})).by("alice").send().await.json();
        let library = library["uuid"].as_str().unwrap();
        let file = ("audio_file", "broken.mp3", "audio/mpeg", &b"this is no music"[..]);
        pod.ask(Method::POST, "/api/v1/uploads").by("alice").parts(&[("library", library)], &[file]).send().await;
        pod.work().await;
        let told = imported.data().await;
        let upload = &told["data"]["uploadImported"]["upload"];
        assert_eq!((&upload["importStatus"], &upload["importDetails"]["error_code"]), (&json!("ERRORED"), &json!("unreadable_file")), "{told}");

        pod.person("dora").await;
        let ask = pod.post("/api/v1/federation/follows/library", &json!({"target": library}));
        assert_eq!(ask.basic("dora", PASSWORD).send().await.status, 201);
        let told = notified.data().await;
        assert_eq!(told, json!({"data": {"notificationAdded": {"notification": {"type": "FOLLOW", "actor": {"name": "dora"}}}}}));
        for query in [imports, notifications] {
            let refused = pod.graphql(query).by("narrow").header("accept", EVENTS).send().await;
            assert_eq!(refused.json()["errors"][0]["extensions"]["code"], "FORBIDDEN", "{}", refused.text);
        }
    }

    async fn a_rate_limit_is_told_once_when_it_is_used_up(pod: Pod) with ["--throttling-rates", "anonymous-list=2/m"] => {
        let query = "subscription { rateLimitReached { reached { name limit remaining } rateLimit { ident { type } } } }";
        let mut events = Events::of(pod.graphql(query)).await;
        for _ in 0..3 {
            pod.get("/api/v1/tags").send().await;
        }
        let told = events.data().await;
        let expected = json!({"reached": [{"name": "anonymous-list", "limit": 2, "remaining": 0}], "rateLimit": {"ident": {"type": "anonymous"}}});
        assert_eq!(told["data"]["rateLimitReached"], expected);
        pod.wait(61);
        let mut other = Events::of(pod.graphql(query)).await;
        for _ in 0..2 {
            pod.get("/api/v1/tags").send().await;
        }
        assert_eq!(other.data().await["data"]["rateLimitReached"], expected);
    }

    async fn a_subscription_ends_with_its_credentials_and_with_the_server(pod: Pod) {
        pod.person("dora").await;
        let mut events = Events::of(by_dora(&pod, SESSIONS)).await;
        let mut dora = Visitor::of(&pod, "dora").await;
        events.data().await;
        let change = json!({"old_password": PASSWORD, "new_password1": "another long one", "new_password2": "another long one"});
        assert_eq!(dora.script(pod.post("/api/v1/auth/password/change", &change)).await.status, 200);
        let told = events.data().await;
        assert_eq!(told["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{told}");
        assert!(told["data"].is_null());
        assert_eq!(events.next().await, Some(("complete".to_owned(), Value::Null)));
        assert_eq!(events.next().await, None);

        let limits = "subscription { rateLimitReached { reached { name } } }";
        let mut events = Events::of(pod.graphql(limits)).await;
        pod.app.stop();
        assert_eq!(events.next().await, Some(("complete".to_owned(), Value::Null)));
    }

    async fn a_browser_subscribes_with_its_session_and_a_token_with_its_scope(pod: Pod) {
        pod.person("dora").await;
        let mut dora = Visitor::of(&pod, "dora").await;
        let (cookies, csrf) = (dora.cookie_line(), dora.cookies["csrftoken"].clone());
        let ask = pod.graphql(SESSIONS).header("cookie", &cookies);
        let forged = ask.clone().header("accept", EVENTS).send().await;
        assert_eq!(forged.status, 403, "{}", forged.text);
        let mut events = Events::of(ask.header("x-csrftoken", &csrf)).await;
        Visitor::of(&pod, "dora").await;
        let told = events.data().await;
        assert_eq!(told["data"]["sessionsChanged"]["sessions"].as_array().unwrap().len(), 2);
        // The session that asks is marked.
        assert_eq!(told["data"]["sessionsChanged"]["sessions"][1]["current"], true, "{told}");
        assert_eq!(dora.submit("/logout", &[]).await.status, 303);
        assert_eq!(events.data().await["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");

        for (token, code) in [(None, "UNAUTHENTICATED"), (Some("narrow"), "FORBIDDEN")] {
            let ask = pod.graphql(SESSIONS).header("accept", EVENTS);
            let ask = token.into_iter().fold(ask, Ask::by);
            let refused = ask.send().await;
            assert_eq!(refused.status, 400, "{}", refused.text);
            assert_eq!(refused.json()["errors"][0]["extensions"]["code"], code, "{}", refused.text);
        }
        for token in ["expired", "unknown"] {
            assert_eq!(pod.graphql(SESSIONS).by(token).header("accept", EVENTS).send().await.status, 401);
        }
    }

    async fn a_subscription_ends_with_its_token_whatever_else_was_sent(pod: Pod) {
        pod.person("dora").await;
        pod.person("emil").await;
        let dora = Visitor::of(&pod, "dora").await;
        let application = json!({"name": "x", "scopes": "read", "redirect_uris": ""});
        let made = pod.post("/api/v1/oauth/apps", &application).basic("emil", PASSWORD).send().await.json();
        let (token, client) = (made["token"].as_str().unwrap(), made["client_id"].as_str().unwrap());
        // A request with both credentials is emil's, and falls back to dora's session without the token.
        let ask = pod.get(&format!("/graphql?query={}", SESSIONS.replace(' ', "+").replace('{', "%7B").replace('}', "%7D")));
        let mut events = Events::of(ask.by(token).header("cookie", &dora.cookie_line())).await;
        let gone = pod.ask(Method::DELETE, &format!("/api/v1/oauth/apps/{client}")).basic("emil", PASSWORD);
        assert_eq!(gone.send().await.status, 204);
        Visitor::of(&pod, "emil").await;
        let told = events.data().await;
        assert_eq!(told["errors"][0]["extensions"]["code"], "TOKEN_INVALID", "{told}");
        assert!(told["data"].is_null(), "{told}");
    }

    async fn a_password_is_no_more_than_it_is_now(pod: Pod) with ["--account-email-verification-enforce", "true"] => {
        pod.person("dora").await;
        sql("update users set email_verified = true").run(pod.app.db()).await.unwrap();
        let mut events = Events::of(by_dora(&pod, SESSIONS)).await;
        Visitor::of(&pod, "dora").await;
        assert!(events.data().await["errors"].is_null());
        sql("update users set email_verified = false").run(pod.app.db()).await.unwrap();
        sql("delete from sessions").run(pod.app.db()).await.unwrap();
        assert_eq!(events.data().await["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
    }

    async fn what_cannot_be_subscribed_to_is_refused(pod: Pod) with ["--graphql-complexity", "60"] => {
        pod.person("dora").await;
        let long = format!("subscription {{ rateLimitReached {{ reached {{ name }} }} }} #{}", "x".repeat(16 << 10));
        for (query, complaint) in [
            ("subscription { sessionsChanged { sessions { id } } rateLimitReached { reached { name } } }", "exactly one field"),
            ("subscription { ...A } fragment A on Subscription { a: sessionsChanged { sessions { id } } b: sessionsChanged { sessions { id } } }", "exactly one field"),
            ("subscription { __typename }", "Unknown field"),
            ("subscription { nothing }", "Unknown field"),
            ("subscription { sessionsChanged }", "must have a selection"),
            (&long, "at most 16384 bytes"),
        ] {
            let refused = by_dora(&pod, query).header("accept", EVENTS).send().await;
            assert_eq!(refused.status, 400, "{query}: {}", refused.text);
            assert_eq!(refused.header("content-type"), Some("application/graphql-response+json; charset=utf-8"));
            assert!(refused.text.contains(complaint), "{query}: {}", refused.text);
        }
        let many: String = (0..80).map(|n| format!("a{n}: name ")).collect();
        let dear = format!("subscription {{ rateLimitReached {{ reached {{ {many} }} }} }}");
        let refused = pod.graphql(&dear).header("accept", EVENTS).send().await;
        assert_eq!(refused.json()["errors"][0]["extensions"]["code"], "COMPLEXITY_LIMIT", "{}", refused.text);
        let refused = by_dora(&pod, SESSIONS).send().await;
        assert!(refused.text.contains("graphql-transport-ws"), "{}", refused.text);
        let batch = json!([{"query": SESSIONS}, {"query": "{ instance { name } }"}]);
        let batch = pod.post("/graphql", &batch).header("accept", EVENTS).send().await;
        assert!(batch.json()[0]["errors"].is_array() && batch.json()[1]["data"]["instance"].is_object(), "{}", batch.text);
    }

    async fn a_client_has_a_number_of_subscriptions(pod: Pod) with ["--throttling-enabled", "false"] => {
        let query = "subscription { rateLimitReached { reached { name } } }";
        let mut open = Vec::new();
        for _ in 0..50 {
            open.push(Events::of(pod.graphql(query)).await);
        }
        let refused = pod.graphql(query).header("accept", EVENTS).send().await;
        assert_eq!(refused.status, 400);
        assert!(refused.text.contains("50 subscriptions"), "{}", refused.text);
        Events::of(pod.graphql(query).from("203.0.113.9")).await;
        open.pop();
        // The task that holds the place ends on its own time.
        for _ in 0..1_000 {
            if pod.graphql(query).header("accept", EVENTS).open().await.next().await.is_some_and(|piece| piece.unwrap().as_ref() == b":\n\n") {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("the place is not free again");
    }

    async fn subscriptions_are_counted(pod: Pod) with ["--throttling-rates", "anonymous-wildcard=2/m"] => {
        let query = "subscription { rateLimitReached { reached { name } } }";
        let _open = [Events::of(pod.graphql(query)).await, Events::of(pod.graphql(query)).await];
        let refused = pod.graphql(query).header("accept", EVENTS).send().await;
        assert_eq!(refused.status, 429, "{}", refused.text);
        assert!(refused.header("retry-after").is_some());
    }

    async fn queries_are_answered_as_events_too(pod: Pod) {
        let ask = pod.graphql("{ instance { name } }").header("accept", EVENTS);
        let answer = ask.send().await;
        assert_eq!(answer.header("content-type"), Some("text/event-stream; charset=utf-8"));
        let (next, rest) = answer.text.split_once("\n\n").unwrap();
        let data: Value = serde_json::from_str(next.strip_prefix("event: next\ndata: ").unwrap()).unwrap();
        assert!(data["data"]["instance"]["name"].is_string(), "{data}");
        assert_eq!(rest, "event: complete\ndata:\n\n");
        // Where JSON is accepted too, queries are answered with it.
        let ask = pod.graphql("{ instance { name } }").header("accept", "application/json, text/event-stream");
        assert_eq!(ask.send().await.header("content-type"), Some("application/json; charset=utf-8"));
        let address = "/graphql?query=subscription%20%7BrateLimitReached%7Breached%7Bname%7D%7D%7D";
        Events::of(pod.get(address)).await;
    }
}
