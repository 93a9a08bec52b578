
// ---- Transcription ----

pub struct Transcript {
    pub segments: Vec<pb::TranscriptSegment>,
    pub text: String,
    pub language: String,
    /// Of the audio, in seconds.
    pub duration: f32,
}

impl Engine {
    /// Transcribes the audio file `dst` of the request. What `emit` gets must add up to the text.
    ///
    /// The times of segments and words are nanoseconds. Files may come in any container; the
    /// placeholder reads WAV only.
    pub fn transcribe(
        &self,
        request: &pb::TranscriptRequest,
        emit: Emit<String>,
    ) -> Result<Transcript, EngineError> {
        let seconds = read_wav(&request.dst)?.seconds();
        let half = (seconds * 0.5e9) as i64;
        let with_words = request
            .timestamp_granularities
            .iter()
            .any(|granularity| granularity == "word");

        let mut transcript = Transcript {
            segments: Vec::new(),
            text: String::new(),
            language: request.language.clone(),
            duration: seconds as f32,
        };
        for (index, delta) in ["placeholder", " transcript"].into_iter().enumerate() {
            if emit(delta.to_string()).is_break() {
                break;
            }
            transcript.text.push_str(delta);
            transcript
                .segments
                .push(segment(index, half, delta.trim(), with_words));
        }
        Ok(transcript)
    }
}

fn segment(index: usize, length: i64, text: &str, with_words: bool) -> pb::TranscriptSegment {
    let start = length * index as i64;
    let word = pb::TranscriptWord {
        start,
        end: start + length,
        text: text.to_string(),
        ..Default::default()
    };
    pb::TranscriptSegment {
        id: index as i32,
        start,
        end: start + length,
        text: text.to_string(),
        words: if with_words { vec![word] } else { Vec::new() },
        ..Default::default()
    }
}
