//! Codes, access and refresh tokens: trading, rotating, revoking.
use baleen::store::sql;
use futures_util::future::join_all;
use poem::http::Method;
use serde_json::json;

use super::{App, CALLBACK, CHALLENGE, OOB, VERIFIER, pair, refused, register, works};
use crate::support::{Answer, PASSWORD, Pod, Visitor, on_both};

on_both! {
    async fn the_token_endpoint_refuses_as_the_contract_says(pod: Pod) with ["--throttling-enabled", "false"] => {
        let app = register(&pod, json!({})).await;
        let other = register(&pod, json!({})).await;
        let code = app.code(&pod, &[]).await;
        let grant = ("grant_type", "authorization_code");
        for (more, status, error) in [
            (vec![("code", code.as_str())], 400, "unsupported_grant_type"),
            (vec![("grant_type", "nonsense")], 400, "unsupported_grant_type"),
            (vec![("grant_type", "password"), ("username", "a"), ("password", "b")], 400, "unauthorized_client"),
            (vec![("grant_type", "client_credentials")], 400, "unauthorized_client"),
            (vec![grant], 400, "invalid_request"),
            (vec![grant, ("code", &code), ("code", &code)], 400, "invalid_request"),
            (vec![grant, ("code", &code), ("client_secret", "wrong")], 401, "invalid_client"),
            (vec![grant, ("code", &code), ("client_secret", "")], 401, "invalid_client"),
            (vec![grant, ("code", &code), ("client_id", "none")], 401, "invalid_client"),
            (vec![grant, ("code", "wrong")], 400, "invalid_grant"),
            (vec![grant, ("code", &code), ("redirect_uri", OOB)], 400, "invalid_request"),
            (vec![grant, ("code", &code), ("code_verifier", VERIFIER)], 400, "invalid_grant"),
            (vec![grant, ("code", &code), ("client_id", &other.id), ("client_secret", &other.secret)], 400, "invalid_grant"),
            (vec![("grant_type", "refresh_token")], 400, "invalid_request"),
            (vec![("grant_type", "refresh_token"), ("refresh_token", "wrong")], 400, "invalid_grant"),
        ] {
            refused(&app.token(&pod, &more).await, status, error);
        }
        let json = pod.post("/api/v1/oauth/token/", &json!({"grant_type": "authorization_code"})).send().await;
        refused(&json, 400, "unsupported_grant_type");
        let get = pod.get("/api/v1/oauth/token/").send().await;
        assert_eq!(get.status, 405);
        // None of it has used the code up; the id and the secret may stand in the header.
        let form = [grant, ("code", &code), ("redirect_uri", CALLBACK)];
        let good = pod.ask(Method::POST, "/api/v1/oauth/token").form(&form).basic(&app.id, &app.secret).send().await;
        assert_eq!(good.status, 200, "{}", good.text);
        let bad = pod.ask(Method::POST, "/api/v1/oauth/token").form(&form).basic(&app.id, "wrong").send().await;
        refused(&bad, 401, "invalid_client");
        assert_eq!(bad.header("www-authenticate"), Some("Basic realm=\"api\""));
        let bad = app.token(&pod, &[grant, ("code", &code), ("client_secret", "wrong")]).await;
        assert_eq!(bad.header("www-authenticate"), Some("Bearer error=\"invalid_client\""));
    }

    async fn a_code_works_once_and_a_second_use_ends_what_it_gave(pod: Pod) {
        let app = register(&pod, json!({})).await;
        let code = app.code(&pod, &[]).await;
        let (access, refresh) = pair(&app.exchange(&pod, &code).await);
        assert!(works(&pod, &access).await);
        let (newer, _) = pair(&app.refresh(&pod, &refresh).await);
        refused(&app.exchange(&pod, &code).await, 400, "invalid_grant");
        assert!(!works(&pod, &newer).await);

        let late = app.code(&pod, &[]).await;
        pod.wait(300);
        refused(&app.exchange(&pod, &late).await, 400, "invalid_grant");
        let gone = app.code(&pod, &[]).await;
        sql("update users set is_active = false where id = 1").run(pod.app.db()).await.unwrap();
        refused(&app.exchange(&pod, &gone).await, 400, "invalid_grant");
    }

    async fn a_code_is_bound_to_its_challenge(pod: Pod) {
        let app = register(&pod, json!({})).await;
        let pkce = [("code_challenge", CHALLENGE), ("code_challenge_method", "S256")];
        let code = app.code(&pod, &pkce).await;
        let missing = app.exchange(&pod, &code).await;
        refused(&missing, 400, "invalid_request");
        assert_eq!(missing.json()["error_description"], "Code verifier required.");
        let with = |verifier: &'static str| [("grant_type", "authorization_code"), ("code", code.as_str()), ("code_verifier", verifier)];
        for wrong in [CHALLENGE, "short", "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXK"] {
            refused(&app.token(&pod, &with(wrong)).await, 400, "invalid_grant");
        }
        assert_eq!(app.token(&pod, &with(VERIFIER)).await.status, 200);
    }

    async fn a_public_application_needs_pkce_and_no_secret(pod: Pod) {
        let app = register(&pod, json!({"client_type": "public", "redirect_uris": "http://127.0.0.1/cb"})).await;
        assert_eq!(app.secret, "");
        let back = ("redirect_uri", "http://127.0.0.1:51004/cb");
        let bare = pod.ask(Method::POST, "/api/v1/oauth/authorize/").form(&app.request(&[back, ("allow", "true")])).by("alice").send().await;
        assert_eq!(bare.parameter("error").as_deref(), Some("invalid_request"));
        let code = app.code(&pod, &[back, ("code_challenge", CHALLENGE), ("code_challenge_method", "S256")]).await;
        let fields = [("grant_type", "authorization_code"), ("code", code.as_str()), back, ("code_verifier", VERIFIER)];
        let with_secret = [&fields[..], &[("client_secret", "any")]].concat();
        refused(&app.token(&pod, &with_secret).await, 401, "invalid_client");
        let (access, refresh) = pair(&app.token(&pod, &fields).await);
        assert!(works(&pod, &access).await);
        assert_eq!(app.refresh(&pod, &refresh).await.status, 200);
    }

    async fn refresh_tokens_rotate_and_a_stolen_one_ends_the_family(pod: Pod) {
        let app = register(&pod, json!({})).await;
        let (access, first) = app.pair(&pod).await;
        let (second_access, second) = pair(&app.refresh(&pod, &first).await);
        assert!(!works(&pod, &access).await);
        // Sent twice in a hurry: refused, and no harm done.
        refused(&app.refresh(&pod, &first).await, 400, "invalid_grant");
        assert!(works(&pod, &second_access).await);
        pod.wait(31);
        refused(&app.refresh(&pod, &first).await, 400, "invalid_grant");
        assert!(!works(&pod, &second_access).await);
        refused(&app.refresh(&pod, &second).await, 400, "invalid_grant");

        let (_, whole) = app.pair(&pod).await;
        let narrow = app.token(&pod, &[("grant_type", "refresh_token"), ("refresh_token", &whole), ("scope", "read:profile")]).await;
        assert_eq!(narrow.json()["scope"], "read:profile");
        let (access, narrow) = pair(&narrow);
        assert_eq!(pod.get("/api/v1/tags").by(&access).send().await.status, 403);
        refused(&app.token(&pod, &[("grant_type", "refresh_token"), ("refresh_token", &narrow), ("scope", "read write")]).await, 400, "invalid_scope");
        let other = register(&pod, json!({})).await;
        refused(&other.refresh(&pod, &narrow).await, 400, "invalid_grant");
        pod.wait(5_184_000);
        refused(&app.refresh(&pod, &narrow).await, 400, "invalid_grant");
    }

    async fn the_token_endpoint_takes_forms_in_parts(pod: Pod) {
        let app = register(&pod, json!({})).await;
        let code = app.code(&pod, &[]).await;
        let fields = [("grant_type", "authorization_code"), ("code", &code), ("client_id", &app.id), ("client_secret", &app.secret), ("redirect_uri", super::CALLBACK)];
        let parts: String = fields.iter().map(|(name, value)| format!("--xyz\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")).collect();
        let send = async |body: String| pod.ask(Method::POST, "/api/v1/oauth/token/").header("content-type", "multipart/form-data; boundary=xyz").body(body).send().await;
        let (access, refresh) = pair(&send(format!("{parts}--xyz--\r\n")).await);
        assert!(works(&pod, &access).await);
        let parts = parts.replace("authorization_code", "refresh_token").replace("name=\"code\"", "name=\"refresh_token\"").replace(&code, &refresh);
        let (access, _) = pair(&send(format!("{parts}--xyz--\r\n")).await);
        assert!(works(&pod, &access).await);
        assert_eq!(send("--xyz\r\nnonsense".to_owned()).await.status, 400);
    }

    async fn a_refresh_token_that_was_moved_over_works(pod: Pod) {
        sql("update oauth_applications set client_type = 'public' where client_id = 'client1'").run(pod.app.db()).await.unwrap();
        let app = App { id: "client1".to_owned(), secret: String::new() };
        let (access, refresh) = pair(&app.refresh(&pod, "refresh-alice").await);
        assert!(works(&pod, &access).await && !works(&pod, "alice").await);
        assert_eq!(app.refresh(&pod, &refresh).await.status, 200);
    }

    async fn tokens_are_revoked_and_looked_into_by_their_application_alone(pod: Pod) {
        let app = register(&pod, json!({})).await;
        let other = register(&pod, json!({})).await;
        let (access, refresh) = app.pair(&pod).await;
        let post = async |path: &str, app: &App, token: &str| {
            let fields = [("client_id", app.id.as_str()), ("client_secret", app.secret.as_str()), ("token", token)];
            pod.ask(Method::POST, &format!("/api/v1/oauth/{path}/")).form(&fields).send().await
        };
        let known = post("introspect", &app, &access).await.json();
        assert_eq!((&known["active"], &known["username"], &known["scope"], &known["client_id"]),
            (&json!(true), &json!("alice"), &json!("read write:playlists"), &json!(app.id)));
        assert_eq!(known["exp"].as_i64().unwrap() - known["iat"].as_i64().unwrap(), 36_000);
        assert_eq!(post("introspect", &other, &access).await.json(), json!({"active": false}));
        assert_eq!(post("introspect", &app, "unknown").await.json(), json!({"active": false}));
        let wrong = App { id: app.id.clone(), secret: "wrong".to_owned() };
        refused(&post("introspect", &wrong, &access).await, 401, "invalid_client");
        refused(&post("revoke", &wrong, &access).await, 401, "invalid_client");

        assert_eq!(post("revoke", &other, &access).await.status, 200);
        assert!(works(&pod, &access).await);
        assert_eq!((post("revoke", &app, &access).await.status.as_u16(), works(&pod, &access).await), (200, false));
        assert_eq!(post("introspect", &app, &access).await.json(), json!({"active": false}));
        // With an access token its authorization ends.
        refused(&app.refresh(&pod, &refresh).await, 400, "invalid_grant");
        let (newer, refresh) = app.pair(&pod).await;
        assert_eq!((post("revoke", &app, &refresh).await.status.as_u16(), works(&pod, &newer).await), (200, false));
        assert_eq!(post("revoke", &app, "unknown").await.status, 200);
        refused(&app.refresh(&pod, &refresh).await, 400, "invalid_grant");
    }

    async fn what_is_revoked_is_refused_in_every_process_within_a_second(pod: Pod) {
        let (_twin, endpoint) = pod.twin().await;
        let elsewhere = async |token: &str| {
            pod.get("/api/v1/users/me").by(token).send_to(&endpoint).await.status.as_u16()
        };
        let app = register(&pod, json!({})).await;
        let (access, refresh) = app.pair(&pod).await;
        assert_eq!(elsewhere(&access).await, 200);
        app.refresh(&pod, &refresh).await;
        assert!(!works(&pod, &access).await);
        pod.wait(1);
        assert_eq!(elsewhere(&access).await, 401);
        assert_eq!(elsewhere("alice").await, 200);
        sql("update users set is_active = false where id = 1").run(pod.app.db()).await.unwrap();
        pod.wait(1);
        assert_eq!((elsewhere("alice").await, elsewhere("app-alice").await), (401, 401));
    }

    async fn of_fifty_at_once_one_gets_the_tokens(pod: Pod) with ["--throttling-enabled", "false"] => {
        let app = register(&pod, json!({})).await;
        let code = app.code(&pod, &[]).await;
        let statuses = |answers: &[Answer]| {
            let good = answers.iter().filter(|answer| answer.status == 200).count();
            let refused = answers.iter().filter(|answer| answer.status == 400 && answer.json()["error"] == "invalid_grant").count();
            (good, refused)
        };
        let answers = join_all((0..50).map(|_| app.exchange(&pod, &code))).await;
        assert_eq!(statuses(&answers), (1, 49));
        // The code was used twice: what it gave does not live.
        let (access, _) = pair(answers.iter().find(|answer| answer.status == 200).unwrap());
        assert!(!works(&pod, &access).await);

        let (_, refresh) = app.pair(&pod).await;
        let answers = join_all((0..50).map(|_| app.refresh(&pod, &refresh))).await;
        assert_eq!(statuses(&answers), (1, 49));
        let (access, newer) = pair(answers.iter().find(|answer| answer.status == 200).unwrap());
        assert!(works(&pod, &access).await);
        assert_eq!(app.refresh(&pod, &newer).await.status, 200);
        let live = sql("select count(*) from oauth_access_tokens t join oauth_applications a on a.id = t.application_id where a.client_id = ?");
        assert_eq!(live.bind(app.id.as_str()).number(pod.app.db()).await.unwrap(), 1);
    }

    async fn what_has_expired_is_removed(pod: Pod) {
        let app = register(&pod, json!({})).await;
        app.pair(&pod).await;
        app.code(&pod, &[]).await;
        pod.wait(5_184_000 + 100 * 24 * 3600);
        baleen::oauth::tidy(&pod.app).await.unwrap();
        for left in [
            sql("select count(*) from oauth_codes"),
            sql("select count(*) from oauth_access_tokens t join oauth_applications a on a.id = t.application_id where a.name = 'Player'"),
            sql("select count(*) from oauth_refresh_tokens t join oauth_applications a on a.id = t.application_id where a.name = 'Player'"),
        ] {
            assert_eq!(left.number(pod.app.db()).await.unwrap(), 0);
        }
    }

    async fn what_is_deleted_while_its_tokens_are_refreshed_is_gone(pod: Pod) with ["--throttling-enabled", "false"] => {
        pod.give_password("alice").await;
        for round in 0..6 {
            let app = register(&pod, json!({})).await;
            sql("update oauth_applications set user_id = 1 where client_id = ?").bind(app.id.as_str()).run(pod.app.db()).await.unwrap();
            let mut held = Vec::new();
            for _ in 0..4 {
                held.push(app.pair(&pod).await.1);
            }
            let refreshing = join_all(held.iter().map(async |first| {
                let (mut token, mut given) = (first.clone(), Vec::new());
                for _ in 0..4 {
                    let answer = app.refresh(&pod, &token).await;
                    match answer.status.as_u16() {
                        200 => {
                            let (access, refresh) = pair(&answer);
                            token = refresh;
                            given.push(access);
                        }
                        400 | 401 => break,
                        status => panic!("round {round}: {status} {}", answer.text),
                    }
                }
                given
            }));
            let delete = async {
                match round {
                    5 => {
                        let mut alice = Visitor::of(&pod, "alice").await;
                        let sure = json!({"password": PASSWORD, "confirm": true}).to_string();
                        let ask = pod.ask(Method::DELETE, "/api/v1/users/me").header("content-type", "application/json");
                        alice.script(ask.body(sure)).await
                    }
                    _ => pod.ask(Method::DELETE, &format!("/api/v1/oauth/apps/{}", app.id)).by("app-alice").send().await,
                }
            };
            let (given, gone) = futures_util::future::join(refreshing, delete).await;
            assert_eq!(gone.status, 204, "round {round}: {}", gone.text);
            for access in given.into_iter().flatten() {
                assert!(!works(&pod, &access).await, "round {round}");
            }
        }
    }

    async fn what_is_revoked_while_it_is_refreshed_stays_revoked(pod: Pod) with ["--throttling-enabled", "false"] => {
        let app = register(&pod, json!({})).await;
        for round in 0..20 {
            let (_, refresh) = app.pair(&pod).await;
            let revoke = async {
                let fields = [("client_id", app.id.as_str()), ("client_secret", app.secret.as_str()), ("token", refresh.as_str())];
                if round % 2 == 0 {
                    pod.ask(Method::POST, "/api/v1/oauth/revoke/").form(&fields).send().await.status.as_u16()
                } else {
                    let mut scope = pod.ask(Method::DELETE, &format!("/api/v1/oauth/grants/{}", app.id)).by("app-alice");
                    scope.method = Method::DELETE;
                    scope.send().await.status.as_u16()
                }
            };
            let again = async {
                let first = app.refresh(&pod, &refresh).await;
                match first.status.as_u16() {
                    200 => Some(pair(&first)),
                    400 => None,
                    status => panic!("{status}: {}", first.text),
                }
            };
            let (revoked, pair) = futures_util::future::join(revoke, again).await;
            assert!(matches!(revoked, 200 | 204), "{revoked}");
            if let Some((access, refresh)) = pair {
                assert!(!works(&pod, &access).await, "round {round}");
                refused(&app.refresh(&pod, &refresh).await, 400, "invalid_grant");
            }
        }
    }
}
