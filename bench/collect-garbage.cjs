// Loaded into a Strapi under measurement: it collects its garbage at SIGUSR2, so that what is left is what the code keeps.
const { setFlagsFromString } = require('node:v8');
const { runInNewContext } = require('node:vm');

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');
process.on('SIGUSR2', () => collect());
