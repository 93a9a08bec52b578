
// ---- Reranking ----

impl Engine {
    /// One score per document, in the order of the documents.
    pub fn rerank(&self, request: &pb::RerankRequest) -> Result<Vec<f32>, EngineError> {
        let query = distinct_words(&request.query);
        let score = |document: &String| {
            let shared = query.intersection(&distinct_words(document)).count();
            shared as f32 / query.len().max(1) as f32
        };
        Ok(request.documents.iter().map(score).collect())
    }
}

fn distinct_words(text: &str) -> std::collections::HashSet<String> {
    text.split_whitespace().map(str::to_lowercase).collect()
}
