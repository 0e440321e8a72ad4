/* What programs do with files, by system calls, on a file system that the host serves. Run in the guest.
 *
 *   exercise FOLDER WAITING
 *
 * FOLDER holds `many/`, a folder of 10,000 files that the host made; WAITING is a file whose reads wait for ever. A line
 * "ok STEP" follows each step that did what POSIX says; the first that did not ends the program. What is left behind in
 * FOLDER the host looks at (linux-client.test.ts).
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

static const char *step = "";

#define CHECK(condition)                                                                        \
  do {                                                                                          \
    if (!(condition)) {                                                                         \
      printf("FAILED %s, line %d: %s (errno %d, %s)\n", step, __LINE__, #condition, errno, strerror(errno)); \
      exit(1);                                                                                  \
    }                                                                                           \
  } while (0)
/** The call must fail, with that error number. */
#define REFUSED(call, number) CHECK((call) == -1 && errno == (number))

static void begin(const char *name) { step = name; }
static void end(void) {
  printf("ok %s\n", step);
  fflush(stdout);
}

static void put(const char *path, const char *text) {
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
  CHECK(file >= 0);
  CHECK(write(file, text, strlen(text)) == (ssize_t)strlen(text));
  CHECK(close(file) == 0);
}

static int holds(int file, const char *text) {
  char found[256] = "";
  ssize_t length = pread(file, found, sizeof found - 1, 0);
  return length == (ssize_t)strlen(text) && !memcmp(found, text, length);
}

static int reads(const char *path, const char *text) {
  int file = open(path, O_RDONLY);
  if (file < 0) return 0;
  int same = holds(file, text);
  close(file);
  return same;
}

static struct stat stats_of(const char *path) {
  struct stat stats;
  CHECK(lstat(path, &stats) == 0);
  return stats;
}

static void create_and_append(void) {
  begin("create, append, seek");
  int file = open("file", O_RDWR | O_CREAT | O_EXCL, 0640);
  CHECK(file >= 0);
  REFUSED(open("file", O_RDWR | O_CREAT | O_EXCL, 0640), EEXIST);
  CHECK(write(file, "hello", 5) == 5);
  int appending = open("file", O_WRONLY | O_APPEND);
  CHECK(appending >= 0);
  CHECK(write(appending, " world", 6) == 6);
  CHECK(holds(file, "hello world"));
  CHECK(pwrite(file, "J", 1, 0) == 1);
  CHECK(write(appending, "!", 1) == 1);
  CHECK(lseek(file, 0, SEEK_END) == 12);
  CHECK(reads("file", "Jello world!"));
  REFUSED(write(open("file", O_RDONLY), "x", 1), EBADF);
  REFUSED(open("none", O_RDONLY), ENOENT);
  REFUSED(open("file/x", O_RDONLY), ENOTDIR);
  REFUSED(open(".", O_WRONLY), EISDIR);
  CHECK(fsync(file) == 0 && fdatasync(file) == 0);
  CHECK(close(file) == 0 && close(appending) == 0);
  end();
}

static void large_data(void) {
  begin("a megabyte, written and read in odd pieces");
  enum { SIZE = 1 << 20 };
  static unsigned char wrote[SIZE], found[SIZE];
  for (int i = 0; i < SIZE; i++) wrote[i] = (i * 7919u) >> 5;
  int file = open("large", O_RDWR | O_CREAT, 0644);
  CHECK(file >= 0);
  for (int at = 0; at < SIZE; at += 150001) {
    int count = SIZE - at < 150001 ? SIZE - at : 150001;
    CHECK(pwrite(file, wrote + at, count, at) == count);
  }
  for (int at = 0; at < SIZE; at += 99991) {
    int count = SIZE - at < 99991 ? SIZE - at : 99991;
    CHECK(pread(file, found + at, count, at) == count);
  }
  CHECK(!memcmp(wrote, found, SIZE));
  CHECK(pread(file, found, 10, SIZE) == 0);
  CHECK(close(file) == 0);
  end();
}

static void rename_over_open(void) {
  begin("rename over an open file");
  put("old", "old");
  put("new", "new");
  int file = open("old", O_RDWR);
  CHECK(file >= 0);
  CHECK(rename("new", "old") == 0);
  CHECK(holds(file, "old"));
  CHECK(pwrite(file, "OLD", 3, 0) == 3);
  CHECK(holds(file, "OLD"));
  CHECK(reads("old", "new"));
  CHECK(access("new", F_OK) == -1 && errno == ENOENT);
  CHECK(close(file) == 0);
  CHECK(reads("old", "new"));
  end();
}

static void unlink_open(void) {
  begin("unlink an open file");
  int file = open("gone", O_RDWR | O_CREAT, 0644);
  CHECK(file >= 0);
  CHECK(write(file, "still", 5) == 5);
  CHECK(unlink("gone") == 0);
  REFUSED(open("gone", O_RDONLY), ENOENT);
  CHECK(holds(file, "still"));
  CHECK(pwrite(file, " here", 5, 5) == 5);
  CHECK(holds(file, "still here"));
  struct stat stats;
  CHECK(fstat(file, &stats) == 0 && stats.st_size == 10);
  CHECK(ftruncate(file, 5) == 0);
  CHECK(holds(file, "still"));
  put("gone", "another");
  CHECK(holds(file, "still"));
  CHECK(close(file) == 0);
  CHECK(reads("gone", "another"));
  end();
}

static void hard_links(void) {
  begin("hard links");
  put("one", "shared");
  CHECK(link("one", "two") == 0);
  REFUSED(link("one", "two"), EEXIST);
  CHECK(stats_of("one").st_ino == stats_of("two").st_ino);
  CHECK(stats_of("two").st_nlink == 2);
  int file = open("two", O_WRONLY);
  CHECK(pwrite(file, "S", 1, 0) == 1 && close(file) == 0);
  CHECK(reads("one", "Shared"));
  CHECK(mkdir("links", 0755) == 0);
  CHECK(rename("two", "links/two") == 0);
  CHECK(unlink("one") == 0);
  CHECK(reads("links/two", "Shared"));
  CHECK(stats_of("links/two").st_nlink == 1);
  CHECK(link("links", "folder-link") == -1 && errno == EPERM);
  CHECK(link("links/two", "three") == 0);
  end();
}

static int count_entries(DIR *folder, unsigned char *seen) {
  int count = 0;
  struct dirent *entry;
  while ((entry = readdir(folder))) {
    int number;
    if (entry->d_name[0] == '.') continue;
    CHECK(sscanf(entry->d_name, "entry-%d", &number) == 1 && number < 10000);
    CHECK(!seen[number]);
    CHECK(entry->d_type == DT_REG && entry->d_ino != 0);
    seen[number] = 1;
    count++;
  }
  return count;
}

static void large_folder(void) {
  begin("a folder of 10,000 entries");
  static unsigned char seen[10000];
  DIR *folder = opendir("many");
  CHECK(folder != NULL);
  CHECK(count_entries(folder, seen) == 10000);
  rewinddir(folder);
  for (int i = 0; i < 5000; i++) CHECK(readdir(folder) != NULL);
  long half = telldir(folder);
  char name[256];
  strcpy(name, readdir(folder)->d_name);
  while (readdir(folder)) continue;
  seekdir(folder, half);
  CHECK(!strcmp(readdir(folder)->d_name, name));
  closedir(folder);
  char path[64];
  for (int i = 0; i < 10000; i += 100) {
    sprintf(path, "many/entry-%d", i);
    CHECK(unlink(path) == 0);
  }
  CHECK(access("many/entry-9999", F_OK) == 0);
  REFUSED(rmdir("many"), ENOTEMPTY);
  memset(seen, 0, sizeof seen);
  folder = opendir("many");
  CHECK(count_entries(folder, seen) == 9900);
  closedir(folder);
  for (int i = 0; i < 10000; i++) CHECK(seen[i] == (i % 100 != 0));
  end();
}

static void sparse(void) {
  begin("a sparse file of a gigabyte");
  const off_t size = 1 << 30;
  int file = open("sparse", O_RDWR | O_CREAT, 0644);
  CHECK(file >= 0);
  CHECK(ftruncate(file, size) == 0);
  CHECK(pwrite(file, "middle", 6, size / 2) == 6);
  CHECK(pwrite(file, "end", 3, size - 3) == 3);
  CHECK(lseek(file, 0, SEEK_END) == size);
  char found[4096];
  for (off_t at = 4096; at < size; at += size / 8) {
    CHECK(pread(file, found, sizeof found, at) == sizeof found);
    for (unsigned i = 0; i < sizeof found; i++) CHECK(found[i] == 0);
  }
  CHECK(pread(file, found, 10, size / 2 - 2) == 10 && !memcmp(found, "\0\0middle\0\0", 10));
  CHECK(pread(file, found, 10, size - 3) == 3 && !memcmp(found, "end", 3));
  struct stat stats;
  CHECK(fstat(file, &stats) == 0 && stats.st_size == size);
  CHECK(stats.st_blocks < 2048);
  CHECK(close(file) == 0);
  end();
}

static void names(void) {
  begin("names with every byte");
  CHECK(mkdir("names", 0755) == 0 && chdir("names") == 0);
  char name[256] = "n";
  unsigned char seen[256] = {0};
  for (int byte = 1; byte < 256; byte++) {
    if (byte == '/') continue;
    name[1] = byte;
    name[2] = 0;
    int file = open(name, O_WRONLY | O_CREAT | O_EXCL, 0644);
    CHECK(file >= 0 && close(file) == 0);
  }
  // The longest name there is, of every byte but the two that none may have.
  for (int byte = 1, at = 0; byte < 256; byte++)
    if (byte != '/') name[at++] = byte, name[at] = 0;
  strcat(name, "x");
  CHECK(strlen(name) == 255);
  int file = open(name, O_WRONLY | O_CREAT | O_EXCL, 0644);
  CHECK(file >= 0 && close(file) == 0);
  CHECK(stats_of(name).st_size == 0);
  char longer[258];
  sprintf(longer, "%sy", name);
  REFUSED(open(longer, O_WRONLY | O_CREAT, 0644), ENAMETOOLONG);
  DIR *folder = opendir(".");
  for (struct dirent *entry; (entry = readdir(folder));)
    if (entry->d_name[0] == 'n' && entry->d_name[2] == 0) seen[(unsigned char)entry->d_name[1]] = 1;
  closedir(folder);
  for (int byte = 1; byte < 256; byte++) CHECK(seen[byte] == (byte != '/'));
  CHECK(chdir("..") == 0);
  end();
}

static void symbolic_links(void) {
  begin("symbolic links");
  char target[4096];
  CHECK(mkdir("deep", 0755) == 0);
  CHECK(symlink("../file", "deep/up") == 0);
  CHECK(reads("deep/up", "Jello world!"));
  CHECK(readlink("deep/up", target, sizeof target) == 7 && !memcmp(target, "../file", 7));
  CHECK(S_ISLNK(stats_of("deep/up").st_mode) && stats_of("deep/up").st_size == 7);
  CHECK(symlink("/proc/self", "absolute") == 0);
  CHECK(access("absolute/status", R_OK) == 0);
  CHECK(symlink("none", "dangling") == 0);
  REFUSED(open("dangling", O_RDONLY), ENOENT);
  int file = open("dangling", O_WRONLY | O_CREAT, 0644);
  CHECK(file >= 0 && write(file, "made", 4) == 4 && close(file) == 0);
  CHECK(reads("none", "made"));
  CHECK(symlink("loop", "loop") == 0);
  REFUSED(open("loop", O_RDONLY), ELOOP);
  REFUSED(open("deep/up", O_RDONLY | O_NOFOLLOW), ELOOP);
  CHECK(unlink("dangling") == 0);
  CHECK(access("none", F_OK) == 0);
  char longest[4096];
  memset(longest, 'l', 4000);
  longest[4000] = 0;
  CHECK(symlink(longest, "longest") == 0);
  CHECK(readlink("longest", target, sizeof target) == 4000 && !memcmp(target, longest, 4000));
  end();
}

static void truncation(void) {
  begin("truncate");
  put("cut", "0123456789");
  CHECK(truncate("cut", 4) == 0);
  CHECK(reads("cut", "0123"));
  CHECK(truncate("cut", 6) == 0);
  int file = open("cut", O_RDWR);
  char found[16];
  CHECK(pread(file, found, 16, 0) == 6 && !memcmp(found, "0123\0\0", 6));
  CHECK(close(file) == 0);
  file = open("cut", O_WRONLY | O_TRUNC);
  CHECK(file >= 0 && stats_of("cut").st_size == 0);
  CHECK(ftruncate(file, 3) == 0 && close(file) == 0);
  CHECK(stats_of("cut").st_size == 3);
  end();
}

static int child_gets(int (*attempt)(int), int file) {
  pid_t child = fork();
  CHECK(child >= 0);
  if (child == 0) _exit(attempt(file));
  int status;
  CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
  return WEXITSTATUS(status);
}

static struct flock region(short type, off_t start, off_t length) {
  struct flock lock = {.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
  return lock;
}

static int try_record_lock(int file) {
  struct flock lock = region(F_WRLCK, 5, 10);
  if (fcntl(file, F_SETLK, &lock) == 0) return 0;
  int refused = errno == EAGAIN || errno == EACCES;
  struct flock found = region(F_WRLCK, 0, 0);
  if (fcntl(file, F_GETLK, &found) != 0) return 9;
  return refused && found.l_type == F_WRLCK && found.l_start == 0 && found.l_len == 10 && found.l_pid == getppid() ? 1 : 8;
}

static int try_whole_lock(int file) {
  (void)file;
  int own = open("locked", O_RDWR);
  if (own < 0) return 9;
  if (flock(own, LOCK_EX | LOCK_NB) == 0) return 0;
  return errno == EWOULDBLOCK ? 1 : 8;
}

static int wait_for_lock(int file) {
  struct flock lock = region(F_WRLCK, 0, 0);
  return fcntl(file, F_SETLKW, &lock) == 0 ? 0 : 9;
}

static void locks(void) {
  begin("locks");
  put("locked", "01234567890123456789");
  int file = open("locked", O_RDWR);
  struct flock lock = region(F_WRLCK, 0, 10);
  CHECK(fcntl(file, F_SETLK, &lock) == 0);
  CHECK(child_gets(try_record_lock, file) == 1);
  lock = region(F_UNLCK, 0, 0);
  CHECK(fcntl(file, F_SETLK, &lock) == 0);
  CHECK(child_gets(try_record_lock, file) == 0);
  CHECK(child_gets(wait_for_lock, file) == 0);
  CHECK(flock(file, LOCK_EX) == 0);
  CHECK(child_gets(try_whole_lock, file) == 1);
  CHECK(flock(file, LOCK_UN) == 0);
  CHECK(child_gets(try_whole_lock, file) == 0);
  CHECK(close(file) == 0);
  end();
}

static void folders(void) {
  begin("folders are renamed");
  CHECK(mkdir("a", 0755) == 0 && mkdir("a/b", 0700) == 0 && mkdir("c", 0755) == 0);
  put("a/b/file", "moved");
  int file = open("a/b/file", O_RDWR);
  CHECK(rename("a", "c/a") == 0);
  CHECK(reads("c/a/b/file", "moved"));
  CHECK(pwrite(file, "M", 1, 0) == 1 && close(file) == 0);
  CHECK(reads("c/a/b/file", "Moved"));
  REFUSED(rename("c", "c/a/c"), EINVAL);
  CHECK(mkdir("empty", 0755) == 0);
  CHECK(rename("c/a/b", "empty") == 0);
  CHECK(reads("empty/file", "Moved"));
  CHECK(mkdir("other", 0755) == 0);
  REFUSED(rename("other", "empty"), ENOTEMPTY);
  REFUSED(rename("file", "other"), EISDIR);
  REFUSED(rename("other", "file"), ENOTDIR);
  REFUSED(unlink("other"), EISDIR);
  REFUSED(rmdir("file"), ENOTDIR);
  CHECK(chdir("other") == 0);
  put("here", "x");
  CHECK(rename("../other", "../renamed") == 0);
  CHECK(reads("here", "x"));
  CHECK(chdir("..") == 0);
  CHECK(rmdir("c/a") == 0 && rmdir("c") == 0);
  end();
}

static void attributes(void) {
  begin("modes and times");
  put("attributes", "x");
  CHECK(chmod("attributes", 0751) == 0);
  CHECK((stats_of("attributes").st_mode & 07777) == 0751);
  // Whole seconds: to those Linux 6.1 cuts what it sets on 9P.
  struct timespec times[2] = {{1000000000, 0}, {1500000000, 0}};
  CHECK(utimensat(AT_FDCWD, "attributes", times, 0) == 0);
  struct stat stats = stats_of("attributes");
  CHECK(stats.st_atim.tv_sec == 1000000000 && stats.st_mtim.tv_sec == 1500000000 && stats.st_mtim.tv_nsec == 0);
  CHECK(access("attributes", X_OK) == 0);
  struct statvfs space;
  CHECK(statvfs(".", &space) == 0 && space.f_blocks > 0 && space.f_namemax == 255);
  char value[16];
  CHECK(getxattr("attributes", "user.none", value, sizeof value) == -1 && (errno == EOPNOTSUPP || errno == ENODATA));
  end();
}

static void special_files(void) {
  begin("pipes and devices are refused");
  REFUSED(mkfifo("pipe", 0644), EPERM);
  REFUSED(mknod("device", S_IFCHR | 0644, 0x0103), EPERM);
  CHECK(access("pipe", F_OK) == -1 && access("device", F_OK) == -1);
  end();
}

static void mapped(void) {
  begin("mapped pages");
  int file = open("mapped", O_RDWR | O_CREAT, 0644);
  CHECK(file >= 0 && ftruncate(file, 8192) == 0);
  char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  CHECK(pages != MAP_FAILED);
  memcpy(pages + 4000, "over the edge of a page, and it goes on", 39);
  memset(pages + 4090, 'm', 20);
  CHECK(msync(pages, 8192, MS_SYNC) == 0);
  CHECK(munmap(pages, 8192) == 0);
  CHECK(close(file) == 0);
  end();
}

static void interrupted_read(const char *waiting) {
  begin("a read that waits ends with its process");
  int ready[2];
  CHECK(pipe(ready) == 0);
  pid_t child = fork();
  if (child == 0) {
    char found[10];
    int file = open(waiting, O_RDONLY);
    (void)!write(ready[1], "x", 1);
    _exit(file < 0 ? 9 : read(file, found, sizeof found) >= 0);
  }
  char byte;
  CHECK(read(ready[0], &byte, 1) == 1);
  usleep(100000);
  int status;
  CHECK(waitpid(child, &status, WNOHANG) == 0);
  CHECK(kill(child, SIGKILL) == 0);
  // Linux lets it go when the server has answered Tflush.
  CHECK(waitpid(child, &status, 0) == child);
  CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  CHECK(access("file", F_OK) == 0);
  end();
}

int main(int count, char **words) {
  if (count != 3 || chdir(words[1]) != 0) return 2;
  umask(0);
  create_and_append();
  large_data();
  rename_over_open();
  unlink_open();
  hard_links();
  large_folder();
  sparse();
  names();
  symbolic_links();
  truncation();
  locks();
  folders();
  attributes();
  special_files();
  mapped();
  interrupted_read(words[2]);
  return 0;
}
