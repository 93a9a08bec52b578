"""Interceptors that every Python backend passes to grpc.server.

With LOCALAI_GRPC_AUTH_TOKEN set, a call needs the metadata `authorization: Bearer <token>`. Calls
for another model are refused (model_identity), and the server ends with its parent (parent_watch).
"""

import hmac
import os

import grpc

import parent_watch
from model_identity import Identity


def _abort(handler, code, message):
    """A handler of the same shape as `handler` that ends every call."""

    def refuse(_request, context):
        context.abort(code, message)

    return _rebuild(handler, refuse, refuse)


def _rebuild(handler, unary, stream):
    kinds = {
        (False, False): (grpc.unary_unary_rpc_method_handler, unary),
        (False, True): (grpc.unary_stream_rpc_method_handler, stream),
        (True, False): (grpc.stream_unary_rpc_method_handler, unary),
        (True, True): (grpc.stream_stream_rpc_method_handler, stream),
    }
    make, behaviour = kinds[(handler.request_streaming, handler.response_streaming)]
    return make(
        behaviour,
        request_deserializer=handler.request_deserializer,
        response_serializer=handler.response_serializer,
    )


class TokenInterceptor(grpc.ServerInterceptor):
    """Lets only callers in that know the token."""

    def __init__(self, token):
        self._expected = f"Bearer {token}".encode()

    def intercept_service(self, continuation, details):
        handler = continuation(details)
        given = dict(details.invocation_metadata).get("authorization", "")
        if handler is None or hmac.compare_digest(str(given).encode(), self._expected):
            return handler
        return _abort(handler, grpc.StatusCode.UNAUTHENTICATED, "missing or wrong token")


class IdentityInterceptor(grpc.ServerInterceptor):
    """Remembers the model of a successful LoadModel and guards the calls with one request."""

    def __init__(self):
        self._identity = Identity()

    def intercept_service(self, continuation, details):
        handler = continuation(details)
        if handler is None or handler.request_streaming:
            return handler
        if details.method.endswith("/LoadModel"):
            return _rebuild(handler, self._loading(handler.unary_unary), None)

        def unary(request, context):
            self._check(request, context)
            return handler.unary_unary(request, context)

        def stream(request, context):
            self._check(request, context)
            yield from handler.unary_stream(request, context)

        return _rebuild(handler, unary, stream)

    def _loading(self, load):
        def remember(request, context):
            result = load(request, context)
            if result.success:
                self._identity.loaded(request.Model)
            return result

        return remember

    def _check(self, request, context):
        complaint = self._identity.complaint(request)
        if complaint:
            context.abort(grpc.StatusCode.NOT_FOUND, complaint)


class _AsyncRefusal(grpc.aio.ServerInterceptor):
    """The token check for grpc.aio."""

    def __init__(self, token):
        self._check = TokenInterceptor(token)

    async def intercept_service(self, continuation, details):
        handler = await continuation(details)
        return self._check.intercept_service(lambda _details: handler, details)


def get_auth_interceptors(*, aio=False):
    """The interceptors of a server; also starts the watch on the parent process.

    With `aio` only the token is checked.
    """
    parent_watch.start()
    token = os.environ.get("LOCALAI_GRPC_AUTH_TOKEN", "")
    if aio:
        return [_AsyncRefusal(token)] if token else []
    return ([TokenInterceptor(token)] if token else []) + [IdentityInterceptor()]
