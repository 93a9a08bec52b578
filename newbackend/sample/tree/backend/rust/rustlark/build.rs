fn main() -> Result<(), Box<dyn std::error::Error>> {
    let proto =
        std::env::var("BACKEND_PROTO_PATH").unwrap_or_else(|_| "proto/backend.proto".into());
    let folder = std::path::Path::new(&proto)
        .parent()
        .unwrap_or(std::path::Path::new("."))
        .to_path_buf();
    // Stubs for the RPCs that this backend does not offer: a new RPC in the proto must not break it.
    tonic_build::configure()
        .build_client(false)
        .generate_default_stubs(true)
        .compile_protos(&[proto.as_str()], &[folder])?;
    Ok(())
}
