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

#endif
