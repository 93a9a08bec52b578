/* The smallest thing that LocalAI would take for a backend: HTTP/2 by hand, one unary call.
   It answers every request with an empty Reply and grpc-status 0. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int foo(int);
#ifdef EXTRA_DECLARATIONS
EXTRA_DECLARATIONS
#endif

static void frame(int fd, int type, int flags, int stream, const void *body, int size) {
  unsigned char head[9] = {size >> 16, size >> 8, size, type, flags, 0, 0, stream >> 8, stream};
  write(fd, head, 9);
  write(fd, body, size);
}

static int all(int fd, unsigned char *into, int size) {
  for (int got = 0, n; got < size; got += n)
    if ((n = read(fd, into + got, size - got)) <= 0) return 0;
  return 1;
}

static void serve(int fd) {
  static unsigned char body[1 << 16];
  const char headers[] = "\x88\x00\x0c" "content-type" "\x10" "application/grpc";
  const char trailers[] = "\x00\x0b" "grpc-status" "\x01" "0";
  if (!all(fd, body, 24)) return; /* the preface */
  frame(fd, 4, 0, 0, "", 0);
  for (unsigned char head[9]; all(fd, head, 9);) {
    int size = head[0] << 16 | head[1] << 8 | head[2], stream = head[7] << 8 | head[8];
    if (size > (int)sizeof body || !all(fd, body, size)) return;
    if (head[3] == 4 && !(head[4] & 1)) frame(fd, 4, 1, 0, "", 0);
    if (head[3] == 6 && !(head[4] & 1)) frame(fd, 6, 1, 0, body, size);
    if (head[3] == 0 && head[4] & 1) { /* the end of the request */
      frame(fd, 1, 4, stream, headers, sizeof headers - 1);
      frame(fd, 0, 0, stream, "\0\0\0\0\0", 5);
      frame(fd, 1, 5, stream, trailers, sizeof trailers - 1);
    }
  }
}

int main(int argc, char **argv) {
  struct sockaddr_in at = {.sin_family = AF_INET};
  const char *port = "0";
  for (int i = 1; i + 1 < argc; i++)
    if (!strcmp(argv[i], "--addr")) port = strrchr(argv[i + 1], ':') + 1;
  if (foo(argc) != 3 * argc) return 77;
#ifdef EXTRA_STATEMENTS
  EXTRA_STATEMENTS
#endif
  at.sin_port = htons(atoi(port));
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (void *)&at, sizeof at) || listen(listener, 4)) return 78;
  printf("listening on %s\n", port);
  fflush(stdout);
  for (int fd; (fd = accept(listener, 0, 0)) >= 0; close(fd)) serve(fd);
  return 0;
}
