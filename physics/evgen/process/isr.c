#include "isr.h"

#include <math.h>
#include <string.h>

#define ALPHA (1.0 / 137.035999)
/* A photon of a smaller share of the beam's energy is not written. */
#define LEAST_SHARE 1e-7

/*
 * The exponentiated structure function of both beams together: E. A. Kuraev, V. S. Fadin, Sov. J. Nucl. Phys. 41 (1985) 466;
 * F. A. Berends, W. L. van Neerven, G. J. H. Burgers, Nucl. Phys. B 297 (1988) 429:
 *   rho(v) = beta v^(beta - 1) (1 + delta) - beta (1 - v / 2) + beta^2 / 8 (...),  beta = 2 alpha / pi (ln s/m^2 - 1)
 * here over the density of u = v^beta.
 */
static double radiator(const Radiator *r, double v) {
  if (!(v > 0)) return r->soft;
  const double v_power = power_of(v, 1.0 - r->beta);
  double second = 0;
  if (v < 0.9999999) {
    const double lv = log_of(v), l1 = log_of(1.0 - v), one = 1.0 - v;
    second = 4.0 * (2.0 - v) * (-lv) - (1.0 + 3.0 * one * one) / v * l1 - 6.0 + v;
  }
  const double value = r->soft + v_power * (-(1.0 - 0.5 * v) + 0.125 * r->beta * second);
  return value > 0 ? value : 0;
}

double isr_density(const Radiator *r, double u, Channel channel[FERMIONS]) {
  const double v = u > 0 ? power_of(u, 1.0 / r->beta) : 0;
  const double s = r->s * (1.0 - v);
  double sum = 0;
  for (int f = 0; f < FERMIONS; f++) {
    if (!r->wanted[f]) continue;
    channel[f] = r->hadrons && s < hadron_threshold(FERMION[f].pdg) ? (Channel){0} : born_channel(s, &FERMION[f], &r->inputs, r->corrections);
    sum += born_total(&channel[f]);
  }
  return sum * radiator(r, v);
}

/* Edges: half of them equal steps of u, half equal steps of the Z peak's integral. */
static void place_edges(Radiator *r, double most_v) {
  enum { HALF = ISR_CELLS / 2 };
  const double z = r->inputs.z_mass, width = r->inputs.z_width, most_u = power_of(most_v, r->beta);
  const double top = angle_of(r->s - z * z, z * width), bottom = angle_of(r->s * (1.0 - most_v) - z * z, z * width);
  int i = 1, k = 1;
  double previous = r->edge[0] = 0;
  for (int n = 1; n < ISR_CELLS; n++) {
    const double flat_edge = most_u * i / (HALF + 1);
    double s, c;
    const double angle = top + (bottom - top) * k / HALF;
    sincos_turns(angle < 0 ? 1.0 + angle / (2.0 * PI) : angle / (2.0 * PI), &s, &c);
    const double v = 1.0 - (z * z + z * width * s / c) / r->s;
    const double peak_edge = k < HALF && v > 0 ? power_of(v, r->beta) : k < HALF ? 0 : most_u;
    if (k < HALF && (peak_edge <= flat_edge || i > HALF)) r->edge[n] = peak_edge, k++;
    else r->edge[n] = flat_edge, i++;
    if (r->edge[n] < previous) r->edge[n] = previous;
    if (r->edge[n] > most_u) r->edge[n] = most_u;
    previous = r->edge[n];
  }
  r->edge[ISR_CELLS] = most_u;
}

double isr_prepare(Radiator *r, double energy, const bool wanted[FERMIONS], const Electroweak *inputs, ProcessOptions options) {
  memset(r, 0, sizeof *r);
  r->s = energy * energy;
  r->inputs = *inputs;
  r->corrections = options.corrections;
  r->hadrons = options.hadrons;
  memcpy(r->wanted, wanted, sizeof r->wanted);
  const double l = log_of(r->s / (ELECTRON_MASS * ELECTRON_MASS)), a = ALPHA / PI;
  r->beta = 2.0 * a * (l - 1.0);
  const double zeta2 = PI * PI / 6.0;
  r->soft = 1.0 + a * (1.5 * l + 2.0 * zeta2 - 2.0) + a * a * l * l * (9.0 / 8.0 - 2.0 * zeta2);
  place_edges(r, 1.0 - options.least_s);
  double sum = 0;
  Channel channel[FERMIONS];
  memset(channel, 0, sizeof channel);
  for (int i = 0; i < ISR_CELLS; i++) {
    enum { POINTS = 4 };
    double most = 0;
    for (int k = 0; k <= POINTS; k++) {
      const double value = isr_density(r, r->edge[i] + (r->edge[i + 1] - r->edge[i]) * k / POINTS, channel);
      if (value > most) most = value;
    }
    r->height[i] = 1.05 * most;
    sum += r->height[i] * (r->edge[i + 1] - r->edge[i]);
    r->upto[i] = sum;
  }
  for (int i = 0; i < ISR_CELLS && sum > 0; i++) r->upto[i] /= sum;
  return sum;
}

/* Along the beams as a soft photon's: 1 / (p1.k p2.k) and the mass terms. */
static Vec photon(const Radiator *r, Random *random, double e) {
  const double gamma2 = r->s / (4.0 * ELECTRON_MASS * ELECTRON_MASS), beta2 = 1.0 - 1.0 / gamma2;
  const double range = log_of(4.0 * gamma2);
  double x, c2;
  do {
    x = exp_of((2.0 * flat(random) - 1.0) * range);
    const double c = (x - 1.0) / (x + 1.0);
    c2 = 1.0 - c * c > 1e-30 ? 4.0 * x / ((x + 1.0) * (x + 1.0)) : 1e-30; /* 1 - (beta cos)^2 */
  } while (1.0 - 0.5 * (1.0 + (1.0 - c2)) / (gamma2 * c2) < flat(random));
  const double velocity = sqrt(beta2);
  double cosine = (x - 1.0) / (x + 1.0) / velocity;
  if (cosine > 1.0) cosine = 1.0;
  if (cosine < -1.0) cosine = -1.0;
  const double sine2 = 1.0 - cosine * cosine;
  const double t = e * sqrt(sine2 > 0 ? sine2 : 0);
  double s, c;
  sincos_turns(flat(random), &s, &c);
  const Vec k = {t * c, t * s, e * cosine, 0};
  return (Vec){k.x, k.y, k.z, sqrt(dot3(k, k))};
}

/*
 * The spectrum's v^(beta - 1) is the sum of any number of soft photons, each with the density beta / v_i. So given their sum the shares
 * v_i / v have the distribution of J. F. C. Kingman (J. R. Stat. Soc. B 37 (1975) 1), and can be drawn one by one: a share 1 - r^(1 / beta) of
 * what is left (J. W. McCloskey 1965). Their energies then get the common factor with which s' is what was drawn.
 */
static void share_out(const Radiator *r, Random *random, Radiation *radiation) {
  const double v = radiation->share, beam = 0.5 * sqrt(r->s);
  Vec sum = {0, 0, 0, 0};
  radiation->photons = 0;
  for (double rest = v; rest > LEAST_SHARE && radiation->photons < MOST_PHOTONS;) {
    const double left = rest * power_of(flat(random), 1.0 / r->beta), share = rest - left;
    rest = left;
    if (share < LEAST_SHARE) continue;
    const Vec k = radiation->photon[radiation->photons++] = photon(r, random, beam * share);
    sum = add(sum, k);
  }
  if (radiation->photons == 0) return;
  /* s - 2 sqrt(s) E f + K^2 f^2 = s (1 - v) */
  const double e = 2.0 * beam * sum.e, root = e * e - square(sum) * r->s * v;
  const double factor = r->s * v / (e + sqrt(root > 0 ? root : 0));
  for (int i = 0; i < radiation->photons; i++) radiation->photon[i] = scale(factor, radiation->photon[i]);
}

uint64_t isr_generate(const Radiator *r, Random *random, Radiation *radiation) {
  uint64_t attempts = 0;
  for (int f = 0; f < FERMIONS; f++) radiation->channel[f] = (Channel){0};
  double u, density;
  for (;;) {
    attempts++;
    const double choice = flat(random);
    int low = 0, high = ISR_CELLS - 1;
    while (low < high) {
      const int middle = (low + high) / 2;
      if (r->upto[middle] < choice) low = middle + 1;
      else high = middle;
    }
    u = r->edge[low] + (r->edge[low + 1] - r->edge[low]) * flat(random);
    density = isr_density(r, u, radiation->channel);
    if (flat(random) * r->height[low] < density) break;
  }
  double sum = 0;
  for (int f = 0; f < FERMIONS; f++) sum += born_total(&radiation->channel[f]);
  double pick = flat(random) * sum;
  radiation->fermion = 0;
  for (int f = 0; f < FERMIONS; f++) {
    const double here = born_total(&radiation->channel[f]);
    if (!(here > 0)) continue;
    radiation->fermion = f;
    if (pick < here) break;
    pick -= here;
  }
  radiation->share = power_of(u, 1.0 / r->beta);
  share_out(r, random, radiation);
  return attempts;
}
