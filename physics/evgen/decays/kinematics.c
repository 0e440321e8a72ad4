#include <math.h>

#include "decays.h"
#include "particles.h"

double sample_mass(Random *random, int pdg, double most) {
  const int index = kind_of(pdg);
  if (index < 0) return 0;
  const Kind *kind = &KIND[index];
  if (!(kind->width > 1e-4)) return kind->mass;
  double high = kind->atan_high;
  if (most < kind->high) {
    if (most <= kind->low) return kind->low;
    high = angle_of(2.0 * (most - kind->mass), kind->width);
  }
  /* A relativistic shape would differ little within this range. tan from sine and cosine. */
  const double angle = kind->atan_low + flat(random) * (high - kind->atan_low);
  double s, c;
  sincos_turns(angle < 0 ? 1.0 + angle / (2.0 * PI) : angle / (2.0 * PI), &s, &c);
  return kind->mass + 0.5 * kind->width * s / c;
}

static void two_body(Random *random, double energy, double m1, double m2, Vec *p1, Vec *p2) {
  const double p = 0.5 * sqrt(kallen(energy * energy, m1 * m1, m2 * m2)) / energy;
  const Vec n = direction(random);
  *p1 = (Vec){p * n.x, p * n.y, p * n.z, sqrt(p * p + m1 * m1)};
  *p2 = (Vec){-p * n.x, -p * n.y, -p * n.z, sqrt(p * p + m2 * m2)};
}

/* M-generator: F. James, CERN 68-15 (1968): intermediate masses from ordered random numbers, weight = product of momenta. */
void phase_space(Random *random, double energy, int n, const double m[], Vec p[]) {
  if (n == 1) {
    p[0] = (Vec){0, 0, 0, energy};
    return;
  }
  if (n == 2) {
    two_body(random, energy, m[0], m[1], &p[0], &p[1]);
    return;
  }
  enum { MOST = 16 };
  double mass[MOST], order[MOST], q[MOST];
  double sum = 0, maximum = 1, below = 0;
  for (int i = 0; i < n; i++) sum += m[i];
  const double free_energy = energy - sum;
  for (int i = 1; i < n; i++) { /* each momentum is largest where all free energy is in its own system */
    below += m[i - 1];
    const double top = free_energy + below + m[i], low = below;
    maximum *= 0.5 * sqrt(kallen(top * top, low * low, m[i] * m[i])) / top;
  }
  double weight;
  int tries = 0;
  do {
    for (int i = 1; i < n - 1; i++) {
      double r = flat(random);
      int k = i;
      for (; k > 1 && order[k - 1] > r; k--) order[k] = order[k - 1];
      order[k] = r;
    }
    mass[0] = m[0], mass[n - 1] = energy;
    below = m[0];
    for (int i = 1; i < n - 1; i++) {
      below += m[i];
      mass[i] = below + order[i] * free_energy;
    }
    weight = 1;
    for (int i = 1; i < n; i++) {
      q[i] = 0.5 * sqrt(kallen(mass[i] * mass[i], mass[i - 1] * mass[i - 1], m[i] * m[i])) / mass[i];
      weight *= q[i];
    }
  } while (weight < flat(random) * maximum && ++tries < 1000);
  Vec rest = {0, 0, 0, energy};
  for (int i = n - 1; i >= 1; i--) {
    const Vec u = direction(random);
    const Vec one = {q[i] * u.x, q[i] * u.y, q[i] * u.z, sqrt(q[i] * q[i] + m[i] * m[i])};
    const Vec others = {-one.x, -one.y, -one.z, sqrt(q[i] * q[i] + mass[i - 1] * mass[i - 1])};
    p[i] = i == n - 1 ? one : boost_from(one, rest, mass[i]);
    rest = i == n - 1 ? others : boost_from(others, rest, mass[i]);
  }
  p[0] = rest;
}
