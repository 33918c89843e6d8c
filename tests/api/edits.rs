//! Edits: proposed by anybody, carried out by those who may.
use baleen::store::sql;
use poem::http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{PASSWORD, Pod, on_both};

async fn count(pod: &Pod) -> i64 {
    sql("select count(*) from mutations")
        .number(pod.app.db())
        .await
        .unwrap()
}

/// Gives bob the right to look after the library, and his token that to edit.
async fn curator(pod: &Pod) {
    for set in [
        "update users set permission_library = true where username = 'bob'",
        "update oauth_access_tokens set scope = 'read write'",
        "update oauth_applications set scope = 'read write'",
    ] {
        sql(set).run(pod.app.db()).await.unwrap();
    }
}

fn update(payload: Value) -> Value {
    json!({"type": "update", "payload": payload, "summary": "a typo"})
}

on_both! {
    async fn an_edit_is_proposed_and_listed_at_both_doors_and_changes_nothing_yet(pod: Pod) {
        let payload = json!({"title": "Another", "position": 7, "tags": ["Rock", "New"], "zzz": 1});
        let made = pod.post("/api/v1/tracks/1/mutations", &update(payload)).by("alice").send().await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        let body = made.json();
        assert_eq!(body["payload"], json!({"title": "Another", "position": 7, "tags": ["Rock", "New"]}));
        assert_eq!(body["target"], json!({"type": "track", "id": 1, "repr": "Dusk 1"}));
        assert_eq!((&body["is_approved"], &body["is_applied"]), (&Value::Null, &Value::Null));
        assert_eq!(body["created_by"]["preferred_username"], "alice");
        pod.wait(60);
        let twin = "mutation { editTrack(input: {id: 1, title: \"Third\", summary: \"s\"}) \
            { edit { payload summary isApproved createdBy { preferredUsername } } track { title } } }";
        let twin = pod.graphql(twin).by("alice").send().await.json();
        assert_eq!(twin["data"]["editTrack"], json!({"edit": {"payload": {"title": "Third"}, "summary": "s",
            "isApproved": null, "createdBy": {"preferredUsername": "alice"}}, "track": {"title": "Dusk 1"}}), "{twin}");

        let listed = pod.get("/api/v1/tracks/1/mutations").send().await.json();
        assert_eq!(listed["count"], 2);
        assert_eq!((&listed["results"][0]["summary"], &listed["results"][1]), (&json!("s"), &body));
        let query = pod.graphql("{ track(databaseId: 1) { title edits { summary } } }").send().await.json();
        assert_eq!(query["data"]["track"], json!({"title": "Dusk 1", "edits": [{"summary": "s"}, {"summary": "a typo"}]}));
    }

    async fn an_approved_edit_is_carried_out_at_once_and_remembers_what_was(pod: Pod) {
        curator(&pod).await;
        let payload = json!({"title": "Renamed", "position": 9, "copyright": "them", "license": "cc-by-4.0",
            "tags": ["Fresh"], "description": {"text": "*new*", "content_type": "text/markdown"}});
        let mut edit = update(payload);
        edit["is_approved"] = json!(true);
        let made = pod.post("/api/v1/tracks/2/mutations", &edit).by("bob").send().await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        let body = made.json();
        assert_eq!((&body["is_approved"], &body["is_applied"]), (&json!(true), &json!(true)));
        assert_eq!(body["previous_state"]["title"], json!({"value": "Noon 2"}));
        assert_eq!(body["previous_state"]["description"], json!({"value": null}));
        let track = pod.get("/api/v1/tracks/2").send().await.json();
        assert_eq!((&track["title"], &track["position"], &track["copyright"]), (&json!("Renamed"), &json!(9), &json!("them")));
        assert_eq!((&track["tags"], &track["license"]), (&json!(["Fresh"]), &json!("cc-by-4.0")));
        assert_eq!(track["description"]["html"], "<p><em>new</em></p>");
        assert_eq!(pod.get("/api/v1/tracks?q=renamed").send().await.ids(), [2], "it is found by its new title");

        let artist = json!({"type": "update", "is_approved": true, "payload": {"name": "New Name", "cover": null}});
        let made = pod.post("/api/v1/artists/1/mutations", &artist).by("bob").send().await;
        assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
        assert_eq!(pod.get("/api/v1/artists/1").send().await.json()["name"], "New Name");
        let album = json!({"type": "update", "is_approved": true, "payload": {"release_date": "1999-12-31"}});
        pod.post("/api/v1/albums/1/mutations", &album).by("bob").send().await;
        assert_eq!(pod.get("/api/v1/albums/1").send().await.json()["release_date"], "1999-12-31");
    }

    async fn edits_over_graphql_are_carried_out_too(pod: Pod) {
        curator(&pod).await;
        for (mutation, payload, address, field, value) in [
            ("editArtist", "name: \"Another Name\"", "artists/1", "name", "Another Name"),
            ("editAlbum", "title: \"Another Title\"", "albums/1", "title", "Another Title"),
            ("editTrack", "title: \"Another Song\"", "tracks/1", "title", "Another Song"),
        ] {
            let object = &address[..address.len() - 3];
            let id = pod.graphql(&format!("{{ {object}(databaseId: 1) {{ id }} }}")).send().await.json()["data"][object]["id"].clone();
            let query = |approved: bool| format!("mutation {{ {mutation}(input: {{id: {id}, {payload}, isApproved: {approved}}}) {{ edit {{ id isApproved isApplied previousState }} {object} {{ id {field} }} }} }}");
            let before = pod.get(&format!("/api/v1/{address}")).send().await.json()[field].clone();
            let rejected = pod.graphql(&query(false)).by("bob").send().await.json();
            let edit = rejected["data"][mutation]["edit"]["id"].clone();
            assert_eq!(rejected["data"][mutation], json!({"edit": {"id": edit, "isApproved": false, "isApplied": null, "previousState": null}, object: {"id": id, field: before}}), "{rejected}");
            assert_eq!(pod.get(&format!("/api/v1/{address}")).send().await.json()[field], before);
            let done = pod.graphql(&query(true)).by("bob").send().await.json();
            assert_eq!(done["data"][mutation]["edit"]["previousState"][field], json!({"value": before}), "{done}");
            assert_eq!(done["data"][mutation][object], json!({"id": id, field: value}), "the object as it is now");
            let node = pod.graphql(&format!("{{ node(id: {edit}) {{ id ... on Edit {{ isApproved }} }} }}")).by("bob").send().await.json();
            assert_eq!(node["data"]["node"], json!({"id": edit, "isApproved": false}), "{node}");
            assert_eq!(pod.get(&format!("/api/v1/{address}")).send().await.json()[field], value);
        }
    }

    async fn an_edit_that_makes_no_sense_is_refused_by_field_and_nothing_is_kept(pod: Pod) {
        let before = count(&pod).await;
        for (address, edit, complaints) in [
            ("tracks/1", json!({"type": "nope", "payload": {}}), json!({"type": ["Invalid mutation type nope"]})),
            ("tracks/1", update(json!({})), json!({"non_field_errors": ["You must update at least one field"]})),
            ("tracks/1", update(json!({"name": "x"})), json!({"non_field_errors": ["You must update at least one field"]})),
            ("tracks/1", update(json!([])), json!({"payload": ["Expected a dictionary of items."]})),
            ("tracks/1", update(json!({"license": "nope", "tags": ["a b"]})),
                json!({"license": ["Invalid pk \"nope\" - object does not exist."], "tags": {"0": ["Invalid tag \"a b\""]}})),
            ("tracks/1", update(json!({"position": 0})), json!({"position": ["Ensure this value is greater than or equal to 1."]})),
            ("tracks/1", update(json!({"title": " "})), json!({"title": ["This field may not be blank."]})),
            ("albums/1", update(json!({"release_date": "soon"})),
                json!({"release_date": ["Date has wrong format. Use one of these formats instead: YYYY-MM-DD."]})),
            ("artists/1", update(json!({"cover": "00000000-0000-0000-0000-000000000000"})),
                json!({"cover": ["Object with uuid=00000000-0000-0000-0000-000000000000 does not exist."]})),
            ("artists/1", update(json!({"description": {"text": "a", "content_type": "x"}})),
                json!({"description": ["\"x\" is not a valid choice."]})),
            ("artists/1", json!({"type": "update"}), json!({"payload": ["This field is required."]})),
        ] {
            let answer = pod.post(&format!("/api/v1/{address}/mutations"), &edit).by("alice").send().await;
            assert_eq!((answer.status, answer.json()), (StatusCode::BAD_REQUEST, complaints), "{edit}");
        }
        let mut approved = update(json!({"name": "x"}));
        approved["is_approved"] = json!(true);
        let answer = pod.post("/api/v1/artists/3/mutations", &approved).by("alice").send().await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "neither its owner nor a curator");
        assert_eq!(pod.post("/api/v1/artists/99/mutations", &approved).by("alice").send().await.status, StatusCode::NOT_FOUND);
        assert_eq!(count(&pod).await, before);
    }

    async fn the_edits_of_many_are_read_at_once(pod: Pod) {
        for track in 1..=3 {
            let edit = update(json!({"title": "Another"}));
            pod.post(&format!("/api/v1/tracks/{track}/mutations"), &edit).by("alice").send().await;
        }
        let statements = async |first: u32| {
            let before = pod.app.db().statements().get();
            let query = format!("{{ tracks(first: {first}, orderBy: [{{field: CREATION_DATE, direction: ASC}}]) {{ nodes {{ edits {{ summary }} }} }} }}");
            let body = pod.graphql(&query).send().await.json();
            assert!(body["errors"].is_null(), "{body}");
            (pod.app.db().statements().get() - before, body)
        };
        let (few, _) = statements(2).await;
        let (many, body) = statements(15).await;
        assert_eq!(few, many);
        let edited = body["data"]["tracks"]["nodes"].as_array().unwrap().iter();
        assert_eq!(edited.filter(|track| track["edits"] == json!([{"summary": "a typo"}])).count(), 3);
    }

    async fn what_is_of_this_pod_is_never_fetched(pod: Pod) {
        let none = pod.get("/api/v1/albums/1/fetches").by("alice").send().await;
        assert_eq!(none.json(), json!({"count": 0, "next": null, "previous": null, "results": []}));
        let local = pod.post("/api/v1/albums/1/fetches", &json!({})).by("alice").send().await;
        assert_eq!((local.status, local.json()), (StatusCode::BAD_REQUEST, json!({"detail": "Cannot fetch a local object"})));
        assert_eq!(pod.get("/api/v1/albums/99/fetches").by("alice").send().await.status, StatusCode::NOT_FOUND);
    }

    async fn edits_are_looked_through_and_decided_at_both_doors(pod: Pod) {
        curator(&pod).await;
        let propose = async |place: &str, payload: Value| {
            let made = pod.post(&format!("/api/v1/{place}/mutations"), &update(payload)).by("alice").send().await;
            assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
            pod.wait(60);
            made.json()["uuid"].as_str().unwrap().to_owned()
        };
        let title = propose("tracks/2", json!({"title": "Right"})).await;
        let name = propose("artists/2", json!({"name": "Wrong"})).await;
        let date = propose("albums/2", json!({"release_date": "2001-01-01"})).await;
        let found = async |query: &str| {
            let listed = pod.get(&format!("/api/v1/mutations{query}")).by("bob").send().await.json();
            let uuids = listed["results"].as_array().unwrap_or_else(|| panic!("{listed}")).iter();
            uuids.map(|edit| edit["uuid"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(found("").await, [&*date, &name, &title]);
        assert_eq!(found("?q=target:artist").await, [&*name]);
        assert_eq!(found("?q=target:%22track%202%22%20is_approved:null").await, [&*title]);
        assert_eq!(found("?q=is_applied:true").await, [""; 0]);
        assert_eq!(found("?q=typo&ordering=creation_date&page_size=1").await, [&*title]);
        let targets = pod.get("/api/v1/mutations").by("bob").send().await.json();
        let reprs: Vec<_> = targets["results"].as_array().unwrap().iter().map(|edit| edit["target"]["type"].clone()).collect();
        assert_eq!(reprs, ["album", "artist", "track"]);

        // Whoever proposed it does not decide, unless it is theirs.
        sql("update artists set attributed_to_id = null").run(pod.app.db()).await.unwrap();
        sql("update tracks set attributed_to_id = null").run(pod.app.db()).await.unwrap();
        let decide = async |uuid: &str, what: &str, who: &str| {
            pod.post(&format!("/api/v1/mutations/{uuid}/{what}"), &json!({})).by(who).send().await
        };
        assert_eq!(decide(&title, "approve", "alice").await.status, StatusCode::FORBIDDEN);
        let approved = decide(&title, "approve", "bob").await;
        assert_eq!((approved.status, approved.json()), (StatusCode::OK, json!({})));
        let track = pod.get("/api/v1/tracks/2").send().await.json();
        assert_eq!(track["title"], "Right");
        let shown = pod.get(&format!("/api/v1/mutations/{title}")).by("bob").send().await.json();
        assert_eq!((&shown["is_approved"], &shown["is_applied"]), (&json!(true), &json!(true)));
        assert_eq!(shown["previous_state"], json!({"title": {"value": "Noon 2"}}));
        for what in ["approve", "reject"] {
            assert_eq!(decide(&title, what, "bob").await.status, StatusCode::FORBIDDEN, "it was applied");
        }
        let gone = pod.ask(Method::DELETE, &format!("/api/v1/mutations/{title}"));
        assert_eq!(gone.by("bob").send().await.status, StatusCode::FORBIDDEN);

        let mutation = |what: &str, uuid: &str| format!("mutation {{ {what}(input: {{id: \"{uuid}\"}}) {{ edit {{ isApproved isApplied approvedBy {{ preferredUsername }} }} }} }}");
        let rejected = pod.graphql(&mutation("rejectEdit", &name)).by("bob").send().await.json();
        assert_eq!(rejected["data"]["rejectEdit"]["edit"], json!({"isApproved": false, "isApplied": null, "approvedBy": {"preferredUsername": "bob"}}), "{rejected}");
        let refused = pod.graphql(&mutation("approveEdit", &name)).by("alice").send().await.json();
        assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN");
        let query = "{ edits(filter: {isPending: true}) { totalCount nodes { uuid album { title } } } }";
        let pending = pod.graphql(query).by("bob").send().await.json();
        assert_eq!(pending["data"]["edits"]["totalCount"], 1, "{pending}");
        assert_eq!(pending["data"]["edits"]["nodes"][0]["uuid"], json!(date));
        // Others' edits stay, one's own can be taken back.
        pod.person("dora").await;
        let gone = || pod.ask(Method::DELETE, &format!("/api/v1/mutations/{date}"));
        assert_eq!(gone().basic("dora", PASSWORD).send().await.status, StatusCode::FORBIDDEN);
        assert_eq!(gone().by("alice").send().await.status, StatusCode::NO_CONTENT);
        assert_eq!(gone().by("alice").send().await.status, StatusCode::NOT_FOUND);
        assert_eq!(count(&pod).await, 2);
    }

    async fn an_edit_is_undone_by_another(pod: Pod) {
        curator(&pod).await;
        let change = async |payload: Value| {
            let mut edit = update(payload);
            edit["is_approved"] = json!(true);
            let made = pod.post("/api/v1/albums/1/mutations", &edit).by("bob").send().await;
            assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
            pod.wait(1);
            made.json()["uuid"].as_str().unwrap().to_owned()
        };
        let undo = async |uuid: &str, by: &str| pod.post(&format!("/api/v1/mutations/{uuid}/undo"), &json!({})).by(by).send().await;
        let shown = async || {
            let album = pod.get("/api/v1/albums/1").send().await.json();
            json!([album["title"], album["release_date"], album["tags"], album["description"]["text"], album["cover"]["uuid"]])
        };
        let cover = crate::pictures::attach(&pod, &crate::pictures::photo(300, 300)).await;
        let mine = update(json!({"cover": cover["uuid"]}));
        let proposed = pod.post("/api/v1/albums/1/mutations", &mine).by("alice").send().await.json();
        let proposed = proposed["uuid"].as_str().unwrap();
        assert_eq!(undo(proposed, "bob").await.json(), json!({"detail": "This edit was not applied."}));
        pod.post(&format!("/api/v1/mutations/{proposed}/approve"), &json!({})).by("bob").send().await;
        let covered = shown().await;
        let whole = change(json!({"title": "Other", "release_date": "1999-01-02", "tags": ["new"], "cover": null, "description": {"text": "Words", "content_type": "text/plain"}})).await;
        let changed = shown().await;
        let later = change(json!({"title": "Third"})).await;
        let refused = undo(&whole, "bob").await;
        assert_eq!((refused.status, refused.json()), (StatusCode::BAD_REQUEST, json!({"detail": "`title` has been changed since."})));
        assert_eq!(shown().await[1], "1999-01-02", "nothing of it was undone");
        pod.person("dora").await;
        let alien = pod.post(&format!("/api/v1/mutations/{later}/undo"), &json!({})).basic("dora", PASSWORD).send().await;
        assert_eq!(alien.status, StatusCode::FORBIDDEN);
        let done = undo(&later, "bob").await;
        assert_eq!(done.status, StatusCode::CREATED, "{}", done.text);
        let done = done.json();
        assert_eq!((&done["payload"], &done["is_applied"]), (&json!({"title": "Other"}), &json!(true)));
        assert_eq!(shown().await, changed);
        pod.wait(1);
        // One after the other, also pictures of others; and what undoes is an edit, which can be undone in turn.
        let done = pod.graphql(&format!("mutation {{ undoEdit(input: {{id: \"{whole}\"}}) {{ edit {{ uuid isApplied album {{ title }} }} }} }}")).by("bob").send().await.json();
        let edit = &done["data"]["undoEdit"]["edit"];
        assert_eq!((&edit["isApplied"], &edit["album"]["title"]), (&json!(true), &covered[0]), "{done}");
        assert_eq!(shown().await, covered);
        pod.wait(1);
        assert_eq!(undo(edit["uuid"].as_str().unwrap(), "bob").await.status, StatusCode::CREATED);
        assert_eq!(shown().await, changed);
    }

    async fn what_funkwhale_has_edited_is_undone_and_other_changes_are_not(pod: Pod) {
        curator(&pod).await;
        let edit = json!({"type": "update", "is_approved": true, "payload": {"tags": ["b", "A"], "copyright": " All rights ", "title": "Given"}});
        let made = pod.post("/api/v1/tracks/1/mutations", &edit).by("bob").send().await.json();
        let undo = format!("/api/v1/mutations/{}/undo", made["uuid"].as_str().unwrap());
        // As Funkwhale keeps them: bare.
        let bare = json!({"tags": ["Old"], "copyright": {"value": "Nobody"}, "title": {"value": "Before"}});
        sql("update mutations set previous_state = ?").bind(bare).run(pod.app.db()).await.unwrap();
        sql("update tracks set title = 'Scanned' where id = 1").run(pod.app.db()).await.unwrap();
        let refused = pod.post(&undo, &json!({})).by("bob").send().await;
        assert_eq!((refused.status, refused.json()), (StatusCode::BAD_REQUEST, json!({"detail": "`title` has been changed since."})));
        sql("update tracks set title = 'Given' where id = 1").run(pod.app.db()).await.unwrap();
        let undone = pod.post(&undo, &json!({})).by("bob").send().await;
        assert_eq!(undone.status, StatusCode::CREATED, "{}", undone.text);
        let track = pod.get("/api/v1/tracks/1").send().await.json();
        assert_eq!((&track["title"], &track["tags"], &track["copyright"]), (&json!("Before"), &json!(["Old"]), &json!("Nobody")));
    }

    async fn a_cover_of_an_edit_is_of_whoever_proposed_it(pod: Pod) {
        curator(&pod).await;
        let cover = crate::pictures::attach(&pod, &crate::pictures::photo(300, 300)).await;
        let edit = update(json!({"cover": cover["uuid"]}));
        let made = pod.post("/api/v1/albums/1/mutations", &edit).by("alice").send().await.json();
        let approve = format!("/api/v1/mutations/{}/approve", made["uuid"].as_str().unwrap());
        let approved = pod.post(&approve, &json!({})).by("bob").send().await;
        assert_eq!(approved.status, StatusCode::OK, "{}", approved.text);
        let album = pod.get("/api/v1/albums/1").send().await.json();
        assert_eq!(album["cover"]["uuid"], cover["uuid"]);
    }

    async fn of_several_who_decide_at_once_one_does(pod: Pod) {
        curator(&pod).await;
        let made = pod.post("/api/v1/tracks/2/mutations", &update(json!({"title": "Right"}))).by("alice").send().await.json();
        let approve = format!("/api/v1/mutations/{}/approve", made["uuid"].as_str().unwrap());
        let body = json!({});
        let all = (0..6).map(|_| pod.post(&approve, &body).by("bob").send());
        let all = futures_util::future::join_all(all).await;
        let done = all.iter().filter(|answer| answer.status == StatusCode::OK).count();
        assert_eq!(done, 1);
        let kept: (Value,) = sql("select previous_state from mutations").one(pod.app.db()).await.unwrap();
        assert_eq!(kept.0["title"]["value"], "Noon 2", "what was before stays known");
    }
}
