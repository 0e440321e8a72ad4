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

void generator_begin(const Generator *generator, Event *event) {
  const Card *card = generator->card;
  process_begin(&generator->process, event);
  const bool shower = card->stages[STAGE_SHOWER], hadrons = card->stages[STAGE_HADRONISATION];
  event->varied[WEIGHT_ALPHA_S_UP] = event->varied[WEIGHT_ALPHA_S_DOWN] = shower && card->shower.variation > 0;
  event->varied[WEIGHT_SCALE_UP] = event->varied[WEIGHT_SCALE_DOWN] = shower && card->shower.scale_variation > 1;
  event->varied[WEIGHT_STRANGE_UP] = event->varied[WEIGHT_STRANGE_DOWN] = hadrons && card->hadrons.strange_variation > 0;
  event->varied[WEIGHT_DIQUARK_UP] = event->varied[WEIGHT_DIQUARK_DOWN] = hadrons && card->hadrons.diquark_variation > 0;
}

static void weigh_flavours(const HadronParameters *made, const FlavourChoices *choices, Event *event) {
  for (int sign = 1; sign >= -1; sign -= 2) {
    HadronParameters strange = *made, diquark = *made;
    strange.strange += sign * made->strange_variation;
    diquark.diquark += sign * made->diquark_variation;
    const int down = sign < 0;
    if (made->strange_variation > 0) event->weight[WEIGHT_STRANGE_UP + down] = flavour_weight(choices, made, &strange);
    if (made->diquark_variation > 0) event->weight[WEIGHT_DIQUARK_UP + down] = flavour_weight(choices, made, &diquark);
  }
}

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
    FlavourChoices choices = {{0}, {0}, {{0}}};
    if (!hadronise(&random, &card->hadrons, &choices, event, first, last)) return false;
    if (event->varied[WEIGHT_STRANGE_UP] || event->varied[WEIGHT_DIQUARK_UP]) weigh_flavours(&card->hadrons, &choices, event);
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
  for (int i = 0; i < WEIGHTS; i++) event->weight[i] = 1.0;
  for (uint32_t attempt = 0; attempt < BEGINNINGS; attempt++) {
    if (dress(generator, number, attempt, event, axial)) return;
    effort->failed++;
    event->count = count;
    event->particle[PRIMARY].status = event->particle[PRIMARY + 1].status = STATUS_FINAL;
  }
  effort->given_up++;
}
