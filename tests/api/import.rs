//! Moving a pod over.
use std::{fs, path::PathBuf};

use baleen::{
    accounts,
    import::{Order, Report, import},
    store::sql,
    token::token_hash,
};

use crate::support::{Backend, Data, IN_FOLDER, Nobody, PASSWORD, Pod, Visitor, contract, on_both};

fn order(from: PathBuf) -> Order {
    Order {
        from: from.display().to_string(),
        media: None,
        allow_missing: false,
        dry_run: false,
    }
}

fn small() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/pod")
}

async fn empty(backend: Backend) -> Pod {
    Pod::with(backend, Data::Nothing, &IN_FOLDER).await.unwrap()
}

async fn count(pod: &Pod, table: &'static str) -> i64 {
    sql("select count(*) from ")
        .then(table)
        .number(pod.app.db())
        .await
        .unwrap()
}

async fn run(pod: &Pod, order: &Order) -> Result<Report, String> {
    import(&pod.app, order, &mut Nobody)
        .await
        .map_err(|error| error.to_string())
}

/// The small data set, with one line of one file changed.
fn changed(pod: &Pod, file: &str, from: &str, to: &str) -> PathBuf {
    let folder = pod.app.config().data.join("changed");
    fs::create_dir_all(&folder).unwrap();
    for entry in fs::read_dir(small()).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap();
        let text = if name == file {
            text.replacen(from, to, 1)
        } else {
            text
        };
        fs::write(folder.join(name), text).unwrap();
    }
    folder
}

on_both! {
    async fn rows_keep_their_ids_and_new_ones_come_after(pod: Pod) {
        let id = sql("select id from albums where title = 'Distant'").number(pod.app.db()).await.unwrap();
        assert_eq!(id, 5);
        let mut tx = pod.app.db().begin().await.unwrap();
        let inserted = sql("insert into tags (name, name_folded, creation_date)
            select 'New', 'new', creation_date from tags where id = 1 returning id");
        assert_eq!(inserted.number(&mut tx).await.unwrap(), 4);
    }

    async fn tokens_are_stored_hashed_and_password_hashes_survive(pod: Pod) {
        let found = sql("select count(*) from oauth_access_tokens where token_hash = ?").bind(token_hash("alice"));
        assert_eq!(found.number(pod.app.db()).await.unwrap(), 1);
        let kept = sql("select count(*) from users where password = 'pbkdf2_sha256$1$salt$Zm9v'");
        assert_eq!(kept.number(pod.app.db()).await.unwrap(), 3);
    }

    async fn a_database_that_is_not_empty_is_left_alone(pod: Pod) {
        let error = run(&pod, &order(small())).await.unwrap_err();
        assert!(error.starts_with("the database is not empty: it has 3 users"), "{error}");
    }

    async fn a_broken_row_is_named_and_nothing_is_written(full: Pod) {
        let pod = empty(full.backend()).await;
        for (file, from, to, complaint) in [
            ("albums.jsonl", "\"id\":3,", "\"id\":\"x\",", "albums.jsonl:3: id: \"x\" is not a whole number"),
            ("tracks.jsonl", "\"album_id\":2", "\"album_id\":77", "tracks.jsonl:6: tracks does not take it: "),
            ("users.jsonl", "\"username\":\"bob\"", "\"username\":\"alice\"", "users.jsonl:2: users does not take it: "),
            ("tags.jsonl", "{", "", "tags.jsonl:1: this is not JSON: "),
            ("uploads.jsonl", "2024-01-06T01:00:00", "yesterday", "uploads.jsonl:1: creation_date: "),
        ] {
            let error = run(&pod, &order(changed(&pod, file, from, to))).await.unwrap_err();
            assert!(error.contains(complaint), "{file}: {error}");
            assert_eq!(count(&pod, "users").await + count(&pod, "tags").await, 0, "{file}");
        }
        // All of them at once, each kind of fault, and nothing that only hangs on them.
        let folder = changed(&pod, "artists.jsonl", "\"id\":2,", "\"id\":1,");
        let albums = fs::read_to_string(small().join("albums.jsonl")).unwrap();
        fs::write(folder.join("albums.jsonl"), albums.replacen("\"id\":3,", "\"id\":\"x\",", 1)).unwrap();
        let tracks = fs::read_to_string(small().join("tracks.jsonl")).unwrap();
        fs::write(folder.join("tracks.jsonl"), tracks.replace("\"position\":1,", "\"position\":\"one\",")).unwrap();
        let error = run(&pod, &order(folder)).await.unwrap_err();
        let lines: Vec<&str> = error.lines().collect();
        assert!(lines[0].contains("artists.jsonl:2: artists does not take it"), "{error}");
        assert!(lines[1].contains("albums.jsonl:3: id"), "{error}");
        assert!(lines.len() > 3 && lines[2..].iter().all(|line| line.contains("\"one\" is not a whole number")), "{error}");
    }

    async fn what_the_original_tells_apart_by_case_comes_in(full: Pod) {
        let pod = empty(full.backend()).await;
        let folder = changed(&pod, "users.jsonl", "\"username\":\"bob\",\"email\":\"bob@pod.test\"", "\"username\":\"Alice\",\"email\":\"ALICE@pod.test\"");
        let uploads = fs::read_to_string(small().join("uploads.jsonl")).unwrap();
        fs::write(folder.join("uploads.jsonl"), uploads.replacen("\"library_id\":1", "\"library_id\":null", 1)).unwrap();
        let report = run(&pod, &order(folder)).await.unwrap();
        for told in ["The account Alice has the name of another one", "The email address ALICE@pod.test is that of several", "1 uploads belong to no library"] {
            assert!(report.notes.iter().any(|note| note.starts_with(told)), "{told}: {:?}", report.notes);
        }
        assert_eq!(count(&pod, "uploads").await, count(&full, "uploads").await - 1);
        for name in ["alice", "Alice"] {
            let profile = pod.get(&format!("/api/v1/users/{name}")).send().await.json();
            assert_eq!(profile["username"], name);
            accounts::directory::set_password(&pod.app, name, &format!("{PASSWORD} of {name}")).await.unwrap();
        }
        for (login, name) in [("alice", "alice"), ("Alice", "Alice"), ("ALICE", "alice"), ("alice@pod.test", "alice")] {
            let plain = format!("{PASSWORD} of {name}");
            let answer = Visitor::new(&pod).sign_in(login, &plain).await;
            assert_eq!(answer.location(), "/", "{login}: {}", answer.text);
        }
    }

    async fn a_dry_run_checks_everything_and_writes_nothing(full: Pod) {
        let pod = empty(full.backend()).await;
        let report = run(&pod, &Order { dry_run: true, ..order(small()) }).await.unwrap();
        assert!(report.rows.contains(&("tracks", 22)), "{report:?}");
        assert_eq!(report.hosts, ["pod.test"]);
        assert_eq!(count(&pod, "tracks").await, 0);
    }

    async fn media_files_come_along_and_missing_ones_are_asked_about(full: Pod) {
        let pod = empty(full.backend()).await;
        let media = pod.app.config().data.join("old-media");
        fs::create_dir_all(media.join("tracks")).unwrap();
        fs::write(media.join("tracks/1.mp3"), "sound").unwrap();
        let all = Order { media: Some(media.clone()), ..order(small()) };
        for dry_run in [true, false] {
            let error = run(&pod, &Order { dry_run, media: Some(media.clone()), ..order(small()) }).await.unwrap_err();
            assert!(error.contains("import without them by --allow-missing:\n") && error.contains("  attachments/aa/cover.jpg"), "{error}");
        }
        let there = pod.app.config().media_root().join("tracks/1.mp3");
        assert!(!there.exists() && count(&pod, "users").await == 0);
        // Another file there is not written over, and nothing is left of the import.
        fs::create_dir_all(there.parent().unwrap()).unwrap();
        fs::write(&there, "other").unwrap();
        let all = Order { allow_missing: true, ..all };
        let error = run(&pod, &all).await.unwrap_err();
        assert!(error.ends_with("is there already, and is another file"), "{error}");
        assert_eq!((fs::read_to_string(&there).unwrap().as_str(), count(&pod, "users").await), ("other", 0));
        // One that an import left which was interrupted is kept.
        fs::write(&there, "sound").unwrap();
        fs::write(media.join("tracks/2.mp3"), "more").unwrap();
        let moved = run(&pod, &all).await.unwrap().media.unwrap();
        assert_eq!((moved.files.len(), moved.kept), (1, 1));
        assert!(moved.missing.contains(&"attachments/aa/cover.jpg".to_owned()));
        assert_eq!(fs::read_to_string(there).unwrap(), "sound");
    }

    async fn a_path_out_of_the_media_folder_is_refused(full: Pod) {
        let pod = empty(full.backend()).await;
        let from = changed(&pod, "uploads.jsonl", "tracks/1.mp3", "../../etc/passwd");
        let media = Some(pod.app.config().data.clone());
        let error = run(&pod, &Order { media, ..order(from) }).await.unwrap_err();
        assert!(error.contains("is not a path within the media folder"), "{error}");
        assert_eq!(count(&pod, "users").await, 0);
    }

    async fn a_source_that_is_none_says_what_would_be_one(full: Pod) {
        let pod = empty(full.backend()).await;
        let nothing = pod.app.config().data.join("nothing");
        fs::create_dir_all(&nothing).unwrap();
        for (from, complaint) in [
            (PathBuf::from("/does/not/exist"), "is neither a folder of .jsonl files nor an address"),
            (nothing, "holds no data set"),
        ] {
            let error = run(&pod, &order(from)).await.unwrap_err();
            assert!(error.contains(complaint), "{error}");
        }
    }
}

/// The database of a running Funkwhale gives the same pod as its files do.
#[tokio::test]
async fn a_live_database_is_the_same_pod_as_its_files() {
    let Some(folder) = contract() else {
        eprintln!("contract data not found, not run");
        return;
    };
    let Some(live) = crate::support::Apart::restored(&folder.join("funkwhale_golden.pgdump")).await
    else {
        return;
    };
    let from_files = Pod::with(Backend::Sqlite, Data::Contract, &[])
        .await
        .unwrap();
    let pod = empty(Backend::Sqlite).await;
    let order = Order {
        from: live.url.clone(),
        media: None,
        allow_missing: false,
        dry_run: false,
    };
    let report = run(&pod, &order).await.unwrap();
    assert!(report.rows.contains(&("tracks", 1520)), "{report:?}");
    for table in [
        "users",
        "artists",
        "albums",
        "track_artists",
        "uploads",
        "oauth_access_tokens",
        "mutations",
        "listenings",
    ] {
        assert_eq!(
            count(&pod, table).await,
            count(&from_files, table).await,
            "{table}"
        );
    }
    let hashed = sql("select count(*) from users where password like 'pbkdf2_sha256$%'");
    assert_eq!(hashed.number(pod.app.db()).await.unwrap(), 9);
    for address in [
        "/api/v1/tracks?ordering=title",
        "/api/v1/artists?ordering=name",
        "/api/v1/libraries",
    ] {
        let one = pod.get(address).by("at-alice-full").send().await.json();
        let other = from_files
            .get(address)
            .by("at-alice-full")
            .send()
            .await
            .json();
        assert!(one["count"].as_i64().unwrap() > 5, "{one}");
        assert_eq!(one["count"], other["count"], "{address}");
        let fids = |body: &serde_json::Value| {
            body["results"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["fid"].clone())
                .collect::<Vec<_>>()
        };
        assert_eq!(fids(&one), fids(&other), "{address}");
    }
}
