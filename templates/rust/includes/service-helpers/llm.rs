
/// The text to answer: LocalAI leaves `Prompt` empty when the engine applies the chat template.
fn prompt(request: &pb::PredictOptions) -> &str {
    if !request.prompt.is_empty() {
        return &request.prompt;
    }
    let from_user = request.messages.iter().rfind(|m| m.role == "user");
    from_user
        .or(request.messages.last())
        .map_or("", |message| &message.content)
}
