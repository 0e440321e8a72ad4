#include "maths.h"

#include <stdint.h>
#include <string.h>

static double from_bits(uint64_t bits) {
  double x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* x = 2^k m with m in [sqrt(1/2), sqrt 2); log m = 2 artanh((m - 1) / (m + 1)), whose argument is below 0.1716. */
double log_of(double x) {
  uint64_t bits;
  memcpy(&bits, &x, sizeof bits);
  int k = (int)(bits >> 52) - 1023;
  double m = from_bits((bits & 0x000fffffffffffffull) | 0x3ff0000000000000ull);
  if (m > 1.4142135623730951) m *= 0.5, k++;
  const double s = (m - 1.0) / (m + 1.0), y = s * s;
  double series = 1.0 / 21.0;
  series = series * y + 1.0 / 19.0;
  series = series * y + 1.0 / 17.0;
  series = series * y + 1.0 / 15.0;
  series = series * y + 1.0 / 13.0;
  series = series * y + 1.0 / 11.0;
  series = series * y + 1.0 / 9.0;
  series = series * y + 1.0 / 7.0;
  series = series * y + 1.0 / 5.0;
  series = series * y + 1.0 / 3.0;
  return k * 0.69314718055994529 + (k * 2.3190468138462996e-17 + 2.0 * (s + s * y * series));
}

/* x = k ln 2 + r with |r| <= 0.35, where 14 terms of the series suffice; ln 2 in two parts, the first exact times k. */
double exp_of(double x) {
  if (!(x > -700.0)) return 0.0;
  if (x > 700.0) x = 700.0;
  const int k = (int)(x * 1.4426950408889634 + (x < 0 ? -0.5 : 0.5));
  const double r = (x - k * 0.69314718036912382) - k * 1.9082149292705877e-10;
  double series = 1.0 / 6227020800.0;
  series = series * r + 1.0 / 479001600.0;
  series = series * r + 1.0 / 39916800.0;
  series = series * r + 1.0 / 3628800.0;
  series = series * r + 1.0 / 362880.0;
  series = series * r + 1.0 / 40320.0;
  series = series * r + 1.0 / 5040.0;
  series = series * r + 1.0 / 720.0;
  series = series * r + 1.0 / 120.0;
  series = series * r + 1.0 / 24.0;
  series = series * r + 1.0 / 6.0;
  series = series * r + 0.5;
  series = series * r + 1.0;
  series = series * r + 1.0;
  return series * from_bits((uint64_t)(k + 1023) << 52);
}

/* atan(k / 16) */
static const double ATAN_STEPS[17] = {
    0.0,
    0.062418809995957350,
    0.12435499454676144,
    0.18534794999569476,
    0.24497866312686415,
    0.30288486837497142,
    0.35877067027057225,
    0.41241044159738732,
    0.46364760900080609,
    0.51238946031073773,
    0.55859931534356244,
    0.60228734613496418,
    0.64350110879328437,
    0.68231655487474807,
    0.71882999962162453,
    0.75315128096219438,
    0.78539816339744828,
};

/*
 * atan(q) = atan(t) + atan((q - t) / (1 + q t)) with t = k/16 next to q: the second argument is at most 1/32 in
 * size, where six terms of the series leave less than 3e-20.
 */
static double atan_unit(double q) {
  const int k = (int)(q * 16.0 + 0.5);
  const double t = k / 16.0;
  const double x = (q - t) / (1.0 + q * t);
  const double y = x * x;
  const double series = 1.0 - y * (1.0 / 3.0 - y * (1.0 / 5.0 - y * (1.0 / 7.0 - y * (1.0 / 9.0 - y / 11.0))));
  return ATAN_STEPS[k] + x * series;
}

double angle_of(double y, double x) {
  const double ax = x < 0 ? -x : x;
  const double ay = y < 0 ? -y : y;
  if (ax == 0 && ay == 0) return 0;
  double angle = ay <= ax ? atan_unit(ay / ax) : 0.5 * PI - atan_unit(ax / ay);
  if (x < 0) angle = PI - angle;
  return y < 0 ? -angle : angle;
}
