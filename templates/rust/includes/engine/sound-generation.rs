
// ---- Sound generation ----

/// 16-bit mono audio.
pub struct Sound {
    pub sample_rate: u32,
    pub samples: Vec<i16>,
}

impl Engine {
    /// Makes the sound or music that the request describes.
    pub fn make_sound(&self, request: &pb::SoundGenerationRequest) -> Result<Sound, EngineError> {
        let seconds = f64::from(request.duration.unwrap_or(1.0));
        if !(0.01..=600.0).contains(&seconds) {
            return Err(EngineError::InvalidInput(format!(
                "duration must be between 0.01 and 600 seconds, not {seconds}"
            )));
        }
        Ok(Sound {
            sample_rate: SAMPLE_RATE,
            samples: tone(&request.text, seconds),
        })
    }
}
