//! What MusicBrainz knows, which the pod asks for its users.
use poem::http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Backend, Data, Elsewhere, Pod};

const PROVIDER: &str = "/api/v1/providers/musicbrainz";
const ANN: &str = "5b11f4ce-a62d-471e-81fc-a69a8278c7da";
const TIDES: &str = "1b022e01-4da6-387b-8658-8678046e4cef";

fn credit() -> Value {
    json!([{"name": "Ann", "joinphrase": " & ", "artist": {"id": ANN, "name": "Ann", "sort-name": "Ann"}}])
}

/// A pod that asks a server of this test instead of MusicBrainz.
async fn pod(there: &Elsewhere) -> Pod {
    let settings = ["--musicbrainz-hostname", &there.address];
    Pod::with(Backend::Sqlite, Data::Small, &settings)
        .await
        .unwrap()
}

async fn ask(pod: &Pod, path: &str) -> (u16, Value) {
    let answer = pod
        .get(&format!("{PROVIDER}/{path}"))
        .by("alice")
        .send()
        .await;
    (answer.status.as_u16(), answer.json())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_musicbrainz_knows_is_told_at_both_doors_and_kept() {
    let there = Elsewhere::start();
    let pod = pod(&there).await;
    let artist = json!({"id": ANN, "name": "Ann", "sort-name": "Ann", "type": "Person", "country": "", "score": 100, "life-span": {"ended": null}});
    there.put(
        "/ws/2/artist",
        json!({"count": 1, "artists": [artist]}).to_string(),
    );
    let (status, found) = ask(&pod, "search/artists?query=ann%20%26+co").await;
    let shown = json!([{"mbid": ANN, "name": "Ann", "sort_name": "Ann", "type": "Person", "country": null, "disambiguation": null, "score": 100}]);
    assert_eq!((status, found), (200, shown));
    let heard = there.heard();
    assert_eq!(
        heard[0].path,
        "/ws/2/artist?query=ann+%26+co&limit=25&fmt=json"
    );
    assert_eq!(
        heard[0].header("user-agent"),
        Some("baleen/0.1.0 ( http://pod.test )")
    );
    // The same again comes from memory, at both doors.
    let twin = pod
        .graphql("{ musicbrainzArtists(query: \"ann & co\") { mbid sortName type score } }")
        .by("alice")
        .send()
        .await
        .json();
    assert_eq!(
        twin["data"]["musicbrainzArtists"],
        json!([{"mbid": ANN, "sortName": "Ann", "type": "Person", "score": 100}]),
        "{twin}"
    );
    assert_eq!(there.asked(), [""; 0]);

    let release = json!({
        "id": TIDES, "title": "Tides", "date": "1998-05", "barcode": null, "artist-credit": credit(), "release-group": {"id": ANN},
        "media": [{"position": 1, "format": "CD", "title": "", "track-count": 1, "tracks": [
            {"id": TIDES, "title": "Ebb", "position": 1, "number": "A1", "length": 65_000, "recording": {"id": ANN, "title": "Ebb"}},
        ]}],
    });
    there.put(&format!("/ws/2/release/{TIDES}"), release.to_string());
    let (_, told) = ask(&pod, &format!("releases/{TIDES}")).await;
    assert_eq!(
        (&told["date"], &told["barcode"], &told["release_group_mbid"]),
        (&json!("1998-05"), &Value::Null, &json!(ANN))
    );
    assert_eq!(
        told["artist_credit"],
        json!([{"mbid": ANN, "name": "Ann", "join_phrase": " & "}])
    );
    let track = json!({"mbid": TIDES, "title": "Ebb", "position": 1, "length": 65_000, "recording_mbid": ANN, "artist_credit": []});
    assert_eq!(
        told["media"],
        json!([{"position": 1, "format": "CD", "title": null, "track_count": 1, "tracks": [track]}])
    );
    assert!(
        there.heard()[0]
            .path
            .contains("inc=artist-credits+recordings+release-groups")
    );
    // Lists in lists, as MusicBrainz tells them.
    let recording = json!({"id": ANN, "title": "Ebb", "artist-credit": credit(), "first-release-date": "1998", "isrcs": ["DEA"], "releases": [{"id": TIDES, "title": "Tides"}]});
    there.put(
        "/ws/2/recording",
        json!({"recordings": [recording]}).to_string(),
    );
    let twin = pod.graphql("{ musicbrainzRecordings(query: \"ebb\") { firstReleaseDate isrcs artistCredit { name } releases { mbid title media { title } } } }").by("alice").send().await.json();
    assert_eq!(
        twin["data"]["musicbrainzRecordings"][0]["releases"],
        json!([{"mbid": TIDES, "title": "Tides", "media": []}]),
        "{twin}"
    );
    let group =
        json!({"id": ANN, "title": "Tides", "primary-type": "Album", "first-release-date": ""});
    there.put(
        "/ws/2/release-group",
        json!({"release-groups": [group]}).to_string(),
    );
    let (_, groups) = ask(&pod, &format!("release-groups/browse/{ANN}")).await;
    assert_eq!(
        (&groups[0]["primary_type"], &groups[0]["first_release_date"]),
        (&json!("Album"), &Value::Null)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_musicbrainz_cannot_answer_is_told() {
    let there = Elsewhere::start();
    let pod = pod(&there).await;
    assert_eq!(
        ask(&pod, "search/artists?query=%20").await,
        (400, json!({"query": ["This field may not be blank."]}))
    );
    assert_eq!(
        ask(&pod, "artists/nobody").await,
        (
            400,
            json!({"mbid": ["Enter a MusicBrainz ID, which is a UUID."]})
        )
    );
    assert_eq!(
        pod.get(&format!("{PROVIDER}/artists/{ANN}"))
            .send()
            .await
            .status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(there.asked(), [""; 0]);
    assert_eq!(ask(&pod, &format!("artists/{ANN}")).await.0, 404);
    there.answer("/ws/2/release", 400, "{}");
    let (status, told) = ask(&pod, "search/releases?query=:").await;
    assert_eq!(
        (status, &told["detail"]),
        (400, &json!("MusicBrainz does not understand this query."))
    );
    for (status, page) in [(503, "{}"), (200, "<html>"), (200, "{\"artists\": 1}")] {
        there.answer("/ws/2/artist", status, page);
        let (status, told) = ask(&pod, &format!("search/artists?query={}", page.len())).await;
        assert_eq!(
            (status, &told["detail"]),
            (
                503,
                &json!("MusicBrainz does not answer right now. Try again in a moment.")
            )
        );
    }
}
