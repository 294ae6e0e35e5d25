import { buildPlayground } from '../tests/support/build';

void buildPlayground((name) => console.log(`building the ${name} …`)).then(
  () => console.log('the plugin and the playground are built'),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
