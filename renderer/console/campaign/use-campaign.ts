import { computed, onScopeDispose, type Ref, ref, type ShallowRef, shallowRef, watch } from 'vue';
import type { CampaignOutline, CampaignPoint, PointOutline } from '../../../protocol/campaign.ts';
import { type Following, follow } from '../follow.ts';

export interface FollowedCampaign {
  readonly campaign: Readonly<ShallowRef<CampaignOutline | null>>;
  readonly following: Readonly<Ref<Following>>;
  /** Which point is looked at. */
  readonly chosen: Ref<number>;
  readonly point: Readonly<Ref<PointOutline | null>>;
  /** The same with its histograms; until they have come, those of the one looked at before. */
  readonly whole: Readonly<Ref<CampaignPoint | null>>;
}

/** A campaign as it fills, and one point of it with its histograms, while the component lives. */
export function useCampaign(name: string, first = 0): FollowedCampaign {
  const campaign = shallowRef<CampaignOutline | null>(null);
  const whole = shallowRef<CampaignPoint | null>(null);
  const following = ref<Following>('connecting');
  const chosen = ref(first);
  const point = computed(
    () =>
      campaign.value?.points.find(({ index }) => index === chosen.value) ?? campaign.value?.points[0] ?? null,
  );
  const followed = follow(name, {
    onCampaign(outline) {
      campaign.value = outline;
      // An address may name a point that the campaign has not.
      const [one] = outline.points;
      if (one && !outline.points.some(({ index }) => index === chosen.value)) chosen.value = one.index;
    },
    onPoint(one) {
      if (one.index === (point.value?.index ?? chosen.value)) whole.value = one;
    },
    onState(state) {
      following.value = state;
    },
  });
  watch(chosen, (index) => followed.watch([index]), { immediate: true });
  onScopeDispose(() => followed.end());
  return { campaign, following, chosen, point, whole };
}
