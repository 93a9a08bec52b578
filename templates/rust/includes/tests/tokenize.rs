
#[tokio::test]
async fn tokens_are_bytes{{ "_and_come_back_as_text" if 'Detokenize' in rpcs }}() {
    let (mut client, _scratch) = connect_loaded().await;
    let request = pb::PredictOptions {
        prompt: "für".to_string(),
        ..Default::default()
    };
    let answer = client.tokenize_string(request).await.expect("tokens");
    let answer = answer.into_inner();
    assert_eq!(answer.tokens, [102, 195, 188, 114]);
    assert_eq!(answer.length, 4);
{% if 'Detokenize' in rpcs %}

    let request = pb::DetokenizeRequest {
        tokens: answer.tokens,
        ..Default::default()
    };
    let text = client.detokenize(request).await.expect("a text");
    assert_eq!(text.into_inner().content, "für");
    let request = pb::DetokenizeRequest {
        tokens: vec![256],
        ..Default::default()
    };
    let refused = client.detokenize(request).await.expect_err("no byte");
    assert_eq!(refused.code(), Code::InvalidArgument);
{% endif %}
}
