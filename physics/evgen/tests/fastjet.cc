// Finds the jets of events on stdin (analysis.c prints them) with FastJet and compares. Prints the number of events and the
// largest relative deviation of a y, and the number of events with another number of Cambridge jets.
#include <cmath>
#include <cstdio>
#include <fastjet/ClusterSequence.hh>
#include <fastjet/EECambridgePlugin.hh>
#include <fastjet/JadePlugin.hh>
#include <iostream>
#include <vector>

static double deviation(double found, double expected) { return std::fabs(found - expected) / std::fmax(expected, 1e-12); }

static int cambridge(const std::vector<fastjet::PseudoJet> &particles, double y_cut) {
  fastjet::EECambridgePlugin plugin(y_cut);
  fastjet::ClusterSequence sequence(particles, fastjet::JetDefinition(&plugin));
  return static_cast<int>(sequence.inclusive_jets().size());
}

int main() {
  fastjet::ClusterSequence::set_fastjet_banner_stream(nullptr);
  fastjet::JadePlugin jade;
  long events = 0, different = 0;
  double worst = 0;
  for (int count; std::cin >> count; events++) {
    std::vector<fastjet::PseudoJet> particles;
    double energy = 0;
    for (int i = 0; i < count; i++) {
      double x, y, z, e;
      std::cin >> x >> y >> z >> e;
      particles.emplace_back(x, y, z, e);
      energy += e;
    }
    fastjet::ClusterSequence durham(particles, fastjet::JetDefinition(fastjet::ee_kt_algorithm));
    fastjet::ClusterSequence masses(particles, fastjet::JetDefinition(&jade));
    for (int n = 2; n <= 5; n++) {
      double d, j;
      std::cin >> d >> j;
      if (n >= count) continue;
      worst = std::fmax(worst, deviation(d, durham.exclusive_dmerge_max(n) / (energy * energy)));
      worst = std::fmax(worst, deviation(j, masses.exclusive_dmerge_max(n) / (energy * energy)));
    }
    int coarse, fine;
    std::cin >> coarse >> fine;
    different += coarse != cambridge(particles, 0.01) || fine != cambridge(particles, 0.001);
  }
  std::printf("%ld %g %ld\n", events, worst, different);
}
