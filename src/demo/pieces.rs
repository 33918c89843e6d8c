//! The pieces of the demo pod.

/// A piece of music: its sound and its tags.
#[derive(Clone, Copy, Debug)]
pub struct Piece {
    /// The library, and also the folder, of the piece.
    pub library: &'static str,
    pub artist: &'static str,
    pub album: &'static str,
    pub title: &'static str,
    pub position: u32,
    pub year: u32,
    pub genres: &'static [&'static str],
    pub sound: Sound,
}

/// The parameters of a piece's sound.
#[derive(Clone, Copy, Debug)]
pub struct Sound {
    /// Beats per minute.
    pub tempo: f64,
    /// The keynote as a MIDI number: 60 is middle C.
    pub key: i32,
    pub minor: bool,
    /// Scale degrees of its chords, one bar each.
    pub chords: [i32; 4],
    /// The seed of its melody.
    pub seed: u64,
}

/// Chord progressions, as scale degrees.
const HYMN: [i32; 4] = [0, 3, 4, 0];
const ROUND: [i32; 4] = [0, 5, 3, 4];
const TIDE: [i32; 4] = [0, 4, 5, 3];
const NIGHT: [i32; 4] = [5, 3, 0, 4];

macro_rules! pieces {
    ($($library:literal: $artist:literal, $album:literal ($year:literal) $genres:tt {
        $($position:literal $title:literal: $tempo:literal $key:literal $minor:literal $chords:ident;)+
    })+) => {
        pub const PIECES: &[Piece] = &[$($(Piece {
            library: $library,
            artist: $artist,
            album: $album,
            title: $title,
            position: $position,
            year: $year,
            genres: &$genres,
            sound: Sound {
                tempo: $tempo,
                key: $key,
                minor: $minor,
                chords: $chords,
                seed: $year * 100 + $position,
            },
        },)+)+];
    };
}

pieces! {
    "Open Water": "The Humpbacks", "Songs from Below" (2021) ["Ambient", "Folk"] {
        1 "Morning on the Surface": 84.0 60 false ROUND;
        2 "Long Breath": 66.0 57 true NIGHT;
        3 "Krill Dance": 112.0 62 false HYMN;
        4 "Homeward": 76.0 55 false TIDE;
    }
    "Open Water": "Minke & Daughters", "Salt Air" (2023) ["Chiptune"] {
        1 "Lighthouse": 120.0 64 false TIDE;
        2 "Buoy Bells": 96.0 67 true ROUND;
        3 "Ferry at Nine": 132.0 60 false HYMN;
    }
    "Harbour": "Minke & Daughters", "Low Tide" (2024) ["Chiptune", "Ambient"] {
        1 "Mudflats": 72.0 58 true TIDE;
        2 "Sandpipers": 126.0 65 false ROUND;
    }
    "Harbour": "Right Whale Trio", "Harbour Sessions" (2022) ["Jazz"] {
        1 "Blue in Grey": 92.0 56 true NIGHT;
        2 "Crane Waltz": 104.0 61 false ROUND;
    }
    "Desk Drawer": "Carol", "Sketches" (2025) ["Demo"] {
        1 "Unfinished": 88.0 59 true ROUND;
    }
}
