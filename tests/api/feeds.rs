//! Podcasts from elsewhere: subscribed to by their feeds, kept up to date, and listened to.
use std::{net::TcpListener, time::Duration};

use baleen::{jobs, resources::publishing::mirrors, store::sql};
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Ask, Elsewhere, PASSWORD, Pod, on_both};

const SUBSCRIBE: &str = "/api/v1/channels/rss-subscribe";

fn feed(title: &str, items: &str) -> String {
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
        <rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"><channel>
        <title>{title}</title><link>https://tides.example</link><description>All about &lt;b&gt;water&lt;/b&gt;&lt;script&gt;</description>
        <language>en</language><itunes:image href="https://tides.example/cover.jpg"/>
        <itunes:category text="Science"/><itunes:keywords>sea,wind</itunes:keywords>
        {items}</channel></rss>"#
    )
}

fn item(number: i64, title: &str, audio: &str) -> String {
    format!(
        r#"<item><title>{title}</title><guid isPermaLink="false">episode-{number}</guid><itunes:duration>01:{number:02}</itunes:duration>
        <pubDate>Mon, {number:02} Jan 2024 10:00:00 GMT</pubDate><itunes:episode>{number}</itunes:episode>
        <description>About {title}</description><enclosure url="{audio}" length="1000" type="audio/mpeg"/></item>"#
    )
}

async fn count(pod: &Pod, from: &'static str) -> i64 {
    sql("select count(*) from ")
        .then(from)
        .number(pod.app.db())
        .await
        .unwrap()
}

/// The titles of the tracks of a channel, the newest first, as somebody sees them.
async fn titles(pod: &Pod, channel: &Value, by: &str) -> Vec<String> {
    let asked = tracks_of(pod, channel);
    let asked = match by {
        "dora" => asked.basic(by, PASSWORD),
        token => asked.by(token),
    };
    let tracks = asked.send().await.json();
    let tracks = tracks["results"].as_array().unwrap().iter();
    let title = |track: &Value| track["title"].as_str().unwrap().to_owned();
    tracks.map(title).collect()
}

fn tracks_of<'a>(pod: &'a Pod, channel: &Value) -> Ask<'a> {
    let artist = channel["artist"]["id"].as_i64().unwrap();
    pod.get(&format!(
        "/api/v1/tracks?artist={artist}&ordering=-creation_date&include_channels=true&playable=true"
    ))
}

on_both! {
    async fn a_podcast_is_subscribed_to_by_its_feed(pod: Pod) with ["--fetch-private", "true"] => {
        pod.person("dora").await;
        let there = Elsewhere::start();
        let audio = there.put("/1.mp3", b"0123456789".to_vec());
        let url = there.put("/feed", feed("Tides", &(item(1, "Ebb", &audio) + &item(2, "Flood", &audio))));
        let made = pod.post(SUBSCRIBE, &json!({"url": url})).by("alice").send().await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        let made = made.json();
        let channel = &made["channel"];
        assert_eq!((&made["approved"], &channel["actor"], &channel["artist"]["name"]), (&json!(true), &Value::Null, &json!("Tides")));
        assert_eq!(channel["attributed_to"]["preferred_username"], "service");
        assert_eq!((&channel["artist"]["tags"], &channel["artist"]["content_category"]), (&json!(["Science", "sea", "wind"]), &json!("podcast")));
        assert_eq!(channel["artist"]["description"]["html"], "All about <b>water</b>");
        assert_eq!(channel["artist"]["cover"]["urls"]["source"], "https://tides.example/cover.jpg");
        assert_eq!((&channel["metadata"]["language"], &channel["metadata"]["itunes_category"]), (&json!("en"), &json!("Science")));
        assert_eq!(titles(&pod, channel, "alice").await, ["Flood", "Ebb"]);

        // What it mirrors is told to players, which are sent to the feed itself.
        let rss = channel["rss_url"].as_str().unwrap().strip_prefix("http://pod.test").unwrap();
        let sent = pod.get(rss).by("alice").send().await;
        assert_eq!((sent.status, sent.header("location")), (StatusCode::FOUND, Some(url.as_str())));
        assert_eq!(pod.get(rss).send().await.status, StatusCode::NOT_FOUND, "it can be a secret");
        let listed = pod.get("/api/v1/channels?output=opml&subscribed=true").by("alice").send().await;
        assert!(listed.text.contains(&format!("xmlUrl=\"{url}\"")), "{}", listed.text);
        let listed = pod.get("/api/v1/channels?output=opml").send().await;
        assert!(!listed.text.contains(&url), "{}", listed.text);
        let external = pod.get("/api/v1/channels?external=true").by("alice").send().await.json();
        assert!(external["results"].as_array().unwrap().iter().any(|one| one["uuid"] == channel["uuid"]), "{external}");

        // Only its subscribers hear it: those who know where its feed is, not where it is mirrored.
        let mirrored = pod.post(SUBSCRIBE, &json!({"url": channel["rss_url"]})).basic("dora", PASSWORD).send().await;
        assert_eq!(mirrored.status, StatusCode::FORBIDDEN, "{}", mirrored.text);
        let address = format!("/api/v1/channels/{}/subscribe", channel["uuid"].as_str().unwrap());
        let refused = pod.post(&address, &json!({})).basic("dora", PASSWORD).send().await;
        assert_eq!((refused.status, refused.json()), (StatusCode::FORBIDDEN, json!({"detail": "Subscribe to this podcast by the address of its feed."})));
        assert_eq!(titles(&pod, channel, "dora").await, [""; 0]);
        assert_eq!(there.asked(), ["/feed 200"]);
        let query = format!("mutation {{ subscribeToFeed(input: {{url: \"{url}\"}}) {{ subscription {{ approved channel {{ uuid }} }} }} }}");
        let again = pod.graphql(&query).basic("dora", PASSWORD).send().await.json();
        let again = &again["data"]["subscribeToFeed"]["subscription"];
        assert_eq!(again, &json!({"approved": true, "channel": {"uuid": channel["uuid"]}}));
        assert_eq!(there.asked(), [""; 0], "it is known");
        assert_eq!(titles(&pod, channel, "dora").await, ["Flood", "Ebb"]);
        let twice = pod.post(SUBSCRIBE, &json!({"url": url.replace("http:", "feed:http:") + "#top"})).by("alice").send().await.json();
        assert_eq!(twice["uuid"], made["uuid"]);
        assert_eq!(count(&pod, "channels where rss_url like '%/feed'").await, 1);
    }

    async fn a_feed_that_cannot_be_read_makes_nothing(pod: Pod) with ["--fetch-private", "true"] => {
        let there = Elsewhere::start();
        let before = count(&pod, "channels").await;
        let page = there.put("/page", "<html>Hello</html>");
        let deep = there.put("/deep", feed("Deep", &"<x:y>".repeat(10_000)));
        let large = there.put("/large", feed("Large", &" ".repeat(11 << 20)));
        let blog = there.put("/blog", feed("Blog", "<item><title>Words</title><guid>1</guid></item>"));
        for (url, why) in [
            (blog, "The feed cannot be read: none of its entries has audio."),
            (page, "The feed cannot be read: it is no feed in RSS or Atom."),
            (deep, "The feed cannot be read: it has too many parts."),
            (large, "The feed cannot be read: it is larger than 10485760 bytes."),
            (format!("{}/none", there.address), "The feed cannot be read: the server answered 404."),
            ("http://127.0.0.1:9/".to_owned(), "The feed cannot be read: its server cannot be reached."),
        ] {
            let refused = pod.post(SUBSCRIBE, &json!({"url": url})).by("alice").send().await;
            assert_eq!((refused.status, refused.json()), (StatusCode::BAD_REQUEST, json!({"detail": why})));
        }
        for url in ["", "nothing", "file:///etc/passwd", "ftp://pod.example/feed"] {
            let refused = pod.post(SUBSCRIBE, &json!({"url": url})).by("alice").send().await;
            assert_eq!((refused.status, refused.json()), (StatusCode::BAD_REQUEST, json!({"url": ["Enter a valid URL."]})));
        }
        assert_eq!(count(&pod, "channels").await, before);
        pod.prefer("audio", "channels_enabled", "false").await;
        let off = pod.post(SUBSCRIBE, &json!({"url": "https://pod.example/feed"})).by("alice").send().await;
        assert_eq!(off.status, StatusCode::METHOD_NOT_ALLOWED);
    }

    async fn a_podcast_in_atom_is_subscribed_to_as_well(pod: Pod) with ["--fetch-private", "true"] => {
        let there = Elsewhere::start();
        let atom = r#"<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd" xml:lang="de">
            <title type="html">Gezeiten &amp;amp; &lt;i&gt;Wind&lt;/i&gt;</title><subtitle type="html">Von &lt;b&gt;Wasser&lt;/b&gt;&lt;script&gt;</subtitle><id>urn:gezeiten</id><updated>2024-01-02T10:00:00Z</updated>
            <author><name>Ada</name><email>ada@tides.example</email></author><category term="Science"/><logo>https://tides.example/logo.png</logo>
            <entry><title>Ebbe</title><id>urn:1</id><updated>2024-01-05T10:00:00Z</updated><published>2024-01-01T10:00:00Z</published>
              <link rel="alternate" href="https://tides.example/1"/><link rel="enclosure" type="audio/mpeg" length="1000" href="https://tides.example/1.mp3"/>
              <content type="html">Das &lt;i&gt;Wasser&lt;/i&gt; geht</content><itunes:duration>1:01</itunes:duration><itunes:episode>1</itunes:episode></entry>
            <entry><title>Bild</title><id>urn:3</id><updated>2024-01-03T10:00:00Z</updated><link rel="enclosure" type="image/png" href="https://tides.example/3.png"/></entry>
            <entry><title>Flut</title><id>urn:2</id><updated>2024-01-02T10:00:00Z</updated><link rel="enclosure" href="/2.ogg"/></entry></feed>"#;
        let url = there.put("/atom", atom);
        let made = pod.post(SUBSCRIBE, &json!({"url": url})).by("alice").send().await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        let channel = made.json()["channel"].clone();
        assert_eq!((&channel["artist"]["name"], &channel["artist"]["tags"]), (&json!("Gezeiten & Wind"), &json!(["Science"])));
        assert_eq!(channel["artist"]["description"]["html"], "Von <b>Wasser</b>");
        assert_eq!(channel["artist"]["cover"]["urls"]["source"], "https://tides.example/logo.png");
        assert_eq!((&channel["metadata"]["language"], &channel["metadata"]["owner_name"]), (&json!("de"), &json!("Ada")));
        let tracks = tracks_of(&pod, &channel).by("alice").send().await.json();
        let told = |track: &Value| json!([track["title"], track["position"], track["creation_date"], track["uploads"][0]["duration"], track["uploads"][0]["mimetype"]]);
        let told: Vec<Value> = tracks["results"].as_array().unwrap().iter().map(told).collect();
        assert_eq!(told, [json!(["Flut", null, "2024-01-02T10:00:00Z", null, "audio/ogg"]), json!(["Ebbe", 1, "2024-01-01T10:00:00Z", 61, "audio/mpeg"])]);
        assert_eq!(titles(&pod, &channel, "alice").await, ["Flut", "Ebbe"], "the picture is none");
    }

    async fn a_list_of_many_leaves_the_feeds_of_others_their_turn(pod: Pod) with ["--fetch-private", "true"] => {
        let there = Elsewhere::start();
        let outlines: String = (0..30).map(|number| format!("<outline xmlUrl='{}/{number}'/>", there.address)).collect();
        let opml = format!("<opml><body>{outlines}</body></opml>");
        let told = pod.post("/api/v1/channels/rss-subscribe/opml", &json!({"opml": opml})).by("alice").send().await;
        assert_eq!(told.json()["subscribed_count"], 30, "{}", told.text);
        pod.work().await;
        assert_eq!(there.asked().len(), 25);
        pod.wait(61);
        pod.work().await;
        assert_eq!(there.asked().len(), 5);
    }

    async fn feeds_that_do_not_answer_keep_neither_each_other_nor_the_stop(pod: Pod) with ["--fetch-private", "true"] => {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = silent.local_addr().unwrap();
        let opml = format!("<opml><outline xmlUrl='http://{address}/1'/><outline xmlUrl='http://{address}/2'/></opml>");
        pod.post("/api/v1/channels/rss-subscribe/opml", &json!({"opml": opml})).by("alice").send().await;
        let working = tokio::spawn(jobs::work::<jobs::FeedRefresh>(pod.app.clone(), 2));
        let both = move || [silent.accept().unwrap(), silent.accept().unwrap()];
        let asked = tokio::task::spawn_blocking(both).await.unwrap();
        pod.app.stop();
        tokio::time::timeout(Duration::from_secs(10), working).await.expect("it ends at once").unwrap();
        drop(asked);
        let waiting = sql("select count(*) from jobs where kind = 'feed_refresh' and status = 'pending'");
        assert_eq!(waiting.number(pod.app.db()).await.unwrap(), 2, "they are looked at after the next start");
    }

    async fn slow_feeds_keep_nobody_from_reading(pod: Pod) with ["--fetch-private", "true"] => {
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = silent.local_addr().unwrap();
        let asked = |number: i64| {
            let body = json!({"url": format!("http://{address}/{number}")});
            let pod = &pod;
            async move { pod.post(SUBSCRIBE, &body).by("alice").send().await }
        };
        let meanwhile = async {
            let both = move || [silent.accept().unwrap(), silent.accept().unwrap()];
            let held = tokio::task::spawn_blocking(both).await.unwrap();
            let lists = (0..4).map(|_| pod.get("/api/v1/tracks?include_channels=true").by("alice").send());
            for list in futures_util::future::join_all(lists).await {
                assert_eq!(list.status, StatusCode::OK, "{}", list.text);
            }
            let third = asked(3).await;
            assert_eq!(third.status, StatusCode::SERVICE_UNAVAILABLE, "{}", third.text);
            drop(held);
        };
        let (one, other, ()) = tokio::join!(asked(1), asked(2), meanwhile);
        assert_eq!((one.status, other.status), (StatusCode::BAD_REQUEST, StatusCode::BAD_REQUEST), "{}", one.text);
    }

    async fn feeds_of_this_machine_and_of_the_pod_itself_are_not_fetched(pod: Pod) {
        pod.person("dora").await;
        let listener = TcpListener::bind("0.0.0.0:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let url = format!("http://127.0.0.1:{port}/feed");
        let refused = pod.post(SUBSCRIBE, &json!({"url": url})).by("alice").send().await;
        assert_eq!(refused.json(), json!({"detail": "The feed cannot be read: the address is not one of http or https with a public host."}));
        assert!(listener.accept().is_err(), "nobody came");

        let own = pod.get("/api/v1/channels?external=false").by("alice").send().await.json();
        let own = &own["results"][0];
        let there = pod.post(SUBSCRIBE, &json!({"url": own["rss_url"]})).basic("dora", PASSWORD).send().await;
        assert_eq!((there.status, &there.json()["channel"]["uuid"]), (StatusCode::CREATED, &own["uuid"]), "{}", there.text);
    }

    async fn a_feed_is_looked_at_each_day(pod: Pod) with ["--fetch-private", "true"] => {
        let there = Elsewhere::start();
        let audio = there.put("/1.mp3", b"0123456789".to_vec());
        let url = there.put("/feed", feed("Tides", &(item(1, "Ebb", &audio) + &item(2, "Flood", &audio))));
        let made = pod.post(SUBSCRIBE, &json!({"url": url})).by("alice").send().await.json();
        let channel = &made["channel"];
        let favorite = sql("select id from tracks where title = 'Ebb' order by id desc").number(pod.app.db()).await.unwrap();
        pod.post("/api/v1/favorites/tracks", &json!({"track": favorite})).by("alice").send().await;
        there.asked();
        let look = async || {
            mirrors::due(&pod.app).await.unwrap();
            pod.work().await;
            there.asked()
        };
        assert_eq!(look().await, [""; 0], "it is not due");

        pod.wait(86_401);
        assert_eq!(look().await, ["/feed 304"]);
        assert_eq!(titles(&pod, channel, "alice").await, ["Flood", "Ebb"]);

        // Episodes come in, change, and stay when the feed no longer tells of them.
        there.put("/feed", feed("High tides", &(item(2, "The flood", &audio) + &item(3, "Storm", &audio))));
        pod.wait(86_401);
        assert_eq!(look().await, ["/feed 200"]);
        assert_eq!(titles(&pod, channel, "alice").await, ["Storm", "The flood", "Ebb"]);
        let uuid = channel["uuid"].as_str().unwrap();
        let shown = pod.get(&format!("/api/v1/channels/{uuid}")).by("alice").send().await.json();
        assert_eq!(shown["artist"]["name"], "High tides");
        let favorites = pod.get("/api/v1/favorites/tracks/all").by("alice").send().await.json();
        assert!(favorites["results"].as_array().unwrap().iter().any(|one| one["track"] == favorite), "{favorites}");

        // What was removed here does not come back, also where the feed says something new of it.
        let storm = sql("select id from tracks where title = 'Storm'").number(pod.app.db()).await.unwrap();
        sql("delete from tracks where id = ?").bind(storm).run(pod.app.db()).await.unwrap();
        there.put("/feed", feed("High tides", &(item(2, "The flood", &audio) + &item(3, "The storm", &audio) + &item(4, "Calm", &audio))));
        pod.wait(86_401);
        assert_eq!(look().await, ["/feed 200"]);
        assert_eq!(titles(&pod, channel, "alice").await, ["Calm", "The flood", "Ebb"]);

        // A feed that is gone is asked for less and less, and nothing is lost.
        there.remove("/feed");
        pod.wait(86_401);
        assert_eq!(look().await, ["/feed 404"]);
        assert_eq!(look().await, [""; 0]);
        pod.wait(7_201);
        assert_eq!(look().await, ["/feed 404"]);
        pod.wait(7_201);
        assert_eq!(look().await, [""; 0]);
        assert_eq!(titles(&pod, channel, "alice").await, ["Calm", "The flood", "Ebb"]);
        let (failures, why): (i64, String) =
            sql("select failures, error from feeds where failures > 0").one(pod.app.db()).await.unwrap();
        assert_eq!((failures, why.as_str()), (2, "the server answered 404"));
        let problem = format!("{{ channel(uuid: \"{uuid}\") {{ feedProblem }} }}");
        let told = pod.graphql(&problem).by("alice").send().await.json();
        assert_eq!(told["data"], json!({"channel": {"feedProblem": "the server answered 404"}}));
        let told = pod.graphql(&problem).by("bob").send().await.json();
        assert_eq!(told["data"], json!({"channel": {"feedProblem": null}}), "who does not hear it does not know its feed");

        // Nobody listens: nobody looks.
        there.put("/feed", feed("Tides", ""));
        let address = format!("/api/v1/channels/{uuid}/unsubscribe");
        assert_eq!(pod.post(&address, &json!({})).by("alice").send().await.status, StatusCode::NO_CONTENT);
        pod.wait(90 * 86_400);
        assert_eq!(look().await, [""; 0]);
    }

    async fn a_feed_that_moved_for_good_is_one_podcast(pod: Pod) with ["--fetch-private", "true"] => {
        let there = Elsewhere::start();
        let tides = feed("Tides", &item(1, "Ebb", "https://tides.example/1.mp3"));
        there.put("/new", tides.as_str());
        for (path, status, to) in [("/old", 301, "/older"), ("/older", 308, "/new"), ("/today", 302, "/old"), ("/round", 301, "/round")] {
            there.tell(path, (status, &format!("location: {to}")), "");
        }
        let at = |path: &str| json!({"url": format!("{}{path}", there.address)});
        let subscribe = async |path: &str, who: &str| {
            let made = pod.post(SUBSCRIBE, &at(path)).by(who).send().await;
            assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
            made.json()
        };
        let feeds = async || {
            let kept = sql("select rss_url from channels where rss_url like 'http://127%' order by id");
            let kept: Vec<(String,)> = kept.all(pod.app.db()).await.unwrap();
            Vec::from_iter(kept.into_iter().map(|(url,)| url.replace(&there.address, "")))
        };
        let old = subscribe("/old", "alice").await;
        assert_eq!(feeds().await, ["/new"]);
        assert_eq!(subscribe("/new", "alice").await["uuid"], old["uuid"]);
        assert_eq!(subscribe("/old", "alice").await["uuid"], old["uuid"]);
        // What is elsewhere today only may come back.
        subscribe("/today", "alice").await;
        assert_eq!(feeds().await, ["/new", "/today"]);
        let round = pod.post(SUBSCRIBE, &at("/round")).by("alice").send().await;
        assert_eq!(round.json(), json!({"detail": "The feed cannot be read: the server answered 301."}));

        // A known feed moves: it is asked for where it is from then on. Its channel keeps the address, so that nobody
        // takes the place of another's podcast.
        there.put("/moved", tides.as_str());
        there.tell("/new", (301, "location: /moved"), "");
        there.tell("/today", (302, "location: /moved"), "");
        there.asked();
        let look = async || {
            pod.wait(86_401);
            mirrors::due(&pod.app).await.unwrap();
            pod.work().await;
            Vec::from_iter(there.asked().into_iter().filter(|asked| !asked.contains("today")))
        };
        look().await;
        assert_eq!(feeds().await, ["/new", "/today"]);
        let asked = look().await;
        assert!(asked.iter().all(|asked| asked.starts_with("/moved ")), "{asked:?}");
        // Where it is not, it may be where it was.
        there.remove("/moved");
        there.put("/new", tides.as_str());
        there.put("/today", tides.as_str());
        assert!(look().await.contains(&"/moved 404".to_owned()));
        assert_eq!(look().await, ["/new 304"]);
        assert_eq!(look().await, ["/new 304"]);

        // One of a list that leads to a known podcast is that podcast.
        pod.person("dora").await;
        let opml = format!("<opml><outline xmlUrl='{}/also'/></opml>", there.address);
        there.tell("/also", (301, "location: /new"), "");
        let list = json!({"opml": opml});
        pod.post("/api/v1/channels/rss-subscribe/opml", &list).basic("dora", PASSWORD).send().await;
        pod.work().await;
        assert_eq!(titles(&pod, &old["channel"], "dora").await, ["Ebb"]);
        let held = pod.get("/api/v1/subscriptions").basic("dora", PASSWORD).send().await.json();
        assert_eq!((&held["count"], &held["results"][0]["channel"]["uuid"]), (&json!(1), &old["channel"]["uuid"]));
        pod.wait(30 * 86_400);
        mirrors::forget(&pod.app).await.unwrap();
        assert_eq!(feeds().await, ["/new", "/today"]);
    }

    async fn a_feed_is_read_in_the_encoding_that_it_is_in(pod: Pod) with ["--fetch-private", "true"] => {
        let there = Elsewhere::start();
        let told = feed("Gezeiten über Nacht", &item(1, "Ebbe", "https://tides.example/1.mp3")).replace("UTF-8", "utf-16");
        let utf16: Vec<u8> = std::iter::once(0xfeff).chain(told.encode_utf16()).flat_map(u16::to_be_bytes).collect();
        there.tell("/utf16", (200, "content-type: application/rss+xml"), utf16);
        let bare = told.split_once("?>").unwrap().1;
        let latin: Vec<u8> = bare.chars().map(|char| u8::try_from(u32::from(char)).unwrap()).collect();
        there.tell("/latin", (200, "content-type: text/xml; charset=ISO-8859-1"), latin);
        for path in ["/utf16", "/latin"] {
            let made = pod.post(SUBSCRIBE, &json!({"url": format!("{}{path}", there.address)})).by("alice").send().await;
            assert_eq!(made.status, StatusCode::CREATED, "{path}: {}", made.text);
            assert_eq!(made.json()["channel"]["artist"]["name"], "Gezeiten über Nacht", "{path}");
        }
    }

    async fn episodes_that_came_from_funkwhale_are_known(pod: Pod) with ["--fetch-private", "true"] => {
        let there = Elsewhere::start();
        let audio = there.put("/1.mp3", b"0123456789".to_vec());
        let url = there.put("/feed", feed("Tides", &(item(1, "Ebb", &audio) + &item(2, "Flood", &audio))));
        let made = pod.post(SUBSCRIBE, &json!({"url": url})).by("alice").send().await.json();
        let channel = &made["channel"];
        // As Funkwhale has them: uploads of any UUID, tracks of one that is drawn from the GUID, and nothing noted.
        sql("delete from feed_episodes").run(pod.app.db()).await.unwrap();
        let (id,): (i64,) = sql("select id from channels where rss_url is not null order by id desc limit 1").one(pod.app.db()).await.unwrap();
        for (number, title) in [(1, "Ebb"), (2, "Flood")] {
            let uuid = uuid::Uuid::new_v3(&uuid::Uuid::NAMESPACE_URL, format!("rss://{id}-episode-{number}").as_bytes());
            let track = sql("select max(id) from tracks where title = ?").bind(title).number(pod.app.db()).await.unwrap();
            sql("update tracks set uuid = ? where id = ?").bind(uuid).bind(track).run(pod.app.db()).await.unwrap();
            sql("update uploads set uuid = ?, import_metadata = '{}' where track_id = ?").bind(uuid::Uuid::new_v4()).bind(track).run(pod.app.db()).await.unwrap();
        }
        for title in ["The flood", "The high flood"] {
            there.put("/feed", feed("Tides", &(item(1, "Ebb", &audio) + &item(2, title, &audio))));
            pod.wait(86_401);
            mirrors::due(&pod.app).await.unwrap();
            pod.work().await;
            assert_eq!(titles(&pod, channel, "alice").await, [title, "Ebb"]);
        }
    }

    async fn the_audio_of_a_podcast_is_passed_on(pod: Pod) with ["--fetch-private", "true"] => {
        pod.person("dora").await;
        let there = Elsewhere::start();
        let audio = there.put("/1.mp3", b"0123456789".to_vec());
        let lost = format!("{}/lost.mp3", there.address);
        let url = there.put("/feed", feed("Tides", &(item(1, "Ebb", &audio) + &item(2, "Flood", &lost))));
        pod.post(SUBSCRIBE, &json!({"url": url})).by("alice").send().await;
        let tracks = pod.get("/api/v1/tracks?q=ebb&include_channels=true").by("alice").send().await.json();
        let listen = tracks["results"][0]["listen_url"].as_str().unwrap().to_owned();
        there.asked();
        let whole = pod.get(&listen).by("alice").send().await;
        assert_eq!((whole.status, whole.text.as_str()), (StatusCode::OK, "0123456789"));
        assert_eq!((whole.header("content-type"), whole.header("content-length")), (Some("audio/mpeg"), Some("10")));
        assert_eq!(whole.header("set-cookie"), None, "only the sound is passed on");
        assert!(whole.header("content-disposition").unwrap().contains("Ebb"), "{:?}", whole.header("content-disposition"));
        let head = pod.ask(Method::HEAD, &listen).by("alice").send().await;
        assert_eq!((head.status, head.header("content-length"), head.text.as_str()), (StatusCode::OK, Some("10"), ""));
        there.asked();
        let part = pod.get(&listen).by("alice").header("range", "bytes=2-4").send().await;
        assert_eq!((part.status, part.text.as_str(), part.header("content-range")), (StatusCode::PARTIAL_CONTENT, "234", Some("bytes 2-4/10")));
        assert_eq!(there.asked(), ["/1.mp3 206"]);
        assert_eq!(pod.get(&listen).basic("dora", PASSWORD).send().await.status, StatusCode::NOT_FOUND);
        assert_eq!(pod.get(&listen).send().await.status, StatusCode::NOT_FOUND);
        assert_eq!(there.asked(), [""; 0]);

        let tracks = pod.get("/api/v1/tracks?q=flood&include_channels=true").by("alice").send().await.json();
        let listen = tracks["results"][0]["listen_url"].as_str().unwrap().to_owned();
        assert_eq!(pod.get(&listen).by("alice").send().await.status, StatusCode::NOT_FOUND, "its server says that there is nothing");
        there.answer("/lost.mp3", 500, "No.");
        assert_eq!(pod.get(&listen).by("alice").send().await.status, StatusCode::SERVICE_UNAVAILABLE);

        // Sources that people name themselves lead nowhere.
        let named = sql("update uploads set source = ?, audio_file = '' where track_id = 1").bind(audio.as_str());
        named.run(pod.app.db()).await.unwrap();
        there.asked();
        let own = pod.get("/api/v1/tracks/1").by("alice").send().await.json();
        assert_eq!(pod.get(own["listen_url"].as_str().unwrap()).by("alice").send().await.status, StatusCode::NOT_FOUND);
        assert_eq!(there.asked(), [""; 0]);
    }

    async fn listeners_can_be_sent_to_the_audio(pod: Pod) with ["--fetch-private", "true", "--podcasts-proxy", "false", "--podcasts-third-party-visibility", "everyone"] => {
        pod.person("dora").await;
        let there = Elsewhere::start();
        let url = there.put("/feed", feed("Tides", &item(1, "Ebb", "https://tides.example/1.mp3")));
        pod.post(SUBSCRIBE, &json!({"url": url})).basic("dora", PASSWORD).send().await;
        let tracks = pod.get("/api/v1/tracks?q=ebb&include_channels=true").send().await.json();
        let listen = tracks["results"][0]["listen_url"].as_str().unwrap().to_owned();
        let sent = pod.get(&listen).send().await;
        assert_eq!((sent.status, sent.header("location")), (StatusCode::FOUND, Some("https://tides.example/1.mp3")));
    }

    async fn many_who_subscribe_at_once_share_one_channel(pod: Pod) with ["--fetch-private", "true"] => {
        let there = Elsewhere::start();
        let url = there.put("/feed", feed("Tides", &item(1, "Ebb", "https://tides.example/1.mp3")));
        let body = json!({"url": url});
        for name in ["dora", "emil", "frida"] {
            pod.person(name).await;
        }
        let asked = ["dora", "emil", "frida"].map(|name| pod.post(SUBSCRIBE, &body).basic(name, PASSWORD).send());
        for answer in futures_util::future::join_all(asked).await {
            assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        }
        assert_eq!(count(&pod, "channels where rss_url like '%/feed'").await, 1);
        assert_eq!(count(&pod, "tracks where title = 'Ebb'").await, 1);
    }

    async fn a_list_of_podcasts_is_subscribed_to_at_once(pod: Pod) with ["--fetch-private", "true"] => {
        let there = Elsewhere::start();
        let audio = there.put("/1.mp3", b"0123456789".to_vec());
        let tides = there.put("/tides", feed("Tides", &item(1, "Ebb tide", &audio)));
        let gone = format!("{}/gone", there.address);
        let own = sql("select uuid from channels order by id limit 1");
        let (own,): (uuid::Uuid,) = own.one(pod.app.db()).await.unwrap();
        let opml = format!(r#"<?xml version="1.0"?><opml version="2.0"><head><title>Mine</title></head><body><outline text="Folder">
            <outline type="rss" text="The &amp; tides" xmlUrl="{tides}"/><outline text="Twice" xmlUrl="{tides}"/>
            <outline text="Gone &lt;b&gt;" title="Gone" XMLURL="{gone}?a=1&b=2"/><outline xmlUrl="ftp://there.test/feed"/><outline title="" xmlUrl="feed:{tides}#again"/>
            <outline xmlUrl="http://pod.test/api/v1/channels/{own}/rss"/><outline xmlUrl="http://pod.test/api/v1/channels/nobody/rss"/>
            </outline></body></opml>"#);
        let told = pod.post("/api/v1/channels/rss-subscribe/opml", &json!({"opml": opml})).by("alice").send().await;
        assert_eq!(told.status, StatusCode::OK, "{}", told.text);
        let told = told.json();
        assert_eq!(told["subscribed_count"], 3, "{told}");
        assert_eq!(told["refused"], json!([
            {"url": "ftp://there.test/feed", "reason": "This is not a valid URL."},
            {"url": "http://pod.test/api/v1/channels/nobody/rss", "reason": "Not found."},
        ]));
        assert_eq!(there.asked(), [""; 0], "nobody waits for other servers");
        let names = async || {
            let mine = pod.get("/api/v1/channels?scope=subscribed&external=true&ordering=creation_date").by("alice").send().await.json();
            let mut names: Vec<_> = mine["results"].as_array().unwrap().iter().map(|channel| channel["artist"]["name"].as_str().unwrap().to_owned()).collect();
            names.sort();
            names
        };
        assert_eq!(names().await, ["127.0.0.1", "127.0.0.1"], "how somebody calls them is nobody else's to know");
        pod.work().await;
        assert_eq!(there.asked(), ["/tides 200", "/gone?a=1&b=2 404"]);
        assert_eq!(names().await, ["127.0.0.1", "Tides"]);
        assert_eq!(count(&pod, "tracks where title = 'Ebb tide'").await, 1);
        // What is known is not looked at again, and the list of one pod serves another.
        let export = pod.get("/api/v1/channels?scope=subscribed&output=opml").by("alice").send().await.text;
        let again = format!("mutation {{ importFeeds(input: {{opml: {}}}) {{ subscribedCount refused {{ url reason }} }} }}", json!(export));
        let again = pod.graphql(&again).by("alice").send().await.json();
        assert_eq!(again["data"]["importFeeds"], json!({"subscribedCount": 3, "refused": []}), "{again}");
        pod.work().await;
        assert_eq!(there.asked(), [""; 0]);
        let file = ("opml", "podcasts.opml", "text/x-opml", export.as_bytes());
        let sent = pod.ask(Method::POST, "/api/v1/channels/rss-subscribe/opml").by("alice").parts(&[], &[file]).send().await;
        assert_eq!((sent.status, &sent.json()["subscribed_count"]), (StatusCode::OK, &json!(3)), "{}", sent.text);
        // What could never be read goes with its last subscriber.
        let (gone,): (uuid::Uuid,) = sql("select c.uuid from channels c join artists a on a.id = c.artist_id where a.name = '127.0.0.1'").one(pod.app.db()).await.unwrap();
        pod.wait(30 * 86_400);
        mirrors::forget(&pod.app).await.unwrap();
        assert_eq!(count(&pod, "artists where name = '127.0.0.1'").await, 1);
        pod.post(&format!("/api/v1/channels/{gone}/unsubscribe"), &json!({})).by("alice").send().await;
        mirrors::forget(&pod.app).await.unwrap();
        assert_eq!((count(&pod, "artists where name = '127.0.0.1'").await, count(&pod, "artists where name = 'Tides'").await), (0, 1));
        for (opml, complaint) in [
            ("", "This is no list of feeds in OPML."),
            ("<html><outline xmlUrl='http://a.test'/></html>", "This is no list of feeds in OPML."),
            ("<opml><body/></opml>", "There is no feed in this list."),
            ("<opml><body></opml>", "This is no list of feeds in OPML."),
        ] {
            let refused = pod.post("/api/v1/channels/rss-subscribe/opml", &json!({"opml": opml})).by("alice").send().await;
            assert_eq!((refused.status, refused.json()), (StatusCode::BAD_REQUEST, json!({"opml": [complaint]})));
        }
        let many: String = (0..1_001).map(|number| format!("<outline xmlUrl='http://a.test/{number}'/>")).collect();
        let refused = pod.post("/api/v1/channels/rss-subscribe/opml", &json!({"opml": format!("<opml>{many}</opml>")})).by("alice").send().await;
        assert_eq!(refused.json(), json!({"opml": ["There are more than 1,000 feeds in this list."]}));
    }
}
