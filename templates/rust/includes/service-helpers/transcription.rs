
impl From<Transcript> for pb::TranscriptResult {
    fn from(transcript: Transcript) -> Self {
        Self {
            segments: transcript.segments,
            text: transcript.text,
            language: transcript.language,
            duration: transcript.duration,
            ..Default::default()
        }
    }
}
