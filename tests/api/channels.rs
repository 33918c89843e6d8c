//! Channels: what people publish, and who follows it.
use std::fs;

use baleen::store::sql;
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{Answer, PASSWORD, Pod, on_both};

const ADDRESS: &str = "/api/v1/channels";

/// A channel that alice makes.
async fn make(pod: &Pod, new: &Value) -> Answer {
    pod.post(ADDRESS, new).by("alice").send().await
}

async fn change(pod: &Pod, name: &str, by: &str, changes: &Value) -> Answer {
    let address = format!("{ADDRESS}/{name}");
    let asked = pod.ask(Method::PATCH, &address).by(by);
    let asked = asked.header("content-type", "application/json");
    asked.body(changes.to_string()).send().await
}

fn waves() -> Value {
    json!({"name": "Waves", "username": "waves", "description": {"text": "*Salt*", "content_type": "text/markdown"},
        "tags": ["Sea", "Wind"], "content_category": "podcast",
        "metadata": {"language": "en", "itunes_category": "Arts", "itunes_subcategory": "Books", "explicit": false}})
}

/// The number of rows of a table.
async fn count(pod: &Pod, table: &'static str) -> i64 {
    sql("select count(*) from ")
        .then(table)
        .number(pod.app.db())
        .await
        .unwrap()
}

on_both! {
    async fn a_channel_is_made_changed_and_deleted(pod: Pod) {
        pod.person("dora").await;
        let tables = ["channels", "artists", "actors", "libraries", "contents", "follows"];
        let mut before = Vec::new();
        for table in tables {
            before.push(count(&pod, table).await);
        }
        let made = make(&pod, &waves()).await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        let made = made.json();
        assert_eq!((&made["artist"]["name"], &made["artist"]["tags"], &made["artist"]["content_category"]),
            (&json!("Waves"), &json!(["Sea", "Wind"]), &json!("podcast")));
        assert_eq!((&made["artist"]["description"]["html"], &made["subscriptions_count"]), (&json!("<p><em>Salt</em></p>"), &json!(0)));
        assert_eq!((&made["actor"]["preferred_username"], &made["attributed_to"]["preferred_username"]), (&json!("waves"), &json!("alice")));
        assert_eq!(made["metadata"]["itunes_subcategory"], "Books");
        assert!(made["rss_url"].as_str().unwrap().ends_with("/api/v1/channels/waves/rss"), "{made}");
        let uuid = made["uuid"].as_str().unwrap();
        let whole = made["actor"]["full_username"].as_str().unwrap();
        for name in [uuid, "waves", "Waves", whole] {
            let found = pod.get(&format!("{ADDRESS}/{name}")).send().await;
            assert_eq!(found.json(), made, "{name}");
        }
        assert_eq!(pod.get(&format!("{ADDRESS}/nobody")).send().await.status, StatusCode::NOT_FOUND);

        // Only the owner changes it.
        let new = json!({"name": "Tides", "description": null, "tags": ["Sea"]});
        assert_eq!(change(&pod, "waves", "bob", &new).await.status, StatusCode::FORBIDDEN);
        let changed = change(&pod, "waves", "alice", &new).await.json();
        assert_eq!((&changed["artist"]["name"], &changed["actor"]["name"], &changed["artist"]["description"], &changed["artist"]["tags"]),
            (&json!("Tides"), &json!("Tides"), &Value::Null, &json!(["Sea"])));
        assert_eq!(changed["metadata"], made["metadata"]);
        let changed = change(&pod, uuid, "alice", &json!({"content_category": "music", "metadata": {}})).await.json();
        assert_eq!((&changed["artist"]["content_category"], &changed["metadata"]), (&json!("music"), &json!({})));
        let refused = change(&pod, uuid, "alice", &json!({"content_category": "podcast"})).await;
        assert_eq!((refused.status, refused.json()["metadata"]["language"].is_null()), (StatusCode::BAD_REQUEST, false), "{}", refused.text);

        // With it goes all that belongs to it, also what others had of it.
        assert_eq!(pod.post(&format!("{ADDRESS}/waves/subscribe"), &json!({})).basic("dora", PASSWORD).send().await.status, StatusCode::CREATED);
        let delete = |by: &'static str| pod.ask(Method::DELETE, "/api/v1/channels/waves").by(by).send();
        assert_eq!(delete("bob").await.status, StatusCode::FORBIDDEN);
        assert_eq!(delete("alice").await.status, StatusCode::NO_CONTENT);
        assert_eq!(delete("alice").await.status, StatusCode::NOT_FOUND);
        for (table, before) in tables.into_iter().zip(before) {
            // The username stays taken: who reads its feed or follows it would come to somebody else.
            let tombstones = i64::from(table == "actors");
            assert_eq!(count(&pod, table).await, before + tombstones, "{table}");
        }
        let again = make(&pod, &waves()).await;
        assert_eq!(again.json(), json!({"username": ["This username is already in use"]}));
    }

    async fn graphql_has_the_same_channels(pod: Pod) {
        pod.person("dora").await;
        let query = "mutation { createChannel(input: {name: \"Waves\", username: \"waves\", contentCategory: PODCAST, tags: [\"Sea\"],
            metadata: {language: \"en\", itunesCategory: \"Arts\"}}) { channel { id uuid isExternal rssUrl downloadsCount subscriptionsCount
            artist { name tags { name } channel { uuid } } actor { preferredUsername } attributedTo { preferredUsername }
            metadata { language itunesCategory explicit } subscription { uuid } } } }";
        let made = pod.graphql(query).by("alice").send().await.json();
        let channel = &made["data"]["createChannel"]["channel"];
        let (id, uuid) = (channel["id"].as_str().unwrap_or_else(|| panic!("{made}")), channel["uuid"].as_str().unwrap());
        assert_eq!(channel["artist"], json!({"name": "Waves", "tags": [{"name": "Sea"}], "channel": {"uuid": uuid}}));
        assert_eq!((&channel["actor"]["preferredUsername"], &channel["attributedTo"]["preferredUsername"]), (&json!("waves"), &json!("alice")));
        assert_eq!(channel["metadata"], json!({"language": "en", "itunesCategory": "Arts", "explicit": null}));
        let rest = pod.get(&format!("{ADDRESS}/{uuid}")).send().await.json();
        assert_eq!((&channel["rssUrl"], &channel["isExternal"], &channel["subscription"]), (&rest["rss_url"], &json!(false), &Value::Null));
        let query = format!("mutation {{ updateChannel(input: {{id: \"{id}\", name: \"Tides\", description: {{text: \"Salt\", contentType: \"text/plain\"}}}}) \
            {{ channel {{ artist {{ name description {{ text }} }} }} }} }}");
        let changed = pod.graphql(&query).by("alice").send().await.json();
        assert_eq!(changed["data"]["updateChannel"]["channel"]["artist"], json!({"name": "Tides", "description": {"text": "Salt"}}));
        let refused = pod.graphql(&query).by("bob").send().await.json();
        assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused}");

        let subscribe = format!("mutation {{ subscribeToChannel(input: {{channel: \"{id}\"}}) {{ subscription {{ id approved channel {{ uuid subscriptionsCount }} }} }} }}");
        let subscribed = pod.graphql(&subscribe).basic("dora", PASSWORD).send().await.json();
        let subscription = &subscribed["data"]["subscribeToChannel"]["subscription"];
        assert_eq!((&subscription["approved"], &subscription["channel"]), (&json!(true), &json!({"uuid": uuid, "subscriptionsCount": 1})), "{subscribed}");
        let node = format!("{{ node(id: {}) {{ ... on ChannelSubscription {{ channel {{ uuid }} }} }} channelSubscriptions {{ nodes {{ id }} }} \
            channel(id: \"{id}\") {{ subscription {{ id }} }} }}", subscription["id"]);
        let mine = pod.graphql(&node).basic("dora", PASSWORD).send().await.json();
        assert_eq!(mine["data"], json!({"node": {"channel": {"uuid": uuid}}, "channelSubscriptions": {"nodes": [{"id": subscription["id"]}]},
            "channel": {"subscription": {"id": subscription["id"]}}}), "{mine}");
        let theirs = pod.graphql(&node).by("alice").send().await.json();
        assert_eq!(theirs["data"]["node"], Value::Null);
        let end = format!("mutation {{ unsubscribeFromChannel(input: {{channel: \"{uuid}\"}}) {{ channel {{ subscription {{ id }} subscriptionsCount }} }} }}");
        let ended = pod.graphql(&end).basic("dora", PASSWORD).send().await.json();
        assert_eq!(ended["data"]["unsubscribeFromChannel"]["channel"], json!({"subscription": null, "subscriptionsCount": 0}));
        let delete = format!("mutation {{ deleteChannel(input: {{id: \"{id}\"}}) {{ deletedId }} }}");
        assert_eq!(pod.graphql(&delete).by("alice").send().await.json()["data"]["deleteChannel"]["deletedId"], id);
        let choices = pod.graphql("{ channelMetadataChoices { language { value label } itunesCategory { value children } } }").send().await.json();
        let rest = pod.get(&format!("{ADDRESS}/metadata-choices")).send().await.json();
        assert_eq!(choices["data"]["channelMetadataChoices"]["language"], rest["language"]);
        assert!(rest["language"].as_array().unwrap().contains(&json!({"value": "en", "label": "English"})));
        assert_eq!(rest["itunes_category"][0], json!({"value": "Arts", "label": "Arts",
            "children": ["Books", "Design", "Fashion & Beauty", "Food", "Performing Arts", "Visual Arts"]}));
    }

    async fn what_is_wrong_with_a_channel_is_told_by_field(pod: Pod) {
        let with = |field: &str, value: Value| {
            let mut new = waves();
            new[field] = value;
            new
        };
        let before = count(&pod, "artists").await;
        for (new, field) in [
            (with("username", json!("not a name")), "username"),
            (with("username", json!("")), "username"),
            (with("username", json!("ünder")), "username"),
            (with("username", json!("ALICE")), "username"),
            (with("username", json!("admin")), "username"),
            (with("username", json!("0123456789abcdef0123456789abcdef")), "username"),
            (with("username", json!("x".repeat(201))), "username"),
            (with("name", json!("\u{200b}")), "name"),
            (with("name", json!(" ")), "name"),
            (with("name", json!("x".repeat(201))), "name"),
            (with("tags", json!(["no tag"])), "tags"),
            (with("cover", json!("00000000-0000-0000-0000-000000000000")), "cover"),
            (with("content_category", json!("opera")), "content_category"),
            (with("metadata", json!(null)), "metadata.language"),
            (with("metadata", json!({"language": "zz", "itunes_category": "Arts"})), "metadata.language"),
            (with("metadata", json!({"language": "en"})), "metadata.itunes_category"),
            (with("metadata", json!({"language": "en", "itunes_category": "Nothing"})), "metadata.itunes_category"),
            (with("metadata", json!({"language": "en", "itunes_category": "Arts", "itunes_subcategory": "Golf"})), "metadata.itunes_subcategory"),
            (with("metadata", json!({"language": "en", "itunes_category": "Arts", "owner_email": "nobody"})), "metadata.owner_email"),
        ] {
            let refused = make(&pod, &new).await;
            assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{new}: {}", refused.text);
            let told = refused.json();
            assert!(told.as_object().unwrap().keys().any(|key| key == field || field.starts_with(&format!("{key}."))), "{new}: {told}");
        }
        assert_eq!(count(&pod, "artists").await, before);
        assert_eq!(make(&pod, &with("username", json!("y".repeat(200)))).await.status, StatusCode::CREATED);
        assert_eq!(make(&pod, &waves()).await.status, StatusCode::CREATED);
        let taken = make(&pod, &with("username", json!("Waves"))).await;
        assert_eq!(taken.json(), json!({"username": ["This username is already in use"]}));
        // Neither can an account have the name of a channel.
        pod.prefer("audio", "max_channels", "3").await;
        let most = make(&pod, &with("username", json!("more"))).await;
        assert_eq!(most.json()["non_field_errors"].as_array().unwrap().len(), 1, "{}", most.text);
    }

    async fn channels_are_listed_and_subscribed_to(pod: Pod) {
        pod.person("dora").await;
        assert_eq!(make(&pod, &waves()).await.status, StatusCode::CREATED);
        let list = async |query: &str, by: &'static str| {
            let asked = pod.get(&format!("{ADDRESS}?{query}"));
            let answer = match by { "dora" => asked.basic("dora", PASSWORD), token => asked.by(token) }.send().await;
            assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.text);
            let results = answer.json()["results"].clone();
            results.as_array().unwrap().iter().map(|channel| channel["artist"]["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let all = list("", "alice").await;
        assert_eq!(all[0], "Waves");
        assert!(all.len() > 1, "{all:?}");
        for (query, found) in [("q=wav", true), ("q=none", false), ("tag=sea&tag=WIND", true), ("tag=sea&tag=none", false), ("scope=me", true),
            ("scope=all", true), ("scope=subscribed", false), ("scope=actor:alice@nowhere.example", false), ("external=true", false),
            ("external=false", true), ("subscribed=true", false), ("subscribed=false", true), ("hidden=true", false),
            ("ordering=-modification_date", true), ("ordering=random", true), ("scope=nonsense", false)] {
            assert_eq!(list(query, "alice").await.contains(&"Waves".to_owned()), found, "{query}");
        }
        assert!(!list("scope=me", "bob").await.contains(&"Waves".to_owned()));
        sql("update artists set name = ? where name = 'Waves'").bind("Waves\u{ffff}").run(pod.app.db()).await.unwrap();
        let opml = pod.get(&format!("{ADDRESS}?output=opml&q=wav")).send().await;
        assert_eq!(opml.header("content-type"), Some("application/xml"));
        let outline = format!("<outline type=\"rss\" text=\"Waves\" title=\"Waves\" xmlUrl=\"{}/waves/rss\"/>", pod.app.config().public_url() + ADDRESS);
        assert!(opml.text.contains("<opml version=\"2.0\">") && opml.text.contains(&outline), "{}", opml.text);
        assert_eq!(opml.text.matches("<outline").count(), 1);
        sql("update artists set name = 'Waves' where name = ?").bind("Waves\u{ffff}").run(pod.app.db()).await.unwrap();
        // Twice is once.
        let subscribe = async || pod.post(&format!("{ADDRESS}/waves/subscribe"), &json!({})).basic("dora", PASSWORD).send().await;
        let first = subscribe().await;
        assert_eq!((first.status, &first.json()["approved"]), (StatusCode::CREATED, &json!(true)));
        assert_eq!(subscribe().await.json()["uuid"], first.json()["uuid"]);
        assert_eq!(list("subscribed=true", "dora").await, ["Waves"]);
        let address = "/api/v1/subscriptions";
        let mine = pod.get(address).basic("dora", PASSWORD).send().await.json();
        assert_eq!((&mine["count"], &mine["results"][0]["channel"]["artist"]["name"]), (&json!(1), &json!("Waves")));
        let one = format!("{address}/{}", first.json()["uuid"].as_str().unwrap());
        assert_eq!(pod.get(&one).basic("dora", PASSWORD).send().await.json(), mine["results"][0]);
        assert_eq!(pod.get(&one).by("alice").send().await.status, StatusCode::NOT_FOUND);
        let brief = pod.get(&format!("{address}/all")).basic("dora", PASSWORD).send().await.json();
        assert_eq!(brief, json!({"results": [{"uuid": first.json()["uuid"], "channel": first.json()["channel"]["uuid"]}], "count": 1}));
        for method in [Method::POST, Method::DELETE] {
            let ended = pod.ask(method, &format!("{ADDRESS}/waves/unsubscribe")).basic("dora", PASSWORD).send().await;
            assert_eq!(ended.status, StatusCode::NO_CONTENT);
        }
        assert_eq!(pod.get(address).basic("dora", PASSWORD).send().await.json()["count"], 0);
        assert_eq!(pod.get(address).send().await.status, StatusCode::UNAUTHORIZED);
    }

    async fn a_channel_has_a_feed_of_its_uploads(pod: Pod) {
        let mut new = waves();
        new["name"] = json!("Waves & \u{1}<Tides>");
        new["metadata"]["explicit"] = json!(true);
        let made = make(&pod, &new).await.json();
        let library = sql("select library_id from channels where uuid = ?").bind(made["uuid"].as_str().unwrap().parse::<uuid::Uuid>().unwrap());
        let library = library.number(pod.app.db()).await.unwrap();
        // The uploads of a public library become episodes.
        sql("update uploads set library_id = ? where id in (select u.id from uploads u join libraries l on l.id = u.library_id
             where l.privacy_level = 'everyone' and u.import_status = 'finished' and u.track_id is not null order by u.id limit 2)")
            .bind(library).run(pod.app.db()).await.unwrap();
        let tracks = pod.stored().join("tracks");
        fs::create_dir_all(&tracks).unwrap();
        for (file, size) in [("1.mp3", 1000), ("2.mp3", 2000)] {
            fs::write(tracks.join(file), vec![1; size]).unwrap();
        }
        let address = format!("{ADDRESS}/waves/rss");
        let feed = pod.get(&address).header("accept", "text/html").send().await;
        assert_eq!((feed.status, feed.header("content-type")), (StatusCode::OK, Some("application/rss+xml")), "{}", feed.text);
        let text = &feed.text;
        for part in ["<title>Waves &amp; &lt;Tides&gt;</title>", "<description>&lt;p&gt;&lt;em&gt;Salt&lt;/em&gt;&lt;/p&gt;</description>",
            "<itunes:category text=\"Arts\"><itunes:category text=\"Books\"/></itunes:category>", "<itunes:explicit>true</itunes:explicit>",
            "<language>en</language>", "<itunes:keywords>Sea,Wind</itunes:keywords>", "isPermaLink=\"false\""] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(text.contains(&format!("rel=\"self\" type=\"application/rss+xml\" href=\"{}\"", made["rss_url"].as_str().unwrap())), "{text}");
        assert_eq!(text.matches("<item>").count(), 2, "{text}");
        // An enclosure is what it says.
        let enclosure = text.split("<enclosure ").nth(1).unwrap().split("/>").next().unwrap();
        let value = |name: &str| enclosure.split(&format!("{name}=\"")).nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
        let url = value("url");
        let (_, path) = url.split_once("/api/").unwrap();
        let audio = pod.get(&format!("/api/{path}")).send().await;
        assert_eq!((audio.status, audio.header("content-type"), audio.bytes.len().to_string()), (StatusCode::OK, Some(value("type").as_str()), value("length")));
        // Players ask again and again.
        let known = feed.header("etag").unwrap().to_owned();
        let again = pod.get(&address).header("if-none-match", &known).send().await;
        assert_eq!(again.status, StatusCode::NOT_MODIFIED);
        // What not everybody may hear is not told to everybody.
        sql("update libraries set privacy_level = 'me' where id = ?").bind(library).run(pod.app.db()).await.unwrap();
        assert_eq!(pod.get(&address).send().await.text.matches("<item>").count(), 0);
        assert_eq!(pod.get(&address).by("alice").send().await.text.matches("<item>").count(), 2);
        assert_eq!(pod.get(&format!("{ADDRESS}/nobody/rss")).send().await.status, StatusCode::NOT_FOUND);
    }

    async fn a_channel_takes_with_it_what_it_published_and_nothing_else(pod: Pod) {
        let made = make(&pod, &waves()).await.json();
        let artist = made["artist"]["id"].as_i64().unwrap();
        let library = sql("select library_id from channels where artist_id = ?").bind(artist).number(pod.app.db()).await.unwrap();
        let credit = async |track: i64| {
            sql("update track_artists set artist_id = ? where track_id = ? and position = 0").bind(artist).bind(track).run(pod.app.db()).await.unwrap();
        };
        // Of the first track there is only the channel's upload, of the second also one of somebody else.
        credit(1).await;
        credit(2).await;
        sql("update uploads set library_id = ? where track_id = 1").bind(library).run(pod.app.db()).await.unwrap();
        let uploads = async |track: i64| sql("select count(*) from uploads where track_id = ?").bind(track).number(pod.app.db()).await.unwrap();
        let (first, second) = (uploads(1).await, uploads(2).await);
        assert!(first > 0 && second > 0);
        let deleted = pod.ask(Method::DELETE, "/api/v1/channels/waves").by("alice").send().await;
        assert_eq!(deleted.status, StatusCode::NO_CONTENT, "{}", deleted.text);
        assert_eq!((uploads(1).await, uploads(2).await), (0, second));
        let left = async |track: i64| sql("select count(*) from tracks where id = ?").bind(track).number(pod.app.db()).await.unwrap();
        assert_eq!((left(1).await, left(2).await), (0, 1));
        assert_eq!(pod.get(&format!("/api/v1/artists/{artist}")).send().await.status, StatusCode::OK);
    }

    async fn changes_at_once_lose_nothing(pod: Pod) {
        assert_eq!(make(&pod, &waves()).await.status, StatusCode::CREATED);
        // What another server described more of stays as it is, unless it is changed.
        sql("update channels set metadata = ? where id = (select max(id) from channels)")
            .bind(json!({"language": "en", "itunes_category": "Arts", "season": 3})).run(pod.app.db()).await.unwrap();
        let names = ["One", "Two", "Three", "Four"];
        let changes = names.map(|name| json!({"name": name}));
        let [one, two, three, four] = &changes;
        let owner = json!({"metadata": {"language": "de", "itunes_category": "Music"}});
        let all = tokio::join!(change(&pod, "waves", "alice", one), change(&pod, "waves", "alice", two),
            change(&pod, "waves", "alice", &owner), change(&pod, "waves", "alice", three), change(&pod, "waves", "alice", four));
        for answer in [all.0, all.1, all.2, all.3, all.4] {
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        }
        let shown = pod.get(&format!("{ADDRESS}/waves")).send().await.json();
        assert_eq!(shown["metadata"]["language"], "de");
        assert_eq!(shown["artist"]["name"], shown["actor"]["name"]);
    }

    async fn a_pod_can_be_without_channels(pod: Pod) {
        pod.person("dora").await;
        pod.prefer("audio", "channels_enabled", "False").await;
        for (method, address) in [(Method::GET, ADDRESS), (Method::GET, "/api/v1/channels/waves"), (Method::GET, "/api/v1/subscriptions"),
            (Method::GET, "/api/v1/channels/metadata-choices"), (Method::POST, "/api/v1/channels/waves/subscribe")] {
            let answer = pod.ask(method, address).basic("dora", PASSWORD).send().await;
            assert_eq!((answer.status, &answer.json()["detail"]), (StatusCode::METHOD_NOT_ALLOWED, &json!("Channels are disabled on this pod.")), "{address}");
        }
        assert_eq!(make(&pod, &waves()).await.status, StatusCode::METHOD_NOT_ALLOWED);
        let answer = pod.graphql("{ channels { nodes { uuid } } }").send().await.json();
        assert_eq!(answer["errors"][0]["message"], "Channels are disabled on this pod.", "{answer}");
    }
}
