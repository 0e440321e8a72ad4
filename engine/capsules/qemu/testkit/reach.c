/*
 * What can be reached from here: reach KIND ADDRESS PORT ... prints "KIND ADDRESS PORT reached" or "... unreached" for
 * each, after a few seconds at most; as root it opens itself the way out first. KIND is tcp, udp or icmp. `reach listen ADDRESS PORT` takes the address for itself
 * (as root) and answers there for ever, printing "seen" for whoever comes.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 5000

static struct sockaddr_in place(const char *address, const char *port) {
  struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
  inet_pton(AF_INET, address, &where.sin_addr);
  return where;
}

static int comes(int fd, short what) {
  struct pollfd waiting = {.fd = fd, .events = what};
  return poll(&waiting, 1, PATIENCE_MS) == 1;
}

/* A refusal is an answer too: somebody is there. Nothing is written, since what is behind may be the host's 9P server. */
static int tcp(struct sockaddr_in where) {
  int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), error = 0;
  socklen_t size = sizeof error;
  if (connect(fd, (struct sockaddr *)&where, sizeof where) == 0) return 1;
  if (errno != EINPROGRESS || !comes(fd, POLLOUT)) return 0;
  getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size);
  return error == 0;
}

static int udp(struct sockaddr_in where) {
  int fd = socket(AF_INET, SOCK_DGRAM, 0);
  char answer[16];
  if (sendto(fd, "hello", 5, 0, (struct sockaddr *)&where, sizeof where) != 5) return 0;
  return comes(fd, POLLIN) && recv(fd, answer, sizeof answer, 0) == 5;
}

static int icmp(struct sockaddr_in where) {
  int fd = socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP);
  int raw = fd < 0;
  if (raw) fd = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP);
  struct icmphdr request = {.type = ICMP_ECHO, .un.echo = {.id = htons(7), .sequence = htons(1)}};
  unsigned sum = (ICMP_ECHO << 8) + 7 + 1;
  unsigned char answer[256];
  request.checksum = htons((uint16_t)~sum);
  if (fd < 0 || sendto(fd, &request, sizeof request, 0, (struct sockaddr *)&where, sizeof where) < 0) return 0;
  while (comes(fd, POLLIN)) {
    ssize_t length = recv(fd, answer, sizeof answer, 0);
    int header = raw ? (answer[0] & 15) * 4 : 0;
    if (length > header && answer[header] == ICMP_ECHOREPLY) return 1;
  }
  return 0;
}

static _Noreturn void answer_at(const char *address, const char *port) {
  char command[128];
  snprintf(command, sizeof command, "ip address add %s/24 dev eth0", address);
  if (system(command) != 0) exit(90);
  struct sockaddr_in where = place("0.0.0.0", port);
  int stream = socket(AF_INET, SOCK_STREAM, 0), packets = socket(AF_INET, SOCK_DGRAM, 0);
  if (bind(stream, (struct sockaddr *)&where, sizeof where) || listen(stream, 5)) exit(91);
  if (bind(packets, (struct sockaddr *)&where, sizeof where)) exit(92);
  printf("listening\n");
  fflush(stdout);
  for (;;) {
    struct pollfd both[2] = {{.fd = stream, .events = POLLIN}, {.fd = packets, .events = POLLIN}};
    char text[16];
    poll(both, 2, -1);
    if (both[0].revents) close(accept(stream, NULL, NULL));
    if (both[1].revents) recv(packets, text, sizeof text, 0);
    printf("seen\n");
    fflush(stdout);
  }
}

int main(int argc, char **argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  if (argc == 4 && !strcmp(argv[1], "listen")) answer_at(argv[2], argv[3]);
  if (geteuid() == 0 && system("ip route add default via 10.0.2.2") != 0) return 93;
  for (int i = 1; i + 2 < argc; i += 3) {
    if (fork() != 0) continue;
    struct sockaddr_in where = place(argv[i + 1], argv[i + 2]);
    int reached = !strcmp(argv[i], "tcp") ? tcp(where) : !strcmp(argv[i], "udp") ? udp(where) : icmp(where);
    printf("%s %s %s %s\n", argv[i], argv[i + 1], argv[i + 2], reached ? "reached" : "unreached");
    return 0;
  }
  while (wait(NULL) > 0);
  return 0;
}
