// Reads events with HepMC3's own reader. Prints: events, the largest imbalance of energy and momentum over the
// final particles, over decays, and over vertices of several particles (relative to the energy); particles without an end that are not final, vertices away from the origin.
#include <HepMC3/GenEvent.h>
#include <HepMC3/GenParticle.h>
#include <HepMC3/GenVertex.h>
#include <HepMC3/ReaderAscii.h>
#include <cmath>
#include <cstdio>

using HepMC3::FourVector;

static double size(const FourVector &v) {
  return std::fmax(std::fmax(std::fabs(v.px()), std::fabs(v.py())), std::fmax(std::fabs(v.pz()), std::fabs(v.e())));
}

int main(int, char **argv) {
  HepMC3::ReaderAscii reader(argv[1]);
  HepMC3::GenEvent event;
  long events = 0, open = 0, displaced = 0, particles = 0;
  double worst_vertex = 0, worst_row = 0, worst_event = 0;
  for (; reader.read_event(event) && !reader.failed(); events++) {
    FourVector final, beams;
    for (const auto &p : event.particles()) {
      particles++;
      if (p->status() == 4) beams += p->momentum();
      if (p->status() == 1) final += p->momentum();
      const bool ends = p->end_vertex() != nullptr;
      open += ends == (p->status() == 1);
    }
    const double energy = beams.e();
    worst_event = std::fmax(worst_event, size(final - beams) / energy);
    for (const auto &v : event.vertices()) {
      FourVector balance;
      for (const auto &p : v->particles_in()) balance += p->momentum();
      for (const auto &p : v->particles_out()) balance -= p->momentum();
      if (v->particles_in().size() == 1) worst_vertex = std::fmax(worst_vertex, size(balance) / energy);
      else worst_row = std::fmax(worst_row, size(balance) / energy);
      displaced += v->has_set_position();
    }
    if (event.weights().empty() || event.weights().front() != 1 || !event.cross_section()) return 1;
  }
  std::printf("%ld %ld %g %g %g %ld %ld\n", events, particles, worst_event, worst_vertex, worst_row, open, displaced);
  return 0;
}
