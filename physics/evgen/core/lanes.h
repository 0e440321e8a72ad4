/*
 * Two doubles worked on at once: vectors as GCC and Clang have them, on x86-64, ARM and WebAssembly one register. Each lane is the same
 * IEEE operation as for one number alone, so the bits do not depend on whether a machine has such registers.
 */
#ifndef EVGEN_LANES_H
#define EVGEN_LANES_H

#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { LANES = 2 };
typedef double Lanes __attribute__((vector_size(16)));
typedef int64_t Mask __attribute__((vector_size(16))); /* all bits of a lane set where a comparison holds */

static inline Lanes lanes_of(double x) { return (Lanes){x, x}; }

static inline Lanes lanes_at(const double *from) {
  Lanes lanes;
  memcpy(&lanes, from, sizeof lanes);
  return lanes;
}

static inline void lanes_put(double *to, Lanes lanes) { memcpy(to, &lanes, sizeof lanes); }

static inline Mask less(Lanes a, Lanes b) { return (Mask)(a < b); }

static inline Mask other(Lanes a, Lanes b) { return (Mask)(a != b); }

static inline Lanes choose(Mask mask, Lanes where_set, Lanes elsewhere) {
  return (Lanes)((mask & (Mask)where_set) | (~mask & (Mask)elsewhere));
}

/* a < b ? a : b in each lane. */
static inline Lanes lesser(Lanes a, Lanes b) {
#ifdef __SSE2__
  return _mm_min_pd(a, b); /* which GCC 12 does not find by itself */
#else
  return choose(less(a, b), a, b);
#endif
}

static inline Lanes lanes_abs(Lanes a) {
  const Mask all_but_sign = {INT64_MAX, INT64_MAX};
  return (Lanes)((Mask)a & all_but_sign);
}

static inline Mask sign_of(Lanes a) {
  const Mask sign = {INT64_MIN, INT64_MIN};
  return (Mask)a & sign;
}

static inline Lanes flipped(Lanes a, Mask sign) { return (Lanes)((Mask)a ^ sign); }

#endif
