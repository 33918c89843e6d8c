//! The text of a playlist file (M3U).
use std::path::{Component, Path, PathBuf};

use encoding_rs::{UTF_8, WINDOWS_1252};
use percent_encoding::percent_decode_str;

/// What a playlist file says.
#[derive(Debug, PartialEq, Eq)]
pub struct Text {
    /// The name in the file.
    pub name: Option<String>,
    /// Paths of the songs, in their order. Addresses on the web are none.
    pub paths: Vec<Option<String>>,
}

/// Reads a playlist file of the folder `beside`. `None`: it lists the pieces of a stream (HLS), which is also
/// called `.m3u8`.
pub fn read(bytes: &[u8], beside: &Path) -> Option<Text> {
    let text = decoded(bytes);
    let lines = || text.lines().map(str::trim).filter(|line| !line.is_empty());
    if lines().any(|line| line.starts_with("#EXT-X-")) {
        return None;
    }
    let name = lines().find_map(|line| line.strip_prefix("#PLAYLIST:"));
    let songs = lines().filter(|line| !line.starts_with('#'));
    Some(Text {
        name: name.map(|name| name.trim().to_owned()),
        paths: songs.map(|line| path(line, beside)).collect(),
    })
}

/// UTF-8, UTF-16 with a byte order mark, or what Windows wrote before.
fn decoded(bytes: &[u8]) -> String {
    let (text, _, is_broken) = UTF_8.decode(bytes);
    match is_broken {
        true => WINDOWS_1252.decode(bytes).0.into_owned(),
        false => text.into_owned(),
    }
}

/// `None` for addresses on the web, and for what cannot be a path.
fn path(line: &str, beside: &Path) -> Option<String> {
    if line.contains('\0') {
        return None;
    }
    let line = match line.split_once("://") {
        Some(("file", rest)) => {
            let path = rest.strip_prefix("localhost").unwrap_or(rest);
            percent_decode_str(path).decode_utf8().ok()?.into_owned()
        }
        Some((scheme, _)) if scheme.chars().all(|c| c.is_ascii_alphanumeric()) => return None,
        // As Windows separates folders.
        _ if !line.contains('/') => line.replace('\\', "/"),
        _ => line.to_owned(),
    };
    let mut path = PathBuf::new();
    for part in beside.join(line).components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => _ = path.pop(),
            part => path.push(part),
        }
    }
    path.to_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(bytes: &[u8]) -> Vec<Option<String>> {
        read(bytes, Path::new("/m/lists")).unwrap().paths
    }

    #[test]
    fn songs_are_named_in_many_ways() {
        for (line, path) in [
            ("one.mp3", Some("/m/lists/one.mp3")),
            ("  ./one.mp3\r", Some("/m/lists/one.mp3")),
            ("../a/one.mp3", Some("/m/a/one.mp3")),
            ("/m/a/one.mp3", Some("/m/a/one.mp3")),
            ("..\\a\\one.mp3", Some("/m/a/one.mp3")),
            ("file:///m/a/a%20song.mp3", Some("/m/a/a song.mp3")),
            ("file://localhost/m/one.mp3", Some("/m/one.mp3")),
            ("Who: is://there.mp3", Some("/m/lists/Who: is:/there.mp3")),
            ("https://radio.example/live.mp3", None),
            ("../../../../etc/passwd", Some("/etc/passwd")),
        ] {
            assert_eq!(paths(line.as_bytes()), [path.map(str::to_owned)], "{line}");
        }
    }

    #[test]
    fn files_are_in_several_encodings() {
        let names = [Some("/m/lists/Jóga.mp3".to_owned())];
        assert_eq!(paths("\u{feff}#EXTM3U\nJóga.mp3".as_bytes()), names);
        assert_eq!(paths(b"J\xf3ga.mp3"), names);
        let wide: Vec<u8> = "\u{feff}Jóga.mp3\r\n"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        assert_eq!(paths(&wide), names);
    }

    #[test]
    fn a_name_is_taken_and_a_stream_is_none() {
        let text = read(
            b"#EXTM3U\n#PLAYLIST: Late hours\n#EXTINF:1,One\none.mp3\n\n",
            Path::new("/m"),
        );
        let name = Some("Late hours".to_owned());
        let paths = vec![Some("/m/one.mp3".to_owned())];
        assert_eq!(text, Some(Text { name, paths }));
        assert_eq!(
            read(
                b"#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:9,\n0.ts",
                Path::new("/m")
            ),
            None
        );
    }
}
