//! The bearer token that LocalAI sets for its backends.

use std::sync::Arc;

use tonic::service::Interceptor;
use tonic::{Request, Status};

/// Refuses calls without `authorization: Bearer <token>` when a token is set.
#[derive(Clone)]
pub struct Auth {
    expected: Option<Arc<str>>,
}

impl Auth {
    /// Reads `LOCALAI_GRPC_AUTH_TOKEN`; unset or empty switches the check off.
    pub fn from_env() -> Self {
        Self::new(&std::env::var("LOCALAI_GRPC_AUTH_TOKEN").unwrap_or_default())
    }

    /// Expects `token`, or nothing at all when it is empty.
    pub fn new(token: &str) -> Self {
        let expected = (!token.is_empty()).then(|| format!("Bearer {token}").into());
        Self { expected }
    }
}

impl Interceptor for Auth {
    fn call(&mut self, request: Request<()>) -> Result<Request<()>, Status> {
        let Some(expected) = &self.expected else {
            return Ok(request);
        };
        let given = request.metadata().get("authorization");
        if given.is_some_and(|value| same_bytes(value.as_bytes(), expected.as_bytes())) {
            Ok(request)
        } else {
            Err(Status::unauthenticated(
                "missing or wrong authorization token",
            ))
        }
    }
}

/// Compares without stopping at the first difference, so that timing tells nothing about the token.
fn same_bytes(left: &[u8], right: &[u8]) -> bool {
    let differences = left
        .iter()
        .zip(right)
        .fold(0, |seen, (a, b)| seen | (a ^ b));
    left.len() == right.len() && differences == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(authorization: Option<&str>) -> Request<()> {
        let mut request = Request::new(());
        if let Some(value) = authorization {
            let value = value.parse().expect("test values are ASCII");
            request.metadata_mut().insert("authorization", value);
        }
        request
    }

    #[test]
    fn without_a_token_every_call_passes() {
        assert!(Auth::new("").call(request(None)).is_ok());
        assert!(Auth::new("").call(request(Some("Bearer x"))).is_ok());
    }

    #[test]
    fn with_a_token_only_that_token_passes() {
        let mut auth = Auth::new("secret");
        assert!(auth.call(request(Some("Bearer secret"))).is_ok());
        for wrong in [
            None,
            Some(""),
            Some("secret"),
            Some("Bearer secre"),
            Some("Bearer secret2"),
        ] {
            let refused = auth.call(request(wrong)).expect_err("must be refused");
            assert_eq!(refused.code(), tonic::Code::Unauthenticated, "{wrong:?}");
        }
    }
}
