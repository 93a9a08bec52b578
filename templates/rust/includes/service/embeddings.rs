
    async fn embedding(
        &self,
        request: Request<pb::PredictOptions>,
    ) -> Result<Response<pb::EmbeddingResult>, Status> {
        let request = request.into_inner();
        let loaded = {{ model("PredictOptions") }};
        let result = blocking(loaded, move |engine| {
            let text = text_to_embed(&request);
            let embeddings = engine.embed(&text)?;
            Ok(pb::EmbeddingResult {
{% if 'tokens' in proto.messages['EmbeddingResult'] %}
                tokens: 1,
{% endif %}
{% if 'dim' in proto.messages['EmbeddingResult'] %}
                dim: embeddings.len() as i32,
{% endif %}
{% if 'prompt_tokens' in proto.messages['EmbeddingResult'] %}
                prompt_tokens: engine.count_tokens(&text),
{% endif %}
{% if 'layout' in proto.messages['EmbeddingResult'] %}
                layout: pb::EmbeddingLayout::Final.into(),
{% endif %}
                embeddings,
                ..Default::default()
            })
        });
        Ok(Response::new(result.await?))
    }
