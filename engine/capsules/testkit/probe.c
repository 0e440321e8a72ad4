/*
 * A work unit's program that does what a test asks for: probe VERB [ARGUMENT]
 *
 *   args ...     out/args.txt: its arguments but the first, and the card; exit 7
 *   work STEPS   STEPS times some milliseconds of arithmetic: out/numbers.txt, progress and live grow; exit 0
 *   spin         computes for ever without a host call
 *   hog          takes memory until there is no more
 *   flood BYTES  prints so many bytes, then exits 0
 *   fill         writes out/big until that is refused; exit 40 when there was no space
 *   crash        ends by a trap
 *   exit STATUS
 */
#include <errno.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static FILE *open_or_die(const char *path, const char *mode) {
  FILE *file = fopen(path, mode);
  if (!file) {
    perror(path);
    exit(90);
  }
  return file;
}

static int args(int argc, char **argv) {
  mkdir("out/deep", 0777);
  FILE *out = open_or_die("out/deep/args.txt", "w");
  for (int i = 2; i < argc; i++) fprintf(out, "[%s]\n", argv[i]);
  FILE *card = open_or_die("card.json", "r");
  for (int c = getc(card); c != EOF; c = getc(card)) putc(c, out);
  fclose(card);
  fclose(out);
  printf("to stdout\n");
  fflush(stdout);
  fprintf(stderr, "to stderr\n");
  return 7;
}

static int work(long steps) {
  FILE *out = open_or_die("out/numbers.txt", "w");
  FILE *progress = open_or_die("progress", "a");
  FILE *live = open_or_die("live", "a");
  uint64_t state = 88172645463325252u;
  double sum = 0;
  for (long step = 1; step <= steps; step++) {
    for (int i = 0; i < 200000; i++) {
      state ^= state << 13;
      state ^= state >> 7;
      state ^= state << 17;
      sum += (double)(state >> 11) / 9007199254740992.0;
    }
    sched_yield();
    fprintf(out, "%ld %llu %.17g\n", step, (unsigned long long)state, sum);
    fflush(out);
    fprintf(live, "{\"step\":%ld}\n", step);
    fflush(live);
    fprintf(progress, "%ld %ld\n", step, steps);
    fflush(progress);
  }
  return fclose(out) == 0 ? 0 : 91;
}

static _Noreturn void spin(void) {
  printf("spinning\n");
  fflush(stdout);
  volatile uint64_t turns = 0;
  for (;;) turns++;
}

/* Linked, so that the compiler cannot see that nobody reads them. */
static void *volatile blocks;

static _Noreturn void hog(void) {
  for (;;) {
    void **block = malloc(1 << 20);
    if (!block) abort();
    memset(block, 1, 1 << 20);
    *block = blocks;
    blocks = block;
  }
}

static int flood(long bytes) {
  char line[100];
  memset(line, '.', sizeof line);
  line[99] = '\n';
  for (long done = 0; done < bytes; done += (long)sizeof line) fwrite(line, 1, sizeof line, stdout);
  return 0;
}

static int fill(void) {
  static char block[65536];
  FILE *big = open_or_die("out/big", "w");
  setvbuf(big, NULL, _IONBF, 0);
  for (int i = 0; i < 4096; i++) {
    errno = 0;
    if (fwrite(block, 1, sizeof block, big) < sizeof block || fflush(big) != 0) {
      const int refused = errno;
      fprintf(stderr, "refused: %s\n", strerror(refused));
      return refused == ENOSPC || refused == EDQUOT ? 40 : 92;
    }
  }
  return 0;
}

int main(int argc, char **argv) {
  const char *verb = argc > 1 ? argv[1] : "";
  const long number = argc > 2 ? atol(argv[2]) : 0;
  if (mkdir("out", 0777) != 0 && errno != EEXIST) {
    perror("out");
    return 90;
  }
  if (!strcmp(verb, "args")) return args(argc, argv);
  if (!strcmp(verb, "work")) return work(number);
  if (!strcmp(verb, "spin")) spin();
  if (!strcmp(verb, "hog")) hog();
  if (!strcmp(verb, "flood")) return flood(number);
  if (!strcmp(verb, "fill")) return fill();
  if (!strcmp(verb, "crash")) __builtin_trap();
  if (!strcmp(verb, "exit")) return (int)number;
  fprintf(stderr, "probe: no such verb: %s\n", verb);
  return 93;
}
