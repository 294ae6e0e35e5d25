import { Events } from '../../server/src/core/events';

const setUp = () => {
  const errors: string[] = [];
  const quiet = () => undefined;
  return { events: new Events({ debug: quiet, info: quiet, warn: quiet, error: (line) => void errors.push(line) }), errors };
};

test('each listener hears each fact, in the order of subscription, until it stops', () => {
  const { events } = setUp();
  const heard: string[] = [];
  const stop = events.on('fellBack', ({ code }) => void heard.push(`first ${code}`));
  events.on('fellBack', ({ code }) => void heard.push(`second ${code}`));
  events.on('recovered', () => void heard.push('recovered'));
  events.emit('fellBack', { code: 'TIMEOUT' });
  stop();
  events.emit('fellBack', { code: 'UNREACHABLE' });
  expect(heard).toEqual(['first TIMEOUT', 'second TIMEOUT', 'second UNREACHABLE']);
});

test('a listener that throws harms neither the one who tells the fact nor the other listeners, and the log says so', () => {
  const { events, errors } = setUp();
  const heard: string[] = [];
  events.on('recovered', () => {
    throw new Error('out of order');
  });
  events.on('recovered', () => void heard.push('recovered'));
  events.emit('recovered', {});
  expect(heard).toEqual(['recovered']);
  expect(errors).toEqual([expect.stringMatching(/"recovered".*out of order/)]);
});
