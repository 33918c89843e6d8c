//! Plugins: services elsewhere that hear what somebody plays.
use baleen::store::sql;
use poem::http::Method;
use serde_json::{Value, json};

use crate::support::{Backend, Data, Elsewhere, PASSWORD, Pod, on_both};

const PLUGINS: &str = "/api/v1/plugins";

async fn tell(pod: &Pod, path: &str, body: &Value) -> Value {
    let told = pod
        .post(&format!("{PLUGINS}{path}"), body)
        .basic("dora", PASSWORD)
        .send()
        .await;
    assert_eq!(told.status, 200, "{path}: {}", told.text);
    told.json()
}

async fn plugin(pod: &Pod, name: &str) -> Value {
    let found = pod
        .get(&format!("{PLUGINS}/{name}"))
        .basic("dora", PASSWORD)
        .send()
        .await;
    assert_eq!(found.status, 200, "{}", found.text);
    found.json()
}

async fn play(pod: &Pod, track: i64) {
    let played = json!({"track": track, "creation_date": "2024-01-31T10:00:00Z"});
    let played = pod
        .post("/api/v1/history/listenings", &played)
        .basic("dora", PASSWORD)
        .send()
        .await;
    assert_eq!(played.status, 201, "{}", played.text);
}

async fn waiting(pod: &Pod) -> i64 {
    sql("select count(*) from submissions")
        .number(pod.app.db())
        .await
        .unwrap()
}

on_both! {
    async fn plugins_are_told_what_they_need_and_keep_secrets(pod: Pod) {
        pod.person("dora").await;
        let all = pod.get(PLUGINS).basic("dora", PASSWORD).send().await.json();
        let names: Vec<_> = all.as_array().unwrap().iter().map(|plugin| plugin["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["scrobbler", "listenbrainz", "maloja"]);
        assert_eq!((&all[2]["values"], &all[2]["enabled"], &all[2]["conf"][1]["type"]), (&Value::Null, &json!(false), &json!("password")));

        let refused = pod.post(&format!("{PLUGINS}/maloja"), &json!({"server_url": "nowhere"})).basic("dora", PASSWORD).send().await;
        assert_eq!((refused.status.as_u16(), refused.json()), (400, json!({"server_url": ["Enter a valid URL."], "api_key": ["This field is required."]})));
        let told = tell(&pod, "/maloja", &json!({"server_url": "https://maloja.example", "api_key": "open sesame"})).await;
        assert_eq!(told["values"], json!({"server_url": "https://maloja.example", "api_key": "********", "nofix": false}));
        // What clients send back as they got it, stays.
        let again = tell(&pod, "", &json!({"name": "maloja", "server_url": "https://other.example", "api_key": "********", "nofix": true})).await;
        assert_eq!(again["values"], json!({"server_url": "https://other.example", "api_key": "********", "nofix": true}));
        let (kept,): (String,) = sql("select cast(conf as text) from plugin_configurations").one(pod.app.db()).await.unwrap();
        assert!(kept.contains("sealed:") && !kept.contains("sesame"), "{kept}");

        assert_eq!(tell(&pod, "/maloja/enable", &json!({})).await, json!({}));
        assert_eq!(plugin(&pod, "maloja").await["enabled"], true);
        let twin = "{ plugin(name: \"maloja\") { isEnabled values problem fields { name type isRequired } } plugins { name isEnabled } }";
        let twin = pod.graphql(twin).basic("dora", PASSWORD).send().await.json();
        assert_eq!((&twin["data"]["plugin"]["isEnabled"], &twin["data"]["plugin"]["values"]), (&json!(true), &again["values"]), "{twin}");
        assert_eq!(twin["data"]["plugins"][1]["isEnabled"], false);
        let twin = "mutation { disablePlugin(input: {name: \"maloja\"}) { plugin { isEnabled } } \
            configurePlugin(input: {name: \"listenbrainz\", values: {userToken: \"t\"}}) { plugin { values } } \
            enablePlugin(input: {name: \"listenbrainz\"}) { plugin { isEnabled } } }";
        let twin = pod.graphql(twin).basic("dora", PASSWORD).send().await.json();
        assert_eq!(twin["data"]["disablePlugin"]["plugin"]["isEnabled"], false, "{twin}");
        assert_eq!(twin["data"]["configurePlugin"]["plugin"]["values"]["user_token"], "********");
        assert_eq!(twin["data"]["enablePlugin"]["plugin"]["isEnabled"], true);
        // Everybody tells their own.
        pod.person("emil").await;
        let others = pod.get(&format!("{PLUGINS}/maloja")).basic("emil", PASSWORD).send().await.json();
        assert_eq!(others["values"], Value::Null);
        for (method, path, status) in [(Method::GET, "/zzz", 404), (Method::POST, "/zzz", 404), (Method::POST, "/zzz/enable", 404), (Method::POST, "/maloja/scan", 405)] {
            let answer = pod.tell(method, &format!("{PLUGINS}{path}"), &json!({})).basic("dora", PASSWORD).send().await;
            assert_eq!(answer.status, status, "{path}: {}", answer.text);
        }
    }
}

/// A pod of dora's on a database, with these settings.
async fn pod(backend: Backend, settings: &[&str]) -> Option<Pod> {
    let settings = [&["--fetch-private", "true"], settings].concat();
    let pod = Pod::with(backend, Data::Small, &settings).await?;
    pod.person("dora").await;
    Some(pod)
}

/// The title and the credit of a track.
async fn named(pod: &Pod, track: i64) -> (Value, Value) {
    let track = pod
        .get(&format!("/api/v1/tracks/{track}"))
        .by("alice")
        .send()
        .await
        .json();
    let credit = track["artist_credit"]
        .as_array()
        .map(|credits| credits[0]["credit"].clone());
    (
        track["title"].clone(),
        credit.unwrap_or_else(|| track["artist"]["name"].clone()),
    )
}

async fn listenbrainz_hears_of_plays_and_favorites(backend: Backend) {
    let there = Elsewhere::start();
    let Some(pod) = pod(backend, &["--listenbrainz-url", &there.address]).await else {
        return;
    };
    play(&pod, 1).await;
    assert_eq!(waiting(&pod).await, 0, "nobody asked for it");
    tell(
        &pod,
        "/listenbrainz",
        &json!({"user_token": "abc", "submit_favorites": true}),
    )
    .await;
    tell(&pod, "/listenbrainz/enable", &json!({})).await;
    there.put("/1/submit-listens", "{\"status\": \"ok\"}");
    there.put("/1/feedback/recording-feedback", "{}");
    play(&pod, 1).await;
    pod.work().await;
    let heard = there.heard();
    let [one] = &heard[..] else {
        panic!("{heard:?}")
    };
    assert_eq!(
        (one.path.as_str(), one.header("authorization")),
        ("/1/submit-listens", Some("Token abc"))
    );
    let body: Value = serde_json::from_str(&one.body).unwrap();
    let (title, artist) = named(&pod, 1).await;
    assert_eq!(
        (&body["listen_type"], &body["payload"][0]["listened_at"]),
        (&json!("single"), &json!(1_706_695_200))
    );
    let track = &body["payload"][0]["track_metadata"];
    assert_eq!(
        (&track["track_name"], &track["artist_name"]),
        (&title, &artist)
    );

    // While the service is away, plays are kept, and told together once it is back.
    there.answer("/1/submit-listens", 503, "Soon.");
    play(&pod, 1).await;
    play(&pod, 2).await;
    pod.work().await;
    assert_eq!(
        there.asked(),
        ["/1/submit-listens 503"],
        "the second waits for the first"
    );
    assert_eq!(
        plugin(&pod, "listenbrainz").await["problem"],
        "The service answered 503 Service Unavailable: Soon."
    );
    pod.work().await;
    assert_eq!(there.asked(), [""; 0]);
    there.put("/1/submit-listens", "{}");
    pod.wait(61);
    pod.work().await;
    let heard = there.heard();
    let body: Value = serde_json::from_str(&heard[0].body).unwrap();
    assert_eq!(
        (
            heard.len(),
            &body["listen_type"],
            body["payload"].as_array().unwrap().len()
        ),
        (1, &json!("import"), 2)
    );
    assert_eq!(
        (
            waiting(&pod).await,
            &plugin(&pod, "listenbrainz").await["problem"]
        ),
        (0, &Value::Null)
    );

    // A favorite of a recording that MusicBrainz knows.
    let mbid = "0f8e9c7e-7d2e-4b58-9a53-1b5c3a0ad3f1";
    let known =
        sql("update tracks set mbid = ? where id = 2").bind(mbid.parse::<uuid::Uuid>().unwrap());
    known.run(pod.app.db()).await.unwrap();
    let favorites = "/api/v1/favorites/tracks";
    pod.post(favorites, &json!({"track": 2}))
        .basic("dora", PASSWORD)
        .send()
        .await;
    pod.post(&format!("{favorites}/remove"), &json!({"track": 2}))
        .basic("dora", PASSWORD)
        .send()
        .await;
    pod.work().await;
    let bodies: Vec<Value> = there
        .heard()
        .iter()
        .map(|heard| serde_json::from_str(&heard.body).unwrap())
        .collect();
    assert_eq!(
        bodies,
        [
            json!({"recording_mbid": mbid, "score": 1}),
            json!({"recording_mbid": mbid, "score": 0})
        ]
    );

    // What it refuses for good is not told again; what nobody wants told any more is forgotten.
    there.answer("/1/submit-listens", 400, "Odd.");
    play(&pod, 1).await;
    pod.work().await;
    assert_eq!(waiting(&pod).await, 0);
    assert_eq!(
        plugin(&pod, "listenbrainz").await["problem"],
        "The service answered 400 Bad Request: Odd."
    );
    there.answer("/1/submit-listens", 401, "Who?");
    play(&pod, 1).await;
    pod.work().await;
    assert_eq!(waiting(&pod).await, 1);
    tell(&pod, "/listenbrainz/disable", &json!({})).await;
    assert_eq!(waiting(&pod).await, 0);
}

async fn the_other_services_hear_of_plays(backend: Backend) {
    let there = Elsewhere::start();
    let lastfm = there.put("/2.0/", "{\"session\": {\"key\": \"sk\"}}");
    let settings = [
        "--lastfm-url",
        &lastfm,
        "--lastfm-api-key",
        "key",
        "--lastfm-api-secret",
        "hush",
    ];
    let Some(pod) = pod(backend, &settings).await else {
        return;
    };
    let (title, artist) = named(&pod, 1).await;
    tell(
        &pod,
        "/maloja",
        &json!({"server_url": format!("{}/m/", there.address), "api_key": "k", "nofix": true}),
    )
    .await;
    tell(&pod, "/maloja/enable", &json!({})).await;
    there.put("/m/apis/mlj_1/newscrobble", "{}");
    play(&pod, 1).await;
    pod.work().await;
    let heard = there.heard();
    let body: Value = serde_json::from_str(&heard[0].body).unwrap();
    assert_eq!(
        (
            &body["title"],
            &body["artists"][0],
            &body["key"],
            &body["nofix"],
            &body["time"]
        ),
        (
            &title,
            &artist,
            &json!("k"),
            &json!(true),
            &json!(1_706_695_200)
        )
    );
    tell(&pod, "/maloja/disable", &json!({})).await;

    // A service of the older protocol: a handshake, then the plays.
    let submit = there.put("/submit", "OK\n");
    let hello = there.put(
        "/hello",
        format!("OK\nsession-1\nhttp://now.example/\n{submit}\n"),
    );
    tell(
        &pod,
        "/scrobbler",
        &json!({"url": hello, "username": "dora", "password": "pw"}),
    )
    .await;
    tell(&pod, "/scrobbler/enable", &json!({})).await;
    play(&pod, 1).await;
    pod.work().await;
    let heard = there.heard();
    assert!(
        heard[0].path.starts_with("/hello?hs=true&p=1.2.1&") && heard[0].path.contains("&u=dora&"),
        "{}",
        heard[0].path
    );
    assert!(!heard[0].path.contains("pw"), "{}", heard[0].path);
    assert!(
        heard[1].body.starts_with("s=session-1&a%5B0%5D="),
        "{}",
        heard[1].body
    );
    assert!(
        heard[1].body.contains("i%5B0%5D=1706695200&o%5B0%5D=P"),
        "{}",
        heard[1].body
    );
    there.put("/hello", "BADAUTH\n");
    play(&pod, 1).await;
    pod.work().await;
    assert_eq!(
        plugin(&pod, "scrobbler").await["problem"],
        "The service does not know the username and the password."
    );
    there.heard();

    // Without an address it is Last.fm, by its API.
    tell(
        &pod,
        "/scrobbler",
        &json!({"url": "", "password": "********"}),
    )
    .await;
    pod.wait(61);
    pod.work().await;
    let heard = there.heard();
    assert_eq!(heard.len(), 2, "{heard:?}");
    assert!(
        heard[0].body.contains("method=auth.getMobileSession")
            && heard[0].body.contains("password=pw"),
        "{}",
        heard[0].body
    );
    // The sum of `api_keykeymethodauth.getMobileSessionpasswordpwusernamedorahush`.
    assert!(
        heard[0]
            .body
            .contains("api_sig=4d39177b368dc32741a0f73f5b4144a5"),
        "{}",
        heard[0].body
    );
    assert!(
        heard[1].body.contains("method=track.scrobble") && heard[1].body.contains("sk=sk"),
        "{}",
        heard[1].body
    );
    assert_eq!(
        (
            waiting(&pod).await,
            &plugin(&pod, "scrobbler").await["problem"]
        ),
        (0, &Value::Null)
    );
}

macro_rules! on {
    ($($name:ident as $sqlite:ident, $postgres:ident;)+) => { $(
        #[tokio::test]
        async fn $sqlite() {
            $name(Backend::Sqlite).await;
        }

        #[tokio::test]
        async fn $postgres() {
            $name(Backend::Postgres).await;
        }
    )+ };
}

on! {
    listenbrainz_hears_of_plays_and_favorites as listenbrainz_on_sqlite, listenbrainz_on_postgres;
    the_other_services_hear_of_plays as others_on_sqlite, others_on_postgres;
}
