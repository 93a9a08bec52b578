//! Refuses requests that were meant for another model (a recycled port in a cluster).

use tonic::Status;

/// Compares the model name of the last successful load with the one that a request carries.
///
/// An empty name on either side means that no identity was given, and passes. LocalAI recognises
/// the refusal by its code and by the words "model identity mismatch".
pub fn check(loaded: &str, requested: &str) -> Result<(), Status> {
    if loaded.is_empty() || requested.is_empty() || loaded == requested {
        return Ok(());
    }
    Err(Status::not_found(format!(
        "model identity mismatch: the request is for {requested:?}, this process holds {loaded:?}"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_or_missing_names_pass() {
        assert!(check("a", "a").is_ok());
        assert!(check("a", "").is_ok());
        assert!(check("", "a").is_ok());
    }

    #[test]
    fn a_mismatch_names_both_models() {
        let status = check("loaded.bin", "wanted.bin").expect_err("must be refused");
        assert_eq!(status.code(), tonic::Code::NotFound);
        for part in ["model identity mismatch", "loaded.bin", "wanted.bin"] {
            assert!(status.message().contains(part), "{}", status.message());
        }
    }
}
