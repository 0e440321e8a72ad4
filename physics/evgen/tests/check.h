/* Checks of test programs: what fails is printed, the program's end tells how many. */
#ifndef EVGEN_CHECK_H
#define EVGEN_CHECK_H

#include <stdio.h>

static int checks, failures;

#define CHECK(condition, ...)                                \
  do {                                                       \
    checks++;                                                \
    if (!(condition) && failures++ < 40) {                   \
      printf("%s:%d: %s: ", __FILE__, __LINE__, #condition); \
      printf(__VA_ARGS__);                                   \
      printf("\n");                                          \
    }                                                        \
  } while (0)

static inline int checks_end(void) {
  printf("%d checks, %d failed\n", checks, failures);
  return failures > 0;
}

#endif
