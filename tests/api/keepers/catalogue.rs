//! The catalogue and the libraries of the whole pod.
use baleen::{jobs::work_once, resources::managing::Removal, store::sql};
use poem::http::Method;
use serde_json::json;

use super::{KEEPER, appoint, last_deed, query, read};
use crate::support::{Pod, on_both};

const LIBRARY: &str = "/api/v1/manage/library";

async fn count(pod: &Pod, what: &'static str) -> i64 {
    sql(what).number(pod.app.db()).await.unwrap()
}

on_both! {
    async fn everything_is_listed_with_what_hangs_on_it(pod: Pod) {
        appoint(&pod).await;
        for (many, table) in [("artists", "select count(*) from artists"), ("albums", "select count(*) from albums"), ("tracks", "select count(*) from tracks"), ("uploads", "select count(*) from uploads")] {
            let listed = read(&pod, &format!("{LIBRARY}/{many}?page_size=3")).await;
            assert_eq!(listed["count"], count(&pod, table).await, "{many}");
            let first = &listed["results"][0];
            let key = if many == "uploads" { first["uuid"].as_str().unwrap().to_owned() } else { first["id"].to_string() };
            assert_eq!(read(&pod, &format!("{LIBRARY}/{many}/{key}")).await, *first);
        }
        let twin = query(&pod, "{ managedArtists(first: 1) { totalCount nodes { databaseId } } managedTracks(filter: {q: \"artist_id:1\"}) { totalCount } artistStats(databaseId: 1) { uploads listenings favorites mediaTotalSize followers } }").await;
        let stats = read(&pod, &format!("{LIBRARY}/artists/1/stats")).await;
        assert_eq!((&twin["artistStats"]["uploads"], &twin["artistStats"]["favorites"]), (&stats["uploads"], &stats["track_favorites"]));
        assert_eq!(twin["artistStats"]["followers"], json!(null));
        for (address, query) in [("artists?q=tag:rock", "artists"), ("tracks?q=artist_id:1", "tracks"), ("albums?q=artist_id:1%20domain:pod.test", "albums"), ("uploads?q=account:alice%20status:finished", "uploads"), ("uploads?ordering=-accessed_date", "ordered")] {
            let found = read(&pod, &format!("{LIBRARY}/{address}")).await;
            assert!(found["count"].as_i64().unwrap() > 0, "{query}: {found}");
        }
        let channel = read(&pod, "/api/v1/manage/channels").await["results"][0].clone();
        let named = format!("/api/v1/manage/channels/{}", channel["actor"]["full_username"].as_str().unwrap());
        assert_eq!(read(&pod, &named).await, channel);
        assert!(read(&pod, &format!("{named}/stats")).await["uploads"].is_i64());
        let libraries = read(&pod, &format!("{LIBRARY}/libraries?ordering=-uploads_count")).await;
        assert_eq!(libraries["count"], count(&pod, "select count(*) from libraries l where not exists (select 1 from channels c where c.library_id = l.id)").await);
        let uuid = libraries["results"][0]["uuid"].as_str().unwrap().to_owned();
        let figures = read(&pod, &format!("{LIBRARY}/libraries/{uuid}/stats")).await;
        assert_eq!(figures["uploads"], libraries["results"][0]["uploads_count"]);
        assert_eq!(pod.get(&format!("{LIBRARY}/artists/99999")).by(KEEPER).send().await.status, 404);
        assert_eq!(pod.get(&format!("{LIBRARY}/artists/99999/stats")).by(KEEPER).send().await.status, 404);
    }

    async fn what_hangs_on_many_is_counted_once_until_it_changes(pod: Pod) {
        appoint(&pod).await;
        for letter in 'a'..'m' {
            pod.person(&format!("person_{letter}")).await;
            let library = json!({"name": format!("Shelf {letter}"), "privacy_level": "me"});
            assert_eq!(pod.post("/api/v1/libraries", &library).by("alice").send().await.status, 201);
        }
        // Asked again at another address: what one row takes, many take.
        let again = async |list: &str, condition: &str| {
            let mut statements = 0;
            for time in 0..2 {
                let before = pod.app.db().statements().get();
                let listed = read(&pod, &format!("/api/v1/manage/{list}?{condition}&_={time}")).await;
                statements = pod.app.db().statements().get() - before;
                assert!(listed["count"].as_i64().unwrap() > 0, "{listed}");
            }
            statements
        };
        for (list, one) in [("library/libraries", "q=name:%22Shelf%20b%22"), ("accounts", "q=username:person_b")] {
            assert_eq!(again(list, "page_size=50").await, again(list, one).await, "{list}");
        }
    }

    async fn what_is_removed_goes_with_what_hangs_on_it(pod: Pod) {
        appoint(&pod).await;
        let name = read(&pod, &format!("{LIBRARY}/artists/1")).await["name"].clone();
        let artist = "select count(*) from track_artists where position = 0 and artist_id = 1";
        assert!(count(&pod, artist).await > 0);
        assert_eq!(pod.ask(Method::DELETE, &format!("{LIBRARY}/artists/1")).by(KEEPER).send().await.status, 204);
        assert_eq!(last_deed(&pod).await, json!(["managed_artists.delete", "artist 1", {"action": "delete", "count": 1, "objects": [{"id": 1, "name": name}]}]));
        for nothing in [artist, "select count(*) from uploads where track_id is not null and track_id not in (select id from tracks)", "select count(*) from albums b where not exists (select 1 from album_artists h where h.album_id = b.id)"] {
            assert_eq!(count(&pod, nothing).await, 0, "{nothing}");
        }
        assert_eq!(pod.ask(Method::DELETE, &format!("{LIBRARY}/artists/1")).by(KEEPER).send().await.status, 404);
        let track = read(&pod, &format!("{LIBRARY}/tracks")).await["results"][0]["id"].clone();
        let acted = pod.post(&format!("{LIBRARY}/tracks/action"), &json!({"action": "delete", "objects": [track]})).by(KEEPER).send().await;
        assert_eq!((acted.status.as_u16(), &acted.json()["updated"]), (200, &json!(1)), "{}", acted.text);
        let upload = read(&pod, &format!("{LIBRARY}/uploads")).await["results"][0].clone();
        let gone = format!("mutation {{ removeUploads(input: {{ids: [{}]}}) {{ count isDone deletedIds }} }}", upload["id"]);
        assert_eq!(query(&pod, &gone).await["removeUploads"]["count"], 1);
        let library = read(&pod, &format!("{LIBRARY}/libraries")).await["results"][0].clone();
        let address = format!("{LIBRARY}/libraries/{}", library["uuid"].as_str().unwrap());
        let changed = pod.tell(Method::PATCH, &address, &json!({"name": "Ours", "privacy_level": "instance"})).by(KEEPER).send().await.json();
        assert_eq!((&changed["name"], &changed["privacy_level"], &changed["actor"]), (&json!("Ours"), &json!("instance"), &library["actor"]));
        assert_eq!(pod.ask(Method::DELETE, &address).by(KEEPER).send().await.status, 204);
        for (many, objects, told) in [
            ("library/artists", json!("zzz"), json!({"objects": ["Expected \"all\" or a list of numbers."]})),
            ("tags", json!("zzz"), json!({"objects": ["Expected \"all\" or a list of names."]})),
            ("library/uploads", json!([1]), json!({"objects": ["Expected \"all\" or a list of UUIDs."]})),
            (
                "library/artists",
                json!("all"),
                json!({"non_field_errors": ["You cannot apply this action on all objects"]}),
            ),
            ("library/albums", json!([99_999]), json!({"non_field_errors": ["No object matching your request"]})),
        ] {
            let refused = pod.post(&format!("/api/v1/manage/{many}/action"), &json!({"action": "delete", "objects": objects})).by(KEEPER).send().await;
            assert_eq!((refused.status.as_u16(), refused.json()), (400, told));
        }
        let channel = read(&pod, "/api/v1/manage/channels").await["results"][0].clone();
        let gone = pod.ask(Method::DELETE, &format!("/api/v1/manage/channels/{}", channel["uuid"].as_str().unwrap())).by(KEEPER).send().await;
        assert_eq!(gone.status, 204, "{}", gone.text);
    }

    async fn tags_are_made_and_removed(pod: Pod) {
        appoint(&pod).await;
        let made = pod.post("/api/v1/manage/tags", &json!({"name": "Zydeco"})).by(KEEPER).send().await;
        assert_eq!((made.status.as_u16(), &made.json()["tracks_count"]), (201, &json!(0)), "{}", made.text);
        for (name, told) in [("zydeco", "There is a tag of this name already."), ("not a tag", "")] {
            let refused = pod.post("/api/v1/manage/tags", &json!({"name": name})).by(KEEPER).send().await;
            assert_eq!(refused.status, 400, "{}", refused.text);
            assert!(refused.json()["name"][0].as_str().unwrap().contains(told), "{}", refused.text);
        }
        let twin = query(&pod, "mutation { createTag(input: {name: \"Polka2\"}) { tag { id name } } }").await;
        assert_eq!(twin["createTag"]["tag"]["name"], "Polka2");
        let used = read(&pod, "/api/v1/manage/tags/ROCK").await;
        assert!(used["tracks_count"].as_i64().unwrap() + used["albums_count"].as_i64().unwrap() + used["artists_count"].as_i64().unwrap() > 0, "{used}");
        let acted = pod.post("/api/v1/manage/tags/action", &json!({"action": "delete", "objects": ["Zydeco", "Polka2"]})).by(KEEPER).send().await;
        assert_eq!(acted.json()["updated"], 2, "{}", acted.text);
        assert_eq!(pod.ask(Method::DELETE, "/api/v1/manage/tags/rock").by(KEEPER).send().await.status, 204);
        assert_eq!(pod.get("/api/v1/manage/tags/Rock").by(KEEPER).send().await.status, 404);
    }

    async fn very_many_objects_go_in_the_background_and_what_was_begun_is_finished(pod: Pod) {
        appoint(&pod).await;
        let now = pod.app.clock().now();
        for number in 0..250 {
            let name = format!("Bulk{number}");
            let insert = sql("insert into tags (name, name_folded, creation_date) values (?, ?, ?)");
            insert.bind(name.as_str()).bind(name.to_lowercase()).bind(now).run(pod.app.db()).await.unwrap();
        }
        let all = count(&pod, "select count(*) from tags").await;
        let asked = query(&pod, "mutation { removeTags(input: {filter: {q: \"bulk\"}}) { count isDone deletedIds } }").await;
        assert_eq!(asked["removeTags"], json!({"count": 250, "isDone": false, "deletedIds": []}));
        assert_eq!(count(&pod, "select count(*) from tags").await, all, "nothing before the job");
        // Some of them are gone already when the job begins, as after a process that ended amid it.
        sql("delete from tags where name_folded like 'bulk1%'").run(pod.app.db()).await.unwrap();
        assert!(work_once::<Removal>(&pod.app).await.unwrap());
        assert_eq!(count(&pod, "select count(*) from tags").await, all - 250);
        assert!(!work_once::<Removal>(&pod.app).await.unwrap());
        let (status, progress): (String, String) = sql("select status, cast(progress as text) from jobs where kind = 'removal'").one(pod.app.db()).await.unwrap();
        assert_eq!(status, "finished");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&progress).unwrap(), json!({"total": 250, "done": 250}));
    }

    async fn a_filter_that_leaves_nothing_out_removes_nothing(pod: Pod) {
        appoint(&pod).await;
        let all = count(&pod, "select count(*) from tags").await;
        for filter in ["{}", "{q: \"\"}"] {
            let asked = format!("mutation {{ removeTags(input: {{filter: {filter}}}) {{ count }} }}");
            let refused = pod.graphql(&asked).by(KEEPER).send().await.json();
            assert_eq!(refused["errors"][0]["extensions"]["code"], "INVALID", "{refused}");
        }
        // A term that means nothing is a word, which nothing contains.
        let asked = pod.graphql("mutation { removeArtists(input: {filter: {q: \"nmae:x\"}}) { count } }").by(KEEPER).send().await.json();
        assert_eq!(asked["errors"][0]["extensions"]["code"], "INVALID", "{asked}");
        assert_eq!(count(&pod, "select count(*) from tags").await, all);
        let mistyped = json!({"action": "delete", "objects": "all", "filters": {"import_statuss": "errored"}});
        let refused = pod.post("/api/v1/uploads/action", &mistyped).by("alice").send().await;
        assert_eq!((refused.status.as_u16(), refused.json()), (400, json!({"filters": ["There is no filter `import_statuss`."]})));
    }

    async fn what_was_removed_is_named_by_the_id_that_it_was_read_with(pod: Pod) {
        appoint(&pod).await;
        let seen = query(&pod, "{ managedChannels(first: 1) { nodes { id } } managedActor(fullUsername: \"bob@pod.test\") { id databaseId } }").await;
        let channel = &seen["managedChannels"]["nodes"][0]["id"];
        let filter = "mutation { removeChannels(input: {ids: [";
        let gone = query(&pod, &format!("{filter}{channel}]}}) {{ deletedIds }} }}")).await;
        assert_eq!(gone["removeChannels"]["deletedIds"], json!([channel]));
        let bob = &seen["managedActor"]["databaseId"];
        let purged = query(&pod, &format!("mutation {{ purgeAccounts(input: {{ids: [{bob}]}}) {{ count deletedIds }} }}")).await;
        assert_eq!(purged["purgeAccounts"], json!({"count": 1, "deletedIds": []}));
    }

    async fn libraries_of_channels_go_with_their_channels_alone(pod: Pod) {
        appoint(&pod).await;
        let of_channel = sql("select l.uuid from channels c join libraries l on l.id = c.library_id limit 1");
        let (uuid,): (uuid::Uuid,) = of_channel.one(pod.app.db()).await.unwrap();
        let address = format!("{LIBRARY}/libraries/{uuid}");
        for method in [Method::GET, Method::DELETE] {
            assert_eq!(pod.ask(method, &address).by(KEEPER).send().await.status, 404);
        }
        let changed = pod.tell(Method::PATCH, &address, &json!({"name": "x"})).by(KEEPER).send().await;
        assert_eq!(changed.status, 404);
    }
}
