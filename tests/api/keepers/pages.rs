//! The page of moderators and administrators.
use baleen::store::sql;
use poem::http::Method;
use serde_json::json;

use super::{KEEPER, appoint, read};
use crate::support::{PASSWORD, Pod, Visitor, on_both};

on_both! {
    async fn a_keeper_finds_what_waits_on_one_page_and_decides_there(pod: Pod) {
        appoint(&pod).await;
        pod.prefer("users", "registration_enabled", "True").await;
        pod.prefer("moderation", "signup_approval_enabled", "True").await;
        let new = json!({"username": "ina", "email": "ina@new.test", "password1": "averylongpw-77", "password2": "averylongpw-77"});
        assert!(pod.post("/api/v1/auth/registration/", &new).send().await.status.is_success());
        pod.post("/api/v1/moderation/reports", &json!({"type": "other", "summary": "<b>Look</b>", "target": {"type": "artist", "id": 1}})).by("alice").send().await;
        let kim = pod.person("kim").await;
        sql("update users set is_superuser = true where id = ?").bind(kim).run(pod.app.db()).await.unwrap();
        let mut keeper = Visitor::of(&pod, "kim").await;
        let page = keeper.get("/manage").await;
        assert_eq!(page.status, 200, "{}", page.text);
        for part in ["ina@pod.test", "&lt;b&gt;Look", "Create an invitation", "bob@pod.test"] {
            assert!(page.text.contains(part), "{part}: {}", page.text);
        }
        let request = page.between("action=\"/manage/requests/", "\"");
        let decided = keeper.submit(&format!("/manage/requests/{request}"), &[("approve", "true")]).await;
        assert_eq!((decided.status.as_u16(), decided.location()), (303, "/manage?done=requests#requests"));
        let status = read(&pod, &format!("/api/v1/manage/moderation/requests/{request}")).await;
        assert_eq!(status["status"], "approved");
        let page = keeper.get("/manage").await;
        let report = page.between("action=\"/manage/reports/", "\"");
        keeper.submit(&format!("/manage/reports/{report}"), &[]).await;
        assert_eq!(read(&pod, &format!("/api/v1/manage/moderation/reports/{report}")).await["is_handled"], true);
        keeper.submit("/manage/invitations", &[]).await;
        assert!(keeper.get("/manage").await.text.contains("signup?invitation="));
        let changed = keeper.submit("/manage/people/2", &[("quota", "12"), ("active", "true"), ("library", "true")]).await;
        assert_eq!(changed.status, 303, "{}", changed.text);
        let bob = read(&pod, "/api/v1/manage/users/users/2").await;
        assert_eq!((&bob["upload_quota"], &bob["permissions"]["library"]), (&json!(12), &json!(true)));
        let wrong = keeper.submit("/manage/people/2", &[("quota", "many"), ("active", "true")]).await;
        assert!(wrong.status == 400 && wrong.text.contains("Enter megabytes as a whole number."), "{}", wrong.text);
        // Others have no such page.
        pod.person("dora").await;
        let mut dora = Visitor::of(&pod, "dora").await;
        assert_eq!(dora.get("/manage").await.status, 403);
        assert!(!dora.get("/").await.text.contains("/manage"));
        assert_eq!(Visitor::new(&pod).get("/manage").await.status, 303);
    }

    async fn the_settings_are_changed_by_section(pod: Pod) {
        let kim = pod.person("kim").await;
        sql("update users set is_superuser = true where id = ?").bind(kim).run(pod.app.db()).await.unwrap();
        appoint(&pod).await;
        let mut keeper = Visitor::of(&pod, "kim").await;
        let page = keeper.get("/manage/settings").await;
        assert_eq!(page.status, 200, "{}", page.text);
        for part in ["Opt out of public listings", "value=\"1000\"", "<option value=\"DE\">"] {
            assert!(page.text.contains(part), "{part}: {}", page.text);
        }
        // As a browser sends the form: without the boxes that are not checked, and with what was shown.
        let users = [
            ("shown.users__upload_quota", "1000"), ("users__upload_quota", "25"), ("shown.users__default_permissions", "[]"),
            ("users__default_permissions", "library"), ("users__default_permissions", "settings"), ("shown.users__registration_enabled", "false"),
        ];
        let saved = keeper.submit("/manage/settings/users", &users).await;
        assert_eq!((saved.status.as_u16(), saved.location()), (303, "/manage/settings?done=users#users"));
        let deed = json!({"users__upload_quota": 25, "users__default_permissions": ["library", "settings"]});
        let log = read(&pod, "/api/v1/manage/audit?page_size=1").await;
        assert_eq!((&log["results"][0]["username"], &log["results"][0]["details"]), (&json!("kim"), &deed));
        let text = [("shown.instance__name", "\"Test pod\""), ("instance__name", " Ours "), ("shown.instance__rules", "\"\""), ("instance__rules", "One\r\nTwo"), ("shown.instance__nodeinfo_stats_enabled", "true")];
        keeper.submit("/manage/settings/instance", &text).await;
        let setting = async |name: &str| read(&pod, &format!("/api/v1/instance/admin/settings/{name}")).await["value"].clone();
        assert_eq!((setting("instance__rules").await, setting("instance__name").await), (json!("One\nTwo"), json!("Ours")));
        assert_eq!(setting("instance__nodeinfo_stats_enabled").await, false);
        // What was not shown, or not touched, stays as it is; also what no browser could send back.
        pod.prefer("instance", "rules", "One\r\nTwo\rThree").await;
        pod.prefer("instance", "location", "XK").await;
        pod.prefer("moderation", "languages", "xx,de,de").await;
        let page = keeper.get("/manage/settings").await.text;
        for part in ["<option value=\"XK\" selected>XK</option>", "value=\"xx\" checked> xx"] {
            assert!(page.contains(part), "{part}: {page}");
        }
        let untouched = [("shown.instance__rules", "\"One\\r\\nTwo\\rThree\""), ("instance__rules", "One\r\nTwo\r\nThree"), ("shown.instance__location", "\"XK\""), ("instance__location", "XK")];
        keeper.submit("/manage/settings/instance", &untouched).await;
        let untouched = [("shown.moderation__languages", "[\"xx\",\"de\",\"de\"]"), ("moderation__languages", "de"), ("moderation__languages", "xx")];
        keeper.submit("/manage/settings/moderation", &untouched).await;
        assert_eq!((setting("instance__rules").await, setting("moderation__languages").await), (json!("One\r\nTwo\rThree"), json!(["xx", "de", "de"])));
        assert_eq!(setting("subsonic__enabled").await, true);
        keeper.submit("/manage/settings/subsonic", &[]).await;
        assert_eq!(setting("subsonic__enabled").await, true, "it was not shown");
        // What others have changed meanwhile is not taken back.
        pod.prefer("users", "upload_quota", "50").await;
        let late = keeper.submit("/manage/settings/users", &[("shown.users__upload_quota", "25"), ("users__upload_quota", "30")]).await;
        assert!(late.status == 400 && late.text.contains("Somebody else has changed this meanwhile"), "{}", late.text);
        assert!(late.text.contains("name=\"shown.users__upload_quota\" value=\"50\""), "{}", late.text);
        keeper.submit("/manage/settings/users", &[("shown.users__upload_quota", "25"), ("users__upload_quota", "25")]).await;
        assert_eq!(setting("users__upload_quota").await, 50);
        // Nor by two at once.
        let kai = pod.person("kai").await;
        sql("update users set is_superuser = true where id = ?").bind(kai).run(pod.app.db()).await.unwrap();
        let mut other = Visitor::of(&pod, "kai").await;
        let form = |quota| [("shown.users__upload_quota", "50"), ("users__upload_quota", quota)];
        let (forty, sixty) = (form("40"), form("60"));
        let both = tokio::join!(keeper.submit("/manage/settings/users", &forty), other.submit("/manage/settings/users", &sixty));
        let mut statuses = [both.0.status.as_u16(), both.1.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 400], "{} {}", both.0.text, both.1.text);
        pod.prefer("users", "upload_quota", "50").await;
        // What is wrong is told beside what was entered, and nothing is changed.
        let wrong = [("shown.users__upload_quota", "50"), ("users__upload_quota", "<many>"), ("shown.users__registration_enabled", "false"), ("users__registration_enabled", "true")];
        let refused = keeper.submit("/manage/settings/users", &wrong).await;
        assert_eq!(refused.status, 400);
        for part in ["Upload quota (MB) – Must be a whole number", "value=\"&lt;many&gt;\"", "id=\"users__registration_enabled\" name=\"users__registration_enabled\" value=\"true\" aria-describedby=\"users__registration_enabled-hint\" checked"] {
            assert!(refused.text.contains(part), "{part}: {}", refused.text);
        }
        assert_eq!(setting("users__registration_enabled").await, false);
        let form = "moderation__signup_form_customization";
        let object = keeper.submit("/manage/settings/moderation", &[("shown.moderation__signup_form_customization", "{}"), (form, "[1,")]).await;
        assert!(object.status == 400 && object.text.contains("[1,"), "{}", object.text);
        pod.prefer("moderation", "signup_form_customization", "{\"b\": 2}").await;
        let late = keeper.submit("/manage/settings/moderation", &[("shown.moderation__signup_form_customization", "{\"a\":1}"), (form, "")]).await;
        assert!(late.status == 400 && late.text.contains("Somebody else"), "{}", late.text);
        keeper.submit("/manage/settings/moderation", &[("shown.moderation__signup_form_customization", "{\"b\":2}"), (form, "")]).await;
        assert_eq!(setting(form).await, json!({}));
        assert_eq!(keeper.submit("/manage/settings/nothing", &[]).await.status, 404);
        assert!(!keeper.get("/manage/settings?done=nothing").await.text.contains("saved"));
        // Moderators have no settings.
        let mia = pod.person("mia").await;
        sql("update users set permission_moderation = true where id = ?").bind(mia).run(pod.app.db()).await.unwrap();
        pod.prefer("users", "default_permissions", "").await;
        let mut mia = Visitor::of(&pod, "mia").await;
        assert_eq!(mia.get("/manage/settings").await.status, 403);
        assert_eq!(mia.submit("/manage/settings/users", &users).await.status, 403);
        assert!(!mia.get("/manage").await.text.contains("/manage/settings"));
    }

    async fn the_server_tells_how_it_does(pod: Pod) {
        let kim = pod.person("kim").await;
        sql("update users set permission_library = true where id = ?").bind(kim).run(pod.app.db()).await.unwrap();
        let mut keeper = Visitor::of(&pod, "kim").await;
        assert!(keeper.get("/").await.text.contains("href=\"/manage/server\""));
        let page = keeper.get("/manage/server").await;
        assert_eq!(page.status, 200, "{}", page.text);
        assert!(page.text.contains("you have none yet") && !page.text.contains("Disk of the data"), "{}", page.text);
        assert_eq!(keeper.get("/manage/settings").await.status, 403);
        let library = pod.post("/api/v1/libraries", &json!({"name": "Kim's", "privacy_level": "me"})).basic("kim", PASSWORD).send().await.json();
        let library = library["uuid"].as_str().unwrap();
        let lost = keeper.submit("/manage/server/imports", &[("path", "../elsewhere"), ("library", library)]).await;
        assert!(lost.status == 400 && lost.text.contains("There is no such folder in the music directory."), "{}", lost.text);
        std::fs::create_dir_all(pod.app.config().music_directory().join("Ann")).unwrap();
        let begun = keeper.submit("/manage/server/imports", &[("path", "Ann"), ("library", library)]).await;
        assert_eq!((begun.status.as_u16(), begun.location()), (303, "/manage/server?done=imports#imports"));
        let page = keeper.get("/manage/server").await;
        assert!(page.text.contains("Cancel the import") && page.text.contains("folder scan"), "{}", page.text);
        let twice = keeper.submit("/manage/server/imports", &[("path", "Ann"), ("library", library)]).await;
        assert!(twice.status == 400 && twice.text.contains("An import is already running."), "{}", twice.text);
        keeper.submit("/manage/server/imports/cancel", &[]).await;
        assert!(!keeper.get("/manage/server").await.text.contains("Cancel the import"));
        appoint(&pod).await;
        let given = json!({"permissions": {"settings": true}});
        let given = pod.tell(Method::PATCH, &format!("/api/v1/manage/users/users/{kim}"), &given).by(KEEPER).send().await;
        assert_eq!(given.status, 200, "{}", given.text);
        let page = keeper.get("/manage/server").await;
        for part in ["Disk of the data", "Refused by rate limits"] {
            assert!(page.text.contains(part), "{part}: {}", page.text);
        }
    }
}
