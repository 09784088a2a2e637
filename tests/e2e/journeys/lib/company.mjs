// The practice company through the stations, step by step, for the journeys that need it on the way.

// Everything that must never be seen: what the recorded deployment holds in clear or sealed.
export const SECRETS = [
  'sk-openai-cred-plain-0001',
  'azure-cred-plain-0002',
  'mistral-plain-0003',
  'azure-plain-0004',
  'mcp-token-plain-0005',
  'pk-lf-plain-0006',
  'sk-lf-plain-0007',
  'sk-key-platform-0001',
  'sk-key-dev-laptop-0002',
  'sk-key-ds-notebook-0003',
  'sk-key-robot-job-0004',
  'sk-key-blocked-0005',
  'sk-key-ci-service-0007',
];

// The salt key is published in practice mode, so it stands on Connect on purpose; nowhere else, and in no storage.
export const SALT = 'sk-salt-litellm-real-0001';

export async function openCompany({ page, link, expect }) {
  await page.goto(link);
  await expect.text(page.locator('#mode'), 'Practice');
  await page.locator('#use-practice').click();
  await expect.text(page.locator('section[aria-labelledby="sources-title"]'), /deployment/);
}

export async function giveSalt({ page, expect }) {
  await page.locator('#fill-salt').click();
  await page.getByRole('button', { name: 'Try it' }).click();
  await expect.text(page.locator('#opening'), /^All .* opened\.$/);
}

export const station = (page, name) => page.getByRole('navigation', { name: 'Stations' }).getByRole('link', { name });

// Decides what has to be decided before the plan may be applied.
export async function decide({ page, expect }) {
  await expect.visible(page.locator('#verdict'));
  const expiry = page.locator('#expiring-keys');
  if (await expiry.count()) await expiry.getByRole('radio').first().check();
  await expect.text(page.locator('#verdict'), /Nobody gains access/);
}

export async function saved(page, click) {
  const [download] = await Promise.all([page.waitForEvent('download'), click()]);
  return download;
}

// The list that narrows a table by one of its facets.
export const facet = (page, title) => page.locator('label.facet', { hasText: new RegExp(`^${title}`) }).locator('select');
