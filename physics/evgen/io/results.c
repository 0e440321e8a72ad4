#include "results.h"

#include <inttypes.h>
#include <math.h>

#include "../analysis/particles.h"
#include "../version.h"
#include "hepmc.h"

void tally_add(Tally *sum, const Tally *part) {
  sum->events += part->events;
  sum->attempted += part->attempted;
  sum->failed += part->failed;
  sum->given_up += part->given_up;
  for (int h = 0; h < HISTOGRAMS; h++)
    for (int i = 0; i < AXIS[h].bins + 2; i++) sum->histograms.counts[h][i] += part->histograms.counts[h][i];
}

static void write_counts(FILE *file, const uint64_t *counts, int bins) {
  for (int i = 0; i < bins + 2; i++) fprintf(file, "%c%" PRIu64, i == 0 ? '[' : ',', counts[i]);
  fputc(']', file);
}

void write_block(FILE *file, const Process *process, const Tally *block) {
  fprintf(file, "{\"firstEvent\":%" PRIu64 ",\"events\":%" PRIu64, block->first_event, block->events);
  fprintf(file, ",\"crossSection\":{\"maximumPb\":%.17g,\"attempted\":%" PRIu64 ",\"accepted\":%" PRIu64 "},\"histograms\":{",
          process->maximum_pb, block->attempted, block->events);
  for (int h = 0; h < HISTOGRAMS; h++) {
    fprintf(file, "%s\"%s\":", h == 0 ? "" : ",", AXIS[h].name);
    write_counts(file, block->histograms.counts[h], AXIS[h].bins);
  }
  fputs("}}\n", file);
}

void write_live(FILE *file, const Event *event) {
  fprintf(file, "{\"event\":%" PRIu64 ",\"energyGeV\":%.9g,\"particles\":[", event->number, event->energy);
  const char *separator = "";
  for (int i = 0; i < event->count; i++) {
    const Particle *p = &event->particle[i];
    if (p->status != STATUS_FINAL) continue;
    fprintf(file, "%s{\"pdg\":%d,\"px\":%.9g,\"py\":%.9g,\"pz\":%.9g,\"e\":%.9g}", separator, p->pdg, p->px, p->py, p->pz, p->e);
    separator = ",";
  }
  fputs("]}\n", file);
}

/* Counts below and above cos(theta) = 0, which is an edge of the bins. */
static void hemispheres(const Tally *unit, int f, uint64_t *forward, uint64_t *backward) {
  const uint64_t *counts = unit->histograms.counts[HISTOGRAM_COS_THETA + f];
  const int bins = AXIS[HISTOGRAM_COS_THETA + f].bins;
  *forward = *backward = 0;
  for (int i = 0; i < bins + 2; i++) *(i <= bins / 2 ? backward : forward) += counts[i];
}

static void write_process(FILE *file, const Process *process, const Tally *unit, int f) {
  uint64_t forward, backward;
  hemispheres(unit, f, &forward, &backward);
  const double n = (double)(forward + backward);
  const CrossSection sigma = cross_section(process->maximum_pb, forward + backward, unit->attempted);
  fprintf(file, "    {\"process\": \"%s\", \"pdg\": %d, \"events\": %" PRIu64 ", \"crossSectionPb\": %.9g, \"errorPb\": %.9g",
          FERMION[f].name, FERMION[f].pdg, forward + backward, sigma.value, sigma.error);
  fprintf(file, ", \"forward\": %" PRIu64 ", \"backward\": %" PRIu64, forward, backward);
  if (n > 0) {
    const double asymmetry = ((double)forward - (double)backward) / n;
    fprintf(file, ", \"asymmetry\": %.9g, \"asymmetryError\": %.9g", asymmetry, sqrt((1.0 - asymmetry * asymmetry) / n));
  }
  fputc('}', file);
}

void write_summary(FILE *file, const Card *card, const Process *process, const Tally *unit) {
  const CrossSection sigma = cross_section(process->maximum_pb, unit->events, unit->attempted);
  fprintf(file, "{\n  \"program\": \"evgen\",\n  \"version\": \"" EVGEN_VERSION "\",\n");
  fprintf(file, "  \"seed\": %" PRIu64 ",\n  \"firstEvent\": %" PRIu64 ",\n  \"events\": %" PRIu64 ",\n", card->seed,
          unit->first_event, unit->events);
  fprintf(file, "  \"energyGeV\": %.12g,\n  \"crossSectionPb\": %.9g,\n  \"errorPb\": %.9g,\n", process->energy, sigma.value, sigma.error);
  fprintf(file, "  \"maximumPb\": %.17g,\n  \"attempted\": %" PRIu64 ",\n", process->maximum_pb, unit->attempted);
  fprintf(file, "  \"begunAnew\": %" PRIu64 ",\n  \"givenUp\": %" PRIu64 ",\n  \"processes\": [\n", unit->failed, unit->given_up);
  const char *separator = "";
  for (int f = 0; f < FERMIONS; f++) {
    if (!(process->channel[f].maximum > 0)) continue;
    fputs(separator, file);
    write_process(file, process, unit, f);
    separator = ",\n";
  }
  fputs("\n  ]\n}\n", file);
}

static void write_axis(FILE *file, const Axis *axis) {
  fprintf(file, "{\"name\":\"%s\",\"edges\":[", axis->name);
  for (int i = 0; i <= axis->bins; i++) {
    const double edge = axis->edges ? axis->edges[i] : axis->low + i * ((axis->high - axis->low) / axis->bins);
    fprintf(file, "%s%.17g", i == 0 ? "" : ",", edge);
  }
  fprintf(file, "],\"scale\":%d,\"per\":", axis->scale);
  if (axis->per) fprintf(file, "\"%s\"}", axis->per);
  else fputs("null}", file);
}

void write_description(FILE *file) {
  fprintf(file, "{\"program\":\"evgen\",\"version\":\"" EVGEN_VERSION "\",\"processes\":[");
  for (int f = 0; f < FERMIONS; f++) fprintf(file, "%s\"%s\"", f == 0 ? "" : ",", FERMION[f].name);
  fputs("],\"identified\":[", file);
  for (int i = 0; i < IDENTIFIED; i++) fprintf(file, "%s\"%s\"", i == 0 ? "" : ",", IDENTIFIED_NAME[i]);
  fputs("],\"histograms\":[", file);
  for (int h = 0; h < HISTOGRAMS; h++) {
    if (h > 0) fputc(',', file);
    write_axis(file, &AXIS[h]);
  }
  fputs("],\"parameters\":", file);
  card_describe(file);
  fputs("}\n", file);
}
