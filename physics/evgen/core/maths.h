/*
 * Elementary functions of our own. C libraries differ in the last bits of sin, atan2 and their like (glibc even
 * between processors); these use only + - * / and sqrt, which IEEE 754 fixes, so all builds give the same bits.
 * Errors are below 2e-16 relative to the largest value (tests/unit.c).
 */
#ifndef EVGEN_MATHS_H
#define EVGEN_MATHS_H

#include <stdint.h>
#include <string.h>

#define PI 3.14159265358979323846

/* fmax and fmin are calls in most C libraries. */
static inline double larger(double a, double b) { return a > b ? a : b; }
static inline double smaller(double a, double b) { return a < b ? a : b; }

static inline double from_bits(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static inline uint64_t bits_of(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

/* What, added to a number below 2^51 in size, leaves its nearest whole number in the low bits. */
#define ROUNDING 0x1.8p52

/* sin(2 pi k / 64), a quarter of a turn beyond the whole */
extern const double SINE_STEPS[81];

/* Sine and cosine of 2 pi turns, for turns in [0, 1]: those of the nearest 64th, turned by the rest, whose series is short. */
static inline void sincos_turns(double turns, double *sine, double *cosine) {
  const double shifted = turns * 64.0 + ROUNDING;
  const uint64_t k = bits_of(shifted) & 127;
  const double x = (turns - (shifted - ROUNDING) * (1.0 / 64.0)) * (2.0 * PI); /* the subtraction is exact */
  const double y = x * x;
  const double s = x - x * y * ((1.0 / 6.0 - y * (1.0 / 120.0)) + y * y * (1.0 / 5040.0));
  const double versine = y * ((0.5 - y * (1.0 / 24.0)) + y * y * (1.0 / 720.0 - y * (1.0 / 40320.0))); /* 1 - cos */
  const double sine_k = SINE_STEPS[k], cosine_k = SINE_STEPS[k + 16];
  *sine = sine_k + (cosine_k * s - sine_k * versine);
  *cosine = cosine_k - (sine_k * s + cosine_k * versine);
}

/* log t at 45.5/64 to 1 in steps of 1/128 and to 90/64 in steps of 1/64 */
extern const double LOG_STEPS[64];

/*
 * Natural logarithm of a positive, normal number, to a few 1e-16 relative: x = 2^k m with m around 1, and t next to m among the
 * steps; log m = log t + 2 artanh((m - t) / (m + t)), whose argument is at most 1/256.
 */
static inline double log_of(double x) {
  const uint64_t low = 0x3fe6a00000000000; /* 0.707 */
  const uint64_t bits = bits_of(x), above = bits - low;
  const double k = (double)((int32_t)(above >> 32) >> 20);
  const uint64_t m_bits = bits - (above & 0xfff0000000000000);
  const uint64_t step = (m_bits + 0x200000000000) >> 46;
  const double m = from_bits(m_bits), t = from_bits(step << 46);
  const double s = (m - t) / (m + t), y = s * s;
  const double series = (s + s) * (y * ((1.0 / 3.0 + y * (1.0 / 5.0)) + y * y * (1.0 / 7.0)));
  /* ln 2 in two parts, the first exact times k */
  return k * 0x1.62e42fep-1 + (LOG_STEPS[step - 0xff9b] + ((s + s) + (k * 1.8206359985041462e-09 + series)));
}

/* 2^(k / 32) */
extern const double EXP_STEPS[32];

/* e to the x for |x| < 700, to a few 1e-16 relative: x = k ln 2 / 32 + r with |r| <= 0.011. */
static inline double exp_of(double x) {
  if (!(x > -700.0)) return 0.0;
  if (x > 700.0) x = 700.0;
  const double shifted = x * 46.16624130844683 + ROUNDING, k = shifted - ROUNDING;
  const uint64_t bits = bits_of(shifted);
  const double r = (x - k * 0x1.62e42fep-6) - k * 5.689487495325457e-11, r2 = r * r;
  const double series = r + r2 * ((0.5 + r * (1.0 / 6.0)) + r2 * ((1.0 / 24.0 + r * (1.0 / 120.0)) + r2 * (1.0 / 720.0)));
  const double step = from_bits(bits_of(EXP_STEPS[bits & 31]) + (bits >> 5 << 52));
  return step + step * series;
}

static inline double power_of(double x, double y) { return exp_of(y * log_of(x)); }

/* The angle of (x, y) in radians, -pi to pi; 0 for the origin. */
double angle_of(double y, double x);

#endif
