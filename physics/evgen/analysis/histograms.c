#include "histograms.h"

#include <stddef.h>

static int listed_slot(const Axis *axis, double x) {
  if (!(x >= axis->low)) return 0;
  if (x >= axis->high) return axis->bins + 1;
  const double *edge = axis->edges;
  int size = axis->bins; /* x lies in one of these many bins from `edge` on */
  while (size > 1) {
    const int half = size / 2;
    edge += x >= edge[half] ? half : 0;
    size -= half;
  }
  return 1 + (int)(edge - axis->edges);
}

int histogram_slot(int h, double x) {
  const Axis *axis = &AXIS[h];
  if (axis->edges != NULL) return listed_slot(axis, x);
  const double position = (x - axis->low) * axis->per_unit;
  if (!(position >= 0)) return 0;
  return position < axis->bins ? 1 + (int)position : axis->bins + 1;
}
