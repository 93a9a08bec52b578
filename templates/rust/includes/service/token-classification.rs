
    async fn token_classify(
        &self,
        request: Request<pb::TokenClassifyRequest>,
    ) -> Result<Response<pb::TokenClassifyResponse>, Status> {
        let request = request.into_inner();
        let loaded = {{ model("TokenClassifyRequest") }};
        let entities =
            blocking(loaded, move |engine| Ok(engine.classify_tokens(&request)?)).await?;
        Ok(Response::new(pb::TokenClassifyResponse {
            entities,
            ..Default::default()
        }))
    }
