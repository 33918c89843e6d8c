//! Folders that are scanned, as players browse them.
use std::fs;

use lofty::tag::ItemKey::{AlbumTitle, TrackArtist, TrackTitle};
use serde_json::{Value, json};

use super::{ask, code, refused, told};
use crate::{
    scanning::{folder, run, song},
    support::{Pod, on_both},
};

async fn scanned(pod: &Pod) {
    let music = folder(pod);
    for (file, title, album) in [
        ("Ann/First/01.wav", "Folder one", "First"),
        ("Ann/First/CD 2/01.wav", "Folder two", "First"),
        ("Ann/Ça & là-bas/01.wav", "Folder three", "Far"),
        ("Ann/0.wav", "Folder four", "Loose"),
        ("The Bees/b.wav", "Folder five", "Bees"),
        ("alone.wav", "Folder six", "Alone"),
    ] {
        song(
            &music,
            file,
            &[
                (TrackTitle, title),
                (TrackArtist, "Ann"),
                (AlbumTitle, album),
            ],
        );
    }
    run(pod, &music).await;
}

async fn directory(pod: &Pod, id: &str) -> Value {
    ask(pod, "getMusicDirectory", &format!("id={id}")).await["directory"].clone()
}

/// Titles in a directory, and whether they are directories.
fn within(directory: &Value) -> Vec<(&str, bool)> {
    let child = directory["child"].as_array().unwrap().iter();
    child
        .map(|child| {
            (
                child["title"].as_str().unwrap(),
                child["isDir"].as_bool().unwrap(),
            )
        })
        .collect()
}

/// The ID of a child by its title.
fn id(directory: &Value, title: &str) -> String {
    let child = directory["child"].as_array().unwrap().iter();
    let found = child.into_iter().find(|child| child["title"] == title);
    found.unwrap()["id"].as_str().unwrap().to_owned()
}

/// What the answers of bob's player hold.
async fn of_bob(pod: &Pod, endpoint: &str, query: &str) -> Value {
    told(
        &pod.get(&format!("/rest/{endpoint}?u=bob&p=sub-bob&f=json&{query}"))
            .send()
            .await,
    )
}

on_both! {
    async fn scanned_folders_are_browsed_as_they_lie(pod: Pod) {
        scanned(&pod).await;
        let folders = ask(&pod, "getMusicFolders", "").await["musicFolders"]["musicFolder"].clone();
        assert_eq!((&folders[0], &folders[1]["name"]), (&json!({"id": 1, "name": "Music"}), &json!("music")));
        let chosen = format!("musicFolderId={}", folders[1]["id"]);
        let indexes = ask(&pod, "getIndexes", &chosen).await["indexes"].clone();
        assert_eq!((&indexes["index"][0]["name"], &indexes["index"][1]["name"]), (&json!("A"), &json!("B")));
        let ann = indexes["index"][0]["artist"][0].clone();
        assert_eq!((&ann["name"], &indexes["index"][1]["artist"][0]["name"]), (&json!("Ann"), &json!("The Bees")));
        assert_eq!(indexes["child"][0]["title"], "Folder six");
        // Whoever asks for everything finds the artists, and beside them the folder.
        let all = ask(&pod, "getIndexes", "").await["indexes"].clone();
        assert_eq!(all["shortcut"][0]["name"], "music");
        let root = all["shortcut"][0]["id"].as_str().unwrap();
        let top = directory(&pod, root).await;
        let number = format!("id={}", folders[1]["id"]);
        assert_eq!(ask(&pod, "getMusicDirectory", &number).await["directory"], top);
        assert_eq!(within(&top), [("Ann", true), ("The Bees", true), ("Folder six", false)]);
        assert_eq!(top["parent"], Value::Null);

        let ann = directory(&pod, ann["id"].as_str().unwrap()).await;
        assert_eq!(within(&ann), [("First", true), ("Ça & là-bas", true), ("Folder four", false)]);
        assert_eq!((&ann["name"], &ann["parent"], &ann["child"][0]["parent"]), (&json!("Ann"), &json!(root), &ann["id"]));
        let far = directory(&pod, &id(&ann, "Ça & là-bas")).await;
        assert_eq!((within(&far), &far["child"][0]["parent"]), (vec![("Folder three", false)], &far["id"]));
        let first = directory(&pod, &id(&ann, "First")).await;
        assert_eq!(within(&first), [("CD 2", true), ("Folder one", false)]);
        assert_eq!(first["parent"], ann["id"]);

        // What is taken away goes, with the folders that were empty without it.
        fs::remove_dir_all(folder(&pod).join("Ann/First")).unwrap();
        run(&pod, &folder(&pod)).await;
        assert_eq!(within(&directory(&pod, ann["id"].as_str().unwrap()).await), [("Ça & là-bas", true), ("Folder four", false)]);
        assert_eq!(code(&pod, "getMusicDirectory", &format!("id={}", first["id"].as_str().unwrap())).await, 70);
        assert_eq!(code(&pod, "getMusicDirectory", "id=fo-99").await, 70);
        for unreadable in ["fo-", "fo-x", "fo-1-%2a", "fo-1-AA", "fo-1-L2V0Yw"] {
            assert_eq!(code(&pod, "getMusicDirectory", &format!("id={unreadable}")).await, 0, "{unreadable}");
        }
    }

    async fn lists_are_narrowed_to_a_scanned_folder(pod: Pod) {
        scanned(&pod).await;
        let folders = ask(&pod, "getMusicFolders", "").await["musicFolders"]["musicFolder"].clone();
        let chosen = format!("musicFolderId={}&size=50&songCount=50&albumCount=50", folders[1]["id"]);
        let songs = ask(&pod, "search3", &format!("query=&{chosen}")).await["searchResult3"]["song"].clone();
        let ids: Vec<&Value> = songs.as_array().unwrap().iter().map(|song| &song["id"]).collect();
        assert_eq!(ids.len(), 6, "{songs}");
        let random = ask(&pod, "getRandomSongs", &chosen).await["randomSongs"]["song"].clone();
        assert!(random.as_array().unwrap().len() == 6 && random.as_array().unwrap().iter().all(|song| ids.contains(&&song["id"])));
        let artists = ask(&pod, "getArtists", &chosen).await["artists"]["index"].clone();
        assert_eq!((&artists[0]["artist"][0]["name"], artists.as_array().unwrap().len()), (&json!("Ann"), 1));
        // Albums that were played, starred and rated are narrowed as those in the order of their names.
        let newest = ask(&pod, "getAlbumList2", &format!("type=newest&{chosen}")).await["albumList2"]["album"][0]["id"].clone();
        for album in [newest.as_str().unwrap(), "al-1"] {
            ask(&pod, "star", &format!("albumId={album}")).await;
            ask(&pod, "setRating", &format!("id={album}&rating=5")).await;
            let song = ask(&pod, "getAlbum", &format!("id={album}")).await["album"]["song"][0]["id"].clone();
            ask(&pod, "scrobble", &format!("id={}", song.as_str().unwrap())).await;
        }
        for (kind, number) in [("random", 5), ("newest", 5), ("alphabeticalByName", 5), ("alphabeticalByArtist", 5),
            ("starred", 1), ("highest", 1), ("frequent", 1), ("recent", 1)] {
            let list = ask(&pod, "getAlbumList2", &format!("type={kind}&{chosen}")).await["albumList2"]["album"].clone();
            assert_eq!(list.as_array().unwrap().len(), number, "{kind}: {list}");
        }
        let starred = ask(&pod, "getStarred2", &chosen).await["starred2"]["album"].clone();
        assert_eq!(starred.as_array().unwrap().len(), 1, "{starred}");
        assert_eq!(code(&pod, "getAlbumList2", "type=newest&musicFolderId=999").await, 70);
        assert_eq!(code(&pod, "getAlbumList2", "type=newest&musicFolderId=-9223372036854775808").await, 70);
    }

    async fn folders_of_private_libraries_are_their_owners(pod: Pod) {
        scanned(&pod).await;
        let private = baleen::store::sql("update libraries set privacy_level = 'me' where name = 'Music'");
        assert_eq!(private.run(pod.app.db()).await.unwrap(), 1);
        let own = ask(&pod, "getMusicFolders", "").await["musicFolders"]["musicFolder"].clone();
        assert_eq!(own.as_array().unwrap().len(), 2);
        let others = of_bob(&pod, "getMusicFolders", "").await;
        assert_eq!(others["musicFolders"]["musicFolder"], json!([{"id": 1, "name": "Music"}]));
        let number = own[1]["id"].as_i64().unwrap();
        for (endpoint, query) in [("getMusicDirectory", format!("id=fo-{}", number - 1)), ("getIndexes", format!("musicFolderId={number}"))] {
            let answer = pod.get(&format!("/rest/{endpoint}?u=bob&p=sub-bob&f=json&{query}")).send().await;
            assert_eq!(refused(&answer), (70, "Music folder not found".to_owned()));
        }
    }
}
