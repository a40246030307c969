// ONNX models of a few nodes, encoded by hand: ModelProto is a small protocol buffer, and the runtimes take its bytes.

const FLOAT = 1;
const INT64 = 7;
const TYPES = { float32: FLOAT, int64: INT64 };

function varint(value) {
  const bytes = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  do {
    const low = Number(rest & 127n);
    rest >>= 7n;
    bytes.push(rest ? low | 128 : low);
  } while (rest);
  return bytes;
}

const int = (field, value) => [...varint(field << 3), ...varint(value)];
const bytes = (field, value) => [...varint((field << 3) | 2), ...varint(value.length), ...value];
const text = (field, value) => bytes(field, [...new TextEncoder().encode(value)]);

function attribute(name, value) {
  if (Array.isArray(value)) {
    return [...text(1, name), ...value.flatMap((v) => int(8, v)), ...int(20, 7)];
  }
  if (value instanceof Float32Array) {
    return [...text(1, name), ...varint((2 << 3) | 5), ...new Uint8Array(value.buffer), ...int(20, 1)];
  }
  if (typeof value === "string") return [...text(1, name), ...text(4, value), ...int(20, 3)];
  return [...text(1, name), ...int(3, value), ...int(20, 2)];
}

function node([op, inputs, outputs, attributes = {}]) {
  return [
    ...inputs.flatMap((name) => text(1, name)),
    ...outputs.flatMap((name) => text(2, name)),
    ...text(4, op),
    ...Object.entries(attributes).flatMap(([name, value]) => bytes(5, attribute(name, value))),
  ];
}

function constant(name, data, dims) {
  const type = data instanceof BigInt64Array ? INT64 : FLOAT;
  const raw = [...new Uint8Array(data.buffer)];
  return [...dims.flatMap((d) => int(1, d)), ...int(2, type), ...text(8, name), ...bytes(9, raw)];
}

function valueInfo(name, type, dims) {
  const shape = dims.flatMap((d) => bytes(1, int(1, d)));
  return [...text(1, name), ...bytes(2, bytes(1, [...int(1, TYPES[type]), ...bytes(2, shape)]))];
}

/** The bytes of a model; attributes are integers, arrays of them, text, or a float as a Float32Array of one. */
export function model({ nodes, inputs, outputs, constants }) {
  const graph = [
    ...nodes.flatMap((n) => bytes(1, node(n))),
    ...text(2, "bench"),
    ...Object.entries(constants).flatMap(([name, [data, dims]]) => bytes(5, constant(name, data, dims))),
    ...Object.entries(inputs).flatMap(([name, [type, dims]]) => bytes(11, valueInfo(name, type, dims))),
    ...Object.entries(outputs).flatMap(([name, [type, dims]]) => bytes(12, valueInfo(name, type, dims))),
  ];
  return new Uint8Array([...int(1, 8), ...bytes(7, graph), ...bytes(8, [...text(1, ""), ...int(2, 18)])]);
}

/** The graph of an operation for a problem, in the fewest and fastest nodes; undefined where there is none. */
export function modelOf(operation, { shape, axis, positions }) {
  const x = { x: ["float32", shape] };
  const output = { output: ["float32", shape] };
  const share = { share: [Float32Array.of(1 / positions), []] };
  switch (operation) {
    case "softmax":
      return model({ nodes: [["Softmax", ["x"], ["output"], { axis }]], inputs: x, outputs: output, constants: {} });
    case "logSoftmax":
      return model({ nodes: [["LogSoftmax", ["x"], ["output"], { axis }]], inputs: x, outputs: output, constants: {} });
    case "logSumExp":
      return model({
        nodes: [["ReduceLogSumExp", ["x", "axes"], ["output"], { keepdims: 0 }]],
        inputs: x,
        outputs: { output: ["float32", shape.filter((_, i) => i !== axis)] },
        constants: { axes: [BigInt64Array.of(BigInt(axis)), [1]] },
      });
    case "sigmoid":
      return model({ nodes: [["Sigmoid", ["x"], ["output"]]], inputs: x, outputs: output, constants: {} });
    case "softmaxCrossEntropy":
      if (axis !== 1 || shape.length !== 2) return undefined;
      return model({
        nodes: [
          ["SoftmaxCrossEntropyLoss", ["x", "labels"], ["loss", "lp"], { reduction: "mean" }],
          ["Exp", ["lp"], ["p"]],
          ["Mul", ["p", "share"], ["scaled"]],
          ["ScatterElements", ["scaled", "places", "spike"], ["output"], { axis: 1, reduction: "add" }],
        ],
        inputs: { ...x, labels: ["int64", [shape[0]]], places: ["int64", [shape[0], 1]] },
        outputs: { loss: ["float32", []], ...output },
        constants: { ...share, spike: [new Float32Array(shape[0]).fill(-1 / positions), [shape[0], 1]] },
      });
    case "sigmoidCrossEntropy":
      return model({
        nodes: [
          ["Softplus", ["x"], ["softplus"]],
          ["Mul", ["x", "y"], ["xy"]],
          ["Sub", ["softplus", "xy"], ["losses"]],
          ["ReduceMean", ["losses"], ["loss"], { keepdims: 0 }],
          ["Sigmoid", ["x"], ["p"]],
          ["Sub", ["p", "y"], ["difference"]],
          ["Mul", ["difference", "share"], ["output"]],
        ],
        inputs: { ...x, y: ["float32", shape] },
        outputs: { loss: ["float32", []], ...output },
        constants: share,
      });
    default:
      return undefined;
  }
}
