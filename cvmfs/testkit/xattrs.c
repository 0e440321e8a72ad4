/* Prints a file's extended attributes, a line each: name=value. For a guest that has no getfattr. */
#include <stdio.h>
#include <string.h>
#include <sys/xattr.h>

int main(int argc, char **argv) {
  char names[4096], value[4096];
  ssize_t bytes = argc > 1 ? listxattr(argv[1], names, sizeof names) : -1;
  if (bytes < 0) {
    perror("listxattr");
    return 1;
  }
  for (char *name = names; name < names + bytes; name += strlen(name) + 1) {
    ssize_t length = getxattr(argv[1], name, value, sizeof value);
    if (length < 0) {
      perror(name);
      return 1;
    }
    printf("%s=%.*s\n", name, (int)length, value);
  }
  return 0;
}
