//! How the server does: work in the background, storage, and who was refused.
use baleen::{jobs::work_once, resources::managing::Removal, store::sql};
use serde_json::{Value, json};

use super::{KEEPER, appoint, query, read};
use crate::support::{Pod, on_both};

const JOBS: &str = "/api/v1/manage/jobs";

on_both! {
    async fn work_in_the_background_is_told_with_its_progress(pod: Pod) {
        appoint(&pod).await;
        let now = pod.app.clock().now();
        for number in 0..120 {
            let name = format!("bulk{number}");
            let insert = sql("insert into tags (name, name_folded, creation_date) values (?, ?, ?)");
            insert.bind(name.as_str()).bind(name.as_str()).bind(now).run(pod.app.db()).await.unwrap();
        }
        let asked = query(&pod, "mutation { removeTags(input: {filter: {q: \"bulk\"}}) { isDone } }").await;
        assert_eq!(asked["removeTags"]["isDone"], false);
        let list = read(&pod, &format!("{JOBS}?kind=removal&status=pending")).await;
        let job = &list["results"][0];
        assert_eq!((&list["count"], &job["attempts"], &job["end_date"], &job["error"]), (&json!(1), &json!(0), &Value::Null, &Value::Null));
        let one = format!("{JOBS}/{}", job["id"]);
        assert_eq!(read(&pod, &one).await, *job);
        assert!(work_once::<Removal>(&pod.app).await.unwrap());
        let done = read(&pod, &one).await;
        assert_eq!((&done["status"], &done["steps_done"], &done["total_steps"]), (&json!("finished"), &json!(120), &json!(120)));
        let twin = query(&pod, &format!("{{ job(databaseId: {}) {{ id kind status stepsDone totalSteps endDate error }} jobs(filter: {{kind: \"removal\", status: FINISHED}}) {{ totalCount nodes {{ databaseId }} }} }}", job["id"])).await;
        assert_eq!((&twin["job"]["kind"], &twin["job"]["status"], &twin["job"]["stepsDone"]), (&json!("removal"), &json!("FINISHED"), &json!(120)));
        assert_eq!((&twin["job"]["endDate"], &twin["jobs"]["totalCount"]), (&done["end_date"], &json!(1)));
        let node = query(&pod, &format!("{{ node(id: {}) {{ ... on Job {{ databaseId }} }} }}", twin["job"]["id"])).await;
        assert_eq!(node["node"]["databaseId"], job["id"]);
        // What fails says why.
        sql("insert into jobs (kind, task, status, attempts, outcome, due_date, creation_date, end_date) values ('file_removal', '{}', 'errored', 5, '{\"error\": \"gone\"}', ?, ?, ?)")
            .bind(now).bind(now).bind(now).run(pod.app.db()).await.unwrap();
        let failed = read(&pod, &format!("{JOBS}?status=errored")).await["results"][0].clone();
        assert_eq!((&failed["kind"], &failed["error"], &failed["attempts"]), (&json!("file_removal"), &json!("gone"), &json!(5)));
        let newest = read(&pod, JOBS).await["results"][0]["id"].clone();
        let oldest = read(&pod, &format!("{JOBS}?ordering=creation_date")).await["results"][0]["id"].clone();
        assert_eq!((newest, oldest), (failed["id"].clone(), job["id"].clone()));
        let wrong = pod.get(&format!("{JOBS}?status=lost")).by(KEEPER).send().await;
        assert!(wrong.status == 400 && wrong.text.contains("\"status\""), "{}", wrong.text);
    }

    async fn what_is_stored_is_told_in_bytes(pod: Pod) {
        appoint(&pod).await;
        sql("update uploads set source = 'file:///music/a.mp3', audio_file = '', size = 1000 where id = 1").run(pod.app.db()).await.unwrap();
        let told = read(&pod, "/api/v1/manage/storage").await;
        let stored = sql("select cast(coalesce(sum(size), 0) as bigint) from uploads where audio_file <> ''");
        let stored = stored.number(pod.app.db()).await.unwrap();
        assert_eq!((&told["stored_bytes"], &told["scanned_files"], &told["scanned_bytes"]), (&json!(stored), &json!(1), &json!(1000)));
        for size in ["database_bytes", "free_bytes", "disk_bytes"] {
            assert!(told[size].as_i64().unwrap() > 0, "{told}");
        }
        assert_eq!(told["media_free_bytes"].is_null(), told["bucket"].is_string(), "{told}");
        let twin = query(&pod, "{ storage { storedFiles storedBytes scannedBytes diskBytes bucket } }").await;
        assert_eq!(twin["storage"], json!({"storedFiles": told["stored_files"], "storedBytes": stored, "scannedBytes": 1000, "diskBytes": told["disk_bytes"], "bucket": told["bucket"]}));
    }

    async fn whom_rate_limits_refuse_is_told(pod: Pod) with ["--throttling-rates", "authenticated-retrieve=2/hour,anonymous-list=1/hour"] => {
        appoint(&pod).await;
        pod.prefer("common", "api_authentication_required", "False").await;
        assert_eq!(read(&pod, "/api/v1/manage/rate-limit/refusals").await, json!([]));
        for _ in 0..5 {
            pod.get("/api/v1/artists/1").by("bob").send().await;
        }
        pod.wait(1);
        for _ in 0..2 {
            pod.get("/api/v1/artists").send().await;
        }
        let told = read(&pod, "/api/v1/manage/rate-limit/refusals").await;
        let (stranger, bob) = (&told[0], &told[1]);
        assert_eq!((&stranger["type"], &stranger["username"], &stranger["scope"], &stranger["count"]), (&json!("anonymous"), &Value::Null, &json!("anonymous-list"), &json!(1)));
        assert_eq!((&bob["type"], &bob["username"], &bob["scope"], &bob["count"]), (&json!("authenticated"), &json!("bob"), &json!("authenticated-retrieve"), &json!(3)));
        let twin = query(&pod, "{ rateLimitRefusals { type identifier scope count lastDate user { username } } }").await;
        let twin = &twin["rateLimitRefusals"];
        assert_eq!((&twin[0]["identifier"], &twin[1]["user"]["username"], &twin[1]["lastDate"]), (&stranger["identifier"], &json!("bob"), &bob["last_date"]));
        pod.wait(86_401);
        assert_eq!(read(&pod, "/api/v1/manage/rate-limit/refusals").await, json!([]));
    }
}
