//! Authorisation requests, the pages that answer them, and devices.
use poem::http::Method;
use serde_json::json;

use super::{CALLBACK, CHALLENGE, OOB, approve, pair, refused, register, shown, works};
use crate::support::{PASSWORD, Pod, Visitor, on_both};

on_both! {
    async fn a_person_follows_the_guide_to_a_token(pod: Pod) {
        pod.person("dora").await;
        let app = register(&pod, json!({})).await;
        let mut dora = Visitor::new(&pod);
        let address = app.address(&[("redirect_uri", OOB)]);
        let sent = dora.get(&address).await;
        assert!(sent.location().starts_with("/login?next=%2Fauthorize"));
        let login = dora.get(sent.location()).await;
        let next = login.between("name=\"next\" value=\"", "\"").replace("&amp;", "&").replace("&#x2f;", "/");
        let on = dora.submit("/login", &[("username", "dora"), ("password", PASSWORD), ("next", &next)]).await;
        let page = dora.get(on.location()).await;
        for told in ["Authorize Player?", "Artists, albums, tracks, uploads, libraries and audio", "write:playlists", "You will get a code", "registered anonymously"] {
            assert!(page.text.contains(told), "{told}: {}", page.text);
        }
        assert!(!page.text.contains("read:security"));
        let code = approve(&mut dora, &app, &[("redirect_uri", OOB)]).await;
        let code = code.between("<input id=\"code\" value=\"", "\"");
        let answer = app.token(&pod, &[("grant_type", "authorization_code"), ("code", &code), ("redirect_uri", OOB)]).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        assert_eq!((answer.header("cache-control"), answer.header("pragma")), (Some("no-store"), Some("no-cache")));
        let body = answer.json();
        assert_eq!((&body["token_type"], &body["expires_in"], &body["scope"]), (&json!("Bearer"), &json!(36000), &json!("read write:playlists")));
        let (access, refresh) = pair(&answer);
        assert_eq!(access.len(), 43);
        let me = pod.get("/api/v1/users/me").by(&access).send().await;
        assert_eq!(me.json()["username"], "dora");
        assert_eq!(me.header("x-ratelimit-scope"), Some("authenticated-wildcard"));
        let (newer, _) = pair(&app.refresh(&pod, &refresh).await);
        assert!(works(&pod, &newer).await && !works(&pod, &access).await);

        let settings = dora.get("/settings").await;
        assert!(settings.text.contains("Revoke access for Player"), "{}", settings.text);
        assert_eq!(dora.submit(&format!("/settings/grants/{}/revoke", app.id), &[]).await.location(), "/settings?done=grant#grants");
        assert!(!works(&pod, &newer).await);
    }

    async fn authorisation_requests_are_answered_as_the_contract_says(pod: Pod) with ["--throttling-enabled", "false"] => {
        let app = register(&pod, json!({})).await;
        let ask = async |more: &[(&str, &str)], script: bool, token: &str| {
            let mut ask = pod.ask(Method::POST, "/api/v1/oauth/authorize/").form(&app.request(more));
            if script {
                ask = ask.header("x-requested-with", "XMLHttpRequest");
            }
            if token.is_empty() { ask.send().await } else { ask.by(token).send().await }
        };
        let allowed = ask(&[("allow", "true")], false, "alice").await;
        assert_eq!(allowed.status, 302);
        assert!(allowed.location().starts_with("https://c.test/cb?code="));
        assert_eq!((allowed.parameter("state").as_deref(), allowed.parameter("iss").as_deref()), (Some("st"), Some("http://pod.test")));
        let script = ask(&[("allow", "true")], true, "alice").await;
        assert_eq!(script.json()["redirect_uri"].as_str().unwrap().split('?').next(), Some(CALLBACK));
        assert_eq!(ask(&[("allow", "true")], true, "").await.status, 401);
        for (more, error) in [
            (vec![], "access_denied"),
            (vec![("scope", "zzz"), ("allow", "true")], "invalid_scope"),
            (vec![("response_type", "token"), ("allow", "true")], "unsupported_response_type"),
            (vec![("code_challenge", CHALLENGE), ("code_challenge_method", "plain"), ("allow", "true")], "invalid_request"),
            (vec![("code_challenge", CHALLENGE), ("allow", "true")], "invalid_request"),
            (vec![("code_challenge", "short"), ("code_challenge_method", "S256"), ("allow", "true")], "invalid_request"),
            (vec![("code_challenge_method", "S256"), ("allow", "true")], "invalid_request"),
            (vec![("response_mode", "fragment"), ("allow", "true")], "invalid_request"),
            (vec![("request", "e30.e30."), ("allow", "true")], "request_not_supported"),
        ] {
            let told = ask(&more, false, "alice").await;
            assert_eq!((told.status.as_u16(), told.parameter("error").as_deref()), (302, Some(error)), "{more:?}");
            assert_eq!(told.parameter("state").as_deref(), Some("st"));
            let told = ask(&more, true, "alice").await;
            assert_eq!((told.status.as_u16(), &told.json()["error"]), (400, &json!(error)), "{more:?}");
        }
        for (more, body) in [
            (vec![("redirect_uri", ""), ("scope", "")], json!({"redirect_uri": ["This field is required."], "scope": ["This field is required."]})),
            (vec![("client_id", "none")], json!({"non_field_errors": ["Invalid application"]})),
            (vec![("redirect_uri", "https://evil.test/")], json!({"detail": "Mismatching redirect URI."})),
            (vec![("redirect_uri", "https://c.test/cb/../x")], json!({"detail": "Mismatching redirect URI."})),
        ] {
            for script in [true, false] {
                let told = ask(&more, script, "alice").await;
                assert_eq!((told.status.as_u16(), told.json()), (400, body.clone()), "{more:?}");
            }
        }
    }

    async fn the_page_sends_nobody_where_the_application_is_not(pod: Pod) {
        pod.person("dora").await;
        let app = register(&pod, json!({})).await;
        let mut dora = Visitor::of(&pod, "dora").await;
        for more in [("redirect_uri", "https://evil.test/"), ("client_id", "none")] {
            let page = dora.get(&app.address(&[more])).await;
            assert_eq!((page.status.as_u16(), page.header("location")), (400, None), "{more:?}");
            let form = dora.submit("/authorize", &app.request(&[more, ("allow", "true")])).await;
            assert_eq!((form.status.as_u16(), form.header("location")), (400, None), "{more:?}");
        }
        // Not even to a registered address, before this person let the application in once.
        for visitor in [&mut Visitor::new(&pod), &mut dora] {
            for more in [("scope", "zzz"), ("prompt", "none")] {
                let page = visitor.get(&app.address(&[more])).await;
                assert_eq!((page.status.as_u16(), page.header("location")), (200, None), "{more:?}");
                assert!(page.text.contains("Leave this pod?") && page.text.contains("c.test"), "{}", page.text);
            }
        }
        approve(&mut dora, &app, &[]).await;
        let known = dora.get(&app.address(&[("scope", "zzz")])).await;
        assert_eq!(known.parameter("error").as_deref(), Some("invalid_scope"));
        for next in ["https://evil.test/", "//evil.test", "/\\evil.test"] {
            let on = dora.submit("/login", &[("username", "dora"), ("password", PASSWORD), ("next", next)]).await;
            assert_eq!(on.location(), "/", "{next}");
        }
        let cancelled = dora.submit("/authorize", &app.request(&[("allow", "false")])).await;
        assert_eq!(cancelled.parameter("error").as_deref(), Some("access_denied"));
        assert_eq!(cancelled.parameter("iss").as_deref(), Some("http://pod.test"));
    }

    async fn pages_stand_in_no_frame_and_tell_no_other_site_where_somebody_was(pod: Pod) {
        pod.person("dora").await;
        let app = register(&pod, json!({})).await;
        let mut dora = Visitor::of(&pod, "dora").await;
        for address in [app.address(&[]), "/login?again=1".to_owned(), "/settings".to_owned(), "/device".to_owned(), "/settings/applications/new".to_owned()] {
            let page = dora.get(&address).await;
            assert_eq!(page.status, 200, "{address}");
            let policy = page.header("content-security-policy").unwrap();
            assert!(policy.contains("frame-ancestors 'none'") && policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
            assert_eq!(page.header("x-frame-options"), Some("DENY"));
            assert_eq!(page.header("referrer-policy"), Some("same-origin"));
            assert_eq!(page.header("cache-control"), Some("private, no-store"));
            assert_eq!(policy.contains("form-action 'self' https://c.test;"), address.starts_with("/authorize"), "{policy}");
        }
    }

    async fn consent_is_remembered_for_as_much_and_no_more(pod: Pod) {
        pod.person("dora").await;
        let app = register(&pod, json!({})).await;
        let mut dora = Visitor::of(&pod, "dora").await;
        let silent = |scope: &'static str| [("scope", scope), ("prompt", "none")];
        let asked = dora.get(&app.address(&silent("read:profile"))).await;
        assert!(asked.text.contains("consent_required"), "{}", asked.text);
        approve(&mut dora, &app, &[("scope", "read:profile")]).await;
        assert!(dora.get(&app.address(&silent("read:profile"))).await.parameter("code").is_some());
        assert_eq!(dora.get(&app.address(&silent("read"))).await.parameter("error").as_deref(), Some("consent_required"));
        assert_eq!(dora.get(&app.address(&[("scope", "read:profile"), ("prompt", "consent")])).await.status, 200);
        // What anybody on the device can pass for is asked for each time.
        let oob = dora.get(&app.address(&[("redirect_uri", OOB), ("scope", "read:profile")])).await;
        assert_eq!(oob.status, 200);
        let login = dora.get(&app.address(&[("scope", "read:profile"), ("prompt", "login")])).await;
        assert!(login.location().starts_with("/login?next=%2Fauthorize") && !login.location().contains("prompt"), "{}", login.location());
        assert_eq!(dora.get(login.location()).await.status, 200);
        let stranger = Visitor::new(&pod).get(&app.address(&silent("read"))).await;
        assert!(stranger.text.contains("login_required"), "{}", stranger.text);
        dora.submit(&format!("/settings/grants/{}/revoke", app.id), &[]).await;
        let revoked = dora.get(&app.address(&silent("read:profile"))).await;
        assert!(revoked.text.contains("consent_required"), "{}", revoked.text);
    }

    async fn signing_in_may_lead_on_to_the_application(pod: Pod) {
        let app = register(&pod, json!({})).await;
        let mut stranger = Visitor::new(&pod);
        let login = stranger.get(&app.address(&[])).await.location().to_owned();
        let policy = stranger.get(&login).await.header("content-security-policy").unwrap().to_owned();
        assert!(policy.contains("form-action 'self' https://c.test;"), "{policy}");
        let evil = app.address(&[("redirect_uri", "https://evil.test/")]);
        let evil: String = url::form_urlencoded::byte_serialize(evil.as_bytes()).collect();
        let policy = stranger.get(&format!("/login?next={evil}")).await.header("content-security-policy").unwrap().to_owned();
        assert!(policy.contains("form-action 'self';"), "{policy}");
    }

    async fn a_device_is_let_in_by_its_code(pod: Pod) {
        pod.person("dora").await;
        let app = register(&pod, json!({})).await;
        let mut dora = Visitor::of(&pod, "dora").await;
        let begin = async || {
            let fields = [("client_id", app.id.as_str()), ("client_secret", app.secret.as_str()), ("scope", "read:profile write")];
            pod.ask(Method::POST, "/api/v1/oauth/device_authorization").form(&fields).send().await.json()
        };
        let begun = begin().await;
        let device = begun["device_code"].as_str().unwrap().to_owned();
        let poll = async |device: &str| {
            let fields = [("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", device)];
            app.token(&pod, &fields).await
        };
        refused(&poll(&device).await, 400, "authorization_pending");
        refused(&poll(&device).await, 400, "slow_down");
        let typed = begun["user_code"].as_str().unwrap().to_lowercase().replace('-', " ");
        let unknown = dora.submit("/device", &[("user_code", "BCDF-GHJK")]).await;
        assert!(unknown.status == 400 && unknown.text.contains("No device waits"));
        let page = dora.submit("/device", &[("user_code", &typed)]).await;
        for told in ["Connect Player?", begun["user_code"].as_str().unwrap(), "Is this your device?", "write:playlists"] {
            assert!(page.text.contains(told), "{told}: {}", page.text);
        }
        assert!(page.text.contains("write:playlists") && !page.text.contains("write:profile"));
        let unseen = dora.submit("/device", &[("user_code", &typed), ("allow", "true")]).await;
        assert!(unseen.text.contains("has changed while you were deciding"), "{}", unseen.text);
        let shown = shown(&unseen);
        assert!(dora.submit("/device", &[("user_code", &typed), ("shown", &shown), ("allow", "true")]).await.text.contains("The device is connected"));
        pod.wait(30);
        let (access, _) = pair(&poll(&device).await);
        assert_eq!(pod.get("/api/v1/users/me").by(&access).send().await.json()["username"], "dora");
        refused(&poll(&device).await, 400, "invalid_grant");

        let begun = begin().await;
        let complete = begun["verification_uri_complete"].as_str().unwrap().strip_prefix("http://pod.test").unwrap().to_owned();
        assert!(dora.get(&complete).await.text.contains("Connect Player?"));
        dora.submit("/device", &[("user_code", begun["user_code"].as_str().unwrap()), ("allow", "false")]).await;
        refused(&poll(begun["device_code"].as_str().unwrap()).await, 400, "access_denied");
        let late = begin().await;
        pod.wait(900);
        refused(&poll(late["device_code"].as_str().unwrap()).await, 400, "expired_token");
    }

    async fn no_device_passes_for_the_pod_itself(pod: Pod) {
        let fields = [("client_id", "baleen-explorer"), ("scope", "read")];
        let answer = pod.ask(Method::POST, "/api/v1/oauth/device_authorization").form(&fields).send().await;
        refused(&answer, 400, "unauthorized_client");
    }
}
