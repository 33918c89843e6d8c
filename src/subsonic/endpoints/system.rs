//! What the server is, and who uses it.
use poem::Response;
use serde::Serialize;

use crate::{
    resources::{library::folder_imports, people::users},
    subsonic::{
        Call,
        refusal::{Code, Refusal, Told},
    },
};

pub async fn ping(call: &Call) -> Told<Response> {
    Ok(call.format.done())
}

/// Subsonic sold licences; there is nothing to buy here.
pub async fn license(call: &Call) -> Told<Response> {
    #[derive(Serialize)]
    struct License {
        valid: bool,
    }
    Ok(call.format.told("license", &License { valid: true }))
}

/// OpenSubsonic's extensions that there are, with their versions.
const EXTENSIONS: &[(&str, &[u32])] = &[
    ("apiKeyAuthentication", &[1]),
    ("formPost", &[1]),
    ("getPodcastEpisode", &[1]),
    ("indexBasedQueue", &[1]),
    ("songLyrics", &[1]),
    ("topSongsByArtistId", &[1]),
    ("transcodeOffset", &[1]),
];

pub async fn extensions(call: &Call) -> Told<Response> {
    #[derive(Serialize)]
    struct Extension {
        name: &'static str,
        versions: &'static [u32],
    }
    let known = EXTENSIONS.iter();
    let known = known.map(|(name, versions)| Extension { name, versions });
    let known: Vec<_> = known.collect();
    Ok(call.format.told("openSubsonicExtensions", &known))
}

pub async fn token_info(call: &Call) -> Told<Response> {
    #[derive(Serialize)]
    struct TokenInfo<'a> {
        username: &'a str,
    }
    let username = call.cx.reader().user()?.username.as_str();
    Ok(call.format.told("tokenInfo", &TokenInfo { username }))
}

/// An account and what it may do.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Account {
    username: String,
    email: String,
    scrobbling_enabled: bool,
    admin_role: bool,
    settings_role: bool,
    download_role: bool,
    upload_role: bool,
    playlist_role: bool,
    cover_art_role: bool,
    comment_role: bool,
    podcast_role: bool,
    stream_role: bool,
    jukebox_role: bool,
    share_role: bool,
    video_conversion_role: bool,
    folder: [i32; 1],
}

impl Account {
    async fn of(call: &Call) -> Told<Self> {
        let permit = call.permit::<users::Me>().await?;
        let account = users::viewer(&permit, permit.db()).await?;
        // Players show to administrators what starts a scan.
        let admin_role = permit.user()?.permissions.library;
        Ok(Self {
            username: account.username,
            email: account.email,
            scrobbling_enabled: true,
            admin_role,
            settings_role: false,
            download_role: true,
            upload_role: false,
            playlist_role: true,
            cover_art_role: false,
            comment_role: false,
            podcast_role: true,
            stream_role: true,
            jukebox_role: false,
            share_role: false,
            video_conversion_role: false,
            folder: [1],
        })
    }
}

pub async fn user(call: &Call) -> Told<Response> {
    let account = Account::of(call).await?;
    let named = call.params.text("username");
    if named.is_some_and(|named| !named.eq_ignore_ascii_case(&account.username)) {
        let why = "Only your own account can be shown.";
        return Err(Refusal::new(Code::NotAuthorized, why));
    }
    Ok(call.format.told("user", &account))
}

pub async fn users(call: &Call) -> Told<Response> {
    #[derive(Serialize)]
    struct Users {
        user: [Account; 1],
    }
    let user = [Account::of(call).await?];
    Ok(call.format.told("users", &Users { user }))
}

/// Whether a folder of the music directory is being imported, and how many songs there are.
#[derive(Serialize)]
struct ScanStatus {
    scanning: bool,
    count: i64,
}

pub async fn scan_status(call: &Call) -> Told<Response> {
    let permit = call.permit::<folder_imports::Retrieve>().await?;
    let status = ScanStatus {
        scanning: folder_imports::is_running(&permit).await?,
        count: permit.figures().await?.tracks,
    };
    Ok(call.format.told("scanStatus", &status))
}

pub async fn start_scan(call: &Call) -> Told<Response> {
    folder_imports::again(&call.permit().await?).await?;
    scan_status(call).await
}

/// Answers with an empty list: what this server has none of.
macro_rules! none {
    ($($name:ident => $element:literal, $row:literal;)+) => {
        $(pub async fn $name(call: &Call) -> Told<Response> {
            #[derive(Serialize)]
            struct None {
                #[serde(rename = $row)]
                rows: [(); 0],
            }
            Ok(call.format.told($element, &None { rows: [] }))
        })+
    };
}

none! {
    videos => "videos", "video";
    shares => "shares", "share";
    radio_stations => "internetRadioStations", "internetRadioStation";
    chat_messages => "chatMessages", "chatMessage";
}
