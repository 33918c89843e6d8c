//! GraphQL over HTTP, its limits, and the cost of what it runs.
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::support::{Pod, on_both};

const MODERN: &str = "application/graphql-response+json";

fn message(answer: &Value) -> &str {
    answer["errors"][0]["message"].as_str().unwrap_or_default()
}

on_both! {
    async fn fragments_without_end_are_refused(pod: Pod) {
        let many = |name: usize| format!("...f{name} ").repeat(40);
        let chain: String = (0..20)
            .map(|index| format!("fragment f{index} on Query {{ {} }} ", many(index + 1)))
            .collect();
        for query in [
            "{ ...F } fragment F on Query { ...F }".to_owned(),
            "{ ...F } fragment F on Query { ...G } fragment G on Query { instance { name } ...F }".to_owned(),
            format!("{{ ...F }} fragment F on Query {{ {} }}", "...F ".repeat(60)),
            // The last one spreads what is not there: so nobody counts a field.
            format!("{{ ...f0 }} {chain}"),
        ] {
            let body = pod.graphql(&query).send().await.json();
            assert!(body["data"].is_null() && body["errors"].is_array(), "{body}");
        }
    }

    async fn fields_stand_in_the_order_of_the_query(pod: Pod) {
        let query = "{ tags { totalCount nodes { name databaseId } } b: instance { name } a: artists(first: 1) { nodes { name id } } }";
        let body = pod.graphql(query).send().await;
        let place = |key: &str| body.text.find(key).unwrap_or_else(|| panic!("{key}: {}", body.text));
        assert!(place("\"tags\"") < place("\"b\"") && place("\"b\"") < place("\"a\""));
        assert!(place("\"totalCount\"") < place("\"nodes\"") && place("\"name\"") < place("\"databaseId\""));
    }

    async fn nested_lists_run_a_constant_number_of_statements(pod: Pod) with ["--cache-mb", "0"] => {
        let mut counts = Vec::new();
        for first in [1, 5] {
            let before = pod.app.db().statements().get();
            let query = format!(
                "{{ artists(first: {first}, orderBy: [{{field: ID}}]) {{ nodes {{ albums {{ tags {{ name }} artist {{ name }} \
                 tracks {{ artist {{ name }} album {{ title }} uploads {{ library {{ name }} }} }} }} }} }} }}"
            );
            let answer = pod.graphql(&query).send().await.json();
            assert!(answer.get("errors").is_none(), "{answer}");
            counts.push(pod.app.db().statements().get() - before);
        }
        assert!(counts[1] <= counts[0] + 6 && counts[1] <= 16, "{counts:?}");
        let before = pod.app.db().statements().get();
        pod.get("/api/v1/tracks?page_size=2").send().await;
        let few = pod.app.db().statements().get() - before;
        pod.get("/api/v1/tracks").send().await;
        let many = pod.app.db().statements().get() - before - few;
        assert!(few <= 17 && many <= 17, "{few} and {many}");
    }

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
        let lone = pod.graphql("{ artist(databaseId: 1) { x: albums(first: 101) { title } } }").send().await.json();
        assert_eq!(lone["data"], json!({"artist": {"x": null}}), "{lone}");
        let each = pod.graphql("{ artists(first: 2) { totalCount nodes { albums(first: -1) { title } } } }").send().await.json();
        assert_eq!(each["data"]["artists"]["nodes"], json!([{"albums": null}, {"albums": null}]), "{each}");
        assert!(each["data"]["artists"]["totalCount"].is_number(), "{each}");
        for first in [101, -1] {
            let query = format!("{{ artist(databaseId: 1) {{ name albums(first: {first}) {{ title }} }} }}");
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
        let none = pod.graphql("{ artists { nodes { name albums { title } } } }").send().await.json()["data"].clone();
        let null = pod.graphql("{ artists(filter: null, orderBy: null, first: null, after: null) { nodes { name albums(first: null) { title } } } }").send().await.json()["data"].clone();
        assert_eq!(none, null);
        let inner = pod.graphql("{ artists(filter: {tag: null, q: null}, orderBy: [{field: NAME, direction: null}]) { totalCount } }").send().await.json();
        assert!(inner.get("errors").is_none(), "{inner}");
        // What tools read: no argument of a field that is read must be given, but what it is about.
        let schema = baleen::graphql::sdl();
        assert!(!schema.contains("Filter!") && !schema.contains("! ="), "an optional argument is not nullable");
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
            ("b: updateUser(input: {name: $n})", json!({})),
            ("b: createAlbum(input: {title: \"x\", artist: 6, releaseDate: \"tomorrow\"}) { id }", json!({"n": "x"})),
            ("b: deleteTrack(uuid: \"zz\")", json!({"n": "x"})),
            // Also beside a variable that was left out.
            ("b: createAlbum(input: {title: \"x\", artist: 6, releaseDate: \"tomorrow\", cover: $c}) { id }", json!({"n": "x"})),
        ] {
            let second = match second.contains("updateUser") { true => format!("{second} {{ username }}"), false => second.to_owned() };
            let query = format!("mutation($n: String!, $c: UUID) {{ z: updateUser(input: {{name: $n, avatar: $c}}) {{ username }} a: updateUser(input: {{name: \"Changed\"}}) {{ username }} {second} }}");
            let answer = ask(&query, variables).await;
            assert_eq!(answer.status, 400, "{second}: {}", answer.text);
            assert_eq!(changed().await.unwrap(), 0, "{second}");
        }
    }

    async fn every_error_has_a_code_and_says_what_to_do(pod: Pod) {
        let dear = "{ instance { name } artists { nodes { albums(first: 100) { tracks(first: 100) { libraries { name } } } } } }";
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

    async fn a_token_that_does_not_hold_any_more_is_told(pod: Pod) {
        for (token, code, error) in [
            ("expired", "TOKEN_EXPIRED", "has expired"),
            ("nonsense", "TOKEN_INVALID", "is invalid"),
        ] {
            let answer = pod.graphql("{ tags { totalCount } }").by(token).send().await;
            let body = answer.json();
            assert_eq!((answer.status.as_u16(), &body["errors"][0]["extensions"]["code"]), (401, &json!(code)), "{body}");
            let challenge = answer.header("www-authenticate").unwrap();
            assert!(challenge.contains("error=\"invalid_token\"") && challenge.contains(error), "{challenge}");
            assert!(answer.header("x-ratelimit-remaining").is_some());
            // REST lets them read as strangers, as the original does.
            assert_eq!(pod.get("/api/v1/tags").by(token).send().await.status, 200);
        }
    }

    async fn answers_to_get_can_be_kept_by_caches_and_those_of_users_by_nobody(pod: Pod) {
        let address = "/graphql?query={artist(databaseId:1){name}}";
        let first = pod.get(address).send().await;
        let tag = first.header("etag").unwrap().to_owned();
        assert_eq!(first.header("cache-control"), Some("no-cache"));
        let vary: Vec<_> = first.headers.get_all("vary").iter().map(|value| value.to_str().unwrap().to_lowercase()).collect();
        assert!(["accept", "cookie", "origin"].iter().all(|name| vary.join(", ").contains(name)), "{vary:?}");
        let again = pod.get(address).header("if-none-match", &tag).send().await;
        assert_eq!((again.status.as_u16(), again.text.as_str()), (304, ""));
        assert!(again.header("x-ratelimit-remaining").is_some());
        baleen::store::sql("update artists set name = 'New' where id = 1").run(pod.app.db()).await.unwrap();
        let changed = pod.get(address).header("if-none-match", &tag).send().await;
        assert_eq!((changed.status.as_u16(), &changed.json()["data"]["artist"]["name"]), (200, &json!("New")));
        let own = pod.get(address).by("alice").send().await;
        assert_eq!((own.header("etag"), own.header("cache-control")), (None, Some("private, no-store")));
        let posted = pod.graphql("{ artist(databaseId: 1) { name } }").by("alice").send().await;
        assert_eq!(posted.header("cache-control"), Some("private, no-store"));
        // What failed may work the next time.
        let failed = pod.get("/graphql?query={artist(databaseId:99){name}}").send().await;
        assert_eq!(failed.header("etag"), None);
    }

    async fn head_answers_as_get(pod: Pod) {
        let address = "/graphql?query={instance{name}}";
        let (get, head) = (pod.get(address).send().await, pod.ask(Method::HEAD, address).send().await);
        assert_eq!((get.status, get.header("content-type")), (head.status, head.header("content-type")));
        assert_eq!(head.status, 200);
    }

    async fn every_root_field_spends_and_the_answer_says_so(pod: Pod) {
        let answer = pod.graphql("{ a: artists { totalCount } b: artists { totalCount } instance { name } }").send().await;
        let rows = answer.json()["extensions"]["rateLimits"].clone();
        let mut spent: Vec<_> = rows.as_array().unwrap().iter()
            .map(|row| (row["operation"].as_str().unwrap(), row["remaining"].as_i64().unwrap())).collect();
        spent.sort_unstable();
        assert_eq!(spent, [("artists.list", 9998), ("artists.list", 9999), ("instance.nodeinfo", 999)]);
        assert_eq!(answer.header("x-ratelimit-scope"), Some("anonymous-wildcard"));
    }

    async fn queries_come_by_post_and_by_get(pod: Pod) {
        let address = "/graphql?query=query+A($id:Int){artist(databaseId:$id){name}}&variables=%7B%22id%22:2%7D&operationName=A";
        let body = pod.get(address).send().await.json();
        assert_eq!(body["data"]["artist"]["name"], "ångström");
        let body = pod.post("/graphql", &json!({
            "query": "query A($id: Int) { artist(databaseId: $id) { name } }", "variables": {"id": 2},
        })).send().await.json();
        assert_eq!(body["data"]["artist"]["name"], "ångström");
        let answer = pod.get("/graphql?query=mutation%7Bx%7D").send().await;
        assert_eq!((answer.status.as_u16(), answer.header("allow")), (405, Some("GET, HEAD, POST")));
        assert_eq!(pod.ask(Method::DELETE, "/graphql").send().await.status, 405);
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
        let pair = pod.post("/graphql", &json!({"query": "{ tags(filter: {q: \"\\ud83d\\ude00\"}) { totalCount } }"})).send().await.json();
        assert_eq!(pair["data"]["tags"]["totalCount"], 0, "{pair}");
    }

    async fn asking_for_the_schema_has_a_price_and_a_bound(pod: Pod) with ["--throttling-rates", "anonymous-wildcard=16/h"] => {
        let ask = async |query: &str| pod.post("/graphql", &json!({"query": query})).send().await;
        let once = ask("{ __schema { queryType { name } } }").await;
        assert_eq!((once.status.as_u16(), once.header("x-ratelimit-remaining")), (200, Some("15")), "{}", once.text);
        let aliased: String = (0..11).map(|n| format!("a{n}: __schema {{ queryType {{ name }} }} ")).collect();
        let many = format!("{{ ...A }} fragment A on Query {{ {aliased} }}");
        let described: String = (0..1_900).map(|n| format!("a{n}: description ")).collect();
        let described = format!("{{ __type(name: \"Query\") {{ fields {{ args {{ {described} }} }} }} }}");
        for (query, complaint) in [
            (many.as_str(), "at most 10 times"),
            ("{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }", "too much of the schema"),
            (described.as_str(), "too much of the schema"),
            ("{ ...A } fragment A on Query { __type(name: \"Track\") { ...T } } fragment T on __Type { fields { type { ...U } } }
              fragment U on __Type { fields { type { ...V } } } fragment V on __Type { fields { type { fields { type { fields { name } } } } } }", "too much of the schema"),
        ] {
            let refused = ask(query).await;
            assert!(refused.text.contains(complaint), "{}", refused.text);
        }
        // Code generators ask for all of it, which is one request.
        let whole = "{ __schema { types { kind name fields(includeDeprecated: true) { name args { name defaultValue type { kind name ofType { name } } } } inputFields { name } enumValues { name } possibleTypes { name } } directives { name args { name } } } }";
        assert!(ask(whole).await.json()["data"]["__schema"]["types"].is_array());
        let ten: String = (0..10).map(|n| format!("a{n}: __typename b{n}: __type(name: \"Track\") {{ name }} ")).collect();
        assert_eq!(ask(&format!("{{ {ten} }}")).await.status, 200);
        let late = ask("{ __schema { queryType { name } } }").await;
        assert_eq!(late.status, 429, "{}", late.text);
    }

    async fn every_document_is_counted(pod: Pod) with ["--throttling-rates", "anonymous-wildcard=9/h"] => {
        let ask = async |query: &str| pod.post("/graphql", &json!({"query": query})).send().await;
        for (query, left) in [
            ("{", 8),
            ("{ nonsense }", 7),
            ("{ rateLimit { enabled } nonsense }", 6),
            ("{ ...A } fragment A on Query { ...A }", 5),
            ("{ __typename }", 4),
            ("{ instance { name } }", 3),
            ("{ a: __typename @include(if: 7) }", 2),
            ("query A { __typename } query A { __typename }", 1),
            ("{ instance { nonsense } }", 0),
        ] {
            let answer = ask(query).await;
            let told = left.to_string();
            assert_eq!((answer.status.as_u16(), answer.header("x-ratelimit-remaining")), (200, Some(told.as_str())), "{query}: {}", answer.text);
        }
        // So does what is no query at all.
        for body in ["", "null", "1", "[]", "[null]", "{\"query\": 7}"] {
            let answer = pod.ask(Method::POST, "/graphql").header("content-type", "application/json").body(body).send().await;
            assert_eq!(answer.status, 429, "{body}: {}", answer.text);
        }
        for query in ["{", "{ nonsense }", "{ instance { nonsense } }", "{ ...A } fragment A on Query { ...A }"] {
            let answer = ask(query).await;
            assert_eq!(answer.status, 429, "{query}: {}", answer.text);
            assert!(answer.header("retry-after").is_some(), "{query}");
        }
    }

    async fn the_media_type_decides_the_status(pod: Pod) {
        for (accept, query, status) in [
            (MODERN, "{", 400),
            (MODERN, "{ nonsense }", 400),
            (MODERN, "{ artist(databaseId: 99) { name } }", 203),
            (MODERN, "{ artist(databaseId: 1) { name } }", 200),
            ("application/json", "{ artist(databaseId: 99) { name } }", 200),
            ("application/json", "{", 200),
            ("application/json", "{ nonsense }", 200),
            ("text/html, */*", "{ nonsense }", 200),
            ("image/png", "{ nonsense }", 406),
        ] {
            let answer = pod.graphql(query).header("accept", accept).send().await;
            assert_eq!(answer.status.as_u16(), status, "{accept} {query}");
            if accept == MODERN {
                assert!(answer.header("content-type").unwrap().starts_with(MODERN));
            }
        }
        let answer = pod.ask(Method::POST, "/graphql").header("content-type", "text/plain").body("{}").send().await;
        assert_eq!(answer.status, 415);
        let answer = pod.post("/graphql", &json!({"query": 7})).send().await;
        assert_eq!(answer.status, 400);
        assert!(answer.json()["errors"][0]["extensions"]["fields"]["query"].is_array(), "{}", answer.text);
        assert_eq!(pod.post("/graphql", &json!({})).send().await.status, 400);
    }

    async fn batches_are_bounded(pod: Pod) {
        let query = json!({"query": "{ artist(databaseId: 1) { name } }"});
        let body = pod.post("/graphql", &json!([query, query])).send().await.json();
        assert_eq!(body.as_array().unwrap().len(), 2);
        assert_eq!(body[1]["data"]["artist"]["name"], "Ana Ñandú");
        for size in [0, 11] {
            let answer = pod.post("/graphql", &json!(vec![&query; size])).send().await;
            assert_eq!(answer.status, 400, "{size}");
            assert_eq!(message(&answer.json()), "A batch must have 1 to 10 queries.");
        }
    }

    async fn a_query_is_remembered_by_its_hash(pod: Pod) {
        let query = "{ artist(databaseId: 1) { name } }";
        let hash: String = Sha256::digest(query).iter().map(|byte| format!("{byte:02x}")).collect();
        let extensions = json!({"persistedQuery": {"version": 1, "sha256Hash": hash}});
        let by_hash = json!({"extensions": extensions});
        let unknown = pod.post("/graphql", &by_hash).send().await.json();
        assert_eq!(message(&unknown), "PersistedQueryNotFound");
        assert_eq!(unknown["errors"][0]["extensions"]["code"], "PERSISTED_QUERY_NOT_FOUND");
        let wrong = json!({"query": "{ instance { name } }", "extensions": extensions});
        assert_eq!(message(&pod.post("/graphql", &wrong).send().await.json()), "The hash does not match the query.");
        pod.post("/graphql", &json!({"query": query, "extensions": extensions})).send().await;
        let known = pod.post("/graphql", &by_hash).send().await.json();
        assert_eq!(known["data"]["artist"]["name"], "Ana Ñandú");
    }

    async fn what_would_cost_too_much_is_refused_before_it_runs(pod: Pod) {
        // The settings of the pod, which decide what is counted, are read once.
        pod.graphql("{ artist(databaseId: 1) { nonsense } }").send().await;
        let before = pod.app.db().statements().get();
        let deep = format!("{}{}", "{ artists { nodes { albums ", "{ artist { albums ".repeat(200));
        let aliases: String = (0..10_000).map(|index| format!("a{index}: __typename ")).collect();
        let wide = "{ artists { nodes { albums(first: 100) { tracks(first: 100) { libraries { name } } } } } }";
        let doubling: String = (0..40)
            .map(|index| format!("fragment f{index} on Query {{ ...f{next} ...f{next} }} ", next = index + 1))
            .collect();
        let cases = [
            ("nested", deep + &"}".repeat(603)),
            ("500 levels", format!("{}a{}", "{a".repeat(500), "}".repeat(500))),
            ("hidden lists", format!("{{ a(b: \"\"\" \" \"\"\", c: {}", "[".repeat(5_000))),
            ("nodes", format!("{{ nodes(ids: [{}]) {{ ... on Artist {{ albums(first: 100) {{ tracks {{ title }} }} }} }} }}", "\"a\" ".repeat(50))),
            ("overflow", format!("{{ artists {{ nodes {{ {}{}{} }} }} }}",
                "albums(first: 100) { tracks(first: 100) { artist { ".repeat(3), (0..100).map(|i| format!("x{i}: name ")).collect::<String>(), "} ".repeat(9))),
            ("aliases", format!("{{ {aliases} }}")),
            ("complexity", wide.to_owned()),
            ("texts", format!("{{ artists(first: 50) {{ nodes {{ {} }} }} }}",
                (0..50).map(|i| format!("x{i}: description {{ html }} ")).collect::<String>())),
            ("many small operations", "{a}".repeat(300_000)),
            ("many values", format!("{{ artists(filter: {{tag: [{}]}}) {{ totalCount }} }}", "\"a\" ".repeat(100_000))),
            ("long name", format!("{{ {} }}", "a".repeat(900_000))),
            ("operations", (0..400).map(|i| format!("query q{i} {{ ...f }} ")).collect::<String>()
                + &format!("fragment f on Query {{ artist(databaseId: 1) {{ {} }} }}", "name ".repeat(1_900))),
            ("undefined variables", (0..20).map(|i| format!("query q{i} {{ ...f }} ")).collect::<String>()
                + &format!("fragment f on Query {{ nodes(ids: [{}]) {{ id }} }}", (0..600).map(|i| format!("$v{i} ")).collect::<String>())),
            ("unused fragment", format!("{{ __typename }} fragment F on Artist {{ {} }}", "x:fid x:name ".repeat(6_000))),
            ("arguments", format!("{{ x: artist({}) {{ id }} }}", (0..20_000).map(|i| format!("a{i}: 1 ")).collect::<String>())),
            ("fragments", format!("{{ ...f0 }} {doubling} fragment f40 on Query {{ __typename }}")),
            ("depth", "{ artists { nodes { albums { tracks { album { tracks { album { tracks { album { tracks { \
                album { tracks { album { tracks { title } } } } } } } } } } } } } } }".to_owned()),
        ];
        for (name, query) in cases {
            let answer = pod.graphql(&query).header("accept", MODERN).send().await;
            assert_eq!(answer.status, 400, "{name}: {:.200}", answer.text);
            assert!(answer.json()["errors"][0]["message"].is_string(), "{name}");
        }
        assert_eq!(pod.app.db().statements().get(), before);
    }

    async fn values_of_variables_have_a_weight_wherever_they_stand(pod: Pod) {
        let ask = async |query: &str, value: Value| {
            let body = json!({"query": query, "variables": {"v": value}});
            pod.post("/graphql", &body).header("accept", MODERN).send().await
        };
        let (uses, numbers) = ("$v ".repeat(400), json!(vec![0; 100_000]));
        let spread = "...F ".repeat(40);
        for query in [
            format!("query($v: [Int]) {{ __typename @skip(if: [{uses}]) }}"),
            format!("query($v: [String!]) {{ artists(filter: {{tag: [{uses}]}}) {{ totalCount }} }}"),
            format!("query($v: [ID!]!) {{ a {{ {spread} }} }} fragment F on Query {{ nodes(ids: $v) {{ id }} }}"),
            format!("mutation($v: [Int]) {{ updateUser(nonsense: [{uses}]) {{ username }} }}"),
        ] {
            let answer = ask(&query, numbers.clone()).await;
            assert!(answer.status == 400 && answer.text.contains("take more than 4 MiB"), "{query:.80}: {:.200}", answer.text);
        }
        let answer = ask("query($v: String!) { textPreview(text: $v) }", json!("a".repeat(5_000))).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }

    async fn what_nobody_can_pay_for_is_not_read(pod: Pod) with ["--throttling-rates", "anonymous-wildcard=2/h"] => {
        let long = format!("{{ {} nonsense }}", "__typename ".repeat(900));
        for status in [200, 200, 429, 429] {
            let answer = pod.graphql(&long).send().await;
            assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
        }
        // What spends from another budget, and is short, is answered.
        assert_eq!(pod.graphql("{ artists { totalCount } }").send().await.status, 200);
    }

    async fn errors_without_end_are_told_in_part(pod: Pod) {
        let unknown: String = (0..1_500).map(|n| format!("n{n} ")).collect();
        let body = pod.graphql(&format!("{{ artist(databaseId: 1) {{ {unknown} }} }}")).send().await.json();
        let errors = body["errors"].as_array().unwrap();
        assert_eq!((errors.len(), &errors[100]["message"]), (101, &json!("There are 1400 more errors.")));
    }

    async fn the_schema_can_be_kept_to_oneself(pod: Pod) {
        let query = "{ __schema { queryType { name } } }";
        assert_eq!(pod.graphql(query).send().await.json()["data"]["__schema"]["queryType"]["name"], "Query");
        let closed = Pod::with(pod.backend(), crate::support::Data::Nothing, &["--graphql-introspection", "false"]).await.unwrap();
        let body = closed.graphql(query).send().await.json();
        assert_eq!(message(&body), "Introspection is disabled on this pod.");
        assert_eq!((&body["errors"][0]["extensions"]["code"], body.get("data")), (&json!("GRAPHQL_VALIDATION_FAILED"), None));
        assert!(closed.graphql("{ __typename instance { __typename } }").send().await.json().get("errors").is_none());
        assert_eq!(closed.get("/graphql/schema.graphql").send().await.status, 404);
        assert_eq!(pod.get("/graphql/schema.graphql").send().await.status, 200);
    }
}
