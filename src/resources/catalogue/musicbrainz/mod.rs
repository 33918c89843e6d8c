//! What MusicBrainz knows: its artists, releases and recordings, by its API (version 2, in JSON).
mod shapes;

use serde::de::DeserializeOwned;
use uuid::Uuid;

use self::shapes::{
    MusicbrainzArtist, MusicbrainzRecording, MusicbrainzRelease, MusicbrainzReleaseGroup,
};
use crate::{
    error::{Error, Result},
    graphql::standard::fields,
    guard::{Allowed, Operation, operations},
    resources::checks::not_blank,
    rest::{
        answer::Answer,
        params::{Parameters, filter},
        standard::routes,
    },
};

operations! {
    "musicbrainz", "MusicBrainz: the open encyclopedia of music, asked for you.";
    /// Searches artists at MusicBrainz.
    ///
    /// The 25 best matches. The server asks MusicBrainz once a second at most, for all users together, and keeps answers
    /// for an hour; two requests of a user wait at most. When too many wait, or MusicBrainz does not answer, the answer
    /// is 503.
    artists: Artists = open, anonymous = Never, throttle = Wildcard, graphql = "musicbrainzArtists", params = Search;
    /// Searches releases at MusicBrainz.
    ///
    /// The 25 best matches, as with artists.
    releases: Releases = open, anonymous = Never, throttle = Wildcard, graphql = "musicbrainzReleases", params = Search;
    /// Searches recordings at MusicBrainz.
    ///
    /// The 25 best matches, as with artists.
    recordings: Recordings = open, anonymous = Never, throttle = Wildcard, graphql = "musicbrainzRecordings", params = Search;
    /// Returns an artist of MusicBrainz.
    ///
    /// By its MusicBrainz ID; those that MusicBrainz does not know are answered with 404.
    artist: Artist = open, anonymous = Never, throttle = Wildcard, graphql = "musicbrainzArtist";
    /// Returns a release of MusicBrainz, with its tracks.
    ///
    /// By its MusicBrainz ID; those that MusicBrainz does not know are answered with 404.
    release: Release = open, anonymous = Never, throttle = Wildcard, graphql = "musicbrainzRelease";
    /// Lists the release groups of an artist of MusicBrainz.
    ///
    /// The first 100: albums, singles and the like, each with all its releases.
    groups: Groups = open, anonymous = Never, throttle = Wildcard, graphql = "musicbrainzReleaseGroups";
    /// Lists the releases of a release group of MusicBrainz.
    ///
    /// The first 100.
    releases_of: ReleasesOf = open, anonymous = Never, throttle = Wildcard, graphql = "musicbrainzReleasesOfGroup";
}

filter! {
    /// A search at MusicBrainz.
    pub struct Search {
        /// Words, or a query in MusicBrainz' search syntax. Required.
        query: Option<String>,
    }
}

/// Characters of a query at most.
const LONGEST: usize = 500;
/// Matches of a search.
const MATCHES: &str = "25";
/// Objects of a list.
const LISTED: &str = "100";

async fn search<O: Operation, T: DeserializeOwned>(
    permit: &Allowed<O>,
    kind: &str,
    query: &str,
) -> Result<T> {
    not_blank("query", query, LONGEST)?;
    permit
        .ask_musicbrainz(kind, &[("query", query), ("limit", MATCHES)])
        .await
}

fn mbid(text: &str) -> Result<Uuid> {
    let id = text.parse();
    id.map_err(|_| Error::field("mbid", "Enter a MusicBrainz ID, which is a UUID."))
}

async fn artists(permit: &Allowed<Artists>, query: &str) -> Result<Vec<MusicbrainzArtist>> {
    let found: shapes::Artists = search(permit, "artist", query).await?;
    Ok(found.artists)
}

async fn releases(permit: &Allowed<Releases>, query: &str) -> Result<Vec<MusicbrainzRelease>> {
    let found: shapes::Releases = search(permit, "release", query).await?;
    Ok(found.releases)
}

async fn recordings(
    permit: &Allowed<Recordings>,
    query: &str,
) -> Result<Vec<MusicbrainzRecording>> {
    let found: shapes::Recordings = search(permit, "recording", query).await?;
    Ok(found.recordings)
}

async fn artist(permit: &Allowed<Artist>, id: &str) -> Result<MusicbrainzArtist> {
    permit
        .ask_musicbrainz(&format!("artist/{}", mbid(id)?), &[])
        .await
}

async fn release(permit: &Allowed<Release>, id: &str) -> Result<MusicbrainzRelease> {
    let parts = [("inc", "artist-credits recordings release-groups")];
    permit
        .ask_musicbrainz(&format!("release/{}", mbid(id)?), &parts)
        .await
}

async fn groups(permit: &Allowed<Groups>, id: &str) -> Result<Vec<MusicbrainzReleaseGroup>> {
    let artist = mbid(id)?.to_string();
    let query = [
        ("artist", artist.as_str()),
        ("inc", "artist-credits"),
        ("limit", LISTED),
    ];
    let found: shapes::Groups = permit.ask_musicbrainz("release-group", &query).await?;
    Ok(found.groups)
}

async fn releases_of(permit: &Allowed<ReleasesOf>, id: &str) -> Result<Vec<MusicbrainzRelease>> {
    let group = mbid(id)?.to_string();
    let query = [
        ("release-group", group.as_str()),
        ("inc", "artist-credits media"),
        ("limit", LISTED),
    ];
    let found: shapes::Releases = permit.ask_musicbrainz("release", &query).await?;
    Ok(found.releases)
}

fields! {
    Queries as "MusicbrainzQueries";
    text musicbrainz_artists(query: "Words, or a query in MusicBrainz' search syntax.") -> Vec<MusicbrainzArtist> = artists;
    text musicbrainz_releases(query: "Words, or a query in MusicBrainz' search syntax.") -> Vec<MusicbrainzRelease> = releases;
    text musicbrainz_recordings(query: "Words, or a query in MusicBrainz' search syntax.") -> Vec<MusicbrainzRecording> = recordings;
    text musicbrainz_artist(mbid: "MusicBrainz ID of the artist.") -> MusicbrainzArtist = artist;
    text musicbrainz_release(mbid: "MusicBrainz ID of the release.") -> MusicbrainzRelease = release;
    text musicbrainz_release_groups(mbid: "MusicBrainz ID of the artist.") -> Vec<MusicbrainzReleaseGroup> = groups;
    text musicbrainz_releases_of_group(mbid: "MusicBrainz ID of the release group.") -> Vec<MusicbrainzRelease> = releases_of;
}

type Found<T> = Result<Vec<T>>;

fn words(search: &Parameters<Search>) -> &str {
    search.0.query.as_deref().unwrap_or_default()
}

async fn found_artists(
    permit: &Allowed<Artists>,
    search: &Parameters<Search>,
) -> Found<MusicbrainzArtist> {
    artists(permit, words(search)).await
}

async fn found_releases(
    permit: &Allowed<Releases>,
    search: &Parameters<Search>,
) -> Found<MusicbrainzRelease> {
    releases(permit, words(search)).await
}

async fn found_recordings(
    permit: &Allowed<Recordings>,
    search: &Parameters<Search>,
) -> Found<MusicbrainzRecording> {
    recordings(permit, words(search)).await
}

routes! {
    "/api/v1/providers/musicbrainz";
    artists: Artists = get "/search/artists" (search: Parameters<Search>) -> Answer<Vec<MusicbrainzArtist>> => found_artists;
    releases: Releases = get "/search/releases" (search: Parameters<Search>) -> Answer<Vec<MusicbrainzRelease>> => found_releases;
    recordings: Recordings = get "/search/recordings" (search: Parameters<Search>) -> Answer<Vec<MusicbrainzRecording>> => found_recordings;
    artist: Artist = get "/artists/:mbid" <mbid> -> Answer<MusicbrainzArtist>;
    release: Release = get "/releases/:mbid" <mbid> -> Answer<MusicbrainzRelease>;
    groups: Groups = get "/release-groups/browse/:mbid" <mbid> -> Answer<Vec<MusicbrainzReleaseGroup>>;
    releases_of: ReleasesOf = get "/releases/browse/:mbid" <mbid> -> Answer<Vec<MusicbrainzRelease>>;
}
