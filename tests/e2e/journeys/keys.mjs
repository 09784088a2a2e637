// Values sealed with two different keys: which key is right, which opened what, and what is still closed.

import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';

export const name = 'Two salt keys: each says what it opened, wrong, partly right and right';

export async function run({ page, origin, root, tmp, expect }) {
  const { vectors } = JSON.parse(await readFile(path.join(root, 'tests/fixtures/vectors/litellm-crypto.json'), 'utf8'));
  const sealed = (at) => vectors.filter((vector) => vector.plaintext.startsWith('sk-') && vector.signing_key_used === keys[at]);
  const keys = [...new Set(vectors.filter((vector) => vector.plaintext.startsWith('sk-')).map((vector) => vector.signing_key_used))];
  const rows = [sealed(0)[0], sealed(0)[1], sealed(1)[0]].map(
    ({ ciphertext }, at) =>
      `INSERT INTO public."LiteLLM_ProxyModelTable" ("model_id", "model_name", "litellm_params", "model_info") VALUES ('id-${at}', 'model-${at}', '{"model": "openai/gpt-4o", "api_key": "${ciphertext}"}', '{}');`,
  );
  const dump = path.join(tmp, 'dump.sql');
  await writeFile(dump, `--\n-- PostgreSQL database dump\n--\n${rows.join('\n')}\n--\n-- PostgreSQL database dump complete\n--\n`);
  const secrets = [...keys, ...sealed(0).map((vector) => vector.plaintext), ...sealed(1).map((vector) => vector.plaintext)];
  const give = async (kind, key) => {
    await page.locator('#salt-kind').selectOption(kind);
    await page.locator('#salt').fill(key);
    await page.keyboard.press('Enter');
  };
  const answer = page.locator('section[aria-labelledby="salt-title"] .notice');

  await page.goto(`${origin}/`);
  await page.locator('#files').setInputFiles(dump);
  await expect.text(page.locator('#opening'), /3 sealed values to open: give the salt key/);
  await expect.text(page.locator('section[aria-labelledby="gaps-title"]'), /Without the salt key 3 encrypted values stay closed/);
  await give('salt key', 'sk-not-it-at-all');
  await expect.text(answer, /Wrong key\.[\s\S]*None of 3 opened[\s\S]*salt key: opened nothing/);
  await give('salt key', keys[0]);
  await expect.text(answer, /Partly right\.[\s\S]*2 of 3 sealed values opened, 1 did not[\s\S]*salt key: opened 2/);
  await give('another key', keys[1]);
  await expect.text(answer, /Opened\.[\s\S]*All 3 sealed values opened[\s\S]*salt key: opened 2[\s\S]*another key: opened 1/);
  await expect.hidden(page.locator('section[aria-labelledby="gaps-title"]').getByText('encrypted values'));
  await expect.nowhere(page, secrets);
}
