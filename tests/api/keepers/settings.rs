//! The settings of the pod.
use poem::http::Method;
use serde_json::json;

use super::{KEEPER, appoint, last_deed, query, read};
use crate::support::{Pod, on_both};

const ADDRESS: &str = "/api/v1/instance/admin/settings";

on_both! {
    async fn settings_are_changed_one_by_one_or_together_and_hold_at_once(pod: Pod) {
        appoint(&pod).await;
        let all = read(&pod, ADDRESS).await;
        assert_eq!(all.as_array().unwrap().len(), 37);
        let one = format!("{ADDRESS}/users__upload_quota");
        let known = read(&pod, &one).await;
        assert_eq!((&known["value"], &known["field"]["class"]), (&json!(1000), &json!("IntegerField")));
        for method in [Method::PATCH, Method::PUT] {
            let changed = pod.tell(method, &one, &json!({"value": 25})).by(KEEPER).send().await;
            assert_eq!((changed.status.as_u16(), &changed.json()["value"]), (200, &json!(25)));
        }
        assert_eq!(last_deed(&pod).await, json!(["settings.update", "users__upload_quota", {"users__upload_quota": 25}]));
        let bulk = json!({"instance__name": "Ours", "moderation__languages": ["de", "en"], "common__api_authentication_required": false});
        let changed = pod.post(&format!("{ADDRESS}/bulk"), &bulk).by(KEEPER).send().await;
        assert_eq!((changed.status.as_u16(), changed.json().as_array().unwrap().len()), (200, 3), "{}", changed.text);
        // Strangers are let in, and told.
        let seen = pod.graphql("{ instance { name anonymousCanListen } artists(first: 1) { totalCount } }").send().await.json();
        assert_eq!(seen["data"]["instance"], json!({"name": "Ours", "anonymousCanListen": true}), "{seen}");
        let twin = query(&pod, "{ podSettings { identifier type value default choices { value } } podSetting(identifier: \"moderation__languages\") { value section name } }").await;
        assert_eq!(twin["podSettings"].as_array().unwrap().len(), 37);
        assert_eq!(twin["podSetting"], json!({"value": ["de", "en"], "section": "moderation", "name": "languages"}));
        let set = "mutation { updatePodSettings(input: {settings: [{identifier: \"instance__name\", value: \"\"}, {identifier: \"audio__max_channels\", value: 3}]}) { settings { identifier value } } }";
        assert_eq!(query(&pod, set).await["updatePodSettings"]["settings"], json!([
            {"identifier": "instance__name", "value": ""}, {"identifier": "audio__max_channels", "value": 3},
        ]));
    }

    async fn values_that_a_setting_cannot_have_change_nothing(pod: Pod) {
        appoint(&pod).await;
        for (identifier, value, told) in [
            ("users__upload_quota", json!(-1), "Must be a whole number from 0 to 2147483647."),
            ("common__api_authentication_required", json!("perhaps"), "Must be true or false."),
            ("moderation__languages", json!(["xx"]), "\"xx\" is not a valid choice."),
            ("instance__contact_email", json!("nobody"), "Enter a valid email address."),
            ("instance__banner", json!("x.png"), "Files cannot be sent here; null removes the file."),
        ] {
            let one = format!("{ADDRESS}/{identifier}");
            let refused = pod.tell(Method::PATCH, &one, &json!({"value": value})).by(KEEPER).send().await;
            assert_eq!((refused.status.as_u16(), refused.json()), (400, json!({"value": [told]})));
        }
        let bulk = json!({"instance__name": "Lost", "zzz__zzz": 1, "users__upload_quota": "many"});
        let refused = pod.post(&format!("{ADDRESS}/bulk"), &bulk).by(KEEPER).send().await;
        assert_eq!((refused.status.as_u16(), refused.json()), (400, json!({
            "zzz__zzz": ["There is no setting of this name."],
            "users__upload_quota": ["Must be a whole number from 0 to 2147483647."],
        })));
        assert_eq!(read(&pod, &format!("{ADDRESS}/instance__name")).await["value"], "Test pod");
        let missing = pod.get(&format!("{ADDRESS}/zzz__zzz")).by(KEEPER).send().await;
        assert_eq!(missing.status, 404);
        let twice = "mutation { updatePodSettings(input: {settings: [{identifier: \"instance__name\", value: \"a\"}, {identifier: \"instance__name\", value: \"b\"}]}) { settings { value } } }";
        let refused = pod.graphql(twice).by(KEEPER).send().await.json();
        assert_eq!(refused["errors"][0]["extensions"]["code"], "INVALID", "{refused}");
        assert_eq!(read(&pod, "/api/v1/manage/audit").await["count"], 0);
    }
}
