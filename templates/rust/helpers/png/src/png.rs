//! A PNG of one colour. The placeholder's only need: delete this file with it.

const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";
/// The longest block that deflate stores uncompressed.
const STORED_BLOCK: usize = 65_535;

/// Encodes `width` x `height` pixels of `colour` (red, green, blue).
pub fn solid(width: u32, height: u32, colour: [u8; 3]) -> Vec<u8> {
    // Each row begins with its filter, 0 for none.
    let row = [&[0][..], &colour.repeat(width as usize)].concat();
    let pixels = row.repeat(height as usize);

    let mut header = Vec::new();
    header.extend_from_slice(&width.to_be_bytes());
    header.extend_from_slice(&height.to_be_bytes());
    // 8 bits each of red, green and blue; the standard compression and filters; not interlaced.
    header.extend_from_slice(&[8, 2, 0, 0, 0]);

    let mut out = SIGNATURE.to_vec();
    chunk(&mut out, b"IHDR", &header);
    chunk(&mut out, b"IDAT", &stored(&pixels));
    chunk(&mut out, b"IEND", &[]);
    out
}

fn chunk(out: &mut Vec<u8>, kind: &[u8; 4], body: &[u8]) {
    out.extend_from_slice(&(body.len() as u32).to_be_bytes());
    let start = out.len();
    out.extend_from_slice(kind);
    out.extend_from_slice(body);
    let sum = crc32(&out[start..]);
    out.extend_from_slice(&sum.to_be_bytes());
}

/// A zlib stream without compression.
fn stored(data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let last = data.len().div_ceil(STORED_BLOCK) - 1;
    for (index, block) in data.chunks(STORED_BLOCK).enumerate() {
        let length = block.len() as u16;
        out.push(u8::from(index == last));
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&(!length).to_le_bytes());
        out.extend_from_slice(block);
    }
    out.extend_from_slice(&adler32(data).to_be_bytes());
    out
}

fn adler32(data: &[u8]) -> u32 {
    let (a, b) = data.iter().fold((1u32, 0u32), |(a, b), &byte| {
        let a = (a + u32::from(byte)) % 65_521;
        (a, (b + a) % 65_521)
    });
    b << 16 | a
}

fn crc32(data: &[u8]) -> u32 {
    !data.iter().fold(!0u32, |sum, &byte| {
        (0..8).fold(sum ^ u32::from(byte), |sum, _| {
            sum >> 1 ^ (0xEDB8_8320 * (sum & 1))
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_have_their_published_values() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(adler32(b"Wikipedia"), 0x11E6_0398);
    }

    #[test]
    fn the_header_holds_the_size() {
        let png = solid(512, 300, [1, 2, 3]);
        assert_eq!(png[..8], SIGNATURE);
        assert_eq!(png[16..20], 512u32.to_be_bytes());
        assert_eq!(png[20..24], 300u32.to_be_bytes());
        assert_eq!(png[png.len() - 8..png.len() - 4], *b"IEND");
    }

    #[test]
    fn large_images_take_several_blocks() {
        let data = vec![7; 2 * STORED_BLOCK + 1];
        let stream = stored(&data);
        assert_eq!(stream.len(), 2 + 3 * 5 + data.len() + 4);
        let starts = [2, 7 + STORED_BLOCK, 12 + 2 * STORED_BLOCK];
        assert_eq!(starts.map(|at| stream[at]), [0, 0, 1]);
    }
}
