//! Sessions of browsers, and what other sites cannot do with them.
use baleen::{
    accounts::{directory, sessions, sign_in},
    caller::Client,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use poem::http::Method;
use serde_json::json;

use super::count;
use crate::support::{Ask, PASSWORD, Pod, Visitor, on_both};

/// A request with headers that show who asks.
fn showing<'a>(ask: Ask<'a>, headers: &[(&'static str, &str)]) -> Ask<'a> {
    let with = |ask: Ask<'a>, (name, value): &(&'static str, &str)| ask.header(name, value);
    headers.iter().fold(ask, with)
}

on_both! {
    async fn browsers_of_a_user_are_listed_and_signed_out(pod: Pod) {
        pod.person("dora").await;
        let mut first = Visitor::of(&pod, "dora").await;
        let mut second = Visitor::of(&pod, "dora").await;
        let listed = second.get("/api/v1/auth/sessions").await.json();
        assert_eq!(listed.as_array().unwrap().len(), 2);
        assert_eq!(listed[0]["current"], true, "{listed}");
        let other = listed[1]["id"].as_i64().unwrap();
        let twin = second.script(pod.graphql("{ sessions { id databaseId current address } }")).await.json();
        let session = &twin["data"]["sessions"][1];
        assert_eq!((&session["databaseId"], &session["current"], &session["address"]), (&json!(other), &json!(false), &json!("198.51.100.7")));
        let id = session["id"].clone();
        let node = second.script(pod.graphql(&format!("{{ node(id: {id}) {{ id }} }}"))).await.json();
        assert_eq!(node["data"]["node"]["id"], id, "{node}");

        let query = format!("mutation {{ revokeSession(input: {{id: {other}}}) {{ deletedId }} }}");
        assert_eq!(second.script(pod.graphql(&query)).await.json()["data"]["revokeSession"]["deletedId"], id);
        assert_eq!(first.get("/api/v1/users/me").await.status, 401);
        let again = second.script(pod.ask(Method::DELETE, &format!("/api/v1/auth/sessions/{other}"))).await;
        assert_eq!(again.status, 404);

        let token = first.cookies["csrftoken"].clone();
        let mut third = Visitor::of(&pod, "dora").await;
        assert_ne!(third.cookies["csrftoken"], token);
        assert!(third.get("/settings").await.text.contains("Sign out all other sessions"));
        assert_eq!(third.submit("/settings/sessions/revoke", &[]).await.status, 303);
        assert_eq!(second.get("/api/v1/users/me").await.status, 401);
        assert_eq!(third.get("/api/v1/users/me").await.status, 200);
    }

    // The clock stands still, so another process goes on believing what it saw.
    async fn what_has_ended_in_one_process_makes_nothing_lasting_in_another(pod: Pod) {
        let (_app, other) = pod.twin().await;
        let basic = format!("Basic {}", STANDARD.encode(format!("dora:{PASSWORD}")));
        pod.person("dora").await;
        let mut dora = Visitor::of(&pod, "dora").await;
        let mut thief = Visitor::of(&pod, "dora").await;
        thief.get("/api/v1/users/me").await;
        let cookies: Vec<_> = thief.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let cookies = cookies.join("; ");
        let csrf = thief.cookies["csrftoken"].clone();
        let app = json!({"name": "x", "scopes": "read write", "redirect_uris": ""});
        let credentials: [&[(&'static str, &str)]; 2] = [&[("cookie", &cookies), ("x-csrftoken", &csrf)], &[("authorization", &basic)]];
        for shown in credentials {
            assert_eq!(showing(pod.get("/api/v1/users/me"), shown).send_to(&other).await.status, 200);
        }

        let change = json!({"old_password": PASSWORD, "new_password1": "another long one", "new_password2": "another long one"});
        assert_eq!(dora.script(pod.post("/api/v1/auth/password/change", &change)).await.status, 200);
        let email = json!({"password": PASSWORD, "email": "evil@people.test"});
        let token = "mutation { rotateSubsonicToken { subsonicToken } }";
        for shown in credentials {
            for ask in [
                pod.post("/api/v1/oauth/apps", &app),
                pod.post("/api/v1/users/dora/subsonic-token", &json!({})),
                pod.post("/api/v1/users/settings", &json!({"a": 1})),
                pod.graphql(token),
                pod.post("/api/v1/users/change-email", &email),
                pod.post("/api/v1/auth/password/change", &change),
            ] {
                let address = ask.address().to_owned();
                let answer = showing(ask, shown).send_to(&other).await;
                let refused = matches!(answer.status.as_u16(), 400 | 401) || answer.text.contains("UNAUTHENTICATED");
                assert!(refused, "{address}: {} {}", answer.status, answer.text);
            }
        }
        assert_eq!(count(&pod, "select count(*) from oauth_applications where name = 'x'").await, 0);
        assert_eq!(count(&pod, "select count(*) from account_keys where email = 'evil@people.test'").await, 0);
        assert_eq!(count(&pod, "select count(*) from users where settings is not null or (subsonic_api_token is not null and username = 'dora')").await, 0);
        // The session that changed the password goes on, in every process.
        assert_eq!(dora.script(pod.post("/api/v1/oauth/apps", &app)).await.status, 201);
    }

    async fn a_password_that_changes_while_somebody_signs_in_opens_nothing(pod: Pod) {
        pod.person("dora").await;
        let client = Client { address: [198, 51, 100, 7].into(), user_agent: String::new() };
        let from = pod.app.ident(client.address);
        let attempt = sign_in::Attempt { login: "dora", password: PASSWORD, known_browser: None };
        let known = sign_in::check(&pod.app, attempt, from).await.unwrap().unwrap();
        assert!(sessions::open(&pod.app, known.proof, &client).await.unwrap().is_some());
        directory::set_password(&pod.app, "dora", "another long one").await.unwrap();
        assert!(sessions::open(&pod.app, known.proof, &client).await.unwrap().is_none());
        assert_eq!(count(&pod, "select count(*) from sessions").await, 0);
    }

    async fn the_cookie_of_a_session_is_no_bearer_token(pod: Pod) {
        pod.person("dora").await;
        let mut dora = Visitor::of(&pod, "dora").await;
        assert_eq!(dora.get("/api/v1/users/me").await.status, 200);
        let cookie = dora.cookies["sessionid"].clone();
        for token in [cookie.clone(), format!("session {cookie}")] {
            assert_eq!(pod.get("/api/v1/users/me").by(&token).send().await.status, 401, "{token}");
        }
        let swapped = pod.get("/api/v1/users/me").header("cookie", "sessionid=alice");
        pod.get("/api/v1/users/me").by("alice").send().await;
        assert_eq!(swapped.send().await.status, 401);
    }

    async fn cookies_stay_on_encrypted_connections_where_the_pod_has_them(pod: Pod) with ["--funkwhale-protocol", "https"] => {
        pod.person("dora").await;
        let mut dora = Visitor::new(&pod);
        let answer = dora.sign_in("dora", PASSWORD).await;
        let set = answer.headers.get_all("set-cookie").iter();
        let cookies: Vec<_> = set.map(|cookie| cookie.to_str().unwrap()).collect();
        assert!(cookies.iter().any(|cookie| cookie.starts_with("sessionid=")), "{cookies:?}");
        assert!(cookies.iter().all(|cookie| cookie.ends_with("; Secure")), "{cookies:?}");
    }

    async fn signing_in_makes_a_new_session_and_ends_the_old_one(pod: Pod) {
        pod.person("dora").await;
        let mut dora = Visitor::of(&pod, "dora").await;
        let old = dora.cookies["sessionid"].clone();
        // Somebody put a session into the browser before: it is not taken over.
        let again = dora.sign_in("dora", PASSWORD).await;
        assert_eq!(again.status, 303);
        assert_ne!(dora.cookies["sessionid"], old);
        assert_eq!(count(&pod, "select count(*) from sessions").await, 1);
        let mut stale = Visitor::new(&pod);
        stale.cookies.insert("sessionid".to_owned(), old);
        assert_eq!(stale.get("/api/v1/users/me").await.status, 401);
    }

    async fn a_session_ends_by_itself(pod: Pod) {
        pod.person("dora").await;
        let mut dora = Visitor::of(&pod, "dora").await;
        pod.wait(5_400_000 - 10);
        assert_eq!(dora.get("/api/v1/users/me").await.status, 200);
        pod.wait(11);
        assert_eq!(dora.get("/api/v1/users/me").await.status, 401);
    }

    async fn what_another_site_sends_changes_nothing(pod: Pod) {
        pod.person("dora").await;
        let mut dora = Visitor::of(&pod, "dora").await;
        let settings = json!({"theme": "dark"});
        for forged in [
            pod.post("/api/v1/users/settings", &settings),
            pod.post("/api/v1/users/settings", &settings).header("x-csrftoken", &"x".repeat(43)),
            pod.graphql("mutation { updateSettings(input: {settings: {theme: \"dark\"}}) { settings } }"),
        ] {
            let refused = dora.send(forged).await;
            assert_eq!((refused.status.as_u16(), refused.json()), (403, json!({"detail": "CSRF Failed: CSRF token missing."})));
        }
        let form = pod.ask(Method::POST, "/settings/profile").form(&[("name", "Mallory")]);
        let refused = dora.send(form).await;
        assert_eq!(refused.status, 403);
        assert!(refused.text.contains("does not come from this pod"), "{}", refused.text);
        let login = pod.ask(Method::POST, "/api/v1/users/login").form(&[("username", "dora"), ("password", PASSWORD)]);
        let refused = login.send().await;
        assert_eq!((refused.status.as_u16(), refused.header("set-cookie")), (403, None));

        let done = dora.script(pod.post("/api/v1/users/settings", &settings)).await;
        assert_eq!((done.status.as_u16(), done.json()), (200, settings));
        let done = dora.script(pod.graphql("mutation { updateSettings(input: {settings: {n: 1}}) { settings viewer { settings } } }")).await.json();
        assert_eq!(done["data"]["updateSettings"], json!({"settings": {"theme": "dark", "n": 1}, "viewer": {"settings": {"theme": "dark", "n": 1}}}));
    }

    async fn whoever_only_sets_cookies_forges_nothing(pod: Pod) {
        pod.person("dora").await;
        let mut dora = Visitor::of(&pod, "dora").await;
        let planted = "A".repeat(43);
        dora.cookies.insert("csrftoken".to_owned(), planted.clone());
        let form = pod.ask(Method::POST, "/settings/profile").form(&[("name", "Mallory"), ("csrfmiddlewaretoken", &planted)]);
        assert_eq!(dora.send(form).await.status, 403);
    }

    async fn pages_are_read_by_no_other_origin_and_the_api_is(pod: Pod) {
        for (address, shared) in [("/login", false), ("/settings", false), ("/authorize?client_id=x", false), ("/api/v1/tags", true), ("/graphql?query={__typename}", true)] {
            let answer = pod.get(address).header("origin", "http://other.test").send().await;
            assert_eq!(answer.header("access-control-allow-origin").is_some(), shared, "{address}");
        }
    }

    async fn what_shows_secrets_is_kept_by_nobody(pod: Pod) {
        let me = pod.get("/api/v1/users/me").by("alice").send().await;
        assert_eq!(me.header("cache-control"), Some("private, no-store"));
        let app = pod.post("/api/v1/oauth/apps", &json!({"name": "x"})).send().await;
        assert_eq!(app.header("cache-control"), Some("private, no-store"));
    }

    async fn a_signed_link_plays_and_does_nothing_else(pod: Pod) {
        pod.prefer("common", "api_authentication_required", "True").await;
        let token = pod.get("/api/v1/users/me").by("alice").send().await.json()["tokens"]["listen"].as_str().unwrap().to_owned();
        let query = "{ track(databaseId: 1) { uuid } viewer { listenToken } }";
        let body = pod.graphql(query).by("alice").send().await.json();
        assert_eq!(body["data"]["viewer"]["listenToken"], token.as_str());
        let listen = format!("/api/v1/listen/{}/", body["data"]["track"]["uuid"].as_str().unwrap());
        let with = |token: &str| pod.get(&format!("{listen}?token={token}"));
        // The small data set has no files: 404 comes after the permit, 401 before.
        assert_eq!(with(&token).send().await.status, 404);
        assert_eq!(with("alice").send().await.status, 404);
        assert_eq!(with("unknown").send().await.status, 401);
        assert_eq!(with(&token.replace('.', "x")).send().await.status, 401);
        assert_eq!(pod.get(&format!("/api/v1/users/me?token={token}")).send().await.status, 401);
        assert_eq!(pod.get("/api/v1/users/me?token=alice").send().await.status, 401);
        assert_eq!(pod.get("/api/v1/tracks").by(&token).send().await.status, 401);
        pod.wait(3 * 24 * 3600);
        assert_eq!(with(&token).send().await.status, 401);
    }
}
