// Line plots: uPlot in the page's colours, as wide as the place they stand in.

import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

/** A colour of the style sheet by its name, in the theme that holds now. */
function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

export interface Line {
  readonly label: string;
  /** A colour of the style sheet. */
  readonly colour: string;
  readonly points?: boolean;
  /** For who can't tell the colours apart. */
  readonly dashed?: boolean;
}

export interface PlotOptions {
  readonly x: string;
  readonly y: string;
  readonly lines: readonly Line[];
  readonly logX?: boolean;
  readonly logY?: boolean;
  readonly range?: { readonly x?: readonly [number, number]; readonly y?: () => readonly [number, number] };
  /** Where the x axis is labelled, instead of at round numbers. */
  readonly ticks?: readonly number[];
  readonly format?: { readonly x?: (value: number) => string; readonly y?: (value: number) => string };
  /** Where a vertical mark stands, and what the lines are there. */
  readonly mark?: () => Mark;
}

export interface Mark {
  readonly x: number;
  /** One value for each line. */
  readonly y: readonly number[];
}

export interface Plot {
  /** x, then y for each line. */
  draw(data: readonly (readonly (number | null)[])[]): void;
}

const HEIGHT = 240;
const FONT = "12px system-ui, sans-serif";

/** Pixels drawn, and left out. */
const DASH = [6, 4] as const;

/** A piece of a line for the legend, as a CSS background. */
function sample({ colour, dashed }: Line): string {
  const [on, off] = DASH;
  const paint = `var(--${colour})`;
  return dashed ? `repeating-linear-gradient(90deg, ${paint} 0 ${on}px, transparent ${on}px ${on + off}px)` : paint;
}

/** A number with a real minus sign. */
const plain = (value: number) => String(value).replace("-", "−");

/** 1, 2, 5, 10, … in a logarithmic range; powers of ten alone where it spans three of them. */
function logSplits(_: uPlot, __: number, least: number, most: number): number[] {
  const steps = most / least >= 1000 ? [1] : [1, 2, 5];
  const splits: number[] = [];
  for (let power = 10 ** Math.floor(Math.log10(least)); power <= most; power *= 10) {
    splits.push(...steps.map((step) => step * power).filter((value) => value >= least && value <= most));
  }
  return splits;
}

function axis(label: string, splits: uPlot.Axis.Splits | undefined, format = plain): uPlot.Axis {
  const line = { stroke: () => colour("line"), width: 1 };
  return {
    label,
    labelFont: FONT,
    labelSize: 22,
    labelGap: 2,
    font: FONT,
    stroke: () => colour("soft"),
    grid: line,
    ticks: { ...line, size: 4 },
    ...(splits ? { splits, filter: (_: uPlot, values: number[]) => values } : {}),
    values: (_: uPlot, values: number[]) => values.map(format),
  };
}

export function plot(place: HTMLElement, options: PlotOptions): Plot {
  const { lines, format, mark, ticks } = options;
  const { x: rangeX, y: rangeY } = options.range ?? {};
  const width = () => Math.max(240, place.clientWidth);
  const u = new uPlot(
    {
      width: width(),
      height: HEIGHT,
      // Between pixels, so that curves are smooth.
      pxAlign: false,
      cursor: { y: false, drag: { x: false, y: false } },
      legend: {
        show: true,
        live: false,
        markers: { width: 0, fill: (_, series) => sample(lines[series - 1]) },
      },
      scales: {
        x: { time: false, distr: options.logX ? 3 : 1, ...(rangeX ? { range: () => [...rangeX] } : {}) },
        y: { distr: options.logY ? 3 : 1, ...(rangeY ? { range: () => [...rangeY()] } : {}) },
      },
      axes: [
        { ...axis(options.x, ticks ? [...ticks] : options.logX ? logSplits : undefined, format?.x), size: 30 },
        { ...axis(options.y, options.logY ? logSplits : undefined, format?.y), size: 52 },
      ],
      series: [
        {},
        ...lines.map((line): uPlot.Series => {
          const stroke = () => colour(line.colour);
          const points = { show: line.points ?? false, size: 6, fill: stroke };
          return { label: line.label, stroke, width: 2, points, ...(line.dashed ? { dash: [...DASH] } : {}) };
        }),
      ],
      hooks: { draw: mark ? [(u) => drawMark(u, mark(), lines)] : [] },
    },
    [[], ...lines.map(() => [])] as unknown as uPlot.AlignedData,
    place,
  );
  new ResizeObserver(() => u.setSize({ width: width(), height: HEIGHT })).observe(place);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => u.redraw());
  return { draw: (data) => u.setData(data as unknown as uPlot.AlignedData) };
}

/** A vertical line, and on each of the plot's lines a dot, or an arrow at the edge that the line is beyond. */
function drawMark(u: uPlot, { x, y }: Mark, lines: readonly Line[]): void {
  const { ctx } = u;
  const { top, height } = u.bbox;
  const bottom = top + height;
  const at = Math.round(u.valToPos(x, "x", true));
  const size = 5 * devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = colour("ink");
  ctx.setLineDash([2 * devicePixelRatio, 4 * devicePixelRatio]);
  ctx.beginPath();
  ctx.moveTo(at, top);
  ctx.lineTo(at, bottom);
  ctx.stroke();
  lines.forEach((line, i) => {
    const place = u.valToPos(y[i], "y", true);
    ctx.fillStyle = colour(line.colour);
    ctx.beginPath();
    if (place < top || place > bottom) {
      const [tip, base] = place < top ? [top, top + 2 * size] : [bottom, bottom - 2 * size];
      ctx.moveTo(at, tip);
      ctx.lineTo(at - size, base);
      ctx.lineTo(at + size, base);
    } else ctx.arc(at, place, size, 0, 2 * Math.PI);
    ctx.fill();
  });
  ctx.restore();
}
