
// ---- Tokens ----

impl Engine {
    /// The placeholder's tokens are the bytes of the text.
    pub fn tokenize(&self, text: &str) -> Result<Vec<i32>, EngineError> {
        Ok(text.bytes().map(i32::from).collect())
    }
{% if 'Detokenize' in rpcs %}

    /// The text of the tokens; bytes that are no UTF-8 become the replacement character.
    pub fn detokenize(&self, tokens: &[i32]) -> Result<String, EngineError> {
        let bytes: Result<Vec<u8>, _> = tokens.iter().map(|token| u8::try_from(*token)).collect();
        match bytes {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).into_owned()),
            Err(_) => Err(EngineError::InvalidInput(
                "a token is outside of 0 to 255".to_string(),
            )),
        }
    }
{% endif %}
}
