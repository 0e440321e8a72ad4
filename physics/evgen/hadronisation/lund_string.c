#include "lund_string.h"

#include <math.h>

#include "../decays/decays.h"
#include "../decays/particles.h"
#include "flavour.h"
#include "lund.h"
#include "world.h"

enum { TRIES = 60, MAX_HADRONS = 200 };
/* Below these, GeV, the string ends in two hadrons: as in T. Sjostrand et al., JHEP 05 (2006) 026, section 12. */
#define STOP_MASS 1.0
#define STOP_NEW_FLAVOUR 2.0
#define STOP_SMEAR 0.2
/* Neighbours of a lower mass, GeV, count as one parton. */
#define JOIN_MASS 0.3

typedef struct {
  End end;
  const World *world;
  Break at;
} Side;

typedef struct {
  int pdg;
  double m;
  Vec p;
} Hadron;

typedef struct {
  Random *random;
  const HadronParameters *parameters;
  FlavourChoices *choices;
  Side side[2];
  Vec left; /* momentum of what is not yet hadrons */
  int hadrons;
  Hadron hadron[MAX_HADRONS];
} Fragmentation;

/* A quark's transverse momentum; a hundredth has the double width, for the tails. */
static void kick(Random *random, double sigma, double *k1, double *k2) {
  gaussian_pair(random, k1, k2);
  const double width = flat(random) < 0.01 ? 2.0 * sigma : sigma;
  *k1 *= width;
  *k2 *= width;
}

/* The last two hadrons share the rest: in its rest frame along the string, in order. */
static bool final_two(Fragmentation *f) {
  Random *random = f->random;
  const HadronParameters *parameters = f->parameters;
  const double w2 = square(f->left);
  if (!(w2 > 0)) return false;
  const double w = sqrt(w2);
  int one, two;
  int tries = 0;
  do {
    End end = f->side[0].end;
    end.popcorn = false;
    one = break_string(random, parameters, &end, f->choices);
    two = is_diquark(end.flavour) && is_diquark(f->side[1].end.flavour) ? 0
              : hadron_of(random, parameters, end.flavour, f->side[1].end.flavour);
  } while (!two && ++tries < 20);
  if (!two) return false;
  const double m1 = sample_mass(random, one, w), m2 = sample_mass(random, two, w);
  if (m1 + m2 >= w) return false;
  double k1, k2;
  kick(random, parameters->sigma, &k1, &k2);
  const double pt2 = k1 * k1 + k2 * k2;
  const double mt1 = sqrt(m1 * m1 + pt2), mt2 = sqrt(m2 * m2 + pt2);
  if (mt1 + mt2 >= w) return false;
  Vec ahead = boost_into(f->side[0].world->piece[f->side[0].at.a].plus, f->left, w);
  Vec behind = boost_into(f->side[1].world->piece[f->side[1].at.a].plus, f->left, w);
  Vec axis = sub(scale(1.0 / ahead.e, ahead), scale(1.0 / behind.e, behind));
  const double size = sqrt(dot3(axis, axis));
  if (!(size > 1e-6)) return false;
  axis = scale(1.0 / size, axis);
  const double lambda = sqrt(kallen(w2, mt1 * mt1, mt2 * mt2));
  const double exponent = parameters->b * lambda;
  const bool reverse = exponent < 50 && flat(random) * (1.0 + exp_of(exponent)) < 1.0;
  const double pz = (reverse ? -0.5 : 0.5) * lambda / w;
  Vec e1, e2;
  transverse_axes(axis, &e1, &e2);
  const Vec p = {axis.x * pz + e1.x * k1 + e2.x * k2, axis.y * pz + e1.y * k1 + e2.y * k2, axis.z * pz + e1.z * k1 + e2.z * k2, 0};
  const double p2 = dot3(p, p);
  const Vec first = {p.x, p.y, p.z, sqrt(p2 + m1 * m1)}, second = {-p.x, -p.y, -p.z, sqrt(p2 + m2 * m2)};
  if (f->hadrons + 2 > MAX_HADRONS) return false;
  f->hadron[f->hadrons++] = (Hadron){one, m1, boost_from(first, f->left, w)};
  f->hadron[f->hadrons++] = (Hadron){two, m2, boost_from(second, f->left, w)};
  return true;
}

/* One hadron from a side. 1: made, 0: nearly all energy is used, -1: failed. */
static int next_hadron(Fragmentation *f, Side *side) {
  Random *random = f->random;
  const HadronParameters *parameters = f->parameters;
  End end = side->end;
  const int pdg = break_string(random, parameters, &end, f->choices);
  double k1, k2;
  kick(random, parameters->sigma, &k1, &k2);
  double least = STOP_MASS + constituent_mass(f->side[0].end.flavour) + constituent_mass(f->side[1].end.flavour) +
                 STOP_NEW_FLAVOUR * constituent_mass(end.flavour);
  least *= 1.0 + (2.0 * flat(random) - 1.0) * STOP_SMEAR;
  if (square(f->left) < least * least) return 0;
  const double m = sample_mass(random, pdg, 1e9);
  const double d1 = k1 - side->at.kick1, d2 = k2 - side->at.kick2;
  const double mt2 = m * m + d1 * d1 + d2 * d2;
  const double z = lund_z(random, parameters, side->end.flavour, end.flavour, mt2);
  const double gamma = (1.0 - z) * (side->at.gamma + mt2 / z);
  Break to;
  Vec p;
  if (!world_step(side->world, &side->at, m, gamma, k1, k2, &to, &p)) return -1;
  if (f->hadrons == MAX_HADRONS) return -1;
  f->hadron[f->hadrons++] = (Hadron){pdg, m, p};
  f->left = sub(f->left, p);
  side->at = to;
  side->end = end;
  return f->left.e > 0 ? 1 : -1;
}

static bool fragment(Fragmentation *f, const World worlds[2], const int flavour[2], Vec total) {
  f->hadrons = 0;
  f->left = total;
  for (int i = 0; i < 2; i++) f->side[i] = (Side){{flavour[i], false}, &worlds[i], world_begin(&worlds[i])};
  for (;;) {
    const int made = next_hadron(f, &f->side[flat(f->random) < 0.5]);
    if (made < 0) return false;
    if (made == 0) return final_two(f);
  }
}

static Vec momentum(const Particle *p) { return (Vec){p->px, p->py, p->pz, p->e}; }

/*
 * Momenta of a string's partons. A gluon that lies too near to a neighbour is taken into it; the next parton (or the one
 * before) gives what brings the sum back to the mass shell: the inverse of a dipole's branching.
 */
static int join(const Event *event, int first, int last, Vec p[]) {
  double m[MAX_STRING];
  int count = 0;
  for (int i = first; i <= last; i++) p[count] = momentum(&event->particle[i]), m[count++] = event->particle[i].m;
  while (count > 2) {
    int nearest = -1;
    double least = JOIN_MASS * JOIN_MASS;
    for (int i = 0; i + 1 < count; i++) {
      const double value = 2.0 * dot(p[i], p[i + 1]);
      if (value < least) least = value, nearest = i;
    }
    if (nearest < 0) break;
    const int taken = nearest == 0 ? 1 : nearest + 1 == count - 1 ? nearest : nearest + 1;
    const int kept = taken == nearest ? nearest + 1 : nearest;
    const int other = nearest + 2 < count ? nearest + 2 : nearest - 1;
    const Vec pair = add(p[kept], p[taken]), sum = add(pair, p[other]);
    const double s = square(sum), mo2 = m[other] * m[other], mk2 = m[kept] * m[kept];
    const double now = kallen(s, square(pair), mo2), then = kallen(s, mk2, mo2);
    if (!(now > 0 && then > 0)) break;
    const double share = dot(sum, p[other]) / s;
    p[other] = along(scale(sqrt(then / now), along(p[other], -share, sum)), 0.5 * (s + mo2 - mk2) / s, sum);
    p[kept] = sub(sum, p[other]);
    for (int i = taken; i + 1 < count; i++) p[i] = p[i + 1], m[i] = m[i + 1];
    count--;
  }
  return count;
}

static bool one_string(Random *random, const HadronParameters *parameters, FlavourChoices *choices, Event *event, int first, int last) {
  static World worlds[2];
  static Fragmentation f;
  Vec p[MAX_STRING], total = {0, 0, 0, 0};
  if (last - first + 1 > MAX_STRING) return false;
  for (int i = first; i <= last; i++) total = add(total, momentum(&event->particle[i]));
  const int flavour[2] = {event->particle[first].pdg, event->particle[last].pdg};
  const double mass = mass_of(total);
  if (mass > constituent_mass(flavour[0]) + constituent_mass(flavour[1]) + STOP_MASS) {
    const int count = join(event, first, last, p);
    world_make(&worlds[0], p, count);
    world_reverse(&worlds[1], &worlds[0]);
    f.random = random;
    f.parameters = parameters;
    f.choices = choices;
    for (int tries = 0; tries < TRIES; tries++) {
      if (!fragment(&f, worlds, flavour, total)) continue;
      for (int i = first; i <= last; i++) event->particle[i].status = STATUS_DECAYED;
      for (int i = 0; i < f.hadrons; i++)
        if (!event_add(event, f.hadron[i].pdg, f.hadron[i].p, f.hadron[i].m, first, last)) return false;
      return true;
    }
  }
  return small_string(random, parameters, choices, event, first, last);
}

bool hadronise(Random *random, const HadronParameters *parameters, FlavourChoices *choices, Event *event, int first, int last) {
  /* Small strings come last: then there are hadrons to share momentum with. */
  for (int small = 0; small < 2; small++) {
    for (int begin = first, i = first; i <= last; i++) {
      if (event->particle[i].pdg == 21 || i == begin) continue;
      Vec total = {0, 0, 0, 0};
      for (int k = begin; k <= i; k++) total = add(total, momentum(&event->particle[k]));
      const double least = constituent_mass(event->particle[begin].pdg) + constituent_mass(event->particle[i].pdg) + STOP_MASS;
      if ((mass_of(total) <= least) == (small == 1) && !one_string(random, parameters, choices, event, begin, i)) return false;
      begin = i + 1;
    }
  }
  return true;
}
