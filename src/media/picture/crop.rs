//! Square crops, made on first request and then kept.
use std::{
    fs,
    io::Cursor,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use image::{ImageFormat, imageops::FilterType};
use tokio::{
    sync::{AcquireError, Semaphore},
    task::spawn_blocking,
    time::timeout,
};

use super::{Fit, Unfit, cleaned, decoded, jpeg};
use crate::{
    error::{Error, Result},
    media::{
        keep,
        storage::{self, Storage},
    },
    shares::Shares,
    throttle::Ident,
};

/// Maximum size of a picture file, because other programs may add files to the media folder too.
const FILE: u64 = 32 << 20;
/// How long a request waits for its turn, or for a crop, which is completed anyway: the next request
/// finds it.
const PATIENCE: Duration = Duration::from_secs(10);
/// Out of 100.
const WEBP_QUALITY: f32 = 82.0;

/// Subfolders of the media folder with public pictures.
const PUBLIC: &[&str] = &["attachments/", "dynamic_preferences/", CROPS];
const CROPS: &str = "__sized__/";
/// The subfolder for new pictures.
const STORED: &str = "attachments";

/// A square, centered crop.
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

    /// The file name of a picture's crop, as in Funkwhale.
    pub fn file(self, original: &str) -> String {
        let pixels = self.pixels();
        let (stem, extension) = original.rsplit_once('.').unwrap_or((original, ""));
        let quality = if is_jpeg(extension) { "-95" } else { "" };
        let dot = if extension.is_empty() { "" } else { "." };
        format!("{CROPS}{stem}-crop-c0-5__0-5-{pixels}x{pixels}{quality}{dot}{extension}")
    }

    /// The crop and the original picture of a file name.
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
        // No crops of crops, which would have no end.
        let whole = !original.starts_with(CROPS);
        (whole && crop.file(&original) == format!("{CROPS}{file}")).then_some((crop, original))
    }
}

fn is_jpeg(extension: &str) -> bool {
    matches!(extension.to_ascii_lowercase().as_str(), "jpg" | "jpeg")
}

/// A picture in the media folder.
#[derive(Clone, Debug)]
pub struct Stored {
    /// Its path in the media folder.
    pub file: String,
    /// In bytes.
    pub size: i64,
    pub mimetype: &'static str,
}

/// Makes crops, one at a time, because decoding takes memory.
pub struct Pictures {
    storage: Storage,
    place: Arc<Semaphore>,
    /// One picture of each client waits for the place; so the others get it in between.
    waiting: Shares,
}

/// A picture to send.
pub struct Shown {
    pub path: PathBuf,
    pub content_type: &'static str,
}

impl Pictures {
    pub fn new(storage: Storage) -> Self {
        Self {
            storage,
            place: Arc::new(Semaphore::new(1)),
            waiting: Shares::of_size(1),
        }
    }

    /// The public picture at this path in the media folder. Crops are made on first request, as
    /// WebP for clients that accept it.
    pub async fn shown(&self, file: &str, takes_webp: bool) -> Result<Shown> {
        let is_public = |file: &str| PUBLIC.iter().any(|folder| file.starts_with(folder));
        let path = self.storage.here(file).filter(|_| is_public(file));
        let path = path.ok_or(Error::NotFound)?;
        let Some((crop, original)) = Crop::read(file) else {
            let path = self.storage.fetched(file).await.map_err(storage::failed)?;
            let content_type = content_type(&path);
            return Ok(Shown { path, content_type });
        };
        if !is_public(&original) {
            return Err(Error::NotFound);
        }
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
        let whole = self.storage.fetched(&original).await;
        let whole = whole.map_err(storage::failed)?;
        if !tokio::fs::try_exists(&path).await.unwrap_or(false) {
            self.make(whole, path.clone(), crop).await?;
        }
        Ok(Shown { path, content_type })
    }

    /// Re-encodes a picture that `who` sent; one at a time, like crops.
    ///
    /// # Errors
    /// `Unavailable` when its turn does not come.
    pub async fn clean(
        &self,
        who: Ident,
        sent: impl AsRef<[u8]> + Send + 'static,
        smallest: u32,
    ) -> Result<Result<Fit, Unfit>> {
        let (share, place) = (self.waiting.of(who), self.place.clone());
        let turn = async {
            let share = share.acquire_owned().await?;
            Ok::<_, AcquireError>((share, place.acquire_owned().await?))
        };
        let turn = timeout(PATIENCE, turn).await.map_err(|_| {
            Error::Unavailable("Other pictures are being prepared. Try again soon.".to_owned())
        })?;
        let turn = turn.map_err(Error::internal)?;
        // Kept to the end, also if the client disconnects.
        let cleaning = spawn_blocking(move || {
            let _turn = turn;
            cleaned(sent.as_ref(), smallest)
        });
        cleaning.await.map_err(Error::internal)
    }

    /// Stores a picture in the media folder under an unused name.
    pub async fn store(&self, fit: Fit) -> Result<Stored> {
        let file = Storage::fresh(STORED, fit.extension);
        let size = i64::try_from(fit.bytes.len()).map_err(Error::internal)?;
        let put = self.storage.put(&file, fit.bytes).await;
        put.map_err(storage::failed)?;
        Ok(Stored {
            file,
            size,
            mimetype: fit.mimetype,
        })
    }

    /// Removes a picture's files. Errors are ignored: the row is gone, and only disk space is lost.
    pub async fn remove(&self, file: &str) {
        let crops = [Crop::Medium, Crop::Large].map(|crop| crop.file(file));
        let webp = crops.clone().map(|crop| format!("{crop}.webp"));
        let crops = crops.into_iter().chain(webp);
        for path in crops.filter_map(|file| self.storage.here(&file)) {
            // Most are never made.
            _ = tokio::fs::remove_file(&path).await;
        }
        if let Err(error) = self.storage.remove(file).await {
            tracing::warn!(file, %error, "cannot remove a picture");
        }
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
}
