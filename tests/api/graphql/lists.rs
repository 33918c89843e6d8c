//! Lists below objects, with filters and orders.
use baleen::store::sql;
use serde_json::{Value, json};

use crate::support::{Pod, on_both};

pub async fn data(pod: &Pod, query: &str, token: &str) -> Value {
    let ask = pod.graphql(query);
    let ask = if token.is_empty() { ask } else { ask.by(token) };
    let body = ask.send().await.json();
    assert!(body["errors"].is_null(), "{query}: {body}");
    body["data"].clone()
}

/// The values of a field of the nodes of a list.
pub fn each(list: &Value, field: &str) -> Vec<Value> {
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

    async fn a_search_gives_whole_lists_and_suggestions(pod: Pod) with ["--throttling-enabled", "false"] => {
        let all = "{ search(query: \"r\") { tracks(first: 100) { totalCount nodes { title } } tags { totalCount } } }";
        let found = data(&pod, all, "").await["search"].clone();
        let titles = each(&found["tracks"], "title");
        assert!(titles.len() > 3 && found["tracks"]["totalCount"] == json!(titles.len()), "{found}");
        let (mut read, mut after) = (Vec::new(), Value::Null);
        while read.len() < titles.len() {
            let page = format!("{{ search(query: \"r\") {{ tracks(first: 3, after: {after}) {{ nodes {{ title }} pageInfo {{ endCursor }} }} }} }}");
            let page = data(&pod, &page, "").await["search"]["tracks"].clone();
            read.extend(each(&page, "title"));
            after = page["pageInfo"]["endCursor"].clone();
        }
        assert_eq!(read, titles);
        let suggestions = async |arguments: &str| {
            let query = format!("{{ searchSuggestions({arguments}) {{ text node {{ __typename id }} }} }}");
            pod.graphql(&query).send().await.json()
        };
        let offered = suggestions("query: \"r\", first: 5").await["data"]["searchSuggestions"].clone();
        let offered = offered.as_array().unwrap();
        assert_eq!((offered.len(), &offered[0]["text"], &offered[0]["node"]["__typename"]), (5, &json!("Rock"), &json!("Tag")));
        let lengths: Vec<usize> = offered.iter().map(|one| one["text"].as_str().unwrap().chars().count()).collect();
        assert!(lengths.is_sorted(), "{offered:?}");
        for (arguments, field) in [("query: \"r\", first: 21", "first"), ("query: \"r\", first: -1", "first")] {
            let refused = suggestions(arguments).await;
            assert!(refused["errors"][0]["extensions"]["fields"][field].is_array(), "{refused}");
        }
        assert!(suggestions("query: \" \"").await["errors"][0]["message"].is_string());
        let own = suggestions("query: \"zed\"").await["data"]["searchSuggestions"].clone();
        assert!(own.as_array().unwrap().iter().all(|one| one["text"].as_str().unwrap().contains("Zed")), "names, not whose they are: {own}");
        let rest = pod.get("/api/v1/search/suggestions?query=r&limit=5").send().await.json();
        let texts = |list: &[Value]| list.iter().map(|one| one["text"].clone()).collect::<Vec<_>>();
        assert_eq!(texts(rest.as_array().unwrap()), texts(offered));
        assert_eq!((&rest[0]["type"], &rest[0]["id"]), (&json!("tag"), &json!(1)));
        for (query, status) in [("query=r&limit=21", 400), ("query=r&limit=x", 400), ("query=", 400), ("query=zzz", 200)] {
            let answer = pod.get(&format!("/api/v1/search/suggestions?{query}")).send().await;
            assert_eq!(answer.status.as_u16(), status, "{query}: {}", answer.text);
        }
        let none = data(&pod, "{ search(query: \"?? ??\") { artists { totalCount nodes { id } } } }", "").await;
        assert_eq!(none["search"]["artists"]["totalCount"], 0);
    }

    async fn each_caller_is_told_what_holds_for_them(pod: Pod) with ["--throttling-enabled", "false"] => {
        let query = "{ artists(first: 20, filter: {includeChannels: true, ids: [\"1\", \"2\", \"5\", \"6\"]}, orderBy: [{field: ID}]) {
                nodes { databaseId viewerCanEdit isHidden isPlayable } }
            zed: artist(databaseId: 3) { isHidden } tracks(filter: {ids: [\"1\", \"2\", \"5\"]}, orderBy: [{field: CREATION_DATE}]) { nodes { isFavorite } }
            album(databaseId: 1) { viewerCanEdit } track(databaseId: 1) { viewerCanEdit } }";
        let seen = data(&pod, query, "alice").await;
        assert_eq!(each(&seen["artists"], "databaseId"), [1, 2, 5, 6]);
        assert_eq!(each(&seen["artists"], "viewerCanEdit"), [true, false, false, true]);
        assert_eq!(each(&seen["tracks"], "isFavorite"), [false, true, true]);
        assert_eq!((&seen["zed"]["isHidden"], &seen["album"]["viewerCanEdit"]), (&json!(false), &json!(true)));
        let bob = data(&pod, query, "bob").await;
        assert_eq!(bob["zed"]["isHidden"], true);
        assert_eq!(each(&bob["artists"], "viewerCanEdit"), [false; 4]);
        assert_eq!(each(&bob["tracks"], "isFavorite"), [false; 3]);
        let stranger = data(&pod, query, "").await;
        assert_eq!((&stranger["zed"]["isHidden"], each(&stranger["tracks"], "isFavorite")), (&json!(false), vec![json!(false); 3]));
        for (answered, token) in [(&seen, "alice"), (&stranger, "")] {
            for artist in answered["artists"]["nodes"].as_array().unwrap() {
                let ask = pod.get(&format!("/api/v1/artists?playable=true&include_channels=true&id={}", artist["databaseId"]));
                let ask = if token.is_empty() { ask } else { ask.by(token) };
                let playable = ask.send().await.json()["count"] == 1;
                assert_eq!(artist["isPlayable"], playable, "{artist} by {token:?}");
            }
        }
        let narrow = pod.graphql("{ artist(databaseId: 1) { isHidden } track(databaseId: 1) { isFavorite } }").by("app-bob").send().await.json();
        let scopes: Vec<&Value> = narrow["errors"].as_array().unwrap().iter().map(|error| &error["extensions"]["requiredScope"]).collect();
        assert_eq!(scopes, ["read:filters", "read:favorites"], "{narrow}");
    }

    async fn audio_and_pictures_are_addressed_as_they_are_wanted(pod: Pod) with ["--throttling-enabled", "false"] => {
        let query = "{ track(databaseId: 1) { duration listenUrl mp3: listenUrl(format: MP3, maxBitrate: 128)
            uploads { duration listenUrl(format: OPUS) } } album(databaseId: 1) { duration tracks(first: 100) { nodes { duration } } cover { url medium: url(size: MEDIUM) urls { original mediumSquareCrop } } } }";
        let found = data(&pod, query, "alice").await;
        let track = &found["track"];
        let plain = track["listenUrl"].as_str().unwrap();
        assert!(plain.starts_with("http://pod.test/api/v1/listen/"), "{plain}");
        assert_eq!(track["mp3"], format!("{plain}?to=mp3&max_bitrate=128"));
        assert!(track["uploads"][0]["listenUrl"].as_str().unwrap().ends_with("&to=opus"));
        assert_eq!(track["duration"], track["uploads"][0]["duration"]);
        let durations = each(&found["album"]["tracks"], "duration");
        let sum: i64 = durations.iter().filter_map(Value::as_i64).sum();
        assert_eq!(found["album"]["duration"], sum);
        let cover = &found["album"]["cover"];
        assert_eq!((&cover["url"], &cover["medium"]), (&cover["urls"]["original"], &cover["urls"]["mediumSquareCrop"]));
        let wrong = pod.graphql("{ track(databaseId: 1) { listenUrl(maxBitrate: 321) } }").send().await.json();
        assert!(wrong["errors"][0]["extensions"]["fields"]["maxBitrate"].is_array(), "{wrong}");
        let signed = "{ track(databaseId: 1) { listenUrl(signed: true) } }";
        let refused = pod.graphql(signed).send().await.json();
        assert_eq!(refused["errors"][0]["extensions"]["code"], "UNAUTHENTICATED", "{refused}");
        let url = data(&pod, signed, "alice").await["track"]["listenUrl"].as_str().unwrap().to_owned();
        assert!(url.starts_with(&format!("{plain}?token=")), "{url}");
    }

    async fn a_seed_makes_pages_of_a_random_order_belong_together(pod: Pod) with ["--throttling-enabled", "false"] => {
        for list in ["artists", "albums", "tracks"] {
            let whole = async |seed: i32| {
                let (mut read, mut after) = (Vec::new(), Value::Null);
                loop {
                    let query = format!("{{ {list}(first: 2, after: {after}, orderBy: [{{field: RANDOM, seed: {seed}}}]) {{
                        nodes {{ databaseId }} pageInfo {{ hasNextPage endCursor }} }} }}");
                    let page = data(&pod, &query, "").await[list].clone();
                    read.extend(each(&page, "databaseId").iter().map(|id| id.as_i64().unwrap()));
                    after = page["pageInfo"]["endCursor"].clone();
                    if page["pageInfo"]["hasNextPage"] == false {
                        return read;
                    }
                }
            };
            let once = whole(7).await;
            assert_eq!(whole(7).await, once);
            let mut sorted = once.clone();
            sorted.sort_unstable();
            sorted.dedup();
            assert_eq!(sorted.len(), once.len(), "each once");
            let others = [whole(-1).await, whole(8).await, whole(i32::MAX).await];
            assert!(others.iter().any(|other| *other != once), "{list}");
        }
    }

    async fn what_is_wrong_with_one_list_is_told_of_that_list_alone(pod: Pod) with ["--throttling-enabled", "false"] => {
        let query = "{ artist(databaseId: 1) { wrong: albums(filter: {artist: \"999999\"}) { totalCount } late: albums(after: \"x\", filter: {}) { totalCount }
            good: albums(filter: {}) { totalCount } } }";
        let body = pod.graphql(query).send().await.json();
        let found = &body["data"]["artist"];
        assert!(found["wrong"].is_null() && found["late"].is_null(), "{body}");
        assert!(found["good"]["totalCount"].as_i64().unwrap() > 0, "{body}");
        let mut paths: Vec<&Value> = body["errors"].as_array().unwrap().iter().map(|error| &error["path"][1]).collect();
        paths.sort_by_key(|path| path.to_string());
        assert_eq!(paths, ["late", "wrong"], "{body}");
        // Whoever may not read the list is told that, whatever else is wrong.
        let narrow = pod.graphql("{ viewer { actor { libraries(first: 101) { totalCount } } } }").by("app-bob").send().await.json();
        assert!(narrow["errors"][0]["extensions"]["code"].is_string(), "{narrow}");
    }

    async fn sort_keys_lists_and_counts_have_a_bound_or_a_price(pod: Pod) with ["--throttling-enabled", "false"] => {
        let seeds = |count: usize| (0..count).map(|seed| format!("{{field: RANDOM, seed: {seed}}}")).collect::<Vec<_>>().join(", ");
        for (query, field) in [
            (format!("{{ artists(first: 1, orderBy: [{}]) {{ nodes {{ id }} }} }}", seeds(11)), "orderBy"),
            (format!("{{ artist(databaseId: 1) {{ albums(first: 1, orderBy: [{}]) {{ nodes {{ id }} }} }} }}", seeds(11)), "orderBy"),
        ] {
            let refused = pod.graphql(&query).send().await.json();
            assert!(refused["errors"][0]["extensions"]["fields"][field].is_array(), "{refused}");
        }
        data(&pod, &format!("{{ artists(first: 1, orderBy: [{}]) {{ nodes {{ id }} }} }}", seeds(10)), "").await;
        let many: String = (0..40).map(|number| format!("a{number}: tracks(first: 1, filter: {{title: \"{number}\"}}) {{ totalCount }} ")).collect();
        let dear = pod.graphql(&format!("{{ tags(first: 50) {{ nodes {{ {many} }} }} }}")).send().await.json();
        assert_eq!(dear["errors"][0]["extensions"]["code"], "COMPLEXITY_LIMIT", "{dear}");
        let page = "{ artists(first: 20) { nodes { name albums(first: 20) { nodes { title tracks(first: 20) { nodes { title } } } } } } }";
        data(&pod, page, "").await;
        let ordered = "{ artists(first: 20) { nodes { name albums(first: 20, orderBy: [{field: RELEASE_DATE}]) { totalCount nodes { title duration } } } } }";
        data(&pod, ordered, "").await;
        for list in ["artists", "albums", "tracks"] {
            let none = data(&pod, &format!("{{ {list}(filter: {{ids: []}}) {{ totalCount }} }}"), "").await;
            assert_eq!(none[list]["totalCount"], 0, "no IDs are no objects");
        }
    }

    async fn where_an_upload_came_from_is_searched_by_its_owner_alone(pod: Pod) with ["--throttling-enabled", "false"] => {
        sql("update uploads set source = 'file:///srv/secret/one.mp3' where library_id = 1").run(pod.app.db()).await.unwrap();
        let query = "{ user(username: \"alice\") { actor { uploads(first: 100, filter: {q: \"/srv/secret\"}) { totalCount nodes { source metadata importMetadata filename } } } } }";
        for (token, sees) in [("", false), ("bob", false), ("alice", true)] {
            let found = data(&pod, query, token).await["user"]["actor"]["uploads"].clone();
            assert_eq!(found["totalCount"] != json!(0), sees, "{token:?}: {found}");
        }
        let shown = "{ user(username: \"alice\") { actor { uploads(first: 100) { nodes { source metadata importMetadata filename } } } } }";
        let shown = data(&pod, shown, "bob").await["user"]["actor"]["uploads"].clone();
        for field in ["source", "metadata", "importMetadata"] {
            assert!(each(&shown, field).iter().all(Value::is_null), "{shown}");
        }
        assert!(each(&shown, "filename").iter().any(|name| name.as_str().is_some_and(|name| name.ends_with(".mp3"))), "{shown}");
    }
}

on_both! {
    async fn one_of_several_filters_is_enough(pod: Pod) {
        let names = async |filter: &str| {
            let query = format!("{{ artists(filter: {filter}, orderBy: [{{field: NAME}}]) {{ totalCount nodes {{ name databaseId }} }} }}");
            let found = pod.graphql(&query).send().await.json();
            assert!(found.get("errors").is_none(), "{filter}: {found}");
            let nodes = found["data"]["artists"]["nodes"].as_array().unwrap().clone();
            assert_eq!(found["data"]["artists"]["totalCount"], nodes.len());
            nodes.iter().map(|node| node["name"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        let all = names("{}").await;
        assert!(all.len() > 2, "{all:?}");
        let (first, last) = (&all[0], &all[all.len() - 1]);
        let either = format!("{{or: [{{name: {first:?}}}, {{name: {last:?}}}]}}");
        assert_eq!(names(&either).await, [first.clone(), last.clone()]);
        // Beside other conditions, which hold for all.
        let both = format!("{{name: {last:?}, or: [{{name: {first:?}}}, {{name: {last:?}}}]}}");
        assert_eq!(names(&both).await, std::slice::from_ref(last));
        assert_eq!(names("{or: []}").await, [""; 0]);
        assert_eq!(names("{or: [{}]}").await, all);
        // What widens the list holds for the alternatives too.
        let wide = names("{includeChannels: true}").await;
        assert!(wide.len() > all.len());
        assert_eq!(names("{includeChannels: true, or: [{}]}").await, wide);
        for refused in ["{or: [{or: [{}]}]}", "{or: [{hidden: true}]}", "{or: [{includeChannels: true}]}", "{or: [{}, {}, {}, {}, {}, {}]}"] {
            let query = format!("{{ artists(filter: {refused}) {{ totalCount }} }}");
            let refused = pod.graphql(&query).send().await.json();
            assert!(refused["errors"][0]["extensions"]["fields"]["or"].is_array(), "{refused}");
        }
    }

    async fn lists_below_objects_take_alternatives(pod: Pod) {
        let query = "{ artists(first: 20) { nodes { albums { nodes { title } } either: albums(filter: {or: [{q: \"zzz\"}, {releaseDateFrom: \"0001-01-01\"}]}) { totalCount nodes { releaseDate } } } } }";
        let found = pod.graphql(query).send().await.json();
        assert!(found.get("errors").is_none(), "{found}");
        let artists = found["data"]["artists"]["nodes"].as_array().unwrap();
        let dated: Vec<_> = artists.iter().flat_map(|artist| artist["either"]["nodes"].as_array().unwrap()).collect();
        assert!(!dated.is_empty() && dated.iter().all(|album| album["releaseDate"].is_string()), "{dated:?}");
        // There is no other door to it.
        assert_eq!(pod.get("/api/v1/artists?or=1").send().await.status, 200);
    }
}
