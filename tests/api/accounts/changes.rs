//! Passwords, addresses and profiles that change, and accounts that go.
use baleen::store::sql;
use poem::http::Method;
use serde_json::json;

use super::{count, key, open_registration, registration};
use crate::support::{PASSWORD, Pod, Visitor, on_both};

on_both! {
    async fn a_password_is_changed_by_who_knows_the_old_one(pod: Pod) {
        pod.person("dora").await;
        let mut here = Visitor::of(&pod, "dora").await;
        let mut there = Visitor::of(&pod, "dora").await;
        let listen = here.get("/api/v1/users/me").await.json()["tokens"]["listen"].as_str().unwrap().to_owned();
        let new = |old: &str| json!({"old_password": old, "new_password1": "another horse", "new_password2": "another horse"});
        let wrong = here.script(pod.post("/api/v1/auth/password/change/", &new("x"))).await;
        assert_eq!(wrong.json(), json!({"old_password": ["Your old password was entered incorrectly. Please enter it again."]}));
        let query = "mutation { changePassword(input: {oldPassword: \"x\", newPassword1: \"another horse\", newPassword2: \"another horse\"}) { viewer { id } } }";
        let twin = here.script(pod.graphql(query)).await.json();
        assert!(twin["errors"][0]["extensions"]["fields"]["oldPassword"].is_array(), "{twin}");
        assert_eq!(there.get("/api/v1/users/me").await.status, 200);

        let done = here.script(pod.post("/api/v1/auth/password/change/", &new(PASSWORD))).await;
        assert_eq!(done.json(), json!({"detail": "New password has been saved."}));
        assert_eq!(here.get("/api/v1/users/me").await.status, 200);
        assert_eq!(there.get("/api/v1/users/me").await.status, 401);
        let track = pod.graphql("{ track(databaseId: 1) { uuid } }").by("alice").send().await.json();
        let address = format!("/api/v1/listen/{}/?token={listen}", track["data"]["track"]["uuid"].as_str().unwrap());
        pod.prefer("common", "api_authentication_required", "True").await;
        assert_eq!(pod.get(&address).send().await.status, 401);
        assert_eq!(there.sign_in("dora", "another horse").await.status, 303);
    }

    async fn who_came_without_a_password_sets_one_soon_after_signing_in(pod: Pod) {
        let dora = pod.person("dora").await;
        let mut visitor = Visitor::of(&pod, "dora").await;
        assert!(visitor.get("/settings").await.text.contains("Change password"));
        sql("update users set password = '!' where id = ?").bind(dora).run(pod.app.db()).await.unwrap();
        assert!(visitor.get("/settings").await.text.contains("You have no password yet"));
        let fields = [("new_password1", "another horse"), ("new_password2", "another horse")];
        pod.wait(601);
        let late = visitor.submit("/settings/password", &fields).await;
        assert!(late.status == 400 && late.text.contains("Sign in again"), "{}", late.text);
        let query = "mutation { changePassword(input: {oldPassword: \"\", newPassword1: \"another horse\", newPassword2: \"another horse\"}) { viewer { id } } }";
        let twin = visitor.script(pod.graphql(query)).await.json();
        assert!(twin["errors"][0]["extensions"]["fields"]["oldPassword"].is_array(), "{twin}");

        sql("update sessions set created = ?").bind(pod.app.clock().now()).run(pod.app.db()).await.unwrap();
        assert_eq!(visitor.submit("/settings/password", &fields).await.location(), "/settings?done=password#password");
        assert_eq!(Visitor::new(&pod).sign_in("dora", "another horse").await.status, 303);
        let again = visitor.submit("/settings/password", &fields).await;
        assert!(again.text.contains("Your old password was entered incorrectly"), "{}", again.text);
    }

    async fn a_forgotten_password_is_replaced_by_mail(pod: Pod) {
        pod.person("dora").await;
        let mut dora = Visitor::of(&pod, "dora").await;
        let reset = |email: &str| pod.post("/api/v1/auth/password/reset/", &json!({"email": email}));
        let known = reset("Dora@people.test").send().await;
        let unknown = reset("nobody@people.test").send().await;
        assert_eq!((known.status, &known.text), (unknown.status, &unknown.text));
        let mail = pod.mails("dora@people.test", 1).await.remove(0);
        let (uid, token) = (key(&mail, "uid"), key(&mail, "token"));
        assert!(mail.contains("http://pod.test/auth/password/reset/confirm?uid="));
        let page = dora.get(&format!("/auth/password/reset/confirm?uid={uid}&token={token}")).await;
        assert!(page.text.contains(&token), "{}", page.text);

        let short = dora.submit("/password/new", &[("uid", &uid), ("token", &token), ("new_password1", "short"), ("new_password2", "short")]).await;
        assert!(short.status == 400 && short.text.contains("too short") && short.text.contains(&token));
        let fields = [("uid", uid.as_str()), ("token", &token), ("new_password1", "another horse"), ("new_password2", "another horse")];
        assert_eq!(dora.submit("/password/new", &fields).await.location(), "/login?done=password");
        assert_eq!(dora.get("/settings").await.status, 303);
        assert_eq!(dora.sign_in("dora", "another horse").await.status, 303);
        let again = json!({"uid": uid, "token": token, "new_password1": "yet another", "new_password2": "yet another"});
        let again = pod.post("/api/v1/auth/password/reset/confirm/", &again).send().await;
        assert_eq!(again.json(), json!({"token": ["Invalid value"]}));
        assert!(pod.mails("nobody@people.test", 0).await.is_empty());
    }

    async fn a_mailed_key_is_too_old_after_its_hour(pod: Pod) {
        pod.person("dora").await;
        pod.graphql("mutation { requestPasswordReset(input: {email: \"dora@people.test\"}) { email } }").send().await;
        let mail = pod.mails("dora@people.test", 1).await.remove(0);
        pod.wait(3601);
        let query = format!("mutation {{ resetPassword(input: {{uid: \"{}\", token: \"{}\", newPassword1: \"another horse\", \
            newPassword2: \"another horse\"}}) {{ username }} }}", key(&mail, "uid"), key(&mail, "token"));
        let late = pod.graphql(&query).send().await.json();
        assert_eq!(late["errors"][0]["extensions"]["fields"], json!({"token": ["Invalid value"]}));
    }

    async fn an_address_is_changed_once_the_mail_was_read(pod: Pod) {
        pod.person("dora").await;
        let mut dora = Visitor::of(&pod, "dora").await;
        let change = |password: &str, email: &str| pod.post("/api/v1/users/change-email", &json!({"password": password, "email": email}));
        assert_eq!(dora.script(change("x", "new@people.test")).await.json(), json!({"password": ["This is not your password."]}));
        assert_eq!(dora.script(change(PASSWORD, "alice@pod.test")).await.json(), json!({"email": ["A user is already registered with this e-mail address."]}));
        assert_eq!(dora.script(change(PASSWORD, "new@people.test")).await.status, 204);
        assert_eq!(dora.get("/api/v1/users/me").await.json()["email"], "dora@people.test");
        let key = key(&pod.mails("new@people.test", 1).await[0], "key");
        // Programs that look into mails open links: that changes nothing.
        assert!(dora.get(&format!("/auth/email/confirm?key={key}")).await.text.contains("Click the button to confirm"));
        assert_eq!(dora.get("/api/v1/users/me").await.json()["email"], "dora@people.test");
        assert_eq!(dora.submit("/auth/email/confirm", &[("key", &key)]).await.location(), "/settings?done=confirmed#email");
        assert_eq!(dora.get("/api/v1/users/me").await.json()["email"], "new@people.test");
        let again = pod.graphql(&format!("mutation {{ confirmEmail(input: {{key: \"{key}\"}}) {{ email }} }}")).send().await.json();
        assert!(again["errors"][0]["extensions"]["fields"]["key"].is_array());
    }

    async fn a_new_password_ends_a_change_of_address(pod: Pod) {
        pod.person("dora").await;
        let mut dora = Visitor::of(&pod, "dora").await;
        let change = |email: &str| pod.post("/api/v1/users/change-email", &json!({"password": PASSWORD, "email": email}));
        assert_eq!(dora.script(change("intruder@people.test")).await.status, 204);
        let stale = key(&pod.mails("intruder@people.test", 1).await[0], "key");
        let passwords = json!({"old_password": PASSWORD, "new_password1": "averylongpw-78", "new_password2": "averylongpw-78"});
        assert_eq!(dora.script(pod.post("/api/v1/auth/password/change/", &passwords)).await.status, 200);
        let confirm = |key: &str| pod.post("/api/v1/auth/registration/verify-email/", &json!({"key": key}));
        assert_eq!(confirm(&stale).send().await.status, 400);
        // One that the owner asked for goes on, and the old address is told.
        let change = pod.post("/api/v1/users/change-email", &json!({"password": "averylongpw-78", "email": "new@people.test"}));
        assert_eq!(dora.script(change).await.status, 204);
        let fresh = key(&pod.mails("new@people.test", 1).await[0], "key");
        assert_eq!(confirm(&fresh).send().await.status, 200);
        let told = pod.mails("dora@people.test", 1).await;
        assert!(told[0].contains("has a new e-mail address"), "{}", told[0]);
    }

    async fn nobody_is_sent_mail_after_mail(pod: Pod) with ["--throttling-enabled", "false"] => {
        pod.person("dora").await;
        pod.person("eve").await;
        let (mut dora, mut eve) = (Visitor::of(&pod, "dora").await, Visitor::of(&pod, "eve").await);
        let change = |email: &str| pod.post("/api/v1/users/change-email", &json!({"password": PASSWORD, "email": email}));
        let complaint = json!({"email": ["A mail was sent to this address a few minutes ago. Try again later."]});
        assert_eq!(dora.script(change("stranger@people.test")).await.status, 204);
        assert_eq!(dora.script(change("Stranger@people.test")).await.json(), complaint);
        assert_eq!(dora.script(change("stranger+1@people.test")).await.json(), complaint);
        // Neither by another account, nor after another address.
        assert_eq!(eve.script(change("stranger@people.test")).await.json(), complaint);
        assert_eq!(dora.script(change("other@people.test")).await.status, 204);
        let query = format!("mutation {{ changeEmail(input: {{password: \"{PASSWORD}\", email: \"stranger@people.test\"}}) {{ email }} }}");
        let twin = dora.script(pod.graphql(&query)).await.json();
        assert_eq!(twin["errors"][0]["extensions"]["fields"], complaint);
        pod.mails("other@people.test", 1).await;
        assert_eq!(pod.mails("stranger@people.test", 1).await.len(), 1);
        pod.wait(501);
        assert_eq!(eve.script(change("stranger@people.test")).await.status, 204);
    }

    async fn an_account_goes_with_all_that_belongs_to_it(pod: Pod) {
        let user = pod.person("dora").await;
        let mut dora = Visitor::of(&pod, "dora").await;
        let file = pod.stored().join("tracks/mine.mp3");
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, b"sound").unwrap();
        let (actor,): (i64,) = sql("select actor_id from users where id = ?").bind(user).one(pod.app.db()).await.unwrap();
        sql("update libraries set actor_id = ? where id = 1").bind(actor).run(pod.app.db()).await.unwrap();
        sql("update uploads set audio_file = 'tracks/mine.mp3' where library_id = 1").run(pod.app.db()).await.unwrap();
        sql("update playlists set user_id = ? where id = 1").bind(user).run(pod.app.db()).await.unwrap();
        let tracks = count(&pod, "select count(*) from tracks").await;

        let wrong = dora.submit("/settings/delete", &[("password", "x"), ("confirm", "true")]).await;
        assert!(wrong.status == 400 && wrong.text.contains("Invalid password"));
        let unsure = dora.script(pod.graphql(&format!("mutation {{ deleteAccount(input: {{password: \"{PASSWORD}\", confirm: false}}) {{ deletedId }} }}"))).await.json();
        assert!(unsure["errors"][0]["extensions"]["fields"]["confirm"].is_array());
        let sure = json!({"password": PASSWORD, "confirm": true});
        let gone = dora.script(pod.ask(Method::DELETE, "/api/v1/users/me").header("content-type", "application/json").body(sure.to_string())).await;
        assert_eq!(gone.status, 204, "{}", gone.text);
        assert_eq!(dora.get("/api/v1/users/me").await.status, 401);
        pod.work().await;
        assert!(!file.exists());
        assert_eq!(count(&pod, "select count(*) from libraries where id = 1").await, 0);
        assert_eq!(count(&pod, "select count(*) from playlists where id = 1").await, 0);
        assert_eq!(count(&pod, "select count(*) from uploads where library_id = 1").await, 0);
        assert_eq!(count(&pod, "select count(*) from tracks").await, tracks);
        open_registration(&pod).await;
        let taken = pod.post("/api/v1/auth/registration/", &registration("dora")).send().await;
        assert_eq!(taken.json(), json!({"username": ["A user with that username already exists."]}));
    }

    async fn a_profile_is_changed_at_both_doors_and_by_nobody_else(pod: Pod) {
        let changes = json!({"name": "Alice L", "privacy_level": "everyone", "summary": {"text": "hi **you**", "content_type": "text/markdown"}});
        let done = pod.post("/api/v1/users/alice", &changes);
        let mut done = done.by("alice");
        done.method = Method::PATCH;
        let body = done.send().await.json();
        assert_eq!((&body["name"], &body["summary"]["html"]), (&json!("Alice L"), &json!("<p>hi <strong>you</strong></p>")));
        let query = "{ viewer { name privacyLevel summary { text } quotaStatus { max remaining } permissions { library } } }";
        let twin = pod.graphql(query).by("alice").send().await.json();
        assert_eq!(twin["data"]["viewer"], json!({
            "name": "Alice L", "privacyLevel": "EVERYONE", "summary": {"text": "hi **you**"},
            "quotaStatus": {"max": 1000, "remaining": 999.885}, "permissions": {"library": false},
        }), "{twin}");
        let query = "mutation { updateUser(input: {summary: {text: \"\", contentType: \"text/markdown\"}}) { viewer { name summary { text } } } }";
        let twin = pod.graphql(query).by("alice").send().await.json();
        assert_eq!(twin["data"]["updateUser"]["viewer"], json!({"name": "Alice L", "summary": null}), "{twin}");
        let mut other = pod.post("/api/v1/users/bob", &changes).by("alice");
        other.method = Method::PATCH;
        assert_eq!(other.send().await.status, 403);
        let shown = pod.get("/api/v1/users/ALICE").send().await.json();
        assert_eq!(shown["full_username"], "alice@pod.test");
        assert!(shown["email"].is_null());
        assert_eq!(pod.get("/api/v1/users/carol").send().await.status, 404);
    }

    async fn the_subsonic_token_is_renewed_and_deleted_at_both_doors(pod: Pod) {
        pod.person("dora").await;
        let mut dora = Visitor::of(&pod, "dora").await;
        let address = "/api/v1/users/dora/subsonic-token";
        assert_eq!(dora.get(address).await.json(), json!({"subsonic_api_token": null}));
        let first = dora.script(pod.post(address, &json!({}))).await.json()["subsonic_api_token"].clone();
        let second = dora.script(pod.graphql("mutation { rotateSubsonicToken { subsonicToken } }")).await.json()["data"]["rotateSubsonicToken"]["subsonicToken"].clone();
        assert!(first.is_string() && second.is_string() && first != second, "{first} {second}");
        assert_eq!(dora.get(address).await.json()["subsonic_api_token"], second);
        let twin = dora.script(pod.graphql("{ viewer { subsonicToken } }")).await.json();
        assert_eq!(twin["data"]["viewer"]["subsonicToken"], second);
        let gone = dora.script(pod.graphql("mutation { deleteSubsonicToken { viewer { subsonicToken } } }")).await.json();
        assert_eq!(gone["data"]["deleteSubsonicToken"]["viewer"], json!({"subsonicToken": null}), "{gone}");
        assert_eq!(dora.get(address).await.json(), json!({"subsonic_api_token": null}));
        dora.script(pod.post(address, &json!({}))).await;
        assert_eq!(dora.script(pod.ask(Method::DELETE, address)).await.status, 204);
        assert_eq!(dora.get(address).await.json(), json!({"subsonic_api_token": null}));
    }

    async fn a_reset_closes_every_way_that_somebody_left_open(pod: Pod) {
        let user = pod.person("dora").await;
        let mut dora = Visitor::of(&pod, "dora").await;
        let new = json!({"name": "left", "scopes": "read write"});
        let token = dora.script(pod.post("/api/v1/oauth/apps", &new)).await.json()["token"].as_str().unwrap().to_owned();
        sql("update oauth_access_tokens set user_id = ? where id = 1").bind(user).run(pod.app.db()).await.unwrap();
        let me = async |token: &str| pod.get("/api/v1/users/me").by(token).send().await.status.as_u16();
        assert_eq!((me(&token).await, me("alice").await), (200, 200));
        pod.graphql("mutation { requestPasswordReset(input: {email: \"dora@people.test\"}) { email } }").send().await;
        let mail = pod.mails("dora@people.test", 1).await.remove(0);
        let reset = json!({"uid": key(&mail, "uid"), "token": key(&mail, "token"), "new_password1": "another horse", "new_password2": "another horse"});
        assert_eq!(pod.post("/api/v1/auth/password/reset/confirm/", &reset).send().await.status, 200);
        assert_eq!((me(&token).await, me("alice").await), (401, 401));
        // Mails do not follow each other so fast that none of their links works.
        pod.graphql("mutation { requestPasswordReset(input: {email: \"dora@people.test\"}) { email } }").send().await;
        pod.mails("dora@people.test", 2).await;
        pod.graphql("mutation { requestPasswordReset(input: {email: \"dora@people.test\"}) { email } }").send().await;
        pod.wait(61);
        pod.graphql("mutation { requestPasswordReset(input: {email: \"dora@people.test\"}) { email } }").send().await;
        assert_eq!(pod.mails("dora@people.test", 3).await.len(), 3);
    }

    async fn channels_go_with_their_owner(pod: Pod) {
        let user = pod.person("dora").await;
        let (actor,): (i64,) = sql("select actor_id from users where id = ?").bind(user).one(pod.app.db()).await.unwrap();
        sql("update channels set attributed_to_id = ?").bind(actor).run(pod.app.db()).await.unwrap();
        let (artist, own): (i64, i64) = sql("select artist_id, actor_id from channels limit 1").one(pod.app.db()).await.unwrap();
        let mut dora = Visitor::of(&pod, "dora").await;
        let gone = dora.submit("/settings/delete", &[("password", PASSWORD), ("confirm", "true")]).await;
        assert_eq!(gone.location(), "/login?done=deleted");
        assert_eq!(count(&pod, "select count(*) from channels").await, 0);
        assert_eq!(pod.get(&format!("/api/v1/artists/{artist}")).send().await.status, 404);
        let (kind,): (String,) = sql("select type from actors where id = ?").bind(own).one(pod.app.db()).await.unwrap();
        assert_eq!(kind, "Tombstone");
        open_registration(&pod).await;
        let taken = pod.post("/api/v1/auth/registration/", &registration("DORA")).send().await;
        assert_eq!(taken.json(), json!({"username": ["A user with that username already exists."]}));
    }

    async fn what_makes_no_sense_is_refused_and_never_a_failure(pod: Pod) with ["--throttling-enabled", "false"] => {
        // As a form: texts, and of a field that comes twice the last one.
        let form = pod.ask(Method::POST, "/api/v1/users/settings").form(&[("theme", "light"), ("theme", "dark")]);
        assert_eq!(form.by("alice").send().await.json()["theme"], "dark");
        let null = pod.post("/api/v1/users/settings", &json!({"a": ["\u{0}"]})).by("alice").send().await;
        assert_eq!(null.status, 400, "{}", null.text);
        let big = pod.post("/api/v1/users/settings", &json!({"a": "x".repeat(70_000)})).by("alice").send().await;
        assert_eq!(big.json(), json!({"non_field_errors": ["Settings may have up to 65536 bytes."]}));
        let track = pod.graphql("{ track(databaseId: 1) { uuid } }").send().await.json();
        let listen = format!("/api/v1/listen/{}/?token=1.-9223372036854775808.AA", track["data"]["track"]["uuid"].as_str().unwrap());
        assert_eq!(pod.get(&listen).send().await.status, 404);
        // Who was not invited learns of nobody's name.
        let mut new = registration("alice");
        new["invitation"] = json!("guess");
        let refused = pod.post("/api/v1/auth/registration/", &new).send().await;
        assert_eq!(refused.json(), json!({"invitation": ["Invalid invitation code"]}));
        let mut wrong = pod.post("/api/v1/users/alice", &json!({"name": "a".repeat(256), "avatar": "00000000-0000-0000-0000-000000000000"})).by("alice");
        wrong.method = Method::PATCH;
        assert_eq!(wrong.send().await.json(), json!({"name": ["Ensure this field has no more than 255 characters."]}));
        let mut wrong = pod.post("/api/v1/users/alice", &json!({"avatar": "00000000-0000-0000-0000-000000000000"})).by("alice");
        wrong.method = Method::PATCH;
        assert_eq!(wrong.send().await.json(), json!({"avatar": ["Object with uuid=00000000-0000-0000-0000-000000000000 does not exist."]}));
    }
}
