// The batches that are measured: so many rows, of so many classes each.

export const ROWS = 16;
export const COLUMNS = [4, 10, 32, 100, 320, 1000, 3200, 10_000, 32_000] as const;
