
// ---- Images ----

impl Engine {
    /// Draws the prompt of the request and returns a PNG file.
    pub fn draw(&self, request: &pb::GenerateImageRequest) -> Result<Vec<u8>, EngineError> {
        let width = picture_side(request.width, 512)?;
        let height = picture_side(request.height, 512)?;
        Ok(png::solid(
            width,
            height,
            colour_of(&request.positive_prompt),
        ))
    }
}
