
    async fn rerank(
        &self,
        request: Request<pb::RerankRequest>,
    ) -> Result<Response<pb::RerankResult>, Status> {
        let request = request.into_inner();
        let loaded = {{ model("RerankRequest") }};
        let result = blocking(loaded, move |engine| {
            let scores = engine.rerank(&request)?;
            let texts = request.documents.iter().chain([&request.query]);
            let tokens = texts.map(|text| engine.count_tokens(text)).sum();
            Ok(pb::RerankResult {
                usage: Some(pb::Usage {
                    total_tokens: tokens,
                    prompt_tokens: tokens,
                    ..Default::default()
                }),
                results: best_first(&request, &scores),
                ..Default::default()
            })
        });
        Ok(Response::new(result.await?))
    }
