
    async fn detect(
        &self,
        request: Request<pb::DetectOptions>,
    ) -> Result<Response<pb::DetectResponse>, Status> {
        let request = request.into_inner();
        let loaded = {{ model("DetectOptions") }};
        let detections = blocking(loaded, move |engine| Ok(engine.detect(&request)?)).await?;
        Ok(Response::new(pb::DetectResponse {
            detections,
            ..Default::default()
        }))
    }
