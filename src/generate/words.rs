//! Realistic names and titles, and the random numbers they are made from.

/// A pseudo-random number that depends on these three only (SplitMix64).
pub fn draw(seed: u64, kind: &str, id: u64) -> u64 {
    let mixed = kind.bytes().fold(seed, |mixed, byte| {
        step(mixed.wrapping_add(u64::from(byte)))
    });
    step(mixed.wrapping_add(id))
}

fn step(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

const FIRST: &[&str] = &[
    "Ana",
    "Björk",
    "Chen",
    "David",
    "Elena",
    "Fela",
    "Grace",
    "Hiroshi",
    "Ingrid",
    "John",
    "Kateřina",
    "Lena",
    "Miles",
    "Nina",
    "Oumou",
    "Paul",
    "Quentin",
    "Rosa",
    "Søren",
    "Tomás",
    "Ursula",
    "Vera",
    "Wayne",
    "Xavier",
    "Youssou",
    "Zoë",
];

const LAST: &[&str] = &[
    "Andersen", "Brown", "Castro", "Dvořák", "Evans", "Fischer", "García", "Hayashi", "Ibrahim",
    "Johnson", "Kim", "Lopez", "Moreau", "Nguyen", "Okafor", "Petrov", "Quinn", "Rossi", "Sato",
    "Touré", "Ueda", "Vargas", "Weber", "Xu", "Yamada", "Zawadzki",
];

const WORDS: &[&str] = &[
    "above",
    "again",
    "amber",
    "autumn",
    "beautiful",
    "below",
    "blue",
    "bridge",
    "broken",
    "city",
    "cold",
    "dawn",
    "distant",
    "dream",
    "echo",
    "empty",
    "evening",
    "falling",
    "fire",
    "forest",
    "garden",
    "glass",
    "golden",
    "harbour",
    "heart",
    "hollow",
    "home",
    "island",
    "lantern",
    "light",
    "little",
    "lost",
    "meadow",
    "midnight",
    "mirror",
    "morning",
    "mountain",
    "night",
    "northern",
    "ocean",
    "open",
    "paper",
    "quiet",
    "rain",
    "river",
    "road",
    "salt",
    "shadow",
    "silver",
    "sleep",
    "slow",
    "snow",
    "song",
    "south",
    "stone",
    "storm",
    "summer",
    "sun",
    "thunder",
    "tide",
    "under",
    "velvet",
    "walking",
    "water",
    "wild",
    "winter",
    "wood",
    "yellow",
];

fn pick<'a>(list: &[&'a str], drawn: u64) -> &'a str {
    let index = drawn % list.len() as u64;
    list[usize::try_from(index).expect("it is less than the list's length")]
}

/// The name of a person or a band.
pub fn artist(drawn: u64) -> String {
    let (first, last) = (pick(FIRST, drawn), pick(LAST, drawn >> 8));
    match drawn >> 16 & 3 {
        0 => format!(
            "The {} {}s",
            capital(pick(WORDS, drawn >> 24)),
            capital(pick(WORDS, drawn >> 32))
        ),
        1 => format!("{first} {last} Quartet"),
        _ => format!("{first} {last}"),
    }
}

/// A title of one to four words.
pub fn title(drawn: u64) -> String {
    let count = 1 + (drawn & 3);
    let words = (0..count).map(|index| pick(WORDS, drawn >> (8 * (index + 1))));
    capital(&words.collect::<Vec<_>>().join(" "))
}

/// A word in lower case.
pub fn word(index: u64) -> String {
    let word = pick(WORDS, index);
    match index / WORDS.len() as u64 {
        0 => word.to_owned(),
        round => format!("{word}{round}"),
    }
}

fn capital(text: &str) -> String {
    let (first, rest) = text.split_at(1);
    first.to_uppercase() + rest
}
