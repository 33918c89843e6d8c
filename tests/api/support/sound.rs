use std::{f64::consts::TAU, process::Command, sync::OnceLock};

/// A tone as a WAV file: one channel, 16 bits, 8,000 samples a second.
pub fn wav(seconds: u32, pitch: f64) -> Vec<u8> {
    let rate = 8_000_u32;
    let samples = rate * seconds;
    let mut file = Vec::new();
    file.extend_from_slice(b"RIFF");
    file.extend_from_slice(&(36 + samples * 2).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    file.extend_from_slice(&rate.to_le_bytes());
    file.extend_from_slice(&(rate * 2).to_le_bytes());
    file.extend_from_slice(b"\x02\0\x10\0data");
    file.extend_from_slice(&(samples * 2).to_le_bytes());
    for index in 0..samples {
        let turn = TAU * pitch * f64::from(index) / f64::from(rate);
        file.extend_from_slice(&((turn.sin() * 8_000.0) as i16).to_le_bytes());
    }
    file
}

/// Whether this machine can convert audio; required where `BALEEN_TEST_REQUIRE_FFMPEG` is set.
pub fn ffmpeg() -> bool {
    static FOUND: OnceLock<bool> = OnceLock::new();
    *FOUND.get_or_init(|| {
        let found = Command::new("ffmpeg").arg("-version").output().is_ok();
        if !found {
            let required = std::env::var_os("BALEEN_TEST_REQUIRE_FFMPEG").is_some();
            assert!(!required, "ffmpeg is required and not found");
            eprintln!("ffmpeg not found, conversions are not tested");
        }
        found
    })
}
