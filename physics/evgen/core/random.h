/* One number after the other out of a stream; a Philox block gives four. */
#ifndef EVGEN_RANDOM_H
#define EVGEN_RANDOM_H

#include "maths.h"
#include "philox.h"

typedef struct {
  Stream stream;
  Words words;
  int left;
} Random;

/* `attempt` counts anew beginnings of the same part of an event: each draws numbers of its own. */
static inline Random random_open(uint64_t seed, uint64_t event, uint32_t part, uint32_t attempt) {
  return (Random){stream_open(seed, event, part | attempt << 8), {{0, 0, 0, 0}}, 0};
}

/* Uniform in (0, 1). */
static inline double flat(Random *random) {
  if (random->left == 0) {
    random->words = stream_next(&random->stream);
    random->left = 4;
  }
  return uniform32(random->words.word[--random->left]);
}

/* Two independent numbers with normal distribution of variance 1/2 each (G. E. P. Box, M. E. Muller, 1958). */
static inline void gaussian_pair(Random *random, double *a, double *b) {
  const double radius = __builtin_sqrt(-log_of(flat(random)));
  double s, c;
  sincos_turns(flat(random), &s, &c);
  *a = radius * c;
  *b = radius * s;
}

#endif
