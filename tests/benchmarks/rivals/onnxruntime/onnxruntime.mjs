import { createRequire } from 'node:module';
import { join } from 'node:path';
import { attentionModel, dimensionsOf, inputNames, outputName } from './model.mjs';

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
  async session(operator, problem, inputs) {
    const tensor = data => new this.#ort.Tensor('float32', data, dimensionsOf(problem));
    const feeds = Object.fromEntries(inputNames.map((name, i) => [name, tensor(inputs[i])]));
    const model = attentionModel(operator, problem);
    const session = await this.#ort.InferenceSession.create(model, sessionOptions(problem.threads));
    return new Session(operator.name, session, feeds, tensor(new Float32Array(inputs[0].length)));
  }
}

class Session {
  #session;
  #feeds;
  #output;

  constructor(operatorName, session, feeds, output) {
    this.operatorName = operatorName;
    this.#session = session;
    this.#feeds = feeds;
    this.#output = output;
  }

  get output() {
    return this.#output.data;
  }

  /** Seconds that a number of runs take. */
  async run(count) {
    const begin = process.hrtime.bigint();
    for (let i = 0; i < count; i++) await this.#session.run(this.#feeds, { [outputName]: this.#output });
    return Number(process.hrtime.bigint() - begin) / 1e9;
  }

  release() {
    return this.#session.release();
  }
}
