#include "ee_ff.h"

#include <math.h>
#include <string.h>

#include "../core/maths.h"
#include "../core/vector.h"

static Particle beam(int pdg, double energy, double sign) {
  const double e = 0.5 * energy;
  const double pz = sign * sqrt(e * e - ELECTRON_MASS * ELECTRON_MASS);
  return (Particle){.pz = pz, .e = e, .m = ELECTRON_MASS, .pdg = pdg, .status = STATUS_BEAM, .parent = -1, .parent_last = -1};
}

void process_begin(const Process *process, Event *event) {
  const double energy = process->energy;
  event->energy = energy;
  for (int i = 0; i < WEIGHTS; i++) {
    event->varied[i] = i == WEIGHT_OWN;
    event->weight[i] = 1.0;
  }
  event->particle[BEAM] = beam(11, energy, 1.0);
  event->particle[BEAM + 1] = beam(-11, energy, -1.0);
  event->particle[BOSON] = (Particle){
      .e = energy, .m = energy, .pdg = 23, .status = STATUS_DECAYED, .parent = BEAM, .parent_last = BEAM + 1};
}

bool process_prepare(Process *process, double energy, const bool wanted[FERMIONS], const Electroweak *inputs, ProcessOptions options) {
  memset(process, 0, sizeof *process);
  process->energy = energy;
  process->isr = options.isr;
  if (options.isr) {
    process->maximum_pb = isr_prepare(&process->radiator, energy, wanted, inputs, options);
    for (int f = 0; f < FERMIONS; f++)
      if (wanted[f]) process->channel[f] = born_channel(energy * energy, &FERMION[f], inputs, options.corrections);
    return process->maximum_pb > 0;
  }
  double sum = 0;
  for (int f = 0; f < FERMIONS; f++) {
    const bool open = wanted[f] && !(options.hadrons && energy * energy < hadron_threshold(FERMION[f].pdg));
    if (open) process->channel[f] = born_channel(energy * energy, &FERMION[f], inputs, options.corrections);
    sum += 2.0 * process->channel[f].maximum;
    process->upto[f] = sum;
  }
  process->maximum_pb = sum;
  if (!(sum > 0)) return false;
  for (int f = 0; f < FERMIONS; f++) process->upto[f] /= sum;
  return true;
}

/* The pair in the boson's rest frame, z along the beams, then moved with the boson. */
static void write_pair(Event *event, int f, double mass, double beta, double cosine, double turns) {
  double sine_phi, cosine_phi;
  sincos_turns(turns, &sine_phi, &cosine_phi);
  const Fermion *fermion = &FERMION[f];
  const double e = 0.5 * mass;
  const double p = e * beta;
  const double pt = p * sqrt((1.0 - cosine) * (1.0 + cosine));
  const double px = pt * cosine_phi, py = pt * sine_phi, pz = p * cosine;
  const int line = fermion->colours > 1 ? 501 : 0;
  const Particle common = {.e = e, .m = fermion->mass, .status = STATUS_FINAL, .parent = BOSON, .parent_last = BOSON};
  Particle *first = &event->particle[PRIMARY], *second = first + 1;
  *first = *second = common;
  first->px = px, first->py = py, first->pz = pz, first->pdg = fermion->pdg, first->colour = line;
  second->px = -px, second->py = -py, second->pz = -pz, second->pdg = -fermion->pdg, second->anticolour = line;
  event->count = PRIMARY + 2;
}

/* Of taus, whose decays show it. One number decides: masses' share of like helicities, both signs; then right or left. */
static void choose_helicities(Event *event, const Channel *channel, double cosine, double choice) {
  const double like = channel->flip * (1.0 - cosine) * (1.0 + cosine);
  const double all = channel->c0 + cosine * (channel->c1 + cosine * channel->c2);
  const double at = choice * all;
  if (at < like) {
    event->helicity[0] = event->helicity[1] = at < 0.5 * like ? 1 : -1;
    return;
  }
  const bool right = at - like < 0.5 * (1.0 + born_helicity(channel, cosine)) * (all - like);
  event->helicity[0] = right ? 1 : -1;
  event->helicity[1] = -event->helicity[0];
}

static uint64_t without_isr(const Process *process, Stream *random, Event *event, double *axial) {
  uint64_t attempts = 0;
  double cosine;
  int f;
  for (;;) {
    const Words words = stream_next(random);
    attempts++;
    const double choice = uniform32(words.word[2]);
    f = 0;
    while (f < FERMIONS - 1 && choice >= process->upto[f]) f++;
    const Channel *channel = &process->channel[f];
    cosine = 2.0 * uniform52(words.word[0], words.word[1]) - 1.0;
    const double height = channel->c0 + cosine * (channel->c1 + cosine * channel->c2);
    if (uniform32(words.word[3]) * channel->maximum < height) break;
  }
  const Words words = stream_next(random);
  *axial = process->channel[f].axial;
  write_pair(event, f, process->energy, process->channel[f].beta, cosine, uniform52(words.word[0], words.word[1]));
  if (FERMION[f].pdg == 15) choose_helicities(event, &process->channel[f], cosine, uniform32(words.word[2]));
  return attempts;
}

static Particle *moved(Particle *particle, const Particle *boson) {
  const Vec frame = {boson->px, boson->py, boson->pz, boson->e};
  const Vec p = boost_from((Vec){particle->px, particle->py, particle->pz, particle->e}, frame, boson->m);
  particle->px = p.x, particle->py = p.y, particle->pz = p.z, particle->e = p.e;
  return particle;
}

static uint64_t with_isr(const Process *process, Stream *stream, Event *event, double *axial) {
  Random random = {*stream, {{0, 0, 0, 0}}, 0};
  Radiation radiation;
  const uint64_t attempts = isr_generate(&process->radiator, &random, &radiation);
  const Channel *channel = &radiation.channel[radiation.fermion];
  double cosine;
  do cosine = 2.0 * flat(&random) - 1.0;
  while (flat(&random) * channel->maximum >= channel->c0 + cosine * (channel->c1 + cosine * channel->c2));
  *axial = channel->axial;
  Particle *boson = &event->particle[BOSON];
  Vec k = {0, 0, 0, 0};
  for (int i = 0; i < radiation.photons; i++) k = add(k, radiation.photon[i]);
  const double energy = process->energy;
  boson->px = -k.x, boson->py = -k.y, boson->pz = -k.z, boson->e = energy - k.e;
  boson->m = k.e > 0 ? sqrt(energy * (energy - 2.0 * k.e) + square(k)) : energy;
  write_pair(event, radiation.fermion, boson->m, channel->beta, cosine, flat(&random));
  if (FERMION[radiation.fermion].pdg == 15) choose_helicities(event, channel, cosine, flat(&random));
  if (!(k.e > 0)) return attempts;
  moved(&event->particle[PRIMARY], boson);
  moved(&event->particle[PRIMARY + 1], boson);
  for (int i = 0; i < radiation.photons; i++) {
    const Vec one = radiation.photon[i];
    event->particle[event->count++] = (Particle){.px = one.x, .py = one.y, .pz = one.z, .e = one.e, .pdg = 22, .status = STATUS_FINAL,
                                                 .parent = BEAM, .parent_last = BEAM + 1};
  }
  return attempts;
}

uint64_t process_generate(const Process *process, uint64_t seed, uint64_t number, Event *event, double *axial) {
  Stream random = stream_open(seed, number, PART_PROCESS);
  event->number = number;
  event->helicity[0] = event->helicity[1] = 0;
  return process->isr ? with_isr(process, &random, event, axial) : without_isr(process, &random, event, axial);
}
