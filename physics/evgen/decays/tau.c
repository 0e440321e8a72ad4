#include "tau.h"

#include <math.h>
#include <stdlib.h>

static Vec momentum(const Particle *p) { return (Vec){p->px, p->py, p->pz, p->e}; }

static Vec unit(Vec a) {
  const double size = sqrt(dot3(a, a));
  return size > 0 ? scale(1.0 / size, a) : (Vec){0, 0, 0, 0};
}

/* The helicity that a tau was made with, of an antitau the opposite one; 0 where it is not of the primary pair. */
static int helicity_of(const Event *event, int index) {
  const Particle *p = &event->particle[index];
  if (abs(p->pdg) != 15) return 0;
  const bool primary = index == PRIMARY || index == PRIMARY + 1 || (p->parent == PRIMARY && p->parent_last == PRIMARY + 1);
  if (!primary) return 0;
  return p->pdg > 0 ? event->helicity[0] : -event->helicity[1];
}

bool tau_spin(const Event *event, int index, TauSpin *spin) {
  const Particle *p = &event->particle[index];
  const int code = abs(p->pdg);
  if (code != 15 && code != 213 && code != 323) return false;
  const int tau = code == 15 ? index : p->parent;
  if (tau < PRIMARY) return false;
  const int helicity = helicity_of(event, tau);
  if (!helicity) return false;
  const Vec t = momentum(&event->particle[tau]), boson = momentum(&event->particle[BOSON]);
  const double m = event->particle[tau].m, product = dot(t, boson);
  const double root = product * product - m * m * square(boson);
  if (!(root > 1e-9 * product * product)) return false; /* at rest it has no helicity */
  spin->mass2 = m * m;
  spin->meson = code != 15;
  if (!spin->meson) {
    spin->spin = scale(-helicity, unit(boost_into(boson, t, m)));
    return true;
  }
  /* t - m s with the spin four-vector s = (t.Q t / m - m Q) / root of the helicity along the boson Q */
  const double inverse = helicity / sqrt(root);
  const Vec probe = along(scale(1.0 - inverse * product, t), inverse * m * m, boson), meson = momentum(p);
  spin->probe = unit(boost_into(probe, meson, p->m));
  spin->neutrino = unit(boost_into(sub(t, meson), meson, p->m));
  return true;
}

static bool pseudoscalar(int pdg) { return abs(pdg) == 211 || abs(pdg) == 321 || pdg == 111 || abs(pdg) == 311; }

/*
 * Y. S. Tsai, Phys. Rev. D 4 (1971) 2821. V - A with a tau of momentum P and spin s, k = P - m s (light-like), n the neutrino:
 *   l nu nubar   (nubar.k)(l.n): beside what the decay has without spin, 1 + the cosine of antineutrino and spin
 *   h nu         1 + a cosine of h and spin; a = 1 for a pseudoscalar, (m^2 - 2 Q^2)/(m^2 + 2 Q^2) for spin 1 and mass Q
 *   h -> two pseudoscalars with the current j = q1 - q2, in the rest frame of h:  2 (j.k)(j.n) - j^2 k.n  with light-like k, n
 *     is j^2 (1 - cos(n, k) + 2 cos(j, n) cos(j, k)), at most twice j^2
 */
double tau_weight(const TauSpin *spin, int count, const int pdg[], const double m[], const Vec p[]) {
  if (spin->meson) {
    if (count != 2 || !pseudoscalar(pdg[0]) || !pseudoscalar(pdg[1])) return 1;
    const Vec j = unit(p[0]);
    return 0.5 * (1.0 - dot3(spin->neutrino, spin->probe)) + dot3(j, spin->neutrino) * dot3(j, spin->probe);
  }
  if (count == 2) {
    const double t = spin->mass2, q = 2.0 * m[1] * m[1];
    const double power = pseudoscalar(pdg[1]) ? 1.0 : (t - q) / (t + q);
    return 0.5 * (1.0 + power * dot3(unit(p[1]), spin->spin));
  }
  if (count == 3 && abs(pdg[1]) < 16 && abs(pdg[2]) < 16) return 0.5 * (1.0 + dot3(unit(p[2]), spin->spin));
  return 1; /* several hadrons beside: their currents are not known well */
}
