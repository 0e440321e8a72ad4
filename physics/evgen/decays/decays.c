#include "decays.h"

#include <math.h>

#include "particles.h"
#include "tau.h"

Particle *event_add(Event *event, int pdg, Vec p, double m, int parent, int parent_last) {
  if (event->count >= MAX_PARTICLES) return 0;
  Particle *particle = &event->particle[event->count++];
  *particle = (Particle){.px = p.x, .py = p.y, .pz = p.z, .e = p.e, .m = m, .pdg = pdg, .status = STATUS_FINAL,
                         .parent = parent, .parent_last = parent_last};
  return particle;
}

enum { MOST_PRODUCTS = 12 };

typedef struct {
  int count;
  int pdg[MOST_PRODUCTS];
  double m[MOST_PRODUCTS];
  Vec p[MOST_PRODUCTS]; /* in the rest frame of what decays */
} Products;

/* A channel by its fraction, with masses that fit below that of the particle. */
static const DecayChannel *choose(Random *random, const Kind *kind, double mass, int sign, Products *products) {
  for (int tries = 0; tries < 200; tries++) {
    const double r = flat(random);
    int i = kind->first;
    while (CHANNEL[i].upto < r) i++;
    const DecayChannel *channel = &CHANNEL[i];
    if (channel->threshold >= mass && channel->products > 1) continue; /* K0 to K0S has one */
    if (channel->kind == DECAY_QUARKS) {
      products->count = quarks_to_hadrons(random, channel->pdg, channel->products, mass, products->pdg, products->m, MOST_PRODUCTS);
      if (products->count == 0) continue;
    } else {
      double left = mass - channel->threshold;
      products->count = channel->products;
      for (int k = 0; k < channel->products; k++) {
        const int index = kind_of(channel->pdg[k]);
        const double least = KIND[index].width > 1e-4 ? KIND[index].low : KIND[index].mass;
        products->pdg[k] = channel->pdg[k];
        products->m[k] = sample_mass(random, channel->pdg[k], least + left);
        left -= products->m[k] - least;
      }
      if (!(left > 0) && channel->products > 1) continue;
    }
    if (sign < 0)
      for (int k = 0; k < products->count; k++) products->pdg[k] = conjugate_of(products->pdg[k]);
    return channel;
  }
  return 0;
}

/* |M|^2 over its largest value. */
static double shape(const DecayChannel *channel, const Products *products, double mass) {
  const Vec *p = products->p;
  const double *m = products->m;
  if (channel->kind == DECAY_VECTOR_3PI) {
    /* |p1 x p2|^2 in the rest frame; largest for equal momenta: (M^2 - 9 m^2)^2 / 432 up to mass differences. */
    const double d = dot3(p[0], p[1]), cross = dot3(p[0], p[0]) * dot3(p[1], p[1]) - d * d;
    const double free_mass = mass * mass - 9.0 * m[0] * m[0];
    return cross * 400.0 / (free_mass * free_mass);
  }
  const int n = products->count;
  /* V - A, c -> s l+ nu: |M|^2 ~ (c . l+)(s . nu); b -> c l- nubar: (b . nubar)(c . l-), tau the same. */
  const int first = channel->kind == DECAY_WEAK ? n - 2 : n - 1, second = 2 * n - 3 - first;
  Vec hadrons = {0, 0, 0, 0};
  double hadron_mass = 0;
  for (int i = 0; i < n - 2; i++) hadrons = add(hadrons, p[i]), hadron_mass += m[i];
  const double value = mass * p[first].e * dot(hadrons, p[second]);
  const double most = mass * mass - hadron_mass * hadron_mass;
  return value * 16.0 / (most * most); /* at most 1: x (1 - x) / 4 in the scaled lepton energy */
}

/* e+ e- (or mu+ mu-) out of a virtual photon: dm2/m2 (1 - m2/M2)^3 (1 + 2 m_l^2/m2) sqrt(1 - 4 m_l^2/m2); N. M. Kroll, W. Wada 1955. */
static void dalitz_pair(Random *random, double mass, Products *products) {
  const double ml = products->m[1], low = 4.0 * ml * ml, m0 = products->m[0];
  const double most = (mass - m0) * (mass - m0);
  const double span = log_of(most / low);
  double m2, weight;
  do {
    m2 = low * exp_of(flat(random) * span);
    const double free_share = kallen(mass * mass, m2, m0 * m0) / (mass * mass * mass * mass);
    weight = free_share * sqrt(free_share) * (1.0 + 0.5 * low / m2) * sqrt(1.0 - low / m2);
  } while (weight < 1.01 * flat(random));
  const double pair[2] = {m0, sqrt(m2)}, legs[2] = {ml, products->m[2]};
  Vec two[2], inner[2];
  phase_space(random, mass, 2, pair, two);
  phase_space(random, pair[1], 2, legs, inner);
  products->p[0] = two[0];
  for (int i = 0; i < 2; i++) products->p[1 + i] = boost_from(inner[i], two[1], pair[1]);
}

/* spin: of a tau or, of a meson that came from one, see tau.h; NULL without. */
static void momenta(Random *random, const DecayChannel *channel, double mass, const TauSpin *spin, Products *products) {
  if (channel->kind == DECAY_DALITZ_PAIR) {
    dalitz_pair(random, mass, products);
    return;
  }
  const bool shaped = channel->kind != DECAY_PHASE_SPACE && channel->kind != DECAY_QUARKS && products->count > 2;
  int tries = 0;
  do phase_space(random, mass, products->count, products->m, products->p);
  while (((shaped && shape(channel, products, mass) < flat(random)) ||
          (spin && tau_weight(spin, products->count, products->pdg, products->m, products->p) < flat(random))) &&
         ++tries < 1000);
}

static bool decay_one(Random *random, Event *event, int index, const Kind *kind) {
  Particle *parent = &event->particle[index];
  static Products products;
  const DecayChannel *channel = choose(random, kind, parent->m, parent->pdg < 0 ? -1 : 1, &products);
  if (!channel) return false;
  TauSpin spin;
  momenta(random, channel, parent->m, tau_spin(event, index, &spin) ? &spin : 0, &products);
  const Vec frame = {parent->px, parent->py, parent->pz, parent->e};
  double path = 0;
  if (kind->ctau > 0) path = -kind->ctau * log_of(flat(random)) / parent->m;
  parent->status = STATUS_DECAYED;
  for (int k = 0; k < products.count; k++) {
    Particle *made = event_add(event, products.pdg[k], boost_from(products.p[k], frame, parent->m), products.m[k], index, index);
    if (!made) return false;
    made->x = parent->x + path * parent->px;
    made->y = parent->y + path * parent->py;
    made->z = parent->z + path * parent->pz;
    made->t = parent->t + path * parent->e;
  }
  return true;
}

bool decay_all(Random *random, Event *event, int first) {
  for (int i = first; i < event->count; i++) {
    if (event->particle[i].status != STATUS_FINAL) continue;
    const int index = kind_of(event->particle[i].pdg);
    if (index < 0) continue;
    const Kind *kind = &KIND[index];
    if (kind->channels > 0 && kind->ctau <= STABLE_CTAU && !decay_one(random, event, i, kind)) return false;
  }
  return true;
}
