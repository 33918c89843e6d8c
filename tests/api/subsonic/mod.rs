//! Players: how they show who they are, in which forms they are answered, and what they are refused.
mod browsing;
mod folders;
mod players;
mod playing;
mod podcasts;
mod recorded;
mod writing;

use baleen::store::sql;
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, Ask, Pod, Visitor, on_both};

/// A request of alice's player for JSON.
fn alice<'a>(pod: &'a Pod, endpoint: &str, query: &str) -> Ask<'a> {
    pod.get(&format!(
        "/rest/{endpoint}?u=alice&p=sub-alice&v=1.16.1&c=test&f=json&{query}"
    ))
}

/// What is in the envelope of an answer.
fn told(answer: &Answer) -> Value {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()["subsonic-response"].clone()
}

/// What alice's player is told.
async fn ask(pod: &Pod, endpoint: &str, query: &str) -> Value {
    let told = told(&alice(pod, endpoint, query).send().await);
    assert_eq!(told["status"], "ok", "{endpoint}?{query}: {told}");
    told
}

/// The code and the sentence of a refusal.
fn refused(answer: &Answer) -> (i64, String) {
    let told = told(answer);
    assert_eq!(told["status"], "failed", "{told}");
    let error = &told["error"];
    (
        error["code"].as_i64().unwrap(),
        error["message"].as_str().unwrap().to_owned(),
    )
}

/// The code of the refusal that alice's player gets.
async fn code(pod: &Pod, endpoint: &str, query: &str) -> i64 {
    refused(&alice(pod, endpoint, query).send().await).0
}

/// MD5 of `sub-alice` and the salt `abc`.
const SUM: &str = "ab165caae319704d3af46d08829076d9";

on_both! {
    async fn players_show_who_they_are(pod: Pod) {
        let user = |shown: &str| format!("/rest/getUser?{shown}&f=json");
        for shown in [
            "u=alice&p=sub-alice".to_owned(),
            "u=ALICE&p=sub-alice".to_owned(),
            "u=alice&p=enc:7375622d616c696365".to_owned(),
            format!("u=alice&t={SUM}&s=abc"),
            format!("u=alice&t={}&s=abc", SUM.to_uppercase()),
            "apiKey=app-alice".to_owned(),
        ] {
            let answer = pod.get(&user(&shown)).send().await;
            assert_eq!(told(&answer)["user"]["username"], "alice", "{shown}: {}", answer.text);
        }
        for (shown, code) in [
            ("", 10),
            ("u=alice", 10),
            ("u=alice&t=zz", 10),
            ("p=sub-alice", 10),
            ("u=alice&p=wrong", 40),
            ("u=nobody&p=sub-alice", 40),
            ("u=alice&p=enc:zz", 40),
            ("u=alice&p=enc:7", 40),
            ("u=alice&t=zz&s=abc", 40),
            ("u=carol&p=", 10),
            ("u=alice&p=sub-alice&t=zz&s=abc", 43),
            ("apiKey=app-alice&u=alice", 43),
            ("apiKey=nonsense", 44),
            ("apiKey=expired", 44),
            ("apiKey=inactive", 44),
        ] {
            assert_eq!(refused(&pod.get(&user(shown)).send().await).0, code, "{shown}");
        }
    }

    async fn no_cookie_and_no_header_opens_the_door_of_players(pod: Pod) {
        let starred = || pod.get("/rest/star?id=tr-1&f=json");
        assert_eq!(refused(&starred().by("alice").send().await).0, 10);
        assert_eq!(refused(&starred().basic("alice", "sub-alice").send().await).0, 10);
        // And what opens that door opens no other.
        let me = pod.get("/api/v1/users/me?u=alice&p=sub-alice&apiKey=app-alice").send().await;
        assert_eq!(me.status, StatusCode::UNAUTHORIZED);
        let bearer = pod.get("/api/v1/users/me").by("sub-alice").send().await;
        assert_eq!(bearer.status, StatusCode::UNAUTHORIZED);
    }

    async fn salted_tokens_can_be_turned_off(pod: Pod) with ["--subsonic-salted-tokens", "false"] => {
        let salted = format!("/rest/getUser?u=alice&t={SUM}&s=abc&f=json");
        assert_eq!(refused(&pod.get(&salted).send().await).0, 41);
        ask(&pod, "getUser", "").await;
    }

    async fn a_token_is_sealed_in_the_database_and_ends_at_once(pod: Pod) {
        ask(&pod, "getAlbum", "id=al-1").await;
        let stored = sql("select subsonic_api_token from users where username = 'alice'");
        let (stored,): (String,) = stored.one(pod.app.db()).await.unwrap();
        assert!(stored.starts_with("sealed:") && !stored.contains("sub-alice"), "{stored}");
        // A token that is written as it is, as by an earlier version, is sealed at the next start.
        let plain = sql("update users set subsonic_api_token = 'as it is' where username = 'bob'");
        plain.run(pod.app.db()).await.unwrap();
        let of_bob = "/rest/getUser?u=bob&p=as+it+is&f=json";
        assert_eq!(refused(&pod.get(of_bob).send().await).0, 40);
        baleen::accounts::subsonic::tidy(&pod.app).await.unwrap();
        assert_eq!(told(&pod.get(of_bob).send().await)["status"], "ok");
        // Nothing is written with a token that has ended meanwhile, though it is remembered for a second.
        let none = sql("update users set subsonic_api_token = null where username = 'alice'");
        none.run(pod.app.db()).await.unwrap();
        assert_eq!(code(&pod, "star", "id=tr-1").await, 40);
        pod.wait(2);
        assert_eq!(code(&pod, "getAlbum", "id=al-1").await, 40);
    }

    async fn answers_have_the_form_that_is_asked_for(pod: Pod) {
        let known = "u=alice&p=sub-alice&v=1.16.1&c=test";
        let xml = pod.get(&format!("/api/subsonic/rest/getSong.view?{known}&id=1")).send().await;
        assert_eq!(xml.header("content-type"), Some("text/xml; charset=utf-8"));
        assert!(xml.text.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<subsonic-response xmlns="), "{}", xml.text);
        assert!(xml.text.contains("<song id=\"tr-1\" isDir=\"false\" title=\"Dusk 1\""), "{}", xml.text);
        let jsonp = pod.get(&format!("/rest/ping?{known}&f=jsonp&callback=jQuery1_2")).send().await;
        assert_eq!(jsonp.header("content-type"), Some("application/javascript; charset=utf-8"));
        assert!(jsonp.text.starts_with("jQuery1_2({\"subsonic-response\":{"), "{}", jsonp.text);
        assert_eq!(jsonp.header("x-content-type-options"), Some("nosniff"));
        let posted = pod.ask(Method::POST, "/rest/getSong.view?f=json").form(&[
            ("u", "alice"), ("p", "sub-alice"), ("id", "tr-1"),
        ]);
        assert_eq!(told(&posted.send().await)["song"]["title"], "Dusk 1");
        for bad in ["f=yaml", "f=jsonp", "f=jsonp&callback=alert(1)//", "f=jsonp&callback=1x", "f=jsonp&callback=document.body.remove"] {
            let answer = pod.get(&format!("/rest/ping?{known}&{bad}")).send().await;
            assert_eq!(answer.status, StatusCode::OK);
            assert!(answer.text.contains("failed") && !answer.text.contains("alert"), "{}", answer.text);
        }
    }

    async fn what_is_wrong_is_told_in_subsonics_way(pod: Pod) {
        for (endpoint, query, expected) in [
            ("getVideo", "", 0),
            ("", "", 0),
            ("getSong", "", 10),
            ("getSong", "id=tr-999", 70),
            ("getSong", "id=al-1", 70),
            ("getSong", "id=abc", 0),
            ("getSong", "id=tr-99999999999999999999", 0),
            ("getSong", "id=tr-1%00", 0),
            ("getSong", "id=%ff", 0),
            ("getAlbum", "id=tr-1", 70),
            ("getArtist", "id=ar-999", 70),
            ("getMusicDirectory", "id=pl-1", 70),
            ("getAlbumList2", "", 10),
            ("getAlbumList2", "type=odd", 0),
            ("getAlbumList2", "type=byGenre", 10),
            ("getAlbumList2", "type=byYear&fromYear=x&toYear=2000", 0),
            ("getAlbumList2", "type=newest&size=many", 0),
            ("getCoverArt", "id=zz", 70),
            ("getCoverArt", "id=al-999", 70),
            ("getAvatar", "username=nobody", 70),
            ("stream", "id=tr-999", 70),
            ("stream", "", 10),
            ("scrobble", "id=zz", 0),
            ("scrobble", "id=tr-1&time=x", 0),
            ("getPlaylist", "id=pl-999", 70),
            ("deletePlaylist", "id=pl-999", 70),
            ("createPlaylist", "", 10),
            ("getUser", "username=bob", 50),
        ] {
            assert_eq!(code(&pod, endpoint, query).await, expected, "{endpoint}?{query}");
        }
        // However much is asked for.
        let most = ask(&pod, "getAlbumList2", "type=newest&size=99999999&offset=-5").await;
        assert!(!most["albumList2"]["album"].as_array().unwrap().is_empty());
        let methods = pod.ask(Method::DELETE, "/rest/ping?f=json").send().await;
        assert_eq!(refused(&methods).0, 0);
    }

    async fn every_request_counts_once_whatever_it_reads(pod: Pod) with ["--throttling-rates", "subsonic=3/h"] => {
        for left in [2, 1, 0] {
            let answer = alice(&pod, "search3", "query=").send().await;
            assert_eq!(answer.header("x-ratelimit-scope"), Some("subsonic"));
            assert_eq!(answer.header("x-ratelimit-remaining"), Some(left.to_string().as_str()));
        }
        let answer = alice(&pod, "ping", "").send().await;
        assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(answer.json()["subsonic-response"]["error"]["code"], 0);
        assert!(answer.header("retry-after").is_some());
        // Pictures do not count, and are shown still.
        assert_eq!(code(&pod, "getCoverArt", "id=al-2").await, 70);
        // Guesses are counted by address, also those that name the account.
        let guess = || pod.get("/rest/ping?u=alice&p=guess&f=json").from("203.0.113.9");
        for _ in 0..3 {
            assert_eq!(refused(&guess().send().await).0, 40);
        }
        let nonsense = pod.get("/rest/ping?f=yaml&id=%00").from("203.0.113.9");
        assert_eq!(nonsense.send().await.status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(guess().send().await.status, StatusCode::TOO_MANY_REQUESTS);
    }

    async fn a_pod_can_be_without_it(pod: Pod) {
        pod.prefer("subsonic", "enabled", "False").await;
        let answer = alice(&pod, "ping", "").send().await;
        assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.json()["subsonic-response"]["error"]["code"], 0);
    }

    async fn strangers_may_ask_what_the_server_is(pod: Pod) {
        for endpoint in ["ping", "getLicense", "getOpenSubsonicExtensions"] {
            let answer = pod.get(&format!("/rest/{endpoint}.view?f=json")).send().await;
            let told = told(&answer);
            assert_eq!((&told["status"], &told["openSubsonic"]), (&json!("ok"), &json!(true)));
        }
        // A player tries the password with it.
        assert_eq!(refused(&pod.get("/rest/ping?u=alice&p=wrong&f=json").send().await).0, 40);
    }

    async fn an_api_key_reaches_as_far_as_its_token(pod: Pod) {
        let key = |endpoint: &str, query: &str| pod.get(&format!("/rest/{endpoint}?apiKey=narrow&f=json&{query}"));
        assert_eq!(told(&key("getPlaylists", "").send().await)["status"], "ok");
        assert_eq!(told(&key("tokenInfo", "").send().await)["tokenInfo"]["username"], "alice");
        for (endpoint, query) in [("getAlbum", "id=al-1"), ("star", "id=tr-1"), ("createPlaylist", "name=x"), ("stream", "id=tr-1")] {
            assert_eq!(refused(&key(endpoint, query).send().await).0, 50, "{endpoint}");
        }
    }

    async fn the_settings_page_makes_and_ends_the_token(pod: Pod) {
        pod.person("dora").await;
        let mut dora = Visitor::of(&pod, "dora").await;
        assert!(dora.get("/settings").await.text.contains("You have no token yet."));
        assert_eq!(dora.submit("/settings/players/token", &[]).await.location(), "/settings?done=players#players");
        let page = dora.get("/settings").await;
        assert!(page.text.contains("<code>http:&#x2f;&#x2f;pod.test</code>"), "{}", page.text);
        let token = page.between("id=\"player-token\" value=\"", "\"");
        let ping = || pod.get(&format!("/rest/ping?u=dora&p={token}&f=json"));
        assert_eq!(told(&ping().send().await)["status"], "ok");
        assert_eq!(dora.submit("/settings/players/token/delete", &[]).await.location(), "/settings?done=noplayers#players");
        pod.wait(2);
        assert_eq!(refused(&ping().send().await).0, 40);
        pod.prefer("subsonic", "enabled", "False").await;
        assert!(!dora.get("/settings").await.text.contains("Subsonic"));
    }

    async fn pages_of_other_origins_may_play(pod: Pod) {
        let answer = alice(&pod, "ping", "").header("origin", "https://player.example").send().await;
        assert_eq!(answer.header("access-control-allow-origin"), Some("https://player.example"));
        assert_eq!(answer.header("access-control-allow-credentials"), None);
    }
}
