//! The page of moderators and administrators.
use baleen::store::sql;
use serde_json::json;

use super::{appoint, read};
use crate::support::{Pod, Visitor, on_both};

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
}
