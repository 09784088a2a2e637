// Starting the program under test, and stopping it again.

import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');

// The release binary; GANGWAY names another.
export const binary = path.resolve(process.env.GANGWAY ?? path.join(root, 'target/release/gangway'));

const LINK = /https?:\/\/\S+#t=\S+/;

// The variables that a developer may have set and a journey must not see.
const UPSTREAMS = /^(LITELLM_|BIFROST_|DATABASE_URL$|DEFAULT_PROVIDER$|MAX_BUDGET_PERIOD$|DRY_RUN$)/;

// Starts `gangway serve ARGS` in a folder of its own and waits for its link.
//   link     the whole link, token included       origin   scheme, host and port
//   output() everything it printed                stop()   ends it; kill() without asking
export async function serve(args, { cwd, env = {}, patience = 20_000 } = {}) {
  if (!existsSync(binary)) throw new Error(`${binary} is not there: cargo build --release -p gangway`);
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !UPSTREAMS.test(name)));
  const child = spawn(binary, ['serve', ...args], { cwd, env: { ...clean, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const ended = new Promise((resolve) => child.once('close', resolve));
  const link = await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`no link after ${patience} ms:\n${output}`)), patience);
    const read = (chunk) => {
      output += chunk;
      const found = output.match(LINK);
      if (found && /\s/.test(output[found.index + found[0].length] ?? '')) {
        clearTimeout(late);
        resolve(found[0]);
      }
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', reject);
    ended.then((code) => {
      clearTimeout(late);
      reject(new Error(`gangway serve ${args.join(' ')} ended with ${code}:\n${output}`));
    });
  }).catch((error) => {
    child.kill('SIGKILL');
    throw error;
  });
  const end = async (signal) => {
    child.kill(signal);
    await ended;
  };
  return {
    link,
    origin: new URL(link).origin,
    pid: child.pid,
    output: () => output,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}
