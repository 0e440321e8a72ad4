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

/* To third order for five flavours: S. G. Gorishny, A. L. Kataev, S. A. Larin, Phys. Lett. B 259 (1991) 144. */
double qcd_factor(double s, double z_mass) {
  /* alpha_s to leading logarithm from the Z mass is good to half a per mille of the cross-section from 10 to 250 GeV */
  const double slope = 23.0 / (12.0 * PI), second = 58.0 / (23.0 * 4.0 * PI) * 1.0;
  const double log_ratio = log_of(s / (z_mass * z_mass)), x = 1.0 + 0.118 * slope * log_ratio;
  const double alpha_s = 0.118 / (x + 2.0 * 0.118 * second / 2.0 * log_of(x > 0.2 ? x : 0.2));
  const double a = (alpha_s < 0.4 && alpha_s > 0 ? alpha_s : 0.4) / PI;
  return 1.0 + a * (1.0 + a * (1.41 - 12.8 * a));
}
