
// ---- Sound classification ----

impl Engine {
    /// What is heard in the audio file `src` of the request, the most likely first.
    pub fn classify_sound(
        &self,
        request: &pb::SoundDetectionRequest,
    ) -> Result<Vec<pb::SoundClass>, EngineError> {
        let samples = read_wav(&request.src)?.samples;
        let peak = samples.iter().fold(0.0f32, |peak, s| peak.max(s.abs()));
        let loud = peak.clamp(0.0, 1.0);
        let mut classes = vec![
            sound_class(0, "placeholder silence", 1.0 - loud),
            sound_class(1, "placeholder sound", loud),
        ];
        classes.retain(|class| class.score >= request.threshold);
        classes.sort_by(|a, b| b.score.total_cmp(&a.score));
        if let Ok(top @ 1..) = usize::try_from(request.top_k) {
            classes.truncate(top);
        }
        Ok(classes)
    }
}

fn sound_class(index: i32, label: &str, score: f32) -> pb::SoundClass {
    pb::SoundClass {
        label: label.to_string(),
        score,
        index,
        ..Default::default()
    }
}
