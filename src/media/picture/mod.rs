//! Pictures: checking and re-encoding them, and making square crops.
mod crop;

use std::io::Cursor;

use image::{
    DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, codecs::jpeg::JpegEncoder,
    error::LimitErrorKind, metadata::Orientation,
};

pub use self::crop::{Crop, Pictures, Stored};

/// Maximum number of pixels per side.
const SIDE: u32 = 8_000;
/// Maximum memory for decoding, in bytes.
const DECODED: u64 = 256 << 20;
/// Out of 100.
const JPEG_QUALITY: u8 = 95;

/// A picture that has been checked and can be stored.
pub struct Fit {
    pub bytes: Vec<u8>,
    pub mimetype: &'static str,
    pub extension: &'static str,
}

/// Why a picture is rejected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("not a picture that can be read (JPEG, PNG, WebP or GIF)")]
    Unreadable,
    #[error("larger than {SIDE} x {SIDE} pixels")]
    TooLarge,
    #[error("too large in memory: save it with 8 bits for each color, or smaller")]
    TooDeep,
    #[error("smaller than {0} x {0} pixels")]
    TooSmall(u32),
}

/// Decodes a picture within the limits, and applies its EXIF orientation.
fn decoded(bytes: &[u8]) -> Result<(DynamicImage, ImageFormat), Unfit> {
    let mut reader = ImageReader::new(Cursor::new(bytes))
        .with_guessed_format()
        .map_err(|_| Unfit::Unreadable)?;
    let format = reader.format().ok_or(Unfit::Unreadable)?;
    reader.limits(limits());
    let mut decoder = reader.into_decoder().map_err(unfit)?;
    let (width, height) = decoder.dimensions();
    if width > SIDE || height > SIDE {
        return Err(Unfit::TooLarge);
    }
    if decoder.total_bytes() > DECODED {
        return Err(Unfit::TooDeep);
    }
    let turned = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(unfit)?;
    picture.apply_orientation(turned);
    Ok((picture, format))
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE);
    limits.max_image_height = Some(SIDE);
    limits.max_alloc = Some(DECODED);
    limits
}

fn unfit(error: image::ImageError) -> Unfit {
    match error {
        image::ImageError::Limits(limit) if limit.kind() == LimitErrorKind::DimensionError => {
            Unfit::TooLarge
        }
        image::ImageError::Limits(_) => Unfit::TooDeep,
        _ => Unfit::Unreadable,
    }
}

/// Re-encodes an attached picture, which removes everything but the picture.
pub fn cleaned(bytes: &[u8], smallest: u32) -> Result<Fit, Unfit> {
    let (picture, format) = decoded(bytes)?;
    if picture.width() < smallest || picture.height() < smallest {
        return Err(Unfit::TooSmall(smallest));
    }
    match format {
        ImageFormat::Jpeg => Ok(Fit {
            bytes: jpeg(&picture)?,
            mimetype: "image/jpeg",
            extension: "jpg",
        }),
        ImageFormat::Png => {
            let mut bytes = Cursor::new(Vec::new());
            picture
                .write_to(&mut bytes, ImageFormat::Png)
                .map_err(unfit)?;
            Ok(Fit {
                bytes: bytes.into_inner(),
                mimetype: "image/png",
                extension: "png",
            })
        }
        _ => Err(Unfit::Unreadable),
    }
}

/// Checks that a cover in a music file or beside it is a picture, and keeps it unchanged.
pub fn checked(bytes: Vec<u8>) -> Result<Fit, Unfit> {
    let mut reader = ImageReader::new(Cursor::new(&bytes))
        .with_guessed_format()
        .map_err(|_| Unfit::Unreadable)?;
    reader.limits(limits());
    let (mimetype, extension) = match reader.format() {
        Some(ImageFormat::Jpeg) => ("image/jpeg", "jpg"),
        Some(ImageFormat::Png) => ("image/png", "png"),
        Some(ImageFormat::WebP) => ("image/webp", "webp"),
        Some(ImageFormat::Gif) => ("image/gif", "gif"),
        _ => return Err(Unfit::Unreadable),
    };
    let (width, height) = reader.into_dimensions().map_err(unfit)?;
    if width > SIDE || height > SIDE {
        return Err(Unfit::TooLarge);
    }
    Ok(Fit {
        bytes,
        mimetype,
        extension,
    })
}

fn jpeg(picture: &DynamicImage) -> Result<Vec<u8>, Unfit> {
    let mut bytes = Vec::new();
    JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY)
        .encode_image(&picture.to_rgb8())
        .map_err(unfit)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_picture_or_too_large_is_named() {
        let svg = b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec();
        assert_eq!(checked(svg.clone()).err(), Some(Unfit::Unreadable));
        assert_eq!(cleaned(&svg, 50).err(), Some(Unfit::Unreadable));
        // A PNG header that claims 40,000 x 40,000 pixels.
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::new_rgb8(10, 10)
            .write_to(&mut bytes, ImageFormat::Png)
            .unwrap();
        let mut huge = bytes.into_inner();
        assert_eq!(cleaned(&huge, 50).err(), Some(Unfit::TooSmall(50)));
        huge[16..20].copy_from_slice(&40_000_u32.to_be_bytes());
        huge[20..24].copy_from_slice(&40_000_u32.to_be_bytes());
        let sum = crc(&huge[12..29]);
        huge[29..33].copy_from_slice(&sum.to_be_bytes());
        assert_eq!(cleaned(&huge, 50).err(), Some(Unfit::TooLarge));
        assert_eq!(checked(huge).err(), Some(Unfit::TooLarge));
    }

    #[test]
    fn what_would_take_too_much_memory_is_not_decoded() {
        // The header of a picture of 8,000 x 8,000 pixels with 16 bits for each of four colors.
        let mut bytes = Cursor::new(Vec::new());
        DynamicImage::new_rgba16(60, 60)
            .write_to(&mut bytes, ImageFormat::Png)
            .unwrap();
        let mut deep = bytes.into_inner();
        assert!(cleaned(&deep, 50).is_ok());
        deep[16..20].copy_from_slice(&SIDE.to_be_bytes());
        deep[20..24].copy_from_slice(&SIDE.to_be_bytes());
        let sum = crc(&deep[12..29]);
        deep[29..33].copy_from_slice(&sum.to_be_bytes());
        assert_eq!(cleaned(&deep, 50).err(), Some(Unfit::TooDeep));
    }

    fn crc(bytes: &[u8]) -> u32 {
        let step = |sum: u32| match sum & 1 {
            1 => 0xedb8_8320 ^ (sum >> 1),
            _ => sum >> 1,
        };
        !bytes.iter().fold(u32::MAX, |sum, byte| {
            (0..8).fold(sum ^ u32::from(*byte), |sum, _| step(sum))
        })
    }
}
