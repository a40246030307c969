interface Process {
  versions?: { node?: string };
  getBuiltinModule?: (name: string) => unknown;
}

const { process } = globalThis as { process?: Process };

/** Whether this runtime has Node's modules: Node itself, Deno, Bun. */
export const hasNodeModules = process?.versions?.node !== undefined;

/** One of Node's modules, asked for in a way that bundlers for browsers don't follow. */
export async function nodeModule<M>(name: string): Promise<M> {
  return (process?.getBuiltinModule?.(name) ?? (await import(/* webpackIgnore: true */ /* @vite-ignore */ name))) as M;
}
