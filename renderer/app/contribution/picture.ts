/** What the picture for sharing shows; all texts are in the page's language already. */
export interface PictureContent {
  readonly headline: string;
  readonly figures: readonly { readonly value: string; readonly label: string }[];
  readonly caption: string;
  /** One height a day, oldest first. */
  readonly bars: readonly number[];
}

export const PICTURE_WIDTH = 1200;
export const PICTURE_HEIGHT = 630;

const FONT = 'system-ui, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", sans-serif';
const INK = '#edf1f8';
const SOFT = '#a3afc2';
const ACCENT = '#7aa2ff';
const MARGIN = 72;

/** Draws on a canvas of PICTURE_WIDTH x PICTURE_HEIGHT: nothing of this computer but the numbers given. */
export function drawPicture(canvas: HTMLCanvasElement, content: PictureContent): void {
  const context = canvas.getContext('2d');
  if (!context) return;
  canvas.width = PICTURE_WIDTH;
  canvas.height = PICTURE_HEIGHT;
  const ground = context.createLinearGradient(0, 0, PICTURE_WIDTH, PICTURE_HEIGHT);
  ground.addColorStop(0, '#101a33');
  ground.addColorStop(1, '#0a0f1c');
  context.fillStyle = ground;
  context.fillRect(0, 0, PICTURE_WIDTH, PICTURE_HEIGHT);
  drawRings(context);
  drawBars(context, content.bars);

  const text = (
    words: string,
    x: number,
    y: number,
    size: number,
    weight: number,
    colour: string,
    most: number,
  ) => {
    let fitting = size;
    do {
      context.font = `${weight} ${fitting}px ${FONT}`;
      fitting -= 2;
    } while (context.measureText(words).width > most && fitting > 14);
    context.fillStyle = colour;
    context.fillText(words, x, y, most);
  };
  text('Beamtime', MARGIN, 108, 34, 700, ACCENT, 400);
  text(content.headline, MARGIN, 200, 52, 680, INK, PICTURE_WIDTH - 2 * MARGIN);
  const column = (PICTURE_WIDTH - 2 * MARGIN) / Math.max(1, content.figures.length);
  content.figures.forEach(({ value, label }, i) => {
    text(value, MARGIN + i * column, 316, 60, 680, INK, column - 24);
    text(label, MARGIN + i * column, 360, 26, 450, SOFT, column - 24);
  });
  text(content.caption, MARGIN, PICTURE_HEIGHT - 40, 22, 450, SOFT, PICTURE_WIDTH - 2 * MARGIN);
}

function drawRings(context: CanvasRenderingContext2D): void {
  context.strokeStyle = 'rgb(122 162 255 / 10%)';
  context.lineWidth = 18;
  for (const radius of [120, 190, 270]) {
    context.beginPath();
    context.arc(PICTURE_WIDTH - 120, 80, radius, 0, 2 * Math.PI);
    context.stroke();
  }
}

function drawBars(context: CanvasRenderingContext2D, bars: readonly number[]): void {
  const top = Math.max(...bars, 0);
  if (top <= 0) return;
  const floor = PICTURE_HEIGHT - 84;
  const step = (PICTURE_WIDTH - 2 * MARGIN) / bars.length;
  context.fillStyle = ACCENT;
  bars.forEach((value, i) => {
    const height = (130 * value) / top;
    context.fillRect(MARGIN + i * step + 2, floor - height, Math.max(1, step - 4), height);
  });
}
