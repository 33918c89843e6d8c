//! What is kept in memory is what the database holds, whoever changes it.
use baleen::store::sql;
use poem::{Endpoint, Request, Response, endpoint::BoxEndpoint};
use serde_json::Value;

use crate::support::{Backend, Data, Pod, on_both};

const CACHED: &[&str] = &["--cache-mb", "16"];

async fn told(endpoint: &BoxEndpoint<'static, Response>, address: &str) -> Value {
    let request = match address.strip_prefix("graphql:") {
        Some(query) => Request::builder()
            .method(poem::http::Method::POST)
            .uri("/graphql".parse().unwrap())
            .content_type("application/json")
            .header("authorization", "Bearer bob")
            .body(serde_json::json!({ "query": query }).to_string()),
        None => Request::builder()
            .uri(address.parse().unwrap())
            .header("authorization", "Bearer bob")
            .finish(),
    };
    let response = endpoint.get_response(request).await;
    let body = response.into_body().into_bytes().await.unwrap();
    let mut told: Value = serde_json::from_slice(&body).unwrap();
    if let Some(answer) = told.as_object_mut() {
        answer.remove("extensions");
    }
    told
}

/// A statement of somebody else's, and an answer that it changes.
const WRITES: &[(&str, &str)] = &[
    (
        "update artists set name = 'New' where id = 1",
        "/api/v1/artists/1",
    ),
    (
        "update artists set name = 'Newer' where id = 1",
        "/api/v1/tracks/1",
    ),
    (
        "update albums set title = 'New' where id = 1",
        "/api/v1/albums/1",
    ),
    (
        "update albums set title = 'Newer' where id = 1",
        "/api/v1/artists/1",
    ),
    (
        "update albums set release_date = '1999-01-01' where id = 1",
        "/api/v1/albums?ordering=release_date",
    ),
    (
        "update tracks set title = 'New' where id = 1",
        "/api/v1/tracks/1",
    ),
    (
        "update tracks set title = '0' where id = 1",
        "/api/v1/tracks?ordering=title",
    ),
    (
        "update tracks set downloads_count = downloads_count + 1 where id = 1",
        "/api/v1/tracks/1",
    ),
    (
        "update tracks set album_id = 2 where id = 1",
        "/api/v1/albums/1",
    ),
    (
        "update tracks set album_id = 1 where id = 1",
        "graphql:{ album(databaseId: 2) { tracks { nodes { title } } } }",
    ),
    ("delete from tracks where id = 2", "/api/v1/tracks"),
    (
        "update contents set text = 'New' where id = 1",
        "/api/v1/artists/1",
    ),
    (
        "update attachments set file = 'attachments/new.jpg' where id = 1",
        "/api/v1/albums/1",
    ),
    (
        "update actors set name = 'New' where id = 1",
        "/api/v1/tracks/1",
    ),
    (
        "update actors set preferred_username = 'renamed' where id = 5",
        "/api/v1/artists/6",
    ),
    (
        "update artists set attributed_to_id = null where id = 1",
        "/api/v1/artists/1",
    ),
    (
        "update track_artists set artist_id = 3 where track_id = 1",
        "/api/v1/tracks/1",
    ),
    (
        "update track_artists set artist_id = 1 where track_id = 1",
        "/api/v1/artists/3",
    ),
    (
        "update album_artists set artist_id = 3 where album_id = 1",
        "/api/v1/albums/1",
    ),
    (
        "update album_artists set artist_id = 1 where album_id = 1",
        "/api/v1/artists/3",
    ),
    (
        "delete from artist_tags where artist_id = 1",
        "/api/v1/artists/1",
    ),
    (
        "delete from album_tags where album_id = 1",
        "/api/v1/albums/1",
    ),
    (
        "delete from track_tags where track_id = 1",
        "/api/v1/tracks/1",
    ),
    (
        "insert into track_tags (track_id, tag_id, creation_date) select 1, id, creation_date from tags where id = 1",
        "/api/v1/tracks/1",
    ),
    (
        "update tags set name = 'Renamed', name_folded = 'renamed' where id = 1",
        "/api/v1/tracks/1",
    ),
    (
        "update uploads set size = size + 1 where track_id = 1",
        "/api/v1/tracks/1",
    ),
    (
        "update uploads set import_status = 'errored' where track_id = 1",
        "/api/v1/tracks/1",
    ),
    (
        "update uploads set import_status = 'errored' where track_id in (select id from tracks where album_id = 1)",
        "/api/v1/albums/1",
    ),
    (
        "update uploads set import_status = 'finished' where track_id in (select id from tracks where album_id = 1)",
        "/api/v1/artists/1",
    ),
    (
        "update libraries set privacy_level = 'me' where id = 1",
        "/api/v1/tracks/1",
    ),
    (
        "update libraries set privacy_level = 'everyone' where id = 1",
        "/api/v1/tracks?playable=true",
    ),
    (
        "update library_follows set approved = false where id = 1",
        "/api/v1/tracks/5",
    ),
    ("delete from channels where id = 1", "/api/v1/artists/6"),
    (
        "delete from content_filters where user_id = 2",
        "/api/v1/artists",
    ),
    (
        "insert into favorites (user_id, track_id, creation_date) select 2, 4, creation_date from tracks where id = 4",
        "/api/v1/tracks?favorites=true",
    ),
    (
        "update licenses set url = 'https://example.org/' where code = 'cc-by-4.0'",
        "/api/v1/licenses",
    ),
];

async fn agree(backend: Backend) {
    let Some(pod) = Pod::with(backend, Data::Small, CACHED).await else {
        return;
    };
    let (other, cached) = pod.twin_keeping(16).await;
    let (_, plain) = pod.twin_keeping(0).await;
    for (write, address) in WRITES {
        let before = told(&cached, address).await;
        assert_eq!(
            told(&cached, address).await,
            before,
            "{address}, asked twice"
        );
        // Another process writes; that one sees it at once, the others within a second.
        sql(write)
            .run(pod.app.db())
            .await
            .unwrap_or_else(|error| panic!("{write}: {error}"));
        let after = told(&plain, address).await;
        assert!(after != before, "{write} changes {address}");
        let writer = pod.get_or_query(address).by("bob").send().await.json();
        assert_eq!(
            without_extensions(writer),
            after,
            "{write}, where it was written"
        );
        pod.wait(1);
        assert!(
            told(&cached, address).await == after,
            "{write}, elsewhere: {address}"
        );
    }
    drop(other);
}

fn without_extensions(mut answer: Value) -> Value {
    if let Some(answer) = answer.as_object_mut() {
        answer.remove("extensions");
    }
    answer
}

#[tokio::test]
async fn every_process_sees_every_change_on_sqlite() {
    agree(Backend::Sqlite).await;
}

#[tokio::test]
async fn every_process_sees_every_change_on_postgres() {
    agree(Backend::Postgres).await;
}

on_both! {
    async fn a_warm_answer_needs_no_statement(pod: Pod) with ["--cache-mb", "16"] => {
        let query = "{ artists(first: 5) { nodes { name albums { nodes { title tracks { nodes { title isPlayable } } } } } } }";
        for ask in [
            pod.get("/api/v1/artists/1"), pod.get("/api/v1/albums/1"), pod.get("/api/v1/tracks/1"),
            pod.get("/api/v1/artists"), pod.get("/api/v1/albums"), pod.get("/api/v1/tracks"),
            pod.get("/api/v1/tracks?playable=true"), pod.get("/api/v1/search?query=a"), pod.graphql(query),
        ] {
            let ask = ask.by("bob");
            let cold = without_extensions(ask.clone().send().await.json());
            let before = pod.app.db().statements().get();
            assert_eq!(without_extensions(ask.clone().send().await.json()), cold);
            assert_eq!(pod.app.db().statements().get(), before, "{cold}");
        }
    }

    async fn so_many_changes_that_none_is_looked_at_are_seen_as_well(pod: Pod) with ["--cache-mb", "16"] => {
        let (_other, cached) = pod.twin_keeping(16).await;
        told(&cached, "/api/v1/tracks/1").await;
        // Each round writes 40 changes of the twenty tracks.
        for _ in 0..300 {
            sql("update tracks set title = title || '!'").run(pod.app.db()).await.unwrap();
        }
        pod.wait(1);
        let seen = told(&cached, "/api/v1/tracks/1").await;
        assert_eq!(seen["title"].as_str().unwrap().matches('!').count(), 300);
    }

    async fn what_was_read_is_pruned_and_a_process_that_slept_forgets_all(pod: Pod) with ["--cache-mb", "16"] => {
        let (_other, cached) = pod.twin_keeping(16).await;
        told(&cached, "/api/v1/tracks/1").await;
        sql("update tracks set title = 'Slept' where id = 1").run(pod.app.db()).await.unwrap();
        // On PostgreSQL the transactions of other databases may keep rows a little longer.
        let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
        loop {
            let noted = baleen::store::prune(pod.app.db(), None).await.unwrap();
            baleen::store::prune(pod.app.db(), Some(&noted)).await.unwrap();
            if sql("select count(*) from changes").number(pod.app.db()).await.unwrap() == 0 {
                break;
            }
            assert!(std::time::Instant::now() < end, "changes are pruned");
        }
        pod.wait(11 * 60);
        assert_eq!(told(&cached, "/api/v1/tracks/1").await["title"], "Slept");
    }

    async fn every_column_that_is_shown_is_watched(pod: Pod) {
        // What no answer shows from memory.
        const UNWATCHED: [&str; 6] = ["accessed_date", "audio_checksum", "checksum", "downloads_count", "file_name", "modification_date"];
        let columns = match pod.backend() {
            Backend::Sqlite => "select m.name, c.name from sqlite_master m, pragma_table_info(m.name) c
                where m.name in ('tracks', 'uploads')",
            Backend::Postgres => "select table_name::text, column_name::text from information_schema.columns
                where table_schema = 'public' and table_name in ('tracks', 'uploads') and column_name <> 'search'",
        };
        let columns: Vec<(String, String)> = sql(columns).all(pod.app.db()).await.unwrap();
        assert!(columns.len() > 30);
        for (table, column) in columns {
            if column == "id" || (table == "uploads" && UNWATCHED.contains(&column.as_str())) {
                continue;
            }
            sql("delete from changes").run(pod.app.db()).await.unwrap();
            let write = format!("update {table} set {column} = {column} where id = 1");
            sql(write.leak()).run(pod.app.db()).await.unwrap();
            let noted = sql("select count(*) from changes").number(pod.app.db()).await.unwrap();
            assert!(noted > 0, "{table}.{column}");
        }
    }
}
