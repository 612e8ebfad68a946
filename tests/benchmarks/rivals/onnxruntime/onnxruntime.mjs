import { createRequire } from 'node:module';
import { join } from 'node:path';
import { attentionModel, tensorsOf } from './model.mjs';

const sessionOptions = threads => ({
  executionProviders: ['cpu'],
  executionMode: 'sequential',
  graphOptimizationLevel: 'all',
  intraOpNumThreads: threads,
  interOpNumThreads: 1,
});

/** ONNX Runtime, from the folder it is installed in. */
export class OnnxRuntime {
  #ort;

  constructor(folder) {
    this.#ort = createRequire(join(folder, 'package.json'))('onnxruntime-node');
  }

  /** How it is set up, in words. */
  describe(threads) {
    const options = Object.entries(sessionOptions(threads)).map(([name, value]) => `${name} ${value}`);
    return `onnxruntime-node ${this.#ort.env.versions.node}, ${options.join(', ')}`;
  }

  /** A session of one operator over the arrays of query, key and value. */
  async session(operator, problem, arrays) {
    const { inputs, outputs } = tensorsOf(operator, problem);
    const tensor = ({ type, shape }, data) => new this.#ort.Tensor(type, data, shape);
    const feeds = inputs.filter(input => input).map((input, i) => [input.name, tensor(input, input.data ?? arrays[i])]);
    const elements = ({ shape }) => shape.reduce((a, b) => a * b);
    const results = outputs.map(output => [output.name, tensor(output, new Float32Array(elements(output)))]);
    const session = await this.#ort.InferenceSession.create(
      attentionModel(operator, problem), sessionOptions(problem.threads));
    return new Session(operator.name, session, Object.fromEntries(feeds), Object.fromEntries(results));
  }
}

class Session {
  #session;
  #feeds;
  #results;

  constructor(operatorName, session, feeds, results) {
    this.operatorName = operatorName;
    this.#session = session;
    this.#feeds = feeds;
    this.#results = results;
  }

  get output() {
    return this.#results.output.data;
  }

  /** Seconds that a number of runs take. */
  async run(count) {
    const begin = process.hrtime.bigint();
    for (let i = 0; i < count; i++) await this.#session.run(this.#feeds, this.#results);
    return Number(process.hrtime.bigint() - begin) / 1e9;
  }

  release() {
    return this.#session.release();
  }
}
