// Runs the check in WebAssembly: node run.mjs vectors.wasm. A case that is not as recorded traps.
import { readFile } from 'node:fs/promises';

const { instance } = await WebAssembly.instantiate(await readFile(process.argv[2]), {});
const cases = instance.exports.main(0, 0);
if (cases !== 150) throw new Error(`${cases} cases`);
console.log(`${cases} passed, 0 failed`);
