//! What players find: by tags, by folders, in lists, and by searching.
use std::collections::HashSet;

use baleen::store::sql;
use serde_json::{Value, json};

use super::{alice, ask, code, told};
use crate::support::{Pod, on_both};

/// The values of a field in a list.
fn all<'a>(list: &'a Value, field: &str) -> Vec<&'a str> {
    let list = list.as_array().unwrap_or_else(|| panic!("no list: {list}"));
    list.iter()
        .map(|item| item[field].as_str().unwrap())
        .collect()
}

on_both! {
    async fn artists_albums_and_songs_are_found_from_the_top(pod: Pod) {
        let artists = ask(&pod, "getArtists", "").await;
        let index = artists["artists"]["index"].as_array().unwrap();
        assert_eq!(all(&artists["artists"]["index"], "name"), ["A", "F", "P", "R", "Z", "Å"]);
        let ana = &index[0]["artist"][0];
        assert_eq!((&ana["id"], &ana["name"], &ana["coverArt"]), (&json!("ar-1"), &json!("Ana Ñandú"), &json!("ar-1")));
        let artist = ask(&pod, "getArtist", "id=ar-1").await["artist"].clone();
        assert!(all(&artist["album"], "id").contains(&"al-1"), "{artist}");
        assert_eq!(artist["albumCount"], artist["album"].as_array().unwrap().len());
        let album = ask(&pod, "getAlbum", "id=al-1").await["album"].clone();
        assert_eq!(all(&album["song"], "id"), ["tr-4", "tr-2", "tr-1", "tr-3", "tr-5"]);
        assert_eq!((&album["songCount"], &album["duration"]), (&json!(5), &json!(300)));
        let of_bob = pod.get("/rest/getAlbum?u=bob&p=sub-bob&f=json&id=al-2").send().await;
        assert_eq!(told(&of_bob)["album"]["songCount"], 1);
        assert_eq!((&album["artistId"], &album["coverArt"]), (&json!("ar-1"), &json!("al-1")));
        let song = ask(&pod, "getSong", "id=tr-1").await["song"].clone();
        assert_eq!(song, album["song"][2]);
        assert_eq!((&song["isDir"], &song["suffix"], &song["duration"], &song["coverArt"], &song["track"]),
            (&json!(false), &json!("mp3"), &json!(60), &json!("al-1"), &json!(1)));
        assert_eq!(song["path"], "Ana Ñandú/First/1 - Dusk 1.mp3");
        // What a player got from Funkwhale still names the same.
        assert_eq!(ask(&pod, "getSong", "id=1").await["song"], song);
        assert_eq!(ask(&pod, "getAlbum", "id=1").await["album"], album);
        assert_eq!(ask(&pod, "getArtist", "id=1").await["artist"], artist);
    }

    async fn what_the_caller_cannot_play_is_not_listed(pod: Pod) {
        let of_bob = async |endpoint: &str, query: &str| {
            let address = format!("/rest/{endpoint}?u=bob&p=sub-bob&f=json&{query}");
            told(&pod.get(&address).send().await)
        };
        // The sixth song is in a private library of bob's.
        let album = of_bob("getAlbum", "id=al-2").await;
        assert_eq!(all(&album["album"]["song"], "id"), ["tr-6"]);
        assert_eq!(ask(&pod, "getAlbum", "id=al-2").await["album"]["song"], json!([]));
        for kind in ["newest", "alphabeticalByName", "alphabeticalByArtist"] {
            let query = format!("type={kind}&size=50");
            let albums = of_bob("getAlbumList2", &query).await;
            assert!(all(&albums["albumList2"]["album"], "id").contains(&"al-2"), "{kind}");
            let albums = ask(&pod, "getAlbumList2", &query).await;
            assert!(!all(&albums["albumList2"]["album"], "id").contains(&"al-2"), "{kind}");
        }
        for query in ["query=", "query=%22%22", "query=wind"] {
            let query = format!("{query}&songCount=50");
            let found = of_bob("search3", &query).await;
            assert!(all(&found["searchResult3"]["song"], "id").contains(&"tr-6"), "{query}");
            let found = ask(&pod, "search3", &query).await;
            assert!(!all(&found["searchResult3"]["song"], "id").contains(&"tr-6"), "{query}");
        }
        let random = ask(&pod, "getRandomSongs", "size=50").await;
        assert!(!all(&random["randomSongs"]["song"], "id").contains(&"tr-6"));
        assert_eq!(code(&pod, "stream", "id=tr-6").await, 70);
        // What is hidden is not listed either.
        let hide = sql("insert into content_filters (uuid, user_id, target_artist_id, creation_date) values (?, 1, 1, ?)");
        hide.bind(uuid::Uuid::from_u128(7)).bind(pod.app.clock().now()).run(pod.app.db()).await.unwrap();
        for kind in ["newest", "alphabeticalByName", "alphabeticalByArtist", "frequent"] {
            let albums = ask(&pod, "getAlbumList2", &format!("type={kind}&size=50")).await;
            assert!(!all(&albums["albumList2"]["album"], "id").contains(&"al-1"), "{kind}");
        }
    }

    async fn folders_lead_from_artists_to_albums_to_songs(pod: Pod) {
        let folders = ask(&pod, "getMusicFolders", "").await;
        assert_eq!(folders["musicFolders"]["musicFolder"], json!([{"id": 1, "name": "Music"}]));
        let indexes = ask(&pod, "getIndexes", "musicFolderId=1").await["indexes"].clone();
        let artist = indexes["index"][0]["artist"][0]["id"].as_str().unwrap();
        let time = indexes["lastModified"].as_i64().unwrap();
        // Much changes without anything being added.
        let later = ask(&pod, "getIndexes", &format!("ifModifiedSince={time}")).await;
        assert_eq!(later["indexes"]["index"], indexes["index"]);
        let root = ask(&pod, "getMusicDirectory", "id=1").await["directory"].clone();
        assert!(all(&root["child"], "id").contains(&artist));
        let albums = ask(&pod, "getMusicDirectory", &format!("id={artist}")).await["directory"].clone();
        assert_eq!((&albums["parent"], &albums["child"][0]["isDir"]), (&json!("1"), &json!(true)));
        // Songs that are on no album lie beside the albums.
        sql("update tracks set album_id = null where id = 11").run(pod.app.db()).await.unwrap();
        let artist_of = ask(&pod, "getSong", "id=tr-11").await["song"]["artistId"].clone();
        let artist_of = artist_of.as_str().unwrap();
        let beside = ask(&pod, "getMusicDirectory", &format!("id={artist_of}")).await["directory"]["child"].clone();
        let song = beside.as_array().unwrap().iter().find(|child| child["id"] == "tr-11").unwrap();
        assert_eq!((&song["isDir"], &song["parent"]), (&json!(false), &json!(artist_of)));
        let songs = ask(&pod, "getMusicDirectory", "id=al-1").await["directory"].clone();
        assert_eq!(songs["parent"], artist);
        assert_eq!(songs["child"][0]["isDir"], false);
        assert_eq!(songs["child"][0]["parent"], "al-1");
    }

    async fn albums_are_listed_in_every_order(pod: Pod) {
        let list = async |query: &str| {
            let told = ask(&pod, "getAlbumList2", query).await;
            all(&told["albumList2"]["album"], "id").into_iter().map(str::to_owned).collect::<Vec<_>>()
        };
        let everything = HashSet::<String>::from_iter(list("type=newest&size=500").await);
        assert!(everything.len() >= 3, "{everything:?}");
        for kind in ["random", "alphabeticalByName", "alphabeticalByArtist"] {
            let found = list(&format!("type={kind}&size=500")).await;
            assert_eq!(HashSet::from_iter(found), everything, "{kind}");
        }
        let by_name = list("type=alphabeticalByName&size=500").await;
        let paged = [list("type=alphabeticalByName&size=2").await, list("type=alphabeticalByName&size=498&offset=2").await].concat();
        assert_eq!(paged, by_name);
        let years = list("type=byYear&fromYear=1900&toYear=2100&size=500").await;
        let mut backwards = list("type=byYear&fromYear=2100&toYear=1900&size=500").await;
        backwards.reverse();
        assert!(!years.is_empty());
        assert_eq!(backwards, years);
        assert_eq!(list("type=byGenre&genre=ROCK&size=500").await.len(), list("type=byGenre&genre=rock&size=500").await.len());
        // Alice has played a song of the first album.
        assert_eq!(list("type=frequent").await, ["al-1"]);
        assert_eq!(list("type=recent").await, ["al-1"]);
        let folders = ask(&pod, "getAlbumList", "type=newest").await;
        assert_eq!(folders["albumList"]["album"][0]["isDir"], true);
    }

    async fn searching_finds_by_words_and_an_empty_query_finds_everything(pod: Pod) {
        let found = ask(&pod, "search3", "query=nand%C3%BA").await["searchResult3"].clone();
        assert_eq!(all(&found["artist"], "id"), ["ar-1"]);
        assert!(all(&found["album"], "id").contains(&"al-1"), "{found}");
        assert!(all(&found["song"], "id").contains(&"tr-1"), "{found}");
        let everything = ask(&pod, "search3", "query=&songCount=500&albumCount=0&artistCount=0").await;
        let everything = all(&everything["searchResult3"]["song"], "id").join(" ");
        let mut pages = Vec::new();
        for offset in (0..).step_by(3) {
            let page = ask(&pod, "search3", &format!("query=%22%22&songCount=3&songOffset={offset}&albumCount=0&artistCount=0")).await;
            let page = all(&page["searchResult3"]["song"], "id").join(" ");
            if page.is_empty() {
                break;
            }
            pages.push(page);
        }
        assert_eq!(pages.join(" "), everything);
        let old = ask(&pod, "search2", "query=first").await;
        assert_eq!(old["searchResult2"]["album"][0]["isDir"], true);
    }

    async fn genres_songs_and_what_is_like_them_are_found(pod: Pod) {
        let genres = ask(&pod, "getGenres", "").await["genres"]["genre"].clone();
        let genre = genres.as_array().unwrap().iter().find(|genre| genre["songCount"] != 0).unwrap();
        let name = genre["value"].as_str().unwrap();
        let songs = ask(&pod, "getSongsByGenre", &format!("genre={name}&count=500")).await;
        assert!(!all(&songs["songsByGenre"]["song"], "id").is_empty());
        let top = ask(&pod, "getTopSongs", "artist=ANA+%C3%B1and%C3%BA").await;
        assert_eq!(top, ask(&pod, "getTopSongs", "id=ar-1").await);
        assert!(all(&top["topSongs"]["song"], "id").contains(&"tr-1"));
        let nobody = ask(&pod, "getTopSongs", "artist=nobody").await;
        assert_eq!(nobody["topSongs"]["song"], json!([]));
        for id in ["tr-1", "al-1", "ar-1", "1"] {
            let like = ask(&pod, "getSimilarSongs2", &format!("id={id}")).await;
            assert!(like["similarSongs2"]["song"].is_array(), "{like}");
        }
        let random = ask(&pod, "getRandomSongs", "size=3").await;
        let random = HashSet::<&str>::from_iter(all(&random["randomSongs"]["song"], "id"));
        assert_eq!(random.len(), 3);
        let info = ask(&pod, "getArtistInfo2", "id=ar-1").await["artistInfo2"].clone();
        assert_eq!(info["musicBrainzId"], "b4957289-c427-5ff6-bf26-5eed65fea752");
        assert!(info["biography"].as_str().is_some_and(|text| !text.is_empty()), "{info}");
        assert!(info["largeImageUrl"].as_str().is_some_and(|url| url.contains("600x600")), "{info}");
        let info = ask(&pod, "getAlbumInfo2", "id=al-1").await["albumInfo"].clone();
        assert!(info["smallImageUrl"].is_string(), "{info}");
        assert_eq!(code(&pod, "getAlbumInfo", "id=al-999").await, 70);
    }

    async fn texts_of_songs_are_shown_with_their_times(pod: Pod) {
        let text = json!({"lyrics": "[ar:Ana]\n[00:01.50]It is dusk\n[00:03]and it stays"});
        let write = sql("insert into track_details (track_id, details) values (1, ?)");
        write.bind(text).run(pod.app.db()).await.unwrap();
        let list = ask(&pod, "getLyricsBySongId", "id=tr-1").await["lyricsList"]["structuredLyrics"].clone();
        assert_eq!(list[0]["synced"], true);
        assert_eq!(list[0]["line"], json!([{"value": "It is dusk", "start": 1500}, {"value": "and it stays", "start": 3000}]));
        let plain = ask(&pod, "getLyrics", "artist=ana+%C3%B1and%C3%BA&title=dusk+1").await;
        assert_eq!(plain["lyrics"]["value"], "It is dusk\nand it stays");
        let none = ask(&pod, "getLyricsBySongId", "id=tr-2").await;
        assert_eq!(none["lyricsList"]["structuredLyrics"], json!([]));
    }

    async fn what_there_is_none_of_is_empty(pod: Pod) {
        for (endpoint, element, row) in [
            ("getVideos", "videos", "video"), ("getShares", "shares", "share"),
            ("getChatMessages", "chatMessages", "chatMessage"),
            ("getInternetRadioStations", "internetRadioStations", "internetRadioStation"),
        ] {
            assert_eq!(ask(&pod, endpoint, "").await[element], json!({row: []}));
        }
    }

    async fn imports_of_folders_are_told_to_those_who_may_start_them(pod: Pod) {
        let status = ask(&pod, "getScanStatus", "").await["scanStatus"].clone();
        assert_eq!(status["scanning"], false);
        assert_eq!(code(&pod, "startScan", "").await, 50);
        let may = sql("update users set permission_library = true where username = 'alice'");
        may.run(pod.app.db()).await.unwrap();
        pod.wait(2);
        // There is nothing to be done again.
        assert_eq!(code(&pod, "startScan", "").await, 0);
        let answer = alice(&pod, "startScan", "").send().await;
        assert!(answer.text.contains("No folder has been imported yet"), "{}", answer.text);
    }
}
