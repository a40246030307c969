/*
 * What is returned, given the type O of the options: types alone, of the kernels and of the reference. Options written in the
 * call have literal types, and the result one type; where a type leaves open what an option is, the result is a union or a
 * property is optional. All that look at an option do so for each member of its type.
 */

/**
 * An array that a call has made. From TypeScript 5.7 on its type says that its buffer is an ArrayBuffer, not a shared one, as
 * what takes bytes for a request or an image wants to know; before there is no difference.
 */
export type FreshFloats = ReturnType<Float32ArrayConstructor["of"]>;

/** The same of int32. */
export type FreshIndices = ReturnType<Int32ArrayConstructor["of"]>;

/** One of these, of A's kind. */
export type Fresh<A> = A extends Int32Array ? FreshIndices : FreshFloats;

/**
 * Options A and no others: where a call's options are inferred, TypeScript itself doesn't look for names that aren't there. A
 * function that hands options of a type parameter on declares it so: `<const O extends Only<NllLossOptions, O>>`.
 */
export type Only<A, O> = A & (string extends keyof O ? unknown : { [K in Exclude<keyof O, keyof A>]: never });

/** The type of an option: undefined among others if it may be absent. */
export type Given<O, K extends string> = O extends unknown ? (K extends keyof O ? O[K] : undefined) : never;

/** A property that is there, absent, or either, as undefined is no part of V, all of it, or a part. */
export type Property<K extends string, V> = [Exclude<V, undefined>] extends [never]
  ? { [key in K]?: undefined }
  : undefined extends V
    ? { [key in K]?: Exclude<V, undefined> }
    : { [key in K]: V };
