/*
 * Histograms of whole numbers, counts or fixed-point sums: merging is exact in any order.
 */
#ifndef EVGEN_HISTOGRAMS_H
#define EVGEN_HISTOGRAMS_H

#include <stdint.h>

#include "axes.h"

/* counts[h]: underflow, bins 1 to n, overflow. */
typedef struct {
  uint64_t counts[HISTOGRAMS][MAX_BINS + 2];
} Histograms;

/* The slot of x in counts[h]. What is not a number counts as underflow. */
int histogram_slot(int h, double x);

static inline void histogram_fill(Histograms *histograms, int h, double x) { histograms->counts[h][histogram_slot(h, x)]++; }

/* In a sum of weights; one is cut at 1000, far beyond any that a variation gives. */
static inline void histogram_weigh(Histograms *histograms, int h, double x, double weight) {
  const double cut = weight > 0 ? weight < 1000 ? weight : 1000 : 0;
  histograms->counts[h][histogram_slot(h, x)] += (uint64_t)(cut * AXIS[h].scale + 0.5);
}

#endif
