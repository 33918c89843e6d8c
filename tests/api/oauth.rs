//! The OAuth provider: applications, authorisation, tokens, devices.
use baleen::store::sql;
use futures_util::future::join_all;
use poem::http::Method;
use serde_json::{Value, json};

use crate::support::{Answer, PASSWORD, Pod, Visitor, on_both};

const CALLBACK: &str = "https://c.test/cb";
const OOB: &str = "urn:ietf:wg:oauth:2.0:oob";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// An application that was registered by nobody in particular.
struct App {
    id: String,
    secret: String,
}

async fn register(pod: &Pod, more: Value) -> App {
    let mut new = json!({"name": "Player", "scopes": "read write:playlists", "redirect_uris": format!("{CALLBACK} {OOB}")});
    new.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let made = pod.post("/api/v1/oauth/apps", &new).send().await;
    assert_eq!(made.status, 201, "{}", made.text);
    let made = made.json();
    App {
        id: made["client_id"].as_str().unwrap().to_owned(),
        secret: made["client_secret"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
    }
}

impl App {
    fn request<'a>(&'a self, more: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let mut fields = vec![
            ("client_id", self.id.as_str()),
            ("response_type", "code"),
            ("redirect_uri", CALLBACK),
            ("scope", "read write:playlists"),
            ("state", "st"),
        ];
        for (name, value) in more {
            match fields.iter_mut().find(|(known, _)| known == name) {
                Some(field) => field.1 = value,
                None => fields.push((name, value)),
            }
        }
        fields.retain(|(_, value)| !value.is_empty());
        fields
    }

    fn address(&self, more: &[(&str, &str)]) -> String {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(self.request(more))
            .finish();
        format!("/authorize?{query}")
    }

    /// A code, as scripts get it for alice.
    async fn code(&self, pod: &Pod, more: &[(&str, &str)]) -> String {
        let mut fields = self.request(more);
        fields.push(("allow", "true"));
        let answer = pod
            .ask(Method::POST, "/api/v1/oauth/authorize/")
            .form(&fields)
            .header("x-requested-with", "XMLHttpRequest")
            .by("alice")
            .send()
            .await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()["code"].as_str().unwrap().to_owned()
    }

    async fn token(&self, pod: &Pod, more: &[(&str, &str)]) -> Answer {
        let mut fields = vec![
            ("client_id", self.id.as_str()),
            ("client_secret", self.secret.as_str()),
            ("redirect_uri", CALLBACK),
        ];
        fields.retain(|(name, value)| {
            !value.is_empty() && !more.iter().any(|(other, _)| other == name)
        });
        fields.extend(more.iter().filter(|(_, value)| !value.is_empty()));
        pod.ask(Method::POST, "/api/v1/oauth/token/")
            .form(&fields)
            .send()
            .await
    }

    async fn exchange(&self, pod: &Pod, code: &str) -> Answer {
        self.token(pod, &[("grant_type", "authorization_code"), ("code", code)])
            .await
    }

    async fn refresh(&self, pod: &Pod, token: &str) -> Answer {
        self.token(
            pod,
            &[("grant_type", "refresh_token"), ("refresh_token", token)],
        )
        .await
    }

    /// Access token and refresh token.
    async fn pair(&self, pod: &Pod) -> (String, String) {
        let code = self.code(pod, &[]).await;
        pair(&self.exchange(pod, &code).await)
    }
}

fn pair(answer: &Answer) -> (String, String) {
    let body = answer.json();
    let token = |name: &str| {
        body[name]
            .as_str()
            .unwrap_or_else(|| panic!("{body}"))
            .to_owned()
    };
    (token("access_token"), token("refresh_token"))
}

/// Whether a token is taken.
async fn works(pod: &Pod, token: &str) -> bool {
    match pod
        .get("/api/v1/users/me")
        .by(token)
        .send()
        .await
        .status
        .as_u16()
    {
        200 => true,
        401 => false,
        status => panic!("{status}"),
    }
}

fn refused(answer: &Answer, status: u16, error: &str) {
    assert_eq!(
        (answer.status.as_u16(), &answer.json()["error"]),
        (status, &json!(error)),
        "{}",
        answer.text
    );
    assert_eq!(answer.header("cache-control"), Some("no-store"));
}

on_both! {
    async fn a_person_follows_the_guide_to_a_token(pod: Pod) {
        pod.person("dora").await;
        let app = register(&pod, json!({})).await;
        let mut dora = Visitor::new(&pod);
        let address = app.address(&[("redirect_uri", OOB)]);
        let sent = dora.get(&address).await;
        assert!(sent.location().starts_with("/login?next=%2Fauthorize"));
        let login = dora.get(&sent.location().to_owned()).await;
        let next = login.between("name=\"next\" value=\"", "\"").replace("&amp;", "&").replace("&#x2f;", "/");
        let on = dora.submit("/login", &[("username", "dora"), ("password", PASSWORD), ("next", &next)]).await;
        let page = dora.get(&on.location().to_owned()).await;
        for told in ["Authorise Player?", "Artists, albums, tracks, uploads and libraries", "write:playlists", "You get a code", "Nobody vouches"] {
            assert!(page.text.contains(told), "{told}: {}", page.text);
        }
        assert!(!page.text.contains("read:security"));
        let fields = app.request(&[("redirect_uri", OOB), ("allow", "true")]);
        let code = dora.submit("/authorize", &fields).await;
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
        assert!(settings.text.contains("Revoke the rights of Player"), "{}", settings.text);
        assert_eq!(dora.submit(&format!("/settings/grants/{}/revoke", app.id), &[]).await.location(), "/settings?done=grant#grants");
        assert!(!works(&pod, &newer).await);
    }

    async fn applications_are_registered_and_only_their_owner_sees_more(pod: Pod) {
        pod.person("dora").await;
        let mut dora = Visitor::of(&pod, "dora").await;
        let new = json!({"name": "Mine", "scopes": "read write", "redirect_uris": OOB});
        let made = dora.script(pod.post("/api/v1/oauth/apps/", &new)).await.json();
        assert_eq!((made["client_id"].as_str().unwrap().len(), made["client_secret"].as_str().unwrap().len()), (40, 128));
        let token = made["token"].as_str().unwrap().to_owned();
        assert!(works(&pod, &token).await);
        let address = format!("/api/v1/oauth/apps/{}/", made["client_id"].as_str().unwrap());
        let own = dora.get(&address).await.json();
        assert_eq!((&own["redirect_uris"], &own["token"], &own["client_secret"]), (&json!(OOB), &Value::Null, &Value::Null));
        let public = pod.get(&address).send().await.json();
        let keys: Vec<_> = public.as_object().unwrap().keys().collect();
        assert_eq!(keys, ["client_id", "name", "scopes", "created", "updated"]);
        assert_eq!(pod.get(&address).by("alice").send().await.json(), public);

        let list = dora.get("/api/v1/oauth/apps").await.json();
        assert_eq!((&list["count"], &list["results"][0]["name"]), (&json!(1), &json!("Mine")));
        assert_eq!(pod.get("/api/v1/oauth/apps").send().await.status, 401);
        assert_eq!(pod.get("/api/v1/oauth/apps").by("alice").send().await.status, 403);
        let query = "{ oauthApps { name redirectUris scopes clientType } }";
        let twin = dora.script(pod.graphql(query)).await.json();
        assert_eq!(twin["data"]["oauthApps"], json!([{"name": "Mine", "redirectUris": [OOB], "scopes": "read write", "clientType": "CONFIDENTIAL"}]));

        let mut change = pod.post(&address, &json!({"name": "Mine 2", "scopes": "read:profile"}));
        change.method = Method::PATCH;
        assert_eq!(dora.script(change).await.json()["name"], "Mine 2");
        assert!(works(&pod, &token).await);
        let mut foreign = pod.post(&address, &json!({"name": "x"})).by("app-alice");
        foreign.method = Method::PATCH;
        assert_eq!(foreign.send().await.status, 404);
        let id = made["client_id"].as_str().unwrap();
        let query = format!("mutation {{ rotateApplicationToken(clientId: \"{id}\") {{ token application {{ name }} }} }}");
        let rotated = dora.script(pod.graphql(&query)).await.json()["data"]["rotateApplicationToken"].clone();
        assert_eq!(rotated["application"]["name"], "Mine 2");
        let newer = rotated["token"].as_str().unwrap();
        assert!(works(&pod, newer).await && !works(&pod, &token).await);
        assert_eq!(dora.script(pod.ask(Method::DELETE, &address)).await.status, 204);
        assert!(!works(&pod, newer).await);
        assert_eq!(dora.get(&address).await.status, 404);
    }

    async fn applications_that_make_no_sense_are_refused_by_field(pod: Pod) with ["--throttling-enabled", "false"] => {
        let with = |name: &str, value: &str| {
            let mut new = json!({"name": "x"});
            new[name] = json!(value);
            new
        };
        for (new, field, complaint) in [
            (json!({}), "name", "This field is required."),
            (with("name", " "), "name", "This field may not be blank."),
            (with("name", &"a".repeat(256)), "name", "Ensure this field has no more than 255 characters."),
            (with("scopes", "read zzz"), "scopes", "\"zzz\" is not a scope."),
            (with("scopes", " "), "scopes", "This field may not be blank."),
            (with("client_type", "secret"), "client_type", "\"secret\" is not a valid choice."),
            (with("redirect_uris", "javascript:alert(1)"), "redirect_uris", "javascript:alert(1): this scheme is not allowed."),
            (with("redirect_uris", "https://ok.test/ data:text/html,x"), "redirect_uris", "data:text/html,x: this scheme is not allowed."),
            (with("redirect_uris", "http://c.test/cb"), "redirect_uris", "http://c.test/cb: http is for addresses on the device itself, such as http://127.0.0.1/."),
        ] {
            let answer = pod.post("/api/v1/oauth/apps/", &new).send().await;
            assert_eq!((answer.status.as_u16(), answer.json()), (400, json!({field: [complaint]})), "{new}");
        }
        let query = "mutation { createOauthApp(input: {name: \"x\", scopes: \"zzz\"}) { clientSecret } }";
        let twin = pod.graphql(query).send().await.json();
        assert_eq!(twin["errors"][0]["extensions"]["fields"], json!({"scopes": ["\"zzz\" is not a scope."]}));
    }

    async fn an_application_token_makes_no_token_that_reaches_further(pod: Pod) {
        let new = |scopes: &str| json!({"name": "more", "scopes": scopes});
        sql("update oauth_applications set scope = 'read:libraries write:security' where client_id = 'client3'").run(pod.app.db()).await.unwrap();
        let further = pod.post("/api/v1/oauth/apps", &new("read")).by("app-alice").send().await;
        assert_eq!(further.json(), json!({"scopes": ["This reaches further than the token that was sent."]}));
        let within = pod.post("/api/v1/oauth/apps", &new("read:libraries")).by("app-alice").send().await.json();
        assert!(within["token"].is_string());
        // An access token has no right to security: what it registers is nobody's.
        let nobodys = pod.post("/api/v1/oauth/apps", &new("read")).by("alice").send().await.json();
        assert!(nobodys.get("token").is_none());
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
        // Not even to a registered address, before somebody has signed in.
        let stranger = Visitor::new(&pod).get(&app.address(&[("scope", "zzz")])).await;
        assert!(stranger.location().starts_with("/login?"), "{}", stranger.location());
        let signed = dora.get(&app.address(&[("scope", "zzz")])).await;
        assert_eq!(signed.parameter("error").as_deref(), Some("invalid_scope"));
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
        assert_eq!(asked.parameter("error").as_deref(), Some("consent_required"));
        dora.submit("/authorize", &app.request(&[("scope", "read:profile"), ("allow", "true")])).await;
        assert!(dora.get(&app.address(&silent("read:profile"))).await.parameter("code").is_some());
        assert_eq!(dora.get(&app.address(&silent("read"))).await.parameter("error").as_deref(), Some("consent_required"));
        assert_eq!(dora.get(&app.address(&[("scope", "read:profile"), ("prompt", "consent")])).await.status, 200);
        // What anybody on the device can pass for is asked for each time.
        let oob = dora.get(&app.address(&[("redirect_uri", OOB), ("scope", "read:profile")])).await;
        assert_eq!(oob.status, 200);
        let login = dora.get(&app.address(&[("scope", "read:profile"), ("prompt", "login")])).await;
        assert!(login.location().starts_with("/login?next=%2Fauthorize") && !login.location().contains("prompt"), "{}", login.location());
        assert_eq!(dora.get(&login.location().to_owned()).await.status, 200);
        let stranger = Visitor::new(&pod).get(&app.address(&silent("read"))).await;
        assert!(stranger.location().starts_with("/login?"), "{}", stranger.location());
        dora.submit(&format!("/settings/grants/{}/revoke", app.id), &[]).await;
        assert_eq!(dora.get(&app.address(&silent("read:profile"))).await.parameter("error").as_deref(), Some("consent_required"));
    }

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
        assert!(!works(&pod, &access).await && works(&pod, &second_access).await);
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
        let (newer, refresh) = pair(&app.refresh(&pod, &refresh).await);
        assert_eq!((post("revoke", &app, &refresh).await.status.as_u16(), works(&pod, &newer).await), (200, false));
        assert_eq!(post("revoke", &app, "unknown").await.status, 200);
        refused(&app.refresh(&pod, &refresh).await, 400, "invalid_grant");
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
        for told in ["Connect Player?", begun["user_code"].as_str().unwrap(), "Is the device in your own hands?", "write:playlists"] {
            assert!(page.text.contains(told), "{told}: {}", page.text);
        }
        assert!(page.text.contains("write:playlists") && !page.text.contains("write:profile"));
        assert!(dora.submit("/device", &[("user_code", &typed), ("allow", "true")]).await.text.contains("The device is connected"));
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

    async fn the_server_tells_clients_where_everything_is(pod: Pod) {
        let told = pod.get("/.well-known/oauth-authorization-server").send().await.json();
        assert_eq!((&told["issuer"], &told["authorization_endpoint"]), (&json!("http://pod.test"), &json!("http://pod.test/authorize")));
        assert_eq!(told["code_challenge_methods_supported"], json!(["S256"]));
        for endpoint in ["token_endpoint", "revocation_endpoint", "introspection_endpoint", "device_authorization_endpoint"] {
            let path = told[endpoint].as_str().unwrap().strip_prefix("http://pod.test").unwrap();
            let answer = pod.ask(Method::POST, path).send().await;
            assert!(answer.json()["error"].is_string(), "{endpoint}: {}", answer.text);
        }
        let scopes = told["scopes_supported"].as_array().unwrap();
        assert!(scopes.contains(&json!("read:libraries")) && !scopes.contains(&json!("read:security")));
    }

    async fn grants_are_listed_and_taken_back_at_both_doors(pod: Pod) {
        pod.person("dora").await;
        let mut alice = Visitor::new(&pod);
        let django = "pbkdf2_sha256$1000$salt$qN+JnzxPIE2WfgrWPAkph8EAVeuwF7PZ0ordIY1Peq0=";
        sql("update users set password = ? where id = 1").bind(django).run(pod.app.db()).await.unwrap();
        alice.sign_in("alice", "secret").await;
        let app = register(&pod, json!({})).await;
        let (access, _) = app.pair(&pod).await;
        let listed = alice.get("/api/v1/oauth/grants/").await.json();
        let names: Vec<_> = listed.as_array().unwrap().iter().map(|app| app["client_id"].as_str().unwrap()).collect();
        assert!(names.contains(&app.id.as_str()) && names.contains(&"client1"), "{names:?}");
        let query = format!("{{ grant(clientId: \"{}\") {{ application {{ name }} scopes }} }}", app.id);
        let twin = alice.script(pod.graphql(&query)).await.json();
        assert_eq!(twin["data"]["grant"]["application"]["name"], "Player");
        let address = format!("/api/v1/oauth/grants/{}/", app.id);
        assert_eq!(alice.script(pod.ask(Method::DELETE, &address)).await.status, 204);
        assert!(!works(&pod, &access).await);
        assert_eq!(alice.get(&address).await.status, 404);
        let query = "mutation { revokeGrant(clientId: \"client1\") }";
        assert_eq!(alice.script(pod.graphql(query)).await.json()["data"]["revokeGrant"], "client1");
        assert!(!works(&pod, "alice").await);
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

    async fn a_token_lets_no_application_have_more_than_itself(pod: Pod) {
        let app = register(&pod, json!({})).await;
        let ask = async |token: &str, scope: &'static str| {
            let fields = app.request(&[("scope", scope), ("allow", "true")]);
            pod.ask(Method::POST, "/api/v1/oauth/authorize/").form(&fields).by(token).send().await.status.as_u16()
        };
        assert_eq!(ask("narrow", "read").await, 403);
        assert_eq!(ask("narrow", "read:playlists").await, 302);
        assert_eq!(ask("alice", "read").await, 302);
        let (listen, page) = (pod.get("/api/v1/users/me").by("alice").send().await.json(), app.address(&[]));
        let listen = listen["tokens"]["listen"].as_str().unwrap();
        for token in ["alice", listen] {
            let page = pod.get(&page).by(token).send().await;
            assert!(matches!(page.status.as_u16(), 303 | 403), "{}", page.status);
        }
    }

    async fn a_token_says_what_it_reaches_also_when_its_application_grows(pod: Pod) {
        pod.person("dora").await;
        let mut dora = Visitor::of(&pod, "dora").await;
        let new = json!({"name": "Grows", "scopes": "read:profile", "redirect_uris": CALLBACK});
        let made = dora.script(pod.post("/api/v1/oauth/apps", &new)).await.json();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        let app = App { id: text("client_id"), secret: text("client_secret") };
        let answer = app.exchange(&pod, &app.code(&pod, &[("scope", "read write")]).await).await;
        assert_eq!(answer.json()["scope"], "read:profile");
        let (access, _) = pair(&answer);
        let mut grown = pod.post(&format!("/api/v1/oauth/apps/{}", app.id), &json!({"scopes": "read write"}));
        grown.method = Method::PATCH;
        assert_eq!(dora.script(grown).await.status, 200);
        assert_eq!(pod.get("/api/v1/tags").by(&access).send().await.status, 403);
        assert!(works(&pod, &access).await);
        let long = "read ".repeat(1_000);
        let told = pod.ask(Method::POST, "/api/v1/oauth/authorize/").form(&app.request(&[("scope", &long), ("allow", "true")])).by("alice").send().await;
        assert_eq!(told.parameter("error").as_deref(), Some("invalid_scope"));
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

    async fn applications_speak_for_themselves_in_whatever_browser(pod: Pod) {
        pod.person("dora").await;
        let app = register(&pod, json!({})).await;
        let mut dora = Visitor::of(&pod, "dora").await;
        let code = app.code(&pod, &[]).await;
        let fields = [("grant_type", "authorization_code"), ("code", &code), ("client_id", &app.id), ("client_secret", &app.secret), ("redirect_uri", CALLBACK)];
        let answer = dora.send(pod.ask(Method::POST, "/api/v1/oauth/token/").form(&fields)).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    async fn no_device_passes_for_the_pod_itself(pod: Pod) {
        let fields = [("client_id", "baleen-explorer"), ("scope", "read")];
        let answer = pod.ask(Method::POST, "/api/v1/oauth/device_authorization").form(&fields).send().await;
        refused(&answer, 400, "unauthorized_client");
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
}
