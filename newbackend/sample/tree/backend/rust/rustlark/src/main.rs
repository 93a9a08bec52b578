//! rustlark: speech synthesis on the CPU.

mod lark;
mod service;

use std::net::ToSocketAddrs;

use clap::Parser;
use tonic::transport::Server;

/// Messages and the server trait of backend/backend.proto.
pub mod backend {
    tonic::include_proto!("backend");
}

const LIMIT: usize = 50 * 1024 * 1024;

#[derive(Parser)]
struct Args {
    #[arg(long, default_value = "localhost:50051")]
    addr: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args = Args::parse();
    // A host name is not an address yet.
    let address = args
        .addr
        .to_socket_addrs()?
        .next()
        .ok_or("the address names no host")?;
    let server = backend::backend_server::BackendServer::new(service::Lark::default())
        .max_decoding_message_size(LIMIT)
        .max_encoding_message_size(LIMIT);
    eprintln!("listening on {address}");
    Server::builder().add_service(server).serve(address).await?;
    Ok(())
}
