
// ---- Audio transform ----

/// What `transform` wrote.
pub struct Transformed {
    pub sample_rate: u32,
    /// Samples per channel.
    pub samples: usize,
}

impl Engine {
    /// Reads `audio_path` of the request (and `reference_path`, which may be empty) and writes the
    /// result to `output`. The placeholder copies.
    pub fn transform(
        &self,
        request: &pb::AudioTransformRequest,
        output: &Path,
    ) -> Result<Transformed, EngineError> {
        let audio = read_wav(&request.audio_path)?;
        // Read to the end before writing: the two may be the same file.
        std::fs::read(&request.audio_path)
            .and_then(|bytes| std::fs::write(output, bytes))
            .map_err(|error| EngineError::Failed(format!("{}: {error}", output.display())))?;
        Ok(Transformed {
            sample_rate: audio.sample_rate,
            samples: audio.frames(),
        })
    }

    /// Begins a stream, or begins again when a caller sends a second configuration.
    pub fn transform_stream(
        &self,
        config: &pb::AudioTransformStreamConfig,
    ) -> Result<TransformStream, EngineError> {
        let sample_bytes = match config.sample_format() {
            pb::audio_transform_stream_config::SampleFormat::F32Le => 4,
            pb::audio_transform_stream_config::SampleFormat::S16Le => 2,
        };
        Ok(TransformStream { sample_bytes })
    }
}

/// The state of one stream.
pub struct TransformStream {
    sample_bytes: usize,
}

impl TransformStream {
    /// Answers one frame; an empty `reference_pcm` means silence.
    pub fn process(&mut self, frame: pb::AudioTransformFrame) -> Result<Vec<u8>, EngineError> {
        let samples = frame.audio_pcm.chunks_exact(self.sample_bytes);
        if !samples.remainder().is_empty() {
            return Err(EngineError::InvalidInput(format!(
                "a frame of {} bytes does not hold whole samples of {} bytes",
                frame.audio_pcm.len(),
                self.sample_bytes
            )));
        }
        Ok(frame.audio_pcm)
    }
}
