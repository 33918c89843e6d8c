//! Drawn covers: a sky, a sun and waves, in colors that depend on the album.
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use sha2::{Digest, Sha256};

const SIDE: u32 = 640;

/// The cover of an album, as JPEG.
pub fn draw(album: &str) -> Result<Vec<u8>, image::ImageError> {
    let hash = Sha256::digest(album.as_bytes());
    let tone = |index: usize| f64::from(hash[index]) / 255.0;
    let (hue, height, speed) = (tone(0), 0.25 + 0.25 * tone(1), 2.0 + 4.0 * tone(2));
    let paint = |x: u32, y: u32| {
        let (x, y) = (
            f64::from(x) / f64::from(SIDE),
            f64::from(y) / f64::from(SIDE),
        );
        let away = ((x - 0.3 - 0.4 * tone(3)).powi(2) + (y - height).powi(2)).sqrt();
        if y < 0.55 && away < 0.11 {
            return colour(hue + 0.45, 0.45, 0.95);
        }
        let wave = |number: f64| 0.5 + 0.1 * number + 0.02 * (x * speed * number + number).sin();
        let deep = (1..=5)
            .rev()
            .map(f64::from)
            .find(|number| y > wave(*number));
        match deep {
            Some(number) => colour(hue + 0.02 * number, 0.65, 0.75 - 0.12 * number),
            None => colour(hue + 0.5 - 0.15 * y, 0.3, 0.95 - 0.25 * y),
        }
    };
    let picture = RgbImage::from_fn(SIDE, SIDE, paint);
    let mut bytes = std::io::Cursor::new(Vec::new());
    DynamicImage::from(picture).write_to(&mut bytes, ImageFormat::Jpeg)?;
    Ok(bytes.into_inner())
}

/// A color from hue (in turns), saturation and value.
fn colour(hue: f64, saturation: f64, value: f64) -> Rgb<u8> {
    let channel = |shift: f64| {
        let turn = (shift + hue * 6.0).rem_euclid(6.0);
        let part = turn.min(4.0 - turn).clamp(0.0, 1.0);
        (255.0 * (value - value * saturation * part)).round() as u8
    };
    Rgb([channel(5.0), channel(3.0), channel(1.0)])
}
