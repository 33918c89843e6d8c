//! The bucket of an S3-compatible store that holds uploads and pictures, if the settings name one.
use std::{future::ready, io, ops::Range, path, sync::Arc, time::Duration};

use bytes::Bytes;
use futures_util::{
    Stream, StreamExt, TryStreamExt,
    stream::{self, try_unfold},
};
use object_store::{
    ClientOptions, Error as Fault, ObjectMeta, ObjectStoreExt, RetryConfig, WriteMultipart,
    aws::{AmazonS3, AmazonS3Builder},
    path::Path,
    signer::{SignedUrlOptions, Signer},
};
use poem::http::Method;
use tokio::{
    fs::File,
    io::{AsyncReadExt, AsyncWriteExt, BufReader},
    sync::{Semaphore, SemaphorePermit},
};
use url::Url;

use crate::{config::S3, error::Startup, store::redacted};

/// Files are sent to the store in parts of so many bytes.
const PART: usize = 8 << 20;
/// Parts of one file on their way at once.
const AT_ONCE: usize = 2;
/// What is sent at once, in parts: its memory.
const SENDING: usize = 12;
/// Bytes that are read at once. Between two readings a listener may take any time.
const PIECE: u64 = 512 << 10;
/// A store that takes longer for an answer, or between bytes of it, is considered gone.
const READING: Duration = Duration::from_secs(20);
/// For sending a part, over a slow line.
const WRITING: Duration = Duration::from_secs(15 * 60);
/// Bytes of a key.
const LONGEST: usize = 1024;

/// A bucket. Files have the names that they would have in the media folder. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Bucket {
    reads: Arc<AmazonS3>,
    writes: Arc<AmazonS3>,
    sending: Arc<Semaphore>,
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
            .with_connect_timeout(Duration::from_secs(5));
        let reads = client.clone().with_read_timeout(READING);
        let store = |client| store(settings, name, client);
        Ok(Some(Self {
            reads: Arc::new(store(reads.with_timeout_disabled())?),
            writes: Arc::new(store(client.with_timeout(WRITING))?),
            sending: Arc::new(Semaphore::new(SENDING)),
            location: settings.location().to_owned(),
            link_lifetime: Duration::from_secs(settings.s3_link_seconds),
        }))
    }

    /// Writes, reads and removes a file, as the server will.
    ///
    /// # Errors
    /// Why the store does not let it.
    pub async fn check(&self, settings: &S3) -> Result<(), Startup> {
        let place = format!("check-{}", crate::random::uuid().simple());
        let tried = async {
            self.put_bytes(&place, b"baleen".to_vec()).await?;
            self.look(&place).await?;
            self.remove(&place).await
        };
        tried.await.map_err(|error| {
            let endpoint = settings.endpoint().map_or("AWS".to_owned(), redacted);
            Startup::caused(
                format!(
                    "cannot use the bucket {} at {endpoint}: check AWS_STORAGE_BUCKET_NAME, AWS_S3_ENDPOINT_URL, \
                     AWS_S3_REGION_NAME, AWS_LOCATION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, whose owner must be \
                     allowed to get, put and delete objects",
                    settings.bucket().unwrap_or_default(),
                ),
                error,
            )
        })
    }

    /// The key of a file. What is no name of a file in a folder is found nowhere.
    fn path(&self, place: &str) -> io::Result<Path> {
        let is_plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains('\0');
        let key = match self.location.as_str() {
            "" => place.to_owned(),
            location => format!("{location}/{place}"),
        };
        if key.len() > LONGEST || !place.split('/').all(is_plain) {
            return Err(io::ErrorKind::NotFound.into());
        }
        Path::parse(key).map_err(|_| io::ErrorKind::NotFound.into())
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
            let _memory = self.memory(1).await?;
            self.writes.put(&path, first.into()).await?;
            return Ok(());
        }
        let _memory = self.memory(1 + AT_ONCE).await?;
        let upload = self.writes.put_multipart(&path).await?;
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
        let _memory = self.memory(1).await?;
        self.writes.put(&self.path(place)?, bytes.into()).await?;
        Ok(())
    }

    async fn memory(&self, parts: usize) -> io::Result<SemaphorePermit<'_>> {
        let parts = u32::try_from(parts).unwrap_or(u32::MAX);
        self.sending
            .acquire_many(parts)
            .await
            .map_err(io::Error::other)
    }

    /// Size, version and time of a file.
    pub async fn look(&self, place: &str) -> io::Result<ObjectMeta> {
        Ok(self.reads.head(&self.path(place)?).await?)
    }

    pub async fn has(&self, place: &str) -> io::Result<bool> {
        match self.look(place).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Writes a copy of a file, once it is found: `to` makes the path then.
    pub async fn fetch(
        &self,
        place: &str,
        to: impl AsyncFnOnce() -> io::Result<path::PathBuf>,
    ) -> io::Result<()> {
        let found = self.reads.get(&self.path(place)?).await?;
        let size = found.meta.size;
        let mut bytes = found.into_stream();
        let mut file = File::create_new(to().await?).await?;
        let mut written = 0;
        while let Some(chunk) = bytes.try_next().await? {
            file.write_all(&chunk).await?;
            written += chunk.len() as u64;
        }
        if written != size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        file.flush().await?;
        file.sync_all().await
    }

    /// The bytes of a range of a file. Fails at once where the file is not there.
    pub async fn read(
        &self,
        place: &str,
        range: Range<u64>,
    ) -> io::Result<impl Stream<Item = io::Result<Bytes>> + Send + use<>> {
        let (store, path) = (self.reads.clone(), self.path(place)?);
        let first = piece(&store, &path, &range).await?;
        let rest = range.start + first.len() as u64..range.end;
        let rest = try_unfold((store, path, rest), |(store, path, left)| async move {
            if left.is_empty() {
                return Ok(None);
            }
            let bytes = piece(&store, &path, &left).await?;
            let left = left.start + bytes.len() as u64..left.end;
            Ok(Some((bytes, (store, path, left))))
        });
        Ok(stream::once(ready(Ok(first))).chain(rest))
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
            .reads
            .signed_url_opts(Method::GET, &path, self.link_lifetime, &options);
        Ok(signed.await?)
    }

    /// Removes a file. It is not an error if it is not there.
    pub async fn remove(&self, place: &str) -> io::Result<()> {
        let Ok(path) = self.path(place) else {
            return Ok(());
        };
        match self.reads.delete(&path).await {
            Ok(()) | Err(Fault::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn store(settings: &S3, name: &str, client: ClientOptions) -> Result<AmazonS3, Startup> {
    let retry = RetryConfig {
        max_retries: 4,
        retry_timeout: WRITING,
        ..RetryConfig::default()
    };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(name)
        .with_region(&settings.s3_region)
        .with_client_options(client)
        .with_retry(retry);
    let key = settings
        .key()
        .map_err(|missing| Startup::new(format!("{missing} is missing")))?;
    if let Some((id, secret)) = key {
        builder = builder
            .with_access_key_id(id)
            .with_secret_access_key(secret);
    }
    if !is_name(name) {
        let told = format!("AWS_STORAGE_BUCKET_NAME is no name of a bucket: {name:?}");
        return Err(Startup::new(told));
    }
    if let Some(endpoint) = settings.endpoint() {
        if web_address(endpoint).is_none() {
            return Err(Startup::new(
                "AWS_S3_ENDPOINT_URL is no address such as https://s3.example.org",
            ));
        }
        builder = builder.with_endpoint(endpoint.trim_end_matches('/'));
    }
    builder
        .build()
        .map_err(|error| Startup::caused(format!("cannot use the bucket {name}"), error))
}

/// Whether a bucket may have this name.
fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    name.bytes().all(is_plain)
}

/// The address of a store. `localhost:9000` is none: it would be a scheme.
pub fn web_address(text: &str) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then_some(url)
}

/// The first bytes of a range that is not empty.
async fn piece(store: &AmazonS3, path: &Path, range: &Range<u64>) -> io::Result<Bytes> {
    let end = range.end.min(range.start + PIECE);
    let bytes = store.get_range(path, range.start..end).await?;
    match bytes.is_empty() {
        true => Err(io::ErrorKind::UnexpectedEof.into()),
        false => Ok(bytes),
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
