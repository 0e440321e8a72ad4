#define _POSIX_C_SOURCE 200809L
#include "run.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "analysis/analyse.h"
#include "generate.h"
#include "io/hepmc.h"
#include "io/output.h"
#include "io/results.h"

/*
 * Events between two calls of sched_yield, where a WebAssembly capsule holds the program to pause it: about
 * 0.2 ms of a fast core, and still only a few on one that is ten times slower. Events with hadrons take a hundred times as long.
 */
enum { YIELD_EVENTS = 1024, YIELD_WHOLE_EVENTS = 8 };

typedef struct {
  const Card *card;
  Generator generator;
  Output blocks, hepmc, progress, live;
  bool hepmc_open;
  Tally unit, block;
  Event event;
} Run;

static void compute_block(Run *run) {
  const Card *card = run->card;
  Tally *block = &run->block;
  Event *event = &run->event;
  Effort effort = {0};
  const bool cheap = !card->stages[STAGE_SHOWER] && !card->stages[STAGE_HADRONISATION];
  const uint64_t yield_events = cheap ? YIELD_EVENTS : YIELD_WHOLE_EVENTS;
  for (uint64_t i = 0; i < block->events; i++) {
    const uint64_t number = block->first_event + i;
    generator_event(&run->generator, number, event, &effort);
    histograms_fill(&block->histograms, event);
    if (i == 0) write_live(run->live.file, event);
    const uint64_t done = number - card->first_event + 1;
    if (done <= card->hepmc_events) {
      const CrossSection so_far = cross_section(run->generator.process.maximum_pb, done, run->unit.attempted + effort.attempted);
      hepmc_event(run->hepmc.file, event, &so_far);
    }
    if (i % yield_events == yield_events - 1) sched_yield();
  }
  block->attempted = effort.attempted;
  block->failed = effort.failed;
  block->given_up = effort.given_up;
}

/* Results first, then what tells of them: progress never promises what a crash could take back. */
static bool finish_block(Run *run) {
  write_block(run->blocks.file, &run->generator.process, &run->block);
  tally_add(&run->unit, &run->block);
  if (!output_flush(&run->blocks)) return false;
  if (run->hepmc_open && !output_flush(&run->hepmc)) return false;
  if (!output_flush(&run->live)) return false;
  fprintf(run->progress.file, "%" PRIu64 " %" PRIu64 "\n", run->unit.events, run->card->events);
  return output_flush(&run->progress);
}

static bool compute(Run *run) {
  const Card *card = run->card;
  while (run->unit.events < card->events) {
    const uint64_t left = card->events - run->unit.events;
    memset(&run->block, 0, sizeof run->block);
    run->block.first_event = card->first_event + run->unit.events;
    run->block.events = left < card->block_events ? left : card->block_events;
    compute_block(run);
    if (!finish_block(run)) return false;
  }
  return true;
}

static bool open_all(Run *run) {
  if (mkdir("out", 0777) != 0 && errno != EEXIST) {
    fprintf(stderr, "evgen: cannot create out: %s\n", strerror(errno));
    return false;
  }
  run->hepmc_open = run->card->hepmc_events > 0;
  if (run->hepmc_open && !output_open(&run->hepmc, "out/events.hepmc", false)) return false;
  return output_open(&run->blocks, "out/blocks.jsonl", false) && output_open(&run->progress, "progress", true) &&
         output_open(&run->live, "live", true);
}

static bool finish(Run *run) {
  static Output summary;
  if (run->hepmc_open) {
    hepmc_end(run->hepmc.file);
    if (!output_close(&run->hepmc)) return false;
  }
  if (!output_open(&summary, "out/summary.json", false)) return false;
  write_summary(summary.file, run->card, &run->generator.process, &run->unit);
  return output_close(&summary) && output_close(&run->blocks) && output_close(&run->live) && output_close(&run->progress);
}

int run_unit(const Card *card) {
  static Run run;
  memset(&run, 0, sizeof run);
  run.card = card;
  run.unit.first_event = card->first_event;
  if (!generator_prepare(&run.generator, card)) {
    fprintf(stderr, "evgen: card.json: no process of the list can happen at energyGeV = %.9g: twice the mass is more\n", card->energy);
    return EXIT_CARD;
  }
  generator_begin(&run.generator, &run.event);
  if (!open_all(&run)) return EXIT_FILES;
  if (run.hepmc_open) hepmc_begin(run.hepmc.file, &run.event);
  return compute(&run) && finish(&run) ? EXIT_GOOD : EXIT_FILES;
}
