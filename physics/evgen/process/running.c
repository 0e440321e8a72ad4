#include "running.h"

#include "../core/maths.h"
#include "electroweak.h"

/* Hadrons in the vacuum polarisation: H. Burkhardt, B. Pietrzyk, Phys. Lett. B 513 (2001) 46, A + B ln(1 + C s). */
static double hadrons(double s) {
  static const double row[7][4] = {
      {0.7, 0.0, 0.0023092, 3.9925370}, {2.0, 0.0, 0.0022333, 4.2191779},       {4.0, 0.0, 0.0024402, 3.2496684},
      {10.0, 0.0, 0.0027340, 2.0995092}, {91.1876, 0.0010485, 0.0029431, 1.0}, {1e4, 0.0012234, 0.0029237, 1.0},
      {1e5, 0.0016894, 0.0028984, 1.0}};
  int i = 0;
  while (i < 6 && s > row[i][0] * row[i][0]) i++;
  return row[i][1] + row[i][2] * log_of(1.0 + row[i][3] * s);
}

/* One loop of leptons well above their thresholds: alpha / 3 pi (ln s/m^2 - 5/3); M. Steinhauser, Phys. Lett. B 429 (1998) 158. */
static double leptons(double s) {
  static const double mass[3] = {ELECTRON_MASS, 0.1056583755, 1.77686};
  double sum = 0;
  for (int i = 0; i < 3; i++) {
    const double share = log_of(s / (mass[i] * mass[i])) - 5.0 / 3.0;
    if (share > 0) sum += share;
  }
  return sum / (3.0 * PI * 137.035999);
}

double running_alpha(double s, double alpha_inverse, double z_mass) {
  const double z = z_mass * z_mass;
  return 1.0 / (alpha_inverse + 137.035999 * (leptons(z) + hadrons(z) - leptons(s) - hadrons(s)));
}

/*
 * d alpha_s / d ln s = -b0 alpha_s^2 - b1 alpha_s^3 from its value at the Z mass, for five flavours, as 1 / alpha_s to the same
 * order: alpha / (x + b1 / b0 alpha ln x), x = 1 + b0 alpha ln(s / mZ^2). W. E. Caswell, Phys. Rev. Lett. 33 (1974) 244;
 * D. R. T. Jones, Nucl. Phys. B 75 (1974) 531. From 10 to 250 GeV this is the equation's solution to 4e-4.
 */
double strong_coupling(double s, double z_mass) {
  const double alpha = 0.118, b0 = 23.0 / (12.0 * PI), b1 = 58.0 / (24.0 * PI * PI);
  const double x = 1.0 + b0 * alpha * log_of(s / (z_mass * z_mass));
  const double at_s = alpha / (x + b1 / b0 * alpha * log_of(x > 0.2 ? x : 0.2));
  return at_s < 0.4 && at_s > 0 ? at_s : 0.4;
}

/* To third order for five flavours: S. G. Gorishny, A. L. Kataev, S. A. Larin, Phys. Lett. B 259 (1991) 144. */
double qcd_factor(double s, double z_mass) {
  const double a = strong_coupling(s, z_mass) / PI;
  return 1.0 + a * (1.0 + a * (1.41 - 12.8 * a));
}
