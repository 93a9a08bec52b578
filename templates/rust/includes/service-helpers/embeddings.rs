
/// The text, or the tokens that the caller sends in its place.
fn text_to_embed(request: &pb::PredictOptions) -> String {
    if !request.embeddings.is_empty() {
        return request.embeddings.clone();
    }
    let tokens: Vec<String> = request
        .embedding_tokens
        .iter()
        .map(i32::to_string)
        .collect();
    tokens.join(" ")
}
