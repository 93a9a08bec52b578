
// ---- Vector store ----

/// Values by vector. All vectors have the same length.
#[derive(Default)]
struct Store {
    /// The key is the vector's bits: floats themselves have no total equality.
    entries: BTreeMap<Vec<u32>, Vec<u8>>,
}

/// A stored vector with its value and, for a search, its similarity.
pub struct Entry {
    pub key: Vec<f32>,
    pub value: Vec<u8>,
    pub similarity: f32,
}

impl Engine {
    /// Stores the pairs; a known key gets the new value. Nothing is stored when one is refused.
    pub fn store_set(&self, pairs: Vec<(Vec<f32>, Vec<u8>)>) -> Result<(), EngineError> {
        let mut store = self.store();
        let Some((first, _)) = pairs.first() else {
            return Err(EngineError::InvalidInput("no keys to set".to_string()));
        };
        let length = store.key_length().unwrap_or(first.len());
        for (key, _) in &pairs {
            check_length(key, Some(length))?;
        }
        let pairs = pairs.into_iter().map(|(key, value)| (bits(&key), value));
        store.entries.extend(pairs);
        Ok(())
    }

    /// The entries of the known keys, in the order of `keys`; unknown keys are left out.
    pub fn store_get(&self, keys: &[Vec<f32>]) -> Result<Vec<Entry>, EngineError> {
        let store = self.store();
        let mut found = Vec::new();
        for key in keys {
            check_length(key, store.key_length())?;
            if let Some(value) = store.entries.get(&bits(key)) {
                found.push(Entry {
                    key: key.clone(),
                    value: value.clone(),
                    similarity: 1.0,
                });
            }
        }
        Ok(found)
    }

    /// Unknown keys are no error.
    pub fn store_delete(&self, keys: &[Vec<f32>]) -> Result<(), EngineError> {
        let mut store = self.store();
        for key in keys {
            check_length(key, store.key_length())?;
        }
        for key in keys {
            store.entries.remove(&bits(key));
        }
        Ok(())
    }

    /// The `top` most similar entries by cosine, the most similar first.
    pub fn store_find(&self, key: &[f32], top: usize) -> Result<Vec<Entry>, EngineError> {
        let store = self.store();
        check_length(key, store.key_length())?;
        let entry = |(bits, value): (&Vec<u32>, &Vec<u8>)| {
            let other: Vec<f32> = bits.iter().copied().map(f32::from_bits).collect();
            Entry {
                similarity: cosine(key, &other),
                key: other,
                value: value.clone(),
            }
        };
        let mut entries: Vec<Entry> = store.entries.iter().map(entry).collect();
        entries.sort_by(|a, b| b.similarity.total_cmp(&a.similarity));
        entries.truncate(top);
        Ok(entries)
    }

    fn store(&self) -> std::sync::MutexGuard<'_, Store> {
        // Every change is complete before the lock is released, so a panic left it whole.
        self.store.lock().unwrap_or_else(|error| error.into_inner())
    }
}

impl Store {
    fn key_length(&self) -> Option<usize> {
        self.entries.keys().next().map(Vec::len)
    }
}

fn check_length(key: &[f32], length: Option<usize>) -> Result<(), EngineError> {
    match length {
        _ if key.is_empty() => Err(EngineError::InvalidInput("a key is empty".to_string())),
        Some(length) if length != key.len() => Err(EngineError::InvalidInput(format!(
            "a key has {} dimensions, the store has {length}",
            key.len()
        ))),
        _ => Ok(()),
    }
}

fn bits(key: &[f32]) -> Vec<u32> {
    // Adding 0 makes -0 equal to 0.
    key.iter().map(|value| (value + 0.0).to_bits()).collect()
}

fn cosine(left: &[f32], right: &[f32]) -> f32 {
    let dot = |a: &[f32], b: &[f32]| -> f64 {
        a.iter()
            .zip(b)
            .map(|(a, b)| f64::from(*a) * f64::from(*b))
            .sum()
    };
    let lengths = (dot(left, left) * dot(right, right)).sqrt();
    if lengths > 0.0 {
        (dot(left, right) / lengths) as f32
    } else {
        0.0
    }
}
