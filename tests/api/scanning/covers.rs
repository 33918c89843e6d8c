//! Covers of albums: in files, beside them, and those that come later.
use std::fs;

use baleen::store::sql;
use lofty::{
    config::WriteOptions,
    picture::{MimeType, Picture, PictureType},
    tag::{
        Accessor,
        ItemKey::{AlbumTitle, TrackArtist, TrackTitle},
        Tag, TagExt, TagType,
    },
};

use super::{folder, run, song, track};
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
        let mut bytes = std::io::Cursor::new(Vec::new());
        image::DynamicImage::new_rgb8(70, 70).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        let bytes = bytes.into_inner();
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

#[tokio::test]
async fn a_cover_within_the_file_goes_before_one_beside_it() {
    let pod = Pod::new(Backend::Sqlite).await.unwrap();
    let music = folder(&pod);
    let path = song(&music, "one.wav", &[]);
    let picture = |side| {
        let mut bytes = std::io::Cursor::new(Vec::new());
        image::DynamicImage::new_rgb8(side, side)
            .write_to(&mut bytes, image::ImageFormat::Png)
            .unwrap();
        bytes.into_inner()
    };
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
    let size = image::image_dimensions(pod.media().join(file.0)).unwrap();
    assert_eq!(size, (90, 90));
}
