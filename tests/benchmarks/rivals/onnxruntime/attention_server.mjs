import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { shapesOf } from './model.mjs';

/** Our side: the native program attention_server, which runs attention at our word. */
export class AttentionServer {
  #process;
  #lines;

  constructor(program) {
    this.#process = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** Prepares tensors; returns the instruction set that will run. */
  async prepare({ heads, group, headDim, queries, keys, causal, window, threads }) {
    const answer = await this.#ask(
      `case ${heads} ${group} ${headDim} ${queries} ${keys} ${Number(causal)} ${window} ${threads} f32`);
    return answer.split(' ')[1];
  }

  /** Seconds that a number of runs take. */
  async run(count) {
    return Number(await this.#ask(`run ${count}`));
  }

  /** What query, key, value and output of a problem hold now, passed through a file. */
  async tensors(problem, file) {
    await this.#ask(`save ${file}`);
    const { buffer, byteOffset, byteLength } = readFileSync(file);
    rmSync(file);
    let offset = byteOffset;
    const tensors = shapesOf(problem).map(shape => {
      const tensor = new Float32Array(buffer, offset, shape.reduce((a, b) => a * b));
      offset += tensor.byteLength;
      return tensor;
    });
    if (offset !== byteOffset + byteLength) throw new Error(`attention_server saved ${byteLength} bytes`);
    return tensors;
  }

  close() {
    this.#process.stdin.end();
  }

  async #ask(line) {
    this.#process.stdin.write(`${line}\n`);
    const { value, done } = await this.#lines.next();
    if (done) throw new Error(`attention_server ended at: ${line}`);
    return value;
  }
}
