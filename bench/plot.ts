// Plots as inline SVG: lines over sizes, and dots on a row each. Colours come from the page's style sheet by class.

const escapes: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
export const escapeHtml = (text: string) => text.replace(/[&<>"]/g, (c) => escapes[c]);

export interface Series {
  readonly name: string;
  /** A class of the style sheet. */
  readonly style: string;
  /** One value for each label, or a gap. */
  readonly values: readonly (number | undefined)[];
}

/** 1, 2, 5, 10, … that cover the values. */
function logTicks(low: number, high: number): number[] {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.ceil(Math.log10(high)); power++) {
    for (const step of [1, 2, 5]) ticks.push(step * 10 ** power);
  }
  const inside = ticks.filter((tick) => tick >= low / 1.01 && tick <= high * 1.01);
  // Decades alone where there would be too many.
  return inside.length > 7 ? inside.filter((tick) => /^1?0*\.?0*1?$/.test(String(tick))) : inside;
}

/** Values further than this from the smallest are drawn at the edge of a line plot. */
export const RANGE = 300;

const WIDTH = 400;
const HEIGHT = 250;
const LEFT = 42;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 58;

/** Lines over labelled sizes, the values on a logarithmic axis. */
export function linePlot(title: string, labels: readonly string[], series: readonly Series[]): string {
  const values = series.flatMap((s) => s.values.filter((v) => v !== undefined));
  const low = Math.min(...values) / 1.15;
  const high = Math.min(Math.max(...values), Math.min(...values) * RANGE) * 1.15;
  const x = (i: number) => LEFT + ((i + 0.5) / labels.length) * (WIDTH - LEFT - RIGHT);
  const y = (v: number) =>
    TOP + (1 - Math.log(Math.min(v, high) / low) / Math.log(high / low)) * (HEIGHT - TOP - BOTTOM);
  const grid = logTicks(low, high).map(
    (tick) =>
      `<line class="grid" x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${y(tick).toFixed(1)}" y2="${y(tick).toFixed(1)}"/>` +
      `<text class="tick" x="${LEFT - 5}" y="${(y(tick) + 3.5).toFixed(1)}" text-anchor="end">${tick}</text>`,
  );
  const names = labels.map((label, i) => {
    const at = `${x(i).toFixed(1)} ${HEIGHT - BOTTOM + 12}`;
    return `<text class="tick" transform="translate(${at}) rotate(-35)" text-anchor="end">${escapeHtml(label)}</text>`;
  });
  const lines = series.map(({ name, style, values }) => {
    const points = values.flatMap((v, i) => (v === undefined ? [] : [[x(i), y(v), v, labels[i]] as const]));
    const path = points.map(([px, py], i) => `${i ? "L" : "M"}${px.toFixed(1)} ${py.toFixed(1)}`).join("");
    const dots = points.map(
      ([px, py, v, label]) =>
        `<circle cx="${px.toFixed(1)}" cy="${py.toFixed(1)}" r="2.6"><title>${escapeHtml(name)}, ${label}: ${v.toPrecision(3)}</title></circle>`,
    );
    return `<g class="${style}"><path d="${path}"/>${dots.join("")}</g>`;
  });
  return svg(title, WIDTH, HEIGHT, [...grid, ...names, ...lines]);
}

const ROW = 22;
const NAMES = 190;
const WIDE = 860;

export interface Dots {
  readonly label: string;
  readonly dots: readonly { readonly name: string; readonly style: string; readonly value: number }[];
}

/** A row of dots for each label, on a logarithmic axis; `mark` draws a line across at a value. */
export function dotPlot(title: string, rows: readonly Dots[], mark: number): string {
  const values = rows.flatMap(({ dots }) => dots.map(({ value }) => value));
  const low = Math.min(...values, mark) / 1.08;
  const high = Math.max(...values, mark) * 1.08;
  const height = rows.length * ROW + 30;
  const x = (v: number) => NAMES + (Math.log(v / low) / Math.log(high / low)) * (WIDE - NAMES - 12);
  const grid = logTicks(low, high).map(
    (tick) =>
      `<line class="grid" x1="${x(tick).toFixed(1)}" x2="${x(tick).toFixed(1)}" y1="0" y2="${height - 24}"/>` +
      `<text class="tick" x="${x(tick).toFixed(1)}" y="${height - 8}" text-anchor="middle">${tick}x</text>`,
  );
  const bar = `<line class="mark" x1="${x(mark).toFixed(1)}" x2="${x(mark).toFixed(1)}" y1="0" y2="${height - 24}"/>`;
  const lines = rows.map(({ label, dots }, i) => {
    const y = i * ROW + ROW / 2;
    const circles = dots.map(
      ({ name, style, value }) =>
        `<g class="${style}"><circle cx="${x(value).toFixed(1)}" cy="${y}" r="5"><title>${escapeHtml(label)}, ${escapeHtml(name)}: ${value.toPrecision(3)}x</title></circle></g>`,
    );
    const line = `<line class="grid" x1="${NAMES}" x2="${WIDE - 12}" y1="${y}" y2="${y}"/>`;
    return `${line}<text class="label" x="${NAMES - 8}" y="${y + 4}" text-anchor="end">${escapeHtml(label)}</text>${circles.join("")}`;
  });
  return svg(title, WIDE, height, [...grid, bar, ...lines]);
}

function svg(title: string, width: number, height: number, parts: readonly string[]): string {
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeHtml(title)}">${parts.join("")}</svg>`;
}

export function legend(entries: readonly { readonly name: string; readonly style: string }[]): string {
  const items = entries.map(({ name, style }) => `<span class="${style}"><i></i>${escapeHtml(name)}</span>`);
  return `<p class="legend">${items.join(" ")}</p>`;
}
