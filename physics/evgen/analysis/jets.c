/*
 * n^2 steps for n particles: a table of all distances, and for each jet that to its nearest neighbour; after a recombination one
 * row is new, and only jets whose neighbour has gone look through theirs.
 * With Durham the neighbour is by angle alone: of the pair that is nearest by y, the softer jet's nearest by angle is a
 * partner at least as good, so that the smallest y is the smallest of 2 E_i^2 (1 - cos) over jets i and their neighbours
 * (M. Cacciari, G. P. Salam, Phys. Lett. B 641 (2006) 57).
 */
#include "jets.h"

#include <math.h>
#include <stdbool.h>

typedef enum { BY_ANGLE, BY_ENERGIES } Metric;

typedef struct {
  int count, stride;
  double x[MAX_FINAL], y[MAX_FINAL], z[MAX_FINAL]; /* direction */
  double e[MAX_FINAL];
  double px[MAX_FINAL], py[MAX_FINAL], pz[MAX_FINAL];
  double nearest[MAX_FINAL]; /* distance to the nearest neighbour, by the metric; HUGE_VAL for a jet alone */
  double distance[MAX_FINAL * MAX_FINAL];
} Jets;

static Jets scratch;

static inline double *row_of(Jets *j, int a) { return &j->distance[a * j->stride]; }

/* The order of comparing does not change which is the smallest; four at a time keeps the processor busy. */
static double smallest(const double *row, int count) {
  double best[4] = {HUGE_VAL, HUGE_VAL, HUGE_VAL, HUGE_VAL};
  int i = 0;
  for (; i + 3 < count; i += 4)
    for (int k = 0; k < 4; k++) best[k] = row[i + k] < best[k] ? row[i + k] : best[k];
  for (; i < count; i++) best[0] = row[i] < best[0] ? row[i] : best[0];
  const double a = best[0] < best[1] ? best[0] : best[1], b = best[2] < best[3] ? best[2] : best[3];
  return a < b ? a : b;
}

static int place_of(const double *row, double value) {
  int i = 0;
  while (row[i] != value) i++;
  return i;
}

static inline void fill_row(Jets *j, int a, Metric metric) {
  double *restrict row = row_of(j, a);
  const double *restrict x = j->x, *restrict y = j->y, *restrict z = j->z, *restrict e = j->e;
  const double ax = x[a], ay = y[a], az = z[a], ae = e[a];
  for (int b = 0; b < j->count; b++) {
    const double angle = 1 - (ax * x[b] + ay * y[b] + az * z[b]);
    row[b] = metric == BY_ANGLE ? angle : ae * e[b] * angle;
  }
  row[a] = HUGE_VAL;
}

static inline void fill(Jets *j, const Momenta *m, Metric metric) {
  j->count = j->stride = m->count;
  for (int i = 0; i < m->count; i++) {
    const double f = 1 / m->p[i];
    j->px[i] = m->x[i], j->py[i] = m->y[i], j->pz[i] = m->z[i];
    j->x[i] = m->x[i] * f, j->y[i] = m->y[i] * f, j->z[i] = m->z[i] * f;
    j->e[i] = m->e[i];
  }
  for (int a = 0; a < j->count; a++) {
    fill_row(j, a, metric);
    j->nearest[a] = smallest(row_of(j, a), j->count);
  }
}

/* The last jet takes the place of one that has left. */
static void move_last(Jets *j, int to) {
  const int from = --j->count;
  if (to == from) return;
  j->x[to] = j->x[from], j->y[to] = j->y[from], j->z[to] = j->z[from];
  j->px[to] = j->px[from], j->py[to] = j->py[from], j->pz[to] = j->pz[from];
  j->e[to] = j->e[from];
  j->nearest[to] = j->nearest[from];
  double *restrict row = row_of(j, to);
  const double *restrict last = row_of(j, from);
  for (int i = 0; i < j->count; i++) row[i] = last[i];
  for (int i = 0; i < j->count; i++) row_of(j, i)[to] = row[i];
  row[to] = HUGE_VAL;
}

/* Jet `gone` becomes part of jet `kept`, which stands before it. */
static inline void join(Jets *j, int kept, int gone, Metric metric) {
  j->px[kept] += j->px[gone], j->py[kept] += j->py[gone], j->pz[kept] += j->pz[gone];
  j->e[kept] += j->e[gone];
  const double p2 = j->px[kept] * j->px[kept] + j->py[kept] * j->py[kept] + j->pz[kept] * j->pz[kept];
  const double f = p2 > 0 ? 1 / sqrt(p2) : 0; /* at rest: at right angles to all */
  j->x[kept] = j->px[kept] * f, j->y[kept] = j->py[kept] * f, j->z[kept] = j->pz[kept] * f;
  static bool stale[MAX_FINAL];
  for (int i = 0; i < j->count; i++) {
    const double *row = row_of(j, i);
    stale[i] = (row[kept] == j->nearest[i]) | (row[gone] == j->nearest[i]); /* no branch: it could not be foreseen */
  }
  stale[gone] = stale[j->count - 1];
  move_last(j, gone);
  fill_row(j, kept, metric);
  const double *fresh = row_of(j, kept);
  for (int i = 0; i < j->count; i++) {
    double *row = row_of(j, i);
    if (i != kept) row[kept] = fresh[i];
    if (stale[i]) j->nearest[i] = smallest(row, j->count);
    else if (fresh[i] < j->nearest[i]) j->nearest[i] = fresh[i];
  }
  j->nearest[kept] = smallest(fresh, j->count);
}

static void leave(Jets *j, int gone) {
  static bool stale[MAX_FINAL];
  for (int i = 0; i < j->count; i++) stale[i] = row_of(j, i)[gone] == j->nearest[i];
  stale[gone] = stale[j->count - 1];
  move_last(j, gone);
  for (int i = 0; i < j->count; i++)
    if (stale[i]) j->nearest[i] = smallest(row_of(j, i), j->count);
}

static inline void join_pair(Jets *j, int a, int b, Metric metric) { a < b ? join(j, a, b, metric) : join(j, b, a, metric); }

static inline Mergings cluster(const Momenta *m, Metric metric) {
  Jets *j = &scratch;
  fill(j, m, metric);
  Mergings result = {{0}};
  static double y[MAX_FINAL];
  const double scale = 2 / (m->energy * m->energy);
  double largest = 0;
  while (j->count > 1) {
    for (int i = 0; i < j->count; i++) y[i] = metric == BY_ANGLE ? j->e[i] * j->e[i] * j->nearest[i] : j->nearest[i];
    const double next = smallest(y, j->count);
    largest = fmax(largest, next * scale);
    if (j->count <= MERGINGS + 2) result.transition[j->count - 2] = largest;
    const int a = place_of(y, next);
    join_pair(j, a, place_of(row_of(j, a), j->nearest[a]), metric);
  }
  return result;
}

Mergings durham(const Momenta *momenta) { return cluster(momenta, BY_ANGLE); }

Mergings jade(const Momenta *momenta) { return cluster(momenta, BY_ENERGIES); }

int cambridge_jets(const Momenta *m, double y_cut) {
  Jets *j = &scratch;
  fill(j, m, BY_ANGLE);
  const double cut = y_cut * m->energy * m->energy / 2;
  int jets = j->count > 0;
  while (j->count > 1) {
    const double next = smallest(j->nearest, j->count);
    const int a = place_of(j->nearest, next), b = place_of(row_of(j, a), next);
    const int softer = j->e[a] < j->e[b] ? a : b;
    if (j->e[softer] * j->e[softer] * next < cut) {
      join_pair(j, a, b, BY_ANGLE);
    } else {
      jets++; /* "soft freezing": the softer one is a jet, and takes no more part */
      leave(j, softer);
    }
  }
  return jets;
}
