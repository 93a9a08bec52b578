//! The voice: one tone per word.

pub const RATE: u32 = 24_000;

/// 16-bit mono samples for a text; never empty.
pub fn sing(text: &str) -> Vec<i16> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let words = if words.is_empty() { vec!["-"] } else { words };
    let per_word = RATE / 8;
    words
        .iter()
        .flat_map(|word| {
            let step =
                std::f32::consts::TAU * (300.0 + 25.0 * word.chars().count() as f32) / RATE as f32;
            (0..per_word).map(move |i| ((i as f32 * step).sin() * 12_000.0) as i16)
        })
        .collect()
}

/// The samples as little-endian bytes.
pub fn bytes(samples: &[i16]) -> Vec<u8> {
    samples.iter().flat_map(|s| s.to_le_bytes()).collect()
}

/// A WAV file of the samples.
pub fn wav(samples: &[i16]) -> Vec<u8> {
    let data = bytes(samples);
    let mut out = Vec::with_capacity(44 + data.len());
    out.extend(b"RIFF");
    out.extend((36 + data.len() as u32).to_le_bytes());
    out.extend(b"WAVEfmt ");
    out.extend(16u32.to_le_bytes());
    out.extend(1u16.to_le_bytes());
    out.extend(1u16.to_le_bytes());
    out.extend(RATE.to_le_bytes());
    out.extend((RATE * 2).to_le_bytes());
    out.extend(2u16.to_le_bytes());
    out.extend(16u16.to_le_bytes());
    out.extend(b"data");
    out.extend((data.len() as u32).to_le_bytes());
    out.extend(data);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn longer_texts_last_longer() {
        assert!(sing("one two three").len() > sing("one").len());
        assert!(!sing("").is_empty());
    }

    #[test]
    fn a_wav_file_has_a_header() {
        let file = wav(&[1, -1]);
        assert_eq!(file.len(), 48);
        assert_eq!(&file[..4], b"RIFF");
        assert_eq!(&file[44..], &[1, 0, 255, 255]);
    }
}
