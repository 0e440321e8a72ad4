import './style.css';
import { parse, settings } from 'jsroot/core';
import { resize } from 'jsroot-element';
import { TH1Painter } from 'jsroot-th1';

/**
 * JSROOT in a frame of the project's page: it gets ROOT's JSON of a histogram as a message, and again as it fills. The frame has an
 * origin of its own and may load nothing but its script (server/api/root-page.ts), so that whatever JSROOT makes of what it is given
 * stays here.
 */
const plot = document.querySelector<HTMLElement>('#plot');
let painter: TH1Painter | null = null;
/** Messages may come while the one before is being drawn. */
let last: Promise<unknown> = Promise.resolve();

async function draw(element: HTMLElement, text: string): Promise<void> {
  const histogram: object = parse(text);
  if (painter?.updateObject(histogram)) await painter.redrawPad();
  else {
    // What it offers (pictures, files) the page has itself.
    settings.ToolBar = false;
    painter = await TH1Painter.draw(element, histogram, 'E1');
  }
  parent.postMessage('drawn', '*');
}

if (plot && parent !== window) {
  addEventListener('message', ({ source, data }) => {
    if (source !== parent || typeof data !== 'string') return;
    last = last.then(() => draw(plot, data));
  });
  new ResizeObserver(() => {
    if (painter) resize(plot);
  }).observe(plot);
  parent.postMessage('ready', '*');
}
