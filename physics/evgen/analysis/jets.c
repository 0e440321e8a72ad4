/*
 * n^2 steps for n particles. Each jet knows its nearest neighbour; a new jet, whose distances to all others are worked out once,
 * replaces the neighbours to which it is nearer. Where a neighbour is gone, the distance to it is a lower limit of that to the next:
 * a jet looks for that one only when the limit makes it the first of all, which for hard jets is seldom.
 *
 * With Durham the neighbour is by angle alone: of the pair that is nearest by y, the softer jet's nearest by angle is a
 * partner at least as good, so that the smallest y is the smallest of 2 E_i^2 (1 - cos) over jets i and their neighbours
 * (M. Cacciari, G. P. Salam, Phys. Lett. B 641 (2006) 57).
 */
#include "jets.h"

#include <math.h>
#include <stdbool.h>

#include "../core/lanes.h"

typedef enum { DURHAM, JADE, CAMBRIDGE } Metric;

/* With the metric as a constant: it is not asked for in the loops. */
#define SPECIALISED inline __attribute__((always_inline))

/* Loops take four jets at a time. Behind the last there are jets whose direction is not a number: no distance to them is less than any. */
enum { STRIDE = 2 * LANES, ROOM = MAX_FINAL + STRIDE };

typedef struct {
  double px, py, pz, e;
} Sum;

typedef struct {
  int count, ids;
  Sum sum[ROOM];
  double x[ROOM], y[ROOM], z[ROOM], e[ROOM]; /* direction, energy */
  double factor[ROOM];    /* of the distance: the jet with the smallest product is next */
  double distance[ROOM];  /* to the nearest neighbour by the metric; a lower limit where that one is gone */
  double neighbour[ROOM]; /* its id: as a double, to lie in lanes */
  int id[ROOM];
  int place[2 * MAX_FINAL]; /* of a jet by its id, -1 where it is gone */
} Jets;

static Jets scratch;

typedef struct {
  double value, at;
} Least;

/* Of four candidates the least; of equals one that does not depend on the machine. */
static inline Least least_of(Lanes value1, Lanes at1, Lanes value2, Lanes at2) {
  const Mask second = less(value2, value1);
  const Lanes value = choose(second, value2, value1), at = choose(second, at2, at1);
  return value[1] < value[0] ? (Least){value[1], at[1]} : (Least){value[0], at[0]};
}

static SPECIALISED Lanes distances(const Jets *j, int from, Lanes x, Lanes y, Lanes z, Lanes e, Metric metric) {
  const Lanes angle = lanes_of(1) - (x * lanes_at(&j->x[from]) + y * lanes_at(&j->y[from]) + z * lanes_at(&j->z[from]));
  return metric == JADE ? e * lanes_at(&j->e[from]) * angle : angle;
}

static inline Lanes order_of(const Jets *j, int from) { return lanes_at(&j->factor[from]) * lanes_at(&j->distance[from]); }

/* The jet next in order. */
static inline int first_in_order(const Jets *j) {
  Lanes value1 = lanes_of(HUGE_VAL), value2 = value1, at1 = lanes_of(0), at2 = at1, here1 = {0, 1}, here2 = {2, 3};
  for (int i = 0; i < j->count; i += STRIDE) {
    const Lanes order1 = order_of(j, i), order2 = order_of(j, i + LANES);
    const Mask less1 = less(order1, value1), less2 = less(order2, value2);
    value1 = lesser(order1, value1), at1 = choose(less1, here1, at1);
    value2 = lesser(order2, value2), at2 = choose(less2, here2, at2);
    here1 += lanes_of(STRIDE), here2 += lanes_of(STRIDE);
  }
  return (int)least_of(value1, at1, value2, at2).at;
}

/* Sets the nearest neighbour of the jet at `from` among those at 0 .. count - 1, of which it is none. */
static inline void set_nearest(Jets *j, int from, Least nearest) {
  const int place = (int)nearest.at;
  j->distance[from] = nearest.value;
  j->neighbour[from] = j->id[place];
}

/* Looks for the neighbour of a jet anew. (To hide the jet from itself by a NAN in x is not safe: Clang 14 loads x for the lanes after that.) */
static SPECIALISED void search(Jets *j, int from, Metric metric) {
  const Lanes x = lanes_of(j->x[from]), y = lanes_of(j->y[from]), z = lanes_of(j->z[from]), e = lanes_of(j->e[from]);
  Lanes value1 = lanes_of(HUGE_VAL), value2 = value1, at1 = lanes_of(0), at2 = at1, here1 = {0, 1}, here2 = {2, 3};
  const Lanes self = lanes_of(from);
  for (int i = 0; i < j->count; i += STRIDE) {
    const Lanes d1 = distances(j, i, x, y, z, e, metric), d2 = distances(j, i + LANES, x, y, z, e, metric);
    const Mask less1 = less(d1, value1) & other(here1, self), less2 = less(d2, value2) & other(here2, self);
    value1 = choose(less1, d1, value1), at1 = choose(less1, here1, at1);
    value2 = choose(less2, d2, value2), at2 = choose(less2, here2, at2);
    here1 += lanes_of(STRIDE), here2 += lanes_of(STRIDE);
  }
  set_nearest(j, from, least_of(value1, at1, value2, at2));
}

static inline void compare(Jets *j, int i, Lanes d, Lanes id) {
  const Lanes before = lanes_at(&j->distance[i]);
  const Mask nearer = less(d, before);
  lanes_put(&j->distance[i], lesser(d, before));
  lanes_put(&j->neighbour[i], choose(nearer, id, lanes_at(&j->neighbour[i])));
}

/* A new jet behind the others. */
static SPECIALISED void append(Jets *j, Sum sum, double length, Metric metric) {
  const int new = j->count, id = j->ids++;
  const double f = length > 0 ? 1 / length : 0; /* at rest: at right angles to all */
  const double ax = sum.px * f, ay = sum.py * f, az = sum.pz * f;
  const Lanes x = lanes_of(ax), y = lanes_of(ay), z = lanes_of(az), e = lanes_of(sum.e), name = lanes_of(id);
  Lanes value1 = lanes_of(HUGE_VAL), value2 = value1, at1 = lanes_of(0), at2 = at1, here1 = {0, 1}, here2 = {2, 3};
  for (int i = 0; i < new; i += STRIDE) {
    const Lanes d1 = distances(j, i, x, y, z, e, metric), d2 = distances(j, i + LANES, x, y, z, e, metric);
    const Mask less1 = less(d1, value1), less2 = less(d2, value2);
    value1 = lesser(d1, value1), at1 = choose(less1, here1, at1);
    value2 = lesser(d2, value2), at2 = choose(less2, here2, at2);
    here1 += lanes_of(STRIDE), here2 += lanes_of(STRIDE);
    compare(j, i, d1, name);
    compare(j, i + LANES, d2, name);
  }
  j->count++;
  j->sum[new] = sum;
  j->x[new] = ax, j->y[new] = ay, j->z[new] = az, j->e[new] = sum.e;
  j->factor[new] = metric == DURHAM ? sum.e * sum.e : 1;
  j->id[new] = id;
  j->place[id] = new;
  set_nearest(j, new, least_of(value1, at1, value2, at2));
}

/* The last jet takes the place of one that is gone. */
static void leave(Jets *j, int gone) {
  const int last = --j->count;
  j->place[j->id[gone]] = -1;
  if (gone != last) {
    j->sum[gone] = j->sum[last];
    j->x[gone] = j->x[last], j->y[gone] = j->y[last], j->z[gone] = j->z[last], j->e[gone] = j->e[last];
    j->factor[gone] = j->factor[last];
    j->distance[gone] = j->distance[last];
    j->neighbour[gone] = j->neighbour[last];
    j->id[gone] = j->id[last];
    j->place[j->id[gone]] = gone;
  }
  j->x[last] = NAN;
  j->distance[last] = HUGE_VAL;
}

static SPECIALISED void fill(Jets *j, const Momenta *m, Metric metric) {
  j->count = j->ids = 0;
  for (int i = 0; i < m->count + STRIDE; i++) j->x[i] = NAN, j->factor[i] = 1, j->distance[i] = HUGE_VAL;
  for (int i = 0; i < m->count; i++) append(j, (Sum){m->x[i], m->y[i], m->z[i], m->e[i]}, m->p[i], metric);
}

static SPECIALISED void join(Jets *j, int a, int b, Metric metric) {
  const Sum one = j->sum[a], two = j->sum[b];
  const Sum sum = {one.px + two.px, one.py + two.py, one.pz + two.pz, one.e + two.e};
  leave(j, a > b ? a : b);
  leave(j, a > b ? b : a);
  append(j, sum, sqrt(sum.px * sum.px + sum.py * sum.py + sum.pz * sum.pz), metric);
}

/* The jet that is first in order, with its neighbour there. */
static SPECIALISED int next_jet(Jets *j, Metric metric) {
  for (;;) {
    const int next = first_in_order(j);
    if (j->place[(int)j->neighbour[next]] >= 0) return next;
    search(j, next, metric);
  }
}

static SPECIALISED Mergings cluster(const Momenta *m, Metric metric) {
  Jets *j = &scratch;
  fill(j, m, metric);
  Mergings result = {{0}};
  const double scale = 2 / (m->energy * m->energy);
  double largest = 0;
  while (j->count > 1) {
    const int a = next_jet(j, metric);
    const double y = j->factor[a] * j->distance[a] * scale;
    if (y > largest) largest = y;
    if (j->count <= MERGINGS + 2) result.transition[j->count - 2] = largest;
    join(j, a, j->place[(int)j->neighbour[a]], metric);
  }
  return result;
}

Mergings durham(const Momenta *momenta) { return cluster(momenta, DURHAM); }

Mergings jade(const Momenta *momenta) { return cluster(momenta, JADE); }

int cambridge_jets(const Momenta *m, double y_cut) {
  Jets *j = &scratch;
  fill(j, m, CAMBRIDGE);
  const double cut = y_cut * m->energy * m->energy / 2;
  int jets = j->count > 0;
  while (j->count > 1) {
    const int a = next_jet(j, CAMBRIDGE), b = j->place[(int)j->neighbour[a]];
    const int softer = j->e[a] < j->e[b] ? a : b;
    if (j->e[softer] * j->e[softer] * j->distance[a] < cut) {
      join(j, a, b, CAMBRIDGE);
    } else {
      jets++; /* "soft freezing": the softer one is a jet, and takes no more part */
      leave(j, softer);
    }
  }
  return jets;
}
