
    async fn tokenize_string(
        &self,
        request: Request<pb::PredictOptions>,
    ) -> Result<Response<pb::TokenizationResponse>, Status> {
        let request = request.into_inner();
        let loaded = {{ model("PredictOptions") }};
        let tokens = blocking(loaded, move |engine| Ok(engine.tokenize(&request.prompt)?)).await?;
        Ok(Response::new(pb::TokenizationResponse {
            length: tokens.len() as i32,
            tokens,
            ..Default::default()
        }))
    }
{% if 'Detokenize' in rpcs %}

    async fn detokenize(
        &self,
        request: Request<pb::DetokenizeRequest>,
    ) -> Result<Response<pb::DetokenizeResponse>, Status> {
        let request = request.into_inner();
        let loaded = {{ model("DetokenizeRequest") }};
        let content = blocking(
            loaded,
            move |engine| Ok(engine.detokenize(&request.tokens)?),
        )
        .await?;
        Ok(Response::new(pb::DetokenizeResponse {
            content,
            ..Default::default()
        }))
    }
{% endif %}
