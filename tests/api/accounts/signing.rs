//! Signing up and in.
use baleen::{accounts::setup, store::sql};
use poem::http::Method;
use serde_json::{Value, json};

use super::{count, key, open_registration, registration};
use crate::support::{Backend, Data, PASSWORD, Pod, Visitor, on_both};

on_both! {
    async fn somebody_signs_up_in_a_browser_and_out_and_in_again(pod: Pod) {
        open_registration(&pod).await;
        let mut ada = Visitor::new(&pod);
        assert!(ada.get("/signup").await.text.contains("Create an account"));
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
            password1: \"averylongpw-77\", password2: \"averylongpw-77\"}) { outcome } }";
        let twin = pod.graphql(query).send().await;
        assert_eq!(twin.json()["data"], json!({"signUp": {"outcome": "READY"}}), "{}", twin.text);
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
            (with("username", "Login"), "username", "This username is reserved. Please choose another one."),
            (with("username", "a b"), "username", "Enter 1 to 30 of the characters a to z, A to Z, 0 to 9, `_`, `.` and `-`."),
            (with("email", "ALICE@pod.test"), "email", "A user is already registered with this e-mail address."),
            (with("email", "nobody"), "email", "Enter a valid email address."),
            // It would take the address of somebody else, whose mailbox is spelled so usually.
            (with("email", "\u{ff53}ame@x.test"), "email", "Enter a valid email address."),
            (with("email", "sa\u{ad}me@x.test"), "email", "Enter a valid email address."),
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
            let query = json!({"query": "mutation($input: SignUpInput!) { signUp(input: $input) { outcome } }", "variables": {"input": input}});
            let twin = pod.post("/graphql", &query).send().await.json();
            let field = if field == "non_field_errors" { "nonFieldErrors" } else { field };
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
        // Many at once are sent one mail.
        futures_util::future::join_all((0..10).map(|_| pod.get("/api/v1/users/me").by("alice").send())).await;
        let mails = pod.mails("alice@pod.test", 2).await;
        assert_eq!(mails.len(), 2);
        let key = key(&pod.mails("ida@new.test", 1).await[0], "key");
        let done = pod.post("/api/v1/auth/registration/verify-email/", &json!({"key": key})).send().await;
        assert_eq!(done.status, 200);
        assert_eq!(ida.sign_in("ida", "averylongpw-77").await.status, 303);
    }

    async fn a_form_of_another_site_signs_nobody_in_or_out(pod: Pod) {
        open_registration(&pod).await;
        let new = registration("newbie");
        let fields: Vec<_> = new.as_object().unwrap().iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())).collect();
        let made = pod.ask(Method::POST, "/api/v1/auth/registration/").form(&fields).send().await;
        assert_eq!((made.status.as_u16(), made.header("set-cookie")), (204, None));
        let out = pod.ask(Method::POST, "/api/v1/users/logout").send().await;
        assert_eq!((out.status.as_u16(), out.header("set-cookie")), (200, None));
        // However it names its content, and whichever of its kinds it sends.
        for (number, kind) in ["Application/X-WWW-Form-Urlencoded", "application/json", ""].into_iter().enumerate() {
            let new = registration(&format!("newbie{number}"));
            let body = match number {
                0 => url::form_urlencoded::Serializer::new(String::new())
                    .extend_pairs(new.as_object().unwrap().iter().map(|(name, value)| (name, value.as_str().unwrap()))).finish(),
                _ => new.to_string(),
            };
            let ask = pod.ask(Method::POST, "/api/v1/auth/registration/").header("origin", "https://evil.test");
            let ask = if kind.is_empty() { ask } else { ask.header("content-type", kind) };
            let made = ask.body(body.as_str()).send().await;
            assert_eq!((made.status.as_u16(), made.header("set-cookie")), (204, None), "{kind}: {}", made.text);
        }
        pod.person("dora").await;
        let mut dora = Visitor::of(&pod, "dora").await;
        let out = pod.ask(Method::POST, "/api/v1/users/logout").header("origin", "https://evil.test");
        assert_eq!(dora.send(out).await.status, 403);
        assert_eq!(dora.get("/api/v1/users/me").await.status, 200);
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

    async fn many_wrong_passwords_at_once_are_limited_exactly(pod: Pod) with ["--throttling-rates", "login=5/h"] => {
        let answers = futures_util::future::join_all((0..40).map(|n| pod.get("/api/v1/users/me").basic("alice", &format!("wrong {n}")).send())).await;
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

    async fn guesses_from_many_addresses_are_bounded_and_lock_nobody_out(pod: Pod) with ["--throttling-rates", "login=3/h"] => {
        pod.person("dora").await;
        let home = "198.51.100.7";
        let basic = |from: &str, name: &str, password: &str| pod.get("/api/v1/users/me").basic(name, password).from(from);
        // Dora has a session from home.
        let form = [("username", "dora"), ("password", PASSWORD)];
        let mut browser = Visitor::new(&pod);
        browser.get("/login").await;
        let token = browser.cookies["csrftoken"].clone();
        let form = [&form[..], &[("csrfmiddlewaretoken", token.as_str())]].concat();
        let signed = browser.send(pod.ask(Method::POST, "/login").form(&form).from(home)).await;
        assert_eq!(signed.status, 303, "{}", signed.text);
        for name in ["dora", "nobody"] {
            // The address of an account is no second name to guess at.
            let spelled = |other: bool| match (name, other) {
                ("dora", true) => "dora@people.test",
                _ => name,
            };
            let mut judged = 0;
            for last in 1..=40 {
                for _ in 0..2 {
                    let answer = basic(&format!("203.0.113.{last}"), spelled(last % 2 == 0), "a guess").send().await;
                    judged += i32::from(answer.status == 401);
                    assert!(matches!(answer.status.as_u16(), 401 | 429), "{}", answer.text);
                }
            }
            assert_eq!(judged, 4 * 3, "{name}");
            let late = basic("203.0.113.99", name, "a guess").send().await;
            assert!(late.status == 429 && late.header("retry-after").is_some(), "{}", late.text);
        }
        assert_eq!(basic("203.0.113.98", "dora", PASSWORD).send().await.status, 429);
        assert_eq!(basic(home, "dora", PASSWORD).send().await.status, 200);
        assert_eq!(basic("203.0.113.98", "alice", "a guess").send().await.status, 401);

        // On a journey, Dora's browser is known; others are not.
        browser.submit("/logout", &[]).await;
        let abroad = |form: &[(&str, &str)], last: u8| pod.ask(Method::POST, "/login").form(form).from(&format!("203.0.113.{last}"));
        let token = browser.cookies["csrftoken"].clone();
        let signed = browser.send(abroad(&[&form[..2], &[("csrfmiddlewaretoken", &*token)]].concat(), 97)).await;
        assert_eq!(signed.status, 303, "{}", signed.text);
        let mut stranger = Visitor::new(&pod);
        stranger.get("/login").await;
        let token = stranger.cookies["csrftoken"].clone();
        let typed = [("username", "dora"), ("password", PASSWORD), ("csrfmiddlewaretoken", token.as_str())];
        assert_eq!(stranger.send(abroad(&typed, 96)).await.status, 429);
        let mark = browser.cookies["known_browser"].clone();
        let (claim, signature) = mark.rsplit_once('.').unwrap();
        for forged in [format!("1{claim}.{signature}"), format!("{claim}x.{signature}"), claim.to_owned(), String::new()] {
            stranger.cookies.insert("known_browser".to_owned(), forged.clone());
            assert_eq!(stranger.send(abroad(&typed, 96)).await.status, 429, "{forged}");
        }
        // A stolen mark buys no more than the guesses of one browser.
        stranger.cookies.insert("known_browser".to_owned(), mark);
        let wrong = [("username", "dora"), ("password", "a guess"), ("csrfmiddlewaretoken", token.as_str())];
        for (last, status) in [(1, 400), (2, 400), (3, 400), (4, 429)] {
            let guess = pod.ask(Method::POST, "/login").form(&wrong).from(&format!("192.0.2.{last}"));
            assert_eq!(stranger.send(guess).await.status.as_u16(), status, "{last}");
        }
        // A link from the mail opens the way for any browser.
        pod.post("/api/v1/auth/password/reset/", &json!({"email": "dora@people.test"})).send().await;
        let mail = pod.mails("dora@people.test", 1).await.remove(0);
        let (uid, key) = (key(&mail, "uid"), key(&mail, "token"));
        let renewed = "another horse";
        let mut other = Visitor::new(&pod);
        other.get("/login").await;
        let fields = [("uid", uid.as_str()), ("token", &key), ("new_password1", renewed), ("new_password2", renewed)];
        assert_eq!(other.submit("/password/new", &fields).await.location(), "/login?done=password");
        let typed = |of: &Visitor, password: &str| {
            let form = [("username", "dora"), ("password", password), ("csrfmiddlewaretoken", &*of.cookies["csrftoken"])];
            abroad(&form, 95)
        };
        assert_eq!(browser.send(typed(&browser, renewed)).await.status, 429);
        assert_eq!(other.send(typed(&other, renewed)).await.status, 303);
        pod.wait(3_601);
        assert_eq!(basic("203.0.113.98", "dora", renewed).send().await.status, 200);
    }

    async fn everybody_waits_for_the_dearest_hash(pod: Pod) {
        assert!(pod.app.foreign_hash().await.unwrap().as_deref().unwrap().starts_with("pbkdf2_sha256$1$"));
        for (user, iterations) in [(1, 9_000), (2, 720_000), (3, 260_000)] {
            let hash = format!("pbkdf2_sha256${iterations}$salt$Zm9v");
            sql("update users set password = ? where id = ?").bind(hash).bind(user).run(pod.app.db()).await.unwrap();
        }
        pod.wait(61);
        let dearest = pod.app.foreign_hash().await.unwrap();
        assert!(dearest.as_deref().unwrap().starts_with("pbkdf2_sha256$720000$"), "{dearest:?}");
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
