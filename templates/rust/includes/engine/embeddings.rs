
// ---- Embeddings ----

/// The length of the placeholder's vectors.
const DIMENSIONS: usize = 8;

impl Engine {
    /// One vector of length 1 for the whole text.
    pub fn embed(&self, text: &str) -> Result<Vec<f32>, EngineError> {
        if text.is_empty() {
            return Err(EngineError::InvalidInput("nothing to embed".to_string()));
        }
        let values: Vec<f64> = (0..DIMENSIONS)
            .map(|index| {
                let bits = hash(&format!("{index} {text}"));
                // -1 to 1, and never 0 in all dimensions: the low bit is always set.
                (bits >> 11 | 1) as f64 / (1u64 << 52) as f64 - 1.0
            })
            .collect();
        let norm = values.iter().map(|v| v * v).sum::<f64>().sqrt();
        Ok(values.iter().map(|v| (v / norm) as f32).collect())
    }
}
