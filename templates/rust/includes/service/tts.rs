
    async fn tts(&self, request: Request<pb::TtsRequest>) -> Result<Response<pb::Result>, Status> {
        let request = request.into_inner();
        let loaded = {{ model("TTSRequest") }};
        blocking(loaded, move |engine| {
            let dst = destination(&request.dst)?;
            let mut samples = Vec::new();
            engine.speak(&request, &mut |piece| {
                samples.extend(piece);
                ControlFlow::Continue(())
            })?;
            wav::write(dst, engine.speech_sample_rate(), &samples)
                .map_err(|error| cannot_write(dst, &error))
        })
        .await?;
        Ok(success("speech written"))
    }

    async fn tts_stream(
        &self,
        request: Request<pb::TtsRequest>,
    ) -> Result<Response<BoxStream<pb::Reply>>, Status> {
        let request = request.into_inner();
        let loaded = {{ model("TTSRequest") }};
        Ok(streaming(loaded, move |engine, emit| {
            // LocalAI writes the WAV header for its client when it reads the rate in the first message.
            let rate = engine.speech_sample_rate();
            let mut header = Some({% raw %}format!("{{\"sample_rate\":{rate}}}"){% endraw %});
            engine.speak(&request, &mut |piece| {
                if let Some(header) = header.take() {
                    emit(pb::Reply {
                        message: header.into_bytes(),
                        ..Default::default()
                    })?;
                }
                emit(pb::Reply {
                    audio: wav::to_bytes(&piece),
                    ..Default::default()
                })
            })?;
            Ok(())
        }))
    }
