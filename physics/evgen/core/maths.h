/*
 * Elementary functions of our own. C libraries differ in the last bits of sin, atan2 and their like (glibc even
 * between processors); these use only + - * / and sqrt, which IEEE 754 fixes, so all builds give the same bits.
 * Written for clarity; errors are below 2e-16 relative to the largest value (tests/unit.c).
 */
#ifndef EVGEN_MATHS_H
#define EVGEN_MATHS_H

#define PI 3.14159265358979323846

/* Sine and cosine of 2 pi turns, for turns in [0, 1]. Taylor series on [-pi/4, pi/4]. */
static inline void sincos_turns(double turns, double *sine, double *cosine) {
  const int quadrant = (int)(turns * 4.0 + 0.5);
  const double x = (turns - 0.25 * quadrant) * (2.0 * PI); /* the subtraction is exact */
  const double y = x * x;
  double s = 1.0 / 355687428096000.0; /* 1/17! */
  s = s * y - 1.0 / 1307674368000.0;
  s = s * y + 1.0 / 6227020800.0;
  s = s * y - 1.0 / 39916800.0;
  s = s * y + 1.0 / 362880.0;
  s = s * y - 1.0 / 5040.0;
  s = s * y + 1.0 / 120.0;
  s = s * y - 1.0 / 6.0;
  s = x + x * y * s;
  double c = 1.0 / 20922789888000.0; /* 1/16! */
  c = c * y - 1.0 / 87178291200.0;
  c = c * y + 1.0 / 479001600.0;
  c = c * y - 1.0 / 3628800.0;
  c = c * y + 1.0 / 40320.0;
  c = c * y - 1.0 / 720.0;
  c = c * y + 1.0 / 24.0;
  c = 1.0 - y * (0.5 - y * c);
  switch (quadrant & 3) {
    case 0: *sine = s, *cosine = c; break;
    case 1: *sine = c, *cosine = -s; break;
    case 2: *sine = -s, *cosine = -c; break;
    default: *sine = -c, *cosine = s; break;
  }
}

/* Natural logarithm of a positive, normal number; e to the x for |x| < 700; both to a few 1e-16 relative. */
double log_of(double x);
double exp_of(double x);
static inline double power_of(double x, double y) { return exp_of(y * log_of(x)); }

/* The angle of (x, y) in radians, -pi to pi; 0 for the origin. */
double angle_of(double y, double x);

#endif
