import { computed, type Ref, type ShallowRef, shallowRef } from 'vue';
import type { Frame } from '../draw/histogram.ts';
import { useSize } from '../use/size.ts';

/** Sizes of a chart in rem, so that its margins hold the labels at any size of text. */
export interface ChartShape {
  readonly least: number;
  readonly most: number;
  /** Height for a width, within these bounds. */
  readonly heightPerWidth: number;
  readonly left: number;
  readonly right: number;
}

const TOP_REM = 1.6;
const BOTTOM_REM = 1.75;

export interface Chart {
  /** What ChartFrame draws in. */
  readonly box: ShallowRef<HTMLElement | null>;
  readonly least: number;
  /** In pixels; 0 until it is measured. */
  readonly width: Readonly<Ref<number>>;
  readonly height: Readonly<Ref<number>>;
  readonly rem: Readonly<Ref<number>>;
  /** Where to draw. Margins do not depend on the numbers: nothing moves as they change. */
  readonly frame: Readonly<Ref<Frame>>;
}

/** The size of a chart that is as wide as its place, for whoever lays it out and for ChartFrame. */
export function useChart(shape: ChartShape): Chart {
  const box = shallowRef<HTMLElement | null>(null);
  const { width, rem } = useSize(box);
  const height = computed(() =>
    Math.max(shape.least * rem.value, Math.min(shape.most * rem.value, width.value * shape.heightPerWidth)),
  );
  const frame = computed(() => ({
    left: shape.left * rem.value,
    top: TOP_REM * rem.value,
    right: width.value - shape.right * rem.value,
    bottom: height.value - BOTTOM_REM * rem.value,
  }));
  return { box, least: shape.least, width, height, rem, frame };
}

/** How many ticks there is room for. */
export function ticksIn(pixels: number, each: number): number {
  return Math.max(2, Math.floor(pixels / each));
}
