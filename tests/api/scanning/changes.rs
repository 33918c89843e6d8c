//! What becomes of songs, albums and artists when their files are tagged anew, moved, copied and linked.
use std::fs;

use baleen::store::sql;
use lofty::tag::ItemKey::{
    self, AlbumArtist, AlbumTitle, Genre, TrackArtist, TrackNumber, TrackTitle,
};
use serde_json::json;

use super::{count, folder, run, song, tag, track};
use crate::support::{Pod, on_both};

type Tags = [(ItemKey, &'static str); 4];

fn named(
    title: &'static str,
    artist: &'static str,
    album: &'static str,
    number: &'static str,
) -> Tags {
    [
        (TrackTitle, title),
        (TrackArtist, artist),
        (AlbumTitle, album),
        (TrackNumber, number),
    ]
}

/// Titles and credits of the albums that a scan made, in order of their IDs.
async fn albums(pod: &Pod) -> Vec<(i64, String, String)> {
    let albums = sql("select al.id, al.title, h.credit from albums al join album_artists h on h.album_id = al.id
        where exists (select 1 from tracks t join uploads u on u.track_id = t.id where t.album_id = al.id
          and u.import_reference = 'scan') order by al.id, h.position");
    albums.all(pod.app.db()).await.unwrap()
}

async fn songs(pod: &Pod) -> Vec<(i64, String, Option<i64>)> {
    let songs = sql(
        "select t.id, t.title, t.position from tracks t join uploads u on u.track_id = t.id
        where u.import_reference = 'scan' and u.import_status = 'finished' order by t.id",
    );
    songs.all(pod.app.db()).await.unwrap()
}

/// Somebody's favorite.
async fn keep(pod: &Pod, id: i64) {
    let keep = sql(
        "insert into favorites (user_id, track_id, creation_date) select min(id), ?, '2026-01-01T00:00:00.000000Z' from users",
    );
    keep.bind(id).run(pod.app.db()).await.unwrap();
}

on_both! {
    async fn several_artists_in_one_folder_are_various_artists(pod: Pod) {
        let music = folder(&pod);
        for (number, artist) in [("1", "Ann"), ("2", "Bob"), ("3", "Cleo"), ("4", "Ann")] {
            song(&music, &format!("Summer/{number}.wav"), &named("Sun", artist, "Summer", number));
        }
        // A guest changes nothing, nor does another album of the name in a folder of its own.
        for (number, artist) in [("1", "Dan"), ("2", "Dan feat. Eve"), ("3", "Dan"), ("4", "Eve"), ("5", "Dan")] {
            song(&music, &format!("Dan/{number}.wav"), &named("Rain", artist, "Summer", number));
        }
        run(&pod, &music).await;
        let credits = async || albums(&pod).await.into_iter().map(|(_, title, credit)| (title, credit)).collect::<Vec<_>>();
        let summer = |credit: &str| ("Summer".to_owned(), credit.to_owned());
        assert_eq!(credits().await, [summer("Dan"), summer("Various Artists")]);

        // Who has most of the tracks has the album, whenever the files come.
        for number in ["2", "3"] {
            tag(&music.join(format!("Summer/{number}.wav")), &named("Sun", "Ann", "Summer", number));
        }
        run(&pod, &music).await;
        assert_eq!(credits().await, [summer("Dan"), summer("Ann")]);
        for (number, artist) in [("5", "Bob"), ("6", "Cleo")] {
            song(&music, &format!("Summer/{number}.wav"), &named("Sun", artist, "Summer", number));
        }
        run(&pod, &music).await;
        assert_eq!(credits().await, [summer("Dan"), summer("Various Artists")]);

        // What a file names counts.
        let mut named = named("Sun", "Ann", "Summer", "1").to_vec();
        named.push((AlbumArtist, "Ann"));
        tag(&music.join("Summer/1.wav"), &named);
        run(&pod, &music).await;
        assert_eq!(credits().await, [summer("Dan"), summer("Ann")]);
    }

    async fn albums_of_an_earlier_reader_are_put_together(pod: Pod) {
        let music = folder(&pod);
        for (number, artist) in [("1", "Ann"), ("2", "Bob"), ("3", "Cleo")] {
            song(&music, &format!("Summer/{number}.wav"), &named("Sun", artist, "Summer", number));
        }
        run(&pod, &music).await;
        // It gave each artist an album, and did not tell that it had guessed.
        let as_it_was = async |change: &'static str| { sql(change).run(pod.app.db()).await.unwrap() };
        as_it_was("update music_files set reader = 1").await;
        as_it_was("update albums set artists_by_tracks = false, title = 'Summer' where title = 'Summer'").await;
        as_it_was("update album_artists set credit = 'Ann', artist_id = (select id from artists where name = 'Ann' order by id desc limit 1)
            where album_id = (select id from albums where title = 'Summer')").await;
        let metadata: Vec<(i64, String)> = sql("select id, cast(metadata as text) from uploads where import_reference = 'scan' and import_status = 'finished'
            and track_id in (select id from tracks where title = 'Sun')").all(pod.app.db()).await.unwrap();
        for (id, text) in metadata {
            let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
            value["tags"]["album"].as_object_mut().unwrap().remove("by_tracks");
            sql("update uploads set metadata = ? where id = ?").bind(value).bind(id).run(pod.app.db()).await.unwrap();
        }
        let report = run(&pod, &music).await;
        assert_eq!((report.added, report.updated), (0, 3), "{report:?}");
        let found = albums(&pod).await;
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].2, "Various Artists");
    }

    async fn an_album_that_is_tagged_anew_is_the_same_album(pod: Pod) {
        let music = folder(&pod);
        for number in ["1", "2", "3"] {
            song(&music, &format!("a/{number}.wav"), &named("Song", "the band", "the wall", number));
        }
        run(&pod, &music).await;
        let (before, songs_before) = (albums(&pod).await, songs(&pod).await);
        assert_eq!(before.len(), 1);
        for (artist, album) in [("The Band", "The Wall"), ("Another Band", "Another Wall")] {
            for number in ["1", "2", "3"] {
                let mut tags = named("Song", artist, album, number).to_vec();
                tags.push((Genre, "Rock"));
                tag(&music.join(format!("a/{number}.wav")), &tags);
            }
            let report = run(&pod, &music).await;
            assert_eq!((report.added, report.updated), (0, 3), "{report:?}");
            assert_eq!(albums(&pod).await, [(before[0].0, album.to_owned(), artist.to_owned())]);
            assert_eq!(songs(&pod).await, songs_before);
            let genres = "select count(*) from album_tags x join tags g on g.id = x.tag_id join albums al on al.id = x.album_id
                where g.name = 'Rock' and al.title in ('The Wall', 'Another Wall')";
            assert_eq!(count(&pod, genres).await, 1);
            let artists = sql("select name from artists where name_folded in ('the band', 'another band')");
            assert_eq!(artists.all::<(String,)>(pod.app.db()).await.unwrap(), [(artist.to_owned(),)]);
        }
    }

    async fn what_somebody_has_edited_stays_when_an_album_is_tagged_anew(pod: Pod) {
        let music = folder(&pod);
        let path = song(&music, "one.wav", &named("One", "Ann", "Frist", "1"));
        run(&pod, &music).await;
        let album = albums(&pod).await[0].0;
        let edit = json!({"type": "update", "is_approved": true, "payload": {"release_date": "1999-12-31", "tags": ["Folk"]}});
        let edited = pod.post(&format!("/api/v1/albums/{album}/mutations"), &edit).by("alice").send().await;
        assert_eq!(edited.status, 201, "{}", edited.text);
        tag(&path, &[(TrackTitle, "One"), (TrackArtist, "Ann"), (AlbumTitle, "First"), (Genre, "Rock")]);
        run(&pod, &music).await;
        let shown = pod.get(&format!("/api/v1/albums/{album}")).by("alice").send().await.json();
        assert_eq!((&shown["title"], &shown["release_date"], &shown["tags"]), (&json!("First"), &json!("1999-12-31"), &json!(["Folk"])));
    }

    async fn what_nothing_holds_any_more_goes(pod: Pod) {
        let music = folder(&pod);
        let one = song(&music, "one.wav", &named("One", "Wrong", "Misspelt", "1"));
        song(&music, "two.wav", &named("Two", "Right", "Spelt", "2"));
        run(&pod, &music).await;
        tag(&one, &named("One", "Right", "Spelt", "1"));
        run(&pod, &music).await;
        assert_eq!(count(&pod, "select count(*) from artists where name = 'Wrong'").await, 0);
        assert_eq!(albums(&pod).await.len(), 1);
        assert_eq!(count(&pod, "select count(*) from albums where title = 'Misspelt'").await, 0);
    }

    async fn files_that_are_tagged_anew_and_moved_at_once_stay_what_they_are(pod: Pod) {
        let music = folder(&pod);
        for number in ["1", "2", "3"] {
            song(&music, &format!("in/{number}.wav"), &named("Track", "Unknown", "Unknown", number));
        }
        run(&pod, &music).await;
        let before = songs(&pod).await;
        fs::create_dir_all(music.join("Ann/Days")).unwrap();
        for (number, title) in [("1", "Alpha"), ("2", "Beta"), ("3", "Gamma")] {
            let path = music.join(format!("Ann/Days/{number}.wav"));
            fs::rename(music.join(format!("in/{number}.wav")), &path).unwrap();
            tag(&path, &named(title, "Ann", "Days", number));
        }
        let report = run(&pod, &music).await;
        assert_eq!((report.added, report.moved, report.vanished), (0, 3, 0), "{report:?}");
        let after = songs(&pod).await;
        assert_eq!(after.iter().map(|song| song.0).collect::<Vec<_>>(), before.iter().map(|song| song.0).collect::<Vec<_>>());
        assert_eq!(after.iter().map(|song| song.1.as_str()).collect::<Vec<_>>(), ["Alpha", "Beta", "Gamma"]);
        assert_eq!(albums(&pod).await.len(), 1);
    }

    async fn a_copy_blocks_no_update_and_doubles_no_song(pod: Pod) {
        let music = folder(&pod);
        let one = song(&music, "b/one.wav", &named("Old", "Ann", "Days", "1"));
        run(&pod, &music).await;
        let id = songs(&pod).await[0].0;
        keep(&pod, id).await;
        fs::create_dir(music.join("a")).unwrap();
        fs::copy(&one, music.join("a/copy.wav")).unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(music.join("b"), music.join("link")).unwrap();
        run(&pod, &music).await;
        assert_eq!(songs(&pod).await.len(), 1);
        // The original alone, then all of them, then the copy alone.
        tag(&one, &named("New", "Ann", "Days", "1"));
        run(&pod, &music).await;
        assert_eq!(songs(&pod).await, [(id, "New".to_owned(), Some(1))]);
        tag(&music.join("a/copy.wav"), &named("Newer", "Ann", "Nights", "4"));
        tag(&one, &named("Newer", "Ann", "Nights", "4"));
        run(&pod, &music).await;
        assert_eq!(songs(&pod).await, [(id, "Newer".to_owned(), Some(4))]);
        tag(&music.join("a/copy.wav"), &named("Other", "Ann", "Best of", "2"));
        run(&pod, &music).await;
        let both = songs(&pod).await;
        assert_eq!((both.len(), &both[0]), (2, &(id, "Newer".to_owned(), Some(4))), "{both:?}");
        tag(&music.join("a/copy.wav"), &named("Newer", "Ann", "Nights", "4"));
        run(&pod, &music).await;
        assert_eq!(songs(&pod).await, [(id, "Newer".to_owned(), Some(4))]);
        assert_eq!(count(&pod, "select count(*) from albums where title = 'Best of'").await, 0);
        // The copy takes the place of the original, and the song stays a favorite.
        fs::remove_file(&one).unwrap();
        run(&pod, &music).await;
        assert_eq!(songs(&pod).await, [(id, "Newer".to_owned(), Some(4))]);
    }

    async fn files_of_one_recording_that_are_tagged_anew_keep_one_track(pod: Pod) {
        let music = folder(&pod);
        for format in ["flac", "mp3"] {
            song(&music, &format!("{format}/1.wav"), &named("Old", "Ann", "Days", "1"));
        }
        run(&pod, &music).await;
        let before = songs(&pod).await;
        assert_eq!((before.len(), before[0].0), (2, before[1].0), "one track of two files");
        keep(&pod, before[0].0).await;
        for format in ["flac", "mp3"] {
            tag(&music.join(format!("{format}/1.wav")), &named("New", "Ann", "Days", "2"));
        }
        run(&pod, &music).await;
        let after = songs(&pod).await;
        assert_eq!(after, [(before[0].0, "New".to_owned(), Some(2)), (before[0].0, "New".to_owned(), Some(2))]);
        assert_eq!(track(&pod, "New").await["isPlayable"], json!(true));
    }

    async fn what_people_keep_follows_a_song_that_becomes_a_duplicate(pod: Pod) {
        let music = folder(&pod);
        let one = song(&music, "a/one.wav", &named("Song", "Ann", "Days", "1"));
        fs::create_dir(music.join("b")).unwrap();
        fs::copy(&one, music.join("b/copy.wav")).unwrap();
        tag(&music.join("b/copy.wav"), &named("Sogn", "Ann", "Days", "1"));
        run(&pod, &music).await;
        let both = songs(&pod).await;
        assert_eq!(both.len(), 2, "{both:?}");
        keep(&pod, both[1].0).await;
        tag(&music.join("b/copy.wav"), &named("Song", "Ann", "Days", "1"));
        run(&pod, &music).await;
        assert_eq!(songs(&pod).await, both[..1]);
        let kept = sql("select count(*) from favorites where track_id = ?").bind(both[0].0);
        assert_eq!(kept.number(pod.app.db()).await.unwrap(), 1);
        let left = sql("select count(*) from tracks where id = ?").bind(both[1].0);
        assert_eq!(left.number(pod.app.db()).await.unwrap(), 0);
    }

    async fn files_of_one_track_take_what_both_say(pod: Pod) {
        let music = folder(&pod);
        for format in ["flac", "mp3"] {
            song(&music, &format!("{format}/1.wav"), &named("Song", "Ann", "Days", "1"));
        }
        run(&pod, &music).await;
        for format in ["flac", "mp3"] {
            let mut tags = named("Song", "Ann", "Days", "1").to_vec();
            tags.push((Genre, "Rock"));
            tag(&music.join(format!("{format}/1.wav")), &tags);
        }
        run(&pod, &music).await;
        assert_eq!(track(&pod, "Song").await["tags"], json!([{"name": "Rock"}]));
        assert_eq!(songs(&pod).await.len(), 2, "one track of two files");
    }

    async fn recordings_that_lie_side_by_side_are_not_one(pod: Pod) {
        let music = folder(&pod);
        let tags = [(TrackTitle, "Interlude"), (TrackArtist, "Ann"), (AlbumTitle, "Suite")];
        for name in ["a", "b", "c"] {
            song(&music, &format!("Suite/{name}.wav"), &tags);
        }
        let report = run(&pod, &music).await;
        assert_eq!((report.added, report.doubtful_count), (3, 0), "{report:?}");
        assert_eq!(count(&pod, "select count(*) from tracks where title = 'Interlude'").await, 3);
        // In another folder it may be the same one, and the report says so.
        song(&music, "Other/a.wav", &tags);
        let report = run(&pod, &music).await;
        assert_eq!((report.added, report.doubtful_count), (1, 1), "{report:?}");
        assert!(report.doubtful[0].path.ends_with("Other/a.wav") && report.doubtful[0].reason.contains("Suite/"), "{report:?}");
    }
}
