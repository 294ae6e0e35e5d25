#!/usr/bin/env node
'use strict';

// Loads the Strapi project of the current folder as Strapi's own commands do, without listening, and lets the plugin answer.
const { readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const path = require('node:path');
const { createInterface } = require('node:readline/promises');

const NOT_A_PROJECT = 2;
const FAILED = 1;
const SIGNALS = ['SIGINT', 'SIGTERM'];

// stdout belongs to the answer alone: the output of Strapi, a compiler or the project itself goes to stderr
const print = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);
process.stdout.on('error', () => process.exit(FAILED)); // the reader of stdout has gone

const terminal = (stream, write) => ({
  write: (text) => void write(text),
  isTTY: stream.isTTY === true,
  get columns() {
    return stream.columns || 80;
  },
});

const ask = async (question) => {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  const gaveUp = new Promise((resolve) => reader.once('close', () => resolve('')));
  reader.once('SIGINT', () => reader.close());
  try {
    return await Promise.race([reader.question(question), gaveUp]);
  } finally {
    reader.close();
  }
};

const io = {
  stdout: terminal(process.stdout, print),
  stderr: terminal(process.stderr, process.stderr.write.bind(process.stderr)),
  ask: process.stdin.isTTY && process.stderr.isTTY ? ask : null,
  onInterrupt(listener) {
    for (const signal of SIGNALS) process.on(signal, listener);
    return () => SIGNALS.forEach((signal) => process.off(signal, listener));
  },
  quit: (code) => process.exit(code),
};

/** Returns the project's own Strapi; null if the folder is not a project. */
function strapiOf(folder) {
  const manifest = path.join(folder, 'package.json');
  try {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(manifest, 'utf8'));
    if (!{ ...dependencies, ...devDependencies }['@strapi/strapi']) return null;
    return createRequire(manifest)('@strapi/strapi');
  } catch (error) {
    if (error.code === 'ENOENT' || error.code === 'MODULE_NOT_FOUND' || error instanceof SyntaxError) return null;
    throw error;
  }
}

async function create(strapi, appDir) {
  const before = new Map(SIGNALS.map((signal) => [signal, process.listeners(signal)]));
  const app = strapi.createStrapi(await strapi.compileStrapi({ appDir }));
  // Strapi would exit at the first signal, in the middle of unfinished work
  for (const [signal, known] of before) {
    for (const listener of process.listeners(signal)) if (!known.includes(listener)) process.off(signal, listener);
  }
  const { level, levels } = app.log;
  if (!(levels[level] <= levels.warn)) app.log.level = 'warn';
  return app;
}

async function main(argv) {
  const { default: server } = require('../dist/server/index.js');
  const early = server.services.command({}).preflight(argv, io);
  if (early !== null) return early;
  const appDir = process.cwd();
  const strapi = strapiOf(appDir);
  if (!strapi) {
    io.stderr.write(`${appDir} is no Strapi project with its packages installed: run this in the project’s own folder.\n`);
    return NOT_A_PROJECT;
  }
  if (io.stderr.isTTY) io.stderr.write('Loading the project …');
  const app = await create(strapi, appDir);
  try {
    await app.load();
  } catch (error) {
    await app.destroy().catch(() => undefined);
    throw error;
  }
  try {
    if (io.stderr.isTTY) io.stderr.write('\r\u001b[K');
    const plugin = app.plugin('s3-storage');
    if (plugin) return await plugin.service('command').run(argv, io);
    io.stderr.write('The plugin s3-storage is not enabled in this project: see config/plugins.\n');
    return NOT_A_PROJECT;
  } finally {
    await app.destroy();
  }
}

main(process.argv.slice(2)).then(
  (code) => print('', () => process.exit(code)),
  (error) => {
    io.stderr.write(`The project could not be loaded: ${error?.stack ?? error}\n`);
    process.exit(FAILED);
  },
);
