//! The gRPC server around the service: address, message limits, authentication.

use std::future::Future;
use std::io;
use std::net::SocketAddr;

use tokio::net::TcpListener;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::server::TcpIncoming;
use tonic::transport::Server;

use crate::auth::Auth;
use crate::pb::backend_server::BackendServer;
use crate::service::Service;

/// LocalAI's own limit, in both directions. gRPC's default of 4 MiB is too small for audio.
const MAX_MESSAGE_BYTES: usize = 50 * 1024 * 1024;

/// Listens on `HOST:PORT`, where the host may be a name. IPv4 comes first, because LocalAI dials it.
pub async fn bind(address: &str) -> io::Result<TcpListener> {
    let mut candidates: Vec<SocketAddr> = tokio::net::lookup_host(address).await?.collect();
    candidates.sort_by_key(SocketAddr::is_ipv6);
    TcpListener::bind(candidates.as_slice()).await
}

/// Serves until `shutdown` is ready and the running calls are answered.
pub async fn serve(
    listener: TcpListener,
    auth: Auth,
    shutdown: impl Future<Output = ()>,
) -> Result<(), tonic::transport::Error> {
    // The limits belong to the inner server: wrapping it any other way loses them.
    let backend = BackendServer::new(Service::default())
        .max_decoding_message_size(MAX_MESSAGE_BYTES)
        .max_encoding_message_size(MAX_MESSAGE_BYTES);
    let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
    Server::builder()
        .add_service(InterceptedService::new(backend, auth))
        .serve_with_incoming_shutdown(incoming, shutdown)
        .await
}
