
#[tokio::test]
async fn rerank_sorts_by_score_and_keeps_the_index_of_the_request() {
    let (mut client, _scratch) = connect_loaded().await;
    let mut request = pb::RerankRequest {
        query: "red apple".to_string(),
        documents: ["blue sky", "A RED apple pie", "an apple"]
            .map(String::from)
            .to_vec(),
        ..Default::default()
    };
    for (top_n, expected) in [(0, vec![1, 2, 0]), (2, vec![1, 2]), (9, vec![1, 2, 0])] {
        request.top_n = top_n;
        let result = client.rerank(request.clone()).await.expect("a ranking");
        let result = result.into_inner();
        let order: Vec<i32> = result.results.iter().map(|r| r.index).collect();
        assert_eq!(order, expected);
        assert_eq!(result.results[0].text, "A RED apple pie");
        assert_eq!(result.results[0].relevance_score, 1.0);
        assert_eq!(result.usage.map(|usage| usage.total_tokens), Some(10));
    }
}
