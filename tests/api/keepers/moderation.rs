//! Reports, notes, policies and accounts.
use baleen::store::sql;
use poem::http::Method;
use serde_json::{Value, json};

use super::{KEEPER, appoint, last_deed, query, read};
use crate::support::{PASSWORD, Pod, on_both};

const REPORT: &str = "/api/v1/moderation/reports";
const REPORTS: &str = "/api/v1/manage/moderation/reports";
const NOTES: &str = "/api/v1/manage/moderation/notes";
const POLICIES: &str = "/api/v1/manage/moderation/instance-policies";

on_both! {
    async fn everything_can_be_reported_and_moderators_hear_of_it(pod: Pod) {
        appoint(&pod).await;
        let library = read(&pod, "/api/v1/libraries?scope=me").await["results"][0]["uuid"].clone();
        let list = pod.post("/api/v1/playlists", &json!({"name": "Hers", "privacy_level": "everyone"})).by("alice").send().await.json();
        for target in [
            json!({"type": "artist", "id": 1}), json!({"type": "album", "id": 1}), json!({"type": "track", "id": 1}),
            json!({"type": "channel", "uuid": "e95aebaf-5cfa-5bf0-bed2-115fb6a5da8b"}), json!({"type": "library", "uuid": library}),
            json!({"type": "playlist", "id": list["id"]}), json!({"type": "account", "full_username": "bob@pod.test"}),
        ] {
            let made = pod.post(REPORT, &json!({"type": "other", "summary": "Look", "target": target})).by("alice").send().await;
            assert_eq!(made.status, 201, "{target}: {}", made.text);
            let made = made.json();
            assert_eq!((&made["target"], &made["is_handled"]), (&target, &json!(false)));
            let seen = read(&pod, &format!("{REPORTS}/{}", made["uuid"].as_str().unwrap())).await;
            assert_eq!((&seen["target"], &seen["submitter"]["preferred_username"]), (&target, &json!("alice")));
            assert_eq!(seen["target_state"]["_target"]["type"], target["type"], "{seen}");
        }
        let mails = pod.mails("alice@pod.test", 7).await;
        assert!(mails.iter().any(|mail| mail.contains("is about the account")), "{mails:?}");
        let found = read(&pod, &format!("{REPORTS}?q=resolved:no%20category:other%20target:account")).await;
        assert_eq!(found["count"], 1);
        assert_eq!(found["results"][0]["target_owner"]["preferred_username"], "bob");
        let twin = query(&pod, "{ reports(filter: {q: \"target:album\"}) { nodes { type target { ... on Album { title } } submitter { preferredUsername } } } }").await;
        assert!(twin["reports"]["nodes"][0]["target"]["title"].is_string(), "{twin}");
        // What is gone, is told as gone.
        sql("delete from playlists where id = ?").bind(list["id"].as_i64().unwrap()).run(pod.app.db()).await.unwrap();
        let gone = read(&pod, &format!("{REPORTS}?q=target:playlist")).await;
        assert_eq!((&gone["results"][0]["target"], &gone["results"][0]["target_state"]["name"]), (&Value::Null, &json!("Hers")));
    }

    async fn strangers_report_what_the_pod_lets_them_with_their_address(pod: Pod) {
        pod.prefer("common", "api_authentication_required", "False").await;
        let about = json!({"type": "artist", "id": 1});
        for (report, told) in [
            (json!({"type": "other", "target": about}), json!({"non_field_errors": ["You need an account to submit this report"]})),
            (json!({"type": "illegal_content", "target": about}), json!({"submitter_email": ["This field is required."]})),
            (json!({"type": "illegal_content", "target": about, "submitter_email": "x"}), json!({"submitter_email": ["Enter a valid email address."]})),
            (json!({"type": "illegal_content", "target": {"type": "zzz", "id": 1}}), json!({"target": ["Invalid type"]})),
            (json!({"type": "zzz", "target": about}), json!({"type": ["\"zzz\" is not a valid choice."]})),
        ] {
            let refused = pod.post(REPORT, &report).send().await;
            assert_eq!((refused.status.as_u16(), refused.json()), (400, told));
        }
        for missing in [json!({"type": "artist", "id": 99_999}), json!({"type": "account", "full_username": "nobody@pod.test"})] {
            let refused = pod.post(REPORT, &json!({"type": "other", "target": missing})).by("alice").send().await;
            assert_eq!((refused.status.as_u16(), refused.json()), (400, json!({"target": ["This object does not exist."]})));
        }
        // A library that only its owner sees, is not there for others.
        let hidden = pod.post("/api/v1/libraries", &json!({"name": "Hidden", "privacy_level": "me"})).by("alice").send().await.json();
        pod.person("dora").await;
        let refused = pod.post(REPORT, &json!({"type": "other", "target": {"type": "library", "uuid": hidden["uuid"]}})).basic("dora", PASSWORD).send().await;
        assert_eq!(refused.status, 400);
        let artist = pod.graphql("{ artist(databaseId: 1) { id } }").send().await.json()["data"]["artist"]["id"].clone();
        let twin = format!("mutation {{ createReport(input: {{type: TAKEDOWN_REQUEST, target: {artist}, summary: \"Mine\", submitterEmail: \"a@b.example\"}}) {{ reportId }} }}");
        let made = pod.graphql(&twin).send().await.json();
        assert!(made["data"]["createReport"]["reportId"].is_string(), "{made}");
        appoint(&pod).await;
        let seen = read(&pod, REPORTS).await;
        assert_eq!((&seen["count"], &seen["results"][0]["submitter"], &seen["results"][0]["submitter_email"]), (&json!(1), &Value::Null, &json!("a@b.example")));
    }

    async fn a_report_is_assigned_noted_and_handled(pod: Pod) {
        appoint(&pod).await;
        let made = pod.post(REPORT, &json!({"type": "other", "target": {"type": "track", "id": 1}})).by("alice").send().await.json();
        let uuid = made["uuid"].as_str().unwrap();
        let address = format!("{REPORTS}/{uuid}");
        pod.person("mona").await;
        sql("update users set permission_moderation = true where username = 'mona'").run(pod.app.db()).await.unwrap();
        for (who, status) in [(json!("mona"), 200), (json!("bob@pod.test"), 400), (json!("nobody"), 400), (json!([1]), 400), (Value::Null, 200), (json!({"full_username": "mona@pod.test"}), 200)] {
            let answer = pod.tell(Method::PATCH, &address, &json!({"assigned_to": who})).by(KEEPER).send().await;
            assert_eq!(answer.status, status, "{who}: {}", answer.text);
        }
        let note = pod.post(NOTES, &json!({"summary": "Asked the label", "target": {"type": "report", "uuid": uuid}})).by(KEEPER).send().await;
        assert_eq!(note.status, 201, "{}", note.text);
        assert_eq!(note.json()["target"], json!({"type": "report", "uuid": uuid}));
        let handled = pod.tell(Method::PATCH, &address, &json!({"is_handled": true, "type": "illegal_content"})).by(KEEPER).send().await.json();
        assert_eq!((&handled["is_handled"], &handled["type"], &handled["assigned_to"]["preferred_username"]), (&json!(true), &json!("illegal_content"), &json!("mona")));
        assert_eq!((&handled["notes"][0]["summary"], &handled["notes"][0]["author"]["preferred_username"]), (&json!("Asked the label"), &json!("alice")));
        assert!(handled["handled_date"].is_string());
        assert_eq!(last_deed(&pod).await[1], format!("report {}", uuid));
        let twin = format!("{{ report(uuid: \"{uuid}\") {{ id isHandled notes {{ id summary target {{ ... on Report {{ uuid }} }} }} assignedTo {{ preferredUsername }} }} }}");
        let twin = query(&pod, &twin).await["report"].clone();
        assert_eq!((&twin["notes"][0]["target"]["uuid"], &twin["assignedTo"]["preferredUsername"]), (&json!(uuid), &json!("mona")));
        let open = format!("mutation {{ updateReport(input: {{id: {}, isHandled: false, assignedTo: null}}) {{ report {{ isHandled handledDate assignedTo {{ name }} }} }} }}", twin["id"]);
        assert_eq!(query(&pod, &open).await["updateReport"]["report"], json!({"isHandled": false, "handledDate": null, "assignedTo": null}));
        let second = format!("mutation {{ createModerationNote(input: {{summary: \"Again\", target: {}}}) {{ note {{ id uuid }} }} }}", twin["id"]);
        let second = query(&pod, &second).await["createModerationNote"]["note"].clone();
        assert_eq!(read(&pod, &format!("{NOTES}?q=author:alice%20again")).await["count"], 1);
        let gone = format!("mutation {{ deleteModerationNote(input: {{id: {}}}) {{ deletedId }} }}", second["id"]);
        assert_eq!(query(&pod, &gone).await["deleteModerationNote"]["deletedId"], second["id"]);
        let first = note.json()["uuid"].as_str().unwrap().to_owned();
        assert_eq!(pod.ask(Method::DELETE, &format!("{NOTES}/{first}")).by(KEEPER).send().await.status, 204);
        assert_eq!(read(&pod, NOTES).await["count"], 0);
        let nowhere = pod.post(NOTES, &json!({"summary": "x", "target": {"type": "account", "full_username": "nobody@pod.test"}})).by(KEEPER).send().await;
        assert_eq!((nowhere.status.as_u16(), nowhere.json()), (400, json!({"target": ["This object does not exist."]})));
    }

    async fn policies_are_made_about_what_the_pod_knows_once(pod: Pod) {
        appoint(&pod).await;
        let known: Vec<(String,)> = sql("select name from domains where name <> 'pod.test' order by name").all(pod.app.db()).await.unwrap();
        let domain = known.first().map_or_else(|| "else.test".to_owned(), |(name,)| name.clone());
        if known.is_empty() {
            sql("insert into domains (name, creation_date) values ('else.test', ?)").bind(pod.app.clock().now()).run(pod.app.db()).await.unwrap();
        }
        let new = json!({"target": {"type": "domain", "id": domain}, "block_all": true, "summary": "Spam"});
        let made = pod.post(POLICIES, &new).by(KEEPER).send().await;
        assert_eq!(made.status, 201, "{}", made.text);
        let made = made.json();
        assert_eq!((&made["target"]["id"], &made["actor"], &made["is_active"]), (&json!(domain), &json!("alice@pod.test"), &json!(true)));
        for (target, told) in [
            (json!({"type": "domain", "id": domain}), "There is a policy about this already."),
            (json!({"type": "domain", "id": "unknown.test"}), "The pod knows no such domain or account."),
            (json!({"type": "domain", "id": "pod.test"}), "A pod has no policy about itself."),
            (json!({"type": "actor", "id": "nobody@pod.test"}), "The pod knows no such domain or account."),
        ] {
            let refused = pod.post(POLICIES, &json!({"target": target})).by(KEEPER).send().await;
            assert_eq!((refused.status.as_u16(), refused.json()), (400, json!({"target": [told]})));
        }
        let changed = pod.tell(Method::PATCH, &format!("{POLICIES}/{}", made["id"]), &json!({"block_all": false, "reject_media": true})).by(KEEPER).send().await.json();
        assert_eq!((&changed["block_all"], &changed["reject_media"], &changed["summary"]), (&json!(false), &json!(true), &json!("Spam")));
        let twin = query(&pod, "mutation { createInstancePolicy(input: {actor: \"bob@pod.test\", silenceActivity: true}) { policy { id targetActor { fullUsername } actor { fullUsername } } } }").await;
        let second = &twin["createInstancePolicy"]["policy"];
        assert_eq!(second["targetActor"]["fullUsername"], "bob@pod.test");
        let account = read(&pod, "/api/v1/manage/accounts/bob@pod.test").await;
        assert!(account["instance_policy"].is_i64() && account["user"]["username"] == "bob", "{account}");
        assert_eq!(read(&pod, &format!("{POLICIES}?target_account_username=bob")).await["count"], 1);
        let gone = format!("mutation {{ deleteInstancePolicy(input: {{id: {}}}) {{ deletedId }} }}", second["id"]);
        query(&pod, &gone).await;
        assert_eq!(pod.ask(Method::DELETE, &format!("{POLICIES}/{}", made["id"])).by(KEEPER).send().await.status, 204);
        assert_eq!(read(&pod, POLICIES).await["count"], 0);
    }

    async fn accounts_are_found_and_what_they_published_is_purged(pod: Pod) {
        appoint(&pod).await;
        let found = read(&pod, "/api/v1/manage/accounts?local=true&q=username:bob").await;
        let bob = &found["results"][0];
        assert_eq!((&found["count"], &bob["user"]["email"]), (&json!(1), &json!("bob@pod.test")), "{found}");
        let before = read(&pod, "/api/v1/manage/accounts/bob@pod.test/stats").await;
        assert!(before["libraries"].as_i64().unwrap() > 0 && before["uploads"].as_i64().unwrap() > 0, "{before}");
        let twin = query(&pod, "{ managedActor(fullUsername: \"bob@pod.test\") { id } accountStats(fullUsername: \"bob@pod.test\") { libraries uploads mediaTotalSize } }").await;
        assert_eq!(twin["accountStats"]["uploads"], before["uploads"]);
        let purged = format!("mutation {{ purgeAccounts(input: {{ids: [{}]}}) {{ count isDone }} }}", bob["id"]);
        assert_eq!(query(&pod, &purged).await["purgeAccounts"], json!({"count": 1, "isDone": true}));
        let after = read(&pod, "/api/v1/manage/accounts/bob@pod.test/stats").await;
        assert_eq!((&after["libraries"], &after["uploads"]), (&json!(0), &json!(0)));
        assert_eq!(last_deed(&pod).await[0], "accounts.act");
        let wrong = pod.post("/api/v1/manage/accounts/action", &json!({"action": "delete", "objects": [1]})).by(KEEPER).send().await;
        assert_eq!(wrong.status, 400);
    }
}
