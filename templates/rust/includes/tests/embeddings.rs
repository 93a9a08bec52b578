
#[tokio::test]
async fn embeddings_have_length_one_and_depend_on_the_text() {
    let (mut client, _scratch) = connect_loaded().await;
    let mut vectors = Vec::new();
    for text in ["some text", "some text", "some other text"] {
        let request = pb::PredictOptions {
            embeddings: text.to_string(),
            ..Default::default()
        };
        let result = client.embedding(request).await.expect("a vector");
        let result = result.into_inner();
        let norm: f32 = result.embeddings.iter().map(|v| v * v).sum();
        assert!((norm - 1.0).abs() < 1e-5, "{norm}");
{% if 'layout' in proto.messages['EmbeddingResult'] %}
        assert_eq!(result.layout(), pb::EmbeddingLayout::Final);
        assert_eq!((result.tokens, result.dim), (1, 8));
{% endif %}
        vectors.push(result.embeddings);
    }
    assert_eq!(vectors[0].len(), 8);
    assert_eq!(vectors[0], vectors[1]);
    assert_ne!(vectors[0], vectors[2]);
}

#[tokio::test]
async fn tokens_are_embedded_as_well_but_nothing_is_not() {
    let (mut client, _scratch) = connect_loaded().await;
    let request = pb::PredictOptions {
        embedding_tokens: vec![1, 2, 3],
        ..Default::default()
    };
    let result = client.embedding(request).await.expect("a vector");
    assert_eq!(result.into_inner().embeddings.len(), 8);
    let refused = client.embedding(pb::PredictOptions::default()).await;
    assert_eq!(refused.expect_err("empty").code(), Code::InvalidArgument);
}
