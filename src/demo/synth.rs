//! Composing and synthesizing: chords, a bass and a plucked melody, deterministic for each piece.
use std::f64::consts::TAU;

use super::pieces::Sound;

/// Samples per second and channel.
pub const RATE: u32 = 44_100;
pub const CHANNELS: usize = 2;
const BEATS: usize = 4;

const MAJOR: [i32; 7] = [0, 2, 4, 5, 7, 9, 11];
const MINOR: [i32; 7] = [0, 2, 3, 5, 7, 8, 10];
/// Scale degrees that never clash.
const PENTATONIC: [i32; 5] = [0, 1, 2, 4, 5];

/// A note.
struct Note {
    /// In seconds.
    start: f64,
    length: f64,
    /// In hertz.
    pitch: f64,
    loud: f64,
    /// Stereo position, from -1 (left) to 1 (right).
    place: f64,
    voice: Voice,
}

#[derive(Clone, Copy, PartialEq)]
enum Voice {
    Pad,
    Bass,
    Pluck,
}

/// The samples of a piece: 16 bits, interleaved left and right.
pub fn play(sound: &Sound, seconds: u32) -> Vec<i32> {
    let frames = (RATE * seconds) as usize;
    let mut mix = vec![0.0_f64; frames * CHANNELS];
    for note in compose(sound, f64::from(seconds)) {
        add(&mut mix, &note);
    }
    echo(&mut mix, 60.0 / sound.tempo * 0.75);
    fade(&mut mix);
    let loudest = mix
        .iter()
        .fold(1e-9_f64, |most, sample| most.max(sample.abs()));
    let scale = 0.7 * f64::from(i16::MAX) / loudest;
    mix.into_iter()
        .map(|sample| (sample * scale).round() as i32)
        .collect()
}

/// The pitch of a scale degree, which may lie beyond the octave.
fn pitch(sound: &Sound, step: i32, octave: i32) -> f64 {
    let scale = if sound.minor { MINOR } else { MAJOR };
    let within = scale[step.rem_euclid(7) as usize];
    let key = sound.key + within + 12 * (step.div_euclid(7) + octave);
    440.0 * ((f64::from(key) - 69.0) / 12.0).exp2()
}

fn compose(sound: &Sound, seconds: f64) -> Vec<Note> {
    let beat = 60.0 / sound.tempo;
    let bar = beat * BEATS as f64;
    let bars = (seconds / bar).ceil() as usize;
    let mut chance = Chance(sound.seed);
    let mut step = 2;
    let mut notes = Vec::new();
    for number in 0..bars {
        let start = number as f64 * bar;
        let chord = sound.chords[number % sound.chords.len()];
        notes.extend(pads(sound, chord, start, bar));
        notes.extend(bass(sound, chord, start, beat));
        // The first bar has chords only.
        if number > 0 {
            notes.extend(melody(sound, chord, start, beat, &mut step, &mut chance));
        }
    }
    notes
}

fn pads(sound: &Sound, chord: i32, start: f64, bar: f64) -> Vec<Note> {
    let third = |(index, step): (usize, i32)| Note {
        start,
        length: bar * 1.1,
        pitch: pitch(sound, chord + step, 0),
        loud: 0.16,
        place: index as f64 * 0.6 - 0.6,
        voice: Voice::Pad,
    };
    [0, 2, 4].into_iter().enumerate().map(third).collect()
}

fn bass(sound: &Sound, chord: i32, start: f64, beat: f64) -> Vec<Note> {
    let tone = |(at, step): (f64, i32)| Note {
        start: start + at * beat,
        length: beat * 1.4,
        pitch: pitch(sound, chord + step, -2),
        loud: 0.34,
        place: 0.0,
        voice: Voice::Bass,
    };
    [(0.0, 0), (1.5, 0), (2.0, 4), (3.0, 2)]
        .into_iter()
        .map(tone)
        .collect()
}

/// A random walk along the scale, in eighths, with rests.
fn melody(
    sound: &Sound,
    chord: i32,
    start: f64,
    beat: f64,
    step: &mut usize,
    chance: &mut Chance,
) -> Vec<Note> {
    let mut notes = Vec::new();
    for eighth in 0..BEATS * 2 {
        let on_beat = eighth % 2 == 0;
        if chance.below(10) >= if on_beat { 8 } else { 5 } {
            continue;
        }
        let walk = chance.below(3) + 4;
        *step = (*step + walk) % PENTATONIC.len();
        let turn = if eighth == 0 { chord } else { 0 };
        notes.push(Note {
            start: start + eighth as f64 * beat / 2.0,
            length: beat * 2.5,
            pitch: pitch(sound, PENTATONIC[*step] + turn, 1),
            loud: if on_beat { 0.3 } else { 0.22 },
            place: chance.below(100) as f64 / 100.0 - 0.5,
            voice: Voice::Pluck,
        });
    }
    notes
}

fn add(mix: &mut [f64], note: &Note) {
    let rate = f64::from(RATE);
    let first = (note.start * rate) as usize;
    let frames = (note.length * rate) as usize;
    let (left, right) = ((1.0 - note.place) / 2.0, (1.0 + note.place) / 2.0);
    for index in 0..frames {
        let at = (first + index) * CHANNELS;
        let Some(frame) = mix.get_mut(at..at + CHANNELS) else {
            return;
        };
        let time = index as f64 / rate;
        let sample = note.loud * envelope(note, time) * wave(note, time);
        frame[0] += sample * left;
        frame[1] += sample * right;
    }
}

/// The amplitude of a note after so many seconds.
fn envelope(note: &Note, time: f64) -> f64 {
    let end = ((note.length - time) / 0.05).min(1.0);
    match note.voice {
        Voice::Pad => (time / 0.4).min(1.0) * ((note.length - time) / 0.6).min(1.0),
        Voice::Bass => (time / 0.01).min(1.0) * (-time * 2.2).exp() * end,
        Voice::Pluck => (time / 0.004).min(1.0) * (-time * 3.0).exp() * end,
    }
}

fn wave(note: &Note, time: f64) -> f64 {
    let turn = TAU * note.pitch * time;
    match note.voice {
        Voice::Pad => turn.sin() + 0.35 * (2.003 * turn).sin() + 0.15 * (2.997 * turn).sin(),
        Voice::Bass => turn.sin() + 0.25 * (2.0 * turn).sin(),
        // Higher harmonics decay sooner.
        Voice::Pluck => {
            turn.sin()
                + 0.5 * (-time * 4.0).exp() * (2.0 * turn).sin()
                + 0.25 * (-time * 8.0).exp() * (3.0 * turn).sin()
        }
    }
}

/// Adds a delayed copy of each channel to the other.
fn echo(mix: &mut [f64], delay: f64) {
    let shift = (delay * f64::from(RATE)) as usize * CHANNELS;
    for index in shift..mix.len() {
        let other = (index - shift) ^ 1;
        mix[index] += 0.28 * mix[other];
    }
}

fn fade(mix: &mut [f64]) {
    let length = mix.len().min(2 * RATE as usize * CHANNELS);
    let start = mix.len() - length;
    for (index, sample) in mix[start..].iter_mut().enumerate() {
        *sample *= 1.0 - index as f64 / length as f64;
    }
}

/// Reproducible pseudo-random numbers (a linear congruential generator with Knuth's constants).
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % most
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::pieces::PIECES;

    #[test]
    fn a_piece_is_as_long_as_wanted_loud_enough_and_always_the_same() {
        let sound = &PIECES[0].sound;
        let samples = play(sound, 3);
        assert_eq!(samples.len(), 3 * RATE as usize * CHANNELS);
        let loudest = samples.iter().map(|sample| sample.abs()).max();
        assert!((20_000..=32_767).contains(&loudest.unwrap()));
        assert_eq!(samples, play(sound, 3));
        assert_ne!(samples, play(&PIECES[1].sound, 3));
    }
}
