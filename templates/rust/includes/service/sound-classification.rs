
    async fn sound_detection(
        &self,
        request: Request<pb::SoundDetectionRequest>,
    ) -> Result<Response<pb::SoundDetectionResponse>, Status> {
        let request = request.into_inner();
        let loaded = {{ model("SoundDetectionRequest") }};
        let detections =
            blocking(loaded, move |engine| Ok(engine.classify_sound(&request)?)).await?;
        Ok(Response::new(pb::SoundDetectionResponse {
            detections,
            ..Default::default()
        }))
    }
