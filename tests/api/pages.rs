//! Paging: by number in REST, by cursor in GraphQL.
use serde_json::{Value, json};

use crate::support::{Pod, on_both};

async fn walk(pod: &Pod, order: &str, backwards: bool) -> Vec<i64> {
    let mut cursor: Option<String> = None;
    let mut found = Vec::new();
    for _ in 0..40 {
        let place = match (&cursor, backwards) {
            (None, false) => "first: 3".to_owned(),
            (None, true) => "last: 3".to_owned(),
            (Some(cursor), false) => format!("first: 3, after: \"{cursor}\""),
            (Some(cursor), true) => format!("last: 3, before: \"{cursor}\""),
        };
        let query = format!(
            "{{ tracks({place}, {order}) {{ totalCount edges {{ cursor node {{ databaseId }} }} \
             pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} }} }}"
        );
        let answer = pod.graphql(&query).send().await.json();
        let page = &answer["data"]["tracks"];
        assert_eq!(page["totalCount"], 20, "{answer}");
        let ids: Vec<i64> = page["edges"]
            .as_array()
            .unwrap()
            .iter()
            .map(|edge| edge["node"]["databaseId"].as_i64().unwrap())
            .collect();
        let (more, end) = if backwards {
            ("hasPreviousPage", "startCursor")
        } else {
            ("hasNextPage", "endCursor")
        };
        if backwards {
            found.splice(0..0, ids);
        } else {
            found.extend(ids);
        }
        if page["pageInfo"][more] == false {
            return found;
        }
        cursor = page["pageInfo"][end].as_str().map(str::to_owned);
    }
    panic!("the pages do not end");
}

on_both! {
    async fn cursors_walk_the_whole_list_once_in_every_order(pod: Pod) {
        for (order, rest) in [
            ("orderBy: [{field: TITLE}]", "title"),
            ("orderBy: [{field: POSITION, direction: DESC}]", "-position"),
            ("orderBy: [{field: DISC_NUMBER}, {field: CREATION_DATE, direction: DESC}]", "disc_number,-creation_date"),
            ("orderBy: [{field: ALBUM_RELEASE_DATE}]", "album__release_date"),
            ("orderBy: [{field: ARTIST_NAME, direction: DESC}]", "-artist__name"),
            ("orderBy: [{field: CREATION_DATE}]", "creation_date"),
        ] {
            let expected = pod.get(&format!("/api/v1/tracks?ordering={rest}")).send().await.ids();
            assert_eq!(expected.len(), 20);
            assert_eq!(walk(&pod, order, false).await, expected, "forwards by {rest}");
            assert_eq!(walk(&pod, order, true).await, expected, "backwards by {rest}");
        }
    }

    async fn pages_have_numbers_and_links(pod: Pod) {
        let body = pod.get("/api/v1/tracks/?page_size=8&page=2&q=&tag=").send().await.json();
        assert_eq!(body["count"], 20);
        assert_eq!(body["next"], "http://pod.test/api/v1/tracks/?page=3&page_size=8&q=&tag=");
        assert_eq!(body["previous"], "http://pod.test/api/v1/tracks/?page_size=8&q=&tag=");
        let last = pod.get("/api/v1/tracks.json?page=last&page_size=8").send().await.json();
        assert_eq!(last["results"].as_array().unwrap().len(), 4);
        assert_eq!((&last["next"], &last["previous"]),
            (&Value::Null, &json!("http://pod.test/api/v1/tracks.json?page=2&page_size=8")));
        for page in ["0", "-1", "99", "abc", "99999999999999999999"] {
            let answer = pod.get(&format!("/api/v1/tracks?page={page}")).send().await;
            assert_eq!((answer.status.as_u16(), answer.text.as_str()), (404, r#"{"detail":"Invalid page."}"#), "{page}");
        }
    }

    async fn a_slice_that_makes_no_sense_is_refused_by_name(pod: Pod) {
        for (arguments, field) in [
            ("first: 51", "first"),
            ("last: 99", "last"),
            ("first: 1, last: 1", "last"),
            ("after: \"nonsense\"", "after"),
            ("before: \"W10\"", "before"),
            ("after: \"W3siVGltZSI6bnVsbH0seyJJbnQiOm51bGx9XQ\"", "after"),
        ] {
            let answer = pod.graphql(&format!("{{ tracks({arguments}) {{ nodes {{ id }} }} }}")).send().await.json();
            assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID", "{arguments}: {answer}");
            assert!(answer["errors"][0]["extensions"]["fields"][field].is_array(), "{arguments}: {answer}");
        }
    }

    async fn a_cursor_of_another_ordering_is_refused(pod: Pod) {
        let query = "{ tracks(first: 1, orderBy: [{field: TITLE}]) { pageInfo { endCursor } } }";
        let cursor = pod.graphql(query).send().await.json()["data"]["tracks"]["pageInfo"]["endCursor"].clone();
        let other = format!("{{ tracks(after: {cursor}) {{ nodes {{ id }} }} }}");
        let answer = pod.graphql(&other).send().await.json();
        assert!(answer["errors"][0]["extensions"]["fields"]["after"].is_array(), "{answer}");
    }

    async fn a_random_order_holds_every_row_once(pod: Pod) {
        let mut ids = pod.get("/api/v1/tracks?ordering=random").send().await.ids();
        ids.sort_unstable();
        assert_eq!(ids, (1..=20).collect::<Vec<i64>>());
    }

    async fn a_total_is_counted_only_when_asked_for(pod: Pod) with ["--cache-mb", "0"] => {
        pod.get("/api/v1/tags").send().await;
        let before = pod.app.db().statements().get();
        pod.graphql("{ tracks(first: 1) { edges { cursor } } }").send().await;
        let without = pod.app.db().statements().get() - before;
        pod.graphql("{ tracks(first: 1) { totalCount edges { cursor } } }").send().await;
        assert_eq!(pod.app.db().statements().get() - before - without, without + 1);
    }
}
