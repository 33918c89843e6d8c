//! Applications, what they may have, and what people have let in.
use baleen::{oauth, store::sql};
use futures_util::future::join_all;
use poem::http::Method;
use serde_json::{Value, json};

use super::{App, CALLBACK, OOB, approve, pair, register, works};
use crate::support::{Pod, Visitor, on_both};

/// Whether the client of the API explorers is there.
async fn explorers(pod: &Pod) -> i64 {
    let explorer = sql("select count(*) from oauth_applications where client_id = ?");
    let explorer = explorer.bind(oauth::EXPLORER);
    explorer.number(pod.app.db()).await.unwrap()
}

on_both! {
    async fn changes_of_an_application_at_once_are_all_kept(pod: Pod) with ["--throttling-enabled", "false"] => {
        pod.person("dora").await;
        let mut dora = Visitor::of(&pod, "dora").await;
        let new = json!({"name": "Mine", "scopes": "read write", "redirect_uris": "https://old.example/cb"});
        let made = dora.script(pod.post("/api/v1/oauth/apps/", &new)).await.json();
        let id = made["client_id"].as_str().unwrap();
        let keeper = dora.script(pod.post("/api/v1/oauth/apps/", &json!({"name": "Keeper", "scopes": "read write"}))).await.json();
        let token = keeper["token"].as_str().unwrap();
        for round in 0..8 {
            let change = async |field: &str, value: &str| {
                let ask = pod.ask(Method::PATCH, &format!("/api/v1/oauth/apps/{id}"));
                let ask = ask.header("content-type", "application/json").by(token);
                let answer = ask.body(json!({field: value}).to_string()).send().await;
                assert_eq!(answer.status, 200, "{}", answer.text);
            };
            let (name, uri) = (format!("n{round}"), format!("https://new.example/{round}"));
            let scopes = if round % 2 == 0 { "read write:security" } else { "read write" };
            join_all([change("name", &name), change("redirect_uris", &uri), change("scopes", scopes), change("name", &name)]).await;
            let now: (String, String, String) = sql("select name, redirect_uris, scope from oauth_applications where client_id = ?")
                .bind(id).one(pod.app.db()).await.unwrap();
            assert_eq!((now.0, now.1), (name, uri), "round {round}");
            assert_eq!(now.2.contains("write:playlists"), round % 2 == 1, "round {round}: {}", now.2);
        }
        let owner: (i64,) = sql("select user_id from oauth_applications where client_id = ?").bind(id).one(pod.app.db()).await.unwrap();
        let more = "insert into oauth_applications (client_id, name, user_id, redirect_uris, scope, client_type, authorization_grant_type, created, updated)
            select 'more' || a.id || '-' || b.id, 'more', ?, '', 'read', 'public', 'authorization-code', a.creation_date, a.creation_date from tracks a cross join tracks b limit 196";
        sql(more).bind(owner.0).run(pod.app.db()).await.unwrap();
        let create = async || pod.post("/api/v1/oauth/apps/", &new).by(token).send().await.status.as_u16();
        let mut made = join_all((0..6).map(async |_| create().await)).await;
        made.sort_unstable();
        assert_eq!(made, [201, 201, 400, 400, 400, 400], "an account owns 200");
    }

    async fn a_link_fills_in_the_form_of_an_application(pod: Pod) {
        pod.person("dora").await;
        let mut dora = Visitor::of(&pod, "dora").await;
        let form = async |dora: &mut Visitor<'_>, query: &str| {
            let page = dora.get(&format!("/settings/applications/new{query}")).await;
            assert_eq!(page.status, 200);
            let ticked = |line: &&str| line.contains(" checked") && line.contains("name=\"scopes\"");
            let ticked = page.text.split("<input").filter(ticked);
            let value = |input: &str| input.split("value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
            (Vec::from_iter(ticked.map(value)), page.text)
        };
        let (ticked, _) = form(&mut dora, "").await;
        assert_eq!(ticked, ["read"]);
        // As Mopidy's extension prints it.
        let (ticked, page) = form(&mut dora, "?name=Mopidy+%22x%22&scopes=read%3Alibraries+write%3Alistenings&redirect_uris=urn%3Aietf%3Awg%3Aoauth%3A2.0%3Aoob").await;
        assert_eq!(ticked, ["read:libraries", "write:listenings"]);
        assert!(page.contains("value=\"Mopidy &quot;x&quot;\"") && page.contains("\nurn:ietf:wg:oauth:2.0:oob</textarea>"), "{page}");
        let (ticked, _) = form(&mut dora, "?scopes=nonsense&client_type=%3Cscript%3E").await;
        assert_eq!(ticked, [""; 0]);
    }

    async fn clients_register_by_themselves_as_the_standard_says(pod: Pod) with ["--throttling-enabled", "false"] => {
        let metadata = pod.get("/.well-known/oauth-authorization-server").send().await.json();
        let endpoint = metadata["registration_endpoint"].as_str().unwrap().strip_prefix("http://pod.test").unwrap().to_owned();
        let send = async |body: Value| pod.post(&endpoint, &body).send().await;
        let made = send(json!({
            "client_name": "Player", "redirect_uris": [CALLBACK, OOB], "scope": "read write:playlists",
            "grant_types": ["authorization_code", "refresh_token"], "software_id": "player", "contacts": ["a@player.test"],
        })).await;
        assert_eq!((made.status.as_u16(), made.header("cache-control")), (201, Some("no-store")), "{}", made.text);
        let made = made.json();
        assert_eq!((&made["token_endpoint_auth_method"], &made["client_secret_expires_at"]), (&json!("client_secret_basic"), &json!(0)));
        assert_eq!((&made["redirect_uris"], &made["scope"], &made["client_name"]),
            (&json!([CALLBACK, OOB]), &json!("read write:playlists"), &json!("Player")));
        assert!(made["client_id_issued_at"].as_i64().unwrap() > 0);
        let app = App { id: made["client_id"].as_str().unwrap().to_owned(), secret: made["client_secret"].as_str().unwrap().to_owned() };
        let (access, _) = app.pair(&pod).await;
        assert!(works(&pod, &access).await);
        let public = send(json!({"redirect_uris": [CALLBACK], "token_endpoint_auth_method": "none"})).await.json();
        assert_eq!((&public["client_secret"], &public["scope"], &public["client_name"]), (&Value::Null, &json!("read"), &json!("Unnamed application")));
        for (wrong, error, about) in [
            (json!({"redirect_uris": ["http://player.test/cb"]}), "invalid_redirect_uri", "http"),
            (json!({"redirect_uris": ["https://a.test/cb https://b.test/cb"]}), "invalid_redirect_uri", "blanks"),
            (json!({"redirect_uris": [""]}), "invalid_redirect_uri", "blanks"),
            (json!({}), "invalid_redirect_uri", "needs a redirect URI"),
            (json!({"redirect_uris": [CALLBACK], "scope": "read everything"}), "invalid_client_metadata", "scope"),
            (json!({"redirect_uris": [CALLBACK], "client_name": "a\u{202e}b"}), "invalid_client_metadata", "client_name"),
            (json!({"token_endpoint_auth_method": "private_key_jwt"}), "invalid_client_metadata", "token_endpoint_auth_method"),
            (json!({"grant_types": ["implicit"]}), "invalid_client_metadata", "grant_types"),
            (json!({"redirect_uris": [CALLBACK], "response_types": ["token"]}), "invalid_client_metadata", "response_types"),
        ] {
            let refused = send(wrong.clone()).await;
            assert_eq!(refused.status, 400, "{wrong}");
            let body = refused.json();
            assert_eq!(body["error"], error, "{wrong}: {body}");
            assert!(body["error_description"].as_str().unwrap().contains(about), "{wrong}: {body}");
        }
        let device = send(json!({"grant_types": ["urn:ietf:params:oauth:grant-type:device_code"]})).await;
        assert_eq!(device.status, 201, "a device needs no redirect URI: {}", device.text);
        // A token with `write:security` owns what it registers, and gives it no more than it has.
        let count = async || sql("select count(*) from oauth_applications where user_id is not null").number(pod.app.db()).await.unwrap();
        let before = count().await;
        let own = pod.post(&endpoint, &json!({"redirect_uris": [CALLBACK]})).by("app-alice").send().await;
        assert_eq!((own.status.as_u16(), count().await), (201, before + 1));
        assert_eq!(pod.get(&endpoint).send().await.status, 405);
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
        let id = made["client_id"].as_str().unwrap();
        let query = format!("mutation {{ updateOauthApp(input: {{id: \"{id}\", name: \"Mine 3\", redirectUris: \"https://mine.test/cb\"}}) {{ application {{ name scopes redirectUris }} }} }}");
        let twin = dora.script(pod.graphql(&query)).await.json();
        assert_eq!(twin["data"]["updateOauthApp"]["application"], json!({"name": "Mine 3", "scopes": "read:profile", "redirectUris": ["https://mine.test/cb"]}), "{twin}");
        assert_eq!(pod.graphql(&query).by("app-alice").send().await.json()["errors"][0]["extensions"]["code"], "NOT_FOUND");
        let mut foreign = pod.post(&address, &json!({"name": "x"})).by("app-alice");
        foreign.method = Method::PATCH;
        assert_eq!(foreign.send().await.status, 404);
        let query = format!("mutation {{ rotateApplicationToken(input: {{id: \"{id}\"}}) {{ token application {{ name }} }} }}");
        let rotated = dora.script(pod.graphql(&query)).await.json()["data"]["rotateApplicationToken"].clone();
        assert_eq!(rotated["application"]["name"], "Mine 3");
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
            (with("redirect_uris", "javascript:alert(1)"), "redirect_uris", "javascript:alert(1): the scheme of an app on a device has a dot, such as com.example.app:/callback."),
            (with("redirect_uris", "https://ok.test/ data:text/html,x"), "redirect_uris", "data:text/html,x: the scheme of an app on a device has a dot, such as com.example.app:/callback."),
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
        assert_eq!(further.json(), json!({"scopes": ["Exceeds the scopes of the token that was sent."]}));
        let within = pod.post("/api/v1/oauth/apps", &new("read:libraries")).by("app-alice").send().await.json();
        assert!(within["token"].is_string());
        // An access token has no right to security: what it registers is nobody's.
        let nobodys = pod.post("/api/v1/oauth/apps", &new("read")).by("alice").send().await.json();
        assert!(nobodys.get("token").is_none());
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
        let grant = alice.script(pod.graphql("{ grant(clientId: \"client1\") { id application { id } } }")).await.json();
        let grant = grant["data"]["grant"]["id"].clone();
        let node = alice.script(pod.graphql(&format!("{{ node(id: {grant}) {{ id ... on Grant {{ scopes }} }} }}"))).await.json();
        assert!(node["data"]["node"]["id"] == grant && node["data"]["node"]["scopes"].is_string(), "{node}");
        let address = format!("/api/v1/oauth/grants/{}/", app.id);
        assert_eq!(alice.script(pod.ask(Method::DELETE, &address)).await.status, 204);
        assert!(!works(&pod, &access).await);
        assert_eq!(alice.get(&address).await.status, 404);
        let query = "mutation { revokeGrant(input: {id: \"client1\"}) { deletedId } }";
        assert_eq!(alice.script(pod.graphql(query)).await.json()["data"]["revokeGrant"], json!({"deletedId": grant}));
        assert!(!works(&pod, "alice").await);
    }

    async fn applications_that_nobody_owns_and_nobody_uses_are_deleted(pod: Pod) with ["--throttling-enabled", "false"] => {
        let long = format!("https://x.test/{}", "a".repeat(1_900));
        let many = json!({"name": "x", "redirect_uris": format!("{long} {long}?a {long}?b")});
        let refused = pod.post("/api/v1/oauth/apps", &many).send().await;
        assert_eq!((refused.status.as_u16(), refused.json()["redirect_uris"].is_array()), (400, true), "{}", refused.text);
        assert_eq!(pod.post("/api/v1/oauth/apps", &many).by("app-alice").send().await.status, 201);
        let unused = register(&pod, json!({"name": "unused"})).await;
        let used = register(&pod, json!({"name": "used"})).await;
        pod.person("dora").await;
        let mut dora = Visitor::of(&pod, "dora").await;
        approve(&mut dora, &used, &[]).await;
        assert_eq!(explorers(&pod).await, 1);
        let left = async || sql("select count(*) from oauth_applications where client_id in (?, ?)")
            .bind(unused.id.as_str()).bind(used.id.as_str()).number(pod.app.db()).await.unwrap();
        pod.wait(89 * 24 * 3_600);
        oauth::tidy(&pod.app).await.unwrap();
        assert_eq!(left().await, 2);
        pod.wait(2 * 24 * 3_600);
        oauth::tidy(&pod.app).await.unwrap();
        assert_eq!(left().await, 1, "the one that somebody allowed stays");
        assert_eq!(explorers(&pod).await, 1, "so does the pod's own");
        // Whoever takes their consent back may come again.
        let mut dora = Visitor::of(&pod, "dora").await;
        let grant = format!("/api/v1/oauth/grants/{}", used.id);
        assert_eq!(dora.script(pod.ask(Method::DELETE, &grant)).await.status, 204);
        oauth::tidy(&pod.app).await.unwrap();
        assert_eq!(left().await, 1);
        // Those with an owner stay.
        assert!(sql("select count(*) from oauth_applications where user_id is not null").number(pod.app.db()).await.unwrap() > 1);
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
}
