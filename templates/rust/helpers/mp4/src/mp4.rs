//! An MP4 that shows one PNG frame over and over. The placeholder's only need: delete it with it.

/// What `encode` puts into the file.
pub struct Clip {
    pub width: u16,
    pub height: u16,
    pub frames: u32,
    /// Frames per second.
    pub rate: u32,
    /// The frame, a PNG file.
    pub picture: Vec<u8>,
}

/// Unity, as the 3x3 fixed-point matrix of the movie and track headers.
const MATRIX: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];
const FTYP: [&[u8]; 4] = [b"isom", &[0, 0, 2, 0], b"isom", b"mp41"];

/// Every frame refers to the same bytes of the data box, which stands before the movie box.
pub fn encode(clip: &Clip) -> Vec<u8> {
    let mut out = atom(b"ftyp", &FTYP);
    let picture_offset = (out.len() + 8) as u32;
    out.extend(atom(b"mdat", &[&clip.picture]));
    out.extend(atom(
        b"moov",
        &[&movie_header(clip), &track(clip, picture_offset)],
    ));
    out
}

fn atom(kind: &[u8; 4], parts: &[&[u8]]) -> Vec<u8> {
    let body = parts.concat();
    let size = (body.len() + 8) as u32;
    [&size.to_be_bytes()[..], kind, &body].concat()
}

/// A box whose body is big-endian 32-bit words, the first of which is version and flags.
fn words(kind: &[u8; 4], values: &[u32]) -> Vec<u8> {
    let body: Vec<u8> = values.iter().flat_map(|v| v.to_be_bytes()).collect();
    atom(kind, &[&body])
}

fn movie_header(clip: &Clip) -> Vec<u8> {
    let mut values = vec![0, 0, 0, clip.rate, clip.frames, 0x1_0000, 0x0100_0000, 0, 0];
    values.extend(MATRIX);
    values.extend([0, 0, 0, 0, 0, 0, 2]);
    words(b"mvhd", &values)
}

fn track(clip: &Clip, picture_offset: u32) -> Vec<u8> {
    let mut header = vec![7, 0, 0, 1, 0, clip.frames, 0, 0, 0, 0];
    header.extend(MATRIX);
    header.extend([u32::from(clip.width) << 16, u32::from(clip.height) << 16]);
    let handler = [&[0; 8], &b"vide"[..], &[0; 12], b"VideoHandler\0"];
    let undetermined = 0x55C4_0000; // The language code "und".
    let media = [
        words(b"mdhd", &[0, 0, 0, clip.rate, clip.frames, undetermined]),
        atom(b"hdlr", &handler),
        media_information(clip, picture_offset),
    ]
    .concat();
    atom(
        b"trak",
        &[&words(b"tkhd", &header), &atom(b"mdia", &[&media])],
    )
}

fn media_information(clip: &Clip, picture_offset: u32) -> Vec<u8> {
    // The data is in this file (flag 1 of the reference).
    let references = atom(b"dref", &[&[0, 0, 0, 0, 0, 0, 0, 1], &words(b"url ", &[1])]);
    let length = clip.picture.len() as u32;
    let mut chunks = vec![0, clip.frames];
    chunks.extend(std::iter::repeat_n(picture_offset, clip.frames as usize));
    let samples = [
        atom(b"stsd", &[&[0, 0, 0, 0, 0, 0, 0, 1], &sample_entry(clip)]),
        words(b"stts", &[0, 1, clip.frames, 1]),
        words(b"stsc", &[0, 1, 1, 1, 1]),
        words(b"stsz", &[0, length, clip.frames]),
        words(b"stco", &chunks),
    ]
    .concat();
    atom(
        b"minf",
        &[
            &words(b"vmhd", &[1, 0, 0]),
            &atom(b"dinf", &[&references]),
            &atom(b"stbl", &[&samples]),
        ],
    )
}

/// PNG as a visual sample entry: 72 dpi, one frame per sample, 24-bit colour.
fn sample_entry(clip: &Clip) -> Vec<u8> {
    let resolution = 0x48_0000u32.to_be_bytes();
    atom(
        b"png ",
        &[
            &[0, 0, 0, 0, 0, 0, 0, 1],
            &[0; 16],
            &clip.width.to_be_bytes(),
            &clip.height.to_be_bytes(),
            &resolution,
            &resolution,
            &[0, 0, 0, 0, 0, 1],
            &[0; 32],
            &[0, 24, 0xFF, 0xFF],
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_boxes_fill_the_file_and_point_at_the_picture() {
        let clip = Clip {
            width: 64,
            height: 32,
            frames: 3,
            rate: 8,
            picture: b"not really a picture".to_vec(),
        };
        let file = encode(&clip);
        let (mut at, mut kinds) = (0, Vec::new());
        while at < file.len() {
            let size = u32::from_be_bytes(file[at..at + 4].try_into().expect("four bytes"));
            kinds.push(file[at + 4..at + 8].to_vec());
            at += size as usize;
        }
        assert_eq!(at, file.len());
        assert_eq!(kinds, [b"ftyp", b"mdat", b"moov"]);
        // The last word of the file is the offset of the last frame.
        let tail = file[file.len() - 4..].try_into().expect("four bytes");
        let offset = u32::from_be_bytes(tail) as usize;
        assert!(file[offset..].starts_with(&clip.picture));
    }
}
