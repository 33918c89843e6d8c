//! Folders of the music directory, imported over the API.
use std::fs;

use baleen::{
    jobs::{FolderScan, work_once},
    store::sql,
};
use lofty::tag::ItemKey::{AlbumTitle, TrackArtist, TrackTitle};
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};

use super::{count, folder, run, song, tag};
use crate::support::{Pod, on_both};

const ADDRESS: &str = "/api/v1/libraries/fs-import";

/// Gives alice the permission `library`; returns the UUID of a library of hers.
async fn keeper(pod: &Pod) -> String {
    let set = sql("update users set permission_library = true where username = 'alice'");
    assert_eq!(set.run(pod.app.db()).await.unwrap(), 1);
    let own = sql(
        "select l.uuid from libraries l join users u on u.actor_id = l.actor_id where u.username = 'alice' order by l.id limit 1",
    );
    let (uuid,): (uuid::Uuid,) = own.one(pod.app.db()).await.unwrap();
    uuid.to_string()
}

async fn import(pod: &Pod) -> Value {
    pod.get(ADDRESS).by("alice").send().await.json()["import"].clone()
}

async fn start(pod: &Pod, library: &str) {
    let order = json!({"path": "Ann", "library": library, "import_reference": "all of Ann"});
    let begun = pod.post(ADDRESS, &order).by("alice").send().await;
    assert_eq!((begun.status, begun.json()), (StatusCode::CREATED, order));
}

on_both! {
    async fn a_keeper_looks_into_the_music_directory_and_imports_a_folder(pod: Pod) {
        let library = keeper(&pod).await;
        let music = folder(&pod);
        song(&music, "Ann/One/one.wav", &[(TrackTitle, "Imported one"), (TrackArtist, "Ann"), (AlbumTitle, "One")]);
        song(&music, "Ann/two.wav", &[(TrackTitle, "Imported two"), (TrackArtist, "Ann"), (AlbumTitle, "Two")]);
        fs::write(music.join("Ann/three.mp3"), "no music").unwrap();
        fs::write(music.join("Ann/.hidden"), "").unwrap();
        song(&music, "Bob/one.wav", &[(TrackTitle, "Not imported"), (TrackArtist, "Bob"), (AlbumTitle, "One")]);
        let shown = pod.get(&format!("{ADDRESS}?path=/Ann/")).by("alice").send().await.json();
        assert_eq!((&shown["path"], &shown["import"]), (&json!("Ann"), &Value::Null));
        assert_eq!(shown["content"], json!([{"name": "One", "dir": true}, {"name": "three.mp3", "dir": false}, {"name": "two.wav", "dir": false}]));
        let root = pod.get(ADDRESS).by("alice").send().await.json();
        assert_eq!(root["content"], json!([{"name": "Ann", "dir": true}, {"name": "Bob", "dir": true}]));
        let twin = pod.graphql("{ musicFolder(path: \"Ann\") { root path content { name isFolder } import { status } } }").by("alice").send().await.json();
        let twin = &twin["data"]["musicFolder"];
        assert_eq!((&twin["root"], &twin["path"], &twin["content"][0]), (&root["root"], &json!("Ann"), &json!({"name": "One", "isFolder": true})));

        start(&pod, &library).await;
        assert_eq!(import(&pod).await["status"], "pending");
        let again = pod.post(ADDRESS, &json!({"path": "Bob", "library": library})).by("alice").send().await;
        assert_eq!((again.status, again.json()), (StatusCode::BAD_REQUEST, json!({"detail": "An import is already running."})));
        assert!(work_once::<FolderScan>(&pod.app).await.unwrap());
        assert!(!work_once::<FolderScan>(&pod.app).await.unwrap(), "it is done once");
        let done = import(&pod).await;
        assert_eq!((&done["status"], &done["reference"], &done["library"]), (&json!("finished"), &json!("all of Ann"), &json!(library)));
        assert_eq!((&done["files_count"], &done["files_done"], &done["report"]["added"]), (&json!(3), &json!(3), &json!(2)));
        assert_eq!((&done["logs"][0], &done["logs"][1], &done["logs"][2]), (&json!("3 of 3 files"), &json!("2 added"), &json!("1 skipped")));
        let twin = pod.graphql("{ musicFolder { import { status reference library { uuid } filesCount error report { added skippedCount skipped { path reason } } } } }")
            .by("alice").send().await.json();
        let twin = &twin["data"]["musicFolder"]["import"];
        assert_eq!((&twin["status"], &twin["filesCount"], &twin["error"]), (&json!("FINISHED"), &json!(3), &Value::Null));
        assert_eq!(twin["library"], json!({"uuid": library}));
        assert_eq!(twin["report"]["skipped"][0]["path"], music.join("Ann/three.mp3").canonicalize().unwrap().display().to_string());
        assert_eq!(count(&pod, "select count(*) from tracks where title like 'Imported %'").await, 2);
        assert_eq!(count(&pod, "select count(*) from tracks where title = 'Not imported'").await, 0);
    }

    async fn nobody_leaves_the_music_directory_or_imports_without_the_right(pod: Pod) {
        let library = keeper(&pod).await;
        let music = folder(&pod);
        fs::create_dir_all(music.join("Ann")).unwrap();
        fs::create_dir_all(music.parent().unwrap().join("musical")).unwrap();
        std::os::unix::fs::symlink("/etc", music.join("etc")).unwrap();
        for path in ["..", "../musical", "Ann/../..", "/etc", "etc", "nowhere"] {
            let shown = pod.get(&format!("{ADDRESS}?path={path}")).by("alice").send().await;
            let complaint = json!({"path": ["There is no such folder in the music directory."]});
            assert_eq!((shown.status, shown.json()), (StatusCode::BAD_REQUEST, complaint.clone()), "{path}");
            let order = json!({"path": path, "library": library});
            let begun = pod.post(ADDRESS, &order).by("alice").send().await;
            assert_eq!((begun.status, begun.json()), (StatusCode::BAD_REQUEST, complaint), "{path}");
        }
        let others = sql("select l.uuid from libraries l join users u on u.actor_id = l.actor_id where u.username <> 'alice' order by l.id limit 1");
        let (others,): (uuid::Uuid,) = others.one(pod.app.db()).await.unwrap();
        let begun = pod.post(ADDRESS, &json!({"path": "Ann", "library": others})).by("alice").send().await;
        assert_eq!(begun.json(), json!({"library": [format!("Object with uuid={others} does not exist.")]}));
        let begun = pod.post(ADDRESS, &json!({"path": "Ann", "library": library, "import_reference": "x".repeat(51)})).by("alice").send().await;
        assert_eq!(begun.status, StatusCode::BAD_REQUEST);
        for refused in [
            pod.get(ADDRESS).by("bob").send().await,
            pod.post(ADDRESS, &json!({"path": "Ann", "library": library})).by("bob").send().await,
            pod.ask(Method::DELETE, ADDRESS).by("bob").send().await,
        ] {
            assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text);
        }
        assert_eq!(count(&pod, "select count(*) from jobs").await, 0);
    }

    async fn an_import_can_be_canceled_and_goes_on_after_its_process_has_ended(pod: Pod) {
        let library = keeper(&pod).await;
        let music = folder(&pod);
        song(&music, "Ann/one.wav", &[(TrackTitle, "Imported one"), (TrackArtist, "Ann")]);
        start(&pod, &library).await;
        assert_eq!(pod.ask(Method::DELETE, ADDRESS).by("alice").send().await.status, StatusCode::NO_CONTENT);
        assert_eq!(import(&pod).await["status"], "canceled");
        assert!(!work_once::<FolderScan>(&pod.app).await.unwrap());
        let twin = pod.graphql("mutation { cancelFolderImport { import { status endDate } } }").by("alice").send().await.json();
        assert_eq!(twin["data"]["cancelFolderImport"]["import"]["status"], "CANCELED", "{twin}");

        // The process that works on it dies; another one works on it once it has been silent.
        start(&pod, &library).await;
        let dead = "update jobs set status = 'started', attempts = 1, beat_date = creation_date where status = 'pending'";
        sql(dead).run(pod.app.db()).await.unwrap();
        assert!(!work_once::<FolderScan>(&pod.app).await.unwrap(), "it may still be at it");
        assert_eq!(import(&pod).await["status"], "started");
        pod.wait(61);
        assert!(work_once::<FolderScan>(&pod.app).await.unwrap());
        assert_eq!((&import(&pod).await["status"], &import(&pod).await["report"]["added"]), (&json!("finished"), &json!(1)));

        // A process that stops leaves it to the next one.
        start(&pod, &library).await;
        let (stopping, _) = pod.twin().await;
        stopping.stop();
        assert!(work_once::<FolderScan>(&stopping).await.unwrap());
        assert_eq!(import(&pod).await["status"], "pending");
        assert!(work_once::<FolderScan>(&pod.app).await.unwrap());
        assert_eq!((&import(&pod).await["status"], &import(&pod).await["report"]["unchanged"]), (&json!("finished"), &json!(1)));

        // A folder that is gone is told.
        start(&pod, &library).await;
        fs::remove_dir_all(music.join("Ann")).unwrap();
        assert!(work_once::<FolderScan>(&pod.app).await.unwrap());
        let failed = import(&pod).await;
        assert_eq!((&failed["status"], &failed["logs"]), (&json!("errored"), &json!(["The folder Ann is not there any more."])));
    }

    async fn a_folder_within_one_that_was_imported_doubles_nothing(pod: Pod) {
        let music = folder(&pod);
        song(&music, "Ann/one.wav", &[(TrackTitle, "One"), (TrackArtist, "Ann")]);
        song(&music, "Bob/two.wav", &[(TrackTitle, "Two"), (TrackArtist, "Bob")]);
        for (branch, added, unchanged) in [("Ann", 1, 0), ("", 1, 1), ("Ann", 0, 1), ("Bob", 0, 1), ("", 0, 2)] {
            let report = run(&pod, &music.join(branch)).await;
            assert_eq!((report.added, report.unchanged, report.duplicates), (added, unchanged, 0), "{branch}: {report:?}");
        }
        assert_eq!(count(&pod, "select count(*) from music_folders").await, 1);
        assert_eq!(count(&pod, "select count(*) from uploads where import_reference = 'scan'").await, 2);
        fs::remove_file(music.join("Ann/one.wav")).unwrap();
        assert_eq!(run(&pod, &music.join("Bob")).await.vanished, 0);
        assert_eq!(run(&pod, &music.join("Ann")).await.vanished, 1);
    }

    async fn what_a_scan_that_was_cut_off_left_is_settled_by_the_next(pod: Pod) {
        let music = folder(&pod);
        let one = song(&music, "one.wav", &[(TrackTitle, "One"), (TrackArtist, "Ann")]);
        fs::copy(&one, music.join("two.wav")).unwrap();
        tag(&music.join("two.wav"), &[(TrackTitle, "Two"), (TrackArtist, "Ann")]);
        assert_eq!(run(&pod, &music).await.added, 2);
        // As it is before the end of the scan.
        let cut = [
            "update uploads set import_status = 'skipped', track_id = (select t.id from tracks t where t.title = 'One')
             where track_id = (select t.id from tracks t where t.title = 'Two')",
            "update music_folders set settled = settled - 1",
        ];
        for statement in cut {
            assert_eq!(sql(statement).run(pod.app.db()).await.unwrap(), 1);
        }
        run(&pod, &music).await;
        assert_eq!(count(&pod, "select count(*) from uploads where import_reference = 'scan' and import_status = 'finished'").await, 2);
        assert_eq!(count(&pod, "select count(*) from music_folders where settled = scans").await, 1);
    }

    async fn a_job_that_ends_its_process_each_time_is_given_up(pod: Pod) {
        let library = keeper(&pod).await;
        song(&folder(&pod), "Ann/one.wav", &[(TrackTitle, "One"), (TrackArtist, "Ann")]);
        start(&pod, &library).await;
        let dead = "update jobs set status = 'started', attempts = 5, beat_date = creation_date";
        sql(dead).run(pod.app.db()).await.unwrap();
        pod.wait(61);
        assert!(work_once::<FolderScan>(&pod.app).await.unwrap());
        let given_up = import(&pod).await;
        assert_eq!((&given_up["status"], &given_up["logs"]), (&json!("errored"), &json!(["The server ended each time it worked on this."])));
        assert_eq!(count(&pod, "select count(*) from tracks where title = 'One'").await, 0);
    }

    async fn an_import_ends_with_its_library(pod: Pod) {
        let library = keeper(&pod).await;
        song(&folder(&pod), "Ann/one.wav", &[(TrackTitle, "One"), (TrackArtist, "Ann")]);
        start(&pod, &library).await;
        let gone = pod.ask(Method::DELETE, &format!("/api/v1/libraries/{library}")).by("alice").send().await;
        assert_eq!(gone.status, StatusCode::NO_CONTENT);
        assert_eq!(import(&pod).await["status"], "canceled");
    }
}
