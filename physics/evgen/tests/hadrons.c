/*
 * Tests of the parts that make hadrons: the table of decays, the shower's kernels and first emission, whole events.
 * The argument scales the number of events. Built with and without sanitizers by hadrons.test.ts.
 *   hadrons [SCALE]        runs the checks
 *   hadrons whole EVENTS   only what each of so many events on the Z must conserve
 */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../decays/decays.h"
#include "../decays/particles.h"
#include "../generate.h"
#include "../hadronisation/flavour.h"
#include "../process/running.h"
#include "../shower/kernels.h"
#include "check.h"

typedef struct {
  double n, sum, squares;
} Mean;

static void mean_add(Mean *mean, double x) { mean->n++, mean->sum += x, mean->squares += x * x; }

static void mean_is(const Mean *mean, double expected, const char *what, double at) {
  const double value = mean->sum / mean->n, error = sqrt((mean->squares / mean->n - value * value) / mean->n);
  CHECK(fabs(value - expected) < 4.0 * error, "%s at %g: %g +- %g, not %g", what, at, value, error, expected);
}

/* ---- the table of particles ---- */

/* Lepton numbers of the three families, summed with weights that keep them apart. */
static int leptons_of(int pdg) {
  switch (abs(pdg)) {
    case 11:
    case 12: return pdg > 0 ? 1 : -1;
    case 13:
    case 14: return pdg > 0 ? 100 : -100;
    case 15:
    case 16: return pdg > 0 ? 10000 : -10000;
    default: return 0;
  }
}

static void test_table(void) {
  CHECK(particles_prepare(), "the table is read");
  CHECK(KINDS > 95, "%d particles", KINDS);
  for (int i = 0; i < KINDS; i++) {
    const Kind *kind = &KIND[i];
    CHECK(kind_of(kind->pdg) == i && kind_of(-kind->pdg) == i, "%d is found", kind->pdg);
    double before = 0;
    bool open = kind->channels == 0;
    for (int c = kind->first; c < kind->first + kind->channels; c++) {
      const DecayChannel *channel = &CHANNEL[c];
      CHECK(channel->upto > before, "%d: a decay without a share", kind->pdg);
      before = channel->upto;
      int charge = 0, baryon = 0, leptons = 0;
      for (int k = 0; k < channel->products; k++) {
        const int product = channel->pdg[k];
        CHECK(kind_of(product) >= 0 || abs(product) < 6 || is_diquark(product), "%d decays to the unknown %d", kind->pdg, product);
        if (kind_of(product) >= 0 && KIND[kind_of(product)].self_conjugate) CHECK(product > 0, "%d has no antiparticle", product);
        charge += charge3_of(product), baryon += baryon3_of(product), leptons += leptons_of(product);
      }
      CHECK(charge == kind->charge3, "%d: charge of decay %d", kind->pdg, c - kind->first);
      CHECK(baryon == baryon3_of(kind->pdg), "%d: baryon number of decay %d", kind->pdg, c - kind->first);
      CHECK(leptons == leptons_of(kind->pdg), "%d: lepton numbers of decay %d", kind->pdg, c - kind->first);
      open = open || channel->threshold < kind->low || channel->products == 1;
    }
    CHECK(kind->channels == 0 || before == 1.0, "%d: fractions add up to %.17g", kind->pdg, before);
    CHECK(open, "%d: every decay is too heavy for its lowest mass", kind->pdg);
  }
  /* Shares that are complete in the table, to a few per mille. */
  static const int complete[] = {111, 221, 113, 213, 223, 333, 310, 313, 323, 3122, 3222, 3334, 15, 413, 423};
  for (size_t i = 0; i < sizeof complete / sizeof complete[0]; i++) {
    const double sum = KIND[kind_of(complete[i])].branching_sum;
    CHECK(fabs(sum - 1.0) < 0.02, "%d: fractions of the table add up to %g", complete[i], sum);
  }
  CHECK(charge3_of(211) == 3 && charge3_of(-321) == -3 && charge3_of(511) == 0 && charge3_of(-2212) == -3 && charge3_of(2224) == 6, "charges");
  CHECK(charge3_of(2101) == 1 && baryon3_of(2101) == 2 && baryon3_of(-3122) == -3 && baryon3_of(4) == 1, "diquarks");
}

/* ---- kernels ---- */

static void test_kernels(void) {
  enum { N = 200000 };
  const double epsilon = 1e-3;
  double fermion = 0, gluon = 0, pair = 0, heavy = 0;
  for (int i = 0; i < N; i++) {
    const double z = (i + 0.5) / N, zc = (1.0 - epsilon) * z, share = (1.0 - epsilon) / N;
    fermion += kernel_fermion(0, zc, 1.0, 0, 0) * share;
    gluon += kernel_gluon(0, zc) * share;
    pair += 2.0 * kernel_pair(z, 0, 1.0) / N;
    const double beta = sqrt(1.0 - 4.0 * 0.04), zh = 0.5 * (1.0 - beta) + beta * z;
    heavy += 2.0 * kernel_pair(zh, 0.04, 1.0) * beta / N;
  }
  /* integrals of (1 + z^2)/(1 - z), of half of the symmetric z/(1 - z) + (1 - z)/z + z (1 - z), of z^2 + (1 - z)^2 */
  const double l = -log(epsilon);
  CHECK(fabs(fermion - (2.0 * l - 1.5)) < 0.01, "quark: %g", fermion);
  CHECK(fabs(gluon - (l - 1.0 + 1.0 / 12.0)) < 0.01, "gluon: %g", gluon);
  CHECK(fabs(pair - 2.0 / 3.0) < 1e-6, "pair: %g", pair);
  CHECK(fabs(heavy - 2.0 / 3.0 * sqrt(0.84) * 1.08) < 1e-6, "heavy pair: %g", heavy);

  for (int i = 1; i < 20; i++)
    for (int k = 1; k < 20; k++) {
      const double x1 = i / 20.0, x2 = k / 20.0;
      if (x1 + x2 <= 1.0) continue;
      const double known = (x1 * x1 + x2 * x2) / ((1.0 - x1) * (1.0 - x2));
      CHECK(fabs(matrix_element(x1, x2, 0, false) / known - 1.0) < 1e-12, "massless matrix element");
      CHECK(dipole_sum(x1, x2, 0) >= known * (1.0 - 1e-12), "the dipoles lie above it");
    }
  /* Soft gluons off heavy quarks: the eikonal factor, which the dipoles share. */
  const double rho = 0.0028, soft = 1e-5;
  for (int i = 1; i < 10; i++) {
    const double d1 = soft * i / 10.0, d2 = soft - d1;
    const double eikonal = 2.0 * (1.0 - 2.0 * rho) / (d1 * d2) - 2.0 * rho * (1.0 / (d1 * d1) + 1.0 / (d2 * d2));
    for (int axial = 0; axial < 2; axial++)
      CHECK(fabs(matrix_element(1.0 - d1, 1.0 - d2, rho, axial) - eikonal) < 1e-3 * 2.0 / (d1 * d2), "soft limit, axial %d", axial);
    if (eikonal > 0) CHECK(fabs(dipole_sum(1.0 - d1, 1.0 - d2, rho) - eikonal) < 1e-2 * 2.0 / (d1 * d2), "soft limit of the dipoles");
  }
}

static void test_branch(void) {
  Random random = random_open(5, 0, PART_SHOWER, 0);
  double worst = 0, worst_z = 0;
  for (int n = 0; n < 20000; n++) {
    const double m2 = n % 2 ? 4.78 * 4.78 : 0, r2 = n % 3 ? 0 : 1.67 * 1.67, e = 20.0 + 30.0 * flat(&random);
    const Vec a = direction(&random), b = direction(&random);
    const double pa = sqrt(e * e - m2), pb = sqrt(900.0 - r2);
    Vec p = {pa * a.x, pa * a.y, pa * a.z, e}, k = {pb * b.x, pb * b.y, pb * b.z, 30.0}, j;
    const Vec sum = add(p, k);
    const double z = 0.05 + 0.9 * flat(&random), y = 0.3 * flat(&random), s = 2.0 * dot(p, k);
    if (!branch(&p, &k, &j, m2, r2, m2, 0, m2 + y * s, z, flat(&random))) continue;
    const Vec left = sub(sub(sub(sum, p), k), j);
    worst = fmax(worst, (fabs(left.x) + fabs(left.y) + fabs(left.z) + fabs(left.e)) / sum.e);
    worst = fmax(worst, (fabs(square(p) - m2) + fabs(square(j)) + fabs(square(k) - r2)) / (sum.e * sum.e));
    worst_z = fmax(worst_z, fabs(dot(p, k) / (dot(p, k) + dot(j, k)) - z));
  }
  CHECK(worst < 1e-12, "momentum and masses off by %g", worst);
  CHECK(worst_z < 1e-9, "z off by %g", worst_z);
}

/*
 * With so small a coupling there is one gluon at most: its rate by hard gluons (x1, x2 < 0.9) must be the matrix element's.
 * Runs over an independent sum of the latter on a grid.
 */
static void test_first_emission(int pdg, double mass, double axial, uint64_t events) {
  static Shower shower;
  const double alpha = 0.003, energy = 91.2, rho = mass * mass / (energy * energy), edge = 0.9;
  shower_prepare(&shower, &(ShowerParameters){.alpha_s = alpha, .cutoff = 8.0, .scale = 1, .scale_variation = 1}, 91.1876); /* what makes x1, x2 < 0.9 has more than 9 GeV */
  static Event event;
  uint64_t found = 0, hard_side = 0;
  for (uint64_t n = 0; n < events; n++) {
    const double e = 0.5 * energy, p = sqrt(e * e - mass * mass);
    event.count = PRIMARY + 2;
    event.particle[PRIMARY] = (Particle){.pz = p, .e = e, .m = mass, .pdg = pdg, .status = STATUS_FINAL, .colour = 501};
    event.particle[PRIMARY + 1] = (Particle){.pz = -p, .e = e, .m = mass, .pdg = -pdg, .status = STATUS_FINAL, .anticolour = 501};
    Random random = random_open(9, n, PART_SHOWER, 0);
    int first, last;
    CHECK(shower_event(&shower, &random, &event, axial, &first, &last), "room");
    if (last - first != 2) continue;
    const double x1 = event.particle[first].e / e, x2 = event.particle[last].e / e;
    if (x1 > edge || x2 > edge) continue;
    found++;
    hard_side += x1 > x2;
  }
  double integral = 0;
  enum { GRID = 1500 };
  for (int i = 0; i < GRID; i++)
    for (int k = 0; k < GRID; k++) {
      const double x1 = edge * (i + 0.5) / GRID, x2 = edge * (k + 0.5) / GRID, d1 = 1.0 - x1, d2 = 1.0 - x2;
      /* inside of phase space: the three momenta make a triangle */
      if (!(d1 * d2 * (x1 + x2 - 1.0) - rho * (d1 + d2) * (d1 + d2) > 0)) continue;
      const double value = (1.0 - axial) * matrix_element(x1, x2, rho, false) + axial * matrix_element(x1, x2, rho, true);
      integral += value * edge * edge / ((double)GRID * GRID);
    }
  const double cmw = coupling_at(&shower.coupling, 6.0); /* at 20 GeV */
  const double expected = cmw * COLOUR_F / (2.0 * PI * sqrt(1.0 - 4.0 * rho)) * integral;
  const double share = (double)found / (double)events, error = sqrt(expected / (double)events);
  CHECK(fabs(share - expected) < 3.0 * error + 0.02 * expected, "flavour %d: %g of events have a hard gluon, not %g (+- %g)", pdg, share, expected, error);
  CHECK(fabs((double)hard_side - 0.5 * (double)found) < 2.0 * sqrt((double)found), "quark and antiquark radiate alike");
}

/* Events weighted for another coupling against events made with it, or with another scale: the mean number of partons. */
static void test_variations(bool scale, uint64_t events) {
  static Shower shower;
  static Event event;
  double mean[3] = {0}, weighted[3] = {0}, weights[3] = {0}, weights2[3] = {0}, spread[3] = {0};
  const double alpha[3] = {0.12, scale ? 0.12 : 0.124, scale ? 0.12 : 0.116}, scales[3] = {1, scale ? 2 : 1, scale ? 0.5 : 1};
  for (int kind = 0; kind < 3; kind++) {
    shower_prepare(&shower, &(ShowerParameters){.alpha_s = alpha[kind], .cutoff = 1.0, .variation = kind == 0 && !scale ? 0.004 : 0,
                                                .scale = scales[kind], .scale_variation = kind == 0 && scale ? 2 : 1}, 91.1876);
    for (uint64_t n = 0; n < events; n++) {
      event.count = PRIMARY + 2;
      event.particle[PRIMARY] = (Particle){.pz = 45.6, .e = 45.6, .pdg = 1, .status = STATUS_FINAL, .colour = 501};
      event.particle[PRIMARY + 1] = (Particle){.pz = -45.6, .e = 45.6, .pdg = -1, .status = STATUS_FINAL, .anticolour = 501};
      Random random = random_open(10, n, PART_SHOWER, (uint32_t)kind);
      int first, last;
      CHECK(shower_event(&shower, &random, &event, 0.5, &first, &last), "room");
      mean[kind] += last - first + 1;
      for (int i = 1; kind == 0 && i < 3; i++) {
        const double weight = event.weight[(scale ? WEIGHT_SCALE_UP : WEIGHT_ALPHA_S_UP) + i - 1];
        weights[i] += weight, weights2[i] += weight * weight;
        weighted[i] += weight * (last - first + 1);
        spread[i] += weight * weight * (last - first - 7) * (last - first - 7); /* about some 8 partons */
        CHECK(weight >= 0, "a weight of %g", weight);
      }
    }
  }
  const double n = (double)events;
  for (int i = 1; i < 3; i++) {
    const double error = 3.0 * sqrt((spread[i] / n + 6.0) / n); /* partons are spread by about 2.4 */
    CHECK(fabs(weights[i] / n - 1.0) < 4.0 * sqrt((weights2[i] / n - 1.0) / n) + 1e-3, "weights %d are 1 in the mean: %g", i, weights[i] / n);
    CHECK(fabs(weighted[i] / weights[i] - mean[i] / n) < error, "partons with weight %d: %g, made so: %g", i, weighted[i] / weights[i], mean[i] / n);
    CHECK(fabs(mean[i] - mean[0]) / n > error, "the coupling is seen: %g and %g", mean[i] / n, mean[0] / n);
  }
}

/* The cross-section's coupling against the equation, solved in small steps. */
static void test_strong_coupling(void) {
  const double b0 = 23.0 / (12.0 * PI), b1 = 58.0 / (24.0 * PI * PI), h = 1e-4;
  double worst = 0;
  for (int sign = -1; sign <= 1; sign += 2) {
    double alpha = 0.118;
    for (int i = 0; i * h < 2.0 * log(sign < 0 ? 9.12 : 2.75); i++) { /* to 10 and 250 GeV */
      const double found = strong_coupling(91.2 * 91.2 * exp(sign * i * h), 91.2);
      worst = fmax(worst, fabs(found / alpha - 1.0));
      const double half = alpha - 0.5 * sign * h * alpha * alpha * (b0 + b1 * alpha);
      alpha -= sign * h * half * half * (b0 + b1 * half);
    }
  }
  CHECK(worst < 4e-4, "alpha_s off by %g of itself", worst);
  CHECK(worst > 1e-6, "the equation is not solved exactly");
}

static void test_coupling(void) {
  static Coupling coupling;
  coupling_prepare(&coupling, 0.118, 91.1876, 0.2);
  const double k = 67.0 / 6.0 - PI * PI / 2.0 - 25.0 / 9.0;
  CHECK(fabs(coupling_at(&coupling, 2.0 * log(91.1876)) - 0.118 * (1.0 + k * 0.118 / (2.0 * PI))) < 1e-5, "at the Z");
  /* at the tau mass: 0.31 to 0.33 in the MS-bar scheme with three flavours */
  const double tau = coupling_at(&coupling, 2.0 * log(1.77686)), k4 = 67.0 / 6.0 - PI * PI / 2.0 - 20.0 / 9.0;
  const double ms_bar = (sqrt(1.0 + 4.0 * k4 / (2.0 * PI) * tau) - 1.0) / (2.0 * k4 / (2.0 * PI));
  CHECK(ms_bar > 0.30 && ms_bar < 0.34, "at the tau: %g", ms_bar);
  for (int i = 1; i <= COUPLING_STEPS; i++) CHECK(coupling.value[i] <= coupling.value[i - 1], "falls with the scale, step %d", i);
}

/* ---- photons of the beams ---- */

/* The energy that is left is the one drawn, whatever number of photons shares the rest; and their number is that of the density. */
static void test_beam_photons(double energy, uint64_t events) {
  static Radiator radiator;
  bool wanted[FERMIONS] = {true};
  const ProcessOptions options = {.corrections = true, .isr = true, .least_s = 0.01};
  CHECK(isr_prepare(&radiator, energy, wanted, &DEFAULT_ELECTROWEAK, options) > 0, "open");
  Mean squares = {0}, several = {0};
  double worst = 0;
  const double s = energy * energy, beta = radiator.beta, least = 0.02;
  Random random = random_open(31, 0, PART_PROCESS, 0);
  for (uint64_t n = 0; n < events; n++) {
    Radiation radiation;
    isr_generate(&radiator, &random, &radiation);
    if (radiation.photons == 0) continue;
    Vec sum = {0, 0, 0, 0};
    for (int i = 0; i < radiation.photons; i++) sum = add(sum, radiation.photon[i]);
    worst = fmax(worst, fabs(square(sub((Vec){0, 0, 0, energy}, sum)) / s - (1.0 - radiation.share)));
    if (radiation.share < 1e-4) continue; /* else shares of 0.02 could be too small to be seen */
    double square_sum = 0;
    int large = 0;
    for (int i = 0; i < radiation.photons; i++) {
      const double share = radiation.photon[i].e / sum.e;
      square_sum += share * share;
      large += share > least;
    }
    mean_add(&squares, square_sum);
    mean_add(&several, large);
  }
  CHECK(worst < 1e-14, "s' off by %g", worst);
  mean_is(&squares, 1.0 / (1.0 + beta), "sum of squared shares", energy);
  double number = 0; /* integral of beta / x (1 - x)^(beta - 1), by u = (1 - x)^beta */
  enum { STEPS = 100000 };
  const double most = pow(1.0 - least, beta);
  for (int i = 0; i < STEPS; i++) number += most / STEPS / (1.0 - pow(most * (i + 0.5) / STEPS, 1.0 / beta));
  mean_is(&several, number, "photons with more than 0.02 of all energy", energy);
  CHECK(number > 1.2, "several: %g", number);
}

/* ---- tau ---- */

static Vec momentum_of(const Particle *p) { return (Vec){p->px, p->py, p->pz, p->e}; }

/* The products of the tau at `index`, in its rest frame, by code; false where they are others. */
static bool products_are(const Event *event, int index, int count, const int pdg[], Vec p[]) {
  const Particle *tau = &event->particle[index];
  int found = 0;
  for (int i = index + 1; i < event->count; i++) {
    const Particle *made = &event->particle[i];
    if (made->parent != index) continue;
    const int code = tau->pdg > 0 ? made->pdg : conjugate_of(made->pdg);
    if (found == count || code != pdg[found]) return false;
    p[found++] = boost_into(momentum_of(made), momentum_of(tau), tau->m);
  }
  return found == count;
}

/*
 * The polarimeter of tau -> nu pi pi0: the spin's direction at which the squared matrix element is largest, which is 0 for the
 * opposite one; so a unit vector. J. H. Kuhn, Phys. Rev. D 52 (1995) 3128, with the current of the two pions' momenta.
 */
static Vec polarimeter(Vec nu, Vec one, Vec two) {
  const Vec sum = add(one, two), j = sub(one, two), current = along(j, -dot(j, sum) / square(sum), sum);
  const Vec omega = along(scale(2.0 * dot(current, nu), current), -square(current), nu);
  return scale(1.0 / omega.e, omega);
}

/* Taus of a given helicity that fly along z: means by which experiments measured it. */
static void test_tau_decays(uint64_t events) {
  const double e = 45.6, m = KIND[kind_of(15)].mass, p = sqrt(e * e - m * m);
  static Event event;
  static const int pion[] = {16, -211}, kaon[] = {16, -321}, rho[] = {16, -213}, a1[] = {16, -20213}, electron[] = {16, 11, -12};
  for (int helicity = -1; helicity <= 1; helicity++) {
    Mean pi = {0}, k = {0}, rho_angle = {0}, rho_power = {0}, a1_angle = {0}, a1_power = {0}, energy = {0}, energy2 = {0}, best = {0}, size = {0};
    for (uint64_t n = 0; n < events; n++) {
      event.count = PRIMARY + 2;
      event.particle[BOSON] = (Particle){.e = 2.0 * e, .m = 2.0 * e, .pdg = 23, .status = STATUS_DECAYED};
      event.particle[PRIMARY] = (Particle){.pz = p, .e = e, .m = m, .pdg = 15, .status = STATUS_FINAL, .parent = BOSON, .parent_last = BOSON};
      event.particle[PRIMARY + 1] = (Particle){.pz = -p, .e = e, .m = m, .pdg = -15, .status = STATUS_FINAL, .parent = BOSON, .parent_last = BOSON};
      event.helicity[0] = helicity, event.helicity[1] = -helicity;
      Random random = random_open(21, n, PART_DECAYS, (uint32_t)(helicity + 1));
      CHECK(decay_all(&random, &event, PRIMARY), "room");
      for (int t = PRIMARY; t <= PRIMARY + 1; t++) {
        /* CP: an antitau along -z with the opposite helicity has its spin along z as well; mirrored it decays as the tau */
        const double sign = t == PRIMARY ? 1.0 : -1.0;
        Vec q[3];
        if (products_are(&event, t, 2, pion, q)) mean_add(&pi, sign * q[1].z / sqrt(dot3(q[1], q[1])));
        if (products_are(&event, t, 2, kaon, q)) mean_add(&k, sign * q[1].z / sqrt(dot3(q[1], q[1])));
        for (int a = 0; a < 2; a++) {
          if (!products_are(&event, t, 2, a ? a1 : rho, q)) continue;
          const double q2 = square(q[1]);
          mean_add(a ? &a1_angle : &rho_angle, sign * q[1].z / sqrt(dot3(q[1], q[1])));
          mean_add(a ? &a1_power : &rho_power, (m * m - 2.0 * q2) / (m * m + 2.0 * q2) / 3.0);
        }
        if (products_are(&event, t, 3, electron, q)) {
          const double x = 2.0 * q[1].e / m;
          mean_add(&energy, x);
          mean_add(&energy2, sign * q[1].z / sqrt(dot3(q[1], q[1])));
        }
        for (int i = t + 1; i < event.count && products_are(&event, t, 2, rho, q); i++) {
          if (abs(event.particle[i].pdg) != 213 || event.particle[i].parent != t) continue;
          static const int pions[] = {-211, 111};
          Vec two[2];
          int found = 0;
          for (int j = i + 1; j < event.count; j++)
            if (event.particle[j].parent == i && found < 2 && abs(event.particle[j].pdg) == abs(pions[found]))
              two[found++] = boost_into(momentum_of(&event.particle[j]), momentum_of(&event.particle[t]), m);
          if (found < 2) continue;
          const Vec h = polarimeter(q[0], two[0], two[1]);
          mean_add(&best, sign * h.z);
          mean_add(&size, dot3(h, h));
        }
      }
    }
    const double P = helicity;
    mean_is(&pi, P / 3.0, "cosine of pi", P);
    mean_is(&k, P / 3.0, "cosine of K", P);
    mean_is(&rho_angle, P * rho_power.sum / rho_power.n, "cosine of rho", P);
    mean_is(&a1_angle, P * a1_power.sum / a1_power.n, "cosine of a1", P);
    mean_is(&energy, 0.7, "energy of the electron", P); /* 2 x^2 (3 - 2 x), L. Michel 1950 */
    mean_is(&energy2, -P / 9.0, "cosine of the electron", P); /* (1 - 2 x)/(3 - 2 x) at each x */
    mean_is(&best, P / 3.0, "polarimeter of rho", P);
    CHECK(fabs(size.sum / size.n - 1.0) < 1e-3, "the polarimeter is a direction: %g", size.sum / size.n);
  }
}

/* ---- whole events ---- */

/* Adds `sign` times the quarks less antiquarks of each flavour. PDG numbering scheme, as charge3_of. */
static void add_flavours(int pdg, int sign, int net[6]) {
  const int code = abs(pdg), own = pdg > 0 ? sign : -sign;
  const int a = code / 1000 % 10, b = code / 100 % 10, c = code / 10 % 10;
  if (code < 6) net[code] += own;
  if (code < 100 || code == 130 || code == 310) return; /* K0S and K0L are both */
  if (a > 0) {
    net[a] += own, net[b] += own;
    if (c > 0) net[c] += own;
  } else {
    net[b] += b % 2 == 0 ? own : -own;
    net[c] -= b % 2 == 0 ? own : -own;
  }
}

/*
 * Vertices at which a flavour came or went, but for weak decays: in the shower, where strings break, and in strong and
 * electromagnetic decays, which have no path worth telling. (A K0 that becomes a K0S or K0L is no decay.)
 */
static uint64_t lost_flavours(const Event *event) {
  static int net[MAX_PARTICLES][6];
  static bool weak[MAX_PARTICLES], counted[MAX_PARTICLES];
  memset(net, 0, sizeof net[0] * (size_t)event->count);
  memset(counted, 0, sizeof counted);
  for (int i = 0; i < event->count; i++) {
    const Particle *p = &event->particle[i];
    if (p->parent < 0) continue;
    if (!counted[p->parent]) {
      counted[p->parent] = true;
      for (int k = p->parent; k <= p->parent_last; k++) add_flavours(event->particle[k].pdg, 1, net[p->parent]);
      const int code = event->particle[p->parent].pdg, kind = kind_of(code);
      weak[p->parent] = p->parent == p->parent_last && (abs(code) == 311 || (kind >= 0 && KIND[kind].ctau > 1e-3));
    }
    add_flavours(p->pdg, -1, net[p->parent]);
  }
  uint64_t lost = 0;
  for (int i = 0; i < event->count; i++)
    for (int f = 1; f < 6; f++) lost += counted[i] && !weak[i] && net[i][f] != 0;
  return lost;
}

static void read_text(Card *card, const char *text) {
  static char copy[4096], message[CARD_MESSAGE];
  snprintf(copy, sizeof copy, "{\"seed\":1,\"firstEvent\":0,\"events\":1,\"blockEvents\":1,\"parameters\":{%s}}", text);
  CHECK(card_read(card, copy, strlen(copy), message), "%s", message);
}

typedef struct {
  double charged;
  uint64_t failed;
} Sample;

/* Every conserved number in every event; parents before children; nothing final that decays. */
static Sample test_events(const char *parameters, uint64_t events) {
  static Card card;
  static Generator generator;
  static Event event;
  read_text(&card, parameters);
  CHECK(generator_prepare(&generator, &card), "open: %s", parameters);
  generator_begin(&generator, &event);
  Sample sample = {0, 0};
  Effort effort = {0};
  double worst = 0, worst_shell = 0;
  uint64_t wrong = 0, disorder = 0, unstable = 0, flavours = 0;
  for (uint64_t n = 0; n < events; n++) {
    generator_event(&generator, n, &event, &effort);
    double px = 0, py = 0, pz = 0, e = 0;
    int charge = 0, baryon = 0, leptons = 0;
    for (int i = 0; i < event.count; i++) {
      const Particle *p = &event.particle[i];
      disorder += p->parent >= i || p->parent_last >= i || p->parent > p->parent_last;
      if (p->status != STATUS_FINAL) continue;
      px += p->px, py += p->py, pz += p->pz, e += p->e;
      charge += charge3_of(p->pdg), baryon += baryon3_of(p->pdg), leptons += leptons_of(p->pdg);
      sample.charged += charge3_of(p->pdg) != 0;
      const int kind = kind_of(p->pdg);
      unstable += kind < 0 || (KIND[kind].channels > 0 && KIND[kind].ctau <= 100.0);
      const double shell = p->e * p->e - p->px * p->px - p->py * p->py - p->pz * p->pz - p->m * p->m;
      worst_shell = fmax(worst_shell, fabs(shell) / (1.0 + p->e * p->e));
    }
    const double off = fmax(fmax(fabs(px), fabs(py)), fmax(fabs(pz), fabs(e - card.energy))) / card.energy;
    worst = off > worst || !(off == off) ? off : worst;
    wrong += charge != 0 || baryon != 0 || leptons != 0;
    flavours += lost_flavours(&event);
  }
  CHECK(worst < 1e-9, "%s: momentum off by %g of the energy", parameters, worst);
  CHECK(worst_shell < 1e-6, "%s: masses squared off by %g", parameters, worst_shell);
  CHECK(wrong == 0 && disorder == 0 && unstable == 0, "%s: %" PRIu64 " events with a wrong charge, baryon or lepton number, %" PRIu64
        " particles before their parents, %" PRIu64 " unstable ones", parameters, wrong, disorder, unstable);
  CHECK(flavours == 0, "%s: %" PRIu64 " flavours came or went without a weak decay", parameters, flavours);
  CHECK(effort.given_up == 0, "%s: %" PRIu64 " events given up", parameters, effort.given_up);
  sample.charged /= (double)events;
  sample.failed = effort.failed;
  CHECK((double)effort.failed < 0.01 * (double)events + 20, /* next to a threshold some */ "%s: %" PRIu64 " beginnings failed", parameters, effort.failed);
  return sample;
}

#define QUARKS "\"processes\":[\"d\",\"u\",\"s\",\"c\",\"b\"]"

static const char ON_THE_Z[] = "\"energyGeV\":91.2," QUARKS ",\"stages\":[\"corrections\",\"shower\",\"hadronisation\",\"decays\"]";

static void test_whole(uint64_t scale) {
  const Sample z = test_events(ON_THE_Z, scale);
  CHECK(fabs(z.charged - 20.9) < 0.4, "charged multiplicity at the Z: %g", z.charged);
  const Sample low = test_events("\"energyGeV\":34.8," QUARKS ",\"stages\":[\"corrections\",\"shower\",\"hadronisation\",\"decays\"]", scale / 2);
  CHECK(fabs(low.charged - 13.6) < 0.8, "charged multiplicity at 34.8 GeV: %g", low.charged);
  test_events("\"energyGeV\":91.2", scale / 2);
  test_events("\"energyGeV\":189", scale / 4);
  test_events("\"energyGeV\":250,\"leastS\":0.0001", scale / 8);
  test_events("\"energyGeV\":10.6", scale / 4);
  test_events("\"energyGeV\":5", scale / 4);
  test_events("\"energyGeV\":9.7,\"stages\":[\"hadronisation\",\"decays\"]", scale / 8);
  test_events("\"energyGeV\":10.57,\"stages\":[\"isr\",\"shower\",\"hadronisation\",\"decays\"]", scale / 8);
  test_events("\"energyGeV\":91.2,\"lundA\":0,\"lundB\":3,\"sigmaPtGeV\":0,\"strangePerUp\":1,\"diquarkPerQuark\":0.5,\"popcorn\":2", scale / 8);
  test_events("\"energyGeV\":91.2,\"lundA\":3,\"lundB\":0.1,\"sigmaPtGeV\":1,\"decupletFactor\":0,\"etaFactor\":0", scale / 8);
  test_events("\"energyGeV\":91.2,\"processes\":[\"b\"],\"stages\":[\"hadronisation\",\"decays\"]", scale / 4);
  test_events("\"energyGeV\":91.2,\"processes\":[\"tau\"]", scale / 4);
}

/* Kaons and protons of events with weights for other shares of strange quarks and diquarks, against events made with these. */
static void test_flavour_variations(uint64_t events) {
  static Card card;
  static Generator generator;
  static Event event;
  static const char *const other[5] = {
      "\"strangeVariation\":0.05,\"diquarkVariation\":0.03", "\"strangePerUp\":0.268", "\"strangePerUp\":0.168",
      "\"diquarkPerQuark\":0.13", "\"diquarkPerQuark\":0.07"};
  Mean weighted[5][2] = {{{0}}}, weights[5] = {{0}}, made[5][2] = {{{0}}};
  for (int kind = 0; kind < 5; kind++) {
    char text[400];
    snprintf(text, sizeof text, "\"energyGeV\":91.2," QUARKS ",\"stages\":[\"hadronisation\"],%s", other[kind]);
    read_text(&card, text);
    card.seed = (uint64_t)kind;
    CHECK(generator_prepare(&generator, &card), "open");
    generator_begin(&generator, &event);
    Effort effort = {0};
    for (uint64_t n = 0; n < events; n++) {
      generator_event(&generator, n, &event, &effort);
      int count[2] = {0, 0};
      for (int i = 0; i < event.count; i++) {
        const int code = abs(event.particle[i].pdg);
        count[0] += code == 321 || code == 311 || code == 313 || code == 323;
        count[1] += baryon3_of(code) == 3 && code > 1000;
      }
      for (int q = 0; q < 2; q++) mean_add(&made[kind][q], count[q]);
      for (int w = 1; w < 5 && kind == 0; w++) {
        const double weight = event.weight[WEIGHT_STRANGE_UP + w - 1];
        mean_add(&weights[w], weight);
        for (int q = 0; q < 2; q++) mean_add(&weighted[w][q], weight * count[q]);
      }
    }
  }
  for (int w = 1; w < 5; w++) {
    mean_is(&weights[w], 1.0, "weights", w);
    const int q = w > 2; /* what this one changes most */
    for (int k = 0; k < 2; k++) {
      const double a = weighted[w][k].sum / weighted[w][k].n, b = made[w][k].sum / made[w][k].n;
      const double error2 = (weighted[w][k].squares / weighted[w][k].n - a * a + made[w][k].squares / made[w][k].n - b * b) / (double)events;
      CHECK(fabs(a - b) < 4.0 * sqrt(error2), "weight %d: %g hadrons, made so %g, +- %g", w, a, b, sqrt(error2));
      const double plain = made[0][k].sum / made[0][k].n;
      if (k == q) CHECK(fabs(b - plain) > 2.0 * sqrt(error2), "the change is seen: %g and %g +- %g", b, plain, sqrt(error2));
    }
  }
}

/* An event made alone is the one made in a row. */
static void test_alone(void) {
  static Card card;
  static Generator generator;
  static Event row, alone;
  read_text(&card, "\"energyGeV\":91.2");
  CHECK(generator_prepare(&generator, &card), "open");
  generator_begin(&generator, &row);
  Effort effort = {0};
  for (uint64_t n = 0; n < 300; n++) {
    generator_event(&generator, n, &row, &effort);
    if (n % 50) continue;
    memset(&alone, 0, sizeof alone);
    generator_begin(&generator, &alone);
    generator_event(&generator, n, &alone, &effort);
    CHECK(row.count == alone.count, "event %" PRIu64, n);
    for (int i = 0; i < row.count; i++) {
      const Particle *a = &row.particle[i], *b = &alone.particle[i];
      CHECK(a->pdg == b->pdg && a->px == b->px && a->e == b->e && a->x == b->x && a->status == b->status && a->parent == b->parent,
            "event %" PRIu64 ", particle %d", n, i);
    }
  }
}

/* Two b quarks with too little energy for two B mesons: as a card does not allow them. */
static void test_giving_up(void) {
  static Card card;
  static Generator generator;
  static Event event;
  read_text(&card, "\"energyGeV\":9.7,\"processes\":[\"b\"],\"stages\":[]");
  CHECK(generator_prepare(&generator, &card), "open");
  card.stages[STAGE_HADRONISATION] = card.stages[STAGE_DECAYS] = true;
  generator_begin(&generator, &event);
  Effort effort = {0};
  for (uint64_t n = 0; n < 3; n++) {
    generator_event(&generator, n, &event, &effort);
    CHECK(event.count == PRIMARY + 2 && event.particle[PRIMARY].status == STATUS_FINAL, "event %" PRIu64 " is as the process left it", n);
  }
  CHECK(effort.given_up == 3 && effort.failed == 3 * BEGINNINGS, "%" PRIu64 " given up", effort.given_up);
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "whole") == 0) {
    const Sample sample = test_events(ON_THE_Z, strtoull(argv[2], NULL, 10));
    printf("%.4f charged particles an event, %" PRIu64 " beginnings came to nothing\n", sample.charged, sample.failed);
    return checks_end();
  }
  const uint64_t scale = argc > 1 ? strtoull(argv[1], NULL, 10) : 20000;
  test_table();
  test_kernels();
  test_branch();
  test_coupling();
  test_strong_coupling();
  test_first_emission(1, 0, 0.5, 100 * scale);
  test_first_emission(5, 4.78, 0.6, 100 * scale);
  test_variations(false, 10 * scale);
  test_variations(true, 10 * scale);
  test_flavour_variations(2 * scale);
  test_beam_photons(91.2, 20 * scale);
  test_beam_photons(189, 20 * scale);
  test_tau_decays(3 * scale);
  test_whole(scale);
  test_alone();
  test_giving_up();
  return checks_end();
}
