//! The settings of a bucket for files. Their environment variables are those of Funkwhale.
use clap::Args;

use super::given;

/// A bucket of an S3-compatible store, which holds uploads and pictures in place of `MEDIA_ROOT`.
#[derive(Args, Clone)]
pub struct S3 {
    /// Bucket of an S3-compatible store for uploads and pictures; MEDIA_ROOT then holds files on their way, and copies
    /// [default: none; files are in MEDIA_ROOT]
    #[arg(long, env = "AWS_STORAGE_BUCKET_NAME", value_name = "NAME")]
    pub s3_bucket: Option<String>,

    /// Access key ID of the store [default: the role of the EC2 instance]
    #[arg(long, env = "AWS_ACCESS_KEY_ID", value_name = "ID")]
    pub s3_access_key_id: Option<String>,

    /// Secret access key of the store
    #[arg(
        long,
        env = "AWS_SECRET_ACCESS_KEY",
        hide_env_values = true,
        value_name = "SECRET"
    )]
    pub s3_secret_access_key: Option<String>,

    /// Address of the store, such as https://s3.example.org [default: that of AWS in the region]
    #[arg(long, env = "AWS_S3_ENDPOINT_URL", value_name = "URL")]
    pub s3_endpoint_url: Option<String>,

    /// Region of the store
    #[arg(
        long,
        env = "AWS_S3_REGION_NAME",
        default_value = "us-east-1",
        value_name = "NAME"
    )]
    pub s3_region: String,

    /// Folder in the bucket, for buckets that hold other things too [default: none]
    #[arg(long, env = "AWS_LOCATION", value_name = "FOLDER")]
    pub s3_location: Option<String>,

    /// Send the audio of a bucket through this server; false redirects listeners to signed addresses of the store
    #[arg(long, env = "PROXY_MEDIA", default_value_t = true, value_name = "BOOL",
        action = clap::ArgAction::Set)]
    pub proxy_media: bool,

    /// Lifetime of signed addresses in seconds
    #[arg(long, env = "AWS_QUERYSTRING_EXPIRE", default_value_t = 3600, value_name = "SECONDS",
        value_parser = clap::value_parser!(u64).range(60..=604_800))]
    pub s3_link_seconds: u64,

    /// Size of the copies of a bucket's files in MEDIA_ROOT, in mebibytes (MiB); those of the last ten minutes stay in
    /// any case
    #[arg(long, env = "BALEEN_S3_COPIES", default_value_t = 1024, value_name = "MB",
        value_parser = clap::value_parser!(u64).range(..=100_000_000))]
    pub s3_copies: u64,
}

impl S3 {
    /// The bucket, if files are to be in one.
    pub fn bucket(&self) -> Option<&str> {
        given(&self.s3_bucket)
    }

    /// The ID and the secret of the access key, or the variable that is missing.
    pub fn key(&self) -> Result<Option<(&str, &str)>, &'static str> {
        let (id, secret) = (&self.s3_access_key_id, &self.s3_secret_access_key);
        match (given(id), given(secret)) {
            (Some(id), Some(secret)) => Ok(Some((id, secret))),
            (Some(_), None) => Err("AWS_SECRET_ACCESS_KEY"),
            (None, Some(_)) => Err("AWS_ACCESS_KEY_ID"),
            (None, None) => Ok(None),
        }
    }

    pub fn endpoint(&self) -> Option<&str> {
        given(&self.s3_endpoint_url)
    }

    /// The folder in the bucket, without slashes at its ends.
    pub fn location(&self) -> &str {
        given(&self.s3_location)
            .unwrap_or_default()
            .trim_matches('/')
    }
}
