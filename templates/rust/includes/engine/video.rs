
// ---- Video ----

impl Engine {
    /// Films the prompt of the request and returns an MP4 file.
    pub fn film(&self, request: &pb::GenerateVideoRequest) -> Result<Vec<u8>, EngineError> {
        let width = picture_side(request.width, 320)?;
        let height = picture_side(request.height, 240)?;
        Ok(mp4::encode(&mp4::Clip {
            width: width as u16,
            height: height as u16,
            frames: request.num_frames.clamp(1, 1_000).unsigned_abs(),
            rate: request.fps.clamp(1, 120).unsigned_abs(),
            picture: png::solid(width, height, colour_of(&request.prompt)),
        }))
    }
}
