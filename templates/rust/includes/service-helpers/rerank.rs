
/// The documents by falling score, at most `top_n` of them (0 means all). `index` counts in the
/// order of the request.
fn best_first(request: &pb::RerankRequest, scores: &[f32]) -> Vec<pb::DocumentResult> {
    let documents = request.documents.iter().zip(scores).enumerate();
    let mut results: Vec<_> = documents
        .map(|(index, (text, score))| pb::DocumentResult {
            index: index as i32,
            text: text.clone(),
            relevance_score: *score,
            ..Default::default()
        })
        .collect();
    results.sort_by(|a, b| b.relevance_score.total_cmp(&a.relevance_score));
    if let Ok(top @ 1..) = usize::try_from(request.top_n) {
        results.truncate(top);
    }
    results
}
