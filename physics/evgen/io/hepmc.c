#include "hepmc.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "../version.h"

CrossSection cross_section(double maximum_pb, uint64_t accepted, uint64_t attempted) {
  const double tried = (double)attempted;
  const double share = (double)accepted / tried;
  return (CrossSection){maximum_pb * share, maximum_pb * sqrt(share * (1.0 - share) / tried), accepted, attempted};
}

static const char *const WEIGHT_NAME[WEIGHTS] = {
    "Weight", "alphaSUp", "alphaSDown", "scaleUp", "scaleDown", "strangeUp", "strangeDown", "diquarkUp", "diquarkDown"};

void hepmc_begin(FILE *file, const Event *event) {
  fputs("HepMC::Version 3.02.05\nHepMC::Asciiv3-START_EVENT_LISTING\n", file);
  for (int i = 0; i < WEIGHTS; i++)
    if (event->varied[i]) fprintf(file, "%s%s", i == WEIGHT_OWN ? "W " : "\\|", WEIGHT_NAME[i]);
  fputs("\nT evgen\\|" EVGEN_VERSION "\\|Beamtime event generator: e+ e- -> gamma*, Z -> f fbar\n", file);
}

/*
 * A vertex is where a particle, or a row of them, ended: the beams, a string's partons, a hadron that decayed. HepMC3 numbers
 * vertices -1, -2, ... as they appear. One of a single particle at the origin needs no line: its products name the particle.
 */
typedef struct {
  int of[MAX_PARTICLES]; /* the number of the vertex that begins its row of parents at this particle; 0: not yet seen */
  int count;
} Vertices;

static bool needs_line(const Particle *p) {
  return p->parent != p->parent_last || p->x != 0 || p->y != 0 || p->z != 0 || p->t != 0;
}

static int count_vertices(const Event *event) {
  static bool seen[MAX_PARTICLES];
  memset(seen, 0, sizeof seen[0] * (size_t)event->count);
  int count = 0;
  for (int i = 0; i < event->count; i++) {
    const int parent = event->particle[i].parent;
    if (parent < 0 || seen[parent]) continue;
    seen[parent] = true;
    count++;
  }
  return count;
}

static void write_vertex(FILE *file, const Particle *product, int number) {
  fprintf(file, "V %d 0 [", number);
  for (int parent = product->parent; parent <= product->parent_last; parent++)
    fprintf(file, "%s%d", parent == product->parent ? "" : ",", parent + 1);
  fputc(']', file);
  if (product->x != 0 || product->y != 0 || product->z != 0 || product->t != 0)
    fprintf(file, " @ %.16e %.16e %.16e %.16e", product->x, product->y, product->z, product->t);
  fputc('\n', file);
}

/* What stands in a particle's line for where it came from: 0 for a beam, the vertex if that has a line, else the particle. */
static int origin(FILE *file, Vertices *vertices, const Particle *p) {
  if (p->parent < 0) return 0;
  const bool line = needs_line(p);
  if (vertices->of[p->parent] == 0) {
    vertices->of[p->parent] = -++vertices->count;
    if (line) write_vertex(file, p, vertices->of[p->parent]);
  }
  return line ? vertices->of[p->parent] : p->parent + 1;
}

void hepmc_event(FILE *file, const Event *event, const CrossSection *so_far) {
  static Vertices vertices;
  memset(&vertices, 0, sizeof vertices);
  fprintf(file, "E %" PRIu64 " %d %d\nU GEV MM\nW", event->number, count_vertices(event), event->count);
  for (int i = 0; i < WEIGHTS; i++)
    if (event->varied[i]) fprintf(file, " %.16e", event->weight[i]);
  fprintf(file, "\nA 0 GenCrossSection %.8e %.8e %" PRIu64 " %" PRIu64, so_far->value, so_far->error, so_far->accepted,
          so_far->attempted);
  /* One for each weight. Variations leave it as it is: they only share events out otherwise. */
  for (int i = 1; i < WEIGHTS; i++)
    if (event->varied[i]) fprintf(file, " %.8e %.8e", so_far->value, so_far->error);
  fputc('\n', file);
  for (int i = 0; i < event->count; i++) {
    const Particle *p = &event->particle[i];
    if (p->colour) fprintf(file, "A %d flow1 %d\n", i + 1, p->colour);
    if (p->anticolour) fprintf(file, "A %d flow2 %d\n", i + 1, p->anticolour);
  }
  for (int i = 0; i < event->count; i++) {
    const Particle *p = &event->particle[i];
    const int from = origin(file, &vertices, p);
    fprintf(file, "P %d %d %d %.16e %.16e %.16e %.16e %.16e %d\n", i + 1, from, p->pdg, p->px, p->py, p->pz, p->e, p->m,
            p->status);
  }
}

void hepmc_end(FILE *file) { fputs("HepMC::Asciiv3-END_EVENT_LISTING\n\n", file); }
