//! Writing pieces as FLAC files with tags and covers.
use std::{fs, path::Path};

use flacenc::{
    bitsink::ByteSink, component::BitRepr, config, encode_with_fixed_block_size, error::Verify,
    source::MemSource,
};
use lofty::{
    config::WriteOptions,
    picture::{MimeType, Picture, PictureType},
    tag::{Accessor, ItemKey, Tag, TagExt, TagType},
};

use super::{cover, pieces::Piece, synth};
use crate::error::Startup;

pub fn write(piece: &Piece, folder: &Path, seconds: u32) -> Result<(), Startup> {
    let folder = folder
        .join(piece.library)
        .join(piece.artist)
        .join(piece.album);
    let path = folder.join(format!("{:02} {}.flac", piece.position, piece.title));
    let failed = |error: &dyn std::fmt::Display| {
        Startup::new(format!("cannot write {}: {error}", path.display()))
    };
    fs::create_dir_all(&folder).map_err(|error| failed(&error))?;
    let audio = encoded(piece, seconds).map_err(|error| failed(&error))?;
    fs::write(&path, audio).map_err(|error| failed(&error))?;
    let tag = tagged(piece).map_err(|error| failed(&error))?;
    tag.save_to_path(&path, WriteOptions::default())
        .map_err(|error| failed(&error))
}

fn encoded(piece: &Piece, seconds: u32) -> Result<Vec<u8>, String> {
    let samples = synth::play(&piece.sound, seconds);
    let config = config::Encoder::default()
        .into_verified()
        .map_err(|(_, error)| error.to_string())?;
    let source = MemSource::from_samples(&samples, synth::CHANNELS, 16, synth::RATE as usize);
    let stream = encode_with_fixed_block_size(&config, source, config.block_size)
        .map_err(|error| format!("{error:?}"))?;
    let mut sink = ByteSink::new();
    stream
        .write(&mut sink)
        .map_err(|error| format!("{error:?}"))?;
    Ok(sink.into_inner())
}

fn tagged(piece: &Piece) -> Result<Tag, image::ImageError> {
    let mut tag = Tag::new(TagType::VorbisComments);
    tag.set_title(piece.title.to_owned());
    tag.set_artist(piece.artist.to_owned());
    tag.set_album(piece.album.to_owned());
    tag.set_track(piece.position);
    tag.insert_text(ItemKey::AlbumArtist, piece.artist.to_owned());
    tag.insert_text(ItemKey::RecordingDate, piece.year.to_string());
    tag.insert_text(
        ItemKey::License,
        "https://creativecommons.org/publicdomain/zero/1.0/".to_owned(),
    );
    tag.insert_text(ItemKey::Genre, piece.genres.join("; "));
    let picture = Picture::unchecked(cover::draw(piece.album)?)
        .pic_type(PictureType::CoverFront)
        .mime_type(MimeType::Jpeg)
        .build();
    tag.push_picture(picture);
    Ok(tag)
}
