
    async fn diarize(
        &self,
        request: Request<pb::DiarizeRequest>,
    ) -> Result<Response<pb::DiarizeResponse>, Status> {
        let request = request.into_inner();
        let loaded = {{ model("DiarizeRequest") }};
        let found = blocking(loaded, move |engine| Ok(engine.diarize(&request)?)).await?;
        Ok(Response::new(pb::DiarizeResponse {
            segments: found.segments,
            num_speakers: found.speakers,
            duration: found.duration,
            ..Default::default()
        }))
    }
