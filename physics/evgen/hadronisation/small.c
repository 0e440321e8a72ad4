#include <math.h>

#include "../decays/decays.h"
#include "../decays/particles.h"
#include "flavour.h"
#include "lund_string.h"

static Vec momentum(const Particle *p) { return (Vec){p->px, p->py, p->pz, p->e}; }

static void set_momentum(Particle *p, Vec v) { p->px = v.x, p->py = v.y, p->pz = v.z, p->e = v.e; }

static void use_up(Event *event, int first, int last) {
  for (int i = first; i <= last; i++) event->particle[i].status = STATUS_DECAYED;
}

/* Two hadrons, isotropic: the string is shorter than a hadron's size. */
static bool to_two(Random *random, const HadronParameters *parameters, FlavourChoices *choices, Event *event, int first, int last, Vec total) {
  const double w = mass_of(total);
  for (int tries = 0; tries < 20; tries++) {
    End end = {event->particle[first].pdg, false};
    const int one = break_string(random, parameters, &end, choices);
    const int two = is_diquark(end.flavour) && is_diquark(event->particle[last].pdg)
                        ? 0 : hadron_of(random, parameters, end.flavour, event->particle[last].pdg);
    if (!two) continue;
    const double m[2] = {sample_mass(random, one, w), sample_mass(random, two, w)};
    if (m[0] + m[1] >= w) continue;
    Vec p[2];
    phase_space(random, w, 2, m, p);
    use_up(event, first, last);
    return event_add(event, one, boost_from(p[0], total, w), m[0], first, last) &&
           event_add(event, two, boost_from(p[1], total, w), m[1], first, last);
  }
  return false;
}

/* The particle outside the string with the largest invariant mass with it, as it has most to give. */
static int partner(const Event *event, int first, int last, Vec total) {
  int best = -1;
  double largest = 0;
  for (int i = 0; i < event->count; i++) {
    const Particle *p = &event->particle[i];
    if (p->status != STATUS_FINAL || (i >= first && i <= last) || p->pdg == 22) continue;
    const double value = dot(momentum(p), total);
    if (value > largest) largest = value, best = i;
  }
  return best;
}

/* One hadron; its mass is not the string's, so that another particle exchanges momentum with it. */
static bool to_one(Random *random, const HadronParameters *parameters, Event *event, int first, int last, Vec total) {
  const int other = partner(event, first, last, total);
  if (other < 0) return false;
  for (int tries = 0; tries < 50; tries++) {
    const int pdg = hadron_of(random, parameters, event->particle[first].pdg, event->particle[last].pdg);
    if (!pdg) continue;
    const Vec sum = add(total, momentum(&event->particle[other]));
    const double s = square(sum), m = sample_mass(random, pdg, 1e9), mo = event->particle[other].m;
    if (!(s > (m + mo) * (m + mo))) continue;
    const double now = kallen(s, square(total), mo * mo), then = kallen(s, m * m, mo * mo);
    if (!(now > 0)) return false;
    const Vec before = momentum(&event->particle[other]);
    const Vec after = along(scale(sqrt(then / now), along(before, -dot(sum, before) / s, sum)), 0.5 * (s + mo * mo - m * m) / s, sum);
    set_momentum(&event->particle[other], after);
    use_up(event, first, last);
    return event_add(event, pdg, sub(sum, after), m, first, last) != 0;
  }
  return false;
}

bool small_string(Random *random, const HadronParameters *parameters, FlavourChoices *choices, Event *event, int first, int last) {
  Vec total = {0, 0, 0, 0};
  for (int i = first; i <= last; i++) total = add(total, momentum(&event->particle[i]));
  return to_two(random, parameters, choices, event, first, last, total) || to_one(random, parameters, event, first, last, total);
}
