
// ---- Speech ----

impl Engine {
    /// The rate of the audio that `speak` emits, which is 16-bit mono.
    pub fn speech_sample_rate(&self) -> u32 {
        SAMPLE_RATE
    }

    /// Speaks `text`, `voice` and `language` of the request, piece by piece.
    pub fn speak(&self, request: &pb::TtsRequest, emit: Emit<Vec<i16>>) -> Result<(), EngineError> {
        if request.text.is_empty() {
            return Err(EngineError::InvalidInput("nothing to say".to_string()));
        }
        for piece in tone(&request.text, 1.0).chunks(SAMPLE_RATE as usize / 4) {
            if emit(piece.to_vec()).is_break() {
                break;
            }
        }
        Ok(())
    }
}
