// What a journey gets:
//   page, context, browser   a fresh browser context with one empty page
//   link, origin             of the relay that was started for this journey (undefined with `serve = null`)
//   relay                    that relay: output(), stop(), kill()
//   start(args, options)     starts another `gangway serve`; it is stopped at the end
//   practise()               a made-up LiteLLM and Bifrost over HTTP (harness/practice.mjs), stopped at the end
//   postgres(files)          a PostgreSQL of its own with these SQL files in it (harness/postgres.mjs), removed at the end
//   faults(url)              a server in front of another that spoils answers (harness/faults.mjs), stopped at the end
//   tmp                      a folder of its own, removed at the end; the relay runs in it
//   root                     the repository (for tests/fixtures)
//   expect                   harness/expect.mjs
//   screenshot(name)         the page as docs/screens/NAME.png when UPDATE_SCREENS is set, else in .output/
//   tolerate(pattern)        names a console error that the journey provokes on purpose
//   seen                     every console error, exception and policy violation so far

import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

import { watch } from './browser.mjs';
import { expect } from './expect.mjs';
import { faults } from './faults.mjs';
import { root, serve } from './gangway.mjs';
import { postgres } from './postgres.mjs';
import { practise } from './practice.mjs';

const OUTPUT = path.join(root, 'tests/e2e/.output');
const SCREENS = process.env.UPDATE_SCREENS ? path.join(root, 'docs/screens') : path.join(OUTPUT, 'screens');
const LIMIT = 120_000;

// Runs one journey; answers what went wrong, in words.
export async function travel(browser, journey) {
  const tmp = await mkdtemp(path.join(os.tmpdir(), 'gangway-journey-'));
  const relays = [];
  const endings = [];
  const problems = [];
  let context;
  let page;
  try {
    const start = async (args = ['--practice'], options = {}) => {
      const relay = await serve([...args, '--port', '0'], { cwd: tmp, ...options });
      relays.push(relay);
      return relay;
    };
    // What a journey starts beside the relay ends with it.
    const beside = (begin, end) => async (...args) => {
      const started = await begin(...args);
      endings.unshift(() => end(started));
      return started;
    };
    const servers = {
      practise: beside(() => practise({ cwd: tmp }), (started) => started.stop()),
      postgres: beside(postgres, (started) => started.remove()),
      faults: beside(faults, (started) => started.stop()),
    };
    const relay = journey.serve === null ? undefined : await start(journey.serve);
    context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...journey.context });
    context.setDefaultTimeout(15_000);
    const { tolerate, problems: noticed, seen } = await watch(context);
    page = await context.newPage();
    const screenshot = (name, options) => picture(page, path.join(SCREENS, `${name}.png`), options);
    const world = { page, context, browser, relay, link: relay?.link, origin: relay?.origin, start, ...servers, tmp, root, expect };
    await inTime(journey.run({ ...world, screenshot, tolerate, seen }), journey.limit ?? LIMIT);
    problems.push(...noticed());
  } catch (error) {
    problems.push(error.stack ?? String(error));
    await evidence(journey, page, problems);
  }
  await context?.close();
  await Promise.all(relays.map((relay) => relay.kill()));
  for (const end of endings) await end();
  await rm(tmp, { recursive: true, force: true });
  if (problems.length) problems.push(...relays.map((relay) => `the relay said:\n${tail(relay.output())}`));
  return problems;
}

// The token is worth nothing once the relay is gone, and still does not belong in a log.
const tail = (text) => text.replace(/#t=\S+/g, '#t=...').split('\n').slice(-20).join('\n');

async function inTime(journey, limit) {
  let late;
  const end = new Promise((_, reject) => {
    late = setTimeout(() => reject(new Error(`not done after ${limit / 1000} s`)), limit);
  });
  await Promise.race([journey, end]).finally(() => clearTimeout(late));
}

async function picture(page, file, options) {
  await mkdir(path.dirname(file), { recursive: true });
  await page.screenshot({ path: file, animations: 'disabled', caret: 'hide', ...options });
}

// A failed journey leaves a picture of where it stood.
async function evidence(journey, page, problems) {
  if (!page || page.isClosed()) return;
  const file = path.join(OUTPUT, `failed-${journey.file}.png`);
  await picture(page, file).then(
    () => problems.push(`picture: ${path.relative(root, file)}`),
    () => {},
  );
}
