#include "maths.h"

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
