/* Files that are written in order and checked: a full disk must end the program, never shorten a result. */
#ifndef EVGEN_OUTPUT_H
#define EVGEN_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

enum { OUTPUT_BUFFER = 65536 };

typedef struct {
  FILE *file;
  const char *path;
  char buffer[OUTPUT_BUFFER]; /* lines shorter than this reach the file whole */
} Output;

/* Opens a file to write anew, or to append. On failure says so on stderr and returns false. */
bool output_open(Output *output, const char *path, bool append);

/* Hands over all that was written since. On failure (now or earlier) says so on stderr and returns false. */
bool output_flush(Output *output);

/* Flushes and closes. */
bool output_close(Output *output);

#endif
