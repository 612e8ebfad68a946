// An ONNX model of one attention node, as the bytes of its protobuf. Field numbers are those of onnx.proto.

const MODEL = { irVersion: 1, graph: 7, opsetImport: 8 };
const OPERATOR_SET = { domain: 1, version: 2 };
const GRAPH = { node: 1, name: 2, input: 11, output: 12 };
const NODE = { input: 1, output: 2, opType: 4, attribute: 5, domain: 7 };
const ATTRIBUTE = { name: 1, i: 3, type: 20 };
const VALUE_INFO = { name: 1, type: 2 };
const TYPE = { tensor: 1 };
const TENSOR_TYPE = { elementType: 1, shape: 2 };
const SHAPE = { dimension: 1 };
const DIMENSION = { value: 1 };

const ATTRIBUTE_TYPE_INT = 2;
const ELEMENT_TYPES = { float32: 1, int32: 6 };
const IR_VERSION = 11;
const WIRE_VARINT = 0;
const WIRE_BYTES = 2;

function varint(number) {
  const bytes = [];
  for (; number > 127; number = Math.floor(number / 128)) bytes.push((number % 128) | 128);
  return Buffer.from([...bytes, number]);
}

/** A field: a number is written as a varint; text, and the bytes of a message, with their length. */
function field(number, value) {
  if (typeof value === 'number') return Buffer.concat([varint((number << 3) | WIRE_VARINT), varint(value)]);
  const bytes = Buffer.from(value);
  return Buffer.concat([varint((number << 3) | WIRE_BYTES), varint(bytes.length), bytes]);
}

/** A message of fields, each given as its number and its value, or a list of values. */
function message(...fields) {
  return Buffer.concat(fields.flatMap(([number, values]) => [values].flat().map(value => field(number, value))));
}

const attribute = ([name, value]) =>
  message([ATTRIBUTE.name, name], [ATTRIBUTE.i, value], [ATTRIBUTE.type, ATTRIBUTE_TYPE_INT]);

function tensor({ name, type, shape }) {
  const dimensions = message([SHAPE.dimension, shape.map(length => message([DIMENSION.value, length]))]);
  const tensorType = message([TENSOR_TYPE.elementType, ELEMENT_TYPES[type]], [TENSOR_TYPE.shape, dimensions]);
  return message([VALUE_INFO.name, name], [VALUE_INFO.type, message([TYPE.tensor, tensorType])]);
}

/** Shapes of query, key, value and output: [1, length, heads * headDim] is the same memory as [1, length, heads, headDim]. */
export function shapesOf({ heads, group, headDim, queries, keys }) {
  const query = [1, queries, heads * headDim];
  const key = [1, keys, (heads / group) * headDim];
  return [query, key, key, query];
}

/** ONNX Runtime's own operator. */
const multiHeadAttention = {
  name: 'MultiHeadAttention',
  domain: 'com.microsoft',
  does: ({ group, window }) => group === 1 && window === 0,
  attributes: ({ heads, causal }) => ({ num_heads: heads, unidirectional: Number(causal) }),
  inputs: () => [],
  outputs: () => [],
};

/** The operator of ONNX since its opset 23. */
const attention = {
  name: 'Attention',
  domain: '',
  does: ({ window }) => window === 0,
  attributes: ({ heads, group, causal }) => ({ q_num_heads: heads, kv_num_heads: heads / group, is_causal: Number(causal) }),
  inputs: () => [],
  outputs: () => [],
};

/** ONNX Runtime's own operator for language models, always causal. Without a cache it computes a whole prompt. */
const groupQueryAttention = {
  name: 'GroupQueryAttention',
  domain: 'com.microsoft',
  does: ({ causal, queries, keys }) => causal && queries === keys,
  attributes: ({ heads, group, window }) => ({
    num_heads: heads, kv_num_heads: heads / group, ...(window > 0 && { local_window_size: window }),
  }),
  inputs: ({ keys }) => [
    null, null, // no cache
    { name: 'seqlens_k', type: 'int32', shape: [1], data: Int32Array.of(keys - 1) },
    { name: 'total_sequence_length', type: 'int32', shape: [1], data: Int32Array.of(keys) },
  ],
  outputs: ({ heads, group, headDim, keys }) =>
    ['present_key', 'present_value'].map(name => ({ name, type: 'float32', shape: [1, heads / group, keys, headDim] })),
};

export const operators = [multiHeadAttention, attention, groupQueryAttention];

/** The tensors of an operator over a problem { heads, group, headDim, queries, keys, causal, window }; null: left out. */
export function tensorsOf(operator, problem) {
  const [query, key, value, output] = shapesOf(problem);
  const float32 = (name, shape) => ({ name, type: 'float32', shape });
  return {
    inputs: [float32('query', query), float32('key', key), float32('value', value), ...operator.inputs(problem)],
    outputs: [float32('output', output), ...operator.outputs(problem)],
  };
}

/** The model of an operator over a problem. */
export function attentionModel(operator, problem) {
  const { inputs, outputs } = tensorsOf(operator, problem);
  const node = message(
    [NODE.input, inputs.map(input => input?.name ?? '')], [NODE.output, outputs.map(({ name }) => name)],
    [NODE.opType, operator.name], [NODE.attribute, Object.entries(operator.attributes(problem)).map(attribute)],
    [NODE.domain, operator.domain]);
  const graph = message(
    [GRAPH.node, node], [GRAPH.name, 'attention'], [GRAPH.input, inputs.filter(input => input).map(tensor)],
    [GRAPH.output, outputs.map(tensor)]);
  const operatorSet = (domain, version) => message([OPERATOR_SET.domain, domain], [OPERATOR_SET.version, version]);
  return message(
    [MODEL.irVersion, IR_VERSION], [MODEL.graph, graph],
    [MODEL.opsetImport, [operatorSet('', 23), operatorSet('com.microsoft', 1)]]);
}
