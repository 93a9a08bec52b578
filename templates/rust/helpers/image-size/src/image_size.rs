//! The size of an image, from its header, without decoding it.

use base64::engine::general_purpose::STANDARD;
use base64::Engine as _;

/// Reads a base64 image, with or without a `data:...;base64,` prefix.
pub fn decode_base64(text: &str) -> Result<Vec<u8>, String> {
    let payload = match text.split_once(',') {
        Some((prefix, payload)) if prefix.starts_with("data:") => payload,
        _ => text,
    };
    STANDARD
        .decode(payload.trim())
        .map_err(|error| format!("the image is not valid base64: {error}"))
}

/// Width and height of a PNG or JPEG; `None` when it is neither.
pub fn of(image: &[u8]) -> Option<(u32, u32)> {
    png(image).or_else(|| jpeg(image))
}

fn png(image: &[u8]) -> Option<(u32, u32)> {
    if !image.starts_with(b"\x89PNG\r\n\x1a\n") {
        return None;
    }
    let word = |at: usize| Some(u32::from_be_bytes(image.get(at..at + 4)?.try_into().ok()?));
    Some((word(16)?, word(20)?)).filter(|(width, height)| *width > 0 && *height > 0)
}

fn jpeg(image: &[u8]) -> Option<(u32, u32)> {
    let mut rest = image.strip_prefix(b"\xFF\xD8")?;
    loop {
        let &[0xFF, marker, high, low, ..] = rest else {
            return None;
        };
        if marker == 0xFF {
            rest = &rest[1..]; // Fill bytes may stand before a marker.
            continue;
        }
        // Start of frame; C4, C8 and CC in that range mean something else.
        if matches!(marker, 0xC0..=0xCF) && !matches!(marker, 0xC4 | 0xC8 | 0xCC) {
            let size = rest.get(5..9)?;
            let height = u32::from(u16::from_be_bytes([size[0], size[1]]));
            let width = u32::from(u16::from_be_bytes([size[2], size[3]]));
            return Some((width, height)).filter(|(width, height)| *width > 0 && *height > 0);
        }
        rest = rest.get(2 + usize::from(u16::from_be_bytes([high, low]))..)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_png_says_its_size() {
        let mut image = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR".to_vec();
        image.extend_from_slice(&[0, 0, 2, 0, 0, 0, 1, 0]);
        assert_eq!(of(&image), Some((512, 256)));
        assert_eq!(of(&image[..20]), None);
    }

    #[test]
    fn a_jpeg_says_its_size() {
        let image =
            b"\xFF\xD8\xFF\xE0\x00\x04ab\xFF\xFF\xC2\x00\x0B\x08\x00\x10\x00\x20\x01\x01\x11\x00";
        assert_eq!(of(image), Some((32, 16)));
        assert_eq!(of(&image[..12]), None);
    }

    #[test]
    fn other_bytes_have_no_size() {
        assert_eq!(of(b"GIF89a"), None);
        assert_eq!(of(b""), None);
    }

    #[test]
    fn the_data_prefix_is_optional() {
        assert_eq!(decode_base64("aGk=").as_deref(), Ok(&b"hi"[..]));
        let with_prefix = decode_base64("data:image/png;base64,aGk=");
        assert_eq!(with_prefix.as_deref(), Ok(&b"hi"[..]));
        assert!(decode_base64("not base64!").is_err());
    }
}
