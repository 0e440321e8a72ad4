/*
 * Counter-based random numbers: Philox4x32-10.
 * J. K. Salmon, M. A. Moraes, R. O. Dror, D. E. Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC'11,
 * doi:10.1145/2063384.2063405. Constants are those of the paper; tests/unit.c holds its known answers.
 *
 * The key is the seed, the counter names (event, part of the generator, draw). So every event can be
 * generated alone, and a part that draws more numbers shifts no other part.
 */
#ifndef EVGEN_PHILOX_H
#define EVGEN_PHILOX_H

#include <stdint.h>

typedef struct {
  uint32_t word[4];
} Words;

static inline Words philox4x32_10(uint32_t key0, uint32_t key1, Words counter) {
  uint32_t a = counter.word[0], b = counter.word[1], c = counter.word[2], d = counter.word[3];
  for (int round = 0; round < 10; round++) {
    const uint64_t p = (uint64_t)0xD2511F53u * a;
    const uint64_t q = (uint64_t)0xCD9E8D57u * c;
    a = (uint32_t)(q >> 32) ^ b ^ key0;
    b = (uint32_t)q;
    c = (uint32_t)(p >> 32) ^ d ^ key1;
    d = (uint32_t)p;
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  return (Words){{a, b, c, d}};
}

/* The parts of the generator that draw numbers. A value once used keeps its meaning: it decides the bits. */
enum { PART_PROCESS = 0, PART_SHOWER = 1, PART_HADRONISATION = 2, PART_DECAYS = 3 };

/* The random numbers of one part of one event. */
typedef struct {
  uint32_t key[2];
  Words counter;
} Stream;

static inline Stream stream_open(uint64_t seed, uint64_t event, uint32_t part) {
  return (Stream){{(uint32_t)seed, (uint32_t)(seed >> 32)}, {{(uint32_t)event, (uint32_t)(event >> 32), 0, part}}};
}

/* The next 128 random bits. */
static inline Words stream_next(Stream *stream) {
  const Words words = philox4x32_10(stream->key[0], stream->key[1], stream->counter);
  stream->counter.word[2]++;
  return words;
}

/* Uniform in (0, 1), never an end: 52 random bits and a half, exact in double precision. */
static inline double uniform52(uint32_t high, uint32_t low) {
  const uint64_t bits = ((uint64_t)high << 32 | low) >> 12;
  return ((double)bits + 0.5) * 0x1p-52;
}

/* Uniform in (0, 1) from 32 random bits: for choices, where steps of 2^-32 cannot be seen. */
static inline double uniform32(uint32_t bits) { return ((double)bits + 0.5) * 0x1p-32; }

#endif
