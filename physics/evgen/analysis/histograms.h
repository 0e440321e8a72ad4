/* Histograms of integer counts: what is summed is whole numbers, so merging is exact in any order. */
#ifndef EVGEN_HISTOGRAMS_H
#define EVGEN_HISTOGRAMS_H

#include <stdint.h>

#include "../core/event.h"

enum { MAX_BINS = 50 };

/* Equal bins from low to high. Names, order and edges are those of `histograms` in release.yaml (a test). */
typedef struct {
  const char *name;
  double low, high;
  int bins;
} Axis;

enum {
  HISTOGRAM_PDG_CODE,
  HISTOGRAM_COS_THETA, /* one for each of FERMION, in that order */
  HISTOGRAM_PHI = HISTOGRAM_COS_THETA + 7,
  HISTOGRAM_TRANSVERSE_MOMENTUM,
  HISTOGRAMS
};
extern const Axis AXIS[HISTOGRAMS];

/* counts[h]: underflow, bins 1 to n, overflow. */
typedef struct {
  uint64_t counts[HISTOGRAMS][MAX_BINS + 2];
} Histograms;

/* Adds an event: the fermion (not the antifermion) among its final particles. */
void histograms_fill(Histograms *histograms, const Event *event);

#endif
