//! Generates the gRPC code from LocalAI's backend.proto.

use std::path::Path;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo:rerun-if-env-changed=BACKEND_PROTO_PATH");
    let proto =
        std::env::var("BACKEND_PROTO_PATH").unwrap_or_else(|_| "proto/backend.proto".to_string());
    let folder = Path::new(&proto).parent().unwrap_or(Path::new("."));

    tonic_build::configure()
        // The client is what the tests talk through.
        .build_client(true)
        .build_server(true)
        // A method that service.rs does not write answers UNIMPLEMENTED. Without this every RPC
        // that LocalAI adds to the proto would break the build.
        .generate_default_stubs(true)
        .compile_protos(&[Path::new(&proto)], &[folder])?;
    Ok(())
}
