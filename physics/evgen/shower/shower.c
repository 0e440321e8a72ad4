#include "shower.h"

#include <math.h>
#include <stdlib.h>

#include "../decays/decays.h"
#include "../decays/particles.h"
#include "../process/electroweak.h"
#include "kernels.h"

const ShowerParameters DEFAULT_SHOWER = {.alpha_s = 0.12116, .cutoff = 0.552, .hard_gluon = 0.25, .variation = 0, .scale = 1, .scale_variation = 1};

/* QED's coupling for radiated photons is the one at low energy. */
#define ALPHA (1.0 / 137.035999)
/* Leptons radiate down to this transverse momentum squared, GeV^2. */
#define LEPTON_CUTOFF 1e-6
/* Bands of ln t in which a constant coupling bounds the true one. */
#define BAND 1.0

enum { MAX_PARTONS = 120, MAX_PHOTONS = 60 };

typedef struct {
  Vec p;
  double m2;
  int pdg;
  bool last; /* of its string */
  double polarised; /* a gluon's linear polarisation in the plane of its making, which `aunt` gives */
  Vec aunt;
  double s, log_range; /* of the dipole with the next parton: 2 p.p, ln(s / cutoff) */
  double rate, upto;
} Parton;

typedef struct {
  const Shower *shower;
  Random *random;
  int partons, photons;
  Parton parton[MAX_PARTONS];
  Vec photon[MAX_PHOTONS];
  double qcd_rate;    /* of all dipoles, per unit of ln t and alpha_s / 2 pi */
  double qed_rate;    /* of the charged pair, per alpha / 2 pi */
  double qed_s, qed_range;
  double charge2, axial, rho;
  int charged[2];     /* the primary pair's places */
  double weight[VARIATIONS];
  bool coloured, first_gluon; /* not yet a gluon: the matrix element decides */
} State;

void shower_prepare(Shower *shower, const ShowerParameters *parameters, double z_mass) {
  shower->parameters = *parameters;
  const double cutoff = parameters->cutoff * parameters->cutoff;
  shower->log_cutoff = log_of(cutoff);
  const double log_scale = 2.0 * log_of(parameters->scale);
  static Coupling plain;
  coupling_prepare(&plain, parameters->alpha_s, z_mass, 0.2);
  coupling_shift(&shower->coupling, &plain, log_scale);
  shower->variations = 0;
  shower->headroom = 1.0;
  for (int sign = 1; sign >= -1 && parameters->variation > 0; sign -= 2) {
    Coupling *varied = &shower->varied[shower->variations];
    shower->weight_of[shower->variations++] = sign > 0 ? WEIGHT_ALPHA_S_UP : WEIGHT_ALPHA_S_DOWN;
    static Coupling other;
    coupling_prepare(&other, parameters->alpha_s + sign * parameters->variation, z_mass, 0.2);
    coupling_shift(varied, &other, log_scale);
  }
  for (int sign = 1; sign >= -1 && parameters->scale_variation > 1; sign -= 2) {
    Coupling *varied = &shower->varied[shower->variations];
    shower->weight_of[shower->variations++] = sign > 0 ? WEIGHT_SCALE_UP : WEIGHT_SCALE_DOWN;
    coupling_shift(varied, &plain, log_scale + sign * 2.0 * log_of(parameters->scale_variation));
  }
  for (int k = 0; k < shower->variations; k++)
    for (int i = 0; i <= COUPLING_STEPS; i++) {
      const double ratio = shower->varied[k].value[i] / shower->coupling.value[i];
      if (ratio > shower->headroom) shower->headroom = ratio;
    }
}

static double colour(int pdg) { return pdg == 21 ? 0.5 * COLOUR_A : COLOUR_F; }
/* An end that is a gluon: bound of the sum over flavours of T_R kernel_pair, which is at most T_R / 2 each, of c and b half as much again. */
#define HEAVY_PAIR 1.5
#define PAIR_BOUND (3.0 + 2.0 * HEAVY_PAIR)
static double pair_rate(int pdg) { return pdg == 21 ? PAIR_BOUND * 0.5 * COLOUR_T : 0; }

static void dipole_update(const State *state, Parton *one) {
  if (one->last) {
    one->rate = 0;
    return;
  }
  const Parton *two = one + 1;
  one->s = 2.0 * dot(one->p, two->p);
  const double range = one->s > 0 ? log_of(one->s) - state->shower->log_cutoff : 0;
  one->log_range = range > 0 ? range : 0;
  one->rate = one->log_range * 2.0 * (colour(one->pdg) + colour(two->pdg));
  if (one->log_range > 0) one->rate += pair_rate(one->pdg) + pair_rate(two->pdg);
}

static void rates(State *state) {
  double sum = 0;
  for (int i = 0; i < state->partons; i++) {
    sum += state->parton[i].rate;
    state->parton[i].upto = sum;
  }
  state->qcd_rate = sum;
}

static void qed_update(State *state) {
  if (!(state->charge2 > 0)) return;
  const Parton *one = &state->parton[state->charged[0]], *two = &state->parton[state->charged[1]];
  const double cutoff = state->coloured ? state->shower->log_cutoff : log_of(LEPTON_CUTOFF);
  state->qed_s = 2.0 * dot(one->p, two->p);
  const double range = log_of(state->qed_s) - cutoff;
  state->qed_range = range > 0 ? range : 0;
  state->qed_rate = 4.0 * state->charge2 * state->qed_range;
}

/* Makes room for one more parton behind place `at`. */
static void insert(State *state, int at) {
  for (int i = state->partons; i > at + 1; i--) state->parton[i] = state->parton[i - 1];
  state->partons++;
  for (int k = 0; k < 2; k++) state->charged[k] += state->charged[k] > at;
}

/* Phase space and kernel of gluon (or photon) emission over their bound 2 C / (1 - z). */
static double emission_weight(const Parton *emitter, const Parton *recoiler, double s, double y, double z) {
  if (!(y < 1)) return 0;
  const double q2 = s + emitter->m2 + recoiler->m2;
  const double phase = (1.0 - y) * (emitter->m2 > 0 && recoiler->m2 > 0 ? s / sqrt(kallen(q2, emitter->m2, recoiler->m2)) : 1.0);
  const double kernel = emitter->pdg == 21 ? 2.0 * kernel_gluon(y, z) : kernel_fermion(y, z, s, emitter->m2, recoiler->m2);
  return 0.5 * (1.0 - z) * kernel * phase;
}

static double correction(const State *state, double s, double y, double z) {
  const double q2 = s / (1.0 - 2.0 * state->rho);
  const double x2 = 1.0 - y * s / q2, x1 = 1.0 - (1.0 - z) * (1.0 - y) * s / q2;
  const double sum = dipole_sum(x1, x2, state->rho);
  if (!(sum > 0)) return 0;
  const double vector = matrix_element(x1, x2, state->rho, false);
  const double exact = state->rho > 0 ? vector + state->axial * (matrix_element(x1, x2, state->rho, true) - vector) : vector;
  return exact > 0 ? exact / sum : 0;
}

/* The cosine of twice the angle between the planes of (a, b) and (c, d). */
static double cosine_2phi(Vec a, Vec b, Vec c, Vec d) {
  const Vec m = {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x, 0};
  const Vec n = {c.y * d.z - c.z * d.y, c.z * d.x - c.x * d.z, c.x * d.y - c.y * d.x, 0};
  const double size = dot3(m, m) * dot3(n, n), product = dot3(m, n);
  return size > 0 ? 2.0 * product * product / size - 1.0 : 0;
}

/*
 * branch() with an azimuth that knows of the emitter's polarisation: 1 + a cos 2 phi between the planes of its making and of its
 * decay. B. R. Webber, Ann. Rev. Nucl. Part. Sci. 36 (1986) 253.
 */
static bool branch_polarised(Random *random, const Parton *emitter, Vec *p, Vec *k, Vec *emitted, double recoiler_m2, double mi2,
                             double mj2, double pair, double z, double asymmetry) {
  const double a = emitter->pdg == 21 ? asymmetry * emitter->polarised : 0, most = 1.0 + fabs(a);
  for (;;) {
    Vec i = *p, r = *k, j;
    if (!branch(&i, &r, &j, emitter->m2, recoiler_m2, mi2, mj2, pair, z, flat(random))) return false;
    if (a != 0 && 1.0 + a * cosine_2phi(*p, emitter->aunt, i, j) < flat(random) * most) continue;
    *p = i, *k = r, *emitted = j;
    return true;
  }
}

/*
 * What a trial that is taken with probability p means for events with another coupling: the same trial taken with p r has weight r
 * where it was taken, else (1 - p r) / (1 - p). S. Mrenna, P. Skands, Phys. Rev. D 94 (2016) 074005.
 */
static void reweight(State *state, double log_t, double p, bool taken) {
  const Shower *shower = state->shower;
  for (int i = 0; i < shower->variations; i++) {
    const double r = coupling_at(&shower->varied[i], log_t) / coupling_at(&shower->coupling, log_t);
    state->weight[i] *= taken ? r : (1.0 - p * r) / (1.0 - p);
  }
}

static void emit_gluon(State *state, int at, bool forward, double log_t, double alpha_bound, double t) {
  Random *random = state->random;
  Parton *emitter = &state->parton[forward ? at : at + 1], *recoiler = &state->parton[forward ? at + 1 : at];
  const double s = state->parton[at].s;
  const double one_minus_z = exp_of(-flat(random) * state->parton[at].log_range), z = 1.0 - one_minus_z;
  if (!(z > 0)) return;
  const double y = t / (s * z * one_minus_z);
  double weight = emission_weight(emitter, recoiler, s, y, z);
  if (!(weight > 0)) return;
  weight *= coupling_at(&state->shower->coupling, log_t) / alpha_bound;
  if (state->first_gluon) weight *= correction(state, s, y, z) * (1.0 + state->shower->parameters.hard_gluon * 4.0 * t / s);
  if (state->partons == MAX_PARTONS) return;
  if (weight < flat(random)) {
    reweight(state, log_t, weight, false);
    return;
  }
  Vec gluon;
  Vec p = emitter->p, k = recoiler->p;
  const double share = z * one_minus_z / (1.0 - z * one_minus_z), own = one_minus_z / (1.0 - z * one_minus_z), new = z / (1.0 - z * one_minus_z);
  reweight(state, log_t, weight, true); /* also where there is no room for it: the other coupling would have found none as well */
  if (!branch_polarised(random, emitter, &p, &k, &gluon, recoiler->m2, emitter->m2, 0, emitter->m2 + y * s, z, share * share)) return;
  emitter->p = p;
  recoiler->p = k;
  const bool from_gluon = emitter->pdg == 21;
  emitter->polarised = from_gluon ? own * own : 0;
  emitter->aunt = gluon;
  insert(state, at);
  state->parton[at + 1] = (Parton){.p = gluon, .pdg = 21, .aunt = p, .polarised = from_gluon ? new * new : 2.0 * z / (1.0 + z * z)};
  state->first_gluon = false;
  for (int i = at > 0 ? at - 1 : 0; i <= at + 2 && i < state->partons; i++) dipole_update(state, &state->parton[i]);
  rates(state);
  qed_update(state);
}

static const double QUARK_M[6] = {0, 0.00467, 0.00216, 0.0934, 1.67, 4.78};

/* The gluon at `gluon` becomes antiquark and quark: the first ends the string before, the second begins the one behind. */
static void split_gluon(State *state, int gluon, int other, double s, double log_t, double alpha_bound, double t) {
  Random *random = state->random;
  Parton *emitter = &state->parton[gluon], *recoiler = &state->parton[other];
  const double pick = flat(random) * PAIR_BOUND;
  const bool heavy = pick >= 3.0;
  const int flavour = heavy ? 4 + (pick >= 3.0 + HEAVY_PAIR) : 1 + (int)pick;
  const double m2 = QUARK_M[flavour] * QUARK_M[flavour];
  const double z = flat(random), pair = t / (z * (1.0 - z));
  const double q2 = s + recoiler->m2;
  if (!(pair > 4.0 * m2 && pair < q2)) return;
  double weight = 2.0 / (heavy ? HEAVY_PAIR : 1.0) * kernel_pair(z, m2, pair) * sqrt(kallen(q2, pair, recoiler->m2)) / s;
  weight *= coupling_at(&state->shower->coupling, log_t) / alpha_bound;
  if (state->partons == MAX_PARTONS) return;
  if (weight < flat(random)) {
    reweight(state, log_t, weight, false);
    return;
  }
  Vec p = emitter->p, k = recoiler->p, second;
  const double decay = -2.0 * z * (1.0 - z) / (1.0 - 2.0 * z * (1.0 - z));
  reweight(state, log_t, weight, true);
  if (!branch_polarised(random, emitter, &p, &k, &second, recoiler->m2, m2, m2, pair, z, decay)) return;
  emitter->p = p;
  recoiler->p = k;
  insert(state, gluon);
  state->parton[gluon].pdg = -flavour;
  state->parton[gluon].m2 = m2;
  state->parton[gluon].last = true;
  state->parton[gluon + 1] = (Parton){.p = second, .m2 = m2, .pdg = flavour};
  for (int i = gluon > 1 ? gluon - 2 : 0; i <= gluon + 2 && i < state->partons; i++) dipole_update(state, &state->parton[i]);
  rates(state);
  qed_update(state);
}

static void qcd_trial(State *state, double log_t, double alpha_bound) {
  const double t = exp_of(log_t), pick = flat(state->random) * state->qcd_rate;
  int at = 0;
  while (at < state->partons - 1 && state->parton[at].upto < pick) at++;
  Parton *one = &state->parton[at], *two = one + 1;
  if (one->last || !(one->log_range > 0)) return;
  double within = pick - (one->upto - one->rate);
  const double emission[2] = {2.0 * colour(one->pdg) * one->log_range, 2.0 * colour(two->pdg) * one->log_range};
  for (int k = 0; k < 2; k++) {
    if (within < emission[k]) {
      emit_gluon(state, at, k == 0, log_t, alpha_bound, t);
      return;
    }
    within -= emission[k];
  }
  const bool first = one->pdg == 21 && (two->pdg != 21 || within < pair_rate(21));
  if (first) split_gluon(state, at, at + 1, one->s, log_t, alpha_bound, t);
  else if (two->pdg == 21) split_gluon(state, at + 1, at, one->s, log_t, alpha_bound, t);
}

static void qed_trial(State *state, double log_t) {
  Random *random = state->random;
  const int k = flat(random) < 0.5;
  Parton *emitter = &state->parton[state->charged[k]], *recoiler = &state->parton[state->charged[!k]];
  const double s = state->qed_s;
  const double one_minus_z = exp_of(-flat(random) * state->qed_range), z = 1.0 - one_minus_z;
  if (!(z > 0)) return;
  const double y = exp_of(log_t) / (s * z * one_minus_z);
  if (emission_weight(emitter, recoiler, s, y, z) < flat(random) || state->photons == MAX_PHOTONS) return;
  Vec photon, p = emitter->p, r = recoiler->p;
  if (!branch(&p, &r, &photon, emitter->m2, recoiler->m2, emitter->m2, 0, emitter->m2 + y * s, z, flat(random))) return;
  emitter->p = p;
  recoiler->p = r;
  state->photon[state->photons++] = photon;
  for (int i = 0; i < state->partons && state->coloured; i++) dipole_update(state, &state->parton[i]);
  rates(state);
  qed_update(state);
}

static void evolve(State *state, double log_t, double stop) {
  const Shower *shower = state->shower;
  while (log_t > stop) {
    double low = BAND * floor((log_t - 1e-9) / BAND);
    if (low < stop) low = stop;
    const double alpha_bound = state->coloured ? coupling_at(&shower->coupling, low) * shower->headroom : 0;
    for (;;) {
      const double qcd = alpha_bound / (2.0 * PI) * state->qcd_rate, qed = ALPHA / (2.0 * PI) * state->qed_rate;
      if (!(qcd + qed > 0)) return;
      log_t += log_of(flat(state->random)) / (qcd + qed);
      if (log_t <= low) break;
      if (qed > 0 && flat(state->random) * (qcd + qed) < qed) qed_trial(state, log_t);
      else qcd_trial(state, log_t, alpha_bound);
    }
    log_t = low;
  }
}

static bool write_out(const State *state, Event *event, int *first, int *last) {
  if (state->partons == 2 && state->photons == 0) return true;
  event->particle[PRIMARY].status = event->particle[PRIMARY + 1].status = STATUS_DECAYED;
  *first = event->count;
  int line = 501;
  for (int i = 0; i < state->partons; i++) {
    const Parton *parton = &state->parton[i];
    Particle *made = event_add(event, parton->pdg, parton->p, sqrt(parton->m2), PRIMARY, PRIMARY + 1);
    if (!made) return false;
    if (!state->coloured) continue;
    if (parton->pdg == 21 || parton->pdg < 0) made->anticolour = line++;
    if (parton->pdg > 0) made->colour = line;
  }
  *last = event->count - 1;
  for (int i = 0; i < state->photons; i++)
    if (!event_add(event, 22, state->photon[i], 0, PRIMARY, PRIMARY + 1)) return false;
  return true;
}

bool shower_event(const Shower *shower, Random *random, Event *event, double axial, int *first, int *last) {
  static State state;
  *first = PRIMARY, *last = PRIMARY + 1;
  state.shower = shower;
  state.random = random;
  state.partons = 2;
  state.photons = 0;
  for (int i = 0; i < VARIATIONS; i++) state.weight[i] = 1;
  for (int i = 0; i < 2; i++) {
    const Particle *p = &event->particle[PRIMARY + i];
    state.parton[i] = (Parton){.p = {p->px, p->py, p->pz, p->e}, .m2 = p->m * p->m, .pdg = p->pdg, .last = i == 1};
    state.charged[i] = i;
  }
  const int code = state.parton[0].pdg;
  state.coloured = code < 10;
  state.charge2 = charge3_of(code) * charge3_of(code) / 9.0;
  state.axial = axial;
  const double s = 2.0 * dot(state.parton[0].p, state.parton[1].p), q2 = s + 2.0 * state.parton[0].m2;
  state.rho = state.parton[0].m2 / q2;
  state.first_gluon = state.coloured;
  state.qcd_rate = state.qed_rate = 0;
  if (state.coloured) {
    dipole_update(&state, &state.parton[0]);
    state.parton[1].rate = 0;
    rates(&state);
  }
  qed_update(&state);
  evolve(&state, log_of(0.25 * s), state.coloured ? shower->log_cutoff : log_of(LEPTON_CUTOFF));
  for (int i = 0; i < shower->variations; i++) event->weight[shower->weight_of[i]] = state.weight[i];
  return write_out(&state, event, first, last);
}
