// What a journey asks of the page. Each waits until it holds, and says what it saw when it does not.

const PATIENCE = 10_000;

export const expect = {
  // expect.equal(await page.title(), 'Gangway', 'the title')
  equal(got, want, what = 'value') {
    if (JSON.stringify(got) !== JSON.stringify(want)) {
      throw new Error(`${what}: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`);
    }
  },

  truthy(got, what) {
    if (!got) throw new Error(`${what}: got ${JSON.stringify(got)}`);
  },

  // expect.contains(text, 'three keys') or with a pattern
  contains(text, part, what = 'text') {
    if (!holds(text, part)) throw new Error(`${what}: ${part} is not in\n${clip(text)}`);
  },

  excludes(text, part, what = 'text') {
    if (holds(text, part)) throw new Error(`${what}: must not contain ${part}`);
  },

  // expect.visible(page.getByRole('heading', { name: 'Plan' }))
  async visible(locator) {
    await locator.first().waitFor({ state: 'visible', timeout: PATIENCE });
  },

  async hidden(locator) {
    await locator.first().waitFor({ state: 'hidden', timeout: PATIENCE });
  },

  // expect.text(page.locator('h1'), /Plan/)
  async text(locator, part) {
    await expect.eventually(async () => expect.contains(await locator.innerText(), part, String(locator)));
  },

  async count(locator, want) {
    await expect.eventually(async () => expect.equal(await locator.count(), want, String(locator)));
  },

  async focused(locator) {
    await expect.eventually(async () =>
      expect.truthy(await locator.evaluate((element) => element === document.activeElement), `${locator} has the focus`),
    );
  },

  // Asks again until the check stops throwing, or time is up; then the last answer is the error.
  async eventually(check, patience = PATIENCE) {
    const end = Date.now() + patience;
    for (;;) {
      try {
        return await check();
      } catch (error) {
        if (Date.now() > end) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  },

  // Whatever a person could read or save of the page: its text, fields, attributes and storage, and its address.
  async nowhere(page, secrets) {
    const everything = await page.evaluate(() => {
      const fields = [...document.querySelectorAll('input, textarea')].map((field) => field.value);
      const stores = [localStorage, sessionStorage].map((store) => JSON.stringify(store));
      return [document.documentElement.outerHTML, ...fields, ...stores, location.href].join('\n');
    });
    const found = secrets.filter((secret) => everything.includes(secret));
    // The secret itself does not go into the message.
    if (found.length) throw new Error(`${found.length} of ${secrets.length} secrets stand in the page`);
  },
};

const holds = (text, part) => (part instanceof RegExp ? part.test(text) : text.includes(part));
const clip = (text) => (text.length > 600 ? `${text.slice(0, 600)} ...` : text);
