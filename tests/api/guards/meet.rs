use baleen::guard::Info;

use super::keepers;

const CHANNEL: &str = "channels/e95aebaf-5cfa-5bf0-bed2-115fb6a5da8b";

/// A request that meets each REST operation, and a query that meets its GraphQL twin.
pub fn meet(info: &Info) -> (&'static str, &'static str) {
    if let Some(met) = keepers::meet(info.name) {
        return met;
    }
    match info.name {
        // Refused after the permit, and before another server is asked.
        "musicbrainz.artists" => (
            "providers/musicbrainz/search/artists?query=",
            "{ musicbrainzArtists(query: \"\") { name } }",
        ),
        "musicbrainz.releases" => (
            "providers/musicbrainz/search/releases?query=",
            "{ musicbrainzReleases(query: \"\") { title } }",
        ),
        "musicbrainz.recordings" => (
            "providers/musicbrainz/search/recordings?query=",
            "{ musicbrainzRecordings(query: \"\") { title } }",
        ),
        "musicbrainz.artist" => (
            "providers/musicbrainz/artists/nobody",
            "{ musicbrainzArtist(mbid: \"nobody\") { name } }",
        ),
        "musicbrainz.release" => (
            "providers/musicbrainz/releases/nobody",
            "{ musicbrainzRelease(mbid: \"nobody\") { title } }",
        ),
        "musicbrainz.groups" => (
            "providers/musicbrainz/release-groups/browse/nobody",
            "{ musicbrainzReleaseGroups(mbid: \"nobody\") { title } }",
        ),
        "musicbrainz.releases_of" => (
            "providers/musicbrainz/releases/browse/nobody",
            "{ musicbrainzReleasesOfGroup(mbid: \"nobody\") { title } }",
        ),
        "artists.list" => ("artists", "{ artists { edges { cursor } } }"),
        "artists.retrieve" => ("artists/1", "{ artist(databaseId: 1) { name } }"),
        "artists.libraries" => (
            "artists/1/libraries",
            "{ artist(databaseId: 1) { libraries { name } } }",
        ),
        "albums.list" => ("albums", "{ albums { edges { cursor } } }"),
        "albums.retrieve" => ("albums/1", "{ album(databaseId: 1) { title } }"),
        "albums.libraries" => (
            "albums/1/libraries",
            "{ album(databaseId: 1) { libraries { name } } }",
        ),
        "albums.create" => (
            "albums",
            "mutation { createAlbum(input: {title: \"\", artist: 1}) { album { title } } }",
        ),
        "albums.delete" => (
            "albums/99",
            "mutation { deleteAlbum(input: {id: 99}) { deletedId } }",
        ),
        "tracks.delete" => (
            "tracks/99",
            "mutation { deleteTrack(input: {id: 99}) { deletedId } }",
        ),
        "tracks.list" => ("tracks", "{ tracks { edges { cursor } } }"),
        "tracks.retrieve" => ("tracks/1", "{ track(databaseId: 1) { title } }"),
        "tracks.libraries" => (
            "tracks/1/libraries",
            "{ track(databaseId: 1) { libraries { name } } }",
        ),
        "uploads.list" => ("uploads", "{ uploads { edges { cursor } } }"),
        "uploads.retrieve" => (
            "uploads/UPLOAD",
            "{ upload(uuid: \"UPLOAD\") { mimetype } }",
        ),
        "notifications.list" => ("federation/inbox", "{ notifications { edges { cursor } } }"),
        "notifications.retrieve" => (
            "federation/inbox/99999",
            "{ notification(databaseId: 99999) { isRead } }",
        ),
        "notifications.update" => (
            "federation/inbox/99999",
            "mutation { updateNotification(input: {id: 99999, isRead: true}) { notification { isRead } } }",
        ),
        "notifications.act" => (
            "federation/inbox/action",
            "mutation { readNotifications(input: {ids: []}) { count } }",
        ),
        "library_follows.list" => (
            "federation/follows/library",
            "{ libraryFollows { edges { cursor } } }",
        ),
        "library_follows.all" => ("federation/follows/library/all", ""),
        "library_follows.retrieve" => (
            "federation/follows/library/00000000-0000-0000-0000-000000000000",
            "{ libraryFollow(databaseId: 99999) { approved } }",
        ),
        "library_follows.create" => (
            "federation/follows/library",
            "mutation { followLibrary(input: {target: 99999}) { follow { approved } } }",
        ),
        "library_follows.delete" => (
            "federation/follows/library/00000000-0000-0000-0000-000000000000",
            "mutation { deleteLibraryFollow(input: {id: 99999}) { deletedId } }",
        ),
        "library_follows.accept" => (
            "federation/follows/library/00000000-0000-0000-0000-000000000000/accept",
            "mutation { acceptLibraryFollow(input: {id: 99999}) { follow { approved } } }",
        ),
        "library_follows.reject" => (
            "federation/follows/library/00000000-0000-0000-0000-000000000000/reject",
            "mutation { rejectLibraryFollow(input: {id: 99999}) { follow { approved } } }",
        ),
        "library_follows.followers" => (
            "libraries/LIBRARY/follows",
            "{ library(uuid: \"LIBRARY\") { followers { edges { cursor } } } }",
        ),
        "uploads.create" => (
            "uploads",
            "mutation { createUpload(input: {audioFile: \"0\"}) { upload { uuid } } }",
        ),
        "uploads.update" => (
            "uploads/00000000-0000-0000-0000-000000000000",
            "mutation { updateUpload(input: {id: 99999}) { upload { uuid } } }",
        ),
        "uploads.delete" => (
            "uploads/00000000-0000-0000-0000-000000000000",
            "mutation { deleteUpload(input: {id: 99999}) { deletedId } }",
        ),
        "uploads.act" => (
            "uploads/action",
            "mutation { applyUploadAction(input: {action: DELETE, ids: []}) { count } }",
        ),
        "uploads.file_metadata" => (
            "uploads/UPLOAD/audio-file-metadata",
            "{ upload(uuid: \"UPLOAD\") { fileMetadata { title } } }",
        ),
        "favorites.list" => ("favorites/tracks", "{ favorites { edges { cursor } } }"),
        "favorites.all" => ("favorites/tracks/all", ""),
        "favorites.create" => (
            "favorites/tracks",
            "mutation { createFavorite(input: {track: 99999}) { favorite { databaseId } } }",
        ),
        "favorites.remove" => (
            "favorites/tracks/remove",
            "mutation { removeFavorite(input: {track: 99999}) { deletedId } }",
        ),
        "favorites.delete" => (
            "favorites/tracks/99999",
            "mutation { deleteFavorite(input: {id: 99999}) { deletedId } }",
        ),
        "history.list" => ("history/listenings", "{ listenings { edges { cursor } } }"),
        "history.retrieve" => (
            "history/listenings/2",
            "{ listening(databaseId: 2) { creationDate } }",
        ),
        "history.create" => (
            "history/listenings",
            "mutation { createListening(input: {track: 99999}) { listening { databaseId } } }",
        ),
        "playlists.list" => ("playlists", "{ playlists { edges { cursor } } }"),
        "playlists.retrieve" => ("playlists/1", "{ playlist(databaseId: 1) { name } }"),
        "playlists.tracks" => (
            "playlists/1/tracks",
            "{ playlist(databaseId: 1) { tracks { edges { cursor } } } }",
        ),
        "playlists.create" => (
            "playlists",
            "mutation { createPlaylist(input: {name: \"\"}) { playlist { name } } }",
        ),
        "playlists.update" => (
            "playlists/99999",
            "mutation { updatePlaylist(input: {id: 99999}) { playlist { name } } }",
        ),
        "playlists.delete" => (
            "playlists/99999",
            "mutation { deletePlaylist(input: {id: 99999}) { deletedId } }",
        ),
        "playlists.add" => (
            "playlists/99999/add",
            "mutation { addTracksToPlaylist(input: {id: 99999, tracks: []}) { playlist { name } } }",
        ),
        "playlists.move" => (
            "playlists/99999/move",
            "mutation { movePlaylistTrack(input: {id: 99999, from: 0, to: 0}) { playlist { name } } }",
        ),
        "playlists.remove" => (
            "playlists/99999/remove",
            "mutation { removePlaylistTrack(input: {id: 99999, index: 0}) { playlist { name } } }",
        ),
        "playlists.clear" => (
            "playlists/99999/clear",
            "mutation { clearPlaylist(input: {id: 99999}) { playlist { name } } }",
        ),
        "radios.list" => ("radios/radios", "{ radios { edges { cursor } } }"),
        "radios.retrieve" => ("radios/radios/1", "{ radio(databaseId: 1) { name } }"),
        "radios.tracks" => (
            "radios/radios/1/tracks",
            "{ radio(databaseId: 1) { tracks { edges { cursor } } } }",
        ),
        "radios.filters" => ("radios/radios/filters", ""),
        "radios.validate" => (
            "radios/radios/validate",
            "mutation { validateRadio(input: {filters: []}) { filters { errors } } }",
        ),
        "radios.create" => (
            "radios/radios",
            "mutation { createRadio(input: {name: \"\", config: []}) { radio { name } } }",
        ),
        "radios.update" => (
            "radios/radios/99999",
            "mutation { updateRadio(input: {id: 99999}) { radio { name } } }",
        ),
        "radios.delete" => (
            "radios/radios/99999",
            "mutation { deleteRadio(input: {id: 99999}) { deletedId } }",
        ),
        "radio_sessions.create" => (
            "radios/sessions",
            "mutation { createRadioSession(input: {radioType: ARTIST}) { session { databaseId } } }",
        ),
        "radio_sessions.retrieve" => (
            "radios/sessions/99999",
            "{ radioSession(databaseId: 99999) { radioType } }",
        ),
        "radio_sessions.draw" => (
            "radios/tracks",
            "mutation { drawRadioTracks(input: {session: 99999}) { tracks { position } } }",
        ),
        "content_filters.list" => (
            "moderation/content-filters",
            "{ contentFilters { edges { cursor } } }",
        ),
        "content_filters.retrieve" => (
            "moderation/content-filters/00000000-0000-0000-0000-000000000000",
            "{ contentFilter(databaseId: 99999) { uuid } }",
        ),
        "content_filters.create" => (
            "moderation/content-filters",
            "mutation { createContentFilter(input: {artist: 99999}) { contentFilter { uuid } } }",
        ),
        "content_filters.delete" => (
            "moderation/content-filters/00000000-0000-0000-0000-000000000000",
            "mutation { deleteContentFilter(input: {id: 99999}) { deletedId } }",
        ),
        "marks.list" => ("marks", "{ marks { edges { cursor } } }"),
        "marks.update" => (
            "marks",
            "mutation { updateMark(input: {subject: \"\"}) { mark { rating } } }",
        ),
        "bookmarks.list" => ("bookmarks", "{ bookmarks { edges { cursor } } }"),
        "bookmarks.save" => (
            "bookmarks",
            "mutation { saveBookmark(input: {track: 99999, position: 0}) { bookmark { position } } }",
        ),
        "bookmarks.delete" => (
            "bookmarks/99999",
            "mutation { deleteBookmark(input: {id: 99999}) { deletedId } }",
        ),
        "play_queue.retrieve" => ("play-queue", "{ playQueue { position } }"),
        "play_queue.save" => (
            "play-queue",
            "mutation { savePlayQueue(input: {tracks: [], position: -1}) { playQueue { position } } }",
        ),
        "activity.list" => ("activity", "{ activity { __typename } }"),
        "libraries.create" => (
            "libraries",
            "mutation { createLibrary(input: {name: \"\"}) { library { name } } }",
        ),
        "libraries.update" => (
            "libraries/00000000-0000-0000-0000-000000000000",
            "mutation { updateLibrary(input: {id: 99}) { library { name } } }",
        ),
        "libraries.delete" => (
            "libraries/00000000-0000-0000-0000-000000000000",
            "mutation { deleteLibrary(input: {id: 99}) { deletedId } }",
        ),
        "folder_imports.retrieve" => ("libraries/fs-import", "{ musicFolder { path } }"),
        "folder_imports.start" => (
            "libraries/fs-import",
            "mutation { startFolderImport(input: {path: \"\", library: \"LIBRARY\"}) { import { status } } }",
        ),
        "folder_imports.cancel" => (
            "libraries/fs-import",
            "mutation { cancelFolderImport { import { status } } }",
        ),
        "libraries.list" => ("libraries", "{ libraries { edges { cursor } } }"),
        "libraries.retrieve" => (
            "libraries/LIBRARY",
            "{ library(uuid: \"LIBRARY\") { name } }",
        ),
        "tags.list" => ("tags", "{ tags { edges { cursor } } }"),
        "tags.retrieve" => ("tags/Rock", "{ tag(name: \"Rock\") { name } }"),
        "licenses.list" => ("licenses", "{ licenses { code } }"),
        "licenses.retrieve" => (
            "licenses/cc-by-4.0",
            "{ license(code: \"cc-by-4.0\") { code } }",
        ),
        "attachments.retrieve" => (
            "attachments/ATTACHMENT",
            "{ attachment(uuid: \"ATTACHMENT\") { mimetype } }",
        ),
        "attachments.create" => ("attachments", ""),
        "attachments.delete" => (
            "attachments/00000000-0000-0000-0000-000000000000",
            "mutation { deleteAttachment(input: {id: 99}) { deletedId } }",
        ),
        "attachments.proxy" => ("attachments/ATTACHMENT/proxy", ""),
        "listen.retrieve" => ("listen/TRACK", ""),
        "stream.retrieve" => ("stream/TRACK", ""),
        "edits.of_artist" => (
            "artists/1/mutations",
            "{ artist(databaseId: 1) { edits { uuid } } }",
        ),
        "edits.propose_artist" => (
            "artists/99/mutations",
            "mutation { editArtist(input: {id: 99}) { edit { uuid } } }",
        ),
        "reviews.list" => ("mutations", "{ edits { nodes { uuid } } }"),
        "reviews.retrieve" => (
            "mutations/00000000-0000-0000-0000-000000000000",
            "{ edit(id: \"00000000-0000-0000-0000-000000000000\") { uuid } }",
        ),
        "reviews.delete" => (
            "mutations/00000000-0000-0000-0000-000000000000",
            "mutation { deleteEdit(input: {id: \"00000000-0000-0000-0000-000000000000\"}) { deletedId } }",
        ),
        "reviews.approve" => (
            "mutations/00000000-0000-0000-0000-000000000000/approve",
            "mutation { approveEdit(input: {id: \"00000000-0000-0000-0000-000000000000\"}) { edit { uuid } } }",
        ),
        "reviews.reject" => (
            "mutations/00000000-0000-0000-0000-000000000000/reject",
            "mutation { rejectEdit(input: {id: \"00000000-0000-0000-0000-000000000000\"}) { edit { uuid } } }",
        ),
        "reviews.undo" => (
            "mutations/00000000-0000-0000-0000-000000000000/undo",
            "mutation { undoEdit(input: {id: \"00000000-0000-0000-0000-000000000000\"}) { edit { uuid } } }",
        ),
        "fetches.of_artist" => ("artists/1/fetches", ""),
        "fetches.artist" => ("artists/1/fetches", ""),
        "edits.of_album" => (
            "albums/1/mutations",
            "{ album(databaseId: 1) { edits { uuid } } }",
        ),
        "edits.propose_album" => (
            "albums/99/mutations",
            "mutation { editAlbum(input: {id: 99}) { edit { uuid } } }",
        ),
        "fetches.of_album" => ("albums/1/fetches", ""),
        "fetches.album" => ("albums/1/fetches", ""),
        "edits.of_track" => (
            "tracks/1/mutations",
            "{ track(databaseId: 1) { edits { uuid } } }",
        ),
        "edits.propose_track" => (
            "tracks/99/mutations",
            "mutation { editTrack(input: {id: 99}) { edit { uuid } } }",
        ),
        "fetches.of_track" => ("tracks/1/fetches", ""),
        "fetches.track" => ("tracks/1/fetches", ""),
        "search.all" => (
            "search?q=a",
            "{ search(query: \"a\") { tags { nodes { name } } } }",
        ),
        "search.suggest" => (
            "search/suggestions?query=a",
            "{ searchSuggestions(query: \"a\") { text } }",
        ),
        "channels.list" => ("channels", "{ channels { edges { cursor } } }"),
        "channels.retrieve" => (
            CHANNEL,
            "{ channel(uuid: \"e95aebaf-5cfa-5bf0-bed2-115fb6a5da8b\") { uuid } }",
        ),
        "channels.create" => (
            "channels",
            "mutation { createChannel(input: {name: \"\", username: \"\", contentCategory: MUSIC}) { channel { uuid } } }",
        ),
        "channels.update" => (
            "channels/00000000-0000-0000-0000-000000000000",
            "mutation { updateChannel(input: {id: \"00000000-0000-0000-0000-000000000000\"}) { channel { uuid } } }",
        ),
        "channels.delete" => (
            "channels/00000000-0000-0000-0000-000000000000",
            "mutation { deleteChannel(input: {id: \"00000000-0000-0000-0000-000000000000\"}) { deletedId } }",
        ),
        "channels.rss" => ("channels/e95aebaf-5cfa-5bf0-bed2-115fb6a5da8b/rss", ""),
        "channels.metadata_choices" => (
            "channels/metadata-choices",
            "{ channelMetadataChoices { language { value } } }",
        ),
        "plugins.list" => ("plugins", "{ plugins { name } }"),
        "plugins.retrieve" => ("plugins/maloja", "{ plugin(name: \"maloja\") { label } }"),
        "plugins.configure" => (
            "plugins/maloja",
            "mutation { configurePlugin(input: {name: \"maloja\", values: {}}) { plugin { name } } }",
        ),
        "plugins.enable" => (
            "plugins/zzz/enable",
            "mutation { enablePlugin(input: {name: \"zzz\"}) { plugin { name } } }",
        ),
        "plugins.disable" => (
            "plugins/zzz/disable",
            "mutation { disablePlugin(input: {name: \"zzz\"}) { plugin { name } } }",
        ),
        "plugins.scan" => ("plugins/zzz/scan", ""),
        "feeds.subscribe" => (
            "channels/rss-subscribe",
            "mutation { subscribeToFeed(input: {url: \"nothing\"}) { subscription { uuid } } }",
        ),
        "feeds.import" => (
            "channels/rss-subscribe/opml",
            "mutation { importFeeds(input: {opml: \"\"}) { subscribedCount } }",
        ),
        "subscriptions.list" => (
            "subscriptions",
            "{ channelSubscriptions { edges { cursor } } }",
        ),
        "subscriptions.all" => ("subscriptions/all", ""),
        "subscriptions.retrieve" => (
            "subscriptions/00000000-0000-0000-0000-000000000000",
            "{ channelSubscription(uuid: \"00000000-0000-0000-0000-000000000000\") { uuid } }",
        ),
        "subscriptions.subscribe" => (
            "channels/none/subscribe",
            "mutation { subscribeToChannel(input: {channel: \"00000000-0000-0000-0000-000000000000\"}) { subscription { uuid } } }",
        ),
        "subscriptions.unsubscribe" => (
            "channels/none/unsubscribe",
            "mutation { unsubscribeFromChannel(input: {channel: \"00000000-0000-0000-0000-000000000000\"}) { channel { uuid } } }",
        ),
        "oembed.show" => ("oembed/?url=http://pod.test/library/tracks/1", ""),
        "text.preview" => ("text-preview", "{ textPreview(text: \"a\") }"),
        "instance.nodeinfo" => ("instance/nodeinfo/2.0", "{ instance { name } }"),
        "instance.nodeinfo21" => ("/api/v2/instance/nodeinfo/2.1", ""),
        "instance.discovery" => ("/.well-known/nodeinfo", ""),
        "instance.settings" => (
            "instance/settings",
            "{ instance { settings { identifier } } }",
        ),
        "instance.manifest" => ("instance/spa-manifest.json", ""),
        "rate-limit.show" => ("rate-limit", "{ rateLimit { enabled } }"),
        "users.me" => ("users/me", "{ viewer { username } }"),
        "users.delete" => (
            "users/me",
            "mutation { deleteAccount(input: {password: \"\", confirm: false}) { deletedId } }",
        ),
        "users.retrieve" => ("users/bob", "{ user(username: \"bob\") { name } }"),
        "users.update" => (
            "users/alice",
            "mutation { updateUser(input: {}) { viewer { username } } }",
        ),
        "users.settings" => (
            "users/settings",
            "mutation { updateSettings(input: {settings: {}}) { settings } }",
        ),
        "users.subsonic_token" => ("users/alice/subsonic-token", "{ viewer { subsonicToken } }"),
        "users.rotate_subsonic_token" => (
            "users/alice/subsonic-token",
            "mutation { rotateSubsonicToken { subsonicToken } }",
        ),
        "users.delete_subsonic_token" => (
            "users/alice/subsonic-token",
            "mutation { deleteSubsonicToken { viewer { id } } }",
        ),
        "users.change_email" => (
            "users/change-email",
            "mutation { changeEmail(input: {password: \"\", email: \"\"}) { email } }",
        ),
        "users.login" => ("users/login", ""),
        "users.logout" => ("users/logout", ""),
        "auth.register" => (
            "auth/registration",
            "mutation { signUp(input: {username: \"\", email: \"\", password1: \"\", password2: \"\"}) { outcome } }",
        ),
        "auth.verify_email" => (
            "auth/registration/verify-email",
            "mutation { confirmEmail(input: {key: \"\"}) { email } }",
        ),
        "auth.confirmation_page" => ("auth/registration/account-confirm-email/k", ""),
        "auth.password_reset" => (
            "auth/password/reset",
            "mutation { requestPasswordReset(input: {email: \"\"}) { email } }",
        ),
        "auth.password_reset_confirm" => (
            "auth/password/reset/confirm",
            "mutation { resetPassword(input: {uid: \"\", token: \"\", newPassword1: \"\", newPassword2: \"\"}) { username } }",
        ),
        "auth.password_change" => (
            "auth/password/change",
            "mutation { changePassword(input: {oldPassword: \"\", newPassword1: \"\", newPassword2: \"\"}) { viewer { id } } }",
        ),
        "auth.user" | "auth.update_user" => ("auth/user", ""),
        "sessions.list" => ("auth/sessions", "{ sessions { userAgent } }"),
        "sessions.delete" => (
            "auth/sessions/99",
            "mutation { revokeSession(input: {id: 99}) { deletedId } }",
        ),
        "oauth-apps.list" => ("oauth/apps", "{ oauthApps { name } }"),
        "oauth-apps.create" => (
            "oauth/apps",
            "mutation { createOauthApp(input: {name: \"\"}) { clientSecret } }",
        ),
        "oauth-apps.retrieve" => (
            "oauth/apps/client1",
            "{ oauthApp(clientId: \"client1\") { name } }",
        ),
        "oauth-apps.update" => (
            "oauth/apps/none",
            "mutation { updateOauthApp(input: {id: \"none\"}) { application { name } } }",
        ),
        "oauth-apps.delete" => (
            "oauth/apps/none",
            "mutation { deleteOauthApp(input: {id: \"none\"}) { deletedId } }",
        ),
        "oauth-apps.rotate" => (
            "oauth/apps/none/refresh-token",
            "mutation { rotateApplicationToken(input: {id: \"none\"}) { token } }",
        ),
        "grants.list" => ("oauth/grants", "{ grants { scopes } }"),
        "grants.retrieve" => (
            "oauth/grants/client1",
            "{ grant(clientId: \"client1\") { scopes } }",
        ),
        "grants.delete" => (
            "oauth/grants/none",
            "mutation { revokeGrant(input: {id: \"none\"}) { deletedId } }",
        ),
        "oauth.authorize" | "oauth.authorize_page" => ("oauth/authorize", ""),
        "oauth.token" => ("oauth/token", ""),
        "oauth.revoke" => ("oauth/revoke", ""),
        "oauth.introspect" => ("oauth/introspect", ""),
        "oauth.device" => ("oauth/device_authorization", ""),
        "oauth.metadata" => ("/.well-known/oauth-authorization-server", ""),
        name => panic!("{name} is met at neither door: tell here how"),
    }
}
