//! Podcasts as players see them.
use serde_json::{Value, json};

use super::{alice, ask, code, refused};
use crate::support::{Elsewhere, PASSWORD, Pod, on_both};

/// A podcast of two episodes on a server elsewhere; its address.
fn publish(there: &Elsewhere) -> String {
    let audio = there.put("/1.mp3", b"0123456789".to_vec());
    let item = |number: i64, title: &str| {
        format!(
            "<item><title>{title}</title><guid>{number}</guid><pubDate>Mon, 0{number} Jan 2024 10:00:00 GMT</pubDate>
             <description>About it</description><enclosure url=\"{audio}\" length=\"10\" type=\"audio/mpeg\"/></item>"
        )
    };
    there.put(
        "/feed",
        format!(
            "<rss version=\"2.0\"><channel><title>Tides</title><description>Water</description>{}{}</channel></rss>",
            item(1, "Ebb"),
            item(2, "Flood")
        ),
    )
}

fn titles(episodes: &Value) -> Vec<&str> {
    let episodes = episodes.as_array().unwrap().iter();
    episodes
        .map(|episode| episode["title"].as_str().unwrap())
        .collect()
}

on_both! {
    async fn players_subscribe_to_podcasts_and_hear_them(pod: Pod) with ["--fetch-private", "true"] => {
        let there = Elsewhere::start();
        let url = publish(&there);
        let before = ask(&pod, "getPodcasts", "").await["podcasts"]["channel"].as_array().unwrap().len();
        ask(&pod, "createPodcastChannel", &format!("url={url}")).await;
        let all = ask(&pod, "getPodcasts", "").await["podcasts"]["channel"].clone();
        assert_eq!(all.as_array().unwrap().len(), before + 1);
        let tides = &all[0];
        assert_eq!((&tides["title"], &tides["url"], &tides["status"], &tides["description"]), (&json!("Tides"), &json!(url), &json!("completed"), &json!("Water")));
        assert_eq!(titles(&tides["episode"]), ["Flood", "Ebb"]);
        let flood = &tides["episode"][0];
        assert_eq!((&flood["channelId"], &flood["streamId"], &flood["type"], &flood["publishDate"]),
            (&tides["id"], &flood["id"], &json!("podcast"), &json!("2024-01-02T10:00:00.000Z")));
        let id = tides["id"].as_str().unwrap();
        let without = ask(&pod, "getPodcasts", &format!("id={id}&includeEpisodes=false")).await["podcasts"]["channel"].clone();
        assert_eq!((without.as_array().unwrap().len(), &without[0]["episode"]), (1, &Value::Null));
        // Funkwhale's players know UUIDs.
        let uuid = id.trim_start_matches("ch-");
        let same = ask(&pod, "getPodcasts", &format!("id={uuid}")).await["podcasts"]["channel"].clone();
        assert_eq!(titles(&same[0]["episode"]), ["Flood", "Ebb"]);
        let newest = ask(&pod, "getNewestPodcasts", "count=1").await["newestPodcasts"]["episode"].clone();
        assert_eq!(newest.as_array().unwrap().len(), 1);
        let episode = flood["id"].as_str().unwrap();
        let one = ask(&pod, "getPodcastEpisode", &format!("id={episode}")).await["podcastEpisode"].clone();
        assert_eq!((&one["title"], &one["description"]), (&json!("Flood"), &json!("About it")));
        let heard = alice(&pod, "stream", &format!("id={}", flood["streamId"].as_str().unwrap())).send().await;
        assert_eq!(heard.text, "0123456789");
        ask(&pod, "downloadPodcastEpisode", &format!("id={episode}")).await;
        assert_eq!(code(&pod, "deletePodcastEpisode", &format!("id={episode}")).await, 50);

        ask(&pod, "deletePodcastChannel", &format!("id={id}")).await;
        let after = ask(&pod, "getPodcasts", "").await["podcasts"]["channel"].as_array().unwrap().len();
        assert_eq!(after, before);
        for (endpoint, query) in [("getPodcastEpisode", "id=tr-1"), ("getPodcasts", "id=ch-00000000-0000-0000-0000-000000000000"), ("deletePodcastChannel", "id=tr-1")] {
            assert_eq!(code(&pod, endpoint, query).await, 70, "{endpoint}?{query}");
        }
        let odd = alice(&pod, "createPodcastChannel", &format!("url={}/none", there.address)).send().await;
        assert_eq!(refused(&odd), (0, "The feed cannot be read: the server answered 404.".to_owned()));
    }

    async fn the_address_of_a_feed_is_a_secret_of_its_subscribers(pod: Pod) with ["--fetch-private", "true"] => {
        let there = Elsewhere::start();
        let url = publish(&there);
        pod.person("dora").await;
        let made = pod.post("/api/v1/channels/rss-subscribe", &json!({"url": url})).basic("dora", PASSWORD).send().await.json();
        let uuid = made["channel"]["uuid"].as_str().unwrap();
        let told = ask(&pod, "getPodcasts", &format!("id=ch-{uuid}")).await["podcasts"]["channel"].clone();
        assert_eq!((&told[0]["url"], &told[0]["episode"]), (&made["channel"]["rss_url"], &json!([])));
    }

    async fn players_have_feeds_looked_at_again(pod: Pod) with ["--fetch-private", "true"] => {
        let there = Elsewhere::start();
        let url = publish(&there);
        ask(&pod, "createPodcastChannel", &format!("url={url}")).await;
        let look = async || {
            there.asked();
            ask(&pod, "refreshPodcasts", "").await;
            pod.work().await;
            there.asked()
        };
        assert_eq!(look().await, [""; 0], "it was looked at a moment ago");
        pod.wait(601);
        assert_eq!(look().await, ["/feed 304"]);
        there.answer("/feed", 500, "");
        pod.wait(601);
        assert_eq!(look().await, ["/feed 500"]);
        assert_eq!(look().await, [""; 0]);
        let tides = ask(&pod, "getPodcasts", "").await["podcasts"]["channel"][0].clone();
        assert_eq!((&tides["status"], &tides["errorMessage"]), (&json!("error"), &json!("the server answered 500")));
    }
}
