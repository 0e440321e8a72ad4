/*
 * Tries every way out of its directory it can think of, by host calls directly, past the C library's own checks.
 * For each path given it tells what came of opening it, and of creating beside it; exit 0.
 */
#include <stdio.h>
#include <string.h>
#include <wasi/api.h>

int main(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    __wasi_fd_t fd;
    __wasi_errno_t read = __wasi_path_open(3, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, argv[i], 0, __WASI_RIGHTS_FD_READ, 0, 0, &fd);
    char text[100] = "";
    if (read == 0) {
      __wasi_iovec_t room = {(uint8_t *)text, sizeof text - 1};
      __wasi_size_t length = 0;
      if (__wasi_fd_read(fd, &room, 1, &length) == 0) text[length] = 0;
    }
    __wasi_errno_t create = __wasi_path_open(3, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, argv[i], __WASI_OFLAGS_CREAT,
                                             __WASI_RIGHTS_FD_WRITE, 0, 0, &fd);
    if (create == 0) {
      __wasi_ciovec_t data = {(const uint8_t *)"pwned", 5};
      __wasi_size_t length;
      if (__wasi_fd_write(fd, &data, 1, &length) != 0) printf("(not written) ");
    }
    __wasi_filestat_t facts;
    __wasi_errno_t stat = __wasi_path_filestat_get(3, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, argv[i], &facts);
    __wasi_errno_t make = __wasi_path_create_directory(3, argv[i]);
    printf("%s: %d %d %d %d %s\n", argv[i], read, create, stat, make, text);
  }
  return 0;
}
