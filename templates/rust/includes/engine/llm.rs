
// ---- Text generation ----

/// One piece of a reply. The counts are those of the whole reply so far.
pub struct Piece {
    pub text: String,
    pub tokens: i32,
    pub prompt_tokens: i32,
}

impl Engine {
    /// Generates the reply to `prompt`, piece by piece.
    ///
    /// `options` holds everything else: `tokens` (0 means no limit), `temperature`, `top_p`,
    /// `stop_prompts`, `grammar`, `images` and so on.
    pub fn generate(
        &self,
        prompt: &str,
        options: &pb::PredictOptions,
        emit: Emit<Piece>,
    ) -> Result<(), EngineError> {
        let reply = format!("echo: {prompt}");
        let limit = usize::try_from(options.tokens)
            .ok()
            .filter(|limit| *limit > 0);
        let words = split_before_spaces(&reply);
        let kept = &words[..words.len().min(limit.unwrap_or(usize::MAX))];

        // The first word goes out in two pieces: a stream of one would prove nothing.
        let (first, rest) = kept[0].split_at(kept[0].len() / 2);
        let mut tokens = 0;
        let pieces = [first, rest].into_iter().chain(kept[1..].iter().copied());
        for (index, text) in pieces.enumerate() {
            if index > 0 {
                tokens += self.count_tokens(text);
            }
            let piece = Piece {
                text: text.to_string(),
                tokens,
                prompt_tokens: self.count_tokens(prompt),
            };
            if emit(piece).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// Cuts before each run of white space: joined, the parts are the text again.
fn split_before_spaces(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut start = 0;
    let mut after_word = false;
    for (index, character) in text.char_indices() {
        if character.is_whitespace() && after_word {
            parts.push(&text[start..index]);
            start = index;
        }
        after_word = !character.is_whitespace();
    }
    parts.push(&text[start..]);
    parts
}
