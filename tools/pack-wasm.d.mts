export interface Pack {
  readonly length: number;
  readonly streams: readonly number[];
  readonly bytes: readonly number[];
}

export function pack(binary: Uint8Array): Pack;
