/*
 * Tests of the analysis on made-up events whose shapes are known, and against slow and simple ways to the same figures.
 *   analysis               runs the checks
 *   analysis jets EVENTS   prints events and their jets, for a comparison with FastJet (fastjet.cc)
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../analysis/analyse.h"
#include "../analysis/correlations.h"
#include "../analysis/hemispheres.h"
#include "../analysis/jets.h"
#include "../analysis/particles.h"
#include "../analysis/tensors.h"
#include "../analysis/thrust.h"
#include "../core/maths.h"
#include "../core/philox.h"
#include "check.h"

#define CLOSE_TO(value, expected, by) CHECK(fabs((value) - (expected)) <= (by), "%.17g, expected %.17g", (double)(value), (double)(expected))

static Momenta event;

static void add(double x, double y, double z) { momenta_add(&event, x, y, z, sqrt(x * x + y * y + z * z)); }

static void test_pencil(void) {
  momenta_clear(&event);
  for (int i = 1; i <= 5; i++) add(0.1 * i, 0.2 * i, -0.3 * i), add(-0.1 * i, -0.2 * i, 0.3 * i);
  const Thrust t = thrust_of(&event);
  const TensorShapes s = tensor_shapes(&event);
  CLOSE_TO(t.thrust, 1, 1e-15);
  CLOSE_TO(t.major, 0, 1e-7);
  CLOSE_TO(s.sphericity, 0, 1e-15);
  CLOSE_TO(s.c, 0, 1e-15);
  CLOSE_TO(fabs(dot(t.axis, s.axis[0])), 1, 1e-15);
  const Hemispheres h = hemispheres_of(&event, t.axis);
  CLOSE_TO(h.heavy_mass, 0, 1e-15);
  CLOSE_TO(h.wide_broadening, 0, 1e-7);
}

/* Three equal momenta at 120 degrees. */
static void test_mercedes(void) {
  momenta_clear(&event);
  const double s3 = sqrt(3.0) / 2;
  add(1, 0, 0), add(-0.5, s3, 0), add(-0.5, -s3, 0);
  const Thrust t = thrust_of(&event);
  const TensorShapes s = tensor_shapes(&event);
  CLOSE_TO(t.thrust, 2.0 / 3, 1e-15);
  CLOSE_TO(t.major, s3 * 2 / 3, 1e-15); /* sum |p across| = 2 * sqrt(3)/2, over 3 */
  CLOSE_TO(t.minor, 0, 1e-15);
  CLOSE_TO(s.sphericity, 0.75, 1e-15);
  CLOSE_TO(s.aplanarity, 0, 1e-15);
  CLOSE_TO(s.planarity, 0.5, 1e-15);
  CLOSE_TO(s.c, 0.75, 1e-15);
  CLOSE_TO(s.d, 0, 1e-15);
  CLOSE_TO(hemispheres_of(&event, t.axis).heavy_mass, 1.0 / 3, 1e-12); /* 1 - T */
  const Mergings d = durham(&event), j = jade(&event);
  CLOSE_TO(d.transition[1], 2.0 / 9 * 1.5, 1e-15);
  CLOSE_TO(j.transition[1], 2.0 / 9 * 1.5, 1e-15);
  CHECK(d.transition[2] == 0, "no fourth jet");
  CHECK(cambridge_jets(&event, 0.3) == 3 && cambridge_jets(&event, 0.34) == 2, "Cambridge");
}

/* Six along the axes: C = D = 1 and the thrust of a cube's corner, 1 / sqrt(3). */
static void test_octahedron(void) {
  momenta_clear(&event);
  for (int sign = -1; sign <= 1; sign += 2) add(sign, 0, 0), add(0, sign, 0), add(0, 0, sign);
  const TensorShapes s = tensor_shapes(&event);
  CLOSE_TO(s.c, 1, 1e-15);
  CLOSE_TO(s.d, 1, 1e-15);
  CLOSE_TO(s.sphericity, 1, 1e-15);
  CLOSE_TO(s.aplanarity, 0.5, 1e-15);
  CLOSE_TO(thrust_of(&event).thrust, 1 / sqrt(3.0), 1e-15);
}

static double flat(Stream *random) {
  const Words w = stream_next(random);
  return uniform52(w.word[0], w.word[1]);
}

static Vector direction(Stream *random) {
  const double z = 2 * flat(random) - 1;
  double s, c;
  sincos_turns(flat(random), &s, &c);
  return (Vector){sqrt(1 - z * z) * c, sqrt(1 - z * z) * s, z};
}

/* jets = 0: momenta in all directions; else particles around so many directions, the second opposite to the first. */
static void make(uint64_t number, int jets, int count) {
  Stream random = stream_open(5, number, 0);
  Vector jet[8];
  for (int k = 0; k < jets; k++) jet[k] = direction(&random);
  if (jets > 1) jet[1] = scaled(jet[0], -1);
  momenta_clear(&event);
  for (int i = 0; i < count; i++) {
    Vector p = scaled(direction(&random), -log_of(flat(&random)));
    if (jets > 0) p = plus(scaled(p, 0.2), scaled(jet[i % jets], exp_of(4 * flat(&random)) * 0.2));
    const double mass = i % 2 ? 0.13957 : 0;
    momenta_add(&event, p.x, p.y, p.z, sqrt(dot(p, p) + mass * mass));
  }
}

static void test_isotropic(void) {
  momenta_clear(&event);
  Stream random = stream_open(1, 0, 0);
  for (int i = 0; i < MAX_FINAL; i++) {
    const Vector d = direction(&random);
    add(d.x, d.y, d.z);
  }
  CLOSE_TO(thrust_of(&event).thrust, 0.5, 0.04);
  CLOSE_TO(tensor_shapes(&event).c, 1, 0.02);
  CLOSE_TO(tensor_shapes(&event).sphericity, 1, 0.12);
  const int before = event.count;
  add(1, 0, 0);
  CHECK(event.count == before, "more than fit");
}

/* The largest |sum(+-p)| over all planes through two particles: the textbook's way. */
static double slow_thrust(const Momenta *m) {
  double best = 0;
  for (int i = 0; i < m->count; i++)
    for (int j = 0; j < i; j++) {
      const Vector a = momentum_of(m, i), b = momentum_of(m, j), n = cross(a, b);
      Vector sum = {0, 0, 0};
      for (int k = 0; k < m->count; k++)
        if (k != i && k != j) sum = dot(momentum_of(m, k), n) >= 0 ? plus(sum, momentum_of(m, k)) : minus(sum, momentum_of(m, k));
      for (int signs = 0; signs < 4; signs++) {
        const Vector one = plus(sum, scaled(a, signs & 1 ? 1 : -1)), two = plus(one, scaled(b, signs & 2 ? 1 : -1));
        best = fmax(best, sqrt(dot(two, two)));
      }
    }
  return best / m->momentum;
}

static double slow_major(const Momenta *m, Vector axis) {
  double best = 0;
  for (int i = 0; i < m->count; i++) {
    /* The direction across the axis and particle i: there its sign changes. */
    const Vector n = cross(axis, momentum_of(m, i));
    Vector sum = {0, 0, 0};
    for (int k = 0; k < m->count; k++) {
      const Vector p = momentum_of(m, k), flat_p = minus(p, scaled(axis, dot(p, axis)));
      if (k != i) sum = dot(p, n) >= 0 ? plus(sum, flat_p) : minus(sum, flat_p);
    }
    const Vector p = momentum_of(m, i), flat_p = minus(p, scaled(axis, dot(p, axis)));
    const Vector one = plus(sum, flat_p), two = minus(sum, flat_p);
    best = fmax(best, sqrt(fmax(dot(one, one), dot(two, two))));
  }
  return best / m->momentum;
}

static void test_against_slow_ways(void) {
  for (uint64_t number = 0; number < 600; number++) {
    make(number, number % 5, 2 + number % 50);
    const Thrust t = thrust_of(&event);
    CLOSE_TO(t.thrust, slow_thrust(&event), 1e-14);
    if (event.count > 2) CLOSE_TO(t.major, slow_major(&event, t.axis), 1e-13);
    CHECK(t.major <= t.thrust + 1e-14 && t.minor <= t.major + 1e-14 && fabs(dot(t.axis, t.major_axis)) < 1e-14, "order of axes");
    const TensorShapes s = tensor_shapes(&event);
    CHECK(s.c >= 0 && s.c <= 1 + 1e-14 && s.d >= -1e-14 && s.d <= 1 + 1e-14 && s.aplanarity <= 0.5 && s.sphericity <= 1, "ranges");
    const Hemispheres h = hemispheres_of(&event, t.axis);
    CHECK(h.light_mass <= h.heavy_mass && h.narrow_broadening <= h.wide_broadening && h.heavy_mass < 1, "order of hemispheres");
    const Mergings d = durham(&event);
    for (int n = 1; n <= MERGINGS; n++) CHECK(d.transition[n] <= d.transition[n - 1], "y falls with the number of jets");
    CHECK(cambridge_jets(&event, 0) == event.count && cambridge_jets(&event, 10) == 1, "Cambridge at the ends");
  }
}

static void test_correlation(void) {
  make(7, 3, 30);
  uint32_t bins[CORRELATION_BINS];
  energy_correlation(&event, bins);
  double sum = 0, squares = 0;
  for (int i = 0; i < CORRELATION_BINS; i++) sum += bins[i];
  for (int i = 0; i < event.count; i++) squares += event.e[i] * event.e[i] / (event.energy * event.energy);
  CLOSE_TO(sum / CORRELATION_SCALE, (1 - squares) / 2, 1e-4); /* (sum of shares)^2 = 1 */
  momenta_clear(&event);
  add(1, 0, 0), add(-1, 0, 0);
  energy_correlation(&event, bins);
  CHECK(bins[0] == CORRELATION_SCALE / 4, "back to back in the first bin: %u", bins[0]);
}

/* The slot is the one whose edges are around x; on an edge it is the upper one. */
static void test_slots(void) {
  for (int h = 0; h < HISTOGRAMS; h++) {
    const Axis *axis = &AXIS[h];
    CHECK(axis->bins <= MAX_BINS, "%s", axis->name);
    CHECK(histogram_slot(h, axis->low - 1e-9) == 0 && histogram_slot(h, axis->high) == axis->bins + 1, "%s", axis->name);
    CHECK(histogram_slot(h, NAN) == 0 && histogram_slot(h, HUGE_VAL) == axis->bins + 1, "%s", axis->name);
    for (int i = 0; i < axis->bins; i++) {
      const double width = (axis->high - axis->low) / axis->bins;
      const double low = axis->edges ? axis->edges[i] : axis->low + i * width;
      const double high = axis->edges ? axis->edges[i + 1] : low + width;
      CHECK(low < high && histogram_slot(h, 0.5 * (low + high)) == i + 1, "%s bin %d", axis->name, i);
      if (axis->edges) CHECK(histogram_slot(h, low) == i + 1, "%s edge %d", axis->name, i);
    }
  }
}

static void test_particles(void) {
  static const int charged[] = {11, -13, 211, 321, 2212, 3112, 3222, 3312, 3334, 411, 521, 4122, 2224, 10213, 323, -431, 5132};
  static const int neutral[] = {22, 12, 16, 111, 130, 310, 311, 2112, 3122, 421, 511, 531, 223, 333, 443, 5122, 4132, 9010221, 23};
  for (size_t i = 0; i < sizeof charged / sizeof charged[0]; i++) CHECK(is_charged(charged[i]), "%d", charged[i]);
  for (size_t i = 0; i < sizeof neutral / sizeof neutral[0]; i++) CHECK(!is_charged(neutral[i]), "%d", neutral[i]);
  CHECK(is_b_hadron(511) && is_b_hadron(-523) && is_b_hadron(5122) && is_b_hadron(541), "hadrons with b");
  CHECK(!is_b_hadron(553) && !is_b_hadron(5) && !is_b_hadron(411) && !is_b_hadron(5101), "others");
}

/* A made-up event in the record: what is filled, and how often. */
static void test_fill(void) {
  static Event record;
  static Histograms h;
  static const int codes[6] = {211, -211, 321, -2212, 22, 130};
  record.energy = 91.2, record.number = 8, record.count = 11;
  record.particle[BOSON] = (Particle){.e = 91.2, .m = 91.2, .pdg = 23, .status = STATUS_DECAYED, .parent = BEAM, .parent_last = 1};
  record.particle[PRIMARY] = (Particle){.pz = 45, .e = 45, .pdg = 5, .status = STATUS_DECAYED, .parent = BOSON, .parent_last = BOSON};
  record.particle[PRIMARY + 1] = (Particle){.pz = -45, .e = 45, .pdg = -5, .status = STATUS_DECAYED, .parent = BOSON, .parent_last = BOSON};
  for (int i = 0; i < 6; i++) {
    const Vector p = {i - 2.5, (i * i) % 5 - 2.0, i % 2 ? 10 : -10};
    record.particle[5 + i] = (Particle){.px = p.x, .py = p.y, .pz = p.z, .e = sqrt(dot(p, p) + 1), .m = 1, .pdg = codes[i],
                                        .status = STATUS_FINAL, .parent = PRIMARY, .parent_last = PRIMARY + 1};
  }
  histograms_fill(&h, &record);
  CHECK(h.counts[HISTOGRAM_ANALYSED][1] == 1 && h.counts[HISTOGRAM_ANALYSED_EIGHTH][1] == 1, "analysed");
  uint64_t xi = 0;
  for (int i = 0; i <= AXIS[HISTOGRAM_XI].bins + 1; i++) xi += h.counts[HISTOGRAM_XI][i];
  CHECK(xi == 4 && h.counts[HISTOGRAM_MULTIPLICITY][1 + 2] == 1 && h.counts[HISTOGRAM_MULTIPLICITY_B][1 + 2] == 1, "four charged");
  CHECK(h.counts[HISTOGRAM_IDENTIFIED][1] == 2 && h.counts[HISTOGRAM_IDENTIFIED][4] == 1 && h.counts[HISTOGRAM_IDENTIFIED][14] == 1, "kinds");
  record.number = 9;
  record.particle[BOSON].e = 70; /* a hard photon went along the beam */
  histograms_fill(&h, &record);
  CHECK(h.counts[HISTOGRAM_ANALYSED][1] == 1 && h.counts[HISTOGRAM_COS_THETA + 6][40] == 0, "not analysed");
}

static void print_jets(uint64_t events) {
  for (uint64_t number = 0; number < events; number++) {
    make(number, number % 5, 3 + number % 60);
    const Mergings d = durham(&event), j = jade(&event);
    printf("%d", event.count);
    for (int i = 0; i < event.count; i++) printf(" %.17g %.17g %.17g %.17g", event.x[i], event.y[i], event.z[i], event.e[i]);
    for (int n = 1; n <= 4; n++) printf(" %.17g %.17g", d.transition[n], j.transition[n]);
    printf(" %d %d\n", cambridge_jets(&event, CAMBRIDGE_Y_CUT), cambridge_jets(&event, 0.001));
  }
}

int main(int argc, char **argv) {
  if (argc == 3 && strcmp(argv[1], "jets") == 0) {
    print_jets(strtoull(argv[2], NULL, 10));
    return 0;
  }
  test_pencil();
  test_mercedes();
  test_octahedron();
  test_isotropic();
  test_against_slow_ways();
  test_correlation();
  test_slots();
  test_particles();
  test_fill();
  return checks_end();
}
