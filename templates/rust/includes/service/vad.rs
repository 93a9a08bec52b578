
    async fn vad(
        &self,
        request: Request<pb::VadRequest>,
    ) -> Result<Response<pb::VadResponse>, Status> {
        let request = request.into_inner();
        let loaded = {{ model("VADRequest") }};
        let segments = blocking(
            loaded,
            move |engine| Ok(engine.find_speech(&request.audio)?),
        )
        .await?;
        Ok(Response::new(pb::VadResponse {
            segments,
            ..Default::default()
        }))
    }
