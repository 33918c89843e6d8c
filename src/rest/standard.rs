//! The standard shapes of REST handlers, written once.

/// Declares the REST side of a resource, `Rest`: one row for each route.
///
/// ```ignore
/// routes! {
///     "/api/v1/tracks" lists List(Query) -> TrackBody = listing => bodies;
///     retrieve: Retrieve = get "/:id" [id: i64] -> Answer<TrackDetail> => detail;
///     create: Create = post "/" {new: NewTrack} -> Created<TrackBody> => created;
///     { handlers of another shape }
/// }
/// ```
///
/// A row names its handler, its operation, the method and the path; then what the handler reads:
/// `<name>` a text in the path, `[id: i64]` a number or UUID in the path, `(query: Query)` the query,
/// `{new: NewTrack}` the body. The handler calls the function behind `=>` (without it, the function
/// of its own name) with the permit and these values, and makes the answer of what it returns (`Reply`). `lists` is the
/// list at `/`, cut into pages: `listing` finds the rows, `bodies` makes bodies of their IDs.
macro_rules! routes {
    (
        $prefix:literal
        $(lists $list:ident($query:ty) -> $row:ty = $listing:path => $bodies:path)?;
        $(
            $name:ident: $op:ident = $method:ident $path:literal
            $(<$text:ident>)? $([$key:ident: $kind:ty])? $(($asked:ident: $asked_as:ty))?
            $({$body:ident: $body_as:ty})? -> $answer:ty $(=> $function:path)?;
        )*
        $({ $($by_hand:tt)* })?
    ) => {
        pub struct Rest;

        #[poem_openapi::OpenApi(prefix_path = $prefix)]
        impl Rest {
            $(
                #[oai(path = "/", method = "get")]
                async fn list(
                    &self,
                    permit: $crate::guard::Allowed<$list>,
                    query: $query,
                ) -> $crate::error::Result<$crate::rest::answer::Answer<$crate::rest::page::Page<$row>>>
                {
                    let listing = $listing(&permit, &query.filter, &query.order).await?;
                    let (frame, ids) = query.page.read_ids(&permit, &listing).await?;
                    let bodies = $bodies(permit.loaders(), &permit, &ids).await?;
                    Ok($crate::rest::answer::Answer(frame.around(bodies)))
                }
            )?

            $(
                #[oai(path = $path, method($method))]
                async fn $name(
                    &self,
                    permit: $crate::guard::Allowed<$op>,
                    $($text: poem_openapi::param::Path<String>,)?
                    $($key: poem_openapi::param::Path<$kind>,)?
                    $($asked: $asked_as,)?
                    $($body: $crate::rest::body::Body<$body_as>,)?
                ) -> $crate::error::Result<$answer> {
                    let done = $crate::rest::standard::routes!(@function $name $($function)?)(
                        &permit,
                        $(&$text.0,)? $($key.0.into(),)? $(&$asked,)? $($body.0,)?
                    );
                    Ok(<$answer as $crate::rest::answer::Reply<_>>::of(done.await?))
                }
            )*

            $($($by_hand)*)?
        }
    };
    (@function $name:ident) => { $name };
    (@function $name:ident $function:path) => { $function };
}
pub(crate) use routes;
