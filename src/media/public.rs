//! The public pictures of the media folder: covers and their crops.
use percent_encoding::percent_decode_str;
use poem::{
    Endpoint, IntoResponse, Request, Response,
    http::{HeaderValue, Method, header},
};

use super::serve::{self, Wanted};
use crate::{
    app::App,
    error::{Error, Result},
};

/// Serves `MEDIA_URL`. Audio is not served here, because it requires a permit.
pub struct PublicMedia(pub App);

impl PublicMedia {
    async fn answer(&self, request: &Request) -> Result<Response> {
        let method = request.method();
        if !matches!(*method, Method::GET | Method::HEAD) {
            return Err(Error::MethodNotAllowed(method.to_string()));
        }
        let prefix = self.0.config().media_path();
        let path = percent_decode_str(request.uri().path()).decode_utf8();
        let path = path.map_err(|_| Error::NotFound)?;
        let file = path.strip_prefix(prefix.as_str()).ok_or(Error::NotFound)?;
        let accept = request.headers().get(header::ACCEPT);
        let takes_webp = accept
            .and_then(|accept| accept.to_str().ok())
            .is_some_and(|accept| accept.contains("image/webp"));
        let shown = self.0.media().pictures.shown(file, takes_webp).await?;
        let wanted = Wanted::of(*method == Method::HEAD, request.headers());
        let mut response = serve::file(&shown.path, shown.content_type, &wanted).await?;
        for (name, value) in [
            (header::CACHE_CONTROL, "public, max-age=31536000, immutable"),
            (header::VARY, "Accept, Cookie, origin"),
            (
                header::CONTENT_SECURITY_POLICY,
                "default-src 'none'; sandbox",
            ),
        ] {
            response
                .headers_mut()
                .insert(name, HeaderValue::from_static(value));
        }
        Ok(response)
    }
}

impl Endpoint for PublicMedia {
    type Output = Response;

    async fn call(&self, request: Request) -> poem::Result<Response> {
        Ok(self
            .answer(&request)
            .await
            .unwrap_or_else(IntoResponse::into_response))
    }
}
