//! How answers travel: compressed, not at all where the client has them, and not for callers who left.
use std::{io::Read, time::Duration};

use baleen::store::sql;
use flate2::read::GzDecoder;
use serde_json::json;

use crate::support::{Backend, Data, Pod, on_both};

fn gunzipped(bytes: &[u8]) -> String {
    let mut text = String::new();
    GzDecoder::new(bytes).read_to_string(&mut text).unwrap();
    text
}

on_both! {
    async fn text_is_compressed_as_the_client_accepts(pod: Pod) {
        let plain = pod.get("/api/v1/tracks").send().await;
        assert_eq!(plain.header("content-encoding"), None);
        let vary: Vec<_> = plain.headers.get_all("vary").iter().collect();
        assert_eq!(vary, ["Cookie, origin", "Accept-Encoding"], "answers differ by all of these");
        let gzip = pod.get("/api/v1/tracks").header("accept-encoding", "br, gzip;q=0.8").send().await;
        assert_eq!(gzip.header("content-encoding"), Some("gzip"));
        assert_eq!(gunzipped(&gzip.bytes), plain.text);
        assert!(gzip.bytes.len() * 2 < plain.bytes.len());
        let zstd = pod.get("/api/v1/tracks").header("accept-encoding", "gzip, zstd").send().await;
        assert_eq!(zstd.header("content-encoding"), Some("zstd"));
        let whole = zstd::bulk::decompress(&zstd.bytes, 1 << 20).unwrap();
        assert_eq!(String::from_utf8(whole).unwrap(), plain.text);
        let graphql = pod.graphql("{ tracks { nodes { title uuid fid creationDate } } }")
            .header("accept-encoding", "gzip").send().await;
        assert_eq!(graphql.header("content-encoding"), Some("gzip"));
        assert!(gunzipped(&graphql.bytes).starts_with("{\"data\""));
        let asset = pod.get("/assets/baleen.css").header("accept-encoding", "gzip").send().await;
        assert_eq!(asset.header("content-encoding"), Some("gzip"));
        assert!(asset.header("etag").unwrap().starts_with("W/"), "the bytes are not those of the plain file");
    }

    async fn what_is_short_or_secret_is_not_compressed(pod: Pod) {
        for address in ["/api/v1/artists/1", "/login", "/api/v1/oauth/apps/client1"] {
            let answer = pod.get(address).header("accept-encoding", "gzip").send().await;
            let compressed = answer.header("content-encoding").is_some();
            assert!(!compressed || address.contains("artists") && answer.bytes.len() > 400, "{address}");
        }
        let short = pod.get("/api/v1/tags/Rock").header("accept-encoding", "gzip").send().await;
        assert_eq!((short.status.as_u16(), short.header("content-encoding")), (200, None));
    }

    async fn an_anonymous_client_is_not_sent_what_it_has(pod: Pod) {
        let first = pod.get("/api/v1/artists/1").send().await;
        let tag = first.header("etag").unwrap().to_owned();
        let again = pod.get("/api/v1/artists/1").header("if-none-match", &tag).send().await;
        assert_eq!((again.status.as_u16(), again.bytes.len()), (304, 0));
        assert_eq!(again.header("etag"), Some(tag.as_str()));
        assert!(again.header("x-ratelimit-remaining").is_some(), "it is counted all the same");
        let head = pod.get("/api/v1/artists/1").header("if-none-match", "\"other\"").send().await;
        assert_eq!((head.status.as_u16(), head.header("etag")), (200, Some(tag.as_str())));

        sql("update artists set name = 'Another name' where id = 1").run(pod.app.db()).await.unwrap();
        let changed = pod.get("/api/v1/artists/1").header("if-none-match", &tag).send().await;
        assert_eq!(changed.status, 200);
        assert_ne!(changed.header("etag"), Some(tag.as_str()));
        assert_eq!(changed.json()["name"], json!("Another name"));

        let own = pod.get("/api/v1/artists/1").by("alice").header("if-none-match", "*").send().await;
        assert_eq!((own.status.as_u16(), own.header("etag")), (200, None));
        assert_eq!(own.header("cache-control"), Some("private, no-store"));
    }
}

#[tokio::test]
async fn a_statement_of_sqlite_ends_when_its_caller_leaves() {
    let pod = Pod::with(Backend::Sqlite, Data::Small, &[]).await.unwrap();
    // Would count for days.
    let endless = "with recursive n(i) as (select 1 union all select i + 1 from n
         where i < 1000000000000) select count(*) from n";
    // More often than there are connections: each is free again.
    for _ in 0..=pod.app.config().database_connections {
        let counting = sql(endless).number(pod.app.db());
        let counted = tokio::time::timeout(Duration::from_millis(50), counting).await;
        assert!(counted.is_err());
    }
    let one = sql("select cast(1 as bigint)").number(pod.app.db()).await;
    assert_eq!(one.unwrap(), 1);
}
