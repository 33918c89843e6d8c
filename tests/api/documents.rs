//! What is written down is what the program says: generated, and tested fresh.
use std::{fs, path::Path};

use baleen::{cli, config::Config, graphql, rest};
use serde_json::Value;

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

#[test]
fn the_schema_file_is_fresh() {
    let fresh = graphql::sdl();
    assert!(
        file("schema.graphql").trim() == fresh.trim(),
        "run: cargo run -- schema > schema.graphql"
    );
}

#[test]
fn the_table_of_operations_is_fresh() {
    let fresh = cli::operations();
    assert!(
        file("docs/OPERATIONS.md").trim().ends_with(fresh.trim()),
        "run: scripts/fresh"
    );
}

#[test]
fn the_table_of_settings_is_fresh() {
    assert!(
        file("docs/SETTINGS.md").contains(cli::settings().trim()),
        "run: scripts/fresh"
    );
}

#[test]
fn everything_in_the_schema_is_described() {
    let schema = graphql::schema(&Config::of(&[]).unwrap());
    let query = "{ __schema { types { name kind description enumValues { name description } \
        inputFields { name description } fields { name description args { name description } } } } }";
    let answer = futures_util::FutureExt::now_or_never(schema.execute(query)).unwrap();
    let data: Value = serde_json::to_value(answer.data).unwrap();
    let mut bare = Vec::new();
    let silent = |item: &Value| item["description"].as_str().unwrap_or_default().is_empty();
    // These arguments are Relay's, and mean everywhere the same.
    let relay = [
        "first",
        "after",
        "last",
        "before",
        "filter",
        "orderBy",
        "id",
        "ids",
        "databaseId",
        "uuid",
        "code",
        "name",
        "query",
    ];
    for kind in data["__schema"]["types"].as_array().unwrap() {
        let name = kind["name"].as_str().unwrap();
        if name.starts_with("__") || ["Boolean", "Float", "ID", "Int", "String"].contains(&name) {
            continue;
        }
        if silent(kind) && name != "Node" {
            bare.push(name.to_owned());
        }
        for part in ["fields", "inputFields", "enumValues"] {
            for item in kind[part].as_array().into_iter().flatten() {
                if silent(item) {
                    bare.push(format!("{name}.{}", item["name"]));
                }
                for argument in item["args"].as_array().into_iter().flatten() {
                    if silent(argument) && !relay.contains(&argument["name"].as_str().unwrap()) {
                        bare.push(format!("{name}.{}({})", item["name"], argument["name"]));
                    }
                }
            }
        }
    }
    assert!(bare.is_empty(), "without a description: {bare:#?}");
}

/// GraphQL names of what REST shows under another name.
const VIEWS: &[(&str, &str)] = &[
    ("AlbumDetail", "Album"),
    ("ArtistAlbum", "Album"),
    ("TrackAlbum", "Album"),
    ("ArtistDetail", "Artist"),
    ("ArtistRef", "Artist"),
    ("TrackDetail", "Track"),
    ("UploadRef", "Upload"),
    ("HoldingLibrary", "Library"),
    ("InlineActor", "Actor"),
    ("InlineChannel", "Channel"),
    ("ChannelDetail", "Channel"),
    ("ChannelArtist", "Artist"),
    ("BriefSubscription", "ChannelSubscription"),
    ("Me", "User"),
    ("ProfileBody", "User"),
    ("BriefAccount", "UserAccount"),
    ("ManagedActor", "Actor"),
    ("ManagedAccount", "Actor"),
    ("ManagedArtist", "Artist"),
    ("ManagedArtistRef", "Artist"),
    ("ManagedAlbum", "Album"),
    ("ManagedAlbumRef", "Album"),
    ("ManagedTrack", "Track"),
    ("ManagedTrackRef", "Track"),
    ("ManagedLibrary", "Library"),
    ("ManagedLibraryRef", "Library"),
    ("ManagedUpload", "Upload"),
    ("ManagedChannel", "Channel"),
    ("ManagedTag", "Tag"),
    ("ManagedDomain", "Domain"),
    ("OwnReport", "Report"),
    ("BriefNote", "ModerationNote"),
    ("UserDetailsBody", "User"),
    ("Application", "OauthApplication"),
    ("ListedApplication", "OauthApplication"),
    ("OwnApplication", "OauthApplication"),
];

/// Fields of REST that GraphQL has otherwise, or not.
const OTHERWISE: &[&str] = &[
    // `cover`.
    "ArtistRef.attachment_cover",
    // `artist`, `album` and `track`.
    "Edit.target",
    // Null until scanning other pods is there.
    "HoldingLibrary.latest_scan",
    // `user.actor`.
    "Favorite.actor",
    "Listening.actor",
    "Playlist.actor",
    // `artist`.
    "ContentFilter.target",
    // `user.username`.
    "RateLimitRefusal.username",
    // `invitedUser`.
    "Invitation.users",
    // `targetDomain` and `targetActor`.
    "InstancePolicy.target",
    // `accountStats`, `userAccounts` and `instancePolicies`.
    "ManagedAccount.uploads_count",
    "ManagedAccount.user",
    "ManagedAccount.instance_policy",
    // `fields`, `isEnabled` and `isRequired`; each plugin here is a user's, and has no music.
    "Plugin.conf",
    "Plugin.enabled",
    "Plugin.source",
    "Plugin.user",
    "PluginField.required",
    // `isAllowed`.
    "ManagedDomain.allowed",
    // Part of `fid`.
    "ManagedAlbum.domain",
    "ManagedAlbumRef.domain",
    "ManagedArtist.domain",
    "ManagedArtistRef.domain",
    "ManagedLibrary.domain",
    "ManagedLibraryRef.domain",
    "ManagedTrack.domain",
    "ManagedTrackRef.domain",
    "ManagedUpload.domain",
    // `albums { totalCount }`, and likewise.
    "ManagedArtist.albums_count",
    "ManagedTag.tracks_count",
    "ManagedTag.albums_count",
    "ManagedTag.artists_count",
    // `libraryStats` and `trackStats`.
    "ManagedLibrary.followers_count",
    "ManagedTrack.uploads_count",
    // Always null.
    "ManagedLibrary.url",
    "ManagedLibraryRef.url",
    // Of ActivityPub.
    "ManagedLibrary.followers_url",
    "ManagedLibraryRef.followers_url",
    // `listenUrl`.
    "ManagedUpload.audio_file",
    // For orders; they change with every play.
    "ManagedUpload.accessed_date",
    "ManagedUpload.modification_date",
    // `artist`, `album` or `track`.
    "Mark.type",
    // `type`, `creationDate`, `actor`, `library` and `follow`.
    "Notification.activity",
    // `listenToken`.
    "Me.tokens",
    // Shown only by the payloads that make them.
    "ListedApplication.token",
    "OwnApplication.client_secret",
    "OwnApplication.token",
    // Records without an identity call no field `id`.
    "RateLimitIdent.id",
    "RateLimitScope.id",
    // What it is made of.
    "FolderImport.logs",
    // `isFolder`.
    "MusicFolderEntry.dir",
    // `node`.
    "SearchSuggestion.id",
    "SearchSuggestion.type",
    // `databaseId` and `name`.
    "UserDetailsBody.pk",
    "UserDetailsBody.first_name",
    "UserDetailsBody.last_name",
];

#[test]
fn what_rest_shows_of_an_object_graphql_shows_too() {
    let config = Config::of(&[]).unwrap();
    let schema = graphql::schema(&config);
    let query = "{ __schema { types { name fields { name } } } }";
    let answer = futures_util::FutureExt::now_or_never(schema.execute(query)).unwrap();
    let data: Value = serde_json::to_value(answer.data).unwrap();
    let types = data["__schema"]["types"].as_array().unwrap();
    let fields = |name: &str| -> Option<Vec<&str>> {
        let named = types.iter().find(|kind| kind["name"] == name)?;
        let fields = named["fields"].as_array()?.iter();
        Some(
            fields
                .map(|field| field["name"].as_str().unwrap())
                .collect(),
        )
    };
    let document = rest::document(&config);
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let view = |name: &str| VIEWS.iter().find(|(rest, _)| *rest == name);
    let (mut missing, mut compared) = (Vec::new(), 0);
    for (name, schema) in schemas {
        if let Some(listed) = name.strip_prefix("Page_") {
            let is_there = fields(listed).is_some() || view(listed).is_some() || listed == "Fetch";
            assert!(is_there, "{listed} is listed over REST alone");
        }
        let twin = view(name).map_or(name.as_str(), |(_, twin)| twin);
        let (Some(fields), Some(shown)) = (fields(twin), schema["properties"].as_object()) else {
            assert!(view(name).is_none(), "{name}");
            continue;
        };
        compared += 1;
        for field in shown.keys() {
            let place = format!("{name}.{field}");
            let has = fields.contains(&camel(field).as_str());
            if !has && !OTHERWISE.contains(&place.as_str()) {
                missing.push(place.clone());
            }
            assert!(
                !(has && OTHERWISE.contains(&place.as_str())),
                "{place} is there now"
            );
        }
    }
    assert!(
        missing.is_empty() && compared > 25,
        "{compared} compared, missing: {missing:#?}"
    );
}

/// `release_date`: `releaseDate`.
fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |camel, word| {
        let (start, rest) = word.split_at(word.len().min(1));
        camel + &start.to_uppercase() + rest
    })
}

#[test]
fn every_operation_of_the_openapi_document_is_told_whole() {
    let document = rest::document(&Config::of(&[]).unwrap());
    for (path, operations) in document["paths"].as_object().unwrap() {
        for (method, operation) in operations.as_object().unwrap() {
            let place = format!("{method} {path}");
            assert!(operation["operationId"].is_string(), "{place}");
            assert!(
                operation["summary"]
                    .as_str()
                    .is_some_and(|text| text.ends_with('.')),
                "{place}"
            );
            assert!(operation["security"].is_array(), "{place}");
            let done = ["200", "201", "204", "302"]
                .iter()
                .any(|status| operation["responses"][status].is_object());
            assert!(done, "{place}");
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                let described = parameter["description"]
                    .as_str()
                    .is_some_and(|text| !text.is_empty());
                assert!(described, "{place}: {}", parameter["name"]);
            }
        }
    }
}
