/* Four-vectors, metric (-, -, -, +). */
#ifndef EVGEN_VECTOR_H
#define EVGEN_VECTOR_H

#include <math.h>

#include "random.h"

typedef struct {
  double x, y, z, e;
} Vec;

static inline Vec add(Vec a, Vec b) { return (Vec){a.x + b.x, a.y + b.y, a.z + b.z, a.e + b.e}; }
static inline Vec sub(Vec a, Vec b) { return (Vec){a.x - b.x, a.y - b.y, a.z - b.z, a.e - b.e}; }
static inline Vec scale(double k, Vec a) { return (Vec){k * a.x, k * a.y, k * a.z, k * a.e}; }
/* a + k b */
static inline Vec along(Vec a, double k, Vec b) { return (Vec){a.x + k * b.x, a.y + k * b.y, a.z + k * b.z, a.e + k * b.e}; }
static inline double dot(Vec a, Vec b) { return a.e * b.e - a.x * b.x - a.y * b.y - a.z * b.z; }
static inline double dot3(Vec a, Vec b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
static inline double square(Vec a) { return dot(a, a); }

/* From the rest frame of `frame`, whose mass is m, to where `frame` was given. */
static inline Vec boost_from(Vec a, Vec frame, double m) {
  const double e = (a.e * frame.e + dot3(a, frame)) / m;
  const double k = (a.e + e) / (frame.e + m);
  return (Vec){a.x + k * frame.x, a.y + k * frame.y, a.z + k * frame.z, e};
}

/* The inverse: into the rest frame of `frame`. */
static inline Vec boost_into(Vec a, Vec frame, double m) {
  const double e = (a.e * frame.e - dot3(a, frame)) / m;
  const double k = (a.e + e) / (frame.e + m);
  return (Vec){a.x - k * frame.x, a.y - k * frame.y, a.z - k * frame.z, e};
}

/* Kallen's function, (a - b - c)^2 - 4 b c, at least 0. */
static inline double kallen(double a, double b, double c) {
  const double d = a - b - c, value = d * d - 4.0 * b * c;
  return value > 0 ? value : 0;
}

/* A direction, uniform over the sphere (e = 0). */
static inline Vec direction(Random *random) {
  const double z = 2.0 * flat(random) - 1.0, t = sqrt((1.0 - z) * (1.0 + z));
  double s, c;
  sincos_turns(flat(random), &s, &c);
  return (Vec){t * c, t * s, z, 0};
}

/* Two unit vectors that with the unit vector n make a right-handed system. */
static inline void transverse_axes(Vec n, Vec *first, Vec *second) {
  const Vec a = fabs(n.x) < 0.6 ? (Vec){1, 0, 0, 0} : (Vec){0, 1, 0, 0};
  const double along_n = dot3(a, n), size = 1.0 / sqrt(1.0 - along_n * along_n);
  *first = (Vec){(a.x - along_n * n.x) * size, (a.y - along_n * n.y) * size, (a.z - along_n * n.z) * size, 0};
  *second = (Vec){n.y * first->z - n.z * first->y, n.z * first->x - n.x * first->z, n.x * first->y - n.y * first->x, 0};
}

static inline double mass_of(Vec a) {
  const double m2 = square(a);
  return m2 > 0 ? sqrt(m2) : 0;
}

#endif
