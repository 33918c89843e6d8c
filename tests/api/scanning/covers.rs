//! Covers of albums: in files, beside them, and those that come later.
use std::fs;

use baleen::store::sql;
use lofty::{
    config::WriteOptions,
    picture::{MimeType, Picture, PictureType},
    tag::{
        Accessor,
        ItemKey::{AlbumTitle, TrackArtist, TrackNumber, TrackTitle},
        Tag, TagExt, TagType,
    },
};

use super::{count, folder, run, song, tag, track};
use crate::support::{Backend, Pod, on_both};

on_both! {
    async fn covers_come_later_from_other_files_and_from_folders_of_pictures(pod: Pod) {
        let music = folder(&pod);
        let album = |title: &'static str| [(TrackTitle, title), (TrackArtist, "Ann"), (AlbumTitle, title)];
        song(&music, "Later/one.wav", &album("Later"));
        song(&music, "Discs/CD1/one.wav", &album("Discs"));
        song(&music, "Art/one.wav", &album("Art"));
        song(&music, "Windows/one.wav", &album("Windows"));
        song(&music, "Inside/one.wav", &album("Inside"));
        let inside = song(&music, "Inside/two.wav", &[(TrackTitle, "Inside two"), (TrackArtist, "Ann"), (AlbumTitle, "Inside")]);
        let bytes = picture(70);
        let mut tag = Tag::new(TagType::Id3v2);
        tag.set_title("Inside two".to_owned());
        tag.set_artist("Ann".to_owned());
        tag.set_album("Inside".to_owned());
        tag.push_picture(Picture::unchecked(bytes.clone()).pic_type(PictureType::CoverFront).mime_type(MimeType::Png).build());
        tag.save_to_path(&inside, WriteOptions::default()).unwrap();
        fs::write(music.join("Discs/front.png"), &bytes).unwrap();
        fs::create_dir(music.join("Art/Scans")).unwrap();
        fs::write(music.join("Art/Scans/Cover front.png"), &bytes).unwrap();
        fs::write(music.join("Windows/AlbumArt_{5F}_Large.png"), &bytes).unwrap();
        assert_eq!(run(&pod, &music).await.covers, 4);
        // Nothing but the picture is new.
        fs::write(music.join("Later/cover.png"), &bytes).unwrap();
        assert_eq!(run(&pod, &music).await.covers, 1);
        for title in ["Later", "Discs", "Art", "Windows", "Inside two"] {
            assert_eq!(track(&pod, title).await["album"]["cover"]["mimetype"], "image/png", "{title}");
        }
    }
}

/// A square picture.
fn picture(side: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(side, side)
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}

/// The side of the cover of the album with a track.
async fn side(pod: &Pod, title: &str) -> u32 {
    let cover = sql(
        "select a.file from attachments a join albums al on al.attachment_cover_id = a.id
         join tracks t on t.album_id = al.id where t.title = ?",
    );
    let (file,): (String,) = cover.bind(title).one(pod.app.db()).await.unwrap();
    image::image_dimensions(pod.stored().join(file)).unwrap().0
}

on_both! {
    async fn a_picture_that_has_changed_is_taken(pod: Pod) {
        let music = folder(&pod);
        for (number, title) in [("1", "One"), ("2", "Two")] {
            let tags = [(TrackTitle, title), (TrackArtist, "Ann"), (AlbumTitle, title), (TrackNumber, number)];
            song(&music, &format!("{title}/song.wav"), &tags);
            fs::write(music.join(format!("{title}/cover.png")), picture(60)).unwrap();
        }
        assert_eq!(run(&pod, &music).await.covers, 2);
        assert_eq!(run(&pod, &music).await.covers, 0);
        let pictures = || async { count(&pod, "select count(*) from attachments").await };
        let before = pictures().await;
        fs::write(music.join("One/cover.png"), picture(70)).unwrap();
        assert_eq!(run(&pod, &music).await.covers, 1);
        assert_eq!((side(&pod, "One").await, side(&pod, "Two").await), (70, 60));
        assert_eq!(pictures().await, before, "the old picture is gone");
        // Under another name, it is found again.
        fs::remove_file(music.join("One/cover.png")).unwrap();
        fs::write(music.join("One/folder.png"), picture(80)).unwrap();
        run(&pod, &music).await;
        assert_eq!(side(&pod, "One").await, 80);
        // The cover that somebody chose stays.
        let chosen = "update albums set attachment_cover_id = (select attachment_cover_id from albums where title = 'Two') where title = 'One'";
        sql(chosen).run(pod.app.db()).await.unwrap();
        fs::write(music.join("One/folder.png"), picture(90)).unwrap();
        run(&pod, &music).await;
        assert_eq!(side(&pod, "One").await, 60);
    }

    async fn a_cover_is_neither_taken_from_another_album_nor_taken_twice(pod: Pod) {
        let music = folder(&pod);
        let with = |path: &std::path::Path, (title, album): (&str, &str), side| {
            let mut tag = Tag::new(TagType::Id3v2);
            tag.set_title(title.to_owned());
            tag.set_artist("Ann".to_owned());
            tag.set_album(album.to_owned());
            let cover = Picture::unchecked(picture(side)).pic_type(PictureType::CoverFront).mime_type(MimeType::Png);
            tag.push_picture(cover.build());
            tag.save_to_path(path, WriteOptions::default()).unwrap();
        };
        let one = song(&music, "one.wav", &[]);
        let two = song(&music, "two.wav", &[(TrackTitle, "Two"), (TrackArtist, "Ann"), (AlbumTitle, "First")]);
        with(&one, ("One", "First"), 60);
        run(&pod, &music).await;
        let cover = || async { count(&pod, "select attachment_cover_id from albums where title = 'First'").await };
        let before = cover().await;
        // Another title changes no picture.
        with(&one, ("Another one", "First"), 60);
        assert_eq!(run(&pod, &music).await.covers, 0);
        assert_eq!(cover().await, before);
        with(&one, ("Another one", "Second"), 90);
        run(&pod, &music).await;
        assert_eq!((side(&pod, "Two").await, side(&pod, "Another one").await), (60, 90));
        assert!(two.exists());
    }

    async fn a_cover_that_somebody_removed_stays_away(pod: Pod) {
        let music = folder(&pod);
        song(&music, "one.wav", &[(TrackTitle, "One"), (TrackArtist, "Ann"), (AlbumTitle, "First")]);
        fs::write(music.join("cover.png"), picture(60)).unwrap();
        run(&pod, &music).await;
        let album = count(&pod, "select id from albums where title = 'First'").await;
        let edit = serde_json::json!({"type": "update", "is_approved": true, "payload": {"cover": null}});
        let edited = pod.post(&format!("/api/v1/albums/{album}/mutations"), &edit).by("alice").send().await;
        assert_eq!(edited.status, 201, "{}", edited.text);
        assert_eq!(run(&pod, &music).await.covers, 0);
        assert_eq!(count(&pod, "select count(*) from albums where title = 'First' and attachment_cover_id is null").await, 1);
    }

    async fn the_picture_of_an_album_goes_with_it(pod: Pod) {
        let music = folder(&pod);
        let one = song(&music, "one.wav", &[(TrackTitle, "One"), (TrackArtist, "Ann"), (AlbumTitle, "Wrong")]);
        song(&music, "two.wav", &[(TrackTitle, "Two"), (TrackArtist, "Ann"), (AlbumTitle, "Right")]);
        fs::write(music.join("cover.png"), picture(60)).unwrap();
        assert_eq!(run(&pod, &music).await.covers, 2);
        let pictures = count(&pod, "select count(*) from attachments").await;
        tag(&one, &[(TrackTitle, "One"), (TrackArtist, "Ann"), (AlbumTitle, "Right")]);
        run(&pod, &music).await;
        assert_eq!(count(&pod, "select count(*) from attachments").await, pictures - 1);
    }
}

#[tokio::test]
async fn a_cover_within_the_file_goes_before_one_beside_it() {
    let pod = Pod::new(Backend::Sqlite).await.unwrap();
    let music = folder(&pod);
    let path = song(&music, "one.wav", &[]);
    fs::write(music.join("folder.png"), picture(60)).unwrap();
    let mut tag = Tag::new(TagType::Id3v2);
    tag.set_title("With cover".to_owned());
    tag.set_album("Album".to_owned());
    tag.push_picture(
        Picture::unchecked(picture(90))
            .pic_type(PictureType::CoverFront)
            .mime_type(MimeType::Png)
            .build(),
    );
    tag.save_to_path(&path, WriteOptions::default()).unwrap();
    assert_eq!(run(&pod, &music).await.covers, 1);
    let file: (String,) = sql("select file from attachments order by id desc limit 1")
        .one(pod.app.db())
        .await
        .unwrap();
    let size = image::image_dimensions(pod.stored().join(file.0)).unwrap();
    assert_eq!(size, (90, 90));
}
