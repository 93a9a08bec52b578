
    async fn predict(
        &self,
        request: Request<pb::PredictOptions>,
    ) -> Result<Response<pb::Reply>, Status> {
        let request = request.into_inner();
        let loaded = {{ model("PredictOptions") }};
        let reply = blocking(loaded, move |engine| {
            let mut reply = pb::Reply::default();
            engine.generate(prompt(&request), &request, &mut |piece| {
                reply.message.extend_from_slice(piece.text.as_bytes());
                reply.tokens = piece.tokens;
                reply.prompt_tokens = piece.prompt_tokens;
                ControlFlow::Continue(())
            })?;
            Ok(reply)
        });
        Ok(Response::new(reply.await?))
    }

    async fn predict_stream(
        &self,
        request: Request<pb::PredictOptions>,
    ) -> Result<Response<BoxStream<pb::Reply>>, Status> {
        let request = request.into_inner();
        let loaded = {{ model("PredictOptions") }};
        Ok(streaming(loaded, move |engine, emit| {
            engine.generate(prompt(&request), &request, &mut |piece| {
                emit(pb::Reply {
                    message: piece.text.into_bytes(),
                    tokens: piece.tokens,
                    prompt_tokens: piece.prompt_tokens,
                    ..Default::default()
                })
            })?;
            Ok(())
        }))
    }
