// Loaded into a Strapi under measurement: at SIGUSR2 it writes how long its event loop was held up at most since the last time, in milliseconds.
const { writeFileSync } = require('node:fs');
const { monitorEventLoopDelay } = require('node:perf_hooks');

const RESOLUTION_MS = 5;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
delay.enable();
process.on('SIGUSR2', () => {
  writeFileSync(process.env.WATCH_LOOP_FILE, String(Math.max(0, delay.max / 1e6 - RESOLUTION_MS)));
  delay.reset();
});
