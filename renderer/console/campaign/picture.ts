/**
 * A chart of the page as a file of its own: the drawing with its styles in it, its legend, and under it what it is. Always light,
 * as it is to be printed.
 */

/** What of an element's style makes its look. */
const STYLES = [
  ...['fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-dasharray', 'stroke-linejoin', 'opacity'],
  ...['font-family', 'font-size', 'font-weight', 'text-anchor', 'dominant-baseline'],
];
const SPOKEN = [
  'tabindex',
  'role',
  'class',
  'aria-label',
  'aria-valuemin',
  'aria-valuemax',
  'aria-valuenow',
  'aria-valuetext',
];
const NS = 'http://www.w3.org/2000/svg';
const MARGIN_PX = 16;
const LINE_PX = 20;
const FONT_PX = 13;

export interface Picture {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
}

/**
 * @param card with the chart (`svg[role=slider]`), its legend and the label of x
 * @param title above it
 * @param lines below it
 */
export function pictureOf(card: HTMLElement, title: string, lines: readonly string[]): Picture | null {
  const root = document.documentElement;
  const scheme = root.dataset.scheme;
  // Nothing is painted before it is set back.
  root.dataset.scheme = 'light';
  try {
    const chart = card.querySelector<SVGSVGElement>('svg[role="slider"]');
    return chart && drawn(card, chart, title, lines);
  } finally {
    root.dataset.scheme = scheme ?? 'light';
  }
}

function drawn(card: HTMLElement, chart: SVGSVGElement, title: string, lines: readonly string[]): Picture {
  const { width: inner, height: chartHeight } = chart.getBoundingClientRect();
  const style = getComputedStyle(card);
  const width = Math.ceil(inner + 2 * MARGIN_PX);
  const svg = document.createElementNS(NS, 'svg');
  const add = (name: string, attributes: Record<string, string | number>, text = '') => {
    const element = document.createElementNS(NS, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
    element.textContent = text;
    svg.append(element);
    return element;
  };
  const ground = add('rect', { width, fill: style.backgroundColor });
  const font = { 'font-family': style.fontFamily, 'font-size': FONT_PX, fill: style.color };
  let y = MARGIN_PX + LINE_PX / 2;
  for (const line of wrapped(title, inner, `600 ${FONT_PX + 3}px ${style.fontFamily}`)) {
    add('text', { ...font, 'font-size': FONT_PX + 3, 'font-weight': 600, x: MARGIN_PX, y }, line);
    y += LINE_PX;
  }
  const copied = styled(chart);
  copied.setAttribute('transform', `translate(${MARGIN_PX} ${y})`);
  svg.append(copied);
  y += chartHeight + LINE_PX / 2;
  const xLabel = card.querySelector('.x-label')?.textContent?.trim() ?? '';
  add('text', { ...font, 'font-weight': 560, 'text-anchor': 'end', x: width - MARGIN_PX, y }, xLabel);
  y += LINE_PX;
  y = legend(card, y, inner, font, add) + LINE_PX;
  for (const line of lines.flatMap((one) => wrapped(one, inner, `${FONT_PX}px ${style.fontFamily}`))) {
    add('text', { ...font, x: MARGIN_PX, y }, line);
    y += LINE_PX;
  }
  const height = Math.ceil(y);
  ground.setAttribute('height', String(height));
  svg.setAttribute('xmlns', NS);
  svg.setAttribute('width', String(width));
  svg.setAttribute('height', String(height));
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  return { svg: new XMLSerializer().serializeToString(svg), width, height };
}

/** A chart's content with the styles that the page's sheets give it. */
function styled(chart: SVGSVGElement): SVGGElement {
  const group = document.createElementNS(NS, 'g');
  const copy = chart.cloneNode(true) as SVGSVGElement;
  const [originals, copies] = [chart.querySelectorAll('*'), copy.querySelectorAll('*')];
  for (const [i, original] of originals.entries()) {
    const one = copies[i];
    if (!one) continue;
    const style = getComputedStyle(original);
    for (const name of STYLES) one.setAttribute(name, style.getPropertyValue(name));
    for (const name of [...SPOKEN, ...one.getAttributeNames().filter((each) => each.startsWith('data-'))])
      one.removeAttribute(name);
  }
  group.append(...copy.childNodes);
  return group;
}

type Add = (name: string, attributes: Record<string, string | number>, text?: string) => Element;

/** @returns where it ends */
function legend(
  card: HTMLElement,
  top: number,
  inner: number,
  font: Record<string, string | number>,
  add: Add,
): number {
  let [x, y] = [MARGIN_PX, top];
  for (const item of card.querySelectorAll('.series-legend li')) {
    const text = item.textContent?.trim() ?? '';
    const width = 28 + measure(text, `${FONT_PX}px ${font['font-family']}`) + 20;
    if (x > MARGIN_PX && x + width > inner) [x, y] = [MARGIN_PX, y + LINE_PX];
    const mark = item.querySelector('i');
    if (mark) sign(getComputedStyle(mark), x, y - 4, add);
    add('text', { ...font, x: x + 28, y }, text);
    x += width;
  }
  return y;
}

/** A line, a dot or a shade, as the legend's mark is drawn by the page. */
function sign(style: CSSStyleDeclaration, x: number, y: number, add: Add): void {
  const isLine = Number.parseFloat(style.borderTopWidth) > 0;
  if (isLine) {
    const dash = style.borderTopStyle === 'dashed' ? { 'stroke-dasharray': '6 3' } : {};
    add('path', { d: `M${x} ${y}h20`, stroke: style.borderTopColor, 'stroke-width': 2, ...dash });
  } else if (style.borderTopLeftRadius === '50%')
    add('circle', { cx: x + 10, cy: y, r: 4, fill: style.backgroundColor });
  else
    add('rect', { x, y: y - 6, width: 20, height: 12, fill: style.backgroundColor, opacity: style.opacity });
}

let canvas: HTMLCanvasElement | null = null;

function measure(text: string, font: string): number {
  canvas ??= document.createElement('canvas');
  const context = canvas.getContext('2d');
  if (!context) return text.length * FONT_PX * 0.55;
  context.font = font;
  return context.measureText(text).width;
}

/** In lines of at most this width, broken between words. */
function wrapped(text: string, width: number, font: string): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).filter((one) => one !== '')) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && measure(longer, font) > width) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return line === '' ? lines : [...lines, line];
}

/** Dots for each pixel of the drawing: sharp in print. */
const SCALE = 3;

/** @throws where the browser can not draw it */
export async function pngOf({ svg, width, height }: Picture): Promise<Blob> {
  const image = new Image(width, height);
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await image.decode();
  const target = document.createElement('canvas');
  target.width = width * SCALE;
  target.height = height * SCALE;
  const context = target.getContext('2d');
  if (!context) throw new Error('no canvas');
  context.scale(SCALE, SCALE);
  context.drawImage(image, 0, 0, width, height);
  return new Promise((resolve, reject) =>
    target.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture'))), 'image/png'),
  );
}
