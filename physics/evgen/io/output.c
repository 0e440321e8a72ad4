#include "output.h"

#include <errno.h>
#include <string.h>

static bool complain(const Output *output, const char *what) {
  fprintf(stderr, "evgen: cannot %s %s: %s\n", what, output->path, strerror(errno ? errno : EIO));
  return false;
}

bool output_open(Output *output, const char *path, bool append) {
  output->path = path;
  errno = 0;
  output->file = fopen(path, append ? "a" : "w");
  if (!output->file) return complain(output, "create");
  setvbuf(output->file, output->buffer, _IOFBF, OUTPUT_BUFFER);
  return true;
}

bool output_flush(Output *output) {
  /* fflush first: its errno is the reason. ferror tells of writes that failed when the buffer ran full. */
  const bool flushed = fflush(output->file) == 0;
  return (flushed && !ferror(output->file)) || complain(output, "write");
}

bool output_close(Output *output) {
  const bool flushed = output_flush(output);
  errno = 0;
  const bool closed = fclose(output->file) == 0;
  output->file = NULL;
  return flushed && (closed || complain(output, "close"));
}
