/**
 * Every error that xentropy throws extends XentropyError and carries a `code`, a stable upper-case word for programs; the
 * message is for people and may change. Whatever is thrown for an argument is thrown before anything is written.
 */

/** The base of all errors of this package. */
export class XentropyError extends Error {
  /** A stable word that names the kind of error. */
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.code = code;
  }

  /** The class, as it is exported: told from the code, since minifiers rename classes. */
  override get name(): string {
    return `${this.code.toLowerCase().replace(/(?:^|_)(.)/g, (_, first) => first.toUpperCase())}Error`;
  }
}

/** A shape that isn't one, or that doesn't match the data. Code SHAPE. */
export class ShapeError extends XentropyError {
  constructor(message: string) {
    super("SHAPE", message);
  }
}

/** An axis that the shape doesn't have. Code AXIS. */
export class AxisError extends XentropyError {
  constructor(message: string) {
    super("AXIS", message);
  }
}

/** Data of a type that isn't taken here. Code DTYPE. */
export class DtypeError extends XentropyError {
  constructor(message: string) {
    super("DTYPE", message);
  }
}

/** An option that doesn't exist, or a value it can't have. Code OPTION. */
export class OptionError extends XentropyError {
  constructor(message: string) {
    super("OPTION", message);
  }
}

/** A label that names no class. Code LABEL. */
export class LabelError extends XentropyError {
  /** The position of the label among the labels. */
  readonly row: number;

  constructor(message: string, row: number) {
    super("LABEL", message);
    this.row = row;
  }
}

/** Weights of the wrong length, negative or not finite; a `gradOutput` of the wrong length, or no number. Code WEIGHT. */
export class WeightError extends XentropyError {
  constructor(message: string) {
    super("WEIGHT", message);
  }
}

/** An output of the wrong length. Code OUTPUT. */
export class OutputError extends XentropyError {
  constructor(message: string) {
    super("OUTPUT", message);
  }
}

/** An output that overlaps an input in part, or another output. Code OVERLAP. */
export class OverlapError extends XentropyError {
  constructor(message: string) {
    super("OVERLAP", message);
  }
}

/** A resident batch that was freed, or a call on kernels that were disposed. Code FREED. */
export class FreedError extends XentropyError {
  constructor(message: string) {
    super("FREED", message);
  }
}

/** A resident batch or a state of other kernels. Code FOREIGN. */
export class ForeignError extends XentropyError {
  constructor(message: string) {
    super("FOREIGN", message);
  }
}

/** Memory that can't be had. Code MEMORY. */
export class MemoryError extends XentropyError {
  constructor(message: string, options?: { cause?: unknown }) {
    super("MEMORY", message, options);
  }
}

/** A backend or a feature that this runtime doesn't have, or a module that isn't ours. Code BACKEND. */
export class BackendError extends XentropyError {
  constructor(message: string, options?: { cause?: unknown }) {
    super("BACKEND", message, options);
  }
}

/** A worker that was lost in the middle of a call, whose output is therefore half-written. Code WORKER_LOST. */
export class WorkerLostError extends XentropyError {
  constructor(message: string) {
    super("WORKER_LOST", message);
  }
}
