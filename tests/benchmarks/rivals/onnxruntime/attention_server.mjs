import { spawn } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';

/** Our side: the native program attention_server, which runs attention at our word. */
export class AttentionServer {
  #process;
  #lines;

  constructor(program) {
    this.#process = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** Prepares tensors; returns the instruction set that will run. */
  async prepare({ heads, headDim, length, causal, threads }) {
    const answer = await this.#ask(`case ${heads} ${headDim} ${length} ${Number(causal)} ${threads} f32`);
    return answer.split(' ')[1];
  }

  /** Seconds that a number of runs take. */
  async run(count) {
    return Number(await this.#ask(`run ${count}`));
  }

  /** What query, key, value and output hold now, passed through a file. */
  async tensors(file) {
    await this.#ask(`save ${file}`);
    const { buffer, byteOffset, byteLength } = readFileSync(file);
    rmSync(file);
    const elements = byteLength / 4 / Float32Array.BYTES_PER_ELEMENT;
    return [0, 1, 2, 3].map(i => new Float32Array(buffer, byteOffset + 4 * i * elements, elements));
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
