//! Pictures: what is taken in, and the square crops that are made of it, once each.
use std::{
    fs,
    io::Cursor,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use image::{
    DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, codecs::jpeg::JpegEncoder,
    imageops::FilterType, metadata::Orientation,
};
use tokio::{sync::Semaphore, task::spawn_blocking, time::timeout};

use super::storage::Storage;
use crate::error::{Error, Result};

/// Pixels along one side at most.
const SIDE: u32 = 8_000;
/// Bytes that decoding may take.
const DECODED: u64 = 256 << 20;
/// Bytes of a picture file at most, for crops of what other programs put into the media folder.
const FILE: u64 = 32 << 20;
/// How long a crop is waited for; making it goes on, and the next request finds it.
const PATIENCE: Duration = Duration::from_secs(10);
/// JPEG and WebP, of 100.
const JPEG_QUALITY: u8 = 95;
const WEBP_QUALITY: f32 = 82.0;

/// Folders of the media folder whose files are pictures for everybody.
const PUBLIC: &[&str] = &["attachments/", "dynamic_preferences/", CROPS];
const CROPS: &str = "__sized__/";

/// A square crop from the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crop {
    /// 200 pixels.
    Medium,
    /// 600 pixels.
    Large,
}

impl Crop {
    fn pixels(self) -> u32 {
        match self {
            Self::Medium => 200,
            Self::Large => 600,
        }
    }

    /// The file of the crop of a picture, as Funkwhale names it.
    pub fn file(self, original: &str) -> String {
        let pixels = self.pixels();
        let (stem, extension) = original.rsplit_once('.').unwrap_or((original, ""));
        let quality = if is_jpeg(extension) { "-95" } else { "" };
        let dot = if extension.is_empty() { "" } else { "." };
        format!("{CROPS}{stem}-crop-c0-5__0-5-{pixels}x{pixels}{quality}{dot}{extension}")
    }

    /// The picture that a crop's file is of.
    fn read(file: &str) -> Option<(Self, String)> {
        let file = file.strip_prefix(CROPS)?;
        let (stem, rest) = file.rsplit_once("-crop-c0-5__0-5-")?;
        let (size, extension) = rest.rsplit_once('.').unwrap_or((rest, ""));
        let crop = match size.strip_suffix("-95").unwrap_or(size) {
            "200x200" => Self::Medium,
            "600x600" => Self::Large,
            _ => return None,
        };
        let dot = if extension.is_empty() { "" } else { "." };
        let original = format!("{stem}{dot}{extension}");
        // No crops of crops: they would have no end.
        let whole = !original.starts_with(CROPS);
        (whole && crop.file(&original) == format!("{CROPS}{file}")).then_some((crop, original))
    }
}

fn is_jpeg(extension: &str) -> bool {
    matches!(extension.to_ascii_lowercase().as_str(), "jpg" | "jpeg")
}

/// A picture that was looked through and is fit to be kept.
pub struct Fit {
    pub bytes: Vec<u8>,
    pub mimetype: &'static str,
    pub extension: &'static str,
}

/// Why a picture is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    #[error("not a picture that can be read (JPEG, PNG, WebP or GIF)")]
    Unreadable,
    #[error("larger than {SIDE} x {SIDE} pixels")]
    TooLarge,
    #[error("smaller than {0} x {0} pixels")]
    TooSmall(u32),
}

/// Decodes a picture within the limits, turned as its camera says.
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
        image::ImageError::Limits(_) => Unfit::TooLarge,
        _ => Unfit::Unreadable,
    }
}

/// A picture that people send: written anew, so that nothing but the picture is left of it.
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

/// A cover that lies in a file of music or beside it: kept as it is, once it is known to be one.
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

/// Makes crops, one at a time: decoding is what takes memory.
pub struct Pictures {
    storage: Storage,
    place: Arc<Semaphore>,
}

/// A picture that can be sent.
pub struct Shown {
    pub path: PathBuf,
    pub content_type: &'static str,
}

impl Pictures {
    pub fn new(storage: Storage) -> Self {
        Self {
            storage,
            place: Arc::new(Semaphore::new(1)),
        }
    }

    /// The public picture of this path within the media folder; crops are made when they are
    /// first asked for, and as WebP for those who take it.
    pub async fn shown(&self, file: &str, takes_webp: bool) -> Result<Shown> {
        let path = self.storage.within_media(file);
        let path = path.filter(|_| PUBLIC.iter().any(|folder| file.starts_with(folder)));
        let path = path.ok_or(Error::NotFound)?;
        let Some((crop, original)) = Crop::read(file) else {
            let content_type = content_type(&path);
            return Ok(Shown { path, content_type });
        };
        let original = self
            .storage
            .within_media(&original)
            .ok_or(Error::NotFound)?;
        let (path, content_type) = match takes_webp {
            true => (
                PathBuf::from(format!("{}.webp", path.display())),
                "image/webp",
            ),
            false => {
                let content_type = content_type(&path);
                (path, content_type)
            }
        };
        if !tokio::fs::try_exists(&path).await.unwrap_or(false) {
            self.make(original, path.clone(), crop).await?;
        }
        Ok(Shown { path, content_type })
    }

    async fn make(&self, original: PathBuf, path: PathBuf, crop: Crop) -> Result<()> {
        let place = self.place.clone();
        let making = tokio::spawn(async move {
            let _place = place.acquire_owned().await.map_err(Error::internal)?;
            let made = spawn_blocking(move || make(&original, &path, crop));
            made.await.map_err(Error::internal)?
        });
        match timeout(PATIENCE, making).await {
            Ok(made) => made.map_err(Error::internal)?,
            Err(_) => Err(Error::Unavailable(
                "The picture is being prepared. Try again soon.".to_owned(),
            )),
        }
    }
}

fn make(original: &Path, path: &Path, crop: Crop) -> Result<()> {
    if path.exists() {
        return Ok(());
    }
    let size = fs::metadata(original).map_err(|_| Error::NotFound)?.len();
    if size > FILE {
        return Err(Error::NotFound);
    }
    let bytes = fs::read(original).map_err(|_| Error::NotFound)?;
    let (picture, format) = decoded(&bytes).map_err(|reason| {
        tracing::warn!(picture = %original.display(), %reason, "a picture cannot be cropped");
        Error::NotFound
    })?;
    drop(bytes);
    let pixels = crop.pixels();
    let square = picture.resize_to_fill(pixels, pixels, FilterType::CatmullRom);
    let webp = path.extension().is_some_and(|ending| ending == "webp");
    let bytes = if webp {
        let pixels = square.to_rgba8();
        let encoder = webp::Encoder::from_rgba(&pixels, pixels.width(), pixels.height());
        encoder.encode(WEBP_QUALITY).to_vec()
    } else if format == ImageFormat::Jpeg {
        jpeg(&square).map_err(Error::internal)?
    } else {
        let mut bytes = Cursor::new(Vec::new());
        let format = ImageFormat::from_path(path).unwrap_or(ImageFormat::Png);
        square
            .write_to(&mut bytes, format)
            .map_err(Error::internal)?;
        bytes.into_inner()
    };
    keep(path, &bytes).map_err(Error::internal)
}

/// Writes a file so that nobody ever sees half of it.
pub fn keep(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let unfinished = folder.join(format!(".{}", crate::random::uuid().simple()));
    fs::write(&unfinished, bytes)?;
    fs::rename(&unfinished, path).inspect_err(|_| {
        // The failure itself is what must be told.
        let _ = fs::remove_file(&unfinished);
    })
}

fn content_type(path: &Path) -> &'static str {
    match ImageFormat::from_path(path) {
        Ok(ImageFormat::Jpeg) => "image/jpeg",
        Ok(ImageFormat::Png) => "image/png",
        Ok(ImageFormat::WebP) => "image/webp",
        Ok(ImageFormat::Gif) => "image/gif",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crop_is_named_after_its_picture_and_leads_back_to_it() {
        for (original, crop, file) in [
            (
                "attachments/a/cover.jpg",
                Crop::Medium,
                "__sized__/attachments/a/cover-crop-c0-5__0-5-200x200-95.jpg",
            ),
            (
                "attachments/a/cover.png",
                Crop::Large,
                "__sized__/attachments/a/cover-crop-c0-5__0-5-600x600.png",
            ),
        ] {
            assert_eq!(crop.file(original), file);
            assert_eq!(Crop::read(file), Some((crop, original.to_owned())));
        }
        for odd in [
            "__sized__/a-crop-c0-5__0-5-999x999-95.jpg",
            "__sized__/a-crop-c0-5__0-5-200x200.jpg",
            "attachments/a.jpg",
        ] {
            assert_eq!(Crop::read(odd), None, "{odd}");
        }
    }

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
