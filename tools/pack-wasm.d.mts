export function pack(binary: Uint8Array): Uint8Array<ArrayBuffer>;
