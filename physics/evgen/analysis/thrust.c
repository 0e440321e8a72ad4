/*
 * How the maximum is found, and why it is the maximum.
 *
 * f(n) = sum |p_i n| is convex and grows in proportion to |n|. So for every direction n within the cone of corners v_j
 * and any unit vector w: n = sum c_j v_j with c_j >= 0, f(n) <= sum c_j f(v_j), and sum c_j (w v_j) = w n <= 1, hence
 *     f(n) <= max_j f(v_j) / (w v_j).
 * A start from the hardest particle, improved while turning towards sum(+-p_i) changes a sign, nearly always is the
 * maximum already. Far from it f is small by another bound, that of Cauchy and Schwarz with the linear momentum tensor L:
 *     f(n)^2 <= sum |p_i| * sum (p_i n)^2 / |p_i| = n L n.
 * What is left around the start is covered with cones, and a cone whose bound lies below the best found is done with. One
 * that is left is split, until so few particles change sides within it that all their signs can be tried:
 * where the signs are fixed, f is linear and |sum(+-p_i)| its largest value. (Trying all planes through two particles, as
 * often done, takes n^3 steps.)
 */
#include "thrust.h"

#include <math.h>
#include <stdbool.h>

#include "../core/lanes.h"
#include "../core/maths.h"

enum {
  SECTORS = 8,
  CAP_PARTICLES = 5, /* that may change sides next to the axis; 2^5 sums are tried */
  CELL_PARTICLES = 3,
  MAX_RINGS = 32,
  MAX_DEPTH = 24
};

/* Of the circle inside an octagon to that through its corners: less than cos(pi / 8) = 0.9239. */
#define INSIDE 0.9238

/* Cones this close to the best are equal to it within rounding: the accuracy of T. */
#define CLOSE (1.0 + 1e-13)

typedef struct {
  const Momenta *momenta;
  double best; /* largest |sum(+-p_i)| so far */
  Vector sum;
} Search;

typedef struct {
  Vector v; /* of any length */
  double f;
} Corner;

static inline Lanes dots(const Momenta *m, int i, Vector v) {
  return lanes_at(&m->x[i]) * lanes_of(v.x) + lanes_at(&m->y[i]) * lanes_of(v.y) + lanes_at(&m->z[i]) * lanes_of(v.z);
}

static double along(const Momenta *m, Vector v) {
  Lanes sum = lanes_of(0);
  for (int i = 0; i < m->count; i += LANES) sum += lanes_abs(dots(m, i, v));
  return sum[0] + sum[1];
}

/* The sum of all momenta, turned to the side of the direction. */
static Vector turned(const Momenta *m, Vector direction) {
  Lanes x = lanes_of(0), y = x, z = x;
  for (int i = 0; i < m->count; i += LANES) {
    const Mask sign = sign_of(dots(m, i, direction));
    x += flipped(lanes_at(&m->x[i]), sign);
    y += flipped(lanes_at(&m->y[i]), sign);
    z += flipped(lanes_at(&m->z[i]), sign);
  }
  return (Vector){x[0] + x[1], y[0] + y[1], z[0] + z[1]};
}

static void try_sum(Search *s, Vector sum) {
  const double square = dot(sum, sum);
  if (square <= s->best * s->best) return;
  s->best = sqrt(square);
  s->sum = sum;
}

/* All 2^count sums of fixed +- p[0] +- ..., each by one sign from the one before (F. Gray, US patent 2632058, 1953). */
static void try_signs(Search *s, Vector fixed, const int *indices, int count) {
  Vector twice[CAP_PARTICLES];
  for (int k = 0; k < count; k++) {
    const Vector p = momentum_of(s->momenta, indices[k]);
    fixed = plus(fixed, p);
    twice[k] = scaled(p, 2);
  }
  try_sum(s, fixed);
  for (unsigned n = 1; n < 1u << count; n++) {
    int k = 0;
    while (!(n >> k & 1)) k++;
    fixed = n >> (k + 1) & 1 ? plus(fixed, twice[k]) : minus(fixed, twice[k]);
    try_sum(s, fixed);
  }
}

/* Turns towards the sum until no particle changes sides. Each turn makes the sum longer, so it ends. */
static void climb(Search *s, Vector direction) {
  for (;;) {
    const double before = s->best;
    try_sum(s, turned(s->momenta, direction));
    if (!(s->best > before * CLOSE)) return;
    direction = s->sum;
  }
}

/* An upper limit of f over the unit vectors in the cone of the corners. */
static double bound(const Corner *const corners[], int count) {
  Vector w = {0, 0, 0};
  for (int j = 0; j < count; j++) w = plus(w, corners[j]->v);
  const double length = sqrt(dot(w, w));
  double numerator = 0, denominator = 1; /* the largest fraction, without a division for each */
  for (int j = 0; j < count; j++) {
    const double height = dot(w, corners[j]->v);
    if (height <= 0) return HUGE_VAL;
    if (corners[j]->f * denominator > numerator * height) numerator = corners[j]->f, denominator = height;
  }
  return numerator * length / denominator;
}

static Corner between(const Search *s, const Corner *a, const Corner *b) {
  const Vector v = plus(a->v, b->v);
  return (Corner){v, along(s->momenta, v)};
}

static void cover(Search *s, const Corner *a, const Corner *b, const Corner *c, int depth) {
  const Corner *const corners[3] = {a, b, c};
  if (bound(corners, 3) <= s->best * CLOSE) return;
  const Momenta *m = s->momenta;
  Vector fixed = {0, 0, 0};
  int open[CELL_PARTICLES], count = 0;
  for (int i = 0; i < m->count; i++) {
    const Vector p = momentum_of(m, i);
    const double da = dot(p, a->v), db = dot(p, b->v), dc = dot(p, c->v);
    if (da >= 0 && db >= 0 && dc >= 0) fixed = plus(fixed, p);
    else if (da <= 0 && db <= 0 && dc <= 0) fixed = minus(fixed, p);
    else if (count == CELL_PARTICLES) {
      count++;
      break;
    } else open[count++] = i;
  }
  if (count <= CELL_PARTICLES) {
    try_signs(s, fixed, open, count);
    return;
  }
  if (depth == MAX_DEPTH) return; /* a cone of 1e-7: what could be gained is within rounding */
  const Corner ab = between(s, a, b), bc = between(s, b, c), ca = between(s, c, a);
  cover(s, a, &ab, &ca, depth + 1);
  cover(s, b, &bc, &ab, depth + 1);
  cover(s, c, &ca, &bc, depth + 1);
  cover(s, &ab, &bc, &ca, depth + 1);
}

/*
 * The cap around the axis within which at most CAP_PARTICLES change sides: tries their signs.
 * Returns the tangent of the angle it reaches, for a polygon with corners at `circle`.
 */
static double cover_cap(Search *s, Vector axis, const Vector circle[SECTORS]) {
  const Momenta *m = s->momenta;
  double tangent[CAP_PARTICLES + 1] = {0};
  int index[CAP_PARTICLES + 1] = {0};
  int found = 0;
  Vector fixed = {0, 0, 0};
  for (int i = 0; i < m->count; i++) {
    const Vector p = momentum_of(m, i);
    const double l = dot(p, axis);
    fixed = l >= 0 ? plus(fixed, p) : minus(fixed, p);
    double t = 0;
    for (int j = 0; j < SECTORS / 2; j++) t = larger(t, fabs(dot(p, circle[j])));
    const double height = fabs(l);
    if (found > CAP_PARTICLES && height >= tangent[CAP_PARTICLES] * t) continue;
    if (height >= t) continue; /* changes sides beyond 45 degrees only */
    const double ratio = height / t;
    int k = found > CAP_PARTICLES ? CAP_PARTICLES : found;
    for (; k > 0 && tangent[k - 1] > ratio; k--) tangent[k] = tangent[k - 1], index[k] = index[k - 1];
    tangent[k] = ratio, index[k] = i;
    if (found <= CAP_PARTICLES) found++;
  }
  const int inside = found > CAP_PARTICLES ? CAP_PARTICLES : found;
  for (int k = 0; k < inside; k++) {
    const Vector p = momentum_of(m, index[k]);
    fixed = dot(p, axis) >= 0 ? minus(fixed, p) : plus(fixed, p);
  }
  try_signs(s, fixed, index, inside);
  return found > CAP_PARTICLES ? tangent[CAP_PARTICLES] : 1;
}

/*
 * The tangent of the angle to the axis beyond which no direction is better than the best: with c and s its cosine and sine,
 * n L n <= c^2 L_aa + 2 c s |L_ab| + s^2 L_bb, where L_ab is across the axis and L_bb the largest value of L there.
 */
static double farthest(const Search *s, Vector axis, Vector b, Vector c) {
  const Momenta *m = s->momenta;
  double aa = 0, ab = 0, ac = 0, bb = 0, bc = 0, cc = 0;
  for (int i = 0; i < m->count; i++) {
    const Vector p = momentum_of(m, i);
    const double weight = 1 / m->p[i], pa = dot(p, axis), pb = dot(p, b), pc = dot(p, c);
    aa += weight * pa * pa, ab += weight * pa * pb, ac += weight * pa * pc;
    bb += weight * pb * pb, bc += weight * pb * pc, cc += weight * pc * pc;
  }
  const double across = sqrt(ab * ab + ac * ac), half = 0.5 * (bb - cc);
  const double most = 0.5 * (bb + cc) + sqrt(half * half + bc * bc);
  const double square = s->best * s->best / m->momentum; /* without the factor sum |p| on both sides */
  if (!(square > most)) return HUGE_VAL;
  return (across + sqrt(across * across + (square - most) * larger(0, aa - square))) / (square - most);
}

/* Half the sphere around an axis, in rings of cones from the cap to the equator, as far as need be. f is the same on the other half. */
static void cover_all(Search *s, Vector axis) {
  static const double turn = 0.70710678118654752;
  static const double cosine[SECTORS] = {1, turn, 0, -turn, -1, -turn, 0, turn};
  static const double sine[SECTORS] = {0, turn, 1, turn, 0, -turn, -1, -turn};
  const Vector b = across(axis), c = cross(axis, b);
  Vector circle[SECTORS];
  for (int j = 0; j < SECTORS; j++) circle[j] = plus(scaled(b, cosine[j]), scaled(c, sine[j]));

  double tangent = larger(cover_cap(s, axis, circle), 1e-6);
  const double limit = farthest(s, axis, b, c) / INSIDE;
  double height[MAX_RINGS]; /* of a ring's corners above the equator, beside a radius of 1 */
  int rings = 0;
  for (; tangent < 0.45; tangent *= 2) height[rings++] = 1 / tangent;
  if (tangent < 0.99) height[rings++] = 1 / tangent;
  height[rings++] = tangent < 0.99 ? 0.9 : 1;
  height[rings++] = 0.5;
  height[rings++] = 0;
  Corner inner[SECTORS], outer[SECTORS];
  for (int ring = 0; ring < rings; ring++) {
    if (ring > 0 && height[ring - 1] * limit <= 1) return;
    for (int j = 0; j < SECTORS; j++) {
      const Vector v = plus(scaled(axis, height[ring]), circle[j]);
      outer[j] = (Corner){v, along(s->momenta, v)};
    }
    for (int j = 0; ring > 0 && j < SECTORS; j++) {
      const int k = (j + 1) % SECTORS;
      const Corner *const corners[4] = {&inner[j], &inner[k], &outer[j], &outer[k]};
      if (bound(corners, 4) <= s->best * CLOSE) continue;
      cover(s, &inner[j], &inner[k], &outer[j], 0);
      cover(s, &outer[j], &outer[k], &inner[k], 0);
    }
    for (int j = 0; j < SECTORS; j++) inner[j] = outer[j];
  }
}

typedef struct {
  double x, y, slope;
} Flat;

/*
 * The same in the plane across the axis: the sum of all vectors, turned into one half-plane, and then turned back one
 * after the other in the order of their angles, passes through every set of signs a direction can give.
 */
static Vector longest_across(const Momenta *m, Vector axis) {
  static Flat flat[MAX_FINAL];
  const Vector b = across(axis), c = cross(axis, b);
  double x = 0, y = 0;
  int count = 0;
  for (int i = 0; i < m->count; i++) {
    const Vector p = momentum_of(m, i);
    Flat v = {dot(p, b), dot(p, c), 0};
    if (v.y < 0) v.x = -v.x, v.y = -v.y;
    const double length = fabs(v.x) + v.y;
    if (!(length > 0)) continue;
    v.slope = -v.x / length; /* grows with the angle */
    x += v.x;
    y += v.y;
    int k = count++;
    for (; k > 0 && flat[k - 1].slope > v.slope; k--) flat[k] = flat[k - 1];
    flat[k] = v;
  }
  double best = x * x + y * y, best_x = x, best_y = y;
  for (int i = 0; i < count; i++) {
    x -= 2 * flat[i].x;
    y -= 2 * flat[i].y;
    if (x * x + y * y > best) best = x * x + y * y, best_x = x, best_y = y;
  }
  if (!(best > 0)) return b;
  return scaled(plus(scaled(b, best_x), scaled(c, best_y)), 1.0 / sqrt(best));
}

Thrust thrust_of(const Momenta *momenta) {
  Search s = {momenta, 0, {0, 0, 1}};
  int hardest = 0;
  for (int i = 1; i < momenta->count; i++)
    if (momenta->p[i] > momenta->p[hardest]) hardest = i;
  climb(&s, momentum_of(momenta, hardest));
  cover_all(&s, scaled(s.sum, 1.0 / s.best));
  /* Added up anew: the bits do not depend on the way here. */
  const Vector sum = turned(momenta, s.sum);
  const double length = sqrt(dot(sum, sum));

  Thrust result;
  result.axis = scaled(sum, 1.0 / length);
  result.thrust = length / momenta->momentum;
  result.major_axis = longest_across(momenta, result.axis);
  result.minor_axis = cross(result.axis, result.major_axis);
  result.major = along(momenta, result.major_axis) / momenta->momentum;
  result.minor = along(momenta, result.minor_axis) / momenta->momentum;
  return result;
}
