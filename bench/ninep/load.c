/* The file-system work of the bench `ninep`, run in the guest. Prints the seconds it took, by the guest's clock.
 *
 *   load files DIR COUNT BYTES    creates COUNT files in folders of 50, reads them, removes all
 *   load write FILE MB            writes a file from beginning to end, closes it
 *   load read FILE                reads it
 *   load find DIR                 what find(1) and ls -lR do: lists every folder, asks for every entry's attributes
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PER_FOLDER = 50, STEP = 128 * 1024 };
static char buffer[STEP];

static void check(int good, const char *what) {
  if (good) return;
  perror(what);
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static void path_of(char *path, const char *folder, int index) {
  sprintf(path, "%s/%d/file-%d", folder, index / PER_FOLDER, index);
}

static void files(const char *folder, int count, int bytes) {
  char path[4096];
  check(mkdir(folder, 0755) == 0, "mkdir");
  for (int i = 0; i < count; i++) {
    if (i % PER_FOLDER == 0) {
      sprintf(path, "%s/%d", folder, i / PER_FOLDER);
      check(mkdir(path, 0755) == 0, "mkdir");
    }
    path_of(path, folder, i);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0644);
    check(file >= 0, "create");
    check(write(file, buffer, bytes) == bytes, "write");
    check(close(file) == 0, "close");
  }
  for (int i = 0; i < count; i++) {
    path_of(path, folder, i);
    int file = open(path, O_RDONLY);
    check(file >= 0, "open");
    check(read(file, buffer, bytes) == bytes, "read");
    close(file);
  }
  for (int i = 0; i < count; i++) {
    path_of(path, folder, i);
    check(unlink(path) == 0, "unlink");
    if ((i + 1) % PER_FOLDER == 0 || i + 1 == count) {
      sprintf(path, "%s/%d", folder, i / PER_FOLDER);
      check(rmdir(path) == 0, "rmdir");
    }
  }
  check(rmdir(folder) == 0, "rmdir");
}

static void write_file(const char *path, int megabytes) {
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  check(file >= 0, "create");
  for (long left = megabytes * 1024L * 1024L; left > 0; left -= STEP)
    check(write(file, buffer, STEP) == STEP, "write");
  check(close(file) == 0, "close");
}

static void read_file(const char *path) {
  int file = open(path, O_RDONLY);
  check(file >= 0, "open");
  ssize_t count;
  do {
    count = read(file, buffer, STEP);
    check(count >= 0, "read");
  } while (count > 0);
  close(file);
}

static long find(const char *folder) {
  char path[4096];
  struct stat stats;
  long found = 0;
  DIR *listing = opendir(folder);
  check(listing != NULL, folder);
  for (struct dirent *entry; (entry = readdir(listing));) {
    if (!strcmp(entry->d_name, ".") || !strcmp(entry->d_name, "..")) continue;
    snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
    check(lstat(path, &stats) == 0, path);
    found += 1;
    if (S_ISDIR(stats.st_mode)) found += find(path);
  }
  closedir(listing);
  return found;
}

int main(int count, char **words) {
  memset(buffer, 'x', sizeof buffer);
  const char *what = count > 2 ? words[1] : "";
  double from = now();
  if (!strcmp(what, "files") && count == 5) files(words[2], atoi(words[3]), atoi(words[4]));
  else if (!strcmp(what, "write") && count == 4) write_file(words[2], atoi(words[3]));
  else if (!strcmp(what, "read") && count == 3) read_file(words[2]);
  else if (!strcmp(what, "find") && count == 3) find(words[2]);
  else return 2;
  printf("%.6f\n", now() - from);
  return 0;
}
