// A PostgreSQL server of a journey's own: Debian's binaries, a temporary folder, gone afterwards.

import { execFile } from 'node:child_process';
import { chown, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const PASSWORD = 'canary-postgres-password';
const VERSIONS = '/usr/lib/postgresql';

// Starts a server and runs the given SQL files in a database `litellm`.
//   url      of that database          sql(text)  runs SQL in it
//   stop()   ends it                   start()    starts it again on the same port
// Without PostgreSQL on the machine the journey fails: `cargo xtask setup` says how to get it.
export async function postgres(files) {
  const versions = (await readdir(VERSIONS).catch(() => [])).sort((a, b) => Number(b) - Number(a));
  if (versions.length === 0) throw new Error(`PostgreSQL is not installed below ${VERSIONS}`);
  const binaries = path.join(VERSIONS, versions[0], 'bin');
  const folder = await mkdtemp(path.join(os.tmpdir(), 'gangway-journey-pg-'));
  const port = await freePort();
  const owner = await serverUser();
  if (owner) await chown(folder, owner.uid, owner.gid);
  // PostgreSQL refuses to run as root, so root runs it as `postgres`.
  const tool = (name, args) => {
    const program = path.join(binaries, name);
    const [command, all] = owner
      ? ['setpriv', [`--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups', program, ...args]]
      : [program, args];
    return run(command, all, { cwd: folder });
  };
  const data = path.join(folder, 'data');
  const url = (database) => `postgresql://postgres:${PASSWORD}@127.0.0.1:${port}/${database}`;
  const psql = (database, args) => run(path.join(binaries, 'psql'), ['-q', '-X', '-v', 'ON_ERROR_STOP=1', '-o', '/dev/null', ...args, url(database)]);
  const options = `-k '${folder}' -h 127.0.0.1 -p ${port} -c fsync=off -c max_connections=20`;
  const start = () => tool('pg_ctl', ['start', '-w', '-s', '-o', options, '-D', data, '-l', path.join(folder, 'log')]);
  const stop = () => tool('pg_ctl', ['stop', '-s', '-m', 'immediate', '-D', data]).catch(() => {});

  const password = path.join(folder, 'password');
  await writeFile(password, PASSWORD);
  await tool('initdb', ['-U', 'postgres', '-A', 'scram-sha-256', '-E', 'UTF8', '--locale=C', '-N', '-D', data, `--pwfile=${password}`]);
  await start();
  await psql('postgres', ['-c', 'CREATE DATABASE litellm']);
  for (const file of files) await psql('litellm', ['-f', file]);
  return {
    url: url('litellm'),
    password: PASSWORD,
    sql: (text) => psql('litellm', ['-c', text]),
    start,
    stop,
    remove: async () => {
      await stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function serverUser() {
  if (process.getuid() !== 0) return undefined;
  const id = async (flag) => Number((await run('id', [flag, 'postgres'])).stdout);
  return { uid: await id('-u'), gid: await id('-g') };
}

async function freePort() {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
