
#[tokio::test]
async fn entities_have_byte_offsets() {
    let (mut client, _scratch) = connect_loaded().await;
    let text = "Grüße an jürgen@example.com., a@b und <x.y+z@mail.example.org>";
    let request = pb::TokenClassifyRequest {
        text: text.to_string(),
        ..Default::default()
    };
    let answer = client.token_classify(request).await.expect("entities");
    let entities = answer.into_inner().entities;
    let found: Vec<&str> = entities.iter().map(|e| e.text.as_str()).collect();
    assert_eq!(found, ["rgen@example.com", "x.y+z@mail.example.org"]);
    for entity in &entities {
        let range = entity.start as usize..entity.end as usize;
        assert_eq!(text[range], entity.text);
        assert_eq!(entity.entity_group, "EMAIL");
    }
    for (text, threshold) in [("@ a@ @b.cd a@b. @@", 0.0), ("a@b.cd", 1.0)] {
        let request = pb::TokenClassifyRequest {
            text: text.to_string(),
            threshold,
            ..Default::default()
        };
        let answer = client.token_classify(request).await.expect("entities");
        assert!(answer.into_inner().entities.is_empty(), "{text}");
    }
}
