//! What all XML that is written has in common.

/// Whether XML 1.0 can hold a character: it has no way to write the others.
pub fn holds(char: char) -> bool {
    match char {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        char => char >= ' ',
    }
}

/// A text without the characters that XML cannot hold.
pub fn writable(text: &str) -> String {
    text.chars().filter(|char| holds(*char)).collect()
}
