#include "ee_ff.h"

#include <math.h>
#include <string.h>

#include "../core/maths.h"

/*
 * Born cross-section with photon, Z, their interference and the mass of f (electrons massless, unpolarised):
 *
 *   d sigma / d cos = pi alpha^2 / (2 s) N_c beta { (2 - beta^2 + beta^2 cos^2) V + beta^2 (1 + cos^2) A + 2 beta cos F }
 *   V = Q_e^2 Q_f^2 + 2 Q_e Q_f v_e v_f Re(chi) + (v_e^2 + a_e^2) v_f^2 |chi|^2
 *   A = (v_e^2 + a_e^2) a_f^2 |chi|^2
 *   F = 2 Q_e Q_f a_e a_f Re(chi) + 4 v_e a_e v_f a_f |chi|^2
 *   chi = G_F mZ^2 / (2 sqrt(2) pi alpha) * s / (s - mZ^2 + i s GammaZ / mZ),   v = T3 - 2 Q sin^2, a = T3
 *
 * Massless: Phys. Rept. 427 (2006) 257, section 1.5. With masses: J. Jersak, E. Laermann, P. M. Zerwas,
 * Phys. Rev. D 25 (1982) 1218. Width depending on s: D. Yu. Bardin et al., Phys. Lett. B 206 (1988) 539.
 */
static Channel channel_prepare(double s, const Fermion *f, const Electroweak *inputs) {
  Channel channel = {0};
  const double beta2 = 1.0 - 4.0 * f->mass * f->mass / s;
  if (!(beta2 > 0)) return channel;
  const double beta = sqrt(beta2);
  const double alpha = 1.0 / inputs->alpha_inverse;
  const double mz2 = inputs->z_mass * inputs->z_mass;
  const double qe = -1.0, ae = -0.5, ve = ae - 2.0 * qe * inputs->sin2theta;
  const double qf = f->charge, af = f->isospin, vf = af - 2.0 * qf * inputs->sin2theta;

  const double strength = FERMI_CONSTANT * mz2 / (2.0 * sqrt(2.0) * PI * alpha);
  const double off = s - mz2, on = s * inputs->z_width / inputs->z_mass;
  const double propagator = s / (off * off + on * on);
  const double re_chi = strength * propagator * off;
  const double chi2 = strength * strength * propagator * s;

  const double vector = qe * qe * qf * qf + 2.0 * qe * qf * ve * vf * re_chi + (ve * ve + ae * ae) * vf * vf * chi2;
  const double axial = (ve * ve + ae * ae) * af * af * chi2;
  const double odd = 2.0 * qe * qf * ae * af * re_chi + 4.0 * ve * ae * vf * af * chi2;

  const double norm = PI * alpha * alpha / (2.0 * s) * f->colours * beta * GEV2_PB;
  channel.beta = beta;
  channel.axial = beta2 * axial / (0.5 * (3.0 - beta2) * vector + beta2 * axial); /* both integrated over the angle */
  channel.c0 = norm * ((2.0 - beta2) * vector + beta2 * axial);
  channel.c1 = norm * 2.0 * beta * odd;
  channel.c2 = norm * beta2 * (vector + axial);
  /* c2 >= 0, so the largest value lies at an end; a hair above, for rounding. */
  channel.maximum = (channel.c0 + fabs(channel.c1) + channel.c2) * (1.0 + 1e-12);
  return channel;
}

static Particle beam(int pdg, double energy, double sign) {
  const double e = 0.5 * energy;
  const double pz = sign * sqrt(e * e - ELECTRON_MASS * ELECTRON_MASS);
  return (Particle){.pz = pz, .e = e, .m = ELECTRON_MASS, .pdg = pdg, .status = STATUS_BEAM, .parent = -1, .parent_last = -1};
}

void process_begin(const Process *process, Event *event) {
  const double energy = process->energy;
  event->energy = energy;
  event->weights = 1;
  event->weight[0] = 1.0;
  event->particle[BEAM] = beam(11, energy, 1.0);
  event->particle[BEAM + 1] = beam(-11, energy, -1.0);
  event->particle[BOSON] = (Particle){
      .e = energy, .m = energy, .pdg = 23, .status = STATUS_DECAYED, .parent = BEAM, .parent_last = BEAM + 1};
}

bool process_prepare(Process *process, double energy, const bool wanted[FERMIONS], const Electroweak *inputs) {
  memset(process, 0, sizeof *process);
  process->energy = energy;
  double sum = 0;
  for (int f = 0; f < FERMIONS; f++) {
    if (wanted[f]) process->channel[f] = channel_prepare(energy * energy, &FERMION[f], inputs);
    sum += 2.0 * process->channel[f].maximum;
    process->upto[f] = sum;
  }
  process->maximum_pb = sum;
  if (!(sum > 0)) return false;
  for (int f = 0; f < FERMIONS; f++) process->upto[f] /= sum;
  return true;
}

uint64_t process_generate(const Process *process, uint64_t seed, uint64_t number, Event *event) {
  Stream random = stream_open(seed, number, PART_PROCESS);
  uint64_t attempts = 0;
  double cosine;
  int f;
  for (;;) {
    const Words words = stream_next(&random);
    attempts++;
    const double choice = uniform32(words.word[2]);
    f = 0;
    while (f < FERMIONS - 1 && choice >= process->upto[f]) f++;
    const Channel *channel = &process->channel[f];
    cosine = 2.0 * uniform52(words.word[0], words.word[1]) - 1.0;
    const double height = channel->c0 + cosine * (channel->c1 + cosine * channel->c2);
    if (uniform32(words.word[3]) * channel->maximum < height) break;
  }
  const Words words = stream_next(&random);
  double sine_phi, cosine_phi;
  sincos_turns(uniform52(words.word[0], words.word[1]), &sine_phi, &cosine_phi);

  const Fermion *fermion = &FERMION[f];
  const double e = 0.5 * process->energy;
  const double p = e * process->channel[f].beta;
  const double pt = p * sqrt((1.0 - cosine) * (1.0 + cosine));
  const double px = pt * cosine_phi, py = pt * sine_phi, pz = p * cosine;
  const int line = fermion->colours > 1 ? 501 : 0;
  event->number = number;
  const Particle common = {.e = e, .m = fermion->mass, .status = STATUS_FINAL, .parent = BOSON, .parent_last = BOSON};
  Particle *first = &event->particle[PRIMARY], *second = first + 1;
  *first = *second = common;
  first->px = px, first->py = py, first->pz = pz, first->pdg = fermion->pdg, first->colour = line;
  second->px = -px, second->py = -py, second->pz = -pz, second->pdg = -fermion->pdg, second->anticolour = line;
  event->count = PRIMARY + 2;
  return attempts;
}

double process_axial_share(const Process *process, const Event *event) {
  for (int f = 0; f < FERMIONS; f++)
    if (FERMION[f].pdg == event->particle[PRIMARY].pdg) return process->channel[f].axial;
  return 0;
}
