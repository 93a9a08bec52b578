//! The RPCs that rustlark offers; the generated stubs answer for the others.

use std::path::Path;
use std::sync::Mutex;

use tonic::codegen::BoxStream;
use tonic::{Request, Response, Status};

use crate::backend::{
    backend_server::Backend, HealthMessage, ModelOptions, Reply, Result as Outcome, TtsRequest,
};
use crate::lark;

/// Holds the name of the loaded voice.
#[derive(Default)]
pub struct Lark {
    model: Mutex<String>,
}

impl Lark {
    /// An error when no voice is loaded, or the request is meant for another one.
    fn ready(&self, wanted: &str) -> Result<(), Status> {
        let held = self
            .model
            .lock()
            .expect("the lock is never held across a panic");
        if held.is_empty() {
            return Err(Status::failed_precondition("rustlark: model not loaded"));
        }
        if !wanted.is_empty() && wanted != held.as_str() {
            return Err(Status::not_found(format!(
                "model identity mismatch: the request is for '{wanted}', loaded is '{held}'"
            )));
        }
        Ok(())
    }

    fn hold(&self, model: &str) {
        *self
            .model
            .lock()
            .expect("the lock is never held across a panic") = model.to_string();
    }
}

fn outcome(success: bool, message: impl Into<String>) -> Response<Outcome> {
    Response::new(Outcome {
        success,
        message: message.into(),
    })
}

#[tonic::async_trait]
impl Backend for Lark {
    async fn health(&self, _: Request<HealthMessage>) -> Result<Response<Reply>, Status> {
        Ok(Response::new(Reply {
            message: b"OK".to_vec(),
            ..Default::default()
        }))
    }

    async fn load_model(
        &self,
        request: Request<ModelOptions>,
    ) -> Result<Response<Outcome>, Status> {
        let options = request.into_inner();
        if !options.model_file.ends_with(".lark") || !Path::new(&options.model_file).is_file() {
            return Ok(outcome(
                false,
                format!("not a rustlark voice: {:?}", options.model),
            ));
        }
        self.hold(&options.model);
        Ok(outcome(true, "loaded"))
    }

    async fn free(&self, _: Request<HealthMessage>) -> Result<Response<Outcome>, Status> {
        self.hold("");
        Ok(outcome(true, ""))
    }

    async fn tts(&self, request: Request<TtsRequest>) -> Result<Response<Outcome>, Status> {
        let request = request.into_inner();
        self.ready(&request.model_identity)?;
        std::fs::write(&request.dst, lark::wav(&lark::sing(&request.text)))
            .map_err(|e| Status::internal(format!("rustlark: {}: {e}", request.dst)))?;
        Ok(outcome(true, ""))
    }

    async fn tts_stream(
        &self,
        request: Request<TtsRequest>,
    ) -> Result<Response<BoxStream<Reply>>, Status> {
        let request = request.into_inner();
        self.ready(&request.model_identity)?;
        let samples = lark::sing(&request.text);
        let (first, second) = samples.split_at(samples.len() / 2);
        let rate = format!("{{\"sample_rate\": {}}}", lark::RATE);
        let replies = vec![
            Ok(Reply {
                message: rate.into_bytes(),
                ..Default::default()
            }),
            Ok(Reply {
                audio: lark::bytes(first),
                ..Default::default()
            }),
            Ok(Reply {
                audio: lark::bytes(second),
                ..Default::default()
            }),
        ];
        Ok(Response::new(Box::pin(tokio_stream::iter(replies))))
    }
}
