//! Lists below objects, with filters and orders.
use serde_json::{Value, json};

use crate::support::{Pod, on_both};

async fn data(pod: &Pod, query: &str, token: &str) -> Value {
    let ask = pod.graphql(query);
    let ask = if token.is_empty() { ask } else { ask.by(token) };
    let body = ask.send().await.json();
    assert!(body["errors"].is_null(), "{query}: {body}");
    body["data"].clone()
}

/// The values of a field of the nodes of a list.
fn each(list: &Value, field: &str) -> Vec<Value> {
    let nodes = list["nodes"].as_array().unwrap();
    nodes.iter().map(|node| node[field].clone()).collect()
}

on_both! {
    async fn each_list_below_an_object_is_the_root_list_with_that_filter(pod: Pod) with ["--throttling-enabled", "false"] => {
        for (object, list, root) in [
            ("artist(databaseId: 1)", "albums", "albums(first: 50, filter: {artist: \"1\", OTHERS} ORDER)"),
            ("album(databaseId: 1)", "tracks", "tracks(first: 50, filter: {album: \"1\", OTHERS} ORDER)"),
            ("tag(name: \"rock\")", "artists", "artists(first: 50, filter: {tag: [\"rock\"], OTHERS} ORDER)"),
            ("tag(name: \"rock\")", "albums", "albums(first: 50, filter: {tag: [\"rock\"], OTHERS} ORDER)"),
            ("tag(name: \"rock\")", "tracks", "tracks(first: 50, filter: {tag: [\"rock\"], OTHERS} ORDER)"),
            ("library(databaseId: 1)", "artists", "artists(first: 50, filter: {library: \"6426e1e3-da07-5ac7-b547-db8f02105d72\", OTHERS} ORDER)"),
            ("library(databaseId: 1)", "albums", "albums(first: 50, filter: {library: \"6426e1e3-da07-5ac7-b547-db8f02105d72\", OTHERS} ORDER)"),
            ("library(databaseId: 1)", "tracks", "tracks(first: 50, filter: {library: \"6426e1e3-da07-5ac7-b547-db8f02105d72\", OTHERS} ORDER)"),
        ] {
            for (others, order) in [
                ("hidden: false", ", orderBy: [{field: CREATION_DATE}]"),
                ("hidden: false", ", orderBy: [{field: CREATION_DATE, direction: DESC}]"),
                ("playable: true", ", orderBy: [{field: CREATION_DATE}]"),
                ("q: \"nothing is called so\"", ", orderBy: [{field: CREATION_DATE}]"),
            ] {
                let root = root.replace("OTHERS", others).replace("ORDER", order);
                let query = format!(
                    "{{ found: {object} {{ list: {list}(first: 50, filter: {{{others}}} {order}) {{ totalCount nodes {{ id }} }} }}
                        list: {root} {{ totalCount nodes {{ id }} }} }}");
                for token in ["", "bob"] {
                    let answered = data(&pod, &query, token).await;
                    assert_eq!(answered["found"]["list"], answered["list"], "{object} {list} {others} {order} by {token:?}");
                }
            }
        }
    }

    async fn the_usual_order_is_kept_under_a_filter_and_cursors_walk_it(pod: Pod) with ["--throttling-enabled", "false"] => {
        for (object, list) in [("artist", "albums"), ("artist", "tracks"), ("album", "tracks")] {
            let query = format!("{{ {object}(databaseId: 1) {{ plain: {list}(first: 100) {{ totalCount nodes {{ id }} }}
                filtered: {list}(first: 100, filter: {{}}) {{ totalCount nodes {{ id }} }} }} }}");
            let found = &data(&pod, &query, "alice").await[object];
            assert_eq!(found["plain"], found["filtered"], "{object}.{list}");
            let whole = each(&found["plain"], "id");
            assert!(whole.len() > 1, "{object}.{list}");
            let (mut read, mut after) = (Vec::new(), Value::Null);
            loop {
                let query = format!("{{ {object}(databaseId: 1) {{ list: {list}(first: 2, after: {after}, filter: {{}})
                    {{ totalCount nodes {{ id }} pageInfo {{ hasNextPage endCursor }} }} }} }}");
                let page = data(&pod, &query, "alice").await[object]["list"].clone();
                assert_eq!(page["totalCount"], json!(whole.len()));
                read.extend(each(&page, "id"));
                after = page["pageInfo"]["endCursor"].clone();
                if page["pageInfo"]["hasNextPage"] == false {
                    break;
                }
            }
            assert_eq!(read, whole, "{object}.{list}");
        }
    }

    async fn lists_of_many_objects_cost_as_many_statements_as_those_of_one(pod: Pod) with ["--throttling-enabled", "false", "--cache-mb", "0"] => {
        let query = |artists: usize| format!("{{ artists(first: {artists}, orderBy: [{{field: CREATION_DATE}}]) {{ nodes {{
            albums(filter: {{hidden: false}}, orderBy: [{{field: TITLE}}]) {{ totalCount nodes {{
                tracks(orderBy: [{{field: TITLE, direction: DESC}}]) {{ totalCount nodes {{ title }} }} }} }} }} }} }}");
        // The first of them has albums with tracks.
        let before = pod.app.db().statements().get();
        data(&pod, &query(1), "").await;
        let one = pod.app.db().statements().get() - before;
        let before = pod.app.db().statements().get();
        let all = data(&pod, &query(20), "").await;
        assert!(all["artists"]["nodes"].as_array().unwrap().len() > 3);
        let many = pod.app.db().statements().get() - before;
        assert!(many <= one, "{many} statements for all, {one} for one");
    }

    async fn each_object_has_its_own_part_of_a_list(pod: Pod) with ["--throttling-enabled", "false"] => {
        let together = "{ artists(first: 20) { nodes { databaseId albums(first: 1, orderBy: [{field: TITLE, direction: DESC}]) {
            totalCount nodes { title } pageInfo { hasNextPage } } } } }";
        let together = data(&pod, together, "alice").await;
        for artist in together["artists"]["nodes"].as_array().unwrap() {
            let alone = format!("{{ artist(databaseId: {}) {{ databaseId albums(first: 1, orderBy: [{{field: TITLE, direction: DESC}}]) {{
                totalCount nodes {{ title }} pageInfo {{ hasNextPage }} }} }} }}", artist["databaseId"]);
            assert_eq!(&data(&pod, &alone, "alice").await["artist"], artist);
        }
    }

    async fn what_lies_in_a_private_library_is_shown_to_its_owner_alone(pod: Pod) with ["--throttling-enabled", "false"] => {
        let lists = "artists { totalCount } albums { totalCount } tracks { totalCount } uploads { totalCount nodes { uuid } }";
        let private = format!("{{ library(uuid: \"e3d4514e-e069-5a0c-8093-bfd1a6cbf694\") {{ name {lists} }} }}");
        for (token, sees) in [("", false), ("alice", false), ("bob", true)] {
            let library = data(&pod, &private, token).await["library"].clone();
            assert_eq!(library["name"], "bob private");
            for list in ["artists", "albums", "tracks", "uploads"] {
                assert_eq!(library[list]["totalCount"] != json!(0), sees, "{list} by {token:?}: {library}");
            }
        }
        let own = "{ viewer { actor { libraries(orderBy: [{field: NAME}]) { nodes { name } } uploads(first: 100) { totalCount nodes { id } } } }
            uploads(filter: {includeChannels: true}) { totalCount nodes { id } } }";
        let own = data(&pod, own, "alice").await;
        assert_eq!(each(&own["viewer"]["actor"]["libraries"], "name"), ["alice pod", "alice private", "alice public"]);
        assert_eq!(own["viewer"]["actor"]["uploads"], own["uploads"]);
        let alice = "{ user(username: \"alice\") { actor { libraries { nodes { name } } uploads(first: 100) { nodes { library { name } } } }
            oauthApps { clientId } grants { id } sessions { id } } }";
        let seen = data(&pod, alice, "").await["user"].clone();
        assert_eq!(each(&seen["actor"]["libraries"], "name"), ["alice public"]);
        assert!(each(&seen["actor"]["uploads"], "library").iter().all(|library| library["name"] == "alice public"), "{seen}");
        for list in ["oauthApps", "grants", "sessions"] {
            assert!(seen[list].is_null(), "{seen}");
        }
    }
}
