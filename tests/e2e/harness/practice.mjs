// A made-up LiteLLM and a made-up Bifrost over HTTP: `gangway practice` on free ports.

import { spawn } from 'node:child_process';

import { binary } from './gangway.mjs';

// Starts both; their addresses and keys under the names of the variables that `gangway serve` reads.
//   env      { BIFROST_URL, LITELLM_URL, LITELLM_MASTER_KEY }       salt   the company's salt key
//   stop()   ends it
export async function practise({ cwd, patience = 20_000 }) {
  const child = spawn(binary, ['practice', '--port', '0', '--proxy-port', '0'], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise((resolve) => child.once('close', resolve));
  let output = '';
  const told = {};
  await new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new Error(`gangway practice is not up after ${patience} ms:\n${output}`)), patience);
    const read = (chunk) => {
      output += chunk;
      for (const [, name, value] of output.matchAll(/^(\w+)=(\S+)\n/gm)) told[name] = value;
      if (!told.LITELLM_SALT_KEY || !told.LITELLM_URL || !told.BIFROST_URL) return;
      clearTimeout(late);
      resolve();
    };
    child.stdout.on('data', read);
    child.stderr.on('data', read);
    child.once('error', reject);
    ended.then((code) => reject(new Error(`gangway practice ended with ${code}:\n${output}`)));
  }).catch((error) => {
    child.kill('SIGKILL');
    throw error;
  });
  const { LITELLM_SALT_KEY: salt, ...env } = told;
  return {
    env,
    salt,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
