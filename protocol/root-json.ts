import type { CampaignPoint } from './campaign.ts';
import type { HistogramAxis } from './release.ts';

/**
 * A merged histogram as ROOT's TH1D in ROOT's JSON (TBufferJSON), which JSROOT draws. The same numbers as in YODA
 * (protocol/yoda.ts): contents are sums of weights, fSumw2 their squares, and inside a bin all lies in its middle.
 */
export function rootHistogram(
  campaign: string,
  { index, histograms }: Pick<CampaignPoint, 'index' | 'histograms'>,
  axis: HistogramAxis,
) {
  const { edges, scale = 1 } = axis;
  const sums = (name: string) => (histograms[name] ?? []).map((sum) => sum / scale);
  const given = sums(axis.name);
  const contents = Array.from({ length: edges.length + 1 }, (_, i) => given[i] ?? 0);
  const squares = axis.squares ? sums(axis.squares) : [];
  const sumw2 = contents.map((content, i) => squares[i] ?? content);
  // As TH1 itself: what lies outside is no part of mean and deviation.
  const bins = edges.slice(1).map((high, i) => ({
    w: contents[i + 1] ?? 0,
    w2: sumw2[i + 1] ?? 0,
    middle: ((edges[i] ?? high) + high) / 2,
  }));
  const total = (of: (bin: (typeof bins)[number]) => number) => bins.reduce((sum, bin) => sum + of(bin), 0);
  return {
    _typename: 'TH1D',
    ...named(`${campaign}_p${String(index).padStart(2, '0')}_${axis.name}`, axis.title, MUST_CLEAN_UP),
    ...{ fLineColor: 602, fLineStyle: 1, fLineWidth: 1, fFillColor: 0, fFillStyle: 1001 },
    ...{ fMarkerColor: 1, fMarkerStyle: 1, fMarkerSize: 1 },
    fNcells: contents.length,
    fXaxis: rootAxis('xaxis', axis.xLabel, edges, axis.binLabels),
    fYaxis: rootAxis('yaxis', axis.yLabel, [0, 1]),
    fZaxis: rootAxis('zaxis', '', [0, 1]),
    ...{ fBarOffset: 0, fBarWidth: 1000 },
    fEntries: contents.reduce((sum, content) => sum + content, 0),
    fTsumw: total(({ w }) => w),
    fTsumw2: total(({ w2 }) => w2),
    fTsumwx: total(({ w, middle }) => w * middle),
    fTsumwx2: total(({ w, middle }) => w * middle * middle),
    ...{ fMaximum: UNSET, fMinimum: UNSET, fNormFactor: 0, fContour: [] as number[] },
    fSumw2: sumw2,
    fOption: '',
    fFunctions: { _typename: 'TList', name: 'TList', arr: [] as unknown[], opt: [] as string[] },
    ...{ fBufferSize: 0, fBuffer: [] as number[], fBinStatErrOpt: 0, fStatOverflows: 2 },
    fArray: contents,
  };
}
export type RootHistogram = ReturnType<typeof rootHistogram>;

/** TObject::kMustCleanup. */
const MUST_CLEAN_UP = 8;
/** TH1's "find it out yourself". */
const UNSET = -1111;

function named(fName: string, fTitle: string, fBits = 0) {
  return { fUniqueID: 0, fBits, fName, fTitle };
}

function rootAxis(name: string, title: string, edges: readonly number[], labels?: readonly string[]) {
  return {
    _typename: 'TAxis',
    ...named(name, title),
    ...{ fNdivisions: 510, fAxisColor: 1, fLabelColor: 1, fLabelFont: 42, fLabelOffset: 0.005 },
    ...{ fLabelSize: 0.035, fTickLength: 0.03, fTitleOffset: 1, fTitleSize: 0.035, fTitleColor: 1 },
    fTitleFont: 42,
    fNbins: edges.length - 1,
    fXmin: edges[0] ?? 0,
    fXmax: edges.at(-1) ?? 1,
    fXbins: edges.length > 2 ? [...edges] : [],
    ...{ fFirst: 0, fLast: 0, fBits2: 0, fTimeDisplay: false, fTimeFormat: '' },
    fLabels: labels
      ? {
          _typename: 'THashList',
          name: 'THashList',
          // A label's number says of which bin it is.
          arr: labels.map((fString, i) => ({ _typename: 'TObjString', fUniqueID: i + 1, fBits: 0, fString })),
          opt: labels.map(() => ''),
        }
      : null,
    fModLabs: null,
  };
}
