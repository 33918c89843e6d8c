//! Filters that the lists of both doors have.
use baleen::store::sql;

use super::lists::{data, each};
use crate::support::{Pod, on_both};

on_both! {
    async fn lists_are_narrowed_by_times_and_by_any_tag_at_both_doors(pod: Pod) {
        for (list, query, filter, found) in [
            ("albums", "release_date__gte=2001-02-03", "releaseDateFrom: \"2001-02-03\"", vec![1, 5]),
            ("albums", "release_date__lte=2001-02-03", "releaseDateTo: \"2001-02-03\"", vec![1, 3]),
            ("albums", "creation_date__gte=2024-01-04T03:00:00Z&creation_date__lt=2024-01-04T05:00:00Z",
                "creationDateFrom: \"2024-01-04T03:00:00Z\", creationDateBefore: \"2024-01-04T05:00:00Z\"", vec![3, 4]),
            ("albums", "any_tag=Ambient&any_tag=jazz", "anyTag: [\"Ambient\", \"jazz\"]", vec![1]),
            ("albums", "any_tag=rock&any_tag=ambient", "anyTag: [\"rock\", \"ambient\"]", vec![1, 3]),
            ("albums", "id=1&id=4", "ids: [\"1\", \"4\"]", vec![1, 4]),
            ("artists", "any_tag=rock", "anyTag: [\"rock\"]", vec![1, 2]),
            ("artists", "id=2&id=5", "ids: [\"2\", \"5\"]", vec![2, 5]),
            ("tracks", "any_tag=ambient", "anyTag: [\"ambient\"]", vec![1, 3]),
        ] {
            let rest = pod.get(&format!("/api/v1/{list}?{query}&page_size=50")).send().await.json();
            let mut ids: Vec<i64> = rest["results"].as_array().unwrap().iter().map(|row| row["id"].as_i64().unwrap()).collect();
            ids.sort_unstable();
            assert_eq!(ids, found, "{query}");
            let twin = data(&pod, &format!("{{ {list}(filter: {{{filter}}}) {{ nodes {{ databaseId }} }} }}"), "").await;
            let mut ids: Vec<i64> = each(&twin[list], "databaseId").iter().map(|id| id.as_i64().unwrap()).collect();
            ids.sort_unstable();
            assert_eq!(ids, found, "{filter}");
        }
        let by_album = "{ tracks(first: 50, filter: {releaseDateTo: \"1999-12-31\"}) { nodes { album { databaseId } } } }";
        assert!(each(&data(&pod, by_album, "").await["tracks"], "album").iter().all(|album| album["databaseId"] == 3));
        for (query, field) in [("release_date__gte=soon", "release_date__gte"), ("creation_date__lt=2024-13-01", "creation_date__lt")] {
            let refused = pod.get(&format!("/api/v1/albums?{query}")).send().await;
            assert_eq!(refused.status.as_u16(), 400);
            assert!(refused.json()[field].is_array(), "{}", refused.text);
        }
    }

    async fn lists_are_narrowed_by_ranges_of_numbers_at_both_doors(pod: Pod) with ["--throttling-enabled", "false"] => {
        let spread = sql("update uploads set duration = 30 + id, bitrate = 1000 * id, size = 4000000000 + id");
        spread.run(pod.app.db()).await.unwrap();
        let more = "includeChannels: true";
        for (list, field, from, to) in [
            ("tracks", "duration", 32, 35),
            ("uploads", "duration", 32, 35),
            ("uploads", "bitrate", 2_000, 5_000),
            ("uploads", "size", 4_000_000_002, 4_000_000_005),
        ] {
            let key = if list == "tracks" { "fid" } else { "uuid" };
            let asked = async |filter: &str| {
                let query = format!("{{ {list}(first: 50, filter: {{{filter} {more}}}) {{ nodes {{ {key} {field} }} }} }}");
                let found = data(&pod, &query, "alice").await;
                let nodes = found[list]["nodes"].as_array().unwrap().iter();
                let mut nodes: Vec<_> = nodes.map(|node| (node[key].to_string(), node[field].as_i64())).collect();
                nodes.sort();
                nodes
            };
            let all = asked("").await;
            for (from, to) in [(Some(from), None), (None, Some(to)), (Some(from), Some(to))] {
                let is_within = |number: i64| from.is_none_or(|from| number >= from) && to.is_none_or(|to| number <= to);
                let mut wanted = all.clone();
                wanted.retain(|(_, number)| number.is_some_and(is_within));
                assert!(!wanted.is_empty() && wanted.len() < all.len(), "{wanted:?} of {all:?}");
                let bound = |name: &str, bound: Option<i64>| bound.map(|bound| format!("{field}{name}: {bound} ")).unwrap_or_default();
                assert_eq!(asked(&(bound("From", from) + &bound("To", to))).await, wanted);
                let bound = |name: &str, bound: Option<i64>| bound.map(|bound| format!("&{field}__{name}={bound}")).unwrap_or_default();
                let path = format!("/api/v1/{list}?include_channels=true&page_size=50{}{}", bound("gte", from), bound("lte", to));
                let twin = pod.get(&path).by("alice").send().await.json();
                let mut found: Vec<_> = twin["results"].as_array().unwrap().iter().map(|row| row[key].to_string()).collect();
                found.sort();
                assert_eq!(found, wanted.into_iter().map(|(key, _)| key).collect::<Vec<_>>(), "{path}");
            }
            let refused = pod.get(&format!("/api/v1/{list}?{field}__gte=long")).by("alice").send().await;
            assert_eq!((refused.status.as_u16(), refused.json()[format!("{field}__gte")].is_array()), (400, true));
        }
    }
}
