//! Sound, and reading and writing it as WAV files.

use std::f64::consts::PI;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};

const PCM: u16 = 1;
const FLOAT: u16 = 3;
const EXTENSIBLE: u16 = 0xFFFE;
/// No recording has more samples per second: a header that says so is broken.
const MAX_RATE: u32 = 768_000;

/// Sound of any rate and any number of channels.
#[derive(Clone, Debug, Default)]
pub struct Sound {
    /// Per second and channel.
    pub sample_rate: u32,
    pub channels: u16,
    /// -1 to 1; the samples of all channels take turns.
    pub samples: Vec<f32>,
}

impl Sound {
    /// Samples per channel.
    pub fn frames(&self) -> usize {
        self.samples.len() / usize::from(self.channels.max(1))
    }

    pub fn seconds(&self) -> f64 {
        self.frames() as f64 / f64::from(self.sample_rate.max(1))
    }

    /// Adds a piece; all have the rate and the channels of the first.
    pub fn append(&mut self, piece: Self) {
        (self.sample_rate, self.channels) = (piece.sample_rate, piece.channels);
        self.samples.extend(piece.samples);
    }

    /// The mean of all channels.
    pub fn mono(self) -> Self {
        if self.channels == 1 {
            return self;
        }
        let channels = usize::from(self.channels.max(1));
        let mean = |frame: &[f32]| frame.iter().sum::<f32>() / channels as f32;
        Self {
            channels: 1,
            samples: self.samples.chunks_exact(channels).map(mean).collect(),
            ..self
        }
    }

    /// The same sound at another rate. What is too high for the new rate is left out.
    pub fn resampled(self, sample_rate: u32) -> Self {
        if self.sample_rate == sample_rate || self.sample_rate == 0 || self.channels == 0 {
            return self;
        }
        let (channels, inputs) = (usize::from(self.channels), self.frames());
        let step = f64::from(self.sample_rate) / f64::from(sample_rate);
        let filter = LowPass::new(step);
        let outputs = (inputs as f64 / step).round() as usize;
        let mut samples = Vec::with_capacity(outputs * channels);
        for output in 0..outputs {
            let at = output as f64 * step;
            let first = (at - filter.reach).ceil().max(0.0) as usize;
            let end = (((at + filter.reach).floor() + 1.0) as usize).min(inputs);
            for channel in 0..channels {
                let (mut sum, mut whole) = (0.0, 0.0);
                for input in first..end {
                    let weight = filter.weight(input as f64 - at);
                    sum += weight * self.samples[input * channels + channel];
                    whole += weight;
                }
                samples.push(if whole == 0.0 { 0.0 } else { sum / whole });
            }
        }
        Self {
            sample_rate,
            samples,
            ..self
        }
    }
}

/// A sinc under a Hann window, read off a table.
struct LowPass {
    weights: Vec<f32>,
    /// How far a sample is heard, in samples of the input.
    reach: f64,
}

impl LowPass {
    /// Zero crossings on either side.
    const CROSSINGS: f64 = 16.0;
    const PER_CROSSING: f64 = 512.0;
    /// Of what the lower rate can hold. The filter has no sharp edge.
    const PASSED: f64 = 0.95;

    /// For an output that takes one sample every `step` samples of the input.
    fn new(step: f64) -> Self {
        let weight = |index: usize| {
            let x = index as f64 / Self::PER_CROSSING;
            let sinc = if index == 0 {
                1.0
            } else {
                (PI * x).sin() / (PI * x)
            };
            sinc * (0.5 + 0.5 * (PI * x / Self::CROSSINGS).cos())
        };
        let count = (Self::CROSSINGS * Self::PER_CROSSING) as usize;
        Self {
            weights: (0..=count).map(|index| weight(index) as f32).collect(),
            reach: Self::CROSSINGS * step.max(1.0) / Self::PASSED,
        }
    }

    fn weight(&self, distance: f64) -> f32 {
        let last = self.weights.len() - 1;
        let at = distance.abs() / self.reach * last as f64;
        let index = at as usize;
        if index >= last {
            return 0.0;
        }
        let (left, right) = (self.weights[index], self.weights[index + 1]);
        left + (right - left) * (at - index as f64) as f32
    }
}

/// Reads WAV of 8 to 32 bits or of floats, and everything else through ffmpeg where the host has
/// it. The error text says what is wrong with which file.
pub fn read(path: &Path) -> Result<Sound, String> {
    let named = |error: String| format!("{}: {error}", path.display());
    let bytes = std::fs::read(path).map_err(|error| named(error.to_string()))?;
    decode(&bytes).or_else(|error| match converted(path) {
        Some(wav) => decode(&wav).map_err(named),
        None => Err(named(error)),
    })
}

/// The file as a WAV file by ffmpeg; None where there is none or it cannot read the file.
fn converted(path: &Path) -> Option<Vec<u8>> {
    let mut source = std::ffi::OsString::from("file:");
    source.push(path);
    let done = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-i"])
        .arg(source)
        .args(["-f", "wav", "-c:a", "pcm_s16le", "-"])
        // That of the package is for the libraries in it.
        .env_remove("LD_LIBRARY_PATH")
        .stderr(Stdio::inherit())
        .output()
        .ok()?;
    done.status.success().then_some(done.stdout)
}

/// Writes 16-bit PCM with the sound's own rate and channels.
pub fn write(path: &Path, sound: &Sound) -> io::Result<()> {
    std::fs::write(path, encode(sound))
}

/// 16-bit little-endian PCM, as in WAV files and in streamed audio.
pub fn to_bytes(samples: &[f32]) -> Vec<u8> {
    let scaled = |sample: &f32| (sample * 32_768.0).round() as i16; // what is too loud is clipped
    samples
        .iter()
        .flat_map(|s| scaled(s).to_le_bytes())
        .collect()
}

fn encode(sound: &Sound) -> Vec<u8> {
    let data = to_bytes(&sound.samples);
    let size = data.len() as u32;
    let frame = sound.channels * 2;
    let mut out = Vec::with_capacity(44 + data.len());
    out.extend_from_slice(b"RIFF");
    out.extend_from_slice(&(36 + size).to_le_bytes());
    out.extend_from_slice(b"WAVEfmt ");
    out.extend_from_slice(&16u32.to_le_bytes());
    out.extend_from_slice(&PCM.to_le_bytes());
    out.extend_from_slice(&sound.channels.to_le_bytes());
    out.extend_from_slice(&sound.sample_rate.to_le_bytes());
    out.extend_from_slice(&(sound.sample_rate * u32::from(frame)).to_le_bytes());
    out.extend_from_slice(&frame.to_le_bytes());
    out.extend_from_slice(&16u16.to_le_bytes());
    out.extend_from_slice(b"data");
    out.extend_from_slice(&size.to_le_bytes());
    out.extend_from_slice(&data);
    out
}

fn decode(bytes: &[u8]) -> Result<Sound, String> {
    if bytes.len() < 12 || &bytes[..4] != b"RIFF" || &bytes[8..12] != b"WAVE" {
        return Err("not a WAV file".to_string());
    }
    let mut format: Option<Format> = None;
    let mut rest = &bytes[12..];
    while rest.len() >= 8 {
        let size = u32::from_le_bytes([rest[4], rest[5], rest[6], rest[7]]) as usize;
        let id = &rest[..4];
        // A streamed file may promise more than it holds.
        let (body, after) = rest[8..].split_at(size.min(rest.len() - 8));
        match id {
            b"fmt " => format = Some(Format::parse(body)?),
            b"data" => return format.ok_or("data before the format")?.sound(body),
            _ => {}
        }
        // Chunks are padded to an even length.
        rest = after.get(size % 2..).unwrap_or(&[]);
    }
    Err("no audio data in it".to_string())
}

struct Format {
    tag: u16,
    channels: u16,
    sample_rate: u32,
    bits: u16,
}

impl Format {
    fn parse(body: &[u8]) -> Result<Self, String> {
        if body.len() < 16 {
            return Err("its format chunk is too short".to_string());
        }
        let short = |at: usize| u16::from_le_bytes([body[at], body[at + 1]]);
        let tag = match short(0) {
            EXTENSIBLE if body.len() >= 26 => short(24),
            tag => tag,
        };
        let format = Self {
            tag,
            channels: short(2),
            sample_rate: u32::from_le_bytes([body[4], body[5], body[6], body[7]]),
            bits: short(14),
        };
        if format.channels == 0 || !(1..=MAX_RATE).contains(&format.sample_rate) {
            return Err("it has no channels or no sample rate".to_string());
        }
        Ok(format)
    }

    fn sound(self, data: &[u8]) -> Result<Sound, String> {
        let decode: fn(&[u8]) -> f32 = match (self.tag, self.bits) {
            // 8-bit samples have no sign.
            (PCM, 8) => |b| (f32::from(b[0]) - 128.0) / 128.0,
            (PCM, 16) => |b| f32::from(i16::from_le_bytes([b[0], b[1]])) / 32_768.0,
            (PCM, 24) => |b| i32::from_le_bytes([0, b[0], b[1], b[2]]) as f32 / 2_147_483_648.0,
            (PCM, 32) => |b| i32::from_le_bytes([b[0], b[1], b[2], b[3]]) as f32 / 2_147_483_648.0,
            (FLOAT, 32) => |b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]),
            (FLOAT, 64) => |b| f64::from_le_bytes(b.try_into().unwrap_or_default()) as f32,
            (tag, bits) => return Err(format!("{bits}-bit samples of WAV format {tag}")),
        };
        let samples = data.chunks_exact(usize::from(self.bits / 8));
        let mut samples: Vec<f32> = samples.map(decode).collect();
        samples.truncate(samples.len() / usize::from(self.channels) * usize::from(self.channels));
        Ok(Sound {
            sample_rate: self.sample_rate,
            channels: self.channels,
            samples,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sound(sample_rate: u32, channels: u16, samples: &[f32]) -> Sound {
        Sound {
            sample_rate,
            channels,
            samples: samples.to_vec(),
        }
    }

    /// A WAV file with samples of one kind.
    fn file(tag: u16, bits: u16, data: &[u8]) -> Vec<u8> {
        let mut file = encode(&sound(8_000, 1, &[]));
        file[20..22].copy_from_slice(&tag.to_le_bytes());
        file[34..36].copy_from_slice(&bits.to_le_bytes());
        file[40..44].copy_from_slice(&(data.len() as u32).to_le_bytes());
        file.extend_from_slice(data);
        file
    }

    fn tone(sample_rate: u32, hertz: f64) -> Sound {
        let step = 2.0 * PI * hertz / f64::from(sample_rate);
        let samples: Vec<f32> = (0..sample_rate)
            .map(|index| (0.5 * (f64::from(index) * step).sin()) as f32)
            .collect();
        sound(sample_rate, 1, &samples)
    }

    #[test]
    fn what_was_written_is_read_back_with_its_channels() {
        let written = sound(44_100, 2, &[0.0, 0.5, -1.0, 0.25]);
        let read = decode(&encode(&written)).expect("our own file");
        assert_eq!((read.sample_rate, read.channels), (44_100, 2));
        assert_eq!(read.samples, written.samples);
        assert_eq!(read.frames(), 2);
        assert_eq!(read.mono().samples, [0.25, -0.375]);
    }

    #[test]
    fn samples_of_every_width_are_read() {
        for (tag, bits, data) in [
            (PCM, 8, &[192, 64][..]),
            (PCM, 16, &[0, 64, 0, 192]),
            (PCM, 24, &[0, 0, 64, 0, 0, 192]),
            (PCM, 32, &[0, 0, 0, 64, 0, 0, 0, 192]),
            (FLOAT, 32, &[0, 0, 0, 63, 0, 0, 0, 191]),
            (
                FLOAT,
                64,
                &[0, 0, 0, 0, 0, 0, 224, 63, 0, 0, 0, 0, 0, 0, 224, 191],
            ),
        ] {
            let read = decode(&file(tag, bits, data)).expect("a WAV file");
            assert_eq!(read.samples, [0.5, -0.5], "{bits} bits of format {tag}");
        }
        assert!(decode(&file(PCM, 12, &[0; 8])).is_err());
        assert!(decode(&file(7, 8, &[0; 8])).is_err());
    }

    #[test]
    fn what_is_too_loud_is_clipped() {
        assert_eq!(to_bytes(&[2.0, -2.0]), [255, 127, 0, 128]);
    }

    #[test]
    fn a_tone_is_the_same_at_another_rate() {
        for (from, to) in [
            (44_100, 16_000),
            (8_000, 16_000),
            (48_000, 22_050),
            (11_025, 16_000),
        ] {
            let resampled = tone(from, 440.0).resampled(to);
            let expected = tone(to, 440.0);
            assert_eq!(resampled.sample_rate, to);
            assert_eq!(resampled.frames(), expected.frames());
            let inner = 100..expected.frames() - 100; // the ends have no neighbours
            for index in inner {
                let difference = resampled.samples[index] - expected.samples[index];
                assert!(difference.abs() < 2e-3, "{from} to {to}: {difference}");
            }
        }
    }

    #[test]
    fn what_is_too_high_for_a_rate_is_left_out() {
        let resampled = tone(44_100, 15_000.0).resampled(16_000);
        let inner = &resampled.samples[100..resampled.frames() - 100];
        assert!(inner.iter().all(|sample| sample.abs() < 1e-3));
    }

    #[test]
    fn channels_stay_apart_at_another_rate() {
        let stereo = sound(8_000, 2, &[0.5, -0.25].repeat(800));
        let resampled = stereo.resampled(16_000);
        assert_eq!((resampled.channels, resampled.frames()), (2, 1_600));
        for frame in resampled.samples.chunks_exact(2) {
            assert!((frame[0] - 0.5).abs() < 1e-5 && (frame[1] + 0.25).abs() < 1e-5);
        }
    }

    #[test]
    fn unknown_chunks_before_the_data_are_skipped() {
        let plain = encode(&sound(8_000, 1, &[0.1, 0.2]));
        let mut padded = plain[..36].to_vec();
        padded.extend_from_slice(b"LIST\x03\0\0\0abc\0");
        padded.extend_from_slice(&plain[36..]);
        assert_eq!(decode(&padded).expect("a valid file").frames(), 2);
    }

    #[test]
    fn broken_files_are_refused() {
        let good = encode(&sound(16_000, 1, &[0.0; 100]));
        for broken in [&b"ID3"[..], b"", &good[..30], &good[..40]] {
            assert!(decode(broken).is_err(), "{} bytes", broken.len());
        }
        for rate in [0u32, u32::MAX] {
            let mut file = good.clone();
            file[24..28].copy_from_slice(&rate.to_le_bytes());
            assert!(decode(&file).is_err(), "{rate} Hz");
        }
    }
}
