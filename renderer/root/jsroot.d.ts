/**
 * What is used of JSROOT, whose package tells no types. Its painters it exports only together with those that need three.js
 * (vite.config.ts).
 */
declare module 'jsroot/core' {
  interface Histogram {
    readonly fName: string;
    readonly fXaxis: { readonly fLabels: { readonly arr: readonly object[] } | null };
    readonly fTsumw: number;
    readonly fTsumwx: number;
    readonly fEntries: number;
    readonly fArray: ArrayLike<number> & Iterable<number>;
    getBinContent(bin: number): number;
    getBinError(bin: number): number;
  }
  export const settings: { ToolBar: boolean };
  export function parse(json: string): Histogram;
  export function createHistogram(type: 'TH1D', bins: number): Histogram;
}
declare module 'jsroot-th1' {
  export class TH1Painter {
    static draw(element: string | HTMLElement, histogram: object, options: string): Promise<TH1Painter>;
    updateObject(histogram: object): boolean;
    redrawPad(): Promise<unknown>;
  }
}
declare module 'jsroot-element' {
  export function resize(element: string | HTMLElement): void;
}
