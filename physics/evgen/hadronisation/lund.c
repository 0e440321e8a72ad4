#include "lund.h"

#include <math.h>
#include <stdlib.h>

#include "flavour.h"

/*
 * Hit or miss under an envelope: constant; where the peak is near 0, constant then z^-c; where it is near 1,
 * exponential then constant. B. Andersson, "The Lund Model", Cambridge 1998, section 9; M. G. Bowler, Z. Phys. C 11 (1981) 169.
 */
double sample_z(Random *random, double a, double b, double c) {
  /* d log f / dz = 0: (c - a) z^2 - (b + c) z + b = 0 */
  const double quadratic = c - a;
  const double root = sqrt((b - c) * (b - c) + 4.0 * a * b);
  const double peak = fabs(quadratic) < 0.01 ? b / (b + c) : 0.5 * (b + c - root) / quadratic;
  const double at = peak > 0.9999 ? 0.9999 : peak;
  const double inverse_peak = 1.0 / at;
  const int near_zero = at < 0.1, near_one = at > 0.85 && b > 1.0;
  double divide = 0, low = 1, high = 0, divide_c = 1;
  if (near_zero) {
    divide = 2.75 * at;
    low = divide;
    if (fabs(c - 1.0) < 0.01) {
      high = -divide * log_of(divide);
    } else {
      divide_c = power_of(divide, 1.0 - c);
      high = divide * (1.0 - 1.0 / divide_c) / (c - 1.0);
    }
  } else if (near_one) {
    const double ratio = c / b, rcb = sqrt(4.0 + ratio * ratio);
    divide = rcb - inverse_peak - ratio * log_of(at * 0.5 * (rcb + ratio));
    if (divide > at) divide = at;
    if (divide < 0) divide = 0;
    low = 1.0 / b;
    high = 1.0 - divide;
  }
  for (;;) {
    double z, envelope = 1;
    if (near_zero) {
      if (flat(random) * (low + high) < low) z = divide * flat(random);
      else if (fabs(c - 1.0) < 0.01) z = power_of(divide, flat(random)), envelope = divide / z;
      else z = power_of(divide_c + (1.0 - divide_c) * flat(random), 1.0 / (1.0 - c)), envelope = power_of(divide / z, c);
    } else if (near_one) {
      if (flat(random) * (low + high) < low) {
        z = divide + log_of(flat(random)) / b;
        envelope = exp_of(b * (z - divide));
      } else {
        z = divide + (1.0 - divide) * flat(random);
      }
    } else {
      z = flat(random);
    }
    if (!(z > 0 && z < 1)) continue;
    const double exponent = b * (inverse_peak - 1.0 / z) + c * log_of(at / z) + a * log_of((1.0 - z) / (1.0 - at));
    if (exp_of(exponent) > flat(random) * envelope) return z;
  }
}

double lund_z(Random *random, const HadronParameters *parameters, int old, int made, double mt2) {
  double a = parameters->a, c = 1;
  if (is_diquark(old)) a += parameters->a_diquark, c -= parameters->a_diquark;
  if (is_diquark(made)) c += parameters->a_diquark;
  const int code = abs(old);
  const double mass = constituent_mass(code);
  if (code == 4) c += parameters->r_charm * parameters->b * mass * mass;
  if (code == 5) c += parameters->r_bottom * parameters->b * mass * mass;
  return sample_z(random, a, parameters->b * mt2, c);
}
