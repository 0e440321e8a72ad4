/* Prints all that a program could know of where and when it runs; and how it behaves at limits, by its argument. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static volatile int depth;

static int dig(int n) {
  volatile char room[100];
  room[n % 100] = (char)n;
  depth = n;
  if (n < 0) return 0;
  return dig(n + 1) + room[n % 100];
}

int main(int argc, char **argv) {
  if (argc > 1 && !strcmp(argv[1], "dig")) return dig(0);
  if (argc > 1 && !strcmp(argv[1], "trap")) __builtin_trap();
  if (argc > 1 && !strcmp(argv[1], "spin"))
    for (volatile int i = 0;; i++);
  for (int i = 0; i < argc; i++) printf("arg %s\n", argv[i]);
  for (char **variable = environ; variable && *variable; variable++) printf("env %s\n", *variable);
  for (int clock = 0; clock < 4; clock++) {
    struct timespec time;
    const clockid_t clocks[] = {CLOCK_REALTIME, CLOCK_MONOTONIC};
    clock_gettime(clocks[clock % 2], &time);
    printf("clock %lld.%09ld\n", (long long)time.tv_sec, time.tv_nsec);
    sleep(3600);
  }
  unsigned char random[20];
  getentropy(random, sizeof random);
  for (size_t i = 0; i < sizeof random; i++) printf("%02x", random[i]);
  printf("\n");
  DIR *directory = opendir(".");
  for (struct dirent *entry; (entry = readdir(directory));) {
    struct stat facts;
    stat(entry->d_name, &facts);
    printf("%s %llu %llu %lld %llu %lld %lld %lld\n", entry->d_name, (unsigned long long)entry->d_ino,
           (unsigned long long)facts.st_ino, (long long)facts.st_size, (unsigned long long)facts.st_nlink,
           (long long)facts.st_atim.tv_sec, (long long)facts.st_mtim.tv_sec, (long long)facts.st_ctim.tv_sec);
  }
  closedir(directory);
  return 0;
}
