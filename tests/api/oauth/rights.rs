//! What is granted is what was shown, and ends with what it was made with.
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use poem::http::Method;
use serde_json::{Value, json};

use super::{App, CALLBACK, approve, pair, register, shown, works};
use crate::support::{Ask, PASSWORD, Pod, Visitor, on_both};

/// An application that dora owns, with its application token.
async fn owned<'a>(visitor: &mut Visitor<'a>, pod: &'a Pod, more: Value) -> (App, String) {
    let mut new = json!({"name": "Mine", "scopes": "read", "redirect_uris": CALLBACK});
    new.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let made = visitor.script(pod.post("/api/v1/oauth/apps", &new)).await;
    assert_eq!(made.status, 201, "{}", made.text);
    let text = |name: &str| made.json()[name].as_str().unwrap_or_default().to_owned();
    let app = App {
        id: text("client_id"),
        secret: text("client_secret"),
    };
    (app, text("token"))
}

fn patch<'a>(pod: &'a Pod, app: &App, changes: &Value) -> Ask<'a> {
    let mut ask = pod.post(&format!("/api/v1/oauth/apps/{}", app.id), changes);
    ask.method = Method::PATCH;
    ask
}

/// Asks for a code with a token, as the pod's own web client does.
async fn granted(pod: &Pod, app: &App, token: &str, scope: &str) -> (u16, Option<String>) {
    let fields = app.request(&[("scope", scope), ("allow", "true")]);
    let asked = pod
        .ask(Method::POST, "/api/v1/oauth/authorize/")
        .form(&fields);
    let answer = asked
        .header("x-requested-with", "XMLHttpRequest")
        .by(token)
        .send()
        .await;
    let code = (answer.status == 200).then(|| answer.json()["code"].as_str().unwrap().to_owned());
    (answer.status.as_u16(), code)
}

fn listen_token(me: &Value) -> String {
    me["tokens"]["listen"].as_str().unwrap().to_owned()
}

/// Whether a token in the address opens a track that only alice may hear.
async fn plays(pod: &Pod, token: &str) -> u16 {
    let track = pod.graphql("{ track(databaseId: 2) { uuid } }");
    let track = track.by("alice").send().await.json();
    let uuid = track["data"]["track"]["uuid"].as_str().unwrap().to_owned();
    let address = format!("/api/v1/listen/{uuid}/?token={token}");
    pod.ask(Method::HEAD, &address).send().await.status.as_u16()
}

on_both! {
    async fn a_device_gets_what_was_shown(pod: Pod) {
        pod.person("dora").await;
        let mut dora = Visitor::of(&pod, "dora").await;
        let (app, _) = owned(&mut dora, &pod, json!({"scopes": "read write"})).await;
        let fields = [("client_id", app.id.as_str()), ("client_secret", app.secret.as_str()), ("scope", "read write")];
        let begun = pod.ask(Method::POST, "/api/v1/oauth/device_authorization").form(&fields).send().await.json();
        let code = begun["user_code"].as_str().unwrap();
        let narrow = patch(&pod, &app, &json!({"scopes": "read:libraries"}));
        assert_eq!(dora.script(narrow).await.status, 200);
        let page = dora.submit("/device", &[("user_code", code)]).await;
        assert!(!page.text.contains("write:libraries"), "{}", page.text);
        let digest = shown(&page);
        let decided = dora.submit("/device", &[("user_code", code), ("shown", &digest), ("allow", "true")]).await;
        assert!(decided.text.contains("The device is connected"), "{}", decided.text);
        let wider = patch(&pod, &app, &json!({"scopes": "read write"}));
        assert_eq!(dora.script(wider).await.status, 200);
        pod.wait(30);
        let device = begun["device_code"].as_str().unwrap();
        let fields = [("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", device)];
        assert_eq!(app.token(&pod, &fields).await.json()["scope"], "read:libraries");
    }

    async fn what_is_granted_is_what_was_shown(pod: Pod) {
        pod.person("dora").await;
        pod.person("eve").await;
        let (mut dora, mut eve) = (Visitor::of(&pod, "dora").await, Visitor::of(&pod, "eve").await);
        let (app, _) = owned(&mut dora, &pod, json!({"scopes": "read:libraries"})).await;
        let page = eve.get(&app.address(&[("scope", "")])).await;
        assert!(!page.text.contains("write:libraries"), "{}", page.text);
        let digest = shown(&page);
        let wider = patch(&pod, &app, &json!({"scopes": "read write"}));
        assert_eq!(dora.script(wider).await.status, 200);
        let clicked = app.request(&[("scope", ""), ("allow", "true"), ("shown", &digest)]);
        let again = eve.submit("/authorize", &clicked).await;
        assert_eq!((again.status.as_u16(), again.header("location")), (200, None));
        for told in ["has changed while you were deciding", "write:libraries"] {
            assert!(again.text.contains(told), "{told}: {}", again.text);
        }
        let digest = shown(&again);
        let clicked = app.request(&[("scope", ""), ("allow", "true"), ("shown", &digest)]);
        assert!(eve.submit("/authorize", &clicked).await.parameter("code").is_some());
        let unseen = eve.submit("/authorize", &app.request(&[("scope", ""), ("allow", "true")])).await;
        assert_eq!((unseen.status.as_u16(), unseen.header("location")), (200, None));
    }

    async fn consent_is_to_an_application_as_it_was(pod: Pod) {
        pod.person("dora").await;
        pod.person("eve").await;
        let (mut dora, mut eve) = (Visitor::of(&pod, "dora").await, Visitor::of(&pod, "eve").await);
        let both = format!("{CALLBACK} https://other.test/cb");
        let (app, _) = owned(&mut dora, &pod, json!({"redirect_uris": both})).await;
        let here = app.address(&[("scope", "read")]);
        assert!(approve(&mut eve, &app, &[("scope", "read")]).await.parameter("code").is_some());
        assert!(eve.get(&here).await.parameter("code").is_some());
        let elsewhere = eve.get(&app.address(&[("scope", "read"), ("redirect_uri", "https://other.test/cb")])).await;
        assert_eq!(elsewhere.status, 200);
        for change in [json!({"name": "Other"}), json!({"redirect_uris": format!("{CALLBACK} https://third.test/cb")})] {
            assert_eq!(dora.script(patch(&pod, &app, &change)).await.status, 200);
            let asked = eve.get(&here).await;
            assert_eq!((asked.status.as_u16(), asked.header("location")), (200, None), "{change}");
            approve(&mut eve, &app, &[("scope", "read")]).await;
            assert!(eve.get(&here).await.parameter("code").is_some());
        }
    }

    async fn no_token_changes_an_application_wider_than_itself(pod: Pod) {
        pod.person("dora").await;
        let mut dora = Visitor::of(&pod, "dora").await;
        let (_, narrow) = owned(&mut dora, &pod, json!({"scopes": "read:security write:security"})).await;
        let (wide, _) = owned(&mut dora, &pod, json!({"scopes": "read write"})).await;
        let complaint = json!({"non_field_errors": ["Exceeds the scopes of the token that was sent."]});
        let refused = patch(&pod, &wide, &json!({"redirect_uris": "https://evil.test/"})).by(&narrow).send().await;
        assert_eq!((refused.status.as_u16(), refused.json()), (400, complaint.clone()));
        let query = format!("mutation {{ deleteOauthApp(input: {{id: \"{}\"}}) {{ deletedId }} }}", wide.id);
        let twin = pod.graphql(&query).by(&narrow).send().await.json();
        assert_eq!(twin["errors"][0]["extensions"]["fields"]["nonFieldErrors"], complaint["non_field_errors"]);
        let address = format!("/api/v1/oauth/apps/{}", wide.id);
        assert_eq!(pod.ask(Method::DELETE, &address).by(&narrow).send().await.status, 400);
        assert_eq!(dora.get(&address).await.json()["redirect_uris"], CALLBACK);
    }

    async fn a_token_for_audio_reaches_as_far_as_what_made_it(pod: Pod) {
        let app = register(&pod, json!({"scopes": "read"})).await;
        let (_, code) = granted(&pod, &app, "alice", "read:profile").await;
        let (narrow, _) = pair(&app.exchange(&pod, &code.unwrap()).await);
        let me = pod.get("/api/v1/users/me").by(&narrow).send().await.json();
        assert_eq!(plays(&pod, &listen_token(&me)).await, 403);
        let (_, code) = granted(&pod, &app, "alice", "read").await;
        let (wide, refresh) = pair(&app.exchange(&pod, &code.unwrap()).await);
        let me = pod.get("/api/v1/users/me").by(&wide).send().await.json();
        let listen = listen_token(&me);
        assert_ne!(plays(&pod, &listen).await, 403);
        let twin = pod.graphql("{ viewer { listenToken } }").by(&wide).send().await.json();
        assert_eq!(twin["data"]["viewer"]["listenToken"], listen.as_str());
        // It lives on with newer tokens of the same authorization, and ends with all of them.
        let (_, refresh) = pair(&app.refresh(&pod, &refresh).await);
        assert_ne!(plays(&pod, &listen).await, 403);
        // A token that was narrowed makes a narrow one, though its family reaches further.
        let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh.as_str()), ("scope", "read:profile")];
        let (narrowed, refresh) = pair(&app.token(&pod, &fields).await);
        let me = pod.get("/api/v1/users/me").by(&narrowed).send().await.json();
        assert_eq!(plays(&pod, &listen_token(&me)).await, 403);
        let fields = [("client_id", app.id.as_str()), ("client_secret", app.secret.as_str()), ("token", refresh.as_str())];
        assert_eq!(pod.ask(Method::POST, "/api/v1/oauth/revoke/").form(&fields).send().await.status, 200);
        pod.prefer("common", "api_authentication_required", "True").await;
        pod.wait(2);
        assert_eq!(plays(&pod, &listen).await, 401);
    }

    async fn what_a_token_grants_ends_with_it(pod: Pod) {
        pod.person("dora").await;
        let mut dora = Visitor::of(&pod, "dora").await;
        let (first, second) = (register(&pod, json!({})).await, register(&pod, json!({"name": "Second"})).await);
        let code = approve(&mut dora, &first, &[]).await.parameter("code").unwrap();
        let (parent, refresh) = pair(&first.exchange(&pod, &code).await);
        let (_, code) = granted(&pod, &second, &parent, "read").await;
        let (child, child_refresh) = pair(&second.exchange(&pod, &code.unwrap()).await);
        let (_, unredeemed) = granted(&pod, &second, &parent, "read").await;
        assert!(works(&pod, &child).await);
        // What was made by a token grants nothing itself.
        assert_eq!(granted(&pod, &first, &child, "read").await.0, 403);
        let listen = listen_token(&pod.get("/api/v1/users/me").by(&parent).send().await.json());
        // With the access token ends the authorization, as with the refresh token.
        let fields = [("client_id", first.id.as_str()), ("client_secret", first.secret.as_str()), ("token", parent.as_str())];
        assert_eq!(pod.ask(Method::POST, "/api/v1/oauth/revoke/").form(&fields).send().await.status, 200);
        assert!(!works(&pod, &child).await, "at once, in the process that revoked it");
        pod.wait(2);
        assert_eq!(first.refresh(&pod, &refresh).await.json()["error"], "invalid_grant");
        assert!(!works(&pod, &child).await);
        assert_ne!(plays(&pod, &listen).await, 200);
        assert_eq!(second.refresh(&pod, &child_refresh).await.json()["error"], "invalid_grant");
        assert_eq!(second.exchange(&pod, &unredeemed.unwrap()).await.json()["error"], "invalid_grant");
        // What the person granted goes on.
        let code = approve(&mut dora, &second, &[]).await.parameter("code").unwrap();
        assert_eq!(second.exchange(&pod, &code).await.status, 200);
    }

    async fn what_an_application_token_grants_ends_with_it(pod: Pod) {
        pod.person("dora").await;
        let mut dora = Visitor::of(&pod, "dora").await;
        let (own, token) = owned(&mut dora, &pod, json!({"scopes": "read"})).await;
        let other = register(&pod, json!({})).await;
        let (_, code) = granted(&pod, &other, &token, "read").await;
        let (child, refresh) = pair(&other.exchange(&pod, &code.unwrap()).await);
        assert!(works(&pod, &child).await);
        let listen = listen_token(&pod.get("/api/v1/users/me").by(&token).send().await.json());
        let rotate = format!("/api/v1/oauth/apps/{}/refresh-token", own.id);
        assert_eq!(dora.script(pod.post(&rotate, &json!({}))).await.status, 200);
        pod.wait(2);
        assert!(!works(&pod, &child).await);
        assert_eq!(other.refresh(&pod, &refresh).await.json()["error"], "invalid_grant");
        pod.prefer("common", "api_authentication_required", "True").await;
        assert_eq!(plays(&pod, &listen).await, 401);
    }

    async fn what_an_application_token_registers_ends_with_it(pod: Pod) {
        pod.person("dora").await;
        let mut dora = Visitor::of(&pod, "dora").await;
        let scopes = json!({"scopes": "read write"});
        let (own, token) = owned(&mut dora, &pod, scopes).await;
        let new = json!({"name": "Child", "scopes": "read write:security"});
        let made = pod.post("/api/v1/oauth/apps", &new).by(&token).send().await;
        assert_eq!(made.status, 201, "{}", made.text);
        let text = |name: &str| made.json()[name].as_str().unwrap().to_owned();
        let (child, id) = (text("token"), text("client_id"));
        assert!(works(&pod, &child).await);
        // There is no second generation, whatever it is.
        assert_eq!(pod.post("/api/v1/oauth/apps", &new).by(&child).send().await.status, 403);
        let other = register(&pod, json!({})).await;
        assert_eq!(granted(&pod, &other, &child, "read").await.0, 403);
        // A token renews its own application, though its words say more than its owner may do.
        let renew = async |id: &str, token: &str| {
            let renewed = pod.post(&format!("/api/v1/oauth/apps/{id}/refresh-token"), &json!({})).by(token).send().await;
            assert_eq!(renewed.status, 200, "{}", renewed.text);
            renewed.json()["token"].as_str().unwrap().to_owned()
        };
        let child = renew(&id, &child).await;
        pod.wait(2);
        assert!(works(&pod, &child).await);
        // What its application may no longer do, it does not do either.
        let narrow = patch(&pod, &own, &json!({"scopes": "read:profile write:security"}));
        assert_eq!(dora.script(narrow).await.status, 200);
        pod.wait(2);
        assert!(works(&pod, &child).await);
        assert_eq!(pod.get("/api/v1/uploads").by(&child).send().await.status, 403);
        let renewed = renew(&own.id, &token).await;
        pod.wait(2);
        assert!(works(&pod, &renewed).await && !works(&pod, &child).await);
        // A person renews it, and then it is theirs.
        let mine = dora.script(pod.post(&format!("/api/v1/oauth/apps/{id}/refresh-token"), &json!({}))).await;
        let mine = mine.json()["token"].as_str().unwrap().to_owned();
        assert!(works(&pod, &mine).await);
    }

    async fn a_repeated_refresh_is_a_theft_once_the_new_pair_was_used(pod: Pod) {
        let app = register(&pod, json!({})).await;
        let (_, first) = app.pair(&pod).await;
        let (access, refresh) = pair(&app.refresh(&pod, &first).await);
        // The answer was lost: the client repeats, and is refused, but nothing ends.
        assert_eq!(app.refresh(&pod, &first).await.json()["error"], "invalid_grant");
        assert!(works(&pod, &access).await);
        // The new pair was used: whoever repeats now is somebody else.
        assert_eq!(app.refresh(&pod, &first).await.json()["error"], "invalid_grant");
        pod.wait(2);
        assert!(!works(&pod, &access).await);
        assert_eq!(app.refresh(&pod, &refresh).await.json()["error"], "invalid_grant");
    }

    async fn a_new_password_ends_codes_and_on_demand_applications(pod: Pod) {
        pod.person("dora").await;
        let app = register(&pod, json!({})).await;
        let mut dora = Visitor::of(&pod, "dora").await;
        let code = approve(&mut dora, &app, &[]).await.parameter("code").unwrap();
        let (access, _) = pair(&app.exchange(&pod, &code).await);
        let code = approve(&mut dora, &app, &[]).await.parameter("code").unwrap();
        let fields = |old, more: &'static [(&str, &str)]| {
            [&[("old_password", old), ("new_password1", "another horse"), ("new_password2", "another horse")], more].concat()
        };
        assert!(dora.get("/settings").await.text.contains("Sign out of applications, too"));
        dora.submit("/settings/password", &fields(PASSWORD, &[])).await;
        assert_eq!(app.exchange(&pod, &code).await.json()["error"], "invalid_grant");
        assert!(works(&pod, &access).await);
        let query = "mutation { changePassword(input: {oldPassword: \"another horse\", newPassword1: \"third horse\", newPassword2: \"third horse\", revokeApplications: true}) { viewer { username email } } }";
        let twin = dora.script(pod.graphql(query)).await.json();
        assert!(twin["data"]["changePassword"]["viewer"]["email"].is_string(), "{twin}");
        assert!(!works(&pod, &access).await);
    }

    async fn numbers_find_nothing_that_a_list_would_not_show(pod: Pod) {
        let global = |name: &str| URL_SAFE_NO_PAD.encode(name);
        for counted in ["Attachment:1", "Actor:1", "Actor:2"] {
            let query = format!("{{ node(id: \"{}\") {{ __typename }} }}", global(counted));
            let answer = pod.graphql(&query).by("bob").send().await.json();
            assert!(answer["data"]["node"].is_null(), "{counted}: {answer}");
        }
        for caller in ["bob", "narrow"] {
            let answer = pod.graphql("{ attachment(databaseId: 1) { uuid } }").by(caller).send().await.json();
            assert!(answer["data"]["attachment"].is_null(), "{caller}: {answer}");
        }
        // Whoever has seen an object finds it again.
        let seen = pod.graphql("{ artists { nodes { cover { id } attributedTo { id preferredUsername } } } }").send().await.json();
        let nodes = seen["data"]["artists"]["nodes"].as_array().unwrap();
        let ids: Vec<&str> = nodes.iter().flat_map(|node| [&node["cover"]["id"], &node["attributedTo"]["id"]]).filter_map(Value::as_str).collect();
        assert!(!ids.is_empty(), "{seen}");
        for id in ids {
            let query = format!("{{ node(id: \"{id}\") {{ id }} }}");
            assert_eq!(pod.graphql(&query).send().await.json()["data"]["node"]["id"], id);
        }
    }

    async fn cookies_count_only_for_pages_of_the_pod(pod: Pod) {
        pod.person("dora").await;
        let mut dora = Visitor::of(&pod, "dora").await;
        let own = dora.send(pod.get("/api/v1/users/me").header("origin", "http://pod.test")).await;
        assert_eq!((own.status.as_u16(), own.header("access-control-allow-credentials")), (200, Some("true")));
        for origin in ["https://evil.test", "null", "http://pod.test.evil.test", "http://sub.pod.test"] {
            for ask in [pod.get("/api/v1/users/me"), pod.graphql("{ viewer { email } }")] {
                let foreign = dora.send(ask.header("origin", origin)).await;
                assert!(!foreign.text.contains("dora@"), "{origin}: {}", foreign.text);
                assert_eq!(foreign.header("access-control-allow-origin"), Some(origin));
                assert_eq!(foreign.header("access-control-allow-credentials"), None, "{origin}");
            }
            let bearer = pod.get("/api/v1/users/me").by("alice").header("origin", origin).send().await;
            assert_eq!(bearer.status, 200, "{origin}");
        }
    }

    async fn the_consent_page_says_who_made_an_application(pod: Pod) {
        pod.person("dora").await;
        let mut dora = Visitor::of(&pod, "dora").await;
        let (app, _) = owned(&mut dora, &pod, json!({"name": "Peer Sound (official)"})).await;
        let page = dora.get(&app.address(&[("scope", "read")])).await;
        for told in ["Registered by the user <strong>dora</strong>", "has not checked the application or its name"] {
            assert!(page.text.contains(told), "{told}: {}", page.text);
        }
    }

    async fn names_of_applications_are_seen_as_they_are(pod: Pod) with ["--throttling-enabled", "false"] => {
        for hidden in ["a\u{202e}b", "a\u{200b}b", "a\u{0}b", "a\u{2066}b", "a\u{feff}b", "a\u{3164}b", "a\u{ffa0}b",
            "a\u{115f}", "\u{2800}b", "a\u{34f}b", "a\u{fe0f}b", "a\u{fe00}b", "a\u{e0101}b", "a\u{200d}b", "می\u{200c}", "👩\u{200d}\u{200d}🎤"] {
            let new = json!({"name": hidden, "redirect_uris": CALLBACK});
            let refused = pod.post("/api/v1/oauth/apps", &new).send().await;
            assert_eq!(refused.status, 400, "{hidden:?}");
            assert!(refused.json()["name"][0].as_str().unwrap().contains("is invisible and not allowed here"), "{}", refused.text);
        }
        let piled = json!({"name": format!("a{}", "\u{301}".repeat(5)), "redirect_uris": CALLBACK});
        let refused = pod.post("/api/v1/oauth/apps", &piled).send().await;
        assert_eq!(refused.json(), json!({"name": ["At most 4 combining marks may follow a character."]}));
        for seen in ["👩\u{200d}🎤 می\u{200c}خواهم", "❤\u{fe0f}\u{200d}🔥", "Nguye\u{302}\u{303}n", "Top 1\u{fe0f}\u{20e3}", "ก\u{e48}"] {
            let joined = json!({"name": seen, "redirect_uris": CALLBACK});
            let made = pod.post("/api/v1/oauth/apps", &joined).send().await;
            assert_eq!(made.status, 201, "{seen}: {}", made.text);
        }
    }

    async fn known_clients_register_as_they_are(pod: Pod) with ["--throttling-enabled", "false"] => {
        let android = "urn:/audio.funkwhale.funkwhale-android/oauth/callback";
        for uris in [android, "urn:ietf:wg:oauth:2.0:oob", "http://127.0.0.1:8080/callback", "http://localhost/", "com.example.player:/oauth"] {
            let new = json!({"name": "Funkwhale for Android (Pixel)", "redirect_uris": uris, "scopes": "read write"});
            let made = pod.post("/api/v1/oauth/apps/", &new).send().await;
            assert_eq!(made.status, 201, "{uris}: {}", made.text);
        }
        for uris in ["ms-settings:x", "search-ms:query=x", "market://details?id=x", "urn:/other/oauth/callback", "myapp://cb"] {
            let refused = pod.post("/api/v1/oauth/apps/", &json!({"name": "x", "redirect_uris": uris})).send().await;
            assert_eq!(refused.status, 400, "{uris}");
            assert!(refused.json()["redirect_uris"].is_array());
        }
        pod.person("dora").await;
        let mut dora = Visitor::of(&pod, "dora").await;
        let app = register(&pod, json!({"redirect_uris": android})).await;
        let on = approve(&mut dora, &app, &[("redirect_uri", android)]).await;
        assert!(on.location().starts_with(&format!("{android}?code=")), "{}", on.location());
    }
}
