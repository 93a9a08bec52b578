
    async fn audio_transcription(
        &self,
        request: Request<pb::TranscriptRequest>,
    ) -> Result<Response<pb::TranscriptResult>, Status> {
        let request = request.into_inner();
        let loaded = {{ model("TranscriptRequest") }};
        let result = blocking(loaded, move |engine| {
            let transcript = engine.transcribe(&request, &mut |_| ControlFlow::Continue(()))?;
            Ok(transcript.into())
        });
        Ok(Response::new(result.await?))
    }

    async fn audio_transcription_stream(
        &self,
        request: Request<pb::TranscriptRequest>,
    ) -> Result<Response<BoxStream<pb::TranscriptStreamResponse>>, Status> {
        let request = request.into_inner();
        let loaded = {{ model("TranscriptRequest") }};
        Ok(streaming(loaded, move |engine, emit| {
            let transcript = engine.transcribe(&request, &mut |delta| {
                emit(pb::TranscriptStreamResponse {
                    delta,
                    ..Default::default()
                })
            })?;
            // Nobody is left to hear it after a `Break`, which `emit` has told the engine already.
            let _ = emit(pb::TranscriptStreamResponse {
                final_result: Some(transcript.into()),
                ..Default::default()
            });
            Ok(())
        }))
    }
