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
const ELEMENT_TYPE_FLOAT = 1;
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

function tensor(name, dimensions) {
  const shape = message([SHAPE.dimension, dimensions.map(length => message([DIMENSION.value, length]))]);
  const type = message([TENSOR_TYPE.elementType, ELEMENT_TYPE_FLOAT], [TENSOR_TYPE.shape, shape]);
  return message([VALUE_INFO.name, name], [VALUE_INFO.type, message([TYPE.tensor, type])]);
}

/** ONNX Runtime's own operator. */
const multiHeadAttention = {
  name: 'MultiHeadAttention',
  domain: 'com.microsoft',
  attributes: ({ heads, causal }) => ({ num_heads: heads, unidirectional: Number(causal) }),
};

/** The operator of ONNX since its opset 23. */
const attention = {
  name: 'Attention',
  domain: '',
  attributes: ({ heads, causal }) => ({ q_num_heads: heads, kv_num_heads: heads, is_causal: Number(causal) }),
};

export const operators = [multiHeadAttention, attention];
export const inputNames = ['query', 'key', 'value'];
export const outputName = 'output';

/** [1, length, heads * headDim]: the same memory as [1, length, heads, headDim]. */
export const dimensionsOf = ({ heads, headDim, length }) => [1, length, heads * headDim];

/** The model of an operator over tensors of a problem { heads, headDim, length, causal }. */
export function attentionModel(operator, problem) {
  const dimensions = dimensionsOf(problem);
  const node = message(
    [NODE.input, inputNames], [NODE.output, outputName], [NODE.opType, operator.name],
    [NODE.attribute, Object.entries(operator.attributes(problem)).map(attribute)], [NODE.domain, operator.domain]);
  const graph = message(
    [GRAPH.node, node], [GRAPH.name, 'attention'],
    [GRAPH.input, inputNames.map(name => tensor(name, dimensions))], [GRAPH.output, tensor(outputName, dimensions)]);
  const operatorSet = (domain, version) => message([OPERATOR_SET.domain, domain], [OPERATOR_SET.version, version]);
  return message(
    [MODEL.irVersion, IR_VERSION], [MODEL.graph, graph],
    [MODEL.opsetImport, [operatorSet('', 23), operatorSet('com.microsoft', 1)]]);
}
