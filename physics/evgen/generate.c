#include "generate.h"

#include "decays/decays.h"
#include "decays/particles.h"
#include "hadronisation/lund_string.h"

bool generator_prepare(Generator *generator, const Card *card) {
  generator->card = card;
  if (!particles_prepare()) return false;
  shower_prepare(&generator->shower, &card->shower, card->electroweak.z_mass);
  const ProcessOptions options = {
      .corrections = card->stages[STAGE_CORRECTIONS], .isr = card->stages[STAGE_ISR], .hadrons = card->stages[STAGE_HADRONISATION], .least_s = card->least_s};
  return process_prepare(&generator->process, card->energy, card->wanted, &card->electroweak, options);
}

void generator_begin(const Generator *generator, Event *event) { process_begin(&generator->process, event); }

/* All that follows the process. False: to be begun anew. */
static bool dress(const Generator *generator, uint64_t number, uint32_t attempt, Event *event, double axial) {
  const Card *card = generator->card;
  const bool *stages = card->stages;
  int first = PRIMARY, last = PRIMARY + 1;
  if (stages[STAGE_SHOWER]) {
    Random random = random_open(card->seed, number, PART_SHOWER, attempt);
    if (!shower_event(&generator->shower, &random, event, axial, &first, &last)) return false;
  }
  if (stages[STAGE_HADRONISATION] && event->particle[PRIMARY].colour) {
    Random random = random_open(card->seed, number, PART_HADRONISATION, attempt);
    if (!hadronise(&random, &card->hadrons, event, first, last)) return false;
  }
  if (!stages[STAGE_DECAYS]) return true;
  Random random = random_open(card->seed, number, PART_DECAYS, attempt);
  return decay_all(&random, event, PRIMARY);
}

void generator_event(const Generator *generator, uint64_t number, Event *event, Effort *effort) {
  const bool *stages = generator->card->stages;
  double axial;
  effort->attempted += process_generate(&generator->process, generator->card->seed, number, event, &axial);
  if (!stages[STAGE_SHOWER] && !stages[STAGE_HADRONISATION] && !stages[STAGE_DECAYS]) return;
  const int count = event->count;
  for (uint32_t attempt = 0; attempt < BEGINNINGS; attempt++) {
    if (dress(generator, number, attempt, event, axial)) return;
    effort->failed++;
    event->count = count;
    event->particle[PRIMARY].status = event->particle[PRIMARY + 1].status = STATUS_FINAL;
  }
  effort->given_up++;
}
