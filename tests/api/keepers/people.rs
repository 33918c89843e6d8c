//! Accounts, invitations and requests for accounts.
use baleen::store::sql;
use poem::http::Method;
use serde_json::{Value, json};

use super::{KEEPER, appoint, last_deed, query, read};
use crate::support::{PASSWORD, Pod, on_both};

const USERS: &str = "/api/v1/manage/users/users";
const INVITATIONS: &str = "/api/v1/manage/users/invitations";
const REQUESTS: &str = "/api/v1/manage/moderation/requests";

async fn change(pod: &Pod, user: i64, changes: Value) -> (u16, Value) {
    let address = format!("{USERS}/{user}");
    let asked = pod.tell(Method::PATCH, &address, &changes).by(KEEPER);
    let answer = asked.send().await;
    (answer.status.as_u16(), answer.json())
}

on_both! {
    async fn an_account_gets_a_quota_and_permissions_and_is_closed(pod: Pod) {
        appoint(&pod).await;
        let dora = pod.person("dora").await;
        let found = read(&pod, &format!("{USERS}?q=DORA%20people.test")).await;
        assert_eq!((&found["count"], &found["results"][0]["full_username"]), (&json!(1), &json!("dora@pod.test")));
        let (status, changed) = change(&pod, dora, json!({"upload_quota": 777, "name": "Dora", "permissions": {"library": true}})).await;
        assert_eq!((status, &changed["upload_quota"], &changed["name"]), (200, &json!(777), &json!("Dora")), "{changed}");
        assert_eq!(changed["permissions"], json!({"library": true, "moderation": false, "settings": false}));
        assert_eq!(last_deed(&pod).await, json!(["user_accounts.update", "user dora", {"upload_quota": 777, "name": "Dora", "permissions": {"library": true}}]));
        let listed = read(&pod, &format!("{USERS}?permission_library=true&ordering=username")).await;
        let names: Vec<_> = listed["results"].as_array().unwrap().iter().map(|user| user["username"].clone()).collect();
        assert_eq!(names, ["alice", "dora"]);
        // She has what she was given, and what is null is the pod's.
        let me = pod.get("/api/v1/users/me").basic("dora", PASSWORD).send().await.json();
        assert_eq!((&me["permissions"]["library"], &me["quota_status"]["max"]), (&json!(true), &json!(777)));
        assert_eq!(change(&pod, dora, json!({"upload_quota": null})).await.1["upload_quota"], Value::Null);
        let twin = format!("mutation {{ updateUserAccount(input: {{id: {dora}, isActive: false}}) {{ account {{ id username isActive email permissions {{ library }} actor {{ fullUsername }} user {{ username }} }} }} }}");
        let twin = query(&pod, &twin).await;
        let account = &twin["updateUserAccount"]["account"];
        assert_eq!((&account["isActive"], &account["email"], &account["user"]), (&json!(false), &json!("dora@people.test"), &Value::Null));
        assert_eq!(pod.get("/api/v1/users/me").basic("dora", PASSWORD).send().await.status, 401);
        let node = format!("{{ node(id: {}) {{ ... on UserAccount {{ username }} }} }}", account["id"]);
        assert_eq!(query(&pod, &node).await["node"]["username"], "dora");
    }

    async fn nobody_rises_above_themselves_nor_locks_themselves_out(pod: Pod) {
        appoint(&pod).await;
        let root = pod.person("root2").await;
        sql("update users set is_superuser = true where id = ?").bind(root).run(pod.app.db()).await.unwrap();
        for changes in [json!({"is_superuser": true}), json!({"is_staff": true})] {
            assert_eq!(change(&pod, 1, changes).await.0, 403);
        }
        assert_eq!(change(&pod, root, json!({"is_active": false})).await.0, 403);
        assert_eq!(change(&pod, 1, json!({"is_active": false})).await, (400, json!({"is_active": ["You cannot take this from your own account."]})));
        assert_eq!(change(&pod, 1, json!({"permissions": {"settings": false}})).await.0, 400);
        assert_eq!(change(&pod, 1, json!({"upload_quota": -1})).await, (400, json!({"upload_quota": ["Must be from 0 to 1000000000."]})));
        assert_eq!(change(&pod, 99_999, json!({"name": "x"})).await.0, 404);
        let up = pod.tell(Method::PATCH, &format!("{USERS}/2"), &json!({"is_superuser": true})).basic("root2", PASSWORD).send().await;
        assert_eq!((up.status.as_u16(), &up.json()["is_superuser"]), (200, &json!(true)), "{}", up.text);
        let down = pod.tell(Method::PATCH, &format!("{USERS}/{root}"), &json!({"is_superuser": false})).basic("root2", PASSWORD).send().await;
        assert_eq!(down.status, 400);
    }

    async fn superusers_who_demote_each_other_at_once_do_not_both(pod: Pod) {
        let down = json!({"is_superuser": false});
        for round in 0..4 {
            let (one, other) = (format!("one{round}"), format!("other{round}"));
            let ids = [pod.person(&one).await, pod.person(&other).await];
            sql("update users set is_superuser = true where id in (?, ?)").bind(ids[0]).bind(ids[1]).run(pod.app.db()).await.unwrap();
            let demote = async |by: &str, whom: i64| {
                let address = format!("{USERS}/{whom}");
                pod.tell(Method::PATCH, &address, &down).basic(by, PASSWORD).send().await.status.as_u16()
            };
            let told = tokio::join!(demote(&one, ids[1]), demote(&other, ids[0]));
            let left = sql("select count(*) from users where is_superuser = true and id in (?, ?)").bind(ids[0]).bind(ids[1]);
            assert_eq!(left.number(pod.app.db()).await.unwrap(), 1, "{told:?}");
            assert!(matches!(told, (200, 403) | (403, 200)), "{told:?}");
        }
    }

    async fn nobody_gives_a_permission_that_they_do_not_hold(pod: Pod) {
        sql("update users set permission_settings = true where username = 'alice'").run(pod.app.db()).await.unwrap();
        let told = json!({"permissions": ["You can only give permissions that you have."]});
        assert_eq!(change(&pod, 1, json!({"permissions": {"library": true}})).await, (400, told));
        assert_eq!(change(&pod, 2, json!({"permissions": {"settings": true, "library": false}})).await.0, 200);
        let everybody = json!({"value": ["moderation"]});
        let refused = pod.tell(Method::PATCH, "/api/v1/instance/admin/settings/users__default_permissions", &everybody).by(KEEPER).send().await;
        assert_eq!(refused.status, 400, "{}", refused.text);
        // What changes nothing is no deed.
        assert_eq!(change(&pod, 2, json!({})).await.0, 200);
        assert_eq!(last_deed(&pod).await[2], json!({"permissions": {"settings": true, "library": false}}));
    }

    async fn an_account_that_was_opened_waits_for_nobody(pod: Pod) {
        appoint(&pod).await;
        pod.prefer("users", "registration_enabled", "True").await;
        pod.prefer("moderation", "signup_approval_enabled", "True").await;
        let new = json!({"username": "ina", "email": "ina@new.test", "password1": "averylongpw-77", "password2": "averylongpw-77"});
        assert!(pod.post("/api/v1/auth/registration/", &new).send().await.status.is_success());
        // Who waits is nobody's to know of.
        let report = json!({"type": "other", "target": {"type": "account", "full_username": "ina@pod.test"}});
        assert_eq!(pod.post("/api/v1/moderation/reports", &report).by("alice").send().await.status, 400);
        let waiting = read(&pod, REQUESTS).await["results"][0].clone();
        let ina = read(&pod, &format!("{USERS}?q=ina")).await["results"][0]["id"].as_i64().unwrap();
        assert_eq!(change(&pod, ina, json!({"is_active": true})).await.0, 200);
        let address = format!("{REQUESTS}/{}", waiting["uuid"].as_str().unwrap());
        assert_eq!(read(&pod, &address).await["status"], "approved");
        let refused = pod.tell(Method::PATCH, &address, &json!({"status": "refused"})).by(KEEPER).send().await;
        assert_eq!(refused.status, 400);
    }

    async fn an_invitation_lets_one_person_in(pod: Pod) {
        appoint(&pod).await;
        let made = pod.post(INVITATIONS, &json!({})).by(KEEPER).send().await;
        assert_eq!(made.status, 201, "{}", made.text);
        let made = made.json();
        assert_eq!((&made["owner"]["username"], &made["invited_user"]), (&json!("alice"), &Value::Null));
        let taken = pod.post(INVITATIONS, &json!({"code": made["code"]})).by(KEEPER).send().await;
        assert_eq!((taken.status.as_u16(), taken.json()), (400, json!({"code": ["There is an invitation with this code already."]})));
        let twin = query(&pod, "mutation { createInvitation(input: {code: \"welcome-1\", expirationDate: \"2030-01-01T00:00:00Z\"}) { invitation { id databaseId code isOpen expirationDate owner { username } } } }").await;
        let second = &twin["createInvitation"]["invitation"];
        assert_eq!((&second["isOpen"], &second["owner"]["username"]), (&json!(true), &json!("alice")));
        let new = json!({"username": "emil", "email": "emil@new.test", "password1": "averylongpw-77", "password2": "averylongpw-77", "invitation": made["code"]});
        let joined = pod.post("/api/v1/auth/registration/", &new).send().await;
        assert_eq!(joined.status, 204, "{}", joined.text);
        let used = read(&pod, &format!("{INVITATIONS}/{}", made["id"])).await;
        assert_eq!((&used["invited_user"]["username"], &used["users"][0]["username"]), (&json!("emil"), &json!("emil")));
        let open = read(&pod, &format!("{INVITATIONS}?is_open=true")).await;
        assert_eq!((&open["count"], &open["results"][0]["code"]), (&json!(1), &json!("welcome-1")));
        // One that was used stays.
        let kept = pod.tell(Method::PATCH, &format!("{INVITATIONS}/{}", made["id"]), &json!({"code": "another-1"})).by(KEEPER).send().await;
        assert_eq!(kept.status, 400);
        let renamed = format!("mutation {{ updateInvitation(input: {{id: {}, code: \"welcome-2\"}}) {{ invitation {{ code expirationDate }} }} }}", second["id"]);
        assert_eq!(query(&pod, &renamed).await["updateInvitation"]["invitation"]["code"], "welcome-2");
        let all = pod.post(&format!("{INVITATIONS}/action"), &json!({"action": "delete", "objects": "all"})).by(KEEPER).send().await;
        assert_eq!((all.status.as_u16(), &all.json()["updated"]), (200, &json!(1)), "{}", all.text);
        assert_eq!(read(&pod, INVITATIONS).await["count"], 1);
        let none = pod.post(&format!("{INVITATIONS}/action"), &json!({"action": "delete", "objects": [made["id"]]})).by(KEEPER).send().await;
        assert_eq!(none.status, 400);
        let late = "mutation { createInvitation(input: {expirationDate: \"2020-01-01T00:00:00Z\"}) { invitation { code } } }";
        let late = pod.graphql(late).by(KEEPER).send().await.json();
        assert_eq!(late["errors"][0]["extensions"]["fields"]["expirationDate"], json!(["This date has passed already."]), "{late}");
    }

    async fn somebody_waits_for_approval_and_both_sides_are_told(pod: Pod) {
        appoint(&pod).await;
        pod.prefer("users", "registration_enabled", "True").await;
        pod.prefer("moderation", "signup_approval_enabled", "True").await;
        for name in ["fay", "gus"] {
            let email = format!("{name}@new.test");
            let new = json!({"username": name, "email": email, "password1": "averylongpw-77", "password2": "averylongpw-77"});
            assert!(pod.post("/api/v1/auth/registration/", &new).send().await.status.is_success());
        }
        let told = pod.mails("alice@pod.test", 2).await;
        assert!(told.iter().any(|mail| mail.contains("fay has asked for an account")), "{told:?}");
        let waiting = read(&pod, &format!("{REQUESTS}?status=pending&q=submitter:fay")).await;
        assert_eq!((&waiting["count"], &waiting["results"][0]["submitter"]["preferred_username"]), (&json!(1), &json!("fay")));
        let uuid = waiting["results"][0]["uuid"].as_str().unwrap().to_owned();
        let address = format!("{REQUESTS}/{uuid}");
        let decided = pod.tell(Method::PATCH, &address, &json!({"status": "approved"})).by(KEEPER).send().await;
        assert_eq!(decided.status, 200, "{}", decided.text);
        let decided = decided.json();
        assert_eq!((&decided["status"], &decided["assigned_to"]["preferred_username"]), (&json!("approved"), &json!("alice")));
        assert!(decided["handled_date"].is_string());
        assert_eq!(last_deed(&pod).await[0], "user_requests.update");
        let mails = pod.mails("fay@new.test", 2).await;
        assert!(mails.iter().any(|mail| mail.contains("has approved your account")), "{mails:?}");
        assert_eq!(pod.get("/api/v1/users/me").basic("fay", "averylongpw-77").send().await.status, 200);
        let again = pod.tell(Method::PATCH, &address, &json!({"status": "refused"})).by(KEEPER).send().await;
        assert_eq!((again.status.as_u16(), again.json()), (400, json!({"status": ["This request was approved; deactivate the account instead."]})));
        let twin = query(&pod, "{ userRequests(filter: {status: PENDING}) { nodes { id submitter { preferredUsername } } } }").await;
        let request = &twin["userRequests"]["nodes"][0];
        assert_eq!(request["submitter"]["preferredUsername"], "gus");
        let refuse = format!("mutation {{ updateUserRequest(input: {{id: {}, status: REFUSED}}) {{ request {{ status assignedTo {{ preferredUsername }} }} }} }}", request["id"]);
        assert_eq!(query(&pod, &refuse).await["updateUserRequest"]["request"], json!({"status": "REFUSED", "assignedTo": {"preferredUsername": "alice"}}));
        let mails = pod.mails("gus@new.test", 2).await;
        assert!(mails.iter().any(|mail| mail.contains("has refused your request")), "{mails:?}");
        assert_eq!(pod.get("/api/v1/users/me").basic("gus", "averylongpw-77").send().await.status, 401);
        // Where everybody moderates, everybody is told.
        pod.prefer("users", "default_permissions", "moderation").await;
        let new = json!({"username": "hal", "email": "hal@new.test", "password1": "averylongpw-77", "password2": "averylongpw-77"});
        assert!(pod.post("/api/v1/auth/registration/", &new).send().await.status.is_success());
        let told = pod.mails("bob@pod.test", 1).await;
        assert!(told[0].contains("hal has asked for an account"), "{told:?}");
    }
}
