//! What is one, and what is not: recordings and albums of the same name.
use std::{fs, path::Path};

use baleen::store::sql;
use lofty::tag::ItemKey::{
    AlbumArtist, AlbumTitle, RecordingDate, TrackArtist, TrackNumber, TrackTitle,
};

use super::{count, folder, run, song, tag};
use crate::support::{Pod, on_both, wav};

/// A file of so many seconds.
fn long(music: &Path, name: &str, seconds: u32, tags: &[(lofty::tag::ItemKey, &str)]) {
    let path = song(music, name, &[]);
    let pitch = 300.0 + f64::from(seconds);
    fs::write(&path, wav(seconds, pitch)).unwrap();
    tag(&path, tags);
}

async fn albums(pod: &Pod, title: &str) -> Vec<(i64, Option<chrono::NaiveDate>, i64)> {
    let albums = sql(
        "select al.id, al.release_date, (select count(*) from tracks t where t.album_id = al.id)
         from albums al where al.title = ? order by al.release_date, al.id",
    );
    albums.bind(title).all(pod.app.db()).await.unwrap()
}

on_both! {
    async fn albums_of_one_name_are_told_apart(pod: Pod) {
        let music = folder(&pod);
        for (place, artist) in [("Weezer", "Weezer"), ("flat", "Seal")] {
            for year in ["1994", "2001", "2008"] {
                for number in ["1", "2"] {
                    let file = match place {
                        "flat" => format!("flat/{year} {number}.wav"),
                        place => format!("{place}/{artist} {year}/{number}.wav"),
                    };
                    let title = format!("{artist} {year} {number}");
                    song(&music, &file, &[(TrackTitle, &title), (TrackArtist, artist), (AlbumTitle, artist),
                        (TrackNumber, number), (RecordingDate, year)]);
                }
            }
        }
        run(&pod, &music).await;
        for artist in ["Weezer", "Seal"] {
            let found = albums(&pod, artist).await;
            let years: Vec<String> = found.iter().map(|(_, date, _)| date.unwrap().format("%Y").to_string()).collect();
            assert_eq!(years, ["1994", "2001", "2008"], "{artist}");
            assert!(found.iter().all(|(_, _, tracks)| *tracks == 2), "{found:?}");
        }
    }

    async fn an_album_is_one_whatever_its_files_say_of_the_year(pod: Pod) {
        let music = folder(&pod);
        let titled = |title: &'static str, number: &'static str, year: &'static str| {
            [(TrackTitle, title), (TrackArtist, "Ann"), (AlbumArtist, "Ann"), (AlbumTitle, "Best of"), (TrackNumber, number), (RecordingDate, year)]
        };
        for (name, tags) in [("a", titled("A", "1", "1971")), ("b", titled("B", "2", "1984")), ("c", titled("C", "3", "1999"))] {
            song(&music, &format!("Best/{name}.wav"), &tags);
        }
        // The same album in another format.
        song(&music, "Other/a.wav", &titled("A", "1", "1971"));
        run(&pod, &music).await;
        let found = albums(&pod, "Best of").await;
        assert_eq!(found.iter().map(|(_, _, tracks)| *tracks).collect::<Vec<_>>(), [3], "{found:?}");
        // A date that is corrected in all files makes no other album.
        for (name, title, number) in [("a", "A", "1"), ("b", "B", "2"), ("c", "C", "3")] {
            tag(&music.join(format!("Best/{name}.wav")), &titled(title, number, "2005"));
        }
        run(&pod, &music).await;
        let after = albums(&pod, "Best of").await;
        assert_eq!(after.iter().map(|(id, _, tracks)| (*id, *tracks)).collect::<Vec<_>>(), [(found[0].0, 3)]);
    }

    async fn recordings_of_one_title_are_told_apart(pod: Pod) {
        let music = folder(&pod);
        let named = |title: &'static str| [(TrackTitle, title), (TrackArtist, "Ann"), (AlbumTitle, "Suite")];
        for (file, seconds) in [("Suite/1.wav", 2), ("Suite/2.wav", 8), ("Suite/3.wav", 20)] {
            long(&music, file, seconds, &named("Interlude"));
        }
        let intro = |number: &'static str| [(TrackTitle, "Intro"), (TrackArtist, "Ann"), (AlbumTitle, "Double"), (TrackNumber, number)];
        song(&music, "Double/CD1/1.wav", &intro("1"));
        song(&music, "Double/CD2/1.wav", &intro("1"));
        song(&music, "Rip 1/Track.wav", &[]);
        song(&music, "Rip 2/Track.wav", &[]);
        let report = run(&pod, &music).await;
        assert_eq!((report.added, report.duplicates), (7, 0), "{report:?}");
        assert_eq!(count(&pod, "select count(*) from tracks where title = 'Interlude'").await, 3);
        assert_eq!(count(&pod, "select count(distinct disc_number) from tracks where title = 'Intro'").await, 2);
        assert_eq!(albums(&pod, "Double").await.len(), 1);
        assert_eq!(count(&pod, "select count(*) from tracks where title = 'Track'").await, 2);
    }
}
