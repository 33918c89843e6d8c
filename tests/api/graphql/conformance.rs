//! Variables, nulls and errors, as the specification has them.
use poem::http::StatusCode;
use serde_json::{Value, json};

use super::{MODERN, message};
use crate::support::{Pod, on_both};

on_both! {
    async fn a_refused_field_is_null_and_its_siblings_answer(pod: Pod) {
        let query = "{ uploads { totalCount } artist(databaseId: 1) { name } }";
        let answer = pod.graphql(query).send().await;
        assert_eq!(answer.status, StatusCode::OK);
        let body = answer.json();
        assert_eq!(body["data"], json!({"uploads": null, "artist": {"name": "Ana Ñandú"}}));
        assert_eq!(body["errors"][0]["extensions"]["code"], "UNAUTHENTICATED");
        assert_eq!(body["errors"][0]["path"], json!(["uploads"]));
    }

    async fn a_field_whose_argument_fails_is_null_and_its_siblings_answer(pod: Pod) {
        for (field, argument) in [
            ("upload(uuid: \"zz\") { uuid }", "uuid"),
            ("upload: artists(first: -1) { totalCount }", "first"),
            ("upload: artists(first: 51) { totalCount }", "first"),
            ("upload: artists(last: -1) { totalCount }", "last"),
            ("upload: artists(after: \"zz\") { totalCount }", "after"),
        ] {
            let answer = pod.graphql(&format!("{{ {field} tags {{ totalCount }} }}")).header("accept", MODERN).send().await;
            let body = answer.json();
            assert_eq!(answer.status, 203, "{body}");
            assert_eq!(body["data"], json!({"upload": null, "tags": {"totalCount": 3}}), "{field}");
            let error = &body["errors"][0];
            assert_eq!((&error["path"], &error["extensions"]["code"]), (&json!(["upload"]), &json!("INVALID")), "{error}");
            assert!(error["extensions"]["fields"][argument].is_array(), "{error}");
            assert!(answer.text.find("\"upload\"") < answer.text.find("\"tags\""), "{}", answer.text);
        }
        // Below a root field: what failed is null where it can be, also if nothing beside it was asked for.
        let lone = pod.graphql("{ artist(databaseId: 1) { x: albums(first: 101) { totalCount } } }").send().await.json();
        assert_eq!(lone["data"], json!({"artist": {"x": null}}), "{lone}");
        let each = pod.graphql("{ artists(first: 2) { totalCount nodes { albums(first: -1) { totalCount } } } }").send().await.json();
        assert_eq!(each["data"]["artists"]["nodes"], json!([{"albums": null}, {"albums": null}]), "{each}");
        assert!(each["data"]["artists"]["totalCount"].is_number(), "{each}");
        for first in [101, -1] {
            let query = format!("{{ artist(databaseId: 1) {{ name albums(first: {first}) {{ totalCount }} }} }}");
            let body = pod.graphql(&query).send().await.json();
            assert_eq!(body["data"]["artist"], json!({"name": "Ana Ñandú", "albums": null}), "{body}");
            assert_eq!(body["errors"][0]["path"], json!(["artist", "albums"]), "{body}");
        }
        let narrow = baleen::store::sql("update oauth_access_tokens set scope = 'read:libraries' where id = 3");
        narrow.run(pod.app.db()).await.unwrap();
        let body = pod.graphql("{ artist(databaseId: 1) { name edits { uuid } } }").by("narrow").send().await.json();
        assert_eq!(body["data"]["artist"], json!({"name": "Ana Ñandú", "edits": null}), "{body}");
        let told = &body["errors"][0]["extensions"];
        assert_eq!((&told["code"], &told["requiredScope"]), (&json!("FORBIDDEN"), &json!("read:edits")), "{body}");
    }

    async fn null_for_an_optional_argument_means_its_default(pod: Pod) {
        let none = pod.graphql("{ artists { nodes { name albums { nodes { title } } } } }").send().await.json()["data"].clone();
        let null = pod.graphql("{ artists(filter: null, orderBy: null, first: null, after: null) { nodes { name albums(first: null) { nodes { title } } } } }").send().await.json()["data"].clone();
        assert_eq!(none, null);
        let inner = pod.graphql("{ artists(filter: {tag: null, q: null}, orderBy: [{field: NAME, direction: null}]) { totalCount } }").send().await.json();
        assert!(inner.get("errors").is_none(), "{inner}");
        // What tools read: no argument of a field that is read must be given, but what it is about.
        let schema = baleen::graphql::sdl();
        let types = schema.split("filter: ").skip(1).filter_map(|rest| rest.split([',', ')', '\n']).next());
        assert!(types.clone().count() > 20 && types.clone().all(|name| !name.trim().ends_with('!')), "a filter is not nullable");
        assert!(!schema.contains("! ="), "an optional argument is not nullable");
    }

    async fn variables_are_checked_before_anything_runs_or_spends(pod: Pod) {
        let ask = async |query: &str, variables: Value| {
            let body = json!({"query": query, "variables": variables});
            pod.post("/graphql", &body).by("alice").header("accept", MODERN).send().await
        };
        for (query, variables, place) in [
            ("query($i: Int!) { artist(databaseId: $i) { name } }", json!({}), "i"),
            ("query($i: Int!) { artist(databaseId: $i) { name } }", json!({"i": null}), "i"),
            ("query($i: Int) { artist(databaseId: $i) { name } }", json!({"i": "1"}), "i"),
            ("query($i: Int) { artist(databaseId: $i) { name } }", json!({"i": 1.5}), "i"),
            ("query($i: Int) { artist(databaseId: $i) { name } }", json!({"i": 2_147_483_648_u32}), "i"),
            ("query($i: ID) { artist(id: $i) { name } }", json!({"i": true}), "i"),
            ("query($u: UUID) { upload(uuid: $u) { uuid } tags { totalCount } }", json!({"u": "zz"}), "u"),
            ("query($f: ArtistFilter) { artists(filter: $f) { totalCount } }", json!({"f": {"scope": 5}}), "f.scope"),
            ("query($f: ArtistFilter) { artists(filter: $f) { totalCount } }", json!({"f": {"nonsense": 5}}), "f.nonsense"),
            ("query($f: ArtistFilter) { artists(filter: $f) { totalCount } }", json!({"f": {"tag": ["a", 1]}}), "f.tag.1"),
            ("query($o: [ArtistOrder!]) { artists(orderBy: $o) { totalCount } }", json!({"o": [{"field": "NONSENSE"}]}), "o.0.field"),
            ("query($o: [ArtistOrder!]) { artists(orderBy: $o) { totalCount } }", json!({"o": [{}]}), "o.0.field"),
            ("query($o: [ArtistOrder!]) { artists(orderBy: $o) { totalCount } }", json!({"o": [null]}), "o.0"),
        ] {
            let answer = ask(query, variables.clone()).await;
            let body = answer.json();
            assert_eq!(answer.status, 400, "{variables}: {body}");
            let told = &body["errors"][0]["extensions"];
            assert_eq!(told["code"], "BAD_USER_INPUT", "{body}");
            assert!(told["fields"][place].is_array() && message(&body).contains('$'), "{place}: {body}");
            assert_eq!((body.get("data"), answer.header("x-ratelimit-scope")), (None, Some("authenticated-wildcard")), "{body}");
        }
        // One value stands for a list, and a number for an ID.
        let one = ask("query($f: ArtistFilter, $o: [ArtistOrder!]) { artists(filter: $f, orderBy: $o) { totalCount } }", json!({"f": {"tag": "rock"}, "o": {"field": "NAME"}})).await;
        assert_eq!(one.status, 200, "{}", one.text);
        // Of two mutations none runs, if the second could not.
        let changed = || baleen::store::sql("select count(*) from users where name = 'Changed'").number(pod.app.db());
        for (second, variables) in [
            ("b: updateUser(input: {name: $n}) { viewer { username } }", json!({})),
            ("b: createAlbum(input: {title: \"x\", artist: 6, releaseDate: \"tomorrow\"}) { album { id } }", json!({"n": "x"})),
            ("b: deleteTrack(input: {uuid: \"zz\"}) { deletedId }", json!({"n": "x"})),
            // Also beside a variable that was left out.
            ("b: createAlbum(input: {title: \"x\", artist: 6, releaseDate: \"tomorrow\", cover: $c}) { album { id } }", json!({"n": "x"})),
        ] {
            let query = format!("mutation($n: String!, $c: ID) {{ z: updateUser(input: {{name: $n, avatar: $c}}) {{ viewer {{ id }} }} a: updateUser(input: {{name: \"Changed\"}}) {{ viewer {{ id }} }} {second} }}");
            let answer = ask(&query, variables).await;
            assert_eq!(answer.status, 400, "{second}: {}", answer.text);
            assert_eq!(changed().await.unwrap(), 0, "{second}");
        }
    }

    async fn every_error_has_a_code_and_says_what_to_do(pod: Pod) {
        let dear = "{ instance { name } artists { nodes { albums(first: 100) { nodes { tracks(first: 100) { nodes { libraries { name } } } } } } } }";
        for (query, code, words) in [
            ("{", "GRAPHQL_PARSE_FAILED", "Syntax error at line 1, column 2: expected"),
            ("{ artists", "GRAPHQL_PARSE_FAILED", "expected"),
            ("{ nonsense }", "GRAPHQL_VALIDATION_FAILED", "nonsense"),
            ("{ artist(databaseId: \"x\") { name } }", "GRAPHQL_VALIDATION_FAILED", "databaseId"),
            ("query A { __typename } query B { __typename }", "GRAPHQL_VALIDATION_FAILED", "Operation name"),
            (dear, "COMPLEXITY_LIMIT", "Most of it comes from `artists`"),
            ("{ viewer { username } }", "UNAUTHENTICATED", "credentials"),
        ] {
            let body = pod.graphql(query).send().await.json();
            let error = &body["errors"][0];
            assert_eq!(error["extensions"]["code"], code, "{body}");
            assert!(message(&body).contains(words) && !message(&body).contains('\n'), "{body}");
        }
        let body = pod.graphql("{").send().await.json();
        assert_eq!(body["errors"][0]["locations"], json!([{"line": 1, "column": 2}]));
        let told = pod.graphql(dear).send().await.json()["errors"][0]["extensions"].clone();
        assert_eq!((&told["dearestField"], &told["limit"]), (&json!("artists"), &json!(pod.app.config().graphql_complexity)), "{told}");
        assert!(told["cost"].as_u64() > told["dearestCost"].as_u64() && told["dearestCost"].as_u64() > told["limit"].as_u64(), "{told}");
    }

    async fn variables_that_are_left_out_are_as_if_not_written(pod: Pod) {
        let ask = async |query: &str, variables: Value| {
            let body = pod.post("/graphql", &json!({"query": query, "variables": variables})).send().await.json();
            assert!(body.get("errors").is_none(), "{query}: {body}");
            body["data"].clone()
        };
        // In every list, of every type of argument, in the operation and in fragments.
        for (field, kind) in [("artists", "Artist"), ("albums", "Album"), ("tracks", "Track"), ("libraries", "Library"), ("tags", "Tag")] {
            let all = ask(&format!("{{ {field} {{ totalCount nodes {{ id }} }} }}"), json!({})).await;
            let query = format!("query List($filter: {kind}Filter, $order: [{kind}Order!], $first: Int, $after: String) {{ ...Page }}
                fragment Page on Query {{ {field}(filter: $filter, orderBy: $order, first: $first, after: $after) {{ totalCount nodes {{ id }} }} }}");
            assert_eq!(ask(&query, json!({})).await, all, "{field}");
            let some = ask(&query, json!({"first": 1})).await;
            assert_eq!(some[field]["nodes"], json!([all[field]["nodes"][0]]), "{field}");
        }
        let inside = "query A($name: String, $has: Boolean) { artists(filter: {name: $name, hasAlbums: $has}) { totalCount } }";
        let every = ask("{ artists { totalCount } }", json!({})).await;
        assert_eq!(ask(inside, json!({})).await, every);
        assert_eq!(ask(inside, json!({"name": "ångström"})).await["artists"]["totalCount"], 1);
        // A default of their own counts everywhere, also in directives.
        let query = "query A($yes: Boolean = true, $no: Boolean = false, $id: Int = 2) {
            artist(databaseId: $id) { name @include(if: $yes) id @skip(if: $yes) mbid @include(if: $no) } }";
        assert_eq!(ask(query, json!({})).await, json!({"artist": {"name": "ångström"}}));
        assert_eq!(ask(query, json!({"id": 1, "yes": false})).await["artist"]["name"], Value::Null);
        // Null is not the same as left out, and what is required stays so.
        let body = pod.post("/graphql", &json!({"query": "query A($id: ID!) { node(id: $id) { id } }"})).send().await.json();
        assert!(body["errors"][0]["message"].as_str().unwrap().contains("id"), "{body}");
        let several = json!({"query": "query A($f: TagFilter) { tags(filter: $f) { totalCount } } query B { instance { name } }", "operationName": "A"});
        assert!(pod.post("/graphql", &several).send().await.json().get("errors").is_none());
        let shared = json!({"query": "query A($f: TagFilter) { ...T } query B($f: TagFilter, $n: Int) { ...T tags(first: $n) { totalCount } } fragment T on Query { all: tags(filter: $f) { totalCount } }", "operationName": "A"});
        let shared = pod.post("/graphql", &shared).send().await.json();
        assert!(shared.get("errors").is_none(), "{shared}");
        // What operations that are not asked for need stays theirs.
        let needed = json!({"query": "query A($id: ID, $f: TagFilter, $yes: Boolean! = true) { tags(filter: $f) { totalCount @include(if: $yes) } }
            query B($id: ID!) { ...N } fragment N on Query { node(id: $id) { id } }", "operationName": "A"});
        let needed = pod.post("/graphql", &needed).send().await.json();
        assert!(needed.get("errors").is_none(), "{needed}");
        let bare = pod.get("/graphql?query={instance{name}}&operationName=").send().await.json();
        assert!(bare["data"]["instance"].is_object(), "{bare}");
        let bare = json!({"query": "{ instance { name } }", "operationName": ""});
        let bare = pod.post("/graphql", &bare).send().await.json();
        assert!(bare["data"]["instance"].is_object(), "{bare}");
        let pair = pod.post("/graphql", &json!({"query": "{ tags(filter: {q: \"\\ud83d\\ude00\"}) { totalCount } }"})).send().await.json();
        assert_eq!(pair["data"]["tags"]["totalCount"], 0, "{pair}");
    }

    async fn fields_stand_in_the_order_of_the_query(pod: Pod) {
        let query = "{ tags { totalCount nodes { name databaseId } } b: instance { name } a: artists(first: 1) { nodes { name id } } }";
        let body = pod.graphql(query).send().await;
        let place = |key: &str| body.text.find(key).unwrap_or_else(|| panic!("{key}: {}", body.text));
        assert!(place("\"tags\"") < place("\"b\"") && place("\"b\"") < place("\"a\""));
        assert!(place("\"totalCount\"") < place("\"nodes\"") && place("\"name\"") < place("\"databaseId\""));
    }
}
