//! Accounts: making them, signing in, passwords, addresses, and taking them away.
use baleen::{accounts::setup, store::sql};
use poem::http::Method;
use serde_json::{Value, json};

use crate::support::{Backend, Data, PASSWORD, Pod, Visitor, on_both};

async fn count(pod: &Pod, query: &'static str) -> i64 {
    sql(query).number(pod.app.db()).await.unwrap()
}

async fn open_registration(pod: &Pod) {
    pod.prefer("users", "registration_enabled", "True").await;
}

fn registration(username: &str) -> Value {
    json!({
        "username": username, "email": format!("{username}@new.test"),
        "password1": "averylongpw-77", "password2": "averylongpw-77",
    })
}

/// A key out of a mail.
fn key(mail: &str, parameter: &str) -> String {
    let rest = mail.split_once(&format!("{parameter}=")).unwrap().1;
    rest.split(|char: char| char == '&' || char.is_whitespace())
        .next()
        .unwrap()
        .to_owned()
}

on_both! {
    async fn somebody_signs_up_in_a_browser_and_out_and_in_again(pod: Pod) {
        open_registration(&pod).await;
        let mut ada = Visitor::new(&pod);
        assert!(ada.get("/signup").await.text.contains("Make an account"));
        let made = ada.submit("/signup", &[
            ("username", "ada"), ("email", "ada@new.test"), ("password1", "averylongpw-77"),
            ("password2", "averylongpw-77"), ("next", "/settings"),
        ]).await;
        assert_eq!((made.status.as_u16(), made.location()), (303, "/settings"));
        let settings = ada.get("/settings").await;
        assert!(settings.text.contains("ada@new.test") && settings.text.contains("It is not confirmed yet"));
        assert_eq!(ada.get("/api/v1/users/me").await.json()["full_username"], "ada@pod.test");

        let out = ada.submit("/logout", &[]).await;
        assert_eq!(out.status, 303);
        assert!(!ada.cookies.contains_key("sessionid"));
        assert_eq!(ada.get("/settings").await.location(), "/login?next=%2Fsettings");
        let wrong = ada.sign_in("ada", "wrong").await;
        assert_eq!(wrong.status, 400);
        assert!(wrong.text.contains("Unable to log in with provided credentials"));
        assert!(wrong.text.contains("value=\"ada\"") && !wrong.text.contains("value=\"wrong\""));
        assert_eq!(ada.sign_in("ADA@new.test", "averylongpw-77").await.status, 303);
    }

    async fn an_account_is_made_over_both_doors(pod: Pod) {
        open_registration(&pod).await;
        let made = pod.post("/api/v1/auth/registration/", &registration("newbie")).send().await;
        assert_eq!((made.status.as_u16(), made.text.as_str()), (204, ""));
        let cookies: Vec<_> = made.headers.get_all("set-cookie").iter().map(|cookie| cookie.to_str().unwrap()).collect();
        assert!(cookies.iter().any(|cookie| cookie.starts_with("sessionid=") && cookie.ends_with("SameSite=Lax; HttpOnly")), "{cookies:?}");

        let query = "mutation { signUp(input: {username: \"twin\", email: \"twin@new.test\", \
            password1: \"averylongpw-77\", password2: \"averylongpw-77\"}) }";
        let twin = pod.graphql(query).send().await;
        assert_eq!(twin.json()["data"], json!({"signUp": "READY"}), "{}", twin.text);
        assert!(twin.header("set-cookie").is_none());
        for name in ["newbie", "twin"] {
            let me = pod.get("/api/v1/users/me").basic(name, "averylongpw-77").send().await;
            assert_eq!(me.json()["username"], name);
        }
        let actors = count(&pod, "select count(*) from actors where preferred_username in ('newbie', 'twin')").await;
        assert_eq!(actors, 2);
    }

    async fn what_makes_no_account_is_told_by_field_and_nothing_is_written(pod: Pod) with ["--throttling-enabled", "false"] => {
        open_registration(&pod).await;
        let before = count(&pod, "select count(*) from users").await;
        let with = |name: &str, value: &str| {
            let mut new = registration("fresh");
            new[name] = json!(value);
            new
        };
        for (new, field, complaint) in [
            (with("username", "Alice"), "username", "A user with that username already exists."),
            (with("username", "admin"), "username", "This username is reserved. Please choose another one."),
            (with("username", "a b"), "username", "Enter 1 to 30 of the characters a to z, A to Z, 0 to 9, `_`, `.` and `-`."),
            (with("email", "ALICE@pod.test"), "email", "A user is already registered with this e-mail address."),
            (with("email", "nobody"), "email", "Enter a valid email address."),
            (with("password1", "short"), "password1", "This password is too short. It must contain at least 8 characters."),
            (with("password2", "another-one"), "non_field_errors", "The two password fields didn’t match."),
            (with("invitation", "ZZZ"), "invitation", "Invalid invitation code"),
        ] {
            let refused = pod.post("/api/v1/auth/registration/", &new).send().await;
            assert_eq!(refused.status, 400, "{new}");
            assert_eq!(refused.json(), json!({field: [complaint]}), "{new}");
            let input = json!({
                "username": new["username"], "email": new["email"], "password1": new["password1"],
                "password2": new["password2"], "invitation": new["invitation"],
            });
            let query = json!({"query": "mutation($input: SignUp!) { signUp(input: $input) }", "variables": {"input": input}});
            let twin = pod.post("/graphql", &query).send().await.json();
            assert_eq!(twin["errors"][0]["extensions"]["fields"], json!({field: [complaint]}), "{twin}");
        }
        let nothing = pod.post("/api/v1/auth/registration/", &json!({})).send().await.json();
        for field in ["username", "email", "password1", "password2"] {
            assert_eq!(nothing[field], json!(["This field is required."]));
        }
        assert_eq!(count(&pod, "select count(*) from users").await, before);
    }

    async fn a_closed_pod_takes_those_who_were_invited_once(pod: Pod) {
        let closed = pod.post("/api/v1/auth/registration/", &registration("eve")).send().await;
        assert_eq!((closed.status.as_u16(), closed.json()), (403, json!({"detail": "Registration has been disabled"})));
        sql("insert into invitations (code, owner_id, creation_date, expiration_date)
             values ('COME', 1, ?, ?)")
            .bind(pod.app.clock().now()).bind(pod.app.clock().now().plus_seconds(60)).run(pod.app.db()).await.unwrap();
        let mut invited = registration("eve");
        invited["invitation"] = json!("COME");
        assert_eq!(pod.post("/api/v1/auth/registration/", &invited).send().await.status, 204);
        invited["username"] = json!("mallory");
        invited["email"] = json!("mallory@new.test");
        let again = pod.post("/api/v1/auth/registration/", &invited).send().await;
        assert_eq!(again.json(), json!({"invitation": ["Invalid invitation code"]}));
        assert_eq!(count(&pod, "select count(*) from users where username = 'mallory'").await, 0);
    }

    async fn a_moderator_may_have_to_approve_and_the_answers_are_kept(pod: Pod) {
        open_registration(&pod).await;
        pod.prefer("moderation", "signup_approval_enabled", "True").await;
        let form = r#"{"fields": [{"label": "Why?", "required": true, "input_type": "short_text"}], "help_text": null}"#;
        pod.prefer("moderation", "signup_form_customization", form).await;
        let mut ann = Visitor::new(&pod);
        assert!(ann.get("/signup").await.text.contains("Why?"));
        let mut fields = vec![("username", "ann"), ("email", "ann@new.test"), ("password1", "averylongpw-77"), ("password2", "averylongpw-77")];
        let refused = ann.submit("/signup", &fields).await;
        assert!(refused.status == 400 && refused.text.contains("Answer this question: Why?"), "{}", refused.text);
        fields.push(("answer0", "For the music"));
        assert!(ann.submit("/signup", &fields).await.text.contains("Your request was sent"));
        assert_eq!(ann.sign_in("ann", "averylongpw-77").await.status, 400);
        let (kept,): (String,) = sql("select cast(metadata as text) from user_requests").one(pod.app.db()).await.unwrap();
        let kept: Value = serde_json::from_str(&kept).unwrap();
        assert_eq!(kept, json!({"Why?": "For the music"}));
    }

    async fn browsers_of_a_user_are_listed_and_signed_out(pod: Pod) {
        pod.person("dora").await;
        let mut first = Visitor::of(&pod, "dora").await;
        let mut second = Visitor::of(&pod, "dora").await;
        let listed = second.get("/api/v1/auth/sessions").await.json();
        assert_eq!(listed.as_array().unwrap().len(), 2);
        assert_eq!(listed[0]["current"], true, "{listed}");
        let other = listed[1]["id"].as_i64().unwrap();
        let twin = second.script(pod.graphql("{ sessions { id current address } }")).await.json();
        assert_eq!(twin["data"]["sessions"][1], json!({"id": other, "current": false, "address": "198.51.100.7"}));

        let query = format!("mutation {{ revokeSession(id: {other}) }}");
        assert_eq!(second.script(pod.graphql(&query)).await.json()["data"]["revokeSession"], other);
        assert_eq!(first.get("/api/v1/users/me").await.status, 401);
        let again = second.script(pod.ask(Method::DELETE, &format!("/api/v1/auth/sessions/{other}"))).await;
        assert_eq!(again.status, 404);

        let token = first.cookies["csrftoken"].clone();
        let mut third = Visitor::of(&pod, "dora").await;
        assert_ne!(third.cookies["csrftoken"], token);
        assert!(third.get("/settings").await.text.contains("End all others"));
        assert_eq!(third.submit("/settings/sessions/revoke", &[]).await.status, 303);
        assert_eq!(second.get("/api/v1/users/me").await.status, 401);
        assert_eq!(third.get("/api/v1/users/me").await.status, 200);
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
            pod.graphql("mutation { updateSettings(input: {theme: \"dark\"}) }"),
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
        let done = dora.script(pod.graphql("mutation { updateSettings(input: {n: 1}) }")).await.json();
        assert_eq!(done["data"]["updateSettings"], json!({"theme": "dark", "n": 1}));
    }

    async fn scripts_sign_in_and_out_as_the_original_lets_them(pod: Pod) {
        pod.person("dora").await;
        let mut dora = Visitor::new(&pod);
        dora.get("/api/v1/instance/nodeinfo/2.0/").await;
        let login = |fields: &[(&str, &str)]| pod.ask(Method::POST, "/api/v1/users/login").form(fields);
        let missing = dora.script(login(&[("username", "dora")])).await;
        assert_eq!((missing.status.as_u16(), missing.text.as_str()), (400, "{\"password\": [\"This field is required.\"]}"));
        let wrong = dora.script(login(&[("username", "dora"), ("password", "x")])).await;
        assert_eq!(wrong.text, "{\"non_field_errors\": [\"Unable to log in with provided credentials\"]}");
        let right = dora.script(login(&[("username", "dora"), ("password", PASSWORD)])).await;
        assert_eq!((right.status.as_u16(), right.text.as_str()), (200, ""));
        assert_eq!(dora.get("/api/v1/users/me").await.json()["username"], "dora");
        assert_eq!(dora.script(pod.ask(Method::POST, "/api/v1/users/logout")).await.status, 200);
        assert_eq!(dora.get("/api/v1/users/me").await.status, 401);
    }

    async fn wrong_passwords_are_limited_however_they_are_sent(pod: Pod) with ["--throttling-rates", "login=3/h"] => {
        pod.person("dora").await;
        for _ in 0..3 {
            let wrong = pod.get("/api/v1/users/me").basic("dora", "wrong").send().await;
            assert_eq!((wrong.status.as_u16(), wrong.json()), (401, json!({"detail": "Invalid username/password."})));
        }
        let late = pod.get("/api/v1/users/me").basic("dora", PASSWORD).send().await;
        assert_eq!(late.status, 429);
        let mut dora = Visitor::new(&pod);
        let page = dora.sign_in("dora", PASSWORD).await;
        assert_eq!(page.status, 429);
        assert!(page.text.contains("Too many attempts") && page.header("retry-after").is_some());
        let elsewhere = pod.get("/api/v1/users/me").basic("dora", PASSWORD).from("203.0.113.5").send().await;
        assert_eq!(elsewhere.status, 200);
    }

    async fn a_password_that_came_from_django_is_replaced_at_the_next_sign_in(pod: Pod) {
        let django = "pbkdf2_sha256$1000$salt$qN+JnzxPIE2WfgrWPAkph8EAVeuwF7PZ0ordIY1Peq0=";
        sql("update users set password = ? where id = 1").bind(django).run(pod.app.db()).await.unwrap();
        let mut alice = Visitor::new(&pod);
        assert_eq!(alice.sign_in("alice", "wrong").await.status, 400);
        let stored = || async {
            sql("select password from users where id = 1").one::<(String,)>(pod.app.db()).await.unwrap().0
        };
        assert_eq!(stored().await, django);
        assert_eq!(alice.sign_in("alice", "secret").await.status, 303);
        assert!(stored().await.starts_with("$argon2id$"));
        assert_eq!(alice.sign_in("alice", "secret").await.status, 303);
    }

    async fn a_password_is_changed_by_who_knows_the_old_one(pod: Pod) {
        pod.person("dora").await;
        let mut here = Visitor::of(&pod, "dora").await;
        let mut there = Visitor::of(&pod, "dora").await;
        let listen = here.get("/api/v1/users/me").await.json()["tokens"]["listen"].as_str().unwrap().to_owned();
        let new = |old: &str| json!({"old_password": old, "new_password1": "another horse", "new_password2": "another horse"});
        let wrong = here.script(pod.post("/api/v1/auth/password/change/", &new("x"))).await;
        assert_eq!(wrong.json(), json!({"old_password": ["Your old password was entered incorrectly. Please enter it again."]}));
        let query = "mutation { changePassword(input: {oldPassword: \"x\", newPassword1: \"another horse\", newPassword2: \"another horse\"}) }";
        let twin = here.script(pod.graphql(query)).await.json();
        assert!(twin["errors"][0]["extensions"]["fields"]["old_password"].is_array(), "{twin}");
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
        pod.graphql("mutation { requestPasswordReset(email: \"dora@people.test\") }").send().await;
        let mail = pod.mails("dora@people.test", 1).await.remove(0);
        pod.wait(3601);
        let query = format!("mutation {{ resetPassword(input: {{uid: \"{}\", token: \"{}\", newPassword1: \"another horse\", \
            newPassword2: \"another horse\"}}) }}", key(&mail, "uid"), key(&mail, "token"));
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
        assert!(dora.get(&format!("/auth/email/confirm?key={key}")).await.text.contains("One more click"));
        assert_eq!(dora.get("/api/v1/users/me").await.json()["email"], "dora@people.test");
        assert_eq!(dora.submit("/auth/email/confirm", &[("key", &key)]).await.location(), "/settings?done=confirmed#email");
        assert_eq!(dora.get("/api/v1/users/me").await.json()["email"], "new@people.test");
        let again = pod.graphql(&format!("mutation {{ confirmEmail(key: \"{key}\") }}")).send().await.json();
        assert!(again["errors"][0]["extensions"]["fields"]["key"].is_array());
    }

    async fn nobody_uses_an_account_before_its_address_is_confirmed_where_the_pod_insists(pod: Pod)
        with ["--account-email-verification-enforce", "true"] =>
    {
        open_registration(&pod).await;
        assert_eq!(pod.post("/api/v1/auth/registration/", &registration("ida")).send().await.header("set-cookie"), None);
        let mut ida = Visitor::new(&pod);
        assert!(ida.sign_in("ida", "averylongpw-77").await.text.contains("not confirmed yet"));
        sql("update users set email_verified = false where id = 1").run(pod.app.db()).await.unwrap();
        let refused = pod.get("/api/v1/users/me").by("alice").send().await;
        assert_eq!(refused.status, 401);
        assert!(refused.header("www-authenticate").unwrap().contains("error=\"unverified_email\""));
        assert_eq!(pod.mails("alice@pod.test", 1).await.len(), 1);
        pod.get("/api/v1/users/me").by("alice").send().await;
        pod.wait(501);
        pod.get("/api/v1/users/me").by("alice").send().await;
        let mails = pod.mails("alice@pod.test", 2).await;
        assert_eq!(mails.len(), 2);
        let key = key(&pod.mails("ida@new.test", 1).await[0], "key");
        let done = pod.post("/api/v1/auth/registration/verify-email/", &json!({"key": key})).send().await;
        assert_eq!(done.status, 200);
        assert_eq!(ida.sign_in("ida", "averylongpw-77").await.status, 303);
    }

    async fn an_account_goes_with_all_that_belongs_to_it(pod: Pod) {
        let user = pod.person("dora").await;
        let mut dora = Visitor::of(&pod, "dora").await;
        let file = pod.media().join("tracks/mine.mp3");
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, b"sound").unwrap();
        let (actor,): (i64,) = sql("select actor_id from users where id = ?").bind(user).one(pod.app.db()).await.unwrap();
        sql("update libraries set actor_id = ? where id = 1").bind(actor).run(pod.app.db()).await.unwrap();
        sql("update uploads set audio_file = 'tracks/mine.mp3' where library_id = 1").run(pod.app.db()).await.unwrap();
        sql("update playlists set user_id = ? where id = 1").bind(user).run(pod.app.db()).await.unwrap();
        let tracks = count(&pod, "select count(*) from tracks").await;

        let wrong = dora.submit("/settings/delete", &[("password", "x"), ("confirm", "true")]).await;
        assert!(wrong.status == 400 && wrong.text.contains("Invalid password"));
        let unsure = dora.script(pod.graphql(&format!("mutation {{ deleteAccount(input: {{password: \"{PASSWORD}\", confirm: false}}) }}"))).await.json();
        assert!(unsure["errors"][0]["extensions"]["fields"]["confirm"].is_array());
        let sure = json!({"password": PASSWORD, "confirm": true});
        let gone = dora.script(pod.ask(Method::DELETE, "/api/v1/users/me").header("content-type", "application/json").body(sure.to_string())).await;
        assert_eq!(gone.status, 204, "{}", gone.text);
        assert_eq!(dora.get("/api/v1/users/me").await.status, 401);
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
        let query = "mutation { updateUser(input: {summary: {text: \"\", contentType: \"text/markdown\"}}) { name summary { text } } }";
        let twin = pod.graphql(query).by("alice").send().await.json();
        assert_eq!(twin["data"]["updateUser"], json!({"name": "Alice L", "summary": null}), "{twin}");
        let mut other = pod.post("/api/v1/users/bob", &changes).by("alice");
        other.method = Method::PATCH;
        assert_eq!(other.send().await.status, 403);
        let shown = pod.get("/api/v1/users/ALICE").send().await.json();
        assert_eq!(shown["full_username"], "alice@pod.test");
        assert!(shown["email"].is_null());
        assert_eq!(pod.get("/api/v1/users/carol").send().await.status, 404);
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

    async fn a_form_of_another_site_signs_nobody_in_or_out(pod: Pod) {
        open_registration(&pod).await;
        let new = registration("newbie");
        let fields: Vec<_> = new.as_object().unwrap().iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
        let made = pod.ask(Method::POST, "/api/v1/auth/registration/").form(&fields).send().await;
        assert_eq!((made.status.as_u16(), made.header("set-cookie")), (204, None));
        let out = pod.ask(Method::POST, "/api/v1/users/logout").send().await;
        assert_eq!((out.status.as_u16(), out.header("set-cookie")), (200, None));
    }

    async fn a_reset_closes_every_way_that_somebody_left_open(pod: Pod) {
        let user = pod.person("dora").await;
        let mut dora = Visitor::of(&pod, "dora").await;
        let new = json!({"name": "left", "scopes": "read write"});
        let token = dora.script(pod.post("/api/v1/oauth/apps", &new)).await.json()["token"].as_str().unwrap().to_owned();
        sql("update oauth_access_tokens set user_id = ? where id = 1").bind(user).run(pod.app.db()).await.unwrap();
        let me = async |token: &str| pod.get("/api/v1/users/me").by(token).send().await.status.as_u16();
        assert_eq!((me(&token).await, me("alice").await), (200, 200));
        pod.graphql("mutation { requestPasswordReset(email: \"dora@people.test\") }").send().await;
        let mail = pod.mails("dora@people.test", 1).await.remove(0);
        let reset = json!({"uid": key(&mail, "uid"), "token": key(&mail, "token"), "new_password1": "another horse", "new_password2": "another horse"});
        assert_eq!(pod.post("/api/v1/auth/password/reset/confirm/", &reset).send().await.status, 200);
        assert_eq!((me(&token).await, me("alice").await), (401, 401));
        // Mails do not follow each other so fast that none of their links works.
        pod.graphql("mutation { requestPasswordReset(email: \"dora@people.test\") }").send().await;
        pod.mails("dora@people.test", 2).await;
        pod.graphql("mutation { requestPasswordReset(email: \"dora@people.test\") }").send().await;
        pod.wait(61);
        pod.graphql("mutation { requestPasswordReset(email: \"dora@people.test\") }").send().await;
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

    async fn many_wrong_passwords_at_once_are_limited_exactly(pod: Pod) with ["--throttling-rates", "login=5/h"] => {
        let answers = futures_util::future::join_all((0..40).map(|_| pod.get("/api/v1/users/me").basic("alice", "wrong").send())).await;
        let looked = answers.iter().filter(|answer| answer.status == 401).count();
        assert_eq!(looked, 5);
        assert!(answers.iter().all(|answer| matches!(answer.status.as_u16(), 401 | 429)));
    }

    async fn a_right_password_spends_nothing_of_the_budget_for_wrong_ones(pod: Pod) with ["--throttling-rates", "login=2/h"] => {
        pod.person("dora").await;
        for _ in 0..6 {
            pod.wait(2);
            assert_eq!(pod.get("/api/v1/users/me").basic("dora", PASSWORD).send().await.status, 200);
        }
    }

    async fn what_shows_secrets_is_kept_by_nobody(pod: Pod) {
        let me = pod.get("/api/v1/users/me").by("alice").send().await;
        assert_eq!(me.header("cache-control"), Some("private, no-store"));
        let app = pod.post("/api/v1/oauth/apps", &json!({"name": "x"})).send().await;
        assert_eq!(app.header("cache-control"), Some("private, no-store"));
    }
}

#[tokio::test]
async fn the_first_start_makes_an_administrator_by_a_link() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let Some(pod) = Pod::with(backend, Data::Nothing, &[]).await else {
            continue;
        };
        let old = setup::link(&pod.app).await.unwrap().unwrap();
        let link = setup::link(&pod.app).await.unwrap().unwrap();
        let mut first = Visitor::new(&pod);
        assert_eq!(first.get(&old).await.status, 403);
        assert!(first.get(&link).await.text.contains("Set up"));
        let key = link.split_once('=').unwrap().1;
        let fields = [
            ("key", key),
            ("username", "root-of-all"),
            ("email", "root@new.test"),
            ("password1", PASSWORD),
            ("password2", PASSWORD),
            ("open", "true"),
        ];
        let done = first.submit("/setup", &fields).await;
        assert_eq!(done.status, 303, "{}", done.text);
        let me = first.get("/api/v1/users/me").await.json();
        assert_eq!(
            (&me["is_superuser"], &me["permissions"]["settings"]),
            (&json!(true), &json!(true))
        );
        assert_eq!(pod.get("/api/v1/artists").send().await.status, 200);
        assert_eq!(Visitor::new(&pod).get(&link).await.status, 403);
        assert_eq!(setup::link(&pod.app).await.unwrap(), None);
    }
}
