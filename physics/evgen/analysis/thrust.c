/*
 * How the maximum is found, and why it is the maximum.
 *
 * f(n) = sum |p_i n| is convex and grows in proportion to |n|. So for every direction n within the cone of corners v_j
 * and any unit vector w: n = sum c_j v_j with c_j >= 0, f(n) <= sum c_j f(v_j), and sum c_j (w v_j) = w n <= 1, hence
 *     f(n) <= max_j f(v_j) / (w v_j).
 * A start from the hardest particle, improved while turning towards sum(+-p_i) changes a sign, nearly always is the
 * maximum already. Then the sphere around it is covered with cones, and a cone whose bound lies below the best found is
 * done with. One that is left is split, until so few particles change sides within it that all their signs can be tried:
 * where the signs are fixed, f is linear and |sum(+-p_i)| its largest value. (Trying all planes through two particles, as
 * often done, takes n^3 steps.)
 */
#include "thrust.h"

#include <math.h>
#include <stdbool.h>

enum {
  SECTORS = 8,
  CAP_PARTICLES = 5, /* that may change sides next to the axis; 2^5 sums are tried */
  CELL_PARTICLES = 3,
  MAX_RINGS = 32,
  MAX_DEPTH = 24
};

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

static double along(const Momenta *m, Vector v) {
  double even = 0, odd = 0;
  int i = 0;
  for (; i + 1 < m->count; i += 2) {
    even += fabs(m->x[i] * v.x + m->y[i] * v.y + m->z[i] * v.z);
    odd += fabs(m->x[i + 1] * v.x + m->y[i + 1] * v.y + m->z[i + 1] * v.z);
  }
  if (i < m->count) even += fabs(m->x[i] * v.x + m->y[i] * v.y + m->z[i] * v.z);
  return even + odd;
}

static void try_sum(Search *s, Vector sum) {
  const double length = sqrt(dot(sum, sum));
  if (length <= s->best) return;
  s->best = length;
  s->sum = sum;
}

/* All 2^count sums of fixed +- p[0] +- ... */
static void try_signs(Search *s, Vector fixed, const int *indices, int count) {
  for (int signs = 0; signs < 1 << count; signs++) {
    Vector sum = fixed;
    for (int k = 0; k < count; k++) {
      const Vector p = momentum_of(s->momenta, indices[k]);
      sum = signs >> k & 1 ? minus(sum, p) : plus(sum, p);
    }
    try_sum(s, sum);
  }
}

/* Turns towards the sum until no particle changes sides. Each turn makes the sum longer, so it ends. */
static void climb(Search *s, Vector direction) {
  const Momenta *m = s->momenta;
  for (;;) {
    Vector sum = {0, 0, 0};
    for (int i = 0; i < m->count; i++) {
      const double sign = m->x[i] * direction.x + m->y[i] * direction.y + m->z[i] * direction.z >= 0 ? 1 : -1;
      sum.x += sign * m->x[i];
      sum.y += sign * m->y[i];
      sum.z += sign * m->z[i];
    }
    const double before = s->best;
    try_sum(s, sum);
    if (!(s->best > before * CLOSE)) return;
    direction = sum;
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
    for (int j = 0; j < SECTORS / 2; j++) t = fmax(t, fabs(dot(p, circle[j])));
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

/* Half the sphere around an axis, in rings of cones from the cap to the equator. f is the same on the other half. */
static void cover_all(Search *s, Vector axis) {
  static const double turn = 0.70710678118654752;
  static const double cosine[SECTORS] = {1, turn, 0, -turn, -1, -turn, 0, turn};
  static const double sine[SECTORS] = {0, turn, 1, turn, 0, -turn, -1, -turn};
  const Vector b = across(axis), c = cross(axis, b);
  Vector circle[SECTORS];
  for (int j = 0; j < SECTORS; j++) circle[j] = plus(scaled(b, cosine[j]), scaled(c, sine[j]));

  double tangent = fmax(cover_cap(s, axis, circle), 1e-6);
  double height[MAX_RINGS]; /* of a ring's corners above the equator, beside a radius of 1 */
  int rings = 0;
  for (; tangent < 0.45; tangent *= 2) height[rings++] = 1 / tangent;
  if (tangent < 0.99) height[rings++] = 1 / tangent;
  height[rings++] = tangent < 0.99 ? 0.9 : 1;
  height[rings++] = 0.5;
  height[rings++] = 0;
  Corner inner[SECTORS], outer[SECTORS];
  for (int ring = 0; ring < rings; ring++) {
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

  Thrust result;
  result.axis = scaled(s.sum, 1.0 / sqrt(dot(s.sum, s.sum)));
  result.thrust = s.best / momenta->momentum;
  result.major_axis = longest_across(momenta, result.axis);
  result.minor_axis = cross(result.axis, result.major_axis);
  result.major = along(momenta, result.major_axis) / momenta->momentum;
  result.minor = along(momenta, result.minor_axis) / momenta->momentum;
  return result;
}
