//! The bucket of an S3-compatible store that holds uploads and pictures, if the settings name one.
use std::{io, ops::Range, path, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream::BoxStream};
use object_store::{
    ClientOptions, Error as Fault, GetOptions, GetRange, ObjectMeta, ObjectStore, ObjectStoreExt,
    RetryConfig, WriteMultipart,
    aws::{AmazonS3, AmazonS3Builder},
    path::Path,
    signer::{SignedUrlOptions, Signer},
};
use poem::http::Method;
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
};
use url::Url;

use crate::{config::S3, error::Startup};

/// Files are sent to the store in parts of so many bytes.
const PART: usize = 8 << 20;
/// Parts of one file on their way at once.
const AT_ONCE: usize = 2;
/// How long failures of the store are tried again.
const PATIENCE: Duration = Duration::from_secs(20);
/// A store without an answer for this long is considered gone.
const SILENCE: Duration = Duration::from_secs(20);

/// A bucket. Files have the names that they would have in the media folder. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Bucket {
    store: Arc<AmazonS3>,
    location: String,
    link_lifetime: Duration,
}

impl Bucket {
    /// The bucket that the settings name, if any.
    ///
    /// # Errors
    /// What is wrong with the settings. The store is not asked: see [`Self::check`].
    pub fn of(settings: &S3) -> Result<Option<Self>, Startup> {
        let Some(name) = settings.bucket() else {
            return Ok(None);
        };
        // Already chosen is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = ClientOptions::new()
            .with_allow_http(true)
            .with_connect_timeout(Duration::from_secs(5))
            .with_read_timeout(SILENCE)
            // Files may take as long as their listeners take.
            .with_timeout_disabled();
        let retry = RetryConfig {
            max_retries: 5,
            retry_timeout: PATIENCE,
            ..RetryConfig::default()
        };
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(name)
            .with_region(&settings.s3_region)
            .with_client_options(client)
            .with_retry(retry);
        if let Some((id, secret)) = settings.key() {
            builder = builder
                .with_access_key_id(id)
                .with_secret_access_key(secret);
        }
        if let Some(endpoint) = settings.endpoint() {
            Url::parse(endpoint)
                .map_err(|error| Startup::caused("AWS_S3_ENDPOINT_URL is no address", error))?;
            builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
        }
        let store = builder
            .build()
            .map_err(|error| Startup::caused(format!("cannot use the bucket {name}"), error))?;
        Ok(Some(Self {
            store: Arc::new(store),
            location: settings.location().to_owned(),
            link_lifetime: Duration::from_secs(settings.s3_link_seconds),
        }))
    }

    /// Asks the store for the bucket.
    ///
    /// # Errors
    /// Why the store does not give it.
    pub async fn check(&self, settings: &S3) -> Result<(), Startup> {
        let place = self
            .path("baleen")
            .map_err(|error| Startup::caused("AWS_LOCATION is no folder of a bucket", error))?;
        match self.store.list(Some(&place)).try_next().await {
            Ok(_) => Ok(()),
            Err(error) => Err(Startup::caused(
                format!(
                    "cannot read the bucket {} at {}: check AWS_STORAGE_BUCKET_NAME, AWS_S3_ENDPOINT_URL, \
                     AWS_S3_REGION_NAME, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
                    settings.bucket().unwrap_or_default(),
                    settings.endpoint().unwrap_or("AWS"),
                ),
                error,
            )),
        }
    }

    /// The key of a file. What is no name of a file in a folder is found nowhere.
    fn path(&self, place: &str) -> io::Result<Path> {
        let is_plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\0');
        if !place.split('/').all(is_plain) {
            return Err(io::ErrorKind::NotFound.into());
        }
        let path = match self.location.as_str() {
            "" => Path::parse(place),
            location => Path::parse(format!("{location}/{place}")),
        };
        path.map_err(|_| io::ErrorKind::NotFound.into())
    }

    /// Stores a file, in parts if it is large. A file is there whole, or not at all.
    pub async fn put(&self, place: &str, file: &path::Path) -> io::Result<()> {
        let mut file = BufReader::with_capacity(256 << 10, File::open(file).await?);
        let path = self.path(place)?;
        let mut first = Vec::new();
        (&mut file)
            .take(PART as u64)
            .read_to_end(&mut first)
            .await?;
        if first.len() < PART {
            self.store.put(&path, first.into()).await?;
            return Ok(());
        }
        let upload = self.store.put_multipart(&path).await?;
        let mut parts = WriteMultipart::new_with_chunk_size(upload, PART);
        parts.put(first.into());
        match send(&mut parts, file).await {
            Ok(()) => {
                parts.finish().await?;
                Ok(())
            }
            Err(error) => {
                // Ignored, because the original failure is reported.
                _ = parts.abort().await;
                Err(error)
            }
        }
    }

    pub async fn put_bytes(&self, place: &str, bytes: Vec<u8>) -> io::Result<()> {
        self.store.put(&self.path(place)?, bytes.into()).await?;
        Ok(())
    }

    /// Size, version and time of a file.
    pub async fn look(&self, place: &str) -> io::Result<ObjectMeta> {
        Ok(self.store.head(&self.path(place)?).await?)
    }

    pub async fn has(&self, place: &str) -> io::Result<bool> {
        match self.look(place).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Writes a copy of a file.
    pub async fn fetch(&self, place: &str, to: &path::Path) -> io::Result<()> {
        let mut bytes = self.store.get(&self.path(place)?).await?.into_stream();
        let mut file = File::create_new(to).await?;
        while let Some(chunk) = bytes.try_next().await? {
            file.write_all(&chunk).await?;
        }
        file.flush().await
    }

    /// The bytes of a range of a file. Fails at once where the file is not there.
    pub async fn read(
        &self,
        place: &str,
        range: Range<u64>,
    ) -> io::Result<BoxStream<'static, io::Result<Bytes>>> {
        let options = GetOptions {
            range: Some(GetRange::Bounded(range)),
            ..GetOptions::default()
        };
        let found = self.store.get_opts(&self.path(place)?, options).await?;
        Ok(found.into_stream().map_err(io::Error::from).boxed())
    }

    /// An address at which anybody may read a file, for a while, as this media type and under this name.
    pub async fn link(
        &self,
        place: &str,
        content_type: &str,
        disposition: Option<&str>,
    ) -> io::Result<Url> {
        let named = disposition.map(|value| ("response-content-disposition", value));
        let typed = [("response-content-type", content_type)];
        let options = SignedUrlOptions::new().with_query(typed.into_iter().chain(named));
        let path = self.path(place)?;
        let signed = self
            .store
            .signed_url_opts(Method::GET, &path, self.link_lifetime, &options);
        Ok(signed.await?)
    }

    /// Removes a file. It is not an error if it is not there.
    pub async fn remove(&self, place: &str) -> io::Result<()> {
        match self.store.delete(&self.path(place)?).await {
            Ok(()) | Err(Fault::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Sends what is left of a file.
async fn send(parts: &mut WriteMultipart, mut file: BufReader<File>) -> io::Result<()> {
    let mut buffer = vec![0; 256 << 10];
    loop {
        let read = file.read(&mut buffer).await?;
        if read == 0 {
            return Ok(());
        }
        parts.wait_for_capacity(AT_ONCE).await?;
        parts.write(&buffer[..read]);
    }
}
