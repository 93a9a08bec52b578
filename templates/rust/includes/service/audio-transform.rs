
    async fn audio_transform(
        &self,
        request: Request<pb::AudioTransformRequest>,
    ) -> Result<Response<pb::AudioTransformResult>, Status> {
        let request = request.into_inner();
        let loaded = {{ model("AudioTransformRequest") }};
        let result = blocking(loaded, move |engine| {
            let written = engine.transform(&request, destination(&request.dst)?)?;
            Ok(pb::AudioTransformResult {
                dst: request.dst,
                sample_rate: written.sample_rate as i32,
                samples: written.samples as i32,
                reference_provided: !request.reference_path.is_empty(),
                ..Default::default()
            })
        });
        Ok(Response::new(result.await?))
    }

    async fn audio_transform_stream(
        &self,
        request: Request<Streaming<pb::AudioTransformFrameRequest>>,
    ) -> Result<Response<BoxStream<pb::AudioTransformFrameResponse>>, Status> {
        use pb::audio_transform_frame_request::Payload;
        let mut frames = request.into_inner();
        let loaded = {{ model("AudioTransformFrameRequest") }};
        let runtime = tokio::runtime::Handle::current();
        Ok(streaming(loaded, move |engine, emit| {
            let mut stream = None;
            let mut frame_index = 0;
            while let Some(message) = runtime.block_on(frames.message())? {
                let frame = match message.payload {
                    Some(Payload::Config(config)) => {
                        stream = Some(engine.transform_stream(&config)?);
                        frame_index = 0;
                        continue;
                    }
                    Some(Payload::Frame(frame)) => frame,
                    None => continue,
                };
                let Some(stream) = &mut stream else {
                    return Err(Status::invalid_argument(
                        "the first message must be the configuration",
                    ));
                };
                let answer = pb::AudioTransformFrameResponse {
                    pcm: stream.process(frame)?,
                    frame_index,
                    ..Default::default()
                };
                frame_index += 1;
                if emit(answer).is_break() {
                    break;
                }
            }
            Ok(())
        }))
    }
