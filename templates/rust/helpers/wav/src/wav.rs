//! Reading and writing WAV files.

use std::io;
use std::path::Path;

const PCM: u16 = 1;
const FLOAT: u16 = 3;
const EXTENSIBLE: u16 = 0xFFFE;

/// A decoded WAV file.
pub struct Wav {
    pub sample_rate: u32,
    pub channels: u16,
    /// Interleaved, -1 to 1.
    pub samples: Vec<f32>,
}

impl Wav {
    /// Samples per channel.
    pub fn frames(&self) -> usize {
        self.samples.len() / usize::from(self.channels)
    }

    pub fn seconds(&self) -> f64 {
        self.frames() as f64 / f64::from(self.sample_rate)
    }
}

/// Reads 16-bit PCM or 32-bit float, any number of channels. Other containers must be converted
/// first. The error text says what is wrong with which file.
pub fn read(path: &Path) -> Result<Wav, String> {
    std::fs::read(path)
        .map_err(|error| error.to_string())
        .and_then(|bytes| decode(&bytes))
        .map_err(|error| format!("{}: {error}", path.display()))
}

/// Writes 16-bit mono PCM.
pub fn write(path: &Path, sample_rate: u32, samples: &[i16]) -> io::Result<()> {
    std::fs::write(path, encode(sample_rate, samples))
}

/// Little-endian bytes, as in WAV files and in streamed audio.
pub fn to_bytes(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|s| s.to_le_bytes()).collect()
}

fn encode(sample_rate: u32, samples: &[i16]) -> Vec<u8> {
    let data = to_bytes(samples);
    let size = data.len() as u32;
    let mut out = Vec::with_capacity(44 + data.len());
    out.extend_from_slice(b"RIFF");
    out.extend_from_slice(&(36 + size).to_le_bytes());
    out.extend_from_slice(b"WAVEfmt ");
    out.extend_from_slice(&16u32.to_le_bytes());
    out.extend_from_slice(&PCM.to_le_bytes());
    out.extend_from_slice(&1u16.to_le_bytes());
    out.extend_from_slice(&sample_rate.to_le_bytes());
    out.extend_from_slice(&(sample_rate * 2).to_le_bytes());
    out.extend_from_slice(&2u16.to_le_bytes());
    out.extend_from_slice(&16u16.to_le_bytes());
    out.extend_from_slice(b"data");
    out.extend_from_slice(&size.to_le_bytes());
    out.extend_from_slice(&data);
    out
}

fn decode(bytes: &[u8]) -> Result<Wav, String> {
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
            b"data" => return format.ok_or("data before the format")?.samples(body),
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
        if format.channels == 0 || format.sample_rate == 0 {
            return Err("it has no channels or no sample rate".to_string());
        }
        Ok(format)
    }

    fn samples(self, data: &[u8]) -> Result<Wav, String> {
        let samples = match (self.tag, self.bits) {
            (PCM, 16) => data
                .chunks_exact(2)
                .map(|b| f32::from(i16::from_le_bytes([b[0], b[1]])) / 32768.0)
                .collect(),
            (FLOAT, 32) => data
                .chunks_exact(4)
                .map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]))
                .collect(),
            (tag, bits) => {
                let found = format!("{bits}-bit samples of WAV format {tag}");
                return Err(format!("{found}, convert it to 16-bit PCM"));
            }
        };
        Ok(Wav {
            sample_rate: self.sample_rate,
            channels: self.channels,
            samples,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read_back() {
        let wav = decode(&encode(16_000, &[0, 16_384, -32_768])).expect("our own file");
        assert_eq!(wav.sample_rate, 16_000);
        assert_eq!(wav.samples, [0.0, 0.5, -1.0]);
        assert_eq!(wav.frames(), 3);
    }

    #[test]
    fn unknown_chunks_before_the_data_are_skipped() {
        let plain = encode(8_000, &[1, 2]);
        let mut padded = plain[..36].to_vec();
        padded.extend_from_slice(b"LIST\x03\0\0\0abc\0");
        padded.extend_from_slice(&plain[36..]);
        assert_eq!(decode(&padded).expect("a valid file").frames(), 2);
    }

    #[test]
    fn broken_files_are_refused() {
        let good = encode(16_000, &[0; 100]);
        for broken in [&b"ID3"[..], b"", &good[..30], &good[..40]] {
            assert!(decode(broken).is_err(), "{} bytes", broken.len());
        }
        let mut eight_bit = good.clone();
        eight_bit[34] = 8;
        assert!(decode(&eight_bit).is_err());
        let mut silent_rate = good;
        silent_rate[24..28].fill(0);
        assert!(decode(&silent_rate).is_err());
    }
}
